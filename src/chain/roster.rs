//! Who takes part in a thread under which policy and epoch: the state that control entries change, and who
//! may change it.
//!
//! | act | who |
//! |---|---|
//! | policy | an owner; loosening only the sole owner (all owners must want it, and one signs) |
//! | add, invite | by policy: any participant except patients and relatives; owners and managers; owners |
//! | accept, decline | the invitee; a manager of the invited team; accept also the bearer of the key |
//! | take | a manager of the team, while it waits in triage |
//! | assign, return, forward | a manager of the team, or its responsible |
//! | withdraw | a manager of the team; of an invitation: who invited, or an owner |
//! | remove | an owner, or a manager of the team that brought the user in; an owner only by an owner |
//! | leave | oneself; the last owner only where a team remains |
//! | role | an owner; a manager where no owner is left |
//! | link_patient, priority | any participant except patients and relatives |
//! | ack, epoch, rebox_request, call_join, call_leave, messages | any participant |
//! | close | by policy: owners, managers and the responsible; owners and managers; owners |
//!
//! A *manager* acts in the capacity of a participating team's `TM`; the position named must not be older
//! than the generation of that keyring which the epoch in force seals to. A holder of the team's `TA` takes
//! part the same way without a manager's rights. In a direct thread there are only messages, epochs,
//! priorities, acknowledgements, calls, box requests and the close.
//!
//! An epoch is sealed to exactly the keyrings of the parties that are active or invited: a user's keyring, a
//! team's `TM` and, if named, `TA`. `add` and `invite` may name the newcomer's boxes of the current seed: then it
//! is sealed to at once. Otherwise, and after anybody goes, an *epoch is due* and messages are refused until it
//! came. History from the joining means no boxes and a next epoch without `prev_box`. An invited party is sealed
//! to but takes no part until it accepts; an invitation for a bearer of a key is sealed to after `accept`. An
//! invitation is past its end by the author's `ts_ms` for every reader, and by the server's clock at append.
//! `create` needs its author among the parties as owner; a direct thread has exactly two users.
//!
//! A team's triage starts waiting. `take` needs it waiting; `assign` names an active participant that is not a
//! patient or relative, or a holder of the `TM`; `return` needs a responsible; `forward` goes to another active
//! team, whose triage then waits. Somebody assigned who leaves or is removed sends it back to waiting.
//!
//! Not known here: positions and counters ([`crate::head`]); rules that no chain shows (roles in an
//! organization, consent), which the server applies besides.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, FileId, KeyringId, MsgId, OrgId, UserId};

use crate::control::{Control, Create, EpochBody, Form};
use crate::entry::{EntryCore, Priority};
use crate::error::{ChainError, refuse};
use crate::facts::{Facts, KeyringKind, Mode, Owner, ancestry, check_capacity};
use crate::head::Phase;
use crate::keyring_body::Recipient;
use crate::keyring_rules::check_generation;
use crate::keys::PublicKey;
use crate::limits::LINKS_MAX;
use crate::party::{
    ALLOW_CALLS, ALLOW_FILES, History, Party, PartyId, Policy, Presence, ThreadRole, Triage, UserParty,
};
use crate::unit::Standing;

/// A party and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub party: Party,
    /// How it stands.
    pub presence: Presence,
}

/// Whom an open invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteFor {
    /// A party of the thread whose presence is *invited*.
    Party(PartyId),
    /// Whoever holds this key.
    Bearer {
        /// The invitation key.
        key: PublicKey,
        /// What the bearer will be.
        standing: Standing,
    },
}

/// An invitation that was not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInvite {
    /// Who invited.
    pub inviter: UserId,
    /// For whom.
    pub invitee: InviteFor,
    /// What history the newcomer gets.
    pub history: History,
    /// End of validity, ms since 1970.
    pub expires_ms: Option<u64>,
}

/// The epoch in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochState {
    /// Its number.
    pub number: u64,
    /// Commitment to its seed.
    pub commit: Bytes32,
    /// Keyrings it is sealed to.
    pub recipients: BTreeMap<KeyringId, Recipient>,
}

/// Who takes part, under which policy and epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub(crate) form: Form,
    pub(crate) context: Option<OrgId>,
    pub(crate) policy: Policy,
    pub(crate) priority: Priority,
    pub(crate) parties: BTreeMap<PartyId, Participant>,
    pub(crate) triage: BTreeMap<KeyringId, Triage>,
    pub(crate) invites: BTreeMap<MsgId, OpenInvite>,
    pub(crate) links: BTreeMap<OrgId, FileId>,
    pub(crate) epoch: EpochState,
    /// The next epoch must have no `prev_box`.
    pub(crate) wall_due: bool,
    pub(crate) closed: bool,
}

/// The team an author acts for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForTeam {
    pub(crate) managers: KeyringId,
    pub(crate) is_manager: bool,
    pub(crate) presence: Presence,
}

/// An entry's author as the roster sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acting {
    pub(crate) id: UserId,
    pub(crate) user: Option<(UserParty, Presence)>,
    pub(crate) team: Option<ForTeam>,
}

/// One control entry on its way in.
pub(crate) struct Act<'a> {
    pub(crate) core: &'a EntryCore,
    pub(crate) who: Acting,
    pub(crate) facts: &'a dyn Facts,
    pub(crate) mode: Mode,
}

impl Acting {
    pub(crate) fn active_user(&self) -> Option<UserParty> {
        self.user.filter(|(_, presence)| *presence == Presence::Active).map(|(party, _)| party)
    }

    fn active_team(&self) -> Option<ForTeam> {
        self.team.filter(|team| team.presence == Presence::Active)
    }

    pub(crate) fn takes_part(&self) -> Result<(), ChainError> {
        let part = self.active_user().is_some() || self.active_team().is_some();
        if part { Ok(()) } else { refuse(ChainError::NotParticipant) }
    }

    pub(crate) fn is_owner(&self) -> bool {
        self.active_user().is_some_and(|party| party.role == ThreadRole::Owner)
    }

    pub(crate) fn is_manager(&self) -> bool {
        self.active_team().is_some_and(|team| team.is_manager)
    }

    pub(crate) fn manages(&self, managers: KeyringId) -> bool {
        self.active_team().is_some_and(|team| team.is_manager && team.managers == managers)
    }

    /// A participant that is not a patient or relative.
    pub(crate) fn is_clinical(&self) -> bool {
        self.active_team().is_some() || self.active_user().is_some_and(|party| !party.standing.is_lay())
    }
}

pub(crate) fn require(allowed: bool) -> Result<(), ChainError> {
    if allowed { Ok(()) } else { refuse(ChainError::Forbidden) }
}

impl Roster {
    pub(crate) const fn empty() -> Self {
        Self {
            form: Form::Thread,
            context: None,
            policy: Policy { add: 0, close: 0, joiners: 0, allowed: 0 },
            priority: Priority::Normal,
            parties: BTreeMap::new(),
            triage: BTreeMap::new(),
            invites: BTreeMap::new(),
            links: BTreeMap::new(),
            epoch: EpochState {
                number: 0,
                commit: Bytes32::from_bytes([0; 32]),
                recipients: BTreeMap::new(),
            },
            wall_due: false,
            closed: false,
        }
    }

    /// Finds the author among the parties and verifies the capacity named.
    pub(crate) fn acting(
        &self,
        core: &EntryCore,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Acting, ChainError> {
        let id = core.author.user;
        let user = self.parties.get(&PartyId::User(id)).and_then(|participant| match participant.party {
            Party::User(party) => Some((party, participant.presence)),
            Party::Team(_) => None,
        });
        let Some(capacity) = core.author.capacity else { return Ok(Acting { id, user, team: None }) };
        let team = self.parties.values().find_map(|participant| match participant.party {
            Party::Team(party)
                if party.managers == capacity.keyring || party.all == Some(capacity.keyring) =>
            {
                Some(ForTeam {
                    managers: party.managers,
                    is_manager: party.managers == capacity.keyring,
                    presence: participant.presence,
                })
            }
            Party::Team(_) | Party::User(_) => None,
        });
        let team = team.ok_or(ChainError::NotParticipant)?;
        check_capacity(id, capacity, facts, mode)?;
        if let Some(recipient) = self.epoch.recipients.get(&capacity.keyring) {
            let sealed = facts
                .generation(capacity.keyring, recipient.generation)
                .ok_or(ChainError::UnknownGeneration)?;
            if capacity.seq < sealed.since_seq {
                refuse(ChainError::StaleCapacity)?;
            }
        }
        Ok(Acting { id, user, team: Some(team) })
    }

    /// Checks a message (not its position).
    pub(crate) fn check_message(&self, act: &Act<'_>) -> Result<(), ChainError> {
        act.who.takes_part()?;
        if !act.core.blobs.is_empty() && !self.policy.allows(ALLOW_FILES) {
            return Err(ChainError::KindNotAllowed);
        }
        let known = |keyring| self.epoch.recipients.contains_key(keyring);
        if !act.core.notify.iter().flatten().all(known) {
            return Err(ChainError::NotifyUnknown);
        }
        if act.mode.is_append() {
            for recipient in self.epoch.recipients.values() {
                check_generation(recipient, act.facts, act.mode)?;
            }
        }
        Ok(())
    }

    /// Takes in a control entry. On an error the roster is spoilt: work on a copy.
    pub(crate) fn apply(&mut self, act: &Act<'_>, control: &Control) -> Result<(), ChainError> {
        if let Control::Create(create) = control {
            return self.create(act, create);
        }
        if self.form == Form::Direct {
            check_direct(control)?;
        }
        match control {
            Control::Create(_) => Err(ChainError::MisplacedCreate),
            Control::Policy(policy) => self.set_policy(act, *policy),
            Control::Add { party, boxes, history } => self.add(act, party, boxes, *history),
            Control::Invite { invitee, history, expires_ms } => {
                self.invite(act, invitee, *history, *expires_ms)
            }
            Control::Accept { invite, bearer } => self.accept(act, *invite, bearer.as_deref()),
            Control::Decline { invite, .. } => self.decline(act, *invite),
            Control::Take { team } => self.take(act, *team),
            Control::Assign { team, user } => self.assign(act, *team, *user),
            Control::Return { team } => self.give_back(act, *team),
            Control::Forward { from, to } => self.forward(act, *from, *to),
            Control::WithdrawTeam { team } => self.withdraw_team(act, *team),
            Control::WithdrawInvite { invite } => self.withdraw_invite(act, *invite),
            Control::Remove { party, .. } => self.remove(act, *party),
            Control::Leave => self.leave(act),
            Control::Role { user, role } => self.set_role(act, *user, *role),
            Control::LinkPatient { org, file } => self.link_patient(act, *org, *file),
            Control::Priority(priority) => {
                require(act.who.is_clinical() || self.form == Form::Direct)?;
                self.priority = *priority;
                act.who.takes_part()
            }
            Control::Ack { n, .. } => {
                act.who.takes_part()?;
                if *n == 0 || *n > act.core.anchor.seq { Err(ChainError::OutOfRange) } else { Ok(()) }
            }
            Control::Epoch(body) => {
                act.who.takes_part()?;
                if body.epoch != self.epoch.number + 1 {
                    return Err(ChainError::WrongEpochNumber);
                }
                self.set_epoch(act, body)
            }
            Control::Close { final_seq, final_head, .. } => {
                self.check_close(act)?;
                if *final_seq != act.core.anchor.seq || *final_head != act.core.anchor.head {
                    return Err(ChainError::FinalMismatch);
                }
                self.closed = true;
                Ok(())
            }
            Control::ReboxRequest { keyring, epoch } => self.check_rebox(act, *keyring, *epoch),
            Control::CallJoin { .. } | Control::CallLeave { .. } => {
                act.who.takes_part()?;
                let allowed = self.policy.allows(ALLOW_CALLS);
                if allowed { Ok(()) } else { Err(ChainError::KindNotAllowed) }
            }
        }
    }

    fn create(&mut self, act: &Act<'_>, create: &Create) -> Result<(), ChainError> {
        self.form = create.form;
        self.context = create.context;
        self.policy = create.policy;
        self.priority = create.priority;
        for party in &create.parties {
            self.check_party(party, act.facts)?;
            self.parties.insert(party.id(), Participant { party: *party, presence: Presence::Active });
            if let Party::Team(team) = party {
                self.triage.insert(team.managers, Triage::Waiting);
            }
        }
        for party in &create.parties {
            self.check_brought_in_by(party)?;
        }
        let users = create.parties.iter().filter(|party| matches!(party, Party::User(_))).count();
        if create.form == Form::Direct && (users != 2 || create.parties.len() != 2) {
            return Err(ChainError::NotInDirect);
        }
        let who = self.acting(act.core, act.facts, act.mode)?;
        require(who.is_owner() && act.core.author.capacity.is_none())?;
        if create.epoch.epoch != 0 {
            return Err(ChainError::WrongEpochNumber);
        }
        if create.epoch.prev_box.is_some() {
            return Err(ChainError::PrevBox);
        }
        self.set_epoch(act, &create.epoch)
    }

    fn set_epoch(&mut self, act: &Act<'_>, body: &EpochBody) -> Result<(), ChainError> {
        if self.wall_due && body.prev_box.is_some() {
            return Err(ChainError::HistoryWall);
        }
        let expected = self.expected();
        let exact = expected.len() == body.recipients.len()
            && body.recipients.iter().zip(&expected).all(|(recipient, id)| recipient.keyring == *id);
        if !exact {
            refuse(ChainError::EpochRecipients)?;
        }
        for recipient in &body.recipients {
            check_generation(recipient, act.facts, act.mode)?;
            let before = self.epoch.recipients.get(&recipient.keyring);
            if before.is_some_and(|before| recipient.generation < before.generation) {
                return Err(ChainError::GenerationGoesBack);
            }
        }
        let recipients = body.recipients.iter().map(|recipient| (recipient.keyring, *recipient)).collect();
        self.epoch = EpochState { number: body.epoch, commit: body.commit, recipients };
        self.wall_due = false;
        Ok(())
    }

    fn set_policy(&mut self, act: &Act<'_>, policy: Policy) -> Result<(), ChainError> {
        require(act.who.is_owner())?;
        if !policy.is_as_tight_as(&self.policy) && self.owners() != 1 {
            return Err(ChainError::PolicyLoosened);
        }
        self.policy = policy;
        Ok(())
    }

    fn link_patient(&mut self, act: &Act<'_>, org: OrgId, file: Option<FileId>) -> Result<(), ChainError> {
        require(act.who.is_clinical())?;
        match file {
            Some(_) if !self.links.contains_key(&org) && self.links.len() >= LINKS_MAX => {
                return Err(ChainError::TooMany);
            }
            Some(file) => self.links.insert(org, file),
            None => self.links.remove(&org),
        };
        Ok(())
    }

    fn check_close(&self, act: &Act<'_>) -> Result<(), ChainError> {
        act.who.takes_part()?;
        let owner = act.who.is_owner();
        let responsible = self.triage.values().any(|triage| triage.responsible() == Some(act.who.id));
        require(match self.policy.close {
            0 => owner || act.who.is_manager() || responsible,
            1 => owner || act.who.is_manager(),
            _ => owner,
        })
    }

    fn check_rebox(&self, act: &Act<'_>, keyring: KeyringId, epoch: u64) -> Result<(), ChainError> {
        act.who.takes_part()?;
        let own = act.who.active_user().is_some_and(|party| party.keyring == keyring)
            || act.core.author.capacity.is_some_and(|capacity| capacity.keyring == keyring);
        if !own {
            return Err(ChainError::Forbidden);
        }
        if epoch > self.epoch.number { Err(ChainError::OutOfRange) } else { Ok(()) }
    }

    /// Checks that a party's keyrings are those that its own chain names.
    pub(crate) fn check_party(&self, party: &Party, facts: &dyn Facts) -> Result<(), ChainError> {
        let right = match party {
            Party::User(party) => {
                let fact = facts.user(party.user).ok_or(ChainError::UnknownKeyring)?;
                let own = if self.form == Form::Direct { fact.personal } else { fact.inbox };
                own.id == party.keyring
            }
            Party::Team(team) => {
                let managers = facts.keyring(team.managers).ok_or(ChainError::UnknownKeyring)?;
                let Owner::Unit(unit) = managers.owner else { return Err(ChainError::PartyKeyrings) };
                let paired = match team.all {
                    Some(all) => facts.keyring(all).ok_or(ChainError::UnknownKeyring)?.paired,
                    None => Some(team.managers),
                };
                let root = ancestry(unit, facts)?.last().copied();
                managers.kind == KeyringKind::TM
                    && paired == Some(team.managers)
                    && root == Some(team.org.into())
            }
        };
        if right { Ok(()) } else { refuse(ChainError::PartyKeyrings) }
    }

    /// The team through which a user is brought in must itself take part (TRI-05).
    pub(crate) fn check_brought_in_by(&self, party: &Party) -> Result<(), ChainError> {
        let Party::User(UserParty { team: Some(team), .. }) = party else { return Ok(()) };
        let there = self.parties.get(&PartyId::Team(*team)).is_some_and(|p| p.presence.is_sealed_to());
        if there { Ok(()) } else { Err(ChainError::UnknownParty) }
    }

    /// Keyrings that the epoch should be sealed to, ascending.
    pub(crate) fn expected(&self) -> Vec<KeyringId> {
        let sealed_to = self.parties.values().filter(|participant| participant.presence.is_sealed_to());
        let mut all: Vec<_> = sealed_to.flat_map(|participant| participant.party.keyrings()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(crate) fn owners(&self) -> usize {
        let owns = |p: &&Participant| {
            p.presence == Presence::Active
                && matches!(p.party, Party::User(UserParty { role: ThreadRole::Owner, .. }))
        };
        self.parties.values().filter(owns).count()
    }

    /// Whether messages may be written.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.closed {
            Phase::Closed
        } else if self.wall_due || !self.epoch.recipients.keys().copied().eq(self.expected()) {
            Phase::EpochDue
        } else {
            Phase::Open
        }
    }

    /// Recipients of the epoch whose keyring has a newer generation: a writer appends an epoch first.
    #[must_use]
    pub fn stale_recipients(&self, facts: &dyn Facts) -> Vec<KeyringId> {
        let is_stale = |recipient: &&Recipient| {
            facts.generation(recipient.keyring, recipient.generation).is_some_and(|fact| !fact.current)
        };
        self.epoch.recipients.values().filter(is_stale).map(|recipient| recipient.keyring).collect()
    }

    /// Thread or direct.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// The organization the thread belongs to.
    #[must_use]
    pub const fn context(&self) -> Option<OrgId> {
        self.context
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// The thread's priority.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority
    }

    /// Everybody who takes or took part.
    pub fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.parties.values()
    }

    /// One party.
    #[must_use]
    pub fn participant(&self, id: PartyId) -> Option<&Participant> {
        self.parties.get(&id)
    }

    /// A team's triage.
    #[must_use]
    pub fn triage(&self, managers: KeyringId) -> Option<Triage> {
        self.triage.get(&managers).copied()
    }

    /// Invitations that are open.
    pub fn invites(&self) -> impl Iterator<Item = (MsgId, &OpenInvite)> {
        self.invites.iter().map(|(id, invite)| (*id, invite))
    }

    /// The patient file of a custodian organization.
    pub fn links(&self) -> impl Iterator<Item = (OrgId, FileId)> {
        self.links.iter().map(|(org, file)| (*org, *file))
    }

    /// The epoch in force.
    #[must_use]
    pub const fn epoch(&self) -> &EpochState {
        &self.epoch
    }

    /// Whether the next epoch must start a new history.
    #[must_use]
    pub const fn wall_due(&self) -> bool {
        self.wall_due
    }

    /// Keyrings that the next epoch must be sealed to, ascending: exactly the participants'.
    #[must_use]
    pub fn next_recipients(&self) -> Vec<KeyringId> {
        self.expected()
    }
}

/// What a direct thread has.
const fn check_direct(control: &Control) -> Result<(), ChainError> {
    match control {
        Control::Priority(_)
        | Control::Ack { .. }
        | Control::Epoch(_)
        | Control::Close { .. }
        | Control::ReboxRequest { .. }
        | Control::CallJoin { .. }
        | Control::CallLeave { .. } => Ok(()),
        Control::Create(_)
        | Control::Policy(_)
        | Control::Add { .. }
        | Control::Invite { .. }
        | Control::Accept { .. }
        | Control::Decline { .. }
        | Control::Take { .. }
        | Control::Assign { .. }
        | Control::Return { .. }
        | Control::Forward { .. }
        | Control::WithdrawTeam { .. }
        | Control::WithdrawInvite { .. }
        | Control::Remove { .. }
        | Control::Leave
        | Control::Role { .. }
        | Control::LinkPatient { .. } => Err(ChainError::NotInDirect),
    }
}
