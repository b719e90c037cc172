/**
 * Two people of the demonstration in two real browsers write to each other through a server that is killed again and
 * again. Figures last; the exit code is 0 only where everything holds.
 *
 *   node e2e/web-chat.mjs --server PROGRAM --demo PROGRAM [--quick]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPages } from './access.mjs';
import { Person } from './person.mjs';
import { CONTROLS, foundIn, searchFolder } from './search.mjs';
import { Server } from './server.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at === -1 ? undefined : process.argv[at + 1];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
};
const QUICK = process.argv.includes('--quick');
const PLAN = QUICK ? { each: 15, kills: 2, whileDown: 3 } : { each: 80, kills: 5, whileDown: 8 };

/** Milliseconds within which a message is to be shown to the other. */
const SHOWN_MS_MAX = 1_000;

/** Planted where nobody but the two may read it. Long and odd enough not to appear by chance. */
const MARKS = {
  title: 'Coquelicot-0482-transfert',
  text: 'Bleuet-0481-épinéphrine',
  photo: 'Pivoine-0483-plaie.png',
  file: 'Digitale-0484-bilan.txt',
  content: 'Camomille-0485-contenu-du-bilan',
  draft: 'Jonquille-0486-jamais-envoyé',
};
/** Colours of the two pictures; the noise adds up to seven. */
const COLOURS = { I: [200, 30, 60], K: [20, 160, 90] };

const say = (line) => console.error(line);
const figure = (what, value) => console.log(`${what.padEnd(46)} ${value}`);

const percentile = (sorted, part) =>
  sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * part) / 100) - 1)] ?? 0;

/** Both write in turn; the server dies in between, with messages on their way and written while it is gone. */
async function talk(server, people) {
  const steady = [];
  const troubled = [];
  const recovery = [];
  const every = Math.floor(PLAN.each / (PLAN.kills + 1));
  const both = async (into) => {
    for (const person of people) into.push(await person.say(MARKS.text));
  };
  for (let number = 1; number <= PLAN.each; number += 1) {
    await both(steady);
    if (number % every !== 0 || server.kills >= PLAN.kills) continue;
    await arrived(people, steady);
    // On their way when the server dies.
    await both(troubled);
    await server.kill();
    for (let count = 0; count < PLAN.whileDown; count += 1) await both(troubled);
    for (const person of people) await person.page.locator('button.chip.waiting').waitFor();
    await server.run();
    const back = Date.now();
    await arrived(people, troubled);
    for (const person of people) await person.settled();
    recovery.push(Date.now() - back);
  }
  await arrived(people, steady);
  return { steady, troubled, recovery };
}

/** A photo with a document, and a voice message, each way. */
async function show(people) {
  const keys = [];
  const wrong = [];
  for (const [author, reader] of [people, people.toReversed()]) {
    const photo = await author.picture(MARKS.photo, COLOURS[author.letter]);
    const file = { name: MARKS.file, mimeType: 'text/plain', buffer: Buffer.from(MARKS.content.repeat(50)) };
    const key = await author.sendFiles([photo, file], MARKS.text);
    keys.push(key);
    await reader.sees(key);
    await reader.sees(key, 'pictures');
    const colour = await reader.colour();
    if (colour.some((part, at) => part < COLOURS[author.letter][at] || part > COLOURS[author.letter][at] + 7))
      wrong.push(`${reader.letter} saw a picture of colour ${colour}`);
    await author.sendVoice();
    await reader.page.waitForFunction(() => globalThis.witness.voicesShown.length === 1);
    await reader.listen();
  }
  return { keys, wrong };
}

/** Looks for what was written and sent in what the page keeps. */
async function searchPage(person, pieces) {
  return (await person.kept()).map(([place, bytes]) => ({
    place: `${place} of ${person.letter}`,
    found: foundIn(bytes, Object.values(MARKS), pieces),
    bytes: bytes.length,
    control: foundIn(bytes, [CONTROLS[place]]).length > 0,
  }));
}

/** Looks for it, and for everybody's pictures and recordings, in the files of the browser's profile. */
function searchProfile({ letter, profile }, pieces) {
  const { found, controls, bytes } = searchFolder(profile, Object.values(MARKS), pieces);
  const control = Object.values(CONTROLS).every((text) => controls.has(text));
  return [{ place: `files of ${letter}'s profile`, found, bytes, control }];
}

/** Waits until each has been shown what the other wrote. */
async function arrived(people, keys) {
  for (const person of people) for (const key of keys) if (key[0] !== person.letter) await person.sees(key);
}

/** Milliseconds from sent to shown of these messages. */
function times(keys, witnesses, what = 'shown') {
  return keys
    .map((key) => {
      const author = witnesses.find(({ letter }) => letter === key[0]);
      const reader = witnesses.find(({ letter }) => letter !== key[0]);
      return reader[what][key] - author.sent[key];
    })
    .sort((a, b) => a - b);
}

/** What is wrong with the list of one reader. */
function faults(list, expected) {
  const count = new Map(expected.map((key) => [key, 0]));
  for (const key of list) count.set(key, (count.get(key) ?? 0) + 1);
  const disordered = ['I', 'K'].flatMap((letter) => {
    const own = list.filter((key) => key[0] === letter);
    return own.filter((key, at) => at > 0 && own[at - 1] >= key);
  });
  return {
    lost: [...count].filter(([, times]) => times === 0).map(([key]) => key),
    doubled: [...count].filter(([, times]) => times > 1).map(([key]) => key),
    disordered,
  };
}

async function prove(folder) {
  const failures = [];
  const check = (holds, words) => {
    if (!holds) failures.push(words);
  };
  say("a server with the demonstration's people, and two browsers …");
  const server = await Server.start(option('server'), option('demo'), join(folder, 'server'));
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const common = { origin: server.origin, executablePath };
  let people = [];
  try {
    people = [
      await Person.open({ ...common, letter: 'I', locale: 'fr-CA', profile: join(folder, 'ines') }),
      await Person.open({ ...common, letter: 'K', locale: 'en-CA', profile: join(folder, 'karim') }),
    ];
    const [ines, karim] = people;
    await Promise.all([ines.enter('Inès Belmont'), karim.enter('Karim Delorme')]);
    await ines.open('Karim', MARKS.title, `Premier message, ${MARKS.text}`);
    await karim.find(MARKS.title);
    say(`${PLAN.each} messages each way, ${PLAN.kills} times kill -9 …`);
    const talked = await talk(server, people);
    say('a photo, a document and a voice message each way …');
    const showed = await show(people);

    const witnesses = [];
    for (const person of people) witnesses.push({ letter: person.letter, ...(await person.witness()) });
    // What one sent in clear from their browser, the other's was shown.
    const pieces = witnesses.flatMap((witness) => witness.pieces);
    for (const { letter, pieces: own } of witnesses)
      for (const what of ['picture', 'recording'])
        check(
          own.some((piece) => piece.what === what),
          `${letter}: no piece of a ${what} to look for`,
        );
    // A draft is left behind; then everything is shown anew from what the server and the browser kept.
    for (const person of people) {
      await person.composer.fill(MARKS.draft);
      const thread = new URL(person.page.url()).pathname;
      await person.leaveDrafts(MARKS.draft);
      await person.page.reload();
      await person.page.locator('a[href="/new"]').first().waitFor();
      await person.visit(thread);
      await person.composer.waitFor();
    }
    const lists = [await ines.list(), await karim.list()];
    const expected = [...talked.steady, ...talked.troubled, ...showed.keys];
    say('axe on every page, in both languages and themes …');
    const outside = await ines.another();
    const access = await checkPages(ines.page, outside, new URL(karim.page.url()).pathname, MARKS.title);
    await outside.close();
    say('looking for what was written in everything the browsers keep …');
    const searched = [];
    for (const person of people) {
      await person.keepsProgram();
      searched.push(...(await searchPage(person, pieces)));
    }
    const errors = people.flatMap((person) => person.errors.splice(0));
    await server.kill();
    for (const person of people)
      check(await person.opensAlone(), `${person.letter}: no page without the server`);
    const violations = people.flatMap((person) => person.violations());
    let onPurpose = 0;
    for (const person of people) {
      const { noticed, late, of } = await person.violate();
      onPurpose += of;
      const words = `${noticed} and ${late} of ${of} violations on purpose were noticed`;
      check(noticed === of && late === of && of >= 3, `${person.letter}: ${words}`);
    }
    for (const person of people) {
      await person.close();
      searched.push(...searchProfile(person, pieces));
    }

    figure('kill -9 of the server', server.kills);
    figure('pages opened while it was gone', people.length);
    figure('messages written', `${expected.length}, ${talked.troubled.length} of them while it was gone`);
    for (const [at, list] of lists.entries()) {
      const { lost, doubled, disordered } = faults(list, expected);
      figure(`  shown to ${people[at].letter} after a reload`, list.length);
      figure(
        '    lost, doubled, out of order',
        [lost, doubled, disordered].map((one) => one.length).join(', '),
      );
      check(
        lost.length + doubled.length + disordered.length === 0,
        `${people[at].letter}: ${[...lost, ...doubled, ...disordered]}`,
      );
    }
    check(lists[0].join() === lists[1].join(), 'both see the same order');
    for (const { letter, doubled, disordered } of witnesses) {
      figure(`  painted for ${letter} twice, out of order`, `${doubled.length}, ${disordered.length}`);
      check(doubled.length + disordered.length === 0, `${letter} painted: ${[...doubled, ...disordered]}`);
    }
    const steady = times(talked.steady, witnesses);
    figure('sent to shown, p50 (ms)', percentile(steady, 50));
    figure('sent to shown, p99 (ms)', percentile(steady, 99));
    figure('sent to shown, longest (ms)', steady.at(-1));
    const late = talked.steady.filter((key) => times([key], witnesses)[0] > SHOWN_MS_MAX);
    check(late.length === 0, `${late.join(', ')} took up to ${steady.at(-1)} ms to be shown`);
    figure('server back to all shown and connected (ms)', Math.max(...talked.recovery));
    const pictures = times(showed.keys, witnesses, 'pictures');
    figure('photo sent to shown, longest (ms)', pictures.at(-1));
    const voices = witnesses.map(({ voicesShown: [shown] }, at) => shown - witnesses[1 - at].voicesSent[0]);
    figure('voice message sent to shown, longest (ms)', Math.max(...voices));
    check(
      Math.max(...pictures, ...voices) <= SHOWN_MS_MAX,
      'a photo or voice message took longer than a second',
    );
    check(showed.wrong.length === 0, showed.wrong.join());
    for (const { place, found, bytes, control } of searched) {
      const words = control ? 'control found' : 'CONTROL NOT FOUND';
      figure(`plaintext in ${place}`, `${found.length} in ${bytes} bytes, ${words}`);
      check(found.length === 0 && control, `${place}: ${found.join()} ${words}`);
    }
    figure('axe: pages in a language and theme', `${access.checked}, ${access.found.length} violations`);
    check(
      access.found.length === 0 && access.control,
      `axe: ${access.found.join(' | ')}, control ${access.control}`,
    );
    figure('violations of the content security policy', `${violations.length}; on purpose ${onPurpose}`);
    check(violations.length === 0, `violations: ${[...new Set(violations)]}`);
    figure('errors on the consoles', errors.length);
    check(errors.length === 0, `console: ${[...new Set(errors)].join(' | ')}`);
  } finally {
    for (const person of people) await person.close();
    await server.kill();
  }
  for (const words of new Set(failures)) console.log(`FAILED ${words}`);
  console.log(failures.length === 0 ? 'holds' : 'DOES NOT HOLD');
  return failures.length === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'relais-web-chat-'));
try {
  process.exitCode = (await prove(folder)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
