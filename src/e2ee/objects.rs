//! The two ciphertext objects beside the vault: the key index and the pins.
//!
//! Stored bytes: `msgpack[1, generation, nonce(12) || AES-256-GCM(key, plaintext) || tag]`, `key =
//! KDF(ES_generation, "obj/index" | "obj/pins", "", 32)`, `aad = msgpack[1, user(16), kind, generation,
//! version]`; kind 1 is the key index, 2 the pins; `version` is the one the server gives the object when it is
//! stored (the replaced one plus 1), so an object renumbered by the server does not open.
//!
//! Plaintexts, strict positional MessagePack, lists strictly ascending by id:
//! * key index: `[1, [[thread(16), epoch, TS(32), title|nil]…]]`: a list of threads opens without opening
//!   boxes; each seed is still checked against the signed commitment when it is used.
//! * pins: `[1, [[type, chain(16), first(32), seq, head(32), verified]…], [[thread(16), n, head(32)]…]]`:
//!   verified heads, from which verification resumes; types 1 user, 2 keyring, 3 unit.
//!
//! An older object than one this device has seen is refused; a device that has seen none must take what it
//! gets and finds forks by the chains themselves.
//!
//! Not known here: when objects are written (at most once a minute).

use core::fmt;
use std::collections::BTreeMap;

use relais_chain::ChainError;
use relais_chain::codec::{Reader, Writer, ascending};
use relais_chain::link::ChainType;
use relais_wire::account::{Object, ObjectKind};
use relais_wire::ids::{Bytes32, Seq, ThreadId, UserId};
use relais_wire::limits::USER_OBJECT_BYTES_MAX;

use crate::aead;
use crate::entropy::Entropy;
use crate::error::{E2eeError, refuse};
use crate::generations::{History, Seeds};
use crate::kdf::{derive, label};
use crate::limits::{INDEX_THREADS_MAX, INDEX_TITLE_BYTES_MAX, PINNED_CHAINS_MAX};
use crate::sealed::SeedOf;
use crate::secret::{Secret, SecretBytes, Seed};
use crate::vault::OwnKeyring;

/// What the key index says of a thread.
#[derive(Debug)]
pub struct IndexEntry {
    /// The epoch of the seed.
    pub epoch: u64,
    /// The seed, to be checked against the signed commitment when used.
    pub seed: Seed,
    /// The title, cut to its bound.
    pub title: Option<Title>,
}

/// A title; not shown in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// Cuts a title to the bound of the key index, at a character.
    #[must_use]
    pub fn cut(text: &str) -> Self {
        let end = text.floor_char_boundary(INDEX_TITLE_BYTES_MAX);
        Self(text.get(..end).unwrap_or_default().to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Title(…)")
    }
}

/// Thread to newest epoch seed and title.
#[derive(Debug, Default)]
pub struct KeyIndex {
    /// By thread.
    pub threads: BTreeMap<ThreadId, IndexEntry>,
}

/// A chain whose head was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPin {
    /// Hash of its first link: the identity.
    pub first: Bytes32,
    /// Position of the verified head.
    pub seq: u64,
    /// The verified head.
    pub head: Bytes32,
    /// Whether the user compared the safety number.
    pub verified: bool,
}

/// A thread whose head was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadPin {
    /// Position of the verified head.
    pub n: u64,
    /// The verified head.
    pub head: Bytes32,
}

/// Names a chain: its type's number and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainName {
    kind: u64,
    id: [u8; 16],
}

impl ChainName {
    /// A chain of this type.
    #[must_use]
    pub const fn new(kind: ChainType, id: [u8; 16]) -> Self {
        let kind = match kind {
            ChainType::User => 1,
            ChainType::Keyring => 2,
            ChainType::Unit => 3,
        };
        Self { kind, id }
    }

    /// Its type.
    #[must_use]
    pub const fn chain_type(self) -> ChainType {
        match self.kind {
            1 => ChainType::User,
            2 => ChainType::Keyring,
            // Reading refuses every other number.
            _ => ChainType::Unit,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(self) -> [u8; 16] {
        self.id
    }
}

/// Verified heads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// By chain.
    pub chains: BTreeMap<ChainName, ChainPin>,
    /// By thread.
    pub threads: BTreeMap<ThreadId, ThreadPin>,
}

/// An object's content: one of the two.
pub trait Content: Sized + Default {
    /// Which.
    const KIND: ObjectKind;
    /// Its plaintext.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`]; a [`ChainError`] when a value has no encoding.
    fn encode(&self) -> Result<SecretBytes, E2eeError>;
    /// Reads a plaintext.
    ///
    /// # Errors
    /// [`E2eeError::ObjectMalformed`].
    fn decode(bytes: &[u8]) -> Result<Self, E2eeError>;
}

/// Encrypts an object that replaces version `replaces`.
///
/// # Errors
/// [`E2eeError::TooLong`] above the bound of an object.
pub fn seal<C: Content>(
    content: &C,
    user: UserId,
    personal: &OwnKeyring,
    replaces: Seq,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, E2eeError> {
    let aad = associated_data(user, C::KIND, personal.generation, replaces.next())?;
    let sealed = aead::seal(&object_key(&personal.seed, C::KIND), &aad, &content.encode()?, entropy)?;
    let mut w = Writer::new();
    w.array(3).uint(1).uint(personal.generation).bin(&sealed);
    let bytes = w.finish()?;
    if bytes.len() > USER_OBJECT_BYTES_MAX { Err(E2eeError::TooLong) } else { Ok(bytes) }
}

/// Opens an object; the empty one of version 0 is its default. `seen` is the newest version this device has
/// seen (0 for none); `seeds` and `history` are those of `personal`, for objects written before a rotation.
///
/// # Errors
/// [`E2eeError::ObjectRolledBack`]; [`E2eeError::ObjectRejected`]; [`E2eeError::ObjectMalformed`]; those of
/// [`Seeds::reach`].
pub fn open<C: Content>(
    object: &Object,
    user: UserId,
    personal: &OwnKeyring,
    seeds: &mut Seeds,
    history: &dyn History,
    seen: Seq,
) -> Result<C, E2eeError> {
    if object.version < seen {
        refuse(E2eeError::ObjectRolledBack)?;
    }
    if object.version == Seq::ZERO && object.ciphertext.is_empty() {
        return Ok(C::default());
    }
    let (generation, sealed) =
        read_outer(object.ciphertext.as_slice()).map_err(|_| E2eeError::ObjectMalformed)?;
    let seed = seeds.reach(SeedOf::keyring(personal.id, generation), history)?;
    let aad = associated_data(user, C::KIND, generation, object.version)?;
    let plaintext =
        aead::open(&object_key(seed, C::KIND), &aad, sealed).map_err(|_| E2eeError::ObjectRejected)?;
    C::decode(&plaintext)
}

fn read_outer(bytes: &[u8]) -> Result<(u64, &[u8]), ChainError> {
    let mut r = Reader::new(bytes, USER_OBJECT_BYTES_MAX)?;
    r.array(3)?;
    if r.uint()? != 1 {
        return Err(ChainError::UnknownVersion);
    }
    let generation = r.uint()?;
    let sealed = r.bin(USER_OBJECT_BYTES_MAX)?;
    r.end()?;
    Ok((generation, sealed))
}

fn object_key(seed: &Seed, kind: ObjectKind) -> Secret<32> {
    let label = match kind {
        ObjectKind::KeyIndex => label::KEY_INDEX,
        ObjectKind::Pins => label::PINS,
    };
    derive(seed.expose(), label, &[])
}

fn associated_data(
    user: UserId,
    kind: ObjectKind,
    generation: u64,
    version: Seq,
) -> Result<Vec<u8>, E2eeError> {
    let number = match kind {
        ObjectKind::KeyIndex => 1,
        ObjectKind::Pins => 2,
    };
    let mut w = Writer::new();
    w.array(5).uint(1).bin(user.as_bytes()).uint(number).uint(generation).uint(version.get());
    Ok(w.finish()?)
}

impl Content for KeyIndex {
    const KIND: ObjectKind = ObjectKind::KeyIndex;

    fn encode(&self) -> Result<SecretBytes, E2eeError> {
        if self.threads.len() > INDEX_THREADS_MAX {
            return Err(E2eeError::TooLong);
        }
        let mut w = Writer::new();
        w.array(2).uint(1).array(self.threads.len());
        for (thread, entry) in &self.threads {
            w.array(4).bin(thread.as_bytes()).uint(entry.epoch).bin(entry.seed.expose());
            match &entry.title {
                Some(title) => w.str(title.as_str()),
                None => w.nil(),
            };
        }
        Ok(SecretBytes::new(w.finish()?))
    }

    fn decode(bytes: &[u8]) -> Result<Self, E2eeError> {
        let read = || -> Result<Self, ChainError> {
            let mut r = versioned(bytes, 2)?;
            let entries = r.each(INDEX_THREADS_MAX, |r| {
                r.array(4)?;
                let thread = ThreadId::from_bytes(r.fixed()?);
                let epoch = r.uint()?;
                let seed = Secret::from_bytes(r.fixed()?);
                let title = r.opt(|r| r.str(INDEX_TITLE_BYTES_MAX).map(|text| Title(text.to_owned())))?;
                Ok((thread, IndexEntry { epoch, seed, title }))
            })?;
            ascending(&entries, |(thread, _)| *thread)?;
            r.end()?;
            Ok(Self { threads: entries.into_iter().collect() })
        };
        read().map_err(|_| E2eeError::ObjectMalformed)
    }
}

impl Content for Pins {
    const KIND: ObjectKind = ObjectKind::Pins;

    fn encode(&self) -> Result<SecretBytes, E2eeError> {
        if self.threads.len() > INDEX_THREADS_MAX || self.chains.len() > PINNED_CHAINS_MAX {
            return Err(E2eeError::TooLong);
        }
        let mut w = Writer::new();
        w.array(3).uint(1).array(self.chains.len());
        for (name, pin) in &self.chains {
            w.array(6).uint(name.kind).bin(&name.id).bin(pin.first.as_bytes()).uint(pin.seq);
            w.bin(pin.head.as_bytes()).uint(pin.verified.into());
        }
        w.array(self.threads.len());
        for (thread, pin) in &self.threads {
            w.array(3).bin(thread.as_bytes()).uint(pin.n).bin(pin.head.as_bytes());
        }
        Ok(SecretBytes::new(w.finish()?))
    }

    fn decode(bytes: &[u8]) -> Result<Self, E2eeError> {
        let read = || -> Result<Self, ChainError> {
            let mut r = versioned(bytes, 3)?;
            let chains = r.each(PINNED_CHAINS_MAX, read_chain_pin)?;
            ascending(&chains, |(name, _)| *name)?;
            let threads = r.each(INDEX_THREADS_MAX, |r| {
                r.array(3)?;
                let thread = ThreadId::from_bytes(r.fixed()?);
                Ok((thread, ThreadPin { n: r.uint()?, head: Bytes32::from_bytes(r.fixed()?) }))
            })?;
            ascending(&threads, |(thread, _)| *thread)?;
            r.end()?;
            Ok(Self { chains: chains.into_iter().collect(), threads: threads.into_iter().collect() })
        };
        read().map_err(|_| E2eeError::ObjectMalformed)
    }
}

fn read_chain_pin(r: &mut Reader<'_>) -> Result<(ChainName, ChainPin), ChainError> {
    r.array(6)?;
    let kind = r.uint_max(3)?;
    if kind == 0 {
        return Err(ChainError::OutOfRange);
    }
    let name = ChainName { kind, id: r.fixed()? };
    let first = Bytes32::from_bytes(r.fixed()?);
    let seq = r.uint()?;
    let head = Bytes32::from_bytes(r.fixed()?);
    Ok((name, ChainPin { first, seq, head, verified: r.flag()? }))
}

fn versioned(bytes: &[u8], arity: usize) -> Result<Reader<'_>, ChainError> {
    let mut r = Reader::new(bytes, USER_OBJECT_BYTES_MAX)?;
    r.array(arity)?;
    if r.uint()? == 1 { Ok(r) } else { Err(ChainError::UnknownVersion) }
}

#[cfg(test)]
mod tests {
    use relais_chain::link::ChainType;
    use relais_wire::account::Object;
    use relais_wire::ids::{Bytes32, KeyringId, Seq, ThreadId, UserId};
    use std::collections::BTreeMap;

    use super::{ChainName, ChainPin, Content, IndexEntry, KeyIndex, Pins, ThreadPin, Title, open, seal};
    use crate::entropy::ReplayedEntropy;
    use crate::error::E2eeError;
    use crate::generations::{Public, Seeds, seal_previous};
    use crate::sealed::{SeedOf, commit};
    use crate::secret::{Secret, Seed};
    use crate::vault::OwnKeyring;

    fn user() -> UserId {
        UserId::from_bytes([7; 16])
    }

    fn seed(generation: u8) -> Seed {
        Secret::from_bytes([0x50 + generation; 32])
    }

    fn personal(generation: u8) -> OwnKeyring {
        OwnKeyring {
            id: KeyringId::from_bytes([3; 16]),
            generation: generation.into(),
            seed: seed(generation),
        }
    }

    fn index() -> KeyIndex {
        let entry = |title: Option<&str>| IndexEntry {
            epoch: 4,
            seed: Secret::from_bytes([1; 32]),
            title: title.map(Title::cut),
        };
        let threads = [(2, entry(Some("Avis cardio"))), (1, entry(None))];
        KeyIndex {
            threads: threads.into_iter().map(|(id, it)| (ThreadId::from_bytes([id; 16]), it)).collect(),
        }
    }

    fn opened<C: Content>(bytes: &[u8], version: u64, seen: u64, now: u8) -> Result<C, E2eeError> {
        let object = Object { version: Seq::new(version).unwrap(), ciphertext: bytes.into() };
        let mut entropy = ReplayedEntropy::dangerous_from_seed([2; 32]);
        let of = SeedOf::keyring(personal(2).id, 2);
        let prev = seal_previous(of, &seed(2), &seed(1), &mut entropy).unwrap();
        let history = BTreeMap::from([
            (1, Public { commit: commit(&seed(1)), prev_box: None }),
            (2, Public { commit: commit(&seed(2)), prev_box: Some(prev) }),
        ]);
        let mut seeds = Seeds::with(now.into(), seed(now));
        open(&object, user(), &personal(now), &mut seeds, &history, Seq::new(seen).unwrap())
    }

    fn sealed<C: Content>(content: &C, replaces: u64) -> Vec<u8> {
        let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
        seal(content, user(), &personal(1), Seq::new(replaces).unwrap(), &mut entropy).unwrap()
    }

    #[test]
    fn the_key_index_opens_also_after_a_rotation() {
        let bytes = sealed(&index(), 4);
        for now in [1, 2] {
            let found: KeyIndex = opened(&bytes, 5, 5, now).unwrap();
            let entry = found.threads.get(&ThreadId::from_bytes([2; 16])).unwrap();
            assert_eq!(entry.title.as_ref().unwrap().as_str(), "Avis cardio");
            assert!(entry.seed.same(&Secret::from_bytes([1; 32])));
        }
    }

    #[test]
    fn an_older_renumbered_or_swapped_object_is_refused() {
        let bytes = sealed(&index(), 4);
        assert_eq!(opened::<KeyIndex>(&bytes, 5, 6, 1).unwrap_err(), E2eeError::ObjectRolledBack);
        assert_eq!(opened::<KeyIndex>(&bytes, 6, 6, 1).unwrap_err(), E2eeError::ObjectRejected);
        assert_eq!(opened::<Pins>(&bytes, 5, 0, 1).unwrap_err(), E2eeError::ObjectRejected);
        assert_eq!(opened::<KeyIndex>(&bytes[1..], 5, 0, 1).unwrap_err(), E2eeError::ObjectMalformed);
        assert_eq!(opened::<KeyIndex>(&[], 0, 5, 1).unwrap_err(), E2eeError::ObjectRolledBack);
        assert!(opened::<KeyIndex>(&[], 0, 0, 1).unwrap().threads.is_empty());
    }

    #[test]
    fn pins_come_back() {
        let pin = ChainPin {
            first: Bytes32::from_bytes([1; 32]),
            seq: 9,
            head: Bytes32::from_bytes([2; 32]),
            verified: true,
        };
        let pins = Pins {
            chains: BTreeMap::from([
                (ChainName::new(ChainType::Unit, [1; 16]), pin),
                (ChainName::new(ChainType::User, [9; 16]), ChainPin { verified: false, ..pin }),
            ]),
            threads: BTreeMap::from([(
                ThreadId::from_bytes([4; 16]),
                ThreadPin { n: 77, head: Bytes32::from_bytes([3; 32]) },
            )]),
        };
        assert_eq!(opened::<Pins>(&sealed(&pins, 0), 1, 0, 2).unwrap(), pins);
    }

    #[test]
    fn a_full_index_and_full_pins_fit_an_object() {
        let id = |i: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&u64::try_from(i).unwrap().to_be_bytes());
            bytes
        };
        let threads = (0..crate::limits::INDEX_THREADS_MAX).map(|i| {
            let title = Some(Title::cut(&"x".repeat(30)));
            (ThreadId::from_bytes(id(i)), IndexEntry { epoch: 9, seed: Secret::from_bytes([1; 32]), title })
        });
        let full = KeyIndex { threads: threads.collect() };
        assert!(sealed(&full, 1).len() <= relais_wire::limits::USER_OBJECT_BYTES_MAX);
        let zero = Bytes32::from_bytes([0; 32]);
        let pin = ChainPin { first: zero, seq: 300, head: zero, verified: false };
        let full = Pins {
            chains: (0..crate::limits::PINNED_CHAINS_MAX)
                .map(|i| (ChainName::new(ChainType::User, id(i)), pin))
                .collect(),
            threads: (0..crate::limits::INDEX_THREADS_MAX)
                .map(|i| (ThreadId::from_bytes(id(i)), ThreadPin { n: 70_000, head: zero }))
                .collect(),
        };
        assert!(sealed(&full, 1).len() <= relais_wire::limits::USER_OBJECT_BYTES_MAX);
    }

    #[test]
    fn long_titles_are_cut_at_a_character() {
        let title = Title::cut(&"é".repeat(100));
        assert_eq!(title.as_str().len(), 120);
        assert_eq!(format!("{title:?}"), "Title(…)");
    }
}
