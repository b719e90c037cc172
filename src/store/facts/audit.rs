//! Audit lines as they go into a log and as they stand in it.

use relais_care::audit::AuditEntry;
use relais_wire::ids::{Bytes32, OrgId};

/// A line as a service hands it over. The store adds index, time and chain hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Which log: an organization's, or `None` for the instance's (accounts, friends, independents).
    pub log: Option<OrgId>,
    /// Who did what to which objects (AUD-01).
    pub entry: AuditEntry,
}

/// A line as it stands in its log, for ever (AUD-04).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Index in the log, from 0 without holes: the leaf index of its tree.
    pub index: u64,
    /// When, in server milliseconds.
    pub at_ms: u64,
    /// What was handed over.
    pub line: AuditLine,
    /// The row's canonical bytes: what the chain and the tree hash.
    pub leaf: Vec<u8>,
    /// `SHA-256("relais/v1/audit\0" || previous || leaf)`; `previous` is all zeros for index 0.
    pub chain: Bytes32,
}
