//! Recurring work: new ticket keys, sweeping what is over, removing files nobody names.
//!
//! Not known here: what is swept, which is the store's list.

use std::sync::Arc;
use std::time::Duration;

use relais_store::{Chore, Commit, Store as _};

use crate::app::App;

/// Milliseconds between two rounds: short enough that a sweep never has much to do.
const ROUND_MS: u64 = 60_000;

/// Milliseconds after which a file that no thread names is removed: longer than any message waits in an outbox
/// that is not asked about.
const ORPHAN_MS: u64 = 8 * 24 * 3_600_000;

/// Rounds between two collections of orphaned files.
const ORPHAN_ROUNDS: u32 = 60;

/// Works until the future is dropped.
#[expect(clippy::infinite_loop, reason = "upkeep ends when its task does")]
pub(super) async fn run(app: &Arc<App>) {
    let mut every = tokio::time::interval(Duration::from_millis(ROUND_MS));
    let mut round: u32 = 0;
    loop {
        every.tick().await;
        let now_ms = app.clock.now_ms();
        if let Err(error) =
            app.state.sessions.refresh_keys(&app.store, now_ms, app.settings.session_ttl_ms).await
        {
            tracing::warn!(%error, "ticket keys could not be refreshed");
        }
        let sweep = Commit::Housekeeping { at_ms: now_ms, chores: vec![Chore::Sweep] };
        if let Err(error) = app.store.commit(sweep).await {
            tracing::warn!(%error, "sweeping failed");
        }
        if round.is_multiple_of(ORPHAN_ROUNDS)
            && let Err(error) = app.blobs.collect_orphans(&app.store, now_ms, ORPHAN_MS).await
        {
            tracing::warn!(%error, "orphaned files could not be collected");
        }
        round = round.wrapping_add(1);
    }
}
