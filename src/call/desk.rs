//! All calls of a node: which there are, who is in one, which thread has one, which is due.
//!
//! Not known here: what a call decides; see `call`. A turn is prepared from the desk, made durable by the shell,
//! and only then put back: what could not be kept has not happened.

use std::collections::{BTreeMap, BTreeSet};

use relais_wire::{CallId, ThreadId, UserId};

use crate::call::Call;
use crate::io::{Callee, Fact, Input, Output, Refused, Start};
use crate::limits::CALLS_MAX;

/// What an input comes to: the call after it, what is to be done, and what the asker is told.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The call after it.
    pub call: Call,
    /// What is to be done, in this order, without the closing [`Output::Wait`].
    pub outputs: Vec<Output>,
    /// The answer to the input. What was due by time has happened all the same.
    pub answer: Result<(), Refused>,
    was: u64,
}

impl Turn {
    fn drained(mut call: Call, was: u64, answer: Result<(), Refused>) -> Self {
        let mut outputs = Vec::new();
        loop {
            match call.poll() {
                Output::Wait(_) => return Self { call, outputs, answer, was },
                output @ (Output::Ring { .. }
                | Output::StopRing { .. }
                | Output::Changed(_)
                | Output::Fact(_)) => outputs.push(output),
            }
        }
    }

    /// What goes on record; with any, the call must be durable before the turn is put back and anybody is told.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Fact(fact) => Some(fact),
            Output::Ring { .. } | Output::StopRing { .. } | Output::Changed(_) | Output::Wait(_) => None,
        })
    }
}

/// The calls of a node that are not over.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    calls: BTreeMap<CallId, Call>,
    threads: BTreeMap<ThreadId, CallId>,
    present: BTreeMap<UserId, CallId>,
    rung: BTreeSet<(UserId, CallId)>,
    due: BTreeSet<(u64, CallId)>,
}

impl Desk {
    /// Starts a call. Starting it again, as after a lost answer, changes nothing.
    ///
    /// # Errors
    /// [`Refused`]; nothing happens.
    pub fn start(&self, now: u64, start: &Start) -> Result<Turn, Refused> {
        if let Some(call) = self.calls.get(&start.call) {
            let same = (call.thread(), call.caller()) == (start.thread, start.caller);
            return if same { self.turn(now, start.call, Input::Timeout) } else { Err(Refused::Unknown) };
        }
        if self.present.contains_key(&start.caller) {
            return Err(Refused::InAnotherCall);
        }
        if self.threads.contains_key(&start.thread) {
            return Err(Refused::UnderWay);
        }
        if self.calls.len() >= CALLS_MAX {
            return Err(Refused::Full);
        }
        let call = Call::start(now, start, &self.busy(start.call, &start.callees))?;
        Ok(Turn::drained(call, 0, Ok(())))
    }

    /// Prepares a turn of a call. Nothing happens until it is put back with [`Self::apply`], and no other turn may be
    /// applied in between.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a call that is not here, or that has nothing to do with the user.
    pub fn turn(&self, now: u64, id: CallId, input: Input) -> Result<Turn, Refused> {
        let mut call = self.calls.get(&id).ok_or(Refused::Unknown)?.clone();
        let was = call.version();
        if let Input::Join { user, .. } = &input
            && self.present.get(user).is_some_and(|other| *other != id)
        {
            return Err(if call.knows(*user) { Refused::InAnotherCall } else { Refused::Unknown });
        }
        let busy = match &input {
            Input::Add { callees, .. } => self.busy(id, callees),
            Input::Ack { .. }
            | Input::Join { .. }
            | Input::Decline { .. }
            | Input::Leave { .. }
            | Input::End { .. }
            | Input::Gone { .. }
            | Input::Removed { .. }
            | Input::GiveUp
            | Input::Timeout => BTreeSet::new(),
        };
        let answer = call.handle(now, input, &busy);
        Ok(Turn::drained(call, was, answer))
    }

    /// A call that was kept over a restart, and what is due in it at once.
    #[must_use]
    pub fn recovered(&self, now: u64, mut call: Call) -> Turn {
        let answer = call.handle(now, Input::Timeout, &BTreeSet::new());
        Turn::drained(call, 0, answer)
    }

    /// Whether a call that was kept may stand beside those that are here: its thread has none, and nobody who is in it
    /// is in another.
    #[must_use]
    pub fn has_place_for(&self, call: &Call) -> bool {
        let free = |user: &UserId| !self.present.contains_key(user);
        !self.threads.contains_key(&call.thread()) && call.present().iter().all(free)
    }

    /// Takes a call that was kept as it stands, where what is due in it could not be made durable: it stays due. For
    /// one with [`Self::has_place_for`] it.
    pub fn adopt(&mut self, call: Call) {
        if !call.is_over() {
            self.index(&call);
            self.calls.insert(call.id(), call);
        }
    }

    /// Puts a turn back, after its facts are durable. A call that is over is forgotten.
    pub fn apply(&mut self, turn: &Turn) {
        let call = turn.call.clone();
        let id = call.id();
        if let Some(old) = self.calls.remove(&id) {
            debug_assert_eq!(old.version(), turn.was, "a turn was prepared from an older state");
            self.unindex(&old);
        }
        if !call.is_over() {
            self.index(&call);
            self.calls.insert(id, call);
        }
    }

    /// Forgets a call that was ended elsewhere: by a commit whose outcome was not known.
    pub fn forget(&mut self, id: CallId) {
        if let Some(call) = self.calls.remove(&id) {
            self.unindex(&call);
        }
    }

    fn index(&mut self, call: &Call) {
        let id = call.id();
        self.threads.insert(call.thread(), id);
        self.present.extend(call.present().into_iter().map(|user| (user, id)));
        self.rung.extend(call.rings().map(|(user, _)| (user, id)));
        self.due.extend(call.wakes_at().map(|at| (at, id)));
    }

    fn unindex(&mut self, call: &Call) {
        let id = call.id();
        self.threads.remove(&call.thread());
        for user in call.present() {
            self.present.remove(&user);
        }
        for (user, _) in call.rings() {
            self.rung.remove(&(user, id));
        }
        if let Some(at) = call.wakes_at() {
            self.due.remove(&(at, id));
        }
    }

    /// Those of the callees who are in another call.
    fn busy(&self, call: CallId, callees: &[Callee]) -> BTreeSet<UserId> {
        let users = callees.iter().flat_map(|callee| &callee.phones).copied();
        users.filter(|user| self.present.get(user).is_some_and(|other| *other != call)).collect()
    }

    /// The calls that something is due in, [`Input::Timeout`] to be exact, the longest due first.
    pub fn all_due(&self, now: u64) -> impl Iterator<Item = CallId> {
        self.due.iter().take_while(move |(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// The first of them.
    #[must_use]
    pub fn due(&self, now: u64) -> Option<CallId> {
        self.due.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// When the next is.
    #[must_use]
    pub fn wakes_at(&self) -> Option<u64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The call with this id, if it is not over.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// The call somebody is in.
    #[must_use]
    pub fn of(&self, user: UserId) -> Option<&Call> {
        self.present.get(&user).and_then(|id| self.calls.get(id))
    }

    /// The call of a thread.
    #[must_use]
    pub fn in_thread(&self, thread: ThreadId) -> Option<&Call> {
        self.threads.get(&thread).and_then(|id| self.calls.get(id))
    }

    /// The calls that ring for somebody.
    pub fn ringing(&self, user: UserId) -> impl Iterator<Item = &Call> {
        let (first, last) = (CallId::from_bytes([0; 16]), CallId::from_bytes([0xff; 16]));
        self.rung.range((user, first)..=(user, last)).filter_map(|(_, id)| self.calls.get(id))
    }

    /// Calls that are not over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What must hold after every turn.
    ///
    /// # Panics
    /// When it does not, which is a bug of this crate.
    pub fn check(&self) {
        let mut fresh = Self::default();
        for call in self.calls.values() {
            call.check();
            assert!(!call.is_over(), "a call that is over was kept");
            assert!(!fresh.threads.contains_key(&call.thread()), "a thread has two calls");
            let twice = call.present().iter().any(|user| fresh.present.contains_key(user));
            assert!(!twice, "somebody is in two calls");
            fresh.index(call);
        }
        assert!(fresh.threads == self.threads && fresh.present == self.present, "indexes of calls");
        assert!(fresh.rung == self.rung && fresh.due == self.due, "indexes of rings and deadlines");
        assert!(self.calls.len() <= CALLS_MAX, "too many calls");
    }
}
