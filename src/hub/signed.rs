//! A connection with a session: its two feeds, what is delivered to them, and the switch from one to another.
//!
//! Not known here: whether the user may follow an organization; the shell says so.

use bytes::Bytes;
use relais_wire::codes::Refusal;
use relais_wire::control::{
    CaughtUp, Cursor, Followed, HelloSession, Limits, Pong, Resync, ResyncReason, Welcome,
};
use relais_wire::events::Badge;
use relais_wire::limits::SESSION_QUEUE_BYTES;
use relais_wire::streams::Following;
use relais_wire::{
    Call, Class, CloseCode, Control, DeviceId, ErrorCode, Event, Header, Millis, OrgId, Request, Seq,
    SessionId, StreamTag, UserId, codec, streams,
};

use crate::feed::{Delivered, Feed, Reading, State as FeedState};
use crate::io::{
    Admitted, AppliedMarks, Entry, FollowNo, Key, Notice, NoticeLane, Output, Page, ReadNo, Scope,
};
use crate::lanes::{Mark, Queued};
use crate::limits::{APPLIED_INTERVAL_MS, READ_LOW_WATER_BYTES, READ_RETRY_MS, READ_TRIES_MAX};
use crate::session::{Asked, Ctx, Session, State, Verdict};
use crate::stats::Phase;
use crate::timers::{Deadlines, Timer};

/// Both feeds in the order in which they are served.
const TAGS: [StreamTag; 2] = [StreamTag::Personal, StreamTag::Org];

/// What a connection with a session needs.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) device: DeviceId,
    pub(crate) personal: Feed,
    pub(crate) org: Option<Feed>,
    /// The newest `Focus` and `FollowPersonal` that the shell has not answered.
    pending: Vec<Pending>,
    /// The next report of applied entries may go then.
    report_at: u64,
}

/// A stream that the client wants to follow.
#[derive(Debug)]
struct Pending {
    no: FollowNo,
    tag: StreamTag,
    id: u64,
    context: Option<OrgId>,
    cursor: Option<Cursor>,
}

impl Signed {
    pub(crate) const fn feed(&self, tag: StreamTag) -> Option<&Feed> {
        match tag {
            StreamTag::Org => self.org.as_ref(),
            StreamTag::Personal => Some(&self.personal),
        }
    }

    pub(crate) const fn feed_mut(&mut self, tag: StreamTag) -> Option<&mut Feed> {
        match tag {
            StreamTag::Org => self.org.as_mut(),
            StreamTag::Personal => Some(&mut self.personal),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        let any =
            |is: fn(&FeedState) -> bool| TAGS.iter().any(|tag| self.feed(*tag).is_some_and(|f| is(&f.state)));
        if any(|state| matches!(state, FeedState::Replaying(..))) {
            Phase::Replaying
        } else if any(|state| matches!(state, FeedState::Lagging(_))) {
            Phase::Lagging
        } else {
            Phase::Live
        }
    }

    pub(crate) fn gate_bytes(&self) -> usize {
        self.personal.gate_bytes() + self.org.as_ref().map_or(0, Feed::gate_bytes)
    }

    /// Which feed follows this context.
    pub(crate) fn tag_of(&self, context: Option<OrgId>) -> Option<StreamTag> {
        match context {
            None => Some(StreamTag::Personal),
            Some(_) => self.org.as_ref().filter(|feed| feed.context == context).map(|_| StreamTag::Org),
        }
    }

    /// A `Pong`. While a `Focus` is under way it cannot be told which organization it speaks of.
    pub(crate) fn applied(&mut self, now: u64, pong: &Pong, deadlines: &mut Deadlines) {
        let pending = |tag| self.pending.iter().any(|pending| pending.tag == tag);
        let (org_moves, personal_moves) = (pending(StreamTag::Org), pending(StreamTag::Personal));
        if let (Some(feed), Some(seq), false) = (&mut self.org, pong.org, org_moves) {
            feed.note_applied(seq);
        }
        if !personal_moves {
            self.personal.note_applied(pong.personal);
        }
        self.arm_report(now, deadlines);
    }

    fn arm_report(&self, now: u64, deadlines: &mut Deadlines) {
        let news = TAGS.iter().any(|tag| self.feed(*tag).is_some_and(|feed| feed.applied > feed.reported));
        if news && !deadlines.is_set(Timer::Applied) {
            deadlines.set(Timer::Applied, self.report_at.max(now));
        }
    }

    pub(crate) fn take_report(&mut self, now: u64) -> Option<Output> {
        let org = self.org.as_mut().and_then(|feed| feed.context.zip(feed.take_report()));
        let personal = self.personal.take_report();
        if org.is_none() && personal.is_none() {
            return None;
        }
        self.report_at = now.saturating_add(APPLIED_INTERVAL_MS);
        let marks = AppliedMarks { org, personal };
        Some(Output::Applied { user: self.user, device: self.device, marks })
    }

    pub(crate) fn retry_reads(&mut self) {
        for tag in TAGS {
            if let Some(pull) = self.feed_mut(tag).and_then(Feed::pull)
                && pull.reading == Reading::Retry
            {
                pull.reading = Reading::Idle;
            }
        }
    }

    pub(crate) fn check(&self) {
        for tag in TAGS {
            if let Some(feed) = self.feed(tag) {
                feed.check();
                assert_eq!(feed.context.is_some(), tag == StreamTag::Org, "a feed in the other's place");
            }
        }
        assert!(self.pending.len() <= TAGS.len(), "more than one switch of a feed under way");
    }
}

impl Session {
    /// The shell accepted the `Hello`.
    pub(crate) fn admit(&mut self, ctx: &mut Ctx<'_>, hello: &HelloSession, admitted: Admitted) -> Verdict {
        let Admitted { user, session, device, expires_at, personal_head, org_head, ticket, rekey } = admitted;
        let welcome = Welcome {
            epoch: ctx.config.epoch,
            now: Millis::saturating(ctx.now),
            org_head,
            personal_head: Some(personal_head),
            ticket,
            rekey,
            limits: Limits::default(),
        };
        let personal = self.begin(ctx, None, hello.personal, personal_head);
        let org = hello.org.as_ref().zip(org_head).map(|(org, head)| {
            let context = Some(org.org);
            self.begin(ctx, context, org.cursor, head)
        });
        let report_at = ctx.now.saturating_add(APPLIED_INTERVAL_MS);
        let signed = Signed { user, session, device, personal, org, pending: Vec::new(), report_at };
        self.deadlines.clear(Timer::Auth);
        if let Some(at) = expires_at {
            self.deadlines.set(Timer::Expiry, at);
        }
        self.beat(ctx, true);
        signed.arm_report(ctx.now, &mut self.deadlines);
        self.state = State::Signed(Box::new(signed));
        self.control(&welcome.into(), Mark::Plain)
    }

    /// A feed that begins at the client's cursor, or one that waits for a snapshot, of which the client is told.
    fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        context: Option<OrgId>,
        cursor: Option<Cursor>,
        head: Seq,
    ) -> Feed {
        let reason = match cursor {
            None => ResyncReason::NoCursor,
            Some(at) if at.epoch != ctx.config.epoch => ResyncReason::OtherEpoch,
            Some(at) if at.seq > head => ResyncReason::Ahead,
            Some(at) => return Feed::begin(context, at.seq, head, true),
        };
        let tag = if context.is_some() { StreamTag::Org } else { StreamTag::Personal };
        self.push_resync(ctx, tag, reason);
        Feed::parked(context, head)
    }

    /// Takes `Focus` and `FollowPersonal`. Whether it was one.
    pub(crate) fn follow(&mut self, ctx: &mut Ctx<'_>, (kind, id): (u16, u64), body: &Bytes) -> bool {
        if kind != streams::Focus::KIND && kind != streams::FollowPersonal::KIND {
            return false;
        }
        let (tag, context, cursor) = match Request::decode(kind, body) {
            Ok(Request::Focus(focus)) => (StreamTag::Org, focus.org, focus.cursor),
            Ok(Request::FollowPersonal(follow)) => (StreamTag::Personal, None, Some(follow.cursor)),
            _ => {
                self.refuse(ctx, (kind, id), &Refusal::new(ErrorCode::Malformed));
                return true;
            }
        };
        let no = FollowNo(ctx.number());
        self.requests.push(Asked { id, kind, answered: false });
        let Some(signed) = self.signed_mut() else { return true };
        let older = signed.pending.iter().position(|pending| pending.tag == tag);
        let older = older.map(|index| signed.pending.swap_remove(index).id);
        let (user, session) = (signed.user, signed.session);
        let unfollow = tag == StreamTag::Org && context.is_none();
        if !unfollow {
            signed.pending.push(Pending { no, tag, id, context, cursor });
        }
        if let Some(older) = older {
            // The person has moved on already: the newest wish counts.
            self.answer(older, &Err(Refusal::new(ErrorCode::Conflict)));
        }
        if unfollow {
            self.switch(ctx, tag, None);
            self.answer(id, &Ok(Following { head: Seq::ZERO }));
        } else {
            ctx.out.push_back(Output::Follow { conn: self.conn, follow: no, user, session, context });
        }
        true
    }

    /// The shell answered a [`Output::Follow`].
    pub(crate) fn followed(&mut self, ctx: &mut Ctx<'_>, no: FollowNo, head: Result<Seq, Refusal>) {
        let Some(signed) = self.signed_mut() else { return };
        let Some(index) = signed.pending.iter().position(|pending| pending.no == no) else { return };
        let Pending { tag, id, context, cursor, .. } = signed.pending.swap_remove(index);
        let head = match head {
            Ok(head) => head,
            Err(refusal) => return self.answer(id, &Err(refusal)),
        };
        // What is queued of the old stream goes before the answer, so that no entry is taken for the new one's.
        self.switch(ctx, tag, None);
        self.answer(id, &Ok(Following { head }));
        let feed = match (tag, cursor) {
            (StreamTag::Org, None) => Feed::begin(context, head, head, false),
            (StreamTag::Org | StreamTag::Personal, cursor) => self.begin(ctx, context, cursor, head),
        };
        self.switch(ctx, tag, Some(feed));
    }

    /// Puts another feed in the place of one.
    fn switch(&mut self, ctx: &mut Ctx<'_>, tag: StreamTag, feed: Option<Feed>) {
        if feed.is_none() {
            self.report(ctx);
            self.lanes.clear_stream(Some(tag));
        }
        let Some(signed) = self.signed_mut() else { return };
        match (tag, feed) {
            (StreamTag::Org, feed) => signed.org = feed,
            (StreamTag::Personal, Some(feed)) => signed.personal = feed,
            (StreamTag::Personal, None) => signed.personal.park(),
        }
        let now = ctx.now;
        if let State::Signed(signed) | State::Draining(signed, _) = &self.state {
            signed.arm_report(now, &mut self.deadlines);
        }
    }

    fn answer(&mut self, id: u64, answer: &Result<Following, Refusal>) {
        match answer {
            Ok(following) => self.reply(id, false, codec::encode(following).into()),
            Err(refusal) => self.reply(id, true, codec::encode(refusal).into()),
        }
    }

    /// An entry was committed to a stream of the user.
    pub(crate) fn deliver(&mut self, ctx: &mut Ctx<'_>, context: Option<OrgId>, entry: &Entry) {
        let Some(signed) = self.signed_mut() else { return };
        let Some(tag) = signed.tag_of(context) else { return self.badge(ctx, context) };
        let Some(feed) = signed.feed_mut(tag) else { return };
        ctx.stats.deliveries += 1;
        match feed.deliver(entry) {
            Delivered::Next if self.has_room(ctx, entry) => {
                self.queue(tag, entry);
                ctx.stats.entries_live += 1;
            }
            Delivered::Next => self.overflow(ctx),
            Delivered::Held | Delivered::Later => {}
            Delivered::Overflowed => ctx.stats.gate_overflows += 1,
            Delivered::Duplicate => ctx.stats.duplicates += 1,
            Delivered::Gap => ctx.stats.gaps += 1,
        }
    }

    /// A stream has grown, and the entries were not delivered.
    pub(crate) fn grown(&mut self, ctx: &mut Ctx<'_>, context: Option<OrgId>, head: Seq) {
        let Some(signed) = self.signed_mut() else { return };
        let Some(tag) = signed.tag_of(context) else { return self.badge(ctx, context) };
        if signed.feed_mut(tag).is_some_and(|feed| feed.grown(head)) {
            ctx.stats.gaps += 1;
        }
    }

    fn badge(&mut self, ctx: &mut Ctx<'_>, context: Option<OrgId>) {
        let badge = Event::from(Badge { org: context });
        let key = Key { about: context.map_or([0; 16], |org| *org.as_bytes()), whose: [0; 16] };
        self.hint(ctx, NoticeLane::Keyed(key), badge.kind(), badge.encode_body().into()).ok();
    }

    /// Whether a hint is for this connection.
    pub(crate) fn is_for(&self, scope: Scope) -> bool {
        let Some(signed) = self.signed() else { return false };
        match scope {
            Scope::Everywhere => true,
            Scope::Following(context) => signed.tag_of(context).is_some(),
            Scope::Device(device) => signed.device == device,
        }
    }

    pub(crate) fn notice(&mut self, ctx: &mut Ctx<'_>, notice: &Notice) -> Verdict {
        self.hint(ctx, notice.lane, notice.kind, notice.body.clone())
    }

    fn hint(&mut self, ctx: &mut Ctx<'_>, lane: NoticeLane, kind: u16, body: Bytes) -> Verdict {
        let expires_at = if let NoticeLane::Control { expires_at } = lane { expires_at } else { 0 };
        let frame = Queued { header: Header::new(Class::Event, kind, expires_at), body, mark: Mark::Plain };
        let dropped = match lane {
            NoticeLane::Control { .. } => {
                self.lanes.push_control(frame).map_err(|_| CloseCode::TooSlow)?;
                false
            }
            NoticeLane::Keyed(key) => self.lanes.push_keyed(key, frame),
            NoticeLane::Droppable => self.lanes.push_droppable(frame),
        };
        ctx.stats.dropped += u64::from(dropped);
        Ok(())
    }

    fn has_room(&self, ctx: &Ctx<'_>, entry: &Entry) -> bool {
        let queued = self.lanes.paced_bytes();
        let fits = queued.saturating_add(entry.body.len()) <= SESSION_QUEUE_BYTES;
        fits && (queued == 0 || !ctx.over_budget)
    }

    fn queue(&mut self, tag: StreamTag, entry: &Entry) {
        let header = Header { stream: Some(tag), ..Header::new(Class::Event, entry.kind, entry.seq.get()) };
        self.lanes.push_stream(Queued {
            header,
            body: entry.body.clone(),
            mark: Mark::Entry(tag, entry.seq),
        });
        if let Some(feed) = self.signed_mut().and_then(|signed| signed.feed_mut(tag)) {
            feed.queued = entry.seq;
        }
    }

    /// The connection is slower than its streams: what is queued of them is thrown away and read again later.
    fn overflow(&mut self, ctx: &mut Ctx<'_>) {
        ctx.stats.queue_overflows += 1;
        let owed = TAGS.map(|tag| self.lanes.announces(tag));
        self.lanes.clear_stream(None);
        let Some(signed) = self.signed_mut() else { return };
        for (tag, owed) in TAGS.into_iter().zip(owed) {
            if let Some(feed) = signed.feed_mut(tag) {
                feed.rewind(owed);
            }
        }
    }

    /// The feeds that want a page and have room for it; they wait for a turn from now on.
    pub(crate) fn wanted_pages(&mut self, over_budget: bool) -> Vec<StreamTag> {
        let idle = self.lanes.paced_bytes() == 0 && self.transit == 0;
        let room = idle || (!over_budget && self.lanes.paced_bytes() < READ_LOW_WATER_BYTES);
        let Some(signed) = self.signed_mut().filter(|_| room) else { return Vec::new() };
        let mut wanted = Vec::new();
        for tag in TAGS {
            let Some(feed) = signed.feed_mut(tag).filter(|feed| feed.wants_page()) else { continue };
            if let Some(pull) = feed.pull() {
                pull.reading = Reading::Waiting;
                wanted.push(tag);
            }
        }
        wanted
    }

    /// The turn of a waiting read has come. Whether it was asked; not if the feed was replaced meanwhile.
    pub(crate) fn read(&mut self, ctx: &mut Ctx<'_>, tag: StreamTag) -> bool {
        let conn = self.conn;
        let Some(signed) = self.signed_mut() else { return false };
        let user = signed.user;
        let Some(feed) = signed.feed_mut(tag).filter(|feed| feed.reading() == Reading::Waiting) else {
            return false;
        };
        let read = ReadNo(ctx.number());
        let (context, after) = (feed.context, feed.queued);
        if let Some(pull) = feed.pull() {
            pull.reading = Reading::Asked(read);
        }
        let max = relais_wire::limits::PAGE_ENTRIES_MAX;
        ctx.out.push_back(Output::Read { conn, read, user, context, after, max });
        true
    }

    /// The store answered a read.
    pub(crate) fn page(&mut self, ctx: &mut Ctx<'_>, read: ReadNo, page: Page) -> Verdict {
        let Some(signed) = self.signed_mut() else { return Ok(()) };
        let asked =
            |tag: &StreamTag| signed.feed(*tag).is_some_and(|feed| feed.reading() == Reading::Asked(read));
        let Some(tag) = TAGS.into_iter().find(asked) else { return Ok(()) };
        match page {
            Page::Entries { entries, head } => {
                ctx.stats.pages += 1;
                self.take_page(ctx, tag, &entries, head)
            }
            Page::TooOld => {
                self.resync(ctx, tag, ResyncReason::TooOld);
                Ok(())
            }
            Page::Ahead => {
                self.resync(ctx, tag, ResyncReason::Ahead);
                Ok(())
            }
            Page::Unavailable => {
                ctx.stats.pages_failed += 1;
                self.read_failed(ctx, tag)
            }
        }
    }

    fn take_page(&mut self, ctx: &mut Ctx<'_>, tag: StreamTag, entries: &[Entry], head: Seq) -> Verdict {
        let Some(feed) = self.signed_mut().and_then(|signed| signed.feed_mut(tag)) else { return Ok(()) };
        feed.head = feed.head.max(head);
        if let Some(pull) = feed.pull() {
            pull.reading = Reading::Idle;
        }
        let from = feed.queued;
        for entry in entries {
            let Some(feed) = self.signed().and_then(|signed| signed.feed(tag)) else { return Ok(()) };
            if entry.seq != feed.queued.next() {
                // Not what the store promises. A snapshot is right whatever happened to the entries.
                self.resync(ctx, tag, ResyncReason::TooOld);
                return Ok(());
            }
            if !self.fits(entry) {
                return Ok(());
            }
            self.queue(tag, entry);
        }
        self.release_gate(tag);
        let Some(feed) = self.signed_mut().and_then(|signed| signed.feed_mut(tag)) else { return Ok(()) };
        let queued = feed.queued;
        if let Some(pull) = feed.pull().filter(|_| queued > from) {
            pull.failed = 0;
        }
        match feed.caught_up() {
            Some(true) => self.push_caught_up(tag, queued),
            Some(false) => {}
            // The store does not have yet what was told: ask again, but not at once.
            None if queued == from => return self.read_failed(ctx, tag),
            None => {}
        }
        Ok(())
    }

    fn fits(&self, entry: &Entry) -> bool {
        self.lanes.paced_bytes().saturating_add(entry.body.len()) <= SESSION_QUEUE_BYTES
    }

    fn release_gate(&mut self, tag: StreamTag) {
        loop {
            let room = self.lanes.paced_bytes() < SESSION_QUEUE_BYTES;
            let Some(feed) = self.signed_mut().and_then(|signed| signed.feed_mut(tag)).filter(|_| room)
            else {
                return;
            };
            let Some(entry) = feed.release() else { return };
            self.queue(tag, &entry);
        }
    }

    fn read_failed(&mut self, ctx: &mut Ctx<'_>, tag: StreamTag) -> Verdict {
        let pull = self.signed_mut().and_then(|signed| signed.feed_mut(tag)).and_then(Feed::pull);
        let Some(pull) = pull else { return Ok(()) };
        pull.failed = pull.failed.saturating_add(1);
        pull.reading = Reading::Retry;
        if pull.failed >= READ_TRIES_MAX {
            return Err(CloseCode::Unavailable);
        }
        self.deadlines.set(Timer::Retry, ctx.now.saturating_add(READ_RETRY_MS));
        Ok(())
    }

    fn resync(&mut self, ctx: &mut Ctx<'_>, tag: StreamTag, reason: ResyncReason) {
        self.lanes.clear_stream(Some(tag));
        if let Some(feed) = self.signed_mut().and_then(|signed| signed.feed_mut(tag)) {
            feed.park();
        }
        self.push_resync(ctx, tag, reason);
    }

    fn push_resync(&mut self, ctx: &mut Ctx<'_>, tag: StreamTag, reason: ResyncReason) {
        ctx.stats.resyncs += 1;
        let resync = Control::from(Resync { stream: Followed::from(tag), reason });
        self.push_ordered(&resync, Mark::Resync(tag));
    }

    fn push_caught_up(&mut self, tag: StreamTag, seq: Seq) {
        let caught_up = Control::from(CaughtUp { stream: Followed::from(tag), seq });
        self.push_ordered(&caught_up, Mark::CaughtUp(tag));
    }

    /// A control message that has its place among the entries of its stream.
    fn push_ordered(&mut self, message: &Control, mark: Mark) {
        let header = Header::new(Class::Control, message.kind(), 0);
        self.lanes.push_stream(Queued { header, body: message.encode_body().into(), mark });
    }
}
