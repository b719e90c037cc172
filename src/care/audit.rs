//! The vocabulary of the audit log: who did what kind of thing to which objects, and never what was in them
//! (AUD-01, AUD-02). The set of events is closed: 73 core pairs of target and action that are frozen, and
//! extension targets whose name starts with `x-`, so that an export can be filtered to the core set.
//!
//! An [`AuditEntry`] is what a service hands to the store with the facts it commits; the store adds the index
//! and the time. Not known here: when something happened, where the log is kept, how its tree is built, and
//! whether a person may read it.

mod events;

pub use events::Event;

use relais_wire::ids::{
    BlobId, DeviceId, FileId, InviteId, KeyringId, MsgId, SessionId, ThreadId, UnitId, UserId,
};

/// The most objects one entry names. The widest act is a deposit that names a thread, a patient file and the
/// teams it reaches; acts on more objects than this (a bulk import) write one entry per object.
pub const SCOPES_MAX: usize = 16;

/// Number of pairs in the frozen core (AUD-03). Exports "core only" hold exactly these.
pub const CORE_EVENTS: usize = 73;

/// Language of the fixed labels (AUD-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
}

macro_rules! closed_names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name, as stored in exports and filters. Never reused for another meaning.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value with that stable name.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

closed_names! {
    /// The type of the object acted on (AUD-01 `target`).
    Target {
        /// A patient file.
        Patient = "patient",
        /// A discussion thread.
        Discussion = "discussion",
        /// A care channel.
        CareChannel = "care-channel",
        /// An exchanged or pinned file.
        File = "file",
        /// A form's definition.
        FormDefinition = "form-definition",
        /// A form that is being, or was, filled in.
        FormInstance = "form-instance",
        /// A caregiver's account.
        Caregiver = "caregiver",
        /// A team.
        WorkTeam = "work-team",
        /// An invitation (USR-07).
        Invitation = "invitation",
        /// An organizational unit; the root is the organization itself.
        OrganizationalUnit = "organizational-unit",
        /// A workplace.
        Establishment = "establishment",
        /// Roles: their definition and who holds them.
        UserRoles = "user-roles",
        /// Membership of a unit.
        GroupMembers = "group-members",
        /// The audit log itself (AUD-06).
        Audit = "audit",
        /// Messages of a thread.
        XMessage = "x-message",
        /// Calls.
        XCall = "x-call",
        /// Sign-ins, sessions, credentials and devices.
        XSession = "x-session",
        /// Consent to a care channel.
        XConsent = "x-consent",
        /// Who is in a thread and who is responsible for it: accept, decline, take, assign, return.
        XAssignment = "x-assignment",
        /// Availability schedules.
        XSchedule = "x-schedule",
        /// Automations and integrations.
        XAutomation = "x-automation",
        /// Public keys: links of user and keyring chains, boxes, recovery.
        XKey = "x-key",
        /// User accounts and their profiles.
        XAccount = "x-account",
        /// Friend requests and the people in one's directory.
        XContact = "x-contact",
    }
}

impl Target {
    /// Whether the target belongs to the frozen core.
    #[must_use]
    pub fn is_core(self) -> bool {
        !self.code().starts_with("x-")
    }
}

closed_names! {
    /// What was done (AUD-01 `action`). The first seven are the core; extension targets use the rest too.
    Action {
        /// Came into being.
        Create = "create",
        /// Was shown to somebody.
        Read = "read",
        /// Was changed.
        Update = "update",
        /// Was removed, or archived where nothing is ever erased.
        Delete = "delete",
        /// Was part of a listing.
        List = "list",
        /// Left the platform in a file.
        Export = "export",
        /// Somebody was invited to it.
        Invite = "invite",
        /// Was sent.
        XSend = "x-send",
        /// Was started.
        XStart = "x-start",
        /// Was joined or accepted.
        XAccept = "x-accept",
        /// Was declined or refused.
        XDecline = "x-decline",
        /// Was left or given back.
        XLeave = "x-leave",
        /// Was ended, closed or revoked.
        XEnd = "x-end",
        /// Was attempted without success.
        XFail = "x-fail",
        /// Was given to somebody.
        XAssign = "x-assign",
        /// Was taken on by the actor.
        XTake = "x-take",
        /// Was handed to another team.
        XForward = "x-forward",
        /// Was blocked.
        XBlock = "x-block",
        /// Was unblocked.
        XUnblock = "x-unblock",
        /// Was used to regain access.
        XRecover = "x-recover",
    }
}

impl Action {
    /// Whether the action belongs to the frozen core.
    #[must_use]
    pub fn is_core(self) -> bool {
        !self.code().starts_with("x-")
    }
}

/// Who acted (AUD-01 `actor_id`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person's account.
    User(UserId),
    /// A service account: an integration or an automation (INT-03).
    Service(UserId),
    /// The server itself: an expiry, or an attempt by somebody who proved no identity.
    Server,
}

impl Actor {
    /// Stable number of the kind, for storage: 1 user, 2 service, 3 server.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::User(_) => 1,
            Self::Service(_) => 2,
            Self::Server => 3,
        }
    }

    /// The account, where there is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) | Self::Service(id) => Some(id),
            Self::Server => None,
        }
    }

    /// Puts a stored actor together again; `None` for a kind that is not known or an id too many or too few.
    #[must_use]
    pub const fn from_parts(kind: u8, user: Option<UserId>) -> Option<Self> {
        match (kind, user) {
            (1, Some(id)) => Some(Self::User(id)),
            (2, Some(id)) => Some(Self::Service(id)),
            (3, None) => Some(Self::Server),
            _ => None,
        }
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident($id:ident) = $number:literal $field:literal,)*) => {
        /// One object an entry is about (AUD-01 `scopes`): an exact id, never a name or a text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope { $($(#[$doc])* $variant($id),)* }

        impl Scope {
            /// Stable number of the kind, for storage. Never reused.
            #[must_use]
            pub const fn kind(self) -> u8 {
                match self { $(Self::$variant(_) => $number,)* }
            }

            /// Field name in exports.
            #[must_use]
            pub const fn field(self) -> &'static str {
                match self { $(Self::$variant(_) => $field,)* }
            }

            /// The id's bytes, for storage.
            #[must_use]
            pub const fn id_bytes(self) -> [u8; 16] {
                match self { $(Self::$variant(id) => *id.as_bytes(),)* }
            }

            /// Puts a stored scope together again; `None` for a kind that is not known.
            #[must_use]
            pub const fn from_parts(kind: u8, id: [u8; 16]) -> Option<Self> {
                match kind { $($number => Some(Self::$variant($id::from_bytes(id))),)* _ => None }
            }
        }
    };
}

scopes! {
    /// A patient file.
    Patient(FileId) = 1 "patient_id",
    /// A thread or care channel.
    Discussion(ThreadId) = 2 "discussion_id",
    /// A message or control entry of a thread.
    Message(MsgId) = 3 "message_id",
    /// A ciphertext blob.
    File(BlobId) = 4 "file_id",
    /// A user other than the actor.
    User(UserId) = 5 "user_id",
    /// A unit.
    Unit(UnitId) = 6 "group_id",
    /// A team, named by its managers' keyring.
    Team(KeyringId) = 7 "team_id",
    /// A keyring of another kind.
    Keyring(KeyringId) = 8 "keyring_id",
    /// An invitation.
    Invitation(InviteId) = 9 "invitation_id",
    /// A session.
    Session(SessionId) = 10 "session_id",
    /// A device.
    Device(DeviceId) = 11 "device_id",
}

/// More objects than [`SCOPES_MAX`] in one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an audit entry names at most {SCOPES_MAX} objects, not {count}")]
pub struct TooManyScopes {
    /// Objects that were given.
    pub count: usize,
}

/// One line of the audit log before the store has numbered and dated it. Metadata only (AUD-02): there is no
/// field a text could be put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    group: Option<UnitId>,
    actor: Actor,
    event: Event,
    scopes: Vec<Scope>,
}

impl AuditEntry {
    /// An entry about no particular object.
    ///
    /// `group` is the unit where it happened; `None` is the instance (accounts, friends, independents).
    #[must_use]
    pub const fn new(group: Option<UnitId>, actor: Actor, event: Event) -> Self {
        Self { group, actor, event, scopes: Vec::new() }
    }

    /// The same entry about these objects, in this order and without repetition.
    ///
    /// # Errors
    /// [`TooManyScopes`] above [`SCOPES_MAX`] different objects.
    pub fn about(mut self, scopes: impl IntoIterator<Item = Scope>) -> Result<Self, TooManyScopes> {
        for scope in scopes {
            if !self.scopes.contains(&scope) {
                self.scopes.push(scope);
            }
            if self.scopes.len() > SCOPES_MAX {
                return Err(TooManyScopes { count: self.scopes.len() });
            }
        }
        Ok(self)
    }

    /// The same entry about one more object.
    ///
    /// # Panics
    /// Never for entries built by code that names its objects one by one: only an entry that already names
    /// [`SCOPES_MAX`] objects has no room left.
    #[must_use]
    pub fn on(self, scope: Scope) -> Self {
        self.about([scope]).expect("fewer than SCOPES_MAX objects are named one by one")
    }

    /// The unit where it happened; `None` is the instance.
    #[must_use]
    pub const fn group(&self) -> Option<UnitId> {
        self.group
    }

    /// Who acted.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// What happened.
    #[must_use]
    pub const fn event(&self) -> Event {
        self.event
    }

    /// The type of the object.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.event.target()
    }

    /// What was done to it.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.event.action()
    }

    /// The objects.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        Action, Actor, AuditEntry, CORE_EVENTS, Event, Language, SCOPES_MAX, Scope, Target, TooManyScopes,
    };
    use relais_wire::ids::{ThreadId, UserId};

    /// The table of AUD-03, row by row: C R U D L, then E for export and I for invite.
    const CORE_TABLE: [(Target, &str); 14] = [
        (Target::Patient, "CRUDLE"),
        (Target::Discussion, "CRUDLE"),
        (Target::CareChannel, "CRUDL"),
        (Target::File, "CRUDL"),
        (Target::FormDefinition, "CRUDL"),
        (Target::FormInstance, "CRUDL"),
        (Target::Caregiver, "CRUDLI"),
        (Target::WorkTeam, "CRUDL"),
        (Target::Invitation, "CRUDL"),
        (Target::OrganizationalUnit, "CRUDL"),
        (Target::Establishment, "CRUDL"),
        (Target::UserRoles, "CRUDL"),
        (Target::GroupMembers, "CRUDLI"),
        (Target::Audit, "CRLE"),
    ];

    fn letter(letter: char) -> Action {
        match letter {
            'C' => Action::Create,
            'R' => Action::Read,
            'U' => Action::Update,
            'D' => Action::Delete,
            'L' => Action::List,
            'E' => Action::Export,
            'I' => Action::Invite,
            other => panic!("no action {other}"),
        }
    }

    // AUD-03: the frozen core is exactly the published table.
    #[test]
    fn the_core_is_the_published_table() {
        let table: BTreeSet<_> =
            CORE_TABLE.iter().flat_map(|(t, row)| row.chars().map(|c| (*t, letter(c)))).collect();
        let ours: BTreeSet<_> =
            Event::ALL.iter().filter(|e| e.is_core()).map(|e| (e.target(), e.action())).collect();
        assert_eq!(table, ours);
        assert_eq!(table.len(), CORE_EVENTS);
        assert_eq!(6 + 6 + 5 * 4 + 6 + 5 * 5 + 6 + 4, CORE_EVENTS);
    }

    // AUD-06: nobody can change or remove an entry, so there is no word for it.
    #[test]
    fn the_log_has_no_update_and_no_delete() {
        assert_eq!(Event::of(Target::Audit, Action::Update), None);
        assert_eq!(Event::of(Target::Audit, Action::Delete), None);
    }

    #[test]
    fn extensions_are_told_by_their_prefix() {
        for event in Event::ALL {
            assert_eq!(event.is_core(), event.target().is_core(), "{}", event.code());
            assert!(event.target().is_core() <= event.action().is_core(), "{}", event.code());
        }
    }

    // AUD-07: each pair has a fixed label in both languages, told apart from every other.
    #[test]
    fn every_event_has_its_own_label_in_both_languages() {
        for language in [Language::En, Language::Fr] {
            let labels: BTreeSet<_> = Event::ALL.iter().map(|e| e.label(language)).collect();
            assert_eq!(labels.len(), Event::ALL.len(), "{language:?}");
            assert!(!labels.contains(""));
        }
    }

    #[test]
    fn numbers_and_names_lead_back_to_the_event() {
        for event in Event::ALL {
            assert_eq!(Event::from_number(event.number()), Some(*event));
            assert_eq!(Event::of(event.target(), event.action()), Some(*event));
            assert_eq!(Target::from_code(event.target().code()), Some(event.target()));
            assert_eq!(Action::from_code(event.action().code()), Some(event.action()));
        }
        let numbers: BTreeSet<_> = Event::ALL.iter().map(|e| e.number()).collect();
        assert_eq!(numbers.len(), Event::ALL.len());
        assert_eq!(Event::from_number(0), None);
    }

    // AUD-01: exact ids, each once.
    #[test]
    fn an_object_is_named_once_and_too_many_are_refused() {
        let thread = |n: u8| Scope::Discussion(ThreadId::from_bytes([n; 16]));
        let entry = AuditEntry::new(None, Actor::Server, Event::DiscussionRead);
        let twice = entry.clone().about([thread(1), thread(1)]).expect("two is few");
        assert_eq!(twice.scopes(), [thread(1)]);
        let most = u8::try_from(SCOPES_MAX).expect("small");
        assert!(entry.clone().about((0..most).map(thread)).is_ok());
        assert_eq!(entry.about((0..=most).map(thread)), Err(TooManyScopes { count: SCOPES_MAX + 1 }));
    }

    #[test]
    fn stored_parts_make_the_same_values_and_unknown_kinds_make_none() {
        for kind in 1..=11 {
            let scope = Scope::from_parts(kind, [9; 16]).expect("a known kind");
            assert_eq!((scope.kind(), scope.id_bytes()), (kind, [9; 16]));
        }
        assert_eq!(Scope::from_parts(0, [9; 16]), None);
        assert_eq!(Scope::from_parts(12, [9; 16]), None);
        let user = UserId::from_bytes([3; 16]);
        for actor in [Actor::User(user), Actor::Service(user), Actor::Server] {
            assert_eq!(Actor::from_parts(actor.kind(), actor.user()), Some(actor));
        }
        assert_eq!(Actor::from_parts(1, None), None);
        assert_eq!(Actor::from_parts(3, Some(user)), None);
    }

    // AUD-02: an entry printed in a failure shows no id.
    #[test]
    fn debug_output_redacts_ids() {
        let entry = AuditEntry::new(None, Actor::User(UserId::from_bytes([0xab; 16])), Event::SessionCreate)
            .on(Scope::Discussion(ThreadId::from_bytes([0xcd; 16])));
        let shown = format!("{entry:?}");
        assert!(!shown.contains("171") && !shown.contains("abab"), "{shown}");
        assert!(shown.contains("UserId(…)") && shown.contains("ThreadId(…)"), "{shown}");
    }
}
