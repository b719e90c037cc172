//! What goes out of the UDP sockets: one outbox, for one socket at a time. Datagrams for another socket send what waits
//! first, so their order is kept.

use core::ops::Range;

use relais_turn::{Action, Client, Now, Transport};
use relais_udp::{Mark, Outbox};

use super::{Shard, What};

/// Up to three bytes of padding.
const PADDING: [u8; 3] = [0; 3];

/// The outbox and the socket it is for.
#[derive(Debug, Default)]
pub(super) struct Out {
    via: Option<usize>,
    outbox: Outbox,
}

/// Where the bytes are that an action is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    /// In the inbox, from there on; not copied.
    Inbox { start: usize },
    /// In a stream's buffer; copied.
    Bytes(&'a [u8]),
}

impl Shard {
    /// Does what the core says about a datagram.
    pub(super) fn act(&mut self, now: Now, action: Action, body: Body<'_>) {
        match action {
            Action::Nothing => {}
            Action::ToPeer { relay, peer, payload, dont_fragment } => {
                let Some(via) = self.relays.get(&relay).copied() else { return };
                let mark = Mark { dont_fragment, ..Mark::default() };
                self.send_udp(via, (peer, mark), (&[], body, payload, 0));
            }
            Action::ToClient { client, prefix, payload, pad } => {
                let pad = usize::from(pad);
                match self.port_of(&client) {
                    Some(via) => {
                        self.send_udp(via, (client.remote, Mark::default()), (&prefix, body, payload, pad));
                    }
                    None => self.send_frame(now, &client, (&prefix, body, payload, pad)),
                }
            }
            // This shell has no peer in its own process.
            Action::ToSink { .. } => self.stats.refused += 1,
        }
    }

    /// The UDP port that a client came to; `None` for one that came by a stream.
    pub(super) fn port_of(&self, client: &Client) -> Option<usize> {
        if client.transport != Transport::Udp {
            return None;
        }
        self.ports.iter().find(|(local, _)| *local == client.local).map(|(_, key)| *key)
    }

    /// Puts a datagram of head, payload and padding in the outbox.
    pub(super) fn send_udp(
        &mut self,
        via: usize,
        (to, mark): (std::net::SocketAddr, Mark),
        (head, body, payload, pad): (&[u8], Body<'_>, Range<usize>, usize),
    ) {
        if self.out.via != Some(via) {
            self.flush_out();
            self.out.via = Some(via);
        }
        let padding = PADDING.get(..pad).unwrap_or_default();
        let put = |outbox: &mut Outbox| match body {
            Body::Inbox { start } => {
                outbox.push(to, mark, head, start + payload.start..start + payload.end, padding)
            }
            Body::Bytes(bytes) => {
                let payload = bytes.get(payload.clone()).unwrap_or_default();
                if padding.is_empty() {
                    outbox.push(to, mark, head, 0..0, payload)
                } else {
                    outbox.push(to, mark, head, 0..0, &[payload, padding].concat())
                }
            }
        };
        if put(&mut self.out.outbox).is_ok() {
            return;
        }
        self.flush_out();
        self.out.via = Some(via);
        if put(&mut self.out.outbox).is_err() {
            self.stats.refused += 1;
        }
    }

    /// Sends what waits.
    pub(super) fn flush_out(&mut self) {
        let Some(via) = self.out.via.take() else { return };
        let sent = match self.slots.get(via).map(|slot| &slot.what) {
            Some(What::Port(socket) | What::Relay(_, socket)) => {
                socket.send(&mut self.out.outbox, self.inbox.bytes())
            }
            Some(What::Listener(_) | What::Stream(_)) | None => {
                self.out.outbox.clear();
                return;
            }
        };
        self.stats.sent(sent);
    }

    /// Sends what waits, and frees the inbox: nothing refers to it any more.
    pub(super) fn flush(&mut self) {
        self.flush_out();
        self.inbox.clear();
    }
}
