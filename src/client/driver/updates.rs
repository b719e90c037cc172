//! What arrives: entries of streams, resynchronisation, the state of the connection; and reading threads.

use std::sync::atomic::Ordering;

use relais_chain::entry::{EntryCore, Kind};
use relais_chain::facts::Mode;
use relais_chain::thread::Applied;
use relais_chain::{ChainError, Signed};
use relais_e2ee::{E2eeError, message};
use relais_wire::chains::{BoxScope, GetBoxes};
use relais_wire::control::{Cursor, ResyncReason};
use relais_wire::events::EntriesAppended;
use relais_wire::ids::{Bytes32, KeyringId, OrgId, Seq, ThreadId};
use relais_wire::limits::PAGE_ENTRIES_MAX;
use relais_wire::threads::{GetEntries, GetThread, MarkRead, PartyState, StoredEntry, ThreadCard};
use relais_wire::{Event, StreamTag};

use super::book::ChainName;
use super::client::{Client, Update};
use super::list::Listing;
use super::live::Command;
use super::ring::box_error;
use super::thread::{Content, Message, Thread, bytes_of};
use crate::core::{Output, Violation};
use crate::error::{ClientError, Hostile, refuse};

impl Client {
    /// Does what the connection brought.
    pub(crate) async fn process_events(&mut self) {
        while let Some(output) = self.arrived.pop_front() {
            match output {
                Output::Entry { stream, seq, event } => {
                    if let Ok(event) = event
                        && let Err((thread, error)) = self.apply_event(event).await
                    {
                        let again = error.is_transient();
                        self.updates.push_back(Update::Trouble(thread, error));
                        if again {
                            if let Some(live) = self.rpc.live.clone() {
                                live.tell(Command::NotApplied { stream }).await;
                            }
                            // What follows of this stream comes again with it.
                            self.arrived.retain(
                                |o| !matches!(o, Output::Entry { stream: other, .. } if *other == stream),
                            );
                            continue;
                        }
                    }
                    self.applied.applied(stream, seq);
                }
                Output::Online { now, .. } => {
                    self.rpc.http.told_time(now.get());
                    self.rpc.is_live.store(true, Ordering::Relaxed);
                    self.outbox.hurry();
                    self.read_pins_once().await;
                    self.updates.push_back(Update::Online);
                }
                Output::Offline { retry_in } => {
                    self.rpc.is_live.store(false, Ordering::Relaxed);
                    self.updates.push_back(Update::Offline { retry_in });
                }
                Output::Stopped(reason) => {
                    self.rpc.is_live.store(false, Ordering::Relaxed);
                    self.updates.push_back(Update::Stopped(reason));
                }
                Output::Resync { stream, org, reason } => self.resync(stream, org, reason).await,
                Output::CaughtUp(stream) => self.updates.push_back(Update::CaughtUp(stream)),
                Output::Violation(violation) => {
                    let error = match violation {
                        Violation::StreamHole => Hostile::StreamHole.into(),
                        Violation::Malformed | Violation::OutOfPlace => ClientError::Protocol,
                    };
                    self.updates.push_back(Update::Trouble(None, error));
                }
                Output::Hint(hint) => self.updates.extend(call_update(hint)),
                Output::Credentials(_)
                | Output::Connect
                | Output::Send(_)
                | Output::Disconnect
                | Output::Reply { .. }
                | Output::Wait(_) => {}
            }
        }
    }

    async fn apply_event(&mut self, event: Event) -> Result<(), (Option<ThreadId>, ClientError)> {
        match event {
            Event::EntriesAppended(appended) => {
                let thread = appended.thread;
                self.take_entries(appended).await.map_err(|error| (Some(thread), error))
            }
            Event::Invited(invited) => {
                self.updates.push_back(Update::Invited(invited.thread));
                Ok(())
            }
            Event::ThreadGone(gone) => {
                self.threads.remove(&gone.thread);
                if let Some(local) = &self.local {
                    local.forget_thread(gone.thread);
                }
                self.updates.push_back(Update::Gone(gone.thread));
                Ok(())
            }
            Event::ChainGrew(grew) => {
                let name = ChainName::of(grew.chain, grew.id);
                self.book.refresh(&self.rpc, name).await.map_err(|error| (None, error))?;
                if let ChainName::Keyring(keyring) = name {
                    self.notice_keyring(keyring);
                    self.notice_member(keyring);
                }
                if name == ChainName::User(self.user()) {
                    self.verify_own().await.map_err(|error| (None, error))?;
                }
                Ok(())
            }
            Event::ObjectChanged(changed) => {
                self.object_changed(changed.object, changed.version).await.map_err(|error| (None, error))
            }
            Event::ReadMoved(_)
            | Event::SessionOpened(_)
            | Event::SessionEnded(_)
            | Event::MemberWaits(_)
            | Event::Badge(_)
            | Event::Progress(_)
            | Event::Typing(_)
            | Event::CallRings(_)
            | Event::CallStopped(_)
            | Event::CallChanged(_) => Ok(()),
            Event::CallMissed(missed) => {
                self.updates.push_back(Update::CallMissed(missed));
                Ok(())
            }
        }
    }

    async fn take_entries(&mut self, appended: EntriesAppended) -> Result<(), ClientError> {
        let id = appended.thread;
        let known = self.threads.get(&id).map(|thread| thread.state.head().n);
        let first = appended.entries.first().map_or(0, |entry| entry.n.get());
        if known.is_none_or(|n| first > n + 1) {
            // Entries before these are missing here: read the thread, which includes these.
            let reported_from = self.saved.told.get(&id).map_or(first, |told| told + 1);
            return self.sync_thread(id, Some(reported_from)).await;
        }
        for entry in &appended.entries {
            self.take_entry(id, entry).await?;
        }
        Ok(())
    }

    /// Verifies an entry and takes it in; an entry that is known already must be the same.
    pub(crate) async fn take_entry(&mut self, id: ThreadId, entry: &StoredEntry) -> Result<(), ClientError> {
        let mut thread = self.threads.remove(&id).unwrap_or_else(|| Thread::new(id));
        let result = self.take_into(&mut thread, entry).await;
        // A thread that was lied about is read anew, and held against what was verified before, when it is used again.
        if !result.as_ref().is_err_and(|error| error.hostile().is_some()) {
            self.threads.insert(id, thread);
        }
        result
    }

    async fn take_into(&mut self, thread: &mut Thread, entry: &StoredEntry) -> Result<(), ClientError> {
        let id = thread.state.thread();
        let (n, at) = (entry.n.get(), thread.state.head().n);
        if n <= at {
            return thread.check_known(entry);
        }
        if n > at + 1 {
            refuse(Hostile::EntryDropped)?;
        }
        let bytes = bytes_of(entry)?;
        let signed = Signed::parse(&bytes).map_err(ClientError::entry)?;
        self.prepare(thread, &signed).await?;
        let Thread { state, past, .. } = thread;
        let checked = self
            .book
            .decide(&self.rpc, ClientError::entry, |book| {
                state.check(&book.asking(id, past), &bytes, Mode::Replay)
            })
            .await?;
        let applied = state.commit(checked).map_err(ClientError::entry)?;
        thread.note(&applied, entry.at.get());
        if thread.asked_box.is_some_and(|by| by != self.user()) {
            self.notice_rebox(id);
        }
        if self.pins_of(id).any(|(n, head)| n == applied.n && head != applied.head) {
            refuse(Hostile::ThreadForked)?;
        }
        let content = self.read(thread, &applied, &signed).await?;
        if let Content::Body(body) = &content
            && let Some(title) = &body.title
        {
            thread.title = Some(title.clone());
        }
        if applied.n > thread.floor {
            self.updates.push_back(Update::Entry(Message {
                thread: id,
                n: applied.n,
                id: applied.core.msg_id,
                author: applied.core.author.user,
                device: applied.core.device,
                written_ms: applied.core.ts_ms,
                committed_ms: entry.at.get(),
                content,
            }));
        }
        Ok(())
    }

    /// Has at hand what a message will be read with. What fails for now fails here, before the entry is taken in: once
    /// taken in it would never be told.
    async fn prepare(&mut self, thread: &mut Thread, signed: &Signed) -> Result<(), ClientError> {
        let core = EntryCore::parse(signed.core()).map_err(ClientError::entry)?;
        if core.kind != Kind::Message || signed.payload().is_none() {
            return Ok(());
        }
        match self.open_epoch(thread, core.epoch).await {
            Err(error) if error.is_transient() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn read(
        &mut self,
        thread: &mut Thread,
        applied: &Applied,
        signed: &Signed,
    ) -> Result<Content, ClientError> {
        if let Some(control) = &applied.control {
            return Ok(Content::Control(Box::new(control.clone())));
        }
        if applied.core.kind != Kind::Message {
            return Ok(Content::Unknown);
        }
        if signed.payload().is_none() {
            return Ok(Content::Unreadable);
        }
        match self.open_epoch(thread, applied.core.epoch).await {
            Ok(()) => {}
            Err(ClientError::NoKey) => return Ok(Content::Unreadable),
            Err(error) if error.hostile().is_some() => return Ok(Content::Tampered(error)),
            Err(error) => return Err(error),
        }
        let seed = thread.keys.seed(applied.core.epoch).map_err(box_error)?;
        Ok(match message::open(applied, signed, seed) {
            Ok(body) => Content::Body(body),
            Err(E2eeError::ContentErased) => Content::Unreadable,
            Err(_) => Content::Tampered(Hostile::MessageTampered.into()),
        })
    }

    /// Has the seed of an epoch at hand.
    pub(crate) async fn open_epoch(&mut self, thread: &mut Thread, epoch: u64) -> Result<(), ClientError> {
        match thread.keys.seed(epoch) {
            Ok(_) => return Ok(()),
            Err(E2eeError::NoSeed | E2eeError::HistoryWalled) => {}
            Err(error) => return Err(box_error(error)),
        }
        self.indexed_seed(thread, epoch).await?;
        if thread.keys.seed(epoch).is_ok() {
            return Ok(());
        }
        let newest = thread.keys.newest().ok_or(ClientError::NoKey)?;
        let mut trouble = ClientError::NoKey;
        for candidate in (epoch..=newest).rev() {
            for holder in self.holders(thread, candidate) {
                match self.open_box(thread, candidate, holder).await {
                    Ok(()) if thread.keys.seed(epoch).is_ok() => return Ok(()),
                    Ok(()) | Err(ClientError::NoKey) => {}
                    Err(error) => trouble = error,
                }
            }
        }
        Err(trouble)
    }

    /// Keyrings of an epoch that may be this user's: the own ones first.
    fn holders(&self, thread: &Thread, epoch: u64) -> Vec<KeyringId> {
        let (personal, inbox) = self.keyrings();
        let teams = thread.state.roster().epoch().recipients.keys().copied();
        let mut all: Vec<KeyringId> = [inbox, personal].into_iter().chain(teams).collect();
        let mut known = std::collections::BTreeSet::new();
        all.retain(|keyring| {
            let foreign = self.book.chains().keyring_chain(*keyring).is_some_and(|chain| {
                matches!(chain.owner(), relais_chain::facts::Owner::User(owner) if owner != self.user())
            });
            !foreign && known.insert(*keyring) && thread.keys.is_recipient(epoch, *keyring)
        });
        all
    }

    async fn open_box(
        &mut self,
        thread: &mut Thread,
        epoch: u64,
        holder: KeyringId,
    ) -> Result<(), ClientError> {
        let number = u32::try_from(epoch).map_err(|_| ClientError::TooLarge)?;
        self.book.need(&self.rpc, ChainName::Keyring(holder)).await?;
        let seeds = self.ring.reach(&self.rpc, &mut self.book, &self.account, holder).await?;
        let ask = GetBoxes {
            scope: BoxScope::Thread,
            id: thread.state.thread().into(),
            from: number,
            to: number,
            recipient: holder,
        };
        let boxes = self.rpc.call(ask).await?.boxes;
        let history = self.book.chains().keyring_chain(holder).ok_or(ClientError::NotFound)?;
        thread.keys.open_box(epoch, &boxes, holder, seeds, history).map_err(box_error)
    }

    /// Reads what a thread has grown by; what is new becomes updates, once. Of a thread read for the first time
    /// in this run, entries from `report_from` on are new, or those that no earlier run has seen.
    ///
    /// # Errors
    /// The server's refusals; an attack.
    pub async fn sync_thread(&mut self, id: ThreadId, report_from: Option<u64>) -> Result<(), ClientError> {
        if !self.threads.contains_key(&id) {
            self.resume_thread(id, report_from).await?;
        }
        loop {
            let known = self.threads.get(&id).map_or(0, |thread| thread.state.head().n);
            let ask = GetEntries {
                thread: id,
                from: Seq::new(known + 1).map_err(|_| ClientError::TooLarge)?,
                max: PAGE_ENTRIES_MAX,
                backward: false,
            };
            let page = self.rpc.call(ask).await?;
            let pinned = self.pins_of(id).map(|(n, _)| n).max().unwrap_or(0);
            if page.len.get() < known.max(pinned) {
                refuse(Hostile::ThreadRolledBack)?;
            }
            if !self.threads.contains_key(&id) {
                let before = self.saved.told.get(&id).copied();
                let mut thread = Thread::new(id);
                thread.floor = match report_from {
                    Some(from) => from.saturating_sub(1),
                    None => before.unwrap_or(page.len.get()),
                };
                self.threads.insert(id, thread);
            }
            for entry in &page.entries {
                self.take_entry(id, entry).await?;
            }
            let now = self.threads.get(&id).map_or(0, |thread| thread.state.head().n);
            if now >= page.len.get() {
                self.check_head(id, page.len.get(), &page.head)?;
                if let Some(thread) = self.threads.get_mut(&id) {
                    thread.is_whole = true;
                }
                return Ok(());
            }
            if now == known {
                return Err(Hostile::EntryDropped.into());
            }
        }
    }

    /// Goes on with a thread where an earlier run left it, if it was kept. Entries that are to be told again are
    /// read again.
    async fn resume_thread(&mut self, id: ThreadId, report_from: Option<u64>) -> Result<(), ClientError> {
        let Some(mut thread) = self.kept_thread(id) else { return Ok(()) };
        let told = self.saved.told.get(&id).copied().unwrap_or(0);
        let floor = report_from.map_or(told, |from| from.saturating_sub(1));
        // A request of which nobody knows whether it was done is looked for among all entries.
        if floor < thread.state.head().n || self.outbox.has_request(id) {
            return Ok(());
        }
        // Whether its readers' keys are still current, and whether this user is among a team, stands in their chains.
        let readers: Vec<KeyringId> = thread.state.roster().epoch().recipients.keys().copied().collect();
        for keyring in readers {
            self.book.need(&self.rpc, ChainName::Keyring(keyring)).await?;
        }
        thread.floor = floor;
        if thread.asked_box.is_some_and(|by| by != self.user()) {
            self.notice_rebox(id);
        }
        self.threads.insert(id, thread);
        Ok(())
    }

    fn check_head(&self, id: ThreadId, n: u64, head: &Bytes32) -> Result<(), ClientError> {
        let Some(thread) = self.threads.get(&id) else { return Ok(()) };
        match thread.past.heads.get(&n) {
            Some(known) if known != head => refuse(Hostile::ThreadForked),
            Some(_) | None => Ok(()),
        }
    }

    /// Has a thread at hand, up to date.
    ///
    /// # Errors
    /// Those of [`Self::sync_thread`].
    pub async fn open_thread(&mut self, id: ThreadId) -> Result<&Thread, ClientError> {
        self.sync_thread(id, None).await?;
        self.save()?;
        self.threads.get(&id).ok_or(ClientError::NotFound)
    }

    /// Forgets what was read of a thread in this run; its pin stays.
    pub fn forget_thread(&mut self, id: ThreadId) {
        self.threads.remove(&id);
    }

    /// All entries of a thread as this user may read them, oldest first: back to the wall where history begins.
    ///
    /// # Errors
    /// Those of [`Self::sync_thread`].
    pub async fn history(&mut self, id: ThreadId) -> Result<Vec<Message>, ClientError> {
        self.threads.remove(&id);
        let waiting = std::mem::take(&mut self.updates);
        let result = self.sync_thread(id, Some(0)).await;
        let all = std::mem::replace(&mut self.updates, waiting);
        result?;
        if let Some(thread) = self.threads.get(&id) {
            self.saved.told.insert(id, thread.state.head().n);
        }
        self.save()?;
        Ok(all
            .into_iter()
            .filter_map(|u| if let Update::Entry(message) = u { Some(message) } else { None })
            .collect())
    }

    /// Says that everything up to `n` was seen.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn mark_read(&mut self, thread: ThreadId, n: u64) -> Result<(), ClientError> {
        let n = Seq::new(n).map_err(|_| ClientError::TooLarge)?;
        self.rpc.call(MarkRead { thread, n }).await.map(drop)
    }

    pub(crate) fn check_card(&self, id: ThreadId, n: u64, head: &Bytes32) -> Result<(), ClientError> {
        for (pinned, pinned_head) in self.pins_of(id) {
            if n < pinned {
                refuse(Hostile::ThreadRolledBack)?;
            }
            if n == pinned && *head != pinned_head {
                refuse(Hostile::ThreadForked)?;
            }
        }
        self.check_head(id, n, head)
    }

    /// What the server says of a thread.
    ///
    /// # Errors
    /// The server's refusals; an attack.
    pub async fn thread_card(&mut self, thread: ThreadId) -> Result<ThreadCard, ClientError> {
        let card = self.rpc.call(GetThread { thread }).await?;
        let (n, head) = Self::card_head(&card);
        self.check_card(thread, n, &head)?;
        Ok(card)
    }

    /// Reads a snapshot's threads. The stream goes on from the snapshot when its threads are in; until then it is
    /// asked for again.
    async fn resync(&mut self, stream: StreamTag, org: Option<OrgId>, reason: ResyncReason) {
        match self.read_snapshot(org).await {
            Ok(cursor) => {
                self.applied.follow(stream, org, cursor);
                self.updates.push_back(Update::Resynced(stream, reason));
            }
            Err((thread, error)) => {
                self.updates.push_back(Update::Trouble(thread, error));
                if let Some(live) = self.rpc.live.clone() {
                    live.tell(Command::Unread { stream }).await;
                }
            }
        }
    }

    async fn read_snapshot(&mut self, org: Option<OrgId>) -> Result<Cursor, (Option<ThreadId>, ClientError)> {
        let Listing { cards, cursor, .. } = self.threads(org).await.map_err(|error| (None, error))?;
        for card in cards.iter().rev().filter(|card| card.state == PartyState::Active) {
            let known = self.threads.get(&card.thread).map(|thread| thread.state.head().n);
            let from = match known {
                Some(n) => Some(n + 1),
                None if self.reports_old_entries => Some(0),
                None => self.saved.told.get(&card.thread).map(|n| n + 1),
            };
            if from.is_none() {
                // Whenever this thread is first read: what comes after the snapshot is news.
                self.saved.told.insert(card.thread, card.len.get());
            }
            if from.is_some_and(|from| card.len.get() >= from)
                && let Err(error) = self.sync_thread(card.thread, from).await
            {
                if error.is_transient() {
                    return Err((Some(card.thread), error));
                }
                // One thread that cannot be read must not keep all others from being heard.
                self.updates.push_back(Update::Trouble(Some(card.thread), error));
            }
        }
        Ok(cursor)
    }

    pub(crate) const fn wrong_own(error: ChainError) -> ClientError {
        ClientError::OwnCheck(error)
    }
}

/// What a hint tells of calls; the others are not shown here.
#[expect(clippy::wildcard_enum_match_arm, reason = "everything but calls")]
fn call_update(hint: Event) -> Option<Update> {
    match hint {
        Event::CallRings(ring) => Some(Update::Rings(ring)),
        Event::CallStopped(stopped) => Some(Update::RingStopped(stopped)),
        Event::CallChanged(changed) => Some(Update::Call(Box::new(changed.card))),
        _ => None,
    }
}
