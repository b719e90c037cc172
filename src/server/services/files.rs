//! Ciphertext files: who may upload and read them, and the record beside the bytes.
//!
//! Not known here: names, types and keys of files.

use std::ops::Range;

use futures_util::{StreamExt as _, TryStreamExt as _};
use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::blobs::BlobError;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::file::{BlobRecord, BlobState};
use relais_store::reads::{BlobById, BlobBytesOf};
use relais_store::{BlobWrite, Domain};
use relais_wire::files::BlobCard;
use relais_wire::ids::{BlobId, Bytes32, UserId};
use relais_wire::scalar::ByteSize;
use relais_wire::{ErrorCode, Refusal};

use super::context::{Ctx, line};
use super::limits::{Limit, UPLOAD_USER};
use super::permit::{Own, Permit, ReadBlob, Via};
use super::{Download, FileBytes, account, refuse};

/// A line about a file: in the log of whose thread it is read from, else in the instance's.
fn about(user: UserId, event: Audited, blob: BlobId, via: Option<Via>) -> AuditLine {
    let AuditLine { log, entry } = line(via.and_then(|via| via.org), Actor::User(user), event);
    let entry = entry.on(Scope::File(blob));
    AuditLine {
        log,
        entry: match via {
            Some(via) => entry.on(Scope::Discussion(via.thread)),
            None => entry,
        },
    }
}

fn failed(error: &BlobError) -> Refusal {
    refuse::refuse(match error {
        BlobError::TooLarge => ErrorCode::TooLarge,
        BlobError::Mismatch => ErrorCode::ContentMismatch,
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
            let domain = Domain::new(ctx.now_ms, about(user, Audited::FileCreate, blob, None))
                .write(BlobWrite::Begin { blob, owner: user });
            if let Err(refusal) = ctx.commit(domain).await {
                // Another request for the same file may have announced it meanwhile.
                let record = ctx.read(BlobById(blob)).await?;
                record.filter(|record| record.owner == user).ok_or(refusal)?;
            }
        }
    }
    let max = room(ctx, user).await?;
    let size = receive(ctx, (blob, hash, max), bytes).await?;
    let domain = Domain::new(ctx.now_ms, about(user, Audited::FileUpdate, blob, None))
        .write(BlobWrite::Complete { blob, size, hash });
    match ctx.commit(domain).await {
        Ok(_) => Ok(BlobCard { complete: true, bytes: ByteSize::saturating(size), hash: Some(hash) }),
        Err(refusal) => finished_by_another(ctx, blob, hash).await?.ok_or(refusal),
    }
}

/// Bytes that one more file of a user may have: the bound of a file, and of what is kept for them altogether.
async fn room(ctx: &Ctx<'_>, user: UserId) -> Result<u64, Refusal> {
    let settings = &ctx.app.settings;
    if settings.user_files_bytes_max == 0 {
        return Ok(settings.file_bytes_max);
    }
    let used = ctx.read(BlobBytesOf(user)).await?;
    let left = settings.user_files_bytes_max.saturating_sub(used);
    if left == 0 {
        Err(refuse::refuse(ErrorCode::LimitReached))
    } else {
        Ok(left.min(settings.file_bytes_max))
    }
}

/// Of two uploads of the same bytes one makes the file complete, and both have succeeded.
async fn finished_by_another(
    ctx: &Ctx<'_>,
    blob: BlobId,
    hash: Bytes32,
) -> Result<Option<BlobCard>, Refusal> {
    let record = ctx.read(BlobById(blob)).await?;
    let same =
        |record: &BlobRecord| matches!(record.state, BlobState::Complete { hash: of, .. } if of == hash);
    Ok(record.filter(same).as_ref().map(wire))
}

async fn receive(
    ctx: &Ctx<'_>,
    (blob, hash, max): (BlobId, Bytes32, u64),
    mut bytes: FileBytes,
) -> Result<u64, Refusal> {
    let mut upload = ctx.app.blobs.begin(blob, hash, max).await.map_err(|error| failed(&error))?;
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
    upload.finish().await.map_err(|error| failed(&error))
}

/// A file that may be read; that it is read is audited, once in ten minutes (AUD-03).
///
/// # Errors
/// `not found` while it is not complete.
pub(crate) async fn download(ctx: &Ctx<'_>, permit: &Permit<ReadBlob>) -> Result<Download, Refusal> {
    let record = &permit.target().record;
    let BlobState::Complete { size, hash, .. } = record.state else {
        return Err(refuse::refuse(ErrorCode::NotFound));
    };
    let who = permit.who();
    if ctx.app.state.reads.is_new(who, record.blob.as_bytes(), ctx.now_ms) {
        ctx.commit(Domain::new(
            ctx.now_ms,
            about(who.user, Audited::FileRead, record.blob, permit.target().via),
        ))
        .await?;
        ctx.app.state.reads.written(who, record.blob.as_bytes(), ctx.now_ms);
    }
    Ok(Download { blob: record.blob, len: size, hash })
}

/// The bytes of a file, or a part of them.
///
/// # Errors
/// `unavailable`; `not found` when the bytes are gone.
pub(crate) async fn bytes(
    ctx: &Ctx<'_>,
    file: &Download,
    part: Option<Range<u64>>,
) -> Result<FileBytes, Refusal> {
    let (_, bytes) = ctx.app.blobs.open(file.blob, file.hash, part).await.map_err(|error| failed(&error))?;
    Ok(bytes.map_err(std::io::Error::other).boxed())
}
