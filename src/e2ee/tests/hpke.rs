//! The HPKE suite of boxes against a vector that others made.
//!
//! The working group's draft pairs X-Wing (0x647A) with HKDF-SHA-256 and an AEAD that is not ours (3; ours is 2,
//! AES-256-GCM). The AEAD enters the key schedule by its number only. So the schedule of RFC 9180 is written out
//! here once more: with the library's decapsulation it must give the published key, nonce and exporter secret; and
//! with our AEAD's number it must open what the library seals.

#![expect(clippy::unwrap_used, reason = "a test: a failure here is the failure to report")]

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use hkdf::Hkdf;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, Serializable as _};
use serde_json::Value;
use sha2::Sha256;

type Private = <XWing as Kem>::PrivateKey;
type Encapsulated = <XWing as Kem>::EncappedKey;

struct Schedule {
    key: Vec<u8>,
    base_nonce: Vec<u8>,
    exporter_secret: Vec<u8>,
}

/// RFC 9180 §5.1, base mode, for a 32-byte key and a 12-byte nonce.
fn schedule(suite: &[u8], shared: &[u8], info: &[u8]) -> Schedule {
    let extract = |salt: &[u8], label: &[u8], ikm: &[u8]| {
        Hkdf::<Sha256>::extract(Some(salt), &[b"HPKE-v1", suite, label, ikm].concat()).0.to_vec()
    };
    let context = [vec![0], extract(b"", b"psk_id_hash", b""), extract(b"", b"info_hash", info)].concat();
    let secret = extract(shared, b"secret", b"");
    let expand = |label: &[u8], len: u16| {
        let info = [&len.to_be_bytes()[..], b"HPKE-v1", suite, label, &context].concat();
        let mut out = vec![0; usize::from(len)];
        Hkdf::<Sha256>::from_prk(&secret).unwrap().expand(&info, &mut out).unwrap();
        out
    };
    Schedule {
        key: expand(b"key", 32),
        base_nonce: expand(b"base_nonce", 12),
        exporter_secret: expand(b"exp", 32),
    }
}

fn decapsulate(key: &Private, enc: &Encapsulated) -> Vec<u8> {
    XWing::decap(key, None, enc).unwrap().0.to_vec()
}

#[test]
fn the_published_suite_with_this_kem_gives_its_published_keys() {
    let vector: Value = serde_json::from_str(include_str!("vector/hpke-pq.json")).unwrap();
    let field = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
    let key = Private::from_bytes(&field("sk")).unwrap();
    let enc = Encapsulated::from_bytes(&field("enc")).unwrap();
    let shared = decapsulate(&key, &enc);
    assert_eq!(shared, field("shared_secret"));
    let made = schedule(&field("suite_id"), &shared, &field("info"));
    assert_eq!(
        (made.key, made.base_nonce, made.exporter_secret),
        (field("key"), field("base_nonce"), field("exporter_secret"))
    );
}

#[test]
fn the_same_schedule_opens_what_the_library_seals_in_our_suite() {
    let (key, public) = XWing::derive_keypair(&[7; 32]);
    let (enc, sealed) = hpke::single_shot_seal::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, XWing>(
        &hpke::OpModeS::Base,
        &public,
        b"relais/v1/box",
        b"a seed",
        b"bound to",
    )
    .unwrap();
    let enc = Encapsulated::from_bytes(&enc.to_bytes()).unwrap();
    let suite = [&b"HPKE"[..], &[0x64, 0x7a, 0, 1, 0, 2]].concat();
    let made = schedule(&suite, &decapsulate(&key, &enc), b"relais/v1/box");
    let cipher = aes_gcm::Aes256Gcm::new_from_slice(&made.key).unwrap();
    let nonce = <[u8; 12]>::try_from(made.base_nonce.as_slice()).unwrap();
    let payload = Payload { msg: &sealed, aad: b"bound to" };
    assert_eq!(cipher.decrypt(&nonce.into(), payload).unwrap(), b"a seed");
}
