/**
 * Makes the picture of the README: two people of the demonstration side by side, as the real server shows it to them.
 * Everybody and everything in it is made up.
 *
 *   node e2e/picture.mjs --server PROGRAM --demo PROGRAM --out FILE.webp
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Person } from './person.mjs';
import { Server } from './server.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at === -1 ? undefined : process.argv[at + 1];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
};

/** One window: a list beside a thread, no wider than it must be, so that words can be read in a small picture. */
const WINDOW = { width: 900, height: 1000 };
/** Pixels of the picture for each of the page. */
const SCALE = 1.5;
/** The hour that every picture shows. */
const HOUR = 14;
/** As `cargo x demo` does: the data tells of thirty days that end now. */
const DEMONSTRATION = {
  RELAIS_SERVER_DEMO_DAYS_BACK: '30',
  RELAIS_SESSION_TTL_HOURS: String(37 * 24),
  RELAIS_LOG_LEVEL: 'warn',
};
const SIZE = ['--crowd', '54', '--threads', '80'];

/** What a row says that is not opened yet. */
const UNOPENED = /Pas encore ouvert sur cet appareil|Not opened on this device yet/;

const TITLE = 'Lit 12 : douleur thoracique';
const TALK = [
  [
    'I',
    'Bonjour Karim. Patiente du lit 12 : douleur thoracique depuis 20 minutes, 7 sur 10. TA 148/86, FC 104, SpO₂ 96 %.',
  ],
  ['K', 'Merci Inès. Un ECG et des troponines tout de suite ; je termine une suture et j’arrive.'],
  ['I', 'Voici le tracé.', 'trace.png'],
  ['K', 'Pas de sus-décalage. **AAS 160 mg** à croquer, et on répète l’ECG dans 15 minutes.'],
  ['I', 'Fait. Elle est plus calme, douleur à 4 sur 10.'],
  ['K', 'Parfait, je suis là dans cinq minutes.'],
];

const say = (line) => console.error(line);

/** A place on earth where it is that hour now. */
function zone() {
  const behind = (new Date().getUTCHours() - HOUR + 24) % 24;
  const hours = behind > 12 ? behind - 24 : behind;
  return hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '+' : '-'}${Math.abs(hours)}`;
}

/** Draws what an electrocardiograph prints; runs in the page. */
function drawTrace() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [960, 300];
  const paint = canvas.getContext('2d');
  paint.fillStyle = '#fff6f4';
  paint.fillRect(0, 0, 960, 300);
  for (let at = 0; at <= 960; at += 12) {
    paint.strokeStyle = at % 60 === 0 ? '#f0aca4' : '#f9dcd8';
    paint.strokeRect(at, -1, 0, 302);
    if (at <= 300) paint.strokeRect(-1, at, 962, 0);
  }
  /** Height of one beat's wave at a moment of it, from 0 to 1: P, Q, R, S, T. */
  const beat = (moment) =>
    [
      [0.18, 0.025, 12],
      [0.285, 0.008, -10],
      [0.31, 0.011, 92],
      [0.335, 0.009, -24],
      [0.56, 0.045, 22],
    ]
      .map(([when, wide, high]) => high * Math.exp(-(((moment - when) / wide) ** 2) / 2))
      .reduce((sum, one) => sum + one);
  paint.strokeStyle = '#22303c';
  paint.fillStyle = '#22303c';
  paint.lineWidth = 2.5;
  paint.lineJoin = 'round';
  paint.font = '600 22px sans-serif';
  for (const [row, name, size] of [
    [118, 'II', 1],
    [258, 'V5', 0.8],
  ]) {
    paint.fillText(name, 14, row - 52);
    paint.beginPath();
    for (let x = 46; x <= 960; x += 1) paint.lineTo(x, row - size * beat((x / 178 + row / 999) % 1));
    paint.stroke();
  }
  return canvas.toDataURL('image/png').split(',')[1];
}

/** The two of them speak. */
async function talk(people) {
  const [first, ...rest] = TALK;
  const [ines, karim] = people;
  await ines.open('Karim', TITLE, first[1]);
  await karim.find(TITLE);
  for (const [letter, text, name] of rest) {
    const [author, reader] = letter === ines.letter ? people : people.toReversed();
    if (name !== undefined) {
      const buffer = Buffer.from(await author.page.evaluate(drawTrace), 'base64');
      await author.attach([{ name, mimeType: 'image/png', buffer }]);
    }
    await author.composer.fill(text);
    await author.composer.press('Control+Enter');
    const words = text.replaceAll('**', '');
    await reader.page.locator('article.message:not(.mine) .body', { hasText: words }).waitFor();
    if (name !== undefined) await reader.page.locator('.photo img').waitFor();
  }
}

/** Waits until all that was written is read, and takes the picture of one window. */
async function look({ page }) {
  await page
    .locator('.log article.message.mine button.accent')
    .nth(TALK.length / 2 - 1)
    .waitFor();
  await page.locator('.photo img').waitFor();
  // Rows are opened one by one, first those that are seen.
  await page.waitForFunction((words) => !words.test(document.body.innerText), UNOPENED);
  await page.evaluate(() => document.activeElement?.blur());
  await page.mouse.move(0, 0);
  return (await page.screenshot({ animations: 'disabled', caret: 'hide' })).toString('base64');
}

/** Puts the windows beside each other; runs in an empty page. */
async function compose([shots, scale]) {
  const images = await Promise.all(
    shots.map(async (shot) => createImageBitmap(await (await fetch(`data:image/png;base64,${shot}`)).blob())),
  );
  const [edge, gap, round] = [20 * scale, 20 * scale, 10 * scale];
  const canvas = document.createElement('canvas');
  canvas.width = images.reduce((sum, one) => sum + one.width, 2 * edge + gap * (images.length - 1));
  canvas.height = images[0].height + 2 * edge;
  const paint = canvas.getContext('2d');
  paint.fillStyle = '#d5dee8';
  paint.fillRect(0, 0, canvas.width, canvas.height);
  let left = edge;
  for (const image of images) {
    const shape = new Path2D();
    shape.roundRect(left, edge, image.width, image.height, round);
    paint.save();
    paint.shadowColor = 'rgb(22 32 42 / 35%)';
    paint.shadowBlur = 14 * scale;
    paint.shadowOffsetY = 3 * scale;
    paint.fillStyle = '#fff';
    paint.fill(shape);
    paint.restore();
    paint.save();
    paint.clip(shape);
    paint.drawImage(image, left, edge);
    paint.restore();
    left += image.width + gap;
  }
  return canvas.toDataURL('image/webp', 0.8).split(',')[1];
}

async function picture(folder) {
  const [server, executablePath] = [option('server'), process.env.CHROMIUM ?? '/usr/bin/chromium'];
  say('a server with the demonstration …');
  const running = await Server.start(server, option('demo'), join(folder, 'server'), DEMONSTRATION, SIZE);
  const common = {
    origin: running.origin,
    executablePath,
    viewport: WINDOW,
    deviceScaleFactor: SCALE,
    colorScheme: 'light',
    timezoneId: zone(),
  };
  const people = [];
  try {
    for (const [letter, locale] of [
      ['I', 'fr-CA'],
      ['K', 'en-CA'],
    ])
      people.push(await Person.open({ ...common, letter, locale, profile: join(folder, letter) }));
    const [ines, karim] = people;
    await ines.enter('Inès Belmont');
    await karim.enter('Karim Delorme');
    say('a conversation …');
    await talk(people);
    const shots = [];
    for (const person of people) shots.push(await look(person));
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const page = await browser.newPage();
    const made = Buffer.from(await page.evaluate(compose, [shots, SCALE]), 'base64');
    await browser.close();
    writeFileSync(option('out'), made);
    console.log(`${option('out')}: ${Math.ceil(made.length / 1024)} KB`);
  } finally {
    for (const person of people) await person.close();
    await running.kill();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'relais-picture-'));
try {
  await picture(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
