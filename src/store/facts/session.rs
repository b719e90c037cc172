//! Sign-ins under way, sessions and ticket keys.

use relais_wire::ids::{Bytes32, DeviceId, LoginId, SessionId, UserId};

use super::{Opaque, Personal, stored_enum};

stored_enum! {
    /// How far a sign-in has come.
    LoginStage {
        /// The OPAQUE exchange has begun.
        Password = 1,
        /// The password is proven; a code has been sent or another factor is asked.
        SecondFactor = 2,
        /// Registration: the exchange has begun, the account does not exist yet.
        Registration = 3,
        /// Recovery: a code was sent to the address of the account.
        Recovery = 4,
    }
    /// What a session may do.
    SessionKind {
        /// Everything its user may.
        Full = 1,
        /// Rings, counts and its own revocation: no ciphertext, no reads.
        NotifyOnly = 2,
    }
}

/// A sign-in or registration under way. It ends by becoming a session, by running out of tries or by expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its id.
    pub login: LoginId,
    /// The account; `None` for a made-up one, which must behave the same.
    pub user: Option<UserId>,
    /// The address a code goes to, where there is one.
    pub email: Option<Personal>,
    /// How far it is.
    pub stage: LoginStage,
    /// The server's protocol state, or whatever else the service needs back.
    pub state: Opaque,
    /// HMAC of the code that is out; the code itself is never stored.
    pub code: Option<Bytes32>,
    /// Tries left for that code.
    pub tries: u32,
    /// When it ends, in server milliseconds.
    pub expires_ms: u64,
}

/// A signed-in session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id; the session's ticket secret is derived from it, never stored.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// On which device.
    pub device: DeviceId,
    /// What it may do.
    pub kind: SessionKind,
    /// Ticket key ([`TicketKey::kid`]) its secret was derived under.
    pub kid: u64,
    /// Public key or token hash the session is bound to.
    pub binding: Opaque,
    /// When it began, in server milliseconds.
    pub created_ms: u64,
    /// When it ends, in server milliseconds.
    pub expires_ms: u64,
    /// When it was last seen, in server milliseconds; kept lazily.
    pub seen_ms: u64,
    /// When it was revoked, in server milliseconds.
    pub revoked_ms: Option<u64>,
}

/// A key that session secrets are derived under. Two are live at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketKey {
    /// Counts up.
    pub kid: u64,
    /// The key.
    pub key: Opaque,
    /// When it was made, in server milliseconds.
    pub created_ms: u64,
}
