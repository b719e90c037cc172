//! The hub: one input in, then outputs until the next deadline.
//!
//! Not known here: what a connection decides; see `session` and `signed`.

use std::collections::VecDeque;

use relais_wire::{CloseCode, Epoch, OrgId, Seq, StreamTag, UserId};

use crate::io::{Admitted, Conn, Delivery, Entry, FollowNo, Input, Notice, Output, Page, ReadNo, Revoked};
use crate::limits::{
    READS_IN_FLIGHT_MAX, REPLACED_RETURN_MS, RETURN_SPREAD_MS, SHARD_CONNECTIONS, SHARD_QUEUE_BYTES,
};
use crate::rng::Rng;
use crate::roster::{Roster, TooMany};
use crate::session::{Ctx, Session, State, Verdict};
use crate::stats::{Phase, Stats};
use crate::timers::{Timer, Wakes, Wheel};

/// What a shard is told when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The store's history; a cursor of another one is answered with `Resync`.
    pub epoch: Epoch,
    /// Connections at most; a further one is closed as `overloaded`.
    pub connections_max: usize,
    /// Bytes queued for all connections, over which entries are read from the store later instead.
    pub queue_bytes_max: usize,
}

impl Config {
    /// The ordinary bounds.
    #[must_use]
    pub const fn new(epoch: Epoch) -> Self {
        Self { epoch, connections_max: SHARD_CONNECTIONS, queue_bytes_max: SHARD_QUEUE_BYTES }
    }
}

/// The sessions of one shard. See the crate's documentation for the contract.
#[derive(Debug)]
pub struct Hub {
    config: Config,
    now: u64,
    out: VecDeque<Output>,
    roster: Roster,
    wheel: Wheel,
    rng: Rng,
    stats: Stats,
    /// Bytes held for all connections.
    queued: usize,
    numbers: u64,
    reads: Reads,
    draining: bool,
}

/// Reads take turns.
#[derive(Debug, Default)]
struct Reads {
    in_flight: usize,
    waiting: VecDeque<(Conn, StreamTag)>,
}

impl Hub {
    /// A shard without connections. `seed` is for jitter only.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            now: 0,
            out: VecDeque::new(),
            roster: Roster::default(),
            wheel: Wheel::default(),
            rng: Rng::new(seed),
            stats: Stats::default(),
            queued: 0,
            numbers: 0,
            reads: Reads::default(),
            draining: false,
        }
    }

    /// Takes one input at a time in server milliseconds. A time before the last one counts as the last one.
    /// Then [`Self::poll`] until it waits.
    pub fn handle(&mut self, now: u64, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Opened { conn, nonce } => self.opened(conn, nonce),
            Input::Frame { conn, bytes } => {
                self.with(conn, |session, ctx, bucket| session.frame(ctx, &bytes, bucket));
            }
            Input::Written { conn, bytes } => self.with(conn, |session, ctx, _| {
                session.written(ctx.now, bytes);
                Ok(())
            }),
            Input::Closed { conn } => self.remove(conn),
            Input::HelloAccepted { conn, admitted } => self.accepted(conn, *admitted),
            Input::HelloRefused { conn, code } => self.refused(conn, code),
            Input::Page { conn, read, page } => self.page(conn, read, page),
            Input::Followed { conn, follow, head } => self.followed(conn, follow, head),
            Input::Reply { conn, id, refusal, body } => self.with(conn, |session, _, _| {
                session.reply(id, refusal, body);
                Ok(())
            }),
            Input::Deliver(delivery) => self.deliver(delivery),
            Input::Head { user, context, head } => self.grown(user, context, head),
            Input::Notice(notice) => self.notice(&notice),
            Input::Revoke { user, which } => self.revoke(user, which),
            Input::Drain { spread_ms } => self.drain(spread_ms),
            Input::Timeout => self.timeout(),
        }
        self.read_pages();
    }

    /// The next thing to do. [`Output::Wait`] when there is nothing left.
    pub fn poll(&mut self) -> Output {
        self.out.pop_front().unwrap_or_else(|| {
            self.out.shrink_to(64);
            Output::Wait(self.wheel.next())
        })
    }

    /// What has been counted since the hub began.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.roster.len()
    }

    /// Bytes queued for all connections.
    #[must_use]
    pub const fn queued_bytes(&self) -> usize {
        self.queued
    }

    /// Connections by what they are doing, for a gauge. It looks at every connection.
    #[must_use]
    pub fn by_phase(&self) -> [(Phase, usize); Phase::ALL.len()] {
        let mut counts = Phase::ALL.map(|phase| (phase, 0));
        self.roster.each(|session| {
            if let Some((_, count)) = counts.get_mut(session.phase_now() as usize) {
                *count += 1;
            }
        });
        counts
    }

    /// Asserts what must hold between two turns. For tests: it looks at everything.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn check(&self) {
        let mut bytes = 0;
        let mut armed = 0;
        self.roster.each(|session| {
            session.check();
            bytes += session.bytes();
            if let Some(at) = session.armed {
                assert!(
                    self.wheel.contains(at, Wakes::Conn(session.conn)),
                    "a time that the wheel does not have"
                );
                armed += 1;
            }
            assert_eq!(session.phase, session.phase_now(), "a phase that was not counted");
        });
        assert_eq!(self.queued, bytes, "bytes of the shard");
        self.roster.check(|user, at| {
            let kept = self.wheel.contains(at, Wakes::User(user));
            armed += usize::from(kept);
            kept
        });
        assert_eq!(self.wheel.len(), armed, "a time in the wheel that nobody waits for");
        assert!(self.reads.in_flight <= READS_IN_FLIGHT_MAX, "too many reads at once");
        assert!(self.roster.len() <= self.config.connections_max, "too many connections");
        let idle = self.reads.in_flight < READS_IN_FLIGHT_MAX && !self.reads.waiting.is_empty();
        assert!(!idle, "a read waits although there is room");
    }

    fn split(&mut self) -> (&mut Roster, Ctx<'_>) {
        let over_budget = self.queued > self.config.queue_bytes_max;
        let ctx = Ctx {
            now: self.now,
            config: &self.config,
            out: &mut self.out,
            rng: &mut self.rng,
            stats: &mut self.stats,
            numbers: &mut self.numbers,
            over_budget,
        };
        (&mut self.roster, ctx)
    }

    /// Lets a connection decide, then brings everything about it up to date.
    fn with(
        &mut self,
        conn: Conn,
        decide: impl FnOnce(&mut Session, &mut Ctx<'_>, Option<&mut crate::bucket::Bucket>) -> Verdict,
    ) {
        let (roster, mut ctx) = self.split();
        let Some((session, bucket)) = roster.with_bucket(conn) else { return };
        match decide(session, &mut ctx, bucket) {
            Ok(()) => self.settle(conn),
            Err(code) => self.close(conn, code),
        }
    }

    fn settle(&mut self, conn: Conn) {
        let (roster, mut ctx) = self.split();
        let Some(session) = roster.get_mut(conn) else { return };
        session.pump(&mut ctx);
        let wanted = session.wanted_pages(ctx.over_budget);
        let phase = session.phase_now();
        if phase != session.phase {
            ctx.stats.moved(session.phase, phase);
            session.phase = phase;
        }
        let bytes = session.bytes();
        let before = core::mem::replace(&mut session.accounted, bytes);
        let (earliest, armed) = (session.deadlines.earliest(), session.armed);
        let rearm = earliest.filter(|at| armed.is_none_or(|armed| *at < armed));
        if let Some(at) = rearm {
            session.armed = Some(at);
        }
        self.queued = (self.queued + bytes).saturating_sub(before);
        self.reads.waiting.extend(wanted.into_iter().map(|tag| (conn, tag)));
        if let Some(at) = rearm {
            if let Some(old) = armed {
                self.wheel.remove(old, Wakes::Conn(conn));
            }
            self.wheel.add(at, Wakes::Conn(conn));
        }
    }

    fn opened(&mut self, conn: Conn, nonce: [u8; 32]) {
        let full = self.roster.len() >= self.config.connections_max;
        if self.draining || full {
            let code = if self.draining { CloseCode::Draining } else { CloseCode::Overloaded };
            return self.say_closed(conn, code);
        }
        let (roster, mut ctx) = self.split();
        let session = Session::greet(conn, nonce, &mut ctx);
        roster.open(conn, session);
        self.settle(conn);
    }

    fn accepted(&mut self, conn: Conn, admitted: Admitted) {
        let is_checked = |session: &Session| matches!(session.state, State::Checking(_));
        if !self.roster.get(conn).is_some_and(is_checked) {
            return;
        }
        let (user, session) = (admitted.user, admitted.session);
        if let Some(older) = self.roster.of_session(session) {
            self.close(older, CloseCode::Replaced);
        }
        let signed = match self.roster.sign(self.now, conn, (user, session)) {
            Ok(signed) => signed,
            Err(TooMany) => return self.close(conn, CloseCode::Overloaded),
        };
        if let Some(at) = signed.was_to_forget_at {
            self.wheel.remove(at, Wakes::User(user));
        }
        if signed.first {
            self.out.push_back(Output::Interest { user, on: true });
        }
        self.with(conn, |session, ctx, _| {
            let hello = match &session.state {
                State::Checking(hello) => hello.clone(),
                State::Greeted { .. } | State::SignIn(_) | State::Signed(_) | State::Draining(..) => {
                    return Ok(());
                }
            };
            session.admit(ctx, &hello, admitted)
        });
    }

    fn refused(&mut self, conn: Conn, code: CloseCode) {
        if self.roster.get(conn).is_some_and(|session| matches!(session.state, State::Checking(_))) {
            self.close(conn, code);
        }
    }

    fn page(&mut self, conn: Conn, read: ReadNo, page: Page) {
        self.reads.in_flight = self.reads.in_flight.saturating_sub(1);
        self.with(conn, |session, ctx, _| session.page(ctx, read, page));
    }

    fn read_pages(&mut self) {
        while self.reads.in_flight < READS_IN_FLIGHT_MAX {
            let Some((conn, tag)) = self.reads.waiting.pop_front() else {
                self.reads.waiting.shrink_to(64);
                return;
            };
            let (roster, mut ctx) = self.split();
            if roster.get_mut(conn).is_some_and(|session| session.read(&mut ctx, tag)) {
                self.reads.in_flight += 1;
            }
        }
    }

    fn followed(&mut self, conn: Conn, follow: FollowNo, head: Result<Seq, relais_wire::Refusal>) {
        self.with(conn, |session, ctx, _| {
            session.followed(ctx, follow, head);
            Ok(())
        });
    }

    fn deliver(&mut self, delivery: Delivery) {
        let Delivery { kind, body, to } = delivery;
        let mut entry = Entry { seq: Seq::ZERO, kind, body };
        for recipient in to {
            entry.seq = recipient.seq;
            self.each_of(recipient.user, |session, ctx| {
                session.deliver(ctx, recipient.context, &entry);
                Ok(())
            });
        }
    }

    fn grown(&mut self, user: UserId, context: Option<OrgId>, head: Seq) {
        self.each_of(user, |session, ctx| {
            session.grown(ctx, context, head);
            Ok(())
        });
    }

    fn notice(&mut self, notice: &Notice) {
        for user in &notice.to {
            self.each_of(*user, |session, ctx| {
                if session.is_for(notice.scope) { session.notice(ctx, notice) } else { Ok(()) }
            });
        }
    }

    /// Lets each connection of a user decide. One that ends takes itself out of the list.
    fn each_of(&mut self, user: UserId, mut decide: impl FnMut(&mut Session, &mut Ctx<'_>) -> Verdict) {
        let mut index = 0;
        while let Some(conn) = self.roster.of_user(user, index) {
            self.with(conn, |session, ctx, _| decide(session, ctx));
            if self.roster.of_user(user, index) == Some(conn) {
                index += 1;
            }
        }
    }

    fn revoke(&mut self, user: UserId, which: Revoked) {
        self.each_of(user, |session, _| {
            let Some(signed) = session.signed() else { return Ok(()) };
            let ends = match which {
                Revoked::All => true,
                Revoked::Device(device) => signed.device == device,
                Revoked::Session(id) => signed.session == id,
                Revoked::AllBut(id) => signed.session != id,
            };
            if ends { Err(CloseCode::Revoked) } else { Ok(()) }
        });
    }

    fn drain(&mut self, spread_ms: u64) {
        self.draining = true;
        for conn in self.roster.conns() {
            let close_at = self.now.saturating_add(self.rng.between(0, spread_ms));
            self.with(conn, |session, _, _| {
                let opening = State::Greeted { nonce: [0; 32] };
                match core::mem::replace(&mut session.state, opening) {
                    State::Signed(signed) => {
                        session.state = State::Draining(signed, close_at);
                        session.deadlines.set(Timer::Drain, close_at);
                        Ok(())
                    }
                    draining @ State::Draining(..) => {
                        session.state = draining;
                        Ok(())
                    }
                    State::Greeted { .. } | State::Checking(_) | State::SignIn(_) => Err(CloseCode::Draining),
                }
            });
        }
    }

    fn timeout(&mut self) {
        while let Some(who) = self.wheel.take_due(self.now) {
            match who {
                Wakes::User(user) => self.roster.forget(user),
                Wakes::Conn(conn) => self.wake(conn),
            }
        }
    }

    fn wake(&mut self, conn: Conn) {
        if let Some(session) = self.roster.get_mut(conn) {
            session.armed = None;
        }
        self.with(conn, |session, ctx, _| {
            while let Some(timer) = session.deadlines.take_due(ctx.now) {
                session.due(ctx, timer)?;
            }
            Ok(())
        });
    }

    /// Ends a connection from this side.
    fn close(&mut self, conn: Conn, code: CloseCode) {
        self.remove(conn);
        self.stats.closed_by_hub += 1;
        self.say_closed(conn, code);
    }

    fn say_closed(&mut self, conn: Conn, code: CloseCode) {
        let retry_after_ms = code.should_reconnect().then(|| match code {
            CloseCode::Replaced => self.rng.between(REPLACED_RETURN_MS, 2 * REPLACED_RETURN_MS),
            CloseCode::Draining
            | CloseCode::TooSlow
            | CloseCode::Overloaded
            | CloseCode::PingTimeout
            | CloseCode::Unavailable
            | CloseCode::Internal
            | CloseCode::Malformed
            | CloseCode::UnsupportedVersion
            | CloseCode::TooLarge
            | CloseCode::AuthFailed
            | CloseCode::SessionExpired
            | CloseCode::Revoked
            | CloseCode::Unknown(_) => self.rng.between(0, RETURN_SPREAD_MS),
        });
        self.out.push_back(Output::Close { conn, code, retry_after_ms });
    }

    fn remove(&mut self, conn: Conn) {
        let (roster, mut ctx) = self.split();
        let Some(mut removed) = roster.remove(conn) else { return };
        removed.session.report(&mut ctx);
        ctx.stats.moved(removed.session.phase, Phase::Closed);
        self.queued = self.queued.saturating_sub(removed.session.accounted);
        if let Some(at) = removed.session.armed {
            self.wheel.remove(at, Wakes::Conn(conn));
        }
        if let Some((user, at)) = removed.last {
            self.wheel.add(at, Wakes::User(user));
            self.out.push_back(Output::Interest { user, on: false });
        }
    }
}
