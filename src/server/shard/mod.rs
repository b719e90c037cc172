//! One shard: a thread with its own runtime, the hub core of its connections, and the tasks around it.
//!
//! Everything here stays on one thread. A turn of the core is `input`; what comes out is done at once or becomes
//! a task of this shard whose answer is the next input. Nothing in here waits while the core is borrowed.
//!
//! Not known here: HTTP, TLS, what a request means.

mod act;
mod pump;
mod slot;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use relais_hub::{Config, Conn, Hub, Input, Output, Stats};
use relais_wire::{CloseCode, UserId};
use tokio::sync::{Notify, mpsc};

use crate::deliver::Hint;
use crate::directory::ToShard;
use crate::edge::Edge;
use crate::keys::random32;
use crate::metrics::Caught;
use crate::services::Authenticated;

pub(crate) use pump::run_socket;
pub(crate) use slot::Slot;

/// The longest sleep of the shard's timer: what was lost on the way here is looked for this often, and a clock
/// that was moved is noticed.
const TICK: Duration = Duration::from_millis(1_000);

/// Messages from outside taken in one go before connections get their turn.
const TURN_MAX: usize = 256;

/// Milliseconds within which clients come back after the shard's core was made anew.
const RESTART_SPREAD_MS: u64 = 5_000;

/// A shard. Lives on its own thread.
pub(crate) struct Shard {
    pub(crate) index: usize,
    pub(crate) edge: Arc<Edge>,
    hub: RefCell<Hub>,
    slots: RefCell<HashMap<Conn, Rc<Slot>>>,
    users: RefCell<HashMap<UserId, ()>>,
    numbers: Cell<u64>,
    wake_at: Cell<Option<u64>>,
    alarm: Notify,
}

impl Shard {
    /// A shard without connections.
    pub(crate) fn new(index: usize, edge: Arc<Edge>) -> Rc<Self> {
        let hub = RefCell::new(fresh_hub(&edge));
        Rc::new(Self {
            index,
            edge,
            hub,
            slots: RefCell::default(),
            users: RefCell::default(),
            numbers: Cell::new(0),
            wake_at: Cell::new(None),
            alarm: Notify::new(),
        })
    }

    /// A connection that has finished its handshake. The greeting is in its queue when this returns.
    pub(crate) fn open(self: &Rc<Self>, slot: impl FnOnce(Conn) -> Slot) -> Rc<Slot> {
        let number = self.numbers.get() + 1;
        self.numbers.set(number);
        let conn = Conn(number);
        let slot = Rc::new(slot(conn));
        self.slots.borrow_mut().insert(conn, Rc::clone(&slot));
        self.input(Input::Opened { conn, nonce: random32() });
        slot
    }

    /// One turn of the core. A panic in it ends the connections of this shard, which come back to a new core.
    pub(crate) fn input(self: &Rc<Self>, input: Input) {
        let turn = catch_unwind(AssertUnwindSafe(|| {
            let now = self.edge.app.clock.now_ms();
            self.hub.borrow_mut().handle(now, input);
            loop {
                let output = self.hub.borrow_mut().poll();
                if let Output::Wait(until) = output {
                    break self.sleep_until(until);
                }
                act::act(self, output);
            }
        }));
        if turn.is_err() {
            self.restart();
        }
    }

    /// Takes what other parts of the server tell this shard, until the channel closes.
    pub(crate) async fn listen(self: Rc<Self>, mut inbox: mpsc::Receiver<ToShard>) {
        let mut batch = Vec::with_capacity(TURN_MAX);
        while inbox.recv_many(&mut batch, TURN_MAX).await > 0 {
            for message in batch.drain(..) {
                self.told(message);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Wakes the core when it wants to be woken, and repairs what was lost on the way here.
    #[expect(clippy::infinite_loop, reason = "ends with its shard")]
    pub(crate) async fn keep_time(self: Rc<Self>) {
        loop {
            let now = self.edge.app.clock.now_ms();
            let due = self.wake_at.get().map_or(TICK, |at| Duration::from_millis(at.saturating_sub(now)));
            // Either the time has come or an earlier one was set: both are looked at below.
            drop(tokio::time::timeout(due.min(TICK), self.alarm.notified()).await);
            if self.wake_at.get().is_some_and(|at| self.edge.app.clock.now_ms() >= at) {
                self.input(Input::Timeout);
            }
            for end in self.edge.app.directory.take_lost_ends(self.index) {
                act::end(&self, &end);
            }
            for (user, context, head) in self.edge.app.directory.take_lost(self.index) {
                self.input(Input::Head { user, context, head });
            }
        }
    }

    fn told(self: &Rc<Self>, message: ToShard) {
        match message {
            ToShard::Deliver(delivery) => self.input(Input::Deliver(delivery)),
            ToShard::Hint(hint) => {
                if let Some(notice) = self.notice(&hint) {
                    self.input(Input::Notice(Box::new(notice)));
                }
            }
            ToShard::End(end) => act::end(self, &end),
            ToShard::Publish(done) => {
                self.publish();
                drop(done);
            }
            ToShard::Drain { spread_ms } => self.input(Input::Drain { spread_ms }),
        }
    }

    fn notice(&self, hint: &Hint) -> Option<relais_hub::Notice> {
        let users = self.users.borrow();
        let here: Vec<UserId> = hint.users.iter().filter(|user| users.contains_key(*user)).copied().collect();
        act::notice(hint, here)
    }

    fn sleep_until(&self, until: Option<u64>) {
        let sooner = match (self.wake_at.replace(until), until) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
        };
        if sooner {
            self.alarm.notify_one();
        }
    }

    fn slot(&self, conn: Conn) -> Option<Rc<Slot>> {
        self.slots.borrow().get(&conn).cloned()
    }

    /// Forgets a connection; the core has, or is told by the caller.
    fn forget(&self, conn: Conn) -> Option<Rc<Slot>> {
        let slot = self.slots.borrow_mut().remove(&conn);
        slot.inspect(|slot| self.count_out(slot))
    }

    /// The session of a connection is proved. One that was forgotten meanwhile is not counted.
    fn prove(&self, slot: &Slot, who: Authenticated) {
        if slot.who().is_none() && self.slots.borrow().contains_key(&slot.conn) {
            self.edge.app.directory.opened(who.user, who.device);
        }
        slot.prove(who);
    }

    fn count_out(&self, slot: &Slot) {
        if let Some(who) = slot.who() {
            self.edge.app.directory.closed(who.user, who.device);
        }
    }

    /// Ends a connection that may come back at once.
    fn send_away(self: &Rc<Self>, conn: Conn, code: CloseCode) {
        if let Some(slot) = self.forget(conn) {
            slot.close(code, Some(0));
            self.input(Input::Closed { conn });
        }
    }

    fn send_user_away(self: &Rc<Self>, user: UserId, code: CloseCode) {
        let theirs = |slot: &&Rc<Slot>| slot.who().is_some_and(|who| who.user == user);
        let conns: Vec<Conn> = self.slots.borrow().values().filter(theirs).map(|slot| slot.conn).collect();
        for conn in conns {
            self.send_away(conn, code);
        }
    }

    fn interest(&self, user: UserId, on: bool) {
        if on {
            self.users.borrow_mut().insert(user, ());
            self.edge.app.directory.join(user, self.index);
        } else {
            self.users.borrow_mut().remove(&user);
            self.edge.app.directory.leave(user, self.index);
        }
    }

    fn restart(&self) {
        self.edge.app.metrics.panic(Caught::Shard);
        tracing::error!(shard = self.index, "the core of a shard was made anew after a panic");
        *self.hub.borrow_mut() = fresh_hub(&self.edge);
        for (user, ()) in self.users.borrow_mut().drain() {
            self.edge.app.directory.leave(user, self.index);
        }
        let slots: Vec<Rc<Slot>> = self.slots.borrow_mut().drain().map(|(_, slot)| slot).collect();
        let step = RESTART_SPREAD_MS / u64::try_from(slots.len().max(1)).unwrap_or(u64::MAX);
        for (place, slot) in (0_u64..).zip(slots) {
            self.count_out(&slot);
            slot.close(CloseCode::Internal, Some(place.saturating_mul(step)));
        }
    }

    fn publish(&self) {
        let hub = self.hub.borrow();
        let metrics = &self.edge.app.metrics;
        let shard = self.index.to_string();
        for (name, value) in counters(hub.stats()) {
            metrics.publish(name, Some(("shard", shard.clone())), value);
        }
        let phases = hub.by_phase().map(|(phase, count)| (format!("{phase:?}").to_lowercase(), count));
        metrics.publish_phases(&shard, &phases, hub.queued_bytes());
    }
}

fn fresh_hub(edge: &Edge) -> Hub {
    let config = Config { connections_max: edge.limits.connections, ..Config::new(edge.epoch) };
    let [a, b, c, d, e, f, g, h, ..] = random32();
    Hub::new(config, u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

/// The names under which the core's counters are published.
fn counters(stats: &Stats) -> [(&'static str, u64); 15] {
    [
        ("relais_hub_entries_sent_total", stats.entries_sent),
        ("relais_hub_entries_live_total", stats.entries_live),
        ("relais_hub_deliveries_total", stats.deliveries),
        ("relais_hub_gaps_total", stats.gaps),
        ("relais_hub_duplicates_total", stats.duplicates),
        ("relais_hub_gate_overflows_total", stats.gate_overflows),
        ("relais_hub_queue_overflows_total", stats.queue_overflows),
        ("relais_hub_pages_total", stats.pages),
        ("relais_hub_pages_failed_total", stats.pages_failed),
        ("relais_hub_resyncs_total", stats.resyncs),
        ("relais_hub_expired_total", stats.expired),
        ("relais_hub_dropped_total", stats.dropped),
        ("relais_hub_requests_total", stats.requests),
        ("relais_hub_requests_refused_total", stats.requests_refused),
        ("relais_hub_pings_total", stats.pings),
    ]
}

#[cfg(test)]
mod tests {
    use relais_hub::Input;
    use relais_store::Store as _;
    use relais_wire::control::{Hello, HelloSession};
    use relais_wire::frame::{Class, HEADER_LEN, Header, encode_frame};
    use relais_wire::{Bin, CloseCode, Control, DeviceId, Seq, SessionId, UserId};
    use tempfile::TempDir;

    use super::{Shard, Slot, act};
    use crate::config::Config;
    use crate::serve::Server;
    use crate::services::{Authenticated, ClientKey, HelloAccepted, sessions};

    async fn server() -> (TempDir, Server) {
        let dir = tempfile::tempdir().unwrap();
        let (data, keys) = (dir.path().join("data"), dir.path().join("keys"));
        let text = format!(
            "server.listen = \"127.0.0.1:0\"\nserver.demo = true\nserver.shards = 1\ndata.dir = {data:?}\n\
             data.keys_dir = {keys:?}"
        );
        (dir, Server::start(Config::read(&text, &[]).unwrap()).await.unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_session_that_ends_while_its_hello_is_checked_is_not_let_in() {
        // BEY-18
        let (_dir, server) = server().await;
        let shard = Shard::new(0, server.edge());
        let who = Authenticated {
            user: UserId::from_bytes([1; 16]),
            session: SessionId::from_bytes([2; 16]),
            device: DeviceId::from_bytes([3; 16]),
            client: ClientKey([1; 16]),
            expires_ms: u64::MAX,
        };
        let hello = Control::from(Hello {
            session: Some(HelloSession {
                session: who.session,
                kid: 1,
                proof: Bin::default(),
                ticket: None,
                org: None,
                personal: None,
            }),
        });
        let hello = encode_frame(&Header::new(Class::Control, hello.kind(), 0), &hello.encode_body());
        let accepted = HelloAccepted {
            who,
            epoch: server.app().store.epoch(),
            org: None,
            org_head: Seq::ZERO,
            personal_head: Seq::ZERO,
            ticket: Bin::default(),
            rekey: None,
        };
        let local = tokio::task::LocalSet::new();
        let ends = local.run_until(async {
            [false, true].map(|revoked| {
                let slot = shard.open(|conn| Slot::new(conn, who.client));
                shard.input(Input::Frame { conn: slot.conn, bytes: hello.clone().into() });
                if revoked {
                    // The revocation finds no socket of this session here: it closes nothing.
                    sessions::ended(server.app(), server.app().clock.now_ms(), who.user, who.session);
                }
                act::admit(&shard, &slot, accepted.clone());
                slot.end()
            })
        });
        let [let_in, sent_away] = ends.await;
        assert_eq!(let_in, None);
        assert_eq!(sent_away.map(|(code, _)| code), Some(CloseCode::Revoked));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_core_made_anew_sends_its_clients_back_and_serves_new_ones() {
        let (_dir, server) = server().await;
        let shard = Shard::new(0, server.edge());
        let open = || shard.open(|conn| Slot::new(conn, ClientKey([1; 16])));
        let old = [open(), open()];
        assert!(old.iter().all(|slot| slot.next().is_some() && slot.end().is_none()), "greeted");
        shard.restart();
        let ends: Vec<_> = old.iter().filter_map(|slot| slot.end()).collect();
        assert!(ends.iter().all(|(code, delay)| *code == CloseCode::Internal && delay.is_some()));
        assert_ne!(ends[0].1, ends[1].1, "they do not come back together");
        shard.input(Input::Closed { conn: old[0].conn });
        let (header, body) = open().next().expect("a greeting");
        assert_eq!((header.len(), body.is_empty()), (HEADER_LEN, false));
        assert!(server.app().metrics.render().contains("relais_panics_total{place=\"shard\"} 1"));
    }
}
