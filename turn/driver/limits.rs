//! Every bound of the shell, with its reason.

/// Milliseconds that data may wait for a stream to take it. Media later than this is of no use to a call.
pub const QUEUE_AGE_MS: u64 = 200;

/// Bytes that may wait for a stream: a fifth of a second of 8 Mbit/s, and two of the largest frames at least.
pub const QUEUE_BYTES: usize = 256 * 1024;

/// Frames written to a stream in one call.
pub const WRITE_PIECES: usize = 64;

/// Bytes the kernel may hold unsent of a stream: what is in there can no longer be dropped for its age.
pub const NOT_SENT_BYTES: u32 = 32 * 1024;

/// Bytes of TLS records not written yet over which no more data is sealed, for the same reason.
pub const SEALED_BYTES: usize = 32 * 1024;

/// Bytes read from a stream at once.
pub const READ_BYTES: usize = 16 * 1024;

/// Reads of one stream in one turn; then the others have theirs.
pub const READS_A_TURN: usize = 8;

/// Milliseconds for a new stream to bring an allocation about, TLS handshake included. A stranger holds a descriptor no
/// longer than this.
pub const STREAM_SETUP_MS: u64 = 15_000;

/// Streams of one shard at most, with an allocation or not.
pub const STREAMS: usize = 16_384;

/// New streams taken in one turn, before what waits on the others is looked at.
pub const ACCEPTS_A_TURN: usize = 64;

/// Inboxes that one socket fills in one turn, before the others have theirs.
pub const FILLS_A_TURN: usize = 4;

/// ICMP errors read from one socket in one turn; a peer that makes more is answered for no more.
pub const ERRORS_A_TURN: usize = 16;

/// Readiness events taken from the kernel at once.
pub const EVENTS: usize = 1_024;

/// Milliseconds between looks at what has no event of its own: streams without an allocation, half frames.
pub const TICK_MS: u64 = 1_000;

/// Commands that wait for a shard. It reads them whenever it wakes.
pub const COMMANDS: usize = 64;

/// Bytes of the kernel's buffers of a shared UDP port: what arrives in about 50 ms at a gigabit, as far as the system
/// allows that much.
pub const PORT_BUFFER: usize = 4 << 20;

/// Bytes of the kernel's buffers of one allocation's relay socket.
pub const RELAY_BUFFER: usize = 512 * 1024;
