/**
 * Every bound of the client core, with its reason; the same figures as the Rust client's. What the server bounds
 * stands in the generated `LIMITS`.
 */

import { LIMITS } from '../wire/gen/wire';

/** Requests that wait for a free place on the connection. Over it a call fails at once: whoever makes more than
 * this while the connection is slow is better told than queued. */
export const CALLS_WAITING_MAX = 256;

/** Milliseconds after which an unanswered request is given up: the server answers in milliseconds or says
 * `overloaded`; a longer silence means that the answer is lost. */
export const CALL_TIMEOUT_MS = 30_000;

/** Requests under way before the server has said how many it takes. */
export const IN_FLIGHT_DEFAULT = LIMITS.REQUESTS_IN_FLIGHT_MAX;

/** Entries of one stream that were received and wait to be applied. Over it the rest is pulled later. */
export const INBOX_ENTRIES_MAX = 512;

/** Bytes of one stream's entries that wait to be applied: a few frames of the largest size. */
export const INBOX_BYTES_MAX = 1024 * 1024;

/** Entries of one stream that are being applied: one durable write of the cursor serves as many. */
export const APPLY_WINDOW = 64;

/** Milliseconds from the start of a connection to its `Welcome`. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** First step of the back-off, in milliseconds; each further one doubles. */
export const BACKOFF_BASE_MS = 100;

/** Longest step of the back-off: a client that is offline for hours must come back within half a minute of the
 * network's return, and a thousand of them must not be a storm. */
export const BACKOFF_CAP_MS = 30_000;

/** Longest delay a server may dictate. A longer one is read as this: no close code may park a client for a day. */
export const DICTATED_DELAY_MAX_MS = 10 * 60_000;

/** Milliseconds a connection has to live before the back-off starts anew. */
export const STABLE_MS = 5_000;

/** Milliseconds between two delays that an answer over HTTP cuts short: a network may let HTTP through and no
 * WebSocket. */
export const REACHED_INTERVAL_MS = 1_000;

/** Milliseconds between two acknowledgements that the server did not ask for. */
export const PONG_INTERVAL_MS = 1_000;

/** Milliseconds without a word of the server after which the connection is taken for dead: one heartbeat with its
 * jitter, and the time a heartbeat itself may take. */
export const SILENCE_MS = LIMITS.PING_INTERVAL_MS + LIMITS.PING_JITTER_MS + LIMITS.PONG_TIMEOUT_MS;

/** Times a draft is sealed and signed anew because what it built on had changed. */
export const RESEAL_MAX = 5;

/** Times a control entry is anchored anew because another control entry came first. */
export const REANCHOR_MAX = 5;

/** Messages that a draft was sent as in vain and that are looked for before it is sent once more: those of two presses
 * of a person with every reseal, and more; the newest tell. */
export const SENT_AS_MAX = 16;

/** Drafts that wait to be sent: a day offline of a busy person. */
export const OUTBOX_DRAFTS_MAX = 20_000;

/** Milliseconds before a draft is sent again after a refusal that will pass, where the server names no delay. */
export const RESEND_AFTER_MS = 500;

/** Drafts of one thread that one request carries. One place stays free for an epoch that must come first. */
export const DRAFTS_PER_APPEND = LIMITS.ENTRIES_PER_APPEND - 1;

/** Requests of the outbox under way at once, each of another thread. */
export const SENDING_MAX = 8;

/** Times an overloaded or throttling server is asked again before its refusal is given to the caller. */
export const ASK_TRIES_MAX = 6;

/** Longest pause, in milliseconds, that such a question waits by itself. */
export const ASK_PAUSE_MAX_MS = 5_000;

/** Questions larger than this go by HTTP, whose bound is higher. */
export const SOCKET_REQUEST_BYTES = 48 * 1024;
