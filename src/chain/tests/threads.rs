//! Claims about threads. Rules cited: THR-03, THR-04, THR-05, THR-07, SEC-04, TRI-02, TRI-03, TEA-05, TEA-08,
//! CHN-08.

mod world;

use ed25519_dalek::SigningKey;
use relais_chain::control::{Bearer, Control, Form, Invitee, Outcome};
use relais_chain::entry::{Anchor, Kind};
use relais_chain::facts::Capacity;
use relais_chain::head::Phase;
use relais_chain::keyring_body::{KeyringBody, Reason, Role};
use relais_chain::limits::EPOCH_RECIPIENTS_MAX;
use relais_chain::party::{History, Party, PartyId, Presence, TeamParty, ThreadRole, Triage};
use relais_chain::unit::Standing;
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Mode, Signed, ThreadState, hash, sign};
use relais_wire::ids::{BlobId, Bytes32, FileId, KeyringId, MsgId, ThreadId};
use world::thread::{
    Talk, create_body, epoch_body, lay, member, org, owner, team_party, thread_box, user_party,
};
use world::{APPEND, Chain, NOW, Person, World, public, unit_id};

/// Ada administers a unit; Ben and Cyd manage its team; Dan is a colleague; Eve is a patient.
struct Ward {
    world: World,
    ada: Person,
    ben: Person,
    cyd: Person,
    dan: Person,
    eve: Person,
    team: KeyringId,
}

fn ward() -> Ward {
    let mut world = World::new();
    let [ada, ben, cyd, dan, eve] = [1, 2, 3, 4, 5].map(|n| world.person(n));
    let unit = world.unit(1, &ada);
    let team = world.team(1, unit, &ada, &[&ben, &cyd]);
    Ward { world, ada, ben, cyd, dan, eve, team }
}

impl Ward {
    fn for_team(&self) -> Option<Capacity> {
        self.world.capacity(self.team)
    }

    /// Ada's thread with the team.
    fn talk(&self) -> Talk {
        Talk::new(&self.world, 1, &self.ada, vec![owner(&self.ada), team_party(self.team)])
    }
}

fn replay(world: &World, talk: &Talk) -> Result<ThreadState, ChainError> {
    let mut state = ThreadState::new(talk.state.thread());
    for entry in &talk.entries {
        state.append(&world.dir, entry, Mode::Replay)?;
    }
    Ok(state)
}

#[test]
fn a_conversation_replays_to_the_same_state_and_resumes_from_its_snapshot() {
    let w = ward();
    let mut talk = w.talk();
    talk.say(&w.world, &w.ada, None).unwrap();
    talk.put(&w.world, &w.ben, w.for_team(), &Control::Take { team: w.team });
    let snapshot = talk.state.to_snapshot().unwrap();
    let digest = hash::sha256(&snapshot);
    talk.say(&w.world, &w.ben, w.for_team()).unwrap();
    talk.put(&w.world, &w.ben, w.for_team(), &Control::Return { team: w.team });
    assert_eq!(replay(&w.world, &talk).unwrap(), talk.state);

    let mut resumed = ThreadState::from_snapshot(&snapshot, &digest).unwrap();
    assert_eq!(resumed.head().n, 3);
    for entry in &talk.entries[3..] {
        resumed.append(&w.world.dir, entry, Mode::Replay).unwrap();
    }
    assert_eq!(resumed, talk.state);
    let mut tampered = snapshot.clone();
    tampered[40] ^= 1;
    assert_eq!(ThreadState::from_snapshot(&tampered, &digest).unwrap_err(), ChainError::BadSnapshot);
}

#[test]
fn a_stranger_says_nothing_and_a_manager_speaks_for_the_team() {
    // TEA-05
    let w = ward();
    let mut talk = w.talk();
    assert_eq!(talk.say(&w.world, &w.dan, None), Err(ChainError::NotParticipant));
    assert_eq!(talk.say(&w.world, &w.ben, None), Err(ChainError::NotParticipant));
    assert_eq!(talk.say(&w.world, &w.dan, w.for_team()), Err(ChainError::CapacityNotHeld));
    assert_eq!(talk.say(&w.world, &w.ben, w.for_team()), Ok(()));
    let elsewhere = w.world.capacity(w.ben.inbox);
    assert_eq!(talk.say(&w.world, &w.ben, elsewhere), Err(ChainError::NotParticipant));
}

#[test]
fn dropped_reordered_and_replayed_messages_are_noticed() {
    // SEC-04
    let w = ward();
    let mut talk = w.talk();
    for _ in 0..3 {
        talk.say(&w.world, &w.ada, None).unwrap();
    }
    let fold = |order: &[usize]| {
        let mut state = ThreadState::new(talk.state.thread());
        order.iter().try_for_each(|i| state.append(&w.world.dir, &talk.entries[*i], Mode::Replay).map(drop))
    };
    assert_eq!(fold(&[0, 1, 2, 3]), Ok(()));
    assert_eq!(fold(&[0, 1, 3]), Err(ChainError::AnchorAhead));
    assert_eq!(fold(&[0, 1, 1]), Err(ChainError::AseqReplayed));
    assert_eq!(fold(&[1]), Err(ChainError::MisplacedCreate));
    // The same author on two devices: anchors do not show the gap, the counter does.
    let anchor = Anchor { seq: 1, head: hash::head_zero(talk.state.thread()) };
    let bytes = talk.message_with(&w.world, &w.ada, None, |core| core.anchor = anchor);
    assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::AnchorMismatch);
    let bytes = talk.message_with(&w.world, &w.ada, None, |core| core.aseq += 1);
    assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::AseqGap);
}

#[test]
fn an_offline_message_keeps_its_anchor_and_a_fork_shows() {
    let mut w = ward();
    let mut talk = w.talk();
    let offline = talk.message(&w.world, &w.ada, None);
    talk.say(&w.world, &w.ben, w.for_team()).unwrap();
    talk.append(&w.world, &offline).unwrap();
    // The anchor is older than the last control entry only if the head there is remembered.
    let fork = Anchor { seq: 2, head: Bytes32::from_bytes([9; 32]) };
    let bytes = talk.message_with(&w.world, &w.ada, None, |core| core.anchor = fork);
    assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::AnchorUnknown);
    let unchecked = talk.clone().append_in(&w.world, &bytes, Mode::Replay).unwrap();
    assert!(!unchecked.anchor_checked);
    w.world.dir.put_head(talk.state.thread(), 2, Bytes32::from_bytes([8; 32]));
    assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::AnchorMismatch);
}

#[test]
fn who_left_the_team_reads_and_writes_no_more_after_the_rotation() {
    let mut w = ward();
    let mut talk = w.talk();
    let old = w.for_team();
    let remove = KeyringBody::Remove { keyring: w.cyd.personal, reason: Reason::Removed };
    w.world.put(Chain::Keyring(w.team), &w.ben, None, &remove);
    assert_eq!(talk.say(&w.world, &w.cyd, old), Err(ChainError::CapacityNotHeld));
    // Rotation due: writing goes on. Rotated: the old epoch is refused.
    talk.say(&w.world, &w.ada, None).unwrap();
    let rotation = w.world.rotation(w.team);
    w.world.put(Chain::Keyring(w.team), &w.ben, None, &rotation);
    assert_eq!(talk.say(&w.world, &w.ada, None), Err(ChainError::StaleGeneration));
    assert_eq!(talk.state.roster().stale_recipients(&w.world.dir), [w.team]);
    let stale = talk.control(&w.world, &w.ada, None, &Control::Priority(Default::default()));
    talk.rotate(&w.world, &w.ada, None);
    talk.say(&w.world, &w.ada, None).unwrap();
    assert_eq!(talk.append(&w.world, &stale).unwrap_err(), ChainError::StaleCtrlHead);
    // Even replaying, an old position in the team's chain is too old for this epoch.
    let late = talk.message(&w.world, &w.cyd, old);
    assert_eq!(talk.append_in(&w.world, &late, Mode::Replay).unwrap_err(), ChainError::StaleCapacity);
}

#[test]
fn an_epoch_is_sealed_to_exactly_the_participants() {
    let w = ward();
    let mut talk = w.talk();
    let right = talk.next_epoch(&w.world);
    let mut ghost = right.clone();
    ghost.recipients.push(thread_box(&w.world, talk.state.thread(), 1, w.eve.inbox));
    ghost.recipients.sort_by_key(|recipient| recipient.keyring);
    let mut missing = right.clone();
    missing.recipients.pop();
    let mut number = right.clone();
    number.epoch = 5;
    let mut unknown = right.clone();
    unknown.recipients[0].generation = 9;
    let mut back = right.clone();
    back.recipients[0].generation = 0;
    for (body, error) in [
        (ghost, ChainError::EpochRecipients),
        (missing, ChainError::EpochRecipients),
        (number, ChainError::WrongEpochNumber),
        (unknown, ChainError::UnknownGeneration),
        (back, ChainError::UnknownGeneration),
    ] {
        assert_eq!(talk.try_control(&w.world, &w.ada, None, &Control::Epoch(body)), Some(error));
    }
    let before = talk.message(&w.world, &w.ada, None);
    talk.put(&w.world, &w.ben, w.for_team(), &Control::Epoch(right));
    assert_eq!(talk.append(&w.world, &before).unwrap_err(), ChainError::StaleEpoch);
}

#[test]
fn a_newcomer_with_a_box_reads_at_once_and_one_without_makes_an_epoch_due() {
    let w = ward();
    let mut talk = w.talk();
    let boxes = vec![thread_box(&w.world, talk.state.thread(), 0, w.dan.inbox)];
    let add = Control::Add { party: member(&w.dan), boxes, history: History::Full };
    talk.put(&w.world, &w.ada, None, &add);
    talk.say(&w.world, &w.dan, None).unwrap();
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &add), Some(ChainError::AlreadyParticipant));
    let patient =
        Control::Add { party: lay(&w.eve, Standing::Patient), boxes: vec![], history: History::FromJoin };
    talk.put(&w.world, &w.dan, None, &patient);
    assert_eq!(talk.state.head().phase, Phase::EpochDue);
    assert_eq!(talk.say(&w.world, &w.ada, None), Err(ChainError::EpochDue));
    let mut no_wall = talk.next_epoch(&w.world);
    no_wall.prev_box = Some(vec![1; 60]);
    let refused = talk.try_control(&w.world, &w.ada, None, &Control::Epoch(no_wall));
    assert_eq!(refused, Some(ChainError::HistoryWall));
    talk.rotate(&w.world, &w.ada, None);
    talk.say(&w.world, &w.eve, None).unwrap();
    let add = Control::Add { party: member(&w.ben), boxes: vec![], history: History::Full };
    assert_eq!(talk.try_control(&w.world, &w.eve, None, &add), Some(ChainError::Forbidden));
    assert_eq!(replay(&w.world, &talk).unwrap(), talk.state);
}

#[test]
fn an_invited_team_answers_through_its_managers_and_a_refusal_ends_it() {
    // THR-04, THR-05
    let w = ward();
    let invite = |talk: &Talk| Control::Invite {
        invitee: Invitee::Known {
            party: team_party(w.team),
            boxes: vec![thread_box(&w.world, talk.state.thread(), 0, w.team)],
        },
        history: History::Full,
        expires_ms: Some(NOW + 1000),
    };
    let mut talk = Talk::new(&w.world, 2, &w.ada, vec![owner(&w.ada), member(&w.dan)]);
    let invited = talk.put(&w.world, &w.ada, None, &invite(&talk.clone())).core.msg_id;
    assert_eq!(talk.say(&w.world, &w.ben, w.for_team()), Err(ChainError::NotParticipant));
    let accept = Control::Accept { invite: invited, bearer: None };
    assert_eq!(talk.try_control(&w.world, &w.dan, None, &accept), Some(ChainError::Forbidden));
    let mut accepted = talk.clone();
    accepted.put(&w.world, &w.ben, w.for_team(), &accept);
    accepted.say(&w.world, &w.ben, w.for_team()).unwrap();
    let again = accepted.try_control(&w.world, &w.cyd, w.for_team(), &accept);
    assert_eq!(again, Some(ChainError::NoInvitation));

    talk.put(&w.world, &w.cyd, w.for_team(), &Control::Decline { invite: invited, reason: None });
    let team = PartyId::Team(w.team);
    assert_eq!(talk.state.roster().participant(team).unwrap().presence, Presence::Declined);
    assert_eq!(talk.say(&w.world, &w.ada, None), Err(ChainError::EpochDue));
    talk.rotate(&w.world, &w.ada, None);
    talk.say(&w.world, &w.ada, None).unwrap();
    assert_eq!(replay(&w.world, &talk).unwrap(), talk.state);
}

#[test]
fn an_invitation_expires_by_the_server_and_by_the_claim() {
    let w = ward();
    let mut talk = Talk::new(&w.world, 2, &w.ada, vec![owner(&w.ada)]);
    let invite = Control::Invite {
        invitee: Invitee::Known { party: member(&w.dan), boxes: vec![] },
        history: History::FromJoin,
        expires_ms: Some(NOW),
    };
    let id = talk.put(&w.world, &w.ada, None, &invite).core.msg_id;
    let bytes = talk.control(&w.world, &w.dan, None, &Control::Accept { invite: id, bearer: None });
    let late = Mode::Append { now_ms: NOW + 1 };
    assert_eq!(talk.append_in(&w.world, &bytes, late).unwrap_err(), ChainError::InvitationExpired);
    talk.append(&w.world, &bytes).unwrap();
}

#[test]
fn a_bearer_joins_once_with_the_invitation_key() {
    // CHN-08
    let w = ward();
    let mut talk = w.talk();
    let key = SigningKey::from_bytes(&[0x77; 32]);
    let invite = Control::Invite {
        invitee: Invitee::Bearer { key: public(&key), standing: Standing::Patient },
        history: History::FromJoin,
        expires_ms: None,
    };
    let id = talk.put(&w.world, &w.ada, None, &invite).core.msg_id;
    let thread = talk.state.thread();
    let root = w.world.dir.user_chain(w.eve.user).unwrap().fact().root;
    let accept = |key: &SigningKey, standing, root| {
        let proof = sign::accept_proof(key, thread, id, w.eve.user, &root);
        let bearer = Bearer { party: lay(&w.eve, standing), root, proof };
        Control::Accept { invite: id, bearer: Some(Box::new(bearer)) }
    };
    let other = SigningKey::from_bytes(&[0x78; 32]);
    let mut refused = |control: &Control| talk.try_control(&w.world, &w.eve, None, control).unwrap();
    assert_eq!(refused(&accept(&other, Standing::Patient, root)), ChainError::BadInvitationProof);
    assert_eq!(refused(&accept(&key, Standing::Professional, root)), ChainError::Forbidden);
    let elsewhere = Bytes32::from_bytes([4; 32]);
    assert_eq!(refused(&accept(&key, Standing::Patient, elsewhere)), ChainError::HashMismatch);
    let plain = Control::Accept { invite: id, bearer: None };
    assert_eq!(refused(&plain), ChainError::NoInvitation);
    let by_dan = talk.try_control(&w.world, &w.dan, None, &accept(&key, Standing::Patient, root));
    assert_eq!(by_dan, Some(ChainError::Forbidden));
    talk.put(&w.world, &w.eve, None, &accept(&key, Standing::Patient, root));
    talk.rotate(&w.world, &w.ada, None);
    talk.say(&w.world, &w.eve, None).unwrap();
    let twice = talk.try_control(&w.world, &w.eve, None, &accept(&key, Standing::Patient, root));
    assert_eq!(twice, Some(ChainError::NoInvitation));
}

#[test]
fn triage_is_decided_by_the_last_act() {
    // TRI-02, TRI-03, TEA-08
    let mut w = ward();
    let other = w.world.team(2, unit_id(1), &w.ada, &[&w.dan]);
    let parties = vec![owner(&w.ada), team_party(w.team), team_party(other)];
    let mut talk = Talk::new(&w.world, 1, &w.ada, parties);
    let (ours, theirs) = (w.for_team(), w.world.capacity(other));
    let take = Control::Take { team: w.team };
    assert_eq!(talk.state.roster().triage(w.team), Some(Triage::Waiting));
    assert_eq!(talk.try_control(&w.world, &w.dan, theirs, &take), Some(ChainError::Forbidden));
    talk.put(&w.world, &w.ben, ours, &take);
    assert_eq!(talk.try_control(&w.world, &w.cyd, ours, &take), Some(ChainError::TriageState));
    let assign = |user: &Person| Control::Assign { team: w.team, user: user.user };
    assert_eq!(talk.try_control(&w.world, &w.ben, ours, &assign(&w.dan)), Some(ChainError::NotAssignable));
    talk.put(&w.world, &w.ben, ours, &assign(&w.cyd));
    assert_eq!(talk.state.roster().triage(w.team), Some(Triage::Assigned(w.cyd.user)));
    talk.put(&w.world, &w.cyd, ours, &Control::Return { team: w.team });
    let back = talk.try_control(&w.world, &w.cyd, ours, &Control::Return { team: w.team });
    assert_eq!(back, Some(ChainError::TriageState));
    talk.put(&w.world, &w.ben, ours, &Control::Forward { from: w.team, to: other });
    assert_eq!(talk.state.roster().triage(w.team), Some(Triage::Forwarded(other)));
    talk.put(&w.world, &w.dan, theirs, &Control::Take { team: other });
    talk.put(&w.world, &w.ben, ours, &Control::WithdrawTeam { team: w.team });
    assert_eq!(talk.state.roster().triage(w.team), None);
    assert_eq!(talk.state.head().phase, Phase::EpochDue);
    assert_eq!(replay(&w.world, &talk).unwrap(), talk.state);
}

#[test]
fn leaving_keeps_an_owner_and_removing_needs_the_right() {
    // THR-07
    let w = ward();
    let mut talk = Talk::new(&w.world, 1, &w.ada, vec![owner(&w.ada), member(&w.ben), member(&w.dan)]);
    let remove = |who: &Person| Control::Remove { party: PartyId::User(who.user), reason: None };
    let role = |who: &Person, role| Control::Role { user: who.user, role };
    assert_eq!(talk.try_control(&w.world, &w.dan, None, &remove(&w.ben)), Some(ChainError::Forbidden));
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &remove(&w.ada)), Some(ChainError::Forbidden));
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &remove(&w.eve)), Some(ChainError::UnknownParty));
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &Control::Leave), Some(ChainError::LastOwner));
    let demote = role(&w.ada, ThreadRole::Member);
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &demote), Some(ChainError::LastOwner));
    assert_eq!(
        talk.try_control(&w.world, &w.dan, None, &role(&w.dan, ThreadRole::Owner)),
        Some(ChainError::Forbidden)
    );
    talk.put(&w.world, &w.ada, None, &role(&w.ben, ThreadRole::Owner));
    talk.put(&w.world, &w.ada, None, &Control::Leave);
    talk.put(&w.world, &w.ben, None, &remove(&w.dan));
    assert_eq!(talk.say(&w.world, &w.dan, None), Err(ChainError::EpochDue));
    talk.rotate(&w.world, &w.ben, None);
    assert_eq!(talk.say(&w.world, &w.dan, None), Err(ChainError::NotParticipant));
    assert_eq!(talk.say(&w.world, &w.ada, None), Err(ChainError::NotParticipant));
    talk.say(&w.world, &w.ben, None).unwrap();
}

#[test]
fn a_policy_only_tightens_unless_there_is_one_owner() {
    let w = ward();
    let mut talk = Talk::new(&w.world, 1, &w.ada, vec![owner(&w.ada), owner(&w.ben), member(&w.dan)]);
    let policy =
        |add, allowed| Control::Policy(relais_chain::party::Policy { add, allowed, ..Default::default() });
    assert_eq!(talk.try_control(&w.world, &w.dan, None, &policy(1, 7)), Some(ChainError::Forbidden));
    talk.put(&w.world, &w.ada, None, &policy(1, 0));
    let loosen = talk.try_control(&w.world, &w.ada, None, &policy(1, 1));
    assert_eq!(loosen, Some(ChainError::PolicyLoosened));
    let add = Control::Add { party: member(&w.cyd), boxes: vec![], history: History::Full };
    assert_eq!(talk.try_control(&w.world, &w.dan, None, &add), Some(ChainError::Forbidden));
    let bytes =
        talk.message_with(&w.world, &w.dan, None, |core| core.blobs = vec![BlobId::from_bytes([1; 16])]);
    assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::KindNotAllowed);
    let call = Control::CallJoin { call: [1; 16], key: Box::new([2; 1216]) };
    assert_eq!(talk.try_control(&w.world, &w.dan, None, &call), Some(ChainError::KindNotAllowed));
    talk.put(&w.world, &w.ben, None, &Control::Leave);
    talk.put(&w.world, &w.ada, None, &policy(0, 7));
}

#[test]
fn a_closed_thread_is_immutable() {
    // THR-03
    let w = ward();
    let mut talk = w.talk();
    talk.say(&w.world, &w.ada, None).unwrap();
    let close = |talk: &Talk| Control::Close {
        final_seq: talk.state.head().n,
        final_head: talk.state.head().head,
        outcome: Outcome::Done,
        reason: None,
    };
    let early = talk.control(&w.world, &w.ada, None, &close(&talk.clone()));
    let message = talk.message(&w.world, &w.ben, w.for_team());
    talk.append(&w.world, &message).unwrap();
    assert_eq!(talk.append(&w.world, &early).unwrap_err(), ChainError::StaleAnchor);
    let wrong = Control::Close {
        final_seq: 1,
        final_head: Bytes32::from_bytes([1; 32]),
        outcome: Outcome::Done,
        reason: None,
    };
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &wrong), Some(ChainError::FinalMismatch));
    talk.put(&w.world, &w.ben, w.for_team(), &close(&talk.clone()));
    assert_eq!(talk.say(&w.world, &w.ada, None), Err(ChainError::Closed));
    let reopen = talk.try_control(&w.world, &w.ada, None, &Control::Take { team: w.team });
    assert_eq!(reopen, Some(ChainError::Closed));
    assert_eq!(replay(&w.world, &talk).unwrap().head().phase, Phase::Closed);
    let snapshot = talk.state.to_snapshot().unwrap();
    let again = ThreadState::from_snapshot(&snapshot, &hash::sha256(&snapshot)).unwrap();
    assert_eq!(again, talk.state);
}

#[test]
fn a_direct_thread_is_two_people_and_stays_so() {
    let w = ward();
    let direct = |who: &Person| {
        let mut party = user_party(who, ThreadRole::Owner);
        party.keyring = who.personal;
        party.as_org = None;
        Party::User(party)
    };
    let mut talk = Talk::empty(3);
    let thread = talk.state.thread();
    let mut create = |parties| {
        let body = create_body(&w.world, thread, Form::Direct, parties);
        talk.try_control(&w.world, &w.ada, None, &Control::Create(Box::new(body)))
    };
    assert_eq!(create(vec![direct(&w.ada)]), Some(ChainError::NotInDirect));
    assert_eq!(create(vec![direct(&w.ada), owner(&w.ben)]), Some(ChainError::PartyKeyrings));
    assert_eq!(create(vec![direct(&w.ada), direct(&w.ben)]), None);
    talk.say(&w.world, &w.ben, None).unwrap();
    let add = Control::Add { party: member(&w.dan), boxes: vec![], history: History::Full };
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &add), Some(ChainError::NotInDirect));
    assert_eq!(talk.try_control(&w.world, &w.ada, None, &Control::Leave), Some(ChainError::NotInDirect));
}

#[test]
fn a_patient_link_verifies_without_being_seen() {
    let w = ward();
    let mut talk = w.talk();
    let link = Control::LinkPatient { org: org(), file: Some(FileId::from_bytes([3; 16])) };
    talk.put(&w.world, &w.ada, None, &link);
    talk.say(&w.world, &w.ada, None).unwrap();
    assert_eq!(talk.state.roster().links().next(), Some((org(), FileId::from_bytes([3; 16]))));
    let mut elsewhere = talk.clone();
    elsewhere.entries[1] = Signed::parse(&talk.entries[1]).unwrap().to_stub().to_bytes().unwrap();
    elsewhere.entries[2] = Signed::parse(&talk.entries[2]).unwrap().to_stub().to_bytes().unwrap();
    let state = replay(&w.world, &elsewhere).unwrap();
    assert_eq!(state.head(), talk.state.head());
    assert!(state.roster().links().next().is_none());
    elsewhere.entries[0] = Signed::parse(&talk.entries[0]).unwrap().to_stub().to_bytes().unwrap();
    assert_eq!(replay(&w.world, &elsewhere).unwrap_err(), ChainError::PayloadMissing);
}

#[test]
fn an_unknown_kind_is_hashed_by_readers_and_refused_at_append() {
    let w = ward();
    let mut talk = w.talk();
    for ctrl_head in [None, Some(talk.state.head().ctrl_head)] {
        let mut core = talk.draft(&w.world, &w.ada, None, Kind::Unknown(99));
        core.ctrl_head = ctrl_head;
        let bytes = sign::message(&w.ada.key, &core, vec![0xc0]).unwrap().to_bytes().unwrap();
        assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::UnknownKind);
        talk.append_in(&w.world, &bytes, Mode::Replay).unwrap();
        assert_eq!(talk.state.head().ctrl_n == talk.state.head().n, ctrl_head.is_some());
    }
    assert!(talk.state.update_needed());
    talk.say(&w.world, &w.ada, None).unwrap();
}

#[test]
fn a_check_made_before_a_control_entry_does_not_commit_after_it() {
    let mut w = ward();
    let mut talk = w.talk();
    w.world.dir.put_head(talk.state.thread(), 1, talk.state.head().head);
    let bytes = talk.message(&w.world, &w.ada, None);
    let checked = talk.state.check(&w.world.dir, &bytes, APPEND).unwrap();
    talk.put(&w.world, &w.ben, w.for_team(), &Control::Take { team: w.team });
    assert_eq!(talk.state.commit(checked).unwrap_err(), ChainError::Moved);
    talk.append(&w.world, &bytes).unwrap();
}

#[test]
fn keys_devices_and_ids_are_checked() {
    let mut w = ward();
    let mut talk = w.talk();
    let bytes = talk.message(&w.world, &w.ada, None);
    w.world.dir.put_seen(talk.state.thread(), MsgId::try_from(&[0; 16][..]).unwrap());
    let reused = talk.message_with(&w.world, &w.ada, None, |core| core.msg_id = MsgId::from_bytes([0; 16]));
    assert_eq!(talk.append(&w.world, &reused).unwrap_err(), ChainError::MsgIdReused);

    let device = w.ada.device;
    let key = public(&SigningKey::from_bytes(&[6; 32]));
    w.world.put(Chain::User(w.ada.user), &w.ada, None, &UserBody::DeviceAdd { device, key });
    w.world.put(Chain::User(w.ada.user), &w.ada, None, &UserBody::DeviceRevoke { device });
    assert_eq!(talk.append(&w.world, &bytes).unwrap_err(), ChainError::RevokedDevice);
    talk.append_in(&w.world, &bytes, Mode::Replay).unwrap();
    let after = talk.message(&w.world, &w.ada, None);
    assert_eq!(talk.append_in(&w.world, &after, Mode::Replay).unwrap_err(), ChainError::RevokedDevice);

    let old = talk.message_with(&w.world, &w.ada, None, |core| {
        core.device = Talk::device(9);
        core.aseq = 1;
    });
    let new = SigningKey::from_bytes(&[0x91; 32]);
    let place = w.world.place(Chain::User(w.ada.user));
    let rotate = UserBody::Rotate { generation: 2, key: public(&new), proof: sign::key_proof(&new, &place) };
    w.world.put(Chain::User(w.ada.user), &w.ada, None, &rotate);
    assert_eq!(talk.append(&w.world, &old).unwrap_err(), ChainError::SupersededKey);
    let ada = Person { key: new, device: Talk::device(8), ..w.ada.clone() };
    talk.say(&w.world, &ada, None).unwrap();
    assert_eq!(talk.append_in(&w.world, &old, Mode::Replay).unwrap_err(), ChainError::KeyGoesBack);
}

#[test]
fn an_entry_does_not_move_to_another_thread() {
    let w = ward();
    let mut one = w.talk();
    let mut two = Talk::new(&w.world, 2, &w.ada, vec![owner(&w.ada), team_party(w.team)]);
    let bytes = one.message(&w.world, &w.ada, None);
    assert_eq!(two.append(&w.world, &bytes).unwrap_err(), ChainError::WrongThread);
    let mut body = create_body(&w.world, ThreadId::from_bytes([4; 16]), Form::Thread, vec![owner(&w.ada)]);
    body.epoch = epoch_body(&w.world, ThreadId::from_bytes([4; 16]), 1, &[w.ada.inbox]);
    let refused = Talk::empty(4).try_control(&w.world, &w.ada, None, &Control::Create(Box::new(body)));
    assert_eq!(refused, Some(ChainError::WrongEpochNumber));
}

#[test]
fn the_whole_team_reads_and_writes_where_its_keyring_takes_part_but_does_not_manage() {
    let mut w = ward();
    let all = w.world.team_all(1, unit_id(1), &w.ben, &[&w.ben, &w.dan]);
    let party = Party::Team(TeamParty { managers: w.team, all: Some(all), org: org() });
    let mut talk = Talk::new(&w.world, 1, &w.ada, vec![owner(&w.ada), party]);
    let as_member = w.world.capacity(all);
    talk.say(&w.world, &w.dan, as_member).unwrap();
    assert_eq!(talk.say(&w.world, &w.eve, as_member), Err(ChainError::CapacityNotHeld));
    let take = Control::Take { team: w.team };
    assert_eq!(talk.try_control(&w.world, &w.dan, as_member, &take), Some(ChainError::Forbidden));
    // A manager changes the whole team's membership in that capacity; a member does not.
    let add = w.world.add(all, w.cyd.personal, Role::Holder);
    let bytes = w.world.make(Chain::Keyring(all), &w.dan, &add);
    assert_eq!(w.world.append(Chain::Keyring(all), &bytes), Err(ChainError::NotAuthorized));
    w.world.put(Chain::Keyring(all), &w.ben, w.for_team(), &add);
    assert!(w.world.dir.keyring_chain(all).unwrap().member(w.cyd.personal).is_some());
}

#[test]
fn a_thread_takes_in_no_more_than_an_epoch_can_name() {
    // THR-03
    let mut w = ward();
    let mut talk = w.talk();
    let (ada, ben) = (w.ada.clone(), w.ben.clone());
    // Ada, the first team, and teams of two keyrings each.
    let fit = (EPOCH_RECIPIENTS_MAX - 2) / 2;
    for n in 0..=fit {
        let n = u8::try_from(n + 10).unwrap();
        let managers = w.world.team(n, unit_id(1), &ada, &[&ben]);
        let all = w.world.team_all(n, unit_id(1), &ben, &[&ben]);
        let party = Party::Team(TeamParty { managers, all: Some(all), org: org() });
        let add = Control::Add { party, boxes: vec![], history: History::Full };
        let refusal = talk.try_control(&w.world, &ada, None, &add);
        let expected = (usize::from(n) - 10 >= fit).then_some(ChainError::ThreadFull);
        assert_eq!(refusal, expected, "{n}");
    }
}
