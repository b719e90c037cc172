//! The only connection that writes: batches, savepoints, the one sync, and checkpoints. One thread owns it.
//!
//! Not known here: queues and callers.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::{
    fault::{Failure, Fault, FaultPoint},
    heads::Heads,
    tx::{Stop, Tx},
};
use crate::{
    commit::{Commit, Receipt},
    error::{CommitError, Fatal},
    limits,
};

/// The writing connection and what it remembers.
pub(crate) struct Writer {
    conn: Connection,
    heads: Heads,
    /// Pages in the write-ahead log.
    wal_pages: Arc<AtomicU32>,
    /// How many there were when they were last moved into the database.
    looked: u32,
    fault: Option<Arc<dyn Fault>>,
}

/// Why a whole batch failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchError {
    /// No space; nothing was written, the next batch may succeed.
    DiskFull,
    /// A bug met half-way; nothing was written, the next batch may succeed.
    Internal,
    /// The store stops. Whether the batch is durable is not known.
    Fatal(Fatal),
}

/// What a commit is told once its batch is durable.
pub(crate) type Answer = Result<Receipt, CommitError>;

impl Writer {
    pub(crate) fn new(mut conn: Connection, fault: Option<Arc<dyn Fault>>) -> rusqlite::Result<Self> {
        let wal_pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&wal_pages);
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: core::ffi::c_int| {
            seen.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        conn.set_prepared_statement_cache_capacity(limits::STATEMENTS);
        Ok(Self { conn, heads: Heads::default(), wal_pages, looked: 0, fault })
    }

    /// Opens a batch: one engine transaction.
    pub(crate) fn begin(&mut self) -> Result<(), BatchError> {
        self.statement("BEGIN IMMEDIATE")
    }

    /// Applies one commit of the batch. It stands or falls alone, but has no answer before [`Self::finish`].
    pub(crate) fn apply(&mut self, commit: &Commit) -> Result<Answer, BatchError> {
        self.statement("SAVEPOINT one")?;
        match Tx::apply(&self.conn, &mut self.heads, commit) {
            Ok(receipt) => {
                self.statement("RELEASE one")?;
                self.heads.keep();
                Ok(Ok(receipt))
            }
            Err(Stop::Refused(refusal)) => {
                self.take_back()?;
                Ok(Err(refusal.into()))
            }
            Err(Stop::Engine(error)) => {
                let failure = classify(&error);
                if failure != BatchError::Internal || self.conn.is_autocommit() {
                    return Err(failure);
                }
                tracing::error!(error = %error, "a commit met an error that should not exist");
                self.take_back()?;
                Ok(Err(CommitError::Internal))
            }
        }
    }

    /// Makes the batch durable: the one sync.
    pub(crate) fn finish(&mut self, commits: usize) -> Result<(), BatchError> {
        self.fault(FaultPoint::BeforeSync, commits)?;
        self.statement("COMMIT")?;
        self.fault(FaultPoint::AfterSync, commits)?;
        self.heads.trim();
        Ok(())
    }

    /// Undoes a batch that failed. What is remembered is forgotten, as it may run ahead of the database.
    pub(crate) fn abandon(&mut self) -> Result<(), BatchError> {
        self.heads = Heads::default();
        if self.conn.is_autocommit() {
            return Ok(());
        }
        self.conn.execute_batch("ROLLBACK").map_err(|error| {
            tracing::error!(error = %error, "a failed batch could not be rolled back");
            BatchError::Fatal(Fatal::Io)
        })
    }

    fn take_back(&mut self) -> Result<(), BatchError> {
        self.statement("ROLLBACK TO one")?;
        self.statement("RELEASE one")?;
        self.heads.undo();
        Ok(())
    }

    fn statement(&self, sql: &str) -> Result<(), BatchError> {
        let done = self.conn.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(|error| classify(&error))
    }

    fn fault(&self, point: FaultPoint, commits: usize) -> Result<(), BatchError> {
        match self.fault.as_ref().and_then(|fault| fault.at(point, commits)) {
            None => Ok(()),
            Some(Failure::DiskFull) if point == FaultPoint::BeforeSync => Err(BatchError::DiskFull),
            Some(Failure::Io | Failure::DiskFull) => Err(BatchError::Fatal(Fatal::Io)),
            Some(Failure::Crash) => Err(BatchError::Fatal(Fatal::Injected)),
        }
    }

    /// Whether the log has grown by so many pages since it was last moved, as far as readers let it.
    pub(crate) fn is_due(&self, pages: u32) -> bool {
        let log = self.wal_pages.load(Ordering::Relaxed);
        // Shorter than it was: it began again.
        log.checked_sub(self.looked).unwrap_or(log) >= pages
    }

    /// Between batches: moves the log into the database, if it has grown by so many pages.
    pub(crate) fn move_log(&mut self, pages: u32) -> Result<(), BatchError> {
        if self.is_due(pages) { self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)") } else { Ok(()) }
    }

    /// When nothing is to be done: empties the log.
    pub(crate) fn idle(&mut self) -> Result<(), BatchError> {
        if self.wal_pages.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        // Not for a reader's sake: whoever reads for long, a backup say, would keep the next commit waiting.
        self.patience(Duration::ZERO)?;
        let done = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
        self.patience(limits::BUSY_WAIT)?;
        done
    }

    fn patience(&self, wait: Duration) -> Result<(), BatchError> {
        self.conn.busy_timeout(wait).map_err(|error| classify(&error))
    }

    fn checkpoint(&mut self, sql: &str) -> Result<(), BatchError> {
        // Also where it fails: it is tried again once there is more, or nothing to do.
        self.looked = self.wal_pages.load(Ordering::Relaxed);
        let done = self.conn.query_row(sql, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        match done {
            Ok((_, log, moved)) => {
                // Both are -1 where another connection kept it from beginning.
                let (Ok(log), Ok(moved)) = (u32::try_from(log), u32::try_from(moved)) else { return Ok(()) };
                self.wal_pages.store(log, Ordering::Relaxed);
                self.looked = log;
                let left = log.saturating_sub(moved);
                if left > limits::WAL_ALARM_PAGES {
                    tracing::warn!(pages = left, "a reader holds the write-ahead log back");
                }
                Ok(())
            }
            // Space may come back; a checkpoint loses nothing by waiting. A reader may hold it back.
            Err(error) => match classify(&error) {
                BatchError::Fatal(fatal) => Err(BatchError::Fatal(fatal)),
                BatchError::DiskFull | BatchError::Internal => Ok(()),
            },
        }
    }
}

/// What an engine error means for a batch.
fn classify(error: &rusqlite::Error) -> BatchError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => BatchError::DiskFull,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
            BatchError::Fatal(Fatal::Io)
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => BatchError::Fatal(Fatal::Corrupt),
        _ => BatchError::Internal,
    }
}
