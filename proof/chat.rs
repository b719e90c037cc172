//! Two people write to each other through a server that is killed again and again: both come back by themselves,
//! nothing is lost or doubled, order holds, what was written while the server was down arrives, and what they
//! wrote is found nowhere but with them.
//!
//! Not known here: how a message is sealed or a connection kept; the personas use the client library.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use relais_wire::ids::{ThreadId, UserId};
use tokio::sync::{Mutex, mpsc};

use crate::persona::{Ear, Event, Mouth, Order, Persona, Start};
use crate::proxy::{Proxy, Recorder};
use crate::server::Server;
use crate::{clock, leaks, say, task};

/// Milliseconds that the slowest hundredth of messages may take from being written to being shown.
const SHOWN_MS_MAX: u64 = 250;

/// Planted in every message. Long and odd enough not to appear by chance.
const MARK_TEXT: &str = "Bleuet-0471-épinéphrine";
const MARK_TITLE: &str = "Coquelicot-0472-décharge";
const MARK_FILE_NAME: &str = "Pivoine-0473-radio.txt";
const MARK_FILE: &str = "Digitale-0474-contenu-du-fichier";
const MARK_PASSWORD: &str = "Camomille-0475-mot-de-passe";
/// The controls: names, which the server knows and which must therefore be found where the search looks, and a line
/// of its log.
const CONTROL: &str = "Véronique Contrôle-0476";
const OTHER_CONTROL: &str = "Benoît Contrôle-0477";
const LOG_CONTROL: &str = "the log reaches down to trace";

/// How long and how hard.
struct Plan {
    each: usize,
    kills: usize,
    while_down: usize,
    between: Duration,
}

impl Plan {
    const fn of(quick: bool) -> Self {
        if quick {
            Self { each: 60, kills: 1, while_down: 5, between: Duration::from_millis(30) }
        } else {
            Self { each: 1_500, kills: 6, while_down: 20, between: Duration::from_millis(40) }
        }
    }
}

/// What one reader saw.
#[derive(Debug, Default)]
struct Seen {
    /// Number of the message (as its author counted), position in the thread, time shown.
    messages: Vec<(usize, u64, u64)>,
    came_back: usize,
    trouble: Vec<String>,
}

/// The proof.
///
/// # Errors
/// Something that the proof needs could not be started, or a persona failed.
pub async fn run(program: &Path, quick: bool) -> Result<bool> {
    let plan = Plan::of(quick);
    let server = Server::start(program, &[]).await?;
    let recorder = Arc::new(Mutex::new(Recorder::default()));
    let proxy = Proxy::start(server.address(), Arc::<Mutex<Recorder>>::clone(&recorder)).await?;
    let folder = tempfile::tempdir()?;
    say::progress("two people register, found an organization and open a thread …");
    let meeting = meet(&server, &proxy, folder.path()).await?;
    say::progress(&format!("{} messages each way, {} times kill -9 …", plan.each, plan.kills));
    let server = Arc::new(Mutex::new(server));
    let talk = talk(&server, meeting, &plan).await?;
    let mut server = server.lock().await;
    // Killed, not stopped: the write-ahead log stays as it is and is searched too.
    server.kill().await?;
    let frames = std::mem::take(&mut recorder.lock().await.seen);
    let search = leaks::search(
        &server,
        &frames,
        &[MARK_TEXT, MARK_TITLE, MARK_FILE_NAME, MARK_FILE, MARK_PASSWORD],
        leaks::Controls {
            registered: CONTROL,
            answered: OTHER_CONTROL,
            searched: OTHER_CONTROL,
            logged: LOG_CONTROL,
        },
    )?;
    Ok(report(&plan, &talk, &search))
}

/// Two personas in one thread.
struct Meeting {
    thread: ThreadId,
    anne: Persona,
    benoit: Persona,
}

async fn meet(server: &Server, proxy: &Proxy, folder: &Path) -> Result<Meeting> {
    let origin = format!("http://{}", proxy.address());
    let identity = format!("http://{}", server.address());
    let (dir_anne, dir_benoit) = (folder.join("anne"), folder.join("benoit"));
    let token = server.setup_token()?;
    let start = |dir, name, token| Start {
        origin: &origin,
        identity: &identity,
        dir,
        name,
        password: MARK_PASSWORD,
        token,
    };
    let mut anne = Persona::start(start(&dir_anne, CONTROL, Some(token.as_str()))).await?;
    anne.order(&Order::Org { name: "Centre du Littoral".to_owned() }).await?;
    let org = anne
        .expect("an organization", |event| if let Event::Org { org } = event { Some(org) } else { None })
        .await?;
    anne.order(&Order::Invite { unit: org.into() }).await?;
    let token = anne
        .expect(
            "an invitation",
            |event| if let Event::Invited { token } = event { Some(token) } else { None },
        )
        .await?;
    let mut benoit = Persona::start(start(&dir_benoit, OTHER_CONTROL, Some(token.as_str()))).await?;
    anne.order(&Order::Attest { unit: org.into() }).await?;
    let count = anne
        .expect(
            "an attestation",
            |event| if let Event::Attested { count } = event { Some(count) } else { None },
        )
        .await?;
    ensure!(count == 1, "{count} people waited to be vouched for");
    for persona in [&mut anne, &mut benoit] {
        persona.order(&Order::Focus { org }).await?;
    }
    anne.order(&Order::Thread { org, with: vec![benoit.user], title: MARK_TITLE.to_owned() }).await?;
    let thread = anne
        .expect("a thread", |event| if let Event::Thread { thread } = event { Some(thread) } else { None })
        .await?;
    anne.order(&Order::File { name: MARK_FILE_NAME.to_owned(), text: MARK_FILE.repeat(100) }).await?;
    anne.expect("a file", |event| matches!(event, Event::File { .. }).then_some(())).await?;
    for persona in [&mut anne, &mut benoit] {
        persona.order(&Order::Connect {}).await?;
        persona.expect("a connection", |event| matches!(event, Event::Online {}).then_some(())).await?;
    }
    anne.order(&Order::Search { org, query: OTHER_CONTROL.to_owned() }).await?;
    let found =
        anne.expect("people", |event| if let Event::Found { count } = event { Some(count) } else { None });
    ensure!(found.await? == 1, "a colleague is found by name");
    Ok(Meeting { thread, anne, benoit })
}

/// What came of the conversation.
struct Talk {
    /// Times at which each author's messages were written, by author.
    written: BTreeMap<UserId, Vec<u64>>,
    /// What each reader saw.
    seen: BTreeMap<UserId, Seen>,
    /// How many messages each wrote while the server was up or being restarted.
    timed: usize,
    kills: usize,
}

async fn talk(server: &Arc<Mutex<Server>>, meeting: Meeting, plan: &Plan) -> Result<Talk> {
    let Meeting { thread, anne, benoit } = meeting;
    let people = [anne.user, benoit.user];
    let (mut mouth_a, ear_a) = anne.split();
    let (mut mouth_b, ear_b) = benoit.split();
    let expected = plan.each + plan.while_down;
    let hear_a = task::spawn("ear", listen(ear_a, expected));
    let hear_b = task::spawn("ear", listen(ear_b, expected));

    let (kill, killer) = mpsc::channel(1);
    let executioner = task::spawn("killer", kill_on_word(Arc::clone(server), killer));
    let mut written = [Vec::new(), Vec::new()];
    let every = plan.each / (plan.kills + 1);
    let mut beat = tokio::time::interval(plan.between);
    for number in 0..plan.each {
        beat.tick().await;
        for (mouth, written) in [&mut mouth_a, &mut mouth_b].into_iter().zip(&mut written) {
            write(mouth, thread, number, written).await?;
        }
        if number % every == every - 1 && number / every < plan.kills {
            kill.send(()).await.context("the killer is gone")?;
        }
    }
    drop(kill);
    let kills = executioner.await.context("the killer")??;

    // Now a longer absence: what is written meanwhile must arrive afterwards.
    let mut down = server.lock().await;
    down.kill().await?;
    for number in plan.each..expected {
        for (mouth, written) in [&mut mouth_a, &mut mouth_b].into_iter().zip(&mut written) {
            write(mouth, thread, number, written).await?;
        }
    }
    down.run().await?;
    drop(down);

    let seen = [hear_a.await.context("an ear")??, hear_b.await.context("an ear")??];
    for mouth in [&mut mouth_a, &mut mouth_b] {
        mouth.order(&Order::Quit {}).await?;
    }
    Ok(Talk {
        written: people.into_iter().zip(written).collect(),
        seen: people.into_iter().zip(seen).collect(),
        timed: plan.each,
        kills: kills + 1,
    })
}

async fn write(mouth: &mut Mouth, thread: ThreadId, number: usize, written: &mut Vec<u64>) -> Result<()> {
    written.push(clock::unix_ms());
    mouth.order(&Order::Send { thread, text: format!("{number} {MARK_TEXT}") }).await
}

/// Kills and at once restarts the server for each word; answers how often.
async fn kill_on_word(server: Arc<Mutex<Server>>, mut words: mpsc::Receiver<()>) -> Result<usize> {
    let mut kills = 0;
    while words.recv().await.is_some() {
        let mut server = server.lock().await;
        server.kill().await?;
        server.run().await?;
        kills += 1;
    }
    Ok(kills)
}

/// Listens until as many messages were shown as were written, or nothing new came for half a minute.
async fn listen(mut ear: Ear, expected: usize) -> Result<Seen> {
    let mut seen = Seen::default();
    let patience = Duration::from_secs(30);
    let mut extra = Duration::ZERO;
    loop {
        let wait = if seen.messages.len() >= expected { extra } else { patience };
        let Ok(event) = tokio::time::timeout(wait, ear.next()).await else { return Ok(seen) };
        match event? {
            None => return Ok(seen),
            Some(Event::Message { n, text, shown, .. }) => {
                let number = text.split(' ').next().and_then(|word| word.parse().ok());
                seen.messages.push((number.context("a message nobody wrote")?, n, shown));
                // A double of the last message would come right behind it.
                extra = Duration::from_secs(1);
            }
            Some(Event::Online {}) => seen.came_back += 1,
            Some(Event::Trouble { code, what }) => seen.trouble.push(format!("{code}: {what}")),
            Some(_) => {}
        }
    }
}

/// What is wrong with what one reader saw of the other's messages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults {
    lost: usize,
    doubled: usize,
    disordered: usize,
}

fn faults(expected: usize, messages: &[(usize, u64, u64)]) -> Faults {
    let mut times = vec![0_usize; expected];
    for (number, ..) in messages {
        if let Some(count) = times.get_mut(*number) {
            *count += 1;
        }
    }
    let disordered = messages
        .iter()
        .zip(messages.iter().skip(1))
        .filter(|((number, n, _), (next_number, next_n, _))| next_number <= number || next_n <= n)
        .count();
    Faults {
        lost: times.iter().filter(|count| **count == 0).count(),
        doubled: times.iter().map(|count| count.saturating_sub(1)).sum(),
        disordered,
    }
}

fn report(plan: &Plan, talk: &Talk, search: &leaks::Findings) -> bool {
    let mut holds = search.holds();
    let mut latencies = Vec::new();
    let mut trouble = Vec::new();
    for (reader, seen) in &talk.seen {
        let Some((_, written)) = talk.written.iter().find(|(author, _)| *author != reader) else { continue };
        let found = faults(written.len(), &seen.messages);
        say::figure("messages written", written.len());
        say::figure("  shown", seen.messages.len());
        say::figure("  lost", found.lost);
        let shown = |number: usize| seen.messages.iter().any(|(other, ..)| *other == number);
        for number in (0..written.len()).filter(|number| !shown(*number)) {
            say::line(&format!("  LOST message {number}"));
        }
        say::figure("  doubled", found.doubled);
        say::figure("  out of order", found.disordered);
        say::figure("  times back online", seen.came_back);
        holds &= found == Faults::default() && seen.came_back >= talk.kills;
        trouble.extend(&seen.trouble);
        for (number, _, shown) in seen.messages.iter().filter(|(number, ..)| *number < talk.timed) {
            latencies.extend(written.get(*number).map(|at| shown.saturating_sub(*at)));
        }
    }
    for line in &trouble {
        say::line(&format!("trouble: {line}"));
    }
    search.print();
    let p50 = clock::percentile(&mut latencies, 50);
    let p99 = clock::percentile(&mut latencies, 99);
    say::figure("kill -9 of the server", talk.kills);
    say::figure("written to shown, p50 (ms)", p50);
    say::figure("written to shown, p99 (ms)", p99);
    say::figure("written to shown, longest (ms)", latencies.last().copied().unwrap_or(0));
    // The short form has too few messages for a hundredth to mean anything.
    holds &= trouble.is_empty() && (plan.each < 1_000 || p99 <= SHOWN_MS_MAX) && talk.kills > plan.kills;
    say::line(if holds { "holds" } else { "DOES NOT HOLD" });
    holds
}

#[cfg(test)]
mod tests {
    use super::{Faults, faults};

    #[test]
    fn losses_doubles_and_disorder_are_seen() {
        assert_eq!(faults(3, &[(0, 5, 0), (1, 6, 0), (2, 9, 0)]), Faults::default());
        assert_eq!(faults(3, &[(0, 5, 0), (2, 9, 0)]), Faults { lost: 1, ..Faults::default() });
        let doubled = faults(2, &[(0, 5, 0), (1, 6, 0), (1, 6, 0)]);
        assert_eq!(doubled, Faults { doubled: 1, disordered: 1, ..Faults::default() });
        assert_eq!(faults(2, &[(1, 6, 0), (0, 5, 0)]).disordered, 1);
    }
}
