//! A small hospital made of fixed seeds: people, a unit, a team. Every link goes through the validator in
//! append mode and is kept, so a test can replay, reorder or damage it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "shared by several test files"
)]

pub mod thread;

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use relais_chain::facts::{Capacity, Facts as _, KeyringKind, KeyringRef, Owner};
use relais_chain::keyring_body::{GenerationBody, KeyringBody, Reason, Recipient, Role};
use relais_chain::link::{Author, LinkBody, Place};
use relais_chain::unit::{Attestation, Standing, UnitBody, UnitPolicy};
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Directory, Mode, PublicKey, hash, sign};
use relais_wire::ids::{Bytes32, DeviceId, KeyringId, UnitId, UserId};

pub const NOW: u64 = 1_795_000_000_000;
pub const APPEND: Mode = Mode::Append { now_ms: NOW };

/// Which chain a link belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    User(UserId),
    Keyring(KeyringId),
    Unit(UnitId),
}

#[derive(Clone, Debug)]
pub struct Person {
    pub user: UserId,
    pub key: SigningKey,
    pub device: DeviceId,
    pub personal: KeyringId,
    pub inbox: KeyringId,
}

impl Person {
    pub fn seeded(n: u8) -> Self {
        Self {
            user: UserId::from_bytes([n; 16]),
            key: SigningKey::from_bytes(&[n; 32]),
            device: DeviceId::from_bytes([n ^ 0x80; 16]),
            personal: keyring_id(b'U', n),
            inbox: keyring_id(b'I', n),
        }
    }
}

pub fn keyring_id(kind: u8, n: u8) -> KeyringId {
    let mut bytes = [n; 16];
    bytes[0] = kind;
    KeyringId::from_bytes(bytes)
}

pub fn unit_id(n: u8) -> UnitId {
    let mut bytes = [n; 16];
    bytes[0] = b'O';
    UnitId::from_bytes(bytes)
}

pub fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from(key.verifying_key())
}

/// A box of one keyring's seed for another: only its hash matters here.
pub fn box_hash(of: &[u8; 16], generation: u64, to: KeyringId) -> Bytes32 {
    hash::labelled("test/box", &[of, &generation.to_be_bytes(), to.as_bytes()])
}

pub fn generation(of: KeyringId, n: u64, recipients: Vec<Recipient>) -> GenerationBody {
    let mut recipients = recipients;
    recipients.sort_by_key(|recipient| recipient.keyring);
    GenerationBody {
        generation: n,
        key: Box::new([u8::try_from(n).unwrap(); 1216]),
        commit: hash::labelled("test/commit", &[of.as_bytes(), &n.to_be_bytes()]),
        prev_box: (n > 1).then(|| vec![7; 60]),
        recipients,
        reason: Reason::Routine,
    }
}

#[derive(Clone, Default)]
pub struct World {
    pub dir: Directory,
    pub links: BTreeMap<Chain, Vec<Vec<u8>>>,
    /// All links in the order they were made.
    pub order: Vec<(Chain, Vec<u8>)>,
}

impl World {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn place(&self, chain: Chain) -> Place {
        match chain {
            Chain::User(id) => {
                self.dir.user_chain(id).map_or(Place::first(*id.as_bytes()), |c| c.tail().next())
            }
            Chain::Keyring(id) => {
                self.dir.keyring_chain(id).map_or(Place::first(*id.as_bytes()), |c| c.tail().next())
            }
            Chain::Unit(id) => {
                self.dir.unit_chain(id).map_or(Place::first(*id.as_bytes()), |c| c.tail().next())
            }
        }
    }

    pub fn author(&self, person: &Person, capacity: Option<Capacity>) -> Author {
        let chain_seq = self.dir.user_chain(person.user).map_or(0, |chain| chain.tail().seq());
        Author { user: person.user, chain_seq, capacity }
    }

    /// The capacity of a keyring as it stands now.
    pub fn capacity(&self, keyring: KeyringId) -> Option<Capacity> {
        Some(Capacity { keyring, seq: self.dir.keyring_chain(keyring)?.tail().seq() })
    }

    pub fn recipient(&self, of: KeyringId, n: u64, to: KeyringId) -> Recipient {
        let generation = self.dir.keyring(to).map_or(1, |fact| fact.generation);
        Recipient { keyring: to, generation, box_hash: box_hash(of.as_bytes(), n, to) }
    }

    pub fn make<B: LinkBody>(&self, chain: Chain, who: &Person, body: &B) -> Vec<u8> {
        self.make_as(chain, who, None, body)
    }

    pub fn make_as<B: LinkBody>(
        &self,
        chain: Chain,
        who: &Person,
        capacity: Option<Capacity>,
        body: &B,
    ) -> Vec<u8> {
        let author = self.author(who, capacity);
        sign::link(&who.key, self.place(chain), author, NOW, body).unwrap().to_bytes().unwrap()
    }

    pub fn append(&mut self, chain: Chain, bytes: &[u8]) -> Result<(), ChainError> {
        self.append_in(chain, bytes, APPEND)
    }

    pub fn append_in(&mut self, chain: Chain, bytes: &[u8], mode: Mode) -> Result<(), ChainError> {
        match chain {
            Chain::User(id) => self.dir.user_link(id, bytes, mode).map(drop),
            Chain::Keyring(id) => self.dir.keyring_link(id, bytes, mode),
            Chain::Unit(id) => self.dir.unit_link(id, bytes, mode),
        }?;
        self.links.entry(chain).or_default().push(bytes.to_vec());
        self.order.push((chain, bytes.to_vec()));
        Ok(())
    }

    pub fn put<B: LinkBody>(&mut self, chain: Chain, who: &Person, capacity: Option<Capacity>, body: &B) {
        let bytes = self.make_as(chain, who, capacity, body);
        self.append(chain, &bytes).unwrap();
    }

    /// A person with root, `U` and `I`.
    pub fn person(&mut self, n: u8) -> Person {
        let person = Person::seeded(n);
        let author = Author { user: person.user, chain_seq: 1, capacity: None };
        let first = |id: KeyringId, kind, recipients| {
            let body = KeyringBody::Create {
                kind,
                owner: Owner::User(person.user),
                paired: None,
                first: generation(id, 1, recipients),
            };
            sign::link(&person.key, Place::first(*id.as_bytes()), author, NOW, &body).unwrap()
        };
        let personal = first(person.personal, KeyringKind::U, vec![]);
        let to_personal = self.recipient(person.inbox, 1, person.personal);
        let inbox = first(person.inbox, KeyringKind::I, vec![to_personal]);
        let root = UserBody::Root {
            key: public(&person.key),
            personal: KeyringRef { id: person.personal, first: personal.link_hash() },
            inbox: KeyringRef { id: person.inbox, first: inbox.link_hash() },
            recovery: Some(public(&SigningKey::from_bytes(&[n ^ 0x55; 32])).to_bytes()),
        };
        self.put(Chain::User(person.user), &person, None, &root);
        self.append(Chain::Keyring(person.personal), &personal.to_bytes().unwrap()).unwrap();
        self.append(Chain::Keyring(person.inbox), &inbox.to_bytes().unwrap()).unwrap();
        person
    }

    pub fn create_body(
        &self,
        id: KeyringId,
        kind: KeyringKind,
        unit: UnitId,
        to: &[KeyringId],
    ) -> KeyringBody {
        let recipients = to.iter().map(|to| self.recipient(id, 1, *to)).collect();
        KeyringBody::Create {
            kind,
            owner: Owner::Unit(unit),
            paired: None,
            first: generation(id, 1, recipients),
        }
    }

    /// A root unit founded by a person, with `OA` and `OD`.
    pub fn unit(&mut self, n: u8, founder: &Person) -> UnitId {
        self.unit_under(n, None, founder)
    }

    pub fn unit_under(&mut self, n: u8, parent: Option<UnitId>, founder: &Person) -> UnitId {
        let unit = unit_id(n);
        let (admins, data) = (keyring_id(b'A', n), keyring_id(b'D', n));
        let create = self.create_body(admins, KeyringKind::OA, unit, &[founder.personal]);
        self.put(Chain::Keyring(admins), founder, None, &create);
        let genesis = UnitBody::Genesis {
            parent,
            admins: KeyringRef { id: admins, first: self.dir.keyring(admins).unwrap().first },
            founder: self.dir.user(founder.user).unwrap().root,
        };
        let capacity = parent.and_then(|parent| self.capacity(self.dir.unit(parent).unwrap().admins));
        self.put(Chain::Unit(unit), founder, capacity, &genesis);
        let create = self.create_body(data, KeyringKind::OD, unit, &[admins]);
        self.put(Chain::Keyring(data), founder, self.capacity(admins), &create);
        let named = KeyringRef { id: data, first: self.dir.keyring(data).unwrap().first };
        self.put(Chain::Unit(unit), founder, self.capacity(admins), &UnitBody::Data { data: named });
        self.put(Chain::Unit(unit), founder, self.capacity(admins), &UnitBody::Policy(UnitPolicy::default()));
        unit
    }

    pub fn attestation(&self, person: &Person) -> UnitBody {
        UnitBody::Attest(Attestation {
            user: person.user,
            root: self.dir.user(person.user).unwrap().root,
            standing: Standing::Professional,
            name: hash::commitment("name", &[1; 16], "Dr Example"),
            email: hash::commitment("email", &[2; 16], "dr@example.invalid"),
        })
    }

    /// A team: its `TM`, made by an administrator of the unit.
    pub fn team(&mut self, n: u8, unit: UnitId, admin: &Person, managers: &[&Person]) -> KeyringId {
        let id = keyring_id(b'M', n);
        let to: Vec<_> = managers.iter().map(|person| person.personal).collect();
        let create = self.create_body(id, KeyringKind::TM, unit, &to);
        let capacity = self.capacity(self.dir.unit(unit).unwrap().admins);
        self.put(Chain::Keyring(id), admin, capacity, &create);
        id
    }

    /// The whole team's keyring `TA`, made by one of its managers.
    pub fn team_all(&mut self, n: u8, unit: UnitId, manager: &Person, members: &[&Person]) -> KeyringId {
        let (managers, id) = (keyring_id(b'M', n), keyring_id(b'T', n));
        let to: Vec<_> = members.iter().map(|person| person.personal).collect();
        let mut create = self.create_body(id, KeyringKind::TA, unit, &to);
        if let KeyringBody::Create { paired, .. } = &mut create {
            *paired = Some(managers);
        }
        self.put(Chain::Keyring(id), manager, self.capacity(managers), &create);
        id
    }

    /// A rotation of a keyring for exactly its members at their current generations.
    pub fn rotation(&self, id: KeyringId) -> KeyringBody {
        let chain = self.dir.keyring_chain(id).unwrap();
        let next = chain.generation() + 1;
        let recipients = chain.members().map(|(to, _)| self.recipient(id, next, to)).collect();
        KeyringBody::Rotate(generation(id, next, recipients))
    }

    pub fn add(&self, id: KeyringId, to: KeyringId, role: Role) -> KeyringBody {
        let current = self.dir.keyring_chain(id).unwrap().generation();
        KeyringBody::Add { recipient: self.recipient(id, current, to), role }
    }
}
