//! What the committer remembers between transactions so that the hot path reads nothing back: heads of threads,
//! streams, author counters and audit logs. Correct because one thread writes; every change is journalled, so
//! that a refused commit takes its own changes back.

use std::{collections::HashMap, hash::Hash};

use relais_chain::head::HeadState;
use relais_wire::ids::{Bytes32, DeviceId, OrgId, Seq, ThreadId, UserId};

use crate::{facts::stream::StreamId, limits};

/// A thread's row, as far as appends need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadHead {
    pub(crate) key: i64,
    pub(crate) at: HeadState,
    /// When it was last active, in server milliseconds.
    pub(crate) last_ms: u64,
}

/// A stream's small number and head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamHead {
    pub(crate) key: i64,
    pub(crate) head: Seq,
}

/// Where an audit log continues.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogHead {
    pub(crate) next: u64,
    pub(crate) chain: Bytes32,
}

/// A map that can take back what was set since a mark.
#[derive(Debug)]
pub(crate) struct Undoable<K, V> {
    map: HashMap<K, V>,
    journal: Vec<(K, Option<V>)>,
}

impl<K, V> Default for Undoable<K, V> {
    fn default() -> Self {
        Self { map: HashMap::new(), journal: Vec::new() }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> Undoable<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.map.get(key).copied()
    }

    pub(crate) fn set(&mut self, key: K, value: V) {
        let before = self.map.insert(key, value);
        self.journal.push((key, before));
    }

    /// What was read from the database needs no undoing.
    pub(crate) fn remember(&mut self, key: K, value: V) {
        self.map.insert(key, value);
    }

    fn keep(&mut self) {
        self.journal.clear();
    }

    fn undo(&mut self) {
        for (key, before) in self.journal.drain(..).rev() {
            match before {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }

    fn trim(&mut self) {
        if self.map.len() > limits::HEADS_CACHED {
            self.map.clear();
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    pub(crate) threads: Undoable<ThreadId, ThreadHead>,
    pub(crate) streams: Undoable<StreamId, StreamHead>,
    /// Last `aseq` per thread, author and device.
    pub(crate) counts: Undoable<(i64, UserId, DeviceId), u64>,
    /// Newest key generation per thread and author.
    pub(crate) generations: Undoable<(i64, UserId), u64>,
    pub(crate) logs: Undoable<Option<OrgId>, LogHead>,
    pub(crate) sweep: Sweep,
}

/// How far sweeping is on its way round the streams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sweep {
    /// The last stream looked at; 0 at the start of a round.
    pub(crate) from: i64,
    /// What this round removes: entries before this time.
    pub(crate) before_ms: u64,
    /// Whether this round had to leave something for the next.
    pub(crate) left_over: bool,
    /// No stream has an entry before this time any more.
    pub(crate) cleared_ms: u64,
}

impl Heads {
    /// The commit stands.
    pub(crate) fn keep(&mut self) {
        self.threads.keep();
        self.streams.keep();
        self.counts.keep();
        self.generations.keep();
        self.logs.keep();
    }

    /// The commit was refused.
    pub(crate) fn undo(&mut self) {
        self.threads.undo();
        self.streams.undo();
        self.counts.undo();
        self.generations.undo();
        self.logs.undo();
    }

    /// Between batches: forgets everything rather than growing without bound.
    pub(crate) fn trim(&mut self) {
        self.threads.trim();
        self.streams.trim();
        self.counts.trim();
        self.generations.trim();
        self.logs.trim();
    }
}
