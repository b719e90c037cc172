//! How a peer comes in: its offer looked at from the outside first, then negotiated, then answered.
//!
//! Not known here: who may join; the ticket was checked before.

use std::net::SocketAddr;
use std::sync::Arc;

use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::format::Codec as Format;
use str0m::ice::IceCreds;
use str0m::media::Mid;
use str0m::net::TcpType;
use str0m::{Candidate, Rtc, RtcConfig};

use crate::estimate::Estimates;
use crate::io::{Carrier, Join, Output, PeerNo, Refused};
use crate::limits::{
    FIRST_ESTIMATE_BPS, HALF_OPEN_FOR, HALF_OPEN_MAX, HALF_OPEN_PER_ORIGIN_MAX, LOOK_INTERVAL, PEERS_MAX,
    REPEAT_AUDIO_PACKETS, REPEAT_VIDEO_PACKETS, ROOM_PEERS_MAX, ROOMS_MAX,
};
use crate::offer::{Layout, Use};
use crate::peer::{Peer, Phase};
use crate::sfu::Sfu;
use crate::timers::Who;

impl Sfu {
    /// Takes a peer in, or refuses it.
    pub(crate) fn join(&mut self, join: Join) {
        let no = join.peer;
        match self.try_join(join) {
            Ok(answer) => {
                self.stats.joins += 1;
                self.out.push_back(Output::Answer { peer: no, answer });
            }
            Err(reason) => self.refuse(no, reason),
        }
    }

    /// Takes another offer of a peer that is there, or refuses it.
    pub(crate) fn offer(&mut self, no: PeerNo, offer: &str) {
        match self.try_offer(no, offer) {
            Ok(answer) => self.out.push_back(Output::Answer { peer: no, answer }),
            Err(reason) => self.refuse(no, reason),
        }
    }

    fn refuse(&mut self, peer: PeerNo, reason: Refused) {
        self.stats.refused += 1;
        self.out.push_back(Output::Refused { peer, reason });
    }

    fn try_join(&mut self, join: Join) -> Result<String, Refused> {
        self.may_join(&join)?;
        let layout = Layout::read(&join.offer)?;
        let mut rtc = self.connection(&layout);
        let answer = negotiate(&mut rtc, &join.offer)?;
        carries_codecs(&rtc, &layout)?;
        let name = rtc.direct_api().local_ice_credentials().ufrag;
        let estimates = Estimates::new(FIRST_ESTIMATE_BPS, self.now);
        #[cfg_attr(not(feature = "mutations"), expect(unused_mut, reason = "what is changed is test only"))]
        let mut peer = Peer::new((join.room, join.origin, join.sender), rtc, layout, estimates);
        #[cfg(feature = "mutations")]
        peer.dangerous_forward_unsealed.clone_from(&self.config.dangerous_forward_unsealed);
        self.demux.name(join.peer, &name);
        self.peers.insert(join.peer, peer);
        self.rooms.entry(join.room).or_default().members.push(join.peer);
        self.timers.set(Who::Patience(join.peer), self.now + HALF_OPEN_FOR);
        self.timers.set(Who::Look(join.room), self.now + LOOK_INTERVAL);
        self.dirty.insert(join.peer);
        Ok(answer)
    }

    fn try_offer(&mut self, no: PeerNo, offer: &str) -> Result<String, Refused> {
        let now = self.now;
        let peer = self.peers.get_mut(&no).ok_or(Refused::NotHere)?;
        if !peer.may_offer(now) {
            return Err(Refused::TooOften);
        }
        if Layout::read(offer)? != peer.layout {
            return Err(Refused::OfferLayout);
        }
        let answer = negotiate(&mut peer.rtc, offer)?;
        let IceCreds { ufrag, .. } = peer.rtc.direct_api().local_ice_credentials();
        self.demux.name(no, &ufrag);
        self.dirty.insert(no);
        Ok(answer)
    }

    fn may_join(&self, join: &Join) -> Result<(), Refused> {
        if self.peers.contains_key(&join.peer) {
            return Err(Refused::AlreadyHere);
        }
        let room = self.rooms.get(&join.room);
        let members = room.map(|room| room.members.as_slice()).unwrap_or_default();
        let taken = |no: &PeerNo| self.peers.get(no).is_some_and(|peer| peer.sender == join.sender);
        if join.sender == 0 || members.iter().any(taken) {
            return Err(Refused::Sender);
        }
        if members.len() >= ROOM_PEERS_MAX {
            return Err(Refused::RoomFull);
        }
        if self.peers.len() >= PEERS_MAX || (room.is_none() && self.rooms.len() >= ROOMS_MAX) {
            return Err(Refused::Full);
        }
        let half_open = || self.peers.values().filter(|peer| peer.phase == Phase::Joining);
        let from_there = half_open().filter(|peer| peer.origin == join.origin).count();
        if half_open().count() >= HALF_OPEN_MAX || from_there >= HALF_OPEN_PER_ORIGIN_MAX {
            return Err(Refused::TooManyHalfOpen);
        }
        Ok(())
    }

    fn connection(&self, layout: &Layout) -> Rtc {
        let sees = layout.lines().any(|(_, what)| matches!(what, Use::Slot(_)));
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_send_buffer_video(REPEAT_VIDEO_PACKETS)
            .set_send_buffer_audio(REPEAT_AUDIO_PACKETS)
            // who sees nothing is sent voices only: there is nothing to adapt
            .enable_bwe(sees.then(|| Bitrate::bps(FIRST_ESTIMATE_BPS)))
            .build(self.now);
        for address in &self.config.addresses {
            if let Some(candidate) = candidate(*address) {
                rtc.add_local_candidate(candidate);
            }
        }
        rtc
    }
}

/// An address as peers are told it; `None` for one that nobody can send to.
pub(crate) fn candidate((carrier, address): (Carrier, SocketAddr)) -> Option<Candidate> {
    match carrier {
        Carrier::Udp => Candidate::host(address, "udp").ok(),
        Carrier::Tcp => Candidate::builder().tcp().host(address).tcptype(TcpType::Passive).build().ok(),
    }
}

fn negotiate(rtc: &mut Rtc, offer: &str) -> Result<String, Refused> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|_| Refused::OfferMalformed)?;
    let answer = rtc.sdp_api().accept_offer(offer).map_err(|_| Refused::OfferMalformed)?;
    Ok(answer.to_sdp_string())
}

/// Whether each m-line that is of use has the codec that is forwarded.
fn carries_codecs(rtc: &Rtc, layout: &Layout) -> Result<(), Refused> {
    for (mid, what) in layout.lines() {
        let format = match what {
            Use::Idle => continue,
            Use::Microphone | Use::VoiceSlot => Format::Opus,
            Use::Sends(_) | Use::Slot(_) => Format::Vp8,
        };
        let media = rtc.media(Mid::from(mid)).ok_or(Refused::OfferLayout)?;
        let offered = media.remote_pts();
        let params = rtc.codec_config().params().iter();
        let carried = params
            .filter(|params| params.spec().codec == format)
            .any(|params| offered.contains(&params.pt()));
        if !carried {
            return Err(Refused::NoCodec);
        }
    }
    Ok(())
}
