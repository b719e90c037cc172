import { describe, expect, it } from 'vitest';
import { hex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { Trouble } from './errors';
import type { Inside, ThreadPin } from './inside';
import { checkHead } from './reader';

const THREAD = '11'.repeat(16);
const head = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const pin = (n: number): Map<Hex, ThreadPin> => new Map([[THREAD, { n, head: hex(head(n)) }]]);

/** What was verified by now. */
const inside = (n: number): Inside =>
  ({
    pins: pin(n),
    threads: new Map([[THREAD, { heads: new Map([5, 6].map((at) => [at, hex(head(at))])) }]]),
  }) as unknown as Inside;

/** What a head is taken for when it is said; null: it is believed. */
function taken(verified: number, n: number, said: Uint8Array, pinned?: Map<Hex, ThreadPin>): string | null {
  try {
    checkHead(inside(verified), THREAD, n, said, pinned);
    return null;
  } catch (error) {
    const code = (['H10', 'H11'] as const).find((one) => (error as Trouble).isHostile(one));
    if (code === undefined) throw error;
    return code;
  }
}

describe('what the server says of a thread', () => {
  it('may have been overtaken by what was verified since it was asked', () => {
    expect(taken(6, 5, head(5), pin(5))).toBeNull();
    expect(taken(6, 5, head(5), new Map())).toBeNull();
  });

  it('is a lie where it is behind what was pinned when it was asked', () => {
    expect(taken(6, 5, head(5), pin(6))).toBe('H11');
    expect(taken(6, 5, head(5))).toBe('H11');
  });

  it('is a lie where it is another history, overtaken or not', () => {
    expect(taken(6, 5, head(9), pin(5))).toBe('H10');
    expect(taken(6, 6, head(9), pin(5))).toBe('H10');
  });
});
