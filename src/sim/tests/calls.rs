//! Calls on virtual time, through the real hub, store and client core: one race each.

use relais_sim::{Ward, guard};
use relais_wire::ErrorCode;
use relais_wire::calls::CallPhase;

/// Ada, and Ben with three devices.
fn ward() -> Ward {
    guard::install();
    Ward::of(23, ["ada", "ben"]).device("ben's tablet", "ben").device("ben's desk", "ben").run_for(3_000)
}

const BENS: [&str; 3] = ["ben", "ben's tablet", "ben's desk"];

fn all_ring(ward: &Ward) -> bool {
    BENS.iter().all(|name| ward.rings(name))
}

fn none_rings(ward: &Ward) -> bool {
    !BENS.iter().any(|name| ward.rings(name))
}

#[test]
fn three_devices_that_answer_at_once_are_one_answer() {
    // Q33
    let ward = ward().calls("ada").run_for(1_000);
    assert!(all_ring(&ward), "every device rings within a second");
    let ward = ward.answers("ben").answers("ben's tablet").answers("ben's desk").run_for(1_000);
    let talking = BENS.iter().filter(|name| ward.talks(name)).count();
    let late = BENS.iter().filter(|name| *ward.refused(name) == [ErrorCode::AnsweredElsewhere]).count();
    assert_eq!((talking, late), (1, 2));
    assert!(none_rings(&ward), "the others stop within a second");
    assert_eq!(ward.shown("ada"), Some(CallPhase::Active));
    ward.settle().assert_clean();
}

#[test]
fn a_cancel_that_meets_an_answer_leaves_nobody_alone_in_a_call() {
    let ward = ward().calls("ada").run_for(1_000).cancels("ada").answers("ben").run_for(2_000);
    assert_eq!((ward.calls_open(), ward.talks("ada"), ward.talks("ben")), (0, false, false));
    assert!(none_rings(&ward));
    let other = self::ward().calls("ada").run_for(1_000).answers("ben").cancels("ada").run_for(2_000);
    assert_eq!((other.calls_open(), other.talks("ben")), (0, false));
    assert!(none_rings(&other));
    other.settle().assert_clean();
}

#[test]
fn a_ring_goes_on_over_a_restart_and_can_be_answered() {
    let ward = ward().calls("ada").run_for(1_000).kill_server().run_for(12_000);
    assert!(all_ring(&ward), "they rang all the time, and were told again");
    assert!(ward.counters().get("call recovered") > 0 && ward.counters().get("ring told again") > 0);
    let ward = ward.answers("ben's desk").run_for(2_000);
    assert_eq!((ward.shown("ada"), ward.talks("ben's desk")), (Some(CallPhase::Active), true));
    assert!(none_rings(&ward));
    ward.settle().assert_clean();
}

#[test]
fn an_answer_whose_reply_was_lost_is_the_same_answer() {
    // Durable, and nobody told: the device says it again to the server that comes back.
    let ward = ward().calls("ada").run_for(1_000).crash_after_next_sync().answers("ben").run_for(15_000);
    assert!(ward.counters().get("request about a call said again") > 0);
    assert_eq!((ward.talks("ben"), ward.shown("ada")), (true, Some(CallPhase::Active)));
    assert!(none_rings(&ward), "his other devices do not ring for ever");
    // Not durable: it has not happened, and happens the second time.
    let other =
        self::ward().calls("ada").run_for(1_000).crash_before_next_sync().answers("ben").run_for(15_000);
    assert_eq!((other.talks("ben"), other.shown("ada")), (true, Some(CallPhase::Active)));
    other.settle().assert_clean();
}

#[test]
fn a_call_goes_on_over_a_restart_when_both_come_back_and_ends_when_one_does_not() {
    let ward = ward().calls("ada").run_for(1_000).answers("ben").run_for(1_000).kill_server().run_for(14_000);
    assert_eq!((ward.talks("ada"), ward.talks("ben"), ward.calls_open()), (true, true, 1));
    assert_eq!(ward.shown("ada"), Some(CallPhase::Active));
    let ward = ward.kill("ben").kill_server().run_for(30_000);
    assert_eq!((ward.calls_open(), ward.talks("ada")), (0, false));
    assert!(ward.counters().get("call ended: Lost") > 0);
}

#[test]
fn a_broken_connection_is_not_a_hang_up() {
    let ward = ward().calls("ada").run_for(1_000).answers("ben").run_for(1_000).cut("ben").run_for(20_000);
    assert_eq!((ward.talks("ben"), ward.shown("ada")), (true, Some(CallPhase::Active)));
    let ward = ward.hangs_up("ben").run_for(1_000);
    assert_eq!((ward.calls_open(), ward.talks("ada")), (0, false));
    ward.settle().assert_clean();
}

#[test]
fn where_no_device_is_the_caller_is_told_within_three_seconds() {
    let ward =
        ward().kill("ben").kill("ben's tablet").kill("ben's desk").run_for(500).calls("ada").run_for(4_000);
    assert_eq!((ward.shown("ada"), ward.calls_open()), (Some(CallPhase::Ended), 0));
    assert_eq!(ward.counters().get("call missed: Unreachable"), 1);
    // Who comes back then hears of no ring: its time is over.
    let ward = ward.start("ben").run_for(5_000);
    assert!(!ward.rings("ben"));
}

#[test]
fn a_ring_ends_at_its_deadline_though_a_device_slept_through_everything() {
    let ward = ward().calls("ada").run_for(1_000).half_open("ben").run_for(60_000);
    assert_eq!((ward.calls_open(), ward.shown("ada")), (0, Some(CallPhase::Ended)));
    assert_eq!(ward.counters().get("call missed: RangOut"), 1);
    let ward = ward.run_for(60_000);
    assert!(!ward.rings("ben's tablet") && !ward.rings("ben's desk"));
}

#[test]
fn the_same_seed_gives_the_same_call() {
    let run = || {
        let ward = ward()
            .calls("ada")
            .run_for(700)
            .answers("ben")
            .answers("ben's desk")
            .kill_server()
            .run_for(20_000);
        let talking = BENS.map(|name| ward.talks(name));
        (talking, ward.shown("ada"), format!("{:?}", ward.counters()))
    };
    assert_eq!(run(), run());
}
