//! Which reads were audited lately: one entry per user, object and session in ten minutes.
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
    /// Whether this read is not one of the last ten minutes; from then on it is.
    pub(crate) fn is_new(&self, who: &Authenticated, object: &[u8; 16], now_ms: u64) -> bool {
        let Ok(mut map) = self.0.write() else { return true };
        if map.len() >= READS_REMEMBERED {
            map.clear();
        }
        let key = (who.session, *object);
        match map.get(&key) {
            Some(at_ms) if now_ms.saturating_sub(*at_ms) < READ_AUDIT_MS => false,
            _ => {
                map.insert(key, now_ms);
                true
            }
        }
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
        assert!(!reads.is_new(&who, &[7; 16], 1_000 + READ_AUDIT_MS - 1));
        assert!(reads.is_new(&who, &[8; 16], 1_000));
        assert!(reads.is_new(&other, &[7; 16], 1_000));
        assert!(reads.is_new(&who, &[7; 16], 1_000 + READ_AUDIT_MS));
    }
}
