/**
 * A thread entry's core, and the kinds of entries. Core, 19 fields (docs/PROTOCOL.md §8):
 *
 * `[v=1, kind, thread(16), epoch, msg_id(16), author(16), author_chain_seq, device(16), aseq, anchor_seq,
 * anchor_head(32), ts_ms, on_behalf|nil, sth|nil, blob_refs, priority, notify|nil, ctrl_head(32)|nil, capacity|nil]`
 *
 * An unknown kind is hashed and has no effect for a reader.
 *
 * Not known here: whether an entry is allowed where it stands.
 */
import type { Hex } from '../wire/bytes';
import { Reader, Writer, ascending } from './codec';
import { check, known } from './error';
import { BLOB_REFS_MAX, CORE_BYTES_MAX, EPOCH_RECIPIENTS_MAX } from './limits';
import { VERSION, readCapacity, writeCapacity, type Author } from './link';

/** Numbers of the kinds of entries. */
export const ENTRY_KINDS = {
  message: 1,
  create: 16,
  policy: 17,
  add: 18,
  invite: 19,
  accept: 20,
  decline: 21,
  take: 22,
  assign: 23,
  return: 24,
  forward: 25,
  withdraw: 26,
  remove: 27,
  leave: 28,
  role: 29,
  link_patient: 30,
  priority: 31,
  ack: 32,
  epoch: 33,
  close: 34,
  rebox_request: 35,
  call_join: 36,
  call_leave: 37,
} as const;

/** What an entry is; `unknown` is a kind of a later version. */
export type Kind = keyof typeof ENTRY_KINDS | 'unknown';

const NAMES: ReadonlyMap<number, Kind> = new Map(
  Object.entries(ENTRY_KINDS).map(([name, number]) => [number, name as Kind]),
);

/** Whether a known kind names the control head and advances it. Messages and calls do not. */
export function isControlKind(kind: Kind): boolean {
  return kind !== 'message' && kind !== 'call_join' && kind !== 'call_leave' && kind !== 'unknown';
}

/** How much an entry or a thread matters, in the order of the numbers. */
export const PRIORITIES = ['normal', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Reads a priority. */
export function readPriority(r: Reader): Priority {
  return known(PRIORITIES[r.uint()], 'OutOfRange');
}

/** Writes a priority. */
export function writePriority(w: Writer, priority: Priority): void {
  w.uint(PRIORITIES.indexOf(priority));
}

/** A head of the thread that the author had verified; `seq` 0 is before the first entry. */
export interface Anchor {
  readonly seq: number;
  readonly head: Hex;
}

/** A thread entry's core. */
export interface EntryCore {
  readonly kind: Kind;
  /** Its number, which alone names an unknown one. */
  readonly kindNumber: number;
  readonly thread: Hex;
  /** The epoch in force. */
  readonly epoch: number;
  /** Made by the author, unique in the thread. */
  readonly msgId: Hex;
  readonly author: Author;
  readonly device: Hex;
  /** Counter of this author on this device in this thread, from 1. */
  readonly aseq: number;
  readonly anchor: Anchor;
  /** The author's claim of the time, ms since 1970. */
  readonly tsMs: number;
  /** Whom the author stands in for, and the delegation's hash; must be null until delegation is supported. */
  readonly onBehalf: { readonly principal: Hex; readonly delegation: Hex } | null;
  /** The author's latest checkpoint of the transparency log. */
  readonly sth: { readonly size: number; readonly root: Hex } | null;
  /** Exchanged files, ascending. */
  readonly blobs: readonly Hex[];
  readonly priority: Priority;
  /** Keyrings to notify, ascending; null for all. */
  readonly notify: readonly Hex[] | null;
  /** Head after the last control entry; on control entries only. */
  readonly ctrlHead: Hex | null;
}

/** Parses a core. */
export function parseEntryCore(bytes: Uint8Array): EntryCore {
  const r = new Reader(bytes, CORE_BYTES_MAX);
  const arity = r.list();
  check(r.uint() === VERSION, 'UnknownVersion');
  check(arity === 19, 'WrongArity');
  const kindNumber = r.uint();
  const kind = NAMES.get(kindNumber) ?? 'unknown';
  const thread = r.id();
  const epoch = r.uint();
  const msgId = r.id();
  const user = r.id();
  const chainSeq = r.uint();
  const device = r.id();
  const aseq = r.uint();
  const anchor = { seq: r.uint(), head: r.hash() };
  const tsMs = r.uint();
  const onBehalf = r.opt((from) => {
    from.array(2);
    return { principal: from.id(), delegation: from.hash() };
  });
  const sth = r.opt((from) => {
    from.array(2);
    return { size: from.uint(), root: from.hash() };
  });
  const blobs = r.each(BLOB_REFS_MAX, (from) => from.id());
  ascending(blobs, (blob) => blob);
  const priority = readPriority(r);
  const notify = r.opt((from) => from.each(EPOCH_RECIPIENTS_MAX, (each) => each.id()));
  ascending(notify ?? [], (keyring) => keyring);
  const ctrlHead = r.opt((from) => from.hash());
  const author = { user, chainSeq, capacity: r.opt(readCapacity) };
  check(kind === 'unknown' || (ctrlHead !== null) === isControlKind(kind), 'CtrlHeadMisplaced');
  return {
    kind,
    kindNumber,
    thread,
    epoch,
    msgId,
    author,
    device,
    aseq,
    anchor,
    tsMs,
    onBehalf,
    sth,
    blobs,
    priority,
    notify,
    ctrlHead,
  };
}

/** The core's bytes. */
export function encodeEntryCore(core: EntryCore): Uint8Array<ArrayBuffer> {
  const w = new Writer().array(19).uint(VERSION).uint(core.kindNumber).id(core.thread).uint(core.epoch);
  w.id(core.msgId).id(core.author.user).uint(core.author.chainSeq).id(core.device).uint(core.aseq);
  w.uint(core.anchor.seq).id(core.anchor.head).uint(core.tsMs);
  if (core.onBehalf === null) w.nil();
  else w.array(2).id(core.onBehalf.principal).id(core.onBehalf.delegation);
  if (core.sth === null) w.nil();
  else w.array(2).uint(core.sth.size).id(core.sth.root);
  w.each(core.blobs, (to, blob) => to.id(blob));
  writePriority(w, core.priority);
  if (core.notify === null) w.nil();
  else w.each(core.notify, (to, keyring) => to.id(keyring));
  w.optId(core.ctrlHead);
  writeCapacity(w, core.author.capacity);
  return w.finish(CORE_BYTES_MAX);
}
