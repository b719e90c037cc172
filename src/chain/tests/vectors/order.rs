//! What verifying later must answer as it did then: links whose surroundings have changed since, and links that
//! would rest on what they do not need.

use ed25519_dalek::SigningKey;
use relais_chain::facts::{Capacity, Facts as _, KeyringKind};
use relais_chain::keyring_body::{KeyringBody, Role};
use relais_chain::unit::UnitBody;
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Mode, sign};
use relais_wire::ids::{KeyringId, UnitId};

use super::Case;
use super::links::{APPEND, Scene, case};
use super::thread_people;
use super::world::{Chain, Person, keyring_id, public, unit_id};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = capacities();
    all.extend(keys());
    all.extend(moves());
    all.extend(strangers());
    all.extend(thread_people::bearers_alone());
    all
}

fn no(id: &str, error: ChainError, make: impl FnOnce(&mut Scene) -> (Chain, Vec<u8>)) -> Case {
    case(&format!("no-{id}"), APPEND, Some(error), make)
}

/// The same link, appended too late and replayed.
fn both(
    id: &str,
    now: ChainError,
    later: Option<ChainError>,
    make: impl Fn(&mut Scene) -> (Chain, Vec<u8>),
) -> Vec<Case> {
    vec![
        case(&format!("no-{id}"), APPEND, Some(now), &make),
        case(&format!("later-{id}"), Mode::Replay, later, &make),
    ]
}

fn request(s: &Scene) -> KeyringBody {
    KeyringBody::AddRequest { keyring: s.dan.personal, role: Role::Holder }
}

fn act(s: &Scene, who: &Person, capacity: KeyringId) -> (Chain, Vec<u8>) {
    let chain = Chain::Keyring(s.team);
    (chain, s.world.make_as(chain, who, s.world.capacity(capacity), &request(s)))
}

fn capacities() -> Vec<Case> {
    use ChainError as E;
    vec![
        no("capacity-is-itself", E::NotAuthorized, |s| act(s, &s.ben, s.team)),
        no("capacity-gives-nothing", E::NotAuthorized, |s| {
            let all = s.world.team_all(1, unit_id(1), &s.ben.clone(), &[&s.ben.clone()]);
            act(s, &s.ben, all)
        }),
        no("capacity-gives-nothing-unheld", E::NotAuthorized, |s| act(s, &s.ben, s.other)),
        no("capacity-gives-nothing-unknown", E::NotAuthorized, |s| {
            let chain = Chain::Keyring(s.team);
            let capacity = Some(Capacity { keyring: keyring_id(b'T', 66), seq: 1 });
            (chain, s.world.make_as(chain, &s.ben, capacity, &request(s)))
        }),
        no("unit-capacity-gives-nothing-unheld", E::NotAuthorized, |s| {
            let chain = Chain::Unit(unit_id(1));
            let attest = s.world.attestation(&s.cyd);
            (chain, s.world.make_as(chain, &s.ben, s.world.capacity(s.other), &attest))
        }),
    ]
}

/// Replaces somebody's signing key; answers them with the new one.
fn with_new_key(s: &mut Scene, who: &Person) -> Person {
    let key = SigningKey::from_bytes(&[0x92; 32]);
    let chain = Chain::User(who.user);
    let place = s.world.place(chain);
    let body = UserBody::Rotate { generation: 2, key: public(&key), proof: sign::key_proof(&key, &place) };
    s.world.put(chain, who, None, &body);
    Person { key, ..who.clone() }
}

fn keys() -> Vec<Case> {
    use ChainError as E;
    let mut all = both("keyring-key-goes-back", E::SupersededKey, Some(E::KeyGoesBack), |s| {
        let ben = s.ben.clone();
        let old = s.world.author(&ben, None);
        let renewed = with_new_key(s, &ben);
        let rotation = s.world.rotation(s.team);
        s.world.put(Chain::Keyring(s.team), &renewed, None, &rotation);
        let chain = Chain::Keyring(s.team);
        let link = sign::link(&ben.key, s.world.place(chain), old, super::world::NOW, &request(s));
        (chain, link.unwrap().to_bytes().unwrap())
    });
    all.extend(both("unit-key-goes-back", E::SupersededKey, Some(E::KeyGoesBack), |s| {
        let (ada, chain) = (s.ada.clone(), Chain::Unit(unit_id(1)));
        let old = s.world.author(&ada, s.admin());
        let renewed = with_new_key(s, &ada);
        let attest = s.world.attestation(&s.cyd);
        s.world.put(chain, &renewed, s.admin(), &attest);
        let attest = s.world.attestation(&s.dan);
        let link = sign::link(&ada.key, s.world.place(chain), old, super::world::NOW, &attest);
        (chain, link.unwrap().to_bytes().unwrap())
    }));
    all
}

/// Whoever makes a keyring of administrators for somebody else's unit does not come into that unit's files by it.
fn strangers() -> Vec<Case> {
    let files = keyring_id(b'D', 9);
    vec![no("data-for-other-administrators", ChainError::RecipientKind, move |s| {
        let own = keyring_id(b'A', 9);
        let admins = s.world.create_body(own, KeyringKind::OA, unit_id(1), &[s.dan.personal]);
        s.world.put(Chain::Keyring(own), &s.dan.clone(), None, &admins);
        let body = s.world.create_body(files, KeyringKind::OD, unit_id(1), &[own]);
        (Chain::Keyring(files), s.world.make_as(Chain::Keyring(files), &s.ada, s.admin(), &body))
    })]
}

fn under_root(s: &mut Scene, n: u8) -> UnitId {
    s.world.unit_under(n, Some(unit_id(1)), &s.ada.clone())
}

fn moved(s: &Scene, unit: UnitId, parent: UnitId) -> (Chain, Vec<u8>) {
    let chain = Chain::Unit(unit);
    (chain, s.world.make_as(chain, &s.ada, s.admin(), &UnitBody::Parent { parent }))
}

fn put(s: &mut Scene, (chain, bytes): (Chain, Vec<u8>)) {
    s.world.append(chain, &bytes).unwrap();
}

fn moves() -> Vec<Case> {
    use ChainError as E;
    let inherited = |s: &mut Scene| {
        let ward = under_root(s, 2);
        let room = s.world.unit_under(3, Some(ward), &s.ada.clone());
        let (own, above) = (keyring_id(b'A', 3), keyring_id(b'A', 2));
        let current = s.world.dir.keyring(own).unwrap().generation;
        let recipient = Some(s.world.recipient(own, current, above));
        let chain = Chain::Keyring(own);
        let link = s.world.make(chain, &s.ada, &KeyringBody::Parent { recipient });
        let away = moved(s, room, unit_id(1));
        put(s, away);
        (chain, link)
    };
    let crossed = |s: &mut Scene| {
        let (first, second) = (under_root(s, 2), under_root(s, 3));
        let link = moved(s, first, second);
        let other = moved(s, second, first);
        put(s, other);
        link
    };
    let mut all = both("administrators-of-a-former-parent", E::RecipientKind, None, inherited);
    all.extend(both("move-under-what-moved-below", E::ParentImpossible, None, crossed));
    all.push(case("later-move-under-itself", Mode::Replay, Some(E::ParentImpossible), |s| {
        let ward = under_root(s, 2);
        moved(s, ward, ward)
    }));
    all
}
