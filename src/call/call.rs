//! One call's life.
//!
//! Not known here: other calls, and how anybody is reached.

use std::collections::{BTreeSet, VecDeque};

use relais_wire::{CallId, DeviceId, OrgId, ThreadId, UserId};
use serde::{Deserialize, Serialize};

use crate::dial::{self, Dialled};
use crate::io::{Callee, EndReason, Fact, Input, Output, Party, Refused, Start, Stopped, Unanswered};
use crate::limits::{AWAY_MS, CALL_MS_MAX, RECOVER_MS, SEATS_MAX};
use crate::seat::{Outcome, Phone, PhoneState, Seat, SeatState};

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Nobody has answered yet.
    Ringing,
    /// At least one has.
    Active {
        /// Since when, in server milliseconds.
        since_ms: u64,
    },
    /// The server was restarted and waits for those who were in it; telephones go on ringing.
    Recovering {
        /// Until when, in server milliseconds.
        until_ms: u64,
        /// Since when it was active; nothing if nobody had answered.
        since_ms: Option<u64>,
    },
    /// It is over.
    Ended {
        /// When, in server milliseconds.
        at_ms: u64,
        /// Why.
        why: EndReason,
    },
}

/// A call. See the crate's documentation for the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub(crate) id: CallId,
    pub(crate) thread: ThreadId,
    pub(crate) org: Option<OrgId>,
    pub(crate) caller: UserId,
    pub(crate) started_ms: u64,
    pub(crate) version: u64,
    pub(crate) phase: Phase,
    pub(crate) seats: Vec<Seat>,
    out: VecDeque<Output>,
}

/// Why somebody's place became empty, which decides what it means when too few are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Left,
    Lost,
    NoAnswer,
}

impl Call {
    /// Starts a call: its starter is in it, everybody else rings. `busy` are users who are in another call.
    ///
    /// # Errors
    /// [`Refused::Ask`] when somebody has a dot and the starter has not confirmed; [`Refused::Nobody`],
    /// [`Refused::TooMany`].
    pub fn start(now: u64, start: &Start, busy: &BTreeSet<UserId>) -> Result<Self, Refused> {
        let caller = Seat {
            party: Party::User(start.caller),
            context: start.context,
            rung: vec![start.caller],
            state: SeatState::In { user: start.caller, device: start.device, camera: start.camera },
        };
        let mut call = Self {
            id: start.call,
            thread: start.thread,
            org: start.org,
            caller: start.caller,
            started_ms: now,
            version: next_version(0, now),
            phase: Phase::Ringing,
            seats: vec![caller],
            out: VecDeque::from([Output::Fact(Fact::Started { user: start.caller })]),
        };
        call.ring(now, &start.callees, start.confirmed, busy)?;
        call.settle(now, Cause::NoAnswer);
        call.tell(&[start.caller]);
        Ok(call)
    }

    /// Puts a call together again after a restart: who was in it is waited for, telephones go on ringing until the
    /// time they had, and must say again that they ring.
    pub(crate) fn recover(mut self, now: u64) -> Self {
        let until_ms = now.saturating_add(RECOVER_MS);
        self.version = next_version(self.version, now);
        for seat in &mut self.seats {
            match &mut seat.state {
                SeatState::In { user, .. } | SeatState::Away { user, .. } => {
                    seat.state = SeatState::Away { user: *user, until_ms };
                }
                SeatState::Ringing { phones, .. } => {
                    for phone in phones.iter_mut().filter(|phone| phone.state.is_live()) {
                        phone.state = PhoneState::Called { ack_by_ms: until_ms };
                    }
                }
                SeatState::Out(_) => {}
            }
        }
        self.phase = match self.phase {
            Phase::Ringing => Phase::Recovering { until_ms, since_ms: None },
            Phase::Active { since_ms } => Phase::Recovering { until_ms, since_ms: Some(since_ms) },
            Phase::Recovering { since_ms, .. } => Phase::Recovering { until_ms, since_ms },
            over @ Phase::Ended { .. } => over,
        };
        self
    }

    pub(crate) fn from_parts(
        (id, thread, org): (CallId, ThreadId, Option<OrgId>),
        (caller, started_ms): (UserId, u64),
        (version, phase, seats): (u64, Phase, Vec<Seat>),
    ) -> Self {
        Self { id, thread, org, caller, started_ms, version, phase, seats, out: VecDeque::new() }
    }

    /// Takes one input; then [`Self::poll`] until [`Output::Wait`]. What was due by time happens first, so that there
    /// are outputs after a refusal too. `busy` are users who are in another call.
    ///
    /// # Errors
    /// [`Refused`]; the input itself then changed nothing.
    pub fn handle(&mut self, now: u64, input: Input, busy: &BTreeSet<UserId>) -> Result<(), Refused> {
        let (present, before) = (self.present(), (self.phase, self.seats.clone()));
        self.expire(now);
        let done = match (self.is_over(), input) {
            (_, Input::Timeout) | (true, Input::Gone { .. } | Input::Removed { .. } | Input::GiveUp) => {
                Ok(())
            }
            (true, _) => Err(Refused::Over),
            (false, input) => self.take(now, input, busy),
        };
        if before != (self.phase, self.seats.clone()) {
            self.version = next_version(self.version, now);
            self.tell(&present);
        }
        done
    }

    /// What it wants done, in this order.
    pub fn poll(&mut self) -> Output {
        self.out.pop_front().unwrap_or_else(|| Output::Wait(self.wakes_at()))
    }

    fn take(&mut self, now: u64, input: Input, busy: &BTreeSet<UserId>) -> Result<(), Refused> {
        match input {
            Input::Ack { user } => self.ack(user),
            Input::Join { user, device, camera } => self.join(now, user, device, camera),
            Input::Decline { user } => self.decline(now, user),
            Input::Leave { user, device } => self.leave(now, user, device),
            Input::End { user } => self.end_for_all(now, user),
            Input::Add { user, callees, confirmed } => self.add(now, user, (&callees, confirmed), busy),
            Input::Gone { user, device } => {
                self.gone(now, user, device);
                Ok(())
            }
            Input::Removed { user } => {
                self.removed(now, user);
                Ok(())
            }
            Input::GiveUp => {
                self.end(now, EndReason::Lost);
                Ok(())
            }
            Input::Timeout => Ok(()),
        }
    }

    fn seat_of(&mut self, user: UserId) -> Result<&mut Seat, Refused> {
        // Where they are or ring counts before where they were.
        let at = self.seats.iter().position(|seat| seat.holds(user));
        let at = at.or_else(|| self.seats.iter().position(|seat| seat.knows(user)));
        at.and_then(|at| self.seats.get_mut(at)).ok_or(Refused::Unknown)
    }

    fn ack(&mut self, user: UserId) -> Result<(), Refused> {
        let SeatState::Ringing { phones, .. } = &mut self.seat_of(user)?.state else {
            return Err(Refused::NotRinging);
        };
        let live = phones.iter_mut().find(|phone| phone.user == user && phone.state.is_live());
        live.ok_or(Refused::NotRinging)?.state = PhoneState::Rings;
        Ok(())
    }

    /// First answer wins: whoever finds the place taken by another device, or by a colleague, was second (Q33).
    fn join(&mut self, now: u64, user: UserId, device: DeviceId, camera: bool) -> Result<(), Refused> {
        let seat = self.seat_of(user)?;
        let stops: Vec<UserId> = seat.live_phones().collect();
        let joins = match &seat.state {
            SeatState::In { user: there, device: on, .. } if (*there, *on) != (user, device) => {
                return Err(Refused::Elsewhere);
            }
            SeatState::Away { user: there, .. } if *there != user => return Err(Refused::Elsewhere),
            SeatState::Out(Outcome::Removed) => return Err(Refused::Unknown),
            SeatState::In { .. } | SeatState::Away { .. } => false,
            SeatState::Ringing { .. } | SeatState::Out(_) => true,
        };
        seat.state = SeatState::In { user, device, camera };
        for rung in stops {
            self.stop(rung, Stopped::Elsewhere, (rung == user).then_some(device));
        }
        if joins {
            self.out.push_back(Output::Fact(Fact::Joined { user }));
        }
        self.settle(now, Cause::NoAnswer);
        Ok(())
    }

    fn decline(&mut self, now: u64, user: UserId) -> Result<(), Refused> {
        let seat = self.seat_of(user)?;
        match &mut seat.state {
            SeatState::Ringing { phones, .. } => {
                let phone = phones.iter_mut().find(|phone| phone.user == user).ok_or(Refused::NotRinging)?;
                match phone.state {
                    PhoneState::Declined => return Ok(()),
                    PhoneState::Silent(_) => return Err(Refused::NotRinging),
                    PhoneState::Called { .. } | PhoneState::Rings => phone.state = PhoneState::Declined,
                }
            }
            SeatState::Out(Outcome::Declined) => return Ok(()),
            SeatState::In { .. } | SeatState::Away { .. } => return Err(Refused::Elsewhere),
            SeatState::Out(_) => return Err(Refused::NotRinging),
        }
        self.stop(user, Stopped::Declined, None);
        self.out.push_back(Output::Fact(Fact::Declined { user }));
        self.settle(now, Cause::NoAnswer);
        Ok(())
    }

    fn leave(&mut self, now: u64, user: UserId, device: DeviceId) -> Result<(), Refused> {
        let seat = self.seat_of(user)?;
        match &seat.state {
            SeatState::In { user: there, device: on, .. } if (*there, *on) == (user, device) => {}
            SeatState::Away { user: there, .. } if *there == user => {}
            SeatState::Out(Outcome::Left) => return Ok(()),
            SeatState::In { .. } | SeatState::Away { .. } => return Err(Refused::Elsewhere),
            SeatState::Ringing { .. } | SeatState::Out(_) => return Err(Refused::NotIn),
        }
        seat.state = SeatState::Out(Outcome::Left);
        self.out.push_back(Output::Fact(Fact::Left { user }));
        self.settle(now, Cause::Left);
        Ok(())
    }

    fn end_for_all(&mut self, now: u64, user: UserId) -> Result<(), Refused> {
        if !self.seats.iter().any(|seat| seat.knows(user)) {
            return Err(Refused::Unknown);
        }
        if user != self.caller {
            return Err(Refused::NotStarter);
        }
        let why = if self.active_since().is_some() { EndReason::ForAll } else { EndReason::Cancelled };
        self.end(now, why);
        Ok(())
    }

    fn add(
        &mut self,
        now: u64,
        user: UserId,
        (callees, confirmed): (&[Callee], bool),
        busy: &BTreeSet<UserId>,
    ) -> Result<(), Refused> {
        if self.seat_of(user)?.present() != Some(user) {
            return Err(Refused::NotIn);
        }
        let rung = self.ring(now, callees, confirmed, busy)?;
        let facts = rung.into_iter().map(|party| Output::Fact(Fact::Added { user, party }));
        self.out.extend(facts);
        self.settle(now, Cause::NoAnswer);
        Ok(())
    }

    /// Rings people: places for those who have none, theirs again for those who are out. Who is there or rings
    /// already is left alone. Returns whom it rang, or would have.
    fn ring(
        &mut self,
        now: u64,
        callees: &[Callee],
        confirmed: bool,
        busy: &BTreeSet<UserId>,
    ) -> Result<Vec<Party>, Refused> {
        let warnings = dial::warnings(callees, |user| self.seats.iter().any(|seat| seat.holds(user)));
        if !confirmed && !warnings.is_empty() {
            return Err(Refused::Ask(warnings));
        }
        let Dialled { seats, rings } = dial::dial(now, callees, &self.seats, busy)?;
        if !seats.iter().any(|seat| !matches!(seat.state, SeatState::Out(Outcome::Absent { .. }))) {
            return Err(Refused::Nobody);
        }
        let replaced = |seat: &Seat| seats.iter().any(|new| new.party == seat.party);
        let kept = self.seats.iter().filter(|seat| !replaced(seat)).count();
        if kept + seats.len() > SEATS_MAX {
            return Err(Refused::TooMany);
        }
        let parties = seats.iter().map(|seat| seat.party).collect();
        for new in seats {
            for old in &mut self.seats {
                old.let_go(&new.rung);
            }
            match self.seats.iter_mut().find(|old| old.party == new.party) {
                Some(old) => *old = new,
                None => self.seats.push(new),
            }
        }
        self.out.extend(rings.into_iter().map(|(user, until_ms)| Output::Ring { user, until_ms }));
        Ok(parties)
    }

    fn gone(&mut self, now: u64, user: UserId, device: DeviceId) {
        for seat in &mut self.seats {
            if matches!(seat.state, SeatState::In { user: there, device: on, .. } if (there, on) == (user, device))
            {
                seat.state = SeatState::Away { user, until_ms: now.saturating_add(AWAY_MS) };
            }
        }
    }

    fn removed(&mut self, now: u64, user: UserId) {
        let Ok(seat) = self.seat_of(user) else { return };
        let (was_in, rang) = (seat.present() == Some(user), seat.live_phones().any(|live| live == user));
        seat.rung.retain(|rung| *rung != user);
        match &mut seat.state {
            SeatState::Ringing { phones, .. } => {
                phones.retain(|phone| phone.user != user);
                if phones.is_empty() {
                    seat.state = SeatState::Out(Outcome::Removed);
                }
            }
            SeatState::In { .. } | SeatState::Away { .. } if was_in => {
                seat.state = SeatState::Out(Outcome::Removed);
            }
            SeatState::In { .. } | SeatState::Away { .. } => {}
            SeatState::Out(outcome) if seat.party == Party::User(user) => *outcome = Outcome::Removed,
            SeatState::Out(_) => {}
        }
        if rang {
            self.stop(user, Stopped::Cancelled, None);
        }
        if was_in {
            self.out.push_back(Output::Fact(Fact::Left { user }));
        }
        self.settle(now, Cause::Left);
    }

    /// Everything that was due.
    fn expire(&mut self, now: u64) {
        if self.is_over() {
            return;
        }
        let (mut lost, mut silent) = (Vec::new(), Vec::new());
        for seat in &mut self.seats {
            match &mut seat.state {
                SeatState::Ringing { until_ms, phones } => {
                    for phone in phones {
                        if let Some((state, why)) = fallen_silent(now, phone, *until_ms) {
                            phone.state = state;
                            silent.push((phone.user, why));
                        }
                    }
                }
                SeatState::Away { user, until_ms } if *until_ms <= now => {
                    lost.push(*user);
                    seat.state = SeatState::Out(Outcome::Lost);
                }
                SeatState::Away { .. } | SeatState::In { .. } | SeatState::Out(_) => {}
            }
        }
        if let Phase::Recovering { until_ms, since_ms } = self.phase
            && until_ms <= now
        {
            self.phase = resumed(since_ms);
        }
        for (user, why) in silent {
            self.stop(user, why, None);
        }
        let cause = if lost.is_empty() { Cause::NoAnswer } else { Cause::Lost };
        self.out.extend(lost.into_iter().map(|user| Output::Fact(Fact::Left { user })));
        self.settle(now, cause);
        if self.started_ms.saturating_add(CALL_MS_MAX) <= now && !self.is_over() {
            self.end(now, EndReason::Lost);
        }
    }

    /// What follows from how the places stand: telephones that are all silent, a first answer, too few left.
    fn settle(&mut self, now: u64, cause: Cause) {
        self.quieten();
        if self.is_over() {
            return;
        }
        let present = self.seats.iter().filter(|seat| seat.present().is_some()).count();
        let rings = self.seats.iter().any(Seat::is_ringing);
        if present == 0 || (present < 2 && !rings) {
            let why = match (self.active_since(), cause) {
                (_, Cause::Lost) => EndReason::Lost,
                (Some(_), Cause::Left | Cause::NoAnswer) => EndReason::HungUp,
                (None, Cause::Left) => EndReason::Cancelled,
                (None, Cause::NoAnswer) => EndReason::Unanswered,
            };
            return self.end(now, why);
        }
        let away = self.seats.iter().any(|seat| matches!(seat.state, SeatState::Away { .. }));
        self.phase = match self.phase {
            Phase::Ringing if present >= 2 => Phase::Active { since_ms: now },
            Phase::Recovering { until_ms, since_ms: None } if present >= 2 => {
                Phase::Recovering { until_ms, since_ms: Some(now) }
            }
            Phase::Recovering { since_ms, .. } if !away => resumed(since_ms),
            phase @ (Phase::Ringing
            | Phase::Active { .. }
            | Phase::Recovering { .. }
            | Phase::Ended { .. }) => phase,
        };
    }

    /// Ends the ringing of places whose telephones are all silent.
    fn quieten(&mut self) {
        for seat in &mut self.seats {
            let SeatState::Ringing { phones, .. } = &seat.state else { continue };
            if phones.iter().any(|phone| phone.state.is_live()) {
                continue;
            }
            self.out.extend(missed(phones, seat.context));
            seat.state = SeatState::Out(Seat::outcome(phones));
        }
    }

    fn end(&mut self, now: u64, why: EndReason) {
        for at in 0..self.seats.len() {
            let live: Vec<UserId> =
                self.seats.get(at).map(|seat| seat.live_phones().collect()).unwrap_or_default();
            for user in live {
                self.stop(user, Stopped::Cancelled, None);
            }
        }
        for seat in &mut self.seats {
            match &mut seat.state {
                SeatState::Ringing { phones, .. } => {
                    for phone in phones.iter_mut().filter(|phone| phone.state.is_live()) {
                        phone.state = PhoneState::Silent(Unanswered::Cancelled);
                    }
                }
                SeatState::In { .. } | SeatState::Away { .. } => seat.state = SeatState::Out(Outcome::Left),
                SeatState::Out(_) => {}
            }
        }
        self.quieten();
        self.phase = Phase::Ended { at_ms: now, why };
        self.out.push_back(Output::Fact(Fact::Ended { why }));
    }

    fn stop(&mut self, user: UserId, why: Stopped, except: Option<DeviceId>) {
        self.out.push_back(Output::StopRing { user, why, except });
    }

    /// Shows the call to those who are in it, and to those who were until now.
    fn tell(&mut self, before: &[UserId]) {
        let mut users = self.present();
        users.extend(
            before.iter().filter(|user| !self.seats.iter().any(|seat| seat.present() == Some(**user))),
        );
        if !users.is_empty() {
            self.out.push_back(Output::Changed(users));
        }
    }
}

/// Not all changes are kept, so that a version counted from what was kept would go back over a restart, and what is
/// shown then would be thrown away as old. Server time goes on, and by more milliseconds than there were changes.
const fn next_version(version: u64, now: u64) -> u64 {
    let next = version.saturating_add(1);
    if next > now { next } else { now }
}

/// What a call that is waited for no more is: active if somebody had answered.
const fn resumed(since_ms: Option<u64>) -> Phase {
    match since_ms {
        Some(since_ms) => Phase::Active { since_ms },
        None => Phase::Ringing,
    }
}

/// Whether a telephone's time is over: to be answered, or to say that it rings. It is out of reach where it had all its
/// time to say so and did not. After a restart the ringing may be over sooner; it may well have rung, and the person
/// has missed the call.
const fn fallen_silent(now: u64, phone: &Phone, until_ms: u64) -> Option<(PhoneState, Stopped)> {
    match phone.state {
        PhoneState::Called { ack_by_ms } if ack_by_ms <= now && ack_by_ms <= until_ms => {
            Some((PhoneState::Silent(Unanswered::Unreachable), Stopped::Unreachable))
        }
        PhoneState::Called { .. } | PhoneState::Rings if until_ms <= now => {
            Some((PhoneState::Silent(Unanswered::RangOut), Stopped::Missed))
        }
        PhoneState::Called { .. } | PhoneState::Rings | PhoneState::Declined | PhoneState::Silent(_) => None,
    }
}

/// The missed calls of a place that nobody answered; who declined has missed nothing.
fn missed(phones: &[Phone], context: Option<OrgId>) -> Vec<Output> {
    let missed = phones.iter().filter_map(|phone| match phone.state {
        PhoneState::Silent(why) => Some(Output::Fact(Fact::Missed { user: phone.user, context, why })),
        PhoneState::Called { .. } | PhoneState::Rings | PhoneState::Declined => None,
    });
    missed.collect()
}
