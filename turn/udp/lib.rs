//! Batched UDP: many datagrams in and out per system call, trains of equal datagrams as one (GRO in, GSO out), heads
//! put before bodies without copying these, ICMP errors with the peer they are about, and marks of the IP header.
//!
//! Two engines with one interface: Linux's batched calls (`linux`, the only module with `unsafe`) and a portable one of
//! the standard library's calls, chosen by [`Engine::detect`] at run time, and alone where the feature `batched` is off
//! or the system is another. The tests run over both.
//!
//! Invariant: nothing here knows what STUN, TURN or a call is; nothing is logged; no clock is read.
#![cfg_attr(not(all(feature = "batched", target_os = "linux")), forbid(unsafe_code))]

#[cfg(all(feature = "batched", target_os = "linux"))]
mod form;
mod inbox;
pub mod limits;
#[cfg(all(feature = "batched", target_os = "linux"))]
mod linux;
mod outbox;
mod portable;

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockAddr, Type};

pub use inbox::{Arrival, Inbox};
pub use outbox::{Full, Mark, Outbox};

/// Which system calls are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(all(feature = "batched", target_os = "linux"))]
    Batched(linux::Abilities),
}

impl Engine {
    /// The best one that this kernel carries out; asked once and handed on.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(all(feature = "batched", target_os = "linux"))]
        if let Some(abilities) = linux::probe() {
            return Self(Kind::Batched(abilities));
        }
        Self::portable()
    }

    /// The one that needs nothing but sockets.
    #[must_use]
    pub const fn portable() -> Self {
        Self(Kind::Portable)
    }

    /// For a log or a metric: `gro+gso`, `batched` or `portable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Kind::Batched(linux::Abilities { gro: true, gso: true }) => "gro+gso",
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Kind::Batched(_) => "batched",
        }
    }

    /// Whether [`Mark::dont_fragment`] is obeyed.
    #[must_use]
    pub fn can_forbid_fragments(self) -> bool {
        self.0 != Kind::Portable
    }

    /// Whether [`Socket::error`] ever tells something.
    #[must_use]
    pub fn can_tell_errors(self) -> bool {
        self.0 != Kind::Portable
    }
}

/// How a socket is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Several sockets share the address; the kernel gives each sender to one of them (`SO_REUSEPORT`).
    pub shared: bool,
    /// Bytes of the kernel's receive buffer, as asked for; the system's own where `None`.
    pub receive_buffer: Option<usize>,
    /// Bytes of the kernel's send buffer, likewise.
    pub send_buffer: Option<usize>,
    /// Ask for ICMP errors about what was sent ([`Socket::error`]).
    pub errors: bool,
    /// Ask for TTL and TOS of what arrives.
    pub marks: bool,
}

/// What became of an outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Datagrams the kernel took.
    pub datagrams: u64,
    /// Messages they went in: a train is one.
    pub messages: u64,
    /// Calls that were made.
    pub calls: u64,
    /// Datagrams it did not take, for want of room or of a way there. They are gone, as is usual with UDP.
    pub refused: u64,
    /// Of the refused, those that were too long for the way and must not be fragmented.
    pub too_long: u64,
}

/// Where an error was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Here: the way's known MTU is smaller. `info` is that MTU.
    Local,
    /// By ICMP over IPv4.
    Icmp4,
    /// By ICMP over IPv6.
    Icmp6,
}

/// An error about a datagram that was sent earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerError {
    /// Where that datagram was sent, not who says so.
    pub peer: SocketAddr,
    /// Where it was noticed.
    pub origin: Origin,
    /// ICMP's type; 0 where it is local.
    pub kind: u8,
    /// ICMP's code; 0 where it is local.
    pub code: u8,
    /// The MTU, where the type has one.
    pub info: u32,
}

/// A non-blocking UDP socket of one thread.
#[derive(Debug)]
pub struct Socket {
    local: SocketAddr,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Portable(portable::Portable),
    #[cfg(all(feature = "batched", target_os = "linux"))]
    Batched(linux::Batched),
}

impl Socket {
    /// Binds an address. IPv6 sockets take no IPv4.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(engine: Engine, address: SocketAddr, options: Options) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        #[cfg(unix)]
        if options.shared {
            socket.set_reuse_port(true)?;
        }
        if let Some(bytes) = options.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(bytes) = options.send_buffer {
            socket.set_send_buffer_size(bytes)?;
        }
        socket.bind(&SockAddr::from(address))?;
        let local = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let inner = match engine.0 {
            Kind::Portable => Inner::Portable(portable::Portable::new(socket, local)?),
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Kind::Batched(abilities) => {
                Inner::Batched(linux::Batched::new(socket, local, abilities, options)?)
            }
        };
        Ok(Self { local, inner })
    }

    /// The address it is bound to.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Receives into the free slots until nothing waits (`true`) or no slot is free (`false`). Errors about earlier
    /// datagrams are passed over; [`Socket::error`] tells them.
    ///
    /// # Errors
    /// What the system says; the socket is then of no more use.
    pub fn receive(&self, inbox: &mut Inbox) -> io::Result<bool> {
        match &self.inner {
            Inner::Portable(socket) => socket.receive(inbox),
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Inner::Batched(socket) => socket.receive(inbox),
        }
    }

    /// Sends all of an outbox and empties it. `bytes` is what the bodies lie in. Never waits: what the kernel does not
    /// take now is counted and gone.
    pub fn send(&self, outbox: &mut Outbox, bytes: &[u8]) -> Sent {
        let sent = match &self.inner {
            Inner::Portable(socket) => socket.send(outbox, bytes),
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Inner::Batched(socket) => socket.send(outbox, bytes),
        };
        outbox.clear();
        sent
    }

    /// The oldest error that was not told yet. Readiness for it is an error event of the poll, not a readable one.
    ///
    /// # Errors
    /// What the system says.
    pub fn error(&self) -> io::Result<Option<PeerError>> {
        match &self.inner {
            Inner::Portable(_) => Ok(None),
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Inner::Batched(socket) => socket.error(),
        }
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Socket {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match &self.inner {
            Inner::Portable(socket) => socket.as_fd(),
            #[cfg(all(feature = "batched", target_os = "linux"))]
            Inner::Batched(socket) => socket.as_fd(),
        }
    }
}
