//! Mails of a demonstration or test: kept in memory and shown instead of being sent.
//!
//! Not known here: that the page is only served on loopback, which the configuration sees to.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use super::{Letter, Mail, MailBody};

/// Mails kept; older ones go first. A demonstration sends fewer.
const CAUGHT_MAX: usize = 500;

/// A caught mail.
#[derive(Clone, Debug, Serialize)]
pub struct CaughtMail {
    /// Counts up from 1.
    pub number: u64,
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The code in it, if it carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The token of an invitation, if it carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
}

/// Keeps mails. Cloning gives another handle.
#[derive(Clone, Debug, Default)]
pub struct Catcher(Arc<RwLock<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    mails: VecDeque<CaughtMail>,
}

impl Catcher {
    /// Keeps a mail.
    pub fn keep(&self, mail: &Mail, letter: Letter) {
        let (code, invite) = match &mail.body {
            MailBody::Code(code) => (Some(code.as_str().to_owned()), None),
            MailBody::Invite(token) => (None, Some(token.as_str().to_owned())),
            MailBody::Notice(_) => (None, None),
        };
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.count += 1;
        let number = kept.count;
        let to = mail.to.as_str().to_owned();
        kept.mails.push_back(CaughtMail {
            number,
            to,
            subject: letter.subject,
            text: letter.text,
            code,
            invite,
        });
        if kept.mails.len() > CAUGHT_MAX {
            kept.mails.pop_front();
        }
    }

    /// Mails, oldest first; of one address only, where one is given.
    #[must_use]
    pub fn mails(&self, to: Option<&str>) -> Vec<CaughtMail> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.mails.iter().filter(|mail| to.is_none_or(|to| mail.to == to)).cloned().collect()
    }

    /// A page for a person.
    #[must_use]
    pub fn page(&self) -> String {
        let mut out = String::from(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Relais: caught mail</title>\
             <h1>Caught mail</h1><p>Courrier intercepté : rien n'est envoyé. / Nothing is sent.</p>",
        );
        for mail in self.mails(None).iter().rev() {
            let (to, subject, text) = (escape(&mail.to), escape(&mail.subject), escape(&mail.text));
            out.push_str(&format!("<h2>{} · {to}</h2><p><b>{subject}</b></p><pre>{text}</pre>", mail.number));
        }
        out
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use relais_wire::account::Locale;

    use super::{CAUGHT_MAX, Catcher, Letter, Mail, MailBody};

    #[test]
    fn the_newest_mails_are_kept_and_shown_escaped() {
        let catcher = Catcher::default();
        let body = MailBody::Code("1".into());
        let mail = Mail { to: "<b>@example.org".into(), locale: Locale::En, body: body.clone() };
        for _ in 0..=CAUGHT_MAX {
            catcher.keep(&mail, Letter::write("", Locale::En, &body));
        }
        let mails = catcher.mails(Some("<b>@example.org"));
        assert_eq!((mails.len(), mails[0].number), (CAUGHT_MAX, 2));
        assert!(catcher.mails(Some("other@example.org")).is_empty());
        assert!(catcher.page().contains("&lt;b&gt;@") && !catcher.page().contains("<b>@"));
    }
}
