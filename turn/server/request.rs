//! STUN messages from clients: what they are, and who may have them carried out.

use super::Server;
use super::authenticate::Proven;
use super::reply::Asked;
use crate::allocation::{Channel, Permission};
use crate::io::{Action, Client, CloseReason, Effect, Now, Transport};
use crate::limits::{CHANNEL_MS, PERMISSION_MS, REQUEST_BYTES_MAX};
use crate::refusal::{Refusal, refuse, require};
use crate::slots::Id;
use crate::wire::{AttributeType, Class, Family, Message, Method, ParseError, decode_xor_address};

impl Server {
    pub(super) fn stun(&mut self, now: Now, client: Client, datagram: &[u8]) -> Result<Action, Refusal> {
        let message = Message::parse(datagram).map_err(|error| match error {
            ParseError::Fingerprint => Refusal::BadFingerprint,
            ParseError::NotStun | ParseError::Truncated | ParseError::Length | ParseError::Attribute => {
                Refusal::Malformed
            }
        })?;
        match (message.class(), message.method()) {
            (Class::Indication, Method::SEND) => self.send_indication(now, client, &message),
            // A client that keeps its address translation alive (RFC 8489 §6.3.2).
            (Class::Indication, Method::BINDING) => Ok(Action::Nothing),
            (Class::Request, method) => {
                require(datagram.len() <= REQUEST_BYTES_MAX, Refusal::Oversize)?;
                self.request(now, client, method, &message).map(|()| Action::Nothing)
            }
            (Class::Indication | Class::Success | Class::Error, _) => Err(Refusal::Unexpected),
        }
    }

    fn request(
        &mut self,
        now: Now,
        client: Client,
        method: Method,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let asked = Asked::new(client, message);
        match method {
            Method::BINDING if self.config.binding => return self.binding(now, &asked, message),
            Method::ALLOCATE | Method::REFRESH | Method::CREATE_PERMISSION | Method::CHANNEL_BIND => {}
            _ => return Err(Refusal::Unexpected),
        }
        let redirected = self.config.redirect.as_ref().is_some_and(|redirect| redirect.before_authentication);
        let proven = if redirected && method == Method::ALLOCATE {
            Err(Refusal::TryAlternate)
        } else {
            self.authenticate(now, &client, message)
        };
        let proven = match proven {
            Ok(proven) => proven,
            Err(why) => {
                self.counters.refuse(why);
                return self.deny_unproven(now, &asked, why, message);
            }
        };
        if let Some(answer) = self.answers.get(&(client, asked.transaction)) {
            let bytes = answer.to_vec();
            self.effects.push_back(Effect::Reply { client, bytes });
            self.counters.repeated += 1;
            return Ok(());
        }
        let signer = proven.signer.clone();
        match self.carry_out(now, &asked, proven, message) {
            Ok(()) => Ok(()),
            Err(why) => {
                self.deny(now, &asked, &signer, why, Some(message));
                Err(why)
            }
        }
    }

    fn binding(&mut self, now: Now, asked: &Asked, message: &Message<'_>) -> Result<(), Refusal> {
        if !self.unknown(message).is_empty() {
            self.counters.refuse(Refusal::UnknownAttribute);
            return self.deny_unproven(now, asked, Refusal::UnknownAttribute, message);
        }
        let remote = asked.client.remote;
        self.answer_unproven(now, asked, (Class::Success, false), |writer| {
            writer.xor_address(AttributeType::XOR_MAPPED_ADDRESS, remote);
        })
    }

    fn carry_out(
        &mut self,
        now: Now,
        asked: &Asked,
        proven: Proven,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        require(self.unknown(message).is_empty(), Refusal::UnknownAttribute)?;
        let known = self.find(&asked.client);
        if asked.method == Method::ALLOCATE {
            return self.allocate(now, asked, proven, known, message);
        }
        let id = known.ok_or(Refusal::Mismatch)?;
        let allocation = self.allocations.get(id).ok_or(Refusal::Mismatch)?;
        require(allocation.user.as_str() == &*proven.username, Refusal::WrongCredentials)?;
        if !allocation.is_live() {
            return Err(Refusal::NoAllocation);
        }
        match asked.method {
            Method::REFRESH => self.refresh(now, asked, &proven, id, message),
            Method::CREATE_PERMISSION => self.create_permission(now, asked, &proven, id, message),
            _ => self.channel_bind(now, asked, &proven, id, message),
        }
    }

    fn refresh(
        &mut self,
        now: Now,
        asked: &Asked,
        proven: &Proven,
        id: Id,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let wanted = lifetime(message)?;
        let family = family(message, AttributeType::REQUESTED_ADDRESS_FAMILY)?;
        let allocation = self.allocations.get(id).ok_or(Refusal::Mismatch)?;
        let (relays, ends) = (allocation.relays, allocation.credential_ends_s);
        if let Some(family) = family {
            require(allocation.relay(family).is_some(), Refusal::FamilyMismatch)?;
        }
        if wanted != Some(0) {
            let seconds = self.lifetime(now, wanted, ends);
            self.set_end(now, id, seconds);
            self.grant(now, asked, &proven.signer, |writer| {
                writer.attribute(AttributeType::LIFETIME, &seconds.to_be_bytes());
            });
            return Ok(());
        }
        self.grant(now, asked, &proven.signer, |writer| {
            writer.attribute(AttributeType::LIFETIME, &[0; 4]);
        });
        match family {
            // One of two: the other lives on.
            Some(family) if relays.iter().flatten().count() > 1 => self.drop_family(id, family),
            Some(_) | None => self.end(id, CloseReason::Client),
        }
        Ok(())
    }

    /// All or none: no permission is made when one of them cannot be (RFC 8656 §10.2).
    fn create_permission(
        &mut self,
        now: Now,
        asked: &Asked,
        proven: &Proven,
        id: Id,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let mut wanted = Vec::new();
        for (kind, value, _) in message.attributes() {
            if kind == AttributeType::XOR_PEER_ADDRESS {
                let peer = decode_xor_address(value, asked.transaction).ok_or(Refusal::BadAttribute)?;
                wanted.push(peer.ip());
            }
        }
        require(!wanted.is_empty(), Refusal::BadAttribute)?;
        let allocation = self.allocations.get_mut(id).ok_or(Refusal::Mismatch)?;
        allocation.prune(now.ms);
        for ip in &wanted {
            require(allocation.relay(Family::of(*ip)).is_some(), Refusal::FamilyMismatch)?;
            self.config.policy.judge_ip(*ip)?;
        }
        wanted.dedup();
        let new = wanted.iter().enumerate().filter(|(place, ip)| {
            let earlier = wanted.iter().take(*place).any(|other| other == *ip);
            !earlier && allocation.permissions.get(ip).is_none()
        });
        let count = allocation.permissions.len() + new.count();
        require(count <= allocation.permissions_max as usize, Refusal::PermissionQuota)?;
        for ip in wanted {
            let grant = self.config.policy.judge_ip(ip)?;
            let until_ms = now.ms.saturating_add(PERMISSION_MS);
            allocation.permissions.insert(ip, Permission { until_ms, grant });
        }
        self.grant(now, asked, &proven.signer, |_| {});
        Ok(())
    }

    fn channel_bind(
        &mut self,
        now: Now,
        asked: &Asked,
        proven: &Proven,
        id: Id,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let number = message.get(AttributeType::CHANNEL_NUMBER).and_then(|value| value.first_chunk::<2>());
        let number = u16::from_be_bytes(*number.ok_or(Refusal::BadAttribute)?);
        let peer = message.get(AttributeType::XOR_PEER_ADDRESS).ok_or(Refusal::BadAttribute)?;
        let peer = decode_xor_address(peer, asked.transaction).ok_or(Refusal::BadAttribute)?;
        let last = if self.config.rfc5766_channels { 0x7FFF } else { 0x4FFF };
        require((0x4000..=last).contains(&number), Refusal::ChannelRange)?;
        let allocation = self.allocations.get_mut(id).ok_or(Refusal::Mismatch)?;
        require(allocation.relay(Family::of(peer.ip())).is_some(), Refusal::FamilyMismatch)?;
        allocation.prune(now.ms);
        let bound = allocation.channels.get(&number).map(|channel| channel.peer);
        let numbered = allocation.numbers.get(&peer).copied();
        let same = bound.is_none_or(|bound| bound == peer) && numbered.is_none_or(|known| known == number);
        if !same {
            return Err(Refusal::ChannelTaken);
        }
        let route = self.config.policy.judge(peer)?;
        let grant = self.config.policy.judge_ip(peer.ip())?;
        let channels = allocation.channels.len() + usize::from(bound.is_none());
        require(channels <= self.config.quotas.channels as usize, Refusal::ChannelQuota)?;
        let new = allocation.permissions.get(&peer.ip()).is_none();
        let permissions = allocation.permissions.len() + usize::from(new);
        require(permissions <= allocation.permissions_max as usize, Refusal::PermissionQuota)?;
        let until_ms = now.ms.saturating_add(PERMISSION_MS);
        allocation.permissions.insert(peer.ip(), Permission { until_ms, grant });
        let until_ms = now.ms.saturating_add(CHANNEL_MS);
        allocation.bind_channel(number, Channel { peer, until_ms, route });
        self.grant(now, asked, &proven.signer, |_| {});
        Ok(())
    }

    /// The client of a stream has gone: so has its allocation.
    pub fn client_gone(&mut self, client: Client) {
        if client.transport != Transport::Udp
            && let Some(id) = self.find(&client)
        {
            self.end(id, CloseReason::Disconnected);
        }
    }
}

/// The lifetime asked for.
pub(super) fn lifetime(message: &Message<'_>) -> Result<Option<u32>, Refusal> {
    let Some(value) = message.get(AttributeType::LIFETIME) else { return Ok(None) };
    let value = value.try_into().map_err(|_| Refusal::BadAttribute)?;
    Ok(Some(u32::from_be_bytes(value)))
}

/// The family that an attribute names.
pub(super) fn family(message: &Message<'_>, kind: AttributeType) -> Result<Option<Family>, Refusal> {
    let Some(value) = message.get(kind) else { return Ok(None) };
    let [number, ..] = <[u8; 4]>::try_from(value).map_err(|_| Refusal::BadAttribute)?;
    match Family::from_number(number) {
        Some(family) => Ok(Some(family)),
        None => refuse(Refusal::FamilyUnsupported).map(|()| None),
    }
}
