//! Reads of blob records.

use relais_wire::ids::{BlobId, Bytes32, ThreadId, UserId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, page};
use crate::facts::file::{BlobRecord, BlobState};

fn record(row: &Row<'_>) -> rusqlite::Result<BlobRecord> {
    let size = row.get::<_, Option<u64>>(3)?;
    let hash = row.get::<_, Option<[u8; 32]>>(4)?;
    let at_ms = row.get::<_, Option<u64>>(5)?;
    let state = match (size, hash, at_ms) {
        (Some(size), Some(hash), Some(at_ms)) => {
            BlobState::Complete { size, hash: Bytes32::from_bytes(hash), at_ms }
        }
        _ => BlobState::Uploading,
    };
    Ok(BlobRecord {
        blob: BlobId::from_bytes(row.get(0)?),
        owner: UserId::from_bytes(row.get(1)?),
        created_ms: row.get(2)?,
        state,
    })
}

/// One blob's record.
#[derive(Clone, Copy, Debug)]
pub struct BlobById(pub BlobId);

impl Query for BlobById {
    type Out = Option<BlobRecord>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT blob, owner, created_ms, size, hash, completed_ms FROM blob WHERE blob = ?1",
            [self.0.as_bytes()],
            record,
        )
    }
}

/// Whether a thread names a blob.
#[derive(Clone, Copy, Debug)]
pub struct BlobInThread(pub BlobId, pub ThreadId);

impl Query for BlobInThread {
    type Out = bool;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let found = snapshot.one(
            "SELECT 1 FROM blob_ref WHERE blob = ?1 AND thread = ?2",
            (self.0.as_bytes(), self.1.as_bytes()),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

/// The threads that name a blob.
#[derive(Clone, Copy, Debug)]
pub struct ThreadsNaming {
    /// Which.
    pub blob: BlobId,
    /// Threads at most.
    pub max: u32,
}

impl Query for ThreadsNaming {
    type Out = Vec<ThreadId>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT thread FROM blob_ref WHERE blob = ?1 ORDER BY thread LIMIT ?2",
            (self.blob.as_bytes(), page(self.max)),
            |row| row.get(0).map(ThreadId::from_bytes),
        )
    }
}

/// Blobs announced before a time that no thread names: uploads given up, and files never sent.
#[derive(Clone, Copy, Debug)]
pub struct OrphanBlobs {
    /// Server time, in milliseconds.
    pub before_ms: u64,
    /// Blobs at most.
    pub max: u32,
}

impl Query for OrphanBlobs {
    type Out = Vec<BlobRecord>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT blob, owner, created_ms, size, hash, completed_ms FROM blob b WHERE created_ms < ?1
             AND NOT EXISTS (SELECT 1 FROM blob_ref r WHERE r.blob = b.blob) ORDER BY created_ms LIMIT ?2",
            (self.before_ms, page(self.max)),
            record,
        )
    }
}
