/**
 * Shapes of the wire: greeting, sign-on, heartbeat and resynchronisation.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, id16, int, opt, struct, u32, word } from '../shape';

export const greeting = struct<W.Greeting>({
  nonce: bin,
  now: int,
});
export const cursor = struct<W.Cursor>({
  epoch: id16,
  seq: int,
});
export const orgCursor = struct<W.OrgCursor>({
  org: id16,
  cursor: opt(cursor),
});
export const helloSession = struct<W.HelloSession>({
  session: id16,
  kid: u32,
  proof: bin,
  ticket: opt(bin),
  org: opt(orgCursor),
  personal: opt(cursor),
});
export const hello = struct<W.Hello>({
  session: opt(helloSession),
});
export const sessionKey = struct<W.SessionKey>({
  kid: u32,
  key: bin,
});
export const limits = struct<W.Limits>({
  frame_bytes: u32,
  requests_in_flight: u32,
  file_bytes: int,
  ping_interval: int,
});
export const welcome = struct<W.Welcome>({
  epoch: id16,
  now: int,
  org_head: opt(int),
  personal_head: opt(int),
  ticket: opt(bin),
  rekey: opt(sessionKey),
  limits: limits,
});
export const ping = struct<W.Ping>({
  now: int,
  org: opt(int),
  personal: int,
});
export const pong = struct<W.Pong>({
  org: opt(int),
  personal: int,
});
export const followed = word<W.Followed>('org', 'personal');
export const caughtUp = struct<W.CaughtUp>({
  stream: followed,
  seq: int,
});
export const resyncReason = word<W.ResyncReason>('no_cursor', 'other_epoch', 'ahead', 'too_old');
export const resync = struct<W.Resync>({
  stream: followed,
  reason: resyncReason,
});
