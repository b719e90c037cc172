//! The largest keyring: a thousand members, within the bounds of links and of staged boxes.

mod world;

use relais_chain::keyring_body::Reason;
use relais_e2ee::keyring;
use relais_wire::limits::{
    BOX_BYTES, BOXES_PER_PUT, KEYRING_RECIPIENTS_MAX, LINK_BYTES_MAX, STAGED_BOX_BYTES_MAX,
};
use world::{NOW, Person, World};

/// One rotation of a keyring of 1 000: one link, 1 000 boxes in 25 requests, and every member opens its own.
#[test]
fn a_keyring_of_a_thousand_rotates_with_one_link() {
    let mut world = World::new();
    let admin = world.person(1);
    let unit = world.unit(0x60, &admin);
    let managers: Vec<Person> = (0..KEYRING_RECIPIENTS_MAX).map(|n| world.numbered(n)).collect();
    let team = world.team(0x70, unit, &admin, &managers.iter().collect::<Vec<_>>());

    let (by, last) = (managers.first().unwrap(), managers.last().unwrap());
    let old = world.open_keyring(team, by).unwrap();
    let (chain, signer) = (world.dir.keyring_chain(team).unwrap(), by.account.signer(NOW));
    let (made, seed) =
        keyring::rotate(chain, Some(&old), &world.dir, Reason::Routine, &signer, &mut world.entropy).unwrap();

    assert!(made.link.to_bytes().unwrap().len() <= LINK_BYTES_MAX);
    assert_eq!(made.boxes.len(), 1_000);
    assert_eq!(made.boxes.len().div_ceil(BOXES_PER_PUT), 25);
    assert!(made.boxes.len() * BOX_BYTES <= STAGED_BOX_BYTES_MAX);
    world.put(team, made).unwrap();
    assert!(world.open_keyring(team, last).unwrap().same(&seed));
    assert_eq!(world.dir.keyring_chain(team).unwrap().generation(), 2);
}
