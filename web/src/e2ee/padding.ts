/**
 * Padmé: lengths are rounded up so that a ciphertext tells only the order of magnitude of what it holds.
 *
 * Padmé length of L: with `E = floor(log2 L)` and `S = floor(log2 E) + 1`, L rounded up to a multiple of `2^(E - S)`.
 * Padded form: `content || 0x80 || 0x00…`, its length the Padmé length of `content + 1`, at least 128 bytes. One
 * content has one padded form; any other is refused.
 *
 * Not known here: what is padded.
 */
import { demand, deny } from './error';
import { PADDED_BODY_BYTES_MIN } from './limits';

/** The padded length of `length` bytes. */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = 31 - Math.clz32(length);
  const kept = 32 - Math.clz32(exponent);
  const unit = 2 ** Math.max(0, exponent - kept);
  return Math.ceil(length / unit) * unit;
}

/** The length of the padded form of `length` bytes of content. */
export function paddedLength(length: number): number {
  return Math.max(PADDED_BODY_BYTES_MIN, padme(length + 1));
}

/** Pads. */
export function pad(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(paddedLength(content.length));
  padded.set(content);
  padded[content.length] = 0x80;
  return padded;
}

/** The content of a padded form, as a view into it; refuses with `BadPadding`. */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end -= 1;
  if (padded[end] !== 0x80) deny('BadPadding');
  demand(paddedLength(end) === padded.length, 'BadPadding');
  return padded.subarray(0, end);
}
