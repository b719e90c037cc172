//! Every bound of the signed formats, with its reason. A bound is part of the format: changing one is a new
//! protocol version, because two verifiers with different bounds disagree about what is valid.
//!
//! Not known here: limits of frames, queues and uploads; those belong to the wire.

/// Arrays nested in one object. The deepest object of v1 nests 5.
pub const DEPTH_MAX: usize = 8;
/// Recipients of one thread epoch: beyond it, name a team instead of its people.
pub const EPOCH_RECIPIENTS_MAX: usize = 256;
/// Recipients of one keyring: the largest team of one hospital department, with room.
pub const KEYRING_RECIPIENTS_MAX: usize = 1_000;
/// Parties a thread may ever have had: each may come and go once around.
pub const PARTIES_MAX: usize = 512;
/// Open invitations of one thread: each is a card somebody must still answer.
pub const INVITES_MAX: usize = 64;
/// Author-and-device pairs a thread counts for. A device is made per sign-in, so this is ten years of a
/// busy thread; a full one is closed and continued.
pub const WRITERS_MAX: usize = 4_096;
/// Blobs one entry may refer to.
pub const BLOB_REFS_MAX: usize = 32;
/// Custodian organizations a thread may be linked to.
pub const LINKS_MAX: usize = 64;
/// Bytes of a thread entry's core: 17 small fields, 32 blob references and 256 notified keyrings.
pub const CORE_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a message's ciphertext: the padded form of 64 KiB of body.
pub const MESSAGE_BYTES_MAX: usize = 72 * 1024;
/// Bytes of a control payload: 256 recipients of ~56 bytes, twice.
pub const CONTROL_BYTES_MAX: usize = 40 * 1024;
/// Bytes of a link's core.
pub const LINK_CORE_BYTES_MAX: usize = 256;
/// Bytes of a link's payload: 1 000 recipients of ~60 bytes.
pub const LINK_PAYLOAD_BYTES_MAX: usize = 72 * 1024;
/// Bytes of a whole envelope.
pub const ENVELOPE_BYTES_MAX: usize = MESSAGE_BYTES_MAX + CORE_BYTES_MAX + 128;
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

const _: () = assert!(CONTROL_BYTES_MAX <= MESSAGE_BYTES_MAX);
const _: () = assert!(EPOCH_RECIPIENTS_MAX <= PARTIES_MAX);
const _: () = assert!(CORE_BYTES_MAX >= 512 + EPOCH_RECIPIENTS_MAX * 18 + BLOB_REFS_MAX * 18);
