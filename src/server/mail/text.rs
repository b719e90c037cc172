//! The words, in French and English.
//!
//! Not known here: to whom they go.

use relais_wire::account::Locale;

use super::{MailBody, Notice};

/// Subject and text of a mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject. Carries no code: it shows on locked screens.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Letter {
    /// Writes a mail; links begin with `origin`.
    #[must_use]
    pub fn write(origin: &str, locale: Locale, body: &MailBody) -> Self {
        let (subject, text) = match (locale, body) {
            (Locale::Fr, MailBody::Code(code)) => (
                "Relais : votre code",
                format!(
                    "Bonjour,\n\nVotre code Relais est :\n\n    {}\n\nIl est valable dix minutes. Saisissez-le dans \
                     la page qui vous l'a demandé et ne le\ncommuniquez à personne : notre équipe ne vous le \
                     demandera jamais.\n\nSi vous n'avez rien demandé, ignorez ce message.\n",
                    code.as_str()
                ),
            ),
            (Locale::En, MailBody::Code(code)) => (
                "Relais: your code",
                format!(
                    "Hello,\n\nYour Relais code is:\n\n    {}\n\nIt is valid for ten minutes. Type it into the page \
                     that asked for it and give it\nto nobody: our team will never ask for it.\n\nIf you did not ask \
                     for it, ignore this message.\n",
                    code.as_str()
                ),
            ),
            (Locale::Fr, MailBody::Invite(token)) => (
                "Relais : une invitation",
                format!(
                    "Bonjour,\n\nVous êtes invité(e) à rejoindre Relais. Ouvrez ce lien pour répondre :\n\n    \
                     {origin}/#invite={}\n\nSi vous n'attendiez pas d'invitation, ignorez ce message.\n",
                    token.as_str()
                ),
            ),
            (Locale::En, MailBody::Invite(token)) => (
                "Relais: an invitation",
                format!(
                    "Hello,\n\nYou are invited to join Relais. Open this link to answer:\n\n    \
                     {origin}/#invite={}\n\nIf you did not expect an invitation, ignore this message.\n",
                    token.as_str()
                ),
            ),
            (locale, MailBody::Notice(notice)) => notice_text(locale, *notice),
        };
        Self { subject: subject.to_owned(), text }
    }
}

fn notice_text(locale: Locale, notice: Notice) -> (&'static str, String) {
    let (subject, text) = match (locale, notice) {
        (Locale::Fr, Notice::AlreadyRegistered) => (
            "Relais : vous avez déjà un compte",
            "Bonjour,\n\nQuelqu'un a tenté de créer un compte Relais avec votre adresse, qui en a déjà un. Si c'était \
             vous,\nconnectez-vous simplement. Sinon, vous n'avez rien à faire.\n",
        ),
        (Locale::En, Notice::AlreadyRegistered) => (
            "Relais: you already have an account",
            "Hello,\n\nSomebody tried to create a Relais account with your address, which has one already. If it was \
             you,\njust sign in. If not, there is nothing to do.\n",
        ),
        (Locale::Fr, Notice::CredentialsChanged) => (
            "Relais : votre mot de passe a changé",
            "Bonjour,\n\nLe mot de passe de votre compte Relais vient d'être changé. Si ce n'était pas vous, contactez \
             tout de\nsuite l'administrateur de votre établissement.\n",
        ),
        (Locale::En, Notice::CredentialsChanged) => (
            "Relais: your password has changed",
            "Hello,\n\nThe password of your Relais account has just been changed. If it was not you, contact your\n\
             administrator at once.\n",
        ),
        (Locale::Fr, Notice::RecoveryWaits) => (
            "Relais : quelqu'un récupère votre compte",
            "Bonjour,\n\nQuelqu'un s'est servi du code de récupération de votre compte Relais et pourra bientôt \
             choisir un\nnouveau mot de passe. Si c'est vous, il suffit d'attendre. Sinon, connectez-vous et \
             renouvelez votre\ncode de récupération dès maintenant : cette demande n'aura plus d'effet.\n",
        ),
        (Locale::En, Notice::RecoveryWaits) => (
            "Relais: somebody is recovering your account",
            "Hello,\n\nSomebody used the recovery code of your Relais account and will soon be able to choose a new\n\
             password. If it is you, just wait. If not, sign in and renew your recovery code now: this request\n\
             then comes to nothing.\n",
        ),
        (Locale::Fr, Notice::RecoveryRenewed) => (
            "Relais : votre code de récupération a changé",
            "Bonjour,\n\nLe code de récupération de votre compte Relais vient d'être remplacé ; l'ancien ne vaut plus \
             rien. Si ce\nn'était pas vous, contactez tout de suite l'administrateur de votre établissement.\n",
        ),
        (Locale::En, Notice::RecoveryRenewed) => (
            "Relais: your recovery code has changed",
            "Hello,\n\nThe recovery code of your Relais account has just been replaced; the old one is worth nothing.\n\
             If it was not you, contact your administrator at once.\n",
        ),
    };
    (subject, text.to_owned())
}

#[cfg(test)]
mod tests {
    use relais_wire::account::Locale;

    use super::{Letter, MailBody, Notice};

    #[test]
    fn a_code_stands_in_the_text_and_never_in_the_subject() {
        for locale in [Locale::Fr, Locale::En] {
            let letter = Letter::write("https://relais.example", locale, &MailBody::Code("481516".into()));
            assert!(letter.text.contains("481516") && !letter.subject.contains("481516"));
        }
    }

    #[test]
    fn an_invitation_keeps_its_token_behind_the_hash() {
        let letter = Letter::write("https://relais.example", Locale::Fr, &MailBody::Invite("ab12".into()));
        assert!(letter.text.contains("https://relais.example/#invite=ab12"));
    }

    #[test]
    fn both_languages_say_different_words() {
        for notice in [
            Notice::AlreadyRegistered,
            Notice::CredentialsChanged,
            Notice::RecoveryWaits,
            Notice::RecoveryRenewed,
        ] {
            let body = MailBody::Notice(notice);
            assert_ne!(Letter::write("", Locale::Fr, &body).text, Letter::write("", Locale::En, &body).text);
        }
    }
}
