//! A token bucket on server time.
//!
//! Not known here: what a token pays for.

/// Tokens that come back steadily, in thousandths so that no fraction is lost.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    milli: u64,
    at: u64,
    max: u32,
    refill_per_s: u32,
}

impl Bucket {
    pub(crate) const fn full(now: u64, max: u32, refill_per_s: u32) -> Self {
        Self { milli: max as u64 * 1_000, at: now, max, refill_per_s }
    }

    /// Takes one token, or says in how many milliseconds there will be one.
    pub(crate) fn take(&mut self, now: u64) -> Result<(), u64> {
        self.refill(now);
        if self.milli >= 1_000 {
            self.milli -= 1_000;
            return Ok(());
        }
        Err((1_000 - self.milli).div_ceil(u64::from(self.refill_per_s).max(1)).max(1))
    }

    /// When it will be full again.
    pub(crate) fn full_at(&self) -> u64 {
        let missing = (u64::from(self.max) * 1_000).saturating_sub(self.milli);
        self.at.saturating_add(missing.div_ceil(u64::from(self.refill_per_s).max(1)))
    }

    fn refill(&mut self, now: u64) {
        let gained = now.saturating_sub(self.at).saturating_mul(u64::from(self.refill_per_s));
        self.milli = self.milli.saturating_add(gained).min(u64::from(self.max) * 1_000);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    #[test]
    fn a_bucket_empties_says_when_and_refills() {
        let mut bucket = Bucket::full(0, 2, 10);
        assert_eq!((bucket.take(0), bucket.take(0)), (Ok(()), Ok(())));
        assert_eq!(bucket.take(0), Err(100));
        assert_eq!(bucket.take(99), Err(1));
        assert_eq!(bucket.take(100), Ok(()));
        assert_eq!(bucket.full_at(), 300);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = Bucket::full(1_000, 1, 1);
        assert_eq!(bucket.take(1_000), Ok(()));
        assert!(bucket.take(0).is_err());
        assert!(bucket.take(1_999).is_err());
        assert_eq!(bucket.take(2_000), Ok(()));
    }
}
