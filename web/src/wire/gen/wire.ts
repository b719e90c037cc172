// Generated from the Rust definitions by `cargo x wire-ts`. Do not edit.

export type UserId = Uint8Array;
export type OrgId = Uint8Array;
export type UnitId = Uint8Array;
export type ThreadId = Uint8Array;
export type MsgId = Uint8Array;
export type DeviceId = Uint8Array;
export type SessionId = Uint8Array;
export type LoginId = Uint8Array;
export type KeyringId = Uint8Array;
export type TeamId = Uint8Array;
export type ObjectId = Uint8Array;
export type FileId = Uint8Array;
export type BlobId = Uint8Array;
export type InviteId = Uint8Array;
export type CallId = Uint8Array;
export type ConnId = Uint8Array;
export type IdemKey = Uint8Array;
export type Bytes32 = Uint8Array;
export type Epoch = Uint8Array;
export type Bin = Uint8Array;
export type Seq = number;
export type Millis = number;
export type ByteSize = number;
export type Private = string;
export type Refusal = { 
/**
 * What is wrong.
 */
code: number, 
/**
 * Milliseconds after which it may be tried again.
 */
retry_after?: Millis, 
/**
 * With [`ErrorCode::ChainRefused`]: the number of the broken rule.
 */
chain_code?: number, 
/**
 * With [`ErrorCode::Stale`]: what is current.
 */
stale?: Stale, };
export type Stale = { 
/**
 * The keyring whose generation is newer, or absent when the thread itself moved on.
 */
keyring?: KeyringId, 
/**
 * Its generation; for a thread, its epoch.
 */
generation: number, 
/**
 * Length of the chain.
 */
n: Seq, 
/**
 * Head of the chain; for a thread, the head of its control entries.
 */
head: Bytes32, };
export type Greeting = { 
/**
 * 32 random bytes, never used twice.
 */
nonce: Bin, 
/**
 * Server time.
 */
now: Millis, };
export type Hello = { 
/**
 * The session to resume, or nothing to sign in on this connection.
 */
session?: HelloSession, };
export type HelloSession = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * Number of the ticket key that the session key was derived from.
 */
kid: number, 
/**
 * `HMAC-SHA-256(session key, proof_input(…))`.
 */
proof: Bin, 
/**
 * The ticket of the last `Welcome` or sign-in; without it the server reads the session from its store.
 */
ticket?: Bin, 
/**
 * The organization to follow, with its cursor; absent: the personal stream only.
 */
org?: OrgCursor, 
/**
 * The cursor of the personal stream; absent: start with a snapshot.
 */
personal?: Cursor, };
export type Cursor = { 
/**
 * The store's epoch at the time.
 */
epoch: Epoch, 
/**
 * The last entry that was applied.
 */
seq: Seq, };
export type OrgCursor = { 
/**
 * The organization.
 */
org: OrgId, 
/**
 * The cursor; absent: start with a snapshot.
 */
cursor?: Cursor, };
export type Welcome = { 
/**
 * The store's history; a cursor of another epoch is worthless.
 */
epoch: Epoch, 
/**
 * Server time.
 */
now: Millis, 
/**
 * Head of the followed organization's stream.
 */
org_head?: Seq, 
/**
 * Head of the personal stream; absent on a connection that signs in.
 */
personal_head?: Seq, 
/**
 * For the next `Hello` within ten minutes after this connection ends.
 */
ticket?: Bin, 
/**
 * A newer session key, when the ticket key has been rotated since the one that was proved.
 */
rekey?: SessionKey, 
/**
 * Bounds of this server that a client plans with.
 */
limits: Limits, };
export type SessionKey = { 
/**
 * Number of the ticket key.
 */
kid: number, 
/**
 * `HMAC-SHA-256(ticket key, session id)`; held as a non-extractable HMAC key where the platform can.
 */
key: Bin, };
export type Limits = { 
/**
 * Bytes of one frame on this connection.
 */
frame_bytes: number, 
/**
 * Requests under way at once.
 */
requests_in_flight: number, 
/**
 * Bytes of one file's ciphertext.
 */
file_bytes: ByteSize, 
/**
 * Milliseconds between heartbeats, before jitter.
 */
ping_interval: Millis, };
export type Ping = { 
/**
 * Server time.
 */
now: Millis, 
/**
 * Head of the followed organization's stream.
 */
org?: Seq, 
/**
 * Head of the personal stream.
 */
personal: Seq, };
export type Pong = { 
/**
 * Last applied entry of the followed organization's stream.
 */
org?: Seq, 
/**
 * Last applied entry of the personal stream.
 */
personal: Seq, };
export type CaughtUp = { 
/**
 * Which stream.
 */
stream: Followed, 
/**
 * The last entry sent.
 */
seq: Seq, };
export type Resync = { 
/**
 * Which stream.
 */
stream: Followed, 
/**
 * Why.
 */
reason: ResyncReason, };
export type Followed = "org" | "personal";
export type ResyncReason = "no_cursor" | "other_epoch" | "ahead" | "too_old";
export type Ksf = { 
/**
 * Memory in KiB.
 */
memory_kib: number, 
/**
 * Passes over it.
 */
passes: number, 
/**
 * Lanes.
 */
lanes: number, };
export type RegisterStart = { 
/**
 * Where the code goes, and the login from then on.
 */
email: Private, 
/**
 * The token of an invitation, where the instance or the inviter asks for one.
 */
invite?: Bin, 
/**
 * Language of the mail.
 */
locale: Locale, 
/**
 * OPAQUE `RegistrationRequest`.
 */
opaque: Bin, };
export type RegisterStarted = { 
/**
 * Names this registration for ten minutes.
 */
login: LoginId, 
/**
 * The account's id, and its OPAQUE credential identifier.
 */
user: UserId, 
/**
 * OPAQUE `RegistrationResponse`.
 */
opaque: Bin, 
/**
 * Milliseconds until another code may be asked for.
 */
resend_after: Millis, 
/**
 * How the password is stretched.
 */
ksf: Ksf, };
export type Vault = { 
/**
 * Counts up by one with every change; bound into the ciphertext.
 */
version: Seq, 
/**
 * AES-256-GCM ciphertext.
 */
ciphertext: Bin, };
export type Wrap = { 
/**
 * What opens it.
 */
kind: WrapKind, 
/**
 * Tells several wraps of one kind apart (a passkey's credential id); empty otherwise.
 */
label: Bin, 
/**
 * AES-256-GCM ciphertext of the vault key.
 */
ciphertext: Bin, };
export type Recovery = { 
/**
 * Ed25519 public key derived from the user's half; proves that half without showing it.
 */
auth_key: Bin, 
/**
 * 32 random bytes: the server's half.
 */
server_half: Bin, };
export type RegisterFinish = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * From [`RegisterStarted`].
 */
login: LoginId, 
/**
 * The code that was mailed.
 */
code: Private, 
/**
 * OPAQUE `RegistrationUpload`.
 */
opaque: Bin, 
/**
 * The name shown to others.
 */
name: Private, 
/**
 * Root and vault links of the user chain, first links of the keyrings `U` and `I`.
 */
links: Array<ChainLink>, 
/**
 * Boxes named by those links.
 */
boxes: Array<SealedBox>, 
/**
 * The vault.
 */
vault: Vault, 
/**
 * Wraps of the vault key: password and recovery at least.
 */
wraps: Array<Wrap>, 
/**
 * The server's part of the recovery code.
 */
recovery: Recovery, 
/**
 * The device that registers, and is signed in by it.
 */
device: DeviceId, 
/**
 * Signature over the user's root hash with the invitation's key (label `relais/v1/accept`), where it has one.
 */
proof?: Bin, };
export type LoginStart = { 
/**
 * The login.
 */
email: Private, 
/**
 * OPAQUE `CredentialRequest` (KE1).
 */
opaque: Bin, };
export type LoginStarted = { 
/**
 * Names this sign-in for ten minutes.
 */
login: LoginId, 
/**
 * The account's id; a stable invented one where there is no account.
 */
user: UserId, 
/**
 * OPAQUE `CredentialResponse` (KE2).
 */
opaque: Bin, 
/**
 * How the password is stretched.
 */
ksf: Ksf, };
export type LoginFinish = { 
/**
 * From [`LoginStarted`].
 */
login: LoginId, 
/**
 * OPAQUE `CredentialFinalization` (KE3).
 */
opaque: Bin, 
/**
 * Language of the mail.
 */
locale: Locale, };
export type FactorNeeded = { 
/**
 * What may be used; the first is already under way.
 */
factors: Array<FactorKind>, 
/**
 * Milliseconds until another code may be asked for.
 */
resend_after: Millis, };
export type ResendCode = { 
/**
 * The sign-in, registration or recovery.
 */
login: LoginId, };
export type CodeSent = { 
/**
 * Milliseconds until another code may be asked for.
 */
resend_after: Millis, 
/**
 * How many more codes this sign-in may send.
 */
left: number, };
export type SecondFactor = { 
/**
 * The sign-in.
 */
login: LoginId, 
/**
 * The code.
 */
code: Private, 
/**
 * The device that signs in.
 */
device: DeviceId, };
export type SessionGrant = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The user.
 */
user: UserId, 
/**
 * The device.
 */
device: DeviceId, 
/**
 * The session's key.
 */
key: SessionKey, 
/**
 * For the first `Hello`.
 */
ticket: Bin, 
/**
 * Server time at which the session ends.
 */
expires: Millis, 
/**
 * The vault.
 */
vault: Vault, 
/**
 * Wraps of the vault key.
 */
wraps: Array<Wrap>, 
/**
 * Organizations the user is a member of.
 */
orgs: Array<OrgId>, };
export type RecoverStart = { 
/**
 * The login.
 */
email: Private, 
/**
 * Language of the mail.
 */
locale: Locale, };
export type RecoverStarted = { 
/**
 * Names this recovery for ten minutes.
 */
login: LoginId, 
/**
 * Milliseconds until another code may be asked for.
 */
resend_after: Millis, };
export type RecoverProve = { 
/**
 * From [`RecoverStarted`].
 */
login: LoginId, 
/**
 * The code.
 */
code: Private, };
export type RecoverChallenge = { 
/**
 * The account.
 */
user: UserId, 
/**
 * 32 random bytes to sign with the key derived from the user's half of the recovery code.
 */
challenge: Bin, };
export type RecoverAuth = { 
/**
 * The recovery.
 */
login: LoginId, 
/**
 * Ed25519 signature over the challenge, label `relais/v1/recover`.
 */
signature: Bin, 
/**
 * OPAQUE `RegistrationRequest` of the new password.
 */
opaque: Bin, };
export type RecoverGranted = { 
/**
 * The server's half.
 */
server_half: Bin, 
/**
 * The wrap both halves open.
 */
wrap: Wrap, 
/**
 * The vault.
 */
vault: Vault, 
/**
 * OPAQUE `RegistrationResponse`.
 */
opaque: Bin, 
/**
 * How the password is stretched.
 */
ksf: Ksf, };
export type Rekey = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The recovery, or absent in a running session.
 */
login?: LoginId, 
/**
 * OPAQUE `RegistrationUpload`.
 */
opaque: Bin, 
/**
 * The vault under its new key.
 */
vault: Vault, 
/**
 * All wraps; the older ones are deleted.
 */
wraps: Array<Wrap>, 
/**
 * A new recovery code's server part (always after a recovery).
 */
recovery?: Recovery, 
/**
 * Links of the user chain: `vault`, `recovery_renewed`.
 */
links: Array<ChainLink>, 
/**
 * The device that is signed in by a recovery.
 */
device?: DeviceId, };
export type Rekeyed = { 
/**
 * After a recovery: the new session. All others are revoked.
 */
session?: SessionGrant, };
export type PasswordStart = { 
/**
 * OPAQUE `RegistrationRequest`.
 */
opaque: Bin, };
export type PasswordStarted = { 
/**
 * OPAQUE `RegistrationResponse`.
 */
opaque: Bin, 
/**
 * How the password is stretched.
 */
ksf: Ksf, };
export type RenewRecovery = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The server's new part.
 */
recovery: Recovery, 
/**
 * The vault key wrapped for the new code.
 */
wrap: Wrap, 
/**
 * The vault, which keeps the new code to show it again; under the same vault key.
 */
vault: Vault, 
/**
 * The `recovery_renewed` link and the `vault` link.
 */
links: Array<ChainLink>, };
export type ListSessions = Record<symbol, never>;
export type Sessions = { 
/**
 * Newest first.
 */
sessions: Array<SessionCard>, };
export type SessionCard = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * Its device.
 */
device: DeviceId, 
/**
 * Server time of the sign-in.
 */
opened: Millis, 
/**
 * Server time it was last seen, at most five seconds old while connected.
 */
seen: Millis, 
/**
 * Server time at which it ends.
 */
expires: Millis, 
/**
 * Whether it is the one asking.
 */
current: boolean, };
export type RevokeSession = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The session; the own one signs out.
 */
session: SessionId, };
export type GetVault = Record<symbol, never>;
export type PutVault = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The vault, its version one more than before.
 */
vault: Vault, 
/**
 * The `vault` link of the user chain, and other links made with it.
 */
links: Array<ChainLink>, 
/**
 * Boxes named by those links, besides the staged ones.
 */
boxes: Array<SealedBox>, };
export type GetObject = { 
/**
 * Which.
 */
object: ObjectKind, };
export type Object = { 
/**
 * 0 when there is none yet.
 */
version: Seq, 
/**
 * Ciphertext; empty when there is none yet.
 */
ciphertext: Bin, };
export type PutObject = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * Which.
 */
object: ObjectKind, 
/**
 * The version this one replaces.
 */
replaces: Seq, 
/**
 * Ciphertext.
 */
ciphertext: Bin, };
export type ObjectStored = { 
/**
 * The object's version now.
 */
version: Seq, };
export type Done = Record<symbol, never>;
export type Locale = "fr" | "en";
export type WrapKind = "password" | "recovery" | "passkey" | "key_file";
export type FactorKind = "email" | "totp" | "passkey";
export type ObjectKind = "key_index" | "pins";
export type ChainLink = { 
/**
 * Kind of the chain.
 */
chain: ChainKind, 
/**
 * Id of the chain.
 */
id: ObjectId, 
/**
 * The signed link, as it was made.
 */
link: Bin, };
export type GetLinks = { 
/**
 * Kind of the chain.
 */
chain: ChainKind, 
/**
 * Id of the chain.
 */
id: ObjectId, 
/**
 * The last link already known; 0 for all.
 */
after: Seq, 
/**
 * How many at most.
 */
max: number, 
/**
 * In place of a session: a recovery that was granted, for the chain of its own user only.
 */
login?: LoginId, };
export type Links = { 
/**
 * Links in order.
 */
links: Array<Bin>, 
/**
 * Length of the chain.
 */
n: Seq, 
/**
 * Hash of its last link.
 */
head: Bytes32, };
export type AppendLinks = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The links, in an order in which each is valid after those before it.
 */
links: Array<ChainLink>, };
export type LinksAppended = { 
/**
 * Position and head of each chain after the commit, in the order of the request's links.
 */
heads: Array<ChainHead>, };
export type ChainHead = { 
/**
 * Length of the chain.
 */
n: Seq, 
/**
 * Hash of its last link.
 */
head: Bytes32, };
export type SealedBox = { 
/**
 * What it opens.
 */
scope: BoxScope, 
/**
 * Id of the keyring or thread.
 */
id: ObjectId, 
/**
 * Generation or epoch of the seed.
 */
generation: number, 
/**
 * The keyring it is sealed to.
 */
recipient: KeyringId, 
/**
 * The generation of that keyring.
 */
recipient_generation: number, 
/**
 * HPKE encapsulation and ciphertext.
 */
bytes: Bin, };
export type PutBoxes = { 
/**
 * The boxes; one that is already staged is replaced.
 */
boxes: Array<SealedBox>, };
export type BoxesStaged = { 
/**
 * Bytes staged by this session now.
 */
bytes: number, 
/**
 * Server time at which they are dropped.
 */
expires: Millis, };
export type GetBoxes = { 
/**
 * What they open.
 */
scope: BoxScope, 
/**
 * Id of the keyring or thread.
 */
id: ObjectId, 
/**
 * First generation or epoch.
 */
from: number, 
/**
 * Last generation or epoch.
 */
to: number, 
/**
 * The recipient keyring: the asker's `U` or `I`, or a keyring the asker is a member of.
 */
recipient: KeyringId, };
export type Boxes = { 
/**
 * Ascending by generation.
 */
boxes: Array<SealedBox>, };
export type ChainKind = "user" | "keyring" | "unit";
export type BoxScope = "keyring" | "thread";
export type SignedEntry = { 
/**
 * Positional array, signed.
 */
core: Bin, 
/**
 * Ciphertext or control object; its hash is signed.
 */
payload: Bin, 
/**
 * Ed25519 signature.
 */
sig: Bin, };
export type Append = { 
/**
 * Idempotency key. Any change of an entry takes a new one.
 */
idem: IdemKey, 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * In order.
 */
entries: Array<SignedEntry>, };
export type Appended = { 
/**
 * One for each entry.
 */
receipts: Array<Receipt>, };
export type Receipt = { 
/**
 * Position in the thread; the first entry is 1.
 */
n: Seq, 
/**
 * Head after it.
 */
head: Bytes32, 
/**
 * Server time.
 */
at: Millis, 
/**
 * Ed25519 signature of the server over thread, n, head and time (label `relais/v1/receipt`).
 */
sig: Bin, };
export type StoredEntry = { 
/**
 * Position in the thread; the first entry is 1.
 */
n: Seq, 
/**
 * Server time of the commit.
 */
at: Millis, 
/**
 * As signed.
 */
core: Bin, 
/**
 * Absent where the content was deleted; the chain still verifies with `payload_hash`.
 */
payload?: Bin, 
/**
 * SHA-256 of the payload, where that is absent.
 */
payload_hash?: Bytes32, 
/**
 * As signed.
 */
sig: Bin, };
export type GetThread = { 
/**
 * The thread.
 */
thread: ThreadId, };
export type GetEntries = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * First position wanted, or last when reading backward.
 */
from: Seq, 
/**
 * How many at most.
 */
max: number, 
/**
 * Towards older entries.
 */
backward: boolean, };
export type Entries = { 
/**
 * Ascending by position.
 */
entries: Array<StoredEntry>, 
/**
 * Entries the thread has: the position of the last one.
 */
len: Seq, 
/**
 * Head of the thread.
 */
head: Bytes32, };
export type MarkRead = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * The last position seen. Going back has no effect.
 */
n: Seq, };
export type GetReads = { 
/**
 * The thread.
 */
thread: ThreadId, };
export type Reads = { 
/**
 * One for each participant the asker may see.
 */
marks: Array<ReadMark>, };
export type ReadMark = { 
/**
 * The person.
 */
user: UserId, 
/**
 * Entries that have reached one of their devices.
 */
delivered: Seq, 
/**
 * Entries seen.
 */
read: Seq, };
export type Party = { 
/**
 * The person.
 */
user?: UserId, 
/**
 * The team.
 */
team?: TeamId, 
/**
 * The organization they take part for.
 */
as_org?: OrgId, 
/**
 * Where they stand.
 */
state: PartyState, };
export type ThreadCard = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * Entries it has.
 */
len: Seq, 
/**
 * Its head.
 */
head: Bytes32, 
/**
 * The head of its control entries, which the next control entry names.
 */
ctrl_head: Bytes32, 
/**
 * The current epoch.
 */
epoch: number, 
/**
 * The first entry the asker may read.
 */
first: Seq, 
/**
 * Entries the asker has seen.
 */
read: Seq, 
/**
 * Server time of the last entry.
 */
at: Millis, 
/**
 * Whether it is closed.
 */
closed: boolean, 
/**
 * The asker's own standing.
 */
state: PartyState, 
/**
 * Some of the participants.
 */
parties: Array<Party>, 
/**
 * How many more there are.
 */
more_parties: number, };
export type PartyState = "invited" | "active" | "left" | "declined" | "removed";
export type Focus = { 
/**
 * The organization; absent: none.
 */
org?: OrgId, 
/**
 * Where to continue; absent: at the head.
 */
cursor?: Cursor, };
export type FollowPersonal = { 
/**
 * Where to continue.
 */
cursor: Cursor, };
export type Following = { 
/**
 * Head of the stream.
 */
head: Seq, };
export type Pull = { 
/**
 * The organization; absent: the personal stream.
 */
org?: OrgId, 
/**
 * The last entry already known.
 */
after: Cursor, 
/**
 * How many at most.
 */
max: number, };
export type StreamPage = { 
/**
 * In order, the first one numbered `after + 1`.
 */
entries: Array<StreamItem>, 
/**
 * Head of the stream.
 */
head: Seq, };
export type StreamItem = { 
/**
 * Its number.
 */
seq: Seq, 
/**
 * Type of the event.
 */
kind: number, 
/**
 * Body of the event, MessagePack.
 */
body: Bin, };
export type GetSnapshot = { 
/**
 * The organization; absent: the personal context.
 */
org?: OrgId, 
/**
 * From the page before; absent: the first page.
 */
page?: Bin, };
export type Snapshot = { 
/**
 * The cursor the snapshot was cut at.
 */
cursor: Cursor, 
/**
 * First page of an organization: its card.
 */
org?: OrgCard, 
/**
 * First page of an organization: the asker's teams in it.
 */
teams: Array<TeamCard>, 
/**
 * Threads, newest first.
 */
threads: Array<ThreadCard>, 
/**
 * Asks for the next page; absent on the last.
 */
next?: Bin, 
/**
 * Last page: the place of the last thread named, where there are older ones than a snapshot holds. They are
 * read with [`ListThreads`].
 */
older?: ThreadPlace, };
export type ThreadPlace = { 
/**
 * Server time of the last entry.
 */
at: Millis, 
/**
 * The thread.
 */
thread: ThreadId, };
export type ListThreads = { 
/**
 * The organization; absent: the personal context.
 */
org?: OrgId, 
/**
 * Only threads after this place; absent: from the newest.
 */
before?: ThreadPlace, 
/**
 * How many at most.
 */
max: number, };
export type ThreadList = { 
/**
 * Newest first. May be fewer than were asked for, or none, where there are more all the same.
 */
threads: Array<ThreadCard>, 
/**
 * Where the list goes on; absent: this is its end.
 */
next?: ThreadPlace, };
export type GetServer = Record<symbol, never>;
export type ServerCard = { 
/**
 * The origin that OPAQUE binds as server identity.
 */
origin: string, 
/**
 * Version of the software.
 */
version: string, 
/**
 * OPAQUE server public key, to be pinned.
 */
opaque_key: Bin, 
/**
 * Ed25519 key of receipts.
 */
receipt_key: Bin, 
/**
 * Whether one may register without an invitation.
 */
open_registration: boolean, 
/**
 * Whether this is a demonstration with fictitious data.
 */
demo: boolean, 
/**
 * Root unit of the instance, once it exists.
 */
root?: UnitId, 
/**
 * Server time.
 */
now: Millis, };
export type Search = { 
/**
 * At least two characters; accents and case do not count.
 */
query: Private, 
/**
 * The organization searched in; absent: the whole network.
 */
org?: OrgId, };
export type Found = { 
/**
 * People.
 */
people: Array<PersonCard>, 
/**
 * Teams.
 */
teams: Array<TeamCard>, 
/**
 * Whether there are more than are shown.
 */
more: boolean, };
export type GetPerson = { 
/**
 * Who.
 */
user: UserId, };
export type PersonCard = { 
/**
 * Who.
 */
user: UserId, 
/**
 * The name.
 */
name: Private, 
/**
 * The keyring direct messages and boxes of other keyrings are sealed to.
 */
personal: KeyringId, 
/**
 * The keyring threads are sealed to.
 */
inbox: KeyringId, 
/**
 * Organizations in common with the asker.
 */
orgs: Array<OrgId>, };
export type GetUnit = { 
/**
 * Which.
 */
unit: UnitId, };
export type UnitCard = { 
/**
 * Which.
 */
unit: UnitId, 
/**
 * The organization, whose id is its root unit's.
 */
org: OrgId, 
/**
 * The unit above; absent for the root (ORG-02).
 */
parent?: UnitId, 
/**
 * The name.
 */
name: Private, 
/**
 * Keyring of its administrators.
 */
admins: KeyringId, 
/**
 * Keyring of its data.
 */
data: KeyringId, 
/**
 * Its teams.
 */
teams: Array<TeamCard>, 
/**
 * Its members, some of them.
 */
members: Array<PersonCard>, 
/**
 * Members beyond those.
 */
more_members: number, };
export type OrgCard = { 
/**
 * Which.
 */
org: OrgId, 
/**
 * The name.
 */
name: Private, 
/**
 * Its units.
 */
units: Array<UnitId>, };
export type TeamCard = { 
/**
 * Which.
 */
team: TeamId, 
/**
 * Its unit.
 */
unit: UnitId, 
/**
 * Its organization.
 */
org: OrgId, 
/**
 * The name.
 */
name: Private, 
/**
 * Keyring of its managers.
 */
managers: KeyringId, 
/**
 * Keyring of all its members.
 */
all: KeyringId, 
/**
 * Threads waiting in its triage box, for its managers.
 */
triage?: number, };
export type CreateUnit = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * Its id.
 */
unit: UnitId, 
/**
 * The unit above; absent: a new organization.
 */
parent?: UnitId, 
/**
 * The name.
 */
name: Private, 
/**
 * Genesis of the unit, first links of `OA` and `OD`, the `parent` link.
 */
links: Array<ChainLink>, 
/**
 * Boxes named by those links.
 */
boxes: Array<SealedBox>, };
export type CreateTeam = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * Its id: the bytes of its managers' keyring's.
 */
team: TeamId, 
/**
 * Its unit.
 */
unit: UnitId, 
/**
 * The name.
 */
name: Private, 
/**
 * First links of `TM` and `TA`.
 */
links: Array<ChainLink>, 
/**
 * Boxes named by those links.
 */
boxes: Array<SealedBox>, };
export type CreateInvite = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The unit; absent: to the instance alone.
 */
unit?: UnitId, 
/**
 * Where the server mails it; absent: the inviter hands it over.
 */
email?: Private, 
/**
 * Language of the mail.
 */
locale: Locale, 
/**
 * Ed25519 public key of the invitation, whose private part only the token holds.
 */
key?: Bin, };
export type InviteCreated = { 
/**
 * The invitation.
 */
invite: InviteId, 
/**
 * The token, shown once.
 */
token: Bin, 
/**
 * Server time at which it ends.
 */
expires: Millis, };
export type WithdrawInvite = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * Which.
 */
invite: InviteId, };
export type AcceptInvite = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * The token.
 */
token: Bin, 
/**
 * Signature over the user's root hash with the invitation's key, where it has one.
 */
proof?: Bin, };
export type SetSuspended = { 
/**
 * Idempotency key.
 */
idem: IdemKey, 
/**
 * Whose account; never one's own.
 */
user: UserId, 
/**
 * Whether it is suspended from now on.
 */
suspended: boolean, };
export type GetPending = { 
/**
 * The unit.
 */
unit: UnitId, };
export type Pending = { 
/**
 * Those who wait.
 */
members: Array<PendingMember>, };
export type PendingMember = { 
/**
 * Who.
 */
user: UserId, 
/**
 * The name.
 */
name: Private, 
/**
 * The invitation.
 */
invite: InviteId, 
/**
 * Signature over the user's root hash with the invitation's key, where it has one.
 */
proof?: Bin, };
export type CallStart = { 
/**
 * Made by the client: 16 random bytes.
 */
call: CallId, 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * Who is rung; absent: everybody who takes part in the thread.
 */
callees?: Array<Callee>, 
/**
 * Whether the starter's camera is on.
 */
camera: boolean, 
/**
 * Whether the starter was shown the warnings, and rings all the same (AVL-01).
 */
confirmed: boolean, };
export type CallAdd = { 
/**
 * The call.
 */
call: CallId, 
/**
 * Whom, among those who take part in the thread.
 */
callees: Array<Callee>, 
/**
 * As in `CallStart`.
 */
confirmed: boolean, };
export type Callee = { 
/**
 * The person.
 */
user?: UserId, 
/**
 * The team.
 */
team?: TeamId, };
export type CallStarted = { 
/**
 * The call; absent: nothing was rung, the caller is to be asked first and then says `confirmed`.
 */
card?: CallCard, 
/**
 * Of whom the caller must know something first.
 */
warnings: Array<CallWarning>, };
export type CallWarning = { 
/**
 * Whom.
 */
callee: Callee, 
/**
 * What.
 */
dot: Dot, 
/**
 * When they are back, if that is known.
 */
until?: Millis, 
/**
 * For somebody absent: the team of the thread that can be rung instead.
 */
offer?: TeamId, };
export type Dot = "yellow" | "red";
export type CallJoin = { 
/**
 * The call.
 */
call: CallId, 
/**
 * Whether with camera (CAL-03).
 */
camera: boolean, };
export type CallAck = { 
/**
 * The call.
 */
call: CallId, };
export type CallDecline = { 
/**
 * The call.
 */
call: CallId, };
export type CallLeave = { 
/**
 * The call.
 */
call: CallId, };
export type CallEnd = { 
/**
 * The call.
 */
call: CallId, };
export type GetCalls = Record<symbol, never>;
export type Calls = { 
/**
 * What rings.
 */
rings: Array<CallRings>, 
/**
 * The call the user is in, on whichever device.
 */
card?: CallCard, };
export type CallRings = { 
/**
 * The call.
 */
call: CallId, 
/**
 * The thread it is about.
 */
thread: ThreadId, 
/**
 * The organization of the thread; absent: none.
 */
org?: OrgId, 
/**
 * Who started the call.
 */
from: UserId, 
/**
 * Server time at which the ringing ends.
 */
until: Millis, };
export type CallStopped = { 
/**
 * The call.
 */
call: CallId, 
/**
 * Why.
 */
why: StopReason, 
/**
 * The device of the user that answered, which goes on.
 */
device?: DeviceId, };
export type StopReason = "answered_elsewhere" | "declined" | "cancelled" | "missed" | "unreachable";
export type CallChanged = { 
/**
 * The call.
 */
card: CallCard, };
export type CallMissed = { 
/**
 * The call.
 */
call: CallId, 
/**
 * The thread it was about.
 */
thread: ThreadId, 
/**
 * Who called.
 */
from: UserId, 
/**
 * Server time at which the call was started.
 */
at: Millis, 
/**
 * Why nobody answered.
 */
why: MissReason, };
export type MissReason = "rang_out" | "unreachable" | "busy" | "cancelled";
export type CallCard = { 
/**
 * The call.
 */
call: CallId, 
/**
 * The thread it is about.
 */
thread: ThreadId, 
/**
 * Who started it.
 */
starter: UserId, 
/**
 * Server time of the start.
 */
started: Millis, 
/**
 * Grows with every change; an older card than the last one seen is worthless.
 */
version: Seq, 
/**
 * How it stands.
 */
phase: CallPhase, 
/**
 * Server time of the first answer, while it goes on.
 */
since?: Millis, 
/**
 * Why it is over.
 */
why?: CallEndReason, 
/**
 * Its places, the starter's first.
 */
seats: Array<CallSeat>, };
export type CallPhase = "ringing" | "active" | "recovering" | "ended";
export type CallEndReason = "cancelled" | "unanswered" | "hung_up" | "for_all" | "lost";
export type CallSeat = { 
/**
 * For whom.
 */
callee: Callee, 
/**
 * How it stands.
 */
state: SeatState, 
/**
 * Who sits there.
 */
user?: UserId, 
/**
 * On which device.
 */
device?: DeviceId, 
/**
 * Whether with camera.
 */
camera: boolean, 
/**
 * Server time at which `called`, `ringing` or `away` ends by itself; for `absent`, when they are back.
 */
until?: Millis, };
export type SeatState = "called" | "ringing" | "in" | "away" | "declined" | "busy" | "unreachable" | "missed" | "cancelled" | "absent" | "left" | "lost" | "removed";
export type GetBlob = { 
/**
 * Which.
 */
blob: BlobId, };
export type BlobCard = { 
/**
 * Whether all of it is durable.
 */
complete: boolean, 
/**
 * Bytes of the ciphertext.
 */
bytes: ByteSize, 
/**
 * SHA-256 of the ciphertext, once complete.
 */
hash?: Bytes32, };
export type EntriesAppended = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * In order.
 */
entries: Array<StoredEntry>, };
export type Invited = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * The control entry that invites.
 */
entry: StoredEntry, };
export type ThreadGone = { 
/**
 * The thread.
 */
thread: ThreadId, };
export type ChainGrew = { 
/**
 * Kind of the chain.
 */
chain: ChainKind, 
/**
 * Id of the chain.
 */
id: ObjectId, 
/**
 * Length of the chain after them.
 */
n: Seq, 
/**
 * In order.
 */
links: Array<Bin>, };
export type ReadMoved = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * Entries seen.
 */
read: Seq, };
export type SessionOpened = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * Its device.
 */
device: DeviceId, 
/**
 * Server time.
 */
at: Millis, };
export type SessionEnded = { 
/**
 * The session.
 */
session: SessionId, };
export type ObjectChanged = { 
/**
 * Which.
 */
object: ObjectKind, 
/**
 * Its version now.
 */
version: Seq, };
export type MemberWaits = { 
/**
 * The unit.
 */
unit: UnitId, 
/**
 * Who.
 */
user: UserId, 
/**
 * The name.
 */
name: Private, 
/**
 * The invitation.
 */
invite: InviteId, };
export type Badge = { 
/**
 * The organization; absent: the personal context.
 */
org?: OrgId, };
export type Progress = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * Who, and how far.
 */
mark: ReadMark, };
export type Typing = { 
/**
 * The thread.
 */
thread: ThreadId, 
/**
 * Who.
 */
user: UserId, };

export const REQUEST = {
  GetServer: 0x0101,
  RegisterStart: 0x0110,
  RegisterFinish: 0x0111,
  LoginStart: 0x0120,
  LoginFinish: 0x0121,
  ResendCode: 0x0122,
  SecondFactor: 0x0123,
  RecoverStart: 0x0130,
  RecoverProve: 0x0131,
  RecoverAuth: 0x0132,
  Rekey: 0x0133,
  PasswordStart: 0x0140,
  RenewRecovery: 0x0141,
  ListSessions: 0x0142,
  RevokeSession: 0x0143,
  GetVault: 0x0150,
  PutVault: 0x0151,
  GetObject: 0x0152,
  PutObject: 0x0153,
  GetLinks: 0x0201,
  AppendLinks: 0x0202,
  PutBoxes: 0x0203,
  GetBoxes: 0x0204,
  Append: 0x0301,
  GetThread: 0x0302,
  GetEntries: 0x0303,
  MarkRead: 0x0304,
  GetReads: 0x0305,
  Focus: 0x0401,
  FollowPersonal: 0x0402,
  Pull: 0x0403,
  GetSnapshot: 0x0404,
  ListThreads: 0x0405,
  Search: 0x0501,
  GetPerson: 0x0502,
  GetUnit: 0x0503,
  CreateUnit: 0x0510,
  CreateTeam: 0x0511,
  CreateInvite: 0x0520,
  WithdrawInvite: 0x0521,
  AcceptInvite: 0x0522,
  GetPending: 0x0523,
  SetSuspended: 0x0530,
  GetBlob: 0x0601,
  CallStart: 0x0701,
  CallAdd: 0x0702,
  CallJoin: 0x0703,
  CallAck: 0x0704,
  CallDecline: 0x0705,
  CallLeave: 0x0706,
  CallEnd: 0x0707,
  GetCalls: 0x0708,
} as const;

export const EVENT = {
  EntriesAppended: 0x0001,
  Invited: 0x0002,
  ThreadGone: 0x0003,
  ChainGrew: 0x0004,
  ReadMoved: 0x0005,
  SessionOpened: 0x0006,
  SessionEnded: 0x0007,
  ObjectChanged: 0x0008,
  MemberWaits: 0x0009,
  CallMissed: 0x000a,
  Badge: 0x0064,
  Progress: 0x0065,
  Typing: 0x0066,
  CallRings: 0x0067,
  CallStopped: 0x0068,
  CallChanged: 0x0069,
} as const;

export const CONTROL = {
  Greeting: 0x0001,
  Hello: 0x0002,
  Welcome: 0x0003,
  Ping: 0x0004,
  Pong: 0x0005,
  CaughtUp: 0x0006,
  Resync: 0x0007,
} as const;

export const CLOSE_CODE = {
  Draining: 4000,
  TooSlow: 4001,
  Overloaded: 4002,
  PingTimeout: 4003,
  Replaced: 4004,
  Unavailable: 4005,
  Internal: 4006,
  Malformed: 4500,
  UnsupportedVersion: 4501,
  TooLarge: 4502,
  AuthFailed: 4503,
  SessionExpired: 4504,
  Revoked: 4505,
} as const;

export * as ERROR_CODE from './errors';
export * as LIMITS from './limits';
