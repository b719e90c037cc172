//! Request buckets of HTTP callers: sessions by user, others by where they come from.
//!
//! Sockets have their own in the core of their shard.
//!
//! Not known here: what a request costs elsewhere.

use dashmap::DashMap;
use relais_wire::limits::{USER_BUCKET_REFILL_PER_S, USER_BUCKET_TOKENS};

use crate::services::Caller;

/// Callers remembered. Beyond it those whose bucket is full again are forgotten, which changes nothing for them.
const CALLERS_MAX: usize = 65_536;

/// Tokens of callers without a session, shared by all behind one address: a hospital's ward signing in at the
/// change of shifts, five requests each.
const ANONYMOUS_TOKENS: u32 = 600;

/// Tokens that come back to them each second.
const ANONYMOUS_REFILL_PER_S: u32 = 20;

/// Milliseconds after which any bucket is full again.
const FULL_AFTER_MS: u64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    User([u8; 16]),
    Client([u8; 16]),
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a token.
    milli: u64,
    at_ms: u64,
}

/// Buckets of all callers. The map is reached inside this module only.
#[derive(Debug, Default)]
pub(crate) struct Buckets(DashMap<Who, Bucket>);

impl Buckets {
    /// Takes a token, or says in how many milliseconds there will be one.
    pub(crate) fn take(&self, caller: &Caller, now_ms: u64) -> Result<(), u64> {
        let (who, max, refill) = match caller {
            Caller::Anonymous { client } => (Who::Client(client.0), ANONYMOUS_TOKENS, ANONYMOUS_REFILL_PER_S),
            Caller::Session(who) => {
                (Who::User(*who.user.as_bytes()), USER_BUCKET_TOKENS, USER_BUCKET_REFILL_PER_S)
            }
        };
        if self.0.len() >= CALLERS_MAX {
            self.0.retain(|_, bucket| now_ms.saturating_sub(bucket.at_ms) < FULL_AFTER_MS);
        }
        let full = u64::from(max) * 1_000;
        let mut bucket = self.0.entry(who).or_insert(Bucket { milli: full, at_ms: now_ms });
        let gained = now_ms.saturating_sub(bucket.at_ms).saturating_mul(u64::from(refill));
        bucket.milli = bucket.milli.saturating_add(gained).min(full);
        bucket.at_ms = now_ms.max(bucket.at_ms);
        if bucket.milli < 1_000 {
            return Err((1_000 - bucket.milli).div_ceil(u64::from(refill)).max(1));
        }
        bucket.milli -= 1_000;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ANONYMOUS_REFILL_PER_S, ANONYMOUS_TOKENS, Buckets, FULL_AFTER_MS};
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
}
