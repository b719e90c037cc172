//! Every bound of a call, with its reason.
//!
//! Not known here: bounds of frames and queues, which are the wire's and the hub's.

/// Milliseconds a telephone rings. Long enough to take it out of a pocket and off its gloves, shorter than what
/// makes a caller believe that somebody will still come.
pub const RING_MS: u64 = 45_000;

/// Milliseconds within which a device must have said that it rings. Beyond it the caller is told that nobody can be
/// reached: nothing may claim to ring where no device said so.
pub const ACK_MS: u64 = 3_000;

/// Milliseconds that a call waits after a restart for those who were in it.
pub const RECOVER_MS: u64 = 15_000;

/// Milliseconds that the place of a device whose connection is gone is kept: a lift, a change of network.
pub const AWAY_MS: u64 = 30_000;

/// Places in one call, the caller's included: as many as a thread of a ward round has parties, and few enough that
/// one picture of the call stays far below a frame.
pub const SEATS_MAX: usize = 32;

/// Telephones that ring for one team: its managers on duty. More would be an alarm, not a call.
pub const PHONES_MAX: usize = 16;

/// Calls at once on one node; a further one is refused.
pub const CALLS_MAX: usize = 10_000;

/// Bytes of a call's kept state at most: every place with every telephone.
pub const KEPT_BYTES_MAX: usize = 64 * 1024;

const _: () = assert!(ACK_MS < RECOVER_MS && RECOVER_MS < RING_MS);
const _: () = assert!(RECOVER_MS <= AWAY_MS);
const _: () = assert!(SEATS_MAX >= 2 && PHONES_MAX >= 1);
