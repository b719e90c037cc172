/**
 * One of the demonstration's people in a browser of their own: their profile is a folder that can be searched
 * afterwards. What is done is done as somebody would, through what the page shows.
 */
import { chromium } from 'playwright-core';
import { FLAGS } from './flags.mjs';
import { FLAG, Policy } from './policy.mjs';
import { CONTROLS, dump, plant } from './search.mjs';
import { install } from './witness.mjs';

/** A made-up microphone that needs no permission. */
const MICROPHONE = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];

/** Milliseconds for anything to happen. Long: a browser on a busy machine is slow, and this is not what is measured. */
export const PATIENCE_MS = 30_000;

/** Milliseconds within which a browser says that the policy was broken. */
const NOTICED_MS = 5_000;

export class Person {
  letter;
  page;
  profile;
  #context;
  #origin;
  #policy;
  /** Errors on the consoles of the pages. */
  errors = [];
  count = 0;

  /** Opens a browser with an empty profile, as Playwright's options say. Messages of this person begin with `letter`. */
  static async open({ letter, profile, origin, ...options }) {
    const person = new Person();
    person.letter = letter;
    person.profile = profile;
    person.#origin = origin;
    person.#context = await chromium.launchPersistentContext(profile, {
      args: [...FLAGS, ...MICROPHONE, FLAG],
      timezoneId: 'America/Toronto',
      viewport: { width: 1280, height: 860 },
      reducedMotion: 'reduce',
      ...options,
    });
    person.#policy = await Policy.of(profile);
    person.#context.setDefaultTimeout(PATIENCE_MS);
    await person.#context.addInitScript(install);
    // Of every page, also of those beside the one in use.
    person.#context.on('console', (message) => {
      if (message.type() === 'error') person.errors.push(message.text().slice(0, 200));
    });
    person.#context.on('weberror', (thrown) => person.errors.push(thrown.error().message.slice(0, 200)));
    await person.use(person.#context.pages()[0] ?? (await person.#context.newPage()));
    return person;
  }

  /** Goes on in this page. */
  async use(page) {
    this.page = page;
    page.on('dialog', (dialog) => void dialog.accept());
  }

  /** Signs in with a click on the cast page. */
  async enter(name) {
    await this.page.goto(`${this.#origin}/cast`);
    const member = this.page.locator('.cast li', { hasText: name });
    await member.locator('button.primary').click();
    await this.page.locator('a[href="/new"]').first().waitFor();
  }

  /** Opens a new thread with somebody, found by name. */
  async open(name, title, text) {
    const { page } = this;
    await page.locator('a[href="/new"]').first().click();
    await page.locator('[role=combobox]').fill(name);
    await page.locator('[role=option]', { hasText: name }).first().click();
    await page.locator('form input[maxlength]').fill(title);
    await page.locator('form .message textarea').fill(text);
    await page.keyboard.press('Control+Enter');
    await page.waitForURL(/\/thread\/[0-9a-f]{32}$/);
    await this.composer.waitFor();
    return new URL(page.url()).pathname;
  }

  /** Opens the thread with this title from the list. */
  async find(title) {
    await this.page.locator('a.row', { hasText: title }).click();
    await this.composer.waitFor();
  }

  get composer() {
    return this.page.locator('form.composer textarea');
  }

  nextKey() {
    this.count += 1;
    return `${this.letter}-${String(this.count).padStart(4, '0')}`;
  }

  /** Writes and sends the next numbered message; answers its key. */
  async say(words) {
    const key = this.nextKey();
    await this.composer.fill(`${key} ${words}`);
    await this.composer.press('Control+Enter');
    return key;
  }

  /** Chooses files for the message being written. */
  async attach(files) {
    await this.page.locator('form.composer input[type=file]').setInputFiles(files);
    await this.page
      .locator('form.composer .files li')
      .nth(files.length - 1)
      .waitFor();
  }

  /** Chooses files, and sends them with the next numbered message. */
  async sendFiles(files, words) {
    await this.attach(files);
    return this.say(words);
  }

  /** Records for as long as the level has moved a few times, listens to the end of nothing, and sends it. */
  async sendVoice() {
    const { page } = this;
    await page.locator('form.composer .tools button.icon').nth(1).click();
    await page.locator('.recorder .bars i').nth(15).waitFor();
    await page.locator('.recorder button.primary').click();
    await page.locator('.recorder .voice').waitFor();
    await page.locator('.recorder button.primary').click();
    await this.composer.waitFor();
  }

  /** What the page noted so far. */
  witness() {
    return this.page.evaluate(() => globalThis.witness);
  }

  /** Waits until the other's message was painted here. */
  async sees(key, what = 'shown') {
    await this.page
      .waitForFunction(([name, one]) => globalThis.witness[name][one] !== undefined, [what, key])
      .catch((error) => {
        throw new Error(`${this.letter} never saw ${what} ${key}: ${String(error.message).split('\n')[0]}`);
      });
  }

  /** Waits until there is a connection and nothing of ours waits for the server. */
  async settled() {
    await this.page.locator('article.message.waiting').first().waitFor({ state: 'detached' });
    await this.page.locator('button.chip.waiting').waitFor({ state: 'detached' });
    await this.page.locator('button.chip.live').waitFor();
  }

  /** The keys of all messages of the thread as it is shown, oldest first. */
  async list() {
    const still = this.page.locator('.log[aria-busy=false]');
    await still.waitFor();
    const older = this.page.locator('.log .older button');
    while (await older.isVisible()) {
      const before = await this.page.locator('article.message').count();
      await older.click();
      await this.page.waitForFunction(
        (count) =>
          document.querySelectorAll('article.message').length > count ||
          document.querySelector('.log .older') === null,
        before,
      );
      await still.waitFor();
    }
    const texts = await this.page.locator('article.message .body').allTextContents();
    return texts.flatMap((text) => /\b[A-Z]-\d{4}\b/.exec(text)?.[0] ?? []);
  }

  /** Makes a picture in one colour with some noise; answers the file. */
  async picture(name, colour) {
    const data = await this.page.evaluate(async (fill) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [640, 480];
      const paint = canvas.getContext('2d');
      for (let y = 0; y < 480; y += 4)
        for (let x = 0; x < 640; x += 4) {
          paint.fillStyle = `rgb(${fill.map((part) => part + Math.floor(Math.random() * 8)).join()})`;
          paint.fillRect(x, y, 4, 4);
        }
      return canvas.toDataURL('image/png').split(',')[1];
    }, colour);
    return { name, mimeType: 'image/png', buffer: Buffer.from(data, 'base64') };
  }

  /** The colour in the middle of the last picture of somebody else. */
  colour() {
    return this.page.evaluate(() => {
      const picture = [...document.querySelectorAll('article.message:not(.mine) .photo img')].at(-1);
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
      const paint = canvas.getContext('2d');
      paint.drawImage(picture, 0, 0);
      return [...paint.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)];
    });
  }

  /** Plays the last voice message of somebody else until it is heard. */
  async listen() {
    const voice = this.page.locator('article.message:not(.mine) .voice').last();
    await voice.locator('button.accent').click();
    const audio = await voice.locator('audio').elementHandle();
    await this.page.waitForFunction((element) => element.currentTime > 0 && element.error === null, audio);
  }

  /** Waits until the program's own files are kept, so that the page opens without a server. */
  async keepsProgram() {
    await this.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  }

  /** Another page, in which nobody is signed in. */
  async another() {
    const page = await this.#context.newPage();
    await page.goto(`${this.#origin}/sign-in`);
    return page;
  }

  /** Whether another page opens while there is no server. */
  async opensAlone() {
    const page = await this.#context.newPage();
    await page.goto(`${this.#origin}/`);
    const words = page.locator('main', { hasText: /\S/ });
    return words
      .first()
      .waitFor()
      .then(
        () => true,
        () => false,
      );
  }

  /** Goes somewhere inside the page. */
  visit(path) {
    return this.page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
  }

  /** Leaves something half written wherever one can write. */
  async leaveDrafts(text) {
    const { page } = this;
    await this.composer.fill(text);
    await this.visit('/new');
    await page.locator('form .message textarea').fill(text);
    await page.locator('form input[maxlength]').fill(text);
    await page.locator('[role=combobox]').fill(text);
    await page.locator('input[type=search]').fill(text);
  }

  /** Every violation of the policy so far, in any page or worker of this browser. */
  violations() {
    return this.#policy.violations.slice();
  }

  /**
   * Breaks the policy on purpose, in the page and in each worker; answers how many of these are noticed, by whoever
   * listened before and by whoever begins to listen afterwards, and of how many.
   */
  async violate() {
    const workers = [...this.page.workers(), ...this.#context.serviceWorkers()];
    const addresses = ['page', ...workers.keys()].map((place) => `http://127.0.0.1:9/control-${place}.png`);
    await this.page.evaluate((address) => void (new Image().src = address), addresses[0]);
    for (const [at, worker] of workers.entries())
      await worker.evaluate((address) => fetch(address).catch(() => null), addresses[at + 1]);
    const noticed = await this.#policy.notices(addresses, NOTICED_MS);
    const late = await Policy.of(this.profile);
    const told = await late.notices(addresses, NOTICED_MS);
    late.close();
    return { noticed, late: told, of: addresses.length };
  }

  /** Plants the controls, and answers the bytes of each place in which the page keeps anything. */
  async kept() {
    await this.page.evaluate(plant, CONTROLS);
    const places = await this.page.evaluate(dump);
    return Object.entries(places).map(([place, text]) => [place, Buffer.from(text, 'base64')]);
  }

  /** Ends the browser; what it kept is on the disk then. */
  async close() {
    const context = this.#context;
    this.#context = null;
    this.#policy?.close();
    await context?.close();
  }
}
