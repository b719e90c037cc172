//! Lies to somebody who registers, signs in, goes on, sends, or fetches a file.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Context, Result, anyhow, bail};
use relais_chain::link::{Author, Place};
use relais_chain::sign;
use relais_client::ClientError;
use relais_client::driver::{Client, Login, mailbox};
use relais_e2ee::body::Body;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::vault::link_body;
use relais_wire::account::{GetVault, Locale, PutVault, Vault};
use relais_wire::chains::ChainKind;
use relais_wire::ids::{Bytes32, IdemKey, KeyringId, Seq};
use relais_wire::threads::Appended;
use relais_wire::{ErrorCode, Millis, Private, Refusal, Reply, Request, codes::Stale};
use serde_json::json;

use super::cards::Double;
use super::keys::{all, serve};
use super::liar::{Hold, Lie};
use super::stage::{Door, PASSWORD, PATIENCE_MS, Seen, Stage, Whom, ask};
use super::victim::{Believed, Failed, Kind, Written};

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// Ben has read a thread and writes to it; requests to append may be kept from the server, and answers are changed.
async fn writes(
    stage: &mut Stage,
    (hold, lie): (Hold, Lie),
    believed: impl FnOnce(&Written, u64) -> bool,
) -> Result<Seen> {
    let thread = stage.thread().await?;
    let mut victim = stage.victim(Whom::Ben).await?;
    ready(victim.open_thread(thread).await)?;
    victim.door.liar.lock().await.hold = hold;
    victim.door.lie(lie).await;
    let now = victim.door.http.now_ms();
    let result = victim.write(thread, "under the old keys").await;
    Ok(Seen::of_written(result, |written| believed(written, now)))
}

const fn is_append(request: &Request) -> bool {
    matches!(request, Request::Append(_))
}

/// The server keeps nothing of a message and answers that it is done, without a receipt.
pub(super) async fn no_receipt(stage: &mut Stage) -> Result<Seen> {
    let lie: Lie = Box::new(|request, answer| {
        if is_append(request) {
            *answer = Some(Ok(Reply::Appended(Appended { receipts: Vec::new() })));
        }
    });
    writes(stage, (Box::new(is_append), lie), |written, _| written.sent).await
}

/// A receipt that says another time than the one that was signed.
pub(super) async fn wrong_receipt(stage: &mut Stage) -> Result<Seen> {
    let lie: Lie = Box::new(|_, answer| {
        if let Some(Ok(Reply::Appended(appended))) = answer {
            for receipt in &mut appended.receipts {
                receipt.at = Millis::saturating(receipt.at.get() + DAY_MS);
            }
        }
    });
    let tomorrow = |written: &Written, now| written.sent || written.latest_ms > now + DAY_MS / 2;
    writes(stage, (Box::new(|_| false), lie), tomorrow).await
}

/// The server shows another key than the one it was met with.
pub(super) async fn server_key(stage: &mut Stage) -> Result<Seen> {
    let mut victim = stage.victim(Whom::Ben).await?;
    let lie: Lie = Box::new(|_, answer| {
        if let Some(Ok(Reply::ServerCard(card))) = answer
            && let Some(byte) = card.receipt_key.0.first_mut()
        {
            *byte ^= 1;
        }
    });
    victim.door.lie(lie).await;
    Ok(Seen::of(victim.again().await.map(|()| true)))
}

/// A registration is answered with weaker stretching of the password.
pub(super) async fn weak_stretching(stage: &mut Stage) -> Result<Seen> {
    let door = stage.door().await?;
    let lie: Lie = Box::new(|_, answer| {
        if let Some(Ok(Reply::RegisterStarted(started))) = answer {
            started.ksf.memory_kib = 8 * 1024;
        }
    });
    door.lie(lie).await;
    if stage.kind == Kind::Web {
        let order = json!({ "do": "register", "email": stage.fresh_email(), "password": PASSWORD });
        let (done, _) = stage.tab(&door, order).await?;
        return Ok(Seen::of(done.map(|_| true).map_err(Failed::Web)));
    }
    Ok(Seen::of(stage.register(&door).await?.map(|_| true)))
}

pub(super) async fn vault_of(client: &Client) -> Result<Vault> {
    let reply = ask(client, &Request::GetVault(GetVault {})).await?;
    if let Reply::Vault(vault) = reply { Ok(vault) } else { bail!("not a vault") }
}

pub(super) async fn login(door: &Door, email: &str) -> Result<Client, ClientError> {
    let login =
        Login { email: Private(email.to_owned()), password: PASSWORD.to_owned().into(), locale: Locale::En };
    let before = mailbox::newest(&door.http, email).await?;
    let code = async || mailbox::code(&door.http, email, before).await;
    Client::login(door.http.clone(), None, login, code).await
}

/// Somebody signs in on a new device and is served a chain of their own that they did not write.
pub(super) async fn own_chain(stage: &mut Stage) -> Result<Seen> {
    let (user, vault) = (stage.ben.user(), vault_of(&stage.ben).await?);
    // It names the keyrings of the vault: nothing but the signatures is another's.
    let (personal, inbox) = stage.ben.keyrings();
    let double = Double::of(user, personal, inbox)?;
    let place = Place { seq: 2, prev: Some(double.root.link_hash()), ..Place::first(*user.as_bytes()) };
    let author = Author { user, chain_seq: 1, capacity: None };
    let second = sign::link(double.signing.key(), place, author, 1, &link_body(&vault))?;
    let believed = Believed { seq: 2, head: Some(second.link_hash()) };
    let links = vec![double.root.to_bytes()?, second.to_bytes()?];
    let door = stage.door().await?;
    door.lie(all(vec![serve(ChainKind::User, user.into(), links), double.serve_keyrings()?])).await;
    if stage.kind == Kind::Web {
        return Ok(match stage.new_device(door, "ben@relais.example").await? {
            Ok(victim) => {
                let chain = victim.chain(ChainKind::User, user.into()).await?;
                Seen::of(Ok::<_, Failed>(chain == Some(believed)))
            }
            Err(failure) => Seen::of(Err::<bool, _>(Failed::Web(failure))),
        });
    }
    let result = login(&door, "ben@relais.example").await;
    Ok(Seen::of(result.map(|client| {
        let chain = client.book().chains().user_chain(user);
        chain.is_some_and(|chain| chain.key() == double.signing.public())
    })))
}

/// A device that goes on is served the vault as it was before the last change.
pub(super) async fn old_vault(stage: &mut Stage) -> Result<Seen> {
    let mut victim = stage.victim(Whom::Ben).await?;
    let mut other = stage.native_victim(Whom::Ben).await?;
    let other = other.client()?;
    let old = vault_of(other).await?;
    let now = other.http().now_ms();
    let rewritten = other.dangerous_account().rewrite(now, &mut SystemEntropy)?;
    let put = PutVault {
        idem: IdemKey::from_bytes(draw(&mut SystemEntropy)),
        vault: rewritten.vault,
        links: rewritten.links,
        boxes: Vec::new(),
    };
    ask(other, &Request::PutVault(put)).await?;
    let lie: Lie = Box::new(move |_, answer| {
        if let Some(Ok(Reply::Vault(vault))) = answer {
            vault.clone_from(&old);
        }
    });
    victim.door.lie(lie).await;
    Ok(Seen::of(victim.again().await.map(|()| true)))
}

fn stale(keyring: Option<KeyringId>, generation: u32) -> Refusal {
    let stale = Stale { keyring, generation, n: Seq::ZERO, head: Bytes32::from_bytes([0; 32]) };
    Refusal { stale: Some(stale), ..Refusal::new(ErrorCode::Stale) }
}

/// Refusals as stale before the server takes something after all: more than a client that checks waits for.
const STALE_TIMES: u32 = 8;

/// Everything that is sent is refused as stale, and nothing newer is shown.
pub(super) async fn stale_for_ever(stage: &mut Stage) -> Result<Seen> {
    let mut times = 0;
    let hold: Hold = Box::new(move |request| {
        times += u32::from(is_append(request));
        is_append(request) && times <= STALE_TIMES
    });
    let lie: Lie = Box::new(|request, answer| {
        if is_append(request) && answer.is_none() {
            *answer = Some(Err(stale(None, 0)));
        }
    });
    // It believes that it is stale, and gives up; or goes on until the server likes.
    writes(stage, (hold, lie), |written, _| written.refused || written.sent).await
}

/// The server names a newer generation of a keyring and does not show the link that made it.
pub(super) async fn rotation_withheld(stage: &mut Stage) -> Result<Seen> {
    let inbox = stage.ada.keyrings().1;
    let mut told = false;
    let lie: Lie = Box::new(move |request, answer| {
        // The first is refused after all; from the second on the server takes what comes.
        if is_append(request) && !told {
            told = true;
            *answer = Some(Err(stale(Some(inbox), 9)));
        }
    });
    writes(stage, (Box::new(|_| false), lie), |written, _| written.sent).await
}

/// One byte of a file is changed.
pub(super) async fn file(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    let bytes = vec![b'x'; 10_000];
    let mut body = Body::text("the scan");
    body.attachments.push(stage.ada.upload(&bytes, "scan.txt", "text/plain").await?);
    stage.ada.send(thread, &body)?;
    stage.ada.flush(PATIENCE_MS).await?;
    let attachment = body.attachments.first().context("the file")?;
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.liar.lock().await.spoils_files = true;
    let result = victim.download(thread, attachment).await;
    Ok(Seen::of(result.map(|plain| plain.len() == bytes.len() && plain != bytes)))
}

/// A step before anybody lies.
pub(super) fn ready<T>(result: Result<T, Failed>) -> Result<T> {
    result.map_err(|failed| anyhow!("before any lie: {failed:?}"))
}
