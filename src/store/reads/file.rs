//! Reads of blob records.

use relais_wire::ids::{BlobId, Bytes32, OrgId, ThreadId, UserId};
use rusqlite::Row;

use super::thread::participant;
use super::{Broken, Query, Snapshot, maybe, page};
use crate::facts::file::{BlobRecord, BlobState};
use crate::facts::thread::{Participant, Party};

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
            "SELECT 1 FROM blob_ref WHERE blob = ?1 AND thread = ?2 LIMIT 1",
            (self.0.as_bytes(), self.1.as_bytes()),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

/// The threads that name a blob where a party reads: each with its organization and the party's row. Others'
/// threads do not count, so nobody can hide a thread behind many of their own.
#[derive(Clone, Copy, Debug)]
pub struct BlobNamedFor {
    /// Which.
    pub blob: BlobId,
    /// Who reads.
    pub party: Party,
    /// Threads at most.
    pub max: u32,
}

impl Query for BlobNamedFor {
    type Out = Vec<(ThreadId, Option<OrgId>, Participant)>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT t.thread, t.org, p.kind, p.party, p.as_org, p.standing, p.role, p.visible_from, p.visible_to,
                    p.triage, p.responsible, p.invite_key
             FROM participant p JOIN thread t ON t.key = p.thread
             WHERE p.kind = ?2 AND p.party = ?3 AND EXISTS (
               SELECT 1 FROM blob_ref r WHERE r.blob = ?1 AND r.thread = t.thread AND r.n >= p.visible_from
               AND (p.visible_to IS NULL OR r.n <= p.visible_to))
             ORDER BY t.thread LIMIT ?4",
            (self.blob.as_bytes(), self.party.kind(), self.party.id_bytes(), page(self.max)),
            |row| {
                let thread = ThreadId::from_bytes(row.get(0)?);
                Ok((thread, maybe(row, 1, OrgId::from_bytes)?, participant(row, 2)?))
            },
        )
    }
}

/// Bytes of everything somebody has uploaded that is still kept.
#[derive(Clone, Copy, Debug)]
pub struct BlobBytesOf(pub UserId);

impl Query for BlobBytesOf {
    type Out = u64;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let sql = "SELECT coalesce(sum(size), 0) FROM blob WHERE owner = ?1";
        Ok(snapshot.one(sql, [self.0.as_bytes()], |row| row.get(0))?.unwrap_or(0))
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
