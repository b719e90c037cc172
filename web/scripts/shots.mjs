/**
 * Takes a picture of every screen: French and English, light and dark, phone and desktop, over the fake worker and
 * under the real Content Security Policy. Counts the policy's violations and axe's findings on the way.
 *
 *   node scripts/shots.mjs [--out folder] [--only part-of-a-name] [--kinds part,part] [--quick] [--no-build] [--axe]
 *
 * A kind is `fr-light-desktop` and the like; `--kinds phone` takes every kind with that word in it. Beyond the eight
 * ordinary ones, `--kinds` also reaches `contrast` (more contrast asked for), `forced` (forced colours), `narrow`
 * (320 CSS pixels, WCAG 1.4.10) and `large` (a desktop enlarged to 200 %, WCAG 1.4.4).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serve } from './serve.mjs';

const WEB = new URL('..', import.meta.url).pathname;
const BUILT = join(WEB, 'node_modules/.cache/fake');
const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? null : (process.argv[at + 1] ?? '');
};
const has = (name) => process.argv.includes(`--${name}`);
const OUT = option('out') ?? join(WEB, 'node_modules/.cache/shots');
const ONLY = option('only');
const id = (kind, number) => kind.toString(16).padStart(8, '0') + number.toString(16).padStart(24, '0');
const thread = (number) => `/thread/${id(5, number)}`;

/** Name, address, scene, and what is done before the picture. */
const SCREENS = [
  ['cast', '/cast', 'cast'],
  ['sign-in', '/sign-in', 'out'],
  [
    'sign-in-wrong',
    '/sign-in',
    'out',
    async (page) => {
      await page.locator('input[type=email]').fill('ines');
      await page.locator('button[type=submit]').click();
    },
  ],
  ['code', '/sign-in', 'out', toCode],
  [
    'register',
    '/register',
    'out',
    async (page) => {
      await page.locator('input[autocomplete=name]').fill('Inès Belmont');
      await page.locator('input[type=password]').fill('quatre chevaux verts');
    },
  ],
  [
    'recovery-code',
    '/register',
    'out',
    async (page) => {
      await page.locator('input[autocomplete=name]').fill('Inès Belmont');
      await page.locator('input[type=email]').fill('ines@demo.example');
      await page.locator('input[type=password]').fill('quatre chevaux verts');
      await page.locator('button[type=submit]').click();
      await page.locator('.code').fill('482915');
      await page.locator('button[type=submit]').click();
      await page.locator('[translate=no]').waitFor();
    },
  ],
  ['recover', '/recover', 'out'],
  ['home', '/', ''],
  ['home-empty', '/', 'empty'],
  ['home-offline', '/', 'offline'],
  ['home-no-match', '/', '', async (page) => page.locator('[type=search]').first().fill('zzz')],
  ['thread', thread(1), ''],
  ['thread-urgent', thread(2), ''],
  ['thread-bad', thread(6), ''],
  ['thread-invited', thread(4), ''],
  ['thread-closed', thread(9), ''],
  ['thread-rtl', thread(8), ''],
  [
    'thread-offline',
    thread(1),
    'offline',
    async (page) => {
      await page.locator('textarea').fill('Le pansement est changé, aspect stable.');
      await page.keyboard.press('Control+Enter');
    },
  ],
  [
    'thread-files',
    thread(3),
    '',
    async (page) => {
      await page
        .locator('input[type=file]')
        .setInputFiles([
          { name: 'bilan.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(123_456, 1) },
        ]);
      await page.locator('textarea').fill('Voici le bilan.\nMerci de confirmer.');
    },
  ],
  [
    'thread-voice',
    thread(3),
    '',
    async (page) => {
      await page.locator('.composer .tools button').nth(1).click();
      await page.waitForTimeout(2_500);
    },
  ],
  [
    'thread-too-long',
    thread(3),
    '',
    async (page) => {
      await page.locator('textarea').evaluate((box) => {
        const data = new DataTransfer();
        data.setData('text/plain', 'a'.repeat(1_000_000));
        box.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
        );
      });
    },
  ],
  [
    'thread-people',
    thread(1),
    '',
    async (page) => {
      const button = page.locator('button.people');
      if (await button.isVisible()) await button.click();
    },
  ],
  [
    'thread-safety',
    thread(1),
    '',
    async (page) => {
      const button = page.locator('button.people');
      if (await button.isVisible()) await button.click();
      await page
        .locator('.aside:visible')
        .getByRole('button', { name: /^(Comparer|Compare)/ })
        .first()
        .click();
      await page.locator('.digits').waitFor();
    },
  ],
  [
    'thread-add',
    thread(1),
    '',
    async (page) => {
      const button = page.locator('button.people');
      if (await button.isVisible()) await button.click();
      await page.locator('.aside:visible section button', { hasText: /Ajouter|Add/ }).click();
      await page.locator('[role=dialog] [role=combobox]').fill('ma');
      await page.locator('[role=option]').first().waitFor();
    },
  ],
  [
    'thread-remove',
    thread(1),
    '',
    async (page) => {
      const button = page.locator('button.people');
      if (await button.isVisible()) await button.click();
      await page
        .locator('.aside:visible')
        .getByRole('button', { name: /^(Retirer|Remove) Karim/ })
        .click();
      await page.locator('[role=dialog] .foot button').last().waitFor();
    },
  ],
  ['thread-long', thread(1), 'long'],
  ['compose', '/new', ''],
  [
    'compose-search',
    '/new',
    '',
    async (page) => {
      await page.locator('[role=combobox]').fill('e');
      await page.locator('[role=option]').first().waitFor();
    },
  ],
  ['compose-wrong', '/new', '', async (page) => page.locator('button[type=submit]').click()],
  ['settings', '/settings', ''],
  ['settings-keys', '/settings/keys', ''],
  ['settings-security', '/settings/security', ''],
  ['settings-devices', '/settings/devices', ''],
  ['settings-about', '/settings/about', ''],
  ['help', '/', '', async (page) => page.keyboard.press('?')],
  ['queue', '/', 'offline', async (page) => page.locator('button.chip').last().click()],
  ['tab', '/', 'tab'],
  ['update', '/', 'update'],
  ['lost', '/nowhere', ''],
  ['refused', '/', 'refused'],
];

async function toCode(page) {
  await page.locator('input[type=email]').fill('ines@demo.example');
  await page.locator('input[type=password]').fill('demonstration-relais');
  await page.locator('button[type=submit]').click();
  await page.locator('input.code').waitFor();
}

const SIZES = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  contrast: { viewport: { width: 1440, height: 900 }, contrast: 'more' },
  forced: { viewport: { width: 1440, height: 900 }, forcedColors: 'active' },
  narrow: { viewport: { width: 320, height: 640 } },
  large: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
};
const ORDINARY = ['desktop', 'phone'];
const kinds = option('kinds')?.split(',') ?? null;
const variants = ['fr', 'en']
  .flatMap((locale) =>
    ['light', 'dark'].flatMap((theme) => Object.keys(SIZES).map((size) => [locale, theme, size])),
  )
  .filter((one) => {
    const kind = one.join('-');
    if (kinds !== null) return kinds.some((part) => kind.includes(part));
    return has('quick')
      ? ['fr-light-desktop', 'en-dark-phone'].includes(kind)
      : ORDINARY.includes(one[2] ?? '');
  });

if (!has('no-build'))
  execFileSync('npx', ['vite', 'build', '--mode', 'fake', '--logLevel', 'warn'], {
    cwd: WEB,
    stdio: 'inherit',
  });
mkdirSync(OUT, { recursive: true });
const axeSource = has('axe')
  ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  : null;
const server = await serve(BUILT, 'dev.html');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
  ],
});
let pictures = 0;
const problems = [];
for (const [locale, theme, size] of variants) {
  const context = await browser.newContext({
    ...SIZES[size],
    locale: locale === 'fr' ? 'fr-CA' : 'en-CA',
    timezoneId: 'America/Toronto',
    colorScheme: theme,
    reducedMotion: 'reduce',
    bypassCSP: false,
    serviceWorkers: 'block',
  });
  for (const [name, at, scene, act] of SCREENS) {
    if (ONLY !== null && !name.includes(ONLY)) continue;
    const page = await context.newPage();
    const label = `${name}-${locale}-${theme}-${size}`;
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content.Security.Policy|TrustedScript/i.test(message.text()))
        problems.push(`${label}: ${message.text().slice(0, 200)}`);
    });
    page.on('pageerror', (error) => problems.push(`${label}: ${error.message.slice(0, 200)}`));
    try {
      await page.goto(`${server.origin}/dev.html?still&scene=${scene}&at=${encodeURIComponent(at)}`);
      await page.locator('h1').first().waitFor({ state: 'attached', timeout: 8_000 });
      await page.waitForTimeout(350);
      await act?.(page);
      await page.waitForTimeout(450);
      await page.screenshot({ path: join(OUT, `${label}.png`) });
      pictures += 1;
      if (axeSource !== null) {
        // The checker is injected by the debugger, which the policy does not concern.
        await page.evaluate(axeSource);
        const { violations } = await page.evaluate(() =>
          globalThis.axe.run(document, { resultTypes: ['violations'] }),
        );
        for (const one of violations)
          problems.push(
            `${label}: axe ${one.id}: ${one.nodes
              .slice(0, 2)
              .map((node) => node.target.join(' '))
              .join(' | ')}`,
          );
      }
    } catch (error) {
      problems.push(`${label}: ${String(error.message).split('\n')[0]}`);
    }
    await page.close();
  }
  await context.close();
}
await browser.close();
server.close();
for (const problem of new Set(problems)) console.error(problem);
console.log(`shots: ${pictures} pictures in ${OUT}, ${new Set(problems).size} problems`);
process.exit(problems.length > 0 ? 1 : 0);
