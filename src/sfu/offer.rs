//! The outline of an offer, read before anything else looks at it: how large it is, and which m-lines it has in which
//! order. Everything in it is the peer's claim.
//!
//! Not known here: what the rest of an offer means; that is the media stack's.

use crate::io::{Picture, Refused};
use crate::limits::{
    AUDIO_SLOTS, M_LINES_MAX, OFFER_BYTES_MAX, OFFER_LINE_BYTES_MAX, OFFER_LINES_MAX, SCREEN_SLOTS,
    VIDEO_SLOTS,
};

/// Octets of a name of an m-line.
const MID_BYTES_MAX: usize = 16;

/// What an m-line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The peer sends its voice.
    Microphone,
    /// The peer sends a picture.
    Sends(Picture),
    /// The peer receives a voice.
    VoiceSlot,
    /// The peer receives a picture.
    Slot(Picture),
    /// Nothing.
    Idle,
}

/// The m-lines of an offer, in order, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout(Vec<(String, Use)>);

impl Layout {
    /// Reads an offer.
    ///
    /// # Errors
    /// [`Refused::OfferTooLarge`], [`Refused::OfferMalformed`] or [`Refused::OfferLayout`].
    pub(crate) fn read(offer: &str) -> Result<Self, Refused> {
        if offer.len() > OFFER_BYTES_MAX
            || offer.lines().count() > OFFER_LINES_MAX
            || offer.lines().any(|line| line.len() > OFFER_LINE_BYTES_MAX)
        {
            return Err(Refused::OfferTooLarge);
        }
        let sections = sections(offer)?;
        let mut layout = Self(Vec::with_capacity(sections.len()));
        for section in sections {
            let mid = section.mid.filter(|mid| is_name(mid)).ok_or(Refused::OfferMalformed)?;
            if layout.0.iter().any(|(other, _)| other == mid) {
                return Err(Refused::OfferMalformed);
            }
            let what = layout.what(section.kind, section.direction.unwrap_or(Direction::Both))?;
            layout.0.push((mid.to_owned(), what));
        }
        layout.bounded()
    }

    /// The m-lines by name, in order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, Use)> {
        self.0.iter().map(|(mid, what)| (mid.as_str(), *what))
    }

    fn count(&self, of: Use) -> usize {
        self.0.iter().filter(|(_, what)| *what == of).count()
    }

    /// What the next m-line is for: of pictures sent the first is the camera's, of pictures received the first is the
    /// screen's.
    fn what(&self, kind: Kind, direction: Direction) -> Result<Use, Refused> {
        Ok(match (kind, direction) {
            (_, Direction::Neither) => Use::Idle,
            (_, Direction::Both) => return Err(Refused::OfferLayout),
            (Kind::Audio, Direction::Sends) => Use::Microphone,
            (Kind::Audio, Direction::Receives) => Use::VoiceSlot,
            (Kind::Video, Direction::Sends) if self.count(Use::Sends(Picture::Camera)) == 0 => {
                Use::Sends(Picture::Camera)
            }
            (Kind::Video, Direction::Sends) => Use::Sends(Picture::Screen),
            (Kind::Video, Direction::Receives) if self.count(Use::Slot(Picture::Screen)) == 0 => {
                Use::Slot(Picture::Screen)
            }
            (Kind::Video, Direction::Receives) => Use::Slot(Picture::Camera),
        })
    }

    fn bounded(self) -> Result<Self, Refused> {
        let fits = self.count(Use::Microphone) <= 1
            && self.count(Use::Sends(Picture::Screen)) <= 1
            && self.count(Use::VoiceSlot) <= AUDIO_SLOTS
            && self.count(Use::Slot(Picture::Screen)) <= SCREEN_SLOTS
            && self.count(Use::Slot(Picture::Camera)) <= VIDEO_SLOTS;
        let some = self.0.iter().any(|(_, what)| *what != Use::Idle);
        if fits && some { Ok(self) } else { Err(Refused::OfferLayout) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Audio,
    Video,
}

#[derive(Clone, Copy)]
enum Direction {
    Sends,
    Receives,
    Both,
    Neither,
}

struct Section<'a> {
    kind: Kind,
    mid: Option<&'a str>,
    direction: Option<Direction>,
}

fn sections(offer: &str) -> Result<Vec<Section<'_>>, Refused> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in offer.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let kind = match media.split(' ').next() {
                Some("audio") => Kind::Audio,
                Some("video") => Kind::Video,
                // no data channels: what is not media goes over the socket
                _ => return Err(Refused::OfferLayout),
            };
            sections.push(Section { kind, mid: None, direction: None });
            if sections.len() > M_LINES_MAX {
                return Err(Refused::OfferTooLarge);
            }
        }
        let Some(section) = sections.last_mut() else { continue };
        if let Some(mid) = line.strip_prefix("a=mid:") {
            section.mid = Some(mid);
        }
        section.direction = match line {
            "a=sendonly" => Some(Direction::Sends),
            "a=recvonly" => Some(Direction::Receives),
            "a=sendrecv" => Some(Direction::Both),
            "a=inactive" => Some(Direction::Neither),
            _ => section.direction,
        };
    }
    Ok(sections)
}

fn is_name(mid: &str) -> bool {
    (1..=MID_BYTES_MAX).contains(&mid.len()) && mid.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use core::fmt::Write as _;

    use proptest::prelude::*;

    use super::{Layout, Use};
    use crate::io::{Picture, Refused};
    use crate::limits::{M_LINES_MAX, OFFER_BYTES_MAX, OFFER_LINE_BYTES_MAX, OFFER_LINES_MAX};

    fn offer(lines: &[(&str, &str)]) -> String {
        let mut offer = "v=0\r\n".to_owned();
        for (at, (kind, direction)) in lines.iter().enumerate() {
            write!(offer, "m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{at}\r\na={direction}\r\n").unwrap();
        }
        offer
    }

    fn uses(lines: &[(&str, &str)]) -> Result<Vec<Use>, Refused> {
        Layout::read(&offer(lines)).map(|layout| layout.lines().map(|(_, what)| what).collect())
    }

    #[test]
    fn m_lines_are_told_apart_by_kind_direction_and_order() {
        let sends = [("audio", "sendonly"), ("video", "sendonly"), ("video", "sendonly")];
        assert_eq!(
            uses(&sends),
            Ok(vec![Use::Microphone, Use::Sends(Picture::Camera), Use::Sends(Picture::Screen)])
        );
        let receives =
            [("video", "recvonly"), ("audio", "recvonly"), ("video", "recvonly"), ("video", "inactive")];
        assert_eq!(
            uses(&receives),
            Ok(vec![Use::Slot(Picture::Screen), Use::VoiceSlot, Use::Slot(Picture::Camera), Use::Idle])
        );
    }

    #[test]
    fn an_absurd_offer_is_refused_by_its_outline() {
        let (send, receive) = (("video", "sendonly"), ("audio", "recvonly"));
        assert_eq!(uses(&[]), Err(Refused::OfferLayout), "nothing in it");
        assert_eq!(uses(&[("video", "sendrecv")]), Err(Refused::OfferLayout));
        assert_eq!(uses(&[("application", "sendrecv")]), Err(Refused::OfferLayout), "no data channels");
        assert_eq!(uses(&[send; 3]), Err(Refused::OfferLayout), "one picture too many");
        assert_eq!(uses(&[receive; 4]), Err(Refused::OfferLayout), "one voice too many");
        assert_eq!(uses(&[("video", "inactive"); M_LINES_MAX + 1]), Err(Refused::OfferTooLarge));
        let twice = offer(&[send, receive]).replace("a=mid:1", "a=mid:0");
        assert_eq!(Layout::read(&twice), Err(Refused::OfferMalformed));
        assert_eq!(Layout::read(&twice.replace("a=mid:0", "a=mid:a b")), Err(Refused::OfferMalformed));
        let long = format!("{}a={}\r\n", offer(&[send]), "x".repeat(OFFER_LINE_BYTES_MAX));
        assert_eq!(Layout::read(&long), Err(Refused::OfferTooLarge));
        assert_eq!(Layout::read(&"\n".repeat(OFFER_LINES_MAX + 1)), Err(Refused::OfferTooLarge));
        assert_eq!(Layout::read(&"x\n".repeat(OFFER_BYTES_MAX / 2 + 1)), Err(Refused::OfferTooLarge));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(offer in "(m=(audio|video|x) 9\r\n|a=mid:[a-z0-9é]{0,3}\r\n|a=(sendonly|recvonly|inactive)\r\n|[ -~é]{0,20}\r\n){0,40}") {
            if let Ok(layout) = Layout::read(&offer) {
                prop_assert!(layout.lines().count() <= M_LINES_MAX);
            }
        }
    }
}
