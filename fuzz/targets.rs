//! The targets: functions from any bytes that must come back. Where bytes are accepted, a second way round must
//! agree with the first; a disagreement is a panic.

use relais_chain::codec::Writer;
use relais_chain::control::Control as ThreadControl;
use relais_chain::entry::{Anchor, EntryCore, Kind, Priority};
use relais_chain::keyring_body::KeyringBody;
use relais_chain::link::{Author, ChainType, LinkBody, LinkCore, Place};
use relais_chain::unit::UnitBody;
use relais_chain::user_body::UserBody;
use relais_chain::{Directory, Mode, Signed, ThreadState};
use relais_wire::limits::FRAME_BYTES_MAX;
use relais_wire::{
    Bytes32, Class, Control, DecodeError, DeviceId, Event, Frame, MsgId, Request, ThreadId, UserId,
    decode_reply, encode_frame,
};

use crate::turn;

/// A function from bytes.
pub type Target = fn(&[u8]);

/// Every target with its name. `cargo x fuzz` has the same names.
pub const TARGETS: &[(&str, Target)] =
    &[("entry", entry), ("frame", frame), ("link", link), ("relay", turn::relay), ("stun", turn::stun)];

/// The target of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}

/// What a socket receives: a frame of any class with its body. What is accepted and encoded again is accepted as
/// the same value.
pub fn frame(bytes: &[u8]) {
    let Ok(frame) = Frame::parse(bytes, FRAME_BYTES_MAX) else { return };
    assert_eq!(encode_frame(&frame.header, frame.body), bytes, "a header has one form");
    let kind = frame.header.kind;
    match frame.header.class {
        Class::Request => {
            same(Request::decode(kind, frame.body), |body| Request::decode(kind, &body.encode_body()))
        }
        Class::Event => {
            same(Event::decode(kind, frame.body), |body| Event::decode(kind, &body.encode_body()))
        }
        Class::Control => {
            same(Control::decode(kind, frame.body), |body| Control::decode(kind, &body.encode_body()));
        }
        Class::Reply => same(decode_reply(&frame), |reply| {
            let bytes = relais_wire::encode_reply(kind, frame.header.id, reply);
            let frame = Frame::parse(&bytes, usize::MAX).expect("encoded by this crate");
            decode_reply(&frame)
        }),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    first: Result<T, DecodeError>,
    again: impl Fn(&T) -> Result<T, DecodeError>,
) {
    if let Ok(value) = first {
        assert_eq!(again(&value).as_ref(), Ok(&value), "a value survives its own encoding");
    }
}

/// What a chain receives: a signed link of any chain. The strict form is the only one: what is accepted encodes to
/// the bytes that were received.
pub fn link(bytes: &[u8]) {
    if let Ok(signed) = Signed::parse(bytes) {
        assert_eq!(signed.to_bytes().as_deref(), Ok(bytes), "an envelope has one form");
        for chain_type in [ChainType::User, ChainType::Keyring, ChainType::Unit] {
            let Ok(core) = LinkCore::parse(signed.core(), chain_type) else { continue };
            assert_eq!(core.to_bytes().as_deref(), Ok(signed.core()), "a core has one form");
            let Some(payload) = signed.payload() else { continue };
            match chain_type {
                ChainType::User => body::<UserBody>(core.kind, payload),
                ChainType::Keyring => body::<KeyringBody>(core.kind, payload),
                ChainType::Unit => body::<UnitBody>(core.kind, payload),
            }
        }
    }
    chains(bytes);
}

/// What a thread receives: a signed entry, message or control, whole or without its payload.
pub fn entry(bytes: &[u8]) {
    let Ok(signed) = Signed::parse(bytes) else { return };
    assert_eq!(signed.to_bytes().as_deref(), Ok(bytes), "an envelope has one form");
    assert_eq!(signed.to_stub().entry_hash(), signed.entry_hash(), "a stub keeps its place in the thread");
    let Ok(core) = EntryCore::parse(signed.core()) else { return };
    assert_eq!(core.to_bytes().as_deref(), Ok(signed.core()), "a core has one form");
    let Some(payload) = signed.payload() else { return };
    if let Ok(control) = ThreadControl::parse(core.kind, payload) {
        assert_eq!(control.kind(), core.kind, "a control entry knows its kind");
        assert_eq!(control.to_bytes().as_deref(), Ok(payload), "a payload has one form");
    }
    let nobody = Directory::new();
    drop(ThreadState::new(core.thread).append(&nobody, bytes, Mode::Replay));
}

fn body<B: LinkBody>(kind: u64, payload: &[u8]) {
    if let Ok(body) = B::parse(kind, payload) {
        assert_eq!(body.kind(), kind, "a body knows its kind");
        assert_eq!(body.to_bytes().as_deref(), Ok(payload), "a body has one form");
    }
}

/// The validator itself: nobody can sign for a key that is not theirs, so no bytes made here are ever accepted as a
/// chain's first link unless they were a committed one; it must come back all the same.
fn chains(bytes: &[u8]) {
    drop(relais_chain::UserChain::start(bytes));
    let nobody = Directory::new();
    drop(relais_chain::KeyringChain::start(bytes, &nobody, Mode::Replay));
    drop(relais_chain::UnitChain::start(bytes, &nobody, Mode::Replay));
}

/// Inputs to start from: golden frames of every type; STUN messages of every method, alone and in conversations; the test vectors of the chains, and an empty-handed link or entry
/// of every kind.
#[must_use]
pub fn seeds(name: &str) -> Vec<Vec<u8>> {
    match name {
        "frame" => golden_frames(),
        "link" => vectors(include_str!("../vectors/chain-links.json")).chain(links()).collect(),
        "entry" => vectors(include_str!("../vectors/chain-threads.json")).chain(entries()).collect(),
        "relay" => turn::conversations(),
        "stun" => turn::messages(),
        _ => Vec::new(),
    }
}

fn golden_frames() -> Vec<Vec<u8>> {
    let golden = include_str!("../src/wire/golden/wire.ndjson");
    let frames = golden.lines().filter_map(|line| line.split_once("\"frame\":\"")?.1.split_once('"'));
    frames.filter_map(|(frame, _)| hex::decode(frame).ok()).collect()
}

/// Signed objects in a file of vectors: its long hexadecimal texts.
fn vectors(json: &str) -> impl Iterator<Item = Vec<u8>> {
    json.split('"').filter(|text| text.len() >= 200).filter_map(|text| hex::decode(text).ok())
}

/// Well-formed envelopes and cores of every chain type and kind, with payloads that are arrays of ids and small
/// numbers; their signatures are nothing.
fn links() -> Vec<Vec<u8>> {
    let mut links = Vec::new();
    for chain_type in [ChainType::User, ChainType::Keyring, ChainType::Unit] {
        for kind in 0..24 {
            let place = Place { chain_id: [7; 16], seq: 1, prev: None };
            let author = Author { user: UserId::from_bytes([7; 16]), chain_seq: 1, capacity: None };
            let core = LinkCore { chain_type, place, kind, author, ts_ms: 1 };
            let Ok(core) = core.to_bytes() else { continue };
            links.extend(
                payloads()
                    .filter_map(|payload| Signed::whole(core.clone(), payload, [7; 64]).to_bytes().ok()),
            );
        }
    }
    links
}

/// The same for thread entries of every kind.
fn entries() -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    for number in 0..48 {
        let kind = Kind::from_number(number);
        let core = EntryCore {
            kind,
            thread: ThreadId::from_bytes([7; 16]),
            epoch: 1,
            msg_id: MsgId::from_bytes([7; 16]),
            author: Author { user: UserId::from_bytes([7; 16]), chain_seq: 1, capacity: None },
            device: DeviceId::from_bytes([7; 16]),
            aseq: 1,
            anchor: Anchor { seq: 0, head: Bytes32::from_bytes([7; 32]) },
            ts_ms: 1,
            on_behalf: None,
            sth: None,
            blobs: Vec::new(),
            priority: Priority::Normal,
            notify: None,
            ctrl_head: kind.is_control().then(|| Bytes32::from_bytes([7; 32])),
        };
        let Ok(core) = core.to_bytes() else { continue };
        entries.extend(
            payloads().filter_map(|payload| Signed::whole(core.clone(), payload, [7; 64]).to_bytes().ok()),
        );
    }
    entries
}

/// Arrays of one to seven ids and small numbers.
fn payloads() -> impl Iterator<Item = Vec<u8>> {
    (1..8).filter_map(|arity| {
        let mut payload = Writer::new();
        payload.array(arity);
        for position in 0..arity {
            match position % 3 {
                0 => payload.bin(&[7; 16]),
                1 => payload.uint(1),
                _ => payload.bin(&[7; 32]),
            };
        }
        payload.finish().ok()
    })
}
