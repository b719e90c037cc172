/**
 * Shapes of the wire: entries and where threads stand.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, bytes32, flag, id16, int, list, opt, struct, u32, word } from '../shape';

export const signedEntry = struct<W.SignedEntry>({
  core: bin,
  payload: bin,
  sig: bin,
});
export const append = struct<W.Append>({
  idem: id16,
  thread: id16,
  entries: list(signedEntry),
});
export const receipt = struct<W.Receipt>({
  n: int,
  head: bytes32,
  at: int,
  sig: bin,
});
export const appended = struct<W.Appended>({
  receipts: list(receipt),
});
export const storedEntry = struct<W.StoredEntry>({
  n: int,
  at: int,
  core: bin,
  payload: opt(bin),
  payload_hash: opt(bytes32),
  sig: bin,
});
export const getThread = struct<W.GetThread>({
  thread: id16,
});
export const getEntries = struct<W.GetEntries>({
  thread: id16,
  from: int,
  max: u32,
  backward: flag,
});
export const entries = struct<W.Entries>({
  entries: list(storedEntry),
  len: int,
  head: bytes32,
});
export const markRead = struct<W.MarkRead>({
  thread: id16,
  n: int,
});
export const getReads = struct<W.GetReads>({
  thread: id16,
});
export const readMark = struct<W.ReadMark>({
  user: id16,
  delivered: int,
  read: int,
});
export const reads = struct<W.Reads>({
  marks: list(readMark),
});
export const partyState = word<W.PartyState>('invited', 'active', 'left', 'declined', 'removed');
export const party = struct<W.Party>({
  user: opt(id16),
  team: opt(id16),
  as_org: opt(id16),
  state: partyState,
});
export const threadCard = struct<W.ThreadCard>({
  thread: id16,
  len: int,
  head: bytes32,
  ctrl_head: bytes32,
  epoch: u32,
  first: int,
  read: int,
  at: int,
  closed: flag,
  state: partyState,
  parties: list(party),
  more_parties: u32,
});
