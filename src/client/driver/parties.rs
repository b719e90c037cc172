//! Who is put into threads and teams: people and teams as their own signed chains name them. A card of the
//! directory says where to look and nothing more; what it says is held against the chains before any seed is
//! sealed for it.
//!
//! Not known here: what somebody is put into.

use relais_chain::control::Form;
use relais_chain::facts::{Facts, KeyringKind, Owner, ancestry};
use relais_chain::party::{Party, TeamParty, ThreadRole, UserParty};
use relais_chain::unit::Standing;
use relais_chain::{ChainError, roster::Roster};
use relais_e2ee::keyring::Target;
use relais_wire::ids::{KeyringId, OrgId, UnitId, UserId};

use super::book::ChainName;
use super::client::Client;
use super::ring::box_error;
use crate::error::{ClientError, Hostile, refuse};

/// Somebody to put into a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person.
    Person(UserId),
    /// A team's managers: the team's triage box (TRI-01).
    Team(KeyringId),
    /// A whole team.
    WholeTeam {
        /// Keyring of its managers.
        managers: KeyringId,
        /// Keyring of all its members.
        all: KeyringId,
    },
}

/// Where somebody is put: the kind of thread and its organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Thread or direct.
    pub form: Form,
    /// The organization; `None` for a personal one.
    pub org: Option<OrgId>,
}

impl Place {
    /// Where a thread is.
    pub(crate) const fn of(roster: &Roster) -> Self {
        Self { form: roster.form(), org: roster.context() }
    }
}

impl Client {
    /// A party out of verified chains: the server's word decides neither keys nor membership.
    pub(crate) async fn party(
        &mut self,
        place: Place,
        who: Who,
        role: ThreadRole,
    ) -> Result<Party, ClientError> {
        let party = match who {
            Who::Person(user) => {
                self.book.need(&self.rpc, ChainName::User(user)).await?;
                let fact = Facts::user(self.book.chains(), user).ok_or(ClientError::NotFound)?;
                let standing = match place.org {
                    Some(org) => self.attested(org, user).await?,
                    None => Standing::Professional,
                };
                let keyring = if place.form == Form::Direct { fact.personal.id } else { fact.inbox.id };
                Party::User(UserParty { user, keyring, as_org: place.org, role, standing, team: None })
            }
            Who::Team(managers) => team(place.org, managers, None)?,
            Who::WholeTeam { managers, all } => team(place.org, managers, Some(all))?,
        };
        self.check_keyrings(&party, place.form).await?;
        Ok(party)
    }

    /// Holds the keyrings of a party against the chains of those they are said to belong to. To be asked before
    /// a seed is sealed to them: the check that everybody makes of the entry afterwards comes too late for the
    /// boxes, and sees ids only.
    ///
    /// # Errors
    /// [`Hostile::CardSwapped`].
    pub(crate) async fn check_keyrings(&mut self, party: &Party, form: Form) -> Result<(), ClientError> {
        let fit =
            self.book.decide(&self.rpc, ClientError::link, |book| fits(party, form, &book.facts())).await?;
        if fit { Ok(()) } else { refuse(Hostile::CardSwapped) }
    }

    /// Holds the keyrings of everybody a thread is sealed to against their chains.
    ///
    /// # Errors
    /// As [`Self::check_keyrings`].
    pub(crate) async fn check_readers(&mut self, roster: &Roster) -> Result<(), ClientError> {
        for participant in roster.participants().filter(|participant| participant.presence.is_sealed_to()) {
            self.check_keyrings(&participant.party, roster.form()).await?;
        }
        Ok(())
    }

    /// Who a colleague is, by the word of an administrator of the organization.
    ///
    /// # Errors
    /// [`Hostile::Unattested`]; [`Hostile::KeySwapped`] when another root was vouched for;
    /// [`Hostile::CardSwapped`] for a unit that is none of the organization's.
    pub async fn attested(&mut self, org: OrgId, user: UserId) -> Result<Standing, ClientError> {
        self.book.need(&self.rpc, ChainName::User(user)).await?;
        let root = Facts::user(self.book.chains(), user).ok_or(ClientError::NotFound)?.root;
        for fresh in [false, true] {
            for unit in self.units(org, fresh).await? {
                let name = ChainName::Unit(unit);
                if fresh {
                    self.book.refresh(&self.rpc, name).await?;
                } else {
                    self.book.need(&self.rpc, name).await?;
                }
                let attested = self.book.chains().unit_chain(unit).and_then(|chain| chain.member(user));
                let Some(attestation) = attested.map(|attested| attested.attestation) else { continue };
                if self.root_of(unit).await? != org.into() {
                    refuse(Hostile::CardSwapped)?;
                }
                if attestation.root != root {
                    refuse(Hostile::KeySwapped)?;
                }
                return Ok(attestation.standing);
            }
        }
        refuse(Hostile::Unattested)?;
        Ok(Standing::Professional)
    }

    /// The root of the tree a unit stands in, by the chains.
    pub(crate) async fn root_of(&mut self, unit: UnitId) -> Result<UnitId, ClientError> {
        let above =
            self.book.decide(&self.rpc, ClientError::link, |book| ancestry(unit, &book.facts())).await?;
        above.last().copied().ok_or(ClientError::NotFound)
    }

    /// The personal keyrings of colleagues, out of their own chains.
    ///
    /// # Errors
    /// As [`Self::attested`], [`Self::check_keyrings`].
    pub(crate) async fn colleagues(
        &mut self,
        org: OrgId,
        users: &[UserId],
    ) -> Result<Vec<Target>, ClientError> {
        let mut targets = Vec::with_capacity(users.len());
        for user in users {
            let standing = self.attested(org, *user).await?;
            let fact = Facts::user(self.book.chains(), *user).ok_or(ClientError::NotFound)?;
            let keyring = fact.personal.id;
            self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await?;
            let (as_org, role, team) = (Some(org), ThreadRole::Member, None);
            let party = Party::User(UserParty { user: *user, keyring, as_org, role, standing, team });
            self.check_keyrings(&party, Form::Direct).await?;
            let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
            targets.push(Target::of(chain).map_err(box_error)?);
        }
        Ok(targets)
    }
}

fn team(org: Option<OrgId>, managers: KeyringId, all: Option<KeyringId>) -> Result<Party, ClientError> {
    let org = org.ok_or(ClientError::NotPossible("a personal thread has no teams"))?;
    Ok(Party::Team(TeamParty { managers, all, org }))
}

/// Whether a party's keyrings are of the right kind, belong to whom they are said to belong, and go together.
/// A keyring's id alone says nothing: another account may claim the same one, with links of its own.
fn fits(party: &Party, form: Form, facts: &dyn Facts) -> Result<bool, ChainError> {
    let unknown = ChainError::UnknownKeyring;
    match party {
        Party::User(party) => {
            let root = facts.user(party.user).ok_or(unknown)?;
            let (named, kind) = match form {
                Form::Direct => (root.personal, KeyringKind::U),
                Form::Thread => (root.inbox, KeyringKind::I),
            };
            let keyring = facts.keyring(party.keyring).ok_or(unknown)?;
            Ok(party.keyring == named.id
                && keyring.first == named.first
                && keyring.kind == kind
                && keyring.owner == Owner::User(party.user))
        }
        Party::Team(team) => {
            let managers = facts.keyring(team.managers).ok_or(unknown)?;
            let Owner::Unit(unit) = managers.owner else { return Ok(false) };
            let root = ancestry(unit, facts)?.last().copied();
            let whole = match team.all {
                Some(all) => {
                    let all = facts.keyring(all).ok_or(unknown)?;
                    all.kind == KeyringKind::TA
                        && all.owner == managers.owner
                        && all.paired == Some(team.managers)
                }
                None => true,
            };
            Ok(managers.kind == KeyringKind::TM && root == Some(team.org.into()) && whole)
        }
    }
}
