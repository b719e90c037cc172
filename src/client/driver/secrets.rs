//! What an account is entered with, changed from a running session: the password, the recovery code; and the
//! sessions that are open.
//!
//! Not known here: coming in.

use relais_e2ee::account::{Account, Rewritten};
use relais_e2ee::entropy::{SystemEntropy, draw};
use relais_e2ee::opaque::{Identity, KsfParams, Registering};
use relais_e2ee::recovery::RecoveryCode;
use relais_e2ee::wrap::Opener;
use relais_e2ee::{E2eeError, Secret};
use relais_wire::account::{
    ListSessions, PasswordStart, Rekey, RenewRecovery, RevokeSession, SessionCard, Vault,
};
use relais_wire::ids::{IdemKey, SessionId};

use super::client::Client;
use super::enter::{hard_work, secret_error};
use super::ring::Ring;
use crate::error::ClientError;

fn idem() -> IdemKey {
    IdemKey::from_bytes(draw(&mut SystemEntropy))
}

impl Client {
    /// Gives the account a new password, and with it a new vault key and a new recovery code, which is answered to
    /// be shown once. This session stays, all others end; the old password and the old recovery code are worth
    /// nothing from then on.
    ///
    /// # Errors
    /// [`ClientError::WeakPassword`]; the server's refusals; an attack. On a refusal everything is as before.
    pub async fn change_password(&mut self, password: &str) -> Result<RecoveryCode, ClientError> {
        let (state, request) =
            Registering::start(password, KsfParams::V1, &mut SystemEntropy).map_err(secret_error)?;
        let started = self.rpc.call(PasswordStart { opaque: request.into() }).await?;
        let (user, ksf, origin) = (self.user(), started.ksf, self.rpc.http.identity().to_owned());
        let response = started.opaque.0;
        let done = hard_work(move || {
            state.finish(&response, &Identity { user, origin: &origin, ksf }, &mut SystemEntropy)
        })
        .await?;
        self.account.check_server_key(&done.server_key).map_err(secret_error)?;
        // The newest vault and the newest end of the chain: what is signed next continues them.
        self.verify_own().await?;
        let now = self.now_ms();
        let opener = Opener::Password(&done.export_key);
        let rewritten = self.account.rekey(&[opener], done.server_key, now, &mut SystemEntropy);
        let Rewritten { vault, links, wraps, recovery } = rewritten.map_err(secret_error)?;
        let rekey = Rekey {
            idem: idem(),
            login: None,
            opaque: done.upload.into(),
            vault: vault.clone(),
            wraps,
            recovery,
            links,
            device: None,
        };
        let outcome = self.rpc.surely(rekey).await.map(drop);
        self.conclude_rewrite(vault, outcome).await
    }

    /// Gives the account a new recovery code, to be shown once (SEC-11); the old one is worth nothing from then on.
    /// Password and sessions stay.
    ///
    /// # Errors
    /// The server's refusals; an attack. On a refusal everything is as before.
    pub async fn renew_recovery(&mut self) -> Result<RecoveryCode, ClientError> {
        self.verify_own().await?;
        let now = self.now_ms();
        let rewritten = self.account.renew_recovery(now, &mut SystemEntropy).map_err(secret_error)?;
        let Rewritten { vault, links, wraps, recovery } = rewritten;
        let (Some(recovery), Some(wrap)) = (recovery, wraps.into_iter().next()) else {
            return Err(ClientError::Platform);
        };
        let renew = RenewRecovery { idem: idem(), recovery, wrap, vault: vault.clone(), links };
        let outcome = self.rpc.surely(renew).await.map(drop);
        self.conclude_rewrite(vault, outcome).await
    }

    /// The recovery code, to show it again.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for an account without one; those of the connection.
    pub async fn recovery_code(&mut self) -> Result<RecoveryCode, ClientError> {
        // Another device may have renewed it.
        self.verify_own().await?;
        self.account.recovery_code().map(RecoveryCode::duplicate).ok_or(ClientError::NotFound)
    }

    /// Keeps a rewritten vault, or goes back to the one before.
    async fn conclude_rewrite(
        &mut self,
        vault: Vault,
        outcome: Result<(), ClientError>,
    ) -> Result<RecoveryCode, ClientError> {
        let opener = Secret::from_bytes(*self.saved.wrap_key);
        if let Err(error) = outcome {
            let wraps = core::slice::from_ref(&self.saved.wrap);
            let before = Account::open(self.user(), &self.saved.vault, wraps, &Opener::KeyFile(&opener));
            self.account = before.map_err(secret_error)?;
            self.ring = Ring::own(&self.account);
            self.is_verified = false;
            return Err(error);
        }
        self.saved.wrap =
            self.account.wrap_also(&Opener::KeyFile(&opener), &mut SystemEntropy).map_err(secret_error)?;
        self.saved.vault = vault;
        self.save()?;
        // Its links are at home in the own chain now.
        self.verify_own().await?;
        let code = self.account.recovery_code().map(RecoveryCode::duplicate);
        code.ok_or(E2eeError::WrapMissing).map_err(secret_error)
    }

    /// The user's open sessions, newest first.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn sessions(&self) -> Result<Vec<SessionCard>, ClientError> {
        self.rpc.call(ListSessions {}).await.map(|answer| answer.sessions)
    }

    /// Ends one of the user's sessions at once; the own one signs out.
    ///
    /// # Errors
    /// The server's refusals.
    pub async fn revoke_session(&self, session: SessionId) -> Result<(), ClientError> {
        self.rpc.surely(RevokeSession { idem: idem(), session }).await.map(drop)
    }
}
