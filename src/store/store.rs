//! The one interface of both engines: a commit and named reads.
//!
//! Not known here: how an engine batches, locks or syncs.

use relais_wire::ids::Epoch;

use crate::{
    commit::{Commit, Receipt},
    error::{CommitError, Fatal, ReadError},
    reads::Query,
};

/// Durable facts. Cloning gives another handle to the same store.
///
/// `commit` answers only after the facts are durable. A caller that drops the future does not take the commit
/// back. The `_blocking` forms are for plain threads and simulation; they must not be called from inside an
/// asynchronous runtime.
pub trait Store: Clone + Send + Sync + 'static {
    /// Commits, and answers when it is durable.
    ///
    /// # Errors
    /// [`CommitError`]; nothing was written, except perhaps for [`CommitError::Unknown`].
    fn commit(
        &self,
        commit: impl Into<Commit> + Send,
    ) -> impl Future<Output = Result<Receipt, CommitError>> + Send;

    /// [`Self::commit`] for plain threads.
    ///
    /// # Errors
    /// As [`Self::commit`].
    fn commit_blocking(&self, commit: impl Into<Commit>) -> Result<Receipt, CommitError>;

    /// Answers one query from one snapshot, which holds at least every commit acknowledged before the call.
    ///
    /// # Errors
    /// [`ReadError`].
    fn read<Q: Query>(&self, query: Q) -> impl Future<Output = Result<Q::Out, ReadError>> + Send;

    /// [`Self::read`] for plain threads.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_blocking<Q: Query>(&self, query: Q) -> Result<Q::Out, ReadError>;

    /// Identity of this store's history; another one after a restore.
    fn epoch(&self) -> Epoch;

    /// Why the store has stopped, once it has. A shell that sees `Some` ends the process.
    fn stopped(&self) -> Option<Fatal>;
}
