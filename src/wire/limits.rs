//! Every bound a peer can meet, with its reason. Relations between them are asserted at compile time.

use crate::frame::HEADER_LEN;

/// Bytes of one frame, header included. Files go by HTTP; the longest legitimate frame is a page of links or
/// a text of several thousand words, so 64 KiB leaves room and still bounds what a stalled peer can pin.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one frame before the connection is authenticated: the largest sign-in message is the finish of a
/// registration, which carries a vault and goes by HTTP (see [`RPC_BYTES_MAX`]).
pub const FRAME_BYTES_BEFORE_AUTH: usize = 16 * 1024;

/// Bytes of one frame on `POST /api/v1/rpc`. A registration carries links, boxes (1 168 bytes each) and a
/// vault; a keyring rotation for 1 000 recipients carries 1 000 recipient entries of about 60 bytes.
pub const RPC_BYTES_MAX: usize = 256 * 1024;

/// Milliseconds from the end of the WebSocket handshake to a valid `Hello`.
pub const AUTH_TIMEOUT_MS: u64 = 10_000;

/// Milliseconds a connection that said `Hello{sign_in}` may take until it has a session: a person waits for
/// an e-mail and types a code that lives 10 minutes.
pub const SIGN_IN_TIMEOUT_MS: u64 = 15 * 60_000;

/// Milliseconds between two heartbeats of the server, before jitter. Below the 30 s at which the strictest
/// proxies and mobile carriers forget a silent connection.
pub const PING_INTERVAL_MS: u64 = 25_000;

/// Jitter of the heartbeat, in milliseconds either way, so that a reconnected ward does not beat in step.
pub const PING_JITTER_MS: u64 = 3_000;

/// Milliseconds without an answer to a heartbeat after which the connection is closed.
pub const PONG_TIMEOUT_MS: u64 = 10_000;

/// Milliseconds without any progress of a peer's receiving side after which it is closed as `too_slow`.
/// A peer that is merely slow is served from the store instead.
pub const NO_PROGRESS_MS: u64 = 30_000;

/// Live entries held back while a session replays; over it the session pulls from the store instead.
pub const GATE_ENTRIES_MAX: usize = 1_024;

/// Bytes held back while a session replays.
pub const GATE_BYTES_MAX: usize = 256 * 1024;

/// Bytes queued for one session before it is served from the store (*lagging*): two seconds of a busy ward
/// (about 60 entries a second of 2 KiB) on a stalled phone.
pub const SESSION_QUEUE_BYTES: usize = 256 * 1024;

/// Entries of a page of a stream, chain or thread read.
pub const PAGE_ENTRIES_MAX: u32 = 200;

/// Bytes of the items of one page; the page ends before the item that would exceed it.
pub const PAGE_BYTES_MAX: usize = 48 * 1024;

/// Requests of one connection that may be under way at once; a further one is answered `overloaded`.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 32;

/// Tokens of a user's request bucket, shared by all sockets of the user on a node.
pub const USER_BUCKET_TOKENS: u32 = 240;

/// Tokens that come back to a user's bucket each second.
pub const USER_BUCKET_REFILL_PER_S: u32 = 60;

/// Days a stream entry is kept; an older cursor is answered with `Resync`.
pub const STREAM_DAYS: u64 = 30;

/// Entries a stream keeps; an older cursor is answered with `Resync`.
pub const STREAM_ENTRIES_MAX: u64 = 100_000;

/// Days an idempotency key is remembered with its answer.
pub const IDEMPOTENCY_DAYS: u64 = 7;

/// Threads in the snapshot of one context: the newest active ones; the rest are paged reads.
pub const SNAPSHOT_THREADS: u32 = 200;

/// Threads of one page of a list: what a screen or two shows, and a whole page fits into one frame.
pub const THREADS_PAGE_MAX: u32 = 50;

/// Bytes of one thread's card with as many participants as it shows.
pub const CARD_BYTES_MAX: usize = 1_024;

/// Users one session may watch for presence.
pub const WATCH_USERS_MAX: usize = 200;

/// Recipients of one keyring generation.
pub const KEYRING_RECIPIENTS_MAX: usize = 1_000;

/// Recipients of one thread epoch: name a team instead of more people.
pub const EPOCH_RECIPIENTS_MAX: usize = 256;

/// Bytes of boxes staged by one session.
pub const STAGED_BOX_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Milliseconds staged boxes wait for their link.
pub const STAGED_BOX_TTL_MS: u64 = 10 * 60_000;

/// Boxes in one `PutBoxes` frame: 40 boxes of 1 168 bytes stay inside one frame.
pub const BOXES_PER_PUT: usize = 40;

/// Bytes of one sealed box: HPKE X-Wing encapsulation (1 120) + a sealed 32-byte seed (48), with room for none.
pub const BOX_BYTES: usize = 1_168;

/// Bytes of the signed core of a thread entry.
pub const CORE_BYTES_MAX: usize = 4 * 1024;

/// Bytes of the ciphertext of one message: several thousand words with attachments' keys; more goes in a file.
pub const CIPHERTEXT_BYTES_MAX: usize = 32 * 1024;

/// Bytes of the payload of one control entry: an epoch for 256 recipients of 52 bytes with room.
pub const CONTROL_BYTES_MAX: usize = 24 * 1024;

/// Entries appended by one request: an epoch with its message, a removal with its epoch, with room.
pub const ENTRIES_PER_APPEND: usize = 8;

/// Bytes of one chain link: a keyring rotation for 1 000 recipients of about 60 bytes.
pub const LINK_BYTES_MAX: usize = 96 * 1024;

/// Bytes of a vault's ciphertext: seeds and keys, never content.
pub const VAULT_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a key index or pins object: 10 000 threads of about 90 bytes.
pub const USER_OBJECT_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of one file's ciphertext unless the operator sets another bound.
pub const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Blobs one message may name.
pub const BLOBS_PER_MESSAGE: usize = 32;

/// Characters of a name or e-mail address (RFC 5321 gives 254 to an address).
pub const TEXT_CHARS_MAX: usize = 254;

/// Persons, teams or workplaces in one search answer.
pub const SEARCH_RESULTS_MAX: usize = 50;

/// Milliseconds a resume ticket lives after the connection it was given to has ended.
pub const TICKET_TTL_MS: u64 = 10 * 60_000;

/// Digits of a mail code.
pub const CODE_DIGITS: usize = 6;

/// Milliseconds a mail code lives.
pub const CODE_TTL_MS: u64 = 10 * 60_000;

/// Wrong codes after which a sign-in has to be started again.
pub const CODE_TRIES_MAX: u32 = 5;

/// Codes one sign-in may send, first included.
pub const CODE_SENDS_MAX: u32 = 3;

/// Milliseconds by which the clock of an HTTP request may differ from the server's.
pub const HTTP_CLOCK_SKEW_MS: u64 = 120_000;

/// Participants shown in one thread card of a snapshot; the rest are counted.
pub const CARD_PARTICIPANTS_MAX: usize = 8;

/// Milliseconds a telephone rings. Long enough to take it out of a pocket and off its gloves, shorter than what makes
/// a caller believe that somebody will still come.
pub const CALL_RING_MS: u64 = 45_000;

/// Milliseconds within which a device must have said that it rings. Beyond it the caller is told that nobody can be
/// reached: nothing may claim to ring where no device said so.
pub const CALL_ACK_MS: u64 = 3_000;

/// Milliseconds that a call waits after a restart for those who were in it.
pub const CALL_RECOVER_MS: u64 = 15_000;

/// Milliseconds that the place of a device whose connection is gone is kept: a lift, a change of network.
pub const CALL_AWAY_MS: u64 = 30_000;

/// Places in one call, the starter's included: as many as a thread of a ward round has parties, and few enough that
/// one picture of the call stays far below a frame.
pub const CALL_SEATS_MAX: usize = 32;

const _: () = assert!(FRAME_BYTES_BEFORE_AUTH <= FRAME_BYTES_MAX);
const _: () = assert!(PAGE_BYTES_MAX + HEADER_LEN + 4 * 1024 <= FRAME_BYTES_MAX);
const _: () = assert!(THREADS_PAGE_MAX as usize * CARD_BYTES_MAX + HEADER_LEN + 1024 <= FRAME_BYTES_MAX);
const _: () = assert!(SESSION_QUEUE_BYTES >= 4 * FRAME_BYTES_MAX);
const _: () = assert!(BOXES_PER_PUT * (BOX_BYTES + 64) <= FRAME_BYTES_MAX - HEADER_LEN - 1024);
const _: () =
    assert!(CORE_BYTES_MAX + CIPHERTEXT_BYTES_MAX + CONTROL_BYTES_MAX + CORE_BYTES_MAX <= FRAME_BYTES_MAX);
const _: () = assert!(KEYRING_RECIPIENTS_MAX * 80 <= LINK_BYTES_MAX);
const _: () = assert!(PONG_TIMEOUT_MS + PING_JITTER_MS < PING_INTERVAL_MS);
const _: () = assert!(LINK_BYTES_MAX + HEADER_LEN + 1024 <= RPC_BYTES_MAX);
