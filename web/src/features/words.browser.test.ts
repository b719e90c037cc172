import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { id } from '../../test/fake-data';
import { stage, strike, type StageOptions } from '../../test/stage';
import fr from '../i18n/fr';
import { useWords } from '../i18n/runtime.svelte';
import { mapWords } from '../i18n/typeset';

afterEach(strike);

/** A language in which every sentence stands between marks and is a third longer, as translations may be. */
const pseudo = mapWords(fr, (text) => `⟦${text}${'~'.repeat(Math.ceil(text.length / 3))}⟧`);

const PLACES: [string, StageOptions, string][] = [
  ['/sign-in', { signedIn: false, demo: false }, 'form'],
  ['/register', { signedIn: false, demo: false }, 'form'],
  ['/recover', { signedIn: false, demo: false }, 'form'],
  ['/', { empty: true }, '.empty'],
  ['/new', {}, 'form'],
  ['/settings', {}, 'fieldset'],
  ['/settings/keys', {}, 'section'],
  ['/settings/security', {}, 'section'],
  ['/nowhere', {}, '.empty'],
  [`/thread/${id(5, 4)}`, {}, '.foot'],
];

/** Words that are the same in every language, and what the made-up people are called and wrote. */
const GIVEN = /^(?:Relais|Français|English|Inès.*|Hôpital.*|[\d\s:h+]+)$/;

test('every word of the interface comes from the catalogue, and a third more of them still fits', async () => {
  await page.viewport(390, 800);
  const raw: string[] = [];
  const wide: string[] = [];
  for (const [at, options, selector] of PLACES) {
    const staged = await stage({ ...options, at });
    await staged.find(selector);
    useWords('fr', pseudo, 'fr-CA');
    await staged.until(() => document.body.textContent?.includes('⟦') ?? false);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? '';
      const inside = node.parentElement;
      if (!/\p{L}{2}/u.test(text) || text.includes('⟦') || GIVEN.test(text)) continue;
      // What people named and wrote is theirs.
      if (inside?.closest('bdi, time, .row, .log, .org-name, script, style') !== null) continue;
      raw.push(`${at}: ${text}`);
    }
    for (const element of document.querySelectorAll('[aria-label], [placeholder]')) {
      for (const name of ['aria-label', 'placeholder']) {
        const text = element.getAttribute(name);
        if (text !== null && !text.includes('⟦')) raw.push(`${at}: ${name} ${text}`);
      }
    }
    if (document.documentElement.scrollWidth > innerWidth + 1) wide.push(at);
  }
  expect(raw).toEqual([]);
  expect(wide).toEqual([]);
}, 60_000);
