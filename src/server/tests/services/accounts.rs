//! Registration, sign-in, sessions, recovery, the user's own objects.

use relais_chain::sign;
use relais_server::services::{self, Caller};
use relais_wire::account::{
    GetObject, GetVault, ListSessions, Locale, ObjectKind, PutObject, PutVault, RecoverAuth, RecoverProve,
    RecoverStart, Rekey, ResendCode, RevokeSession, SecondFactor,
};
use relais_wire::chains::ChainKind;
use relais_wire::control::{HelloSession, proof_input};
use relais_wire::directory::GetServer;
use relais_wire::ids::{DeviceId, Seq, SessionId};
use relais_wire::scalar::{Bin, Private};
use relais_wire::{CloseCode, ErrorCode};

use crate::kit::*;

#[tokio::test]
async fn somebody_registers_and_signs_in_on_another_device() {
    // ACC-05, SEC-09
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "Ada@Example.org").await;
    assert_eq!((ada.grant.vault.clone(), ada.grant.wraps.len()), (vault(1), 2));
    let grant = sign_in(&mut server, " ada@example.ORG").await.unwrap();
    assert_eq!(grant.user, ada.user);
    assert_eq!(grant.vault, vault(1));
    let sessions = server.call(Caller::Session(ada.who), ListSessions {}).await.unwrap().sessions;
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|s| s.current).count(), 1);
    let card = server.anonymous(GetServer {}).await.unwrap();
    assert_eq!((card.origin.as_str(), card.root), (ORIGIN, None));
}

#[tokio::test]
async fn a_repeated_finish_gets_the_same_session_and_other_bytes_are_refused() {
    let mut server = Server::open(Wish::default()).await;
    let mut half = half_registered(&server, &World::default(), "ada@example.org", None).await.unwrap();
    half.finish.code = server.code();
    let first = server.anonymous(half.finish.clone()).await.unwrap();
    let again = server.anonymous(half.finish.clone()).await.unwrap();
    assert_eq!(first.session, again.session);
    half.finish.name = "Dr Other".into();
    assert_eq!(refused(server.anonymous(half.finish).await), ErrorCode::IdempotencyMismatch);
}

#[tokio::test]
async fn a_wrong_code_counts_and_the_right_one_comes_too_late_after_five() {
    // SEC-09: "a wrong or expired code"
    let mut server = Server::open(Wish::default()).await;
    let mut half = half_registered(&server, &World::default(), "ada@example.org", None).await.unwrap();
    let right = server.code();
    half.finish.code = "not it".into();
    for _ in 0..5 {
        assert_eq!(refused(server.anonymous(half.finish.clone()).await), ErrorCode::CodeWrong);
    }
    half.finish.code = right;
    assert_eq!(refused(server.anonymous(half.finish).await), ErrorCode::TooManyTries);
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let mut server = Server::open(Wish::default()).await;
    let mut half = half_registered(&server, &World::default(), "ada@example.org", None).await.unwrap();
    half.finish.code = server.code();
    server.pass(600_001);
    assert_eq!(refused(server.anonymous(half.finish).await), ErrorCode::CodeExpired);
}

#[tokio::test]
async fn a_new_code_replaces_the_old_one_and_there_are_three() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    register(&mut server, &mut world, "ada@example.org").await;
    let login = password(&server, "ada@example.org", PASSWORD).await.unwrap();
    let first = server.code();
    assert_eq!(refused(server.anonymous(ResendCode { login }).await), ErrorCode::Throttled);
    server.pass(31_000);
    assert_eq!(server.anonymous(ResendCode { login }).await.unwrap().left, 1);
    let second = server.code();
    let device = DeviceId::from_bytes(random());
    let old = server.anonymous(SecondFactor { login, code: first.clone(), device }).await;
    if first != second {
        assert_eq!(refused(old), ErrorCode::CodeWrong);
    }
    server.pass(31_000);
    assert_eq!(server.anonymous(ResendCode { login }).await.unwrap().left, 0);
    server.pass(31_000);
    assert_eq!(refused(server.anonymous(ResendCode { login }).await), ErrorCode::TooManyTries);
    let code = server.code();
    assert!(server.anonymous(SecondFactor { login, code, device }).await.is_ok());
}

#[tokio::test]
async fn wrong_passwords_are_told_like_unknown_logins_and_both_end_after_ten() {
    // "many wrong passwords"
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    register(&mut server, &mut world, "ada@example.org").await;
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..10 {
            assert_eq!(refused(password(&server, email, b"wrong").await), ErrorCode::WrongCredentials);
        }
        let over = password(&server, email, PASSWORD).await.unwrap_err();
        assert_eq!(over.code, ErrorCode::TooManyTries);
        assert!(over.retry_after.is_some_and(|ms| ms.get() > 0));
    }
    assert_eq!(server.mails(), 0, "no code before the password is proved");
    // A restart forgives nothing; time does.
    let mut server = server.restart().await;
    assert_eq!(refused(password(&server, "ada@example.org", PASSWORD).await), ErrorCode::TooManyTries);
    server.pass(15 * 60_000 + 1);
    assert!(password(&server, "ada@example.org", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_unknown_login_has_a_stable_id_and_a_taken_address_is_not_told() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    register(&mut server, &mut world, "ada@example.org").await;
    let start = || async {
        let opaque = {
            use opaque_ke::ClientLogin;
            let start =
                ClientLogin::<relais_server::keys::Suite>::start(&mut rand08::rngs::OsRng, b"x").unwrap();
            Bin(start.message.serialize().to_vec())
        };
        let email = Private::from("nobody@example.org");
        server.anonymous(relais_wire::account::LoginStart { email, opaque }).await.unwrap().user
    };
    assert_eq!(start().await, start().await);
    // Registering with it again looks the same and only sends a notice.
    let half = half_registered(&server, &world, "ada@example.org", None).await.unwrap();
    assert!(server.mail.try_recv().is_some());
    for code in ["000000", "123456"] {
        let mut finish = half.finish.clone();
        finish.code = code.into();
        assert_eq!(refused(server.anonymous(finish).await), ErrorCode::CodeWrong);
    }
}

#[tokio::test]
async fn a_closed_instance_asks_for_an_invitation_and_the_setup_token_works_once() {
    let mut server = Server::open(Wish { closed: true, ..Wish::default() }).await;
    let mut world = World::default();
    let none = half_registered(&server, &world, "ada@example.org", None).await;
    assert_eq!(none.err().unwrap().code, ErrorCode::InviteNeeded);
    let wrong = half_registered(&server, &world, "ada@example.org", Some(Bin(vec![1; 32]))).await;
    assert_eq!(wrong.err().unwrap().code, ErrorCode::InviteInvalid);
    let token = server.setup_token();
    register_with(&mut server, &mut world, "ada@example.org", Some(token.clone())).await;
    let again = half_registered(&server, &world, "ben@example.org", Some(token)).await;
    assert_eq!(again.err().unwrap().code, ErrorCode::InviteInvalid);
}

#[tokio::test]
async fn a_registration_whose_links_are_wrong_leaves_nothing_behind() {
    // SEC-04: "small-order keys" and forged links
    let mut server = Server::open(Wish::default()).await;
    let half = half_registered(&server, &World::default(), "ada@example.org", None).await.unwrap();
    let code = server.code();
    let mut forged = half.finish.clone();
    forged.code = code.clone();
    let last = forged.links[0].link.0.len() - 1;
    forged.links[0].link.0[last] ^= 1;
    let refusal = server.anonymous(forged).await.unwrap_err();
    assert_eq!((refusal.code, refusal.chain_code), (ErrorCode::ChainRefused, Some(203)));
    let mut small = half.finish.clone();
    small.code = code.clone();
    let (root, key) = (&mut small.links[0].link.0, public(&half.person.key).to_bytes());
    let at = root.windows(32).position(|part| part == key).expect("the root names the signing key");
    // The neutral element: every signature "verifies" under it.
    root[at..at + 32].fill(0);
    root[at] = 1;
    let refusal = server.anonymous(small).await.unwrap_err();
    assert_eq!((refusal.code, refusal.chain_code), (ErrorCode::ChainRefused, Some(202)));
    let mut unboxed = half.finish.clone();
    unboxed.code = code.clone();
    unboxed.boxes.clear();
    assert_eq!(refused(server.anonymous(unboxed).await), ErrorCode::BoxMissing);
    let mut other_vault = half.finish.clone();
    other_vault.code = code.clone();
    other_vault.vault.ciphertext = Bin(vec![9; 10]);
    assert_eq!(refused(server.anonymous(other_vault).await), ErrorCode::Malformed);
    let mut whole = half.finish;
    whole.code = code;
    assert!(server.anonymous(whole).await.is_ok());
}

pub fn hello(grant: &relais_wire::account::SessionGrant, nonce: &[u8], ticket: bool) -> HelloSession {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut hello = HelloSession {
        session: grant.session,
        kid: grant.key.kid,
        proof: Bin::default(),
        ticket: ticket.then(|| grant.ticket.clone()),
        org: None,
        personal: None,
    };
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(grant.key.key.as_slice()).unwrap();
    mac.update(&proof_input(nonce, &hello));
    hello.proof = Bin(mac.finalize().into_bytes().to_vec());
    hello
}

#[tokio::test]
async fn a_session_resumes_by_its_key_and_ends_when_it_is_revoked() {
    // "a token of another device"
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let other = sign_in(&mut server, "ada@example.org").await.unwrap();
    let nonce = [9; 32];
    let welcome =
        services::check_hello(&server.app, NOBODY, &nonce, &hello(&other, &nonce, true)).await.unwrap();
    assert_eq!((welcome.who.user, welcome.org), (ada.user, None));
    let stolen = HelloSession { session: ada.grant.session, ..hello(&other, &nonce, true) };
    let refused_hello = services::check_hello(&server.app, NOBODY, &nonce, &stolen).await;
    assert_eq!(refused_hello.unwrap_err(), CloseCode::AuthFailed);
    let replayed = services::check_hello(&server.app, NOBODY, &[8; 32], &hello(&other, &nonce, true)).await;
    assert_eq!(replayed.unwrap_err(), CloseCode::AuthFailed);
    // Without memory: after a restart, with and without a ticket.
    let server = server.restart().await;
    for ticket in [true, false] {
        assert!(
            services::check_hello(&server.app, NOBODY, &nonce, &hello(&other, &nonce, ticket)).await.is_ok()
        );
    }
    let revoke = RevokeSession { idem: idem(), session: other.session };
    server.call(Caller::Session(ada.who), revoke).await.unwrap();
    let unknown = RevokeSession { idem: idem(), session: SessionId::from_bytes([1; 16]) };
    assert_eq!(refused(server.call(Caller::Session(ada.who), unknown).await), ErrorCode::NotFound);
    let who = authenticated(&other);
    assert_eq!(refused(server.call(Caller::Session(who), GetVault {}).await), ErrorCode::Revoked);
    assert_eq!(services::still_valid(&server.app, &who), Err(CloseCode::Revoked));
    let server = server.restart().await;
    let after = services::check_hello(&server.app, NOBODY, &nonce, &hello(&other, &nonce, true)).await;
    assert_eq!(after.unwrap_err(), CloseCode::Revoked, "a ticket does not outlive a revocation");
    let mut server = server;
    server.pass(8 * 24 * 3_600_000);
    let late = services::check_hello(&server.app, NOBODY, &nonce, &hello(&ada.grant, &nonce, false)).await;
    assert_eq!(late.unwrap_err(), CloseCode::SessionExpired);
}

#[tokio::test]
async fn a_session_that_was_away_for_days_goes_on_with_a_new_key_until_it_is_over() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let [lost, idle] =
        [sign_in(&mut server, "ada@example.org").await, sign_in(&mut server, "ada@example.org").await];
    let (lost, idle) = (lost.unwrap(), idle.unwrap());
    let revoke = RevokeSession { idem: idem(), session: lost.session };
    server.call(Caller::Session(ada.who), revoke).await.unwrap();
    // Five days, each with its ticket key, and nothing left in memory.
    for _ in 0..5 {
        server.pass(DAY_MS);
        server = server.restart().await;
    }
    let nonce = [9; 32];
    let back = services::check_hello(&server.app, NOBODY, &nonce, &hello(&ada.grant, &nonce, true)).await;
    let back = back.unwrap();
    let key = back.rekey.expect("a key that is newer");
    assert!(back.who.user == ada.user && key.kid > ada.grant.key.kid + 3);
    let renewed = relais_wire::account::SessionGrant { key, ticket: back.ticket, ..ada.grant.clone() };
    let next = services::check_hello(&server.app, NOBODY, &nonce, &hello(&renewed, &nonce, true)).await;
    assert!(next.unwrap().rekey.is_none());
    let ended = services::check_hello(&server.app, NOBODY, &nonce, &hello(&lost, &nonce, false)).await;
    assert_eq!(ended.unwrap_err(), CloseCode::Revoked, "however long ago");
    for _ in 0..3 {
        server.pass(DAY_MS);
        server = server.restart().await;
    }
    let over = services::check_hello(&server.app, NOBODY, &nonce, &hello(&idle, &nonce, false)).await;
    assert_eq!(over.unwrap_err(), CloseCode::SessionExpired);
}

#[tokio::test]
async fn the_vault_and_its_objects_are_replaced_only_from_the_present_version() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let me = Caller::Session(ada.who);
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &vault_link(2));
    let put = PutVault { idem: idem(), vault: vault(2), links: world.fresh(), boxes: Vec::new() };
    server.call(me, put.clone()).await.unwrap();
    server.call(me, put.clone()).await.unwrap();
    let stale = PutVault { idem: idem(), ..put };
    assert_eq!(refused(server.call(me, stale).await), ErrorCode::ChainRefused);
    assert_eq!(server.call(me, GetVault {}).await.unwrap(), vault(2));

    let object = ObjectKind::KeyIndex;
    let first = PutObject { idem: idem(), object, replaces: Seq::ZERO, ciphertext: Bin(vec![1; 9]) };
    assert_eq!(server.call(me, first).await.unwrap().version.get(), 1);
    let soon =
        PutObject { idem: idem(), object, replaces: Seq::new(1).unwrap(), ciphertext: Bin(vec![2; 9]) };
    assert_eq!(refused(server.call(me, soon.clone()).await), ErrorCode::Throttled);
    server.pass(60_001);
    let lost = PutObject { idem: idem(), replaces: Seq::ZERO, ..soon.clone() };
    assert_eq!(refused(server.call(me, lost).await), ErrorCode::Conflict);
    assert_eq!(server.call(me, soon).await.unwrap().version.get(), 2);
    let found = server.call(me, GetObject { object }).await.unwrap();
    assert_eq!((found.version.get(), found.ciphertext), (2, Bin(vec![2; 9])));
}

#[tokio::test]
async fn a_recovery_code_gives_access_back_and_ends_all_sessions() {
    // SEC-10, SEC-15
    let wait = 3_600_000;
    let mut server = Server::open(Wish { recovery_wait_ms: wait, ..Wish::default() }).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let nobody = RecoverStart { email: "nobody@example.org".into(), locale: Locale::En };
    let nobody = server.anonymous(nobody).await.unwrap();
    assert_eq!(server.mails(), 0);
    let guess = RecoverProve { login: nobody.login, code: "123456".into() };
    assert_eq!(refused(server.anonymous(guess).await), ErrorCode::CodeWrong);

    for round in 0..2 {
        let start = RecoverStart { email: "ada@example.org".into(), locale: Locale::En };
        let login = server.anonymous(start).await.unwrap().login;
        let code = server.code();
        let challenge = server.anonymous(RecoverProve { login, code }).await.unwrap().challenge;
        let (state, opaque) = {
            use opaque_ke::ClientRegistration;
            let start =
                ClientRegistration::<relais_server::keys::Suite>::start(&mut rand08::rngs::OsRng, b"new one")
                    .unwrap();
            (start.state, Bin(start.message.serialize().to_vec()))
        };
        let signature = sign::sign(&ada.recovery, "relais/v1/recover", challenge.as_slice());
        let auth = RecoverAuth { login, signature: Bin(signature.to_vec()), opaque };
        if round == 0 {
            let forged = RecoverAuth { signature: Bin(vec![1; 64]), ..auth.clone() };
            let waits = server.anonymous(auth).await.unwrap_err();
            assert_eq!(waits.code, ErrorCode::CoolingDown);
            assert_eq!(refused(server.anonymous(forged.clone()).await), ErrorCode::WrongCredentials);
            assert_eq!(refused(server.anonymous(forged).await), ErrorCode::CodeExpired);
            server.pass(i64::try_from(wait).unwrap() + 1);
            continue;
        }
        let granted = server.anonymous(auth).await.unwrap();
        assert_eq!(granted.server_half, Bin(vec![5; 32]));
        let upload = state
            .finish(
                &mut rand08::rngs::OsRng,
                b"new one",
                opaque_ke::RegistrationResponse::deserialize(granted.opaque.as_slice()).unwrap(),
                opaque_ke::ClientRegistrationFinishParameters::new(
                    identifiers(&ada.user.to_hex()),
                    Some(&cheap()),
                ),
            )
            .unwrap();
        world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &vault_link(2));
        let rekey = Rekey {
            idem: idem(),
            login: Some(login),
            opaque: Bin(upload.message.serialize().to_vec()),
            vault: vault(2),
            wraps: wraps(),
            recovery: Some(recovery_part(&ada.recovery)),
            links: world.fresh(),
            device: Some(DeviceId::from_bytes(random())),
        };
        let session = server.anonymous(rekey.clone()).await.unwrap().session.unwrap();
        assert_eq!(session.vault, vault(2));
        assert_eq!(server.anonymous(rekey).await.unwrap().session.unwrap().session, session.session);
        assert_eq!(refused(server.call(Caller::Session(ada.who), GetVault {}).await), ErrorCode::Revoked);
    }
    assert_eq!(refused(password(&server, "ada@example.org", PASSWORD).await), ErrorCode::WrongCredentials);
    assert!(password(&server, "ada@example.org", b"new one").await.is_ok());
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_the_old_password() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let other = authenticated(&sign_in(&mut server, "ada@example.org").await.unwrap());
    let (start, opaque) = {
        use opaque_ke::ClientRegistration;
        let start =
            ClientRegistration::<relais_server::keys::Suite>::start(&mut rand08::rngs::OsRng, b"another")
                .unwrap();
        (start.state, Bin(start.message.serialize().to_vec()))
    };
    let me = Caller::Session(ada.who);
    let answer = server.call(me, relais_wire::account::PasswordStart { opaque }).await.unwrap();
    let upload = start
        .finish(
            &mut rand08::rngs::OsRng,
            b"another",
            opaque_ke::RegistrationResponse::deserialize(answer.opaque.as_slice()).unwrap(),
            opaque_ke::ClientRegistrationFinishParameters::new(
                identifiers(&ada.user.to_hex()),
                Some(&cheap()),
            ),
        )
        .unwrap();
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &vault_link(2));
    let rekey = Rekey {
        idem: idem(),
        login: None,
        opaque: Bin(upload.message.serialize().to_vec()),
        vault: vault(2),
        wraps: wraps(),
        recovery: None,
        links: world.fresh(),
        device: None,
    };
    assert_eq!(refused(server.anonymous(rekey.clone()).await), ErrorCode::Unauthenticated);
    assert_eq!(server.call(me, rekey).await.unwrap().session, None);
    assert_eq!(server.call(me, GetVault {}).await.unwrap(), vault(2));
    assert_eq!(refused(server.call(Caller::Session(other), GetVault {}).await), ErrorCode::Revoked);
    assert_eq!(refused(password(&server, "ada@example.org", PASSWORD).await), ErrorCode::WrongCredentials);
    assert!(password(&server, "ada@example.org", b"another").await.is_ok());
}
