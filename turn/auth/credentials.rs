//! Users with passwords, and names that carry their own end: `expiry:user` signed with a secret that the issuer of
//! the name shares ("REST" credentials). A name may carry bounds too: `expiry:tenant:session:caps`.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use thiserror::Error;

use super::key::{Algorithm, Key, userhash};
use crate::limits::{SECRETS_MAX, USERNAME_BYTES_MAX};

/// Why a user or a secret cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// Empty, longer than RFC 8489 §14.3 allows, or with a colon, which ephemeral names are known by.
    #[error("a user's name has 1 to {USERNAME_BYTES_MAX} bytes and no colon")]
    Name,
    /// Clients prepare other passwords in different ways (RFC 8265): only these are the same for all.
    #[error("a password is printable ASCII without control characters")]
    Password,
    /// Shorter than 16 bytes could be guessed offline from one name and its password.
    #[error("a secret has at least 16 bytes")]
    Secret,
    /// A secret and its predecessor are enough to rotate; each costs a key at every refusal.
    #[error("at most {SECRETS_MAX} secrets at a time")]
    TooManySecrets,
}

/// What ephemeral passwords are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretHash {
    /// What every issuer knows.
    Sha1,
    /// The same with HMAC-SHA256.
    Sha256,
}

/// A secret shared with whoever issues ephemeral names.
#[derive(Clone)]
pub struct RestSecret {
    bytes: Box<[u8]>,
    hash: SecretHash,
}

impl fmt::Debug for RestSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RestSecret({:?})", self.hash)
    }
}

impl RestSecret {
    /// Takes a secret.
    ///
    /// # Errors
    /// It is too short.
    pub fn new(bytes: &[u8], hash: SecretHash) -> Result<Self, CredentialError> {
        if bytes.len() < 16 { Err(CredentialError::Secret) } else { Ok(Self { bytes: bytes.into(), hash }) }
    }

    /// The password of an ephemeral name: what its issuer hands out with it.
    #[must_use]
    pub fn password(&self, username: &str) -> String {
        match self.hash {
            SecretHash::Sha1 => {
                let mut mac = Hmac::<Sha1>::new_from_slice(&self.bytes).expect("any length");
                mac.update(username.as_bytes());
                STANDARD.encode(mac.finalize().into_bytes())
            }
            SecretHash::Sha256 => {
                let mut mac = Hmac::<Sha256>::new_from_slice(&self.bytes).expect("any length");
                mac.update(username.as_bytes());
                STANDARD.encode(mac.finalize().into_bytes())
            }
        }
    }
}

/// Bounds of one credential; `None` leaves the server's own. Written in a name as `b2000000,p1000,a2,n8`: bytes and
/// packets a second, allocations, permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Bytes relayed a second, both ways together.
    pub bytes_per_s: Option<u32>,
    /// Packets relayed a second, both ways together.
    pub packets_per_s: Option<u32>,
    /// Allocations at once.
    pub allocations: Option<u32>,
    /// Permissions of one allocation.
    pub permissions: Option<u32>,
}

impl Caps {
    /// Reads the fourth part of a name; `None` when it is not of this form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut caps = Self::default();
        for part in text.split(',') {
            let mut chars = part.chars();
            let place = match chars.next()? {
                'b' => &mut caps.bytes_per_s,
                'p' => &mut caps.packets_per_s,
                'a' => &mut caps.allocations,
                'n' => &mut caps.permissions,
                _ => return None,
            };
            if place.replace(chars.as_str().parse().ok()?).is_some() {
                return None;
            }
        }
        Some(caps)
    }
}

impl fmt::Display for Caps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ('b', self.bytes_per_s),
            ('p', self.packets_per_s),
            ('a', self.allocations),
            ('n', self.permissions),
        ];
        let mut comma = "";
        for (letter, value) in parts {
            if let Some(value) = value {
                write!(f, "{comma}{letter}{value}")?;
                comma = ",";
            }
        }
        Ok(())
    }
}

/// The parts of an ephemeral name: `expiry:user` or `expiry:tenant:session[:caps]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ephemeral<'a> {
    /// Unix time in seconds from which the name is worth nothing.
    pub expires_s: u64,
    /// Whose allocations are counted together: everything between the expiry and the caps.
    pub user: &'a str,
    /// The session, where the name has one.
    pub session: Option<&'a str>,
    /// The bounds, where the name has some.
    pub caps: Caps,
}

impl fmt::Debug for Ephemeral<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ephemeral(…)")
    }
}

impl<'a> Ephemeral<'a> {
    /// Takes a name apart; `None` when it is not of this form.
    #[must_use]
    pub fn parse(username: &'a str) -> Option<Self> {
        let (expires, rest) = username.split_once(':')?;
        let expires_s = expires.parse().ok()?;
        let mut parts = rest.split(':');
        let tenant = parts.next().filter(|tenant| !tenant.is_empty())?;
        let session = parts.next();
        let caps = parts.next();
        if parts.next().is_some() {
            return None;
        }
        let user = caps.map_or(rest, |caps| {
            rest.strip_suffix(caps).and_then(|rest| rest.strip_suffix(':')).unwrap_or(tenant)
        });
        let caps = match caps {
            None => Caps::default(),
            Some(text) => Caps::parse(text)?,
        };
        Some(Self { expires_s, user, session, caps })
    }
}

/// Who somebody claims to be, before it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// When the credential ends, if it does (Unix seconds).
    pub expires_s: Option<u64>,
    /// Its bounds.
    pub caps: Caps,
}

/// Who may use the relay.
#[derive(Clone, Default)]
pub struct Credentials {
    users: HashMap<Box<str>, Box<str>>,
    secrets: Vec<RestSecret>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} users, {} secrets)", self.users.len(), self.secrets.len())
    }
}

impl Credentials {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user with a password.
    ///
    /// # Errors
    /// A name or password that not every client would send alike.
    pub fn user(mut self, name: &str, password: &str) -> Result<Self, CredentialError> {
        if name.is_empty() || name.len() > USERNAME_BYTES_MAX || name.contains(':') {
            return Err(CredentialError::Name);
        }
        if password.is_empty() || !password.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(CredentialError::Password);
        }
        self.users.insert(name.into(), password.into());
        Ok(self)
    }

    /// Adds a secret for ephemeral names. Keep the old one beside the new one until its last name has ended.
    ///
    /// # Errors
    /// There are enough.
    pub fn secret(mut self, secret: RestSecret) -> Result<Self, CredentialError> {
        if self.secrets.len() >= SECRETS_MAX {
            return Err(CredentialError::TooManySecrets);
        }
        self.secrets.push(secret);
        Ok(self)
    }

    /// Whether a hashed name can be answered for: not where names are made elsewhere.
    #[must_use]
    pub fn knows_hashes(&self) -> bool {
        self.secrets.is_empty() && !self.users.is_empty()
    }

    /// Names by their USERHASH, where hashed names can be answered for; made once, not for each request.
    #[must_use]
    pub fn hashes(&self, realm: &str) -> HashMap<[u8; 32], Box<str>> {
        let names = self.users.keys().filter(|_| self.knows_hashes());
        names.map(|name| (userhash(name.as_bytes(), realm), name.clone())).collect()
    }

    /// The keys that this name may prove itself with, and what it would be then. None for a name that nobody has.
    #[must_use]
    pub fn keys(&self, username: &str, realm: &str, algorithm: Algorithm) -> Option<(Vec<Key>, Subject)> {
        let derive = |password: &str| Key::derive(algorithm, username.as_bytes(), realm, password.as_bytes());
        if let Some(password) = self.users.get(username) {
            let subject = Subject { expires_s: None, caps: Caps::default() };
            return Some((vec![derive(password)], subject));
        }
        let name = Ephemeral::parse(username).filter(|_| !self.secrets.is_empty())?;
        let keys = self.secrets.iter().map(|secret| derive(&secret.password(username))).collect();
        Some((keys, Subject { expires_s: Some(name.expires_s), caps: name.caps }))
    }
}
