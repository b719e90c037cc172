//! Signed chains: what people signed about their keys, their teams, their units and their threads, and the
//! one validator that both the server and every client run over it.
//!
//! Invariant: this crate sees public data only. It knows no seed, no plaintext, no clock, no socket and no
//! store.
//!
//! Layers: [`codec`] (strict bytes), [`keys`] and [`hash`], [`envelope`] (the signed object as it travels),
//! [`link`] with [`user`], [`keyring`] and [`mod@unit`] (chains of links), and [`directory`] which holds them;
//! [`entry`], [`control`], [`party`], [`head`], [`roster`] and [`thread`] (threads).

pub mod codec;
pub mod control;
pub mod directory;
pub mod entry;
pub mod envelope;
pub mod error;
pub mod facts;
pub mod hash;
pub mod head;
pub mod keyring;
pub mod keyring_body;
mod keyring_rules;
pub mod keys;
pub mod limits;
pub mod link;
#[cfg(feature = "mutations")]
pub mod mutations;
pub mod party;
mod people;
pub mod roster;
pub mod sign;
mod snapshot;
pub mod thread;
mod triage;
pub mod unit;
pub mod user;
pub mod user_body;

pub use directory::Directory;
pub use envelope::Signed;
pub use error::ChainError;
pub use facts::{Facts, Mode};
pub use keyring::KeyringChain;
pub use keys::PublicKey;
pub use thread::ThreadState;
pub use unit::UnitChain;
pub use user::UserChain;
