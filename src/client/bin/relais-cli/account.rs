//! Password, recovery code and sessions of the account that is signed in.

use relais_client::ClientError;
use relais_client::driver::Client;
use relais_e2ee::recovery::RecoveryCode;
use relais_wire::ids::SessionId;
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{RecoveryCodeAct, Sessions};
use crate::parse::{id, input_line};
use crate::show::show;

pub(crate) async fn password(
    client: &mut Client,
    json: bool,
    new: Option<String>,
) -> Result<(), ClientError> {
    let new = Zeroizing::new(new.map_or_else(input_line, Ok)?);
    let code = client.change_password(&new).await?;
    print_code(json, &code);
    Ok(())
}

pub(crate) async fn recovery_code(
    client: &mut Client,
    json: bool,
    act: RecoveryCodeAct,
) -> Result<(), ClientError> {
    let code = match act {
        RecoveryCodeAct::Show => client.recovery_code().await?,
        RecoveryCodeAct::Renew => client.renew_recovery().await?,
    };
    print_code(json, &code);
    Ok(())
}

fn print_code(json: bool, code: &RecoveryCode) {
    let text = code.text();
    show(json, &json!({"recovery": *text}), &format!("recovery code: {}", *text));
}

pub(crate) async fn sessions(client: &Client, json: bool, act: Sessions) -> Result<(), ClientError> {
    match act {
        Sessions::List => {
            for card in client.sessions().await? {
                let session = card.session.to_hex();
                let value = json!({
                    "session": session, "device": card.device.to_hex(), "opened_ms": card.opened.get(),
                    "seen_ms": card.seen.get(), "expires_ms": card.expires.get(), "current": card.current,
                });
                let mark = if card.current { " (this one)" } else { "" };
                let text = format!("{session}  opened {}  seen {}{mark}", card.opened.get(), card.seen.get());
                show(json, &value, &text);
            }
            Ok(())
        }
        Sessions::Revoke { session } => client.revoke_session(id(&session, SessionId::parse_hex)?).await,
    }
}
