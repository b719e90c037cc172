//! Upkeep: cursors, counters, sign-ins under way, staged boxes, sweeping.

use relais_wire::ids::{Bytes32, DeviceId, Seq, SessionId, ThreadId, UserId};

use crate::{
    embedded::tx::{Stop, Tx},
    error::Refusal,
    facts::{
        chain::{BoxScope, SealedBox},
        session::Login,
        stream::StreamId,
    },
    limits, reads,
    write::Chore,
};

impl Tx<'_> {
    /// Does a piece of upkeep; where what it told got to, if it told anything.
    pub(crate) fn chore(&mut self, chore: &Chore) -> Result<Option<Vec<(StreamId, Seq)>>, Stop> {
        if let Chore::Read { thread, user, upto, told: Some(told) } = chore {
            let moved = self.read_upto(*thread, *user, *upto)?;
            return if moved { self.event(told).map(Some) } else { Ok(Some(Vec::new())) };
        }
        self.quiet(chore).map(|()| None)
    }

    fn quiet(&mut self, chore: &Chore) -> Result<(), Stop> {
        match chore {
            Chore::Applied { stream, device, upto } => self.applied(*stream, *device, *upto),
            Chore::Read { thread, user, upto, .. } => self.read_upto(*thread, *user, *upto).map(drop),
            Chore::Delivered { thread, user, upto } => self.delivered_upto(*thread, *user, *upto),
            Chore::TouchSession(session) => self
                .run(
                    "UPDATE session SET seen_ms = max(seen_ms, ?2) WHERE session = ?1",
                    (session.as_bytes(), self.at_ms),
                )
                .map(drop),
            Chore::PutLogin(login) => self.put_login(login),
            Chore::SpendTry(login) => {
                let sql =
                    "UPDATE login SET tries = tries - 1 WHERE login = ?1 AND tries > 0 AND expires_ms > ?2";
                let spent = self.run(sql, (login.as_bytes(), self.at_ms))?;
                if spent == 0 { Err(Refusal::LoginOver.into()) } else { Ok(()) }
            }
            Chore::AdvanceLogin { login, from, seen, to } => {
                let sql = "SELECT tries FROM login WHERE login = ?1 AND stage = ?2 AND state = ?3 AND expires_ms > ?4";
                let params = (login.as_bytes(), from.number(), seen.as_slice(), self.at_ms);
                let Some(tries) = self.one(sql, params, |row| row.get::<_, u32>(0))? else {
                    return Err(Refusal::LoginOver.into());
                };
                if to.login != *login {
                    return Err(Refusal::LoginOver.into());
                }
                let left = if to.stage == *from { tries.min(to.tries) } else { to.tries };
                self.put_login(&Login { tries: left, ..Login::clone(to) })
            }
            Chore::Charge { key, limit, window_ms } => self.charge(*key, *limit, *window_ms),
            Chore::Discharge(key) => {
                self.run("DELETE FROM throttle WHERE key = ?1", [key.as_bytes()]).map(drop)
            }
            Chore::StageBoxes { session, scope, boxes } => self.stage(*session, *scope, boxes),
            Chore::KeepThreadState(thread, state) => self.keep_state(*thread, state),
            Chore::Sweep => self.sweep(),
        }
    }

    fn applied(&self, stream: StreamId, device: DeviceId, upto: Seq) -> Result<(), Stop> {
        let bounds = reads::bounds(&self.snapshot(), stream)?.ok_or(Refusal::CursorAhead)?;
        if upto > bounds.head {
            return Err(Refusal::CursorAhead.into());
        }
        self.run(
            "INSERT INTO applied_cursor (stream, device, upto, at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (stream, device) DO UPDATE SET upto = excluded.upto, at_ms = excluded.at_ms
             WHERE excluded.upto > upto",
            (bounds.key, device.as_bytes(), upto.get(), self.at_ms),
        )
        .map(drop)
    }

    /// Whether it moved.
    fn read_upto(&mut self, thread: ThreadId, user: UserId, upto: Seq) -> Result<bool, Stop> {
        let key = self.thread_upto(thread, upto)?;
        let moved = self.run(
            "INSERT INTO read_cursor (thread, user, upto, delivered, at_ms) VALUES (?1, ?2, ?3, ?3, ?4)
             ON CONFLICT (thread, user) DO UPDATE SET upto = excluded.upto, at_ms = excluded.at_ms,
             delivered = max(delivered, excluded.delivered) WHERE excluded.upto > upto",
            (key, user.as_bytes(), upto.get(), self.at_ms),
        )?;
        Ok(moved > 0)
    }

    fn delivered_upto(&mut self, thread: ThreadId, user: UserId, upto: Seq) -> Result<(), Stop> {
        let key = self.thread_upto(thread, upto)?;
        self.run(
            "INSERT INTO read_cursor (thread, user, upto, delivered, at_ms) VALUES (?1, ?2, 0, ?3, ?4)
             ON CONFLICT (thread, user) DO UPDATE SET delivered = excluded.delivered, at_ms = excluded.at_ms
             WHERE excluded.delivered > delivered",
            (key, user.as_bytes(), upto.get(), self.at_ms),
        )
        .map(drop)
    }

    /// The small number of a thread that has an entry at `upto`.
    fn thread_upto(&mut self, thread: ThreadId, upto: Seq) -> Result<i64, Stop> {
        let head = self.thread_head(thread)?;
        if upto.get() > head.at.n { Err(Refusal::CursorAhead.into()) } else { Ok(head.key) }
    }

    fn put_login(&self, login: &Login) -> Result<(), Stop> {
        self.run(
            "INSERT OR REPLACE INTO login (login, user, email, stage, state, code, tries, expires_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                login.login.as_bytes(),
                login.user.map(|id| *id.as_bytes()),
                login.email.as_ref().map(crate::facts::Personal::as_str),
                login.stage.number(),
                login.state.as_slice(),
                login.code.map(|code| *code.as_bytes()),
                login.tries,
                login.expires_ms,
            ),
        )
        .map(drop)
    }

    /// Counts within a window that starts with its first count (SEC-04).
    fn charge(&self, key: Bytes32, limit: u32, window_ms: u64) -> Result<(), Stop> {
        let sql = "SELECT count, ends_ms FROM throttle WHERE key = ?1 AND ends_ms > ?2";
        let found = self.one(sql, (key.as_bytes(), self.at_ms), |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, u64>(1)?))
        })?;
        let (count, ends_ms) = found.unwrap_or_else(|| (0, self.at_ms.saturating_add(window_ms)));
        if count >= limit {
            return Err(Refusal::Throttled { retry_after_ms: ends_ms.saturating_sub(self.at_ms) }.into());
        }
        self.run(
            "INSERT INTO throttle (key, count, ends_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET count = excluded.count, ends_ms = excluded.ends_ms",
            (key.as_bytes(), count.saturating_add(1), ends_ms),
        )
        .map(drop)
    }

    fn stage(&self, session: SessionId, scope: BoxScope, boxes: &[SealedBox]) -> Result<(), Stop> {
        let oldest = self.at_ms.saturating_sub(limits::STAGED_KEEP_MS);
        self.run("DELETE FROM staged_box WHERE session = ?1 AND at_ms < ?2", (session.as_bytes(), oldest))?;
        for sealed in boxes {
            self.run(
                "INSERT OR REPLACE INTO staged_box
                 (session, scope, id, recipient, generation, recipient_generation, hash, bytes, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                (
                    session.as_bytes(),
                    scope.kind(),
                    scope.id_bytes(),
                    sealed.to.recipient.as_bytes(),
                    sealed.generation,
                    sealed.to.generation,
                    sealed.hash.as_bytes(),
                    sealed.bytes.as_slice(),
                    self.at_ms,
                ),
            )?;
        }
        let sql = "SELECT coalesce(sum(length(bytes)), 0) FROM staged_box WHERE session = ?1";
        let total: u64 = self.one(sql, [session.as_bytes()], |row| row.get(0))?.unwrap_or(0);
        if total > limits::STAGED_BYTES_MAX { Err(Refusal::StagedTooMuch.into()) } else { Ok(()) }
    }

    /// One bounded round of forgetting. What it leaves, the next round takes.
    fn sweep(&mut self) -> Result<(), Stop> {
        let at = |keep: u64| self.at_ms.saturating_sub(keep);
        let (idem, streams, staged) =
            (at(limits::IDEM_KEEP_MS), at(limits::STREAM_KEEP_MS), at(limits::STAGED_KEEP_MS));
        let max = limits::SWEEP_MAX;
        self.run(
            "DELETE FROM idem WHERE id IN (SELECT id FROM (SELECT id, at_ms FROM idem ORDER BY id LIMIT ?2)
             WHERE at_ms < ?1)",
            (idem, max),
        )?;
        self.run("DELETE FROM login WHERE expires_ms <= ?1", [self.at_ms])?;
        self.run("DELETE FROM throttle WHERE ends_ms <= ?1", [self.at_ms])?;
        self.run("DELETE FROM staged_box WHERE at_ms < ?1", [staged])?;
        self.prune(streams)?;
        // Only what no stream can name any more: older than the last round that left nothing over.
        self.run(
            "DELETE FROM event_body WHERE id IN (SELECT id FROM (SELECT id, at_ms FROM event_body
             ORDER BY id LIMIT ?2) WHERE at_ms < ?1)",
            (self.heads.sweep.cleared_ms, max),
        )
        .map(drop)
    }

    /// Looks at the next streams in turn and removes their oldest entries where these are too old or too many, and
    /// says so in `pruned`, from which the head is known even when all are gone. Bounded by streams and by
    /// entries, because everybody waits for the committer.
    fn prune(&mut self, before_ms: u64) -> Result<(), Stop> {
        let mut looked = self.conn.prepare_cached(
            "SELECT s.key, s.pruned, (SELECT max(e.seq) FROM stream_entry e WHERE e.stream = s.key),
               (SELECT e.at_ms FROM stream_entry e WHERE e.stream = s.key AND e.seq = s.pruned + 1)
             FROM stream s WHERE s.key > ?1 ORDER BY s.key LIMIT ?2",
        )?;
        let looked: Vec<(i64, u64, Option<u64>, Option<u64>)> = looked
            .query_map((self.heads.sweep.from, limits::SWEEP_STREAMS), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        let mut sweep = self.heads.sweep;
        if sweep.from == 0 {
            (sweep.before_ms, sweep.left_over) = (before_ms, false);
        }
        let last = looked.len() < usize::try_from(limits::SWEEP_STREAMS).unwrap_or(usize::MAX);
        sweep.from = if last { 0 } else { looked.last().map_or(0, |(key, ..)| *key) };
        for (key, pruned, head, oldest_ms) in looked {
            let newest_of_too_many = head.unwrap_or(0).saturating_sub(limits::STREAM_KEEP_ENTRIES);
            if newest_of_too_many > pruned || oldest_ms.is_some_and(|at_ms| at_ms < before_ms) {
                sweep.left_over |= self.prune_stream(key, pruned, newest_of_too_many, before_ms)?;
            }
        }
        if last && !sweep.left_over {
            sweep.cleared_ms = sweep.before_ms;
        }
        self.heads.sweep = sweep;
        Ok(())
    }

    /// Whether it may have left something over.
    fn prune_stream(&self, key: i64, pruned: u64, too_many: u64, before_ms: u64) -> Result<bool, Stop> {
        let round = pruned.saturating_add(u64::from(limits::SWEEP_MAX));
        let sql =
            "SELECT coalesce(max(seq), 0) FROM stream_entry WHERE stream = ?1 AND seq <= ?2 AND at_ms < ?3";
        let too_old: u64 = self.one(sql, (key, round, before_ms), |row| row.get(0))?.unwrap_or(0);
        let upto = too_old.max(too_many).min(round);
        self.run("DELETE FROM stream_entry WHERE stream = ?1 AND seq <= ?2", (key, upto))?;
        self.run("UPDATE stream SET pruned = max(pruned, ?2) WHERE key = ?1", (key, upto))?;
        Ok(upto == round)
    }
}
