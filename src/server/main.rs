//! The `relais` program.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use relais_server::config::{self, Config};
use relais_server::serve::Server;
use relais_server::{copies, health, logs};
use tokio::signal::unix::{SignalKind, signal};

/// Time for the last tasks and the store's threads to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// The realtime server of a clinical network.
#[derive(Parser)]
#[command(name = "relais", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// The configuration file; without it the environment and the defaults.
        #[arg(long, env = "RELAIS_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Copy the database to a new file while the server runs. Copy the folder `files` afterwards, with any tool.
    Backup {
        /// The new file.
        to: PathBuf,
        /// The configuration file; without it the environment and the defaults.
        #[arg(long, env = "RELAIS_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Put a copy into a data folder that has no database. The keys must be in place.
    Restore {
        /// The copy.
        from: PathBuf,
        /// The configuration file; without it the environment and the defaults.
        #[arg(long, env = "RELAIS_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Ask a server whether it may take traffic; for container health checks.
    Health {
        /// Its address, such as http://127.0.0.1:8080.
        url: String,
    },
    /// Look at configurations.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Say whether a configuration would be accepted, with the environment over it.
    Check {
        /// The file; without it only the environment and the defaults.
        file: Option<PathBuf>,
    },
    /// Print every option with its meaning and default.
    Example,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config } => serve(read_config(config.as_deref())?)?,
        Command::Backup { to, config } => {
            copies::backup(&read_config(config.as_deref())?, &to)
                .with_context(|| to.display().to_string())?;
            say("the database is copied; copy the folder of the files now");
        }
        Command::Restore { from, config } => {
            copies::restore(&read_config(config.as_deref())?, &from)
                .with_context(|| from.display().to_string())?;
            say("the database is in place; clients will start again from a snapshot");
        }
        Command::Health { url } => health::check(&url).with_context(|| url)?,
        Command::Config { command: ConfigCommand::Check { file } } => {
            read_config(file.as_deref())?;
            say("the configuration is accepted");
        }
        Command::Config { command: ConfigCommand::Example } => {
            say(config::example().trim_end());
        }
    }
    Ok(())
}

fn serve(config: Config) -> anyhow::Result<()> {
    logs::init(config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(run_server(config));
    // What still runs lets go of the store, whose threads end before the program does.
    runtime.shutdown_timeout(SHUTDOWN);
    outcome
}

async fn run_server(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let demo = config.settings.demo;
    let origin = config.settings.origin.clone();
    let server = Server::start(config).await?;
    let gone = server.app().store.gone();
    say(&format!("relais: listening on {}, for clients at {origin}", server.address()));
    if let Some(file) = server.setup_token() {
        say(&format!("relais: the first administrator registers with the token in {}", file.display()));
    }
    if demo {
        say(&format!("relais: demonstration; caught mail is at http://{}/dev/mail", server.address()));
    }
    let fatal = loop {
        tokio::select! {
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            _ = hangup.recv() => reload(&server),
            fatal = server.broken() => break Some(fatal),
        }
    };
    let stopping = server.stop();
    tokio::select! {
        _ = stopping => {}
        // A second signal does not wait for clients.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // The engine's libraries are torn down when the program ends: none of its threads may run then.
    if tokio::time::timeout(SHUTDOWN, gone.wait()).await.is_err() {
        tracing::error!("the threads of the store did not end in time");
    }
    fatal.map_or(Ok(()), |fatal| Err(anyhow::anyhow!("the store has stopped: {fatal}")))
}

fn reload(server: &Server) {
    match server.reload() {
        Ok(()) => tracing::info!("the certificate was read again"),
        Err(error) => tracing::error!(%error, "the certificate could not be read again; the old one goes on"),
    }
}

fn read_config(file: Option<&Path>) -> anyhow::Result<Config> {
    let text = match file {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?,
    };
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let name = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    Config::read(&text, &environment).with_context(|| name)
}

/// A command's answer. Whoever started a server and no longer reads what it says must not end it by that.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

#[expect(clippy::print_stderr, reason = "a person reads this at a terminal, before or after there is a log")]
fn print_error(error: &anyhow::Error) {
    eprintln!("relais: {error:#}");
}
