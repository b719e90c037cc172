//! The client against a server made of the same library, and the negative cases.

use opaque_ke::{
    CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin,
    ServerLoginParameters, ServerRegistration, ServerSetup,
};
use relais_wire::ids::UserId;

use super::{
    Announced, Identifiers, Identity, KsfParams, Registered, Registering, Rng08, SignedIn, SigningIn, Suite,
};
use crate::entropy::ReplayedEntropy;
use crate::error::E2eeError;

const PASSWORD: &str = "correct horse battery";
const ORIGIN: &str = "https://relais.example";

struct Server {
    setup: ServerSetup<Suite>,
    record: Vec<u8>,
    entropy: ReplayedEntropy,
}

fn user() -> UserId {
    UserId::from_bytes([7; 16])
}

fn identity() -> Identity<'static> {
    Identity { user: user(), origin: ORIGIN, ksf: Announced::V1 }
}

fn register(ksf: KsfParams) -> (Server, Registered) {
    let mut entropy = ReplayedEntropy::dangerous_from_seed([9; 32]);
    let setup = ServerSetup::<Suite>::new(&mut Rng08(&mut entropy));
    let mut client = ReplayedEntropy::dangerous_from_seed([1; 32]);
    let (state, request) = Registering::start(PASSWORD, ksf, &mut client).unwrap();
    let request = RegistrationRequest::deserialize(&request).unwrap();
    let answer = ServerRegistration::<Suite>::start(&setup, request, user().as_bytes()).unwrap();
    let registered = state.finish(&answer.message.serialize(), &identity(), &mut client).unwrap();
    let upload = RegistrationUpload::<Suite>::deserialize(&registered.upload).unwrap();
    let record = ServerRegistration::finish(upload).serialize().to_vec();
    (Server { setup, record, entropy }, registered)
}

fn log_in(server: &mut Server, password: &str, identity: &Identity<'_>) -> Result<SignedIn, E2eeError> {
    let mut client = ReplayedEntropy::dangerous_from_seed([2; 32]);
    let (state, ke1) = SigningIn::start(password, KsfParams::DANGEROUS_FAST, &mut client)?;
    let record = ServerRegistration::<Suite>::deserialize(&server.record).unwrap();
    let client_id = user().to_hex();
    let params = || ServerLoginParameters {
        context: None,
        identifiers: Identifiers { client: Some(client_id.as_bytes()), server: Some(ORIGIN.as_bytes()) },
    };
    let started = ServerLogin::start(
        &mut Rng08(&mut server.entropy),
        &server.setup,
        Some(record),
        CredentialRequest::deserialize(&ke1).unwrap(),
        user().as_bytes(),
        params(),
    )
    .unwrap();
    let done = state.finish(&started.message.serialize(), identity, None, &mut client)?;
    let finalization = CredentialFinalization::deserialize(&done.finalization).unwrap();
    started.state.finish(finalization, params()).expect("the server accepts what the client proved");
    Ok(done)
}

#[test]
fn the_export_key_returns_at_every_sign_in() {
    let (mut server, registered) = register(KsfParams::DANGEROUS_FAST);
    let done = log_in(&mut server, PASSWORD, &identity()).unwrap();
    assert!(done.export_key.same(&registered.export_key));
    assert_eq!(done.server_key, registered.server_key);
}

#[test]
fn another_password_user_or_origin_is_refused() {
    let (mut server, _) = register(KsfParams::DANGEROUS_FAST);
    let stranger = Identity { user: UserId::from_bytes([8; 16]), ..identity() };
    let phisher = Identity { origin: "https://relais.example.org", ..identity() };
    for (password, identity) in
        [("correct horse batterz", identity()), (PASSWORD, stranger), (PASSWORD, phisher)]
    {
        assert_eq!(log_in(&mut server, password, &identity).unwrap_err(), E2eeError::WrongPassword);
    }
}

/// SEC-01: a record made with one stretching opens with no other, so a server cannot talk a client down.
#[test]
fn weaker_stretching_gives_another_key() {
    let (mut server, _) = register(KsfParams(Announced { passes: 2, ..KsfParams::DANGEROUS_FAST.0 }));
    assert_eq!(log_in(&mut server, PASSWORD, &identity()).unwrap_err(), E2eeError::WrongPassword);
    assert_eq!(KsfParams::default().0, Announced { memory_kib: 65_536, passes: 3, lanes: 4 });
}

/// SEC-01
#[test]
fn a_server_that_announces_other_stretching_is_refused() {
    let (mut server, _) = register(KsfParams::DANGEROUS_FAST);
    for ksf in [
        Announced { memory_kib: 19 * 1024, ..Announced::V1 },
        Announced { passes: 2, ..Announced::V1 },
        Announced { lanes: 1, ..Announced::V1 },
        Announced { passes: 4, ..Announced::V1 },
    ] {
        let refused = log_in(&mut server, PASSWORD, &Identity { ksf, ..identity() }).unwrap_err();
        assert_eq!(refused, E2eeError::KsfRefused);
    }
}

#[test]
fn a_server_with_another_key_is_noticed() {
    let (mut server, registered) = register(KsfParams::DANGEROUS_FAST);
    let mut client = ReplayedEntropy::dangerous_from_seed([2; 32]);
    let (state, ke1) = SigningIn::start(PASSWORD, KsfParams::DANGEROUS_FAST, &mut client).unwrap();
    let record = ServerRegistration::<Suite>::deserialize(&server.record).unwrap();
    let started = ServerLogin::start(
        &mut Rng08(&mut server.entropy),
        &server.setup,
        Some(record),
        CredentialRequest::deserialize(&ke1).unwrap(),
        user().as_bytes(),
        ServerLoginParameters {
            context: None,
            identifiers: Identifiers {
                client: Some(user().to_hex().as_bytes()),
                server: Some(ORIGIN.as_bytes()),
            },
        },
    )
    .unwrap();
    let mut pinned = registered.server_key;
    pinned[0] ^= 1;
    let refused = state.finish(&started.message.serialize(), &identity(), Some(&pinned), &mut client);
    assert_eq!(refused.unwrap_err(), E2eeError::ServerKeyChanged);
}

#[test]
fn malformed_answers_are_refused() {
    let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
    for bad in [&[][..], &[0; 64], &[0xff; 64], &[1; 320]] {
        let (state, _) = Registering::start(PASSWORD, KsfParams::DANGEROUS_FAST, &mut entropy).unwrap();
        assert_eq!(state.finish(bad, &identity(), &mut entropy).unwrap_err(), E2eeError::OpaqueMalformed);
        let (state, _) = SigningIn::start(PASSWORD, KsfParams::DANGEROUS_FAST, &mut entropy).unwrap();
        let refused = state.finish(bad, &identity(), None, &mut entropy).unwrap_err();
        assert_eq!(refused, E2eeError::OpaqueMalformed);
    }
}

#[test]
fn a_reflected_request_is_refused() {
    let (server, _) = register(KsfParams::DANGEROUS_FAST);
    let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
    let (state, request) = Registering::start(PASSWORD, KsfParams::DANGEROUS_FAST, &mut entropy).unwrap();
    let reflected = [request, server.setup.keypair().public().serialize().to_vec()].concat();
    assert_eq!(state.finish(&reflected, &identity(), &mut entropy).unwrap_err(), E2eeError::OpaqueMalformed);
}

#[test]
fn passwords_are_one_however_they_are_typed_and_never_short() {
    let (mut server, _) = register(KsfParams::DANGEROUS_FAST);
    drop(log_in(&mut server, PASSWORD, &identity()).unwrap());
    assert_eq!(super::normalized("caf\u{e9}").unwrap(), super::normalized("cafe\u{301}").unwrap());
    let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
    let short = Registering::start("elevenchars", KsfParams::V1, &mut entropy).unwrap_err();
    assert_eq!(short, E2eeError::PasswordTooShort);
    let long = SigningIn::start(&"x".repeat(2000), KsfParams::V1, &mut entropy).unwrap_err();
    assert_eq!(long, E2eeError::TooLong);
}

/// The suite of the published vectors: ours without stretching.
struct Published;

impl opaque_ke::CipherSuite for Published {
    type OprfCs = opaque_ke::Ristretto255;
    type KeyExchange = opaque_ke::TripleDh<opaque_ke::Ristretto255, sha2_010::Sha512>;
    type Ksf = opaque_ke::ksf::Identity;
}

/// Gives out what the vectors say was drawn. A scalar is drawn as 64 bytes and reduced, so a given one is
/// followed by zeros.
struct Script(std::collections::VecDeque<u8>);

impl crate::Entropy for Script {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            *byte = self.0.pop_front().expect("the script covers every draw");
        }
    }
}

fn script(parts: &[Vec<u8>]) -> Script {
    Script(parts.concat().into())
}

/// RFC 9807, C.1.1 and C.1.2.
#[test]
fn the_published_transcripts_are_met() {
    use opaque_ke::{
        ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    };
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/e2ee-opaque.json")).unwrap();
    let transcripts = file["cases"].as_array().unwrap().iter().filter(|case| case["op"] == "opaque");
    let mut count = 0;
    for case in transcripts {
        let input = |name: &str| hex::decode(case["inputs"][name].as_str().unwrap_or_default()).unwrap();
        let output = |name: &str| hex::decode(case["output"][name].as_str().unwrap()).unwrap();
        let (client, server) = (input("client_identity"), input("server_identity"));
        let named = |id: &'_ [u8]| if id.is_empty() { None } else { Some(id.to_vec()) };
        let (client, server) = (named(&client), named(&server));
        let ids = Identifiers { client: client.as_deref(), server: server.as_deref() };
        let password = input("password");

        let mut drawn = script(&[input("blind_registration"), vec![0; 32], input("envelope_nonce")]);
        let started = ClientRegistration::<Published>::start(&mut Rng08(&mut drawn), &password).unwrap();
        assert_eq!(started.message.serialize().to_vec(), output("registration_request"));
        let answer = opaque_ke::RegistrationResponse::deserialize(&input("registration_response")).unwrap();
        let params = ClientRegistrationFinishParameters::new(ids, None);
        let done = started.state.finish(&mut Rng08(&mut drawn), &password, answer, params).unwrap();
        assert_eq!(done.message.serialize().to_vec(), output("registration_upload"));
        assert_eq!(done.export_key.to_vec(), output("export_key"));

        let parts = [input("blind_login"), vec![0; 32], input("client_keyshare_seed"), input("client_nonce")];
        let mut drawn = script(&parts);
        let started = ClientLogin::<Published>::start(&mut Rng08(&mut drawn), &password).unwrap();
        assert_eq!(started.message.serialize().to_vec(), output("ke1"));
        let answer = opaque_ke::CredentialResponse::deserialize(&input("ke2")).unwrap();
        let context = input("context");
        let params = ClientLoginFinishParameters::new(Some(&context), ids, None);
        let done = started.state.finish(&mut Rng08(&mut drawn), &password, answer, params).unwrap();
        assert_eq!(done.message.serialize().to_vec(), output("ke3"));
        assert_eq!(done.export_key.to_vec(), output("export_key"));
        assert_eq!(done.session_key.to_vec(), output("session_key"));
        count += 1;
    }
    assert_eq!(count, 2);
}

/// SEC-01: what version 1 stretches to, so that every client stretches alike.
#[test]
fn the_stretching_of_version_1_is_unchanged() {
    use opaque_ke::generic_array::GenericArray;
    use opaque_ke::generic_array::typenum::U64;
    use opaque_ke::ksf::Ksf as _;
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/e2ee-opaque.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["op"] == "stretch").unwrap();
    let input = hex::decode(case["inputs"]["input"].as_str().unwrap()).unwrap();
    let input = GenericArray::<u8, U64>::clone_from_slice(&input);
    let stretched = KsfParams::V1.hash(input).unwrap();
    assert_eq!(hex::encode(stretched), case["output"].as_str().unwrap());
    assert_eq!(case["inputs"]["memory_kib"], 65_536);
}
