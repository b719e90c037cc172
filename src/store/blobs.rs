//! Ciphertext of exchanged files: streamed to a folder, hashed on the way, durable before the record says
//! complete, and collected when nobody names it.
//!
//! Order of an upload: [`crate::BlobWrite::Begin`], bytes through [`Upload`], [`Upload::finish`], then
//! [`crate::BlobWrite::Complete`]; only then may a thread reference it.
//!
//! Bytes lie under the blob and their own hash. So whatever lies there is what the record says, and of two uploads
//! at once neither can replace or remove what the other has finished.
//!
//! Not known here: what the bytes are, and who may read them.

use std::{ops::Range, path::Path as FsPath, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, WriteMultipart, local::LocalFileSystem,
    path::Path,
};
use relais_care::audit::{Actor, AuditEntry, Event, Scope};
use relais_wire::ids::{BlobId, Bytes32};
use sha2::{Digest as _, Sha256};

use crate::{
    BlobWrite, CommitError, Domain, ReadError, Refusal, Store,
    facts::{audit::AuditLine, file::BlobRecord},
    limits,
    reads::OrphanBlobs,
};

/// Parts of one upload that may be on their way to the disk at once: enough to overlap reading and writing.
const PARTS_IN_FLIGHT: usize = 4;

/// Why a blob cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob.
    #[error("no such blob")]
    NotFound,
    /// The bytes do not hash to what was announced.
    #[error("the blob is not what was announced")]
    Mismatch,
    /// More bytes than the caller allowed.
    #[error("the blob is larger than allowed")]
    TooLarge,
    /// The folder says no.
    #[error("the blob folder cannot be used")]
    Io(#[source] object_store::Error),
    /// The folder cannot be prepared.
    #[error("the blob folder cannot be prepared")]
    Prepare(#[source] std::io::Error),
    /// The records cannot be read.
    #[error("the records cannot be read")]
    Read(#[from] ReadError),
    /// The records cannot be changed.
    #[error("the records cannot be changed")]
    Commit(#[from] CommitError),
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) { Self::NotFound } else { Self::Io(error) }
    }
}

/// A folder of blobs. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// The blobs of a local folder, made if it does not exist. Uploads that a crash cut off are removed.
    ///
    /// # Errors
    /// [`BlobError::Prepare`] or [`BlobError::Io`] when the folder cannot be used.
    pub fn local(dir: &FsPath) -> Result<Self, BlobError> {
        std::fs::create_dir_all(dir).map_err(BlobError::Prepare)?;
        remove_cut_off(dir).map_err(BlobError::Prepare)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(dir)?.with_fsync(true))))
    }

    /// Starts an upload of at most `max` bytes with this SHA-256. An upload that is dropped unfinished leaves
    /// nothing to be read.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn begin(&self, blob: BlobId, announced: Bytes32, max: u64) -> Result<Upload, BlobError> {
        let parts = WriteMultipart::new(self.0.put_multipart(&path(blob, announced)).await?);
        Ok(Upload { parts, announced, hash: Sha256::new(), size: 0, max })
    }

    /// A blob's bytes, or a range of them, and how many there are in all.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], or [`BlobError::Io`] also for a range beyond the end.
    pub async fn open(
        &self,
        blob: BlobId,
        hash: Bytes32,
        range: Option<Range<u64>>,
    ) -> Result<(u64, impl Stream<Item = Result<Bytes, BlobError>> + Send + use<>), BlobError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.0.get_opts(&path(blob, hash), options).await?;
        Ok((found.meta.size, found.into_stream().map_err(BlobError::from)))
    }

    /// Removes a blob's bytes, whatever was finished of it; none is no error. Only for a blob without a record.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn remove(&self, blob: BlobId) -> Result<(), BlobError> {
        let mut found = self.0.list(Some(&folder(blob)));
        while let Some(bytes) = found.try_next().await? {
            match self.0.delete(&bytes.location).await.map_err(BlobError::from) {
                Ok(()) | Err(BlobError::NotFound) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// Forgets blobs that were announced more than `age_ms` ago and that no thread names; how many. The record
    /// goes first, and only if still nobody names it, so that no record ever points at missing bytes.
    ///
    /// # Errors
    /// [`BlobError`]; what was collected before stays collected.
    pub async fn collect_orphans(
        &self,
        store: &impl Store,
        now_ms: u64,
        age_ms: u64,
    ) -> Result<usize, BlobError> {
        let before_ms = now_ms.saturating_sub(age_ms);
        let orphans = store.read(OrphanBlobs { before_ms, max: limits::PAGE_MAX }).await?;
        let mut collected = 0;
        for BlobRecord { blob, .. } in orphans {
            let entry = AuditEntry::new(None, Actor::Server, Event::FileDelete).on(Scope::File(blob));
            let forget = Domain::new(now_ms, AuditLine { log: None, entry }).write(BlobWrite::Drop(blob));
            match store.commit(forget).await {
                Ok(_) => {}
                Err(CommitError::Refused(Refusal::BlobReferenced)) => continue,
                Err(error) => return Err(error.into()),
            }
            self.remove(blob).await?;
            collected += 1;
        }
        Ok(collected)
    }
}

/// An upload under way.
#[derive(Debug)]
pub struct Upload {
    parts: WriteMultipart,
    announced: Bytes32,
    hash: Sha256,
    size: u64,
    max: u64,
}

impl Upload {
    /// Adds bytes; waits when the disk is behind.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] beyond the allowed size, [`BlobError::Io`].
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(more);
        if self.size > self.max {
            return Err(BlobError::TooLarge);
        }
        self.hash.update(&bytes);
        self.parts.wait_for_capacity(PARTS_IN_FLIGHT).await?;
        self.parts.put(bytes);
        Ok(())
    }

    /// Makes the bytes durable under their name; how many.
    ///
    /// # Errors
    /// [`BlobError::Mismatch`] when they are not what was announced, [`BlobError::Io`]; then nothing is left of them.
    pub async fn finish(self) -> Result<u64, BlobError> {
        if Bytes32::from_bytes(self.hash.finalize().into()) != self.announced {
            self.parts.abort().await?;
            return Err(BlobError::Mismatch);
        }
        self.parts.finish().await?;
        Ok(self.size)
    }

    /// Gives up.
    ///
    /// # Errors
    /// [`BlobError::Io`]; what is left is removed at the next start.
    pub async fn abort(self) -> Result<(), BlobError> {
        Ok(self.parts.abort().await?)
    }
}

/// Where what is uploaded for a blob lies: 256 folders, so that none gets too long, and one for each blob.
fn folder(blob: BlobId) -> Path {
    let name = blob.to_hex();
    let first: String = name.chars().take(2).collect();
    Path::from_iter([first, name])
}

fn path(blob: BlobId, hash: Bytes32) -> Path {
    folder(blob).join(hash.to_hex())
}

/// Folders above a file.
const DEPTH: usize = 2;

/// Removes what unfinished uploads left: names with a number after a hash sign.
fn remove_cut_off(dir: &FsPath) -> std::io::Result<()> {
    let mut folders = vec![(dir.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for found in std::fs::read_dir(folder)? {
            let found = found?;
            if found.file_type()?.is_dir() {
                folders.extend((depth < DEPTH).then(|| (found.path(), depth + 1)));
            } else if found.file_name().to_string_lossy().contains('#') {
                std::fs::remove_file(found.path())?;
            }
        }
    }
    Ok(())
}
