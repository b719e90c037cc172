//! Room for mails, and which go first.

use core::time::Duration;
use std::sync::Arc;

use relais_server::config::{MailConfig, SmtpConfig, SmtpSecurity};
use relais_server::mail::{self, Lane, Mail, MailBody, Mailer, Place, Transport, Waiting};
use relais_server::services::Caller;
use relais_wire::ErrorCode;
use relais_wire::account::{Locale, LoginFinish};
use relais_wire::directory::CreateInvite;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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

fn smtp(listener: &TcpListener) -> Arc<Transport> {
    let config = SmtpConfig {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        security: SmtpSecurity::None,
        login: None,
        from: "relais@example.org".into(),
        per_minute: 60_000,
    };
    Arc::new(Transport::new(&MailConfig::Smtp(config)).unwrap())
}

fn code_to(to: &str) -> Mail {
    Mail { to: to.into(), locale: Locale::En, body: MailBody::Code("123456".into()) }
}

/// Talks with who sends a mail until it says to whom.
async fn recipient(stream: TcpStream) -> (String, BufReader<TcpStream>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        assert_ne!(stream.read_line(&mut line).await.unwrap(), 0, "it goes on until it has said to whom");
        if let Some(to) = line.strip_prefix("RCPT TO:") {
            return (to.trim().to_owned(), stream);
        }
        stream.write_all(b"250 well\r\n").await.unwrap();
    }
}

/// The mails that wait; the server gets an empty queue instead.
fn waiting(server: &mut Server) -> Waiting {
    core::mem::replace(&mut server.mail, Mailer::new().1)
}

/// Refuses whom a mail is for, which ends it, and says who it was.
async fn refuse(stream: TcpStream) -> String {
    let (to, mut stream) = recipient(stream).await;
    stream.write_all(b"550 nobody\r\n").await.unwrap();
    to
}

#[tokio::test]
async fn mails_that_no_server_takes_hold_up_no_other_and_no_sign_in() {
    // SEC-09
    let mut server = Server::open(Wish::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = smtp(&listener);
    let mailer = server.app.mailer.clone();
    for _ in 0..20 {
        mailer.send(code_to("anybody@example.org")).unwrap();
    }
    let queue = waiting(&mut server);
    let all = async {
        let mut hung = Vec::new();
        // None is ever greeted, and the next comes all the same: well before the first is given up.
        for _ in 0..6 {
            hung.push(listener.accept().await.unwrap());
        }
        mailer.place(Lane::SignIn).unwrap().send(code_to("ada@example.org"));
        recipient(listener.accept().await.unwrap().0).await.0
    };
    let (_goes_on, stop) = watch::channel(false);
    tokio::select! {
        () = mail::run(Arc::clone(&server.app), transport, queue, stop) => panic!("it runs as long as there are mails"),
        came = tokio::time::timeout(Duration::from_secs(15), all) => assert_eq!(came.unwrap(), "<ada@example.org>"),
    }
}

#[tokio::test]
async fn mails_that_wait_when_the_server_stops_still_go() {
    // USR-02: what they tell of is committed.
    const WAITING: usize = 20;
    let mut server = Server::open(Wish::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = smtp(&listener);
    let mailer = server.app.mailer.clone();
    let taken = mailer.place(Lane::Other).unwrap();
    for _ in 1..WAITING {
        mailer.send(code_to("anybody@example.org")).unwrap();
    }
    let queue = waiting(&mut server);
    let (say, stop) = watch::channel(false);
    say.send_replace(true);
    let takes = async {
        let mut came = vec![refuse(listener.accept().await.unwrap().0).await];
        // The queue is closed; room that was taken before is still there.
        assert!(mailer.place(Lane::Other).is_err());
        taken.send(code_to("late@example.org"));
        while came.len() < WAITING {
            came.push(refuse(listener.accept().await.unwrap().0).await);
        }
        came
    };
    let run = mail::run(Arc::clone(&server.app), transport, queue, stop);
    let (came, ()) =
        tokio::time::timeout(Duration::from_secs(14), async { tokio::join!(takes, run) }).await.unwrap();
    assert!(came.contains(&"<late@example.org>".to_owned()), "{came:?}");
}
