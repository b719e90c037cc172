//! Rows of participants as the roster has them, with what each may read.
//!
//! Not known here: whether an entry was allowed.

use std::collections::BTreeMap;

use relais_chain::control::Control;
use relais_chain::party::{History, Party as ChainParty, PartyId, Presence, Triage as ChainTriage};
use relais_chain::roster::Roster;
use relais_store::Write;
use relais_store::facts::thread::{Participant, Party, Standing, Triage};
use relais_wire::ids::{Seq, ThreadId};

/// Role of a team's row where the thread is sealed to the whole team, not to its managers alone.
pub(crate) const WHOLE_TEAM: u8 = 1;

/// Rows by party.
pub(crate) type Rows = BTreeMap<Party, Participant>;

/// The store's name of a party.
pub(crate) const fn stored(party: PartyId) -> Party {
    match party {
        PartyId::User(user) => Party::User(user),
        PartyId::Team(team) => Party::Team(team),
    }
}

const fn standing(presence: Presence) -> Standing {
    match presence {
        Presence::Active => Standing::Active,
        Presence::Invited => Standing::Invited,
        Presence::Left => Standing::Left,
        Presence::Removed => Standing::Removed,
        Presence::Declined => Standing::Declined,
    }
}

/// Brings rows up to the roster after the entry at `n`.
pub(crate) fn advance(rows: &mut Rows, roster: &Roster, control: &Control, n: u64) {
    let n = Seq::new(n).unwrap_or_default();
    for participant in roster.participants() {
        let id = stored(participant.party.id());
        let now = standing(participant.presence);
        let old = rows.get(&id);
        let (as_org, role) = match &participant.party {
            ChainParty::User(party) => (party.as_org, party.role as u8),
            ChainParty::Team(party) => (Some(party.org), if party.all.is_some() { WHOLE_TEAM } else { 0 }),
        };
        let (triage, responsible) = match participant.party.id() {
            PartyId::Team(team) => match roster.triage(team) {
                Some(state) => (Some(triage(state)), state.responsible()),
                None => (None, None),
            },
            PartyId::User(_) => (None, None),
        };
        let was = old.map(|row| row.standing);
        let joins = now == Standing::Active && was != Some(Standing::Active);
        let visible_from = match old {
            Some(old) if !joins => old.visible_from,
            _ => first_seen(&participant.party, control, old, n),
        };
        let visible_to = match (now, old) {
            (Standing::Left, Some(old)) if old.standing == Standing::Left => old.visible_to,
            (Standing::Left, _) => Some(n),
            _ => None,
        };
        let row = Participant {
            party: id,
            as_org,
            standing: now,
            role,
            visible_from,
            visible_to,
            triage,
            responsible,
            invite_key: None,
        };
        rows.insert(id, row);
    }
}

const fn triage(state: ChainTriage) -> Triage {
    match state {
        ChainTriage::Waiting => Triage::Waiting,
        ChainTriage::Taken(_) => Triage::Taken,
        ChainTriage::Assigned(_) => Triage::Assigned,
        ChainTriage::Forwarded(_) => Triage::Forwarded,
    }
}

/// First entry a newcomer may read (Q31): what the signed `history` says; a team always gets everything. Until an
/// invitation is accepted the row remembers whether it will be everything (1) or not (0).
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only entries by which somebody joins say what of the history they get"
)]
fn first_seen(party: &ChainParty, control: &Control, old: Option<&Participant>, n: Seq) -> Seq {
    const ALL: Seq = Seq::ZERO.next();
    if matches!(party, ChainParty::Team(_)) {
        return ALL;
    }
    let full = |history: &History| if *history == History::Full { ALL } else { n };
    match control {
        Control::Add { history, .. } => full(history),
        Control::Invite { history: History::Full, .. } => ALL,
        Control::Invite { history: History::FromJoin, .. } => Seq::ZERO,
        Control::Accept { .. } => match old {
            Some(old) if old.visible_from == ALL => ALL,
            _ => n,
        },
        _ => ALL,
    }
}

/// The writes that turn one set of rows into another.
pub(crate) fn changes(thread: ThreadId, before: &Rows, after: &Rows) -> Vec<Write> {
    let changed = after.iter().filter(|(party, row)| before.get(party) != Some(row));
    changed.map(|(_, row)| Write::PutParticipant(thread, row.clone())).collect()
}
