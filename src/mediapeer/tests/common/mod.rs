//! A call on virtual time: participants and media rooms, and between them a network with delay, loss and narrow places.

#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a helper of tests: a panic is a failed test"
)]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use relais_mediapeer::{Config, MediaPeer, Output as PeerOutput, Received};
use relais_sfu::{
    Arrived, Carrier, Config as RoomsConfig, Input, Join, Left, Output, PeerNo, Refused, RoomNo, Sfu,
    Showing, SlotState, Stats, Tile,
};

/// Where the rooms are.
pub(crate) const ROOMS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 3_478);

/// The one room of most tests.
pub(crate) const WARD: RoomNo = RoomNo(1);

/// One way of a participant's path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// How long a datagram takes.
    pub(crate) delay: Duration,
    /// Of 1 000 datagrams, how many are lost.
    pub(crate) lost: u64,
    /// Octets a second, with a queue of half a second before it; none for as many as one likes.
    pub(crate) octets: Option<u64>,
    free_at: Option<Instant>,
}

impl Default for Link {
    fn default() -> Self {
        Self { delay: Duration::from_millis(10), lost: 0, octets: None, free_at: None }
    }
}

struct Member {
    peer: MediaPeer,
    address: SocketAddr,
    up: Link,
    down: Link,
    wake: Instant,
    slots: Vec<SlotState>,
}

enum Flying {
    Up { source: SocketAddr, octets: Vec<u8> },
    Down { to: SocketAddr, octets: Vec<u8> },
}

/// The world.
pub(crate) struct Call {
    pub(crate) rooms: Sfu,
    pub(crate) now: Instant,
    members: BTreeMap<PeerNo, Member>,
    flying: BTreeMap<(Instant, u64), Flying>,
    flown: u64,
    wake: Option<Instant>,
    dice: u64,
    pub(crate) refused: Vec<(PeerNo, Refused)>,
    pub(crate) left: Vec<(PeerNo, Left)>,
    pub(crate) lost: Vec<PeerNo>,
    pub(crate) speakers: Vec<PeerNo>,
    pub(crate) watched: Vec<Output>,
    pub(crate) dropped: u64,
    answers: Vec<(PeerNo, String)>,
}

impl Call {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With another configuration of the rooms.
    pub(crate) fn with(change: impl FnOnce(&mut RoomsConfig)) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the moment the virtual clock starts from")]
        let now = Instant::now();
        let mut config =
            RoomsConfig { addresses: vec![(Carrier::Udp, ROOMS)], dangerous_forward_unsealed: false };
        change(&mut config);
        Self {
            rooms: Sfu::new(config, now).unwrap(),
            now,
            members: BTreeMap::new(),
            flying: BTreeMap::new(),
            flown: 0,
            wake: None,
            dice: 4_711,
            refused: Vec::new(),
            left: Vec::new(),
            lost: Vec::new(),
            speakers: Vec::new(),
            watched: Vec::new(),
            dropped: 0,
            answers: Vec::new(),
        }
    }

    /// A participant with voice, camera in three layers, and slots for everything.
    pub(crate) fn config(no: u64) -> Config {
        Config {
            address: address(no, 1),
            sender: u32::try_from(no).unwrap(),
            base_key: key(no),
            camera_layers: 3,
            voice: true,
            screen: false,
            camera_slots: 4,
            voice_slots: 3,
        }
    }

    /// Somebody joins; everybody learns everybody's key.
    pub(crate) fn join(&mut self, no: u64) -> PeerNo {
        self.join_with(no, Self::config(no))
    }

    pub(crate) fn join_with(&mut self, no: u64, config: Config) -> PeerNo {
        self.join_in(no, config, WARD)
    }

    pub(crate) fn join_in(&mut self, no: u64, config: Config, room: RoomNo) -> PeerNo {
        let (mut peer, offer) = MediaPeer::new(&config, self.now).unwrap();
        for (other, member) in &mut self.members {
            peer.learn(u32::try_from(other.0).unwrap(), 0, &key(other.0));
            member.peer.learn(u32::try_from(no).unwrap(), 0, &key(no));
        }
        let join = join(PeerNo(no), room, offer);
        self.add(PeerNo(no), peer, config.address, join)
    }

    /// A participant that was made elsewhere joins.
    pub(crate) fn add(&mut self, no: PeerNo, peer: MediaPeer, address: SocketAddr, join: Join) -> PeerNo {
        let (up, down) = (Link::default(), Link::default());
        self.members.insert(no, Member { peer, address, up, down, wake: self.now, slots: Vec::new() });
        self.tell(Input::Join(Box::new(join)));
        no
    }

    pub(crate) fn peer(&mut self, no: PeerNo) -> &mut MediaPeer {
        &mut self.members.get_mut(&no).unwrap().peer
    }

    /// Changes a path, both ways.
    pub(crate) fn path(&mut self, no: PeerNo, change: impl Fn(&mut Link)) {
        let member = self.members.get_mut(&no).unwrap();
        change(&mut member.up);
        change(&mut member.down);
    }

    /// Changes a path, to the participant only.
    pub(crate) fn path_down(&mut self, no: PeerNo, change: impl Fn(&mut Link)) {
        change(&mut self.members.get_mut(&no).unwrap().down);
    }

    /// Somebody goes on from another address.
    pub(crate) fn move_to(&mut self, no: PeerNo, place: u8) {
        let member = self.members.get_mut(&no).unwrap();
        member.address = address(no.0, place);
        let offer = member.peer.move_to(member.address).unwrap();
        self.tell(Input::Offer { peer: no, offer });
    }

    /// Tells the rooms something, and does what they want done.
    pub(crate) fn tell(&mut self, input: Input<'_>) {
        self.rooms.handle(self.now, input);
        self.settle();
    }

    pub(crate) fn view(&mut self, of: PeerNo, tiles: &[Tile]) {
        self.tell(Input::View { peer: of, tiles: tiles.to_vec() });
    }

    /// An octet string from somewhere.
    pub(crate) fn inject(&mut self, source: SocketAddr, octets: &[u8]) {
        let arrived = Arrived { carrier: Carrier::Udp, source, destination: ROOMS, octets };
        self.tell(Input::Datagram(arrived));
    }

    pub(crate) fn stats(&self) -> Stats {
        self.rooms.stats()
    }

    /// What a participant's slots show.
    pub(crate) fn showing(&self, no: PeerNo) -> Vec<Showing> {
        self.members.get(&no).unwrap().slots.iter().map(|slot| slot.showing).collect()
    }

    /// What a participant received of somebody's pictures.
    pub(crate) fn pictures(&mut self, of: PeerNo, from: PeerNo) -> Received {
        self.received(of, from, true)
    }

    /// What a participant received of somebody's voice.
    pub(crate) fn voice(&mut self, of: PeerNo, from: PeerNo) -> Received {
        self.received(of, from, false)
    }

    fn received(&mut self, of: PeerNo, from: PeerNo, picture: bool) -> Received {
        let member = self.members.get(&of).unwrap();
        let shows = |slot: &&SlotState| match slot.showing {
            Showing::Nothing => false,
            Showing::Voice { of } => of == from && !picture,
            Showing::Picture { of, .. } => of == from && picture,
        };
        let slot = member.slots.iter().find(shows).map(|slot| slot.mid.clone()).unwrap_or_default();
        let mut received = member.peer.received().filter(|(mid, _)| *mid == slot);
        received.next().map(|(_, received)| received.clone()).unwrap_or_default()
    }

    /// Everything that a participant received, in all slots.
    pub(crate) fn all(&mut self, of: PeerNo) -> Vec<Received> {
        self.peer(of).received().map(|(_, received)| received.clone()).collect()
    }

    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
        self.now = end;
    }

    pub(crate) fn run_s(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    /// Runs until something is so; not longer than this.
    pub(crate) fn until(&mut self, span: Duration, is: impl Fn(&mut Self) -> bool) -> bool {
        let end = self.now + span;
        while self.now < end {
            if is(self) {
                return true;
            }
            self.run(Duration::from_millis(10));
        }
        is(self)
    }

    /// The next thing that happens.
    fn step(&mut self, end: Instant) -> bool {
        let flies = self.flying.first_key_value().map(|((at, _), _)| *at);
        let wakes = self.members.values().map(|member| member.wake).min();
        let Some(at) = [flies, wakes, self.wake].into_iter().flatten().min().filter(|at| *at <= end) else {
            return false;
        };
        self.now = self.now.max(at);
        if self.wake.is_some_and(|wake| wake <= self.now) {
            self.rooms.handle(self.now, Input::Timeout);
        }
        // what arrives at one moment is one batch
        while let Some(first) = self.flying.first_entry().filter(|first| first.key().0 <= self.now) {
            match first.remove() {
                Flying::Up { source, octets } => {
                    let arrived =
                        Arrived { carrier: Carrier::Udp, source, destination: ROOMS, octets: &octets };
                    self.rooms.handle(self.now, Input::Datagram(arrived));
                }
                Flying::Down { to, octets } => {
                    let now = self.now;
                    for member in self.members.values_mut().filter(|member| member.address == to) {
                        member.peer.datagram(now, ROOMS, &octets);
                    }
                }
            }
        }
        for member in self.members.values_mut().filter(|member| member.wake <= self.now) {
            member.peer.handle(self.now);
        }
        self.settle();
        true
    }

    /// Does what everybody wants done.
    fn settle(&mut self) {
        loop {
            match self.rooms.poll() {
                Output::Wait(wake) => {
                    // strictly forward: whoever is due now is asked again a moment later
                    self.wake = wake.map(|wake| wake.max(self.now + Duration::from_micros(100)));
                    break;
                }
                output => self.act(output),
            }
        }
        self.rooms.check();
        for (no, answer) in std::mem::take(&mut self.answers) {
            if let Some(member) = self.members.get_mut(&no) {
                member.peer.answer(&answer).unwrap();
            }
        }
        let mut sent = Vec::new();
        for (no, member) in &mut self.members {
            loop {
                match member.peer.poll() {
                    PeerOutput::Wait(wake) => {
                        member.wake = wake.max(self.now + Duration::from_micros(100));
                        break;
                    }
                    PeerOutput::Send(datagram) => sent.push((*no, datagram)),
                }
            }
        }
        for (no, datagram) in sent {
            let source = self.members.get(&no).unwrap().address;
            let dice = self.roll();
            let member = self.members.get_mut(&no).unwrap();
            let at = member.up.carry(self.now, datagram.octets.len(), dice);
            self.fly(at, Flying::Up { source, octets: datagram.octets });
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Send(datagram) => {
                let (to, dice) = (datagram.destination, self.roll());
                let now = self.now;
                let member = self.members.values_mut().find(|member| member.address == to);
                let at = member.and_then(|member| member.down.carry(now, datagram.octets.len(), dice));
                self.fly(at, Flying::Down { to, octets: datagram.octets });
            }
            Output::Answer { peer, answer } => self.answers.push((peer, answer)),
            Output::Refused { peer, reason } => self.refused.push((peer, reason)),
            Output::Left { peer, why, .. } => self.left.push((peer, why)),
            Output::Lost { peer } => self.lost.push(peer),
            Output::Slots { peer, slots } => {
                if let Some(member) = self.members.get_mut(&peer) {
                    member.slots = slots;
                }
            }
            Output::Speaker { peer, .. } => self.speakers.push(peer),
            Output::Watched { .. } => self.watched.push(output),
            Output::Connected { .. } | Output::Wait(_) => {}
        }
    }

    fn fly(&mut self, at: Option<Instant>, what: Flying) {
        match at {
            None => self.dropped += 1,
            Some(at) => {
                self.flown += 1;
                self.flying.insert((at, self.flown), what);
            }
        }
    }

    /// 0 to 999, the same in every run (xorshift).
    fn roll(&mut self) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % 1_000
    }
}

impl Link {
    /// When a datagram arrives, if it does.
    fn carry(&mut self, now: Instant, octets: usize, dice: u64) -> Option<Instant> {
        if dice < self.lost {
            return None;
        }
        let Some(rate) = self.octets else { return Some(now + self.delay) };
        let free = self.free_at.map_or(now, |free| free.max(now));
        if free > now + Duration::from_millis(500) {
            return None;
        }
        let takes = Duration::from_micros(u64::try_from(octets).unwrap() * 1_000_000 / rate);
        self.free_at = Some(free + takes);
        Some(free + takes + self.delay)
    }
}

pub(crate) fn join(peer: PeerNo, room: RoomNo, offer: String) -> Join {
    Join { peer, room, origin: address(peer.0, 1).ip(), sender: u32::try_from(peer.0).unwrap(), offer }
}

pub(crate) fn key(no: u64) -> [u8; 32] {
    [u8::try_from(no).unwrap(); 32]
}

pub(crate) fn address(no: u64, place: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, place, u8::try_from(no).unwrap()], 5_000))
}

pub(crate) fn tile(of: PeerNo, height: u16) -> Tile {
    Tile { of, picture: relais_sfu::Picture::Camera, height, pinned: false }
}
