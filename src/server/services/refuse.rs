//! From what the store and the validator say to what a client is told. One place, so that no two services tell
//! the same thing differently.
//!
//! Not known here: which request it was.

use relais_chain::ChainError;
use relais_store::{CommitError, Kind, ReadError, Refusal as Refused};
use relais_wire::ids::Seq;
use relais_wire::scalar::Millis;
use relais_wire::{ErrorCode, Refusal, Stale};

/// Milliseconds after which an overloaded or full server may be tried again.
const BACK_OFF_MS: u64 = 2_000;

/// A refusal without details.
pub(crate) const fn refuse(code: ErrorCode) -> Refusal {
    Refusal::new(code)
}

/// A rule of a chain is broken.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other rule is told by its number")]
pub(crate) fn chain(error: ChainError) -> Refusal {
    let code = match error {
        ChainError::Closed => ErrorCode::Closed,
        ChainError::TooMany | ChainError::ChainFull | ChainError::ThreadFull => ErrorCode::LimitReached,
        _ => ErrorCode::ChainRefused,
    };
    Refusal { chain_code: Some(error.code()), ..Refusal::new(code) }
}

/// What a read failed with.
pub(crate) const fn read(error: ReadError) -> Refusal {
    match error {
        ReadError::Overloaded => Refusal::retry(ErrorCode::Overloaded, BACK_OFF_MS),
        ReadError::Damaged | ReadError::Stopped(_) => Refusal::retry(ErrorCode::Unavailable, BACK_OFF_MS),
    }
}

/// What a commit failed with.
pub(crate) fn commit(error: CommitError) -> Refusal {
    match error {
        CommitError::Refused(refused) => refusal(&refused),
        CommitError::Overloaded => Refusal::retry(ErrorCode::Overloaded, BACK_OFF_MS),
        CommitError::DiskFull => Refusal::retry(ErrorCode::StorageFull, 30_000),
        CommitError::Internal => Refusal::new(ErrorCode::Internal),
        CommitError::Fatal(_) | CommitError::Unknown => Refusal::retry(ErrorCode::Unavailable, BACK_OFF_MS),
    }
}

/// What the committer refused.
pub(crate) fn refusal(refused: &Refused) -> Refusal {
    let code = match refused {
        Refused::Stale { epoch, n, ctrl_head, .. } => {
            let generation = u32::try_from(*epoch).unwrap_or(u32::MAX);
            let stale = Stale { keyring: None, generation, n: *n, head: *ctrl_head };
            return Refusal { stale: Some(stale), ..Refusal::new(ErrorCode::Stale) };
        }
        Refused::Throttled { retry_after_ms } => {
            return Refusal::retry(ErrorCode::Throttled, *retry_after_ms);
        }
        Refused::AuthorSeq { .. } => return chain(ChainError::AseqReplayed),
        Refused::Entry(error) => return chain(*error),
        Refused::IdemReused => ErrorCode::IdempotencyMismatch,
        Refused::Missing(Kind::Invite) | Refused::InviteOver => ErrorCode::InviteInvalid,
        Refused::Missing(Kind::Login | Kind::Recovery) | Refused::LoginOver => ErrorCode::CodeExpired,
        Refused::Missing(_) => ErrorCode::NotFound,
        Refused::Suspended | Refused::SessionOver => ErrorCode::Revoked,
        Refused::InstanceChanged
        | Refused::Exists(_)
        | Refused::Version { .. }
        | Refused::ChainHead { .. } => ErrorCode::Conflict,
        Refused::Closed => ErrorCode::Closed,
        Refused::BoxesMissing { .. } => ErrorCode::BoxMissing,
        Refused::StagedTooMuch => ErrorCode::LimitReached,
        Refused::BlobIncomplete => ErrorCode::Conflict,
        Refused::CursorAhead => ErrorCode::Malformed,
        Refused::TooLarge(_) => ErrorCode::TooLarge,
        Refused::BlobReferenced => ErrorCode::Conflict,
    };
    Refusal::new(code)
}

/// A keyring has a newer generation, or a rotation of it is due.
pub(crate) fn stale_keyring(
    keyring: relais_wire::KeyringId,
    generation: u64,
    n: Seq,
    head: relais_wire::Bytes32,
) -> Refusal {
    let generation = u32::try_from(generation).unwrap_or(u32::MAX);
    let stale = Stale { keyring: Some(keyring), generation, n, head };
    Refusal { stale: Some(stale), ..Refusal::new(ErrorCode::Stale) }
}

/// The waiting period ends at this time.
pub(crate) const fn cooling_down(now_ms: u64, until_ms: u64) -> Refusal {
    Refusal {
        retry_after: Some(Millis::saturating(until_ms.saturating_sub(now_ms))),
        ..Refusal::new(ErrorCode::CoolingDown)
    }
}
