//! `GET /ws`: an HTTP connection becomes a WebSocket of this shard.
//!
//! Not known here: frames.

use std::cell::RefCell;
use std::rc::Rc;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use hyper::upgrade::{OnUpgrade, on};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use relais_wire::SUBPROTOCOL;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use super::connection::{Io, Passes};
use super::gate::{Pass, Share};
use super::respond;
use crate::metrics::{Caught, Turned};
use crate::services::ClientKey;
use crate::shard::{Shard, Slot, run_socket};
use crate::task::spawn_local;

/// Bytes the kernel may hold for a slow socket. Its own bound of several megabytes would hide from the core that a
/// client does not read, and cost that much memory for each.
const SEND_BUFFER: usize = 128 * 1024;

/// Answers the upgrade and starts the socket's task. A client must ask for the subprotocol.
pub(super) fn upgrade(
    shard: &Rc<Shard>,
    client: ClientKey,
    mut request: Request<Incoming>,
    passes: &RefCell<Option<Passes>>,
) -> Response<Body> {
    if !shard.edge.is_ready() {
        return respond::unavailable();
    }
    let offers = |value: &HeaderValue| {
        value.to_str().is_ok_and(|list| list.split(',').any(|offer| offer.trim() == SUBPROTOCOL))
    };
    if !request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().any(offers) {
        return respond::plain(StatusCode::BAD_REQUEST, "ask for the subprotocol relais.v1\n");
    }
    let upgraded = on(&mut request);
    let (parts, _) = request.into_parts();
    let Ok(response) = create_response(&Request::from_parts(parts, ())) else {
        return respond::plain(StatusCode::BAD_REQUEST, "not a WebSocket handshake\n");
    };
    let Some(guest) = shard.edge.guests_of.enter(client) else {
        shard.edge.app.metrics.turned(Turned::Full);
        return respond::unavailable();
    };
    // From here on the connection is a socket: it no longer counts as a handshake.
    let Some(Passes { connection, handshake, share }) = passes.borrow_mut().take() else {
        return respond::plain(StatusCode::BAD_REQUEST, "already a WebSocket\n");
    };
    drop((handshake, share));
    let (task, failed) = (Rc::clone(shard), Rc::clone(shard));
    spawn_local(async move { socket(task, (client, guest), upgraded, connection).await }, move || {
        failed.edge.app.metrics.panic(Caught::Connection);
    });
    let mut response = response.map(|()| Body::empty());
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    response
}

async fn socket(
    shard: Rc<Shard>,
    (client, guest): (ClientKey, Share<ClientKey>),
    upgraded: OnUpgrade,
    connection: Pass,
) {
    let Ok(upgraded) = upgraded.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<Io>>() else { return };
    let (stream, leftover) = (parts.io.into_inner(), parts.read_buf.to_vec());
    drop(parts.read_buf);
    if stream.bound_send_buffer(SEND_BUFFER).is_err() {
        return;
    }
    let open = Open::new(&shard);
    let slot = shard.open(|conn| Slot::new(conn, client).of_guest(guest));
    run_socket(Rc::clone(&shard), slot, stream, leftover).await;
    drop((open, connection));
}

/// Counts an open socket for as long as it lives, however its task ends.
struct Open(Rc<Shard>);

impl Open {
    fn new(shard: &Rc<Shard>) -> Self {
        shard.edge.app.metrics.sockets.increment(1.0);
        Self(Rc::clone(shard))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.edge.app.metrics.sockets.decrement(1.0);
    }
}
