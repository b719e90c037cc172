//! Signing keys and signatures: RFC 8032, the edge cases of "Taming the many EdDSAs", small-order points.

use ed25519_dalek::{Signer as _, SigningKey};
use relais_chain::{ChainError, PublicKey, hash, sign};
use relais_wire::ids::{Bytes32, ThreadId};
use serde_json::{Value, json};

use super::Case;

/// RFC 8032 §7.1: secret key, public key, message, signature.
const RFC8032: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

/// The edge cases of "Taming the many EdDSAs": message, public key, signature. Only the fourth is accepted.
const SPECCHECK: [[&str; 3]; 10] = [
    [
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
    ],
    [
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ],
    [
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
    ],
    [
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ],
    [
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ],
    [
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ],
    [
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    ],
    [
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ],
    [
        "fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607",
    ],
    [
        "84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f084d5b99c2a9463d9c8bd5026916996984eeec87ddf1d3be329006ace1b37b09",
    ],
];

/// Every encoding of a point of small order: first byte, middle, last byte, or the whole.
fn small_order() -> Vec<(String, ChainError)> {
    let filled = |first: &str, fill: &str, last: &str| format!("{first}{}{last}", fill.repeat(30));
    let mut all = vec![
        (filled("01", "00", "00"), ChainError::KeySmallOrder),
        (filled("ec", "ff", "7f"), ChainError::KeySmallOrder),
        (filled("00", "00", "00"), ChainError::KeySmallOrder),
        (filled("00", "00", "80"), ChainError::KeySmallOrder),
        (filled("01", "00", "80"), ChainError::KeyNotCanonical),
        (filled("ec", "ff", "ff"), ChainError::KeyNotCanonical),
        (filled("ee", "ff", "7f"), ChainError::KeyNotCanonical),
        (filled("ee", "ff", "ff"), ChainError::KeyNotCanonical),
        (filled("ed", "ff", "7f"), ChainError::KeyNotCanonical),
        (filled("ed", "ff", "ff"), ChainError::KeyNotCanonical),
    ];
    for order_8 in [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        all.push((order_8.into(), ChainError::KeySmallOrder));
    }
    // y = 2 is on no curve point.
    all.push((filled("02", "00", "00"), ChainError::KeyNotCanonical));
    all
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (i, [secret, public, message, sig]) in RFC8032.iter().enumerate() {
        let key = SigningKey::from_bytes(&bytes(secret));
        assert_eq!(hex::encode(key.verifying_key().to_bytes()), *public);
        assert_eq!(hex::encode(key.sign(&hex::decode(message).unwrap()).to_bytes()), *sig);
        all.push(verify_raw(format!("rfc8032-{}", i + 1), public, message, sig));
    }
    for (i, [message, public, sig]) in SPECCHECK.iter().enumerate() {
        let case = verify_raw(format!("speccheck-{i}"), public, message, sig);
        assert_eq!(case.outcome.is_ok(), i == 3, "speccheck {i}");
        all.push(case);
    }
    for (i, (key, error)) in small_order().iter().enumerate() {
        let outcome = PublicKey::from_bytes(&bytes(key)).map(|_| json!({}));
        assert_eq!(outcome.as_ref().err(), Some(error), "{key}");
        let id = format!("key-no-{i}");
        all.push(Case { id, op: "key.parse", inputs: json!({ "key": key }), outcome });
    }
    all.extend(labelled());
    all.extend(first_message());
    all
}

fn verify_raw(id: String, public: &str, message: &str, sig: &str) -> Case {
    let outcome = PublicKey::from_bytes(&bytes(public))
        .and_then(|key| key.verify_raw(&hex::decode(message).unwrap(), &bytes(sig)))
        .map(|()| json!({}));
    let inputs = json!({ "key": public, "message": message, "sig": sig });
    Case { id, op: "ed25519.verify", inputs, outcome }
}

fn labelled() -> Vec<Case> {
    let key = SigningKey::from_bytes(&[0x88; 32]);
    let public = PublicKey::from(key.verifying_key());
    let sig = sign::sign(&key, hash::LABEL_MSG, b"abc");
    let verify = |id: &str, label: &str, message: &[u8]| Case {
        id: id.into(),
        op: "ed25519.verify_labelled",
        inputs: json!({
            "key": hex::encode(public.to_bytes()),
            "label": label,
            "message": hex::encode(message),
            "sig": hex::encode(sig),
        }),
        outcome: public.verify(label, message, &sig).map(|()| json!({})),
    };
    vec![
        verify("label-ok", hash::LABEL_MSG, b"abc"),
        verify("label-no-other-label", hash::LABEL_USER, b"abc"),
        verify("label-no-other-bytes", hash::LABEL_MSG, b"abd"),
    ]
}

/// The construction of a message, with the prefix it was first tested with and with ours. The core is the
/// 15-field one of that test; ciphertext and keys are fixed, so every byte is comparable.
fn first_message() -> Vec<Case> {
    let core = {
        let mut w = relais_chain::codec::Writer::new();
        w.array(15).uint(1).uint(1).bin(&[0x22; 16]).uint(0).bin(&[0x33; 16]).bin(&[0x44; 16]).uint(1);
        w.bin(&[0x55; 16]).uint(1).uint(0).bin(&[0x66; 32]).uint(1_795_000_000_000).nil();
        w.array(2).uint(1).bin(&[0x77; 32]);
        w.array(0);
        w.finish().unwrap()
    };
    let payload = hex::decode("e7c271a983a8af94c1497b2885527c1c6a7b31e52a").unwrap();
    let construction = |prefix: &str| -> Value {
        let key = SigningKey::from_bytes(&[0x88; 32]);
        let payload_hash = hash::sha256(&payload);
        let sig = sign::sign(&key, &format!("{prefix}/msg"), &hash::signed_bytes(&core, &payload_hash));
        let entry = hash::labelled(&format!("{prefix}/entry"), &[&core, payload_hash.as_bytes(), &sig]);
        let head =
            hash::labelled(&format!("{prefix}/head"), &[&[0x66; 32], &1_u64.to_be_bytes(), entry.as_bytes()]);
        json!({ "sig": hex::encode(sig), "entry": entry.to_hex(), "head": head.to_hex() })
    };
    let first = construction("APP/v1");
    assert_eq!(first["head"], "74438bd7627b21d64366b4ba509847c0c889ad91e6a176073b896c9a1e9a6719");
    let ours = construction("relais/v1");
    let head = hash::head(&Bytes32::from_bytes([0x66; 32]), 1, &id(&ours["entry"]));
    assert_eq!(ours["head"], head.to_hex());
    let case = |prefix: &str, output: Value| Case {
        id: format!("construction-{}", prefix.replace('/', "-")),
        op: "message.construct",
        inputs: json!({
            "prefix": prefix,
            "secret": "88".repeat(32),
            "core": hex::encode(&core),
            "payload": hex::encode(&payload),
            "head_before": "66".repeat(32),
            "n": 1,
        }),
        outcome: Ok(output),
    };
    let zero = Case {
        id: "head-zero".into(),
        op: "thread.head_zero",
        inputs: json!({ "thread": "22".repeat(16) }),
        outcome: Ok(json!({ "head": hash::head_zero(ThreadId::from_bytes([0x22; 16])).to_hex() })),
    };
    vec![case("APP/v1", first), case("relais/v1", ours), zero]
}

fn id(value: &Value) -> Bytes32 {
    Bytes32::parse_hex(value.as_str().unwrap()).unwrap()
}
