//! Responses without a body worth mentioning, and the headers every response carries.
//!
//! Not known here: routes.

use axum::body::Body;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};
use relais_wire::{ErrorCode, Refusal, Reply, encode_reply};

/// A line of text.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The server is starting, stopping or over its bound.
pub(super) fn unavailable() -> Response<Body> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "come back later\n");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// Nothing this server answers is a page that may load, frame, cache or sniff anything, unless it says so itself.
pub(super) fn secure(response: &mut Response<Body>, tls: bool) {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// A reply or refusal as a frame.
pub(super) fn frame(kind: u16, id: u64, answer: &Result<Reply, Refusal>) -> Response<Body> {
    let mut response = Response::new(Body::from(encode_reply(kind, id, answer)));
    *response.status_mut() = status(answer);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/msgpack"));
    response
}

/// JSON text.
pub(super) fn json(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The HTTP status that says most nearly what the answer says.
pub(super) fn status(answer: &Result<Reply, Refusal>) -> StatusCode {
    let Err(refusal) = answer else { return StatusCode::OK };
    match refusal.code {
        ErrorCode::Malformed | ErrorCode::UnknownType => StatusCode::BAD_REQUEST,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Unauthenticated
        | ErrorCode::SessionExpired
        | ErrorCode::Revoked
        | ErrorCode::WrongCredentials
        | ErrorCode::CodeWrong
        | ErrorCode::CodeExpired => StatusCode::UNAUTHORIZED,
        ErrorCode::TooManyTries | ErrorCode::Throttled | ErrorCode::CoolingDown => {
            StatusCode::TOO_MANY_REQUESTS
        }
        ErrorCode::Forbidden | ErrorCode::InviteNeeded | ErrorCode::InviteInvalid => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict
        | ErrorCode::Stale
        | ErrorCode::Closed
        | ErrorCode::IdempotencyMismatch
        | ErrorCode::AnsweredElsewhere
        | ErrorCode::CallOver
        | ErrorCode::InAnotherCall
        | ErrorCode::CallUnderWay
        | ErrorCode::NobodyToRing => StatusCode::CONFLICT,
        ErrorCode::ChainRefused
        | ErrorCode::LimitReached
        | ErrorCode::BoxMissing
        | ErrorCode::ContentMismatch
        | ErrorCode::Unknown(_) => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Overloaded | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::NotSupported => StatusCode::NOT_IMPLEMENTED,
    }
}
