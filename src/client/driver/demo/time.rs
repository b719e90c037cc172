//! The time of a demonstration: thirty days that end now. The server's clock starts in the past and is moved forward
//! in steps, each to where the next thing happens, and is released to the present at the end. A server whose clock
//! does not start in the past gets the same data, all of it made now.
//!
//! Not known here: what happens.

use serde::{Deserialize, Serialize};

use crate::driver::clock::wall_ms;
use crate::driver::http::Http;
use crate::error::ClientError;

/// Milliseconds of a minute.
pub(super) const MINUTE_MS: u64 = 60_000;

/// Milliseconds of a day.
pub(super) const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// Milliseconds a demonstration tells of. Events are placed on this scale.
pub(super) const SPAN_MS: u64 = 30 * DAY_MS;

/// A clock behind by less is a clock of the present.
const PRESENT_MS: u64 = 60 * MINUTE_MS;

/// Where the clock of a demonstration is read and moved.
const CLOCK_PATH: &str = "/dev/clock";

#[derive(Deserialize)]
struct Card {
    now_ms: u64,
}

#[derive(Serialize)]
struct Move {
    offset_ms: i64,
}

/// Moves the server's clock.
pub(super) struct Time {
    http: Http,
    from_ms: u64,
    span_ms: u64,
}

impl Time {
    /// Reads where the server's clock is.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] where the server is no demonstration.
    pub(super) async fn begin(http: &Http) -> Result<Self, ClientError> {
        let from_ms = read(http, &http.page(CLOCK_PATH).await?)?;
        let behind_ms = wall_ms().saturating_sub(from_ms);
        let span_ms = if behind_ms < PRESENT_MS { 0 } else { behind_ms };
        Ok(Self { http: http.clone(), from_ms, span_ms })
    }

    /// Goes to a moment on the scale of [`SPAN_MS`], never back, and answers the server's time.
    pub(super) async fn go_to(&self, at_ms: u64) -> Result<u64, ClientError> {
        let wanted = moment(self.from_ms, self.span_ms, at_ms);
        if wanted > self.http.now_ms() {
            self.set(wanted.cast_signed().saturating_sub(wall_ms().cast_signed())).await?;
        }
        Ok(self.http.now_ms())
    }

    /// Releases the clock to the present, and answers the server's time.
    pub(super) async fn release(&self) -> Result<u64, ClientError> {
        if self.span_ms > 0 {
            self.set(0).await?;
        }
        Ok(self.http.now_ms())
    }

    async fn set(&self, offset_ms: i64) -> Result<(), ClientError> {
        let text = serde_json::to_vec(&Move { offset_ms }).expect("a number is JSON");
        read(&self.http, &self.http.post(CLOCK_PATH, text).await?).map(drop)
    }
}

fn read(http: &Http, page: &[u8]) -> Result<u64, ClientError> {
    let card: Card = serde_json::from_slice(page).map_err(|_| ClientError::Protocol)?;
    http.told_time(card.now_ms);
    Ok(card.now_ms)
}

/// Where a moment of the scale is, for a clock that starts `span_ms` before the present.
fn moment(from_ms: u64, span_ms: u64, at_ms: u64) -> u64 {
    let part = u128::from(at_ms.min(SPAN_MS)) * u128::from(span_ms) / u128::from(SPAN_MS);
    from_ms.saturating_add(u64::try_from(part).unwrap_or(span_ms))
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, SPAN_MS, moment};

    #[test]
    fn the_scale_ends_in_the_present_however_far_back_the_clock_starts() {
        for days in [0, 3, 30, 365] {
            let (from, span) = (1_700_000_000_000, days * DAY_MS);
            assert_eq!(moment(from, span, 0), from);
            assert_eq!(moment(from, span, SPAN_MS / 2), from + span / 2);
            assert_eq!(moment(from, span, SPAN_MS), from + span);
            assert_eq!(moment(from, span, SPAN_MS + 1), from + span, "never the future");
        }
    }
}
