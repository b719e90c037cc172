//! Scenarios by name: one claim each, told step by step.

use relais_sim::{Ward, guard};
use relais_wire::{CloseCode, StreamTag};

fn ward<const N: usize>(people: [&str; N]) -> Ward {
    guard::install();
    Ward::of(11, people)
}

#[test]
fn what_one_writes_the_other_sees() {
    let ward = ward(["ada", "ben"]).writes("ada", 5, 0).writes("ben", 3, 0).settle();
    assert_eq!((ward.seen("ada", 0), ward.seen("ben", 0)), (8, 8));
    ward.assert_clean();
}

#[test]
fn a_short_drop_is_not_a_departure() {
    let ward = ward(["ada", "ben"]).cut("ben").writes("ada", 3, 0).run_for(15_000);
    // Nobody healed anything: the device came back by itself and continued where it was.
    assert_eq!(ward.seen("ben", 0), 3);
    assert_eq!(ward.resyncs("ben"), 2, "only those of the very first connection");
    ward.settle().assert_clean();
}

#[test]
fn messages_written_offline_go_out_behind_the_epoch_that_is_due() {
    let ward = ward(["ada", "ben"]).epochs_due().kill_server().writes("ada", 16, 0).run_for(9_000).settle();
    let epochs = usize::try_from(ward.counters().get("epoch in front")).unwrap();
    assert!(epochs >= 16 / 7, "whole requests, and each carries an epoch as well");
    assert_eq!((ward.acknowledged("ada"), ward.seen("ben", 0)), (16, 16 + epochs));
    ward.assert_clean();
}

#[test]
fn a_connection_that_died_silently_is_noticed_by_both_sides() {
    let ward = ward(["ada", "ben"]).half_open("ben").writes("ada", 3, 0).run_for(80_000);
    assert_eq!(ward.seen("ben", 0), 3);
    let counters = ward.counters();
    assert!(counters.get("device gave a connection up") > 0);
    assert!(counters.get("closed as PingTimeout") + counters.get("closed as Replaced") > 0);
    ward.settle().assert_clean();
}

#[test]
fn a_restart_in_the_middle_of_sending_loses_and_doubles_nothing() {
    let mut ward = ward(["ada", "ben"]);
    for _ in 0..6 {
        ward = ward.writes("ada", 4, 0).writes("ben", 4, 0).run_for(20).kill_server().run_for(9_000);
    }
    let ward = ward.settle();
    assert_eq!((ward.acknowledged("ada"), ward.acknowledged("ben")), (24, 24));
    assert_eq!(ward.seen("ada", 0), 48);
    ward.assert_clean();
}

#[test]
fn a_commit_whose_answer_was_lost_is_answered_again_and_not_done_again() {
    let ward = ward(["ada", "ben"]).crash_after_next_sync().writes("ada", 1, 0).run_for(20_000).settle();
    assert_eq!(ward.counters().get("request replayed"), 1);
    assert_eq!((ward.acknowledged("ada"), ward.seen("ben", 0)), (1, 1));
    ward.assert_clean();
}

#[test]
fn a_commit_that_was_never_durable_is_sent_again() {
    let ward = ward(["ada", "ben"]).crash_before_next_sync().writes("ada", 1, 0).run_for(20_000).settle();
    assert_eq!(ward.counters().get("request replayed"), 0);
    assert_eq!((ward.acknowledged("ada"), ward.seen("ben", 0)), (1, 1));
    ward.assert_clean();
}

#[test]
fn a_full_disk_is_waited_for() {
    let ward = ward(["ada", "ben"]).fill_disk().writes("ada", 2, 0).run_for(10_000);
    assert_eq!(ward.counters().get("append refused as StorageFull"), 1);
    assert_eq!((ward.acknowledged("ada"), ward.seen("ben", 0)), (2, 2));
    ward.settle().assert_clean();
}

#[test]
fn a_restored_backup_makes_everybody_read_a_snapshot() {
    let ward = ward(["ada", "ben"]).writes("ada", 4, 0).run_for(3_000);
    let kept = ward.commits();
    let before = ward.resyncs("ben");
    let ward = ward.writes("ada", 4, 0).run_for(3_000);
    let ward = ward.restore(kept).run_for(60_000);
    assert_eq!(ward.resyncs("ben"), before + 2, "one for each stream: their numbers mean other entries now");
    // What was acknowledged after the backup is gone with the store that held it; all are told, none is misled.
    assert_eq!(ward.seen("ben", 0), 0);
    let ward = ward.writes("ben", 2, 0).run_for(3_000);
    assert_eq!((ward.seen("ada", 0), ward.seen("ben", 0)), (2, 2));
}

#[test]
fn a_snapshot_that_is_refused_is_read_later_on_the_same_connection() {
    let ward = ward(["ada", "ben"]).snapshots_fail(100).writes("ada", 4, 0).run_for(1_000);
    let kept = ward.commits();
    // Everybody reads anew at once, and the server is too busy for it: the connections themselves are fine.
    let ward = ward.restore(kept).run_for(20_000);
    assert!(ward.counters().get("snapshot refused") > 4, "asked for again");
    assert_eq!(ward.counters().get("snapshot read"), 4, "those of the very first connections");
    let online = ward.counters().get("device came online");
    let ward = ward.snapshots_fail(0).run_for(35_000).writes("ada", 2, 0).run_for(3_000);
    assert_eq!((ward.seen("ada", 0), ward.seen("ben", 0)), (2, 2));
    assert_eq!(ward.counters().get("device came online"), online, "nobody had to connect anew");
    ward.settle().assert_clean();
}

#[test]
fn a_lagging_phone_is_served_from_the_store_and_not_closed() {
    let ward = ward(["ada", "ben"]).stall("ben", 20_000).writes("ada", 30, 20_000).run_for(15_000);
    assert_eq!(ward.seen("ben", 0), 0);
    let ward = ward.run_for(20_000);
    assert_eq!(ward.seen("ben", 0), 30);
    let counters = ward.counters();
    assert!(counters.get("queues dropped") > 0 && counters.get("Live to Lagging") > 0);
    assert_eq!(counters.get("closed as TooSlow"), 0);
    ward.settle().assert_clean();
}

#[test]
fn a_phone_that_takes_nothing_at_all_is_closed_and_resumes() {
    let ward = ward(["ada", "ben"]).stall("ben", 60_000).writes("ada", 10, 20_000).run_for(33_000);
    assert_eq!(ward.counters().get("closed as TooSlow"), 1);
    ward.run_for(60_000).settle().assert_clean();
}

#[test]
fn two_devices_of_one_person_see_the_same() {
    let ward = ward(["ada", "ben"]).device("ben's phone", "ben").run_for(2_000);
    let ward = ward.writes("ada", 5, 0).writes("ben's phone", 2, 0).run_for(3_000).kill("ben's phone");
    let ward = ward.writes("ada", 3, 0).run_for(3_000);
    assert_eq!((ward.seen("ben", 0), ward.seen("ben's phone", 0)), (10, 7));
    let ward = ward.start("ben's phone").run_for(5_000);
    assert_eq!((ward.seen("ben", 0), ward.seen("ben's phone", 0)), (10, 10));
    ward.settle().assert_clean();
}

#[test]
fn the_focus_can_be_switched_while_both_organizations_speak() {
    // ACC-11
    let mut ward = ward(["ada", "ben", "eve"]);
    for round in 0..20 {
        ward = ward.writes_to(0, "ada", 2, 9_000).writes_to(1, "eve", 2, 9_000);
        ward = ward.focus("ben", (round + 1) % 2).run_for(37 * (round as u64 % 5));
    }
    let ward = ward.settle();
    ward.assert_clean();
    let ward = ward.focus("ben", 1).settle();
    ward.assert_clean();
    assert!(ward.seen("ben", 1) > 0);
}

#[test]
fn a_revoked_device_stays_away_and_the_person_s_other_one_goes_on() {
    // SEC-04
    let ward =
        ward(["ada", "ben"]).device("ben's phone", "ben").run_for(2_000).writes("ada", 1, 0).run_for(2_000);
    let ward = ward.revoke("ben's phone").writes("ada", 2, 0).run_for(30_000);
    assert_eq!(ward.stopped("ben's phone"), Some(CloseCode::Revoked));
    assert_eq!((ward.seen("ben", 0), ward.seen("ben's phone", 0)), (3, 1));
    ward.settle().assert_clean();
}

#[test]
fn deliveries_that_were_all_lost_are_found_by_the_next_word() {
    let ward = ward(["ada", "ben"]).lose_deliveries().writes("ada", 7, 0).run_for(10_000);
    assert_eq!(ward.seen("ben", 0), 0);
    let ward = ward.settle();
    assert_eq!(ward.seen("ben", 0), 7);
    ward.assert_clean();
}

#[test]
fn the_receipt_follows_what_was_applied() {
    let ward = ward(["ada", "ben"]).writes("ada", 7, 0).run_for(40_000);
    assert_eq!(ward.receipt("ben", StreamTag::Org), 7);
    ward.settle().assert_clean();
}

#[test]
fn what_was_written_offline_arrives_in_order() {
    let ward =
        ward(["ada", "ben"]).kill_server().writes("ada", 12, 500).run_for(100).kill("ada").run_for(20_000);
    let ward = ward.start("ada").settle();
    assert_eq!((ward.acknowledged("ada"), ward.seen("ben", 0)), (12, 12));
    ward.assert_clean();
}

// THR-11 (docs/PROTOCOL.md, §3)
#[test]
fn threads_that_move_while_a_list_is_read_are_met_once_or_told_by_the_stream() {
    let ward = ward(["ada", "ben"]).threads(0, 7).run_for(5_000);
    // The list of the organization, newest first: threads 8 to 2, and 0; thread 1 is the other organization's.
    let ward = ward.begins_list("ben", 0).turns_page("ben").run_for(5_000);
    assert_eq!(ward.met("ben"), [8, 7]);
    // The oldest moves to the front, and so do one that was met and the one that would be next.
    let ward =
        ward.writes_to(0, "ada", 1, 0).writes_to(7, "ada", 2, 0).writes_to(6, "ada", 1, 0).run_for(2_000);
    let ward = ward.turns_page("ben").run_for(5_000);
    assert_eq!(ward.met("ben"), [8, 7, 5, 4]);
    // The connection breaks before a page has come, and the server dies while the next is on its way.
    let ward = ward.turns_page("ben").cut("ben").writes_to(3, "ada", 1, 0).run_for(15_000);
    let ward = ward.turns_page("ben").kill_server().run_for(15_000);
    let mut ward = ward;
    while !ward.has_whole_list("ben") {
        ward = ward.turns_page("ben").run_for(5_000);
    }
    let ward = ward.settle();
    assert_eq!(ward.met("ben"), [8, 7, 5, 4, 2], "each once, and none that has moved to the front");
    assert_eq!(ward.told_of("ben", 0), [0, 3, 6, 7]);
    ward.assert_clean();
}
