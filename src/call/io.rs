//! What a call is told, what it wants done, and why it refuses.
//!
//! Not known here: what happens in between.

use relais_wire::{CallId, DeviceId, KeyringId, OrgId, ThreadId, UserId};
use serde::{Deserialize, Serialize};

/// Whom a place in a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Party {
    /// One person.
    User(UserId),
    /// A team, named by its managers' keyring: whoever of it answers first.
    Team(KeyringId),
}

/// What is known of when somebody works, where it speaks against ringing now (AVL-01, AVL-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// Outside their hours: might not answer.
    Yellow {
        /// When they are back, in server milliseconds, if that is known.
        until_ms: Option<u64>,
    },
    /// Absent: is not rung.
    Red {
        /// When they are back, in server milliseconds.
        until_ms: u64,
    },
}

/// Somebody to ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callee {
    /// Whom.
    pub party: Party,
    /// The context whose stream a missed call is told in.
    pub context: Option<OrgId>,
    /// Whose devices ring: the person's own, or those of a team's responsible, else of its managers.
    pub phones: Vec<UserId>,
    /// What speaks against ringing; nothing for a team.
    pub dot: Option<Dot>,
    /// For somebody absent: the team that can be rung instead.
    pub offer: Option<KeyringId>,
}

/// A call to start. Its starter is in it from the first moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its id, made by the starter's device.
    pub call: CallId,
    /// The thread it is about.
    pub thread: ThreadId,
    /// The organization of the thread, for the record.
    pub org: Option<OrgId>,
    /// Who starts it.
    pub caller: UserId,
    /// On which device.
    pub device: DeviceId,
    /// The context the starter takes part in the thread for.
    pub context: Option<OrgId>,
    /// Whether the starter's camera is on.
    pub camera: bool,
    /// Who is to be rung.
    pub callees: Vec<Callee>,
    /// Whether the starter was told who is outside their hours, and rings all the same (AVL-01).
    pub confirmed: bool,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A device says that it rings.
    Ack {
        /// Whose.
        user: UserId,
    },
    /// A device answers, comes back, or joins late.
    Join {
        /// Whose.
        user: UserId,
        /// Which.
        device: DeviceId,
        /// Whether with camera (CAL-03).
        camera: bool,
    },
    /// Somebody does not want to answer, on any of their devices.
    Decline {
        /// Who.
        user: UserId,
    },
    /// A device leaves.
    Leave {
        /// Whose.
        user: UserId,
        /// Which.
        device: DeviceId,
    },
    /// The starter ends the call for everybody: before the first answer, this is cancelling.
    End {
        /// Who.
        user: UserId,
    },
    /// Somebody in the call has more people rung.
    Add {
        /// Who.
        user: UserId,
        /// Whom.
        callees: Vec<Callee>,
        /// As in [`Start`].
        confirmed: bool,
    },
    /// The connection of a device is gone.
    Gone {
        /// Whose.
        user: UserId,
        /// Which.
        device: DeviceId,
    },
    /// Somebody has lost the thread or their account.
    Removed {
        /// Who.
        user: UserId,
    },
    /// The shell cannot keep this call any more: it ends.
    GiveUp,
    /// The time named by [`Output::Wait`] has come.
    Timeout,
}

/// What a call wants done. In this order, after its facts are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ring all devices of somebody.
    Ring {
        /// Whose.
        user: UserId,
        /// Until when, in server milliseconds; a ring is worth nothing afterwards.
        until_ms: u64,
    },
    /// Stop ringing.
    StopRing {
        /// Whose devices.
        user: UserId,
        /// Why.
        why: Stopped,
        /// The device that answered, which knows.
        except: Option<DeviceId>,
    },
    /// Show these people how the call stands.
    Changed(Vec<UserId>),
    /// Something for the record. A turn with a fact is durable before anybody is told.
    Fact(Fact),
    /// Nothing more to do. [`Input::Timeout`] is due then; never, if there is none.
    Wait(Option<u64>),
}

/// Why a device stops ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stopped {
    /// It was answered on another device, or by a colleague of the team.
    Elsewhere,
    /// It was declined on another device.
    Declined,
    /// The call ended before the answer.
    Cancelled,
    /// Nobody answered in time.
    Missed,
    /// No device said that it rings.
    Unreachable,
}

/// What goes on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The call was started.
    Started {
        /// By whom.
        user: UserId,
    },
    /// Somebody had more people rung.
    Added {
        /// Who.
        user: UserId,
        /// Whom.
        party: Party,
    },
    /// Somebody is in the call.
    Joined {
        /// Who.
        user: UserId,
    },
    /// Somebody declined.
    Declined {
        /// Who.
        user: UserId,
    },
    /// Somebody was called and nobody answered for them: it stands in their stream as a missed call.
    Missed {
        /// Who.
        user: UserId,
        /// In which context.
        context: Option<OrgId>,
        /// Why nobody answered.
        why: Unanswered,
    },
    /// Somebody is not in the call any more.
    Left {
        /// Who.
        user: UserId,
    },
    /// The call is over.
    Ended {
        /// Why.
        why: EndReason,
    },
}

/// Why nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unanswered {
    /// It rang until the end.
    RangOut,
    /// No device said that it rings.
    Unreachable,
    /// They were in another call.
    Busy,
    /// The caller gave up.
    Cancelled,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EndReason {
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

/// Somebody of whom the caller must know something before they are rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Who.
    pub party: Party,
    /// What.
    pub dot: Dot,
    /// For somebody absent: the team that can be rung instead.
    pub offer: Option<KeyringId>,
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The caller must be asked first (AVL-01, AVL-02); nothing was rung.
    #[error("the caller is to be asked first")]
    Ask(Vec<Warning>),
    /// There is nobody to ring.
    #[error("nobody to ring")]
    Nobody,
    /// More places or telephones than [`crate::limits`] allow.
    #[error("more people than a call takes")]
    TooMany,
    /// The node has [`crate::limits::CALLS_MAX`] calls.
    #[error("the node is full of calls")]
    Full,
    /// No such call, or not for this user.
    #[error("no such call")]
    Unknown,
    /// The call is over.
    #[error("the call is over")]
    Over,
    /// It does not ring for this user (any more).
    #[error("it does not ring")]
    NotRinging,
    /// The user is not in the call.
    #[error("not in the call")]
    NotIn,
    /// Another device, or a colleague, was first.
    #[error("answered elsewhere")]
    Elsewhere,
    /// Only the starter may.
    #[error("only its starter may")]
    NotStarter,
    /// The user is in another call, which they leave first.
    #[error("in another call")]
    InAnotherCall,
    /// The thread has a call under way, which is to be joined.
    #[error("the thread has a call under way")]
    UnderWay,
}
