//! Appending entries: all or none, validated as every client validates them, then committed with the boxes they
//! name, the rows they imply and what everybody is told.
//!
//! Not known here: ciphertext.

use std::collections::BTreeSet;

use bytes::Bytes;
use relais_care::audit::{Actor, Scope};
use relais_chain::control::Control;
use relais_chain::entry::{EntryCore, Kind};
use relais_chain::head::Claim;
use relais_chain::roster::Roster;
use relais_chain::thread::{Applied, ThreadState};
use relais_chain::{Mode, Signed};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::chain::{BoxScope, ChainId};
use relais_store::facts::stream::StreamId;
use relais_store::reads::{Participants, ThreadPage};
use relais_store::{
    Append as AppendWrite, BlobWrite, BoxWrite, CommitError, Domain, EventBody, Guard, NewEvent, NewThread,
    Receipt as StoreReceipt, Refusal as Refused,
};
use relais_wire::events::{EntriesAppended, Invited, ThreadGone};
use relais_wire::ids::{KeyringId, OrgId, Seq, ThreadId, UserId};
use relais_wire::limits::{CIPHERTEXT_BYTES_MAX, CONTROL_BYTES_MAX, CORE_BYTES_MAX, ENTRIES_PER_APPEND};
use relais_wire::scalar::{Bin, Millis};
use relais_wire::threads::{Append, Appended, Receipt, SignedEntry, StoredEntry};
use relais_wire::{ErrorCode, Event, Refusal};

use super::audience::{self, Audience};
use super::{access, project, rules, state};
use crate::deliver::Delivery;
use crate::services::calls;
use crate::services::context::{Ctx, Told, line};
use crate::services::links::named;
use crate::services::mutation::{self, Check};
use crate::services::permit::{self, Permit, WriteThread};
use crate::services::refuse;
use crate::services::world::{self, World};

/// Times that an append is validated when the chains it rests on move between that and its commit.
const ATTEMPTS: u32 = 4;

/// An entry that was validated, and what it changes for whom.
struct Step {
    core: EntryCore,
    control: Option<Control>,
    n: u64,
    claim: Claim,
    signed: Signed,
    before: Audience,
    after: Audience,
    /// Who takes part after it, where it may have changed that.
    roster: Option<Box<Roster>>,
}

/// Appends entries.
///
/// # Errors
/// `stale` with what is current, `closed`, `chain refused`, `forbidden`, `not found`, `box missing`, `too large`.
pub(crate) async fn append(
    ctx: &Ctx<'_>,
    permit: &Permit<WriteThread>,
    request: Append,
) -> Result<Appended, Refusal> {
    let who = permit.who();
    let thread = permit.target().0;
    let entries = parse(&request.entries)?;
    let slot = ctx.app.state.threads.slot(thread);
    let mut held = slot.lock().await;
    let before = match held.take() {
        Some(state) => state,
        None => state::load(ctx, thread).await?,
    };
    let mut renewed = None;
    let mut attempts = 1;
    let (next, steps, events, receipt) = loop {
        let permit = renewed.as_ref().unwrap_or(permit);
        let mut next = before.clone();
        let (steps, world) = match check(ctx, permit, &mut next, &entries).await {
            Ok(checked) => checked,
            Err(refusal) => {
                *held = Some(before);
                // What was appended before does not fit a second time: only then is the first answer looked up, which
                // spares every other request a read. The committer knows a key that is used again, too.
                let replayed = ctx.replay(who.user, request.idem).await?;
                return replayed.map(|receipt| receipts(ctx, &receipt)).ok_or(refusal);
            }
        };
        let domain = domain(ctx, permit, &before, &next, &steps).await?;
        let domain = guarded(domain, permit, &world, &next, &steps);
        let domain = domain.idem(ctx.idem(who.user, request.idem, Vec::new()));
        let events = appended_events(&domain);
        // An error leaves the slot empty: the thread is then folded again from what the store holds.
        match ctx.try_commit(domain).await {
            Ok(receipt) => break (next, steps, events, receipt),
            Err(CommitError::Refused(Refused::ChainHead { chain, .. })) if attempts < ATTEMPTS => {
                attempts += 1;
                ctx.app.state.chains.forget(chain);
                ctx.app.state.rights.forget([who.user]);
                renewed = Some(permit::write_thread(ctx, who, thread).await?);
            }
            Err(error) => return Err(refuse::commit(error)),
        }
    };
    let same = receipt
        .entries
        .last()
        .is_some_and(|last| last.n.get() == next.head().n && last.head == next.head().head);
    if same && !receipt.replayed {
        state::keep(ctx, &next).await;
        *held = Some(next);
    }
    drop(held);
    if !receipt.replayed {
        deliver(ctx, thread, &steps, &events, &receipt);
        calls::removed(ctx, thread, &lost(&steps)).await;
        if steps.iter().any(|step| matches!(step.control, Some(Control::Close { .. }))) {
            calls::closed(ctx, thread).await;
        }
    }
    Ok(receipts(ctx, &receipt))
}

fn parse(entries: &[SignedEntry]) -> Result<Vec<(EntryCore, Signed)>, Refusal> {
    if entries.is_empty() || entries.len() > ENTRIES_PER_APPEND {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    let mut parsed = Vec::with_capacity(entries.len());
    for entry in entries {
        let core = EntryCore::parse(entry.core.as_slice()).map_err(refuse::chain)?;
        let max = if core.kind == Kind::Message { CIPHERTEXT_BYTES_MAX } else { CONTROL_BYTES_MAX };
        if entry.core.len() > CORE_BYTES_MAX || entry.payload.len() > max {
            return Err(refuse::refuse(ErrorCode::TooLarge));
        }
        let sig = <[u8; 64]>::try_from(entry.sig.as_slice())
            .map_err(|_| refuse::chain(relais_chain::ChainError::WrongLength))?;
        parsed.push((core, Signed::whole(entry.core.0.clone(), entry.payload.0.clone(), sig)));
    }
    Ok(parsed)
}

/// Validates entries in order, each against the state that those before it leave.
async fn check(
    ctx: &Ctx<'_>,
    permit: &Permit<WriteThread>,
    state: &mut ThreadState,
    entries: &[(EntryCore, Signed)],
) -> Result<(Vec<Step>, World), Refusal> {
    let mut world = World::default();
    let mut steps = Vec::with_capacity(entries.len());
    let mut before = audience::of(ctx, state.roster()).await?;
    for (core, signed) in entries {
        let control = signed.payload().and_then(|payload| Control::parse(core.kind, payload).ok());
        let known = (state.thread(), state.roster());
        if state.head().n > 0
            && !access::exists_for(permit.rights(), permit.who().user, known, control.as_ref())
        {
            return Err(refuse::refuse(ErrorCode::NotFound));
        }
        anchor(ctx, state, core, &mut world).await?;
        let bytes = signed.to_bytes().map_err(refuse::chain)?;
        let mode = Mode::Append { now_ms: ctx.now_ms };
        let wanted = wanted(state.roster(), core, control.as_ref());
        let outcome = world::decide(ctx, &mut world, wanted, |world| state.check(world, &bytes, mode)).await;
        let checked = match outcome {
            Ok(checked) => checked,
            Err(refusal) => return Err(rules::stale(refusal, state, control.as_ref(), &world)),
        };
        rules::check(ctx, permit, state.roster().context(), &checked).await?;
        let claim = *checked.claim();
        let Applied { core, control, n, .. } = state.commit(checked).map_err(refuse::chain)?;
        let after = match control {
            Some(_) => audience::of(ctx, state.roster()).await?,
            None => before.clone(),
        };
        let roster = control.as_ref().map(|_| Box::new(state.roster().clone()));
        let signed = signed.clone();
        steps.push(Step { core, control, n, claim, signed, before, after: after.clone(), roster });
        before = after;
    }
    Ok((steps, world))
}

/// The chains that a check of an entry looks at, at once: what is missed is loaded one by one, with a check of the
/// signature for each.
fn wanted(roster: &Roster, core: &EntryCore, control: Option<&Control>) -> Vec<ChainId> {
    let mut wanted = vec![ChainId::User(core.author.user)];
    wanted.extend(core.author.capacity.map(|capacity| ChainId::Keyring(capacity.keyring)));
    wanted.extend(roster.epoch().recipients.keys().copied().map(ChainId::Keyring));
    if let Some((_, recipients)) = control.and_then(|control| rules::boxes(control, 0)) {
        wanted.extend(recipients.iter().map(|to| ChainId::Keyring(to.keyring)));
    }
    wanted
}

/// Who took part before these entries and does not after them.
fn lost(steps: &[Step]) -> Vec<UserId> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Vec::new() };
    first.before.active.keys().filter(|user| !last.after.active.contains_key(*user)).copied().collect()
}

/// Has the committer refuse what was true when it was looked at and is not any more: the session and the account of
/// whoever writes, and the chains that say whose signature it is, whom it is sealed to and who gets it. What the
/// thread itself says needs no guard: its slot is held, and the committer checks the claim. Units need none: all that
/// is asked of one is its root, which it keeps for life.
fn guarded(
    domain: Domain,
    permit: &Permit<WriteThread>,
    world: &World,
    next: &ThreadState,
    steps: &[Step],
) -> Domain {
    if !mutation::is_on(Check::AppendGuards) {
        return domain;
    }
    let who = permit.who();
    let capacities = steps.iter().filter_map(|step| step.core.author.capacity);
    let sealed_to = next.roster().epoch().recipients.keys().copied();
    let keyrings: BTreeSet<KeyringId> =
        capacities.map(|capacity| capacity.keyring).chain(sealed_to).collect();
    let chains = keyrings.into_iter().map(ChainId::Keyring).chain([ChainId::User(who.user)]);
    let domain = domain.guard(Guard::SessionLive(who.session)).guard(Guard::AccountActive(who.user));
    chains.fold(domain, |domain, id| match world.chain(id) {
        Some(chain) => domain.guard(Guard::ChainHead(id, chain.head().1)),
        None => domain,
    })
}

/// Looks up the head an entry is anchored to, where the state does not hold it.
async fn anchor(
    ctx: &Ctx<'_>,
    state: &ThreadState,
    core: &EntryCore,
    world: &mut World,
) -> Result<(), Refusal> {
    let seq = core.anchor.seq;
    if state.head().known_head(seq).is_some() || seq > state.head().n {
        return Ok(());
    }
    let after = Seq::new(seq.saturating_sub(1)).unwrap_or_default();
    let page = ctx.read(ThreadPage::After(core.thread, after, 1)).await?;
    if let Some(entry) = page.first().filter(|entry| entry.n.get() == seq) {
        world.put_head(core.thread, seq, entry.head);
    }
    Ok(())
}

async fn domain(
    ctx: &Ctx<'_>,
    permit: &Permit<WriteThread>,
    before: &ThreadState,
    next: &ThreadState,
    steps: &[Step],
) -> Result<Domain, Refusal> {
    let thread = permit.target().0;
    let who = permit.who();
    let mut lines = steps.iter().map(|step| audit(permit, next, step));
    let first = lines.next().ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    let mut domain = lines.fold(Domain::new(ctx.now_ms, first), Domain::audit);
    let is_new = before.head().n == 0;
    if is_new {
        let kind = next.roster().form() as u8;
        domain = domain.write(NewThread { thread, org: next.roster().context(), kind });
    }
    let same = is_new || steps.iter().all(|step| step.control.is_none());
    let rows = if same { Vec::new() } else { ctx.read(Participants(thread)).await? };
    let rows: project::Rows = rows.into_iter().map(|row| (row.party, row)).collect();
    let mut now = rows.clone();
    let mut told: Vec<NewEvent> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if let Some(control) = &step.control {
            if let Some(roster) = &step.roster {
                project::advance(&mut now, roster, control, step.n);
            }
            if let Some((epoch, recipients)) = rules::boxes(control, step.core.epoch) {
                let expect = recipients.iter().map(named).collect();
                let scope = BoxScope::Thread(thread);
                let session = who.session;
                domain = domain.write(BoxWrite::Take { session, scope, generation: epoch, expect });
            }
        }
        domain = domain.write(write(thread, step));
        let n = Seq::new(step.n).unwrap_or_default();
        for blob in &step.core.blobs {
            domain = domain.write(BlobWrite::Reference { blob: *blob, thread, n });
        }
        told.extend(tell(ctx, thread, index, step));
    }
    domain.writes.extend(project::changes(thread, &rows, &now));
    domain.events.extend(told);
    Ok(domain)
}

fn write(thread: ThreadId, step: &Step) -> AppendWrite {
    let core = &step.core;
    AppendWrite {
        thread,
        msg_id: core.msg_id,
        author: core.author.user,
        device: core.device,
        claim: step.claim,
        core: step.signed.core().into(),
        payload_hash: *step.signed.payload_hash(),
        payload: step.signed.payload().unwrap_or_default().into(),
        sig: *step.signed.sig(),
    }
}

fn audit(permit: &Permit<WriteThread>, next: &ThreadState, step: &Step) -> AuditLine {
    let user = permit.who().user;
    let AuditLine { log, entry } =
        line(next.roster().context(), Actor::User(user), rules::audited(&step.core));
    let entry = entry.on(Scope::Discussion(step.core.thread)).on(Scope::Message(step.core.msg_id));
    let entry = match &step.control {
        Some(Control::Assign { team, user }) => entry.on(Scope::Team(*team)).on(Scope::User(*user)),
        Some(Control::Take { team } | Control::Return { team } | Control::WithdrawTeam { team }) => {
            entry.on(Scope::Team(*team))
        }
        Some(Control::Forward { from, to }) => entry.on(Scope::Team(*from)).on(Scope::Team(*to)),
        Some(Control::LinkPatient { file: Some(file), .. }) => entry.on(Scope::Patient(*file)),
        _ => entry,
    };
    AuditLine { log, entry }
}

fn streams(people: &audience::People) -> Vec<StreamId> {
    people.iter().map(|(user, context)| StreamId::new(*user, *context)).collect()
}

/// Everybody who takes part gets the entry; who is asked gets the invitation alone; for whom the thread is gone,
/// that (THR-05). Whoever leaves sees the leaving (THR-07).
fn tell(ctx: &Ctx<'_>, thread: ThreadId, index: usize, step: &Step) -> Vec<NewEvent> {
    let mut told = Vec::new();
    let mut active = step.after.active.clone();
    let mut gone = audience::People::new();
    for (user, context) in step.before.active.iter().chain(&step.before.invited) {
        if step.after.active.contains_key(user) || step.after.invited.contains_key(user) {
            continue;
        }
        let leaves = matches!(step.control, Some(Control::Leave)) && *user == step.core.author.user;
        let list = if leaves { &mut active } else { &mut gone };
        list.insert(*user, *context);
    }
    told.push(NewEvent { to: streams(&active), body: EventBody::Appended(index) });
    let mut asked = step.after.invited.clone();
    asked.retain(|user, _| !step.before.invited.contains_key(user));
    if !asked.is_empty() {
        let event = Event::from(Invited { thread, entry: stored_entry(ctx, step, true) });
        told.push(Told { to: streams(&asked), event }.into());
    }
    if !gone.is_empty() {
        told.push(Told { to: streams(&gone), event: ThreadGone { thread }.into() }.into());
    }
    told
}

/// An entry as it is told now: its place is certain, because the thread's slot is held.
fn stored_entry(ctx: &Ctx<'_>, step: &Step, with_payload: bool) -> StoredEntry {
    StoredEntry {
        n: Seq::new(step.n).unwrap_or_default(),
        at: Millis::saturating(ctx.now_ms),
        core: step.signed.core().into(),
        payload: step.signed.payload().filter(|_| with_payload).map(Bin::from),
        payload_hash: (!with_payload).then_some(*step.signed.payload_hash()),
        sig: Bin(step.signed.sig().to_vec()),
    }
}

/// Which events of a commit are entries: event index and step index.
fn appended_events(domain: &Domain) -> Vec<(usize, usize)> {
    let steps = domain.events.iter().enumerate().filter_map(|(at, event)| match event.body {
        EventBody::Appended(step) => Some((at, step)),
        EventBody::Fixed(_) => None,
    });
    steps.collect()
}

/// Hands entries to sockets: encoded once for everybody, and once more without its payload where only one
/// organization may see that.
fn deliver(
    ctx: &Ctx<'_>,
    thread: ThreadId,
    steps: &[Step],
    events: &[(usize, usize)],
    receipt: &StoreReceipt,
) {
    let mut deliveries = Vec::new();
    for (event, index) in events {
        let (Some(step), Some(streams)) = (steps.get(*index), receipt.streams.get(*event)) else { continue };
        let custodian = custodian(step.control.as_ref());
        let body = |with_payload| {
            let entries = vec![stored_entry(ctx, step, with_payload)];
            let event = Event::from(EntriesAppended { thread, entries });
            (event.kind(), Bytes::from(event.encode_body()))
        };
        let (kind, whole) = body(true);
        let (_, stub) = body(custodian.is_none());
        for (stream, seq) in streams {
            let sees = custodian.is_none_or(|org| stream.context == Some(org));
            let body = if sees { whole.clone() } else { stub.clone() };
            deliveries.push(Delivery { user: stream.user, context: stream.context, seq: *seq, kind, body });
        }
    }
    ctx.app.deliver(deliveries);
}

/// The one organization whose readers see this entry's payload.
pub(crate) fn custodian(control: Option<&Control>) -> Option<OrgId> {
    match control {
        Some(Control::LinkPatient { org, .. }) => Some(*org),
        _ => None,
    }
}

fn receipts(ctx: &Ctx<'_>, receipt: &StoreReceipt) -> Appended {
    let sign = |entry: &relais_store::EntryReceipt| {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(entry.thread.as_bytes());
        bytes.extend_from_slice(&entry.n.get().to_be_bytes());
        bytes.extend_from_slice(entry.head.as_bytes());
        bytes.extend_from_slice(&entry.at_ms.to_be_bytes());
        let sig = relais_chain::sign::sign(&ctx.app.keys.receipt, RECEIPT_LABEL, &bytes);
        Receipt { n: entry.n, head: entry.head, at: Millis::saturating(entry.at_ms), sig: Bin(sig.to_vec()) }
    };
    Appended { receipts: receipt.entries.iter().map(sign).collect() }
}

/// Label of a receipt's signature: over thread, `u64` n, head and `u64` time, big endian.
pub(crate) const RECEIPT_LABEL: &str = "relais/v1/receipt";
