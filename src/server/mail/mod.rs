//! Outgoing mail: what is written to whom, and the bounded queue in front of the transport.
//!
//! A mail carries the product's name, a generic sentence in the reader's language and a code or link; never a
//! name, an organization or anything about a patient.
//!
//! Not known here: why a code is sent.

mod caught;
mod text;
mod transport;

use relais_wire::account::Locale;
use relais_wire::scalar::Private;
use tokio::sync::mpsc;

pub use caught::{Catcher, CaughtMail};
pub use text::Letter;
pub use transport::{MailSetupError, Smtp, Transport, run};

/// Mails waiting for the transport. An instance that has more waiting is better off telling people to come back.
pub const MAIL_QUEUE: usize = 1_000;

/// A mail to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The address.
    pub to: Private,
    /// Its language.
    pub locale: Locale,
    /// What it is for.
    pub body: MailBody,
}

/// What a mail is for.
#[derive(Clone, Debug)]
pub enum MailBody {
    /// A code that lives ten minutes, typed into the page that asked for it.
    Code(Private),
    /// An invitation; the token goes behind the `#` of the link, so that no server log ever sees it.
    Invite(Private),
    /// Something happened that the owner of the address should know.
    Notice(Notice),
}

/// Notices without any detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A registration was tried with an address that has an account already.
    AlreadyRegistered,
    /// The password was changed or the account recovered.
    CredentialsChanged,
    /// Somebody holds the recovery code, and the time in which the owner can object runs.
    RecoveryWaits,
    /// The recovery code was replaced.
    RecoveryRenewed,
}

/// The queue is full: the caller answers `throttled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many mails are waiting")]
pub struct MailBusy;

/// Takes mails without waiting.
#[derive(Clone, Debug)]
pub struct Mailer {
    queue: mpsc::Sender<Mail>,
}

impl Mailer {
    /// A mailer and the end that a transport drains.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Mail>) {
        let (queue, drain) = mpsc::channel(MAIL_QUEUE);
        (Self { queue }, drain)
    }

    /// Puts a mail into the queue.
    ///
    /// # Errors
    /// [`MailBusy`].
    pub fn send(&self, mail: Mail) -> Result<(), MailBusy> {
        self.queue.try_send(mail).map_err(|_| MailBusy)
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::account::Locale;

    use super::{MAIL_QUEUE, Mail, MailBody, MailBusy, Mailer};

    #[test]
    fn the_queue_is_bounded() {
        let (mailer, _drain) = Mailer::new();
        let mail =
            Mail { to: "a@example.org".into(), locale: Locale::En, body: MailBody::Code("123456".into()) };
        for _ in 0..MAIL_QUEUE {
            assert_eq!(mailer.send(mail.clone()), Ok(()));
        }
        assert_eq!(mailer.send(mail), Err(MailBusy));
    }
}
