//! Roles: sets of permissions, written as lines such as `View|Search patient.*`, with the five basic ones.
//!
//! Not known here: who holds a role, and where.

use super::list::{Action, Permission, Target};

/// The most lines a custom role has: the whole list, each pair on a line of its own.
pub const ROLE_LINES_MAX: usize = 58;

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// The empty set: deny everything.
    pub const EMPTY: Self = Self(0);

    /// The set with one more permission.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission.number()))
    }

    /// What either holds.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it holds the permission.
    #[must_use]
    pub const fn holds(self, permission: Permission) -> bool {
        self.0 & (1 << permission.number()) != 0
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.holds(*permission))
    }
}

/// Why a role cannot be saved (Q13): what is not known is refused when it is written, never guessed when it is
/// asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRole {
    /// A role grants something.
    #[error("a role needs at least one line")]
    Empty,
    /// More lines than there are pairs.
    #[error("a role has at most {ROLE_LINES_MAX} lines")]
    TooLong,
    /// Not `ACTION[|ACTION…] TARGET`.
    #[error("line {line}: expected `Action|Action target`")]
    Malformed {
        /// From 1.
        line: usize,
    },
    /// A word that is none of the 20 actions.
    #[error("line {line}: no such action")]
    UnknownAction {
        /// From 1.
        line: usize,
    },
    /// A target that is not on the list, or a family of targets with no member.
    #[error("line {line}: no such target")]
    UnknownTarget {
        /// From 1.
        line: usize,
    },
    /// Both are known and the list has no such pair.
    #[error("line {line}: the list has no such pair")]
    UnknownPair {
        /// From 1.
        line: usize,
    },
    /// Making an organization is the server operator's (Q1).
    #[error("line {line}: this belongs to the server's operator and cannot be granted in a unit")]
    OperatorOnly {
        /// From 1.
        line: usize,
    },
}

/// A named set of permissions with the lines it was written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    lines: Vec<String>,
    set: PermissionSet,
}

impl Role {
    /// Reads a role. `*` stands for every action; `x.*` for `x` and everything below it (Q1). A wildcard never
    /// reaches what belongs to the server's operator.
    ///
    /// # Errors
    /// [`InvalidRole`] with the number of the first line that is wrong.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidRole> {
        let mut role = Self { lines: Vec::new(), set: PermissionSet::EMPTY };
        for (index, text) in lines.into_iter().enumerate() {
            if index >= ROLE_LINES_MAX {
                return Err(InvalidRole::TooLong);
            }
            role.set = role.set.union(parse_line(text, index + 1)?);
            role.lines.push(text.trim().to_owned());
        }
        if role.set.is_empty() { Err(InvalidRole::Empty) } else { Ok(role) }
    }

    /// The lines as they were written.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What it grants.
    #[must_use]
    pub const fn permissions(&self) -> PermissionSet {
        self.set
    }
}

fn parse_line(text: &str, line: usize) -> Result<PermissionSet, InvalidRole> {
    let mut words = text.split_whitespace();
    let (Some(actions), Some(targets), None) = (words.next(), words.next(), words.next()) else {
        return Err(InvalidRole::Malformed { line });
    };
    let targets = parse_targets(targets).ok_or(InvalidRole::UnknownTarget { line })?;
    let mut set = PermissionSet::EMPTY;
    for name in actions.split('|') {
        let found = if name == "*" {
            of_targets(&targets, |_| true)
        } else {
            let action = Action::parse(name).ok_or(InvalidRole::UnknownAction { line })?;
            of_targets(&targets, |permission| permission.action() == action)
        };
        let grantable = found.iter().filter(|permission| !permission.is_operators());
        let part = grantable.fold(PermissionSet::EMPTY, |set, permission| set.with(permission));
        if part.is_empty() {
            let operators = found.iter().next().is_some();
            let reason = if operators {
                InvalidRole::OperatorOnly { line }
            } else {
                InvalidRole::UnknownPair { line }
            };
            return Err(reason);
        }
        set = set.union(part);
    }
    Ok(set)
}

fn of_targets(targets: &[Target], keep: impl Fn(&Permission) -> bool) -> PermissionSet {
    let of_targets = Permission::ALL.iter().filter(|permission| targets.contains(&permission.target()));
    of_targets.filter(|permission| keep(permission)).fold(PermissionSet::EMPTY, |set, one| set.with(*one))
}

/// One target, or those that `x.*` names: `x` itself and what is below it. Parts are compared whole: `inbox.*`
/// would not reach `inboxes.x`.
fn parse_targets(text: &str) -> Option<Vec<Target>> {
    let Some(family) = text.strip_suffix(".*") else {
        return Target::parse(text).map(|target| vec![target]);
    };
    let belongs = |target: &&Target| {
        target.name().strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let found: Vec<Target> = Target::ALL.iter().filter(belongs).copied().collect();
    (!found.is_empty()).then_some(found)
}

/// The roles every organization has (ROL-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BasicRole {
    /// Administers everything in the console; does not by itself take part in threads.
    Admin,
    /// Sees the other members of the unit.
    Member,
    /// Sees every thread of the teams where they are a manager; manages patients' identifying information.
    TeamManager,
    /// Manages their own part in the threads they were put in.
    TeamParticipant,
    /// Manages patient and caregiver accounts tied to the unit's files.
    PatientAndCaregiverManager,
}

impl BasicRole {
    /// All five.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Member,
        Self::TeamManager,
        Self::TeamParticipant,
        Self::PatientAndCaregiverManager,
    ];

    /// The lines it is written as.
    #[must_use]
    pub const fn lines(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &[
                "* organization.*",
                "* workplace.*",
                "* group.*",
                "* user.*",
                "Manage|View|ViewAll inbox",
                "Edit inbox.settings",
                "Manage role",
                "* automation.*",
                "* registry.*",
            ],
            Self::Member => &["View group.member", "View group.details"],
            Self::TeamManager => &["* inbox.discussion", "* patient.*"],
            Self::TeamParticipant => &["View|UnassignSelf inbox.discussion", "* patient.profile"],
            Self::PatientAndCaregiverManager => {
                &["Search patient.profile", "* patient.circle.*", "Manage group.patient.member"]
            }
        }
    }

    /// The role.
    #[must_use]
    pub fn role(self) -> Role {
        Role::parse(self.lines().iter().copied()).expect("the basic roles are on the list; a test reads each")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{BasicRole, InvalidRole, Permission, PermissionSet, ROLE_LINES_MAX, Role};

    /// The published table: which basic roles hold PRM-01 … PRM-58. A Admin, M Member, T Team Manager,
    /// P Team Participant, C Patient and Caregiver Manager.
    const TABLE: [&str; 58] = [
        "A", "A", "A", "A", "A", "A", "A", "A", "A", "A", // 01-10
        "AM", "AC", "A", "AM", "", "A", "A", "A", "A", "A", // 11-20
        "TP", "TP", "TPC", "T", "T", "T", "TC", "TC", "TP", "T", // 21-30
        "T", "T", "T", "T", "TP", "A", "A", "A", "A", "A", // 31-40
        "", "", "", "", "A", "A", "A", "A", "A", "A", // 41-50
        "A", "A", "A", "A", "A", "A", "A", "A", // 51-58
    ];

    const fn letter(role: BasicRole) -> char {
        match role {
            BasicRole::Admin => 'A',
            BasicRole::Member => 'M',
            BasicRole::TeamManager => 'T',
            BasicRole::TeamParticipant => 'P',
            BasicRole::PatientAndCaregiverManager => 'C',
        }
    }

    // ROL-02, ROL-04, PRM-01 … PRM-58; Q1 (the wildcard covers bare `workplace`, not `Create organization`),
    // Q7 (nobody holds the schedule pairs), Q8 (Team Manager holds all of patient.*).
    #[test]
    fn the_basic_roles_hold_what_the_table_says() {
        for role in BasicRole::ALL {
            let set = role.role().permissions();
            for (permission, holders) in Permission::ALL.iter().zip(TABLE) {
                assert_eq!(
                    set.holds(*permission),
                    holders.contains(letter(role)),
                    "{role:?} and PRM-{:02}",
                    permission.number()
                );
            }
        }
    }

    // Q13: refused when it is saved, with the line.
    #[test]
    fn what_is_not_known_is_refused_with_its_line() {
        let cases: [(&[&str], InvalidRole); 12] = [
            (&[], InvalidRole::Empty),
            (&["View"], InvalidRole::Malformed { line: 1 }),
            (&["View group.member now"], InvalidRole::Malformed { line: 1 }),
            (&["View group.member", ""], InvalidRole::Malformed { line: 2 }),
            (&["Peek group.member"], InvalidRole::UnknownAction { line: 1 }),
            (&["view group.member"], InvalidRole::UnknownAction { line: 1 }),
            (&["View| group.member"], InvalidRole::UnknownAction { line: 1 }),
            (&["View group.members"], InvalidRole::UnknownTarget { line: 1 }),
            (&["View gro.*"], InvalidRole::UnknownTarget { line: 1 }),
            (&["* *"], InvalidRole::UnknownTarget { line: 1 }),
            (&["Delete group.member"], InvalidRole::UnknownPair { line: 1 }),
            (&["View group.member", "Create organization"], InvalidRole::OperatorOnly { line: 2 }),
        ];
        for (lines, reason) in cases {
            assert_eq!(Role::parse(lines.iter().copied()), Err(reason), "{lines:?}");
        }
    }

    #[test]
    fn a_role_with_more_lines_than_pairs_is_refused() {
        let lines = vec!["View group.member"; ROLE_LINES_MAX + 1];
        assert_eq!(Role::parse(lines), Err(InvalidRole::TooLong));
    }

    // Q1: `x.*` is `x` and what is below it; parts are compared whole.
    #[test]
    fn a_wildcard_covers_its_root_and_what_is_below() {
        let set = Role::parse(["* inbox.*"]).expect("on the list").permissions();
        assert_eq!(set.iter().count(), 11);
        assert!(set.holds(Permission::ManageInbox) && set.holds(Permission::EditInboxSettings));
        let circle = Role::parse(["* patient.circle.*"]).expect("on the list").permissions();
        let circle: Vec<_> = circle.iter().collect();
        assert_eq!(circle, [Permission::ManagePatientCircleGroup, Permission::ManagePatientCircleInbox]);
    }

    // Q7: the optional role for other people's schedules.
    #[test]
    fn a_scheduler_can_be_made() {
        let set = Role::parse(["* schedule"]).expect("on the list").permissions();
        assert_eq!(set.iter().count(), 4);
    }

    proptest! {
        // Q13: no text makes the reader fail otherwise than by saying so, and what it accepts grants something
        // and never what is the operator's.
        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z|* .]{0,40}") {
            if let Ok(role) = Role::parse([text.as_str()]) {
                prop_assert!(!role.permissions().is_empty());
                prop_assert!(!role.permissions().holds(Permission::CreateOrganization));
            }
        }

        #[test]
        fn a_union_holds_what_either_holds(a in any::<u64>(), b in any::<u64>()) {
            let set = |bits: u64| {
                let chosen = Permission::ALL.iter().filter(|p| bits & (1 << p.number()) != 0);
                chosen.fold(PermissionSet::EMPTY, |set, p| set.with(*p))
            };
            for permission in Permission::ALL {
                let either = set(a).holds(*permission) || set(b).holds(*permission);
                prop_assert!(set(a).union(set(b)).holds(*permission) == either);
            }
        }
    }
}
