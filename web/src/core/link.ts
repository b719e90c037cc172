/**
 * The connection: greeting, proof, welcome, replay, live, and coming back.
 *
 * Contract: give {@link step} one input with the time and a fresh random number; do what each effect says, in order;
 * give it `timeout` at the moment {@link wake} names. Times are milliseconds of any clock that does not go back. A
 * window of entries is handed out per stream, in order; the cursor that the server is told moves by `applied` only.
 *
 * Not known here: sockets, clocks, randomness, keys, how frames are encoded, and what an entry says.
 */

import type { AnyControl, AnyRequest, CallName } from '../wire/codec';
import type { StreamTag } from '../wire/frame';
import type {
  Cursor,
  Epoch,
  HelloSession,
  OrgId,
  Refusal,
  ResyncReason,
  SessionId,
  SessionKey,
} from '../wire/gen/wire';
import type { AnyAnswer, Incoming } from './incoming';
import type { Stream } from './stream';

/** The two streams of a connection. */
export type Tag = StreamTag;

/** When a step happens, and a random number in [0, 1) that it may use for jitter. */
export interface Env {
  readonly now: number;
  readonly jitter: number;
}

/** What happened. */
export type Input =
  /** Connect, now and whenever the connection is lost. */
  | { readonly t: 'start' }
  /** End the connection and stay away. */
  | { readonly t: 'stop' }
  /** The socket is open. */
  | { readonly t: 'opened'; readonly conn: number }
  /** A message came; what it says, or that it says nothing of this protocol. */
  | { readonly t: 'received'; readonly conn: number; readonly message: Incoming }
  /** The socket is closed or could not be opened; with the server's close code and reason, if it sent one. */
  | { readonly t: 'closed'; readonly conn: number; readonly code: number | null; readonly reason: string }
  /** The proof over a greeting that {@link Effect} `prove` asked for. */
  | { readonly t: 'proved'; readonly conn: number; readonly session: HelloSession }
  /** Ask something. Answered by a `reply` with the same token. */
  | { readonly t: 'call'; readonly token: number; readonly request: AnyRequest }
  /** Entries were applied up to this one, durably where anything is kept. */
  | { readonly t: 'applied'; readonly stream: Tag; readonly run: number; readonly seq: number }
  /** What was handed out and not reported could not be applied: it is asked for again. */
  | { readonly t: 'notApplied'; readonly stream: Tag; readonly run: number }
  /** A snapshot was applied: follow the stream from where it was cut. */
  | { readonly t: 'follow'; readonly stream: Tag; readonly run: number; readonly cursor: Cursor }
  /** Follow another organization, from a cursor or, without one, from a snapshot. */
  | { readonly t: 'focus'; readonly org: OrgId | null; readonly cursor: Cursor | null }
  /** The browser says that the network is back: do not sit out the delay. */
  | { readonly t: 'hurry' }
  /** The server answered over HTTP: a delay of our own has nothing left to wait for. */
  | { readonly t: 'reached' }
  /** The moment named by {@link wake} has come. */
  | { readonly t: 'timeout' };

/** Why a call has no answer. */
export type CallError =
  | { readonly t: 'refused'; readonly refusal: Refusal }
  /** There is no connection, or too many calls wait for one. Nothing was sent. */
  | { readonly t: 'notSent' }
  /** It was sent and no answer came: it may or may not have been done. */
  | { readonly t: 'lost' }
  /** The answer is not one to this question. */
  | { readonly t: 'undecodable' };

/** What came of a call. */
export type CallResult =
  { readonly ok: true; readonly answer: AnyAnswer } | { readonly ok: false; readonly error: CallError };

/** Why a connection is not tried again: it was asked for, or the server's close code. */
export type StopReason = { readonly t: 'asked' } | { readonly t: 'closed'; readonly code: number };

/** What a server may not do. */
export type Violation = 'malformed' | 'outOfPlace' | 'streamHole';

/** What to do. */
export type Effect =
  /** Open a socket, named `conn` in what is reported of it. */
  | { readonly t: 'connect'; readonly conn: number }
  /** Compute the proof of this `Hello` over the nonce; report `proved`. */
  | { readonly t: 'prove'; readonly conn: number; readonly nonce: Uint8Array; readonly session: HelloSession }
  | { readonly t: 'sendControl'; readonly control: AnyControl }
  | { readonly t: 'sendRequest'; readonly id: number; readonly request: AnyRequest }
  /** Close the socket, and do not report it. */
  | { readonly t: 'disconnect' }
  | { readonly t: 'reply'; readonly token: number; readonly result: CallResult }
  /** The server said welcome; entries follow. `now` is server time. */
  | { readonly t: 'online'; readonly epoch: Epoch; readonly now: number }
  /** The connection is gone; it is tried again after this many milliseconds. */
  | { readonly t: 'offline'; readonly retryIn: number }
  /** The connection is gone and will not be tried again before something changed. */
  | { readonly t: 'stopped'; readonly why: StopReason }
  /** Keep these for the next start. */
  | { readonly t: 'ticket'; readonly ticket: Uint8Array | null }
  | { readonly t: 'rekey'; readonly key: SessionKey }
  /** Apply this entry, then report it. */
  | {
      readonly t: 'entry';
      readonly stream: Tag;
      readonly run: number;
      readonly seq: number;
      readonly kind: number;
      readonly body: Uint8Array;
    }
  /** Read a snapshot of this stream's context, apply it, then report `follow`. */
  | {
      readonly t: 'resync';
      readonly stream: Tag;
      readonly run: number;
      readonly org: OrgId | null;
      readonly reason: ResyncReason;
    }
  /** Everything the server had at the start of the connection has been received. */
  | { readonly t: 'caughtUp'; readonly stream: Tag }
  /** Said once, never repeated. */
  | { readonly t: 'hint'; readonly kind: number; readonly body: Uint8Array }
  /** The server did what the protocol does not allow; the connection is given up and tried again. */
  | { readonly t: 'violation'; readonly what: Violation };

export type Phase =
  | { readonly t: 'stopped' }
  /** `dictated`: by the server, which knows why. */
  | { readonly t: 'waiting'; readonly until: number; readonly dictated: boolean }
  | { readonly t: 'connecting'; readonly deadline: number }
  | { readonly t: 'greeting'; readonly deadline: number }
  | { readonly t: 'proving'; readonly deadline: number }
  | { readonly t: 'welcome'; readonly deadline: number }
  | { readonly t: 'live'; readonly since: number; readonly heard: number };

/** What an unanswered request was asked for. */
export type Asked =
  | { readonly t: 'caller'; readonly token: number }
  | { readonly t: 'pull'; readonly stream: Tag }
  | { readonly t: 'follow'; readonly stream: Tag };

export interface Pending {
  readonly asked: Asked;
  readonly name: CallName;
  readonly deadline: number;
}

export interface Waiting {
  readonly token: number;
  readonly request: AnyRequest;
}

/** The connection of one session. See the module for the contract. */
export interface LinkState {
  readonly phase: Phase;
  /** Counts connections, so that what a closed socket still says is not taken for the next one's. */
  readonly conn: number;
  readonly session: SessionId;
  readonly kid: number;
  readonly ticket: Uint8Array | null;
  readonly ticketRefused: boolean;
  /** Failures since a connection last lived. */
  readonly attempts: number;
  /** When a delay was last cut short because the server had answered over HTTP. */
  readonly reachedAt: number;
  readonly org: Stream | null;
  readonly personal: Stream;
  readonly nextRun: number;
  /** The organization that the last `Hello` named. */
  readonly named: OrgId | null;
  readonly inFlight: number;
  readonly nextId: number;
  readonly pending: ReadonlyMap<number, Pending>;
  readonly waiting: readonly Waiting[];
  readonly pongSent: number;
  readonly pongDue: boolean;
}

/** What comes of a step. */
export interface Step {
  readonly state: LinkState;
  readonly effects: readonly Effect[];
}

export { begin, isLive, step, wake } from './turn';
