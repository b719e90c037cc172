//! One place in a call: rung, taken, kept for somebody who is away, or over.
//!
//! Not known here: the other places, and what their sum means for the call.

use relais_wire::{DeviceId, OrgId, UserId};
use serde::{Deserialize, Serialize};

use crate::io::{Party, Unanswered};

/// A place in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// For whom.
    pub party: Party,
    /// The context in whose stream a missed call is told.
    pub context: Option<OrgId>,
    /// Who was rung for it. Nobody is rung for two places of a call.
    pub rung: Vec<UserId>,
    /// How it stands.
    pub state: SeatState,
}

/// How a place stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeatState {
    /// Telephones ring.
    Ringing {
        /// Until when, in server milliseconds.
        until_ms: u64,
        /// Whose.
        phones: Vec<Phone>,
    },
    /// Somebody is in the call.
    In {
        /// Who.
        user: UserId,
        /// On which device.
        device: DeviceId,
        /// Whether with camera.
        camera: bool,
    },
    /// Somebody's connection is gone; the place is kept.
    Away {
        /// Who.
        user: UserId,
        /// Until when, in server milliseconds.
        until_ms: u64,
    },
    /// Nobody is there.
    Out(Outcome),
}

/// How a place ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// They did not want to answer.
    Declined,
    /// Nobody answered.
    Unanswered(Unanswered),
    /// They are absent, and were not rung (AVL-02).
    Absent {
        /// Until when, in server milliseconds.
        until_ms: u64,
    },
    /// They left.
    Left,
    /// Their connection was lost.
    Lost,
    /// They lost the thread or their account.
    Removed,
}

/// One person's devices, rung as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Whose.
    pub user: UserId,
    /// How it stands.
    pub state: PhoneState,
}

/// How one person's devices stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhoneState {
    /// Told to ring; none of them has said that it does.
    Called {
        /// By when one must, in server milliseconds.
        ack_by_ms: u64,
    },
    /// At least one rings.
    Rings,
    /// They do not want to answer.
    Declined,
    /// Nobody answers there.
    Silent(Unanswered),
}

impl PhoneState {
    /// Whether it may still be answered.
    pub(crate) const fn is_live(self) -> bool {
        match self {
            Self::Called { .. } | Self::Rings => true,
            Self::Declined | Self::Silent(_) => false,
        }
    }
}

impl Seat {
    /// Who sits there, with or without a connection.
    #[must_use]
    pub const fn present(&self) -> Option<UserId> {
        match &self.state {
            SeatState::In { user, .. } | SeatState::Away { user, .. } => Some(*user),
            SeatState::Ringing { .. } | SeatState::Out(_) => None,
        }
    }

    /// Whether telephones ring for it.
    #[must_use]
    pub const fn is_ringing(&self) -> bool {
        matches!(self.state, SeatState::Ringing { .. })
    }

    /// Whose telephones may be answered for it.
    pub(crate) fn live_phones(&self) -> impl Iterator<Item = UserId> + '_ {
        let phones: &[Phone] = match &self.state {
            SeatState::Ringing { phones, .. } => phones,
            SeatState::In { .. } | SeatState::Away { .. } | SeatState::Out(_) => &[],
        };
        phones.iter().filter(|phone| phone.state.is_live()).map(|phone| phone.user)
    }

    /// Whether somebody sits there or is being rung for it: then they are not rung for another.
    pub(crate) fn holds(&self, user: UserId) -> bool {
        self.present() == Some(user) || self.live_phones().any(|live| live == user)
    }

    /// Whether the place has to do with somebody.
    pub(crate) fn knows(&self, user: UserId) -> bool {
        self.present() == Some(user) || self.rung.contains(&user)
    }

    /// Forgets people who are rung for another place now. Their telephones here, if any, have fallen silent.
    pub(crate) fn let_go(&mut self, users: &[UserId]) {
        self.rung.retain(|user| !users.contains(user));
        if let SeatState::Ringing { phones, .. } = &mut self.state {
            phones.retain(|phone| !users.contains(&phone.user));
        }
    }

    /// The next time at which something happens here by itself.
    pub(crate) fn wakes_at(&self) -> Option<u64> {
        match &self.state {
            SeatState::Ringing { until_ms, phones } => {
                let acks = phones.iter().filter_map(|phone| match phone.state {
                    PhoneState::Called { ack_by_ms } => Some(ack_by_ms),
                    PhoneState::Rings | PhoneState::Declined | PhoneState::Silent(_) => None,
                });
                Some(acks.fold(*until_ms, u64::min))
            }
            SeatState::Away { until_ms, .. } => Some(*until_ms),
            SeatState::In { .. } | SeatState::Out(_) => None,
        }
    }

    /// What a place came to whose telephones have all fallen silent: that somebody declined says most, that nobody
    /// could be reached least.
    pub(crate) fn outcome(phones: &[Phone]) -> Outcome {
        let rank = |state: PhoneState| match state {
            PhoneState::Declined => (0, Outcome::Declined),
            PhoneState::Silent(why) => {
                let rank = match why {
                    Unanswered::RangOut => 1,
                    Unanswered::Cancelled => 2,
                    Unanswered::Busy => 3,
                    Unanswered::Unreachable => 4,
                };
                (rank, Outcome::Unanswered(why))
            }
            PhoneState::Called { .. } | PhoneState::Rings => (2, Outcome::Unanswered(Unanswered::Cancelled)),
        };
        let best = phones.iter().map(|phone| rank(phone.state)).min_by_key(|(rank, _)| *rank);
        best.map_or(Outcome::Unanswered(Unanswered::Unreachable), |(_, outcome)| outcome)
    }
}
