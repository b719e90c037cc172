//! Everything that can go wrong, with codes that documents, tests and scripts may rely on.
//!
//! Not known here: the words a person reads.

use relais_chain::ChainError;
use relais_wire::{CloseCode, ErrorCode, Refusal};

/// What a hostile server tried. Each variant is one attack with its own code; a client that meets one does not
/// use what it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Hostile {
    /// A person's chain does not have the root that was pinned, attested or found in a thread: another key.
    #[error("another key was served for a known person")]
    KeySwapped,
    /// A person's card names keyrings that their own signed root does not.
    #[error("the card of a person or team names keyrings its chain does not")]
    CardSwapped,
    /// A chain does not contain the pinned head: two histories were served.
    #[error("a chain was served in two versions")]
    ChainForked,
    /// A chain ends before the pinned head: a removal, rotation or revocation was withheld.
    #[error("a chain was served in an older version than before")]
    ChainRolledBack,
    /// A link of a chain breaks the chain's rules.
    #[error("an invalid chain was served")]
    ChainInvalid,
    /// An entry's signature, author or place does not verify.
    #[error("an entry that its author did not sign like this")]
    EntryForged,
    /// An entry is missing: the author's counter or the position skips.
    #[error("an entry of a thread was withheld")]
    EntryDropped,
    /// Entries are not in the order in which their authors saw them.
    #[error("entries of a thread were reordered")]
    EntryReordered,
    /// An entry came a second time.
    #[error("an entry of a thread was replayed")]
    EntryReplayed,
    /// Somebody signed a head that this client was never shown: the thread was served in two versions.
    #[error("a thread was served in two versions")]
    ThreadForked,
    /// A thread is served in an older version than the one verified before.
    #[error("a thread was served in an older version than before")]
    ThreadRolledBack,
    /// Something follows the closing entry.
    #[error("an entry after the closing of a thread")]
    EntryAfterClose,
    /// An epoch is readable for somebody who takes no part.
    #[error("a reader who takes no part in the thread")]
    GhostReader,
    /// Messages are written under keys that somebody removed still holds.
    #[error("a rotation of keys was withheld")]
    RotationWithheld,
    /// A box holds another seed than the signed commitment names.
    #[error("a box holds another key than was signed")]
    BoxWrongCommit,
    /// A box differs from the signed hash, or does not open.
    #[error("a box is not the one that was signed")]
    BoxSwapped,
    /// A box that a signed list names for this user is not served.
    #[error("a box for this user was withheld")]
    BoxWithheld,
    /// The ciphertext of a message does not open under the signed epoch.
    #[error("a message does not open under its key")]
    MessageTampered,
    /// A receipt is not signed by the server's pinned key, or names another place than the entry has.
    #[error("a receipt that does not fit its entry")]
    WrongReceipt,
    /// The vault is older than, or not, the one the user's own chain names.
    #[error("an old or foreign vault was served")]
    OldVault,
    /// The user's own chain is not the one this device wrote.
    #[error("the user's own chain was changed")]
    OwnChainChanged,
    /// Weaker password stretching was asked for than the protocol fixes.
    #[error("weaker password protection was asked for")]
    WeakKsf,
    /// The server's own key is not the pinned one.
    #[error("the server's key is not the pinned one")]
    ServerKeyChanged,
    /// A colleague whose membership no administrator has signed.
    #[error("a colleague without an administrator's signature")]
    Unattested,
    /// A file is not the one its message describes.
    #[error("a file is not the one that was sent")]
    FileTampered,
    /// A stream is served with a hole in it.
    #[error("a stream was served with a hole in it")]
    StreamHole,
    /// The server calls what is built on stale, again and again, and serves nothing newer.
    #[error("the server refuses as stale what is current")]
    StaleForEver,
    /// An invitation was accepted by somebody who does not hold its key.
    #[error("an invitation was accepted by somebody else")]
    InviteForged,
    /// The key index or the pins are older than this device has seen, or not what a device of the user wrote.
    #[error("an old or foreign key index or pins object was served")]
    OldObject,
}

impl Hostile {
    /// Every attack, with its stable code.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::KeySwapped, "H01"),
        (Self::CardSwapped, "H02"),
        (Self::ChainForked, "H03"),
        (Self::ChainRolledBack, "H04"),
        (Self::ChainInvalid, "H05"),
        (Self::EntryForged, "H06"),
        (Self::EntryDropped, "H07"),
        (Self::EntryReordered, "H08"),
        (Self::EntryReplayed, "H09"),
        (Self::ThreadForked, "H10"),
        (Self::ThreadRolledBack, "H11"),
        (Self::EntryAfterClose, "H12"),
        (Self::GhostReader, "H13"),
        (Self::RotationWithheld, "H14"),
        (Self::BoxWrongCommit, "H15"),
        (Self::BoxSwapped, "H16"),
        (Self::BoxWithheld, "H17"),
        (Self::MessageTampered, "H18"),
        (Self::WrongReceipt, "H19"),
        (Self::OldVault, "H20"),
        (Self::OwnChainChanged, "H21"),
        (Self::WeakKsf, "H22"),
        (Self::ServerKeyChanged, "H23"),
        (Self::Unattested, "H24"),
        (Self::FileTampered, "H25"),
        (Self::StreamHole, "H26"),
        (Self::StaleForEver, "H27"),
        (Self::InviteForged, "H28"),
        (Self::OldObject, "H29"),
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(attack, _)| *attack == self).map_or("H00", |(_, code)| code)
    }

    /// The attack behind an error of the validator, for an entry of a thread.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else is wrong with an entry makes it a forged one"
    )]
    pub const fn of_entry(error: ChainError) -> Self {
        match error {
            ChainError::Closed => Self::EntryAfterClose,
            ChainError::AseqReplayed | ChainError::MsgIdReused => Self::EntryReplayed,
            ChainError::BadInvitationProof => Self::InviteForged,
            ChainError::AseqGap | ChainError::WrongPosition => Self::EntryDropped,
            ChainError::AnchorAhead => Self::EntryReordered,
            ChainError::AnchorMismatch | ChainError::AnchorUnknown => Self::ThreadForked,
            ChainError::HeadMismatch => Self::ThreadRolledBack,
            ChainError::EpochRecipients | ChainError::NotifyUnknown => Self::GhostReader,
            ChainError::StaleEpoch
            | ChainError::EpochDue
            | ChainError::StaleGeneration
            | ChainError::GenerationGoesBack => Self::RotationWithheld,
            _ => Self::EntryForged,
        }
    }

    /// The attack behind an error of the validator, for a link of a chain.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else is wrong with a link makes the chain invalid"
    )]
    pub const fn of_link(error: ChainError) -> Self {
        match error {
            ChainError::PinMismatch | ChainError::PrevMismatch | ChainError::SeqMismatch => Self::ChainForked,
            _ => Self::ChainInvalid,
        }
    }
}

/// Refuses what only a hostile server does. Every check of this crate goes through here, so that a proof can
/// switch one off and see what it is worth (feature `mutations`, never in a released program).
pub(crate) fn refuse(attack: Hostile) -> Result<(), ClientError> {
    #[cfg(feature = "mutations")]
    if crate::mutations::is_off(attack) {
        return Ok(());
    }
    Err(attack.into())
}

/// Everything that can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No connection could be made.
    #[error("the server cannot be reached")]
    Unreachable,
    /// It was sent and no answer came: it may or may not have been done.
    #[error("no answer came")]
    NoAnswer,
    /// Too much waits already.
    #[error("too much is under way")]
    Busy,
    /// The server refused.
    #[error("the server refused: {:?}", .0.code)]
    Refused(Refusal),
    /// The connection was ended for good.
    #[error("the connection was ended: {0:?}")]
    Ended(CloseCode),
    /// Bytes that are not of the protocol.
    #[error("the server does not speak the protocol")]
    Protocol,
    /// What the server did is not possible for an honest one.
    #[error("the server is not honest: {0}")]
    Hostile(Hostile),
    /// The same, with the rule of the chain that was broken.
    #[error("the server is not honest: {0} ({1})")]
    HostileChain(Hostile, ChainError),
    /// The wrong password, recovery code or key file.
    #[error("the password or key does not fit")]
    WrongSecret,
    /// A password that is too short to be safe.
    #[error("the password is too weak")]
    WeakPassword,
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// Somebody is signed in already.
    #[error("somebody is signed in here already")]
    SignedInAlready,
    /// This account cannot read or write it.
    #[error("not readable with this account's keys")]
    NoKey,
    /// There is no such thing here.
    #[error("not found")]
    NotFound,
    /// What was asked for is not possible.
    #[error("not possible: {0}")]
    NotPossible(&'static str),
    /// Something given is too large.
    #[error("too large")]
    TooLarge,
    /// A local file cannot be read or written.
    #[error("local storage: {0}")]
    Storage(&'static str),
    /// The local state file is damaged or was made with another key.
    #[error("the local state is damaged")]
    LocalState,
    /// Randomness is not available, or another failure of the platform.
    #[error("the platform failed")]
    Platform,
    /// What this device made does not pass its own check: a bug, stopped before anything was sent.
    #[error("refused by this device's own check ({0})")]
    OwnCheck(ChainError),
}

impl ClientError {
    /// Stable code: `H..` for an attack, `S<number>` for a refusal of the server, `C..` otherwise.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Hostile(attack) | Self::HostileChain(attack, _) => attack.code().to_owned(),
            Self::Refused(refusal) => format!("S{}", refusal.code.code()),
            Self::Ended(code) => format!("S{}", code.code()),
            Self::Unreachable => "C01".to_owned(),
            Self::NoAnswer => "C02".to_owned(),
            Self::Busy => "C03".to_owned(),
            Self::Protocol => "C04".to_owned(),
            Self::WrongSecret => "C05".to_owned(),
            Self::WeakPassword => "C06".to_owned(),
            Self::NotSignedIn => "C07".to_owned(),
            Self::SignedInAlready => "C08".to_owned(),
            Self::NoKey => "C09".to_owned(),
            Self::NotFound => "C10".to_owned(),
            Self::NotPossible(_) => "C11".to_owned(),
            Self::TooLarge => "C12".to_owned(),
            Self::Storage(_) => "C13".to_owned(),
            Self::LocalState => "C14".to_owned(),
            Self::Platform => "C15".to_owned(),
            Self::OwnCheck(_) => "C16".to_owned(),
        }
    }

    /// The refusal, if the server refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }

    /// Whether the server refused with this code.
    #[must_use]
    pub fn is_refusal(&self, code: ErrorCode) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == code)
    }

    /// Whether the same may succeed later by itself.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "errors are permanent unless named here")]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable | Self::NoAnswer | Self::Busy => true,
            Self::Refused(refusal) => refusal.code.is_transient(),
            _ => false,
        }
    }

    /// An entry that the validator refused.
    #[must_use]
    pub const fn entry(error: ChainError) -> Self {
        Self::HostileChain(Hostile::of_entry(error), error)
    }

    /// A link that the validator refused.
    #[must_use]
    pub const fn link(error: ChainError) -> Self {
        Self::HostileChain(Hostile::of_link(error), error)
    }

    /// The attack, if it is one.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "an attack is one of two")]
    pub const fn hostile(&self) -> Option<Hostile> {
        match self {
            Self::Hostile(attack) | Self::HostileChain(attack, _) => Some(*attack),
            _ => None,
        }
    }
}

impl From<Hostile> for ClientError {
    fn from(attack: Hostile) -> Self {
        Self::Hostile(attack)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Hostile;

    #[test]
    fn every_attack_has_a_code_of_its_own() {
        let codes: BTreeSet<&str> = Hostile::ALL.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes.len(), Hostile::ALL.len());
        assert!(Hostile::ALL.iter().all(|(attack, code)| attack.code() == *code));
    }
}
