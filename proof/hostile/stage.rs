//! Two honest people, a real server, and victims: copies of one of the two, behind a proxy that lies.
//!
//! Not known here: the attacks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use relais_client::ClientError;
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Http, Local, Registration, Update, mailbox};
use relais_e2ee::body::Body;
use relais_wire::account::Locale;
use relais_wire::ids::ThreadId;
use relais_wire::{ErrorCode, Private, Reply, Request};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::liar::{Liar, Lie};
use super::victim::{Failed, Kind, Shown, Victim, Written};
use super::web::{Browser, Failure, set};
use crate::proxy::Proxy;
use crate::server::Server;

/// Time for a message to be accepted.
pub(super) const PATIENCE_MS: u64 = 20_000;

/// Everybody's password here.
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// How an attack ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The client refused, with this code.
    Caught(String),
    /// The client took the lie for the truth.
    Believed,
    /// Neither: what it came to.
    Neither(String),
}

impl Seen {
    /// Of a step that answers whether the lie was believed.
    pub(super) fn of(result: Result<bool, impl Into<Failed>>) -> Self {
        match result.map_err(Into::into) {
            Ok(true) => Self::Believed,
            Ok(false) => Self::Neither("not believed, and no error".to_owned()),
            Err(error) => error.attack().map_or_else(|| Self::Neither(format!("{error:?}")), Self::Caught),
        }
    }

    /// Of entries: one that is marked as tampered with counts as an error.
    pub(super) fn of_entries(
        result: Result<Vec<Shown>, Failed>,
        believed: impl FnOnce(&[Shown]) -> bool,
    ) -> Self {
        let tampered =
            |entry: &Shown| if let Shown::Tampered(code) = entry { Some(code.clone()) } else { None };
        match result {
            Ok(entries) => match entries.iter().find_map(tampered) {
                Some(code) => Self::Caught(code),
                None => Self::of(Ok::<_, Failed>(believed(&entries))),
            },
            Err(failed) => Self::of(Err(failed)),
        }
    }

    /// Of a message that was written.
    pub(super) fn of_written(
        result: Result<Written, Failed>,
        believed: impl FnOnce(&Written) -> bool,
    ) -> Self {
        let written = match result {
            Ok(written) => written,
            Err(failed) => return Self::of(Err(failed)),
        };
        let believed = believed(&written);
        Self::of_noticed(written.noticed.as_deref(), believed, &written)
    }

    /// Of what was noticed and what was believed. A lie that was noticed and acted on all the same is not caught.
    pub(super) fn of_noticed(noticed: Option<&str>, believed: bool, all: &impl core::fmt::Debug) -> Self {
        match (noticed, believed) {
            (Some(code), false) => Self::Caught(code.to_owned()),
            (Some(code), true) => Self::Neither(format!("{code} noticed, and believed")),
            (None, true) => Self::Believed,
            (None, false) => Self::Neither(format!("{all:?}")),
        }
    }
}

/// Who is attacked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whom {
    /// The one who opens threads.
    Ada,
    /// The other.
    Ben,
}

impl Whom {
    /// What this one is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ada => "ada",
            Self::Ben => "ben",
        }
    }
}

/// The scene.
pub(super) struct Stage {
    server: Server,
    folder: TempDir,
    browser: Option<Arc<Mutex<Browser>>>,
    /// Which client is attacked.
    pub kind: Kind,
    count: usize,
    /// Honest, not behind the proxy.
    pub ada: Client,
    /// Honest, not behind the proxy.
    pub ben: Client,
    /// Helps the server, and takes part in nothing.
    pub mallory: Client,
}

impl core::fmt::Debug for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

async fn register(
    http: &Http,
    dir: &Path,
    email: &str,
    token: Option<Vec<u8>>,
) -> Result<Client, ClientError> {
    let new = Registration {
        email: Private(email.to_owned()),
        name: Private(email.to_owned()),
        password: PASSWORD.to_owned().into(),
        locale: Locale::En,
        token,
    };
    let before = mailbox::newest(http, email).await?;
    let code = async || mailbox::code(http, email, before).await;
    Client::register(http.clone(), Some(Local::open(dir)?), new, code).await.map(|(client, _)| client)
}

/// Signs both in there, each once.
async fn signed_in(mut browser: Browser, server: &Server) -> Result<Arc<Mutex<Browser>>> {
    let origin = format!("http://{}", server.address());
    for whom in [Whom::Ada, Whom::Ben] {
        let name = whom.name();
        let order = json!({ "do": "enter", "name": name, "origin": origin, "at": origin,
            "email": format!("{name}@relais.example"), "password": PASSWORD });
        browser.order(&order).await?.map_err(|failure| anyhow!("{failure:?}"))?;
    }
    Ok(Arc::new(Mutex::new(browser)))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

impl Stage {
    /// Starts the server and registers the two.
    ///
    /// # Errors
    /// Anything that goes wrong: nobody lies yet.
    pub(super) async fn set(program: &Path, web: Option<&Path>) -> Result<Self> {
        let server = Server::start(program, &[]).await?;
        let folder = tempfile::Builder::new().prefix("relais-hostile-").tempdir()?;
        let http = || Http::new(&format!("http://{}", server.address()), None);
        let dir = |name: &str| folder.path().join(name);
        let ada =
            register(&http()?, &dir("ada"), "ada@relais.example", Some(hex::decode(server.setup_token()?)?))
                .await?;
        let ben = register(&http()?, &dir("ben"), "ben@relais.example", None).await?;
        let mallory = register(&http()?, &dir("mallory"), "mallory@relais.example", None).await?;
        // What they learnt would help the victims, and what a victim believed would stay after it.
        let mut everybody = [ada, ben, mallory];
        everybody.iter_mut().for_each(|client| client.share_objects(false));
        let [ada, ben, mallory] = everybody;
        copy(&dir("ada"), &dir("blank-ada"))?;
        copy(&dir("ben"), &dir("blank-ben"))?;
        let browser = match web {
            Some(folder) => Some(signed_in(Browser::start(folder)?, &server).await?),
            None => None,
        };
        Ok(Self { server, folder, browser, kind: Kind::Native, count: 0, ada, ben, mallory })
    }

    fn fresh(&mut self, name: &str) -> PathBuf {
        self.count += 1;
        self.folder.path().join(format!("{name}-{}", self.count))
    }

    /// An address nobody has used.
    pub(super) fn fresh_email(&mut self) -> String {
        self.count += 1;
        format!("person{}@relais.example", self.count)
    }

    /// The one that was used last.
    pub(super) fn last_email(&self) -> String {
        format!("person{}@relais.example", self.count)
    }

    /// A proxy of its own, truthful until told otherwise, and the server as it is reached through it.
    ///
    /// # Errors
    /// No port.
    pub(super) async fn door(&mut self) -> Result<Door> {
        let liar = Arc::new(Mutex::new(Liar::default()));
        let proxy = Proxy::start(self.server.address(), Arc::<Mutex<Liar>>::clone(&liar)).await?;
        let http = Http::new(&format!("http://{}", proxy.address()), None)?
            .known_as(&format!("http://{}", self.server.address()));
        Ok(Door { liar, http, proxy })
    }

    /// A copy of one of the two as it was just after registering: it has met nobody.
    ///
    /// # Errors
    /// Anything: nobody lies yet.
    pub(super) async fn victim(&mut self, whom: Whom) -> Result<Victim> {
        match self.kind {
            Kind::Native => self.native_victim(whom).await,
            Kind::Web => {
                let door = self.door().await?;
                let name = whom.name();
                let (browser, tab) = self.tab(&door, json!({ "do": "open", "of": name })).await?;
                let browser = browser.map_err(|failure| anyhow!("{failure:?}"))?;
                Ok(Victim::web(browser, tab, door))
            }
        }
    }

    /// A tab of the web client behind a door, opened like this.
    ///
    /// # Errors
    /// There is no web client here, or it is gone.
    pub(super) async fn tab(
        &mut self,
        door: &Door,
        mut order: Value,
    ) -> Result<(Result<Arc<Mutex<Browser>>, Failure>, u64)> {
        let browser = Arc::clone(self.browser.as_ref().context("no web client")?);
        let mut locked = browser.lock().await;
        let tab = locked.tab();
        set(&mut order, "tab", json!(tab));
        set(&mut order, "origin", json!(format!("http://{}", self.server.address())));
        set(&mut order, "at", json!(format!("http://{}", door.proxy.address())));
        let done = locked.order(&order).await?;
        drop(locked);
        Ok((done.map(|_| browser), tab))
    }

    /// Signs somebody in to a web client that knows nothing of them.
    ///
    /// # Errors
    /// There is no web client here, or it is gone.
    pub(super) async fn new_device(&mut self, door: Door, email: &str) -> Result<Result<Victim, Failure>> {
        let order = json!({ "do": "signIn", "email": email, "password": PASSWORD });
        let (browser, tab) = self.tab(&door, order).await?;
        Ok(browser.map(|browser| Victim::web(browser, tab, door)))
    }

    /// Switches exactly these checks of the web client off, by number or code.
    ///
    /// # Errors
    /// There is no web client here, or it is gone.
    pub(super) async fn switch_off_web(&self, checks: &[Value]) -> Result<()> {
        self.browser.as_ref().context("no web client")?.lock().await.switch_off(checks).await
    }

    /// As [`Self::victim`], but always the native client.
    ///
    /// # Errors
    /// Anything: nobody lies yet.
    pub(super) async fn native_victim(&mut self, whom: Whom) -> Result<Victim> {
        let door = self.door().await?;
        let dir = self.fresh("victim");
        copy(&self.folder.path().join(format!("blank-{}", whom.name())), &dir)?;
        let mut client = Client::resume(door.http.clone(), Local::open(&dir)?).await?;
        client.share_objects(false);
        Ok(Victim::native(client, door, dir))
    }

    /// Registers somebody through a door.
    ///
    /// # Errors
    /// Those of registering.
    pub(super) async fn register(&mut self, door: &Door) -> Result<Result<Client, ClientError>> {
        let (dir, email) = (self.fresh("new"), self.fresh_email());
        Ok(register(&door.http, &dir, &email, None).await)
    }

    /// A thread that Ada opens with Ben; it has one entry.
    ///
    /// # Errors
    /// Nobody lies.
    pub(super) async fn thread(&mut self) -> Result<ThreadId> {
        let ben = self.ben.user();
        self.ada.create_thread(None, &[Who::Person(ben)], "", "").await.context("a thread")
    }

    /// Reads up and writes.
    ///
    /// # Errors
    /// Nobody lies.
    pub(super) async fn say(&mut self, whom: Whom, thread: ThreadId, text: &str) -> Result<()> {
        let client = self.honest(whom);
        client.open_thread(thread).await?;
        self.say_unread(whom, thread, text).await
    }

    /// Writes without reading what was written before.
    ///
    /// # Errors
    /// Nobody lies.
    pub(super) async fn say_unread(&mut self, whom: Whom, thread: ThreadId, text: &str) -> Result<()> {
        let client = self.honest(whom);
        client.send(thread, &Body::text(text))?;
        let updates = client.flush(PATIENCE_MS).await?;
        let accepted = updates.iter().any(|update| matches!(update, Update::Accepted { .. }));
        if accepted { Ok(()) } else { bail!("not accepted: {updates:?}") }
    }

    /// One of the two.
    pub(super) const fn honest(&mut self, whom: Whom) -> &mut Client {
        match whom {
            Whom::Ada => &mut self.ada,
            Whom::Ben => &mut self.ben,
        }
    }
}

/// The server as it is reached through a proxy.
#[derive(Debug)]
pub(super) struct Door {
    /// The lying half.
    pub liar: Arc<Mutex<Liar>>,
    /// How it is reached.
    pub http: Http,
    proxy: Proxy,
}

impl Door {
    /// From now on answers are changed like this.
    pub(super) async fn lie(&self, lie: Lie) {
        self.liar.lock().await.lie = lie;
    }
}

/// Waits that a request of a scene's own is put off for, at most: the scenes ask faster than people.
const PUT_OFF_MAX: u32 = 40;

/// Asks over HTTP, as often as the server only puts off.
pub(super) async fn ask(client: &Client, request: &Request) -> Result<Reply, ClientError> {
    for _ in 0..PUT_OFF_MAX {
        match client.http().ask(request).await {
            Err(ClientError::Refused(refusal)) if refusal.code == ErrorCode::Throttled => {
                let pause = refusal.retry_after.map_or(50, |after| after.get());
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            answer => return answer,
        }
    }
    client.http().ask(request).await
}
