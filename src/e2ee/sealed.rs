//! Boxes: a 32-byte seed sealed to a keyring's public key with HPKE (RFC 9180) in base mode, KEM X-Wing
//! (ML-KEM-768 with X25519, 0x647a), HKDF-SHA-256, AES-256-GCM.
//!
//! `info = "relais/v1/box"`; `aad = msgpack[1, scope, scope_id(16), gen, recipient(16), recipient_gen,
//! commit(32)]`; scope 1 is a generation of a keyring, 2 an epoch of a thread. The box is
//! `enc(1120) || ciphertext(48)`, and its SHA-256 is what the signed link or epoch names.
//!
//! X-Wing has no authenticated mode: that a box came from an authorised person is known from the signed link
//! that names its hash, and that everybody got the same seed from the commitment, checked in [`open`].
//!
//! The private key of a generation is the 32-byte X-Wing decapsulation key `KDF(seed, "kr/enc", "", 32)`.
//!
//! Not known here: who the recipients of anything are.

use core::fmt;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use relais_chain::codec::Writer;
use relais_chain::hash::box_hash;
use relais_chain::limits::ENC_KEY_BYTES;
use relais_wire::chains::BoxScope;
use relais_wire::ids::{Bytes32, KeyringId, ObjectId};
use relais_wire::limits::BOX_BYTES;

use crate::entropy::{Entropy, Rng};
use crate::error::{E2eeError, refuse};
use crate::kdf::{derive, label};
use crate::secret::Seed;

/// `info` of every box.
pub const INFO: &[u8] = b"relais/v1/box";
/// Bytes of the encapsulated key at the head of a box.
pub const ENC_BYTES: usize = 1120;

type PublicKey = <XWing as hpke::Kem>::PublicKey;
type PrivateKey = <XWing as hpke::Kem>::PrivateKey;

/// What a seed is the seed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedOf {
    /// A keyring or a thread.
    pub scope: BoxScope,
    /// Its id.
    pub id: ObjectId,
    /// The generation or epoch.
    pub generation: u64,
}

impl SeedOf {
    /// A generation of a keyring.
    #[must_use]
    pub fn keyring(id: KeyringId, generation: u64) -> Self {
        Self { scope: BoxScope::Keyring, id: id.into(), generation }
    }

    /// An epoch of a thread.
    #[must_use]
    pub fn thread(id: relais_wire::ids::ThreadId, epoch: u64) -> Self {
        Self { scope: BoxScope::Thread, id: id.into(), generation: epoch }
    }

    /// Number of the scope in associated data.
    pub(crate) const fn scope_number(self) -> u64 {
        match self.scope {
            BoxScope::Keyring => 1,
            BoxScope::Thread => 2,
        }
    }
}

/// To whom a seed is boxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The keyring.
    pub keyring: KeyringId,
    /// Its generation.
    pub generation: u64,
}

/// The public key of a generation of a keyring.
#[derive(Clone, PartialEq, Eq)]
pub struct EncKey(PublicKey);

impl EncKey {
    /// Parses the 1216 bytes of a link.
    ///
    /// # Errors
    /// [`E2eeError::BadEncKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, E2eeError> {
        PublicKey::from_bytes(bytes).map(Self).map_err(|_| E2eeError::BadEncKey)
    }

    /// The bytes for a link.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ENC_KEY_BYTES] {
        self.0.to_bytes().into()
    }
}

impl fmt::Debug for EncKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncKey(…)")
    }
}

/// The private key of a generation of a keyring.
pub struct DecKey(PrivateKey);

impl DecKey {
    /// The key of a seed.
    #[must_use]
    pub fn of(seed: &Seed) -> Self {
        let bytes = derive::<32>(seed.expose(), label::KEYRING_ENC, &[]);
        Self(PrivateKey::from_bytes(bytes.expose()).expect("every 32 bytes are an X-Wing decapsulation key"))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> EncKey {
        EncKey(XWing::sk_to_pk(&self.0))
    }
}

impl fmt::Debug for DecKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecKey(…)")
    }
}

/// The public commitment to a seed: named in the signed link, checked whenever the seed comes out of a box.
#[must_use]
pub fn commit(seed: &Seed) -> Bytes32 {
    Bytes32::from_bytes(*derive::<32>(seed.expose(), label::KEYRING_COMMIT, &[]).expose())
}

/// Refuses a seed that is not the one committed to.
///
/// # Errors
/// [`E2eeError::CommitMismatch`].
pub fn check_commit(seed: Seed, committed: &Bytes32) -> Result<Seed, E2eeError> {
    if commit(&seed) != *committed {
        refuse(E2eeError::CommitMismatch)?;
    }
    Ok(seed)
}

/// Seals a seed.
///
/// # Errors
/// [`E2eeError::BadEncKey`] when the key cannot be encapsulated to.
pub fn seal(
    seed: &Seed,
    of: SeedOf,
    to: Recipient,
    key: &EncKey,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, E2eeError> {
    seal_claiming(seed, &associated_data(of, to, &commit(seed))?, key, entropy)
}

/// Seals a seed under the commitment of another one, as only a proof of the check does.
///
/// # Errors
/// As [`seal`].
#[cfg(feature = "mutations")]
pub fn seal_lying(
    seed: &Seed,
    of: SeedOf,
    to: Recipient,
    committed: &Bytes32,
    key: &EncKey,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, E2eeError> {
    seal_claiming(seed, &associated_data(of, to, committed)?, key, entropy)
}

fn seal_claiming(
    seed: &Seed,
    aad: &[u8],
    key: &EncKey,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, E2eeError> {
    let (enc, mut ciphertext) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &key.0,
        INFO,
        seed.expose(),
        aad,
        &mut Rng(entropy),
    )
    .map_err(|_| E2eeError::BadEncKey)?;
    let mut sealed = enc.to_bytes().to_vec();
    sealed.append(&mut ciphertext);
    Ok(sealed)
}

/// Opens a box and checks the commitment.
///
/// # Errors
/// [`E2eeError::BoxRejected`]; [`E2eeError::CommitMismatch`].
pub fn open(
    sealed: &[u8],
    of: SeedOf,
    to: Recipient,
    committed: &Bytes32,
    key: &DecKey,
) -> Result<Seed, E2eeError> {
    if sealed.len() != BOX_BYTES {
        return Err(E2eeError::BoxRejected);
    }
    let (enc, ciphertext) = sealed.split_at_checked(ENC_BYTES).ok_or(E2eeError::BoxRejected)?;
    let enc = <XWing as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| E2eeError::BoxRejected)?;
    let aad = associated_data(of, to, committed)?;
    let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, XWing>(
        &OpModeR::Base,
        &key.0,
        &enc,
        INFO,
        ciphertext,
        &aad,
    )
    .map(zeroize::Zeroizing::new)
    .map_err(|_| E2eeError::BoxRejected)?;
    check_commit(Seed::from_slice(&opened).ok_or(E2eeError::BoxRejected)?, committed)
}

/// Opens a box after checking that it is the one the signed link or epoch names.
///
/// # Errors
/// [`E2eeError::BoxHashMismatch`], and those of [`open`].
pub fn open_named(
    sealed: &[u8],
    named: &Bytes32,
    of: SeedOf,
    to: Recipient,
    committed: &Bytes32,
    key: &DecKey,
) -> Result<Seed, E2eeError> {
    if box_hash(sealed) != *named {
        refuse(E2eeError::BoxHashMismatch)?;
    }
    open(sealed, of, to, committed, key)
}

fn associated_data(of: SeedOf, to: Recipient, committed: &Bytes32) -> Result<Vec<u8>, E2eeError> {
    let mut w = Writer::new();
    w.array(7).uint(1).uint(of.scope_number()).bin(of.id.as_bytes()).uint(of.generation);
    w.bin(to.keyring.as_bytes()).uint(to.generation).bin(committed.as_bytes());
    Ok(w.finish()?)
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::{Bytes32, KeyringId, ThreadId};

    use super::{DecKey, EncKey, Recipient, SeedOf, check_commit, commit, open, open_named, seal};
    use crate::entropy::ReplayedEntropy;
    use crate::error::E2eeError;
    use crate::secret::{Secret, Seed};

    fn thread() -> SeedOf {
        SeedOf::thread(ThreadId::from_bytes([2; 16]), 5)
    }

    fn to() -> Recipient {
        Recipient { keyring: KeyringId::from_bytes([3; 16]), generation: 7 }
    }

    fn sealed() -> (Seed, DecKey, Vec<u8>) {
        let seed = Secret::from_bytes([9; 32]);
        let key = DecKey::of(&Secret::from_bytes([8; 32]));
        let bytes =
            seal(&seed, thread(), to(), &key.public(), &mut ReplayedEntropy::dangerous_from_seed([1; 32]))
                .unwrap();
        (seed, key, bytes)
    }

    #[test]
    fn a_box_opens_for_its_recipient_only() {
        let (seed, key, bytes) = sealed();
        assert_eq!(bytes.len(), relais_wire::limits::BOX_BYTES);
        assert!(open(&bytes, thread(), to(), &commit(&seed), &key).unwrap().same(&seed));
        let other = DecKey::of(&Secret::from_bytes([7; 32]));
        assert_eq!(open(&bytes, thread(), to(), &commit(&seed), &other).unwrap_err(), E2eeError::BoxRejected);
    }

    #[test]
    fn a_box_moved_to_another_place_does_not_open() {
        let (seed, key, bytes) = sealed();
        let refused = |of, to| open(&bytes, of, to, &commit(&seed), &key).unwrap_err();
        let moved = [
            SeedOf { generation: 6, ..thread() },
            SeedOf::thread(ThreadId::from_bytes([4; 16]), 5),
            SeedOf::keyring(KeyringId::from_bytes([2; 16]), 5),
        ];
        for of in moved {
            assert_eq!(refused(of, to()), E2eeError::BoxRejected);
        }
        assert_eq!(refused(thread(), Recipient { generation: 8, ..to() }), E2eeError::BoxRejected);
        let stranger = Recipient { keyring: KeyringId::from_bytes([5; 16]), generation: 7 };
        assert_eq!(refused(thread(), stranger), E2eeError::BoxRejected);
    }

    #[test]
    fn a_seed_that_was_not_committed_to_is_refused() {
        let (seed, key, bytes) = sealed();
        let another = Secret::from_bytes([10; 32]);
        assert_eq!(
            open(&bytes, thread(), to(), &commit(&another), &key).unwrap_err(),
            E2eeError::BoxRejected
        );
        assert_eq!(check_commit(another, &commit(&seed)).unwrap_err(), E2eeError::CommitMismatch);
    }

    /// A member who boxes another seed but claims the signed commitment gets past HPKE, not past the check.
    #[test]
    fn a_box_that_lies_about_its_commitment_is_refused() {
        let (seed, key, _) = sealed();
        let another = Secret::from_bytes([10; 32]);
        let aad = super::associated_data(thread(), to(), &commit(&seed)).unwrap();
        let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
        let lying = super::seal_claiming(&another, &aad, &key.public(), &mut entropy).unwrap();
        let refused = open(&lying, thread(), to(), &commit(&seed), &key).unwrap_err();
        assert_eq!(refused, E2eeError::CommitMismatch);
    }

    #[test]
    fn a_box_other_than_the_signed_one_is_refused_before_it_is_opened() {
        let (seed, key, bytes) = sealed();
        let named = relais_chain::hash::box_hash(&bytes);
        assert!(open_named(&bytes, &named, thread(), to(), &commit(&seed), &key).is_ok());
        let other = Bytes32::from_bytes([0; 32]);
        let refused = open_named(&bytes, &other, thread(), to(), &commit(&seed), &key).unwrap_err();
        assert_eq!(refused, E2eeError::BoxHashMismatch);
    }

    #[test]
    fn altered_or_cut_boxes_and_bad_keys_are_refused() {
        let (seed, key, bytes) = sealed();
        for at in [0, 500, 1100, 1119, 1120, 1167] {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let refused = open(&altered, thread(), to(), &commit(&seed), &key).unwrap_err();
            assert_eq!(refused, E2eeError::BoxRejected, "{at}");
            let refused = open(&bytes[..at], thread(), to(), &commit(&seed), &key).unwrap_err();
            assert_eq!(refused, E2eeError::BoxRejected, "cut at {at}");
        }
        assert_eq!(EncKey::from_bytes(&[0xff; 1216]).unwrap_err(), E2eeError::BadEncKey);
        assert_eq!(EncKey::from_bytes(&[0; 1215]).unwrap_err(), E2eeError::BadEncKey);
        assert_eq!(EncKey::from_bytes(&key.public().to_bytes()).unwrap(), key.public());
    }
}
