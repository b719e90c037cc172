//! `relais-cli`: a native client for scripts, tests and people at a terminal.
//!
//! Exit codes: 0 done; 1 something else; 2 wrong usage; 3 refused by the server; 4 the server cannot be reached
//! or does not answer; 5 wrong password, code or key; 6 the server is not honest (the code says how).
//!
//! [`args`] says what can be typed, [`show`](mod@show) what is printed.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the terminal does not treat by itself is treated like everything else"
)]

mod account;
mod args;
mod call;
mod enter;
mod live;
mod parse;
mod show;
mod threads;
mod units;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use relais_client::ClientError;
use relais_client::driver::{Client, Http, Local, acts};
use relais_e2ee::body::Body;
use relais_wire::ErrorCode;
use relais_wire::ids::{KeyringId, OrgId};
use serde_json::json;

use args::{Cli, Command};
use live::{bot, follow, settle};
use parse::{id, input_line, people, thread_id};
use show::{message_json, message_text, show};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    else {
        return ExitCode::from(1);
    };
    let json = cli.json;
    let result = runtime.block_on(run(cli));
    runtime.shutdown_background();
    let Err(error) = result else { return ExitCode::SUCCESS };
    let text = if json {
        json!({"error": error.code(), "text": words::plain(&error)}).to_string()
    } else {
        format!("{} [{}]", words::plain(&error), error.code())
    };
    writeln!(std::io::stderr(), "{text}").ok();
    ExitCode::from(exit_code(&error))
}

fn exit_code(error: &ClientError) -> u8 {
    match error {
        error if error.hostile().is_some() => 6,
        ClientError::WrongSecret | ClientError::WeakPassword => 5,
        ClientError::Unreachable | ClientError::NoAnswer => 4,
        ClientError::Refused(refusal)
            if matches!(
                refusal.code,
                ErrorCode::WrongCredentials | ErrorCode::CodeWrong | ErrorCode::CodeExpired
            ) =>
        {
            5
        }
        ClientError::Refused(_) | ClientError::Ended(_) => 3,
        ClientError::NotPossible(_) => 2,
        _ => 1,
    }
}

async fn run(cli: Cli) -> Result<(), ClientError> {
    let http = Http::new(&cli.server, cli.root.as_deref())?;
    let http = match &cli.origin {
        Some(origin) => http.known_as(origin),
        None => http,
    };
    let mut local = Local::open(&cli.home)?;
    match cli.command {
        Command::Register { enter, name, token } => {
            let token = token.map(|text| hex::decode(text.trim())).transpose();
            let token = token.map_err(|_| ClientError::NotPossible("a token is hexadecimal"))?;
            enter::register(http, local, cli.json, enter, name, token).await
        }
        Command::Login(enter) => enter::login(http, local, cli.json, enter).await,
        Command::Recover { enter, recovery_code } => {
            enter::recover(http, local, cli.json, enter, recovery_code).await
        }
        Command::Logout => local.erase(),
        command => {
            let mut client = Client::resume(http, local).await?;
            signed_in(&mut client, cli.json, command).await?;
            // For the user's other devices. What cannot be written now is written next time.
            match client.share().await {
                Err(error) if error.hostile().is_some() => Err(error),
                Ok(()) | Err(_) => Ok(()),
            }
        }
    }
}

async fn signed_in(client: &mut Client, json: bool, command: Command) -> Result<(), ClientError> {
    match command {
        Command::Whoami => whoami(client, json),
        Command::Threads { personal, before, all } => {
            return threads::threads(client, json, personal, (before, all)).await;
        }
        Command::New { title, text, people: with, teams, personal } => {
            let mut who: Vec<acts::Who> = people(&with)?.into_iter().map(acts::Who::Person).collect();
            for team in &teams {
                who.push(acts::Who::Team(id(team, KeyringId::parse_hex)?));
            }
            let org = if personal { None } else { client.organization() };
            let thread = client.create_thread(org, &who, &title, &text).await?.to_hex();
            show(json, &json!({"thread": thread}), &thread);
        }
        Command::Send { thread, text } => {
            let text = text.map_or_else(input_line, Ok)?;
            client.send(thread_id(&thread)?, &Body::text(text))?;
            return settle(client, json).await;
        }
        Command::Read { thread } => {
            for message in client.history(thread_id(&thread)?).await? {
                show(json, &message_json(&message), &message_text(&message));
            }
        }
        Command::Tail { all } => {
            client.report_old_entries(all);
            return follow(client, json).await;
        }
        Command::Bot { thread, until_sent } => {
            let thread = thread.as_deref().map(thread_id).transpose()?;
            return bot(client, thread, until_sent).await;
        }
        Command::Thread(act) => return threads::thread_act(client, json, act).await,
        Command::Direct { who, text } => {
            let who = parse::person(client, &who).await?;
            let thread = client.create_direct(who, &text).await?.to_hex();
            show(json, &json!({"thread": thread}), &thread);
        }
        Command::Call(act) => return call::call(client, json, act).await,
        Command::Files(files) => return threads::file(client, json, files).await,
        Command::Search { query } => {
            let found = client.search(&query, client.organization()).await?;
            for person in found.people {
                let user = person.user.to_hex();
                let value = json!({"user": user, "name": person.name.as_str()});
                show(json, &value, &format!("{user}  {}", person.name.as_str()));
            }
            for team in found.teams {
                let value = json!({"team": team.managers.to_hex(), "all": team.all.to_hex(), "name": team.name.as_str()});
                show(json, &value, &format!("{}  {} (team)", team.managers.to_hex(), team.name.as_str()));
            }
        }
        Command::Unit(act) => return units::unit(client, json, act).await,
        Command::Team(act) => return units::team(client, json, act).await,
        Command::Focus { org } => client.focus(Some(id(&org, OrgId::parse_hex)?))?,
        Command::Password { new } => return account::password(client, json, new).await,
        Command::RecoveryCode(act) => return account::recovery_code(client, json, act).await,
        Command::Sessions(act) => return account::sessions(client, json, act).await,
        Command::Register { .. } | Command::Login(_) | Command::Recover { .. } | Command::Logout => {}
    }
    Ok(())
}

fn whoami(client: &Client, json: bool) {
    let (personal, inbox) = client.keyrings();
    let orgs: Vec<String> = client.organizations().iter().map(OrgId::to_hex).collect();
    let value = json!({
        "user": client.user().to_hex(), "device": client.device().to_hex(),
        "personal": personal.to_hex(), "inbox": inbox.to_hex(), "organizations": orgs,
        "focus": client.organization().map(|org| org.to_hex()), "unsent": client.unsent(),
    });
    let text =
        format!("{}  {} unsent  organizations: {}", client.user().to_hex(), client.unsent(), orgs.join(" "));
    show(json, &value, &text);
}
