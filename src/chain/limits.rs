//! Every bound of the signed formats, with its reason. A bound is part of the format: changing one is a new
//! protocol version, because two verifiers with different bounds disagree about what is valid.
//!
//! What an entry may weigh and how many it may name is set once, by the wire that has to carry it; the bounds
//! of entries here are the wire's (docs/adr/0013).
//!
//! Not known here: limits of frames, queues and uploads; those belong to the wire.

use relais_wire::limits as wire;

/// Arrays nested in one object. The deepest object of v1 nests 5.
pub const DEPTH_MAX: usize = 8;
/// Recipients of one thread epoch: beyond it, name a team instead of its people.
pub const EPOCH_RECIPIENTS_MAX: usize = wire::EPOCH_RECIPIENTS_MAX;
/// Recipients of one keyring: the largest team of one hospital department, with room.
pub const KEYRING_RECIPIENTS_MAX: usize = wire::KEYRING_RECIPIENTS_MAX;
/// Parties a thread may ever have had: each may come and go once around.
pub const PARTIES_MAX: usize = 512;
/// Open invitations of one thread: each is a card somebody must still answer.
pub const INVITES_MAX: usize = 64;
/// Author-and-device pairs a thread counts for. A device is made per sign-in, so this is ten years of a
/// busy thread; a full one is closed and continued.
pub const WRITERS_MAX: usize = 4_096;
/// Blobs one entry may refer to.
pub const BLOB_REFS_MAX: usize = wire::BLOBS_PER_MESSAGE;
/// Custodian organizations a thread may be linked to.
pub const LINKS_MAX: usize = 64;
/// Bytes of a thread entry's core: 17 small fields and 32 blob references leave room for 160 notified keyrings;
/// who means more of the largest epoch means everybody, which is nil.
pub const CORE_BYTES_MAX: usize = wire::CORE_BYTES_MAX;
/// Bytes of a message's ciphertext, as one frame carries it with its epoch.
pub const MESSAGE_BYTES_MAX: usize = wire::CIPHERTEXT_BYTES_MAX;
/// Bytes of a control payload: an epoch for 256 recipients of ~56 bytes, or the creation of a thread with 180
/// people; more are named by their team.
pub const CONTROL_BYTES_MAX: usize = wire::CONTROL_BYTES_MAX;
/// Bytes of a link's core.
pub const LINK_CORE_BYTES_MAX: usize = 256;
/// Bytes of a link's payload: 1 000 recipients of ~60 bytes.
pub const LINK_PAYLOAD_BYTES_MAX: usize = 72 * 1024;
/// Bytes of a whole envelope: the payload of a link is the longest there is.
pub const ENVELOPE_BYTES_MAX: usize = LINK_PAYLOAD_BYTES_MAX + CORE_BYTES_MAX + 128;
/// Bytes of an encrypted reason (of a refusal, removal or closing).
pub const REASON_BYTES_MAX: usize = 4 * 1024;
/// Bytes of the box of a previous seed: nonce, 32 bytes, tag.
pub const PREV_BOX_BYTES_MAX: usize = 64;
/// Bytes of an X-Wing public key.
pub const ENC_KEY_BYTES: usize = 1216;
/// Links of one chain: a vault or keyring changed every hour for seven years.
pub const CHAIN_LINKS_MAX: u64 = 65_536;
/// Links at the end of a keyring chain that only take somebody out and rotate afterwards: whoever fills a chain, which
/// any holder can, must not become unremovable. Twice the members, twice over.
pub const CHAIN_LINKS_RESERVED: u64 = 4_096;
/// Devices a user chain may name, revoked ones included.
pub const DEVICES_MAX: usize = 512;
/// Signing keys a user may have had.
pub const SIGNING_KEYS_MAX: usize = 1_024;
/// Members a unit attests directly; larger staffs are divided into units.
pub const ATTESTATIONS_MAX: usize = 20_000;
/// Units between a unit and its root, and keyrings inside keyrings.
pub const ANCESTRY_MAX: usize = 8;
/// Bytes of a thread's snapshot: all parties, recipients and writers at their limits.
pub const SNAPSHOT_BYTES_MAX: usize = 512 * 1024;

const _: () = assert!(CONTROL_BYTES_MAX <= LINK_PAYLOAD_BYTES_MAX);
const _: () = assert!(MESSAGE_BYTES_MAX <= LINK_PAYLOAD_BYTES_MAX);
const _: () = assert!(EPOCH_RECIPIENTS_MAX <= PARTIES_MAX);
const _: () = assert!(CORE_BYTES_MAX >= 512 + 160 * 18 + BLOB_REFS_MAX * 18);
const _: () = assert!(CONTROL_BYTES_MAX >= 512 + EPOCH_RECIPIENTS_MAX * 60);
const _: () = assert!(ENVELOPE_BYTES_MAX <= wire::LINK_BYTES_MAX);
