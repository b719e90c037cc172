//! Nothing that identifies or opens anything reaches a log, whatever the level. Alone in its process, because the
//! log is the process's.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be done fails it")]

#[cfg(test)]
mod world;

use std::io;
use std::sync::{Arc, RwLock};

use futures_util::SinkExt as _;
use relais_server::config::LogConfig;
use relais_server::logs::{LogId, subscriber};
use relais_server::mail::{Mail, MailBody};
use relais_wire::account::{Locale, LoginStart};
use relais_wire::control::{Hello, HelloSession};
use relais_wire::frame::{Class, Header, encode_frame};
use relais_wire::{Bin, Call as _, Control, SessionId, UserId, codec};
use tokio_tungstenite::tungstenite::Message;
use tracing_subscriber::fmt::MakeWriter;
use world::World;

const EMAIL: &str = "marker.ada@hospital.example";
const TOKEN: &str = "markertoken";
const CODE: &str = "909192";

#[derive(Clone, Default)]
struct Captured(Arc<RwLock<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.read().unwrap().clone()).unwrap()
    }
}

/// What must never stand in a log, in each form it could take.
fn secrets(session: SessionId, user: UserId) -> Vec<String> {
    let bytes = |bytes: &[u8]| [hex::encode(bytes), hex::encode_upper(bytes), format!("{bytes:?}")];
    let mut all =
        vec!["127.0.0.1".to_owned(), "::1".to_owned(), EMAIL.to_owned(), TOKEN.to_owned(), CODE.to_owned()];
    all.extend(bytes(session.as_bytes()));
    all.extend(bytes(user.as_bytes()));
    all.extend(bytes(EMAIL.as_bytes()));
    all
}

/// Requests of every carrier, valid and not, all of them carrying something that must not be logged.
async fn drive(world: &World, session: SessionId) {
    let login = codec::encode(&LoginStart { email: EMAIL.into(), opaque: Bin(TOKEN.into()) });
    let (mut guest, _) = world.guest().await;
    guest.ask(LoginStart::KIND, &login).await;
    drop(guest.reply().await);
    drop(guest.ws.send(Message::Text(EMAIL.into())).await);
    drop(guest.end().await);
    let (mut client, _) = world.greeted().await;
    let proof = Bin(TOKEN.into());
    let hello = HelloSession {
        session,
        kid: 1,
        proof: proof.clone(),
        ticket: Some(proof),
        org: None,
        personal: None,
    };
    client.say(&Control::from(Hello { session: Some(hello) })).await;
    drop(client.end().await);
    let http = reqwest::Client::new();
    let proof = format!("Relais {}.1.1.{}", session.to_hex(), "ab".repeat(32));
    for header in [proof.as_str(), TOKEN] {
        let frame = encode_frame(&Header::new(Class::Request, LoginStart::KIND, 1), &login);
        let rpc = http.post(world.url("/api/v1/rpc")).header("authorization", header);
        drop(rpc.header("x-forwarded-for", "127.0.0.1").body(frame).send().await);
        let file = format!("/api/v1/files/{}?token={TOKEN}", session.to_hex());
        drop(http.get(world.url(&file)).header("authorization", header).send().await);
    }
    let json = format!(
        "{{\"type\":\"LoginStart\",\"id\":1,\"body\":{{\"email\":\"{EMAIL}\",\"opaque\":\"{TOKEN}\"}}}}"
    );
    let rpc = http.post(world.url("/api/v1/rpc")).header("content-type", "application/json").body(json);
    drop(rpc.send().await);
    let mail = Mail { to: EMAIL.into(), locale: Locale::Fr, body: MailBody::Code(CODE.into()) };
    world.server.app().mailer.send(mail).unwrap();
    drop(http.get(world.url(&format!("/dev/mail?to={EMAIL}"))).send().await);
    drop(http.get(world.url(&format!("/nowhere/{EMAIL}"))).send().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_trace_level_no_address_id_token_or_mail_reaches_the_log() {
    let captured = Captured::default();
    let config = LogConfig { level: tracing::Level::TRACE, json: false };
    tracing::subscriber::set_global_default(subscriber(config, captured.clone())).unwrap();
    let (session, user) = (SessionId::from_bytes([0xa7; 16]), UserId::from_bytes([0xb8; 16]));
    let world = World::start(&[]).await;
    drive(&world, session).await;
    let world = world.restart(&[]).await;
    drive(&world, session).await;
    world.server.stop().await;
    let text = captured.text();
    assert!(
        text.contains("the server is ready") && text.contains("the server has stopped"),
        "the log is on: {text}"
    );
    for secret in secrets(session, user) {
        assert!(!text.contains(&secret), "{secret} stands in the log:\n{text}");
    }
    // The guard would have seen it.
    tracing::info!(target: "relais_server::test", user = %LogId::of(user.as_bytes()), leak = EMAIL, "planted");
    let text = captured.text();
    assert!(text.contains(EMAIL) && !text.contains(&user.to_hex()));
}
