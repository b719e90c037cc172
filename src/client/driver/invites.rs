//! Being asked into a thread, and answering. Until somebody accepts, the server serves nothing of a thread but
//! what the answer builds on: what is signed then is anchored to the thread's beginning, and the thread is
//! verified from its start as soon as it is served.
//!
//! A token for whoever bears it is `thread(16) ‖ invitation(16) ‖ secret(16) ‖ standing(1)`; it reaches the
//! invitee outside this system, and the server never sees the secret.
//!
//! Not known here: how a token is handed over.

use relais_chain::ChainError;
use relais_chain::control::{Bearer, Control, Invitee};
use relais_chain::entry::{Anchor, EntryCore, Kind, Priority};
use relais_chain::facts::Facts;
use relais_chain::hash::head_zero;
use relais_chain::link::Author;
use relais_chain::party::{History, Party, PartyId, ThreadRole, UserParty};
use relais_chain::roster::InviteFor;
use relais_chain::sign;
use relais_chain::unit::Standing;
use relais_e2ee::Secret;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::thread::InviteSecret;
use relais_wire::control::Cursor;
use relais_wire::events::Invited;
use relais_wire::ids::{Bytes32, IdemKey, KeyringId, MsgId, OrgId, Seq, ThreadId};
use relais_wire::limits::PAGE_ENTRIES_MAX;
use relais_wire::streams::Pull;
use relais_wire::threads::{Append, GetThread};
use relais_wire::{ErrorCode, Event};
use zeroize::Zeroizing;

use super::book::ChainName;
use super::client::Client;
use super::parties::{Place, Who};
use crate::core::outbox::signed_entry;
use crate::error::ClientError;
use crate::limits::{INVITE_LOOK_BACK, REANCHOR_MAX};

/// Bytes of a token.
const TOKEN_BYTES: usize = 49;

/// Entries one device writes to one thread at most, as far as its counter is looked for.
const COUNTER_MAX: u64 = 1 << 32;

/// What an answer to an invitation builds on.
#[derive(Clone, Copy)]
struct Base {
    epoch: u64,
    ctrl_head: Bytes32,
}

/// This device's next counter in a thread that it wrote to before and is served nothing of: found by what the
/// validator says of the ones tried.
#[derive(Clone, Copy, Debug)]
struct Counter {
    used: u64,
    gap: Option<u64>,
}

impl Counter {
    /// The counter to try.
    const fn next(self) -> u64 {
        match self.gap {
            Some(gap) => self.used + (gap - self.used) / 2,
            None if self.used == 0 => 1,
            None => self.used * 2,
        }
    }

    /// Takes note of a refusal; whether there is another counter to try.
    fn refused(&mut self, tried: u64, chain_code: Option<u16>) -> bool {
        if chain_code == Some(ChainError::AseqReplayed.code()) && tried < COUNTER_MAX {
            self.used = tried;
            self.gap.is_none_or(|gap| gap > tried + 1)
        } else if chain_code == Some(ChainError::AseqGap.code()) {
            self.gap = Some(tried);
            tried > self.used + 1
        } else {
            false
        }
    }
}

impl Client {
    /// Asks somebody in from outside (THR-04): a member of another organization, or with `org` nil somebody who acts
    /// for themselves. They read from the joining on.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn invite_into(
        &mut self,
        id: ThreadId,
        org: Option<OrgId>,
        who: Who,
    ) -> Result<(), ClientError> {
        self.act(id, async |client, thread| {
            let place = Place { org, ..Place::of(thread.state.roster()) };
            let party = client.party(place, who, ThreadRole::Member).await?;
            let invitee = Invitee::Known { party, boxes: Vec::new() };
            Ok(Control::Invite { invitee, history: History::FromJoin, expires_ms: None })
        })
        .await
    }

    /// Asks in whoever bears the token that this answers. It is shown once and is not kept.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn invite_bearer(
        &mut self,
        id: ThreadId,
        standing: Standing,
        expires_ms: Option<u64>,
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let secret = InviteSecret::random(&mut SystemEntropy);
        let key = secret.key().public();
        self.act(id, async |_, _| {
            let invitee = Invitee::Bearer { key, standing };
            Ok(Control::Invite { invitee, history: History::FromJoin, expires_ms })
        })
        .await?;
        let thread = self.threads.get(&id).ok_or(ClientError::NotFound)?;
        let own = InviteFor::Bearer { key, standing };
        let invite = thread.state.roster().invites().find(|(_, open)| open.invitee == own);
        let (invite, _) = invite.ok_or(ClientError::NotFound)?;
        let mut token = Zeroizing::new(Vec::with_capacity(TOKEN_BYTES));
        token.extend_from_slice(id.as_bytes());
        token.extend_from_slice(invite.as_bytes());
        token.extend_from_slice(secret.secret().expose());
        token.push(standing as u8);
        Ok(token)
    }

    /// Accepts the open invitation of this user, or of a team this user manages (THR-06).
    ///
    /// # Errors
    /// [`ClientError::NotFound`] without one; the server's refusals; an attack.
    pub async fn accept(&mut self, id: ThreadId, team: Option<KeyringId>) -> Result<(), ClientError> {
        let invite = self.find_invite(id, team).await?;
        self.answer(id, team, &Control::Accept { invite, bearer: None }).await
    }

    /// Declines the open invitation of this user, or of a team this user manages: the thread is gone (THR-05).
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn decline(&mut self, id: ThreadId, team: Option<KeyringId>) -> Result<(), ClientError> {
        let invite = self.find_invite(id, team).await?;
        self.answer(id, team, &Control::Decline { invite, reason: None }).await?;
        self.threads.remove(&id);
        Ok(())
    }

    /// Accepts an invitation by its token, as oneself.
    ///
    /// # Errors
    /// [`ClientError::WrongSecret`] for what is no token; [`ClientError::NotFound`] for one that holds no more;
    /// the server's refusals; an attack.
    pub async fn accept_token(&mut self, token: &[u8]) -> Result<ThreadId, ClientError> {
        let (id, invite, secret, standing) = read_token(token).ok_or(ClientError::WrongSecret)?;
        self.ready().await?;
        let user = self.user();
        let root = Facts::user(self.book.chains(), user).ok_or(ClientError::NotFound)?.root;
        let proof = secret.prove(id, invite, user, &root);
        let keyring = self.account.inbox().id;
        let party = Party::User(UserParty {
            user,
            keyring,
            as_org: None,
            role: ThreadRole::Member,
            standing,
            team: None,
        });
        let bearer = Some(Box::new(Bearer { party, root, proof }));
        match self.answer(id, None, &Control::Accept { invite, bearer }).await {
            Ok(()) => Ok(id),
            Err(error) if error.is_refusal(ErrorCode::NotFound) => Err(ClientError::NotFound),
            Err(error) => Err(error),
        }
    }

    /// Signs and sends an answer, anew as long as others come first.
    async fn answer(
        &mut self,
        id: ThreadId,
        team: Option<KeyringId>,
        control: &Control,
    ) -> Result<(), ClientError> {
        self.ready().await?;
        let capacity = match team {
            Some(team) => Some(self.manager_capacity(team).await?.ok_or(ClientError::NoKey)?),
            None => None,
        };
        let author = Author { user: self.user(), chain_seq: self.account.chain_seq(), capacity };
        let mut base = match self.rpc.call(GetThread { thread: id }).await {
            Ok(card) => Base { epoch: card.epoch.into(), ctrl_head: card.ctrl_head },
            // The bearer of a token is told by the first refusal.
            Err(error) if error.is_refusal(ErrorCode::NotFound) => {
                Base { epoch: 0, ctrl_head: head_zero(id) }
            }
            Err(error) => return Err(error),
        };
        let known = self.threads.get(&id).map(|thread| thread.state.next_aseq(author.user, self.device()));
        let mut counter = Counter { used: known.map_or(0, |next| next.saturating_sub(1)), gap: None };
        if known.is_some_and(|next| next > 1) {
            counter.gap = known.map(|next| next + 1);
        }
        let mut tries = 0;
        loop {
            let aseq = counter.next();
            let core = self.answer_core((id, aseq), author, control.kind(), base);
            let signed =
                sign::control(self.account.signing().key(), &core, control).map_err(Self::wrong_own)?;
            let entry = signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig());
            let idem = IdemKey::from_bytes(draw(&mut SystemEntropy));
            let append = Append { idem, thread: id, entries: vec![entry] };
            match self.rpc.surely(append.clone()).await {
                Ok(appended) if control.kind() == Kind::Accept => {
                    self.take_receipts(&append, &appended.receipts).await?;
                    return self.save();
                }
                // What was declined is served no more: the receipt is all there is.
                Ok(appended) => {
                    return appended.receipts.iter().try_for_each(|receipt| self.check_receipt(id, receipt));
                }
                Err(ClientError::Refused(refusal)) if counter.refused(aseq, refusal.chain_code) => {}
                Err(ClientError::Refused(refusal)) if tries < REANCHOR_MAX => {
                    let Some(stale) = refusal.stale.as_ref().filter(|stale| stale.keyring.is_none()) else {
                        return Err(ClientError::Refused(refusal));
                    };
                    base = Base { epoch: stale.generation.into(), ctrl_head: stale.head };
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn answer_core(&self, (id, aseq): (ThreadId, u64), author: Author, kind: Kind, base: Base) -> EntryCore {
        EntryCore {
            kind,
            thread: id,
            epoch: base.epoch,
            msg_id: MsgId::from_bytes(draw(&mut SystemEntropy)),
            author,
            device: self.device(),
            aseq,
            // Nothing after the beginning was verified, so nothing after it is vouched for.
            anchor: Anchor { seq: 0, head: head_zero(id) },
            ts_ms: self.now_ms(),
            on_behalf: None,
            sth: None,
            blobs: Vec::new(),
            priority: Priority::Normal,
            notify: None,
            ctrl_head: Some(base.ctrl_head),
        }
    }

    /// The invitation, out of the streams it was told in.
    async fn find_invite(&mut self, id: ThreadId, team: Option<KeyringId>) -> Result<MsgId, ClientError> {
        let own = team.map_or(PartyId::User(self.user()), PartyId::Team);
        let orgs: Vec<Option<OrgId>> =
            std::iter::once(None).chain(self.organizations().iter().copied().map(Some)).collect();
        let mut found = None;
        for org in orgs {
            let head = self.threads(org).await?.cursor;
            let oldest = head.seq.get().saturating_sub(INVITE_LOOK_BACK);
            let mut after = Seq::new(oldest).map_err(|_| ClientError::TooLarge)?;
            while after < head.seq {
                let cursor = Cursor { epoch: head.epoch, seq: after };
                let page = self.rpc.call(Pull { org, after: cursor, max: PAGE_ENTRIES_MAX }).await?;
                let Some(last) = page.entries.last().map(|item| item.seq) else { break };
                for item in &page.entries {
                    if let Ok(Event::Invited(invited)) = Event::decode(item.kind, item.body.as_slice()) {
                        found = invitation(&invited, id, own).or(found);
                    }
                }
                after = last;
            }
        }
        found.ok_or(ClientError::NotFound)
    }

    /// The capacity in which this user manages a team; none for somebody who does not.
    pub(crate) async fn manager_capacity(
        &mut self,
        team: KeyringId,
    ) -> Result<Option<relais_chain::facts::Capacity>, ClientError> {
        self.book.refresh(&self.rpc, ChainName::Keyring(team)).await?;
        let seq = self.book.chains().keyring_chain(team).ok_or(ClientError::NotFound)?.tail().seq();
        let held = self.book.chains().holds(team, self.user(), seq).is_some_and(|held| held.now);
        Ok(held.then_some(relais_chain::facts::Capacity { keyring: team, seq }))
    }
}

/// The invitation of a party into a thread, if this is one.
fn invitation(invited: &Invited, thread: ThreadId, own: PartyId) -> Option<MsgId> {
    let core = EntryCore::parse(invited.entry.core.as_slice()).ok()?;
    let control = Control::parse(core.kind, invited.entry.payload.as_ref()?.as_slice()).ok()?;
    let Control::Invite { invitee: Invitee::Known { party, .. }, .. } = control else { return None };
    (invited.thread == thread && core.thread == thread && party.id() == own).then_some(core.msg_id)
}

fn read_token(token: &[u8]) -> Option<(ThreadId, MsgId, InviteSecret, Standing)> {
    let token: &[u8; TOKEN_BYTES] = token.try_into().ok()?;
    let (thread, rest) = token.split_first_chunk::<16>()?;
    let (invite, rest) = rest.split_first_chunk::<16>()?;
    let (secret, rest) = rest.split_first_chunk::<16>()?;
    let all = [Standing::Professional, Standing::Staff, Standing::Patient, Standing::Relative];
    let standing = all.into_iter().find(|standing| rest == [*standing as u8])?;
    let secret = InviteSecret::from_secret(Secret::from_bytes(*secret));
    Some((ThreadId::from_bytes(*thread), MsgId::from_bytes(*invite), secret, standing))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_chain::ChainError;

    use super::{COUNTER_MAX, Counter, TOKEN_BYTES, read_token};

    proptest! {
        #[test]
        fn a_counter_is_found_by_few_refusals(right in 1..COUNTER_MAX) {
            let mut counter = Counter { used: 0, gap: None };
            for _ in 0..80 {
                let tried = counter.next();
                if tried == right {
                    return Ok(());
                }
                let error = if tried < right { ChainError::AseqReplayed } else { ChainError::AseqGap };
                prop_assert!(counter.refused(tried, Some(error.code())), "gave up at {tried}");
            }
            prop_assert!(false, "not found");
        }
    }

    #[test]
    fn what_is_no_token_is_not_read_as_one() {
        assert!(read_token(&[1; TOKEN_BYTES - 1]).is_none());
        assert!(read_token(&[1; TOKEN_BYTES + 1]).is_none());
        assert!(read_token(&[0xff; TOKEN_BYTES]).is_none(), "no such standing");
    }
}
