//! The regular look at a room: whose voices are heard, who speaks, which picture is in which slot, who may have how
//! much of it, and what nobody watches.
//!
//! Not known here: packets.

use std::time::Instant;

use str0m::bwe::Bitrate;

use crate::allocate::{Paused, Rank, Share, Want, allocate, cost, wanted};
use crate::io::{PeerNo, Picture, Tile};
use crate::layers::{Layer, PerLayer};
use crate::limits::{TILES_MAX, UNWATCHED_FOR, VIDEO_SLOTS, VOICES_BPS, WANTED_BPS_MAX};
use crate::peer::{Peer, Track};
use crate::slot::{Slot, SlotKind};
use crate::stats::Stats;

/// Lines of a picture in a view that nobody has given.
const USUAL_HEIGHT: u16 = 360;

/// A picture that somebody in the room sends, or could.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// Whose.
    pub(crate) of: PeerNo,
    /// Of what.
    pub(crate) picture: Picture,
    /// What its layers need; `None` for those that do not arrive.
    pub(crate) rates: PerLayer<Option<u64>>,
}

/// What a room has to offer at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stage {
    /// The pictures, in the order in which their senders joined.
    pub(crate) sources: Vec<Source>,
    /// The voices that are picked.
    pub(crate) voices: Vec<PeerNo>,
    /// Who speaks.
    pub(crate) speaker: Option<PeerNo>,
}

/// A picture that a subscriber can use, and up to which layer.
pub(crate) type Watch = (PeerNo, Picture, Layer);

impl Peer {
    /// The pictures that this peer sends, or could.
    pub(crate) fn sources(&mut self, own: PeerNo, now: Instant) -> impl Iterator<Item = Source> + '_ {
        self.tracks.iter_mut().filter_map(move |track| {
            let SlotKind::Picture(picture) = track.kind else { return None };
            track.arrivals.look(now);
            Some(Source { of: own, picture, rates: track.arrivals.rates(now) })
        })
    }

    /// Looks at what this subscriber sees. Answers what of it is watched, for the publishers' sake.
    pub(crate) fn look(&mut self, own: PeerNo, stage: &Stage, now: Instant, stats: &mut Stats) -> Vec<Watch> {
        let tiles = self.tiles(own, stage);
        for picture in [Picture::Camera, Picture::Screen] {
            let of: Vec<PeerNo> =
                tiles.iter().filter(|tile| tile.picture == picture).map(|tile| tile.of).collect();
            seat(&mut self.slots, SlotKind::Picture(picture), &of);
        }
        let voices: Vec<PeerNo> = stage.voices.iter().copied().filter(|of| *of != own).collect();
        seat(&mut self.slots, SlotKind::Voice, &voices);
        self.share_out(&tiles, stage, now, stats)
    }

    /// The view, or the usual one; of pictures that there are, and of others only.
    fn tiles(&self, own: PeerNo, stage: &Stage) -> Vec<Tile> {
        let there = |of: PeerNo, picture: Picture| {
            of != own && stage.sources.iter().any(|source| source.of == of && source.picture == picture)
        };
        match &self.view {
            Some(view) => {
                view.iter().filter(|tile| there(tile.of, tile.picture)).take(TILES_MAX).copied().collect()
            }
            None => {
                let others = |of_screen: bool| {
                    let sources = stage.sources.iter().filter(move |source| source.of != own);
                    sources.filter(move |source| (source.picture == Picture::Screen) == of_screen)
                };
                // of the screens the one that arrives
                let arrives =
                    |source: &&Source| Layer::ALL.into_iter().any(|layer| source.rates.get(layer).is_some());
                let shared = others(true).find(arrives);
                let shown = others(false).take(VIDEO_SLOTS).chain(shared);
                shown
                    .map(|source| Tile {
                        of: source.of,
                        picture: source.picture,
                        height: USUAL_HEIGHT,
                        pinned: false,
                    })
                    .collect()
            }
        }
    }

    /// Shares the path out among the slots that show a picture.
    fn share_out(&mut self, tiles: &[Tile], stage: &Stage, now: Instant, stats: &mut Stats) -> Vec<Watch> {
        let mut seats: Vec<usize> = Vec::new();
        let mut wants: Vec<Want> = Vec::new();
        let mut watched: Vec<Watch> = Vec::new();
        for tile in tiles {
            let kind = SlotKind::Picture(tile.picture);
            let shows = |slot: &Slot| slot.kind == kind && slot.source() == Some(tile.of);
            let Some((at, slot)) = self.slots.iter().enumerate().find(|(_, slot)| shows(slot)) else {
                continue;
            };
            let want = want(tile, stage, slot.allotted());
            if want.visible {
                watched.push((tile.of, tile.picture, want.top));
            }
            seats.push(at);
            wants.push(want);
        }
        let shares = allocate(self.estimates.budget(now), &wants);
        let mut spent = VOICES_BPS;
        for ((at, share), want) in seats.into_iter().zip(shares).zip(&wants) {
            spent = spent.saturating_add(cost(share, &want.rates));
            let Some(slot) = self.slots.get_mut(at) else { continue };
            let narrow = Share::Paused(Paused::Bandwidth);
            stats.paused_for_bandwidth += u64::from(share == narrow && slot.share != narrow);
            slot.allot(share);
        }
        self.aim(spent, wanted(&wants).saturating_add(VOICES_BPS));
        watched
    }

    /// Tells congestion control what is sent and what would be: while they differ it may fill up with repetitions to
    /// find out whether more would go through.
    fn aim(&mut self, spent: u64, all: u64) {
        let all = all.min(WANTED_BPS_MAX);
        // a quarter more than is sent: room for the next step
        let least = if spent < all { spent.saturating_add(spent / 4).min(all) } else { 0 };
        if self.aims != (least, all) {
            self.aims = (least, all);
            self.rtc.bwe().set_bitrate(Bitrate::bps(least), Bitrate::bps(all));
        }
    }
}

/// What a tile asks for.
fn want(tile: &Tile, stage: &Stage, has: Option<Layer>) -> Want {
    let source = stage.sources.iter().find(|source| source.of == tile.of && source.picture == tile.picture);
    let rank = match tile.picture {
        Picture::Screen => Rank::Screen,
        Picture::Camera if tile.pinned => Rank::Pinned,
        Picture::Camera if stage.speaker == Some(tile.of) => Rank::Speaking,
        Picture::Camera => Rank::Other,
    };
    let top = match tile.picture {
        // its layers differ in rate, not in size: it is never scaled down
        Picture::Screen => Layer::High,
        Picture::Camera => Layer::for_height(tile.height),
    };
    let rates = source.map(|source| source.rates).unwrap_or_default();
    Want { rank, visible: tile.height > 0, top, rates, has }
}

/// Gives each source a slot of a kind. A source keeps the slot it has; a slot whose source is gone is free again.
fn seat(slots: &mut [Slot], kind: SlotKind, sources: &[PeerNo]) {
    for slot in slots.iter_mut().filter(|slot| slot.kind == kind) {
        if slot.source().is_some_and(|source| !sources.contains(&source)) {
            slot.show(None);
        }
    }
    for source in sources {
        let of_kind = || slots.iter().filter(|slot| slot.kind == kind);
        if of_kind().any(|slot| slot.source() == Some(*source)) {
            continue;
        }
        let free = slots.iter_mut().find(|slot| slot.kind == kind && slot.source().is_none());
        let Some(free) = free else { return };
        free.show(Some(*source));
    }
}

impl Track {
    /// Compares what is watched with what the peer was told. More is told at once; less only after a while, because
    /// somebody may look again. Answers whether it is to be told now.
    pub(crate) fn watch(&mut self, up_to: Option<Layer>, now: Instant) -> bool {
        if up_to >= self.watched {
            self.less_since = None;
        } else {
            let since = *self.less_since.get_or_insert(now);
            if now.saturating_duration_since(since) < UNWATCHED_FOR {
                return false;
            }
        }
        let changes = up_to != self.watched;
        self.watched = up_to;
        self.less_since = None;
        changes
    }
}
