//! What a hostile or broken client does to media rooms: each thing is bounded, counted and refused, and the others go on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: a failure here is the report")]

mod common;

use std::time::Duration;

use common::{Call, WARD, address, join, tile};
use relais_mediapeer::{Config, MediaPeer};
use relais_sfu::limits::{HALF_OPEN_FOR, HALF_OPEN_PER_ORIGIN_MAX, OFFERS_PER_MINUTE, ROOM_PEERS_MAX};
use relais_sfu::{Input, Join, Left, PeerNo, Refused, RoomNo};

/// A call of two who see each other.
fn two() -> (Call, PeerNo, PeerNo) {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    assert!(call.until(Duration::from_secs(3), |call| seen(call, one, two) > 5 && seen(call, two, one) > 5));
    (call, one, two)
}

fn seen(call: &mut Call, of: PeerNo, from: PeerNo) -> u64 {
    call.pictures(of, from).opened.values().sum()
}

/// Asserts that the two still see each other.
fn goes_on(call: &mut Call, one: PeerNo, two: PeerNo) {
    let before = (seen(call, one, two), seen(call, two, one));
    let more =
        move |call: &mut Call| seen(call, one, two) > before.0 + 10 && seen(call, two, one) > before.1 + 10;
    assert!(call.until(Duration::from_secs(3), more));
}

fn offer(call: &Call, no: u64) -> String {
    MediaPeer::new(&Call::config(no), call.now).unwrap().1
}

fn refused(call: &mut Call, join: Join) -> Option<Refused> {
    let before = call.refused.len();
    call.tell(Input::Join(Box::new(join)));
    call.refused.get(before).map(|(_, reason)| *reason)
}

#[test]
fn absurd_offers_are_refused_with_their_reason() {
    let (mut call, one, other) = two();
    let good = offer(&call, 3);
    for (what, offer, reason) in [
        ("nothing", String::new(), Refused::OfferLayout),
        ("noise", "\u{0}\u{1}m=".repeat(9), Refused::OfferLayout),
        (
            "a long one",
            good.replace("t=0 0", &format!("t=0 0\r\na={}", "x".repeat(70_000))),
            Refused::OfferTooLarge,
        ),
        ("all there twice", good.clone() + &good, Refused::OfferTooLarge),
        (
            "a data channel",
            format!("{good}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:z\r\n"),
            Refused::OfferLayout,
        ),
        ("both ways", good.replace("a=sendonly", "a=sendrecv"), Refused::OfferLayout),
        ("no fingerprint", without(&good, "a=fingerprint"), Refused::OfferMalformed),
        ("no ICE", without(&good, "a=ice-"), Refused::OfferMalformed),
        ("other codecs", good.replace("VP8/90000", "theora/90000"), Refused::NoCodec),
    ] {
        let join = Join { offer, ..join(PeerNo(3), WARD, String::new()) };
        assert_eq!(refused(&mut call, join), Some(reason), "{what}");
    }
    assert_eq!(refused(&mut call, join(PeerNo(3), WARD, good)), None, "the good one");
    goes_on(&mut call, one, other);
}

fn without(offer: &str, start: &str) -> String {
    offer.split_inclusive('\n').filter(|line| !line.starts_with(start)).collect()
}

#[test]
fn a_join_that_takes_somebody_elses_place_is_refused() {
    let (mut call, one, other) = two();
    let good = offer(&call, 3);
    let join = |peer, sender| Join { sender, ..join(PeerNo(peer), WARD, good.clone()) };
    assert_eq!(refused(&mut call, join(1, 3)), Some(Refused::AlreadyHere));
    assert_eq!(refused(&mut call, join(3, 2)), Some(Refused::Sender), "another one's index");
    assert_eq!(refused(&mut call, join(3, 0)), Some(Refused::Sender));
    call.tell(Input::Offer { peer: PeerNo(9), offer: good.clone() });
    assert_eq!(call.refused.last(), Some(&(PeerNo(9), Refused::NotHere)));
    goes_on(&mut call, one, other);
}

#[test]
fn joins_that_never_connect_are_bounded_for_each_origin_and_given_up() {
    let (mut call, one, other) = two();
    let good = offer(&call, 3);
    let one_origin = address(200, 1).ip();
    let mut taken = 0;
    for no in 0..1_000 {
        // a room each: no bound but that of half-open peers is met
        let join =
            Join { origin: one_origin, sender: 1, ..join(PeerNo(100), RoomNo(100 + no), good.clone()) };
        match refused(&mut call, Join { peer: PeerNo(100 + no), ..join }) {
            None => taken += 1,
            Some(reason) => assert_eq!(reason, Refused::TooManyHalfOpen),
        }
    }
    assert_eq!(taken, HALF_OPEN_PER_ORIGIN_MAX);
    assert_eq!(refused(&mut call, join(PeerNo(3), WARD, good)), None, "from elsewhere");
    goes_on(&mut call, one, other);
    call.run(HALF_OPEN_FOR);
    let given_up = call.left.iter().filter(|(_, why)| *why == Left::NeverConnected).count();
    assert_eq!(given_up, HALF_OPEN_PER_ORIGIN_MAX + 1);
    assert_eq!(call.rooms.load(), (2, 0));
}

#[test]
fn a_room_is_full_at_its_bound() {
    let mut call = Call::new();
    let good = offer(&call, 1);
    for no in 1..=u64::try_from(ROOM_PEERS_MAX).unwrap() {
        // each from an address of its own
        assert_eq!(refused(&mut call, join(PeerNo(no), WARD, good.clone())), None);
    }
    assert_eq!(refused(&mut call, join(PeerNo(99), WARD, good)), Some(Refused::RoomFull));
}

#[test]
fn offers_again_and_again_are_bounded_and_of_the_same_m_lines() {
    let (mut call, one, other) = two();
    let more = MediaPeer::new(&Config { screen: true, ..Call::config(1) }, call.now).unwrap().1;
    call.tell(Input::Offer { peer: one, offer: more.clone() });
    assert_eq!(call.refused, [(one, Refused::OfferLayout)]);
    for _ in 0..OFFERS_PER_MINUTE {
        call.tell(Input::Offer { peer: one, offer: more.clone() });
    }
    assert_eq!(call.refused.last(), Some(&(one, Refused::TooOften)));
    goes_on(&mut call, one, other);
}

#[test]
fn a_flood_of_requests_for_key_frames_is_a_few() {
    let (mut call, one, other) = two();
    call.view(other, &[tile(one, 180)]);
    call.run_s(1);
    let before = call.stats();
    for _ in 0..300 {
        call.peer(other).ask_for_keyframes();
        call.run(Duration::from_millis(10));
    }
    let (asked, spared) = (
        call.stats().keyframes_asked - before.keyframes_asked,
        call.stats().keyframes_spared - before.keyframes_spared,
    );
    // three seconds, one each half a second at most
    assert!((1..=7).contains(&asked), "{asked}");
    assert!(spared > 50, "{spared}");
    goes_on(&mut call, one, other);
}

#[test]
fn noise_and_packets_of_strangers_change_nothing() {
    let (mut call, one, other) = two();
    let stranger = address(77, 1);
    let before = call.stats();
    call.inject(stranger, &[]);
    call.inject(stranger, &[0xff; 40]);
    call.inject(stranger, &[0x80; 3_000]);
    call.inject(stranger, &media(0x1234_5678));
    call.inject(stranger, &[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    call.inject(stranger, b"\x00\x01\x00\x00\x21\x12\xa4\x42aaaabbbbcccc");
    let after = call.stats();
    let undecodable = after.datagrams_undecodable - before.datagrams_undecodable;
    let unknown = after.datagrams_unknown - before.datagrams_unknown;
    assert_eq!((undecodable, unknown), (4, 2), "a check without a name is none");
    assert_eq!(after.datagrams_out, before.datagrams_out, "nobody is answered");
    goes_on(&mut call, one, other);
}

#[test]
fn spoofed_packets_from_a_known_address_do_not_end_the_call() {
    let (mut call, one, other) = two();
    let known = address(1, 1);
    let before = call.stats();
    for seq in 0..2_000_u32 {
        call.inject(known, &media(0x4000_0000 + seq));
    }
    for first in [20, 22, 23] {
        call.inject(known, &[first, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]);
    }
    assert!(call.stats().packets_stray - before.packets_stray == 2_000);
    assert_eq!(call.stats().packets_in, before.packets_in, "nothing of it is media");
    assert_eq!(call.left, []);
    goes_on(&mut call, one, other);
}

/// A packet that looks like media of a stream.
fn media(ssrc: u32) -> Vec<u8> {
    let mut octets = vec![0x80, 96, 0, 1, 0, 0, 0, 1];
    octets.extend_from_slice(&ssrc.to_be_bytes());
    octets.resize(200, 7);
    octets
}

/// Two rooms of one shape with the same senders: media flows in both, and none of it crosses.
// SEC-01
#[test]
fn rooms_do_not_hear_each_other() {
    let mut call = Call::new();
    let member = |sender: u32, no: u64| Config {
        sender,
        address: address(no, 1),
        base_key: common::key(no),
        ..Call::config(no)
    };
    let here = [call.join_in(1, member(1, 1), WARD), call.join_in(2, member(2, 2), WARD)];
    let mut there = Vec::new();
    for no in [3, 4] {
        let (peer, offer) = MediaPeer::new(&member(u32::try_from(no).unwrap() - 2, no), call.now).unwrap();
        let join = Join { sender: u32::try_from(no).unwrap() - 2, ..join(PeerNo(no), RoomNo(2), offer) };
        call.add(PeerNo(no), peer, address(no, 1), join);
        there.push(PeerNo(no));
    }
    call.peer(there[0]).learn(2, 0, &common::key(4));
    call.peer(there[1]).learn(1, 0, &common::key(3));
    call.run_s(3);
    assert!(seen(&mut call, here[0], here[1]) > 20 && seen(&mut call, there[0], there[1]) > 20);
    for of in here.iter().chain(&there) {
        // a frame that crossed would not open: the same index, another key
        assert!(call.all(*of).iter().all(|slot| slot.refused == 0));
        let others =
            call.showing(*of).iter().filter(|showing| **showing != relais_sfu::Showing::Nothing).count();
        assert_eq!(others, 2, "one picture and one voice");
    }
}
