//! `PUT` and `GET /api/v1/files/<blob>`: ciphertext, streamed both ways.
//!
//! An upload announces the SHA-256 of its bytes in `Relais-Sha256`; that hash is what its proof covers. Refusals
//! are frames of the type of `GetBlob`, and so is the answer to an upload.
//!
//! Not known here: who may read which file.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use hyper::Request;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use relais_wire::Call as _;
use relais_wire::files::GetBlob;
use relais_wire::{BlobId, Bytes32, ErrorCode, Refusal, Reply};
use sha2::{Digest as _, Sha256};

use super::connection::Peer;
use super::rpc::{caller, contained, path};
use super::{Edge, respond};
use crate::services::{self, Authenticated, Caller, Download, FileBytes};

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
    let _room = edge.requests.try_acquire().map_err(|_| Refusal::retry(ErrorCode::Overloaded, 1_000))?;
    let blob = blob_id(blob)?;
    let hash = announced(&parts.headers)?;
    let who = session(edge, peer, parts, *hash.as_bytes()).await?;
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
        Ok(file) => {
            let mut response = Response::new(Body::from_stream(file.bytes));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            headers.insert(CONTENT_LENGTH, HeaderValue::from(file.len));
            let hash = HeaderValue::from_str(&file.hash.to_hex()).expect("hexadecimal fits into a header");
            headers.insert(SHA256, hash);
            response
        }
        Err(refusal) => respond::frame(GetBlob::KIND, 0, &Err(refusal)),
    }
}

async fn open(edge: &Arc<Edge>, peer: Peer, blob: &str, parts: &Parts) -> Result<Download, Refusal> {
    let blob = blob_id(blob)?;
    let who = session(edge, peer, parts, Sha256::digest([]).into()).await?;
    contained(edge, services::download(&edge.app, &who, blob)).await
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

/// The bytes of a body, which may pause for `pause` at most.
fn patient(body: Body, pause: Duration) -> FileBytes {
    let bytes = futures_util::stream::unfold(Some(body.into_data_stream()), move |body| async move {
        let mut body = body?;
        match tokio::time::timeout(pause, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(body))),
            Ok(Some(Err(_))) => Some((Err(io::ErrorKind::ConnectionReset.into()), None)),
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    });
    bytes.boxed()
}
