/**
 * Verified chains, fetched as they are needed, and the pins they are held against.
 *
 * Whatever the validator does not know, it asks here; what is not at hand is noted, fetched, verified, and the
 * question is asked again. A chain that does not continue from what was verified before is an attack. Calls must not
 * overlap: the client does one thing at a time.
 *
 * Not known here: seeds and messages.
 */

import { Directory } from '../../chain/directory';
import { ChainError } from '../../chain/error';
import type {
  DeviceStanding,
  Facts,
  GenerationFact,
  Held,
  KeyringFact,
  SignerFact,
  UnitFact,
  UserFact,
} from '../../chain/facts';
import type { Tail } from '../../chain/link';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { LIMITS } from '../../wire/gen/wire';
import type { ChainKind } from '../../wire/gen/wire';
import type { Trouble } from './errors';
import { hold, hostile, ofLink } from './errors';
import type { Rpc } from './rpc';

/** Chains that one question may lead to: more than any chain of this protocol can rest on. */
const FETCHES_MAX = 8_192;

/** Times a question is asked again because what it missed has come. */
const ROUNDS_MAX = 64;

/** A chain by kind and id, as one word. */
export type ChainName = `${ChainKind} ${Hex}`;

/** Names a chain. */
export function chainName(kind: ChainKind, id: Hex): ChainName {
  return `${kind} ${id}`;
}

/** What was verified of a chain in an earlier run. */
export interface Pin {
  /** Hash of its first link. */
  readonly first: Hex;
  /** Its length then. */
  readonly seq: number;
  /** Hash of its last link then. */
  readonly head: Hex;
}

/** Chains in memory that note what they were asked and did not know. */
class NotingDirectory extends Directory {
  readonly missed = new Set<ChainName>();

  override signer(user: Hex, seq: number): SignerFact | null {
    return this.miss('user', user, super.signer(user, seq));
  }

  override device(user: Hex, device: Hex, seq: number): DeviceStanding | null {
    return this.miss('user', user, super.device(user, device, seq));
  }

  override user(user: Hex): UserFact | null {
    return this.miss('user', user, super.user(user));
  }

  override keyring(keyring: Hex): KeyringFact | null {
    return this.miss('keyring', keyring, super.keyring(keyring));
  }

  override generation(keyring: Hex, generation: number): GenerationFact | null {
    return this.miss('keyring', keyring, super.generation(keyring, generation));
  }

  override holds(keyring: Hex, user: Hex, seq: number): Held | null {
    return this.missHolder(keyring, super.holds(keyring, user, seq));
  }

  /** What is missing while a keyring's own chain is checked is missing too. */
  protected override without(keyring: Hex): Facts {
    const facts = super.without(keyring);
    return {
      signer: (user, seq) => this.miss('user', user, facts.signer(user, seq)),
      device: (user, device, seq) => this.miss('user', user, facts.device(user, device, seq)),
      user: (user) => this.miss('user', user, facts.user(user)),
      keyring: (id) => this.miss('keyring', id, facts.keyring(id)),
      generation: (id, generation) => this.miss('keyring', id, facts.generation(id, generation)),
      holds: (id, user, seq) => this.missHolder(id, facts.holds(id, user, seq)),
      unit: (unit) => this.miss('unit', unit, facts.unit(unit)),
      headAt: (thread, n) => facts.headAt(thread, n),
      seen: (thread, msgId) => facts.seen(thread, msgId),
    };
  }

  private missHolder(keyring: Hex, answer: Held | null): Held | null {
    if (answer !== null) return answer;
    const before = this.missed.size;
    this.missNested(keyring, new Set());
    // Everything inside is at hand: its own chain is not, or not long enough.
    if (this.missed.size === before) this.missed.add(chainName('keyring', keyring));
    return null;
  }

  override unit(unit: Hex): UnitFact | null {
    return this.miss('unit', unit, super.unit(unit));
  }

  private miss<T>(kind: ChainKind, id: Hex, answer: T | null): T | null {
    if (answer === null) this.missed.add(chainName(kind, id));
    return answer;
  }

  /** Notes whatever membership of a keyring leads through and is not at hand. */
  private missNested(keyring: Hex, path: Set<Hex>): void {
    if (path.has(keyring)) return;
    path.add(keyring);
    const chain = this.keyringChain(keyring);
    if (chain === null) this.missed.add(chainName('keyring', keyring));
    for (const [inner, owner] of chain?.everMembers() ?? [])
      if (owner.kind === 'unit') this.missNested(inner, path);
  }
}

/** Verified chains. */
export class Book {
  readonly #rpc: Rpc;
  readonly #chains = new NotingDirectory();
  readonly #pins: Map<ChainName, Pin>;
  /** The recovery that asks in place of a session, for the chain of its own user only. */
  readonly #login: Uint8Array | null;

  constructor(rpc: Rpc, pins: Iterable<readonly [ChainName, Pin]>, login: Uint8Array | null = null) {
    this.#login = login;
    this.#rpc = rpc;
    this.#pins = new Map(pins);
  }

  /** The chains. Ask only through {@link decide} what may lead to chains that are not at hand. */
  get chains(): Directory {
    return this.#chains;
  }

  /** Pins of everything that was verified, now or earlier. */
  get pins(): ReadonlyMap<ChainName, Pin> {
    return this.#pins;
  }

  /** Holds chains against pins of another device too; one that is longer wins. */
  pinAlso(pins: Iterable<readonly [ChainName, Pin]>): void {
    for (const [name, pin] of pins) {
      const known = this.#pins.get(name);
      hold(!known || known.first === pin.first, 'H01');
      if (!known || known.seq < pin.seq) this.#pins.set(name, pin);
    }
  }

  /** Has a chain at hand, fetching it if it is not. */
  async need(kind: ChainKind, id: Hex): Promise<void> {
    if (this.tail(kind, id) === null) await this.refresh(kind, id);
  }

  /**
   * Fetches what a chain has grown by, verifying it and whatever it rests on. When something does not hold, nothing of
   * what was fetched and not yet held against its pin is kept: what was noticed once must not be used from then on.
   */
  async refresh(kind: ChainKind, id: Hex): Promise<void> {
    const fetched = new Map<ChainName, Uint8Array[]>();
    const doubted = new Set<ChainName>();
    try {
      await this.refreshAll(kind, id, fetched, doubted);
    } catch (error) {
      for (const name of doubted) this.#chains.forget(...split(name));
      throw error;
    }
  }

  private async refreshAll(
    kind: ChainKind,
    id: Hex,
    fetched: Map<ChainName, Uint8Array[]>,
    doubted: Set<ChainName>,
  ): Promise<void> {
    const stack: { kind: ChainKind; id: Hex }[] = [{ kind, id }];
    let fetches = 0;
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const name = chainName(top.kind, top.id);
      let queue = fetched.get(name);
      if (!queue) {
        fetches += 1;
        if (fetches > FETCHES_MAX) throw ofLink(new ChainError('ChainFull'));
        queue = await this.fetch(top.kind, top.id);
        fetched.set(name, queue);
        doubted.add(name);
      }
      const under = new Set(stack.map((one) => chainName(one.kind, one.id)));
      const restsOn = await this.takeIn(top.kind, top.id, queue, under);
      if (restsOn.length === 0) {
        this.checkPin(top.kind, top.id);
        doubted.delete(name);
        stack.pop();
        continue;
      }
      for (const missed of restsOn) {
        // What was fetched in this round and is still not enough will not get better.
        if (fetched.get(missed)?.length === 0) fetched.delete(missed);
        const [missedKind, missedId] = split(missed);
        stack.push({ kind: missedKind, id: missedId });
      }
    }
  }

  /** Verifies links in order; answers the chains that must be fetched before it can go on. */
  private async takeIn(
    kind: ChainKind,
    id: Hex,
    queue: Uint8Array[],
    under: ReadonlySet<ChainName>,
  ): Promise<ChainName[]> {
    for (let link = queue[0]; link; link = queue[0]) {
      this.#chains.missed.clear();
      try {
        if (kind === 'user') await this.#chains.userLink(id, link, 'replay');
        else if (kind === 'keyring') await this.#chains.keyringLink(id, link, 'replay');
        else await this.#chains.unitLink(id, link, 'replay');
        queue.shift();
      } catch (error) {
        const restsOn = [...this.#chains.missed].filter((missed) => !under.has(missed));
        if (restsOn.length === 0) throw ofLink(error);
        return restsOn;
      }
    }
    return [];
  }

  private async fetch(kind: ChainKind, id: Hex): Promise<Uint8Array[]> {
    const all: Uint8Array[] = [];
    const known = this.tail(kind, id);
    const pinned = this.#pins.get(chainName(kind, id))?.seq ?? 0;
    const seq = known?.seq ?? 0;
    for (let after = seq; ;) {
      const max = LIMITS.PAGE_ENTRIES_MAX;
      const page = await this.#rpc.call('GetLinks', {
        chain: kind,
        id: unhex(id),
        after,
        max,
        ...(this.#login ? { login: this.#login } : {}),
      });
      hold(page.n >= Math.max(seq, pinned), 'H04');
      hold(page.n !== seq || !known?.head || known.head === hex(page.head), 'H03');
      if (page.links.length === 0 && after < page.n) throw hostile('H04');
      after += page.links.length;
      all.push(...page.links);
      if (after >= page.n) return all;
    }
  }

  /** Holds a chain against its pin and moves the pin. */
  private checkPin(kind: ChainKind, id: Hex): void {
    const tail = this.tail(kind, id);
    const first = tail?.hashAt(1);
    if (!tail?.head || !first) return;
    const name = chainName(kind, id);
    const pin = this.#pins.get(name);
    if (pin) {
      hold(pin.first === first, 'H01');
      // Another first link makes every other link another one too.
      if (pin.first === first) {
        hold(tail.seq >= pin.seq, 'H04');
        hold(tail.seq < pin.seq || tail.hashAt(pin.seq) === pin.head, 'H03');
      }
    }
    this.#pins.set(name, { first, seq: tail.seq, head: tail.head });
  }

  /** Asks a question of the validator, fetching what it misses until it has an answer. `wrong` names its refusal. */
  async decide<T>(wrong: (error: unknown) => Trouble, question: () => Promise<T>): Promise<T> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      this.#chains.missed.clear();
      try {
        return await question();
      } catch (error) {
        const missed = [...this.#chains.missed].map(split);
        if (!(error instanceof ChainError) || missed.length === 0) throw wrong(error);
        const before = this.lengthOf(missed);
        for (const [kind, id] of missed) await this.refresh(kind, id);
        if (this.lengthOf(missed) === before) throw wrong(error);
      }
    }
    throw ofLink(new ChainError('ChainFull'));
  }

  private lengthOf(names: readonly (readonly [ChainKind, Hex])[]): number {
    return names.reduce((sum, [kind, id]) => sum + (this.tail(kind, id)?.seq ?? 0), 0);
  }

  private tail(kind: ChainKind, id: Hex): Tail | null {
    if (kind === 'user') return this.#chains.userChain(id)?.tail ?? null;
    if (kind === 'keyring') return this.#chains.keyringChain(id)?.tail ?? null;
    return this.#chains.unitChain(id)?.tail ?? null;
  }
}

function split(name: ChainName): [ChainKind, Hex] {
  const [kind, id] = name.split(' ');
  const known = kind === 'user' || kind === 'keyring' || kind === 'unit' ? kind : 'user';
  return [known, id ?? ''];
}
