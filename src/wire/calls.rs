//! Calls: starting one, ringing, answering, leaving, and what its participants are shown.
//!
//! A call is about a thread. Nothing here carries media, keys or words: who is in a call is told, what is said in it
//! never passes here.
//!
//! Not known here: who may call whom, and how a call goes on.

use serde::{Deserialize, Serialize};

use crate::ids::{CallId, DeviceId, OrgId, Seq, TeamId, ThreadId, UserId};
use crate::scalar::Millis;

/// Starts a call in a thread (CAL-01). The call's id is its idempotency key: the same start again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallStart {
    /// Made by the client: 16 random bytes.
    pub call: CallId,
    /// The thread.
    pub thread: ThreadId,
    /// Who is rung; absent: everybody who takes part in the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub callees: Option<Vec<Callee>>,
    /// Whether the starter's camera is on.
    pub camera: bool,
    /// Whether the starter was shown the warnings, and rings all the same (AVL-01).
    pub confirmed: bool,
}

/// Has more people rung in a call that one is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallAdd {
    /// The call.
    pub call: CallId,
    /// Whom, among those who take part in the thread.
    pub callees: Vec<Callee>,
    /// As in `CallStart`.
    pub confirmed: bool,
}

/// Somebody, or a team, to ring: exactly one of both. A team's responsible rings, else its managers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Callee {
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub user: Option<UserId>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub team: Option<TeamId>,
}

/// Answer to [`CallStart`] and [`CallAdd`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallStarted {
    /// The call; absent: nothing was rung, the caller is to be asked first and then says `confirmed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CallCard>,
    /// Of whom the caller must know something first.
    pub warnings: Vec<CallWarning>,
}

/// What speaks against ringing somebody now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallWarning {
    /// Whom.
    pub callee: Callee,
    /// What.
    pub dot: Dot,
    /// When they are back, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub until: Option<Millis>,
    /// For somebody absent: the team of the thread that can be rung instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub offer: Option<TeamId>,
}

/// What is known of when somebody works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Dot {
    /// Outside their hours: might not answer (AVL-01).
    Yellow,
    /// Absent: is never rung (AVL-02).
    Red,
}

/// Answers, comes back after a lost connection or a restart, or joins late. The same device may say it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallJoin {
    /// The call.
    pub call: CallId,
    /// Whether with camera (CAL-03).
    pub camera: bool,
}

/// Says that this device rings. To be said at once: within `CALL_ACK_MS` nobody having said so, the caller is told
/// that nobody can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallAck {
    /// The call.
    pub call: CallId,
}

/// Does not answer, on any device of the user. Colleagues of a team go on ringing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallDecline {
    /// The call.
    pub call: CallId,
}

/// Leaves. The call is over for all when fewer than two are left and nobody rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallLeave {
    /// The call.
    pub call: CallId,
}

/// Ends the call for everybody, which its starter may: before the first answer, this is cancelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallEnd {
    /// The call.
    pub call: CallId,
}

/// Asks what rings for the user, and which call they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetCalls {}

/// Answer to [`GetCalls`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Calls {
    /// What rings.
    pub rings: Vec<CallRings>,
    /// The call the user is in, on whichever device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub card: Option<CallCard>,
}

/// It rings. The header carries the time after which the ring is worthless; a ring is never replayed after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallRings {
    /// The call.
    pub call: CallId,
    /// The thread it is about.
    pub thread: ThreadId,
    /// The organization of the thread; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
    /// Who started the call.
    pub from: UserId,
    /// Server time at which the ringing ends.
    pub until: Millis,
}

/// It rings no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallStopped {
    /// The call.
    pub call: CallId,
    /// Why.
    pub why: StopReason,
    /// The device of the user that answered, which goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device: Option<DeviceId>,
}

/// Why it rings no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum StopReason {
    /// It was answered on another device, or by a colleague of the team.
    AnsweredElsewhere,
    /// It was declined on another device.
    Declined,
    /// The call ended before the answer.
    Cancelled,
    /// Nobody answered in time.
    Missed,
    /// No device said in time that it rings.
    Unreachable,
}

/// How a call stands now. Only the latest counts. A device that finds its own place `away` joins again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallChanged {
    /// The call.
    pub card: CallCard,
}

/// The user was called and nobody answered for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallMissed {
    /// The call.
    pub call: CallId,
    /// The thread it was about.
    pub thread: ThreadId,
    /// Who called.
    pub from: UserId,
    /// Server time at which the call was started.
    pub at: Millis,
    /// Why nobody answered.
    pub why: MissReason,
}

/// Why nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum MissReason {
    /// It rang until the end.
    RangOut,
    /// No device said in time that it rings.
    Unreachable,
    /// The user was in another call.
    Busy,
    /// The caller gave up.
    Cancelled,
}

/// A call as its participants are shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallCard {
    /// The call.
    pub call: CallId,
    /// The thread it is about.
    pub thread: ThreadId,
    /// Who started it.
    pub starter: UserId,
    /// Server time of the start.
    pub started: Millis,
    /// Grows with every change; an older card than the last one seen is worthless.
    pub version: Seq,
    /// How it stands.
    pub phase: CallPhase,
    /// Server time of the first answer, while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub since: Option<Millis>,
    /// Why it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub why: Option<CallEndReason>,
    /// Its places, the starter's first.
    pub seats: Vec<CallSeat>,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum CallPhase {
    /// Nobody has answered yet.
    Ringing,
    /// At least one has.
    Active,
    /// The server was restarted and waits for those who were in it: they join again.
    Recovering,
    /// It is over.
    Ended,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum CallEndReason {
    /// Its starter gave up before anybody answered.
    Cancelled,
    /// Nobody answered.
    Unanswered,
    /// Fewer than two were left.
    HungUp,
    /// Its starter ended it for everybody.
    ForAll,
    /// Connections were lost, and fewer than two came back.
    Lost,
}

/// A place in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CallSeat {
    /// For whom.
    pub callee: Callee,
    /// How it stands.
    pub state: SeatState,
    /// Who sits there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub user: Option<UserId>,
    /// On which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device: Option<DeviceId>,
    /// Whether with camera.
    pub camera: bool,
    /// Server time at which `called`, `ringing` or `away` ends by itself; for `absent`, when they are back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub until: Option<Millis>,
}

/// How a place in a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum SeatState {
    /// No device has said yet that it rings.
    Called,
    /// At least one device said that it rings.
    Ringing,
    /// Somebody is there.
    In,
    /// Somebody's connection is gone; the place is kept for a while.
    Away,
    /// They did not want to answer; for a team, shown as the team's.
    Declined,
    /// They were in another call.
    Busy,
    /// No device said in time that it rings.
    Unreachable,
    /// It rang until the end.
    Missed,
    /// The call ended before the answer.
    Cancelled,
    /// They are absent, and were not rung (AVL-02).
    Absent,
    /// They left.
    Left,
    /// Their connection was lost.
    Lost,
    /// They lost the thread or their account.
    Removed,
}
