//! Who takes part: direct threads, guests who accept or decline, bearers of a token, a team's triage.
//!
//! Not known here: how it is printed.

use anyhow::{Context, Result, ensure};
use relais_chain::party::{PartyId, Triage};
use relais_chain::unit::Standing;
use relais_client::ClientError;
use relais_client::driver::acts::Who;
use relais_client::driver::{Client, Content};
use relais_e2ee::body::Body;
use relais_wire::ErrorCode;
use relais_wire::ids::{KeyringId, ThreadId};

use super::ward::{Ward, say, texts};

/// Whether the server refuses with this code.
async fn refused(client: &mut Client, thread: ThreadId, code: ErrorCode) -> Result<()> {
    match texts(client, thread).await {
        Err(error) if error.is_refusal(code) => Ok(()),
        other => anyhow::bail!("not refused as {code:?}: {other:?}"),
    }
}

/// Two people of no organization write to each other directly, with a file; a third reads nothing.
pub(super) async fn direct_thread(ward: &mut Ward) -> Result<String> {
    let mut kim = ward.stranger("kim").await?;
    let mut lou = ward.stranger("lou").await?;
    let mut max = ward.stranger("max").await?;
    let thread = kim.create_direct(lou.user(), "only for you").await?;
    let plain = b"a letter".to_vec();
    let letter = lou.upload(&plain, "letter.txt", "text/plain").await?;
    lou.open_thread(thread).await?;
    let body = Body { attachments: vec![letter], ..Body::text("and for you") };
    lou.send(thread, &body)?;
    lou.flush(20_000).await?;
    let read = texts(&mut kim, thread).await?;
    ensure!(read == ["only for you", "and for you"], "{read:?}");
    let history = kim.history(thread).await?;
    let files = history.iter().find_map(|message| match &message.content {
        Content::Body(body) => body.attachments.first(),
        Content::Unreadable | Content::Tampered(_) | Content::Control(_) | Content::Unknown => None,
    });
    let got = kim.download(files.context("the letter")?).await?;
    ensure!(got[..] == plain[..], "another letter");
    refused(&mut max, thread, ErrorCode::NotFound).await?;
    let added = kim.add(thread, Who::Person(max.user())).await;
    ensure!(matches!(added, Err(ClientError::OwnCheck(_))), "a third in a direct thread: {added:?}");
    Ok("both ways, with a file; nobody can be added".to_owned())
}

/// A guest from outside is served nothing until they accept, and reads from the joining on; another declines,
/// and the thread is gone for them.
pub(super) async fn guests(ward: &mut Ward) -> Result<String> {
    let org = ward.org();
    let mut nia = ward.stranger("nia").await?;
    let mut oto = ward.stranger("oto").await?;
    let thread = ward.ada.create_thread(Some(org), &[], "", "before").await?;
    for guest in [&nia, &oto] {
        ward.ada.invite_into(thread, None, Who::Person(guest.user())).await?;
    }
    refused(&mut nia, thread, ErrorCode::NotFound).await?;
    nia.accept(thread, None).await?;
    oto.decline(thread, None).await?;
    ward.ada.open_thread(thread).await?;
    say(&mut ward.ada, thread, "welcome").await?;
    let read = texts(&mut nia, thread).await?;
    ensure!(read == ["welcome"], "{read:?}");
    refused(&mut oto, thread, ErrorCode::NotFound).await?;
    let again = oto.accept(thread, None).await;
    ensure!(again.is_err(), "declined, then accepted: {again:?}");
    say(&mut nia, thread, "thank you").await?;
    nia.leave(thread).await?;
    let read = texts(&mut ward.ada, thread).await?;
    ensure!(read == ["before", "welcome", "thank you"], "{read:?}");
    // Asked in again, the counter goes on where it was, although the program may have forgotten it.
    ward.ada.invite_into(thread, None, Who::Person(nia.user())).await?;
    nia.forget_thread(thread);
    nia.accept(thread, None).await?;
    say(&mut nia, thread, "back again").await?;
    Ok("nothing before accepting, then from the joining on; declining is final".to_owned())
}

/// Whoever bears a token joins by it, once; without the token nobody does.
pub(super) async fn bearer_of_a_token(ward: &mut Ward) -> Result<String> {
    let org = ward.org();
    let mut pia = ward.stranger("pia").await?;
    let mut quy = ward.stranger("quy").await?;
    let thread = ward.ada.create_thread(Some(org), &[], "", "before").await?;
    let token = ward.ada.invite_bearer(thread, Standing::Patient, None).await?;
    // Others come first in between: the bearer is told what to build on.
    ward.ada.set_priority(thread, relais_chain::entry::Priority::Urgent).await?;
    let mut forged = token.to_vec();
    if let Some(byte) = forged.get_mut(40) {
        *byte ^= 1;
    }
    let stranger = quy.accept_token(&forged).await;
    ensure!(stranger == Err(ClientError::NotFound), "without the secret: {stranger:?}");
    let joined = pia.accept_token(&token).await?;
    ensure!(joined == thread, "another thread");
    say(&mut pia, thread, "here I am").await?;
    let second = quy.accept_token(&token).await;
    ensure!(second == Err(ClientError::NotFound), "a second time: {second:?}");
    let read = texts(&mut ward.ada, thread).await?;
    ensure!(read == ["before", "here I am"], "{read:?}");
    let read = texts(&mut pia, thread).await?;
    ensure!(read == ["here I am"], "{read:?}");
    Ok("joined by the token, once, from the joining on".to_owned())
}

/// A team's manager takes a thread out of the box, makes a colleague responsible, gives it back, and closes.
pub(super) async fn triage(ward: &mut Ward) -> Result<String> {
    let (unit, org) = (ward.unit, ward.org());
    let mut rob = ward.colleague("rob", unit).await?;
    let sam = ward.colleague("sam", unit).await?;
    let team = ward.ada.create_team(unit, "Reception", &[rob.user(), sam.user()], &[]).await?;
    let team = KeyringId::from_bytes(*team.as_bytes());
    let thread = ward.ada.create_thread(Some(org), &[Who::Team(team)], "", "who can come?").await?;
    let mut seen = Vec::new();
    let mut note = |client: &Client| {
        seen.push(client.thread(thread).and_then(|thread| thread.state().roster().triage(team)));
    };
    rob.take(thread, team).await?;
    note(&rob);
    rob.assign(thread, team, sam.user()).await?;
    note(&rob);
    rob.give_back(thread, team).await?;
    note(&rob);
    let expected = [Triage::Taken(rob.user()), Triage::Assigned(sam.user()), Triage::Waiting].map(Some);
    ensure!(seen == expected, "{seen:?}");
    let outsider = ward.ada.take(thread, team).await;
    ensure!(matches!(outsider, Err(ClientError::OwnCheck(_))), "not of the team: {outsider:?}");
    ward.ada.add(thread, Who::Person(sam.user())).await?;
    ward.ada.remove(thread, PartyId::User(sam.user())).await?;
    ward.ada.close(thread).await?;
    rob.open_thread(thread).await?;
    rob.send(thread, &Body::text("too late"))?;
    let late = rob.flush(20_000).await?;
    let closed = late.iter().any(|update| {
        matches!(update, relais_client::driver::Update::Refused { refusal, .. } if refusal.code == ErrorCode::Closed)
    });
    ensure!(closed, "written after the close: {late:?}");
    Ok("taken, assigned, given back; added, removed, closed".to_owned())
}
