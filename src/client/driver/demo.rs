//! Fictitious data of a demonstration, made through this library against a running server in demonstration mode.
//!
//! Everything follows from the seed but keys and ids, which are random wherever they are made. Nobody in it
//! exists. It tells of thirty days: people come on the first two, and what happens in threads is spread over the
//! others (the script). Patients, channels, workplaces and forms are not part of it yet.
//!
//! Not known here: how the server is started.

use std::path::PathBuf;

use relais_chain::unit::Standing;
use relais_wire::Private;
use relais_wire::account::Locale;
use relais_wire::ids::{KeyringId, OrgId, UnitId, UserId};
use serde::Serialize;
use zeroize::Zeroizing;

use self::script::Dice;
use self::time::{DAY_MS, Time};
use super::client::Client;
use super::enter::Registration;
use super::http::Http;
use super::local::Local;
use super::mailbox;
use crate::error::ClientError;

mod perform;
mod script;
mod time;
mod words;

/// The password of everybody in the demonstration; it is printed.
pub const PASSWORD: &str = "demonstration-relais";

/// Accounts made at once: each takes a core for a moment (Argon2id).
const AT_ONCE: usize = 4;

/// When everybody has come, on the scale of the demonstration's time.
const ALL_HERE_MS: u64 = 2 * DAY_MS;

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
        Self { crowd: 54, threads: 80 }
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
    dice: Dice,
    time: Time,
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
    let time = Time::begin(http).await?;
    let mut demo = Demo { http, home, dice: Dice::new(seed), time, tell };
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
    /// Positions of its members.
    people: Vec<usize>,
    teams: Vec<Team>,
}

struct Team {
    id: KeyringId,
    /// Positions of those who manage it: two.
    managers: [usize; 2],
}

impl Demo<'_> {
    /// Goes on to a moment, and lets everybody know what time it is.
    async fn go_to(&self, at_ms: u64, people: &[Person]) -> Result<(), ClientError> {
        let now_ms = self.time.go_to(at_ms).await?;
        people.iter().for_each(|person| person.client.http().told_time(now_ms));
        Ok(())
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
        let script = script::script(&mut self.dice, &orgs, size.threads);
        let (threads, messages) = self.perform(&mut people, script).await?;
        let now_ms = self.time.release().await?;
        people.iter().for_each(|person| person.client.http().told_time(now_ms));
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
            let (first, last) = (self.dice.below(words::FIRST.len()), self.dice.below(words::LAST.len()));
            let name = [words::FIRST.get(first), words::LAST.get(last)].into_iter().flatten().copied();
            let name = name.collect::<Vec<_>>().join(" ");
            coming.push((name, format!("person{i}@demo.example"), usize::from(i % 4 == 3), false));
        }
        let total = coming.len();
        for (done, part) in coming.chunks(AT_ONCE).enumerate() {
            (self.tell)(&format!("people {}/{total}", done * AT_ONCE));
            let come = u64::try_from(done * AT_ONCE).unwrap_or(0) * ALL_HERE_MS;
            self.go_to(come / u64::try_from(total).unwrap_or(1).max(1), people).await?;
            let mut joining = Vec::new();
            for (name, email, org, keeps) in part {
                let place = orgs.get(*org).ok_or(ClientError::NotFound)?;
                let unit =
                    *place.units.get(self.dice.below(place.units.len())).ok_or(ClientError::NotFound)?;
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
        self.go_to(ALL_HERE_MS, people).await?;
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
        for team in &words::TEAMS {
            (self.tell)(team.name);
            let org = orgs.get_mut(team.org).ok_or(ClientError::NotFound)?;
            let unit = *org.units.get(team.unit).ok_or(ClientError::NotFound)?;
            let mut draw = |but: Option<usize>| {
                let others: Vec<usize> =
                    org.people.iter().copied().filter(|at| *at > 0 && Some(*at) != but).collect();
                self.dice.pick(&others).ok_or(ClientError::NotFound)
            };
            let first = if let Some(persona) = team.manager { persona } else { draw(None)? };
            let managers = [first, draw(Some(first))?];
            let mut members = team.members.to_vec();
            for _ in 0..4 {
                members.push(draw(None)?);
            }
            let users = |at: &[usize]| -> Vec<UserId> {
                at.iter().filter_map(|at| people.get(*at)).map(|person| person.client.user()).collect()
            };
            let (managing, members) = (users(&managers), users(&members));
            let admin = people.first_mut().ok_or(ClientError::NotFound)?;
            let made = admin.client.create_team(unit, team.name, &managing, &members).await?;
            org.teams.push(Team { id: KeyringId::from_bytes(*made.as_bytes()), managers });
        }
        Ok(words::TEAMS.len())
    }
}
