//! Lies of the directory: cards that name keyrings and units which are not what they are said to be.
//!
//! Not known here: how an attack is judged and printed.

use anyhow::{Context, Result};
use relais_chain::envelope::Signed;
use relais_chain::facts::{KeyringKind, KeyringRef, Owner};
use relais_chain::link::{Author, Place};
use relais_chain::sign;
use relais_chain::unit::Standing;
use relais_chain::user_body::UserBody;
use relais_client::driver::acts::Who;
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::keyring::{self, NewKeyring, Signer, Target};
use relais_e2ee::sealed::{DecKey, Recipient};
use relais_e2ee::signing::SigningSecret;
use relais_wire::account::Locale;
use relais_wire::chains::ChainKind;
use relais_wire::ids::{KeyringId, ObjectId, OrgId, UnitId, UserId};
use relais_wire::{Private, Reply};

use super::keys::{all, believed_or, boxed_to, serve};
use super::liar::Lie;
use super::stage::{Seen, Stage, Whom};

fn org_of(unit: UnitId) -> OrgId {
    OrgId::from_bytes(*unit.as_bytes())
}

/// A team's card names somebody's own keyring as that of all the team's members.
pub(super) async fn team_card(stage: &mut Stage) -> Result<Seen> {
    let unit = stage.ada.create_unit(None, "Hospital", "Ada").await?;
    let ada = stage.ada.user();
    stage.ada.create_team(unit, "Night shift", &[ada], &[]).await?;
    let reader = stage.mallory.keyrings().0;
    let lie: Lie = Box::new(move |_, answer| {
        if let Some(Ok(Reply::UnitCard(card))) = answer {
            for team in &mut card.teams {
                team.all = reader;
            }
        }
    });
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.lie(lie).await;
    let card = victim.client()?.unit(unit).await?;
    let team = card.teams.first().context("the team")?;
    let who = Who::WholeTeam { managers: team.managers, all: team.all };
    let result = victim.create(Some(org_of(unit)), &[who], "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, reader).await, result))
}

/// An organization's card names a unit of another one, which vouches for somebody.
pub(super) async fn foreign_unit(stage: &mut Stage) -> Result<Seen> {
    let unit = stage.ada.create_unit(None, "Hospital", "Ada").await?;
    let other = stage.ada.create_unit(None, "Laboratory", "Ada").await?;
    let (ben, inbox) = (stage.ben.user(), stage.ben.keyrings().1);
    let token = stage.ada.invite(Some(other), None, Locale::En).await?.token;
    stage.ben.accept_invite(token.0).await?;
    stage.ada.attest(other, &[(ben, Private("Ben".to_owned()), Standing::Professional)]).await?;
    let lie: Lie = Box::new(move |_, answer| {
        if let Some(Ok(Reply::Snapshot(snapshot))) = answer
            && let Some(card) = &mut snapshot.org
        {
            card.units.push(other);
        }
    });
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.lie(lie).await;
    let with = [Who::Person(ben)];
    let result = victim.create(Some(org_of(unit)), &with, "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, inbox).await, result))
}

/// Another account claims a colleague's keyring under the same id, with valid links of its own.
pub(super) async fn claimed_keyring(stage: &mut Stage) -> Result<Seen> {
    let (ben, inbox) = (stage.ben.user(), stage.ben.keyrings().1);
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.lie(claim(inbox)?).await;
    let result = victim.create(None, &[Who::Person(ben)], "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, inbox).await, result))
}

/// The chains of an account whose root names `inbox` as its own.
fn claim(inbox: KeyringId) -> Result<Lie> {
    let user = UserId::from_bytes(draw(&mut SystemEntropy));
    let signing = SigningSecret::random(&mut SystemEntropy);
    let signer = Signer { user, chain_seq: 1, capacity: None, key: signing.key(), ts_ms: 1 };
    let personal = KeyringId::from_bytes(draw(&mut SystemEntropy));
    let owner = Owner::User(user);
    let new = NewKeyring { id: personal, kind: KeyringKind::U, owner, paired: None };
    let (first, seed) = keyring::create(&new, &[], &signer, &mut SystemEntropy)?;
    let itself =
        Target { recipient: Recipient { keyring: personal, generation: 1 }, key: DecKey::of(&seed).public() };
    let new = NewKeyring { id: inbox, kind: KeyringKind::I, owner, paired: None };
    let (second, _) = keyring::create(&new, &[itself], &signer, &mut SystemEntropy)?;
    let body = UserBody::Root {
        key: signing.public(),
        personal: KeyringRef { id: personal, first: first.link.link_hash() },
        inbox: KeyringRef { id: inbox, first: second.link.link_hash() },
        recovery: None,
    };
    let author = Author { user, chain_seq: 0, capacity: None };
    let root = sign::link(signing.key(), Place::first(*user.as_bytes()), author, 1, &body)?;
    let one = |kind: ChainKind, id: ObjectId, link: &Signed| -> Result<Lie> {
        Ok(serve(kind, id, vec![link.to_bytes()?]))
    };
    Ok(all(vec![
        one(ChainKind::User, user.into(), &root)?,
        one(ChainKind::Keyring, personal.into(), &first.link)?,
        one(ChainKind::Keyring, inbox.into(), &second.link)?,
    ]))
}
