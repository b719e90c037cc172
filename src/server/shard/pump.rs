//! The task of one WebSocket: frames in to the core, frames out from its queue, and the end.
//!
//! Reading and writing are one future without locks or channels. Payloads are copied out of the read buffer in
//! their own length, because a view would keep the whole buffer alive.
//!
//! Not known here: what a frame says.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _, ready};
use relais_hub::Input;
use relais_wire::CloseCode;
use relais_wire::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Shard, Slot};
use crate::logs::LogId;
use crate::services;

/// Bytes of the read buffer of a connection: 4 KiB hold several ordinary frames and cost 6 KB per connection in
/// all; the library's default costs 137 KB.
const READ_BUFFER: usize = 4 * 1024;

/// Bytes that may wait in the library's write buffer; the core hands over far less.
const WRITE_BUFFER_MAX: usize = 256 * 1024;

/// Frames taken from one connection before the others get their turn.
const FRAMES_PER_TURN: usize = 32;

/// Time for what is queued and the closing handshake once a connection ends.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// Bytes read and thrown away while waiting for a peer that was refused to take its close frame.
const DISCARD_MAX: usize = 256 * 1024;

/// The WebSocket of a connection.
type Socket<S> = WebSocketStream<S>;

/// Takes over a connection after the HTTP upgrade; `leftover` is what was read beyond it.
pub(crate) async fn run_socket<S>(shard: Rc<Shard>, slot: Rc<Slot>, stream: S, leftover: Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let ws = WebSocketStream::from_partially_read(stream, leftover, Role::Server, Some(config)).await;
    let mut pump = Pump { shard: Rc::clone(&shard), slot: Rc::clone(&slot), ws, unreported: 0 };
    let ended = core::future::poll_fn(|cx| pump.poll(cx)).await;
    // Unless the core has ended it, it is told; either way the connection is forgotten.
    if shard.forget(slot.conn).is_some() {
        shard.input(Input::Closed { conn: slot.conn });
    }
    if let Some(who) = slot.who() {
        let session = LogId::of(who.session.as_bytes());
        tracing::debug!(shard = shard.index, %session, code = ended.code(), "a session's socket ended");
        services::disconnected(&shard.edge.app, &who).await;
    }
    let (code, retry_after_ms) = match ended {
        Ended::Gone => return,
        Ended::Close(code, retry_after_ms) => (code, retry_after_ms),
    };
    shard.edge.app.metrics.close(code);
    // A peer that does not even take its close frame in time is dropped without it.
    drop(tokio::time::timeout(CLOSE_GRACE, say_goodbye(&mut pump, code, retry_after_ms)).await);
}

enum Ended {
    /// The peer went, or the transport broke.
    Gone,
    /// The server ends it.
    Close(CloseCode, Option<u64>),
}

impl Ended {
    /// The close code; nothing for a peer that went by itself.
    fn code(&self) -> Option<u16> {
        match self {
            Self::Gone => None,
            Self::Close(code, _) => Some(code.code()),
        }
    }
}

struct Pump<S> {
    shard: Rc<Shard>,
    slot: Rc<Slot>,
    ws: Socket<S>,
    /// Bytes handed to the library of which the core has not heard yet.
    unreported: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        self.slot.watch(cx.waker());
        for _ in 0..FRAMES_PER_TURN {
            if self.write(cx).is_err() {
                return Poll::Ready(Ended::Gone);
            }
            if let Some((code, retry_after_ms)) = self.slot.end() {
                return Poll::Ready(Ended::Close(code, retry_after_ms));
            }
            match ready!(self.ws.poll_next_unpin(cx)) {
                Some(Ok(Message::Binary(payload))) => self.frame(&payload),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Text(_))) => return Poll::Ready(Ended::Close(CloseCode::Malformed, None)),
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ended::Gone),
                Some(Err(error)) => return Poll::Ready(refused(&error)),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn frame(&self, payload: &Bytes) {
        self.shard.edge.app.metrics.frame_in(payload.len());
        let bytes = Bytes::copy_from_slice(payload);
        self.shard.input(Input::Frame { conn: self.slot.conn, bytes });
    }

    /// Hands queued frames to the transport and tells the core what it took, until there is no more or no room.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        loop {
            while self.ws.poll_ready_unpin(cx)?.is_ready() {
                let Some((header, body)) = self.slot.next() else { break };
                let mut frame = BytesMut::with_capacity(header.len() + body.len());
                frame.extend_from_slice(&header);
                frame.extend_from_slice(&body);
                self.shard.edge.app.metrics.frame_out(frame.len());
                self.unreported += frame.len();
                self.ws.start_send_unpin(Message::Binary(frame.freeze()))?;
            }
            if self.ws.poll_flush_unpin(cx)?.is_pending() || self.unreported == 0 {
                return Ok(());
            }
            let bytes = core::mem::take(&mut self.unreported);
            // May queue the next frames: around again.
            self.shard.input(Input::Written { conn: self.slot.conn, bytes });
        }
    }
}

fn refused(error: &Error) -> Ended {
    match error {
        Error::Capacity(_) => Ended::Close(CloseCode::TooLarge, None),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ended::Gone,
        Error::Protocol(_)
        | Error::WriteBufferFull(_)
        | Error::Utf8(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => Ended::Close(CloseCode::Malformed, None),
    }
}

/// Sends what is queued and the close frame, then waits for the peer's: closing a socket with unread bytes would
/// reset it, and the peer might never see the code.
async fn say_goodbye<S>(pump: &mut Pump<S>, code: CloseCode, retry_after_ms: Option<u64>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some((header, body)) = pump.slot.next() {
        let frame = Bytes::from([&header, body.as_ref()].concat());
        if pump.ws.feed(Message::Binary(frame)).await.is_err() {
            return;
        }
    }
    debug_assert!(pump.slot.idle(), "nothing is queued for a connection that the core has forgotten");
    let reason = retry_after_ms.map_or_else(String::new, |ms| ms.to_string());
    let close = CloseFrame { code: code.code().into(), reason: reason.into() };
    if pump.ws.close(Some(close)).await.is_err() {
        return;
    }
    let stream = pump.ws.get_mut();
    let mut scratch = [0_u8; 1024];
    let mut discarded = 0;
    while discarded < DISCARD_MAX {
        match stream.read(&mut scratch).await {
            Ok(0) | Err(_) => break,
            Ok(read) => discarded += read,
        }
        // The peer's close frame is the last thing it sends; it then waits for the end of the stream.
        if discarded > 0 && stream.shutdown().await.is_err() {
            break;
        }
    }
}
