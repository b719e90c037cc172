//! `PUT` and `GET /api/v1/files/<blob>`: ciphertext, streamed both ways.
//!
//! An upload announces the SHA-256 of its bytes in `Relais-Sha256`; that hash is what its proof covers. Refusals
//! are frames of the type of `GetBlob`, and so is the answer to an upload. A download may ask for one range of bytes
//! (RFC 9110 §14), so that a broken one goes on and a player reads the chunks it shows; the hash is the entity tag.
//!
//! Not known here: who may read which file.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use relais_wire::Call as _;
use relais_wire::files::GetBlob;
use relais_wire::{BlobId, Bytes32, ErrorCode, Refusal, Reply};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, timeout_at};

use super::connection::Peer;
use super::range::Wanted;
use super::rpc::{caller, contained, path};
use super::{Edge, range, respond};
use crate::services::{self, Authenticated, Caller, FileBytes};

/// Header with the hash of a file's bytes, in hexadecimal.
const SHA256: HeaderName = HeaderName::from_static("relais-sha256");

/// Stores a file.
pub(super) async fn upload(
    State(edge): State<Arc<Edge>>,
    Extension(peer): Extension<Peer>,
    Path(blob): Path<String>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = store(&edge, peer, &blob, &parts, body).await;
    respond::frame(GetBlob::KIND, 0, &answer)
}

async fn store(
    edge: &Arc<Edge>,
    peer: Peer,
    blob: &str,
    parts: &Parts,
    body: Body,
) -> Result<Reply, Refusal> {
    let busy = || Refusal::retry(ErrorCode::Overloaded, 1_000);
    let blob = blob_id(blob)?;
    let hash = announced(&parts.headers)?;
    let who = session(edge, peer, parts, *hash.as_bytes()).await?;
    let _share = edge.uploads_of.enter(who.user).ok_or_else(busy)?;
    let _room = edge.uploads.try_acquire().map_err(|_| busy())?;
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length
        .and_then(|text| text.parse().ok())
        .is_some_and(|len: u64| len > edge.app.settings.file_bytes_max)
    {
        return Err(Refusal::new(ErrorCode::TooLarge));
    }
    let bytes = patient(body, edge.limits.request);
    contained(edge, services::upload(&edge.app, &who, blob, hash, bytes)).await.map(Reply::BlobCard)
}

/// Sends a file.
pub(super) async fn download(
    State(edge): State<Arc<Edge>>,
    Extension(peer): Extension<Peer>,
    Path(blob): Path<String>,
    request: Request<Body>,
) -> Response {
    let (parts, _) = request.into_parts();
    match open(&edge, peer, &blob, &parts).await {
        Ok(response) => response,
        Err(refusal) => respond::frame(GetBlob::KIND, 0, &Err(refusal)),
    }
}

async fn open(edge: &Arc<Edge>, peer: Peer, blob: &str, parts: &Parts) -> Result<Response, Refusal> {
    let blob = blob_id(blob)?;
    let who = session(edge, peer, parts, Sha256::digest([]).into()).await?;
    let file = contained(edge, services::file(&edge.app, &who, blob)).await?;
    let (len, hash) = (file.len, file.hash.to_hex());
    let tag = format!("\"{hash}\"");
    let (status, part) = match range::wanted(&parts.headers, len, &tag) {
        Wanted::Whole => (StatusCode::OK, None),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(part)),
        Wanted::Unsatisfiable => {
            let mut response = respond::frame(GetBlob::KIND, 0, &Err(Refusal::new(ErrorCode::Malformed)));
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            response.headers_mut().insert(CONTENT_RANGE, header(&format!("bytes */{len}")));
            return Ok(response);
        }
    };
    let bytes = contained(edge, services::file_bytes(&edge.app, &file, part.clone())).await?;
    let mut response = Response::new(Body::from_stream(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(ETAG, header(&tag));
    headers.insert(SHA256, header(&hash));
    let sent = part.as_ref().map_or(len, |part| part.end.saturating_sub(part.start));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(sent));
    if let Some(part) = part {
        let last = part.end.saturating_sub(1);
        headers.insert(CONTENT_RANGE, header(&format!("bytes {}-{last}/{len}", part.start)));
    }
    Ok(response)
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("hexadecimal, digits and quotes fit into a header")
}

async fn session(
    edge: &Arc<Edge>,
    peer: Peer,
    parts: &Parts,
    body_sha256: [u8; 32],
) -> Result<Authenticated, Refusal> {
    let caller = caller(edge, peer, (&parts.method, &path(parts)), &parts.headers, body_sha256).await?;
    let Caller::Session(who) = caller else { return Err(Refusal::new(ErrorCode::Unauthenticated)) };
    let paid = edge.buckets.take(&caller, edge.app.clock.now_ms());
    paid.map_err(|wait| Refusal::retry(ErrorCode::Throttled, wait))?;
    Ok(who)
}

fn blob_id(text: &str) -> Result<BlobId, Refusal> {
    BlobId::parse_hex(text).map_err(|_| Refusal::new(ErrorCode::NotFound))
}

fn announced(headers: &HeaderMap) -> Result<Bytes32, Refusal> {
    let text = headers.get(SHA256).and_then(|value| value.to_str().ok());
    text.and_then(|text| Bytes32::parse_hex(text).ok()).ok_or_else(|| Refusal::new(ErrorCode::Malformed))
}

/// Bytes that must come within each pause that is allowed: about 1 KiB/s in 30 s, as on the worst of telephone
/// lines. Less is somebody who holds a place.
const BYTES_PER_PAUSE: usize = 32 * 1024;

/// The bytes of a body, which may pause for `pause` at most, and may not trickle.
fn patient(body: Body, pause: Duration) -> FileBytes {
    let begun = (body.into_data_stream(), Instant::now() + pause, 0);
    let bytes = futures_util::stream::unfold(Some(begun), move |state| async move {
        let (mut body, mut until, mut came) = state?;
        match timeout_at(until, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(bytes))) => {
                came += bytes.len();
                if came >= BYTES_PER_PAUSE {
                    (until, came) = (Instant::now() + pause, 0);
                }
                Some((Ok(bytes), Some((body, until, came))))
            }
            Ok(Some(Err(_))) => Some((Err(io::ErrorKind::ConnectionReset.into()), None)),
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    });
    bytes.boxed()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::{Body, Bytes};
    use futures_util::{StreamExt as _, stream};

    use super::{BYTES_PER_PAUSE, patient};

    /// A body of parts that come every so many milliseconds.
    fn body(part: usize, every_ms: u64, parts: usize) -> Body {
        Body::from_stream(stream::iter(0..parts).then(move |_| async move {
            tokio::time::sleep(Duration::from_millis(every_ms)).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; part]))
        }))
    }

    #[tokio::test]
    async fn a_file_may_come_slowly_but_not_trickle() {
        let pause = Duration::from_secs(2);
        let came = |body| async {
            patient(body, pause).filter(|part| core::future::ready(part.is_ok())).count().await
        };
        assert_eq!(came(body(BYTES_PER_PAUSE, 20, 110)).await, 110, "longer than a pause, and steady");
        assert!(came(body(1, 20, 10_000)).await < 10_000, "a byte now and then");
    }
}
