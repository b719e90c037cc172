//! One allocation: whose it is, its relayed addresses, its permissions and channels.
//!
//! Not known here: requests, other allocations, the policy.

use std::net::{IpAddr, SocketAddr};

use crate::auth::Key;
use crate::io::{Client, Traffic, User};
use crate::policy::{Grant, Route};
use crate::ports::Wanted;
use crate::rates::{Meter, Network};
use crate::slots::{Id, Table};
use crate::wire::{Family, IntegrityKind, TransactionId};

/// A peer that may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permission {
    pub(crate) until_ms: u64,
    pub(crate) grant: Grant,
}

/// A peer with a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    pub(crate) peer: SocketAddr,
    pub(crate) until_ms: u64,
    pub(crate) route: Route,
}

/// What integrity of answers is made with.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key: Key,
    pub(crate) kind: IntegrityKind,
}

/// Whether it can be used yet.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Ports are being bound.
    Binding(Box<Pending>),
    /// It relays.
    Live,
}

/// An Allocate request whose ports are being bound, one after another.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) transaction: TransactionId,
    pub(crate) fingerprint: bool,
    pub(crate) lifetime_s: u32,
    /// Relays still to be bound, the next one last.
    pub(crate) to_bind: Vec<Id>,
    /// The even port and the one held beside it, with the token that names it.
    pub(crate) pair: Option<(Id, Id, [u8; 8])>,
    pub(crate) port: Wanted,
    pub(crate) tries: u8,
    /// The family of two that could not be had, with its code.
    pub(crate) missing: Option<(Family, crate::Refusal)>,
}

/// One allocation.
#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) client: Client,
    pub(crate) user: User,
    /// Whose allocations it is counted with.
    pub(crate) account: Box<str>,
    pub(crate) network: Network,
    pub(crate) signer: Signer,
    pub(crate) credential_ends_s: Option<u64>,
    pub(crate) until_ms: u64,
    pub(crate) permissions_max: u32,
    pub(crate) phase: Phase,
    /// Relays by family: IPv4, IPv6.
    pub(crate) relays: [Option<Id>; 2],
    pub(crate) permissions: Table<IpAddr, Permission>,
    pub(crate) channels: Table<u16, Channel>,
    pub(crate) numbers: Table<SocketAddr, u16>,
    pub(crate) meter: Meter,
    pub(crate) traffic: Traffic,
}

impl Allocation {
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live)
    }

    pub(crate) const fn relay(&self, family: Family) -> Option<Id> {
        let [v4, v6] = self.relays;
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    pub(crate) const fn set_relay(&mut self, family: Family, relay: Option<Id>) {
        let [v4, v6] = &mut self.relays;
        match family {
            Family::V4 => *v4 = relay,
            Family::V6 => *v6 = relay,
        }
    }

    pub(crate) fn permission(&self, now_ms: u64, ip: IpAddr) -> Option<&Permission> {
        self.permissions.get(&ip).filter(|permission| now_ms < permission.until_ms)
    }

    pub(crate) fn channel(&self, now_ms: u64, number: u16) -> Option<&Channel> {
        self.channels.get(&number).filter(|channel| now_ms < channel.until_ms)
    }

    /// The number of a peer, while it has one.
    pub(crate) fn number(&self, now_ms: u64, peer: SocketAddr) -> Option<u16> {
        let number = *self.numbers.get(&peer)?;
        self.channel(now_ms, number).map(|_| number)
    }

    /// Forgets permissions and channels whose time is over.
    pub(crate) fn prune(&mut self, now_ms: u64) {
        self.permissions.retain(|_, permission| now_ms < permission.until_ms);
        self.retain_channels(|channel| now_ms < channel.until_ms);
    }

    pub(crate) fn retain_channels(&mut self, keep: impl Fn(&Channel) -> bool) {
        self.channels.retain(|_, channel| keep(channel));
        let channels = &self.channels;
        self.numbers.retain(|_, number| channels.get(number).is_some());
    }

    pub(crate) fn bind_channel(&mut self, number: u16, channel: Channel) {
        self.numbers.insert(channel.peer, number);
        self.channels.insert(number, channel);
        debug_assert_eq!(
            self.numbers.len(),
            self.channels.len(),
            "one number for each peer, one peer for each"
        );
    }
}

/// An allocation with a peer is to take at most 2 KiB with everything that points to it.
const _: () = assert!(size_of::<Allocation>() <= 512);
