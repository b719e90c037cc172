//! The streams of a shard: taken, read through the core, written, closed.

use core::ops::Range;
use std::io::ErrorKind;

use relais_turn::limits::{FRAME_MAX, FRAME_TIMEOUT_MS, UNAUTHENTICATED_FRAME_MAX};
use relais_turn::wire::Framer;
use relais_turn::{Client, Now, Transport};
use socket2::SockRef;

use super::out::Body;
use super::stream::{Stream, StreamError};
use super::{Shard, What};
use crate::limits::{ACCEPTS_A_TURN, NOT_SENT_BYTES, READS_A_TURN, STREAM_SETUP_MS, STREAMS};

impl Shard {
    /// Takes new streams; whether nothing more waits there.
    pub(super) fn accept(&mut self, now: Now, key: usize) -> bool {
        for _ in 0..ACCEPTS_A_TURN {
            let Some(What::Listener(listener)) = self.slots.get(key).map(|slot| &slot.what) else {
                return true;
            };
            match listener.accept() {
                Ok((socket, remote)) => self.take_stream(now, socket, remote),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                // Gone before it was taken; or too many open files, and then the next tick looks again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => {
                    self.stats.streams_refused += 1;
                    return true;
                }
            }
        }
        false
    }

    fn take_stream(&mut self, now: Now, socket: mio::net::TcpStream, remote: std::net::SocketAddr) {
        let Some(local) = socket.local_addr().ok().filter(|_| self.stats.streams < STREAMS as u64) else {
            self.stats.streams_refused += 1;
            return;
        };
        // Where the system does not know these, the stream is only slower.
        drop(socket.set_nodelay(true));
        #[cfg(target_os = "linux")]
        drop(SockRef::from(&socket).set_tcp_notsent_lowat(NOT_SENT_BYTES));
        let client = Client { transport: Transport::Tcp, remote, local };
        let framer = Framer::new(UNAUTHENTICATED_FRAME_MAX);
        match self.insert(What::Stream(Box::new(Stream::new(socket, client, framer, now.ms)))) {
            Ok(key) => {
                self.stats.streams += 1;
                self.stats.streams_taken += 1;
                self.queue(key, false);
            }
            Err(_) => self.stats.streams_refused += 1,
        }
    }

    /// Reads one stream and passes on its frames; whether nothing more waits there.
    pub(super) fn serve_stream(&mut self, now: Now, key: usize) -> bool {
        self.mark_dirty(key);
        for _ in 0..READS_A_TURN {
            let mut buffer = core::mem::take(&mut self.buffer);
            let tls = self.tls.clone();
            let Some(stream) = stream_mut(&mut self.slots, key) else { return true };
            let was_known = stream.is_known();
            let read = stream.read(&mut buffer, tls.as_ref());
            let (known, client) = (stream.is_known(), stream.client);
            self.buffer = buffer;
            if known && !was_known {
                self.clients.insert(client, key);
            }
            // What came with the end is still looked at.
            let whole = self.take_frames(now, key);
            match (read, whole) {
                (Ok(true), true) => {}
                (Ok(false), true) => return true,
                (Err(StreamError::Gone), true) => {
                    self.close(now, key);
                    return true;
                }
                (Err(_), _) | (_, false) => {
                    self.stats.streams_faulty += 1;
                    self.close(now, key);
                    return true;
                }
            }
        }
        false
    }

    /// Passes on the whole frames of a stream; `false` where its framing is broken.
    fn take_frames(&mut self, now: Now, key: usize) -> bool {
        let Some(stream) = stream_mut(&mut self.slots, key) else { return true };
        let client = stream.client;
        let mut framer = core::mem::replace(&mut stream.framer, Framer::new(0));
        let whole = loop {
            let Some(stream) = stream_mut(&mut self.slots, key) else { return true };
            framer.set_max(if stream.opened { FRAME_MAX } else { UNAUTHENTICATED_FRAME_MAX });
            match framer.next_frame() {
                Ok(Some(frame)) => {
                    let action = self.server.from_client(now, client, frame);
                    self.act(now, action, Body::Bytes(frame));
                    self.obey_core(now);
                }
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        if let Some(stream) = stream_mut(&mut self.slots, key) {
            let half = framer.pending() > 0;
            stream.half_since = half.then(|| stream.half_since.unwrap_or(now.ms));
            stream.framer = framer;
        }
        whole
    }

    /// Data for a client that came by a stream.
    pub(super) fn send_frame(
        &mut self,
        now: Now,
        client: &Client,
        (head, body, payload, pad): (&[u8], Body<'_>, Range<usize>, usize),
    ) {
        let Some(key) = self.clients.get(client).copied() else { return };
        let Some(stream) = stream_mut(&mut self.slots, key) else { return };
        let payload = match body {
            Body::Inbox { start } => self.inbox.bytes().get(start + payload.start..start + payload.end),
            Body::Bytes(bytes) => bytes.get(payload),
        };
        let padding = [0; 3];
        let pieces = [head, payload.unwrap_or_default(), padding.get(..pad).unwrap_or_default()];
        stream.closing |= stream.queue.push(now.ms, true, &pieces).is_err();
        self.mark_dirty(key);
    }

    /// An answer of the protocol for such a client.
    pub(super) fn send_answer(&mut self, now: Now, client: &Client, bytes: &[u8]) {
        let Some(key) = self.clients.get(client).copied() else { return };
        let Some(stream) = stream_mut(&mut self.slots, key) else { return };
        stream.closing |= stream.queue.push(now.ms, false, &[bytes]).is_err();
        self.mark_dirty(key);
    }

    fn mark_dirty(&mut self, key: usize) {
        if let Some(stream) = stream_mut(&mut self.slots, key).filter(|stream| !stream.dirty) {
            stream.dirty = true;
            self.dirty.push(key);
        }
    }

    /// Writes to every stream that has something to write, and closes those that are to be closed.
    pub(super) fn write_streams(&mut self, now: Now) {
        for key in core::mem::take(&mut self.dirty) {
            let Some(stream) = stream_mut(&mut self.slots, key) else { continue };
            stream.dirty = false;
            let failed = stream.write(now.ms).is_err();
            let dropped = stream.queue.dropped();
            self.stats.frames_late += dropped - core::mem::replace(&mut stream.counted, dropped);
            if failed || stream.closing {
                self.close(now, key);
            }
        }
    }

    pub(super) fn stream_opened(&mut self, client: &Client) {
        let key = self.clients.get(client).copied();
        if let Some(stream) = key.and_then(|key| stream_mut(&mut self.slots, key)) {
            stream.opened = true;
        }
    }

    pub(super) fn stream_ended(&mut self, now: Now, client: &Client) {
        let key = self.clients.get(client).copied();
        if let Some(stream) = key.and_then(|key| stream_mut(&mut self.slots, key)) {
            stream.opened = false;
            stream.since = now.ms;
        }
    }

    pub(super) fn close_client(&mut self, client: &Client) {
        let Some(key) = self.clients.get(client).copied() else { return };
        if let Some(stream) = stream_mut(&mut self.slots, key) {
            stream.closing = true;
        }
        self.mark_dirty(key);
    }

    /// Closes streams that brought no allocation about, or stopped in the middle of a frame.
    pub(super) fn tick_streams(&mut self, now: Now) {
        let late = |stream: &Stream| {
            let idle = !stream.opened && now.ms.saturating_sub(stream.since) > STREAM_SETUP_MS;
            let half = stream.half_since.is_some_and(|since| now.ms.saturating_sub(since) > FRAME_TIMEOUT_MS);
            idle || half
        };
        let overdue: Vec<usize> = self
            .slots
            .iter()
            .filter_map(|(key, slot)| match &slot.what {
                What::Stream(stream) if late(stream) => Some(key),
                What::Stream(_) | What::Port(_) | What::Listener(_) | What::Relay(..) => None,
            })
            .collect();
        for key in overdue {
            self.stats.streams_faulty += 1;
            self.close(now, key);
        }
    }

    /// Closes a stream, and tells the core.
    fn close(&mut self, now: Now, key: usize) {
        let Some(stream) = stream_mut(&mut self.slots, key) else { return };
        stream.say_goodbye();
        let (client, known) = (stream.client, stream.is_known());
        self.remove(key);
        self.stats.streams -= 1;
        if known {
            self.clients.remove(&client);
            self.server.client_gone(client);
            self.obey_core(now);
        }
    }

    /// Lets a socket go.
    pub(super) fn remove(&mut self, key: usize) {
        let Some(mut slot) = self.slots.try_remove(key) else { return };
        // A closed descriptor leaves the poll by itself; this only makes it sure.
        if let What::Stream(stream) = &mut slot.what {
            drop(self.poll.registry().deregister(stream.socket_mut()));
        }
    }
}

fn stream_mut(slots: &mut slab::Slab<super::Slot>, key: usize) -> Option<&mut Stream> {
    match slots.get_mut(key).map(|slot| &mut slot.what) {
        Some(What::Stream(stream)) => Some(stream),
        Some(What::Port(_) | What::Listener(_) | What::Relay(..)) | None => None,
    }
}
