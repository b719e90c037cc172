//! Fictitious data of a demonstration, made through this library against a running server in demonstration mode.
//!
//! Everything follows from the seed but keys and ids, which are random wherever they are made. Nobody in it
//! exists. Patients, channels, workplaces and forms are not part of it yet.
//!
//! Not known here: how the server is started.

use std::path::PathBuf;

use relais_chain::party::PartyId;
use relais_chain::unit::Standing;
use relais_e2ee::body::Body;
use relais_wire::Private;
use relais_wire::account::Locale;
use relais_wire::ids::{KeyringId, OrgId, ThreadId, UnitId, UserId};
use serde::Serialize;
use zeroize::Zeroizing;

use super::acts::Who;
use super::client::Client;
use super::enter::Registration;
use super::http::Http;
use super::local::Local;
use super::mailbox;
use crate::core::Backoff;
use crate::error::ClientError;

mod words;

/// The password of everybody in the demonstration; it is printed.
pub const PASSWORD: &str = "demonstration-relais";

/// Accounts made at once: each takes a core for a moment (Argon2id).
const AT_ONCE: usize = 4;

/// Milliseconds that messages may take to be accepted.
const PATIENCE_MS: u64 = 30_000;

/// How much is made.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// People besides the personas.
    pub crowd: usize,
    /// Threads.
    pub threads: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { crowd: 54, threads: 40 }
    }
}

/// A persona with a login.
#[derive(Clone, Debug)]
pub struct Persona {
    /// What they are, French and English.
    pub what: &'static str,
    /// Name.
    pub name: String,
    /// Login.
    pub email: String,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Those one may sign in as.
    pub personas: Vec<Persona>,
    /// People in all.
    pub people: usize,
    /// Organizations, units, teams, threads, messages.
    pub counts: [usize; 5],
}

/// A persona as the web client's cast page reads it.
#[derive(Serialize)]
struct CastMember {
    what: Words,
    name: &'static str,
    email: &'static str,
    password: &'static str,
}

#[derive(Serialize)]
struct Words {
    fr: &'static str,
    en: &'static str,
}

struct Person {
    client: Client,
    name: String,
}

struct Demo<'a> {
    http: &'a Http,
    home: Option<PathBuf>,
    dice: Backoff,
    tell: &'a (dyn Fn(&str) + Sync),
}

fn fresh(http: &Http) -> Result<Http, ClientError> {
    Ok(Http::new(http.origin(), None)?.known_as(http.identity()))
}

/// Makes the data. The first account takes the setup token; `home` keeps the personas' sign-ins, in a folder
/// each.
///
/// # Errors
/// [`ClientError::NotFound`] where the server is no demonstration; the server's refusals.
pub async fn make(
    http: &Http,
    setup_token: Vec<u8>,
    home: Option<PathBuf>,
    seed: u64,
    size: Size,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Made, ClientError> {
    let mut demo = Demo { http, home, dice: Backoff::new(seed, 1 << 20, 1 << 20), tell };
    demo.run(setup_token, size).await
}

async fn join(
    http: Http,
    local: Option<Local>,
    (name, email, locale): (String, String, Locale),
    token: Vec<u8>,
) -> Result<Person, ClientError> {
    let before = mailbox::newest(&http, &email).await?;
    let new = Registration {
        email: Private(email.clone()),
        name: Private(name.clone()),
        password: Zeroizing::new(PASSWORD.to_owned()),
        locale,
        token: Some(token),
    };
    let mail = http.clone();
    let code = async move || mailbox::code(&mail, &email, before).await;
    let (client, _) = Client::register(http, local, new, code).await?;
    Ok(Person { client, name })
}

struct Org {
    id: OrgId,
    units: Vec<UnitId>,
    people: Vec<usize>,
    teams: Vec<KeyringId>,
}

impl Demo<'_> {
    fn draw(&mut self, below: usize) -> usize {
        let n = usize::try_from(self.dice.next_delay()).unwrap_or(0);
        n.checked_rem(below).unwrap_or(0)
    }

    fn local(&self, name: &str) -> Result<Option<Local>, ClientError> {
        self.home.as_ref().map(|home| Local::open(&home.join(name))).transpose()
    }

    async fn run(&mut self, setup_token: Vec<u8>, size: Size) -> Result<Made, ClientError> {
        (self.tell)("first administrator");
        let admin = words::PERSONAS.first().ok_or(ClientError::NotFound)?;
        let who = (admin.1.to_owned(), admin.2.to_owned(), Locale::Fr);
        let first = join(fresh(self.http)?, self.local(admin.2)?, who, setup_token).await?;
        let mut people = vec![first];
        let mut orgs = Vec::new();
        for (name, units) in words::ORGANIZATIONS {
            (self.tell)(name);
            orgs.push(self.organization(&mut people, name, units).await?);
        }
        self.crowd(&mut people, &mut orgs, size.crowd).await?;
        let teams = self.teams(&mut people, &mut orgs).await?;
        let (threads, messages) = self.threads(&mut people, &orgs, size.threads).await?;
        let units = orgs.iter().map(|org| org.units.len()).sum();
        let personas = words::PERSONAS
            .iter()
            .map(|(what, name, email, _)| Persona { what, name: (*name).into(), email: (*email).into() })
            .collect();
        for person in &mut people {
            person.client.save()?;
        }
        self.leave_cast().await?;
        Ok(Made { personas, people: people.len(), counts: [orgs.len(), units, teams, threads, messages] })
    }

    /// Tells the server whom a visitor may sign in as.
    async fn leave_cast(&self) -> Result<(), ClientError> {
        let cast = words::PERSONAS.iter().map(|(what, name, email, _)| {
            let (fr, en) = what.split_once(" / ").unwrap_or((what, what));
            CastMember { what: Words { fr, en }, name, email, password: PASSWORD }
        });
        let text = serde_json::to_vec(&cast.collect::<Vec<_>>()).expect("a cast is text");
        self.http.leave("/dev/cast", text).await
    }

    async fn organization(
        &mut self,
        people: &mut [Person],
        name: &str,
        units: &[&str],
    ) -> Result<Org, ClientError> {
        let admin = people.first_mut().ok_or(ClientError::NotFound)?;
        let root = admin.client.create_unit(None, name, &admin.name).await?;
        let mut all = vec![root];
        for unit in units {
            all.push(admin.client.create_unit(Some(root), unit, &admin.name).await?);
        }
        Ok(Org { id: OrgId::from_bytes(*root.as_bytes()), units: all, people: vec![0], teams: Vec::new() })
    }

    /// Personas and crowd: invited into a unit, registered, and vouched for.
    async fn crowd(
        &mut self,
        people: &mut Vec<Person>,
        orgs: &mut [Org],
        crowd: usize,
    ) -> Result<(), ClientError> {
        let mut coming = Vec::new();
        for (_, name, email, org) in words::PERSONAS.iter().skip(1) {
            coming.push(((*name).to_owned(), (*email).to_owned(), *org, true));
        }
        for i in 0..crowd {
            let (first, last) = (self.draw(words::FIRST.len()), self.draw(words::LAST.len()));
            let name = [words::FIRST.get(first), words::LAST.get(last)].into_iter().flatten().copied();
            let name = name.collect::<Vec<_>>().join(" ");
            coming.push((name, format!("person{i}@demo.example"), usize::from(i % 4 == 3), false));
        }
        let total = coming.len();
        for (done, part) in coming.chunks(AT_ONCE).enumerate() {
            (self.tell)(&format!("people {}/{total}", done * AT_ONCE));
            let mut joining = Vec::new();
            for (name, email, org, keeps) in part {
                let place = orgs.get(*org).ok_or(ClientError::NotFound)?;
                let unit = *place.units.get(self.draw(place.units.len())).ok_or(ClientError::NotFound)?;
                let admin = people.first_mut().ok_or(ClientError::NotFound)?;
                let token = admin.client.invite(Some(unit), None, Locale::Fr).await?.token.0;
                let local = if *keeps { self.local(email)? } else { None };
                let who = (name.clone(), email.clone(), Locale::Fr);
                joining.push((*org, unit, join(fresh(self.http)?, local, who, token)));
            }
            let (places, joins): (Vec<_>, Vec<_>) =
                joining.into_iter().map(|(org, unit, join)| ((org, unit), join)).unzip();
            for ((org, _), joined) in places.into_iter().zip(futures_util::future::join_all(joins).await) {
                let place = orgs.get_mut(org).ok_or(ClientError::NotFound)?;
                place.people.push(people.len());
                let mut person = joined?;
                person.client.focus(Some(place.id))?;
                people.push(person);
            }
        }
        for unit in orgs.iter().flat_map(|org| org.units.clone()) {
            let admin = people.first_mut().ok_or(ClientError::NotFound)?;
            let waiting = admin.client.pending(unit).await?;
            let members: Vec<(UserId, Private, Standing)> =
                waiting.into_iter().map(|m| (m.user, m.name, Standing::Professional)).collect();
            if !members.is_empty() {
                admin.client.attest(unit, &members).await?;
            }
        }
        Ok(())
    }

    async fn teams(&mut self, people: &mut [Person], orgs: &mut [Org]) -> Result<usize, ClientError> {
        let mut count = 0;
        for org in orgs.iter_mut() {
            for (i, unit) in org.units.clone().into_iter().enumerate() {
                let name = words::TEAMS.get(count % words::TEAMS.len()).copied().unwrap_or("Équipe");
                (self.tell)(name);
                let manager =
                    org.people.get(1 + i % (org.people.len().saturating_sub(1)).max(1)).copied().unwrap_or(0);
                let mut members = Vec::new();
                for _ in 0..4 {
                    let at = self.draw(org.people.len());
                    members.extend(org.people.get(at).and_then(|p| people.get(*p)).map(|p| p.client.user()));
                }
                let manager = people.get(manager).ok_or(ClientError::NotFound)?.client.user();
                let admin = people.first_mut().ok_or(ClientError::NotFound)?;
                let team = admin.client.create_team(unit, name, &[manager], &members).await?;
                org.teams.push(KeyringId::from_bytes(*team.as_bytes()));
                count += 1;
            }
        }
        Ok(count)
    }

    /// Threads of several states: written to people, to a triage box, left, closed.
    async fn threads(
        &mut self,
        people: &mut [Person],
        orgs: &[Org],
        threads: usize,
    ) -> Result<(usize, usize), ClientError> {
        let mut messages = 0;
        for i in 0..threads {
            (self.tell)(&format!("threads {i}/{threads}"));
            let org = orgs.get(usize::from(i % 4 == 3)).ok_or(ClientError::NotFound)?;
            let writer = *org.people.get(1 + i % (org.people.len() - 1).max(1)).unwrap_or(&0);
            let at = self.draw(org.people.len());
            let other = *org.people.get(at).unwrap_or(&0);
            let mut with = Vec::new();
            if other != writer {
                with.extend(people.get(other).map(|person| Who::Person(person.client.user())));
            }
            if i % 3 == 0 || with.is_empty() {
                let at = self.draw(org.teams.len());
                with.extend(org.teams.get(at).map(|team| Who::Team(*team)));
            }
            let at = self.draw(words::TALK.len());
            let (title, lines) = words::TALK.get(at).ok_or(ClientError::NotFound)?;
            let first = lines.first().copied().unwrap_or_default();
            let author = people.get_mut(writer).ok_or(ClientError::NotFound)?;
            let thread = author.client.create_thread(Some(org.id), &with, title, first).await?;
            messages += 1;
            for (turn, line) in lines.iter().skip(1).enumerate() {
                let speaker = if turn % 2 == 0 && other != writer { other } else { writer };
                let speaker = people.get_mut(speaker).ok_or(ClientError::NotFound)?;
                say(&mut speaker.client, thread, line).await?;
                messages += 1;
            }
            self.end(people, (i, writer, other), thread).await?;
        }
        Ok((threads, messages))
    }

    async fn end(
        &self,
        people: &mut [Person],
        (i, writer, other): (usize, usize, usize),
        thread: ThreadId,
    ) -> Result<(), ClientError> {
        match i % 8 {
            2 => people.get_mut(writer).ok_or(ClientError::NotFound)?.client.close(thread).await,
            5 if other != writer => {
                people.get_mut(other).ok_or(ClientError::NotFound)?.client.leave(thread).await
            }
            7 if other != writer => {
                let gone = people.get(other).ok_or(ClientError::NotFound)?.client.user();
                let writer = people.get_mut(writer).ok_or(ClientError::NotFound)?;
                writer.client.remove(thread, PartyId::User(gone)).await
            }
            _ => Ok(()),
        }
    }
}

async fn say(client: &mut Client, thread: ThreadId, text: &str) -> Result<(), ClientError> {
    client.sync_thread(thread, None).await?;
    client.send(thread, &Body::text(text))?;
    client.flush(PATIENCE_MS).await.map(drop)
}
