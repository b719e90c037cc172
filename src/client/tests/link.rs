//! The connection as a table of inputs and outputs, on virtual time.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what it does not expect has failed"
)]

use relais_client::core::{Backoff, Credentials, Input, Link, Output, StopReason, Violation};
use relais_wire::control::{
    CaughtUp, Cursor, Followed, Greeting, Limits, Ping, Pong, Resync, ResyncReason, Welcome,
};
use relais_wire::directory::GetServer;
use relais_wire::events::ThreadGone;
use relais_wire::ids::{Epoch, OrgId, Seq, SessionId, ThreadId};
use relais_wire::streams::{Following, StreamItem, StreamPage};
use relais_wire::{
    Bin, Class, CloseCode, Control, ErrorCode, Event, Frame, Header, Millis, Refusal, Reply, Request,
    StreamTag, encode_frame, encode_reply,
};
use zeroize::Zeroizing;

const EPOCH: Epoch = Epoch::from_bytes([5; 16]);

fn cursor(seq: u64) -> Cursor {
    Cursor { epoch: EPOCH, seq: Seq::new(seq).unwrap() }
}

fn link(personal: Option<Cursor>) -> Link {
    let credentials = Credentials {
        session: SessionId::from_bytes([1; 16]),
        kid: 1,
        key: Zeroizing::new(vec![2; 32]),
        ticket: Some(vec![7; 8]),
    };
    Link::new(credentials, None, personal, Backoff::new(1, 100, 2_000))
}

fn step(link: &mut Link, now: u64, input: Input<'_>) -> Vec<Output> {
    link.handle(now, input);
    let mut all = Vec::new();
    loop {
        match link.poll() {
            Output::Wait(_) => return all,
            output => all.push(output),
        }
    }
}

fn say(link: &mut Link, now: u64, control: impl Into<Control>) -> Vec<Output> {
    step(link, now, Input::Received(&control.into().encode()))
}

fn gone() -> Event {
    Event::from(ThreadGone { thread: ThreadId::from_bytes([9; 16]) })
}

fn entry(seq: u64) -> Vec<u8> {
    let header =
        Header { stream: Some(StreamTag::Personal), ..Header::new(Class::Event, gone().kind(), seq) };
    encode_frame(&header, &gone().encode_body())
}

/// Class, type, id and body of what is sent.
fn sent(outputs: &[Output]) -> Vec<(Class, u16, u64, Vec<u8>)> {
    let frames = outputs.iter().filter_map(|o| if let Output::Send(bytes) = o { Some(bytes) } else { None });
    frames
        .map(|bytes| {
            let frame = Frame::parse(bytes, 65_536).unwrap();
            (frame.header.class, frame.header.kind, frame.header.id, frame.body.to_vec())
        })
        .collect()
}

fn seqs(outputs: &[Output]) -> Vec<u64> {
    outputs.iter().filter_map(|o| if let Output::Entry { seq, .. } = o { Some(*seq) } else { None }).collect()
}

fn welcome(head: u64) -> Welcome {
    Welcome {
        epoch: EPOCH,
        now: Millis::saturating(1),
        org_head: None,
        personal_head: Some(Seq::new(head).unwrap()),
        ticket: Some(Bin(vec![8; 8])),
        rekey: None,
        limits: Limits::default(),
    }
}

fn greet(link: &mut Link, now: u64) -> Vec<Output> {
    step(link, now, Input::Opened);
    say(link, now, Greeting { nonce: Bin(vec![3; 32]), now: Millis::saturating(1) })
}

fn live(personal: Option<Cursor>) -> Link {
    let mut link = link(personal);
    assert!(matches!(step(&mut link, 0, Input::Start)[..], [Output::Connect]));
    assert_eq!(sent(&greet(&mut link, 0))[0].1, 2, "a Hello and nothing before it");
    let outputs = say(&mut link, 0, welcome(0));
    assert!(matches!(outputs[..], [Output::Credentials(_), Output::Online { .. }]));
    link
}

#[test]
fn entries_are_acknowledged_when_they_were_applied_and_not_before() {
    let mut link = live(Some(cursor(3)));
    assert_eq!(seqs(&step(&mut link, 1, Input::Received(&entry(4)))), [4]);
    assert_eq!(seqs(&step(&mut link, 1, Input::Received(&entry(5)))), [5]);
    say(&mut link, 1, CaughtUp { stream: Followed::Personal, seq: Seq::new(5).unwrap() });
    step(&mut link, 2, Input::Applied { stream: StreamTag::Personal, seq: 4 });
    let pong = |outputs: &[Output]| -> Pong {
        let (class, kind, _, body) = sent(outputs).remove(0);
        assert_eq!((class, kind), (Class::Control, 5));
        relais_wire::codec::decode(&body).unwrap()
    };
    let ping = Ping { now: Millis::saturating(1), org: None, personal: Seq::new(5).unwrap() };
    assert_eq!(pong(&say(&mut link, 3, ping)).personal.get(), 4);
    step(&mut link, 4, Input::Applied { stream: StreamTag::Personal, seq: 5 });
    assert_eq!(pong(&step(&mut link, 1_100, Input::Timeout)).personal.get(), 5);
}

fn org_entry(seq: u64) -> Vec<u8> {
    let header = Header { stream: Some(StreamTag::Org), ..Header::new(Class::Event, gone().kind(), seq) };
    encode_frame(&header, &gone().encode_body())
}

fn focused(on: u8) -> Input<'static> {
    Input::Focus { org: Some(OrgId::from_bytes([on; 16])), cursor: Some(cursor(0)) }
}

#[test]
fn entries_of_the_organization_left_are_not_taken_for_the_new_one_s() {
    // ACC-11
    let mut link = live(Some(cursor(0)));
    let asked = sent(&step(&mut link, 1, focused(7)));
    assert_eq!((asked.len(), asked[0].1), (1, 0x0401));
    assert!(seqs(&step(&mut link, 2, Input::Received(&org_entry(1)))).is_empty(), "it is of the one before");
    let following = Reply::from(Following { head: Seq::new(1).unwrap() });
    let reply = encode_reply(0x0401, asked[0].2, &Ok(following));
    step(&mut link, 3, Input::Received(&reply));
    assert_eq!(seqs(&step(&mut link, 4, Input::Received(&org_entry(1)))), [1]);
}

#[test]
fn a_focus_that_moved_after_the_hello_is_said_after_the_welcome() {
    // ACC-11
    let mut link = link(Some(cursor(0)));
    step(&mut link, 0, Input::Start);
    greet(&mut link, 0);
    assert!(sent(&step(&mut link, 1, focused(7))).is_empty());
    let asked = sent(&say(&mut link, 2, welcome(0)));
    assert_eq!((asked.len(), asked[0].1), (1, 0x0401));
}

#[test]
fn a_page_of_the_organization_left_has_no_place_in_the_new_one() {
    // ACC-11
    let mut link = live(Some(cursor(0)));
    let follow = |link: &mut Link, on: u8| {
        let asked = sent(&step(link, 1, focused(on)));
        let following = Reply::from(Following { head: Seq::new(0).unwrap() });
        step(link, 1, Input::Received(&encode_reply(0x0401, asked[0].2, &Ok(following))));
    };
    follow(&mut link, 7);
    let pull = sent(&step(&mut link, 2, Input::Received(&org_entry(3))));
    assert_eq!(pull[0].1, 0x0403);
    follow(&mut link, 8);
    let item = StreamItem { seq: Seq::new(1).unwrap(), kind: gone().kind(), body: Bin(gone().encode_body()) };
    let page = StreamPage { entries: vec![item], head: Seq::new(3).unwrap() };
    let reply = encode_reply(0x0403, pull[0].2, &Ok(Reply::from(page)));
    assert!(step(&mut link, 3, Input::Received(&reply)).is_empty());
}

#[test]
fn of_two_switches_the_refusal_of_the_older_one_ends_nothing() {
    let mut link = live(Some(cursor(0)));
    let first = sent(&step(&mut link, 1, focused(7)))[0].2;
    let second = sent(&step(&mut link, 2, focused(8)))[0].2;
    let refused = encode_reply(0x0401, first, &Err(Refusal::new(ErrorCode::Conflict)));
    assert!(step(&mut link, 3, Input::Received(&refused)).is_empty());
    assert!(link.is_live());
    let refused = encode_reply(0x0401, second, &Err(Refusal::new(ErrorCode::Forbidden)));
    step(&mut link, 4, Input::Received(&refused));
    assert!(!link.is_live());
}

#[test]
fn a_gap_is_pulled_once_and_closed() {
    let mut link = live(Some(cursor(0)));
    let asked = sent(&step(&mut link, 1, Input::Received(&entry(3))));
    assert_eq!((asked.len(), asked[0].1), (1, 0x0403));
    assert!(sent(&step(&mut link, 1, Input::Received(&entry(4)))).is_empty(), "one pull at a time");
    let item = |seq| StreamItem {
        seq: Seq::new(seq).unwrap(),
        kind: gone().kind(),
        body: Bin(gone().encode_body()),
    };
    let page = StreamPage { entries: (1..=4).map(item).collect(), head: Seq::new(4).unwrap() };
    let reply = encode_reply(0x0403, asked[0].2, &Ok(Reply::from(page)));
    assert_eq!(seqs(&step(&mut link, 2, Input::Received(&reply))), [1, 2, 3, 4]);
}

#[test]
fn a_hole_in_a_page_is_told_and_the_connection_given_up() {
    let mut link = live(Some(cursor(0)));
    let asked = sent(&step(&mut link, 1, Input::Received(&entry(3))));
    let page = StreamPage { entries: Vec::new(), head: Seq::new(3).unwrap() };
    let outputs = step(&mut link, 2, Input::Received(&encode_reply(0x0403, asked[0].2, &Ok(page.into()))));
    assert!(matches!(
        outputs[..],
        [Output::Violation(Violation::StreamHole), Output::Disconnect, Output::Offline { .. }]
    ));
}

#[test]
fn a_snapshot_that_could_not_be_read_is_asked_for_again_in_growing_steps() {
    let mut link = live(None);
    let resync = Resync { stream: Followed::Personal, reason: ResyncReason::NoCursor };
    say(&mut link, 1, resync);
    let mut now = 1;
    for pause in [1_000, 2_000, 4_000] {
        assert!(step(&mut link, now, Input::Unread { stream: StreamTag::Personal }).is_empty());
        assert!(step(&mut link, now + pause - 1, Input::Timeout).is_empty());
        now += pause;
        let outputs = step(&mut link, now, Input::Timeout);
        assert!(matches!(outputs[..], [Output::Resync { stream: StreamTag::Personal, org: None, .. }]));
        assert!(step(&mut link, now, Input::Timeout).is_empty(), "once");
    }
    step(&mut link, now, Input::Follow { stream: StreamTag::Personal, cursor: cursor(8) });
    assert!(step(&mut link, now + 9_000, Input::Timeout).is_empty(), "it was read");
}

#[test]
fn a_resync_is_a_snapshot_and_then_the_stream_goes_on() {
    let mut link = live(None);
    let resync = Resync { stream: Followed::Personal, reason: ResyncReason::NoCursor };
    let outputs = say(&mut link, 1, resync);
    assert!(matches!(outputs[..], [Output::Resync { stream: StreamTag::Personal, org: None, .. }]));
    assert!(seqs(&step(&mut link, 2, Input::Received(&entry(8)))).is_empty(), "nothing before the snapshot");
    let follow = Input::Follow { stream: StreamTag::Personal, cursor: cursor(7) };
    let (_, kind, id, _) = sent(&step(&mut link, 3, follow)).remove(0);
    assert_eq!(kind, 0x0402);
    let following = Following { head: Seq::new(8).unwrap() };
    step(&mut link, 4, Input::Received(&encode_reply(kind, id, &Ok(following.into()))));
    assert_eq!(seqs(&step(&mut link, 5, Input::Received(&entry(8)))), [8]);
}

#[test]
fn the_server_says_how_long_to_stay_away() {
    let mut link = live(Some(cursor(0)));
    let closed = Input::Closed { code: Some(CloseCode::Draining.code()), reason: "1234" };
    assert!(matches!(step(&mut link, 1, closed)[..], [Output::Offline { retry_in: 1234 }]));
    assert!(matches!(link.poll(), Output::Wait(Some(1235))));
    assert!(step(&mut link, 1234, Input::Timeout).is_empty());
    assert!(matches!(step(&mut link, 1235, Input::Timeout)[..], [Output::Connect]));
}

#[test]
fn a_revoked_session_does_not_come_back() {
    let mut link = live(Some(cursor(0)));
    let outputs = step(&mut link, 1, Input::Closed { code: Some(CloseCode::Revoked.code()), reason: "" });
    assert!(matches!(outputs[..], [Output::Stopped(StopReason::Closed(CloseCode::Revoked))]));
    assert!(matches!(link.poll(), Output::Wait(None)));
}

#[test]
fn a_refused_ticket_is_tried_once_without() {
    let mut link = link(Some(cursor(0)));
    for (now, start) in [(0, true), (10_000, false)] {
        step(&mut link, now, if start { Input::Start } else { Input::Timeout });
        greet(&mut link, now);
        let closed = Input::Closed { code: Some(CloseCode::AuthFailed.code()), reason: "" };
        let outputs = step(&mut link, now, closed);
        assert_eq!(matches!(outputs[..], [Output::Offline { .. }]), start);
        assert_eq!(matches!(outputs[..], [Output::Stopped(_)]), !start);
    }
}

#[test]
fn silence_ends_a_connection() {
    let mut link = live(Some(cursor(0)));
    assert!(step(&mut link, 37_000, Input::Timeout).is_empty());
    let outputs = step(&mut link, 38_000, Input::Timeout);
    assert!(matches!(outputs[..], [Output::Disconnect, Output::Offline { .. }]));
}

#[test]
fn calls_get_their_own_answer_and_a_broken_connection_says_lost() {
    let mut link = live(Some(cursor(0)));
    let ask = |token| Input::Call { token, request: Request::GetServer(GetServer {}) };
    let first = sent(&step(&mut link, 1, ask(10)))[0].2;
    let second = sent(&step(&mut link, 1, ask(11)))[0].2;
    assert_ne!(first, second);
    let refusal = encode_reply(0x0101, second, &Err(Refusal::new(ErrorCode::Overloaded)));
    let outputs = step(&mut link, 2, Input::Received(&refusal));
    assert!(matches!(&outputs[..], [Output::Reply { token: 11, result: Err(_) }]));
    let outputs = step(&mut link, 3, Input::Closed { code: None, reason: "" });
    assert!(matches!(&outputs[..], [Output::Reply { token: 10, result: Err(_) }, Output::Offline { .. }]));
    let outputs = step(&mut link, 4, ask(12));
    assert!(matches!(&outputs[..], [Output::Reply { token: 12, result: Err(_) }]), "told at once");
}

#[test]
fn calls_over_the_bound_wait_for_a_place() {
    let mut link = live(Some(cursor(0)));
    for token in 0..40 {
        link.handle(1, Input::Call { token, request: Request::GetServer(GetServer {}) });
    }
    let asked = sent(&step(&mut link, 1, Input::Timeout));
    assert_eq!(asked.len(), 32);
    let refusal = encode_reply(0x0101, asked[0].2, &Err(Refusal::new(ErrorCode::NotFound)));
    assert_eq!(sent(&step(&mut link, 2, Input::Received(&refusal))).len(), 1);
}

#[test]
fn messages_out_of_place_and_bytes_that_are_none_end_the_connection() {
    let cases: [&[u8]; 3] = [b"", &[0xff; 40], &Control::from(welcome(0)).encode()];
    for bytes in cases {
        let mut link = live(Some(cursor(0)));
        let outputs = step(&mut link, 1, Input::Received(bytes));
        assert!(matches!(outputs[..], [Output::Violation(_), Output::Disconnect, Output::Offline { .. }]));
    }
}
