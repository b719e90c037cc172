//! What only a demonstration on loopback has: caught mail, the cast, and a clock that can be moved forward.
//!
//! Not known here: that it is a demonstration; the routes exist only then.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use super::{Edge, respond};

/// Bytes of a cast: some personas with a sentence each.
const CAST_BYTES_MAX: usize = 16 * 1024;

/// Personas of a cast.
const CAST_MAX: usize = 24;

#[derive(Deserialize)]
pub(super) struct MailQuery {
    to: Option<String>,
}

/// Caught mails: a page for a browser, JSON otherwise; `?to=` chooses an address.
pub(super) async fn mail(
    State(edge): State<Arc<Edge>>,
    Query(query): Query<MailQuery>,
    headers: HeaderMap,
) -> Response {
    let Some(catcher) = &edge.catcher else {
        return respond::plain(StatusCode::NOT_FOUND, "no such page\n");
    };
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accept.contains("text/html") {
        let mut response = Response::new(Body::from(catcher.page()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        return response;
    }
    let mails = serde_json::to_vec(&catcher.mails(query.to.as_deref()));
    respond::json(StatusCode::OK, mails.expect("mails are text and numbers"))
}

#[derive(Serialize)]
struct ClockCard {
    now_ms: u64,
}

/// Server time.
pub(super) async fn clock(State(edge): State<Arc<Edge>>) -> Response {
    let card = serde_json::to_vec(&ClockCard { now_ms: edge.app.clock.now_ms() });
    respond::json(StatusCode::OK, card.expect("a number is JSON"))
}

#[derive(Deserialize)]
struct MoveClock {
    offset_ms: i64,
}

/// Moves server time to an offset from the system's: `{"offset_ms": 0}` releases it to the present. Never back.
pub(super) async fn set_clock(State(edge): State<Arc<Edge>>, body: Body) -> Response {
    let wanted = axum::body::to_bytes(body, 1_024).await.ok();
    let wanted = wanted.and_then(|body| serde_json::from_slice::<MoveClock>(&body).ok());
    match wanted {
        None => respond::plain(StatusCode::BAD_REQUEST, "send {\"offset_ms\": 0}\n"),
        Some(wanted) if !edge.app.clock.set_offset(wanted.offset_ms) => {
            respond::plain(StatusCode::CONFLICT, "the clock does not go back\n")
        }
        Some(_) => clock(State(edge)).await,
    }
}

/// One of the fictitious people a visitor may sign in as. Their passwords are known, which is why a demonstration
/// listens on loopback only.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CastMember {
    what: Words,
    name: String,
    email: String,
    password: String,
}

/// A sentence in both languages.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Words {
    fr: String,
    en: String,
}

/// The cast, as whoever made the demonstration's data left it; none yet is an empty list.
pub(super) async fn cast(State(edge): State<Arc<Edge>>) -> Response {
    let text = tokio::fs::read(&edge.cast).await.unwrap_or_else(|_| b"[]".to_vec());
    respond::json(StatusCode::OK, text)
}

/// Leaves the cast, which outlives a restart.
pub(super) async fn set_cast(State(edge): State<Arc<Edge>>, body: Body) -> Response {
    let body = axum::body::to_bytes(body, CAST_BYTES_MAX).await.ok();
    let cast = body.and_then(|body| serde_json::from_slice::<Vec<CastMember>>(&body).ok());
    let Some(cast) = cast.filter(|cast| cast.len() <= CAST_MAX) else {
        return respond::plain(
            StatusCode::BAD_REQUEST,
            "send a list of {what: {fr, en}, name, email, password}\n",
        );
    };
    let text = serde_json::to_vec(&cast).expect("a cast is text");
    match tokio::fs::write(&edge.cast, &text).await {
        Ok(()) => respond::json(StatusCode::OK, text),
        Err(_) => respond::plain(StatusCode::INSUFFICIENT_STORAGE, "the cast cannot be kept\n"),
    }
}
