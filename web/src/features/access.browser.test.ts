import axe from 'axe-core';
import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { id } from '../../test/fake-data';
import { stage, strike, type Stage, type StageOptions } from '../../test/stage';

afterEach(strike);

const thread = (number: number): string => `/thread/${id(5, number)}`;

/** Every screen, with what must be there before it is judged. */
const SCREENS: [string, StageOptions, string, ((staged: Stage) => Promise<void>)?][] = [
  ['cast', { at: '/cast', signedIn: false }, '.cast li'],
  ['sign-in', { at: '/sign-in', signedIn: false, demo: false }, 'input[type=password]'],
  [
    'sign-in refused',
    { at: '/sign-in', signedIn: false, demo: false },
    'input[type=password]',
    async (s) => s.press(/^Se connecter$|^Sign in$/),
  ],
  ['register', { at: '/register', signedIn: false }, 'input[autocomplete=name]'],
  ['recover', { at: '/recover', signedIn: false }, 'input[type=password]'],
  ['home', {}, 'a.row'],
  ['home, empty', { empty: true }, '.empty'],
  ['thread', { at: thread(1) }, '.message'],
  ['thread with a document', { at: thread(2) }, '.attachment .file'],
  ['thread with a bad message', { at: thread(6) }, '.bad'],
  ['thread, invited', { at: thread(4) }, '.foot'],
  [
    'thread, adding people',
    { at: thread(1) },
    '.message',
    async (s) => {
      if (innerWidth <= 1280) (await s.find('button.people')).click();
      await s.press(/^(Ajouter ou inviter|Add or invite)$/);
      await s.find('[role=dialog] [role=combobox]');
    },
  ],
  [
    'thread, taking somebody out',
    { at: thread(1) },
    '.message',
    async (s) => {
      if (innerWidth <= 1280) (await s.find('button.people')).click();
      await s.press(/^(Retirer|Remove) Karim/);
      await s.until(() =>
        s.root.ownerDocument.querySelector('[role=dialog]')?.textContent?.includes('Karim'),
      );
    },
  ],
  ['thread in other scripts', { at: thread(8) }, '.message'],
  ['new thread', { at: '/new' }, '[role=combobox]'],
  [
    'new thread, incomplete',
    { at: '/new' },
    '[role=combobox]',
    async (s) => (await s.find('form button[type=submit]')).click(),
  ],
  ['settings', { at: '/settings' }, 'fieldset'],
  ['settings, security', { at: '/settings/security' }, 'section'],
  ['settings, devices', { at: '/settings/devices' }, 'section li'],
  ['about', { at: '/settings/about' }, 'dl'],
  [
    'help',
    {},
    'a.row',
    async (s) => {
      s.app.dialog = 'help';
      await s.find('[role=dialog] kbd');
    },
  ],
  [
    'queue',
    {},
    'a.row',
    async (s) => {
      s.fake.setLink({ state: 'offline', retryAt: 0, since: 0 });
      s.app.dialog = 'queue';
      await s.find('[role=dialog] .banner');
    },
  ],
  ['no such page', { at: '/nowhere' }, '.empty'],
  ['cannot start', { startFails: { kind: 'hostile', code: 'H23' } }, 'h1'],
];

const LOOKS = [
  ['fr', 'light', 1280, 800],
  ['en', 'dark', 390, 800],
  ['fr', 'dark', 320, 640],
  ['en', 'light', 1440, 900],
] as const;

test.each(LOOKS)(
  'no screen has an accessibility fault (%s, %s, %i px)',
  async (locale, theme, width, height) => {
    await page.viewport(width, height);
    const faults: string[] = [];
    for (const [name, options, selector, act] of SCREENS) {
      const staged = await stage({ ...options, locale, theme });
      await staged.find(selector);
      await act?.(staged);
      await new Promise((done) => setTimeout(done, 0));
      const { violations } = await axe.run(document, {
        resultTypes: ['violations'],
        rules: { 'meta-viewport': { enabled: false } },
      });
      for (const one of violations)
        faults.push(
          `${name}: ${one.id}: ${one.nodes
            .slice(0, 2)
            .map((node) => node.target.join(' '))
            .join(' | ')}`,
        );
    }
    expect(faults).toEqual([]);
  },
  120_000,
);

test('a fault would be found', async () => {
  const staged = await stage({});
  const button = document.createElement('button');
  staged.root.append(button);
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  expect(violations.map((one) => one.id)).toContain('button-name');
});

/** Every pane that scrolls, by how much it would have to be scrolled sideways. */
function sideways(): string[] {
  return [...document.querySelectorAll('.content, .outside, .log, .aside, [role=dialog]')].flatMap((pane) => {
    const over = pane.scrollWidth - pane.clientWidth;
    return over > 1 ? [`${pane.className || 'dialog'} by ${over} px`] : [];
  });
}

test('at 320 and 360 px, and with text at 200 %, nothing needs scrolling sideways', async () => {
  const wide: string[] = [];
  for (const [width, size] of [
    [320, '100%'],
    [360, '100%'],
    [640, '200%'],
  ] as const) {
    await page.viewport(width, 640);
    for (const [name, options, selector, act] of SCREENS) {
      document.documentElement.style.fontSize = size;
      const staged = await stage(options);
      await staged.find(selector);
      await act?.(staged);
      const over = document.documentElement.scrollWidth - innerWidth;
      const found = [...(over > 1 ? [`the page by ${over} px`] : []), ...sideways()];
      for (const one of found) wide.push(`${name} at ${width} px, ${size}: ${one}`);
    }
  }
  document.documentElement.style.fontSize = '';
  expect(wide).toEqual([]);
}, 120_000);

test('every target is at least 24 px, or has room around it', async () => {
  await page.viewport(390, 800);
  const small: string[] = [];
  for (const [name, options, selector] of SCREENS) {
    const staged = await stage(options);
    await staged.find(selector);
    for (const target of document.querySelectorAll<HTMLElement>(
      'button, input:not(.hidden-words), textarea, [role=option]',
    )) {
      const { width, height } = target.getBoundingClientRect();
      // Radios and switches cover their label; what is not shown is no target.
      if (width === 0 || target.closest('label') !== null || target.offsetParent === null) continue;
      if (width < 23.5 || height < 23.5)
        small.push(
          `${name}: ${target.className || target.tagName} ${width.toFixed(0)} x ${height.toFixed(0)}`,
        );
    }
  }
  expect([...new Set(small)]).toEqual([]);
}, 120_000);
