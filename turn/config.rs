//! What the caller decides. Values are checked where they are made, not here.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::auth::{Credentials, Realm};
use crate::limits::{self, TEXT_BYTES_MAX};
use crate::policy::Policy;
use crate::wire::Family;

/// Everything a server needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// The realm.
    pub realm: Realm,
    /// Name of the program in signed answers; short.
    pub software: Option<&'static str>,
    /// Whether SHA-256 is offered or demanded.
    pub sha256: Sha256Mode,
    /// Who may use it.
    pub credentials: Credentials,
    /// Which peers may be reached.
    pub policy: Policy,
    /// How much of it.
    pub quotas: Quotas,
    /// Answers to those who have not proven anything.
    pub budget: Budget,
    /// Relayed addresses.
    pub relays: Relays,
    /// Channel numbers up to 0x7FFF, as in RFC 5766, for old clients.
    pub rfc5766_channels: bool,
    /// Whether the shell can set "don't fragment" for single packets.
    pub dont_fragment: bool,
    /// Whether Binding requests are answered.
    pub binding: bool,
    /// Longest lifetime given, in seconds.
    pub lifetime_max_s: u32,
    /// Seconds a nonce is taken.
    pub nonce_life_s: u32,
    /// Allocations end with their credential.
    pub end_at_expiry: bool,
    /// Another server for new allocations.
    pub redirect: Option<Redirect>,
}

impl Config {
    /// A relay of its own: everything but special-purpose addresses may be reached. `own` are this machine's addresses.
    #[must_use]
    pub fn standalone(realm: Realm, relays: Relays, own: Vec<IpAddr>) -> Self {
        // Behind 1:1 address translation the advertised address leads to this machine too.
        let own = own.into_iter().chain(relays.advertised()).collect();
        let policy = Policy::public_internet(own).with_relayed(relays.advertised(), relays.ports.clone());
        Self {
            realm,
            software: None,
            sha256: Sha256Mode::Offered,
            credentials: Credentials::new(),
            policy,
            quotas: Quotas::default(),
            budget: Budget::default(),
            relays,
            rfc5766_channels: false,
            dont_fragment: true,
            binding: true,
            lifetime_max_s: 3_600,
            nonce_life_s: 3_600,
            end_at_expiry: false,
            redirect: None,
        }
    }

    /// A relay whose only peers are in this process, at these addresses. Relayed addresses are numbers at `relayed`;
    /// no socket is ever bound.
    #[must_use]
    pub fn embedded(realm: Realm, sinks: Vec<SocketAddr>, relayed: &[IpAddr]) -> Self {
        let mut relays = Relays { v4: None, v6: None, ports: 1_024..=u16::MAX, bind: false };
        for ip in relayed {
            let address = Some(RelayAddress { bind: *ip, advertise: *ip });
            match Family::of(*ip) {
                Family::V4 => relays.v4 = address,
                Family::V6 => relays.v6 = address,
            }
        }
        Self {
            policy: Policy::sinks_only(sinks),
            dont_fragment: false,
            end_at_expiry: true,
            ..Self::standalone(realm, relays, Vec::new())
        }
    }
}

/// What does not go together in a [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// With SHA-256 offered the first answer would amplify, so that it would never be sent.
    #[error("with SHA-256 offered a realm has at most {0} bytes")]
    Realm(usize),
    /// Longer texts do not fit an answer.
    #[error("a program's name and a server's domain have at most {TEXT_BYTES_MAX} bytes")]
    Text,
}

impl Config {
    /// Checks what no single value shows; call it before a server is made.
    ///
    /// # Errors
    /// Two values do not go together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let max = Realm::len_max(self.sha256 != Sha256Mode::Off);
        if self.realm.as_str().len() > max {
            return Err(ConfigError::Realm(max));
        }
        let domain = self.redirect.as_ref().and_then(|redirect| redirect.domain.as_deref());
        let texts = [self.software, domain].into_iter().flatten();
        if texts.map(str::len).any(|len| len > TEXT_BYTES_MAX) { Err(ConfigError::Text) } else { Ok(()) }
    }
}

/// Whether SHA-256 is used for integrity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sha256Mode {
    /// Not offered.
    Off,
    /// Offered; clients that do not know it use SHA-1.
    Offered,
    /// Demanded: browsers of 2026 cannot use such a server.
    Required,
}

/// Where relayed addresses are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relays {
    /// The IPv4 address.
    pub v4: Option<RelayAddress>,
    /// The IPv6 address.
    pub v6: Option<RelayAddress>,
    /// Their ports. Servers beside each other need ranges of their own.
    pub ports: RangeInclusive<u16>,
    /// Whether sockets are bound; without, the addresses are only numbers.
    pub bind: bool,
}

impl Relays {
    pub(crate) const fn address(&self, family: Family) -> Option<RelayAddress> {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    fn advertised(&self) -> Vec<IpAddr> {
        [self.v4, self.v6].into_iter().flatten().map(|address| address.advertise).collect()
    }
}

/// One relayed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayAddress {
    /// Where sockets are bound.
    pub bind: IpAddr,
    /// What clients are told: another one behind 1:1 address translation.
    pub advertise: IpAddr,
}

/// Another server for new allocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Its address.
    pub server: SocketAddr,
    /// Its domain, where the client checks a certificate.
    pub domain: Option<String>,
    /// Tell it to anybody (as on an anycast address, RFC 8155), not only to those with credentials.
    pub before_authentication: bool,
}

/// How much of everything. Counted by this server alone; servers beside each other count each for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Allocations.
    pub allocations: u32,
    /// Allocations of one user.
    pub per_user: u32,
    /// Allocations of one prefix of clients: /24 or /64.
    pub per_prefix: u32,
    /// Permissions of one allocation.
    pub permissions: u32,
    /// Channels of one allocation.
    pub channels: u32,
    /// Packets a second through one allocation, both ways together; none: as many as come.
    pub packets_per_s: Option<u32>,
    /// Bytes of payload a second through one allocation, both ways together; none: as many as come.
    pub bytes_per_s: Option<u32>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            allocations: limits::ALLOCATIONS_DEFAULT,
            per_user: limits::PER_USER_DEFAULT,
            per_prefix: limits::PER_PREFIX_DEFAULT,
            permissions: limits::PERMISSIONS_DEFAULT,
            channels: limits::CHANNELS_DEFAULT,
            packets_per_s: None,
            bytes_per_s: None,
        }
    }
}

/// Answers to those who have not proven anything, for each /24 and /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Answers at once.
    pub burst: u32,
    /// Answers a second after that.
    pub per_s: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { burst: limits::UNPROVEN_BURST, per_s: limits::UNPROVEN_PER_S }
    }
}
