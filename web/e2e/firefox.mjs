/**
 * Two people of the demonstration in Firefox write to each other through the real server: the same program in another
 * engine. Figures last; the exit code is 0 only where everything holds.
 *
 *   RELAIS_BIN=… RELAIS_DEMO=… node e2e/firefox.mjs
 *
 * Debian's Firefox, driven by WebDriver BiDi; `FIREFOX` names another. Not here but in `web-chat.mjs`: what is measured,
 * what is kept on the disk, and the policy inside the worker, which Firefox's driver does not reach.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { Server } from './server.mjs';
import { install } from './witness.mjs';

/** Milliseconds for anything to happen: a browser on a busy machine is slow. */
const PATIENCE_MS = 30_000;
/** A made-up microphone that needs no permission; the page's first language. */
const PREFERENCES = {
  'intl.accept_languages': 'fr-CA, fr',
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
};
const TITLE = 'Relève de nuit, autre navigateur';
/** Different titles in the list: the new one, one of the demonstration, and what stands for a thread without one. */
const TITLES_MIN = 3;

const say = (line) => console.error(line);
const figure = (what, value) => console.log(`${what.padEnd(46)} ${value}`);

/** One person in a container of their own: cookies and storage are nobody else's. */
class Person {
  page;
  #origin;
  /** Errors on the console of the page, and those that nothing caught. */
  errors = [];

  static async open(browser, origin) {
    const person = new Person();
    person.#origin = origin;
    const container = await browser.createBrowserContext();
    // A window of its own: a page in the background shows nobody anything, and so nothing is read.
    const page = await container.newPage({ type: 'window' });
    person.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    await page.evaluateOnNewDocument(install);
    page.on('console', (message) => {
      if (message.type() === 'error') person.errors.push(message.text().slice(0, 200));
    });
    page.on('pageerror', (thrown) => person.errors.push(String(thrown?.message).slice(0, 200)));
    return person;
  }

  /** Signs in with a click on the cast page. */
  async enter(name) {
    await this.page.goto(`${this.#origin}/cast`);
    await (await this.#with('.cast li', name, 'button.primary')).click();
    await this.#at('a[href="/new"]').wait();
  }

  /** Opens a new thread with somebody, found by name. */
  async open(name, title, text) {
    const { page } = this;
    await this.#at('a[href="/new"]').click();
    await this.#at('[role=combobox]').fill(name);
    await (await this.#with('[role=option]', name)).click();
    await this.#at('form input[maxlength]').fill(title);
    await this.#at('form .message textarea').fill(text);
    await this.#send();
    await page.waitForFunction(() => /^\/thread\/[0-9a-f]{32}$/.test(location.pathname));
    await this.#at('form.composer textarea').wait();
  }

  /** The titles of the list, once this one and others than it are open. */
  async titles(title, different) {
    await this.#with('a.row', title);
    const titles = () => [...document.querySelectorAll('a.row .title')].map((one) => one.textContent);
    await this.page.waitForFunction(
      (least) =>
        new Set([...document.querySelectorAll('a.row .title')].map((one) => one.textContent)).size >= least,
      {},
      different,
    );
    return this.page.evaluate(titles);
  }

  /** Opens the thread with this title from the list. */
  async find(title) {
    await (await this.#with('a.row', title)).click();
    await this.#at('form.composer textarea').wait();
  }

  /** Writes and sends a message. */
  async say(text) {
    await this.#at('form.composer textarea').fill(text);
    await this.#send();
  }

  /** Records until the level has moved a few times, and sends it. */
  async sendVoice() {
    await this.#at('form.composer .tools button.icon:nth-of-type(2)').click();
    await this.page.waitForFunction(() => document.querySelectorAll('.recorder .bars i').length > 15);
    await this.#at('.recorder button.primary').click();
    await this.#at('.recorder .voice').wait();
    await this.#at('.recorder button.primary').click();
    await this.#at('form.composer textarea').wait();
  }

  /** Plays the other's voice message until it would be heard. Muted: where there is no sound device, Firefox plays nothing aloud. */
  async listen() {
    await this.page.waitForSelector('article.message:not(.mine) .voice audio');
    await this.page.$eval('article.message:not(.mine) .voice audio', (audio) => (audio.muted = true));
    await this.#at('article.message:not(.mine) .voice button.accent').click();
    await this.page.waitForFunction(() => {
      const audio = document.querySelector('article.message:not(.mine) .voice audio');
      return audio !== null && audio.currentTime > 0 && audio.error === null;
    });
  }

  /** Waits until the thread shows a text of the other. */
  sees(text) {
    return this.#shows('article.message:not(.mine) .body', text);
  }

  /** Waits until it shows a text of this person as read by everybody, and signed. */
  async seesRead(text) {
    await this.#shows('article.message.mine:has(.signed):has(.meta button.accent) .body', text);
  }

  async reload() {
    await this.page.reload();
  }

  /** Every violation of the policy in the page. */
  violations() {
    return this.page.evaluate(() => globalThis.witness.violations.slice());
  }

  /** Breaks the policy on purpose, and lets an error go; answers whether each was noticed. */
  async control() {
    const before = (await this.violations()).length;
    await this.page.evaluate(
      () =>
        new Promise((resolve) => {
          document.addEventListener('securitypolicyviolation', resolve, { once: true });
          new Image().src = 'http://127.0.0.1:9/control.png';
        }),
    );
    const broken = (await this.violations()).length - before;
    const noticed = new Promise((resolve) => this.page.once('console', resolve));
    await this.page.evaluate(() => console.error('control'));
    await noticed;
    return broken === 1 && this.errors.pop() === 'control';
  }

  #at(selector) {
    return this.page.locator(selector);
  }

  /** Waits for the element of this kind that contains a text; answers it, or something inside it. */
  async #with(selector, text, inside = null) {
    const found = await this.page.waitForFunction(
      (where, words, within) => {
        const one = [...document.querySelectorAll(where)].find((each) => each.textContent.includes(words));
        return within === null ? one : one?.querySelector(within);
      },
      {},
      selector,
      text,
      inside,
    );
    return found.asElement();
  }

  #shows(selector, text) {
    return this.page.waitForFunction(
      (where, words) => [...document.querySelectorAll(where)].some((one) => one.textContent.includes(words)),
      {},
      selector,
      text,
    );
  }

  async #send() {
    await this.page.keyboard.down('Control');
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.up('Control');
  }
}

/** Both do what people do; answers what did not hold. */
async function visit(browser, origin) {
  const failures = [];
  const people = [await Person.open(browser, origin), await Person.open(browser, origin)];
  const [ines, karim] = people;
  await Promise.all([ines.enter('Inès Belmont'), karim.enter('Karim Delorme')]);
  await karim.open('Inès', TITLE, 'Premier message, écrit dans Firefox');
  const titles = await ines.titles(TITLE, TITLES_MIN);
  await ines.find(TITLE);
  await ines.sees('Premier message, écrit dans Firefox');
  await ines.say('Réponse, à lire de l’autre côté');
  await karim.sees('Réponse, à lire de l’autre côté');
  await ines.seesRead('Réponse, à lire de l’autre côté');
  say('a voice message …');
  await ines.sendVoice();
  await karim.listen();
  say('everything again after a reload …');
  const violations = [];
  violations.push(...(await ines.violations()));
  await ines.reload();
  await ines.sees('Premier message, écrit dans Firefox');
  await ines.seesRead('Réponse, à lire de l’autre côté');
  for (const person of people) violations.push(...(await person.violations()));
  const errors = people.flatMap((person) => person.errors);

  figure('threads in the list, with a title', `${titles.length}, ${new Set(titles).size} different`);
  if (new Set(titles).size < TITLES_MIN) failures.push(`the list shows ${titles.join(', ')}`);
  figure('violations of the content security policy', violations.length);
  if (violations.length > 0) failures.push(`violations: ${[...new Set(violations)].join(' | ')}`);
  figure('errors on the consoles', errors.length);
  if (errors.length > 0) failures.push(`console: ${[...new Set(errors)].join(' | ')}`);
  for (const person of people)
    if (!(await person.control())) failures.push('what was broken on purpose was not noticed');
  return failures;
}

function program(name) {
  const path = process.env[name];
  if (path === undefined) throw new Error(`${name} names no program`);
  return path;
}

const [bin, demo] = [program('RELAIS_BIN'), program('RELAIS_DEMO')];
const folder = mkdtempSync(join(tmpdir(), 'relais-firefox-'));
const launched = puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  headless: true,
  defaultViewport: { width: 1280, height: 860 },
  extraPrefsFirefox: PREFERENCES,
  userDataDir: join(folder, 'profile'),
});
const started = Server.start(bin, demo, join(folder, 'server'));
try {
  const [browser, server] = await Promise.all([launched, started]);
  figure('browser', await browser.version());
  const failures = await visit(browser, server.origin);
  for (const words of failures) console.log(`FAILED ${words}`);
  console.log(failures.length === 0 ? 'holds' : 'DOES NOT HOLD');
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  const both = await Promise.allSettled([launched, started]);
  for (const { value } of both) await (value instanceof Server ? value.kill() : value?.close());
  rmSync(folder, { recursive: true, force: true });
}
