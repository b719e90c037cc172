/**
 * The link that user, keyring and unit chains are made of: common core, place in the chain, author.
 *
 * Core, 10 fields: `[v=1, type, chain_id(16), seq, prev(32)|nil, kind, author(16), author_chain_seq, ts_ms,
 * capacity|nil]`. The signature is over `label 0 u32 len(core) core SHA-256(payload)` with the label of the type.
 *
 * Not known here: payloads.
 */
import type { Hex } from '../wire/bytes';
import { Reader, Writer } from './codec';
import { check, known } from './error';
import { Signed } from './envelope';
import { isAppend, type Capacity, type Facts, type Mode } from './facts';
import { LABEL_KEYRING, LABEL_UNIT, LABEL_USER } from './hash';
import type { PublicKey } from './keys';
import { CHAIN_LINKS_MAX, LINK_CORE_BYTES_MAX } from './limits';

/** The format version of everything signed. */
export const VERSION = 1;

/** Which of the three link chains. */
export type ChainType = 'user' | 'keyring' | 'unit';
const NUMBERS: Record<ChainType, number> = { user: 1, keyring: 2, unit: 3 };

/** Label of the signatures of a chain type. */
export const CHAIN_LABELS: Record<ChainType, string> = {
  user: LABEL_USER,
  keyring: LABEL_KEYRING,
  unit: LABEL_UNIT,
};

/** Where a link stands: its chain, its position from 1, the hash of the link before it (null exactly at 1). */
export interface Place {
  readonly chainId: Hex;
  readonly seq: number;
  readonly prev: Hex | null;
}

/** The first place of a chain. */
export function firstPlace(chainId: Hex): Place {
  return { chainId, seq: 1, prev: null };
}

/** Who signs: a user, with the key in force at a position of the user's own chain, in a role. */
export interface Author {
  readonly user: Hex;
  readonly chainSeq: number;
  readonly capacity: Capacity | null;
}

/** A link's core. */
export interface LinkCore {
  readonly place: Place;
  /** What the payload is; numbers are per type. */
  readonly kind: number;
  readonly author: Author;
  /** The author's claim, ms since 1970; never decides anything. */
  readonly tsMs: number;
}

/** Reads `[keyring, seq]`. */
export function readCapacity(r: Reader): Capacity {
  r.array(2);
  return { keyring: r.id(), seq: r.uint() };
}

/** Writes `[keyring, seq]` or nil. */
export function writeCapacity(w: Writer, capacity: Capacity | null): void {
  if (capacity === null) w.nil();
  else w.array(2).id(capacity.keyring).uint(capacity.seq);
}

/** Parses a core of the given chain type. */
export function parseLinkCore(bytes: Uint8Array, type: ChainType): LinkCore {
  const r = new Reader(bytes, LINK_CORE_BYTES_MAX);
  const arity = r.list();
  check(r.uint() === VERSION, 'UnknownVersion');
  check(arity === 10, 'WrongArity');
  check(r.uint() === NUMBERS[type], 'WrongChainType');
  const place: Place = { chainId: r.id(), seq: r.uint(), prev: r.opt((from) => from.hash()) };
  const kind = r.uint();
  const user = r.id();
  const chainSeq = r.uint();
  const tsMs = r.uint();
  return { place, kind, author: { user, chainSeq, capacity: r.opt(readCapacity) }, tsMs };
}

/** The core's bytes. */
export function encodeLinkCore(type: ChainType, core: LinkCore): Uint8Array<ArrayBuffer> {
  const { place, author } = core;
  const w = new Writer().array(10).uint(VERSION).uint(NUMBERS[type]).id(place.chainId).uint(place.seq);
  w.optId(place.prev).uint(core.kind).id(author.user).uint(author.chainSeq).uint(core.tsMs);
  writeCapacity(w, author.capacity);
  return w.finish();
}

/** The payloads of one chain type. */
export interface Bodies<B> {
  readonly type: ChainType;
  /** Number of the payload's kind. */
  kind(body: B): number;
  encode(body: B): Uint8Array<ArrayBuffer>;
  parse(kind: number, payload: Uint8Array): B;
}

/** A link taken apart, its signature not yet verified. */
export class Link<B> {
  private constructor(
    readonly type: ChainType,
    readonly signed: Signed,
    readonly core: LinkCore,
    readonly body: B,
  ) {}

  static parse<B>(bodies: Bodies<B>, bytes: Uint8Array): Link<B> {
    const signed = Signed.parse(bytes);
    const core = parseLinkCore(signed.core, bodies.type);
    const body = bodies.parse(core.kind, known(signed.payload, 'PayloadMissing'));
    return new Link(bodies.type, signed, core, body);
  }

  async verify(key: PublicKey): Promise<void> {
    await this.signed.verify(key, CHAIN_LABELS[this.type]);
  }

  /** Verifies the signature with the author's key as the facts tell it; answers the key's generation. */
  async verifyAuthor(facts: Facts, mode: Mode): Promise<number> {
    const { user, chainSeq } = this.core.author;
    const signer = known(facts.signer(user, chainSeq), 'UnknownSigner');
    check(!isAppend(mode) || signer.current, 'SupersededKey');
    await this.verify(signer.key);
    return signer.generation;
  }
}

/**
 * Position and hashes of a link chain. Hashes are kept so that a pinned head can be looked up after the chain was
 * fetched anew.
 */
export class Tail {
  readonly #chainId: Hex;
  readonly #hashes: Hex[] = [];

  constructor(chainId: Hex) {
    this.#chainId = chainId;
  }

  /** Strict compare-and-swap on position and previous hash. */
  check(place: Place): void {
    check(place.chainId === this.#chainId, 'WrongChain');
    check(this.seq < CHAIN_LINKS_MAX, 'ChainFull');
    check(place.prev === this.head, 'PrevMismatch');
    check(place.seq === this.seq + 1, 'SeqMismatch');
  }

  /** Takes in the next link's hash. */
  push(hash: Hex): void {
    this.#hashes.push(hash);
  }

  /** Position of the last link; 0 before the first. */
  get seq(): number {
    return this.#hashes.length;
  }

  /** Hash of the last link. */
  get head(): Hex | null {
    return this.#hashes.at(-1) ?? null;
  }

  /** Hash of the link at a position, from 1. */
  hashAt(seq: number): Hex | null {
    return seq < 1 ? null : (this.#hashes[seq - 1] ?? null);
  }

  /** Where the next link stands. */
  next(): Place {
    return { chainId: this.#chainId, seq: this.seq + 1, prev: this.head };
  }

  /** Refuses with `PinMismatch` unless a head pinned earlier is on this chain. */
  checkPin(seq: number, hash: Hex): void {
    check(this.hashAt(seq) === hash, 'PinMismatch');
  }
}

/**
 * What a chain remembers of those who signed it. Kept by the chains of keyrings and units, which many people sign.
 *
 * Replaying cannot see when a link was appended, so what one author, or one capacity, has moved on from is not taken
 * again: a signing key that was replaced because it was stolen, a membership that has ended since.
 */
export class Signers {
  /** Newest position relied on, per keyring in whose capacity somebody acted. */
  readonly #capacities = new Map<Hex, number>();
  /** Newest generation of the signing key, per author. */
  readonly #keys = new Map<Hex, number>();

  checkKey(author: Author, generation: number): void {
    check(generation >= (this.#keys.get(author.user) ?? 0), 'KeyGoesBack');
  }

  checkCapacity(capacity: Capacity): void {
    check(capacity.seq >= (this.#capacities.get(capacity.keyring) ?? 0), 'StaleCapacity');
  }

  remember(author: Author, generation: number): void {
    this.#keys.set(author.user, generation);
    if (author.capacity !== null) this.#capacities.set(author.capacity.keyring, author.capacity.seq);
  }
}
