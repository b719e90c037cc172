//! Keys that somebody has to renew are renewed by whoever is online first, once.
//!
//! Not known here: how it is printed.

use anyhow::{Context, Result, ensure};
use relais_client::core::Chore;
use relais_client::driver::acts::Who;
use relais_client::driver::rekey::Renewed;
use relais_client::driver::{Client, Update};
use relais_wire::ids::KeyringId;

use super::ward::{Ward, connect, say, texts, until};

fn generation(client: &Client, keyring: KeyringId) -> u64 {
    client.book().chains().keyring_chain(keyring).map_or(0, relais_chain::KeyringChain::generation)
}

/// An administrator without the seed removes a manager; of the managers online one renews the team's keyring, and
/// nobody renews it a second time.
pub(super) async fn removal_is_followed_by_one_rotation(ward: &mut Ward) -> Result<String> {
    let unit = ward.unit;
    let mut ben = ward.colleague("ben", unit).await?;
    let mut cyd = ward.colleague("cyd", unit).await?;
    let dan = ward.colleague("dan", unit).await?;
    let managers = [ben.user(), cyd.user(), dan.user()];
    let team = ward.ada.create_team(unit, "Night shift", &managers, &[]).await?;
    let team = KeyringId::from_bytes(*team.as_bytes());
    connect(&mut ben).await?;
    connect(&mut cyd).await?;
    let removed = ward.ada.remove_from_keyring(team, dan.user()).await?;
    ensure!(
        removed == Renewed::NotOurs,
        "an administrator outside the team cannot renew its keys: {removed:?}"
    );
    let mut who = None;
    until(&mut [&mut ben, &mut cyd], |at, update| {
        let here = matches!(update, Update::Renewed(Chore::Keyring(k), Renewed::Here) if *k == team);
        who = here.then_some(at);
        here
    })
    .await?;
    // Asked again by name, both find nothing left to do.
    for client in [&mut ben, &mut cyd] {
        let again = client.rotate_due(&[team]).await?;
        ensure!(again == [(team, Renewed::NotDue)], "renewed twice: {again:?}");
        ensure!(generation(client, team) == 2, "generation {}", generation(client, team));
    }
    Ok(format!("renewed once, by member {} of 2 online", who.context("somebody")? + 1))
}

/// Two members who renew the same keyring at the same moment: one does, the other learns that it was done.
pub(super) async fn two_at_once_end_as_one(ward: &mut Ward) -> Result<String> {
    let unit = ward.unit;
    let mut eve = ward.colleague("eve", unit).await?;
    let mut fay = ward.colleague("fay", unit).await?;
    let gus = ward.colleague("gus", unit).await?;
    let managers = [eve.user(), fay.user(), gus.user()];
    let team = ward.ada.create_team(unit, "Day shift", &managers, &[]).await?;
    let team = KeyringId::from_bytes(*team.as_bytes());
    // Both hold the seed before anything is due.
    for client in [&mut eve, &mut fay] {
        client.rotate_due(&[team]).await?;
    }
    ward.ada.remove_from_keyring(team, gus.user()).await?;
    let (keyrings_a, keyrings_b) = ([team], [team]);
    let (a, b) = tokio::join!(eve.rotate_due(&keyrings_a), fay.rotate_due(&keyrings_b));
    let outcomes: Vec<Renewed> = [a?, b?].into_iter().flatten().map(|(_, renewed)| renewed).collect();
    let here = outcomes.iter().filter(|outcome| **outcome == Renewed::Here).count();
    ensure!(here == 1, "{outcomes:?}");
    eve.rotate_due(&[team]).await?;
    ensure!(generation(&eve, team) == 2, "generation {}", generation(&eve, team));
    Ok(format!("{outcomes:?}"))
}

/// A participant asks for a box; whoever is online makes a new epoch, once, and what follows can be read.
pub(super) async fn request_for_a_box_is_answered(ward: &mut Ward) -> Result<String> {
    let (unit, org) = (ward.unit, ward.org());
    let mut hal = ward.colleague("hal", unit).await?;
    let mut ivy = ward.colleague("ivy", unit).await?;
    let mut joe = ward.colleague("joe", unit).await?;
    let with = [Who::Person(ivy.user()), Who::Person(joe.user())];
    let thread = hal.create_thread(Some(org), &with, "", "before").await?;
    connect(&mut hal).await?;
    connect(&mut ivy).await?;
    joe.request_box(thread).await?;
    until(
        &mut [&mut hal, &mut ivy],
        |_, update| matches!(update, Update::Renewed(Chore::Rebox(of), Renewed::Here) if *of == thread),
    )
    .await?;
    say(&mut ivy, thread, "after").await?;
    let read = texts(&mut joe, thread).await?;
    ensure!(read == ["before", "after"], "{read:?}");
    let epoch = joe.thread(thread).context("the thread")?.state().head().epoch;
    ensure!(epoch == 1, "epoch {epoch}");
    Ok("one new epoch; history and what follows can be read".to_owned())
}
