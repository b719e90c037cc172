//! Bare statements: the same rows into the same tables with the same settings, batched the same way, and nothing
//! else: no queue, no savepoint, no check, no hash. Hashes and encoded rows are made beforehand.

use std::{path::Path, time::Duration};

use relais_store::{
    Embedded, Options, Receipt, Store, StoreKey, StreamId, embedded::database, limits, reads::AuditPage,
};
use rusqlite::Connection;

use crate::{
    facts,
    stats::{Figure, now},
};

const ENTRY: &str =
    "INSERT INTO entry (thread, n, control, kind, msg_id, author, device, aseq, head, hash, core,
    payload_hash, payload, sig, at_ms) VALUES (?1, ?2, 0, 1, ?3, ?4, ?5, ?2, ?6, ?6, ?7, ?6, ?8, ?9, ?10)";
const AUTHOR: &str =
    "INSERT INTO author (thread, author, device, aseq, key_generation) VALUES (?1, ?2, ?3, ?4, 1)
    ON CONFLICT (thread, author, device) DO UPDATE SET aseq = excluded.aseq,
    key_generation = excluded.key_generation";
const THREAD: &str =
    "UPDATE thread SET n = ?2, head = ?3, ctrl_n = 1, ctrl_head = ?3, epoch = 0, phase = 0, closed_ms = NULL,
    last_ms = ?4 WHERE key = ?1";
const STREAM: &str =
    "INSERT INTO stream_entry (stream, seq, at_ms, body, thread, n) VALUES (?1, ?2, ?3, NULL, ?4, ?5)";
const AUDIT: &str = "INSERT INTO audit (log, idx, at_ms, leaf, chain) VALUES (?1, ?2, ?3, ?4, ?5)";
const IDEM: &str = "INSERT INTO idem (user, key, request, receipt, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Log pages a commit adds, about: how often to checkpoint, as bare statements do not count them.
const PAGES_PER_COMMIT: u64 = 12;

pub(crate) fn measure(
    dir: &Path,
    key: Option<StoreKey>,
    batch: u64,
    time: Duration,
) -> anyhow::Result<Figure> {
    let mut bare = Bare::prepare(dir, key.as_ref())?;
    let mut times = Vec::new();
    let start = now();
    let mut count = 1;
    while start.elapsed() < time {
        count += 1;
        let rows: Vec<_> = (0..batch).map(|writer| facts::core_and_payload(writer, count)).collect();
        let asked = now();
        bare.batch(count, &rows)?;
        times.extend((0..batch).map(|_| asked.elapsed()));
    }
    Ok(Figure::of(times, start.elapsed()))
}

struct Bare {
    conn: Connection,
    threads: Vec<i64>,
    /// Places in `heads` of each writer's streams.
    streams: Vec<Vec<usize>>,
    /// Small number and head of every stream.
    heads: Vec<(i64, u64)>,
    audit: u64,
    leaf: Vec<u8>,
    receipt: Vec<u8>,
    /// Commits since the last checkpoint.
    since: u64,
}

impl Bare {
    fn prepare(dir: &Path, key: Option<&StoreKey>) -> anyhow::Result<Self> {
        let store = Embedded::open(&Options { key: key.cloned(), ..Options::plain(dir) })?;
        let mut last = Receipt::default();
        for writer in 0..facts::THREADS {
            last = store.commit_blocking(facts::first(writer))?;
        }
        let rows = store.read_blocking(AuditPage { log: Some(facts::ORG), from: 0, max: 1 })?;
        let leaf = rows.first().map(|row| row.leaf.clone()).unwrap_or_default();
        drop(store);
        let conn = Connection::open(database(dir))?;
        if key.is_some() {
            conn.pragma_update(None, "key", format!("x'{}'", hex::encode(facts::KEY)))?;
            conn.execute_batch("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")?;
        }
        for (pragma, value) in
            [("synchronous", 2), ("foreign_keys", 1), ("wal_autocheckpoint", 0), ("mmap_size", 0)]
        {
            conn.pragma_update(None, pragma, value)?;
        }
        conn.pragma_update(None, "cache_size", -i64::from(limits::CACHE_KIB))?;
        conn.set_prepared_statement_cache_capacity(limits::STATEMENTS);
        let receipt = conn.query_row("SELECT receipt FROM idem LIMIT 1", [], |row| row.get(0))?;
        let audit = last.audit.first().copied().unwrap_or(0) + 1;
        let (threads, streams, heads) = learn(&conn)?;
        Ok(Self { conn, threads, streams, heads, audit, leaf, receipt, since: 0 })
    }

    fn batch(&mut self, count: u64, rows: &[(Vec<u8>, Vec<u8>)]) -> anyhow::Result<()> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        for (writer, (core, payload)) in (0..).zip(rows) {
            self.one(writer, count, core, payload)?;
        }
        self.conn.execute_batch("COMMIT")?;
        self.since += u64::try_from(rows.len())?;
        if self.since * PAGES_PER_COMMIT > u64::from(limits::CHECKPOINT_PAGES) {
            self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            self.since = 0;
        }
        Ok(())
    }

    fn one(&mut self, writer: u64, count: u64, core: &[u8], payload: &[u8]) -> rusqlite::Result<()> {
        let index = usize::try_from(writer).unwrap_or(0);
        let thread = self.threads.get(index).copied().unwrap_or(0);
        let (author, device, hash) = (facts::author(writer), facts::DEVICE, facts::hash(writer, count));
        let (msg, key, now) = (facts::msg_id(writer, count), facts::idem_key(writer, count), facts::NOW);
        let conn = &self.conn;
        conn.prepare_cached(AUTHOR)?.execute((thread, author.as_bytes(), device.as_bytes(), count))?;
        conn.prepare_cached(ENTRY)?.execute((
            thread,
            count,
            msg.as_bytes(),
            author.as_bytes(),
            device.as_bytes(),
            hash.as_bytes(),
            core,
            payload,
            [7_u8; 64],
            now,
        ))?;
        conn.prepare_cached(THREAD)?.execute((thread, count, hash.as_bytes(), now))?;
        for stream in self.streams.get(index).into_iter().flatten() {
            if let Some((stream, head)) = self.heads.get_mut(*stream) {
                *head += 1;
                conn.prepare_cached(STREAM)?.execute((*stream, *head, now, thread, count))?;
            }
        }
        let log = facts::ORG;
        conn.prepare_cached(AUDIT)?.execute((
            log.as_bytes(),
            self.audit,
            now,
            &self.leaf,
            hash.as_bytes(),
        ))?;
        self.audit += 1;
        let idem = (author.as_bytes(), key.as_bytes(), hash.as_bytes(), &self.receipt, now);
        conn.prepare_cached(IDEM)?.execute(idem)?;
        Ok(())
    }
}

/// What the committer would know: small numbers of threads, places of streams, small numbers and heads of streams.
type Learnt = (Vec<i64>, Vec<Vec<usize>>, Vec<(i64, u64)>);

fn learn(conn: &Connection) -> rusqlite::Result<Learnt> {
    let (mut threads, mut streams, mut heads) = (Vec::new(), Vec::new(), Vec::new());
    let mut known: Vec<StreamId> = Vec::new();
    for writer in 0..facts::THREADS {
        let sql = "SELECT key FROM thread WHERE thread = ?1";
        threads.push(conn.query_row(sql, [facts::thread(writer).as_bytes()], |row| row.get(0))?);
        let mut places = Vec::new();
        for stream in facts::streams(writer) {
            if let Some(place) = known.iter().position(|other| *other == stream) {
                places.push(place);
                continue;
            }
            let sql = "SELECT key, (SELECT max(seq) FROM stream_entry WHERE stream = key) FROM stream
                       WHERE user = ?1 AND context = ?2";
            let params = (stream.user.as_bytes(), facts::ORG.as_bytes());
            heads.push(conn.query_row(sql, params, |row| Ok((row.get(0)?, row.get(1)?)))?);
            places.push(known.len());
            known.push(stream);
        }
        streams.push(places);
    }
    Ok((threads, streams, heads))
}
