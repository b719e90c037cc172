//! The very first message vector, made before the labels had their final prefix: it pins the construction
//! (field encoding, what the signature covers, entry and head hashes) independently of the labels.

#![expect(clippy::unwrap_used, reason = "a test: a failure here is the failure to report")]
use ed25519_dalek::SigningKey;
use relais_chain::codec::Writer;
use relais_chain::{PublicKey, hash, sign};

const CIPHERTEXT: &str = "e7c271a983a8af94c1497b2885527c1c6a7b31e52a";

fn core() -> Vec<u8> {
    let mut w = Writer::new();
    w.array(15).uint(1).uint(1).bin(&[0x22; 16]).uint(0).bin(&[0x33; 16]).bin(&[0x44; 16]).uint(1);
    w.bin(&[0x55; 16]).uint(1).uint(0).bin(&[0x66; 32]).uint(1_795_000_000_000).nil();
    w.array(2).uint(1).bin(&[0x77; 32]);
    w.array(0);
    w.finish().unwrap()
}

#[test]
fn the_construction_of_a_message_is_the_one_tested_across_languages() {
    let core = core();
    assert_eq!(core.len(), 160);
    assert!(hex::encode(&core).starts_with("9f0101c41022"));

    let ct = hex::decode(CIPHERTEXT).unwrap();
    let payload_hash = hash::sha256(&ct);
    let key = SigningKey::from_bytes(&[0x88; 32]);
    let signed = hash::signed_bytes(&core, &payload_hash);
    let sig = sign::sign(&key, "APP/v1/msg", &signed);
    let sig_hex = hex::encode(sig);
    assert!(sig_hex.starts_with("016a0183") && sig_hex.ends_with("62e5700b"), "{sig_hex}");
    assert_eq!(PublicKey::from(key.verifying_key()).verify("APP/v1/msg", &signed, &sig), Ok(()));

    let entry = hash::labelled("APP/v1/entry", &[&core, payload_hash.as_bytes(), &sig]);
    assert!(entry.to_hex().starts_with("c17e9715") && entry.to_hex().ends_with("f7bc18"));
    let head = hash::labelled("APP/v1/head", &[&[0x66; 32], &1_u64.to_be_bytes(), entry.as_bytes()]).to_hex();
    assert_eq!(head, "74438bd7627b21d64366b4ba509847c0c889ad91e6a176073b896c9a1e9a6719");
}
