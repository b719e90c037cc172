//! Names and sentences of the demonstration. Everybody and everything in it is made up.

/// What they are, name, login, organization.
pub(super) const PERSONAS: [(&str, &str, &str, usize); 6] = [
    ("administratrice / administrator", "Solange Ferrand (fictive)", "solange@demo.example", 0),
    ("infirmière de service / ward nurse", "Inès Belmont (fictive)", "ines@demo.example", 0),
    ("urgentologue, gestionnaire / ER physician, manager", "Karim Delorme (fictif)", "karim@demo.example", 0),
    ("pharmacienne / pharmacist", "Odile Vasseur (fictive)", "odile@demo.example", 0),
    (
        "médecin de famille, autre organisation / community GP",
        "Théo Lacasse (fictif)",
        "theo@demo.example",
        1,
    ),
    ("fille d'une patiente / daughter of a patient", "Maya Roussel (fictive)", "maya@demo.example", 1),
];

pub(super) const ORGANIZATIONS: [(&str, &[&str]); 2] = [
    ("Hôpital Sainte-Fiction", &["Urgences", "Médecine interne", "Pharmacie"]),
    ("Clinique des Érables (fictive)", &["Soins à domicile"]),
];

/// A team: organization, unit, name, and personas by their position: who manages it, and who else is in it.
pub(super) struct TeamWords {
    pub(super) org: usize,
    pub(super) unit: usize,
    pub(super) name: &'static str,
    pub(super) manager: Option<usize>,
    pub(super) members: &'static [usize],
}

const fn team(
    (org, unit): (usize, usize),
    name: &'static str,
    manager: Option<usize>,
    members: &'static [usize],
) -> TeamWords {
    TeamWords { org, unit, name, manager, members }
}

pub(super) const TEAMS: [TeamWords; 12] = [
    team((0, 0), "Direction des soins", None, &[]),
    team((0, 0), "Prévention des infections", None, &[1]),
    team((0, 1), "Équipe des urgences", Some(2), &[1]),
    team((0, 1), "Tri des urgences", Some(2), &[]),
    team((0, 2), "Équipe de médecine", None, &[1, 3]),
    team((0, 2), "Soins de plaies", Some(1), &[]),
    team((0, 3), "Pharmacie de garde", Some(3), &[]),
    team((0, 3), "Anticoagulation", Some(3), &[2]),
    team((1, 0), "Accueil de la clinique", None, &[4]),
    team((1, 0), "Médecine familiale", Some(4), &[]),
    team((1, 1), "Soins à domicile", None, &[4, 5]),
    team((1, 1), "Soutien aux proches", None, &[5]),
];

pub(super) const FIRST: [&str; 16] = [
    "Alix", "Bruno", "Camille", "Denis", "Élise", "Farid", "Gaëlle", "Hugo", "Irène", "Jonas", "Katia",
    "Léo", "Mona", "Noé", "Olga", "Paul",
];

pub(super) const LAST: [&str; 16] = [
    "Arnoux", "Bellec", "Caron", "Dufresne", "Émond", "Fabre", "Gagnon", "Hamel", "Imbert", "Joly",
    "Kessler", "Lemire", "Morin", "Nadeau", "Ouellet", "Pépin",
];

pub(super) const TALK: [(&str, &[&str]); 6] = [
    (
        "Transfert au 3e étage",
        &[
            "Bonjour, la patiente du lit 12 (fictive) peut monter cet après-midi.",
            "Bien reçu, le lit est prêt à partir de 14 h.",
            "Parfait, je préviens le brancardier.",
        ],
    ),
    (
        "Anticoagulant avant l'intervention",
        &["Faut-il suspendre l'apixaban demain matin?", "Oui, dernière dose ce soir.", "Merci, c'est noté."],
    ),
    (
        "Follow-up after discharge",
        &[
            "Mr Example goes home today; could you see him next week?",
            "Yes, Tuesday at 10.",
            "Great, thank you.",
        ],
    ),
    ("Résultats de laboratoire", &["Le potassium est à 5,6, contrôle demandé.", "Je le vois tout de suite."]),
    ("Night shift", &["Quiet night, two admissions expected around 23 h.", "Thanks, handing over at 7."]),
    (
        "Pansement complexe",
        &["Pouvez-vous passer voir le pansement de Mme Fictive?", "Je passe vers 16 h.", "Merci beaucoup!"],
    ),
];

/// Questions to a team, and its answer.
pub(super) const TRIAGE: [(&str, [&str; 2]); 6] = [
    (
        "Avis demandé",
        ["Patient fictif de 70 ans, douleur en décours : faut-il le revoir?", "Nous le voyons ce soir."],
    ),
    ("Bed for tonight", ["Is there a bed for a fictitious transfer tonight?", "Yes, from 20 h on."]),
    (
        "Préparation stérile",
        ["Besoin d'une préparation (fictive) pour demain 8 h.", "Ce sera prêt à 7 h 30."],
    ),
    ("Retour à domicile", ["Mme Fictive rentre demain, qui prend le relais?", "Nous passons à 9 h."]),
    ("Équipement", ["Le lève-personne de la chambre 4 ne répond plus.", "Un autre arrive dans l'heure."]),
    ("Second opinion", ["Could somebody look at these (fictitious) results?", "On it, answer before noon."]),
];

/// What two people write to each other alone.
pub(super) const DIRECT: [&[&str]; 4] = [
    &["Tu as une minute après la tournée?", "Oui, vers 15 h."],
    &["Thanks for the help this morning!", "Any time."],
    &["Peux-tu échanger ta garde de samedi?"],
    &["Réunion déplacée à jeudi.", "C'est noté, merci."],
];
