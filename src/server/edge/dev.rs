//! What only a demonstration on loopback has: caught mail and a clock that can be moved forward.
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
