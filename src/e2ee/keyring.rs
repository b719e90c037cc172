//! Acts on keyrings by somebody who holds a seed: create, add, rotate, remove; and opening what others boxed.
//!
//! Every act answers a [`Made`]: the signed link and the boxes it names, to be staged before it. The chain
//! crate decides whether the link is allowed; [`Made`] is worth checking against it before it is sent, because
//! the server will.
//!
//! Staleness is computed here from verified chains (SEC-01), never taken from the server's word:
//! [`KeyringChain::stale_members`] and [`KeyringChain::rotation_due`] say when [`rotate`] is called for.
//!
//! Not known here: who is asked to confirm an act, and how links and boxes travel.

use ed25519_dalek::SigningKey;
use relais_chain::directory::Directory;
use relais_chain::facts::{Capacity, KeyringKind, Owner};
use relais_chain::hash::box_hash;
use relais_chain::keyring::KeyringChain;
use relais_chain::keyring_body::{GenerationBody, KeyringBody, Reason, Recipient as Named, Role};
use relais_chain::link::{Author, Place};
use relais_chain::{ChainError, Signed, sign};
use relais_wire::chains::{BoxScope, SealedBox};
use relais_wire::ids::{KeyringId, UserId};

use crate::entropy::Entropy;
use crate::error::{E2eeError, refuse};
use crate::generations::seal_previous;
use crate::sealed::{DecKey, EncKey, Recipient, SeedOf, commit, open_named, seal};
use crate::secret::Seed;

/// Who signs links, and in what capacity.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The user.
    pub user: UserId,
    /// Position in the user's own chain whose key signs.
    pub chain_seq: u64,
    /// The role acted in, when not simply as oneself.
    pub capacity: Option<Capacity>,
    /// The signing key.
    pub key: &'a SigningKey,
    /// The signer's claim of the time, ms since 1970.
    pub ts_ms: u64,
}

impl Signer<'_> {
    const fn author(&self) -> Author {
        Author { user: self.user, chain_seq: self.chain_seq, capacity: self.capacity }
    }
}

/// A keyring that a seed is boxed to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which, and its newest generation.
    pub recipient: Recipient,
    /// That generation's public key.
    pub key: EncKey,
}

impl Target {
    /// The newest generation of a verified chain.
    ///
    /// # Errors
    /// [`E2eeError::BadEncKey`].
    pub fn of(chain: &KeyringChain) -> Result<Self, E2eeError> {
        let recipient = Recipient { keyring: chain.id(), generation: chain.generation() };
        Ok(Self { recipient, key: EncKey::from_bytes(chain.key())? })
    }
}

/// A signed link and the boxes it names.
#[derive(Debug)]
pub struct Made {
    /// The link.
    pub link: Signed,
    /// Its boxes, ascending by recipient, to be staged first.
    pub boxes: Vec<SealedBox>,
}

/// What a new keyring is.
#[derive(Clone, Copy, Debug)]
pub struct NewKeyring {
    /// Its id, 16 random bytes.
    pub id: KeyringId,
    /// Its kind.
    pub kind: KeyringKind,
    /// Whose it is.
    pub owner: Owner,
    /// For `TA`: the team's `TM`.
    pub paired: Option<KeyringId>,
}

/// Creates a keyring for these first members.
///
/// # Errors
/// [`E2eeError::BadEncKey`]; a [`ChainError`] when a value has no encoding.
pub fn create(
    new: &NewKeyring,
    members: &[Target],
    signer: &Signer<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(Made, Seed), E2eeError> {
    let seed = Seed::random(entropy);
    let (boxes, recipients) = box_for_all(&seed, SeedOf::keyring(new.id, 1), members, entropy)?;
    let first = GenerationBody {
        generation: 1,
        key: Box::new(DecKey::of(&seed).public().to_bytes()),
        commit: commit(&seed),
        prev_box: None,
        recipients,
        reason: Reason::Routine,
    };
    let body = KeyringBody::Create { kind: new.kind, owner: new.owner, paired: new.paired, first };
    let link = sign_link(signer, Place::first(*new.id.as_bytes()), &body)?;
    Ok((Made { link, boxes }, seed))
}

/// Renews a keyring's seed for its members of now, each at its newest generation.
///
/// `seed` is the current seed, sealed into the new generation so that history stays readable; `None` walls it
/// off.
///
/// # Errors
/// [`E2eeError::CommitMismatch`] when `seed` is not the current one; [`ChainError::UnknownKeyring`] when a
/// member's chain is not in `directory`; [`E2eeError::BadEncKey`].
pub fn rotate(
    chain: &KeyringChain,
    seed: Option<&Seed>,
    directory: &Directory,
    reason: Reason,
    signer: &Signer<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(Made, Seed), E2eeError> {
    let mut members = Vec::with_capacity(chain.members().count());
    for (id, _) in chain.members() {
        let member = directory.keyring_chain(id).ok_or(ChainError::UnknownKeyring)?;
        members.push(Target::of(member)?);
    }
    let of = SeedOf::keyring(chain.id(), chain.generation() + 1);
    let fresh = Seed::random(entropy);
    let prev_box = match seed {
        Some(seed) => {
            require_current(chain, seed)?;
            Some(seal_previous(of, &fresh, seed, entropy)?)
        }
        None => None,
    };
    let (boxes, recipients) = box_for_all(&fresh, of, &members, entropy)?;
    let body = KeyringBody::Rotate(GenerationBody {
        generation: of.generation,
        key: Box::new(DecKey::of(&fresh).public().to_bytes()),
        commit: commit(&fresh),
        prev_box,
        recipients,
        reason,
    });
    let link = sign_link(signer, chain.tail().next(), &body)?;
    Ok((Made { link, boxes }, fresh))
}

/// Adds a member: boxes it the current seed, from which it reads back to the first generation or wall.
///
/// # Errors
/// [`E2eeError::CommitMismatch`] when `seed` is not the current one; [`E2eeError::BadEncKey`].
pub fn add(
    chain: &KeyringChain,
    seed: &Seed,
    member: &Target,
    role: Role,
    signer: &Signer<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Made, E2eeError> {
    let (boxes, recipient) = box_current(chain, seed, member, entropy)?;
    let link = sign_link(signer, chain.tail().next(), &KeyringBody::Add { recipient, role })?;
    Ok(Made { link, boxes })
}

/// Makes the administrators' keyring of the unit (for `TM`) or of the unit above (for `OA`) a member.
///
/// # Errors
/// As [`add`].
pub fn add_parent(
    chain: &KeyringChain,
    seed: &Seed,
    admins: &Target,
    signer: &Signer<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Made, E2eeError> {
    let (boxes, recipient) = box_current(chain, seed, admins, entropy)?;
    let body = KeyringBody::Parent { recipient: Some(recipient) };
    let link = sign_link(signer, chain.tail().next(), &body)?;
    Ok(Made { link, boxes })
}

/// Any act that needs no seed: remove, role, add request, end of the parent.
///
/// # Errors
/// A [`ChainError`] when a value has no encoding.
pub fn without_seed(
    chain: &KeyringChain,
    body: &KeyringBody,
    signer: &Signer<'_>,
) -> Result<Made, E2eeError> {
    Ok(Made { link: sign_link(signer, chain.tail().next(), body)?, boxes: Vec::new() })
}

/// Opens the box of the current generation for one of its members, checked against the signed link.
///
/// # Errors
/// [`ChainError::NotMember`]; [`E2eeError::BoxMissing`] when none of `boxes` is the member's;
/// [`E2eeError::BoxHashMismatch`]; [`E2eeError::BoxRejected`]; [`E2eeError::CommitMismatch`].
pub fn open_current(
    chain: &KeyringChain,
    boxes: &[SealedBox],
    member: KeyringId,
    member_seed: &Seed,
) -> Result<Seed, E2eeError> {
    let named = chain.member(member).ok_or(ChainError::NotMember)?;
    let generation = chain.generation();
    let public = chain.generation_at(generation).ok_or(ChainError::UnknownGeneration)?;
    let sealed = boxes
        .iter()
        .find(|sealed| {
            sealed.recipient == member
                && u64::from(sealed.generation) == generation
                && sealed.id == chain.id().into()
                && sealed.scope == BoxScope::Keyring
        })
        .ok_or(E2eeError::BoxMissing)?;
    let to = Recipient { keyring: member, generation: named.generation };
    let of = SeedOf::keyring(chain.id(), generation);
    let key = DecKey::of(member_seed);
    let seed = open_named(sealed.bytes.as_slice(), &named.box_hash, of, to, &public.commit, &key)?;
    require_current(chain, &seed).map(|()| seed)
}

/// Checks that a seed is the current one: commitment and public key.
///
/// # Errors
/// [`E2eeError::CommitMismatch`]; [`E2eeError::EncKeyMismatch`].
pub fn require_current(chain: &KeyringChain, seed: &Seed) -> Result<(), E2eeError> {
    let public = chain.generation_at(chain.generation()).ok_or(ChainError::UnknownGeneration)?;
    if commit(seed) != public.commit {
        refuse(E2eeError::CommitMismatch)?;
    }
    if DecKey::of(seed).public().to_bytes() != *chain.key() {
        refuse(E2eeError::EncKeyMismatch)?;
    }
    Ok(())
}

fn box_current(
    chain: &KeyringChain,
    seed: &Seed,
    member: &Target,
    entropy: &mut dyn Entropy,
) -> Result<(Vec<SealedBox>, Named), E2eeError> {
    require_current(chain, seed)?;
    let of = SeedOf::keyring(chain.id(), chain.generation());
    let (boxes, mut recipients) = box_for_all(seed, of, core::slice::from_ref(member), entropy)?;
    Ok((boxes, recipients.pop().ok_or(E2eeError::BoxMissing)?))
}

/// Boxes a seed to each target; boxes and recipients ascend by keyring, as the signed lists must.
///
/// # Errors
/// [`E2eeError::BadEncKey`]; [`ChainError::OutOfRange`] for a generation above 2^32-1.
pub fn box_for_all(
    seed: &Seed,
    of: SeedOf,
    targets: &[Target],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<SealedBox>, Vec<Named>), E2eeError> {
    let mut ordered: Vec<&Target> = targets.iter().collect();
    ordered.sort_by_key(|target| target.recipient.keyring);
    let narrow = |generation: u64| u32::try_from(generation).map_err(|_| ChainError::OutOfRange);
    let mut boxes = Vec::with_capacity(ordered.len());
    let mut named = Vec::with_capacity(ordered.len());
    for target in ordered {
        let Recipient { keyring, generation } = target.recipient;
        let bytes = seal(seed, of, target.recipient, &target.key, entropy)?;
        named.push(Named { keyring, generation, box_hash: box_hash(&bytes) });
        boxes.push(SealedBox {
            scope: of.scope,
            id: of.id,
            generation: narrow(of.generation)?,
            recipient: keyring,
            recipient_generation: narrow(generation)?,
            bytes: bytes.into(),
        });
    }
    Ok((boxes, named))
}

fn sign_link(signer: &Signer<'_>, place: Place, body: &KeyringBody) -> Result<Signed, E2eeError> {
    Ok(sign::link(signer.key, place, signer.author(), signer.ts_ms, body)?)
}
