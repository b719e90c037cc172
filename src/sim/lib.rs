//! Whole runs of Relais on virtual time from one seed: the real hub, the real embedded store with faults in its
//! committer, and the real client core, joined by a simulated network and by a translator that plays the
//! server's services.
//!
//! * [`World`]: devices, network, server and the queue of what will happen next.
//! * [`chaos`]: five hundred random operations among faults, then rest, then [`oracle`].
//! * [`Ward`]: the same world for scenarios that are told step by step.
//! * [`guard`]: no run may put an id, an address, a token or a planted plaintext into a log.
//!
//! What is checked after each run: nothing that was acknowledged is lost, doubled or out of order; every device
//! has applied exactly what the store has in the streams it follows; no receipt says more than a device has
//! applied; the hub's invariants held, looked at every few turns.
//!
//! Not known here: sockets, tasks and the clock. Positions in threads are checked by the chain's own
//! rule inside the committer. What is *not* simulated: signatures and encryption (entries are opaque bytes), the real services, several shards, and power cuts (the store's own crash tests do those).

mod calls;
pub mod chaos;
mod counters;
mod device;
mod event;
pub mod guard;
mod net;
pub mod oracle;
mod phone;
mod rng;
mod server;
mod trap;
mod ward;
mod world;

pub use counters::Counters;
pub use rng::Rng;
pub use ward::Ward;
pub use world::World;
