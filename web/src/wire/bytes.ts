/**
 * Bytes: hexadecimal, joining, comparing, wiping.
 *
 * Ids and hashes are lower-case hexadecimal text wherever they are compared, sorted or used as a key, and bytes where
 * they travel. Hexadecimal text sorts like the bytes it stands for.
 *
 * Not known here: what the bytes mean.
 */

/** Lower-case hexadecimal text. */
export type Hex = string;

const DIGITS = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

/** Hexadecimal text of bytes. */
export function hex(bytes: Uint8Array): Hex {
  let out = '';
  for (const byte of bytes) out += DIGITS[byte] ?? '';
  return out;
}

/** Bytes of hexadecimal text; throws a `RangeError` for anything else. */
export function unhex(text: Hex): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw new RangeError('not hexadecimal');
  const out = new Uint8Array(text.length / 2);
  for (let at = 0; at < out.length; at++) out[at] = parseInt(text.slice(at * 2, at * 2 + 2), 16);
  return out;
}

/** One after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whether the bytes are the same; takes as long for every difference. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}

/** Order of bytes, as a comparison function for `sort`. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-8 of text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A number in 4 bytes, big endian. */
export function be32(n: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

/** A number in 8 bytes, big endian. */
export function be64(n: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(n));
  return out;
}

/** Overwrites secrets that are needed no more. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
