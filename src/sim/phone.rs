//! What a device does about calls: it says that it rings, and says again what was not answered.
//!
//! Not known here: the server.

use std::collections::BTreeSet;

use relais_client::core::CallError;
use relais_wire::calls::{CallAck, CallCard, CallJoin, CallPhase, GetCalls, SeatState};
use relais_wire::{CallId, DeviceId, ErrorCode, Event as WireEvent, Reply, Request, UserId};

/// The telephone of a device.
#[derive(Debug, Default)]
pub(crate) struct Phone {
    /// What rings here.
    pub(crate) ringing: BTreeSet<CallId>,
    /// The newest picture of the call this device is in, or was.
    pub(crate) card: Option<CallCard>,
    /// What its requests were refused with, in order.
    pub(crate) refused: Vec<ErrorCode>,
    /// The call this device is in.
    pub(crate) within: Option<CallId>,
    /// Requests whose answers were lost: said again when it is online.
    unanswered: Vec<Request>,
    /// What rang before this connection: it may have stopped without a word.
    doubtful: BTreeSet<CallId>,
}

impl Phone {
    /// Takes a hint; what is to be said to the server then.
    #[expect(clippy::wildcard_enum_match_arm, reason = "everything but calls")]
    pub(crate) fn hears(&mut self, (user, device): (UserId, DeviceId), event: &WireEvent) -> Option<Request> {
        match event {
            WireEvent::CallRings(ring) => {
                if self.within == Some(ring.call) {
                    return None;
                }
                self.ringing.insert(ring.call);
                Some(Request::CallAck(CallAck { call: ring.call }))
            }
            WireEvent::CallStopped(stopped) => {
                if stopped.device != Some(device) {
                    self.ringing.remove(&stopped.call);
                }
                None
            }
            WireEvent::CallChanged(changed) => self.sees(user, &changed.card),
            _ => None,
        }
    }

    fn sees(&mut self, user: UserId, card: &CallCard) -> Option<Request> {
        let newer = self.card.as_ref().is_none_or(|old| old.call != card.call || old.version <= card.version);
        if !newer {
            return None;
        }
        self.card = Some(card.clone());
        if self.within != Some(card.call) {
            return None;
        }
        if card.phase == CallPhase::Ended {
            self.within = None;
        }
        let away = card.seats.iter().any(|seat| seat.user == Some(user) && seat.state == SeatState::Away);
        away.then_some(Request::CallJoin(CallJoin { call: card.call, camera: false }))
    }

    /// The answer to a request about calls.
    pub(crate) fn answered(&mut self, request: Request, result: Result<Reply, CallError>) {
        match result {
            Ok(Reply::CallCard(card)) => self.is_in(&card),
            Ok(Reply::CallStarted(started)) => {
                if let Some(card) = started.card {
                    self.is_in(&card);
                }
            }
            Ok(Reply::Calls(calls)) => {
                for call in core::mem::take(&mut self.doubtful) {
                    if !calls.rings.iter().any(|ring| ring.call == call) {
                        self.ringing.remove(&call);
                    }
                }
                if self.within.is_some() && calls.card.is_none() {
                    self.within = None;
                }
            }
            Ok(_) => {}
            Err(CallError::Refused(refusal)) => {
                if let Request::CallAck(ack) = &request {
                    self.ringing.remove(&ack.call);
                    return;
                }
                if let Request::CallJoin(join) = &request {
                    self.ringing.remove(&join.call);
                    self.within = None;
                }
                self.refused.push(refusal.code);
            }
            // Asked anew on the next connection.
            Err(_) if matches!(request, Request::GetCalls(_)) => {}
            Err(CallError::NotSent | CallError::Lost | CallError::Undecodable) => {
                self.unanswered.push(request);
            }
        }
    }

    fn is_in(&mut self, card: &CallCard) {
        self.ringing.remove(&card.call);
        self.within = (card.phase != CallPhase::Ended).then_some(card.call);
        self.card = Some(card.clone());
    }

    /// What is to be said on a new connection: what was not answered, then a question for what is still so.
    pub(crate) fn again(&mut self) -> Vec<Request> {
        self.doubtful.clone_from(&self.ringing);
        let mut requests = core::mem::take(&mut self.unanswered);
        requests.push(Request::GetCalls(GetCalls {}));
        requests
    }
}
