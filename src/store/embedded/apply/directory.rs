//! The directory.

use relais_wire::ids::{InviteId, UserId};

use crate::{
    embedded::tx::{Stop, Tx},
    error::{Kind, Refusal},
    facts::directory::{Invite, Membership, Person, Team, Unit},
    reads::context,
    write::DirectoryWrite,
};

impl Tx<'_> {
    pub(crate) fn directory(&self, write: &DirectoryWrite) -> Result<(), Stop> {
        match write {
            DirectoryWrite::PutUnit(unit) => self.put_unit(unit),
            DirectoryWrite::PutTeam(team) => self.put_team(team),
            DirectoryWrite::PutPerson(person) => self.put_person(person),
            DirectoryWrite::DropPerson(user, org) => self
                .run(
                    "DELETE FROM person WHERE user = ?1 AND org = ?2",
                    (user.as_bytes(), context(org.as_ref())),
                )
                .map(drop),
            DirectoryWrite::PutMembership(membership) => self.put_membership(membership),
            DirectoryWrite::DropMembership(group, user) => self
                .run(
                    "DELETE FROM membership WHERE kind = ?1 AND id = ?2 AND user = ?3",
                    (group.kind(), group.id_bytes(), user.as_bytes()),
                )
                .map(drop),
            DirectoryWrite::PutInvite(invite) => self.put_invite(invite),
            DirectoryWrite::PutInviteDetails(invite, details) => self.must(
                Kind::Invite,
                "UPDATE invite SET details = ?2 WHERE invite = ?1 AND used_ms IS NULL",
                (invite.as_bytes(), details.as_slice()),
            ),
            DirectoryWrite::UseInvite(invite, user) => self.use_invite(*invite, *user),
            DirectoryWrite::WithdrawInvite(invite) => self.must(
                Kind::Invite,
                "UPDATE invite SET withdrawn_ms = ?2 WHERE invite = ?1 AND used_ms IS NULL",
                (invite.as_bytes(), self.at_ms),
            ),
        }
    }

    fn put_unit(&self, unit: &Unit) -> Result<(), Stop> {
        self.run(
            "INSERT INTO unit (unit, org, parent, name, profile, version) VALUES (?1, ?2, ?3, ?4, ?5, 1)
             ON CONFLICT (unit) DO UPDATE SET parent = excluded.parent, name = excluded.name,
             profile = excluded.profile, version = version + 1",
            (
                unit.unit.as_bytes(),
                unit.org.as_bytes(),
                unit.parent.map(|id| *id.as_bytes()),
                &unit.name,
                unit.profile.as_slice(),
            ),
        )
        .map(drop)
    }

    fn put_team(&self, team: &Team) -> Result<(), Stop> {
        self.run(
            "INSERT INTO team (team, everyone, org, unit, name, profile, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)
             ON CONFLICT (team) DO UPDATE SET everyone = excluded.everyone, unit = excluded.unit,
             name = excluded.name, profile = excluded.profile, version = version + 1",
            (
                team.team.as_bytes(),
                team.all.map(|id| *id.as_bytes()),
                team.org.as_bytes(),
                team.unit.as_bytes(),
                &team.name,
                team.profile.as_slice(),
            ),
        )
        .map(drop)
    }

    fn put_person(&self, person: &Person) -> Result<(), Stop> {
        self.run(
            "INSERT INTO person (org, user, name, keywords, profile, version) VALUES (?1, ?2, ?3, ?4, ?5, 1)
             ON CONFLICT (org, user) DO UPDATE SET name = excluded.name, keywords = excluded.keywords,
             profile = excluded.profile, version = version + 1",
            (
                context(person.org.as_ref()),
                person.user.as_bytes(),
                person.name.as_str(),
                person.keywords.as_str(),
                person.profile.as_slice(),
            ),
        )
        .map(drop)
    }

    fn put_membership(&self, membership: &Membership) -> Result<(), Stop> {
        self.run(
            "INSERT INTO membership (kind, id, user, org, manager, roles, since_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (kind, id, user) DO UPDATE SET manager = excluded.manager, roles = excluded.roles",
            (
                membership.group.kind(),
                membership.group.id_bytes(),
                membership.user.as_bytes(),
                membership.org.as_bytes(),
                membership.manager,
                membership.roles.join("\n"),
                membership.since_ms,
            ),
        )
        .map(drop)
    }

    fn put_invite(&self, invite: &Invite) -> Result<(), Stop> {
        self.insert(
            Kind::Invite,
            Kind::Invite,
            "INSERT INTO invite (invite, token_hash, kind, org, thread, by, details, expires_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                invite.invite.as_bytes(),
                invite.token_hash.as_bytes(),
                invite.kind.number(),
                invite.org.map(|id| *id.as_bytes()),
                invite.thread.map(|id| *id.as_bytes()),
                invite.by.map(|id| *id.as_bytes()),
                invite.details.as_slice(),
                invite.expires_ms,
            ),
        )
    }

    fn use_invite(&self, invite: InviteId, user: UserId) -> Result<(), Stop> {
        let used = self.run(
            "UPDATE invite SET used_ms = ?2, used_by = ?3
             WHERE invite = ?1 AND used_ms IS NULL AND withdrawn_ms IS NULL AND expires_ms > ?2",
            (invite.as_bytes(), self.at_ms, user.as_bytes()),
        )?;
        if used == 0 { Err(Refusal::InviteOver.into()) } else { Ok(()) }
    }
}
