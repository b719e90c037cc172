/**
 * Every bound of the encrypted formats, with its reason. A bound is part of the format.
 *
 * Not known here: bounds of public formats (`chain/limits`) and of frames and uploads (`LIMITS` of the wire).
 */
import { LIMITS } from '../wire/gen/wire';

/** Bytes an authenticated ciphertext adds: the tag of AES-256-GCM. */
export const TAG_BYTES = 16;
/** Bytes of a nonce. */
export const NONCE_BYTES = 12;
/** Bytes of a padded message body: what fits the wire's bound of a ciphertext. */
export const PADDED_BODY_BYTES_MAX = LIMITS.CIPHERTEXT_BYTES_MAX - TAG_BYTES;
/** Bytes of a message body before padding: 30 KiB always pads to less than the bound above. */
export const BODY_BYTES_MAX = 30 * 1024;
/** Bytes of the shortest padded body: below it, lengths would tell "yes" from "no". */
export const PADDED_BODY_BYTES_MIN = 128;
/** Bytes of a message's text: several thousand words, with room for the other fields. */
export const TEXT_BYTES_MAX = 20 * 1024;
/** Bytes of a thread's title. */
export const TITLE_BYTES_MAX = 512;
/** Attachments of one message, as many as the wire lets it refer to. */
export const ATTACHMENTS_MAX = LIMITS.BLOBS_PER_MESSAGE;
/** Bytes of a file name or media type. */
export const FILE_NAME_BYTES_MAX = 255;
/** People mentioned in one message. */
export const MENTIONS_MAX = 64;
/** Bytes of a patient reference's label. */
export const PATIENT_LABEL_BYTES_MAX = 256;
/** Bytes of an encrypted reason's text, so that it fits the chain's bound when padded. */
export const REASON_TEXT_BYTES_MAX = 2 * 1024;
/** Plaintext bytes of one chunk of a file: small enough to hold two in memory on a phone. */
export const CHUNK_BYTES = 1024 * 1024;
/** Bytes of an encrypted chunk. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** Plaintext bytes of one file, so that its ciphertext fits the wire's default bound. */
export const FILE_PLAIN_BYTES_MAX = LIMITS.FILE_BYTES_MAX - 16 * 1024;
/** Messages of one epoch, after which the next writer renews it: bounds what one leaked seed opens. */
export const EPOCH_MESSAGES_MAX = 10_000;
/** Milliseconds of one epoch, after which the next writer renews it: 90 days. */
export const EPOCH_AGE_MS_MAX = 90 * 24 * 3_600 * 1_000;
/** Threads of a key index and pinned threads of a pins object: 10 000 of about 90 bytes fill the object. */
export const INDEX_THREADS_MAX = 10_000;
/** Pinned chains of a pins object: with 10 000 pinned threads they fill it. */
export const PINNED_CHAINS_MAX = 4_000;
/** Bytes of a title in the key index; longer ones are cut there, at a character. */
export const INDEX_TITLE_BYTES_MAX = 120;
/** Characters a new password must have: whoever steals record and OPRF key may guess offline. */
export const PASSWORD_CHARS_MIN = 12;
/** Bytes of a password, after which Argon2id would only hash more. */
export const PASSWORD_BYTES_MAX = 1024;
