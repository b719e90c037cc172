//! Accounts and the secret-bearing objects beside them, all opaque to the server.

use relais_wire::ids::{Bytes32, UserId};

use super::{Opaque, Personal, stored_enum};

/// An account. Its e-mail addresses are rows of their own ([`crate::AccountWrite::AddEmail`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user; also the OPAQUE credential identifier.
    pub user: UserId,
    /// Displayed name.
    pub name: Personal,
    /// BCP 47 language tag.
    pub locale: String,
    /// OPAQUE registration record; `None` for a service user that signs in by key file.
    pub record: Option<Opaque>,
    /// When it was suspended, in server milliseconds; `None` while it may sign in.
    pub suspended_ms: Option<u64>,
    /// When it was created, in server milliseconds.
    pub created_ms: u64,
    /// Counts changes of this row from 1; what [`crate::Guard::AccountVersion`] names.
    pub version: u64,
}

/// A vault: one ciphertext per user, replaced as a whole under compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// From 1; each replacement adds one.
    pub version: u64,
    /// The ciphertext.
    pub bytes: Opaque,
}

stored_enum! {
    /// The ciphertext objects a user has one of.
    UserObject {
        /// The vault with the user's seeds.
        Vault = 1,
        /// Thread → epoch, seed and title.
        KeyIndex = 2,
        /// Contact heads, last checkpoint, thread → verified position.
        Pins = 3,
    }
    /// What opens a wrap of the vault key.
    WrapKind {
        /// The password, through the OPAQUE export key.
        Password = 1,
        /// The recovery code.
        Recovery = 2,
        /// A passkey's PRF; one wrap per credential.
        Passkey = 3,
        /// An administrators' escrow.
        Escrow = 4,
        /// A key file of a service user.
        KeyFile = 5,
    }
}

/// The vault key under one of its wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrap {
    /// What opens it.
    pub kind: WrapKind,
    /// Which one of that kind (a credential id); empty where there is only one.
    pub slot: Opaque,
    /// The wrapped key.
    pub bytes: Opaque,
}

/// The server's half of a recovery code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The half the server keeps; released only after the cool-down.
    pub server_half: Opaque,
    /// Verifies the signature made with the user's half.
    pub auth_key: Bytes32,
    /// When a release under way may be given, in server milliseconds; `None` when nobody asked.
    pub release_at_ms: Option<u64>,
}
