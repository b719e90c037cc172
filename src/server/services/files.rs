//! Ciphertext files: who may upload and read them, and the record beside the bytes.
//!
//! Not known here: names, types and keys of files.

use futures_util::{StreamExt as _, TryStreamExt as _};
use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::blobs::BlobError;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::file::{BlobRecord, BlobState};
use relais_store::reads::BlobById;
use relais_store::{BlobWrite, Domain};
use relais_wire::files::BlobCard;
use relais_wire::ids::{BlobId, Bytes32};
use relais_wire::scalar::ByteSize;
use relais_wire::{ErrorCode, Refusal};

use super::context::{Ctx, instance_line};
use super::limits::{Limit, UPLOAD_USER};
use super::permit::{Own, Permit, ReadBlob};
use super::{Download, FileBytes, account, refuse};

fn about(user: relais_wire::UserId, event: Audited, blob: BlobId) -> AuditLine {
    let AuditLine { log, entry } = instance_line(Actor::User(user), event);
    AuditLine { log, entry: entry.on(Scope::File(blob)) }
}

fn failed(error: &BlobError) -> Refusal {
    refuse::refuse(match error {
        BlobError::TooLarge => ErrorCode::TooLarge,
        BlobError::NotFound => ErrorCode::NotFound,
        BlobError::Io(_) | BlobError::Prepare(_) | BlobError::Read(_) | BlobError::Commit(_) => {
            return Refusal::retry(ErrorCode::Unavailable, 2_000);
        }
    })
}

fn wire(record: &BlobRecord) -> BlobCard {
    match record.state {
        BlobState::Uploading => BlobCard { complete: false, bytes: ByteSize::saturating(0), hash: None },
        BlobState::Complete { size, hash, .. } => {
            BlobCard { complete: true, bytes: ByteSize::saturating(size), hash: Some(hash) }
        }
    }
}

/// How far an upload has come, for whoever makes it.
///
/// # Errors
/// `not found` for somebody else's.
pub(crate) async fn card(ctx: &Ctx<'_>, permit: &Permit<Own>, blob: BlobId) -> Result<BlobCard, Refusal> {
    let record = ctx.read(BlobById(blob)).await?;
    let record = record.filter(|record| record.owner == permit.who().user);
    record.as_ref().map(wire).ok_or_else(|| refuse::refuse(ErrorCode::NotFound))
}

/// Takes an upload: announced, streamed, hashed, durable, and only then complete. Sending a complete one again
/// changes nothing.
///
/// # Errors
/// `content mismatch`, `too large`, `throttled`; `not found` for an id of somebody else's upload.
pub(crate) async fn upload(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    blob: BlobId,
    hash: Bytes32,
    bytes: FileBytes,
) -> Result<BlobCard, Refusal> {
    let user = permit.who().user;
    match ctx.read(BlobById(blob)).await? {
        Some(record) if record.owner != user => return Err(refuse::refuse(ErrorCode::NotFound)),
        Some(record) => {
            if let BlobState::Complete { hash: stored, .. } = record.state {
                let same = stored == hash;
                return if same { Ok(wire(&record)) } else { Err(refuse::refuse(ErrorCode::Conflict)) };
            }
        }
        None => {
            let limit: Limit = UPLOAD_USER;
            ctx.upkeep(vec![account::charge(ctx, limit, user.as_bytes())]).await?;
            let domain = Domain::new(ctx.now_ms, about(user, Audited::FileCreate, blob))
                .write(BlobWrite::Begin { blob, owner: user });
            ctx.commit(domain).await?;
        }
    }
    let size = receive(ctx, blob, hash, bytes).await?;
    let domain = Domain::new(ctx.now_ms, about(user, Audited::FileUpdate, blob)).write(BlobWrite::Complete {
        blob,
        size,
        hash,
    });
    ctx.commit(domain).await?;
    Ok(BlobCard { complete: true, bytes: ByteSize::saturating(size), hash: Some(hash) })
}

async fn receive(ctx: &Ctx<'_>, blob: BlobId, hash: Bytes32, mut bytes: FileBytes) -> Result<u64, Refusal> {
    let max = ctx.app.settings.file_bytes_max;
    let mut upload = ctx.app.blobs.begin(blob, max).await.map_err(|error| failed(&error))?;
    while let Some(part) = bytes.next().await {
        let written = match part {
            Ok(part) => upload.write(part).await.map_err(|error| failed(&error)),
            Err(_) => Err(Refusal::retry(ErrorCode::Unavailable, 0)),
        };
        if let Err(refusal) = written {
            // What an abort leaves is removed at the next start.
            drop(upload.abort().await);
            return Err(refusal);
        }
    }
    let (size, found) = upload.finish().await.map_err(|error| failed(&error))?;
    if found == hash {
        return Ok(size);
    }
    ctx.app.blobs.remove(blob).await.map_err(|error| failed(&error))?;
    Err(refuse::refuse(ErrorCode::ContentMismatch))
}

/// Opens a file.
///
/// # Errors
/// `not found` while it is not complete.
pub(crate) async fn download(ctx: &Ctx<'_>, permit: &Permit<ReadBlob>) -> Result<Download, Refusal> {
    let record = &permit.target().record;
    let BlobState::Complete { hash, .. } = record.state else {
        return Err(refuse::refuse(ErrorCode::NotFound));
    };
    let who = permit.who();
    if ctx.app.state.reads.is_new(who, record.blob.as_bytes(), ctx.now_ms) {
        ctx.commit(Domain::new(ctx.now_ms, about(who.user, Audited::FileRead, record.blob))).await?;
        ctx.app.state.reads.written(who, record.blob.as_bytes(), ctx.now_ms);
    }
    let (len, bytes) = ctx.app.blobs.open(record.blob, None).await.map_err(|error| failed(&error))?;
    Ok(Download { len, hash, bytes: bytes.map_err(std::io::Error::other).boxed() })
}
