import { tick } from 'svelte';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { saying, stage, STILL, strike } from '../../../test/stage';

afterEach(strike);

const all = <E extends HTMLElement = HTMLElement>(selector: string): E[] => [
  ...document.querySelectorAll<E>(selector),
];

const OLDER = { fr: 'Afficher plus de fils', en: 'Show more threads' } as const;

/** Waits for a frame. */
const painted = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));

/** Every row shown, by its address. */
const listed = (): string[] => all('a.row').map((row) => row.getAttribute('href') ?? '');

test('the list goes on by the keyboard, and the focus goes with it', async () => {
  const s = await stage({ rows: 300, locale: 'en' });
  await s.find('a.row');
  const button = await s.until(() => all('.more button').find((one) => saying(one) === OLDER.en));
  button.focus({ preventScroll: true });
  await userEvent.keyboard('{Enter}');
  await s.until(() => listed().length >= 100);
  await s.until(() => document.activeElement === all('a.row')[50]);
});

test('the list goes on when its end is scrolled to, and nothing above it moves', async () => {
  await page.viewport(1280, 800);
  const s = await stage({ rows: 130 });
  await s.find('a.row');
  const first = listed();
  expect(first).toHaveLength(50);
  // The next page is on its way until it is let go.
  const { api } = s.fake;
  const moreRows = api.moreRows.bind(api);
  let arrive = (): void => undefined;
  api.moreRows = (have) => new Promise<void>((done) => (arrive = done)).then(() => moreRows(have));
  const scroll = await s.find('.scroll');
  // Rows get their height when they are painted for the first time.
  for (let frame = 0; frame < 4; frame += 1) {
    scroll.scrollTop = scroll.scrollHeight;
    await painted();
  }
  await s.until(() => s.app.rows.asking);
  const last = all('a.row')[49];
  const before = last?.getBoundingClientRect().top ?? 0;
  arrive();
  await s.until(() => listed().length === 100);
  await painted();
  expect(listed().slice(0, 50)).toEqual(first);
  expect(Math.abs((last?.getBoundingClientRect().top ?? 0) - before)).toBeLessThan(1);
  expect(saying(await s.find('[role=status].count'))).toContain('plus anciens');

  api.moreRows = moreRows;
  await s.until(() => {
    scroll.scrollTop = scroll.scrollHeight;
    return document.querySelector('.more') === null;
  });
  expect(new Set(listed()).size).toBe(s.app.rows.sorted.length);
  expect(saying(await s.find('[role=status].count'))).not.toContain('plus anciens');
}, 30_000);

test('a list that brings nothing is not asked for ever, but by its button', async () => {
  await page.viewport(1280, 800);
  const s = await stage({ rows: 300, locale: 'en' });
  await s.find('a.row');
  // What was known each time that more was asked for.
  const asked: string[] = [];
  s.fake.api.moreRows = () => {
    asked.push(`${listed().length}/${s.app.rows.sorted.length}`);
    return Promise.resolve();
  };
  const scroll = await s.find('.scroll');
  await s.until(() => {
    scroll.scrollTop = scroll.scrollHeight;
    return asked.length > 0;
  });
  for (let frame = 0; frame < 30; frame += 1) {
    scroll.scrollTop = scroll.scrollHeight;
    await painted();
  }
  expect(new Set(asked).size, asked.join(' ')).toBe(asked.length);
  const before = asked.length;
  await s.press(OLDER.en);
  await s.until(() => asked.length === before + 1);
});

test('who goes elsewhere while older threads are read stays there', async () => {
  const s = await stage({ rows: 300, locale: 'en' });
  await s.find('a.row');
  const { api } = s.fake;
  const moreRows = api.moreRows.bind(api);
  let arrive = (): void => undefined;
  api.moreRows = (have) => new Promise<void>((done) => (arrive = done)).then(() => moreRows(have));
  const button = await s.until(() => all('.more button').find((one) => saying(one) === OLDER.en));
  button.focus({ preventScroll: true });
  await userEvent.keyboard('{Enter}');
  await s.until(() => s.app.rows.asking);
  const search = await s.find<HTMLInputElement>('input[type=search]');
  search.focus();
  arrive();
  await s.until(() => listed().length >= 100);
  await painted();
  expect(document.activeElement).toBe(search);
});

for (const locale of ['fr', 'en'] as const)
  test(`older threads that could not be read say so and are read again, in ${locale}`, async () => {
    const s = await stage({ rows: 300, locale });
    await s.find('a.row');
    s.fake.failNext('moreRows', { kind: 'refused', code: 9 });
    const scroll = await s.find('.scroll');
    scroll.scrollTop = scroll.scrollHeight;
    const alert = await s.find('.more [role=alert]');
    expect(saying(alert)).toContain(locale === 'fr' ? 'n’ont pas pu être lus' : 'could not be read');
    const calls = s.fake.calls.length;
    await new Promise((done) => setTimeout(done, 100));
    expect(s.fake.calls.length, 'not by itself').toBe(calls);
    await s.press(locale === 'fr' ? 'Réessayer' : 'Try again');
    await s.until(() => listed().length >= 100);
    expect(document.querySelector('.more [role=alert]')).toBeNull();

    s.fake.setLink({ state: 'offline', retryAt: STILL, since: STILL });
    await s.until(() => {
      scroll.scrollTop = scroll.scrollHeight;
      return saying(document.body).includes(
        locale === 'fr' ? 'au retour de la connexion' : 'connection is back',
      );
    });
    expect((await s.find('.more button')).getAttribute('aria-disabled')).toBe('true');
    const was = listed().length;
    s.fake.setLink({ state: 'live', behind: false });
    await s.until(() => listed().length > was);
  });

test('a filter says how far it looked, and goes on page by page only when it is told to', async () => {
  const s = await stage({ rows: 300 });
  await s.find('a.row');
  s.app.query = 'aucun fil ne s’appelle ainsi';
  const told = await s.until(() => all('.more p').find((one) => saying(one).includes('ne porte que sur')));
  const loaded = s.app.rows.sorted.length;
  expect(saying(told)).toContain(String(loaded));
  await new Promise((done) => setTimeout(done, 100));
  expect(s.app.rows.sorted.length, 'not by itself').toBe(loaded);
  await s.press('Chercher aussi dans les plus anciens');
  await s.until(() => s.app.rows.sorted.length > loaded && !s.app.rows.asking);
  while (!s.app.rows.complete) {
    await s.press('Chercher aussi dans les plus anciens');
    await s.until(() => !s.app.rows.asking);
  }
  await tick();
  expect(document.querySelector('.more')).toBeNull();
});
