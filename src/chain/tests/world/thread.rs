//! Threads of the small hospital.

use relais_chain::control::{Control, Create, EpochBody, Form};
use relais_chain::entry::{EntryCore, Kind, Priority};
use relais_chain::facts::{Capacity, Facts as _};
use relais_chain::keyring_body::{Reason, Recipient};
use relais_chain::link::Author;
use relais_chain::party::{Party, Policy, TeamParty, ThreadRole, UserParty};
use relais_chain::thread::Applied;
use relais_chain::unit::Standing;
use relais_chain::{ChainError, Mode, ThreadState, hash, sign};
use relais_wire::ids::{DeviceId, KeyringId, MsgId, OrgId, ThreadId};

use super::{APPEND, NOW, Person, World, box_hash, unit_id};

pub fn org() -> OrgId {
    OrgId::from_bytes(*unit_id(1).as_bytes())
}

/// A thread, what happened in it, and how to go on.
#[derive(Clone)]
pub struct Talk {
    pub state: ThreadState,
    pub entries: Vec<Vec<u8>>,
    next_id: u16,
}

pub fn user_party(person: &Person, role: ThreadRole) -> UserParty {
    UserParty {
        user: person.user,
        keyring: person.inbox,
        as_org: Some(org()),
        role,
        standing: Standing::Professional,
        team: None,
    }
}

pub fn member(person: &Person) -> Party {
    Party::User(user_party(person, ThreadRole::Member))
}

pub fn owner(person: &Person) -> Party {
    Party::User(user_party(person, ThreadRole::Owner))
}

pub fn lay(person: &Person, standing: Standing) -> Party {
    Party::User(UserParty { standing, as_org: None, ..user_party(person, ThreadRole::Member) })
}

pub fn team_party(managers: KeyringId) -> Party {
    Party::Team(TeamParty { managers, all: None, org: org() })
}

pub fn thread_box(world: &World, thread: ThreadId, epoch: u64, to: KeyringId) -> Recipient {
    let generation = world.dir.keyring(to).map_or(1, |fact| fact.generation);
    Recipient { keyring: to, generation, box_hash: box_hash(thread.as_bytes(), epoch, to) }
}

pub fn epoch_body(world: &World, thread: ThreadId, epoch: u64, to: &[KeyringId]) -> EpochBody {
    let mut recipients: Vec<_> = to.iter().map(|to| thread_box(world, thread, epoch, *to)).collect();
    recipients.sort_by_key(|recipient| recipient.keyring);
    EpochBody {
        epoch,
        commit: hash::labelled("test/epoch", &[thread.as_bytes(), &epoch.to_be_bytes()]),
        prev_box: (epoch > 0).then(|| vec![8; 60]),
        recipients,
        reason: Reason::Routine,
    }
}

pub fn create_body(world: &World, thread: ThreadId, form: Form, mut parties: Vec<Party>) -> Create {
    parties.sort_by_key(Party::id);
    let to: Vec<_> = parties.iter().flat_map(Party::keyrings).collect();
    Create {
        form,
        context: Some(org()),
        policy: Policy::default(),
        parties,
        epoch: epoch_body(world, thread, 0, &to),
        priority: Priority::Normal,
    }
}

impl Talk {
    pub fn empty(n: u8) -> Self {
        let state = ThreadState::new(ThreadId::from_bytes([n; 16]));
        Self { state, entries: Vec::new(), next_id: 0 }
    }

    pub fn new(world: &World, n: u8, author: &Person, parties: Vec<Party>) -> Self {
        let mut talk = Self::empty(n);
        let create = create_body(world, talk.state.thread(), Form::Thread, parties);
        talk.put(world, author, None, &Control::Create(Box::new(create)));
        talk
    }

    pub fn msg_id(&mut self) -> MsgId {
        self.next_id += 1;
        let mut bytes = [0xee; 16];
        bytes[..2].copy_from_slice(&self.next_id.to_be_bytes());
        MsgId::from_bytes(bytes)
    }

    pub fn draft(
        &mut self,
        world: &World,
        who: &Person,
        capacity: Option<Capacity>,
        kind: Kind,
    ) -> EntryCore {
        let author = Author { capacity, ..world.author(who, None) };
        let msg_id = self.msg_id();
        self.state.draft(kind, author, who.device, msg_id, NOW)
    }

    pub fn control(
        &mut self,
        world: &World,
        who: &Person,
        capacity: Option<Capacity>,
        control: &Control,
    ) -> Vec<u8> {
        let core = self.draft(world, who, capacity, control.kind());
        sign::control(&who.key, &core, control).unwrap().to_bytes().unwrap()
    }

    pub fn message(&mut self, world: &World, who: &Person, capacity: Option<Capacity>) -> Vec<u8> {
        self.message_with(world, who, capacity, |_| ())
    }

    pub fn message_with(
        &mut self,
        world: &World,
        who: &Person,
        capacity: Option<Capacity>,
        change: impl FnOnce(&mut EntryCore),
    ) -> Vec<u8> {
        let mut core = self.draft(world, who, capacity, Kind::Message);
        change(&mut core);
        sign::message(&who.key, &core, b"ciphertext".to_vec()).unwrap().to_bytes().unwrap()
    }

    pub fn append(&mut self, world: &World, bytes: &[u8]) -> Result<Applied, ChainError> {
        self.append_in(world, bytes, APPEND)
    }

    pub fn append_in(&mut self, world: &World, bytes: &[u8], mode: Mode) -> Result<Applied, ChainError> {
        let applied = self.state.append(&world.dir, bytes, mode)?;
        self.entries.push(bytes.to_vec());
        Ok(applied)
    }

    pub fn put(
        &mut self,
        world: &World,
        who: &Person,
        capacity: Option<Capacity>,
        control: &Control,
    ) -> Applied {
        let bytes = self.control(world, who, capacity, control);
        self.append(world, &bytes).unwrap()
    }

    pub fn try_control(
        &mut self,
        world: &World,
        who: &Person,
        capacity: Option<Capacity>,
        control: &Control,
    ) -> Option<ChainError> {
        let bytes = self.control(world, who, capacity, control);
        self.append(world, &bytes).err()
    }

    pub fn say(&mut self, world: &World, who: &Person, capacity: Option<Capacity>) -> Result<(), ChainError> {
        let bytes = self.message(world, who, capacity);
        self.append(world, &bytes).map(drop)
    }

    /// The epoch that fits the participants now.
    pub fn next_epoch(&self, world: &World) -> EpochBody {
        let roster = self.state.roster();
        let next = roster.epoch().number + 1;
        let mut body = epoch_body(world, self.state.thread(), next, &roster.next_recipients());
        if roster.wall_due() {
            body.prev_box = None;
        }
        body
    }

    pub fn rotate(&mut self, world: &World, who: &Person, capacity: Option<Capacity>) {
        let body = self.next_epoch(world);
        self.put(world, who, capacity, &Control::Epoch(body));
    }

    pub fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 16])
    }
}
