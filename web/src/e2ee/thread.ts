/**
 * The seeds of a thread: making epochs, boxing them to newcomers, opening and walking them.
 *
 * Rotate on write (SEC-01): {@link epochDue} says whether the epoch in force may still be written under; if not,
 * {@link nextEpoch} makes the one to append with the message, sealed to exactly the participants of now at their newest
 * generations. A `rebox_request` is answered the same way.
 *
 * {@link ThreadKeys} remembers what was signed about each epoch and which seeds were opened. Feed it every control entry
 * *after* the chain rules have accepted it.
 *
 * Not known here: whether an entry is allowed, and what a message says.
 */
import { boxesOfControl, type Control, type EpochBody } from '../chain/control';
import type { Directory } from '../chain/directory';
import { known } from '../chain/error';
import type { Facts } from '../chain/facts';
import type { Reason, Recipient } from '../chain/keyring_body';
import type { EpochState, Roster } from '../chain/roster';
import { acceptProof, signerOf, type Signer } from '../chain/sign';
import type { Hex } from '../wire/bytes';
import type { SealedBox } from '../wire/gen/wire';
import { demand, need } from './error';
import { Seeds, sealPrevious, type History, type PublicGeneration } from './generations';
import { LABEL, derive, random } from './kdf';
import { boxForAll, findBox, targetOf, type Target } from './keyring';
import { EPOCH_AGE_MS_MAX, EPOCH_MESSAGES_MAX } from './limits';
import { checkCommit, commitTo, openNamed, type SeedOf } from './sealed';

/** An epoch that was made, not yet appended. */
export interface NewEpoch {
  /** What the `create` or `epoch` entry says. */
  readonly body: EpochBody;
  /** Its boxes, to be staged first. */
  readonly boxes: SealedBox[];
  readonly seed: Uint8Array;
}

function seedOf(thread: Hex, epoch: number): SeedOf {
  return { scope: 'thread', id: thread, generation: epoch };
}

async function makeEpoch(
  of: SeedOf,
  targets: readonly Target[],
  previous: Uint8Array | null,
  reason: Reason,
): Promise<NewEpoch> {
  const seed = random(32);
  const prevBox = previous === null ? null : await sealPrevious(of, seed, previous);
  const { boxes, recipients } = await boxForAll(seed, of, targets);
  return { body: { epoch: of.generation, commit: commitTo(seed), prevBox, recipients, reason }, boxes, seed };
}

/** Makes epoch 0 of a new thread. */
export async function firstEpoch(thread: Hex, targets: readonly Target[]): Promise<NewEpoch> {
  return makeEpoch(seedOf(thread, 0), targets, null, 'routine');
}

/**
 * Makes the epoch after the one in force, for the participants of `roster`. `seed` is the seed in force, sealed into the
 * new epoch so that history stays readable; it is left out where the roster demands a wall, and null builds one. Refuses
 * with `CommitMismatch` when it is not the one in force; a `ChainError` `UnknownKeyring` when a participant's keyring is
 * not in `directory`.
 */
export async function nextEpoch(
  thread: Hex,
  roster: Roster,
  directory: Directory,
  seed: Uint8Array | null,
  reason: Reason,
): Promise<NewEpoch> {
  const previous = roster.wallDue ? null : seed;
  if (previous !== null) checkCommit(previous, roster.epoch.commit);
  const targets = targetsOf(directory, roster.nextRecipients);
  return makeEpoch(seedOf(thread, roster.epoch.number + 1), targets, previous, reason);
}

/** Boxes the seed in force to newcomers, for an `add` or `invite` entry that names these boxes. */
export async function boxForNewcomers(
  thread: Hex,
  roster: Roster,
  seed: Uint8Array,
  targets: readonly Target[],
): Promise<{ boxes: SealedBox[]; recipients: Recipient[] }> {
  checkCommit(seed, roster.epoch.commit);
  return boxForAll(seed, seedOf(thread, roster.epoch.number), targets);
}

/** The newest generations of these keyrings; a `ChainError` `UnknownKeyring` for one that is not at hand. */
export function targetsOf(directory: Directory, keyrings: readonly Hex[]): Target[] {
  return keyrings.map((id) => targetOf(known(directory.keyringChain(id), 'UnknownKeyring')));
}

/**
 * Why a new epoch must come before the next message, if it must: somebody came or went, a participant's keyring has a
 * newer generation, or it is 90 days old or has carried 10 000 messages.
 */
export type Due = 'participants' | 'generations' | 'age';

/** `messages` and `ageMs` are those of the epoch in force. */
export function epochDue(roster: Roster, facts: Facts, messages: number, ageMs: number): Due | null {
  if (roster.phase === 'epochDue') return 'participants';
  if (roster.staleRecipients(facts).length > 0) return 'generations';
  return messages >= EPOCH_MESSAGES_MAX || ageMs >= EPOCH_AGE_MS_MAX ? 'age' : null;
}

interface Epoch {
  readonly public: PublicGeneration;
  readonly named: ReadonlyMap<Hex, Recipient>;
}

function byKeyring(recipients: Iterable<Recipient>): Map<Hex, Recipient> {
  return new Map([...recipients].map((recipient) => [recipient.keyring, recipient]));
}

/** The epochs of one thread: what was signed about them, and the seeds at hand. */
export class ThreadKeys {
  readonly #epochs = new Map<number, Epoch>();
  readonly #seeds = new Seeds();

  /** Of a thread of which nothing is known yet. */
  constructor(readonly thread: Hex) {}

  /**
   * Of a thread whose verified state is at hand and whose entries are not: the epoch in force is known, those before it
   * are not, and no seed is.
   */
  static resumed(thread: Hex, epoch: EpochState): ThreadKeys {
    const keys = new ThreadKeys(thread);
    const named = byKeyring(epoch.recipients.values());
    keys.#epochs.set(epoch.number, { public: { commit: epoch.commit, prevBox: null }, named });
    return keys;
  }

  /** Remembers what an accepted control entry says about epochs and boxes. */
  note(control: Control): void {
    if (control.t === 'create') this.#noteEpoch(control.create.epoch);
    else if (control.t === 'epoch') this.#noteEpoch(control.body);
    else {
      const boxes = boxesOfControl(control);
      const newest = this.newest;
      const current = newest === null ? undefined : this.#epochs.get(newest);
      if (boxes.length === 0 || newest === null || current === undefined) return;
      const named = byKeyring([...current.named.values(), ...boxes]);
      this.#epochs.set(newest, { public: current.public, named });
    }
  }

  #noteEpoch(body: EpochBody): void {
    const named = byKeyring(body.recipients);
    this.#epochs.set(body.epoch, { public: { commit: body.commit, prevBox: body.prevBox }, named });
  }

  /** Takes in a seed of one's own making or out of the key index, checked: `NoSeed`, `CommitMismatch`. */
  insert(epoch: number, seed: Uint8Array): void {
    checkCommit(seed, need(this.#epochs.get(epoch), 'NoSeed').public.commit);
    this.#seeds.insert(epoch, seed);
  }

  /**
   * Opens the box of an epoch for a keyring whose seeds are at hand. Refuses with `NoSeed` for an unknown epoch or when
   * the holder's seed cannot be reached, a `ChainError` `UnknownParty` when the keyring is no recipient, `BoxMissing`;
   * and with `BoxHashMismatch`, `BoxRejected`, `CommitMismatch`: on these a signed `rebox_request` is called for.
   */
  async openBox(
    epoch: number,
    boxes: readonly SealedBox[],
    holder: Hex,
    holderSeeds: Seeds,
    holderHistory: History,
  ): Promise<void> {
    const epochKnown = need(this.#epochs.get(epoch), 'NoSeed');
    const named = known(epochKnown.named.get(holder), 'UnknownParty');
    const of = seedOf(this.thread, epoch);
    const sealed = findBox(boxes, of, holder);
    const to = { keyring: holder, generation: named.generation };
    const holderSeed = await holderSeeds.reach(
      { scope: 'keyring', id: holder, generation: to.generation },
      holderHistory,
    );
    const { commit } = epochKnown.public;
    this.#seeds.insert(epoch, await openNamed(sealed.bytes, named.boxHash, of, to, commit, holderSeed));
  }

  /** The seed of an epoch, walking back from a newer one where needed. Not a copy: do not wipe it. */
  async seed(epoch: number): Promise<Uint8Array> {
    return this.#seeds.reach(seedOf(this.thread, epoch), (n) => this.#epochs.get(n)?.public ?? null);
  }

  /** The newest epoch whose seed is at hand, with it: what a key index keeps. */
  get newestSeed(): { readonly generation: number; readonly seed: Uint8Array } | null {
    return this.#seeds.newest;
  }

  /** The newest epoch that is known. */
  get newest(): number | null {
    return this.#epochs.size === 0 ? null : Math.max(...this.#epochs.keys());
  }

  /** Whether the newest epoch leads back to this one: no wall stands between, behind which history begins. */
  leadsTo(epoch: number): boolean {
    for (let at = this.newest ?? epoch; at > epoch; at -= 1)
      if (!this.#epochs.get(at)?.public.prevBox) return false;
    return true;
  }

  /** Whether a keyring is named as a recipient of an epoch. */
  isRecipient(epoch: number, keyring: Hex): boolean {
    return this.#epochs.get(epoch)?.named.has(keyring) ?? false;
  }

  /** Overwrites the seeds. */
  wipe(): void {
    this.#seeds.wipe();
  }
}

/** The secret of a bearer invitation: 128 bits that reach the invitee outside this system. */
export class InviteSecret {
  /** Takes 16 bytes over. */
  constructor(readonly secret: Uint8Array) {
    demand(secret.length === 16, 'CodeMalformed');
  }

  /** A new one. */
  static random(): InviteSecret {
    return new InviteSecret(random(16));
  }

  /** The invitation key, whose public part stands in the `invite` entry. */
  async key(): Promise<Signer> {
    return signerOf(derive(this.secret, LABEL.inviteKey, 32));
  }

  /** The proof for an `accept` entry. */
  async prove(thread: Hex, invite: Hex, user: Hex, root: Hex): Promise<Uint8Array> {
    return acceptProof(await this.key(), thread, invite, user, root);
  }
}
