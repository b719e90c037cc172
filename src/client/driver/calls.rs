//! Calls: starting one, ringing, answering, leaving. What rings and how a call stands comes as
//! [`Update`](super::Update)s while the client is connected; a device that is in a call stays connected.
//!
//! Not known here: media, and whether somebody looks at the screen. Only the caller knows whether it rings, so it is
//! the caller who says so ([`Client::call_rings`]).

use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_wire::calls::{
    CallAck, CallAdd, CallCard, CallDecline, CallEnd, CallJoin, CallLeave, CallStart, CallStarted, Callee,
    Calls, GetCalls,
};
use relais_wire::ids::{CallId, ThreadId};

use super::client::Client;
use crate::error::ClientError;

impl Client {
    /// Starts a call in a thread and rings: these people and teams, or everybody in it. Without a card in the answer
    /// nothing was rung: the caller is to be shown the warnings first, and then says `confirmed`.
    ///
    /// # Errors
    /// The server's refusals: `in another call`, `call under way`, `nobody to ring`.
    pub async fn call_start(
        &mut self,
        thread: ThreadId,
        callees: Option<Vec<Callee>>,
        (camera, confirmed): (bool, bool),
    ) -> Result<CallStarted, ClientError> {
        let call = CallId::from_bytes(draw(&mut SystemEntropy));
        self.rpc.surely(CallStart { call, thread, callees, camera, confirmed }).await
    }

    /// Has more people rung.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn call_add(
        &mut self,
        call: CallId,
        callees: Vec<Callee>,
        confirmed: bool,
    ) -> Result<CallStarted, ClientError> {
        self.rpc.surely(CallAdd { call, callees, confirmed }).await
    }

    /// Says that this device rings. To be said at once, and only if it does.
    ///
    /// # Errors
    /// `call over` when it is to stop ringing.
    pub async fn call_rings(&mut self, call: CallId) -> Result<(), ClientError> {
        self.rpc.surely(CallAck { call }).await.map(drop)
    }

    /// Answers, comes back after a lost connection, or joins late.
    ///
    /// # Errors
    /// `answered elsewhere`, `in another call`, `call over`, `not found`.
    pub async fn call_answer(&mut self, call: CallId, camera: bool) -> Result<CallCard, ClientError> {
        self.rpc.surely(CallJoin { call, camera }).await
    }

    /// Does not answer, on any of the user's devices.
    ///
    /// # Errors
    /// `answered elsewhere`, `call over`.
    pub async fn call_decline(&mut self, call: CallId) -> Result<(), ClientError> {
        self.rpc.surely(CallDecline { call }).await.map(drop)
    }

    /// Ends the call for everybody; before the first answer, this is cancelling.
    ///
    /// # Errors
    /// `forbidden` for whoever did not start it.
    pub async fn call_cancel(&mut self, call: CallId) -> Result<(), ClientError> {
        self.rpc.surely(CallEnd { call }).await.map(drop)
    }

    /// Leaves the call.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn call_leave(&mut self, call: CallId) -> Result<(), ClientError> {
        self.rpc.surely(CallLeave { call }).await.map(drop)
    }

    /// What rings, and the call the user is in.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] and the like.
    pub async fn calls(&mut self) -> Result<Calls, ClientError> {
        self.rpc.call(GetCalls {}).await
    }
}
