//! The `relais` program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use relais_server::config::{self, Config};

/// The realtime server of a clinical network.
#[derive(Parser)]
#[command(name = "relais", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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

fn read_config(file: Option<&Path>) -> anyhow::Result<Config> {
    let text = match file {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?,
    };
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let name = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    Config::read(&text, &environment).with_context(|| name)
}

#[expect(clippy::print_stdout, reason = "a command's answer goes to standard output")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a person reads this at a terminal, before or after there is a log")]
fn print_error(error: &anyhow::Error) {
    eprintln!("relais: {error:#}");
}
