/**
 * axe on every page, in both languages and both themes, as the real server serves it.
 *
 * Not known here: who looks, and what is on the pages.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Pages for whom nobody is signed in, and for a person. */
const OUTSIDE = ['/cast', '/sign-in', '/register', '/recover'];
const INSIDE = [
  '/',
  '/new',
  '/settings',
  '/settings/keys',
  '/settings/security',
  '/settings/devices',
  '/settings/about',
  '/nowhere',
];

/** What axe finds on a page, in words. The checker comes through the debugger, which the policy does not concern. */
async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }),
  );
  return violations.map(({ id, nodes }) => `${id} at ${nodes[0].target.join(' ')}`);
}

/** Goes to a place and waits until it is what is shown, in this language and theme. */
async function visit(page, path, locale, theme) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await page.waitForFunction(
    ([lang, look]) => {
      const { dataset, lang: spoken } = document.documentElement;
      const busy = document.querySelector('[aria-busy=true], [data-soon]');
      return (
        spoken.startsWith(lang) && dataset.theme === look && busy === null && document.querySelector('h1')
      );
    },
    [locale, theme],
  );
}

/** Checks every page; `inside` is signed in, `outside` is not. Answers how many were checked and what was found. */
export async function checkPages(inside, outside, thread) {
  let checked = 0;
  const found = [];
  for (const locale of ['fr', 'en'])
    for (const theme of ['light', 'dark'])
      for (const [page, paths] of [
        [outside, OUTSIDE],
        [inside, [...INSIDE, thread]],
      ]) {
        const look = JSON.stringify({ locale, theme, contrast: 'normal', density: 'standard' });
        await page.evaluate((text) => localStorage.setItem('relais.prefs', text), look);
        await page.reload();
        await page.locator('h1').first().waitFor({ state: 'attached' });
        for (const path of paths) {
          await visit(page, path, locale, theme);
          const here = `${path === thread ? '/thread/…' : path} ${locale} ${theme}`;
          found.push(...(await findings(page)).map((words) => `${here}: ${words}`));
          checked += 1;
        }
      }
  // The checker itself must find what is wrong.
  await inside.evaluate(() => document.body.append(document.createElement('img')));
  const control = (await findings(inside)).some((words) => words.startsWith('image-alt'));
  return { checked, found, control };
}
