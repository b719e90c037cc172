//! Threads with real keys: who can read what, before and after people come and go.

#![expect(clippy::unwrap_used, reason = "a test: a failure here is the failure to report")]

mod world;

use std::collections::BTreeMap;

use relais_chain::ChainError;
use relais_chain::control::{Control, Form};
use relais_chain::entry::Kind;
use relais_chain::keyring_body::{KeyringBody, Reason, Recipient};
use relais_chain::party::{History, Party, PartyId, ThreadRole, UserParty};
use relais_chain::roster::EpochState;
use relais_chain::sign;
use relais_chain::unit::Standing;
use relais_e2ee::entropy::ReplayedEntropy;
use relais_e2ee::generations::Seeds;
use relais_e2ee::thread::{Due, ThreadKeys, epoch_due};
use relais_e2ee::{E2eeError, Seed, keyring, message, thread};
use relais_wire::ids::{KeyringId, MsgId, ThreadId};
use world::{Person, Thread, World};

struct Ward {
    world: World,
    ada: Person,
    ben: Person,
    cleo: Person,
    dan: Person,
    team: KeyringId,
    thread: Thread,
    seed: Seed,
}

/// Ada writes to Ben and to the team managed by Cleo; Dan is a colleague in no thread.
fn ward() -> Ward {
    let mut world = World::new();
    let [ada, ben, cleo, dan] = [1, 2, 3, 4].map(|n| world.person(n));
    let unit = world.unit(0x60, &ada);
    let team = world.team(0x70, unit, &ada, &[&cleo]);
    let parties = vec![
        ada.as_party(ThreadRole::Owner, Standing::Professional),
        ben.as_party(ThreadRole::Member, Standing::Professional),
        World::team_party(team, unit.0),
    ];
    let (mut thread, seed) = world.thread(0x11, &ada, Form::Thread, parties);
    world.write(&mut thread, &ada, &seed, "first").unwrap();
    Ward { world, ada, ben, cleo, dan, team, thread, seed }
}

fn texts(read: Vec<Result<String, E2eeError>>) -> Vec<String> {
    read.into_iter().map(Result::unwrap).collect()
}

impl Ward {
    fn by_inbox(&self, person: &Person) -> Vec<Result<String, E2eeError>> {
        let (id, seeds) = person.inbox();
        self.world.read(&self.thread, id, seeds)
    }

    fn by_team(&self, manager: &Person) -> Result<Vec<Result<String, E2eeError>>, E2eeError> {
        let seed = self.world.open_keyring(self.team, manager)?;
        let generation = self.world.dir.keyring_chain(self.team).unwrap().generation();
        Ok(self.world.read(&self.thread, self.team, Seeds::with(generation, seed)))
    }
}

/// SEC-01, THR-01
#[test]
fn participants_read_and_nobody_else() {
    let ward = ward();
    assert_eq!(texts(ward.by_inbox(&ward.ada)), ["first"]);
    assert_eq!(texts(ward.by_inbox(&ward.ben)), ["first"]);
    assert_eq!(texts(ward.by_team(&ward.cleo).unwrap()), ["first"]);
    assert_eq!(ward.by_inbox(&ward.dan), [Err(E2eeError::NoSeed)]);
    assert_eq!(ward.by_team(&ward.dan).unwrap_err(), E2eeError::Chain(ChainError::NotMember));
}

/// TEA-05: a new manager needs one box for every thread of the team, past ones too.
#[test]
fn a_new_manager_reads_all_history_through_one_box() {
    let mut ward = ward();
    let boxes = ward.world.boxes.len();
    ward.world.add_manager(ward.team, &ward.cleo, &ward.dan);
    assert_eq!(ward.world.boxes.len(), boxes + 1);
    assert_eq!(texts(ward.by_team(&ward.dan).unwrap()), ["first"]);
}

/// SEC-01: the removed member reads nothing written after; the others still read everything.
#[test]
fn a_removed_participant_cannot_read_what_comes_after() {
    let mut ward = ward();
    let remove = Control::Remove { party: PartyId::User(ward.ben.user()), reason: None };
    ward.world.control(&mut ward.thread, &ward.ada, &remove).unwrap();
    let due = epoch_due(ward.thread.state.roster(), &ward.world.dir, 1, 0);
    assert_eq!(due, Some(Due::Participants));
    let refused = ward.world.write(&mut ward.thread, &ward.ada, &ward.seed, "too soon");
    assert_eq!(refused.unwrap_err(), ChainError::EpochDue);

    let seed = ward.world.renew(&mut ward.thread, &ward.ada, Some(&ward.seed)).unwrap();
    ward.world.write(&mut ward.thread, &ward.ada, &seed, "second").unwrap();
    assert_eq!(ward.by_inbox(&ward.ben), [Ok("first".to_owned()), Err(E2eeError::NoSeed)]);
    assert_eq!(texts(ward.by_inbox(&ward.ada)), ["first", "second"]);
    assert_eq!(texts(ward.by_team(&ward.cleo).unwrap()), ["first", "second"]);
}

/// A patient added later starts at the joining; members keep everything.
#[test]
fn a_newcomer_behind_a_wall_reads_from_the_joining_on() {
    let mut ward = ward();
    let invite = Control::Add {
        party: ward.dan.as_party(ThreadRole::Member, Standing::Professional),
        boxes: vec![],
        history: History::FromJoin,
    };
    ward.world.control(&mut ward.thread, &ward.ada, &invite).unwrap();
    let seed = ward.world.renew(&mut ward.thread, &ward.ada, Some(&ward.seed)).unwrap();
    ward.world.write(&mut ward.thread, &ward.ada, &seed, "second").unwrap();
    assert_eq!(ward.by_inbox(&ward.dan), [Err(E2eeError::HistoryWalled), Ok("second".to_owned())]);
    assert_eq!(texts(ward.by_inbox(&ward.ben)), ["first", "second"]);
}

#[test]
fn a_newcomer_with_history_gets_one_box_and_reads_back() {
    let mut ward = ward();
    let dan_inbox = ward.world.target(ward.dan.account.inbox().id);
    let roster = ward.thread.state.roster();
    let (boxes, named) =
        thread::box_current(ward.thread.id, roster, &ward.seed, &[dan_inbox], &mut ward.world.entropy)
            .unwrap();
    ward.world.boxes.extend(boxes);
    let party = ward.dan.as_party(ThreadRole::Member, Standing::Professional);
    let add = Control::Add { party, boxes: named, history: History::Full };
    ward.world.control(&mut ward.thread, &ward.ada, &add).unwrap();
    assert_eq!(texts(ward.by_inbox(&ward.dan)), ["first"]);
}

/// SEC-01: a writer refuses an epoch sealed to a replaced key, whatever the server says.
#[test]
fn a_rotated_keyring_makes_the_epoch_stale() {
    let mut ward = ward();
    assert_eq!(epoch_due(ward.thread.state.roster(), &ward.world.dir, 1, 0), None);
    ward.world.rotate(ward.team, &ward.cleo).unwrap();
    assert_eq!(epoch_due(ward.thread.state.roster(), &ward.world.dir, 1, 0), Some(Due::Generations));
    let refused = ward.world.write(&mut ward.thread, &ward.ada, &ward.seed, "stale");
    assert_eq!(refused.unwrap_err(), ChainError::StaleGeneration);
    let seed = ward.world.renew(&mut ward.thread, &ward.ada, Some(&ward.seed)).unwrap();
    ward.world.write(&mut ward.thread, &ward.ada, &seed, "fresh").unwrap();
    assert_eq!(texts(ward.by_team(&ward.cleo).unwrap()), ["first", "fresh"]);
    assert_eq!(epoch_due(ward.thread.state.roster(), &ward.world.dir, 10_000, 0), Some(Due::Age));
    let days = 90 * 24 * 3_600 * 1_000;
    assert_eq!(epoch_due(ward.thread.state.roster(), &ward.world.dir, 1, days), Some(Due::Age));
}

/// SEC-01: one removal from a team costs one rotation, and the removed manager opens no later generation.
#[test]
fn a_removed_manager_opens_no_later_generation() {
    let mut ward = ward();
    ward.world.add_manager(ward.team, &ward.cleo, &ward.dan);
    let chain = ward.world.dir.keyring_chain(ward.team).unwrap();
    let body = KeyringBody::Remove { keyring: ward.dan.account.personal().id, reason: Reason::Removed };
    let made = keyring::without_seed(chain, &body, &ward.world.signer(&ward.cleo, None)).unwrap();
    ward.world.put(ward.team, made).unwrap();
    assert!(ward.world.dir.keyring_chain(ward.team).unwrap().rotation_due());
    ward.world.rotate(ward.team, &ward.cleo).unwrap();
    assert_eq!(ward.by_team(&ward.dan).unwrap_err(), E2eeError::Chain(ChainError::NotMember));
    assert_eq!(texts(ward.by_team(&ward.cleo).unwrap()), ["first"]);
}

/// A member signs an epoch whose boxes hold different seeds for different people.
#[test]
fn a_box_with_another_seed_than_the_committed_one_is_noticed() {
    let mut ward = ward();
    let roster = ward.thread.state.roster();
    let mut made = thread::next_epoch(
        ward.thread.id,
        roster,
        &ward.world.dir,
        Some(&ward.seed),
        Reason::Routine,
        &mut ward.world.entropy,
    )
    .unwrap();
    let inbox = ward.world.target(ward.ben.account.inbox().id);
    let of = relais_e2ee::sealed::SeedOf::thread(ward.thread.id, 1);
    let other = Seed::from_bytes([0xee; 32]);
    let (forged, named) =
        keyring::box_for_all(&other, of, core::slice::from_ref(&inbox), &mut ward.world.entropy).unwrap();
    let is_bens = |named: &&mut Recipient| named.keyring == inbox.recipient.keyring;
    *made.body.recipients.iter_mut().find(is_bens).unwrap() = named[0];
    made.boxes.retain(|sealed| sealed.recipient != inbox.recipient.keyring);
    ward.world.boxes.extend(made.boxes.into_iter().chain(forged));
    ward.world.control(&mut ward.thread, &ward.ada, &Control::Epoch(made.body)).unwrap();

    let (id, mut seeds) = ward.ben.inbox();
    let mut keys = ward.world.keys(&ward.thread);
    let history = ward.world.dir.keyring_chain(id).unwrap();
    let refused = keys.open_box(1, &ward.world.boxes, id, &mut seeds, history).unwrap_err();
    assert_eq!(refused, E2eeError::BoxRejected, "the commitment is associated data of the box");
    let request = Control::ReboxRequest { keyring: id, epoch: 1 };
    ward.world.control(&mut ward.thread, &ward.ben, &request).unwrap();
    ward.world.renew(&mut ward.thread, &ward.ada, Some(&made.seed)).unwrap();
    assert_eq!(texts(ward.by_inbox(&ward.ben)), ["first"]);
}

#[test]
fn swapped_or_missing_boxes_are_noticed() {
    let ward = ward();
    let (id, mut seeds) = ward.ben.inbox();
    let history = ward.world.dir.keyring_chain(id).unwrap();
    let mut open = |boxes: &[relais_wire::chains::SealedBox]| {
        ward.world.keys(&ward.thread).open_box(0, boxes, id, &mut seeds, history).unwrap_err()
    };
    assert_eq!(open(&[]), E2eeError::BoxMissing);
    let mut swapped = ward.world.boxes.clone();
    let foreign = swapped.iter().find(|sealed| sealed.recipient == ward.team).unwrap().bytes.clone();
    for sealed in swapped.iter_mut().filter(|sealed| sealed.recipient == id) {
        sealed.bytes = foreign.clone();
    }
    assert_eq!(open(&swapped), E2eeError::BoxHashMismatch);
}

/// SEC-04: a member cannot pass off another's ciphertext as its own.
#[test]
fn a_ciphertext_signed_again_by_another_does_not_decrypt() {
    let mut ward = ward();
    let (applied, signed) = ward.thread.entries.last().unwrap();
    let (stolen, msg_id) = (signed.payload().unwrap().to_vec(), applied.core.msg_id);
    let core = ward.world.draft(&ward.thread, Kind::Message, &ward.ben, None);
    let core = relais_chain::entry::EntryCore { msg_id, ..core };
    let forged = sign::message(ward.ben.account.signing().key(), &core, stolen).unwrap();
    ward.world.append(&mut ward.thread, forged).unwrap();
    assert_eq!(ward.by_inbox(&ward.ada), [Ok("first".to_owned()), Err(E2eeError::MessageRejected)]);
}

#[test]
fn a_direct_conversation_is_sealed_to_the_personal_keyrings() {
    let mut world = World::new();
    let [ada, ben] = [1, 2].map(|n| world.person(n));
    let party = |person: &Person| {
        let Party::User(inbox) = person.as_party(ThreadRole::Owner, Standing::Professional) else {
            unreachable!("a person is a user")
        };
        Party::User(UserParty { keyring: person.account.personal().id, ..inbox })
    };
    let (mut thread, seed) = world.thread(0x12, &ada, Form::Direct, vec![party(&ada), party(&ben)]);
    world.write(&mut thread, &ben, &seed, "between us").unwrap();
    let own = ada.account.personal();
    let read = world.read(&thread, own.id, Seeds::with(own.generation, own.seed.duplicate()));
    assert_eq!(texts(read), ["between us"]);
    let (inbox, seeds) = ada.inbox();
    assert_eq!(world.read(&thread, inbox, seeds), [Err(E2eeError::NoSeed)]);
}

#[test]
fn an_encrypted_reason_opens_for_the_same_entry_only() {
    let mut ward = ward();
    let core = ward.world.draft(&ward.thread, Kind::Close, &ward.ada, None);
    let reason = message::seal_reason(&core, &ward.seed, "Avis donné.").unwrap();
    assert!(reason.len() <= relais_chain::limits::REASON_BYTES_MAX);
    assert_eq!(message::open_reason(&core, &ward.seed, &reason).unwrap(), "Avis donné.");
    let other = relais_chain::entry::EntryCore { msg_id: MsgId::from_bytes([1; 16]), ..core };
    let refused = message::open_reason(&other, &ward.seed, &reason).unwrap_err();
    assert_eq!(refused, E2eeError::MessageRejected);
}

#[test]
fn keys_resumed_from_a_state_take_the_seed_in_force_and_no_other() {
    let id = ThreadId::from_bytes([1; 16]);
    let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
    let made = thread::first_epoch(id, &[], &mut entropy).unwrap();
    let epoch = EpochState { number: 0, commit: made.body.commit, recipients: BTreeMap::new() };
    let mut keys = ThreadKeys::resumed(id, &epoch);
    assert!(keys.newest_seed().is_none());
    let other = Seed::random(&mut entropy);
    assert_eq!(keys.insert(0, other).unwrap_err(), E2eeError::CommitMismatch);
    keys.insert(0, made.seed.duplicate()).unwrap();
    let (number, seed) = keys.newest_seed().unwrap();
    assert!(number == 0 && seed.same(&made.seed));
}
