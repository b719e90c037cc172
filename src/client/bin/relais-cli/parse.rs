//! What was typed, read once.

use std::io::BufRead as _;

use relais_client::ClientError;
use relais_client::driver::Client;
use relais_wire::account::Locale;
use relais_wire::ids::{KeyringId, ThreadId, UserId};
use relais_wire::scalar::Millis;
use relais_wire::streams::ThreadPlace;

pub(crate) fn id<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, relais_wire::ids::InvalidId>,
) -> Result<T, ClientError> {
    parse(text).map_err(|_| ClientError::NotPossible("an id is 32 hexadecimal digits"))
}

pub(crate) fn thread_id(text: &str) -> Result<ThreadId, ClientError> {
    id(text, ThreadId::parse_hex)
}

/// A place in a list, as a listing prints it.
pub(crate) fn place(text: &str) -> Result<ThreadPlace, ClientError> {
    let read = |text: &str| {
        let (at, thread) = text.split_once('-')?;
        let at = Millis::new(at.parse().ok()?).ok()?;
        Some(ThreadPlace { at, thread: ThreadId::parse_hex(thread).ok()? })
    };
    read(text).ok_or(ClientError::NotPossible("a place is a time, a hyphen and a thread's id"))
}

pub(crate) fn people(texts: &[String]) -> Result<Vec<UserId>, ClientError> {
    texts.iter().map(|text| id(text, UserId::parse_hex)).collect()
}

pub(crate) fn input_line() -> Result<String, ClientError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|_| ClientError::Storage("standard input"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub(crate) fn locale(text: &str) -> Locale {
    if text == "en" { Locale::En } else { Locale::Fr }
}

pub(crate) fn keyring_id(text: &str) -> Result<KeyringId, ClientError> {
    id(text, KeyringId::parse_hex)
}

/// A person by id, or by a name that only one person has whom this user may see.
pub(crate) async fn person(client: &Client, text: &str) -> Result<UserId, ClientError> {
    if let Ok(user) = UserId::parse_hex(text) {
        return Ok(user);
    }
    for org in [client.organization(), None] {
        let found = client.search(text, org).await?;
        match found.people.as_slice() {
            [] => {}
            [one] => return Ok(one.user),
            _ => return Err(ClientError::NotPossible("several people have that name: use the id")),
        }
    }
    Err(ClientError::NotPossible("nobody whom you may see has that name"))
}
