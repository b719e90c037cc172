//! The envelope in which every signed object travels and is stored.
//!
//! * whole: `[core(bin), payload(bin), sig(bin 64)]`
//! * stub: `[core(bin), nil, sig(bin 64), payload_hash(bin 32)]`: the payload was erased, or is not this
//!   reader's to see. Signature and hashes still verify, because they cover the payload's hash.
//!
//! The received bytes are hashed and verified as they are; nothing is ever re-encoded.
//!
//! Not known here: what core and payload say.

use relais_wire::ids::Bytes32;

use crate::codec::{Reader, Writer};
use crate::error::ChainError;
use crate::hash;
use crate::keys::PublicKey;
use crate::limits::{CORE_BYTES_MAX, ENVELOPE_BYTES_MAX, LINK_PAYLOAD_BYTES_MAX};

/// A signed object as received.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    core: Vec<u8>,
    payload: Option<Vec<u8>>,
    payload_hash: Bytes32,
    sig: [u8; 64],
}

impl Signed {
    /// Parses an envelope, whole or stub.
    ///
    /// # Errors
    /// The 1xx errors of the codec.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChainError> {
        let mut r = Reader::new(bytes, ENVELOPE_BYTES_MAX)?;
        let arity = r.list(usize::MAX)?;
        if arity != 3 && arity != 4 {
            return Err(ChainError::WrongArity);
        }
        let core = r.bin(CORE_BYTES_MAX)?.to_vec();
        if arity == 3 {
            let payload = r.bin(LINK_PAYLOAD_BYTES_MAX)?.to_vec();
            let sig = r.fixed()?;
            return Ok(Self::whole(core, payload, sig));
        }
        if r.opt(|r| r.bin(LINK_PAYLOAD_BYTES_MAX))?.is_some() {
            return Err(ChainError::WrongArity);
        }
        let sig = r.fixed()?;
        let payload_hash = Bytes32::from_bytes(r.fixed()?);
        Ok(Self { core, payload: None, payload_hash, sig })
    }

    /// An envelope from its parts.
    #[must_use]
    pub fn whole(core: Vec<u8>, payload: Vec<u8>, sig: [u8; 64]) -> Self {
        let payload_hash = hash::sha256(&payload);
        Self { core, payload: Some(payload), payload_hash, sig }
    }

    /// The same object without its payload.
    #[must_use]
    pub fn to_stub(&self) -> Self {
        Self { payload: None, ..self.clone() }
    }

    /// The bytes that travel.
    ///
    /// # Errors
    /// [`ChainError::TooLong`] for parts above their limits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        match &self.payload {
            Some(payload) => w.array(3).bin(&self.core).bin(payload).bin(&self.sig),
            None => w.array(4).bin(&self.core).nil().bin(&self.sig).bin(self.payload_hash.as_bytes()),
        };
        let bytes = w.finish()?;
        if bytes.len() > ENVELOPE_BYTES_MAX { Err(ChainError::TooLong) } else { Ok(bytes) }
    }

    /// The core's bytes.
    #[must_use]
    pub fn core(&self) -> &[u8] {
        &self.core
    }

    /// The payload, unless this is a stub.
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// SHA-256 of the payload.
    #[must_use]
    pub const fn payload_hash(&self) -> &Bytes32 {
        &self.payload_hash
    }

    /// The signature.
    #[must_use]
    pub const fn sig(&self) -> &[u8; 64] {
        &self.sig
    }

    /// Hash as a link of a user, keyring or unit chain.
    #[must_use]
    pub fn link_hash(&self) -> Bytes32 {
        hash::link(&self.core, &self.payload_hash, &self.sig)
    }

    /// Hash as an entry of a thread.
    #[must_use]
    pub fn entry_hash(&self) -> Bytes32 {
        hash::entry(&self.core, &self.payload_hash, &self.sig)
    }

    /// Verifies the signature under `label`.
    ///
    /// # Errors
    /// [`ChainError::BadSignature`].
    pub fn verify(&self, key: &PublicKey, label: &str) -> Result<(), ChainError> {
        key.verify(label, &hash::signed_bytes(&self.core, &self.payload_hash), &self.sig)
    }
}

impl core::fmt::Debug for Signed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Signed")
            .field("core_bytes", &self.core.len())
            .field("payload_bytes", &self.payload.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Signed;
    use crate::error::ChainError;

    #[test]
    fn a_stub_has_the_hashes_of_the_whole() {
        let whole = Signed::whole(vec![0x91, 1], vec![0x90], [3; 64]);
        let stub = Signed::parse(&whole.to_stub().to_bytes().unwrap()).unwrap();
        assert_eq!(stub.payload(), None);
        assert_eq!(stub.entry_hash(), whole.entry_hash());
        assert_eq!(stub.link_hash(), whole.link_hash());
        assert_ne!(stub.link_hash(), whole.entry_hash());
    }

    #[test]
    fn only_three_or_four_parts_make_an_envelope() {
        let parse = |hex_bytes: &str| Signed::parse(&hex::decode(hex_bytes).unwrap());
        assert_eq!(parse("92c400c400").unwrap_err(), ChainError::WrongArity);
        assert_eq!(parse("93c400c400c400").unwrap_err(), ChainError::WrongLength);
        assert_eq!(parse("94c400c400c400c400").unwrap_err(), ChainError::WrongArity);
        assert_eq!(parse("c400").unwrap_err(), ChainError::WrongType);
    }
}
