//! `relais-demo`: fills a running server in demonstration mode with fictitious data, through the client library.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use relais_client::ClientError;
use relais_client::driver::demo::{Made, PASSWORD, Size, make};
use relais_client::driver::{Http, clock::Steady};

#[derive(Parser)]
#[command(name = "relais-demo", version, about = "Makes the fictitious data of a demonstration")]
struct Cli {
    /// Address of the server.
    #[arg(long, env = "RELAIS_SERVER", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// File with the setup token: `setup-token` in the server's data folder.
    #[arg(long)]
    setup_token: PathBuf,
    /// Folder for the personas' sign-ins, one each.
    #[arg(long)]
    home: Option<PathBuf>,
    /// The same seed makes the same people and threads.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People besides the six personas.
    #[arg(long, default_value_t = Size::default().crowd)]
    crowd: usize,
    /// Threads.
    #[arg(long, default_value_t = Size::default().threads)]
    threads: usize,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return ExitCode::from(1);
    };
    let clock = Steady::start();
    match runtime.block_on(run(&cli, &clock)) {
        Ok(made) => {
            print(&cli, &made, clock.ms());
            ExitCode::SUCCESS
        }
        Err(error) => {
            writeln!(std::io::stderr(), "\nrelais-demo: {error} [{}]", error.code()).ok();
            ExitCode::from(1)
        }
    }
}

async fn run(cli: &Cli, clock: &Steady) -> Result<Made, ClientError> {
    let token = std::fs::read_to_string(&cli.setup_token)
        .map_err(|_| ClientError::Storage("the setup token cannot be read: has it been used?"))?;
    let token = hex::decode(token.trim()).map_err(|_| ClientError::NotPossible("a token is hexadecimal"))?;
    let http = Http::new(&cli.server, None)?;
    let size = Size { crowd: cli.crowd, threads: cli.threads };
    let tell = |what: &str| {
        write!(std::io::stderr(), "\r\x1b[K{:>5.1} s  {what}", seconds(clock.ms())).ok();
    };
    let made = make(&http, token, cli.home.clone(), cli.seed, size, &tell).await?;
    writeln!(std::io::stderr()).ok();
    Ok(made)
}

fn seconds(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX)) / 1_000.0
}

fn print(cli: &Cli, made: &Made, ms: u64) {
    let mut out = std::io::stdout().lock();
    let [orgs, units, teams, threads, messages] = made.counts;
    let mut text = format!(
        "Données fictives prêtes en {:.1} s / fictitious data ready: {} people, {orgs} organizations, {units} units, \
         {teams} teams, {threads} threads, {messages} messages.\n\nMot de passe de tous / everybody's password: \
         {PASSWORD}\nCodes: {}/dev/mail\n\n",
        seconds(ms),
        made.people,
        cli.server,
    );
    for persona in &made.personas {
        text.push_str(&format!("  {:<24} {}, {}\n", persona.email, persona.name, persona.what));
    }
    text.push_str("\nDeux fenêtres / two terminals:\n");
    for persona in made.personas.iter().skip(1).take(2) {
        let home = cli.home.clone().unwrap_or_else(|| PathBuf::from("demo"));
        let home = home.join(&persona.email);
        text.push_str(&format!(
            "  relais-cli --server {} --home {} tail --all\n",
            cli.server,
            home.display()
        ));
    }
    out.write_all(text.as_bytes()).ok();
}
