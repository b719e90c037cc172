import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RELAIS_BIN, Server, until } from '../../../test/server';
import { Tab } from '../../../test/tab';
import type { Counts, ThreadRow } from '../api';
import { PAGE_ROWS } from './views';

if (RELAIS_BIN === '') {
  console.warn('SKIPPED: lists.test.ts needs a server. Build it and set RELAIS_BIN=…/relais (cargo x does).');
}

const THREADS = PAGE_ROWS + 10;
/** Each is a signed creation and a signed message. */
const ENTRIES_EACH = 2;
/** Links of the chains of the two people. */
const CHAIN_LINKS_MAX = 30;

/** Rows as the page knows them now. */
function rowsOf(tab: Tab): ThreadRow[] {
  const rows = new Map<string, ThreadRow>();
  for (const note of tab.notes) if (note.t === 'rows') for (const row of note.upsert) rows.set(row.id, row);
  return [...rows.values()];
}

/** Waits until so many rows show what their message says, and nothing else is being opened. */
async function opened(tab: Tab, count: number): Promise<ThreadRow[]> {
  const rows = await until(`${count} rows`, () => {
    const shown = rowsOf(tab).filter((row) => row.preview !== null);
    return shown.length >= count ? shown : null;
  });
  // What is opened without being asked goes through the same queue, so this comes after it.
  for (const { id } of rows.slice(0, 3)) await tab.api.openThread(id);
  return rows;
}

describe.skipIf(RELAIS_BIN === '')('a long list of threads with a real server', { timeout: 240_000 }, () => {
  let server: Server;
  let ben: Tab;
  /** Counts of the whole process before Ben came. Nobody else works from then on. */
  let before: Counts;

  const since = async (): Promise<Counts> => {
    const now = await ben.api.counts();
    return {
      signatures: now.signatures - before.signatures,
      boxes: now.boxes - before.boxes,
      messages: now.messages - before.messages,
    };
  };

  beforeAll(async () => {
    server = await Server.start();
    const [ada, first] = [new Tab(server.origin), new Tab(server.origin)];
    await ada.register('ada');
    const { me } = await first.register('ben');
    first.close();
    for (let number = 0; number < THREADS; number += 1) {
      const title = `Bed ${number}`;
      const people = [me.user];
      await ada.api.createThread({
        org: null,
        title,
        priority: 'routine',
        people,
        teams: [],
        text: `text ${number}`,
      });
    }
    ada.close();
    ben = new Tab(server.origin);
    before = await ben.api.counts();
    await ben.signIn('ben');
    // As the page does as soon as somebody is in.
    await ben.api.moreRows(0);
  }, 240_000);

  afterAll(async () => {
    ben.close();
    await server.end();
  });

  it('opens and verifies the threads of the first page, and no other', async () => {
    const rows = await opened(ben, PAGE_ROWS);
    expect(rows).toHaveLength(PAGE_ROWS);
    const { signatures, boxes, messages } = await since();
    expect(messages).toBe(PAGE_ROWS);
    expect(boxes).toBe(PAGE_ROWS);
    expect(signatures).toBeGreaterThanOrEqual(PAGE_ROWS * ENTRIES_EACH);
    expect(signatures).toBeLessThanOrEqual(PAGE_ROWS * ENTRIES_EACH + CHAIN_LINKS_MAX);
  });

  it('opens the others when their page is asked for', async () => {
    const { signatures } = await since();
    await ben.api.moreRows(PAGE_ROWS);
    await opened(ben, THREADS);
    const now = await since();
    expect(now.messages).toBe(THREADS);
    expect(now.boxes).toBe(THREADS);
    expect(now.signatures - signatures).toBe((THREADS - PAGE_ROWS) * ENTRIES_EACH);
  });
});
