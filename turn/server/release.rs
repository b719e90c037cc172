//! The end of allocations, relays and reservations, and time.

use super::{Server, Timer};
use crate::io::{AllocationId, CloseReason, Effect, Now, RelayId, Transport};
use crate::slots::Id;
use crate::wire::Family;

impl Server {
    /// Does what is due.
    pub fn timeout(&mut self, now: Now) {
        self.answers.forget(now.ms);
        while let Some((at, timer)) = self.timers.first().copied() {
            if at > now.ms {
                return;
            }
            match timer {
                Timer::Allocation(id) => {
                    let ends = self.allocations.get(id).and_then(|allocation| allocation.credential_ends_s);
                    let over = self.config.end_at_expiry && ends.is_some_and(|ends| ends <= now.unix_s);
                    self.end(id, if over { CloseReason::CredentialExpired } else { CloseReason::Expired });
                    // A timer without its allocation would come again for ever.
                    self.timers.remove(&(at, timer));
                }
                Timer::Reservation(token) => {
                    self.timers.remove(&(at, timer));
                    if let Some(held) = self.reservations.remove(&token) {
                        self.drop_relay(held.relay);
                    }
                }
            }
        }
    }

    /// Lets an allocation live that many seconds from now.
    pub(super) fn set_end(&mut self, now: Now, id: Id, seconds: u32) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        self.timers.remove(&(allocation.until_ms, Timer::Allocation(id)));
        allocation.until_ms = now.ms.saturating_add(u64::from(seconds) * 1_000);
        self.timers.insert((allocation.until_ms, Timer::Allocation(id)));
    }

    /// Ends an allocation and tells the shell.
    pub(super) fn end(&mut self, id: Id, reason: CloseReason) {
        let Some(allocation) = self.forget(id) else { return };
        self.counters.close(reason);
        let client = allocation.client;
        let live = allocation.is_live();
        if live {
            self.effects.push_back(Effect::Closed {
                allocation: AllocationId(id),
                client,
                reason,
                traffic: allocation.traffic,
                user: allocation.user,
            });
        }
        let by_us = matches!(reason, CloseReason::Revoked | CloseReason::CredentialExpired);
        if by_us && client.transport != Transport::Udp {
            self.effects.push_back(Effect::CloseClient { client });
        }
    }

    /// Takes back an allocation that never lived.
    pub(super) fn undo(&mut self, id: Id) {
        drop(self.forget(id));
    }

    /// Removes an allocation from every table.
    fn forget(&mut self, id: Id) -> Option<crate::allocation::Allocation> {
        let allocation = self.allocations.remove(id)?;
        self.by_client.remove(&allocation.client);
        self.last = None;
        self.timers.remove(&(allocation.until_ms, Timer::Allocation(id)));
        self.accounts.take(&*allocation.account);
        self.networks.take(&allocation.network);
        let held = match &allocation.phase {
            crate::allocation::Phase::Binding(pending) => pending.pair.map(|(_, odd, _)| odd),
            crate::allocation::Phase::Live => None,
        };
        for relay in allocation.relays.into_iter().flatten().chain(held) {
            self.drop_relay(relay);
        }
        Some(allocation)
    }

    /// Ends one of two families.
    pub(super) fn drop_family(&mut self, id: Id, family: Family) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let relay = allocation.relay(family);
        allocation.set_relay(family, None);
        allocation.permissions.retain(|ip, _| Family::of(*ip) != family);
        allocation.retain_channels(|channel| Family::of(channel.peer.ip()) != family);
        if let Some(relay) = relay {
            self.drop_relay(relay);
        }
    }

    /// Gives a relayed address back and has its socket closed.
    pub(super) fn drop_relay(&mut self, relay: Id) {
        let Some(entry) = self.relays.remove(relay) else { return };
        self.by_relayed.remove(&entry.advertised);
        self.ports(entry.family).give_back(entry.advertised.port());
        if entry.open {
            self.effects.push_back(Effect::Release { relay: RelayId(relay) });
        }
    }
}
