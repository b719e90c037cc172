//! Allocate (RFC 8656 §7): from a request that has proven itself to relayed addresses.

use std::net::SocketAddr;

use super::authenticate::Proven;
use super::reply::Asked;
use super::request::{family, lifetime};
use super::{Relay, Reservation, Server, Timer};
use crate::allocation::{Allocation, Pending, Phase};
use crate::auth::{Caps, Ephemeral};
use crate::io::{AllocationId, BindError, CloseReason, Effect, Now, RelayId, Traffic, User};
use crate::limits::{LIFETIME_DEFAULT_S, PORT_TRIES_MAX, RESERVATION_MS, RESERVATIONS_MAX};
use crate::ports::Wanted;
use crate::rates::{Meter, Network};
use crate::refusal::{Refusal, require};
use crate::slots::{Id, Table};
use crate::wire::{AttributeType, Family, Message};

/// Number of UDP in REQUESTED-TRANSPORT.
const UDP: u8 = 17;

/// What a request wants.
#[derive(Debug)]
struct Wish {
    families: Vec<Family>,
    /// The second family may be missing.
    additional: bool,
    port: Wanted,
    token: Option<[u8; 8]>,
}

impl Server {
    pub(super) fn allocate(
        &mut self,
        now: Now,
        asked: &Asked,
        proven: Proven,
        known: Option<Id>,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        if let Some(allocation) = known.and_then(|id| self.allocations.get(id)) {
            // The same request again while its ports are being bound: its answer is on the way.
            let under_way = matches!(&allocation.phase, Phase::Binding(pending) if pending.transaction == asked.transaction);
            return Err(if under_way { Refusal::NoAllocation } else { Refusal::Mismatch });
        }
        let wish = self.wish(message)?;
        let wanted_s = lifetime(message)?;
        if self.config.redirect.is_some() {
            return Err(Refusal::TryAlternate);
        }
        require(!self.draining, Refusal::Draining)?;
        require(wish.port != Wanted::Pair || self.may_reserve(), Refusal::NoPort)?;
        let account = account(&proven.username);
        let network = Network::of(asked.client.remote.ip());
        self.check_quotas(&account, network, proven.caps)?;
        let held = match wish.token {
            Some(token) => Some(self.take_reservation(token, &account)?),
            None => None,
        };
        let lifetime_s = self.lifetime(now, wanted_s, proven.expires_s);
        let id = self.admit(now, asked, proven, (account, network), lifetime_s);
        if let Some(relay) = held {
            return self.adopt(now, id, relay);
        }
        self.first_ports(now, id, &wish)
    }

    /// Reads and checks the attributes that say which addresses are wanted (RFC 8656 §7.2).
    fn wish(&self, message: &Message<'_>) -> Result<Wish, Refusal> {
        let transport = message.get(AttributeType::REQUESTED_TRANSPORT).ok_or(Refusal::BadAttribute)?;
        let &[transport, ..] = <&[u8; 4]>::try_from(transport).map_err(|_| Refusal::BadAttribute)?;
        require(transport == UDP, Refusal::TransportUnsupported)?;
        let requested = family(message, AttributeType::REQUESTED_ADDRESS_FAMILY)?;
        let additional = family(message, AttributeType::ADDITIONAL_ADDRESS_FAMILY)?;
        let even = match message.get(AttributeType::EVEN_PORT) {
            None => Wanted::Any,
            Some([flags]) if flags & 0x80 != 0 => Wanted::Pair,
            Some([_]) => Wanted::Even,
            Some(_) => return Err(Refusal::BadAttribute),
        };
        let token = match message.get(AttributeType::RESERVATION_TOKEN) {
            None => None,
            Some(token) => Some(<[u8; 8]>::try_from(token).map_err(|_| Refusal::BadAttribute)?),
        };
        let alone = token.is_none() || (even == Wanted::Any && requested.is_none() && additional.is_none());
        let one_way = additional.is_none() || (requested.is_none() && even != Wanted::Pair);
        require(alone && one_way && additional != Some(Family::V4), Refusal::BadAttribute)?;
        let families = match (requested, additional) {
            (_, Some(_)) => vec![Family::V4, Family::V6],
            (Some(family), None) => vec![family],
            (None, None) => vec![Family::V4],
        };
        let any = families.iter().any(|family| self.config.relays.address(*family).is_some());
        require(any || token.is_some(), Refusal::FamilyUnsupported)?;
        Ok(Wish { families, additional: additional.is_some(), port: even, token })
    }

    fn check_quotas(&self, account: &str, network: Network, caps: Caps) -> Result<(), Refusal> {
        let quotas = &self.config.quotas;
        let per_user = caps.allocations.map_or(quotas.per_user, |cap| cap.min(quotas.per_user));
        require(self.accounts.count(account) < per_user, Refusal::UserQuota)?;
        require(self.networks.count(&network) < quotas.per_prefix, Refusal::PrefixQuota)?;
        require(self.allocations.len() < quotas.allocations as usize, Refusal::TotalQuota)
    }

    /// Makes the entry; its ports come next.
    fn admit(
        &mut self,
        now: Now,
        asked: &Asked,
        proven: Proven,
        (account, network): (Box<str>, Network),
        lifetime_s: u32,
    ) -> Id {
        let quotas = &self.config.quotas;
        let least = |cap: Option<u32>, quota: Option<u32>| [cap, quota].into_iter().flatten().min();
        let meter = Meter::new(
            now.ms,
            least(proven.caps.packets_per_s, quotas.packets_per_s),
            least(proven.caps.bytes_per_s, quotas.bytes_per_s),
        );
        let pending = Pending {
            transaction: asked.transaction,
            fingerprint: asked.fingerprint,
            lifetime_s,
            to_bind: Vec::new(),
            pair: None,
            port: Wanted::Any,
            tries: 0,
            missing: None,
        };
        let permissions_max =
            proven.caps.permissions.map_or(quotas.permissions, |cap| cap.min(quotas.permissions));
        let until_ms = now.ms.saturating_add(u64::from(lifetime_s) * 1_000);
        self.accounts.add(account.clone());
        self.networks.add(network);
        let id = self.allocations.insert(Allocation {
            client: asked.client,
            user: User(proven.username),
            account,
            network,
            signer: proven.signer,
            credential_ends_s: proven.expires_s,
            until_ms,
            permissions_max,
            phase: Phase::Binding(Box::new(pending)),
            relays: [None; 2],
            permissions: Table::default(),
            channels: Table::default(),
            numbers: Table::default(),
            meter,
            traffic: Traffic::default(),
        });
        self.by_client.insert(asked.client, id);
        self.timers.insert((until_ms, Timer::Allocation(id)));
        id
    }

    /// Draws ports for every family wanted and has the first bound.
    fn first_ports(&mut self, now: Now, id: Id, wish: &Wish) -> Result<(), Refusal> {
        let mut relays = Vec::new();
        let mut missing = None;
        for family in &wish.families {
            let relay = match self.config.relays.address(*family) {
                None => Err(Refusal::FamilyUnsupported),
                Some(_) => self.draw(id, *family, wish.port),
            };
            match relay {
                Ok(relay) => relays.push((*family, relay)),
                Err(why) if wish.additional => missing = Some((*family, why)),
                Err(why) => {
                    self.undo(id);
                    return Err(why);
                }
            }
        }
        if relays.is_empty() {
            self.undo(id);
            return Err(Refusal::NoPort);
        }
        let pair = match (wish.port, relays.first()) {
            (Wanted::Pair, Some((_, even))) => self.reserve_beside(*even),
            _ => None,
        };
        let allocation = self.allocations.get_mut(id).expect("made by the caller");
        for (family, relay) in &relays {
            allocation.set_relay(*family, Some(*relay));
        }
        if let Phase::Binding(pending) = &mut allocation.phase {
            pending.missing = missing;
            pending.port = wish.port;
            pending.pair = pair;
            pending.to_bind = pair.map(|(_, odd, _)| odd).into_iter().collect();
            pending.to_bind.extend(relays.iter().rev().map(|(_, relay)| *relay));
        }
        self.bind_next(now, id);
        Ok(())
    }

    /// Takes a port and names a relay for it.
    fn draw(&mut self, id: Id, family: Family, wanted: Wanted) -> Result<Id, Refusal> {
        let address = self.config.relays.address(family).ok_or(Refusal::FamilyUnsupported)?;
        let [v4, v6] = &mut self.ports;
        let ports = if family == Family::V4 { v4 } else { v6 };
        let port = ports.take(&mut self.random, wanted).ok_or(Refusal::NoPort)?;
        let advertised = SocketAddr::new(address.advertise, port);
        let relay =
            self.relays.insert(Relay { owner: Some(id), drawn_by: id, family, advertised, open: false });
        self.by_relayed.insert(advertised, relay);
        Ok(relay)
    }

    /// Names a relay of nobody for the odd port beside a pair's even one, and draws its token.
    fn reserve_beside(&mut self, even: Id) -> Option<(Id, Id, [u8; 8])> {
        let Relay { family, advertised, drawn_by, .. } = *self.relays.get(even)?;
        let advertised = SocketAddr::new(advertised.ip(), advertised.port().checked_add(1)?);
        let odd = self.relays.insert(Relay { owner: None, drawn_by, family, advertised, open: false });
        self.by_relayed.insert(advertised, odd);
        Some((even, odd, self.random.bytes()))
    }

    /// Asks the shell for the next socket; when there is none left, the allocation lives.
    fn bind_next(&mut self, now: Now, id: Id) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let Phase::Binding(pending) = &mut allocation.phase else { return };
        while let Some(relay) = pending.to_bind.pop() {
            let Some(entry) = self.relays.get_mut(relay) else { continue };
            if self.config.relays.bind {
                let address = self.config.relays.address(entry.family).map(|address| address.bind);
                let bind = address.unwrap_or(entry.advertised.ip());
                let local = SocketAddr::new(bind, entry.advertised.port());
                self.effects.push_back(Effect::Bind { relay: RelayId(relay), local });
                return;
            }
            entry.open = false;
        }
        self.go_live(now, id);
    }

    /// Takes the shell's answer to [`Effect::Bind`].
    pub fn bound(&mut self, now: Now, relay: RelayId, outcome: Result<(), BindError>) {
        let Some(id) = self.relays.get(relay.0).map(|entry| entry.drawn_by) else {
            // Its allocation has ended in between.
            if outcome.is_ok() {
                self.effects.push_back(Effect::Release { relay });
            }
            return;
        };
        match outcome {
            Ok(()) => {
                if let Some(entry) = self.relays.get_mut(relay.0) {
                    entry.open = true;
                }
                self.bind_next(now, id);
            }
            Err(error) => self.bind_failed(now, id, relay.0, error),
        }
    }

    /// Another port, while there are tries left; a pair is given up as a whole, a second family may be missing.
    fn bind_failed(&mut self, now: Now, id: Id, relay: Id, error: BindError) {
        let Some(family) = self.relays.get(relay).map(|entry| entry.family) else { return };
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let Phase::Binding(pending) = &mut allocation.phase else { return };
        pending.tries += 1;
        let again = error == BindError::InUse && pending.tries < PORT_TRIES_MAX;
        let (pair, wanted) = (pending.pair.take(), pending.port);
        if pair.is_some() {
            pending.to_bind.clear();
        }
        allocation.set_relay(family, None);
        let others = allocation.relays.iter().flatten().count();
        let dropped = pair.map_or([Some(relay), None], |(even, odd, _)| [Some(even), Some(odd)]);
        for relay in dropped.into_iter().flatten() {
            self.drop_relay(relay);
        }
        let drawn = if again { self.draw(id, family, wanted).ok() } else { None };
        let Some(drawn) = drawn else {
            if others == 0 {
                self.give_up(now, id);
            } else {
                self.lacks(now, id, family);
            }
            return;
        };
        let pair = if pair.is_some() { self.reserve_beside(drawn) } else { None };
        let allocation = self.allocations.get_mut(id).expect("found above");
        allocation.set_relay(family, Some(drawn));
        if let Phase::Binding(pending) = &mut allocation.phase {
            pending.pair = pair;
            pending.to_bind.extend(pair.map(|(_, odd, _)| odd));
            pending.to_bind.push(drawn);
        }
        self.bind_next(now, id);
    }

    fn lacks(&mut self, now: Now, id: Id, family: Family) {
        if let Some(Allocation { phase: Phase::Binding(pending), .. }) = self.allocations.get_mut(id) {
            pending.missing = Some((family, Refusal::NoPort));
        }
        self.bind_next(now, id);
    }

    fn give_up(&mut self, now: Now, id: Id) {
        let Some(allocation) = self.allocations.get(id) else { return };
        let Phase::Binding(pending) = &allocation.phase else { return };
        let asked = asked_again(allocation, pending);
        let signer = allocation.signer.clone();
        self.undo(id);
        self.counters.refuse(Refusal::NoPort);
        self.counters.close(CloseReason::NoPort);
        self.deny(now, &asked, &signer, Refusal::NoPort, None);
    }

    /// Every port is bound: the answer, and from now on data.
    fn go_live(&mut self, now: Now, id: Id) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let Phase::Binding(pending) = std::mem::replace(&mut allocation.phase, Phase::Live) else { return };
        let asked = asked_again(allocation, &pending);
        let signer = allocation.signer.clone();
        let account = allocation.account.clone();
        let relays = allocation.relays.into_iter().flatten();
        let relayed: Vec<SocketAddr> =
            relays.filter_map(|relay| self.relays.get(relay)).map(|relay| relay.advertised).collect();
        let token = pending.pair.map(|(_, odd, token)| {
            let until_ms = now.ms.saturating_add(RESERVATION_MS);
            self.reservations.insert(token, Reservation { relay: odd, account, until_ms });
            self.timers.insert((until_ms, Timer::Reservation(token)));
            token
        });
        self.counters.opened += 1;
        self.grant(now, &asked, &signer, |writer| {
            for address in &relayed {
                writer.xor_address(AttributeType::XOR_RELAYED_ADDRESS, *address);
            }
            writer.xor_address(AttributeType::XOR_MAPPED_ADDRESS, asked.client.remote);
            writer.attribute(AttributeType::LIFETIME, &pending.lifetime_s.to_be_bytes());
            if let Some(token) = token {
                writer.attribute(AttributeType::RESERVATION_TOKEN, &token);
            }
            if let Some((family, why)) = pending.missing
                && let Some(code) = why.code()
            {
                let [_, _, class, number] = code.to_bytes();
                writer.attribute(AttributeType::ADDRESS_ERROR_CODE, &[family as u8, 0, class, number]);
            }
        });
        self.effects.push_back(Effect::Opened { allocation: AllocationId(id), client: asked.client });
    }

    fn take_reservation(&mut self, token: [u8; 8], account: &str) -> Result<Id, Refusal> {
        let found = self.reservations.get(&token).filter(|held| &*held.account == account);
        let relay = found.ok_or(Refusal::NoReservation)?.relay;
        if let Some(held) = self.reservations.remove(&token) {
            self.timers.remove(&(held.until_ms, Timer::Reservation(token)));
        }
        Ok(relay)
    }

    /// A reserved port, bound already, becomes an allocation's.
    fn adopt(&mut self, now: Now, id: Id, relay: Id) -> Result<(), Refusal> {
        let Some(entry) = self.relays.get_mut(relay) else {
            self.undo(id);
            return Err(Refusal::NoReservation);
        };
        entry.owner = Some(id);
        let family = entry.family;
        if let Some(allocation) = self.allocations.get_mut(id) {
            allocation.set_relay(family, Some(relay));
        }
        self.go_live(now, id);
        Ok(())
    }

    /// Seconds that are given: what was asked for between the default and the maximum, not beyond the credential.
    pub(super) fn lifetime(&self, now: Now, wanted_s: Option<u32>, ends_s: Option<u64>) -> u32 {
        let max = self.config.lifetime_max_s.max(LIFETIME_DEFAULT_S);
        let given = wanted_s.unwrap_or(LIFETIME_DEFAULT_S).clamp(LIFETIME_DEFAULT_S, max);
        match ends_s {
            Some(ends) if self.config.end_at_expiry => {
                u32::try_from(ends.saturating_sub(now.unix_s)).unwrap_or(u32::MAX).min(given)
            }
            Some(_) | None => given,
        }
    }

    /// Whether one more port may be reserved.
    fn may_reserve(&self) -> bool {
        self.reservations.len() < RESERVATIONS_MAX
    }
}

/// Whose allocations are counted together: the user of an ephemeral name, or the name.
pub(super) fn account(username: &str) -> Box<str> {
    // The first letter keeps a user and an ephemeral name of the same text apart.
    let ephemeral = Ephemeral::parse(username).map(|name| format!("e{}", name.user));
    ephemeral.unwrap_or_else(|| format!("n{username}")).into()
}

/// The request whose ports were bound, for its answer.
fn asked_again(allocation: &Allocation, pending: &Pending) -> Asked {
    Asked {
        client: allocation.client,
        method: crate::wire::Method::ALLOCATE,
        transaction: pending.transaction,
        fingerprint: pending.fingerprint,
        len: 0,
    }
}
