//! A desk under test: what goes in is said in a few words, and what comes out is read as lines.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use relais_call::limits::ACK_MS;
use relais_call::{
    Call, Callee, Desk, Dot, Fact, Input, Outcome, Output, Party, Phase, PhoneState, Refused, SeatState,
    Start, Turn,
};
use relais_wire::{CallId, DeviceId, KeyringId, ThreadId, UserId};

pub const CALL: CallId = CallId::from_bytes([0xc1; 16]);

/// The people of every test.
pub const ADA: u8 = 1;
pub const BEN: u8 = 2;
pub const CLEO: u8 = 3;
pub const DAN: u8 = 4;

pub fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

/// A device of somebody: `device(BEN, 2)` is his second.
pub fn device(n: u8, nth: u8) -> DeviceId {
    let mut bytes = [n; 16];
    bytes[15] = nth;
    DeviceId::from_bytes(bytes)
}

pub fn thread(n: u8) -> ThreadId {
    ThreadId::from_bytes([n; 16])
}

pub fn team(n: u8) -> KeyringId {
    KeyringId::from_bytes([n; 16])
}

pub fn person(n: u8) -> Callee {
    Callee { party: Party::User(user(n)), context: None, phones: vec![user(n)], dot: None, offer: None }
}

pub fn with_dot(n: u8, dot: Dot) -> Callee {
    Callee { dot: Some(dot), offer: Some(team(9)), ..person(n) }
}

pub fn managers(of: u8, phones: &[u8]) -> Callee {
    let phones = phones.iter().map(|n| user(*n)).collect();
    Callee { party: Party::Team(team(of)), context: None, phones, dot: None, offer: None }
}

pub fn start(callees: Vec<Callee>) -> Start {
    Start {
        call: CALL,
        thread: thread(1),
        org: None,
        caller: user(ADA),
        device: device(ADA, 1),
        context: None,
        camera: true,
        callees,
        confirmed: false,
    }
}

pub fn join(n: u8, nth: u8) -> Input {
    Input::Join { user: user(n), device: device(n, nth), camera: false }
}

pub fn leave(n: u8, nth: u8) -> Input {
    Input::Leave { user: user(n), device: device(n, nth) }
}

pub fn gone(n: u8, nth: u8) -> Input {
    Input::Gone { user: user(n), device: device(n, nth) }
}

pub fn ack(n: u8) -> Input {
    Input::Ack { user: user(n) }
}

pub fn decline(n: u8) -> Input {
    Input::Decline { user: user(n) }
}

pub fn end(n: u8) -> Input {
    Input::End { user: user(n) }
}

pub fn add(n: u8, callees: Vec<Callee>) -> Input {
    Input::Add { user: user(n), callees, confirmed: false }
}

#[derive(Default)]
pub struct Bench {
    pub desk: Desk,
    pub now: u64,
    /// The last state of the call, also when it is over.
    pub last: Option<Call>,
    /// What would be kept.
    pub kept: Option<Vec<u8>>,
}

impl Bench {
    /// Ada has started a call, and everybody in `ringing` has said that it rings.
    pub fn ringing(callees: Vec<Callee>, ringing: &[u8]) -> Self {
        let mut bench = Self::default();
        bench.start(&start(callees)).expect("nothing speaks against it");
        for n in ringing {
            bench.give(ack(*n));
        }
        bench
    }

    pub fn start(&mut self, start: &Start) -> Result<Vec<String>, Refused> {
        let turn = self.desk.start(self.now, start)?;
        Ok(self.took(&turn))
    }

    /// One turn, put back. What it came to, and the refusal last.
    pub fn give(&mut self, input: Input) -> Vec<String> {
        match self.desk.turn(self.now, CALL, input) {
            Ok(turn) => self.took(&turn),
            Err(refused) => vec![format!("no: {refused}")],
        }
    }

    pub fn assert_outputs<const N: usize>(&mut self, input: Input, expected: [&str; N]) {
        assert_eq!(self.give(input), expected);
    }

    /// Time passes; everything due is done at its time.
    pub fn pass(&mut self, ms: u64) -> Vec<String> {
        let until = self.now + ms;
        let mut lines = Vec::new();
        while let Some(at) = self.desk.wakes_at().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let id = self.desk.due(self.now).expect("due");
            let turn = self.desk.turn(self.now, id, Input::Timeout).expect("a call that is due");
            lines.extend(self.took(&turn));
        }
        self.now = until;
        lines
    }

    /// The server is down for a while; only what was kept is there afterwards.
    pub fn restart(&mut self, down_ms: u64) -> Vec<String> {
        self.now += down_ms;
        self.desk = Desk::default();
        let call = Call::from_kept(self.now, self.kept.as_ref().expect("kept")).expect("of this version");
        let turn = self.desk.recovered(self.now, call);
        self.took(&turn)
    }

    pub fn took(&mut self, turn: &Turn) -> Vec<String> {
        if turn.facts().next().is_some() {
            self.kept = Some(turn.call.to_kept());
        }
        self.desk.apply(turn);
        self.desk.check();
        turn.call.check();
        self.last = Some(turn.call.clone());
        let mut lines: Vec<String> = turn.outputs.iter().map(|output| self.line(output)).collect();
        lines.extend(turn.answer.as_ref().err().map(|refused| format!("no: {refused}")));
        lines
    }

    fn line(&self, output: &Output) -> String {
        match output {
            Output::Ring { user, until_ms } => format!("ring {} until {until_ms}", name(*user)),
            Output::StopRing { user, why, except } => {
                let except = except.map_or(String::new(), |device| format!(" but {}", device.as_bytes()[15]));
                format!("stop {} {why:?}{except}", name(*user)).to_lowercase()
            }
            Output::Changed(users) => {
                let users: Vec<&str> = users.iter().map(|user| name(*user)).collect();
                format!("show {}: {}", users.join(" "), self.state())
            }
            Output::Fact(fact) => said(fact),
            Output::Wait(_) => unreachable!("drained"),
        }
    }

    pub fn phase(&self) -> Phase {
        self.last.as_ref().expect("a call was started").phase()
    }

    /// The call in one line: its phase and places.
    pub fn state(&self) -> String {
        let call = self.last.as_ref().expect("a call was started");
        let phase = match call.phase() {
            Phase::Ringing => "ringing".to_owned(),
            Phase::Active { since_ms } => format!("active@{since_ms}"),
            Phase::Recovering { until_ms, .. } => format!("recovering@{until_ms}"),
            Phase::Ended { why, .. } => format!("ended {why:?}").to_lowercase(),
        };
        let seats: Vec<String> = call.seats().iter().map(|seat| seat_line(seat.party, &seat.state)).collect();
        format!("{phase} | {}", seats.join(", "))
    }
}

fn seat_line(party: Party, state: &SeatState) -> String {
    let who = match party {
        Party::User(user) => name(user).to_owned(),
        Party::Team(team) => format!("team{}", team.as_bytes()[0]),
    };
    let state = match state {
        SeatState::Ringing { phones, .. } => {
            let rings = phones.iter().any(|phone| phone.state == PhoneState::Rings);
            if rings { "rings".to_owned() } else { "called".to_owned() }
        }
        SeatState::In { user, device, camera } => {
            format!("in {}{}{}", name(*user), device.as_bytes()[15], if *camera { " camera" } else { "" })
        }
        SeatState::Away { user, until_ms } => format!("away {}@{until_ms}", name(*user)),
        SeatState::Out(Outcome::Unanswered(why)) => format!("{why:?}"),
        SeatState::Out(Outcome::Absent { until_ms }) => format!("absent@{until_ms}"),
        SeatState::Out(outcome) => format!("{outcome:?}"),
    };
    format!("{who} {}", state.to_lowercase())
}

pub fn name(of: UserId) -> &'static str {
    match of.as_bytes()[0] {
        1 => "ada",
        2 => "ben",
        3 => "cleo",
        4 => "dan",
        _ => "somebody",
    }
}

fn said(fact: &Fact) -> String {
    match fact {
        Fact::Started { user } => format!("* {} starts", name(*user)),
        Fact::Added { user, .. } => format!("* {} adds", name(*user)),
        Fact::Joined { user } => format!("* {} joins", name(*user)),
        Fact::Declined { user } => format!("* {} declines", name(*user)),
        Fact::Missed { user, why, .. } => format!("* {} missed: {why:?}", name(*user)).to_lowercase(),
        Fact::Left { user } => format!("* {} leaves", name(*user)),
        Fact::Ended { why } => format!("* ended: {why:?}").to_lowercase(),
    }
}

/// Just after nobody said that it rings.
pub const AFTER_ACK: u64 = ACK_MS;
