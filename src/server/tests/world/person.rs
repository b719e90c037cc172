//! A user with a session, put into the store as a sign-in would leave them.

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use relais_care::audit::{Actor, AuditEntry, Event as Audited};
use relais_server::app::App;
use relais_server::deliver::Delivery;
use relais_store::facts::account::Account;
use relais_store::facts::session::{Session, SessionKind};
use relais_store::reads::TicketKeys;
use relais_store::{
    AccountWrite, AuditLine, Domain, EventBody, NewEvent, SessionWrite, Store as _, StreamId,
};
use relais_wire::control::{Cursor, Hello, HelloSession, Welcome, http_proof_input, proof_input};
use relais_wire::events::ThreadGone;
use relais_wire::{Bin, Control, DeviceId, Event, Millis, Seq, SessionId, ThreadId, UserId};
use sha2::{Digest as _, Sha256};

use super::{Client, World};

/// The one user of a test that needs no other.
pub(crate) const USER: UserId = UserId::from_bytes([0xa1; 16]);
const DAY_MS: u64 = 24 * 3_600_000;

/// Who.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

fn line(event: Audited) -> AuditLine {
    AuditLine { log: None, entry: AuditEntry::new(None, Actor::User(USER), event) }
}

pub(crate) async fn person(app: &App, user: UserId) -> Person {
    let now = app.clock.now_ms();
    let kid = app.store.read(TicketKeys).await.unwrap()[0].kid;
    let account = Account {
        user,
        name: "Ada".into(),
        locale: "en".to_owned(),
        record: None,
        suspended_ms: None,
        created_ms: now,
        version: 1,
    };
    let session = Session {
        session: SessionId::from_bytes(*user.as_bytes()),
        user,
        device: DeviceId::from_bytes([3; 16]),
        kind: SessionKind::Full,
        kid,
        binding: Vec::new().into(),
        created_ms: now,
        expires_ms: now + DAY_MS,
        seen_ms: now,
        revoked_ms: None,
    };
    let id = session.session;
    let domain = Domain::new(now, line(Audited::SessionList))
        .write(AccountWrite::Create(account))
        .write(SessionWrite::Open(session));
    app.store.commit(domain).await.unwrap();
    Person { user, session: id }
}

fn hmac(key: &[u8], input: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(input);
    mac.finalize().into_bytes().to_vec()
}

impl Person {
    /// The session's key and the number of its ticket key.
    async fn key(self, app: &App) -> (u32, Vec<u8>) {
        let newest = app.store.read(TicketKeys).await.unwrap().remove(0);
        (u32::try_from(newest.kid).unwrap(), hmac(newest.key.as_slice(), self.session.as_bytes()))
    }

    /// The header that proves an HTTP request made at `time_ms`.
    pub(crate) async fn proof(self, app: &App, what: (&str, &str), time_ms: u64, body: &[u8]) -> String {
        let (kid, key) = self.key(app).await;
        let hash = Sha256::digest(body).into();
        let mac = hmac(&key, &http_proof_input(what.0, what.1, Millis::saturating(time_ms), &hash));
        format!("Relais {}.{kid}.{time_ms}.{}", self.session.to_hex(), hex::encode(mac))
    }

    /// A `Hello` of the person's session over a greeting's nonce.
    pub(crate) async fn hello(self, app: &App, nonce: &[u8], personal: Option<Cursor>) -> Hello {
        let (kid, key) = self.key(app).await;
        let mut hello = HelloSession {
            session: self.session,
            kid,
            proof: Bin::default(),
            ticket: None,
            org: None,
            personal,
        };
        hello.proof = Bin(hmac(&key, &proof_input(nonce, &hello)));
        Hello { session: Some(hello) }
    }

    /// A connected session that continues from the number of an entry.
    pub(crate) async fn connect(self, world: &World, after: u64) -> (Client, Welcome) {
        let client = Client::connect(world.address()).await.unwrap();
        self.sign_on(world, client, after).await
    }

    pub(crate) async fn sign_on(self, world: &World, mut client: Client, after: u64) -> (Client, Welcome) {
        let app = world.server.app();
        let Control::Greeting(greeting) = client.control().await else { panic!("no greeting") };
        let at = Cursor { epoch: app.store.epoch(), seq: Seq::new(after).unwrap() };
        client.say(&self.hello(app, greeting.nonce.as_slice(), Some(at)).await.into()).await;
        let Control::Welcome(welcome) = client.control().await else { panic!("no welcome") };
        (client, welcome)
    }

    /// Commits entries to the personal stream, as a service would, and hands them to the sockets.
    pub(crate) async fn told(self, app: &App, count: usize) -> Seq {
        self.told_at_length(app, count, 0).await
    }

    /// Entries with `padding` bytes behind their body, which nothing on the way looks at.
    pub(crate) async fn told_at_length(self, app: &App, count: usize, padding: usize) -> Seq {
        let mut last = Seq::ZERO;
        for _ in 0..count {
            let event = Event::from(ThreadGone { thread: ThreadId::from_bytes([9; 16]) });
            let body = Bytes::from([event.encode_body(), vec![0; padding]].concat());
            let kept = [&event.kind().to_be_bytes(), body.as_ref()].concat();
            let to = vec![StreamId::new(self.user, None)];
            let news = NewEvent { to, body: EventBody::Fixed(kept.into()) };
            let domain = Domain::new(app.clock.now_ms(), line(Audited::SessionList)).event(news);
            let receipt = app.store.commit(domain).await.unwrap();
            last = receipt.streams[0][0].1;
            let (user, kind) = (self.user, event.kind());
            app.deliver(vec![Delivery { user, context: None, seq: last, kind, body }]);
        }
        last
    }
}
