//! What happens when two things happen at once: in either order the same people end up in the same state.

mod common;

use common::{ADA, BEN, Bench, CLEO, DAN, ack, decline, end, gone, join, leave, managers, person, start};
use relais_call::limits::{RECOVER_MS, RING_MS};
use relais_call::{Input, Phase};

/// Every order of some inputs.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        all.extend(orders(&rest).into_iter().map(|tail| [vec![first.clone()], tail].concat()));
    }
    all
}

#[test]
fn of_three_devices_that_answer_at_once_one_wins_and_the_others_are_told() {
    // Q33
    for order in orders(&[1, 2, 3]) {
        let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
        let answers: Vec<Vec<String>> = order.iter().map(|nth| b.give(join(BEN, *nth))).collect();
        assert!(answers[0].contains(&format!("stop ben elsewhere but {}", order[0])), "{answers:?}");
        assert_eq!(answers[1..], [["no: answered elsewhere"], ["no: answered elsewhere"]]);
        assert_eq!(b.state(), format!("active@0 | ada in ada1 camera, ben in ben{}", order[0]));
    }
}

#[test]
fn of_three_colleagues_who_answer_for_their_team_at_once_one_wins() {
    // Q25, Q33
    for order in orders(&[BEN, CLEO, DAN]) {
        let mut b = Bench::ringing(vec![managers(7, &[BEN, CLEO, DAN])], &[BEN, CLEO, DAN]);
        let answers: Vec<Vec<String>> = order.iter().map(|n| b.give(join(*n, 1))).collect();
        let joined = answers.concat().iter().filter(|line| line.ends_with("joins")).count();
        let late = answers.concat().iter().filter(|line| *line == "no: answered elsewhere").count();
        assert_eq!((joined, late), (1, 2), "{answers:?}");
        assert!(answers[0].iter().any(|line| line.ends_with("joins")), "the first one");
    }
}

#[test]
fn a_cancel_that_meets_an_answer_ends_the_call_either_way() {
    for order in orders(&[end(ADA), join(BEN, 1)]) {
        let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
        let lines: Vec<String> = order.iter().flat_map(|input| b.give(input.clone())).collect();
        assert!(b.desk.is_empty(), "{lines:?}");
        // Ben either learns that it is over from the answer to his, or had it for a moment.
        let refused = lines.contains(&"no: no such call".to_owned());
        let ended = lines.iter().any(|line| {
            line.starts_with("show ada ben: ended forall") || line.starts_with("show ben ada: ended forall")
        });
        assert!(refused ^ ended, "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("stop ben")), "his other devices stop: {lines:?}");
    }
}

#[test]
fn a_decline_on_one_device_that_meets_an_answer_on_another_ends_in_what_came_first() {
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.give(join(BEN, 1));
    b.assert_outputs(decline(BEN), ["no: answered elsewhere"]);
    let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
    b.give(decline(BEN));
    // Somebody who changes their mind while it goes on is welcome.
    b.give(join(BEN, 1));
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1, cleo rings");
}

#[test]
fn an_answer_whose_reply_was_lost_is_given_again_to_the_same_device() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    b.assert_outputs(join(BEN, 1), []);
    // The connection that the reply was lost with is noticed later than the retry, or earlier.
    b.give(gone(BEN, 1));
    b.give(join(BEN, 1));
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1");
}

#[test]
fn an_old_connection_noticed_late_is_mended_by_joining_again() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.give(join(BEN, 1));
    let lines = b.give(gone(BEN, 1));
    assert!(lines[0].starts_with("show ada ben:"), "his device is shown that it counts as away: {lines:?}");
    b.give(join(BEN, 1));
    assert_eq!(b.phase(), Phase::Active { since_ms: 0 });
}

#[test]
fn a_restart_while_ringing_loses_neither_the_ring_nor_the_answer() {
    for order in orders(&[join(ADA, 1), ack(BEN), join(BEN, 1)]) {
        let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
        b.now = 1_000;
        b.restart(2_000);
        for input in order {
            b.give(input);
        }
        assert_eq!(b.state(), "active@3000 | ada in ada1, ben in ben1");
    }
}

#[test]
fn a_restart_while_ringing_whose_caller_does_not_come_back_is_a_missed_call() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.now = 1_000;
    b.restart(2_000);
    b.give(ack(BEN));
    let lines = b.pass(RECOVER_MS);
    assert!(lines.contains(&"* ben missed: cancelled".to_owned()), "{lines:?}");
    assert!(lines.contains(&"stop ben cancelled".to_owned()), "{lines:?}");
    assert!(b.desk.is_empty());
}

#[test]
fn an_answer_that_was_durable_before_the_restart_counts_and_one_that_was_not_never_was() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    let before = b.kept.clone();
    b.give(join(BEN, 1));
    let after = b.kept.clone();
    b.restart(0);
    assert_eq!(
        b.state(),
        format!("recovering@{RECOVER_MS} | ada away ada@{RECOVER_MS}, ben away ben@{RECOVER_MS}")
    );
    assert_ne!(before, after);
    b.kept = before;
    b.restart(0);
    assert_eq!(b.state(), format!("recovering@{RECOVER_MS} | ada away ada@{RECOVER_MS}, ben called"));
}

#[test]
fn two_who_hang_up_at_once_end_it_once() {
    for order in orders(&[leave(ADA, 1), leave(BEN, 1)]) {
        let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
        b.give(join(BEN, 1));
        let lines: Vec<String> = order.iter().flat_map(|input| b.give(input.clone())).collect();
        assert_eq!(lines.iter().filter(|line| line.starts_with("* ended")).count(), 1, "{lines:?}");
    }
}

#[test]
fn the_last_who_rings_and_the_last_who_leaves_end_it_in_any_order() {
    for order in orders(&[leave(ADA, 1), decline(CLEO)]) {
        let mut b = Bench::ringing(vec![person(BEN), person(CLEO)], &[BEN, CLEO]);
        b.give(join(BEN, 1));
        for input in order {
            b.give(input);
        }
        assert!(b.desk.is_empty(), "{}", b.state());
    }
}

#[test]
fn two_who_call_each_other_at_once_come_into_one_call() {
    let mut b = Bench::default();
    b.start(&start(vec![person(BEN)])).unwrap();
    let other = relais_call::Start {
        call: relais_wire::CallId::from_bytes([0xc2; 16]),
        caller: common::user(BEN),
        device: common::device(BEN, 1),
        ..start(vec![person(ADA)])
    };
    assert_eq!(b.start(&other), Err(relais_call::Refused::UnderWay));
    b.give(join(BEN, 1));
    assert_eq!(b.state(), "active@0 | ada in ada1 camera, ben in ben1");
}

#[test]
fn a_deadline_that_meets_an_answer_lets_the_first_win() {
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.now = RING_MS - 1;
    b.give(join(BEN, 1));
    assert_eq!(b.pass(RING_MS), [""; 0], "no ring is left to run out");
    let mut b = Bench::ringing(vec![person(BEN)], &[BEN]);
    b.now = RING_MS;
    let lines = b.give(Input::Join { user: common::user(BEN), device: common::device(BEN, 1), camera: true });
    assert_eq!(lines.last().unwrap(), "no: the call is over");
}
