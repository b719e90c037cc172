//! The proofs as commands. Usually called by `cargo x prove NAME`, which builds what they need.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use relais_proof::{account, ack, chat, persona, threads, web};

/// Shows claims of the README on the running programs.
#[derive(Parser)]
#[command(name = "relais-proof")]
struct Arguments {
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    /// Two people, a server that is killed again and again, nothing lost or doubled, no plaintext anywhere.
    Chat(Programs),
    /// A second device, a restart, a lost password: what an account holder can count on.
    Account(Programs),
    /// A server that lies in every listed way; the client notices each, and only by the check that names it.
    HostileServer(Programs),
    /// People join, part and renew their keys, and their clients do their part unasked.
    Threads(Programs),
    /// A measurement: how long the whole server takes to acknowledge a message.
    Ack {
        #[command(flatten)]
        programs: Programs,
        #[command(flatten)]
        plan: ack::Plan,
    },
    /// A measurement: long lists and long threads in the web client.
    Web {
        #[command(flatten)]
        programs: Programs,
        #[command(flatten)]
        plan: web::Plan,
    },
    /// One person as a process; used by the proofs themselves.
    #[command(hide = true)]
    Persona(persona::Arguments),
}

#[derive(clap::Args)]
struct Programs {
    /// The built server.
    #[arg(long)]
    server: PathBuf,
    /// The built command-line client.
    #[arg(long)]
    cli: Option<PathBuf>,
    /// Folder of the web client, its packages installed; without it only the native client is looked at.
    #[arg(long)]
    web: Option<PathBuf>,
    /// The short form for the ordinary test run.
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // An error says that one is installed already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let holds = match arguments.proof {
        Proof::Chat(programs) => runtime.block_on(Box::pin(chat::run(&programs.server, programs.quick)))?,
        Proof::Threads(programs) => runtime.block_on(Box::pin(threads::prove(&programs.server)))?,
        Proof::Account(programs) => runtime.block_on(Box::pin(account::run(&programs.server)))?,
        Proof::HostileServer(programs) => runtime.block_on(hostile_server(&programs))?,
        Proof::Ack { programs, plan } => {
            runtime.block_on(Box::pin(ack::run(&programs.server, plan, programs.quick)))?
        }
        Proof::Web { programs, plan } => {
            let folder = programs.web.as_deref().context("--web names the web client's folder")?;
            runtime.block_on(Box::pin(web::run(&programs.server, folder, plan, programs.quick)))?
        }
        Proof::Persona(arguments) => {
            runtime.block_on(Box::pin(persona::run(arguments)))?;
            true
        }
    };
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "mutations")]
async fn hostile_server(programs: &Programs) -> anyhow::Result<bool> {
    Box::pin(relais_proof::hostile::prove(&programs.server, programs.web.as_deref(), programs.quick)).await
}

#[cfg(not(feature = "mutations"))]
#[expect(clippy::unused_async, reason = "one signature for both builds")]
async fn hostile_server(_: &Programs) -> anyhow::Result<bool> {
    anyhow::bail!("build this program with `--features relais-proof/mutations`: each check needs its switch")
}
