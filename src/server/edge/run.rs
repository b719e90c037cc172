//! The listener and the threads of the shards.
//!
//! Not known here: when to stop; the server's life is elsewhere.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

use super::connection::{NewConnection, Passes, serve};
use super::{Edge, http};
use crate::directory::ToShard;
use crate::metrics::{Caught, Turned};
use crate::shard::Shard;
use crate::task::spawn_local;

/// Connections the kernel holds until they are accepted: a ward that comes back after a switch's restart.
const BACKLOG: i32 = 4_096;

/// Connections waiting for their shard.
const HANDOVER_QUEUE: usize = 1_024;

/// Silence after which the kernel asks whether the peer is still there, and how often it asks.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

/// Pause after an accept that failed: the process is out of file descriptors, and others must give some back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Opens the listener.
///
/// # Errors
/// What the operating system says.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The threads of the shards.
pub(crate) struct Shards {
    handover: Vec<mpsc::Sender<NewConnection>>,
    threads: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Shards {
    /// Starts a thread for each inbox.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn start(edge: &Arc<Edge>, inboxes: Vec<mpsc::Receiver<ToShard>>) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut shards = Self { handover: Vec::new(), threads: Vec::new(), stop };
        for (index, inbox) in inboxes.into_iter().enumerate() {
            let (handover, arrivals) = mpsc::channel(HANDOVER_QUEUE);
            let (edge, stopped) = (Arc::clone(edge), stopped.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = std::thread::Builder::new().name(format!("shard-{index}")).spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, run_shard(index, edge, inbox, arrivals, stopped));
            })?;
            shards.handover.push(handover);
            shards.threads.push(thread);
        }
        Ok(shards)
    }

    /// Where the shards take new connections from.
    pub(crate) fn handover(&self) -> Vec<mpsc::Sender<NewConnection>> {
        self.handover.clone()
    }

    /// Ends the threads; what is still connected is cut off.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for Shards {
    /// Also where starting them failed half-way: their threads hold the store.
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("the thread of a shard ended by a panic");
            }
        }
    }
}

async fn run_shard(
    index: usize,
    edge: Arc<Edge>,
    inbox: mpsc::Receiver<ToShard>,
    mut arrivals: mpsc::Receiver<NewConnection>,
    mut stopped: watch::Receiver<bool>,
) {
    let router = http::router(Arc::clone(&edge));
    let shard = Shard::new(index, edge);
    let count = |shard: &Rc<Shard>| {
        let shard = Rc::clone(shard);
        move || shard.edge.app.metrics.panic(Caught::Shard)
    };
    spawn_local(Rc::clone(&shard).listen(inbox), count(&shard));
    spawn_local(Rc::clone(&shard).keep_time(), count(&shard));
    let serving = async {
        while let Some(new) = arrivals.recv().await {
            begin(&shard, &router, new);
        }
        core::future::pending::<()>().await;
    };
    tokio::select! {
        () = serving => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

fn begin(shard: &Rc<Shard>, router: &Router, new: NewConnection) {
    let failed = Rc::clone(shard);
    spawn_local(serve(Rc::clone(shard), router.clone(), new), move || {
        failed.edge.app.metrics.panic(Caught::Connection);
    });
}

/// Accepts connections and hands them to the shards in turn, until the future is dropped.
#[expect(clippy::infinite_loop, reason = "ends by being dropped")]
pub(crate) async fn accept(edge: Arc<Edge>, listener: TcpListener, shards: Vec<mpsc::Sender<NewConnection>>) {
    let mut turn = (0..shards.len()).cycle();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(passes) = enter(&edge, peer) else { continue };
        let Ok(stream) = prepare(stream) else { continue };
        let next = turn.next().and_then(|index| shards.get(index));
        // A shard that does not keep up turns connections away: they come back.
        if next.is_none_or(|shard| shard.try_send(NewConnection { stream, peer, passes }).is_err()) {
            edge.app.metrics.turned(Turned::Full);
        }
    }
}

fn enter(edge: &Edge, peer: SocketAddr) -> Option<Passes> {
    let Some(connection) = edge.connections.enter() else {
        edge.app.metrics.turned(Turned::Full);
        return None;
    };
    let Some(handshake) = edge.handshakes.enter() else {
        edge.app.metrics.turned(Turned::Handshakes);
        return None;
    };
    let address = peer.ip().to_canonical();
    let share = if edge.trusted_proxies.contains(&address) {
        None
    } else {
        let share = edge.handshakes_of.enter(edge.client_key(address));
        if share.is_none() {
            edge.app.metrics.turned(Turned::Handshakes);
            return None;
        }
        share
    };
    Some(Passes { connection, handshake, share })
}

fn prepare(stream: tokio::net::TcpStream) -> io::Result<std::net::TcpStream> {
    stream.set_nodelay(true)?;
    let (silence, interval) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(silence).with_interval(interval);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    stream.into_std()
}
