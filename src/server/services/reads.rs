//! Which reads were audited lately: one entry per user, object and session in ten minutes.
//!
//! A read counts only once its line is durable: whoever reads while it is not yet writes a line as well, and waits
//! for that one. So nothing is shown before the log says so.
//!
//! Not known here: what was read.

use std::collections::HashMap;
use std::sync::RwLock;

use relais_wire::ids::SessionId;

use super::Authenticated;
use super::limits::{READ_AUDIT_MS, READS_REMEMBERED};

/// Reads remembered.
#[derive(Debug, Default)]
pub(crate) struct RecentReads(RwLock<HashMap<(SessionId, [u8; 16]), u64>>);

impl RecentReads {
    /// Whether this read has no line of the last ten minutes.
    pub(crate) fn is_new(&self, who: &Authenticated, object: &[u8; 16], now_ms: u64) -> bool {
        let Ok(map) = self.0.read() else { return true };
        let lately = |at_ms: &u64| now_ms.saturating_sub(*at_ms) < READ_AUDIT_MS;
        !map.get(&(who.session, *object)).is_some_and(lately)
    }

    /// This read has one, and it is durable.
    pub(crate) fn written(&self, who: &Authenticated, object: &[u8; 16], now_ms: u64) {
        let Ok(mut map) = self.0.write() else { return };
        if map.len() >= READS_REMEMBERED {
            map.clear();
        }
        map.insert((who.session, *object), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::{DeviceId, SessionId, UserId};

    use super::RecentReads;
    use crate::services::limits::READ_AUDIT_MS;
    use crate::services::{Authenticated, ClientKey};

    #[test]
    fn one_read_in_ten_minutes_is_audited_per_session_and_object() {
        // AUD-03
        let reads = RecentReads::default();
        let who = Authenticated {
            user: UserId::from_bytes([1; 16]),
            session: SessionId::from_bytes([2; 16]),
            device: DeviceId::from_bytes([3; 16]),
            client: ClientKey([0; 16]),
            expires_ms: 1,
        };
        let other = Authenticated { session: SessionId::from_bytes([9; 16]), ..who };
        assert!(reads.is_new(&who, &[7; 16], 1_000));
        assert!(reads.is_new(&who, &[7; 16], 1_000), "until its line is written");
        reads.written(&who, &[7; 16], 1_000);
        assert!(!reads.is_new(&who, &[7; 16], 1_000 + READ_AUDIT_MS - 1));
        assert!(reads.is_new(&who, &[8; 16], 1_000));
        assert!(reads.is_new(&other, &[7; 16], 1_000));
        assert!(reads.is_new(&who, &[7; 16], 1_000 + READ_AUDIT_MS));
    }
}
