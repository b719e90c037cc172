//! Properties over random input: nothing panics, what is accepted has one encoding, a damaged object is
//! refused, and whatever people do to a thread its invariants hold.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test: a failure here is the report")]

mod world;

use std::sync::LazyLock;

use proptest::prelude::*;
use relais_chain::control::{Control, Invitee, Outcome};
use relais_chain::entry::{EntryCore, Kind, Priority};
use relais_chain::head::Phase;
use relais_chain::keyring_body::KeyringBody;
use relais_chain::link::{ChainType, LinkBody, LinkCore};
use relais_chain::party::{History, Party, PartyId, Policy, Presence, ThreadRole};
use relais_chain::unit::{Standing, UnitBody};
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Mode, Signed, ThreadState, hash};
use relais_wire::ids::{FileId, KeyringId, ThreadId};
use world::thread::{Talk, lay, member, org, owner, team_party};
use world::{APPEND, Chain, Person, World, unit_id};

/// Five people, a unit, two teams; people 1 and 2 manage the first, 3 the second.
struct Hospital {
    world: World,
    people: Vec<Person>,
    teams: [KeyringId; 2],
}

static HOSPITAL: LazyLock<Hospital> = LazyLock::new(|| {
    let mut world = World::new();
    let people: Vec<_> = (1..=5).map(|n| world.person(n)).collect();
    let unit = world.unit(1, &people[0]);
    let first = world.team(1, unit, &people[0], &[&people[1], &people[2]]);
    let second = world.team(2, unit, &people[0], &[&people[3]]);
    Hospital { world, people, teams: [first, second] }
});

fn parse_link<B: LinkBody>(signed: &Signed) -> Option<(LinkCore, B)> {
    let core = LinkCore::parse(signed.core(), B::TYPE).ok()?;
    let body = B::parse(core.kind, signed.payload()?).ok()?;
    Some((core, body))
}

fn assert_one_encoding<B: LinkBody>(signed: &Signed) {
    if let Some((core, body)) = parse_link::<B>(signed) {
        assert_eq!(core.to_bytes().unwrap(), signed.core());
        assert_eq!(body.to_bytes().unwrap(), signed.payload().unwrap());
    }
}

#[test]
fn every_link_that_is_accepted_has_one_encoding() {
    for (chain, bytes) in &HOSPITAL.world.order {
        let signed = Signed::parse(bytes).unwrap();
        assert_eq!(signed.to_bytes().unwrap(), *bytes);
        match chain {
            Chain::User(_) => assert_one_encoding::<UserBody>(&signed),
            Chain::Keyring(_) => assert_one_encoding::<KeyringBody>(&signed),
            Chain::Unit(_) => assert_one_encoding::<UnitBody>(&signed),
        }
    }
}

/// One act: what, by whom, about whom.
type Step = (u8, u8, u8);

fn act(talk: &Talk, step: Step) -> (Control, Person, bool) {
    let h = &*HOSPITAL;
    let (what, by, about) = step;
    let actor = h.people[usize::from(by) % 5].clone();
    let target = &h.people[usize::from(about) % 5];
    let (team, other) = (h.teams[usize::from(about) % 2], h.teams[(usize::from(about) + 1) % 2]);
    let invite = talk.state.roster().invites().next().map(|(id, _)| id);
    let party = match about % 4 {
        0 => team_party(team),
        1 => lay(target, Standing::Patient),
        2 => owner(target),
        _ => member(target),
    };
    let history = if by % 2 == 0 { History::Full } else { History::FromJoin };
    let control = match what % 18 {
        0 => Control::Add { party, boxes: vec![], history },
        1 => Control::Invite { invitee: Invitee::Known { party, boxes: vec![] }, history, expires_ms: None },
        2 => invite.map_or(Control::Leave, |invite| Control::Accept { invite, bearer: None }),
        3 => invite.map_or(Control::Leave, |invite| Control::Decline { invite, reason: None }),
        4 => Control::Take { team },
        5 => Control::Assign { team, user: target.user },
        6 => Control::Return { team },
        7 => Control::Forward { from: team, to: other },
        8 => Control::WithdrawTeam { team },
        9 => Control::Remove { party: PartyId::User(target.user), reason: None },
        10 => Control::Leave,
        11 => Control::Role { user: target.user, role: ThreadRole::Owner },
        12 => Control::Role { user: target.user, role: ThreadRole::Member },
        13 => Control::LinkPatient { org: org(), file: Some(FileId::from_bytes([about; 16])) },
        14 => Control::Policy(Policy { add: u64::from(about % 3), ..Policy::default() }),
        15 => Control::Priority(Priority::High),
        16 if about > 250 => {
            let head = talk.state.head();
            let (final_seq, final_head) = (head.n, head.head);
            Control::Close { final_seq, final_head, outcome: Outcome::Done, reason: None }
        }
        _ => {
            let mut body = talk.next_epoch(&h.world);
            if by % 4 == 3 {
                body.prev_box = None;
            }
            Control::Epoch(body)
        }
    };
    (control, actor, by % 3 == 0)
}

/// Tries one act, then a message; answers whether the act was taken in.
fn play(talk: &mut Talk, step: Step) -> Result<bool, TestCaseError> {
    let h = &*HOSPITAL;
    let (control, actor, for_team) = act(talk, step);
    let capacity = for_team.then(|| h.world.capacity(h.teams[usize::from(step.2) % 2])).flatten();
    let before = talk.state.clone();
    let bytes = talk.control(&h.world, &actor, capacity, &control);
    let taken = talk.append(&h.world, &bytes).is_ok();
    if !taken {
        prop_assert_eq!(&talk.state, &before, "a refusal changes nothing");
    }
    let spoke = talk.say(&h.world, &actor, capacity);
    if talk.state.head().phase == Phase::EpochDue && spoke.is_ok() {
        return Err(TestCaseError::fail("a message under an epoch that no longer fits"));
    }
    check(&talk.state)?;
    Ok(taken)
}

/// What holds in every state.
fn check(state: &ThreadState) -> Result<(), TestCaseError> {
    let roster = state.roster();
    let sealed: Vec<_> = roster.epoch().recipients.keys().copied().collect();
    if state.head().phase == Phase::Open {
        prop_assert_eq!(&sealed, &roster.next_recipients(), "sealed to exactly the participants");
    }
    prop_assert_eq!(roster.phase(), state.head().phase);
    prop_assert_eq!(roster.epoch().number, state.head().epoch);
    prop_assert!(state.head().ctrl_n <= state.head().n);
    for (_, invite) in roster.invites() {
        if let relais_chain::roster::InviteFor::Party(id) = invite.invitee {
            prop_assert_eq!(roster.participant(id).unwrap().presence, Presence::Invited);
        }
    }
    for participant in roster.participants() {
        if let (Party::Team(team), true) = (&participant.party, participant.presence.is_sealed_to()) {
            prop_assert!(roster.triage(team.managers).is_some(), "a team that takes part has a triage");
        }
    }
    let snapshot = state.to_snapshot().unwrap();
    let again = ThreadState::from_snapshot(&snapshot, &hash::sha256(&snapshot));
    prop_assert_eq!(again.as_ref(), Ok(state));
    Ok(())
}

fn opening() -> Talk {
    let h = &*HOSPITAL;
    let parties = vec![owner(&h.people[0]), member(&h.people[1]), team_party(h.teams[0])];
    Talk::new(&h.world, 1, &h.people[0], parties)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_invariants_hold_and_a_reader_agrees(
        steps in proptest::collection::vec(any::<Step>(), 1..40)
    ) {
        let mut talk = opening();
        for step in steps {
            play(&mut talk, step)?;
        }
        let mut reader = ThreadState::new(talk.state.thread());
        for entry in &talk.entries {
            let signed = Signed::parse(entry).unwrap();
            let core = EntryCore::parse(signed.core()).unwrap();
            prop_assert_eq!(core.to_bytes().unwrap(), signed.core());
            if core.is_control() {
                let control = Control::parse(core.kind, signed.payload().unwrap()).unwrap();
                prop_assert_eq!(control.to_bytes().unwrap(), signed.payload().unwrap());
            }
            reader.append(&HOSPITAL.world.dir, entry, Mode::Replay).unwrap();
        }
        prop_assert_eq!(reader, talk.state);
    }

    #[test]
    fn a_damaged_entry_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8, step in any::<Step>()) {
        let mut talk = opening();
        let (control, actor, _) = act(&talk, step);
        let mut bytes = talk.control(&HOSPITAL.world, &actor, None, &control);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(talk.append(&HOSPITAL.world, &bytes).is_err());
    }

    #[test]
    fn a_damaged_link_is_refused(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let h = &*HOSPITAL;
        let (chain, mut bytes) = h.world.order[which.index(h.world.order.len())].clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 0x10;
        let mut fresh = World::new();
        for (earlier, link) in h.world.order.iter().take_while(|(_, link)| **link != bytes) {
            if *earlier == chain {
                break;
            }
            fresh.append_in(*earlier, link, Mode::Replay).ok();
        }
        prop_assert!(fresh.append_in(chain, &bytes, Mode::Replay).is_err());
    }

    #[test]
    fn a_payload_that_parses_has_one_encoding(
        kind in 16_u64..38,
        step in any::<Step>(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let talk = opening();
        let mut payload = act(&talk, step).0.to_bytes().unwrap();
        for (at, byte) in cuts {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        if let Ok(control) = Control::parse(Kind::from_number(kind), &payload) {
            prop_assert_eq!(control.to_bytes().unwrap(), payload);
        }
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0_u64..40) {
        let thread = ThreadState::new(ThreadId::from_bytes([1; 16]));
        let facts = &HOSPITAL.world.dir;
        prop_assert!(thread.check(facts, &bytes, APPEND).is_err());
        prop_assert!(HOSPITAL.world.dir.clone().user_link(HOSPITAL.people[0].user, &bytes, APPEND).is_err());
        prop_assert!(HOSPITAL.world.dir.clone().unit_link(unit_id(1), &bytes, APPEND).is_err());
        drop(Signed::parse(&bytes));
        drop(EntryCore::parse(&bytes));
        drop(Control::parse(Kind::from_number(kind), &bytes));
        prop_assert!(LinkCore::parse(&bytes, ChainType::User).is_err() || bytes.len() > 64);
        drop(UserBody::parse(kind, &bytes));
        drop(KeyringBody::parse(kind, &bytes));
        drop(UnitBody::parse(kind, &bytes));
        let digest = hash::sha256(&bytes);
        prop_assert!(ThreadState::from_snapshot(&bytes, &digest).is_err());
    }
}

#[test]
fn error_numbers_and_names_are_stable_and_unique() {
    assert_eq!(ChainError::Truncated.code(), 101);
    assert_eq!(ChainError::HeadMismatch.code(), 613);
    assert_eq!(ChainError::StaleGeneration.name(), "StaleGeneration");
}
