//! How far people have come in a thread: read, and delivered to one of their devices. Both are kept, and told to
//! everybody in the thread on the keyed lane; only the latest counts, and which device it was is never said. The
//! reader's other devices learn by their stream what was read, so that one that was away counts right.
//!
//! Not known here: cursors of streams, which the caller turns into positions.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use relais_care::audit::Event as Audited;
use relais_store::Chore;
use relais_store::facts::directory::Group;
use relais_store::facts::thread::{Participant, Party, ReadCursor, Standing};
use relais_store::reads::{MembersOf, Participants, ReadCursors, ReadCursorsOf, SessionsOf};
use relais_wire::account::Done;
use relais_wire::events::{Progress, ReadMoved};
use relais_wire::ids::{Seq, ThreadId, UserId};
use relais_wire::threads::{MarkRead, ReadMark, Reads};
use relais_wire::{ErrorCode, Event, Refusal};

use super::read::audit;
use crate::deliver::Hint;
use crate::services::Authenticated;
use crate::services::context::{Ctx, Told};
use crate::services::permit::{Permit, ReadThread};
use crate::services::refuse;

/// Managers of one team that are told.
const MANAGERS: u32 = 1_000;

/// Somebody saw everything up to a position. Going back has no effect.
///
/// # Errors
/// `malformed` beyond the last entry; `not found` before an invitation is accepted.
pub(crate) async fn mark(
    ctx: &Ctx<'_>,
    permit: &Permit<ReadThread>,
    request: &MarkRead,
) -> Result<Done, Refusal> {
    let seen = permit.target();
    let user = permit.who().user;
    if seen.standing == Standing::Invited {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let upto = seen.to.map_or(request.n, |to| request.n.min(to));
    audit(ctx, permit.who(), &seen.thread, Audited::DiscussionRead).await?;
    let told = if has_other_devices(ctx, permit.who()).await? {
        let moved = ReadMoved { thread: request.thread, read: upto };
        Some(Told::one(user, seen.as_org, moved).into())
    } else {
        None
    };
    ctx.upkeep(vec![Chore::Read { thread: request.thread, user, upto, told }]).await?;
    tell(ctx, request.thread, user, &seen.parties).await?;
    Ok(Done {})
}

/// Whether the user's stream has another reader than the session that asks: a device that signs in later begins
/// with a snapshot.
async fn has_other_devices(ctx: &Ctx<'_>, who: &Authenticated) -> Result<bool, Refusal> {
    let sessions = ctx.read(SessionsOf { user: who.user, now_ms: ctx.now_ms }).await?;
    Ok(sessions.iter().any(|session| session.session != who.session))
}

/// How far everybody has come.
///
/// # Errors
/// `not found` before an invitation is accepted.
pub(crate) async fn all(ctx: &Ctx<'_>, permit: &Permit<ReadThread>) -> Result<Reads, Refusal> {
    let seen = permit.target();
    if seen.standing == Standing::Invited {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let thread = seen.thread.thread;
    let cursors = ctx.read(ReadCursors(thread)).await?;
    let cursors: HashMap<UserId, ReadCursor> =
        cursors.into_iter().map(|cursor| (cursor.user, cursor)).collect();
    let people = watchers(ctx, &seen.parties).await?;
    Ok(Reads { marks: people.into_iter().map(|user| read_mark(user, cursors.get(&user))).collect() })
}

fn read_mark(user: UserId, cursor: Option<&ReadCursor>) -> ReadMark {
    let (delivered, read) = cursor.map_or((Seq::ZERO, Seq::ZERO), |cursor| (cursor.delivered, cursor.upto));
    ReadMark { user, delivered, read }
}

/// Entries of threads have reached a device of somebody: everybody in them is told.
///
/// # Errors
/// The store's.
pub(crate) async fn reached(
    ctx: &Ctx<'_>,
    user: UserId,
    threads: impl IntoIterator<Item = ThreadId>,
) -> Result<(), Refusal> {
    for thread in threads {
        let parties = ctx.read(Participants(thread)).await?;
        tell(ctx, thread, user, &parties).await?;
    }
    Ok(())
}

async fn tell(ctx: &Ctx<'_>, thread: ThreadId, user: UserId, parties: &[Participant]) -> Result<(), Refusal> {
    let users = watchers(ctx, parties).await?;
    let cursors = ctx.read(ReadCursorsOf(user, vec![thread])).await?;
    let event = Event::from(Progress { thread, mark: read_mark(user, cursors.first()) });
    ctx.app.hint(Hint {
        users: users.into_iter().collect(),
        kind: event.kind(),
        about: *thread.as_bytes(),
        whose: *user.as_bytes(),
        expires_ms: None,
        body: Bytes::from(event.encode_body()),
    });
    Ok(())
}

/// Everybody who takes part, team managers included.
async fn watchers(ctx: &Ctx<'_>, parties: &[Participant]) -> Result<BTreeSet<UserId>, Refusal> {
    let mut users = BTreeSet::new();
    for row in parties.iter().filter(|row| row.standing == Standing::Active) {
        match row.party {
            Party::User(user) => drop(users.insert(user)),
            Party::Team(team) => {
                let members = MembersOf { group: Group::Team(team), after: None, max: MANAGERS };
                let managers = ctx.read(members).await?;
                users.extend(managers.into_iter().filter(|member| member.manager).map(|member| member.user));
            }
            Party::Invite(_) => {}
        }
    }
    Ok(users)
}
