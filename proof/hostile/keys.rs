//! Lies about keys: people's chains, and the boxes that seeds are handed over in.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Context, Result, anyhow};
use relais_chain::entry::EntryCore;
use relais_chain::link::{Author, Place};
use relais_chain::thread::Applied;
use relais_chain::user_body::UserBody;
use relais_chain::{Signed, sign};
use relais_client::driver::Client;
use relais_client::driver::acts::Who;
use relais_e2ee::account::{self, NewAccount};
use relais_e2ee::entropy::SystemEntropy;
use relais_e2ee::sealed::{EncKey, Recipient, SeedOf, seal_lying};
use relais_e2ee::secret::{Secret, Seed};
use relais_e2ee::signing::SigningSecret;
use relais_e2ee::{message, wrap::Opener};
use relais_wire::account::Locale;
use relais_wire::chains::{ChainKind, GetLinks, Links};
use relais_wire::ids::{KeyringId, ObjectId, OrgId, Seq, UserId};
use relais_wire::{Bin, Reply, Request};

use super::liar::Lie;
use super::stage::{Seen, Stage, Whom, ask};
use super::victim::{Believed, Failed, Shown, Victim, texts};

/// A whole account of the server's own making, under somebody's id.
pub(super) fn impostor(user: UserId) -> Result<NewAccount> {
    let file = Secret::from_bytes([7; 32]);
    Ok(account::create(user, &[Opener::KeyFile(&file)], [0; 32], 1, &mut SystemEntropy)?)
}

/// Serves these links as a chain.
pub(super) fn serve(kind: ChainKind, id: ObjectId, links: Vec<Vec<u8>>) -> Lie {
    Box::new(move |request, answer| {
        let Request::GetLinks(ask) = request else { return };
        if ask.chain != kind || ask.id != id {
            return;
        }
        let Some(head) = links.last().and_then(|link| Signed::parse(link).ok()) else { return };
        let known = usize::try_from(ask.after.get()).unwrap_or(usize::MAX);
        *answer = Some(Ok(Reply::Links(Links {
            links: links.iter().skip(known).cloned().map(Bin).collect(),
            n: Seq::new(u64::try_from(links.len()).unwrap_or(u64::MAX)).unwrap_or(Seq::ZERO),
            head: head.link_hash(),
        })));
    })
}

/// Several lies at once.
pub(super) fn all(mut lies: Vec<Lie>) -> Lie {
    Box::new(move |request, answer| {
        for lie in &mut lies {
            lie(request, answer);
        }
    })
}

/// The links of one chain, as the server really has them.
pub(super) async fn links_of(client: &Client, chain: ChainKind, id: ObjectId) -> Result<Vec<Vec<u8>>> {
    let whole = GetLinks { chain, id, after: Seq::ZERO, max: 100, login: None };
    let reply = ask(client, &Request::GetLinks(whole)).await?;
    let Reply::Links(links) = reply else { anyhow::bail!("not links") };
    Ok(links.links.into_iter().map(|link| link.0).collect())
}

/// Ada's program, which knows Ben from before, started again.
async fn acquainted(stage: &mut Stage) -> Result<Victim> {
    let mut victim = stage.victim(Whom::Ada).await?;
    let ben = stage.ben.user();
    let met = victim.create(None, &[Who::Person(ben)], "").await;
    met.and(victim.again().await).map_err(|failed| anyhow!("{failed:?}"))?;
    Ok(victim)
}

/// A known colleague's chain is exchanged for one of the server's own making.
pub(super) async fn key_swapped(stage: &mut Stage) -> Result<Seen> {
    let ben = stage.ben.user();
    let false_ben = impostor(ben)?;
    let inbox = false_ben.account.inbox().id;
    let of = |kind: ChainKind, id: ObjectId| {
        let links = false_ben.links.iter().filter(|link| link.chain == kind && link.id == id);
        serve(kind, id, links.map(|link| link.link.0.clone()).collect())
    };
    let personal = false_ben.account.personal().id;
    let lies = vec![
        of(ChainKind::User, ben.into()),
        of(ChainKind::Keyring, inbox.into()),
        of(ChainKind::Keyring, personal.into()),
    ];
    let mut victim = acquainted(stage).await?;
    victim.door.lie(all(lies)).await;
    let result = twice(&mut victim, ben).await;
    Ok(believed_or(boxed_to(&victim, inbox).await, result))
}

/// Whether the client sealed a seed to this keyring.
pub(super) async fn boxed_to(victim: &Victim, keyring: KeyringId) -> bool {
    victim.door.liar.lock().await.heard.iter().any(|request| {
        matches!(request, Request::PutBoxes(put) if put.boxes.iter().any(|sealed| sealed.recipient == keyring))
    })
}

/// Writes to somebody, and once more when that was refused: what was noticed once must not be used from then on.
async fn twice(victim: &mut Victim, to: UserId) -> Result<(), Failed> {
    let with = [Who::Person(to)];
    drop(victim.create(None, &with, "the diagnosis").await);
    victim.create(None, &with, "the diagnosis").await
}

async fn other_chain(stage: &mut Stage, links: Vec<Vec<u8>>) -> Result<Seen> {
    let ben = stage.ben.user();
    let served = u64::try_from(links.len())?;
    let head = links.last().map(|link| Signed::parse(link)).transpose()?.map(|link| link.link_hash());
    let mut victim = acquainted(stage).await?;
    victim.door.lie(serve(ChainKind::User, ben.into(), links)).await;
    let result = twice(&mut victim, ben).await;
    let chain = victim.chain(ChainKind::User, ben.into()).await?;
    Ok(believed_or(chain == Some(Believed { seq: served, head }), result))
}

/// A refusal of the real server afterwards does not make a lie less believed.
pub(super) fn believed_or<T>(believed: bool, result: Result<T, impl Into<Failed>>) -> Seen {
    match result.map_err(Into::into) {
        Err(error) => match error.attack() {
            Some(code) if believed => Seen::Neither(format!("{code} noticed, and believed")),
            Some(code) => Seen::Caught(code),
            None if believed => Seen::Believed,
            None => Seen::of(Err::<bool, _>(error)),
        },
        Ok(_) => Seen::of(Ok::<_, Failed>(believed)),
    }
}

/// A known colleague's chain is served without its last link.
pub(super) async fn chain_rolled_back(stage: &mut Stage) -> Result<Seen> {
    let mut links = links_of(&stage.ada, ChainKind::User, stage.ben.user().into()).await?;
    links.pop();
    other_chain(stage, links).await
}

/// The last link of a known colleague's chain is exchanged for another one that the colleague signed once.
pub(super) async fn chain_forked(stage: &mut Stage) -> Result<Seen> {
    let ben = stage.ben.user();
    let mut links = links_of(&stage.ada, ChainKind::User, ben.into()).await?;
    links.pop();
    let place = next_place(ben, &links)?;
    let author = Author { user: ben, chain_seq: 1, capacity: None };
    let body = UserBody::Vault { version: 1, hash: relais_chain::hash::sha256(b"another vault") };
    let key = stage.ben.dangerous_account().signing();
    links.push(sign::link(key.key(), place, author, 1, &body)?.to_bytes()?);
    other_chain(stage, links).await
}

fn next_place(user: UserId, links: &[Vec<u8>]) -> Result<Place> {
    let last = Signed::parse(links.last().context("a chain has links")?)?;
    Ok(Place {
        seq: u64::try_from(links.len())? + 1,
        prev: Some(last.link_hash()),
        ..Place::first(*user.as_bytes())
    })
}

/// A rotation of a colleague's signing key that the colleague did not sign.
pub(super) async fn forged_rotation(stage: &mut Stage) -> Result<Seen> {
    let ben = stage.ben.user();
    let mut links = links_of(&stage.ada, ChainKind::User, ben.into()).await?;
    let place = next_place(ben, &links)?;
    let stranger = SigningSecret::random(&mut SystemEntropy);
    let author = Author { user: ben, chain_seq: u64::try_from(links.len())?, capacity: None };
    let proof = sign::key_proof(stranger.key(), &place);
    let body = UserBody::Rotate { generation: 2, key: stranger.public(), proof };
    links.push(sign::link(stranger.key(), place, author, 1, &body)?.to_bytes()?);
    other_chain(stage, links).await
}

/// The box of an epoch is exchanged for one with a seed that the server made.
pub(super) async fn box_swapped(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    let inbox = stage.ben.keyrings().1;
    let committed = stage.ada.thread(thread).context("the thread")?.state().roster().epoch().commit;
    let chain = stage.ada.book().chains().keyring_chain(inbox).context("Ben's inbox")?;
    let key = EncKey::from_bytes(chain.key())?;
    let seed = Seed::random(&mut SystemEntropy);
    let to = Recipient { keyring: inbox, generation: chain.generation() };
    let swapped = seal_lying(&seed, SeedOf::thread(thread, 0), to, &committed, &key, &mut SystemEntropy)?;
    let mut victim = stage.victim(Whom::Ben).await?;
    let lie: Lie = Box::new(move |_, answer| {
        if let Some(Ok(Reply::Boxes(served))) = answer {
            for sealed in served.boxes.iter_mut().filter(|sealed| sealed.id == thread.into()) {
                sealed.bytes = Bin(swapped.clone());
            }
        }
    });
    victim.door.lie(lie).await;
    let result = victim.write(thread, "for Ada alone").await;
    let heard = std::mem::take(&mut victim.door.liar.lock().await.heard);
    let read = heard.iter().any(|request| {
        let Request::Append(append) = request else { return false };
        append.entries.iter().any(|entry| {
            let sig = <[u8; 64]>::try_from(entry.sig.as_slice()).unwrap_or([0; 64]);
            let signed = Signed::whole(entry.core.0.clone(), entry.payload.0.clone(), sig);
            opened(&signed, &seed).is_some_and(|text| text == "for Ada alone")
        })
    });
    Ok(Seen::of_written(result, |_| read))
}

/// What the server reads of a message with a seed of its own.
fn opened(signed: &Signed, seed: &Seed) -> Option<String> {
    let core = EntryCore::parse(signed.core()).ok()?;
    let entry = signed.entry_hash();
    let applied = Applied { core, control: None, n: 1, head: entry, entry, anchor_checked: true };
    message::open(&applied, signed, seed).ok().map(|body| body.text.clone())
}

/// The boxes of an epoch are not served.
pub(super) async fn box_withheld(stage: &mut Stage) -> Result<Seen> {
    let thread = stage.thread().await?;
    stage.say(Whom::Ada, thread, "the result is positive").await?;
    let mut victim = stage.victim(Whom::Ben).await?;
    let lie: Lie = Box::new(|_, answer| {
        if let Some(Ok(Reply::Boxes(served))) = answer {
            served.boxes.clear();
        }
    });
    victim.door.lie(lie).await;
    let read = victim.history(thread).await;
    Ok(Seen::of_entries(read, |entries| texts(entries).is_empty() && entries.contains(&Shown::Unreadable)))
}

/// Somebody whom no administrator vouched for is put into a thread of the organization.
pub(super) async fn unattested(stage: &mut Stage) -> Result<Seen> {
    let unit = stage.ada.create_unit(None, "Hospital", "Ada").await?;
    let org = OrgId::from_bytes(*unit.as_bytes());
    let (ben, inbox) = (stage.ben.user(), stage.ben.keyrings().1);
    let mut victim = stage.victim(Whom::Ada).await?;
    let result = victim.create(Some(org), &[Who::Person(ben)], "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, inbox).await, result))
}

/// Somebody accepted an invitation, and the server puts somebody else in their place for the administrator to sign.
pub(super) async fn minted(stage: &mut Stage) -> Result<Seen> {
    let mallory = stage.mallory.user();
    let mut victim = stage.victim(Whom::Ada).await?;
    let unit = victim.client()?.create_unit(None, "Ward", "Ada").await?;
    let token = victim.client()?.invite(Some(unit), None, Locale::En).await?.token.0;
    stage.ben.accept_invite(token).await?;
    let lie: Lie = Box::new(move |_, answer| {
        if let Some(Ok(Reply::Pending(pending))) = answer {
            pending.members.iter_mut().for_each(|member| member.user = mallory);
        }
    });
    victim.door.lie(lie).await;
    let waiting = victim.client()?.pending(unit).await;
    Ok(Seen::of(waiting.map(|members| members.iter().any(|member| member.user == mallory))))
}
