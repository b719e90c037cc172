//! A small hospital with real seeds and boxes. Every link and entry goes through the chain rules in append
//! mode, as at a server, and every box is kept where its recipients can fetch it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "shared by several test files"
)]

use relais_chain::control::{Control, Create, Form};
use relais_chain::directory::Directory;
use relais_chain::entry::Kind;
use relais_chain::facts::{Capacity, KeyringKind, KeyringRef, Mode, Owner};
use relais_chain::keyring_body::{Reason, Role};
use relais_chain::link::{Author, Place};
use relais_chain::party::{Party, Policy, TeamParty, ThreadRole, UserParty};
use relais_chain::thread::{Applied, ThreadState};
use relais_chain::unit::{Standing, UnitBody};
use relais_chain::{ChainError, Signed, sign};
use relais_e2ee::account::{self, Account};
use relais_e2ee::body::Body;
use relais_e2ee::entropy::{ReplayedEntropy, draw};
use relais_e2ee::generations::Seeds;
use relais_e2ee::keyring::{self, Made, NewKeyring, Signer, Target};
use relais_e2ee::secret::{Secret, Seed};
use relais_e2ee::thread::{self, ThreadKeys};
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, message};
use relais_wire::chains::{ChainKind, SealedBox};
use relais_wire::ids::{DeviceId, KeyringId, MsgId, OrgId, ThreadId, UnitId, UserId};

pub const NOW: u64 = 1_795_000_000_000;
pub const APPEND: Mode = Mode::Append { now_ms: NOW };
pub const POLICY: Policy = Policy { add: 0, close: 0, joiners: 0, allowed: 7 };

pub struct Person {
    pub account: Account,
    pub device: DeviceId,
}

impl Person {
    pub fn user(&self) -> UserId {
        self.account.user()
    }

    pub fn inbox(&self) -> (KeyringId, Seeds) {
        let own = self.account.inbox();
        (own.id, Seeds::with(own.generation, own.seed.duplicate()))
    }

    pub fn as_party(&self, role: ThreadRole, standing: Standing) -> Party {
        let (user, keyring) = (self.user(), self.account.inbox().id);
        Party::User(UserParty { user, keyring, as_org: None, role, standing, team: None })
    }
}

pub struct World {
    pub dir: Directory,
    pub boxes: Vec<SealedBox>,
    pub entropy: ReplayedEntropy,
}

/// A thread as a server keeps it, and what one reader made of it.
pub struct Thread {
    pub id: ThreadId,
    pub state: ThreadState,
    pub entries: Vec<(Applied, Signed)>,
}

impl World {
    pub fn new() -> Self {
        let entropy = ReplayedEntropy::dangerous_from_seed([0x5e; 32]);
        Self { dir: Directory::new(), boxes: Vec::new(), entropy }
    }

    pub fn person(&mut self, n: u8) -> Person {
        self.enrol(UserId::from_bytes([n; 16]), DeviceId::from_bytes([n ^ 0x80; 16]))
    }

    /// One of many.
    pub fn numbered(&mut self, n: usize) -> Person {
        let mut id = [0x20; 16];
        id[..8].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
        self.enrol(UserId::from_bytes(id), DeviceId::from_bytes(id))
    }

    fn enrol(&mut self, user: UserId, device: DeviceId) -> Person {
        let file = Secret::from_bytes([9; 32]);
        let new = account::create(user, &[Opener::KeyFile(&file)], [0; 32], NOW, &mut self.entropy).unwrap();
        for link in &new.links {
            let bytes = link.link.as_slice();
            match link.chain {
                ChainKind::User => drop(self.dir.user_link(link.id.into(), bytes, APPEND).unwrap()),
                ChainKind::Keyring => self.dir.keyring_link(link.id.into(), bytes, APPEND).unwrap(),
                ChainKind::Unit => self.dir.unit_link(link.id.into(), bytes, APPEND).unwrap(),
            }
        }
        self.boxes.extend(new.boxes);
        let mut account = new.account;
        account.verify(&new.vault, self.dir.user_chain(user).unwrap()).unwrap();
        Person { account, device }
    }

    pub fn target(&self, keyring: KeyringId) -> Target {
        Target::of(self.dir.keyring_chain(keyring).unwrap()).unwrap()
    }

    pub fn personal(&self, person: &Person) -> Target {
        self.target(person.account.personal().id)
    }

    pub fn signer<'a>(&self, person: &'a Person, capacity: Option<KeyringId>) -> Signer<'a> {
        let capacity = capacity
            .map(|keyring| Capacity { keyring, seq: self.dir.keyring_chain(keyring).unwrap().tail().seq() });
        Signer { capacity, ..person.account.signer(NOW) }
    }

    pub fn put(&mut self, keyring: KeyringId, made: Made) -> Result<(), ChainError> {
        self.dir.keyring_link(keyring, &made.link.to_bytes().unwrap(), APPEND)?;
        self.boxes.extend(made.boxes);
        Ok(())
    }

    /// A root unit with one administrator; answers unit and `OA`.
    pub fn unit(&mut self, n: u8, founder: &Person) -> (UnitId, KeyringId) {
        let unit = UnitId::from_bytes([n; 16]);
        let admins = KeyringId::from_bytes([n ^ 0x0a; 16]);
        let new = NewKeyring { id: admins, kind: KeyringKind::OA, owner: Owner::Unit(unit), paired: None };
        let (members, signer) = ([self.personal(founder)], self.signer(founder, None));
        let (made, _) = keyring::create(&new, &members, &signer, &mut self.entropy).unwrap();
        let first = made.link.link_hash();
        self.put(admins, made).unwrap();
        let body = UnitBody::Genesis {
            parent: None,
            admins: KeyringRef { id: admins, first },
            founder: founder.account.root(),
        };
        let author = Author { user: founder.user(), chain_seq: founder.account.chain_seq(), capacity: None };
        let place = Place::first(*unit.as_bytes());
        let link = sign::link(founder.account.signing().key(), place, author, NOW, &body).unwrap();
        self.dir.unit_link(unit, &link.to_bytes().unwrap(), APPEND).unwrap();
        (unit, admins)
    }

    /// A team of these managers.
    pub fn team(
        &mut self,
        n: u8,
        unit: (UnitId, KeyringId),
        admin: &Person,
        managers: &[&Person],
    ) -> KeyringId {
        let id = KeyringId::from_bytes([n; 16]);
        let new = NewKeyring { id, kind: KeyringKind::TM, owner: Owner::Unit(unit.0), paired: None };
        let members: Vec<_> = managers.iter().map(|person| self.personal(person)).collect();
        let signer = self.signer(admin, Some(unit.1));
        let (made, _) = keyring::create(&new, &members, &signer, &mut self.entropy).unwrap();
        self.put(id, made).unwrap();
        id
    }

    /// The current seed of a keyring, as a member opens it.
    pub fn open_keyring(&self, keyring: KeyringId, member: &Person) -> Result<Seed, E2eeError> {
        let personal = member.account.personal();
        let chain = self.dir.keyring_chain(keyring).unwrap();
        keyring::open_current(chain, &self.boxes, personal.id, &personal.seed)
    }

    pub fn rotate(&mut self, keyring: KeyringId, by: &Person) -> Result<(), E2eeError> {
        let seed = self.open_keyring(keyring, by)?;
        let chain = self.dir.keyring_chain(keyring).unwrap();
        let signer = self.signer(by, None);
        let (made, _) =
            keyring::rotate(chain, Some(&seed), &self.dir, Reason::Removed, &signer, &mut self.entropy)?;
        Ok(self.put(keyring, made)?)
    }

    /// Adds a manager with one box.
    pub fn add_manager(&mut self, team: KeyringId, by: &Person, newcomer: &Person) {
        let seed = self.open_keyring(team, by).unwrap();
        let (member, signer) = (self.personal(newcomer), self.signer(by, None));
        let chain = self.dir.keyring_chain(team).unwrap();
        let made = keyring::add(chain, &seed, &member, Role::Holder, &signer, &mut self.entropy).unwrap();
        assert_eq!(made.boxes.len(), 1);
        self.put(team, made).unwrap();
    }

    pub fn team_party(team: KeyringId, unit: UnitId) -> Party {
        Party::Team(TeamParty { managers: team, all: None, org: OrgId::from_bytes(*unit.as_bytes()) })
    }

    /// A new thread by its first party.
    pub fn thread(&mut self, n: u8, by: &Person, form: Form, mut parties: Vec<Party>) -> (Thread, Seed) {
        let id = ThreadId::from_bytes([n; 16]);
        parties.sort_by_key(Party::id);
        let keyrings: Vec<_> = parties.iter().flat_map(Party::keyrings).collect();
        let targets = thread::targets(&self.dir, &keyrings).unwrap();
        let made = thread::first_epoch(id, &targets, &mut self.entropy).unwrap();
        let create = Create {
            form,
            context: None,
            policy: POLICY,
            parties,
            epoch: made.body,
            priority: relais_chain::entry::Priority::Normal,
        };
        self.boxes.extend(made.boxes);
        let mut thread = Thread { id, state: ThreadState::new(id), entries: Vec::new() };
        self.control(&mut thread, by, &Control::Create(Box::new(create))).unwrap();
        (thread, made.seed)
    }

    pub fn append(&self, thread: &mut Thread, signed: Signed) -> Result<(), ChainError> {
        let bytes = signed.to_bytes().unwrap();
        let applied = thread.state.append(&self.dir, &bytes, APPEND)?;
        thread.entries.push((applied, signed));
        Ok(())
    }

    pub fn draft(
        &mut self,
        thread: &Thread,
        kind: Kind,
        by: &Person,
        capacity: Option<KeyringId>,
    ) -> relais_chain::entry::EntryCore {
        let msg_id = MsgId::from_bytes(draw(&mut self.entropy));
        let Signer { user, chain_seq, capacity, .. } = self.signer(by, capacity);
        thread.state.draft(kind, Author { user, chain_seq, capacity }, by.device, msg_id, NOW)
    }

    pub fn control(&mut self, thread: &mut Thread, by: &Person, control: &Control) -> Result<(), ChainError> {
        let core = self.draft(thread, control.kind(), by, None);
        let signed = sign::control(by.account.signing().key(), &core, control)?;
        self.append(thread, signed)
    }

    pub fn write(
        &mut self,
        thread: &mut Thread,
        by: &Person,
        seed: &Seed,
        text: &str,
    ) -> Result<(), ChainError> {
        let core = self.draft(thread, Kind::Message, by, None);
        let signed = message::seal(by.account.signing().key(), core, seed, &Body::text(text)).unwrap();
        self.append(thread, signed)
    }

    /// A new epoch by somebody who holds the seed in force.
    pub fn renew(
        &mut self,
        thread: &mut Thread,
        by: &Person,
        seed: Option<&Seed>,
    ) -> Result<Seed, E2eeError> {
        let roster = thread.state.roster();
        let made =
            thread::next_epoch(thread.id, roster, &self.dir, seed, Reason::Removed, &mut self.entropy)?;
        self.boxes.extend(made.boxes);
        self.control(thread, by, &Control::Epoch(made.body))?;
        Ok(made.seed)
    }

    /// A reader's keys: everything signed so far, nothing opened.
    pub fn keys(&self, thread: &Thread) -> ThreadKeys {
        let mut keys = ThreadKeys::new(thread.id);
        for (applied, _) in &thread.entries {
            if let Some(control) = &applied.control {
                keys.note(control);
            }
        }
        keys
    }

    /// Every message of a thread as a keyring's holder reads it. Boxes that do not open are left, as a client
    /// leaves them: an older or newer one may do.
    pub fn read(
        &self,
        thread: &Thread,
        holder: KeyringId,
        mut seeds: Seeds,
    ) -> Vec<Result<String, E2eeError>> {
        let mut keys = self.keys(thread);
        let history = self.dir.keyring_chain(holder).unwrap();
        let newest = keys.newest().unwrap();
        for epoch in (0..=newest).rev().filter(|epoch| self.keys(thread).is_recipient(*epoch, holder)) {
            keys.open_box(epoch, &self.boxes, holder, &mut seeds, history).ok();
        }
        let messages = thread.entries.iter().filter(|(applied, _)| applied.core.kind == Kind::Message);
        messages
            .map(|(applied, signed)| {
                let seed = keys.seed(applied.core.epoch)?;
                message::open(applied, signed, seed).map(|body| body.text)
            })
            .collect()
    }
}
