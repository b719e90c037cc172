//! Which peers may be reached. One function decides for permissions, channels, Send indications, channel data and
//! what comes back from peers: [`Policy::judge`].
//!
//! Not known here: allocations, users, sockets. The operating system is not asked: own addresses are told.

mod faces;
mod prefix;
mod special;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

pub use faces::{Faces, faces};
pub use prefix::{Prefix, PrefixError};
pub use special::{DENIED_BY_DEFAULT, METADATA_ADDRESSES};

use crate::refusal::{Refusal, refuse, require};

/// One line of the policy: peers in a prefix, at ports of a range, may or may not be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The addresses.
    pub prefix: Prefix,
    /// The ports.
    pub ports: RangeInclusive<u16>,
    /// Whether they may be reached.
    pub allow: bool,
}

impl Rule {
    /// All ports of a prefix.
    #[must_use]
    pub const fn new(prefix: Prefix, allow: bool) -> Self {
        Self { prefix, ports: 0..=u16::MAX, allow }
    }
}

/// Where data for a peer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Out of the relay socket.
    Socket,
    /// To a peer in this process.
    Sink,
}

/// What a permission for an address may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Every port may be reached through the relay socket; otherwise each is judged when it is used.
    pub any_port: bool,
}

/// The peers that may be reached. Order of the decision: peers in this process; then, for the address and for every
/// IPv4 address hidden in it, the first rule that names it, else own addresses and the deny list, else the default.
/// One hidden address that is denied denies the whole. An own address is reached only by a rule for that address alone.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    sinks: Vec<SocketAddr>,
    own: Vec<Prefix>,
    rules: Vec<Rule>,
    denied: Vec<Prefix>,
    nat64: Vec<Prefix>,
    relayed: Vec<IpAddr>,
    relayed_ports: Option<RangeInclusive<u16>>,
    allow_rest: bool,
}

impl Policy {
    /// Only peers in this process, at these addresses.
    #[must_use]
    pub fn sinks_only(sinks: Vec<SocketAddr>) -> Self {
        Self { sinks: sinks.into_iter().map(plain).collect(), ..Self::default() }
    }

    /// Everything but what the registries of special-purpose addresses name, multicast, and metadata services.
    /// `own` are the addresses of this machine's interfaces: a relay on a public address must not reach the services
    /// behind it.
    #[must_use]
    pub fn public_internet(own: Vec<IpAddr>) -> Self {
        Self {
            own: own.into_iter().map(Prefix::host).collect(),
            denied: DENIED_BY_DEFAULT.iter().map(Prefix::from).collect(),
            allow_rest: true,
            ..Self::default()
        }
    }

    /// Adds rules; the first that names a peer decides, before the deny list.
    #[must_use]
    pub fn with_rules(mut self, rules: Vec<Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Adds peers in this process.
    #[must_use]
    pub fn with_sinks(mut self, sinks: Vec<SocketAddr>) -> Self {
        self.sinks.extend(sinks.into_iter().map(plain));
        self
    }

    /// Adds prefixes under which this network translates to IPv4 (RFC 6052), beside the well-known one.
    #[must_use]
    pub fn with_nat64(mut self, prefixes: Vec<Prefix>) -> Self {
        self.nat64.extend(prefixes);
        self
    }

    /// Addresses and ports that this relay gives out: its clients reach one another there, though they are addresses
    /// of this machine. Keep the system from using these ports for anything else.
    #[must_use]
    pub fn with_relayed(mut self, addresses: Vec<IpAddr>, ports: RangeInclusive<u16>) -> Self {
        self.relayed = addresses;
        self.relayed_ports = Some(ports);
        self
    }

    /// Whether a peer may be reached, and how.
    ///
    /// # Errors
    /// [`Refusal::PeerForbidden`].
    pub fn judge(&self, peer: SocketAddr) -> Result<Route, Refusal> {
        if self.sinks.contains(&peer) {
            return Ok(Route::Sink);
        }
        let given_out = self.relayed_ports.as_ref().is_some_and(|ports| ports.contains(&peer.port()));
        if given_out && self.relayed.contains(&peer.ip()) {
            return Ok(Route::Socket);
        }
        require(self.allows(peer.ip(), Some(peer.port())), Refusal::PeerForbidden)?;
        Ok(Route::Socket)
    }

    /// Whether anything at an address may be reached: what a permission asks.
    ///
    /// # Errors
    /// [`Refusal::PeerForbidden`].
    pub fn judge_ip(&self, ip: IpAddr) -> Result<Grant, Refusal> {
        let whole = self.allows(ip, None) && !self.names_ports(ip);
        if whole && !self.sinks.iter().any(|sink| sink.ip() == ip) {
            return Ok(Grant { any_port: true });
        }
        let some = self.allows(ip, None)
            || self.rules.iter().any(|rule| self.opens(rule, ip))
            || self.relayed.contains(&ip)
            || self.sinks.iter().any(|sink| sink.ip() == ip);
        if !some {
            refuse(Refusal::PeerForbidden)?;
            return Ok(Grant { any_port: true });
        }
        Ok(Grant { any_port: false })
    }

    /// Whether this rule lets some port of the address be reached, all else considered.
    fn opens(&self, rule: &Rule, ip: IpAddr) -> bool {
        let ends = [(*rule.ports.start()).max(1), *rule.ports.end()];
        let named = faces(ip, &self.nat64).iter().any(|face| rule.prefix.contains(face));
        rule.allow && named && ends.iter().any(|port| self.allows(ip, Some(*port)))
    }

    fn names_ports(&self, ip: IpAddr) -> bool {
        let partial = |rule: &&Rule| rule.ports != (0..=u16::MAX);
        let found = faces(ip, &self.nat64);
        self.rules.iter().filter(partial).any(|rule| found.iter().any(|face| rule.prefix.contains(face)))
    }

    /// Every face of the address is allowed.
    fn allows(&self, ip: IpAddr, port: Option<u16>) -> bool {
        let found = faces(ip, &self.nat64);
        if port == Some(0) || found.is_disguise() {
            return false;
        }
        found.iter().all(|face| self.allows_face(face, port))
    }

    fn allows_face(&self, ip: IpAddr, port: Option<u16>) -> bool {
        let own = self.own.iter().any(|own| own.contains(ip));
        // For a whole address a rule about some ports decides nothing: each port is judged when it is used.
        let names = |rule: &&Rule| {
            let ports = port.map_or(rule.ports == (0..=u16::MAX), |port| rule.ports.contains(&port));
            ports && rule.prefix.contains(ip)
        };
        match self.rules.iter().find(names) {
            Some(rule) => rule.allow && (rule.prefix.is_host() || !own),
            None => self.allow_rest && !own && !self.denied.iter().any(|prefix| prefix.contains(ip)),
        }
    }
}

/// An address without flow label and scope, which peers do not have.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}
