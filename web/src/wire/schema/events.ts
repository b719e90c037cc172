/**
 * Shapes of the wire: what the server says unasked.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, id16, int, list, opt, struct, text } from '../shape';
import { objectKind } from './account';
import { chainKind } from './chains';
import { readMark, storedEntry } from './threads';

export const entriesAppended = struct<W.EntriesAppended>({
  thread: id16,
  entries: list(storedEntry),
});
export const invited = struct<W.Invited>({
  thread: id16,
  entry: storedEntry,
});
export const threadGone = struct<W.ThreadGone>({
  thread: id16,
});
export const chainGrew = struct<W.ChainGrew>({
  chain: chainKind,
  id: id16,
  n: int,
  links: list(bin),
});
export const readMoved = struct<W.ReadMoved>({
  thread: id16,
  read: int,
});
export const sessionOpened = struct<W.SessionOpened>({
  session: id16,
  device: id16,
  at: int,
});
export const sessionEnded = struct<W.SessionEnded>({
  session: id16,
});
export const objectChanged = struct<W.ObjectChanged>({
  object: objectKind,
  version: int,
});
export const memberWaits = struct<W.MemberWaits>({
  unit: id16,
  user: id16,
  name: text,
  invite: id16,
});
export const badge = struct<W.Badge>({
  org: opt(id16),
});
export const progress = struct<W.Progress>({
  thread: id16,
  mark: readMark,
});
export const typing = struct<W.Typing>({
  thread: id16,
  user: id16,
});
