//! A device: the real client core, its outbox, and a disk that survives its program.
//!
//! Not known here: the server, and what other devices do.

use std::collections::{BTreeMap, VecDeque};

use relais_client::core::outbox::{Answer, Draft, DraftId, Fate, Next, Outbox, Record, signed_entry};
use relais_client::core::{Backoff, Credentials, Input, Link, Output, StopReason};
use relais_wire::control::{Cursor, OrgCursor};
use relais_wire::streams::{GetSnapshot, ListThreads, ThreadPlace};
use relais_wire::threads::{Append, SignedEntry};
use relais_wire::{
    CloseCode, DeviceId, Event as WireEvent, IdemKey, MsgId, OrgId, Reply, Request, SessionId, StreamTag,
    ThreadId, UserId,
};

use crate::event::Event;
use crate::guard::MARKER;
use crate::phone::Phone;
use crate::server::{read_core, write_core};
use crate::world::Env;

/// What is sent in one request at most, in bytes of payload.
const BATCH_BYTES: usize = 40 * 1024;

/// A device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) index: usize,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) device: DeviceId,
    pub(crate) orgs: Vec<OrgId>,
    pub(crate) disk: Disk,
    program: Option<Program>,
    /// Counts the lives of the program.
    pub(crate) life: u32,
    /// The server said that it must not come back.
    pub(crate) stopped: Option<CloseCode>,
    /// How often it was told to read a snapshot.
    pub(crate) resyncs: u64,
    /// Calls; forgotten with the program.
    pub(crate) phone: Phone,
    /// A list that it reads page by page.
    pub(crate) list: Option<Listing>,
}

/// What survives.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) credentials: Credentials,
    pub(crate) focus: Option<OrgId>,
    pub(crate) views: BTreeMap<Option<OrgId>, View>,
    journal: Vec<Record>,
    counts: BTreeMap<ThreadId, u64>,
    /// Drafts written, by thread, in order.
    pub(crate) written: BTreeMap<ThreadId, Vec<DraftId>>,
    /// Drafts the server acknowledged.
    pub(crate) acknowledged: BTreeMap<ThreadId, Vec<DraftId>>,
    /// Drafts refused for good.
    pub(crate) refused: Vec<(DraftId, relais_wire::ErrorCode)>,
}

/// What a device has of a stream: a snapshot, and every entry since.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) cursor: Cursor,
    /// Where the snapshot was cut.
    pub(crate) base: u64,
    /// Number and ids, in the order they were applied.
    pub(crate) entries: Vec<(u64, MsgId)>,
}

/// How far a list was read.
#[derive(Debug)]
pub(crate) struct Listing {
    org: Option<OrgId>,
    next: Option<ThreadPlace>,
    /// Threads named, in order.
    pub(crate) met: Vec<ThreadId>,
    pub(crate) is_whole: bool,
    /// The stream's cursor when the first page was asked for.
    pub(crate) from: u64,
}

/// What does not.
#[derive(Debug)]
struct Program {
    link: Link,
    outbox: Outbox,
    conn: Option<u64>,
    asked: BTreeMap<u64, Asked>,
    tokens: u64,
    received: VecDeque<(StreamTag, u64, Option<MsgId>)>,
    wait: Option<u64>,
    outbox_wait: Option<u64>,
}

#[derive(Debug)]
enum Asked {
    Append(ThreadId),
    Snapshot(StreamTag, Option<OrgId>),
    Call(Box<Request>),
    List,
}

impl Device {
    pub(crate) fn new(
        index: usize,
        user: UserId,
        device: DeviceId,
        credentials: Credentials,
        orgs: Vec<OrgId>,
    ) -> Self {
        let session = credentials.session;
        let disk = Disk {
            credentials,
            focus: orgs.first().copied(),
            views: BTreeMap::new(),
            journal: Vec::new(),
            counts: BTreeMap::new(),
            written: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            refused: Vec::new(),
        };
        Self {
            index,
            user,
            session,
            device,
            orgs,
            disk,
            program: None,
            life: 0,
            stopped: None,
            resyncs: 0,
            phone: Phone::default(),
            list: None,
        }
    }

    pub(crate) const fn is_running(&self) -> bool {
        self.program.is_some()
    }

    pub(crate) fn conn(&self) -> Option<u64> {
        self.program.as_ref()?.conn
    }

    pub(crate) fn wait(&self) -> Option<u64> {
        let program = self.program.as_ref()?;
        [program.wait, program.outbox_wait].into_iter().flatten().min()
    }

    pub(crate) fn has_sent_all(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.outbox.is_empty())
    }

    pub(crate) fn boot(&mut self, env: &mut Env) {
        if self.program.is_some() || self.stopped.is_some() {
            return;
        }
        let at = |context: Option<OrgId>| self.disk.views.get(&context).map(|view| view.cursor);
        let org = self.disk.focus.map(|org| OrgCursor { org, cursor: at(Some(org)) });
        let backoff = Backoff::new(env.rng.any(), 100, 10_000);
        let link = Link::new(self.disk.credentials.clone(), org, at(None), backoff);
        self.program = Some(Program {
            link,
            outbox: Outbox::restore(self.disk.journal.iter().cloned()),
            conn: None,
            asked: BTreeMap::new(),
            tokens: 0,
            received: VecDeque::new(),
            wait: None,
            outbox_wait: None,
        });
        self.turn(env, Input::Start);
    }

    /// The program dies; what it had received and not applied is gone.
    pub(crate) fn die(&mut self, env: &mut Env) {
        let Some(program) = self.program.take() else { return };
        self.life += 1;
        self.phone = Phone::default();
        if let Some(conn) = program.conn {
            env.net.device_closes(env.now, conn, &mut env.queue, &mut env.rng);
            env.net.forget_device(conn);
        }
    }

    pub(crate) fn connected(&mut self, env: &mut Env, conn: Option<u64>) {
        let Some(program) = &mut self.program else { return };
        program.conn = conn;
        match conn {
            Some(_) => self.turn(env, Input::Opened),
            None => self.turn(env, Input::Closed { code: None, reason: "" }),
        }
    }

    pub(crate) fn hears(&mut self, env: &mut Env, conn: u64, code: Option<u16>, reason: &str) {
        if self.conn() == Some(conn) {
            if let Some(program) = &mut self.program {
                program.conn = None;
            }
            self.turn(env, Input::Closed { code, reason });
        }
    }

    pub(crate) fn receives(&mut self, env: &mut Env, conn: u64, bytes: &[u8]) {
        if self.conn() == Some(conn) {
            self.turn(env, Input::Received(bytes));
        }
    }

    /// Writes a message: safe from now on.
    pub(crate) fn write(&mut self, env: &mut Env, thread: ThreadId, bytes: usize) {
        let count = self.disk.written.entry(thread).or_default().len();
        let mut body = format!("{MARKER} {} {count}", self.index).into_bytes();
        body.resize(body.len().max(bytes), b' ');
        let Some(program) = &mut self.program else { return };
        let Ok((id, record)) = program.outbox.write(thread, body) else { return };
        self.disk.journal.push(record);
        self.disk.written.entry(thread).or_default().push(id);
        env.counters.hit("message written");
        self.send(env);
    }

    /// Follows another organization, after everything received of the old one was applied.
    pub(crate) fn focus(&mut self, env: &mut Env, org: Option<OrgId>) {
        if self.program.is_none() {
            return;
        }
        self.apply(env);
        self.disk.focus = org;
        let cursor = self.disk.views.get(&org).filter(|_| org.is_some()).map(|view| view.cursor);
        env.counters.hit("focus switched");
        self.turn(env, Input::Focus { org, cursor });
    }

    /// Applies everything that was received: durable before it is reported.
    pub(crate) fn apply(&mut self, env: &mut Env) {
        while let Some((tag, seq, id)) =
            self.program.as_mut().and_then(|program| program.received.pop_front())
        {
            let context = self.context(tag);
            if let Some(view) = self.disk.views.get_mut(&context) {
                let last = view.cursor.seq.get();
                assert_eq!(seq, last + 1, "an entry lost, doubled or out of order at device {}", self.index);
                view.cursor.seq = view.cursor.seq.next();
                view.entries.extend(id.map(|id| (seq, id)));
                env.counters.hit("entry applied");
            }
            self.turn(env, Input::Applied { stream: tag, seq });
        }
    }

    fn context(&self, tag: StreamTag) -> Option<OrgId> {
        match tag {
            StreamTag::Org => self.disk.focus,
            StreamTag::Personal => None,
        }
    }

    pub(crate) fn timeout(&mut self, env: &mut Env) {
        self.turn(env, Input::Timeout);
        self.send(env);
    }

    fn turn(&mut self, env: &mut Env, input: Input<'_>) {
        let Some(program) = &mut self.program else { return };
        program.link.handle(env.now, input);
        loop {
            let Some(program) = &mut self.program else { return };
            let output = program.link.poll();
            if let Output::Wait(until) = output {
                program.wait = until;
                return;
            }
            self.act(env, output);
        }
    }

    fn act(&mut self, env: &mut Env, output: Output) {
        let (index, life) = (self.index, self.life);
        let Some(program) = &mut self.program else { return };
        match output {
            Output::Connect => {
                let at = env.now + env.rng.between(1, 80);
                env.queue.push(at, Event::Connects { device: index, life });
            }
            Output::Send(bytes) => {
                if let Some(conn) = program.conn {
                    env.net.send_up(env.now, conn, bytes, &mut env.queue, &mut env.rng);
                }
            }
            Output::Disconnect => {
                if let Some(conn) = program.conn.take() {
                    env.counters.hit("device gave a connection up");
                    env.net.device_closes(env.now, conn, &mut env.queue, &mut env.rng);
                    env.net.forget_device(conn);
                }
            }
            Output::Reply { token, result } => self.answered(env, token, result),
            Output::Online { .. } => {
                env.counters.hit("device came online");
                program.outbox.hurry();
                self.send(env);
                for request in self.phone.again() {
                    if !matches!(request, Request::GetCalls(_)) {
                        env.counters.hit("request about a call said again");
                    }
                    self.dial(env, request);
                }
            }
            Output::Stopped(StopReason::Closed(code)) => {
                self.stopped = Some(code);
                self.die(env);
            }
            Output::Credentials(credentials) => self.disk.credentials = credentials,
            Output::Entry { stream, seq, event } => {
                let id = event.ok().and_then(|event| id_of(&event));
                program.received.push_back((stream, seq, id));
                let at = env.now + env.rng.between(0, 15);
                env.queue.push(at, Event::Applies { device: index, life });
            }
            Output::Resync { stream, org, .. } => self.resync(env, stream, org),
            Output::Violation(violation) => env.violations.push(violation),
            Output::Hint(event) => {
                if let Some(request) = self.phone.hears((self.user, self.device), &event) {
                    self.dial(env, request);
                }
            }
            Output::CaughtUp(_)
            | Output::Offline { .. }
            | Output::Stopped(StopReason::Asked)
            | Output::Wait(_) => {}
        }
    }

    fn resync(&mut self, env: &mut Env, tag: StreamTag, org: Option<OrgId>) {
        self.resyncs += 1;
        let Some(program) = &mut self.program else { return };
        program.received.retain(|(of, _, _)| *of != tag);
        program.tokens += 1;
        let token = program.tokens;
        program.asked.insert(token, Asked::Snapshot(tag, org));
        self.turn(env, Input::Call { token, request: Request::GetSnapshot(GetSnapshot { org, page: None }) });
    }

    fn answered(&mut self, env: &mut Env, token: u64, result: Result<Reply, relais_client::core::CallError>) {
        let Some(program) = &mut self.program else { return };
        match program.asked.remove(&token) {
            Some(Asked::Append(thread)) => self.append_answered(env, thread, result),
            Some(Asked::Snapshot(tag, org)) => match result {
                Ok(Reply::Snapshot(snapshot)) if self.context(tag) == org => {
                    let cursor = snapshot.cursor;
                    let view = View { cursor, base: cursor.seq.get(), entries: Vec::new() };
                    self.disk.views.insert(org, view);
                    self.turn(env, Input::Follow { stream: tag, cursor });
                }
                // The focus moved on, or the connection went: the next `Hello` says the same again.
                Ok(_) => {}
                Err(_) => {
                    env.counters.hit("snapshot not read");
                    self.turn(env, Input::Unread { stream: tag });
                }
            },
            Some(Asked::Call(request)) => self.phone.answered(*request, result),
            Some(Asked::List) => self.listed(result),
            None => {}
        }
    }

    /// Says something about a call.
    pub(crate) fn dial(&mut self, env: &mut Env, request: Request) {
        let Some(program) = &mut self.program else { return };
        program.tokens += 1;
        let token = program.tokens;
        program.asked.insert(token, Asked::Call(Box::new(request.clone())));
        self.turn(env, Input::Call { token, request });
    }

    /// Begins to read a list from its newest thread on.
    pub(crate) fn begin_list(&mut self, org: Option<OrgId>) {
        let from = self.disk.views.get(&org).map_or(0, |view| view.cursor.seq.get());
        self.list = Some(Listing { org, next: None, met: Vec::new(), is_whole: false, from });
    }

    /// Asks for the next page. Where no answer comes, the same one is asked for the next time.
    pub(crate) fn turn_page(&mut self, env: &mut Env) {
        let (Some(program), Some(list)) = (&mut self.program, &self.list) else { return };
        if list.is_whole || program.asked.values().any(|asked| matches!(asked, Asked::List)) {
            return;
        }
        program.tokens += 1;
        let token = program.tokens;
        program.asked.insert(token, Asked::List);
        let request = ListThreads { org: list.org, before: list.next, max: 50 };
        self.turn(env, Input::Call { token, request: Request::ListThreads(request) });
    }

    fn listed(&mut self, result: Result<Reply, relais_client::core::CallError>) {
        let (Some(list), Ok(Reply::ThreadList(page))) = (&mut self.list, result) else { return };
        list.met.extend(page.threads.iter().map(|card| card.thread));
        list.is_whole = page.next.is_none();
        list.next = page.next;
    }

    fn append_answered(
        &mut self,
        env: &mut Env,
        thread: ThreadId,
        result: Result<Reply, relais_client::core::CallError>,
    ) {
        use relais_client::core::CallError;
        let answer = match result {
            Ok(Reply::Appended(_)) => Answer::Accepted,
            Err(CallError::Refused(refusal)) => {
                env.counters.hit(&format!("append refused as {:?}", refusal.code));
                Answer::Refused(refusal)
            }
            Ok(_) | Err(CallError::NotSent | CallError::Lost | CallError::Undecodable) => {
                env.counters.hit("append without an answer");
                Answer::Lost
            }
        };
        let Some(program) = &mut self.program else { return };
        let entries = program.outbox.underway(thread).map_or(0, |append| append.entries.len());
        let (fate, record) = program.outbox.answered(thread, env.now, answer);
        self.disk.journal.extend(record);
        match fate {
            Fate::Underway => {}
            Fate::Stuck(_) => env.counters.hit("drafts held"),
            Fate::Accepted(drafts) => {
                *self.disk.counts.entry(thread).or_default() += u64::try_from(entries).unwrap_or(0);
                env.counters.add("message acknowledged", u64::try_from(drafts.len()).unwrap_or(0));
                self.disk.acknowledged.entry(thread).or_default().extend(drafts);
            }
            Fate::Refused(drafts, refusal) => {
                self.disk.refused.extend(drafts.into_iter().map(|draft| (draft, refusal.code)));
            }
        }
        self.send(env);
    }

    /// Seals and sends what the outbox has.
    fn send(&mut self, env: &mut Env) {
        loop {
            let Some(program) = &mut self.program else { return };
            if !program.link.is_live() {
                // Written and safe; it goes when the connection is there.
                program.outbox_wait = None;
                return;
            }
            match program.outbox.next(env.now) {
                Next::Seal { thread, drafts } => {
                    let aseq = self.disk.counts.get(&thread).copied().unwrap_or(0);
                    let (count, entries) = batch(env, aseq, &drafts);
                    let key = IdemKey::from_bytes(env.rng.bytes16());
                    let record = program.outbox.sealed(thread, count, key, entries);
                    self.disk.journal.extend(record);
                }
                Next::Send(append) => self.call(env, append),
                Next::Wait(until) => {
                    program.outbox_wait = until;
                    return;
                }
            }
        }
    }

    fn call(&mut self, env: &mut Env, append: Append) {
        let Some(program) = &mut self.program else { return };
        program.tokens += 1;
        let token = program.tokens;
        program.asked.insert(token, Asked::Append(append.thread));
        self.turn(env, Input::Call { token, request: Request::Append(append) });
    }
}

/// Seals as many drafts as fit, behind an epoch where one is due; answers how many.
fn batch(env: &mut Env, mut aseq: u64, drafts: &[Draft]) -> (usize, Vec<SignedEntry>) {
    let mut entries = Vec::new();
    let mut sign = |env: &mut Env, payload: &[u8]| {
        aseq += 1;
        let core = write_core(aseq, MsgId::from_bytes(env.rng.bytes16()));
        entries.push(signed_entry(&core, payload, &[0; 64]));
    };
    if env.rng.chance(env.chaos.epochs) {
        env.counters.hit("epoch in front");
        sign(env, &[]);
    }
    let (mut count, mut bytes) = (0, 0);
    for draft in drafts {
        bytes += draft.body.len();
        if bytes > BATCH_BYTES && count > 0 {
            break;
        }
        count += 1;
        sign(env, &seal(&draft.body));
    }
    (count, entries)
}

/// Stands for encryption: nothing that was planted is left readable.
pub(crate) fn seal(body: &[u8]) -> Vec<u8> {
    body.iter().map(|byte| byte ^ 0xa5).collect()
}

fn id_of(event: &WireEvent) -> Option<MsgId> {
    let WireEvent::EntriesAppended(appended) = event else { return None };
    let entry = appended.entries.first()?;
    read_core(entry.core.as_slice()).map(|(_, id)| id)
}
