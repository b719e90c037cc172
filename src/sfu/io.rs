//! What goes into the media rooms and what comes out.
//!
//! Not known here: what happens in between.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use thiserror::Error;

use crate::allocate::Paused;
use crate::layers::Layer;

/// One connection of one participant. The shell numbers them and never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerNo(pub u64);

/// A room. The shell numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomNo(pub u64);

/// What a picture shows. Voices have no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Picture {
    /// The person.
    Camera,
    /// Their screen.
    Screen,
}

/// A peer that wants to join a room, and may: its ticket has been checked.
#[derive(Clone, Debug)]
pub struct Join {
    /// Its number.
    pub peer: PeerNo,
    /// The room; made with its first peer, gone with its last.
    pub room: RoomNo,
    /// Where it asked from; half-open peers are bounded for each origin.
    pub origin: IpAddr,
    /// Its index in the call, which its frames must name (RFC 9605 key ids). From 1 on: codec bytes in clear look like
    /// the header of a sender 0 too easily.
    pub sender: u32,
    /// Its offer (SDP), see the crate's documentation for what is in it.
    pub offer: String,
}

/// One picture of a subscriber's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Whose.
    pub of: PeerNo,
    /// Of what.
    pub picture: Picture,
    /// Lines it is shown with, in device pixels; 0 keeps its slot but hides it.
    pub height: u16,
    /// Whether the subscriber has pinned it.
    pub pinned: bool,
}

/// How datagrams travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// UDP.
    Udp,
    /// TCP, framed by RFC 4571; the framing is the shell's.
    Tcp,
}

/// A datagram that has arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// How.
    pub carrier: Carrier,
    /// From where.
    pub source: SocketAddr,
    /// At which of the configured addresses.
    pub destination: SocketAddr,
    /// Its octets.
    pub octets: &'a [u8],
}

/// What the shell tells the rooms.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A peer joins. Answered by [`Output::Answer`] or [`Output::Refused`].
    Join(Box<Join>),
    /// A peer offers again, to restart ICE after its network changed. Answered alike.
    Offer {
        /// The peer.
        peer: PeerNo,
        /// The offer: of the same m-lines as the first.
        offer: String,
    },
    /// What a peer wants to see, all of it; the most important first among equals. Before the first view everybody
    /// is shown in the order in which they joined.
    View {
        /// The peer.
        peer: PeerNo,
        /// At most [`TILES_MAX`](crate::limits::TILES_MAX); further ones are ignored.
        tiles: Vec<Tile>,
    },
    /// A peer leaves, or is made to.
    Leave {
        /// The peer.
        peer: PeerNo,
    },
    /// A datagram.
    Datagram(Arrived<'a>),
    /// The time named by [`Output::Wait`] has come.
    Timeout,
}

/// A datagram to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Datagram {
    /// How.
    pub carrier: Carrier,
    /// From which of the configured addresses.
    pub source: SocketAddr,
    /// Where to.
    pub destination: SocketAddr,
    /// Its octets.
    pub octets: Vec<u8>,
}

impl core::fmt::Debug for Datagram {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Datagram({} octets)", self.octets.len())
    }
}

/// What one receive slot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The slot's name in the subscriber's offer (`a=mid`).
    pub mid: String,
    /// What it shows.
    pub showing: Showing,
}

/// What a slot shows, and if nothing, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// It is free.
    Nothing,
    /// A voice.
    Voice {
        /// Whose.
        of: PeerNo,
    },
    /// A picture.
    Picture {
        /// Whose.
        of: PeerNo,
        /// Of what.
        picture: Picture,
        /// The layer that it may have at the moment, or why it has none.
        layer: Result<Layer, Paused>,
    },
}

/// What the rooms want done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a datagram.
    Send(Datagram),
    /// The answer to a peer's offer (SDP).
    Answer {
        /// The peer.
        peer: PeerNo,
        /// The answer.
        answer: String,
    },
    /// A join or an offer is refused. A peer that was there stays as it was.
    Refused {
        /// The peer.
        peer: PeerNo,
        /// Why.
        reason: Refused,
    },
    /// A peer's path is up: the first time, or again.
    Connected {
        /// The peer.
        peer: PeerNo,
    },
    /// A peer's path is gone; it is given [`LOST_FOR`](crate::limits::LOST_FOR) to come back.
    Lost {
        /// The peer.
        peer: PeerNo,
    },
    /// A peer is gone, and forgotten.
    Left {
        /// The peer.
        peer: PeerNo,
        /// Its room.
        room: RoomNo,
        /// Why.
        why: Left,
    },
    /// What a peer's slots show now, all of them.
    Slots {
        /// The peer.
        peer: PeerNo,
        /// Its slots.
        slots: Vec<SlotState>,
    },
    /// Somebody else speaks.
    Speaker {
        /// The room.
        room: RoomNo,
        /// Who.
        peer: PeerNo,
    },
    /// Which layers of a peer's picture are watched: it need not send more than that.
    Watched {
        /// The peer.
        peer: PeerNo,
        /// Which picture.
        picture: Picture,
        /// The highest layer that anybody can use; none while nobody watches.
        up_to: Option<Layer>,
    },
    /// Nothing more to do. The next [`Input::Timeout`] is due then; never, if there is none.
    Wait(Option<Instant>),
}

/// Why a join or an offer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Refused {
    /// The peer's number is in use.
    #[error("the peer is here already")]
    AlreadyHere,
    /// There is no such peer.
    #[error("the peer is not here")]
    NotHere,
    /// A sender's index begins at 1, and is nobody else's in the room.
    #[error("the sender's index is not its own")]
    Sender,
    /// The room is full.
    #[error("the room is full")]
    RoomFull,
    /// The whole core is full.
    #[error("there is no room for more")]
    Full,
    /// Too many from this origin have not connected yet.
    #[error("too many are on their way from there")]
    TooManyHalfOpen,
    /// Too many offers in a minute.
    #[error("too many offers")]
    TooOften,
    /// The offer is too large, or has too many lines or m-lines.
    #[error("the offer is too large")]
    OfferTooLarge,
    /// The offer cannot be read, or something in it does not belong together.
    #[error("the offer cannot be read")]
    OfferMalformed,
    /// The offer has m-lines that there is no use for, or other ones than before.
    #[error("the offer is not laid out as it should be")]
    OfferLayout,
    /// An m-line has no codec that is forwarded.
    #[error("the offer has no codec that is forwarded")]
    NoCodec,
}

/// Why a peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Left {
    /// It left, or was made to.
    Asked,
    /// It closed its connection.
    Closed,
    /// It never connected.
    NeverConnected,
    /// Its path was gone for too long.
    LostForTooLong,
    /// Its connection broke beyond repair.
    Broken,
}
