/**
 * The thread chain: folding entries into a state.
 *
 * {@link ThreadState.check} verifies an entry against the state without changing it (signature, author, rights,
 * anchor); {@link ThreadState.commit} then checks the position again and takes it in; {@link ThreadState.append} does
 * both. On any error the state is unchanged. `check` is asynchronous: several may run at once, and a `commit` whose
 * check was overtaken by a control entry is refused with `Moved` and checked again.
 *
 * The order of checks is part of the protocol (docs/PROTOCOL.md §8), so that every implementation gives the same error.
 * Entries of unknown kinds are hashed and counted when replaying, change nothing else and set `updateNeeded`. A stub
 * verifies for a message and for `link_patient`; other control entries need their payload.
 *
 * Not known here: ciphertext, seeds, and who is shown what.
 */
import type { Hex } from '../wire/bytes';
import { parseControl, type Control } from './control';
import { ENTRY_KINDS, isControlKind, parseEntryCore, type EntryCore, type Kind } from './entry';
import { Signed } from './envelope';
import { check, known } from './error';
import { isAppend, type Facts, type Mode } from './facts';
import { LABEL_MSG } from './hash';
import { advance, checkCore, knownHead, newHead, type Claim, type HeadState, type LastOf } from './head';
import { MESSAGE_BYTES_MAX, WRITERS_MAX } from './limits';
import type { Author } from './link';
import { Acting, Roster, type Act } from './roster';

/** An entry that was verified against a state and may be committed. */
export interface Checked {
  readonly core: EntryCore;
  /** What it says, unless it is a message, an unknown kind or a stub. */
  readonly control: Control | null;
  /**
   * Whether the anchor's head was known and compared. Always, except when replaying an entry that is anchored before
   * what the verifier remembers.
   */
  readonly anchorChecked: boolean;
  readonly claim: Claim;
  /** Who takes part after this entry, when it changes that. */
  readonly next: Roster | null;
}

/** An entry that was taken in. */
export interface Applied {
  readonly core: EntryCore;
  readonly control: Control | null;
  /** Its position, and the head after it. */
  readonly n: number;
  readonly head: Hex;
  /** Its hash. */
  readonly entry: Hex;
  readonly anchorChecked: boolean;
}

/** Compares with the position and head that the server told: refuses with `WrongPosition` or `HeadMismatch`. */
export function expectAt(applied: Applied, n: number, head: Hex): void {
  check(applied.n === n, 'WrongPosition');
  check(applied.head === head, 'HeadMismatch');
}

/** A thread's verified state. */
export class ThreadState {
  #head: HeadState;
  #roster = new Roster();
  /** Last counter by `user device`. */
  readonly #writers: Map<string, number>;
  /** Newest signing key generation by user. */
  readonly #keyGenerations: Map<Hex, number>;
  #updateNeeded = false;

  /** A thread without entries; the first must be `create`. */
  constructor(thread: Hex, parts?: ThreadParts) {
    this.#head = parts?.head ?? newHead(thread);
    this.#roster = parts?.roster ?? new Roster();
    this.#writers = parts?.writers ?? new Map<string, number>();
    this.#keyGenerations = parts?.keyGenerations ?? new Map<Hex, number>();
    this.#updateNeeded = parts?.updateNeeded ?? false;
  }

  /** Verifies an entry against this state. */
  async check(facts: Facts, bytes: Uint8Array, mode: Mode): Promise<Checked> {
    const signed = Signed.parse(bytes);
    const core = parseEntryCore(signed.core);
    const head = this.#head;
    const roster = this.#roster;
    checkCore(head, core);
    this.#checkSupport(core, mode);
    const keyGeneration = await verifyAuthor(signed, core, facts, mode);
    check(!facts.seen(core.thread, core.msgId), 'MsgIdReused');
    const anchorChecked = checkAnchor(head, core, facts, mode);
    const control = controlOf(signed, core, mode);
    const next = await judge(roster, core, control, facts, mode);
    const after = next ?? roster;
    const claim = {
      kind: core.kind,
      entry: signed.entryHash(),
      epoch: core.epoch,
      aseq: core.aseq,
      keyGeneration,
      anchor: core.anchor,
      ctrlHead: core.ctrlHead,
      against: head.ctrlHead,
      nextEpoch: after.epoch.number,
      nextPhase: after.phase,
    };
    return { core, control, anchorChecked, claim, next };
  }

  /** Takes in an entry that was checked. */
  commit(checked: Checked): Applied {
    const { core, control, anchorChecked, claim, next } = checked;
    this.#head = advance(this.#head, claim, this.#lastOf(core.author.user, core.device));
    this.#writers.set(`${core.author.user} ${core.device}`, core.aseq);
    this.#keyGenerations.set(core.author.user, claim.keyGeneration);
    if (next !== null) this.#roster = next;
    this.#updateNeeded ||= core.kind === 'unknown';
    return { core, control, n: this.#head.n, head: this.#head.head, entry: claim.entry, anchorChecked };
  }

  /** Verifies an entry and takes it in. */
  async append(facts: Facts, bytes: Uint8Array, mode: Mode): Promise<Applied> {
    return this.commit(await this.check(facts, bytes, mode));
  }

  /**
   * The core of an author's next entry, anchored to the current head; the caller fills in the rest (blobs, priority,
   * notified keyrings) and signs.
   */
  draft(kind: Exclude<Kind, 'unknown'>, author: Author, device: Hex, msgId: Hex, tsMs: number): EntryCore {
    return {
      kind,
      kindNumber: ENTRY_KINDS[kind],
      thread: this.#head.thread,
      epoch: this.#head.epoch,
      msgId,
      author,
      device,
      aseq: this.nextAseq(author.user, device),
      anchor: { seq: this.#head.n, head: this.#head.head },
      tsMs,
      onBehalf: null,
      sth: null,
      blobs: [],
      priority: 'normal',
      notify: null,
      ctrlHead: isControlKind(kind) ? this.#head.ctrlHead : null,
    };
  }

  #checkSupport(core: EntryCore, mode: Mode): void {
    check(core.onBehalf === null, 'DelegationUnsupported');
    if (!isAppend(mode)) return;
    check(core.kind !== 'unknown', 'UnknownKind');
    const isNew = !this.#writers.has(`${core.author.user} ${core.device}`);
    check(!isNew || this.#writers.size < WRITERS_MAX, 'ThreadFull');
  }

  #lastOf(user: Hex, device: Hex): LastOf {
    return {
      aseq: this.#writers.get(`${user} ${device}`) ?? 0,
      keyGeneration: this.#keyGenerations.get(user) ?? 0,
    };
  }

  /** A copy that goes its own way: to check a run of drafts before they are sent. */
  clone(): ThreadState {
    return new ThreadState(this.thread, {
      head: this.#head,
      roster: this.#roster,
      writers: new Map(this.#writers),
      keyGenerations: new Map(this.#keyGenerations),
      updateNeeded: this.#updateNeeded,
    });
  }

  /** The thread. */
  get thread(): Hex {
    return this.#head.thread;
  }

  /** The position. */
  get head(): HeadState {
    return this.#head;
  }

  /** Who takes part, under which policy and epoch. Never changed in place. */
  get roster(): Roster {
    return this.#roster;
  }

  /** The counter that an author's next entry from a device must carry. */
  nextAseq(user: Hex, device: Hex): number {
    return this.#lastOf(user, device).aseq + 1;
  }

  /** Whether an entry of an unknown kind was met: this software is too old for this thread. */
  get updateNeeded(): boolean {
    return this.#updateNeeded;
  }

  /** Everything, for a snapshot. */
  get parts(): ThreadParts {
    return {
      head: this.#head,
      roster: this.#roster,
      writers: this.#writers,
      keyGenerations: this.#keyGenerations,
      updateNeeded: this.#updateNeeded,
    };
  }
}

/** Everything a thread's state is made of (snapshot.ts). */
export interface ThreadParts {
  readonly head: HeadState;
  readonly roster: Roster;
  readonly writers: Map<string, number>;
  readonly keyGenerations: Map<Hex, number>;
  readonly updateNeeded: boolean;
}

/** Compares the anchor with the head that stood there. */
function checkAnchor(state: HeadState, core: EntryCore, facts: Facts, mode: Mode): boolean {
  const { seq } = core.anchor;
  const there = knownHead(state, seq) ?? facts.headAt(core.thread, seq);
  check(there !== null || !isAppend(mode), 'AnchorUnknown');
  check(there === null || there === core.anchor.head, 'AnchorMismatch');
  return there !== null;
}

/** Whether the author may do this here; answers the roster after it when that changes. */
async function judge(
  roster: Roster,
  core: EntryCore,
  control: Control | null,
  facts: Facts,
  mode: Mode,
): Promise<Roster | null> {
  if (core.kind === 'unknown') return null;
  const who =
    core.kind === 'create' ? new Acting(core.author.user, null, null) : roster.acting(core, facts, mode);
  const act: Act = { core, who, facts, mode };
  if (control === null) {
    if (core.kind === 'message') roster.checkMessage(act);
    else who.takesPart();
    return null;
  }
  const next = roster.clone();
  await next.apply(act, control);
  return next;
}

/** Verifies signature, key and device; answers the generation of the key. */
async function verifyAuthor(signed: Signed, core: EntryCore, facts: Facts, mode: Mode): Promise<number> {
  const { user, chainSeq } = core.author;
  const signer = known(facts.signer(user, chainSeq), 'UnknownSigner');
  check(!isAppend(mode) || signer.current, 'SupersededKey');
  const standing = known(facts.device(user, core.device, chainSeq), 'UnknownSigner');
  check(standing !== 'revoked', 'RevokedDevice');
  check(standing !== 'revokedSince' || !isAppend(mode), 'RevokedDevice');
  await signed.verify(signer.key, LABEL_MSG);
  return signer.generation;
}

/** The payload of a control entry; null for messages, unknown kinds and stubs that need none. */
function controlOf(signed: Signed, core: EntryCore, mode: Mode): Control | null {
  const opaque = core.kind === 'message' || core.kind === 'unknown';
  if (signed.payload !== null) {
    check(!opaque || signed.payload.length <= MESSAGE_BYTES_MAX, 'TooLong');
    return opaque ? null : parseControl(core.kind, signed.payload);
  }
  check(!isAppend(mode) && (opaque || core.kind === 'link_patient'), 'PayloadMissing');
  return null;
}
