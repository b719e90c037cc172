//! What is printed: one line of text or of JSON for each thing.

use std::io::Write as _;

use relais_client::core::Chore;
use relais_client::driver::{Content, Message, Update, clock};
use serde_json::{Value, json};

pub(crate) fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush()).ok();
}

pub(crate) fn show(json: bool, value: &Value, text: &str) {
    if json {
        say(value);
    } else {
        writeln!(std::io::stdout(), "{text}").ok();
    }
}

fn content_json(content: &Content) -> (&'static str, Value) {
    match content {
        Content::Body(body) => {
            let files: Vec<Value> =
                body.attachments.iter().map(|file| json!({"name": file.name, "size": file.size})).collect();
            ("message", json!({"text": body.text, "title": body.title, "files": files}))
        }
        Content::Unreadable => ("unreadable", Value::Null),
        Content::Tampered(error) => ("tampered", json!({"error": error.code()})),
        Content::Control(control) => ("control", json!({"kind": format!("{:?}", control.kind())})),
        Content::Unknown => ("unknown", Value::Null),
    }
}

pub(crate) fn message_json(message: &Message) -> Value {
    let (event, content) = content_json(&message.content);
    json!({
        "event": event, "thread": message.thread.to_hex(), "n": message.n, "id": message.id.to_hex(),
        "author": message.author.to_hex(), "text": content.get("text").cloned().unwrap_or(Value::Null),
        "content": content, "sent_ms": message.written_ms, "committed_ms": message.committed_ms,
        "shown_ms": clock::wall_ms(),
    })
}

pub(crate) fn message_text(message: &Message) -> String {
    let (event, content) = content_json(&message.content);
    let text =
        content.get("text").and_then(Value::as_str).map_or_else(|| content.to_string(), ToOwned::to_owned);
    let author: String = message.author.to_hex().chars().take(8).collect();
    format!("{:>5}  {author}  {event}: {text}", message.n)
}

pub(crate) fn update_json(update: &Update) -> Value {
    match update {
        Update::Entry(message) => message_json(message),
        Update::Online => json!({"event": "online", "at_ms": clock::wall_ms()}),
        Update::Offline { retry_in } => {
            json!({"event": "offline", "retry_in_ms": retry_in, "at_ms": clock::wall_ms()})
        }
        Update::Stopped(reason) => json!({"event": "stopped", "reason": format!("{reason:?}")}),
        Update::CaughtUp(stream) => {
            json!({"event": "caught_up", "stream": format!("{stream:?}").to_lowercase()})
        }
        Update::Resynced(stream, reason) => {
            json!({"event": "resynced", "stream": format!("{stream:?}").to_lowercase(), "reason": format!("{reason:?}")})
        }
        Update::Accepted { thread, drafts } => {
            json!({"event": "accepted", "thread": thread.to_hex(), "drafts": drafts, "at_ms": clock::wall_ms()})
        }
        Update::Refused { thread, drafts, refusal } => json!({
            "event": "refused", "thread": thread.to_hex(), "drafts": drafts,
            "code": refusal.code.code(), "chain_code": refusal.chain_code,
        }),
        Update::Invited(thread) => json!({"event": "invited", "thread": thread.to_hex()}),
        Update::Gone(thread) => json!({"event": "gone", "thread": thread.to_hex()}),
        Update::Rings(ring) => json!({"event": "rings", "ring": ring}),
        Update::RingStopped(stopped) => json!({"event": "ring_stopped", "stopped": stopped}),
        Update::Call(card) => json!({"event": "call", "card": card}),
        Update::CallMissed(missed) => json!({"event": "call_missed", "missed": missed}),
        Update::Renewed(chore, renewed) => {
            let (what, id) = match chore {
                Chore::Keyring(keyring) => ("keyring", keyring.to_hex()),
                Chore::Rebox(thread) => ("thread", thread.to_hex()),
            };
            json!({"event": "renewed", what: id, "outcome": format!("{renewed:?}").to_lowercase()})
        }
        Update::Trouble(thread, error) => json!({
            "event": "trouble", "thread": thread.map(|thread| thread.to_hex()),
            "error": error.code(), "text": error.to_string(),
        }),
    }
}
