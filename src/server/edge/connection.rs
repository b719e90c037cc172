//! One TCP connection: TLS, HTTP/1.1 on it, until it ends or becomes a WebSocket.
//!
//! Not known here: routes.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt as _;

use super::gate::{Pass, Share};
use super::{respond, upgrade};
use crate::metrics::Turned;
use crate::services::ClientKey;
use crate::shard::Shard;

/// Bytes of the head of a request: more than any of ours, less than a memory problem.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Header in which proxies name the client.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A connection on its way from the listener to a shard.
pub(crate) struct NewConnection {
    pub(crate) stream: std::net::TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) passes: Passes,
}

/// The room a connection takes up.
pub(crate) struct Passes {
    pub(crate) connection: Pass,
    pub(crate) handshake: Pass,
    /// Its address's share of the handshakes; a proxy that is trusted has none, as everybody comes through it.
    pub(crate) share: Option<Share<ClientKey>>,
}

/// Who is at the other end, as far as a request handler may know.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    /// For throttling.
    pub(crate) client: ClientKey,
    /// The other end of the socket: for the allow list of the metrics only. Never stored or logged.
    pub(crate) address: IpAddr,
    /// Whether a proxy stands between.
    pub(crate) proxied: bool,
}

/// Plain TCP or TLS.
pub(crate) enum Io {
    /// Plain.
    Plain(TcpStream),
    /// TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Io {
    /// Bounds what the kernel holds for the peer.
    pub(crate) fn bound_send_buffer(&self, bytes: usize) -> io::Result<()> {
        let tcp = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        };
        SockRef::from(tcp).set_send_buffer_size(bytes)
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(shard: Rc<Shard>, router: Router, new: NewConnection) {
    let NewConnection { stream, peer, passes } = new;
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let Some(io) = secure(&shard, stream).await else {
        shard.edge.app.metrics.turned(Turned::Tls);
        return;
    };
    let passes = Rc::new(RefCell::new(Some(passes)));
    let service = {
        let shard = Rc::clone(&shard);
        service_fn(move |request| {
            let (shard, router, passes) = (Rc::clone(&shard), router.clone(), Rc::clone(&passes));
            async move { Ok::<_, Infallible>(answer(&shard, router, peer.ip(), request, &passes).await) }
        })
    };
    let mut draining = shard.edge.draining.clone();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shard.edge.limits.handshake)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = Box::pin(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = draining.wait_for(|draining| *draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if ended.is_err() {
        tracing::trace!(shard = shard.index, "an HTTP connection broke");
    }
}

async fn secure(shard: &Shard, stream: TcpStream) -> Option<Io> {
    let Some(tls) = &shard.edge.tls else { return Some(Io::Plain(stream)) };
    let handshake = tokio::time::timeout(shard.edge.limits.handshake, tls.current().accept(stream));
    Some(Io::Tls(Box::new(handshake.await.ok()?.ok()?)))
}

async fn answer(
    shard: &Rc<Shard>,
    router: Router,
    address: IpAddr,
    mut request: Request<Incoming>,
    passes: &RefCell<Option<Passes>>,
) -> Response<Body> {
    let peer = peer(shard, address, &request);
    let mut response = if request.uri().path() == "/ws" {
        upgrade::upgrade(shard, peer.client, request, passes)
    } else {
        request.extensions_mut().insert(peer);
        router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {})
    };
    respond::secure(&mut response, shard.edge.tls.is_some());
    response
}

/// The client behind a trusted proxy is the last address it added; anybody else's header is not believed.
fn peer(shard: &Shard, address: IpAddr, request: &Request<Incoming>) -> Peer {
    let headers = request.headers();
    let proxied = headers.contains_key(FORWARDED_FOR) || headers.contains_key("forwarded");
    let trusted = shard.edge.trusted_proxies.contains(&address.to_canonical());
    let client = forwarded_for(headers).filter(|_| trusted);
    Peer {
        client: shard.edge.client_key(client.unwrap_or(address)),
        address: address.to_canonical(),
        proxied,
    }
}

/// The last address of the last line: whatever stands before it, the client may have written itself, also as a
/// line of its own to which the proxy added another.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next()?.trim().parse().ok()
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use hyper::header::{HeaderMap, HeaderValue};

    use super::{FORWARDED_FOR, forwarded_for};

    #[test]
    fn a_client_is_who_the_proxy_says_last() {
        let named = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
            }
            forwarded_for(&headers)
        };
        let real: Option<IpAddr> = Some([192, 0, 2, 7].into());
        assert_eq!(named(&["192.0.2.7"]), real);
        assert_eq!(named(&["198.51.100.1, 192.0.2.7"]), real);
        assert_eq!(named(&["198.51.100.1", "192.0.2.7"]), real, "a line of the client's own comes first");
        assert_eq!(named(&["192.0.2.7", "nobody"]), None);
        assert_eq!(named(&[]), None);
    }
}
