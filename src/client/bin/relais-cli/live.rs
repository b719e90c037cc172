//! Staying connected: sending what waits, printing what arrives.

use std::io::BufRead as _;

use relais_client::ClientError;
use relais_client::driver::{Client, Update, clock};
use relais_e2ee::body::Body;
use relais_wire::ids::ThreadId;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::parse::thread_id;
use crate::show::{message_text, say, show, update_json};

/// Lines of standard input that wait to be sent.
const LINES: usize = 1_024;

/// Milliseconds within which a bot comes back when the server says nothing.
const BOT_PATIENCE_MS: u64 = 500;

/// Sends what waits and tells what became of it.
pub(crate) async fn settle(client: &mut Client, json: bool) -> Result<(), ClientError> {
    for update in client.flush(30_000).await? {
        match update {
            Update::Accepted { thread, drafts } => {
                show(json, &json!({"sent": drafts, "thread": thread.to_hex()}), "sent");
            }
            Update::Refused { refusal, .. } => return Err(ClientError::Refused(refusal)),
            Update::Trouble(_, error) if error.hostile().is_some() => return Err(error),
            _ => {}
        }
    }
    client.save()
}

pub(crate) async fn follow(client: &mut Client, json: bool) -> Result<(), ClientError> {
    client.connect(relais_client::limits::BACKOFF_CAP_MS);
    loop {
        client.wait().await;
        for update in client.work().await? {
            if let Update::Stopped(relais_client::core::StopReason::Closed(code)) = update {
                return Err(ClientError::Ended(code));
            }
            match &update {
                Update::Entry(message) if !json => show(false, &Value::Null, &message_text(message)),
                update if json => say(&update_json(update)),
                _ => {}
            }
        }
    }
}

/// Lines of standard input, read where waiting for them holds up nobody.
fn stdin_lines() -> mpsc::Receiver<String> {
    let (to, lines) = mpsc::channel(LINES);
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if to.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

pub(crate) async fn bot(
    client: &mut Client,
    thread: Option<ThreadId>,
    until_sent: bool,
) -> Result<(), ClientError> {
    client.connect(BOT_PATIENCE_MS);
    let mut lines = stdin_lines();
    let mut reading = true;
    loop {
        let line = tokio::select! {
            line = lines.recv(), if reading => Some(line),
            () = client.wait() => None,
        };
        match line {
            Some(Some(line)) => {
                let (to, text) = match thread {
                    Some(thread) => (thread, line.as_str()),
                    None => {
                        let (to, text) = line.split_once(' ').unwrap_or((&line, ""));
                        (thread_id(to)?, text)
                    }
                };
                let draft = client.send(to, &Body::text(text))?;
                say(
                    &json!({"event": "written", "draft": draft, "thread": to.to_hex(), "at_ms": clock::wall_ms()}),
                );
            }
            Some(None) => reading = false,
            None => {}
        }
        for update in client.work().await? {
            say(&update_json(&update));
            if let Update::Stopped(relais_client::core::StopReason::Closed(code)) = update {
                return Err(ClientError::Ended(code));
            }
        }
        if until_sent && !reading && client.unsent() == 0 {
            return client.disconnect().await;
        }
    }
}
