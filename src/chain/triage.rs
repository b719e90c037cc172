//! A team's triage in a thread: take, assign, return, forward. The last of them decides (TRI-02, TRI-03).
//!
//! Not known here: schedules, notices, and who may be chosen beyond what chains show.

use relais_wire::ids::{KeyringId, UserId};

use crate::error::ChainError;
use crate::party::{PartyId, Presence, Triage};
use crate::roster::{Act, Roster, require};

impl Roster {
    pub(crate) fn take(&mut self, act: &Act<'_>, team: KeyringId) -> Result<(), ChainError> {
        self.check_team(team)?;
        require(act.who.manages(team))?;
        if self.triage(team) != Some(Triage::Waiting) {
            return Err(ChainError::TriageState);
        }
        self.triage.insert(team, Triage::Taken(act.who.id));
        Ok(())
    }

    pub(crate) fn assign(&mut self, act: &Act<'_>, team: KeyringId, user: UserId) -> Result<(), ChainError> {
        self.check_may_steer(act, team)?;
        if !self.is_assignable(act, team, user)? {
            return Err(ChainError::NotAssignable);
        }
        self.triage.insert(team, Triage::Assigned(user));
        Ok(())
    }

    pub(crate) fn give_back(&mut self, act: &Act<'_>, team: KeyringId) -> Result<(), ChainError> {
        self.check_may_steer(act, team)?;
        if self.triage(team).and_then(|triage| triage.responsible()).is_none() {
            return Err(ChainError::TriageState);
        }
        self.triage.insert(team, Triage::Waiting);
        Ok(())
    }

    pub(crate) fn forward(
        &mut self,
        act: &Act<'_>,
        from: KeyringId,
        to: KeyringId,
    ) -> Result<(), ChainError> {
        self.check_may_steer(act, from)?;
        self.check_team(to)?;
        if from == to || matches!(self.triage(from), Some(Triage::Forwarded(_))) {
            return Err(ChainError::TriageState);
        }
        self.triage.insert(from, Triage::Forwarded(to));
        self.triage.insert(to, Triage::Waiting);
        Ok(())
    }

    fn check_team(&self, team: KeyringId) -> Result<(), ChainError> {
        let active = self.present(PartyId::Team(team))?.presence == Presence::Active;
        if active { Ok(()) } else { Err(ChainError::UnknownParty) }
    }

    /// A manager of the team, or its responsible while taking part.
    fn check_may_steer(&self, act: &Act<'_>, team: KeyringId) -> Result<(), ChainError> {
        self.check_team(team)?;
        act.who.takes_part()?;
        let responsible = self.triage(team).and_then(|triage| triage.responsible());
        require(act.who.manages(team) || responsible == Some(act.who.id))
    }

    /// A clinical participant, or a manager of the team: at the position the author named, or else where the
    /// epoch's generation starts.
    fn is_assignable(&self, act: &Act<'_>, team: KeyringId, user: UserId) -> Result<bool, ChainError> {
        if let Ok(there) = self.present(PartyId::User(user)) {
            let lay = match there.party {
                crate::party::Party::User(party) => party.standing.is_lay(),
                crate::party::Party::Team(_) => true,
            };
            return Ok(there.presence == Presence::Active && !lay);
        }
        let named = act.core.author.capacity.filter(|capacity| capacity.keyring == team);
        let seq = match (named, self.epoch.recipients.get(&team)) {
            (Some(capacity), _) => capacity.seq,
            (None, Some(recipient)) => {
                let sealed = act.facts.generation(team, recipient.generation);
                sealed.ok_or(ChainError::UnknownGeneration)?.since_seq
            }
            (None, None) => return Ok(false),
        };
        let held = act.facts.holds(team, user, seq).ok_or(ChainError::UnknownCapacity)?;
        Ok(held.at && (held.now || !act.mode.is_append()))
    }
}
