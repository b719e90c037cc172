//! Outgoing mail: what is written to whom, and the bounded queue in front of the transport.
//!
//! A mail carries the product's name, a generic sentence in the reader's language and a code or link; never a
//! name, an organization or anything about a patient.
//!
//! Not known here: why a code is sent.

mod caught;
mod text;
mod transport;

use core::future::pending;

use relais_wire::account::Locale;
use relais_wire::scalar::Private;
use tokio::sync::mpsc;

pub use caught::{Catcher, CaughtMail};
pub use text::Letter;
pub use transport::{MailSetupError, Smtp, Transport, run};

/// Mails of a lane waiting for the transport. An instance that has more waiting is better off telling people to
/// come back.
pub const MAIL_QUEUE: usize = 1_000;

/// Which mails go first. Anybody can make a server write to addresses; codes of sign-ins are asked for by those
/// who know a password, and must not wait behind the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Codes of sign-ins.
    SignIn,
    /// Everything else.
    Other,
}

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
    sign_in: mpsc::Sender<Mail>,
    other: mpsc::Sender<Mail>,
}

/// The end that a transport drains.
#[derive(Debug)]
pub struct Waiting {
    sign_in: mpsc::Receiver<Mail>,
    other: mpsc::Receiver<Mail>,
}

/// Room for one mail. Taken before a commit, so that what is committed is also told.
#[derive(Debug)]
pub struct Place(mpsc::OwnedPermit<Mail>);

impl Place {
    /// Puts the mail into it.
    pub fn send(self, mail: Mail) {
        drop(self.0.send(mail));
    }
}

impl Mailer {
    /// A mailer and the end that a transport drains.
    #[must_use]
    pub fn new() -> (Self, Waiting) {
        let (sign_in, first) = mpsc::channel(MAIL_QUEUE);
        let (other, second) = mpsc::channel(MAIL_QUEUE);
        (Self { sign_in, other }, Waiting { sign_in: first, other: second })
    }

    /// Room for a mail.
    ///
    /// # Errors
    /// [`MailBusy`].
    pub fn place(&self, lane: Lane) -> Result<Place, MailBusy> {
        let queue = match lane {
            Lane::SignIn => &self.sign_in,
            Lane::Other => &self.other,
        };
        queue.clone().try_reserve_owned().map(Place).map_err(|_| MailBusy)
    }

    /// Puts a mail into the queue of those that may wait.
    ///
    /// # Errors
    /// [`MailBusy`].
    pub fn send(&self, mail: Mail) -> Result<(), MailBusy> {
        self.place(Lane::Other)?.send(mail);
        Ok(())
    }
}

impl Waiting {
    /// The next mail, when there is one; `others` says whether those that may wait are taken too. `None` when
    /// nothing waits and nothing can come any more.
    pub async fn recv(&mut self, others: bool) -> Option<Mail> {
        tokio::select! {
            biased;
            Some(mail) = self.sign_in.recv() => Some(mail),
            Some(mail) = self.other.recv(), if others => Some(mail),
            // Whether others wait is not looked at: the answer must not be that nothing does.
            () = pending(), if !others => None,
            else => None,
        }
    }

    /// Takes no more: what waits can still be had, also what goes into room that was taken before.
    pub fn close(&mut self) {
        self.sign_in.close();
        self.other.close();
    }

    /// How many wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sign_in.len() + self.other.len()
    }

    /// The next mail that waits.
    pub fn try_recv(&mut self) -> Option<Mail> {
        self.sign_in.try_recv().or_else(|_| self.other.try_recv()).ok()
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::account::Locale;

    use super::{Lane, MAIL_QUEUE, Mail, MailBody, MailBusy, Mailer};

    #[test]
    fn the_queue_is_bounded() {
        let (mailer, mut waiting) = Mailer::new();
        let mail =
            Mail { to: "a@example.org".into(), locale: Locale::En, body: MailBody::Code("123456".into()) };
        for _ in 0..MAIL_QUEUE {
            assert_eq!(mailer.send(mail.clone()), Ok(()));
        }
        assert_eq!(mailer.send(mail.clone()), Err(MailBusy));
        // Codes of sign-ins have room of their own, and go first.
        mailer.place(Lane::SignIn).unwrap().send(Mail { to: "b@example.org".into(), ..mail });
        assert_eq!(waiting.try_recv().unwrap().to.as_str(), "b@example.org");
        assert_eq!(waiting.try_recv().unwrap().to.as_str(), "a@example.org");
        // Room that was taken stays taken until it is used or given back.
        let place = mailer.place(Lane::Other).unwrap();
        assert!(mailer.place(Lane::Other).is_err());
        drop(place);
        assert!(mailer.place(Lane::Other).is_ok());
    }
}
