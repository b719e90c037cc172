/** Bounds that the page tells people about before the worker refuses. */
import { LIMITS } from '../wire/gen/wire';

/** Bytes of a message's text in UTF-8: what fits into one encrypted message with its title and files' keys. */
export const TEXT_BYTES_MAX = 20 * 1024;
/** Characters of a thread's title; at most four bytes each. */
export const TITLE_CHARS_MAX = 120;
/** Bytes of a file before encryption, which adds a tag to each chunk. */
export const FILE_BYTES_MAX = LIMITS.FILE_BYTES_MAX - 16 * 1024;
/** Files of one message. */
export const FILES_MAX = LIMITS.BLOBS_PER_MESSAGE;
/** Characters of a new password; the worker refuses fewer. */
export const PASSWORD_CHARS_MIN = 12;
/** Digits of a mailed code. */
export const CODE_DIGITS = LIMITS.CODE_DIGITS;

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function textBytes(text: string): number {
  // Short texts need no encoding to know that they fit.
  return text.length * 3 <= TEXT_BYTES_MAX ? text.length : encoder.encode(text).length;
}
