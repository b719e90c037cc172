//! Nonces that the server need not remember: time and a MAC over time, features and the client's address.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::io::Client;
use crate::wire::Family;

/// What every nonce starts with that carries security features (RFC 8489 §9.2).
const COOKIE: &[u8] = b"obMatJos2";

/// Bytes of a nonce: cookie, four characters of features, and 11 bytes (time, MAC) in 15 characters.
pub const NONCE_LEN: usize = 9 + 4 + 15;

/// Bit of the security features: password algorithms were offered.
const PASSWORD_ALGORITHMS: [u8; 3] = [0x80, 0, 0];
/// Bit of the security features: a hashed user name is understood.
const USERNAME_ANONYMITY: u8 = 0x40;

/// Seconds after which the 24 bits of time start again.
const TIME_MODULUS: u64 = 1 << 24;

/// What a nonce in a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceState {
    /// Given to this client, young enough; `algorithms`: with the offer of password algorithms.
    Valid {
        /// Password algorithms were offered with it.
        algorithms: bool,
    },
    /// Given to this client too long ago.
    Old {
        /// Password algorithms were offered with it.
        algorithms: bool,
    },
    /// Not given to this client by this server.
    Foreign,
}

/// Makes and checks nonces. Servers that share the key take each other's.
#[derive(Clone)]
pub struct Nonces {
    key: [u8; 32],
    life_s: u64,
    features: [u8; 3],
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("life_s", &self.life_s).finish_non_exhaustive()
    }
}

impl Nonces {
    /// Nonces under a key, valid for that many seconds. The two switches say what is offered with them.
    #[must_use]
    pub fn new(key: [u8; 32], life_s: u32, algorithms: bool, userhash: bool) -> Self {
        let mut features = if algorithms { PASSWORD_ALGORITHMS } else { [0; 3] };
        if let (true, Some(first)) = (userhash, features.first_mut()) {
            *first |= USERNAME_ANONYMITY;
        }
        Self { key, life_s: u64::from(life_s).min(TIME_MODULUS / 2), features }
    }

    /// The key.
    pub(crate) const fn key(&self) -> [u8; 32] {
        self.key
    }

    /// Whether password algorithms are offered.
    #[must_use]
    pub const fn offers_algorithms(&self) -> bool {
        let [first, ..] = self.features;
        first & 0x80 != 0
    }

    /// A nonce for this client at this time.
    #[must_use]
    pub fn make(&self, client: &Client, unix_s: u64) -> [u8; NONCE_LEN] {
        let [.., t2, t1, t0] = unix_s.to_be_bytes();
        let time = [t2, t1, t0];
        let mut sealed = [0; 11];
        for (place, byte) in sealed.iter_mut().zip(time.iter().chain(&self.mac(client, time, self.features)))
        {
            *place = *byte;
        }
        let mut nonce = [0; NONCE_LEN];
        let (cookie, rest) = nonce.split_at_mut(COOKIE.len());
        cookie.copy_from_slice(COOKIE);
        let (features, rest) = rest.split_at_mut(4);
        encode(&self.features, features);
        encode(&sealed, rest);
        nonce
    }

    /// What this nonce is, presented by this client.
    #[must_use]
    pub fn check(&self, nonce: &[u8], client: &Client, unix_s: u64) -> NonceState {
        let Some((features, sealed)) = decode(nonce) else { return NonceState::Foreign };
        let [t2, t1, t0, mac @ ..] = sealed;
        let algorithms = features.first().is_some_and(|first| first & 0x80 != 0);
        if !crate::wire::same_bytes(&self.mac(client, [t2, t1, t0], features), &mac) {
            return NonceState::Foreign;
        }
        let made = u64::from(u32::from_be_bytes([0, t2, t1, t0]));
        let age = (unix_s % TIME_MODULUS + TIME_MODULUS - made) % TIME_MODULUS;
        if age <= self.life_s { NonceState::Valid { algorithms } } else { NonceState::Old { algorithms } }
    }

    /// 64 bits: a guess is right once in 2^64, and what is won is a request from one's own address.
    fn mac(&self, client: &Client, time: [u8; 3], features: [u8; 3]) -> [u8; 8] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(&time);
        mac.update(&features);
        mac.update(&[client.transport as u8, Family::of(client.remote.ip()) as u8]);
        match client.remote.ip() {
            IpAddr::V4(ip) => mac.update(&ip.octets()),
            IpAddr::V6(ip) => mac.update(&ip.octets()),
        }
        mac.update(&client.remote.port().to_be_bytes());
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = mac.finalize().into_bytes().into();
        [a, b, c, d, e, f, g, h]
    }
}

fn encode(bytes: &[u8], text: &mut [u8]) {
    STANDARD_NO_PAD.encode_slice(bytes, text).expect("the text has room for these bytes");
}

/// Features and sealed part of a nonce of our form.
fn decode(nonce: &[u8]) -> Option<([u8; 3], [u8; 11])> {
    let rest = nonce.strip_prefix(COOKIE)?;
    let (features, sealed) = rest.split_at_checked(4)?;
    let features = STANDARD_NO_PAD.decode(features).ok()?;
    if sealed.len() != NONCE_LEN - COOKIE.len() - 4 {
        return None;
    }
    let sealed = STANDARD_NO_PAD.decode(sealed).ok()?;
    Some((features.try_into().ok()?, sealed.try_into().ok()?))
}
