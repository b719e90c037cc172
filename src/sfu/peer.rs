//! One peer: its connection, what it sends, and what it receives in which slots.
//!
//! Not known here: other peers, except by their numbers.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::format::Codec as Format;
use str0m::media::{KeyframeRequestKind, Mid, Pt, Rid};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Vp8Descriptor};

use crate::estimate::Estimates;
use crate::io::{PeerNo, Picture, RoomNo, SlotState, Tile};
use crate::keyframes::Throttle;
use crate::layers::{Arrivals, Layer, PerLayer};
use crate::limits::{
    CAMERA_ACTIVE_FOR, OFFERS_PER_MINUTE, SCREEN_ACTIVE_FOR, STRAY_PACKETS_PER_SECOND, STREAMS_MAX,
};
use crate::offer::{Layout, Use};
use crate::sealed::{Codec, Guard, Verdict};
use crate::slot::{Packet, Slot, SlotKind, Taken};
use crate::stats::Stats;

/// Whether a peer's path is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has not been up yet.
    Joining,
    /// It is.
    Connected,
    /// It was.
    Lost,
}

/// What a peer sends: a voice or a picture.
#[derive(Debug)]
pub(crate) struct Track {
    /// Its m-line.
    pub(crate) mid: Mid,
    /// What it is.
    pub(crate) kind: SlotKind,
    /// Which layers arrive.
    pub(crate) arrivals: Arrivals,
    /// Requests for key frames of each.
    pub(crate) throttles: PerLayer<Throttle>,
    /// The highest layer that anybody can use, as the peer was told.
    pub(crate) watched: Option<Layer>,
    /// Since when less than that is used.
    pub(crate) less_since: Option<Instant>,
}

/// One stream of a track.
#[derive(Debug)]
struct Stream {
    track: usize,
    layer: Layer,
    rid: Option<Rid>,
    guard: Guard,
}

/// What became of a packet that arrived.
#[derive(Debug)]
pub(crate) enum Received {
    /// Nothing: it was dropped and counted.
    Dropped,
    /// It is not passed on, and leaves no gap.
    TakenOut(Packet),
    /// It is passed on.
    Passed {
        /// The packet.
        packet: Packet,
        /// Whether its layer had not arrived of late.
        woke: bool,
    },
}

/// Tokens that come back with time.
#[derive(Clone, Copy, Debug)]
struct Pace {
    per: Duration,
    most: u32,
    used: u32,
    since: Option<Instant>,
}

impl Pace {
    const fn new(most: u32, per: Duration) -> Self {
        Self { per, most, used: 0, since: None }
    }

    fn take(&mut self, now: Instant) -> bool {
        let over = self.since.is_none_or(|since| now.saturating_duration_since(since) >= self.per);
        if over {
            (self.since, self.used) = (Some(now), 0);
        }
        self.used = self.used.saturating_add(1);
        self.used <= self.most
    }
}

/// A peer.
pub(crate) struct Peer {
    /// Its room.
    pub(crate) room: RoomNo,
    /// Where it asked from.
    pub(crate) origin: IpAddr,
    /// Its index in the call.
    pub(crate) sender: u32,
    /// Its connection.
    pub(crate) rtc: Rtc,
    /// The m-lines of its offer.
    pub(crate) layout: Layout,
    /// Whether its path is up.
    pub(crate) phase: Phase,
    /// What it sends.
    pub(crate) tracks: Vec<Track>,
    /// What it receives in.
    pub(crate) slots: Vec<Slot>,
    /// What it wants to see.
    pub(crate) view: Option<Vec<Tile>>,
    /// What its path carries.
    pub(crate) estimates: Estimates,
    /// What congestion control was told: the least and the most, in bits per second.
    pub(crate) aims: (u64, u64),
    /// What it was told of its slots.
    pub(crate) announced: Vec<SlotState>,
    streams: HashMap<u32, Stream>,
    repairs: HashSet<u32>,
    vp8: Option<Pt>,
    opus: Option<Pt>,
    offers: Pace,
    strays: Pace,
    /// Test only: passes on what is not sealed.
    #[cfg(feature = "mutations")]
    pub(crate) dangerous_forward_unsealed: bool,
}

impl Peer {
    /// A peer whose offer was accepted by its connection.
    #[must_use]
    pub(crate) fn new(place: (RoomNo, IpAddr, u32), rtc: Rtc, layout: Layout, estimates: Estimates) -> Self {
        let (room, origin, sender) = place;
        let pt = |of| rtc.codec_config().params().iter().find(|params| params.spec().codec == of);
        let (vp8, opus) = (pt(Format::Vp8).map(|it| it.pt()), pt(Format::Opus).map(|it| it.pt()));
        let (mut tracks, mut slots) = (Vec::new(), Vec::new());
        for (mid, what) in layout.lines() {
            let mid = Mid::from(mid);
            match what {
                Use::Idle => {}
                Use::Microphone => tracks.push(Track::new(mid, SlotKind::Voice)),
                Use::Sends(picture) => tracks.push(Track::new(mid, SlotKind::Picture(picture))),
                Use::VoiceSlot => slots.push(Slot::new(mid, SlotKind::Voice)),
                Use::Slot(picture) => slots.push(Slot::new(mid, SlotKind::Picture(picture))),
            }
        }
        Self {
            room,
            origin,
            sender,
            rtc,
            layout,
            phase: Phase::Joining,
            tracks,
            slots,
            view: None,
            estimates,
            aims: (0, 0),
            announced: Vec::new(),
            streams: HashMap::new(),
            repairs: HashSet::new(),
            vp8,
            opus,
            offers: Pace::new(OFFERS_PER_MINUTE, Duration::from_secs(60)),
            strays: Pace::new(STRAY_PACKETS_PER_SECOND, Duration::from_secs(1)),
            #[cfg(feature = "mutations")]
            dangerous_forward_unsealed: false,
        }
    }

    /// Whether another offer is due.
    pub(crate) fn may_offer(&mut self, now: Instant) -> bool {
        self.offers.take(now)
    }

    /// The track with a picture.
    pub(crate) fn track_mut(&mut self, kind: SlotKind) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.kind == kind)
    }

    /// Whether a stream is one that this peer may send, or repairs one.
    pub(crate) fn sends(&mut self, ssrc: u32) -> bool {
        if self.streams.contains_key(&ssrc) || self.repairs.contains(&ssrc) {
            return true;
        }
        let mut api = self.rtc.direct_api();
        let repairs = self.streams.keys().filter_map(|main| api.stream_rx(&(*main).into())?.rtx());
        self.repairs = repairs.map(|repair| *repair).collect();
        self.repairs.contains(&ssrc)
    }

    /// Whether a packet of a stream that is none of its own is looked at: it may be the first of one.
    pub(crate) fn may_stray(&mut self, now: Instant) -> bool {
        self.strays.take(now)
    }

    /// Looks at a packet that the connection has opened.
    pub(crate) fn receive(&mut self, rtp: RtpPacket, stats: &mut Stats) -> Received {
        stats.packets_in += 1;
        let ssrc = *rtp.header.ssrc;
        if !self.streams.contains_key(&ssrc) && !self.discover(ssrc) {
            stats.packets_stray += 1;
            return Received::Dropped;
        }
        let codec = if Some(rtp.header.payload_type) == self.vp8 { Codec::Vp8 } else { Codec::Opus };
        let Some(stream) = self.streams.get_mut(&ssrc) else { return Received::Dropped };
        let Some(track) = self.tracks.get_mut(stream.track) else { return Received::Dropped };
        let of_codec = match codec {
            Codec::Vp8 => track.kind != SlotKind::Voice,
            Codec::Opus => track.kind == SlotKind::Voice && Some(rtp.header.payload_type) == self.opus,
        };
        if !of_codec {
            stats.packets_other_codec += 1;
            return Received::Dropped;
        }
        let now = rtp.timestamp;
        let verdict = if rtp.payload.is_empty() {
            stats.packets_empty += 1;
            None
        } else {
            Some(stream.guard.check(rtp.header.timestamp, rtp.header.marker, &rtp.payload))
        };
        #[cfg(feature = "mutations")]
        let verdict = verdict.map(|it| if self.dangerous_forward_unsealed { Verdict::Sealed } else { it });
        let vp8 = (codec == Codec::Vp8).then(|| Vp8Descriptor::parse(&rtp.payload).ok()).flatten();
        let mut packet = Packet {
            kind: track.kind,
            layer: stream.layer,
            serve: PerLayer::default(),
            key: vp8.as_ref().is_some_and(|vp8| vp8.starts_keyframe(&rtp.payload)),
            vp8,
            seq: *rtp.seq_no,
            timestamp: rtp.header.timestamp,
            marker: rtp.header.marker,
            extensions: passed_on(&rtp.header.ext_vals),
            payload: rtp.payload,
            at: now,
        };
        match verdict {
            None => return Received::TakenOut(packet),
            Some(Verdict::Unsealed) => {
                stats.frames_unsealed += 1;
                stats.packets_unsealed += 1;
                return Received::TakenOut(packet);
            }
            Some(Verdict::Rest) => {
                stats.packets_unsealed += 1;
                return Received::TakenOut(packet);
            }
            Some(Verdict::Sealed) => {}
        }
        if packet.key {
            stats.keyframes += 1;
            track.throttles.get_mut(stream.layer).answered();
        }
        let woke = track.arrivals.arrived(stream.layer, packet.payload.len(), now);
        packet.serve = PerLayer::new(Layer::ALL.map(|most| track.arrivals.serve(most, now)));
        Received::Passed { packet, woke }
    }

    /// Finds out what a stream is that the connection has mapped.
    fn discover(&mut self, ssrc: u32) -> bool {
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_rx(&ssrc.into()) else { return false };
        let (mid, rid) = (stream.mid(), stream.rid());
        let track = self.tracks.iter().enumerate().find(|(_, track)| track.mid == mid);
        let layer = match rid {
            None => Some(Layer::Low),
            Some(rid) => Layer::of_rid(&rid),
        };
        let (Some((at, track)), Some(layer)) = (track, layer) else { return false };
        if self.streams.len() >= STREAMS_MAX {
            return false;
        }
        let codec = if track.kind == SlotKind::Voice { Codec::Opus } else { Codec::Vp8 };
        let guard = Guard::new(codec, self.sender);
        self.streams.insert(ssrc, Stream { track: at, layer, rid, guard });
        true
    }

    /// Puts a packet of somebody else into the slot that shows it.
    pub(crate) fn deliver(&mut self, of: PeerNo, packet: &Packet, stats: &mut Stats) -> Delivered {
        let shows = |slot: &&mut Slot| slot.source() == Some(of) && slot.kind == packet.kind;
        let Some(slot) = self.slots.iter_mut().find(shows) else { return Delivered::Not };
        let (numbered, patch) = match slot.take(packet) {
            Taken::Not => return Delivered::Not,
            Taken::Waits => return Delivered::Waits,
            Taken::Goes { numbered, patch, switched } => {
                stats.layer_switches += u64::from(switched);
                (numbered, patch)
            }
        };
        let pt = if slot.kind == SlotKind::Voice { self.opus } else { self.vp8 };
        let mut api = self.rtc.direct_api();
        let stream = match slot.ssrc {
            Some(ssrc) => api.stream_tx(&ssrc),
            None => api.stream_tx_by_mid(slot.mid, None),
        };
        let (Some(pt), Some(stream)) = (pt, stream) else { return Delivered::Not };
        slot.ssrc = Some(stream.ssrc());
        let (seq, payload) = (numbered.seq.into(), Arc::clone(&packet.payload));
        let mut write = RtpWrite::new(pt, seq, numbered.timestamp, packet.at, payload)
            .marker(packet.marker)
            .ext_vals(packet.extensions.clone())
            .nackable(slot.kind != SlotKind::Voice);
        if let Some(patch) = patch {
            write = write.vp8_patch(patch);
        }
        stream.write_rtp(write);
        stats.packets_out += 1;
        Delivered::Went
    }

    /// A packet of somebody else is not passed on.
    pub(crate) fn take_out(&mut self, of: PeerNo, packet: &Packet) {
        let shows = |slot: &&mut Slot| slot.source() == Some(of) && slot.kind == packet.kind;
        if let Some(slot) = self.slots.iter_mut().find(shows) {
            slot.take_out(packet);
        }
    }

    /// Asks for a key frame of a layer, unless one is under way.
    pub(crate) fn ask_for_keyframe(
        &mut self,
        kind: SlotKind,
        layer: Layer,
        now: Instant,
        stats: &mut Stats,
    ) -> bool {
        let Some((at, track)) = self.tracks.iter_mut().enumerate().find(|(_, track)| track.kind == kind)
        else {
            return false;
        };
        if !track.throttles.get_mut(layer).ask(now) {
            stats.keyframes_spared += 1;
            return false;
        }
        let of_layer = self.streams.iter().find(|(_, stream)| stream.track == at && stream.layer == layer);
        let Some(rid) = of_layer.map(|(_, stream)| stream.rid) else { return false };
        let mid = track.mid;
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_rx_by_mid(mid, rid) else { return false };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        stats.keyframes_asked += 1;
        true
    }

    /// The source and layer of the picture in a slot; of one that has not begun, the layer it waits for.
    #[must_use]
    pub(crate) fn shown_in(&self, mid: Mid) -> Option<(PeerNo, Picture, Layer)> {
        let slot = self.slots.iter().find(|slot| slot.mid == mid)?;
        match slot.kind {
            SlotKind::Voice => None,
            SlotKind::Picture(picture) => {
                Some((slot.source()?, picture, slot.current().or_else(|| slot.allotted())?))
            }
        }
    }
}

/// What became of a packet at a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// It is not for it.
    Not,
    /// A key frame of its layer is needed first.
    Waits,
    /// It was written.
    Went,
}

impl Track {
    fn new(mid: Mid, kind: SlotKind) -> Self {
        let screen = kind == SlotKind::Picture(Picture::Screen);
        let active_for = if screen { SCREEN_ACTIVE_FOR } else { CAMERA_ACTIVE_FOR };
        let (arrivals, throttles) = (Arrivals::new(active_for), PerLayer::default());
        Self { mid, kind, arrivals, throttles, watched: Some(Layer::High), less_since: None }
    }
}

/// Of the header extensions only what a receiver needs: everything else is the sender's own business.
fn passed_on(values: &ExtensionValues) -> ExtensionValues {
    ExtensionValues {
        audio_level: values.audio_level,
        voice_activity: values.voice_activity,
        video_orientation: values.video_orientation,
        ..ExtensionValues::default()
    }
}
