//! The engine of the standard library's calls: one datagram a call, heads and bodies copied together. Knows neither
//! trains nor ICMP; marks are set on the socket when they change.

use core::cell::Cell;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};

use socket2::SockRef;

use crate::inbox::Filled;
use crate::limits::SLOT_BYTES;
use crate::{Inbox, Mark, Outbox, Sent};

#[derive(Debug)]
pub(crate) struct Portable {
    socket: UdpSocket,
    v6: bool,
    /// Marks that the socket has without being asked.
    own: Marks,
    now: Cell<Marks>,
}

/// TOS and TTL of a socket, as far as they can be read and set on this system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marks {
    tos: Option<u32>,
    ttl: Option<u32>,
}

impl Portable {
    pub(crate) fn new(socket: socket2::Socket, local: SocketAddr) -> io::Result<Self> {
        let v6 = local.is_ipv6();
        let own = if v6 {
            Marks { tos: None, ttl: socket.unicast_hops_v6().ok() }
        } else {
            Marks { tos: None, ttl: socket.ttl_v4().ok() }
        };
        let own = Marks { tos: traffic_class(&socket, v6), ..own };
        Ok(Self { socket: socket.into(), v6, own, now: Cell::new(own) })
    }

    pub(crate) fn receive(&self, inbox: &mut Inbox) -> io::Result<bool> {
        while inbox.free() > 0 {
            let (at, room) = inbox.room();
            // One byte more than a datagram may have shows that one is longer.
            let Some(slot) = room.get_mut(..=SLOT_BYTES) else { return Ok(false) };
            match self.socket.recv_from(slot) {
                Ok((len, from)) => {
                    let truncated = len > SLOT_BYTES;
                    inbox.took(at, Filled { from, len, segment: 0, truncated, ttl: None, tos: None });
                    inbox.used(1);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    pub(crate) fn send(&self, outbox: &mut Outbox, bytes: &[u8]) -> Sent {
        let mut sent = Sent::default();
        let mut whole = core::mem::take(&mut outbox.whole);
        for entry in outbox.entries() {
            whole.clear();
            let Some(pieces) = outbox.pieces(entry, bytes) else {
                sent.refused += 1;
                continue;
            };
            pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
            self.mark(entry.mark);
            sent.calls += 1;
            match self.send_one(&whole, entry.to) {
                Ok(_) => {
                    sent.datagrams += 1;
                    sent.messages += 1;
                }
                Err(_) => sent.refused += 1,
            }
        }
        outbox.whole = whole;
        sent
    }

    /// An error about an earlier datagram is reported in place of the next one: that one is tried once more.
    fn send_one(&self, whole: &[u8], to: SocketAddr) -> io::Result<usize> {
        match self.socket.send_to(whole, to) {
            Err(error) if passing(&error) => self.socket.send_to(whole, to),
            done => done,
        }
    }

    /// Sets what differs from what the socket has. A system that cannot set it sends unmarked.
    fn mark(&self, mark: Mark) {
        let wanted = Marks {
            tos: mark.tos.map(u32::from).or(self.own.tos),
            ttl: mark.ttl.map(u32::from).or(self.own.ttl),
        };
        let now = self.now.get();
        if wanted == now {
            return;
        }
        let socket = SockRef::from(&self.socket);
        if let Some(ttl) = wanted.ttl.filter(|_| wanted.ttl != now.ttl) {
            drop(if self.v6 { socket.set_unicast_hops_v6(ttl) } else { socket.set_ttl_v4(ttl) });
        }
        if let Some(tos) = wanted.tos.filter(|_| wanted.tos != now.tos) {
            drop(set_traffic_class(&socket, self.v6, tos));
        }
        self.now.set(wanted);
    }

    #[cfg(unix)]
    pub(crate) fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.socket)
    }
}

/// Errors that are about an earlier datagram, not about this call.
fn passing(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable};
    [ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable]
        .contains(&error.kind())
}

#[cfg(target_os = "linux")]
fn traffic_class(socket: &socket2::Socket, v6: bool) -> Option<u32> {
    if v6 { socket.tclass_v6().ok() } else { socket.tos_v4().ok() }
}

#[cfg(target_os = "linux")]
fn set_traffic_class(socket: &socket2::Socket, v6: bool, tos: u32) -> io::Result<()> {
    if v6 { socket.set_tclass_v6(tos) } else { socket.set_tos_v4(tos) }
}

#[cfg(not(target_os = "linux"))]
fn traffic_class(_: &socket2::Socket, _: bool) -> Option<u32> {
    None
}

#[cfg(not(target_os = "linux"))]
fn set_traffic_class(_: &socket2::Socket, _: bool, _: u32) -> io::Result<()> {
    Ok(())
}
