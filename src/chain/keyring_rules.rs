//! What a link of a keyring chain may say, and who may sign it. The table is in [`crate::keyring`].
//!
//! Not known here: order and signatures, which are checked before.

use relais_wire::ids::{Bytes32, KeyringId, UnitId};

use crate::error::{ChainError, refuse};
use crate::facts::{Facts, GenerationFact, KeyringKind, Mode, Owner, administers, check_capacity};
use crate::keyring::{KeyringChain, Member};
use crate::keyring_body::{GenerationBody, KeyringBody, Recipient, Role};
use crate::limits::KEYRING_RECIPIENTS_MAX;
use crate::link::LinkCore;

/// What the signer of a link may do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    keeper: bool,
    seed: bool,
    itself: Option<KeyringId>,
}

impl KeyringChain {
    pub(crate) fn check_creator(
        &self,
        core: &LinkCore,
        hash: &Bytes32,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<(), ChainError> {
        let author = &core.author;
        match (self.kind, self.owner) {
            (KeyringKind::U | KeyringKind::I, Owner::User(user)) => {
                if author.user != user || author.capacity.is_some() {
                    return Err(ChainError::NotAuthorized);
                }
                let fact = facts.user(user).ok_or(ChainError::UnknownSigner)?;
                let named = if self.kind == KeyringKind::U { fact.personal } else { fact.inbox };
                if named.id != self.id || named.first != *hash {
                    return Err(ChainError::HashMismatch);
                }
                Ok(())
            }
            (KeyringKind::OA, Owner::Unit(_)) if author.capacity.is_none() => Ok(()),
            (_, Owner::Unit(unit)) => {
                let capacity = author.capacity.ok_or(ChainError::NotAuthorized)?;
                let held = check_capacity(author.user, capacity, facts, mode)?;
                if self.paired == Some(capacity.keyring) {
                    let own_team = held.kind == KeyringKind::TM && held.owner == self.owner;
                    return if own_team { Ok(()) } else { Err(ChainError::NotAuthorized) };
                }
                if let Some(paired) = self.paired {
                    let managers = facts.keyring(paired).ok_or(ChainError::UnknownKeyring)?;
                    if managers.kind != KeyringKind::TM || managers.owner != self.owner {
                        return Err(ChainError::RecipientKind);
                    }
                }
                if administers(capacity.keyring, unit, facts, mode)? {
                    Ok(())
                } else {
                    Err(ChainError::NotAuthorized)
                }
            }
            (_, Owner::User(_)) => Err(ChainError::NotAuthorized),
        }
    }

    /// What the author of a link may do here.
    pub(crate) fn standing(
        &self,
        core: &LinkCore,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Standing, ChainError> {
        let author = &core.author;
        if let Owner::User(user) = self.owner {
            let own = author.user == user && author.capacity.is_none();
            return if own {
                Ok(Standing { keeper: true, seed: true, itself: None })
            } else {
                Err(ChainError::NotAuthorized)
            };
        }
        let mut standing = Standing::default();
        if let Some((id, member)) = self.member_of(author.user) {
            standing.seed = true;
            standing.itself = Some(id);
            standing.keeper =
                member.role == Role::Keeper && matches!(self.kind, KeyringKind::TM | KeyringKind::OA);
        }
        if let (Some(capacity), Owner::Unit(unit)) = (author.capacity, self.owner) {
            // Before anything is asked about that keyring: a capacity that gives nothing would make this chain rest
            // on others, or on itself, for no reason, and a chain that rests on itself cannot be verified from its start.
            let keeper = capacity.keyring != self.id
                && (self.paired == Some(capacity.keyring)
                    || administers(capacity.keyring, unit, facts, mode)?);
            let seed = self.members.contains_key(&capacity.keyring);
            if !keeper && !seed {
                return Err(ChainError::NotAuthorized);
            }
            check_capacity(author.user, capacity, facts, mode)?;
            self.signers.check_capacity(capacity)?;
            standing.keeper |= keeper;
            standing.seed |= seed;
        }
        if !standing.keeper && !standing.seed {
            refuse(ChainError::NotAuthorized)?;
        }
        Ok(standing)
    }

    /// Checks a link that is not the first; answers the owner of a keyring that is added.
    pub(crate) fn check(
        &self,
        body: &KeyringBody,
        standing: Standing,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Option<Owner>, ChainError> {
        match body {
            KeyringBody::Create { .. } => Err(ChainError::MisplacedRoot),
            KeyringBody::Rotate(body) => self.check_rotate(body, standing, facts, mode).map(|()| None),
            KeyringBody::Add { .. }
            | KeyringBody::Remove { .. }
            | KeyringBody::Role { .. }
            | KeyringBody::Parent { .. }
            | KeyringBody::AddRequest { .. }
                if matches!(self.owner, Owner::User(_)) =>
            {
                Err(ChainError::NotForThisKind)
            }
            KeyringBody::Add { recipient, role } => {
                let asked = self.requests.get(&recipient.keyring) == Some(role);
                if !standing.seed {
                    return Err(ChainError::NotSeedHolder);
                }
                if !standing.keeper && !asked {
                    refuse(ChainError::NotAuthorized)?;
                }
                self.check_addable(recipient.keyring)?;
                self.check_recipient(recipient, facts, mode).map(Some)
            }
            KeyringBody::AddRequest { keyring, .. } => {
                require_keeper(standing)?;
                self.check_addable(*keyring)?;
                if self.requests.len() >= KEYRING_RECIPIENTS_MAX {
                    return Err(ChainError::TooMany);
                }
                self.recipient_owner(*keyring, facts).map(|_| None)
            }
            KeyringBody::Remove { keyring, .. } => self.check_remove(*keyring, standing).map(|()| None),
            KeyringBody::Role { keyring, role } => self.check_role(*keyring, *role, standing).map(|()| None),
            KeyringBody::Parent { recipient } => self.check_parent(recipient.as_ref(), standing, facts, mode),
        }
    }

    fn check_rotate(
        &self,
        body: &GenerationBody,
        standing: Standing,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<(), ChainError> {
        if !standing.seed {
            return Err(ChainError::NotSeedHolder);
        }
        if body.generation != self.generation() + 1 {
            return Err(ChainError::WrongGeneration);
        }
        let exact = body.recipients.len() == self.members.len()
            && body.recipients.iter().all(|recipient| self.members.contains_key(&recipient.keyring));
        if !exact {
            refuse(ChainError::RecipientsMismatch)?;
        }
        for recipient in &body.recipients {
            let named = self.members.get(&recipient.keyring).map_or(0, |member| member.generation);
            if recipient.generation < named {
                return Err(ChainError::GenerationGoesBack);
            }
            check_generation(recipient, facts, mode)?;
        }
        Ok(())
    }

    fn check_remove(&self, keyring: KeyringId, standing: Standing) -> Result<(), ChainError> {
        let member = self.members.get(&keyring).ok_or(ChainError::NotMember)?;
        if standing.itself != Some(keyring) {
            require_keeper(standing)?;
        }
        if self.parent == Some(keyring) {
            return Err(ChainError::NotForThisKind);
        }
        if self.members.len() == 1 || (self.is_last_keeper(keyring, member) && self.parent.is_none()) {
            return Err(ChainError::LastMember);
        }
        Ok(())
    }

    fn check_role(&self, keyring: KeyringId, role: Role, standing: Standing) -> Result<(), ChainError> {
        require_keeper(standing)?;
        let member = self.members.get(&keyring).ok_or(ChainError::NotMember)?;
        if !matches!(self.kind, KeyringKind::TM | KeyringKind::OA) || self.parent == Some(keyring) {
            return Err(ChainError::NotForThisKind);
        }
        if role == Role::Holder && self.is_last_keeper(keyring, member) && self.parent.is_none() {
            return Err(ChainError::LastMember);
        }
        Ok(())
    }

    fn check_parent(
        &self,
        recipient: Option<&Recipient>,
        standing: Standing,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Option<Owner>, ChainError> {
        require_keeper(standing)?;
        let (KeyringKind::TM | KeyringKind::OA, Owner::Unit(unit)) = (self.kind, self.owner) else {
            return Err(ChainError::NotForThisKind);
        };
        let Some(recipient) = recipient else {
            let parent = self.parent.ok_or(ChainError::NotMember)?;
            let others_keep =
                self.members.iter().any(|(id, member)| *id != parent && member.role == Role::Keeper);
            return if others_keep { Ok(None) } else { Err(ChainError::LastMember) };
        };
        if !standing.seed {
            return Err(ChainError::NotSeedHolder);
        }
        if self.parent.is_some() {
            return Err(ChainError::AlreadyMember);
        }
        self.check_addable(recipient.keyring)?;
        let above = if self.kind == KeyringKind::TM { vec![unit] } else { parents_of(unit, facts, mode)? };
        let above = above_with(recipient.keyring, &above, facts)?;
        check_generation(recipient, facts, mode)?;
        Ok(Some(Owner::Unit(above)))
    }

    fn check_addable(&self, keyring: KeyringId) -> Result<(), ChainError> {
        if self.members.contains_key(&keyring) {
            return Err(ChainError::AlreadyMember);
        }
        if self.members.len() >= KEYRING_RECIPIENTS_MAX { Err(ChainError::TooMany) } else { Ok(()) }
    }

    pub(crate) fn check_never_empty(&self) -> Result<(), ChainError> {
        let right = match self.kind {
            KeyringKind::U => self.members.is_empty(),
            KeyringKind::I => self.members.len() == 1,
            KeyringKind::TM | KeyringKind::TA | KeyringKind::OA | KeyringKind::OD => !self.members.is_empty(),
        };
        if right { Ok(()) } else { Err(ChainError::RecipientsMismatch) }
    }

    /// Checks a recipient that becomes a member; answers whose keyring it is.
    pub(crate) fn check_recipient(
        &self,
        recipient: &Recipient,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Owner, ChainError> {
        let owner = self.recipient_owner(recipient.keyring, facts)?;
        check_generation(recipient, facts, mode)?;
        Ok(owner)
    }

    fn recipient_owner(&self, keyring: KeyringId, facts: &dyn Facts) -> Result<Owner, ChainError> {
        let fact = facts.keyring(keyring).ok_or(ChainError::UnknownKeyring)?;
        let allowed = match (self.kind, fact.kind, fact.owner) {
            (KeyringKind::U, ..) => false,
            (KeyringKind::I, KeyringKind::U, owner) => owner == self.owner,
            (
                KeyringKind::TM | KeyringKind::TA | KeyringKind::OA | KeyringKind::OD,
                KeyringKind::U,
                Owner::User(_),
            ) => true,
            // Anybody may make a keyring of that kind for a unit; its administrators' is the one its genesis names.
            (KeyringKind::OD, KeyringKind::OA, Owner::Unit(unit)) => {
                let admins = facts.unit(unit).ok_or(ChainError::UnknownUnit)?.admins;
                fact.owner == self.owner && admins == keyring
            }
            (_, _, _) => false,
        };
        if allowed { Ok(fact.owner) } else { Err(ChainError::RecipientKind) }
    }

    fn is_last_keeper(&self, keyring: KeyringId, member: &Member) -> bool {
        matches!(self.kind, KeyringKind::TM | KeyringKind::OA)
            && member.role == Role::Keeper
            && !self.members.iter().any(|(id, other)| *id != keyring && other.role == Role::Keeper)
    }
}

fn require_keeper(standing: Standing) -> Result<(), ChainError> {
    if standing.keeper { Ok(()) } else { refuse(ChainError::NotAuthorized) }
}

/// The unit above; when replaying, those that were above at some time too: a unit may have moved since.
fn parents_of(unit: UnitId, facts: &dyn Facts, mode: Mode) -> Result<Vec<UnitId>, ChainError> {
    let fact = facts.unit(unit).ok_or(ChainError::UnknownUnit)?;
    let mut parents: Vec<UnitId> = fact.parent.into_iter().collect();
    if !mode.is_append() {
        parents.extend(fact.former_parents);
    }
    if parents.is_empty() { Err(ChainError::ParentImpossible) } else { Ok(parents) }
}

/// The unit among these whose administrators' keyring is the one named.
fn above_with(admins: KeyringId, units: &[UnitId], facts: &dyn Facts) -> Result<UnitId, ChainError> {
    for unit in units {
        if facts.unit(*unit).ok_or(ChainError::UnknownUnit)?.admins == admins {
            return Ok(*unit);
        }
    }
    Err(ChainError::RecipientKind)
}

/// Checks the generation a box is sealed to: the newest when appending, an existing one in any case.
pub(crate) fn check_generation(
    recipient: &Recipient,
    facts: &dyn Facts,
    mode: Mode,
) -> Result<GenerationFact, ChainError> {
    let fact =
        facts.generation(recipient.keyring, recipient.generation).ok_or(ChainError::UnknownGeneration)?;
    if mode.is_append() && !fact.current {
        refuse(ChainError::StaleGeneration)?;
    }
    Ok(fact)
}
