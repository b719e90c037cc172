//! What the services answer, over a real store and without sockets. Rules are cited where a test shows one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    clippy::wildcard_enum_match_arm,
    unreachable_pub,
    missing_docs,
    reason = "tests, and a kit that all of them share"
)]

mod accounts;
mod calls;
mod credentials;
mod files;
mod kit;
mod large;
mod lists;
mod live;
mod mails;
mod order;
mod organization;
mod outsiders;
mod people;
mod races;
mod recovery;
#[cfg(feature = "mutations")]
mod switches;
mod talk;
mod threads;
#[path = "../world/mod.rs"]
mod world;
