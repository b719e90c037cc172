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

pub(super) const TEAMS: [&str; 6] = [
    "Direction",
    "Équipe des urgences",
    "Équipe de médecine",
    "Pharmacie de garde",
    "Accueil",
    "Soins à domicile",
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
