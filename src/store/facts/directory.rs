//! The directory: units, teams, memberships, persons and invitations. Projections of signed chains and server
//! truth; only services write them.

use relais_wire::ids::{Bytes32, InviteId, KeyringId, OrgId, ThreadId, UnitId, UserId};

use super::{Opaque, Personal, stored_enum};

/// An organizational unit; the root one is the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub unit: UnitId,
    /// The organization; its root unit has the same bytes.
    pub org: OrgId,
    /// The unit above; `None` for a root.
    pub parent: Option<UnitId>,
    /// Displayed name. Names of units are public within the instance.
    pub name: String,
    /// Everything else, encoded by the service.
    pub profile: Opaque,
    /// Counts changes from 1.
    pub version: u64,
}

/// A team of a unit, named by its managers' keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its `TM` keyring, which is its name everywhere.
    pub team: KeyringId,
    /// Its `TA` keyring, where it has one.
    pub all: Option<KeyringId>,
    /// The organization.
    pub org: OrgId,
    /// The unit it belongs to.
    pub unit: UnitId,
    /// Displayed name.
    pub name: String,
    /// Everything else, encoded by the service.
    pub profile: Opaque,
    /// Counts changes from 1.
    pub version: u64,
}

/// A person as shown in one organization's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// In which organization; `None` = as an independent.
    pub org: Option<OrgId>,
    /// Displayed name.
    pub name: Personal,
    /// What is searched besides the name (profession, service), lower-case and without accents.
    pub keywords: Personal,
    /// Everything else, encoded by the service.
    pub profile: Opaque,
    /// Counts changes from 1.
    pub version: u64,
}

/// What one can be a member of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// A unit.
    Unit(UnitId),
    /// A team, by its managers' keyring.
    Team(KeyringId),
}

impl Group {
    /// Stored number of the kind of group.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::Unit(_) => 1,
            Self::Team(_) => 2,
        }
    }

    /// The id's bytes.
    #[must_use]
    pub const fn id_bytes(self) -> [u8; 16] {
        match self {
            Self::Unit(id) => *id.as_bytes(),
            Self::Team(id) => *id.as_bytes(),
        }
    }

    /// Puts a stored group together again.
    #[must_use]
    pub const fn from_parts(kind: u8, id: [u8; 16]) -> Option<Self> {
        match kind {
            1 => Some(Self::Unit(UnitId::from_bytes(id))),
            2 => Some(Self::Team(KeyringId::from_bytes(id))),
            _ => None,
        }
    }
}

/// A membership with its server-side roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Of what.
    pub group: Group,
    /// The organization the group belongs to.
    pub org: OrgId,
    /// Whose.
    pub user: UserId,
    /// Manager of a team, administrator of a unit.
    pub manager: bool,
    /// Names of the roles held there, as the permission rules know them.
    pub roles: Vec<String>,
    /// Since when, in server milliseconds.
    pub since_ms: u64,
}

stored_enum! {
    /// What an invitation leads to.
    InviteKind {
        /// An account on the instance.
        Account = 1,
        /// Membership of an organization.
        Organization = 2,
        /// A place in a thread or care channel.
        Thread = 3,
    }
}

/// An invitation. It is found by the hash of its token; the token is never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub invite: InviteId,
    /// SHA-256 of the token; unique.
    pub token_hash: Bytes32,
    /// What it leads to.
    pub kind: InviteKind,
    /// The organization it is for, where there is one.
    pub org: Option<OrgId>,
    /// The thread it is for, where there is one.
    pub thread: Option<ThreadId>,
    /// Who made it.
    pub by: Option<UserId>,
    /// Everything else (name, address, roles to give), encoded by the service.
    pub details: Opaque,
    /// When it ends, in server milliseconds.
    pub expires_ms: u64,
    /// When and by whom it was used, in server milliseconds; one use.
    pub used: Option<(u64, UserId)>,
    /// When it was withdrawn, in server milliseconds.
    pub withdrawn_ms: Option<u64>,
}
