//! The connection: greeting, proof, welcome, replay, live, and coming back.
//!
//! Contract: call [`Link::handle`] with one input, then [`Link::poll`] until it gives [`Output::Wait`]; do what
//! each output says; call `handle(now, Input::Timeout)` at the moment `Wait` names. Times are milliseconds of
//! any clock that does not go back. A window of [`Output::Entry`] is handed out per stream, in order; the cursor
//! that the server is told moves by [`Input::Applied`] only.
//!
//! `io` names what goes in and comes out, `talk` reads what the server says, `following` keeps the two
//! streams.
//!
//! Not known here: sockets, clocks, storage, keys of messages, and what an entry says.

mod following;
mod io;
mod talk;

use std::collections::{BTreeMap, VecDeque};

use relais_wire::control::{Cursor, Limits, OrgCursor, ResyncReason};
use relais_wire::ids::{Epoch, OrgId};
use relais_wire::{CloseCode, Request, StreamTag, limits as wire_limits};

pub use io::{CallError, Input, Output, StopReason, Violation};

use super::backoff::Backoff;
use super::proof::Credentials;
use super::stream::Stream;
use crate::limits;

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
            Input::Unread { stream } if self.is_live() => {
                if let Some(stream) = self.stream_mut(stream) {
                    stream.could_not_read(now);
                }
            }
            // The next `Hello` has no cursor, and the server answers it with the same.
            Input::Unread { .. } => {}
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
        let org = self.org.as_ref().and_then(Stream::again_at);
        [phase, calls, pong, org, self.personal.again_at()].into_iter().flatten().min()
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
        for tag in [StreamTag::Org, StreamTag::Personal] {
            if let Some(stream) = self.stream_mut(tag)
                && stream.is_due(now)
            {
                let (org, reason) = (stream.org, ResyncReason::NoCursor);
                self.out.push_back(Output::Resync { stream: tag, org, reason });
            }
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
}

/// Milliseconds without a word of the server after which the connection is taken for dead: one heartbeat with
/// its jitter, and the time a heartbeat itself may take.
const fn silence_ms() -> u64 {
    wire_limits::PING_INTERVAL_MS + wire_limits::PING_JITTER_MS + wire_limits::PONG_TIMEOUT_MS
}
