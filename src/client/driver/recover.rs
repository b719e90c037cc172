//! Coming back in without the password: a mailed code, the recovery code, and a new password.
//!
//! Not known here: how long the server makes one wait.

use relais_e2ee::account::{self, Account};
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::opaque::{Identity, KsfParams, Registering};
use relais_e2ee::recovery::RecoveryCode;
use relais_e2ee::wrap::Opener;
use relais_wire::Private;
use relais_wire::account::{
    Locale, RecoverAuth, RecoverGranted, RecoverProve, RecoverStart, RecoverStarted, Rekey,
};
use relais_wire::directory::ServerCard;
use relais_wire::ids::{DeviceId, IdemKey, LoginId, UserId};
use zeroize::Zeroizing;

use super::book::{Book, ChainName};
use super::client::Client;
use super::enter::{Entered, hard_work, key_32, meet, secret_error};
use super::http::Http;
use super::local::Local;
use super::rpc::Rpc;
use crate::error::{ClientError, Hostile, refuse};

/// What somebody comes back in with.
#[derive(Debug)]
pub struct Recovery {
    /// The login.
    pub email: Private,
    /// The user's half of the recovery code.
    pub code: RecoveryCode,
    /// The new password: at least twelve characters.
    pub password: Zeroizing<String>,
    /// Language of the mail.
    pub locale: Locale,
}

/// The recovery that was granted.
struct Granted {
    login: LoginId,
    user: UserId,
    answer: RecoverGranted,
}

impl Client {
    /// Comes back in with the recovery code and the code that is mailed, under a new password. The identity and what
    /// it can read stay as they are; all other sessions end. Answers the client and the new recovery code, to be
    /// shown once: the old one is worth nothing from then on.
    ///
    /// # Errors
    /// [`ClientError::WeakPassword`]; the server's refusals: `wrong credentials` for another recovery code than the
    /// account's, `cooling down` with the time to wait, `throttled`; an attack.
    pub async fn recover(
        http: Http,
        local: Option<Local>,
        with: Recovery,
        mailed: impl AsyncFnOnce() -> Result<String, ClientError>,
    ) -> Result<(Self, RecoveryCode), ClientError> {
        let card = meet(&http).await?;
        let rpc = Rpc::new(http.clone());
        let (state, request) =
            Registering::start(&with.password, KsfParams::V1, &mut SystemEntropy).map_err(secret_error)?;
        let started = rpc.call(RecoverStart { email: with.email.clone(), locale: with.locale }).await?;
        let granted = prove(&rpc, &with.code, started, mailed().await?, request).await?;
        let (user, ksf, origin) = (granted.user, granted.answer.ksf, http.identity().to_owned());
        let response = granted.answer.opaque.0.clone();
        let done = hard_work(move || {
            state.finish(&response, &Identity { user, origin: &origin, ksf }, &mut SystemEntropy)
        })
        .await?;
        if done.server_key != key_32(card.opaque_key.as_slice())? {
            refuse(Hostile::ServerKeyChanged)?;
        }
        let mut account = open(&rpc, &granted, &with.code).await?;
        account.check_server_key(&done.server_key).map_err(secret_error)?;
        let opener = Opener::Password(&done.export_key);
        let rewritten = account
            .rekey(&[opener], done.server_key, http.now_ms(), &mut SystemEntropy)
            .map_err(secret_error)?;
        let rekey = Rekey {
            idem: IdemKey::from_bytes(draw(&mut SystemEntropy)),
            login: Some(granted.login),
            opaque: done.upload.into(),
            vault: rewritten.vault,
            wraps: rewritten.wraps,
            recovery: rewritten.recovery,
            links: rewritten.links,
            device: Some(DeviceId::from_bytes(draw(&mut SystemEntropy))),
        };
        enter(http, local, card, account, rekey).await
    }
}

/// Proves the address, then the user's half.
async fn prove(
    rpc: &Rpc,
    code: &RecoveryCode,
    started: RecoverStarted,
    mailed: String,
    opaque: Vec<u8>,
) -> Result<Granted, ClientError> {
    let login = started.login;
    let challenge = rpc.call(RecoverProve { login, code: Private(mailed) }).await?;
    let signature = code.prove(challenge.challenge.as_slice()).to_vec().into();
    let answer = rpc.call(RecoverAuth { login, signature, opaque: opaque.into() }).await?;
    Ok(Granted { login, user: challenge.user, answer })
}

/// Opens the vault with both halves and holds it against the user's own chain. Nothing is signed before.
async fn open(rpc: &Rpc, granted: &Granted, code: &RecoveryCode) -> Result<Account, ClientError> {
    let RecoverGranted { server_half, wrap, vault, .. } = &granted.answer;
    let half = account::server_half(server_half.as_slice()).map_err(|_| ClientError::Protocol)?;
    let opener = Opener::Recovery(code, &half);
    let mut account =
        Account::open(granted.user, vault, core::slice::from_ref(wrap), &opener).map_err(secret_error)?;
    let mut book = Book::recovering(granted.login);
    book.refresh(rpc, ChainName::User(granted.user)).await?;
    let chain = book.chains().user_chain(granted.user).ok_or(ClientError::NotFound)?;
    account.verify(vault, chain).map_err(secret_error)?;
    Ok(account)
}

async fn enter(
    http: Http,
    local: Option<Local>,
    card: ServerCard,
    account: Account,
    rekey: Rekey,
) -> Result<(Client, RecoveryCode), ClientError> {
    let vault = rekey.vault.clone();
    let grant = Rpc::new(http.clone()).surely(rekey).await?.session.ok_or(ClientError::Protocol)?;
    if grant.user != account.user() {
        return Err(ClientError::Protocol);
    }
    let code = account.recovery_code().map(RecoveryCode::duplicate).ok_or(ClientError::Platform)?;
    let entered = Entered { account, vault, grant, card };
    Ok((Client::enter(http, local, entered).await?, code))
}
