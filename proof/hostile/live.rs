//! Lies on a live connection.
//!
//! Not known here: how an attack is judged and printed.

use std::time::Duration;

use anyhow::{Context, Result};
use relais_client::ClientError;
use relais_client::driver::{Client, Content, Update};

use super::stage::{Seen, Stage, Whom};

/// Time for what is awaited to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest pause before the client tries again, in milliseconds.
const RETRY_MS: u64 = 500;

/// Works until an update is the one that is awaited; answers all.
async fn until(
    client: &mut Client,
    wanted: impl Fn(&Update) -> bool,
) -> Result<Result<Vec<Update>, ClientError>> {
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
    tokio::time::timeout(PATIENCE, work).await.context("what was awaited did not come")
}

fn says(update: &Update, text: &str) -> bool {
    matches!(update, Update::Entry(entry) if matches!(&entry.content, Content::Body(body) if body.text == text))
}

/// The entry of a stream that brings one message is left out; the next brings one of another thread.
pub(super) async fn stream_hole(stage: &mut Stage) -> Result<Seen> {
    let (first, second) = (stage.thread().await?, stage.thread().await?);
    let mut victim = stage.native_victim(Whom::Ben).await?;
    victim.client()?.connect(RETRY_MS);
    until(victim.client()?, |update| matches!(update, Update::CaughtUp(_) | Update::Resynced(..))).await??;
    // A message that arrives shows that the connection follows the stream.
    stage.say(Whom::Ada, second, "before").await?;
    until(victim.client()?, |update| says(update, "before")).await??;
    victim.door.liar.lock().await.skips_entry = true;
    stage.say(Whom::Ada, first, "stop the infusion").await?;
    stage.say(Whom::Ada, second, "lunch?").await?;
    let wanted = |update: &Update| says(update, "lunch?") || matches!(update, Update::Trouble(..));
    let result = until(victim.client()?, wanted).await?;
    Ok(Seen::of_updates(result, |updates| {
        let shown = |text: &str| updates.iter().any(|update| says(update, text));
        shown("lunch?") && !shown("stop the infusion")
    }))
}
