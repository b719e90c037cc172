//! The shell of the relay: shards on threads of their own, UDP in batches, TCP and TLS on one port, configuration, metrics;
//! and `relais-turn`, the program of it. What to do with a datagram is decided by `relais-turn`'s core.
//!
//! Invariant: nothing here parses a message or knows a credential's meaning. No name, address or secret is logged or
//! becomes a label.

pub mod clock;
pub mod config;
mod icmp;
pub mod limits;
pub mod logs;
pub mod metrics;
pub mod own;
pub mod queue;
pub mod relay;
pub mod shard;
pub mod tls;
