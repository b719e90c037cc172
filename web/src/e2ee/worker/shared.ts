/**
 * The two ciphertext objects beside the vault that a person's devices share through the server: the key index, from
 * which a list of threads has its titles, and the pins, against which every device holds what it is served.
 *
 * Pins are read when the client comes in, the key index after them, both again when another device has written. What
 * this run has learnt goes into them at most once a minute; a lost race is merged.
 *
 * Not known here: how a thread or chain is verified. Everything here runs inside `Inside.alone`.
 */

import type { Hex } from '../../wire/bytes';
import { ERROR_CODE } from '../../wire/gen/wire';
import type { ObjectKind } from '../../wire/gen/wire';
import { E2eeError } from '../error';
import { Seeds, historyOf } from '../generations';
import { chainKey, chainOfKey, cutTitle, openKeyIndex, openPins, sealKeyIndex, sealPins } from '../objects';
import type { KeyIndex, ObjectOpening, Pins } from '../objects';
import { chainName } from './book';
import type { ChainName, Pin } from './book';
import { Trouble, hostile, local } from './errors';
import type { Inside, ThreadPin } from './inside';
import { freshIdem } from './outgoing';
import { ofSecret } from './secrets';
import type { Thread } from './thread';

/** Milliseconds between two writings: each is rewritten as a whole, and the server takes no more. */
export const SHARE_EVERY_MS = 60_000;

/** Threads of the key index this client writes: 180 bytes each with the longest title, within one request. */
const INDEX_MAX = 1_200;
/** Threads of the pins it writes, 60 bytes each; with the chains, 100 bytes each, within one request. */
const THREADS_MAX = 2_000;
const CHAINS_MAX = 1_000;

/** One of the objects. */
interface Known<C> {
  content: C;
  /** The newest version this device has seen. */
  seen: number;
  hasChanged: boolean;
  /** Another device has written since it was read. */
  isOld: boolean;
}

/** The objects as this run knows them. */
export class Shared {
  readonly #inside: Inside;
  readonly #titled: (thread: Hex, title: string) => void;
  readonly #index: Known<KeyIndex> = { content: new Map(), seen: 0, hasChanged: false, isOld: true };
  readonly #pins: Known<Pins> = {
    content: { chains: new Map(), threads: new Map() },
    seen: 0,
    hasChanged: false,
    isOld: true,
  };

  /** `titled` is told the titles that the index knows. */
  constructor(inside: Inside, titled: (thread: Hex, title: string) => void) {
    this.#inside = inside;
    this.#titled = titled;
    // An older one than an earlier page has seen is a lie too.
    this.#index.seen = inside.saved.objects?.keyIndex ?? 0;
    this.#pins.seen = inside.saved.objects?.pins ?? 0;
    inside.indexed = (thread, epoch) => {
      this.insertSeed(thread, epoch);
    };
  }

  /** Reads the pins and holds against them what is known. */
  async readPins(): Promise<void> {
    const { object, how } = await this.fetch('pins', this.#pins.seen);
    const theirs = await opened(() => openPins(object, how));
    this.saw(this.#pins, object.version);
    this.#pins.isOld = false;
    for (const [thread, pin] of theirs.threads) this.takeThreadPin(thread, pin);
    const chains: [ChainName, Pin][] = [];
    for (const [key, pin] of theirs.chains) {
      const { type, id } = chainOfKey(key);
      chains.push([chainName(type, id), pin]);
      const known = this.#pins.content.chains.get(key);
      if (!known || known.seq <= pin.seq) this.#pins.content.chains.set(key, pin);
    }
    this.#inside.book.pinAlso(chains);
  }

  /** Reads the key index, if it is older than what is known to be there. */
  async readIndex(): Promise<void> {
    if (!this.#index.isOld) return;
    const { object, how } = await this.fetch('key_index', this.#index.seen);
    const theirs = await opened(() => openKeyIndex(object, how));
    this.saw(this.#index, object.version);
    this.#index.isOld = false;
    for (const [thread, entry] of theirs) {
      const known = this.#index.content.get(thread);
      if (known && known.epoch > entry.epoch) continue;
      this.#index.content.set(thread, entry);
      if (entry.title !== null) this.#titled(thread, entry.title);
    }
  }

  /** Another device has written one of them. */
  async changed(kind: ObjectKind, version: number): Promise<void> {
    if (kind === 'key_index' && version > this.#index.seen) {
      this.#index.isOld = true;
      await this.readIndex();
    }
    if (kind === 'pins' && version > this.#pins.seen) await this.readPins();
  }

  /** Writes what this run has learnt. What the server does not take now stays for the next time. */
  async share(): Promise<void> {
    // Without them what other devices wrote would be lost.
    if (this.#pins.isOld) await this.readPins();
    await this.readIndex();
    this.learn();
    if (this.#pins.hasChanged && !(await this.put('pins'))) {
      await this.readPins();
      this.learn();
      await this.put('pins');
    }
    if (this.#index.hasChanged && !(await this.put('key_index'))) {
      this.#index.isOld = true;
      await this.readIndex();
      this.learn();
      await this.put('key_index');
    }
  }

  /** Gives a thread's keys the seed out of the index, checked against what was signed about its epoch. */
  private insertSeed(thread: Thread, epoch: number): void {
    const entry = this.#index.content.get(thread.id);
    if (!entry || entry.epoch < epoch) return;
    try {
      thread.keys.insert(entry.epoch, entry.seed);
    } catch (error) {
      // It was checked when it was written, against what was signed in the thread as it was served then.
      if (error instanceof E2eeError && error.reason === 'CommitMismatch') throw hostile('H10');
    }
  }

  private takeThreadPin(thread: Hex, pin: ThreadPin): void {
    const { pins, threads } = this.#inside;
    const own = pins.get(thread);
    const verified = threads.get(thread)?.heads.get(pin.n) ?? (own?.n === pin.n ? own.head : undefined);
    if (verified !== undefined && verified !== pin.head) throw hostile('H10');
    if (!own || own.n < pin.n) pins.set(thread, pin);
    const known = this.#pins.content.threads.get(thread);
    if (!known || known.n <= pin.n) this.#pins.content.threads.set(thread, pin);
  }

  private learn(): void {
    const { inside, pins } = { inside: this.#inside, pins: this.#pins.content };
    for (const [thread, pin] of inside.pins) {
      const known = pins.threads.get(thread);
      if (known ? known.n >= pin.n : pins.threads.size >= THREADS_MAX) continue;
      pins.threads.set(thread, pin);
      this.#pins.hasChanged = true;
    }
    for (const [name, pin] of inside.book.pins) {
      const [kind, id] = split(name);
      const key = chainKey(kind, id);
      const known = pins.chains.get(key);
      if (known ? known.seq >= pin.seq : pins.chains.size >= CHAINS_MAX) continue;
      pins.chains.set(key, { ...pin, verified: known?.verified ?? false });
      this.#pins.hasChanged = true;
    }
    for (const thread of inside.threads.values()) this.learnKeys(thread);
  }

  private learnKeys(thread: Thread): void {
    const newest = thread.keys.newestSeed;
    if (!newest) return;
    const title = thread.title === null ? null : cutTitle(thread.title);
    const known = this.#index.content.get(thread.id);
    const isKnown =
      known &&
      (known.epoch > newest.generation ||
        (known.epoch === newest.generation && (title === null || known.title === title)));
    if (isKnown || (!known && this.#index.content.size >= INDEX_MAX)) return;
    this.#index.content.set(thread.id, { epoch: newest.generation, seed: newest.seed.slice(), title });
    this.#index.hasChanged = true;
  }

  /** Replaces an object. Answers no when another device was first. */
  private async put(kind: ObjectKind): Promise<boolean> {
    const { account, rpc, user } = this.#inside;
    const owner = { user, personal: account.personal };
    const known = kind === 'pins' ? this.#pins : this.#index;
    const replaces = known.seen;
    const ciphertext =
      kind === 'pins'
        ? await sealPins(this.#pins.content, owner, replaces)
        : await sealKeyIndex(this.#index.content, owner, replaces);
    try {
      const stored = await rpc.askHttp('PutObject', {
        idem: freshIdem(),
        object: kind,
        replaces,
        ciphertext,
      });
      if (stored.version !== replaces + 1) throw local('protocol');
      this.saw(known, stored.version);
      known.hasChanged = false;
      return true;
    } catch (error) {
      const code = error instanceof Trouble ? error.refusal?.code : undefined;
      if (code === ERROR_CODE.Conflict) return false;
      if (code === ERROR_CODE.Throttled) return true;
      throw error;
    }
  }

  /** Remembers how new an object was, over a reload too. */
  private saw(known: Known<unknown>, version: number): void {
    if (known.seen === version) return;
    known.seen = version;
    this.#inside.saved.objects = { pins: this.#pins.seen, keyIndex: this.#index.seen };
    this.#inside.saveSoon();
  }

  private async fetch(
    kind: ObjectKind,
    seen: number,
  ): Promise<{ object: { version: number; ciphertext: Uint8Array }; how: ObjectOpening }> {
    const { account, book, rpc, user } = this.#inside;
    // By HTTP: a full object is larger than a frame of the socket.
    const object = await rpc.askHttp('GetObject', { object: kind });
    const { personal } = account;
    await book.need('keyring', personal.id);
    const chain = book.chains.keyringChain(personal.id);
    const history = chain ? historyOf(chain) : () => null;
    const seeds = Seeds.with(personal.generation, personal.seed);
    return { object, how: { user, personal, seeds, history, seen } };
  }
}

/** An object that does not open is an old or foreign one. */
async function opened<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw error instanceof E2eeError ? hostile('H29') : ofSecret(error);
  }
}

function split(name: ChainName): ['user' | 'keyring' | 'unit', Hex] {
  const [kind, id] = name.split(' ');
  return [kind === 'keyring' || kind === 'unit' ? kind : 'user', id ?? ''];
}
