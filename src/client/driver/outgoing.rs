//! What leaves: drafts into sealed requests, requests into acknowledged entries.

use relais_chain::control::Control;
use relais_chain::entry::{Anchor, EntryCore, Kind};
use relais_chain::facts::{Capacity, Mode, Owner};
use relais_chain::head::Phase;
use relais_chain::keyring_body::Reason;
use relais_chain::link::Author;
use relais_chain::party::{Party, PartyId, Presence};
use relais_chain::thread::ThreadState;
use relais_chain::{PublicKey, Signed, sign};
use relais_e2ee::body::Body;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::message;
use relais_e2ee::thread::{Due, epoch_due, next_epoch};
use relais_wire::chains::{PutBoxes, SealedBox};
use relais_wire::ids::{IdemKey, KeyringId, MsgId, ThreadId};
use relais_wire::limits::BOXES_PER_PUT;
use relais_wire::threads::{Append, Receipt, SignedEntry, StoredEntry};
use relais_wire::{ErrorCode, Refusal, Reply, Request, Seq};

use super::book::ChainName;
use super::client::{Client, Update};
use super::ring::box_error;
use super::thread::Thread;
use crate::core::Record;
use crate::core::outbox::{Answer, Draft, DraftId, Fate, Next, Peek, Unsealable, signed_entry};
use crate::error::{ClientError, Hostile, refuse};

/// Label of the server's receipts.
const LABEL_RECEIPT: &str = "relais/v1/receipt";

/// Requests under way at once, each of another thread.
const SENDING_MAX: usize = 8;

/// What an author may name as seen: the head that was verified, not the one hoped for behind own entries that
/// are still on their way and before which others may come.
const fn verified(thread: &Thread) -> Anchor {
    let head = thread.state.head();
    Anchor { seq: head.n, head: head.head }
}

impl Client {
    /// Writes a message. It is safe from then on and goes out by itself; see [`Update::Accepted`].
    ///
    /// # Errors
    /// [`ClientError::Busy`] for a full outbox; [`ClientError::TooLarge`]; [`ClientError::Storage`].
    pub fn send(&mut self, thread: ThreadId, body: &Body) -> Result<DraftId, ClientError> {
        let encoded = body.encode().map_err(|_| ClientError::TooLarge)?;
        let (id, record) = self.outbox.write(thread, encoded.to_vec()).map_err(|_| ClientError::Busy)?;
        if let Err(error) = self.keep(Some(record)) {
            // What the caller is told was not written must not be sent either.
            self.outbox.take_back(id);
            return Err(error);
        }
        Ok(id)
    }

    /// Makes a record of the outbox durable.
    fn keep(&mut self, record: Option<Record>) -> Result<(), ClientError> {
        match (record, self.local.as_mut()) {
            (Some(record), Some(local)) => local.record(&record, &self.outbox),
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// Whether everything that waits to be sent is held because the server lied about it: an update named the
    /// attack. It is tried again with the next connection, or in the next run.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.sending.is_empty() && self.answered.is_empty() && self.outbox.is_held()
    }

    /// Milliseconds until the outbox has something to do; 0 for now, nothing for never.
    pub(crate) fn next_send_in(&self) -> Option<u64> {
        let now = self.clock.ms();
        if self.sending.len() >= SENDING_MAX {
            return None;
        }
        match self.outbox.peek(now) {
            Peek::Now => Some(0),
            Peek::At(at) => at.map(|at| at.saturating_sub(now).max(1)),
        }
    }

    pub(crate) async fn send_drafts(&mut self) -> Result<(), ClientError> {
        while self.sending.len() < SENDING_MAX {
            match self.outbox.next(self.clock.ms()) {
                Next::Wait(_) => return Ok(()),
                Next::Seal { thread, drafts } => self.seal_drafts(thread, &drafts).await?,
                Next::Send(append) => {
                    let rpc = self.rpc.clone();
                    self.sending.push(Box::pin(async move {
                        let thread = append.thread;
                        let (answer, receipts) = match rpc.ask(Request::Append(append)).await {
                            Ok(Reply::Appended(appended)) => (Answer::Accepted, appended.receipts),
                            Err(ClientError::Refused(refusal)) => (Answer::Refused(refusal), Vec::new()),
                            Err(ClientError::TooLarge) => {
                                (Answer::Refused(Refusal::new(ErrorCode::TooLarge)), Vec::new())
                            }
                            Ok(_) | Err(_) => (Answer::Lost, Vec::new()),
                        };
                        (thread, answer, receipts)
                    }));
                }
            }
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else stands in the way of sealing stays in the way"
    )]
    async fn seal_drafts(&mut self, id: ThreadId, drafts: &[Draft]) -> Result<(), ClientError> {
        let sealed = self.seal_batch(id, drafts).await;
        let now = self.clock.ms();
        match sealed {
            Ok(entries) => {
                let idem = IdemKey::from_bytes(draw(&mut SystemEntropy));
                let record = self.outbox.sealed(id, drafts.len(), idem, entries);
                self.keep(record).inspect_err(|_| self.outbox.not_kept(id))
            }
            Err(error) => {
                let why = match &error {
                    error if error.is_transient() => Unsealable::Now,
                    error if error.hostile().is_some() => Unsealable::Doubted,
                    ClientError::Refused(refusal) => Unsealable::Refused(refusal.clone()),
                    _ => Unsealable::Refused(Refusal::new(ErrorCode::Forbidden)),
                };
                if why != Unsealable::Now {
                    self.updates.push_back(Update::Trouble(Some(id), error));
                }
                let (fate, record) = self.outbox.unsealable(id, now, why);
                self.conclude(id, fate, record)
            }
        }
    }

    async fn seal_batch(&mut self, id: ThreadId, drafts: &[Draft]) -> Result<Vec<SignedEntry>, ClientError> {
        self.ready().await?;
        // A connection that broke may have left it half read.
        if !self.threads.get(&id).is_some_and(|thread| thread.is_whole) {
            self.sync_thread(id, None).await?;
        }
        let mut thread = self.threads.remove(&id).ok_or(ClientError::NotFound)?;
        let result = self.seal_into(&mut thread, drafts).await;
        self.threads.insert(id, thread);
        result
    }

    async fn seal_into(
        &mut self,
        thread: &mut Thread,
        drafts: &[Draft],
    ) -> Result<Vec<SignedEntry>, ClientError> {
        if thread.state.roster().phase() == Phase::Closed {
            return Err(ClientError::Refused(Refusal::new(ErrorCode::Closed)));
        }
        let mut state = thread.state.clone();
        self.check_named(state.roster().next_recipients())?;
        let mut entries = Vec::new();
        let age_ms = self.now_ms().saturating_sub(thread.epoch_since_ms);
        let due = epoch_due(state.roster(), self.book.chains(), thread.epoch_messages, age_ms)
            .or_else(|| thread.asked_box.map(|_| Due::Age));
        let seed = match due {
            Some(due) => Some(self.renew_epoch(thread, &mut state, due, &mut entries).await?),
            None => None,
        };
        let seed = match seed {
            Some(seed) => seed,
            None => {
                self.open_epoch(thread, state.head().epoch).await?;
                thread.keys.seed(state.head().epoch).map_err(box_error)?.duplicate()
            }
        };
        for draft in drafts {
            let body = Body::decode(&draft.body).map_err(|_| ClientError::LocalState)?;
            let mut core = self.control_core(&state, Kind::Message)?;
            core.anchor = verified(thread);
            let signed = message::seal(self.account.signing().key(), core, &seed, &body)
                .map_err(|_| ClientError::TooLarge)?;
            self.own_check(thread, &mut state, &signed).await?;
            entries.push(signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig()));
        }
        Ok(entries)
    }

    /// Makes the next epoch, stages its boxes and puts its entry in front.
    pub(crate) async fn renew_epoch(
        &mut self,
        thread: &mut Thread,
        state: &mut ThreadState,
        due: Due,
        entries: &mut Vec<SignedEntry>,
    ) -> Result<relais_e2ee::Seed, ClientError> {
        self.check_readers(state.roster()).await?;
        let reason = match due {
            Due::Participants => Reason::Removed,
            Due::Generations | Due::Age => Reason::Routine,
        };
        let known = match self.open_epoch(thread, state.head().epoch).await {
            Ok(()) => thread.keys.seed(state.head().epoch).ok(),
            Err(ClientError::NoKey) => None,
            Err(error) => return Err(error),
        };
        let id = state.thread();
        let made = next_epoch(id, state.roster(), self.book.chains(), known, reason, &mut SystemEntropy)
            .map_err(box_error)?;
        self.stage(made.boxes).await?;
        let mut core = self.control_core(state, Kind::Epoch)?;
        core.anchor = verified(thread);
        let signed = sign::control(self.account.signing().key(), &core, &Control::Epoch(made.body))
            .map_err(Self::wrong_own)?;
        self.own_check(thread, state, &signed).await?;
        entries.push(signed_entry(signed.core(), signed.payload().unwrap_or_default(), signed.sig()));
        Ok(made.seed)
    }

    pub(crate) fn control_core(&self, state: &ThreadState, kind: Kind) -> Result<EntryCore, ClientError> {
        let msg_id = MsgId::from_bytes(draw(&mut SystemEntropy));
        Ok(state.draft(kind, self.author(state)?, self.device(), msg_id, self.now_ms()))
    }

    /// Stages boxes for what follows.
    pub(crate) async fn stage(&self, boxes: Vec<SealedBox>) -> Result<(), ClientError> {
        for part in boxes.chunks(BOXES_PER_PUT) {
            self.rpc.call(PutBoxes { boxes: part.to_vec() }).await?;
        }
        Ok(())
    }

    /// Server time.
    pub(crate) fn now_ms(&self) -> u64 {
        self.rpc.http.now_ms()
    }

    /// As whom this user writes in a thread: as itself, or for a team that takes part.
    pub(crate) fn author(&self, state: &ThreadState) -> Result<Author, ClientError> {
        let itself = Author { user: self.user(), chain_seq: self.account.chain_seq(), capacity: None };
        let own = state.roster().participant(PartyId::User(self.user()));
        if state.head().n == 0
            || own.is_some_and(|own| own.presence != Presence::Left && own.presence != Presence::Removed)
        {
            return Ok(itself);
        }
        let held = |party: &Party| {
            let Party::Team(team) = party else { return None };
            [Some(team.managers), team.all].into_iter().flatten().find_map(|keyring| {
                let chain = self.book.chains().keyring_chain(keyring)?;
                let member = chain.members().any(|(_, member)| member.owner == Owner::User(self.user()));
                member.then(|| Capacity { keyring, seq: chain.tail().seq() })
            })
        };
        let capacity = state.roster().participants().find_map(|participant| held(&participant.party));
        match capacity {
            Some(capacity) => Ok(Author { capacity: Some(capacity), ..itself }),
            None => Err(ClientError::Refused(Refusal::new(ErrorCode::Forbidden))),
        }
    }

    /// What this device made must pass the check that everybody will make. What that rests on is fetched.
    pub(crate) async fn own_check(
        &mut self,
        thread: &Thread,
        state: &mut ThreadState,
        signed: &Signed,
    ) -> Result<(), ClientError> {
        let bytes = signed.to_bytes().map_err(Self::wrong_own)?;
        let mode = Mode::Append { now_ms: self.now_ms() };
        let (id, past) = (state.thread(), &thread.past);
        let checked = self
            .book
            .decide(&self.rpc, Self::wrong_own, |book| state.check(&book.asking(id, past), &bytes, mode))
            .await?;
        state.commit(checked).map(drop).map_err(Self::wrong_own)
    }

    pub(crate) async fn process_answers(&mut self) -> Result<(), ClientError> {
        while let Some((id, answer, receipts)) = self.answered.pop_front() {
            let checked = match (&answer, self.outbox.underway(id).cloned()) {
                (Answer::Accepted, Some(append)) => self.take_receipts(&append, &receipts).await,
                (Answer::Refused(refusal), Some(_)) => self.catch_up_after(id, refusal).await,
                (Answer::Accepted | Answer::Refused(_) | Answer::Lost | Answer::Doubted, _) => Ok(()),
            };
            let answer = match checked {
                Ok(()) => answer,
                Err(error) => {
                    // Nothing is done about an answer that is not believed, or could not be looked into.
                    let answer = match &error {
                        error if error.hostile().is_some() => Answer::Doubted,
                        error if error.is_transient() => Answer::Lost,
                        _ => answer,
                    };
                    self.updates.push_back(Update::Trouble(Some(id), error));
                    answer
                }
            };
            if matches!(answer, Answer::Refused(_)) {
                self.settle(id)?;
            }
            let (fate, record) = self.outbox.answered(id, self.clock.ms(), answer);
            self.conclude(id, fate, record)?;
        }
        Ok(())
    }

    /// What stands in the thread has been sent, whatever the server says of it: a request whose answer was lost
    /// longer ago than the server remembers its key is refused when it is sent again.
    fn settle(&mut self, id: ThreadId) -> Result<(), ClientError> {
        let Some(thread) = self.threads.get(&id) else { return Ok(()) };
        let seen = &thread.past.seen;
        let (fate, record) = self.outbox.found(id, |entry| {
            EntryCore::parse(entry.core.as_slice()).is_ok_and(|core| seen.contains(&core.msg_id))
        });
        self.conclude(id, fate, record)
    }

    fn conclude(&mut self, thread: ThreadId, fate: Fate, record: Option<Record>) -> Result<(), ClientError> {
        self.keep(record)?;
        match fate {
            Fate::Underway => {}
            Fate::Accepted(drafts) => self.updates.push_back(Update::Accepted { thread, drafts }),
            Fate::Refused(drafts, refusal) => {
                self.updates.push_back(Update::Refused { thread, drafts, refusal });
            }
            Fate::Stuck(refusal) => match refuse(Hostile::StaleForEver) {
                Err(error) => self.updates.push_back(Update::Trouble(Some(thread), error)),
                Ok(()) => {
                    let (fate, record) = self.outbox.abandon(thread, refusal);
                    return self.conclude(thread, fate, record);
                }
            },
        }
        Ok(())
    }

    /// Reads what a refusal says is newer.
    ///
    /// # Errors
    /// An attack; the connection's.
    pub(crate) async fn catch_up_after(
        &mut self,
        id: ThreadId,
        refusal: &Refusal,
    ) -> Result<(), ClientError> {
        let moved = [ErrorCode::Stale, ErrorCode::Conflict, ErrorCode::ChainRefused, ErrorCode::BoxMissing];
        if !moved.contains(&refusal.code) {
            return Ok(());
        }
        if let Some(stale) = &refusal.stale
            && let Some(keyring) = stale.keyring
        {
            self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await?;
            let named = self.named.entry(keyring).or_default();
            *named = (*named).max(stale.generation.into());
            self.check_named([keyring])?;
        }
        // Even where a keyring is to blame: the request may have been done all the same.
        self.sync_thread(id, None).await?;
        if refusal.code == ErrorCode::ChainRefused {
            self.verify_own().await?;
        }
        Ok(())
    }

    /// The server named a generation of a keyring: it must show it before anything more is sealed to it.
    fn check_named(&self, keyrings: impl IntoIterator<Item = KeyringId>) -> Result<(), ClientError> {
        for keyring in keyrings {
            let named = self.named.get(&keyring).copied().unwrap_or(0);
            let shown = self.book.chains().keyring_chain(keyring).map_or(0, |chain| chain.generation());
            if shown < named {
                refuse(Hostile::RotationWithheld)?;
            }
        }
        Ok(())
    }

    /// Checks receipts and takes the entries in where they stand.
    pub(crate) async fn take_receipts(
        &mut self,
        append: &Append,
        receipts: &[Receipt],
    ) -> Result<(), ClientError> {
        if receipts.len() != append.entries.len() {
            return refuse(Hostile::WrongReceipt);
        }
        for receipt in receipts {
            self.check_receipt(append.thread, receipt)?;
        }
        let known = self.threads.get(&append.thread).map_or(0, |thread| thread.state.head().n);
        let first = receipts.first().map_or(0, |receipt| receipt.n.get());
        if first > known + 1 {
            self.sync_thread(append.thread, None).await?;
        }
        for (entry, receipt) in append.entries.iter().zip(receipts) {
            let stored = StoredEntry {
                n: receipt.n,
                at: receipt.at,
                core: entry.core.clone(),
                payload: Some(entry.payload.clone()),
                payload_hash: None,
                sig: entry.sig.clone(),
            };
            self.take_entry(append.thread, &stored).await?;
            let head =
                self.threads.get(&append.thread).and_then(|t| t.past.heads.get(&receipt.n.get()).copied());
            if head != Some(receipt.head) {
                refuse(Hostile::WrongReceipt)?;
            }
        }
        Ok(())
    }

    pub(crate) fn check_receipt(&self, thread: ThreadId, receipt: &Receipt) -> Result<(), ClientError> {
        let wrong = || ClientError::from(Hostile::WrongReceipt);
        let key = <[u8; 32]>::try_from(self.saved.receipt_key.as_slice()).map_err(|_| wrong())?;
        let key = PublicKey::from_bytes(&key).map_err(|_| wrong())?;
        let sig = <[u8; 64]>::try_from(receipt.sig.as_slice()).map_err(|_| wrong())?;
        let n: Seq = receipt.n;
        let bytes = [
            &thread.as_bytes()[..],
            &n.get().to_be_bytes(),
            receipt.head.as_bytes(),
            &receipt.at.get().to_be_bytes(),
        ]
        .concat();
        key.verify(LABEL_RECEIPT, &bytes, &sig).or_else(|_| refuse(Hostile::WrongReceipt))
    }
}
