//! Reads of the audit logs.

use relais_wire::ids::{Bytes32, OrgId};

use super::{Broken, Query, Snapshot, context, malformed, page};
use crate::{embedded::leaf, facts::audit::AuditRow};

/// Rows of a log from an index on, in order.
#[derive(Clone, Copy, Debug)]
pub struct AuditPage {
    /// An organization's log, or `None` for the instance's.
    pub log: Option<OrgId>,
    /// First index wanted.
    pub from: u64,
    /// Rows at most.
    pub max: u32,
}

impl Query for AuditPage {
    type Out = Vec<AuditRow>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.all(
            "SELECT idx, at_ms, leaf, chain FROM audit WHERE log = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3",
            (context(self.log.as_ref()), self.from, page(self.max)),
            |row| {
                let bytes: Vec<u8> = row.get(2)?;
                let line = leaf::decode(&bytes).ok_or_else(|| malformed(2, "not an audit leaf"))?;
                Ok(AuditRow {
                    index: row.get(0)?,
                    at_ms: row.get(1)?,
                    line,
                    leaf: bytes,
                    chain: Bytes32::from_bytes(row.get(3)?),
                })
            },
        )
    }
}

/// How many rows a log has and the chain hash of its last one.
#[derive(Clone, Copy, Debug)]
pub struct AuditHead(pub Option<OrgId>);

impl Query for AuditHead {
    type Out = Option<(u64, Bytes32)>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT idx + 1, chain FROM audit WHERE log = ?1 ORDER BY idx DESC LIMIT 1",
            [context(self.0.as_ref())],
            |row| Ok((row.get(0)?, Bytes32::from_bytes(row.get(1)?))),
        )
    }
}
