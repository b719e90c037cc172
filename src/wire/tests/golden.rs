//! Golden bytes: every type of the wire, as it has been since it was first published.
//!
//! A difference here is a break of the protocol. After *adding* a type, run once with `RELAIS_GOLDEN=write`.

#![expect(clippy::unwrap_used, reason = "a test: a value that does not decode fails it")]

use relais_wire::frame::HEADER_LEN;
use relais_wire::limits::{CARD_BYTES_MAX, FRAME_BYTES_MAX, THREADS_PAGE_MAX};
use relais_wire::streams::{ThreadList, ThreadPlace};
use relais_wire::{
    Class, Control, Event, Frame, Header, Reply, Request, decode_reply, encode_frame, encode_reply,
};
use serde_json::{Value, json};

mod samples;

/// One line of the golden file.
struct Golden {
    class: &'static str,
    kind: u16,
    frame: Vec<u8>,
    body: Value,
}

fn all() -> Vec<Golden> {
    let requests = samples::requests().into_iter().map(|request| Golden {
        class: "request",
        kind: request.kind(),
        frame: request.encode(7),
        body: json_of_request(&request),
    });
    let replies = samples::replies().into_iter().map(|(kind, reply)| Golden {
        class: "reply",
        kind,
        body: serde_json::to_value(&reply).unwrap(),
        frame: encode_reply(kind, 7, &Ok(reply)),
    });
    let refusals = samples::refusals().into_iter().map(|refusal| Golden {
        class: "refusal",
        kind: 0x0301,
        body: serde_json::to_value(&refusal).unwrap(),
        frame: encode_reply(0x0301, 7, &Err(refusal)),
    });
    let events = samples::events().into_iter().map(|event| Golden {
        class: "event",
        kind: event.kind(),
        frame: encode_frame(&Header::new(Class::Event, event.kind(), 0), &event.encode_body()),
        body: Value::Null,
    });
    let controls = samples::controls().into_iter().map(|control| Golden {
        class: "control",
        kind: control.kind(),
        frame: control.encode(),
        body: Value::Null,
    });
    requests.chain(replies).chain(refusals).chain(events).chain(controls).collect()
}

/// What the JSON carrier would carry: re-read from the MessagePack body, so that both carriers agree.
fn json_of_request(request: &Request) -> Value {
    let mut text = Vec::new();
    let body = request.encode_body();
    let mut from = rmp_serde::Deserializer::new(std::io::Cursor::new(body));
    let again = Request::deserialize_as(request.kind(), &mut from).unwrap().unwrap();
    assert_eq!(&again, request);
    serde_transcode(&again, &mut text);
    serde_json::from_slice(&text).unwrap()
}

fn serde_transcode(request: &Request, into: &mut Vec<u8>) {
    request.serialize_body(&mut serde_json::Serializer::new(into)).unwrap();
}

#[test]
fn every_type_has_the_bytes_it_always_had() {
    let lines: Vec<Value> = all()
        .into_iter()
        .map(|golden| json!({"class": golden.class, "type": golden.kind, "frame": hex::encode(golden.frame), "json": golden.body}))
        .collect();
    let made = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n";
    let path = "golden/wire.ndjson";
    if std::env::var_os("RELAIS_GOLDEN").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    for (number, (made, kept)) in made.lines().zip(kept.lines()).enumerate() {
        assert_eq!(made, kept, "line {}", number + 1);
    }
    assert_eq!(made.lines().count(), kept.lines().count());
}

#[test]
fn every_type_comes_back_from_its_bytes() {
    for request in samples::requests() {
        let bytes = request.encode(9);
        let frame = Frame::parse(&bytes, FRAME_BYTES_MAX).unwrap();
        assert_eq!(frame.header, Header::new(Class::Request, request.kind(), 9));
        assert_eq!(Request::decode(frame.header.kind, frame.body).unwrap(), request);
    }
    for (kind, reply) in samples::replies() {
        let bytes = encode_reply(kind, 9, &Ok(reply.clone()));
        assert_eq!(decode_reply(&Frame::parse(&bytes, FRAME_BYTES_MAX).unwrap()).unwrap(), Ok(reply));
    }
    for refusal in samples::refusals() {
        let bytes = encode_reply(0x0301, 9, &Err(refusal.clone()));
        assert_eq!(decode_reply(&Frame::parse(&bytes, FRAME_BYTES_MAX).unwrap()).unwrap(), Err(refusal));
    }
    for event in samples::events() {
        assert_eq!(Event::decode(event.kind(), &event.encode_body()).unwrap(), event);
        assert_eq!(Event::lane_of(event.kind()), Some(event.lane()));
    }
    for control in samples::controls() {
        assert_eq!(Control::decode(control.kind(), &control.encode_body()).unwrap(), control);
    }
}

#[test]
fn a_page_of_a_list_with_the_longest_cards_fits_into_a_frame() {
    let page = usize::try_from(THREADS_PAGE_MAX).unwrap();
    let card = samples::largest_card();
    assert!(rmp_serde::to_vec_named(&card).unwrap().len() <= CARD_BYTES_MAX);
    let next = ThreadPlace { at: card.at, thread: card.thread };
    let list = ThreadList { threads: vec![card; page], next: Some(next) };
    assert!(encode_reply(0x0405, u64::MAX, &Ok(list.into())).len() <= FRAME_BYTES_MAX);
}

#[test]
fn both_carriers_say_the_same() {
    for request in samples::requests() {
        let mut text = Vec::new();
        request.serialize_body(&mut serde_json::Serializer::new(&mut text)).unwrap();
        let from = &mut serde_json::Deserializer::from_slice(&text);
        assert_eq!(Request::deserialize_as(request.kind(), from).unwrap().unwrap(), request);
    }
    for (kind, reply) in samples::replies() {
        let text = serde_json::to_vec(&reply).unwrap();
        let from = &mut serde_json::Deserializer::from_slice(&text);
        assert_eq!(Reply::deserialize_as(kind, from).unwrap().unwrap(), reply);
    }
}

/// The body with one more field, as a newer peer would send it.
fn with_a_field_more(body: &[u8]) -> Vec<u8> {
    let (first, rest) = body.split_first().unwrap();
    assert!((0x80..0x8f).contains(first), "a map of fewer than 15 fields");
    let mut out = vec![first + 1];
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0xa5]);
    out.extend_from_slice(b"newer");
    out.extend_from_slice(&[0x92, 0x01, 0x81, 0xa1, b'x', 0xc0]);
    out
}

#[test]
fn a_field_of_a_newer_version_is_skipped() {
    for request in samples::requests() {
        let body = with_a_field_more(&request.encode_body());
        assert_eq!(Request::decode(request.kind(), &body).unwrap(), request);
    }
    for event in samples::events() {
        let body = with_a_field_more(&event.encode_body());
        assert_eq!(Event::decode(event.kind(), &body).unwrap(), event);
    }
}

#[test]
fn bytes_after_a_body_or_missing_from_it_are_refused() {
    for request in samples::requests() {
        let mut body = request.encode_body();
        body.push(0xc0);
        assert!(Request::decode(request.kind(), &body).is_err());
        body.truncate(body.len() - 2);
        assert!(Request::decode(request.kind(), &body).is_err(), "{}", request.kind());
    }
}

#[test]
fn numbers_are_unique_and_ascending() {
    for all in [Request::ALL, Event::ALL, Control::ALL] {
        assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
    assert!(Request::ALL.iter().all(|(kind, name)| Request::kind_of(name) == Some(*kind)));
}

#[test]
fn the_per_recipient_prefix_of_an_event_stays_small() {
    const { assert!(HEADER_LEN <= 24) };
}

proptest::proptest! {
    #[test]
    fn any_body_decodes_or_is_refused(
        pick in 0_usize..Request::ALL.len(),
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..96),
    ) {
        let (kind, _) = Request::ALL[pick];
        if let Ok(request) = Request::decode(kind, &body) {
            assert_eq!(request.kind(), kind);
        }
        if let Ok(reply) = Reply::decode(kind, &body) {
            assert!(Reply::decode(kind, &relais_wire::codec::encode(&reply)).is_ok());
        }
        for (kind, _) in Event::ALL {
            if let Ok(event) = Event::decode(*kind, &body) {
                assert_eq!(event.kind(), *kind);
            }
        }
        for (kind, _) in Control::ALL {
            if let Ok(control) = Control::decode(*kind, &body) {
                assert_eq!(control.kind(), *kind);
            }
        }
    }

    #[test]
    fn a_flipped_byte_decodes_or_is_refused(pick in 0_usize..60, at in 0_usize..400, flip in 1_u8..=255) {
        let requests = samples::requests();
        let request = &requests[pick % requests.len()];
        let mut body = request.encode_body();
        let at = at % body.len();
        body[at] ^= flip;
        if let Ok(other) = Request::decode(request.kind(), &body) {
            let again = Request::decode(other.kind(), &other.encode_body()).unwrap();
            assert_eq!(again, other);
        }
    }
}
