//! Does what the script says, each act when its time has come.
//!
//! Not known here: why.

use relais_chain::entry::Priority;
use relais_chain::party::PartyId;
use relais_e2ee::body::Body;
use relais_wire::ids::{ThreadId, UserId};

use super::script::{Act, Event};
use super::time::DAY_MS;
use super::{Demo, Person};
use crate::driver::acts::Who;
use crate::driver::client::Client;
use crate::error::ClientError;

/// Milliseconds that messages may take to be accepted.
const PATIENCE_MS: u64 = 30_000;

impl Demo<'_> {
    /// Does everything in order. Answers how many threads and messages there are now.
    pub(super) async fn perform(
        &self,
        people: &mut [Person],
        script: Vec<Event>,
    ) -> Result<(usize, usize), ClientError> {
        let users: Vec<UserId> = people.iter().map(|person| person.client.user()).collect();
        let mut threads: Vec<(usize, ThreadId)> = Vec::new();
        let mut messages = 0;
        for event in script {
            (self.tell)(&format!("day {} of 30", (1 + event.at_ms / DAY_MS).min(30)));
            self.go_to(event.at_ms, people).await?;
            let by = people.get_mut(event.by).ok_or(ClientError::NotFound)?;
            let is_message = matches!(event.act, Act::Open { .. } | Act::Direct { .. } | Act::Say(_));
            messages += usize::from(is_message);
            let known = threads.iter().find(|(number, _)| *number == event.thread).map(|(_, id)| *id);
            match known {
                Some(thread) => act(&mut by.client, thread, event.act, &users).await?,
                None => threads.push((event.thread, open(&mut by.client, event.act, &users).await?)),
            }
        }
        Ok((threads.len(), messages))
    }
}

fn user(users: &[UserId], at: usize) -> Result<UserId, ClientError> {
    users.get(at).copied().ok_or(ClientError::NotFound)
}

/// The first act of a thread.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else begins a thread")]
async fn open(client: &mut Client, act: Act, users: &[UserId]) -> Result<ThreadId, ClientError> {
    let thread = match act {
        Act::Direct { with, text } => client.create_direct(user(users, with)?, text).await?,
        Act::Open { org, with, teams, title, text } => {
            let people = with.into_iter().map(|at| user(users, at).map(Who::Person));
            let mut with = people.collect::<Result<Vec<Who>, ClientError>>()?;
            with.extend(teams.into_iter().map(Who::Team));
            client.create_thread(Some(org), &with, title, text).await?
        }
        _ => return Err(ClientError::NotFound),
    };
    read(client, thread).await?;
    Ok(thread)
}

/// Any further act.
async fn act(client: &mut Client, thread: ThreadId, act: Act, users: &[UserId]) -> Result<(), ClientError> {
    match act {
        Act::Open { .. } | Act::Direct { .. } => Err(ClientError::NotFound),
        Act::Say(text) => {
            client.sync_thread(thread, None).await?;
            client.send(thread, &Body::text(text))?;
            client.flush(PATIENCE_MS).await?;
            read(client, thread).await
        }
        Act::Read => {
            client.sync_thread(thread, None).await?;
            read(client, thread).await
        }
        Act::Urgent => client.set_priority(thread, Priority::Urgent).await,
        Act::Close => client.close(thread).await,
        Act::Leave => client.leave(thread).await,
        Act::Remove(whom) => client.remove(thread, PartyId::User(user(users, whom)?)).await,
        Act::Take(team) => client.take(thread, team).await,
        Act::Assign(team, whom) => client.assign(thread, team, user(users, whom)?).await,
        Act::Return(team) => client.give_back(thread, team).await,
        Act::Forward(from, to) => client.forward(thread, from, to).await,
        Act::Invite(whom) => client.invite_into(thread, None, Who::Person(user(users, whom)?)).await,
        Act::Accept => client.accept(thread, None).await,
        Act::Decline => client.decline(thread, None).await,
    }
}

/// Says that everything known of a thread was seen.
async fn read(client: &mut Client, thread: ThreadId) -> Result<(), ClientError> {
    let n = client.thread(thread).map_or(0, |thread| thread.state().head().n);
    client.mark_read(thread, n).await
}
