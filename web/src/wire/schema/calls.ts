/**
 * Shapes of the wire: calls.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { flag, id16, int, list, opt, struct, word } from '../shape';

export const dot = word<W.Dot>('yellow', 'red');
export const stopReason = word<W.StopReason>(
  'answered_elsewhere',
  'declined',
  'cancelled',
  'missed',
  'unreachable',
);
export const missReason = word<W.MissReason>('rang_out', 'unreachable', 'busy', 'cancelled');
export const callPhase = word<W.CallPhase>('ringing', 'active', 'recovering', 'ended');
export const callEndReason = word<W.CallEndReason>('cancelled', 'unanswered', 'hung_up', 'for_all', 'lost');
export const seatState = word<W.SeatState>(
  'called',
  'ringing',
  'in',
  'away',
  'declined',
  'busy',
  'unreachable',
  'missed',
  'cancelled',
  'absent',
  'left',
  'lost',
  'removed',
);
export const callee = struct<W.Callee>({
  user: opt(id16),
  team: opt(id16),
});
export const callWarning = struct<W.CallWarning>({
  callee: callee,
  dot: dot,
  until: opt(int),
  offer: opt(id16),
});
export const callJoin = struct<W.CallJoin>({
  call: id16,
  camera: flag,
});
export const callAck = struct<W.CallAck>({
  call: id16,
});
export const callDecline = struct<W.CallDecline>({
  call: id16,
});
export const callLeave = struct<W.CallLeave>({
  call: id16,
});
export const callEnd = struct<W.CallEnd>({
  call: id16,
});
export const getCalls = struct<W.GetCalls>({});
export const callRings = struct<W.CallRings>({
  call: id16,
  thread: id16,
  org: opt(id16),
  from: id16,
  until: int,
});
export const callStopped = struct<W.CallStopped>({
  call: id16,
  why: stopReason,
  device: opt(id16),
});
export const callMissed = struct<W.CallMissed>({
  call: id16,
  thread: id16,
  from: id16,
  at: int,
  why: missReason,
});
export const callSeat = struct<W.CallSeat>({
  callee: callee,
  state: seatState,
  user: opt(id16),
  device: opt(id16),
  camera: flag,
  until: opt(int),
});
export const callStart = struct<W.CallStart>({
  call: id16,
  thread: id16,
  callees: opt(list(callee)),
  camera: flag,
  confirmed: flag,
});
export const callAdd = struct<W.CallAdd>({
  call: id16,
  callees: list(callee),
  confirmed: flag,
});
export const callCard = struct<W.CallCard>({
  call: id16,
  thread: id16,
  starter: id16,
  started: int,
  version: int,
  phase: callPhase,
  since: opt(int),
  why: opt(callEndReason),
  seats: list(callSeat),
});
export const callStarted = struct<W.CallStarted>({
  card: opt(callCard),
  warnings: list(callWarning),
});
export const calls = struct<W.Calls>({
  rings: list(callRings),
  card: opt(callCard),
});
export const callChanged = struct<W.CallChanged>({
  card: callCard,
});
