//! Proofs: claims of the README shown on the running programs, from nothing, with figures.
//!
//! Each proof starts the server it needs as a process on a free loopback port with its data in a temporary
//! folder, ends only what it started, prints its figures last, and succeeds only where its claim holds. A proof
//! that something is refused also shows that it would be accepted with the check switched off.
//!
//! Not known here: anything but the programs' public faces, the client library, and the store's files when
//! they are searched for plaintext.

pub mod account;
pub mod ack;
pub mod chat;
pub mod clock;
pub mod exchange;
#[cfg(feature = "mutations")]
pub mod hostile;
pub mod leaks;
pub mod pages;
pub mod persona;
pub mod proxy;
pub mod say;
pub mod search;
pub mod server;
pub mod task;
pub mod threads;
pub mod web;
