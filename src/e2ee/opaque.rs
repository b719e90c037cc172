//! The client's half of the password protocol: OPAQUE (RFC 9807).
//!
//! Parameters of version 1, which the server must mirror exactly:
//!
//! | parameter | value |
//! |---|---|
//! | OPRF | ristretto255-SHA512 (RFC 9497) |
//! | key exchange | 3DH over ristretto255, SHA-512 |
//! | key stretching | Argon2id v1.3, 64 MiB, 3 passes, 4 lanes, salt of 16 zero bytes, output 64 bytes (client only) |
//! | context | empty |
//! | client identity | the user id in lower-case hexadecimal, 32 bytes: libraries that take only text exist |
//! | server identity | the instance's origin as its address bar shows it (`https://host[:port]`), UTF-8 |
//! | credential identifier | the user id, 16 bytes (an address may change, the id does not) |
//! | password | UTF-8 in normal form C |
//!
//! With `opaque-ke` 4 the suite is `OprfCs = Ristretto255`, `KeyExchange = TripleDh<Ristretto255, Sha512>`
//! (`sha2` 0.10); the server may use any `Ksf` type, it never runs it.
//!
//! The server cannot choose the stretching: [`KsfParams`] has one public value, and a server that announces
//! any other is refused before the password is touched.
//!
//! This module lives on the older generation of the curve, digest and random crates; none of their types
//! leave it. Not known here: second factors, sessions, vaults.

use opaque_ke::argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::errors::{InternalError, ProtocolError};
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::ksf::Ksf;
use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialResponse, Identifiers, RegistrationResponse, Ristretto255,
    TripleDh,
};
use relais_wire::account::Ksf as Announced;
use relais_wire::ids::UserId;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, draw};
use crate::error::{E2eeError, refuse};
use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use crate::secret::{Secret, SecretBytes};

/// How hard the password is stretched. Fixed by the protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KsfParams(Announced);

impl KsfParams {
    /// Version 1: 64 MiB, 3 passes, 4 lanes; about half a second in a browser.
    pub const V1: Self = Self(Announced::V1);

    /// Next to nothing, for simulations: a record made with it opens with it alone.
    #[cfg(any(test, feature = "fast-ksf-for-tests"))]
    pub const DANGEROUS_FAST: Self = Self(Announced { memory_kib: 8, passes: 1, lanes: 1 });
}

impl Default for KsfParams {
    fn default() -> Self {
        Self::V1
    }
}

impl Ksf for KsfParams {
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        let params = Params::new(self.0.memory_kib, self.0.passes, self.0.lanes, None)
            .map_err(|_| InternalError::KsfError)?;
        Ksf::hash(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), input)
    }
}

struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_010::Sha512>;
    type Ksf = KsfParams;
}

/// The secret that only the right password gives, 64 bytes; the server never has it.
pub type ExportKey = Secret<64>;

/// The server's static key, pinned at registration.
pub type ServerKey = [u8; 32];

/// Whom the protocol is run between, and the stretching the server announced with its answer.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The account, as the server names it in its first answer.
    pub user: UserId,
    /// The instance's origin, as the client itself knows it.
    pub origin: &'a str,
    /// From the server's answer; refused unless it is version 1's.
    pub ksf: Announced,
}

impl Identity<'_> {
    fn check(&self) -> Result<(), E2eeError> {
        if self.ksf == Announced::V1 { Ok(()) } else { refuse(E2eeError::KsfRefused) }
    }
}

/// A registration (or change of password) under way.
pub struct Registering {
    state: ClientRegistration<Suite>,
    password: SecretBytes,
    ksf: KsfParams,
}

/// What a registration gives.
#[derive(Debug)]
pub struct Registered {
    /// `RegistrationUpload`, for the server.
    pub upload: Vec<u8>,
    /// Opens the vault's password wrap.
    pub export_key: ExportKey,
    /// The server's key, to pin.
    pub server_key: ServerKey,
}

impl Registering {
    /// Begins: the state to keep and the `RegistrationRequest` to send.
    ///
    /// # Errors
    /// [`E2eeError::PasswordTooShort`]; [`E2eeError::TooLong`].
    pub fn start(
        password: &str,
        ksf: KsfParams,
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, Vec<u8>), E2eeError> {
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(E2eeError::PasswordTooShort);
        }
        let password = normalized(password)?;
        let started = ClientRegistration::<Suite>::start(&mut Rng08(entropy), &password)
            .map_err(|_| E2eeError::OpaqueMalformed)?;
        let request = started.message.serialize().to_vec();
        Ok((Self { state: started.state, password, ksf }, request))
    }

    /// Ends with the server's `RegistrationResponse`. Takes about a second of one core and 64 MiB.
    ///
    /// # Errors
    /// [`E2eeError::KsfRefused`]; [`E2eeError::OpaqueMalformed`].
    pub fn finish(
        self,
        response: &[u8],
        identity: &Identity<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<Registered, E2eeError> {
        identity.check()?;
        let response = RegistrationResponse::deserialize(response).map_err(|_| E2eeError::OpaqueMalformed)?;
        let client = identity.user.to_hex();
        let params = ClientRegistrationFinishParameters::new(identifiers(identity, &client), Some(&self.ksf));
        let done = self
            .state
            .finish(&mut Rng08(entropy), &self.password, response, params)
            .map_err(|_| E2eeError::OpaqueMalformed)?;
        Ok(Registered {
            upload: done.message.serialize().to_vec(),
            export_key: Secret::from_bytes(done.export_key.into()),
            server_key: done.server_s_pk.serialize().into(),
        })
    }
}

/// A sign-in under way.
pub struct SigningIn {
    state: ClientLogin<Suite>,
    password: SecretBytes,
    ksf: KsfParams,
}

/// What a sign-in gives.
#[derive(Debug)]
pub struct SignedIn {
    /// `CredentialFinalization` (KE3), for the server.
    pub finalization: Vec<u8>,
    /// Opens the vault's password wrap.
    pub export_key: ExportKey,
    /// The server's key: to be compared with the one in the vault once that is open.
    pub server_key: ServerKey,
}

impl SigningIn {
    /// Begins: the state to keep and the `CredentialRequest` (KE1) to send.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`].
    pub fn start(
        password: &str,
        ksf: KsfParams,
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, Vec<u8>), E2eeError> {
        let password = normalized(password)?;
        let started = ClientLogin::<Suite>::start(&mut Rng08(entropy), &password)
            .map_err(|_| E2eeError::OpaqueMalformed)?;
        let request = started.message.serialize().to_vec();
        Ok((Self { state: started.state, password, ksf }, request))
    }

    /// Ends with the server's `CredentialResponse` (KE2). `pinned` is the server's key where this device
    /// remembers it. Takes about a second of one core and 64 MiB.
    ///
    /// # Errors
    /// [`E2eeError::KsfRefused`]; [`E2eeError::WrongPassword`] (also for an unknown login);
    /// [`E2eeError::OpaqueMalformed`]; [`E2eeError::ServerKeyChanged`].
    pub fn finish(
        self,
        response: &[u8],
        identity: &Identity<'_>,
        pinned: Option<&ServerKey>,
        entropy: &mut dyn Entropy,
    ) -> Result<SignedIn, E2eeError> {
        identity.check()?;
        let response = CredentialResponse::deserialize(response).map_err(|_| E2eeError::OpaqueMalformed)?;
        let client = identity.user.to_hex();
        let params = ClientLoginFinishParameters::new(None, identifiers(identity, &client), Some(&self.ksf));
        let done =
            self.state.finish(&mut Rng08(entropy), &self.password, response, params).map_err(login_error)?;
        let server_key: ServerKey = done.server_s_pk.serialize().into();
        if pinned.is_some_and(|pinned| *pinned != server_key) {
            refuse(E2eeError::ServerKeyChanged)?;
        }
        Ok(SignedIn {
            finalization: done.message.serialize().to_vec(),
            export_key: Secret::from_bytes(done.export_key.into()),
            server_key,
        })
    }
}

fn login_error(error: ProtocolError) -> E2eeError {
    match error {
        ProtocolError::InvalidLoginError => E2eeError::WrongPassword,
        ProtocolError::LibraryError(_)
        | ProtocolError::SerializationError
        | ProtocolError::ReflectedValueError
        | ProtocolError::SizeError { .. }
        | ProtocolError::Custom(_) => E2eeError::OpaqueMalformed,
    }
}

fn identifiers<'a>(identity: &'a Identity<'_>, client: &'a str) -> Identifiers<'a> {
    Identifiers { client: Some(client.as_bytes()), server: Some(identity.origin.as_bytes()) }
}

/// One keyboard types é as one character, another as two: both are one password.
fn normalized(password: &str) -> Result<SecretBytes, E2eeError> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(E2eeError::TooLong);
    }
    // Room for the longest growth of normal form C, so that no unwiped copy is left by a reallocation.
    let mut text = Zeroizing::new(String::with_capacity(password.len() * 3));
    text.extend(password.nfc());
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}

impl core::fmt::Debug for Registering {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Registering(…)")
    }
}

impl core::fmt::Debug for SigningIn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SigningIn(…)")
    }
}

/// The older generation of random traits.
struct Rng08<'a>(&'a mut dyn Entropy);

impl rand08::RngCore for Rng08<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_be_bytes(draw(self.0))
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_be_bytes(draw(self.0))
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand08::Error> {
        self.0.fill(out);
        Ok(())
    }
}

impl rand08::CryptoRng for Rng08<'_> {}

#[cfg(test)]
#[path = "opaque_tests.rs"]
mod tests;
