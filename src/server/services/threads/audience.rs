//! Who is told of an entry, and in which of their streams: participants in the context they were added for,
//! managers of a participating team in its organization's (TEA-05), a whole team where the thread is sealed to it.
//!
//! Not known here: what they are told.

use std::collections::BTreeMap;

use relais_chain::party::{Party, Presence};
use relais_chain::roster::Roster;
use relais_store::facts::chain::ChainId;
use relais_wire::Refusal;
use relais_wire::ids::{KeyringId, OrgId, UserId};

use crate::services::context::Ctx;
use crate::services::links::people;
use crate::services::loading;
use crate::services::world::World;

/// People and the context each is told in.
pub(crate) type People = BTreeMap<UserId, Option<OrgId>>;

/// Those who take part, and those who are asked to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// They see entries.
    pub(crate) active: People,
    /// They see their invitation only.
    pub(crate) invited: People,
}

/// The people of a roster.
///
/// # Errors
/// The store's.
pub(crate) async fn of(ctx: &Ctx<'_>, roster: &Roster) -> Result<Audience, Refusal> {
    let mut keyrings = Vec::new();
    for participant in roster.participants() {
        if let Party::Team(team) = &participant.party {
            keyrings.extend(core::iter::once(team.managers).chain(team.all));
        }
    }
    let mut world = World::default();
    loading::load(ctx, &mut world, keyrings.iter().copied().map(ChainId::Keyring).collect()).await?;
    Ok(gather(roster, &world))
}

fn gather(roster: &Roster, world: &World) -> Audience {
    let mut audience = Audience::default();
    for participant in roster.participants() {
        let list = match participant.presence {
            Presence::Active => &mut audience.active,
            Presence::Invited => &mut audience.invited,
            Presence::Left | Presence::Removed | Presence::Declined => continue,
        };
        match &participant.party {
            // One's own part chooses the stream, whatever teams one is in besides.
            Party::User(party) => drop(list.insert(party.user, party.as_org)),
            Party::Team(team) => {
                for keyring in core::iter::once(team.managers).chain(team.all) {
                    for user in members(world, keyring) {
                        list.entry(user).or_insert(Some(team.org));
                    }
                }
            }
        }
    }
    // An own part wins over a team's, in whatever order they came.
    for participant in roster.participants() {
        if let (Party::User(party), Presence::Active) = (&participant.party, participant.presence) {
            audience.active.insert(party.user, party.as_org);
        }
    }
    audience.invited.retain(|user, _| !audience.active.contains_key(user));
    audience
}

fn members(world: &World, keyring: KeyringId) -> Vec<UserId> {
    world.keyring_chain(keyring).map(|chain| people(chain).collect()).unwrap_or_default()
}
