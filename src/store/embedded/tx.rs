//! One commit inside the engine's transaction: statements, the errors they turn into, and the order of effects.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, ffi};

use super::{heads::Heads, receipt};
use crate::{
    commit::{Commit, Domain, EntryReceipt, Receipt},
    error::{Kind, Refusal},
    reads::{Broken, IdemOutcome, Snapshot},
    write::Write,
};

/// Why a commit stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It loses; its own changes are undone.
    Refused(Refusal),
    /// The engine failed; the writer decides what that means for the batch.
    Engine(rusqlite::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        // The only values bound that may not fit are numbers above the engine's range.
        if matches!(error, rusqlite::Error::ToSqlConversionFailure(_)) {
            Self::Refused(Refusal::TooLarge("a number"))
        } else {
            Self::Engine(error)
        }
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        broken.0.into()
    }
}

/// A commit being applied.
pub(crate) struct Tx<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) heads: &'a mut Heads,
    pub(crate) at_ms: u64,
    pub(crate) entries: Vec<EntryReceipt>,
}

impl<'a> Tx<'a> {
    /// Applies a commit; the caller holds a savepoint to go back to.
    pub(crate) fn apply(
        conn: &'a Connection,
        heads: &'a mut Heads,
        commit: &Commit,
    ) -> Result<Receipt, Stop> {
        match commit {
            Commit::Domain(domain) => {
                Self { conn, heads, at_ms: domain.at_ms, entries: Vec::new() }.domain(domain)
            }
            Commit::Housekeeping { at_ms, chores } => {
                let mut tx = Self { conn, heads, at_ms: *at_ms, entries: Vec::new() };
                let mut streams = Vec::new();
                for chore in chores {
                    streams.extend(tx.chore(chore)?);
                }
                Ok(Receipt { streams, ..Receipt::default() })
            }
        }
    }

    fn domain(mut self, domain: &Domain) -> Result<Receipt, Stop> {
        if let Some(idem) = &domain.idem {
            match receipt::lookup(self.conn, idem.user, idem.key, idem.request)? {
                IdemOutcome::New => {}
                IdemOutcome::Done(receipt) => return Ok(receipt),
                IdemOutcome::Reused => return Err(Refusal::IdemReused.into()),
            }
        }
        domain.guards.iter().try_for_each(|guard| self.guard(guard))?;
        domain.writes.iter().try_for_each(|write| self.write(write))?;
        let streams = domain.events.iter().map(|event| self.event(event)).collect::<Result<_, _>>()?;
        let audit = domain.audit.iter().map(|line| self.audit(line)).collect::<Result<_, _>>()?;
        let note = domain.idem.as_ref().map(|idem| idem.note.clone()).unwrap_or_default();
        let receipt = Receipt { entries: self.entries, streams, audit, note, replayed: false };
        if let Some(idem) = &domain.idem {
            let stored = receipt::encode(&receipt, idem);
            self.conn
                .prepare_cached(
                    "INSERT INTO idem (user, key, request, receipt, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((
                    idem.user.as_bytes(),
                    idem.key.as_bytes(),
                    idem.request.as_bytes(),
                    stored,
                    domain.at_ms,
                ))?;
        }
        Ok(receipt)
    }

    fn write(&mut self, write: &Write) -> Result<(), Stop> {
        match write {
            Write::Instance(key, value) => self.instance(*key, value),
            Write::PutTicketKey(key) => self.put_ticket_key(key),
            Write::DropTicketKeysBelow(kid) => {
                self.run("DELETE FROM ticket_key WHERE kid < ?1", [kid]).map(drop)
            }
            Write::Account(write) => self.account(write),
            Write::Session(write) => self.session(write),
            Write::AppendLink(link) => self.append_link(link),
            Write::PutKeyring(keyring) => self.put_keyring(keyring),
            Write::PutKeyringMember(member) => self.put_keyring_member(*member),
            Write::DropKeyringMember(keyring, member) => self
                .run(
                    "DELETE FROM keyring_member WHERE keyring = ?1 AND member = ?2",
                    (keyring.as_bytes(), member.as_bytes()),
                )
                .map(drop),
            Write::Boxes(write) => self.boxes(write),
            Write::CreateThread(new) => self.create_thread(*new),
            Write::Append(append) => self.append(append),
            Write::PutParticipant(thread, participant) => self.put_participant(*thread, participant),
            Write::DropParticipant(thread, party) => self.drop_participant(*thread, *party),
            Write::DropPayload(thread, n) => self.drop_payload(*thread, *n),
            Write::Directory(write) => self.directory(write),
            Write::Blob(write) => self.blob(write),
            Write::Call(write) => self.call(write),
        }
    }

    /// The same view that queries have.
    pub(crate) const fn snapshot(&self) -> Snapshot<'a> {
        Snapshot(self.conn)
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, Stop> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs a statement that must change a row.
    pub(crate) fn must(&self, kind: Kind, sql: &str, params: impl rusqlite::Params) -> Result<(), Stop> {
        if self.run(sql, params)? == 0 { Err(Refusal::Missing(kind).into()) } else { Ok(()) }
    }

    /// Runs an insertion: a key that is taken is refused as existing, a parent that is not there as missing.
    pub(crate) fn insert(
        &self,
        exists: Kind,
        parent: Kind,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<(), Stop> {
        match self.conn.prepare_cached(sql)?.execute(params) {
            Ok(_) => Ok(()),
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::ConstraintViolation => {
                match error.extended_code {
                    ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Err(Refusal::Missing(parent).into()),
                    ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                    | ffi::SQLITE_CONSTRAINT_UNIQUE
                    | ffi::SQLITE_CONSTRAINT_ROWID => Err(Refusal::Exists(exists).into()),
                    _ => Err(Stop::Engine(rusqlite::Error::SqliteFailure(error, None))),
                }
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The first row of a query.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Stop> {
        Ok(self.conn.prepare_cached(sql)?.query_row(params, map).optional()?)
    }
}
