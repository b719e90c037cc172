//! What goes into the core and what comes out of it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use crate::slots::Id;
use crate::wire::Prefix;

/// The time of a batch, read once for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never goes back.
    pub ms: u64,
    /// Seconds since 1970, for nonces and for the ends of credentials.
    pub unix_s: u64,
}

/// How a client reaches the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Transport {
    /// Datagrams.
    Udp = 0,
    /// A stream, framed by [`crate::wire::Framer`].
    Tcp = 1,
    /// The same inside TLS.
    Tls = 2,
}

/// A client: its 5-tuple. `Debug` shows no address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The transport.
    pub transport: Transport,
    /// The client's side.
    pub remote: SocketAddr,
    /// The listener's side.
    pub local: SocketAddr,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({:?})", self.transport)
    }
}

/// The listener's address is compared and not hashed: there are few.
impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ip = match self.remote.ip() {
            IpAddr::V4(ip) => u128::from(ip.to_bits()),
            IpAddr::V6(ip) => ip.to_bits(),
        };
        state.write_u128(ip);
        state.write_u32((u32::from(self.remote.port()) << 8) | self.transport as u32);
    }
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) Id);

        impl $name {
            /// As a number, for an event queue's token.
            #[must_use]
            pub fn to_u64(self) -> u64 {
                self.0.to_u64()
            }

            /// From [`Self::to_u64`].
            #[must_use]
            pub fn from_u64(number: u64) -> Self {
                Self(Id::from_u64(number))
            }
        }
    )+};
}

ids! {
    /// A relay socket. Never given twice while 2^32 others have not been in its place.
    RelayId;
    /// An allocation.
    AllocationId;
}

/// What to do with the datagram that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Nothing: it was handled, or dropped and counted.
    Nothing,
    /// Send that part of the datagram from the relay socket to the peer.
    ToPeer {
        /// The socket.
        relay: RelayId,
        /// The peer.
        peer: SocketAddr,
        /// The part of the datagram.
        payload: Range<usize>,
        /// Set "don't fragment" for this one.
        dont_fragment: bool,
    },
    /// Send the prefix, that part of the datagram, and `pad` zero bytes to the client.
    ToClient {
        /// The client.
        client: Client,
        /// What goes first.
        prefix: Prefix,
        /// The part of the datagram.
        payload: Range<usize>,
        /// Zero bytes after it, 0 to 3.
        pad: u8,
    },
    /// Hand that part of the datagram to the peer in this process.
    ToSink {
        /// Whose it is.
        allocation: AllocationId,
        /// From where it comes, for the peer.
        relayed: SocketAddr,
        /// The peer's address.
        sink: SocketAddr,
        /// The part of the datagram.
        payload: Range<usize>,
    },
}

/// Something for the shell to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this message to the client.
    Reply {
        /// The client.
        client: Client,
        /// A whole STUN message.
        bytes: Vec<u8>,
    },
    /// Bind a socket and tell [`crate::Server::bound`].
    Bind {
        /// The socket's name.
        relay: RelayId,
        /// Where to bind it.
        local: SocketAddr,
    },
    /// Close the socket.
    Release {
        /// The socket's name.
        relay: RelayId,
    },
    /// An allocation lives: a stream may send longer frames now.
    Opened {
        /// The allocation.
        allocation: AllocationId,
        /// The client.
        client: Client,
    },
    /// An allocation has ended; its sockets are released by effects of their own.
    Closed {
        /// The allocation.
        allocation: AllocationId,
        /// The client.
        client: Client,
        /// Why.
        reason: CloseReason,
        /// What it relayed.
        traffic: Traffic,
        /// Whose it was.
        user: User,
    },
    /// Close the stream to this client.
    CloseClient {
        /// The client.
        client: Client,
    },
}

/// Why an allocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client ended it.
    Client,
    /// It was not refreshed.
    Expired,
    /// The credential's time is over.
    CredentialExpired,
    /// The credential was revoked.
    Revoked,
    /// The client's stream was closed.
    Disconnected,
    /// No port could be bound for it.
    NoPort,
}

/// What an allocation has relayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets from the client to peers.
    pub packets_up: u64,
    /// Their payloads.
    pub bytes_up: u64,
    /// Packets from peers to the client.
    pub packets_down: u64,
    /// Their payloads.
    pub bytes_down: u64,
}

/// A user's name. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct User(pub(crate) Box<str>);

impl User {
    /// The name as it was presented.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("User(…)")
    }
}

/// Why a relay socket could not be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindError {
    /// The port is somebody else's; another one is tried.
    InUse,
    /// No port would help: no such address, no descriptors left.
    Unavailable,
}

/// An error message from the path to a peer (RFC 8656 §18.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmp {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// The message's last four header bytes: the path's MTU where it has one.
    pub data: [u8; 4],
}

/// Whose allocations [`crate::Server::revoke`] ends.
#[derive(Clone, PartialEq, Eq)]
pub enum Revocation {
    /// One name, as it was issued.
    Username(String),
    /// All names of a session (the third part of an ephemeral name).
    Session(String),
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revocation(…)")
    }
}
