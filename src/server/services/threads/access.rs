//! Who may learn how a thread stands from what the server answers to an entry of theirs.
//!
//! The validator names what an entry builds on before it looks at signature and author: the refusal would tell
//! anybody who knows the thread's id its length, its epoch, its last control entry and whether it is closed. So
//! for whoever does not take part there is no such thread, unless they show an invitation that holds.
//!
//! Not known here: whether the entry is right.

use relais_chain::control::{Control, accept_statement};
use relais_chain::hash::LABEL_ACCEPT;
use relais_chain::party::{Party, Presence};
use relais_chain::roster::{InviteFor, Participant, Roster};
use relais_wire::ids::{ThreadId, UserId};

use crate::services::mutation::{self, Check};
use crate::services::permit::Rights;

/// Whether a thread exists for the author of an entry: by taking part or being asked to, for an organization they
/// are still a member of; as a member of a team that does; or with an invitation in hand (THR-05, SEC-08).
pub(crate) fn exists_for(
    rights: &Rights,
    user: UserId,
    (thread, roster): (ThreadId, &Roster),
    control: Option<&Control>,
) -> bool {
    roster.participants().any(|participant| is_part(rights, user, participant))
        || control.is_some_and(|control| bears(roster, thread, user, control))
        || !mutation::is_on(Check::Reading)
}

fn is_part(rights: &Rights, user: UserId, participant: &Participant) -> bool {
    let here = matches!(participant.presence, Presence::Active | Presence::Invited);
    here && match &participant.party {
        Party::User(party) => party.user == user && rights.acts_for(party.as_org),
        Party::Team(team) => {
            rights.manages(team.managers) || (team.all.is_some() && rights.is_in(team.managers))
        }
    }
}

fn bears(roster: &Roster, thread: ThreadId, user: UserId, control: &Control) -> bool {
    let Control::Accept { invite, bearer: Some(bearer) } = control else { return false };
    let open = roster.invites().find(|(id, _)| id == invite).map(|(_, open)| open.invitee);
    let Some(InviteFor::Bearer { key, .. }) = open else { return false };
    let statement = accept_statement(thread, *invite, user, &bearer.root);
    key.verify(LABEL_ACCEPT, &statement, &bearer.proof).is_ok()
}
