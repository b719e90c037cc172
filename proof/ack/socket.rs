//! One socket of a measurement: signs on with a session's key, sends what is due, one message at a time, and takes
//! the time of each acknowledgement.
//!
//! Not known here: what is in a message.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use relais_client::core::Credentials;
use relais_wire::control::{Cursor, Hello, HelloSession, Pong};
use relais_wire::frame::{Class, Frame};
use relais_wire::limits::FRAME_BYTES_MAX;
use relais_wire::streams::FollowPersonal;
use relais_wire::{Bin, Control, Request, SUBPROTOCOL, Seq, decode_reply};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;

use super::pace::Beats;
use crate::clock;

/// Request id of the first message; those below belong to signing on.
pub(super) const FIRST_ID: u64 = 10;

/// Time for an acknowledgement after which the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time for the pushes of the last messages after the last acknowledgement.
const LAST_PUSHES: Duration = Duration::from_millis(300);

/// A message, and when it is due after the beginning.
pub(super) struct Due {
    pub(super) after: Duration,
    /// Whether it counts, or only warms up.
    pub(super) counts: bool,
    pub(super) frame: Vec<u8>,
}

/// What one socket measured, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// From when a message was due to its acknowledgement.
    pub(super) due_us: Vec<u64>,
    /// From when it was sent.
    pub(super) sent_us: Vec<u64>,
    /// Messages that were refused.
    pub(super) refused: usize,
    /// Entries of others that arrived.
    pub(super) pushed: usize,
}

impl Measured {
    pub(super) fn add(&mut self, other: Self) {
        self.due_us.extend(other.due_us);
        self.sent_us.extend(other.sent_us);
        self.refused += other.refused;
        self.pushed += other.pushed;
    }
}

/// A socket that is live.
pub(super) struct Socket {
    ws: WebSocketStream<TcpStream>,
    applied: Seq,
    measured: Measured,
}

/// What arrived.
enum Arrived {
    /// The answer to a request: whether it was granted.
    Answer(bool),
    /// Anything else, which was seen to.
    Other,
}

impl Socket {
    /// Connects and follows the personal stream from its head.
    pub(super) async fn open(address: SocketAddr, credentials: &Credentials) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut ask = format!("ws://{address}/ws").into_client_request()?;
        ask.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        let (ws, _) = tokio_tungstenite::client_async(ask, stream).await.context("the handshake")?;
        let mut socket = Self { ws, applied: Seq::ZERO, measured: Measured::default() };
        let Control::Greeting(greeting) = socket.control().await? else { bail!("no greeting") };
        let mut hello = HelloSession {
            session: credentials.session,
            kid: credentials.kid,
            proof: Bin::default(),
            ticket: credentials.ticket.clone().map(Bin),
            org: None,
            personal: None,
        };
        credentials.prove_hello(greeting.nonce.as_slice(), &mut hello);
        socket.send(Control::from(Hello { session: Some(hello) }).encode()).await?;
        let Control::Welcome(welcome) = socket.control().await? else { bail!("not welcome") };
        socket.applied = welcome.personal_head.context("a session has a personal stream")?;
        let cursor = Cursor { epoch: welcome.epoch, seq: socket.applied };
        socket.send(Request::FollowPersonal(FollowPersonal { cursor }).encode(1)).await?;
        loop {
            let bytes = socket.next().await?;
            if let Arrived::Answer(granted) = socket.take(&bytes).await? {
                ensure!(granted, "the stream cannot be followed");
                return Ok(socket);
            }
        }
    }

    /// Sends what is due, in order, one at a time: the next whenever its beat has come.
    pub(super) async fn run(mut self, start: Instant, dues: Vec<Due>, mut beats: Beats) -> Result<Measured> {
        for Due { after, counts, frame } in dues {
            let due = start + after;
            self.idle_until_beat(&mut beats).await?;
            let sent = clock::now();
            self.send(frame).await?;
            let granted = tokio::time::timeout(PATIENCE, self.answer()).await.context("no answer")??;
            let now = clock::now();
            if !granted {
                self.measured.refused += 1;
            } else if counts {
                let us =
                    |since: Instant| u64::try_from(now.duration_since(since).as_micros()).unwrap_or(u64::MAX);
                self.measured.due_us.push(us(due));
                self.measured.sent_us.push(us(sent));
            }
        }
        self.idle_until(clock::now() + LAST_PUSHES).await?;
        self.ws.close(None).await.context("closing")?;
        Ok(self.measured)
    }

    /// Takes what arrives until the next message is due.
    async fn idle_until_beat(&mut self, beats: &mut Beats) -> Result<()> {
        loop {
            tokio::select! {
                biased;
                beat = beats.next() => return beat.context("fewer beats than messages"),
                bytes = self.next() => {
                    self.take(&bytes?).await?;
                }
            }
        }
    }

    /// Takes what arrives until a time.
    async fn idle_until(&mut self, until: Instant) -> Result<()> {
        while let Ok(bytes) = tokio::time::timeout_at(until.into(), self.next()).await {
            self.take(&bytes?).await?;
        }
        Ok(())
    }

    async fn answer(&mut self) -> Result<bool> {
        loop {
            let bytes = self.next().await?;
            if let Arrived::Answer(granted) = self.take(&bytes).await? {
                return Ok(granted);
            }
        }
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<Arrived> {
        let frame = Frame::parse(bytes, FRAME_BYTES_MAX)?;
        match frame.header.class {
            Class::Reply => return Ok(Arrived::Answer(decode_reply(&frame)?.is_ok())),
            Class::Event if frame.header.stream.is_some() => {
                self.applied = Seq::new(frame.header.id)?;
                self.measured.pushed += 1;
            }
            Class::Control => {
                if let Control::Ping(_) = Control::decode(frame.header.kind, frame.body)? {
                    let pong = Pong { org: None, personal: self.applied };
                    self.send(Control::from(pong).encode()).await?;
                }
            }
            Class::Event | Class::Request => {}
        }
        Ok(Arrived::Other)
    }

    async fn control(&mut self) -> Result<Control> {
        let bytes = self.next().await?;
        let frame = Frame::parse(&bytes, FRAME_BYTES_MAX)?;
        ensure!(frame.header.class == Class::Control, "not a control message");
        Ok(Control::decode(frame.header.kind, frame.body)?)
    }

    async fn next(&mut self) -> Result<bytes::Bytes> {
        loop {
            match self.ws.next().await.context("the server closed the connection")?? {
                Message::Binary(bytes) => return Ok(bytes),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn send(&mut self, frame: Vec<u8>) -> Result<()> {
        self.ws.send(Message::Binary(frame.into())).await.context("sending")
    }
}
