//! Room for mails, and which go first.

use core::time::Duration;
use std::sync::Arc;

use relais_server::config::{MailConfig, SmtpConfig, SmtpSecurity};
use relais_server::mail::{self, Lane, Mail, MailBody, Place, Transport};
use relais_server::services::Caller;
use relais_wire::ErrorCode;
use relais_wire::account::{Locale, LoginFinish};
use relais_wire::directory::CreateInvite;
use tokio::net::TcpListener;

use crate::kit::*;

/// Takes all room there is.
fn fill(server: &Server, lane: Lane) -> Vec<Place> {
    core::iter::from_fn(|| server.app.mailer.place(lane).ok()).collect()
}

fn invite(email: Option<&str>) -> CreateInvite {
    CreateInvite { idem: idem(), unit: None, email: email.map(Into::into), locale: Locale::Fr, key: None }
}

#[tokio::test]
async fn an_invitation_without_room_for_its_mail_is_made_when_it_is_asked_for_again() {
    // USR-02
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = Caller::Session(register(&mut server, &mut world, "ada@example.org").await.who);
    let full = fill(&server, Lane::Other);
    let wanted = invite(Some("ben@example.org"));
    assert_eq!(refused(server.call(ada, wanted.clone()).await), ErrorCode::Throttled);
    drop(full);
    assert_eq!(server.mails(), 0);
    server.call(ada, wanted).await.unwrap();
    assert_eq!(server.mails(), 1, "it is made, and mailed");
    // 20 a day in nobody's organization, those that were refused not counted.
    for _ in 1..20 {
        server.call(ada, invite(None)).await.unwrap();
    }
    assert_eq!(refused(server.call(ada, invite(None)).await), ErrorCode::Throttled);
}

#[tokio::test]
async fn mails_that_anybody_may_cause_hold_up_no_sign_in() {
    // SEC-09
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    register(&mut server, &mut world, "ada@example.org").await;
    let _full = fill(&server, Lane::Other);
    sign_in(&mut server, "ada@example.org").await.unwrap();
}

#[tokio::test]
async fn a_sign_in_without_room_for_its_code_goes_on_with_the_same_proof() {
    // SEC-09
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    register(&mut server, &mut world, "ada@example.org").await;
    let (login, opaque) = proof(&server, "ada@example.org", PASSWORD).await.unwrap();
    let finish = LoginFinish { login, opaque, locale: Locale::En };
    let full = fill(&server, Lane::SignIn);
    assert_eq!(refused(server.anonymous(finish.clone()).await), ErrorCode::Throttled);
    drop(full);
    server.anonymous(finish).await.unwrap();
    assert_eq!(server.mails(), 1);
}

#[tokio::test]
async fn a_mail_that_the_server_of_mails_does_not_take_holds_up_no_other() {
    let mut server = Server::open(Wish::default()).await;
    let smtp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmtpConfig {
        host: "127.0.0.1".into(),
        port: smtp.local_addr().unwrap().port(),
        security: SmtpSecurity::None,
        login: None,
        from: "relais@example.org".into(),
        per_minute: 60_000,
    };
    let transport = Arc::new(Transport::new(&MailConfig::Smtp(config)).unwrap());
    let body = MailBody::Code("123456".into());
    for to in ["ada@example.org", "ben@example.org"] {
        server.app.mailer.send(Mail { to: to.into(), locale: Locale::En, body: body.clone() }).unwrap();
    }
    let (_, drained) = mail::Mailer::new();
    let queue = core::mem::replace(&mut server.mail, drained);
    let both = async {
        let first = smtp.accept().await.unwrap();
        // It is never greeted, and the second comes all the same: well before the first is given up.
        let second = smtp.accept().await.unwrap();
        drop((first, second));
    };
    tokio::select! {
        () = mail::run(Arc::clone(&server.app), transport, queue) => panic!("it runs as long as there are mails"),
        came = tokio::time::timeout(Duration::from_secs(15), both) => assert!(came.is_ok()),
    }
}
