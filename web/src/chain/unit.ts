/**
 * The unit chain: an organizational unit, its place in the tree, and the people it vouches for.
 *
 * "Administrator of a unit" is a holder of its `OA` or of the `OA` of any unit above, named as the capacity in the
 * core (ORG-03). The organization's id is the id of its root unit; the hash of a root's genesis is the trust anchor of
 * an installation: a colleague's key is trusted by walking root, `parent`, attestation.
 *
 * Methods that verify are asynchronous; of two links for the same place the slower is refused.
 *
 * Not known here: roles and permissions; those are the server's truth, not the chain's.
 */
import type { Hex } from '../wire/bytes';
import { Reader, Writer } from './codec';
import { check, known, refuse } from './error';
import {
  administers,
  ancestry,
  checkCapacity,
  isAppend,
  type Facts,
  type KeyringKind,
  type KeyringRef,
  type Mode,
  type UnitFact,
} from './facts';
import { ANCESTRY_MAX, ATTESTATIONS_MAX, LINK_PAYLOAD_BYTES_MAX } from './limits';
import { Link, Signers, Tail, type Bodies, type LinkCore } from './link';

/** What kind of person (or program) somebody is, in the order of their numbers. */
export const STANDINGS = ['professional', 'staff', 'patient', 'relative', 'service'] as const;
export type Standing = (typeof STANDINGS)[number];

/** Whether it is a patient or a relative: both are in a thread by being invited into it. */
export function isLay(standing: Standing): boolean {
  return standing === 'patient' || standing === 'relative';
}

/** Reads a standing. */
export function readStanding(r: Reader): Standing {
  return known(STANDINGS[r.uint()], 'OutOfRange');
}

/** What a unit decided about its keyrings. */
export interface UnitPolicy {
  /** The administrators above hold this unit's `OA`. */
  readonly adminsInherit: boolean;
  /** Members may enrol in recovery by administrators. */
  readonly escrow: boolean;
  /** New teams of the unit make its `OA` a member of their `TM`. */
  readonly adminsInTeams: boolean;
}

/** A member the unit vouches for. Name and e-mail are commitments, so that the clear text stays erasable. */
export interface Attestation {
  readonly user: Hex;
  /** Hash of the member's root link. */
  readonly root: Hex;
  readonly standing: Standing;
  readonly name: Hex;
  readonly email: Hex;
}

/** What a link of a unit chain says. */
export type UnitBody =
  /** First link: the unit above (null for a root), the administrators' keyring, hash of the founder's root link. */
  | { readonly t: 'genesis'; readonly parent: Hex | null; readonly admins: KeyringRef; readonly founder: Hex }
  /** The unit moves under another one of its tree. */
  | { readonly t: 'parent'; readonly parent: Hex }
  /** The unit vouches for a member. */
  | { readonly t: 'attest'; readonly attestation: Attestation }
  | { readonly t: 'policy'; readonly policy: UnitPolicy }
  /** The unit no longer vouches for a member. */
  | { readonly t: 'revoke'; readonly user: Hex }
  /** The keyring of the unit's patient files. */
  | { readonly t: 'data'; readonly data: KeyringRef };

const KINDS: Record<UnitBody['t'], number> = {
  genesis: 1,
  parent: 2,
  attest: 3,
  policy: 4,
  revoke: 5,
  data: 6,
};

function readRef(r: Reader): KeyringRef {
  return { id: r.id(), first: r.hash() };
}

function read(kind: number, r: Reader): UnitBody {
  switch (kind) {
    case 1:
      r.array(4);
      return { t: 'genesis', parent: r.opt((from) => from.id()), admins: readRef(r), founder: r.hash() };
    case 2:
      r.array(1);
      return { t: 'parent', parent: r.id() };
    case 3: {
      r.array(5);
      const attestation = {
        user: r.id(),
        root: r.hash(),
        standing: readStanding(r),
        name: r.hash(),
        email: r.hash(),
      };
      return { t: 'attest', attestation };
    }
    case 4:
      r.array(3);
      return { t: 'policy', policy: { adminsInherit: r.flag(), escrow: r.flag(), adminsInTeams: r.flag() } };
    case 5:
      r.array(1);
      return { t: 'revoke', user: r.id() };
    case 6:
      r.array(2);
      return { t: 'data', data: readRef(r) };
    default:
      return refuse('UnknownKind');
  }
}

function write(w: Writer, body: UnitBody): void {
  switch (body.t) {
    case 'genesis':
      w.array(4).optId(body.parent).id(body.admins.id).id(body.admins.first).id(body.founder);
      break;
    case 'parent':
      w.array(1).id(body.parent);
      break;
    case 'attest': {
      const { user, root, standing, name, email } = body.attestation;
      w.array(5).id(user).id(root).uint(STANDINGS.indexOf(standing)).id(name).id(email);
      break;
    }
    case 'policy':
      w.array(3).flag(body.policy.adminsInherit).flag(body.policy.escrow).flag(body.policy.adminsInTeams);
      break;
    case 'revoke':
      w.array(1).id(body.user);
      break;
    case 'data':
      w.array(2).id(body.data.id).id(body.data.first);
  }
}

/** Payloads of unit chains. */
export const UNIT_BODIES: Bodies<UnitBody> = {
  type: 'unit',
  kind: (body) => KINDS[body.t],
  encode(body) {
    const w = new Writer();
    write(w, body);
    return w.finish();
  },
  parse(kind, payload) {
    const r = new Reader(payload, LINK_PAYLOAD_BYTES_MAX);
    const body = read(kind, r);
    r.end();
    return body;
  },
};

/** A member and the hash of the link that vouches. */
export interface Attested {
  readonly attestation: Attestation;
  readonly link: Hex;
}

/** A verified unit chain. */
export class UnitChain {
  /** The unit. */
  readonly unit: Hex;
  /** Positions and hashes; the hash at 1 of a root unit is the installation's trust anchor. */
  readonly tail: Tail;
  /** The administrators' keyring. */
  readonly admins: KeyringRef;
  /** Hash of the founder's root link. */
  readonly founder: Hex;
  #parent: Hex | null;
  readonly #formerParents: Hex[] = [];
  #data: KeyringRef | null = null;
  #policy: UnitPolicy = { adminsInherit: false, escrow: false, adminsInTeams: false };
  readonly #members = new Map<Hex, Attested>();
  readonly #signers = new Signers();

  private constructor(unit: Hex, genesis: UnitBody & { readonly t: 'genesis' }) {
    this.unit = unit;
    this.tail = new Tail(unit);
    this.admins = genesis.admins;
    this.founder = genesis.founder;
    this.#parent = genesis.parent;
  }

  /** Starts a chain from its genesis. */
  static async start(bytes: Uint8Array, facts: Facts, mode: Mode): Promise<UnitChain> {
    const link = Link.parse(UNIT_BODIES, bytes);
    const { place, author } = link.core;
    if (link.body.t !== 'genesis') refuse('MisplacedRoot');
    const { parent, admins, founder } = link.body;
    const chain = new UnitChain(place.chainId, link.body);
    chain.tail.check(place);
    const keyGeneration = await link.verifyAuthor(facts, mode);
    check(known(facts.user(author.user), 'UnknownSigner').root === founder, 'HashMismatch');
    chain.#checkKeyring(admins, 'OA', facts);
    const { capacity } = author;
    check((parent === null) === (capacity === null), 'NotAuthorized');
    if (parent === null || capacity === null) {
      check(known(facts.holds(admins.id, author.user, 1), 'UnknownCapacity').at, 'CapacityNotHeld');
    } else {
      chain.#checkPlace(parent, facts, mode);
      checkCapacity(author.user, capacity, facts, mode);
      check(administers(capacity.keyring, parent, facts, mode), 'NotAuthorized');
    }
    chain.#signers.remember(author, keyGeneration);
    chain.tail.push(link.signed.linkHash());
    return chain;
  }

  /** Verifies a whole chain from its genesis on. */
  static async replay(links: Iterable<Uint8Array>, facts: Facts): Promise<UnitChain> {
    const [first, ...rest] = links;
    const chain = await UnitChain.start(known(first, 'MisplacedRoot'), facts, 'replay');
    for (const link of rest) await chain.append(link, facts, 'replay');
    return chain;
  }

  /** Verifies the next link and takes it in. On an error nothing changes. */
  async append(bytes: Uint8Array, facts: Facts, mode: Mode): Promise<UnitBody> {
    const link = Link.parse(UNIT_BODIES, bytes);
    this.tail.check(link.core.place);
    const keyGeneration = await link.verifyAuthor(facts, mode);
    this.tail.check(link.core.place); // another link may have come in meanwhile
    this.#signers.checkKey(link.core.author, keyGeneration);
    this.#checkAdministrator(link.core, facts, mode);
    this.#check(link.body, link.core, facts, mode);
    const hash = link.signed.linkHash();
    this.tail.push(hash);
    this.#signers.remember(link.core.author, keyGeneration);
    this.#take(link.body, hash);
    return link.body;
  }

  #checkAdministrator(core: LinkCore, facts: Facts, mode: Mode): void {
    const capacity = known(core.author.capacity, 'NotAuthorized');
    const above = this.#parent !== null && administers(capacity.keyring, this.#parent, facts, mode);
    check(above || capacity.keyring === this.admins.id, 'NotAuthorized');
    checkCapacity(core.author.user, capacity, facts, mode);
    this.#signers.checkCapacity(capacity);
  }

  /**
   * Whether the unit may stand under another one: no cycle, and not deeper than the tree may be. Both are true or false of
   * a moment. When replaying, the units above may have moved since, so nothing but the link itself is looked at.
   */
  #checkPlace(parent: Hex, facts: Facts, mode: Mode): void {
    check(parent !== this.unit, 'ParentImpossible');
    if (!isAppend(mode)) return;
    const above = ancestry(parent, facts);
    check(!above.includes(this.unit) && above.length < ANCESTRY_MAX, 'ParentImpossible');
  }

  #check(body: UnitBody, core: LinkCore, facts: Facts, mode: Mode): void {
    switch (body.t) {
      case 'genesis':
        return refuse('MisplacedRoot');
      case 'parent': {
        this.#checkPlace(body.parent, facts, mode);
        check(this.#parent !== null, 'ParentImpossible');
        const capacity = known(core.author.capacity, 'NotAuthorized');
        check(administers(capacity.keyring, body.parent, facts, mode), 'NotAuthorized');
        return;
      }
      case 'attest': {
        const { attestation } = body;
        check(known(facts.user(attestation.user), 'UnknownSigner').root === attestation.root, 'HashMismatch');
        const before = this.#members.get(attestation.user)?.attestation;
        check(before === undefined || !sameAttestation(before, attestation), 'AttestationState');
        check(this.#members.size < ATTESTATIONS_MAX, 'ChainFull');
        return;
      }
      case 'policy':
        return;
      case 'revoke':
        check(this.#members.has(body.user), 'AttestationState');
        return;
      case 'data':
        check(this.#data === null, 'MisplacedRoot');
        this.#checkKeyring(body.data, 'OD', facts);
    }
  }

  #checkKeyring(named: KeyringRef, kind: KeyringKind, facts: Facts): void {
    const fact = known(facts.keyring(named.id), 'UnknownKeyring');
    const own = fact.owner.kind === 'unit' && fact.owner.id === this.unit;
    check(fact.kind === kind && own, 'RecipientKind');
    check(fact.first === named.first, 'HashMismatch');
  }

  #take(body: UnitBody, link: Hex): void {
    switch (body.t) {
      case 'genesis':
        break;
      case 'parent':
        if (this.#parent !== null) this.#formerParents.push(this.#parent);
        this.#parent = body.parent;
        break;
      case 'attest':
        this.#members.set(body.attestation.user, { attestation: body.attestation, link });
        break;
      case 'policy':
        this.#policy = body.policy;
        break;
      case 'revoke':
        this.#members.delete(body.user);
        break;
      case 'data':
        this.#data = body.data;
    }
  }

  /** What other chains may ask. */
  get fact(): UnitFact {
    return { parent: this.#parent, formerParents: [...this.#formerParents], admins: this.admins.id };
  }

  /** The keyring of the unit's patient files. */
  get data(): KeyringRef | null {
    return this.#data;
  }

  /** The unit's decisions. */
  get policy(): UnitPolicy {
    return this.#policy;
  }

  /** The members the unit vouches for, by user. */
  get members(): ReadonlyMap<Hex, Attested> {
    return this.#members;
  }
}

function sameAttestation(a: Attestation, b: Attestation): boolean {
  return a.root === b.root && a.standing === b.standing && a.name === b.name && a.email === b.email;
}
