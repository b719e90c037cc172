/**
 * Verified chains held in memory, answering {@link Facts}: what a client keeps.
 *
 * `userLink`, `keyringLink` and `unitLink` verify what they are given. They are asynchronous and must not run at the
 * same time on one directory: a chain that is half verified would be asked about.
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

/** Chains by id. The number held is the caller's to bound. */
export class Directory implements Facts {
  readonly #users = new Map<Hex, UserChain>();
  readonly #keyrings = new Map<Hex, KeyringChain>();
  readonly #units = new Map<Hex, UnitChain>();
  readonly #heads = new Map<string, Hex>();
  readonly #seen = new Set<string>();

  /** Verifies a link of a user chain and takes it in; a root starts the chain. On an error nothing changes. */
  async userLink(user: Hex, bytes: Uint8Array, mode: Mode): Promise<void> {
    const chain = this.#users.get(user);
    if (chain !== undefined) {
      await chain.append(bytes, this, mode);
      return;
    }
    const started = await UserChain.start(bytes);
    check(started.user === user, 'WrongChain');
    this.#users.set(user, started);
  }

  /** Verifies a link of a keyring chain and takes it in; `create` starts the chain. On an error nothing changes. */
  async keyringLink(keyring: Hex, bytes: Uint8Array, mode: Mode): Promise<void> {
    const chain = this.#keyrings.get(keyring);
    if (chain !== undefined) {
      // A keyring is not asked about while its own chain is checked: it cannot vouch for itself.
      this.#keyrings.delete(keyring);
      try {
        await chain.append(bytes, this, mode);
      } finally {
        this.#keyrings.set(keyring, chain);
      }
      return;
    }
    const started = await KeyringChain.start(bytes, this, mode);
    check(started.id === keyring, 'WrongChain');
    this.#keyrings.set(keyring, started);
  }

  /** Verifies a link of a unit chain and takes it in; a genesis starts the chain. On an error nothing changes. */
  async unitLink(unit: Hex, bytes: Uint8Array, mode: Mode): Promise<void> {
    const chain = this.#units.get(unit);
    if (chain !== undefined) {
      await chain.append(bytes, this, mode);
      return;
    }
    const started = await UnitChain.start(bytes, this, mode);
    check(started.unit === unit, 'WrongChain');
    this.#units.set(unit, started);
  }

  /** Forgets a chain, to fetch it anew. */
  forget(chain: 'user' | 'keyring' | 'unit', id: Hex): void {
    ({ user: this.#users, keyring: this.#keyrings, unit: this.#units })[chain].delete(id);
  }

  /** Remembers a thread's head, so that anchors at it can be checked. */
  putHead(thread: Hex, n: number, head: Hex): void {
    this.#heads.set(`${thread} ${n}`, head);
  }

  /** Remembers an entry's id, so that it is not used twice. */
  putSeen(thread: Hex, msgId: Hex): void {
    this.#seen.add(`${thread} ${msgId}`);
  }

  /** Forgets heads and ids of a thread that is no longer at hand. */
  forgetThread(thread: Hex): void {
    for (const key of [...this.#heads.keys()]) if (key.startsWith(thread)) this.#heads.delete(key);
    for (const key of [...this.#seen]) if (key.startsWith(thread)) this.#seen.delete(key);
  }

  /** A user's chain. */
  userChain(user: Hex): UserChain | null {
    return this.#users.get(user) ?? null;
  }

  /** A keyring's chain. */
  keyringChain(keyring: Hex): KeyringChain | null {
    return this.#keyrings.get(keyring) ?? null;
  }

  /** A unit's chain. */
  unitChain(unit: Hex): UnitChain | null {
    return this.#units.get(unit) ?? null;
  }

  signer(user: Hex, seq: number): SignerFact | null {
    return this.#users.get(user)?.signerAt(seq) ?? null;
  }

  device(user: Hex, device: Hex, seq: number): DeviceStanding | null {
    return this.#users.get(user)?.deviceAt(device, seq) ?? null;
  }

  user(user: Hex): UserFact | null {
    return this.#users.get(user)?.fact ?? null;
  }

  keyring(keyring: Hex): KeyringFact | null {
    return this.#keyrings.get(keyring)?.fact ?? null;
  }

  generation(keyring: Hex, generation: number): GenerationFact | null {
    return this.#keyrings.get(keyring)?.generationFact(generation) ?? null;
  }

  holds(keyring: Hex, user: Hex, seq: number): Held | null {
    const chain = this.#keyrings.get(keyring);
    if (chain === undefined || seq < 1 || seq > chain.tail.seq) return null;
    if (chain.owner.kind === 'user') {
      const own = chain.owner.id === user;
      return { at: own, now: own };
    }
    if (!this.#knowsInside(chain, 0)) return null;
    return { at: this.#among(chain.tenures(seq), user, 0, false), now: this.#inside(keyring, user, 0, true) };
  }

  unit(unit: Hex): UnitFact | null {
    return this.#units.get(unit)?.fact ?? null;
  }

  headAt(thread: Hex, n: number): Hex | null {
    return this.#heads.get(`${thread} ${n}`) ?? null;
  }

  seen(thread: Hex, msgId: Hex): boolean {
    return this.#seen.has(`${thread} ${msgId}`);
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
    const chain = this.#keyrings.get(keyring);
    if (chain === undefined) return false;
    const today = [...chain.members].map(([id, member]): [Hex, Owner] => [id, member.owner]);
    return this.#among(now ? today : chain.everMembers(), user, depth, now);
  }

  /** Whether every keyring that membership leads through is here: what is not known is not answered with no. */
  #knowsInside(chain: KeyringChain, depth: number): boolean {
    return chain.everMembers().every(([id, owner]) => {
      if (owner.kind === 'user' || depth >= ANCESTRY_MAX) return true;
      const inner = this.#keyrings.get(id);
      return inner !== undefined && this.#knowsInside(inner, depth + 1);
    });
  }
}
