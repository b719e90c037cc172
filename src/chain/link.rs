//! The link that user, keyring and unit chains are made of: common core, place in the chain, author.
//!
//! Core, 10 fields: `[v=1, type, chain_id(16), seq, prev(32)|nil, kind, author(16), author_chain_seq, ts_ms,
//! capacity|nil]`
//!
//! | field | meaning |
//! |---|---|
//! | type | 1 user, 2 keyring, 3 unit |
//! | chain_id | the user's, keyring's or unit's id |
//! | seq | position, from 1 |
//! | prev | link hash of position `seq - 1`; nil exactly at position 1 |
//! | kind | what the payload is; numbers are per type |
//! | author, author_chain_seq | who signs, with the key in force at that position of the author's own chain |
//! | ts_ms | the author's claim, ms since 1970; never decides anything |
//! | capacity | `[keyring(16), seq]`: the role the author acts in, nil when simply itself |
//!
//! The signature is over `label || 0x00 || u32 len(core) || core || SHA-256(payload)` with the label of the
//! type. The link hash covers core, payload hash and signature.
//!
//! Not known here: payloads.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, KeyringId, UserId};

use crate::codec::{Reader, Writer};
use crate::envelope::Signed;
use crate::error::{ChainError, refuse};
use crate::facts::{Capacity, Facts, Mode};
use crate::hash::{LABEL_KEYRING, LABEL_UNIT, LABEL_USER};
use crate::keys::PublicKey;
use crate::limits::{CHAIN_LINKS_MAX, LINK_CORE_BYTES_MAX};

/// The format version of everything in this crate.
pub const VERSION: u64 = 1;

/// Which of the three link chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ChainType {
    /// A user's chain.
    User = 1,
    /// A keyring's chain.
    Keyring = 2,
    /// A unit's chain.
    Unit = 3,
}

impl ChainType {
    /// Label of the signatures.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::User => LABEL_USER,
            Self::Keyring => LABEL_KEYRING,
            Self::Unit => LABEL_UNIT,
        }
    }
}

/// Where a link stands: its chain, its position, the link before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The chain's id.
    pub chain_id: [u8; 16],
    /// Position, from 1.
    pub seq: u64,
    /// Hash of the link before; `None` exactly at position 1.
    pub prev: Option<Bytes32>,
}

impl Place {
    /// The first place of a chain.
    #[must_use]
    pub const fn first(chain_id: [u8; 16]) -> Self {
        Self { chain_id, seq: 1, prev: None }
    }
}

/// Who signs a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// The user.
    pub user: UserId,
    /// Position in the user's own chain whose key signs.
    pub chain_seq: u64,
    /// The role acted in.
    pub capacity: Option<Capacity>,
}

/// A link's core, parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkCore {
    /// Which chain type.
    pub chain_type: ChainType,
    /// Where it stands.
    pub place: Place,
    /// What the payload is.
    pub kind: u64,
    /// Who signs.
    pub author: Author,
    /// The author's claim of the time, ms since 1970.
    pub ts_ms: u64,
}

impl LinkCore {
    /// Parses a core of the given chain type.
    ///
    /// # Errors
    /// 1xx errors; [`ChainError::UnknownVersion`]; [`ChainError::WrongChainType`].
    pub fn parse(bytes: &[u8], expected: ChainType) -> Result<Self, ChainError> {
        let mut r = Reader::new(bytes, LINK_CORE_BYTES_MAX)?;
        let arity = r.list(usize::MAX)?;
        if r.uint()? != VERSION {
            return Err(ChainError::UnknownVersion);
        }
        if arity != 10 {
            return Err(ChainError::WrongArity);
        }
        if r.uint()? != expected as u64 {
            return Err(ChainError::WrongChainType);
        }
        let chain_id = r.fixed()?;
        let seq = r.uint()?;
        let prev = r.opt(|r| r.fixed().map(Bytes32::from_bytes))?;
        let kind = r.uint()?;
        let user = UserId::from_bytes(r.fixed()?);
        let chain_seq = r.uint()?;
        let ts_ms = r.uint()?;
        let capacity = r.opt(read_capacity)?;
        Ok(Self {
            chain_type: expected,
            place: Place { chain_id, seq, prev },
            kind,
            author: Author { user, chain_seq, capacity },
            ts_ms,
        })
    }

    /// The core's bytes.
    ///
    /// # Errors
    /// [`ChainError::IntTooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        w.array(10).uint(VERSION).uint(self.chain_type as u64).bin(&self.place.chain_id).uint(self.place.seq);
        w.opt_bin(self.place.prev.as_ref().map(|hash| &hash.as_bytes()[..]));
        w.uint(self.kind).bin(self.author.user.as_bytes()).uint(self.author.chain_seq).uint(self.ts_ms);
        write_capacity(&mut w, self.author.capacity);
        w.finish()
    }
}

/// Reads `[keyring, seq]`.
pub(crate) fn read_capacity(r: &mut Reader<'_>) -> Result<Capacity, ChainError> {
    r.array(2)?;
    Ok(Capacity { keyring: KeyringId::from_bytes(r.fixed()?), seq: r.uint()? })
}

/// Writes `[keyring, seq]` or nil.
pub(crate) fn write_capacity(w: &mut Writer, capacity: Option<Capacity>) {
    match capacity {
        Some(held) => w.array(2).bin(held.keyring.as_bytes()).uint(held.seq),
        None => w.nil(),
    };
}

/// The payload of a link: one enum per chain type.
pub trait LinkBody: Sized {
    /// The chain type it belongs to.
    const TYPE: ChainType;
    /// Its number.
    fn kind(&self) -> u64;
    /// Its bytes.
    ///
    /// # Errors
    /// When a value has no encoding.
    fn to_bytes(&self) -> Result<Vec<u8>, ChainError>;
    /// Parses the payload of a link of this kind.
    ///
    /// # Errors
    /// 1xx errors; [`ChainError::UnknownKind`] and [`ChainError::ReservedKind`].
    fn parse(kind: u64, payload: &[u8]) -> Result<Self, ChainError>;
}

/// A link taken apart, its signature not yet verified.
#[derive(Debug)]
pub(crate) struct Link<B> {
    pub(crate) signed: Signed,
    pub(crate) core: LinkCore,
    pub(crate) body: B,
}

impl<B: LinkBody> Link<B> {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ChainError> {
        let signed = Signed::parse(bytes)?;
        let core = LinkCore::parse(signed.core(), B::TYPE)?;
        let body = B::parse(core.kind, signed.payload().ok_or(ChainError::PayloadMissing)?)?;
        Ok(Self { signed, core, body })
    }

    pub(crate) fn verify(&self, key: &PublicKey) -> Result<(), ChainError> {
        self.signed.verify(key, B::TYPE.label())
    }

    /// Verifies the signature with the author's key as the facts tell it; answers the key's generation.
    pub(crate) fn verify_author(&self, facts: &dyn Facts, mode: Mode) -> Result<u64, ChainError> {
        let author = &self.core.author;
        let signer = facts.signer(author.user, author.chain_seq).ok_or(ChainError::UnknownSigner)?;
        if mode.is_append() && !signer.current {
            return Err(ChainError::SupersededKey);
        }
        self.verify(&signer.key)?;
        Ok(signer.generation)
    }
}

/// Position and hashes of a link chain, kept by every chain type. Hashes are kept so that a pinned head can
/// be looked up after the chain was fetched anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    chain_id: [u8; 16],
    hashes: Vec<Bytes32>,
}

impl Tail {
    pub(crate) const fn new(chain_id: [u8; 16]) -> Self {
        Self { chain_id, hashes: Vec::new() }
    }

    /// Strict compare-and-swap on position and previous hash.
    pub(crate) fn check(&self, place: &Place) -> Result<(), ChainError> {
        if place.chain_id != self.chain_id {
            return Err(ChainError::WrongChain);
        }
        if self.seq() >= CHAIN_LINKS_MAX {
            return Err(ChainError::ChainFull);
        }
        if place.prev != self.head() {
            refuse(ChainError::PrevMismatch)?;
        }
        if place.seq != self.seq() + 1 {
            return Err(ChainError::SeqMismatch);
        }
        Ok(())
    }

    pub(crate) fn push(&mut self, hash: Bytes32) {
        self.hashes.push(hash);
    }

    /// Position of the last link; 0 before the first.
    #[must_use]
    pub fn seq(&self) -> u64 {
        u64::try_from(self.hashes.len()).expect("a length fits 64 bits")
    }

    /// Hash of the last link.
    #[must_use]
    pub fn head(&self) -> Option<Bytes32> {
        self.hashes.last().copied()
    }

    /// Hash of the link at a position.
    #[must_use]
    pub fn hash_at(&self, seq: u64) -> Option<Bytes32> {
        let index = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.hashes.get(index).copied()
    }

    /// Where the next link stands.
    #[must_use]
    pub fn next(&self) -> Place {
        Place { chain_id: self.chain_id, seq: self.seq() + 1, prev: self.head() }
    }

    /// Checks that a head pinned earlier is on this chain.
    ///
    /// # Errors
    /// [`ChainError::PinMismatch`]: the chain that was served is shorter or another one.
    pub fn check_pin(&self, seq: u64, hash: &Bytes32) -> Result<(), ChainError> {
        if self.hash_at(seq).as_ref() == Some(hash) { Ok(()) } else { refuse(ChainError::PinMismatch) }
    }
}

/// What a chain remembers of those who signed it. Kept by the chains of keyrings and units, which many people sign.
///
/// Replaying cannot see when a link was appended, so what one author, or one capacity, has moved on from is not taken
/// again: a signing key that was replaced because it was stolen, a membership that has ended since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signers {
    /// Newest position relied on, per keyring in whose capacity somebody acted.
    capacities: BTreeMap<KeyringId, u64>,
    /// Newest generation of the signing key, per author.
    keys: BTreeMap<UserId, u64>,
}

impl Signers {
    pub(crate) fn check_key(&self, author: &Author, generation: u64) -> Result<(), ChainError> {
        let newest = self.keys.get(&author.user).copied().unwrap_or(0);
        if generation < newest { refuse(ChainError::KeyGoesBack) } else { Ok(()) }
    }

    pub(crate) fn check_capacity(&self, capacity: Capacity) -> Result<(), ChainError> {
        let newest = self.capacities.get(&capacity.keyring).copied().unwrap_or(0);
        if capacity.seq < newest { Err(ChainError::StaleCapacity) } else { Ok(()) }
    }

    pub(crate) fn remember(&mut self, author: &Author, generation: u64) {
        self.keys.insert(author.user, generation);
        if let Some(capacity) = author.capacity {
            self.capacities.insert(capacity.keyring, capacity.seq);
        }
    }
}

/// Verifies a whole chain: `start` takes its first link, `append` each further one.
///
/// # Errors
/// The error of the first link that is refused; [`ChainError::MisplacedRoot`] without any.
pub(crate) fn replay<'a, C, T>(
    links: impl IntoIterator<Item = &'a [u8]>,
    start: impl FnOnce(&[u8]) -> Result<C, ChainError>,
    mut append: impl FnMut(&mut C, &[u8]) -> Result<T, ChainError>,
) -> Result<C, ChainError> {
    let mut links = links.into_iter();
    let mut chain = start(links.next().ok_or(ChainError::MisplacedRoot)?)?;
    for link in links {
        append(&mut chain, link)?;
    }
    Ok(chain)
}
