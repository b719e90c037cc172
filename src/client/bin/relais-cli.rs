//! `relais-cli`: a native client for scripts, tests and people at a terminal.
//!
//! Exit codes: 0 done; 1 something else; 2 wrong usage; 3 refused by the server; 4 the server cannot be reached
//! or does not answer; 5 wrong password, code or key; 6 the server is not honest (the code says how).

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the terminal does not treat by itself is treated like everything else"
)]

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use relais_chain::unit::Standing;
use relais_client::ClientError;
use relais_client::driver::{
    Client, Content, Http, Local, Login, Message, Registration, Update, acts, clock, mailbox,
};
use relais_e2ee::body::Body;
use relais_wire::account::Locale;
use relais_wire::ids::{KeyringId, OrgId, ThreadId, UnitId, UserId};
use relais_wire::{ErrorCode, Private};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Lines of standard input that wait to be sent.
const LINES: usize = 1_024;

/// Milliseconds within which a bot comes back when the server says nothing.
const BOT_PATIENCE_MS: u64 = 500;

#[derive(Parser)]
#[command(name = "relais-cli", version, about = "Native client of Relais")]
struct Cli {
    /// Address of the server, such as `https://relais.example.org`.
    #[arg(long, env = "RELAIS_SERVER", default_value = "http://127.0.0.1:8080", global = true)]
    server: String,
    /// The server's own address, where it is reached by another one.
    #[arg(long, env = "RELAIS_ORIGIN", global = true)]
    origin: Option<String>,
    /// Folder of the signed-in account.
    #[arg(long, env = "RELAIS_HOME", default_value = ".relais", global = true)]
    home: PathBuf,
    /// A root certificate to trust besides the system's, PEM.
    #[arg(long, env = "RELAIS_ROOT", global = true)]
    root: Option<PathBuf>,
    /// One JSON value per line instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Enter {
    /// The login.
    #[arg(long)]
    email: String,
    /// The password; without it, the first line of standard input.
    #[arg(long, env = "RELAIS_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// The mailed code; without it, the next line of standard input.
    #[arg(long)]
    code: Option<String>,
    /// Take the code from the mail catcher of a demonstration.
    #[arg(long)]
    dev_mail: bool,
    /// Language of mails: fr or en.
    #[arg(long, default_value = "fr")]
    lang: String,
}

#[derive(Subcommand)]
enum Command {
    /// Make an account and sign in.
    Register {
        #[command(flatten)]
        enter: Enter,
        /// The name shown to others.
        #[arg(long)]
        name: String,
        /// Invitation or setup token, hexadecimal.
        #[arg(long)]
        token: Option<String>,
    },
    /// Sign in.
    Login(Enter),
    /// Forget the account on this device.
    Logout,
    /// Who is signed in.
    Whoami,
    /// Threads of the organization in focus, or with --personal the others.
    Threads {
        #[arg(long)]
        personal: bool,
    },
    /// Open a thread. Prints its id.
    New {
        /// Title.
        #[arg(long, default_value = "")]
        title: String,
        /// First message.
        #[arg(long, default_value = "")]
        text: String,
        /// People, by id.
        #[arg(long = "with")]
        people: Vec<String>,
        /// Teams, by id.
        #[arg(long = "team")]
        teams: Vec<String>,
        /// Outside any organization.
        #[arg(long)]
        personal: bool,
    },
    /// Send a message.
    Send {
        /// The thread.
        thread: String,
        /// The text; without it, standard input.
        text: Option<String>,
    },
    /// Read a thread from its beginning.
    Read {
        /// The thread.
        thread: String,
    },
    /// Print what arrives, for ever.
    Tail {
        /// Also what is there already.
        #[arg(long)]
        all: bool,
    },
    /// Send each line of standard input to a thread (or `THREAD TEXT` lines without one) and print what
    /// arrives as JSON lines, for ever.
    Bot {
        /// The thread.
        #[arg(long)]
        thread: Option<String>,
        /// End when standard input has ended and everything was acknowledged.
        #[arg(long)]
        until_sent: bool,
    },
    /// Do something with a thread.
    #[command(subcommand)]
    Thread(ThreadAct),
    /// Files.
    #[command(subcommand)]
    Files(Files),
    /// Search people and teams.
    Search {
        /// At least two characters.
        query: String,
    },
    /// Units and organizations.
    #[command(subcommand)]
    Unit(Unit),
    /// Teams.
    #[command(subcommand)]
    Team(Team),
    /// Put another organization in focus.
    Focus {
        /// Its id.
        org: String,
    },
}

#[derive(Subcommand)]
enum ThreadAct {
    /// Add a person.
    Add { thread: String, user: String },
    /// Remove a person.
    Remove { thread: String, user: String },
    /// Leave.
    Leave { thread: String },
    /// Close.
    Close { thread: String },
    /// Accept an invitation into it.
    Accept { thread: String },
    /// Decline an invitation into it.
    Decline { thread: String },
    /// Take it out of a team's triage box.
    Take { thread: String, team: String },
    /// Give it back.
    Return { thread: String, team: String },
    /// Say that everything up to this position was seen.
    Seen { thread: String, n: u64 },
}

#[derive(Subcommand)]
enum Files {
    /// Send a file.
    Put { thread: String, file: PathBuf },
    /// Fetch the files of a message.
    Get { thread: String, n: u64, folder: PathBuf },
}

#[derive(Subcommand)]
enum Unit {
    /// Create a unit, or without --parent an organization.
    Create {
        name: String,
        #[arg(long)]
        parent: Option<String>,
        /// The own name, for the administrator's signature on oneself.
        #[arg(long, default_value = "")]
        own_name: String,
    },
    /// What the server says of a unit.
    Show { unit: String },
    /// Invite somebody; prints the token.
    Invite {
        unit: String,
        /// Mail the token.
        #[arg(long)]
        email: Option<String>,
    },
    /// Accept an invitation.
    Join { token: String },
    /// Sign for everybody who waits.
    Attest { unit: String },
}

#[derive(Subcommand)]
enum Team {
    /// Create a team.
    Create {
        unit: String,
        name: String,
        #[arg(long = "manager")]
        managers: Vec<String>,
        #[arg(long = "member")]
        members: Vec<String>,
    },
}

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
        json!({"error": error.code(), "text": error.to_string()}).to_string()
    } else {
        format!("{} [{}]", error, error.code())
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

fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush()).ok();
}

fn show(json: bool, value: &Value, text: &str) {
    if json {
        say(value);
    } else {
        writeln!(std::io::stdout(), "{text}").ok();
    }
}

fn id<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, relais_wire::ids::InvalidId>,
) -> Result<T, ClientError> {
    parse(text).map_err(|_| ClientError::NotPossible("an id is 32 hexadecimal digits"))
}

fn thread_id(text: &str) -> Result<ThreadId, ClientError> {
    id(text, ThreadId::parse_hex)
}

fn people(texts: &[String]) -> Result<Vec<UserId>, ClientError> {
    texts.iter().map(|text| id(text, UserId::parse_hex)).collect()
}

fn input_line() -> Result<String, ClientError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|_| ClientError::Storage("standard input"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn locale(text: &str) -> Locale {
    if text == "en" { Locale::En } else { Locale::Fr }
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
            register(http, local, cli.json, enter, name, token).await
        }
        Command::Login(enter) => login(http, local, cli.json, enter).await,
        Command::Logout => local.erase(),
        command => {
            let client = Client::resume(http, local).await?;
            signed_in(client, cli.json, command).await
        }
    }
}

fn free(local: &Local) -> Result<(), ClientError> {
    if local.load()?.is_some() { Err(ClientError::SignedInAlready) } else { Ok(()) }
}

async fn register(
    http: Http,
    local: Local,
    json: bool,
    enter: Enter,
    name: String,
    token: Option<Vec<u8>>,
) -> Result<(), ClientError> {
    free(&local)?;
    let password = enter.password.clone().map_or_else(input_line, Ok)?;
    let new = Registration {
        email: Private(enter.email.clone()),
        name: Private(name),
        password: Zeroizing::new(password),
        locale: locale(&enter.lang),
        token,
    };
    let before = if enter.dev_mail { mailbox::newest(&http, &enter.email).await? } else { 0 };
    let mail = http.clone();
    let code = async move || the_code(&mail, &enter, before).await;
    let (client, recovery) = Client::register(http, Some(local), new, code).await?;
    let text = recovery.text();
    show(
        json,
        &json!({"user": client.user().to_hex(), "recovery": *text}),
        &format!("signed in as {}\nrecovery code, shown once: {}", client.user().to_hex(), *text),
    );
    Ok(())
}

async fn login(http: Http, mut local: Local, json: bool, enter: Enter) -> Result<(), ClientError> {
    free(&local)?;
    local.erase()?;
    let password = enter.password.clone().map_or_else(input_line, Ok)?;
    let login = Login {
        email: Private(enter.email.clone()),
        password: Zeroizing::new(password),
        locale: locale(&enter.lang),
    };
    let before = if enter.dev_mail { mailbox::newest(&http, &enter.email).await? } else { 0 };
    let mail = http.clone();
    let code = async move || the_code(&mail, &enter, before).await;
    let client = Client::login(http, Some(local), login, code).await?;
    let user = client.user().to_hex();
    show(json, &json!({"user": user}), &format!("signed in as {user}"));
    Ok(())
}

async fn the_code(http: &Http, enter: &Enter, before: u64) -> Result<String, ClientError> {
    match &enter.code {
        Some(code) => Ok(code.clone()),
        None if enter.dev_mail => mailbox::code(http, &enter.email, before).await,
        None => {
            writeln!(std::io::stderr(), "code:").ok();
            input_line()
        }
    }
}

async fn signed_in(mut client: Client, json: bool, command: Command) -> Result<(), ClientError> {
    match command {
        Command::Whoami => whoami(&client, json),
        Command::Threads { personal } => return threads(&mut client, json, personal).await,
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
            return settle(&mut client, json).await;
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
        Command::Thread(act) => return thread_act(&mut client, act).await,
        Command::Files(files) => return file(&mut client, json, files).await,
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
        Command::Unit(act) => return unit(&mut client, json, act).await,
        Command::Team(Team::Create { unit, name, managers, members }) => {
            let unit = id(&unit, UnitId::parse_hex)?;
            let team =
                client.create_team(unit, &name, &people(&managers)?, &people(&members)?).await?.to_hex();
            show(json, &json!({"team": team}), &team);
        }
        Command::Focus { org } => client.focus(Some(id(&org, OrgId::parse_hex)?))?,
        Command::Register { .. } | Command::Login(_) | Command::Logout => {}
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

async fn threads(client: &mut Client, json: bool, personal: bool) -> Result<(), ClientError> {
    let org = if personal { None } else { client.organization() };
    let (cards, _) = client.threads(org).await?;
    for card in cards {
        let title = match client.open_thread(card.thread).await {
            Ok(thread) => thread.title().unwrap_or("").to_owned(),
            Err(error) if error.hostile().is_some() => return Err(error),
            Err(_) => String::new(),
        };
        let value = json!({
            "thread": card.thread.to_hex(), "entries": card.len.get(), "read": card.read.get(),
            "closed": card.closed, "state": format!("{:?}", card.state).to_lowercase(), "title": title,
        });
        let text = format!(
            "{}  {:>5}  {}{}",
            card.thread.to_hex(),
            card.len.get(),
            title,
            if card.closed { " (closed)" } else { "" }
        );
        show(json, &value, &text);
    }
    Ok(())
}

/// Sends what waits and tells what became of it.
async fn settle(client: &mut Client, json: bool) -> Result<(), ClientError> {
    for update in client.flush(30_000).await? {
        match update {
            Update::Accepted { thread, drafts } => {
                show(json, &json!({"sent": drafts, "thread": thread.to_hex()}), "sent");
            }
            Update::Refused { refusal, .. } => return Err(ClientError::Refused(refusal)),
            Update::Trouble(_, error) if error.hostile().is_some() => return Err(error),
            _ => {}
        }
    }
    client.save()
}

async fn follow(mut client: Client, json: bool) -> Result<(), ClientError> {
    client.connect(relais_client::limits::BACKOFF_CAP_MS);
    loop {
        client.wait().await;
        for update in client.work().await? {
            if let Update::Stopped(relais_client::core::StopReason::Closed(code)) = update {
                return Err(ClientError::Ended(code));
            }
            match &update {
                Update::Entry(message) if !json => show(false, &Value::Null, &message_text(message)),
                update if json => say(&update_json(update)),
                _ => {}
            }
        }
    }
}

/// Lines of standard input, read where waiting for them holds up nobody.
fn stdin_lines() -> mpsc::Receiver<String> {
    let (to, lines) = mpsc::channel(LINES);
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if to.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

async fn bot(mut client: Client, thread: Option<ThreadId>, until_sent: bool) -> Result<(), ClientError> {
    client.connect(BOT_PATIENCE_MS);
    let mut lines = stdin_lines();
    let mut reading = true;
    loop {
        let line = tokio::select! {
            line = lines.recv(), if reading => Some(line),
            () = client.wait() => None,
        };
        match line {
            Some(Some(line)) => {
                let (to, text) = match thread {
                    Some(thread) => (thread, line.as_str()),
                    None => {
                        let (to, text) = line.split_once(' ').unwrap_or((&line, ""));
                        (thread_id(to)?, text)
                    }
                };
                let draft = client.send(to, &Body::text(text))?;
                say(
                    &json!({"event": "written", "draft": draft, "thread": to.to_hex(), "at_ms": clock::wall_ms()}),
                );
            }
            Some(None) => reading = false,
            None => {}
        }
        for update in client.work().await? {
            say(&update_json(&update));
            if let Update::Stopped(relais_client::core::StopReason::Closed(code)) = update {
                return Err(ClientError::Ended(code));
            }
        }
        if until_sent && !reading && client.unsent() == 0 {
            return client.disconnect().await;
        }
    }
}

fn content_json(content: &Content) -> (&'static str, Value) {
    match content {
        Content::Body(body) => {
            let files: Vec<Value> =
                body.attachments.iter().map(|file| json!({"name": file.name, "size": file.size})).collect();
            ("message", json!({"text": body.text, "title": body.title, "files": files}))
        }
        Content::Unreadable => ("unreadable", Value::Null),
        Content::Tampered(error) => ("tampered", json!({"error": error.code()})),
        Content::Control(control) => ("control", json!({"kind": format!("{:?}", control.kind())})),
        Content::Unknown => ("unknown", Value::Null),
    }
}

fn message_json(message: &Message) -> Value {
    let (event, content) = content_json(&message.content);
    json!({
        "event": event, "thread": message.thread.to_hex(), "n": message.n, "id": message.id.to_hex(),
        "author": message.author.to_hex(), "text": content.get("text").cloned().unwrap_or(Value::Null),
        "content": content, "sent_ms": message.written_ms, "committed_ms": message.committed_ms,
        "shown_ms": clock::wall_ms(),
    })
}

fn message_text(message: &Message) -> String {
    let (event, content) = content_json(&message.content);
    let text =
        content.get("text").and_then(Value::as_str).map_or_else(|| content.to_string(), ToOwned::to_owned);
    let author: String = message.author.to_hex().chars().take(8).collect();
    format!("{:>5}  {author}  {event}: {text}", message.n)
}

fn update_json(update: &Update) -> Value {
    match update {
        Update::Entry(message) => message_json(message),
        Update::Online => json!({"event": "online", "at_ms": clock::wall_ms()}),
        Update::Offline { retry_in } => {
            json!({"event": "offline", "retry_in_ms": retry_in, "at_ms": clock::wall_ms()})
        }
        Update::Stopped(reason) => json!({"event": "stopped", "reason": format!("{reason:?}")}),
        Update::CaughtUp(stream) => {
            json!({"event": "caught_up", "stream": format!("{stream:?}").to_lowercase()})
        }
        Update::Resynced(stream, reason) => {
            json!({"event": "resynced", "stream": format!("{stream:?}").to_lowercase(), "reason": format!("{reason:?}")})
        }
        Update::Accepted { thread, drafts } => {
            json!({"event": "accepted", "thread": thread.to_hex(), "drafts": drafts, "at_ms": clock::wall_ms()})
        }
        Update::Refused { thread, drafts, refusal } => json!({
            "event": "refused", "thread": thread.to_hex(), "drafts": drafts,
            "code": refusal.code.code(), "chain_code": refusal.chain_code,
        }),
        Update::Invited(thread) => json!({"event": "invited", "thread": thread.to_hex()}),
        Update::Gone(thread) => json!({"event": "gone", "thread": thread.to_hex()}),
        Update::Trouble(thread, error) => json!({
            "event": "trouble", "thread": thread.map(|thread| thread.to_hex()),
            "error": error.code(), "text": error.to_string(),
        }),
    }
}

async fn thread_act(client: &mut Client, act: ThreadAct) -> Result<(), ClientError> {
    let user = |text: &str| id(text, UserId::parse_hex);
    let team = |text: &str| id(text, KeyringId::parse_hex);
    match act {
        ThreadAct::Add { thread, user: who } => {
            client.add(thread_id(&thread)?, acts::Who::Person(user(&who)?)).await
        }
        ThreadAct::Remove { thread, user: who } => {
            let party = relais_chain::party::PartyId::User(user(&who)?);
            client.remove(thread_id(&thread)?, party).await
        }
        ThreadAct::Leave { thread } => client.leave(thread_id(&thread)?).await,
        ThreadAct::Close { thread } => client.close(thread_id(&thread)?).await,
        ThreadAct::Accept { thread } => client.accept(thread_id(&thread)?).await,
        ThreadAct::Decline { thread } => client.decline(thread_id(&thread)?).await,
        ThreadAct::Take { thread, team: of } => client.take(thread_id(&thread)?, team(&of)?).await,
        ThreadAct::Return { thread, team: of } => client.give_back(thread_id(&thread)?, team(&of)?).await,
        ThreadAct::Seen { thread, n } => client.mark_read(thread_id(&thread)?, n).await,
    }
}

async fn file(client: &mut Client, json: bool, act: Files) -> Result<(), ClientError> {
    match act {
        Files::Put { thread, file } => {
            let bytes = std::fs::read(&file).map_err(|_| ClientError::Storage("the file cannot be read"))?;
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("file").to_owned();
            let attachment = client.upload(&bytes, &name, "application/octet-stream").await?;
            let body = Body { attachments: vec![attachment], ..Body::default() };
            client.send(thread_id(&thread)?, &body)?;
            settle(client, json).await
        }
        Files::Get { thread, n, folder } => {
            let history = client.history(thread_id(&thread)?).await?;
            let message = history.into_iter().find(|message| message.n == n).ok_or(ClientError::NotFound)?;
            let Content::Body(body) = message.content else { return Err(ClientError::NotFound) };
            for file in &body.attachments {
                let plain = client.download(file).await?;
                let name = file.name.rsplit(['/', '\\']).next().unwrap_or("file");
                let to = folder.join(name);
                std::fs::write(&to, &plain[..])
                    .map_err(|_| ClientError::Storage("the file cannot be written"))?;
                show(json, &json!({"file": name, "size": file.size}), name);
            }
            Ok(())
        }
    }
}

async fn unit(client: &mut Client, json: bool, act: Unit) -> Result<(), ClientError> {
    match act {
        Unit::Create { name, parent, own_name } => {
            let parent = parent.map(|text| id(&text, UnitId::parse_hex)).transpose()?;
            let unit = client.create_unit(parent, &name, &own_name).await?.to_hex();
            show(json, &json!({"unit": unit}), &unit);
        }
        Unit::Show { unit } => {
            let card = client.unit(id(&unit, UnitId::parse_hex)?).await?;
            let members: Vec<Value> = card
                .members
                .iter()
                .map(|person| json!({"user": person.user.to_hex(), "name": person.name.as_str()}))
                .collect();
            let value = json!({"unit": card.unit.to_hex(), "org": card.org.to_hex(), "name": card.name.as_str(), "members": members});
            show(json, &value, &value.to_string());
        }
        Unit::Invite { unit, email } => {
            let unit = id(&unit, UnitId::parse_hex)?;
            let made = client.invite(Some(unit), email.map(Private), Locale::Fr).await?;
            let token = hex::encode(made.token.as_slice());
            show(json, &json!({"token": token, "invite": made.invite.to_hex()}), &token);
        }
        Unit::Join { token } => {
            let token =
                hex::decode(token.trim()).map_err(|_| ClientError::NotPossible("a token is hexadecimal"))?;
            client.accept_invite(token).await?;
        }
        Unit::Attest { unit } => {
            let unit = id(&unit, UnitId::parse_hex)?;
            let waiting = client.pending(unit).await?;
            let members: Vec<(UserId, Private, Standing)> = waiting
                .into_iter()
                .map(|member| (member.user, member.name, Standing::Professional))
                .collect();
            client.attest(unit, &members).await?;
            show(json, &json!({"attested": members.len()}), &format!("{} signed", members.len()));
        }
    }
    Ok(())
}
