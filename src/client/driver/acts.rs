//! Acts on threads: new ones, and who takes part in them.

use relais_chain::control::{Control, Create, Form, Outcome};
use relais_chain::entry::{Kind, Priority};
use relais_chain::head::Phase;
use relais_chain::party::{History, Party, PartyId, Policy, ThreadRole};
use relais_chain::{ChainError, sign};
use relais_e2ee::body::Body;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::message;
use relais_e2ee::thread::{Due, box_current, first_epoch, targets};
use relais_wire::ErrorCode;
use relais_wire::ids::{IdemKey, KeyringId, OrgId, ThreadId, UserId};
use relais_wire::threads::{Append, SignedEntry};

use super::client::Client;
use super::parties::Place;
pub use super::parties::Who;
use super::ring::box_error;
use super::thread::Thread;
use crate::core::outbox::signed_entry;
use crate::error::ClientError;
use crate::limits::REANCHOR_MAX;

impl Client {
    /// Opens a thread of an organization (or, with `None`, a personal one) with these people and teams.
    ///
    /// # Errors
    /// [`Hostile::Unattested`](crate::error::Hostile::Unattested) for somebody no administrator vouched for; the server's refusals; an attack.
    pub async fn create_thread(
        &mut self,
        org: Option<OrgId>,
        with: &[Who],
        title: &str,
        text: &str,
    ) -> Result<ThreadId, ClientError> {
        self.create_in(Place { form: Form::Thread, org }, with, (title, text)).await
    }

    /// Opens a direct thread with somebody: both act for themselves, nobody else can ever be added, and it is
    /// sealed to their personal keyrings (FRI-02).
    ///
    /// # Errors
    /// As [`Self::create_thread`].
    pub async fn create_direct(&mut self, with: UserId, text: &str) -> Result<ThreadId, ClientError> {
        if with == self.user() {
            return Err(ClientError::NotPossible("a direct thread needs somebody else"));
        }
        let place = Place { form: Form::Direct, org: None };
        self.create_in(place, &[Who::Person(with)], ("", text)).await
    }

    async fn create_in(
        &mut self,
        place: Place,
        with: &[Who],
        (title, text): (&str, &str),
    ) -> Result<ThreadId, ClientError> {
        self.ready().await?;
        let id = ThreadId::from_bytes(draw(&mut SystemEntropy));
        let mut parties = vec![self.party(place, Who::Person(self.user()), ThreadRole::Owner).await?];
        let itself = Who::Person(self.user());
        for who in with.iter().filter(|who| **who != itself) {
            parties.push(self.party(place, *who, ThreadRole::Member).await?);
        }
        parties.sort_by_key(Party::id);
        parties.dedup_by_key(|party| party.id());
        let mut keyrings: Vec<KeyringId> = parties.iter().flat_map(Party::keyrings).collect();
        keyrings.sort_unstable();
        keyrings.dedup();
        let targets = targets(self.book.chains(), &keyrings).map_err(box_error)?;
        let made = first_epoch(id, &targets, &mut SystemEntropy).map_err(box_error)?;
        self.stage(made.boxes).await?;
        let create = Create {
            form: place.form,
            context: place.org,
            policy: Policy::default(),
            parties,
            epoch: made.body,
            priority: Priority::Normal,
        };
        let thread = Thread::new(id);
        let mut state = thread.state.clone();
        let control = Control::Create(Box::new(create));
        let core = self.control_core(&state, Kind::Create)?;
        let signed = sign::control(self.account.signing().key(), &core, &control).map_err(Self::wrong_own)?;
        self.own_check(&thread, &mut state, &signed).await?;
        let mut entries =
            vec![signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig())];
        if !title.is_empty() || !text.is_empty() {
            let title = (!title.is_empty()).then(|| title.to_owned());
            let body = Body { title, ..Body::text(text) };
            let core = self.control_core(&state, Kind::Message)?;
            let signed = message::seal(self.account.signing().key(), core, &made.seed, &body)
                .map_err(|_| ClientError::TooLarge)?;
            entries.push(signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig()));
        }
        self.append_now(id, entries).await?;
        if let Some(thread) = self.threads.get_mut(&id) {
            thread.keys.insert(0, made.seed).map_err(box_error)?;
            thread.is_whole = true;
        }
        Ok(id)
    }

    /// Sends entries and takes them in. The same request is sent again until it is answered.
    pub(crate) async fn append_now(
        &mut self,
        id: ThreadId,
        entries: Vec<SignedEntry>,
    ) -> Result<(), ClientError> {
        let append = Append { idem: IdemKey::from_bytes(draw(&mut SystemEntropy)), thread: id, entries };
        let appended = self.rpc.surely(append.clone()).await?;
        self.take_receipts(&append, &appended.receipts).await?;
        self.save()
    }

    /// Does a control act, anchored anew as long as others come first.
    pub(crate) async fn act(
        &mut self,
        id: ThreadId,
        mut make: impl AsyncFnMut(&mut Self, &mut Thread) -> Result<Control, ClientError>,
    ) -> Result<(), ClientError> {
        self.ready().await?;
        let mut tries = 0;
        loop {
            self.sync_thread(id, None).await?;
            let mut thread = self.threads.remove(&id).ok_or(ClientError::NotFound)?;
            let made = self.make_act(&mut thread, &mut make).await;
            self.threads.insert(id, thread);
            match self.append_now(id, made?).await {
                Ok(()) => return Ok(()),
                Err(ClientError::Refused(refusal))
                    if tries < REANCHOR_MAX
                        && matches!(
                            refusal.code,
                            ErrorCode::Stale
                                | ErrorCode::Conflict
                                | ErrorCode::ChainRefused
                                | ErrorCode::BoxMissing
                        ) =>
                {
                    tries += 1;
                    self.catch_up_after(id, &refusal).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn make_act(
        &mut self,
        thread: &mut Thread,
        make: &mut impl AsyncFnMut(&mut Self, &mut Thread) -> Result<Control, ClientError>,
    ) -> Result<Vec<SignedEntry>, ClientError> {
        let control = make(self, thread).await?;
        let mut state = thread.state.clone();
        let mut core = self.control_core(&state, control.kind())?;
        if let Some(team) = acting_for(&control)
            && let Some(capacity) = self.manager_capacity(team).await?
        {
            core.author.capacity = Some(capacity);
        }
        let signed = sign::control(self.account.signing().key(), &core, &control).map_err(Self::wrong_own)?;
        self.own_check(thread, &mut state, &signed).await?;
        let mut entries =
            vec![signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig())];
        // Whoever was removed reads nothing from the same request on.
        if matches!(control, Control::Remove { .. }) && state.roster().phase() == Phase::EpochDue {
            self.renew_epoch(thread, &mut state, Due::Participants, &mut entries).await?;
        }
        Ok(entries)
    }

    /// Adds somebody of the own organization, who reads from the beginning.
    ///
    /// # Errors
    /// The server's refusals; [`ClientError::OwnCheck`]; an attack.
    pub async fn add(&mut self, id: ThreadId, who: Who) -> Result<(), ClientError> {
        self.act(id, async |client, thread| {
            let place = Place::of(thread.state.roster());
            let party = client.party(place, who, ThreadRole::Member).await?;
            let boxes = client.boxes_for(thread, &party).await?;
            Ok(Control::Add { party, boxes, history: History::Full })
        })
        .await
    }

    async fn boxes_for(
        &mut self,
        thread: &mut Thread,
        party: &Party,
    ) -> Result<Vec<relais_chain::keyring_body::Recipient>, ClientError> {
        let epoch = thread.state.head().epoch;
        self.open_epoch(thread, epoch).await?;
        let keyrings: Vec<KeyringId> = party.keyrings().collect();
        let targets = targets(self.book.chains(), &keyrings).map_err(box_error)?;
        let roster = thread.state.roster().clone();
        let seed = thread.keys.seed(epoch).map_err(box_error)?;
        let (boxes, named) = box_current(thread.state.thread(), &roster, seed, &targets, &mut SystemEntropy)
            .map_err(box_error)?;
        self.stage(boxes).await?;
        Ok(named)
    }

    /// Removes somebody; a new epoch goes with it in the same request.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn remove(&mut self, id: ThreadId, party: PartyId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Remove { party, reason: None })).await
    }

    /// Leaves a thread (THR-07).
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn leave(&mut self, id: ThreadId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Leave)).await
    }

    /// Closes a thread (THR-03).
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn close(&mut self, id: ThreadId) -> Result<(), ClientError> {
        self.act(id, async |_, thread| {
            let head = thread.state.head();
            Ok(Control::Close {
                final_seq: head.n,
                final_head: head.head,
                outcome: Outcome::Done,
                reason: None,
            })
        })
        .await
    }

    /// Takes a thread out of a team's triage box (TRI-02).
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn take(&mut self, id: ThreadId, team: KeyringId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Take { team })).await
    }

    /// Gives a thread back to a team's triage box.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn give_back(&mut self, id: ThreadId, team: KeyringId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Return { team })).await
    }

    /// Makes somebody responsible for a thread on behalf of a team (TEA-08).
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn assign(&mut self, id: ThreadId, team: KeyringId, user: UserId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Assign { team, user })).await
    }

    /// Hands a thread over to another participating team (TRI-03).
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn forward(&mut self, id: ThreadId, from: KeyringId, to: KeyringId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Forward { from, to })).await
    }

    /// Takes a team out of a thread, as its manager (TEA-05).
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn withdraw(&mut self, id: ThreadId, team: KeyringId) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::WithdrawTeam { team })).await
    }

    /// Sets the priority of a thread.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn set_priority(&mut self, id: ThreadId, priority: Priority) -> Result<(), ClientError> {
        self.act(id, async |_, _| Ok(Control::Priority(priority))).await
    }
}

/// The team an act is done for, where only its managers may do it: the author then acts in their capacity.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other act is one's own")]
const fn acting_for(control: &Control) -> Option<KeyringId> {
    match control {
        Control::Take { team }
        | Control::Assign { team, .. }
        | Control::Return { team }
        | Control::WithdrawTeam { team }
        | Control::Forward { from: team, .. } => Some(*team),
        _ => None,
    }
}

/// The rule of the chain behind an error of one's own making, if it is one.
#[must_use]
pub const fn own_rule(error: &ClientError) -> Option<ChainError> {
    if let ClientError::OwnCheck(rule) = error { Some(*rule) } else { None }
}
