//! Random links of user, keyring and unit chains.

use ed25519_dalek::SigningKey;
use relais_chain::facts::{Capacity, Facts as _, KeyringKind, KeyringRef};
use relais_chain::keyring_body::{KeyringBody, Reason, Role};
use relais_chain::link::{Author, LinkBody, Place};
use relais_chain::unit::{Attestation, Standing, UnitBody, UnitPolicy};
use relais_chain::user_body::{Approval, UserBody};
use relais_chain::{hash, sign};
use relais_wire::ids::{Bytes32, DeviceId, KeyringId};
use serde_json::{Value, json};

use crate::world::{Chain, NOW, Person, generation, keyring_id, public};
use crate::{Hospital, line, named, prints};

/// Makes a random link and tries it.
pub(crate) fn step(h: &mut Hospital) -> Value {
    let (chain, bytes, new_key) = match h.rng.below(5) {
        0 => user_link(h),
        1 => unit_link(h),
        _ => keyring_link(h),
    };
    let bytes = h.damage(bytes);
    let mode = h.mode();
    let outcome = h.world.append_in(chain, &bytes, mode).map(|()| {
        let place = h.world.place(chain);
        json!({ "seq": place.seq - 1, "hash": place.prev.unwrap().to_hex(), "print": prints::print(h, chain) })
    });
    if outcome.is_ok() {
        taken(h, chain, new_key);
    }
    line(json!({ "link": named(chain, &bytes) }), mode, outcome)
}

/// Learns what an accepted link changed.
fn taken(h: &mut Hospital, chain: Chain, new_key: Option<(usize, SigningKey)>) {
    if let Some((n, key)) = new_key {
        h.people[n].key = key;
    }
    let Chain::Keyring(id) = chain else { return };
    if !h.keyrings.contains(&id) {
        h.keyrings.push(id);
        if h.world.dir.keyring(id).is_some_and(|fact| fact.kind == KeyringKind::TM) {
            h.teams.push(id);
        }
    }
}

type Made = (Chain, Vec<u8>, Option<(usize, SigningKey)>);

fn signed<B: LinkBody>(
    h: &mut Hospital,
    chain: Chain,
    who: &Person,
    capacity: Option<Capacity>,
    body: &B,
) -> Vec<u8> {
    let mut place = h.world.place(chain);
    let mut author = h.world.author(who, capacity);
    match h.rng.below(40) {
        0 => place.seq += 1,
        1 => place.prev = Some(Bytes32::from_bytes([9; 32])),
        2 => author.chain_seq = h.rng.below(author.chain_seq + 2),
        3 => place.chain_id[3] ^= 1,
        _ => {}
    }
    let key = if h.rng.one_in(30) { h.person().key } else { who.key.clone() };
    sign::link(&key, place, author, NOW, body).unwrap().to_bytes().unwrap()
}

fn user_link(h: &mut Hospital) -> Made {
    let n = h.rng.index(h.people.len());
    let who = h.people[n].clone();
    let chain = Chain::User(who.user);
    let place = h.world.place(chain);
    let device = DeviceId::from_bytes([h.rng.byte() % 3; 16]);
    let state = h.world.dir.user_chain(who.user).unwrap();
    let (vault, next) = (state.vault().map_or(0, |(version, _)| version), state.generation() + 1);
    let skew = u64::from(h.rng.one_in(6));
    let fresh = SigningKey::from_bytes(&[h.rng.byte(); 32]);
    let mut new_key = None;
    let body = match h.rng.below(8) {
        0 => UserBody::DeviceAdd { device, key: public(&fresh) },
        1 => UserBody::DeviceRevoke { device },
        2 => {
            new_key = Some((n, fresh.clone()));
            let prover = if h.rng.one_in(6) { &who.key } else { &fresh };
            let proof = sign::key_proof(prover, &place);
            UserBody::Rotate { generation: next + skew, key: public(&fresh), proof }
        }
        3 => UserBody::Vault { version: vault + 1 + skew, hash: Bytes32::from_bytes([5; 32]) },
        4 => UserBody::RecoveryRenewed { recovery: public(&fresh).to_bytes() },
        5 | 6 => {
            let link = (!h.rng.one_in(3)).then(|| Bytes32::from_bytes([h.rng.byte(); 32]));
            UserBody::Attestation { unit: *h.rng.pick(&h.units), link }
        }
        _ => {
            new_key = Some((n, fresh.clone()));
            let approvals = approvals(h, &place, &fresh);
            let unit = *h.rng.pick(&h.units);
            let proof = sign::key_proof(&fresh, &place);
            let body =
                UserBody::RecoveryReset { generation: next, key: public(&fresh), proof, unit, approvals };
            let author = Author { user: who.user, chain_seq: place.seq - 1, capacity: None };
            let link = sign::link(&fresh, place, author, NOW, &body).unwrap();
            return (chain, link.to_bytes().unwrap(), new_key);
        }
    };
    (chain, signed(h, chain, &who, None, &body), new_key)
}

fn approvals(h: &mut Hospital, place: &Place, fresh: &SigningKey) -> Vec<Approval> {
    let mut admins = vec![h.people[0].clone(), h.person()];
    admins.sort_by_key(|admin| admin.user);
    admins.dedup_by_key(|admin| admin.user);
    let approve = |admin: &Person| Approval {
        admin: admin.user,
        chain_seq: h.world.author(admin, None).chain_seq,
        capacity: h.world.capacity(keyring_id(b'A', 1)).unwrap(),
        sig: sign::reset_approval(&admin.key, place, &public(fresh)),
    };
    admins.iter().map(approve).collect()
}

fn unit_link(h: &mut Hospital) -> Made {
    let unit = *h.rng.pick(&h.units);
    let chain = Chain::Unit(unit);
    let who = if h.rng.one_in(4) { h.person() } else { h.people[0].clone() };
    let about = h.person();
    let body = match h.rng.below(6) {
        0 | 1 => {
            let root = h.world.dir.user(about.user).unwrap().root;
            let wrong = h.rng.one_in(8);
            UnitBody::Attest(Attestation {
                user: about.user,
                root: if wrong { Bytes32::from_bytes([1; 32]) } else { root },
                standing: *h.rng.pick(&[Standing::Professional, Standing::Staff, Standing::Patient]),
                name: hash::commitment("name", &[1; 16], "Dr Example"),
                email: hash::commitment("email", &[2; 16], "dr@example.invalid"),
            })
        }
        2 => UnitBody::Revoke { user: about.user },
        3 => UnitBody::Policy(UnitPolicy {
            admins_inherit: h.rng.one_in(2),
            escrow: h.rng.one_in(2),
            admins_in_teams: h.rng.one_in(2),
        }),
        4 => UnitBody::Parent { parent: *h.rng.pick(&h.units) },
        _ => {
            let id = h.keyring();
            let first = h.world.dir.keyring(id).unwrap().first;
            UnitBody::Data { data: KeyringRef { id, first } }
        }
    };
    let of = if h.rng.one_in(3) { h.keyring() } else { keyring_id(b'A', 1) };
    let capacity = h.capacity(of);
    (chain, signed(h, chain, &who, capacity, &body), None)
}

fn keyring_link(h: &mut Hospital) -> Made {
    let own = h.people.len() * 2;
    // The people's own keyrings come first in the list, and have no acts but rotation.
    let id = if h.rng.one_in(5) { h.keyring() } else { *h.rng.pick(&h.keyrings[own..]) };
    let chain = Chain::Keyring(id);
    let about = if h.rng.one_in(5) { h.keyring() } else { h.person().personal };
    let role = if h.rng.one_in(2) { Role::Holder } else { Role::Keeper };
    let body = match h.rng.below(9) {
        0 | 1 => rotation(h, id),
        2 | 3 => h.world.add(id, about, role),
        4 => KeyringBody::Remove { keyring: about, reason: Reason::Removed },
        5 => KeyringBody::Role { keyring: about, role },
        6 => KeyringBody::AddRequest { keyring: about, role },
        7 => {
            let admins = *h.rng.pick(&[keyring_id(b'A', 1), keyring_id(b'A', 2), about]);
            let generation = h.world.dir.keyring_chain(id).unwrap().generation();
            let recipient = (!h.rng.one_in(4)).then(|| h.world.recipient(id, generation, admins));
            KeyringBody::Parent { recipient }
        }
        _ => return new_keyring(h),
    };
    let (who, capacity) = signer(h, id);
    (chain, signed(h, chain, &who, capacity, &body), None)
}

/// Mostly somebody who holds the keyring or administers its unit.
fn signer(h: &mut Hospital, id: KeyringId) -> (Person, Option<Capacity>) {
    let owner = h.people.iter().find(|person| person.personal == id || person.inbox == id).cloned();
    if let (Some(owner), false) = (owner, h.rng.one_in(6)) {
        return (owner, None);
    }
    let chain = h.world.dir.keyring_chain(id);
    let holds = |person: &&Person| chain.is_some_and(|it| it.member(person.personal).is_some());
    let holders: Vec<_> = h.people.iter().filter(holds).cloned().collect();
    if !holders.is_empty() && h.rng.one_in(2) {
        return (h.rng.pick(&holders).clone(), None);
    }
    let who = if h.rng.one_in(4) { h.person() } else { h.people[0].clone() };
    let of = *h.rng.pick(&[
        keyring_id(b'A', 1),
        keyring_id(b'A', 1),
        keyring_id(b'A', 2),
        keyring_id(b'M', 1),
        id,
    ]);
    let capacity = h.capacity(of);
    (who, capacity)
}

fn rotation(h: &mut Hospital, id: KeyringId) -> KeyringBody {
    let mut body = h.world.rotation(id);
    if let KeyringBody::Rotate(new) = &mut body {
        match h.rng.below(16) {
            0 => new.generation += 1,
            1 => drop(new.recipients.pop()),
            2 => new.prev_box = None,
            3 => {
                if let Some(first) = new.recipients.first_mut() {
                    first.generation = h.rng.below(first.generation + 2);
                }
            }
            _ => {}
        }
    }
    body
}

/// A keyring that does not exist yet, of any kind, by anybody.
fn new_keyring(h: &mut Hospital) -> Made {
    let id = keyring_id(b'X', h.rng.byte());
    let kinds =
        [KeyringKind::TM, KeyringKind::TA, KeyringKind::OA, KeyringKind::OD, KeyringKind::U, KeyringKind::I];
    let kind = *h.rng.pick(&kinds);
    let unit = *h.rng.pick(&h.units);
    let members = [h.person().personal, h.keyring()];
    let count = if h.rng.one_in(3) { 2 } else { 1 };
    let mut to = members[..count].to_vec();
    to.sort_unstable();
    to.dedup();
    let mut body = h.world.create_body(id, kind, unit, &to);
    if let KeyringBody::Create { paired, first, .. } = &mut body {
        *paired = (kind == KeyringKind::TA).then(|| *h.rng.pick(&h.teams));
        if h.rng.one_in(10) {
            *first = generation(id, 2, first.recipients.clone());
        }
    }
    let (who, capacity) = signer(h, id);
    let chain = Chain::Keyring(id);
    (chain, signed(h, chain, &who, capacity, &body), None)
}
