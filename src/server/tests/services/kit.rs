//! A server over a real store in a temporary folder, and people who speak to its services: OPAQUE's client half,
//! signed links and entries, boxes that are only hashed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ed25519_dalek::SigningKey;
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse,
};
use rand08::rngs::OsRng;
use relais_chain::facts::{Capacity, Facts as _, KeyringKind, KeyringRef, Owner};
use relais_chain::keyring_body::{GenerationBody, KeyringBody, Reason, Recipient};
use relais_chain::link::{Author, LinkBody, Place};
use relais_chain::user_body::UserBody;
use relais_chain::{Directory, Mode, PublicKey, hash, sign};
use relais_hub::Delivery;
use relais_server::app::{App, Settings};
use relais_server::clock::Clock;
use relais_server::directory::{Directory as Routes, ToShard};
use relais_server::keys::{Keys, Suite};
use relais_server::mail::{MailBody, Mailer, Notice, Waiting};
use relais_server::metrics::Metrics;
use relais_server::services::{self, Authenticated, Caller, ClientKey, Incoming};
use relais_store::blobs::Blobs;
use relais_store::embedded::{Failure, Fault, FaultPoint};
use relais_store::{Embedded, Options};
use relais_wire::Call;
use relais_wire::account::{
    Locale, LoginFinish, LoginStart, Recovery, RegisterFinish, RegisterStart, SecondFactor, SessionGrant,
    Vault, Wrap, WrapKind,
};
use relais_wire::chains::{BoxScope, ChainKind, ChainLink, SealedBox};
use relais_wire::ids::{Bytes32, DeviceId, IdemKey, KeyringId, LoginId, ObjectId, Seq, UserId};
use relais_wire::scalar::{Bin, Private};
use relais_wire::{ErrorCode, Refusal};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

pub const ORIGIN: &str = "https://relais.test";
pub const PASSWORD: &[u8] = b"correct horse battery";
pub const NOBODY: ClientKey = ClientKey([7; 16]);

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

pub fn idem() -> IdemKey {
    IdemKey::from_bytes(random())
}

pub fn cheap() -> argon2::Argon2<'static> {
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
}

pub fn identifiers(client: &str) -> Identifiers<'_> {
    Identifiers { client: Some(client.as_bytes()), server: Some(ORIGIN.as_bytes()) }
}

/// How a server differs from the ordinary one of these tests.
#[derive(Clone, Copy, Default)]
pub struct Wish {
    pub closed: bool,
    pub demo: bool,
    pub recovery_wait_ms: u64,
    /// Size of the database at most, in pages of 4 KiB.
    pub pages_max: Option<u32>,
    /// Whether the folder will be served by the whole server afterwards.
    pub served: bool,
}

/// Holds the committer before its sync, so that a test can act while a commit is under way; or lets it fail.
#[derive(Default)]
pub struct Hold {
    held: AtomicBool,
    passing: AtomicUsize,
    reached: AtomicBool,
    full: AtomicBool,
}

impl Hold {
    /// The next batch waits.
    pub fn hold(&self) {
        self.hold_after(0);
    }

    /// So many batches pass, and the next one waits.
    pub fn hold_after(&self, batches: usize) {
        self.passing.store(batches, Ordering::SeqCst);
        self.reached.store(false, Ordering::SeqCst);
        self.held.store(true, Ordering::SeqCst);
    }

    /// Whether a batch waits.
    pub fn reached(&self) -> bool {
        self.reached.load(Ordering::SeqCst)
    }

    /// It goes on.
    pub fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
    }

    /// Whether there is no room on the disk.
    pub fn disk_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }
}

impl Fault for Hold {
    fn at(&self, point: FaultPoint, _commits: usize) -> Option<Failure> {
        if point == FaultPoint::AfterSync {
            return None;
        }
        let next = |left: usize| left.checked_sub(1);
        let passes = self.passing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).is_ok();
        while !passes && self.held.load(Ordering::SeqCst) {
            self.reached.store(true, Ordering::SeqCst);
            std::thread::yield_now();
        }
        self.full.load(Ordering::SeqCst).then_some(Failure::DiskFull)
    }
}

/// Lets go when the test ends, so that one that fails does not wait for the committer for ever.
pub struct Holder(Arc<Hold>);

impl core::ops::Deref for Holder {
    type Target = Hold;
    fn deref(&self) -> &Hold {
        &self.0
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.release();
    }
}

pub struct Server {
    pub hold: Holder,
    pub app: Arc<App>,
    pub mail: Waiting,
    pub shard: Receiver<ToShard>,
    pub dir: TempDir,
    wish: Wish,
    offset_ms: i64,
}

impl Server {
    pub async fn open(wish: Wish) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), wish, 0).await
    }

    async fn in_folder(dir: TempDir, wish: Wish, offset_ms: i64) -> Self {
        let keys = Keys::open(&dir.path().join("keys"), &dir.path().join("data")).unwrap();
        let hold = Arc::new(Hold::default());
        let fault: Arc<dyn Fault> = Arc::<Hold>::clone(&hold);
        let data = dir.path().join("data");
        let plain = Options { pages_max: wish.pages_max, fault: Some(fault), ..Options::plain(&data) };
        let options = if wish.served {
            Options { dir: data.join("db"), key: Some(keys.store.clone()), ..plain }
        } else {
            plain
        };
        let store = Embedded::open(&options).unwrap();
        let blobs = Blobs::local(&dir.path().join("blobs")).unwrap();
        let clock = Clock::starting_at(offset_ms);
        let (mailer, mail) = Mailer::new();
        let (directory, mut shards) = Routes::new(1);
        let settings = Settings {
            origin: ORIGIN.to_owned(),
            open_registration: !wish.closed,
            demo: wish.demo,
            session_ttl_ms: 7 * 24 * 3_600_000,
            file_bytes_max: 1 << 20,
            user_files_bytes_max: 1 << 21,
            recovery_wait_ms: wish.recovery_wait_ms,
        };
        let state = services::load(&store, &settings, &clock).await.unwrap();
        let app =
            App { settings, store, blobs, clock, keys, mailer, directory, metrics: Metrics::new(), state };
        Self { app: Arc::new(app), mail, shard: shards.remove(0), dir, hold: Holder(hold), wish, offset_ms }
    }

    /// The same folder in a new process.
    pub async fn restart(self) -> Self {
        let Self { app, dir, wish, offset_ms, .. } = self;
        drop(app);
        Self::in_folder(dir, wish, offset_ms).await
    }

    /// Ends it; its folder is left.
    pub fn close(self) -> TempDir {
        let Self { app, dir, .. } = self;
        drop(app);
        dir
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: i64) {
        self.offset_ms += ms;
        assert!(self.app.clock.set_offset(self.offset_ms));
    }

    pub fn setup_token(&self) -> Bin {
        let text = std::fs::read_to_string(self.dir.path().join("data").join("setup-token")).unwrap();
        Bin(hex::decode(text.trim()).unwrap())
    }

    pub async fn call<C: Call>(&self, caller: Caller, call: C) -> Result<C::Answer, Refusal> {
        let reply = services::handle(&self.app, caller, incoming(call)).await?;
        Ok(C::answer(reply).expect("the answer of this request"))
    }

    pub async fn anonymous<C: Call>(&self, call: C) -> Result<C::Answer, Refusal> {
        self.call(Caller::Anonymous { client: NOBODY }, call).await
    }

    /// The newest mailed code.
    pub fn code(&mut self) -> Private {
        let mut code = None;
        while let Some(mail) = self.mail.try_recv() {
            if let MailBody::Code(text) = mail.body {
                code = Some(text);
            }
        }
        code.expect("a code was mailed")
    }

    /// What addresses were told since the last look.
    pub fn notices(&mut self) -> Vec<(String, Notice)> {
        let mut told = Vec::new();
        while let Some(mail) = self.mail.try_recv() {
            if let MailBody::Notice(notice) = mail.body {
                told.push((mail.to.as_str().to_owned(), notice));
            }
        }
        told
    }

    pub fn mails(&mut self) -> usize {
        let mut count = 0;
        while self.mail.try_recv().is_some() {
            count += 1;
        }
        count
    }

    /// What reached the shard since the last look.
    pub fn delivered(&mut self) -> Vec<Delivery> {
        let mut all = Vec::new();
        while let Ok(message) = self.shard.try_recv() {
            if let ToShard::Deliver(delivery) = message {
                all.push(delivery);
            }
        }
        all
    }
}

/// A request as it arrives.
pub fn incoming(call: impl Call) -> Incoming {
    let request = call.into_request();
    let mut hasher = Sha256::new();
    hasher.update(request.kind().to_be_bytes());
    hasher.update(request.encode_body());
    Incoming { request, hash: Bytes32::from_bytes(hasher.finalize().into()) }
}

/// Which chain a link belongs to.
pub fn object(kind: ChainKind, id: [u8; 16], link: Vec<u8>) -> ChainLink {
    ChainLink { chain: kind, id: ObjectId::from_bytes(id), link: Bin(link) }
}

/// A box: bytes of the right size that differ for every scope, generation and recipient.
pub fn sealed(of: &[u8; 16], generation: u64, to: KeyringId) -> Vec<u8> {
    let seed = hash::labelled("test/box", &[of, &generation.to_be_bytes(), to.as_bytes()]);
    seed.as_bytes().iter().copied().cycle().take(1_168).collect()
}

pub fn wire_box(scope: BoxScope, of: [u8; 16], generation: u64, to: &Recipient) -> SealedBox {
    SealedBox {
        scope,
        id: ObjectId::from_bytes(of),
        generation: u32::try_from(generation).unwrap(),
        recipient: to.keyring,
        recipient_generation: u32::try_from(to.generation).unwrap(),
        bytes: Bin(sealed(&of, generation, to.keyring)),
    }
}

pub fn generation(of: KeyringId, n: u64, mut recipients: Vec<Recipient>) -> GenerationBody {
    recipients.sort_by_key(|recipient| recipient.keyring);
    GenerationBody {
        generation: n,
        key: Box::new([u8::try_from(n).unwrap(); 1216]),
        commit: hash::labelled("test/commit", &[of.as_bytes(), &n.to_be_bytes()]),
        prev_box: (n > 1).then(|| vec![7; 60]),
        recipients,
        reason: Reason::Routine,
    }
}

/// Everybody's verified view of all chains, kept beside the server.
#[derive(Clone, Default)]
pub struct World {
    pub dir: Directory,
    pub links: Vec<ChainLink>,
}

pub const NOW: u64 = 1_795_000_000_000;

impl World {
    pub fn take(&mut self, kind: ChainKind, id: [u8; 16], bytes: Vec<u8>) {
        let mode = Mode::Append { now_ms: NOW };
        match kind {
            ChainKind::User => self.dir.user_link(UserId::from_bytes(id), &bytes, mode).map(drop),
            ChainKind::Keyring => self.dir.keyring_link(KeyringId::from_bytes(id), &bytes, mode),
            ChainKind::Unit => self.dir.unit_link(relais_wire::UnitId::from_bytes(id), &bytes, mode),
        }
        .unwrap();
        self.links.push(object(kind, id, bytes));
    }

    /// The links made since the last look, as a request carries them.
    pub fn fresh(&mut self) -> Vec<ChainLink> {
        core::mem::take(&mut self.links)
    }

    pub fn recipient(&self, of: [u8; 16], n: u64, to: KeyringId) -> Recipient {
        let generation = self.dir.keyring(to).map_or(1, |fact| fact.generation);
        Recipient { keyring: to, generation, box_hash: hash::box_hash(&sealed(&of, n, to)) }
    }

    pub fn capacity(&self, keyring: KeyringId) -> Option<Capacity> {
        Some(Capacity { keyring, seq: self.dir.keyring_chain(keyring)?.tail().seq() })
    }

    fn place(&self, kind: ChainKind, id: [u8; 16]) -> Place {
        let next = match kind {
            ChainKind::User => self.dir.user_chain(UserId::from_bytes(id)).map(|c| c.tail().next()),
            ChainKind::Keyring => self.dir.keyring_chain(KeyringId::from_bytes(id)).map(|c| c.tail().next()),
            ChainKind::Unit => {
                self.dir.unit_chain(relais_wire::UnitId::from_bytes(id)).map(|c| c.tail().next())
            }
        };
        next.unwrap_or(Place::first(id))
    }

    pub fn author(&self, person: &Person, capacity: Option<Capacity>) -> Author {
        let chain_seq = self.dir.user_chain(person.user).map_or(1, |chain| chain.tail().seq());
        Author { user: person.user, chain_seq, capacity }
    }

    pub fn sign<B: LinkBody>(
        &self,
        kind: ChainKind,
        id: [u8; 16],
        person: &Person,
        capacity: Option<Capacity>,
        body: &B,
    ) -> Vec<u8> {
        let author = self.author(person, capacity);
        sign::link(&person.key, self.place(kind, id), author, NOW, body).unwrap().to_bytes().unwrap()
    }

    pub fn put<B: LinkBody>(
        &mut self,
        kind: ChainKind,
        id: [u8; 16],
        person: &Person,
        capacity: Option<Capacity>,
        body: &B,
    ) {
        let bytes = self.sign(kind, id, person, capacity, body);
        self.take(kind, id, bytes);
    }
}

pub struct Person {
    pub user: UserId,
    pub key: SigningKey,
    pub recovery: SigningKey,
    pub personal: KeyringId,
    pub inbox: KeyringId,
    pub who: Authenticated,
    pub grant: SessionGrant,
}

pub fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from(key.verifying_key())
}

pub fn authenticated(grant: &SessionGrant) -> Authenticated {
    Authenticated {
        user: grant.user,
        session: grant.session,
        device: grant.device,
        client: NOBODY,
        expires_ms: grant.expires.get(),
    }
}

pub fn vault(version: u64) -> Vault {
    let ciphertext = Bin(vec![u8::try_from(version).unwrap(); 100]);
    Vault { version: Seq::new(version).unwrap(), ciphertext }
}

pub fn vault_link(version: u64) -> UserBody {
    UserBody::Vault { version, hash: hash::sha256(vault(version).ciphertext.as_slice()) }
}

pub fn wraps() -> Vec<Wrap> {
    [WrapKind::Password, WrapKind::Recovery]
        .map(|kind| Wrap { kind, label: Bin::default(), ciphertext: Bin(vec![3; 60]) })
        .to_vec()
}

/// A registration that has been begun and only lacks its code.
pub struct Half {
    pub finish: RegisterFinish,
    pub person: Person,
    pub after: World,
}

/// Begins a registration and prepares its end; `world` is not changed before the server agreed.
pub async fn half_registered(
    server: &Server,
    world: &World,
    email: &str,
    invite: Option<Bin>,
) -> Result<Half, Refusal> {
    let start = ClientRegistration::<Suite>::start(&mut OsRng, PASSWORD).unwrap();
    let opaque = Bin(start.message.serialize().to_vec());
    let started =
        server.anonymous(RegisterStart { email: email.into(), invite, locale: Locale::Fr, opaque }).await?;
    let user = started.user;
    let upload = start
        .state
        .finish(
            &mut OsRng,
            PASSWORD,
            RegistrationResponse::deserialize(started.opaque.as_slice()).unwrap(),
            ClientRegistrationFinishParameters::new(identifiers(&user.to_hex()), Some(&cheap())),
        )
        .unwrap();
    let person = Person { user, ..stranger() };
    let who = person.who;
    let mut after = world.clone();
    let boxes = first_links(&mut after, &person);
    let finish = RegisterFinish {
        idem: idem(),
        login: started.login,
        code: Private::default(),
        opaque: Bin(upload.message.serialize().to_vec()),
        name: Private(format!("Dr {email}")),
        links: after.fresh(),
        boxes,
        vault: vault(1),
        wraps: wraps(),
        recovery: recovery_part(&person.recovery),
        device: who.device,
        proof: None,
    };
    Ok(Half { finish, person, after })
}

fn blank(who: &Authenticated) -> SessionGrant {
    SessionGrant {
        session: who.session,
        user: who.user,
        device: who.device,
        key: relais_wire::control::SessionKey { kid: 0, key: Bin::default() },
        ticket: Bin::default(),
        expires: Default::default(),
        vault: vault(0),
        wraps: Vec::new(),
        orgs: Vec::new(),
    }
}

pub fn recovery_part(key: &SigningKey) -> Recovery {
    Recovery { auth_key: Bin(public(key).to_bytes().to_vec()), server_half: Bin(vec![5; 32]) }
}

/// Somebody with keys and no account.
pub fn stranger() -> Person {
    let who = Authenticated {
        user: UserId::from_bytes(random()),
        session: relais_wire::SessionId::from_bytes(random()),
        device: DeviceId::from_bytes(random()),
        client: NOBODY,
        expires_ms: 0,
    };
    Person {
        user: who.user,
        key: SigningKey::from_bytes(&random()),
        recovery: SigningKey::from_bytes(&random()),
        personal: KeyringId::from_bytes(random()),
        inbox: KeyringId::from_bytes(random()),
        who,
        grant: blank(&who),
    }
}

pub fn first_links(world: &mut World, person: &Person) -> Vec<SealedBox> {
    let author = Author { user: person.user, chain_seq: 1, capacity: None };
    let first = |id: KeyringId, kind, recipients| {
        let owner = Owner::User(person.user);
        let body = KeyringBody::Create { kind, owner, paired: None, first: generation(id, 1, recipients) };
        sign::link(&person.key, Place::first(*id.as_bytes()), author, NOW, &body).unwrap()
    };
    let personal = first(person.personal, KeyringKind::U, vec![]);
    let to_personal = world.recipient(*person.inbox.as_bytes(), 1, person.personal);
    let inbox = first(person.inbox, KeyringKind::I, vec![to_personal]);
    let root = UserBody::Root {
        key: public(&person.key),
        personal: KeyringRef { id: person.personal, first: personal.link_hash() },
        inbox: KeyringRef { id: person.inbox, first: inbox.link_hash() },
        recovery: Some(public(&person.recovery).to_bytes()),
    };
    let user = *person.user.as_bytes();
    let author = Author { user: person.user, chain_seq: 0, capacity: None };
    let root = sign::link(&person.key, Place::first(user), author, NOW, &root).unwrap();
    world.take(ChainKind::User, user, root.to_bytes().unwrap());
    world.take(ChainKind::Keyring, *person.personal.as_bytes(), personal.to_bytes().unwrap());
    world.take(ChainKind::Keyring, *person.inbox.as_bytes(), inbox.to_bytes().unwrap());
    world.put(ChainKind::User, user, person, None, &vault_link(1));
    vec![wire_box(BoxScope::Keyring, *person.inbox.as_bytes(), 1, &to_personal)]
}

/// Registers somebody.
pub async fn register(server: &mut Server, world: &mut World, email: &str) -> Person {
    register_with(server, world, email, None).await
}

pub async fn register_with(
    server: &mut Server,
    world: &mut World,
    email: &str,
    invite: Option<Bin>,
) -> Person {
    let Half { mut finish, mut person, after } = half_registered(server, world, email, invite).await.unwrap();
    finish.code = server.code();
    let grant = server.anonymous(finish).await.unwrap();
    *world = after;
    person.who = authenticated(&grant);
    person.grant = grant;
    person
}

/// The first step of a sign-in, and the proof of a password for the second.
pub async fn proof(server: &Server, email: &str, password: &[u8]) -> Result<(LoginId, Bin), Refusal> {
    let start = ClientLogin::<Suite>::start(&mut OsRng, password).unwrap();
    let opaque = Bin(start.message.serialize().to_vec());
    let started = server.anonymous(LoginStart { email: email.into(), opaque }).await?;
    let finish = start.state.finish(
        &mut OsRng,
        password,
        CredentialResponse::deserialize(started.opaque.as_slice()).unwrap(),
        ClientLoginFinishParameters::new(None, identifiers(&started.user.to_hex()), Some(&cheap())),
    );
    // A client that finds its password wrong stops; an attacker sends something all the same.
    let opaque = finish.map_or_else(|_| Bin(vec![0; 64]), |finish| Bin(finish.message.serialize().to_vec()));
    Ok((started.login, opaque))
}

/// Proves a password, so that a code is mailed.
pub async fn password(server: &Server, email: &str, password: &[u8]) -> Result<LoginId, Refusal> {
    let (login, opaque) = proof(server, email, password).await?;
    server.anonymous(LoginFinish { login, opaque, locale: Locale::En }).await?;
    Ok(login)
}

/// Signs in on a new device.
pub async fn sign_in(server: &mut Server, email: &str) -> Result<SessionGrant, Refusal> {
    let login = password(server, email, PASSWORD).await?;
    let code = server.code();
    server.anonymous(SecondFactor { login, code, device: DeviceId::from_bytes(random()) }).await
}

pub fn refused<T: core::fmt::Debug>(outcome: Result<T, Refusal>) -> ErrorCode {
    outcome.expect_err("a refusal").code
}
