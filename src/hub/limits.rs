//! Every bound of the hub that a peer does not meet by name in [`relais_wire::limits`], with its reason.

use relais_wire::frame::HEADER_LEN;
use relais_wire::limits::{
    FRAME_BYTES_MAX, NO_PROGRESS_MS, PAGE_BYTES_MAX, PING_INTERVAL_MS, PONG_TIMEOUT_MS,
    REQUESTS_IN_FLIGHT_MAX, SESSION_QUEUE_BYTES,
};

/// Bytes handed to the transport and not yet taken by it. Small, so that an urgent frame overtakes what waits in
/// the lanes; one frame may always be under way, however long it is.
pub const TRANSPORT_WINDOW_BYTES: usize = 32 * 1024;

/// Queued bytes of stream entries and replies below which a session reads its next page from the store. A page
/// that arrives then still fits into the session's queue.
pub const READ_LOW_WATER_BYTES: usize = 64 * 1024;

/// Pages being read for one shard at once; further ones wait their turn. It keeps the store's readers busy in a
/// reconnect storm and bounds what the answers pin: 256 pages of 48 KiB are 12 MiB.
pub const READS_IN_FLIGHT_MAX: usize = 256;

/// Bytes queued for all sessions of a shard unless the configuration says otherwise. Over it, entries are no
/// longer queued but read from the store later.
pub const SHARD_QUEUE_BYTES: usize = 256 * 1024 * 1024;

/// Connections of one shard unless the configuration says otherwise.
pub const SHARD_CONNECTIONS: usize = 250_000;

/// Connections of one user on one shard: a professional has a few devices; a script that opens more is refused.
pub const USER_CONNECTIONS_MAX: usize = 32;

/// Bytes of rings, revocations and control frames queued for one session. They are small and cannot be read again
/// from anywhere, so a session that does not even take these is closed.
pub const CONTROL_QUEUE_BYTES: usize = 64 * 1024;

/// Replies and refusals queued for one connection: those of the requests under way and as many refusals of
/// requests over a bound. A client that goes on asking without reading is closed.
pub const REPLIES_QUEUED_MAX: usize = 4 * REQUESTS_IN_FLIGHT_MAX;

/// Keys of the latest-wins lane of one session. Over it the oldest value is dropped; a client reads progress
/// again when it opens a thread.
pub const KEYED_MAX: usize = 256;

/// Frames of the droppable lane of one session: worthless after a few seconds.
pub const DROPPABLE_MAX: usize = 32;

/// Milliseconds between two reports of what a device has applied.
pub const APPLIED_INTERVAL_MS: u64 = 5_000;

/// Milliseconds after which a page that the store could not give is asked for again.
pub const READ_RETRY_MS: u64 = 500;

/// Pages in a row that the store could not give after which the connection is closed as `unavailable`.
pub const READ_TRIES_MAX: u32 = 20;

/// Milliseconds a draining connection with requests under way is kept beyond its time.
pub const DRAIN_GRACE_MS: u64 = 5_000;

/// Milliseconds within which clients of a closed connection come back, drawn for each.
pub const RETURN_SPREAD_MS: u64 = 5_000;

/// Milliseconds after which a replaced connection may come back at the earliest, and the spread beyond it. Two
/// windows that share a session by mistake must not chase each other.
pub const REPLACED_RETURN_MS: u64 = 15_000;

/// Requests a connection without a session may send at once, and per minute afterwards: a sign-in takes five, and
/// a person who mistypes a code sends a few more.
pub const SIGN_IN_BUCKET_TOKENS: u32 = 30;

/// Tokens that come back each second to the bucket of a connection without a session.
pub const SIGN_IN_REFILL_PER_S: u32 = 1;

/// Milliseconds between two unasked `Pong`s; more frequent ones are paid from the user's bucket.
pub const PONG_INTERVAL_MS: u64 = 1_000;

const _: () = assert!(READ_LOW_WATER_BYTES + PAGE_BYTES_MAX + FRAME_BYTES_MAX <= SESSION_QUEUE_BYTES);
const _: () = assert!(TRANSPORT_WINDOW_BYTES >= HEADER_LEN);
const _: () = assert!(PONG_TIMEOUT_MS < NO_PROGRESS_MS);
const _: () = assert!(APPLIED_INTERVAL_MS < PING_INTERVAL_MS);
const _: () = assert!(REPLIES_QUEUED_MAX > REQUESTS_IN_FLIGHT_MAX);
