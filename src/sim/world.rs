//! One run: devices, network, server, and the queue of what will happen.
//!
//! Not known here: why something is done; see [`crate::chaos`] and [`crate::Ward`].

use relais_client::core::{Credentials, Violation};
use relais_hub::{Conn, Input};
use relais_store::StreamId;
use relais_wire::{DeviceId, Epoch, OrgId, SessionId, ThreadId, UserId};
use zeroize::Zeroizing;

use crate::counters::Counters;
use crate::device::Device;
use crate::event::{Event, Queue};
use crate::net::Net;
use crate::rng::Rng;
use crate::server::{Known, Server};

/// Server time at the beginning of every run.
pub(crate) const BEGINNING: u64 = 1_800_000_000_000;

/// What goes wrong by itself, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chaos {
    /// Deliveries lost on the bus.
    pub lost: u64,
    /// Deliveries doubled.
    pub doubled: u64,
    /// Deliveries late, and so overtaken.
    pub late: u64,
    /// Pages that the store does not give.
    pub reads_fail: u64,
    /// Snapshots that the server is too busy for.
    pub snapshots_fail: u64,
    /// Batches that have to carry an epoch in front.
    pub epochs: u64,
}

/// What everything in a run shares.
#[derive(Debug)]
pub(crate) struct Env {
    pub(crate) now: u64,
    pub(crate) rng: Rng,
    pub(crate) queue: Queue,
    pub(crate) net: Net,
    pub(crate) counters: Counters,
    pub(crate) chaos: Chaos,
    /// What devices complained about; an honest server gives no cause.
    pub(crate) violations: Vec<Violation>,
}

impl Env {
    /// How often a delivery comes, and whether it is late.
    pub(crate) fn bus(&mut self) -> (u32, bool) {
        if self.rng.chance(self.chaos.lost) {
            self.counters.hit("delivery lost");
            return (0, false);
        }
        let late = self.rng.chance(self.chaos.late);
        if late {
            self.counters.hit("delivery late");
        }
        if self.rng.chance(self.chaos.doubled) {
            self.counters.hit("delivery doubled");
            return (2, late);
        }
        (1, late)
    }
}

/// A run.
#[derive(Debug)]
pub struct World {
    pub(crate) env: Env,
    pub(crate) server: Server,
    pub(crate) devices: Vec<Device>,
    pub(crate) threads: Vec<ThreadId>,
}

impl World {
    /// A server that runs, without devices or threads.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let epoch = Epoch::from_bytes(rng.bytes16());
        let env = Env {
            now: BEGINNING,
            rng,
            queue: Queue::default(),
            net: Net::default(),
            counters: Counters::default(),
            chaos: Chaos::default(),
            violations: Vec::new(),
        };
        let mut world = Self { env, server: Server::new(epoch), devices: Vec::new(), threads: Vec::new() };
        world.server.boot(&mut world.env);
        world
    }

    /// What has been counted, the present hub's counts left out.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.env.counters.clone();
        if self.server.is_up() {
            counters.hub(self.server.hub().stats());
        }
        counters
    }

    /// A new device of a user who belongs to these organizations. It is not started.
    pub(crate) fn add_device(&mut self, user: UserId, orgs: &[OrgId]) -> usize {
        let rng = &mut self.env.rng;
        let credentials = Credentials {
            session: SessionId::from_bytes(rng.bytes16()),
            kid: 1,
            key: Zeroizing::new(rng.bytes32().to_vec()),
            ticket: None,
        };
        let device = DeviceId::from_bytes(rng.bytes16());
        let known = Known { user, device, credentials: credentials.clone(), orgs: orgs.to_vec() };
        self.server.sessions.insert(credentials.session, known);
        let index = self.devices.len();
        self.devices.push(Device::new(index, user, device, credentials, orgs.to_vec()));
        index
    }

    /// A new thread among these streams.
    pub(crate) fn add_thread(&mut self, streams: Vec<StreamId>) -> usize {
        let thread = ThreadId::from_bytes(self.env.rng.bytes16());
        self.server.create_thread(self.env.now, thread, streams);
        self.threads.push(thread);
        self.threads.len() - 1
    }

    pub(crate) fn with_device(&mut self, index: usize, act: impl FnOnce(&mut Device, &mut Env)) {
        if let Some(device) = self.devices.get_mut(index) {
            act(device, &mut self.env);
        }
    }

    pub(crate) fn device(&self, index: usize) -> &Device {
        self.devices.get(index).expect("devices are numbered from 0 without holes")
    }

    pub(crate) fn boot_device(&mut self, index: usize) {
        self.with_device(index, Device::boot);
    }

    /// A connection that signs in: no session, and it goes away again.
    pub(crate) fn visit(&mut self) {
        let conn = Conn(self.env.net.number());
        let hello = relais_wire::Control::from(relais_wire::control::Hello { session: None }).encode();
        self.env.counters.hit("visitor without a session");
        self.server.turn(&mut self.env, Input::Opened { conn, nonce: [1; 32] });
        self.server.turn(&mut self.env, Input::Frame { conn, bytes: hello.into() });
        self.server.turn(&mut self.env, Input::Closed { conn });
    }

    /// A while in which nothing new is begun.
    pub(crate) fn run_some(&mut self) {
        let ms = self.env.rng.between(200, 4_000);
        self.run_for(ms);
    }

    /// Everything that happens until a moment.
    pub fn run_for(&mut self, ms: u64) {
        let until = self.env.now + ms;
        while let Some(at) = self.next_at().filter(|at| *at <= until) {
            self.env.now = self.env.now.max(at);
            self.step();
        }
        self.env.now = until;
    }

    fn next_at(&self) -> Option<u64> {
        let devices = self.devices.iter().filter_map(Device::wait).min();
        [self.env.queue.next_at(), self.server.wait(), devices].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.env.now;
        if self.env.queue.next_at().is_some_and(|at| at <= now) {
            if let Some(event) = self.env.queue.pop() {
                self.happen(event);
            }
        } else if self.server.wait().is_some_and(|at| at <= now) {
            self.server.timeout(&mut self.env);
        } else if let Some(index) =
            self.devices.iter().position(|device| device.wait().is_some_and(|at| at <= now))
        {
            self.with_device(index, Device::timeout);
        }
        self.check_receipts();
    }

    /// No receipt may say more than the device has applied.
    fn check_receipts(&mut self) {
        for (id, marks) in core::mem::take(&mut self.server.reported) {
            let Some(device) = self.devices.iter().find(|device| device.device == id) else { continue };
            let has = |context: Option<OrgId>| {
                device.disk.views.get(&context).map_or(0, |view| view.cursor.seq.get())
            };
            if let Some((org, seq)) = marks.org {
                assert!(seq.get() <= has(Some(org)), "a false receipt for an organization's stream");
            }
            if let Some(seq) = marks.personal {
                assert!(seq.get() <= has(None), "a false receipt for a personal stream");
            }
        }
    }

    fn happen(&mut self, event: Event) {
        let (server, env) = (&mut self.server, &mut self.env);
        match event {
            Event::ToServer { conn, bytes } => {
                if env.net.reaches_server(conn) {
                    server.turn(env, Input::Frame { conn: Conn(conn), bytes });
                }
            }
            Event::ToDevice { conn, bytes } => {
                if env.net.reaches_device(conn)
                    && let Some(index) = env.net.device_of(conn)
                {
                    self.with_device(index, |device, env| device.receives(env, conn, &bytes));
                }
            }
            Event::Written { conn, bytes } => server.turn(env, Input::Written { conn: Conn(conn), bytes }),
            Event::ServerHears { conn } => {
                env.net.forget_server(conn);
                server.hears_end(env, Conn(conn));
            }
            Event::DeviceHears { conn, code, reason } => {
                let index = env.net.device_of(conn);
                env.net.forget_device(conn);
                if let Some(index) = index {
                    self.with_device(index, |device, env| device.hears(env, conn, code, &reason));
                }
            }
            Event::Connects { device, life } => self.connects(device, life),
            Event::Serve { life, job } => {
                if server.is_up() && server.life == life {
                    server.serve(env, job);
                }
            }
            Event::Bus { life, input } => {
                if server.life == life {
                    server.turn(env, *input);
                }
            }
            Event::Boot => server.boot(env),
            Event::DeviceBoots { device, life } => {
                if self.devices.get(device).is_some_and(|known| known.life == life) {
                    self.boot_device(device);
                }
            }
            Event::Applies { device, life } => self.with_device(device, |device, env| {
                if device.life == life {
                    device.apply(env);
                }
            }),
        }
    }

    fn connects(&mut self, index: usize, life: u32) {
        if !self.devices.get(index).is_some_and(|device| device.life == life && device.is_running()) {
            return;
        }
        if !self.server.is_up() || self.env.now < self.env.net.out_until {
            self.env.counters.hit("connection not made");
            return self.with_device(index, |device, env| device.connected(env, None));
        }
        let conn = self.env.net.open(self.env.now, index);
        self.with_device(index, |device, env| device.connected(env, Some(conn)));
        let nonce = self.env.rng.bytes32();
        self.server.turn(&mut self.env, Input::Opened { conn: Conn(conn), nonce });
    }

    /// Nothing goes wrong any more, everything starts, and what was lost is told; then time until all is quiet.
    pub fn settle(&mut self) {
        self.env.chaos = Chaos::default();
        self.server.disarm();
        self.env.net.heal(self.env.now);
        self.server.boot(&mut self.env);
        for _ in 0..60 {
            for index in 0..self.devices.len() {
                self.boot_device(index);
            }
            if self.server.is_up() {
                self.server.tell_heads(&mut self.env);
            }
            self.run_for(5_000);
            if self.server.is_up() && self.is_quiet() {
                return;
            }
        }
    }

    fn is_quiet(&self) -> bool {
        self.devices.iter().filter(|device| device.stopped.is_none()).all(|device| {
            let followed = [None, device.disk.focus];
            let at_head = followed.iter().all(|context| {
                let head = self.server.head(StreamId::new(device.user, *context));
                device.disk.views.get(context).is_some_and(|view| view.cursor.seq == head)
            });
            device.has_sent_all() && at_head
        })
    }
}
