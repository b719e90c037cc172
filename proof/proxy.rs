//! A man in the middle of a client and a server: every Relais frame passes through a [`Meddler`], which may
//! record, change, drop, repeat or invent frames. WebSocket and `POST /api/v1/rpc` are taken apart; everything
//! else is forwarded as it is.
//!
//! Not known here: what a frame means.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::task;

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the client.
    Up,
    /// From the server.
    Down,
}

/// What carried a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// A WebSocket message.
    Socket,
    /// The body of an HTTP request or response.
    Rpc,
}

/// One WebSocket connection or one HTTP exchange: which answer is whose is only known within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// What it is.
    pub carrier: Carrier,
    /// No other of this proxy has it.
    pub number: u64,
}

/// Sees every frame and says what goes on in its place.
pub trait Meddler: Send + 'static {
    /// The frames that go on instead of `frame`: itself, changed, several, or none. On the HTTP carrier
    /// exactly the first one is used; none becomes an empty body.
    fn pass(&mut self, way: Way, link: Link, frame: &[u8]) -> Vec<Vec<u8>>;

    /// Sees the bytes of an HTTP message that is not an rpc (head left out).
    fn other(&mut self, _way: Way, _body: &[u8]) {}

    /// The bytes of a file that go on instead of these.
    fn file(&mut self, _way: Way, body: Bytes) -> Bytes {
        body
    }
}

/// The shared handle of a meddler.
pub type Shared = Arc<Mutex<dyn Meddler>>;

/// A running proxy; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts one on a free loopback port.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(upstream: SocketAddr, meddler: Shared) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("a port for the proxy")?;
        let address = listener.local_addr()?;
        let accepting = task::spawn("proxy", accept(listener, upstream, meddler));
        Ok(Self { address, accepting })
    }

    /// Where clients connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, meddler: Shared) {
    let count = Arc::new(AtomicU64::new(0));
    while let Ok((stream, _)) = listener.accept().await {
        let (meddler, count) = (Arc::clone(&meddler), Arc::clone(&count));
        task::spawn("proxy connection", async move {
            let service = service_fn(move |request| {
                let meddler = Arc::clone(&meddler);
                let number = count.fetch_add(1, Ordering::Relaxed);
                async move {
                    Ok::<_, std::convert::Infallible>(answer(request, upstream, (number, meddler)).await)
                }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
            if let Err(error) = served {
                tracing::trace!(%error, "a proxied connection ended");
            }
        });
    }
}

/// A meddler, and the number of the request that it sees.
type Numbered = (u64, Shared);

async fn answer(
    request: Request<Incoming>,
    upstream: SocketAddr,
    meddler: Numbered,
) -> Response<Full<Bytes>> {
    let result = if request.headers().contains_key(UPGRADE) {
        upgrade(request, upstream, meddler).await
    } else {
        forward(request, upstream, meddler).await
    };
    result.unwrap_or_else(|error| {
        tracing::trace!(%error, "upstream does not answer");
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    })
}

/// Forwards one HTTP exchange, its rpc frames through the meddler.
async fn forward(
    request: Request<Incoming>,
    upstream: SocketAddr,
    meddler: Numbered,
) -> Result<Response<Full<Bytes>>> {
    let what = match request.uri().path() {
        "/api/v1/rpc" => Body::Rpc,
        path if path.starts_with("/api/v1/files/") => Body::File,
        _ => Body::Other,
    };
    let (parts, body) = request.into_parts();
    let body = meddle(&meddler, Way::Up, what, body.collect().await?.to_bytes()).await;
    let mut ask = Request::new(Full::new(body));
    *ask.method_mut() = parts.method;
    *ask.uri_mut() = parts.uri;
    *ask.headers_mut() = parts.headers;
    ask.headers_mut().remove(hyper::header::CONTENT_LENGTH);
    ask.headers_mut().remove(hyper::header::TRANSFER_ENCODING);

    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    task::spawn("proxy upstream", async move {
        if let Err(error) = connection.await {
            tracing::trace!(%error, "an upstream connection ended");
        }
    });
    let (mut parts, body) = sender.send_request(ask).await?.into_parts();
    let body = meddle(&meddler, Way::Down, what, body.collect().await?.to_bytes()).await;
    parts.headers.remove(hyper::header::CONTENT_LENGTH);
    parts.headers.remove(hyper::header::TRANSFER_ENCODING);
    Ok(Response::from_parts(parts, Full::new(body)))
}

/// What an HTTP message carries.
#[derive(Clone, Copy)]
enum Body {
    Rpc,
    File,
    Other,
}

async fn meddle((number, meddler): &Numbered, way: Way, what: Body, body: Bytes) -> Bytes {
    let mut meddler = meddler.lock().await;
    let link = Link { carrier: Carrier::Rpc, number: *number };
    match what {
        Body::Rpc => meddler.pass(way, link, &body).into_iter().next().unwrap_or_default().into(),
        Body::File => {
            meddler.other(way, &body);
            meddler.file(way, body)
        }
        Body::Other => {
            meddler.other(way, &body);
            body
        }
    }
}

/// Accepts the client's WebSocket, opens one upstream, and carries messages between them.
async fn upgrade(
    mut request: Request<Incoming>,
    upstream: SocketAddr,
    meddler: Numbered,
) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path_and_query().map_or("/ws", |path| path.as_str()).to_owned();
    let mut ask = format!("ws://{upstream}{path}").into_client_request()?;
    for name in [SEC_WEBSOCKET_PROTOCOL, hyper::header::ORIGIN] {
        if let Some(value) = request.headers().get(&name) {
            ask.headers_mut().insert(name, value.clone());
        }
    }
    let stream = TcpStream::connect(upstream).await?;
    let (server, opened) =
        tokio_tungstenite::client_async(ask, stream).await.context("upstream handshake")?;
    let key = request.headers().get(SEC_WEBSOCKET_KEY).context("no websocket key")?;
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()))?;
    response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Some(protocol) = opened.headers().get(SEC_WEBSOCKET_PROTOCOL) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol.clone());
    }
    let upgraded = hyper::upgrade::on(&mut request);
    task::spawn("proxy socket", async move {
        let Ok(upgraded) = upgraded.await else { return };
        let client = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        carry(client, server, meddler).await;
    });
    Ok(response)
}

async fn carry<C, S>(client: WebSocketStream<C>, server: WebSocketStream<S>, meddler: Numbered)
where
    C: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (mut to_client, mut from_client) = client.split();
    let (mut to_server, mut from_server) = server.split();
    loop {
        let carried = tokio::select! {
            message = from_client.next() => pass(message, Way::Up, &meddler, &mut to_server).await,
            message = from_server.next() => pass(message, Way::Down, &meddler, &mut to_client).await,
        };
        if !carried {
            break;
        }
    }
    // Either side is gone: whatever fails to close now is closed by being dropped.
    drop((to_client, to_server));
}

/// Carries one message; `false` when the connection is over.
async fn pass(
    message: Option<Result<Message, WsError>>,
    way: Way,
    (number, meddler): &Numbered,
    to: &mut (impl futures_util::Sink<Message, Error = WsError> + Unpin),
) -> bool {
    match message {
        Some(Ok(Message::Binary(frame))) => {
            let link = Link { carrier: Carrier::Socket, number: *number };
            let frames = meddler.lock().await.pass(way, link, &frame);
            for frame in frames {
                if to.send(Message::Binary(frame.into())).await.is_err() {
                    return false;
                }
            }
            true
        }
        Some(Ok(Message::Close(close))) => {
            if let Err(error) = to.send(Message::Close(close)).await {
                tracing::trace!(%error, "the other side had gone");
            }
            false
        }
        Some(Ok(other)) => to.send(other).await.is_ok(),
        Some(Err(_)) | None => false,
    }
}

/// Lets everything pass and keeps a copy, for a search afterwards.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Every frame and body, in order, with what carried it; nothing for what is no rpc.
    pub seen: Vec<(Way, Option<Carrier>, Vec<u8>)>,
}

impl Meddler for Recorder {
    fn pass(&mut self, way: Way, link: Link, frame: &[u8]) -> Vec<Vec<u8>> {
        self.seen.push((way, Some(link.carrier), frame.to_vec()));
        vec![frame.to_vec()]
    }

    fn other(&mut self, way: Way, body: &[u8]) {
        self.seen.push((way, None, body.to_vec()));
    }
}
