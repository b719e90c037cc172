//! From a request to its service, with the permit that the service takes.
//!
//! Not known here: what a service does.

use relais_care::permission::Permission;
use relais_wire::{ErrorCode, Refusal, Reply, Request};

use super::account::{factor, login, objects, recover, register, rekey};
use super::context::Ctx;
use super::directory::{invites, people, suspension, units};
use super::{
    Authenticated, boxes, calls, chains, files, permit, refuse, server_card, sessions, streams, threads,
};

/// Answers somebody who has no session.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever is not listed needs a session")]
pub(super) async fn anonymous(ctx: &Ctx<'_>, request: Request) -> Result<Reply, Refusal> {
    Ok(match request {
        Request::GetServer(_) => server_card::get(ctx).await?.into(),
        Request::RegisterStart(request) => register::start(ctx, request).await?.into(),
        Request::RegisterFinish(request) => Box::pin(register::finish(ctx, request)).await?.into(),
        Request::LoginStart(request) => login::start(ctx, request).await?.into(),
        Request::LoginFinish(request) => login::finish(ctx, request).await?.into(),
        Request::ResendCode(request) => factor::resend(ctx, request).await?.into(),
        Request::SecondFactor(request) => factor::prove(ctx, request).await?.into(),
        Request::RecoverStart(request) => recover::start(ctx, request).await?.into(),
        Request::RecoverProve(request) => recover::prove(ctx, request).await?.into(),
        Request::RecoverAuth(request) => recover::auth(ctx, request).await?.into(),
        Request::Rekey(request) => Box::pin(rekey::finish(ctx, None, request)).await?.into(),
        Request::GetLinks(request) => recover::links(ctx, &request).await?.into(),
        _ => return Err(refuse::refuse(ErrorCode::Unauthenticated)),
    })
}

/// Answers a session.
pub(super) async fn session(ctx: &Ctx<'_>, who: &Authenticated, request: Request) -> Result<Reply, Refusal> {
    match request {
        Request::Rekey(request) => Ok(Box::pin(rekey::finish(ctx, Some(who), request)).await?.into()),
        Request::PasswordStart(_)
        | Request::RenewRecovery(_)
        | Request::ListSessions(_)
        | Request::RevokeSession(_)
        | Request::GetVault(_)
        | Request::PutVault(_)
        | Request::GetObject(_)
        | Request::PutObject(_) => Box::pin(own(ctx, who, request)).await,
        Request::GetLinks(_) | Request::AppendLinks(_) | Request::PutBoxes(_) | Request::GetBoxes(_) => {
            Box::pin(keys(ctx, who, request)).await
        }
        Request::Append(_)
        | Request::GetThread(_)
        | Request::GetEntries(_)
        | Request::MarkRead(_)
        | Request::GetReads(_)
        | Request::Focus(_)
        | Request::FollowPersonal(_)
        | Request::Pull(_)
        | Request::GetSnapshot(_)
        | Request::ListThreads(_) => Box::pin(talk(ctx, who, request)).await,
        Request::Search(_)
        | Request::GetPerson(_)
        | Request::GetUnit(_)
        | Request::CreateUnit(_)
        | Request::CreateTeam(_)
        | Request::CreateInvite(_)
        | Request::WithdrawInvite(_)
        | Request::AcceptInvite(_)
        | Request::GetPending(_)
        | Request::SetSuspended(_)
        | Request::GetBlob(_) => Box::pin(directory(ctx, who, request)).await,
        Request::CallStart(_)
        | Request::CallAdd(_)
        | Request::CallJoin(_)
        | Request::CallAck(_)
        | Request::CallDecline(_)
        | Request::CallLeave(_)
        | Request::CallEnd(_)
        | Request::GetCalls(_) => Box::pin(call(ctx, who, request)).await,
        Request::GetServer(_)
        | Request::RegisterStart(_)
        | Request::RegisterFinish(_)
        | Request::LoginStart(_)
        | Request::LoginFinish(_)
        | Request::ResendCode(_)
        | Request::SecondFactor(_)
        | Request::RecoverStart(_)
        | Request::RecoverProve(_)
        | Request::RecoverAuth(_) => Box::pin(anonymous(ctx, request)).await,
    }
}

fn misplaced() -> Refusal {
    refuse::refuse(ErrorCode::UnknownType)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorted the requests, naming each")]
async fn own(ctx: &Ctx<'_>, who: &Authenticated, request: Request) -> Result<Reply, Refusal> {
    let permit = permit::own(ctx, who).await?;
    Ok(match request {
        Request::PasswordStart(request) => rekey::start(ctx, &permit, &request)?.into(),
        Request::RenewRecovery(request) => recover::renew(ctx, &permit, request).await?.into(),
        Request::ListSessions(_) => sessions::list(ctx, &permit).await?.into(),
        Request::RevokeSession(request) => sessions::revoke(ctx, &permit, request).await?.into(),
        Request::GetVault(_) => objects::vault(ctx, &permit).await?.into(),
        Request::PutVault(request) => objects::put_vault(ctx, &permit, request).await?.into(),
        Request::GetObject(request) => objects::object(ctx, &permit, request).await?.into(),
        Request::PutObject(request) => objects::put_object(ctx, &permit, request).await?.into(),
        _ => return Err(misplaced()),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorted the requests, naming each")]
async fn keys(ctx: &Ctx<'_>, who: &Authenticated, request: Request) -> Result<Reply, Refusal> {
    Ok(match request {
        Request::GetLinks(request) => {
            let permit = permit::look(ctx, who).await?;
            chains::get(ctx, &permit, request).await?.into()
        }
        Request::AppendLinks(request) => {
            let permit = permit::own(ctx, who).await?;
            chains::append(ctx, &permit, request).await?.into()
        }
        Request::PutBoxes(request) => {
            let permit = permit::own(ctx, who).await?;
            boxes::put(ctx, &permit, request).await?.into()
        }
        Request::GetBoxes(request) => {
            let permit = permit::own(ctx, who).await?;
            boxes::get(ctx, &permit, request).await?.into()
        }
        _ => return Err(misplaced()),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorted the requests, naming each")]
async fn talk(ctx: &Ctx<'_>, who: &Authenticated, request: Request) -> Result<Reply, Refusal> {
    Ok(match request {
        Request::Append(request) => {
            let permit = permit::write_thread(ctx, who, request.thread).await?;
            threads::append::append(ctx, &permit, request).await?.into()
        }
        Request::GetThread(request) => {
            let permit = permit::read_thread(ctx, who, request.thread).await?;
            threads::read::card(ctx, &permit).await?.into()
        }
        Request::GetEntries(request) => {
            let permit = permit::read_thread(ctx, who, request.thread).await?;
            threads::read::entries(ctx, &permit, &request).await?.into()
        }
        Request::MarkRead(request) => {
            let permit = permit::read_thread(ctx, who, request.thread).await?;
            threads::marks::mark(ctx, &permit, &request).await?.into()
        }
        Request::GetReads(request) => {
            let permit = permit::read_thread(ctx, who, request.thread).await?;
            threads::marks::all(ctx, &permit).await?.into()
        }
        Request::Focus(request) => {
            let permit = permit::context(ctx, who, request.org).await?;
            streams::following(ctx, &permit).await?.into()
        }
        Request::FollowPersonal(_) => {
            let permit = permit::context(ctx, who, None).await?;
            streams::following(ctx, &permit).await?.into()
        }
        Request::Pull(request) => {
            let permit = permit::context(ctx, who, request.org).await?;
            streams::pull(ctx, &permit, &request).await?.into()
        }
        Request::GetSnapshot(request) => {
            let permit = permit::context(ctx, who, request.org).await?;
            streams::snapshot(ctx, &permit, request).await?.into()
        }
        Request::ListThreads(request) => {
            let permit = permit::context(ctx, who, request.org).await?;
            threads::list::page(ctx, &permit, &request).await?.into()
        }
        _ => return Err(misplaced()),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorted the requests, naming each")]
async fn call(ctx: &Ctx<'_>, who: &Authenticated, request: Request) -> Result<Reply, Refusal> {
    Ok(match request {
        Request::CallStart(request) => {
            let permit = permit::call_in(ctx, who, request.thread).await?;
            calls::start(ctx, &permit, request).await?.into()
        }
        Request::CallAdd(request) => {
            let thread = calls::thread_of(ctx, who.user, request.call).await?;
            let permit = permit::call_in(ctx, who, thread).await?;
            calls::add(ctx, &permit, request).await?.into()
        }
        Request::CallJoin(request) => {
            let thread = calls::thread_of(ctx, who.user, request.call).await?;
            let permit = permit::call_in(ctx, who, thread).await?;
            calls::join(ctx, &permit, &request).await?.into()
        }
        Request::CallAck(request) => {
            let permit = permit::own(ctx, who).await?;
            calls::ack(ctx, &permit, &request).await?.into()
        }
        Request::CallDecline(request) => {
            let permit = permit::own(ctx, who).await?;
            calls::decline(ctx, &permit, &request).await?.into()
        }
        Request::CallLeave(request) => {
            let permit = permit::own(ctx, who).await?;
            calls::leave(ctx, &permit, &request).await?.into()
        }
        Request::CallEnd(request) => {
            let permit = permit::own(ctx, who).await?;
            calls::end(ctx, &permit, &request).await?.into()
        }
        Request::GetCalls(_) => {
            let permit = permit::own(ctx, who).await?;
            calls::all(ctx, &permit).await.into()
        }
        _ => return Err(misplaced()),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the caller sorted the requests, naming each")]
async fn directory(ctx: &Ctx<'_>, who: &Authenticated, request: Request) -> Result<Reply, Refusal> {
    Ok(match request {
        Request::Search(request) => {
            let permit = permit::look(ctx, who).await?;
            people::search(ctx, &permit, request).await?.into()
        }
        Request::GetPerson(request) => {
            let permit = permit::look(ctx, who).await?;
            people::get(ctx, &permit, &request).await?.into()
        }
        Request::GetUnit(request) => {
            let permit = permit::in_unit(ctx, who, request.unit, Permission::ViewGroupDetails).await?;
            units::get(ctx, &permit, &request).await?.into()
        }
        Request::CreateUnit(request) => units::create(ctx, who, request).await?.into(),
        Request::CreateTeam(request) => units::create_team(ctx, who, request).await?.into(),
        Request::CreateInvite(request) => invites::create(ctx, who, request).await?.into(),
        Request::WithdrawInvite(request) => {
            let permit = permit::own(ctx, who).await?;
            invites::withdraw(ctx, &permit, request).await?.into()
        }
        Request::AcceptInvite(request) => {
            let permit = permit::own(ctx, who).await?;
            invites::accept(ctx, &permit, request).await?.into()
        }
        Request::GetPending(request) => {
            let permit = permit::in_unit(ctx, who, request.unit, Permission::ManageGroupMember).await?;
            invites::waiting(ctx, &permit, &request).await?.into()
        }
        Request::SetSuspended(request) => {
            let permit = permit::suspend(ctx, who, request.user).await?;
            suspension::set(ctx, &permit, request).await?.into()
        }
        Request::GetBlob(request) => {
            let permit = permit::own(ctx, who).await?;
            files::card(ctx, &permit, request.blob).await?.into()
        }
        _ => return Err(misplaced()),
    })
}
