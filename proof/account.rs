//! What an account holder can count on: a second device that opens the list without reading every thread, a
//! restarted one that goes on where it was, a way back in without the password, and a password, a recovery code and
//! sessions that end when they are told to.
//!
//! Not known here: how a lying server is noticed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use relais_client::ClientError;
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Content, Http, Local, Login, Recovery, Registration, Update, mailbox};
use relais_e2ee::body::Body;
use relais_e2ee::recovery::RecoveryCode;
use relais_wire::account::Locale;
use relais_wire::directory::GetServer;
use relais_wire::frame::{Class, Frame};
use relais_wire::ids::{Bytes32, ThreadId};
use relais_wire::limits::RPC_BYTES_MAX;
use relais_wire::{ErrorCode, Private, Reply, Request};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::proxy::{Link, Meddler, Proxy, Way};
use crate::say;
use crate::server::Server;

const FIRST_PASSWORD: &str = "correct horse battery staple";
const SECOND_PASSWORD: &str = "another horse, another battery";
const THIRD_PASSWORD: &str = "a third horse and its battery";
const TITLE: &str = "Morning round";

/// Messages of the thread that is not to be read again.
const MESSAGES: u64 = 40;

/// Time for messages to be accepted.
const PATIENCE_MS: u64 = 30_000;

/// Hears what is asked, and changes nothing.
#[derive(Debug, Default)]
struct Ear {
    heard: Vec<Request>,
}

impl Meddler for Ear {
    fn pass(&mut self, way: Way, _: Link, frame: &[u8]) -> Vec<Vec<u8>> {
        if way == Way::Up
            && let Ok(parsed) = Frame::parse(frame, RPC_BYTES_MAX)
            && parsed.header.class == Class::Request
        {
            self.heard.extend(Request::decode(parsed.header.kind, parsed.body));
        }
        vec![frame.to_vec()]
    }
}

struct Scene {
    server: Server,
    folder: TempDir,
    ear: Arc<Mutex<Ear>>,
    proxy: Proxy,
    holds: bool,
    minutes: u64,
}

/// The proof.
///
/// # Errors
/// Something that the proof needs could not be started, or failed where nothing should.
pub async fn run(program: &Path) -> Result<bool> {
    let server = Server::start(program, &[]).await?;
    let ear = Arc::new(Mutex::new(Ear::default()));
    let proxy = Proxy::start(server.address(), Arc::<Mutex<Ear>>::clone(&ear)).await?;
    let folder = tempfile::Builder::new().prefix("relais-account-").tempdir()?;
    let mut scene = Scene { server, folder, ear, proxy, holds: true, minutes: 0 };
    let (mut ada, code) = scene.register("ada").await?;
    let (mut ben, _) = scene.register("ben").await?;
    say::progress(&format!("a thread of {MESSAGES} messages …"));
    let thread = scene.talk(&mut ada, &ben).await?;
    scene.goes_on(&mut ada, &mut ben, thread).await?;
    scene.second_device(&mut ben, thread).await?;
    say::progress("sessions, password, recovery code …");
    scene.sessions(&mut ada).await?;
    scene.password(&mut ada, thread).await?;
    Box::pin(scene.recovery(ada, code, thread)).await?;
    say::progress("two devices write at once …");
    // Its folder is gone on with.
    drop(ben);
    Box::pin(scene.two_writers()).await?;
    Ok(scene.holds)
}

fn text_of(content: &Content) -> Option<&str> {
    if let Content::Body(body) = content { Some(&body.text) } else { None }
}

async fn texts(client: &mut Client, thread: ThreadId) -> Result<Vec<String>, ClientError> {
    let all = client.history(thread).await?;
    Ok(all.iter().filter_map(|message| text_of(&message.content)).map(ToOwned::to_owned).collect())
}

async fn say_all(client: &mut Client, thread: ThreadId, lines: &[String]) -> Result<()> {
    for line in lines {
        client.send(thread, &Body::text(line))?;
    }
    let updates = client.flush(PATIENCE_MS).await?;
    let refused = updates.iter().any(|update| matches!(update, Update::Refused { .. }));
    if refused { bail!("refused: {updates:?}") } else { Ok(()) }
}

fn root(client: &Client) -> Option<Bytes32> {
    client.book().chains().user_chain(client.user()).map(|chain| chain.fact().root)
}

fn vault_version(client: &Client) -> Option<u64> {
    let chain = client.book().chains().user_chain(client.user())?;
    chain.vault().map(|(version, _)| version)
}

impl Scene {
    fn check(&mut self, claim: &str, holds: bool) {
        say::line(&format!("{:<4}{claim}", if holds { "ok" } else { "NO" }));
        self.holds &= holds;
    }

    fn http(&self) -> Result<Http> {
        let http = Http::new(&format!("http://{}", self.proxy.address()), None)?;
        Ok(http.known_as(&format!("http://{}", self.server.address())))
    }

    fn dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn deaf(&self) {
        self.ear.lock().await.heard.clear();
    }

    async fn heard(&self, asked: impl Fn(&Request) -> bool) -> usize {
        self.ear.lock().await.heard.iter().filter(|request| asked(request)).count()
    }

    async fn register(&self, name: &str) -> Result<(Client, RecoveryCode)> {
        let (http, email) = (self.http()?, format!("{name}@relais.example"));
        let new = Registration {
            email: Private(email.clone()),
            name: Private(name.to_owned()),
            password: FIRST_PASSWORD.to_owned().into(),
            locale: Locale::En,
            token: None,
        };
        let before = mailbox::newest(&http, &email).await?;
        let code = async || mailbox::code(&http, &email, before).await;
        let local = Local::open(&self.dir(name))?;
        Ok(Client::register(http.clone(), Some(local), new, code).await?)
    }

    async fn login(&self, name: &str, password: &str, dir: &str) -> Result<Result<Client, ClientError>> {
        let (http, email) = (self.http()?, format!("{name}@relais.example"));
        let login =
            Login { email: Private(email.clone()), password: password.to_owned().into(), locale: Locale::En };
        let before = mailbox::newest(&http, &email).await?;
        let code = async || mailbox::code(&http, &email, before).await;
        Ok(Client::login(http.clone(), Some(Local::open(&self.dir(dir))?), login, code).await)
    }

    async fn resume(&self, dir: &str) -> Result<Client> {
        Ok(Client::resume(self.http()?, Local::open(&self.dir(dir))?).await?)
    }

    async fn recover(
        &self,
        code: RecoveryCode,
        mailed: Option<&str>,
        dir: &str,
    ) -> Result<Result<(Client, RecoveryCode), ClientError>> {
        let (http, email) = (self.http()?, "ada@relais.example".to_owned());
        let with = Recovery {
            email: Private(email.clone()),
            code,
            password: THIRD_PASSWORD.to_owned().into(),
            locale: Locale::En,
        };
        let before = mailbox::newest(&http, &email).await?;
        let mail = async || match mailed {
            Some(code) => Ok(code.to_owned()),
            None => mailbox::code(&http, &email, before).await,
        };
        Ok(Client::recover(http.clone(), Some(Local::open(&self.dir(dir))?), with, mail).await)
    }

    async fn talk(&self, ada: &mut Client, ben: &Client) -> Result<ThreadId> {
        let thread = ada.create_thread(None, &[Who::Person(ben.user())], TITLE, "first").await?;
        let lines: Vec<String> = (1..MESSAGES).map(|i| format!("line {i}")).collect();
        say_all(ada, thread, &lines).await?;
        Ok(thread)
    }

    /// A restarted client reads a thread from where it had verified it.
    async fn goes_on(&mut self, ada: &mut Client, ben: &mut Client, thread: ThreadId) -> Result<()> {
        let before = ben.open_thread(thread).await?.state().head().n;
        ben.let_go()?;
        *ben = self.resume("ben").await?;
        say_all(ada, thread, &["after the restart".to_owned()]).await?;
        self.deaf().await;
        let after = ben.open_thread(thread).await?;
        let (head, title) = (after.state().head().n, after.title().map(ToOwned::to_owned));
        let again = self.heard(|r| matches!(r, Request::GetEntries(ask) if ask.from.get() < before)).await;
        let asked = self.heard(|r| matches!(r, Request::GetEntries(_))).await;
        self.check("a restarted client reads only what came since", again == 0 && asked > 0);
        self.check(
            "and has the whole thread verified",
            head == before + 1 && title.as_deref() == Some(TITLE),
        );
        say_all(ben, thread, &["and writes".to_owned()]).await?;
        let all = texts(ada, thread).await?;
        self.check("and writes into it", all.last().is_some_and(|text| text == "and writes"));
        Ok(())
    }

    /// Another device opens the list from the key index, and holds threads against the pins.
    async fn second_device(&mut self, ben: &mut Client, thread: ThreadId) -> Result<()> {
        ben.open_thread(thread).await?;
        ben.share().await?;
        let mut other = self.login("ben", FIRST_PASSWORD, "ben-2").await??;
        self.deaf().await;
        let (list, _) = other.list(None).await?;
        let titles: Vec<Option<&str>> = list.iter().map(|(_, title)| title.as_deref()).collect();
        let read = self.heard(|r| matches!(r, Request::GetEntries(_) | Request::GetBoxes(_))).await;
        self.check("another device lists threads by their titles", titles == [Some(TITLE)]);
        self.check("without reading an entry or opening a box", read == 0);
        let all = texts(&mut other, thread).await?;
        let boxes = self.heard(|r| matches!(r, Request::GetBoxes(_))).await;
        self.check("and reads them with the keys of the index", all.len() > 40 && boxes == 0);
        Ok(())
    }

    /// Lets a minute pass on the server, and tells these clients.
    async fn pass_a_minute(&mut self, clients: &[&Client]) -> Result<()> {
        self.minutes += 1;
        let body = serde_json::json!({"offset_ms": self.minutes * 61_000}).to_string();
        let url = format!("http://{}/dev/clock", self.server.address());
        reqwest::Client::new().post(url).body(body).send().await?.error_for_status()?;
        for client in clients {
            look_at_clock(client).await?;
        }
        Ok(())
    }

    /// Two devices learn different things and write both; neither's are lost.
    async fn two_writers(&mut self) -> Result<()> {
        let (mut cleo, _) = self.register("cleo").await?;
        let (mut one, mut two) = (self.resume("ben").await?, self.resume("ben-2").await?);
        let ben = Who::Person(one.user());
        let seen_by_one = cleo.create_thread(None, &[ben], "Seen on the first", "one").await?;
        let seen_by_two = cleo.create_thread(None, &[ben], "Seen on the second", "two").await?;
        self.pass_a_minute(&[&one, &two]).await?;
        one.open_thread(seen_by_one).await?;
        one.share().await?;
        self.pass_a_minute(&[&two]).await?;
        two.open_thread(seen_by_two).await?;
        two.share().await?;
        let mut three = self.login("ben", FIRST_PASSWORD, "ben-3").await??;
        self.deaf().await;
        let (list, _) = three.list(None).await?;
        let mut titles: Vec<&str> = list.iter().filter_map(|(_, title)| title.as_deref()).collect();
        titles.sort_unstable();
        let read = self.heard(|r| matches!(r, Request::GetEntries(_))).await;
        let all = titles == [TITLE, "Seen on the first", "Seen on the second"];
        self.check("what two devices wrote at once is merged", all && read == 0);
        Ok(())
    }

    async fn sessions(&mut self, ada: &mut Client) -> Result<()> {
        let other = self.login("ada", FIRST_PASSWORD, "ada-lost").await??;
        let open = ada.sessions().await?;
        let lost = open.iter().find(|card| !card.current).context("the other session")?.session;
        let one_is_this = open.iter().filter(|card| card.current).count() == 1;
        self.check("the account's sessions are listed, this one marked", open.len() == 2 && one_is_this);
        ada.revoke_session(lost).await?;
        let refused = other.sessions().await;
        self.check("a revoked one is refused at once", is(&refused, ErrorCode::Revoked));
        Ok(())
    }

    async fn password(&mut self, ada: &mut Client, thread: ThreadId) -> Result<()> {
        let other = self.login("ada", FIRST_PASSWORD, "ada-other").await??;
        let (root_before, version) = (root(ada), vault_version(ada));
        let weak = ada.change_password("short").await;
        self.check("a weak new password is refused", weak.is_err_and(|e| e == ClientError::WeakPassword));
        ada.change_password(SECOND_PASSWORD).await?;
        let next = version.map(|version| version + 1);
        self.check("a new password appends the new vault's link", vault_version(ada) == next);
        self.check("it ends the other sessions", is(&other.sessions().await, ErrorCode::Revoked));
        ada.let_go()?;
        *ada = self.resume("ada").await?;
        self.check("and not this one, which goes on after a restart", ada.sessions().await?.len() == 1);
        let old = self.login("ada", FIRST_PASSWORD, "ada-old").await?;
        self.check(
            "the old password is wrong",
            old.is_err_and(|e| e == ClientError::WrongSecret || e.is_refusal(ErrorCode::WrongCredentials)),
        );
        let mut new = self.login("ada", SECOND_PASSWORD, "ada-new").await??;
        let reads = texts(&mut new, thread).await?.len() > 40;
        self.check("the new one opens the same account", reads && root(&new) == root_before);
        Ok(())
    }

    async fn recovery(&mut self, mut ada: Client, first: RecoveryCode, thread: ThreadId) -> Result<()> {
        let (root_before, version) = (root(&ada), vault_version(&ada));
        let before_it = self.recover(first, None, "none-1").await?;
        self.check(
            "the code from before the password is worth nothing",
            is(&before_it, ErrorCode::WrongCredentials),
        );
        let code = ada.renew_recovery().await?;
        ada.let_go()?;
        let shown = self.resume("ada").await?.recovery_code().await?;
        self.check("a renewed code is kept, to be shown again", *shown.text() == *code.text());
        self.check("its vault's link is appended", vault_version(&ada) == version.map(|version| version + 1));
        let guess = self.recover(code.duplicate(), Some("not it"), "none-2").await?;
        self.check("a wrong mailed code is refused", is(&guess, ErrorCode::CodeWrong));
        let (mut back, new_code) = self.recover(code.duplicate(), None, "ada-back").await??;
        self.check("mailed code and recovery code open the account", back.user() == ada.user());
        self.check("with the identity it had", root(&back).is_some() && root(&back) == root_before);
        let all = texts(&mut back, thread).await?;
        self.check("and everything it could read", all.first().is_some_and(|text| text == "first"));
        self.check("all other sessions end", is(&ada.sessions().await, ErrorCode::Revoked));
        let new = self.login("ada", THIRD_PASSWORD, "ada-third").await?;
        self.check("the new password is the account's", new.is_ok());
        let reused = self.recover(code, None, "none-3").await?;
        self.check("the code that was used is worth nothing", is(&reused, ErrorCode::WrongCredentials));
        let again = self.recover(new_code, None, "ada-again").await?;
        self.check("the new code is worth what the old one was", again.is_ok());
        let (_, last) = again?;
        let often = self.recover(last, None, "none-4").await?;
        self.check("a sixth recovery within the hour is refused", is(&often, ErrorCode::Throttled));
        Ok(())
    }
}

/// Learns the server's time again, as a connected client does by itself.
async fn look_at_clock(client: &Client) -> Result<()> {
    let reply = client.http().ask(&Request::GetServer(GetServer {})).await?;
    let Reply::ServerCard(card) = reply else { bail!("not a server's card") };
    client.http().told_time(card.now.get());
    Ok(())
}

fn is<T>(result: &Result<T, ClientError>, code: ErrorCode) -> bool {
    result.as_ref().is_err_and(|error| error.is_refusal(code))
}
