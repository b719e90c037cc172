//! What every service function has at hand: the server, the time it was asked, who asks, and the request's
//! idempotency. And the one way to commit: facts first, then what was told goes to the sockets.
//!
//! Not known here: what is committed.

use std::sync::Arc;

use bytes::Bytes;
use relais_care::audit::{Actor, AuditEntry, Event as Audited};
use relais_store::facts::stream::StreamId;
use relais_store::facts::{Opaque, audit::AuditLine};
use relais_store::reads::{IdemLookup, IdemOutcome, Query};
use relais_store::{Chore, Commit, CommitError, Domain, EventBody, Idem, NewEvent, Receipt, Store as _};
use relais_wire::ids::{Bytes32, IdemKey, OrgId, UserId};
use relais_wire::{ErrorCode, Event, Refusal};

use super::ClientKey;
use super::refuse;
use crate::app::App;
use crate::deliver::Delivery;

/// A request under way.
pub(crate) struct Ctx<'a> {
    /// The server.
    pub(crate) app: &'a Arc<App>,
    /// Server time when it was asked, in milliseconds.
    pub(crate) now_ms: u64,
    /// Where from.
    pub(crate) client: ClientKey,
    /// SHA-256 of the exact request.
    pub(crate) request: Bytes32,
}

/// An event on its way into streams: its stored form and who gets it.
#[derive(Debug)]
pub(crate) struct Told {
    /// Whose streams.
    pub(crate) to: Vec<StreamId>,
    /// What they are told.
    pub(crate) event: Event,
}

/// An event as a stream keeps it: number (u16, big endian), then the body.
pub(crate) fn stored(event: &Event) -> Bytes {
    let mut bytes = event.kind().to_be_bytes().to_vec();
    bytes.extend_from_slice(&event.encode_body());
    bytes.into()
}

/// Number and body of a stored event.
pub(crate) fn unstored(bytes: &Bytes) -> Option<(u16, Bytes)> {
    let (kind, _) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*kind), bytes.slice(2..)))
}

/// An audit line of the instance's log.
pub(crate) const fn instance_line(actor: Actor, event: Audited) -> AuditLine {
    AuditLine { log: None, entry: AuditEntry::new(None, actor, event) }
}

/// An audit line of an organization's log, or of the instance's where there is none.
pub(crate) fn line(org: Option<OrgId>, actor: Actor, event: Audited) -> AuditLine {
    AuditLine { log: org, entry: AuditEntry::new(org.map(Into::into), actor, event) }
}

impl<'a> Ctx<'a> {
    /// Asks the store.
    pub(crate) async fn read<Q: Query>(&self, query: Q) -> Result<Q::Out, Refusal> {
        self.app.store.read(query).await.map_err(refuse::read)
    }

    /// Commits facts and hands what they told to the sockets.
    pub(crate) async fn commit(&self, domain: Domain) -> Result<Receipt, Refusal> {
        self.try_commit(domain).await.map_err(refuse::commit)
    }

    /// As [`Self::commit`], with the committer's own word for what is wrong.
    pub(crate) async fn try_commit(&self, domain: Domain) -> Result<Receipt, CommitError> {
        let bodies: Vec<Option<Bytes>> = domain.events.iter().map(fixed).collect();
        let receipt = self.app.store.commit(domain).await?;
        if !receipt.replayed {
            self.deliver_fixed(&bodies, &receipt);
        }
        Ok(receipt)
    }

    /// Commits upkeep and hands what it told to the sockets.
    pub(crate) async fn upkeep(&self, chores: Vec<Chore>) -> Result<(), Refusal> {
        let bodies: Vec<Option<Bytes>> = chores.iter().filter_map(told).map(fixed).collect();
        let commit = Commit::Housekeeping { at_ms: self.now_ms, chores };
        let receipt = self.app.store.commit(commit).await.map_err(refuse::commit)?;
        self.deliver_fixed(&bodies, &receipt);
        Ok(())
    }

    /// The receipt of an earlier run of the same request.
    pub(crate) async fn replay(&self, user: UserId, key: IdemKey) -> Result<Option<Receipt>, Refusal> {
        match self.read(IdemLookup { user, key, request: self.request }).await? {
            IdemOutcome::New => Ok(None),
            IdemOutcome::Done(receipt) => Ok(Some(receipt)),
            IdemOutcome::Reused => Err(refuse::refuse(ErrorCode::IdempotencyMismatch)),
        }
    }

    /// The idempotency of this request.
    pub(crate) fn idem(&self, user: UserId, key: IdemKey, note: impl Into<Opaque>) -> Idem {
        Idem { user, key, request: self.request, note: note.into() }
    }

    fn deliver_fixed(&self, bodies: &[Option<Bytes>], receipt: &Receipt) {
        let mut deliveries = Vec::new();
        for (body, streams) in bodies.iter().zip(&receipt.streams) {
            let Some((kind, body)) = body.as_ref().and_then(unstored) else { continue };
            for (stream, seq) in streams {
                let StreamId { user, context } = *stream;
                deliveries.push(Delivery { user, context, seq: *seq, kind, body: body.clone() });
            }
        }
        self.app.deliver(deliveries);
    }
}

impl Told {
    /// An event for one stream.
    pub(crate) fn one(user: UserId, context: Option<OrgId>, event: impl Into<Event>) -> Self {
        Self { to: vec![StreamId::new(user, context)], event: event.into() }
    }
}

impl From<Told> for NewEvent {
    fn from(told: Told) -> Self {
        Self { to: told.to, body: EventBody::Fixed(Opaque(stored(&told.event))) }
    }
}

const fn told(chore: &Chore) -> Option<&NewEvent> {
    if let Chore::Read { told, .. } = chore { told.as_ref() } else { None }
}

fn fixed(event: &NewEvent) -> Option<Bytes> {
    match &event.body {
        EventBody::Fixed(bytes) => Some(bytes.0.clone()),
        EventBody::Appended(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::Event;
    use relais_wire::events::SessionEnded;
    use relais_wire::ids::SessionId;

    use super::{stored, unstored};

    #[test]
    fn a_stored_event_is_found_again_as_it_was() {
        let event = Event::from(SessionEnded { session: SessionId::from_bytes([1; 16]) });
        let (kind, body) = unstored(&stored(&event)).unwrap();
        assert_eq!(Event::decode(kind, &body).unwrap(), event);
        assert!(unstored(&bytes::Bytes::from_static(&[1])).is_none());
    }
}
