//! The whole relay: its shards, started together, told together.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use relais_turn::{Relays, Server, Sha256Mode};
use relais_udp::{Engine, Options, Socket};
use socket2::{Domain, Protocol, SockAddr, Type};

use crate::config::{Config, ports_of};
use crate::limits::PORT_BUFFER;
use crate::metrics::Sum;
use crate::shard::{Command, Handle, Reload, Shard, Sockets};

/// Streams that wait to be taken, for each listener; the kernel has a bound of its own.
const BACKLOG: i32 = 1_024;

/// Time for a shard to say how it is: it looks at its commands whenever it wakes, which is at once.
const ANSWER: Duration = Duration::from_secs(2);

/// Why the relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port.
    #[error("{option}: {source}")]
    Port {
        /// Which option names it.
        option: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Threads or polls.
    #[error("the system gives no thread or poll: {0}")]
    System(#[from] io::Error),
    /// The system's randomness.
    #[error("the system gives no randomness")]
    Randomness,
}

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    shards: Vec<(Handle, JoinHandle<io::Result<()>>)>,
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    engine: Engine,
}

impl Relay {
    /// Binds the ports and starts the shards.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: &Config) -> Result<Self, StartError> {
        let engine = if config.portable { Engine::portable() } else { Engine::detect() };
        let nonce_key = random()?;
        let (mut udp, mut tcp) = (config.udp.clone(), config.tcp.clone());
        let mut shards = Vec::new();
        for at in 0..config.shards {
            // The first shard learns the numbers of ports that were left to the system; the others take the same.
            let sockets = bind(engine, &mut udp, &mut tcp)?;
            let server = Server::new(core_config(config, engine, at), random()?, nonce_key);
            let (shard, handle) = Shard::new(server, engine, sockets, config.current.tls.clone())?;
            let thread = std::thread::Builder::new().name(format!("shard {at}"));
            shards.push((handle, thread.spawn(move || shard.run())?));
        }
        Ok(Self { shards, udp, tcp, engine })
    }

    /// The UDP ports, with their numbers where these were left to the system.
    #[must_use]
    pub fn udp(&self) -> &[SocketAddr] {
        &self.udp
    }

    /// The TCP ports, likewise.
    #[must_use]
    pub fn tcp(&self) -> &[SocketAddr] {
        &self.tcp
    }

    /// How datagrams are moved.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether every shard runs. One that ended takes its clients with it: the program is then to be started again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shards.iter().all(|(_, thread)| !thread.is_finished())
    }

    /// Hands new credentials, policy, quotas and certificate to every shard.
    pub fn reload(&self, reload: &Reload) {
        self.tell(|| Command::Reload(Box::new(reload.clone())));
    }

    /// Takes no new allocations and streams; those that are go on.
    pub fn drain(&self) {
        self.tell(|| Command::Drain);
    }

    fn tell(&self, command: impl Fn() -> Command) {
        for (handle, _) in &self.shards {
            if handle.tell(command()).is_err() {
                tracing::error!("a shard does not listen");
            }
        }
    }

    /// The sum of what the shards say of themselves.
    #[must_use]
    pub fn report(&self) -> Sum {
        let (sender, reports) = sync_channel(self.shards.len());
        self.tell(|| Command::Report(sender.clone()));
        drop(sender);
        let mut sum = Sum::default();
        while let Ok(report) = reports.recv_timeout(ANSWER) {
            sum.add(&report);
        }
        sum
    }

    /// Ends every shard and waits for their threads. Allocations end with them.
    pub fn stop(self) {
        self.tell(|| Command::Stop);
        for (_, thread) in self.shards {
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(kind = %error.kind(), "a shard could not go on"),
                Err(_) => tracing::error!("a shard has panicked"),
            }
        }
    }
}

/// The sockets of one shard. Addresses with port 0 get the number that the system chose.
fn bind(engine: Engine, udp: &mut [SocketAddr], tcp: &mut [SocketAddr]) -> Result<Sockets, StartError> {
    let options = Options {
        shared: true,
        receive_buffer: Some(PORT_BUFFER),
        send_buffer: Some(PORT_BUFFER),
        ..Options::default()
    };
    let mut sockets = Sockets { udp: Vec::new(), tcp: Vec::new() };
    for address in udp {
        let socket = Socket::bind(engine, *address, options)
            .map_err(|source| StartError::Port { option: "listen.udp", source })?;
        *address = socket.local();
        sockets.udp.push(socket);
    }
    for address in tcp {
        let listener =
            listen(*address).map_err(|source| StartError::Port { option: "listen.tcp", source })?;
        *address = listener.local_addr()?;
        sockets.tcp.push(listener);
    }
    Ok(sockets)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// What one shard's core is told: the same as all others, but a share of the ports of its own.
fn core_config(config: &Config, engine: Engine, shard: usize) -> relais_turn::Config {
    let ports = ports_of(&config.relays.ports, shard, config.shards);
    let relays = Relays { ports, ..config.relays.clone() };
    relais_turn::Config {
        sha256: if config.sha256 { Sha256Mode::Offered } else { Sha256Mode::Off },
        credentials: config.current.credentials.clone(),
        policy: config.current.policy.clone(),
        quotas: config.current.quotas,
        rfc5766_channels: config.rfc5766_channels,
        dont_fragment: engine.can_forbid_fragments(),
        lifetime_max_s: config.lifetime_s,
        end_at_expiry: config.end_at_expiry,
        ..relais_turn::Config::standalone(config.realm.clone(), relays, Vec::new())
    }
}

fn random() -> Result<[u8; 32], StartError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| StartError::Randomness)?;
    Ok(bytes)
}
