//! Threads: numbering and anchoring of entries, and participants.

use relais_chain::hash;
use relais_wire::ids::{Seq, ThreadId};

use super::guard::stale;
use crate::{
    commit::EntryReceipt,
    embedded::{
        heads::ThreadHead,
        tx::{Stop, Tx},
    },
    error::{Kind, Refusal},
    facts::thread::{Participant, Party},
    write::{Anchor, Append, Effect, NewThread},
};

impl Tx<'_> {
    /// A thread's head, from memory where possible.
    pub(crate) fn thread_head(&mut self, thread: ThreadId) -> Result<ThreadHead, Stop> {
        if let Some(known) = self.heads.threads.get(&thread) {
            return Ok(known);
        }
        let sql =
            "SELECT key, n, head, ctrl_head, epoch, closed_ms IS NOT NULL FROM thread WHERE thread = ?1";
        let found = self.one(sql, [thread.as_bytes()], |row| {
            Ok(ThreadHead {
                key: row.get(0)?,
                n: crate::reads::seq(row, 1)?,
                head: relais_wire::ids::Bytes32::from_bytes(row.get(2)?),
                ctrl_head: relais_wire::ids::Bytes32::from_bytes(row.get(3)?),
                epoch: row.get(4)?,
                closed: row.get(5)?,
            })
        })?;
        let found = found.ok_or(Refusal::Missing(Kind::Thread))?;
        self.heads.threads.remember(thread, found);
        Ok(found)
    }

    pub(crate) fn create_thread(&self, new: NewThread) -> Result<(), Stop> {
        self.insert(
            Kind::Thread,
            Kind::Thread,
            "INSERT INTO thread (thread, org, kind, n, head, ctrl_head, epoch, created_ms, last_ms)
             VALUES (?1, ?2, ?3, 0, ?4, ?4, 0, ?5, ?5)",
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
    /// epoch, the author's count; the id by the unique index.
    pub(crate) fn append(&mut self, append: &Append) -> Result<(), Stop> {
        let before = self.thread_head(append.thread)?;
        if before.closed {
            return Err(Refusal::Closed.into());
        }
        let anchored = match append.anchor {
            Anchor::Message => true,
            Anchor::Control(ctrl_head) => ctrl_head == before.ctrl_head,
            Anchor::Head(head) => head == before.head,
        };
        if !anchored || append.epoch.is_some_and(|epoch| epoch != before.epoch) {
            return Err(stale(append.thread, before).into());
        }
        self.count_author(before.key, append)?;
        let n = before.n.next();
        let head = hash::head(&before.head, n.get(), &append.hash);
        let control = append.anchor != Anchor::Message;
        self.insert_entry(before.key, n, head, control, append)?;
        let after = ThreadHead {
            key: before.key,
            n,
            head,
            ctrl_head: if control { head } else { before.ctrl_head },
            epoch: if let Effect::Epoch(epoch) = append.effect { epoch } else { before.epoch },
            closed: append.effect == Effect::Close,
        };
        self.update_thread(after)?;
        self.heads.threads.set(append.thread, after);
        self.entries.push(EntryReceipt {
            thread: append.thread,
            msg_id: append.msg_id,
            n,
            head,
            at_ms: self.at_ms,
        });
        Ok(())
    }

    fn count_author(&mut self, key: i64, append: &Append) -> Result<(), Stop> {
        let counter = (key, append.author, append.device);
        let last = match self.heads.authors.get(&counter) {
            Some(last) => last,
            None => self
                .one(
                    "SELECT aseq FROM author WHERE thread = ?1 AND author = ?2 AND device = ?3",
                    (key, append.author.as_bytes(), append.device.as_bytes()),
                    |row| crate::reads::seq(row, 0),
                )?
                .unwrap_or(Seq::ZERO),
        };
        let expected = last.next();
        if append.aseq != expected {
            return Err(Refusal::AuthorSeq { expected }.into());
        }
        self.run(
            "INSERT INTO author (thread, author, device, aseq) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (thread, author, device) DO UPDATE SET aseq = excluded.aseq",
            (key, append.author.as_bytes(), append.device.as_bytes(), expected.get()),
        )?;
        self.heads.authors.set(counter, expected);
        Ok(())
    }

    fn insert_entry(
        &self,
        key: i64,
        n: Seq,
        head: relais_wire::ids::Bytes32,
        control: bool,
        append: &Append,
    ) -> Result<(), Stop> {
        self.insert(
            Kind::Entry,
            Kind::Thread,
            "INSERT INTO entry (thread, n, control, kind, msg_id, author, device, aseq, head, hash, core,
             payload_hash, payload, sig, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            (
                key,
                n.get(),
                control,
                append.kind,
                append.msg_id.as_bytes(),
                append.author.as_bytes(),
                append.device.as_bytes(),
                append.aseq.get(),
                head.as_bytes(),
                append.hash.as_bytes(),
                append.core.as_slice(),
                append.payload_hash.as_bytes(),
                append.payload.as_slice(),
                append.sig,
                self.at_ms,
            ),
        )
    }

    fn update_thread(&self, after: ThreadHead) -> Result<(), Stop> {
        self.run(
            "UPDATE thread SET n = ?2, head = ?3, ctrl_head = ?4, epoch = ?5, closed_ms = ?6, last_ms = ?7
             WHERE key = ?1",
            (
                after.key,
                after.n.get(),
                after.head.as_bytes(),
                after.ctrl_head.as_bytes(),
                after.epoch,
                after.closed.then_some(self.at_ms),
                self.at_ms,
            ),
        )
        .map(drop)
    }

    pub(crate) fn put_participant(&mut self, thread: ThreadId, p: &Participant) -> Result<(), Stop> {
        let key = self.thread_head(thread)?.key;
        self.run(
            "INSERT INTO participant (thread, kind, party, as_org, standing, role, visible_from, visible_to, triage,
             responsible, invite_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
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
