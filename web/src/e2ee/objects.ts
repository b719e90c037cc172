/**
 * The two ciphertext objects beside the vault: the key index and the pins (docs/PROTOCOL.md §9).
 *
 * - key index: newest epoch, seed and title of each thread: a list of threads opens without opening boxes; each seed is
 *   still checked against the signed commitment when it is used (`ThreadKeys.insert`).
 * - pins: verified heads of chains and threads, from which verification resumes.
 *
 * `version` is the one the server gives the object when it is stored (the replaced one plus 1), so an object renumbered
 * by the server does not open. An older object than one this device has seen is refused.
 *
 * Not known here: when objects are written (at most once a minute).
 */
import { Reader, Writer, ascending } from '../chain/codec';
import { check, known, refuse } from '../chain/error';
import type { ChainType } from '../chain/link';
import { utf8, type Hex } from '../wire/bytes';
import { LIMITS, type Object as Stored, type ObjectKind } from '../wire/gen/wire';
import * as aead from './aead';
import { demand, deny, reading } from './error';
import type { History, Seeds } from './generations';
import { LABEL, derive } from './kdf';
import { INDEX_THREADS_MAX, INDEX_TITLE_BYTES_MAX, PINNED_CHAINS_MAX } from './limits';
import type { OwnKeyring } from './vault';

/** What the key index says of a thread. */
export interface IndexEntry {
  /** The epoch of the seed. */
  readonly epoch: number;
  readonly seed: Uint8Array;
  /** The title, cut by {@link cutTitle}. */
  readonly title: string | null;
}

/** Thread to newest epoch seed and title. */
export type KeyIndex = Map<Hex, IndexEntry>;

/** A chain whose head was verified. */
export interface ChainPin {
  /** Hash of its first link: the identity. */
  readonly first: Hex;
  /** Position of the verified head. */
  readonly seq: number;
  readonly head: Hex;
  /** Whether the user compared the safety number. */
  readonly verified: boolean;
}

/** A thread whose head was verified. */
export interface ThreadPin {
  readonly n: number;
  readonly head: Hex;
}

/** Verified heads; chains by {@link chainKey}. */
export interface Pins {
  readonly chains: Map<string, ChainPin>;
  readonly threads: Map<Hex, ThreadPin>;
}

const CHAIN_TYPES: readonly ChainType[] = ['user', 'keyring', 'unit'];

/** Names a chain in {@link Pins}; sorts like the chains in the bytes. */
export function chainKey(type: ChainType, id: Hex): string {
  return `${CHAIN_TYPES.indexOf(type) + 1} ${id}`;
}

/** Type and id of a {@link chainKey}. */
export function chainOfKey(key: string): { readonly type: ChainType; readonly id: Hex } {
  return { type: known(CHAIN_TYPES[Number(key.slice(0, 1)) - 1], 'OutOfRange'), id: key.slice(2) };
}

/** Cuts a title to the bound of the key index, at a character. */
export function cutTitle(text: string): string {
  let out = '';
  let bytes = 0;
  for (const character of text) {
    bytes += utf8(character).length;
    if (bytes > INDEX_TITLE_BYTES_MAX) break;
    out += character;
  }
  return out;
}

function objectKey(seed: Uint8Array, kind: ObjectKind): Uint8Array {
  return derive(seed, kind === 'key_index' ? LABEL.keyIndex : LABEL.pins, 32);
}

function associatedData(user: Hex, kind: ObjectKind, generation: number, version: number): Uint8Array {
  const number = kind === 'key_index' ? 1 : 2;
  return new Writer().array(5).uint(1).id(user).uint(number).uint(generation).uint(version).finish();
}

function byKey<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whose object, and under which seed. */
export interface ObjectOwner {
  readonly user: Hex;
  /** The personal keyring `U`. */
  readonly personal: OwnKeyring;
}

async function seal(
  owner: ObjectOwner,
  kind: ObjectKind,
  replaces: number,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const { generation, seed } = owner.personal;
  const key = objectKey(seed, kind);
  const sealed = await aead.seal(key, associatedData(owner.user, kind, generation, replaces + 1), plaintext);
  plaintext.fill(0);
  const bytes = new Writer().array(3).uint(1).uint(generation).bin(sealed).finish();
  demand(bytes.length <= LIMITS.USER_OBJECT_BYTES_MAX, 'TooLong');
  return bytes;
}

/** How an object is opened: `seeds` and `history` are those of `personal`, for objects written before a rotation. */
export interface ObjectOpening extends ObjectOwner {
  readonly seeds: Seeds;
  readonly history: History;
  /** The newest version this device has seen; 0 for none. */
  readonly seen: number;
}

/** The plaintext; null for the empty object of version 0. */
async function open(kind: ObjectKind, object: Stored, how: ObjectOpening): Promise<Uint8Array | null> {
  demand(object.version >= how.seen, 'ObjectRolledBack');
  if (object.version === 0 && object.ciphertext.length === 0) return null;
  const { generation, sealed } = reading('ObjectMalformed', () => {
    const r = new Reader(object.ciphertext, LIMITS.USER_OBJECT_BYTES_MAX);
    r.array(3);
    check(r.uint() === 1, 'UnknownVersion');
    const outer = { generation: r.uint(), sealed: r.bin() };
    r.end();
    return outer;
  });
  const seed = await how.seeds.reach({ scope: 'keyring', id: how.personal.id, generation }, how.history);
  const aad = associatedData(how.user, kind, generation, object.version);
  try {
    return await aead.open(objectKey(seed, kind), aad, sealed);
  } catch {
    return deny('ObjectRejected');
  }
}

/** Encrypts a key index that replaces version `replaces`; refuses with `TooLong`. */
export async function sealKeyIndex(
  index: KeyIndex,
  owner: ObjectOwner,
  replaces: number,
): Promise<Uint8Array> {
  demand(index.size <= INDEX_THREADS_MAX, 'TooLong');
  const w = new Writer().array(2).uint(1);
  w.each(byKey(index), (to, [thread, entry]) => {
    to.array(4).id(thread).uint(entry.epoch).bin(entry.seed);
    if (entry.title === null) to.nil();
    else to.str(entry.title);
  });
  return seal(owner, 'key_index', replaces, w.finish());
}

/** Opens a key index: `ObjectRolledBack`, `ObjectRejected`, `ObjectMalformed`, and those of `Seeds.reach`. */
export async function openKeyIndex(object: Stored, how: ObjectOpening): Promise<KeyIndex> {
  const plaintext = await open('key_index', object, how);
  if (plaintext === null) return new Map();
  return reading('ObjectMalformed', () => {
    const r = versioned(plaintext, 2);
    const entries = r.each(INDEX_THREADS_MAX, (from): [Hex, IndexEntry] => {
      from.array(4);
      const thread = from.id();
      const epoch = from.uint();
      const seed = from.fixed(32);
      return [thread, { epoch, seed, title: from.opt((each) => each.str(INDEX_TITLE_BYTES_MAX)) }];
    });
    ascending(entries, ([thread]) => thread);
    r.end();
    return new Map(entries);
  });
}

/** Encrypts pins that replace version `replaces`; refuses with `TooLong`. */
export async function sealPins(pins: Pins, owner: ObjectOwner, replaces: number): Promise<Uint8Array> {
  demand(pins.threads.size <= INDEX_THREADS_MAX && pins.chains.size <= PINNED_CHAINS_MAX, 'TooLong');
  const w = new Writer().array(3).uint(1);
  w.each(byKey(pins.chains), (to, [key, pin]) => {
    const { type, id } = chainOfKey(key);
    to.array(6)
      .uint(CHAIN_TYPES.indexOf(type) + 1)
      .id(id)
      .id(pin.first);
    to.uint(pin.seq).id(pin.head).flag(pin.verified);
  });
  w.each(byKey(pins.threads), (to, [thread, pin]) => to.array(3).id(thread).uint(pin.n).id(pin.head));
  return seal(owner, 'pins', replaces, w.finish());
}

/** Opens pins: `ObjectRolledBack`, `ObjectRejected`, `ObjectMalformed`, and those of `Seeds.reach`. */
export async function openPins(object: Stored, how: ObjectOpening): Promise<Pins> {
  const plaintext = await open('pins', object, how);
  if (plaintext === null) return { chains: new Map(), threads: new Map() };
  return reading('ObjectMalformed', () => {
    const r = versioned(plaintext, 3);
    const chains = r.each(PINNED_CHAINS_MAX, (from): [string, ChainPin] => {
      from.array(6);
      const type = CHAIN_TYPES[from.uint(3) - 1] ?? refuse('OutOfRange');
      const key = chainKey(type, from.id());
      return [key, { first: from.hash(), seq: from.uint(), head: from.hash(), verified: from.flag() }];
    });
    ascending(chains, ([key]) => key);
    const threads = r.each(INDEX_THREADS_MAX, (from): [Hex, ThreadPin] => {
      from.array(3);
      return [from.id(), { n: from.uint(), head: from.hash() }];
    });
    ascending(threads, ([thread]) => thread);
    r.end();
    return { chains: new Map(chains), threads: new Map(threads) };
  });
}

function versioned(bytes: Uint8Array, arity: number): Reader {
  const r = new Reader(bytes, LIMITS.USER_OBJECT_BYTES_MAX);
  r.array(arity);
  check(r.uint() === 1, 'UnknownVersion');
  return r;
}
