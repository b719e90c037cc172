/**
 * axe on every page, in both languages and both themes, as the real server serves it.
 *
 * Not known here: who looks, and what is on the pages.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The pages and their headings, in French and in English: for whom nobody is signed in, and for a person. A page that
 * is not the one that was meant would be looked at in its place. */
const OUTSIDE = {
  '/cast': ['Choisissez une personne', 'Choose a person'],
  '/sign-in': ['Connexion', 'Sign in'],
  '/register': ['Créer un compte', 'Create an account'],
  '/recover': ['Retrouver l’accès', 'Get back in'],
};
const INSIDE = {
  '/': ['Fils actifs', 'Active threads'],
  '/new': ['Nouveau fil', 'New thread'],
  '/settings': ['Réglages: Affichage', 'Settings: Display'],
  '/settings/keys': ['Réglages: Clavier', 'Settings: Keyboard'],
  '/settings/security': ['Réglages: Sécurité', 'Settings: Security'],
  '/settings/devices': ['Réglages: Appareils', 'Settings: Devices'],
  '/settings/about': ['Réglages: À propos', 'Settings: About'],
  '/nowhere': ['Page introuvable', 'Page not found'],
};

/** What axe finds on a page, in words. The checker comes through the debugger, which the policy does not concern. */
async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }),
  );
  return violations.map(({ id, nodes }) => `${id} at ${nodes[0].target.join(' ')}`);
}

/** Goes to a place and waits until it is what is shown: its address, its one heading, in this language and theme. */
async function visit(page, path, heading, locale, theme) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  const seen = await page
    .waitForFunction(
      ([lang, look, words, to]) => {
        const { dataset, lang: spoken } = document.documentElement;
        const busy = document.querySelector('[aria-busy=true], [data-soon]');
        const here = [...document.querySelectorAll('h1')].map((one) => one.textContent);
        const isThere = here.length === 1 && here[0].replace(/\s/gu, '') === words.replace(/\s/gu, '');
        const isMeant = isThere && location.pathname === to;
        return isMeant && spoken.startsWith(lang) && dataset.theme === look && busy === null;
      },
      [locale, theme, heading, path],
    )
    .catch(() => null);
  if (seen !== null) return;
  const there = await page.locator('h1').allTextContents();
  throw new Error(`at ${path} no page "${heading}" in ${locale}, ${theme}, but "${there.join('", "')}"`);
}

/**
 * Checks every page; `inside` is signed in, `outside` is not. `thread` is the path of a thread with this title. Answers
 * how many were checked and what was found.
 */
export async function checkPages(inside, outside, thread, title) {
  let checked = 0;
  const found = [];
  const pages = [
    [outside, OUTSIDE],
    [inside, { ...INSIDE, [thread]: [title, title] }],
  ];
  for (const [at, locale] of ['fr', 'en'].entries())
    for (const theme of ['light', 'dark'])
      for (const [page, headings] of pages) {
        const look = JSON.stringify({ locale, theme, contrast: 'normal', density: 'standard' });
        await page.evaluate((text) => localStorage.setItem('relais.prefs', text), look);
        await page.reload();
        await page.locator('h1:not([data-soon])').first().waitFor({ state: 'attached' });
        for (const [path, heading] of Object.entries(headings)) {
          await visit(page, path, heading[at], locale, theme);
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
