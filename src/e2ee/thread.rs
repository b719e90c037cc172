//! The seeds of a thread: making epochs, boxing them to newcomers, opening and walking them.
//!
//! Rotate on write (SEC-01): [`epoch_due`] says whether the epoch in force may still be written under; if
//! not, [`next_epoch`] makes the one to append with the message, sealed to exactly the participants of now at
//! their newest generations. A `rebox_request` is answered the same way: by a new epoch, which boxes the seed
//! to everybody again and keeps the history.
//!
//! [`ThreadKeys`] remembers what was signed about each epoch and which seeds were opened. Feed it every
//! control entry *after* the chain crate has accepted it.
//!
//! Not known here: whether an entry is allowed, and what a message says.

use core::fmt;
use std::collections::BTreeMap;

use relais_chain::ChainError;
use relais_chain::control::{Control, EpochBody, Invitee};
use relais_chain::directory::Directory;
use relais_chain::facts::Facts;
use relais_chain::head::Phase;
use relais_chain::keyring_body::{Reason, Recipient as Named};
use relais_chain::roster::{EpochState, Roster};
use relais_wire::chains::{BoxScope, SealedBox};
use relais_wire::ids::{Bytes32, KeyringId, MsgId, ThreadId, UserId};

use crate::entropy::Entropy;
use crate::error::E2eeError;
use crate::generations::{History, Public, Seeds, seal_previous};
use crate::kdf::{derive, label};
use crate::keyring::{Target, box_for_all};
use crate::limits::{EPOCH_AGE_MS_MAX, EPOCH_MESSAGES_MAX};
use crate::sealed::{DecKey, Recipient, SeedOf, check_commit, commit, open_named};
use crate::secret::{Secret, Seed};
use crate::signing::SigningSecret;

/// An epoch that was made, not yet appended.
#[derive(Debug)]
pub struct NewEpoch {
    /// What the `create` or `epoch` entry says.
    pub body: EpochBody,
    /// Its boxes, to be staged first.
    pub boxes: Vec<SealedBox>,
    /// Its seed.
    pub seed: Seed,
}

/// Makes epoch 0 of a new thread.
///
/// # Errors
/// [`E2eeError::BadEncKey`].
pub fn first_epoch(
    thread: ThreadId,
    targets: &[Target],
    entropy: &mut dyn Entropy,
) -> Result<NewEpoch, E2eeError> {
    make_epoch(SeedOf::thread(thread, 0), targets, None, Reason::Routine, entropy)
}

/// Makes the epoch after the one in force, for the participants of `roster`.
///
/// `seed` is the seed in force, sealed into the new epoch so that history stays readable; it is left out
/// where the roster demands a wall, and `None` builds one.
///
/// # Errors
/// [`E2eeError::CommitMismatch`] when `seed` is not the one in force; [`ChainError::UnknownKeyring`] when a
/// participant's keyring is not in `directory`; [`E2eeError::BadEncKey`].
pub fn next_epoch(
    thread: ThreadId,
    roster: &Roster,
    directory: &Directory,
    seed: Option<&Seed>,
    reason: Reason,
    entropy: &mut dyn Entropy,
) -> Result<NewEpoch, E2eeError> {
    let previous = seed.filter(|_| !roster.wall_due());
    if previous.is_some_and(|seed| commit(seed) != roster.epoch().commit) {
        return Err(E2eeError::CommitMismatch);
    }
    let targets = targets(directory, &roster.next_recipients())?;
    make_epoch(SeedOf::thread(thread, roster.epoch().number + 1), &targets, previous, reason, entropy)
}

/// Boxes the seed in force to newcomers, for an `add` or `invite` entry that names these boxes.
///
/// # Errors
/// [`E2eeError::CommitMismatch`] when `seed` is not the one in force; [`E2eeError::BadEncKey`].
pub fn box_current(
    thread: ThreadId,
    roster: &Roster,
    seed: &Seed,
    targets: &[Target],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<SealedBox>, Vec<Named>), E2eeError> {
    if commit(seed) != roster.epoch().commit {
        return Err(E2eeError::CommitMismatch);
    }
    box_for_all(seed, SeedOf::thread(thread, roster.epoch().number), targets, entropy)
}

/// The newest generations of these keyrings.
///
/// # Errors
/// [`ChainError::UnknownKeyring`]; [`E2eeError::BadEncKey`].
pub fn targets(directory: &Directory, keyrings: &[KeyringId]) -> Result<Vec<Target>, E2eeError> {
    let chain = |id: &KeyringId| directory.keyring_chain(*id).ok_or(ChainError::UnknownKeyring);
    keyrings.iter().map(|id| Target::of(chain(id)?)).collect()
}

/// Why a new epoch must come before the next message, if it must. `messages` and `age_ms` are those of the
/// epoch in force.
#[must_use]
pub fn epoch_due(roster: &Roster, facts: &dyn Facts, messages: u64, age_ms: u64) -> Option<Due> {
    if roster.phase() == Phase::EpochDue {
        Some(Due::Participants)
    } else if !roster.stale_recipients(facts).is_empty() {
        Some(Due::Generations)
    } else if messages >= EPOCH_MESSAGES_MAX || age_ms >= EPOCH_AGE_MS_MAX {
        Some(Due::Age)
    } else {
        None
    }
}

/// Why a new epoch is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Somebody came or went.
    Participants,
    /// A participant's keyring has a newer generation.
    Generations,
    /// It is 90 days old or has carried 10 000 messages.
    Age,
}

fn make_epoch(
    of: SeedOf,
    targets: &[Target],
    previous: Option<&Seed>,
    reason: Reason,
    entropy: &mut dyn Entropy,
) -> Result<NewEpoch, E2eeError> {
    let seed = Seed::random(entropy);
    let prev_box = previous.map(|previous| seal_previous(of, &seed, previous, entropy)).transpose()?;
    let (boxes, recipients) = box_for_all(&seed, of, targets, entropy)?;
    let body = EpochBody { epoch: of.generation, commit: commit(&seed), prev_box, recipients, reason };
    Ok(NewEpoch { body, boxes, seed })
}

/// What was signed about an epoch.
#[derive(Debug)]
struct Epoch {
    public: Public,
    named: BTreeMap<KeyringId, Named>,
}

/// The epochs of one thread: what was signed about them, and the seeds at hand.
pub struct ThreadKeys {
    thread: ThreadId,
    epochs: BTreeMap<u64, Epoch>,
    seeds: Seeds,
}

struct Signed<'a>(&'a BTreeMap<u64, Epoch>);

impl History for Signed<'_> {
    fn public(&self, epoch: u64) -> Option<Public> {
        self.0.get(&epoch).map(|found| found.public.clone())
    }
}

impl ThreadKeys {
    /// Of a thread of which nothing is known yet.
    #[must_use]
    pub const fn new(thread: ThreadId) -> Self {
        Self { thread, epochs: BTreeMap::new(), seeds: Seeds::new() }
    }

    /// Of a thread whose verified state is at hand and whose entries are not: the epoch in force is known, those
    /// before it are not, and no seed is.
    #[must_use]
    pub fn resumed(thread: ThreadId, epoch: &EpochState) -> Self {
        let public = Public { commit: epoch.commit, prev_box: None };
        let epochs = BTreeMap::from([(epoch.number, Epoch { public, named: epoch.recipients.clone() })]);
        Self { thread, epochs, seeds: Seeds::new() }
    }

    /// Remembers what an accepted control entry says about epochs and boxes.
    pub fn note(&mut self, control: &Control) {
        match control {
            Control::Create(create) => self.note_epoch(&create.epoch),
            Control::Epoch(body) => self.note_epoch(body),
            Control::Add { boxes, .. } | Control::Invite { invitee: Invitee::Known { boxes, .. }, .. } => {
                if let Some(mut current) = self.epochs.last_entry() {
                    current.get_mut().named.extend(boxes.iter().map(|named| (named.keyring, *named)));
                }
            }
            Control::Invite { invitee: Invitee::Bearer { .. }, .. }
            | Control::Policy(_)
            | Control::Accept { .. }
            | Control::Decline { .. }
            | Control::Take { .. }
            | Control::Assign { .. }
            | Control::Return { .. }
            | Control::Forward { .. }
            | Control::WithdrawTeam { .. }
            | Control::WithdrawInvite { .. }
            | Control::Remove { .. }
            | Control::Leave
            | Control::Role { .. }
            | Control::LinkPatient { .. }
            | Control::Priority(_)
            | Control::Ack { .. }
            | Control::Close { .. }
            | Control::ReboxRequest { .. }
            | Control::CallJoin { .. }
            | Control::CallLeave { .. } => {}
        }
    }

    fn note_epoch(&mut self, body: &EpochBody) {
        let public = Public { commit: body.commit, prev_box: body.prev_box.clone() };
        let named = body.recipients.iter().map(|named| (named.keyring, *named)).collect();
        self.epochs.insert(body.epoch, Epoch { public, named });
    }

    /// Takes in a seed of one's own making or out of the key index, checked against what was signed.
    ///
    /// # Errors
    /// [`E2eeError::NoSeed`] for an epoch that is not known; [`E2eeError::CommitMismatch`].
    pub fn insert(&mut self, epoch: u64, seed: Seed) -> Result<(), E2eeError> {
        let known = self.epochs.get(&epoch).ok_or(E2eeError::NoSeed)?;
        let seed = check_commit(seed, &known.public.commit)?;
        self.seeds.insert(epoch, seed);
        Ok(())
    }

    /// Opens the box of an epoch for a keyring whose seeds are at hand.
    ///
    /// # Errors
    /// [`E2eeError::NoSeed`] for an unknown epoch, or when `holder`'s seed of the generation named cannot be
    /// reached; [`ChainError::UnknownParty`] when the keyring is no recipient; [`E2eeError::BoxMissing`];
    /// [`E2eeError::BoxHashMismatch`]; [`E2eeError::BoxRejected`]; [`E2eeError::CommitMismatch`]. On the last
    /// three a signed `rebox_request` is called for.
    pub fn open_box(
        &mut self,
        epoch: u64,
        boxes: &[SealedBox],
        holder: KeyringId,
        holder_seeds: &mut Seeds,
        holder_history: &dyn History,
    ) -> Result<(), E2eeError> {
        let known = self.epochs.get(&epoch).ok_or(E2eeError::NoSeed)?;
        let named = known.named.get(&holder).ok_or(ChainError::UnknownParty)?;
        let sealed = boxes
            .iter()
            .find(|sealed| {
                sealed.recipient == holder
                    && u64::from(sealed.generation) == epoch
                    && sealed.scope == BoxScope::Thread
                    && sealed.id == self.thread.into()
            })
            .ok_or(E2eeError::BoxMissing)?;
        let holder_seed = holder_seeds.reach(SeedOf::keyring(holder, named.generation), holder_history)?;
        let to = Recipient { keyring: holder, generation: named.generation };
        let of = SeedOf::thread(self.thread, epoch);
        let (key, hash, committed) = (DecKey::of(holder_seed), &named.box_hash, &known.public.commit);
        let seed = open_named(sealed.bytes.as_slice(), hash, of, to, committed, &key)?;
        self.seeds.insert(epoch, seed);
        Ok(())
    }

    /// The seed of an epoch, walking back from a newer one where needed.
    ///
    /// # Errors
    /// [`E2eeError::NoSeed`]; [`E2eeError::HistoryWalled`]; [`E2eeError::PrevBoxRejected`];
    /// [`E2eeError::CommitMismatch`].
    pub fn seed(&mut self, epoch: u64) -> Result<&Seed, E2eeError> {
        let Self { thread, epochs, seeds } = self;
        seeds.reach(SeedOf::thread(*thread, epoch), &Signed(epochs))
    }

    /// The newest epoch whose seed is at hand, with it: what a key index keeps.
    #[must_use]
    pub fn newest_seed(&self) -> Option<(u64, &Seed)> {
        self.seeds.newest()
    }

    /// The newest epoch that is known, and its generation of `holder` when that keyring is a recipient.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.epochs.last_key_value().map(|(epoch, _)| *epoch)
    }

    /// Whether a keyring is named as a recipient of an epoch.
    #[must_use]
    pub fn is_recipient(&self, epoch: u64, keyring: KeyringId) -> bool {
        self.epochs.get(&epoch).is_some_and(|known| known.named.contains_key(&keyring))
    }
}

impl fmt::Debug for ThreadKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadKeys").field("epochs", &self.epochs.len()).finish_non_exhaustive()
    }
}

/// The secret of a bearer invitation: 128 bits that reach the invitee outside this system. Its key is
/// `Ed25519(KDF(secret, "invite/key", "", 32))`.
pub struct InviteSecret(Secret<16>);

impl InviteSecret {
    /// A new one.
    #[must_use]
    pub fn random(entropy: &mut dyn Entropy) -> Self {
        Self(Secret::random(entropy))
    }

    /// One that was handed over.
    #[must_use]
    pub const fn from_secret(secret: Secret<16>) -> Self {
        Self(secret)
    }

    /// The 128 bits to hand over.
    #[must_use]
    pub const fn secret(&self) -> &Secret<16> {
        &self.0
    }

    /// The invitation key, whose public part stands in the `invite` entry.
    #[must_use]
    pub fn key(&self) -> SigningSecret {
        SigningSecret::from_seed(&derive(self.0.expose(), label::INVITE_KEY, &[]))
    }

    /// The proof for an `accept` entry.
    #[must_use]
    pub fn prove(&self, thread: ThreadId, invite: MsgId, user: UserId, root: &Bytes32) -> [u8; 64] {
        relais_chain::sign::accept_proof(self.key().key(), thread, invite, user, root)
    }
}

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret(…)")
    }
}
