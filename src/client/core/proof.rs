//! Proofs that a request comes from the holder of a session's key (HMAC-SHA-256).
//!
//! Not known here: sockets, and how the key is kept.

use hmac::{Hmac, KeyInit as _, Mac as _};
use relais_wire::control::{HelloSession, http_proof_input, proof_input};
use relais_wire::ids::SessionId;
use relais_wire::{Bin, Millis};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A session and the key that proves it.
#[derive(Clone)]
pub struct Credentials {
    /// The session.
    pub session: SessionId,
    /// Number of the server's key that the session's key was derived from.
    pub kid: u32,
    /// The session's key.
    pub key: Zeroizing<Vec<u8>>,
    /// Ticket for the next `Hello`; without one the server reads the session from its store.
    pub ticket: Option<Vec<u8>>,
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Credentials {
    fn mac(&self, input: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(input);
        mac.finalize().into_bytes().to_vec()
    }

    /// Fills in the proof of a `Hello` over the server's nonce and the cursors it names.
    pub fn prove_hello(&self, nonce: &[u8], hello: &mut HelloSession) {
        hello.proof = Bin(self.mac(&proof_input(nonce, hello)));
    }

    /// The `Authorization` header of an HTTP request.
    #[must_use]
    pub fn prove_http(&self, method: &str, path: &str, now: Millis, body: &[u8]) -> String {
        self.prove_http_hash(method, path, now, &Sha256::digest(body).into())
    }

    /// The same, of an upload whose hash is known beforehand.
    #[must_use]
    pub fn prove_http_hash(&self, method: &str, path: &str, now: Millis, sha256: &[u8; 32]) -> String {
        let mac = self.mac(&http_proof_input(method, path, now, sha256));
        format!("Relais {}.{}.{}.{}", self.session.to_hex(), self.kid, now.get(), hex::encode(mac))
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::Millis;
    use relais_wire::ids::SessionId;
    use zeroize::Zeroizing;

    use super::Credentials;

    #[test]
    fn a_proof_names_session_key_time_and_nothing_secret() {
        let creds = Credentials {
            session: SessionId::from_bytes([1; 16]),
            kid: 3,
            key: Zeroizing::new(vec![9; 32]),
            ticket: None,
        };
        let header = creds.prove_http("POST", "/api/v1/rpc", Millis::saturating(1_000), b"x");
        let parts: Vec<&str> = header.strip_prefix("Relais ").expect("scheme").split('.').collect();
        assert_eq!(parts[..3], ["01010101010101010101010101010101", "3", "1000"]);
        assert_eq!(parts[3].len(), 64);
        assert_ne!(header, creds.prove_http("POST", "/api/v1/rpc", Millis::saturating(1_000), b"y"));
        assert_eq!(format!("{creds:?}"), "Credentials(…)");
    }
}
