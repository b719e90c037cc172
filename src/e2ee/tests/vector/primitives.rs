//! Key derivation, boxes, padding.

use hex::encode;
use relais_e2ee::entropy::Entropy;
use relais_e2ee::kdf::{derive, label};
use relais_e2ee::padding::{pad, unpad};
use relais_e2ee::sealed::{self, DecKey, Recipient, SeedOf, commit};
use relais_e2ee::secret::{Secret, Seed};
use relais_wire::chains::BoxScope;
use relais_wire::ids::{Bytes32, KeyringId, ThreadId};
use serde_json::{Value, json};

use super::{case, entropy};

pub fn kdf() -> Vec<Value> {
    let seed = [0x11; 32];
    let labels = [
        label::KEYRING_ENC,
        label::KEYRING_PREV,
        label::KEYRING_COMMIT,
        label::MESSAGE,
        label::REASON,
        label::FILE,
        label::VAULT_PASSWORD,
        label::VAULT_RECOVERY,
        label::VAULT_KEY_FILE,
        label::VAULT_PASSKEY,
        label::RECOVERY_AUTH,
        label::RECOVERY_CHECK,
        label::INVITE_KEY,
        label::KEY_INDEX,
        label::PINS,
    ];
    let mut cases: Vec<_> = labels
        .iter()
        .map(|label| {
            let out = derive::<44>(&seed, label, b"context");
            let inputs =
                json!({ "seed": encode(seed), "label": label, "ctx": encode(b"context"), "len": 44 });
            case(&format!("label {label}"), "kdf", inputs, Ok(json!(encode(out.expose()))))
        })
        .collect();
    for n in [0x11, 0x22, 0xff] {
        let seed = Seed::from_bytes([n; 32]);
        let output = json!({
            "commit": commit(&seed).to_hex(),
            "public_key": encode(DecKey::of(&seed).public().to_bytes()),
        });
        cases.push(case(
            &format!("generation {n:02x}"),
            "generation",
            json!({ "seed": encode(seed.expose()) }),
            Ok(output),
        ));
    }
    cases
}

/// Gives fixed bytes, for the randomness of one encapsulation.
struct Fixed([u8; 64]);

impl Entropy for Fixed {
    fn fill(&mut self, out: &mut [u8]) {
        assert_eq!(out.len(), 64, "an encapsulation draws once");
        out.copy_from_slice(&self.0);
    }
}

struct Boxed {
    of: SeedOf,
    to: Recipient,
    commit: Bytes32,
    recipient_seed: [u8; 32],
    bytes: Vec<u8>,
}

fn open(id: &str, it: &Boxed) -> Value {
    let scope = match it.of.scope {
        BoxScope::Keyring => 1,
        BoxScope::Thread => 2,
    };
    let inputs = json!({
        "scope": scope,
        "scope_id": encode(it.of.id.as_bytes()),
        "generation": it.of.generation,
        "recipient": encode(it.to.keyring.as_bytes()),
        "recipient_generation": it.to.generation,
        "commit": it.commit.to_hex(),
        "recipient_seed": encode(it.recipient_seed),
        "box": encode(&it.bytes),
    });
    let key = DecKey::of(&Secret::from_bytes(it.recipient_seed));
    let opened = sealed::open(&it.bytes, it.of, it.to, &it.commit, &key);
    case(id, "open", inputs, opened.map(|seed| json!(encode(seed.expose()))))
}

pub fn boxes() -> Vec<Value> {
    let seed = Seed::from_bytes([0x31; 32]);
    let to = Recipient { keyring: KeyringId::from_bytes([0x33; 16]), generation: 7 };
    let of = SeedOf::thread(ThreadId::from_bytes([0x22; 16]), 5);
    let recipient_seed = [0x32; 32];
    let key = DecKey::of(&Secret::from_bytes(recipient_seed)).public();
    let make = |of| sealed::seal(&seed, of, to, &key, &mut Fixed([0x64; 64])).unwrap();
    let boxed = |of| Boxed { of, to, commit: commit(&seed), recipient_seed, bytes: make(of) };
    let in_keyring = SeedOf::keyring(KeyringId::from_bytes([0x22; 16]), 5);
    let mut cases = vec![open("thread", &boxed(of)), open("keyring", &boxed(in_keyring))];
    for case in &mut cases {
        case["inputs"]["randomness"] = json!(encode([0x64; 64]));
    }
    let moved = SeedOf { generation: 6, ..of };
    let stranger = Recipient { keyring: KeyringId::from_bytes([0x34; 16]), ..to };
    let altered = |at: usize| {
        let mut bytes = make(of);
        bytes[at] ^= 1;
        bytes
    };
    let wrong = [
        ("another epoch", Boxed { of: moved, ..boxed(of) }),
        ("a keyring's instead of a thread's", Boxed { of: in_keyring, ..boxed(of) }),
        ("another recipient", Boxed { to: stranger, ..boxed(of) }),
        ("another recipient generation", Boxed { to: Recipient { generation: 8, ..to }, ..boxed(of) }),
        ("another commitment", Boxed { commit: commit(&Secret::from_bytes([1; 32])), ..boxed(of) }),
        ("another key", Boxed { recipient_seed: [0x35; 32], ..boxed(of) }),
        ("altered ML-KEM part", Boxed { bytes: altered(0), ..boxed(of) }),
        ("altered X25519 part", Boxed { bytes: altered(1100), ..boxed(of) }),
        ("altered ciphertext", Boxed { bytes: altered(1120), ..boxed(of) }),
        ("altered tag", Boxed { bytes: altered(1167), ..boxed(of) }),
        ("cut", Boxed { bytes: make(of)[..1167].to_vec(), ..boxed(of) }),
        ("longer", Boxed { bytes: [make(of), vec![0]].concat(), ..boxed(of) }),
        ("empty", Boxed { bytes: Vec::new(), ..boxed(of) }),
    ];
    cases.extend(wrong.iter().map(|(id, it)| open(id, it)));
    cases.push(lying(of, to, recipient_seed));
    cases
}

/// The one box that HPKE opens and the commitment refuses: made by a member who boxes another seed under
/// the signed commitment's associated data.
fn lying(of: SeedOf, to: Recipient, recipient_seed: [u8; 32]) -> Value {
    use hpke::{Deserializable as _, Serializable as _};
    let committed = commit(&Seed::from_bytes([0x31; 32]));
    let mut w = relais_chain::codec::Writer::new();
    w.array(7).uint(1).uint(2).bin(of.id.as_bytes()).uint(of.generation);
    w.bin(to.keyring.as_bytes()).uint(to.generation).bin(committed.as_bytes());
    let public = DecKey::of(&Secret::from_bytes(recipient_seed)).public().to_bytes();
    let key = <hpke::kem::XWing as hpke::Kem>::PublicKey::from_bytes(&public).unwrap();
    let (enc, ciphertext) =
        hpke::single_shot_seal_with_rng::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, hpke::kem::XWing>(
            &hpke::OpModeS::Base,
            &key,
            sealed::INFO,
            &[0x77; 32],
            &w.finish().unwrap(),
            &mut Stream(entropy(3)),
        )
        .unwrap();
    let bytes = [enc.to_bytes().to_vec(), ciphertext].concat();
    open("a seed that was not committed to", &Boxed { of, to, commit: committed, recipient_seed, bytes })
}

struct Stream(relais_e2ee::entropy::ReplayedEntropy);

impl hpke::rand_core::TryRng for Stream {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_be_bytes(relais_e2ee::entropy::draw(&mut self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_be_bytes(relais_e2ee::entropy::draw(&mut self.0)))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(out);
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Stream {}

pub fn padding() -> Vec<Value> {
    let mut cases = Vec::new();
    for len in [0, 1, 126, 127, 128, 129, 500, 1000, 5000, 30_720] {
        let padded = pad(&vec![0x61; len]);
        cases.push(case(&format!("{len} bytes"), "padded_length", json!(len), Ok(json!(padded.len()))));
    }
    let mut unpadding = |id: &str, padded: &[u8]| {
        cases.push(case(id, "unpad", json!(encode(padded)), unpad(padded).map(|it| json!(encode(it)))));
    };
    unpadding("a short text", &pad(b"yes"));
    unpadding("content that ends in zeros", &pad(&[0x80, 0, 0]));
    unpadding("all zeros", &[0; 128]);
    unpadding("nothing", &[]);
    unpadding("no marker", &[0x61; 128]);
    unpadding("padded too little", &pad(b"yes")[..127]);
    unpadding("padded too much", &[&pad(b"yes")[..], &[0]].concat());
    cases
}

/// Public key and encapsulation that a private key and 64 bytes of randomness give.
pub fn xwing(sk: &[u8], randomness: &[u8]) -> (Vec<u8>, Vec<u8>) {
    use hpke::{Deserializable as _, Kem as _, Serializable as _, kem::XWing};
    let key = <XWing as hpke::Kem>::PrivateKey::from_bytes(sk).unwrap();
    let public = XWing::sk_to_pk(&key);
    let (enc, ciphertext) =
        hpke::single_shot_seal_with_rng::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, XWing>(
            &hpke::OpModeS::Base,
            &public,
            b"",
            b"known answer",
            b"",
            &mut Once(randomness.to_vec()),
        )
        .unwrap();
    let opened = hpke::single_shot_open::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, XWing>(
        &hpke::OpModeR::Base,
        &key,
        &enc,
        b"",
        &ciphertext,
        b"",
    );
    assert_eq!(opened.unwrap(), b"known answer");
    (public.to_bytes().to_vec(), enc.to_bytes().to_vec())
}

struct Once(Vec<u8>);

impl hpke::rand_core::TryRng for Once {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!("an encapsulation draws bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!("an encapsulation draws bytes")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.copy_from_slice(&self.0.split_off(0));
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Once {}
