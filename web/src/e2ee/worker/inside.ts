/**
 * A signed-in account: what it holds and what of it is kept over a reload.
 *
 * One thing is done at a time ({@link Inside.alone}): chains and threads are verified in order, and what is asked in
 * between would see half of it.
 *
 * Not known here: how single things are done; see the modules beside this one.
 */

import { hex, utf8 } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { Append, SealedBox } from '../../wire/gen/wire';
import type { Locale } from '../api';
import type { Account } from '../account';
import { Book } from './book';
import type { ChainName, Pin } from './book';
import { local, ofAny } from './errors';
import type { Trouble } from './errors';
import type { Keep } from './keep';
import { Ring } from './ring';
import type { Rpc } from './rpc';
import { ofSecret } from './secrets';
import type { Message, Thread } from './thread';

/** Milliseconds in which several changes are kept together: all pins are written each time. */
const SAVE_SOON_MS = 2_000;

/** What is kept of a session over a reload, besides the outbox. Sealed before it is stored. */
export interface Saved {
  readonly user: Hex;
  readonly device: Hex;
  readonly session: Hex;
  /** Of the session's key, which is kept apart and cannot be taken out. */
  kid: number;
  ticket: Hex | null;
  readonly until: number;
  readonly name: string;
  readonly email: string;
  locale: Locale;
  /** The server's keys, pinned at sign-in. */
  readonly opaqueKey: Hex;
  readonly receiptKey: Hex;
  /** Opens the vault. */
  vaultKey: Hex;
  vaultVersion: number;
  /** Opens what the account's devices say of themselves. */
  deviceKey?: Hex;
  /** The newest versions seen of what the account's devices share. */
  objects?: { readonly pins: number; readonly keyIndex: number };
  orgs: Hex[];
  /** The organization in focus. */
  org: Hex | null;
  chains: [ChainName, Pin][];
  threads: [Hex, ThreadPin][];
}

/** A thread whose head was verified. */
export interface ThreadPin {
  readonly n: number;
  readonly head: Hex;
}

/** The request for a new thread, which may have arrived: asked for once more, it is the same one. */
export interface Opening {
  /** What was asked for. */
  readonly asked: string;
  readonly boxes: readonly SealedBox[];
  readonly append: Append;
}

/** Who is told what happened. */
export interface Told {
  /** A verified entry of a thread. */
  entry(thread: Thread, message: Message): void;
  /** Parties, policy, title or standing of a thread changed. */
  changed(thread: Thread): void;
  trouble(thread: Hex | null, trouble: Trouble): void;
}

/** Everything of a signed-in account. */
export class Inside {
  readonly rpc: Rpc;
  readonly book: Book;
  #account: Account;
  readonly saved: Saved;
  readonly told: Told;
  readonly threads = new Map<Hex, Thread>();
  readonly pins: Map<Hex, ThreadPin>;
  ring: Ring;
  /** Gives a thread's keys the seed that the key index has for this epoch or a newer one, if it has one. */
  indexed: (thread: Thread, epoch: number) => void = () => undefined;
  readonly keep: Keep;
  /** The recovery code is one that was shown to nobody: it was not known to count when it could be. */
  isCodeUnseen = false;
  /** A new thread that was asked for and not answered. */
  opening: Opening | null = null;
  #isVerified = false;
  /** Finds out what must be known before the account is verified again. */
  #settle: (() => Promise<void>) | null = null;
  #isSaveDue = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(rpc: Rpc, account: Account, saved: Saved, keep: Keep, told: Told) {
    this.rpc = rpc;
    this.#account = account;
    this.saved = saved;
    this.keep = keep;
    this.told = told;
    this.book = new Book(rpc, saved.chains);
    this.pins = new Map(saved.threads);
    this.ring = new Ring(account);
  }

  /** The open account. */
  get account(): Account {
    return this.#account;
  }

  /** The account as it is after something failed in between. It is verified before anything is signed. */
  replace(account: Account): void {
    this.#account = account;
    this.ring = new Ring(account);
    this.#isVerified = false;
  }

  /** Whether a request was done that changes the account is not known: `settle` finds out, before anything else. */
  doubt(settle: () => Promise<void>): void {
    this.#settle = settle;
    this.#isVerified = false;
  }

  get user(): Hex {
    return this.saved.user;
  }

  /** Server time. */
  now(): number {
    return this.rpc.clock.server();
  }

  /** Does one thing at a time, in the order of asking. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Checks the vault against the own chain and the chain against the vault. Nothing is signed before. */
  async verifyOwn(): Promise<void> {
    await this.#settle?.();
    this.#settle = null;
    await this.book.refresh('user', this.user);
    const chain = this.book.chains.userChain(this.user);
    if (!chain) throw local('notFound');
    const vault = await this.rpc.call('GetVault', {});
    try {
      if (vault.version !== this.account.vaultVersion) {
        // Another device wrote a newer one.
        await this.account.reload(vault);
        this.ring = new Ring(this.account);
      }
      this.account.verify(vault, chain);
    } catch (error) {
      throw ofSecret(error);
    }
    this.saved.vaultVersion = vault.version;
    this.#isVerified = true;
  }

  /** Makes sure that what is signed next is signed by the verified account. */
  async ready(): Promise<void> {
    if (!this.#isVerified) await this.verifyOwn();
  }

  /** Keeps cursors, pins and credentials. */
  async save(): Promise<void> {
    const { credentials } = this.rpc;
    if (!credentials) return;
    this.saved.kid = credentials.kid;
    this.saved.ticket = credentials.ticket && hex(credentials.ticket);
    this.saved.chains = [...this.book.pins];
    this.saved.threads = [...this.pins];
    await this.keep.save(utf8(JSON.stringify(this.saved)), credentials.key);
  }

  /** Keeps them within a moment: for what a reload can do without. */
  saveSoon(): void {
    if (this.#isSaveDue) return;
    this.#isSaveDue = true;
    this.rpc.clock.after(SAVE_SOON_MS, () => {
      this.#isSaveDue = false;
      this.save().catch((error: unknown) => {
        this.told.trouble(null, ofAny(error));
      });
    });
  }

  /** Remembers how far a thread was verified. */
  pin(thread: Thread): void {
    const { n, head } = thread.state.head;
    const known = this.pins.get(thread.id);
    if (known && known.n >= n) return;
    this.pins.set(thread.id, { n, head });
    this.saveSoon();
  }
}

/** The state as it was kept. It was sealed by this client, and has the shape it was given. */
export function decodeSaved(bytes: Uint8Array): Saved {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Saved;
  } catch {
    throw local('damaged');
  }
}
