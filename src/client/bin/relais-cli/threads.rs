//! Threads and their files.

use relais_client::ClientError;
use relais_client::driver::{Client, Content, acts};
use relais_e2ee::body::Body;
use relais_wire::ids::{KeyringId, UserId};
use serde_json::json;

use crate::args::{Files, ThreadAct};
use crate::live::settle;
use crate::parse::{id, thread_id};
use crate::show::show;

pub(crate) async fn threads(client: &mut Client, json: bool, personal: bool) -> Result<(), ClientError> {
    let org = if personal { None } else { client.organization() };
    let (cards, _) = client.threads(org).await?;
    for card in cards {
        let title = match client.open_thread(card.thread).await {
            Ok(thread) => thread.title().unwrap_or("").to_owned(),
            Err(error) if error.hostile().is_some() => return Err(error),
            Err(_) => String::new(),
        };
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
    Ok(())
}

pub(crate) async fn thread_act(client: &mut Client, act: ThreadAct) -> Result<(), ClientError> {
    let user = |text: &str| id(text, UserId::parse_hex);
    let team = |text: &str| id(text, KeyringId::parse_hex);
    match act {
        ThreadAct::Add { thread, user: who } => {
            client.add(thread_id(&thread)?, acts::Who::Person(user(&who)?)).await
        }
        ThreadAct::Remove { thread, user: who } => {
            let party = relais_chain::party::PartyId::User(user(&who)?);
            client.remove(thread_id(&thread)?, party).await
        }
        ThreadAct::Leave { thread } => client.leave(thread_id(&thread)?).await,
        ThreadAct::Close { thread } => client.close(thread_id(&thread)?).await,
        ThreadAct::Accept { thread } => client.accept(thread_id(&thread)?).await,
        ThreadAct::Decline { thread } => client.decline(thread_id(&thread)?).await,
        ThreadAct::Take { thread, team: of } => client.take(thread_id(&thread)?, team(&of)?).await,
        ThreadAct::Return { thread, team: of } => client.give_back(thread_id(&thread)?, team(&of)?).await,
        ThreadAct::Seen { thread, n } => client.mark_read(thread_id(&thread)?, n).await,
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
