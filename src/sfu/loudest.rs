//! Whose voices a room hears and who speaks: levels smoothed, the loudest few kept steady, the speaker changed with
//! some inertia.
//!
//! Not known here: what is said; levels come from a header extension that the senders write (RFC 6464).

use std::time::{Duration, Instant};

use crate::io::PeerNo;
use crate::limits::AUDIO_SLOTS;

/// Voices that are picked: one more than there are slots, because nobody hears themselves.
pub(crate) const PICKED_MAX: usize = AUDIO_SLOTS + 1;

/// Time after which a level counts half.
const HALF_LIFE: Duration = Duration::from_millis(300);

/// How long a voice that was just picked cannot lose its place.
const IMMUNE_FOR: Duration = Duration::from_millis(300);

/// How long a place is kept for a voice of which nothing arrives: a pause between two words, or a mute.
const HELD_FOR: Duration = Duration::from_millis(2_000);

/// How much louder a voice must be to take another one's place, in dB.
const LOUDER_BY: f32 = 3.0;

/// How much louder than the speaker a voice must be to become it, in dB.
const SPEAKS_LOUDER_BY: f32 = 6.0;

/// Loudness from which somebody speaks: −60 dBov.
const SPEAKS_FROM: f32 = 67.0;

/// Least time between two changes of the speaker.
const SPEAKER_FOR: Duration = Duration::from_millis(500);

#[derive(Clone, Debug)]
struct Voice {
    peer: PeerNo,
    /// 127 less the level in −dBov: 0 is silence.
    loudness: f32,
    heard: Instant,
    picked: Option<Instant>,
}

/// The voices of one room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loudest {
    voices: Vec<Voice>,
    speaker: Option<(PeerNo, Instant)>,
}

impl Loudest {
    /// A packet of somebody's voice; its level in dBov, 0 down to −127. One that says nothing counts as silent.
    pub(crate) fn heard(&mut self, peer: PeerNo, level: Option<i8>, now: Instant) {
        let level = f32::from(level.unwrap_or(-127).clamp(-127, 0)) + 127.0;
        if let Some(voice) = self.voices.iter_mut().find(|voice| voice.peer == peer) {
            let past = now.saturating_duration_since(voice.heard).as_secs_f32();
            let kept = 0.5_f32.powf(past / HALF_LIFE.as_secs_f32());
            voice.loudness = voice.loudness * kept + level * (1.0 - kept);
            voice.heard = now;
        } else {
            self.voices.push(Voice { peer, loudness: level / 2.0, heard: now, picked: None });
        }
    }

    /// Somebody has left.
    pub(crate) fn forget(&mut self, peer: PeerNo) {
        self.voices.retain(|voice| voice.peer != peer);
        if self.speaker.is_some_and(|(speaker, _)| speaker == peer) {
            self.speaker = None;
        }
    }

    /// Picks anew. Places of those who are no longer heard become free, free places go to the loudest, and a place is
    /// lost only to somebody clearly louder.
    pub(crate) fn look(&mut self, now: Instant) {
        for voice in &mut self.voices {
            let silent = now.saturating_duration_since(voice.heard);
            if silent > HELD_FOR {
                voice.picked = None;
            }
            if silent > HALF_LIFE {
                voice.loudness = 0.0;
            }
        }
        self.voices
            .retain(|voice| voice.picked.is_some() || now.saturating_duration_since(voice.heard) <= HELD_FOR);
        while self.places() < PICKED_MAX {
            let Some(next) = self.loudest(|voice| voice.picked.is_none()) else { break };
            self.pick(next, Some(now));
        }
        if let (Some(next), Some(last)) = (self.loudest(|voice| voice.picked.is_none()), self.quietest(now))
            && self.loudness(next) > self.loudness(last) + LOUDER_BY
        {
            self.pick(last, None);
            self.pick(next, Some(now));
        }
        self.look_for_speaker(now);
    }

    /// Who is heard, in the order in which they were first heard.
    pub(crate) fn picked(&self) -> impl Iterator<Item = PeerNo> + '_ {
        self.voices.iter().filter(|voice| voice.picked.is_some()).map(|voice| voice.peer)
    }

    /// Who speaks, or spoke last.
    #[must_use]
    pub(crate) fn speaker(&self) -> Option<PeerNo> {
        self.speaker.map(|(speaker, _)| speaker)
    }

    fn look_for_speaker(&mut self, now: Instant) {
        let Some(next) = self.loudest(|voice| voice.loudness >= SPEAKS_FROM) else { return };
        let changes = match self.speaker {
            None => true,
            Some((speaker, since)) => {
                let louder = self.loudness(next) > self.loudness(speaker) + SPEAKS_LOUDER_BY;
                speaker != next && louder && now.saturating_duration_since(since) >= SPEAKER_FOR
            }
        };
        if changes {
            self.speaker = Some((next, now));
        }
    }

    fn places(&self) -> usize {
        self.voices.iter().filter(|voice| voice.picked.is_some()).count()
    }

    fn loudest(&self, of: impl Fn(&Voice) -> bool) -> Option<PeerNo> {
        let voices = self.voices.iter().filter(|voice| of(voice));
        voices.max_by(|one, other| one.loudness.total_cmp(&other.loudness)).map(|voice| voice.peer)
    }

    /// The quietest of those that can lose their place.
    fn quietest(&self, now: Instant) -> Option<PeerNo> {
        let old = |since: Instant| now.saturating_duration_since(since) >= IMMUNE_FOR;
        let voices = self.voices.iter().filter(|voice| voice.picked.is_some_and(old));
        voices.min_by(|one, other| one.loudness.total_cmp(&other.loudness)).map(|voice| voice.peer)
    }

    fn loudness(&self, peer: PeerNo) -> f32 {
        self.voices.iter().find(|voice| voice.peer == peer).map_or(0.0, |voice| voice.loudness)
    }

    fn pick(&mut self, peer: PeerNo, since: Option<Instant>) {
        if let Some(voice) = self.voices.iter_mut().find(|voice| voice.peer == peer) {
            voice.picked = since;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Loudest, PICKED_MAX};
    use crate::io::PeerNo;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        Instant::now()
    }

    /// Everybody sends a packet each 20 ms at their level, for so long; the room looks each 100 ms.
    fn talk(room: &mut Loudest, now: &mut Instant, ms: u64, levels: &[(u64, i8)]) {
        for tick in 1..=ms / 20 {
            *now += Duration::from_millis(20);
            for (peer, level) in levels {
                room.heard(PeerNo(*peer), Some(*level), *now);
            }
            if tick % 5 == 0 {
                room.look(*now);
            }
        }
    }

    fn picked(room: &Loudest) -> Vec<u64> {
        let mut picked: Vec<u64> = room.picked().map(|peer| peer.0).collect();
        picked.sort_unstable();
        picked
    }

    #[test]
    fn the_loudest_are_picked_and_a_louder_one_takes_the_place_of_the_quietest() {
        let (mut room, mut now) = (Loudest::default(), start());
        let mut levels = vec![(1, -30), (2, -35), (3, -40), (4, -50), (5, -80), (6, -80)];
        talk(&mut room, &mut now, 2_000, &levels);
        assert_eq!(picked(&room), [1, 2, 3, 4]);
        levels[5].1 = -20;
        talk(&mut room, &mut now, 600, &levels);
        assert_eq!(picked(&room), [1, 2, 3, 6]);
    }

    #[test]
    fn a_pause_between_words_loses_no_place() {
        let (mut room, mut now) = (Loudest::default(), start());
        let speaking = [(1, -30), (2, -30), (3, -30), (4, -30), (5, -32)];
        talk(&mut room, &mut now, 1_000, &speaking);
        let before = picked(&room);
        let quiet: Vec<(u64, i8)> = speaking.iter().map(|(peer, _)| (*peer, -32)).collect();
        talk(&mut room, &mut now, 2_000, &quiet);
        assert_eq!(picked(&room), before, "nobody is clearly louder");
    }

    #[test]
    fn a_place_nobody_uses_becomes_free() {
        let (mut room, mut now) = (Loudest::default(), start());
        talk(&mut room, &mut now, 500, &[(1, -30), (2, -30), (3, -30), (4, -30), (5, -90)]);
        assert_eq!(picked(&room), [1, 2, 3, 4]);
        talk(&mut room, &mut now, 2_500, &[(1, -30), (2, -30), (3, -30), (5, -90)]);
        assert_eq!(picked(&room), [1, 2, 3, 5]);
    }

    #[test]
    fn the_speaker_changes_for_a_voice_and_not_for_a_noise() {
        let (mut room, mut now) = (Loudest::default(), start());
        talk(&mut room, &mut now, 1_000, &[(1, -90), (2, -90)]);
        assert_eq!(room.speaker(), None, "nobody speaks");
        talk(&mut room, &mut now, 1_000, &[(1, -30), (2, -90)]);
        assert_eq!(room.speaker(), Some(PeerNo(1)));
        talk(&mut room, &mut now, 60, &[(1, -30), (2, 0)]);
        room.look(now);
        assert_eq!(room.speaker(), Some(PeerNo(1)), "a cough");
        talk(&mut room, &mut now, 1_500, &[(1, -90), (2, -30)]);
        assert_eq!(room.speaker(), Some(PeerNo(2)));
        talk(&mut room, &mut now, 3_000, &[(1, -90), (2, -90)]);
        assert_eq!(room.speaker(), Some(PeerNo(2)), "who spoke last stays in view");
        room.forget(PeerNo(2));
        assert_eq!(room.speaker(), None);
    }

    proptest! {
        #[test]
        fn never_more_are_picked_than_there_are_places_and_the_speaker_changes_at_most_twice_a_second(
            steps in proptest::collection::vec((0..8_u64, -127..=0_i8, 0..60_u64), 1..300)
        ) {
            let (mut room, mut now) = (Loudest::default(), start());
            let mut changes: Vec<Instant> = Vec::new();
            for (peer, level, ms) in steps {
                now += Duration::from_millis(ms);
                room.heard(PeerNo(peer), Some(level), now);
                let before = room.speaker();
                room.look(now);
                prop_assert!(room.picked().count() <= PICKED_MAX);
                if room.speaker() != before {
                    changes.push(now);
                }
            }
            prop_assert!(changes.windows(3).all(|three| three[2] - three[0] >= Duration::from_secs(1)));
        }
    }
}
