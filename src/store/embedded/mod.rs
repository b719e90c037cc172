//! The embedded engine: one SQLite (SQLCipher) database, one committer thread that turns everything queued into
//! one synced transaction, and a few reader threads with read-only connections.
//!
//! An acknowledgement follows its sync. A full disk fails the batch and nothing else; an error of the disk stops
//! the store for good ([`Store::stopped`]), because a failed sync cannot be repeated.

mod apply;
mod backup;
mod fault;
mod heads;
mod key;
pub(crate) mod leaf;
mod open;
pub(crate) mod receipt;
mod tx;
mod writer;

pub use backup::{backup, restore};
pub use fault::{Failure, Fault, FaultPoint};
pub use key::StoreKey;
#[cfg(test)]
pub(crate) use open::MIGRATIONS;
pub use open::{Durability, ENGINE_VERSION_MIN, OpenError, Options, database, scan};

#[expect(
    clippy::disallowed_types,
    reason = "the readers share one queue; the lock is held to take from it only"
)]
use std::sync::Mutex;
use std::{
    fs::File,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use relais_wire::ids::Epoch;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use self::writer::{BatchError, Writer};
use crate::{
    commit::{Commit, Receipt},
    error::{CommitError, Fatal, ReadError},
    limits,
    reads::{Query, Snapshot},
    store::Store,
    validate,
};

/// A handle to the embedded store. The threads end, and the folder is unlocked, when the last handle is dropped.
#[derive(Clone)]
pub struct Embedded(Arc<Shared>);

impl core::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Embedded").field("stopped", &self.0.stopped.get()).finish_non_exhaustive()
    }
}

struct Shared {
    commits: Option<SyncSender<CommitJob>>,
    waiting: Arc<AtomicUsize>,
    reads: Option<SyncSender<ReadJob>>,
    stopped: Arc<OnceLock<Fatal>>,
    epoch: Epoch,
    threads: Vec<JoinHandle<()>>,
    /// Dropped after the threads: the folder is free once they are gone.
    _lock: File,
    /// Dropped last, which [`Gone`] waits for.
    alive: watch::Sender<()>,
}

/// Waits until a store is gone: its last handle was dropped, its threads have ended, its folder is free. A program
/// that ends while they run would tear the engine's libraries down under them.
#[derive(Debug)]
pub struct Gone(watch::Receiver<()>);

impl Gone {
    /// Returns when it is gone.
    pub async fn wait(mut self) {
        // Nothing is ever sent: only the end of the sender ends this.
        while self.0.changed().await.is_ok() {}
    }
}

type Reply = oneshot::Sender<writer::Answer>;

struct CommitJob {
    commit: Commit,
    reply: Reply,
}

/// Runs a query on a reader's connection and answers by itself.
type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

impl Embedded {
    /// Opens or creates the store of a folder. Blocks for as long as recovery takes.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let opened = open::open(options)?;
        let stopped = Arc::new(OnceLock::new());
        let mut threads = Vec::new();

        let (commits, queue) = sync_channel(limits::COMMIT_QUEUE);
        let writer = Writer::new(opened.writer, options.fault.clone())?;
        let waiting = Arc::new(AtomicUsize::new(0));
        let committer =
            Committer { writer, queue, waiting: Arc::clone(&waiting), stopped: Arc::clone(&stopped) };
        threads.push(spawn("store-commit", move || committer.run())?);

        let (reads, queue) = sync_channel::<ReadJob>(limits::READ_QUEUE);
        #[expect(clippy::disallowed_types, reason = "held to take one job from the queue only")]
        let queue = Arc::new(Mutex::new(queue));
        for conn in opened.readers {
            let queue = Arc::clone(&queue);
            threads.push(spawn("store-read", move || read_loop(&conn, &queue))?);
        }
        Ok(Self(Arc::new(Shared {
            commits: Some(commits),
            waiting,
            reads: Some(reads),
            stopped,
            epoch: opened.epoch,
            threads,
            _lock: opened.lock,
            alive: watch::Sender::new(()),
        })))
    }

    /// Waits for the end of this store, without keeping it.
    #[must_use]
    pub fn gone(&self) -> Gone {
        Gone(self.0.alive.subscribe())
    }

    /// Commits that were handed in and that no batch has taken up yet; little more than [`limits::COMMIT_QUEUE`] at
    /// most, with those that are about to be refused.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    fn send(&self, commit: Commit) -> Result<oneshot::Receiver<writer::Answer>, CommitError> {
        validate::commit(&commit)?;
        if let Some(fatal) = self.stopped() {
            return Err(CommitError::Fatal(fatal));
        }
        let (reply, answer) = oneshot::channel();
        let queue = self.0.commits.as_ref().expect("the queue is taken only when the last handle is dropped");
        // Counted before it can be taken.
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        queue.try_send(CommitJob { commit, reply }).map(|()| answer).map_err(|error| {
            self.0.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => CommitError::Overloaded,
                TrySendError::Disconnected(_) => CommitError::Fatal(self.why()),
            }
        })
    }

    fn ask<Q: Query>(&self, query: Q) -> Result<oneshot::Receiver<Result<Q::Out, ReadError>>, ReadError> {
        let (reply, answer) = oneshot::channel();
        let job: ReadJob = Box::new(move |conn| {
            let outcome = answer_in_snapshot(conn, &query).map_err(|error| {
                tracing::error!(error = %error, "a read failed");
                ReadError::Damaged
            });
            // A caller that no longer waits is no error.
            drop(reply.send(outcome));
        });
        let queue = self.0.reads.as_ref().expect("the queue is taken only when the last handle is dropped");
        match queue.try_send(job) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(ReadError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(ReadError::Stopped(self.why())),
        }
    }

    fn why(&self) -> Fatal {
        self.stopped().unwrap_or(Fatal::Internal)
    }
}

impl Store for Embedded {
    async fn commit(&self, commit: impl Into<Commit> + Send) -> Result<Receipt, CommitError> {
        let answer = self.send(commit.into())?;
        answer.await.unwrap_or(Err(CommitError::Unknown))
    }

    fn commit_blocking(&self, commit: impl Into<Commit>) -> Result<Receipt, CommitError> {
        self.send(commit.into())?.blocking_recv().unwrap_or(Err(CommitError::Unknown))
    }

    async fn read<Q: Query>(&self, query: Q) -> Result<Q::Out, ReadError> {
        let answer = self.ask(query)?;
        answer.await.unwrap_or_else(|_| Err(ReadError::Stopped(self.why())))
    }

    fn read_blocking<Q: Query>(&self, query: Q) -> Result<Q::Out, ReadError> {
        self.ask(query)?.blocking_recv().unwrap_or_else(|_| Err(ReadError::Stopped(self.why())))
    }

    fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    fn stopped(&self) -> Option<Fatal> {
        self.0.stopped.get().copied()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.commits.take();
        self.reads.take();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store had panicked");
            }
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    Ok(std::thread::Builder::new().name(name.to_owned()).spawn(body)?)
}

/// Only what stops the store matters here; the rest was answered or waits for the next round.
fn only_fatal(outcome: Result<(), BatchError>) -> Result<(), Fatal> {
    match outcome {
        Err(BatchError::Fatal(fatal)) => Err(fatal),
        Ok(()) | Err(BatchError::DiskFull | BatchError::Internal) => Ok(()),
    }
}

/// The committer thread.
struct Committer {
    writer: Writer,
    queue: Receiver<CommitJob>,
    waiting: Arc<AtomicUsize>,
    stopped: Arc<OnceLock<Fatal>>,
}

impl Committer {
    fn run(mut self) {
        loop {
            if let Err(fatal) = self.turn() {
                return self.stop(fatal);
            }
        }
    }

    /// One batch, or a rest. A long log is moved whoever waits, a short one once nobody has come for a moment: those
    /// who were just answered may be back at once.
    fn turn(&mut self) -> Result<(), Fatal> {
        only_fatal(self.writer.move_log(limits::CHECKPOINT_PAGES))?;
        let is_due = self.writer.is_due(limits::CHECKPOINT_EARLY_PAGES);
        let patience = if is_due { limits::CALM } else { Duration::from_millis(limits::IDLE_MS) };
        match self.queue.recv_timeout(patience) {
            Ok(job) => self.settle(job),
            Err(RecvTimeoutError::Timeout) if is_due => {
                only_fatal(self.writer.move_log(limits::CHECKPOINT_EARLY_PAGES))
            }
            Err(RecvTimeoutError::Timeout) => only_fatal(self.writer.idle()),
            Err(RecvTimeoutError::Disconnected) => only_fatal(self.writer.idle()).and(Err(Fatal::Closed)),
        }
    }

    /// Commits this job and everything that queues up meanwhile, and answers everybody in the batch.
    fn settle(&mut self, first: CommitJob) -> Result<(), Fatal> {
        let mut waiting = Vec::with_capacity(limits::BATCH_MAX);
        let failure = match self.batch(first, &mut waiting) {
            Ok(()) => {
                for (reply, answer) in waiting {
                    drop(reply.send(answer));
                }
                return Ok(());
            }
            Err(failure) => self.writer.abandon().err().unwrap_or(failure),
        };
        let answer = match failure {
            BatchError::DiskFull => CommitError::DiskFull,
            BatchError::Internal => CommitError::Internal,
            BatchError::Fatal(fatal) => {
                // Before anybody hears of it, so that whoever is told can see why.
                self.stopped.get_or_init(|| fatal);
                CommitError::Unknown
            }
        };
        for (reply, _) in waiting {
            drop(reply.send(Err(answer.clone())));
        }
        only_fatal(Err(failure))
    }

    /// Applies jobs until the queue is empty or the batch full: who queues while others are applied shares their
    /// sync, and a job that is alone waits for nobody.
    fn batch(
        &mut self,
        first: CommitJob,
        waiting: &mut Vec<(Reply, writer::Answer)>,
    ) -> Result<(), BatchError> {
        let mut next = Some(first);
        let begun = self.writer.begin();
        while let Some(CommitJob { commit, reply }) = next.take() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let answer = match begun {
                Ok(()) => self.writer.apply(&commit),
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(answer) => waiting.push((reply, answer)),
                Err(failure) => {
                    waiting.push((reply, Err(CommitError::Unknown)));
                    return Err(failure);
                }
            }
            if waiting.len() < limits::BATCH_MAX {
                next = self.queue.try_recv().ok();
            }
        }
        self.writer.finish(waiting.len())
    }

    /// Says why, then answers whoever is still queued. Nobody can queue any more once the receiver is gone.
    fn stop(&self, fatal: Fatal) {
        let fatal = *self.stopped.get_or_init(|| fatal);
        if fatal != Fatal::Closed {
            tracing::error!(reason = %fatal, "the store has stopped");
        }
        while let Ok(job) = self.queue.try_recv() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            drop(job.reply.send(Err(CommitError::Fatal(fatal))));
        }
    }
}

impl Drop for Committer {
    /// However it ends, a panic included, the store says that it has stopped.
    fn drop(&mut self) {
        self.stopped.get_or_init(|| Fatal::Internal);
    }
}

#[expect(clippy::disallowed_types, reason = "held to take one job from the queue only")]
fn read_loop(conn: &Connection, queue: &Mutex<Receiver<ReadJob>>) {
    loop {
        let next = queue.lock().expect("taking from a queue does not panic").recv();
        let Ok(job) = next else { return };
        job(conn);
    }
}

fn answer_in_snapshot<Q: Query>(conn: &Connection, query: &Q) -> rusqlite::Result<Q::Out> {
    conn.prepare_cached("BEGIN")?.execute([])?;
    let answer = query.answer(&Snapshot(conn));
    conn.prepare_cached("ROLLBACK")?.execute([])?;
    answer.map_err(|broken| broken.0)
}
