import { deleteDB, openDB } from 'idb';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock';
import { indexedStore } from '../../platform/idb';
import { utf8 } from '../../wire/bytes';
import { connect } from '../facade';
import type { Port } from '../facade';
import { Keep } from './keep';
import workerUrl from './main.ts?worker&url';
import { hmacKey } from './session';

const SESSION = '11'.repeat(16);
const NAME = 'relais-test';
const SECRET = 'the patient in room seven';

const draft = {
  id: 'd1',
  thread: '22'.repeat(16),
  order: 1,
  body: utf8(SECRET),
  blobs: ['b1'],
  at: 5,
  refused: null,
};

describe('IndexedDB', () => {
  afterEach(() => deleteDB(NAME));

  it('keeps a session over a reload, with keys that cannot be taken out and no word in clear', async () => {
    const clock = systemClock();
    const keep = await Keep.begin(indexedStore(NAME), clock, 'tab', SESSION);
    await keep.save(utf8(SECRET), await hmacKey(new Uint8Array(32)));
    await keep.putDrafts([draft], [{ id: 'b1', bytes: new Uint8Array(9) }]);
    const again = await Keep.resume(indexedStore(NAME), clock, 'tab');
    expect(new TextDecoder().decode(again?.state)).toBe(SECRET);
    expect(again?.proofKey.extractable).toBe(false);
    expect((await again?.keep.outbox())?.drafts).toEqual([draft]);
    expect(await again?.keep.blob('b1')).toEqual(new Uint8Array(9));
    expect(await everything()).not.toContain('room seven');
    await again?.keep.forget();
    expect(await Keep.resume(indexedStore(NAME), clock, 'tab')).toBeNull();
  });

  it('keeps two sessions of one browser apart', async () => {
    const clock = systemClock();
    const store = indexedStore(NAME);
    const [one, other] = [
      await Keep.begin(store, clock, 'a', SESSION),
      await Keep.begin(store, clock, 'b', '33'.repeat(16)),
    ];
    await one.putDrafts([draft]);
    expect((await other.outbox()).drafts).toEqual([]);
    await other.forget();
    expect((await one.outbox()).drafts).toEqual([draft]);
  });
});

/** Every byte that lies in the database, as text. */
async function everything(): Promise<string> {
  const database = await openDB(NAME);
  let text = '';
  for (const name of database.objectStoreNames) {
    for (const row of (await database.getAll(name)) as unknown[]) {
      text += JSON.stringify(row, (_, value: unknown) =>
        value instanceof Uint8Array ? String.fromCharCode(...value) : value,
      );
    }
  }
  database.close();
  expect(text.length).toBeGreaterThan(100);
  return text;
}

describe('the worker', () => {
  it('starts, and answers with failures that the page has words for', async () => {
    const client = connect(
      new Worker(workerUrl, { type: 'module' }) as unknown as Port,
      location.origin,
      'none',
    );
    await expect(client.api.resume()).resolves.toBeNull();
    await expect(client.api.openThread('0'.repeat(32))).rejects.toEqual({
      kind: 'local',
      code: 'notSignedIn',
    });
    client.terminate();
    await expect(client.api.server()).rejects.toEqual({ kind: 'local', code: 'platform' });
  });
});
