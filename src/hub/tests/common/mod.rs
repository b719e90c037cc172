//! A hub with a clock, and outputs as lines of text.

#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a helper of tests: a panic is a failed test"
)]

use bytes::Bytes;
use relais_hub::{
    Admitted, AppliedMarks, Config, Conn, Delivery, Entry, FollowNo, Hub, Input, Output, Page, ReadNo,
    Recipient,
};
use relais_wire::control::{Cursor, Hello, HelloSession, OrgCursor, Pong};
use relais_wire::{
    Bin, Call, Class, Control, DeviceId, Epoch, Frame, OrgId, Refusal, Reply, Seq, SessionId, StreamTag,
    UserId, decode_reply,
};

pub(crate) const EPOCH: Epoch = Epoch::from_bytes([9; 16]);
pub(crate) const T0: u64 = 1_700_000_000_000;

pub(crate) fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

pub(crate) fn org(n: u8) -> OrgId {
    OrgId::from_bytes([n; 16])
}

pub(crate) fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 16])
}

pub(crate) fn device(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 16])
}

pub(crate) fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

pub(crate) fn cursor(n: u64) -> Option<Cursor> {
    Some(Cursor { epoch: EPOCH, seq: seq(n) })
}

/// An entry whose body says its number.
pub(crate) fn entry(n: u64) -> Entry {
    Entry { seq: seq(n), kind: 1, body: Bytes::from(format!("e{n}")) }
}

pub(crate) fn fat_entry(n: u64, len: usize) -> Entry {
    Entry { body: Bytes::from(vec![b'x'; len]), ..entry(n) }
}

pub(crate) fn deliver(to: u8, context: Option<OrgId>, entry: &Entry) -> Input {
    let to = vec![Recipient { user: user(to), context, seq: entry.seq }];
    Input::Deliver(Delivery { kind: entry.kind, body: entry.body.clone(), to })
}

pub(crate) fn hello(of: u8, org_cursor: Option<OrgCursor>, personal: Option<Cursor>) -> Bytes {
    let session = HelloSession {
        session: session(of),
        kid: 1,
        proof: Bin(vec![of; 32]),
        ticket: None,
        org: org_cursor,
        personal,
    };
    Control::from(Hello { session: Some(session) }).encode().into()
}

pub(crate) fn pong(org: Option<u64>, personal: u64) -> Bytes {
    Control::from(Pong { org: org.map(seq), personal: seq(personal) }).encode().into()
}

pub(crate) fn ask<C: Call>(call: C, id: u64) -> Bytes {
    call.into_request().encode(id).into()
}

/// A hub, its clock, and what it asked.
pub(crate) struct Bench {
    pub(crate) hub: Hub,
    pub(crate) now: u64,
    pub(crate) wait: Option<u64>,
    pub(crate) reads: Vec<(Conn, ReadNo)>,
    pub(crate) follows: Vec<(Conn, FollowNo)>,
    /// Whether the transport takes everything at once.
    pub(crate) flowing: bool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Config::new(EPOCH))
    }

    pub(crate) fn with(config: Config) -> Self {
        let hub = Hub::new(config, 42);
        Self { hub, now: T0, wait: None, reads: Vec::new(), follows: Vec::new(), flowing: true }
    }

    /// One turn; what came out, raw.
    pub(crate) fn turn(&mut self, input: Input) -> Vec<Output> {
        self.hub.handle(self.now, input);
        let mut all = Vec::new();
        loop {
            match self.hub.poll() {
                Output::Wait(until) => {
                    self.wait = until;
                    break;
                }
                output => {
                    if let Output::Read { conn, read, .. } = &output {
                        self.reads.push((*conn, *read));
                    }
                    if let Output::Follow { conn, follow, .. } = &output {
                        self.follows.push((*conn, *follow));
                    }
                    all.push(output);
                }
            }
        }
        self.hub.check();
        all
    }

    /// One turn and, if the transport flows, the turns in which it says so; what came out, as lines.
    pub(crate) fn lines(&mut self, input: Input) -> Vec<String> {
        let mut outputs = self.turn(input);
        let mut at = 0;
        while self.flowing && at < outputs.len() {
            if let Output::Send { conn, header, body } = &outputs[at] {
                let written = Input::Written { conn: *conn, bytes: header.len() + body.len() };
                let more = self.turn(written);
                outputs.extend(more);
            }
            at += 1;
        }
        outputs.iter().map(line).collect()
    }

    /// The input has exactly these outputs.
    #[track_caller]
    pub(crate) fn assert_outputs<const N: usize>(&mut self, input: Input, expected: [&str; N]) {
        assert_eq!(self.lines(input), expected);
    }

    /// Time passes; what came out at each deadline, as lines with the milliseconds since the beginning of it.
    pub(crate) fn run_for(&mut self, ms: u64) -> Vec<String> {
        let (from, until) = (self.now, self.now + ms);
        let mut all = Vec::new();
        while let Some(at) = self.wait.filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let since = self.now - from;
            all.extend(self.lines(Input::Timeout).into_iter().map(|line| format!("+{since} {line}")));
        }
        self.now = until;
        all
    }

    pub(crate) fn frame(conn: u64, bytes: Bytes) -> Input {
        Input::Frame { conn: Conn(conn), bytes }
    }

    /// Greets, checks and admits a connection of user and session `who`; its feeds want pages now.
    pub(crate) fn connect(
        &mut self,
        conn: u64,
        who: u8,
        org: Option<(OrgCursor, u64)>,
        personal: (Option<Cursor>, u64),
    ) -> Vec<String> {
        self.lines(Input::Opened { conn: Conn(conn), nonce: [7; 32] });
        let (org_cursor, org_head) =
            org.map_or((None, None), |(cursor, head)| (Some(cursor), Some(seq(head))));
        self.lines(Self::frame(conn, hello(who, org_cursor, personal.0)));
        self.lines(Input::HelloAccepted {
            conn: Conn(conn),
            admitted: Box::new(admitted(who, org_head, personal.1)),
        })
    }

    /// A connection that is at its heads: personal 0 and, if it follows one, organization 0.
    pub(crate) fn live(&mut self, conn: u64, who: u8, follows: Option<u8>) {
        let org_cursor = follows.map(|n| (OrgCursor { org: org(n), cursor: cursor(0) }, 0));
        self.connect(conn, who, org_cursor, (cursor(0), 0));
        while let Some((conn, read)) = self.reads.pop() {
            self.lines(Input::Page { conn, read, page: Page::Entries { entries: vec![], head: seq(0) } });
        }
    }

    /// Answers the oldest read.
    pub(crate) fn page<const N: usize>(&mut self, entries: [Entry; N], head: u64) -> Input {
        let (conn, read) = self.reads.remove(0);
        Input::Page { conn, read, page: Page::Entries { entries: entries.to_vec(), head: seq(head) } }
    }
}

pub(crate) fn admitted(who: u8, org_head: Option<Seq>, personal_head: u64) -> Admitted {
    Admitted {
        // Sessions 1 and 101 are two devices of user 1.
        user: user(who % 100),
        session: session(who),
        device: device(who),
        expires_at: None,
        personal_head: seq(personal_head),
        org_head,
        ticket: None,
        rekey: None,
    }
}

/// An output as a line: `1 < …` is sent to connection 1.
pub(crate) fn line(output: &Output) -> String {
    match output {
        Output::Send { conn, header, body } => format!("{} < {}", conn.0, message(header, body)),
        Output::Close { conn, code, retry_after_ms } => {
            format!("{} closed {code:?}{}", conn.0, if retry_after_ms.is_some() { ", come back" } else { "" })
        }
        Output::CheckHello { conn, .. } => format!("{} check", conn.0),
        Output::Interest { user, on } => format!("interest {} {on}", user.as_bytes()[0]),
        Output::Read { conn, user, context, after, .. } => {
            format!("{} read user {} {} after {}", conn.0, user.as_bytes()[0], place(*context), after.get())
        }
        Output::Follow { conn, context, .. } => format!("{} follow {}", conn.0, place(*context)),
        Output::Request { conn, by, id, kind, .. } => {
            let name = relais_wire::Request::name_of(*kind).unwrap_or("unknown");
            format!("{} asks {name} #{id}{}", conn.0, if by.is_some() { "" } else { " as nobody" })
        }
        Output::Applied { user, device, marks: AppliedMarks { org, personal } } => {
            let org =
                org.map(|(org, seq)| format!(" {} {}", place(Some(org)), seq.get())).unwrap_or_default();
            let personal = personal.map(|seq| format!(" personal {}", seq.get())).unwrap_or_default();
            format!("applied user {} device {}{org}{personal}", user.as_bytes()[0], device.as_bytes()[0])
        }
        Output::Wait(_) => "wait".to_owned(),
    }
}

fn place(context: Option<OrgId>) -> String {
    context.map_or_else(|| "personal".to_owned(), |org| format!("org {}", org.as_bytes()[0]))
}

fn message(header: &[u8], body: &[u8]) -> String {
    let bytes = [header, body].concat();
    let frame = Frame::parse(&bytes, usize::MAX).expect("the hub sends frames");
    let id = frame.header.id;
    match frame.header.class {
        Class::Control => {
            control(&Control::decode(frame.header.kind, body).expect("the hub sends control messages"))
        }
        Class::Reply => match decode_reply(&frame).expect("replies decode") {
            Ok(Reply::Following(following)) => format!("#{id} following from {}", following.head.get()),
            Ok(_) => format!("#{id} answered"),
            Err(Refusal { code, .. }) => format!("#{id} refused {code:?}"),
        },
        Class::Event => {
            let text = if body.len() > 40 {
                format!("{} bytes", body.len())
            } else {
                String::from_utf8_lossy(body).into_owned()
            };
            match frame.header.stream {
                Some(StreamTag::Org) => format!("org {id}: {text}"),
                Some(StreamTag::Personal) => format!("personal {id}: {text}"),
                None if frame.header.kind == 100 => "badge".to_owned(),
                None => format!("hint {}: {text}", frame.header.kind),
            }
        }
        Class::Request => "a request?".to_owned(),
    }
}

fn control(message: &Control) -> String {
    match message {
        Control::Greeting(_) => "Greeting".to_owned(),
        Control::Welcome(welcome) => {
            let head = |seq: Option<Seq>| seq.map_or_else(|| "-".to_owned(), |seq| seq.get().to_string());
            format!("Welcome personal {} org {}", head(welcome.personal_head), head(welcome.org_head))
        }
        Control::Ping(ping) => {
            format!(
                "Ping personal {}{}",
                ping.personal.get(),
                ping.org.map(|seq| format!(" org {}", seq.get())).unwrap_or_default()
            )
        }
        Control::CaughtUp(at) => format!("CaughtUp {:?} {}", at.stream, at.seq.get()),
        Control::Resync(resync) => format!("Resync {:?} {:?}", resync.stream, resync.reason),
        Control::Hello(_) | Control::Pong(_) => "a client's message?".to_owned(),
    }
}
