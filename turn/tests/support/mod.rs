//! A relay and clients of it on one table: no socket, no clock.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong here may panic"
)]

use std::net::SocketAddr;

use relais_turn::auth::{Algorithm, Credentials, Key, Realm, RestSecret, SecretHash, userhash};
use relais_turn::policy::{Policy, Rule};
use relais_turn::wire::{AttributeType, Class, Message, Method, TransactionId, Writer, decode_xor_address};
use relais_turn::{
    Action, BindError, Client, Config, Effect, Now, RelayAddress, RelayId, Relays, Server, Transport,
};

pub(crate) const SECRET: &[u8] = b"a secret of enough bytes";
pub(crate) const START: Now = Now { ms: 1_000_000, unix_s: 1_800_000_000 };

pub(crate) fn addr(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(crate) fn udp(remote: &str) -> Client {
    Client { transport: Transport::Udp, remote: addr(remote), local: addr("203.0.113.5:3478") }
}

pub(crate) fn secret() -> RestSecret {
    RestSecret::new(SECRET, SecretHash::Sha1).expect("long enough")
}

pub(crate) fn credentials() -> Credentials {
    let users = Credentials::new().user("ada", "wonder land").and_then(|c| c.user("ben", "pass"));
    users.expect("plain names and passwords")
}

pub(crate) fn relays() -> Relays {
    let address = |ip: &str| {
        let ip = ip.parse().expect("an address");
        Some(RelayAddress { bind: ip, advertise: ip })
    };
    Relays { v4: address("203.0.113.5"), v6: address("2001:db8::5"), ports: 49_152..=65_535, bind: true }
}

/// A stand-alone server with two users and documentation addresses allowed as peers.
pub(crate) fn config() -> Config {
    let own = vec!["203.0.113.5".parse().expect("an address"), "2001:db8::5".parse().expect("an address")];
    let mut config = Config::standalone(Realm::new("relais", true).expect("short"), relays(), own);
    config.credentials = credentials();
    let allow = |prefix: &str| Rule::new(prefix.parse().expect("a prefix"), true);
    config.policy =
        config.policy.clone().with_rules(vec![allow("198.51.100.0/24"), allow("2001:db8:1::/48")]);
    config
}

/// A server that everybody in this process may be reached from, and nobody else.
pub(crate) fn embedded() -> Config {
    let mut config = Config::embedded(
        Realm::new("relais", true).expect("short"),
        vec![addr("203.0.113.9:3478")],
        &["203.0.113.9".parse().expect("an address")],
    );
    config.credentials = Credentials::new().secret(secret()).expect("one secret");
    config
}

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) now: Now,
    /// What the shell was asked to do besides answering and binding.
    pub(crate) effects: Vec<Effect>,
    /// Sockets that are open.
    pub(crate) open: Vec<(RelayId, SocketAddr)>,
    /// Outcomes of the next binds; then all succeed.
    pub(crate) binds: Vec<Result<(), BindError>>,
    replies: Vec<(Client, Vec<u8>)>,
    transactions: u64,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            server: Server::new(config, [7; 32], [9; 32]),
            now: START,
            effects: Vec::new(),
            open: Vec::new(),
            binds: Vec::new(),
            replies: Vec::new(),
            transactions: 0,
        }
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now = Now { ms: self.now.ms + seconds * 1_000, unix_s: self.now.unix_s + seconds };
        while self.server.next_timeout().is_some_and(|at| at <= self.now.ms) {
            self.server.timeout(self.now);
            self.drain();
        }
    }

    pub(crate) fn transaction(&mut self) -> TransactionId {
        self.transactions += 1;
        let mut id = [0xA5; 12];
        id[4..].copy_from_slice(&self.transactions.to_be_bytes());
        TransactionId(id)
    }

    pub(crate) fn receive(&mut self, client: Client, bytes: &[u8]) -> Action {
        let action = self.server.from_client(self.now, client, bytes);
        self.drain();
        action
    }

    pub(crate) fn drain(&mut self) {
        while let Some(effect) = self.server.poll() {
            match effect {
                Effect::Reply { client, bytes } => self.replies.push((client, bytes)),
                Effect::Bind { relay, local } => {
                    let outcome = if self.binds.is_empty() { Ok(()) } else { self.binds.remove(0) };
                    if outcome.is_ok() {
                        assert!(self.open.iter().all(|(_, other)| *other != local), "bound twice");
                        self.open.push((relay, local));
                    }
                    self.server.bound(self.now, relay, outcome);
                }
                Effect::Release { relay } => {
                    let before = self.open.len();
                    self.open.retain(|(open, _)| *open != relay);
                    assert_eq!(self.open.len() + 1, before, "released what was open");
                }
                other => self.effects.push(other),
            }
        }
        self.server.check();
    }

    /// The only reply there is, or none.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        assert!(self.replies.len() <= 1, "one reply at most");
        self.replies.pop().map(|(client, bytes)| Reply { client, bytes })
    }

    /// Sends an unsigned request.
    pub(crate) fn ask(
        &mut self,
        client: Client,
        method: Method,
        fill: impl FnOnce(&mut Writer<'_>),
    ) -> Option<Reply> {
        let id = self.transaction();
        let bytes = message(Class::Request, method, id, fill);
        assert_eq!(self.receive(client, &bytes), Action::Nothing);
        self.reply()
    }

    pub(crate) fn relay_of(&self, address: SocketAddr) -> RelayId {
        self.open.iter().find(|(_, local)| *local == address).expect("bound").0
    }
}

pub(crate) fn message(
    class: Class,
    method: Method,
    id: TransactionId,
    fill: impl FnOnce(&mut Writer<'_>),
) -> Vec<u8> {
    let mut buffer = vec![0; 70_000];
    let mut writer = Writer::new(&mut buffer, class, method, id);
    fill(&mut writer);
    writer.finish().expect("fits");
    writer.written().to_vec()
}

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) client: Client,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn message(&self) -> Message<'_> {
        Message::parse(&self.bytes).expect("replies are well-formed")
    }

    /// 0 for a success.
    pub(crate) fn code(&self) -> u16 {
        match self.message().class() {
            Class::Success => 0,
            _ => {
                let value = self.get(AttributeType::ERROR_CODE).expect("an error has a code");
                u16::from(value[2]) * 100 + u16::from(value[3])
            }
        }
    }

    pub(crate) fn get(&self, kind: AttributeType) -> Option<Vec<u8>> {
        self.message().get(kind).map(<[u8]>::to_vec)
    }

    pub(crate) fn relayed(&self) -> Vec<SocketAddr> {
        let message = self.message();
        message
            .attributes()
            .filter(|(kind, ..)| *kind == AttributeType::XOR_RELAYED_ADDRESS)
            .map(|(_, value, _)| decode_xor_address(value, message.transaction()).expect("an address"))
            .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// SHA-1 and nothing said about algorithms, as browsers.
    Old,
    /// SHA-256 all through.
    New,
    /// The same with a hashed name.
    Hidden,
}

/// A client that knows its password.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) nonce: Vec<u8>,
    pub(crate) style: Style,
}

impl Caller {
    pub(crate) fn new(remote: &str, name: &str, password: &str) -> Self {
        Self {
            client: udp(remote),
            name: name.into(),
            password: password.into(),
            nonce: Vec::new(),
            style: Style::Old,
        }
    }

    pub(crate) fn ada() -> Self {
        Self::new("192.0.2.1:40000", "ada", "wonder land")
    }

    pub(crate) fn rest(remote: &str, name: &str) -> Self {
        Self::new(remote, name, &secret().password(name))
    }

    /// Asks for a nonce.
    pub(crate) fn greet(&mut self, world: &mut World) {
        let reply = world
            .ask(self.client, Method::ALLOCATE, |w| {
                w.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
            })
            .expect("a challenge");
        assert_eq!(reply.code(), 401);
        self.nonce = reply.get(AttributeType::NONCE).expect("a nonce");
    }

    pub(crate) fn sign(&self, writer: &mut Writer<'_>) {
        let name = self.name.as_bytes();
        let algorithm = if self.style == Style::Old { Algorithm::Md5 } else { Algorithm::Sha256 };
        let key = Key::derive(algorithm, name, "relais", self.password.as_bytes());
        match self.style {
            Style::Old | Style::New => writer.attribute(AttributeType::USERNAME, name),
            Style::Hidden => writer.attribute(AttributeType::USERHASH, &userhash(name, "relais")),
        };
        writer.attribute(AttributeType::REALM, b"relais").attribute(AttributeType::NONCE, &self.nonce);
        if self.style == Style::Old {
            writer.integrity_sha1(key.as_bytes());
        } else {
            writer
                .attribute(AttributeType::PASSWORD_ALGORITHMS, &[0, 2, 0, 0, 0, 1, 0, 0])
                .attribute(AttributeType::PASSWORD_ALGORITHM, &[0, 2, 0, 0])
                .integrity_sha256(key.as_bytes());
        }
    }

    pub(crate) fn request(
        &self,
        world: &mut World,
        method: Method,
        fill: impl FnOnce(&mut Writer<'_>),
    ) -> Option<Reply> {
        world.ask(self.client, method, |writer| {
            fill(writer);
            self.sign(writer);
        })
    }

    /// A whole sign-in with an allocation of one IPv4 address.
    pub(crate) fn allocate(&mut self, world: &mut World) -> SocketAddr {
        let reply = self.try_allocate(world, |_| {}).expect("an answer");
        assert_eq!(reply.code(), 0);
        reply.relayed()[0]
    }

    pub(crate) fn try_allocate(
        &mut self,
        world: &mut World,
        fill: impl FnOnce(&mut Writer<'_>),
    ) -> Option<Reply> {
        if self.nonce.is_empty() {
            self.greet(world);
        }
        self.request(world, Method::ALLOCATE, |writer| {
            writer.attribute(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
            fill(writer);
        })
    }

    pub(crate) fn permit(&self, world: &mut World, peers: &[&str]) -> u16 {
        self.request(world, Method::CREATE_PERMISSION, |writer| {
            for peer in peers {
                writer.xor_address(AttributeType::XOR_PEER_ADDRESS, addr(peer));
            }
        })
        .expect("an answer")
        .code()
    }

    pub(crate) fn bind(&self, world: &mut World, number: u16, peer: &str) -> u16 {
        self.request(world, Method::CHANNEL_BIND, |writer| {
            let [n0, n1] = number.to_be_bytes();
            writer.attribute(AttributeType::CHANNEL_NUMBER, &[n0, n1, 0, 0]);
            writer.xor_address(AttributeType::XOR_PEER_ADDRESS, addr(peer));
        })
        .expect("an answer")
        .code()
    }

    pub(crate) fn refresh(&self, world: &mut World, seconds: u32) -> Reply {
        self.request(world, Method::REFRESH, |writer| {
            writer.attribute(AttributeType::LIFETIME, &seconds.to_be_bytes());
        })
        .expect("an answer")
    }

    pub(crate) fn send(&self, world: &mut World, peer: &str, payload: &[u8]) -> Action {
        let id = world.transaction();
        let bytes = message(Class::Indication, Method::SEND, id, |writer| {
            writer.xor_address(AttributeType::XOR_PEER_ADDRESS, addr(peer));
            writer.attribute(AttributeType::DATA, payload);
        });
        world.receive(self.client, &bytes)
    }
}

/// Everything may be reached: for tests about something else.
pub(crate) fn open_policy() -> Policy {
    Policy::public_internet(Vec::new()).with_rules(vec![
        Rule::new("0.0.0.0/0".parse().expect("a prefix"), true),
        Rule::new("::/0".parse().expect("a prefix"), true),
    ])
}
