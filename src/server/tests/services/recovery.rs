//! The recovery code: renewed, used, used up, and what a granted recovery may read.

use relais_chain::sign;
use relais_chain::user_body::UserBody;
use relais_server::services::Caller;
use relais_wire::ErrorCode;
use relais_wire::account::{
    GetVault, Locale, RecoverAuth, RecoverProve, RecoverStart, Rekey, RenewRecovery, Wrap, WrapKind,
};
use relais_wire::chains::{ChainKind, GetLinks};
use relais_wire::ids::{DeviceId, LoginId, Seq};
use relais_wire::scalar::Bin;

use crate::kit::*;

fn renewal(world: &mut World, ada: &Person, key: &ed25519_dalek::SigningKey, version: u64) -> RenewRecovery {
    let renewed = UserBody::RecoveryRenewed { recovery: public(key).to_bytes() };
    world.put(ChainKind::User, *ada.user.as_bytes(), ada, None, &renewed);
    world.put(ChainKind::User, *ada.user.as_bytes(), ada, None, &vault_link(version));
    RenewRecovery {
        idem: idem(),
        recovery: recovery_part(key),
        wrap: Wrap { kind: WrapKind::Recovery, label: Bin::default(), ciphertext: Bin(vec![8; 60]) },
        vault: vault(version),
        links: world.fresh(),
    }
}

#[tokio::test]
async fn a_renewed_recovery_code_comes_with_its_vault_or_not_at_all() {
    // SEC-11
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let me = Caller::Session(ada.who);
    let key = ed25519_dalek::SigningKey::from_bytes(&random());
    let right = renewal(&mut world, &ada, &key, 2);
    let other_vault = RenewRecovery { idem: idem(), vault: vault(3), ..right.clone() };
    assert_eq!(refused(server.call(me, other_vault).await), ErrorCode::Malformed);
    let other_key = RenewRecovery { idem: idem(), recovery: recovery_part(&ada.recovery), ..right.clone() };
    assert_eq!(refused(server.call(me, other_key).await), ErrorCode::Malformed);
    assert_eq!(server.call(me, GetVault {}).await.unwrap(), vault(1));
    server.call(me, right.clone()).await.unwrap();
    server.call(me, right).await.unwrap();
    assert_eq!(server.call(me, GetVault {}).await.unwrap(), vault(2));
    // The code from before no longer signs anything.
    let (login, challenge) = challenged(&mut server, "ada@example.org").await;
    let old = proof_of(&ada.recovery, login, &challenge);
    assert_eq!(refused(server.anonymous(old).await), ErrorCode::WrongCredentials);
    let (login, challenge) = challenged(&mut server, "ada@example.org").await;
    let granted = server.anonymous(proof_of(&key, login, &challenge)).await.unwrap();
    assert_eq!((granted.vault, granted.wrap.ciphertext), (vault(2), Bin(vec![8; 60])));
}

async fn challenged(server: &mut Server, email: &str) -> (LoginId, Bin) {
    let start = RecoverStart { email: email.into(), locale: Locale::En };
    let login = server.anonymous(start).await.unwrap().login;
    let code = server.code();
    (login, server.anonymous(RecoverProve { login, code }).await.unwrap().challenge)
}

fn proof_of(key: &ed25519_dalek::SigningKey, login: LoginId, challenge: &Bin) -> RecoverAuth {
    let start = opaque_ke::ClientRegistration::<relais_server::keys::Suite>::start(
        &mut rand08::rngs::OsRng,
        b"new one",
    );
    let opaque = Bin(start.unwrap().message.serialize().to_vec());
    let signature = sign::sign(key, "relais/v1/recover", challenge.as_slice());
    RecoverAuth { login, signature: Bin(signature.to_vec()), opaque }
}

#[tokio::test]
async fn a_granted_recovery_reads_its_own_chain_and_no_other() {
    // SEC-10: the vault is held against the chain before anything is signed
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let ask = |user: relais_wire::UserId, login| GetLinks {
        chain: ChainKind::User,
        id: user.into(),
        after: Seq::ZERO,
        max: 100,
        login,
    };
    assert_eq!(refused(server.anonymous(ask(ada.user, None)).await), ErrorCode::Unauthenticated);
    let (login, challenge) = challenged(&mut server, "ada@example.org").await;
    let early = server.anonymous(ask(ada.user, Some(login))).await;
    assert_eq!(refused(early), ErrorCode::CodeExpired, "before the code is proved");
    server.anonymous(proof_of(&ada.recovery, login, &challenge)).await.unwrap();
    let own = server.anonymous(ask(ada.user, Some(login))).await.unwrap();
    assert_eq!((own.n.get(), own.links.len()), (2, 2));
    assert_eq!(refused(server.anonymous(ask(ben.user, Some(login))).await), ErrorCode::Forbidden);
    server.pass(600_001);
    assert_eq!(refused(server.anonymous(ask(ada.user, Some(login))).await), ErrorCode::CodeExpired);
}

#[tokio::test]
async fn a_sixth_recovery_within_an_hour_is_throttled() {
    // SEC-10: "rate limit"
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    register(&mut server, &mut world, "ada@example.org").await;
    let start = || RecoverStart { email: "ada@example.org".into(), locale: Locale::En };
    for _ in 0..5 {
        server.anonymous(start()).await.unwrap();
    }
    let over = server.anonymous(start()).await.unwrap_err();
    assert_eq!(over.code, ErrorCode::Throttled);
    assert!(over.retry_after.is_some_and(|after| after.get() > 0));
    server.pass(3_600_001);
    assert!(server.anonymous(start()).await.is_ok());
}

#[tokio::test]
async fn a_rekey_whose_recovery_key_the_chain_does_not_name_is_refused() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let (login, challenge) = challenged(&mut server, "ada@example.org").await;
    let start =
        opaque_ke::ClientRegistration::<relais_server::keys::Suite>::start(&mut rand08::rngs::OsRng, b"new");
    let start = start.unwrap();
    let opaque = Bin(start.message.serialize().to_vec());
    let auth = RecoverAuth { opaque, ..proof_of(&ada.recovery, login, &challenge) };
    let granted = server.anonymous(auth).await.unwrap();
    let upload = start
        .state
        .finish(
            &mut rand08::rngs::OsRng,
            b"new",
            opaque_ke::RegistrationResponse::deserialize(granted.opaque.as_slice()).unwrap(),
            opaque_ke::ClientRegistrationFinishParameters::new(
                identifiers(&ada.user.to_hex()),
                Some(&cheap()),
            ),
        )
        .unwrap();
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &vault_link(2));
    let stranger = ed25519_dalek::SigningKey::from_bytes(&random());
    let rekey = Rekey {
        idem: idem(),
        login: Some(login),
        opaque: Bin(upload.message.serialize().to_vec()),
        vault: vault(2),
        wraps: wraps(),
        recovery: Some(recovery_part(&stranger)),
        links: world.fresh(),
        device: Some(DeviceId::from_bytes(random())),
    };
    assert_eq!(refused(server.anonymous(rekey.clone()).await), ErrorCode::Malformed);
    let right = Rekey { recovery: Some(recovery_part(&ada.recovery)), ..rekey };
    assert!(server.anonymous(right).await.is_ok());
}
