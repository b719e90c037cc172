//! A signed-in account: what it holds, how it is kept between runs, and its loop.
//!
//! Not known here: how single things are done; see the modules beside this one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::Ordering;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use relais_e2ee::account::Account;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, Secret};
use relais_wire::account::{GetVault, Vault};
use relais_wire::calls::{CallCard, CallMissed, CallRings, CallStopped};
use relais_wire::control::{OrgCursor, ResyncReason};
use relais_wire::ids::{Bytes32, DeviceId, KeyringId, OrgId, Seq, ThreadId, UnitId, UserId};
use relais_wire::threads::ThreadCard;
use relais_wire::{Refusal, StreamTag};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::book::{Book, ChainName};
use super::clock::Steady;
use super::enter::{Entered, secret_error};
use super::http::Http;
use super::live::{Command, Live};
use super::local::Local;
use super::objects::Objects;
use super::rekey::Renewed;
use super::ring::Ring;
use super::rpc::Rpc;
use super::saved::Saved;
use super::thread::{Message, Thread};
use super::told::{Step, Told};
use crate::core::outbox::{Answer, DraftId};
use crate::core::{Backoff, Chore, Chores, Credentials, Link, Outbox, Output, StopReason};
use crate::error::ClientError;
use crate::limits::{BACKOFF_BASE_MS, KEEP_EVERY_ENTRIES};

/// What happened.
#[derive(Debug)]
pub enum Update {
    /// A verified entry of a thread.
    Entry(Message),
    /// The connection is live.
    Online,
    /// The connection is gone and is tried again after this many milliseconds.
    Offline {
        /// Milliseconds.
        retry_in: u64,
    },
    /// The connection is gone for good.
    Stopped(StopReason),
    /// Everything that was there at the start of the connection has been applied.
    CaughtUp(StreamTag),
    /// A snapshot was read because the stream could not be continued.
    Resynced(StreamTag, ResyncReason),
    /// Drafts are durable on the server.
    Accepted {
        /// The thread.
        thread: ThreadId,
        /// Local ids.
        drafts: Vec<DraftId>,
    },
    /// Drafts were refused for good.
    Refused {
        /// The thread.
        thread: ThreadId,
        /// Local ids.
        drafts: Vec<DraftId>,
        /// Why.
        refusal: Refusal,
    },
    /// The user was asked into a thread from outside.
    Invited(ThreadId),
    /// A thread is gone for the user.
    Gone(ThreadId),
    /// A call rings for the user; until it says so ([`Client::call_rings`]), nobody is told that it does.
    Rings(CallRings),
    /// A call rings no more.
    RingStopped(CallStopped),
    /// How the call stands that the user is in. Only the latest counts; a device whose place is away joins again.
    Call(Box<CallCard>),
    /// The user was called and nobody answered for them.
    CallMissed(CallMissed),
    /// This client looked after keys that somebody had to renew.
    Renewed(Chore, Renewed),
    /// Something could not be used: an attack, or a failure that is tried again.
    Trouble(Option<ThreadId>, ClientError),
}

/// A signed-in account.
pub struct Client {
    pub(crate) rpc: Rpc,
    pub(crate) account: Account,
    pub(crate) is_verified: bool,
    pub(crate) saved: Saved,
    pub(crate) local: Option<Local>,
    pub(crate) book: Book,
    pub(crate) ring: Ring,
    pub(crate) threads: HashMap<ThreadId, Thread>,
    pub(crate) objects: Objects,
    pub(crate) outbox: Outbox,
    pub(crate) sending:
        FuturesUnordered<BoxFuture<'static, (ThreadId, Answer, Vec<relais_wire::threads::Receipt>)>>,
    pub(crate) answered: VecDeque<(ThreadId, Answer, Vec<relais_wire::threads::Receipt>)>,
    pub(crate) events: Option<mpsc::Receiver<Output>>,
    pub(crate) arrived: VecDeque<Output>,
    pub(crate) updates: VecDeque<Update>,
    pub(crate) clock: Steady,
    /// What this client does for others without being asked.
    pub(crate) chores: Chores,
    pub(crate) reports_old_entries: bool,
    pub(crate) known_units: HashMap<OrgId, Vec<UnitId>>,
    /// The newest generation of a keyring that the server has named in a refusal.
    pub(crate) named: HashMap<KeyringId, u64>,
    /// Applied, and not yet told to the caller.
    pub(crate) applied: Told,
    /// Told to the caller, and not yet known to be handled.
    told: Told,
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) async fn enter(
        http: Http,
        local: Option<Local>,
        entered: Entered,
    ) -> Result<Self, ClientError> {
        let Entered { account, vault, grant, card } = entered;
        let credentials = Credentials {
            session: grant.session,
            kid: grant.key.kid,
            key: Zeroizing::new(grant.key.key.0),
            ticket: Some(grant.ticket.0),
        };
        http.set_credentials(Some(credentials.clone()));
        let wrap_key = Zeroizing::new(draw::<32>(&mut SystemEntropy));
        let opener = Secret::from_bytes(*wrap_key);
        let wrap = account.wrap_also(&Opener::KeyFile(&opener), &mut SystemEntropy).map_err(secret_error)?;
        let saved = Saved {
            user: grant.user,
            device: grant.device,
            credentials,
            opaque_key: card.opaque_key.0,
            receipt_key: card.receipt_key.0,
            vault: vault.clone(),
            wrap_key,
            wrap,
            org: grant.orgs.first().map(|org| OrgCursor { org: *org, cursor: None }),
            orgs: grant.orgs,
            personal: None,
            chains: BTreeMap::new(),
            threads: BTreeMap::new(),
            told: BTreeMap::new(),
            objects: (Seq::ZERO, Seq::ZERO),
            invites: BTreeMap::new(),
        };
        let mut client = Self::assemble(http, local, account, vault, saved)?;
        client.verify_own().await?;
        client.read_pins().await?;
        client.save()?;
        Ok(client)
    }

    pub(crate) fn assemble(
        http: Http,
        mut local: Option<Local>,
        account: Account,
        vault: Vault,
        mut saved: Saved,
    ) -> Result<Self, ClientError> {
        let outbox = match local.as_mut() {
            Some(local) => local.outbox()?,
            None => Outbox::default(),
        };
        saved.vault = vault;
        let clock = Steady::start();
        let (index, pins) = saved.objects;
        Ok(Self {
            rpc: Rpc::new(http),
            ring: Ring::own(&account),
            account,
            is_verified: false,
            book: Book::new(saved.chains.clone()),
            saved,
            local,
            threads: HashMap::new(),
            objects: Objects::seen(index, pins, clock.ms()),
            outbox,
            sending: FuturesUnordered::new(),
            answered: VecDeque::new(),
            events: None,
            arrived: VecDeque::new(),
            updates: VecDeque::new(),
            clock,
            chores: Chores::new(u64::from_be_bytes(draw(&mut SystemEntropy))),
            reports_old_entries: false,
            known_units: HashMap::new(),
            named: HashMap::new(),
            applied: Told::default(),
            told: Told::default(),
        })
    }

    /// Checks the vault against the own chain and the chain against the vault. Nothing is signed before.
    pub(crate) async fn verify_own(&mut self) -> Result<(), ClientError> {
        self.book.refresh(&self.rpc, ChainName::User(self.saved.user)).await?;
        let chain = self.book.chains().user_chain(self.saved.user).ok_or(ClientError::NotFound)?;
        match self.account.verify(&self.saved.vault, chain) {
            Ok(()) => {}
            // Another device may have written a newer vault in between.
            Err(E2eeError::VaultHashMismatch | E2eeError::VaultRolledBack | E2eeError::ForeignChain) => {
                let vault = self.rpc.call(GetVault {}).await?;
                self.account.reload(&vault).map_err(secret_error)?;
                self.account.verify(&vault, chain).map_err(secret_error)?;
                self.ring = Ring::own(&self.account);
                self.saved.vault = vault;
            }
            Err(error) => return Err(secret_error(error)),
        }
        self.is_verified = true;
        Ok(())
    }

    /// Makes sure that what is signed next is signed by the verified account.
    pub(crate) async fn ready(&mut self) -> Result<(), ClientError> {
        if self.is_verified { Ok(()) } else { self.verify_own().await }
    }

    /// The account with its keys, for a proof in which a member and the server work together.
    #[cfg(feature = "mutations")]
    #[must_use]
    pub const fn dangerous_account(&mut self) -> &mut Account {
        &mut self.account
    }

    /// The user.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.saved.user
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.saved.device
    }

    /// The user's `U` and `I`.
    #[must_use]
    pub const fn keyrings(&self) -> (KeyringId, KeyringId) {
        (self.account.personal().id, self.account.inbox().id)
    }

    /// Organizations the user was a member of at the last sign-in or since.
    #[must_use]
    pub fn organizations(&self) -> &[OrgId] {
        &self.saved.orgs
    }

    /// The organization in focus.
    #[must_use]
    pub fn organization(&self) -> Option<OrgId> {
        self.saved.org.map(|org| org.org)
    }

    /// Puts an organization in focus. Takes effect with the next [`Self::connect`].
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn focus(&mut self, org: Option<OrgId>) -> Result<(), ClientError> {
        if self.organization() != org {
            self.saved.org = org.map(|org| OrgCursor { org, cursor: None });
            if let Some(org) = org.filter(|org| !self.saved.orgs.contains(org)) {
                self.saved.orgs.push(org);
            }
        }
        self.save()
    }

    /// Messages that wait to be acknowledged by the server.
    #[must_use]
    pub const fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// The server.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.rpc.http
    }

    /// Verified chains.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// A thread that has been opened.
    #[must_use]
    pub fn thread(&self, thread: ThreadId) -> Option<&Thread> {
        self.threads.get(&thread)
    }

    /// Whether updates also bring the entries that were there before: after a snapshot, the threads of it are
    /// read from their beginning.
    pub const fn report_old_entries(&mut self, yes: bool) {
        self.reports_old_entries = yes;
    }

    /// Keeps pins and credentials, and cursors up to what was handled.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn save(&mut self) -> Result<(), ClientError> {
        if let Some(credentials) = self.rpc.http.credentials() {
            self.saved.credentials = credentials;
        }
        self.saved.chains.clone_from(self.book.pins());
        for (id, thread) in &self.threads {
            let head = thread.state.head();
            let pin = self.saved.threads.entry(*id).or_insert((head.n, head.head));
            if pin.0 < head.n {
                *pin = (head.n, head.head);
            }
            let told = self.saved.told.entry(*id).or_default();
            *told = (*told).max(thread.floor);
        }
        self.saved.objects = self.objects.versions();
        let Some(local) = &self.local else { return Ok(()) };
        for (id, thread) in &mut self.threads {
            let n = thread.state.head().n;
            if n >= thread.kept + KEEP_EVERY_ENTRIES {
                local.keep_thread(*id, &thread.keep()?)?;
                thread.kept = n;
            }
        }
        local.save(&Zeroizing::new(self.saved.encode()?))
    }

    /// Keeps everything once more and lets go of the folder: another client may go on with it.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub fn let_go(&mut self) -> Result<(), ClientError> {
        self.save()?;
        self.local = None;
        Ok(())
    }

    /// Connects and stays connected. Without word from the server it comes back within `patience_ms`.
    pub fn connect(&mut self, patience_ms: u64) {
        if self.rpc.live.is_some() {
            return;
        }
        let seed = u64::from_be_bytes(draw(&mut SystemEntropy));
        let backoff = Backoff::new(seed, BACKOFF_BASE_MS, patience_ms);
        let credentials = self.rpc.http.credentials().unwrap_or_else(|| self.saved.credentials.clone());
        let link = Link::new(credentials, self.saved.org, self.saved.personal, backoff);
        let (live, events) = Live::start(&self.rpc.http, link);
        self.rpc.live = Some(live);
        self.events = Some(events);
    }

    /// Ends the connection. What the last [`Self::work`] answered counts as handled.
    ///
    /// # Errors
    /// [`ClientError::Storage`].
    pub async fn disconnect(&mut self) -> Result<(), ClientError> {
        self.handled().await?;
        if let Some(live) = self.rpc.live.take() {
            live.tell(Command::Stop).await;
        }
        self.rpc.is_live.store(false, Ordering::Relaxed);
        self.events = None;
        self.arrived.clear();
        self.save()
    }

    /// Waits until there is something for [`Self::work`] to do. May be cancelled at any time.
    pub async fn wait(&mut self) {
        if self.updates.is_empty() && self.told.is_empty() {
            self.wait_for_more().await;
        }
    }

    async fn wait_for_more(&mut self) {
        let chore = self.chores.next_at().map(|at| at.saturating_sub(self.clock.ms()));
        let pause = match [self.next_send_in(), chore].into_iter().flatten().min() {
            Some(0) => return,
            Some(ms) => ms,
            None => 60_000,
        };
        if self.arrived.len() + self.answered.len() > 0 {
            return;
        }
        tokio::select! {
            event = next_event(&mut self.events) => self.arrived.extend(event),
            Some(answer) = self.sending.next() => self.answered.push_back(answer),
            () = tokio::time::sleep(std::time::Duration::from_millis(pause)) => {}
        }
    }

    /// Does what there is to do and answers what happened. Must not be cancelled. Coming back here says that
    /// what the last call answered has been handled: only then are cursors kept and acknowledged.
    ///
    /// # Errors
    /// [`ClientError::Storage`] only: everything else is an update.
    pub async fn work(&mut self) -> Result<Vec<Update>, ClientError> {
        self.handled().await?;
        self.turn().await?;
        Ok(self.hand_over())
    }

    async fn turn(&mut self) -> Result<(), ClientError> {
        self.collect();
        self.process_events().await;
        self.process_answers().await?;
        self.send_drafts().await?;
        self.do_chores().await;
        if self.rpc.is_live.load(Ordering::Relaxed) {
            self.share_by_and_by().await;
        }
        Ok(())
    }

    /// What the caller is told now.
    fn hand_over(&mut self) -> Vec<Update> {
        let updates: Vec<Update> = self.updates.drain(..).collect();
        self.told = std::mem::take(&mut self.applied);
        for update in &updates {
            if let Update::Entry(message) = update {
                self.told.threads.insert(message.thread, message.n);
            }
        }
        updates
    }

    /// The caller is back: what it was told is handled, so cursors may move for good.
    async fn handled(&mut self) -> Result<(), ClientError> {
        if self.told.is_empty() {
            return Ok(());
        }
        let told = std::mem::take(&mut self.told);
        for (thread, n) in told.threads {
            let at = self.saved.told.entry(thread).or_default();
            *at = (*at).max(n);
        }
        for (stream, step) in &told.streams {
            self.saved.step(*stream, *step);
        }
        self.save()?;
        let Some(live) = self.rpc.live.clone() else { return Ok(()) };
        for (stream, step) in told.streams {
            live.tell(match step {
                Step::Applied(seq) => Command::Applied { stream, seq },
                Step::Follow { cursor, .. } => Command::Follow { stream, cursor },
            })
            .await;
        }
        Ok(())
    }

    fn collect(&mut self) {
        if let Some(events) = self.events.as_mut() {
            while let Ok(event) = events.try_recv() {
                self.arrived.push_back(event);
            }
        }
    }

    /// Sends everything that waits, for at most this long, without a live connection. What is held
    /// ([`Self::is_held`]) stays: an update says why.
    ///
    /// # Errors
    /// [`ClientError::NoAnswer`] when something is still on its way.
    pub async fn flush(&mut self, patience_ms: u64) -> Result<Vec<Update>, ClientError> {
        let until = self.clock.ms() + patience_ms;
        self.handled().await?;
        loop {
            self.turn().await?;
            if self.outbox.is_empty() || self.is_held() {
                return Ok(self.hand_over());
            }
            let left = until.saturating_sub(self.clock.ms());
            if left == 0 {
                return Err(ClientError::NoAnswer);
            }
            tokio::time::timeout(std::time::Duration::from_millis(left), self.wait_for_more()).await.ok();
        }
    }

    /// What was verified of a thread: in an earlier run of this device, and by another device.
    pub(crate) fn pins_of(&self, id: ThreadId) -> impl Iterator<Item = (u64, Bytes32)> {
        [self.saved.threads.get(&id).copied(), self.objects.pin(id)].into_iter().flatten()
    }

    /// A thread as an earlier run left it, if its state was kept and is one that was verified.
    pub(crate) fn kept_thread(&self, id: ThreadId) -> Option<Thread> {
        let thread = Thread::resume(&self.local.as_ref()?.thread(id)?)?;
        let (n, head) = self.saved.threads.get(&id)?;
        let at = thread.state.head();
        (thread.state.thread() == id && (at.n < *n || (at.n == *n && at.head == *head))).then_some(thread)
    }

    pub(crate) const fn card_head(card: &ThreadCard) -> (u64, Bytes32) {
        (card.len.get(), card.head)
    }
}

async fn next_event(events: &mut Option<mpsc::Receiver<Output>>) -> Option<Output> {
    match events {
        Some(receiver) => match receiver.recv().await {
            Some(event) => Some(event),
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
