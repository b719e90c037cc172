//! Every bound of the encrypted formats, with its reason. A bound is part of the format.
//!
//! Not known here: bounds of public formats (chain crate) and of frames and uploads (wire crate).

use relais_wire::limits as wire;

/// Bytes an authenticated ciphertext adds: the tag of AES-256-GCM.
pub const TAG_BYTES: usize = 16;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
/// Bytes of a padded message body: what fits the wire's bound of a ciphertext.
pub const PADDED_BODY_BYTES_MAX: usize = wire::CIPHERTEXT_BYTES_MAX - TAG_BYTES;
/// Bytes of a message body before padding. Padmé adds at most 12 % and lands on a multiple of 2 KiB here, so
/// 30 KiB of body always pads to less than the bound above.
pub const BODY_BYTES_MAX: usize = 30 * 1024;
/// Bytes of the shortest padded body: below it, lengths would tell "yes" from "no".
pub const PADDED_BODY_BYTES_MIN: usize = 128;
/// Bytes of a message's text: several thousand words, with room for the other fields.
pub const TEXT_BYTES_MAX: usize = 20 * 1024;
/// Bytes of a thread's title.
pub const TITLE_BYTES_MAX: usize = 512;
/// Attachments of one message, as many as the wire lets it refer to.
pub const ATTACHMENTS_MAX: usize = wire::BLOBS_PER_MESSAGE;
/// Bytes of a file name or media type.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// People mentioned in one message.
pub const MENTIONS_MAX: usize = 64;
/// Bytes of a patient reference's label.
pub const PATIENT_LABEL_BYTES_MAX: usize = 256;
/// Bytes of an encrypted reason's text, so that it fits the chain crate's bound when padded.
pub const REASON_TEXT_BYTES_MAX: usize = 2 * 1024;
/// Plaintext bytes of one chunk of a file: small enough to hold two in memory on a phone, large enough that
/// tags and calls do not count.
pub const CHUNK_BYTES: usize = 1024 * 1024;
/// Bytes of an encrypted chunk.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// Plaintext bytes of one file, so that its ciphertext fits the wire's default bound.
pub const FILE_PLAIN_BYTES_MAX: u64 = wire::FILE_BYTES_MAX - 16 * 1024;
/// Messages of one epoch, after which the next writer renews it: bounds what one leaked seed opens.
pub const EPOCH_MESSAGES_MAX: u64 = 10_000;
/// Milliseconds of one epoch, after which the next writer renews it: 90 days.
pub const EPOCH_AGE_MS_MAX: u64 = 90 * 24 * 3_600 * 1_000;
/// Threads of a key index and pinned threads of a pins object: 10 000 of about 90 bytes fill the object.
pub const INDEX_THREADS_MAX: usize = 10_000;
/// Pinned chains of a pins object: with 10 000 pinned threads they fill it.
pub const PINNED_CHAINS_MAX: usize = 4_000;
/// Bytes of a title in the key index; longer ones are cut there, at a character.
pub const INDEX_TITLE_BYTES_MAX: usize = 120;
/// Characters a new password must have: whoever steals record and OPRF key may guess offline.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Bytes of a password, after which Argon2id would only hash more.
pub const PASSWORD_BYTES_MAX: usize = 1024;

const _: () = assert!(TEXT_BYTES_MAX + TITLE_BYTES_MAX < BODY_BYTES_MAX);
const _: () = assert!(PADDED_BODY_BYTES_MAX <= relais_chain::limits::MESSAGE_BYTES_MAX);
const _: () = assert!(REASON_TEXT_BYTES_MAX * 9 / 8 + 256 <= relais_chain::limits::REASON_BYTES_MAX);
