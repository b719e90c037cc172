//! The committed vectors, regenerated and compared: a change of any byte of any format fails here. Set
//! `RELAIS_WRITE_VECTORS=1` to write a file that does not exist yet; one that exists is never overwritten,
//! because vectors are immutable for a protocol version.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: a failure here is the failure to report"
)]

mod vector;

use std::path::PathBuf;

use serde_json::{Value, json};

fn path(name: &str) -> PathBuf {
    PathBuf::from("../../vectors").join(name)
}

fn compare(name: &str, about: &str, cases: Vec<Value>) {
    let made = json!({ "version": 1, "about": about, "cases": cases });
    let path = path(name);
    if !path.exists() && std::env::var_os("RELAIS_WRITE_VECTORS").is_some() {
        let text = format!("{}\n", serde_json::to_string_pretty(&made).unwrap());
        std::fs::write(&path, text).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let (made, kept) = (made["cases"].as_array().unwrap(), kept["cases"].as_array().unwrap());
    for (made, kept) in made.iter().zip(kept) {
        assert_eq!(made, kept, "{name}");
    }
    assert_eq!(made.len(), kept.len(), "{name}");
}

#[test]
fn key_derivation_is_unchanged() {
    let about = "KDF(seed, label, ctx, len): HKDF-SHA-256, salt relais/v1, info label || 00 || ctx; and what \
                 follows from the seed of a generation: commitment and X-Wing public key.";
    compare("e2ee-kdf.json", about, vector::primitives::kdf());
}

#[test]
fn boxes_open_as_before() {
    let about = "Boxes: HPKE base mode, X-Wing (0x647a), HKDF-SHA-256, AES-256-GCM. open: box, associated data's \
                 fields and the recipient's seed give the seed or an error. randomness: the 64 bytes of the \
                 encapsulation, for implementations that can take them.";
    compare("e2ee-box.json", about, vector::primitives::boxes());
}

#[test]
fn padding_is_unchanged() {
    compare("e2ee-padding.json", "Padmé padding and what is refused.", vector::primitives::padding());
}

#[test]
fn recovery_codes_are_unchanged() {
    let about = "Recovery code: 16-byte half to text, authentication key, signature over a challenge and key \
                 with a server half; reading what people type.";
    compare("e2ee-recovery.json", about, vector::account::recovery());
}

#[test]
fn vaults_and_wraps_open_as_before() {
    let about = "A registration's links, boxes, vault and wraps; opening them by password, recovery code and \
                 key file; an older or unsigned vault against the chain.";
    compare("e2ee-account.json", about, vector::account::vaults());
}

#[test]
fn user_objects_open_as_before() {
    compare("e2ee-objects.json", "Key index and pins.", vector::account::objects());
}

#[test]
fn messages_seal_and_open_as_before() {
    let about = "Messages: core, epoch seed, body and signing seed give the entry; and entries that a dishonest \
                 member could sign, with the error each must end in.";
    compare("e2ee-message.json", about, vector::content::messages());
}

#[test]
fn epochs_are_walked_as_before() {
    let about = "Five generations sealed backward, with and without a wall: from the seed at hand to the one \
                 wanted.";
    compare("e2ee-epochs.json", about, vector::content::epochs());
}

#[test]
fn files_stream_as_before() {
    let about = "STREAM files. The plaintext of `pattern` bytes is i mod 251 for byte i. A case with `order` \
                 takes the 1 048 592-byte pieces of the ciphertext in that order and lies about hash and size.";
    compare("e2ee-stream.json", about, vector::content::streams());
}

/// The published X-Wing answers, through the HPKE library: key pair and encapsulation.
#[test]
fn the_kem_is_the_published_one() {
    let text = std::fs::read_to_string(path("e2ee-xwing.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let bytes = |part: &str, name: &str| hex::decode(case[part][name].as_str().unwrap()).unwrap();
        let made = vector::primitives::xwing(&bytes("inputs", "sk"), &bytes("inputs", "eseed"));
        assert_eq!(made, (bytes("output", "pk"), bytes("output", "ct")), "{}", case["id"]);
    }
}
