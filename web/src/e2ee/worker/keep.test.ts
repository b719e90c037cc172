import { describe, expect, it } from 'vitest';
import type { Batch, Draft } from '../../core/outbox';
import type { Clock } from '../../platform/clock';
import type { Row, Store } from '../../platform/idb';
import { memoryStore } from '../../platform/memory';
import { hex, utf8 } from '../../wire/bytes';
import { KEPT_MS, Keep } from './keep';
import { Postbox } from './postbox';
import type { Carrier } from './postbox';
import { hmacKey } from './session';

const SESSION = '11'.repeat(16);
const THREAD = '22'.repeat(16);
const SECRET = 'the patient in room seven';

class FakeClock implements Clock {
  now = 1_000;
  steady = (): number => this.now;
  server = (): number => this.now;
  told = (): void => undefined;
  after = (): (() => void) => () => undefined;
}

const draft = (id: string, order: number): Draft => ({
  id,
  thread: THREAD,
  order,
  body: utf8(SECRET),
  blobs: [],
  at: 5,
  refused: null,
});

async function begin(store: Store, clock: Clock): Promise<Keep> {
  const keep = await Keep.begin(store, clock, 'tab', SESSION);
  await keep.save(utf8(SECRET), await hmacKey(new Uint8Array(32)));
  return keep;
}

/** Everything readable in a store, in hexadecimal. */
function dump(rows: readonly Row[]): string {
  return rows
    .map((row) =>
      JSON.stringify(row, (_, value: unknown) => (value instanceof Uint8Array ? hex(value) : value)),
    )
    .join();
}

describe('what a tab keeps', () => {
  it('opens after a reload, and holds no word in clear', async () => {
    const [store, clock] = [memoryStore(), new FakeClock()];
    const keep = await begin(store, clock);
    const append = {
      idem: new Uint8Array(16),
      thread: new Uint8Array(16).fill(0x22),
      entries: [{ core: new Uint8Array(3), payload: utf8('ct'), sig: new Uint8Array(64) }],
    };
    const batch: Batch = { thread: THREAD, drafts: ['d1'], messages: ['m1'], append };
    await keep.putDrafts([draft('d1', 1)], [{ id: 'b1', bytes: new Uint8Array(4) }]);
    await keep.putBatch(batch);
    const again = await Keep.resume(store, clock, 'tab');
    expect(again && new TextDecoder().decode(again.state)).toBe(SECRET);
    expect(await again?.keep.outbox()).toEqual({ drafts: [draft('d1', 1)], batches: [batch] });
    expect(await again?.keep.blob('b1')).toEqual(new Uint8Array(4));
    const rows = [
      ...(await store.all('sessions', 'tab')),
      ...(await store.all('drafts', SESSION)),
      ...(await store.all('batches', SESSION)),
    ];
    expect(rows).toHaveLength(3);
    expect(dump(rows)).not.toContain(hex(utf8('room seven')));
    expect(dump(rows)).not.toContain('room seven');
  });

  it('keeps keys that cannot be taken out', async () => {
    const [store, clock] = [memoryStore(), new FakeClock()];
    await begin(store, clock);
    const value = await store.get('sessions', 'tab', 'session');
    const { key, proof } = value as unknown as { key: CryptoKey; proof: CryptoKey };
    expect([key.extractable, proof.extractable]).toEqual([false, false]);
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });

  it('is forgotten after a working day, and by signing out', async () => {
    const [store, clock] = [memoryStore(), new FakeClock()];
    await begin(store, clock);
    clock.now += KEPT_MS + 1;
    expect(await Keep.resume(store, clock, 'tab')).toBeNull();
    expect(await store.all('sessions', 'tab')).toEqual([]);
    const keep = await begin(store, clock);
    await keep.putDrafts([draft('d1', 1)]);
    await keep.forget();
    expect(await store.all('drafts', SESSION)).toEqual([]);
    expect(await Keep.resume(store, clock, 'tab')).toBeNull();
  });

  it('does not open a row in the place of another', async () => {
    const [store, clock] = [memoryStore(), new FakeClock()];
    const keep = await begin(store, clock);
    await keep.putDrafts([draft('d1', 1)]);
    const [row] = await store.all('drafts', SESSION);
    if (row) await store.write([{ put: 'drafts', row: { ...row, id: 'd2' } }]);
    await expect(keep.outbox()).rejects.toMatchObject({ failure: { kind: 'local', code: 'damaged' } });
  });
});

/** A carrier that remembers; it neither seals nor sends by itself. */
class FakeCarrier implements Carrier {
  readonly calls: string[] = [];
  upload = (): Promise<void> => Promise.resolve();
  arrived = (): Promise<readonly string[]> => Promise.resolve([]);
  seal: Carrier['seal'] = (thread) => {
    this.calls.push(`seal ${thread}`);
    return new Promise(() => undefined);
  };
  send: Carrier['send'] = () => Promise.resolve({ t: 'lost' });
  accepted = (): void => undefined;
  refused = (): void => undefined;
  changed = (): void => undefined;
  trouble = (): void => undefined;
}

describe('the postbox', () => {
  it('has a message durable before it says so, and finds it after a reload', async () => {
    const [store, clock] = [memoryStore(), new FakeClock()];
    const keep = await begin(store, clock);
    const first = new FakeCarrier();
    const postbox = await Postbox.open(keep, clock, first);
    const { id, thread, body, blobs, at } = draft('d1', 1);
    await postbox.write({ id, thread, body, blobs, at }, []);
    expect(await store.all('drafts', SESSION)).toHaveLength(1);
    expect(first.calls).toEqual([`seal ${THREAD}`]);
    const second = new FakeCarrier();
    const again = await Postbox.open(keep, clock, second);
    expect([again.waiting, second.calls]).toEqual([1, []]);
    again.start();
    expect(second.calls).toEqual([`seal ${THREAD}`]);
  });

  it('does not take a message that the browser refuses to store', async () => {
    const [store, clock] = [memoryStore(), new FakeClock()];
    const keep = await begin(store, clock);
    const carrier = new FakeCarrier();
    const postbox = await Postbox.open(keep, clock, carrier);
    store.write = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    const { id, thread, body, blobs, at } = draft('d1', 1);
    const written = postbox.write({ id, thread, body, blobs, at }, []);
    await expect(written).rejects.toMatchObject({ failure: { kind: 'local', code: 'storageFull' } });
    expect([postbox.waiting, carrier.calls]).toEqual([0, []]);
  });
});
