//! The sessions of one server shard, without input or output: who is connected, where each of its two streams
//! stands, what is queued for it and in which order, when it is pinged, slowed, replaced, drained or closed.
//!
//! Invariant: this crate knows [`relais_wire`] (frames, control messages, codes, limits) and opaque ids. It does
//! not know the store, chains, end-to-end encryption, permissions, sockets, tasks or a clock: time, randomness
//! and everything read from the store come in as arguments. It writes no log; it counts ([`Stats`]).
//!
//! # Contract
//! One [`Hub`] belongs to one shard. A turn is [`Hub::handle`] once, then [`Hub::poll`] until it answers
//! [`Output::Wait`], which names the time of the next [`Input::Timeout`] (earlier ones do no harm).
//!
//! ```
//! use relais_hub::{Config, Hub, Input, Output};
//! use relais_wire::Epoch;
//!
//! fn turn(hub: &mut Hub, now: u64, input: Input, mut act: impl FnMut(Output)) -> Option<u64> {
//!     hub.handle(now, input);
//!     loop {
//!         match hub.poll() {
//!             Output::Wait(until) => return until, // the only way out: fully drained
//!             effect => act(effect),
//!         }
//!     }
//! }
//!
//! let mut hub = Hub::new(Config::new(Epoch::from_bytes([7; 16])), 1);
//! assert_eq!(turn(&mut hub, 0, Input::Timeout, |_| unreachable!("nobody is connected")), None);
//! ```
//!
//! A connection's life, seen by the shell:
//!
//! | the shell says | the hub may answer |
//! |---|---|
//! | [`Input::Opened`] | `Send` (the greeting), or `Close` when full or draining |
//! | [`Input::Frame`] with a `Hello` | `CheckHello`, or `Send` (welcome of a sign-in connection) |
//! | [`Input::HelloAccepted`] | `Interest` (first connection of the user here), `Send` (welcome), `Read` per stream |
//! | [`Input::Page`] | `Send` (entries, `CaughtUp`, `Resync`), `Read` |
//! | [`Input::Frame`] with a request | `Request`, or `Follow` for `Focus` and `FollowPersonal`, or `Send` (a refusal) |
//! | [`Input::Reply`], [`Input::Followed`] | `Send` (the answer), `Read` |
//! | [`Input::Deliver`], [`Input::Head`], [`Input::Notice`] | `Send`, `Read` |
//! | [`Input::Written`] | `Send` (what waited), `Read` |
//! | [`Input::Closed`] | `Applied`, `Interest` |
//!
//! Rules for the shell:
//! * A [`Conn`] is never used twice. Inputs about a connection that the hub has closed are ignored.
//! * Each `Read` is answered by exactly one `Page`, each `Follow` by one `Followed`, each `CheckHello` by one
//!   `HelloAccepted` or `HelloRefused`, each `Request` by one `Reply`; the connection may have ended meanwhile.
//! * Deliveries of a user reach the hub from the `Interest{on}` until the `Interest{off}`. A `Read` is answered
//!   from a snapshot taken after the `Read` came out: so nothing falls between reading and listening.
//! * Deliveries may be lost, doubled or overtaken: the cursor rule repairs it from the store. A shell that knows
//!   that it dropped some says so with [`Input::Head`].
//! * `Written` counts the bytes of `Send` (header and body) that the transport took; without it nothing more is
//!   sent than [`limits::TRANSPORT_WINDOW_BYTES`], and after 30 s the connection is closed.
//!
//! # The cursor rule
//! Each followed stream has one number, the last entry put in the queue. The live entry after it goes out at
//! once; any other entry makes the session read from the store. Resume, a slow phone, a lost wake-up and the
//! death of a node are this one mechanism.

mod bucket;
mod feed;
mod hub;
mod io;
mod lanes;
pub mod limits;
mod rng;
mod roster;
mod session;
mod signed;
mod stats;
mod timers;

pub use hub::{Config, Hub};
pub use io::{
    Admitted, AppliedMarks, Conn, Delivery, Entry, FollowNo, Input, Key, Notice, NoticeLane, Output, Page,
    ReadNo, Recipient, Revoked, Scope,
};
pub use stats::{Phase, Stats};
