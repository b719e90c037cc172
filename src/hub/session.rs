//! One connection: from the greeting to its end.
//!
//! Not known here: other connections.

use std::collections::VecDeque;

use bytes::Bytes;
use relais_wire::codes::Refusal;
use relais_wire::control::{Greeting, Hello, HelloSession, Limits, Ping, Pong, Welcome};
use relais_wire::limits::{
    AUTH_TIMEOUT_MS, FRAME_BYTES_BEFORE_AUTH, FRAME_BYTES_MAX, NO_PROGRESS_MS, PING_INTERVAL_MS,
    PING_JITTER_MS, PONG_TIMEOUT_MS, REQUESTS_IN_FLIGHT_MAX, SESSION_QUEUE_BYTES, SIGN_IN_TIMEOUT_MS,
};
use relais_wire::{
    Bin, Class, CloseCode, Control, DecodeError, ErrorCode, Frame, FrameError, Header, Millis, Request, Seq,
    SessionId, UserId, codec,
};

use crate::bucket::Bucket;
use crate::hub::Config;
use crate::io::{Conn, Output};
use crate::lanes::{Lanes, Mark, Queued};
use crate::limits::{
    DRAIN_GRACE_MS, PONG_INTERVAL_MS, REPLIES_QUEUED_MAX, SIGN_IN_BUCKET_TOKENS, SIGN_IN_REFILL_PER_S,
    TRANSPORT_WINDOW_BYTES,
};
use crate::rng::Rng;
use crate::signed::Signed;
use crate::stats::{Phase, Stats};
use crate::timers::{Deadlines, Timer};

/// What a connection may use while it decides.
pub(crate) struct Ctx<'a> {
    pub(crate) now: u64,
    pub(crate) config: &'a Config,
    pub(crate) out: &'a mut VecDeque<Output>,
    pub(crate) rng: &'a mut Rng,
    pub(crate) stats: &'a mut Stats,
    /// Counts the questions to the shell.
    pub(crate) numbers: &'a mut u64,
    /// The shard's queues are over their bound.
    pub(crate) over_budget: bool,
}

impl Ctx<'_> {
    pub(crate) fn number(&mut self) -> u64 {
        *self.numbers += 1;
        *self.numbers
    }
}

/// Go on, or end the connection with a code.
pub(crate) type Verdict = Result<(), CloseCode>;

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) conn: Conn,
    pub(crate) state: State,
    pub(crate) lanes: Lanes,
    /// Bytes handed to the transport that it has not taken.
    pub(crate) transit: usize,
    /// When the transport last took something, or last had nothing to take.
    taken_at: u64,
    /// When the peer last said something.
    heard_at: u64,
    pub(crate) deadlines: Deadlines,
    /// Requests under way: until the reply is handed to the transport.
    pub(crate) requests: Vec<Asked>,
    /// An unasked `Pong` is free from then on.
    pong_free_at: u64,
    /// The phase that was counted last.
    pub(crate) phase: Phase,
    /// The bytes that the shard's sum holds for this connection.
    pub(crate) accounted: usize,
    /// The time in the wheel.
    pub(crate) armed: Option<u64>,
}

/// What the connection is for, with what that needs.
#[derive(Debug)]
pub(crate) enum State {
    /// Greeted: waits for a `Hello`.
    Greeted {
        /// The nonce of the greeting.
        nonce: [u8; 32],
    },
    /// The shell checks the `Hello`.
    Checking(Box<HelloSession>),
    /// Without a session: public requests only.
    SignIn(Bucket),
    /// With a session: replaying, live or lagging, as its feeds say.
    Signed(Box<Signed>),
    /// With a session, told to leave when its turn comes.
    Draining(Box<Signed>, u64),
}

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) kind: u16,
    pub(crate) answered: bool,
}

impl Session {
    pub(crate) fn greet(conn: Conn, nonce: [u8; 32], ctx: &mut Ctx<'_>) -> Self {
        let mut session = Self {
            conn,
            state: State::Greeted { nonce },
            lanes: Lanes::default(),
            transit: 0,
            taken_at: ctx.now,
            heard_at: ctx.now,
            deadlines: Deadlines::none(),
            requests: Vec::new(),
            pong_free_at: 0,
            phase: Phase::Opening,
            accounted: 0,
            armed: None,
        };
        session.deadlines.set(Timer::Auth, ctx.now.saturating_add(AUTH_TIMEOUT_MS));
        let greeting = Greeting { nonce: Bin::from(nonce.as_slice()), now: Millis::saturating(ctx.now) };
        session.control(&greeting.into(), Mark::Plain).expect("an empty lane takes one frame");
        session
    }

    pub(crate) const fn signed(&self) -> Option<&Signed> {
        match &self.state {
            State::Signed(signed) | State::Draining(signed, _) => Some(signed),
            State::Greeted { .. } | State::Checking(_) | State::SignIn(_) => None,
        }
    }

    pub(crate) const fn signed_mut(&mut self) -> Option<&mut Signed> {
        match &mut self.state {
            State::Signed(signed) | State::Draining(signed, _) => Some(signed),
            State::Greeted { .. } | State::Checking(_) | State::SignIn(_) => None,
        }
    }

    pub(crate) fn user(&self) -> Option<UserId> {
        self.signed().map(|signed| signed.user)
    }

    pub(crate) fn session_id(&self) -> Option<SessionId> {
        self.signed().map(|signed| signed.session)
    }

    pub(crate) fn phase_now(&self) -> Phase {
        match &self.state {
            State::Greeted { .. } | State::Checking(_) => Phase::Opening,
            State::SignIn(_) => Phase::SignIn,
            State::Signed(signed) => signed.phase(),
            State::Draining(..) => Phase::Draining,
        }
    }

    /// A message of the peer.
    pub(crate) fn frame(&mut self, ctx: &mut Ctx<'_>, bytes: &Bytes, bucket: Option<&mut Bucket>) -> Verdict {
        let max = if self.signed().is_some() { FRAME_BYTES_MAX } else { FRAME_BYTES_BEFORE_AUTH };
        let frame = Frame::parse(bytes, max).map_err(close_code)?;
        self.heard_at = ctx.now;
        let Header { class, kind, id, .. } = frame.header;
        match class {
            Class::Control => match Control::decode(kind, frame.body) {
                Ok(Control::Hello(hello)) => self.hello(ctx, hello),
                Ok(Control::Pong(pong)) => self.pong(ctx, &pong, bucket),
                Ok(
                    Control::Greeting(_)
                    | Control::Welcome(_)
                    | Control::Ping(_)
                    | Control::CaughtUp(_)
                    | Control::Resync(_),
                )
                | Err(DecodeError::Body | DecodeError::WrongClass) => Err(CloseCode::Malformed),
                // A newer client's: skipped, and it proves nothing before the `Hello`.
                Err(DecodeError::UnknownKind(_)) => Ok(()),
            },
            Class::Request => self.request(ctx, (kind, id), bytes.slice_ref(frame.body), bucket),
            Class::Reply | Class::Event => Err(CloseCode::Malformed),
        }
    }

    fn hello(&mut self, ctx: &mut Ctx<'_>, hello: Hello) -> Verdict {
        let State::Greeted { nonce } = self.state else { return Err(CloseCode::Malformed) };
        if let Some(session) = hello.session {
            let hello = Box::new(session);
            self.state = State::Checking(hello.clone());
            ctx.out.push_back(Output::CheckHello { conn: self.conn, nonce, hello });
            return Ok(());
        }
        self.state = State::SignIn(Bucket::full(ctx.now, SIGN_IN_BUCKET_TOKENS, SIGN_IN_REFILL_PER_S));
        self.deadlines.set(Timer::Auth, ctx.now.saturating_add(SIGN_IN_TIMEOUT_MS));
        self.beat(ctx, true);
        let frame_bytes = u32::try_from(FRAME_BYTES_BEFORE_AUTH).expect("16 KiB fits");
        let welcome = Welcome {
            epoch: ctx.config.epoch,
            now: Millis::saturating(ctx.now),
            org_head: None,
            personal_head: None,
            ticket: None,
            rekey: None,
            limits: Limits { frame_bytes, ..Limits::default() },
        };
        self.control(&welcome.into(), Mark::Plain)
    }

    fn pong(&mut self, ctx: &mut Ctx<'_>, pong: &Pong, bucket: Option<&mut Bucket>) -> Verdict {
        match &mut self.state {
            State::Greeted { .. } | State::Checking(_) => return Err(CloseCode::Malformed),
            State::SignIn(_) => self.deadlines.clear(Timer::Pong),
            State::Signed(signed) | State::Draining(signed, _) => {
                let asked = self.deadlines.is_set(Timer::Pong);
                let free = asked || ctx.now >= self.pong_free_at;
                if !free && bucket.is_some_and(|bucket| bucket.take(ctx.now).is_err()) {
                    return Ok(());
                }
                self.pong_free_at = ctx.now.saturating_add(PONG_INTERVAL_MS);
                self.deadlines.clear(Timer::Pong);
                signed.applied(ctx.now, pong, &mut self.deadlines);
            }
        }
        Ok(())
    }

    fn request(
        &mut self,
        ctx: &mut Ctx<'_>,
        (kind, id): (u16, u64),
        body: Bytes,
        bucket: Option<&mut Bucket>,
    ) -> Verdict {
        if self.requests.iter().any(|asked| asked.id == id) {
            return Err(CloseCode::Malformed);
        }
        if self.lanes.replies() >= REPLIES_QUEUED_MAX {
            return Err(CloseCode::Overloaded);
        }
        let paid = match (&mut self.state, bucket) {
            (State::Greeted { .. } | State::Checking(_), _) => return Err(CloseCode::Malformed),
            (State::SignIn(own), _) => {
                if !Request::is_public(kind) {
                    self.refuse(ctx, (kind, id), &Refusal::new(ErrorCode::Unauthenticated));
                    return Ok(());
                }
                own.take(ctx.now)
            }
            (State::Signed(_) | State::Draining(..), bucket) => {
                bucket.map_or(Ok(()), |bucket| bucket.take(ctx.now))
            }
        };
        if let Err(wait) = paid {
            self.refuse(ctx, (kind, id), &Refusal::retry(ErrorCode::Throttled, wait));
            return Ok(());
        }
        if self.requests.len() >= REQUESTS_IN_FLIGHT_MAX || self.lanes.paced_bytes() > SESSION_QUEUE_BYTES {
            self.refuse(ctx, (kind, id), &Refusal::retry(ErrorCode::Overloaded, 1_000));
            return Ok(());
        }
        if self.follow(ctx, (kind, id), &body) {
            return Ok(());
        }
        let by = self.signed().map(|signed| (signed.user, signed.session, signed.device));
        self.requests.push(Asked { id, kind, answered: false });
        ctx.stats.requests += 1;
        ctx.out.push_back(Output::Request { conn: self.conn, by, id, kind, body });
        Ok(())
    }

    /// Answers a request that does not get to the shell.
    pub(crate) fn refuse(&mut self, ctx: &mut Ctx<'_>, (kind, id): (u16, u64), refusal: &Refusal) {
        ctx.stats.requests_refused += 1;
        let header = Header { refusal: true, ..Header::new(Class::Reply, kind, id) };
        self.lanes.push_reply(Queued { header, body: codec::encode(refusal).into(), mark: Mark::Reply });
    }

    /// The answer to a request.
    pub(crate) fn reply(&mut self, id: u64, refusal: bool, body: Bytes) {
        let Some(asked) = self.requests.iter_mut().find(|asked| asked.id == id && !asked.answered) else {
            return;
        };
        asked.answered = true;
        let header = Header { refusal, ..Header::new(Class::Reply, asked.kind, id) };
        self.lanes.push_reply(Queued { header, body, mark: Mark::Reply });
    }

    pub(crate) fn control(&mut self, message: &Control, mark: Mark) -> Verdict {
        let header = Header::new(Class::Control, message.kind(), 0);
        let frame = Queued { header, body: message.encode_body().into(), mark };
        self.lanes.push_control(frame).map_err(|_| CloseCode::TooSlow)
    }

    /// Sets the time of the next heartbeat. The first one comes at any time of the interval, so that clients who
    /// came back together do not answer together.
    pub(crate) fn beat(&mut self, ctx: &mut Ctx<'_>, first: bool) {
        let low = if first { PING_JITTER_MS } else { PING_INTERVAL_MS - PING_JITTER_MS };
        let wait = ctx.rng.between(low, PING_INTERVAL_MS + PING_JITTER_MS);
        self.deadlines.set(Timer::Ping, ctx.now.saturating_add(wait));
    }

    /// Hands frames to the transport while it has room.
    pub(crate) fn pump(&mut self, ctx: &mut Ctx<'_>) {
        while self.transit < TRANSPORT_WINDOW_BYTES {
            let (frame, expired) = self.lanes.pop(ctx.now);
            ctx.stats.expired += expired;
            let Some(frame) = frame else { return };
            if self.transit == 0 {
                self.taken_at = ctx.now;
                self.deadlines.set(Timer::Progress, ctx.now.saturating_add(NO_PROGRESS_MS));
            }
            self.transit = self.transit.saturating_add(frame.len());
            self.handed(ctx, &frame);
            let len = u32::try_from(frame.body.len()).expect("bodies are bounded far below 4 GiB");
            let header = frame.header.encode(len);
            ctx.out.push_back(Output::Send { conn: self.conn, header, body: frame.body });
        }
    }

    fn handed(&mut self, ctx: &mut Ctx<'_>, frame: &Queued) {
        match frame.mark {
            Mark::Plain | Mark::CaughtUp(_) | Mark::Resync(_) => {}
            Mark::Ping => {
                ctx.stats.pings += 1;
                self.deadlines.set(Timer::Pong, ctx.now.saturating_add(PONG_TIMEOUT_MS));
            }
            Mark::Reply => self.requests.retain(|asked| asked.id != frame.header.id || !asked.answered),
            Mark::Entry(tag, seq) => {
                ctx.stats.entries_sent += 1;
                if let Some(feed) = self.signed_mut().and_then(|signed| signed.feed_mut(tag)) {
                    feed.handed = seq;
                }
            }
        }
    }

    /// The transport took bytes.
    pub(crate) fn written(&mut self, now: u64, bytes: usize) {
        self.transit = self.transit.saturating_sub(bytes);
        self.taken_at = now;
        if self.transit == 0 {
            self.deadlines.clear(Timer::Progress);
        }
    }

    /// A time has come.
    pub(crate) fn due(&mut self, ctx: &mut Ctx<'_>, timer: Timer) -> Verdict {
        match timer {
            // Slowness is nobody's fault: whoever was slow, the client comes back.
            Timer::Auth => return Err(self.too_late()),
            Timer::Expiry => return Err(CloseCode::SessionExpired),
            Timer::Ping => {
                self.lanes.shrink();
                if self.requests.is_empty() {
                    self.requests = Vec::new();
                }
                self.beat(ctx, false);
                if !self.deadlines.is_set(Timer::Pong) {
                    return self.control(&self.ping(ctx.now).into(), Mark::Ping);
                }
            }
            Timer::Pong => {
                // While the transport still takes bytes, or the peer talks, it is slow and not gone.
                let silent_at = self.taken_at.max(self.heard_at).saturating_add(PONG_TIMEOUT_MS);
                if ctx.now >= silent_at && self.transit == 0 {
                    return Err(CloseCode::PingTimeout);
                }
                self.deadlines.set(Timer::Pong, silent_at.max(ctx.now.saturating_add(1_000)));
            }
            Timer::Progress => {
                let stuck_at = self.taken_at.saturating_add(NO_PROGRESS_MS);
                if self.transit > 0 && ctx.now >= stuck_at {
                    return Err(CloseCode::TooSlow);
                }
                if self.transit > 0 {
                    self.deadlines.set(Timer::Progress, stuck_at);
                }
            }
            Timer::Applied => self.report(ctx),
            Timer::Retry => {
                if let Some(signed) = self.signed_mut() {
                    signed.retry_reads();
                }
            }
            Timer::Drain => return self.drained(ctx.now),
        }
        Ok(())
    }

    /// Why a connection ends that did not get as far as a session in time.
    const fn too_late(&self) -> CloseCode {
        match self.state {
            State::Checking(_) => CloseCode::Overloaded,
            State::Greeted { .. } | State::SignIn(_) | State::Signed(_) | State::Draining(..) => {
                CloseCode::PingTimeout
            }
        }
    }

    fn drained(&mut self, now: u64) -> Verdict {
        let State::Draining(_, close_at) = &self.state else { return Ok(()) };
        let last = close_at.saturating_add(DRAIN_GRACE_MS);
        if self.requests.is_empty() || now >= last {
            return Err(CloseCode::Draining);
        }
        self.deadlines.set(Timer::Drain, last);
        Ok(())
    }

    fn ping(&self, now: u64) -> Ping {
        let personal = self.signed().map_or(Seq::ZERO, |signed| signed.personal.head);
        let org = self.signed().and_then(|signed| signed.org.as_ref()).map(|feed| feed.head);
        Ping { now: Millis::saturating(now), org, personal }
    }

    /// Says what the device has applied since it was last said.
    pub(crate) fn report(&mut self, ctx: &mut Ctx<'_>) {
        let Some(signed) = self.signed_mut() else { return };
        if let Some(report) = signed.take_report(ctx.now) {
            ctx.out.push_back(report);
        }
    }

    pub(crate) fn check(&self) {
        self.lanes.check();
        if let Some(signed) = self.signed() {
            signed.check();
        }
        assert!(self.requests.len() <= REQUESTS_IN_FLIGHT_MAX, "too many requests under way");
        assert!(
            self.lanes.replies() <= REPLIES_QUEUED_MAX + REQUESTS_IN_FLIGHT_MAX,
            "too many replies queued"
        );
        assert_eq!(self.accounted, self.bytes(), "bytes that the shard does not count");
        let armed = self.armed.unwrap_or(u64::MAX);
        assert!(self.deadlines.earliest().is_none_or(|at| armed <= at), "a deadline that nothing wakes");
        let idle = self.transit == 0 && !self.lanes.is_empty();
        assert!(!idle, "frames wait although the transport is idle");
    }

    /// Bytes held for the connection.
    pub(crate) fn bytes(&self) -> usize {
        self.lanes.bytes() + self.signed().map_or(0, Signed::gate_bytes)
    }
}

const fn close_code(error: FrameError) -> CloseCode {
    match error {
        FrameError::Version(_) => CloseCode::UnsupportedVersion,
        FrameError::TooLarge { .. } => CloseCode::TooLarge,
        FrameError::Truncated
        | FrameError::Trailing(_)
        | FrameError::Class(_)
        | FrameError::Reserved
        | FrameError::IdTooLarge => CloseCode::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::Session;
    use crate::signed::Signed;

    /// 2.5 KB of server heap per idle connection is the goal of the whole shard; task and socket need about 1 KB.
    #[test]
    fn an_idle_session_is_small() {
        let bytes = size_of::<Session>() + size_of::<Signed>();
        assert!(bytes <= 960, "{} + {}", size_of::<Session>(), size_of::<Signed>());
    }
}
