//! Exchanged files (SEC-02): STREAM over AES-256-GCM in chunks of 1 MiB, as push-in, take-out objects.
//!
//! `key(32) || prefix(7) = KDF(FK, "file/enc", blob(16), 39)`; chunk `i` is encrypted with the nonce
//! `prefix || u32 big-endian i || last`, `last` = 1 for the final chunk and 0 before, no associated data. All
//! chunks but the final one hold exactly 1 MiB; an empty file is one empty final chunk. The final flag makes
//! a cut file fail, the counter a moved chunk, the blob id in the key a chunk of another file.
//!
//! `[blob, FK, hash, size, …]` travel inside the encrypted message (see [`crate::body`]), so that the key is
//! encrypted for exactly the readers of the thread.
//!
//! Chunks come out of the [`Decryptor`] one by one, each authentic, but the file is whole only after
//! [`Decryptor::finish`]: nothing may be shown or opened before.
//!
//! Not known here: disks, uploads, previews.

use core::fmt;

use relais_wire::ids::{BlobId, Bytes32};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::aead::{open_once, seal_once};
use crate::error::{E2eeError, refuse};
use crate::kdf::{derive, label};
use crate::limits::{CHUNK_BYTES, FILE_PLAIN_BYTES_MAX, NONCE_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES};
use crate::secret::{Secret, SecretBytes};

/// A file's key, drawn anew for every upload.
pub type FileKey = Secret<32>;

/// Bytes of the ciphertext of a file of `size` bytes.
#[must_use]
pub fn sealed_size(size: u64) -> u64 {
    let chunk = u64::try_from(CHUNK_BYTES).expect("1 MiB fits");
    let tag = u64::try_from(TAG_BYTES).expect("16 fits");
    let chunks = size.div_ceil(chunk).max(1);
    size.saturating_add(chunks.saturating_mul(tag))
}

struct ChunkKey {
    bytes: Secret<39>,
    next: u32,
}

impl ChunkKey {
    fn new(key: &FileKey, blob: BlobId) -> Self {
        Self { bytes: derive(key.expose(), label::FILE, blob.as_bytes()), next: 0 }
    }

    /// Key and nonce of the next chunk.
    fn step(&mut self, last: bool) -> Result<(&[u8; 32], [u8; NONCE_BYTES]), E2eeError> {
        let (key, prefix) = self.bytes.expose().split_first_chunk::<32>().ok_or(E2eeError::Finished)?;
        let mut nonce = [0; NONCE_BYTES];
        let parts = prefix.iter().copied().chain(self.next.to_be_bytes()).chain([u8::from(last)]);
        for (to, from) in nonce.iter_mut().zip(parts) {
            *to = from;
        }
        self.next = self.next.checked_add(1).ok_or(E2eeError::TooLong)?;
        Ok((key, nonce))
    }
}

/// What an encrypted file is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSeal {
    /// SHA-256 of the whole ciphertext.
    pub hash: Bytes32,
    /// Plaintext bytes.
    pub size: u64,
    /// Ciphertext bytes.
    pub sealed_size: u64,
}

/// Encrypts a file as it is read: [`Self::push`] any number of times, then [`Self::finish`].
pub struct Encryptor {
    key: ChunkKey,
    pending: SecretBytes,
    hasher: Sha256,
    size: u64,
}

impl Encryptor {
    /// Begins. A key must never be used for two files.
    #[must_use]
    pub fn new(key: &FileKey, blob: BlobId) -> Self {
        Self {
            key: ChunkKey::new(key, blob),
            pending: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES)),
            hasher: Sha256::new(),
            size: 0,
        }
    }

    /// Takes in plaintext and appends the ciphertext of full chunks to `out`.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`] above the bound of a file.
    pub fn push(&mut self, mut plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), E2eeError> {
        let more = u64::try_from(plaintext.len()).map_err(|_| E2eeError::TooLong)?;
        self.size = self.size.checked_add(more).ok_or(E2eeError::TooLong)?;
        if self.size > FILE_PLAIN_BYTES_MAX {
            return Err(E2eeError::TooLong);
        }
        while !plaintext.is_empty() {
            // A full chunk waits until more comes: only then is it known not to be the last.
            if self.pending.len() == CHUNK_BYTES {
                self.emit(false, out)?;
            }
            let room = CHUNK_BYTES - self.pending.len();
            let (now, later) = plaintext.split_at(room.min(plaintext.len()));
            self.pending.extend_from_slice(now);
            plaintext = later;
        }
        Ok(())
    }

    /// Ends: appends the final chunk to `out`.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`] above 2^32 chunks.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<FileSeal, E2eeError> {
        self.emit(true, out)?;
        let hash = Bytes32::from_bytes(self.hasher.finalize().into());
        Ok(FileSeal { hash, size: self.size, sealed_size: sealed_size(self.size) })
    }

    fn emit(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), E2eeError> {
        let (key, nonce) = self.key.step(last)?;
        let sealed = seal_once(key, &nonce, &[], &self.pending)?;
        self.hasher.update(&sealed);
        out.extend_from_slice(&sealed);
        self.pending.clear();
        Ok(())
    }
}

/// Decrypts a file as it arrives: [`Self::push`] any number of times, then [`Self::finish`].
pub struct Decryptor {
    key: ChunkKey,
    expected: FileSeal,
    pending: Vec<u8>,
    hasher: Sha256,
    taken: u64,
}

impl Decryptor {
    /// Begins. `hash` and `size` are those of the message.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`] for a size above the bound of a file.
    pub fn new(key: &FileKey, blob: BlobId, hash: Bytes32, size: u64) -> Result<Self, E2eeError> {
        if size > FILE_PLAIN_BYTES_MAX {
            return Err(E2eeError::TooLong);
        }
        Ok(Self {
            key: ChunkKey::new(key, blob),
            expected: FileSeal { hash, size, sealed_size: sealed_size(size) },
            pending: Vec::with_capacity(SEALED_CHUNK_BYTES),
            hasher: Sha256::new(),
            taken: 0,
        })
    }

    /// Takes in ciphertext and appends the plaintext of full chunks to `out`. On an error the file is lost:
    /// drop what came out.
    ///
    /// # Errors
    /// [`E2eeError::FileTruncated`] when more comes than the file has; [`E2eeError::ChunkRejected`].
    pub fn push(&mut self, mut ciphertext: &[u8], out: &mut SecretBytes) -> Result<(), E2eeError> {
        let more = u64::try_from(ciphertext.len()).map_err(|_| E2eeError::TooLong)?;
        self.taken = self.taken.saturating_add(more);
        if self.taken > self.expected.sealed_size {
            refuse(E2eeError::FileTruncated)?;
        }
        self.hasher.update(ciphertext);
        while !ciphertext.is_empty() {
            if self.pending.len() == SEALED_CHUNK_BYTES {
                self.emit(false, out)?;
            }
            let room = SEALED_CHUNK_BYTES - self.pending.len();
            let (now, later) = ciphertext.split_at(room.min(ciphertext.len()));
            self.pending.extend_from_slice(now);
            ciphertext = later;
        }
        Ok(())
    }

    /// Ends: the final chunk, and whether the whole is the file of the message.
    ///
    /// # Errors
    /// [`E2eeError::FileTruncated`]; [`E2eeError::ChunkRejected`]; [`E2eeError::FileHashMismatch`].
    pub fn finish(mut self, out: &mut SecretBytes) -> Result<(), E2eeError> {
        if self.taken != self.expected.sealed_size {
            refuse(E2eeError::FileTruncated)?;
        }
        self.emit(true, out)?;
        let hash = Bytes32::from_bytes(self.hasher.finalize().into());
        if hash == self.expected.hash { Ok(()) } else { refuse(E2eeError::FileHashMismatch) }
    }

    fn emit(&mut self, last: bool, out: &mut SecretBytes) -> Result<(), E2eeError> {
        let (key, nonce) = self.key.step(last)?;
        let opened = open_once(key, &nonce, &[], &self.pending).map_err(|_| E2eeError::ChunkRejected)?;
        out.extend_from_slice(&opened);
        self.pending.clear();
        Ok(())
    }
}

impl fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryptor").field("size", &self.size).finish_non_exhaustive()
    }
}

impl fmt::Debug for Decryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decryptor").field("taken", &self.taken).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_wire::ids::{BlobId, Bytes32};

    use super::{Decryptor, Encryptor, FileSeal, sealed_size};
    use crate::error::E2eeError;
    use crate::limits::{CHUNK_BYTES, FILE_PLAIN_BYTES_MAX, SEALED_CHUNK_BYTES};
    use crate::secret::{Secret, SecretBytes};

    fn key() -> Secret<32> {
        Secret::from_bytes([4; 32])
    }

    fn blob() -> BlobId {
        BlobId::from_bytes([5; 16])
    }

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
    }

    fn sealed(plain: &[u8], step: usize) -> (Vec<u8>, FileSeal) {
        let mut out = Vec::new();
        let mut encryptor = Encryptor::new(&key(), blob());
        for part in plain.chunks(step.max(1)) {
            encryptor.push(part, &mut out).unwrap();
        }
        let seal = encryptor.finish(&mut out).unwrap();
        (out, seal)
    }

    fn opened(ciphertext: &[u8], seal: &FileSeal, blob: BlobId) -> Result<SecretBytes, E2eeError> {
        let mut out = SecretBytes::default();
        let mut decryptor = Decryptor::new(&key(), blob, seal.hash, seal.size)?;
        for part in ciphertext.chunks(300_000) {
            decryptor.push(part, &mut out)?;
        }
        decryptor.finish(&mut out)?;
        Ok(out)
    }

    #[test]
    fn files_around_the_chunk_size_come_back_whole() {
        for len in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1] {
            let plain = content(len);
            let (ciphertext, seal) = sealed(&plain, 700_001);
            assert_eq!(u64::try_from(ciphertext.len()).unwrap(), seal.sealed_size, "{len}");
            assert_eq!(opened(&ciphertext, &seal, blob()).unwrap().as_slice(), plain, "{len}");
        }
    }

    /// Hash and size are recomputed by the attacker here, so that the chunk cipher alone must notice.
    fn lied(ciphertext: &[u8], size: u64) -> E2eeError {
        let seal =
            FileSeal { hash: relais_chain::hash::sha256(ciphertext), size, sealed_size: sealed_size(size) };
        opened(ciphertext, &seal, blob()).unwrap_err()
    }

    #[test]
    fn a_cut_file_is_refused_even_at_a_chunk_boundary() {
        let (ciphertext, seal) = sealed(&content(CHUNK_BYTES + 5), CHUNK_BYTES);
        let cut = &ciphertext[..SEALED_CHUNK_BYTES];
        assert_eq!(opened(cut, &seal, blob()).unwrap_err(), E2eeError::FileTruncated);
        assert_eq!(lied(cut, u64::try_from(CHUNK_BYTES).unwrap()), E2eeError::ChunkRejected);
    }

    #[test]
    fn moved_repeated_or_foreign_chunks_are_refused() {
        let (ciphertext, seal) = sealed(&content(2 * CHUNK_BYTES + 5), CHUNK_BYTES);
        let parts: Vec<_> = ciphertext.chunks(SEALED_CHUNK_BYTES).collect();
        for order in [[1, 0, 2], [0, 0, 2], [0, 2, 1]] {
            let moved: Vec<u8> = order.iter().flat_map(|i| parts[*i].iter().copied()).collect();
            assert_eq!(lied(&moved, seal.size), E2eeError::ChunkRejected, "{order:?}");
        }
        let elsewhere = opened(&ciphertext, &seal, BlobId::from_bytes([6; 16])).unwrap_err();
        assert_eq!(elsewhere, E2eeError::ChunkRejected);
    }

    #[test]
    fn a_file_other_than_the_one_in_the_message_is_refused() {
        let (ciphertext, seal) = sealed(&content(100), 100);
        let other = FileSeal { hash: Bytes32::from_bytes([0; 32]), ..seal };
        assert_eq!(opened(&ciphertext, &other, blob()).unwrap_err(), E2eeError::FileHashMismatch);
        let longer = [&ciphertext[..], &[0]].concat();
        assert_eq!(opened(&longer, &seal, blob()).unwrap_err(), E2eeError::FileTruncated);
        let huge = Decryptor::new(&key(), blob(), seal.hash, FILE_PLAIN_BYTES_MAX + 1).unwrap_err();
        assert_eq!(huge, E2eeError::TooLong);
    }

    #[test]
    fn the_largest_file_fits_the_bound_of_a_blob() {
        assert!(sealed_size(FILE_PLAIN_BYTES_MAX) <= relais_wire::limits::FILE_BYTES_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_flipped_bit_is_refused(len in 0..2000_usize, at in any::<usize>(), bit in 0..8_u8) {
            let (mut ciphertext, seal) = sealed(&content(len), 333);
            let at = at % ciphertext.len();
            ciphertext[at] ^= 1 << bit;
            prop_assert_eq!(opened(&ciphertext, &seal, blob()).unwrap_err(), E2eeError::ChunkRejected);
        }
    }
}
