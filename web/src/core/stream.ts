/**
 * One followed stream: its cursor, what was received and not yet applied, and when to ask for more.
 *
 * Rules: only entry `received + 1` is taken; an older one is a duplicate; a newer one is a gap, and a gap is closed
 * by pulling from the cursor. A window of entries is handed out, and the cursor moves when they were applied, so
 * that a lost process repeats at most what was not applied and a lost connection repeats nothing.
 *
 * Not known here: sockets, requests, and what an entry says.
 */

import type { Cursor, OrgId } from '../wire/gen/wire';
import { isOff } from '../wire/mutations';
import { APPLY_WINDOW, INBOX_BYTES_MAX, INBOX_ENTRIES_MAX } from './limits';

/** An entry as it came. */
export interface Raw {
  /** Number in its stream. */
  readonly seq: number;
  /** Type of the event. */
  readonly kind: number;
  /** Body of the event. */
  readonly body: Uint8Array;
}

/** A followed stream. */
export interface Stream {
  /** The organization; null for the personal stream. */
  readonly org: OrgId | null;
  /** Tells the stream before a change of focus or a snapshot from the one after it. */
  readonly run: number;
  /** The last applied entry. */
  readonly applied: Cursor | null;
  readonly received: number;
  readonly head: number;
  readonly inbox: readonly Raw[];
  readonly inboxBytes: number;
  readonly handedOut: number;
  readonly behind: boolean;
  /** Whether everything that was there at the start of the connection has been received. */
  readonly caughtUp: boolean;
}

/** Follows from a cursor, or from a snapshot where there is none. */
export function follow(org: OrgId | null, cursor: Cursor | null, run: number): Stream {
  const at = cursor?.seq ?? 0;
  return {
    org,
    run,
    applied: cursor,
    received: at,
    head: 0,
    inbox: [],
    inboxBytes: 0,
    handedOut: at,
    behind: false,
    caughtUp: false,
  };
}

/** A connection ended: what was received and not applied will come again. */
export function rewind(stream: Stream): Stream {
  const received = stream.applied?.seq ?? 0;
  return { ...stream, inbox: [], inboxBytes: 0, received, behind: false, caughtUp: false };
}

/** Continues from a snapshot's cursor. */
export function restart(stream: Stream, cursor: Cursor): Stream {
  return { ...follow(stream.org, cursor, stream.run + 1), head: cursor.seq };
}

/** Forgets the cursor: the stream cannot be continued from it. */
export function forget(stream: Stream): Stream {
  return follow(stream.org, null, stream.run + 1);
}

/** Takes an entry. */
export function receive(stream: Stream, raw: Raw): Stream {
  const head = Math.max(stream.head, raw.seq);
  if (stream.applied === null || raw.seq <= stream.received) return { ...stream, head };
  const full = stream.inbox.length >= INBOX_ENTRIES_MAX || stream.inboxBytes >= INBOX_BYTES_MAX;
  if (full || raw.seq !== stream.received + 1) return { ...stream, head, behind: true };
  return {
    ...stream,
    head,
    received: raw.seq,
    inbox: [...stream.inbox, raw],
    inboxBytes: stream.inboxBytes + raw.body.length,
  };
}

/** Takes a pulled page; null when it is not what was asked for: a hole in the stream (attack H26). */
export function receivePage(stream: Stream, page: readonly Raw[], head: number): Stream | null {
  let next: Stream = { ...stream, head: Math.max(stream.head, head), behind: false };
  let last: number | null = null;
  for (const raw of page) {
    const skips = last !== null && raw.seq !== last + 1;
    if (skips || (raw.seq > next.received + 1 && !next.behind)) {
      if (!isOff('H26')) return null;
      next = { ...next, received: raw.seq - 1 };
    }
    last = raw.seq;
    next = receive(next, raw);
  }
  // A page of entries that came live meanwhile is no hole; an empty one below its own head is.
  if (last === null && head > stream.received) return null;
  return { ...next, behind: next.behind || next.received < next.head };
}

/** The server said where the stream ends. */
export function toldHead(stream: Stream, seq: number): Stream {
  const head = Math.max(stream.head, seq);
  return { ...stream, head, behind: stream.behind || (stream.caughtUp && stream.received < head) };
}

/** The server said that everything up to `seq` was sent. */
export function toldCaughtUp(stream: Stream, seq: number): Stream {
  return toldHead({ ...stream, caughtUp: true }, seq);
}

/** Where to pull from, when there is a gap and room for what comes. */
export function wantsPull(stream: Stream): Cursor | null {
  if (stream.applied === null) return null;
  const wanted = stream.behind && stream.inbox.length === 0 && stream.received < stream.head;
  return wanted ? { epoch: stream.applied.epoch, seq: stream.received } : null;
}

/** The entries to apply now; none while a whole window is being applied. */
export function handOut(stream: Stream): { stream: Stream; entries: readonly Raw[] } {
  if (stream.applied === null || stream.inbox.length === 0) return { stream, entries: [] };
  const entries: Raw[] = [];
  let { handedOut, inboxBytes } = stream;
  let taken = 0;
  for (const raw of stream.inbox) {
    if (handedOut - stream.applied.seq >= APPLY_WINDOW) break;
    taken += 1;
    inboxBytes -= raw.body.length;
    if (raw.seq > handedOut) {
      handedOut = raw.seq;
      entries.push(raw);
    }
  }
  return { stream: { ...stream, inbox: stream.inbox.slice(taken), inboxBytes, handedOut }, entries };
}

/** Everything up to `seq` was applied, durably where anything is kept. What was not handed out is ignored. */
export function applied(stream: Stream, run: number, seq: number): Stream {
  if (stream.applied === null || run !== stream.run) return stream;
  if (seq > stream.handedOut || seq <= stream.applied.seq) return stream;
  return { ...stream, applied: { epoch: stream.applied.epoch, seq } };
}

/** What was handed out and not applied is asked for again. */
export function dropHandedOut(stream: Stream, run: number): Stream {
  const at = stream.applied?.seq ?? 0;
  if (run !== stream.run || stream.handedOut <= at) return stream;
  return { ...stream, handedOut: at, inbox: [], inboxBytes: 0, received: at, behind: true };
}
