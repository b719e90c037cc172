//! Each switch of the feature `mutations` lets through what its check refuses: the tests of refusals can fail.

#![cfg(feature = "mutations")]
#![expect(clippy::unwrap_used, reason = "a test: a failure here is the failure to report")]

mod world;

use relais_chain::Signed;
use relais_chain::control::Form;
use relais_chain::entry::{EntryCore, Kind};
use relais_chain::party::ThreadRole;
use relais_chain::thread::Applied;
use relais_chain::unit::Standing;
use relais_e2ee::account::{self, Account};
use relais_e2ee::body::Body;
use relais_e2ee::entropy::ReplayedEntropy;
use relais_e2ee::files::{Decryptor, Encryptor};
use relais_e2ee::generations::Seeds;
use relais_e2ee::objects::{self, Pins};
use relais_e2ee::opaque::{Identity, KsfParams, Registering};
use relais_e2ee::sealed::{self, DecKey, Recipient, SeedOf, commit};
use relais_e2ee::secret::{Secret, SecretBytes, Seed};
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, message, mutations};
use relais_wire::account::{Ksf, Object};
use relais_wire::ids::{BlobId, Bytes32, KeyringId, Seq, ThreadId, UserId};
use world::{NOW, World};

type Attack = fn() -> Result<(), E2eeError>;

const ATTACKS: [(E2eeError, Attack); 9] = [
    (E2eeError::CommitMismatch, another_seed),
    (E2eeError::BoxHashMismatch, a_box_nobody_signed),
    (E2eeError::VaultRolledBack, an_old_vault),
    (E2eeError::VaultHashMismatch, an_unsigned_vault),
    (E2eeError::ServerKeyChanged, another_server_key),
    (E2eeError::FileHashMismatch, another_file),
    (E2eeError::ObjectRolledBack, old_pins),
    (E2eeError::MessageRejected, an_altered_ciphertext),
    (E2eeError::KsfRefused, weaker_stretching),
];

#[test]
fn every_switch_lets_its_attack_through_and_no_other() {
    for (check, attack) in ATTACKS {
        mutations::SWITCHES.switch_on();
        assert_eq!(attack(), Err(check), "{check:?} must refuse");
        let code = if check == E2eeError::MessageRejected { E2eeError::DecryptFailed } else { check }.code();
        mutations::SWITCHES.switch_off(E2eeError::BadPadding.code());
        assert_eq!(attack(), Err(check), "another switch must not matter for {check:?}");
        mutations::SWITCHES.switch_off(code);
        assert_eq!(attack(), Ok(()), "{check:?} must be the only check in the way");
    }
    mutations::SWITCHES.switch_on();
}

fn entropy() -> ReplayedEntropy {
    ReplayedEntropy::dangerous_from_seed([1; 32])
}

fn boxed(seed: &Seed) -> (Vec<u8>, SeedOf, Recipient, DecKey) {
    let of = SeedOf::thread(ThreadId::from_bytes([2; 16]), 5);
    let to = Recipient { keyring: KeyringId::from_bytes([3; 16]), generation: 7 };
    let key = DecKey::of(&Secret::from_bytes([8; 32]));
    let bytes = sealed::seal(seed, of, to, &key.public(), &mut entropy()).unwrap();
    (bytes, of, to, key)
}

fn another_seed() -> Result<(), E2eeError> {
    sealed::check_commit(Secret::from_bytes([9; 32]), &commit(&Secret::from_bytes([8; 32]))).map(drop)
}

fn a_box_nobody_signed() -> Result<(), E2eeError> {
    let seed = Secret::from_bytes([9; 32]);
    let (bytes, of, to, key) = boxed(&seed);
    sealed::open_named(&bytes, &Bytes32::from_bytes([0; 32]), of, to, &commit(&seed), &key).map(drop)
}

/// An account, its first vault, and a chain that names the second one.
fn vaults(serve_second_link: bool) -> Result<(), E2eeError> {
    let (user, file) = (UserId::from_bytes([7; 16]), Secret::from_bytes([9; 32]));
    let new = account::create(user, &[Opener::KeyFile(&file)], [0; 32], NOW, &mut entropy()).unwrap();
    let mut directory = relais_chain::directory::Directory::new();
    let mut owner = new.account;
    let rewritten = owner.rewrite(NOW, &mut entropy()).unwrap();
    let links = new.links.iter().chain(if serve_second_link { &rewritten.links[..] } else { &[] });
    for link in links.filter(|link| link.chain == relais_wire::chains::ChainKind::User) {
        drop(directory.user_link(user, link.link.as_slice(), world::APPEND).unwrap());
    }
    let served = if serve_second_link { new.vault } else { rewritten.vault };
    let mut account = Account::open(user, &served, &new.wraps, &Opener::KeyFile(&file))?;
    account.verify(&served, directory.user_chain(user).unwrap())
}

fn an_old_vault() -> Result<(), E2eeError> {
    vaults(true)
}

fn an_unsigned_vault() -> Result<(), E2eeError> {
    vaults(false)
}

fn another_server_key() -> Result<(), E2eeError> {
    World::new().person(1).account.check_server_key(&[1; 32])
}

fn another_file() -> Result<(), E2eeError> {
    let (key, blob) = (Secret::from_bytes([4; 32]), BlobId::from_bytes([5; 16]));
    let mut ciphertext = Vec::new();
    let mut encryptor = Encryptor::new(&key, blob);
    encryptor.push(b"a file", &mut ciphertext)?;
    encryptor.finish(&mut ciphertext)?;
    let mut out = SecretBytes::default();
    let mut decryptor = Decryptor::new(&key, blob, Bytes32::from_bytes([0; 32]), 6)?;
    decryptor.push(&ciphertext, &mut out)?;
    decryptor.finish(&mut out)
}

fn old_pins() -> Result<(), E2eeError> {
    let mut world = World::new();
    let account = world.person(1).account;
    let own = account.personal();
    let ciphertext =
        objects::seal(&Pins::default(), account.user(), own, Seq::ZERO, &mut entropy()).unwrap().into();
    let object = Object { version: Seq::new(1).unwrap(), ciphertext };
    let mut seeds = Seeds::with(1, own.seed.duplicate());
    let history = world.dir.keyring_chain(own.id).unwrap();
    objects::open::<Pins>(&object, account.user(), own, &mut seeds, history, Seq::new(2).unwrap()).map(drop)
}

/// A changed letter of the text, as if the signature had been forgotten too.
fn an_altered_ciphertext() -> Result<(), E2eeError> {
    let mut world = World::new();
    let ada = world.person(1);
    let parties = vec![ada.as_party(ThreadRole::Owner, Standing::Professional)];
    let (thread, seed) = world.thread(0x11, &ada, Form::Thread, parties);
    let core = world.draft(&thread, Kind::Message, &ada, None);
    let signed = message::seal(ada.account.signing().key(), core, &seed, &Body::text("12 mg")).unwrap();
    let mut ciphertext = signed.payload().unwrap().to_vec();
    *ciphertext.get_mut(4).unwrap() ^= 1;
    let altered = Signed::whole(signed.core().to_vec(), ciphertext, *signed.sig());
    let applied = Applied {
        core: EntryCore::parse(altered.core()).unwrap(),
        control: None,
        n: 2,
        head: Bytes32::from_bytes([0; 32]),
        entry: altered.entry_hash(),
        anchor_checked: true,
    };
    message::open(&applied, &altered, &seed).map(|body| assert_ne!(body.text, "12 mg"))
}

/// Past the check, the nonsense that stands for an answer is what is refused.
fn weaker_stretching() -> Result<(), E2eeError> {
    let (state, _) = Registering::start("correct horse", KsfParams::V1, &mut entropy())?;
    let ksf = Ksf { memory_kib: 19 * 1024, ..Ksf::V1 };
    let identity = Identity { user: UserId::from_bytes([7; 16]), origin: "https://relais.example", ksf };
    match state.finish(&[], &identity, &mut entropy()) {
        Err(E2eeError::OpaqueMalformed) => Ok(()),
        other => other.map(drop),
    }
}
