//! A native participant of a call, without input or output: it offers, connects, seals and sends generated media, and
//! counts what it receives and can open. For the native client, load tests and tests of the media rooms.
//!
//! Invariant: this crate knows keys that it is given and media that it made up. It does not know codecs, threads,
//! signalling, sockets, tasks or a clock: time comes in as an argument. Only what str0m draws by itself is random.
//! Nothing that the server is built from imports it: it holds call keys (SEC-01).
//!
//! Sealing is SFrame (RFC 9605), see [`sframe`]. Pictures are VP8 in shape only, see [`picture`].

pub mod limits;
mod peer;
pub mod picture;
pub mod sframe;
mod source;

pub use peer::{Config, Datagram, MediaPeer, Output, PeerError, Received};
