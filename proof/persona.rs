//! One person as a process of its own: the native client library, told what to do by JSON lines on standard input
//! and telling what it sees by JSON lines on standard output. The figures of a proof are then those of real
//! processes with real sockets.
//!
//! Not known here: what is being proved.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use relais_chain::unit::Standing;
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Content, Http, Local, Registration, Update, mailbox};
use relais_e2ee::body::Body;
use relais_wire::Private;
use relais_wire::account::Locale;
use relais_wire::ids::{OrgId, ThreadId, UnitId, UserId};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};
use zeroize::Zeroizing;

use crate::clock;

/// Milliseconds after which the client comes back by itself when the server says nothing.
const PATIENCE_MS: u64 = 400;

/// Who the process is.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Where the server, or what stands before it, is reached.
    #[arg(long)]
    pub origin: String,
    /// The address that passwords are bound to.
    #[arg(long)]
    pub identity: String,
    /// Folder of the local state; an existing one is gone on with.
    #[arg(long)]
    pub dir: PathBuf,
    /// Login of a new account.
    #[arg(long)]
    pub email: String,
    /// Name of a new account.
    #[arg(long)]
    pub name: String,
    /// Password of a new account.
    #[arg(long)]
    pub password: String,
    /// Token of an invitation, in hexadecimal.
    #[arg(long)]
    pub token: Option<String>,
}

/// What a persona is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Order {
    /// Found an organization.
    Org {
        /// Its name.
        name: String,
    },
    /// Invite somebody into a unit.
    Invite {
        /// The unit.
        unit: UnitId,
    },
    /// Vouch for everybody who waits.
    Attest {
        /// The unit.
        unit: UnitId,
    },
    /// Follow an organization.
    Focus {
        /// Which.
        org: OrgId,
    },
    /// Open a thread.
    Thread {
        /// In which organization.
        org: OrgId,
        /// With whom.
        with: Vec<UserId>,
        /// Its title.
        title: String,
    },
    /// Write a message.
    Send {
        /// Where.
        thread: ThreadId,
        /// What.
        text: String,
    },
    /// Send a file, and read it back.
    File {
        /// Its name.
        name: String,
        /// What is in it.
        text: String,
    },
    /// Search people of an organization.
    Search {
        /// Which.
        org: OrgId,
        /// By what.
        query: String,
    },
    /// Connect and stay connected.
    Connect {},
    /// End.
    Quit {},
}

/// What a persona tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It is signed in.
    Ready {
        /// As whom.
        user: UserId,
    },
    /// An organization was founded.
    Org {
        /// Its id.
        org: OrgId,
    },
    /// Somebody was invited.
    Invited {
        /// The token, in hexadecimal.
        token: String,
    },
    /// Everybody who waited was vouched for.
    Attested {
        /// How many.
        count: usize,
    },
    /// A thread was opened.
    Thread {
        /// Its id.
        thread: ThreadId,
    },
    /// A file was stored and read back unchanged.
    File {
        /// Bytes of its content.
        bytes: usize,
    },
    /// A message was shown.
    Message {
        /// The thread.
        thread: ThreadId,
        /// Its position.
        n: u64,
        /// Who signed it.
        author: UserId,
        /// What it says.
        text: String,
        /// Milliseconds since 1970 on this machine at which it was shown.
        shown: u64,
    },
    /// People were found.
    Found {
        /// How many.
        count: usize,
    },
    /// A message is safe on this device.
    Written {},
    /// Messages are durable.
    Accepted {
        /// How many.
        count: usize,
    },
    /// The connection is live.
    Online {},
    /// The connection is gone.
    Offline {},
    /// Something went wrong.
    Trouble {
        /// The error's stable code.
        code: String,
        /// What it is.
        what: String,
    },
}

/// Runs until told to quit or until standard input ends.
///
/// # Errors
/// The account cannot be made or gone on with, or an order fails.
pub async fn run(arguments: Arguments) -> Result<()> {
    let mut client = enter(&arguments).await?;
    tell(&Event::Ready { user: client.user() })?;
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            line = next_order(&mut orders) => match line? {
                None | Some(Order::Quit {}) => break,
                Some(order) => follow(&mut client, order).await?,
            },
            () = client.wait() => {}
        }
        for update in client.work().await? {
            show(update, client.user())?;
        }
    }
    client.disconnect().await?;
    Ok(())
}

async fn enter(arguments: &Arguments) -> Result<Client> {
    let http = Http::new(&arguments.origin, None)?.known_as(&arguments.identity);
    let local = Local::open(&arguments.dir)?;
    if local.load()?.is_some() {
        return Ok(Client::resume(http, local).await?);
    }
    let token = arguments.token.as_deref().map(hex::decode).transpose().context("the token")?;
    let registration = Registration {
        email: Private::from(arguments.email.as_str()),
        name: Private::from(arguments.name.as_str()),
        password: Zeroizing::new(arguments.password.clone()),
        locale: Locale::Fr,
        token,
    };
    let before = mailbox::newest(&http, &arguments.email).await?;
    let mails = http.clone();
    let email = arguments.email.clone();
    let code = async move || mailbox::code(&mails, &email, before).await;
    let (client, _recovery) = Client::register(http, Some(local), registration, code).await?;
    Ok(client)
}

async fn next_order(lines: &mut Lines<BufReader<Stdin>>) -> Result<Option<Order>> {
    let Some(line) = lines.next_line().await.context("standard input")? else { return Ok(None) };
    Ok(Some(serde_json::from_str(&line).context("not an order")?))
}

async fn follow(client: &mut Client, order: Order) -> Result<()> {
    match order {
        Order::Org { name } => {
            let own = "Fondatrice";
            let unit = client.create_unit(None, &name, own).await?;
            tell(&Event::Org { org: OrgId::from_bytes(*unit.as_bytes()) })
        }
        Order::Invite { unit } => {
            let made = client.invite(Some(unit), None, Locale::Fr).await?;
            tell(&Event::Invited { token: hex::encode(made.token.as_slice()) })
        }
        Order::Attest { unit } => {
            let waiting = client.pending(unit).await?;
            let members: Vec<_> = waiting
                .into_iter()
                .map(|member| (member.user, member.name, Standing::Professional))
                .collect();
            client.attest(unit, &members).await?;
            tell(&Event::Attested { count: members.len() })
        }
        Order::Focus { org } => Ok(client.focus(Some(org))?),
        Order::Thread { org, with, title } => {
            let with: Vec<Who> = with.into_iter().map(Who::Person).collect();
            let thread = client.create_thread(Some(org), &with, &title, "").await?;
            tell(&Event::Thread { thread })
        }
        Order::Send { thread, text } => {
            client.send(thread, &Body::text(text))?;
            tell(&Event::Written {})
        }
        Order::Search { org, query } => {
            let found = client.search(&query, Some(org)).await?;
            tell(&Event::Found { count: found.people.len() })
        }
        Order::File { name, text } => {
            let file = client.upload(text.as_bytes(), &name, "text/plain").await?;
            let back = client.download(&file).await?;
            anyhow::ensure!(back.as_slice() == text.as_bytes(), "the file came back changed");
            tell(&Event::File { bytes: text.len() })
        }
        Order::Connect {} => {
            client.connect(PATIENCE_MS);
            Ok(())
        }
        Order::Quit {} => Ok(()),
    }
}

fn show(update: Update, own: UserId) -> Result<()> {
    match update {
        Update::Entry(message) => match message.content {
            Content::Body(body) if message.author != own && !body.text.is_empty() => tell(&Event::Message {
                thread: message.thread,
                n: message.n,
                author: message.author,
                text: body.text,
                shown: clock::unix_ms(),
            }),
            Content::Tampered(error) => tell(&Event::Trouble { code: error.code(), what: error.to_string() }),
            Content::Body(_) | Content::Unreadable | Content::Control(_) | Content::Unknown => Ok(()),
        },
        Update::Accepted { drafts, .. } => tell(&Event::Accepted { count: drafts.len() }),
        Update::Refused { refusal, .. } => tell(&Event::Trouble {
            code: format!("S{}", refusal.code.code()),
            what: "a message was refused for good".to_owned(),
        }),
        Update::Online => tell(&Event::Online {}),
        Update::Offline { .. } => tell(&Event::Offline {}),
        Update::Stopped(reason) => {
            tell(&Event::Trouble { code: "stopped".to_owned(), what: format!("{reason:?}") })
        }
        Update::Trouble(_, error) => tell(&Event::Trouble { code: error.code(), what: error.to_string() }),
        Update::CaughtUp(_)
        | Update::Resynced(..)
        | Update::Invited(_)
        | Update::Rings(_)
        | Update::RingStopped(_)
        | Update::Call(_)
        | Update::CallMissed(_)
        | Update::Gone(_)
        | Update::Renewed(..) => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "standard output is how a persona speaks")]
fn tell(event: &Event) -> Result<()> {
    println!("{}", serde_json::to_string(event)?);
    std::io::stdout().flush().context("standard output")
}

/// A persona's process, seen from the proof.
#[derive(Debug)]
pub struct Persona {
    child: tokio::process::Child,
    orders: tokio::process::ChildStdin,
    events: Lines<BufReader<tokio::process::ChildStdout>>,
    /// Who it is.
    pub user: UserId,
}

/// What a persona is started with.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// Where the server, or what stands before it, is reached.
    pub origin: &'a str,
    /// The address that passwords are bound to.
    pub identity: &'a str,
    /// Folder of the local state.
    pub dir: &'a Path,
    /// The name; the login is made from it.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// Token of an invitation, in hexadecimal.
    pub token: Option<&'a str>,
}

impl Persona {
    /// Starts one as a process of this same program and waits until it is signed in.
    ///
    /// # Errors
    /// It cannot be started or signed in.
    pub async fn start(start: Start<'_>) -> Result<Self> {
        std::fs::create_dir_all(start.dir).context("a folder for the persona")?;
        let login = start.name.to_lowercase().replace(' ', ".");
        let mut command = tokio::process::Command::new(std::env::current_exe().context("this program")?);
        command
            .arg("persona")
            .args(["--origin", start.origin, "--identity", start.identity])
            .args(["--email", &format!("{login}@exemple.invalid"), "--name", start.name])
            .args(["--password", start.password])
            .arg("--dir")
            .arg(start.dir)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true);
        if let Some(token) = start.token {
            command.args(["--token", token]);
        }
        let mut child = command.spawn().context("a persona cannot be started")?;
        let orders = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut persona =
            Self { child, orders, events: BufReader::new(stdout).lines(), user: UserId::from_bytes([0; 16]) };
        let ready = persona
            .expect("signed in", |event| if let Event::Ready { user } = event { Some(user) } else { None });
        persona.user = ready.await?;
        Ok(persona)
    }

    /// Tells it what to do.
    ///
    /// # Errors
    /// It is gone.
    pub async fn order(&mut self, order: &Order) -> Result<()> {
        use tokio::io::AsyncWriteExt as _;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await.context("the persona is gone")?;
        self.orders.flush().await.context("the persona is gone")
    }

    /// The next thing it tells.
    ///
    /// # Errors
    /// It is gone.
    pub async fn next(&mut self) -> Result<Event> {
        let line = self.events.next_line().await?.context("the persona has ended")?;
        serde_json::from_str(&line).with_context(|| format!("not an event: {line}"))
    }

    /// Waits for one event, skipping others; trouble ends it.
    ///
    /// # Errors
    /// It is gone, has trouble, or takes longer than half a minute.
    pub async fn expect<T>(&mut self, what: &str, pick: impl Fn(Event) -> Option<T>) -> Result<T> {
        let wait = async {
            loop {
                let event = self.next().await?;
                if let Event::Trouble { code, what } = &event {
                    anyhow::bail!("{code}: {what}");
                }
                if let Some(found) = pick(event) {
                    return Ok(found);
                }
            }
        };
        let patience = std::time::Duration::from_secs(30);
        tokio::time::timeout(patience, wait)
            .await
            .with_context(|| format!("waited too long: {what}"))?
            .context(what.to_owned())
    }

    /// Splits it into the half that is told and the half that tells, for talking both ways at once.
    #[must_use]
    pub fn split(self) -> (Mouth, Ear) {
        (Mouth { orders: self.orders, child: self.child }, Ear { events: self.events })
    }
}

/// The half of a persona that is told what to do; its process ends with it.
#[derive(Debug)]
pub struct Mouth {
    orders: tokio::process::ChildStdin,
    child: tokio::process::Child,
}

impl Mouth {
    /// Tells it what to do.
    ///
    /// # Errors
    /// It is gone.
    pub async fn order(&mut self, order: &Order) -> Result<()> {
        use tokio::io::AsyncWriteExt as _;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await.context("the persona is gone")
    }

    /// Kills the persona with SIGKILL and waits until it is gone; its folder stays as it is.
    ///
    /// # Errors
    /// It was gone already.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("kill")
    }
}

/// The half of a persona that tells what it sees.
#[derive(Debug)]
pub struct Ear {
    events: Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Ear {
    /// The next thing it tells; nothing once it has ended.
    ///
    /// # Errors
    /// Not an event.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        let Some(line) = self.events.next_line().await? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&line).with_context(|| format!("not an event: {line}"))?))
    }
}
