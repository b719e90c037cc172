//! Claims about what an entry may weigh. Rules cited: SEC-04.

mod world;

use relais_chain::entry::Kind;
use relais_chain::limits::{CONTROL_BYTES_MAX, CORE_BYTES_MAX, MESSAGE_BYTES_MAX};
use relais_chain::{ChainError, Mode, sign};
use relais_wire::ids::KeyringId;
use relais_wire::limits as wire;
use world::thread::{Talk, owner};
use world::{APPEND, Person, World};

fn talk() -> (World, Person, Talk) {
    let mut world = World::new();
    let ada = world.person(1);
    world.unit(1, &ada);
    let talk = Talk::new(&world, 1, &ada, vec![owner(&ada)]);
    (world, ada, talk)
}

#[test]
fn the_validator_allows_exactly_what_the_wire_carries() {
    assert_eq!(
        (CORE_BYTES_MAX, CONTROL_BYTES_MAX, MESSAGE_BYTES_MAX),
        (wire::CORE_BYTES_MAX, wire::CONTROL_BYTES_MAX, wire::CIPHERTEXT_BYTES_MAX),
    );
}

#[test]
fn a_message_of_the_largest_size_passes_and_one_byte_more_does_not() {
    // SEC-04: two verifiers that disagree about a size disagree about history.
    for (size, refused) in [(MESSAGE_BYTES_MAX, None), (MESSAGE_BYTES_MAX + 1, Some(ChainError::TooLong))] {
        for mode in [APPEND, Mode::Replay] {
            let (world, ada, mut talk) = talk();
            let core = talk.draft(&world, &ada, None, Kind::Message);
            let signed = sign::message(&ada.key, &core, vec![0xaa; size]).unwrap().to_bytes().unwrap();
            assert_eq!(talk.append_in(&world, &signed, mode).err(), refused, "{size}");
        }
    }
}

#[test]
fn a_core_that_no_frame_carries_cannot_be_signed() {
    let (world, ada, mut talk) = talk();
    let mut core = talk.draft(&world, &ada, None, Kind::Message);
    core.notify = Some((0..=u8::MAX).map(|n| KeyringId::from_bytes([n; 16])).collect());
    assert_eq!(sign::message(&ada.key, &core, Vec::new()).err(), Some(ChainError::TooLong));
}
