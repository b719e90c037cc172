//! Lies about a team's keyring: somebody in it whom no manager let in, and a rotation that is kept back.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Context, Result, anyhow};
use relais_chain::hash::sha256;
use relais_chain::keyring_body::{KeyringBody, Recipient, Role};
use relais_chain::link::{Author, Place};
use relais_chain::unit::Standing;
use relais_chain::{Signed, sign};
use relais_client::Hostile;
use relais_client::driver::Client;
use relais_client::driver::acts::Who;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_wire::account::Locale;
use relais_wire::chains::ChainKind;
use relais_wire::ids::{KeyringId, OrgId, UnitId, UserId};
use relais_wire::{Private, Request};

use super::keys::{all, believed_or, impostor, links_of, serve};
use super::stage::{Seen, Stage, Whom};

/// Lets somebody into a unit.
async fn join(admin: &mut Client, unit: UnitId, who: &mut Client) -> Result<()> {
    let token = admin.invite(Some(unit), None, Locale::En).await?.token;
    who.accept_invite(token.0).await?;
    let member = (who.user(), Private("A colleague".to_owned()), Standing::Professional);
    Ok(admin.attest(unit, &[member]).await?)
}

/// An organization of Ada's with a team that Ben manages, and Mallory in the organization.
async fn team(stage: &mut Stage) -> Result<(OrgId, KeyringId)> {
    let unit = stage.ada.create_unit(None, "Hospital", "Ada").await?;
    join(&mut stage.ada, unit, &mut stage.ben).await?;
    join(&mut stage.ada, unit, &mut stage.mallory).await?;
    let ben = stage.ben.user();
    let team = stage.ada.create_team(unit, "Night shift", &[ben], &[]).await?;
    Ok((OrgId::from_bytes(*unit.as_bytes()), KeyringId::from_bytes(*team.as_bytes())))
}

/// A member who manages nothing lets a manager in, and the server shows it as done.
pub(super) async fn ghost_manager(stage: &mut Stage) -> Result<Seen> {
    let (org, team) = team(stage).await?;
    let mallory = stage.mallory.user();
    stage.ben.add_to_keyring(team, mallory, false).await?;
    let ghost = impostor(UserId::from_bytes(draw(&mut SystemEntropy)))?;
    let keyring = ghost.account.personal().id;
    let mut links = links_of(&stage.ben, ChainKind::Keyring, team.into()).await?;
    let last = Signed::parse(links.last().context("a chain has links")?)?;
    let seq = u64::try_from(links.len())? + 1;
    let place = Place { chain_id: *team.as_bytes(), seq, prev: Some(last.link_hash()) };
    let chain = stage.mallory.book().chains().user_chain(mallory).context("own chain")?;
    let author = Author { user: mallory, chain_seq: chain.tail().seq(), capacity: None };
    let recipient = Recipient { keyring, generation: 1, box_hash: sha256(b"a box") };
    let body = KeyringBody::Add { recipient, role: Role::Keeper };
    let key = stage.mallory.dangerous_account().signing();
    links.push(sign::link(key.key(), place, author, 1, &body)?.to_bytes()?);
    let mut lies = vec![serve(ChainKind::Keyring, team.into(), links)];
    for first in &ghost.links {
        let of = |other: &&relais_wire::chains::ChainLink| other.chain == first.chain && other.id == first.id;
        let links = ghost.links.iter().filter(of).map(|link| link.link.0.clone()).collect();
        lies.push(serve(first.chain, first.id, links));
    }
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.lie(all(lies)).await;
    let result = victim.create(Some(org), &[Who::Team(team)], "the diagnosis").await;
    let believed = victim.has_member(team, keyring).await?;
    Ok(believed_or(believed, result))
}

/// A manager is removed and the team's keyring renewed; the server keeps both links back from a writer, whose
/// message it then refuses as sealed to the old keys. The writer must not go on sealing to them.
pub(super) async fn removal_withheld(stage: &mut Stage) -> Result<Seen> {
    let (org, team) = team(stage).await?;
    let mallory = stage.mallory.user();
    stage.ben.add_to_keyring(team, mallory, false).await?;
    let thread = stage.ada.create_thread(Some(org), &[Who::Team(team)], "", "").await?;
    let before = links_of(&stage.ben, ChainKind::Keyring, team.into()).await?;
    stage.ben.remove_from_keyring(team, mallory).await?;
    let after = links_of(&stage.ben, ChainKind::Keyring, team.into()).await?;
    anyhow::ensure!(after.len() == before.len() + 2, "a removal and a rotation");
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.lie(serve(ChainKind::Keyring, team.into(), before)).await;
    let read = victim.open_thread(thread).await;
    let written = match read {
        Ok(()) => victim.write(thread, "under the old keys").await,
        Err(failed) => Err(failed),
    };
    let written = written.map_err(|failed| anyhow!("{failed:?}"))?;
    let heard = &victim.door.liar.lock().await.heard;
    // The same bytes may be sent again: that seals nothing.
    let mut appends: Vec<&Request> =
        heard.iter().filter(|request| matches!(request, Request::Append(_))).collect();
    appends.dedup();
    let sealed = appends.len();
    let noticed = written.noticed.as_deref() == Some(Hostile::RotationWithheld.code());
    Ok(match (noticed, sealed) {
        (true, 1) => Seen::Caught(Hostile::RotationWithheld.code().to_owned()),
        (false, 2..) => Seen::Believed,
        (noticed, sealed) => Seen::Neither(format!("noticed: {noticed}, sealed {sealed} times: {written:?}")),
    })
}
