//! The connection: greeting, proof, welcome, replay, live, and coming back.
//!
//! Contract: call [`Link::handle`] with one input, then [`Link::poll`] until it gives [`Output::Wait`]; do what
//! each output says; call `handle(now, Input::Timeout)` at the moment `Wait` names. Times are milliseconds of
//! any clock that does not go back. A window of [`Output::Entry`] is handed out per stream, in order; the cursor
//! that the server is told moves by [`Input::Applied`] only.
//!
//! Not known here: sockets, clocks, storage, keys of messages, and what an entry says.

use std::collections::{BTreeMap, VecDeque};

use relais_wire::control::{
    CaughtUp, Cursor, Greeting, Hello, HelloSession, Limits, OrgCursor, Ping, Pong, Resync, ResyncReason,
    Welcome,
};
use relais_wire::ids::{Epoch, OrgId, Seq};
use relais_wire::streams::{Focus, FollowPersonal, Pull, StreamPage};
use relais_wire::{
    Bin, Class, CloseCode, Control, DecodeError, Event, Frame, Millis, Refusal, Reply, Request, StreamTag,
    decode_reply, limits as wire_limits,
};

use super::backoff::Backoff;
use super::proof::Credentials;
use super::stream::{Raw, Stream};
use crate::limits;

/// What happened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "an input is made, handed over and gone; none is kept")]
pub enum Input<'a> {
    /// Connect, now and whenever the connection is lost.
    Start,
    /// End the connection and stay away.
    Stop,
    /// The socket is open.
    Opened,
    /// A message came.
    Received(&'a [u8]),
    /// The socket is closed or could not be opened; with the close code and reason of the server, if it sent one.
    Closed {
        /// Close code.
        code: Option<u16>,
        /// Close reason: the delay in decimal milliseconds.
        reason: &'a str,
    },
    /// Ask something. Answered by [`Output::Reply`] with the same token.
    Call {
        /// Chosen by the caller; comes back with the answer.
        token: u64,
        /// The question.
        request: Request,
    },
    /// Entries were applied up to this one, durably where anything is kept.
    Applied {
        /// Its stream.
        stream: StreamTag,
        /// Its number.
        seq: u64,
    },
    /// What was handed out and not reported could not be applied: it is asked for again.
    NotApplied {
        /// Its stream.
        stream: StreamTag,
    },
    /// A snapshot was applied: follow the stream from where it was cut.
    Follow {
        /// The stream.
        stream: StreamTag,
        /// The snapshot's cursor.
        cursor: Cursor,
    },
    /// Follow another organization, from a cursor or, without one, from a snapshot.
    Focus {
        /// The organization; `None`: the personal stream only.
        org: Option<OrgId>,
        /// Where to continue.
        cursor: Option<Cursor>,
    },
    /// The moment named by [`Output::Wait`] has come.
    Timeout,
}

/// What to do.
#[derive(Debug)]
pub enum Output {
    /// Open a socket; report [`Input::Opened`] or [`Input::Closed`].
    Connect,
    /// Send this message.
    Send(Vec<u8>),
    /// Close the socket, and do not report it.
    Disconnect,
    /// The answer to a call.
    Reply {
        /// Of the call.
        token: u64,
        /// What came of it.
        result: Result<Reply, CallError>,
    },
    /// The server said welcome; entries follow.
    Online {
        /// The store's history.
        epoch: Epoch,
        /// Server time.
        now: Millis,
    },
    /// The connection is gone; it is tried again after this many milliseconds.
    Offline {
        /// Milliseconds.
        retry_in: u64,
    },
    /// The connection is gone and will not be tried again before something changed.
    Stopped(StopReason),
    /// Keep these credentials for the next start.
    Credentials(Credentials),
    /// Apply this entry, then report it.
    Entry {
        /// Its stream.
        stream: StreamTag,
        /// Its number.
        seq: u64,
        /// What it says; the number of its type where that is not known in this version.
        event: Result<Event, u16>,
    },
    /// Read a snapshot of this stream's context, apply it, then report [`Input::Follow`].
    Resync {
        /// The stream.
        stream: StreamTag,
        /// The organization, or `None` for the personal one.
        org: Option<OrgId>,
        /// Why.
        reason: ResyncReason,
    },
    /// Everything the server had at the start of the connection has been received.
    CaughtUp(StreamTag),
    /// Said once, never repeated.
    Hint(Event),
    /// The server did what the protocol does not allow; the connection is given up and tried again.
    Violation(Violation),
    /// Nothing more to do until this moment, or until the next input.
    Wait(Option<u64>),
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The server refused.
    Refused(Refusal),
    /// There is no connection, or too many calls wait for one. Nothing was sent.
    NotSent,
    /// It was sent and no answer came: it may or may not have been done.
    Lost,
    /// The answer is not one to this question.
    Undecodable,
}

/// Why a connection is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked for.
    Asked,
    /// The server said so.
    Closed(CloseCode),
}

/// What a server may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Bytes that are no frame, or a body that does not fit its type.
    #[error("the server sent bytes that are not of the protocol")]
    Malformed,
    /// A message that has no place in this state.
    #[error("the server sent a message out of place")]
    OutOfPlace,
    /// A page of a stream with a hole in it.
    #[error("the server served a stream with a hole in it")]
    StreamHole,
}

#[derive(Debug)]
enum Phase {
    Stopped,
    Waiting { until: u64 },
    Connecting { deadline: u64 },
    Greeting { deadline: u64 },
    Welcome { deadline: u64 },
    Live { since: u64, heard: u64 },
}

#[derive(Debug)]
enum Asked {
    Caller { token: u64 },
    Pull { stream: StreamTag },
    Follow { stream: StreamTag },
}

#[derive(Debug)]
struct Pending {
    asked: Asked,
    kind: u16,
    deadline: u64,
}

/// The connection of one session. See the module for the contract.
#[derive(Debug)]
pub struct Link {
    phase: Phase,
    credentials: Credentials,
    ticket_refused: bool,
    backoff: Backoff,
    org: Option<Stream>,
    personal: Stream,
    epoch: Option<Epoch>,
    /// The organization that the last `Hello` named.
    named: Option<OrgId>,
    limits: Limits,
    next_id: u64,
    pending: BTreeMap<u64, Pending>,
    waiting: VecDeque<(u64, Request)>,
    pong_sent: u64,
    pong_due: bool,
    out: VecDeque<Output>,
}

impl Link {
    /// A connection that has not been started. Cursors are those of what was applied durably.
    #[must_use]
    pub fn new(
        credentials: Credentials,
        org: Option<OrgCursor>,
        personal: Option<Cursor>,
        backoff: Backoff,
    ) -> Self {
        Self {
            phase: Phase::Stopped,
            credentials,
            ticket_refused: false,
            backoff,
            org: org.map(|org| Stream::new(Some(org.org), org.cursor)),
            personal: Stream::new(None, personal),
            epoch: None,
            named: None,
            limits: Limits::default(),
            next_id: 1,
            pending: BTreeMap::new(),
            waiting: VecDeque::new(),
            pong_sent: 0,
            pong_due: false,
            out: VecDeque::new(),
        }
    }

    /// Whether requests can be asked now.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// The applied cursor of a stream.
    #[must_use]
    pub fn cursor(&self, stream: StreamTag) -> Option<Cursor> {
        match stream {
            StreamTag::Org => self.org.as_ref().and_then(Stream::cursor),
            StreamTag::Personal => self.personal.cursor(),
        }
    }

    /// Largest frame this server takes on the connection.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        usize::try_from(self.limits.frame_bytes).unwrap_or(wire_limits::FRAME_BYTES_MAX)
    }

    /// Takes one input.
    pub fn handle(&mut self, now: u64, input: Input<'_>) {
        match input {
            Input::Start => self.start(now),
            Input::Stop => self.stop(StopReason::Asked),
            Input::Opened => {
                if let Phase::Connecting { deadline } = self.phase {
                    self.phase = Phase::Greeting { deadline };
                }
            }
            Input::Received(message) => self.received(now, message),
            Input::Closed { code, reason } => self.closed(now, code, reason),
            Input::Call { token, request } => self.call(now, token, request),
            Input::Applied { stream, seq } => self.applied(stream, seq),
            Input::NotApplied { stream } => {
                if let Some(stream) = self.stream_mut(stream) {
                    stream.drop_handed_out();
                }
            }
            Input::Follow { stream, cursor } => self.follow(now, stream, cursor),
            Input::Focus { org, cursor } => self.focus(now, org, cursor),
            Input::Timeout => {}
        }
        self.timers(now);
        self.ask_for_gaps(now);
        self.send_waiting(now);
        self.hand_out();
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        self.out.pop_front().unwrap_or_else(|| Output::Wait(self.next_timeout()))
    }

    fn next_timeout(&self) -> Option<u64> {
        let phase = match self.phase {
            Phase::Stopped => None,
            Phase::Waiting { until } => Some(until),
            Phase::Connecting { deadline } | Phase::Greeting { deadline } | Phase::Welcome { deadline } => {
                Some(deadline)
            }
            Phase::Live { heard, .. } => Some(heard + silence_ms()),
        };
        let calls = self.pending.values().map(|pending| pending.deadline).min();
        let pong = (self.pong_due && self.is_live()).then_some(self.pong_sent + limits::PONG_INTERVAL_MS);
        [phase, calls, pong].into_iter().flatten().min()
    }

    fn timers(&mut self, now: u64) {
        match self.phase {
            Phase::Waiting { until } if now >= until => self.connect(now),
            Phase::Connecting { deadline } | Phase::Greeting { deadline } | Phase::Welcome { deadline }
                if now >= deadline =>
            {
                self.give_up(now);
            }
            Phase::Live { heard, .. } if now >= heard + silence_ms() => self.give_up(now),
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Connecting { .. }
            | Phase::Greeting { .. }
            | Phase::Welcome { .. }
            | Phase::Live { .. } => {}
        }
        let late: Vec<u64> =
            self.pending.iter().filter(|(_, call)| now >= call.deadline).map(|(id, _)| *id).collect();
        for id in late {
            let Some(pending) = self.pending.remove(&id) else { continue };
            if matches!(pending.asked, Asked::Follow { .. }) {
                // Without the answer nobody knows which stream the entries belong to.
                return self.give_up(now);
            }
            self.unanswered(&pending, CallError::Lost);
        }
        if self.pong_due && self.is_live() && now >= self.pong_sent + limits::PONG_INTERVAL_MS {
            self.pong(now);
        }
    }

    fn start(&mut self, now: u64) {
        if matches!(self.phase, Phase::Stopped) {
            self.connect(now);
        }
    }

    fn connect(&mut self, now: u64) {
        self.phase = Phase::Connecting { deadline: now + limits::CONNECT_TIMEOUT_MS };
        self.out.push_back(Output::Connect);
    }

    fn stop(&mut self, reason: StopReason) {
        if !matches!(self.phase, Phase::Stopped | Phase::Waiting { .. }) {
            self.out.push_back(Output::Disconnect);
        }
        self.phase = Phase::Stopped;
        self.drop_connection();
        self.out.push_back(Output::Stopped(reason));
    }

    /// Closes a connection that does not work and comes back later.
    fn give_up(&mut self, now: u64) {
        self.out.push_back(Output::Disconnect);
        self.closed(now, None, "");
    }

    fn violation(&mut self, now: u64, violation: Violation) {
        self.out.push_back(Output::Violation(violation));
        self.give_up(now);
    }

    fn closed(&mut self, now: u64, code: Option<u16>, reason: &str) {
        if let Phase::Live { since, .. } = self.phase
            && now.saturating_sub(since) >= limits::STABLE_MS
        {
            self.backoff.reset();
        }
        if matches!(self.phase, Phase::Stopped | Phase::Waiting { .. }) {
            return;
        }
        self.drop_connection();
        // Codes of the WebSocket protocol itself (below 4000) are network weather.
        let code = code.filter(|code| (4000..5000).contains(code)).map(CloseCode::from_code);
        if code == Some(CloseCode::AuthFailed) && self.credentials.ticket.is_some() && !self.ticket_refused {
            self.ticket_refused = true;
            self.credentials.ticket = None;
        } else if let Some(code) = code.filter(|code| !code.should_reconnect()) {
            self.phase = Phase::Stopped;
            self.out.push_back(Output::Stopped(StopReason::Closed(code)));
            return;
        }
        let dictated = code.and_then(|_| reason.trim().parse::<u64>().ok());
        let retry_in = match dictated {
            Some(delay) => delay.min(limits::DICTATED_DELAY_MAX_MS),
            None => self.backoff.next_delay(),
        };
        self.phase = Phase::Waiting { until: now + retry_in };
        self.out.push_back(Output::Offline { retry_in });
    }

    fn drop_connection(&mut self) {
        for stream in [self.org.as_mut(), Some(&mut self.personal)].into_iter().flatten() {
            stream.rewind();
        }
        for (_, pending) in core::mem::take(&mut self.pending) {
            self.unanswered(&pending, CallError::Lost);
        }
        for (token, _) in core::mem::take(&mut self.waiting) {
            self.out.push_back(Output::Reply { token, result: Err(CallError::NotSent) });
        }
        self.pong_due = false;
    }

    fn unanswered(&mut self, pending: &Pending, error: CallError) {
        if let Asked::Caller { token } = pending.asked {
            self.out.push_back(Output::Reply { token, result: Err(error) });
        }
    }

    fn received(&mut self, now: u64, message: &[u8]) {
        let Ok(frame) = Frame::parse(message, wire_limits::FRAME_BYTES_MAX) else {
            return self.violation(now, Violation::Malformed);
        };
        if let Phase::Live { since, .. } = self.phase {
            self.phase = Phase::Live { since, heard: now };
        }
        match frame.header.class {
            Class::Control => self.control(now, frame.header.kind, frame.body),
            Class::Event => self.event(now, &frame),
            Class::Reply => self.reply(now, &frame),
            Class::Request => self.violation(now, Violation::OutOfPlace),
        }
    }

    fn control(&mut self, now: u64, kind: u16, body: &[u8]) {
        let control = match Control::decode(kind, body) {
            Ok(control) => control,
            Err(DecodeError::UnknownKind(_)) => return,
            Err(DecodeError::Body | DecodeError::WrongClass) => {
                return self.violation(now, Violation::Malformed);
            }
        };
        match (control, &self.phase) {
            (Control::Greeting(greeting), Phase::Greeting { deadline }) => {
                let deadline = *deadline;
                self.hello(&greeting);
                self.phase = Phase::Welcome { deadline };
            }
            (Control::Welcome(welcome), Phase::Welcome { .. }) => self.welcome(now, welcome),
            (Control::Ping(ping), Phase::Live { .. }) => self.ping(now, &ping),
            (Control::CaughtUp(done), Phase::Live { .. }) => self.caught_up(&done),
            (Control::Resync(resync), Phase::Live { .. }) => self.resync(now, &resync),
            _ => self.violation(now, Violation::OutOfPlace),
        }
    }

    fn hello(&mut self, greeting: &Greeting) {
        let mut session = HelloSession {
            session: self.credentials.session,
            kid: self.credentials.kid,
            proof: Bin::default(),
            ticket: self.credentials.ticket.clone().map(Bin),
            org: self
                .org
                .as_ref()
                .and_then(|stream| Some(OrgCursor { org: stream.org?, cursor: stream.cursor() })),
            personal: self.personal.cursor(),
        };
        self.named = session.org.as_ref().map(|org| org.org);
        self.credentials.prove_hello(greeting.nonce.as_slice(), &mut session);
        let hello = Control::from(Hello { session: Some(session) });
        self.out.push_back(Output::Send(hello.encode()));
    }

    fn welcome(&mut self, now: u64, welcome: Welcome) {
        self.phase = Phase::Live { since: now, heard: now };
        self.pong_sent = now;
        self.epoch = Some(welcome.epoch);
        self.limits = welcome.limits;
        self.ticket_refused = false;
        let changed = welcome.ticket.is_some() || welcome.rekey.is_some();
        if let Some(ticket) = welcome.ticket {
            self.credentials.ticket = Some(ticket.0);
        }
        if let Some(rekey) = welcome.rekey {
            self.credentials.kid = rekey.kid;
            self.credentials.key = zeroize::Zeroizing::new(rekey.key.0);
        }
        if changed {
            self.out.push_back(Output::Credentials(self.credentials.clone()));
        }
        self.out.push_back(Output::Online { epoch: welcome.epoch, now: welcome.now });
        let org = self.org.as_ref().and_then(|stream| stream.org);
        if org != self.named {
            // The focus moved on after the `Hello` had gone.
            let cursor = self.org.as_ref().and_then(Stream::cursor);
            self.focus(now, org, cursor);
        }
    }

    fn ping(&mut self, now: u64, ping: &Ping) {
        self.personal.told_head(ping.personal.get());
        if let (false, Some(head)) = (self.is_switching(StreamTag::Org), ping.org)
            && let Some(stream) = &mut self.org
        {
            stream.told_head(head.get());
        }
        self.pong(now);
    }

    fn pong(&mut self, now: u64) {
        self.pong_due = false;
        self.pong_sent = now;
        let applied = |stream: &Stream| stream.cursor().map(|at| at.seq);
        let pong = Pong {
            org: self.org.as_ref().and_then(applied),
            personal: applied(&self.personal).unwrap_or(Seq::ZERO),
        };
        self.out.push_back(Output::Send(Control::from(pong).encode()));
    }

    fn caught_up(&mut self, done: &CaughtUp) {
        let tag = StreamTag::from(done.stream);
        if self.is_switching(tag) {
            return;
        }
        let seq = done.seq.get();
        if let Some(stream) = self.stream_mut(tag) {
            stream.told_caught_up(seq);
            self.out.push_back(Output::CaughtUp(tag));
        }
    }

    fn resync(&mut self, now: u64, resync: &Resync) {
        let tag = StreamTag::from(resync.stream);
        if self.is_switching(tag) {
            return;
        }
        let Some(stream) = self.stream_mut(tag) else {
            return self.violation(now, Violation::OutOfPlace);
        };
        stream.forget();
        let org = stream.org;
        self.out.push_back(Output::Resync { stream: tag, org, reason: resync.reason });
    }

    fn event(&mut self, now: u64, frame: &Frame<'_>) {
        if !self.is_live() {
            return self.violation(now, Violation::OutOfPlace);
        }
        let header = frame.header;
        if let Some(tag) = header.stream {
            if self.is_switching(tag) {
                return;
            }
            let raw = Raw { seq: header.id, kind: header.kind, body: frame.body.to_vec() };
            match self.stream_mut(tag) {
                Some(stream) => stream.receive(raw),
                None => self.violation(now, Violation::OutOfPlace),
            }
            return;
        }
        let hints = self.out.iter().filter(|output| matches!(output, Output::Hint(_))).count();
        match Event::decode(header.kind, frame.body) {
            Ok(event) if hints < limits::HINTS_MAX => self.out.push_back(Output::Hint(event)),
            Ok(_) | Err(DecodeError::UnknownKind(_)) => {}
            Err(DecodeError::Body | DecodeError::WrongClass) => self.violation(now, Violation::Malformed),
        }
    }

    fn reply(&mut self, now: u64, frame: &Frame<'_>) {
        let Some(pending) = self.pending.remove(&frame.header.id) else {
            return; // given up before the answer came
        };
        let result = if pending.kind == frame.header.kind {
            decode_reply(frame).map_err(|_| CallError::Undecodable)
        } else {
            Err(CallError::Undecodable)
        };
        let result = result.and_then(|answer| answer.map_err(CallError::Refused));
        match pending.asked {
            Asked::Caller { token } => self.out.push_back(Output::Reply { token, result }),
            Asked::Pull { stream } => self.pulled(now, stream, result),
            Asked::Follow { stream } => match result {
                Ok(Reply::Following(following)) => {
                    if let Some(stream) = self.stream_mut(stream) {
                        stream.told_head(following.head.get());
                    }
                }
                // An older switch that a newer one has overtaken.
                Err(CallError::Refused(_)) if self.is_switching(stream) => {}
                Ok(_) | Err(_) => self.give_up(now),
            },
        }
    }

    fn pulled(&mut self, now: u64, tag: StreamTag, result: Result<Reply, CallError>) {
        // Otherwise the cursor is no longer served, or the connection is going: the next `Hello` tells which.
        let Ok(Reply::StreamPage(page)) = result else { return self.give_up(now) };
        let StreamPage { entries, head } = page;
        let raws = entries
            .into_iter()
            .map(|item| Raw { seq: item.seq.get(), kind: item.kind, body: item.body.0 })
            .collect();
        let taken = self.stream_mut(tag).map(|stream| stream.receive_page(raws, head.get()));
        if let Some(Err(_)) = taken {
            self.violation(now, Violation::StreamHole);
        }
    }

    fn call(&mut self, now: u64, token: u64, request: Request) {
        let full = self.waiting.len() >= limits::CALLS_WAITING_MAX;
        if full || !self.is_live() {
            self.out.push_back(Output::Reply { token, result: Err(CallError::NotSent) });
            return;
        }
        self.waiting.push_back((token, request));
        self.send_waiting(now);
    }

    fn send_waiting(&mut self, now: u64) {
        let room = usize::try_from(self.limits.requests_in_flight).unwrap_or(1);
        while self.is_live() && self.pending.len() < room {
            let Some((token, request)) = self.waiting.pop_front() else { return };
            self.ask(now, Asked::Caller { token }, &request);
        }
    }

    fn ask(&mut self, now: u64, asked: Asked, request: &Request) {
        let id = self.next_id;
        self.next_id += 1;
        let deadline = now + limits::CALL_TIMEOUT_MS;
        self.pending.insert(id, Pending { asked, kind: request.kind(), deadline });
        self.out.push_back(Output::Send(request.encode(id)));
    }

    fn ask_for_gaps(&mut self, now: u64) {
        if !self.is_live() {
            return;
        }
        for tag in [StreamTag::Org, StreamTag::Personal] {
            let asked = |pending: &Pending| matches!(pending.asked, Asked::Pull { stream } if stream == tag);
            if self.pending.values().any(asked) {
                continue;
            }
            let Some(stream) = self.stream_mut(tag) else { continue };
            if let Some(after) = stream.wants_pull() {
                let pull = Pull { org: stream.org, after, max: wire_limits::PAGE_ENTRIES_MAX };
                self.ask(now, Asked::Pull { stream: tag }, &Request::Pull(pull));
            }
        }
    }

    fn hand_out(&mut self) {
        for tag in [StreamTag::Org, StreamTag::Personal] {
            while let Some(raw) = self.stream_mut(tag).and_then(Stream::hand_out) {
                // A body that does not fit its type is reported as unknown: the entry is numbered and must be
                // passed, and nothing in it is trusted anyway.
                let event = Event::decode(raw.kind, &raw.body).map_err(|_| raw.kind);
                self.out.push_back(Output::Entry { stream: tag, seq: raw.seq, event });
            }
        }
    }

    fn applied(&mut self, tag: StreamTag, seq: u64) {
        let Some(stream) = self.stream_mut(tag) else { return };
        let Some(epoch) = stream.cursor().map(|at| at.epoch) else { return };
        if stream.applied(epoch, seq) {
            self.pong_due = true;
        }
    }

    fn follow(&mut self, now: u64, tag: StreamTag, cursor: Cursor) {
        self.forget_pulls(tag);
        let Some(stream) = self.stream_mut(tag) else { return };
        stream.restart(cursor);
        let request = match tag {
            StreamTag::Org => Request::Focus(Focus { org: stream.org, cursor: Some(cursor) }),
            StreamTag::Personal => Request::FollowPersonal(FollowPersonal { cursor }),
        };
        if self.is_live() {
            self.ask(now, Asked::Follow { stream: tag }, &request);
        }
    }

    fn focus(&mut self, now: u64, org: Option<OrgId>, cursor: Option<Cursor>) {
        self.org = org.map(|org| Stream::new(Some(org), cursor));
        self.forget_pulls(StreamTag::Org);
        if !self.is_live() {
            return; // the next `Hello` names it, or `Welcome` finds that it was named too late
        }
        if org.is_some() && cursor.is_none() {
            self.out.push_back(Output::Resync {
                stream: StreamTag::Org,
                org,
                reason: ResyncReason::NoCursor,
            });
            return;
        }
        self.ask(now, Asked::Follow { stream: StreamTag::Org }, &Request::Focus(Focus { org, cursor }));
    }

    /// A page of where the stream was before has no place where it is now.
    fn forget_pulls(&mut self, tag: StreamTag) {
        self.pending.retain(|_, pending| !matches!(pending.asked, Asked::Pull { stream } if stream == tag));
    }

    /// Whether the answer to a switch of this stream is awaited: what comes until then is the old one's.
    fn is_switching(&self, tag: StreamTag) -> bool {
        self.pending
            .values()
            .any(|pending| matches!(pending.asked, Asked::Follow { stream } if stream == tag))
    }

    fn stream_mut(&mut self, tag: StreamTag) -> Option<&mut Stream> {
        match tag {
            StreamTag::Org => self.org.as_mut(),
            StreamTag::Personal => Some(&mut self.personal),
        }
    }
}

/// Milliseconds without a word of the server after which the connection is taken for dead: one heartbeat with
/// its jitter, and the time a heartbeat itself may take.
const fn silence_ms() -> u64 {
    wire_limits::PING_INTERVAL_MS + wire_limits::PING_JITTER_MS + wire_limits::PONG_TIMEOUT_MS
}
