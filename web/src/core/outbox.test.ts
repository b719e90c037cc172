import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODE } from '../wire/gen/wire';
import type { Append } from '../wire/gen/wire';
import { RESEAL_MAX } from './limits';
import { ofThread, restore, step, waiting } from './outbox';
import type { Batch, Draft, Effect, Input, OutboxState } from './outbox';

const bytes = (n: number): Uint8Array => new Uint8Array(16).fill(n);

function draft(order: number, thread = 'a'): Draft {
  return { id: `d${order}`, thread, order, body: bytes(order), blobs: [], at: 0, refused: null };
}

function batch(thread: string, drafts: readonly Draft[], key: number): Batch {
  const entries = drafts.map((one) => ({ core: bytes(key), payload: one.body, sig: bytes(0) }));
  const append: Append = { idem: bytes(key), thread: bytes(thread.charCodeAt(0)), entries };
  const messages = drafts.map((one) => `m${key} of ${one.id}`);
  return { thread, drafts: drafts.map((one) => one.id), messages, append };
}

/** Gives inputs, in order, and answers the last effects. */
function run(state: OutboxState, ...inputs: Input[]): { state: OutboxState; effects: readonly Effect[] } {
  let effects: readonly Effect[] = [];
  for (const input of inputs) ({ state, effects } = step(state, 0, input));
  return { state, effects };
}

describe('the outbox', () => {
  it('sends the same bytes again after a lost answer', () => {
    const sealed = batch('a', [draft(1)], 7);
    let { state, effects } = run(
      restore([], []),
      { t: 'written', draft: draft(1) },
      { t: 'sealed', batch: sealed },
    );
    expect(effects).toEqual([{ t: 'send', batch: sealed }]);
    ({ state, effects } = run(state, { t: 'answered', thread: 'a', answer: { t: 'lost' } }));
    expect(effects).toEqual([]);
    ({ effects } = run(state, { t: 'hurry' }));
    expect(effects).toEqual([{ t: 'send', batch: sealed }]);
  });

  it('seals anew five times when what it builds on moved, then says so and keeps the draft', () => {
    const stale = { t: 'refused', refusal: { code: ERROR_CODE.Stale } } as const;
    let { state, effects } = run(restore([], []), { t: 'written', draft: draft(1) });
    for (let n = 0; n <= RESEAL_MAX; n += 1) {
      expect(effects.at(-1)).toMatchObject({ t: 'seal' });
      const sealed = batch('a', [draft(1)], n);
      ({ state, effects } = run(
        state,
        { t: 'sealed', batch: sealed },
        { t: 'answered', thread: 'a', answer: stale },
      ));
    }
    expect(effects).toMatchObject([
      { t: 'store' },
      { t: 'refused', drafts: ['d1'], why: { kind: 'hostile', code: 'H27' } },
    ]);
    expect(ofThread(state, 'a')).toMatchObject([{ id: 'd1', refused: { code: 'H27' } }]);
    expect(waiting(state)).toEqual([]);
    ({ effects } = run(state, { t: 'retry', draft: 'd1' }));
    expect(effects).toMatchObject([{ t: 'store' }, { t: 'seal', drafts: [{ id: 'd1', refused: null }] }]);
  });

  it('sends nothing on the strength of an answer that is a lie, and keeps the draft with the reason', () => {
    const why = { kind: 'hostile', code: 'H14' } as const;
    const { state, effects } = run(
      restore([], []),
      { t: 'written', draft: draft(1) },
      { t: 'sealed', batch: batch('a', [draft(1)], 7) },
      { t: 'answered', thread: 'a', answer: { t: 'doubted', why } },
    );
    expect(effects).toMatchObject([{ t: 'store' }, { t: 'refused', drafts: ['d1'], why }]);
    expect(ofThread(state, 'a')).toMatchObject([{ id: 'd1', refused: why, sent: ['m7 of d1'] }]);
  });

  it('counts as sent what turns out to be in the thread, and seals only the rest', () => {
    const why = { kind: 'hostile', code: 'H19' } as const;
    let { state, effects } = run(
      restore([], []),
      { t: 'written', draft: draft(1) },
      { t: 'sealed', batch: batch('a', [draft(1)], 7) },
      { t: 'answered', thread: 'a', answer: { t: 'doubted', why } },
      { t: 'written', draft: draft(2) },
      { t: 'unsealable', thread: 'a', why: null },
      { t: 'retry', draft: 'd1' },
      { t: 'hurry' },
    );
    expect(effects).toMatchObject([{ t: 'seal', drafts: [{ id: 'd2' }, { id: 'd1', sent: ['m7 of d1'] }] }]);
    ({ state, effects } = run(state, { t: 'arrived', thread: 'a', drafts: ['d1'] }));
    expect(effects).toMatchObject([
      { t: 'store', record: { t: 'discarded', draft: 'd1' } },
      { t: 'accepted', thread: 'a', drafts: ['d1'] },
      { t: 'seal', drafts: [{ id: 'd2' }] },
    ]);
    expect(ofThread(state, 'a')).toMatchObject([{ id: 'd2' }]);
  });

  it('takes a refused draft for sent when its message comes in, and lets what is under way be', () => {
    const why = { kind: 'hostile', code: 'H19' } as const;
    const second = batch('a', [draft(2)], 8);
    let { state, effects } = run(
      restore([], []),
      { t: 'written', draft: draft(1) },
      { t: 'sealed', batch: batch('a', [draft(1)], 7) },
      { t: 'answered', thread: 'a', answer: { t: 'doubted', why } },
      { t: 'written', draft: draft(2) },
      { t: 'sealed', batch: second },
      { t: 'arrived', thread: 'a', drafts: ['d1'] },
    );
    expect(effects).toMatchObject([{ t: 'store' }, { t: 'accepted', drafts: ['d1'] }]);
    ({ state, effects } = run(state, { t: 'answered', thread: 'a', answer: { t: 'accepted' } }));
    expect(effects).toMatchObject([
      { t: 'store', record: { t: 'done' } },
      { t: 'accepted', drafts: ['d2'] },
    ]);
    expect(ofThread(state, 'a')).toEqual([]);
  });

  it('looks for what was called stale before it seals it anew: it may have been taken in all the same', () => {
    const stale = { t: 'refused', refusal: { code: ERROR_CODE.Stale } } as const;
    let { state, effects } = run(
      restore([], []),
      { t: 'written', draft: draft(1) },
      { t: 'sealed', batch: batch('a', [draft(1)], 7) },
      { t: 'written', draft: draft(2) },
      { t: 'answered', thread: 'a', answer: stale },
    );
    const [first, second] = [{ ...draft(1), sent: ['m7 of d1'] }, draft(2)];
    expect(effects).toEqual([
      { t: 'store', record: { t: 'changed', thread: 'a', drafts: [first] } },
      { t: 'seal', thread: 'a', drafts: [first, second] },
    ]);
    ({ state, effects } = run(state, { t: 'arrived', thread: 'a', drafts: ['d1'] }));
    expect(effects.at(-1)).toEqual({ t: 'seal', thread: 'a', drafts: [second] });
    expect(ofThread(state, 'a')).toEqual([second]);
  });

  it('keeps what was refused for good over a reload, and forgets it when it is discarded', () => {
    const refused = { ...draft(1), refused: { kind: 'refused', code: ERROR_CODE.Closed } as const };
    let { state, effects } = run(restore([refused], []), { t: 'timeout' });
    expect(effects).toEqual([]);
    ({ state, effects } = run(state, { t: 'discard', draft: 'd1' }));
    expect(effects).toEqual([{ t: 'store', record: { t: 'discarded', draft: 'd1' } }]);
    expect(ofThread(state, 'a')).toEqual([]);
  });

  it('does not take back what may have arrived', () => {
    const sealed = batch('a', [draft(1)], 7);
    const { state } = run(restore([], []), { t: 'written', draft: draft(1) }, { t: 'sealed', batch: sealed });
    const { effects } = run(state, { t: 'discard', draft: 'd1' });
    expect(effects).toEqual([]);
    expect(waiting(state)).toHaveLength(1);
  });

  it('waits as long as the server says', () => {
    const sealed = batch('a', [draft(1)], 7);
    const busy = { t: 'refused', refusal: { code: ERROR_CODE.Overloaded, retry_after: 2_000 } } as const;
    const { state } = run(
      restore([], []),
      { t: 'written', draft: draft(1) },
      { t: 'sealed', batch: sealed },
      { t: 'answered', thread: 'a', answer: busy },
    );
    expect(step(state, 1_999, { t: 'timeout' }).effects).toEqual([]);
    expect(step(state, 2_000, { t: 'timeout' }).effects).toEqual([{ t: 'send', batch: sealed }]);
  });
});

/** A server that knows idempotency keys, and a page whose process may die between any two acts. */
class World {
  accepted = new Map<string, number[]>();
  private readonly answers = new Set<string>();
  /** Those in the thread. */
  private readonly messages = new Set<string>();
  private readonly drafts = new Map<string, Draft>();
  private readonly batches = new Map<string, Batch>();
  private effects: Effect[] = [];
  private state = restore([], []);
  private now = 0;
  private keys = 0;

  write(order: number, thread: string): void {
    const one = draft(order, thread);
    this.drafts.set(one.id, one);
    this.give({ t: 'written', draft: one });
  }

  /** Does the next thing that is to be done; `luck` decides what goes wrong. */
  act(luck: number): void {
    const at = luck % Math.max(1, this.effects.length);
    const effect = this.effects.splice(at, 1)[0];
    if (!effect) this.pass();
    else if (effect.t === 'seal') this.seal(effect, luck);
    else if (effect.t === 'send') this.send(effect.batch, luck);
  }

  crash(): void {
    this.effects = [];
    this.state = restore([...this.drafts.values()], [...this.batches.values()]);
    this.give({ t: 'timeout' });
  }

  pass(): void {
    this.now += 10_000;
    this.give({ t: 'timeout' });
  }

  get unsent(): number {
    return waiting(this.state).length;
  }

  private give(input: Input): void {
    const result = step(this.state, this.now, input);
    this.state = result.state;
    for (const effect of result.effects) {
      if (effect.t !== 'store') this.effects.push(effect);
      else if (effect.record.t === 'unsealed') this.batches.delete(effect.record.thread);
      else if (effect.record.t === 'done') {
        this.batches.delete(effect.record.thread);
        for (const id of effect.record.drafts) this.drafts.delete(id);
      } else if (effect.record.t === 'changed') {
        this.batches.delete(effect.record.thread);
        for (const one of effect.record.drafts) this.drafts.set(one.id, one);
      } else this.drafts.delete(effect.record.draft);
    }
  }

  private seal(effect: Extract<Effect, { t: 'seal' }>, luck: number): void {
    if (luck % 5 === 1) {
      this.give({ t: 'unsealable', thread: effect.thread, why: null });
      return;
    }
    const arrived = effect.drafts.filter(({ sent }) => sent?.some((message) => this.messages.has(message)));
    if (arrived.length > 0) {
      this.give({ t: 'arrived', thread: effect.thread, drafts: arrived.map(({ id }) => id) });
      return;
    }
    this.keys += 1;
    const sealed = batch(effect.thread, effect.drafts, this.keys % 250);
    const unique = {
      ...sealed,
      messages: sealed.messages.map((message) => `${this.keys} ${message}`),
      append: { ...sealed.append, idem: bytes(this.keys % 250).fill(this.keys >> 8, 0, 8) },
    };
    this.batches.set(effect.thread, unique);
    this.give({ t: 'sealed', batch: unique });
  }

  private send(sent: Batch, luck: number): void {
    const { thread } = sent;
    const key = sent.append.idem.join();
    const refusal = { code: luck % 2 ? ERROR_CODE.Overloaded : ERROR_CODE.Stale };
    const refused = { t: 'answered', thread, answer: { t: 'refused', refusal } } as const;
    if (luck % 7 === 2 && !this.answers.has(key)) {
      this.give(refused);
      return;
    }
    if (luck % 7 !== 3 && !this.answers.has(key)) {
      this.answers.add(key);
      for (const message of sent.messages) this.messages.add(message);
      const known = this.accepted.get(thread) ?? [];
      this.accepted.set(thread, [...known, ...sent.append.entries.map((entry) => entry.payload[0] ?? 0)]);
    }
    // Taken in, and called refused all the same.
    if (luck % 7 === 5) {
      this.give(refused);
      return;
    }
    // Lost on the way there (3) or on the way back (4).
    const answer = luck % 7 === 3 || luck % 7 === 4 ? ({ t: 'lost' } as const) : ({ t: 'accepted' } as const);
    this.give({ t: 'answered', thread, answer });
  }
}

describe('whatever is lost, refused or killed on the way', () => {
  it('every message arrives once and in the order of writing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { maxLength: 120 }), (acts) => {
        const world = new World();
        const written = new Map<string, number[]>();
        let order = 0;
        for (const act of acts) {
          if (act % 4 === 0 && order < 200) {
            order += 1;
            const thread = act % 8 === 0 ? 'a' : 'b';
            written.set(thread, [...(written.get(thread) ?? []), order]);
            world.write(order, thread);
          } else if (act % 23 === 1) world.crash();
          else world.act(act);
        }
        // Good weather from here on.
        for (let n = 0; n < 2_000 && world.unsent > 0; n += 1) world.act(0);
        expect(world.unsent).toBe(0);
        expect(Object.fromEntries(world.accepted)).toEqual(Object.fromEntries(written));
      }),
    );
  });
});
