//! Who takes part in a thread, and the thread's policy: the parts that control payloads are made of.
//!
//! * user party: `[0, user(16), keyring(16), as_org(16)|nil, role, standing, team(16)|nil]`
//! * team party: `[1, TM(16), TA(16)|nil, org(16)]`
//! * party id: `[0, user(16)]` or `[1, TM(16)]`
//! * policy: `[add, close, joiners, allowed]`
//!
//! `keyring` is the user's `I`, or the user's `U` in a direct thread. `as_org` chooses the organization in
//! whose context the user reads, nil for the personal one. Role: 0 member, 1 owner. Standing as in
//! [`crate::unit`]. `team` is the team through which a user was brought in; its managers may remove the user.
//!
//! Policy numbers grow tighter: `add` 0 any participant except patients and relatives, 1 owners and
//! managers, 2 owners; `close` 0 owners, managers of a participating team and the responsible, 1 owners and
//! managers, 2 owners; `joiners` 0 the adder chooses what history a newcomer gets, 1 lay people and users of
//! another context always start at their joining. `allowed` is a sum of 1 calls, 2 files, 4 invitations.
//!
//! Not known here: rights; see [`crate::roster`].

use relais_wire::ids::{KeyringId, OrgId, UserId};

use crate::codec::{Reader, Writer};
use crate::error::ChainError;
use crate::unit::Standing;

/// Names a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartyId {
    /// A user.
    User(UserId),
    /// A team, by its `TM`.
    Team(KeyringId),
}

impl PartyId {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        r.array(2)?;
        if r.flag()? {
            Ok(Self::Team(KeyringId::from_bytes(r.fixed()?)))
        } else {
            Ok(Self::User(UserId::from_bytes(r.fixed()?)))
        }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::User(user) => w.array(2).uint(0).bin(user.as_bytes()),
            Self::Team(team) => w.array(2).uint(1).bin(team.as_bytes()),
        };
    }
}

/// A user's role in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ThreadRole {
    /// Takes part.
    Member = 0,
    /// Also changes policy and roles.
    Owner = 1,
}

/// A user who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserParty {
    /// The user.
    pub user: UserId,
    /// The user's `I`, or `U` in a direct thread.
    pub keyring: KeyringId,
    /// The organization in whose context the user reads; fixed when added.
    pub as_org: Option<OrgId>,
    /// The user's role.
    pub role: ThreadRole,
    /// What the user is.
    pub standing: Standing,
    /// The team through which the user was brought in.
    pub team: Option<KeyringId>,
}

/// A team that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeamParty {
    /// The managers' keyring: the team's id.
    pub managers: KeyringId,
    /// The whole team's keyring, when the whole team reads.
    pub all: Option<KeyringId>,
    /// The team's organization.
    pub org: OrgId,
}

/// Somebody who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A user.
    User(UserParty),
    /// A team.
    Team(TeamParty),
}

impl Party {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> PartyId {
        match self {
            Self::User(party) => PartyId::User(party.user),
            Self::Team(party) => PartyId::Team(party.managers),
        }
    }

    /// The keyrings that an epoch seals to.
    pub fn keyrings(&self) -> impl Iterator<Item = KeyringId> + use<> {
        let (first, second) = match self {
            Self::User(party) => (party.keyring, None),
            Self::Team(party) => (party.managers, party.all),
        };
        core::iter::once(first).chain(second)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        let arity = r.list(7)?;
        if r.flag()? {
            return if arity == 4 { read_team(r).map(Self::Team) } else { Err(ChainError::WrongArity) };
        }
        if arity != 7 {
            return Err(ChainError::WrongArity);
        }
        Ok(Self::User(UserParty {
            user: UserId::from_bytes(r.fixed()?),
            keyring: KeyringId::from_bytes(r.fixed()?),
            as_org: r.opt(|r| r.fixed().map(OrgId::from_bytes))?,
            role: read_role(r)?,
            standing: Standing::read(r)?,
            team: r.opt(|r| r.fixed().map(KeyringId::from_bytes))?,
        }))
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::User(party) => {
                w.array(7).uint(0).bin(party.user.as_bytes()).bin(party.keyring.as_bytes());
                w.opt_bin(party.as_org.as_ref().map(|org| &org.as_bytes()[..]));
                w.uint(party.role as u64).uint(party.standing as u64);
                w.opt_bin(party.team.as_ref().map(|team| &team.as_bytes()[..]));
            }
            Self::Team(party) => {
                w.array(4).uint(1).bin(party.managers.as_bytes());
                w.opt_bin(party.all.as_ref().map(|all| &all.as_bytes()[..])).bin(party.org.as_bytes());
            }
        }
    }
}

fn read_team(r: &mut Reader<'_>) -> Result<TeamParty, ChainError> {
    Ok(TeamParty {
        managers: KeyringId::from_bytes(r.fixed()?),
        all: r.opt(|r| r.fixed().map(KeyringId::from_bytes))?,
        org: OrgId::from_bytes(r.fixed()?),
    })
}

pub(crate) fn read_role(r: &mut Reader<'_>) -> Result<ThreadRole, ChainError> {
    Ok(if r.flag()? { ThreadRole::Owner } else { ThreadRole::Member })
}

/// What history a newcomer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum History {
    /// Everything, through `prev_box`.
    Full = 0,
    /// From the joining on: the next epoch has no `prev_box`.
    FromJoin = 1,
}

impl History {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        Ok(if r.flag()? { Self::FromJoin } else { Self::Full })
    }
}

/// Calls are allowed.
pub const ALLOW_CALLS: u64 = 1;
/// Files are allowed.
pub const ALLOW_FILES: u64 = 2;
/// Invitations are allowed.
pub const ALLOW_INVITES: u64 = 4;
const ALLOW_ALL: u64 = ALLOW_CALLS | ALLOW_FILES | ALLOW_INVITES;

/// A thread's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who may add: 0, 1 or 2.
    pub add: u64,
    /// Who may close: 0, 1 or 2.
    pub close: u64,
    /// What history joiners get: 0 or 1.
    pub joiners: u64,
    /// Sum of `ALLOW_*`.
    pub allowed: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { add: 0, close: 0, joiners: 0, allowed: ALLOW_ALL }
    }
}

impl Policy {
    /// Whether nothing is looser than before.
    #[must_use]
    pub const fn is_as_tight_as(&self, before: &Self) -> bool {
        self.add >= before.add
            && self.close >= before.close
            && self.joiners >= before.joiners
            && self.allowed & !before.allowed == 0
    }

    /// Whether all of these `ALLOW_*` are allowed.
    #[must_use]
    pub const fn allows(&self, what: u64) -> bool {
        self.allowed & what == what
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        r.array(4)?;
        Ok(Self {
            add: r.uint_max(2)?,
            close: r.uint_max(2)?,
            joiners: r.uint_max(1)?,
            allowed: r.uint_max(ALLOW_ALL)?,
        })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(4).uint(self.add).uint(self.close).uint(self.joiners).uint(self.allowed);
    }
}

/// A team's triage: the last of take, assign, return and forward decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Triage {
    /// In the team's triage box.
    #[default]
    Waiting,
    /// A manager took it.
    Taken(UserId),
    /// Somebody was made responsible.
    Assigned(UserId),
    /// Handed to another team.
    Forwarded(KeyringId),
}

impl Triage {
    /// Who is responsible.
    #[must_use]
    pub const fn responsible(&self) -> Option<UserId> {
        match self {
            Self::Taken(user) | Self::Assigned(user) => Some(*user),
            Self::Waiting | Self::Forwarded(_) => None,
        }
    }
}

/// How a party stands in the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Presence {
    /// Takes part.
    Active = 0,
    /// Invited, has not answered; already sealed to, not yet served (THR-04).
    Invited = 1,
    /// Left by itself: keeps what it could read (THR-07).
    Left = 2,
    /// Removed.
    Removed = 3,
    /// Declined: the thread is gone for it (THR-05).
    Declined = 4,
}

impl Presence {
    /// Whether epochs seal to it.
    #[must_use]
    pub const fn is_sealed_to(self) -> bool {
        matches!(self, Self::Active | Self::Invited)
    }
}
