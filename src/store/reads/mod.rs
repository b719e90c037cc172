//! Named reads. A query is a value with a known answer; each engine answers every query in its own SQL from one
//! snapshot. A pair or triple of queries is answered from the same snapshot.
//!
//! Pages are bounded by [`crate::limits::PAGE_MAX`] rows, whatever is asked for.
//!
//! Not known here: who may see the answer.

mod account;
mod audit;
mod call;
mod chain;
mod directory;
mod file;
mod instance;
mod list;
mod session;
mod stream;
mod thread;

pub use account::{AccountByEmail, AccountById, EmailsOf, ObjectOf, RecoveryOf, SuspendedAccounts, WrapsOf};
pub use audit::{AuditHead, AuditPage};
pub use call::{CallById, OpenCalls};
pub use chain::{
    BoxesFor, ChainHeads, ChainLinks, KeyringById, KeyringMembers, KeyringsOf, KeyringsWithMember,
    StagedBoxes,
};
pub use directory::{
    InviteById, InviteByToken, InvitesWaiting, MembersOf, MembersSearch, MembershipsOf, PeopleById,
    PeopleSearch, TeamById, TeamsOf, UnitById, UnitsOf,
};
pub use file::{BlobById, BlobBytesOf, BlobInThread, BlobNamedFor, OrphanBlobs};
pub use instance::{IdemLookup, IdemOutcome, InstanceValue, Scrub, TicketKeys};
pub use list::ThreadsOf;
pub use session::{LoginById, RevokedOf, RevokedSince, SessionById, SessionsOf, Throttle};
pub use stream::{AppliedOf, StreamAfter, StreamHeads};
pub use thread::{
    AuthorSeq, ControlEntries, EntryByMsgId, KeptThreadState, Participants, ReadCursors, ReadCursorsOf,
    ThreadById, ThreadPage,
};

pub(crate) use chain::chain_head;
pub(crate) use stream::bounds;
pub(crate) use thread::{phase_number, position};

use rusqlite::{Connection, Row, types::Type};

use relais_wire::ids::{OrgId, Seq};

use crate::facts::Opaque;

/// A named read.
pub trait Query: Send + 'static {
    /// Its answer.
    type Out: Send + 'static;

    /// The embedded engine's way to answer.
    ///
    /// # Errors
    /// [`Broken`] when the database cannot be read.
    #[doc(hidden)]
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken>;
}

/// One consistent view of the embedded database. Only the engine makes one.
#[doc(hidden)]
#[derive(Debug)]
pub struct Snapshot<'a>(pub(crate) &'a Connection);

/// The database could not be read.
#[doc(hidden)]
#[derive(Debug, thiserror::Error)]
#[error("the database could not be read")]
pub struct Broken(#[from] pub(crate) rusqlite::Error);

impl<A: Query, B: Query> Query for (A, B) {
    type Out = (A::Out, B::Out);
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        Ok((self.0.answer(snapshot)?, self.1.answer(snapshot)?))
    }
}

impl<A: Query, B: Query, C: Query> Query for (A, B, C) {
    type Out = (A::Out, B::Out, C::Out);
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        Ok((self.0.answer(snapshot)?, self.1.answer(snapshot)?, self.2.answer(snapshot)?))
    }
}

/// A list of like queries, answered in order from one snapshot.
impl<Q: Query> Query for Vec<Q> {
    type Out = Vec<Q::Out>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        self.iter().map(|query| query.answer(snapshot)).collect()
    }
}

impl Snapshot<'_> {
    /// The first row, if there is one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Broken> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query_map(params, map)?;
        Ok(rows.next().transpose()?)
    }

    /// All rows; the statement bounds them.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Broken> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params, map)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// What a column holds is not what this crate writes there.
fn malformed(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, what.into())
}

/// A stored number as an enum.
pub(crate) fn decoded<T>(row: &Row<'_>, column: usize, from: fn(u8) -> Option<T>) -> rusqlite::Result<T> {
    from(row.get(column)?).ok_or_else(|| malformed(column, "unknown number"))
}

/// A kind and an id in two neighbouring columns.
pub(crate) fn tagged<T>(
    row: &Row<'_>,
    column: usize,
    from: fn(u8, [u8; 16]) -> Option<T>,
) -> rusqlite::Result<T> {
    from(row.get(column)?, row.get(column + 1)?).ok_or_else(|| malformed(column, "unknown kind"))
}

/// A position.
pub(crate) fn seq(row: &Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    Seq::new(row.get(column)?).map_err(|_| malformed(column, "number over 2^53-1"))
}

/// Opaque bytes.
pub(crate) fn opaque(row: &Row<'_>, column: usize) -> rusqlite::Result<Opaque> {
    Ok(row.get::<_, Vec<u8>>(column)?.into())
}

/// An optional 16-byte id.
pub(crate) fn maybe<T>(row: &Row<'_>, column: usize, wrap: fn([u8; 16]) -> T) -> rusqlite::Result<Option<T>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(wrap))
}

/// The stored form of an optional organization inside a key: empty for none, because NULLs are never equal.
pub(crate) fn context(org: Option<&OrgId>) -> &[u8] {
    org.map_or(&[], |org| org.as_bytes())
}

/// The other way round.
pub(crate) fn context_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<OrgId>> {
    let bytes: Vec<u8> = row.get(column)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    OrgId::try_from(bytes.as_slice()).map(Some).map_err(|_| malformed(column, "not an organization"))
}

/// What a page may have at most.
pub(crate) fn page(asked: u32) -> u32 {
    asked.clamp(1, crate::limits::PAGE_MAX)
}
