//! People, units, teams, invitations, and the server itself.
//!
//! Names here are what the server knows; who a key belongs to is proved by chains alone.
//!
//! Not known here: who may see or change what.

use serde::{Deserialize, Serialize};

use crate::account::Locale;
use crate::chains::{ChainLink, SealedBox};
use crate::ids::{IdemKey, InviteId, KeyringId, OrgId, TeamId, UnitId, UserId};
use crate::scalar::{Bin, Millis, Private};

/// Asks what this server is, before signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetServer {}

/// Answer to [`GetServer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ServerCard {
    /// The origin that OPAQUE binds as server identity.
    pub origin: String,
    /// Version of the software.
    pub version: String,
    /// OPAQUE server public key, to be pinned.
    pub opaque_key: Bin,
    /// Ed25519 key of receipts.
    pub receipt_key: Bin,
    /// Whether one may register without an invitation.
    pub open_registration: bool,
    /// Whether this is a demonstration with fictitious data.
    pub demo: bool,
    /// Root unit of the instance, once it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub root: Option<UnitId>,
    /// Server time.
    pub now: Millis,
}

/// Searches people and teams by name (NET-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Search {
    /// At least two characters; accents and case do not count.
    pub query: Private,
    /// The organization searched in; absent: the whole network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
}

/// Answer to [`Search`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Found {
    /// People.
    pub people: Vec<PersonCard>,
    /// Teams.
    pub teams: Vec<TeamCard>,
    /// Whether there are more than are shown.
    pub more: bool,
}

/// Asks for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetPerson {
    /// Who.
    pub user: UserId,
}

/// What the server says of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PersonCard {
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: Private,
    /// The keyring direct messages and boxes of other keyrings are sealed to.
    pub personal: KeyringId,
    /// The keyring threads are sealed to.
    pub inbox: KeyringId,
    /// Organizations in common with the asker.
    pub orgs: Vec<OrgId>,
}

/// Asks for a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetUnit {
    /// Which.
    pub unit: UnitId,
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct UnitCard {
    /// Which.
    pub unit: UnitId,
    /// The organization, whose id is its root unit's.
    pub org: OrgId,
    /// The unit above; absent for the root (ORG-02).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub parent: Option<UnitId>,
    /// The name.
    pub name: Private,
    /// Keyring of its administrators.
    pub admins: KeyringId,
    /// Keyring of its data.
    pub data: KeyringId,
    /// Its teams.
    pub teams: Vec<TeamCard>,
    /// Its members, some of them.
    pub members: Vec<PersonCard>,
    /// Members beyond those.
    pub more_members: u32,
}

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrgCard {
    /// Which.
    pub org: OrgId,
    /// The name.
    pub name: Private,
    /// Its units.
    pub units: Vec<UnitId>,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TeamCard {
    /// Which.
    pub team: TeamId,
    /// Its unit.
    pub unit: UnitId,
    /// Its organization.
    pub org: OrgId,
    /// The name.
    pub name: Private,
    /// Keyring of its managers.
    pub managers: KeyringId,
    /// Keyring of all its members.
    pub all: KeyringId,
    /// Threads waiting in its triage box, for its managers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub triage: Option<u32>,
}

/// Creates a unit with its chain and keyrings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CreateUnit {
    /// Idempotency key.
    pub idem: IdemKey,
    /// Its id.
    pub unit: UnitId,
    /// The unit above; absent: a new organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub parent: Option<UnitId>,
    /// The name.
    pub name: Private,
    /// Genesis of the unit, first links of `OA` and `OD`, the `parent` link.
    pub links: Vec<ChainLink>,
    /// Boxes named by those links.
    pub boxes: Vec<SealedBox>,
}

/// Creates a team with its keyrings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CreateTeam {
    /// Idempotency key.
    pub idem: IdemKey,
    /// Its id: the bytes of its managers' keyring's.
    pub team: TeamId,
    /// Its unit.
    pub unit: UnitId,
    /// The name.
    pub name: Private,
    /// First links of `TM` and `TA`.
    pub links: Vec<ChainLink>,
    /// Boxes named by those links.
    pub boxes: Vec<SealedBox>,
}

/// Invites somebody to the instance, and into a unit where one is named (USR-02).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CreateInvite {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The unit; absent: to the instance alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub unit: Option<UnitId>,
    /// Where the server mails it; absent: the inviter hands it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub email: Option<Private>,
    /// Language of the mail.
    pub locale: Locale,
    /// Ed25519 public key of the invitation, whose private part only the token holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub key: Option<Bin>,
}

/// Answer to [`CreateInvite`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InviteCreated {
    /// The invitation.
    pub invite: InviteId,
    /// The token, shown once.
    pub token: Bin,
    /// Server time at which it ends.
    pub expires: Millis,
}

/// Withdraws an invitation (USR-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WithdrawInvite {
    /// Idempotency key.
    pub idem: IdemKey,
    /// Which.
    pub invite: InviteId,
}

/// Suspends an account, or readmits it. While it is suspended its sockets are closed as `revoked`, nothing is
/// answered and nobody signs in to it; what it holds stays, and its sessions go on once it is readmitted. For who
/// runs the server, and for who manages members in every organization the person belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetSuspended {
    /// Idempotency key.
    pub idem: IdemKey,
    /// Whose account; never one's own.
    pub user: UserId,
    /// Whether it is suspended from now on.
    pub suspended: bool,
}

/// Accepts an invitation into a unit with an existing account (ACC-06).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AcceptInvite {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The token.
    pub token: Bin,
    /// Signature over the user's root hash with the invitation's key, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub proof: Option<Bin>,
}

/// Asks for invitations accepted but not attested yet, for administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetPending {
    /// The unit.
    pub unit: UnitId,
}

/// Answer to [`GetPending`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Pending {
    /// Those who wait.
    pub members: Vec<PendingMember>,
}

/// Somebody who accepted an invitation and waits for an administrator's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PendingMember {
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: Private,
    /// The invitation.
    pub invite: InviteId,
    /// Signature over the user's root hash with the invitation's key, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub proof: Option<Bin>,
}
