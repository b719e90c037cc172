/**
 * Verified chains held in memory, answering {@link Facts}: what a client keeps.
 *
 * `userLink`, `keyringLink` and `unitLink` verify what they are given. They are asynchronous; several may run at once, and
 * of two for the same place of a chain the slower is refused.
 *
 * Not known here: where the links come from.
 */
import type { Hex } from '../wire/bytes';
import { check } from './error';
import type {
  DeviceStanding,
  Facts,
  GenerationFact,
  Held,
  KeyringFact,
  Mode,
  Owner,
  SignerFact,
  UnitFact,
  UserFact,
} from './facts';
import { KeyringChain } from './keyring';
import { ANCESTRY_MAX } from './limits';
import { UnitChain } from './unit';
import { UserChain } from './user';

/** What is known, by id. */
interface Known {
  readonly users: Map<Hex, UserChain>;
  readonly keyrings: Map<Hex, KeyringChain>;
  readonly units: Map<Hex, UnitChain>;
  /** By thread and position. */
  readonly heads: Map<string, Hex>;
  /** By thread and id. */
  readonly seen: Set<string>;
}

/** Answers from what is known; all but one keyring, where that one's own chain is being checked. */
class Answers implements Facts {
  readonly #known: Known;
  readonly #hidden: Hex | null;

  constructor(known: Known, hidden: Hex | null) {
    this.#known = known;
    this.#hidden = hidden;
  }

  #chain(keyring: Hex): KeyringChain | undefined {
    return keyring === this.#hidden ? undefined : this.#known.keyrings.get(keyring);
  }

  signer(user: Hex, seq: number): SignerFact | null {
    return this.#known.users.get(user)?.signerAt(seq) ?? null;
  }

  device(user: Hex, device: Hex, seq: number): DeviceStanding | null {
    return this.#known.users.get(user)?.deviceAt(device, seq) ?? null;
  }

  user(user: Hex): UserFact | null {
    return this.#known.users.get(user)?.fact ?? null;
  }

  keyring(keyring: Hex): KeyringFact | null {
    return this.#chain(keyring)?.fact ?? null;
  }

  generation(keyring: Hex, generation: number): GenerationFact | null {
    return this.#chain(keyring)?.generationFact(generation) ?? null;
  }

  holds(keyring: Hex, user: Hex, seq: number): Held | null {
    const chain = this.#chain(keyring);
    if (chain === undefined || seq < 1 || seq > chain.tail.seq) return null;
    if (chain.owner.kind === 'user') {
      const own = chain.owner.id === user;
      return { at: own, now: own };
    }
    if (!this.#knowsInside(chain, 0)) return null;
    return { at: this.#among(chain.tenures(seq), user, 0, false), now: this.#inside(keyring, user, 0, true) };
  }

  unit(unit: Hex): UnitFact | null {
    return this.#known.units.get(unit)?.fact ?? null;
  }

  headAt(thread: Hex, n: number): Hex | null {
    return this.#known.heads.get(`${thread} ${n}`) ?? null;
  }

  seen(thread: Hex, msgId: Hex): boolean {
    return this.#known.seen.has(`${thread} ${msgId}`);
  }

  /**
   * Whether `user` is among these holders, directly or through a keyring inside; `now` follows members of today only,
   * otherwise those of any time.
   */
  #among(holders: Iterable<readonly [Hex, Owner]>, user: Hex, depth: number, now: boolean): boolean {
    for (const [id, owner] of holders) {
      if (
        owner.kind === 'user'
          ? owner.id === user
          : depth < ANCESTRY_MAX && this.#inside(id, user, depth + 1, now)
      ) {
        return true;
      }
    }
    return false;
  }

  #inside(keyring: Hex, user: Hex, depth: number, now: boolean): boolean {
    const chain = this.#chain(keyring);
    if (chain === undefined) return false;
    const today = [...chain.members].map(([id, member]): [Hex, Owner] => [id, member.owner]);
    return this.#among(now ? today : chain.everMembers(), user, depth, now);
  }

  /** Whether every keyring that membership leads through is here: what is not known is not answered with no. */
  #knowsInside(chain: KeyringChain, depth: number): boolean {
    return chain.everMembers().every(([id, owner]) => {
      if (owner.kind === 'user' || depth >= ANCESTRY_MAX) return true;
      const inner = this.#chain(id);
      return inner !== undefined && this.#knowsInside(inner, depth + 1);
    });
  }
}

/** Chains by id. The number held is the caller's to bound. */
export class Directory extends Answers {
  readonly #known: Known;

  constructor() {
    const known = {
      users: new Map<Hex, UserChain>(),
      keyrings: new Map<Hex, KeyringChain>(),
      units: new Map<Hex, UnitChain>(),
      heads: new Map<string, Hex>(),
      seen: new Set<string>(),
    };
    super(known, null);
    this.#known = known;
  }

  /** Verifies a link of a user chain and takes it in; a root starts the chain. On an error nothing changes. */
  async userLink(user: Hex, bytes: Uint8Array, mode: Mode): Promise<void> {
    const chain = this.#known.users.get(user);
    if (chain !== undefined) {
      await chain.append(bytes, this, mode);
      return;
    }
    const started = await UserChain.start(bytes);
    check(started.user === user, 'WrongChain');
    check(!this.#known.users.has(user), 'MisplacedRoot'); // somebody was faster
    this.#known.users.set(user, started);
  }

  /** Verifies a link of a keyring chain and takes it in; `create` starts the chain. On an error nothing changes. */
  async keyringLink(keyring: Hex, bytes: Uint8Array, mode: Mode): Promise<void> {
    const chain = this.#known.keyrings.get(keyring);
    if (chain !== undefined) {
      // A keyring is not asked about while its own chain is checked: it cannot vouch for itself.
      await chain.append(bytes, this.without(keyring), mode);
      return;
    }
    const started = await KeyringChain.start(bytes, this, mode);
    check(started.id === keyring, 'WrongChain');
    check(!this.#known.keyrings.has(keyring), 'MisplacedRoot'); // somebody was faster
    this.#known.keyrings.set(keyring, started);
  }

  /** The same answers, but none about this keyring. */
  protected without(keyring: Hex): Facts {
    return new Answers(this.#known, keyring);
  }

  /** Verifies a link of a unit chain and takes it in; a genesis starts the chain. On an error nothing changes. */
  async unitLink(unit: Hex, bytes: Uint8Array, mode: Mode): Promise<void> {
    const chain = this.#known.units.get(unit);
    if (chain !== undefined) {
      await chain.append(bytes, this, mode);
      return;
    }
    const started = await UnitChain.start(bytes, this, mode);
    check(started.unit === unit, 'WrongChain');
    check(!this.#known.units.has(unit), 'MisplacedRoot'); // somebody was faster
    this.#known.units.set(unit, started);
  }

  /** Forgets a chain, to fetch it anew. */
  forget(chain: 'user' | 'keyring' | 'unit', id: Hex): void {
    ({ user: this.#known.users, keyring: this.#known.keyrings, unit: this.#known.units })[chain].delete(id);
  }

  /** Remembers a thread's head, so that anchors at it can be checked. */
  putHead(thread: Hex, n: number, head: Hex): void {
    this.#known.heads.set(`${thread} ${n}`, head);
  }

  /** Remembers an entry's id, so that it is not used twice. */
  putSeen(thread: Hex, msgId: Hex): void {
    this.#known.seen.add(`${thread} ${msgId}`);
  }

  /** Forgets heads and ids of a thread that is no longer at hand. */
  forgetThread(thread: Hex): void {
    for (const key of [...this.#known.heads.keys()])
      if (key.startsWith(thread)) this.#known.heads.delete(key);
    for (const key of [...this.#known.seen]) if (key.startsWith(thread)) this.#known.seen.delete(key);
  }

  /** A user's chain. */
  userChain(user: Hex): UserChain | null {
    return this.#known.users.get(user) ?? null;
  }

  /** A keyring's chain. */
  keyringChain(keyring: Hex): KeyringChain | null {
    return this.#known.keyrings.get(keyring) ?? null;
  }

  /** Every keyring's chain at hand. */
  get keyringChains(): Iterable<KeyringChain> {
    return this.#known.keyrings.values();
  }

  /** A unit's chain. */
  unitChain(unit: Hex): UnitChain | null {
    return this.#known.units.get(unit) ?? null;
  }
}
