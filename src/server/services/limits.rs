//! Limits of sign-ins and other acts that cost somebody something, each with its reason. They are counted in the
//! store, so a restart forgives nothing.
//!
//! Not known here: limits of frames and pages, which are the wire's.

/// How often something may happen within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// What is counted.
    pub(crate) name: &'static str,
    /// How often.
    pub(crate) count: u32,
    /// Within how many milliseconds.
    pub(crate) window_ms: u64,
}

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Passwords tried for one account: a person mistypes a few times; 10 in a quarter of an hour is 960 a day,
/// hopeless against the passwords that are accepted.
pub(crate) const LOGIN_ACCOUNT: Limit = Limit { name: "login-account", count: 10, window_ms: 15 * MINUTE_MS };

/// Sign-ins begun from one network: a whole ward may come through one address at a shift change.
pub(crate) const LOGIN_CLIENT: Limit = Limit { name: "login-client", count: 300, window_ms: 15 * MINUTE_MS };

/// Sign-ins begun on the instance: bounds what a spread-out attack costs the server (about 0.2 ms each).
pub(crate) const LOGIN_GLOBAL: Limit =
    Limit { name: "login-global", count: 30_000, window_ms: 15 * MINUTE_MS };

/// Registrations begun for one address: each sends a mail to somebody.
pub(crate) const REGISTER_ADDRESS: Limit = Limit { name: "register-address", count: 5, window_ms: HOUR_MS };

/// Registrations begun from one network: a training room registers together.
pub(crate) const REGISTER_CLIENT: Limit = Limit { name: "register-client", count: 300, window_ms: HOUR_MS };

/// Registrations begun on the instance.
pub(crate) const REGISTER_GLOBAL: Limit =
    Limit { name: "register-global", count: 20_000, window_ms: HOUR_MS };

/// Codes mailed to one account, whatever for: more is mail bombing.
pub(crate) const MAIL_ACCOUNT: Limit = Limit { name: "mail-account", count: 20, window_ms: HOUR_MS };

/// Recoveries begun for one account: each mails a code.
pub(crate) const RECOVER_ACCOUNT: Limit = Limit { name: "recover-account", count: 5, window_ms: HOUR_MS };

/// Recoveries begun from one network.
pub(crate) const RECOVER_CLIENT: Limit = Limit { name: "recover-client", count: 60, window_ms: HOUR_MS };

/// Invitations one person makes: an administrator inviting a hospital uses an integration instead.
pub(crate) const INVITE_USER: Limit = Limit { name: "invite-user", count: 500, window_ms: 24 * HOUR_MS };

/// Of those, invitations in nobody's organization: each may write to an address that somebody made up.
pub(crate) const INVITE_PERSONAL: Limit =
    Limit { name: "invite-personal", count: 20, window_ms: 24 * HOUR_MS };

/// People who wait for a signature shown at once: an answer fits into a frame, and the others show when these
/// have one.
pub(crate) const PENDING_MAX: usize = 200;

/// A key index or pins object is written at most once a minute per user: it is rewritten as a whole.
pub(crate) const OBJECT_USER: Limit = Limit { name: "object-user", count: 1, window_ms: MINUTE_MS };

/// Directory searches of one user: typing searches a few times a second at most.
pub(crate) const SEARCH_USER: Limit = Limit { name: "search-user", count: 300, window_ms: MINUTE_MS };

/// Milliseconds between two codes of one sign-in: a mail may take that long.
pub(crate) const RESEND_AFTER_MS: u64 = 30_000;

/// Milliseconds a sign-in, registration or recovery may take altogether.
pub(crate) const LOGIN_TTL_MS: u64 = 10 * MINUTE_MS;

/// Milliseconds an invitation lives: two weeks of holidays.
pub(crate) const INVITE_TTL_MS: u64 = 14 * 24 * HOUR_MS;

/// Links one request may append: a root, a vault link and two keyrings at registration; a rotation with the
/// keyrings it makes stale.
pub(crate) const LINKS_PER_REQUEST: usize = 64;

/// Wraps of a vault key: a password, a recovery code, and passkeys.
pub(crate) const WRAPS_MAX: usize = 32;

/// Bytes of one wrap: AES-256-GCM of 32 bytes with nonce and tag, with room.
pub(crate) const WRAP_BYTES_MAX: usize = 256;

/// Bytes of a wrap's label: a passkey's credential id (WebAuthn allows 1 023).
pub(crate) const WRAP_LABEL_BYTES_MAX: usize = 1_024;

/// Sessions remembered in memory: about 100 bytes each.
pub(crate) const SESSIONS_CACHED: usize = 100_000;

/// Verified chains kept in memory; beyond it the map is emptied and fills again from the store.
pub(crate) const CHAINS_CACHED: usize = 50_000;

/// Verified threads kept in memory.
pub(crate) const THREADS_CACHED: usize = 10_000;

/// Pictures of rights kept in memory.
pub(crate) const AUTHORITIES_CACHED: usize = 50_000;

/// Milliseconds within which the same session reading the same object is one entry of the audit log.
pub(crate) const READ_AUDIT_MS: u64 = 10 * MINUTE_MS;

/// Reads remembered for that; beyond it the map is emptied, and a few reads are written twice.
pub(crate) const READS_REMEMBERED: usize = 200_000;

/// Files one person uploads: an album of photographs an hour.
pub(crate) const UPLOAD_USER: Limit = Limit { name: "upload-user", count: 2_000, window_ms: HOUR_MS };

/// Threads of one party that name a file, looked at to find one that the asker reads.
pub(crate) const BLOB_THREADS: u32 = 256;

/// Positions one commit moves forward: a device that was away for a month has entries of a few hundred threads.
pub(crate) const MARKS_PER_COMMIT: usize = 256;

/// Reads for one page of a list of threads: a page among many closed threads ends short of its length rather than
/// looking through all of them.
pub(crate) const LIST_ROUNDS: u32 = 4;

/// Threads of a snapshot's page: a card is under 1 KiB.
pub(crate) const SNAPSHOT_PAGE: usize = 40;

/// Steps of loading chains for one decision: a keyring of 1 000 recipients rests on 2 000 chains, each of which takes
/// a few steps.
pub(crate) const LOADS_MAX: usize = 16_384;

/// Snapshots held for their next page: at 200 KiB each 50 MiB, and more than a ward's worth of people who begin anew
/// with more than one page at the same moment. Beyond it the oldest goes, and its reader begins again.
pub(crate) const SNAPSHOTS_HELD: usize = 256;

/// Milliseconds a snapshot is held for its next page: a phone on a bad line takes a few seconds for each of five.
pub(crate) const SNAPSHOT_HELD_MS: u64 = 2 * MINUTE_MS;
