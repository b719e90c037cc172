//! What services keep in the store's free fields, MessagePack with named fields.
//!
//! Not known here: the store's own columns.

use relais_wire::account::Locale;
use relais_wire::ids::{InviteId, KeyringId, SessionId, UnitId, UserId};
use relais_wire::scalar::Bin;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Encodes.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).expect("plain values encode")
}

/// Decodes; `None` for what another version wrote.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    rmp_serde::from_slice(bytes).ok()
}

/// A unit's keyrings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UnitProfile {
    /// `OA`.
    pub(crate) admins: KeyringId,
    /// `OD`.
    pub(crate) data: Option<KeyringId>,
}

impl UnitProfile {
    /// Decodes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        decode(bytes)
    }
}

/// A person's keyrings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PersonProfile {
    /// `U`.
    pub(crate) personal: KeyringId,
    /// `I`.
    pub(crate) inbox: KeyringId,
}

/// What an invitation leads to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InviteDetails {
    /// The unit, where there is one.
    pub(crate) unit: Option<UnitId>,
    /// Public key of the invitation.
    pub(crate) key: Option<Bin>,
    /// Signature over the acceptor's root hash; set when it is used.
    pub(crate) proof: Option<Bin>,
}

/// A sign-in, registration or recovery under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LoginState {
    /// The account, or the made-up one, or the one that will be.
    pub(crate) user: UserId,
    /// Version of the account whose password is asked for; another one has another password.
    #[serde(default)]
    pub(crate) version: u64,
    /// Language of mails.
    pub(crate) locale: Locale,
    /// What OPAQUE's server half needs back.
    pub(crate) opaque: Bin,
    /// Codes sent so far.
    pub(crate) sends: u32,
    /// When the last one was.
    pub(crate) sent_ms: u64,
    /// The invitation it uses.
    pub(crate) invite: Option<InviteId>,
    /// Whether it uses the setup token of the first administrator.
    pub(crate) setup: bool,
    /// How far a recovery has come.
    pub(crate) recovery: RecoveryStep,
}

/// How far a recovery has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum RecoveryStep {
    /// The code is out.
    #[default]
    Code,
    /// The code was right; this is to be signed.
    Challenge(Bin),
    /// The signature was right; a new password may be set.
    Granted,
}

/// Who runs this instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct InstanceSettings {
    /// Those who registered with the setup token.
    pub(crate) operators: Vec<UserId>,
}

/// What a replayed registration or recovery needs to give the same answer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct GrantNote {
    /// The account.
    pub(crate) user: UserId,
    /// The session that was opened.
    pub(crate) session: SessionId,
}
