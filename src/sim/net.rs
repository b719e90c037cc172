//! The network: connections with latency, order within each, and everything that goes wrong with them.
//!
//! Not known here: what the messages say.

use std::collections::BTreeMap;

use crate::event::{Event, Queue};
use crate::rng::Rng;

/// Bytes that a dead connection's kernel buffer still takes.
const KERNEL_BYTES: usize = 64 * 1024;

/// Bytes per millisecond of an ordinary connection, and of a slow one.
const ORDINARY: u64 = 10_000;
const SLOW: u64 = 8;

/// A connection between a device and the server.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) device: usize,
    /// The server has it open.
    server_open: bool,
    /// The device has it open.
    device_open: bool,
    /// Everything on it is lost, and nobody is told.
    dead: bool,
    swallowed: usize,
    up_at: u64,
    taken_at: u64,
    down_at: u64,
    rate: u64,
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Net {
    wires: BTreeMap<u64, Wire>,
    count: u64,
    /// No connection can be made until then.
    pub(crate) out_until: u64,
}

impl Net {
    pub(crate) fn open(&mut self, now: u64, device: usize) -> u64 {
        self.count += 1;
        let wire = Wire {
            device,
            server_open: true,
            device_open: true,
            dead: false,
            swallowed: 0,
            up_at: now,
            taken_at: now,
            down_at: now,
            rate: ORDINARY,
        };
        self.wires.insert(self.count, wire);
        self.count
    }

    /// A number for a connection that is not of any device.
    pub(crate) const fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(crate) fn device_of(&self, conn: u64) -> Option<usize> {
        self.wires.get(&conn).filter(|wire| wire.device_open).map(|wire| wire.device)
    }

    pub(crate) fn reaches_server(&self, conn: u64) -> bool {
        self.wires.get(&conn).is_some_and(|wire| wire.server_open && !wire.dead)
    }

    pub(crate) fn reaches_device(&self, conn: u64) -> bool {
        self.wires.get(&conn).is_some_and(|wire| wire.device_open && !wire.dead)
    }

    pub(crate) fn send_up(&mut self, now: u64, conn: u64, bytes: Vec<u8>, queue: &mut Queue, rng: &mut Rng) {
        let Some(wire) = self.wires.get_mut(&conn).filter(|wire| wire.device_open && !wire.dead) else {
            return;
        };
        wire.up_at = wire.up_at.max(now + latency(rng));
        queue.push(wire.up_at, Event::ToServer { conn, bytes: bytes.into() });
    }

    pub(crate) fn send_down(
        &mut self,
        now: u64,
        conn: u64,
        bytes: Vec<u8>,
        queue: &mut Queue,
        rng: &mut Rng,
    ) {
        let Some(wire) = self.wires.get_mut(&conn).filter(|wire| wire.server_open) else { return };
        let len = bytes.len();
        if wire.dead || !wire.device_open {
            wire.swallowed += len;
            if wire.swallowed <= KERNEL_BYTES {
                queue.push(now, Event::Written { conn, bytes: len });
            }
            return;
        }
        wire.taken_at = wire.taken_at.max(now) + u64::try_from(len).unwrap_or(0) / wire.rate;
        wire.down_at = wire.down_at.max(wire.taken_at + latency(rng));
        queue.push(wire.taken_at, Event::Written { conn, bytes: len });
        queue.push(wire.down_at, Event::ToDevice { conn, bytes });
    }

    /// The server ends a connection: what is under way arrives first.
    pub(crate) fn server_closes(
        &mut self,
        now: u64,
        conn: u64,
        code: u16,
        retry: Option<u64>,
        queue: &mut Queue,
    ) {
        let Some(wire) = self.wires.get_mut(&conn) else { return };
        wire.server_open = false;
        if wire.device_open && !wire.dead {
            let reason = retry.map(|ms| ms.to_string()).unwrap_or_default();
            queue.push(wire.down_at.max(now + 1), Event::DeviceHears { conn, code: Some(code), reason });
        }
    }

    /// The device ends a connection, or its program dies.
    pub(crate) fn device_closes(&mut self, now: u64, conn: u64, queue: &mut Queue, rng: &mut Rng) {
        let Some(wire) = self.wires.get_mut(&conn) else { return };
        wire.device_open = false;
        if wire.server_open && !wire.dead {
            queue.push(wire.up_at.max(now + latency(rng)), Event::ServerHears { conn });
        }
    }

    /// The connection breaks: what is under way is lost, and both sides learn it, each at its time.
    pub(crate) fn cut(&mut self, now: u64, conn: u64, queue: &mut Queue, rng: &mut Rng) {
        let Some(wire) = self.wires.get_mut(&conn) else { return };
        if wire.server_open {
            queue.push(now + rng.between(0, 3_000), Event::ServerHears { conn });
        }
        if wire.device_open {
            let gone = Event::DeviceHears { conn, code: None, reason: String::new() };
            queue.push(now + rng.between(0, 500), gone);
        }
        wire.dead = true;
    }

    /// The connection dies and nobody is told.
    pub(crate) fn half_open(&mut self, conn: u64) {
        if let Some(wire) = self.wires.get_mut(&conn) {
            wire.dead = true;
        }
    }

    /// The server process is gone.
    pub(crate) fn server_dies(&mut self, now: u64, silently: bool, queue: &mut Queue, rng: &mut Rng) {
        for (conn, wire) in &mut self.wires {
            if wire.server_open && wire.device_open && !wire.dead && !silently {
                let gone = Event::DeviceHears { conn: *conn, code: None, reason: String::new() };
                queue.push(now + rng.between(0, 200), gone);
            }
            wire.server_open = false;
            wire.dead = true;
        }
    }

    /// Nothing is taken for a while.
    pub(crate) fn stall(&mut self, now: u64, conn: u64, ms: u64) {
        if let Some(wire) = self.wires.get_mut(&conn) {
            wire.taken_at = wire.taken_at.max(now) + ms;
        }
    }

    pub(crate) fn slow(&mut self, conn: u64, slow: bool) {
        if let Some(wire) = self.wires.get_mut(&conn) {
            wire.rate = if slow { SLOW } else { ORDINARY };
        }
    }

    pub(crate) fn forget_server(&mut self, conn: u64) {
        if let Some(wire) = self.wires.get_mut(&conn) {
            wire.server_open = false;
        }
        self.sweep();
    }

    pub(crate) fn forget_device(&mut self, conn: u64) {
        if let Some(wire) = self.wires.get_mut(&conn) {
            wire.device_open = false;
        }
        self.sweep();
    }

    fn sweep(&mut self) {
        self.wires.retain(|_, wire| wire.server_open || wire.device_open);
    }

    /// Everything flows again.
    pub(crate) fn heal(&mut self, now: u64) {
        self.out_until = now;
        for wire in self.wires.values_mut() {
            wire.rate = ORDINARY;
        }
    }
}

fn latency(rng: &mut Rng) -> u64 {
    if rng.chance(2) { rng.between(200, 2_000) } else { rng.between(1, 60) }
}
