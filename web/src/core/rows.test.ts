import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moved, reached, touched } from './receipts';
import type { Marks } from './receipts';
import { FRESH, NONE, ordered, step, unread } from './rows';
import type { Input, RowsState } from './rows';

function run(...inputs: Input[]): RowsState {
  return inputs.reduce((state, input) => step(state, input).state, NONE);
}

const card = (thread: string, len: number, read: number, at: number): Input => ({
  t: 'cards',
  cards: [{ thread, len, read, at, closed: false }],
});

const entry = (thread: string, n: number, at: number, silent: boolean): Input => ({
  t: 'entries',
  thread,
  entries: [{ n, at, silent, own: false }],
});

describe('the list of threads', () => {
  it('stands newest first, and tells only what changed', () => {
    const state = run(card('a', 3, 3, 10), card('b', 1, 1, 20));
    expect(ordered(state)).toEqual(['b', 'a']);
    const { state: next, changed } = step(state, entry('a', 4, 30, false));
    expect(changed).toEqual(['a']);
    expect(ordered(next)).toEqual(['a', 'b']);
    expect(step(next, card('b', 1, 1, 20)).changed).toEqual([]);
  });

  it('counts what others wrote, not own messages and acts', () => {
    let state = run(card('a', 2, 2, 1));
    for (const [n, silent] of [
      [3, false],
      [4, true],
      [5, false],
    ] as const) {
      state = step(state, entry('a', n, n, silent)).state;
    }
    const count = (s: RowsState): number => unread(s.threads.get('a') ?? FRESH);
    expect(count(state)).toBe(2);
    expect(count(step(state, { t: 'read', thread: 'a', n: 4 }).state)).toBe(1);
    expect(count(step(state, { t: 'read', thread: 'a', n: 99 }).state)).toBe(0);
  });

  it("takes a message of one's own as a sign that what was before it was seen", () => {
    const state = run(card('a', 3, 0, 1), {
      t: 'entries',
      thread: 'a',
      entries: [{ n: 3, at: 3, silent: false, own: true }],
    });
    expect(unread(state.threads.get('a') ?? FRESH)).toBe(0);
    expect(unread(step(state, entry('a', 4, 4, false)).state.threads.get('a') ?? FRESH)).toBe(1);
  });

  it('drops what a whole snapshot does not name', () => {
    const { gone, state } = step(run(card('a', 1, 1, 1), card('b', 1, 1, 2)), { t: 'only', threads: ['b'] });
    expect(gone).toEqual(['a']);
    expect(ordered(state)).toEqual(['b']);
  });

  it('never goes back, whatever the order of reports', () => {
    const small = fc.nat(9);
    const input = fc.oneof(
      fc.tuple(small, small, small).map(([len, read, at]) => card('a', len, read, at)),
      fc.tuple(small, small, fc.boolean()).map(([n, at, silent]) => entry('a', n, at, silent)),
      small.map((n): Input => ({ t: 'read', thread: 'a', n })),
    );
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        let state = NONE;
        for (const one of inputs) {
          const before = state.threads.get('a');
          state = step(state, one).state;
          const after = state.threads.get('a');
          if (!before || !after) continue;
          expect(after.len).toBeGreaterThanOrEqual(before.len);
          expect(after.read).toBeGreaterThanOrEqual(before.read);
          expect(unread(after)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('receipts', () => {
  it('say who has a message and who has read it, never oneself', () => {
    let marks: Marks = new Map();
    marks = moved(marks, 'ada', { delivered: 3, read: 0 });
    marks = moved(marks, 'ben', { delivered: 0, read: 4 });
    marks = moved(marks, 'me', { delivered: 9, read: 9 });
    expect(reached(marks, 'me', 3)).toEqual({ delivered: ['ada', 'ben'], read: ['ben'] });
    expect(moved(marks, 'ada', { delivered: 1, read: 0 })).toBe(marks);
    expect(touched({ delivered: 3, read: 1 }, { delivered: 5, read: 1 })).toEqual({ from: 2, to: 5 });
  });
});
