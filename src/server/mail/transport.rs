//! Drains the queue of mails: to an SMTP server, or into the catcher.
//!
//! Not known here: who waits for a mail.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Catcher, Letter, Mail, Waiting};
use crate::app::App;
use crate::config::{MailConfig, SmtpConfig, SmtpSecurity};
use crate::metrics::Mailed;

/// Tries for one mail. A code lives ten minutes; a server that fails three times in a row needs a person.
const TRIES: u32 = 3;

/// Wait after a failed try, doubled each time.
const RETRY: Duration = Duration::from_secs(2);

/// Time for one try.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Where mails go.
pub enum Transport {
    /// Into memory.
    Catch(Catcher),
    /// To an SMTP server.
    Smtp(Box<Smtp>),
}

/// A configured SMTP server.
pub struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    per_minute: u32,
}

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The host name or TLS settings do not work.
    #[error("the SMTP server cannot be used")]
    Server(#[from] lettre::transport::smtp::Error),
    /// The file with the password cannot be read.
    #[error("{path}")]
    Password {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The sender is not a mail address.
    #[error("the sender is not a mail address")]
    From,
}

impl Transport {
    /// The transport of a configuration.
    ///
    /// # Errors
    /// [`MailSetupError`].
    pub fn new(config: &MailConfig) -> Result<Self, MailSetupError> {
        match config {
            MailConfig::Catch => Ok(Self::Catch(Catcher::default())),
            MailConfig::Smtp(smtp) => Ok(Self::Smtp(Box::new(Smtp::new(smtp)?))),
        }
    }

    /// The catcher, if mails are caught.
    #[must_use]
    pub const fn catcher(&self) -> Option<&Catcher> {
        match self {
            Self::Catch(catcher) => Some(catcher),
            Self::Smtp(_) => None,
        }
    }
}

impl Smtp {
    fn new(config: &SmtpConfig) -> Result<Self, MailSetupError> {
        let builder = match config.security {
            SmtpSecurity::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&config.host)?,
            SmtpSecurity::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&config.host)?,
            SmtpSecurity::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host),
        };
        let mut builder = builder.port(config.port).timeout(Some(TIMEOUT));
        if let Some((user, file)) = &config.login {
            let password = std::fs::read_to_string(file)
                .map_err(|source| MailSetupError::Password { path: file.clone(), source })?;
            builder = builder.credentials(Credentials::new(user.clone(), password.trim_end().to_owned()));
        }
        let from = config.from.parse().map_err(|_| MailSetupError::From)?;
        Ok(Self { server: builder.build(), from, per_minute: config.per_minute.max(1) })
    }

    async fn send(&self, mail: &Mail, letter: Letter) -> Result<(), NotSent> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(mail.to.as_str().parse().map_err(|_| NotSent::Impossible)?)
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(|_| NotSent::Impossible)?;
        let mut wait = RETRY;
        for _ in 1..TRIES {
            match self.server.send(message.clone()).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_permanent() => return Err(NotSent::Refused),
                Err(_) => sleep(wait).await,
            }
            wait *= 2;
        }
        self.server.send(message).await.map(drop).map_err(|_| NotSent::Refused)
    }
}

enum NotSent {
    /// The address is none, although it passed the check of a registration.
    Impossible,
    /// The server does not take it.
    Refused,
}

/// Mails on their way to the SMTP server at once: one that it does not take for a minute holds up no other.
const SENDS_AT_ONCE: usize = 8;

/// How many of them only codes of sign-ins take: mails that anybody can cause, to servers that take none, leave them.
const SENDS_FOR_SIGN_IN: usize = 2;

/// Time for the mails that still wait when a server stops: what they tell of is committed, and nobody asks for them
/// again. Whoever starts the server gives it the drain, its grace and this to stop (docs/OPERATIONS.md).
const LAST_MAILS: Duration = Duration::from_secs(15);

/// Sends what comes through the queue until `stop` is true, and then for `LAST_MAILS` at most what still waits. Mails
/// live in memory only: those left over then, or when this is given up, are not sent.
pub async fn run(app: Arc<App>, transport: Arc<Transport>, queue: Waiting, mut stop: watch::Receiver<bool>) {
    let next = Instant::from_std(app.clock.instant());
    let mut post = Post { app: &app, transport: &transport, queue, sending: FuturesUnordered::new(), next };
    tokio::select! {
        () = post.forward() => return,
        // One who can no longer say it has stopped, too.
        _ = stop.wait_for(|stop| *stop) => {}
    }
    post.queue.close();
    if timeout(LAST_MAILS, post.forward()).await.is_err() {
        let lost = post.queue.count() + post.sending.len();
        tracing::error!(lost, "the SMTP server did not take the last mails in time");
    }
}

/// Mails on their way.
struct Post<'a> {
    app: &'a App,
    transport: &'a Transport,
    queue: Waiting,
    sending: FuturesUnordered<BoxFuture<'a, ()>>,
    next: Instant,
}

impl Post<'_> {
    /// Until nothing waits, nothing is on its way and nothing can come. Nothing is lost when it is given up.
    async fn forward(&mut self) {
        loop {
            let on_the_way = self.sending.len();
            let others = on_the_way < SENDS_AT_ONCE - SENDS_FOR_SIGN_IN;
            tokio::select! {
                Some(()) = self.sending.next() => {}
                // Which mail goes next is decided when one can go.
                mail = due(&mut self.queue, self.next, others), if on_the_way < SENDS_AT_ONCE => {
                    let Some(mail) = mail else { break };
                    self.begin(mail);
                }
            }
        }
        while self.sending.next().await.is_some() {}
    }

    fn begin(&mut self, mail: Mail) {
        let (app, transport) = (self.app, self.transport);
        let letter = Letter::write(&app.settings.origin, mail.locale, &mail.body);
        match transport {
            Transport::Catch(catcher) => {
                catcher.keep(&mail, letter);
                app.metrics.mail(Mailed::Sent);
            }
            Transport::Smtp(smtp) => {
                let now = Instant::from_std(app.clock.instant());
                self.next = now + Duration::from_secs(60) / smtp.per_minute;
                self.sending.push(deliver(app, smtp, mail, letter).boxed());
            }
        }
    }
}

/// The next mail, not before its time. Nothing is lost when it is given up.
async fn due(queue: &mut Waiting, at: Instant, others: bool) -> Option<Mail> {
    sleep_until(at).await;
    queue.recv(others).await
}

async fn deliver(app: &App, smtp: &Smtp, mail: Mail, letter: Letter) {
    if smtp.send(&mail, letter).await.is_ok() {
        app.metrics.mail(Mailed::Sent);
    } else {
        app.metrics.mail(Mailed::Failed);
        tracing::error!("a mail could not be sent; look at the SMTP server");
    }
}
