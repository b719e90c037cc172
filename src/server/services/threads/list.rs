//! The list of somebody's threads (THR-11): their own and those of the teams they read for, newest first, page by page.
//!
//! A place in it is the time of a thread's last entry, so a thread moves only to the front, and only by an entry that
//! its readers' streams carry: who turns pages while threads move meets none twice, and hears of the others.
//!
//! Not known here: what a snapshot holds besides, and how far somebody got in the list.

use std::collections::{BTreeMap, HashMap};

use relais_care::audit::{Actor, Event as Audited};
use relais_store::Domain;
use relais_store::facts::thread::{Participant, Party, Thread};
use relais_store::reads::{ReadCursorsOf, ThreadsOf};
use relais_wire::Refusal;
use relais_wire::ids::{OrgId, Seq, ThreadId, UserId};
use relais_wire::limits::THREADS_PAGE_MAX;
use relais_wire::scalar::Millis;
use relais_wire::streams::{ListThreads, ThreadList, ThreadPlace};

use super::read;
use crate::services::context::{Ctx, line};
use crate::services::limits::LIST_ROUNDS;
use crate::services::mutation::{self, Check};
use crate::services::permit::{Context, Permit, Rights, View, view};

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Newest first.
    pub(crate) threads: Vec<(Thread, View)>,
    /// Where it goes on; absent: there is nothing after it.
    pub(crate) next: Option<ThreadPlace>,
}

/// A page of the list of a context.
///
/// # Errors
/// The store's.
pub(crate) async fn page(
    ctx: &Ctx<'_>,
    permit: &Permit<Context>,
    request: &ListThreads,
) -> Result<ThreadList, Refusal> {
    let max = request.max.clamp(1, THREADS_PAGE_MAX);
    let Listed { threads, next } = part(ctx, permit, request.before, max).await?;
    let mut cards = Vec::with_capacity(threads.len());
    for (thread, view) in threads {
        let parties = read::parties(ctx, &thread).await?;
        cards.push(read::make(ctx, permit.who().user, &thread, &view, &parties).await?);
    }
    let who = permit.who();
    if ctx.app.state.reads.is_new(who, &audited_as(permit.target().0), ctx.now_ms) {
        audit(ctx, permit).await?;
    }
    Ok(ThreadList { threads: cards, next })
}

/// Writes that somebody listed the threads of a context. Pages read within ten minutes of it need no line of their
/// own (AUD-03).
///
/// # Errors
/// The store's.
pub(crate) async fn audit(ctx: &Ctx<'_>, permit: &Permit<Context>) -> Result<(), Refusal> {
    let (who, Context(org)) = (permit.who(), permit.target());
    ctx.commit(Domain::new(ctx.now_ms, line(*org, Actor::User(who.user), Audited::DiscussionList))).await?;
    ctx.app.state.reads.written(who, &audited_as(*org), ctx.now_ms);
    Ok(())
}

/// What stands for a context among what was read.
fn audited_as(org: Option<OrgId>) -> [u8; 16] {
    org.map_or([0; 16], |org| *org.as_bytes())
}

/// So many threads after a place. Fewer where many closed ones, which are not shown (THR-12), or threads of teams that
/// are not theirs to read lie between: then there is a next place all the same.
///
/// # Errors
/// The store's.
pub(crate) async fn part(
    ctx: &Ctx<'_>,
    permit: &Permit<Context>,
    before: Option<ThreadPlace>,
    max: u32,
) -> Result<Listed, Refusal> {
    let (user, rights, Context(context)) = (permit.who().user, permit.rights(), permit.target());
    let wanted = usize::try_from(max).unwrap_or(usize::MAX);
    let mut threads = Vec::new();
    let mut next = before;
    for _ in 0..LIST_ROUNDS {
        let round = round(ctx, user, rights, *context, next, max).await?;
        let unseen = unseen(ctx, user, &round.threads).await?;
        let last = round.threads.len().saturating_sub(1);
        for (at, (thread, rows)) in round.threads.into_iter().enumerate() {
            next = Some(place(&thread));
            if let Some(view) = seen(rights, user, &rows)
                && (thread.closed_ms.is_none() || unseen.contains(&thread.thread))
            {
                threads.push((thread, view));
            }
            if threads.len() == wanted {
                let more = round.more || at < last;
                return Ok(Listed { threads, next: next.filter(|_| more) });
            }
        }
        if !round.more {
            return Ok(Listed { threads, next: None });
        }
    }
    Ok(Listed { threads, next })
}

const fn place(thread: &Thread) -> ThreadPlace {
    ThreadPlace { at: Millis::saturating(thread.last_ms), thread: thread.thread }
}

/// How somebody sees a thread of the list, by the rows that put it there.
fn seen(rights: &Rights, user: UserId, rows: &[Participant]) -> Option<View> {
    let listed = rows.first().filter(|_| !mutation::is_on(Check::Listing));
    let unchecked = |row: &Participant| View {
        standing: row.standing,
        from: row.visible_from,
        to: row.visible_to,
        as_org: row.as_org,
    };
    view(rights, user, rows).or_else(|| listed.map(unchecked))
}

/// Rows of several parties, in one order.
struct Round {
    /// Newest first, each with the rows that put it there.
    threads: Vec<(Thread, Vec<Participant>)>,
    /// Whether there are others after them.
    more: bool,
}

/// The next threads of somebody and their teams together. Of each party one row more is read than is given, so the
/// first of all together are among them.
async fn round(
    ctx: &Ctx<'_>,
    user: UserId,
    rights: &Rights,
    context: Option<OrgId>,
    before: Option<ThreadPlace>,
    max: u32,
) -> Result<Round, Refusal> {
    let before = before.map(|place| (place.at.get(), place.thread));
    let list = |party| ThreadsOf { party, context, before, max: max.saturating_add(1) };
    let parties = core::iter::once(Party::User(user)).chain(rights.teams().map(Party::Team));
    let lists: Vec<ThreadsOf> = parties.map(list).collect();
    let mut together: BTreeMap<(u64, ThreadId), (Thread, Vec<Participant>)> = BTreeMap::new();
    for (thread, row) in ctx.read(lists).await?.into_iter().flatten() {
        let at = (thread.last_ms, thread.thread);
        together.entry(at).or_insert_with(|| (thread, Vec::new())).1.push(row);
    }
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let more = together.len() > max;
    Ok(Round { threads: together.into_values().rev().take(max).collect(), more })
}

/// Closed threads that somebody has not seen to their end: they stay in the list (THR-12).
async fn unseen(
    ctx: &Ctx<'_>,
    user: UserId,
    threads: &[(Thread, Vec<Participant>)],
) -> Result<Vec<ThreadId>, Refusal> {
    let closed: Vec<&Thread> =
        threads.iter().map(|(thread, _)| thread).filter(|thread| thread.closed_ms.is_some()).collect();
    if closed.is_empty() {
        return Ok(Vec::new());
    }
    let ids = closed.iter().map(|thread| thread.thread).collect();
    let read: HashMap<ThreadId, Seq> =
        ctx.read(ReadCursorsOf(user, ids)).await?.iter().map(|cursor| (cursor.thread, cursor.upto)).collect();
    let unseen = |thread: &&Thread| read.get(&thread.thread).is_none_or(|upto| *upto < thread.n);
    Ok(closed.into_iter().filter(unseen).map(|thread| thread.thread).collect())
}
