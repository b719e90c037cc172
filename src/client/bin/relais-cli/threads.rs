//! Threads and their files.

use relais_chain::party::PartyId;
use relais_chain::unit::Standing;
use relais_client::ClientError;
use relais_client::driver::{Client, Content, acts};
use relais_e2ee::body::Body;
use relais_wire::ids::OrgId;
use relais_wire::streams::ThreadPlace;
use relais_wire::threads::ThreadCard;
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{Bearer, Files, ThreadAct};
use crate::live::settle;
use crate::parse::{id, input_line, keyring_id, person, place, thread_id};
use crate::show::show;

pub(crate) async fn threads(
    client: &mut Client,
    json: bool,
    personal: bool,
    (before, all): (Option<String>, bool),
) -> Result<(), ClientError> {
    let org = if personal { None } else { client.organization() };
    let (cards, mut older) = match before {
        None => client.list(org).await?,
        Some(before) => client.list_older(org, place(&before)?).await?,
    };
    show_cards(json, cards);
    while let Some(before) = older.filter(|_| all) {
        let (cards, next) = client.list_older(org, before).await?;
        show_cards(json, cards);
        older = next;
    }
    if let Some(ThreadPlace { at, thread }) = older {
        let before = format!("{}-{}", at.get(), thread.to_hex());
        let text = format!("there are older threads: threads --before {before}");
        show(json, &json!({"older": before}), &text);
    }
    Ok(())
}

fn show_cards(json: bool, cards: Vec<(ThreadCard, Option<String>)>) {
    for (card, title) in cards {
        let title = title.unwrap_or_default();
        let value = json!({
            "thread": card.thread.to_hex(), "entries": card.len.get(), "read": card.read.get(),
            "closed": card.closed, "state": format!("{:?}", card.state).to_lowercase(), "title": title,
        });
        let text = format!(
            "{}  {:>5}  {}{}",
            card.thread.to_hex(),
            card.len.get(),
            title,
            if card.closed { " (closed)" } else { "" }
        );
        show(json, &value, &text);
    }
}

pub(crate) async fn thread_act(client: &mut Client, json: bool, act: ThreadAct) -> Result<(), ClientError> {
    match act {
        ThreadAct::Add { thread, who, team } => {
            let who = who_of(client, &who, team).await?;
            client.add(thread_id(&thread)?, who).await
        }
        ThreadAct::Invite { thread, who: Some(who), org, .. } => {
            let org = org.map(|text| id(&text, OrgId::parse_hex)).transpose()?;
            let who = acts::Who::Person(person(client, &who).await?);
            client.invite_into(thread_id(&thread)?, org, who).await
        }
        ThreadAct::Invite { thread, who: None, standing, .. } => {
            let standing = match standing {
                Bearer::Professional => Standing::Professional,
                Bearer::Patient => Standing::Patient,
                Bearer::Relative => Standing::Relative,
            };
            let token = client.invite_bearer(thread_id(&thread)?, standing, None).await?;
            let token = Zeroizing::new(hex::encode(&token[..]));
            show(json, &json!({"token": *token}), &token);
            Ok(())
        }
        ThreadAct::Remove { thread, who, team } => {
            let party = match who_of(client, &who, team).await? {
                acts::Who::Person(user) => PartyId::User(user),
                acts::Who::Team(managers) | acts::Who::WholeTeam { managers, .. } => PartyId::Team(managers),
            };
            client.remove(thread_id(&thread)?, party).await
        }
        ThreadAct::Leave { thread } => client.leave(thread_id(&thread)?).await,
        ThreadAct::Close { thread } => client.close(thread_id(&thread)?).await,
        ThreadAct::Accept { token: Some(token), .. } => {
            let token = if token == "-" { input_line()? } else { token };
            let token = Zeroizing::new(hex::decode(token.trim()).map_err(|_| ClientError::WrongSecret)?);
            let thread = client.accept_token(&token).await?.to_hex();
            show(json, &json!({"thread": thread}), &thread);
            Ok(())
        }
        ThreadAct::Accept { thread, team, .. } => {
            let team = team.as_deref().map(keyring_id).transpose()?;
            client.accept(thread_id(&thread.unwrap_or_default())?, team).await
        }
        ThreadAct::Decline { thread, team } => {
            let team = team.as_deref().map(keyring_id).transpose()?;
            client.decline(thread_id(&thread)?, team).await
        }
        ThreadAct::RequestKey { thread } => client.request_box(thread_id(&thread)?).await,
        ThreadAct::Seen { thread, n } => client.mark_read(thread_id(&thread)?, n).await,
        ThreadAct::Take { .. }
        | ThreadAct::Assign { .. }
        | ThreadAct::Return { .. }
        | ThreadAct::Forward { .. }
        | ThreadAct::Withdraw { .. } => team_act(client, act).await,
    }
}

async fn team_act(client: &mut Client, act: ThreadAct) -> Result<(), ClientError> {
    match act {
        ThreadAct::Take { thread, team } => client.take(thread_id(&thread)?, keyring_id(&team)?).await,
        ThreadAct::Assign { thread, team, user } => {
            let user = person(client, &user).await?;
            client.assign(thread_id(&thread)?, keyring_id(&team)?, user).await
        }
        ThreadAct::Return { thread, team } => client.give_back(thread_id(&thread)?, keyring_id(&team)?).await,
        ThreadAct::Forward { thread, from, to } => {
            client.forward(thread_id(&thread)?, keyring_id(&from)?, keyring_id(&to)?).await
        }
        ThreadAct::Withdraw { thread, team } => {
            client.withdraw(thread_id(&thread)?, keyring_id(&team)?).await
        }
        _ => Ok(()),
    }
}

async fn who_of(client: &Client, text: &str, is_team: bool) -> Result<acts::Who, ClientError> {
    if is_team {
        keyring_id(text).map(acts::Who::Team)
    } else {
        person(client, text).await.map(acts::Who::Person)
    }
}

pub(crate) async fn file(client: &mut Client, json: bool, act: Files) -> Result<(), ClientError> {
    match act {
        Files::Put { thread, file } => {
            let bytes = std::fs::read(&file).map_err(|_| ClientError::Storage("the file cannot be read"))?;
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("file").to_owned();
            let attachment = client.upload(&bytes, &name, "application/octet-stream").await?;
            let body = Body { attachments: vec![attachment], ..Body::default() };
            client.send(thread_id(&thread)?, &body)?;
            settle(client, json).await
        }
        Files::Get { thread, n, folder } => {
            let history = client.history(thread_id(&thread)?).await?;
            let message = history.into_iter().find(|message| message.n == n).ok_or(ClientError::NotFound)?;
            let Content::Body(body) = message.content else { return Err(ClientError::NotFound) };
            for file in &body.attachments {
                let plain = client.download(file).await?;
                let name = file.name.rsplit(['/', '\\']).next().unwrap_or("file");
                let to = folder.join(name);
                std::fs::write(&to, &plain[..])
                    .map_err(|_| ClientError::Storage("the file cannot be written"))?;
                show(json, &json!({"file": name, "size": file.size}), name);
            }
            Ok(())
        }
    }
}
