//! The state of a chain of links as bytes of which the digest is compared: positional arrays, sets ascending by id.
//!
//! * user: `[root, U, I, generation, key, [[device, since, revoked|nil]…], vault version|nil, recovery|nil, resets,
//!   [accepted attestation of each unit asked|nil…]]`
//! * keyring: `[generation, commit, prev_box|nil, [[member, generation, H(box), role, owner kind, owner, since]…],
//!   parent|nil, [[asked, role]…], rotation due, stale members, [members after each link…]]`
//! * unit: `[parent|nil, former parents, OA, OD|nil, policy as a sum, [[user, root, standing, link]…]]`

use relais_chain::codec::Writer;
use relais_chain::facts::Owner;
use relais_chain::hash;
use relais_chain::{KeyringChain, UnitChain, UserChain};
use relais_wire::ids::UnitId;

use crate::Hospital;
use crate::world::Chain;

/// Digest of a chain's state.
pub(crate) fn print(hospital: &Hospital, chain: Chain) -> String {
    let dir = &hospital.world.dir;
    let mut w = Writer::new();
    match chain {
        Chain::User(id) => user(&mut w, dir.user_chain(id).unwrap(), &hospital.units),
        Chain::Keyring(id) => keyring(&mut w, dir.keyring_chain(id).unwrap(), hospital),
        Chain::Unit(id) => unit(&mut w, dir.unit_chain(id).unwrap()),
    }
    hash::sha256(&w.finish().unwrap()).to_hex()
}

fn user(w: &mut Writer, chain: &UserChain, units: &[UnitId]) {
    let fact = chain.fact();
    w.array(10).bin(fact.root.as_bytes()).bin(fact.personal.id.as_bytes()).bin(fact.inbox.id.as_bytes());
    w.uint(chain.generation()).bin(&chain.key().to_bytes());
    w.array(chain.devices().count());
    for (id, device) in chain.devices() {
        w.array(3).bin(id.as_bytes()).uint(device.since_seq).opt_uint(device.revoked_seq);
    }
    w.opt_uint(chain.vault().map(|(version, _)| version));
    w.opt_bin(chain.recovery().as_ref().map(|key| &key[..]));
    w.array(chain.resets().len());
    for seq in chain.resets() {
        w.uint(*seq);
    }
    w.array(units.len());
    for unit in units {
        w.opt_bin(chain.attestation(*unit).as_ref().map(|link| &link.as_bytes()[..]));
    }
}

fn keyring(w: &mut Writer, chain: &KeyringChain, hospital: &Hospital) {
    let newest = chain.generation_at(chain.generation()).unwrap();
    w.array(9).uint(chain.generation()).bin(newest.commit.as_bytes()).opt_bin(newest.prev_box.as_deref());
    w.array(chain.members().count());
    for (id, member) in chain.members() {
        w.array(7).bin(id.as_bytes()).uint(member.generation).bin(member.box_hash.as_bytes());
        w.uint(member.role as u64).uint(u64::from(matches!(member.owner, Owner::Unit(_))));
        w.bin(member.owner.bytes()).uint(member.since_seq);
    }
    w.opt_bin(chain.parent().as_ref().map(|id| &id.as_bytes()[..]));
    w.array(chain.requests().count());
    for (id, role) in chain.requests() {
        w.array(2).bin(id.as_bytes()).uint(role as u64);
    }
    w.uint(chain.rotation_due().into());
    let stale = chain.stale_members(&hospital.world.dir);
    w.array(stale.len());
    for id in stale {
        w.bin(id.as_bytes());
    }
    let seq = chain.tail().seq();
    w.array(usize::try_from(seq).unwrap());
    for seq in 1..=seq {
        let mut there: Vec<_> = chain.tenures(seq).map(|(id, _)| id).collect();
        there.sort_unstable();
        w.array(there.len());
        for id in there {
            w.bin(id.as_bytes());
        }
    }
}

fn unit(w: &mut Writer, chain: &UnitChain) {
    let fact = chain.fact();
    w.array(6).opt_bin(fact.parent.as_ref().map(|unit| &unit.as_bytes()[..]));
    w.array(fact.former_parents.len());
    for unit in fact.former_parents {
        w.bin(unit.as_bytes());
    }
    w.bin(fact.admins.as_bytes()).opt_bin(chain.data().as_ref().map(|data| &data.id.as_bytes()[..]));
    let policy = chain.policy();
    w.uint(
        u64::from(policy.admins_inherit)
            + 2 * u64::from(policy.escrow)
            + 4 * u64::from(policy.admins_in_teams),
    );
    w.array(chain.members().count());
    for member in chain.members() {
        w.array(4).bin(member.attestation.user.as_bytes()).bin(member.attestation.root.as_bytes());
        w.uint(member.attestation.standing as u64).bin(member.link.as_bytes());
    }
}
