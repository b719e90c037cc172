//! Every bound of a call, with its reason. Those that a client meets are the wire's.
//!
//! Not known here: bounds of frames and queues, which are the wire's and the hub's.

pub use relais_wire::limits::{
    CALL_ACK_MS as ACK_MS, CALL_AWAY_MS as AWAY_MS, CALL_RECOVER_MS as RECOVER_MS, CALL_RING_MS as RING_MS,
    CALL_SEATS_MAX as SEATS_MAX,
};

/// Milliseconds after which a call is over whatever its devices say: what nobody hangs up must not stand in the way of
/// the next call of its thread for ever.
pub const CALL_MS_MAX: u64 = 24 * 3_600_000;

/// Telephones that ring for one team: its managers on duty. More would be an alarm, not a call.
pub const PHONES_MAX: usize = 16;

/// Calls at once on one node; a further one is refused.
pub const CALLS_MAX: usize = 10_000;

/// Bytes of a call's kept state at most: every place with every telephone.
pub const KEPT_BYTES_MAX: usize = 64 * 1024;

const _: () = assert!(ACK_MS < RECOVER_MS && RECOVER_MS < RING_MS);
const _: () = assert!(RECOVER_MS <= AWAY_MS && RING_MS < CALL_MS_MAX);
const _: () = assert!(SEATS_MAX >= 2 && PHONES_MAX >= 1);
