//! Targets of the relay: its codec, and the core as it is met by somebody who has proven nothing.

use std::net::SocketAddr;

use relais_turn::auth::{Credentials, Realm};
use relais_turn::wire::{
    AttributeType, ChannelData, Class, Framer, IntegrityKind, Message, Method, TransactionId, Writer,
    decode_xor_address, encode_xor_address,
};
use relais_turn::{Action, Client, Config, Effect, Now, RelayAddress, Relays, Server, Transport, limits};

/// What a client sends: a message, channel data, a stream. A message whose attributes all count, written again, is the
/// same message but for its padding.
pub fn stun(bytes: &[u8]) {
    assert!(
        ChannelData::parse(bytes).is_none_or(|data| data.len <= bytes.len()),
        "a payload is part of its datagram"
    );
    stream(bytes);
    let Ok(message) = Message::parse(bytes) else { return };
    for kind in [IntegrityKind::Sha1, IntegrityKind::Sha256] {
        let proven = message.integrity(kind).is_some_and(|integrity| integrity.is_by(b"a key nobody uses"));
        assert!(!proven, "nobody makes integrity for a key by chance");
    }
    let mut buffer = vec![0; bytes.len() + 8];
    let mut writer = Writer::new(&mut buffer, message.class(), message.method(), message.transaction());
    let mut end = 20;
    for (kind, value, at) in message.attributes() {
        assert_eq!(bytes.get(at..at + value.len()), Some(value), "a place is the value's");
        end = at + value.len().next_multiple_of(4);
        writer.attribute(kind, value);
        if let Some(address) = decode_xor_address(value, message.transaction()) {
            let again = encode_xor_address(address, message.transaction());
            assert_eq!(value.get(1..), again.get(1..), "an address has one form but for its first byte");
        }
    }
    assert_eq!(writer.finish(), Ok(end), "the attributes that count, and no others");
    let again = Message::parse(writer.written()).expect("written by the codec");
    assert!(again.attributes().eq(message.attributes()), "what was read is what is written");
    if message.has_fingerprint() {
        writer.fingerprint();
        assert!(Message::parse(writer.written()).is_ok_and(|again| again.has_fingerprint()));
    }
}

/// A stream gives the same frames however it is cut.
fn stream(bytes: &[u8]) {
    let cut = |parts: &[&[u8]]| {
        let mut framer = Framer::new(limits::UNAUTHENTICATED_FRAME_MAX);
        let mut frames = Vec::new();
        for part in parts {
            framer.feed(part);
            loop {
                match framer.next_frame() {
                    Ok(Some(frame)) => frames.push(frame.to_vec()),
                    Ok(None) => break,
                    Err(error) => return (frames, Some(error)),
                }
            }
        }
        (frames, None)
    };
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    assert_eq!(cut(&[bytes]), cut(&[head, tail]));
}

/// A conversation with the relay: datagrams, each with a byte before it for who sends it and two for its length. Nobody
/// here has credentials: nothing may be kept, and no answer may be longer than three times its question.
pub fn relay(bytes: &[u8]) {
    let mut server = Server::new(config(), [1; 32], [2; 32]);
    let mut now = Now { ms: 1_000, unix_s: 1_800_000_000 };
    let mut rest = bytes;
    while let Some((&[who, high, low], after)) = rest.split_first_chunk::<3>() {
        let len = usize::from(u16::from_be_bytes([high, low])).min(after.len());
        let (datagram, after) = after.split_at(len);
        rest = after;
        now.ms += u64::from(who);
        let client = client(who);
        let action = server.from_client(now, client, datagram);
        assert_eq!(action, Action::Nothing, "nothing is relayed for a stranger");
        while let Some(effect) = server.poll() {
            let Effect::Reply { client: to, bytes } = effect else { panic!("{effect:?} for a stranger") };
            assert_eq!(to, client, "the answer goes where the question came from");
            let bound = datagram.len() * limits::AMPLIFICATION_MAX;
            assert!(bytes.len() <= bound || client.transport != Transport::Udp, "{} bytes", bytes.len());
            assert!(Message::parse(&bytes).is_ok(), "an answer is well-formed");
        }
        server.check();
        assert_eq!((server.allocations(), server.relays(), server.next_timeout()), (0, 0, None));
    }
}

fn client(who: u8) -> Client {
    let transport = if who & 0x80 == 0 { Transport::Udp } else { Transport::Tcp };
    let remote = if who & 0x40 == 0 {
        SocketAddr::from(([192, 0, 2, who], 40_000))
    } else {
        SocketAddr::from(([0x2001, 0xDB8, 0, 0, 0, 0, 0, u16::from(who)], 40_000))
    };
    Client { transport, remote, local: SocketAddr::from(([203, 0, 113, 5], 3_478)) }
}

fn config() -> Config {
    let ip = SocketAddr::from(([203, 0, 113, 5], 0)).ip();
    let address = Some(RelayAddress { bind: ip, advertise: ip });
    let relays = Relays { v4: address, v6: None, ports: 50_000..=50_063, bind: true };
    let realm = Realm::new("relais", true).expect("short");
    let mut config = Config::standalone(realm, relays, vec![ip]);
    config.credentials = Credentials::new().user("ada", "wonder land").expect("plain");
    config
}

/// A message of every class and method, with each attribute the relay knows, right and wrong in length, with and
/// without integrity and fingerprint.
#[must_use]
pub fn messages() -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    let kinds = [
        0x0006, 0x0009, 0x000A, 0x000C, 0x000D, 0x0012, 0x0013, 0x0014, 0x0015, 0x0016, 0x0017, 0x0018,
        0x0019, 0x001A, 0x001D, 0x001E, 0x0020, 0x0022, 0x7777, 0x8000, 0x8002, 0x8022, 0x8023,
    ];
    for class in [Class::Request, Class::Indication, Class::Success, Class::Error] {
        for method in [1, 3, 4, 6, 7, 8, 9, 0xFFF] {
            for (seal, kind) in kinds.iter().enumerate() {
                messages.push(sealed(class, Method(method), &[(*kind, seal)], seal % 4));
            }
        }
    }
    let all: Vec<(u16, usize)> = kinds.iter().map(|kind| (*kind, 8)).collect();
    messages.extend((0..4).map(|seal| sealed(Class::Request, Method::ALLOCATE, &all, seal)));
    messages.push(vec![0x40, 0, 0, 4, 1, 2, 3, 4]);
    messages
}

fn sealed(class: Class, method: Method, attributes: &[(u16, usize)], seal: usize) -> Vec<u8> {
    let mut buffer = [0; 1_024];
    let mut writer = Writer::new(&mut buffer, class, method, TransactionId([7; 12]));
    for (kind, len) in attributes {
        let value = [0, 1, 0x80, 0x11, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        writer.attribute(AttributeType(*kind), value.get(..*len).unwrap_or(&value));
    }
    if seal & 1 != 0 {
        writer.integrity_sha1(b"key").integrity_sha256(b"key");
    }
    if seal & 2 != 0 {
        writer.fingerprint();
    }
    writer.written().to_vec()
}

/// Each message in a conversation of its own, and all requests in one.
#[must_use]
pub fn conversations() -> Vec<Vec<u8>> {
    let turn = |(place, message): (usize, &Vec<u8>)| {
        let who = u8::try_from(place % 256).unwrap_or(0);
        let len = u16::try_from(message.len()).unwrap_or(0).to_be_bytes();
        [&[who], len.as_slice(), message].concat()
    };
    let messages = messages();
    let mut all: Vec<Vec<u8>> = messages.iter().enumerate().map(turn).collect();
    all.push(messages.iter().take(40).enumerate().flat_map(turn).collect());
    all
}
