//! A real server and a few real people in one organization.
//!
//! Not known here: what is shown with them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use relais_chain::unit::Standing;
use relais_client::ClientError;
use relais_client::driver::{Client, Http, Registration, Update, mailbox};
use relais_e2ee::body::Body;
use relais_wire::Private;
use relais_wire::account::Locale;
use relais_wire::ids::{OrgId, ThreadId, UnitId};

use crate::server::Server;

/// Within which a client comes back when the server says nothing, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// Time for something to arrive, or to be done by somebody unasked.
const TIME: Duration = Duration::from_secs(30);

/// A server, its first administrator, and an organization.
pub(super) struct Ward {
    server: Server,
    /// Administers the organization.
    pub ada: Client,
    /// Its root unit.
    pub unit: UnitId,
}

impl core::fmt::Debug for Ward {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ward").finish_non_exhaustive()
    }
}

async fn register(server: &Server, name: &str, token: Option<Vec<u8>>) -> Result<Client> {
    let http = Http::new(&format!("http://{}", server.address()), None)?;
    let email = format!("{name}@relais.example");
    let new = Registration {
        email: Private(email.clone()),
        name: Private(name.to_owned()),
        password: "correct horse battery staple".to_owned().into(),
        locale: Locale::En,
        token,
    };
    let before = mailbox::newest(&http, &email).await?;
    let mail = http.clone();
    let code = async move || mailbox::code(&mail, &email, before).await;
    Ok(Client::register(http, None, new, code).await?.0)
}

impl Ward {
    /// Starts it all.
    ///
    /// # Errors
    /// Anything that goes wrong.
    pub(super) async fn open(program: &Path) -> Result<Self> {
        let server = Server::start(program, &[]).await?;
        let mut ada = register(&server, "ada", Some(hex::decode(server.setup_token()?)?)).await?;
        let unit = ada.create_unit(None, "Hospital", "Ada").await?;
        Ok(Self { server, ada, unit })
    }

    /// The organization.
    pub(super) const fn org(&self) -> OrgId {
        OrgId::from_bytes(*self.unit.as_bytes())
    }

    /// Somebody who belongs to no organization.
    ///
    /// # Errors
    /// Those of registering.
    pub(super) async fn stranger(&self, name: &str) -> Result<Client> {
        register(&self.server, name, None).await
    }

    /// Somebody whom the administrator invited into a unit and vouched for.
    ///
    /// # Errors
    /// Those of registering and of the organization.
    pub(super) async fn colleague(&mut self, name: &str, unit: UnitId) -> Result<Client> {
        let mut client = self.stranger(name).await?;
        let token = self.ada.invite(Some(unit), None, Locale::En).await?.token;
        client.accept_invite(token.0).await?;
        let member = (client.user(), Private(name.to_owned()), Standing::Professional);
        self.ada.attest(unit, &[member]).await?;
        let org = self.ada.organizations().iter().find(|org| UnitId::from(**org) == unit).copied();
        client.focus(Some(org.unwrap_or_else(|| self.org())))?;
        Ok(client)
    }
}

/// Connects and waits until everything that was there has been applied.
///
/// # Errors
/// It took too long.
pub(super) async fn connect(client: &mut Client) -> Result<()> {
    client.connect(PATIENCE_MS);
    until(&mut [client], |_, update| matches!(update, Update::CaughtUp(_))).await
}

/// Lets these clients do what comes until one of them says what is waited for.
///
/// # Errors
/// It took too long, or a client met an attack.
pub(super) async fn until(
    clients: &mut [&mut Client],
    mut is_it: impl FnMut(usize, &Update) -> bool,
) -> Result<()> {
    let wait = async {
        loop {
            {
                let waits = clients.iter_mut().map(|client| Box::pin(client.wait()));
                futures_util::future::select_all(waits).await;
            }
            for (at, client) in clients.iter_mut().enumerate() {
                for update in client.work().await? {
                    if let Update::Trouble(_, error) = &update
                        && error.hostile().is_some()
                    {
                        bail!("an honest server was called hostile: {error}");
                    }
                    if is_it(at, &update) {
                        return Ok(());
                    }
                }
            }
        }
    };
    tokio::time::timeout(TIME, wait).await.context("what was waited for did not come")?
}

/// Writes, and waits until it is durable.
///
/// # Errors
/// It was refused.
pub(super) async fn say(client: &mut Client, thread: ThreadId, text: &str) -> Result<()> {
    client.send(thread, &Body::text(text))?;
    for update in client.flush(20_000).await? {
        match update {
            Update::Refused { refusal, .. } => bail!("refused: {:?}", refusal.code),
            Update::Trouble(_, error) => return Err(error.into()),
            Update::Entry(_)
            | Update::Online
            | Update::Offline { .. }
            | Update::Stopped(_)
            | Update::CaughtUp(_)
            | Update::Resynced(..)
            | Update::Accepted { .. }
            | Update::Invited(_)
            | Update::Rings(_)
            | Update::RingStopped(_)
            | Update::Call(_)
            | Update::CallMissed(_)
            | Update::Gone(_)
            | Update::Renewed(..) => {}
        }
    }
    Ok(())
}

/// The texts somebody can read in a thread, in order.
///
/// # Errors
/// The server's refusal.
pub(super) async fn texts(client: &mut Client, thread: ThreadId) -> Result<Vec<String>, ClientError> {
    use relais_client::driver::Content;
    let messages = client.history(thread).await?;
    Ok(messages
        .into_iter()
        .filter_map(|message| if let Content::Body(body) = message.content { Some(body.text) } else { None })
        .filter(|text| !text.is_empty())
        .collect())
}
