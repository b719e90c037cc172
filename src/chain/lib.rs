//! Signed chains: what people signed about their keys, their teams, their units and their threads, and the
//! one validator that both the server and every client run over it.
//!
//! Invariant: this crate sees public data only. It knows no seed, no plaintext, no clock, no socket and no
//! store.
//!
//! Layers: [`codec`] (strict bytes), [`keys`] and [`hash`], [`envelope`] (the signed object as it travels).

pub mod codec;
pub mod envelope;
pub mod error;
pub mod hash;
pub mod keys;
pub mod limits;
pub mod sign;

pub use envelope::Signed;
pub use error::ChainError;
pub use keys::PublicKey;
