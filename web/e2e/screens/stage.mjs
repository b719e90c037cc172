/**
 * A browser of one size in which screens are staged over made-up people, under the policy that the server sends.
 *
 * Not known here: which screens there are, and what is looked for.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { FLAGS } from '../flags.mjs';
import { FLAG, Policy } from '../policy.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Milliseconds for a screen to be what it is meant to be. */
const SHOWN_MS = 30_000;
/** Milliseconds for violations made on purpose to be told. */
const NOTICED_MS = 5_000;

/** What may be different about a device. */
export const SIZES = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  // 320 CSS pixels (WCAG 1.4.10), and a desktop enlarged to 200 % (WCAG 1.4.4).
  narrow: { viewport: { width: 320, height: 640 } },
  large: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
};

/** How a page can look: what the person chose, and what the device forces. */
export const LOOKS = {
  light: { theme: 'light', contrast: 'normal' },
  dark: { theme: 'dark', contrast: 'normal' },
  contrast: { theme: 'light', contrast: 'more' },
  'dark-contrast': { theme: 'dark', contrast: 'more' },
  forced: { theme: 'light', contrast: 'normal', forced: true },
};

/** Rules whose answer depends on colours; all others depend on what is there and where. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

export class Stage {
  /** What was wrong on the page's console. */
  errors = [];
  #context;
  #page;
  #policy;
  #profile;
  #origin;
  #forced = false;

  /** Opens a browser of this size. */
  static async open(origin, size) {
    const stage = new Stage();
    stage.#origin = origin;
    stage.#profile = mkdtempSync(join(tmpdir(), 'relais-screens-'));
    stage.#context = await chromium.launchPersistentContext(stage.#profile, {
      ...SIZES[size],
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [...FLAGS, FLAG, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
      locale: 'fr-CA',
      timezoneId: 'America/Toronto',
      reducedMotion: 'reduce',
      serviceWorkers: 'block',
    });
    stage.#policy = await Policy.of(stage.#profile);
    stage.#page = stage.#context.pages()[0] ?? (await stage.#context.newPage());
    const note = (text) => stage.errors.push(text.slice(0, 200));
    stage.#page.on('console', (message) => message.type() === 'error' && note(message.text()));
    stage.#page.on('pageerror', (error) => note(error.message));
    // Every screen begins as on a browser's first visit.
    await stage.#page.addInitScript(() => localStorage.clear());
    return stage;
  }

  /** Violations of the content security policy so far. */
  get violations() {
    return this.#policy.violations;
  }

  /** Opens a screen in French and does there what it is staged by. */
  async show({ at, options = {}, before, act, heading = true }) {
    const page = this.#page;
    await page.unrouteAll();
    await before?.(page);
    const query = new URLSearchParams({ still: '', at, options: JSON.stringify(options) });
    await page.goto(`${this.#origin}/dev.html?${query}`);
    const there = heading ? 'h1:not([data-soon])' : 'h1';
    await page.locator(there).first().waitFor({ state: 'attached', timeout: SHOWN_MS });
    await act?.(page);
    await page.evaluate(AXE);
  }

  /** Turns what is shown into another language and look, without loading it anew, and waits until it is what is meant. */
  async turn({ says }, locale, look) {
    const page = this.#page;
    const { theme, contrast, forced = false } = LOOKS[look];
    if (forced !== this.#forced) await page.emulateMedia({ forcedColors: forced ? 'active' : 'none' });
    this.#forced = forced;
    const words = says[locale === 'fr' ? 0 : 1];
    await page.evaluate((choice) => globalThis.relais.prefs.set(choice), { locale, theme, contrast });
    const meant = await page
      .waitForFunction(
        ([lang, wanted, text]) => {
          const { dataset, lang: spoken } = document.documentElement;
          const bare = (one) => one.replace(/[\s\u2066-\u2069]/gu, '');
          const isLook = dataset.theme === wanted.theme && dataset.contrast === wanted.contrast;
          const headings = document.querySelectorAll('h1').length;
          const isSaid = bare(document.body.innerText).includes(bare(text));
          return spoken.startsWith(lang) && isLook && isSaid && headings === 1;
        },
        [locale, { theme, contrast }, words],
        { timeout: SHOWN_MS },
      )
      .catch(() => null);
    if (meant !== null) return;
    const seen = await page.evaluate(() => document.body.innerText.replace(/\s+/gu, ' '));
    throw new Error(`nowhere "${words}", but ${seen.slice(0, 400)}`);
  }

  /** What axe finds, in words, and how often it could not decide; `all` its rules or those about colours. */
  async check(all) {
    const found = await this.#page.evaluate(
      async ([everything, ofColours]) => {
        const options = {
          resultTypes: ['violations', 'incomplete'],
          rules: { 'target-size': { enabled: true } },
        };
        if (!everything) Object.assign(options, { runOnly: { type: 'rule', values: ofColours }, rules: {} });
        const { violations, incomplete, passes } = await globalThis.axe.run(document, options);
        const colours = ({ fgColor, bgColor, contrastRatio } = {}) =>
          contrastRatio === undefined ? '' : ` (${fgColor} on ${bgColor}: ${contrastRatio})`;
        const short = ({ id, nodes }) => [
          id,
          nodes.length,
          nodes[0].target.join(' ') + colours(nodes[0].any[0]?.data ?? {}),
        ];
        return { violations: violations.map(short), open: incomplete.map(short), rules: passes.length };
      },
      [all, OF_COLOURS],
    );
    return found;
  }

  /** A picture of what is shown. */
  picture(path) {
    return this.#page.screenshot({ path });
  }

  /** Breaks what the checks are for. Answers what was not noticed. */
  async control() {
    await this.#page.evaluate(() => {
      const make = (name, style) => {
        const made = document.body.appendChild(document.createElement(name));
        made.textContent = 'words';
        Object.assign(made.style, style);
      };
      // Whatever the look: a little lighter than what it stands on.
      make('p', { color: 'rgb(140 140 140)', background: 'rgb(120 120 120)' });
      for (const _twice of [1, 2]) make('button', { fontSize: '3px' });
      document.body.append(document.createElement('img'));
    });
    const address = 'http://127.0.0.1:9/control.png';
    const { violations } = await this.check(true);
    await this.#page.evaluate((source) => void (new Image().src = source), address);
    const noticed = await this.#policy.notices([address], NOTICED_MS);
    const wanted = ['image-alt', 'color-contrast', 'target-size'];
    const missed = wanted.filter((rule) => !violations.some(([id]) => id === rule));
    return noticed === 1 ? missed : [...missed, 'a violation of the policy'];
  }

  async close() {
    this.#policy.close();
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
