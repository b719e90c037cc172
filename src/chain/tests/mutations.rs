//! Each switch of the feature `mutations` lets through what its check refuses: the tests of refusals can fail.

#![cfg(feature = "mutations")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: a failure here is the report")]

mod world;

use relais_chain::control::Control;
use relais_chain::entry::EntryCore;
use relais_chain::{ChainError, Mode, Signed, mutations, sign};
use world::thread::{Talk, member, owner, thread_box};
use world::{Person, World};

/// An entry that must be refused, and the mode in which it is tried.
type Attack = fn(&World, &mut Talk, &Person) -> (Vec<u8>, Mode);

fn attacks() -> Vec<(ChainError, Attack)> {
    fn message(
        world: &World,
        talk: &mut Talk,
        who: &Person,
        change: impl FnOnce(&mut EntryCore),
    ) -> (Vec<u8>, Mode) {
        (talk.message_with(world, who, None, change), Mode::Replay)
    }
    vec![
        (ChainError::BadSignature, |world, talk, ada| {
            let (mut bytes, mode) = message(world, talk, ada, |_| ());
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            (bytes, mode)
        }),
        (ChainError::AseqGap, |world, talk, ada| message(world, talk, ada, |core| core.aseq = 9)),
        (ChainError::AseqReplayed, |world, talk, ada| message(world, talk, ada, |core| core.aseq = 1)),
        (ChainError::AnchorAhead, |world, talk, ada| message(world, talk, ada, |core| core.anchor.seq = 9)),
        (ChainError::AnchorMismatch, |world, talk, ada| {
            message(world, talk, ada, |core| {
                core.anchor.head = relais_wire::ids::Bytes32::from_bytes([1; 32]);
            })
        }),
        (ChainError::StaleEpoch, |world, talk, ada| message(world, talk, ada, |core| core.epoch = 9)),
        (ChainError::NotParticipant, |world, talk, _| {
            let dan = Person::seeded(4);
            (talk.message(world, &dan, None), Mode::Replay)
        }),
        (ChainError::EpochRecipients, |world, talk, ada| {
            let mut body = talk.next_epoch(world);
            let ghost = Person::seeded(4).inbox;
            body.recipients.push(thread_box(world, talk.state.thread(), 1, ghost));
            body.recipients.sort_by_key(|recipient| recipient.keyring);
            (talk.control(world, ada, None, &Control::Epoch(body)), Mode::Replay)
        }),
        (ChainError::StaleCtrlHead, |world, talk, ada| {
            let bytes = talk.control(world, ada, None, &Control::Priority(Default::default()));
            let signed = Signed::parse(&bytes).unwrap();
            let mut core = EntryCore::parse(signed.core()).unwrap();
            core.ctrl_head = Some(relais_wire::ids::Bytes32::from_bytes([1; 32]));
            let again = sign::control(&ada.key, &core, &Control::Priority(Default::default()));
            (again.unwrap().to_bytes().unwrap(), Mode::Replay)
        }),
    ]
}

#[test]
fn every_attack_is_refused_by_its_check_and_only_by_it() {
    let mut world = World::new();
    let [ada, ben, _, _] = [1, 2, 3, 4].map(|n| world.person(n));
    world.unit(1, &ada);
    let mut start = Talk::new(&world, 1, &ada, vec![owner(&ada), member(&ben)]);
    start.say(&world, &ada, None).unwrap();
    for (error, attack) in attacks() {
        let mut talk = start.clone();
        let (bytes, mode) = attack(&world, &mut talk, &ada);
        mutations::SWITCHES.switch_on();
        assert_eq!(talk.clone().append_in(&world, &bytes, mode).unwrap_err(), error);
        mutations::SWITCHES.switch_off(error.code());
        assert!(talk.append_in(&world, &bytes, mode).is_ok(), "{error:?} is not the only check");
    }
    mutations::SWITCHES.switch_on();
}
