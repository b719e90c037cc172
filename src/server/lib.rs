//! The Relais server: the shell around the cores and the only place where they are wired to sockets, disks,
//! clocks and randomness.
//!
//! Invariant: this crate never links the client's cryptography. It stores and routes ciphertext, verifies
//! public chains, and could not read a message if it wanted to.

pub mod app;
pub mod clock;
pub mod config;
pub mod copies;
pub mod deliver;
pub mod directory;
pub mod edge;
pub mod health;
pub mod keys;
pub mod logs;
pub mod mail;
pub mod metrics;
mod rpc;
pub mod serve;
pub mod services;
mod shard;
pub mod task;
pub mod tls;
