//! The UDP sockets of a shard: what they receive goes through the core, and what the core says is done.

use std::io::ErrorKind;
use std::net::SocketAddr;

use relais_turn::{BindError, Client, Effect, Now, RelayId, Transport};
use relais_udp::{Mark, Options, Socket};

use super::out::Body;
use super::{Shard, What};
use crate::icmp;
use crate::limits::{ERRORS_A_TURN, FILLS_A_TURN, RELAY_BUFFER};

/// Which side a socket is on.
#[derive(Clone, Copy, Debug)]
enum Side {
    Clients(SocketAddr),
    Peers(RelayId),
}

impl Shard {
    /// Receives from one socket and passes on what came; whether nothing more waits there.
    pub(super) fn serve_socket(&mut self, now: Now, key: usize) -> bool {
        self.serve_errors(now, key);
        for _ in 0..FILLS_A_TURN {
            if self.inbox.free() == 0 {
                self.flush();
            }
            let before = self.inbox.arrivals().len();
            let (side, received) = match self.slots.get(key).map(|slot| &slot.what) {
                Some(What::Port(socket)) => (Side::Clients(socket.local()), socket.receive(&mut self.inbox)),
                Some(What::Relay(id, socket)) => (Side::Peers(*id), socket.receive(&mut self.inbox)),
                Some(What::Listener(_) | What::Stream(_)) | None => return true,
            };
            self.pass_on(now, before, side);
            match received {
                Ok(false) => {}
                Ok(true) => return true,
                Err(_) => {
                    self.stats.socket_errors += 1;
                    return true;
                }
            }
        }
        false
    }

    /// Hands the datagrams from that place in the inbox on to the core.
    fn pass_on(&mut self, now: Now, before: usize, side: Side) {
        let mut at = before;
        while let Some(arrival) = self.inbox.arrivals().get(at).copied() {
            at += 1;
            self.stats.trains_in += 1;
            for range in arrival.datagrams() {
                self.stats.datagrams_in += 1;
                let start = range.start;
                let action = match side {
                    Side::Clients(local) => {
                        let client = Client { transport: Transport::Udp, remote: arrival.from, local };
                        let datagram = self.inbox.bytes().get(range).unwrap_or_default();
                        self.server.from_client(now, client, datagram)
                    }
                    Side::Peers(relay) => self.server.from_peer(now, relay, arrival.from, range.len()),
                };
                self.act(now, action, Body::Inbox { start });
                self.obey_core(now);
            }
        }
    }

    /// Tells the core what ICMP said about what was sent to peers.
    fn serve_errors(&mut self, now: Now, key: usize) {
        let Some(slot) = self.slots.get_mut(key).filter(|slot| slot.errors) else { return };
        slot.errors = false;
        for _ in 0..ERRORS_A_TURN {
            let Some(What::Relay(relay, socket)) = self.slots.get(key).map(|slot| &slot.what) else { return };
            let Ok(Some(error)) = socket.error() else { return };
            if let Some(icmp) = icmp::told(&error) {
                let relay = *relay;
                self.server.from_icmp(now, relay, error.peer, icmp);
                self.obey_core(now);
            }
        }
    }

    /// Does what the core asks for, until it asks for nothing more.
    pub(super) fn obey_core(&mut self, now: Now) {
        while let Some(effect) = self.server.poll() {
            match effect {
                Effect::Reply { client, bytes } => self.reply(now, &client, &bytes),
                Effect::Bind { relay, local } => {
                    let outcome = self.bind(relay, local);
                    self.server.bound(now, relay, outcome);
                }
                Effect::Release { relay } => self.release(relay),
                Effect::Opened { client, .. } => self.stream_opened(&client),
                Effect::Closed { client, .. } => self.stream_ended(now, &client),
                Effect::CloseClient { client } => self.close_client(&client),
            }
        }
    }

    fn reply(&mut self, now: Now, client: &Client, bytes: &[u8]) {
        match self.port_of(client) {
            Some(via) => {
                self.send_udp(via, (client.remote, Mark::default()), (bytes, Body::Bytes(&[]), 0..0, 0));
            }
            None => self.send_answer(now, client, bytes),
        }
    }

    fn bind(&mut self, relay: RelayId, local: SocketAddr) -> Result<(), BindError> {
        let options = Options {
            errors: true,
            receive_buffer: Some(RELAY_BUFFER),
            send_buffer: Some(RELAY_BUFFER),
            ..Options::default()
        };
        let socket = Socket::bind(self.engine, local, options).map_err(|error| {
            if error.kind() == ErrorKind::AddrInUse { BindError::InUse } else { BindError::Unavailable }
        })?;
        let key = self.insert(What::Relay(relay, socket)).map_err(|_| BindError::Unavailable)?;
        self.relays.insert(relay, key);
        Ok(())
    }

    fn release(&mut self, relay: RelayId) {
        let Some(key) = self.relays.remove(&relay) else { return };
        // What waits may be for this socket.
        self.flush_out();
        self.remove(key);
    }
}
