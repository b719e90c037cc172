//! Lies on a live connection.
//!
//! Not known here: how an attack is judged and printed.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use relais_client::driver::{Client, Content, Update};
use serde_json::{Value, json};

use super::stage::{Seen, Stage, Whom};
use super::victim::{Failed, Kind, Victim};
use super::web::at;

/// Time for what is awaited to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest pause before the client tries again, in milliseconds.
const RETRY_MS: u64 = 500;

/// What came over a connection while something was awaited.
#[derive(Debug, Default)]
struct Came {
    /// Messages that were shown.
    texts: Vec<String>,
    /// Code of the attack that was noticed.
    noticed: Option<String>,
}

/// Works until an update is the one that is awaited; answers all.
async fn until(client: &mut Client, wanted: impl Fn(&Update) -> bool) -> Result<Vec<Update>, Failed> {
    let work = async {
        let mut all = Vec::new();
        loop {
            client.wait().await;
            all.extend(client.work().await?);
            if all.iter().any(&wanted) {
                return Ok(all);
            }
        }
    };
    tokio::time::timeout(PATIENCE, work).await.context("what was awaited did not come")?
}

fn text_of(update: &Update) -> Option<&str> {
    let Update::Entry(entry) = update else { return None };
    if let Content::Body(body) = &entry.content { Some(&body.text) } else { None }
}

/// Somebody with a connection that has brought everything there was.
async fn connected(stage: &mut Stage, whom: Whom) -> Result<Victim> {
    let result = match stage.kind {
        Kind::Native => {
            let mut victim = stage.native_victim(whom).await?;
            let client = victim.client()?;
            client.connect(RETRY_MS);
            let caught_up = |update: &Update| matches!(update, Update::CaughtUp(_) | Update::Resynced(..));
            until(client, caught_up).await.map(|_| victim)
        }
        Kind::Web => {
            let door = stage.door().await?;
            let order = json!({ "do": "open", "of": whom.name(), "live": true });
            let (browser, tab) = stage.tab(&door, order).await?;
            let browser = browser.map_err(|failure| anyhow!("{failure:?}"))?;
            let victim = Victim::web(browser, tab, door);
            victim.ask(json!({ "do": "caughtUp" })).await.map(|_| victim)
        }
    };
    result.map_err(|failed| anyhow!("before any lie: {failed:?}"))
}

/// Waits until a message is shown, or something is noticed.
async fn shown(victim: &mut Victim, text: &str) -> Result<Came, Failed> {
    if let Ok(client) = victim.client() {
        let awaited =
            |update: &Update| text_of(update) == Some(text) || matches!(update, Update::Trouble(..));
        let updates = until(client, awaited).await?;
        let attack = |update: &Update| {
            let Update::Trouble(_, error) = update else { return None };
            error.hostile().map(|_| error.code())
        };
        let texts = updates.iter().filter_map(text_of).map(str::to_owned).collect();
        return Ok(Came { texts, noticed: updates.iter().find_map(attack) });
    }
    let came = victim.ask(json!({ "do": "shown", "text": text })).await?;
    let texts = at(&came, "/texts").as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = texts.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Came { texts, noticed: at(&came, "/noticed").as_str().map(str::to_owned) })
}

/// The entry of a stream that brings one message is left out; the next brings one of another thread.
pub(super) async fn stream_hole(stage: &mut Stage) -> Result<Seen> {
    let (first, second) = (stage.thread().await?, stage.thread().await?);
    let mut victim = connected(stage, Whom::Ben).await?;
    for thread in [first, second] {
        victim.open_thread(thread).await.map_err(|failed| anyhow!("before any lie: {failed:?}"))?;
    }
    // A message that arrives shows that the connection follows the stream.
    stage.say(Whom::Ada, second, "before").await?;
    shown(&mut victim, "before").await.map_err(|failed| anyhow!("before any lie: {failed:?}"))?;
    victim.door.liar.lock().await.skips_entry = true;
    stage.say(Whom::Ada, first, "stop the infusion").await?;
    stage.say(Whom::Ada, second, "lunch?").await?;
    Ok(match shown(&mut victim, "lunch?").await {
        Ok(came) => {
            let has = |text: &str| came.texts.iter().any(|shown| shown == text);
            Seen::of_noticed(came.noticed.as_deref(), has("lunch?") && !has("stop the infusion"), &came)
        }
        Err(failed) => Seen::of(Err::<bool, _>(failed)),
    })
}
