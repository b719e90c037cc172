//! Joining and parting: add, invite, accept, decline, withdraw, remove, leave, role. Who may is in the table of
//! [`crate::roster`].
//!
//! Not known here: triage, which is in [`crate::triage`].

use relais_wire::ids::{KeyringId, MsgId, UserId};

use crate::control::{Bearer, Invitee, accept_statement};
use crate::error::{ChainError, refuse};
use crate::facts::Mode;
use crate::hash::LABEL_ACCEPT;
use crate::keyring_body::Recipient;
use crate::keyring_rules::check_generation;
use crate::limits::{EPOCH_RECIPIENTS_MAX, INVITES_MAX, PARTIES_MAX};
use crate::party::{ALLOW_INVITES, History, Party, PartyId, Presence, ThreadRole, Triage, UserParty};
use crate::roster::{Act, InviteFor, OpenInvite, Participant, Roster, require};

impl Roster {
    pub(crate) fn add(
        &mut self,
        act: &Act<'_>,
        party: &Party,
        boxes: &[Recipient],
        history: History,
    ) -> Result<(), ChainError> {
        self.check_may_add(act)?;
        if let Party::User(user) = party {
            require(user.role == ThreadRole::Member || act.who.is_owner())?;
        }
        self.join(act, party, boxes, history, Presence::Active)
    }

    pub(crate) fn invite(
        &mut self,
        act: &Act<'_>,
        invitee: &Invitee,
        history: History,
        expires_ms: Option<u64>,
    ) -> Result<(), ChainError> {
        self.check_may_add(act)?;
        if !self.policy.allows(ALLOW_INVITES) {
            return Err(ChainError::KindNotAllowed);
        }
        if self.invites.len() >= INVITES_MAX {
            return Err(ChainError::ThreadFull);
        }
        let invitee = match invitee {
            Invitee::Known { party, boxes } => {
                if let Party::User(user) = party {
                    require(user.role == ThreadRole::Member)?;
                }
                self.join(act, party, boxes, history, Presence::Invited)?;
                InviteFor::Party(party.id())
            }
            Invitee::Bearer { key, standing } => InviteFor::Bearer { key: *key, standing: *standing },
        };
        let inviter = act.who.id;
        let invite = OpenInvite { inviter, invitee, history, expires_ms };
        match self.invites.insert(act.core.msg_id, invite) {
            None => Ok(()),
            Some(_) => Err(ChainError::MsgIdReused),
        }
    }

    pub(crate) fn accept(
        &mut self,
        act: &Act<'_>,
        invite: MsgId,
        bearer: Option<&Bearer>,
    ) -> Result<(), ChainError> {
        let open = *self.invites.get(&invite).ok_or(ChainError::NoInvitation)?;
        if open.expires_ms.is_some_and(|expires| is_past(expires, act)) {
            return Err(ChainError::InvitationExpired);
        }
        match (open.invitee, bearer) {
            (InviteFor::Party(id), None) => {
                check_invitee(act, id)?;
                self.set_presence(id, Presence::Active)?;
            }
            (InviteFor::Bearer { key, standing }, Some(shown)) => {
                let Party::User(party) = shown.party else { return Err(ChainError::OutOfRange) };
                let is_self = party.user == act.who.id && act.core.author.capacity.is_none();
                // Nobody vouches for who holds a code that was handed over: it makes nobody an organization's or a
                // team's.
                let alone = party.as_org.is_none() && party.team.is_none();
                require(is_self && alone && party.role == ThreadRole::Member && party.standing == standing)?;
                let known = act.facts.user(party.user).ok_or(ChainError::UnknownSigner)?;
                if known.root != shown.root {
                    return Err(ChainError::HashMismatch);
                }
                let statement = accept_statement(act.core.thread, invite, party.user, &shown.root);
                key.verify(LABEL_ACCEPT, &statement, &shown.proof)
                    .or_else(|_| refuse(ChainError::BadInvitationProof))?;
                self.join(act, &shown.party, &[], open.history, Presence::Active)?;
            }
            (InviteFor::Party(_), Some(_)) | (InviteFor::Bearer { .. }, None) => {
                return Err(ChainError::NoInvitation);
            }
        }
        self.invites.remove(&invite);
        Ok(())
    }

    pub(crate) fn decline(&mut self, act: &Act<'_>, invite: MsgId) -> Result<(), ChainError> {
        let open = self.invites.get(&invite).ok_or(ChainError::NoInvitation)?;
        let InviteFor::Party(id) = open.invitee else { return Err(ChainError::NoInvitation) };
        check_invitee(act, id)?;
        self.part(id, Presence::Declined)
    }

    pub(crate) fn withdraw_invite(&mut self, act: &Act<'_>, invite: MsgId) -> Result<(), ChainError> {
        act.who.takes_part()?;
        let open = *self.invites.get(&invite).ok_or(ChainError::NoInvitation)?;
        require(open.inviter == act.who.id || act.who.is_owner())?;
        self.invites.remove(&invite);
        match open.invitee {
            InviteFor::Party(id) => self.part(id, Presence::Removed),
            InviteFor::Bearer { .. } => Ok(()),
        }
    }

    pub(crate) fn withdraw_team(&mut self, act: &Act<'_>, team: KeyringId) -> Result<(), ChainError> {
        require(act.who.manages(team))?;
        self.part(PartyId::Team(team), Presence::Left)
    }

    pub(crate) fn remove(&mut self, act: &Act<'_>, id: PartyId) -> Result<(), ChainError> {
        act.who.takes_part()?;
        let target = self.present(id)?;
        let itself = id == PartyId::User(act.who.id);
        let by_team = match target.party {
            Party::User(UserParty { role: ThreadRole::Member, team: Some(team), .. }) => {
                act.who.manages(team)
            }
            Party::User(_) | Party::Team(_) => false,
        };
        require(!itself && (act.who.is_owner() || by_team))?;
        self.part(id, Presence::Removed)
    }

    pub(crate) fn leave(&mut self, act: &Act<'_>) -> Result<(), ChainError> {
        let party = act.who.active_user().ok_or(ChainError::NotParticipant)?;
        if party.role == ThreadRole::Owner && self.owners() == 1 {
            let team_stays = self
                .parties
                .values()
                .any(|p| p.presence == Presence::Active && matches!(p.party, Party::Team(_)));
            if !team_stays {
                return Err(ChainError::LastOwner);
            }
        }
        self.part(PartyId::User(party.user), Presence::Left)
    }

    pub(crate) fn set_role(
        &mut self,
        act: &Act<'_>,
        user: UserId,
        role: ThreadRole,
    ) -> Result<(), ChainError> {
        let owners = self.owners();
        require(act.who.is_owner() || (owners == 0 && act.who.is_manager()))?;
        let id = PartyId::User(user);
        let Some(Participant { party: Party::User(party), presence: Presence::Active }) =
            self.parties.get_mut(&id)
        else {
            return Err(ChainError::UnknownParty);
        };
        require(role == ThreadRole::Member || !party.standing.is_lay())?;
        if party.role == ThreadRole::Owner && role == ThreadRole::Member && owners == 1 {
            return Err(ChainError::LastOwner);
        }
        party.role = role;
        Ok(())
    }

    fn check_may_add(&self, act: &Act<'_>) -> Result<(), ChainError> {
        act.who.takes_part()?;
        require(match self.policy.add {
            0 => act.who.is_clinical(),
            1 => act.who.is_owner() || act.who.is_manager(),
            _ => act.who.is_owner(),
        })
    }

    /// A party comes in; sealed to at once when its boxes are named, by the next epoch otherwise.
    fn join(
        &mut self,
        act: &Act<'_>,
        party: &Party,
        boxes: &[Recipient],
        history: History,
        presence: Presence,
    ) -> Result<(), ChainError> {
        let id = party.id();
        match self.parties.get(&id) {
            Some(there) if there.presence.is_sealed_to() => return Err(ChainError::AlreadyParticipant),
            None if self.parties.len() >= PARTIES_MAX => return Err(ChainError::ThreadFull),
            Some(_) | None => {}
        }
        self.check_party(party, act.facts)?;
        self.check_brought_in_by(party)?;
        let is_newcomer = match party {
            Party::User(user) => user.standing.is_lay() || user.as_org != self.context,
            Party::Team(_) => false,
        };
        let walled = history == History::FromJoin;
        if (self.policy.joiners == 1 && is_newcomer && !walled) || (walled && !boxes.is_empty()) {
            return Err(ChainError::HistoryWall);
        }
        if !boxes.is_empty() {
            let mut own: Vec<_> = party.keyrings().collect();
            own.sort_unstable();
            if !boxes.iter().map(|recipient| recipient.keyring).eq(own) {
                return Err(ChainError::EpochRecipients);
            }
        }
        for recipient in boxes {
            check_generation(recipient, act.facts, act.mode)?;
            self.epoch.recipients.insert(recipient.keyring, *recipient);
        }
        self.wall_due |= walled;
        if let Party::Team(team) = party {
            self.triage.insert(team.managers, Triage::Waiting);
        }
        self.parties.insert(id, Participant { party: *party, presence });
        // An epoch names everybody it is sealed to: a thread must not come to need one that cannot be written.
        if self.expected().len() > EPOCH_RECIPIENTS_MAX { Err(ChainError::ThreadFull) } else { Ok(()) }
    }

    /// A party goes: it is sealed to no more, so an epoch is due.
    fn part(&mut self, id: PartyId, presence: Presence) -> Result<(), ChainError> {
        self.set_presence(id, presence)?;
        self.invites.retain(|_, open| open.invitee != InviteFor::Party(id));
        if let PartyId::Team(team) = id {
            self.triage.remove(&team);
        }
        if let PartyId::User(user) = id {
            for triage in self.triage.values_mut().filter(|t| **t == Triage::Assigned(user)) {
                *triage = Triage::Waiting;
            }
        }
        Ok(())
    }

    fn set_presence(&mut self, id: PartyId, presence: Presence) -> Result<(), ChainError> {
        self.present(id)?;
        if let Some(participant) = self.parties.get_mut(&id) {
            participant.presence = presence;
        }
        Ok(())
    }

    pub(crate) fn present(&self, id: PartyId) -> Result<&Participant, ChainError> {
        self.parties.get(&id).filter(|p| p.presence.is_sealed_to()).ok_or(ChainError::UnknownParty)
    }
}

/// The author must be the invited user, or a manager of the invited team.
fn check_invitee(act: &Act<'_>, id: PartyId) -> Result<(), ChainError> {
    require(match id {
        PartyId::User(user) => user == act.who.id && act.core.author.capacity.is_none(),
        PartyId::Team(team) => act.who.team.is_some_and(|acting| {
            acting.managers == team && acting.is_manager && acting.presence == Presence::Invited
        }),
    })
}

/// By the author's claim in any case, so that every later reader agrees; by the server's clock when
/// appending.
fn is_past(expires_ms: u64, act: &Act<'_>) -> bool {
    let by_server = match act.mode {
        Mode::Append { now_ms } => now_ms > expires_ms,
        Mode::Replay => false,
    };
    by_server || act.core.ts_ms > expires_ms
}
