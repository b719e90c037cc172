//! Codes out of the mail catcher of a demonstration.

use std::time::Duration;

use serde::Deserialize;

use super::http::Http;
use crate::error::ClientError;

/// Milliseconds between two looks.
const LOOK_MS: u64 = 50;

/// Looks before a mail is given up.
const LOOKS_MAX: u32 = 400;

#[derive(Deserialize)]
struct Mail {
    number: u64,
    #[serde(default)]
    code: Option<String>,
}

fn encoded(address: &str) -> String {
    address
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

async fn mails(http: &Http, address: &str) -> Result<Vec<Mail>, ClientError> {
    let page = http.page(&format!("/dev/mail?to={}", encoded(address))).await?;
    serde_json::from_slice(&page).map_err(|_| ClientError::Protocol)
}

/// Number of the newest mail to an address, 0 without one: what was there before a code is asked for.
///
/// # Errors
/// [`ClientError::NotFound`] where the server is no demonstration.
pub async fn newest(http: &Http, address: &str) -> Result<u64, ClientError> {
    Ok(mails(http, address).await?.last().map_or(0, |mail| mail.number))
}

/// The code of the first mail to an address after `after`.
///
/// # Errors
/// [`ClientError::NotFound`] when none comes.
pub async fn code(http: &Http, address: &str, after: u64) -> Result<String, ClientError> {
    for _ in 0..LOOKS_MAX {
        let found = mails(http, address).await?.into_iter().rev().filter(|mail| mail.number > after);
        if let Some(code) = found.filter_map(|mail| mail.code).next() {
            return Ok(code);
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
    Err(ClientError::NotFound)
}
