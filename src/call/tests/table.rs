//! What comes out for what goes in, exactly.

mod common;

use common::{
    ADA, AFTER_ACK, BEN, Bench, CALL, CLEO, DAN, ack, add, decline, end, gone, join, leave, managers, person,
    start, team, thread, user, with_dot,
};
use relais_call::limits::{ACK_MS, AWAY_MS, CALL_MS_MAX, PHONES_MAX, RECOVER_MS, RING_MS, SEATS_MAX};
use relais_call::{Call, Dot, EndReason, Input, Party, Phase, Refused, Start, Warning};
use relais_wire::CallId;

#[test]
fn a_call_rings_is_answered_and_ends_with_the_last_but_one() {
    // CAL-01, CAL-03
    let mut b = Bench::default();
    let lines = b.start(&start(vec![person(BEN)])).unwrap();
    assert_eq!(
        lines,
        ["* ada starts", "ring ben until 45000", "show ada: ringing | ada in ada1 camera, ben called"]
    );
    b.assert_outputs(ack(BEN), ["show ada: ringing | ada in ada1 camera, ben rings"]);
    b.now = 5_000;
    let answered = "show ada ben: active@5000 | ada in ada1 camera, ben in ben2";
    b.assert_outputs(join(BEN, 2), ["stop ben elsewhere but 2", "* ben joins", answered]);
    let over = "show ada ben: ended hungup | ada left, ben left";
    b.now = 60_000;
    b.assert_outputs(leave(ADA, 1), ["* ada leaves", "* ended: hungup", over]);
    assert!(b.desk.is_empty());
}

#[test]
fn the_answer_says_whether_the_camera_is_on_and_may_say_otherwise_later() {
    // CAL-03
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    let with = Input::Join { user: user(BEN), device: common::device(BEN, 1), camera: true };
    b.give(with);
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1 camera");
    b.give(join(BEN, 1));
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1");
}

#[test]
fn nobody_who_has_not_said_that_it_rings_is_said_to_ring() {
    // Q33
    let mut b = Bench::default();
    b.start(&start(vec![person(BEN), person(CLEO)])).unwrap();
    b.give(ack(BEN));
    assert_eq!(b.pass(ACK_MS - 1), [""; 0]);
    let told = "show ada: ringing | ada in ada1 camera, ben rings, cleo unreachable";
    assert_eq!(b.pass(1), ["stop cleo unreachable", "* cleo missed: unreachable", told]);
    b.assert_outputs(ack(CLEO), ["no: it does not ring"]);
}

#[test]
fn a_call_whose_only_callee_cannot_be_reached_is_over_after_three_seconds() {
    let mut b = Bench::default();
    b.start(&start(vec![person(BEN)])).unwrap();
    let lines = b.pass(AFTER_ACK);
    let over = "show ada: ended unanswered | ada left, ben unreachable";
    assert_eq!(lines, ["stop ben unreachable", "* ben missed: unreachable", "* ended: unanswered", over]);
}

#[test]
fn a_ring_that_nobody_answers_is_missed_at_its_deadline() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    assert_eq!(b.pass(RING_MS - 1), [""; 0]);
    let over = "show ada: ended unanswered | ada left, ben rangout";
    assert_eq!(b.pass(1), ["stop ben missed", "* ben missed: rangout", "* ended: unanswered", over]);
    b.assert_outputs(join(BEN, 1), ["no: no such call"]);
}

#[test]
fn an_answer_after_the_deadline_is_too_late_though_no_timer_has_fired() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.now = RING_MS;
    let lines = b.give(ack(BEN));
    assert_eq!(lines.last().unwrap(), "no: the call is over");
    assert!(lines.contains(&"* ben missed: rangout".to_owned()), "{lines:?}");
}

#[test]
fn a_declined_call_has_nothing_missed_and_stops_on_all_devices_of_who_declined() {
    // Q33
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    let still = "show ada: ringing | ada in ada1 camera, ben declined, cleo rings";
    b.assert_outputs(decline(BEN), ["stop ben declined", "* ben declines", still]);
    b.assert_outputs(decline(BEN), []);
    let over = "show ada: ended unanswered | ada left, ben declined, cleo declined";
    b.assert_outputs(decline(CLEO), ["stop cleo declined", "* cleo declines", "* ended: unanswered", over]);
}

#[test]
fn who_declined_may_still_come_while_the_call_goes_on() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.give(decline(BEN));
    b.give(join(CLEO, 1));
    b.assert_outputs(
        join(BEN, 1),
        ["* ben joins", "show ada ben cleo: active@0 | ada in ada1 camera, ben in ben1, cleo in cleo1"],
    );
}

#[test]
fn a_cancelled_call_was_missed_by_those_it_rang_for() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    let over = "show ada: ended cancelled | ada left, ben cancelled";
    b.assert_outputs(end(ADA), ["stop ben cancelled", "* ben missed: cancelled", "* ended: cancelled", over]);
}

#[test]
fn leaving_before_anybody_answered_is_cancelling() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(leave(ADA, 1));
    assert_eq!(b.state(), "ended cancelled | ada left, ben cancelled");
}

#[test]
fn only_the_starter_ends_a_call_for_all() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.give(join(BEN, 1));
    b.assert_outputs(end(BEN), ["no: only its starter may"]);
    b.assert_outputs(end(DAN), ["no: no such call"]);
    b.give(end(ADA));
    assert_eq!(b.state(), "ended forall | ada left, ben left, cleo cancelled");
}

#[test]
fn who_is_in_another_call_is_busy_and_missed_this_one() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    let other = Start {
        call: CallId::from_bytes([0xc2; 16]),
        thread: thread(2),
        caller: user(CLEO),
        device: common::device(CLEO, 1),
        ..start(vec![person(BEN), person(DAN)])
    };
    let lines = b.start(&other).unwrap();
    let told = "show cleo: ringing | cleo in cleo1 camera, ben busy, dan called";
    assert_eq!(lines, ["* cleo starts", "ring dan until 45000", "* ben missed: busy", told]);
    let turn = b.desk.turn(b.now, other.call, join(BEN, 1)).unwrap_err();
    assert_eq!(turn, Refused::InAnotherCall);
}

#[test]
fn nobody_is_in_two_calls_and_a_thread_has_one() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    let second = CallId::from_bytes([0xc2; 16]);
    let from_there = Start { call: second, thread: thread(2), ..start(vec![person(CLEO)]) };
    assert_eq!(b.start(&from_there), Err(Refused::InAnotherCall));
    let here = Start { call: second, caller: user(BEN), ..start(vec![person(ADA)]) };
    assert_eq!(b.start(&here), Err(Refused::UnderWay));
    // The same start again, as after a lost answer: nothing new.
    assert_eq!(b.start(&start(vec![person(BEN)])), Ok(vec![]));
    let stolen = Start { thread: thread(2), ..start(vec![person(BEN)]) };
    assert_eq!(b.start(&stolen), Err(Refused::Unknown));
}

#[test]
fn a_yellow_dot_asks_the_caller_first_and_rings_once_confirmed() {
    // Q23, AVL-01
    let mut b = Bench::default();
    let yellow = Dot::Yellow { until_ms: Some(9_000) };
    let asks = Warning { party: Party::User(user(BEN)), dot: yellow, offer: None };
    let callees = vec![with_dot(BEN, yellow), person(CLEO)];
    assert_eq!(b.start(&start(callees.clone())), Err(Refused::Ask(vec![asks])));
    assert!(b.desk.is_empty(), "nobody is rung before the caller said so");
    let lines = b.start(&Start { confirmed: true, ..start(callees) }).unwrap();
    assert!(lines.contains(&"ring ben until 45000".to_owned()), "{lines:?}");
}

#[test]
fn a_red_dot_never_rings_and_offers_the_team() {
    // Q23, AVL-02
    let mut b = Bench::default();
    let red = Dot::Red { until_ms: 9_000 };
    let asks = Warning { party: Party::User(user(BEN)), dot: red, offer: Some(team(9)) };
    assert_eq!(b.start(&start(vec![with_dot(BEN, red)])), Err(Refused::Ask(vec![asks])));
    let alone = Start { confirmed: true, ..start(vec![with_dot(BEN, red)]) };
    assert_eq!(b.start(&alone), Err(Refused::Nobody));
    let confirmed = Start { confirmed: true, ..start(vec![with_dot(BEN, red), person(CLEO)]) };
    let lines = b.start(&confirmed).unwrap();
    let told = "show ada: ringing | ada in ada1 camera, ben absent@9000, cleo called";
    assert_eq!(lines, ["* ada starts", "ring cleo until 45000", told]);
    // The team that was offered, in the call's place: its managers ring, and Ben as one of them.
    b.give(ack(CLEO));
    b.give(add(ADA, vec![managers(9, &[BEN, DAN])]));
    assert_eq!(b.state(), "ringing | ada in ada1 camera, ben absent@9000, cleo rings, team9 called");
}

#[test]
fn the_first_of_a_team_takes_its_place_and_the_colleagues_stop() {
    // Q25, Q33
    let mut b = Bench::default();
    let lines = b.start(&start(vec![managers(7, &[BEN, CLEO, DAN])])).unwrap();
    assert_eq!(lines.iter().filter(|line| line.starts_with("ring")).count(), 3);
    b.give(ack(BEN));
    b.give(ack(CLEO));
    // Dan's devices say nothing; that is nobody's news while colleagues ring.
    assert_eq!(b.pass(ACK_MS).first().unwrap(), "stop dan unreachable");
    b.assert_outputs(
        join(CLEO, 1),
        [
            "stop ben elsewhere",
            "stop cleo elsewhere but 1",
            "* cleo joins",
            "show ada cleo: active@3000 | ada in ada1 camera, team7 in cleo1",
        ],
    );
    b.assert_outputs(join(BEN, 1), ["no: answered elsewhere"]);
    b.assert_outputs(join(DAN, 1), ["no: answered elsewhere"]);
}

#[test]
fn a_team_has_declined_only_when_all_who_ring_have() {
    // Q25
    let mut b = Bench::ringing(vec![managers(7, &[BEN, CLEO])], &[BEN, CLEO]);
    b.give(decline(BEN));
    assert_eq!(b.state(), "ringing | ada in ada1 camera, team7 rings");
    b.give(decline(CLEO));
    assert_eq!(b.state(), "ended unanswered | ada left, team7 declined");
}

#[test]
fn nobody_is_rung_for_two_places() {
    let mut b = Bench::default();
    let lines = b.start(&start(vec![managers(7, &[ADA, BEN, CLEO]), person(BEN)])).unwrap();
    assert_eq!(
        lines,
        [
            "* ada starts",
            "ring ben until 45000",
            "ring cleo until 45000",
            "show ada: ringing | ada in ada1 camera, ben called, team7 called"
        ]
    );
}

#[test]
fn people_are_added_in_mid_call_by_those_who_are_in_it() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.assert_outputs(add(BEN, vec![person(CLEO)]), ["no: not in the call"]);
    b.give(join(BEN, 1));
    b.now = 100_000;
    b.assert_outputs(
        add(BEN, vec![person(CLEO), person(ADA)]),
        [
            "ring cleo until 145000",
            "* ben adds",
            "show ada ben: active@0 | ada in ada1 camera, ben in ben1, cleo called",
        ],
    );
    b.assert_outputs(add(BEN, vec![person(ADA)]), ["no: nobody to ring"]);
    // One hangs up; the other still waits for the third, who does not come.
    b.give(ack(CLEO));
    b.give(leave(ADA, 1));
    assert_eq!(b.phase(), Phase::Active { since_ms: 0 });
    b.pass(RING_MS);
    assert_eq!(b.state(), "ended hungup | ada left, ben left, cleo rangout");
}

#[test]
fn who_did_not_answer_can_be_rung_again() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN]);
    b.give(join(BEN, 1));
    b.pass(ACK_MS);
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1, cleo unreachable");
    b.give(add(ADA, vec![person(CLEO)]));
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1, cleo called");
}

#[test]
fn a_place_is_kept_for_a_lost_connection() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    b.now = 1_000;
    // Another device of his is no news; the one in the call is.
    b.assert_outputs(gone(BEN, 2), []);
    b.assert_outputs(gone(BEN, 1), ["show ada ben: active@0 | ada in ada1 camera, ben away ben@31000"]);
    b.pass(AWAY_MS - 1);
    b.assert_outputs(join(BEN, 1), ["show ada ben: active@0 | ada in ada1 camera, ben in ben1"]);
    b.give(gone(BEN, 1));
    let lines = b.pass(AWAY_MS);
    let over = "show ada ben: ended lost | ada left, ben lost";
    assert_eq!(lines, ["* ben leaves", "* ended: lost", over]);
}

#[test]
fn who_lost_the_device_may_come_back_on_another_and_then_only_there() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    b.assert_outputs(join(BEN, 2), ["no: answered elsewhere"]);
    b.assert_outputs(leave(BEN, 2), ["no: answered elsewhere"]);
    b.give(gone(BEN, 1));
    b.give(join(BEN, 2));
    b.assert_outputs(join(BEN, 1), ["no: answered elsewhere"]);
}

#[test]
fn a_call_that_nobody_hangs_up_is_over_after_a_day() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    assert_eq!(b.pass(CALL_MS_MAX - 1), [""; 0]);
    b.pass(1);
    assert_eq!(b.state(), "ended lost | ada left, ben left");
}

#[test]
fn who_lost_the_thread_is_out_and_does_not_come_back() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO), managers(7, &[DAN])], &[BEN, CLEO, DAN]);
    b.give(join(BEN, 1));
    b.give(Input::Removed { user: user(BEN) });
    b.give(Input::Removed { user: user(DAN) });
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben removed, cleo rings, team7 removed");
    b.assert_outputs(join(BEN, 1), ["no: no such call"]);
    b.assert_outputs(join(DAN, 1), ["no: no such call"]);
    b.give(Input::Removed { user: user(ADA) });
    assert_eq!(b.phase(), Phase::Ended { at_ms: 0, why: EndReason::HungUp });
}

#[test]
fn who_has_nothing_to_do_with_a_call_does_not_learn_that_there_is_one() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    for input in [join(DAN, 1), ack(DAN), decline(DAN), leave(DAN, 1), end(DAN), add(DAN, vec![person(CLEO)])]
    {
        b.assert_outputs(input, ["no: no such call"]);
    }
}

#[test]
fn a_call_takes_so_many_and_no_more() {
    let crowd = |n: usize| (0..n).map(|n| person(u8::try_from(n + 10).unwrap())).collect::<Vec<_>>();
    let mut b = Bench::default();
    assert_eq!(b.start(&start(crowd(SEATS_MAX))), Err(Refused::TooMany));
    let phones: Vec<u8> = (0..=PHONES_MAX).map(|n| u8::try_from(n + 10).unwrap()).collect();
    assert_eq!(b.start(&start(vec![managers(7, &phones)])), Err(Refused::TooMany));
    assert_eq!(b.start(&start(vec![])), Err(Refused::Nobody));
    assert_eq!(b.start(&start(vec![person(ADA)])), Err(Refused::Nobody));
    assert!(b.start(&start(crowd(SEATS_MAX - 1))).is_ok());
    let more = Input::Add { user: user(ADA), callees: vec![person(BEN)], confirmed: true };
    b.assert_outputs(more, ["no: more people than a call takes"]);
}

#[test]
fn after_a_restart_a_call_waits_for_those_who_were_in_it() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.give(join(BEN, 1));
    b.give(decline(CLEO));
    b.now = 10_000;
    b.restart(2_000);
    assert_eq!(b.state(), "recovering@27000 | ada away ada@27000, ben away ben@27000, cleo declined");
    b.give(join(ADA, 1));
    b.assert_outputs(join(BEN, 1), ["show ada ben: active@0 | ada in ada1, ben in ben1, cleo declined"]);
}

#[test]
fn fewer_than_two_back_after_a_restart_is_the_end() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    b.restart(0);
    b.give(join(ADA, 1));
    assert_eq!(b.pass(RECOVER_MS - 1), [""; 0]);
    b.pass(1);
    assert_eq!(b.state(), "ended lost | ada left, ben lost");
}

#[test]
fn telephones_go_on_ringing_over_a_restart_until_the_time_they_had() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.now = 5_000;
    b.restart(5_000);
    assert_eq!(b.state(), "recovering@25000 | ada away ada@25000, ben called");
    let call = b.desk.call(CALL).unwrap();
    assert_eq!(call.rings().collect::<Vec<_>>(), [(user(BEN), RING_MS)]);
    b.give(join(ADA, 1));
    b.give(ack(BEN));
    b.pass(RING_MS - 10_001);
    assert_eq!(b.state(), "ringing | ada in ada1, ben rings");
    b.pass(1);
    assert_eq!(b.state(), "ended unanswered | ada left, ben rangout");
}

#[test]
fn a_ring_whose_time_passed_while_the_server_was_down_is_missed_at_once() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    let lines = b.restart(RING_MS + 1);
    // It may have rung before: that nobody was reached cannot be said.
    assert!(lines.contains(&"* ben missed: rangout".to_owned()), "{lines:?}");
    assert!(b.desk.is_empty());
}

#[test]
fn a_telephone_that_rang_when_the_server_went_down_has_missed_the_call_once_its_time_is_over() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.restart(RING_MS - 5_000);
    // It has longer to say that it rings than the ringing lasts.
    let lines = b.pass(5_000);
    assert!(lines.contains(&"* ben missed: rangout".to_owned()), "{lines:?}");
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.restart(1_000);
    let lines = b.pass(RECOVER_MS);
    assert!(lines.contains(&"* ben missed: unreachable".to_owned()), "{lines:?}");
}

#[test]
fn what_is_shown_after_a_restart_is_newer_than_all_that_was_shown_before() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    // Changes without a fact are shown and not kept.
    for n in 1..=5 {
        b.now = n * 10;
        b.give(gone(BEN, 1));
        b.give(join(BEN, 1));
    }
    let before = b.last.as_ref().unwrap().version();
    b.restart(1_000);
    assert!(b.last.as_ref().unwrap().version() > before);
}

#[test]
fn what_is_kept_is_bounded_and_of_this_version() {
    let b = Bench::ringing(vec![person(BEN), managers(7, &[CLEO])], &[BEN]);
    let kept = b.last.as_ref().unwrap().to_kept();
    let again = Call::from_kept(0, &kept).unwrap();
    assert!(again.version() > b.last.as_ref().unwrap().version());
    assert!(Call::from_kept(0, b"\xc0").is_err());
    assert!(Call::from_kept(0, &kept[1..]).is_err());
    assert!(kept.starts_with(b"\x89\xa4form\x01\xa2id\xc4\x10"), "the kept form has a version");
}

#[test]
fn a_call_that_cannot_be_kept_ends_for_those_in_it_and_rings_no_more() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.give(join(BEN, 1));
    let over = "show ada ben: ended lost | ada left, ben left, cleo cancelled";
    b.assert_outputs(
        Input::GiveUp,
        ["stop cleo cancelled", "* cleo missed: cancelled", "* ended: lost", over],
    );
    assert!(b.desk.is_empty());
}

#[test]
fn every_call_that_is_due_is_named_not_the_first_alone() {
    let mut b = Bench::default();
    b.start(&start(vec![person(BEN)])).unwrap();
    let other = CallId::from_bytes([0xc2; 16]);
    let second = Start { call: other, thread: thread(2), caller: user(CLEO), ..start(vec![person(DAN)]) };
    b.now = 1;
    b.start(&second).unwrap();
    assert_eq!(b.desk.all_due(ACK_MS).collect::<Vec<_>>(), [CALL]);
    assert_eq!(b.desk.all_due(ACK_MS + 1).collect::<Vec<_>>(), [CALL, other]);
}

#[test]
fn a_call_taken_as_it_stands_is_due_until_its_turn_is_kept() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    let call = Call::from_kept(RING_MS + 1, &b.kept.take().unwrap()).unwrap();
    assert!(!b.desk.has_place_for(&call), "its thread has one");
    b.desk = relais_call::Desk::default();
    assert!(b.desk.has_place_for(&call));
    b.desk.adopt(call);
    b.desk.check();
    b.now = RING_MS + 1;
    assert_eq!(b.desk.due(b.now), Some(CALL));
    b.give(Input::Timeout);
    assert!(b.desk.is_empty());
}
