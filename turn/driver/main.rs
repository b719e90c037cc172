//! The `relais-turn` program.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use relais_turn_driver::config::{Config, options};
use relais_turn_driver::relay::Relay;
use relais_turn_driver::{logs, metrics};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often a draining relay is looked at, and a running one for a thread that has ended.
const LOOK: Duration = Duration::from_millis(500);

const MANUAL: &str = "\
DESCRIPTION
    relais-turn relays media for clients that reach each other, or a media server, in no other way. It speaks STUN
    (RFC 8489) and TURN (RFC 8656) over UDP, TCP and TLS; TLS and plain STUN share a TCP port and are told apart by the
    first byte. Clients prove a user name and a password, lasting ones from a file or ephemeral ones made with a shared
    secret (\"REST\" credentials). Each core has a thread and sockets of its own.

    Without --config the environment and the defaults hold: it listens on loopback and lets nobody in.

    Peers in special-purpose networks (RFC 6890), this machine's own addresses and the metadata services of clouds are
    refused, in every way of writing them, unless peers.allow names them.

SIGNALS
    SIGHUP   Reads the configuration again and takes over secrets, users, certificate, peers and quotas; allocations
             that the new peers or users forbid end. Other options need a new start. A configuration that is refused
             changes nothing, and is logged.
    SIGTERM  Takes no new allocations, waits limits.drain_s for the others to end, and ends. A second one ends at once.

FILES
    /etc/relais/relais-turn.toml            The configuration by custom; `relais-turn --example` prints one.
    /etc/systemd/system/relais-turn.service The unit by custom.

ENVIRONMENT
    RELAIS_TURN_CONFIG                      The configuration file.
    RELAIS_TURN_SECTION_OPTION              Any option; wins over the file.

EXIT STATUS
    0 after SIGTERM or SIGINT; 1 where the configuration is refused, a port is taken, or a thread has failed.

EXAMPLES
    Ephemeral credentials for whoever asks the application, on one address:
        head -c 32 /dev/urandom | base64 > /etc/relais/turn.secret
        relais-turn --config relais-turn.toml   with   [listen] udp = [\"192.0.2.7:3478\"] tcp = [\"192.0.2.7:443\"]
                                                       [relay] ipv4 = \"192.0.2.7\"
                                                       [auth] secret_files = [\"/etc/relais/turn.secret\"]
    Only one media server may be reached:
                                                       [peers] internet = false allow = [\"192.0.2.9/32 10000-10999\"]";

/// A STUN and TURN server.
#[derive(Parser)]
#[command(name = "relais-turn", version, after_long_help = MANUAL)]
struct Arguments {
    /// The configuration file; without it the environment and the defaults.
    #[arg(long, env = "RELAIS_TURN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Say whether the configuration would be accepted, and end.
    #[arg(long)]
    check: bool,
    /// Print every option with its meaning and default, and end.
    #[arg(long)]
    example: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.example {
        say(options::TABLE.example().trim_end());
        return Ok(());
    }
    let config = read(arguments.config.as_deref())?;
    if arguments.check {
        say("the configuration is accepted");
        return Ok(());
    }
    logs::init(config.level, config.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(&config, arguments.config.as_deref()))
}

async fn serve(config: &Config, file: Option<&Path>) -> anyhow::Result<()> {
    // Before anything can end the program by its default.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let relay = Arc::new(Relay::start(config)?);
    if let Some(address) = config.metrics {
        let listener = metrics::listen(address).await.context("metrics.listen")?;
        let serving = metrics::serve(listener, Arc::clone(&relay));
        logs::beside("metrics", serving);
    }
    tracing::info!(engine = relay.engine().name(), shards = config.shards, "the relay runs");
    say(&format!("relais-turn: {} UDP and {} TCP ports are open", relay.udp().len(), relay.tcp().len()));
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => reload(&relay, file),
            _ = look.tick() => anyhow::ensure!(relay.is_whole(), "a thread of the relay has ended"),
        }
    }
    drain(&relay, Duration::from_secs(config.drain_s), &mut terminate, &mut interrupt).await;
    // Whoever still reads the metrics does not keep the shards from ending with the program.
    if let Some(relay) = Arc::into_inner(relay) {
        relay.stop();
    }
    Ok(())
}

fn reload(relay: &Relay, file: Option<&Path>) {
    match read(file) {
        Ok(config) => {
            relay.reload(&config.current);
            tracing::info!("secrets, users, certificate, peers and quotas were read again");
        }
        Err(error) => tracing::error!(error = %format!("{error:#}"), "the old configuration goes on"),
    }
}

/// Waits for the allocations to end, for the time that there is, or for a second signal.
async fn drain(relay: &Arc<Relay>, time: Duration, terminate: &mut Signal, interrupt: &mut Signal) {
    relay.drain();
    tracing::info!("draining");
    let gone = async {
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            let asked = Arc::clone(relay);
            let report = tokio::task::spawn_blocking(move || asked.report().allocations).await;
            if report.is_ok_and(|allocations| allocations == 0) {
                return;
            }
        }
    };
    tokio::select! {
        ended = tokio::time::timeout(time, gone) => {
            if ended.is_err() {
                tracing::warn!("the time to drain is over; allocations end with the program");
            }
        }
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn read(file: Option<&Path>) -> anyhow::Result<Config> {
    let text = match file {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).with_context(|| path.display().to_string())?,
    };
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let name = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    Config::read(&text, &environment).with_context(|| name)
}

/// A command's answer. Whoever started the relay and no longer reads what it says must not end it by that.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

#[expect(clippy::print_stderr, reason = "a person reads this at a terminal, before or after there is a log")]
fn print_error(error: &anyhow::Error) {
    eprintln!("relais-turn: {error:#}");
}
