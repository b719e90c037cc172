//! The two streams of a connection: their cursors, gaps, and switches from one place to another.

use relais_wire::control::{CaughtUp, Cursor, Resync, ResyncReason};
use relais_wire::ids::OrgId;
use relais_wire::streams::{Focus, FollowPersonal, Pull, StreamPage};
use relais_wire::{Event, Reply, Request, StreamTag, limits as wire_limits};

use super::{Asked, CallError, Link, Output, Pending, Violation};
use crate::core::stream::{Raw, Stream};

impl Link {
    pub(super) fn caught_up(&mut self, done: &CaughtUp) {
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

    pub(super) fn resync(&mut self, now: u64, resync: &Resync) {
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

    pub(super) fn pulled(&mut self, now: u64, tag: StreamTag, result: Result<Reply, CallError>) {
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

    pub(super) fn ask_for_gaps(&mut self, now: u64) {
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

    pub(super) fn hand_out(&mut self) {
        for tag in [StreamTag::Org, StreamTag::Personal] {
            while let Some(raw) = self.stream_mut(tag).and_then(Stream::hand_out) {
                // A body that does not fit its type is reported as unknown: the entry is numbered and must be
                // passed, and nothing in it is trusted anyway.
                let event = Event::decode(raw.kind, &raw.body).map_err(|_| raw.kind);
                self.out.push_back(Output::Entry { stream: tag, seq: raw.seq, event });
            }
        }
    }

    pub(super) fn applied(&mut self, tag: StreamTag, seq: u64) {
        let Some(stream) = self.stream_mut(tag) else { return };
        let Some(epoch) = stream.cursor().map(|at| at.epoch) else { return };
        if stream.applied(epoch, seq) {
            self.pong_due = true;
        }
    }

    pub(super) fn follow(&mut self, now: u64, tag: StreamTag, cursor: Cursor) {
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

    pub(super) fn focus(&mut self, now: u64, org: Option<OrgId>, cursor: Option<Cursor>) {
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
    pub(super) fn forget_pulls(&mut self, tag: StreamTag) {
        self.pending.retain(|_, pending| !matches!(pending.asked, Asked::Pull { stream } if stream == tag));
    }

    /// Whether the answer to a switch of this stream is awaited: what comes until then is the old one's.
    pub(super) fn is_switching(&self, tag: StreamTag) -> bool {
        self.pending
            .values()
            .any(|pending| matches!(pending.asked, Asked::Follow { stream } if stream == tag))
    }

    pub(super) fn stream_mut(&mut self, tag: StreamTag) -> Option<&mut Stream> {
        match tag {
            StreamTag::Org => self.org.as_mut(),
            StreamTag::Personal => Some(&mut self.personal),
        }
    }
}
