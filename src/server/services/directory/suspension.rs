//! Suspending an account and readmitting it: at once, whatever its chains say (PRM, server truth).
//!
//! Not known here: who may, which the authorizer says; and sockets, which are only told to end.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::facts::audit::AuditLine;
use relais_store::{AccountWrite, Domain};
use relais_wire::account::Done;
use relais_wire::directory::SetSuspended;
use relais_wire::{CloseCode, Refusal};

use crate::deliver::End;
use crate::services::calls;
use crate::services::context::{Ctx, instance_line};
use crate::services::permit::{Permit, SuspendUser};

/// Suspends or readmits. The account keeps what it holds, its sessions too: they are refused until it is readmitted.
///
/// # Errors
/// The store's.
pub(crate) async fn set(
    ctx: &Ctx<'_>,
    permit: &Permit<SuspendUser>,
    request: SetSuspended,
) -> Result<Done, Refusal> {
    let (who, SuspendUser(user)) = (permit.who(), *permit.target());
    if ctx.replay(who.user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let event = if request.suspended { Audited::AccountEnd } else { Audited::AccountStart };
    let AuditLine { log, entry } = instance_line(Actor::User(who.user), event);
    let domain = Domain::new(ctx.now_ms, AuditLine { log, entry: entry.on(Scope::User(user)) })
        .idem(ctx.idem(who.user, request.idem, Vec::new()))
        .write(AccountWrite::SetSuspended { user, suspended: request.suspended });
    ctx.commit(domain).await?;
    ctx.app.state.rights.forget([user]);
    ctx.app.state.sessions.set_suspended(user, request.suspended);
    if request.suspended {
        ctx.app.end_sessions(End { user, session: None, code: CloseCode::Revoked });
        calls::rights_changed(ctx, &[user]).await;
    }
    Ok(Done {})
}
