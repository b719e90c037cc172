//! What the server answers: one function per question, the same for every carrier.
//!
//! Every service function that touches something takes a permit for it, which only the authorizer makes.
//!
//! Not known here: sockets, frames, HTTP. A service commits, then hands deliveries to [`App::deliver`].

pub(crate) mod account;
pub(crate) mod boxes;
pub(crate) mod calls;
pub(crate) mod chains;
pub(crate) mod codes;
pub(crate) mod context;
pub(crate) mod directory;
mod dispatch;
pub(crate) mod files;
pub(crate) mod limits;
pub(crate) mod links;
mod loading;
pub(crate) mod mutation;
pub(crate) mod opaque;
pub(crate) mod permit;
pub(crate) mod profile;
pub(crate) mod reads;
pub(crate) mod refuse;
pub(crate) mod rights;
pub(crate) mod server_card;
pub(crate) mod sessions;
mod snapshots;
pub(crate) mod streams;
pub(crate) mod text;
pub(crate) mod threads;
pub(crate) mod tickets;
mod tree;
mod upkeep;
pub(crate) mod world;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use relais_wire::{
    CloseCode, ErrorCode, Refusal, Reply, Request,
    control::{HelloSession, ResyncReason, SessionKey},
    files::BlobCard,
    ids::{BlobId, Bytes32, DeviceId, Epoch, OrgId, Seq, SessionId, UserId},
    scalar::Bin,
};

use relais_store::Embedded;

use crate::app::{App, Settings};
use crate::clock::Clock;
use crate::task::to_the_end;

/// Keyed hash of a peer's address, of this boot only. For throttling; never an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(pub [u8; 16]);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// Nobody yet.
    Anonymous {
        /// Where from.
        client: ClientKey,
    },
    /// A session.
    Session(Authenticated),
}

/// A session that has been proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub session: SessionId,
    /// On which device.
    pub device: DeviceId,
    /// Where from.
    pub client: ClientKey,
    /// Server time at which the session ends.
    pub expires_ms: u64,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The request.
    pub request: Request,
    /// SHA-256 of its type (u16, big endian) and the exact bytes of its body: what an idempotency key names.
    pub hash: Bytes32,
}

/// A `Hello` that holds.
#[derive(Clone, Debug)]
pub struct HelloAccepted {
    /// The session.
    pub who: Authenticated,
    /// The store's history.
    pub epoch: Epoch,
    /// The organization that is followed: the one asked for, if the user is a member of it.
    pub org: Option<OrgId>,
    /// Head of its stream.
    pub org_head: Seq,
    /// Head of the personal stream.
    pub personal_head: Seq,
    /// For the next `Hello`.
    pub ticket: Bin,
    /// A newer session key, when the ticket key has been rotated.
    pub rekey: Option<SessionKey>,
}

/// What proves an HTTP request (`http_proof_input` of the wire crate).
#[derive(Clone, Debug)]
pub struct HttpProof<'a> {
    /// The session.
    pub session: SessionId,
    /// Number of its ticket key.
    pub kid: u32,
    /// The client's time, in milliseconds.
    pub time_ms: u64,
    /// The proof.
    pub mac: [u8; 32],
    /// Method, upper case.
    pub method: &'a str,
    /// Path with query.
    pub path: &'a str,
    /// SHA-256 of the body, or the announced hash of an upload.
    pub body_sha256: [u8; 32],
}

/// A page of a stream, ready to be sent.
#[derive(Clone, Debug)]
pub enum StreamRead {
    /// Entries after the cursor, without a hole; empty at the head.
    Entries {
        /// In order.
        entries: Vec<StreamEntry>,
        /// Head of the stream in the same snapshot.
        head: Seq,
    },
    /// The stream cannot be continued from the cursor.
    Resync {
        /// Why.
        reason: ResyncReason,
        /// Head of the stream.
        head: Seq,
    },
}

/// One entry of a stream as this user may see it.
#[derive(Clone, Debug)]
pub struct StreamEntry {
    /// Its number.
    pub seq: Seq,
    /// Number of the event type.
    pub kind: u16,
    /// Body of the event, MessagePack.
    pub body: Bytes,
}

/// Bytes of a file on their way.
pub type FileBytes = BoxStream<'static, io::Result<Bytes>>;

/// A file that may be read; only [`file`](fn@file) makes one.
pub struct Download {
    blob: BlobId,
    /// Bytes.
    pub len: u64,
    /// SHA-256 of all of them.
    pub hash: Bytes32,
}

/// What services keep in memory. All of it can be read again from the store.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) sessions: sessions::SessionTable,
    pub(crate) chains: world::ChainCache,
    pub(crate) rights: rights::RightsCache,
    pub(crate) reads: reads::RecentReads,
    pub(crate) threads: threads::state::ThreadCache,
    pub(crate) snapshots: snapshots::Snapshots,
    pub(crate) calls: calls::CallDesk,
}

/// What a request is answered with at hand.
fn context(app: &Arc<App>, client: ClientKey, request: Bytes32) -> context::Ctx<'_> {
    context::Ctx { app, now_ms: app.clock.now_ms(), client, request }
}

const NO_REQUEST: Bytes32 = Bytes32::from_bytes([0; 32]);

/// Answers a request. `Focus` and `FollowPersonal` reach this only outside a socket, where there is nothing to
/// follow with.
///
/// The request runs to its end although nobody may wait for the answer any more: what follows a commit (a revoked
/// session's end, rights that are forgotten, live delivery) must not depend on whether its caller stays.
///
/// # Errors
/// A refusal to be sent as it is.
pub async fn handle(app: &Arc<App>, caller: Caller, incoming: Incoming) -> Result<Reply, Refusal> {
    let app = Arc::clone(app);
    to_the_end("request", async move { answer(&app, caller, incoming).await }).await
}

async fn answer(app: &Arc<App>, caller: Caller, incoming: Incoming) -> Result<Reply, Refusal> {
    let client = match &caller {
        Caller::Anonymous { client } => *client,
        Caller::Session(who) => who.client,
    };
    let ctx = context(app, client, incoming.hash);
    match caller {
        Caller::Anonymous { .. } => dispatch::anonymous(&ctx, incoming.request).await,
        Caller::Session(who) => {
            still_valid(app, &who).map_err(|close| {
                let revoked = close == CloseCode::Revoked;
                Refusal::new(if revoked { ErrorCode::Revoked } else { ErrorCode::SessionExpired })
            })?;
            dispatch::session(&ctx, &who, incoming.request).await
        }
    }
}

/// Checks the proof of an HTTP request.
///
/// # Errors
/// A refusal to be sent as it is.
pub async fn authenticate_http(
    app: &Arc<App>,
    client: ClientKey,
    proof: &HttpProof<'_>,
) -> Result<Authenticated, Refusal> {
    sessions::authenticate_http(&context(app, client, NO_REQUEST), proof).await
}

/// Checks a `Hello` against the nonce of this connection's greeting. With a valid ticket it reads the session
/// from memory alone; heads come from the store.
///
/// # Errors
/// The code the connection is closed with.
pub async fn check_hello(
    app: &Arc<App>,
    client: ClientKey,
    nonce: &[u8; 32],
    hello: &HelloSession,
) -> Result<HelloAccepted, CloseCode> {
    sessions::check_hello(&context(app, client, NO_REQUEST), nonce, hello).await
}

/// Whether a session may follow an organization's stream, and where its head is (`None` = the personal one).
///
/// # Errors
/// A refusal to be sent as it is.
pub async fn may_follow(app: &Arc<App>, who: &Authenticated, of: Option<OrgId>) -> Result<Seq, Refusal> {
    let ctx = context(app, who.client, NO_REQUEST);
    let permit = permit::context(&ctx, who, of).await?;
    streams::head(&ctx, &permit).await
}

/// Whether a session is still what it was when it was proved: not revoked, not over. From memory.
///
/// # Errors
/// The code its connections are closed with.
pub fn still_valid(app: &App, who: &Authenticated) -> Result<(), CloseCode> {
    sessions::still_valid(app, who)
}

/// Whether a user may still follow a stream that they were let to follow. From memory, as a rule.
///
/// # Errors
/// `revoked`, `not found`; or a transient refusal.
pub async fn still_follows(app: &Arc<App>, user: UserId, of: Option<OrgId>) -> Result<(), Refusal> {
    permit::follows(&context(app, ClientKey([0; 16]), NO_REQUEST), user, of).await
}

/// Entries of a user's stream after a cursor, as this user may see them now.
///
/// # Errors
/// `revoked` or `not found` when the stream is not theirs to follow any more; else transient, to be tried again.
pub async fn read_stream(
    app: &Arc<App>,
    user: UserId,
    of: Option<OrgId>,
    after: Seq,
    max: u32,
) -> Result<StreamRead, Refusal> {
    let ctx = context(app, ClientKey([0; 16]), NO_REQUEST);
    permit::follows(&ctx, user, of).await?;
    streams::read(&ctx, user, of, after, max).await
}

/// A device has applied entries up to `seq`: the delivery receipt. Called at most once per five seconds per
/// device and stream.
pub async fn applied(app: &Arc<App>, user: UserId, device: DeviceId, of: Option<OrgId>, seq: Seq) {
    let ctx = context(app, ClientKey([0; 16]), NO_REQUEST);
    streams::applied(&ctx, user, device, of, seq).await;
}

/// Stores an uploaded file; the bytes must hash to `hash`.
///
/// # Errors
/// A refusal to be sent as it is; nothing is referenced.
pub async fn upload(
    app: &Arc<App>,
    who: &Authenticated,
    blob: BlobId,
    hash: Bytes32,
    bytes: FileBytes,
) -> Result<BlobCard, Refusal> {
    let ctx = context(app, who.client, NO_REQUEST);
    let permit = permit::own(&ctx, who).await?;
    files::upload(&ctx, &permit, blob, hash, bytes).await
}

/// A file that a session may read. That it reads is noted.
///
/// # Errors
/// A refusal to be sent as it is.
pub async fn file(app: &Arc<App>, who: &Authenticated, blob: BlobId) -> Result<Download, Refusal> {
    let ctx = context(app, who.client, NO_REQUEST);
    let permit = permit::blob(&ctx, who, blob).await?;
    files::download(&ctx, &permit).await
}

/// The bytes of a file, or a part of them; a part beyond the end is an error.
///
/// # Errors
/// A refusal to be sent as it is.
pub async fn file_bytes(
    app: &Arc<App>,
    file: &Download,
    part: Option<Range<u64>>,
) -> Result<FileBytes, Refusal> {
    files::bytes(&context(app, ClientKey([0; 16]), NO_REQUEST), file, part).await
}

/// Loads what services keep in memory: ticket keys (the first one is made), recent revocations.
///
/// # Errors
/// A message for the operator; the server does not start.
pub async fn load(store: &Embedded, settings: &Settings, clock: &Clock) -> Result<State, String> {
    mutation::arm();
    let sessions = sessions::SessionTable::load(store, clock.now_ms(), settings.session_ttl_ms).await?;
    Ok(State { sessions, ..State::default() })
}

/// Names of the checks that `RELAIS_MUTATION` can switch off, in a build for tests.
#[cfg(feature = "mutations")]
pub fn switches() -> impl Iterator<Item = &'static str> {
    mutation::Check::ALL.iter().map(|(_, name)| *name)
}

/// Takes up the calls that a restart interrupted. To be done before anybody is served.
///
/// # Errors
/// The store's.
pub async fn recover_calls(app: &Arc<App>) -> Result<(), Refusal> {
    calls::recover(app).await
}

/// Does what happens to calls by itself (deadlines) until the future is dropped.
pub async fn calls_over_time(app: Arc<App>) {
    calls::run(&app).await;
}

/// A session has connected; its user is told what rings.
pub async fn connected(app: &App, who: &Authenticated) {
    calls::connected(app, who.user).await;
}

/// The connection of a session is gone.
pub async fn disconnected(app: &Arc<App>, who: &Authenticated) {
    calls::gone(&context(app, who.client, NO_REQUEST), who).await;
}

/// Recurring work (key rotation, sweeping, orphaned files) until the future is dropped.
pub async fn upkeep(app: Arc<App>) {
    upkeep::run(&app).await;
}
