//! One receive slot of a subscriber: what it shows, and how a packet's numbers change on their way into it.
//!
//! Not known here: other slots, bandwidth, who is allowed to see what.

use std::sync::Arc;
use std::time::Instant;

use str0m::media::Mid;
use str0m::rtp::{ExtensionValues, Ssrc, Vp8Descriptor, Vp8Patch, Vp8PatchError};

use crate::allocate::{Paused, Share};
use crate::io::{PeerNo, Picture, Showing, SlotState};
use crate::layers::{Layer, PerLayer};
use crate::rewrite::{Numbered, Numbers, Pictures};

/// What a slot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// A voice.
    Voice,
    /// A picture.
    Picture(Picture),
}

impl SlotKind {
    /// Ticks of its timestamps in a second.
    const fn clock(self) -> u32 {
        match self {
            Self::Voice => 48_000,
            Self::Picture(_) => 90_000,
        }
    }
}

/// A packet that was received and checked.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Of what.
    pub(crate) kind: SlotKind,
    /// Of which layer; the lowest for voices.
    pub(crate) layer: Layer,
    /// For each layer a subscriber may have at most, the one it is served.
    pub(crate) serve: PerLayer<Option<Layer>>,
    /// Whether a key frame begins with it.
    pub(crate) key: bool,
    /// Its VP8 descriptor.
    pub vp8: Option<Vp8Descriptor>,
    /// Sequence number, with its rollovers.
    pub(crate) seq: u64,
    /// Timestamp.
    pub(crate) timestamp: u32,
    /// Whether its frame ends with it.
    pub(crate) marker: bool,
    /// What is in it.
    pub(crate) payload: Arc<[u8]>,
    /// Header extensions that are passed on.
    pub(crate) extensions: ExtensionValues,
    /// When it came.
    pub(crate) at: Instant,
}

/// What a slot does with a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken {
    /// It is not for this slot, or not now.
    Not,
    /// It would be, but the slot waits for a key frame of its layer.
    Waits,
    /// It goes out so.
    Goes {
        /// With these numbers.
        numbered: Numbered,
        /// And these picture ids.
        patch: Option<Vp8Patch>,
        /// Whether the slot showed another layer of it before.
        switched: bool,
    },
}

/// A slot.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Its name.
    pub(crate) mid: Mid,
    /// What it is for.
    pub(crate) kind: SlotKind,
    /// Its stream, once it is known.
    pub(crate) ssrc: Option<Ssrc>,
    source: Option<PeerNo>,
    /// What of it the subscriber may have.
    pub(crate) share: Share,
    current: Option<Layer>,
    numbers: Numbers,
    pictures: Pictures,
}

impl Slot {
    /// A free slot.
    #[must_use]
    pub(crate) fn new(mid: Mid, kind: SlotKind) -> Self {
        Self {
            mid,
            kind,
            ssrc: None,
            source: None,
            share: Share::Paused(Paused::Source),
            current: None,
            numbers: Numbers::new(kind.clock()),
            pictures: Pictures::default(),
        }
    }

    /// Whose media it shows.
    #[must_use]
    pub(crate) const fn source(&self) -> Option<PeerNo> {
        self.source
    }

    /// The layer that goes out, once one does.
    #[must_use]
    pub(crate) const fn current(&self) -> Option<Layer> {
        self.current
    }

    /// Shows somebody else, or nobody.
    pub(crate) fn show(&mut self, source: Option<PeerNo>) {
        if self.source != source {
            self.source = source;
            self.current = None;
            self.share = Share::Paused(Paused::Source);
        }
    }

    /// Changes what the subscriber may have; a picture that was paused begins with a key frame again.
    pub(crate) fn allot(&mut self, share: Share) {
        if matches!(share, Share::Paused(_)) {
            self.current = None;
        }
        self.share = share;
    }

    /// The layer that the subscriber has been allotted.
    #[must_use]
    pub(crate) const fn allotted(&self) -> Option<Layer> {
        match self.share {
            Share::Sent(layer) => Some(layer),
            Share::Paused(_) => None,
        }
    }

    /// Decides about a packet of its source.
    pub(crate) fn take(&mut self, packet: &Packet) -> Taken {
        let switches = match self.kind {
            SlotKind::Voice => self.current.is_none(),
            SlotKind::Picture(_) => {
                let Some(most) = self.allotted() else { return Taken::Not };
                let served = *packet.serve.get(most) == Some(packet.layer);
                match (self.current == Some(packet.layer), served, packet.key) {
                    (true, _, _) => false,
                    (false, false, _) => return Taken::Not,
                    (false, true, false) => return Taken::Waits,
                    (false, true, true) => true,
                }
            }
        };
        let switched = switches && self.current.is_some();
        if switches {
            self.current = Some(packet.layer);
            self.numbers.switch(packet.seq, packet.timestamp, packet.at);
            if let Some(vp8) = &packet.vp8 {
                self.pictures.switch(vp8.picture_id(), vp8.tl0_pic_idx());
            }
        }
        let Some(numbered) = self.numbers.number(packet.seq, packet.timestamp, packet.at) else {
            return Taken::Not;
        };
        let patch = packet.vp8.as_ref().and_then(|vp8| self.patch(vp8, numbered.newest));
        Taken::Goes { numbered, patch, switched }
    }

    /// A packet of its source is not passed on.
    pub(crate) fn take_out(&mut self, packet: &Packet) {
        if self.current == Some(packet.layer) {
            self.numbers.take_out(packet.seq);
        }
    }

    /// What is told of it.
    #[must_use]
    pub(crate) fn state(&self) -> SlotState {
        let showing = match (self.kind, self.source) {
            (_, None) => Showing::Nothing,
            (SlotKind::Voice, Some(of)) => Showing::Voice { of },
            (SlotKind::Picture(picture), Some(of)) => {
                let layer = match self.share {
                    Share::Sent(layer) => Ok(layer),
                    Share::Paused(why) => Err(why),
                };
                Showing::Picture { of, picture, layer }
            }
        };
        SlotState { mid: self.mid.to_string(), showing }
    }

    fn patch(&mut self, vp8: &Vp8Descriptor, newest: bool) -> Option<Vp8Patch> {
        let (id, base) = self.pictures.number(vp8.picture_id(), vp8.tl0_pic_idx(), newest);
        let build = |mask: u16| {
            let mut patch = vp8.patch();
            if let Some(id) = id {
                patch = patch.picture_id(id & mask);
            }
            if let Some(base) = base {
                patch = patch.tl0_pic_idx(base);
            }
            patch.build()
        };
        match build(0x7fff) {
            // a sender whose picture ids have 7 bits
            Err(Vp8PatchError::PictureIdTooLarge) => build(0x7f).ok(),
            other => other.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use str0m::rtp::ExtensionValues;

    use super::{Packet, Slot, SlotKind, Taken};
    use crate::allocate::{Paused, Share};
    use crate::io::{PeerNo, Picture};
    use crate::layers::{Layer, PerLayer};

    fn packet(layer: Layer, seq: u64, key: bool) -> Packet {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        let at = Instant::now();
        // everything arrives: everybody is served what they may have
        let serve = PerLayer::new(Layer::ALL.map(Some));
        let (vp8, timestamp, marker) = (None, 0, true);
        let (payload, extensions) = (Vec::new().into(), ExtensionValues::default());
        Packet {
            kind: SlotKind::Picture(Picture::Camera),
            layer,
            serve,
            key,
            vp8,
            seq,
            timestamp,
            marker,
            payload,
            extensions,
            at,
        }
    }

    fn slot(most: Layer) -> Slot {
        let mut slot = Slot::new("1".into(), SlotKind::Picture(Picture::Camera));
        slot.show(Some(PeerNo(1)));
        slot.allot(Share::Sent(most));
        slot
    }

    fn number(taken: Taken) -> Option<u64> {
        match taken {
            Taken::Goes { numbered, .. } => Some(numbered.seq),
            Taken::Not | Taken::Waits => None,
        }
    }

    #[test]
    fn a_picture_begins_with_a_key_frame_and_changes_layer_with_one() {
        let mut slot = slot(Layer::Mid);
        assert!(matches!(slot.take(&packet(Layer::Mid, 10, false)), Taken::Waits));
        assert!(matches!(slot.take(&packet(Layer::Low, 90, true)), Taken::Not), "it may have more");
        assert_eq!(number(slot.take(&packet(Layer::Mid, 11, true))), Some(1));
        assert_eq!(number(slot.take(&packet(Layer::Mid, 12, false))), Some(2));
        slot.allot(Share::Sent(Layer::Low));
        assert!(matches!(slot.take(&packet(Layer::Low, 91, false)), Taken::Waits));
        assert_eq!(
            number(slot.take(&packet(Layer::Mid, 13, false))),
            Some(3),
            "no freeze until the key frame is there"
        );
        assert!(matches!(slot.take(&packet(Layer::Low, 92, true)), Taken::Goes { switched: true, .. }));
        assert!(matches!(slot.take(&packet(Layer::Mid, 14, false)), Taken::Not));
    }

    #[test]
    fn a_paused_picture_begins_anew() {
        let mut slot = slot(Layer::Low);
        assert_eq!(number(slot.take(&packet(Layer::Low, 1, true))), Some(1));
        slot.allot(Share::Paused(Paused::Bandwidth));
        assert!(matches!(slot.take(&packet(Layer::Low, 2, false)), Taken::Not));
        slot.allot(Share::Sent(Layer::Low));
        assert!(matches!(slot.take(&packet(Layer::Low, 3, false)), Taken::Waits));
        assert_eq!(number(slot.take(&packet(Layer::Low, 4, true))), Some(2), "without a gap");
    }
}
