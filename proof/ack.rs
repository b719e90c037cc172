//! How long a whole server takes to acknowledge a message: from a socket through every check, the commit and its
//! sync, back to the socket.
//!
//! The server is the built program, a process of its own on loopback with its data in a temporary folder. People
//! register through the client library, each opens a thread with the next, and seals their messages beforehand,
//! so that sealing is not measured. Then each sends over a socket of their own: message *k* belongs to socket
//! *k* modulo their number, and its time is drawn beforehand (exponential gaps from a fixed seed), whatever the
//! server does: an open loop. A socket has one message under way, as the clients do for one thread, so that a late
//! acknowledgement makes what waits behind it late too. The latency counts from the time a message was *due*, not
//! from when it could be sent: a server that stalls is charged for everything that was due meanwhile. Each
//! message is also pushed to the other person's socket, as it always is.
//!
//! The measuring program runs on the same machine; its own work is in the figures. The disk's own floor is
//! measured first, at the same rate in the same folder: an append and its sync, and nothing else.
//!
//! Not known here: what a figure on another machine would be.

mod floor;
mod pace;
mod socket;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Http, Registration, mailbox};
use relais_e2ee::body::Body;
use relais_wire::account::Locale;
use relais_wire::ids::{IdemKey, ThreadId};
use relais_wire::threads::{Append, SignedEntry};
use relais_wire::{Private, Request};
use tokio::sync::Barrier;

use crate::server::Server;
use crate::{clock, say, task};
use pace::Pacer;
use socket::{Due, Measured, Socket};

/// What the slowest hundredth may take, in microseconds.
const GOAL_US: u64 = 8_000;

/// Messages of the beginning that are sent and not counted, for each hundred that are: caches fill.
const WARM_UP_PERCENT: usize = 10;

/// Characters of a message: a long sentence.
const TEXT: usize = 160;

/// How hard, and for how long.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Messages a second, all sockets together.
    #[arg(long, default_value_t = 1_000)]
    pub rate: u32,
    /// Seconds that are counted.
    #[arg(long, default_value_t = 20)]
    pub seconds: u32,
    /// Sockets, each of another person.
    #[arg(long, default_value_t = 32)]
    pub sockets: usize,
    /// File for the figures; where it holds an object already, they are added to it.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl Plan {
    /// The short form for the ordinary test run: everything happens, and no goal is set.
    #[must_use]
    pub fn quick(self) -> Self {
        Self { rate: 50, seconds: 1, sockets: 3, ..self }
    }

    fn counted(&self) -> usize {
        usize::try_from(u64::from(self.rate) * u64::from(self.seconds)).unwrap_or(usize::MAX)
    }

    /// Appends that measure the disk alone: those of the first quarter.
    fn floor(&self) -> usize {
        self.counted().div_ceil(4)
    }

    fn warm_up(&self) -> usize {
        self.counted() * WARM_UP_PERCENT / 100
    }
}

/// Measures, and says whether everything was acknowledged and the goal reached; the quick form has no goal.
///
/// # Errors
/// The server or a person could not be started.
pub async fn run(program: &Path, plan: Plan, quick: bool) -> Result<bool> {
    let plan = if quick { plan.quick() } else { plan };
    ensure!(plan.sockets >= 2, "two people at least");
    if cfg!(debug_assertions) && !quick {
        say::line("note: this is a debug build; its figures say nothing about a release");
    }
    let mut server = Server::start(program, &[("RELAIS_LOG_LEVEL", "info")]).await?;
    say::progress(&format!("{} people register and seal {} messages …", plan.sockets, plan.counted()));
    let people = people(&server, plan.sockets).await?;
    let sockets = prepare(&server, people, &plan).await?;
    say::progress(&format!("the disk's floor, then {} messages/s for {} s …", plan.rate, plan.seconds));
    let before = load();
    let (folder, alone) = (server.data_dir(), arrivals(plan.rate, plan.floor()));
    let floor = tokio::task::spawn_blocking(move || floor::measure(&folder, &alone)).await??;
    let measured = measure(sockets, &plan).await?;
    let after = load();
    server.stop().await?;
    report(&plan, measured, floor, [before, after], quick)
}

/// Somebody with a thread.
struct Person {
    client: Client,
    http: Http,
    thread: ThreadId,
}

async fn people(server: &Server, count: usize) -> Result<Vec<Person>> {
    let origin = format!("http://{}", server.address());
    let mut clients = Vec::new();
    for number in 0..count {
        let http = Http::new(&origin, None)?;
        let token = if number == 0 { Some(hex::decode(server.setup_token()?)?) } else { None };
        clients.push((register(&http, number, token).await?, http));
    }
    let users: Vec<_> = clients.iter().map(|(client, _)| client.user()).collect();
    let mut people = Vec::new();
    for ((mut client, http), next) in clients.into_iter().zip(users.iter().cycle().skip(1)) {
        let thread = client.create_thread(None, &[Who::Person(*next)], "", "").await.context("a thread")?;
        people.push(Person { client, http, thread });
    }
    Ok(people)
}

async fn register(http: &Http, number: usize, token: Option<Vec<u8>>) -> Result<Client> {
    let email = format!("person{number}@relais.example");
    let new = Registration {
        email: Private(email.clone()),
        name: Private(format!("Person {number}")),
        password: "correct horse battery staple".to_owned().into(),
        locale: Locale::En,
        token,
    };
    let before = mailbox::newest(http, &email).await?;
    let code = async || mailbox::code(http, &email, before).await;
    Ok(Client::register(http.clone(), None, new, code).await?.0)
}

/// Everybody's messages, sealed and encoded, and a socket for each that is live.
async fn prepare(server: &Server, people: Vec<Person>, plan: &Plan) -> Result<Vec<(Socket, Vec<Vec<u8>>)>> {
    let each = (plan.counted() + plan.warm_up()).div_ceil(people.len());
    let bodies: Vec<_> = (0..each).map(|number| Body::text(text(number))).collect();
    let mut sockets = Vec::new();
    for mut person in people {
        let entries = person.client.seal_ahead(person.thread, &bodies).await?;
        let frames = frames(person.thread, entries);
        let credentials = person.http.credentials().context("signed in")?;
        sockets.push((Socket::open(server.address(), &credentials).await?, frames));
    }
    Ok(sockets)
}

fn text(number: usize) -> String {
    format!("{number:05} ").chars().cycle().take(TEXT).collect()
}

fn frames(thread: ThreadId, entries: Vec<SignedEntry>) -> Vec<Vec<u8>> {
    let frame = |(number, entry): (u64, SignedEntry)| {
        let mut idem = *thread.as_bytes();
        for (byte, of_number) in idem.iter_mut().rev().zip(number.to_le_bytes()) {
            *byte = of_number;
        }
        let append = Append { idem: IdemKey::from_bytes(idem), thread, entries: vec![entry] };
        Request::Append(append).encode(number)
    };
    (socket::FIRST_ID..).zip(entries).map(frame).collect()
}

/// When each message is due, from the beginning: exponential gaps, the same in every run.
fn arrivals(rate: u32, count: usize) -> Vec<Duration> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut at = 0.0_f64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // 32 bits, never zero: its logarithm is finite.
        let high = u32::try_from(state >> 32).unwrap_or(u32::MAX);
        (f64::from(high) + 1.0) / (f64::from(u32::MAX) + 1.0)
    };
    let gap = |draw: f64| -draw.ln() / f64::from(rate);
    (0..count)
        .map(|_| {
            at += gap(next());
            Duration::from_secs_f64(at)
        })
        .collect()
}

async fn measure(sockets: Vec<(Socket, Vec<Vec<u8>>)>, plan: &Plan) -> Result<Vec<Measured>> {
    let arrivals = arrivals(plan.rate, plan.counted() + plan.warm_up());
    let together = Arc::new(Barrier::new(sockets.len() + 1));
    let (begin, begun) = tokio::sync::watch::channel(None);
    let mut running = Vec::new();
    let (count, warm_up) = (sockets.len(), plan.warm_up());
    let (pacer, beats) = Pacer::new(count, arrivals.len().div_ceil(count));
    for ((place, (socket, frames)), beats) in sockets.into_iter().enumerate().zip(beats) {
        let mine = arrivals.iter().enumerate().skip(place).step_by(count);
        let dues: Vec<_> = mine
            .zip(frames)
            .map(|((number, after), frame)| Due { after: *after, counts: number >= warm_up, frame })
            .collect();
        let (together, mut begun) = (Arc::clone(&together), begun.clone());
        running.push(task::spawn("socket", async move {
            together.wait().await;
            let start = *begun.wait_for(Option::is_some).await?;
            socket.run(start.context("a start")?, dues, beats).await
        }));
    }
    together.wait().await;
    let start = clock::now();
    begin.send_replace(Some(start));
    let pacer = pacer.begin(start, arrivals)?;
    let mut measured = Vec::new();
    for one in running {
        measured.push(one.await??);
    }
    pacer.join().map_err(|_| anyhow::anyhow!("the thread that keeps time failed"))?;
    Ok(measured)
}

/// The machine's load over the last minute, where it can be read.
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn report(
    plan: &Plan,
    measured: Vec<Measured>,
    mut floor: Vec<u64>,
    load: [Option<f64>; 2],
    quick: bool,
) -> Result<bool> {
    let mut all = Measured::default();
    for one in measured {
        all.add(one);
    }
    let sent = all.due_us.len() + all.refused;
    let whole = all.refused == 0 && sent == plan.counted();
    let [p50, p99] = [50, 99].map(|percent| clock::percentile(&mut all.due_us, percent));
    let [sent_p50, sent_p99] = [50, 99].map(|percent| clock::percentile(&mut all.sent_us, percent));
    let [floor_p50, floor_p99] = [50, 99].map(|percent| clock::percentile(&mut floor, percent));
    let longest = all.due_us.iter().max().copied().unwrap_or(0);
    let reached = p99 <= GOAL_US;
    let ms = |us: u64| format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10);
    say::line(&format!(
        "\nwhole server, {} messages/s for {} s (random arrivals), {} sockets, each message to 2 people",
        plan.rate, plan.seconds, plan.sockets
    ));
    say::figure("acknowledged durably", format!("{} of {}", all.due_us.len(), plan.counted()));
    say::figure("refused", all.refused);
    say::figure("pushed to sockets meanwhile", all.pushed);
    say::figure("acknowledged after it was due: p50", ms(p50));
    say::figure("acknowledged after it was due: p99", ms(p99));
    say::figure("acknowledged after it was due: longest", ms(longest));
    say::figure("acknowledged after it was sent: p50", ms(sent_p50));
    say::figure("acknowledged after it was sent: p99", ms(sent_p99));
    say::figure(
        "the disk alone, append + fdatasync: p50, p99",
        format!("{}, {}", ms(floor_p50), ms(floor_p99)),
    );
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let shown = load.map(|load| load.map_or_else(|| "?".to_owned(), |load| format!("{load:.2}")));
    say::figure("machine: load before, after", format!("{} on {cores} cores", shown.join(", ")));
    if !quick {
        let words = if reached { "reached" } else { "missed" };
        say::line(&format!("p99 {} (goal {}): {words}", ms(p99), ms(GOAL_US)));
    }
    if let Some(path) = &plan.json {
        let figures = serde_json::json!({
            "rate": plan.rate, "seconds": plan.seconds, "sockets": plan.sockets,
            "acknowledged": all.due_us.len(), "refused": all.refused, "pushed": all.pushed,
            "due_p50_us": p50, "due_p99_us": p99, "due_max_us": longest,
            "sent_p50_us": sent_p50, "sent_p99_us": sent_p99,
            "floor_p50_us": floor_p50, "floor_p99_us": floor_p99,
            "load": load, "cores": cores, "goal_us": GOAL_US, "reached": reached,
        });
        add_to(path, figures)?;
    }
    Ok(whole && (quick || reached))
}

/// Puts the figures beside those of another measurement in the same file.
fn add_to(path: &Path, figures: serde_json::Value) -> Result<()> {
    let there = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut all: serde_json::Map<String, serde_json::Value> = there.unwrap_or_default();
    all.insert("server".to_owned(), figures);
    Ok(std::fs::write(path, serde_json::to_vec_pretty(&all)?)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::arrivals;

    #[test]
    fn arrivals_come_at_their_rate_and_in_no_step() {
        let all = arrivals(1_000, 20_000);
        let last = all.last().expect("there are some").as_secs_f64();
        assert!((19.0..21.0).contains(&last), "{last}");
        assert!(all.is_sorted());
        let gaps: Vec<_> = all.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(gaps.iter().any(|gap| *gap > Duration::from_millis(5)));
        assert!(gaps.iter().any(|gap| *gap < Duration::from_micros(20)));
        assert_eq!(all, arrivals(1_000, 20_000));
    }
}
