//! One participant: its connection, the media it makes, and the media it gets.
//!
//! Not known here: sockets, signalling, who else is in the call except by their sender's index.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relais_wire::sframe::{OPUS_PREFIX_BYTES, key_id, sender_of};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceConnectionState, Input as RtcInput, Output as RtcOutput, Rtc, RtcConfig};
use thiserror::Error;

use crate::limits::{KEYFRAME_INTERVAL, REPEAT_PACKETS};
use crate::picture::{Assembler, Label};
use crate::sframe::{OpeningKeys, SealingKey, SframeError};
use crate::source::{Made, Source};

/// What a participant sends and has slots for.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its address.
    pub address: SocketAddr,
    /// Its index in the call.
    pub sender: u32,
    /// Its first base key.
    pub base_key: [u8; 32],
    /// Layers of its camera, 1 to 3; 0 for none.
    pub camera_layers: usize,
    /// Whether it has a voice.
    pub voice: bool,
    /// Whether it shares its screen.
    pub screen: bool,
    /// Slots for cameras.
    pub camera_slots: usize,
    /// Slots for voices.
    pub voice_slots: usize,
}

/// A participant cannot do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PeerError {
    /// The address is not one to send from.
    #[error("the address is not one to send from")]
    Address,
    /// There is no offer that this answers, or it cannot be read.
    #[error("the answer cannot be taken")]
    Answer,
    /// There is nothing to offer.
    #[error("there is nothing to offer")]
    Nothing,
}

/// A datagram to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// From where.
    pub source: SocketAddr,
    /// Where to.
    pub destination: SocketAddr,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// What a participant wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a datagram.
    Send(Datagram),
    /// Nothing more to do until then.
    Wait(Instant),
}

/// What one slot has received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Packets.
    pub packets: u64,
    /// Frames that opened, by the index of their sender.
    pub opened: BTreeMap<u32, u64>,
    /// Frames that did not open.
    pub refused: u64,
    /// Frames that were in clear: the watched-for disaster. They are generated media, found without opening.
    pub in_clear: u64,
    /// Key frames among them.
    pub keys: u64,
    /// How often a picture stood still until a key frame.
    pub stalls: u64,
    /// Pictures whose id did not follow the one before.
    pub id_gaps: u64,
    /// Pictures of each layer.
    pub of_layer: [u64; 3],
    /// How often the layer changed.
    pub layer_changes: u64,
    /// The layer of the newest picture.
    pub layer: Option<u8>,
}

#[derive(Debug)]
struct Slot {
    kind: MediaKind,
    assembler: Assembler,
    last_id: Option<u16>,
    asked: Option<Instant>,
    received: Received,
}

/// A participant. A turn is [`MediaPeer::handle`] or [`MediaPeer::datagram`], then [`MediaPeer::poll`] until it waits.
pub struct MediaPeer {
    rtc: Rtc,
    now: Instant,
    address: SocketAddr,
    sender: u32,
    pending: Option<SdpPendingOffer>,
    moved_to: Option<Candidate>,
    sources: Vec<(Mid, Source)>,
    slots: BTreeMap<String, Slot>,
    own: SealingKey,
    keys: OpeningKeys,
    unsealed: bool,
    connected: bool,
    wake: Instant,
    out: VecDeque<Output>,
}

impl MediaPeer {
    /// A participant, and its offer: microphone, camera, screen to send; slots for a screen, cameras and voices.
    ///
    /// # Errors
    /// [`PeerError::Address`] or [`PeerError::Nothing`].
    pub fn new(config: &Config, now: Instant) -> Result<(Self, String), PeerError> {
        let mut rtc = connection(now);
        let candidate = Candidate::host(config.address, "udp").map_err(|_| PeerError::Address)?;
        rtc.add_local_candidate(candidate);
        let mut sources = Vec::new();
        let mut slots = BTreeMap::new();
        let mut offer = rtc.sdp_api();
        let mut add = |kind, direction, layers: usize| {
            let simulcast = (layers > 1).then(|| Simulcast {
                send: RIDS.iter().take(layers).map(|rid| SimulcastLayer::new(rid)).collect(),
                recv: Vec::new(),
            });
            offer.add_media(kind, direction, None, None, simulcast)
        };
        if config.voice {
            sources.push((add(MediaKind::Audio, Direction::SendOnly, 0), Source::voice(now)));
        }
        if config.camera_layers > 0 {
            let mid = add(MediaKind::Video, Direction::SendOnly, config.camera_layers);
            sources.push((mid, Source::camera(config.camera_layers, now)));
        }
        if config.screen {
            sources.push((add(MediaKind::Video, Direction::SendOnly, 0), Source::screen(now)));
        }
        let videos = if config.camera_slots > 0 { config.camera_slots + 1 } else { 0 };
        let kinds = std::iter::repeat_n(MediaKind::Video, videos);
        for kind in kinds.chain(std::iter::repeat_n(MediaKind::Audio, config.voice_slots)) {
            let slot = Slot {
                kind,
                assembler: Assembler::default(),
                last_id: None,
                asked: None,
                received: Received::default(),
            };
            slots.insert(add(kind, Direction::RecvOnly, 0).to_string(), slot);
        }
        let (offer, pending) = offer.apply().ok_or(PeerError::Nothing)?;
        let own = SealingKey::new(&config.base_key, key_id(config.sender, 0));
        let peer = Self {
            rtc,
            now,
            address: config.address,
            sender: config.sender,
            pending: Some(pending),
            moved_to: None,
            sources,
            slots,
            own,
            keys: OpeningKeys::default(),
            unsealed: false,
            connected: false,
            wake: now,
            out: VecDeque::new(),
        };
        Ok((peer, offer.to_sdp_string()))
    }

    /// The server's answer to the newest offer.
    ///
    /// # Errors
    /// [`PeerError::Answer`].
    pub fn answer(&mut self, answer: &str) -> Result<(), PeerError> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|_| PeerError::Answer)?;
        let pending = self.pending.take().ok_or(PeerError::Answer)?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|_| PeerError::Answer)?;
        if let Some(candidate) = self.moved_to.take() {
            self.rtc.add_local_candidate(candidate);
        }
        self.drive(RtcInput::Timeout(self.now));
        Ok(())
    }

    /// Goes on from another address: an offer that restarts ICE.
    ///
    /// # Errors
    /// [`PeerError::Address`] or [`PeerError::Nothing`].
    pub fn move_to(&mut self, address: SocketAddr) -> Result<String, PeerError> {
        let candidate = Candidate::host(address, "udp").map_err(|_| PeerError::Address)?;
        let mut offer = self.rtc.sdp_api();
        offer.ice_restart(false);
        let (offer, pending) = offer.apply().ok_or(PeerError::Nothing)?;
        self.pending = Some(pending);
        self.address = address;
        // the restart, which forgets the old address, happens with the answer
        self.moved_to = Some(candidate);
        self.drive(RtcInput::Timeout(self.now));
        Ok(offer.to_sdp_string())
    }

    /// Learns another sender's key.
    pub fn learn(&mut self, sender: u32, generation: u8, base_key: &[u8; 32]) {
        self.keys.learn(base_key, key_id(sender, generation));
    }

    /// Seals with a new key from now on.
    pub fn rekey(&mut self, generation: u8, base_key: &[u8; 32]) {
        self.own = SealingKey::new(base_key, key_id(self.sender, generation));
    }

    /// Sends only the lowest so many layers of its camera; none for 0.
    pub fn send_layers(&mut self, layers: usize) {
        for (_, source) in &mut self.sources {
            source.limit(layers);
        }
    }

    /// How loud its voice is, in dBov.
    pub fn speak(&mut self, level: i8) {
        for (_, source) in &mut self.sources {
            source.level(level);
        }
    }

    /// Sends everything in clear, as a client does whose encryption did not attach. For tests of what stops it.
    pub fn dangerous_send_unsealed(&mut self, unsealed: bool) {
        self.unsealed = unsealed;
    }

    /// Asks for a key frame in every slot, as a broken or hostile client may do at any pace.
    pub fn ask_for_keyframes(&mut self) {
        let mids: Vec<Mid> = self.slots.keys().map(|mid| Mid::from(mid.as_str())).collect();
        for mid in mids {
            ask(&mut self.rtc, mid);
        }
        self.drive(RtcInput::Timeout(self.now));
    }

    /// Whether its path is up.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// What each slot has received, by the name of its m-line.
    pub fn received(&self) -> impl Iterator<Item = (&str, &Received)> {
        self.slots.iter().map(|(mid, slot)| (mid.as_str(), &slot.received))
    }

    /// The time has come that [`Output::Wait`] named.
    pub fn handle(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.make();
        self.drive(RtcInput::Timeout(self.now));
    }

    /// A datagram has arrived.
    pub fn datagram(&mut self, now: Instant, source: SocketAddr, octets: &[u8]) {
        self.now = self.now.max(now);
        if let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, octets) {
            self.drive(RtcInput::Receive(self.now, receive));
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Output {
        let media = self.sources.iter().map(|(_, source)| source.due()).min();
        let wake = media.filter(|_| self.connected).map_or(self.wake, |media| media.min(self.wake));
        self.out.pop_front().unwrap_or(Output::Wait(wake))
    }

    /// Makes the media that is due.
    fn make(&mut self) {
        if !self.connected {
            return;
        }
        let mut made: Vec<(Mid, Made)> = Vec::new();
        for (mid, source) in &mut self.sources {
            made.extend(source.make(self.now).into_iter().map(|made| (*mid, made)));
        }
        for (mid, made) in made {
            self.send(mid, &made);
        }
    }

    fn send(&mut self, mid: Mid, made: &Made) {
        let rest =
            if self.unsealed { Ok(made.rest.clone()) } else { self.own.seal(&made.prefix, &made.rest) };
        let Ok(rest) = rest else { return };
        let frame = [&made.prefix[..], &rest].concat();
        let packets = made.cut(&frame);
        let mut left = packets.len();
        let Some((_, source)) = self.sources.iter_mut().find(|(of, _)| *of == mid) else { return };
        let first_seq = source.number(made.rid, left);
        let Some(pt) = self.payload_type(made.is_voice()) else { return };
        let rid = made.rid.map(Rid::from);
        for (payload, seq) in packets.into_iter().zip(first_seq..) {
            left -= 1;
            let extensions = ExtensionValues {
                audio_level: made.level,
                // the stack writes both or neither
                voice_activity: made.level.map(|level| level > -60),
                ..ExtensionValues::default()
            };
            let write = RtpWrite::new(pt, seq.into(), made.timestamp, self.now, Arc::<[u8]>::from(payload))
                .marker(left == 0 && !made.is_voice())
                .ext_vals(extensions)
                .nackable(!made.is_voice());
            if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, rid) {
                stream.write_rtp(write);
            }
            self.drive(RtcInput::Timeout(self.now));
        }
    }

    fn payload_type(&self, voice: bool) -> Option<Pt> {
        let codec = if voice { Codec::Opus } else { Codec::Vp8 };
        let params = self.rtc.codec_config().params();
        params.iter().find(|params| params.spec().codec == codec).map(|params| params.pt())
    }

    /// One input for the connection, then everything that comes out of it.
    fn drive(&mut self, input: RtcInput<'_>) {
        // A connection that breaks is seen by its silence.
        let mut events = Vec::new();
        if self.rtc.handle_input(input).is_err() {
            self.connected = false;
            return;
        }
        loop {
            match self.rtc.poll_output() {
                Ok(RtcOutput::Timeout(at)) => {
                    self.wake = at;
                    break;
                }
                Ok(RtcOutput::Event(event)) => events.push(event),
                Ok(RtcOutput::Transmit(transmit)) => self.out.push_back(Output::Send(Datagram {
                    source: transmit.source,
                    destination: transmit.destination,
                    octets: transmit.contents.into(),
                })),
                Err(_) => {
                    self.connected = false;
                    break;
                }
            }
        }
        for event in events {
            self.event(event);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the media stack's list of events is not exhaustive")]
    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.connected = false,
            Event::IceConnectionStateChange(IceConnectionState::Completed) => {
                self.connected = self.rtc.is_connected();
            }
            Event::KeyframeRequest(request) => {
                for (mid, source) in &mut self.sources {
                    if *mid == request.mid {
                        source.key_wanted(request.rid.as_deref());
                    }
                }
            }
            Event::RtpPacket(rtp) => self.packet(&rtp),
            _ => {}
        }
    }

    fn packet(&mut self, rtp: &RtpPacket) {
        let Some(mid) = self.rtc.direct_api().stream_rx(&rtp.header.ssrc).map(|stream| stream.mid()) else {
            return;
        };
        let Some(slot) = self.slots.get_mut(&*mid) else { return };
        if rtp.payload.is_empty() {
            return;
        }
        slot.received.packets += 1;
        if slot.kind == MediaKind::Audio {
            slot.open(&self.keys, &rtp.payload, OPUS_PREFIX_BYTES, None);
            return;
        }
        slot.assembler.put(*rtp.seq_no, rtp.header.marker, &rtp.payload, self.now);
        slot.pictures(&self.keys, self.now);
        let again =
            slot.asked.is_none_or(|asked| self.now.saturating_duration_since(asked) >= KEYFRAME_INTERVAL);
        if slot.assembler.needs_key() && again {
            slot.asked = Some(self.now);
            ask(&mut self.rtc, mid);
        }
    }
}

/// Names of the layers, the lowest first.
pub(crate) const RIDS: [&str; 3] = ["q", "h", "f"];

impl Slot {
    /// Takes the pictures that are whole.
    fn pictures(&mut self, keys: &OpeningKeys, now: Instant) {
        while let Some(whole) = self.assembler.take(now) {
            let follows = self.last_id.is_none_or(|last| (last + 1) & 0x7fff == whole.id);
            self.received.id_gaps += u64::from(!follows);
            self.last_id = Some(whole.id);
            self.received.keys += u64::from(whole.key);
            self.open(keys, &whole.frame, whole.prefix, Some(whole.key));
        }
        self.received.stalls = self.assembler.stalls;
    }

    fn open(&mut self, keys: &OpeningKeys, frame: &[u8], prefix: usize, picture: Option<bool>) {
        let counts = &mut self.received;
        if frame.get(prefix..).is_some_and(|rest| Label::read(rest).is_some()) {
            counts.in_clear += 1;
            return;
        }
        let opened = keys.open(frame, prefix).and_then(|(header, plain)| {
            let label = Label::read(&plain).ok_or(SframeError::Unauthentic)?;
            Ok((sender_of(header.key_id).ok_or(SframeError::UnknownKey)?, label))
        });
        let Ok((sender, label)) = opened else {
            counts.refused += 1;
            return;
        };
        *counts.opened.entry(sender).or_default() += 1;
        if picture.is_some() {
            counts.layer_changes += u64::from(counts.layer.is_some_and(|layer| layer != label.layer));
            counts.layer = Some(label.layer);
            if let Some(of_layer) = counts.of_layer.get_mut(usize::from(label.layer)) {
                *of_layer += 1;
            }
        }
    }
}

fn ask(rtc: &mut Rtc, mid: Mid) {
    if let Some(stream) = rtc.direct_api().stream_rx_by_mid(mid, None) {
        stream.request_keyframe(KeyframeRequestKind::Pli);
    }
}

fn connection(now: Instant) -> Rtc {
    RtcConfig::new()
        .set_crypto_provider(str0m::crypto::from_feature_flags().into())
        .set_rtp_mode(true)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .set_send_buffer_video(REPEAT_PACKETS)
        .set_rtcp_report_interval_video(Duration::from_secs(1))
        .build(now)
}
