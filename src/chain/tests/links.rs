//! Claims about user, keyring and unit chains. Rules: SEC-04 (nothing signed changes), ORG-02, ORG-03.

mod world;

use ed25519_dalek::SigningKey;
use relais_chain::facts::{Capacity, DeviceStanding, Facts as _, KeyringKind, Owner};
use relais_chain::keyring_body::{KeyringBody, Reason, Role};
use relais_chain::link::{Author, Place};
use relais_chain::unit::UnitBody;
use relais_chain::user_body::{Approval, UserBody};
use relais_chain::{ChainError, Directory, KeyringChain, Mode, Signed, UnitChain, UserChain, sign};
use relais_wire::ids::{Bytes32, DeviceId};
use world::{APPEND, Chain, NOW, Person, World, keyring_id, public, unit_id};

/// Ada administers a unit; Ben and Cyd manage its team; Dan is nobody there.
fn hospital() -> (World, [Person; 4], relais_wire::ids::KeyringId) {
    let mut world = World::new();
    let people = [1, 2, 3, 4].map(|n| world.person(n));
    let unit = world.unit(1, &people[0]);
    let team = world.team(1, unit, &people[0], &[&people[1], &people[2]]);
    (world, people, team)
}

#[test]
fn a_world_replays_in_its_own_order() {
    let (world, ..) = hospital();
    let mut again = World::new();
    for (chain, bytes) in &world.order {
        again.append_in(*chain, bytes, Mode::Replay).unwrap();
    }
    assert_eq!(again.links, world.links);
}

#[test]
fn a_rotated_key_signs_and_the_old_one_no_more() {
    let (mut world, [ada, ..], _) = hospital();
    let chain = Chain::User(ada.user);
    let new = SigningKey::from_bytes(&[0x91; 32]);
    let place = world.place(chain);
    let proof = sign::key_proof(&new, &place);
    let rotate = UserBody::Rotate { generation: 2, key: public(&new), proof };

    let stranger = UserBody::Rotate { generation: 2, key: public(&new), proof: [9; 64] };
    let bytes = world.make(chain, &ada, &stranger);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::BadProof));

    world.put(chain, &ada, None, &rotate);
    let vault = UserBody::Vault { version: 1, hash: Bytes32::from_bytes([1; 32]) };
    let bytes = world.make(chain, &ada, &vault);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::BadSignature));
    let ada = Person { key: new, ..ada };
    world.put(chain, &ada, None, &vault);
    let signer = |seq| world.dir.signer(ada.user, seq).unwrap();
    assert!(!signer(1).current && signer(2).current && signer(3).current);
    assert_eq!(world.dir.signer(ada.user, 4), None);
}

#[test]
fn a_pinned_head_catches_a_rolled_back_or_forked_chain() {
    let (mut world, [ada, ..], _) = hospital();
    let chain = Chain::User(ada.user);
    world.put(chain, &ada, None, &UserBody::Vault { version: 1, hash: Bytes32::from_bytes([1; 32]) });
    let tail = world.dir.user_chain(ada.user).unwrap().tail().clone();
    let (seq, head) = (tail.seq(), tail.head().unwrap());
    let short = UserChain::replay(world.links[&chain][..1].iter().map(Vec::as_slice), &world.dir).unwrap();
    assert_eq!(short.tail().check_pin(seq, &head), Err(ChainError::PinMismatch));
    assert_eq!(tail.check_pin(seq, &head), Ok(()));
    assert_eq!(tail.check_pin(0, &head), Err(ChainError::PinMismatch));
}

#[test]
fn devices_come_once_and_are_revoked_once() {
    let (mut world, [ada, ..], _) = hospital();
    let chain = Chain::User(ada.user);
    let device = DeviceId::from_bytes([5; 16]);
    let add = UserBody::DeviceAdd { device, key: public(&SigningKey::from_bytes(&[6; 32])) };
    let revoke = UserBody::DeviceRevoke { device };
    let refused = |world: &mut World, body: &UserBody| {
        let bytes = world.make(chain, &ada, body);
        world.append(chain, &bytes).unwrap_err()
    };
    assert_eq!(refused(&mut world, &revoke), ChainError::DeviceUnknown);
    world.put(chain, &ada, None, &add);
    assert_eq!(refused(&mut world, &add), ChainError::DeviceExists);
    world.put(chain, &ada, None, &revoke);
    assert_eq!(refused(&mut world, &revoke), ChainError::RevokedDevice);
    assert_eq!(world.dir.device(ada.user, device, 2), Some(DeviceStanding::RevokedSince));
    assert_eq!(world.dir.device(ada.user, device, 3), Some(DeviceStanding::Revoked));
}

#[test]
fn a_reset_needs_two_administrators_of_a_unit_the_user_accepted() {
    let (mut world, [ada, ben, cyd, dan], _) = hospital();
    let unit = unit_id(1);
    let admins = world.dir.unit(unit).unwrap().admins;
    let add = world.add(admins, ben.personal, Role::Keeper);
    world.put(Chain::Keyring(admins), &ada, None, &add);
    let chain = Chain::User(cyd.user);
    let new = Person { key: SigningKey::from_bytes(&[0x92; 32]), ..cyd.clone() };
    let reset = |world: &World, approvers: &[&Person]| {
        let place = world.place(chain);
        let approvals = approvers
            .iter()
            .map(|admin| Approval {
                admin: admin.user,
                chain_seq: 1,
                capacity: world.capacity(admins).unwrap(),
                sig: sign::reset_approval(&admin.key, &place, &public(&new.key)),
            })
            .collect();
        let proof = sign::key_proof(&new.key, &place);
        let body = UserBody::RecoveryReset { generation: 2, key: public(&new.key), proof, unit, approvals };
        world.make(chain, &new, &body)
    };
    let bytes = reset(&world, &[&ada, &ben]);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::NotAuthorized), "not accepted yet");
    let link = Some(Bytes32::from_bytes([3; 32]));
    world.put(chain, &cyd, None, &UserBody::Attestation { unit, link });
    let bytes = reset(&world, &[&ada]);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::ApprovalsMissing));
    let bytes = reset(&world, &[&ada, &ada]);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::Duplicate));
    let bytes = reset(&world, &[&ada, &dan]);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::CapacityNotHeld));
    let bytes = reset(&world, &[&ada, &ben]);
    world.append(chain, &bytes).unwrap();
    assert_eq!(world.dir.user_chain(cyd.user).unwrap().resets(), [3]);
}

#[test]
fn two_links_at_once_one_wins() {
    let (mut world, [ada, ..], team) = hospital();
    let chain = Chain::Keyring(team);
    let (a, b) = (world.rotation(team), world.rotation(team));
    let ben = Person::seeded(2);
    let cyd = Person::seeded(3);
    let (a, b) = (world.make(chain, &ben, &a), world.make(chain, &cyd, &b));
    world.append(chain, &a).unwrap();
    assert_eq!(world.append(chain, &b), Err(ChainError::PrevMismatch));
    let _ = ada;
}

#[test]
fn who_cannot_box_asks_and_a_member_boxes() {
    let (mut world, [ada, ben, cyd, dan], team) = hospital();
    let chain = Chain::Keyring(team);
    let admin = world.capacity(world.dir.unit(unit_id(1)).unwrap().admins);
    let add = world.add(team, dan.personal, Role::Holder);
    let bytes = world.make_as(chain, &ada, admin, &add);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::NotSeedHolder));
    world.put(chain, &ada, admin, &KeyringBody::AddRequest { keyring: dan.personal, role: Role::Holder });
    // Cyd is made a plain holder, so only the request lets her add Dan.
    world.put(chain, &ben, None, &KeyringBody::Role { keyring: cyd.personal, role: Role::Holder });
    let as_keeper = world.add(team, dan.personal, Role::Keeper);
    let bytes = world.make(chain, &cyd, &as_keeper);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::NotAuthorized));
    let add = world.add(team, dan.personal, Role::Holder);
    world.put(chain, &cyd, None, &add);
    let keyring = world.dir.keyring_chain(team).unwrap();
    assert!(keyring.member(dan.personal).is_some() && keyring.requests().next().is_none());
}

#[test]
fn a_removal_by_a_non_member_makes_a_rotation_due() {
    let (mut world, [ada, ben, cyd, dan], team) = hospital();
    let chain = Chain::Keyring(team);
    let admin = world.capacity(world.dir.unit(unit_id(1)).unwrap().admins);
    let remove = |who: &Person| KeyringBody::Remove { keyring: who.personal, reason: Reason::Removed };
    let bytes = world.make(chain, &dan, &remove(&cyd));
    assert_eq!(world.append(chain, &bytes), Err(ChainError::NotAuthorized));
    world.put(chain, &ada, admin, &remove(&cyd));
    assert!(world.dir.keyring_chain(team).unwrap().rotation_due());
    let bytes = world.make_as(chain, &ada, admin, &remove(&ben));
    assert_eq!(world.append(chain, &bytes), Err(ChainError::LastMember));
    let rotation = world.rotation(team);
    let bytes = world.make(chain, &cyd, &rotation);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::NotAuthorized), "no longer a member");
    let bytes = world.make_as(chain, &ada, admin, &rotation);
    assert_eq!(world.append(chain, &bytes), Err(ChainError::NotSeedHolder));
    world.put(chain, &ben, None, &rotation);
    assert!(!world.dir.keyring_chain(team).unwrap().rotation_due());
    let held = world.dir.holds(team, cyd.user, 1).unwrap();
    assert!(held.at && !held.now);
}

#[test]
fn the_last_manager_may_go_when_the_administrators_hold_the_team() {
    let (mut world, [ada, ben, cyd, _], team) = hospital();
    let chain = Chain::Keyring(team);
    let admins = world.dir.unit(unit_id(1)).unwrap().admins;
    let recipient = Some(world.recipient(team, 1, admins));
    world.put(chain, &ben, None, &KeyringBody::Parent { recipient });
    for who in [&ben, &cyd] {
        world.put(chain, who, None, &KeyringBody::Remove { keyring: who.personal, reason: Reason::Left });
    }
    let rotation = world.rotation(team);
    world.put(chain, &ada, world.capacity(admins), &rotation);
    assert!(world.dir.holds(team, ada.user, world.capacity(team).unwrap().seq).unwrap().now);
    let bytes = world.make_as(chain, &ada, world.capacity(admins), &KeyringBody::Parent { recipient: None });
    assert_eq!(world.append(chain, &bytes), Err(ChainError::LastMember));
}

#[test]
fn a_rotation_names_exactly_the_members_at_their_current_generations() {
    let (mut world, [_, ben, cyd, dan], team) = hospital();
    let chain = Chain::Keyring(team);
    let KeyringBody::Rotate(right) = world.rotation(team) else { unreachable!() };
    let try_with = |world: &mut World, change: &dyn Fn(&mut relais_chain::keyring_body::GenerationBody)| {
        let mut body = right.clone();
        change(&mut body);
        let bytes = world.make(chain, &ben, &KeyringBody::Rotate(body));
        world.append(chain, &bytes).unwrap_err()
    };
    assert_eq!(try_with(&mut world, &|b| b.recipients.truncate(1)), ChainError::RecipientsMismatch);
    let dan_box = world.recipient(team, 2, dan.personal);
    assert_eq!(try_with(&mut world, &|b| b.recipients.push(dan_box)), ChainError::RecipientsMismatch);
    assert_eq!(try_with(&mut world, &|b| b.recipients.swap(0, 1)), ChainError::Unsorted);
    assert_eq!(try_with(&mut world, &|b| b.generation = 3), ChainError::WrongGeneration);
    assert_eq!(try_with(&mut world, &|b| b.recipients[0].generation = 2), ChainError::UnknownGeneration);
    assert_eq!(try_with(&mut world, &|b| b.recipients[0].generation = 0), ChainError::GenerationGoesBack);
    // Cyd renews her own keyring: the prepared rotation is stale now, and so is the team.
    let own = world.rotation(cyd.personal);
    world.put(Chain::Keyring(cyd.personal), &cyd, None, &own);
    assert_eq!(try_with(&mut world, &|_| ()), ChainError::StaleGeneration);
    assert_eq!(world.dir.keyring_chain(team).unwrap().stale_members(&world.dir), [cyd.personal]);
}

#[test]
fn nobody_makes_a_team_or_joins_one_by_saying_so() {
    let (mut world, [ada, _, _, dan], team) = hospital();
    let fake = keyring_id(b'M', 9);
    let create = world.create_body(fake, KeyringKind::TM, unit_id(1), &[dan.personal]);
    let bytes = world.make(Chain::Keyring(fake), &dan, &create);
    assert_eq!(world.append(Chain::Keyring(fake), &bytes), Err(ChainError::NotAuthorized));
    let admin = world.capacity(world.dir.unit(unit_id(1)).unwrap().admins);
    let bytes = world.make_as(Chain::Keyring(fake), &dan, admin, &create);
    assert_eq!(world.append(Chain::Keyring(fake), &bytes), Err(ChainError::CapacityNotHeld));
    // An administrators' keyring of one's own making does not administer a unit that does not name it.
    let own = keyring_id(b'A', 9);
    let create_own = world.create_body(own, KeyringKind::OA, unit_id(1), &[dan.personal]);
    world.put(Chain::Keyring(own), &dan, None, &create_own);
    let bytes = world.make_as(Chain::Keyring(fake), &dan, world.capacity(own), &create);
    assert_eq!(world.append(Chain::Keyring(fake), &bytes), Err(ChainError::NotAuthorized));
    let add = world.add(team, dan.personal, Role::Keeper);
    let bytes = world.make(Chain::Keyring(team), &dan, &add);
    assert_eq!(world.append(Chain::Keyring(team), &bytes), Err(ChainError::NotAuthorized));
    let _ = ada;
}

#[test]
fn an_inbox_is_for_its_user_alone() {
    let (mut world, [ada, ben, ..], _) = hospital();
    let add = world.add(ada.inbox, ben.personal, Role::Holder);
    let bytes = world.make(Chain::Keyring(ada.inbox), &ada, &add);
    assert_eq!(world.append(Chain::Keyring(ada.inbox), &bytes), Err(ChainError::NotForThisKind));
    let bytes = world.make(Chain::Keyring(ada.inbox), &ben, &world.rotation(ada.inbox));
    assert_eq!(world.append(Chain::Keyring(ada.inbox), &bytes), Err(ChainError::NotAuthorized));
    let rotation = world.rotation(ada.inbox);
    world.put(Chain::Keyring(ada.inbox), &ada, None, &rotation);
}

#[test]
fn a_keyring_that_the_root_does_not_name_is_refused() {
    let (mut world, [ada, ..], _) = hospital();
    let id = keyring_id(b'U', 77);
    let body = KeyringBody::Create {
        kind: KeyringKind::U,
        owner: Owner::User(ada.user),
        paired: None,
        first: world::generation(id, 1, vec![]),
    };
    let bytes = world.make(Chain::Keyring(id), &ada, &body);
    assert_eq!(world.append(Chain::Keyring(id), &bytes), Err(ChainError::HashMismatch));
}

#[test]
fn a_unit_above_administers_and_the_tree_has_no_cycle() {
    // ORG-02, ORG-03
    let (mut world, [ada, ben, ..], _) = hospital();
    let ward = world.unit_under(2, Some(unit_id(1)), &ada);
    let room = world.unit_under(3, Some(ward), &ada);
    let root_admin = world.capacity(world.dir.unit(unit_id(1)).unwrap().admins);
    let attest = world.attestation(&ben);
    world.put(Chain::Unit(room), &ada, root_admin, &attest);
    let bytes = world.make_as(Chain::Unit(room), &ada, root_admin, &attest);
    assert_eq!(world.append(Chain::Unit(room), &bytes), Err(ChainError::AttestationState));
    for (unit, parent) in [(unit_id(1), ward), (ward, room), (ward, ward)] {
        let bytes = world.make_as(Chain::Unit(unit), &ada, root_admin, &UnitBody::Parent { parent });
        assert_eq!(world.append(Chain::Unit(unit), &bytes), Err(ChainError::ParentImpossible));
    }
    world.put(Chain::Unit(room), &ada, root_admin, &UnitBody::Parent { parent: unit_id(1) });
    world.put(Chain::Unit(room), &ada, root_admin, &UnitBody::Revoke { user: ben.user });
    let links = world.links[&Chain::Unit(room)].iter().map(Vec::as_slice);
    assert_eq!(UnitChain::replay(links, &world.dir).unwrap().tail().seq(), 6);
}

#[test]
fn a_capacity_never_goes_back() {
    let (mut world, [ada, ben, ..], team) = hospital();
    let chain = Chain::Keyring(team);
    let admins = world.dir.unit(unit_id(1)).unwrap().admins;
    let old = world.capacity(admins).unwrap();
    let add = world.add(admins, ben.personal, Role::Keeper);
    world.put(Chain::Keyring(admins), &ada, None, &add);
    let request = |n: u8| KeyringBody::AddRequest { keyring: keyring_id(b'U', n), role: Role::Holder };
    world.put(chain, &ada, world.capacity(admins), &request(4));
    let bytes = world.make_as(chain, &ada, Some(old), &request(1));
    assert_eq!(world.append(chain, &bytes), Err(ChainError::StaleCapacity));
    let future = Capacity { seq: 99, ..old };
    let bytes = world.make_as(chain, &ada, Some(future), &request(1));
    assert_eq!(world.append(chain, &bytes), Err(ChainError::UnknownCapacity));
}

#[test]
fn links_do_not_move_between_chains_or_types() {
    let (mut world, [ada, ben, ..], team) = hospital();
    let unit_link = world.links[&Chain::Unit(unit_id(1))][0].clone();
    assert_eq!(UserChain::start(&unit_link).unwrap_err(), ChainError::WrongChainType);
    let bytes = world.make(Chain::Keyring(ben.personal), &ben, &world.rotation(ben.personal));
    assert_eq!(world.append(Chain::Keyring(team), &bytes), Err(ChainError::WrongChain));
    let stub = Signed::parse(&bytes).unwrap().to_stub().to_bytes().unwrap();
    assert_eq!(world.append(Chain::Keyring(ben.personal), &stub), Err(ChainError::PayloadMissing));
    let place = Place { seq: 3, ..world.place(Chain::Keyring(ada.personal)) };
    let author = Author { user: ada.user, chain_seq: 1, capacity: None };
    let skip = sign::link(&ada.key, place, author, NOW, &world.rotation(ada.personal)).unwrap();
    let mut alone = world.dir.keyring_chain(ada.personal).unwrap().clone();
    let result = alone.append(&skip.to_bytes().unwrap(), &world.dir, APPEND);
    assert_eq!(result.unwrap_err(), ChainError::SeqMismatch);
    assert_eq!(&alone, world.dir.keyring_chain(ada.personal).unwrap(), "a refusal changes nothing");
}

#[test]
fn an_unknown_signer_is_told_apart_from_a_wrong_one() {
    let (world, [_, ben, ..], _) = hospital();
    let links = world.links[&Chain::Keyring(ben.personal)].iter().map(Vec::as_slice);
    let result = KeyringChain::replay(links, &Directory::new());
    assert_eq!(result.unwrap_err(), ChainError::UnknownSigner);
}

#[test]
fn a_membership_through_an_unknown_keyring_is_not_answered_with_no() {
    let (mut world, [ada, ben, ..], team) = hospital();
    let admins = world.dir.unit(unit_id(1)).unwrap().admins;
    let recipient = Some(world.recipient(team, 1, admins));
    world.put(Chain::Keyring(team), &ben, None, &KeyringBody::Parent { recipient });
    let seq = world.capacity(team).unwrap().seq;
    assert!(world.dir.holds(team, ada.user, seq).unwrap().now);
    let mut partial = Directory::new();
    partial.put_keyring(world.dir.keyring_chain(team).unwrap().clone());
    assert_eq!(partial.holds(team, ada.user, seq), None);
    partial.put_keyring(world.dir.keyring_chain(admins).unwrap().clone());
    assert!(partial.holds(team, ada.user, seq).unwrap().now);
}
