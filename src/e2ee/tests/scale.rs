//! The largest keyring: a thousand members, within the bounds of links and of staged boxes.

mod world;

use relais_chain::control::Form;
use relais_chain::keyring_body::Reason;
use relais_chain::party::ThreadRole;
use relais_chain::unit::Standing;
use relais_e2ee::keyring;
use relais_e2ee::thread::{Due, epoch_due};
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

/// TEA-05: a rotation of the managers' keyring is one link and one box each, in however many threads the team is;
/// a thread pays one epoch when it is next written to, and none before.
#[test]
fn a_team_rotation_touches_no_thread_until_it_is_written_to() {
    const THREADS: u8 = 40;
    let mut world = World::new();
    let [ada, cleo, dan] = [1, 2, 3].map(|n| world.person(n));
    let unit = world.unit(0x60, &ada);
    let team = world.team(0x70, unit, &ada, &[&cleo, &dan]);
    let mut threads: Vec<_> = (0..THREADS)
        .map(|n| {
            let parties = vec![
                ada.as_party(ThreadRole::Owner, Standing::Professional),
                World::team_party(team, unit.0),
            ];
            world.thread(n, &ada, Form::Thread, parties)
        })
        .collect();
    let (boxes, links) = (world.boxes.len(), world.dir.keyring_chain(team).unwrap().tail().seq());
    world.rotate(team, &cleo).unwrap();
    assert_eq!(world.boxes.len() - boxes, 2, "one box for each manager");
    assert_eq!(world.dir.keyring_chain(team).unwrap().tail().seq() - links, 1);

    let (thread, seed) = threads.first_mut().unwrap();
    assert_eq!(epoch_due(thread.state.roster(), &world.dir, 0, 0), Some(Due::Generations));
    let fresh = world.renew(thread, &ada, Some(seed)).unwrap();
    world.write(thread, &ada, &fresh, "text").unwrap();
    assert_eq!(thread.entries.len(), 3, "create, one epoch, the message");
    assert!(threads.iter().skip(1).all(|(thread, _)| thread.entries.len() == 1));
}
