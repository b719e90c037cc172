//! Who may ask: nonces that are not stored, keys of long-term credentials, users and ephemeral names.
//!
//! Not known here: allocations, peers, sockets. Nothing here depends on earlier requests.

mod credentials;
mod key;
mod nonce;
mod realm;

pub use credentials::{Caps, CredentialError, Credentials, Ephemeral, RestSecret, SecretHash, Subject};
pub use key::{Algorithm, Key, userhash};
pub use nonce::{NONCE_LEN, NonceState, Nonces};
pub use realm::{Realm, RealmError};
