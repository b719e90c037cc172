//! The data path: from clients to peers and back. Nothing is allocated here and no clock is read.

use std::net::SocketAddr;
use std::ops::Range;

use super::Server;
use crate::allocation::Allocation;
use crate::io::{Action, AllocationId, Client, Effect, Icmp, Now, RelayId, Transport};
use crate::policy::{Policy, Route, plain};
use crate::refusal::{Refusal, refuse, require};
use crate::slots::Id;
use crate::wire::{
    AttributeType, CHANNEL_HEADER_LEN, ChannelData, Class, Family, Message, Method, Prefix, TransactionId,
    Writer, channel_header, data_indication, decode_xor_address, padded,
};

/// Attributes of a Send indication that must be understood and are.
const SEND_KNOWN: &[AttributeType] = &[
    AttributeType::XOR_PEER_ADDRESS,
    AttributeType::DATA,
    AttributeType::DONT_FRAGMENT,
    AttributeType::MESSAGE_INTEGRITY,
    AttributeType::USERNAME,
    AttributeType::REALM,
    AttributeType::NONCE,
];

impl Server {
    /// Takes the length of a datagram that a peer has sent to a relay socket.
    pub fn from_peer(&mut self, now: Now, relay: RelayId, peer: SocketAddr, payload_len: usize) -> Action {
        let done = self.deliver(now, relay.0, plain(peer), 0..payload_len);
        self.counted(done)
    }

    /// Takes the length of a datagram that a peer in this process sends to a relayed address.
    pub fn from_sink(
        &mut self,
        now: Now,
        relayed: SocketAddr,
        sink: SocketAddr,
        payload_len: usize,
    ) -> Action {
        let relay = self.by_relayed.get(&plain(relayed)).copied();
        let done = relay
            .ok_or(Refusal::StaleRelay)
            .and_then(|relay| self.deliver(now, relay, plain(sink), 0..payload_len));
        self.counted(done)
    }

    /// Takes an error message from the path to a peer, as a relay socket's error queue has it. The client is told if
    /// it may hear from that peer (RFC 8656 §11.5).
    pub fn from_icmp(&mut self, now: Now, relay: RelayId, peer: SocketAddr, icmp: Icmp) {
        let done = self.tell_icmp(now, relay, plain(peer), icmp);
        if let Err(why) = done {
            self.counters.refuse(why);
        }
    }

    /// ChannelData from a client.
    pub(super) fn channel_data(
        &mut self,
        now: Now,
        client: Client,
        datagram: &[u8],
    ) -> Result<Action, Refusal> {
        let data = ChannelData::parse(datagram).ok_or(Refusal::Malformed)?;
        let id = self.find(&client).ok_or(Refusal::NoAllocation)?;
        let allocation = self.allocations.get_mut(id).ok_or(Refusal::NoAllocation)?;
        let channel = *allocation.channel(now.ms, data.number).ok_or(Refusal::NoChannel)?;
        let payload = CHANNEL_HEADER_LEN..CHANNEL_HEADER_LEN + data.len;
        self.send(now, id, (channel.peer, channel.route), payload, false)
    }

    /// A Send indication.
    pub(super) fn send_indication(
        &mut self,
        now: Now,
        client: Client,
        message: &Message<'_>,
    ) -> Result<Action, Refusal> {
        let mut unknown = message
            .attributes()
            .filter(|(kind, ..)| kind.is_comprehension_required() && !SEND_KNOWN.contains(kind));
        require(unknown.next().is_none(), Refusal::BadIndication)?;
        let peer = message.get(AttributeType::XOR_PEER_ADDRESS).ok_or(Refusal::BadIndication)?;
        let peer = decode_xor_address(peer, message.transaction()).ok_or(Refusal::BadIndication)?;
        let payload = message.range_of(AttributeType::DATA).ok_or(Refusal::BadIndication)?;
        let dont_fragment = message.has(AttributeType::DONT_FRAGMENT);
        require(self.config.dont_fragment || !dont_fragment, Refusal::BadIndication)?;
        let id = self.find(&client).ok_or(Refusal::NoAllocation)?;
        let allocation = self.allocations.get(id).ok_or(Refusal::NoAllocation)?;
        let route = may_pass(&self.config.policy, allocation, now, peer)?;
        self.send(now, id, (peer, route), payload, dont_fragment)
    }

    /// Sends to a peer that may be reached: through the socket, to the peer in this process, or to another client
    /// of this server.
    fn send(
        &mut self,
        now: Now,
        id: Id,
        (peer, route): (SocketAddr, Route),
        payload: Range<usize>,
        dont_fragment: bool,
    ) -> Result<Action, Refusal> {
        let allocation = self.allocations.get_mut(id).ok_or(Refusal::NoAllocation)?;
        let relay = allocation.relay(Family::of(peer.ip())).ok_or(Refusal::NoPermission)?;
        require(allocation.meter.take(now.ms, payload.len()), Refusal::OverRate)?;
        allocation.traffic.packets_up += 1;
        allocation.traffic.bytes_up += payload.len() as u64;
        self.counters.packets_up += 1;
        self.counters.bytes_up += payload.len() as u64;
        match route {
            Route::Sink => {
                let relayed = self.relays.get(relay).ok_or(Refusal::StaleRelay)?.advertised;
                Ok(Action::ToSink { allocation: AllocationId(id), relayed, sink: peer, payload })
            }
            Route::Socket => match self.by_relayed.get(&peer).copied() {
                Some(other) => {
                    let from = self.relays.get(relay).ok_or(Refusal::StaleRelay)?.advertised;
                    let action = self.deliver(now, other, from, payload)?;
                    self.counters.hairpins += 1;
                    Ok(action)
                }
                None => Ok(Action::ToPeer { relay: RelayId(relay), peer, payload, dont_fragment }),
            },
        }
    }

    /// Delivers to the client what a peer has sent to a relayed address.
    fn deliver(
        &mut self,
        now: Now,
        relay: Id,
        peer: SocketAddr,
        payload: Range<usize>,
    ) -> Result<Action, Refusal> {
        let owner = self.relays.get(relay).ok_or(Refusal::StaleRelay)?.owner.ok_or(Refusal::NoPermission)?;
        let allocation = self.allocations.get_mut(owner).ok_or(Refusal::StaleRelay)?;
        may_pass(&self.config.policy, allocation, now, peer)?;
        let number = allocation.number(now.ms, peer);
        let len = payload.len();
        let (prefix, padding) = match number {
            Some(number) => (channel_header(number, len), allocation.client.transport != Transport::Udp),
            None => {
                self.indications = self.indications.wrapping_add(1);
                (data_indication(indication_id(self.indications), peer, len), true)
            }
        };
        let prefix: Prefix = prefix.ok_or(Refusal::TooLong)?;
        require(allocation.meter.take(now.ms, len), Refusal::OverRate)?;
        allocation.traffic.packets_down += 1;
        allocation.traffic.bytes_down += len as u64;
        self.counters.packets_down += 1;
        self.counters.bytes_down += len as u64;
        let pad = if padding { u8::try_from(padded(len) - len).unwrap_or(0) } else { 0 };
        Ok(Action::ToClient { client: allocation.client, prefix, payload, pad })
    }

    fn tell_icmp(&mut self, now: Now, relay: RelayId, peer: SocketAddr, icmp: Icmp) -> Result<(), Refusal> {
        let owner =
            self.relays.get(relay.0).ok_or(Refusal::StaleRelay)?.owner.ok_or(Refusal::NoPermission)?;
        let allocation = self.allocations.get_mut(owner).ok_or(Refusal::StaleRelay)?;
        may_pass(&self.config.policy, allocation, now, peer)?;
        require(allocation.meter.take(now.ms, 0), Refusal::OverRate)?;
        self.indications = self.indications.wrapping_add(1);
        let [d0, d1, d2, d3] = icmp.data;
        let value = [0, 0, icmp.kind, icmp.code, d0, d1, d2, d3];
        let mut buffer = [0; 64];
        let id = indication_id(self.indications);
        let mut writer = Writer::new(&mut buffer, Class::Indication, Method::DATA, id);
        writer.xor_address(AttributeType::XOR_PEER_ADDRESS, peer).attribute(AttributeType::ICMP, &value);
        let bytes = writer.written().to_vec();
        self.effects.push_back(Effect::Reply { client: allocation.client, bytes });
        self.counters.icmp += 1;
        Ok(())
    }
}

/// Whether this allocation and this peer may exchange data: a permission for the address, and the policy for the
/// port. A permission opens all ports of an address, so that the port is looked at here, each time.
fn may_pass(policy: &Policy, allocation: &Allocation, now: Now, peer: SocketAddr) -> Result<Route, Refusal> {
    if !allocation.is_live() {
        return Err(Refusal::NoAllocation);
    }
    match allocation.permission(now.ms, peer.ip()) {
        Some(permission) if permission.grant.any_port && peer.port() != 0 => Ok(Route::Socket),
        Some(_) => match policy.judge(peer) {
            Ok(route) => Ok(route),
            Err(_) => refuse(Refusal::PeerDenied).map(|()| Route::Socket),
        },
        None => {
            refuse(Refusal::NoPermission)?;
            Ok(policy.judge(peer).unwrap_or(Route::Socket))
        }
    }
}

/// Transactions of indications answer nothing; they only differ.
fn indication_id(number: u64) -> TransactionId {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut id = [0; 12];
    for (place, byte) in id.iter_mut().zip(mixed.to_be_bytes().into_iter().chain(number.to_le_bytes())) {
        *place = byte;
    }
    TransactionId(id)
}
