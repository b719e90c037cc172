//! Request buckets of HTTP callers: sessions by user, others by where they come from.
//!
//! Sockets have their own in the core of their shard.
//!
//! Not known here: what a request costs elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use relais_wire::limits::{USER_BUCKET_REFILL_PER_S, USER_BUCKET_TOKENS};

use crate::services::Caller;

/// Callers of a kind remembered. Beyond it those whose bucket is full again are forgotten, which changes nothing
/// for them; and while there is no room all the same, new ones share one bucket.
const CALLERS_MAX: usize = 65_536;

/// Milliseconds between two looks for callers to forget: a look walks over all of them.
const SWEEP_MS: u64 = 1_000;

/// Tokens of callers without a session, shared by all behind one address: a hospital's ward signing in at the
/// change of shifts, five requests each.
const ANONYMOUS_TOKENS: u32 = 600;

/// Tokens that come back to them each second.
const ANONYMOUS_REFILL_PER_S: u32 = 20;

/// Milliseconds after which any bucket is full again.
const FULL_AFTER_MS: u64 = 60_000;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a token.
    milli: u64,
    at_ms: u64,
}

/// Buckets of all callers. The maps are reached inside this module only.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    users: Kept,
    clients: Kept,
}

/// Buckets of one kind of caller.
#[derive(Debug, Default)]
struct Kept {
    of: DashMap<[u8; 16], Bucket>,
    swept_ms: AtomicU64,
}

/// Whose bucket it is that is shared when there is no room: nobody's key, which is a hash or random.
const REST: [u8; 16] = [0; 16];

impl Buckets {
    /// Takes a token, or says in how many milliseconds there will be one.
    pub(crate) fn take(&self, caller: &Caller, now_ms: u64) -> Result<(), u64> {
        match caller {
            Caller::Anonymous { client } => {
                self.clients.take(client.0, (ANONYMOUS_TOKENS, ANONYMOUS_REFILL_PER_S), now_ms)
            }
            Caller::Session(who) => {
                let rate = (USER_BUCKET_TOKENS, USER_BUCKET_REFILL_PER_S);
                self.users.take(*who.user.as_bytes(), rate, now_ms)
            }
        }
    }
}

impl Kept {
    fn take(&self, who: [u8; 16], (max, refill): (u32, u32), now_ms: u64) -> Result<(), u64> {
        let full = u64::from(max) * 1_000;
        let who = if self.has_room(&who, now_ms) { who } else { REST };
        let mut bucket = self.of.entry(who).or_insert(Bucket { milli: full, at_ms: now_ms });
        let gained = now_ms.saturating_sub(bucket.at_ms).saturating_mul(u64::from(refill));
        bucket.milli = bucket.milli.saturating_add(gained).min(full);
        bucket.at_ms = now_ms.max(bucket.at_ms);
        if bucket.milli < 1_000 {
            return Err((1_000 - bucket.milli).div_ceil(u64::from(refill)).max(1));
        }
        bucket.milli -= 1_000;
        Ok(())
    }

    fn has_room(&self, who: &[u8; 16], now_ms: u64) -> bool {
        if self.of.len() < CALLERS_MAX || self.of.contains_key(who) {
            return true;
        }
        let swept_ms = self.swept_ms.load(Ordering::Relaxed);
        let due = now_ms.saturating_sub(swept_ms) >= SWEEP_MS;
        let mine = due
            && self.swept_ms.compare_exchange(swept_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            self.of.retain(|_, bucket| now_ms.saturating_sub(bucket.at_ms) < FULL_AFTER_MS);
        }
        self.of.len() < CALLERS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::{ANONYMOUS_REFILL_PER_S, ANONYMOUS_TOKENS, Buckets, CALLERS_MAX, FULL_AFTER_MS};
    use crate::services::{Caller, ClientKey};

    #[test]
    fn callers_from_one_place_share_a_bucket_that_refills() {
        let buckets = Buckets::default();
        let here = Caller::Anonymous { client: ClientKey([1; 16]) };
        let there = Caller::Anonymous { client: ClientKey([2; 16]) };
        for _ in 0..ANONYMOUS_TOKENS {
            assert_eq!(buckets.take(&here, 0), Ok(()));
        }
        assert_eq!(buckets.take(&here, 0), Err(50));
        assert_eq!(buckets.take(&there, 0), Ok(()));
        assert_eq!(buckets.take(&here, 50), Ok(()));
        assert!(u64::from(ANONYMOUS_TOKENS / ANONYMOUS_REFILL_PER_S) * 1_000 <= FULL_AFTER_MS);
    }

    #[test]
    fn callers_from_everywhere_fill_no_memory_and_share_what_is_left() {
        let buckets = Buckets::default();
        let from = |n: u64| {
            let mut key = [1; 16];
            key[..8].copy_from_slice(&n.to_be_bytes());
            Caller::Anonymous { client: ClientKey(key) }
        };
        let many = u64::try_from(CALLERS_MAX).unwrap() + u64::from(ANONYMOUS_TOKENS) + 10;
        let refused = (0..many).filter(|n| buckets.take(&from(*n), 1_000).is_err()).count();
        assert_eq!(refused, 10, "whoever finds no room shares one bucket");
        assert!(buckets.clients.of.len() <= CALLERS_MAX + 1);
        assert!(buckets.take(&from(3), 1_000).is_ok(), "who has a bucket keeps it");
        // Those who fell silent are forgotten.
        assert!(buckets.take(&from(many + 1), 1_000 + FULL_AFTER_MS).is_ok());
        assert!(buckets.clients.of.len() < 10);
    }
}
