//! Links accepted and refused, upon one small hospital.

use ed25519_dalek::SigningKey;
use relais_chain::codec::Writer;
use relais_chain::facts::{Capacity, Facts as _, KeyringKind, KeyringRef, Owner};
use relais_chain::keyring_body::{KeyringBody, Reason, Role};
use relais_chain::link::{Author, LinkBody as _, LinkCore, Place};
use relais_chain::unit::{UnitBody, UnitPolicy};
use relais_chain::user_body::{Approval, UserBody};
use relais_chain::{ChainError, Mode, Signed, hash, sign};
use relais_wire::ids::{Bytes32, DeviceId, KeyringId};
use serde_json::{Value, json};

use super::Case;
use super::world::{Chain, NOW, Person, World, generation, keyring_id, public, unit_id};

/// Ada administers a unit; Ben and Cyd manage its first team, Dan its second; Eve is a patient.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) ada: Person,
    pub(crate) ben: Person,
    pub(crate) cyd: Person,
    pub(crate) dan: Person,
    pub(crate) eve: Person,
    pub(crate) team: KeyringId,
    pub(crate) other: KeyringId,
    base: usize,
}

pub(crate) fn hospital() -> Scene {
    let mut world = World::new();
    let [ada, ben, cyd, dan, eve] = [1, 2, 3, 4, 5].map(|n| world.person(n));
    let unit = world.unit(1, &ada);
    let team = world.team(1, unit, &ada, &[&ben, &cyd]);
    let other = world.team(2, unit, &ada, &[&dan]);
    let attest = world.attestation(&ben);
    world.put(Chain::Unit(unit), &ada, world.capacity(keyring_id(b'A', 1)), &attest);
    let base = world.order.len();
    Scene { world, ada, ben, cyd, dan, eve, team, other, base }
}

impl Scene {
    pub(crate) fn admin(&self) -> Option<Capacity> {
        self.world.capacity(keyring_id(b'A', 1))
    }

    /// Links made since the hospital stood.
    pub(crate) fn after(&self) -> Value {
        self.world.order[self.base..].iter().map(|(chain, bytes)| tuple(*chain, bytes)).collect()
    }
}

fn tuple(chain: Chain, bytes: &[u8]) -> Value {
    let (kind, id) = match chain {
        Chain::User(id) => ("user", id.to_hex()),
        Chain::Keyring(id) => ("keyring", id.to_hex()),
        Chain::Unit(id) => ("unit", id.to_hex()),
    };
    json!([kind, id, hex::encode(bytes)])
}

pub(crate) fn worlds() -> Value {
    let scene = hospital();
    let links: Value = scene.world.order.iter().map(|(chain, bytes)| tuple(*chain, bytes)).collect();
    json!({ "hospital": links })
}

/// Runs one case: `make` may change the world, then answers the link to try.
pub(crate) fn case(
    id: &str,
    mode: Mode,
    expected: Option<ChainError>,
    make: impl FnOnce(&mut Scene) -> (Chain, Vec<u8>),
) -> Case {
    let mut scene = hospital();
    let (chain, bytes) = make(&mut scene);
    let after = scene.after();
    let result = scene.world.append_in(chain, &bytes, mode);
    assert_eq!(result.err(), expected, "{id}");
    let mut inputs = json!({ "world": "hospital", "after": after, "link": tuple(chain, &bytes) });
    if let Mode::Append { now_ms } = mode {
        inputs["now_ms"] = json!(now_ms);
    }
    let place = scene.world.place(chain);
    let outcome = result.map(|()| json!({ "seq": place.seq - 1, "hash": place.prev.unwrap().to_hex() }));
    Case { id: format!("link-{id}"), op: "link.append", inputs, outcome }
}

pub(crate) const APPEND: Mode = Mode::Append { now_ms: NOW };

fn ok(id: &str, make: impl FnOnce(&mut Scene) -> (Chain, Vec<u8>)) -> Case {
    case(&format!("ok-{id}"), APPEND, None, make)
}

fn no(id: &str, error: ChainError, make: impl FnOnce(&mut Scene) -> (Chain, Vec<u8>)) -> Case {
    case(&format!("no-{id}"), APPEND, Some(error), make)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = users();
    all.extend(resets());
    all.extend(keyrings());
    all.extend(creations());
    all.extend(units());
    all.extend(envelopes());
    all
}

fn new_key() -> SigningKey {
    SigningKey::from_bytes(&[0x91; 32])
}

fn rotate(s: &Scene, generation: u64, key: &SigningKey) -> UserBody {
    let place = s.world.place(Chain::User(s.ada.user));
    UserBody::Rotate { generation, key: public(key), proof: sign::key_proof(key, &place) }
}

fn by_ada(s: &Scene, body: &UserBody) -> (Chain, Vec<u8>) {
    let chain = Chain::User(s.ada.user);
    (chain, s.world.make(chain, &s.ada, body))
}

fn vault(version: u64) -> UserBody {
    UserBody::Vault { version, hash: Bytes32::from_bytes([1; 32]) }
}

fn device() -> (UserBody, UserBody) {
    let device = DeviceId::from_bytes([5; 16]);
    let key = public(&SigningKey::from_bytes(&[6; 32]));
    (UserBody::DeviceAdd { device, key }, UserBody::DeviceRevoke { device })
}

fn users() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("vault", |s| by_ada(s, &vault(1))),
        ok("device-add", |s| by_ada(s, &device().0)),
        ok("recovery-renewed", |s| {
            by_ada(s, &UserBody::RecoveryRenewed { recovery: public(&new_key()).to_bytes() })
        }),
        ok("rotate", |s| by_ada(s, &rotate(s, 2, &new_key()))),
        no("vault-version-skips", E::WrongGeneration, |s| by_ada(s, &vault(2))),
        no("device-twice", E::DeviceExists, |s| {
            let chain = Chain::User(s.ada.user);
            s.world.put(chain, &s.ada.clone(), None, &device().0);
            by_ada(s, &device().0)
        }),
        no("device-unknown", E::DeviceUnknown, |s| by_ada(s, &device().1)),
        no("device-revoked-twice", E::RevokedDevice, |s| {
            let chain = Chain::User(s.ada.user);
            s.world.put(chain, &s.ada.clone(), None, &device().0);
            s.world.put(chain, &s.ada.clone(), None, &device().1);
            by_ada(s, &device().1)
        }),
        no("rotate-without-new-key", E::BadProof, |s| {
            by_ada(s, &UserBody::Rotate { generation: 2, key: public(&new_key()), proof: [9; 64] })
        }),
        no("rotate-generation", E::WrongGeneration, |s| by_ada(s, &rotate(s, 3, &new_key()))),
        no("rotate-same-key", E::KeyReused, |s| by_ada(s, &rotate(s, 2, &s.ada.key))),
        no("rotate-by-new-key", E::BadSignature, |s| {
            let thief = Person { key: new_key(), ..s.ada.clone() };
            let chain = Chain::User(s.ada.user);
            (chain, s.world.make(chain, &thief, &rotate(s, 2, &new_key())))
        }),
        no("small-order-device", E::KeySmallOrder, |s| {
            let mut w = Writer::new();
            w.array(2).bin(&[5; 16]).bin(&[0; 32]);
            raw(s, 2, w.finish().unwrap())
        }),
        no("non-canonical-device", E::KeyNotCanonical, |s| {
            let mut w = Writer::new();
            w.array(2).bin(&[5; 16]).bin(&[0xff; 32]);
            raw(s, 2, w.finish().unwrap())
        }),
        no("reserved-kind", E::ReservedKind, |s| raw(s, 9, vec![0x90])),
        no("unknown-kind", E::UnknownKind, |s| raw(s, 10, vec![0x90])),
        no("payload-arity", E::WrongArity, |s| raw(s, 3, vec![0x90])),
        no("second-root", E::MisplacedRoot, |s| {
            let fact = s.world.dir.user(s.ada.user).unwrap();
            let key = public(&s.ada.key);
            let (personal, inbox) = (fact.personal, fact.inbox);
            by_ada(s, &UserBody::Root { key, personal, inbox, recovery: None })
        }),
        no("attestation-end-without", E::AttestationState, |s| {
            by_ada(s, &UserBody::Attestation { unit: unit_id(1), link: None })
        }),
        no("author-is-another", E::NotAuthorized, |s| {
            let chain = Chain::User(s.ada.user);
            (chain, s.world.make(chain, &s.ben, &vault(1)))
        }),
    ]
}

/// A link of Ada's chain with a payload of one's own making.
fn raw(s: &Scene, kind: u64, payload: Vec<u8>) -> (Chain, Vec<u8>) {
    let chain = Chain::User(s.ada.user);
    let core = LinkCore {
        chain_type: relais_chain::link::ChainType::User,
        place: s.world.place(chain),
        kind,
        author: s.world.author(&s.ada, None),
        ts_ms: NOW,
    };
    let signed = sign::seal(&s.ada.key, hash::LABEL_USER, core.to_bytes().unwrap(), payload);
    (chain, signed.to_bytes().unwrap())
}

/// Cyd's keys reset by these approvers, after Ben became an administrator too.
fn reset(s: &mut Scene, accepted: bool, approvers: &[u8]) -> (Chain, Vec<u8>) {
    let (admins, unit) = (keyring_id(b'A', 1), unit_id(1));
    let add = s.world.add(admins, s.ben.personal, Role::Keeper);
    s.world.put(Chain::Keyring(admins), &s.ada.clone(), None, &add);
    let chain = Chain::User(s.cyd.user);
    if accepted {
        let link = Some(Bytes32::from_bytes([3; 32]));
        s.world.put(chain, &s.cyd.clone(), None, &UserBody::Attestation { unit, link });
    }
    let new = Person { key: new_key(), ..s.cyd.clone() };
    let place = s.world.place(chain);
    let approvals = approvers
        .iter()
        .map(|n| {
            let admin = Person::seeded(*n);
            Approval {
                admin: admin.user,
                chain_seq: 1,
                capacity: s.world.capacity(admins).unwrap(),
                sig: sign::reset_approval(&admin.key, &place, &public(&new.key)),
            }
        })
        .collect();
    let proof = sign::key_proof(&new.key, &place);
    let body = UserBody::RecoveryReset { generation: 2, key: public(&new.key), proof, unit, approvals };
    (chain, s.world.make(chain, &new, &body))
}

fn resets() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("reset", |s| reset(s, true, &[1, 2])),
        no("reset-not-accepted", E::NotAuthorized, |s| reset(s, false, &[1, 2])),
        no("reset-one-approver", E::ApprovalsMissing, |s| reset(s, true, &[1])),
        no("reset-same-approver", E::Duplicate, |s| reset(s, true, &[1, 1])),
        no("reset-approvers-order", E::Unsorted, |s| reset(s, true, &[2, 1])),
        no("reset-by-no-administrator", E::CapacityNotHeld, |s| reset(s, true, &[1, 4])),
    ]
}

fn on_team(s: &Scene, who: &Person, capacity: Option<Capacity>, body: &KeyringBody) -> (Chain, Vec<u8>) {
    let chain = Chain::Keyring(s.team);
    (chain, s.world.make_as(chain, who, capacity, body))
}

fn rotation_with(
    s: &Scene,
    change: impl FnOnce(&mut relais_chain::keyring_body::GenerationBody),
) -> (Chain, Vec<u8>) {
    let KeyringBody::Rotate(mut body) = s.world.rotation(s.team) else { unreachable!() };
    change(&mut body);
    on_team(s, &s.ben, None, &KeyringBody::Rotate(body))
}

fn remove(who: &Person) -> KeyringBody {
    KeyringBody::Remove { keyring: who.personal, reason: Reason::Removed }
}

fn keyrings() -> Vec<Case> {
    use ChainError as E;
    let request = |s: &Scene| KeyringBody::AddRequest { keyring: s.dan.personal, role: Role::Holder };
    vec![
        ok("add", |s| on_team(s, &s.ben, None, &s.world.add(s.team, s.dan.personal, Role::Holder))),
        ok("rotate-keyring", |s| rotation_with(s, |_| ())),
        ok("remove-by-administrator", |s| on_team(s, &s.ada, s.admin(), &remove(&s.cyd))),
        ok("leave-keyring", |s| on_team(s, &s.cyd, None, &remove(&s.cyd))),
        ok("add-request", |s| on_team(s, &s.ada, s.admin(), &request(s))),
        ok("parent", |s| {
            let recipient = Some(s.world.recipient(s.team, 1, keyring_id(b'A', 1)));
            on_team(s, &s.ben, None, &KeyringBody::Parent { recipient })
        }),
        ok("history-wall", |s| rotation_with(s, |body| body.prev_box = None)),
        no("add-by-stranger", E::NotAuthorized, |s| {
            on_team(s, &s.dan, None, &s.world.add(s.team, s.dan.personal, Role::Keeper))
        }),
        no("add-without-seed", E::NotSeedHolder, |s| {
            on_team(s, &s.ada, s.admin(), &s.world.add(s.team, s.dan.personal, Role::Holder))
        }),
        no("add-twice", E::AlreadyMember, |s| {
            on_team(s, &s.ben, None, &s.world.add(s.team, s.cyd.personal, Role::Holder))
        }),
        no("add-inbox", E::RecipientKind, |s| {
            on_team(s, &s.ben, None, &s.world.add(s.team, s.dan.inbox, Role::Holder))
        }),
        no("add-unknown", E::UnknownKeyring, |s| {
            on_team(s, &s.ben, None, &s.world.add(s.team, keyring_id(b'U', 99), Role::Holder))
        }),
        no("remove-by-stranger", E::NotAuthorized, |s| on_team(s, &s.dan, None, &remove(&s.cyd))),
        no("remove-no-member", E::NotMember, |s| on_team(s, &s.ben, None, &remove(&s.dan))),
        no("remove-last", E::LastMember, |s| {
            s.world.put(Chain::Keyring(s.team), &s.ada.clone(), s.admin(), &remove(&s.cyd));
            on_team(s, &s.ada, s.admin(), &remove(&s.ben))
        }),
        no("rotate-by-removed", E::NotAuthorized, |s| {
            s.world.put(Chain::Keyring(s.team), &s.ada.clone(), s.admin(), &remove(&s.cyd));
            on_team(s, &s.cyd, None, &s.world.rotation(s.team))
        }),
        no("rotate-missing-member", E::RecipientsMismatch, |s| {
            rotation_with(s, |body| body.recipients.truncate(1))
        }),
        no("rotate-ghost", E::RecipientsMismatch, |s| {
            let ghost = s.world.recipient(s.team, 2, s.dan.personal);
            rotation_with(s, |body| body.recipients.push(ghost))
        }),
        no("rotate-duplicate", E::Duplicate, |s| {
            rotation_with(s, |body| body.recipients[1] = body.recipients[0])
        }),
        no("rotate-unsorted", E::Unsorted, |s| rotation_with(s, |body| body.recipients.swap(0, 1))),
        no("rotate-skips", E::WrongGeneration, |s| rotation_with(s, |body| body.generation = 3)),
        no("rotate-future-generation", E::UnknownGeneration, |s| {
            rotation_with(s, |body| body.recipients[0].generation = 2)
        }),
        no("rotate-generation-back", E::GenerationGoesBack, |s| {
            rotation_with(s, |body| body.recipients[0].generation = 0)
        }),
        no("rotate-stale-member", E::StaleGeneration, |s| {
            let link = rotation_with(s, |_| ());
            let own = s.world.rotation(s.cyd.personal);
            s.world.put(Chain::Keyring(s.cyd.personal), &s.cyd.clone(), None, &own);
            link
        }),
        no("compare-and-swap", E::PrevMismatch, |s| {
            let late = on_team(s, &s.cyd, None, &s.world.rotation(s.team));
            let first = s.world.rotation(s.team);
            s.world.put(Chain::Keyring(s.team), &s.ben.clone(), None, &first);
            late
        }),
        no("role-last-keeper", E::LastMember, |s| {
            let role = Role::Holder;
            let cyd = KeyringBody::Role { keyring: s.cyd.personal, role };
            s.world.put(Chain::Keyring(s.team), &s.ben.clone(), None, &cyd);
            on_team(s, &s.ben, None, &KeyringBody::Role { keyring: s.ben.personal, role })
        }),
        no("parent-not-administrators", E::RecipientKind, |s| {
            let recipient = Some(s.world.recipient(s.team, 1, s.dan.personal));
            on_team(s, &s.ben, None, &KeyringBody::Parent { recipient })
        }),
        no("inbox-shared", E::NotForThisKind, |s| {
            let chain = Chain::Keyring(s.ada.inbox);
            (chain, s.world.make(chain, &s.ada, &s.world.add(s.ada.inbox, s.ben.personal, Role::Holder)))
        }),
        no("capacity-of-another", E::CapacityNotHeld, |s| on_team(s, &s.dan, s.admin(), &remove(&s.cyd))),
        no("capacity-unknown", E::UnknownCapacity, |s| {
            let capacity = s.admin().map(|admin| Capacity { seq: 99, ..admin });
            on_team(s, &s.ada, capacity, &remove(&s.cyd))
        }),
        no("capacity-goes-back", E::StaleCapacity, |s| {
            let old = s.admin();
            let admins = keyring_id(b'A', 1);
            let add = s.world.add(admins, s.ben.personal, Role::Keeper);
            s.world.put(Chain::Keyring(admins), &s.ada.clone(), None, &add);
            s.world.put(Chain::Keyring(s.team), &s.ada.clone(), s.admin(), &request(s));
            on_team(s, &s.ada, old, &remove(&s.cyd))
        }),
        case("ok-stale-member-later", Mode::Replay, None, |s| {
            let link = rotation_with(s, |_| ());
            let own = s.world.rotation(s.cyd.personal);
            s.world.put(Chain::Keyring(s.cyd.personal), &s.cyd.clone(), None, &own);
            link
        }),
    ]
}

fn creations() -> Vec<Case> {
    use ChainError as E;
    let id = keyring_id(b'M', 9);
    vec![
        ok("create-team", move |s| {
            let body = s.world.create_body(id, KeyringKind::TM, unit_id(1), &[s.dan.personal]);
            (Chain::Keyring(id), s.world.make_as(Chain::Keyring(id), &s.ada, s.admin(), &body))
        }),
        no("create-team-by-nobody", E::NotAuthorized, move |s| {
            let body = s.world.create_body(id, KeyringKind::TM, unit_id(1), &[s.dan.personal]);
            (Chain::Keyring(id), s.world.make(Chain::Keyring(id), &s.dan, &body))
        }),
        no("create-team-own-administrators", E::NotAuthorized, move |s| {
            let own = keyring_id(b'A', 9);
            let admins = s.world.create_body(own, KeyringKind::OA, unit_id(1), &[s.dan.personal]);
            s.world.put(Chain::Keyring(own), &s.dan.clone(), None, &admins);
            let body = s.world.create_body(id, KeyringKind::TM, unit_id(1), &[s.dan.personal]);
            let capacity = s.world.capacity(own);
            (Chain::Keyring(id), s.world.make_as(Chain::Keyring(id), &s.dan, capacity, &body))
        }),
        no("create-empty-team", E::RecipientsMismatch, move |s| {
            let body = s.world.create_body(id, KeyringKind::TM, unit_id(1), &[]);
            (Chain::Keyring(id), s.world.make_as(Chain::Keyring(id), &s.ada, s.admin(), &body))
        }),
        no("create-with-history", E::PrevBox, move |s| {
            let mut body = s.world.create_body(id, KeyringKind::TM, unit_id(1), &[s.dan.personal]);
            if let KeyringBody::Create { first, .. } = &mut body {
                first.prev_box = Some(vec![1; 60]);
            }
            (Chain::Keyring(id), s.world.make_as(Chain::Keyring(id), &s.ada, s.admin(), &body))
        }),
        no("create-unnamed-by-root", E::HashMismatch, |s| {
            let id = keyring_id(b'U', 77);
            let body = KeyringBody::Create {
                kind: KeyringKind::U,
                owner: Owner::User(s.ada.user),
                paired: None,
                first: generation(id, 1, vec![]),
            };
            (Chain::Keyring(id), s.world.make(Chain::Keyring(id), &s.ada, &body))
        }),
    ]
}

fn on_unit(s: &Scene, who: &Person, capacity: Option<Capacity>, body: &UnitBody) -> (Chain, Vec<u8>) {
    let chain = Chain::Unit(unit_id(1));
    (chain, s.world.make_as(chain, who, capacity, body))
}

fn units() -> Vec<Case> {
    use ChainError as E;
    vec![
        ok("attest", |s| on_unit(s, &s.ada, s.admin(), &s.world.attestation(&s.cyd))),
        ok("unit-policy", |s| {
            let policy = UnitPolicy { admins_in_teams: true, ..UnitPolicy::default() };
            on_unit(s, &s.ada, s.admin(), &UnitBody::Policy(policy))
        }),
        ok("revoke-attestation", |s| on_unit(s, &s.ada, s.admin(), &UnitBody::Revoke { user: s.ben.user })),
        no("attest-twice", E::AttestationState, |s| {
            on_unit(s, &s.ada, s.admin(), &s.world.attestation(&s.ben))
        }),
        no("attest-other-root", E::HashMismatch, |s| {
            let UnitBody::Attest(mut attestation) = s.world.attestation(&s.cyd) else { unreachable!() };
            attestation.root = Bytes32::from_bytes([9; 32]);
            on_unit(s, &s.ada, s.admin(), &UnitBody::Attest(attestation))
        }),
        no("attest-by-member", E::NotAuthorized, |s| {
            on_unit(s, &s.ben, s.world.capacity(s.team), &s.world.attestation(&s.cyd))
        }),
        no("attest-without-capacity", E::NotAuthorized, |s| {
            on_unit(s, &s.ada, None, &s.world.attestation(&s.cyd))
        }),
        no("revoke-unattested", E::AttestationState, |s| {
            on_unit(s, &s.ada, s.admin(), &UnitBody::Revoke { user: s.dan.user })
        }),
        no("root-gets-parent", E::ParentImpossible, |s| {
            let ward = s.world.unit_under(2, Some(unit_id(1)), &s.ada.clone());
            on_unit(s, &s.ada, s.admin(), &UnitBody::Parent { parent: ward })
        }),
        no("unknown-parent", E::UnknownUnit, |s| {
            on_unit(s, &s.ada, s.admin(), &UnitBody::Parent { parent: unit_id(8) })
        }),
        no("genesis-other-founder", E::HashMismatch, |s| {
            let (unit, admins) = (unit_id(9), keyring_id(b'A', 9));
            let create = s.world.create_body(admins, KeyringKind::OA, unit, &[s.dan.personal]);
            s.world.put(Chain::Keyring(admins), &s.dan.clone(), None, &create);
            let admins = KeyringRef { id: admins, first: s.world.dir.keyring(admins).unwrap().first };
            let founder = s.world.dir.user(s.ada.user).unwrap().root;
            let body = UnitBody::Genesis { parent: None, admins, founder };
            (Chain::Unit(unit), s.world.make(Chain::Unit(unit), &s.dan, &body))
        }),
        no("genesis-takes-keyring-of-another-unit", E::RecipientKind, |s| {
            let admins = keyring_id(b'A', 1);
            let admins = KeyringRef { id: admins, first: s.world.dir.keyring(admins).unwrap().first };
            let founder = s.world.dir.user(s.ada.user).unwrap().root;
            let body = UnitBody::Genesis { parent: None, admins, founder };
            let unit = unit_id(9);
            (Chain::Unit(unit), s.world.make(Chain::Unit(unit), &s.ada, &body))
        }),
    ]
}

fn envelopes() -> Vec<Case> {
    use ChainError as E;
    let rewrite = |s: &Scene, change: &dyn Fn(&mut LinkCore)| {
        let chain = Chain::User(s.ada.user);
        let body = vault(1);
        let mut core = LinkCore {
            chain_type: relais_chain::link::ChainType::User,
            place: s.world.place(chain),
            kind: body.kind(),
            author: s.world.author(&s.ada, None),
            ts_ms: NOW,
        };
        change(&mut core);
        let signed =
            sign::seal(&s.ada.key, hash::LABEL_USER, core.to_bytes().unwrap(), body.to_bytes().unwrap());
        (chain, signed.to_bytes().unwrap())
    };
    let patched = |s: &Scene, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let (chain, bytes) = by_ada(s, &vault(1));
        let signed = Signed::parse(&bytes).unwrap();
        let core = change(signed.core().to_vec());
        let again = sign::seal(&s.ada.key, hash::LABEL_USER, core, signed.payload().unwrap().to_vec());
        (chain, again.to_bytes().unwrap())
    };
    vec![
        no("wrong-chain", E::WrongChain, |s| {
            let chain = Chain::Keyring(s.ben.personal);
            (Chain::Keyring(s.team), s.world.make(chain, &s.ben, &s.world.rotation(s.ben.personal)))
        }),
        no("wrong-type", E::WrongChainType, |s| {
            let chain = Chain::Keyring(s.ada.personal);
            let bytes = s.world.make(chain, &s.ada, &s.world.rotation(s.ada.personal));
            (Chain::User(s.ada.user), bytes)
        }),
        no("seq-skips", E::SeqMismatch, |s| rewrite(s, &|core| core.place.seq += 1)),
        no("author-seq", E::SeqMismatch, |s| rewrite(s, &|core| core.author.chain_seq += 1)),
        no("other-prev", E::PrevMismatch, |s| {
            rewrite(s, &|core| core.place.prev = Some(Bytes32::from_bytes([1; 32])))
        }),
        no("self-capacity", E::NotAuthorized, |s| {
            let capacity = s.admin();
            rewrite(s, &|core| core.author.capacity = capacity)
        }),
        no("version", E::UnknownVersion, |s| {
            patched(s, &|mut core| {
                core[1] = 2;
                core
            })
        }),
        no("core-trailing-byte", E::TrailingBytes, |s| {
            patched(s, &|mut core| {
                core.push(0);
                core
            })
        }),
        no("core-arity", E::WrongArity, |s| {
            patched(s, &|mut core| {
                core[0] = 0x99;
                core.pop();
                core
            })
        }),
        no("signature-flipped", E::BadSignature, |s| {
            let (chain, mut bytes) = by_ada(s, &vault(1));
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            (chain, bytes)
        }),
        no("payload-swapped", E::BadSignature, |s| {
            let signed = Signed::parse(&by_ada(s, &vault(1)).1).unwrap();
            let other = UserBody::Vault { version: 1, hash: Bytes32::from_bytes([2; 32]) };
            let swapped = Signed::whole(signed.core().to_vec(), other.to_bytes().unwrap(), *signed.sig());
            (Chain::User(s.ada.user), swapped.to_bytes().unwrap())
        }),
        no("link-stub", E::PayloadMissing, |s| {
            let signed = Signed::parse(&by_ada(s, &vault(1)).1).unwrap();
            (Chain::User(s.ada.user), signed.to_stub().to_bytes().unwrap())
        }),
        no("unknown-signer", E::UnknownSigner, |s| {
            let stranger = Person::seeded(42);
            let id = keyring_id(b'A', 42);
            let body = s.world.create_body(id, KeyringKind::OA, unit_id(42), &[s.ada.personal]);
            let author = Author { user: stranger.user, chain_seq: 1, capacity: None };
            let signed = sign::link(&stranger.key, Place::first(*id.as_bytes()), author, NOW, &body);
            (Chain::Keyring(id), signed.unwrap().to_bytes().unwrap())
        }),
        no("superseded-key", E::SupersededKey, |s| {
            let link = on_team(s, &s.ben, None, &s.world.rotation(s.team));
            let new = new_key();
            let chain = Chain::User(s.ben.user);
            let proof = sign::key_proof(&new, &s.world.place(chain));
            let rotate = UserBody::Rotate { generation: 2, key: public(&new), proof };
            s.world.put(chain, &s.ben.clone(), None, &rotate);
            link
        }),
    ]
}
