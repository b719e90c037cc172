//! The rooms of one thread, and the way of a packet through them.
//!
//! Not known here: how much of what somebody may see; that is decided in a look at a room.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use str0m::bwe::BweKind;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::ice::StunMessage;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, IceConnectionState};
use thiserror::Error;

use crate::demux::Demux;
use crate::io::{Arrived, Carrier, Datagram, Input, Left, Output, PeerNo, RoomNo};
use crate::limits::{DATAGRAM_BYTES_MAX, LOOK_INTERVAL, LOST_FOR, TILES_MAX};
use crate::look::Stage;
use crate::loudest::Loudest;
use crate::peer::{Delivered, Peer, Phase, Received};
use crate::slot::{Packet, SlotKind};
use crate::stats::Stats;
use crate::timers::{Timers, Who};

/// Rounds of feedback between peers in one turn; what is left goes on in the next.
const ROUNDS_MAX: usize = 4;

/// How the rooms are reached.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where peers send to, as they see it.
    pub addresses: Vec<(Carrier, std::net::SocketAddr)>,
    /// Test only: forwards frames that are not sealed, to show that the check is what stops them.
    #[cfg(feature = "mutations")]
    pub dangerous_forward_unsealed: bool,
}

/// There can be no rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    /// No certificate could be made for DTLS.
    #[error("no certificate could be made")]
    Certificate,
    /// An address is not one that peers can send to.
    #[error("an address is not one that peers can send to")]
    Address,
}

/// A room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Who is in it, in the order in which they joined.
    pub(crate) members: Vec<PeerNo>,
    loudest: Loudest,
    speaker: Option<PeerNo>,
}

/// The rooms of one thread. See the crate's documentation for the contract.
pub struct Sfu {
    pub(crate) config: Config,
    pub(crate) crypto: Arc<CryptoProvider>,
    pub(crate) certificate: DtlsCert,
    pub(crate) now: Instant,
    pub(crate) peers: HashMap<PeerNo, Peer>,
    pub(crate) rooms: BTreeMap<RoomNo, Room>,
    pub(crate) demux: Demux,
    pub(crate) timers: Timers,
    /// Peers whose connection was written to and not drained since.
    pub(crate) dirty: BTreeSet<PeerNo>,
    /// Rooms that are looked at at the end of this turn.
    pub(crate) looks: BTreeSet<RoomNo>,
    pub(crate) out: VecDeque<Output>,
    pub(crate) stats: Stats,
}

impl Sfu {
    /// Rooms without anybody. Makes a key pair for DTLS, which all connections share.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(config: Config, now: Instant) -> Result<Self, SetupError> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto.dtls_provider.generate_certificate().ok_or(SetupError::Certificate)?;
        let good = config.addresses.iter().all(|address| crate::join::candidate(*address).is_some());
        if !good || config.addresses.is_empty() {
            return Err(SetupError::Address);
        }
        Ok(Self {
            config,
            crypto,
            certificate,
            now,
            peers: HashMap::new(),
            rooms: BTreeMap::new(),
            demux: Demux::default(),
            timers: Timers::default(),
            dirty: BTreeSet::new(),
            looks: BTreeSet::new(),
            out: VecDeque::new(),
            stats: Stats::default(),
        })
    }

    /// What happened so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// How many peers there are, and how many of them have not connected yet.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.peers.len(), self.peers.values().filter(|peer| peer.phase == Phase::Joining).count())
    }

    /// One thing that happened. Several may follow one another before [`Sfu::poll`]: a batch of datagrams is answered
    /// together.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = self.now.max(now);
        match input {
            Input::Join(join) => self.join(*join),
            Input::Offer { peer, offer } => self.offer(peer, &offer),
            Input::View { peer, mut tiles } => {
                if let Some(subscriber) = self.peers.get_mut(&peer) {
                    tiles.truncate(TILES_MAX);
                    subscriber.view = Some(tiles);
                    self.looks.insert(subscriber.room);
                }
            }
            Input::Leave { peer } => self.remove(peer, Left::Asked),
            Input::Datagram(arrived) => self.datagram(&arrived),
            Input::Timeout => self.timeout(),
        }
    }

    /// What is to be done next, until it is [`Output::Wait`].
    pub fn poll(&mut self) -> Output {
        if self.out.is_empty() {
            self.settle();
        }
        self.out.pop_front().unwrap_or_else(|| Output::Wait(self.next()))
    }

    /// Whether everything is in step; for tests, after each turn.
    pub fn check(&self) {
        self.demux.check();
        let members: usize = self.rooms.values().map(|room| room.members.len()).sum();
        debug_assert_eq!(members, self.peers.len(), "a peer without a room, or with two");
        debug_assert!(self.rooms.values().all(|room| !room.members.is_empty()), "an empty room");
    }

    fn next(&self) -> Option<Instant> {
        let more = !self.dirty.is_empty() || !self.looks.is_empty();
        if more { Some(self.now) } else { self.timers.next() }
    }

    fn timeout(&mut self) {
        while let Some(who) = self.timers.take(self.now) {
            match who {
                Who::Connection(peer) => {
                    self.dirty.insert(peer);
                }
                Who::Look(room) => {
                    self.looks.insert(room);
                }
                Who::Patience(peer) => {
                    let phase = self.peers.get(&peer).map(|peer| peer.phase);
                    match phase {
                        Some(Phase::Joining) => self.remove(peer, Left::NeverConnected),
                        Some(Phase::Lost) => self.remove(peer, Left::LostForTooLong),
                        Some(Phase::Connected) | None => {}
                    }
                }
            }
        }
    }

    /// Ends the turn: looks at rooms, and gives each connection that was written to one timeout and one drain.
    fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            for room in std::mem::take(&mut self.looks) {
                self.look(room);
            }
            let dirty = std::mem::take(&mut self.dirty);
            if dirty.is_empty() {
                return;
            }
            for peer in dirty {
                self.drive(peer, str0m::Input::Timeout(self.now));
            }
        }
    }

    fn datagram(&mut self, arrived: &Arrived<'_>) {
        self.stats.datagrams_in += 1;
        let proto = match arrived.carrier {
            Carrier::Udp => Protocol::Udp,
            Carrier::Tcp => Protocol::Tcp,
        };
        let octets = arrived.octets;
        let receive = Receive::new(proto, arrived.source, arrived.destination, octets);
        let (Ok(receive), true) = (receive, octets.len() <= DATAGRAM_BYTES_MAX) else {
            self.stats.datagrams_undecodable += 1;
            return;
        };
        let Some(peer) = self.whose(arrived) else {
            self.stats.datagrams_unknown += 1;
            return;
        };
        let ssrc = media_ssrc(octets);
        if let (Some(ssrc), Some(sender)) = (ssrc, self.peers.get_mut(&peer))
            && !sender.sends(ssrc)
        {
            if !sender.may_stray(self.now) {
                self.stats.packets_stray += 1;
                return;
            }
            self.drive(peer, str0m::Input::Receive(self.now, receive));
            let known = self.peers.get_mut(&peer).is_some_and(|sender| sender.sends(ssrc));
            self.stats.packets_stray += u64::from(!known);
            return;
        }
        self.drive(peer, str0m::Input::Receive(self.now, receive));
    }

    /// A check names its peer; anything else belongs to whoever answered a check from there.
    fn whose(&self, arrived: &Arrived<'_>) -> Option<PeerNo> {
        if arrived.octets.first().is_some_and(|first| *first < 4) {
            let check = StunMessage::parse(arrived.octets).ok()?;
            if check.is_binding_request() {
                let (own, _) = check.split_username()?;
                return self.demux.named(own);
            }
        }
        self.demux.at(arrived.source)
    }

    /// One input for a connection, then everything that comes out of it.
    pub(crate) fn drive(&mut self, no: PeerNo, input: str0m::Input<'_>) {
        let Some(peer) = self.peers.get_mut(&no) else { return };
        let mut broken = peer.rtc.handle_input(input).is_err();
        let mut events = Vec::new();
        let wake = loop {
            match peer.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => break Some(at),
                Ok(str0m::Output::Event(event)) => events.push(event),
                Ok(str0m::Output::Transmit(transmit)) => {
                    let datagram = Datagram {
                        carrier: if transmit.proto == Protocol::Udp { Carrier::Udp } else { Carrier::Tcp },
                        source: transmit.source,
                        destination: transmit.destination,
                        octets: transmit.contents.into(),
                    };
                    if datagram.octets.first().is_some_and(|first| *first < 4) {
                        self.demux.answered(no, datagram.destination);
                    }
                    self.stats.datagrams_out += 1;
                    self.out.push_back(Output::Send(datagram));
                }
                Err(_) => {
                    broken = true;
                    break None;
                }
            }
        };
        let alive = peer.rtc.is_alive();
        if let Some(at) = wake.filter(|_| alive) {
            self.timers.set(Who::Connection(no), at);
        }
        for event in events {
            self.event(no, event);
        }
        if broken {
            self.remove(no, Left::Broken);
        } else if !alive {
            self.remove(no, Left::Closed);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the media stack's list of events is not exhaustive")]
    fn event(&mut self, no: PeerNo, event: Event) {
        match event {
            Event::RtpPacket(rtp) => self.forward(no, rtp),
            Event::Connected => self.path(no, true),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.path(no, false),
            Event::IceConnectionStateChange(
                IceConnectionState::Connected | IceConnectionState::Completed,
            ) => {
                let lost = self.peers.get(&no).is_some_and(|peer| peer.phase == Phase::Lost);
                if lost {
                    self.path(no, true);
                }
            }
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                let Some(peer) = self.peers.get_mut(&no) else { return };
                if peer.estimates.update(estimate.as_u64(), self.now) {
                    self.looks.insert(peer.room);
                }
            }
            Event::KeyframeRequest(request) => {
                let shown = self.peers.get(&no).and_then(|peer| peer.shown_in(request.mid));
                if let Some((of, picture, layer)) = shown {
                    self.ask_for_keyframe(of, SlotKind::Picture(picture), layer);
                }
            }
            Event::Closed => self.remove(no, Left::Closed),
            _ => {}
        }
    }

    /// A peer's path came up or went down.
    fn path(&mut self, no: PeerNo, up: bool) {
        let Some(peer) = self.peers.get_mut(&no) else { return };
        match (peer.phase, up) {
            (Phase::Joining | Phase::Lost, true) => {
                peer.phase = Phase::Connected;
                self.timers.clear(Who::Patience(no));
                self.looks.insert(peer.room);
                self.out.push_back(Output::Connected { peer: no });
            }
            (Phase::Connected, false) => {
                peer.phase = Phase::Lost;
                self.timers.set(Who::Patience(no), self.now + LOST_FOR);
                self.out.push_back(Output::Lost { peer: no });
            }
            (Phase::Connected, true) | (Phase::Joining | Phase::Lost, false) => {}
        }
    }

    /// A packet from one to all who may have it.
    fn forward(&mut self, from: PeerNo, rtp: RtpPacket) {
        let Some(sender) = self.peers.get_mut(&from) else { return };
        let (room, level) = (sender.room, rtp.header.ext_vals.audio_level);
        let received = sender.receive(rtp, &mut self.stats);
        let Some(room_of) = self.rooms.get_mut(&room) else { return };
        let (packet, passed) = match received {
            Received::Dropped => return,
            Received::TakenOut(packet) => (packet, false),
            Received::Passed { packet, woke } => {
                if packet.kind == SlotKind::Voice {
                    room_of.loudest.heard(from, level, self.now);
                }
                if woke {
                    self.looks.insert(room);
                }
                (packet, true)
            }
        };
        let mut waits = false;
        for no in room_of.members.iter().filter(|no| **no != from) {
            let Some(subscriber) = self.peers.get_mut(no) else { continue };
            if !passed {
                subscriber.take_out(from, &packet);
                continue;
            }
            match subscriber.deliver(from, &packet, &mut self.stats) {
                Delivered::Not => {}
                Delivered::Waits => waits = true,
                Delivered::Went => {
                    self.dirty.insert(*no);
                }
            }
        }
        if waits {
            self.waits_for(from, &packet);
        }
    }

    fn waits_for(&mut self, from: PeerNo, packet: &Packet) {
        self.ask_for_keyframe(from, packet.kind, packet.layer);
    }

    fn ask_for_keyframe(&mut self, of: PeerNo, kind: SlotKind, layer: crate::layers::Layer) {
        let Some(sender) = self.peers.get_mut(&of) else { return };
        if sender.ask_for_keyframe(kind, layer, self.now, &mut self.stats) {
            self.dirty.insert(of);
        }
    }

    /// Looks at a room.
    fn look(&mut self, no: RoomNo) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(&no) else { return };
        self.timers.set(Who::Look(no), now + LOOK_INTERVAL);
        room.loudest.look(now);
        let mut stage = Stage {
            voices: room.loudest.picked().collect(),
            speaker: room.loudest.speaker(),
            ..Stage::default()
        };
        if let Some(peer) = stage.speaker.filter(|speaker| room.speaker != Some(*speaker)) {
            room.speaker = Some(peer);
            self.out.push_back(Output::Speaker { room: no, peer });
        }
        let members = room.members.clone();
        for member in &members {
            if let Some(peer) = self.peers.get_mut(member) {
                stage.sources.extend(peer.sources(*member, now));
            }
        }
        let mut watched = Vec::new();
        for member in &members {
            let Some(peer) = self.peers.get_mut(member).filter(|peer| peer.phase != Phase::Joining) else {
                continue;
            };
            watched.extend(peer.look(*member, &stage, now, &mut self.stats));
            self.dirty.insert(*member);
            let slots: Vec<_> = peer.slots.iter().map(crate::slot::Slot::state).collect();
            if peer.announced != slots {
                peer.announced.clone_from(&slots);
                self.out.push_back(Output::Slots { peer: *member, slots });
            }
        }
        for source in stage.sources {
            let of = watched.iter().filter(|(of, picture, _)| (*of, *picture) == (source.of, source.picture));
            let up_to = of.map(|(_, _, layer)| *layer).max();
            let peer = self.peers.get_mut(&source.of);
            let track = peer.and_then(|peer| peer.track_mut(SlotKind::Picture(source.picture)));
            if track.is_some_and(|track| track.watch(up_to, now)) {
                self.out.push_back(Output::Watched { peer: source.of, picture: source.picture, up_to });
            }
        }
    }

    /// Forgets a peer.
    pub(crate) fn remove(&mut self, no: PeerNo, why: Left) {
        let Some(mut peer) = self.peers.remove(&no) else { return };
        if peer.rtc.close().is_ok() {
            while let Ok(str0m::Output::Transmit(transmit)) = peer.rtc.poll_output() {
                let (source, destination) = (transmit.source, transmit.destination);
                let carrier = if transmit.proto == Protocol::Udp { Carrier::Udp } else { Carrier::Tcp };
                let octets = transmit.contents.into();
                self.stats.datagrams_out += 1;
                self.out.push_back(Output::Send(Datagram { carrier, source, destination, octets }));
            }
        }
        self.stats.never_connected += u64::from(why == Left::NeverConnected);
        self.demux.forget(no);
        self.timers.clear(Who::Connection(no));
        self.timers.clear(Who::Patience(no));
        self.dirty.remove(&no);
        let room = peer.room;
        if let Some(left) = self.rooms.get_mut(&room) {
            left.members.retain(|member| *member != no);
            left.loudest.forget(no);
            left.speaker = left.speaker.filter(|speaker| *speaker != no);
            if left.members.is_empty() {
                self.rooms.remove(&room);
                self.timers.clear(Who::Look(room));
                self.looks.remove(&room);
            } else {
                self.looks.insert(room);
            }
        }
        self.out.push_back(Output::Left { peer: no, room, why });
    }
}

/// The stream that a packet claims to be of, if it is media (RFC 7983, RFC 5761).
fn media_ssrc(octets: &[u8]) -> Option<u32> {
    let is_media = (128..192).contains(octets.first()?) && !(64..96).contains(&(octets.get(1)? & 0x7f));
    let ssrc: [u8; 4] = octets.get(8..12)?.try_into().ok()?;
    is_media.then(|| u32::from_be_bytes(ssrc))
}
