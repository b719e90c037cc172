//! Coming in: registration, sign-in, and going on where an earlier run ended.
//!
//! Not known here: what is done once inside.

use relais_e2ee::account::{self, Account};
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::opaque::{Identity, KsfParams, Registering, SigningIn};
use relais_e2ee::recovery::RecoveryCode;
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, Secret};
use relais_wire::Private;
use relais_wire::account::{
    GetVault, Locale, LoginFinish, LoginStart, RegisterFinish, RegisterStart, SecondFactor, SessionGrant,
    Vault, Wrap,
};
use relais_wire::directory::{GetServer, ServerCard};
use relais_wire::ids::{DeviceId, IdemKey};
use zeroize::Zeroizing;

use super::client::Client;
use super::http::Http;
use super::local::Local;
use super::organization::{prove_root, split_token};
use super::rpc::Rpc;
use super::saved::Saved;
use crate::error::{ClientError, Hostile, refuse};

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Address and login.
    pub email: Private,
    /// The name shown to others.
    pub name: Private,
    /// The password: at least twelve characters.
    pub password: Zeroizing<String>,
    /// Language of mails.
    pub locale: Locale,
    /// Token of an invitation, or the setup token of a new installation.
    pub token: Option<Vec<u8>>,
}

/// What an existing account is entered with.
#[derive(Clone, Debug)]
pub struct Login {
    /// The login.
    pub email: Private,
    /// The password.
    pub password: Zeroizing<String>,
    /// Language of mails.
    pub locale: Locale,
}

/// A server that was asked what it is.
pub(crate) async fn meet(http: &Http) -> Result<ServerCard, ClientError> {
    let card = Rpc::new(http.clone()).call(GetServer {}).await?;
    http.told_time(card.now.get());
    if card.origin.trim_end_matches('/') == http.identity() {
        Ok(card)
    } else {
        Err(ClientError::NotPossible("the server has another address than the one given"))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other error is a bug or a bound, not a person's or a server's doing"
)]
pub(crate) fn secret_error(error: E2eeError) -> ClientError {
    match error {
        E2eeError::WrongPassword | E2eeError::WrapRejected | E2eeError::WrapMissing => {
            ClientError::WrongSecret
        }
        E2eeError::PasswordTooShort => ClientError::WeakPassword,
        E2eeError::ServerKeyChanged => Hostile::ServerKeyChanged.into(),
        E2eeError::KsfRefused => Hostile::WeakKsf.into(),
        E2eeError::VaultRejected
        | E2eeError::VaultMalformed
        | E2eeError::VaultRolledBack
        | E2eeError::VaultHashMismatch => Hostile::OldVault.into(),
        E2eeError::ForeignChain => Hostile::OwnChainChanged.into(),
        E2eeError::ObjectRejected | E2eeError::ObjectMalformed | E2eeError::ObjectRolledBack => {
            Hostile::OldObject.into()
        }
        E2eeError::CodeMalformed | E2eeError::CodeChecksum => ClientError::WrongSecret,
        E2eeError::NoSeed => ClientError::NoKey,
        E2eeError::OpaqueMalformed => ClientError::Protocol,
        _ => ClientError::Platform,
    }
}

/// Runs a second's work of one core where it does not hold up others.
pub(crate) async fn hard_work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, E2eeError> + Send + 'static,
) -> Result<T, ClientError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ClientError::Platform)?.map_err(secret_error)
}

pub(crate) fn key_32(bytes: &[u8]) -> Result<[u8; 32], ClientError> {
    <[u8; 32]>::try_from(bytes).map_err(|_| ClientError::Protocol)
}

/// What came out of coming in.
pub(crate) struct Entered {
    pub(crate) account: Account,
    pub(crate) vault: Vault,
    pub(crate) grant: SessionGrant,
    pub(crate) card: ServerCard,
}

impl Client {
    /// Registers, with the code that `code` brings (it is called when the mail is on its way). Answers the
    /// client and the recovery code, to be shown once.
    ///
    /// # Errors
    /// The server's refusals; [`ClientError::WeakPassword`]; an attack.
    pub async fn register(
        http: Http,
        local: Option<Local>,
        new: Registration,
        code: impl AsyncFnOnce() -> Result<String, ClientError>,
    ) -> Result<(Self, RecoveryCode), ClientError> {
        let card = meet(&http).await?;
        let rpc = Rpc::new(http.clone());
        let (state, request) =
            Registering::start(&new.password, KsfParams::V1, &mut SystemEntropy).map_err(secret_error)?;
        let (token, secret) = new.token.map(split_token).unzip();
        let start = RegisterStart {
            email: new.email,
            invite: token.map(Into::into),
            locale: new.locale,
            opaque: request.into(),
        };
        let started = rpc.call(start).await?;
        let (user, ksf, origin) = (started.user, started.ksf, http.identity().to_owned());
        let response = started.opaque.0;
        let done = hard_work(move || {
            state.finish(&response, &Identity { user, origin: &origin, ksf }, &mut SystemEntropy)
        })
        .await?;
        if done.server_key != key_32(card.opaque_key.as_slice())? {
            refuse(Hostile::ServerKeyChanged)?;
        }
        let opener = Opener::Password(&done.export_key);
        let made = account::create(user, &[opener], done.server_key, http.now_ms(), &mut SystemEntropy)
            .map_err(secret_error)?;
        let proof = secret.flatten().map(|secret| prove_root(&secret, &made.account.root()));
        let code = code().await?;
        let finish = RegisterFinish {
            idem: IdemKey::from_bytes(draw(&mut SystemEntropy)),
            login: started.login,
            code: Private(code),
            opaque: done.upload.into(),
            name: new.name,
            links: made.links,
            boxes: made.boxes,
            vault: made.vault.clone(),
            wraps: made.wraps,
            recovery: made.recovery,
            device: DeviceId::from_bytes(draw(&mut SystemEntropy)),
            proof,
        };
        let grant = rpc.call(finish).await?;
        let entered = Entered { account: made.account, vault: made.vault, grant, card };
        let client = Self::enter(http, local, entered).await?;
        Ok((client, made.code))
    }

    /// Signs in with password and the mailed code.
    ///
    /// # Errors
    /// [`ClientError::WrongSecret`]; the server's refusals; an attack.
    pub async fn login(
        http: Http,
        local: Option<Local>,
        login: Login,
        code: impl AsyncFnOnce() -> Result<String, ClientError>,
    ) -> Result<Self, ClientError> {
        let card = meet(&http).await?;
        let rpc = Rpc::new(http.clone());
        let (state, request) =
            SigningIn::start(&login.password, KsfParams::V1, &mut SystemEntropy).map_err(secret_error)?;
        let started = rpc.call(LoginStart { email: login.email, opaque: request.into() }).await?;
        let pinned = key_32(card.opaque_key.as_slice())?;
        let (user, ksf, origin) = (started.user, started.ksf, http.identity().to_owned());
        let response = started.opaque.0;
        let done = hard_work(move || {
            let identity = Identity { user, origin: &origin, ksf };
            state.finish(&response, &identity, Some(&pinned), &mut SystemEntropy)
        })
        .await?;
        let finish =
            LoginFinish { login: started.login, opaque: done.finalization.into(), locale: login.locale };
        rpc.call(finish).await?;
        let factor = SecondFactor {
            login: started.login,
            code: Private(code().await?),
            device: DeviceId::from_bytes(draw(&mut SystemEntropy)),
        };
        let grant = rpc.call(factor).await?;
        if grant.user != user {
            return Err(ClientError::Protocol);
        }
        let account = Account::open(user, &grant.vault, &grant.wraps, &Opener::Password(&done.export_key))
            .map_err(secret_error)?;
        account.check_server_key(&done.server_key).map_err(secret_error)?;
        let entered = Entered { account, vault: grant.vault.clone(), grant, card };
        Self::enter(http, local, entered).await
    }

    /// Goes on with the account of an earlier run. Works offline: what needs the server fails until it is back.
    ///
    /// # Errors
    /// [`ClientError::NotSignedIn`]; [`ClientError::LocalState`]; an attack.
    pub async fn resume(http: Http, local: Local) -> Result<Self, ClientError> {
        let bytes = local.load()?.ok_or(ClientError::NotSignedIn)?;
        let saved = Saved::decode(&bytes).ok_or(ClientError::LocalState)?;
        http.set_credentials(Some(saved.credentials.clone()));
        let online = match meet(&http).await {
            Ok(card) => {
                if card.opaque_key.0 != saved.opaque_key || card.receipt_key.0 != saved.receipt_key {
                    refuse(Hostile::ServerKeyChanged)?;
                }
                true
            }
            Err(ClientError::Unreachable | ClientError::NoAnswer) => false,
            Err(error) => return Err(error),
        };
        let vault =
            if online { Rpc::new(http.clone()).call(GetVault {}).await? } else { saved.vault.clone() };
        if vault.version < saved.vault.version {
            refuse(Hostile::OldVault)?;
        }
        let opener = Secret::from_bytes(*saved.wrap_key);
        let wraps: [Wrap; 1] = [saved.wrap.clone()];
        let account =
            Account::open(saved.user, &vault, &wraps, &Opener::KeyFile(&opener)).map_err(secret_error)?;
        let mut client = Self::assemble(http, Some(local), account, vault, saved)?;
        if online {
            client.verify_own().await?;
            client.read_pins().await?;
        }
        Ok(client)
    }
}
