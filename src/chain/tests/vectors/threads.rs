//! Thread entries accepted and refused, upon the same small hospital.

use ed25519_dalek::SigningKey;
use relais_chain::control::{Control, EpochBody, Form};
use relais_chain::entry::{Anchor, Checkpoint, EntryCore, OnBehalf, Priority};
use relais_chain::facts::Capacity;
use relais_chain::keyring_body::{KeyringBody, Reason};
use relais_chain::party::{Party, Policy, ThreadRole};
use relais_chain::thread::Applied;
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Mode, Signed, ThreadState, hash, sign};
use relais_wire::ids::{BlobId, Bytes32, MsgId, UserId};
use serde_json::{Value, json};

use super::Case;
use super::links::{Scene, hospital};
use super::world::thread::{Talk, create_body, member, owner, team_party, thread_box, user_party};
use super::world::{Chain, NOW, Person, public};

pub(crate) fn worlds() -> Value {
    super::links::worlds()
}

/// What a reader knows after an entry.
pub(crate) fn describe(state: &ThreadState, applied: &Applied) -> Value {
    json!({
        "n": applied.n,
        "entry": applied.entry.to_hex(),
        "head": applied.head.to_hex(),
        "ctrl_n": state.head().ctrl_n,
        "epoch": state.head().epoch,
        "phase": state.head().phase as u64,
        "anchor_checked": applied.anchor_checked,
        "snapshot_sha256": hash::sha256(&state.to_snapshot().unwrap()).to_hex(),
    })
}

/// The hospital and one thread of Ada's with the first team.
pub(crate) struct Stage {
    pub(crate) s: Scene,
    pub(crate) talk: Talk,
    heads: Vec<(u64, Bytes32)>,
    seen: Vec<MsgId>,
}

impl Stage {
    fn new(parties: impl FnOnce(&Scene) -> Vec<Party>) -> Self {
        let s = hospital();
        let parties = parties(&s);
        let talk = Talk::new(&s.world, 1, &s.ada, parties);
        Self { s, talk, heads: vec![], seen: vec![] }
    }

    pub(crate) fn ours(&self) -> Option<Capacity> {
        self.s.world.capacity(self.s.team)
    }

    pub(crate) fn control(&mut self, who: &Person, capacity: Option<Capacity>, control: &Control) -> Vec<u8> {
        self.talk.control(&self.s.world, who, capacity, control)
    }

    pub(crate) fn put(&mut self, who: &Person, capacity: Option<Capacity>, control: &Control) -> MsgId {
        self.talk.put(&self.s.world, who, capacity, control).core.msg_id
    }

    pub(crate) fn message(&mut self, who: &Person, capacity: Option<Capacity>) -> Vec<u8> {
        self.talk.message(&self.s.world, who, capacity)
    }

    pub(crate) fn say(&mut self, who: &Person, capacity: Option<Capacity>) {
        self.talk.say(&self.s.world, who, capacity).unwrap();
    }

    fn with(&mut self, change: impl FnOnce(&mut EntryCore)) -> Vec<u8> {
        let ada = self.s.ada.clone();
        self.talk.message_with(&self.s.world, &ada, None, change)
    }

    pub(crate) fn rotate_with(&mut self, change: impl FnOnce(&mut EpochBody)) -> Vec<u8> {
        let mut body = self.talk.next_epoch(&self.s.world);
        change(&mut body);
        let ada = self.s.ada.clone();
        self.control(&ada, None, &Control::Epoch(body))
    }

    fn finish(mut self, id: String, mode: Mode, bytes: &[u8], expected: Option<ChainError>) -> Case {
        let thread = self.talk.state.thread();
        let before: Vec<_> = self.talk.entries.iter().map(hex::encode).collect();
        for (n, head) in &self.heads {
            self.s.world.dir.put_head(thread, *n, *head);
        }
        for msg_id in &self.seen {
            self.s.world.dir.put_seen(thread, *msg_id);
        }
        let mut inputs = json!({
            "world": "hospital",
            "after": self.s.after(),
            "thread": thread.to_hex(),
            "heads": self.heads.iter().map(|(n, head)| json!([n, head.to_hex()])).collect::<Vec<_>>(),
            "seen": self.seen.iter().map(MsgId::to_hex).collect::<Vec<_>>(),
            "before": before,
            "entry": hex::encode(bytes),
        });
        if let Mode::Append { now_ms } = mode {
            inputs["now_ms"] = json!(now_ms);
        }
        let result = self.talk.append_in(&self.s.world, bytes, mode);
        assert_eq!(result.as_ref().err().copied(), expected, "{id}");
        let outcome = result.map(|applied| describe(&self.talk.state, &applied));
        Case { id: format!("thread-{id}"), op: "thread.append", inputs, outcome }
    }
}

const APPEND: Mode = Mode::Append { now_ms: NOW };

pub(crate) fn with_team(s: &Scene) -> Vec<Party> {
    vec![owner(&s.ada), team_party(s.team)]
}

pub(crate) fn colleagues(s: &Scene) -> Vec<Party> {
    vec![owner(&s.ada), member(&s.ben), member(&s.dan)]
}

pub(crate) fn two_teams(s: &Scene) -> Vec<Party> {
    vec![owner(&s.ada), team_party(s.team), team_party(s.other)]
}

pub(crate) fn ok(
    id: &str,
    parties: fn(&Scene) -> Vec<Party>,
    make: impl FnOnce(&mut Stage) -> Vec<u8>,
) -> Case {
    let mut stage = Stage::new(parties);
    let bytes = make(&mut stage);
    stage.finish(format!("ok-{id}"), APPEND, &bytes, None)
}

pub(crate) fn no(
    id: &str,
    error: ChainError,
    parties: fn(&Scene) -> Vec<Party>,
    make: impl FnOnce(&mut Stage) -> Vec<u8>,
) -> Case {
    let mut stage = Stage::new(parties);
    let bytes = make(&mut stage);
    stage.finish(format!("no-{id}"), APPEND, &bytes, Some(error))
}

pub(crate) fn late(
    id: &str,
    error: Option<ChainError>,
    parties: fn(&Scene) -> Vec<Party>,
    make: impl FnOnce(&mut Stage) -> Vec<u8>,
) -> Case {
    let mut stage = Stage::new(parties);
    let bytes = make(&mut stage);
    let sort = if error.is_some() { "no" } else { "ok" };
    stage.finish(format!("{sort}-replay-{id}"), Mode::Replay, &bytes, error)
}

pub(crate) fn people(s: &Stage) -> [Person; 5] {
    [&s.s.ada, &s.s.ben, &s.s.cyd, &s.s.dan, &s.s.eve].map(Clone::clone)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = creations();
    all.extend(messages());
    all.extend(authors());
    all.extend(epochs());
    all.extend(super::thread_people::cases());
    all.extend(super::thread_acts::cases());
    all
}

fn create(id: &str, error: Option<ChainError>, make: impl FnOnce(&Scene, &mut Talk) -> Vec<u8>) -> Case {
    let s = hospital();
    let mut talk = Talk::empty(1);
    let bytes = make(&s, &mut talk);
    let sort = if error.is_some() { "no" } else { "ok" };
    let stage = Stage { s, talk, heads: vec![], seen: vec![] };
    stage.finish(format!("{sort}-create-{id}"), APPEND, &bytes, error)
}

fn created(
    s: &Scene,
    talk: &mut Talk,
    form: Form,
    parties: Vec<Party>,
    change: impl FnOnce(&mut relais_chain::control::Create),
) -> Vec<u8> {
    let mut body = create_body(&s.world, talk.state.thread(), form, parties);
    change(&mut body);
    talk.control(&s.world, &s.ada, None, &Control::Create(Box::new(body)))
}

fn direct(person: &Person) -> Party {
    let party = user_party(person, ThreadRole::Owner);
    Party::User(relais_chain::party::UserParty { keyring: person.personal, as_org: None, ..party })
}

fn creations() -> Vec<Case> {
    use ChainError as E;
    vec![
        create("thread", None, |s, t| created(s, t, Form::Thread, two_teams(s), |_| ())),
        create("direct", None, |s, t| {
            created(s, t, Form::Direct, vec![direct(&s.ada), direct(&s.ben)], |_| ())
        }),
        create("direct-of-three", Some(E::NotInDirect), |s, t| {
            created(s, t, Form::Direct, vec![direct(&s.ada), direct(&s.ben), direct(&s.cyd)], |_| ())
        }),
        create("direct-with-inbox", Some(E::PartyKeyrings), |s, t| {
            created(s, t, Form::Direct, vec![direct(&s.ada), owner(&s.ben)], |_| ())
        }),
        create("author-no-owner", Some(E::Forbidden), |s, t| {
            created(s, t, Form::Thread, vec![member(&s.ada), owner(&s.ben)], |_| ())
        }),
        create("epoch-1", Some(E::WrongEpochNumber), |s, t| {
            created(s, t, Form::Thread, with_team(s), |body| body.epoch.epoch = 1)
        }),
        create("with-history", Some(E::PrevBox), |s, t| {
            created(s, t, Form::Thread, with_team(s), |body| body.epoch.prev_box = Some(vec![1; 60]))
        }),
        create("ghost", Some(E::EpochRecipients), |s, t| {
            let ghost = thread_box(&s.world, t.state.thread(), 0, s.eve.inbox);
            created(s, t, Form::Thread, with_team(s), |body| {
                body.epoch.recipients.push(ghost);
                body.epoch.recipients.sort_by_key(|recipient| recipient.keyring);
            })
        }),
        create("party-twice", Some(E::Duplicate), |s, t| {
            created(s, t, Form::Thread, vec![owner(&s.ada), owner(&s.ada)], |body| {
                body.epoch.recipients.truncate(1);
            })
        }),
        create("other-organization", Some(E::PartyKeyrings), |s, t| {
            created(s, t, Form::Thread, with_team(s), |body| {
                for party in &mut body.parties {
                    if let Party::Team(team) = party {
                        team.org = relais_wire::ids::OrgId::from_bytes([9; 16]);
                    }
                }
            })
        }),
        create("through-absent-team", Some(E::UnknownParty), |s, t| {
            created(s, t, Form::Thread, vec![owner(&s.ada)], |body| {
                if let Some(Party::User(user)) = body.parties.first_mut() {
                    user.team = Some(s.team);
                }
            })
        }),
        create("message-first", Some(E::MisplacedCreate), |s, t| t.message(&s.world, &s.ada, None)),
        no("second-create", E::MisplacedCreate, with_team, |st| {
            let body = create_body(&st.s.world, st.talk.state.thread(), Form::Thread, with_team(&st.s));
            let ada = st.s.ada.clone();
            st.control(&ada, None, &Control::Create(Box::new(body)))
        }),
    ]
}

fn messages() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("message", with_team, |st| st.with(|_| ())),
        ok("message-full-core", with_team, |st| {
            let team = st.s.team;
            st.with(|core| {
                core.sth = Some(Checkpoint { size: 1, root: Bytes32::from_bytes([0x77; 32]) });
                core.blobs = vec![BlobId::from_bytes([1; 16]), BlobId::from_bytes([2; 16])];
                core.priority = Priority::Urgent;
                core.notify = Some(vec![team]);
            })
        }),
        ok("anchored-earlier", with_team, |st| {
            let offline = st.with(|_| ());
            let [_, ben, ..] = people(st);
            let ours = st.ours();
            st.say(&ben, ours);
            offline
        }),
        no("other-thread", E::WrongThread, with_team, |st| {
            st.with(|core| core.thread = relais_wire::ids::ThreadId::from_bytes([9; 16]))
        }),
        no("stale-epoch", E::StaleEpoch, with_team, |st| st.with(|core| core.epoch = 1)),
        no("anchor-ahead", E::AnchorAhead, with_team, |st| st.with(|core| core.anchor.seq = 2)),
        no("anchor-wrong", E::AnchorMismatch, with_team, |st| {
            st.with(|core| core.anchor.head = Bytes32::from_bytes([9; 32]))
        }),
        no("anchor-zero-wrong", E::AnchorMismatch, with_team, |st| st.with(|core| core.anchor.seq = 0)),
        no("anchor-unknown", E::AnchorUnknown, with_team, three_messages),
        no("anchor-fork", E::AnchorMismatch, with_team, |st| {
            st.heads = vec![(2, Bytes32::from_bytes([8; 32]))];
            three_messages(st)
        }),
        late("anchor-unknown", None, with_team, three_messages),
        no("aseq-gap", E::AseqGap, with_team, |st| st.with(|core| core.aseq = 3)),
        no("aseq-zero", E::AseqReplayed, with_team, |st| st.with(|core| core.aseq = 0)),
        late("replayed", Some(E::AseqReplayed), with_team, |st| {
            let ada = st.s.ada.clone();
            let bytes = st.message(&ada, None);
            st.talk.append(&st.s.world, &bytes).unwrap();
            bytes
        }),
        no("msg-id-reused", E::MsgIdReused, with_team, |st| {
            let msg_id = MsgId::from_bytes([1; 16]);
            st.seen = vec![msg_id];
            st.with(|core| core.msg_id = msg_id)
        }),
        no("on-behalf", E::DelegationUnsupported, with_team, |st| {
            let whom =
                OnBehalf { principal: UserId::from_bytes([2; 16]), delegation: Bytes32::from_bytes([1; 32]) };
            st.with(|core| core.on_behalf = Some(whom))
        }),
        no("notify-stranger", E::NotifyUnknown, with_team, |st| {
            let eve = st.s.eve.inbox;
            st.with(|core| core.notify = Some(vec![eve]))
        }),
        no("notify-twice", E::Duplicate, with_team, |st| {
            let team = st.s.team;
            st.with(|core| core.notify = Some(vec![team, team]))
        }),
        no("blobs-unsorted", E::Unsorted, with_team, |st| {
            st.with(|core| core.blobs = vec![BlobId::from_bytes([2; 16]), BlobId::from_bytes([1; 16])])
        }),
        no("blobs-too-many", E::TooMany, with_team, |st| {
            st.with(|core| core.blobs = (0..33).map(|n| BlobId::from_bytes([n; 16])).collect())
        }),
        no("ctrl-head-on-message", E::CtrlHeadMisplaced, with_team, |st| {
            let head = st.talk.state.head().ctrl_head;
            st.with(|core| core.ctrl_head = Some(head))
        }),
        no("files-forbidden", E::KindNotAllowed, with_team, |st| {
            let ada = st.s.ada.clone();
            st.put(&ada, None, &Control::Policy(Policy { allowed: 1, ..Policy::default() }));
            st.with(|core| core.blobs = vec![BlobId::from_bytes([2; 16])])
        }),
        no("message-stub", E::PayloadMissing, with_team, |st| {
            let bytes = st.with(|_| ());
            Signed::parse(&bytes).unwrap().to_stub().to_bytes().unwrap()
        }),
        late("message-stub", None, with_team, |st| {
            let bytes = st.with(|_| ());
            Signed::parse(&bytes).unwrap().to_stub().to_bytes().unwrap()
        }),
        no("core-version", E::UnknownVersion, with_team, |st| core_patched(st, |core| core[3] = 2)),
        no("core-trailing", E::TrailingBytes, with_team, |st| core_patched(st, |core| core.push(0))),
        no("core-float", E::Float, with_team, |st| {
            core_patched(st, |core| drop(core.splice(3..4, [0xca, 0x3f, 0x80, 0, 0])))
        }),
        no("core-non-shortest", E::NonShortestInt, with_team, |st| {
            core_patched(st, |core| drop(core.splice(3..4, [0xcc, 0x01])))
        }),
        no("core-old-arity", E::WrongArity, with_team, |st| {
            core_patched(st, |core| {
                core[2] = 0x12;
                core.pop();
            })
        }),
    ]
}

/// A message anchored to position 2 of 4, with a head that was never there.
fn three_messages(st: &mut Stage) -> Vec<u8> {
    let ada = st.s.ada.clone();
    for _ in 0..3 {
        st.say(&ada, None);
    }
    st.with(|core| core.anchor = Anchor { seq: 2, head: Bytes32::from_bytes([9; 32]) })
}

/// A message of Ada's whose core bytes were changed before signing.
fn core_patched(st: &mut Stage, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let bytes = st.with(|_| ());
    let signed = Signed::parse(&bytes).unwrap();
    let mut core = signed.core().to_vec();
    change(&mut core);
    let payload = signed.payload().unwrap().to_vec();
    sign::seal(&st.s.ada.key, hash::LABEL_MSG, core, payload).to_bytes().unwrap()
}

fn authors() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("manager", with_team, |st| {
            let [_, ben, ..] = people(st);
            let ours = st.ours();
            st.message(&ben, ours)
        }),
        no("stranger", E::NotParticipant, with_team, |st| {
            let [.., dan, _] = people(st);
            st.message(&dan, None)
        }),
        no("manager-without-capacity", E::NotParticipant, with_team, |st| {
            let [_, ben, ..] = people(st);
            st.message(&ben, None)
        }),
        no("capacity-not-held", E::CapacityNotHeld, with_team, |st| {
            let [.., dan, _] = people(st);
            let ours = st.ours();
            st.message(&dan, ours)
        }),
        no("capacity-of-absent-team", E::NotParticipant, with_team, |st| {
            let [.., dan, _] = people(st);
            let theirs = st.s.world.capacity(st.s.other);
            st.message(&dan, theirs)
        }),
        no("removed-manager", E::CapacityNotHeld, with_team, |st| {
            let [_, _, cyd, ..] = people(st);
            let ours = st.ours();
            remove_cyd(st);
            st.message(&cyd, ours)
        }),
        late("removed-manager-after-epoch", Some(E::StaleCapacity), with_team, |st| {
            let [ada, _, cyd, ..] = people(st);
            let ours = st.ours();
            remove_cyd(st);
            rotate_team(st);
            st.talk.rotate(&st.s.world, &ada, None);
            st.message(&cyd, ours)
        }),
        no("signature-of-another", E::BadSignature, with_team, |st| {
            let forger = Person { key: SigningKey::from_bytes(&[0x91; 32]), ..st.s.ada.clone() };
            st.message(&forger, None)
        }),
        no("unknown-author", E::UnknownSigner, with_team, |st| {
            let nobody = Person::seeded(42);
            st.message(&nobody, None)
        }),
        no("author-seq-ahead", E::UnknownSigner, with_team, |st| st.with(|core| core.author.chain_seq = 9)),
        no("superseded-key", E::SupersededKey, with_team, |st| {
            let bytes = st.with(|_| ());
            new_key_for_ada(st);
            bytes
        }),
        late("superseded-key", None, with_team, |st| {
            let bytes = st.with(|_| ());
            new_key_for_ada(st);
            bytes
        }),
        late("key-goes-back", Some(E::KeyGoesBack), with_team, |st| {
            let old = st.with(|core| {
                core.device = Talk::device(9);
                core.aseq = 1;
            });
            let ada = new_key_for_ada(st);
            st.say(&ada, None);
            old
        }),
        no("revoked-device", E::RevokedDevice, with_team, |st| {
            let bytes = st.with(|_| ());
            revoke_device(st);
            bytes
        }),
        late("revoked-device", Some(E::RevokedDevice), with_team, |st| {
            revoke_device(st);
            st.with(|_| ())
        }),
    ]
}

fn remove_cyd(st: &mut Stage) {
    let [_, ben, cyd, ..] = people(st);
    let remove = KeyringBody::Remove { keyring: cyd.personal, reason: Reason::Removed };
    st.s.world.put(Chain::Keyring(st.s.team), &ben, None, &remove);
}

fn rotate_team(st: &mut Stage) {
    let rotation = st.s.world.rotation(st.s.team);
    let ben = st.s.ben.clone();
    st.s.world.put(Chain::Keyring(st.s.team), &ben, None, &rotation);
}

fn new_key_for_ada(st: &mut Stage) -> Person {
    let new = SigningKey::from_bytes(&[0x91; 32]);
    let chain = Chain::User(st.s.ada.user);
    let proof = sign::key_proof(&new, &st.s.world.place(chain));
    let rotate = UserBody::Rotate { generation: 2, key: public(&new), proof };
    st.s.world.put(chain, &st.s.ada.clone(), None, &rotate);
    Person { key: new, device: Talk::device(8), ..st.s.ada.clone() }
}

fn revoke_device(st: &mut Stage) {
    let ada = st.s.ada.clone();
    let device = ada.device;
    let key = public(&SigningKey::from_bytes(&[6; 32]));
    st.s.world.put(Chain::User(ada.user), &ada, None, &UserBody::DeviceAdd { device, key });
    st.s.world.put(Chain::User(ada.user), &ada, None, &UserBody::DeviceRevoke { device });
}

fn epochs() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("epoch", with_team, |st| st.rotate_with(|_| ())),
        ok("epoch-wall", with_team, |st| st.rotate_with(|body| body.prev_box = None)),
        no("stale-generation", E::StaleGeneration, with_team, |st| {
            rotate_team(st);
            st.with(|_| ())
        }),
        no("epoch-stale-generation", E::StaleGeneration, with_team, |st| {
            let bytes = st.rotate_with(|_| ());
            rotate_team(st);
            bytes
        }),
        late("epoch-generation-back", Some(E::GenerationGoesBack), with_team, |st| {
            let ada = st.s.ada.clone();
            rotate_team(st);
            st.talk.rotate(&st.s.world, &ada, None);
            let team = st.s.team;
            st.rotate_with(|body| {
                for recipient in body.recipients.iter_mut().filter(|r| r.keyring == team) {
                    recipient.generation = 1;
                }
            })
        }),
        no("epoch-number", E::WrongEpochNumber, with_team, |st| st.rotate_with(|body| body.epoch = 2)),
        no("epoch-missing", E::EpochRecipients, with_team, |st| {
            st.rotate_with(|body| body.recipients.truncate(1))
        }),
        no("epoch-ghost", E::EpochRecipients, with_team, |st| {
            let ghost = thread_box(&st.s.world, st.talk.state.thread(), 1, st.s.eve.inbox);
            st.rotate_with(|body| {
                body.recipients.push(ghost);
                body.recipients.sort_by_key(|recipient| recipient.keyring);
            })
        }),
        no("epoch-unsorted", E::Unsorted, with_team, |st| st.rotate_with(|body| body.recipients.reverse())),
        no("epoch-unknown-generation", E::UnknownGeneration, with_team, |st| {
            st.rotate_with(|body| body.recipients[0].generation = 9)
        }),
        no("epoch-by-stranger", E::NotParticipant, with_team, |st| {
            let body = st.talk.next_epoch(&st.s.world);
            let eve = st.s.eve.clone();
            st.control(&eve, None, &Control::Epoch(body))
        }),
        no("stale-ctrl-head", E::StaleCtrlHead, with_team, |st| {
            let first = st.rotate_with(|_| ());
            let ada = st.s.ada.clone();
            st.put(&ada, None, &Control::Priority(Priority::High));
            first
        }),
        no("prev-box-too-long", E::TooLong, with_team, |st| {
            st.rotate_with(|body| body.prev_box = Some(vec![1; 65]))
        }),
    ]
}
