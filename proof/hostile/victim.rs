//! Who is attacked: the native client or the web client, behind a proxy that lies. Scenes that ask only this run
//! with either.
//!
//! Not known here: the attacks.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use relais_chain::entry::Priority;
use relais_chain::head::Phase;
use relais_chain::party::{PartyId, Presence};
use relais_client::ClientError;
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Content, Local, Message, Update};
use relais_e2ee::body::{Attachment, Body};
use relais_wire::chains::ChainKind;
use relais_wire::ids::{Bytes32, KeyringId, ObjectId, OrgId, ThreadId, UnitId, UserId};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::stage::{Door, PATIENCE_MS};
use super::web::{Browser, Failure, at, set};

/// Which client is attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The one in Rust.
    Native,
    /// The one in TypeScript.
    Web,
}

/// Why a step did not come to its end.
#[derive(Debug)]
pub(super) enum Failed {
    /// The native client's error.
    Native(ClientError),
    /// The web client's failure.
    Web(Failure),
    /// The scene's own.
    #[expect(dead_code, reason = "printed when a scene fails")]
    Scene(anyhow::Error),
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        Self::Native(error)
    }
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Scene(error)
    }
}

impl Failed {
    /// The code of the attack that the client noticed, if it noticed one.
    pub(super) fn attack(&self) -> Option<String> {
        match self {
            Self::Native(error) => error.hostile().map(|_| error.code()),
            Self::Web(failure) => (failure.kind == "hostile").then(|| failure.code.clone()),
            Self::Scene(_) => None,
        }
    }
}

/// An entry as somebody is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// A message.
    Text(String),
    /// A message that cannot be read.
    Unreadable,
    /// One that is marked with the code of an attack.
    Tampered(String),
    /// Anything else.
    Act,
}

impl From<Message> for Shown {
    fn from(message: Message) -> Self {
        match message.content {
            Content::Body(body) => Self::Text(body.text.clone()),
            Content::Tampered(error) => Self::Tampered(error.code()),
            Content::Unreadable => Self::Unreadable,
            Content::Control(_) | Content::Unknown => Self::Act,
        }
    }
}

/// The texts of messages, in order.
pub(super) fn texts(entries: &[Shown]) -> Vec<&str> {
    entries
        .iter()
        .filter_map(|entry| if let Shown::Text(text) = entry { Some(text.as_str()) } else { None })
        .collect()
}

/// What became of a message.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// It counts as sent.
    pub sent: bool,
    /// It was given up as refused by the server.
    pub refused: bool,
    /// Code of the attack that was noticed.
    pub noticed: Option<String>,
    /// The latest server time of an entry that was shown meanwhile, in milliseconds since 1970.
    pub latest_ms: u64,
}

impl From<Vec<Update>> for Written {
    fn from(updates: Vec<Update>) -> Self {
        let mut written = Self::default();
        for update in updates {
            match update {
                Update::Accepted { .. } => written.sent = true,
                Update::Refused { .. } => written.refused = true,
                Update::Entry(entry) => written.latest_ms = written.latest_ms.max(entry.committed_ms),
                Update::Trouble(_, error) if error.hostile().is_some() => {
                    written.noticed.get_or_insert_with(|| error.code());
                }
                Update::Online
                | Update::Offline { .. }
                | Update::Stopped(_)
                | Update::CaughtUp(_)
                | Update::Resynced(..)
                | Update::Rings(_)
                | Update::RingStopped(_)
                | Update::Call(_)
                | Update::CallMissed(_)
                | Update::Invited(_)
                | Update::Gone(_)
                | Update::Renewed(..)
                | Update::Trouble(..) => {}
            }
        }
        written
    }
}

/// What a client believes of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Believed {
    /// Its length.
    pub seq: u64,
    /// Hash of its last link.
    pub head: Option<Bytes32>,
}

#[derive(Debug)]
enum Program {
    Native { client: Box<Client>, dir: PathBuf },
    Web { browser: Arc<Mutex<Browser>>, tab: u64, view: Value },
}

/// Somebody behind a proxy.
#[derive(Debug)]
pub(super) struct Victim {
    program: Program,
    /// What it talks to.
    pub door: Door,
}

impl Victim {
    pub(super) fn native(client: Client, door: Door, dir: PathBuf) -> Self {
        Self { program: Program::Native { client: Box::new(client), dir }, door }
    }

    pub(super) const fn web(browser: Arc<Mutex<Browser>>, tab: u64, door: Door) -> Self {
        Self { program: Program::Web { browser, tab, view: Value::Null }, door }
    }

    /// The native client, for scenes that no other has been taught.
    ///
    /// # Errors
    /// It is the web client.
    pub(super) fn client(&mut self) -> Result<&mut Client> {
        match &mut self.program {
            Program::Native { client, .. } => Ok(client),
            Program::Web { .. } => Err(anyhow!("a scene for the native client")),
        }
    }

    /// Has the web client do something.
    ///
    /// # Errors
    /// Its own; it is the native client.
    pub(super) async fn ask(&self, mut order: Value) -> Result<Value, Failed> {
        let Program::Web { browser, tab, .. } = &self.program else {
            return Err(anyhow!("a scene for the web client").into());
        };
        set(&mut order, "tab", json!(tab));
        browser.lock().await.order(&order).await?.map_err(Failed::Web)
    }

    async fn call(&self, name: &str, args: Value) -> Result<Value, Failed> {
        self.ask(json!({ "do": "call", "name": name, "args": args })).await
    }

    /// Starts the program again on what it kept, or loads the page anew.
    ///
    /// # Errors
    /// Those of going on.
    pub(super) async fn again(&mut self) -> Result<(), Failed> {
        match &mut self.program {
            Program::Native { client, dir } => {
                client.let_go()?;
                **client = Client::resume(self.door.http.clone(), Local::open(dir)?).await?;
                client.share_objects(false);
                Ok(())
            }
            Program::Web { .. } => self.ask(json!({ "do": "again" })).await.map(drop),
        }
    }

    /// Looks for the team of a unit whose name begins like this; answers the keyring of its managers, and that of all
    /// its members where this client writes to those.
    ///
    /// # Errors
    /// Those of the client; there is none.
    pub(super) async fn team(&mut self, unit: UnitId, name: &str) -> Result<(KeyringId, Option<KeyringId>)> {
        if let Program::Native { client, .. } = &mut self.program {
            let card = client.unit(unit).await?;
            let team = card.teams.first().context("the team")?;
            return Ok((team.managers, Some(team.all)));
        }
        let found = self.call("searchPeople", json!([name])).await.map_err(|failed| anyhow!("{failed:?}"))?;
        let team = hex::decode(at(&found, "/teams/0/team").as_str().context("the team")?)?;
        let team = <[u8; 16]>::try_from(team).map_err(|_| anyhow!("not an id"))?;
        Ok((KeyringId::from_bytes(team), None))
    }

    /// Opens a thread with people and teams.
    ///
    /// # Errors
    /// Those of the client.
    pub(super) async fn create(
        &mut self,
        org: Option<OrgId>,
        with: &[Who],
        text: &str,
    ) -> Result<(), Failed> {
        if let Program::Native { client, .. } = &mut self.program {
            return Ok(client.create_thread(org, with, "", text).await.map(drop)?);
        }
        let (mut people, mut teams) = (Vec::new(), Vec::new());
        for who in with {
            match who {
                Who::Person(user) => people.push(hex::encode(user.as_bytes())),
                Who::Team(team) => teams.push(hex::encode(team.as_bytes())),
                Who::WholeTeam { .. } => return Err(anyhow!("no whole team in the web client").into()),
            }
        }
        let org = org.map(|org| hex::encode(org.as_bytes()));
        // A thread is made with a message there.
        let text = if text.is_empty() { "hello" } else { text };
        let new = json!({ "org": org, "title": "", "priority": "routine", "people": people, "teams": teams,
            "text": text });
        self.call("createThread", json!([new])).await.map(drop)
    }

    /// Reads a thread from its beginning.
    ///
    /// # Errors
    /// Those of the client.
    pub(super) async fn history(&mut self, thread: ThreadId) -> Result<Vec<Shown>, Failed> {
        if let Program::Native { client, .. } = &mut self.program {
            return Ok(client.history(thread).await?.into_iter().map(Shown::from).collect());
        }
        let shown = self.call("openThread", json!([hex::encode(thread.as_bytes())])).await?;
        let alarm = at(&shown, "/row/alarm").clone();
        let entries = at(&shown, "/entries").as_array().context("entries")?.iter().map(shown_entry).collect();
        if let Program::Web { view, .. } = &mut self.program {
            *view = shown;
        }
        // What was verified before the lie is shown, with the lie as its alarm.
        let told = at(&alarm, "/code").as_str().map(|code| Failure {
            kind: at(&alarm, "/kind").as_str().unwrap_or_default().to_owned(),
            code: code.to_owned(),
            text: String::new(),
        });
        told.map_or(Ok(entries), |failure| Err(Failed::Web(failure)))
    }

    /// Reads a thread up.
    ///
    /// # Errors
    /// Those of the client.
    pub(super) async fn open_thread(&mut self, thread: ThreadId) -> Result<(), Failed> {
        if let Program::Native { client, .. } = &mut self.program {
            return Ok(client.open_thread(thread).await.map(drop)?);
        }
        self.history(thread).await.map(drop)
    }

    /// Writes, and says what became of it.
    ///
    /// # Errors
    /// Those of the outbox.
    pub(super) async fn write(&mut self, thread: ThreadId, text: &str) -> Result<Written, Failed> {
        if let Program::Native { client, .. } = &mut self.program {
            client.send(thread, &Body::text(text))?;
            return Ok(client.flush(PATIENCE_MS).await?.into());
        }
        let thread = hex::encode(thread.as_bytes());
        let told = self.ask(json!({ "do": "write", "thread": thread, "text": text })).await?;
        let refused = at(&told, "/refused");
        let alarms = at(&told, "/alarms").as_array().map(Vec::as_slice).unwrap_or_default();
        let noticed = alarms.iter().chain([refused]).find(|failure| at(failure, "/kind") == "hostile");
        Ok(Written {
            sent: at(&told, "/sent") == true,
            refused: at(refused, "/kind") == "refused",
            noticed: noticed.and_then(|failure| at(failure, "/code").as_str()).map(str::to_owned),
            latest_ms: 0,
        })
    }

    /// Whether the thread that was read last is shown as urgent.
    pub(super) fn is_urgent(&self, thread: ThreadId) -> bool {
        match &self.program {
            Program::Native { client, .. } => {
                client.thread(thread).is_some_and(|t| t.state().roster().priority() == Priority::Urgent)
            }
            Program::Web { view, .. } => at(view, "/row/priority") == "urgent",
        }
    }

    /// Whether the thread that was read last is shown as closed.
    pub(super) fn is_closed(&self, thread: ThreadId) -> bool {
        match &self.program {
            Program::Native { client, .. } => {
                client.thread(thread).is_some_and(|t| t.state().roster().phase() == Phase::Closed)
            }
            Program::Web { view, .. } => {
                let entries = at(view, "/entries").as_array().map(Vec::as_slice).unwrap_or_default();
                entries.iter().any(|entry| at(entry, "/content/act") == "close")
            }
        }
    }

    /// Whether somebody is shown to take part in the thread that was read last.
    pub(super) fn takes_part(&self, thread: ThreadId, user: UserId) -> bool {
        match &self.program {
            Program::Native { client, .. } => client
                .thread(thread)
                .and_then(|thread| thread.state().roster().participant(PartyId::User(user)))
                .is_some_and(|participant| participant.presence == Presence::Active),
            Program::Web { view, .. } => {
                let user = hex::encode(user.as_bytes());
                let parties = at(view, "/parties").as_array().map(Vec::as_slice).unwrap_or_default();
                parties
                    .iter()
                    .any(|party| at(party, "/id") == user.as_str() && at(party, "/state") == "active")
            }
        }
    }

    /// Whether what is written now is sealed to a keyring.
    ///
    /// # Errors
    /// The process is gone.
    pub(super) async fn seals_to(&self, thread: ThreadId, keyring: KeyringId) -> Result<bool> {
        if let Program::Native { client, .. } = &self.program {
            let thread = client.thread(thread);
            return Ok(thread.is_some_and(|t| t.state().roster().epoch().recipients.contains_key(&keyring)));
        }
        let thread = hex::encode(thread.as_bytes());
        let readers = self.ask(json!({ "do": "readers", "thread": thread })).await;
        let readers = readers.map_err(|failed| anyhow!("{failed:?}"))?;
        let keyring = hex::encode(keyring.as_bytes());
        Ok(readers.as_array().is_some_and(|all| all.iter().any(|one| one == keyring.as_str())))
    }

    /// What the client believes of a chain.
    ///
    /// # Errors
    /// The process is gone.
    pub(super) async fn chain(&self, kind: ChainKind, id: ObjectId) -> Result<Option<Believed>> {
        if let Program::Native { client, .. } = &self.program {
            let chains = client.book().chains();
            return Ok(match kind {
                ChainKind::User => chains.user_chain(id.into()).map(|chain| chain.tail()),
                ChainKind::Keyring | ChainKind::Unit => {
                    chains.keyring_chain(id.into()).map(|chain| chain.tail())
                }
            }
            .map(|tail| Believed { seq: tail.seq(), head: tail.head() }));
        }
        let kind = if kind == ChainKind::User { "user" } else { "keyring" };
        let id = hex::encode(id.as_bytes());
        let chain = self.ask(json!({ "do": "chain", "kind": kind, "id": id })).await;
        let chain = chain.map_err(|failed| anyhow!("{failed:?}"))?;
        let head = at(&chain, "/head").as_str().and_then(|head| hex::decode(head).ok());
        let head = head.and_then(|head| <[u8; 32]>::try_from(head).ok()).map(Bytes32::from_bytes);
        Ok(at(&chain, "/seq").as_u64().map(|seq| Believed { seq, head }))
    }

    /// Whether somebody's keyring is believed to be a member of another one.
    ///
    /// # Errors
    /// The process is gone.
    pub(super) async fn has_member(&self, keyring: KeyringId, member: KeyringId) -> Result<bool> {
        if let Program::Native { client, .. } = &self.program {
            let chain = client.book().chains().keyring_chain(keyring);
            return Ok(chain.is_some_and(|chain| chain.member(member).is_some()));
        }
        let id = hex::encode(keyring.as_bytes());
        let chain = self.ask(json!({ "do": "chain", "kind": "keyring", "id": id })).await;
        let chain = chain.map_err(|failed| anyhow!("{failed:?}"))?;
        let member = hex::encode(member.as_bytes());
        let members = at(&chain, "/members").as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(members.iter().any(|one| one == member.as_str()))
    }

    /// Fetches a file of a message that was read.
    ///
    /// # Errors
    /// Those of the client.
    pub(super) async fn download(&mut self, thread: ThreadId, file: &Attachment) -> Result<Vec<u8>, Failed> {
        if let Program::Native { client, .. } = &mut self.program {
            return Ok(client.download(file).await?.to_vec());
        }
        self.open_thread(thread).await?;
        let file = hex::encode(file.blob.as_bytes());
        let thread = hex::encode(thread.as_bytes());
        let bytes = self.call("download", json!([thread, file])).await?;
        Ok(hex::decode(bytes.as_str().context("bytes")?).context("hexadecimal")?)
    }
}

fn shown_entry(entry: &Value) -> Shown {
    let content = at(entry, "/content");
    match at(content, "/kind").as_str() {
        Some("text") => Shown::Text(at(content, "/text").as_str().unwrap_or_default().to_owned()),
        Some("unreadable") => Shown::Unreadable,
        Some("bad") => Shown::Tampered(at(content, "/why/code").as_str().unwrap_or_default().to_owned()),
        _ => Shown::Act,
    }
}
