//! Every bound of the media rooms, and why it is where it is.
//!
//! Not known here: what the server's operator configured.

use core::time::Duration;

/// Rooms of one core. A core is one thread; at two people a room this is more than a thread can forward.
pub const ROOMS_MAX: usize = 4_096;

/// Peers of one room: a large round. Above it a subscriber's view and the loudest voices would still be bounded, but
/// not the work of one packet.
pub const ROOM_PEERS_MAX: usize = 64;

/// Peers of one core.
pub const PEERS_MAX: usize = 8_192;

/// Peers that have not connected yet, in one core. Each costs a handshake of about 3 ms.
pub const HALF_OPEN_MAX: usize = 512;

/// Peers that have not connected yet from one origin: a whole ward behind one address may join at once.
pub const HALF_OPEN_PER_ORIGIN_MAX: usize = 32;

/// How long a peer may take from its offer to a connection before its place is given away.
pub const HALF_OPEN_FOR: Duration = Duration::from_secs(10);

/// How long media is kept for a peer whose path is gone: a lift, a change of network, a reload.
pub const LOST_FOR: Duration = Duration::from_secs(30);

/// Octets of an offer. A browser's offer of 16 m-lines has about 30 KiB.
pub const OFFER_BYTES_MAX: usize = 64 * 1024;

/// Lines of an offer; a browser's has about a thousand.
pub const OFFER_LINES_MAX: usize = 2_500;

/// Octets of one line of an offer.
pub const OFFER_LINE_BYTES_MAX: usize = 1_024;

/// Offers a peer may make after the first, in a minute: each is an ICE restart after a change of network.
pub const OFFERS_PER_MINUTE: u32 = 12;

/// Receive slots for cameras in an offer.
pub const VIDEO_SLOTS: usize = 9;

/// Receive slots for voices in an offer: the loudest three.
pub const AUDIO_SLOTS: usize = 3;

/// Receive slots for a shared screen in an offer.
pub const SCREEN_SLOTS: usize = 1;

/// m-lines of an offer: the slots, and a microphone, a camera and a screen to send.
pub const M_LINES_MAX: usize = VIDEO_SLOTS + AUDIO_SLOTS + SCREEN_SLOTS + 3;

/// Tiles of one subscriber's view: as many as there are slots to show them in.
pub const TILES_MAX: usize = VIDEO_SLOTS + SCREEN_SLOTS;

/// Addresses that one peer is heard from; the oldest is forgotten. A device has a few, and a move adds some.
pub const PEER_ADDRESSES_MAX: usize = 8;

/// Octets of a datagram that is looked at; media stays well below a link's 1 500.
pub const DATAGRAM_BYTES_MAX: usize = 2_000;

/// Streams that a peer may send: three layers of camera and screen each, and a voice.
pub const STREAMS_MAX: usize = 7;

/// Packets of streams that belong to nothing that a peer may send in a second before they are dropped unread.
pub const STRAY_PACKETS_PER_SECOND: u32 = 200;

/// Packets kept for repetition in each video slot: about 2 s of the highest layer. They share their payload with every
/// other subscriber.
pub const REPEAT_VIDEO_PACKETS: usize = 512;

/// Packets kept for repetition in each voice slot.
pub const REPEAT_AUDIO_PACKETS: usize = 50;

/// Least time between two requests for a key frame of one layer of one track.
pub const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

/// Least time before a request that had no effect is repeated, the first time; then [`KEYFRAME_RETRY_LATER`].
pub const KEYFRAME_RETRY_FIRST: Duration = Duration::from_millis(250);

/// Least time before a request that had no effect is repeated once more.
pub const KEYFRAME_RETRY_LATER: Duration = Duration::from_secs(1);

/// Repetitions of a request without effect; afterwards only the interval counts.
pub const KEYFRAME_RETRIES_MAX: u32 = 5;

/// How long after its last packet a layer of a camera counts as sent.
pub const CAMERA_ACTIVE_FOR: Duration = Duration::from_millis(700);

/// How long after its last packet a layer of a screen counts as sent: a still picture is repeated once a second.
pub const SCREEN_ACTIVE_FOR: Duration = Duration::from_secs(3);

/// How long a layer that nobody watches is still asked of its publisher.
pub const UNWATCHED_FOR: Duration = Duration::from_secs(5);

/// Time between two looks at a room: levels, layers, bandwidth, what is paused.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// The span over which the smallest estimate counts before more is sent.
pub const ESTIMATE_WINDOW: Duration = Duration::from_secs(3);

/// Buckets of that span.
pub const ESTIMATE_BUCKETS: usize = 6;

/// What a new subscriber is taken to have: two small pictures and a voice, found out within a second.
pub const FIRST_ESTIMATE_BPS: u64 = 600_000;

/// What voices take beside pictures: three of about 40 kbit/s.
pub const VOICES_BPS: u64 = 120_000;

/// What a subscriber is probed up to.
pub const WANTED_BPS_MAX: u64 = 12_000_000;

/// Verdicts on frames remembered for each stream, so that a late packet meets the one of its frame.
pub const FRAMES_REMEMBERED: usize = 16;

/// Packets taken out of a stream that are remembered, so that late ones keep their place.
pub const GAPS_REMEMBERED: usize = 16;

const _: () = assert!(HALF_OPEN_PER_ORIGIN_MAX < HALF_OPEN_MAX && HALF_OPEN_MAX < PEERS_MAX);
const _: () = assert!(OFFER_LINE_BYTES_MAX < OFFER_BYTES_MAX);
const _: () = assert!(KEYFRAME_RETRY_FIRST.as_millis() < KEYFRAME_INTERVAL.as_millis());
const _: () = assert!(CAMERA_ACTIVE_FOR.as_millis() > 5 * LOOK_INTERVAL.as_millis());
const _: () = assert!(FIRST_ESTIMATE_BPS > VOICES_BPS && WANTED_BPS_MAX > FIRST_ESTIMATE_BPS);
