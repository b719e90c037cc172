//! A STUN and TURN server (RFC 8489, RFC 8656) that does no input or output: a codec ([`wire`]), who may ask ([`auth`]),
//! which peers may be reached ([`policy`]), and the relay itself ([`Server`]).
//!
//! Two shapes, one core. *Embedded* ([`Config::embedded`]): the only peers are in this process, so that there is no
//! relay socket, no range of ports and no open relay by construction. *Stand-alone* ([`Config::standalone`]): a full
//! relay over UDP that refuses special-purpose addresses.
//!
//! Not known here: sockets, clocks, tasks, randomness other than what the caller gives, logs. Nothing of the rest of
//! Relais is known either.

mod allocation;
mod answers;
pub mod auth;
mod config;
mod counters;
mod io;
pub mod limits;
#[cfg(feature = "mutations")]
pub mod mutations;
pub mod policy;
mod ports;
mod rates;
mod refusal;
mod revoked;
mod server;
mod slots;
pub mod wire;

pub use config::{Budget, Config, ConfigError, Quotas, Redirect, RelayAddress, Relays, Sha256Mode};
pub use counters::Counters;
pub use io::{
    Action, AllocationId, BindError, Client, CloseReason, Effect, Icmp, Now, RelayId, Revocation, Traffic,
    Transport, User,
};
pub use refusal::Refusal;
pub use server::Server;
