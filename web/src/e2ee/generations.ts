/**
 * Seeds by generation (of a keyring) or epoch (of a thread), and the way back through them.
 *
 * The previous seed travels sealed under the current one, so whoever gets one box can read back to the first
 * generation, or to a wall: a generation without such a box. Every seed that comes out is checked against its
 * commitment.
 *
 * Not known here: what the generations are for, and who holds them.
 */
import { Writer } from '../chain/codec';
import type { KeyringChain } from '../chain/keyring';
import type { Hex } from '../wire/bytes';
import * as aead from './aead';
import { demand, deny, need } from './error';
import { LABEL, derive } from './kdf';
import { checkCommit, scopeNumber, type SeedOf } from './sealed';

/** What the signed record says about one generation. */
export interface PublicGeneration {
  /** Commitment to its seed. */
  readonly commit: Hex;
  /** The seed before, sealed under this one; null at the first and at a wall. */
  readonly prevBox: Uint8Array | null;
}

/** Where what was signed about generations is looked up; null when there is none or it is not known. */
export type History = (generation: number) => PublicGeneration | null;

/** The generations of a verified keyring. */
export function historyOf(chain: KeyringChain): History {
  return (generation) => chain.generationAt(generation);
}

function associatedData(of: SeedOf): Uint8Array {
  return new Writer().array(4).uint(1).uint(scopeNumber(of)).id(of.id).uint(of.generation).finish();
}

/** Seals the previous seed under the seed of `of`. */
export async function sealPrevious(of: SeedOf, seed: Uint8Array, previous: Uint8Array): Promise<Uint8Array> {
  return aead.seal(derive(seed, LABEL.keyringPrev, 32), associatedData(of), previous);
}

/** Opens the box of the previous seed and checks it: `PrevBoxRejected`, `CommitMismatch`. */
export async function openPrevious(
  of: SeedOf,
  seed: Uint8Array,
  prevBox: Uint8Array,
  committed: Hex,
): Promise<Uint8Array> {
  let opened: Uint8Array;
  try {
    opened = await aead.open(derive(seed, LABEL.keyringPrev, 32), associatedData(of), prevBox);
  } catch {
    return deny('PrevBoxRejected');
  }
  demand(opened.length === 32, 'PrevBoxRejected');
  checkCommit(opened, committed);
  return opened;
}

/** The seeds of one keyring or thread that are at hand. */
export class Seeds {
  readonly #seeds = new Map<number, Uint8Array>();

  /** Starts with one. */
  static with(generation: number, seed: Uint8Array): Seeds {
    const seeds = new Seeds();
    seeds.insert(generation, seed);
    return seeds;
  }

  /** Takes in a seed that was checked against its commitment. */
  insert(generation: number, seed: Uint8Array): void {
    this.#seeds.set(generation, seed);
  }

  /** A seed at hand. */
  get(generation: number): Uint8Array | null {
    return this.#seeds.get(generation) ?? null;
  }

  /** The newest generation at hand. */
  get newest(): { readonly generation: number; readonly seed: Uint8Array } | null {
    const generation = Math.max(...this.#seeds.keys());
    const seed = this.#seeds.get(generation);
    return seed === undefined ? null : { generation, seed };
  }

  /**
   * The seed of a generation, walking back from the nearest newer one at hand; what is found on the way is kept.
   * Refuses with `NoSeed` when nothing at hand is as new, `HistoryWalled`, `PrevBoxRejected`, `CommitMismatch`.
   */
  async reach(of: SeedOf, history: History): Promise<Uint8Array> {
    const newer = [...this.#seeds.keys()].filter((generation) => generation >= of.generation);
    demand(newer.length > 0, 'NoSeed');
    let seed = need(this.#seeds.get(Math.min(...newer)), 'NoSeed');
    for (let generation = Math.min(...newer); generation > of.generation; generation--) {
      const prevBox = need(need(history(generation), 'NoSeed').prevBox, 'HistoryWalled');
      const before = need(history(generation - 1), 'NoSeed');
      seed = await openPrevious({ ...of, generation }, seed, prevBox, before.commit);
      this.#seeds.set(generation - 1, seed);
    }
    return seed;
  }

  /** Overwrites all of them. */
  wipe(): void {
    for (const seed of this.#seeds.values()) seed.fill(0);
    this.#seeds.clear();
  }
}
