//! How far people have come in a thread: read, and delivered to one of their devices. Told on the keyed lane;
//! only the latest counts, and which device it was is never said.
//!
//! Not known here: cursors of streams, which the caller turns into positions.

use std::collections::{BTreeSet, HashMap};
use std::sync::RwLock;

use bytes::Bytes;
use relais_care::audit::Event as Audited;
use relais_store::Chore;
use relais_store::facts::directory::Group;
use relais_store::facts::thread::{Participant, Party, Standing};
use relais_store::reads::{MembersOf, Participants, ReadCursors, ReadCursorsOf};
use relais_wire::account::Done;
use relais_wire::events::Progress;
use relais_wire::ids::{Seq, ThreadId, UserId};
use relais_wire::threads::{MarkRead, ReadMark, Reads};
use relais_wire::{ErrorCode, Event, Refusal};

use super::read::audit;
use crate::deliver::Hint;
use crate::services::context::Ctx;
use crate::services::limits::DELIVERED_REMEMBERED;
use crate::services::permit::{Permit, ReadThread};
use crate::services::refuse;

/// Managers of one team that are told.
const MANAGERS: u32 = 1_000;

/// How far entries have reached people's devices, as far as this process has seen it.
#[derive(Debug, Default)]
pub(crate) struct Delivered(RwLock<HashMap<(ThreadId, UserId), Seq>>);

impl Delivered {
    /// Moves somebody forward; whether that is news.
    fn advance(&self, thread: ThreadId, user: UserId, n: Seq) -> bool {
        let Ok(mut map) = self.0.write() else { return false };
        if map.len() >= DELIVERED_REMEMBERED {
            map.clear();
        }
        let at = map.entry((thread, user)).or_insert(Seq::ZERO);
        let moves = n > *at;
        if moves {
            *at = n;
        }
        moves
    }

    fn of(&self, thread: ThreadId, user: UserId) -> Seq {
        self.0.read().ok().and_then(|map| map.get(&(thread, user)).copied()).unwrap_or(Seq::ZERO)
    }
}

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
    ctx.upkeep(vec![Chore::Read { thread: request.thread, user, upto }]).await?;
    ctx.app.state.delivered.advance(request.thread, user, upto);
    tell(ctx, request.thread, user, upto, &seen.parties).await?;
    Ok(Done {})
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
    let read: HashMap<UserId, Seq> =
        ctx.read(ReadCursors(thread)).await?.into_iter().map(|cursor| (cursor.user, cursor.upto)).collect();
    let people = watchers(ctx, &seen.parties).await?;
    let mark = |user: UserId| {
        let read = read.get(&user).copied().unwrap_or(Seq::ZERO);
        ReadMark { user, delivered: ctx.app.state.delivered.of(thread, user).max(read), read }
    };
    Ok(Reads { marks: people.into_iter().map(mark).collect() })
}

/// Entries of threads have reached a device of somebody.
///
/// # Errors
/// The store's.
pub(crate) async fn reached(
    ctx: &Ctx<'_>,
    user: UserId,
    positions: HashMap<ThreadId, Seq>,
) -> Result<(), Refusal> {
    for (thread, n) in positions {
        if !ctx.app.state.delivered.advance(thread, user, n) {
            continue;
        }
        let (parties, read) = ctx.read((Participants(thread), ReadCursorsOf(user, vec![thread]))).await?;
        let read = read.first().map_or(Seq::ZERO, |cursor| cursor.upto);
        tell(ctx, thread, user, read, &parties).await?;
    }
    Ok(())
}

async fn tell(
    ctx: &Ctx<'_>,
    thread: ThreadId,
    user: UserId,
    read: Seq,
    parties: &[Participant],
) -> Result<(), Refusal> {
    let users = watchers(ctx, parties).await?;
    let delivered = ctx.app.state.delivered.of(thread, user).max(read);
    let event = Event::from(Progress { thread, mark: ReadMark { user, delivered, read } });
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
