//! A world for scenarios: people by name, told step by step.

use std::collections::{BTreeMap, BTreeSet};

use relais_store::{Store as _, StreamId};
use relais_wire::calls::{CallDecline, CallEnd, CallJoin, CallLeave, CallPhase, CallStart};
use relais_wire::{CallId, CloseCode, Epoch, ErrorCode, OrgId, Request, StreamTag, UserId};

use crate::calls::some_call;
use crate::counters::Counters;
use crate::device::Device;
use crate::oracle;
use crate::trap::Next;
use crate::world::World;

/// A ward: one thread that everybody is in, one organization, and a second one to switch to.
#[derive(Debug)]
pub struct Ward {
    world: World,
    names: BTreeMap<String, usize>,
    users: BTreeMap<String, UserId>,
    orgs: [OrgId; 2],
    /// The last call that was started.
    call: Option<CallId>,
}

impl Ward {
    /// People who each have one device, online, in one thread of the organization and one of the other.
    #[must_use]
    pub fn of<const N: usize>(seed: u64, people: [&str; N]) -> Self {
        let mut world = World::new(seed);
        let orgs = [OrgId::from_bytes(world.env.rng.bytes16()), OrgId::from_bytes(world.env.rng.bytes16())];
        let mut ward = Self { world, names: BTreeMap::new(), users: BTreeMap::new(), orgs, call: None };
        for name in people {
            let user = UserId::from_bytes(ward.world.env.rng.bytes16());
            ward.users.insert(name.to_owned(), user);
            ward = ward.device(name, name);
        }
        for org in ward.orgs {
            let streams = ward.users.values().map(|user| StreamId::new(*user, Some(org))).collect();
            ward.world.add_thread(streams);
        }
        ward.run_for(2_000)
    }

    /// One more device of a person.
    #[must_use]
    pub fn device(mut self, name: &str, of: &str) -> Self {
        let user = *self.users.get(of).expect("a person of this ward");
        let index = self.world.add_device(user, &self.orgs);
        self.names.insert(name.to_owned(), index);
        self.world.boot_device(index);
        self
    }

    fn index(&self, name: &str) -> usize {
        *self.names.get(name).expect("a device of this ward")
    }

    fn at(&self, name: &str) -> &Device {
        self.world.device(self.index(name))
    }

    fn conn(&self, name: &str) -> u64 {
        self.at(name).conn().expect("the device is online")
    }

    /// Time passes.
    #[must_use]
    pub fn run_for(mut self, ms: u64) -> Self {
        self.world.run_for(ms);
        self
    }

    /// Writes messages of this many bytes to the thread of the organization.
    #[must_use]
    pub fn writes(self, name: &str, messages: usize, bytes: usize) -> Self {
        self.writes_to(0, name, messages, bytes)
    }

    /// Share of snapshots that the server is too busy for from now on, in percent.
    #[must_use]
    pub fn snapshots_fail(mut self, percent: u64) -> Self {
        self.world.env.chaos.snapshots_fail = percent;
        self
    }

    /// From now on every batch has to carry an epoch in front.
    #[must_use]
    pub fn epochs_due(mut self) -> Self {
        self.world.env.chaos.epochs = 100;
        self
    }

    /// Writes messages to a thread by its number: the first two are those of the two organizations.
    #[must_use]
    pub fn writes_to(mut self, org: usize, name: &str, messages: usize, bytes: usize) -> Self {
        let thread = *self.world.threads.get(org).expect("a thread of this ward");
        let index = self.index(name);
        for _ in 0..messages {
            self.world.with_device(index, |device, env| device.write(env, thread, bytes));
        }
        self
    }

    /// More threads of one of the two organizations, one a minute, that everybody is in.
    #[must_use]
    pub fn threads(mut self, org: usize, count: usize) -> Self {
        let context = self.orgs.get(org).copied();
        for _ in 0..count {
            let streams = self.users.values().map(|user| StreamId::new(*user, context)).collect();
            self.world.add_thread(streams);
            self = self.run_for(60_000);
        }
        self
    }

    /// Begins to read the list of one of the two organizations.
    #[must_use]
    pub fn begins_list(mut self, name: &str, org: usize) -> Self {
        let (index, org) = (self.index(name), self.orgs.get(org).copied());
        self.world.with_device(index, |device, _| device.begin_list(org));
        self
    }

    /// Asks for its next page.
    #[must_use]
    pub fn turns_page(mut self, name: &str) -> Self {
        let index = self.index(name);
        self.world.with_device(index, Device::turn_page);
        self
    }

    /// Whether a device has read its list to the end.
    #[must_use]
    pub fn has_whole_list(&self, name: &str) -> bool {
        self.at(name).list.as_ref().is_some_and(|list| list.is_whole)
    }

    /// Threads that a device met in its list, in order, each by its number in this world.
    #[must_use]
    pub fn met(&self, name: &str) -> Vec<usize> {
        let met = self.at(name).list.as_ref().map(|list| list.met.as_slice()).unwrap_or_default();
        met.iter().filter_map(|id| self.world.threads.iter().position(|known| known == id)).collect()
    }

    /// Threads that a device's stream of an organization has named since it began to read the list.
    #[must_use]
    pub fn told_of(&self, name: &str, org: usize) -> Vec<usize> {
        let (device, context) = (self.at(name), self.orgs.get(org).copied());
        let from = device.list.as_ref().map_or(0, |list| list.from);
        let Some(view) = device.disk.views.get(&context) else { return Vec::new() };
        let since = view.entries.iter().filter(|(seq, _)| *seq > from).map(|(_, id)| *id);
        let told: BTreeSet<_> = since.filter_map(|id| oracle::thread_of(&self.world, id)).collect();
        told.into_iter().collect()
    }

    /// The connection breaks; what is on the way is lost.
    #[must_use]
    pub fn cut(mut self, name: &str) -> Self {
        let (conn, env) = (self.conn(name), &mut self.world.env);
        env.net.cut(env.now, conn, &mut env.queue, &mut env.rng);
        self
    }

    /// The connection dies, and neither side is told.
    #[must_use]
    pub fn half_open(mut self, name: &str) -> Self {
        let conn = self.conn(name);
        self.world.env.net.half_open(conn);
        self
    }

    /// The device takes nothing for a while.
    #[must_use]
    pub fn stall(mut self, name: &str, ms: u64) -> Self {
        let (conn, env) = (self.conn(name), &mut self.world.env);
        env.net.stall(env.now, conn, ms);
        self
    }

    /// The device's program dies.
    #[must_use]
    pub fn kill(mut self, name: &str) -> Self {
        let index = self.index(name);
        self.world.with_device(index, Device::die);
        self
    }

    /// The device's program starts.
    #[must_use]
    pub fn start(mut self, name: &str) -> Self {
        let index = self.index(name);
        self.world.boot_device(index);
        self
    }

    /// The device follows one of the two organizations.
    #[must_use]
    pub fn focus(mut self, name: &str, org: usize) -> Self {
        let (index, org) = (self.index(name), self.orgs.get(org).copied());
        self.world.with_device(index, |device, env| device.focus(env, org));
        self
    }

    /// The server process dies, and comes back by itself.
    #[must_use]
    pub fn kill_server(mut self) -> Self {
        self.world.server.die(&mut self.world.env);
        self
    }

    /// The next commit meets a full disk.
    #[must_use]
    pub fn fill_disk(self) -> Self {
        self.world.server.arm(Next::DiskFull);
        self
    }

    /// The process dies with the next commit: durable, and nobody told.
    #[must_use]
    pub fn crash_after_next_sync(self) -> Self {
        self.world.server.arm(Next::CrashAfterSync);
        self
    }

    /// The process dies with the next commit, before it is durable.
    #[must_use]
    pub fn crash_before_next_sync(self) -> Self {
        self.world.server.arm(Next::CrashBeforeSync);
        self
    }

    /// All that is delivered from now on is lost on the bus.
    #[must_use]
    pub fn lose_deliveries(mut self) -> Self {
        self.world.env.chaos.lost = 100;
        self
    }

    /// How many commits the store has: for [`Self::restore`].
    #[must_use]
    pub const fn commits(&self) -> usize {
        self.world.server.commits()
    }

    /// The store is replaced by a backup that has the first commits only.
    #[must_use]
    pub fn restore(mut self, commits: usize) -> Self {
        let epoch = Epoch::from_bytes(self.world.env.rng.bytes16());
        self.world.server.restore(&mut self.world.env, commits, epoch);
        self
    }

    /// A device's session is revoked.
    #[must_use]
    pub fn revoke(mut self, name: &str) -> Self {
        let session = self.at(name).session;
        self.world.server.revoke(&mut self.world.env, session);
        self
    }

    /// Starts a call in the thread of the organization.
    #[must_use]
    pub fn calls(mut self, name: &str) -> Self {
        let thread = *self.world.threads.first().expect("a ward has threads");
        let call = some_call(&mut self.world.env);
        let start = CallStart { call, thread, callees: None, camera: false, confirmed: false };
        self.call = Some(call);
        self.dials(name, Request::CallStart(start))
    }

    /// Says something about the call.
    fn dials(mut self, name: &str, request: Request) -> Self {
        let index = self.index(name);
        self.world.with_device(index, |device, env| device.dial(env, request));
        self
    }

    fn the_call(&self) -> CallId {
        self.call.expect("a call was started")
    }

    /// Answers the call.
    #[must_use]
    pub fn answers(self, name: &str) -> Self {
        let call = self.the_call();
        self.dials(name, Request::CallJoin(CallJoin { call, camera: false }))
    }

    /// Declines it.
    #[must_use]
    pub fn declines(self, name: &str) -> Self {
        let call = self.the_call();
        self.dials(name, Request::CallDecline(CallDecline { call }))
    }

    /// Leaves it.
    #[must_use]
    pub fn hangs_up(self, name: &str) -> Self {
        let call = self.the_call();
        self.dials(name, Request::CallLeave(CallLeave { call }))
    }

    /// Ends it for all, or cancels it.
    #[must_use]
    pub fn cancels(self, name: &str) -> Self {
        let call = self.the_call();
        self.dials(name, Request::CallEnd(CallEnd { call }))
    }

    /// Whether anything rings on a device.
    #[must_use]
    pub fn rings(&self, name: &str) -> bool {
        !self.at(name).phone.ringing.is_empty()
    }

    /// Whether a device believes that it is in a call.
    #[must_use]
    pub fn talks(&self, name: &str) -> bool {
        self.at(name).phone.within.is_some()
    }

    /// What a device's requests about calls were refused with, in order.
    #[must_use]
    pub fn refused(&self, name: &str) -> &[ErrorCode] {
        &self.at(name).phone.refused
    }

    /// How the call stood when a device was last shown it.
    #[must_use]
    pub fn shown(&self, name: &str) -> Option<CallPhase> {
        self.at(name).phone.card.as_ref().map(|card| card.phase)
    }

    /// Calls that the server has.
    #[must_use]
    pub fn calls_open(&self) -> usize {
        self.world.server.desk().map_or(0, relais_call::Desk::len)
    }

    /// Nothing goes wrong any more, and time passes until all is quiet.
    #[must_use]
    pub fn settle(mut self) -> Self {
        self.world.settle();
        self
    }

    /// Entries a device has applied of an organization's stream since its snapshot.
    #[must_use]
    pub fn seen(&self, name: &str, org: usize) -> usize {
        let context = self.orgs.get(org).copied();
        self.at(name).disk.views.get(&context).map_or(0, |view| view.entries.len())
    }

    /// How often a device was told to read a snapshot.
    #[must_use]
    pub fn resyncs(&self, name: &str) -> u64 {
        self.at(name).resyncs
    }

    /// Messages of a device that the server acknowledged.
    #[must_use]
    pub fn acknowledged(&self, name: &str) -> usize {
        self.at(name).disk.acknowledged.values().map(Vec::len).sum()
    }

    /// The close code that keeps a device away.
    #[must_use]
    pub fn stopped(&self, name: &str) -> Option<CloseCode> {
        self.at(name).stopped
    }

    /// What the receipts of a device say for its organization's stream, in the store.
    #[must_use]
    pub fn receipt(&self, name: &str, tag: StreamTag) -> u64 {
        let device = self.at(name);
        let context = if tag == StreamTag::Org { device.disk.focus } else { None };
        let applied = self.world.server.store().read_blocking(relais_store::reads::AppliedOf(device.user));
        let rows = applied.expect("reads do not fail here");
        let mine = rows.iter().find(|(stream, id, _)| stream.context == context && *id == device.device);
        mine.map_or(0, |(_, _, seq)| seq.get())
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.world.counters()
    }

    /// Everything that must hold when all is quiet.
    pub fn assert_clean(&self) {
        oracle::assert_holds(&self.world);
    }
}
