//! Media rooms, without input or output: who is in a call's room, what each one sends, and what everybody else is
//! forwarded of it, in which layer, on the str0m media stack (docs/adr/0008).
//!
//! Invariant: this crate knows media as sealed frames. It does not know keys, people, calls, threads, sockets, tasks
//! or a clock: time comes in as an argument, peers and rooms are numbers. It writes no log; it counts ([`Stats`]).
//! Only what str0m draws by itself is random (ICE names, DTLS and SRTP keys, stream numbers). No type of str0m leaves.
//!
//! # Contract
//! One [`Sfu`] belongs to one thread and owns whole rooms. A turn is one or more [`Sfu::handle`] – a batch of datagrams
//! is read before anything is answered – and then [`Sfu::poll`] until it answers [`Output::Wait`], which names the
//! time of the next [`Input::Timeout`]. At the end of a turn each connection that was written to is driven once.
//!
//! ```
//! use std::time::Instant;
//! use relais_sfu::{Input, Output, Sfu};
//!
//! fn turn(rooms: &mut Sfu, now: Instant, batch: Vec<Input<'_>>, mut act: impl FnMut(Output)) -> Option<Instant> {
//!     for input in batch {
//!         rooms.handle(now, input);
//!     }
//!     loop {
//!         match rooms.poll() {
//!             Output::Wait(until) => return until, // the only way out: fully drained
//!             effect => act(effect),
//!         }
//!     }
//! }
//! ```
//!
//! # Offers
//! Clients offer, the server answers, and never the other way round: nothing is negotiated when people come and go.
//! An offer has, in any number up to these and told apart by kind, direction and order:
//!
//! | m-line | is |
//! |---|---|
//! | `audio`, `sendonly` | the microphone, Opus |
//! | `video`, `sendonly`, the first | the camera, VP8 in the layers `q`, `h`, `f` |
//! | `video`, `sendonly`, the second | the screen, VP8; its layers differ in rate only |
//! | `video`, `recvonly`, the first | the slot for somebody's screen |
//! | `video`, `recvonly`, nine more | slots for cameras |
//! | `audio`, `recvonly`, three | slots for voices |
//!
//! [`Output::Slots`] says which slot shows whom, in which layer, or why nothing.
//!
//! # A packet's way
//! Its address or ICE name says whose it is; the connection opens it; its stream says of which track and layer it is.
//! The first packet of a frame must have an SFrame header of its sender where the codec's clear bytes end, or the
//! frame is dropped and counted. In each subscriber's slot that shows it, it gets the slot's own sequence number, time
//! stamp and picture ids, and shares its payload with all the others.

pub mod allocate;
mod demux;
mod estimate;
mod io;
mod join;
mod keyframes;
mod layers;
pub mod limits;
mod look;
mod loudest;
mod offer;
mod peer;
mod rewrite;
mod sealed;
mod sfu;
mod slot;
mod stats;
mod timers;

pub use io::{
    Arrived, Carrier, Datagram, Input, Join, Left, Output, PeerNo, Picture, Refused, RoomNo, Showing,
    SlotState, Tile,
};
pub use layers::{Arrivals, Layer, PerLayer};
pub use sfu::{Config, SetupError, Sfu};
pub use stats::Stats;
