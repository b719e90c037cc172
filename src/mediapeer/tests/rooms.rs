//! Several participants talk through media rooms: ICE, DTLS and SRTP really run, on a network and a clock of the test's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: a failure here is the report")]

mod common;

use std::time::Duration;

use common::{Call, key, tile};
use relais_sfu::{Layer, Left, Output, Picture, Showing};

const SOON: Duration = Duration::from_secs(3);

/// Opened pictures of somebody, and nothing wrong with any.
fn opened(call: &mut Call, of: relais_sfu::PeerNo, from: relais_sfu::PeerNo) -> u64 {
    let received = call.pictures(of, from);
    assert_eq!((received.refused, received.in_clear), (0, 0), "{received:?}");
    received.opened.get(&u32::try_from(from.0).unwrap()).copied().unwrap_or(0)
}

// CAL-02
#[test]
fn three_see_and_hear_each_other_and_everything_opens() {
    let mut call = Call::new();
    let all: Vec<_> = (1..=3).map(|no| call.join(no)).collect();
    call.run_s(4);
    for of in &all {
        for from in all.iter().filter(|from| *from != of) {
            assert!(
                opened(&mut call, *of, *from) > 50,
                "{of:?} sees {from:?}: {:?}",
                call.pictures(*of, *from)
            );
            let voice = call.voice(*of, *from);
            assert!(voice.opened.values().sum::<u64>() > 120 && voice.refused == 0, "{voice:?}");
            assert_eq!(call.pictures(*of, *from).stalls, 0);
        }
    }
    assert_eq!(call.stats().packets_unsealed, 0);
    assert!(call.stats().packets_out > 1_000);
}

#[test]
fn a_layer_changes_with_the_view_and_nothing_stands_still() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.view(two, &[tile(one, 720)]);
    let layer = |call: &mut Call, layer| call.pictures(two, one).layer == Some(layer);
    assert!(call.until(Duration::from_secs(15), |call| layer(call, 2)), "{:?}", call.pictures(two, one));
    call.view(two, &[tile(one, 180)]);
    assert!(call.until(SOON, |call| layer(call, 0)), "{:?}", call.pictures(two, one));
    call.view(two, &[tile(one, 720)]);
    assert!(call.until(SOON, |call| layer(call, 2)), "{:?}", call.pictures(two, one));
    let received = call.pictures(two, one);
    assert_eq!((received.stalls, received.id_gaps, received.refused), (0, 0, 0), "{received:?}");
    assert!(call.stats().layer_switches >= 2);
}

#[test]
fn a_publisher_that_sends_only_small_pictures_is_seen_small() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.peer(one).send_layers(1);
    call.view(two, &[tile(one, 720)]);
    call.run_s(3);
    assert!(opened(&mut call, two, one) > 40);
    assert_eq!(call.pictures(two, one).of_layer[1..], [0, 0]);
}

#[test]
fn lost_packets_are_sent_again_and_no_picture_is_missing() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.view(two, &[tile(one, 360)]);
    assert!(call.until(SOON, |call| opened(call, two, one) > 10));
    for of in [one, two] {
        call.path(of, |link| link.lost = 30);
    }
    call.run_s(10);
    assert!(call.dropped > 50, "the network loses something: {}", call.dropped);
    let received = call.pictures(two, one);
    assert!(opened(&mut call, two, one) > 190, "{received:?}");
    assert!(received.stalls <= 1, "{received:?}");
}

// SEC-01
#[test]
fn what_is_not_sealed_is_dropped_and_counted() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.peer(one).dangerous_send_unsealed(true);
    call.run_s(3);
    assert_eq!(in_clear(&mut call, two), 0);
    assert!(call.stats().frames_unsealed > 100 && call.stats().packets_out < 500, "{:?}", call.stats());
    // the room goes on, and the sender's frames pass as soon as they are sealed
    call.peer(one).dangerous_send_unsealed(false);
    assert!(call.until(SOON, |call| opened(call, two, one) > 10));
}

/// The same with the check off: then it is all there to be watched, so the check is what stops it.
#[test]
fn without_the_check_what_is_not_sealed_arrives() {
    let mut call = Call::with(|config| config.dangerous_forward_unsealed = true);
    let (one, two) = (call.join(1), call.join(2));
    call.peer(one).dangerous_send_unsealed(true);
    call.run_s(3);
    assert!(in_clear(&mut call, two) > 50);
}

fn in_clear(call: &mut Call, of: relais_sfu::PeerNo) -> u64 {
    call.all(of).iter().map(|slot| slot.in_clear).sum()
}

#[test]
fn who_has_left_is_gone_from_every_slot_and_a_new_key_opens() {
    let mut call = Call::new();
    let all: Vec<_> = (1..=3).map(|no| call.join(no)).collect();
    call.run_s(2);
    call.tell(relais_sfu::Input::Leave { peer: all[2] });
    call.run_s(1);
    assert_eq!(call.left, [(all[2], Left::Asked)]);
    for of in &all[..2] {
        let shows = |showing: &Showing| matches!(showing, Showing::Picture { of, .. } | Showing::Voice { of } if *of == all[2]);
        assert!(!call.showing(*of).iter().any(shows));
    }
    call.peer(all[1]).learn(1, 1, &key(99));
    call.peer(all[0]).rekey(1, &key(99));
    let before = opened(&mut call, all[1], all[0]);
    call.run_s(1);
    assert!(opened(&mut call, all[1], all[0]) > before + 15);
}

#[test]
fn a_path_that_narrows_is_sent_less_and_says_so() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.view(two, &[tile(one, 720)]);
    assert!(call.until(Duration::from_secs(15), |call| call.pictures(two, one).layer == Some(2)));
    call.path_down(two, |link| link.octets = Some(80_000));
    let less = |call: &mut Call| {
        let told = |showing: &Showing| matches!(showing, Showing::Picture { layer, .. } if *layer != Ok(Layer::High));
        call.showing(two).iter().any(told)
    };
    assert!(call.until(Duration::from_secs(10), less), "{:?}", call.showing(two));
    call.run_s(5);
    let before = opened(&mut call, two, one);
    // 640 kbit/s carry the smallest layer easily; a second of it may be lost to finding that out
    assert!(call.until(SOON, |call| opened(call, two, one) > before + 30), "{:?}", call.pictures(two, one));
    assert!(call.pictures(two, one).layer < Some(2));
}

#[test]
fn a_shared_screen_has_its_own_slot_and_the_loudest_is_the_speaker() {
    let mut call = Call::new();
    let one = call.join_with(1, relais_mediapeer::Config { screen: true, ..Call::config(1) });
    let two = call.join(2);
    call.peer(one).speak(-25);
    let screen = Showing::Picture { of: one, picture: Picture::Screen, layer: Ok(Layer::Low) };
    let shown = move |call: &mut Call| call.showing(two).contains(&screen);
    assert!(call.until(Duration::from_secs(10), shown), "{:?}", call.showing(two));
    assert!(call.until(Duration::from_secs(5), move |call| call.speakers == [one]), "{:?}", call.speakers);
}

#[test]
fn what_nobody_watches_need_not_be_sent() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.view(two, &[tile(one, 180)]);
    call.run_s(8);
    let told = |up_to| Output::Watched { peer: one, picture: Picture::Camera, up_to };
    assert!(call.watched.contains(&told(Some(Layer::Low))), "{:?}", call.watched);
    call.view(two, &[tile(one, 720)]);
    assert_eq!(call.watched.last(), Some(&told(Some(Layer::High))), "more is told at once");
}

#[test]
fn a_device_that_changes_its_network_is_back_within_five_seconds() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.run_s(2);
    call.move_to(two, 2);
    let (seen, sees) = (opened(&mut call, one, two), opened(&mut call, two, one));
    let both =
        move |call: &mut Call| opened(call, one, two) > seen + 10 && opened(call, two, one) > sees + 10;
    assert!(call.until(Duration::from_secs(5), both));
    assert!(call.left.is_empty());
}

#[test]
fn who_is_cut_off_is_waited_for_and_then_let_go() {
    let mut call = Call::new();
    let (one, two) = (call.join(1), call.join(2));
    call.run_s(2);
    call.path(two, |link| link.lost = 1_000);
    assert!(call.until(Duration::from_secs(30), |call| call.lost == [two]));
    call.path(two, |link| link.lost = 0);
    let before = opened(&mut call, one, two);
    assert!(
        call.until(Duration::from_secs(5), move |call| opened(call, one, two) > before + 10),
        "it came back"
    );
    call.path(two, |link| link.lost = 1_000);
    call.run_s(70);
    assert_eq!(call.left, [(two, Left::LostForTooLong)]);
    assert_eq!(call.rooms.load(), (1, 0));
}
