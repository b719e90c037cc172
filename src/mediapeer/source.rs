//! Generated media: a voice, a camera in layers, a screen, each at its own pace.
//!
//! Not known here: keys, connections.

use std::time::{Duration, Instant};

use crate::peer::RIDS;
use crate::picture::{Label, cut, prefix};

/// Octets of a picture of each layer: 20 a second are 150, 500 and 1 500 kbit/s.
const CAMERA_OCTETS: [usize; 3] = [900, 3_100, 9_300];

/// Octets of a picture of a screen: 5 a second are 500 kbit/s.
const SCREEN_OCTETS: usize = 12_500;

/// How much larger a key frame is.
const KEY_TIMES: usize = 3;

/// Octets of 20 ms of a voice: 32 kbit/s.
const VOICE_OCTETS: usize = 80;

/// A voice's first octet: 20 ms, mono (RFC 6716 §3.1).
const VOICE_PREFIX: u8 = 0x78;

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Voice { level: i8 },
    Camera,
    Screen,
}

#[derive(Clone, Debug)]
struct Stream {
    rid: Option<&'static str>,
    layer: u8,
    octets: usize,
    number: u32,
    seq: u64,
    key_wanted: bool,
}

/// A source of media.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    kind: Kind,
    since: Instant,
    due: Instant,
    /// How many of the streams are made.
    made: usize,
    streams: Vec<Stream>,
}

/// One frame, before it is sealed.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) rid: Option<&'static str>,
    pub(crate) prefix: Vec<u8>,
    pub(crate) rest: Vec<u8>,
    pub(crate) timestamp: u32,
    /// Of a voice, its level.
    pub(crate) level: Option<i8>,
    number: u32,
}

impl Made {
    pub(crate) const fn is_voice(&self) -> bool {
        self.level.is_some()
    }

    /// The frame in packets.
    pub(crate) fn cut(&self, frame: &[u8]) -> Vec<Vec<u8>> {
        if self.is_voice() {
            return vec![frame.to_vec()];
        }
        let [.., high, low] = self.number.to_be_bytes();
        cut(frame, u16::from_be_bytes([high, low]), low)
    }
}

impl Source {
    pub(crate) fn voice(now: Instant) -> Self {
        Self::new(Kind::Voice { level: -90 }, vec![stream(None, 0, VOICE_OCTETS)], now)
    }

    pub(crate) fn screen(now: Instant) -> Self {
        Self::new(Kind::Screen, vec![stream(None, 0, SCREEN_OCTETS)], now)
    }

    pub(crate) fn camera(layers: usize, now: Instant) -> Self {
        let all = RIDS.into_iter().zip(CAMERA_OCTETS).zip(0_u8..).take(layers);
        let streams = all.map(|((rid, octets), layer)| stream((layers > 1).then_some(rid), layer, octets));
        Self::new(Kind::Camera, streams.collect(), now)
    }

    fn new(kind: Kind, streams: Vec<Stream>, now: Instant) -> Self {
        Self { kind, since: now, due: now, made: streams.len(), streams }
    }

    /// Makes only the lowest so many layers of a camera.
    pub(crate) fn limit(&mut self, layers: usize) {
        if self.kind == Kind::Camera {
            self.made = layers;
        }
    }

    /// How loud a voice is.
    pub(crate) fn level(&mut self, to: i8) {
        if let Kind::Voice { level } = &mut self.kind {
            *level = to;
        }
    }

    /// The next frame of a layer is a key frame.
    pub(crate) fn key_wanted(&mut self, rid: Option<&str>) {
        for stream in self.streams.iter_mut().filter(|stream| stream.rid == rid) {
            stream.key_wanted = true;
        }
    }

    /// The number of the first of so many packets of a layer that go out now.
    pub(crate) fn number(&mut self, rid: Option<&str>, packets: usize) -> u64 {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.rid == rid) else { return 0 };
        let first = stream.seq;
        stream.seq = first.saturating_add(u64::try_from(packets).unwrap_or(0));
        first
    }

    pub(crate) const fn due(&self) -> Instant {
        self.due
    }

    /// The frames that are due.
    pub(crate) fn make(&mut self, now: Instant) -> Vec<Made> {
        if now < self.due {
            return Vec::new();
        }
        self.due = now + self.interval();
        let millis = now.saturating_duration_since(self.since).as_millis();
        let ticks = match self.kind {
            Kind::Voice { .. } => 48,
            Kind::Camera | Kind::Screen => 90,
        };
        let timestamp = u32::try_from(millis.wrapping_mul(ticks) % (1 << 32)).unwrap_or(0);
        let kind = self.kind;
        let streams = self.streams.iter_mut().take(self.made);
        streams.map(|stream| stream.frame(kind, timestamp)).collect()
    }

    const fn interval(&self) -> Duration {
        match self.kind {
            Kind::Voice { .. } => Duration::from_millis(20),
            Kind::Camera => Duration::from_millis(50),
            Kind::Screen => Duration::from_millis(200),
        }
    }
}

fn stream(rid: Option<&'static str>, layer: u8, octets: usize) -> Stream {
    // Sequence numbers begin anywhere, and layers do not share them.
    Stream { rid, layer, octets, number: 0, seq: 1_000 * (u64::from(layer) + 1), key_wanted: true }
}

impl Stream {
    fn frame(&mut self, kind: Kind, timestamp: u32) -> Made {
        let label = Label { layer: self.layer, number: self.number };
        let key = std::mem::take(&mut self.key_wanted);
        let (prefix, octets, level) = match kind {
            Kind::Voice { level } => (vec![VOICE_PREFIX], self.octets, Some(level)),
            Kind::Camera | Kind::Screen => {
                (prefix(key), if key { KEY_TIMES * self.octets } else { self.octets }, None)
            }
        };
        let made =
            Made { rid: self.rid, prefix, rest: label.fill(octets), timestamp, level, number: self.number };
        self.number = self.number.wrapping_add(1);
        made
    }
}
