//! The server's half of OPAQUE (RFC 9807): ristretto255-SHA512, 3DH, no context; identifiers are the user's id in
//! hexadecimal (client) and the instance's origin (server); the credential identifier is the user's id.
//!
//! A login that does not exist is answered from a made-up record of a made-up id, both stable, so that the
//! two cases look alike from outside.
//!
//! Not known here: passwords, the stretching of them (the client's, fixed by the protocol version), and what
//! the export key opens.

use opaque_ke::{
    CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload,
    ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup,
};
use rand08::rngs::OsRng;
use relais_wire::ids::UserId;

use crate::app::App;
use crate::keys::Suite;

/// An OPAQUE message does not decode or does not verify. Which of the two is never told to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an OPAQUE message does not decode or does not verify")]
pub(crate) struct OpaqueError;

/// The instance's long-lived secret and the name it answers under. Losing the one, or changing the other,
/// invalidates every password.
#[derive(Clone, Copy)]
pub(crate) struct OpaqueServer<'a> {
    setup: &'a ServerSetup<Suite>,
    origin: &'a str,
}

/// An answer to the first message of a sign-in.
pub(crate) struct LoginAnswer {
    /// `CredentialResponse` for the client.
    pub(crate) message: Vec<u8>,
    /// What the server needs to check the last message.
    pub(crate) state: Vec<u8>,
}

impl<'a> OpaqueServer<'a> {
    /// Of this instance.
    pub(crate) fn of(app: &'a App) -> Self {
        Self { setup: &app.keys.opaque, origin: &app.settings.origin }
    }

    /// The public key clients pin.
    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.setup.keypair().public().serialize().to_vec()
    }

    /// Answers a `RegistrationRequest`.
    ///
    /// # Errors
    /// [`OpaqueError`].
    pub(crate) fn register_start(&self, user: UserId, request: &[u8]) -> Result<Vec<u8>, OpaqueError> {
        let request = RegistrationRequest::deserialize(request).map_err(|_| OpaqueError)?;
        let answer =
            ServerRegistration::start(self.setup, request, user.as_bytes()).map_err(|_| OpaqueError)?;
        Ok(answer.message.serialize().to_vec())
    }

    /// Turns a `RegistrationUpload` into the record to keep.
    ///
    /// # Errors
    /// [`OpaqueError`].
    pub(crate) fn register_finish(upload: &[u8]) -> Result<Vec<u8>, OpaqueError> {
        let upload = RegistrationUpload::<Suite>::deserialize(upload).map_err(|_| OpaqueError)?;
        Ok(ServerRegistration::finish(upload).serialize().to_vec())
    }

    /// Answers a `CredentialRequest`; `record` is absent where there is no such account.
    ///
    /// # Errors
    /// [`OpaqueError`].
    pub(crate) fn login_start(
        &self,
        user: UserId,
        record: Option<&[u8]>,
        request: &[u8],
    ) -> Result<LoginAnswer, OpaqueError> {
        let record =
            record.map(ServerRegistration::<Suite>::deserialize).transpose().map_err(|_| OpaqueError)?;
        let request = CredentialRequest::deserialize(request).map_err(|_| OpaqueError)?;
        let answer = ServerLogin::start(
            &mut OsRng,
            self.setup,
            record,
            request,
            user.as_bytes(),
            self.parameters(&user.to_hex()),
        )
        .map_err(|_| OpaqueError)?;
        Ok(LoginAnswer {
            message: answer.message.serialize().to_vec(),
            state: answer.state.serialize().to_vec(),
        })
    }

    /// Checks a `CredentialFinalization`: the one proof of a password.
    ///
    /// # Errors
    /// [`OpaqueError`] for a wrong password, a made-up record, or bytes that are no such message.
    pub(crate) fn login_finish(&self, user: UserId, state: &[u8], message: &[u8]) -> Result<(), OpaqueError> {
        let state = ServerLogin::<Suite>::deserialize(state).map_err(|_| OpaqueError)?;
        let message = CredentialFinalization::deserialize(message).map_err(|_| OpaqueError)?;
        state.finish(message, self.parameters(&user.to_hex())).map(|_| ()).map_err(|_| OpaqueError)
    }

    fn parameters<'u>(&self, client: &'u str) -> ServerLoginParameters<'static, 'u>
    where
        'a: 'u,
    {
        ServerLoginParameters {
            context: None,
            identifiers: Identifiers {
                client: Some(client.as_bytes()),
                server: Some(self.origin.as_bytes()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use opaque_ke::{
        ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
        CredentialResponse, Identifiers, RegistrationResponse, ServerSetup,
    };
    use rand08::rngs::OsRng;
    use relais_wire::ids::UserId;

    use super::OpaqueServer;
    use crate::keys::Suite;

    const ORIGIN: &str = "https://relais.test";

    fn cheap() -> argon2::Argon2<'static> {
        let params = argon2::Params::new(8, 1, 1, None).unwrap();
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
    }

    fn identifiers(client: &str) -> Identifiers<'_> {
        Identifiers { client: Some(client.as_bytes()), server: Some(ORIGIN.as_bytes()) }
    }

    fn setup() -> ServerSetup<Suite> {
        ServerSetup::new(&mut OsRng)
    }

    fn record(server: &OpaqueServer<'_>, user: UserId, password: &[u8]) -> Vec<u8> {
        let start = ClientRegistration::<Suite>::start(&mut OsRng, password).unwrap();
        let answer = server.register_start(user, &start.message.serialize()).unwrap();
        let finish = start
            .state
            .finish(
                &mut OsRng,
                password,
                RegistrationResponse::deserialize(&answer).unwrap(),
                ClientRegistrationFinishParameters::new(identifiers(&user.to_hex()), Some(&cheap())),
            )
            .unwrap();
        OpaqueServer::register_finish(&finish.message.serialize()).unwrap()
    }

    /// The client's last message, where the client itself accepts the answer.
    fn proof(
        server: &OpaqueServer<'_>,
        user: UserId,
        record: Option<&[u8]>,
        password: &[u8],
    ) -> Option<(Vec<u8>, Vec<u8>)> {
        let start = ClientLogin::<Suite>::start(&mut OsRng, password).unwrap();
        let answer = server.login_start(user, record, &start.message.serialize()).unwrap();
        let finish = start.state.finish(
            &mut OsRng,
            password,
            CredentialResponse::deserialize(&answer.message).unwrap(),
            ClientLoginFinishParameters::new(None, identifiers(&user.to_hex()), Some(&cheap())),
        );
        finish.ok().map(|finish| (answer.state, finish.message.serialize().to_vec()))
    }

    #[test]
    fn only_the_right_password_of_the_right_user_signs_in() {
        let setup = setup();
        let server = OpaqueServer { setup: &setup, origin: ORIGIN };
        let (ada, ben) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let kept = record(&server, ada, b"correct horse battery");
        let (state, message) = proof(&server, ada, Some(&kept), b"correct horse battery").unwrap();
        assert!(server.login_finish(ada, &state, &message).is_ok());
        assert!(proof(&server, ada, Some(&kept), b"wrong").is_none());
        assert!(proof(&server, ben, Some(&kept), b"correct horse battery").is_none());
        let (other, _) = proof(&server, ada, Some(&kept), b"correct horse battery").unwrap();
        assert!(server.login_finish(ada, &other, &message).is_err());
        assert!(server.login_finish(ada, &state, &[0; 64]).is_err());
    }

    #[test]
    fn an_unknown_login_is_answered_with_messages_of_the_same_form() {
        let setup = setup();
        let server = OpaqueServer { setup: &setup, origin: ORIGIN };
        let user = UserId::from_bytes([3; 16]);
        let start = ClientLogin::<Suite>::start(&mut OsRng, b"x").unwrap();
        let kept = record(&server, user, b"password");
        let known = server.login_start(user, Some(&kept), &start.message.serialize()).unwrap();
        let unknown = server.login_start(user, None, &start.message.serialize()).unwrap();
        assert_eq!(known.message.len(), unknown.message.len());
        assert!(proof(&server, user, None, b"password").is_none());
    }

    #[test]
    fn bytes_that_are_no_opaque_message_are_refused() {
        let setup = setup();
        let server = OpaqueServer { setup: &setup, origin: ORIGIN };
        let user = UserId::from_bytes([4; 16]);
        assert!(server.login_start(user, None, b"short").is_err());
        assert!(server.login_start(user, Some(b"no record"), b"short").is_err());
        assert!(server.register_start(user, b"short").is_err());
        assert!(OpaqueServer::register_finish(b"short").is_err());
    }
}
