//! The tokio shell: sockets, HTTP, local files, clocks and randomness, and what they add up to: an account that
//! signs in, follows its streams, writes and reads.
//!
//! [`Client`] is the whole; it is driven by one task of the caller: [`Client::wait`] until there is something to
//! do (it may be cancelled), then [`Client::work`] (it must not be), which answers what happened.

pub mod acts;
mod ahead;
pub mod book;
mod calls;
pub mod client;
pub mod clock;
pub mod demo;
mod enter;
pub mod files;
pub mod http;
mod invites;
mod list;
mod live;
pub mod local;
pub mod mailbox;
mod objects;
pub mod organization;
mod outgoing;
mod parties;
mod recover;
pub mod rekey;
mod ring;
mod rpc;
mod saved;
pub mod secrets;
mod task;
pub mod thread;
mod tls;
mod told;
mod updates;

pub use client::{Client, Update};
pub use enter::{Login, Registration};
pub use http::Http;
pub use list::Listing;
pub use local::Local;
pub use recover::Recovery;
pub use thread::{Content, Message};
