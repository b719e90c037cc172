//! Reads about the instance: its values, ticket keys, and what an idempotency key stands for.

use relais_wire::ids::{Bytes32, IdemKey, UserId};

use super::{Broken, Query, Snapshot, opaque};
use crate::{
    commit::Receipt, embedded::receipt, facts::Opaque, facts::session::TicketKey, write::InstanceKey,
};

/// A value about the instance.
#[derive(Clone, Copy, Debug)]
pub struct InstanceValue(pub InstanceKey);

impl Query for InstanceValue {
    type Out = Option<Opaque>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one("SELECT value FROM instance WHERE key = ?1", [self.0.number()], |row| opaque(row, 0))
    }
}

/// The ticket keys, newest first.
#[derive(Clone, Copy, Debug)]
pub struct TicketKeys;

impl Query for TicketKeys {
    type Out = Vec<TicketKey>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all("SELECT kid, key, created_ms FROM ticket_key ORDER BY kid DESC", [], |row| {
            Ok(TicketKey { kid: row.get(0)?, key: opaque(row, 1)?, created_ms: row.get(2)? })
        })
    }
}

/// What an idempotency key stands for: asked before a request is validated, because a replay would be refused
/// by checks that its first run has already changed. The committer checks again.
#[derive(Clone, Copy, Debug)]
pub struct IdemLookup {
    /// Who asks.
    pub user: UserId,
    /// The key.
    pub key: IdemKey,
    /// Hash of the request bytes.
    pub request: Bytes32,
}

/// The answer to [`IdemLookup`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdemOutcome {
    /// Never seen, or forgotten.
    New,
    /// Done before: its receipt.
    Done(Receipt),
    /// The key was used for other bytes.
    Reused,
}

impl Query for IdemLookup {
    type Out = IdemOutcome;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        Ok(receipt::lookup(snapshot.0, self.user, self.key, self.request)?)
    }
}

/// What is wrong with the database, checked page by page; empty when nothing is. Slow: for a nightly scrub and
/// for tests.
#[derive(Clone, Copy, Debug)]
pub struct Scrub;

impl Query for Scrub {
    type Out = Vec<String>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let mut found = snapshot.all("PRAGMA integrity_check(100)", [], |row| row.get::<_, String>(0))?;
        found.retain(|line| line != "ok");
        Ok(found)
    }
}
