//! Messages: a body encrypted under its epoch's seed, bound to its core, signed by its author.
//!
//! `mk(32) || n(12) = KDF(TS_e, "msg", thread || msg_id || author, 44)`; `ct = AES-256-GCM(mk, n, aad = core
//! bytes, padded body)`; the signature of the chain crate is over core and `SHA-256(ct)`. One key for one
//! message: whoever changes core or body takes a new `msg_id`, or two plaintexts meet one nonce.
//!
//! The core is associated data *and* signed, so a member cannot re-sign another's ciphertext as its own.
//!
//! The reason of a refusal, removal or closing is `AES-256-GCM(KDF(TS_e, "reason", thread || msg_id || author,
//! 44), aad = "relais/v1/reason", padded text)`.
//!
//! Not known here: whether an entry is allowed; [`open`] takes the chain crate's word for it ([`Applied`]).

use ed25519_dalek::SigningKey;
use relais_chain::entry::{EntryCore, Kind};
use relais_chain::thread::Applied;
use relais_chain::{ChainError, Signed, sign};

use crate::aead::{open_once, seal_once};
use crate::body::Body;
use crate::error::{E2eeError, refuse};
use crate::kdf::{derive, label};
use crate::limits::{NONCE_BYTES, PADDED_BODY_BYTES_MAX, REASON_TEXT_BYTES_MAX};
use crate::padding::{pad, unpad};
use crate::secret::{Secret, Seed};

/// Associated data of an encrypted reason.
pub const REASON_AAD: &[u8] = b"relais/v1/reason";

/// Encrypts and signs a message. Kind and blobs of the core are set from the body.
///
/// # Errors
/// [`E2eeError::TooLong`]; [`ChainError::NotNfc`]; a [`ChainError`] when the core has no encoding.
pub fn seal(key: &SigningKey, core: EntryCore, seed: &Seed, body: &Body) -> Result<Signed, E2eeError> {
    let mut blobs = body.blobs();
    blobs.sort_unstable();
    let core = EntryCore { kind: Kind::Message, blobs, ..core };
    let padded = pad(&body.encode()?);
    if padded.len() > PADDED_BODY_BYTES_MAX {
        return Err(E2eeError::TooLong);
    }
    let keys = key_and_nonce(seed, label::MESSAGE, &core);
    let (mk, nonce) = split(&keys)?;
    let ciphertext = seal_once(mk, nonce, &core.to_bytes()?, &padded)?;
    Ok(sign::message(key, &core, ciphertext)?)
}

/// Decrypts a message that the chain rules have accepted.
///
/// # Errors
/// [`E2eeError::MessageRejected`] when it does not decrypt under this epoch's seed, or `applied` is another
/// entry's; [`E2eeError::ContentErased`]; [`E2eeError::BadPadding`]; [`E2eeError::BodyMalformed`], also when
/// the blobs of body and core differ.
pub fn open(applied: &Applied, signed: &Signed, seed: &Seed) -> Result<Body, E2eeError> {
    if applied.core.kind != Kind::Message || signed.entry_hash() != applied.entry {
        return Err(E2eeError::MessageRejected);
    }
    let ciphertext = signed.payload().ok_or(E2eeError::ContentErased)?;
    let keys = key_and_nonce(seed, label::MESSAGE, &applied.core);
    let (mk, nonce) = split(&keys)?;
    let padded = open_once(mk, nonce, signed.core(), ciphertext).map_err(|_| E2eeError::MessageRejected)?;
    let body = Body::decode(unpad(&padded)?)?;
    let mut blobs = body.blobs();
    blobs.sort_unstable();
    if blobs != applied.core.blobs {
        refuse(E2eeError::BodyMalformed)?;
    }
    Ok(body)
}

/// Encrypts the reason of a control entry with this core.
///
/// # Errors
/// [`E2eeError::TooLong`].
pub fn seal_reason(core: &EntryCore, seed: &Seed, text: &str) -> Result<Vec<u8>, E2eeError> {
    if text.len() > REASON_TEXT_BYTES_MAX {
        return Err(E2eeError::TooLong);
    }
    let keys = key_and_nonce(seed, label::REASON, core);
    let (key, nonce) = split(&keys)?;
    seal_once(key, nonce, REASON_AAD, &pad(text.as_bytes()))
}

/// Decrypts the reason of a control entry.
///
/// # Errors
/// [`E2eeError::MessageRejected`]; [`E2eeError::BadPadding`]; [`E2eeError::BodyMalformed`] for no text.
pub fn open_reason(core: &EntryCore, seed: &Seed, ciphertext: &[u8]) -> Result<String, E2eeError> {
    let keys = key_and_nonce(seed, label::REASON, core);
    let (key, nonce) = split(&keys)?;
    let padded = open_once(key, nonce, REASON_AAD, ciphertext).map_err(|_| E2eeError::MessageRejected)?;
    let text = core::str::from_utf8(unpad(&padded)?).map_err(|_| E2eeError::BodyMalformed)?;
    Ok(text.to_owned())
}

fn key_and_nonce(seed: &Seed, label: &str, core: &EntryCore) -> Secret<44> {
    let ctx = [&core.thread.as_bytes()[..], core.msg_id.as_bytes(), core.author.user.as_bytes()].concat();
    derive(seed.expose(), label, &ctx)
}

fn split(keys: &Secret<44>) -> Result<(&[u8; 32], &[u8; NONCE_BYTES]), E2eeError> {
    let (key, rest) = keys.expose().split_first_chunk::<32>().ok_or(ChainError::WrongLength)?;
    let (nonce, _) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(ChainError::WrongLength)?;
    Ok((key, nonce))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_chain::entry::{Anchor, EntryCore, Kind, Priority};
    use relais_chain::link::Author;
    use relais_chain::thread::Applied;
    use relais_chain::{Signed, sign};
    use relais_wire::ids::{BlobId, Bytes32, DeviceId, MsgId, ThreadId, UserId};

    use super::{Body, key_and_nonce, label, open, pad, seal, seal_once, split};
    use crate::error::E2eeError;
    use crate::secret::{Secret, Seed};
    use crate::signing::SigningSecret;

    fn core() -> EntryCore {
        EntryCore {
            kind: Kind::Message,
            thread: ThreadId::from_bytes([2; 16]),
            epoch: 3,
            msg_id: MsgId::from_bytes([3; 16]),
            author: Author { user: UserId::from_bytes([4; 16]), chain_seq: 2, capacity: None },
            device: DeviceId::from_bytes([5; 16]),
            aseq: 1,
            anchor: Anchor { seq: 1, head: Bytes32::from_bytes([6; 32]) },
            ts_ms: 1_795_000_000_000,
            on_behalf: None,
            sth: None,
            blobs: Vec::new(),
            priority: Priority::Normal,
            notify: None,
            ctrl_head: None,
        }
    }

    fn seed() -> Seed {
        Secret::from_bytes([0x11; 32])
    }

    fn author() -> SigningSecret {
        SigningSecret::from_seed(&Secret::from_bytes([0x88; 32]))
    }

    /// As the chain crate answers for an entry that it accepted.
    fn applied(signed: &Signed) -> Applied {
        let core = EntryCore::parse(signed.core()).unwrap();
        let zero = Bytes32::from_bytes([0; 32]);
        Applied { core, control: None, n: 2, head: zero, entry: signed.entry_hash(), anchor_checked: true }
    }

    /// An entry of a dishonest client: this plaintext under this core.
    fn crafted(core: &EntryCore, plaintext: &[u8]) -> Signed {
        let keys = key_and_nonce(&seed(), label::MESSAGE, core);
        let (mk, nonce) = split(&keys).unwrap();
        let ct = seal_once(mk, nonce, &core.to_bytes().unwrap(), plaintext).unwrap();
        sign::message(author().key(), core, ct).unwrap()
    }

    #[test]
    fn a_message_opens_under_its_epoch_only() {
        let signed = seal(author().key(), core(), &seed(), &Body::text("Bonjour")).unwrap();
        assert_eq!(open(&applied(&signed), &signed, &seed()).unwrap().text, "Bonjour");
        let refused = open(&applied(&signed), &signed, &Secret::from_bytes([0x12; 32])).unwrap_err();
        assert_eq!(refused, E2eeError::MessageRejected);
        assert_eq!(signed.payload().unwrap().len(), 128 + 16, "short messages have one length");
    }

    #[test]
    fn erased_content_and_the_word_for_another_entry_are_refused() {
        let signed = seal(author().key(), core(), &seed(), &Body::text("x")).unwrap();
        let erased = open(&applied(&signed), &signed.to_stub(), &seed()).unwrap_err();
        assert_eq!(erased, E2eeError::ContentErased);
        let other = EntryCore { msg_id: MsgId::from_bytes([9; 16]), ..core() };
        let other = seal(author().key(), other, &seed(), &Body::text("y")).unwrap();
        assert_eq!(open(&applied(&other), &signed, &seed()).unwrap_err(), E2eeError::MessageRejected);
    }

    #[test]
    fn a_body_that_names_other_files_than_its_core_is_refused() {
        let core = EntryCore { blobs: vec![BlobId::from_bytes([1; 16])], ..core() };
        let signed = crafted(&core, &pad(&Body::text("x").encode().unwrap()));
        assert_eq!(open(&applied(&signed), &signed, &seed()).unwrap_err(), E2eeError::BodyMalformed);
    }

    #[test]
    fn dishonest_padding_and_bodies_are_refused() {
        let unpadded = crafted(&core(), &Body::text("x").encode().unwrap());
        assert_eq!(open(&applied(&unpadded), &unpadded, &seed()).unwrap_err(), E2eeError::BadPadding);
        let garbage = crafted(&core(), &pad(b"hello"));
        assert_eq!(open(&applied(&garbage), &garbage, &seed()).unwrap_err(), E2eeError::BodyMalformed);
    }

    #[test]
    fn the_longest_body_is_sent_and_a_longer_one_is_not() {
        let longest = Body { title: Some("t".repeat(500)), ..Body::text("x".repeat(20 * 1024)) };
        let signed = seal(author().key(), core(), &seed(), &longest).unwrap();
        assert!(signed.payload().unwrap().len() <= relais_wire::limits::CIPHERTEXT_BYTES_MAX);
        let longer = Body::text("x".repeat(20 * 1024 + 1));
        assert_eq!(seal(author().key(), core(), &seed(), &longer).unwrap_err(), E2eeError::TooLong);
    }

    /// The ciphertext of the very first vector, made before the labels had their final prefix and the core its
    /// last fields: key, nonce, associated data and cipher are put together as they were tested across languages.
    #[test]
    fn the_construction_is_the_one_tested_across_languages() {
        let mut w = relais_chain::codec::Writer::new();
        w.array(15).uint(1).uint(1).bin(&[0x22; 16]).uint(0).bin(&[0x33; 16]).bin(&[0x44; 16]).uint(1);
        w.bin(&[0x55; 16]).uint(1).uint(0).bin(&[0x66; 32]).uint(1_795_000_000_000).nil();
        w.array(2).uint(1).bin(&[0x77; 32]);
        w.array(0);
        let ctx = [[0x22; 16], [0x33; 16], [0x44; 16]].concat();
        let keys = crate::kdf::derive_salted::<44>(b"APP/v1", &[0x11; 32], label::MESSAGE, &ctx);
        let (mk, nonce) = split(&keys).unwrap();
        let ct = seal_once(mk, nonce, &w.finish().unwrap(), b"hello").unwrap();
        assert_eq!(hex::encode(ct), "e7c271a983a8af94c1497b2885527c1c6a7b31e52a");
    }

    proptest! {
        #[test]
        fn any_change_of_core_or_ciphertext_is_refused(at in any::<usize>(), bit in 0..8_u8) {
            let signed = seal(author().key(), core(), &seed(), &Body::text("Bonjour")).unwrap();
            let (mut head, mut tail) = (signed.core().to_vec(), signed.payload().unwrap().to_vec());
            let at = at % (head.len() + tail.len());
            if at < head.len() {
                head[at] ^= 1 << bit;
            } else {
                tail[at - head.len()] ^= 1 << bit;
            }
            let altered = Signed::whole(head, tail, *signed.sig());
            // The chain rules would refuse the signature; here even a client that forgot them refuses.
            if EntryCore::parse(altered.core()).is_ok_and(|core| core.kind == Kind::Message) {
                prop_assert_eq!(
                    open(&applied(&altered), &altered, &seed()).unwrap_err(),
                    E2eeError::MessageRejected
                );
            }
        }
    }
}
