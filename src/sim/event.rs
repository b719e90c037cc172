//! What will happen, and when.

use std::collections::BTreeMap;

use bytes::Bytes;
use relais_hub::{Conn, FollowNo, Input, ReadNo};
use relais_wire::control::HelloSession;
use relais_wire::{DeviceId, OrgId, Seq, SessionId, UserId};

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A message reaches the server.
    ToServer { conn: u64, bytes: Bytes },
    /// A message reaches the device.
    ToDevice { conn: u64, bytes: Vec<u8> },
    /// The server's transport took bytes.
    Written { conn: u64, bytes: usize },
    /// The server learns that the connection is gone.
    ServerHears { conn: u64 },
    /// The device learns that the connection is gone.
    DeviceHears { conn: u64, code: Option<u16>, reason: String },
    /// A device's attempt to connect comes to something.
    Connects { device: usize, life: u32 },
    /// A service of the server does something.
    Serve { life: u32, job: Job },
    /// The bus brings something to the hub.
    Bus { life: u32, input: Box<Input> },
    /// The server process starts.
    Boot,
    /// A device's program starts.
    DeviceBoots { device: usize, life: u32 },
    /// A device applies what it has received.
    Applies { device: usize, life: u32 },
}

/// Work of the server's services.
#[derive(Debug)]
pub(crate) enum Job {
    Hello { conn: Conn, nonce: [u8; 32], hello: Box<HelloSession> },
    Read { conn: Conn, read: ReadNo, user: UserId, context: Option<OrgId>, after: Seq, max: u32 },
    Follow { conn: Conn, follow: FollowNo, user: UserId, context: Option<OrgId> },
    Request { conn: Conn, by: Option<(UserId, SessionId, DeviceId)>, id: u64, kind: u16, body: Bytes },
}

/// The queue: by time, then in the order of asking.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: BTreeMap<(u64, u64), Event>,
    count: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert((at, self.count), event);
    }

    pub(crate) fn next_at(&self) -> Option<u64> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.events.pop_first().map(|(_, event)| event)
    }
}
