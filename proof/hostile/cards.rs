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
use relais_wire::directory::TeamCard;
use relais_wire::ids::{KeyringId, OrgId, UnitId, UserId};
use relais_wire::{Private, Reply};

use super::keys::{all, believed_or, boxed_to, serve};
use super::liar::Lie;
use super::stage::{Seen, Stage, Whom};

fn org_of(unit: UnitId) -> OrgId {
    OrgId::from_bytes(*unit.as_bytes())
}

/// An organization of Ada's with a team, and the team's card.
async fn night_shift(stage: &mut Stage, org: &str) -> Result<(OrgId, TeamCard)> {
    let unit = stage.ada.create_unit(None, org, "Ada").await?;
    let ada = stage.ada.user();
    stage.ada.create_team(unit, "Night shift", &[ada], &[]).await?;
    let card = stage.ada.unit(unit).await?.teams.into_iter().next().context("the team")?;
    Ok((org_of(unit), card))
}

/// Wherever teams are listed, this card stands for one.
fn list(false_card: TeamCard) -> Lie {
    Box::new(move |_, answer| match answer {
        Some(Ok(Reply::UnitCard(unit))) => unit.teams = vec![false_card.clone()],
        Some(Ok(Reply::Found(found))) => found.teams = vec![false_card.clone()],
        _ => {}
    })
}

/// A team's card names somebody's own keyring as that of all the team's members.
pub(super) async fn team_card(stage: &mut Stage) -> Result<Seen> {
    let (org, card) = night_shift(stage, "Hospital").await?;
    let (unit, reader) = (card.unit, stage.mallory.keyrings().0);
    let mut victim = stage.victim(Whom::Ada).await?;
    victim.door.lie(list(TeamCard { all: reader, ..card })).await;
    let (managers, all) = victim.team(unit, "Night").await?;
    // The web client writes to a team's managers only: it is to refuse the card all the same.
    let (who, boxed) = match all {
        Some(all) => (Who::WholeTeam { managers, all }, reader),
        None => (Who::Team(managers), managers),
    };
    let result = victim.create(Some(org), &[who], "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, boxed).await, result))
}

/// A team's card names the managers of a team of another organization.
pub(super) async fn foreign_team(stage: &mut Stage) -> Result<Seen> {
    let (_, elsewhere) = night_shift(stage, "Laboratory").await?;
    let (org, card) = night_shift(stage, "Hospital").await?;
    let unit = card.unit;
    let mut victim = stage.victim(Whom::Ada).await?;
    let (managers, all) = (elsewhere.managers, elsewhere.all);
    victim.door.lie(list(TeamCard { managers, all, ..card })).await;
    let (named, _) = victim.team(unit, "Night").await?;
    let result = victim.create(Some(org), &[Who::Team(named)], "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, managers).await, result))
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
    let stranger = UserId::from_bytes(draw(&mut SystemEntropy));
    let double = Double::of(stranger, KeyringId::from_bytes(draw(&mut SystemEntropy)), inbox)?;
    let root = serve(ChainKind::User, stranger.into(), vec![double.root.to_bytes()?]);
    victim.door.lie(all(vec![root, double.serve_keyrings()?])).await;
    let result = victim.create(None, &[Who::Person(ben)], "the diagnosis").await;
    Ok(believed_or(boxed_to(&victim, inbox).await, result))
}

/// An account of the server's own making whose root names these keyrings as its own, each with one link.
pub(super) struct Double {
    /// The key that signs all of it.
    pub signing: SigningSecret,
    /// First link of the user's chain.
    pub root: Signed,
    /// The only links of the two keyrings.
    pub keyrings: [(KeyringId, Signed); 2],
}

impl Double {
    /// Makes one.
    pub(super) fn of(user: UserId, personal: KeyringId, inbox: KeyringId) -> Result<Self> {
        let signing = SigningSecret::random(&mut SystemEntropy);
        let signer = Signer { user, chain_seq: 1, capacity: None, key: signing.key(), ts_ms: 1 };
        let owner = Owner::User(user);
        let new = NewKeyring { id: personal, kind: KeyringKind::U, owner, paired: None };
        let (first, seed) = keyring::create(&new, &[], &signer, &mut SystemEntropy)?;
        let recipient = Recipient { keyring: personal, generation: 1 };
        let itself = Target { recipient, key: DecKey::of(&seed).public() };
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
        Ok(Self { signing, root, keyrings: [(personal, first.link), (inbox, second.link)] })
    }

    /// Serves its keyrings.
    pub(super) fn serve_keyrings(&self) -> Result<Lie> {
        let one = |(id, link): &(KeyringId, Signed)| -> Result<Lie> {
            Ok(serve(ChainKind::Keyring, (*id).into(), vec![link.to_bytes()?]))
        };
        Ok(all(self.keyrings.iter().map(one).collect::<Result<_>>()?))
    }
}
