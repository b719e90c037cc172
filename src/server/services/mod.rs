//! What the server answers: one function per question, the same for every carrier.
//!
//! Not known here: sockets, frames, HTTP. A service commits, then hands deliveries to [`App::deliver`].

use std::io;
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

use crate::app::App;
use crate::clock::Clock;
use crate::keys::Keys;

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

/// A file to be sent.
pub struct Download {
    /// Bytes.
    pub len: u64,
    /// SHA-256 of all of them.
    pub hash: Bytes32,
    /// The bytes.
    pub bytes: FileBytes,
}

/// What services keep in memory.
#[derive(Debug, Default)]
pub struct State {}

fn not_yet() -> Refusal {
    Refusal::new(ErrorCode::NotSupported)
}

/// Answers a request. `Focus` and `FollowPersonal` reach this only outside a socket, where there is nothing to
/// follow with.
///
/// # Errors
/// A refusal to be sent as it is.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn handle(_app: &Arc<App>, _caller: Caller, _incoming: Incoming) -> Result<Reply, Refusal> {
    Err(not_yet())
}

/// Checks the proof of an HTTP request.
///
/// # Errors
/// A refusal to be sent as it is.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn authenticate_http(
    _app: &Arc<App>,
    _client: ClientKey,
    _proof: &HttpProof<'_>,
) -> Result<Authenticated, Refusal> {
    Err(Refusal::new(ErrorCode::Unauthenticated))
}

/// Checks a `Hello` against the nonce of this connection's greeting. With a valid ticket it reads the session
/// from memory alone; heads come from the store.
///
/// # Errors
/// The code the connection is closed with.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn check_hello(
    _app: &Arc<App>,
    _client: ClientKey,
    _nonce: &[u8; 32],
    _hello: &HelloSession,
) -> Result<HelloAccepted, CloseCode> {
    Err(CloseCode::AuthFailed)
}

/// Whether a session may follow an organization's stream, and where its head is (`None` = the personal one).
///
/// # Errors
/// A refusal to be sent as it is.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn may_follow(
    _app: &Arc<App>,
    _who: &Authenticated,
    _context: Option<OrgId>,
) -> Result<Seq, Refusal> {
    Err(not_yet())
}

/// Whether a session is still what it was when it was proved: not revoked, not over. From memory.
///
/// # Errors
/// The code its connections are closed with.
pub fn still_valid(app: &App, who: &Authenticated) -> Result<(), CloseCode> {
    if app.clock.now_ms() >= who.expires_ms { Err(CloseCode::SessionExpired) } else { Ok(()) }
}

/// Entries of a user's stream after a cursor, as this user may see them now.
///
/// # Errors
/// A refusal: transient, to be tried again.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn read_stream(
    _app: &Arc<App>,
    _user: UserId,
    _context: Option<OrgId>,
    _after: Seq,
    _max: u32,
) -> Result<StreamRead, Refusal> {
    Err(not_yet())
}

/// A device has applied entries up to `seq`: the delivery receipt. Called at most once per five seconds per
/// device and stream.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn applied(_app: &Arc<App>, _user: UserId, _device: DeviceId, _context: Option<OrgId>, _seq: Seq) {}

/// Stores an uploaded file; the bytes must hash to `hash`.
///
/// # Errors
/// A refusal to be sent as it is; nothing is referenced.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn upload(
    _app: &Arc<App>,
    _who: &Authenticated,
    _blob: BlobId,
    _hash: Bytes32,
    _bytes: FileBytes,
) -> Result<BlobCard, Refusal> {
    Err(not_yet())
}

/// Opens a file for reading.
///
/// # Errors
/// A refusal to be sent as it is.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn download(_app: &Arc<App>, _who: &Authenticated, _blob: BlobId) -> Result<Download, Refusal> {
    Err(not_yet())
}

/// Loads what services keep in memory: ticket keys, recent revocations.
///
/// # Errors
/// A message for the operator; the server does not start.
#[expect(clippy::unused_async, reason = "no service is linked yet")]
pub async fn load(_store: &Embedded, _keys: &Keys, _clock: &Clock) -> Result<State, String> {
    Ok(State::default())
}

/// Recurring work (key rotation, sweeping, orphaned files) until the future is dropped.
pub async fn upkeep(_app: Arc<App>) {
    core::future::pending::<()>().await;
}
