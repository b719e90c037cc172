//! Registration, sign-in, second factor, recovery, sessions and the user's own ciphertext objects.
//!
//! Sign-in is OPAQUE (RFC 9807: ristretto255-SHA512, Argon2id), then a second factor, and only then the
//! ciphertext of the vault and its wraps. An unknown login is answered like a known one.
//!
//! Not known here: what is inside an OPAQUE message, a vault or a wrap.

use serde::{Deserialize, Serialize};

use crate::chains::{ChainLink, SealedBox};
use crate::control::SessionKey;
use crate::ids::{DeviceId, IdemKey, LoginId, OrgId, Seq, SessionId, UserId};
use crate::scalar::{Bin, Millis, Private};

/// A language of the interface and of what the server writes to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Locale {
    /// French.
    Fr,
    /// English.
    En,
}

/// How the password is stretched before OPAQUE uses it: Argon2id. The values of version 1 are constants of the
/// protocol ([`Ksf::V1`]); a server that names weaker ones is refused by the client, because whoever holds
/// the password record could then guess faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Ksf {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Ksf {
    /// Version 1: 64 MiB, 3 passes, 4 lanes.
    pub const V1: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
}

/// Begins a registration. The server sends a code to the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RegisterStart {
    /// Where the code goes, and the login from then on.
    pub email: Private,
    /// The token of an invitation, where the instance or the inviter asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub invite: Option<Bin>,
    /// Language of the mail.
    pub locale: Locale,
    /// OPAQUE `RegistrationRequest`.
    pub opaque: Bin,
}

/// Answer to [`RegisterStart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RegisterStarted {
    /// Names this registration for ten minutes.
    pub login: LoginId,
    /// The account's id, and its OPAQUE credential identifier.
    pub user: UserId,
    /// OPAQUE `RegistrationResponse`.
    pub opaque: Bin,
    /// Milliseconds until another code may be asked for.
    pub resend_after: Millis,
    /// How the password is stretched.
    pub ksf: Ksf,
}

/// The user's encrypted vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Vault {
    /// Counts up by one with every change; bound into the ciphertext.
    pub version: Seq,
    /// AES-256-GCM ciphertext.
    pub ciphertext: Bin,
}

/// What a wrap of the vault key is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum WrapKind {
    /// The password, through the OPAQUE export key.
    Password,
    /// Both halves of the recovery code.
    Recovery,
    /// A passkey's PRF output.
    Passkey,
    /// A key file, for service accounts and tests without a password.
    KeyFile,
}

/// The vault key, encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Wrap {
    /// What opens it.
    pub kind: WrapKind,
    /// Tells several wraps of one kind apart (a passkey's credential id); empty otherwise.
    pub label: Bin,
    /// AES-256-GCM ciphertext of the vault key.
    pub ciphertext: Bin,
}

/// The server's part of the split recovery code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Recovery {
    /// Ed25519 public key derived from the user's half; proves that half without showing it.
    pub auth_key: Bin,
    /// 32 random bytes: the server's half.
    pub server_half: Bin,
}

/// Ends a registration: the account, its keys' public parts and its vault come into being in one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RegisterFinish {
    /// Idempotency key.
    pub idem: IdemKey,
    /// From [`RegisterStarted`].
    pub login: LoginId,
    /// The code that was mailed.
    pub code: Private,
    /// OPAQUE `RegistrationUpload`.
    pub opaque: Bin,
    /// The name shown to others.
    pub name: Private,
    /// Root and vault links of the user chain, first links of the keyrings `U` and `I`.
    pub links: Vec<ChainLink>,
    /// Boxes named by those links.
    pub boxes: Vec<SealedBox>,
    /// The vault.
    pub vault: Vault,
    /// Wraps of the vault key: password and recovery at least.
    pub wraps: Vec<Wrap>,
    /// The server's part of the recovery code.
    pub recovery: Recovery,
    /// The device that registers, and is signed in by it.
    pub device: DeviceId,
    /// Signature over the user's root hash with the invitation's key (label `relais/v1/accept`), where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub proof: Option<Bin>,
}

/// Begins a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LoginStart {
    /// The login.
    pub email: Private,
    /// OPAQUE `CredentialRequest` (KE1).
    pub opaque: Bin,
}

/// Answer to [`LoginStart`], for known and unknown logins alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LoginStarted {
    /// Names this sign-in for ten minutes.
    pub login: LoginId,
    /// The account's id; a stable invented one where there is no account.
    pub user: UserId,
    /// OPAQUE `CredentialResponse` (KE2).
    pub opaque: Bin,
    /// How the password is stretched.
    pub ksf: Ksf,
}

/// Proves the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LoginFinish {
    /// From [`LoginStarted`].
    pub login: LoginId,
    /// OPAQUE `CredentialFinalization` (KE3).
    pub opaque: Bin,
    /// Language of the mail.
    pub locale: Locale,
}

/// A second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum FactorKind {
    /// A code by e-mail (SEC-09).
    Email,
    /// A time-based code (RFC 6238).
    Totp,
    /// A passkey.
    Passkey,
}

/// Answer to [`LoginFinish`]: the password was right, a second factor is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FactorNeeded {
    /// What may be used; the first is already under way.
    pub factors: Vec<FactorKind>,
    /// Milliseconds until another code may be asked for.
    pub resend_after: Millis,
}

/// Asks for the code once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ResendCode {
    /// The sign-in, registration or recovery.
    pub login: LoginId,
}

/// Answer to [`ResendCode`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CodeSent {
    /// Milliseconds until another code may be asked for.
    pub resend_after: Millis,
    /// How many more codes this sign-in may send.
    pub left: u32,
}

/// Proves the second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SecondFactor {
    /// The sign-in.
    pub login: LoginId,
    /// The code.
    pub code: Private,
    /// The device that signs in.
    pub device: DeviceId,
}

/// A new session, and what opens the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionGrant {
    /// The session.
    pub session: SessionId,
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The session's key.
    pub key: SessionKey,
    /// For the first `Hello`.
    pub ticket: Bin,
    /// Server time at which the session ends.
    pub expires: Millis,
    /// The vault.
    pub vault: Vault,
    /// Wraps of the vault key.
    pub wraps: Vec<Wrap>,
    /// Organizations the user is a member of.
    pub orgs: Vec<OrgId>,
}

/// Begins a recovery with the recovery code. A code is mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoverStart {
    /// The login.
    pub email: Private,
    /// Language of the mail.
    pub locale: Locale,
}

/// Answer to [`RecoverStart`], for known and unknown logins alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoverStarted {
    /// Names this recovery for ten minutes.
    pub login: LoginId,
    /// Milliseconds until another code may be asked for.
    pub resend_after: Millis,
}

/// Proves the mailed code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoverProve {
    /// From [`RecoverStarted`].
    pub login: LoginId,
    /// The code.
    pub code: Private,
}

/// Answer to [`RecoverProve`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoverChallenge {
    /// The account.
    pub user: UserId,
    /// 32 random bytes to sign with the key derived from the user's half of the recovery code.
    pub challenge: Bin,
}

/// Proves the user's half of the recovery code and begins a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoverAuth {
    /// The recovery.
    pub login: LoginId,
    /// Ed25519 signature over the challenge, label `relais/v1/recover`.
    pub signature: Bin,
    /// OPAQUE `RegistrationRequest` of the new password.
    pub opaque: Bin,
}

/// Answer to [`RecoverAuth`]: what opens the vault together with the user's half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoverGranted {
    /// The server's half.
    pub server_half: Bin,
    /// The wrap both halves open.
    pub wrap: Wrap,
    /// The vault.
    pub vault: Vault,
    /// OPAQUE `RegistrationResponse`.
    pub opaque: Bin,
    /// How the password is stretched.
    pub ksf: Ksf,
}

/// Ends a recovery or a change of password: new password record, new vault key, new wraps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rekey {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The recovery, or absent in a running session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub login: Option<LoginId>,
    /// OPAQUE `RegistrationUpload`.
    pub opaque: Bin,
    /// The vault under its new key.
    pub vault: Vault,
    /// All wraps; the older ones are deleted.
    pub wraps: Vec<Wrap>,
    /// A new recovery code's server part (always after a recovery).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub recovery: Option<Recovery>,
    /// Links of the user chain: `vault`, `recovery_renewed`.
    pub links: Vec<ChainLink>,
    /// The device that is signed in by a recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device: Option<DeviceId>,
}

/// Answer to [`Rekey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rekeyed {
    /// After a recovery: the new session. All others are revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session: Option<SessionGrant>,
}

/// Begins a change of password in a running session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasswordStart {
    /// OPAQUE `RegistrationRequest`.
    pub opaque: Bin,
}

/// Answer to [`PasswordStart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasswordStarted {
    /// OPAQUE `RegistrationResponse`.
    pub opaque: Bin,
    /// How the password is stretched.
    pub ksf: Ksf,
}

/// Renews the recovery code in a running session (SEC-11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RenewRecovery {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The server's new part.
    pub recovery: Recovery,
    /// The vault key wrapped for the new code.
    pub wrap: Wrap,
    /// The vault, which keeps the new code to show it again; under the same vault key.
    pub vault: Vault,
    /// The `recovery_renewed` link and the `vault` link.
    pub links: Vec<ChainLink>,
}

/// Asks for the user's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ListSessions {}

/// Answer to [`ListSessions`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sessions {
    /// Newest first.
    pub sessions: Vec<SessionCard>,
}

/// One session, for its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionCard {
    /// The session.
    pub session: SessionId,
    /// Its device.
    pub device: DeviceId,
    /// Server time of the sign-in.
    pub opened: Millis,
    /// Server time it was last seen, at most five seconds old while connected.
    pub seen: Millis,
    /// Server time at which it ends.
    pub expires: Millis,
    /// Whether it is the one asking.
    pub current: bool,
}

/// Ends one of the user's sessions at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RevokeSession {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The session; the own one signs out.
    pub session: SessionId,
}

/// Asks for the vault as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetVault {}

/// Changes the vault under the same vault key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutVault {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The vault, its version one more than before.
    pub vault: Vault,
    /// The `vault` link of the user chain, and other links made with it.
    pub links: Vec<ChainLink>,
    /// Boxes named by those links, besides the staged ones.
    pub boxes: Vec<SealedBox>,
}

/// A ciphertext object beside the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ObjectKind {
    /// Thread to epoch, epoch seed and title.
    KeyIndex,
    /// Verified heads of contacts and threads, last checkpoint.
    Pins,
}

/// Asks for an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetObject {
    /// Which.
    pub object: ObjectKind,
}

/// Answer to [`GetObject`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Object {
    /// 0 when there is none yet.
    pub version: Seq,
    /// Ciphertext; empty when there is none yet.
    pub ciphertext: Bin,
}

/// Replaces an object, compare-and-set. At most once a minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutObject {
    /// Idempotency key.
    pub idem: IdemKey,
    /// Which.
    pub object: ObjectKind,
    /// The version this one replaces.
    pub replaces: Seq,
    /// Ciphertext.
    pub ciphertext: Bin,
}

/// Answer to [`PutObject`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ObjectStored {
    /// The object's version now.
    pub version: Seq,
}

/// It is done and durable; there is nothing else to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Done {}
