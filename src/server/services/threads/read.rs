//! Reading threads: what each reader may see of them.
//!
//! Before the point where somebody joined without history, messages are served as stubs (signature and hashes
//! verify, content is withheld) and control entries whole, so that the chain can be verified from its start.
//!
//! Not known here: who may read at all, which is the permit's to say.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_chain::control::Control;
use relais_chain::entry::Kind;
use relais_store::Domain;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::thread::{Entry, Participant, Party, Standing, Thread};
use relais_store::reads::{Participants, ReadCursorsOf, ThreadPage};
use relais_wire::ids::{Bytes32, OrgId, Seq, TeamId, UserId};
use relais_wire::limits::{CARD_PARTICIPANTS_MAX, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX};
use relais_wire::scalar::{Bin, Millis};
use relais_wire::threads::{Entries, GetEntries, Party as WireParty, PartyState, StoredEntry, ThreadCard};
use relais_wire::{ErrorCode, Refusal};

use super::append::custodian;
use crate::services::context::{Ctx, line};
use crate::services::permit::{Permit, ReadThread, View};
use crate::services::{Authenticated, refuse};

/// Where a thread stands for whoever asks.
///
/// # Errors
/// The store's.
pub(crate) async fn card(ctx: &Ctx<'_>, permit: &Permit<ReadThread>) -> Result<ThreadCard, Refusal> {
    let seen = permit.target();
    if seen.standing != Standing::Invited {
        audit(ctx, permit.who(), &seen.thread, Audited::DiscussionRead).await?;
    }
    let view = View { standing: seen.standing, from: seen.from, to: seen.to, as_org: seen.as_org };
    make(ctx, permit.who().user, &seen.thread, &view, &seen.parties).await
}

/// A thread's card, from rows that were read already.
///
/// # Errors
/// The store's.
pub(crate) async fn make(
    ctx: &Ctx<'_>,
    user: UserId,
    thread: &Thread,
    view: &View,
    parties: &[Participant],
) -> Result<ThreadCard, Refusal> {
    let read = ctx.read(ReadCursorsOf(user, vec![thread.thread])).await?;
    let read = read.first().map_or(Seq::ZERO, |cursor| cursor.upto);
    let end = end(ctx, thread, view.to).await?;
    // Until one accepts there is nothing to see but what accepting is anchored to.
    let invited = view.standing == Standing::Invited;
    let shown: Vec<&Participant> = parties.iter().filter(|_| !invited).collect();
    let more = shown.len().saturating_sub(CARD_PARTICIPANTS_MAX);
    Ok(ThreadCard {
        thread: thread.thread,
        len: end.0,
        head: end.1,
        ctrl_head: thread.ctrl_head,
        epoch: u32::try_from(thread.epoch).unwrap_or(u32::MAX),
        first: view.from,
        read,
        at: Millis::saturating(thread.last_ms),
        closed: thread.closed_ms.is_some(),
        state: state(view.standing),
        parties: shown.into_iter().take(CARD_PARTICIPANTS_MAX).filter_map(party).collect(),
        more_parties: u32::try_from(more).unwrap_or(u32::MAX),
    })
}

/// Length and head as far as the reader sees.
async fn end(ctx: &Ctx<'_>, thread: &Thread, to: Option<Seq>) -> Result<(Seq, Bytes32), Refusal> {
    let Some(to) = to.filter(|to| *to < thread.n) else { return Ok((thread.n, thread.head)) };
    let before = Seq::new(to.get().saturating_sub(1)).unwrap_or_default();
    let page = ctx.read(ThreadPage::After(thread.thread, before, 1)).await?;
    Ok(page.first().map_or((Seq::ZERO, thread.head), |entry| (entry.n, entry.head)))
}

const fn state(standing: Standing) -> PartyState {
    match standing {
        Standing::Invited => PartyState::Invited,
        Standing::Active => PartyState::Active,
        Standing::Left => PartyState::Left,
        Standing::Declined => PartyState::Declined,
        Standing::Removed => PartyState::Removed,
    }
}

fn party(row: &Participant) -> Option<WireParty> {
    let (user, team) = match row.party {
        Party::User(user) => (Some(user), None),
        Party::Team(team) => (None, Some(TeamId::from_bytes(*team.as_bytes()))),
        Party::Invite(_) => return None,
    };
    Some(WireParty { user, team, as_org: row.as_org, state: state(row.standing) })
}

/// A page of entries.
///
/// # Errors
/// `not found` before an invitation is accepted.
pub(crate) async fn entries(
    ctx: &Ctx<'_>,
    permit: &Permit<ReadThread>,
    request: &GetEntries,
) -> Result<Entries, Refusal> {
    let seen = permit.target();
    if seen.standing == Standing::Invited {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let thread = seen.thread.thread;
    let max = request.max.clamp(1, PAGE_ENTRIES_MAX);
    let page = if request.backward {
        ThreadPage::Before(thread, Some(request.from.next()), max)
    } else {
        let after = Seq::new(request.from.get().saturating_sub(1)).unwrap_or_default();
        ThreadPage::After(thread, after, max)
    };
    let found = ctx.read(page).await?;
    audit(ctx, permit.who(), &seen.thread, Audited::DiscussionRead).await?;
    let view = View { standing: seen.standing, from: seen.from, to: seen.to, as_org: seen.as_org };
    let mut bytes = 0;
    let mut entries = Vec::new();
    for entry in found {
        if seen.to.is_some_and(|to| entry.n > to) {
            continue;
        }
        let shown = show(&entry, &view);
        bytes += weight(&shown);
        if bytes > PAGE_BYTES_MAX && !entries.is_empty() {
            break;
        }
        entries.push(shown);
    }
    if request.backward {
        entries.reverse();
    }
    let (len, head) = end(ctx, &seen.thread, seen.to).await?;
    Ok(Entries { entries, len, head })
}

/// Bytes an entry takes in a page.
pub(crate) fn weight(entry: &StoredEntry) -> usize {
    entry.core.len() + entry.payload.as_ref().map_or(0, Bin::len) + 160
}

/// An entry as this reader may see it: whole, or without its payload.
pub(crate) fn show(entry: &Entry, view: &View) -> StoredEntry {
    let payload = entry.payload.as_ref().filter(|payload| sees_payload(entry, payload.as_slice(), view));
    StoredEntry {
        n: entry.n,
        at: Millis::saturating(entry.at_ms),
        core: entry.core.as_slice().into(),
        payload: payload.map(|payload| payload.as_slice().into()),
        payload_hash: payload.is_none().then_some(entry.payload_hash),
        sig: Bin(entry.sig.to_vec()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other control entry is public to the thread")]
fn sees_payload(entry: &Entry, payload: &[u8], view: &View) -> bool {
    let kind = Kind::from_number(entry.kind);
    match kind {
        Kind::Message => entry.n >= view.from,
        // A patient's file is named to its custodian's readers only.
        Kind::LinkPatient => {
            let org: Option<OrgId> =
                Control::parse(kind, payload).ok().as_ref().and_then(|c| custodian(Some(c)));
            org.is_some() && org == view.as_org
        }
        _ => true,
    }
}

/// Writes a reading into the audit log, once per user, thread and session in ten minutes.
pub(crate) async fn audit(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    thread: &Thread,
    event: Audited,
) -> Result<(), Refusal> {
    if !ctx.app.state.reads.is_new(who, thread.thread.as_bytes(), ctx.now_ms) {
        return Ok(());
    }
    let AuditLine { log, entry } = line(thread.org, Actor::User(who.user), event);
    let line = AuditLine { log, entry: entry.on(Scope::Discussion(thread.thread)) };
    ctx.commit(Domain::new(ctx.now_ms, line)).await?;
    ctx.app.state.reads.written(who, thread.thread.as_bytes(), ctx.now_ms);
    Ok(())
}

/// Rows of a thread's participants.
///
/// # Errors
/// The store's.
pub(crate) async fn parties(ctx: &Ctx<'_>, thread: &Thread) -> Result<Vec<Participant>, Refusal> {
    ctx.read(Participants(thread.thread)).await
}
