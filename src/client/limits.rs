//! Every bound of the client, with its reason. What the server bounds stands in [`relais_wire::limits`].

use relais_wire::limits as wire;

/// Requests that wait for a free place on the connection. Over it a call fails at once: whoever makes more
/// than this while the connection is slow is better told than queued.
pub const CALLS_WAITING_MAX: usize = 256;

/// Milliseconds after which an unanswered request is given up. The server answers in milliseconds or says
/// `overloaded`; a longer silence means that the answer is lost.
pub const CALL_TIMEOUT_MS: u64 = 30_000;

/// Entries of one stream that were received and wait to be applied. Over it the rest is pulled later.
pub const INBOX_ENTRIES_MAX: usize = 512;

/// Bytes of one stream's entries that wait to be applied: a few frames of the largest size.
pub const INBOX_BYTES_MAX: usize = 1024 * 1024;

/// Entries of one stream that are being applied: one durable write of the cursor serves as many.
pub const APPLY_WINDOW: u64 = 64;

/// Hints (typing, progress, badges) that wait to be read; the oldest go first.
pub const HINTS_MAX: usize = 256;

/// Milliseconds from the start of a connection to its `Welcome`.
pub const CONNECT_TIMEOUT_MS: u64 = 15_000;

/// First step of the back-off, in milliseconds; each further one doubles.
pub const BACKOFF_BASE_MS: u64 = 100;

/// Longest step of the back-off unless the caller sets a shorter one: a client that is offline for hours must
/// come back within half a minute of the network's return, and a thousand of them must not be a storm.
pub const BACKOFF_CAP_MS: u64 = 30_000;

/// Longest delay a server may dictate. A longer one is read as this: no close code may park a client for a day.
pub const DICTATED_DELAY_MAX_MS: u64 = 10 * 60_000;

/// Milliseconds before a snapshot that could not be read is asked for again; each further time doubles them, up
/// to the longest step of the back-off: until then the stream's context is deaf, and a server that refuses
/// because it has too much to do must not be asked by everybody at once.
pub const SNAPSHOT_AGAIN_MS: u64 = 1_000;

/// Milliseconds a connection has to live before the back-off starts anew.
pub const STABLE_MS: u64 = 5_000;

/// Milliseconds between two acknowledgements that the server did not ask for.
pub const PONG_INTERVAL_MS: u64 = 1_000;

/// Times a draft is sealed and signed anew because what it built on had changed.
pub const RESEAL_MAX: u32 = 5;

/// Times a control entry is anchored anew because another control entry came first.
pub const REANCHOR_MAX: u32 = 5;

/// Times an act is asked again, byte for byte, while the server cannot be reached or says that a refusal will
/// pass. An act has somebody waiting: with the steps below that is 21 seconds, which a restart of the server
/// fits into, and after which the person is told.
pub const ASK_AGAIN_MAX: u64 = 20;

/// Milliseconds by which each wait before asking again is longer than the one before.
pub const ASK_AGAIN_STEP_MS: u64 = 100;

/// Longest wait before a client does what any member may do, in milliseconds: long enough that of the members of
/// a ward one comes first and the others see it done, short enough that a removal is soon worth something.
pub const CHORE_JITTER_MS: u64 = 4_000;

/// Milliseconds before a client does the same chore again: nobody can keep it busy by asking over and over.
pub const CHORE_REST_MS: u64 = 60_000;

/// Chores that wait or rest: more keyrings than one person is in. What is over it is done by another member.
pub const CHORES_MAX: usize = 256;

/// Entries of a stream, from the newest back, in which an invitation is looked for when it is answered: weeks of a
/// busy person. Whoever waited longer asks to be invited again.
pub const INVITE_LOOK_BACK: u64 = 4_000;

/// Times a snapshot is begun again because the server no longer held it: each means that its pages took minutes.
pub const SNAPSHOT_TRIES: u32 = 3;

/// Pages without a thread that are read in a row, where a server looks through many closed ones: each passes over
/// about two hundred.
pub const LIST_PAGES_MAX: u32 = 1_000;

/// Drafts that wait to be sent: a day offline of a busy person, and a bot that outruns its server is told so.
pub const OUTBOX_DRAFTS_MAX: usize = 20_000;

/// Milliseconds before a draft is sent again after a refusal that will pass, where the server names no delay.
pub const RESEND_AFTER_MS: u64 = 500;

/// Drafts of one thread that one request carries: an epoch that is due goes in front of them in the same one.
pub const DRAFTS_PER_APPEND: usize = wire::ENTRIES_PER_APPEND - 1;

/// Bytes of the drafts that one request carries, before sealing: with padding (12 %), cores, signatures and an
/// epoch in front they fit into the largest request.
pub const DRAFT_BYTES_PER_APPEND: usize = 128 * 1024;

/// Milliseconds between two writings of the key index or the pins: each is rewritten as a whole, and the server
/// takes no more.
pub const OBJECT_EVERY_MS: u64 = 60_000;

/// Threads of the key index this client writes: 180 bytes each with the longest title, within one request. Further
/// ones are opened by their boxes.
pub const SHARED_INDEX_MAX: usize = 1_200;

/// Threads of the pins this client writes: 60 bytes each; with the chains within one request.
pub const SHARED_THREADS_MAX: usize = 2_000;

/// Chains of the pins this client writes: 100 bytes each.
pub const SHARED_CHAINS_MAX: usize = 1_000;

/// Entries by which a thread grows before its verified state is kept anew: a restarted client verifies at most as
/// many again, and a busy one does not write a file for each.
pub const KEEP_EVERY_ENTRIES: u64 = 16;

/// Heads kept with a thread's state: an entry written offline names a head from before the restart; one that names
/// an older head than these is held against nothing there.
pub const KEPT_HEADS_MAX: usize = 512;

const _: () = assert!(SHARED_INDEX_MAX * 180 < wire::RPC_BYTES_MAX - 16 * 1024);
const _: () = assert!(SHARED_THREADS_MAX * 60 + SHARED_CHAINS_MAX * 100 < wire::RPC_BYTES_MAX - 16 * 1024);
const _: () = assert!(BACKOFF_BASE_MS < BACKOFF_CAP_MS);
const _: () = assert!(CONNECT_TIMEOUT_MS > wire::AUTH_TIMEOUT_MS);
const _: () = assert!(DRAFT_BYTES_PER_APPEND > wire::CIPHERTEXT_BYTES_MAX);
const _: () = assert!(
    DRAFT_BYTES_PER_APPEND * 9 / 8
        + wire::ENTRIES_PER_APPEND * (wire::CORE_BYTES_MAX + 256)
        + wire::CONTROL_BYTES_MAX
        <= wire::RPC_BYTES_MAX
);
