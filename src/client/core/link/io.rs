//! What the connection takes in and what it asks for.

use relais_wire::control::{Cursor, ResyncReason};
use relais_wire::ids::{Epoch, OrgId};
use relais_wire::{CloseCode, Event, Millis, Refusal, Reply, Request, StreamTag};

use crate::core::proof::Credentials;

/// What happened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "an input is made, handed over and gone; none is kept")]
pub enum Input<'a> {
    /// Connect, now and whenever the connection is lost.
    Start,
    /// End the connection and stay away.
    Stop,
    /// The socket is open.
    Opened,
    /// A message came.
    Received(&'a [u8]),
    /// The socket is closed or could not be opened; with the close code and reason of the server, if it sent one.
    Closed {
        /// Close code.
        code: Option<u16>,
        /// Close reason: the delay in decimal milliseconds.
        reason: &'a str,
    },
    /// Ask something. Answered by [`Output::Reply`] with the same token.
    Call {
        /// Chosen by the caller; comes back with the answer.
        token: u64,
        /// The question.
        request: Request,
    },
    /// Entries were applied up to this one, durably where anything is kept.
    Applied {
        /// Its stream.
        stream: StreamTag,
        /// Its number.
        seq: u64,
    },
    /// What was handed out and not reported could not be applied: it is asked for again.
    NotApplied {
        /// Its stream.
        stream: StreamTag,
    },
    /// A snapshot was applied: follow the stream from where it was cut.
    Follow {
        /// The stream.
        stream: StreamTag,
        /// The snapshot's cursor.
        cursor: Cursor,
    },
    /// The snapshot asked for by [`Output::Resync`] could not be read or applied: it is asked for again.
    Unread {
        /// The stream.
        stream: StreamTag,
    },
    /// Follow another organization, from a cursor or, without one, from a snapshot.
    Focus {
        /// The organization; `None`: the personal stream only.
        org: Option<OrgId>,
        /// Where to continue.
        cursor: Option<Cursor>,
    },
    /// The moment named by [`Output::Wait`] has come.
    Timeout,
}

/// What to do.
#[derive(Debug)]
pub enum Output {
    /// Open a socket; report [`Input::Opened`] or [`Input::Closed`].
    Connect,
    /// Send this message.
    Send(Vec<u8>),
    /// Close the socket, and do not report it.
    Disconnect,
    /// The answer to a call.
    Reply {
        /// Of the call.
        token: u64,
        /// What came of it.
        result: Result<Reply, CallError>,
    },
    /// The server said welcome; entries follow.
    Online {
        /// The store's history.
        epoch: Epoch,
        /// Server time.
        now: Millis,
    },
    /// The connection is gone; it is tried again after this many milliseconds.
    Offline {
        /// Milliseconds.
        retry_in: u64,
    },
    /// The connection is gone and will not be tried again before something changed.
    Stopped(StopReason),
    /// Keep these credentials for the next start.
    Credentials(Credentials),
    /// Apply this entry, then report it.
    Entry {
        /// Its stream.
        stream: StreamTag,
        /// Its number.
        seq: u64,
        /// What it says; the number of its type where that is not known in this version.
        event: Result<Event, u16>,
    },
    /// Read a snapshot of this stream's context, apply it, then report [`Input::Follow`]; or [`Input::Unread`]
    /// when that fails.
    Resync {
        /// The stream.
        stream: StreamTag,
        /// The organization, or `None` for the personal one.
        org: Option<OrgId>,
        /// Why.
        reason: ResyncReason,
    },
    /// Everything the server had at the start of the connection has been received.
    CaughtUp(StreamTag),
    /// Said once, never repeated.
    Hint(Event),
    /// The server did what the protocol does not allow; the connection is given up and tried again.
    Violation(Violation),
    /// Nothing more to do until this moment, or until the next input.
    Wait(Option<u64>),
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The server refused.
    Refused(Refusal),
    /// There is no connection, or too many calls wait for one. Nothing was sent.
    NotSent,
    /// It was sent and no answer came: it may or may not have been done.
    Lost,
    /// The answer is not one to this question.
    Undecodable,
}

/// Why a connection is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked for.
    Asked,
    /// The server said so.
    Closed(CloseCode),
}

/// What a server may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Bytes that are no frame, or a body that does not fit its type.
    #[error("the server sent bytes that are not of the protocol")]
    Malformed,
    /// A message that has no place in this state.
    #[error("the server sent a message out of place")]
    OutOfPlace,
    /// A page of a stream with a hole in it.
    #[error("the server served a stream with a hole in it")]
    StreamHole,
}
