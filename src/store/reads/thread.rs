//! Reads of threads, their entries, participants and read cursors.

use relais_chain::head::{HeadState, Phase};
use relais_wire::ids::{Bytes32, DeviceId, MsgId, OrgId, Seq, ThreadId, UserId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, decoded, maybe, page, seq, tagged};
use crate::{
    facts::thread::{Entry, KeptState, Participant, Party, ReadCursor, Standing, Thread, Triage},
    limits,
};

/// The columns [`thread`] reads, in order.
pub(super) const THREAD_COLUMNS: &str = "t.n, t.head, t.ctrl_n, t.ctrl_head, t.epoch, t.phase, t.thread, t.org, t.kind, \
     t.closed_ms, t.created_ms, t.last_ms";

pub(super) fn thread(row: &Row<'_>) -> rusqlite::Result<Thread> {
    let id = ThreadId::from_bytes(row.get(6)?);
    let HeadState { thread, head, ctrl_head, epoch, phase, .. } = position(row, 0, id)?;
    Ok(Thread {
        thread,
        org: maybe(row, 7, OrgId::from_bytes)?,
        kind: row.get(8)?,
        n: seq(row, 0)?,
        head,
        ctrl_n: seq(row, 2)?,
        ctrl_head,
        epoch,
        phase,
        closed_ms: row.get(9)?,
        created_ms: row.get(10)?,
        last_ms: row.get(11)?,
    })
}

/// `n, head, ctrl_n, ctrl_head, epoch, phase` from a column on.
pub(crate) fn position(row: &Row<'_>, at: usize, thread: ThreadId) -> rusqlite::Result<HeadState> {
    Ok(HeadState {
        thread,
        n: row.get(at)?,
        head: Bytes32::from_bytes(row.get(at + 1)?),
        ctrl_n: row.get(at + 2)?,
        ctrl_head: Bytes32::from_bytes(row.get(at + 3)?),
        epoch: row.get(at + 4)?,
        phase: decoded(row, at + 5, phase)?,
    })
}

/// Stored number of a phase.
pub(crate) const fn phase_number(phase: Phase) -> u8 {
    match phase {
        Phase::Open => 0,
        Phase::EpochDue => 1,
        Phase::Closed => 2,
    }
}

const fn phase(number: u8) -> Option<Phase> {
    match number {
        0 => Some(Phase::Open),
        1 => Some(Phase::EpochDue),
        2 => Some(Phase::Closed),
        _ => None,
    }
}

/// One thread's row.
#[derive(Clone, Copy, Debug)]
pub struct ThreadById(pub ThreadId);

impl Query for ThreadById {
    type Out = Option<Thread>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let sql = format!("SELECT {THREAD_COLUMNS} FROM thread t WHERE t.thread = ?1");
        snapshot.one(&sql, [self.0.as_bytes()], thread)
    }
}

pub(super) fn participant(row: &Row<'_>, at: usize) -> rusqlite::Result<Participant> {
    let triage = row.get::<_, Option<u8>>(at + 7)?;
    Ok(Participant {
        party: tagged(row, at, Party::from_parts)?,
        as_org: maybe(row, at + 2, OrgId::from_bytes)?,
        standing: decoded(row, at + 3, Standing::from_number)?,
        role: row.get(at + 4)?,
        visible_from: seq(row, at + 5)?,
        visible_to: row.get::<_, Option<u64>>(at + 6)?.map(|_| seq(row, at + 6)).transpose()?,
        triage: triage.map(|_| decoded(row, at + 7, Triage::from_number)).transpose()?,
        responsible: maybe(row, at + 8, UserId::from_bytes)?,
        invite_key: row.get::<_, Option<[u8; 32]>>(at + 9)?.map(Bytes32::from_bytes),
    })
}

/// The latest state of a thread that was kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptThreadState(pub ThreadId);

impl Query for KeptThreadState {
    type Out = Option<KeptState>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT s.n, s.digest, s.bytes FROM thread t JOIN thread_state s ON s.thread = t.key WHERE t.thread = ?1",
            [self.0.as_bytes()],
            |row| {
                Ok(KeptState {
                    n: seq(row, 0)?,
                    digest: Bytes32::from_bytes(row.get(1)?),
                    bytes: super::opaque(row, 2)?,
                })
            },
        )
    }
}

/// All participants of a thread, whatever their standing.
#[derive(Clone, Copy, Debug)]
pub struct Participants(pub ThreadId);

impl Query for Participants {
    type Out = Vec<Participant>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT p.kind, p.party, p.as_org, p.standing, p.role, p.visible_from, p.visible_to, p.triage,
                    p.responsible, p.invite_key
             FROM participant p JOIN thread t ON t.key = p.thread WHERE t.thread = ?1
             ORDER BY p.kind, p.party LIMIT 10000",
            [self.0.as_bytes()],
            |row| participant(row, 0),
        )
    }
}

/// The columns [`entry`] reads, in order.
pub(crate) const ENTRY_COLUMNS: &str = "t.thread, e.n, e.head, e.hash, e.kind, e.msg_id, e.author, e.device, \
     e.aseq, e.core, e.payload_hash, e.payload, e.sig, e.at_ms";

pub(crate) fn entry(row: &Row<'_>, at: usize) -> rusqlite::Result<Entry> {
    Ok(Entry {
        thread: ThreadId::from_bytes(row.get(at)?),
        n: seq(row, at + 1)?,
        head: Bytes32::from_bytes(row.get(at + 2)?),
        hash: Bytes32::from_bytes(row.get(at + 3)?),
        kind: row.get(at + 4)?,
        msg_id: MsgId::from_bytes(row.get(at + 5)?),
        author: UserId::from_bytes(row.get(at + 6)?),
        device: DeviceId::from_bytes(row.get(at + 7)?),
        aseq: seq(row, at + 8)?,
        core: super::opaque(row, at + 9)?,
        payload_hash: Bytes32::from_bytes(row.get(at + 10)?),
        payload: row.get::<_, Option<Vec<u8>>>(at + 11)?.map(Into::into),
        sig: row.get(at + 12)?,
        at_ms: row.get(at + 13)?,
    })
}

/// Bytes an entry counts for against the page.
pub(crate) fn weight(entry: &Entry) -> usize {
    entry.core.as_slice().len() + entry.payload.as_ref().map_or(0, |p| p.as_slice().len()) + 256
}

/// Collects entries until the page is full by bytes; always at least one.
fn bounded(entries: impl Iterator<Item = rusqlite::Result<Entry>>) -> Result<Vec<Entry>, Broken> {
    let mut out = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        bytes += weight(&entry);
        if bytes > limits::PAGE_BYTES_MAX && !out.is_empty() {
            break;
        }
        out.push(entry);
    }
    Ok(out)
}

/// Entries of a thread in one direction from a position, which is not included.
#[derive(Clone, Copy, Debug)]
pub enum ThreadPage {
    /// Entries after a position, in order.
    After(ThreadId, Seq, u32),
    /// Entries before a position, newest first; `None` = from the end.
    Before(ThreadId, Option<Seq>, u32),
}

impl Query for ThreadPage {
    type Out = Vec<Entry>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let (thread, bound, order, max) = match *self {
            Self::After(thread, after, max) => (thread, after.get(), "> ?2 ORDER BY e.n ASC", max),
            Self::Before(thread, before, max) => {
                let before = before.map_or(relais_wire::ids::INT_MAX, Seq::get);
                (thread, before, "< ?2 ORDER BY e.n DESC", max)
            }
        };
        let sql = format!(
            "SELECT {ENTRY_COLUMNS} FROM thread t JOIN entry e ON e.thread = t.key
             WHERE t.thread = ?1 AND e.n {order} LIMIT ?3"
        );
        let mut statement = snapshot.0.prepare_cached(&sql)?;
        let rows = statement.query_map((thread.as_bytes(), bound, page(max)), |row| entry(row, 0))?;
        bounded(rows)
    }
}

/// The control entries of a thread after a position, in order: what a validator replays.
#[derive(Clone, Copy, Debug)]
pub struct ControlEntries {
    /// The thread.
    pub thread: ThreadId,
    /// Position that is known already; 0 for all.
    pub after: Seq,
    /// Entries at most.
    pub max: u32,
}

impl Query for ControlEntries {
    type Out = Vec<Entry>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let sql = format!(
            "SELECT {ENTRY_COLUMNS} FROM thread t JOIN entry e ON e.thread = t.key
             WHERE t.thread = ?1 AND e.control = 1 AND e.n > ?2 ORDER BY e.n LIMIT ?3"
        );
        let mut statement = snapshot.0.prepare_cached(&sql)?;
        let params = (self.thread.as_bytes(), self.after.get(), page(self.max));
        let rows = statement.query_map(params, |row| entry(row, 0))?;
        bounded(rows)
    }
}

/// The entry with an id.
#[derive(Clone, Copy, Debug)]
pub struct EntryByMsgId(pub ThreadId, pub MsgId);

impl Query for EntryByMsgId {
    type Out = Option<Entry>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let sql = format!(
            "SELECT {ENTRY_COLUMNS} FROM thread t JOIN entry e ON e.thread = t.key
             WHERE t.thread = ?1 AND e.msg_id = ?2"
        );
        snapshot.one(&sql, (self.0.as_bytes(), self.1.as_bytes()), |row| entry(row, 0))
    }
}

/// The last count of an author on a device in a thread; 0 before the first.
#[derive(Clone, Copy, Debug)]
pub struct AuthorSeq(pub ThreadId, pub UserId, pub DeviceId);

impl Query for AuthorSeq {
    type Out = Seq;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let found = snapshot.one(
            "SELECT a.aseq FROM thread t JOIN author a ON a.thread = t.key
             WHERE t.thread = ?1 AND a.author = ?2 AND a.device = ?3",
            (self.0.as_bytes(), self.1.as_bytes(), self.2.as_bytes()),
            |row| seq(row, 0),
        )?;
        Ok(found.unwrap_or(Seq::ZERO))
    }
}

fn read_cursor(row: &Row<'_>) -> rusqlite::Result<ReadCursor> {
    Ok(ReadCursor {
        thread: ThreadId::from_bytes(row.get(0)?),
        user: UserId::from_bytes(row.get(1)?),
        upto: seq(row, 2)?,
        delivered: seq(row, 3)?,
        at_ms: row.get(4)?,
    })
}

/// How far everybody has come in a thread.
#[derive(Clone, Copy, Debug)]
pub struct ReadCursors(pub ThreadId);

impl Query for ReadCursors {
    type Out = Vec<ReadCursor>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT t.thread, c.user, c.upto, c.delivered, c.at_ms FROM thread t
             JOIN read_cursor c ON c.thread = t.key
             WHERE t.thread = ?1 ORDER BY c.user LIMIT 10000",
            [self.0.as_bytes()],
            read_cursor,
        )
    }
}

/// How far one user has come in these threads; threads that never reached them are left out.
#[derive(Clone, Debug)]
pub struct ReadCursorsOf(pub UserId, pub Vec<ThreadId>);

impl Query for ReadCursorsOf {
    type Out = Vec<ReadCursor>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let mut out = Vec::with_capacity(self.1.len());
        for thread in &self.1 {
            out.extend(snapshot.one(
                "SELECT t.thread, c.user, c.upto, c.delivered, c.at_ms FROM thread t
             JOIN read_cursor c ON c.thread = t.key
                 WHERE t.thread = ?1 AND c.user = ?2",
                (thread.as_bytes(), self.0.as_bytes()),
                read_cursor,
            )?);
        }
        Ok(out)
    }
}
