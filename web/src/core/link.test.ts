import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyControl } from '../wire/codec';
import { CLOSE_CODE, ERROR_CODE, EVENT } from '../wire/gen/wire';
import type { Cursor } from '../wire/gen/wire';
import { backoffMs } from './backoff';
import type { AnyAnswer, Incoming } from './incoming';
import { APPLY_WINDOW, BACKOFF_CAP_MS, DICTATED_DELAY_MAX_MS, SILENCE_MS } from './limits';
import { begin, isLive, step, wake } from './link';
import type { Effect, Input, LinkState } from './link';

const EPOCH = new Uint8Array(16).fill(5);
const ORG = new Uint8Array(16).fill(6);
const at = (seq: number): Cursor => ({ epoch: EPOCH, seq });

/** A link with what it has done so far. */
class Table {
  state: LinkState;
  now = 0;
  done: Effect[] = [];

  constructor(personal: Cursor | null, org: Cursor | null = null) {
    this.state = begin(
      new Uint8Array(16).fill(1),
      1,
      new Uint8Array(8),
      org && { org: ORG, cursor: org },
      personal,
    );
  }

  give(input: Input): Effect[] {
    const { state, effects } = step(this.state, { now: this.now, jitter: 0.5 }, input);
    this.state = state;
    this.done.push(...effects);
    return [...effects];
  }

  receive(message: Incoming): Effect[] {
    return this.give({ t: 'received', conn: this.state.conn, message });
  }

  say(control: AnyControl): Effect[] {
    return this.receive({ class: 'control', control });
  }

  entry(seq: number, stream: 'org' | 'personal' = 'personal'): Effect[] {
    return this.receive({ class: 'event', stream, id: seq, kind: EVENT.ThreadGone, body: new Uint8Array(4) });
  }

  answer(answer: AnyAnswer): Effect[] {
    const asked = [...this.state.pending].find(([, pending]) => pending.name === answer.t);
    return this.receive({ class: 'reply', id: asked?.[0] ?? 0, reply: { ok: true, name: answer.t, answer } });
  }

  close(code: number | null, reason = ''): Effect[] {
    return this.give({ t: 'closed', conn: this.state.conn, code, reason });
  }

  /** From a started link to a live one. */
  greet(): Effect[] {
    this.give({ t: 'opened', conn: this.state.conn });
    const [prove] = this.say({ t: 'Greeting', body: { nonce: new Uint8Array(32), now: 1 } });
    if (prove?.t !== 'prove') throw new Error('no proof was asked for');
    expect(this.give({ t: 'proved', conn: prove.conn, session: prove.session })).toMatchObject([
      { t: 'sendControl', control: { t: 'Hello' } },
    ]);
    const limits = { frame_bytes: 65_536, requests_in_flight: 32, file_bytes: 1, ping_interval: 25_000 };
    return this.say({ t: 'Welcome', body: { epoch: EPOCH, now: 1, ticket: new Uint8Array(8), limits } });
  }

  static live(personal: Cursor | null, org: Cursor | null = null): Table {
    const table = new Table(personal, org);
    expect(table.give({ t: 'start' })).toEqual([{ t: 'connect', conn: 1 }]);
    expect(table.greet()).toMatchObject([{ t: 'ticket' }, { t: 'online' }]);
    table.done = [];
    return table;
  }
}

const seqs = (effects: readonly Effect[]): number[] =>
  effects.flatMap((effect) => (effect.t === 'entry' ? [effect.seq] : []));

const pongs = (effects: readonly Effect[]): unknown[] =>
  effects.flatMap((effect) =>
    effect.t === 'sendControl' && effect.control.t === 'Pong' ? [effect.control.body] : [],
  );

describe('the connection', () => {
  it('acknowledges entries when they were applied and not before', () => {
    const table = Table.live(at(3));
    expect(seqs(table.entry(4))).toEqual([4]);
    expect(seqs(table.entry(5))).toEqual([5]);
    table.give({ t: 'applied', stream: 'personal', run: 1, seq: 4 });
    expect(pongs(table.say({ t: 'Ping', body: { now: 1, personal: 5 } }))).toEqual([{ personal: 4 }]);
    table.give({ t: 'applied', stream: 'personal', run: 1, seq: 5 });
    expect(wake(table.state)).toBe(1_000);
    table.now = 1_000;
    expect(pongs(table.give({ t: 'timeout' }))).toEqual([{ personal: 5 }]);
  });

  it('pulls what is missing and applies it in order', () => {
    const table = Table.live(at(0));
    expect(seqs(table.entry(3))).toEqual([]);
    expect(table.done.at(-1)).toMatchObject({
      t: 'sendRequest',
      request: { t: 'Pull', body: { after: at(0) } },
    });
    const entries = [1, 2, 3].map((seq) => ({ seq, kind: 1, body: new Uint8Array(1) }));
    expect(seqs(table.answer({ t: 'Pull', answer: { entries, head: 3 } }))).toEqual([1, 2, 3]);
  });

  it('calls a page with a hole an attack and gives the connection up', () => {
    const table = Table.live(at(0));
    table.entry(3);
    const entries = [2, 3].map((seq) => ({ seq, kind: 1, body: new Uint8Array(1) }));
    const effects = table.answer({ t: 'Pull', answer: { entries, head: 3 } });
    expect(effects).toMatchObject([
      { t: 'violation', what: 'streamHole' },
      { t: 'disconnect' },
      { t: 'offline' },
    ]);
  });

  it('hands out one window at a time', () => {
    const table = Table.live(at(0));
    for (let seq = 1; seq <= APPLY_WINDOW + 5; seq += 1) table.entry(seq);
    expect(seqs(table.done)).toHaveLength(APPLY_WINDOW);
    const more = table.give({ t: 'applied', stream: 'personal', run: 1, seq: APPLY_WINDOW });
    expect(seqs(more)).toEqual([65, 66, 67, 68, 69]);
  });

  it('tries once without the ticket, and stops for good when that is refused too', () => {
    const table = new Table(at(0));
    table.give({ t: 'start' });
    expect(table.close(CLOSE_CODE.AuthFailed)).toMatchObject([
      { t: 'ticket', ticket: null },
      { t: 'offline' },
    ]);
    table.now = 60_000;
    table.give({ t: 'timeout' });
    expect(table.close(CLOSE_CODE.AuthFailed)).toEqual([
      { t: 'stopped', why: { t: 'closed', code: CLOSE_CODE.AuthFailed } },
    ]);
  });

  it('comes back after the delay the server dictates, within reason', () => {
    const table = Table.live(at(0));
    expect(table.close(CLOSE_CODE.Draining, '1234')).toEqual([{ t: 'offline', retryIn: 1_234 }]);
    const other = Table.live(at(0));
    expect(other.close(CLOSE_CODE.Draining, '99999999999')).toEqual([
      { t: 'offline', retryIn: DICTATED_DELAY_MAX_MS },
    ]);
  });

  it('takes silence for a dead connection and answers every call', () => {
    const table = Table.live(at(0));
    table.give({ t: 'call', token: 9, request: { t: 'GetServer', body: {} } });
    table.now = SILENCE_MS;
    expect(table.give({ t: 'timeout' })).toMatchObject([
      { t: 'disconnect' },
      { t: 'reply', token: 9, result: { ok: false, error: { t: 'lost' } } },
      { t: 'offline' },
    ]);
    table.give({ t: 'call', token: 10, request: { t: 'GetServer', body: {} } });
    expect(table.done.at(-1)).toMatchObject({ t: 'reply', token: 10, result: { error: { t: 'notSent' } } });
  });

  it('gives a caller the refusal, and no answer to another question', () => {
    const table = Table.live(at(0));
    table.give({ t: 'call', token: 1, request: { t: 'GetServer', body: {} } });
    table.give({ t: 'call', token: 2, request: { t: 'GetServer', body: {} } });
    const [first, second] = [...table.state.pending.keys()];
    const refusal = { code: ERROR_CODE.Forbidden };
    table.receive({ class: 'reply', id: first ?? 0, reply: { ok: false, name: 'GetServer', refusal } });
    table.receive({ class: 'reply', id: second ?? 0, reply: { ok: false, name: 'GetVault', refusal } });
    expect(table.done.filter((effect) => effect.t === 'reply')).toMatchObject([
      { token: 1, result: { error: { t: 'refused', refusal } } },
      { token: 2, result: { error: { t: 'undecodable' } } },
    ]);
  });

  it('does not listen to a socket it has given up', () => {
    const table = Table.live(at(0));
    const { conn } = table.state;
    table.close(null);
    table.now = 60_000;
    table.give({ t: 'timeout' });
    expect(table.give({ t: 'closed', conn, code: null, reason: '' })).toEqual([]);
    const message: Incoming = { class: 'malformed' };
    expect(table.give({ t: 'received', conn, message })).toEqual([]);
  });

  it('ignores the old organization until the switch to the new one is answered', () => {
    const table = Table.live(at(0), at(7));
    const other = new Uint8Array(16).fill(9);
    const [resync] = table.give({ t: 'focus', org: other, cursor: null });
    if (resync?.t !== 'resync') throw new Error('no snapshot was asked for');
    expect(seqs(table.entry(8, 'org'))).toEqual([]);
    expect(table.give({ t: 'follow', stream: 'org', run: resync.run, cursor: at(2) })).toMatchObject([
      { t: 'sendRequest', request: { t: 'Focus', body: { org: other, cursor: at(2) } } },
    ]);
    expect(seqs(table.entry(9, 'org'))).toEqual([]);
    table.answer({ t: 'Focus', answer: { head: 2 } });
    expect(seqs(table.entry(3, 'org'))).toEqual([3]);
    // An entry of the first organization that was being applied meanwhile moves nothing.
    table.give({ t: 'applied', stream: 'org', run: 1, seq: 8 });
    expect(table.state.org?.applied).toEqual(at(2));
  });

  it('asks for what could not be applied once more', () => {
    const table = Table.live(at(0));
    table.entry(1);
    table.entry(2);
    const effects = table.give({ t: 'notApplied', stream: 'personal', run: 1 });
    expect(effects).toMatchObject([{ t: 'sendRequest', request: { t: 'Pull', body: { after: at(0) } } }]);
  });
});

describe('the back-off', () => {
  it('is never over its step or the cap, and spreads from nothing', () => {
    fc.assert(
      fc.property(
        fc.nat(80),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, jitter) => {
          const delay = backoffMs(attempts, jitter);
          expect(delay).toBeLessThanOrEqual(Math.min(100 * 2 ** Math.min(attempts, 32), BACKOFF_CAP_MS));
          expect(delay).toBeGreaterThanOrEqual(0);
        },
      ),
    );
    expect(backoffMs(12, 0)).toBe(0);
  });
});

describe('a server that answers over HTTP', () => {
  /** A link that has failed so often that it waits for long. */
  function far(): Table {
    const table = Table.live(at(0));
    table.close(1006);
    for (let count = 0; count < 6; count += 1) {
      table.now = wake(table.state)!;
      table.give({ t: 'timeout' });
      table.close(null);
    }
    expect(wake(table.state)! - table.now).toBeGreaterThan(2_000);
    return table;
  }

  it('is connected to again soon, with the jitter of a first failure', () => {
    const table = far();
    table.give({ t: 'reached' });
    expect(wake(table.state)! - table.now).toBe(backoffMs(0, 0.5));
    table.now = wake(table.state)!;
    expect(table.give({ t: 'timeout' })).toMatchObject([{ t: 'connect' }]);
  });

  it('cuts short one delay a second: the network may let no WebSocket through', () => {
    const table = far();
    table.give({ t: 'reached' });
    table.now = wake(table.state)!;
    table.give({ t: 'timeout' });
    table.close(null);
    const until = wake(table.state)!;
    table.give({ t: 'reached' });
    expect(wake(table.state)).toBe(until);
    table.now += 1_000;
    table.give({ t: 'reached' });
    expect(wake(table.state)).toBeLessThan(until);
  });

  it('is believed where it says when to come back', () => {
    const table = Table.live(at(0));
    table.close(CLOSE_CODE.Draining, '20000');
    table.give({ t: 'reached' });
    expect(wake(table.state)).toBe(20_000);
  });

  it('changes nothing of a connection', () => {
    const table = Table.live(at(0));
    const { state } = table;
    expect(table.give({ t: 'reached' })).toEqual([]);
    expect(table.state.phase).toEqual(state.phase);
  });
});

describe('whatever is dropped, doubled or reordered on the way', () => {
  it('every entry of a stream is applied once and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(60)), { maxLength: 150 }), (acts) => {
        const stored = 60;
        const table = Table.live(at(0));
        const seen: number[] = [];
        let taken = 0;
        const apply = (): void => {
          const fresh = table.done.slice(taken);
          taken = table.done.length;
          for (const seq of seqs(fresh)) {
            seen.push(seq);
            table.give({ t: 'applied', stream: 'personal', run: 1, seq });
          }
        };
        const pull = (): void => {
          const pending = [...table.state.pending].find(([, one]) => one.name === 'Pull');
          const asked = [...table.done].reverse().find((e) => e.t === 'sendRequest' && e.id === pending?.[0]);
          if (asked?.t !== 'sendRequest' || asked.request.t !== 'Pull') return;
          const from = asked.request.body.after.seq;
          const count = Math.min(7, stored - from);
          const entries = Array.from({ length: count }, (_, n) => ({
            seq: from + n + 1,
            kind: 1,
            body: new Uint8Array(3),
          }));
          table.answer({ t: 'Pull', answer: { entries, head: stored } });
        };
        const reconnect = (): void => {
          table.now += 60_000;
          table.give({ t: 'timeout' });
          if (table.state.phase.t === 'connecting') table.greet();
        };
        for (const [act, seq] of acts) {
          if (act < 5) {
            if (isLive(table.state) && seq > 0) table.entry(seq);
          } else if (act === 5) table.close(null);
          else if (act === 6) reconnect();
          else if (act === 7) pull();
          else apply();
        }
        for (let n = 0; n < 200 && seen.at(-1) !== stored; n += 1) {
          if (!isLive(table.state)) reconnect();
          table.say({ t: 'CaughtUp', body: { stream: 'personal', seq: stored } });
          apply();
          pull();
          apply();
        }
        expect(seen).toEqual(Array.from({ length: stored }, (_, n) => n + 1));
      }),
    );
  });
});
