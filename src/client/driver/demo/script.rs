//! What happens in a demonstration, and when: a list of acts that follows from the seed alone.
//!
//! Not known here: how an act is done, and the server.

use relais_wire::ids::{KeyringId, OrgId};

use super::time::{DAY_MS, MINUTE_MS, SPAN_MS};
use super::{Org, words};
use crate::core::Backoff;

/// When the first thread is opened: the people have come by then.
const FIRST_MS: u64 = 3 * DAY_MS;

/// Numbers that follow from a seed.
pub(super) struct Dice(Backoff);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(Backoff::new(seed, 1 << 20, 1 << 20))
    }

    /// A number below a bound; 0 below nothing.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let n = usize::try_from(self.0.next_delay()).unwrap_or(0);
        n.checked_rem(bound).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).cloned()
    }
}

/// Something that somebody does. People are meant by their position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Open { org: OrgId, with: Vec<usize>, teams: Vec<KeyringId>, title: &'static str, text: &'static str },
    Direct { with: usize, text: &'static str },
    Say(&'static str),
    Read,
    Urgent,
    Close,
    Leave,
    Remove(usize),
    Take(KeyringId),
    Assign(KeyringId, usize),
    Return(KeyringId),
    Forward(KeyringId, KeyringId),
    Invite(usize),
    Accept,
    Decline,
}

/// An act, on the scale of [`SPAN_MS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) at_ms: u64,
    /// Which thread.
    pub(super) thread: usize,
    /// Who does it.
    pub(super) by: usize,
    pub(super) act: Act,
}

/// How a thread goes.
#[derive(Clone, Copy)]
enum Story {
    /// People talk, and everything was read.
    Open,
    /// The last message waits for its reader.
    Unread,
    Closed,
    /// Closed before the last message was seen.
    ClosedUnseen,
    Left,
    Removed,
    Direct,
    /// In a team's triage box.
    Waiting,
    Taken,
    Assigned,
    Returned,
    Forwarded,
    /// Somebody of the other organization was asked and came, acting for themselves.
    Joined,
    Declined,
    /// Somebody of the other organization was asked and has not answered.
    Asked,
}

/// Every story in turn; what is ordinary comes more often.
const STORIES: [Story; 20] = [
    Story::Open,
    Story::Waiting,
    Story::Joined,
    Story::Closed,
    Story::Taken,
    Story::Unread,
    Story::Direct,
    Story::Declined,
    Story::Open,
    Story::Assigned,
    Story::ClosedUnseen,
    Story::Left,
    Story::Waiting,
    Story::Returned,
    Story::Unread,
    Story::Asked,
    Story::Forwarded,
    Story::Removed,
    Story::Open,
    Story::Direct,
];

/// Everything that happens in so many threads, in order.
pub(super) fn script(dice: &mut Dice, orgs: &[Org], threads: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for thread in 0..threads {
        let part = (SPAN_MS - FIRST_MS) / u64::try_from(threads).unwrap_or(u64::MAX).max(1);
        let at_ms = FIRST_MS + part * u64::try_from(thread).unwrap_or(0);
        let Some(story) = STORIES.get(thread % STORIES.len()) else { continue };
        let here = usize::from(dice.below(4) == 3);
        let (Some(org), Some(other)) = (orgs.get(here), orgs.get(1 - here)) else { continue };
        let mut writing = Writing { dice: &mut *dice, events: &mut events, thread, at_ms, part };
        // An organization without enough people has no such thread.
        writing.story(*story, org, other);
    }
    events.sort_by_key(|event| event.at_ms);
    events
}

/// A thread being written.
struct Writing<'a> {
    dice: &'a mut Dice,
    events: &'a mut Vec<Event>,
    thread: usize,
    at_ms: u64,
    part: u64,
}

impl Writing<'_> {
    /// Something happens at once.
    fn now(&mut self, by: usize, act: Act) {
        self.events.push(Event { at_ms: self.at_ms, thread: self.thread, by, act });
    }

    /// Something happens some minutes to hours later, and not after the present.
    fn then(&mut self, by: usize, act: Act) {
        let minutes = u64::try_from(3 + self.dice.below(200)).unwrap_or(3);
        self.at_ms = (self.at_ms + minutes * MINUTE_MS).min(SPAN_MS);
        self.now(by, act);
    }

    /// A member other than these, half of the time one that a visitor may be.
    fn somebody(&mut self, org: &Org, but: &[usize]) -> Option<usize> {
        let others = |crowd: bool| -> Vec<usize> {
            let all = org.people.iter().copied().filter(|at| *at > 0 && !but.contains(at));
            all.filter(|at| crowd || *at < words::PERSONAS.len()).collect()
        };
        let personas = others(false);
        if self.dice.below(2) == 0 && !personas.is_empty() {
            return self.dice.pick(&personas);
        }
        self.dice.pick(&others(true))
    }

    fn story(&mut self, story: Story, org: &Org, other: &Org) -> Option<()> {
        let jitter = self.dice.below(usize::try_from(self.part / MINUTE_MS).unwrap_or(0));
        self.at_ms += u64::try_from(jitter).unwrap_or(0) * MINUTE_MS;
        match story {
            Story::Open
            | Story::Unread
            | Story::Closed
            | Story::ClosedUnseen
            | Story::Left
            | Story::Removed => self.talk(story, org),
            Story::Direct => self.direct(org),
            Story::Waiting | Story::Taken | Story::Assigned | Story::Returned | Story::Forwarded => {
                self.triage(story, org)
            }
            Story::Joined | Story::Declined | Story::Asked => self.across(story, org, other),
        }
    }

    /// Two people of one organization.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other stories are told by then")]
    fn talk(&mut self, story: Story, org: &Org) -> Option<()> {
        let writer = self.somebody(org, &[])?;
        let reader = self.somebody(org, &[writer])?;
        let (title, lines) = self.dice.pick(&words::TALK)?;
        let (text, rest) = lines.split_first()?;
        self.now(writer, Act::Open { org: org.id, with: vec![reader], teams: Vec::new(), title, text });
        for (turn, line) in rest.iter().enumerate() {
            self.then(if turn % 2 == 0 { reader } else { writer }, Act::Say(line));
        }
        if matches!(story, Story::Unread | Story::ClosedUnseen) {
            self.then(writer, Act::Say("Dernière précision : je vous rappelle avant midi."));
        } else {
            self.then(writer, Act::Read);
            self.then(reader, Act::Read);
        }
        match story {
            Story::Closed | Story::ClosedUnseen => self.then(writer, Act::Close),
            Story::Left => self.then(reader, Act::Leave),
            Story::Removed => self.then(writer, Act::Remove(reader)),
            _ => {}
        }
        Some(())
    }

    /// Two people, each for themselves.
    fn direct(&mut self, org: &Org) -> Option<()> {
        let writer = self.somebody(org, &[])?;
        let with = self.somebody(org, &[writer])?;
        let (text, rest) = self.dice.pick(&words::DIRECT)?.split_first()?;
        self.now(writer, Act::Direct { with, text });
        for line in rest {
            self.then(with, Act::Say(line));
            self.then(writer, Act::Read);
        }
        Some(())
    }

    /// Somebody asks a team, nobody named (TRI-01).
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other stories are told by then")]
    fn triage(&mut self, story: Story, org: &Org) -> Option<()> {
        let at = self.dice.below(org.teams.len());
        let team = org.teams.get(at)?;
        let next = org.teams.get((at + 1) % org.teams.len())?;
        let (manager, second) = (*team.managers.first()?, *team.managers.last()?);
        let writer = self.somebody(org, &[manager, second])?;
        let (title, [text, answer]) = self.dice.pick(&words::TRIAGE)?;
        let teams = if matches!(story, Story::Forwarded) { vec![team.id, next.id] } else { vec![team.id] };
        self.now(writer, Act::Open { org: org.id, with: Vec::new(), teams, title, text });
        if self.dice.below(3) == 0 {
            self.then(writer, Act::Urgent);
        }
        match story {
            Story::Taken => {
                self.then(manager, Act::Take(team.id));
                self.then(manager, Act::Say(answer));
                self.then(writer, Act::Read);
            }
            Story::Assigned => self.then(manager, Act::Assign(team.id, second)),
            Story::Returned => {
                self.then(manager, Act::Take(team.id));
                self.then(manager, Act::Return(team.id));
            }
            Story::Forwarded => self.then(manager, Act::Forward(team.id, next.id)),
            _ => {}
        }
        Some(())
    }

    /// Somebody of the other organization is asked in (THR-04), to act for themselves: who is in which organization
    /// is not shown to another.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other stories are told by then")]
    fn across(&mut self, story: Story, org: &Org, other: &Org) -> Option<()> {
        let writer = self.somebody(org, &[])?;
        let colleague = self.somebody(org, &[writer])?;
        let guest = self.somebody(other, &[writer, colleague])?;
        let (title, lines) = self.dice.pick(&words::TALK)?;
        let (text, rest) = lines.split_first()?;
        self.now(writer, Act::Open { org: org.id, with: vec![colleague], teams: Vec::new(), title, text });
        self.then(writer, Act::Invite(guest));
        match story {
            Story::Joined => {
                self.then(guest, Act::Accept);
                for (turn, line) in rest.iter().enumerate() {
                    self.then(if turn % 2 == 0 { guest } else { writer }, Act::Say(line));
                }
                self.then(colleague, Act::Read);
            }
            Story::Declined => self.then(guest, Act::Decline),
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::mem::{Discriminant, discriminant};

    use relais_wire::ids::{KeyringId, OrgId};

    use super::{Act, Dice, Event, FIRST_MS, SPAN_MS, STORIES, script};
    use crate::driver::demo::{Org, Team};

    fn orgs() -> Vec<Org> {
        [vec![0, 1, 2, 3, 6, 7, 8, 9], vec![0, 4, 5, 10, 11]]
            .into_iter()
            .zip(1_u8..)
            .map(|(people, n)| {
                let managers = [
                    [*people.get(1).unwrap(), *people.get(3).unwrap()],
                    [*people.get(2).unwrap(), *people.get(4).unwrap()],
                ];
                let teams = managers.into_iter().zip([n * 16, n * 16 + 1]);
                let teams =
                    teams.map(|(managers, id)| Team { id: KeyringId::from_bytes([id; 16]), managers });
                Org { id: OrgId::from_bytes([n; 16]), units: Vec::new(), people, teams: teams.collect() }
            })
            .collect()
    }

    fn written(seed: u64, threads: usize) -> Vec<Event> {
        script(&mut Dice::new(seed), &orgs(), threads)
    }

    #[test]
    fn a_seed_tells_one_story() {
        assert_eq!(written(7, 40), written(7, 40));
        assert_ne!(written(7, 40), written(8, 40));
    }

    #[test]
    fn time_goes_forward_through_the_thirty_days_to_the_present() {
        for seed in 0..20 {
            let events = written(seed, 80);
            assert!(events.is_sorted_by_key(|event| event.at_ms));
            assert!(events.first().unwrap().at_ms >= FIRST_MS);
            let last = events.last().unwrap().at_ms;
            assert!(last <= SPAN_MS && last > SPAN_MS - SPAN_MS / 30, "{last}");
        }
    }

    #[test]
    fn every_thread_is_opened_once_before_anything_happens_in_it() {
        let events = written(3, 80);
        for thread in 0..80 {
            let acts: Vec<&Act> =
                events.iter().filter(|event| event.thread == thread).map(|event| &event.act).collect();
            let opens = |act: &&&Act| matches!(act, Act::Open { .. } | Act::Direct { .. });
            assert_eq!(acts.iter().filter(opens).count(), 1, "thread {thread}");
            assert!(opens(&acts.first().unwrap()), "thread {thread}: {acts:?}");
        }
    }

    #[test]
    fn one_turn_of_the_stories_shows_every_state_of_a_thread() {
        let events = written(1, STORIES.len());
        let team = KeyringId::from_bytes([0; 16]);
        let wanted = [
            Act::Direct { with: 0, text: "" },
            Act::Close,
            Act::Leave,
            Act::Remove(0),
            Act::Take(team),
            Act::Assign(team, 0),
            Act::Return(team),
            Act::Forward(team, team),
            Act::Invite(0),
            Act::Accept,
            Act::Decline,
        ];
        let seen: Vec<Discriminant<Act>> = events.iter().map(|event| discriminant(&event.act)).collect();
        for act in wanted {
            assert!(seen.contains(&discriminant(&act)), "nobody does {act:?}");
        }
        let unseen = events.iter().filter(|event| event.act == Act::Close).any(|close| {
            let read = events.iter().filter(|event| event.thread == close.thread && event.act == Act::Read);
            read.count() == 0
        });
        assert!(unseen, "nothing is closed with an unseen message");
    }
}
