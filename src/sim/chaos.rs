//! A run from a seed: a small clinic, many operations among faults, then rest, then the oracle.

use relais_store::StreamId;
use relais_wire::{OrgId, UserId};

use crate::counters::Counters;
use crate::device::Device;
use crate::oracle;
use crate::trap::Next;
use crate::world::{Chaos, World};

/// Operations of a run.
pub const OPERATIONS: usize = 500;

/// Bytes of the largest message: with a batch's other messages it still fits into one frame.
const FAT_BYTES: u64 = 28 * 1024;

/// Plays a run and checks it.
///
/// # Panics
/// When something that must hold does not. The message names the command that plays the run again.
#[must_use]
pub fn run(seed: u64) -> Counters {
    let _told = Tell(seed);
    let mut world = clinic(seed);
    for _ in 0..OPERATIONS {
        operate(&mut world);
        let ms = world.env.rng.between(0, 200);
        world.run_for(ms);
    }
    world.settle();
    oracle::assert_holds(&world);
    world.env.counters.add("operations", u64::try_from(OPERATIONS).unwrap_or(0));
    world.counters()
}

/// Says how to play the run again when it ends in a panic.
struct Tell(u64);

impl Drop for Tell {
    #[expect(clippy::print_stderr, reason = "a failed run must say how it is played again, whoever runs it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nplay it again: cargo x seed {}\n", self.0);
        }
    }
}

/// Five people, seven devices, two organizations, six threads.
fn clinic(seed: u64) -> World {
    let mut world = World::new(seed);
    let orgs = [OrgId::from_bytes(world.env.rng.bytes16()), OrgId::from_bytes(world.env.rng.bytes16())];
    let users: Vec<UserId> = (0..5).map(|_| UserId::from_bytes(world.env.rng.bytes16())).collect();
    for (index, user) in users.iter().enumerate() {
        let devices = if index < 2 { 2 } else { 1 };
        for _ in 0..devices {
            let device = world.add_device(*user, &orgs);
            world.boot_device(device);
        }
    }
    for index in 0..6 {
        let context = [None, orgs.first().copied(), orgs.get(1).copied()].get(index % 3).copied().flatten();
        let members = users.iter().filter(|_| world.env.rng.chance(70)).copied().collect::<Vec<_>>();
        let members = if members.len() < 2 { users.clone() } else { members };
        world.add_thread(members.into_iter().map(|user| StreamId::new(user, context)).collect());
    }
    world.env.chaos = Chaos { lost: 3, doubled: 5, late: 8, reads_fail: 3, snapshots_fail: 5, epochs: 10 };
    world.run_for(500);
    world
}

fn operate(world: &mut World) {
    let device = world.env.rng.index(world.devices.len());
    match world.env.rng.between(0, 99) {
        0..=54 => write(world, device),
        55..=56 => burst(world, device),
        57..=63 => world.run_some(),
        64..=67 => focus(world, device),
        68..=70 => cut(world, device),
        71..=73 => half_open(world, device),
        74..=81 => stall(world, device),
        82..=84 => slow(world, device),
        85..=86 => kill(world, device),
        87..=88 => {
            let (now, ms) = (world.env.now, world.env.rng.between(200, 5_000));
            world.env.net.out_until = now + ms;
            world.env.counters.hit("network out");
        }
        89 => {
            let which = world.env.rng.index(Next::ALL.len());
            if let Some(next) = Next::ALL.get(which) {
                world.server.arm(*next);
            }
        }
        90 if world.env.rng.chance(50) => {
            world.env.counters.hit("server killed");
            world.server.die(&mut world.env);
        }
        91 if world.env.rng.chance(50) => drain(world),
        92..=94 => world.visit(),
        _ => world.server.tell_heads_if_up(&mut world.env),
    }
}

/// Somebody comes back with a pile of documents.
fn burst(world: &mut World, device: usize) {
    for _ in 0..10 {
        write_bytes(world, device, FAT_BYTES);
    }
}

fn write(world: &mut World, device: usize) {
    let fat = world.env.rng.chance(20);
    let bytes = if fat { world.env.rng.between(4_000, FAT_BYTES) } else { 0 };
    write_bytes(world, device, bytes);
}

fn write_bytes(world: &mut World, device: usize, bytes: u64) {
    let user = world.device(device).user;
    let member = |world: &World, thread: usize| {
        let thread = world.threads.get(thread).and_then(|id| world.server.threads.get(id));
        thread.is_some_and(|streams| streams.iter().any(|stream| stream.user == user))
    };
    let at = world.env.rng.index(world.threads.len());
    let found = (0..world.threads.len()).map(|n| (at + n) % world.threads.len()).find(|n| member(world, *n));
    let Some(thread) = found.and_then(|index| world.threads.get(index)).copied() else { return };
    let bytes = usize::try_from(bytes).unwrap_or(0);
    world.with_device(device, |device, env| device.write(env, thread, bytes));
}

fn focus(world: &mut World, device: usize) {
    let orgs = world.device(device).orgs.clone();
    let org = match world.env.rng.between(0, 4) {
        0 => None,
        n => orgs.get(usize::from(n % 2 == 0)).copied(),
    };
    world.with_device(device, |device, env| device.focus(env, org));
}

fn cut(world: &mut World, device: usize) {
    if let Some(conn) = world.device(device).conn() {
        let env = &mut world.env;
        env.counters.hit("connection cut");
        env.net.cut(env.now, conn, &mut env.queue, &mut env.rng);
    }
}

fn half_open(world: &mut World, device: usize) {
    if let Some(conn) = world.device(device).conn() {
        world.env.counters.hit("connection half open");
        world.env.net.half_open(conn);
    }
}

fn stall(world: &mut World, device: usize) {
    if let Some(conn) = world.device(device).conn() {
        let env = &mut world.env;
        env.counters.hit("connection stalled");
        let ms = env.rng.between(1_000, 28_000);
        env.net.stall(env.now, conn, ms);
    }
}

fn slow(world: &mut World, device: usize) {
    if let Some(conn) = world.device(device).conn() {
        world.env.counters.hit("connection slow");
        let slow = world.env.rng.chance(80);
        world.env.net.slow(conn, slow);
    }
}

fn kill(world: &mut World, device: usize) {
    if world.device(device).is_running() {
        world.env.counters.hit("device killed");
        world.with_device(device, Device::die);
        let at = world.env.now + world.env.rng.between(100, 8_000);
        let life = world.device(device).life;
        world.env.queue.push(at, crate::event::Event::DeviceBoots { device, life });
    }
}

fn drain(world: &mut World) {
    world.env.counters.hit("server drained");
    world.server.turn(&mut world.env, relais_hub::Input::Drain { spread_ms: 2_000 });
    world.run_for(8_000);
    world.server.die(&mut world.env);
}
