//! Our codec against another implementation of STUN and TURN (`stun-types`, `turn-types`), in both directions.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use relais_turn::wire::{
    AttributeType, Class, IntegrityKind, Message, Method, TransactionId, Writer, channel_header,
    data_indication, decode_xor_address,
};
use stun_types::attribute::{Attribute, AttributeStaticType, RawAttribute};
use stun_types::message::{
    IntegrityAlgorithm, LongTermCredentials, Message as Other, MessageClass, MessageType, MessageWrite,
    MessageWriteExt, MessageWriteVec, Method as OtherMethod, TransactionId as OtherId,
};
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::channel::ChannelData as OtherChannel;

fn other_class(class: Class) -> MessageClass {
    match class {
        Class::Request => MessageClass::Request,
        Class::Indication => MessageClass::Indication,
        Class::Success => MessageClass::Success,
        Class::Error => MessageClass::Error,
    }
}

fn classes() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Request), Just(Class::Indication), Just(Class::Success), Just(Class::Error)]
}

/// Types that neither side gives a meaning of its own: no integrity, no fingerprint.
fn plain_type() -> impl Strategy<Value = u16> {
    any::<u16>().prop_filter("has a place of its own", |kind| {
        !matches!(
            AttributeType(*kind),
            AttributeType::MESSAGE_INTEGRITY
                | AttributeType::MESSAGE_INTEGRITY_SHA256
                | AttributeType::FINGERPRINT
        )
    })
}

fn attributes() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    prop::collection::vec((plain_type(), prop::collection::vec(any::<u8>(), 0..60)), 0..8)
}

fn addresses() -> impl Strategy<Value = SocketAddr> {
    (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

proptest! {
    #[test]
    fn what_we_write_the_other_reads(
        class in classes(), method in 0_u16..0x1000, id in any::<[u8; 12]>(), attributes in attributes(),
    ) {
        let credentials = LongTermCredentials::new("user".to_owned(), "pass".to_owned()).to_key("realm".to_owned());
        let md5 = <md5::Md5 as md5::Digest>::digest(b"user:realm:pass");
        let sha256 = <sha2::Sha256 as sha2::Digest>::digest(b"user:realm:pass");
        for kind in [IntegrityKind::Sha1, IntegrityKind::Sha256] {
            let mut buffer = vec![0xAA; 2_000];
            let mut writer = Writer::new(&mut buffer, class, Method(method), TransactionId(id));
            for (kind, value) in &attributes {
                writer.attribute(AttributeType(*kind), value);
            }
            let algorithm = match kind {
                IntegrityKind::Sha1 => {
                    writer.integrity_sha1(&md5);
                    IntegrityAlgorithm::Sha1
                }
                IntegrityKind::Sha256 => {
                    writer.integrity_sha256(&sha256);
                    IntegrityAlgorithm::Sha256
                }
            };
            writer.fingerprint();
            prop_assert!(writer.finish().is_ok());
            let other = Other::from_bytes(writer.written()).expect("the other reads it");
            prop_assert_eq!(other.class(), other_class(class));
            prop_assert_eq!(other.method().value(), method);
            let seen: Vec<(u16, Vec<u8>)> =
                other.iter_attributes().map(|(_, raw)| (raw.get_type().value(), raw.value.to_vec())).collect();
            prop_assert_eq!(&seen[..attributes.len()], &attributes[..]);
            let key = credentials.make_key(algorithm);
            prop_assert_eq!(other.validate_integrity_with_key(&key).ok(), Some(algorithm));
            let ours = Message::parse(writer.written()).expect("we read it");
            let read: Vec<(u16, Vec<u8>)> = ours.attributes().map(|(kind, value, _)| (kind.0, value.to_vec())).collect();
            prop_assert_eq!(&read, &attributes);
        }
    }

    #[test]
    fn what_the_other_writes_we_read(
        method in 0_u16..0x1000, id in any::<u128>(), attributes in attributes(),
    ) {
        let kind = MessageType::from_class_method(MessageClass::Request, OtherMethod::new(method));
        let mut builder = Other::builder(kind, OtherId::from(id & ((1 << 96) - 1)), MessageWriteVec::new());
        // The other refuses a second attribute of one type while writing.
        let mut taken = Vec::new();
        for (kind, value) in &attributes {
            if !taken.contains(kind) && builder.add_attribute(&RawAttribute::new((*kind).into(), value)).is_ok() {
                taken.push(*kind);
            }
        }
        let key = LongTermCredentials::new("user".to_owned(), "pass".to_owned()).to_key("realm".to_owned());
        builder.add_message_integrity_with_key(&key.make_key(IntegrityAlgorithm::Sha1), IntegrityAlgorithm::Sha1).expect("fits");
        builder.add_message_integrity_with_key(&key.make_key(IntegrityAlgorithm::Sha256), IntegrityAlgorithm::Sha256).expect("fits");
        builder.add_fingerprint().expect("fits");
        let bytes = builder.finish();
        let ours = Message::parse(&bytes).expect("we read it");
        prop_assert_eq!(ours.method(), Method(method));
        prop_assert!(ours.has_fingerprint());
        prop_assert!(ours.attributes().map(|a| a.0.0).eq(taken.iter().copied()));
        let md5 = <md5::Md5 as md5::Digest>::digest(b"user:realm:pass");
        let sha256 = <sha2::Sha256 as sha2::Digest>::digest(b"user:realm:pass");
        prop_assert!(ours.integrity(IntegrityKind::Sha1).expect("has it").is_by(&md5));
        prop_assert!(ours.integrity(IntegrityKind::Sha256).expect("has it").is_by(&sha256));
    }

    /// Broken messages: what both accept they read alike.
    #[test]
    fn broken_messages_are_read_alike_or_not_at_all(
        attributes in attributes(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut buffer = vec![0; 2_000];
        let mut writer = Writer::new(&mut buffer, Class::Request, Method::ALLOCATE, TransactionId([7; 12]));
        for (kind, value) in &attributes {
            writer.attribute(AttributeType(*kind), value);
        }
        let mut bytes = writer.written().to_vec();
        for (at, with) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= with;
        }
        if let (Ok(ours), Ok(other)) = (Message::parse(&bytes), Other::from_bytes(&bytes)) {
            prop_assert_eq!(ours.method().0, other.method().value());
            let theirs: Vec<(u16, Vec<u8>)> =
                other.iter_attributes().map(|(_, raw)| (raw.get_type().value(), raw.value.to_vec())).collect();
            for (ours, theirs) in ours.attributes().zip(theirs) {
                prop_assert_eq!((ours.0.0, ours.1), (theirs.0, theirs.1.as_slice()));
            }
        }
    }

    #[test]
    fn data_indications_are_what_the_other_reads(
        peer in addresses(), id in any::<[u8; 12]>(), payload in prop::collection::vec(any::<u8>(), 0..1_500),
    ) {
        let mut bytes = data_indication(TransactionId(id), peer, payload.len()).expect("fits").to_vec();
        bytes.extend(&payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let other = Other::from_bytes(&bytes).expect("the other reads it");
        prop_assert_eq!(other.method(), turn_types::message::DATA);
        let told = other.attribute::<XorPeerAddress>().expect("has it").addr(other.transaction_id());
        prop_assert_eq!(told, peer);
        let raw = other.raw_attribute(Data::TYPE).expect("has it");
        prop_assert_eq!(&*raw.value, payload.as_slice());
        let ours = Message::parse(&bytes).expect("we read it");
        let value = ours.get(AttributeType::XOR_PEER_ADDRESS).expect("has it");
        prop_assert_eq!(decode_xor_address(value, ours.transaction()), Some(peer));
    }

    #[test]
    fn channel_data_is_what_the_other_reads(number in 0x4000_u16..0x5000, payload in prop::collection::vec(any::<u8>(), 0..1_500)) {
        let mut bytes = channel_header(number, payload.len()).expect("fits").to_vec();
        bytes.extend(&payload);
        let other = OtherChannel::parse(&bytes).expect("the other reads it");
        prop_assert_eq!((other.id(), other.data()), (number, payload.as_slice()));
    }
}
