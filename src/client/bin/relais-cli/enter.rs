//! Making an account and signing in.

use std::io::Write as _;

use relais_client::ClientError;
use relais_client::driver::{Client, Http, Local, Login, Recovery, Registration, mailbox};
use relais_e2ee::recovery::RecoveryCode;
use relais_wire::Private;
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::Enter;
use crate::parse::{input_line, locale};
use crate::show::show;

pub(crate) async fn register(
    http: Http,
    local: Local,
    json: bool,
    enter: Enter,
    name: String,
    token: Option<Vec<u8>>,
) -> Result<(), ClientError> {
    free(&local)?;
    let password = enter.password.clone().map_or_else(input_line, Ok)?;
    let new = Registration {
        email: Private(enter.email.clone()),
        name: Private(name),
        password: Zeroizing::new(password),
        locale: locale(&enter.lang),
        token,
    };
    let before = if enter.dev_mail { mailbox::newest(&http, &enter.email).await? } else { 0 };
    let mail = http.clone();
    let code = async move || the_code(&mail, &enter, before).await;
    let (client, recovery) = Client::register(http, Some(local), new, code).await?;
    let text = recovery.text();
    show(
        json,
        &json!({"user": client.user().to_hex(), "recovery": *text}),
        &format!("signed in as {}\nrecovery code, shown once: {}", client.user().to_hex(), *text),
    );
    Ok(())
}

pub(crate) async fn login(http: Http, mut local: Local, json: bool, enter: Enter) -> Result<(), ClientError> {
    free(&local)?;
    local.erase()?;
    let password = enter.password.clone().map_or_else(input_line, Ok)?;
    let login = Login {
        email: Private(enter.email.clone()),
        password: Zeroizing::new(password),
        locale: locale(&enter.lang),
    };
    let before = if enter.dev_mail { mailbox::newest(&http, &enter.email).await? } else { 0 };
    let mail = http.clone();
    let code = async move || the_code(&mail, &enter, before).await;
    let client = Client::login(http, Some(local), login, code).await?;
    let user = client.user().to_hex();
    show(json, &json!({"user": user}), &format!("signed in as {user}"));
    Ok(())
}

pub(crate) async fn recover(
    http: Http,
    mut local: Local,
    json: bool,
    enter: Enter,
    recovery_code: Option<String>,
) -> Result<(), ClientError> {
    free(&local)?;
    local.erase()?;
    let password = enter.password.clone().map_or_else(input_line, Ok)?;
    let typed = Zeroizing::new(recovery_code.map_or_else(input_line, Ok)?);
    let with = Recovery {
        email: Private(enter.email.clone()),
        code: RecoveryCode::parse(&typed).map_err(|_| ClientError::WrongSecret)?,
        password: Zeroizing::new(password),
        locale: locale(&enter.lang),
    };
    let before = if enter.dev_mail { mailbox::newest(&http, &enter.email).await? } else { 0 };
    let mail = http.clone();
    let code = async move || the_code(&mail, &enter, before).await;
    let (client, recovery) = Client::recover(http, Some(local), with, code).await?;
    let (user, text) = (client.user().to_hex(), recovery.text());
    show(
        json,
        &json!({"user": user, "recovery": *text}),
        &format!("signed in as {user}\nnew recovery code, shown once: {}", *text),
    );
    Ok(())
}

fn free(local: &Local) -> Result<(), ClientError> {
    if local.load()?.is_some() { Err(ClientError::SignedInAlready) } else { Ok(()) }
}

async fn the_code(http: &Http, enter: &Enter, before: u64) -> Result<String, ClientError> {
    match &enter.code {
        Some(code) => Ok(code.clone()),
        None if enter.dev_mail => mailbox::code(http, &enter.email, before).await,
        None => {
            writeln!(std::io::stderr(), "code:").ok();
            input_line()
        }
    }
}
