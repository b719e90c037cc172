//! The two ciphertext objects beside the vault, which a user's devices share through the server: the key index,
//! from which a list of threads opens, and the pins, against which every device holds what it is served.
//!
//! Pins are read when the client comes in, the key index when something is first opened, both again when another
//! device has written. What this run has learnt goes into them at most once a minute; a lost race is merged.
//!
//! Not known here: how a thread or chain is verified.

use std::collections::BTreeMap;

use relais_e2ee::E2eeError;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::generations::Public;
use relais_e2ee::objects::{
    self, ChainPin, Content, IndexEntry, KeyIndex, Pins, ThreadPin, Title, open as open_object,
};
use relais_wire::ErrorCode;
use relais_wire::account::{GetObject, Object, ObjectKind, ObjectStored, PutObject};
use relais_wire::ids::{Bytes32, IdemKey, OrgId, Seq, ThreadId};
use relais_wire::streams::{ThreadList, ThreadPlace};
use relais_wire::threads::ThreadCard;

use super::book::{ChainName, Pin};
use super::client::{Client, Update};
use super::enter::secret_error;
use super::list::Listing;
use super::rpc::Rpc;
use crate::error::{ClientError, Hostile, refuse};
use crate::limits::{OBJECT_EVERY_MS, SHARED_CHAINS_MAX, SHARED_INDEX_MAX, SHARED_THREADS_MAX};

/// The objects as this run knows them.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    index: Shared<KeyIndex>,
    pins: Shared<Pins>,
    /// Whether the key index is to be read before it is used.
    index_is_old: bool,
    /// Whether the pins were read in this run.
    pins_are_read: bool,
    is_silent: bool,
    not_before_ms: u64,
}

/// One of them.
#[derive(Debug)]
struct Shared<C> {
    content: C,
    /// The newest version this device has seen.
    seen: Seq,
    has_changed: bool,
}

impl<C: Default> Default for Shared<C> {
    fn default() -> Self {
        Self { content: C::default(), seen: Seq::ZERO, has_changed: false }
    }
}

impl Objects {
    /// As an earlier run left them: these versions of index and pins were seen.
    pub(crate) fn seen(index: Seq, pins: Seq, now_ms: u64) -> Self {
        let mut all = Self { index_is_old: true, not_before_ms: now_ms + OBJECT_EVERY_MS, ..Self::default() };
        (all.index.seen, all.pins.seen) = (index, pins);
        all
    }

    /// The newest versions of index and pins that this device has seen.
    pub(crate) const fn versions(&self) -> (Seq, Seq) {
        (self.index.seen, self.pins.seen)
    }

    /// What another device verified of a thread.
    pub(crate) fn pin(&self, thread: ThreadId) -> Option<(u64, Bytes32)> {
        self.pins.content.threads.get(&thread).map(|pin| (pin.n, pin.head))
    }

    /// Notes a verified head.
    fn note_thread(&mut self, thread: ThreadId, n: u64, head: Bytes32) {
        let pins = &mut self.pins.content.threads;
        let is_news = pins.get(&thread).is_none_or(|pin| pin.n < n);
        if is_news && (pins.len() < SHARED_THREADS_MAX || pins.contains_key(&thread)) {
            pins.insert(thread, ThreadPin { n, head });
            self.pins.has_changed = true;
        }
    }

    /// Notes a verified chain.
    fn note_chain(&mut self, name: ChainName, pin: Pin) {
        let (pins, name) = (&mut self.pins.content.chains, name.pinned());
        let old = pins.get(&name).copied();
        let is_news = old.is_none_or(|old| old.seq < pin.seq);
        if is_news && (pins.len() < SHARED_CHAINS_MAX || old.is_some()) {
            let verified = old.is_some_and(|old| old.verified);
            pins.insert(name, ChainPin { first: pin.first, seq: pin.seq, head: pin.head, verified });
            self.pins.has_changed = true;
        }
    }

    /// Notes the newest seed of a thread and its title.
    fn note_keys(&mut self, thread: ThreadId, epoch: u64, seed: &relais_e2ee::Seed, title: Option<&str>) {
        let threads = &mut self.index.content.threads;
        let title = title.map(Title::cut);
        let is_news = match threads.get(&thread) {
            Some(old) => old.epoch < epoch || (old.epoch == epoch && title.is_some() && old.title != title),
            None => threads.len() < SHARED_INDEX_MAX,
        };
        if is_news {
            threads.insert(thread, IndexEntry { epoch, seed: seed.duplicate(), title });
            self.index.has_changed = true;
        }
    }
}

impl Client {
    /// Whether this device writes the key index and the pins for the user's other devices; it does unless told
    /// otherwise. A device that only looks on need not.
    pub const fn share_objects(&mut self, yes: bool) {
        self.objects.is_silent = !yes;
    }

    /// Reads the pins and holds against them what is known.
    pub(crate) async fn read_pins(&mut self) -> Result<(), ClientError> {
        let (version, pins) = self.fetch::<Pins>(self.objects.pins.seen).await?;
        self.objects.pins.seen = version;
        self.objects.pins_are_read = true;
        for (thread, pin) in pins.threads {
            self.take_pin(thread, pin)?;
        }
        for (name, pin) in pins.chains {
            let known = ChainName::of_pinned(name);
            self.book.hold_against(known, Pin { first: pin.first, seq: pin.seq, head: pin.head })?;
            let all = &mut self.objects.pins.content.chains;
            if all.get(&name).is_none_or(|old| old.seq <= pin.seq) {
                all.insert(name, pin);
            }
        }
        Ok(())
    }

    /// Reads the pins where an offline start could not.
    pub(crate) async fn read_pins_once(&mut self) {
        if !self.objects.pins_are_read
            && let Err(error) = self.read_pins().await
        {
            self.updates.push_back(Update::Trouble(None, error));
        }
    }

    fn take_pin(&mut self, thread: ThreadId, pin: ThreadPin) -> Result<(), ClientError> {
        let verified = self.threads.get(&thread).and_then(|known| known.past.heads.get(&pin.n));
        let earlier = self.saved.threads.get(&thread).filter(|(n, _)| *n == pin.n).map(|(_, head)| head);
        if verified.or(earlier).is_some_and(|head| *head != pin.head) {
            refuse(Hostile::ThreadForked)?;
        }
        let all = &mut self.objects.pins.content.threads;
        if all.get(&thread).is_none_or(|old| old.n <= pin.n) {
            all.insert(thread, pin);
        }
        Ok(())
    }

    /// Has the key index at hand, as new as it is known to be.
    async fn read_index(&mut self) -> Result<(), ClientError> {
        if !self.objects.index_is_old {
            return Ok(());
        }
        let (version, index) = self.fetch::<KeyIndex>(self.objects.index.seen).await?;
        self.objects.index.seen = version;
        self.objects.index_is_old = false;
        let ours = &mut self.objects.index.content.threads;
        for (thread, theirs) in index.threads {
            match ours.get(&thread) {
                // Both seeds were checked against a signed commitment: there are two epochs of one number.
                Some(old) if old.epoch == theirs.epoch && !old.seed.same(&theirs.seed) => {
                    refuse(Hostile::ThreadForked)?;
                }
                Some(old) if old.epoch > theirs.epoch => {}
                Some(_) | None => drop(ours.insert(thread, theirs)),
            }
        }
        Ok(())
    }

    async fn fetch<C: Content>(&mut self, seen: Seq) -> Result<(Seq, C), ClientError> {
        let object: Object = self.by_http().call(GetObject { object: C::KIND }).await?;
        let (user, personal) = (self.account.user(), self.account.personal());
        let seeds = self.ring.reach(&self.rpc, &mut self.book, &self.account, personal.id).await?;
        let none: BTreeMap<u64, Public> = BTreeMap::new();
        let mut opened = open_object(&object, user, personal, seeds, &none, seen);
        if opened.as_ref().is_err_and(|error| *error == E2eeError::NoSeed) {
            // It was written before the personal keyring's last rotation.
            self.book.need(&self.rpc, ChainName::Keyring(personal.id)).await?;
            let chain = self.book.chains().keyring_chain(personal.id).ok_or(ClientError::NotFound)?;
            opened = open_object(&object, user, personal, seeds, chain, seen);
        }
        Ok((object.version, opened.map_err(secret_error)?))
    }

    /// A full object is larger than a frame of the socket.
    fn by_http(&self) -> Rpc {
        Rpc::new(self.rpc.http.clone())
    }

    /// Another device has written one of the objects.
    pub(crate) async fn object_changed(&mut self, kind: ObjectKind, version: Seq) -> Result<(), ClientError> {
        let (index, pins) = self.objects.versions();
        match kind {
            ObjectKind::KeyIndex if version > index => self.objects.index_is_old = true,
            ObjectKind::Pins if version > pins => self.read_pins().await?,
            ObjectKind::KeyIndex | ObjectKind::Pins => {}
        }
        Ok(())
    }

    /// The seed of an epoch out of the key index, checked against what was signed about that epoch.
    pub(crate) async fn indexed_seed(
        &mut self,
        thread: &mut super::thread::Thread,
        epoch: u64,
    ) -> Result<(), ClientError> {
        match self.read_index().await {
            Ok(()) => {}
            // The boxes are there without it.
            Err(error) if error.hostile().is_some() => {
                self.objects.index_is_old = false;
                self.updates.push_back(Update::Trouble(None, error));
            }
            Err(error) => return Err(error),
        }
        let id = thread.state.thread();
        let Some(entry) = self.objects.index.content.threads.get(&id) else { return Ok(()) };
        if entry.epoch < epoch {
            return Ok(());
        }
        match thread.keys.insert(entry.epoch, entry.seed.duplicate()) {
            // Checked when it was written, against what was signed in the thread as it was served then.
            Err(E2eeError::CommitMismatch) => refuse(Hostile::ThreadForked),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The newest threads of a context with their titles, and where the list goes on with older ones. A title that
    /// another run or device has read comes out of the key index; only a thread that none has opened is read for it.
    ///
    /// # Errors
    /// The server's refusals; an attack.
    pub async fn list(
        &mut self,
        org: Option<OrgId>,
    ) -> Result<(Vec<(ThreadCard, Option<String>)>, Option<ThreadPlace>), ClientError> {
        let Listing { cards, older, .. } = self.threads(org).await?;
        Ok((self.titled(cards).await?, older))
    }

    /// The next older threads of a context with their titles, as [`Self::list`]; and where the list goes on.
    ///
    /// # Errors
    /// Those of [`Self::older_threads`].
    pub async fn list_older(
        &mut self,
        org: Option<OrgId>,
        before: ThreadPlace,
    ) -> Result<(Vec<(ThreadCard, Option<String>)>, Option<ThreadPlace>), ClientError> {
        let ThreadList { threads, next } = self.older_threads(org, Some(before)).await?;
        Ok((self.titled(threads).await?, next))
    }

    async fn titled(
        &mut self,
        cards: Vec<ThreadCard>,
    ) -> Result<Vec<(ThreadCard, Option<String>)>, ClientError> {
        self.read_index().await?;
        let mut all = Vec::new();
        for card in cards {
            let id = card.thread;
            let indexed = self.objects.index.content.threads.get(&id);
            let title = match (self.threads.get(&id), indexed) {
                (Some(thread), _) => thread.title.clone(),
                (None, Some(entry)) => entry.title.as_ref().map(|title| title.as_str().to_owned()),
                (None, None) => match self.open_thread(id).await {
                    Ok(thread) => thread.title.clone(),
                    Err(error) if error.hostile().is_some() => return Err(error),
                    Err(_) => None,
                },
            };
            all.push((card, title));
        }
        Ok(all)
    }

    /// Writes the objects if a minute has passed and there is something new.
    pub(crate) async fn share_by_and_by(&mut self) {
        if self.clock.ms() < self.objects.not_before_ms || self.objects.is_silent {
            return;
        }
        if let Err(error) = self.share().await
            && !error.is_transient()
        {
            self.updates.push_back(Update::Trouble(None, error));
        }
    }

    /// Writes what this run has learnt into the key index and the pins, for the user's other devices. The server
    /// takes each at most once a minute; what it does not take now stays for the next time.
    ///
    /// # Errors
    /// The connection's errors; an attack: what another device verified is not what this one was shown.
    pub async fn share(&mut self) -> Result<(), ClientError> {
        self.objects.not_before_ms = self.clock.ms() + OBJECT_EVERY_MS;
        if !self.objects.pins_are_read {
            // Without them those of other devices would be lost.
            self.read_pins().await?;
        }
        self.learn();
        if self.objects.pins.has_changed && !self.put(ObjectKind::Pins).await? {
            self.read_pins().await?;
            self.learn();
            self.put(ObjectKind::Pins).await?;
        }
        if self.objects.index.has_changed {
            // As above.
            self.read_index().await?;
            if !self.put(ObjectKind::KeyIndex).await? {
                self.objects.index_is_old = true;
                self.read_index().await?;
                self.learn();
                self.put(ObjectKind::KeyIndex).await?;
            }
        }
        self.save()
    }

    fn learn(&mut self) {
        for (id, (n, head)) in &self.saved.threads {
            self.objects.note_thread(*id, *n, *head);
        }
        for (id, thread) in &self.threads {
            let head = thread.state.head();
            self.objects.note_thread(*id, head.n, head.head);
            if let Some((epoch, seed)) = thread.keys.newest_seed() {
                self.objects.note_keys(*id, epoch, seed, thread.title.as_deref());
            }
        }
        for (name, pin) in self.book.pins() {
            self.objects.note_chain(*name, *pin);
        }
    }

    /// Replaces an object. Answers no when another device was first.
    async fn put(&mut self, kind: ObjectKind) -> Result<bool, ClientError> {
        let (index, pins) = self.objects.versions();
        let (user, personal, entropy) = (self.account.user(), self.account.personal(), &mut SystemEntropy);
        let (replaces, sealed) = match kind {
            ObjectKind::KeyIndex => {
                (index, objects::seal(&self.objects.index.content, user, personal, index, entropy))
            }
            ObjectKind::Pins => {
                (pins, objects::seal(&self.objects.pins.content, user, personal, pins, entropy))
            }
        };
        let idem = IdemKey::from_bytes(draw(&mut SystemEntropy));
        let ciphertext = sealed.map_err(|_| ClientError::TooLarge)?.into();
        let put = PutObject { idem, object: kind, replaces, ciphertext };
        let stored: ObjectStored = match self.by_http().call(put).await {
            Ok(stored) => stored,
            Err(error) if error.is_refusal(ErrorCode::Conflict) => return Ok(false),
            Err(error) if error.is_refusal(ErrorCode::Throttled) => return Ok(true),
            Err(error) => return Err(error),
        };
        if stored.version != replaces.next() {
            return Err(ClientError::Protocol);
        }
        match kind {
            ObjectKind::KeyIndex => {
                (self.objects.index.seen, self.objects.index.has_changed) = (stored.version, false);
            }
            ObjectKind::Pins => {
                (self.objects.pins.seen, self.objects.pins.has_changed) = (stored.version, false);
            }
        }
        Ok(true)
    }
}
