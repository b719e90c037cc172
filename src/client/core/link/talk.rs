//! What the server says: greeting, welcome, heartbeats, events and answers.

use relais_wire::control::{Greeting, Hello, HelloSession, OrgCursor, Ping, Pong, Welcome};
use relais_wire::ids::Seq;
use relais_wire::{
    Bin, Class, Control, DecodeError, Event, Frame, Reply, StreamTag, decode_reply, limits as wire_limits,
};

use super::{Asked, CallError, Link, Output, Phase, Violation};
use crate::core::stream::{Raw, Stream};
use crate::limits;

impl Link {
    pub(super) fn received(&mut self, now: u64, message: &[u8]) {
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

    pub(super) fn pong(&mut self, now: u64) {
        self.pong_due = false;
        self.pong_sent = now;
        let applied = |stream: &Stream| stream.cursor().map(|at| at.seq);
        let pong = Pong {
            org: self.org.as_ref().and_then(applied),
            personal: applied(&self.personal).unwrap_or(Seq::ZERO),
        };
        self.out.push_back(Output::Send(Control::from(pong).encode()));
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
}
