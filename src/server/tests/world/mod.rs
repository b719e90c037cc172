//! A server in this process on a free loopback port, and clients that speak raw frames to it.

#![expect(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod person;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use relais_server::config::Config;
use relais_server::serve::Server;
use relais_wire::control::{Greeting, Hello, Welcome};
use relais_wire::frame::{Class, Frame, HEADER_LEN, Header, encode_frame};
use relais_wire::{CloseCode, Control, Refusal, Reply, SUBPROTOCOL, decode_reply};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Nothing a test waits for takes this long; it only turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server and its folder.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
}

impl World {
    /// A demonstration server with further lines of configuration, as `key = value` by full name.
    pub(crate) async fn start(options: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = start(dir.path(), options).await;
        Self { dir, server }
    }

    /// A server on a folder that was used before.
    pub(crate) async fn on(dir: TempDir, options: &[(&str, &str)]) -> Self {
        let server = start(dir.path(), options).await;
        Self { dir, server }
    }

    /// Stops it and starts it again on the same folder.
    pub(crate) async fn restart(self, options: &[(&str, &str)]) -> Self {
        assert!(self.server.stop().await, "everybody had gone in time");
        let server = start(self.dir.path(), options).await;
        Self { server, dir: self.dir }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// A WebSocket that has read the greeting.
    pub(crate) async fn greeted(&self) -> (Client, Greeting) {
        let mut client = Client::connect(self.address()).await.unwrap();
        let Control::Greeting(greeting) = client.control().await else { panic!("the server speaks first") };
        (client, greeting)
    }

    /// A WebSocket without a session, ready for public requests.
    pub(crate) async fn guest(&self) -> (Client, Welcome) {
        let (mut client, _) = self.greeted().await;
        client.say(&Hello { session: None }.into()).await;
        let Control::Welcome(welcome) = client.control().await else { panic!("a guest is welcomed") };
        (client, welcome)
    }

    /// Moves server time forward.
    pub(crate) fn pass(&self, ms: i64) {
        assert!(self.server.app().clock.set_offset(ms));
    }

    /// The metrics, or nothing when they are not shown.
    pub(crate) async fn metrics(&self) -> String {
        reqwest::get(self.url("/metrics")).await.unwrap().text().await.unwrap()
    }
}

async fn start(dir: &Path, options: &[(&str, &str)]) -> Server {
    Server::start(config(dir, options)).await.unwrap()
}

/// The configuration of a world in a folder.
pub(crate) fn config(dir: &Path, options: &[(&str, &str)]) -> Config {
    // Another test of this process may have done it.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let mut lines = vec![
        ("server.listen", "\"127.0.0.1:0\"".to_owned()),
        ("server.origin", "\"http://relais.test\"".to_owned()),
        ("server.demo", "true".to_owned()),
        ("server.shards", "2".to_owned()),
        ("limits.drain_ms", "0".to_owned()),
        ("data.dir", format!("{:?}", dir.join("data"))),
        ("data.keys_dir", format!("{:?}", dir.join("keys"))),
    ];
    for (key, value) in options {
        lines.retain(|(known, _)| known != key);
        lines.push((key, (*value).to_owned()));
    }
    let mut text = String::new();
    for (key, value) in lines {
        writeln!(text, "{key} = {value}").unwrap();
    }
    Config::read(&text, &[]).unwrap()
}

/// What a server ended a connection with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A close frame: code and reason.
    Closed(CloseCode, String),
    /// No close frame.
    Cut,
}

/// A client of raw frames.
pub(crate) struct Client {
    pub(crate) ws: WebSocketStream<TcpStream>,
    next: u64,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Error> {
        Self::on(TcpStream::connect(address).await?).await
    }

    pub(crate) async fn on(stream: TcpStream) -> Result<Self, Error> {
        let (ws, _) = Self::upgrade(stream, Some(SUBPROTOCOL)).await?;
        Ok(Self { ws, next: 0 })
    }

    pub(crate) async fn upgrade(
        stream: TcpStream,
        subprotocol: Option<&str>,
    ) -> Result<(WebSocketStream<TcpStream>, Response), Error> {
        let mut request = "ws://relais.test/ws".into_client_request()?;
        if let Some(name) = subprotocol {
            request.headers_mut().insert("sec-websocket-protocol", name.parse().unwrap());
        }
        tokio_tungstenite::client_async(request, stream).await
    }

    pub(crate) async fn send(&mut self, bytes: Vec<u8>) {
        self.ws.send(Message::Binary(bytes.into())).await.unwrap();
    }

    pub(crate) async fn say(&mut self, control: &Control) {
        self.send(control.encode()).await;
    }

    /// Sends a request with a body of its own making, and returns its id.
    pub(crate) async fn ask(&mut self, kind: u16, body: &[u8]) -> u64 {
        self.next += 1;
        self.send(encode_frame(&Header::new(Class::Request, kind, self.next), body)).await;
        self.next
    }

    /// The next message.
    pub(crate) async fn frame(&mut self) -> (Header, Vec<u8>) {
        loop {
            let message = timeout(PATIENCE, self.ws.next()).await.expect("a frame in time");
            match message.expect("the connection is open").expect("the connection works") {
                Message::Binary(bytes) => {
                    let frame = Frame::parse(&bytes, 1 << 20).unwrap();
                    return (frame.header, frame.body.to_vec());
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other @ (Message::Text(_) | Message::Close(_) | Message::Frame(_)) => {
                    panic!("not a frame: {other:?}")
                }
            }
        }
    }

    pub(crate) async fn control(&mut self) -> Control {
        let (header, body) = self.frame().await;
        assert_eq!(header.class, Class::Control);
        Control::decode(header.kind, &body).unwrap()
    }

    /// The next reply, past whatever else comes.
    pub(crate) async fn reply(&mut self) -> (u64, Result<Reply, Refusal>) {
        loop {
            let (header, body) = self.frame().await;
            if header.class == Class::Reply {
                let frame = Frame { header, body: &body };
                return (header.id, decode_reply(&frame).unwrap());
            }
        }
    }

    /// Waits for the end, past whatever else comes.
    pub(crate) async fn end(mut self) -> End {
        loop {
            match timeout(PATIENCE, self.ws.next()).await.expect("an end in time") {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return End::Closed(CloseCode::from_code(frame.code.into()), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return End::Cut,
                Some(Ok(_)) => {}
            }
        }
    }
}

/// The 20 bytes of a header with one byte replaced.
pub(crate) fn bent_header(header: &Header, at: usize, value: u8) -> Vec<u8> {
    let mut bytes = encode_frame(header, &[]);
    assert!(at < HEADER_LEN);
    bytes[at] = value;
    bytes
}
