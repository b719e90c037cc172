//! What happens to calls by itself: deadlines, and what a restart left.
//!
//! Not known here: what is due, which is the core's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use relais_call::{Call, Input, Refused};
use relais_store::facts::call::Call as Row;
use relais_store::reads::OpenCalls;
use relais_wire::Refusal;
use relais_wire::ids::CallId;

use super::{Failed, give_up, record, turn};
use crate::app::App;
use crate::services::context::Ctx;
use crate::services::{ClientKey, NO_REQUEST, context};

/// Calls read at once.
const PAGE: u32 = 500;

/// The longest sleep while there are calls: a clock that was moved is noticed.
const TICK: Duration = Duration::from_millis(500);

/// Pause after a turn that could not be kept.
const AGAIN: Duration = Duration::from_millis(500);

/// Turns of one call that could not be kept, though the store keeps others, after which the call is ended: some ten
/// seconds, which is longer than anything that goes over.
const TRIES_MAX: u32 = 20;

/// Takes up the calls that were not over: whoever was in one is waited for, telephones go on ringing. One that cannot
/// be taken up does not stand in the way of the others, nor of the start.
///
/// # Errors
/// The store's, where the calls cannot be read.
pub(in crate::services) async fn recover(app: &Arc<App>) -> Result<(), Refusal> {
    let ctx = context(app, ClientKey([0; 16]), NO_REQUEST);
    let mut after: Option<CallId> = None;
    loop {
        let page = ctx.read(OpenCalls { after, max: PAGE }).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.call);
        for row in page {
            take_up(&ctx, &row).await;
        }
    }
}

async fn take_up(ctx: &Ctx<'_>, row: &Row) {
    let call = match Call::from_kept(ctx.app.clock.now_ms(), row.state.as_slice()) {
        Ok(call) => call,
        Err(error) => {
            tracing::error!(%error, "a call of an older server is given up");
            return close(ctx, row).await;
        }
    };
    let recovered = turn(ctx, None, |desk, now| match desk.has_place_for(&call) {
        true => Ok(desk.recovered(now, call.clone())),
        false => Err(Refused::UnderWay),
    });
    match recovered.await {
        Ok(_) => {}
        // It was given up, which could not be kept, and another has begun since.
        Err(Failed::Refused(_)) => close(ctx, row).await,
        Err(Failed::Other(refusal)) => {
            tracing::warn!(code = refusal.code.code(), "what is due in a call could not be kept yet");
            ctx.app.state.calls.desk.lock().await.adopt(call);
        }
    }
}

async fn close(ctx: &Ctx<'_>, row: &Row) {
    if let Err(refusal) = record::over(ctx, ctx.now_ms, (None, row.thread), row.call).await {
        tracing::warn!(code = refusal.code.code(), "a call that is given up could not be closed");
    }
}

/// How often in a row turns of each call could not be kept.
#[derive(Debug, Default)]
struct Tries(BTreeMap<CallId, u32>);

impl Tries {
    /// A turn could not be kept; whether the call is to be given up. A store that says when to come again keeps
    /// nothing of any call, so that is not this one's fault.
    fn failed(&mut self, call: CallId, refusal: &Refusal) -> bool {
        if refusal.retry_after.is_some() {
            return false;
        }
        let tries = self.0.entry(call).or_insert(0);
        *tries += 1;
        *tries >= TRIES_MAX
    }

    fn succeeded(&mut self, call: CallId) {
        self.0.remove(&call);
    }
}

/// Does what is due until the future is dropped.
#[expect(clippy::infinite_loop, reason = "ends when its task does")]
pub(in crate::services) async fn run(app: &Arc<App>) {
    let mut tries = Tries::default();
    loop {
        let wakes_at = app.state.calls.desk.lock().await.wakes_at();
        let changed = app.state.calls.changed.notified();
        match wakes_at {
            None => changed.await,
            Some(at) => {
                let left = Duration::from_millis(at.saturating_sub(app.clock.now_ms()));
                // Either the time has come, or something has changed: both are looked at below.
                drop(tokio::time::timeout(left.min(TICK), changed).await);
            }
        }
        if !due(app, &mut tries).await {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Everything that is due now, each call for itself; whether all of it could be kept.
async fn due(app: &Arc<App>, tries: &mut Tries) -> bool {
    let ids: Vec<CallId> = app.state.calls.desk.lock().await.all_due(app.clock.now_ms()).collect();
    tries.0.retain(|call, _| ids.contains(call));
    let mut kept = true;
    for id in ids {
        let ctx = context(app, ClientKey([0; 16]), NO_REQUEST);
        match turn(&ctx, None, |desk, now| desk.turn(now, id, Input::Timeout)).await {
            // A refusal of the core: it has ended meanwhile.
            Ok(_) | Err(Failed::Refused(_)) => tries.succeeded(id),
            Err(Failed::Other(refusal)) => {
                kept = false;
                if tries.failed(id, &refusal) {
                    tracing::error!(code = refusal.code.code(), "a call that cannot be kept is given up");
                    give_up(&ctx, id).await;
                    tries.succeeded(id);
                }
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::CallId;
    use relais_wire::{ErrorCode, Refusal};

    use super::{TRIES_MAX, Tries};

    #[test]
    fn only_a_call_that_itself_cannot_be_kept_is_given_up() {
        let mut tries = Tries::default();
        let [one, other] = [1, 2].map(|n| CallId::from_bytes([n; 16]));
        let (never, later) = (Refusal::new(ErrorCode::Internal), Refusal::retry(ErrorCode::StorageFull, 1));
        for _ in 1..TRIES_MAX {
            assert!(!tries.failed(one, &never) && !tries.failed(other, &never));
        }
        assert!(!tries.failed(one, &later), "a full disk is nobody's fault");
        tries.succeeded(other);
        assert!(tries.failed(one, &never));
        assert!(!tries.failed(other, &never), "not in a row");
    }
}
