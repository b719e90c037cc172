//! Routes of HTTP, and the small ones among their handlers.
//!
//! Not known here: frames.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::routing::{get, post};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use super::connection::Peer;
use super::{Edge, dev, files, respond, rpc, web};

/// All routes but `/ws`, which never gets here.
pub(super) fn router(edge: Arc<Edge>) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/rpc", post(rpc::rpc))
        .route("/api/v1/files/{blob}", get(files::download).put(files::upload));
    if edge.catcher.is_some() {
        router = router
            .route("/dev/mail", get(dev::mail))
            .route("/dev/cast", get(dev::cast).put(dev::set_cast))
            .route("/dev/clock", get(dev::clock).post(dev::set_clock));
    }
    router.fallback(web::page).method_not_allowed_fallback(wrong_method).with_state(edge)
}

/// The process runs. Says nothing about the store: a restart would not help it.
async fn alive() -> Response<Body> {
    respond::plain(StatusCode::OK, "alive\n")
}

/// New work may come.
async fn ready(State(edge): State<Arc<Edge>>) -> Response<Body> {
    if edge.is_ready() { respond::plain(StatusCode::OK, "ready\n") } else { respond::unavailable() }
}

/// Counters, for the allowed addresses and not through a proxy. Others learn nothing, not even that it exists.
async fn metrics(State(edge): State<Arc<Edge>>, Extension(peer): Extension<Peer>) -> Response<Body> {
    if peer.proxied || !edge.metrics_allow.contains(&peer.address) {
        return respond::plain(StatusCode::NOT_FOUND, "no such page\n");
    }
    edge.publish().await;
    let mut response = Response::new(Body::from(edge.app.metrics.render()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

async fn wrong_method() -> Response<Body> {
    respond::plain(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n")
}
