//! `POST /api/v1/rpc`: one request, one reply, as a frame or as JSON.
//!
//! JSON: `{"type": "GetServer", "id": 1, "body": {…}}` is answered by the same with the answer's `body`, or with
//! `refusal` instead of it. The HTTP status repeats what the refusal says, for tools that look at nothing else.
//!
//! Not known here: what requests mean.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request as HttpRequest};
use relais_wire::frame::{Class, Frame, FrameError};
use relais_wire::limits::RPC_BYTES_MAX;
use relais_wire::{ErrorCode, Refusal, Reply, Request, SessionId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::connection::Peer;
use super::{Edge, respond};
use crate::metrics::Caught;
use crate::rpc::{decode, decode_json};
use crate::services::{self, Caller, HttpProof, Incoming};

/// Milliseconds after which a refused caller comes back to a server over its bound.
const BUSY_MS: u64 = 1_000;

/// A request of the JSON carrier.
#[derive(Deserialize)]
struct JsonRequest {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    body: serde_json::Value,
}

/// A reply of the JSON carrier.
#[derive(Serialize)]
struct JsonReply<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Reply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a Refusal>,
}

/// How the caller wants it, and which request it was as far as that is known.
struct Carrier {
    json: bool,
    kind: u16,
    id: u64,
}

/// The handler.
pub(super) async fn rpc(
    State(edge): State<Arc<Edge>>,
    Extension(peer): Extension<Peer>,
    request: HttpRequest<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut carrier = Carrier { json: is_json(&parts.headers), kind: 0, id: 0 };
    let answered = tokio::time::timeout(edge.limits.request, async {
        // A body that comes slowly takes up no room that others could use: the connection is counted as its
        // address's own, and the body is small.
        let body = read_body(body).await?;
        let Ok(_room) = edge.requests.try_acquire() else {
            return Err(Refusal::retry(ErrorCode::Overloaded, BUSY_MS));
        };
        answer(&edge, peer, &parts, &body, &mut carrier).await
    });
    let answer = answered.await.unwrap_or_else(|_| Err(Refusal::retry(ErrorCode::Unavailable, BUSY_MS)));
    carrier.respond(&answer)
}

async fn answer(
    edge: &Arc<Edge>,
    peer: Peer,
    parts: &Parts,
    body: &Bytes,
    carrier: &mut Carrier,
) -> Result<Reply, Refusal> {
    let begun = edge.app.clock.instant();
    let incoming = read_request(body, carrier);
    let hash = Sha256::digest(body).into();
    let caller = caller(edge, peer, (&parts.method, &path(parts)), &parts.headers, hash).await?;
    // Bytes that are no request are refused as such below, whoever sent them.
    let known = carrier.kind != 0;
    if known && matches!(caller, Caller::Anonymous { .. }) && !Request::is_public(carrier.kind) {
        return Err(Refusal::new(ErrorCode::Unauthenticated));
    }
    let paid = edge.buckets.take(&caller, edge.app.clock.now_ms());
    paid.map_err(|wait| Refusal::retry(ErrorCode::Throttled, wait))?;
    let answer = contained(edge, services::handle(&edge.app, caller, incoming?)).await;
    edge.app.metrics.request(carrier.kind, answer.is_err(), begun.elapsed());
    answer
}

/// The caller of a request with this body hash: the session that its header proves, or nobody.
pub(super) async fn caller(
    edge: &Arc<Edge>,
    peer: Peer,
    (method, path): (&Method, &str),
    headers: &HeaderMap,
    body_sha256: [u8; 32],
) -> Result<Caller, Refusal> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(Caller::Anonymous { client: peer.client });
    };
    let proof = header.to_str().ok().and_then(parse_proof);
    let (session, kid, time_ms, mac) = proof.ok_or_else(|| Refusal::new(ErrorCode::Unauthenticated))?;
    let proof = HttpProof { session, kid, time_ms, mac, method: method.as_str(), path, body_sha256 };
    contained(edge, services::authenticate_http(&edge.app, peer.client, &proof)).await.map(Caller::Session)
}

/// A panic of a service is one refused request, and is counted.
pub(super) async fn contained<T>(
    edge: &Edge,
    service: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    AssertUnwindSafe(service).catch_unwind().await.unwrap_or_else(|_| {
        edge.app.metrics.panic(Caught::Request);
        Err(Refusal::new(ErrorCode::Internal))
    })
}

/// Path and query as the client sent them.
pub(super) fn path(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or_else(|| parts.uri.path().to_owned(), ToString::to_string)
}

/// `Relais <session>.<kid>.<time>.<mac>`.
fn parse_proof(header: &str) -> Option<(SessionId, u32, u64, [u8; 32])> {
    let mut fields = header.strip_prefix("Relais ")?.split('.');
    let session = SessionId::parse_hex(fields.next()?).ok()?;
    let kid = fields.next()?.parse().ok()?;
    let time_ms = fields.next()?.parse().ok()?;
    let mut mac = [0; 32];
    hex::decode_to_slice(fields.next()?, &mut mac).ok()?;
    fields.next().is_none().then_some((session, kid, time_ms, mac))
}

async fn read_body(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, RPC_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Refusal::new(ErrorCode::TooLarge))
        }
        Err(_) => Err(Refusal::new(ErrorCode::Malformed)),
    }
}

fn read_request(body: &Bytes, carrier: &mut Carrier) -> Result<Incoming, Refusal> {
    if carrier.json {
        let request: JsonRequest =
            serde_json::from_slice(body).map_err(|_| Refusal::new(ErrorCode::Malformed))?;
        carrier.id = request.id;
        carrier.kind = Request::kind_of(&request.kind).ok_or_else(|| Refusal::new(ErrorCode::UnknownType))?;
        return decode_json(carrier.kind, request.body);
    }
    let frame = Frame::parse(body, RPC_BYTES_MAX).map_err(|error| {
        let large = matches!(error, FrameError::TooLarge { .. });
        Refusal::new(if large { ErrorCode::TooLarge } else { ErrorCode::Malformed })
    })?;
    if frame.header.class != Class::Request {
        return Err(Refusal::new(ErrorCode::Malformed));
    }
    (carrier.kind, carrier.id) = (frame.header.kind, frame.header.id);
    decode(frame.header.kind, frame.body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

impl Carrier {
    fn respond(&self, answer: &Result<Reply, Refusal>) -> Response {
        if !self.json {
            return respond::frame(self.kind, self.id, answer);
        }
        let kind = Request::name_of(self.kind).unwrap_or("");
        let (body, refusal) = (answer.as_ref().ok(), answer.as_ref().err());
        let text = serde_json::to_vec(&JsonReply { kind, id: self.id, body, refusal });
        respond::json(respond::status(answer), text.expect("wire types are maps with text keys"))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_proof;

    #[test]
    fn a_proof_has_four_fields_of_their_lengths_and_nothing_else() {
        let (session, mac) = ("00".repeat(16), "ab".repeat(32));
        let good = format!("Relais {session}.7.1700000000000.{mac}");
        let (_, kid, time, _) = parse_proof(&good).unwrap();
        assert_eq!((kid, time), (7, 1_700_000_000_000));
        for bad in [
            format!("Bearer {session}.7.1.{mac}"),
            format!("Relais {session}.7.1"),
            format!("Relais {session}.7.1.{mac}.x"),
            format!("Relais {session}.-7.1.{mac}"),
            format!("Relais {session}.7.1.{mac}00"),
            format!("Relais {}.7.1.{mac}", "00".repeat(15)),
            String::new(),
        ] {
            assert!(parse_proof(&bad).is_none(), "{bad}");
        }
    }
}
