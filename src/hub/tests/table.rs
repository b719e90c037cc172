//! What comes out for what goes in, exactly.

mod common;

use bytes::Bytes;
use common::{Bench, EPOCH, admitted, ask, cursor, deliver, entry, fat_entry, hello, org, pong, seq, user};
use relais_hub::{Config, Conn, Input, Key, Notice, NoticeLane, Page, Revoked, Scope};
use relais_wire::control::{Cursor, Hello, OrgCursor};
use relais_wire::directory::GetServer;
use relais_wire::streams::{Focus, FollowPersonal};
use relais_wire::{CloseCode, Control, ErrorCode, Frame, Refusal, account, limits};

fn focus(n: Option<u8>, at: Option<u64>, id: u64) -> Bytes {
    ask(Focus { org: n.map(org), cursor: at.and_then(cursor) }, id)
}

#[test]
fn a_session_is_greeted_checked_welcomed_and_brought_up_to_date() {
    let mut b = Bench::new();
    b.assert_outputs(Input::Opened { conn: Conn(1), nonce: [7; 32] }, ["1 < Greeting"]);
    b.assert_outputs(Bench::frame(1, hello(1, None, cursor(3))), ["1 check"]);
    b.assert_outputs(
        Input::HelloAccepted { conn: Conn(1), admitted: Box::new(admitted(1, None, 5)) },
        ["interest 1 true", "1 < Welcome personal 5 org -", "1 read user 1 personal after 3"],
    );
    // Committed after the welcome: it waits for the replay.
    b.assert_outputs(deliver(1, None, &entry(6)), []);
    let page = b.page([entry(4), entry(5)], 5);
    b.assert_outputs(
        page,
        ["1 < personal 4: e4", "1 < personal 5: e5", "1 < personal 6: e6", "1 < CaughtUp Personal 6"],
    );
    b.assert_outputs(deliver(1, None, &entry(7)), ["1 < personal 7: e7"]);
    b.assert_outputs(deliver(1, None, &entry(7)), []);
    b.assert_outputs(
        Input::Closed { conn: Conn(1) },
        ["applied user 1 device 1 personal 3", "interest 1 false"],
    );
}

#[test]
fn a_missing_entry_is_read_from_the_store() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.assert_outputs(deliver(1, None, &entry(1)), ["1 < personal 1: e1"]);
    b.assert_outputs(deliver(1, None, &entry(3)), ["1 read user 1 personal after 1"]);
    let page = b.page([entry(2), entry(3)], 3);
    b.assert_outputs(page, ["1 < personal 2: e2", "1 < personal 3: e3"]);
    b.assert_outputs(
        Input::Head { user: user(1), context: None, head: seq(4) },
        ["1 read user 1 personal after 3"],
    );
    let page = b.page([entry(4)], 4);
    b.assert_outputs(page, ["1 < personal 4: e4"]);
    assert_eq!(b.hub.stats().gaps, 2);
}

#[test]
fn a_cursor_that_cannot_be_continued_is_told_why() {
    let other = Cursor { epoch: relais_wire::Epoch::from_bytes([8; 16]), seq: seq(1) };
    for (personal, reason) in [(None, "NoCursor"), (Some(other), "OtherEpoch"), (cursor(6), "Ahead")] {
        let mut b = Bench::new();
        let lines = b.connect(1, 1, None, (personal, 5));
        let resync = format!("1 < Resync Personal {reason}");
        assert_eq!(lines, ["interest 1 true", "1 < Welcome personal 5 org -", &resync]);
        // Nothing goes out until the client has its snapshot.
        b.assert_outputs(deliver(1, None, &entry(6)), []);
        let request = ask(FollowPersonal { cursor: cursor(5).unwrap() }, 1);
        b.assert_outputs(Bench::frame(1, request), ["1 follow personal"]);
        let (conn, follow) = b.follows.remove(0);
        b.assert_outputs(
            Input::Followed { conn, follow, head: Ok(seq(6)) },
            ["1 < #1 following from 6", "1 read user 1 personal after 5"],
        );
        let page = b.page([entry(6)], 6);
        b.assert_outputs(page, ["1 < personal 6: e6", "1 < CaughtUp Personal 6"]);
    }
}

#[test]
fn a_cursor_older_than_what_is_kept_resyncs() {
    let mut b = Bench::new();
    b.connect(1, 1, None, (cursor(1), 500));
    let (conn, read) = b.reads.remove(0);
    b.assert_outputs(Input::Page { conn, read, page: Page::TooOld }, ["1 < Resync Personal TooOld"]);
    // A hole in a page is never passed on.
    let mut b = Bench::new();
    b.connect(1, 1, None, (cursor(1), 500));
    let page = b.page([entry(2), entry(4)], 500);
    b.assert_outputs(page, ["1 < Resync Personal TooOld"]);
}

#[test]
fn the_organization_in_focus_is_followed_and_the_others_are_told_as_badges() {
    // ACC-11
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.assert_outputs(deliver(1, Some(org(10)), &entry(1)), ["1 < org 1: e1"]);
    b.assert_outputs(deliver(1, Some(org(11)), &entry(7)), ["1 < badge"]);
    b.assert_outputs(Bench::frame(1, focus(Some(11), Some(7), 5)), ["1 follow org 11"]);
    // Until the answer the old one goes on.
    b.assert_outputs(deliver(1, Some(org(10)), &entry(2)), ["1 < org 2: e2"]);
    let (conn, follow) = b.follows.remove(0);
    b.assert_outputs(
        Input::Followed { conn, follow, head: Ok(seq(8)) },
        ["1 < #5 following from 8", "1 read user 1 org 11 after 7"],
    );
    b.assert_outputs(deliver(1, Some(org(10)), &entry(3)), ["1 < badge"]);
    let page = b.page([entry(8)], 8);
    b.assert_outputs(page, ["1 < org 8: e8", "1 < CaughtUp Org 8"]);
    // The cursor it was followed from is a receipt.
    b.assert_outputs(
        Bench::frame(1, focus(None, None, 6)),
        ["applied user 1 device 1 org 11 7", "1 < #6 following from 0"],
    );
    b.assert_outputs(deliver(1, Some(org(11)), &entry(9)), ["1 < badge"]);
}

#[test]
fn an_organization_that_is_not_allowed_is_not_followed() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.assert_outputs(Bench::frame(1, focus(Some(12), None, 5)), ["1 follow org 12"]);
    let (conn, follow) = b.follows.remove(0);
    let head = Err(Refusal::new(ErrorCode::Forbidden));
    b.assert_outputs(Input::Followed { conn, follow, head }, ["1 < #5 refused Forbidden"]);
    b.assert_outputs(deliver(1, Some(org(10)), &entry(1)), ["1 < org 1: e1"]);
    b.assert_outputs(deliver(1, Some(org(12)), &entry(1)), ["1 < badge"]);
}

#[test]
fn of_two_switches_the_newest_counts() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.assert_outputs(Bench::frame(1, focus(Some(11), None, 5)), ["1 follow org 11"]);
    b.assert_outputs(
        Bench::frame(1, focus(Some(12), None, 6)),
        ["1 follow org 12", "1 < #5 refused Conflict"],
    );
    let (conn, follow) = b.follows.remove(0);
    b.assert_outputs(Input::Followed { conn, follow, head: Ok(seq(3)) }, []);
    let (conn, follow) = b.follows.remove(0);
    b.assert_outputs(
        Input::Followed { conn, follow, head: Ok(seq(4)) },
        ["1 < #6 following from 4", "1 read user 1 org 12 after 4"],
    );
}

#[test]
fn entries_of_the_old_focus_never_follow_the_answer_of_the_new_one() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.flowing = false;
    for n in 1..=6 {
        b.turn(deliver(1, Some(org(10)), &fat_entry(n, 20_000)));
    }
    b.turn(Bench::frame(1, focus(Some(11), Some(0), 5)));
    let (conn, follow) = b.follows.remove(0);
    b.turn(Input::Followed { conn, follow, head: Ok(seq(1)) });
    b.flowing = true;
    // Two of the old one were with the transport already; what was queued is gone.
    b.assert_outputs(Input::Written { conn, bytes: 40_040 }, ["1 < #5 following from 1"]);
    let page = b.page([entry(1)], 1);
    b.assert_outputs(page, ["1 < org 1: e1", "1 < CaughtUp Org 1"]);
}

#[test]
fn a_slow_connection_is_served_from_the_store_and_not_closed() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.flowing = false;
    for n in 1..=10 {
        b.turn(deliver(1, None, &fat_entry(n, 40_000)));
    }
    assert_eq!(b.hub.stats().queue_overflows, 1);
    assert!(b.hub.queued_bytes() <= limits::SESSION_QUEUE_BYTES);
    // Entry 1 is with the transport; the rest comes from the store as it drains.
    let page = b.page([fat_entry(2, 40_000)], 10);
    b.assert_outputs(page, ["1 read user 1 personal after 2"]);
    b.flowing = true;
    b.assert_outputs(Input::Written { conn: Conn(1), bytes: 40_020 }, ["1 < personal 2: 40000 bytes"]);
    for n in 3..10 {
        let page = b.page([fat_entry(n, 40_000)], 10);
        let (sent, read) =
            (format!("1 < personal {n}: 40000 bytes"), format!("1 read user 1 personal after {n}"));
        b.assert_outputs(page, [&sent, &read]);
    }
    let page = b.page([fat_entry(10, 40_000)], 10);
    b.assert_outputs(page, ["1 < personal 10: 40000 bytes"]);
    b.assert_outputs(deliver(1, None, &entry(11)), ["1 < personal 11: e11"]);
}

#[test]
fn a_connection_without_any_progress_is_closed() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.flowing = false;
    b.turn(deliver(1, None, &fat_entry(1, 40_000)));
    let lines = b.run_for(limits::NO_PROGRESS_MS);
    assert_eq!(lines.last().unwrap(), "+30000 1 closed TooSlow, come back");
    assert_eq!(b.hub.connections(), 0);
}

#[test]
fn urgent_frames_overtake_and_worthless_ones_are_dropped() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.flowing = false;
    b.turn(deliver(1, None, &fat_entry(1, 40_000)));
    b.turn(deliver(1, None, &entry(2)));
    let hint = |lane, kind: u16, text: &'static str| {
        let body = Bytes::from(text);
        Input::Notice(Box::new(Notice { to: vec![user(1)], scope: Scope::Everywhere, lane, kind, body }))
    };
    let key = Key { about: [1; 16], whose: [2; 16] };
    b.turn(hint(NoticeLane::Droppable, 102, "typing"));
    b.turn(hint(NoticeLane::Keyed(key), 101, "read 1"));
    b.turn(hint(NoticeLane::Keyed(key), 101, "read 2"));
    b.turn(hint(NoticeLane::Control { expires_at: b.now + 10 }, 103, "old ring"));
    b.turn(hint(NoticeLane::Control { expires_at: b.now + 1_000 }, 103, "ring"));
    b.now += 10;
    b.flowing = true;
    b.assert_outputs(
        Input::Written { conn: Conn(1), bytes: 40_020 },
        ["1 < hint 103: ring", "1 < personal 2: e2", "1 < hint 101: read 2", "1 < hint 102: typing"],
    );
    assert_eq!((b.hub.stats().expired, b.hub.stats().dropped), (1, 1));
}

#[test]
fn hints_reach_the_connections_they_are_for() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.live(2, 101, Some(11));
    let mut hint = |scope, expected: &[&str]| {
        let body = Bytes::from_static(b"x");
        let lane = NoticeLane::Droppable;
        let notice = Notice { to: vec![user(1), user(2)], scope, lane, kind: 102, body };
        assert_eq!(b.lines(Input::Notice(Box::new(notice))), expected);
    };
    hint(Scope::Everywhere, &["1 < hint 102: x", "2 < hint 102: x"]);
    hint(Scope::Following(Some(org(11))), &["2 < hint 102: x"]);
    hint(Scope::Following(None), &["1 < hint 102: x", "2 < hint 102: x"]);
    hint(Scope::Device(common::device(1)), &["1 < hint 102: x"]);
}

#[test]
fn the_heartbeat_carries_heads_and_its_answer_is_the_receipt() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.lines(deliver(1, None, &entry(1)));
    b.lines(deliver(1, Some(org(10)), &entry(1)));
    let lines = b.run_for(limits::PING_INTERVAL_MS + limits::PING_JITTER_MS);
    assert!(lines[0].ends_with("1 < Ping personal 1 org 1"), "{lines:?}");
    b.assert_outputs(Bench::frame(1, pong(Some(1), 1)), []);
    let lines = b.run_for(1);
    assert_eq!(lines, ["+0 applied user 1 device 1 org 10 1 personal 1"]);
    // At most once per 5 s, whatever is sent.
    b.lines(deliver(1, None, &entry(2)));
    b.now += 1_000;
    b.assert_outputs(Bench::frame(1, pong(Some(1), 2)), []);
    assert_eq!(b.run_for(10_000)[0], "+3999 applied user 1 device 1 personal 2");
}

#[test]
fn more_than_was_sent_cannot_have_been_applied() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.lines(deliver(1, None, &entry(1)));
    b.now += 6_000;
    b.lines(Bench::frame(1, pong(Some(77), 99)));
    assert_eq!(b.run_for(1), ["+0 applied user 1 device 1 personal 1"]);
}

#[test]
fn a_pong_during_a_switch_says_nothing_about_the_new_organization() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.lines(Bench::frame(1, focus(Some(11), Some(50), 5)));
    b.lines(Bench::frame(1, pong(Some(0), 0)));
    let (conn, follow) = b.follows.remove(0);
    b.lines(Input::Followed { conn, follow, head: Ok(seq(60)) });
    b.now += 6_000;
    // The cursor of the switch itself is a receipt.
    assert_eq!(b.run_for(1), ["+0 applied user 1 device 1 org 11 50"]);
}

#[test]
fn a_heartbeat_that_nobody_answers_ends_the_connection() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    let lines = b.run_for(60_000);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].ends_with("1 < Ping personal 0"));
    assert!(lines[1].ends_with("interest 1 false"));
    assert!(lines[2].ends_with("1 closed PingTimeout, come back"));
}

#[test]
fn a_session_that_connects_again_replaces_its_older_connection() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    let lines = b.connect(2, 1, None, (cursor(0), 0));
    assert_eq!(
        lines,
        [
            "interest 1 false",
            "1 closed Replaced, come back",
            "interest 1 true",
            "2 < Welcome personal 0 org -",
            "2 read user 1 personal after 0"
        ]
    );
}

#[test]
fn a_revocation_ends_connections_at_once_and_only_those_it_names() {
    // SEC-04
    let mut b = Bench::new();
    for (conn, who) in [(1, 1), (2, 101), (3, 2)] {
        b.live(conn, who, None);
    }
    b.flowing = false;
    b.turn(deliver(1, None, &fat_entry(1, 40_000)));
    b.turn(deliver(1, None, &entry(2)));
    let revoke = Input::Revoke { user: user(1), which: Revoked::Session(common::session(1)) };
    b.assert_outputs(revoke, ["1 closed Revoked"]);
    let revoke = Input::Revoke { user: user(1), which: Revoked::AllBut(common::session(101)) };
    b.assert_outputs(revoke, []);
    let revoke = Input::Revoke { user: user(1), which: Revoked::All };
    b.assert_outputs(revoke, ["interest 1 false", "2 closed Revoked"]);
    assert_eq!(b.hub.connections(), 1);
}

#[test]
fn a_drain_sends_everybody_home_at_their_own_time() {
    let mut b = Bench::new();
    for n in 1..=20 {
        b.live(u64::from(n), n, None);
    }
    b.lines(Input::Opened { conn: Conn(21), nonce: [1; 32] });
    b.assert_outputs(Input::Drain { spread_ms: 10_000 }, ["21 closed Draining, come back"]);
    b.assert_outputs(Input::Opened { conn: Conn(22), nonce: [1; 32] }, ["22 closed Draining, come back"]);
    b.assert_outputs(deliver(3, None, &entry(1)), ["3 < personal 1: e1"]);
    let lines = b.run_for(10_000);
    let closed: Vec<_> = lines.iter().filter(|line| line.contains("closed Draining")).collect();
    assert_eq!(closed.len(), 20);
    let times: std::collections::BTreeSet<_> = closed.iter().map(|line| line.split(' ').next()).collect();
    assert!(times.len() > 15, "not all at once: {times:?}");
    assert_eq!(b.hub.connections(), 0);
}

#[test]
fn a_drain_waits_for_requests_under_way() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.lines(Bench::frame(1, ask(account::ListSessions {}, 1)));
    b.lines(Input::Drain { spread_ms: 0 });
    assert_eq!(b.run_for(4_000), Vec::<String>::new());
    let body = relais_wire::codec::encode(&account::Sessions { sessions: vec![] }).into();
    b.assert_outputs(Input::Reply { conn: Conn(1), id: 1, refusal: false, body }, ["1 < #1 answered"]);
    assert_eq!(b.run_for(1_000), ["+1000 interest 1 false", "+1000 1 closed Draining, come back"]);
}

#[test]
fn signing_in_needs_no_session_and_gets_public_requests_only() {
    // SEC-02
    let mut b = Bench::new();
    b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
    let hello = Control::from(Hello { session: None }).encode().into();
    b.assert_outputs(Bench::frame(1, hello), ["1 < Welcome personal - org -"]);
    b.assert_outputs(Bench::frame(1, ask(GetServer {}, 1)), ["1 asks GetServer #1 as nobody"]);
    b.assert_outputs(Bench::frame(1, ask(account::ListSessions {}, 2)), ["1 < #2 refused Unauthenticated"]);
    b.assert_outputs(Bench::frame(1, focus(Some(1), None, 3)), ["1 < #3 refused Unauthenticated"]);
    // It is pinged, and it ends after 15 minutes.
    let mut lines = Vec::new();
    for _ in 0..901 {
        lines.extend(b.run_for(1_000));
        b.lines(Bench::frame(1, pong(None, 0)));
    }
    assert!(lines.iter().filter(|line| line.ends_with("Ping personal 0")).count() > 30);
    assert!(lines.last().unwrap().contains("1 closed PingTimeout"), "{lines:?}");
}

#[test]
fn a_connection_that_says_nothing_is_closed_after_ten_seconds() {
    let mut b = Bench::new();
    b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
    let lines = b.run_for(limits::AUTH_TIMEOUT_MS);
    assert!(lines.len() == 1 && lines[0].starts_with("+10000 1 closed PingTimeout"), "{lines:?}");
}

#[test]
fn a_hello_that_is_checked_too_slowly_sends_nobody_away_for_good() {
    let mut b = Bench::new();
    b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
    b.lines(Bench::frame(1, hello(1, None, None)));
    let lines = b.run_for(limits::AUTH_TIMEOUT_MS);
    assert!(lines.len() == 1 && lines[0].starts_with("+10000 1 closed Overloaded"), "{lines:?}");
}

#[test]
fn frames_that_have_no_place_close_the_connection() {
    let long = |len: usize| {
        let header = relais_wire::Header::new(relais_wire::Class::Request, 0x0101, 1);
        Bytes::from(relais_wire::encode_frame(&header, &vec![0; len]))
    };
    let mut other_version = long(0).to_vec();
    other_version[0] = 2;
    let cases: Vec<(bool, Bytes, CloseCode)> = vec![
        (false, Bytes::from_static(b"GET / HTTP/1.1"), CloseCode::Malformed),
        (false, Bytes::new(), CloseCode::Malformed),
        (false, ask(GetServer {}, 1), CloseCode::Malformed),
        (false, pong(None, 0), CloseCode::Malformed),
        (false, long(limits::FRAME_BYTES_BEFORE_AUTH), CloseCode::TooLarge),
        (false, other_version.into(), CloseCode::UnsupportedVersion),
        (true, hello(1, None, None), CloseCode::Malformed),
        (true, long(limits::FRAME_BYTES_MAX), CloseCode::TooLarge),
        (
            true,
            relais_wire::encode_reply(1, 1, &Err(Refusal::new(ErrorCode::Internal))).into(),
            CloseCode::Malformed,
        ),
        (true, long(0).slice(..19), CloseCode::Malformed),
    ];
    for (signed, bytes, code) in cases {
        let mut b = Bench::new();
        if signed {
            b.live(1, 1, None);
        } else {
            b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
        }
        let lines = b.lines(Bench::frame(1, bytes));
        assert_eq!(lines.last().unwrap(), &format!("1 closed {code:?}"));
        // What comes after the end is ignored.
        b.assert_outputs(Bench::frame(1, pong(None, 0)), []);
        b.assert_outputs(Input::Written { conn: Conn(1), bytes: 1 }, []);
    }
}

#[test]
fn a_frame_of_the_longest_allowed_length_is_taken() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    let header = relais_wire::Header::new(relais_wire::Class::Request, 0x0101, 1);
    let bytes = relais_wire::encode_frame(&header, &vec![0; limits::FRAME_BYTES_MAX - 20]);
    assert!(Frame::parse(&bytes, limits::FRAME_BYTES_MAX).is_ok());
    b.assert_outputs(Bench::frame(1, bytes.into()), ["1 asks GetServer #1"]);
}

#[test]
fn requests_over_a_bound_are_refused_and_those_under_way_are_answered() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    for id in 1..=32 {
        let line = format!("1 asks GetServer #{id}");
        b.assert_outputs(Bench::frame(1, ask(GetServer {}, id)), [&line]);
    }
    b.assert_outputs(Bench::frame(1, ask(GetServer {}, 33)), ["1 < #33 refused Overloaded"]);
    let body = relais_wire::codec::encode(&Refusal::new(ErrorCode::NotFound));
    b.assert_outputs(
        Input::Reply { conn: Conn(1), id: 7, refusal: true, body: body.into() },
        ["1 < #7 refused NotFound"],
    );
    b.assert_outputs(Bench::frame(1, ask(GetServer {}, 34)), ["1 asks GetServer #34"]);
    // An id twice under way would make the answers ambiguous.
    b.assert_outputs(Bench::frame(1, ask(GetServer {}, 8)), ["interest 1 false", "1 closed Malformed"]);
}

#[test]
fn all_sockets_of_a_user_pay_from_one_bucket_and_others_from_their_own() {
    let mut b = Bench::new();
    b.live(1, 1, None);
    b.live(2, 101, None);
    b.live(3, 2, None);
    let mut spend = |conn: u64, id: u64| {
        let lines = b.lines(Bench::frame(conn, ask(GetServer {}, id)));
        let refused = lines[0].ends_with("refused Throttled");
        if !refused {
            let body = relais_wire::codec::encode(&Refusal::new(ErrorCode::NotFound)).into();
            b.lines(Input::Reply { conn: Conn(conn), id, refusal: true, body });
        }
        !refused
    };
    let tokens = u64::from(limits::USER_BUCKET_TOKENS);
    assert!((0..tokens).all(|id| spend(1 + id % 2, id)));
    assert!(!spend(1, 900) && !spend(2, 901));
    assert!(spend(3, 902));
}

#[test]
fn a_full_shard_and_a_full_user_are_told_to_come_back() {
    let mut b = Bench::with(Config { connections_max: 2, ..Config::new(EPOCH) });
    b.live(1, 1, None);
    b.live(2, 2, None);
    b.assert_outputs(Input::Opened { conn: Conn(3), nonce: [0; 32] }, ["3 closed Overloaded, come back"]);
    let mut b = Bench::new();
    let most = relais_hub::limits::USER_CONNECTIONS_MAX as u64;
    for n in 0..=most {
        b.lines(Input::Opened { conn: Conn(n), nonce: [7; 32] });
        let who = u8::try_from(n).unwrap();
        b.lines(Bench::frame(n, hello(who, None, cursor(0))));
        let mut admitted = admitted(who, None, 0);
        admitted.user = user(1);
        let lines = b.lines(Input::HelloAccepted { conn: Conn(n), admitted: Box::new(admitted) });
        assert_eq!(lines.contains(&format!("{n} closed Overloaded, come back")), n == most, "{lines:?}");
    }
}

#[test]
fn a_shard_over_its_bytes_queues_no_more_entries() {
    let mut b = Bench::with(Config { queue_bytes_max: 100_000, ..Config::new(EPOCH) });
    b.flowing = true;
    for n in 1..=8 {
        b.live(u64::from(n), n, None);
    }
    b.flowing = false;
    for n in 1..=8 {
        for e in 1..=8 {
            b.turn(deliver(n, None, &fat_entry(e, 16_000)));
        }
    }
    assert!(b.hub.queued_bytes() < 100_000 + 8 * 16_100, "{}", b.hub.queued_bytes());
    assert!(b.hub.stats().queue_overflows > 0);
}

#[test]
fn a_refused_hello_closes_with_its_code() {
    let mut b = Bench::new();
    b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
    b.lines(Bench::frame(1, hello(1, None, None)));
    let refused = Input::HelloRefused { conn: Conn(1), code: CloseCode::Revoked };
    b.assert_outputs(refused.clone(), ["1 closed Revoked"]);
    b.assert_outputs(refused, []);
}

#[test]
fn a_session_that_ends_by_time_is_closed_then() {
    let mut b = Bench::new();
    b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
    b.lines(Bench::frame(1, hello(1, None, cursor(0))));
    let mut admitted = admitted(1, None, 0);
    admitted.expires_at = Some(b.now + 3_000);
    b.lines(Input::HelloAccepted { conn: Conn(1), admitted: Box::new(admitted) });
    let lines = b.run_for(3_000);
    assert_eq!(lines, ["+3000 interest 1 false", "+3000 1 closed SessionExpired"]);
}

#[test]
fn a_store_that_does_not_answer_is_asked_again_and_given_up_at_last() {
    let mut b = Bench::new();
    b.connect(1, 1, None, (cursor(0), 3));
    let (conn, read) = b.reads.remove(0);
    b.assert_outputs(Input::Page { conn, read, page: Page::Unavailable }, []);
    assert_eq!(b.run_for(500), ["+500 1 read user 1 personal after 0"]);
    let mut last = Vec::new();
    while let Some((conn, read)) = b.reads.pop() {
        last = b.lines(Input::Page { conn, read, page: Page::Unavailable });
        b.run_for(500);
    }
    assert_eq!(last.last().unwrap(), "1 closed Unavailable, come back");
}

#[test]
fn a_gate_that_overflows_is_dropped_and_the_replay_goes_on() {
    let mut b = Bench::new();
    b.connect(1, 1, None, (cursor(0), 1));
    let most = u64::try_from(limits::GATE_ENTRIES_MAX).unwrap();
    for n in 2..=most + 2 {
        b.assert_outputs(deliver(1, None, &entry(n)), []);
    }
    assert_eq!(b.hub.stats().gate_overflows, 1);
    let page = b.page([entry(1)], most + 2);
    b.assert_outputs(page, ["1 < personal 1: e1", "1 read user 1 personal after 1"]);
}

#[test]
fn organizations_named_in_the_hello_are_followed_only_when_the_shell_gives_their_head() {
    let mut b = Bench::new();
    b.lines(Input::Opened { conn: Conn(1), nonce: [7; 32] });
    let at = Some(OrgCursor { org: org(10), cursor: cursor(0) });
    b.lines(Bench::frame(1, hello(1, at, cursor(0))));
    b.lines(Input::HelloAccepted { conn: Conn(1), admitted: Box::new(admitted(1, None, 0)) });
    b.assert_outputs(deliver(1, Some(org(10)), &entry(1)), ["1 < badge"]);
}
