//! The data of the measurement, made through the client library against the running server: an organization, people
//! who write, people whose lists of threads are of given lengths, and one thread of many messages.
//!
//! Nobody in it exists. Every thread of a list has one message and two people; who writes them takes turns.
//!
//! Not known here: browsers.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use relais_chain::unit::Standing;
use relais_client::ClientError;
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Http, Registration, mailbox};
use relais_e2ee::body::Body;
use relais_wire::account::Locale;
use relais_wire::ids::{IdemKey, OrgId, ThreadId, UnitId, UserId};
use relais_wire::limits::ENTRIES_PER_APPEND;
use relais_wire::threads::{Append, SignedEntry};
use relais_wire::{Private, Request};

use crate::server::Server;

/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// People who write. The server lets one person ask 60 times a second, and a new thread is two questions.
const WRITERS: usize = 6;

/// Accounts made at once: each takes a core for a moment (Argon2id).
const AT_ONCE: usize = 4;

/// Characters of a message: a long sentence.
const TEXT: usize = 160;

/// Times the server may put one request off.
const PUT_OFF_MAX: usize = 50;

/// Somebody with a list of this many threads.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Reader {
    pub(super) email: String,
    pub(super) threads: usize,
    /// Messages of the only thread; otherwise each has one.
    pub(super) messages: usize,
}

/// Makes everything: a reader for each of these lengths, and one of a single thread with so many messages.
pub(super) async fn make(server: &Server, lists: &[usize], messages: usize) -> Result<Vec<Reader>> {
    let origin = format!("http://{}", server.address());
    let first = join(&origin, "admin", Some(hex::decode(server.setup_token()?)?)).await?;
    let mut office = Office::open(origin, first).await?;
    let mut readers: Vec<Reader> = lists
        .iter()
        .map(|threads| Reader { email: email(&format!("reader{threads}")), threads: *threads, messages: 1 })
        .collect();
    readers.push(Reader { email: email("reader"), threads: 1, messages });
    let mut names: Vec<String> = (0..WRITERS).map(|number| format!("writer{number}")).collect();
    names.extend(readers.iter().filter_map(|reader| reader.email.split('@').next()).map(str::to_owned));
    let mut people = office.welcome(&names).await?;
    let ids: Vec<UserId> = people.iter().skip(WRITERS).map(Client::user).collect();
    people.truncate(WRITERS);
    for (reader, id) in readers.iter().zip(ids) {
        if reader.messages == 1 {
            let shares = people.iter_mut().enumerate();
            let lists = shares.map(|(at, writer)| write_list(writer, at, office.org, id, reader.threads));
            try_join_all(lists).await?;
        } else {
            let writer = people.first_mut().context("a writer")?;
            write_long(writer, office.org, id, reader.messages).await?;
        }
    }
    Ok(readers)
}

fn email(name: &str) -> String {
    format!("{name}@relais.example")
}

async fn join(origin: &str, name: &str, token: Option<Vec<u8>>) -> Result<Client> {
    let http = Http::new(origin, None)?;
    let address = email(name);
    let new = Registration {
        email: Private(address.clone()),
        name: Private(name.to_owned()),
        password: PASSWORD.to_owned().into(),
        locale: Locale::En,
        token,
    };
    let before = mailbox::newest(&http, &address).await?;
    let mail = http.clone();
    let code = async move || mailbox::code(&mail, &address, before).await;
    Ok(Client::register(http, None, new, code).await?.0)
}

/// An organization of one unit, and who runs it.
struct Office {
    origin: String,
    admin: Client,
    unit: UnitId,
    org: OrgId,
}

impl Office {
    async fn open(origin: String, mut admin: Client) -> Result<Self> {
        let unit = admin.create_unit(None, "Clinic", "admin").await?;
        Ok(Self { origin, admin, unit, org: OrgId::from_bytes(*unit.as_bytes()) })
    }

    /// Invites people, registers them and vouches for them.
    async fn welcome(&mut self, names: &[String]) -> Result<Vec<Client>> {
        let mut people = Vec::new();
        for some in names.chunks(AT_ONCE) {
            let mut joining = Vec::new();
            for name in some {
                let token = self.admin.invite(Some(self.unit), None, Locale::En).await?.token.0;
                joining.push(join(&self.origin, name, Some(token)));
            }
            people.extend(try_join_all(joining).await?);
        }
        let waiting = self.admin.pending(self.unit).await?;
        let members: Vec<_> = waiting.into_iter().map(|m| (m.user, m.name, Standing::Professional)).collect();
        self.admin.attest(self.unit, &members).await?;
        people.iter_mut().try_for_each(|person| person.focus(Some(self.org)))?;
        Ok(people)
    }
}

fn text(number: usize) -> String {
    format!("Message {number:05} of many. ").chars().cycle().take(TEXT).collect()
}

/// One writer's share of a list.
async fn write_list(
    writer: &mut Client,
    at: usize,
    org: OrgId,
    reader: UserId,
    threads: usize,
) -> Result<()> {
    for number in (at..threads).step_by(WRITERS) {
        let title = format!("Thread {number:05}");
        let thread = writer.create_thread(Some(org), &[Who::Person(reader)], &title, &text(number)).await?;
        // Each new thread walks over all that are held.
        writer.forget_thread(thread);
    }
    Ok(())
}

/// One thread of so many messages, the one that opens it included: sealed first, then sent.
async fn write_long(writer: &mut Client, org: OrgId, reader: UserId, messages: usize) -> Result<()> {
    let thread = writer.create_thread(Some(org), &[Who::Person(reader)], "Thread 00000", &text(0)).await?;
    let bodies: Vec<Body> = (1..messages).map(|number| Body::text(text(number))).collect();
    let entries = writer.seal_ahead(thread, &bodies).await?;
    for (number, some) in entries.chunks(ENTRIES_PER_APPEND).enumerate() {
        append(writer.http(), thread, number, some.to_vec()).await?;
    }
    Ok(())
}

async fn append(http: &Http, thread: ThreadId, number: usize, entries: Vec<SignedEntry>) -> Result<()> {
    let mut idem = *thread.as_bytes();
    for (byte, of_number) in idem.iter_mut().rev().zip(number.to_le_bytes()) {
        *byte = of_number;
    }
    let request = Request::Append(Append { idem: IdemKey::from_bytes(idem), thread, entries });
    for _ in 0..PUT_OFF_MAX {
        match http.ask(&request).await {
            Err(ClientError::Refused(refusal)) if refusal.retry_after.is_some() => {
                let after = refusal.retry_after.map_or(0, |after| after.get());
                tokio::time::sleep(Duration::from_millis(after)).await;
            }
            answer => return Ok(answer.map(drop)?),
        }
    }
    bail!("the server puts messages off for ever")
}
