//! The closed table of audit events: number, target, action, and the fixed label in English and French
//! (AUD-07). Numbers are stored and never reused; a new event takes a new number.
//!
//! Not known here: who may cause which event.

use super::{Action, Language, Target};

macro_rules! events {
    ($($variant:ident = $number:literal $target:ident $action:ident $en:literal $fr:literal;)*) => {
        /// One kind of thing that the log can say: a target with an action that exists for it. A pair that the
        /// table does not have cannot be written down.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Event {$(
            #[doc = $en]
            $variant,
        )*}

        impl Event {
            /// Every event, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable number, for storage: below 1000 the frozen core, from 1000 extensions.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The event with that number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }

            /// The type of object it is about.
            #[must_use]
            pub const fn target(self) -> Target {
                match self { $(Self::$variant => Target::$target,)* }
            }

            /// What is done to it.
            #[must_use]
            pub const fn action(self) -> Action {
                match self { $(Self::$variant => Action::$action,)* }
            }

            /// The fixed sentence shown in the console and in exports (AUD-07).
            #[must_use]
            pub const fn label(self, language: Language) -> &'static str {
                match (self, language) {$(
                    (Self::$variant, Language::En) => $en,
                    (Self::$variant, Language::Fr) => $fr,
                )*}
            }
        }
    };
}

impl Event {
    /// Whether the event belongs to the frozen core of 73 pairs.
    #[must_use]
    pub const fn is_core(self) -> bool {
        self.number() < 1000
    }

    /// The event of that pair, if the table has it.
    #[must_use]
    pub fn of(target: Target, action: Action) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.target() == target && e.action() == action)
    }

    /// Stable text form, `target.action`.
    #[must_use]
    pub fn code(self) -> String {
        format!("{}.{}", self.target().code(), self.action().code())
    }
}

events! {
    PatientCreate = 1 Patient Create "Patient file created" "Création du dossier patient";
    PatientRead = 2 Patient Read "Patient file consulted" "Consultation du dossier patient";
    PatientUpdate = 3 Patient Update "Patient information changed" "Modification des informations du patient";
    PatientDelete = 4 Patient Delete "Patient file deleted" "Suppression du dossier patient";
    PatientList = 5 Patient List "Patient files listed" "Liste des dossiers patients";
    PatientExport = 6 Patient Export "Patient data exported" "Export des données du patient";
    DiscussionCreate = 7 Discussion Create "Discussion created" "Création d’une discussion";
    DiscussionRead = 8 Discussion Read "Discussion consulted" "Consultation d’une discussion";
    DiscussionUpdate = 9 Discussion Update "Discussion changed" "Modification d’une discussion";
    DiscussionDelete = 10 Discussion Delete "Discussion deleted" "Suppression d’une discussion";
    DiscussionList = 11 Discussion List "Discussions listed" "Liste des discussions";
    DiscussionExport = 12 Discussion Export "Discussion exported" "Export d’une discussion";
    CareChannelCreate = 13 CareChannel Create "Care channel created" "Création d’un canal de soins";
    CareChannelRead = 14 CareChannel Read "Care channel consulted" "Consultation d’un canal de soins";
    CareChannelUpdate = 15 CareChannel Update "Care channel changed" "Modification d’un canal de soins";
    CareChannelDelete = 16 CareChannel Delete "Care channel deleted" "Suppression d’un canal de soins";
    CareChannelList = 17 CareChannel List "Care channels listed" "Liste des canaux de soins";
    FileCreate = 18 File Create "File added" "Ajout d’un fichier";
    FileRead = 19 File Read "File consulted" "Consultation d’un fichier";
    FileUpdate = 20 File Update "File changed" "Modification d’un fichier";
    FileDelete = 21 File Delete "File deleted" "Suppression d’un fichier";
    FileList = 22 File List "Files listed" "Liste des fichiers";
    FormDefinitionCreate = 23 FormDefinition Create "Form definition created" "Création d’un modèle de formulaire";
    FormDefinitionRead = 24 FormDefinition Read "Form definition consulted" "Consultation d’un modèle de formulaire";
    FormDefinitionUpdate = 25 FormDefinition Update "Form definition changed" "Modification d’un modèle de formulaire";
    FormDefinitionDelete = 26 FormDefinition Delete "Form definition deleted" "Suppression d’un modèle de formulaire";
    FormDefinitionList = 27 FormDefinition List "Form definitions listed" "Liste des modèles de formulaire";
    FormInstanceCreate = 28 FormInstance Create "Form created" "Création d’un formulaire";
    FormInstanceRead = 29 FormInstance Read "Form consulted" "Consultation d’un formulaire";
    FormInstanceUpdate = 30 FormInstance Update "Form changed" "Modification d’un formulaire";
    FormInstanceDelete = 31 FormInstance Delete "Form deleted" "Suppression d’un formulaire";
    FormInstanceList = 32 FormInstance List "Forms listed" "Liste des formulaires";
    CaregiverCreate = 33 Caregiver Create "Caregiver account created" "Création d’un compte de proche aidant";
    CaregiverRead = 34 Caregiver Read "Caregiver profile consulted" "Consultation du profil d’un proche aidant";
    CaregiverUpdate = 35 Caregiver Update "Caregiver profile changed" "Modification du profil d’un proche aidant";
    CaregiverDelete = 36 Caregiver Delete "Caregiver account deleted" "Suppression d’un compte de proche aidant";
    CaregiverList = 37 Caregiver List "Caregivers listed" "Liste des proches aidants";
    CaregiverInvite = 38 Caregiver Invite "Caregiver invited for a patient" "Invitation d’un proche aidant pour un patient";
    WorkTeamCreate = 39 WorkTeam Create "Team created" "Création d’une équipe";
    WorkTeamRead = 40 WorkTeam Read "Team consulted" "Consultation d’une équipe";
    WorkTeamUpdate = 41 WorkTeam Update "Team changed" "Modification d’une équipe";
    WorkTeamDelete = 42 WorkTeam Delete "Team deleted" "Suppression d’une équipe";
    WorkTeamList = 43 WorkTeam List "Teams listed" "Liste des équipes";
    InvitationCreate = 44 Invitation Create "Invitation created" "Création d’une invitation";
    InvitationRead = 45 Invitation Read "Invitation consulted" "Consultation d’une invitation";
    InvitationUpdate = 46 Invitation Update "Invitation changed" "Modification d’une invitation";
    InvitationDelete = 47 Invitation Delete "Invitation withdrawn" "Retrait d’une invitation";
    InvitationList = 48 Invitation List "Invitations listed" "Liste des invitations";
    OrganizationalUnitCreate = 49 OrganizationalUnit Create "Organizational unit created" "Création d’une unité organisationnelle";
    OrganizationalUnitRead = 50 OrganizationalUnit Read "Organizational unit consulted" "Consultation d’une unité organisationnelle";
    OrganizationalUnitUpdate = 51 OrganizationalUnit Update "Organizational unit changed" "Modification d’une unité organisationnelle";
    OrganizationalUnitDelete = 52 OrganizationalUnit Delete "Organizational unit deleted" "Suppression d’une unité organisationnelle";
    OrganizationalUnitList = 53 OrganizationalUnit List "Organizational units listed" "Liste des unités organisationnelles";
    EstablishmentCreate = 54 Establishment Create "Workplace created" "Création d’un lieu de travail";
    EstablishmentRead = 55 Establishment Read "Workplace consulted" "Consultation d’un lieu de travail";
    EstablishmentUpdate = 56 Establishment Update "Workplace changed" "Modification d’un lieu de travail";
    EstablishmentDelete = 57 Establishment Delete "Workplace deleted" "Suppression d’un lieu de travail";
    EstablishmentList = 58 Establishment List "Workplaces listed" "Liste des lieux de travail";
    UserRolesCreate = 59 UserRoles Create "Role created or granted" "Création ou attribution d’un rôle";
    UserRolesRead = 60 UserRoles Read "Roles consulted" "Consultation des rôles";
    UserRolesUpdate = 61 UserRoles Update "Roles changed" "Modification des rôles";
    UserRolesDelete = 62 UserRoles Delete "Role deleted or withdrawn" "Suppression ou retrait d’un rôle";
    UserRolesList = 63 UserRoles List "Roles listed" "Liste des rôles";
    GroupMembersCreate = 64 GroupMembers Create "Member added to a unit" "Ajout d’un membre à une unité";
    GroupMembersRead = 65 GroupMembers Read "Member of a unit consulted" "Consultation d’un membre d’une unité";
    GroupMembersUpdate = 66 GroupMembers Update "Member of a unit changed" "Modification d’un membre d’une unité";
    GroupMembersDelete = 67 GroupMembers Delete "Member removed from a unit" "Retrait d’un membre d’une unité";
    GroupMembersList = 68 GroupMembers List "Members of a unit listed" "Liste des membres d’une unité";
    GroupMembersInvite = 69 GroupMembers Invite "Person invited in an organizational unit" "Invitation d’une personne dans une unité organisationnelle";
    AuditCreate = 70 Audit Create "Audit entry created" "Création d’une entrée d’audit";
    AuditRead = 71 Audit Read "Audit entry consulted" "Consultation d’une entrée d’audit";
    AuditList = 72 Audit List "Audit entries listed" "Liste des entrées d’audit";
    AuditExport = 73 Audit Export "Audit entries exported" "Export des entrées d’audit";

    MessageSend = 1000 XMessage XSend "Message sent" "Envoi d’un message";
    MessageRead = 1001 XMessage Read "Messages read" "Lecture de messages";
    MessageDelete = 1002 XMessage Delete "Message withdrawn" "Retrait d’un message";

    CallStart = 1010 XCall XStart "Call started" "Début d’un appel";
    CallAccept = 1011 XCall XAccept "Call joined" "Participation à un appel";
    CallDecline = 1012 XCall XDecline "Call declined" "Refus d’un appel";
    CallLeave = 1013 XCall XLeave "Call left" "Départ d’un appel";
    CallEnd = 1014 XCall XEnd "Call ended" "Fin d’un appel";
    CallFail = 1015 XCall XFail "Call missed or unreachable" "Appel manqué ou injoignable";
    CallInvite = 1016 XCall Invite "Person rung for a call" "Personne appelée à se joindre à un appel";

    SessionCreate = 1020 XSession Create "Signed in" "Connexion";
    SessionFail = 1021 XSession XFail "Sign-in failed" "Échec de connexion";
    SessionEnd = 1022 XSession XEnd "Session ended or revoked" "Fin ou révocation d’une session";
    SessionDelete = 1023 XSession Delete "Session erased after wrong PINs" "Session effacée après des NIP erronés";
    SessionList = 1024 XSession List "Sessions listed" "Liste des sessions";
    SessionUpdate = 1025 XSession Update "Password, PIN or second factor changed" "Changement du mot de passe, du NIP ou du second facteur";
    SessionBlock = 1026 XSession XBlock "Credential blocked" "Blocage d’un identifiant";
    SessionUnblock = 1027 XSession XUnblock "Credential unblocked" "Déblocage d’un identifiant";
    SessionRecover = 1028 XSession XRecover "Access regained with the recovery code" "Accès retrouvé avec le code de récupération";

    ConsentCreate = 1030 XConsent Create "Consent recorded" "Enregistrement d’un consentement";
    ConsentRead = 1031 XConsent Read "Consent consulted" "Consultation d’un consentement";
    ConsentUpdate = 1032 XConsent Update "Consent changed" "Modification d’un consentement";
    ConsentEnd = 1033 XConsent XEnd "Consent withdrawn" "Retrait d’un consentement";

    AssignmentInvite = 1040 XAssignment Invite "Participant added to a discussion" "Ajout d’un participant à une discussion";
    AssignmentAccept = 1041 XAssignment XAccept "Discussion accepted" "Discussion acceptée";
    AssignmentDecline = 1042 XAssignment XDecline "Discussion declined" "Discussion déclinée";
    AssignmentTake = 1043 XAssignment XTake "Discussion taken on" "Prise en charge d’une discussion";
    AssignmentAssign = 1044 XAssignment XAssign "Responsible person assigned" "Assignation d’une personne responsable";
    AssignmentLeave = 1045 XAssignment XLeave "Discussion left" "Départ d’une discussion";
    AssignmentReturn = 1046 XAssignment Update "Discussion returned to triage" "Retour d’une discussion au triage";
    AssignmentForward = 1047 XAssignment XForward "Discussion forwarded to another team" "Transfert d’une discussion à une autre équipe";
    AssignmentDelete = 1048 XAssignment Delete "Participant removed from a discussion" "Retrait d’un participant d’une discussion";
    AssignmentEnd = 1049 XAssignment XEnd "Discussion closed" "Clôture d’une discussion";

    ScheduleCreate = 1050 XSchedule Create "Schedule created" "Création d’un horaire";
    ScheduleRead = 1051 XSchedule Read "Schedule consulted" "Consultation d’un horaire";
    ScheduleUpdate = 1052 XSchedule Update "Schedule changed" "Modification d’un horaire";
    ScheduleDelete = 1053 XSchedule Delete "Schedule deleted" "Suppression d’un horaire";

    AutomationCreate = 1060 XAutomation Create "Automation installed" "Installation d’une automatisation";
    AutomationUpdate = 1061 XAutomation Update "Automation changed" "Modification d’une automatisation";
    AutomationDelete = 1062 XAutomation Delete "Automation removed" "Retrait d’une automatisation";
    AutomationStart = 1063 XAutomation XStart "Automation run" "Exécution d’une automatisation";
    AutomationFail = 1064 XAutomation XFail "Automation failed" "Échec d’une automatisation";

    KeyCreate = 1070 XKey Create "Key or keyring created" "Création d’une clé ou d’un trousseau";
    KeyRead = 1071 XKey Read "Public keys consulted" "Consultation de clés publiques";
    KeyUpdate = 1072 XKey Update "Key rotated or keyring changed" "Rotation d’une clé ou modification d’un trousseau";
    KeyEnd = 1073 XKey XEnd "Device or key revoked" "Révocation d’un appareil ou d’une clé";
    KeyRecover = 1074 XKey XRecover "Recovery code renewed or used" "Renouvellement ou usage du code de récupération";

    AccountCreate = 1080 XAccount Create "Account created" "Création d’un compte";
    AccountRead = 1081 XAccount Read "Profile consulted" "Consultation d’un profil";
    AccountUpdate = 1082 XAccount Update "Profile changed" "Modification d’un profil";
    AccountDelete = 1083 XAccount Delete "Account deleted" "Suppression d’un compte";
    AccountList = 1084 XAccount List "Directory searched" "Recherche dans l’annuaire";
    AccountEnd = 1085 XAccount XEnd "Account suspended" "Suspension d’un compte";
    AccountStart = 1086 XAccount XStart "Account readmitted" "Réadmission d’un compte";

    ContactInvite = 1090 XContact Invite "Friend request sent" "Envoi d’une demande d’ami";
    ContactAccept = 1091 XContact XAccept "Friend request accepted" "Demande d’ami acceptée";
    ContactDecline = 1092 XContact XDecline "Friend request declined" "Demande d’ami déclinée";
    ContactDelete = 1093 XContact Delete "Friend removed" "Retrait d’un ami";
}
