//! What happens to calls by itself: deadlines, and what a restart left.
//!
//! Not known here: what is due, which is the core's.

use std::sync::Arc;
use std::time::Duration;

use relais_call::{Call, Input};
use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::call::Call as Row;
use relais_store::reads::OpenCalls;
use relais_store::{CallWrite, Domain};
use relais_wire::Refusal;
use relais_wire::ids::CallId;

use super::turn;
use crate::app::App;
use crate::services::context::{Ctx, line};
use crate::services::{ClientKey, NO_REQUEST, context};

/// Calls read at once.
const PAGE: u32 = 500;

/// The longest sleep while there are calls: a clock that was moved is noticed.
const TICK: Duration = Duration::from_millis(500);

/// Pause after a turn that could not be kept.
const AGAIN: Duration = Duration::from_millis(500);

/// Takes up the calls that were not over: whoever was in one is waited for, telephones go on ringing.
///
/// # Errors
/// The store's.
pub(in crate::services) async fn recover(app: &Arc<App>) -> Result<(), Refusal> {
    let ctx = context(app, ClientKey([0; 16]), NO_REQUEST);
    let mut after: Option<CallId> = None;
    loop {
        let page = ctx.read(OpenCalls { after, max: PAGE }).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.call);
        for row in page {
            match Call::from_kept(app.clock.now_ms(), row.state.as_slice()) {
                Ok(call) => {
                    drop(
                        turn(&ctx, None, |desk, now| Ok(desk.recovered(now, call)))
                            .await
                            .map_err(Refusal::from)?,
                    );
                }
                Err(error) => {
                    tracing::error!(%error, "a call of an older server is given up");
                    give_up(&ctx, &row).await?;
                }
            }
        }
    }
}

async fn give_up(ctx: &Ctx<'_>, row: &Row) -> Result<(), Refusal> {
    let AuditLine { log, entry } = line(None, Actor::Server, Audited::CallEnd);
    let entry = entry.on(Scope::Discussion(row.thread));
    let over = CallWrite::Change { call: row.call, ended_ms: Some(ctx.now_ms), state: Vec::new().into() };
    ctx.commit(Domain::new(ctx.now_ms, AuditLine { log, entry }).write(over)).await.map(drop)
}

/// Does what is due until the future is dropped.
#[expect(clippy::infinite_loop, reason = "ends when its task does")]
pub(in crate::services) async fn run(app: &Arc<App>) {
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
        if due(app).await.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Everything that is due now.
async fn due(app: &Arc<App>) -> Result<(), Refusal> {
    loop {
        let ctx = context(app, ClientKey([0; 16]), NO_REQUEST);
        let id = app.state.calls.desk.lock().await.due(app.clock.now_ms());
        let Some(id) = id else { return Ok(()) };
        turn(&ctx, None, |desk, now| desk.turn(now, id, Input::Timeout)).await?;
    }
}
