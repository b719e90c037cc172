/**
 * The keyring chain: who holds a seed, at which generation, and who says so. Who may sign what is in
 * keyring_rules.ts.
 *
 * Methods that verify are asynchronous; of two links for the same place the slower is refused.
 *
 * Not known here: seeds, and whether a box opens.
 */
import type { Hex } from '../wire/bytes';
import { check, known, refuse } from './error';
import type { Facts, GenerationFact, KeyringFact, KeyringKind, Mode, Owner } from './facts';
import {
  KEYRING_BODIES,
  type GenerationBody,
  type KeyringBody,
  type Recipient,
  type Role,
} from './keyring_body';
import { checkCreator, checkLink, checkNeverEmpty, checkRecipient, standingOf } from './keyring_rules';
import { CHAIN_LINKS_MAX, CHAIN_LINKS_RESERVED } from './limits';
import { Link, Signers, Tail } from './link';

/** A keyring that holds the seed. */
export interface Member {
  /** Generation of the member's keyring that the newest box is sealed to. */
  readonly generation: number;
  /** SHA-256 of that box. */
  readonly boxHash: Hex;
  readonly role: Role;
  /** Whose keyring it is. */
  readonly owner: Owner;
  /** Position of the link that made it a member. */
  readonly sinceSeq: number;
}

/** A generation as the chain remembers it. */
export interface Generation {
  /** Position of the link that introduced it. */
  readonly sinceSeq: number;
  /** Commitment to the seed. */
  readonly commit: Hex;
  /** The previous seed sealed under this one. */
  readonly prevBox: Uint8Array | null;
}

/** A membership that ended. */
interface Tenure {
  readonly keyring: Hex;
  readonly owner: Owner;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** What the rules see of a keyring. */
export interface KeyringState {
  readonly id: Hex;
  readonly kind: KeyringKind;
  readonly owner: Owner;
  readonly paired: Hex | null;
  readonly generation: number;
  readonly members: ReadonlyMap<Hex, Member>;
  /** The administrators' keyring that is a member by `parent`. */
  readonly parent: Hex | null;
  /** Keyrings that somebody asked to add. */
  readonly requests: ReadonlyMap<Hex, Role>;
  /** What the chain remembers of those who signed it. */
  readonly signers: Signers;
}

/** A verified keyring chain. */
export class KeyringChain implements KeyringState {
  readonly id: Hex;
  readonly kind: KeyringKind;
  readonly owner: Owner;
  readonly paired: Hex | null;
  /** Positions and hashes. */
  readonly tail: Tail;
  readonly signers = new Signers();
  #key: Uint8Array;
  readonly #generations: Generation[] = [];
  readonly #members = new Map<Hex, Member>();
  #parent: Hex | null = null;
  readonly #requests = new Map<Hex, Role>();
  readonly #past: Tenure[] = [];
  #rotationDue = false;

  private constructor(id: Hex, create: KeyringBody & { readonly t: 'create' }) {
    this.id = id;
    this.kind = create.kind;
    this.owner = create.owner;
    this.paired = create.paired;
    this.tail = new Tail(id);
    this.#key = create.first.key;
  }

  /** Starts a chain from its `create` link. */
  static async start(bytes: Uint8Array, facts: Facts, mode: Mode): Promise<KeyringChain> {
    const link = Link.parse(KEYRING_BODIES, bytes);
    const { place } = link.core;
    if (link.body.t !== 'create') refuse('MisplacedRoot');
    const { first, kind } = link.body;
    const chain = new KeyringChain(place.chainId, link.body);
    chain.tail.check(place);
    const keyGeneration = await link.verifyAuthor(facts, mode);
    const hash = link.signed.linkHash();
    checkCreator(chain, link.core, hash, facts, mode);
    check(first.generation === 1, 'WrongGeneration');
    check(first.prevBox === null, 'PrevBox');
    const role = kind === 'TA' || kind === 'OD' ? 'holder' : 'keeper';
    for (const recipient of first.recipients) {
      chain.#join(recipient, role, checkRecipient(chain, recipient, facts, mode), 1);
    }
    checkNeverEmpty(chain);
    chain.tail.push(hash);
    chain.signers.remember(link.core.author, keyGeneration);
    chain.#startGeneration(first, 1);
    return chain;
  }

  /** Verifies a whole chain from its first link on. */
  static async replay(links: Iterable<Uint8Array>, facts: Facts): Promise<KeyringChain> {
    const [first, ...rest] = links;
    const chain = await KeyringChain.start(known(first, 'MisplacedRoot'), facts, 'replay');
    for (const link of rest) await chain.append(link, facts, 'replay');
    return chain;
  }

  /** Verifies the next link and takes it in. On an error nothing changes. */
  async append(bytes: Uint8Array, facts: Facts, mode: Mode): Promise<KeyringBody> {
    const link = Link.parse(KEYRING_BODIES, bytes);
    this.tail.check(link.core.place);
    const keyGeneration = await link.verifyAuthor(facts, mode);
    this.tail.check(link.core.place); // another link may have come in meanwhile
    this.signers.checkKey(link.core.author, keyGeneration);
    this.#checkRoom(link.body);
    const standing = standingOf(this, link.core, facts, mode);
    const newOwner = checkLink(this, link.body, standing, facts, mode);
    this.tail.push(link.signed.linkHash());
    this.signers.remember(link.core.author, keyGeneration);
    this.#take(link.body, link.core.place.seq, newOwner);
    return link.body;
  }

  /** The last places are for taking somebody out. */
  #checkRoom(body: KeyringBody): void {
    const parts = body.t === 'remove' || (body.t === 'rotate' && this.#rotationDue);
    check(parts || this.tail.seq < CHAIN_LINKS_MAX - CHAIN_LINKS_RESERVED, 'ChainFull');
  }

  #startGeneration(body: GenerationBody, sinceSeq: number): void {
    this.#key = body.key;
    this.#generations.push({ sinceSeq, commit: body.commit, prevBox: body.prevBox });
  }

  #take(body: KeyringBody, seq: number, newOwner: Owner | null): void {
    switch (body.t) {
      case 'create':
        break;
      case 'add':
        this.#requests.delete(body.recipient.keyring);
        if (newOwner !== null) this.#join(body.recipient, body.role, newOwner, seq);
        break;
      case 'parent':
        if (body.recipient === null) {
          if (this.#parent !== null) this.#part(this.#parent, seq);
          this.#parent = null;
        } else if (newOwner !== null) {
          this.#join(body.recipient, 'keeper', newOwner, seq);
          this.#parent = body.recipient.keyring;
        }
        break;
      case 'remove':
        this.#part(body.keyring, seq);
        break;
      case 'rotate':
        this.#startGeneration(body.body, seq);
        this.#rotationDue = false;
        for (const { keyring, generation, boxHash } of body.body.recipients) {
          this.#change(keyring, { generation, boxHash });
        }
        break;
      case 'role':
        this.#change(body.keyring, { role: body.role });
        break;
      case 'add_request':
        this.#requests.set(body.keyring, body.role);
    }
  }

  #join(recipient: Recipient, role: Role, owner: Owner, sinceSeq: number): void {
    const { keyring, generation, boxHash } = recipient;
    this.#members.set(keyring, { generation, boxHash, role, owner, sinceSeq });
  }

  #change(keyring: Hex, to: Partial<Member>): void {
    const member = this.#members.get(keyring);
    if (member !== undefined) this.#members.set(keyring, { ...member, ...to });
  }

  #part(keyring: Hex, toSeq: number): void {
    const member = this.#members.get(keyring);
    if (member === undefined) return;
    this.#members.delete(keyring);
    this.#past.push({ keyring, owner: member.owner, fromSeq: member.sinceSeq, toSeq });
    this.#rotationDue = true;
  }

  /** What other chains may ask. */
  get fact(): KeyringFact {
    const { kind, owner, paired, generation } = this;
    return { kind, owner, paired, first: known(this.tail.hashAt(1), 'MisplacedRoot'), generation };
  }

  /** Number of the newest generation. */
  get generation(): number {
    return this.#generations.length;
  }

  /** The X-Wing public key of the newest generation. */
  get key(): Uint8Array {
    return this.#key;
  }

  /** A generation, from 1. */
  generationAt(generation: number): Generation | null {
    return generation < 1 ? null : (this.#generations[generation - 1] ?? null);
  }

  /** A generation as a fact. */
  generationFact(generation: number): GenerationFact | null {
    const found = this.generationAt(generation);
    return found === null ? null : { sinceSeq: found.sinceSeq, current: generation === this.generation };
  }

  get members(): ReadonlyMap<Hex, Member> {
    return this.#members;
  }

  get parent(): Hex | null {
    return this.#parent;
  }

  get requests(): ReadonlyMap<Hex, Role> {
    return this.#requests;
  }

  /** Whether a member went since the last rotation. */
  get rotationDue(): boolean {
    return this.#rotationDue;
  }

  /** Members whose own keyring has a newer generation than their box, ascending: the keyring is stale. */
  staleMembers(facts: Facts): Hex[] {
    const stale = ([id, member]: readonly [Hex, Member]): boolean =>
      facts.generation(id, member.generation)?.current === false;
    return [...this.#members]
      .filter(stale)
      .map(([id]) => id)
      .sort();
  }

  /** Whether a keyring was a member after the link at `seq`. */
  wasMember(keyring: Hex, seq: number): boolean {
    return this.tenures(seq).some(([id]) => id === keyring);
  }

  /** Keyrings that were members after the link at `seq`, and whose they are. */
  tenures(seq: number): [Hex, Owner][] {
    const now = [...this.#members].filter(([, member]) => member.sinceSeq <= seq);
    const past = this.#past.filter((tenure) => tenure.fromSeq <= seq && seq < tenure.toSeq);
    return [
      ...now.map(([id, member]): [Hex, Owner] => [id, member.owner]),
      ...past.map((tenure): [Hex, Owner] => [tenure.keyring, tenure.owner]),
    ];
  }

  /** Every keyring that ever was a member, and whose it is. */
  everMembers(): [Hex, Owner][] {
    return [
      ...[...this.#members].map(([id, member]): [Hex, Owner] => [id, member.owner]),
      ...this.#past.map((tenure): [Hex, Owner] => [tenure.keyring, tenure.owner]),
    ];
  }
}
