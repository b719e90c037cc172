//! One user's rights as an immutable picture, and the questions it answers. Everything that is not granted is
//! denied, with a reason that can be shown.
//!
//! Not known here: when the picture was taken; whoever holds it compares its version.

use relais_wire::ids::{KeyringId, OrgId, UnitId, UserId};

use super::list::Permission;
use super::role::PermissionSet;
use super::units::UnitTree;

/// A role granted in a unit (ROL-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub unit: UnitId,
    /// What.
    pub permissions: PermissionSet,
}

/// Standing in a team. This is a fact of the team's signed keyring, not a role: the role opens a feature, the
/// standing says for which team and how far (Q9, Q16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TeamStatus {
    /// Only the threads where they were assigned or added (TEA-06).
    Participant,
    /// Every thread of the team, and its triage box (TEA-05).
    Manager,
}

/// A team the user is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeamPlace {
    /// The team, named by its managers' keyring.
    pub team: KeyringId,
    /// The unit it belongs to.
    pub unit: UnitId,
    /// As what.
    pub status: TeamStatus,
}

/// How far somebody sees into a team's threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// The threads where they were assigned or added.
    OwnThreads,
    /// All of them, and the triage box.
    WholeTeam,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denied {
    /// The user is suspended: nothing holds until that ends.
    #[error("this account is suspended")]
    Suspended,
    /// The unit is not known.
    #[error("no such unit")]
    UnknownUnit,
    /// No signed membership of the unit's organization.
    #[error("not a member of the organization")]
    NotAMember,
    /// A member, but no role that holds here grants it.
    #[error("no role grants this here")]
    NoRole,
    /// Not in the team, or not as what it takes.
    #[error("this needs a place in the team")]
    NotInTeam,
    /// Only whoever runs the server may.
    #[error("only the server's operator may do this")]
    OperatorOnly,
}

/// One user's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Whose.
    pub user: UserId,
    /// Organizations whose chain attests the user.
    pub member_of: Vec<OrgId>,
    /// Roles, each where it was granted.
    pub grants: Vec<Grant>,
    /// Teams, from their signed keyrings.
    pub teams: Vec<TeamPlace>,
    /// Whether an administrator or an integration has suspended the user.
    pub suspended: bool,
    /// Whether the user runs the server.
    pub operator: bool,
}

impl Authority {
    /// Somebody without any right.
    #[must_use]
    pub const fn none(user: UserId) -> Self {
        Self {
            user,
            member_of: Vec::new(),
            grants: Vec::new(),
            teams: Vec::new(),
            suspended: false,
            operator: false,
        }
    }

    /// Whether the user may do this in that unit.
    ///
    /// # Errors
    /// [`Denied`], the first that applies in the order of its variants.
    pub fn may(&self, tree: &UnitTree, permission: Permission, unit: UnitId) -> Result<(), Denied> {
        self.is_member(tree, unit)?;
        if permission.is_operators() {
            return Err(Denied::OperatorOnly);
        }
        let holds = |grant: &Grant| {
            let reaches =
                if permission.is_inherited() { tree.is_within(unit, grant.unit) } else { unit == grant.unit };
            reaches && grant.permissions.holds(permission)
        };
        if self.grants.iter().any(holds) { Ok(()) } else { Err(Denied::NoRole) }
    }

    /// Whether the user may make a new organization (PRM-15, Q1).
    ///
    /// # Errors
    /// [`Denied::Suspended`] or [`Denied::OperatorOnly`].
    pub const fn may_create_organization(&self) -> Result<(), Denied> {
        match (self.suspended, self.operator) {
            (true, _) => Err(Denied::Suspended),
            (false, true) => Ok(()),
            (false, false) => Err(Denied::OperatorOnly),
        }
    }

    /// Whether the console may list the triage boxes of that unit (Q6): by `View` where the role was granted, by
    /// `ViewAll` below too. It lists boxes, never their threads.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_list_boxes(&self, tree: &UnitTree, unit: UnitId) -> Result<(), Denied> {
        self.may(tree, Permission::ViewInbox, unit)
            .or_else(|_| self.may(tree, Permission::ViewAllInbox, unit))
    }

    /// Whether the user may act on a schedule. One's own needs no permission; another's needs the pair in that
    /// person's unit (Q7).
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_schedule(
        &self,
        tree: &UnitTree,
        permission: Permission,
        owner: UserId,
        unit: UnitId,
    ) -> Result<(), Denied> {
        if self.suspended {
            return Err(Denied::Suspended);
        }
        if owner == self.user { Ok(()) } else { self.may(tree, permission, unit) }
    }

    /// How far the user sees into a team's threads: the role opens the feature (PRM-29), the standing in the team
    /// sets the reach (Q16, ORG-05). Having only one of both is having nothing (Q9).
    #[must_use]
    pub fn reach(&self, tree: &UnitTree, team: KeyringId) -> Reach {
        let Some(place) = self.place(team) else { return Reach::Nothing };
        if self.may(tree, Permission::ViewInboxDiscussion, place.unit).is_err() {
            return Reach::Nothing;
        }
        match place.status {
            TeamStatus::Participant => Reach::OwnThreads,
            TeamStatus::Manager => Reach::WholeTeam,
        }
    }

    /// Whether the user may see a team's triage box. That comes with being its manager and needs no pair (Q14).
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_see_triage(&self, tree: &UnitTree, team: KeyringId) -> Result<(), Denied> {
        let place = self.place(team).ok_or(Denied::NotInTeam)?;
        self.is_member(tree, place.unit)?;
        match place.status {
            TeamStatus::Manager => Ok(()),
            TeamStatus::Participant => Err(Denied::NotInTeam),
        }
    }

    /// Whether the user may do this to a thread in a team's box, by role in the team's unit and a place in the
    /// team (ORG-05, Q9).
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_in_team(
        &self,
        tree: &UnitTree,
        permission: Permission,
        team: KeyringId,
    ) -> Result<TeamStatus, Denied> {
        let place = self.place(team).ok_or(Denied::NotInTeam)?;
        self.may(tree, permission, place.unit)?;
        Ok(place.status)
    }

    /// Whether the user may be chosen as the responsible person of a team's thread: by the pair, or by being in the
    /// team at all (PRM-31, Q4).
    ///
    /// # Errors
    /// [`Denied`].
    pub fn may_be_assigned(&self, tree: &UnitTree, team: KeyringId) -> Result<(), Denied> {
        let place = self.place(team).ok_or(Denied::NotInTeam)?;
        self.is_member(tree, place.unit)
    }

    /// Suspension, existence and signed membership: what every question begins with.
    fn is_member(&self, tree: &UnitTree, unit: UnitId) -> Result<(), Denied> {
        if self.suspended {
            return Err(Denied::Suspended);
        }
        let root = tree.root(unit).ok_or(Denied::UnknownUnit)?;
        let member = self.member_of.iter().any(|org| UnitId::from(*org) == root);
        if member { Ok(()) } else { Err(Denied::NotAMember) }
    }

    fn place(&self, team: KeyringId) -> Option<&TeamPlace> {
        self.teams.iter().find(|place| place.team == team)
    }
}
