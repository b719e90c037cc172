//! The hub beside a model that is too simple to be wrong: a stream is a list, a device has applied a prefix of
//! it. Whatever is lost, doubled, overtaken, slow or cut off in between, each device sees each entry of its
//! stream once and in order, and after things have settled it has seen all of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    reason = "a test: a panic is a failed test"
)]

mod common;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use common::{Bench, EPOCH, admitted, deliver, entry, hello, org, seq};
use proptest::prelude::*;
use relais_hub::{Conn, Delivery, Entry, Input, Output, Page, ReadNo, Recipient};
use relais_wire::control::{Cursor, OrgCursor};
use relais_wire::{Class, Control, ErrorCode, Frame, OrgId, Refusal, StreamTag, limits};

const USERS: u8 = 3;
/// Devices are session numbers: 1 and 101 are two of user 1.
const DEVICES: [u8; 4] = [1, 101, 2, 3];

type Stream = (u8, Option<OrgId>);

#[derive(Clone, Debug)]
enum Op {
    /// An entry for a user's personal stream or one of two organizations; `how` is what becomes of its delivery.
    Commit {
        user: u8,
        place: u8,
        fat: bool,
        how: How,
    },
    Connect {
        device: usize,
    },
    Cut {
        device: usize,
    },
    /// The store answers one of the reads.
    Answer {
        which: usize,
        short: bool,
        fails: bool,
    },
    /// A transport takes some of what it was given.
    Drain {
        device: usize,
        bytes: usize,
    },
    /// A device follows the other organization.
    Switch {
        device: usize,
    },
    Pass {
        ms: u64,
    },
}

#[derive(Clone, Copy, Debug)]
enum How {
    Arrives,
    Twice,
    Lost,
    Late,
}

fn any_op() -> impl Strategy<Value = Op> {
    let how = prop_oneof![5 => Just(How::Arrives), 1 => Just(How::Twice), 1 => Just(How::Lost), 1 => Just(How::Late)];
    let device = 0..DEVICES.len();
    prop_oneof![
        8 => (1..=USERS, 0_u8..3, prop::bool::weighted(0.5), how)
            .prop_map(|(user, place, fat, how)| Op::Commit { user, place, fat, how }),
        2 => device.clone().prop_map(|device| Op::Connect { device }),
        1 => device.clone().prop_map(|device| Op::Cut { device }),
        5 => (0_usize..8, any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(which, short, fails)| Op::Answer { which, short, fails }),
        5 => (device.clone(), 1_usize..50_000).prop_map(|(device, bytes)| Op::Drain { device, bytes }),
        1 => device.prop_map(|device| Op::Switch { device }),
        2 => (1_u64..2_000).prop_map(|ms| Op::Pass { ms }),
    ]
}

/// A device: what it has applied of each stream, and its connection.
#[derive(Default)]
struct Device {
    cursors: BTreeMap<Stream, u64>,
    focus: u8,
    conn: Option<u64>,
    /// What its transport holds.
    wire: VecDeque<(Vec<u8>, usize)>,
    switching: bool,
}

struct World {
    bench: Bench,
    streams: BTreeMap<Stream, Vec<Entry>>,
    devices: Vec<Device>,
    reads: Vec<(Conn, ReadNo, Stream, u64)>,
    late: VecDeque<Input>,
    conns: u64,
    asks: u64,
}

impl World {
    fn new() -> Self {
        let devices = DEVICES.iter().map(|_| Device::default()).collect();
        Self {
            bench: Bench::new(),
            streams: BTreeMap::new(),
            devices,
            reads: Vec::new(),
            late: VecDeque::new(),
            conns: 0,
            asks: 0,
        }
    }

    fn head(&self, stream: Stream) -> u64 {
        self.streams.get(&stream).map_or(0, |entries| entries.len() as u64)
    }

    fn turn(&mut self, input: Input) {
        for output in self.bench.turn(input) {
            self.act(output);
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Send { conn, header, body } => {
                let device = self.devices.iter_mut().find(|device| device.conn == Some(conn.0)).unwrap();
                let bytes = [&header[..], &body].concat();
                let len = bytes.len();
                device.wire.push_back((bytes, len));
            }
            Output::Close { conn, .. } => self.lose(conn.0),
            Output::Read { conn, read, user, context, after, .. } => {
                self.reads.push((conn, read, (user.as_bytes()[0], context), after.get()));
            }
            Output::CheckHello { conn, hello, .. } => {
                let who = hello.session.as_bytes()[0];
                let focus = hello.org.as_ref().map(|org| seq(self.head((who % 100, Some(org.org)))));
                let admitted = Box::new(admitted(who, focus, self.head((who % 100, None))));
                self.turn(Input::HelloAccepted { conn, admitted });
            }
            Output::Follow { conn, follow, user, context, .. } => {
                let head = Ok(seq(self.head((user.as_bytes()[0], context))));
                self.turn(Input::Followed { conn, follow, head });
            }
            Output::Interest { .. } | Output::Applied { .. } | Output::Request { .. } | Output::Wait(_) => {}
        }
    }

    fn lose(&mut self, conn: u64) {
        for device in &mut self.devices {
            if device.conn == Some(conn) {
                (device.conn, device.switching) = (None, false);
                device.wire.clear();
            }
        }
    }

    fn step(&mut self, op: &Op) {
        match *op {
            Op::Commit { user, place, fat, how } => self.commit(user, place, fat, how),
            Op::Connect { device } => self.connect(device),
            Op::Cut { device } => {
                if let Some(conn) = self.devices[device].conn {
                    self.turn(Input::Closed { conn: Conn(conn) });
                    self.lose(conn);
                }
            }
            Op::Answer { which, short, fails } => self.answer(which, short, fails),
            Op::Drain { device, bytes } => self.drain(device, bytes),
            Op::Switch { device } => self.switch(device),
            Op::Pass { ms } => {
                let until = self.bench.now + ms;
                while let Some(at) = self.bench.wait.filter(|at| *at <= until) {
                    self.bench.now = self.bench.now.max(at);
                    self.turn(Input::Timeout);
                }
                self.bench.now = until;
                if let Some(late) = self.late.pop_front() {
                    self.turn(late);
                }
            }
        }
    }

    fn commit(&mut self, user: u8, place: u8, fat: bool, how: How) {
        let stream = (user, (place > 0).then(|| org(place)));
        let entries = self.streams.entry(stream).or_default();
        let n = entries.len() as u64 + 1;
        let mut text = format!("{user}/{place}/{n}/").into_bytes();
        text.resize(if fat { 45_000 } else { text.len() }, b'.');
        let new = Entry { body: Bytes::from(text), ..entry(n) };
        entries.push(new.clone());
        let input = deliver(user, stream.1, &new);
        match how {
            How::Arrives => self.turn(input),
            How::Twice => {
                self.turn(input.clone());
                self.turn(input);
            }
            How::Lost => {}
            How::Late => self.late.push_back(input),
        }
    }

    fn connect(&mut self, index: usize) {
        if self.devices[index].conn.is_some() {
            return;
        }
        self.conns += 1;
        let conn = self.conns;
        let who = DEVICES[index];
        let device = &mut self.devices[index];
        device.conn = Some(conn);
        let at = |context| {
            let seen = device.cursors.get(&(who % 100, context)).copied().unwrap_or(0);
            Some(Cursor { epoch: EPOCH, seq: seq(seen) })
        };
        let focus = org(1 + device.focus);
        let bytes = hello(who, Some(OrgCursor { org: focus, cursor: at(Some(focus)) }), at(None));
        self.turn(Input::Opened { conn: Conn(conn), nonce: [0; 32] });
        self.turn(Bench::frame(conn, bytes));
    }

    fn answer(&mut self, which: usize, short: bool, fails: bool) {
        if self.reads.is_empty() {
            return;
        }
        let (conn, read, stream, after) = self.reads.swap_remove(which % self.reads.len());
        let page = if fails {
            Page::Unavailable
        } else {
            let all = self.streams.get(&stream).map(Vec::as_slice).unwrap_or_default();
            let mut bytes = 0;
            let from = usize::try_from(after).unwrap();
            let fits = |entry: &&Entry| {
                bytes += entry.body.len();
                bytes <= limits::PAGE_BYTES_MAX
            };
            let most = if short { 2 } else { 200 };
            let entries = all[from..].iter().take(most).take_while(fits).cloned().collect();
            Page::Entries { entries, head: seq(all.len() as u64) }
        };
        self.turn(Input::Page { conn, read, page });
    }

    fn drain(&mut self, index: usize, bytes: usize) {
        let Some(conn) = self.devices[index].conn else { return };
        let mut left = bytes;
        let mut taken = 0;
        while let Some((_, missing)) = self.devices[index].wire.front_mut() {
            let now = left.min(*missing);
            (*missing, left, taken) = (*missing - now, left - now, taken + now);
            if *missing > 0 || now == 0 {
                break;
            }
            let (frame, _) = self.devices[index].wire.pop_front().unwrap();
            self.receive(index, &frame);
        }
        if taken > 0 {
            self.turn(Input::Written { conn: Conn(conn), bytes: taken });
        }
    }

    fn receive(&mut self, index: usize, bytes: &[u8]) {
        let frame = Frame::parse(bytes, limits::FRAME_BYTES_MAX).unwrap();
        let device = &mut self.devices[index];
        let user = DEVICES[index] % 100;
        match frame.header.class {
            Class::Event => {
                let Some(tag) = frame.header.stream else { return };
                let place = if tag == StreamTag::Personal { 0 } else { 1 + device.focus };
                let applied = device.cursors.entry((user, (place > 0).then(|| org(place)))).or_default();
                assert_eq!(frame.header.id, *applied + 1, "an entry lost, doubled or out of order");
                let text = format!("{user}/{place}/{}/", frame.header.id);
                assert!(frame.body.starts_with(text.as_bytes()), "an entry of another stream");
                *applied += 1;
            }
            Class::Reply => {
                assert!(device.switching);
                device.switching = false;
                if frame.header.refusal {
                    // A device that asks while its queue is full is told to come back, and nothing else.
                    let refusal: Refusal = relais_wire::codec::decode(frame.body).unwrap();
                    assert_eq!(refusal.code, ErrorCode::Overloaded);
                } else {
                    device.focus = 1 - device.focus;
                }
            }
            Class::Control => {
                let message = Control::decode(frame.header.kind, frame.body).unwrap();
                match message {
                    Control::Ping(_) => {
                        let conn = device.conn.unwrap();
                        self.turn(Bench::frame(conn, common::pong(None, 0)));
                    }
                    Control::CaughtUp(at) => {
                        let place =
                            if at.stream == StreamTag::Personal.into() { 0 } else { 1 + device.focus };
                        let stream = (user, (place > 0).then(|| org(place)));
                        let applied = device.cursors.get(&stream).copied().unwrap_or(0);
                        assert_eq!(at.seq.get(), applied, "caught up elsewhere");
                    }
                    Control::Resync(_) => panic!("every cursor can be continued"),
                    _ => {}
                }
            }
            Class::Request => panic!("the hub asks nothing"),
        }
    }

    fn switch(&mut self, index: usize) {
        let device = &mut self.devices[index];
        // The next switch waits for the answer, so that the model need not know whose answer it is.
        let (Some(conn), false) = (device.conn, device.switching) else { return };
        device.switching = true;
        let other = org(2 - device.focus);
        let user = DEVICES[index] % 100;
        let seen = device.cursors.get(&(user, Some(other))).copied().unwrap_or(0);
        self.asks += 1;
        let cursor = Some(Cursor { epoch: EPOCH, seq: seq(seen) });
        let focus = relais_wire::streams::Focus { org: Some(other), cursor };
        self.turn(Bench::frame(conn, common::ask(focus, self.asks)));
    }

    /// Everything flows: all are connected, all reads are answered, the shell says what it did not deliver.
    fn settle(&mut self) {
        for _ in 0..4 {
            (0..DEVICES.len()).for_each(|device| self.connect(device));
            while let Some(late) = self.late.pop_front() {
                self.turn(late);
            }
            for (stream, head) in self.streams.iter().map(|(s, e)| (*s, e.len() as u64)).collect::<Vec<_>>() {
                self.turn(Input::Head { user: common::user(stream.0), context: stream.1, head: seq(head) });
            }
            for _ in 0..200 {
                while !self.reads.is_empty() {
                    self.answer(0, false, false);
                }
                (0..DEVICES.len()).for_each(|device| self.drain(device, usize::MAX));
            }
            self.step(&Op::Pass { ms: 600 });
        }
    }

    fn assert_all_seen(&self) {
        for (index, device) in self.devices.iter().enumerate() {
            let user = DEVICES[index] % 100;
            for place in [0, 1 + device.focus] {
                let stream = (user, (place > 0).then(|| org(place)));
                let seen = device.cursors.get(&stream).copied().unwrap_or(0);
                assert_eq!(seen, self.head(stream), "device {index} did not see all of place {place}");
            }
        }
        assert!(self.bench.hub.queued_bytes() == 0, "something is queued although all was taken");
    }
}

proptest! {
    // No file of failures: it would be put beside the crates' folders, where only crates belong.
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_device_sees_every_entry_once_and_in_order(ops in prop::collection::vec(any_op(), 1..160)) {
        let mut world = World::new();
        for op in &ops {
            world.step(op);
        }
        world.settle();
        world.assert_all_seen();
    }

    #[test]
    fn no_bytes_make_the_hub_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), signed in any::<bool>()) {
        let mut bench = Bench::new();
        if signed {
            bench.live(1, 1, Some(10));
        } else {
            bench.lines(Input::Opened { conn: Conn(1), nonce: [0; 32] });
        }
        bench.lines(Bench::frame(1, bytes.into()));
    }

    #[test]
    fn no_frame_of_any_type_makes_the_hub_panic(
        class in 1_u8..5, kind in 0_u16..0x700, id in 0_u64..10, body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let class = [Class::Request, Class::Reply, Class::Event, Class::Control][usize::from(class - 1)];
        let mut bench = Bench::new();
        bench.live(1, 1, Some(10));
        let bytes = relais_wire::encode_frame(&relais_wire::Header::new(class, kind, id), &body);
        bench.lines(Bench::frame(1, bytes.into()));
    }
}

/// Two users with the same shapes: what is said to one is never said to the other.
#[test]
fn two_users_of_one_shape_never_hear_each_other() {
    let mut b = Bench::new();
    b.live(1, 1, Some(10));
    b.live(2, 2, Some(10));
    let mut heard = [Vec::new(), Vec::new()];
    for n in 1..=50 {
        for who in [1_u8, 2] {
            for context in [None, Some(org(10)), Some(org(11))] {
                let body = Bytes::from(format!("for {who}"));
                let to = vec![Recipient { user: common::user(who), context, seq: seq(n) }];
                let lines = b.lines(Input::Deliver(Delivery { kind: 1, body, to }));
                heard[usize::from(who) - 1].extend(lines);
            }
        }
    }
    for (index, lines) in heard.iter().enumerate() {
        let who = index + 1;
        assert_eq!(
            lines.iter().filter(|line| line.ends_with(&format!("for {who}"))).count(),
            100,
            "traffic flowed"
        );
        assert!(lines.iter().all(|line| line.starts_with(&format!("{who} <"))), "it crossed: {lines:?}");
        assert!(lines.iter().all(|line| line.ends_with("badge") || line.ends_with(&format!("for {who}"))));
    }
}
