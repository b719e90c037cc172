//! Bounds of a commit, checked before it is queued: a commit that exceeds them is refused, not truncated.

use crate::{
    commit::{Commit, Domain, EventBody, NewEvent},
    error::Refusal,
    facts::Opaque,
    limits,
    write::{AccountWrite, BoxWrite, CallWrite, Chore, DirectoryWrite, Write},
};

/// Whether every part is within its limit.
pub(crate) fn commit(commit: &Commit) -> Result<(), Refusal> {
    match commit {
        Commit::Domain(domain) => domain_parts(domain),
        Commit::Housekeeping { chores, .. } => {
            count(chores.len(), "the number of chores")?;
            chores.iter().try_for_each(chore)
        }
    }
}

fn domain_parts(domain: &Domain) -> Result<(), Refusal> {
    count(domain.guards.len(), "the number of guards")?;
    count(domain.writes.len(), "the number of writes")?;
    count(domain.events.len(), "the number of events")?;
    count(domain.audit.count(), "the number of audit lines")?;
    if let Some(idem) = &domain.idem {
        within(idem.note.as_slice().len(), limits::NOTE_BYTES_MAX, "the note")?;
    }
    domain.writes.iter().try_for_each(write)?;
    domain.events.iter().try_for_each(event)
}

fn event(event: &NewEvent) -> Result<(), Refusal> {
    within(event.to.len(), limits::EVENT_RECIPIENTS_MAX, "the number of recipients")?;
    match &event.body {
        EventBody::Fixed(bytes) => object(bytes),
        EventBody::Appended(_) => Ok(()),
    }
}

fn write(write: &Write) -> Result<(), Refusal> {
    match write {
        Write::Instance(_, value) => object(value),
        Write::Account(
            AccountWrite::SetRecord { record: bytes, .. } | AccountWrite::PutObject { bytes, .. },
        ) => object(bytes),
        Write::Account(AccountWrite::PutWrap { wrap, .. }) => object(&wrap.bytes),
        Write::AppendLink(link) => object(&link.object),
        Write::Boxes(BoxWrite::Take { expect, .. }) => count(expect.len(), "the number of boxes"),
        Write::Append(append) => {
            object(&append.core)?;
            object(&append.payload)
        }
        Write::Directory(DirectoryWrite::PutUnit(unit)) => object(&unit.profile),
        Write::Directory(DirectoryWrite::PutTeam(team)) => object(&team.profile),
        Write::Directory(DirectoryWrite::PutPerson(person)) => object(&person.profile),
        Write::Directory(DirectoryWrite::PutInvite(invite)) => object(&invite.details),
        Write::Call(CallWrite::Start(call)) => object(&call.state),
        Write::Call(CallWrite::Change { state, .. }) => object(state),
        Write::Account(_)
        | Write::Boxes(_)
        | Write::Directory(_)
        | Write::PutTicketKey(_)
        | Write::DropTicketKeysBelow(_)
        | Write::Session(_)
        | Write::PutKeyring(_)
        | Write::PutKeyringMember(_)
        | Write::DropKeyringMember(..)
        | Write::CreateThread(_)
        | Write::PutParticipant(..)
        | Write::DropParticipant(..)
        | Write::DropPayload(..)
        | Write::Blob(_) => Ok(()),
    }
}

fn chore(chore: &Chore) -> Result<(), Refusal> {
    match chore {
        Chore::PutLogin(login) | Chore::AdvanceLogin { to: login, .. } => object(&login.state),
        Chore::StageBoxes { boxes, .. } => {
            count(boxes.len(), "the number of boxes")?;
            boxes.iter().try_for_each(|sealed| object(&sealed.bytes))
        }
        Chore::KeepThreadState(_, state) => object(&state.bytes),
        Chore::Read { told, .. } => told.iter().try_for_each(event),
        Chore::Applied { .. }
        | Chore::Delivered { .. }
        | Chore::TouchSession(_)
        | Chore::SpendTry(_)
        | Chore::Charge { .. }
        | Chore::Discharge(_)
        | Chore::Sweep => Ok(()),
    }
}

fn count(parts: usize, what: &'static str) -> Result<(), Refusal> {
    within(parts, limits::COMMIT_PARTS_MAX, what)
}

fn object(bytes: &Opaque) -> Result<(), Refusal> {
    within(bytes.as_slice().len(), limits::OBJECT_BYTES_MAX, "an object")
}

fn within(size: usize, max: usize, what: &'static str) -> Result<(), Refusal> {
    if size > max { Err(Refusal::TooLarge(what)) } else { Ok(()) }
}
