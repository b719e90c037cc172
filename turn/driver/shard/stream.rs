//! One stream of a client: TCP, or TLS over it, told apart by the first byte.
//!
//! Not known here: the core.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use mio::net::TcpStream;
use relais_turn::wire::Framer;
use relais_turn::{Client, Transport};
use rustls::ServerConnection;

use crate::limits::{READ_BYTES, SEALED_BYTES};
use crate::queue::Queue;

/// First byte of a TLS record with a handshake.
const HANDSHAKE: u8 = 22;

/// Why a stream is closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    /// Neither TLS nor STUN, or TLS where there is no certificate.
    #[error("the first byte is of no protocol spoken here")]
    FirstByte,
    /// TLS did not come about, or broke.
    #[error("TLS failed")]
    Tls,
    /// The client has gone.
    #[error("the client has gone")]
    Gone,
}

#[derive(Debug)]
enum Phase {
    Fresh,
    Plain,
    Tls(Box<ServerConnection>),
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    phase: Phase,
    /// Its 5-tuple; the transport is right once the first byte has come.
    pub(super) client: Client,
    pub(super) framer: Framer,
    pub(super) queue: Queue,
    /// Whether it has an allocation.
    pub(super) opened: bool,
    /// When it came, or lost its last allocation; monotonic milliseconds.
    pub(super) since: u64,
    /// Since when a frame is half received.
    pub(super) half_since: Option<u64>,
    /// To be closed once what waits was tried.
    pub(super) closing: bool,
    /// Whether it already waits to be written.
    pub(super) dirty: bool,
    /// Dropped frames of the queue that are counted already.
    pub(super) counted: u64,
}

impl Stream {
    pub(super) fn new(socket: TcpStream, client: Client, framer: Framer, now: u64) -> Self {
        Self {
            socket,
            phase: Phase::Fresh,
            client,
            framer,
            queue: Queue::default(),
            opened: false,
            since: now,
            half_since: None,
            closing: false,
            dirty: false,
            counted: 0,
        }
    }

    pub(super) const fn socket_mut(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Whether the first byte has come, so that [`Self::client`] is its true name.
    pub(super) const fn is_known(&self) -> bool {
        !matches!(self.phase, Phase::Fresh)
    }

    /// Reads once and feeds the framer; `false` where nothing waits. `buffer` is room to read into.
    pub(super) fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        tls: Option<&Arc<rustls::ServerConfig>>,
    ) -> Result<bool, StreamError> {
        buffer.resize(READ_BYTES, 0);
        let count = match self.socket.read(buffer) {
            Ok(0) => return Err(StreamError::Gone),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            Err(_) => return Err(StreamError::Gone),
        };
        let chunk = buffer.get(..count).unwrap_or_default();
        if !self.is_known() {
            self.decide(chunk, tls)?;
        }
        match &mut self.phase {
            Phase::Fresh => Err(StreamError::FirstByte),
            Phase::Plain => {
                self.framer.feed(chunk);
                Ok(true)
            }
            Phase::Tls(connection) => open_records(connection, chunk, &mut self.framer).map(|()| true),
        }
    }

    fn decide(&mut self, chunk: &[u8], tls: Option<&Arc<rustls::ServerConfig>>) -> Result<(), StreamError> {
        match (chunk.first(), tls) {
            // STUN comes first on a plain stream: channels are bound later.
            (Some(0..=3), _) => {
                self.phase = Phase::Plain;
                self.client.transport = Transport::Tcp;
                Ok(())
            }
            (Some(&HANDSHAKE), Some(config)) => {
                let mut connection =
                    ServerConnection::new(Arc::clone(config)).map_err(|_| StreamError::Tls)?;
                connection.set_buffer_limit(Some(SEALED_BYTES));
                self.phase = Phase::Tls(Box::new(connection));
                self.client.transport = Transport::Tls;
                Ok(())
            }
            _ => Err(StreamError::FirstByte),
        }
    }

    /// Writes what waits, as far as the socket takes it.
    pub(super) fn write(&mut self, now: u64) -> Result<(), StreamError> {
        self.queue.drop_old(now);
        match &mut self.phase {
            Phase::Fresh => Ok(()),
            Phase::Plain => {
                while !self.queue.is_empty() {
                    let pieces = self.queue.pieces();
                    match written(self.socket.write_vectored(&pieces))? {
                        Some(count) => self.queue.written(count),
                        None => return Ok(()),
                    }
                }
                Ok(())
            }
            Phase::Tls(connection) => loop {
                while connection.wants_write() {
                    if written(connection.write_tls(&mut self.socket))?.is_none() {
                        return Ok(());
                    }
                }
                if self.queue.is_empty() || connection.is_handshaking() {
                    return Ok(());
                }
                // A record for each frame: coturn's clients take what one record holds for one frame.
                let mut sealed = 0;
                while let Some(frame) = self.queue.first().filter(|_| sealed < SEALED_BYTES) {
                    let Some(count) = written(connection.writer().write(frame))? else { break };
                    self.queue.written(count);
                    sealed += count;
                }
            },
        }
    }

    /// Says goodbye where the protocol has a word for it; what does not go out at once is not waited for.
    pub(super) fn say_goodbye(&mut self) {
        if let Phase::Tls(connection) = &mut self.phase {
            connection.send_close_notify();
            drop(connection.write_tls(&mut self.socket));
        }
    }
}

/// The bytes that were written; `None` where the socket takes no more.
fn written(result: io::Result<usize>) -> Result<Option<usize>, StreamError> {
    match result {
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count)),
        Err(error) if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) => Ok(None),
        Err(_) => Err(StreamError::Gone),
    }
}

/// Opens the records of what was read and feeds the framer.
fn open_records(
    connection: &mut ServerConnection,
    mut chunk: &[u8],
    framer: &mut Framer,
) -> Result<(), StreamError> {
    let mut plain = [0; READ_BYTES];
    while !chunk.is_empty() {
        if connection.read_tls(&mut chunk).map_err(|_| StreamError::Tls)? == 0 {
            return Err(StreamError::Tls);
        }
        let state = connection.process_new_packets().map_err(|_| StreamError::Tls)?;
        let mut left = state.plaintext_bytes_to_read();
        while left > 0 {
            let count = connection.reader().read(&mut plain).map_err(|_| StreamError::Gone)?;
            if count == 0 {
                return Err(StreamError::Gone);
            }
            framer.feed(plain.get(..count).unwrap_or_default());
            left = left.saturating_sub(count);
        }
        if state.peer_has_closed() {
            return Err(StreamError::Gone);
        }
    }
    Ok(())
}
