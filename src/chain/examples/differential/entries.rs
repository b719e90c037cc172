//! Random entries of two threads and a direct conversation.

use ed25519_dalek::SigningKey;
use relais_chain::control::{Bearer, Control, Create, Form, Invitee, Outcome};
use relais_chain::entry::{Anchor, Checkpoint, EntryCore, Kind, OnBehalf, Priority};
use relais_chain::facts::Capacity;
use relais_chain::head::Phase;
use relais_chain::party::{History, Party, PartyId, Policy, TeamParty, ThreadRole, UserParty};
use relais_chain::roster::InviteFor;
use relais_chain::unit::Standing;
use relais_chain::{Signed, hash, sign};
use relais_wire::ids::{BlobId, Bytes32, FileId, MsgId};
use serde_json::{Value, json};

use crate::world::thread::{Talk, create_body, org, team_party, thread_box, user_party};
use crate::world::{NOW, Person, keyring_id};
use crate::{Hospital, line};

/// Threads under way.
pub(crate) struct Threads {
    talks: Vec<Talk>,
    heads: Vec<Vec<(u64, Bytes32)>>,
}

/// The key of every invitation for a bearer.
fn invite_key() -> SigningKey {
    SigningKey::from_bytes(&[0x77; 32])
}

impl Threads {
    pub(crate) fn new() -> Self {
        Self { talks: (1..=3).map(Talk::empty).collect(), heads: vec![Vec::new(); 3] }
    }

    /// Makes a random entry and tries it.
    pub(crate) fn step(&mut self, h: &mut Hospital) -> Value {
        let which = h.rng.index(self.talks.len());
        let bytes = self.entry(h, which);
        let bytes = h.damage(bytes);
        let mode = h.mode();
        let talk = &mut self.talks[which];
        let thread = talk.state.thread();
        let outcome = talk.append_in(&h.world, &bytes, mode).map(|applied| {
            h.world.dir.put_head(thread, applied.n, applied.head);
            h.world.dir.put_seen(thread, applied.core.msg_id);
            self.heads[which].push((applied.n, applied.head));
            json!({
                "n": applied.n, "head": applied.head.to_hex(), "entry_hash": applied.entry.to_hex(),
                "anchor_checked": applied.anchor_checked,
                "snapshot": hash::sha256(&talk.state.to_snapshot().unwrap()).to_hex(),
            })
        });
        line(json!({ "entry": [thread.to_hex(), hex::encode(&bytes)] }), mode, outcome)
    }

    fn entry(&mut self, h: &mut Hospital, which: usize) -> Vec<u8> {
        let (who, capacity) = author(h, &self.talks[which]);
        let control = self.control(h, which, &who);
        let talk = &mut self.talks[which];
        let kind = control.as_ref().map_or(Kind::Message, Control::kind);
        let mut core = talk.draft(&h.world, &who, capacity, kind);
        tamper(h, &mut core, &self.heads[which]);
        let key = if h.rng.one_in(40) { h.person().key } else { who.key };
        let payload = control.map_or_else(|| b"ciphertext".to_vec(), |control| control.to_bytes().unwrap());
        let sealed = sign::seal(&key, hash::LABEL_MSG, core.to_bytes().unwrap(), payload);
        let sealed: Signed = if h.rng.one_in(20) { sealed.to_stub() } else { sealed };
        sealed.to_bytes().unwrap()
    }

    /// What is said; nothing for a message.
    fn control(&mut self, h: &mut Hospital, which: usize, who: &Person) -> Option<Control> {
        let talk = &self.talks[which];
        if talk.state.head().n == 0 && !h.rng.one_in(8) {
            return Some(Control::Create(Box::new(opening(h, talk, which, who))));
        }
        if talk.state.head().phase == Phase::EpochDue && !h.rng.one_in(3) {
            return Some(Control::Epoch(epoch(h, talk)));
        }
        if h.rng.one_in(3) {
            return None;
        }
        Some(if h.rng.one_in(2) { membership(h, talk, who) } else { act(h, talk) })
    }
}

/// Mostly somebody who takes part, for itself or for a team that takes part; else anybody for anybody.
fn author(h: &mut Hospital, talk: &Talk) -> (Person, Option<Capacity>) {
    let mut inside = Vec::new();
    for participant in talk.state.roster().participants() {
        match participant.party {
            Party::User(party) => inside.extend(
                h.people.iter().filter(|person| person.user == party.user).map(|it| (it.clone(), None)),
            ),
            Party::Team(team) => {
                for keyring in core::iter::once(team.managers).chain(team.all) {
                    let holds = |person: &&Person| {
                        h.world
                            .dir
                            .keyring_chain(keyring)
                            .is_some_and(|it| it.member(person.personal).is_some())
                    };
                    inside.extend(h.people.iter().filter(holds).map(|it| (it.clone(), Some(keyring))));
                }
            }
        }
    }
    let (who, of) = if inside.is_empty() || h.rng.one_in(6) {
        let of = if h.rng.one_in(2) { Some(*h.rng.pick(&h.teams)) } else { None };
        (h.person(), of)
    } else {
        h.rng.pick(&inside).clone()
    };
    (who, of.and_then(|of| h.capacity(of)))
}

fn opening(h: &mut Hospital, talk: &Talk, which: usize, who: &Person) -> Create {
    let form = if which == 2 { Form::Direct } else { Form::Thread };
    let other = h.person();
    let mut parties =
        vec![party_of(h, who, ThreadRole::Owner, form), party_of(h, &other, ThreadRole::Member, form)];
    if form == Form::Thread || h.rng.one_in(10) {
        parties.push(team(h));
    }
    parties.sort_by_key(Party::id);
    parties.dedup_by_key(|party| party.id());
    let mut create = create_body(&h.world, talk.state.thread(), form, parties);
    match h.rng.below(20) {
        0 => create.policy = policy(h),
        1 => drop(create.epoch.recipients.pop()),
        2 => create.epoch.epoch = 1,
        3 => create.context = None,
        4 => create.epoch.prev_box = Some(vec![8; 60]),
        _ => {}
    }
    create
}

fn party_of(h: &mut Hospital, person: &Person, role: ThreadRole, form: Form) -> Party {
    let mut party = user_party(person, role);
    if form == Form::Direct && !h.rng.one_in(10) {
        party.keyring = person.personal;
    }
    Party::User(party)
}

fn team(h: &mut Hospital) -> Party {
    let managers = *h.rng.pick(&h.teams);
    match h.rng.below(4) {
        0 => Party::Team(TeamParty { managers, all: Some(keyring_id(b'T', 1)), org: org() }),
        _ => team_party(managers),
    }
}

fn policy(h: &mut Hospital) -> Policy {
    Policy { add: h.rng.below(3), close: h.rng.below(3), joiners: h.rng.below(2), allowed: h.rng.below(8) }
}

fn epoch(h: &mut Hospital, talk: &Talk) -> relais_chain::control::EpochBody {
    let mut body = talk.next_epoch(&h.world);
    match h.rng.below(16) {
        0 => body.epoch += 1,
        1 => drop(body.recipients.pop()),
        2 => body.prev_box = None,
        3 => body.prev_box = Some(vec![8; 60]),
        4 => {
            if let Some(first) = body.recipients.first_mut() {
                first.generation = h.rng.below(first.generation + 2);
            }
        }
        _ => {}
    }
    body
}

fn newcomer(h: &mut Hospital) -> Party {
    let person = h.person();
    let standing = *h.rng.pick(&[Standing::Professional, Standing::Patient, Standing::Relative]);
    let role = if h.rng.one_in(5) { ThreadRole::Owner } else { ThreadRole::Member };
    let team_of = h.rng.one_in(3).then(|| *h.rng.pick(&h.teams));
    let as_org = (!h.rng.one_in(3)).then(org);
    let user = UserParty { standing, as_org, team: team_of, ..user_party(&person, role) };
    if h.rng.one_in(4) { team(h) } else { Party::User(user) }
}

fn membership(h: &mut Hospital, talk: &Talk, who: &Person) -> Control {
    let history = if h.rng.one_in(3) { History::FromJoin } else { History::Full };
    let party = newcomer(h);
    let epoch = talk.state.roster().epoch().number;
    let mut boxes: Vec<_> =
        party.keyrings().map(|to| thread_box(&h.world, talk.state.thread(), epoch, to)).collect();
    boxes.sort_by_key(|recipient| recipient.keyring);
    if h.rng.one_in(2) {
        boxes.clear();
    }
    let open: Vec<_> = talk.state.roster().invites().map(|(id, open)| (id, open.invitee)).collect();
    let expires_ms = h.rng.one_in(3).then(|| NOW - 5 + h.rng.below(10));
    let (invite, invitee) = if open.is_empty() {
        (MsgId::from_bytes([1; 16]), InviteFor::Party(party.id()))
    } else {
        *h.rng.pick(&open)
    };
    match h.rng.below(9) {
        0 | 1 => Control::Add { party, boxes, history },
        2 => Control::Invite { invitee: Invitee::Known { party, boxes }, history, expires_ms },
        3 => {
            let key = invite_key().verifying_key().into();
            Control::Invite {
                invitee: Invitee::Bearer { key, standing: Standing::Patient },
                history,
                expires_ms,
            }
        }
        4 | 5 => Control::Accept { invite, bearer: bearer(h, talk, who, invite, invitee) },
        6 => Control::Decline { invite, reason: None },
        7 => Control::Remove { party: party.id(), reason: Some(vec![1; 40]) },
        _ => Control::WithdrawInvite { invite },
    }
}

fn bearer(
    h: &mut Hospital,
    talk: &Talk,
    who: &Person,
    invite: MsgId,
    invitee: InviteFor,
) -> Option<Box<Bearer>> {
    let for_bearer = matches!(invitee, InviteFor::Bearer { .. });
    if for_bearer == h.rng.one_in(10) {
        return None;
    }
    let root = relais_chain::facts::Facts::user(&h.world.dir, who.user).unwrap().root;
    let standing = if h.rng.one_in(10) { Standing::Professional } else { Standing::Patient };
    let as_org = h.rng.one_in(10).then(org);
    let party = Party::User(UserParty { standing, as_org, ..user_party(who, ThreadRole::Member) });
    let key = if h.rng.one_in(10) { who.key.clone() } else { invite_key() };
    let proof = sign::accept_proof(&key, talk.state.thread(), invite, who.user, &root);
    Some(Box::new(Bearer { party, root, proof }))
}

fn act(h: &mut Hospital, talk: &Talk) -> Control {
    let head = *talk.state.head();
    let (team, other) = (*h.rng.pick(&h.teams), *h.rng.pick(&h.teams));
    let person = h.person();
    match h.rng.below(17) {
        0 => Control::Take { team },
        1 => Control::Assign { team, user: person.user },
        2 => Control::Return { team },
        3 => Control::Forward { from: team, to: other },
        4 => Control::WithdrawTeam { team },
        5 => Control::Leave,
        6 => Control::Role { user: person.user, role: ThreadRole::Owner },
        7 => Control::Role { user: person.user, role: ThreadRole::Member },
        8 => {
            let file = (!h.rng.one_in(3)).then(|| FileId::from_bytes([h.rng.byte(); 16]));
            Control::LinkPatient { org: org(), file }
        }
        9 => Control::Policy(policy(h)),
        10 => Control::Priority(*h.rng.pick(&[Priority::Normal, Priority::High, Priority::Urgent])),
        11 => Control::Ack { n: h.rng.below(head.n + 2), msg_id: MsgId::from_bytes([3; 16]) },
        12 => Control::Epoch(epoch(h, talk)),
        13 if h.rng.one_in(6) => {
            let final_seq = if h.rng.one_in(6) { head.n + 1 } else { head.n };
            Control::Close { final_seq, final_head: head.head, outcome: Outcome::Done, reason: None }
        }
        14 => Control::ReboxRequest { keyring: person.inbox, epoch: h.rng.below(head.epoch + 2) },
        15 => Control::CallJoin { call: [4; 16], key: Box::new([5; 1216]) },
        16 => Control::CallLeave { call: [4; 16] },
        _ => Control::Remove { party: PartyId::Team(team), reason: None },
    }
}

/// Changes something that the author could have written otherwise.
fn tamper(h: &mut Hospital, core: &mut EntryCore, heads: &[(u64, Bytes32)]) {
    match h.rng.below(110) {
        0 => core.epoch += 1,
        1 => core.epoch = core.epoch.saturating_sub(1),
        2 => core.aseq += 1,
        3 => core.aseq = core.aseq.saturating_sub(1),
        4 => core.anchor.seq += 1,
        5 => core.anchor.head = Bytes32::from_bytes([6; 32]),
        6 => core.ctrl_head = Some(Bytes32::from_bytes([7; 32])),
        7 => core.ctrl_head = None,
        8 => core.device.clone_from(&h.person().device),
        9 => core.on_behalf = Some(OnBehalf { principal: h.person().user, delegation: core.anchor.head }),
        10 => core.sth = Some(Checkpoint { size: 9, root: core.anchor.head }),
        11 => core.blobs = vec![BlobId::from_bytes([1; 16]), BlobId::from_bytes([2; 16])],
        12 => core.notify = Some(vec![h.keyring()]),
        13 => core.kind = Kind::Unknown(40 + h.rng.below(3)),
        14 => core.msg_id = MsgId::from_bytes([0xee; 16]),
        15 => core.ts_ms = NOW + h.rng.below(20),
        16 => core.author.chain_seq = h.rng.below(core.author.chain_seq + 2),
        17 | 18 if core.kind == Kind::Message && !heads.is_empty() => {
            let (seq, head) = *h.rng.pick(heads);
            core.anchor = Anchor { seq, head };
        }
        19 => core.kind = Kind::Message,
        _ => {}
    }
}
