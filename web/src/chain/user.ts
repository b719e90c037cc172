/**
 * The user chain: a person's signing keys, devices, vault versions and recovery.
 *
 * The author of every link is the user itself, with `author_chain_seq = seq - 1` (0 at the root) and no capacity.
 * Methods that verify are asynchronous; of two links for the same place the slower is refused.
 *
 * Not known here: names, passwords, what the vault holds.
 */
import type { Hex } from '../wire/bytes';
import { check, known, refuse } from './error';
import {
  administers,
  checkCapacity,
  isAppend,
  type DeviceStanding,
  type Facts,
  type Mode,
  type SignerFact,
  type UserFact,
} from './facts';
import { LABEL_RESET, LABEL_ROTATE } from './hash';
import type { PublicKey } from './keys';
import { DEVICES_MAX, SIGNING_KEYS_MAX } from './limits';
import { Link, Tail, type Place } from './link';
import { USER_BODIES, keyStatement, type Approval, type UserBody } from './user_body';

/** A device on the chain. */
export interface Device {
  /** Its own key. */
  readonly key: PublicKey;
  /** Position of the link that added it. */
  readonly sinceSeq: number;
  /** Position of the link that revoked it. */
  readonly revokedSeq: number | null;
}

/** A verified user chain. */
export class UserChain {
  readonly #keys: { readonly seq: number; readonly key: PublicKey }[];
  readonly #devices = new Map<Hex, Device>();
  readonly #attestations = new Map<Hex, Hex>();
  readonly #resets: number[] = [];
  #vault: { readonly version: number; readonly hash: Hex } | null = null;
  #recovery: Hex | null;

  private constructor(
    /** Whose chain it is. */
    readonly user: Hex,
    /** Positions and hashes. */
    readonly tail: Tail,
    /** What the root says. */
    readonly fact: UserFact,
    root: { readonly key: PublicKey; readonly recovery: Hex | null },
  ) {
    this.#keys = [{ seq: 1, key: root.key }];
    this.#recovery = root.recovery;
  }

  /** Starts a chain from its root link. */
  static async start(bytes: Uint8Array): Promise<UserChain> {
    const link = Link.parse(USER_BODIES, bytes);
    if (link.body.t !== 'root') refuse('MisplacedRoot');
    const { key, personal, inbox, recovery } = link.body;
    const user = link.core.author.user;
    const tail = new Tail(user);
    tail.check(link.core.place);
    checkSelf(link, tail);
    await link.verify(key);
    const root = link.signed.linkHash();
    tail.push(root);
    return new UserChain(user, tail, { root, personal, inbox }, { key, recovery });
  }

  /** Verifies a whole chain from its root on. */
  static async replay(links: Iterable<Uint8Array>, facts: Facts): Promise<UserChain> {
    const [first, ...rest] = links;
    const chain = await UserChain.start(known(first, 'MisplacedRoot'));
    for (const link of rest) await chain.append(link, facts, 'replay');
    return chain;
  }

  /** Verifies the next link and takes it in. On an error nothing changes. */
  async append(bytes: Uint8Array, facts: Facts, mode: Mode): Promise<UserBody> {
    const link = Link.parse(USER_BODIES, bytes);
    this.tail.check(link.core.place);
    checkSelf(link, this.tail);
    check(link.body.t !== 'root', 'MisplacedRoot');
    await link.verify(link.body.t === 'recovery_reset' ? link.body.key : this.key);
    await this.#check(link.body, link.core.place, facts, mode);
    this.tail.check(link.core.place); // another link may have come in meanwhile
    this.tail.push(link.signed.linkHash());
    this.#take(link.body, link.core.place.seq);
    return link.body;
  }

  async #check(body: UserBody, place: Place, facts: Facts, mode: Mode): Promise<void> {
    switch (body.t) {
      case 'root':
        return refuse('MisplacedRoot');
      case 'device_add':
        check(!this.#devices.has(body.device), 'DeviceExists');
        check(this.#devices.size < DEVICES_MAX, 'ChainFull');
        return;
      case 'device_revoke':
        check(known(this.#devices.get(body.device), 'DeviceUnknown').revokedSeq === null, 'RevokedDevice');
        return;
      case 'rotate':
        return this.#checkNewKey(place, body);
      case 'vault':
        check(body.version === (this.#vault?.version ?? 0) + 1, 'WrongGeneration');
        return;
      case 'recovery_renewed':
        return;
      case 'recovery_reset':
        await this.#checkNewKey(place, body);
        return this.#checkApprovals(place, body, facts, mode);
      case 'attestation':
        check(body.link !== null || this.#attestations.has(body.unit), 'AttestationState');
    }
  }

  async #checkNewKey(
    place: Place,
    body: { readonly generation: number; readonly key: PublicKey; readonly proof: Uint8Array },
  ): Promise<void> {
    check(body.generation === this.generation + 1, 'WrongGeneration');
    check(this.#keys.length < SIGNING_KEYS_MAX, 'ChainFull');
    check(!this.#keys.some((old) => old.key.id === body.key.id), 'KeyReused');
    check(await body.key.verifies(LABEL_ROTATE, keyStatement(place, body.key), body.proof), 'BadProof');
  }

  async #checkApprovals(
    place: Place,
    body: { readonly key: PublicKey; readonly unit: Hex; readonly approvals: readonly Approval[] },
    facts: Facts,
    mode: Mode,
  ): Promise<void> {
    check(this.#attestations.has(body.unit), 'NotAuthorized');
    const others = body.approvals.every((approval) => approval.admin !== this.user);
    check(body.approvals.length === 2 && others, 'ApprovalsMissing');
    for (const approval of body.approvals) {
      checkCapacity(approval.admin, approval.capacity, facts, mode);
      check(administers(approval.capacity.keyring, body.unit, facts, mode), 'NotAuthorized');
      const signer = known(facts.signer(approval.admin, approval.chainSeq), 'UnknownSigner');
      check(!isAppend(mode) || signer.current, 'SupersededKey');
      await signer.key.verify(LABEL_RESET, keyStatement(place, body.key), approval.sig);
    }
  }

  #take(body: UserBody, seq: number): void {
    switch (body.t) {
      case 'root':
        break;
      case 'device_add':
        this.#devices.set(body.device, { key: body.key, sinceSeq: seq, revokedSeq: null });
        break;
      case 'device_revoke':
        this.#revoke(body.device, seq);
        break;
      case 'rotate':
        this.#keys.push({ seq, key: body.key });
        break;
      case 'vault':
        this.#vault = { version: body.version, hash: body.hash };
        break;
      case 'recovery_renewed':
        this.#recovery = body.recovery;
        break;
      case 'recovery_reset':
        this.#keys.push({ seq, key: body.key });
        this.#resets.push(seq);
        for (const device of [...this.#devices.keys()]) this.#revoke(device, seq);
        break;
      case 'attestation':
        if (body.link === null) this.#attestations.delete(body.unit);
        else this.#attestations.set(body.unit, body.link);
    }
  }

  #revoke(id: Hex, seq: number): void {
    const device = this.#devices.get(id);
    if (device?.revokedSeq === null) this.#devices.set(id, { ...device, revokedSeq: seq });
  }

  /** The signing key in force. */
  get key(): PublicKey {
    return known(this.#keys.at(-1), 'UnknownSigner').key;
  }

  /** Number of the signing key in force, from 1. */
  get generation(): number {
    return this.#keys.length;
  }

  /** The signing key in force at a position. */
  signerAt(seq: number): SignerFact | null {
    if (seq < 1 || seq > this.tail.seq) return null;
    const generation = this.#keys.filter((since) => since.seq <= seq).length;
    const since = this.#keys[generation - 1];
    return since === undefined
      ? null
      : { key: since.key, generation, current: generation === this.generation };
  }

  /** How a device stands at a position. */
  deviceAt(id: Hex, seq: number): DeviceStanding {
    const device = this.#devices.get(id);
    if (device === undefined) return 'unlisted';
    if (device.revokedSeq === null) return 'live';
    return device.revokedSeq > seq ? 'revokedSince' : 'revoked';
  }

  /** The devices on the chain, revoked ones included. */
  get devices(): ReadonlyMap<Hex, Device> {
    return this.#devices;
  }

  /** Version and hash of the newest vault. */
  get vault(): { readonly version: number; readonly hash: Hex } | null {
    return this.#vault;
  }

  /** Public key of the recovery code. */
  get recovery(): Hex | null {
    return this.#recovery;
  }

  /** The attestation link of a unit that the user accepted. */
  attestation(unit: Hex): Hex | null {
    return this.#attestations.get(unit) ?? null;
  }

  /** Positions at which administrators reset the keys: each makes verified contacts unverified. */
  get resets(): readonly number[] {
    return this.#resets;
  }
}

function checkSelf(link: Link<UserBody>, tail: Tail): void {
  const { author, place } = link.core;
  check(author.user === place.chainId && author.capacity === null, 'NotAuthorized');
  check(author.chainSeq === tail.seq, 'SeqMismatch');
}
