//! Canonical bytes of an audit row, and the chain over them.
//!
//! A leaf is a positional MessagePack array `[1, log|nil, index, at_ms, group|nil, actor_kind, actor|nil, event,
//! [[scope_kind, scope_id] …]]`. It is written once and never encoded again: verifiers hash the stored bytes.

use relais_care::audit::{Actor, AuditEntry, Event, Scope};
use relais_wire::ids::{Bytes32, OrgId, UnitId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::facts::audit::AuditLine;

/// Version of the layout.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Leaf(
    u8,
    Option<OrgId>,
    u64,
    u64,
    Option<UnitId>,
    u8,
    Option<UserId>,
    u16,
    Vec<(u8, serde_bytes::ByteArray<16>)>,
);

/// The bytes of a row.
pub(crate) fn encode(line: &AuditLine, index: u64, at_ms: u64) -> Vec<u8> {
    let entry = &line.entry;
    let scopes = entry.scopes().iter().map(|s| (s.kind(), s.id_bytes().into())).collect();
    let leaf = Leaf(
        VERSION,
        line.log,
        index,
        at_ms,
        entry.group(),
        entry.actor().kind(),
        entry.actor().user(),
        entry.event().number(),
        scopes,
    );
    rmp_serde::to_vec(&leaf).expect("numbers and byte strings always encode")
}

/// The line that a row's bytes carry; `None` when they are not a leaf.
pub(crate) fn decode(bytes: &[u8]) -> Option<AuditLine> {
    let Leaf(version, log, _, _, group, actor_kind, actor, event, scopes) =
        rmp_serde::from_slice(bytes).ok()?;
    if version != VERSION {
        return None;
    }
    let entry = AuditEntry::new(group, Actor::from_parts(actor_kind, actor)?, Event::from_number(event)?);
    let scopes = scopes.into_iter().map(|(kind, id)| Scope::from_parts(kind, id.into_array()));
    let entry = entry.about(scopes.collect::<Option<Vec<_>>>()?).ok()?;
    Some(AuditLine { log, entry })
}

/// Chain hash of a row, over its bytes and the row before.
pub(crate) fn chain(previous: Bytes32, leaf: &[u8]) -> Bytes32 {
    let mut hash = Sha256::new();
    hash.update(b"relais/v1/audit\0");
    hash.update(previous.as_bytes());
    hash.update(leaf);
    Bytes32::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::facts::audit::AuditLine;
    use relais_care::audit::{Actor, AuditEntry, Event, Scope};
    use relais_wire::ids::{OrgId, ThreadId, UnitId, UserId};

    // AUD-01
    #[test]
    fn a_leaf_says_again_what_was_put_in() {
        let entry = AuditEntry::new(
            Some(UnitId::from_bytes([1; 16])),
            Actor::User(UserId::from_bytes([2; 16])),
            Event::DiscussionRead,
        )
        .on(Scope::Discussion(ThreadId::from_bytes([3; 16])));
        let line = AuditLine { log: Some(OrgId::from_bytes([4; 16])), entry };
        assert_eq!(decode(&encode(&line, 7, 8)), Some(line));
    }

    #[test]
    fn other_bytes_are_not_a_leaf() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0x91, 0x01]), None);
    }
}
