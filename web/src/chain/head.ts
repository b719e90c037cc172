/**
 * The position of a thread: what is checked and advanced at commit, without any signature work.
 *
 * Not known here: parties, policies, payloads.
 */
import type { Hex } from '../wire/bytes';
import type { Anchor, EntryCore, Kind } from './entry';
import { check } from './error';
import { headAfter, headZero } from './hash';

/** Whether entries may be written, in the order of the numbers. `epochDue`: control entries only, until a new epoch. */
export const PHASES = ['open', 'epochDue', 'closed'] as const;
export type Phase = (typeof PHASES)[number];

/** Position of a thread. */
export interface HeadState {
  readonly thread: Hex;
  /** Entries so far; the last one's position. */
  readonly n: number;
  /** The head after entry `n`. */
  readonly head: Hex;
  /** Position of the last control entry, and the head after it. */
  readonly ctrlN: number;
  readonly ctrlHead: Hex;
  /** The epoch in force. */
  readonly epoch: number;
  readonly phase: Phase;
}

/** What the thread knows of an entry's author; zeros for an author it has not seen. */
export interface LastOf {
  /** Last `aseq` of this author on this device. */
  readonly aseq: number;
  /** Newest signing key generation this author used in this thread, on any device. */
  readonly keyGeneration: number;
}

/** What an entry that was checked says about positions. */
export interface Claim {
  readonly kind: Kind;
  /** Its hash. */
  readonly entry: Hex;
  readonly epoch: number;
  readonly aseq: number;
  /** Generation of the key that signed it. */
  readonly keyGeneration: number;
  readonly anchor: Anchor;
  readonly ctrlHead: Hex | null;
  /** The control head it was checked against. */
  readonly against: Hex;
  /** The epoch and the phase after it. */
  readonly nextEpoch: number;
  readonly nextPhase: Phase;
}

/** A thread without entries. */
export function newHead(thread: Hex): HeadState {
  const head = headZero(thread);
  return { thread, n: 0, head, ctrlN: 0, ctrlHead: head, epoch: 0, phase: 'open' };
}

/** The head at a position, where the state alone knows it. */
export function knownHead(state: HeadState, seq: number): Hex | null {
  if (seq === state.n) return state.head;
  if (seq === state.ctrlN) return state.ctrlHead;
  return seq === 0 ? headZero(state.thread) : null;
}

type Placed = Pick<Claim, 'kind' | 'epoch' | 'anchor' | 'ctrlHead'>;

/** The checks that a core alone decides. */
export function checkCore(state: HeadState, core: EntryCore): void {
  check(core.thread === state.thread, 'WrongThread');
  checkPlace(state, core);
}

function checkPlace(state: HeadState, { kind, epoch, anchor, ctrlHead }: Placed): void {
  check(state.phase !== 'closed', 'Closed');
  check((kind === 'create') === (state.n === 0), 'MisplacedCreate');
  check(ctrlHead === null || ctrlHead === state.ctrlHead, 'StaleCtrlHead');
  check(epoch === state.epoch, 'StaleEpoch');
  check(kind !== 'message' || state.phase !== 'epochDue', 'EpochDue');
  check(anchor.seq <= state.n, 'AnchorAhead');
  const there = knownHead(state, anchor.seq);
  check(there === null || there === anchor.head, 'AnchorMismatch');
  const current = anchor.seq === state.n && anchor.head === state.head;
  check(kind !== 'close' || current, 'StaleAnchor');
}

/** The position after this entry, if it may stand here. */
export function advance(state: HeadState, claim: Claim, last: LastOf): HeadState {
  checkPlace(state, claim);
  check(claim.against === state.ctrlHead, 'Moved');
  check(claim.aseq > last.aseq, 'AseqReplayed');
  check(claim.aseq <= last.aseq + 1, 'AseqGap');
  check(claim.keyGeneration >= last.keyGeneration, 'KeyGoesBack');
  const n = state.n + 1;
  const head = headAfter(state.head, n, claim.entry);
  if (claim.ctrlHead === null) return { ...state, n, head };
  return {
    thread: state.thread,
    n,
    head,
    ctrlN: n,
    ctrlHead: head,
    epoch: claim.nextEpoch,
    phase: claim.nextPhase,
  };
}
