//! Threads for the tests: drafts, signatures and the boxes that epochs name.

use relais_chain::control::{Control, Create, EpochBody, Form};
use relais_chain::entry::{EntryCore, Kind, Priority};
use relais_chain::facts::Capacity;
use relais_chain::keyring_body::{Reason, Recipient};
use relais_chain::party::{Party, Policy, TeamParty, ThreadRole, UserParty};
use relais_chain::unit::Standing;
use relais_chain::{Mode, Signed, ThreadState, hash, sign};
use relais_server::services::Caller;
use relais_wire::Refusal;
use relais_wire::chains::{BoxScope, PutBoxes, SealedBox};
use relais_wire::ids::{KeyringId, MsgId, OrgId, ThreadId};
use relais_wire::scalar::Bin;
use relais_wire::threads::{Append, Appended, SignedEntry};

use crate::kit::*;

/// A thread as its participants verify it.
#[derive(Clone)]
pub struct Talk {
    pub state: ThreadState,
}

pub fn party(person: &Person, as_org: Option<OrgId>, role: ThreadRole) -> Party {
    Party::User(UserParty {
        user: person.user,
        keyring: person.inbox,
        as_org,
        role,
        standing: Standing::Professional,
        team: None,
    })
}

pub fn owner(person: &Person, as_org: Option<OrgId>) -> Party {
    party(person, as_org, ThreadRole::Owner)
}

pub fn member(person: &Person, as_org: Option<OrgId>) -> Party {
    party(person, as_org, ThreadRole::Member)
}

pub fn team(managers: KeyringId, all: Option<KeyringId>, org: OrgId) -> Party {
    Party::Team(TeamParty { managers, all, org })
}

pub fn wire(signed: &Signed) -> SignedEntry {
    SignedEntry {
        core: signed.core().into(),
        payload: signed.payload().unwrap().into(),
        sig: Bin(signed.sig().to_vec()),
    }
}

impl Talk {
    pub fn new() -> Self {
        Self { state: ThreadState::new(ThreadId::from_bytes(random())) }
    }

    pub fn id(&self) -> ThreadId {
        self.state.thread()
    }

    pub fn draft(&self, world: &World, who: &Person, capacity: Option<Capacity>, kind: Kind) -> EntryCore {
        let author = world.author(who, capacity);
        self.state.draft(kind, author, who.who.device, MsgId::from_bytes(random()), NOW)
    }

    pub fn boxed(&self, world: &World, epoch: u64, to: KeyringId) -> Recipient {
        world.recipient(*self.id().as_bytes(), epoch, to)
    }

    pub fn epoch(&self, world: &World, epoch: u64, to: &[KeyringId]) -> EpochBody {
        let mut recipients: Vec<_> = to.iter().map(|to| self.boxed(world, epoch, *to)).collect();
        recipients.sort_by_key(|recipient| recipient.keyring);
        EpochBody {
            epoch,
            commit: hash::labelled("test/epoch", &[self.id().as_bytes(), &epoch.to_be_bytes()]),
            prev_box: (epoch > 0).then(|| vec![8; 60]),
            recipients,
            reason: Reason::Routine,
        }
    }

    pub fn create(&self, world: &World, context: Option<OrgId>, mut parties: Vec<Party>) -> Control {
        parties.sort_by_key(Party::id);
        let to: Vec<_> = parties.iter().flat_map(Party::keyrings).collect();
        Control::Create(Box::new(Create {
            form: Form::Thread,
            context,
            policy: Policy::default(),
            parties,
            epoch: self.epoch(world, 0, &to),
            priority: Priority::Normal,
        }))
    }

    /// The next epoch for exactly who takes part now.
    pub fn next_epoch(&self, world: &World) -> Control {
        let number = self.state.roster().epoch().number + 1;
        let mut body = self.epoch(world, number, &self.state.roster().next_recipients());
        if self.state.roster().wall_due() {
            body.prev_box = None;
        }
        Control::Epoch(body)
    }

    pub fn control(
        &self,
        world: &World,
        who: &Person,
        as_team: Option<Capacity>,
        control: &Control,
    ) -> Signed {
        let core = self.draft(world, who, as_team, control.kind());
        sign::control(&who.key, &core, control).unwrap()
    }

    pub fn message(&self, world: &World, who: &Person, as_team: Option<Capacity>) -> Signed {
        let core = self.draft(world, who, as_team, Kind::Message);
        sign::message(&who.key, &core, b"ciphertext".to_vec()).unwrap()
    }

    /// Takes an entry into the participants' own view.
    pub fn take(&mut self, world: &World, signed: &Signed) {
        let bytes = signed.to_bytes().unwrap();
        self.state.append(&world.dir, &bytes, Mode::Append { now_ms: NOW }).unwrap();
    }

    /// The boxes a control entry names.
    pub fn boxes(&self, control: &Control) -> Vec<SealedBox> {
        let (epoch, to): (u64, Vec<Recipient>) = match control {
            Control::Create(create) => (create.epoch.epoch, create.epoch.recipients.clone()),
            Control::Epoch(body) => (body.epoch, body.recipients.clone()),
            _ => (0, Vec::new()),
        };
        to.iter().map(|to| wire_box(BoxScope::Thread, *self.id().as_bytes(), epoch, to)).collect()
    }

    pub async fn send(
        &self,
        server: &Server,
        who: &Person,
        entries: &[&Signed],
    ) -> Result<Appended, Refusal> {
        let entries = entries.iter().map(|signed| wire(signed)).collect();
        let append = Append { idem: idem(), thread: self.id(), entries };
        server.call(Caller::Session(who.who), append).await
    }

    /// Stages the boxes, sends a control entry, and takes it in when the server agreed.
    pub async fn act(
        &mut self,
        server: &Server,
        world: &World,
        who: &Person,
        as_team: Option<Capacity>,
        control: &Control,
    ) -> Result<Appended, Refusal> {
        let boxes = self.boxes(control);
        if !boxes.is_empty() {
            server.call(Caller::Session(who.who), PutBoxes { boxes }).await?;
        }
        let signed = self.control(world, who, as_team, control);
        let appended = self.send(server, who, &[&signed]).await?;
        self.take(world, &signed);
        self.agrees(&appended);
        Ok(appended)
    }

    pub async fn say(
        &mut self,
        server: &Server,
        world: &World,
        who: &Person,
        as_team: Option<Capacity>,
    ) -> Result<Appended, Refusal> {
        let signed = self.message(world, who, as_team);
        let appended = self.send(server, who, &[&signed]).await?;
        self.take(world, &signed);
        self.agrees(&appended);
        Ok(appended)
    }

    /// A new epoch for exactly who takes part now.
    pub async fn rotate(&mut self, server: &Server, world: &World, who: &Person, as_team: Option<Capacity>) {
        let control = self.next_epoch(world);
        self.act(server, world, who, as_team, &control).await.unwrap();
    }

    fn agrees(&self, appended: &Appended) {
        let last = appended.receipts.last().unwrap();
        assert_eq!((last.n.get(), last.head), (self.state.head().n, self.state.head().head));
    }
}
