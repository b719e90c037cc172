/**
 * Shapes of the wire: streams and snapshots.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, id16, int, list, opt, struct, u16, u32 } from '../shape';
import { cursor } from './control';
import { orgCard, teamCard } from './directory';
import { threadCard } from './threads';

export const focus = struct<W.Focus>({
  org: opt(id16),
  cursor: opt(cursor),
});
export const followPersonal = struct<W.FollowPersonal>({
  cursor: cursor,
});
export const following = struct<W.Following>({
  head: int,
});
export const pull = struct<W.Pull>({
  org: opt(id16),
  after: cursor,
  max: u32,
});
export const streamItem = struct<W.StreamItem>({
  seq: int,
  kind: u16,
  body: bin,
});
export const streamPage = struct<W.StreamPage>({
  entries: list(streamItem),
  head: int,
});
export const getSnapshot = struct<W.GetSnapshot>({
  org: opt(id16),
  page: opt(bin),
});
export const threadPlace = struct<W.ThreadPlace>({
  at: int,
  thread: id16,
});
export const snapshot = struct<W.Snapshot>({
  cursor: cursor,
  org: opt(orgCard),
  teams: list(teamCard),
  threads: list(threadCard),
  next: opt(bin),
  older: opt(threadPlace),
});
export const listThreads = struct<W.ListThreads>({
  org: opt(id16),
  before: opt(threadPlace),
  max: u32,
});
export const threadList = struct<W.ThreadList>({
  threads: list(threadCard),
  next: opt(threadPlace),
});
