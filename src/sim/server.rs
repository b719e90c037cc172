//! The server: hub and store as they are, and a translator that plays the services between them.
//!
//! Not known here: devices, beyond the keys that prove their sessions.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;
use relais_call::Desk;
use relais_care::audit::{Actor, AuditEntry, Event as Audited};
use relais_chain::entry::{Anchor, Kind};
use relais_chain::head::{Claim, Phase};
use relais_client::core::Credentials;
use relais_hub::{
    Admitted, AppliedMarks, Config, Conn, Delivery, Entry, Hub, Input, Output, Page, ReadNo, Recipient,
    Revoked,
};
use relais_store::facts::stream::{ResyncReason, StreamBody, StreamEntry, StreamPage};
use relais_store::facts::thread::{Participant, Party, Standing, Thread};
use relais_store::reads::{IdemLookup, IdemOutcome, StreamAfter, StreamHeads, ThreadsOf};
use relais_store::{
    Append, AuditLine, Chore, Commit, CommitError, Domain, Durability, Embedded, EventBody, Idem, NewEvent,
    NewThread, Options, ReadError, Receipt, Refusal as StoreRefusal, Store, StreamId, Write,
};
use relais_wire::control::{Cursor, HelloSession};
use relais_wire::events::EntriesAppended;
use relais_wire::streams::{
    GetSnapshot, ListThreads, Pull, Snapshot, StreamItem, StreamPage as WirePage, ThreadList, ThreadPlace,
};
use relais_wire::threads::{
    Appended, PartyState, Receipt as WireReceipt, SignedEntry, StoredEntry, ThreadCard,
};
use relais_wire::{
    Bin, Bytes32, CloseCode, DeviceId, Epoch, ErrorCode, Event as WireEvent, Millis, MsgId, OrgId, Refusal,
    Reply, Request, Seq, SessionId, ThreadId, UserId, codec,
};

use crate::event::{Event, Job};
use crate::trap::{Next, Trap};
use crate::world::Env;

/// Entries of a page: few, so that a replay takes several.
const PAGE_ENTRIES: u32 = 16;

/// Threads of a page of a list.
const LIST_THREADS: u32 = 2;

/// Turns of the hub from one check of its invariants to the next.
const CHECK_EVERY: u64 = 8;

/// A session that the server knows.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) credentials: Credentials,
    pub(crate) orgs: Vec<OrgId>,
}

/// The server, through all lives of its process.
#[derive(Debug)]
pub(crate) struct Server {
    dir: tempfile::TempDir,
    /// Counts the lives; work begun in an earlier one is void.
    pub(crate) life: u32,
    process: Option<Process>,
    trap: Arc<Trap>,
    epoch: Epoch,
    pub(crate) sessions: BTreeMap<SessionId, Known>,
    pub(crate) revoked: BTreeSet<SessionId>,
    /// Participants' streams, by thread.
    pub(crate) threads: BTreeMap<ThreadId, Vec<StreamId>>,
    /// Everything that was committed, for restoring a backup.
    history: Vec<Domain>,
    /// What the hub reported as applied, for the world to check.
    pub(crate) reported: Vec<(DeviceId, AppliedMarks)>,
}

#[derive(Debug)]
struct Process {
    store: Embedded,
    hub: Hub,
    wait: Option<u64>,
    interest: BTreeSet<UserId>,
    turns: u64,
    desk: Desk,
    /// Whose connections these are.
    lines: BTreeMap<Conn, (UserId, DeviceId)>,
}

impl Server {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            dir: folder(),
            life: 0,
            process: None,
            trap: Arc::default(),
            epoch,
            sessions: BTreeMap::new(),
            revoked: BTreeSet::new(),
            threads: BTreeMap::new(),
            history: Vec::new(),
            reported: Vec::new(),
        }
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.process.is_some()
    }

    pub(crate) fn store(&self) -> &Embedded {
        &self.process.as_ref().expect("asked while the server is up").store
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.process.as_ref().expect("asked while the server is up").hub
    }

    pub(crate) fn wait(&self) -> Option<u64> {
        let process = self.process.as_ref()?;
        [process.wait, process.desk.wakes_at()].into_iter().flatten().min()
    }

    /// What was due, of the hub and of calls.
    pub(crate) fn timeout(&mut self, env: &mut Env) {
        self.turn(env, Input::Timeout);
        self.call_time(env);
    }

    pub(crate) fn desk(&self) -> Option<&Desk> {
        self.process.as_ref().map(|process| &process.desk)
    }

    pub(crate) fn desk_mut(&mut self) -> Option<&mut Desk> {
        self.process.as_mut().map(|process| &mut process.desk)
    }

    pub(crate) const fn trap(&self) -> &Arc<Trap> {
        &self.trap
    }

    /// The server learns that a connection is gone.
    pub(crate) fn hears_end(&mut self, env: &mut Env, conn: Conn) {
        self.turn(env, Input::Closed { conn });
        self.hung_up(env, conn);
    }

    fn hung_up(&mut self, env: &mut Env, conn: Conn) {
        let gone = self.process.as_mut().and_then(|process| process.lines.remove(&conn));
        if let Some((user, device)) = gone {
            self.call_gone(env, user, device);
        }
    }

    pub(crate) fn arm(&self, next: Next) {
        self.trap.set(Some(next));
    }

    pub(crate) fn disarm(&self) {
        self.trap.set(None);
    }

    pub(crate) fn boot(&mut self, env: &mut Env) {
        if self.process.is_some() {
            return;
        }
        let options = Options {
            durability: Durability::DangerousUnsynced,
            readers: 1,
            epoch: Some(self.epoch),
            fault: Some(Arc::clone(&self.trap) as Arc<dyn relais_store::embedded::Fault>),
            ..Options::plain(self.dir.path())
        };
        let store = Embedded::open(&options).expect("the folder is this run's own");
        let hub = Hub::new(Config::new(store.epoch()), env.rng.any());
        env.counters.hit("server started");
        self.process = Some(Process {
            store,
            hub,
            wait: None,
            interest: BTreeSet::new(),
            turns: 0,
            desk: Desk::default(),
            lines: BTreeMap::new(),
        });
        self.recover_calls(env);
    }

    /// The process ends without a word.
    pub(crate) fn die(&mut self, env: &mut Env) {
        let Some(process) = self.process.take() else { return };
        self.disarm();
        env.counters.hub(process.hub.stats());
        drop(process);
        self.life += 1;
        let silently = env.rng.chance(10);
        env.net.server_dies(env.now, silently, &mut env.queue, &mut env.rng);
        let at = env.now + env.rng.between(50, 4_000);
        env.queue.push(at, Event::Boot);
    }

    /// A backup that holds the first commits only takes the place of the store; its history is another one.
    pub(crate) fn restore(&mut self, env: &mut Env, commits: usize, epoch: Epoch) {
        self.die(env);
        (self.dir, self.epoch) = (folder(), epoch);
        self.boot(env);
        self.history.truncate(commits);
        for domain in &self.history {
            self.store().commit_blocking(domain.clone()).expect("it was accepted before");
        }
    }

    pub(crate) const fn commits(&self) -> usize {
        self.history.len()
    }

    pub(crate) fn create_thread(&mut self, now: u64, thread: ThreadId, streams: Vec<StreamId>) {
        let domain = Domain::new(now, line(streams.first().map_or(UserId::from_bytes([0; 16]), |s| s.user)));
        let founder = (UserId::from_bytes([0; 16]), DeviceId::from_bytes([0; 16]));
        let zero = relais_chain::hash::head_zero(thread);
        let create = SignedEntry {
            core: Bin(write_core(1, MsgId::from_bytes([0; 16]))),
            payload: Bin::default(),
            sig: Bin(vec![0; 64]),
        };
        let mut create = entry_of(thread, founder, &create).expect("a core of this file's own making");
        create.claim = Claim {
            kind: Kind::Create,
            entry: founding(),
            ctrl_head: Some(zero),
            against: zero,
            ..create.claim
        };
        let mut domain = domain.write(NewThread { thread, org: None, kind: 1 }).write(create);
        for stream in &streams {
            domain = domain.write(Write::PutParticipant(thread, participant(*stream)));
        }
        self.store().commit_blocking(domain.clone()).expect("a new thread in an empty store");
        self.history.push(domain);
        self.threads.insert(thread, streams);
    }

    /// One turn of the hub.
    pub(crate) fn turn(&mut self, env: &mut Env, input: Input) {
        let Some(process) = &mut self.process else { return };
        process.hub.handle(env.now, input);
        loop {
            let Some(process) = &mut self.process else { return };
            let output = process.hub.poll();
            if let Output::Wait(until) = output {
                process.wait = until;
                process.turns += 1;
                // It looks at everything, and the hub's own tests call it after every turn.
                if process.turns % CHECK_EVERY == 0 {
                    process.hub.check();
                }
                return;
            }
            self.act(env, output);
        }
    }

    fn act(&mut self, env: &mut Env, output: Output) {
        let life = self.life;
        let job = match output {
            Output::Send { conn, header, body } => {
                let bytes = [&header[..], &body].concat();
                return env.net.send_down(env.now, conn.0, bytes, &mut env.queue, &mut env.rng);
            }
            Output::Close { conn, code, retry_after_ms } => {
                env.counters.hit(&format!("closed as {code:?}"));
                env.net.server_closes(env.now, conn.0, code.code(), retry_after_ms, &mut env.queue);
                env.net.forget_server(conn.0);
                return self.hung_up(env, conn);
            }
            Output::Interest { user, on } => {
                if let Some(process) = &mut self.process {
                    if on {
                        process.interest.insert(user)
                    } else {
                        process.interest.remove(&user)
                    };
                }
                return;
            }
            Output::Applied { user, device, marks } => return self.applied(env, user, device, marks),
            Output::CheckHello { conn, nonce, hello } => Job::Hello { conn, nonce, hello },
            Output::Read { conn, read, user, context, after, max } => {
                Job::Read { conn, read, user, context, after, max }
            }
            Output::Follow { conn, follow, user, context, .. } => Job::Follow { conn, follow, user, context },
            Output::Request { conn, by, id, kind, body } => Job::Request { conn, by, id, kind, body },
            Output::Wait(_) => return,
        };
        let at = env.now + env.rng.between(0, 25);
        env.queue.push(at, Event::Serve { life, job });
    }

    fn applied(&mut self, env: &mut Env, user: UserId, device: DeviceId, marks: AppliedMarks) {
        self.reported.push((device, marks));
        let org = marks.org.map(|(org, seq)| (Some(org), seq));
        let personal = marks.personal.map(|seq| (None, seq));
        let chore = |(context, upto)| Chore::Applied { stream: StreamId::new(user, context), device, upto };
        let chores: Vec<Chore> = org.into_iter().chain(personal).map(chore).collect();
        env.counters.hit("receipts kept");
        let outcome = self.store().commit_blocking(Commit::Housekeeping { at_ms: env.now, chores });
        if let Err(error) = outcome {
            self.failed(env, &error);
        }
    }

    /// What a failed commit means for the process, and for whoever asked.
    pub(crate) fn failed(&mut self, env: &mut Env, error: &CommitError) -> Option<Refusal> {
        match error {
            CommitError::Unknown | CommitError::Fatal(_) | CommitError::Internal => {
                env.counters.hit("server stopped by its store");
                self.die(env);
                None
            }
            CommitError::DiskFull => Some(Refusal::retry(ErrorCode::StorageFull, 300)),
            CommitError::Overloaded => Some(Refusal::retry(ErrorCode::Overloaded, 300)),
            CommitError::Refused(StoreRefusal::IdemReused) => {
                Some(Refusal::new(ErrorCode::IdempotencyMismatch))
            }
            CommitError::Refused(_) => Some(Refusal::new(ErrorCode::Forbidden)),
        }
    }

    pub(crate) fn serve(&mut self, env: &mut Env, job: Job) {
        match job {
            Job::Hello { conn, nonce, hello } => self.hello(env, conn, nonce, &hello),
            Job::Read { conn, read, user, context, after, max } => {
                let (stream, max) = (StreamId::new(user, context), max.min(PAGE_ENTRIES));
                self.read(env, (conn, read), StreamAfter { stream, after, max });
            }
            Job::Follow { conn, follow, user, context } => {
                let allowed = self
                    .sessions
                    .values()
                    .any(|known| known.user == user && context.is_none_or(|org| known.orgs.contains(&org)));
                let head = if allowed {
                    Ok(self.head(StreamId::new(user, context)))
                } else {
                    Err(ErrorCode::Forbidden)
                };
                let head = head.map_err(Refusal::new);
                self.turn(env, Input::Followed { conn, follow, head });
            }
            Job::Request { conn, by, id, kind, body } => {
                let Some(answer) = self.request(env, by, kind, &body) else { return };
                let (refusal, body) = match answer {
                    Ok(reply) => (false, codec::encode(&reply)),
                    Err(refusal) => (true, codec::encode(&refusal)),
                };
                self.turn(env, Input::Reply { conn, id, refusal, body: body.into() });
            }
        }
    }

    fn hello(&mut self, env: &mut Env, conn: Conn, nonce: [u8; 32], hello: &HelloSession) {
        let known = self.sessions.get(&hello.session).cloned();
        let proves = |known: &Known| {
            let mut own = HelloSession { proof: Bin::default(), ..hello.clone() };
            known.credentials.prove_hello(&nonce, &mut own);
            own.proof == hello.proof
        };
        let Some(known) = known.filter(proves) else {
            return self.turn(env, Input::HelloRefused { conn, code: CloseCode::AuthFailed });
        };
        if self.revoked.contains(&hello.session) {
            return self.turn(env, Input::HelloRefused { conn, code: CloseCode::Revoked });
        }
        let org = hello.org.as_ref().map(|org| org.org).filter(|org| known.orgs.contains(org));
        let admitted = Admitted {
            user: known.user,
            session: hello.session,
            device: known.device,
            expires_at: None,
            personal_head: self.head(StreamId::new(known.user, None)),
            org_head: org.map(|org| self.head(StreamId::new(known.user, Some(org)))),
            ticket: Some(Bin(env.rng.bytes32().to_vec())),
            rekey: None,
        };
        self.turn(env, Input::HelloAccepted { conn, admitted: Box::new(admitted) });
        if let Some(process) = &mut self.process {
            process.lines.insert(conn, (known.user, known.device));
        }
        self.call_hello(env, known.user);
    }

    pub(crate) fn head(&self, stream: StreamId) -> Seq {
        let heads = self.store().read_blocking(StreamHeads(vec![stream])).expect("reads do not fail here");
        heads.first().copied().unwrap_or(Seq::ZERO)
    }

    fn read(&mut self, env: &mut Env, (conn, read): (Conn, ReadNo), query: StreamAfter) {
        let page = if env.rng.chance(env.chaos.reads_fail) {
            env.counters.hit("page not given by the store");
            Page::Unavailable
        } else {
            match self.store().read_blocking(query) {
                Ok(StreamPage::Entries { entries, head }) => {
                    let entry = |entry: &StreamEntry| {
                        let (kind, body) = event_of(entry);
                        Entry { seq: entry.seq, kind, body }
                    };
                    let bytes = |entry: &Entry| entry.body.len();
                    Page::Entries { entries: one_page(entries.iter().map(entry), bytes), head }
                }
                Ok(StreamPage::Resync { reason: ResyncReason::Pruned, .. }) => Page::TooOld,
                Ok(StreamPage::Resync { reason: ResyncReason::Ahead, .. }) => Page::Ahead,
                Err(ReadError::Overloaded | ReadError::Damaged | ReadError::Stopped(_)) => Page::Unavailable,
            }
        };
        self.turn(env, Input::Page { conn, read, page });
    }

    fn request(
        &mut self,
        env: &mut Env,
        by: Option<(UserId, SessionId, DeviceId)>,
        kind: u16,
        body: &[u8],
    ) -> Option<Result<Reply, Refusal>> {
        let Some((user, _, device)) = by else { return Some(Err(Refusal::new(ErrorCode::Unauthenticated))) };
        match Request::decode(kind, body) {
            Ok(Request::Append(append)) => self.append(env, (user, device), &append, body),
            Ok(Request::GetSnapshot(GetSnapshot { org, .. })) => {
                if env.rng.chance(env.chaos.snapshots_fail) {
                    env.counters.hit("snapshot refused");
                    return Some(Err(Refusal::retry(ErrorCode::Overloaded, 300)));
                }
                env.counters.hit("snapshot read");
                let cursor = Cursor { epoch: self.store().epoch(), seq: self.head(StreamId::new(user, org)) };
                let (teams, threads) = (vec![], vec![]);
                Some(Ok(Snapshot { cursor, org: None, teams, threads, next: None, older: None }.into()))
            }
            Ok(Request::Pull(pull)) => Some(self.pull(env, user, &pull)),
            Ok(Request::ListThreads(list)) => Some(self.list(env, user, &list)),
            Ok(request) => self.call_request(env, (user, device), request),
            Err(_) => Some(Err(Refusal::new(ErrorCode::Malformed))),
        }
    }

    /// A page of few threads, so that a list takes several.
    fn list(&self, env: &mut Env, user: UserId, list: &ListThreads) -> Result<Reply, Refusal> {
        env.counters.hit("page of a list read");
        let before = list.before.map(|place| (place.at.get(), place.thread));
        let query = ThreadsOf {
            party: Party::User(user),
            context: list.org,
            before,
            max: list.max.min(LIST_THREADS),
        };
        let Ok(rows) = self.store().read_blocking(query) else {
            return Err(Refusal::retry(ErrorCode::Unavailable, 300));
        };
        let threads: Vec<ThreadCard> = rows.iter().map(|(thread, _)| card(thread)).collect();
        let next = threads.last().map(|card| ThreadPlace { at: card.at, thread: card.thread });
        Ok(ThreadList { threads, next }.into())
    }

    fn pull(&mut self, env: &mut Env, user: UserId, pull: &Pull) -> Result<Reply, Refusal> {
        env.counters.hit("page pulled by a device");
        let query =
            StreamAfter { stream: StreamId::new(user, pull.org), after: pull.after.seq, max: pull.max };
        match self.store().read_blocking(query) {
            Ok(StreamPage::Entries { entries, head }) => {
                let item = |entry: &StreamEntry| {
                    let (kind, body) = event_of(entry);
                    StreamItem { seq: entry.seq, kind, body: Bin(body.to_vec()) }
                };
                let bytes = |item: &StreamItem| item.body.len();
                Ok(WirePage { entries: one_page(entries.iter().map(item), bytes), head }.into())
            }
            Ok(StreamPage::Resync { .. }) => Err(Refusal::new(ErrorCode::Conflict)),
            Err(_) => Err(Refusal::retry(ErrorCode::Unavailable, 300)),
        }
    }

    fn append(
        &mut self,
        env: &mut Env,
        (user, device): (UserId, DeviceId),
        append: &relais_wire::threads::Append,
        body: &[u8],
    ) -> Option<Result<Reply, Refusal>> {
        if append.entries.len() > relais_wire::limits::ENTRIES_PER_APPEND {
            return Some(Err(Refusal::new(ErrorCode::Malformed)));
        }
        let request = hash(b"request", body);
        let lookup = IdemLookup { user, key: append.idem, request };
        match self.store().read_blocking(lookup) {
            Ok(IdemOutcome::Done(receipt)) => {
                env.counters.hit("request replayed");
                return Some(Ok(appended(&receipt).into()));
            }
            Ok(IdemOutcome::Reused) => return Some(Err(Refusal::new(ErrorCode::IdempotencyMismatch))),
            Ok(IdemOutcome::New) => {}
            Err(_) => return Some(Err(Refusal::retry(ErrorCode::Unavailable, 300))),
        }
        let streams = self.threads.get(&append.thread)?.clone();
        let idem = Idem { user, key: append.idem, request, note: Bytes::new().into() };
        let mut domain = Domain::new(env.now, line(user)).idem(idem);
        for (index, entry) in append.entries.iter().enumerate() {
            let Some(write) = entry_of(append.thread, (user, device), entry) else {
                return Some(Err(Refusal::new(ErrorCode::Malformed)));
            };
            domain = domain.write(write);
            domain = domain.event(NewEvent { to: streams.clone(), body: EventBody::Appended(index) });
        }
        let armed = self.trap.is_set();
        let outcome = self.store().commit_blocking(domain.clone());
        if let Some(next) = armed.filter(|_| self.trap.is_set().is_none()) {
            env.counters.hit(next.name());
        }
        // After a crash behind the sync the facts are there although nobody was told.
        if outcome.is_ok() || (outcome == Err(CommitError::Unknown) && armed == Some(Next::CrashAfterSync)) {
            self.history.push(domain);
        }
        match outcome {
            Ok(receipt) => {
                self.deliver(env, append, &receipt);
                Some(Ok(appended(&receipt).into()))
            }
            Err(error) => self.failed(env, &error).map(Err),
        }
    }

    /// Brings what was committed to the hub, over a bus that loses, doubles and delays.
    fn deliver(&mut self, env: &mut Env, append: &relais_wire::threads::Append, receipt: &Receipt) {
        let life = self.life;
        let Some(process) = &self.process else { return };
        for ((entry, at), streams) in append.entries.iter().zip(&receipt.entries).zip(&receipt.streams) {
            let stored = StoredEntry {
                n: at.n,
                at: Millis::saturating(at.at_ms),
                core: entry.core.clone(),
                payload: Some(entry.payload.clone()),
                payload_hash: None,
                sig: entry.sig.clone(),
            };
            let event = WireEvent::from(EntriesAppended { thread: append.thread, entries: vec![stored] });
            let wanted = streams.iter().filter(|(stream, _)| process.interest.contains(&stream.user));
            let to = wanted.map(|(stream, seq)| Recipient {
                user: stream.user,
                context: stream.context,
                seq: *seq,
            });
            let delivery =
                Delivery { kind: event.kind(), body: event.encode_body().into(), to: to.collect() };
            let (times, late) = env.bus();
            for _ in 0..times {
                let at = env.now + if late { env.rng.between(50, 1_500) } else { 0 };
                let input = Box::new(Input::Deliver(delivery.clone()));
                env.queue.push(at, Event::Bus { life, input });
            }
        }
    }

    pub(crate) fn revoke(&mut self, env: &mut Env, session: SessionId) {
        self.revoked.insert(session);
        if let Some(known) = self.sessions.get(&session).cloned() {
            env.counters.hit("session revoked");
            self.turn(env, Input::Revoke { user: known.user, which: Revoked::Session(session) });
        }
    }

    /// [`Self::tell_heads`], unless the server is down.
    pub(crate) fn tell_heads_if_up(&mut self, env: &mut Env) {
        if self.is_up() {
            env.counters.hit("heads told");
            self.tell_heads(env);
        }
    }

    /// Says where all streams end: what a shell does that knows that it dropped deliveries.
    pub(crate) fn tell_heads(&mut self, env: &mut Env) {
        let streams: BTreeSet<StreamId> = self.threads.values().flatten().copied().collect();
        let streams: Vec<StreamId> = streams.into_iter().collect();
        let heads = self.store().read_blocking(StreamHeads(streams.clone())).expect("reads do not fail here");
        for (stream, head) in streams.into_iter().zip(heads) {
            self.turn(env, Input::Head { user: stream.user, context: stream.context, head });
        }
    }
}

fn folder() -> tempfile::TempDir {
    // Memory where there is some to be had: these runs are about order, and the store has its own tests of disks.
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the run")
}

pub(crate) fn line(user: UserId) -> AuditLine {
    AuditLine { log: None, entry: AuditEntry::new(None, Actor::User(user), Audited::DiscussionUpdate) }
}

/// Not a cryptographic hash: signatures are not what is simulated.
pub(crate) fn hash(label: &[u8], bytes: &[u8]) -> Bytes32 {
    let mut hasher = DefaultHasher::new();
    (label, bytes).hash(&mut hasher);
    let mut rng = crate::rng::Rng::new(hasher.finish());
    Bytes32::from_bytes(rng.bytes32())
}

fn entry_of(thread: ThreadId, (author, device): (UserId, DeviceId), entry: &SignedEntry) -> Option<Append> {
    let (aseq, msg_id) = read_core(entry.core.as_slice())?;
    let zero = relais_chain::hash::head_zero(thread);
    let claim = Claim {
        kind: Kind::Message,
        entry: hash(b"entry", entry.core.as_slice()),
        epoch: 0,
        aseq: aseq.get(),
        key_generation: 1,
        anchor: Anchor { seq: 0, head: zero },
        ctrl_head: None,
        against: relais_chain::hash::head(&zero, 1, &founding()),
        next_epoch: 0,
        next_phase: Phase::Open,
    };
    Some(Append {
        thread,
        msg_id,
        author,
        device,
        claim,
        core: entry.core.as_slice().into(),
        payload_hash: hash(b"payload", entry.payload.as_slice()),
        payload: entry.payload.as_slice().into(),
        sig: entry.sig.as_slice().try_into().ok()?,
    })
}

/// The hash of every thread's `create`.
fn founding() -> Bytes32 {
    hash(b"create", b"")
}

/// The core of a simulated entry: the author's count and the id.
pub(crate) fn write_core(aseq: u64, msg_id: MsgId) -> Vec<u8> {
    [&aseq.to_be_bytes()[..], msg_id.as_bytes()].concat()
}

/// Takes it apart.
pub(crate) fn read_core(core: &[u8]) -> Option<(Seq, MsgId)> {
    let (aseq, id) = core.split_first_chunk::<8>()?;
    Some((Seq::new(u64::from_be_bytes(*aseq)).ok()?, MsgId::try_from(id).ok()?))
}

fn appended(receipt: &Receipt) -> Appended {
    let one = |entry: &relais_store::EntryReceipt| WireReceipt {
        n: entry.n,
        head: entry.head,
        at: Millis::saturating(entry.at_ms),
        sig: Bin::default(),
    };
    Appended { receipts: receipt.entries.iter().map(one).collect() }
}

/// As many as one page takes; the store's own pages are longer.
fn one_page<T>(items: impl Iterator<Item = T>, bytes: impl Fn(&T) -> usize) -> Vec<T> {
    let mut room = relais_wire::limits::PAGE_BYTES_MAX;
    let mut page = Vec::new();
    for item in items {
        let len = bytes(&item);
        if len > room && !page.is_empty() {
            break;
        }
        room = room.saturating_sub(len);
        page.push(item);
    }
    page
}

/// What a device is told of an entry of its stream; the same bytes whether live or read later.
fn event_of(entry: &StreamEntry) -> (u16, Bytes) {
    let StreamBody::Entry(entry) = &entry.body else { return (0, Bytes::new()) };
    let stored = StoredEntry {
        n: entry.n,
        at: Millis::saturating(entry.at_ms),
        core: Bin::from(entry.core.as_slice()),
        payload: entry.payload.as_ref().map(|payload| Bin::from(payload.as_slice())),
        payload_hash: None,
        sig: Bin::from(&entry.sig[..]),
    };
    let event = WireEvent::from(EntriesAppended { thread: entry.thread, entries: vec![stored] });
    (event.kind(), event.encode_body().into())
}

/// The part of a stream's reader in a thread.
const fn participant(stream: StreamId) -> Participant {
    Participant {
        party: Party::User(stream.user),
        as_org: stream.context,
        standing: Standing::Active,
        role: 0,
        visible_from: Seq::ZERO,
        visible_to: None,
        triage: None,
        responsible: None,
        invite_key: None,
    }
}

fn card(thread: &Thread) -> ThreadCard {
    ThreadCard {
        thread: thread.thread,
        len: thread.n,
        head: thread.head,
        ctrl_head: thread.ctrl_head,
        epoch: u32::try_from(thread.epoch).unwrap_or(u32::MAX),
        first: Seq::ZERO,
        read: Seq::ZERO,
        at: Millis::saturating(thread.last_ms),
        closed: false,
        state: PartyState::Active,
        parties: vec![],
        more_parties: 0,
    }
}
