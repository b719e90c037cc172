//! Does what the core wants done: one arm for each of its outputs.
//!
//! Not known here: when the core wants it.

use std::rc::Rc;

use bytes::Bytes;
use relais_hub::{
    Admitted, AppliedMarks, Conn, Entry, Input, Key, Notice, NoticeLane, Output, Page, Revoked, Scope,
};
use relais_wire::control::{HelloSession, ResyncReason};
use relais_wire::frame::HEADER_LEN;
use relais_wire::limits::FRAME_BYTES_MAX;
use relais_wire::{CloseCode, DeviceId, ErrorCode, Event, Lane, OrgId, Refusal, Reply, Seq, UserId, codec};

use super::{Shard, Slot};
use crate::deliver::{End, Hint};
use crate::logs::LogId;
use crate::metrics::Caught;
use crate::rpc;
use crate::services::{self, Caller, StreamRead};
use crate::task::spawn_local;

pub(super) fn act(shard: &Rc<Shard>, output: Output) {
    match output {
        Output::Send { conn, header, body } => {
            if let Some(slot) = shard.slot(conn) {
                slot.send((header, body));
            }
        }
        Output::Close { conn, code, retry_after_ms } => {
            if let Some(slot) = shard.forget(conn) {
                slot.close(code, retry_after_ms);
            }
        }
        Output::Interest { user, on } => shard.interest(user, on),
        Output::CheckHello { conn, nonce, hello } => check_hello(shard, conn, nonce, hello),
        Output::Read { conn, read, user, context, after, max } => {
            let Some(slot) = shard.slot(conn) else { return };
            let (task, failed) = (Rc::clone(shard), Rc::clone(shard));
            spawn_local(
                async move {
                    let page = services::read_stream(&task.edge.app, user, context, after, max).await;
                    match page {
                        _ if is_over(&task, &slot) => {}
                        Err(refusal) if is_final(&refusal) => turn_away(&task, &slot, &refusal),
                        page => task.input(Input::Page { conn, read, page: page_of(page) }),
                    }
                },
                move || {
                    failed.edge.app.metrics.panic(Caught::Request);
                    failed.input(Input::Page { conn, read, page: Page::Unavailable });
                },
            );
        }
        Output::Follow { conn, follow, context, .. } => {
            let (task, failed) = (Rc::clone(shard), Rc::clone(shard));
            spawn_local(
                async move {
                    let head = may_follow(&task, conn, context).await;
                    task.input(Input::Followed { conn, follow, head });
                },
                move || {
                    failed.edge.app.metrics.panic(Caught::Request);
                    failed.input(Input::Followed {
                        conn,
                        follow,
                        head: Err(Refusal::new(ErrorCode::Internal)),
                    });
                },
            );
        }
        Output::Request { conn, id, kind, body, .. } => request(shard, conn, (kind, id), body),
        Output::Applied { user, device, marks } => applied(shard, user, device, marks),
        Output::Wait(_) => {}
    }
}

fn check_hello(shard: &Rc<Shard>, conn: Conn, nonce: [u8; 32], hello: Box<HelloSession>) {
    let Some(slot) = shard.slot(conn) else { return };
    let (task, failed) = (Rc::clone(shard), Rc::clone(shard));
    spawn_local(
        async move {
            match services::check_hello(&task.edge.app, slot.client, &nonce, &hello).await {
                Ok(accepted) => {
                    let (user, org) = (accepted.who.user, accepted.org);
                    let who = accepted.who;
                    admit(&task, &slot, accepted);
                    services::connected(&task.edge.app, &who).await;
                    // What was taken away meanwhile found no socket to send away.
                    let follows = services::still_follows(&task.edge.app, user, org).await;
                    if let Some(refusal) = follows.err().filter(is_final) {
                        turn_away(&task, &slot, &refusal);
                    }
                }
                Err(code) => task.input(Input::HelloRefused { conn, code }),
            }
        },
        move || {
            failed.edge.app.metrics.panic(Caught::Request);
            failed.input(Input::HelloRefused { conn, code: CloseCode::Unavailable });
        },
    );
}

/// Lets a session in. Whatever ended it while its `Hello` was checked found no socket of it to close, so it is
/// asked once more when the socket can be found.
pub(super) fn admit(shard: &Rc<Shard>, slot: &Slot, accepted: services::HelloAccepted) {
    let who = accepted.who;
    shard.prove(slot, who);
    let session = LogId::of(who.session.as_bytes());
    tracing::debug!(shard = shard.index, %session, "a session connected");
    shard.input(Input::HelloAccepted { conn: slot.conn, admitted: Box::new(admitted(accepted)) });
    is_over(shard, slot);
}

/// Whether the session of a socket has ended meanwhile: then its sockets are closed.
fn is_over(shard: &Rc<Shard>, slot: &Slot) -> bool {
    let Some(who) = slot.who() else { return false };
    let over = services::still_valid(&shard.edge.app, &who).is_err();
    if over {
        shard.input(Input::Revoke { user: who.user, which: Revoked::Session(who.session) });
    }
    over
}

/// Whether asking again is of no use: the stream is not this user's any more.
const fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal.code, ErrorCode::Revoked | ErrorCode::NotFound)
}

/// Ends a connection whose user was suspended, or lost the organization that it follows: then it may come back,
/// and follows what is left.
fn turn_away(shard: &Rc<Shard>, slot: &Slot, refusal: &Refusal) {
    match slot.who() {
        Some(who) if refusal.code == ErrorCode::Revoked => {
            shard.input(Input::Revoke { user: who.user, which: Revoked::All });
        }
        Some(_) | None => shard.send_away(slot.conn, CloseCode::Unavailable),
    }
}

fn admitted(accepted: services::HelloAccepted) -> Admitted {
    Admitted {
        user: accepted.who.user,
        session: accepted.who.session,
        device: accepted.who.device,
        expires_at: Some(accepted.who.expires_ms),
        personal_head: accepted.personal_head,
        org_head: accepted.org.map(|_| accepted.org_head),
        ticket: Some(accepted.ticket),
        rekey: accepted.rekey,
    }
}

async fn may_follow(shard: &Shard, conn: Conn, context: Option<OrgId>) -> Result<Seq, Refusal> {
    let who = shard.slot(conn).and_then(|slot| slot.who());
    let who = who.ok_or_else(|| Refusal::new(ErrorCode::Unauthenticated))?;
    services::may_follow(&shard.edge.app, &who, context).await
}

fn page_of(read: Result<StreamRead, Refusal>) -> Page {
    match read {
        Ok(StreamRead::Entries { entries, head }) => {
            let entry =
                |entry: services::StreamEntry| Entry { seq: entry.seq, kind: entry.kind, body: entry.body };
            Page::Entries { entries: entries.into_iter().map(entry).collect(), head }
        }
        Ok(StreamRead::Resync { reason: ResyncReason::Ahead, .. }) => Page::Ahead,
        Ok(StreamRead::Resync {
            reason: ResyncReason::TooOld | ResyncReason::NoCursor | ResyncReason::OtherEpoch,
            ..
        }) => Page::TooOld,
        Err(_) => Page::Unavailable,
    }
}

fn request(shard: &Rc<Shard>, conn: Conn, (kind, id): (u16, u64), body: Bytes) {
    let Some(slot) = shard.slot(conn) else { return };
    let (task, failed) = (Rc::clone(shard), Rc::clone(shard));
    spawn_local(
        async move {
            let begun = task.edge.app.clock.instant();
            let Some(answer) = answer(&task, &slot, kind, body).await else { return };
            let (refusal, body) = encoded(&answer);
            task.edge.app.metrics.request(kind, refusal, begun.elapsed());
            task.input(Input::Reply { conn, id, refusal, body });
        },
        move || {
            failed.edge.app.metrics.panic(Caught::Request);
            let body = codec::encode(&Refusal::new(ErrorCode::Internal)).into();
            failed.input(Input::Reply { conn, id, refusal: true, body });
        },
    );
}

/// `None` when the session has ended meanwhile: its connections are closed instead.
async fn answer(shard: &Rc<Shard>, slot: &Slot, kind: u16, body: Bytes) -> Option<Result<Reply, Refusal>> {
    let app = &shard.edge.app;
    let caller = match slot.who() {
        None => Caller::Anonymous { client: slot.client },
        Some(who) => {
            if is_over(shard, slot) {
                return None;
            }
            Caller::Session(who)
        }
    };
    Some(match rpc::decode(kind, &body) {
        Ok(incoming) => services::handle(app, caller, incoming).await,
        Err(refusal) => Err(refusal),
    })
}

/// Body of a reply. One that does not fit into a frame of a socket is refused: the client asks by HTTP.
fn encoded(answer: &Result<Reply, Refusal>) -> (bool, Bytes) {
    match answer {
        Ok(reply) => {
            let body = codec::encode(reply);
            if body.len() + HEADER_LEN > FRAME_BYTES_MAX {
                return (true, codec::encode(&Refusal::new(ErrorCode::TooLarge)).into());
            }
            (false, body.into())
        }
        Err(refusal) => (true, codec::encode(refusal).into()),
    }
}

fn applied(shard: &Rc<Shard>, user: UserId, device: DeviceId, marks: AppliedMarks) {
    let (task, failed) = (Rc::clone(shard), Rc::clone(shard));
    spawn_local(
        async move {
            let app = &task.edge.app;
            if let Some((org, seq)) = marks.org {
                services::applied(app, user, device, Some(org), seq).await;
            }
            if let Some(seq) = marks.personal {
                services::applied(app, user, device, None, seq).await;
            }
        },
        move || failed.edge.app.metrics.panic(Caught::Request),
    );
}

/// Ends sockets of a user: for good, or with a code after which they come back.
pub(super) fn end(shard: &Rc<Shard>, end: &End) {
    if end.code.should_reconnect() {
        return shard.send_user_away(end.user, end.code);
    }
    let which = end.session.map_or(Revoked::All, Revoked::Session);
    shard.input(Input::Revoke { user: end.user, which });
}

/// The hint for the users of it that are here; `None` when there are none, or its type is not known.
pub(super) fn notice(hint: &Hint, to: Vec<UserId>) -> Option<Notice> {
    let lane = match Event::lane_of(hint.kind)? {
        Lane::Control => NoticeLane::Control { expires_at: hint.expires_ms.unwrap_or(0) },
        Lane::Keyed => NoticeLane::Keyed(Key { about: hint.about, whose: hint.whose }),
        Lane::Droppable => NoticeLane::Droppable,
        // Entries of a stream are never hints.
        Lane::Stream => return None,
    };
    let (kind, body) = (hint.kind, hint.body.clone());
    (!to.is_empty()).then_some(Notice { to, scope: Scope::Everywhere, lane, kind, body })
}
