//! Every bound of the relay, with its reason.

use crate::wire::HEADER_LEN;

/// Longest frame of a stream: ChannelData with a payload of 65 535 bytes, padded.
pub const FRAME_MAX: usize = 4 + 65_536;

/// Longest frame of a stream before there is an allocation: a request with a long username, realm and nonce is well
/// below it, and a thousand silent connections hold 2 MiB at most.
pub const UNAUTHENTICATED_FRAME_MAX: usize = 2_048;

/// Milliseconds a frame of a stream may stay half-received before the shell closes the connection.
pub const FRAME_TIMEOUT_MS: u64 = 10_000;

/// Longest request that is looked at, in bytes: all attributes a request may carry at their longest fit.
pub const REQUEST_BYTES_MAX: usize = 2_048;

/// Bytes sent for each byte received before the sender has proven who it is: a relay must not be worth reflecting
/// from.
pub const AMPLIFICATION_MAX: usize = 3;

const _: () = assert!(UNAUTHENTICATED_FRAME_MAX >= REQUEST_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX > HEADER_LEN);

/// Longest name of a program or domain of another server in an answer: a domain's own limit is 253.
pub const TEXT_BYTES_MAX: usize = 253;

/// Longest user name (RFC 8489 §14.3).
pub const USERNAME_BYTES_MAX: usize = 508;

/// Secrets for ephemeral names at a time: the current one, its predecessor, and as many of a second issuer. Each
/// costs a key at every refusal.
pub const SECRETS_MAX: usize = 4;

/// Answers at once to one /24 or /64 that has not proven anything: a hospital behind one address that reconnects.
pub const UNPROVEN_BURST: u32 = 400;

/// Such answers a second after that; a client that is not answered asks again after half a second.
pub const UNPROVEN_PER_S: u32 = 100;

/// Places for the budgets of prefixes. The table never grows; prefixes that share a place share its budget.
pub const BUDGET_PLACES: usize = 8_192;

/// Allocations of one server unless the configuration says otherwise: more than the ports of one address.
pub const ALLOCATIONS_DEFAULT: u32 = 100_000;

/// Allocations of one user: a browser makes one for each transport and interface, and has a few tabs.
pub const PER_USER_DEFAULT: u32 = 32;

/// Allocations of one /24 or /64: a hospital behind one address.
pub const PER_PREFIX_DEFAULT: u32 = 4_096;

/// Permissions of one allocation: a call through a media server needs one, a mesh of twenty with four candidates
/// each 80.
pub const PERMISSIONS_DEFAULT: u32 = 128;

/// Channels of one allocation: one for each peer with a permission.
pub const CHANNELS_DEFAULT: u32 = 128;

/// Seconds an allocation lives unless it asks for longer (RFC 8656 §3.2).
pub const LIFETIME_DEFAULT_S: u32 = 600;

/// Milliseconds a permission lives (RFC 8656 §9).
pub const PERMISSION_MS: u64 = 300_000;

/// Milliseconds a channel lives (RFC 8656 §12).
pub const CHANNEL_MS: u64 = 600_000;

/// Milliseconds a reserved port is held (RFC 8656 §7.2 asks for at least 30 s).
pub const RESERVATION_MS: u64 = 30_000;

/// Reserved ports at a time: each is a bound socket of nobody.
pub const RESERVATIONS_MAX: usize = 256;

/// Ports tried for one allocation before it is refused.
pub const PORT_TRIES_MAX: u8 = 16;

/// Milliseconds an answer is kept for the same question: a client repeats itself for 39.5 s (RFC 8489 §6.2.1).
pub const ANSWER_MS: u64 = 40_000;

/// Answers kept; over it the oldest goes, and its question is answered anew.
pub const ANSWERS_MAX: usize = 8_192;

/// Revoked names and sessions remembered until they would have ended; over it the one that ends first goes.
pub const REVOKED_MAX: usize = 65_536;

/// Seconds a revoked session, or a name without an end, is remembered.
pub const REVOKED_S: u64 = 24 * 3_600;

const _: () = assert!(RESERVATION_MS < PERMISSION_MS && PERMISSION_MS < CHANNEL_MS);
