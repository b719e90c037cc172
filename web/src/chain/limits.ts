/**
 * Every bound of the signed formats, with its reason. A bound is part of the format: two verifiers with different
 * bounds disagree about what is valid. What an entry may weigh and how many it may name is set once, by the wire that has
 * to carry it (docs/adr/0013).
 *
 * Not known here: limits of frames, queues and uploads; those belong to the wire.
 */

import { LIMITS } from '../wire/gen/wire';

/** Arrays nested in one object. The deepest object of v1 nests 5. */
export const DEPTH_MAX = 8;
/** Recipients of one thread epoch: beyond it, name a team instead of its people. */
export const EPOCH_RECIPIENTS_MAX = LIMITS.EPOCH_RECIPIENTS_MAX;
/** Recipients of one keyring: the largest team of one hospital department, with room. */
export const KEYRING_RECIPIENTS_MAX = LIMITS.KEYRING_RECIPIENTS_MAX;
/** Parties a thread may ever have had: each may come and go once around. */
export const PARTIES_MAX = 512;
/** Open invitations of one thread: each is a card somebody must still answer. */
export const INVITES_MAX = 64;
/** Author-and-device pairs a thread counts for. A device is made per sign-in, so this is ten years of a busy thread; a full one is closed and continued. */
export const WRITERS_MAX = 4_096;
/** Blobs one entry may refer to. */
export const BLOB_REFS_MAX = LIMITS.BLOBS_PER_MESSAGE;
/** Custodian organizations a thread may be linked to. */
export const LINKS_MAX = 64;
/** Bytes of a thread entry's core: 17 small fields and 32 blob references leave room for 160 notified keyrings. */
export const CORE_BYTES_MAX = LIMITS.CORE_BYTES_MAX;
/** Bytes of a message's ciphertext, as one frame carries it with its epoch. */
export const MESSAGE_BYTES_MAX = LIMITS.CIPHERTEXT_BYTES_MAX;
/** Bytes of a control payload: an epoch for 256 recipients of ~56 bytes, or the creation of a thread with 180 people. */
export const CONTROL_BYTES_MAX = LIMITS.CONTROL_BYTES_MAX;
/** Bytes of a link's core. */
export const LINK_CORE_BYTES_MAX = 256;
/** Bytes of a link's payload: 1 000 recipients of ~60 bytes. */
export const LINK_PAYLOAD_BYTES_MAX = 72 * 1024;
/** Bytes of a whole envelope: the payload of a link is the longest there is. */
export const ENVELOPE_BYTES_MAX = LINK_PAYLOAD_BYTES_MAX + CORE_BYTES_MAX + 128;
/** Bytes of an encrypted reason (of a refusal, removal or closing). */
export const REASON_BYTES_MAX = 4 * 1024;
/** Bytes of the box of a previous seed: nonce, 32 bytes, tag. */
export const PREV_BOX_BYTES_MAX = 64;
/** Bytes of an X-Wing public key. */
export const ENC_KEY_BYTES = 1216;
/** Links of one chain: a vault or keyring changed every hour for seven years. */
export const CHAIN_LINKS_MAX = 65_536;
/**
 * Links at the end of a keyring chain that only take somebody out and rotate afterwards: whoever fills a chain, which any
 * holder can, must not become unremovable.
 */
export const CHAIN_LINKS_RESERVED = 4_096;
/** Devices a user chain may name, revoked ones included. */
export const DEVICES_MAX = 512;
/** Signing keys a user may have had. */
export const SIGNING_KEYS_MAX = 1_024;
/** Members a unit attests directly; larger staffs are divided into units. */
export const ATTESTATIONS_MAX = 20_000;
/** Units between a unit and its root, and keyrings inside keyrings. */
export const ANCESTRY_MAX = 8;
/** Bytes of a thread's snapshot: all parties, recipients and writers at their limits. */
export const SNAPSHOT_BYTES_MAX = 512 * 1024;
