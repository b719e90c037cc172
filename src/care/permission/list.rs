//! The closed list of permissions: 20 actions, 34 targets, 58 pairs (PRM-01 … PRM-58).
//!
//! Not known here: which role holds which pair.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {$(
            #[doc = concat!("`", $code, "`.")]
            $variant,
        )*}

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that roles are written with.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value of that name; letter case matters.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// What is done.
    Action {
        Add = "Add",
        Assign = "Assign",
        Assignee = "Assignee",
        AssignSelf = "AssignSelf",
        Create = "Create",
        Delete = "Delete",
        Edit = "Edit",
        Export = "Export",
        Manage = "Manage",
        Search = "Search",
        Send = "Send",
        Trigger = "Trigger",
        Unassign = "Unassign",
        UnassignSelf = "UnassignSelf",
        Unblock = "Unblock",
        Update = "Update",
        Use = "Use",
        Validate = "Validate",
        View = "View",
        ViewAll = "ViewAll",
    }
}

named! {
    /// What it is done to. "group" is an organizational unit, "inbox" a team's triage box, "circle" a patient's
    /// circle of care (Q2); "employment" is the attachment to workplaces, "credential" the secrets of sign-in,
    /// "group.patient.member" a unit's patient and caregiver accounts (Q18).
    Target {
        UserProfile = "user.profile",
        UserCredential = "user.credential",
        UserEmployment = "user.employment",
        UserProfession = "user.profession",
        UserEmails = "user.emails",
        GroupMember = "group.member",
        GroupPatientMember = "group.patient.member",
        GroupDetails = "group.details",
        Organization = "organization",
        OrganizationSettings = "organization.settings",
        OrganizationDetails = "organization.details",
        OrganizationAuditLog = "organization.auditLog",
        Workplace = "workplace",
        WorkplaceDetails = "workplace.details",
        PatientProfile = "patient.profile",
        PatientAttachment = "patient.attachment",
        PatientCircleGroup = "patient.circle.group",
        PatientCircleInbox = "patient.circle.inbox",
        InboxDiscussion = "inbox.discussion",
        InboxSettings = "inbox.settings",
        Inbox = "inbox",
        Role = "role",
        Schedule = "schedule",
        AutomationInstallation = "automation.installation",
        AutomationTask = "automation.task",
        RegistryDomain = "registry.domain",
        RegistryDomainAutomation = "registry.domain.automation",
        RegistryDomainDirectory = "registry.domain.directory",
        RegistryDomainForm = "registry.domain.form",
        RegistryDomainResourceIdentifier = "registry.domain.resourceIdentifier",
        RegistryDomainSegment = "registry.domain.segment",
        RegistryDomainTrajectory = "registry.domain.trajectory",
        RegistryDomainValueSet = "registry.domain.valueSet",
        RegistryDomainWorkload = "registry.domain.workload",
    }
}

macro_rules! permissions {
    ($($variant:ident = $number:literal $action:ident $target:ident;)*) => {
        /// One pair of the list. A pair that the list does not have cannot be asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {$(
            #[doc = concat!("PRM-", stringify!($number), ": `", stringify!($action), "` on `", stringify!($target), "`.")]
            $variant,
        )*}

        impl Permission {
            /// Every pair, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its number in the list: 3 is PRM-03.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* }
            }

            /// What is done.
            #[must_use]
            pub const fn action(self) -> Action {
                match self { $(Self::$variant => Action::$action,)* }
            }

            /// What it is done to.
            #[must_use]
            pub const fn target(self) -> Target {
                match self { $(Self::$variant => Target::$target,)* }
            }

            /// The pair, if the list has it.
            #[must_use]
            pub const fn of(action: Action, target: Target) -> Option<Self> {
                match (action, target) {
                    $((Action::$action, Target::$target) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

permissions! {
    EditUserProfile = 1 Edit UserProfile;
    UnblockUserCredential = 2 Unblock UserCredential;
    EditUserEmployment = 3 Edit UserEmployment;
    EditUserProfession = 4 Edit UserProfession;
    ValidateUserProfession = 5 Validate UserProfession;
    AddUserEmails = 6 Add UserEmails;
    ManageUserEmails = 7 Manage UserEmails;
    ViewUserEmails = 8 View UserEmails;
    AddGroupMember = 9 Add GroupMember;
    ManageGroupMember = 10 Manage GroupMember;
    ViewGroupMember = 11 View GroupMember;
    ManageGroupPatientMember = 12 Manage GroupPatientMember;
    EditGroupDetails = 13 Edit GroupDetails;
    ViewGroupDetails = 14 View GroupDetails;
    CreateOrganization = 15 Create Organization;
    EditOrganizationSettings = 16 Edit OrganizationSettings;
    EditOrganizationDetails = 17 Edit OrganizationDetails;
    ViewOrganizationAuditLog = 18 View OrganizationAuditLog;
    ManageWorkplace = 19 Manage Workplace;
    EditWorkplaceDetails = 20 Edit WorkplaceDetails;
    ViewPatientProfile = 21 View PatientProfile;
    EditPatientProfile = 22 Edit PatientProfile;
    SearchPatientProfile = 23 Search PatientProfile;
    ViewPatientAttachment = 24 View PatientAttachment;
    ExportPatientAttachment = 25 Export PatientAttachment;
    ManagePatientAttachment = 26 Manage PatientAttachment;
    ManagePatientCircleGroup = 27 Manage PatientCircleGroup;
    ManagePatientCircleInbox = 28 Manage PatientCircleInbox;
    ViewInboxDiscussion = 29 View InboxDiscussion;
    AssignInboxDiscussion = 30 Assign InboxDiscussion;
    AssigneeInboxDiscussion = 31 Assignee InboxDiscussion;
    SendInboxDiscussion = 32 Send InboxDiscussion;
    UnassignInboxDiscussion = 33 Unassign InboxDiscussion;
    AssignSelfInboxDiscussion = 34 AssignSelf InboxDiscussion;
    UnassignSelfInboxDiscussion = 35 UnassignSelf InboxDiscussion;
    EditInboxSettings = 36 Edit InboxSettings;
    ManageInbox = 37 Manage Inbox;
    ViewInbox = 38 View Inbox;
    ViewAllInbox = 39 ViewAll Inbox;
    ManageRole = 40 Manage Role;
    CreateSchedule = 41 Create Schedule;
    UpdateSchedule = 42 Update Schedule;
    ViewSchedule = 43 View Schedule;
    DeleteSchedule = 44 Delete Schedule;
    ViewAutomationInstallation = 45 View AutomationInstallation;
    ManageAutomationInstallation = 46 Manage AutomationInstallation;
    ViewAutomationTask = 47 View AutomationTask;
    TriggerAutomationTask = 48 Trigger AutomationTask;
    UseRegistryDomain = 49 Use RegistryDomain;
    ManageRegistryDomain = 50 Manage RegistryDomain;
    ManageRegistryDomainAutomation = 51 Manage RegistryDomainAutomation;
    ManageRegistryDomainDirectory = 52 Manage RegistryDomainDirectory;
    ManageRegistryDomainForm = 53 Manage RegistryDomainForm;
    ManageRegistryDomainResourceIdentifier = 54 Manage RegistryDomainResourceIdentifier;
    ManageRegistryDomainSegment = 55 Manage RegistryDomainSegment;
    ManageRegistryDomainTrajectory = 56 Manage RegistryDomainTrajectory;
    ManageRegistryDomainValueSet = 57 Manage RegistryDomainValueSet;
    ManageRegistryDomainWorkload = 58 Manage RegistryDomainWorkload;
}

impl Permission {
    /// Whether no role of a unit can hold it: making an organization happens before there is a unit to hold
    /// anything in, so it is a right of whoever runs the server (Q1).
    #[must_use]
    pub const fn is_operators(self) -> bool {
        matches!(self, Self::CreateOrganization)
    }

    /// Whether a grant in a unit holds in the units below it too (ORG-03). The one that does not is the console's
    /// list of triage boxes: "view" is the unit itself, "view all" is with everything below (Q6).
    #[must_use]
    pub const fn is_inherited(self) -> bool {
        !matches!(self, Self::ViewInbox)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Action, Permission, Target};

    // ROL-01: 20 actions, 58 pairs, and the published sums by family.
    #[test]
    fn the_list_is_the_published_one_by_its_sums() {
        assert_eq!(Action::ALL.len(), 20);
        assert_eq!(Permission::ALL.len(), 58);
        let mut families: BTreeMap<&str, u32> = BTreeMap::new();
        for permission in Permission::ALL {
            let family = permission.target().name().split('.').next().expect("a first part");
            *families.entry(family).or_default() += 1;
        }
        let published = [
            ("automation", 4),
            ("group", 6),
            ("inbox", 11),
            ("organization", 4),
            ("patient", 8),
            ("registry", 10),
            ("role", 1),
            ("schedule", 4),
            ("user", 8),
            ("workplace", 2),
        ];
        assert_eq!(families.into_iter().collect::<Vec<_>>(), published);
    }

    #[test]
    fn numbers_run_from_1_to_58_and_pairs_are_distinct() {
        let numbers: Vec<u8> = Permission::ALL.iter().map(|permission| permission.number()).collect();
        assert_eq!(numbers, (1..=58).collect::<Vec<u8>>());
        let pairs: BTreeSet<_> = Permission::ALL.iter().map(|p| (p.action(), p.target())).collect();
        assert_eq!(pairs.len(), 58);
    }

    #[test]
    fn every_action_and_target_is_used_and_named_back() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.name()), Some(*action));
            assert!(Permission::ALL.iter().any(|permission| permission.action() == *action), "{action:?}");
        }
        for target in Target::ALL {
            assert_eq!(Target::parse(target.name()), Some(*target));
            assert!(Permission::ALL.iter().any(|permission| permission.target() == *target), "{target:?}");
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::of(permission.action(), permission.target()), Some(*permission));
        }
    }

    // Q13, Q17: creating and exporting a patient file are no pairs of their own.
    #[test]
    fn a_pair_that_the_list_does_not_have_does_not_exist() {
        assert_eq!(Permission::of(Action::Create, Target::PatientProfile), None);
        assert_eq!(Permission::of(Action::Delete, Target::PatientProfile), None);
        assert_eq!(Permission::of(Action::Manage, Target::UserProfile), None);
    }
}
