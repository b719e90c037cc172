//! Lies about what a user's devices tell each other through the server: the key index, the pins, the vault.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Result, bail};
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Recovery, mailbox};
use relais_wire::account::{Locale, Object, ObjectKind};
use relais_wire::ids::{Seq, ThreadId};
use relais_wire::threads::Entries;
use relais_wire::{Bin, Private, Reply, Request};
use serde_json::{Value, json};

use super::account::{login, ready, vault_of};
use super::keys::believed_or;
use super::liar::Lie;
use super::stage::{Door, PASSWORD, Seen, Stage, Whom};
use super::victim::{Failed, Kind, Victim, texts};
use super::web::at;

/// Serves an object as it was before the first device wrote it.
fn forget(kind: ObjectKind) -> Lie {
    Box::new(move |request, answer| {
        if matches!(request, Request::GetObject(ask) if ask.object == kind) {
            *answer = Some(Ok(Reply::Object(Object { version: Seq::ZERO, ciphertext: Bin::default() })));
        }
    })
}

/// Ben's program, which has written both objects, or read what it wrote before.
async fn shared(stage: &mut Stage) -> Result<(Victim, ThreadId)> {
    let thread = stage.thread().await?;
    stage.say(Whom::Ada, thread, "hello").await?;
    let mut victim = stage.native_victim(Whom::Ben).await?;
    victim.client()?.history(thread).await?;
    victim.client()?.share().await?;
    Ok((victim, thread))
}

/// Pages that are loaded until the server has not put off reading the key index.
const PAGES_MAX: usize = 40;

/// A program of Ben's that has seen both objects.
async fn aware(stage: &mut Stage) -> Result<Victim> {
    let (native, _) = shared(stage).await?;
    if stage.kind == Kind::Native {
        return Ok(native);
    }
    let mut victim = stage.victim(Whom::Ben).await?;
    for _ in 0..PAGES_MAX {
        if at(&begun(&victim).await?, "/isIndexed") == true {
            return Ok(victim);
        }
        ready(victim.again().await)?;
    }
    bail!("the key index was never read")
}

/// What a page of the web client has done by itself.
async fn begun(victim: &Victim) -> Result<Value> {
    ready(victim.ask(json!({ "do": "begun" })).await)
}

/// The pins that another device wrote are gone.
pub(super) async fn old_pins(stage: &mut Stage) -> Result<Seen> {
    let mut victim = aware(stage).await?;
    victim.door.lie(forget(ObjectKind::Pins)).await;
    Ok(Seen::of(victim.again().await.map(|()| true)))
}

/// The key index is empty again.
pub(super) async fn old_index(stage: &mut Stage) -> Result<Seen> {
    let mut victim = aware(stage).await?;
    if stage.kind == Kind::Web {
        victim.door.lie(forget(ObjectKind::KeyIndex)).await;
        victim.door.liar.lock().await.heard.clear();
        // A page reads it at its beginning.
        ready(victim.again().await)?;
        let begun = begun(&victim).await?;
        let is_index = |request: &Request| matches!(request, Request::GetObject(ask) if ask.object == ObjectKind::KeyIndex);
        let asked = victim.door.liar.lock().await.heard.iter().any(is_index);
        let noticed = at(&begun, "/noticed").as_str();
        return Ok(Seen::of_noticed(noticed, noticed.is_none() && asked, &begun));
    }
    ready(victim.again().await)?;
    victim.door.lie(forget(ObjectKind::KeyIndex)).await;
    Ok(Seen::of(victim.client()?.list(None).await.map(|_| true)))
}

/// Registers somebody new, with whom Ada opens a thread.
async fn newcomer(stage: &mut Stage) -> Result<(Door, String, Client)> {
    let door = stage.door().await?;
    let client = stage.register(&door).await??;
    let email = stage.last_email();
    Ok((door, email, client))
}

/// A new device is shown a thread as it was before another device of the user read on.
pub(super) async fn thread_rolled_back(stage: &mut Stage) -> Result<Seen> {
    let (door, email, mut first) = newcomer(stage).await?;
    let thread = stage.ada.create_thread(None, &[Who::Person(first.user())], "", "take two").await?;
    let before = stage.ada.open_thread(thread).await?.state().head().to_owned();
    stage.say(Whom::Ada, thread, "no, take one").await?;
    first.open_thread(thread).await?;
    first.share().await?;
    door.lie(Box::new(move |request, answer| {
        if let (Request::GetEntries(ask), Some(Ok(Reply::Entries(page)))) = (request, answer)
            && ask.thread == thread
        {
            cut(page, before.n);
            page.head = before.head;
        }
    }))
    .await;
    if stage.kind == Kind::Web {
        return Ok(match stage.new_device(door, &email).await? {
            Ok(mut victim) => {
                let read = victim.history(thread).await;
                Seen::of_entries(read, |entries| texts(entries) == ["take two"])
            }
            Err(failure) => Seen::of(Err::<bool, _>(Failed::Web(failure))),
        });
    }
    let mut second = login(&door, &email).await?;
    second.share_objects(false);
    let read = second.open_thread(thread).await.map(|thread| thread.state().head().n == before.n);
    Ok(Seen::of(read))
}

fn cut(page: &mut Entries, n: u64) {
    page.entries.retain(|entry| entry.n.get() <= n);
    page.len = Seq::new(n).unwrap_or(page.len);
}

/// Somebody who recovers is served the vault as it was before the recovery code was renewed.
pub(super) async fn old_vault(stage: &mut Stage) -> Result<Seen> {
    let (door, email, mut first) = newcomer(stage).await?;
    let old = vault_of(&first).await?;
    let code = first.renew_recovery().await?;
    door.lie(Box::new(move |_, answer| {
        if let Some(Ok(Reply::RecoverGranted(granted))) = answer {
            granted.vault.clone_from(&old);
        }
    }))
    .await;
    if stage.kind == Kind::Web {
        let order =
            json!({ "do": "recover", "email": email, "code": code.text().as_str(), "password": PASSWORD });
        let (done, _) = stage.tab(&door, order).await?;
        let believed = has_rekeyed(&door).await;
        return Ok(believed_or(believed, done.map(drop).map_err(Failed::Web)));
    }
    let with = Recovery {
        email: Private(email.clone()),
        code,
        password: PASSWORD.to_owned().into(),
        locale: Locale::En,
    };
    let before = mailbox::newest(&door.http, &email).await?;
    let mailed = async || mailbox::code(&door.http, &email, before).await;
    let result = Client::recover(door.http.clone(), None, with, mailed).await;
    Ok(believed_or(has_rekeyed(&door).await, result.map(drop)))
}

/// Whether a new vault was signed on top of the one that was served: believed, whatever the real server says to that.
async fn has_rekeyed(door: &Door) -> bool {
    door.liar.lock().await.heard.iter().any(|request| matches!(request, Request::Rekey(_)))
}
