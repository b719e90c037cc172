//! Threads: numbering and anchoring of entries, and participants.

use relais_chain::{
    error::ChainError,
    hash,
    head::{HeadState, LastOf, Phase},
};
use relais_wire::ids::{Seq, ThreadId};

use super::guard::stale;
use crate::{
    commit::EntryReceipt,
    embedded::{
        heads::ThreadHead,
        tx::{Stop, Tx},
    },
    error::{Kind, Refusal},
    facts::thread::{KeptState, Participant, Party},
    limits, reads,
    write::{Append, NewThread},
};

impl Tx<'_> {
    /// A thread's position, from memory where possible.
    pub(crate) fn thread_head(&mut self, thread: ThreadId) -> Result<ThreadHead, Stop> {
        if let Some(known) = self.heads.threads.get(&thread) {
            return Ok(known);
        }
        let sql =
            "SELECT n, head, ctrl_n, ctrl_head, epoch, phase, key, last_ms FROM thread WHERE thread = ?1";
        let found = self.one(sql, [thread.as_bytes()], |row| {
            Ok(ThreadHead { key: row.get(6)?, at: reads::position(row, 0, thread)?, last_ms: row.get(7)? })
        })?;
        let found = found.ok_or(Refusal::Missing(Kind::Thread))?;
        self.heads.threads.remember(thread, found);
        Ok(found)
    }

    pub(crate) fn create_thread(&self, new: NewThread) -> Result<(), Stop> {
        self.insert(
            Kind::Thread,
            Kind::Thread,
            "INSERT INTO thread (thread, org, kind, n, head, ctrl_n, ctrl_head, epoch, phase, created_ms, last_ms)
             VALUES (?1, ?2, ?3, 0, ?4, 0, ?4, 0, 0, ?5, ?5)",
            (
                new.thread.as_bytes(),
                new.org.map(|id| *id.as_bytes()),
                new.kind,
                hash::head_zero(new.thread).as_bytes(),
                self.at_ms,
            ),
        )
    }

    /// Everything that can have changed since the service looked is checked here (THR-05): closed state, anchor,
    /// epoch, control head, the author's count by the claim; the id by the unique index.
    pub(crate) fn append(&mut self, append: &Append) -> Result<(), Stop> {
        let ThreadHead { key, at: before, last_ms: active } = self.thread_head(append.thread)?;
        let last = self.last_of(key, append)?;
        let after = before.advance(&append.claim, last).map_err(|error| refused(error, &before, last))?;
        self.count_author(key, append, last)?;
        self.insert_entry(key, &after, append)?;
        // A clock that goes back moves no thread back in a list.
        let last_ms = active.max(self.at_ms);
        self.update_thread(key, &after, last_ms)?;
        if limits::quarter(last_ms) != limits::quarter(active) {
            self.list_anew(key, last_ms)?;
        }
        self.heads.threads.set(append.thread, ThreadHead { key, at: after, last_ms });
        self.entries.push(EntryReceipt {
            thread: append.thread,
            msg_id: append.msg_id,
            n: position(&after)?,
            head: after.head,
            at_ms: self.at_ms,
        });
        Ok(())
    }

    /// What the thread knows of the author, from memory where possible.
    fn last_of(&mut self, key: i64, append: &Append) -> Result<LastOf, Stop> {
        let (author, device) = (append.author, append.device);
        let aseq = match self.heads.counts.get(&(key, author, device)) {
            Some(aseq) => aseq,
            None => self
                .one(
                    "SELECT aseq FROM author WHERE thread = ?1 AND author = ?2 AND device = ?3",
                    (key, author.as_bytes(), device.as_bytes()),
                    |row| row.get(0),
                )?
                .unwrap_or(0),
        };
        let key_generation = match self.heads.generations.get(&(key, author)) {
            Some(generation) => generation,
            None => self
                .one(
                    "SELECT coalesce(max(key_generation), 0) FROM author WHERE thread = ?1 AND author = ?2",
                    (key, author.as_bytes()),
                    |row| row.get(0),
                )?
                .unwrap_or(0),
        };
        Ok(LastOf { aseq, key_generation })
    }

    fn count_author(&mut self, key: i64, append: &Append, last: LastOf) -> Result<(), Stop> {
        let generation = append.claim.key_generation.max(last.key_generation);
        self.run(
            "INSERT INTO author (thread, author, device, aseq, key_generation) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (thread, author, device) DO UPDATE
             SET aseq = excluded.aseq, key_generation = excluded.key_generation",
            (key, append.author.as_bytes(), append.device.as_bytes(), append.claim.aseq, generation),
        )?;
        self.heads.counts.set((key, append.author, append.device), append.claim.aseq);
        self.heads.generations.set((key, append.author), generation);
        Ok(())
    }

    fn insert_entry(&self, key: i64, after: &HeadState, append: &Append) -> Result<(), Stop> {
        let claim = &append.claim;
        self.insert(
            Kind::Entry,
            Kind::Thread,
            "INSERT INTO entry (thread, n, control, kind, msg_id, author, device, aseq, head, hash, core,
             payload_hash, payload, sig, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            (
                key,
                after.n,
                claim.ctrl_head.is_some(),
                claim.kind.number(),
                append.msg_id.as_bytes(),
                append.author.as_bytes(),
                append.device.as_bytes(),
                claim.aseq,
                after.head.as_bytes(),
                claim.entry.as_bytes(),
                append.core.as_slice(),
                append.payload_hash.as_bytes(),
                append.payload.as_slice(),
                append.sig,
                self.at_ms,
            ),
        )
    }

    /// Moves a thread to where its participants' lists have what is active now.
    fn list_anew(&self, key: i64, last_ms: u64) -> Result<(), Stop> {
        let sql = "UPDATE participant SET quarter = ?2 WHERE thread = ?1";
        self.run(sql, (key, limits::quarter(last_ms))).map(drop)
    }

    fn update_thread(&self, key: i64, after: &HeadState, last_ms: u64) -> Result<(), Stop> {
        let closed = after.phase == Phase::Closed;
        self.run(
            "UPDATE thread SET n = ?2, head = ?3, ctrl_n = ?4, ctrl_head = ?5, epoch = ?6, phase = ?7, closed_ms = ?8,
             last_ms = ?9 WHERE key = ?1",
            (
                key,
                after.n,
                after.head.as_bytes(),
                after.ctrl_n,
                after.ctrl_head.as_bytes(),
                after.epoch,
                reads::phase_number(after.phase),
                closed.then_some(self.at_ms),
                last_ms,
            ),
        )
        .map(drop)
    }

    /// Keeps a state unless a later one is kept.
    pub(crate) fn keep_state(&mut self, thread: ThreadId, state: &KeptState) -> Result<(), Stop> {
        let key = self.thread_head(thread)?.key;
        self.run(
            "INSERT INTO thread_state (thread, n, digest, bytes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (thread) DO UPDATE SET n = excluded.n, digest = excluded.digest, bytes = excluded.bytes
             WHERE excluded.n >= n",
            (key, state.n.get(), state.digest.as_bytes(), state.bytes.as_slice()),
        )
        .map(drop)
    }

    pub(crate) fn put_participant(&mut self, thread: ThreadId, p: &Participant) -> Result<(), Stop> {
        let ThreadHead { key, last_ms, .. } = self.thread_head(thread)?;
        self.run(
            "INSERT INTO participant (thread, kind, party, as_org, standing, role, visible_from, visible_to, triage,
             responsible, invite_key, quarter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (thread, kind, party) DO UPDATE SET as_org = excluded.as_org,
             standing = excluded.standing, role = excluded.role, visible_from = excluded.visible_from,
             visible_to = excluded.visible_to, triage = excluded.triage, responsible = excluded.responsible,
             invite_key = excluded.invite_key",
            (
                key,
                p.party.kind(),
                p.party.id_bytes(),
                p.as_org.map(|id| *id.as_bytes()),
                p.standing.number(),
                p.role,
                p.visible_from.get(),
                p.visible_to.map(Seq::get),
                p.triage.map(crate::facts::thread::Triage::number),
                p.responsible.map(|id| *id.as_bytes()),
                p.invite_key.map(|key| *key.as_bytes()),
                limits::quarter(last_ms),
            ),
        )
        .map(drop)
    }

    pub(crate) fn drop_participant(&mut self, thread: ThreadId, party: Party) -> Result<(), Stop> {
        let key = self.thread_head(thread)?.key;
        self.must(
            Kind::Participant,
            "DELETE FROM participant WHERE thread = ?1 AND kind = ?2 AND party = ?3",
            (key, party.kind(), party.id_bytes()),
        )
    }

    pub(crate) fn drop_payload(&mut self, thread: ThreadId, n: Seq) -> Result<(), Stop> {
        let key = self.thread_head(thread)?.key;
        self.must(Kind::Entry, "UPDATE entry SET payload = NULL WHERE thread = ?1 AND n = ?2", (key, n.get()))
    }
}

/// A position the wire can carry.
fn position(at: &HeadState) -> Result<Seq, Refusal> {
    Seq::new(at.n).map_err(|_| Refusal::TooLarge("a number"))
}

/// What the chain's refusal means for whoever asked: some refusals say where things stand now.
fn refused(error: ChainError, at: &HeadState, last: LastOf) -> Refusal {
    if matches!(
        error,
        ChainError::Moved | ChainError::StaleEpoch | ChainError::StaleCtrlHead | ChainError::StaleAnchor
    ) {
        return stale(at);
    }
    if matches!(error, ChainError::AseqGap | ChainError::AseqReplayed) {
        return Refusal::AuthorSeq { expected: Seq::new(last.aseq).unwrap_or_default().next() };
    }
    if error == ChainError::Closed { Refusal::Closed } else { Refusal::Entry(error) }
}
