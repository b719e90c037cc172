//! One shard: a plain thread that owns a core, its sockets and its streams, and polls them. Shards share nothing; the
//! kernel gives each client to one of them (`SO_REUSEPORT`), and it stays there.
//!
//! A turn: take the events, receive from each socket that is ready, let the core say what to do with each datagram, hand
//! what it says to the kernel in batches, write to the streams that have something to write. The clock is read once a
//! turn, and nothing is allocated for a datagram between UDP sockets.
//!
//! Not known here: what is in a datagram, and who may do what.

mod command;
mod out;
mod stats;
mod stream;
mod streams;
mod udp;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use relais_turn::{Client, Now, RelayId, Server};
use relais_udp::{Engine, Inbox, Socket};
use slab::Slab;

pub use command::{Command, Deaf, Handle, Reload, Report};
pub use stats::Stats;

use crate::clock::Clock;
use crate::limits::{COMMANDS, EVENTS, TICK_MS};
use out::Out;
use stream::Stream;

/// The waker's token; the others are places in the slab.
const WAKER: Token = Token(usize::MAX);

/// The sockets that a shard starts with.
#[derive(Debug)]
pub struct Sockets {
    /// UDP ports, shared with the other shards.
    pub udp: Vec<Socket>,
    /// TCP listeners, likewise.
    pub tcp: Vec<std::net::TcpListener>,
}

/// One place of a shard's slab.
#[derive(Debug)]
struct Slot {
    what: What,
    /// Whether it already waits for its turn.
    queued: bool,
    /// Whether the kernel has an error to tell.
    errors: bool,
}

#[derive(Debug)]
enum What {
    Port(Socket),
    Listener(mio::net::TcpListener),
    Relay(RelayId, Socket),
    Stream(Box<Stream>),
}

/// A shard; lives on its own thread.
pub struct Shard {
    server: Server,
    clock: Clock,
    engine: Engine,
    poll: Poll,
    slots: Slab<Slot>,
    ports: Vec<(SocketAddr, usize)>,
    relays: HashMap<RelayId, usize>,
    clients: HashMap<Client, usize>,
    inbox: Inbox,
    out: Out,
    ready: VecDeque<usize>,
    /// Streams with something to write.
    dirty: Vec<usize>,
    /// What a stream's bytes are read into.
    buffer: Vec<u8>,
    tls: Option<Arc<rustls::ServerConfig>>,
    commands: Receiver<Command>,
    stats: Stats,
    next_tick: u64,
    stop: bool,
}

impl Shard {
    /// A shard and the handle to it. Call [`Self::run`] on a thread of its own.
    ///
    /// # Errors
    /// The system's poll could not be set up.
    pub fn new(
        server: Server,
        engine: Engine,
        sockets: Sockets,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> io::Result<(Self, Handle)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (sender, commands): (SyncSender<Command>, _) = sync_channel(COMMANDS);
        let mut shard = Self {
            server,
            clock: Clock::start(),
            engine,
            poll,
            slots: Slab::new(),
            ports: Vec::new(),
            relays: HashMap::new(),
            clients: HashMap::new(),
            inbox: Inbox::new(),
            out: Out::default(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            buffer: Vec::new(),
            tls,
            commands,
            stats: Stats::default(),
            next_tick: 0,
            stop: false,
        };
        for socket in sockets.udp {
            let local = socket.local();
            let key = shard.insert(What::Port(socket))?;
            shard.ports.push((local, key));
        }
        for listener in sockets.tcp {
            listener.set_nonblocking(true)?;
            shard.insert(What::Listener(mio::net::TcpListener::from_std(listener)))?;
        }
        Ok((shard, Handle::new(sender, waker)))
    }

    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// The system's poll failed: the shard cannot go on.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        while !self.stop {
            let wait = self.wait();
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let now = self.clock.now();
            for event in &events {
                if event.token() == WAKER {
                    self.obey(now);
                } else {
                    self.queue(event.token().0, event.is_error());
                }
            }
            self.turn(now);
        }
        Ok(())
    }

    /// Gives everything that is ready its turn once, then does what is due.
    fn turn(&mut self, now: Now) {
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else { break };
            let Some(slot) = self.slots.get_mut(key) else { continue };
            slot.queued = false;
            let drained = match &slot.what {
                What::Port(_) | What::Relay(..) => self.serve_socket(now, key),
                What::Listener(_) => self.accept(now, key),
                What::Stream(_) => self.serve_stream(now, key),
            };
            if !drained {
                self.queue(key, false);
            }
        }
        if self.server.next_timeout().is_some_and(|due| due <= now.ms) {
            self.server.timeout(now);
            self.obey_core(now);
        }
        if now.ms >= self.next_tick {
            self.next_tick = now.ms + TICK_MS;
            self.tick(now);
        }
        self.flush();
        self.write_streams(now);
    }

    /// How long there is nothing to do unless something happens.
    fn wait(&self) -> Duration {
        if !self.ready.is_empty() {
            return Duration::ZERO;
        }
        let now = self.clock.now().ms;
        let due = self.server.next_timeout().unwrap_or(u64::MAX).min(self.next_tick);
        Duration::from_millis(due.saturating_sub(now))
    }

    /// What has no event of its own.
    fn tick(&mut self, now: Now) {
        // A listener that met an error, as too many open files, is not announced again.
        let listeners: Vec<usize> = self
            .slots
            .iter()
            .filter_map(|(key, slot)| matches!(slot.what, What::Listener(_)).then_some(key))
            .collect();
        listeners.into_iter().for_each(|key| self.queue(key, false));
        self.tick_streams(now);
    }

    /// Puts a socket in the row of those that are served.
    fn queue(&mut self, key: usize, errors: bool) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.errors |= errors;
        if !slot.queued {
            slot.queued = true;
            self.ready.push_back(key);
        }
    }

    /// Gives a socket a place and asks for its events.
    fn insert(&mut self, mut what: What) -> io::Result<usize> {
        let entry = self.slots.vacant_entry();
        let (key, token) = (entry.key(), Token(entry.key()));
        let registry = self.poll.registry();
        match &mut what {
            What::Port(socket) | What::Relay(_, socket) => {
                let fd = socket.as_fd().as_raw_fd();
                registry.register(&mut SourceFd(&fd), token, Interest::READABLE)?;
            }
            What::Listener(listener) => registry.register(listener, token, Interest::READABLE)?,
            What::Stream(stream) => {
                let both = Interest::READABLE | Interest::WRITABLE;
                registry.register(stream.socket_mut(), token, both)?;
            }
        }
        entry.insert(Slot { what, queued: false, errors: false });
        Ok(key)
    }
}
