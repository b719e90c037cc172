//! Sizes and times the store holds to, each with its reason.
//!
//! Not known here: limits of frames and requests, which are the wire's.

/// Commits waiting for the committer before [`crate::CommitError::Overloaded`]. Sixteen full batches: at the
/// slowest disk measured (about 300 syncs a second) that is 50 ms of waiting, less than a person notices.
pub const COMMIT_QUEUE: usize = 4096;

/// Commits put into one engine transaction. Above it the sync is already shared by so many that p99 grows
/// faster than throughput.
pub const BATCH_MAX: usize = 256;

/// Reads waiting for a reader thread before [`crate::ReadError::Overloaded`].
pub const READ_QUEUE: usize = 4096;

/// Reader threads. Reads are short and mostly in the page cache; more threads than cores only contend.
pub const READERS: usize = 4;

/// Guards, writes, events and audit lines of one commit, each. A team of 1 000 recipients in one event is one
/// event; nothing a request of one frame can say needs more parts than this.
pub const COMMIT_PARTS_MAX: usize = 2048;

/// Recipients of one event: the streams of every manager and member of every team of one thread.
pub const EVENT_RECIPIENTS_MAX: usize = 4096;

/// Bytes of one stored object (event body, link, payload, vault, profile): a frame (64 KiB) with room for the
/// vault, which travels in several.
pub const OBJECT_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a service's note kept with an idempotency key. Enough for the ids a replayed request must see again.
pub const NOTE_BYTES_MAX: usize = 4096;

/// How long an idempotency key is remembered, in milliseconds: seven days, longer than an outbox may be offline
/// before it asks a person what to do.
pub const IDEM_KEEP_MS: u64 = 7 * 24 * 3_600_000;

/// How long a stream entry is kept, in milliseconds: 30 days. A cursor older than that resynchronises.
pub const STREAM_KEEP_MS: u64 = 30 * 24 * 3_600_000;

/// Entries one stream keeps; older ones go first. Replaying more than this takes longer than a snapshot.
pub const STREAM_KEEP_ENTRIES: u64 = 100_000;

/// How long staged boxes wait for the link that names them, in milliseconds: ten minutes.
pub const STAGED_KEEP_MS: u64 = 10 * 60_000;

/// Bytes of boxes a session may have staged: 1 000 recipients at about 1.2 KiB each, and room to spare.
pub const STAGED_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Milliseconds of a quarter of an hour, by which a list finds its threads: of one party few are active in the same,
/// and a conversation rarely lasts several. The migration that fills the column has the same number.
pub const QUARTER_MS: u64 = 900_000;

/// The quarter of an hour in which a moment lies, counted from 1970.
#[must_use]
pub const fn quarter(at_ms: u64) -> u64 {
    at_ms / QUARTER_MS
}

/// Rows one page of any read returns at most, whatever is asked for.
pub const PAGE_MAX: u32 = 1000;

/// Bytes of bodies one page of a stream or thread returns, after which it stops (it always returns one entry).
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Rows that one round of sweeping removes: short enough to delay no commit noticeably.
pub const SWEEP_MAX: u32 = 2000;

/// Streams that one round of sweeping looks at, going round: a lookup each, so a few milliseconds.
pub const SWEEP_STREAMS: u32 = 500;

/// Write-ahead log pages after which the committer checkpoints between two batches though commits wait: 16 MiB of
/// 4 KiB pages. Short, because a bit flipped in a log not yet checkpointed is read as its end.
pub const CHECKPOINT_PAGES: u32 = 4096;

/// Write-ahead log pages after which the committer checkpoints where no commit came for [`CALM`]: 512 KiB. Moving
/// them delays whoever comes meanwhile less than the tens of milliseconds that the whole log would take.
pub const CHECKPOINT_EARLY_PAGES: u32 = 128;

/// How long nobody comes before the committer checkpoints early. Callers who are answered and commit again are back
/// sooner; at a thousand commits a second every third gap is longer.
pub const CALM: core::time::Duration = core::time::Duration::from_millis(1);

/// Write-ahead log pages above which a forgotten reader is suspected and a warning is given: 256 MiB.
pub const WAL_ALARM_PAGES: u32 = 65_536;

/// Bytes the write-ahead log file is cut back to once it has been checkpointed.
pub const JOURNAL_BYTES: u32 = 32 * 1024 * 1024;

/// Statements kept prepared per connection: every statement of this crate, twice over.
pub const STATEMENTS: usize = 256;

/// Page cache per connection, in KiB.
pub const CACHE_KIB: u32 = 64 * 1024;

/// Idle time after which the committer empties the write-ahead log, in milliseconds.
pub const IDLE_MS: u64 = 2_000;

/// Threads, streams and author counters whose heads the committer keeps in memory, each. About 100 bytes an
/// entry: 25 MiB at most. Beyond it the map is emptied and fills again from the database.
pub const HEADS_CACHED: usize = 65_536;

const _: () = assert!(COMMIT_QUEUE >= 2 * BATCH_MAX);
const _: () = assert!(IDEM_KEEP_MS < STREAM_KEEP_MS);
const _: () = assert!(CHECKPOINT_EARLY_PAGES < CHECKPOINT_PAGES && CHECKPOINT_PAGES < WAL_ALARM_PAGES);

/// How long a connection waits for another's lock. Only opening and recovery lock for long.
pub const BUSY_WAIT: core::time::Duration = core::time::Duration::from_secs(5);
