//! A keyring at its limit: a thousand members, rotated for all of them by one link.

#![allow(clippy::unwrap_used, reason = "a test: a failure here is the report")]

use ed25519_dalek::SigningKey;
use relais_chain::facts::{
    Capacity, DeviceStanding, Facts, GenerationFact, Held, KeyringFact, KeyringKind, Owner, SignerFact,
    UnitFact, UserFact,
};
use relais_chain::keyring_body::{GenerationBody, KeyringBody, Reason, Recipient, Role};
use relais_chain::limits::KEYRING_RECIPIENTS_MAX;
use relais_chain::link::{Author, Place};
use relais_chain::{ChainError, KeyringChain, Mode, PublicKey, hash, sign};
use relais_wire::ids::{Bytes32, DeviceId, KeyringId, MsgId, ThreadId, UnitId, UserId};

const ADMINS: KeyringId = KeyringId::from_bytes([0xaa; 16]);
const TEAM: KeyringId = KeyringId::from_bytes([0xbb; 16]);
const UNIT: UnitId = UnitId::from_bytes([0xcc; 16]);
const APPEND: Mode = Mode::Append { now_ms: 0 };

/// A town where every user's keyring has the user's id and stands at generation 1.
struct Crowd {
    key: SigningKey,
}

fn user(n: usize) -> UserId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    UserId::from_bytes(id)
}

fn personal(n: usize) -> KeyringId {
    KeyringId::from_bytes(*user(n).as_bytes())
}

impl Facts for Crowd {
    fn signer(&self, _: UserId, _: u64) -> Option<SignerFact> {
        Some(SignerFact { key: PublicKey::from(self.key.verifying_key()), generation: 1, current: true })
    }
    fn device(&self, _: UserId, _: DeviceId, _: u64) -> Option<DeviceStanding> {
        None
    }
    fn user(&self, _: UserId) -> Option<UserFact> {
        None
    }
    fn keyring(&self, keyring: KeyringId) -> Option<KeyringFact> {
        let is_admins = keyring == ADMINS;
        let owner =
            if is_admins { Owner::Unit(UNIT) } else { Owner::User(UserId::from_bytes(*keyring.as_bytes())) };
        Some(KeyringFact {
            kind: if is_admins { KeyringKind::OA } else { KeyringKind::U },
            owner,
            paired: None,
            first: Bytes32::from_bytes([0; 32]),
            generation: 1,
        })
    }
    fn generation(&self, _: KeyringId, generation: u64) -> Option<GenerationFact> {
        (generation == 1).then_some(GenerationFact { since_seq: 1, current: true })
    }
    fn holds(&self, _: KeyringId, _: UserId, _: u64) -> Option<Held> {
        Some(Held { at: true, now: true })
    }
    fn unit(&self, _: UnitId) -> Option<UnitFact> {
        Some(UnitFact { parent: None, former_parents: vec![], admins: ADMINS })
    }
    fn head_at(&self, _: ThreadId, _: u64) -> Option<Bytes32> {
        None
    }
    fn seen(&self, _: ThreadId, _: MsgId) -> bool {
        false
    }
}

fn recipient(n: usize) -> Recipient {
    Recipient { keyring: personal(n), generation: 1, box_hash: hash::box_hash(&n.to_be_bytes()) }
}

fn body(generation: u64, members: usize) -> GenerationBody {
    GenerationBody {
        generation,
        key: Box::new([1; 1216]),
        commit: Bytes32::from_bytes([2; 32]),
        prev_box: (generation > 1).then(|| vec![3; 60]),
        recipients: (0..members).map(recipient).collect(),
        reason: Reason::Routine,
    }
}

impl Crowd {
    fn link(&self, place: Place, capacity: Option<Capacity>, body: &KeyringBody) -> Vec<u8> {
        let author = Author { user: user(0), chain_seq: 1, capacity };
        sign::link(&self.key, place, author, 0, body).unwrap().to_bytes().unwrap()
    }
}

#[test]
fn a_keyring_of_a_thousand_members_rotates_by_one_link_and_takes_no_more() {
    let crowd = Crowd { key: SigningKey::from_bytes(&[7; 32]) };
    let create = KeyringBody::Create {
        kind: KeyringKind::TM,
        owner: Owner::Unit(UNIT),
        paired: None,
        first: body(1, KEYRING_RECIPIENTS_MAX),
    };
    let capacity = Some(Capacity { keyring: ADMINS, seq: 1 });
    let first = crowd.link(Place::first(*TEAM.as_bytes()), capacity, &create);
    let mut chain = KeyringChain::start(&first, &crowd, APPEND).unwrap();
    assert_eq!(chain.members().count(), 1_000);

    let rotation = KeyringBody::Rotate(body(2, KEYRING_RECIPIENTS_MAX));
    let link = crowd.link(chain.tail().next(), None, &rotation);
    assert!(link.len() <= 64 * 1024, "{} bytes", link.len());
    chain.append(&link, &crowd, APPEND).unwrap();
    assert_eq!((chain.generation(), chain.tail().seq()), (2, 2));

    let add = KeyringBody::Add { recipient: recipient(KEYRING_RECIPIENTS_MAX), role: Role::Holder };
    let link = crowd.link(chain.tail().next(), None, &add);
    assert_eq!(chain.append(&link, &crowd, APPEND).unwrap_err(), ChainError::TooMany);
}
