//! Streams: their heads, what comes after a cursor, and the snapshot from which one begins again.
//!
//! An entry of a thread is kept once, in the thread; what a stream's reader sees of it is decided when it is
//! read. For whom a thread is gone since, every entry of it reads as "gone": numbers have no holes.
//!
//! Not known here: live sessions.

use std::collections::HashMap;

use bytes::Bytes;
use relais_store::facts::stream::{
    ResyncReason as Why, StreamBody, StreamEntry as Stored, StreamId, StreamPage as Page,
};
use relais_store::facts::thread::{Participant, Party, Standing, Thread, Triage};
use relais_store::reads::{AppliedOf, Participants, StreamAfter, StreamHeads, TeamsOf, ThreadsOf, UnitsOf};
use relais_store::{Chore, Store as _};
use relais_wire::control::{Cursor, ResyncReason};
use relais_wire::directory::{OrgCard, TeamCard};
use relais_wire::events::{EntriesAppended, ThreadGone};
use relais_wire::ids::{DeviceId, OrgId, Seq, ThreadId, UserId};
use relais_wire::limits::{PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, SNAPSHOT_THREADS};
use relais_wire::scalar::{Bin, Private};
use relais_wire::streams::{Following, GetSnapshot, Pull, Snapshot, StreamItem, StreamPage};
use relais_wire::{ErrorCode, Event, Refusal};
use serde::{Deserialize, Serialize};

use super::context::{Ctx, unstored};
use super::directory::units::{self, team_card};
use super::limits::{MARKS_PER_COMMIT, SNAPSHOT_PAGE};
use super::permit::{self, Context, Permit, Rights, View, view};
use super::sessions::fresh;
use super::snapshots::{Held, HeldPage};
use super::threads::list::{self, Listed};
use super::threads::{marks, read};
use super::{StreamEntry, StreamRead, profile, refuse};

/// Rows of a list that a snapshot is made from.
const ROWS: u32 = 1_000;

/// Head of a stream.
///
/// # Errors
/// The store's.
pub(crate) async fn head(ctx: &Ctx<'_>, permit: &Permit<Context>) -> Result<Seq, Refusal> {
    let stream = StreamId::new(permit.who().user, permit.target().0);
    Ok(ctx.read(StreamHeads(vec![stream])).await?.first().copied().unwrap_or(Seq::ZERO))
}

/// Answers a request to follow that came where there is nothing to follow with.
///
/// # Errors
/// The store's.
pub(crate) async fn following(ctx: &Ctx<'_>, permit: &Permit<Context>) -> Result<Following, Refusal> {
    Ok(Following { head: head(ctx, permit).await? })
}

/// Entries after a cursor, as their reader may see them now.
///
/// # Errors
/// The store's.
pub(crate) async fn read(
    ctx: &Ctx<'_>,
    user: UserId,
    context: Option<OrgId>,
    after: Seq,
    max: u32,
) -> Result<StreamRead, Refusal> {
    let stream = StreamId::new(user, context);
    let max = max.clamp(1, PAGE_ENTRIES_MAX);
    match ctx.read(StreamAfter { stream, after, max }).await? {
        Page::Resync { reason, head } => {
            let reason = match reason {
                Why::Pruned => ResyncReason::TooOld,
                Why::Ahead => ResyncReason::Ahead,
            };
            Ok(StreamRead::Resync { reason, head })
        }
        Page::Entries { entries, head } => {
            let entries = show(ctx, user, entries).await?;
            Ok(StreamRead::Entries { entries, head })
        }
    }
}

async fn show(ctx: &Ctx<'_>, user: UserId, stored: Vec<Stored>) -> Result<Vec<StreamEntry>, Refusal> {
    let rights = permit::rights(ctx, user).await?;
    let mut views: HashMap<ThreadId, Option<View>> = HashMap::new();
    let mut entries = Vec::with_capacity(stored.len());
    let mut bytes = 0;
    for Stored { seq, body, .. } in stored {
        let (kind, body) = match body {
            StreamBody::Fixed(fixed) => {
                unstored(&fixed.0).ok_or_else(|| refuse::refuse(ErrorCode::Internal))?
            }
            StreamBody::Entry(entry) => {
                let thread = entry.thread;
                let seen = match views.get(&thread) {
                    Some(seen) => *seen,
                    None => {
                        let seen = view(&rights, user, &ctx.read(Participants(thread)).await?);
                        views.insert(thread, seen);
                        seen
                    }
                };
                let event = match seen.filter(|view| view.to.is_none_or(|to| entry.n <= to)) {
                    Some(view) if view.standing != Standing::Invited => {
                        let entries = vec![read::show(&entry, &view)];
                        Event::from(EntriesAppended { thread, entries })
                    }
                    _ => Event::from(ThreadGone { thread }),
                };
                (event.kind(), Bytes::from(event.encode_body()))
            }
        };
        bytes += body.len() + 32;
        if bytes > PAGE_BYTES_MAX && !entries.is_empty() {
            break;
        }
        entries.push(StreamEntry { seq, kind, body });
    }
    Ok(entries)
}

/// A page of a stream.
///
/// # Errors
/// `conflict` for a cursor that cannot be continued: a snapshot is to be read.
pub(crate) async fn pull(
    ctx: &Ctx<'_>,
    permit: &Permit<Context>,
    request: &Pull,
) -> Result<StreamPage, Refusal> {
    if request.after.epoch != ctx.app.store.epoch() {
        return Err(refuse::refuse(ErrorCode::Conflict));
    }
    match read(ctx, permit.who().user, permit.target().0, request.after.seq, request.max).await? {
        StreamRead::Resync { .. } => Err(refuse::refuse(ErrorCode::Conflict)),
        StreamRead::Entries { entries, head } => {
            let item = |e: StreamEntry| StreamItem { seq: e.seq, kind: e.kind, body: Bin(e.body.to_vec()) };
            Ok(StreamPage { entries: entries.into_iter().map(item).collect(), head })
        }
    }
}

/// A device has applied entries: kept, and told to whoever wrote them.
pub(crate) async fn applied(ctx: &Ctx<'_>, user: UserId, device: DeviceId, context: Option<OrgId>, seq: Seq) {
    // Nothing is lost with a receipt that could not be kept: the next one says more.
    drop(note_applied(ctx, StreamId::new(user, context), device, seq).await);
}

async fn note_applied(ctx: &Ctx<'_>, stream: StreamId, device: DeviceId, seq: Seq) -> Result<(), Refusal> {
    let cursors = ctx.read(AppliedOf(stream.user)).await?;
    let newest = cursors.iter().filter(|(of, ..)| *of == stream).map(|(.., upto)| *upto).max();
    let mut after = newest.unwrap_or(Seq::ZERO);
    let mut positions: HashMap<ThreadId, Seq> = HashMap::new();
    while after < seq {
        let Page::Entries { entries, .. } = ctx.read(StreamAfter { stream, after, max: ROWS }).await? else {
            break;
        };
        let Some(last) = entries.last().map(|entry| entry.seq) else { break };
        for entry in entries.iter().filter(|entry| entry.seq <= seq) {
            if let StreamBody::Entry(entry) = &entry.body {
                let at = positions.entry(entry.thread).or_insert(entry.n);
                *at = (*at).max(entry.n);
            }
        }
        after = last;
    }
    // The cursor goes last: whatever is interrupted is done again from the old one.
    let mut chores: Vec<Chore> = positions
        .iter()
        .map(|(thread, upto)| Chore::Delivered { thread: *thread, user: stream.user, upto: *upto })
        .collect();
    chores.push(Chore::Applied { stream, device, upto: seq });
    for part in chores.chunks(MARKS_PER_COMMIT) {
        ctx.upkeep(part.to_vec()).await?;
    }
    marks::reached(ctx, stream.user, positions.into_keys()).await
}

/// Where a snapshot goes on: in which one, and how many threads were shown.
#[derive(Serialize, Deserialize)]
struct Token {
    #[serde(with = "serde_bytes")]
    id: [u8; 16],
    shown: u32,
}

/// The state of a context, page by page, all of one moment: it is cut once, at the first page, and held for the
/// others. Whatever is newer comes again after the cursor, and changes nothing twice.
///
/// # Errors
/// `malformed` for a token of another server; `conflict` for a snapshot that is no longer held: begin again.
pub(crate) async fn snapshot(
    ctx: &Ctx<'_>,
    permit: &Permit<Context>,
    request: GetSnapshot,
) -> Result<Snapshot, Refusal> {
    match &request.page {
        Some(page) => {
            let token: Option<Token> = profile::decode(page.as_slice());
            next_page(ctx, permit, token.ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?)
        }
        None => first_page(ctx, permit).await,
    }
}

fn next_page(ctx: &Ctx<'_>, permit: &Permit<Context>, token: Token) -> Result<Snapshot, Refusal> {
    let asks = (permit.who().session, permit.target().0);
    let shown = usize::try_from(token.shown).unwrap_or(usize::MAX);
    let page = ctx.app.state.snapshots.page(&token.id, asks, shown, ctx.now_ms);
    let HeldPage { cut, cards, more, older } = page.ok_or_else(|| refuse::refuse(ErrorCode::Conflict))?;
    let shown = token.shown.saturating_add(u32::try_from(cards.len()).unwrap_or(u32::MAX));
    Ok(Snapshot {
        cursor: Cursor { epoch: ctx.app.store.epoch(), seq: cut },
        org: None,
        teams: Vec::new(),
        threads: cards,
        next: more.then(|| Bin(profile::encode(&Token { shown, ..token }))),
        older,
    })
}

async fn first_page(ctx: &Ctx<'_>, permit: &Permit<Context>) -> Result<Snapshot, Refusal> {
    let (user, context) = (permit.who().user, permit.target().0);
    // The cursor first: what happens while the rest is read comes again after it.
    let cut = head(ctx, permit).await?;
    let mut cards = Vec::new();
    let Listed { threads, next: older } = list::part(ctx, permit, None, SNAPSHOT_THREADS).await?;
    for (thread, view) in threads {
        let parties = read::parties(ctx, &thread).await?;
        cards.push(read::make(ctx, user, &thread, &view, &parties).await?);
    }
    let (org, teams) = match context {
        Some(org) => (org_card(ctx, org).await?, my_teams(ctx, permit.rights(), org).await?),
        None => (None, Vec::new()),
    };
    list::audit(ctx, permit).await?;
    let shown = cards.iter().take(SNAPSHOT_PAGE).cloned().collect::<Vec<_>>();
    let next = (cards.len() > shown.len()).then(|| {
        let id = fresh();
        let session = permit.who().session;
        ctx.app.state.snapshots.hold(id, Held { session, context, cut, cards, older, at_ms: ctx.now_ms });
        let shown = u32::try_from(shown.len()).unwrap_or(u32::MAX);
        Bin(profile::encode(&Token { id, shown }))
    });
    let cursor = Cursor { epoch: ctx.app.store.epoch(), seq: cut };
    let older = older.filter(|_| next.is_none());
    Ok(Snapshot { cursor, org, teams, threads: shown, next, older })
}

async fn org_card(ctx: &Ctx<'_>, org: OrgId) -> Result<Option<OrgCard>, Refusal> {
    let Some(root) = units::row(ctx, org.into()).await? else { return Ok(None) };
    let units = ctx.read(UnitsOf { org, after: None, max: ROWS }).await?;
    Ok(Some(OrgCard { org, name: Private(root.name), units: units.iter().map(|unit| unit.unit).collect() }))
}

/// The asker's teams; for a manager with what waits in the triage box.
async fn my_teams(ctx: &Ctx<'_>, rights: &Rights, org: OrgId) -> Result<Vec<TeamCard>, Refusal> {
    let mut cards = Vec::new();
    for team in ctx.read(TeamsOf { org, after: None, max: ROWS }).await? {
        let Some(place) = rights.authority.teams.iter().find(|place| place.team == team.team) else {
            continue;
        };
        let triage = if rights.manages(place.team) {
            let party = Party::Team(team.team);
            let rows = ctx.read(ThreadsOf { party, context: Some(org), before: None, max: ROWS });
            let waits = |(thread, row): &(Thread, Participant)| {
                let waits = row.standing == Standing::Active && row.triage == Some(Triage::Waiting);
                waits && thread.closed_ms.is_none()
            };
            Some(u32::try_from(rows.await?.iter().filter(|row| waits(row)).count()).unwrap_or(u32::MAX))
        } else {
            None
        };
        cards.push(team_card(&team, triage));
    }
    Ok(cards)
}
