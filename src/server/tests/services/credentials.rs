//! What guards an account and an instance: the setup token, notices to the owner, the time to object.

use relais_chain::sign;
use relais_chain::user_body::UserBody;
use relais_server::mail::Notice;
use relais_server::services::{self, Caller};
use relais_store::Store as _;
use relais_store::reads::RecoveryOf;
use relais_wire::account::{
    GetVault, Locale, PutVault, RecoverAuth, RecoverProve, RecoverStart, RenewRecovery, Wrap, WrapKind,
};
use relais_wire::chains::{AppendLinks, ChainKind};
use relais_wire::scalar::Bin;
use relais_wire::{CloseCode, ErrorCode, Refusal};

use crate::kit::*;
use crate::races::{added, new_password};

#[tokio::test]
async fn the_setup_token_makes_one_operator_whoever_began_with_it() {
    // PRM-15
    let mut server = Server::open(Wish { closed: true, ..Wish::default() }).await;
    let world = World::default();
    let token = server.setup_token();
    let mut halves = Vec::new();
    for name in ["ada", "eve"] {
        let email = format!("{name}@example.org");
        let mut half = half_registered(&server, &world, &email, Some(token.clone())).await.unwrap();
        half.finish.code = server.code();
        halves.push(half);
    }
    let [first, second] = halves.try_into().ok().unwrap();
    server.anonymous(first.finish).await.unwrap();
    assert_eq!(refused(server.anonymous(second.finish).await), ErrorCode::InviteInvalid);
    // A crash kept the file from being removed.
    let path = server.dir.path().join("data").join("setup-token");
    std::fs::write(path, hex::encode(token.as_slice())).unwrap();
    let late = half_registered(&server, &world, "eve@example.org", Some(token)).await;
    assert_eq!(late.err().unwrap().code, ErrorCode::InviteInvalid);
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_password() {
    // SEC-15
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let rekey = new_password(&server, &mut world, &ada).await;
    server.mails();
    server.call(Caller::Session(ada.who), rekey.clone()).await.unwrap();
    server.call(Caller::Session(ada.who), rekey).await.unwrap();
    assert_eq!(server.notices(), [("ada@example.org".to_owned(), Notice::CredentialsChanged)]);
}

/// Somebody with the recovery code and the mailbox asks for the server's half.
async fn recover(server: &mut Server, person: &Person) -> Refusal {
    let start = RecoverStart { email: "ada@example.org".into(), locale: Locale::En };
    let login = server.anonymous(start).await.unwrap().login;
    let code = server.code();
    let challenge = server.anonymous(RecoverProve { login, code }).await.unwrap().challenge;
    let opaque = {
        let mut rng = rand08::rngs::OsRng;
        let start =
            opaque_ke::ClientRegistration::<relais_server::keys::Suite>::start(&mut rng, b"new").unwrap();
        Bin(start.message.serialize().to_vec())
    };
    let signature = sign::sign(&person.recovery, "relais/v1/recover", challenge.as_slice());
    let auth = RecoverAuth { login, signature: Bin(signature.to_vec()), opaque };
    server.anonymous(auth).await.unwrap_err()
}

#[tokio::test]
async fn the_owner_is_told_of_a_recovery_that_waits_and_ends_it_by_a_new_code() {
    // SEC-10, SEC-11, SEC-15
    let mut server = Server::open(Wish { recovery_wait_ms: 3_600_000, ..Wish::default() }).await;
    let mut world = World::default();
    let mut ada = register(&mut server, &mut world, "ada@example.org").await;
    server.mails();
    assert_eq!(recover(&mut server, &ada).await.code, ErrorCode::CoolingDown);
    assert_eq!(server.notices(), [("ada@example.org".to_owned(), Notice::RecoveryWaits)]);
    assert_eq!(recover(&mut server, &ada).await.code, ErrorCode::CoolingDown);
    assert_eq!(server.notices(), [], "told once");

    let stolen = core::mem::replace(&mut ada.recovery, ed25519_dalek::SigningKey::from_bytes(&random()));
    let renewed = UserBody::RecoveryRenewed { recovery: public(&ada.recovery).to_bytes() };
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &renewed);
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &vault_link(2));
    let renew = RenewRecovery {
        idem: idem(),
        recovery: recovery_part(&ada.recovery),
        wrap: Wrap { kind: WrapKind::Recovery, label: Bin::default(), ciphertext: Bin(vec![3; 60]) },
        vault: vault(2),
        links: world.fresh(),
    };
    server.call(Caller::Session(ada.who), renew).await.unwrap();
    assert_eq!(server.notices(), [("ada@example.org".to_owned(), Notice::RecoveryRenewed)]);
    server.pass(3_600_001);
    ada.recovery = stolen;
    assert_eq!(recover(&mut server, &ada).await.code, ErrorCode::WrongCredentials);
    let kept = server.app.store.read(RecoveryOf(ada.user)).await.unwrap().unwrap();
    assert_eq!(kept.release_at_ms, None, "nothing waits any more");
}

#[tokio::test]
async fn a_device_that_is_ended_reads_no_more() {
    // BEY-18
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let phone = authenticated(&sign_in(&mut server, "ada@example.org").await.unwrap());
    let other = authenticated(&sign_in(&mut server, "ada@example.org").await.unwrap());
    let device = phone.device;
    // Together with a vault it is not done by halves: it is refused, and nothing of it stays.
    let mut apart = world.clone();
    for body in [added(device), UserBody::DeviceRevoke { device }] {
        apart.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &body);
    }
    let put = PutVault { idem: idem(), vault: vault(2), links: apart.fresh(), boxes: Vec::new() };
    assert_eq!(refused(server.call(Caller::Session(ada.who), put).await), ErrorCode::Forbidden);
    for body in [added(device), UserBody::DeviceRevoke { device }] {
        server.call(Caller::Session(phone), GetVault {}).await.unwrap();
        world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &body);
        let links = world.fresh();
        server.call(Caller::Session(ada.who), AppendLinks { idem: idem(), links }).await.unwrap();
    }
    assert_eq!(services::still_valid(&server.app, &phone), Err(CloseCode::Revoked), "its sockets close");
    assert_eq!(refused(server.call(Caller::Session(phone), GetVault {}).await), ErrorCode::Revoked);
    server.call(Caller::Session(ada.who), GetVault {}).await.unwrap();
    server.call(Caller::Session(other), GetVault {}).await.unwrap();
}
