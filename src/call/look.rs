//! What can be seen of a call without changing it.
//!
//! Not known here: who may see it.

use relais_wire::{CallId, OrgId, ThreadId, UserId};

use crate::call::{Call, Phase};
use crate::limits::CALL_MS_MAX;
use crate::seat::{PhoneState, Seat, SeatState};

impl Call {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// The thread it is about.
    #[must_use]
    pub const fn thread(&self) -> ThreadId {
        self.thread
    }

    /// The organization of the thread.
    #[must_use]
    pub const fn org(&self) -> Option<OrgId> {
        self.org
    }

    /// Who started it.
    #[must_use]
    pub const fn caller(&self) -> UserId {
        self.caller
    }

    /// When it was started, in server milliseconds.
    #[must_use]
    pub const fn started_ms(&self) -> u64 {
        self.started_ms
    }

    /// Grows with every change that its participants are shown, over a restart too.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// How it stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Its places, the starter's first.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// Since when somebody besides the starter is or was in it.
    #[must_use]
    pub const fn active_since(&self) -> Option<u64> {
        match self.phase {
            Phase::Active { since_ms } => Some(since_ms),
            Phase::Recovering { since_ms, .. } => since_ms,
            Phase::Ringing | Phase::Ended { .. } => None,
        }
    }

    /// Who is in it, with or without a connection.
    #[must_use]
    pub fn present(&self) -> Vec<UserId> {
        self.seats.iter().filter_map(Seat::present).collect()
    }

    /// Whose devices ring, and until when.
    pub fn rings(&self) -> impl Iterator<Item = (UserId, u64)> + '_ {
        self.seats.iter().flat_map(|seat| {
            let until = match seat.state {
                SeatState::Ringing { until_ms, .. } => until_ms,
                SeatState::In { .. } | SeatState::Away { .. } | SeatState::Out(_) => 0,
            };
            seat.live_phones().map(move |user| (user, until))
        })
    }

    /// Whether the call has, or had, to do with somebody.
    #[must_use]
    pub fn knows(&self, user: UserId) -> bool {
        self.seats.iter().any(|seat| seat.knows(user))
    }

    /// The next time at which something happens by itself.
    #[must_use]
    pub fn wakes_at(&self) -> Option<u64> {
        if self.is_over() {
            return None;
        }
        let recovered = match self.phase {
            Phase::Recovering { until_ms, .. } => Some(until_ms),
            Phase::Ringing | Phase::Active { .. } | Phase::Ended { .. } => None,
        };
        let at_last = Some(self.started_ms.saturating_add(CALL_MS_MAX));
        self.seats.iter().filter_map(Seat::wakes_at).chain(recovered).chain(at_last).min()
    }

    /// What must hold after every turn.
    ///
    /// # Panics
    /// When it does not, which is a bug of this crate.
    pub fn check(&self) {
        let present = self.present();
        let ringing: Vec<UserId> = self.rings().map(|(user, _)| user).collect();
        for (at, user) in present.iter().chain(&ringing).enumerate() {
            let again = present.iter().chain(&ringing).skip(at + 1).any(|other| other == user);
            assert!(!again, "somebody has two places");
        }
        for seat in &self.seats {
            if let SeatState::Ringing { phones, .. } = &seat.state {
                let live = |state: PhoneState| state.is_live();
                assert!(phones.iter().any(|phone| live(phone.state)), "a place rings without a telephone");
                assert!(phones.iter().all(|phone| seat.rung.contains(&phone.user)), "rung but not noted");
            }
            assert!(seat.present().is_none_or(|user| seat.rung.contains(&user)), "in but never rung");
        }
        match self.phase {
            Phase::Ended { .. } => {
                assert!(present.is_empty() && ringing.is_empty(), "over, but somebody there");
            }
            Phase::Ringing | Phase::Active { .. } | Phase::Recovering { .. } => {
                let goes_on = present.len() >= 2 || (present.len() == 1 && !ringing.is_empty());
                assert!(goes_on, "nobody to talk to, but not over");
            }
        }
        assert!(!matches!(self.phase, Phase::Ringing) || present.len() < 2, "answered, but ringing");
        assert!(self.seats.len() <= crate::limits::SEATS_MAX, "too many places");
    }
}
