//! Reads a store from end to end and counts what is lost and what is torn.
//!
//! Lost: an acknowledged commit is not there, or not as it was acknowledged. Torn: a commit is there in part, a
//! number is missing, a chain does not verify, a page is damaged, or the store does not open.

use std::{collections::HashMap, path::Path};

use relais_care::audit::Scope;
use relais_store::{
    Embedded, ReadError, Store, StreamId,
    embedded::Durability,
    facts::{
        audit::AuditRow,
        stream::{StreamBody, StreamPage},
        thread::Entry,
    },
    reads::{AuditPage, IdemLookup, IdemOutcome, Scrub, StreamAfter, ThreadById, ThreadPage},
};
use relais_wire::ids::{Bytes32, MsgId, Seq};
use sha2::{Digest as _, Sha256};

use crate::load;

/// An acknowledged commit.
#[derive(Clone, Debug)]
pub(crate) struct Ack {
    writer: u64,
    count: u64,
    n: u64,
    seq: u64,
    audit: u64,
    head: String,
}

impl Ack {
    /// From a writer's line; `None` for another line, or one that was cut off.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut parts = line.strip_prefix("A ")?.split(' ');
        let mut number = || parts.next()?.parse().ok();
        let (writer, count, n, seq, audit) = (number()?, number()?, number()?, number()?, number()?);
        let head = parts.next().filter(|head| head.len() == 64)?.to_owned();
        Some(Self { writer, count, n, seq, audit, head })
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) acks: u64,
    pub(crate) lost: u64,
    pub(crate) torn: u64,
}

/// Opens the store of a folder and checks everything.
pub(crate) fn store(dir: &Path, acks: &[Ack]) -> Found {
    let acknowledged = u64::try_from(acks.len()).unwrap_or(u64::MAX);
    let unreadable = Found { acks: acknowledged, lost: acknowledged, torn: 1 };
    let Ok(store) = Embedded::open(&load::options(dir, Durability::Synced)) else { return unreadable };
    let Ok(contents) = Contents::read(&store) else { return unreadable };
    let lost = acks.iter().filter(|ack| !contents.has(ack)).count();
    Found { acks: acknowledged, lost: u64::try_from(lost).unwrap_or(u64::MAX), torn: contents.torn }
}

/// All that the load has written.
struct Contents {
    entries: HashMap<u64, Vec<Entry>>,
    streams: HashMap<StreamId, Vec<MsgId>>,
    audit: Vec<AuditRow>,
    torn: u64,
}

impl Contents {
    fn read(store: &Embedded) -> Result<Self, ReadError> {
        let mut contents =
            Self { entries: HashMap::new(), streams: HashMap::new(), audit: audit(store)?, torn: 0 };
        for writer in 0..load::WRITERS {
            contents.entries.insert(writer, entries(store, writer)?);
            for stream in load::streams(writer) {
                let page = stream_of(store, stream)?;
                contents.torn += page.1;
                contents.streams.insert(stream, page.0);
            }
        }
        contents.torn += u64::try_from(store.read_blocking(Scrub)?.len()).unwrap_or(u64::MAX);
        contents.check_threads(store)?;
        contents.check_streams();
        contents.check_audit();
        Ok(contents)
    }

    fn torn_unless(&mut self, whole: bool) {
        self.torn += u64::from(!whole);
    }

    /// Entries follow without a hole, say what was written, chain, and each is known by its key.
    fn check_threads(&mut self, store: &Embedded) -> Result<(), ReadError> {
        for writer in 0..load::WRITERS {
            let entries = self.entries.get(&writer).cloned().unwrap_or_default();
            let mut head = relais_chain::hash::head_zero(load::thread(writer));
            for (n, entry) in (1..).zip(&entries) {
                head = relais_chain::hash::head(&head, n, &entry.hash);
                let payload = entry.payload.as_ref().map(|bytes| bytes.as_slice().to_vec());
                self.torn_unless(
                    entry.n.get() == n
                        && entry.aseq.get() == n
                        && entry.msg_id == load::msg_id(writer, n)
                        && entry.head == head
                        && payload == Some(load::payload(writer, n)),
                );
            }
            let keys: Vec<_> = (1..).zip(&entries).map(|(n, _)| lookup(writer, n)).collect();
            for (n, outcome) in (1..).zip(store.read_blocking(keys)?) {
                let known = match outcome {
                    IdemOutcome::Done(receipt) => receipt.entries.first().map(|entry| entry.n.get()),
                    IdemOutcome::New | IdemOutcome::Reused => None,
                };
                self.torn_unless(known == Some(n));
            }
            let last = entries.last().map_or(Seq::ZERO, |entry| entry.n);
            let row = store.read_blocking(ThreadById(load::thread(writer)))?;
            self.torn_unless(row.map_or(Seq::ZERO, |row| row.n) == last);
        }
        Ok(())
    }

    /// Every entry is in its three streams once, and nothing else is.
    fn check_streams(&mut self) {
        let mut expected: HashMap<(StreamId, MsgId), i64> = HashMap::new();
        for (writer, entries) in &self.entries {
            for entry in entries {
                for stream in load::streams(*writer) {
                    *expected.entry((stream, entry.msg_id)).or_default() += 1;
                }
            }
        }
        for (stream, told) in &self.streams {
            for msg in told {
                *expected.entry((*stream, *msg)).or_default() -= 1;
            }
        }
        let wrong = expected.values().filter(|left| **left != 0).count();
        self.torn += u64::try_from(wrong).unwrap_or(u64::MAX);
    }

    /// The log has no hole, chains, and names every entry once.
    fn check_audit(&mut self) {
        let rows = core::mem::take(&mut self.audit);
        let mut chain = Bytes32::from_bytes([0; 32]);
        let mut named: HashMap<MsgId, i64> = HashMap::new();
        for (index, row) in (0..).zip(&rows) {
            let mut hash = Sha256::new();
            hash.update(b"relais/v1/audit\0");
            hash.update(chain.as_bytes());
            hash.update(&row.leaf);
            chain = Bytes32::from_bytes(hash.finalize().into());
            self.torn_unless(row.index == index && row.chain == chain);
            named.extend(message(row).map(|msg| (msg, named.get(&msg).copied().unwrap_or(0) + 1)));
        }
        for entry in self.entries.values().flatten() {
            *named.entry(entry.msg_id).or_default() -= 1;
        }
        let wrong = named.values().filter(|left| **left != 0).count();
        self.torn += u64::try_from(wrong).unwrap_or(u64::MAX);
        self.audit = rows;
    }

    /// Whether an acknowledged commit is there, everywhere it was said to be.
    fn has(&self, ack: &Ack) -> bool {
        let msg = load::msg_id(ack.writer, ack.count);
        let at = |number: u64| usize::try_from(number).ok();
        let entry = self.entries.get(&ack.writer).and_then(|all| all.get(at(ack.n.checked_sub(1)?)?));
        let own = load::streams(ack.writer);
        let told = own.first().and_then(|own| self.streams.get(own));
        let told = told.and_then(|told| told.get(at(ack.seq.checked_sub(1)?)?));
        let row = at(ack.audit).and_then(|index| self.audit.get(index));
        entry.is_some_and(|entry| entry.msg_id == msg && entry.head.to_hex() == ack.head)
            && told == Some(&msg)
            && row.and_then(message) == Some(msg)
    }
}

fn lookup(writer: u64, count: u64) -> IdemLookup {
    let idem = load::idem(writer, count);
    IdemLookup { user: idem.user, key: idem.key, request: idem.request }
}

/// The message an audit row names.
fn message(row: &AuditRow) -> Option<MsgId> {
    row.line
        .entry
        .scopes()
        .iter()
        .find_map(|scope| if let Scope::Message(id) = scope { Some(*id) } else { None })
}

fn entries(store: &Embedded, writer: u64) -> Result<Vec<Entry>, ReadError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map_or(Seq::ZERO, |entry| entry.n);
        let page = store.read_blocking(ThreadPage::After(load::thread(writer), after, 1000))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// A stream's entries, and how many numbers are not where they should be.
fn stream_of(store: &Embedded, stream: StreamId) -> Result<(Vec<MsgId>, u64), ReadError> {
    let (mut all, mut torn, mut after) = (Vec::new(), 0, Seq::ZERO);
    loop {
        let page = store.read_blocking(StreamAfter { stream, after, max: 1000 })?;
        let StreamPage::Entries { entries, .. } = page else { return Ok((all, torn + 1)) };
        if entries.is_empty() {
            return Ok((all, torn));
        }
        for entry in entries {
            torn += u64::from(entry.seq != after.next());
            after = entry.seq;
            match entry.body {
                StreamBody::Entry(entry) => all.push(entry.msg_id),
                StreamBody::Fixed(_) => torn += 1,
            }
        }
    }
}

fn audit(store: &Embedded) -> Result<Vec<AuditRow>, ReadError> {
    let mut all: Vec<AuditRow> = Vec::new();
    loop {
        let from = all.last().map_or(0, |row| row.index + 1);
        let page = store.read_blocking(AuditPage { log: Some(load::ORG), from, max: 1000 })?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
