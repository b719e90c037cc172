//! Reads of the directory.

use relais_wire::ids::{Bytes32, InviteId, KeyringId, OrgId, ThreadId, UnitId, UserId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, context, context_of, decoded, maybe, opaque, page, tagged};
use crate::facts::{
    Personal,
    directory::{Group, Invite, InviteKind, Membership, Person, Team, Unit},
};

fn unit(row: &Row<'_>) -> rusqlite::Result<Unit> {
    Ok(Unit {
        unit: UnitId::from_bytes(row.get(0)?),
        org: OrgId::from_bytes(row.get(1)?),
        parent: maybe(row, 2, UnitId::from_bytes)?,
        name: row.get(3)?,
        profile: opaque(row, 4)?,
        version: row.get(5)?,
    })
}

/// One unit.
#[derive(Clone, Copy, Debug)]
pub struct UnitById(pub UnitId);

impl Query for UnitById {
    type Out = Option<Unit>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT unit, org, parent, name, profile, version FROM unit WHERE unit = ?1",
            [self.0.as_bytes()],
            unit,
        )
    }
}

/// An organization's units after one of them, by id.
#[derive(Clone, Copy, Debug)]
pub struct UnitsOf {
    /// The organization.
    pub org: OrgId,
    /// The last unit of the page before.
    pub after: Option<UnitId>,
    /// Units at most.
    pub max: u32,
}

impl Query for UnitsOf {
    type Out = Vec<Unit>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let after = self.after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        snapshot.all(
            "SELECT unit, org, parent, name, profile, version FROM unit WHERE org = ?1 AND unit > ?2
             ORDER BY unit LIMIT ?3",
            (self.org.as_bytes(), after, page(self.max)),
            unit,
        )
    }
}

fn team(row: &Row<'_>) -> rusqlite::Result<Team> {
    Ok(Team {
        team: KeyringId::from_bytes(row.get(0)?),
        all: maybe(row, 1, KeyringId::from_bytes)?,
        org: OrgId::from_bytes(row.get(2)?),
        unit: UnitId::from_bytes(row.get(3)?),
        name: row.get(4)?,
        profile: opaque(row, 5)?,
        version: row.get(6)?,
    })
}

/// One team, by its managers' keyring.
#[derive(Clone, Copy, Debug)]
pub struct TeamById(pub KeyringId);

impl Query for TeamById {
    type Out = Option<Team>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT team, everyone, org, unit, name, profile, version FROM team WHERE team = ?1",
            [self.0.as_bytes()],
            team,
        )
    }
}

/// An organization's teams after one of them, by id.
#[derive(Clone, Copy, Debug)]
pub struct TeamsOf {
    /// The organization.
    pub org: OrgId,
    /// The last team of the page before.
    pub after: Option<KeyringId>,
    /// Teams at most.
    pub max: u32,
}

impl Query for TeamsOf {
    type Out = Vec<Team>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let after = self.after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        snapshot.all(
            "SELECT team, everyone, org, unit, name, profile, version FROM team WHERE org = ?1 AND team > ?2
             ORDER BY team LIMIT ?3",
            (self.org.as_bytes(), after, page(self.max)),
            team,
        )
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        org: context_of(row, 0)?,
        user: UserId::from_bytes(row.get(1)?),
        name: Personal(row.get(2)?),
        keywords: Personal(row.get(3)?),
        profile: opaque(row, 4)?,
        version: row.get(5)?,
    })
}

/// All cards of several people, whatever the organization.
#[derive(Clone, Debug)]
pub struct PeopleById(pub Vec<UserId>);

impl Query for PeopleById {
    type Out = Vec<Person>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let mut out = Vec::new();
        for user in &self.0 {
            out.extend(snapshot.all(
                "SELECT org, user, name, keywords, profile, version FROM person WHERE user = ?1
                 ORDER BY org LIMIT 100",
                [user.as_bytes()],
                person,
            )?);
        }
        Ok(out)
    }
}

/// People of an organization (or independents) whose keywords contain a text, by name.
#[derive(Clone, Debug)]
pub struct PeopleSearch {
    /// The organization; `None` = independents.
    pub org: Option<OrgId>,
    /// What to look for, lower-case and without accents, as the keywords are; empty for everybody.
    pub text: Personal,
    /// How many to leave out, to turn pages.
    pub skip: u32,
    /// People at most.
    pub max: u32,
}

impl Query for PeopleSearch {
    type Out = Vec<Person>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT org, user, name, keywords, profile, version FROM person
             WHERE org = ?1 AND (?2 = '' OR instr(keywords, ?2) > 0) ORDER BY name, user LIMIT ?3 OFFSET ?4",
            (context(self.org.as_ref()), self.text.as_str(), page(self.max), self.skip),
            person,
        )
    }
}

/// Members of an organization, in whatever unit, whose keywords contain a text, by name.
#[derive(Clone, Debug)]
pub struct MembersSearch {
    /// The organization.
    pub org: OrgId,
    /// What to look for, as in [`PeopleSearch`].
    pub text: Personal,
    /// People at most.
    pub max: u32,
}

impl Query for MembersSearch {
    type Out = Vec<Person>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT org, user, name, keywords, profile, version FROM person p
             WHERE org = ?1 AND (?2 = '' OR instr(keywords, ?2) > 0) AND EXISTS (
               SELECT 1 FROM membership m WHERE m.user = p.user AND m.org = ?3 AND m.kind = ?4)
             ORDER BY name, user LIMIT ?5",
            (context(None), self.text.as_str(), self.org.as_bytes(), UNITS, page(self.max)),
            person,
        )
    }
}

/// The kind of group that units are.
const UNITS: u8 = Group::Unit(UnitId::from_bytes([0; 16])).kind();

fn membership(row: &Row<'_>) -> rusqlite::Result<Membership> {
    let roles: String = row.get(5)?;
    Ok(Membership {
        group: tagged(row, 0, Group::from_parts)?,
        user: UserId::from_bytes(row.get(2)?),
        org: OrgId::from_bytes(row.get(3)?),
        manager: row.get(4)?,
        roles: roles.lines().map(str::to_owned).collect(),
        since_ms: row.get(6)?,
    })
}

/// Members of a group after one of them, by id.
#[derive(Clone, Copy, Debug)]
pub struct MembersOf {
    /// The group.
    pub group: Group,
    /// The last member of the page before.
    pub after: Option<UserId>,
    /// Members at most.
    pub max: u32,
}

impl Query for MembersOf {
    type Out = Vec<Membership>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let after = self.after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        snapshot.all(
            "SELECT kind, id, user, org, manager, roles, since_ms FROM membership
             WHERE kind = ?1 AND id = ?2 AND user > ?3 ORDER BY user LIMIT ?4",
            (self.group.kind(), self.group.id_bytes(), after, page(self.max)),
            membership,
        )
    }
}

/// Everything a user is a member of.
#[derive(Clone, Copy, Debug)]
pub struct MembershipsOf(pub UserId);

impl Query for MembershipsOf {
    type Out = Vec<Membership>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT kind, id, user, org, manager, roles, since_ms FROM membership WHERE user = ?1
             ORDER BY kind, id LIMIT 10000",
            [self.0.as_bytes()],
            membership,
        )
    }
}

fn invite(row: &Row<'_>) -> rusqlite::Result<Invite> {
    let used_by = maybe(row, 9, UserId::from_bytes)?;
    Ok(Invite {
        invite: InviteId::from_bytes(row.get(0)?),
        token_hash: Bytes32::from_bytes(row.get(1)?),
        kind: decoded(row, 2, InviteKind::from_number)?,
        org: maybe(row, 3, OrgId::from_bytes)?,
        thread: maybe(row, 4, ThreadId::from_bytes)?,
        by: maybe(row, 5, UserId::from_bytes)?,
        details: opaque(row, 6)?,
        expires_ms: row.get(7)?,
        used: row.get::<_, Option<u64>>(8)?.zip(used_by),
        withdrawn_ms: row.get(10)?,
    })
}

/// One invitation, in whatever state.
#[derive(Clone, Copy, Debug)]
pub struct InviteById(pub InviteId);

impl Query for InviteById {
    type Out = Option<Invite>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT invite, token_hash, kind, org, thread, by, details, expires_ms, used_ms, used_by, withdrawn_ms
             FROM invite WHERE invite = ?1",
            [self.0.as_bytes()],
            invite,
        )
    }
}

/// The invitation whose token has this SHA-256, in whatever state.
#[derive(Clone, Copy, Debug)]
pub struct InviteByToken(pub Bytes32);

impl Query for InviteByToken {
    type Out = Option<Invite>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT invite, token_hash, kind, org, thread, by, details, expires_ms, used_ms, used_by, withdrawn_ms
             FROM invite WHERE token_hash = ?1",
            [self.0.as_bytes()],
            invite,
        )
    }
}

/// An organization's invitations that were used by somebody who is not a member now, the last used first.
#[derive(Clone, Copy, Debug)]
pub struct InvitesWaiting {
    /// The organization.
    pub org: OrgId,
    /// The unit whose members are left out.
    pub unit: UnitId,
    /// The last invitation of the page before, with the time of its use in server milliseconds.
    pub after: Option<(u64, InviteId)>,
    /// Invitations at most.
    pub max: u32,
}

impl Query for InvitesWaiting {
    type Out = Vec<Invite>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let (before, id) = match self.after {
            Some((used_ms, id)) => (used_ms, id.as_bytes().to_vec()),
            None => (i64::MAX.unsigned_abs(), Vec::new()),
        };
        snapshot.all(
            "SELECT invite, token_hash, kind, org, thread, by, details, expires_ms, used_ms, used_by, withdrawn_ms
             FROM invite i WHERE org = ?1 AND used_by IS NOT NULL AND (used_ms, invite) < (?2, ?6) AND NOT EXISTS (
               SELECT 1 FROM membership m WHERE m.kind = ?3 AND m.id = ?4 AND m.user = i.used_by)
             ORDER BY used_ms DESC, invite DESC LIMIT ?5",
            (self.org.as_bytes(), before, UNITS, self.unit.as_bytes(), page(self.max), id),
            invite,
        )
    }
}
