//! The native client: a sans-IO core, and a tokio driver around it (feature `driver`).
//!
//! * [`core`]: the connection with its two cursors, request matching and back-off; the outbox. No clock, no
//!   randomness, no socket, no task.
//! * [`error`]: everything that can go wrong, with stable codes; what a hostile server can try is a closed list.
#![cfg_attr(feature = "driver", doc = "* [`driver`]: sockets, HTTP, files, accounts, threads.")]
//!
//! Invariant: this crate never trusts the server for who somebody is, what was said, or who may read: every
//! chain is verified by `relais-chain` from a pin, every seed is checked against its signed commitment.

pub mod core;
#[cfg(feature = "driver")]
pub mod driver;
pub mod error;
pub mod limits;
#[cfg(feature = "mutations")]
pub mod mutations;

pub use error::{ClientError, Hostile};
