//! What goes into the hub and what comes out.
//!
//! Not known here: what happens in between.

use bytes::Bytes;
use relais_wire::control::{HelloSession, SessionKey};
use relais_wire::frame::HEADER_LEN;
use relais_wire::{Bin, CloseCode, DeviceId, OrgId, Refusal, Seq, SessionId, UserId};

/// A connection of this shard. The shell numbers them and never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conn(pub u64);

/// A page that was asked for; the answer repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadNo(pub(crate) u64);

/// A stream that a client wants to follow; the answer repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FollowNo(pub(crate) u64);

/// What the shell tells the hub.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection whose handshake is done. `nonce` is fresh and random; it is what the `Hello` proves.
    Opened {
        /// The connection.
        conn: Conn,
        /// 32 random bytes.
        nonce: [u8; 32],
    },
    /// One whole message of the peer, in a buffer of its own length (a view would pin the read buffer).
    Frame {
        /// The connection.
        conn: Conn,
        /// The message.
        bytes: Bytes,
    },
    /// The transport took bytes of what was sent, header and body counted.
    Written {
        /// The connection.
        conn: Conn,
        /// How many.
        bytes: usize,
    },
    /// The connection is gone: closed by the peer or broken.
    Closed {
        /// The connection.
        conn: Conn,
    },
    /// The proof of a `Hello` is right and its session lives.
    HelloAccepted {
        /// The connection.
        conn: Conn,
        /// Who it is.
        admitted: Box<Admitted>,
    },
    /// The `Hello` is refused; the connection is closed with this code.
    HelloRefused {
        /// The connection.
        conn: Conn,
        /// Why: `auth_failed`, `session_expired`, `revoked` or `unavailable`.
        code: CloseCode,
    },
    /// Answers [`Output::Read`].
    Page {
        /// The connection.
        conn: Conn,
        /// Which one.
        read: ReadNo,
        /// What the store says.
        page: Page,
    },
    /// Answers [`Output::Follow`]: the head of the stream, or a refusal for the client.
    Followed {
        /// The connection.
        conn: Conn,
        /// Which one.
        follow: FollowNo,
        /// The stream's head in a snapshot taken after the `Follow`.
        head: Result<Seq, Refusal>,
    },
    /// Answers [`Output::Request`].
    Reply {
        /// The connection.
        conn: Conn,
        /// Id of the request.
        id: u64,
        /// Whether it is refused; the body is then a [`Refusal`].
        refusal: bool,
        /// The body, encoded.
        body: Bytes,
    },
    /// Entries that were committed. Durable before they come in here.
    Deliver(Delivery),
    /// A stream has grown to `head`, and what it grew by was not delivered.
    Head {
        /// The user.
        user: UserId,
        /// The stream's context.
        context: Option<OrgId>,
        /// Its head.
        head: Seq,
    },
    /// A hint that is not in any stream.
    Notice(Box<Notice>),
    /// Sessions were revoked: their connections end at once, and what is queued for them is thrown away.
    Revoke {
        /// The user.
        user: UserId,
        /// Which of them.
        which: Revoked,
    },
    /// The server goes away: everybody is told to come back, spread over this time.
    Drain {
        /// Milliseconds within which the last connection is closed, grace for requests under way aside.
        spread_ms: u64,
    },
    /// The time named by [`Output::Wait`] has come.
    Timeout,
}

/// What the hub wants done. In this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Put a frame on the transport. Header and body are two slices for one vectored write; the body is shared
    /// with other recipients.
    Send {
        /// The connection.
        conn: Conn,
        /// The header.
        header: [u8; HEADER_LEN],
        /// The body.
        body: Bytes,
    },
    /// End the connection after what was sent. The hub has forgotten it.
    Close {
        /// The connection.
        conn: Conn,
        /// Why.
        code: CloseCode,
        /// For codes after which the client comes back: when, in milliseconds. It is the text of the close reason.
        retry_after_ms: Option<u64>,
    },
    /// Check the proof: `HMAC(session key, proof_input(nonce, hello))`, the session, and the organization.
    CheckHello {
        /// The connection.
        conn: Conn,
        /// The nonce of the greeting.
        nonce: [u8; 32],
        /// What the client sent.
        hello: Box<HelloSession>,
    },
    /// Deliveries of the user are wanted from now on, or no longer.
    Interest {
        /// The user.
        user: UserId,
        /// Whether.
        on: bool,
    },
    /// Read the entries after a number.
    Read {
        /// The connection, to be repeated in the answer.
        conn: Conn,
        /// To be repeated in the answer.
        read: ReadNo,
        /// Whose stream.
        user: UserId,
        /// Which context.
        context: Option<OrgId>,
        /// The last entry that is known.
        after: Seq,
        /// Entries at most. Bytes are bounded by [`relais_wire::limits::PAGE_BYTES_MAX`].
        max: u32,
    },
    /// Check that the user may follow a stream, and read its head.
    Follow {
        /// The connection, to be repeated in the answer.
        conn: Conn,
        /// To be repeated in the answer.
        follow: FollowNo,
        /// Who asks.
        user: UserId,
        /// Their session.
        session: SessionId,
        /// Which context.
        context: Option<OrgId>,
    },
    /// Answer a request.
    Request {
        /// The connection.
        conn: Conn,
        /// Who asks; nobody on a connection that signs in, where only public requests get here.
        by: Option<(UserId, SessionId, DeviceId)>,
        /// Id of the request, repeated in the reply.
        id: u64,
        /// Number of the request type; may be unknown.
        kind: u16,
        /// The body, not decoded.
        body: Bytes,
    },
    /// A device has durably applied entries: delivery receipts. At most every 5 s for one connection, and once
    /// more when it ends or follows another organization.
    Applied {
        /// The user.
        user: UserId,
        /// The device.
        device: DeviceId,
        /// How far, by stream; at least one.
        marks: AppliedMarks,
    },
    /// Nothing more to do. The next [`Input::Timeout`] is due then; never, if there is none.
    Wait(Option<u64>),
}

/// How far a device has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppliedMarks {
    /// In the followed organization's stream.
    pub org: Option<(OrgId, Seq)>,
    /// In the personal stream.
    pub personal: Option<Seq>,
}

/// A `Hello` that was accepted.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The user.
    pub user: UserId,
    /// The session; it replaces an older connection of the same one.
    pub session: SessionId,
    /// Its device.
    pub device: DeviceId,
    /// When the session ends by time, in server milliseconds.
    pub expires_at: Option<u64>,
    /// Head of the personal stream.
    pub personal_head: Seq,
    /// Head of the stream of the organization that the `Hello` names; absent when it names none, or one that the
    /// user does not belong to: then no organization is followed.
    pub org_head: Option<Seq>,
    /// A new resume ticket.
    pub ticket: Option<Bin>,
    /// A newer session key, if the ticket key was rotated.
    pub rekey: Option<SessionKey>,
}

/// What the store says to a read.
#[derive(Clone, Debug)]
pub enum Page {
    /// The entries after the number, without a hole, and the stream's head in the same snapshot.
    Entries {
        /// The first one is numbered `after + 1`. Empty only at the head.
        entries: Vec<Entry>,
        /// The head.
        head: Seq,
    },
    /// Entries after the number are no longer kept.
    TooOld,
    /// The number is ahead of the stream.
    Ahead,
    /// The store did not answer; the hub asks again later.
    Unavailable,
}

/// One entry of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: Seq,
    /// Number of the event type.
    pub kind: u16,
    /// The body, encoded; at most a frame less its header.
    pub body: Bytes,
}

/// One event that was committed to the streams of some users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Number of the event type.
    pub kind: u16,
    /// The body, encoded once.
    pub body: Bytes,
    /// Whose streams, and its number in each. Users without a connection here are skipped.
    pub to: Vec<Recipient>,
}

/// A stream that an event was committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The user.
    pub user: UserId,
    /// The stream's context.
    pub context: Option<OrgId>,
    /// The entry's number in this stream.
    pub seq: Seq,
}

/// Names what a value of the latest-wins lane is about, so that a newer one replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The thing, such as a thread.
    pub about: [u8; 16],
    /// Whose, such as a user.
    pub whose: [u8; 16],
}

/// How a hint is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLane {
    /// Before everything else; worthless after this time (server milliseconds, 0 = never) and then dropped.
    Control {
        /// The time.
        expires_at: u64,
    },
    /// Only the latest value of a key is kept.
    Keyed(Key),
    /// Dropped when the connection is slow.
    Droppable,
}

/// Which connections of a user get a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everywhere,
    /// Those that follow this context.
    Following(Option<OrgId>),
    /// Those of one device.
    Device(DeviceId),
}

/// A hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// For whom.
    pub to: Vec<UserId>,
    /// Which of their connections.
    pub scope: Scope,
    /// How it is treated.
    pub lane: NoticeLane,
    /// Number of the event type.
    pub kind: u16,
    /// The body, encoded.
    pub body: Bytes,
}

/// Which sessions of a user end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// All.
    All,
    /// All of a device.
    Device(DeviceId),
    /// One.
    Session(SessionId),
    /// All but one: after a change of password.
    AllBut(SessionId),
}
