//! The bounds of a native media peer, and why.
//!
//! Not known here: what a server bounds.

use core::time::Duration;

/// Packets of one slot that wait for the ones before them: about 2 s of the highest layer.
pub const WAITING_PACKETS_MAX: usize = 512;

/// How long a frame waits for a packet before it, before a key frame is asked for and taken instead: two round trips to
/// a distant server and two repetitions.
pub const REPAIR_FOR: Duration = Duration::from_millis(500);

/// Least time between two requests for a key frame.
pub const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

/// Octets of media in one packet: below what any network splits.
pub const PACKET_OCTETS: usize = 1_100;

/// Keys of other senders: a room's peers, with the last two generations of each.
pub const KEYS_MAX: usize = 128;

/// Packets kept for repetition.
pub const REPEAT_PACKETS: usize = 512;
