//! The test vectors of RFC 5769 and of RFC 8489, appendix B.

use relais_turn::wire::{
    AttributeType, Class, IntegrityKind, Message, Method, ParseError, TransactionId, Writer,
    decode_xor_address, encode_xor_address,
};
use sha2::{Digest, Sha256};

/// RFC 5769 §2.1: a request with short-term credentials.
const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74\
     002400046e0001ff80290008932ff9b151263b36000600096576746a3a6836765920202000080014\
     9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";
/// RFC 5769 §2.2: an IPv4 response.
const RESPONSE_V4: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200008\
     0001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
/// RFC 5769 §2.3: an IPv6 response.
const RESPONSE_V6: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200014\
     0002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275\
     bfe3ed4180280004c8fb0b4c";
/// RFC 5769 §2.4: a request with long-term credentials.
const LONG_TERM: &str = "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe3\
     82b900000015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b\
     6578616d706c652e6f72670000080014f67024656dd64a3e02b8e0712e85c9a28ca89666";
/// RFC 8489 appendix B.1 with erratum 6268: SHA-256, USERHASH, PASSWORD-ALGORITHM.
const LONG_TERM_SHA256: &str = "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f\
     24819415569e60b205c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b\
     39353464364f4c33346f4c394653547679363473410000000014000b6578616d706c652e6f726700\
     001d000400020000001c0020b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278c\
     c6518e65";

const SHORT_TERM_PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";
/// "Matrix" in katakana, and the password after its preparation, as the RFCs give them.
const USER: &str = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}";
const LONG_TERM_KEY: &str = ":example.org:TheMatrIX";

fn bytes(vector: &str) -> Vec<u8> {
    hex::decode(vector).expect("hexadecimal")
}

/// The three vectors with the password of §2.1: parsed, integrity and fingerprint verified, and nothing else verifies.
#[test]
fn short_term_vectors_verify_and_nothing_else_does() {
    for vector in [REQUEST, RESPONSE_V4, RESPONSE_V6] {
        let bytes = bytes(vector);
        let message = Message::parse(&bytes).expect("a vector");
        assert!(message.has_fingerprint());
        assert_eq!(message.method(), Method::BINDING);
        let integrity = message.integrity(IntegrityKind::Sha1).expect("has it");
        assert!(integrity.is_by(SHORT_TERM_PASSWORD));
        assert!(!integrity.is_by(b"VOkJxbRl1RmTxUk/WvJxBu"));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            // A flipped bit in FINGERPRINT's type makes it another attribute; nothing else goes unnoticed.
            let unnoticed = Message::parse(&other).is_ok_and(|message| message.has_fingerprint());
            assert!(!unnoticed, "a flipped bit in byte {at} is noticed");
        }
    }
}

#[test]
fn responses_carry_the_addresses_of_the_rfc_and_are_written_alike() {
    for (vector, address) in
        [(RESPONSE_V4, "192.0.2.1:32853"), (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    {
        let bytes = bytes(vector);
        let message = Message::parse(&bytes).expect("a vector");
        assert_eq!(message.class(), Class::Success);
        let address = address.parse().expect("an address");
        let value = message.get(AttributeType::XOR_MAPPED_ADDRESS).expect("has it");
        assert_eq!(decode_xor_address(value, message.transaction()), Some(address));
        assert_eq!(&*encode_xor_address(address, message.transaction()), value);

        let mut buffer = [0xAA; 200];
        let mut writer = Writer::new(&mut buffer, Class::Success, Method::BINDING, message.transaction());
        writer
            .attribute(AttributeType::SOFTWARE, b"test vector")
            .xor_address(AttributeType::XOR_MAPPED_ADDRESS, address)
            .integrity_sha1(SHORT_TERM_PASSWORD)
            .fingerprint();
        assert!(writer.finish().is_ok());
        // The RFC pads with a blank, RFC 8489 with zero: so integrity differs, and everything before the padding does not.
        let ours = Message::parse(writer.written()).expect("ours");
        assert_eq!(ours.bytes().len(), bytes.len());
        assert!(ours.attributes().map(|a| (a.0, a.1)).eq(message.attributes().map(|a| (a.0, a.1))));
        assert!(ours.integrity(IntegrityKind::Sha1).expect("has it").is_by(SHORT_TERM_PASSWORD));
    }
}

#[test]
fn the_long_term_vector_verifies_with_its_md5_key() {
    use md5::Md5;
    let bytes = bytes(LONG_TERM);
    let message = Message::parse(&bytes).expect("a vector");
    assert_eq!(message.get(AttributeType::USERNAME), Some(USER.as_bytes()));
    assert_eq!(message.get(AttributeType::REALM), Some(b"example.org".as_slice()));
    assert_eq!(message.get(AttributeType::NONCE), Some(b"f//499k954d6OL34oL9FSTvy64sA".as_slice()));
    let key = Md5::digest(format!("{USER}{LONG_TERM_KEY}"));
    assert!(message.integrity(IntegrityKind::Sha1).expect("has it").is_by(&key));
}

#[test]
fn the_sha256_vector_verifies_and_its_userhash_is_right() {
    let bytes = bytes(LONG_TERM_SHA256);
    let message = Message::parse(&bytes).expect("a vector");
    let hash = Sha256::digest(format!("{USER}:example.org"));
    assert_eq!(message.get(AttributeType::USERHASH), Some(hash.as_slice()));
    assert_eq!(message.get(AttributeType::PASSWORD_ALGORITHM), Some([0, 2, 0, 0].as_slice()));
    let key = Sha256::digest(format!("{USER}{LONG_TERM_KEY}"));
    let integrity = message.integrity(IntegrityKind::Sha256).expect("has it");
    assert!(integrity.is_by(&key));
    assert!(!integrity.is_by(b"another key"));
    assert!(message.integrity(IntegrityKind::Sha1).is_none());
}

#[test]
fn malformed_messages_are_told_from_other_protocols() {
    let good = bytes(REQUEST);
    type Breaks = fn(&mut Vec<u8>);
    let table: &[(&str, Breaks, ParseError)] = &[
        ("another first bit", |m| m[0] |= 0x80, ParseError::NotStun),
        ("another cookie", |m| m[4] = 0, ParseError::NotStun),
        ("cut", |m| m.truncate(60), ParseError::Truncated),
        ("cut in the header", |m| m.truncate(19), ParseError::Truncated),
        ("longer than it says", |m| m.extend([0; 4]), ParseError::Length),
        ("an odd length", |m| m[3] += 1, ParseError::Length),
        ("an attribute beyond the end", |m| m[23] = 0xFF, ParseError::Attribute),
        ("another checksum", |m| *m.last_mut().expect("not empty") ^= 1, ParseError::Fingerprint),
    ];
    for (name, break_it, error) in table {
        let mut message = good.clone();
        break_it(&mut message);
        assert_eq!(Message::parse(&message).expect_err(name), *error, "{name}");
    }
}

#[test]
fn nothing_may_follow_a_fingerprint() {
    let mut buffer = [0; 64];
    let mut writer = Writer::new(&mut buffer, Class::Request, Method::BINDING, TransactionId([1; 12]));
    writer.fingerprint().attribute(AttributeType::SOFTWARE, b"late");
    assert_eq!(Message::parse(writer.written()).expect_err("late"), ParseError::Fingerprint);
}

/// RFC 8489 §14.5: what follows integrity does not count, except the two that may.
#[test]
fn attributes_after_integrity_are_not_seen() {
    let mut buffer = [0; 200];
    let mut writer = Writer::new(&mut buffer, Class::Request, Method::ALLOCATE, TransactionId([1; 12]));
    writer
        .attribute(AttributeType::USERNAME, b"u")
        .integrity_sha1(b"key")
        .attribute(AttributeType::LIFETIME, &[0; 4])
        .integrity_sha256(b"key")
        .attribute(AttributeType::DATA, b"late")
        .fingerprint();
    let message = Message::parse(writer.written()).expect("well-formed");
    assert_eq!(message.attributes().count(), 1);
    assert!(message.get(AttributeType::LIFETIME).is_none());
    assert!(message.get(AttributeType::DATA).is_none());
    assert!(message.integrity(IntegrityKind::Sha1).expect("has it").is_by(b"key"));
    assert!(message.integrity(IntegrityKind::Sha256).expect("has it").is_by(b"key"));
    assert!(message.has_fingerprint());
    #[cfg(feature = "mutations")]
    relais_turn::mutations::without(relais_turn::Refusal::AfterIntegrity, || {
        let message = Message::parse(writer.written()).expect("well-formed");
        assert!(message.get(AttributeType::DATA).is_some(), "only the check hides it");
    });
}
