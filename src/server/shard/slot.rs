//! What the shell keeps of one connection: its queue to the transport, and why it ends.
//!
//! The queue is bounded by the core, which hands over no more than its transport window.
//!
//! Not known here: the transport.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;
use relais_hub::Conn;
use relais_wire::CloseCode;
use relais_wire::frame::HEADER_LEN;

use crate::edge::Share;
use crate::services::{Authenticated, ClientKey};

/// One frame on its way: header and shared body.
pub(crate) type Outgoing = ([u8; HEADER_LEN], Bytes);

/// A connection of this shard.
pub(crate) struct Slot {
    pub(crate) conn: Conn,
    pub(crate) client: ClientKey,
    who: Cell<Option<Authenticated>>,
    guest: Cell<Option<Share<ClientKey>>>,
    queue: RefCell<VecDeque<Outgoing>>,
    end: Cell<Option<(CloseCode, Option<u64>)>>,
    waker: RefCell<Option<Waker>>,
}

impl Slot {
    pub(crate) const fn new(conn: Conn, client: ClientKey) -> Self {
        Self {
            conn,
            client,
            who: Cell::new(None),
            guest: Cell::new(None),
            queue: RefCell::new(VecDeque::new()),
            end: Cell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// Until a session is proved it counts as a guest of its address.
    pub(crate) fn of_guest(self, share: Share<ClientKey>) -> Self {
        self.guest.set(Some(share));
        self
    }

    /// The session, once it is proved.
    pub(crate) fn who(&self) -> Option<Authenticated> {
        self.who.get()
    }

    pub(crate) fn prove(&self, who: Authenticated) {
        self.who.set(Some(who));
        drop(self.guest.take());
    }

    /// Queues a frame and wakes the connection's task.
    pub(crate) fn send(&self, frame: Outgoing) {
        self.queue.borrow_mut().push_back(frame);
        self.wake();
    }

    /// Ends the connection after what is queued; the first reason counts.
    pub(crate) fn close(&self, code: CloseCode, retry_after_ms: Option<u64>) {
        if self.end.get().is_none() {
            self.end.set(Some((code, retry_after_ms)));
        }
        self.wake();
    }

    pub(super) fn next(&self) -> Option<Outgoing> {
        let mut queue = self.queue.borrow_mut();
        let next = queue.pop_front();
        if queue.is_empty() && queue.capacity() > 4 {
            // An idle connection keeps no buffer.
            *queue = VecDeque::new();
        }
        next
    }

    pub(super) fn end(&self) -> Option<(CloseCode, Option<u64>)> {
        self.end.get()
    }

    pub(super) fn idle(&self) -> bool {
        self.queue.borrow().is_empty()
    }

    pub(super) fn watch(&self, waker: &Waker) {
        let mut kept = self.waker.borrow_mut();
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}
