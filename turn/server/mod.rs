//! The relay itself, one for each shard.
//!
//! **Use.** Hand in what arrives ([`Server::from_client`], [`Server::from_peer`], [`Server::from_sink`],
//! [`Server::from_icmp`]) and carry out the [`Action`]; then drain [`Server::poll`] until it has nothing. Call
//! [`Server::timeout`] when [`Server::next_timeout`] has come. The time is read once for a batch.
//!
//! **Invariants.** Nothing is stored for anybody before integrity has verified. Data is relayed only between a
//! client with a live allocation and a peer that the policy allows, in both directions. Each allocation has one entry
//! in the map of clients, one timer, and its relays; [`Server::check`] holds that.

mod allocate;
mod authenticate;
mod control;
mod data;
mod release;
mod reply;
mod request;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use crate::allocation::Allocation;
use crate::answers::Answers;
use crate::auth::Nonces;
use crate::config::{Config, Sha256Mode};
use crate::counters::Counters;
use crate::io::{Action, AllocationId, Client, Effect, Now};
use crate::ports::{Ports, Random};
use crate::rates::{Budgets, Network};
use crate::refusal::Refusal;
use crate::revoked::Revoked;
use crate::slots::{Id, Slots, Tally};
use crate::wire::Family;

/// What can wake the core, in the order it is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// An allocation's lifetime, or its credential, ends.
    Allocation(Id),
    /// A reserved port is given up.
    Reservation([u8; 8]),
}

/// One relayed address.
#[derive(Clone, Copy, Debug)]
struct Relay {
    /// Whose; none while it is reserved.
    owner: Option<Id>,
    /// Who drew it; looked at while ports are being bound.
    drawn_by: Id,
    family: Family,
    /// What clients and peers see.
    advertised: SocketAddr,
    /// Whether the shell has a socket for it.
    open: bool,
}

/// A bound port that its user may still ask for.
#[derive(Debug)]
struct Reservation {
    relay: Id,
    account: Box<str>,
    until_ms: u64,
}

/// A STUN and TURN server.
#[derive(Debug)]
pub struct Server {
    config: Config,
    nonces: Nonces,
    random: Random,
    indications: u64,
    budgets: Budgets,
    /// For Binding requests, which are no part of signing in.
    binding_budgets: Budgets,
    /// Names by their hash, where hashed names are offered.
    hashes: HashMap<[u8; 32], Box<str>>,
    allocations: Slots<Allocation>,
    relays: Slots<Relay>,
    by_client: HashMap<Client, Id>,
    /// The client of the last datagram: trains of datagrams come from one.
    last: Option<(Client, Id)>,
    by_relayed: HashMap<SocketAddr, Id>,
    reservations: HashMap<[u8; 8], Reservation>,
    ports: [Ports; 2],
    accounts: Tally<Box<str>>,
    networks: Tally<Network>,
    revoked: Revoked,
    answers: Answers,
    timers: BTreeSet<(u64, Timer)>,
    effects: VecDeque<Effect>,
    counters: Counters,
    draining: bool,
}

impl Server {
    /// A server without allocations. `seed` must be drawn anew for each; `nonce_key` is shared by servers that take
    /// each other's nonces.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32], nonce_key: [u8; 32]) -> Self {
        let mut random = Random::new(seed);
        Self {
            nonces: nonces(&config, nonce_key),
            indications: u64::from_be_bytes(random.bytes()),
            random,
            budgets: Budgets::new(config.budget),
            binding_budgets: Budgets::new(config.budget),
            hashes: config.credentials.hashes(config.realm.as_str()),
            allocations: Slots::default(),
            relays: Slots::default(),
            by_client: HashMap::new(),
            last: None,
            by_relayed: HashMap::new(),
            reservations: HashMap::new(),
            ports: [Ports::new(&config.relays.ports), Ports::new(&config.relays.ports)],
            accounts: Tally::default(),
            networks: Tally::default(),
            revoked: Revoked::default(),
            answers: Answers::default(),
            timers: BTreeSet::new(),
            effects: VecDeque::new(),
            counters: Counters::new(),
            draining: false,
            config,
        }
    }

    /// Takes a datagram, or one frame of a stream, from a client.
    pub fn from_client(&mut self, now: Now, client: Client, datagram: &[u8]) -> Action {
        let channels = if self.config.rfc5766_channels { 0x40..=0x7F } else { 0x40..=0x4F };
        let done = match datagram.first() {
            Some(first) if channels.contains(first) => self.channel_data(now, client, datagram),
            Some(0x00..=0x03) => self.stun(now, client, datagram),
            _ => Err(Refusal::NotOurs),
        };
        self.counted(done)
    }

    /// The next thing to do; none when all is done.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`Self::timeout`] at the latest, on the clock of [`Now::ms`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<u64> {
        let timer = self.timers.first().map(|(at, _)| *at);
        [timer, self.answers.next_ms()].into_iter().flatten().min()
    }

    /// What happened.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Allocations now.
    #[must_use]
    pub fn allocations(&self) -> usize {
        self.allocations.len()
    }

    /// Relayed addresses taken now, reserved ones included.
    #[must_use]
    pub fn relays(&self) -> usize {
        self.relays.len()
    }

    /// Relayed addresses of an allocation.
    #[must_use]
    pub fn relayed(&self, allocation: AllocationId) -> Vec<SocketAddr> {
        let relays = self.allocations.get(allocation.0).map_or([None; 2], |allocation| allocation.relays);
        let relays = relays.into_iter().flatten();
        relays.filter_map(|relay| Some(self.relays.get(relay)?.advertised)).collect()
    }

    /// Asserts in debug builds that the tables agree.
    pub fn check(&self) {
        debug_assert_eq!(self.allocations.len(), self.by_client.len(), "each client has one allocation");
        debug_assert_eq!(self.relays.len(), self.by_relayed.len(), "each relay has its address");
        let ports = self.ports.iter().map(|ports| ports.in_use() as usize).sum::<usize>();
        debug_assert_eq!(ports, self.relays.len(), "each relay has its port");
        let timers = self.allocations.len() + self.reservations.len();
        debug_assert_eq!(self.timers.len(), timers, "each allocation and each reservation has a timer");
        debug_assert!(
            !self
                .allocations
                .iter()
                .any(|(id, allocation)| self.by_client.get(&allocation.client) != Some(&id)),
            "each allocation is found by its client"
        );
        if self.allocations.len() == 0 {
            debug_assert!(self.accounts.is_empty() && self.networks.is_empty(), "quotas are given back");
            debug_assert_eq!(self.relays.len(), self.reservations.len(), "only reservations are left");
        }
        debug_assert!(self.answers.len() <= crate::limits::ANSWERS_MAX, "answers are bounded");
    }

    fn counted(&mut self, done: Result<Action, Refusal>) -> Action {
        done.unwrap_or_else(|why| {
            self.counters.refuse(why);
            Action::Nothing
        })
    }

    /// The allocation of a client. The last one asked for is remembered.
    fn find(&mut self, client: &Client) -> Option<Id> {
        if let Some((last, id)) = &self.last
            && last == client
        {
            return Some(*id);
        }
        let id = *self.by_client.get(client)?;
        self.last = Some((*client, id));
        Some(id)
    }

    const fn ports(&mut self, family: Family) -> &mut Ports {
        let [v4, v6] = &mut self.ports;
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }
}

fn nonces(config: &Config, key: [u8; 32]) -> Nonces {
    let algorithms = config.sha256 != Sha256Mode::Off;
    Nonces::new(key, config.nonce_life_s, algorithms, config.credentials.knows_hashes())
}
