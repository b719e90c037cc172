//! Everything that holds a secret: seeds, boxes, passwords, vaults, message keys, file keys.
//!
//! Used by the native client, the tests and the proofs; the server must never link it (SEC-01).
//!
//! Pure: randomness comes in as [`entropy::Entropy`], times as arguments; there is no clock, no socket and no
//! store. Secrets zeroize when dropped, do not show in `Debug` and are not `Clone`.
//!
//! Layers, each using only those before it:
//! * [`secret`], [`entropy`], [`kdf`], [`aead`], [`padding`], [`signing`], [`sealed`] (HPKE X-Wing boxes);
//! * [`opaque`] (the password), on the older generation of curve and random traits, and kept apart for it;
//! * [`recovery`], [`wrap`], [`vault`];
//! * [`generations`], [`keyring`], [`account`], [`objects`];
//! * [`body`], [`message`], [`thread`], [`files`].
//!
//! Not known here: who may do what (that is the chain crate's), and how anything travels.

pub mod account;
pub mod aead;
pub mod body;
pub mod entropy;
pub mod error;
pub mod files;
pub mod generations;
pub mod kdf;
pub mod keyring;
pub mod limits;
pub mod message;
#[cfg(feature = "mutations")]
pub mod mutations;
pub mod objects;
pub mod opaque;
pub mod padding;
pub mod recovery;
pub mod sealed;
pub mod secret;
pub mod signing;
pub mod thread;
pub mod vault;
pub mod wrap;

pub use entropy::Entropy;
pub use error::E2eeError;
pub use secret::{Secret, Seed};
