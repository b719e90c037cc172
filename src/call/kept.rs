//! A call as it is kept over a restart: its ids, phase, places and deadlines, nothing that was said.
//!
//! Not known here: where it is kept.

use relais_wire::codec;
use relais_wire::{CallId, OrgId, ThreadId, UserId};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Phase};
use crate::limits::{KEPT_BYTES_MAX, PHONES_MAX, SEATS_MAX};
use crate::seat::{Seat, SeatState};

/// Version of the kept form.
const FORM: u8 = 1;

/// Bytes that are no kept call of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kept call of this version")]
pub struct NotKept;

#[derive(Serialize, Deserialize)]
struct Kept {
    form: u8,
    id: CallId,
    thread: ThreadId,
    org: Option<OrgId>,
    caller: UserId,
    started_ms: u64,
    version: u64,
    phase: Phase,
    seats: Vec<Seat>,
}

impl Call {
    /// The call as it is kept.
    #[must_use]
    pub fn to_kept(&self) -> Vec<u8> {
        codec::encode(&Kept {
            form: FORM,
            id: self.id,
            thread: self.thread,
            org: self.org,
            caller: self.caller,
            started_ms: self.started_ms,
            version: self.version,
            phase: self.phase,
            seats: self.seats.clone(),
        })
    }

    /// The call as it was kept, recovering from a restart at `now`; then one [`crate::Input::Timeout`] is due.
    ///
    /// # Errors
    /// [`NotKept`] for other bytes, and for a call that breaks the bounds.
    pub fn from_kept(now: u64, bytes: &[u8]) -> Result<Self, NotKept> {
        if bytes.len() > KEPT_BYTES_MAX {
            return Err(NotKept);
        }
        let kept: Kept = codec::decode(bytes).map_err(|_| NotKept)?;
        let bounded = |seat: &Seat| match &seat.state {
            SeatState::Ringing { phones, .. } => phones.len() <= PHONES_MAX,
            SeatState::In { .. } | SeatState::Away { .. } | SeatState::Out(_) => true,
        };
        if kept.form != FORM || kept.seats.len() > SEATS_MAX || !kept.seats.iter().all(bounded) {
            return Err(NotKept);
        }
        let call = Self::from_parts(
            (kept.id, kept.thread, kept.org),
            (kept.caller, kept.started_ms),
            (kept.version, kept.phase, kept.seats),
        );
        Ok(call.recover(now))
    }
}
