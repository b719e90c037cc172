/**
 * What one chain must know about the others, as questions and answers, and the two ways of asking. {@link Directory}
 * (directory.ts) is the ready-made answer for whoever holds the chains in memory. `null` always means "not known
 * here": fetch the chain and try again; it is never "no".
 *
 * Not known here: where the chains are kept.
 */
import type { Hex } from '../wire/bytes';
import { check, known } from './error';
import type { PublicKey } from './keys';
import { ANCESTRY_MAX } from './limits';

/**
 * How strictly time-bound facts are checked: `replay` verifies what was appended earlier (keys, capacities and
 * generations must have existed and may not go backwards); with `nowMs` something is being appended now, so they must
 * be the current ones. A client uses the latter only to check its own drafts.
 */
export type Mode = 'replay' | { readonly nowMs: number };

/** Whether current facts are required. */
export function isAppend(mode: Mode): mode is { readonly nowMs: number } {
  return mode !== 'replay';
}

/** What kind of keyring: a user's personal one and inbox, a team's managers and all of it, a unit's administrators and data. */
export type KeyringKind = 'U' | 'I' | 'TM' | 'TA' | 'OA' | 'OD';
/** Kinds in the order of their numbers, from 1. */
export const KEYRING_KINDS: readonly KeyringKind[] = ['U', 'I', 'TM', 'TA', 'OA', 'OD'];

/** Who a keyring belongs to: a user (`U`, `I`) or a unit (everything else). */
export interface Owner {
  readonly kind: 'user' | 'unit';
  readonly id: Hex;
}

/** A keyring named before its chain is at hand: its id and the hash of its first link. */
export interface KeyringRef {
  readonly id: Hex;
  readonly first: Hex;
}

/** The key that signs for a user at a position of the user's chain. */
export interface SignerFact {
  readonly key: PublicKey;
  /** From 1. */
  readonly generation: number;
  /** Whether it is still the user's key today. */
  readonly current: boolean;
}

/** What a user's root says. */
export interface UserFact {
  /** Hash of the root link: the user's cryptographic identity. */
  readonly root: Hex;
  /** The personal keyring `U`. */
  readonly personal: KeyringRef;
  /** The inbox keyring `I`. */
  readonly inbox: KeyringRef;
}

/** How a device stands at a position: `unlisted` is an ordinary web session, which has no link. */
export type DeviceStanding = 'unlisted' | 'live' | 'revokedSince' | 'revoked';

/** What a keyring is. */
export interface KeyringFact {
  readonly kind: KeyringKind;
  readonly owner: Owner;
  /** For `TA`: the `TM` of the same team. */
  readonly paired: Hex | null;
  /** Hash of its first link. */
  readonly first: Hex;
  /** Its newest generation. */
  readonly generation: number;
}

/** One generation of a keyring. */
export interface GenerationFact {
  /** Position of the link that introduced it. */
  readonly sinceSeq: number;
  /** Whether it is the newest. */
  readonly current: boolean;
}

/** Whether a user holds a keyring's seed, at the position asked about and now. */
export interface Held {
  readonly at: boolean;
  readonly now: boolean;
}

/** What a unit's chain says today. */
export interface UnitFact {
  /** Null for a root. */
  readonly parent: Hex | null;
  /** Units that were above before: what their administrators signed then stays valid. */
  readonly formerParents: readonly Hex[];
  /** The administrators' keyring. */
  readonly admins: Hex;
}

/** A role the author acts in: a keyring, and the position in its chain that the author had seen. */
export interface Capacity {
  readonly keyring: Hex;
  readonly seq: number;
}

/** Answers about other chains. */
export interface Facts {
  /** The key of `user` in force at position `seq` of the user's chain. */
  signer(user: Hex, seq: number): SignerFact | null;
  /** How a device stands at position `seq` of the user's chain. */
  device(user: Hex, device: Hex, seq: number): DeviceStanding | null;
  /** What the user's root says. */
  user(user: Hex): UserFact | null;
  /** What a keyring is. */
  keyring(keyring: Hex): KeyringFact | null;
  /** A generation of a keyring; null also when there is no such generation. */
  generation(keyring: Hex, generation: number): GenerationFact | null;
  /** Whether `user` holds the keyring, directly or through a keyring inside it. */
  holds(keyring: Hex, user: Hex, seq: number): Held | null;
  /** What a unit's chain says. */
  unit(unit: Hex): UnitFact | null;
  /** The head of a thread after its entry `n`, if remembered. */
  headAt(thread: Hex, n: number): Hex | null;
  /** Whether an entry with this id is already in the thread. */
  seen(thread: Hex, msgId: Hex): boolean;
}

/** Checks that `author` holds `capacity`, now too when appending. */
export function checkCapacity(author: Hex, capacity: Capacity, facts: Facts, mode: Mode): KeyringFact {
  const keyring = known(facts.keyring(capacity.keyring), 'UnknownCapacity');
  const held = known(facts.holds(capacity.keyring, author, capacity.seq), 'UnknownCapacity');
  check(held.at && (!isAppend(mode) || held.now), 'CapacityNotHeld');
  return keyring;
}

/** The unit and those above it, root last. */
export function ancestry(unit: Hex, facts: Facts): Hex[] {
  const all: Hex[] = [];
  for (let next: Hex | null = unit; next !== null;) {
    check(all.length < ANCESTRY_MAX, 'ParentImpossible');
    all.push(next);
    next = known(facts.unit(next), 'UnknownUnit').parent;
  }
  return all;
}

/**
 * Whether `keyring` is the administrators' keyring of `unit` or of a unit above it (ORG-03); when replaying, of a unit
 * that was above it at some time.
 */
export function administers(keyring: Hex, unit: Hex, facts: Facts, mode: Mode): boolean {
  let level = [unit];
  for (let depth = 0; depth < ANCESTRY_MAX; depth++) {
    const above = new Set<Hex>();
    for (const each of level) {
      const fact = known(facts.unit(each), 'UnknownUnit');
      if (fact.admins === keyring) return true;
      if (fact.parent !== null) above.add(fact.parent);
      if (!isAppend(mode)) for (const former of fact.formerParents) above.add(former);
    }
    level = [...above].sort();
  }
  return false;
}
