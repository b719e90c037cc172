import { expect, test } from 'vitest';
import type { Api, EntryView, Failure, ThreadRow } from '../e2ee/api';
import { fold } from '../i18n/format';
import { Conversation, patched } from './conversation.svelte';
import { isFailure, outcome, toFailure } from './failure';
import { textBytes } from './limits';
import { parseKept } from './prefs.svelte';
import { matches } from './rows.svelte';

const entry = (id: string, n: number | null, at = 0): EntryView => ({
  thread: 't',
  id,
  n,
  author: 'a',
  authorName: 'A',
  mine: false,
  at,
  delivery: null,
  content: { kind: 'text', text: id, files: [], mentions: [], replyTo: null, title: null },
});
const row = (change: Partial<ThreadRow>): ThreadRow => ({
  id: 't',
  org: null,
  title: 'Suivi',
  priority: 'routine',
  patient: null,
  teams: [],
  people: [],
  more: 0,
  len: 1,
  unread: 0,
  at: 0,
  closed: false,
  mine: 'active',
  preview: null,
  pending: 0,
  alarm: null,
  ...change,
});

test('a message that was accepted takes the place of its draft, and no message stands twice', () => {
  const first = patched([], [entry('b', 2), entry('a', 1), entry('draft', null, 5)], []);
  expect(first.map((one) => one.id)).toEqual(['a', 'b', 'draft']);
  const next = patched(first, [entry('c', 3), entry('b', 2)], ['draft']);
  expect(next.map((one) => one.id)).toEqual(['a', 'b', 'c']);
});

test('drafts stand last, in the order of writing', () => {
  const all = patched([], [entry('late', null, 9), entry('early', null, 3), entry('a', 7)], []);
  expect(all.map((one) => one.id)).toEqual(['a', 'early', 'late']);
});

test('who is taken out of the open conversation sees that it is gone, and sees it again when let back in', async () => {
  let isIn = false;
  const view = { row: row({}), parties: [], older: false, entries: [], writable: true, mayAdd: true };
  const why: Failure = { kind: 'refused', code: 31 };
  const openThread = (): Promise<unknown> => (isIn ? Promise.resolve(view) : Promise.reject(why));
  const talk = new Conversation({ openThread } as unknown as Api, 't');
  isIn = true;
  await talk.open();
  const told = async (upsert: ThreadRow[], gone: string[]): Promise<string> => {
    talk.applyRows({ t: 'rows', upsert, gone, complete: true });
    await new Promise((resolve) => setTimeout(resolve));
    return talk.phase;
  };
  expect(await told([row({ id: 'other' })], ['another'])).toBe('ready');
  isIn = false;
  expect(await told([], ['t'])).toBe('failed');
  expect(talk.why).toEqual(why);
  expect(await told([row({ id: 'other' })], [])).toBe('failed');
  isIn = true;
  expect(await told([row({ id: 't' })], [])).toBe('ready');
});

test('a conversation that is opened once more shows what is newer, and no draft that is gone', async () => {
  const view = { row: row({}), parties: [], older: false, writable: true, mayAdd: true };
  const pages = [
    [entry('a', 1), entry('b', 2, 10), entry('draft', null, 5)],
    [entry('b', 2, 20), entry('c', 3)],
  ];
  const openThread = (): Promise<unknown> => Promise.resolve({ ...view, entries: pages.shift() });
  const talk = new Conversation({ openThread } as unknown as Api, 't');
  await talk.open();
  await talk.open();
  expect(talk.entries.map(({ id, at }) => [id, at])).toEqual([
    ['a', 0],
    ['b', 20],
    ['c', 0],
  ]);
});

/** An open conversation of this many messages. */
async function longTalk(count: number): Promise<Conversation> {
  const all = Array.from({ length: count }, (_, i) => entry(`e${i + 1}`, i + 1));
  const before = (n: number): EntryView[] => all.slice(0, n - 1).slice(-100);
  const view = { row: row({}), parties: [], writable: true, mayAdd: true };
  const api = {
    openThread: () => Promise.resolve({ ...view, entries: all.slice(-100), older: count > 100 }),
    older: (_thread: string, n: number) => Promise.resolve({ entries: before(n), older: n > 101 }),
  };
  const talk = new Conversation(api as unknown as Api, 't');
  await talk.open();
  return talk;
}

test('messages come into the page a few at a time, and never more than its bound', async () => {
  const talk = await longTalk(1_000);
  const painted: [number, number][] = [];
  const step = (more: () => void): Promise<void> => {
    more();
    painted.push([talk.shown[0]?.n ?? 0, talk.shown.length]);
    return Promise.resolve();
  };
  expect(talk.shown.length).toBe(30);
  await talk.fill(step);
  expect(painted).toEqual([
    [951, 50],
    [931, 70],
    [911, 90],
    [901, 100],
  ]);
  painted.length = 0;
  for (let page = 0; page < 3; page += 1) await talk.showOlder(step);
  expect(painted.slice(0, 2)).toEqual([
    [881, 120],
    [861, 140],
  ]);
  expect(painted.slice(-2)).toEqual([
    [621, 300],
    [601, 300],
  ]);
  expect([talk.atNewest, talk.growing, talk.hasOlder]).toEqual([false, false, true]);
  for (let page = 0; page < 6; page += 1) await talk.showOlder(step);
  expect([talk.shown[0]?.n, talk.shown.length, talk.hasOlder]).toEqual([1, 300, false]);
});

test('whoever goes back to the newest while older ones come stays there', async () => {
  const talk = await longTalk(1_000);
  let steps = 0;
  await talk.showOlder((more) => {
    steps += 1;
    more();
    if (steps === 2) talk.showNewest();
    return Promise.resolve();
  });
  expect([steps, talk.shown.length, talk.shown.at(-1)?.n, talk.growing]).toEqual([2, 70, 1_000, false]);
});

test('what is unread is in the page from the first', async () => {
  const entries = Array.from({ length: 100 }, (_, i) => entry(`e${i + 1}`, i + 1));
  const view = { row: row({ unread: 80 }), parties: [], older: false, entries, writable: true, mayAdd: true };
  const talk = new Conversation({ openThread: () => Promise.resolve(view) } as unknown as Api, 't');
  await talk.open();
  expect([talk.unreadFrom, talk.shown.length]).toEqual([21, 100]);
});

test('the list is searched without accents and capitals, every word must be found', () => {
  const one = row({ title: 'Plaie au talon', patient: 'Mme Éthier', people: ['Zoë Müller'] });
  const find = (words: string): boolean => matches(one, 'all', fold(words).split(' '), fold);
  expect(find('ethier TALON')).toBe(true);
  expect(find('muller')).toBe(true);
  expect(find('talon absent')).toBe(false);
  expect(matches(row({ unread: 0 }), 'unread', [], fold)).toBe(false);
  expect(matches(row({ priority: 'urgent' }), 'urgent', [], fold)).toBe(true);
});

test('choices that were damaged become the defaults', () => {
  expect(parseKept('{"theme":"dark","density":7,"locale":"de"}')).toEqual({
    locale: null,
    theme: 'dark',
    contrast: 'system',
    density: 'auto',
    singleKeys: true,
  });
  for (const text of [null, '', '[]', 'null', '{', '"a"']) expect(parseKept(text).theme).toBe('system');
});

test('whatever is thrown becomes a failure with words', async () => {
  expect(isFailure({ kind: 'refused', code: 13 })).toBe(true);
  expect(isFailure({ kind: 'other', code: 13 })).toBe(false);
  expect(toFailure(new TypeError('x'))).toEqual({ kind: 'local', code: 'platform' });
  expect(await outcome(Promise.reject({ kind: 'offline', code: 'unreachable' }))).toEqual({
    ok: false,
    why: { kind: 'offline', code: 'unreachable' },
  });
});

test('bytes of a text are counted as they are sent', () => {
  expect(textBytes('abc')).toBe(3);
  expect(textBytes('é'.repeat(10_000))).toBe(20_000);
});
