//! Units, teams, invitations, and the administrator's signatures behind them.

use relais_chain::facts::{Capacity, Facts as _, KeyringKind, KeyringRef, Owner};
use relais_chain::hash::{LABEL_ACCEPT, commitment};
use relais_chain::keyring_body::Role;
use relais_chain::link::Place;
use relais_chain::unit::{Attestation, Standing, UnitBody};
use relais_chain::{KeyringChain, PublicKey, Signed, sign};
use relais_e2ee::Secret;
use relais_e2ee::account::Account;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::keyring::{self, Made, NewKeyring, Signer, Target};
use relais_e2ee::sealed::{DecKey, Recipient};
use relais_e2ee::thread::InviteSecret;
use relais_wire::account::Locale;
use relais_wire::chains::{AppendLinks, ChainKind, ChainLink};
use relais_wire::directory::{
    AcceptInvite, CreateInvite, CreateTeam, CreateUnit, Found, GetPending, GetUnit, InviteCreated,
    PendingMember, Search, SetSuspended, UnitCard,
};
use relais_wire::ids::{Bytes32, IdemKey, KeyringId, ObjectId, OrgId, TeamId, UnitId, UserId};
use relais_wire::streams::GetSnapshot;
use relais_wire::{Bin, Private};
use zeroize::Zeroizing;

use super::book::ChainName;
use super::client::Client;
use super::ring::box_error;
use crate::error::{ClientError, Hostile, refuse};

fn idem() -> IdemKey {
    IdemKey::from_bytes(draw(&mut SystemEntropy))
}

fn chain_link(chain: ChainKind, id: ObjectId, link: &Signed) -> Result<ChainLink, ClientError> {
    let bytes = link.to_bytes().map_err(Client::wrong_own)?;
    Ok(ChainLink { chain, id, link: bytes.into() })
}

fn after(place: Place, link: &Signed) -> Place {
    Place { seq: place.seq + 1, prev: Some(link.link_hash()), ..place }
}

pub(crate) fn signer(account: &Account, capacity: Option<Capacity>, now_ms: u64) -> Signer<'_> {
    Signer { capacity, ..account.signer(now_ms) }
}

fn sign_unit(
    account: &Account,
    place: Place,
    capacity: Option<Capacity>,
    now_ms: u64,
    body: &UnitBody,
) -> Result<Signed, ClientError> {
    let author =
        relais_chain::link::Author { user: account.user(), chain_seq: account.chain_seq(), capacity };
    sign::link(account.signing().key(), place, author, now_ms, body).map_err(Client::wrong_own)
}

/// Commitments to a name, whose clear text stands beside the chain and can be erased.
fn attestation(user: UserId, root: Bytes32, standing: Standing, name: &str) -> UnitBody {
    let salt = draw(&mut SystemEntropy);
    let email = commitment("email", &draw(&mut SystemEntropy), "");
    UnitBody::Attest(Attestation { user, root, standing, name: commitment("name", &salt, name), email })
}

impl Client {
    /// The units of an organization, its root first.
    pub(crate) async fn units(&mut self, org: OrgId, fresh: bool) -> Result<Vec<UnitId>, ClientError> {
        if !fresh && let Some(units) = self.known_units.get(&org) {
            return Ok(units.clone());
        }
        let snapshot = self.rpc.call(GetSnapshot { org: Some(org), page: None }).await?;
        let mut units = vec![UnitId::from(org)];
        units.extend(snapshot.org.map(|card| card.units).unwrap_or_default());
        units.dedup();
        self.known_units.insert(org, units.clone());
        Ok(units)
    }

    /// Creates a unit under another, or an organization. Its creator administers it and is its first member.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn create_unit(
        &mut self,
        parent: Option<UnitId>,
        name: &str,
        own_name: &str,
    ) -> Result<UnitId, ClientError> {
        self.ready().await?;
        let unit = UnitId::from_bytes(draw(&mut SystemEntropy));
        let above = match parent {
            Some(parent) => Some(self.admin_of(parent).await?),
            None => None,
        };
        self.book.need(&self.rpc, ChainName::Keyring(self.account.personal().id)).await?;
        let now = self.now_ms();
        let own =
            self.book.chains().keyring_chain(self.account.personal().id).ok_or(ClientError::NotFound)?;
        let own = Target::of(own).map_err(box_error)?;
        let admins_id = KeyringId::from_bytes(draw(&mut SystemEntropy));
        let new = NewKeyring { id: admins_id, kind: KeyringKind::OA, owner: Owner::Unit(unit), paired: None };
        let itself = signer(&self.account, None, now);
        let (admins, seed) = keyring::create(&new, &[own], &itself, &mut SystemEntropy).map_err(box_error)?;
        let body = UnitBody::Genesis {
            parent,
            admins: KeyringRef { id: admins_id, first: admins.link.link_hash() },
            founder: self.account.root(),
        };
        let place = Place::first(*unit.as_bytes());
        let genesis = sign_unit(&self.account, place, above, now, &body)?;
        let capacity = Some(Capacity { keyring: admins_id, seq: 1 });
        let data_id = KeyringId::from_bytes(draw(&mut SystemEntropy));
        let new = NewKeyring { id: data_id, kind: KeyringKind::OD, owner: Owner::Unit(unit), paired: None };
        let to_admins = Target {
            recipient: Recipient { keyring: admins_id, generation: 1 },
            key: DecKey::of(&seed).public(),
        };
        let as_admin = signer(&self.account, capacity, now);
        let (data, data_seed) =
            keyring::create(&new, &[to_admins], &as_admin, &mut SystemEntropy).map_err(box_error)?;
        let place = after(place, &genesis);
        let body = UnitBody::Data { data: KeyringRef { id: data_id, first: data.link.link_hash() } };
        let data_link = sign_unit(&self.account, place, capacity, now, &body)?;
        let place = after(place, &data_link);
        let body = attestation(self.user(), self.account.root(), Standing::Professional, own_name);
        let own_link = sign_unit(&self.account, place, capacity, now, &body)?;
        let request = CreateUnit {
            idem: idem(),
            unit,
            parent,
            name: name.into(),
            links: vec![
                chain_link(ChainKind::Keyring, admins_id.into(), &admins.link)?,
                chain_link(ChainKind::Unit, unit.into(), &genesis)?,
                chain_link(ChainKind::Keyring, data_id.into(), &data.link)?,
                chain_link(ChainKind::Unit, unit.into(), &data_link)?,
                chain_link(ChainKind::Unit, unit.into(), &own_link)?,
            ],
            boxes: admins.boxes.into_iter().chain(data.boxes).collect(),
        };
        self.rpc.call(request).await?;
        self.ring.made(admins_id, 1, seed);
        self.ring.made(data_id, 1, data_seed);
        self.book.refresh(&self.rpc, ChainName::Unit(unit)).await?;
        self.known_units.clear();
        if parent.is_none() {
            let org = OrgId::from_bytes(*unit.as_bytes());
            self.saved.orgs.push(org);
            if self.saved.org.is_none() {
                self.focus(Some(org))?;
            }
        }
        self.save()?;
        Ok(unit)
    }

    /// The capacity in which this user administers a unit: its own `OA`, or one above.
    pub(crate) async fn admin_of(&mut self, unit: UnitId) -> Result<Capacity, ClientError> {
        let mut next = Some(unit);
        while let Some(unit) = next {
            self.book.refresh(&self.rpc, ChainName::Unit(unit)).await?;
            let chain = self.book.chains().unit_chain(unit).ok_or(ClientError::NotFound)?;
            let (keyring, parent) = (chain.admins().id, chain.fact().parent);
            self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await?;
            let seq = self.book.chains().keyring_chain(keyring).map_or(0, |chain| chain.tail().seq());
            if self.book.chains().holds(keyring, self.user(), seq).is_some_and(|held| held.now) {
                return Ok(Capacity { keyring, seq });
            }
            next = parent;
        }
        Err(ClientError::NoKey)
    }

    /// Creates a team with these managers and members. Managers are members.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn create_team(
        &mut self,
        unit: UnitId,
        name: &str,
        managers: &[UserId],
        members: &[UserId],
    ) -> Result<TeamId, ClientError> {
        self.ready().await?;
        let capacity = Some(self.admin_of(unit).await?);
        let org = OrgId::from_bytes(*self.root_of(unit).await?.as_bytes());
        let manager_targets = self.colleagues(org, managers).await?;
        let mut everybody = managers.to_vec();
        everybody.extend_from_slice(members);
        everybody.sort_unstable();
        everybody.dedup();
        let all_targets = self.colleagues(org, &everybody).await?;
        let now = self.now_ms();
        let by = signer(&self.account, capacity, now);
        let owner = Owner::Unit(unit);
        let tm = KeyringId::from_bytes(draw(&mut SystemEntropy));
        let new = NewKeyring { id: tm, kind: KeyringKind::TM, owner, paired: None };
        let (tm_made, _) =
            keyring::create(&new, &manager_targets, &by, &mut SystemEntropy).map_err(box_error)?;
        let ta = KeyringId::from_bytes(draw(&mut SystemEntropy));
        let new = NewKeyring { id: ta, kind: KeyringKind::TA, owner, paired: Some(tm) };
        let (ta_made, _) = keyring::create(&new, &all_targets, &by, &mut SystemEntropy).map_err(box_error)?;
        let team = TeamId::from_bytes(*tm.as_bytes());
        let request = CreateTeam {
            idem: idem(),
            team,
            unit,
            name: name.into(),
            links: vec![
                chain_link(ChainKind::Keyring, tm.into(), &tm_made.link)?,
                chain_link(ChainKind::Keyring, ta.into(), &ta_made.link)?,
            ],
            boxes: tm_made.boxes.into_iter().chain(ta_made.boxes).collect(),
        };
        self.rpc.call(request).await?;
        self.save()?;
        Ok(team)
    }

    /// Adds somebody to a keyring this user manages (a team's `TM` or `TA`): one link, one box, whole history.
    ///
    /// # Errors
    /// The server's refusals; [`ClientError::NoKey`] without its seed.
    pub async fn add_to_keyring(
        &mut self,
        keyring: KeyringId,
        user: UserId,
        keeper: bool,
    ) -> Result<(), ClientError> {
        self.ready().await?;
        self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await?;
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let Owner::Unit(unit) = chain.owner() else {
            return Err(ClientError::NotPossible("a person's keyring has nobody else in it"));
        };
        let org = OrgId::from_bytes(*self.root_of(unit).await?.as_bytes());
        let target = self.colleagues(org, &[user]).await?.pop().ok_or(ClientError::NotFound)?;
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let capacity = self.paired_capacity(chain);
        let seeds = self.ring.reach(&self.rpc, &mut self.book, &self.account, keyring).await?;
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let seed = seeds.get(chain.generation()).ok_or(ClientError::NoKey)?;
        let by = signer(&self.account, capacity, self.rpc.http.now_ms());
        let role = if keeper { Role::Keeper } else { Role::Holder };
        let made = keyring::add(chain, seed, &target, role, &by, &mut SystemEntropy).map_err(box_error)?;
        self.append_link(keyring, made).await
    }

    /// For a team's `TA`: the capacity as manager.
    fn paired_capacity(&self, chain: &KeyringChain) -> Option<Capacity> {
        let paired = chain.fact().paired?;
        let managers = self.book.chains().keyring_chain(paired)?;
        Some(Capacity { keyring: paired, seq: managers.tail().seq() })
    }

    pub(crate) async fn append_link(&mut self, keyring: KeyringId, made: Made) -> Result<(), ClientError> {
        self.stage(made.boxes).await?;
        let links = vec![chain_link(ChainKind::Keyring, keyring.into(), &made.link)?];
        self.rpc.call(AppendLinks { idem: idem(), links }).await?;
        self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await
    }

    /// Invites somebody to the instance, or into a unit (USR-02). The token is handed over, or mailed. One that is
    /// handed over carries the secret of a key that the server never sees: who comes with it proves it, and
    /// [`Self::pending`] checks that on this device. One that the server mails proves nothing against the server.
    ///
    /// # Errors
    /// The server's refusals; [`ClientError::Storage`].
    pub async fn invite(
        &mut self,
        unit: Option<UnitId>,
        email: Option<Private>,
        locale: Locale,
    ) -> Result<InviteCreated, ClientError> {
        let secret = email.is_none().then(|| InviteSecret::random(&mut SystemEntropy));
        let key = secret.as_ref().map(|secret| secret.key().public().to_bytes());
        let sent = key.map(|key| key.to_vec().into());
        let mut made = self.rpc.call(CreateInvite { idem: idem(), unit, email, locale, key: sent }).await?;
        if let (Some(secret), Some(key)) = (secret, key) {
            made.token.0.extend_from_slice(secret.secret().expose());
            self.saved.invites.insert(made.invite, key);
            self.save()?;
        }
        Ok(made)
    }

    /// Accepts an invitation into a unit (ACC-06).
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn accept_invite(&self, token: Vec<u8>) -> Result<(), ClientError> {
        let (token, secret) = split_token(token);
        let proof = secret.map(|secret| prove_root(&secret, &self.account.root()));
        self.rpc.call(AcceptInvite { idem: idem(), token: token.into(), proof }).await.map(drop)
    }

    /// Those who accepted an invitation into a unit and wait for an administrator's signature. Whoever comes with an
    /// invitation that was made on this device and handed over must hold its key.
    ///
    /// # Errors
    /// The server's refusals; [`Hostile::InviteForged`].
    pub async fn pending(&mut self, unit: UnitId) -> Result<Vec<PendingMember>, ClientError> {
        let members = self.rpc.call(GetPending { unit }).await?.members;
        for member in &members {
            let Some(key) = self.saved.invites.get(&member.invite).copied() else { continue };
            self.book.need(&self.rpc, ChainName::User(member.user)).await?;
            let root = self.book.chains().user(member.user).ok_or(ClientError::NotFound)?.root;
            let proof = member.proof.as_ref().and_then(|proof| <[u8; 64]>::try_from(proof.as_slice()).ok());
            let key = PublicKey::from_bytes(&key).map_err(|_| ClientError::LocalState)?;
            if proof.is_none_or(|proof| key.verify(LABEL_ACCEPT, root.as_bytes(), &proof).is_err()) {
                refuse(Hostile::InviteForged)?;
            }
        }
        Ok(members)
    }

    /// Suspends an account, or readmits it.
    ///
    /// # Errors
    /// The server's refusals: `forbidden`, `not found`.
    pub async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<(), ClientError> {
        self.rpc.call(SetSuspended { idem: idem(), user, suspended }).await.map(drop)
    }

    /// Vouches for members: from then on they belong to the unit.
    ///
    /// # Errors
    /// The server's refusals; an attack.
    pub async fn attest(
        &mut self,
        unit: UnitId,
        members: &[(UserId, Private, Standing)],
    ) -> Result<(), ClientError> {
        self.ready().await?;
        let capacity = Some(self.admin_of(unit).await?);
        for part in members.chunks(32) {
            for (user, ..) in part {
                self.book.need(&self.rpc, ChainName::User(*user)).await?;
            }
            self.book.refresh(&self.rpc, ChainName::Unit(unit)).await?;
            let chain = self.book.chains().unit_chain(unit).ok_or(ClientError::NotFound)?;
            let mut place = chain.tail().next();
            let mut links = Vec::with_capacity(part.len());
            for (user, name, standing) in part {
                let root = self.book.chains().user(*user).ok_or(ClientError::NotFound)?.root;
                let body = attestation(*user, root, *standing, name.as_str());
                let link = sign_unit(&self.account, place, capacity, self.now_ms(), &body)?;
                place = after(place, &link);
                links.push(chain_link(ChainKind::Unit, unit.into(), &link)?);
            }
            self.rpc.call(AppendLinks { idem: idem(), links }).await?;
            self.book.refresh(&self.rpc, ChainName::Unit(unit)).await?;
        }
        self.save()
    }

    /// Searches people and teams (NET-03).
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn search(&self, query: &str, org: Option<OrgId>) -> Result<Found, ClientError> {
        self.rpc.call(Search { query: query.into(), org }).await
    }

    /// What the server says of a unit.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn unit(&self, unit: UnitId) -> Result<UnitCard, ClientError> {
        self.rpc.call(GetUnit { unit }).await
    }
}

/// Bytes of the token that the server made.
const SERVER_TOKEN_BYTES: usize = 32;

/// The server's part of a token, and the secret that was handed over with it.
pub(crate) fn split_token(mut token: Vec<u8>) -> (Vec<u8>, Option<InviteSecret>) {
    if token.len() <= SERVER_TOKEN_BYTES {
        return (token, None);
    }
    let secret = Zeroizing::new(token.split_off(SERVER_TOKEN_BYTES));
    (token, Secret::from_slice(&secret).map(InviteSecret::from_secret))
}

/// The invitation's key signs whom it brought.
pub(crate) fn prove_root(secret: &InviteSecret, root: &Bytes32) -> Bin {
    secret.key().sign(LABEL_ACCEPT, root.as_bytes()).to_vec().into()
}
