//! Streams cut into frames, however they arrive, and what a hostile stream gets.

use proptest::prelude::*;
use relais_turn::limits::UNAUTHENTICATED_FRAME_MAX;
use relais_turn::wire::{
    AttributeType, Class, FrameError, Framer, Method, TransactionId, Writer, channel_header,
};

fn stun(len: usize) -> Vec<u8> {
    let mut buffer = vec![0; len + 64];
    let mut writer = Writer::new(&mut buffer, Class::Indication, Method::SEND, TransactionId([1; 12]));
    writer.attribute(AttributeType::DATA, &vec![7; len]);
    writer.written().to_vec()
}

/// A frame as it is given out, and as it stands on the wire.
fn channel(len: usize) -> (Vec<u8>, Vec<u8>) {
    let frame = [channel_header(0x4001, len).expect("fits").to_vec(), vec![9; len]].concat();
    let mut on_wire = frame.clone();
    on_wire.resize(frame.len().next_multiple_of(4), 0);
    (frame, on_wire)
}

proptest! {
    #[test]
    fn frames_come_out_whole_however_they_are_cut(
        frames in prop::collection::vec((any::<bool>(), 0_usize..200), 1..10), cut in 1_usize..50,
    ) {
        let mut sent = Vec::new();
        let mut wire = Vec::new();
        for (is_stun, len) in frames {
            let (frame, on_wire) = if is_stun { (stun(len), stun(len)) } else { channel(len) };
            sent.push(frame);
            wire.extend(on_wire);
        }
        let mut framer = Framer::new(UNAUTHENTICATED_FRAME_MAX);
        let mut got = Vec::new();
        for part in wire.chunks(cut) {
            framer.feed(part);
            while let Some(frame) = framer.next_frame().expect("well-formed") {
                got.push(frame.to_vec());
            }
            prop_assert!(framer.pending() <= UNAUTHENTICATED_FRAME_MAX);
        }
        prop_assert_eq!(got, sent);
        prop_assert_eq!(framer.pending(), 0);
    }

    /// Whatever arrives: an end, or frames that are no longer than allowed.
    #[test]
    fn noise_ends_the_stream_or_stays_bounded(noise in prop::collection::vec(any::<u8>(), 0..4_000), cut in 1_usize..600) {
        let mut framer = Framer::new(UNAUTHENTICATED_FRAME_MAX);
        for part in noise.chunks(cut) {
            framer.feed(part);
            loop {
                match framer.next_frame() {
                    Ok(Some(frame)) => prop_assert!(frame.len() <= UNAUTHENTICATED_FRAME_MAX),
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
            prop_assert!(framer.pending() < UNAUTHENTICATED_FRAME_MAX);
        }
    }
}

/// Each attack is answered by an error as soon as its bytes say what it is; nothing waits for a length that lies.
#[test]
fn hostile_streams_are_ended_at_once() {
    let table: &[(&str, &[u8], FrameError)] = &[
        ("TLS in clear", &[0x16, 3, 1], FrameError::NotOurs),
        ("something above the channels", &[0x80], FrameError::NotOurs),
        ("no cookie", &[0, 1, 0, 0, 1, 2, 3, 4], FrameError::Header),
        ("an odd length", &[0, 1, 0, 3, 0x21, 0x12, 0xA4, 0x42], FrameError::Header),
        ("a long STUN message announced", &[0, 1, 0xFF, 0xFC, 0x21, 0x12, 0xA4, 0x42], FrameError::TooLong),
        ("long channel data announced", &[0x40, 0, 0xFF, 0xFF], FrameError::TooLong),
    ];
    for (name, bytes, error) in table {
        let mut framer = Framer::new(UNAUTHENTICATED_FRAME_MAX);
        framer.feed(bytes);
        assert_eq!(framer.next_frame(), Err(*error), "{name}");
    }
    // With an allocation longer frames may come.
    let mut framer = Framer::new(UNAUTHENTICATED_FRAME_MAX);
    framer.set_max(relais_turn::limits::FRAME_MAX);
    framer.feed(&channel(65_535).1);
    assert_eq!(framer.next_frame().map(|frame| frame.map(<[u8]>::len)), Ok(Some(65_539)));
}
