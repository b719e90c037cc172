/**
 * Labels and hashes. Every hash is SHA-256 over `label || 0x00 || …`, except the plain hashes of a payload and of a
 * box, which are over the bytes alone (docs/PROTOCOL.md §8).
 */
import { sha256 as digest } from '@noble/hashes/sha2.js';
import { be32, be64, concat, hex, unhex, utf8, type Hex } from '../wire/bytes';

/** Label of a thread entry's signature. */
export const LABEL_MSG = 'relais/v1/msg';
/** Label of a user chain link's signature. */
export const LABEL_USER = 'relais/v1/user';
/** Label of a keyring link's signature. */
export const LABEL_KEYRING = 'relais/v1/keyring';
/** Label of a unit link's signature. */
export const LABEL_UNIT = 'relais/v1/unit';
/** Label of a new signing key's proof of possession. */
export const LABEL_ROTATE = 'relais/v1/rotate';
/** Label of an approval of a reset. */
export const LABEL_RESET = 'relais/v1/reset';
/** Label of an acceptance by an invitation key. */
export const LABEL_ACCEPT = 'relais/v1/accept';

/** SHA-256 of the bytes alone: payloads, boxes, snapshots. */
export function sha256(bytes: Uint8Array): Hex {
  return hex(digest(bytes));
}

/** SHA-256 of `label || 0x00 || parts…`. */
export function labelled(label: string, ...parts: readonly Uint8Array[]): Hex {
  return hex(digest(concat(utf8(`${label}\0`), ...parts)));
}

/** Hash of a link of a user, keyring or unit chain. */
export function linkHash(core: Uint8Array, payloadHash: Hex, sig: Uint8Array): Hex {
  return labelled('relais/v1/link', core, unhex(payloadHash), sig);
}

/** Hash of a thread entry. */
export function entryHash(core: Uint8Array, payloadHash: Hex, sig: Uint8Array): Hex {
  return labelled('relais/v1/entry', core, unhex(payloadHash), sig);
}

/** Head of a thread before its first entry. */
export function headZero(thread: Hex): Hex {
  return labelled('relais/v1/thread', unhex(thread));
}

/** Head of a thread after its entry `n`. */
export function headAfter(before: Hex, n: number, entry: Hex): Hex {
  return labelled('relais/v1/head', unhex(before), be64(n), unhex(entry));
}

/** Commitment to a text that must be erasable: the chain holds only this; text and salt stand beside it. */
export function commitment(what: string, salt: Uint8Array, text: string): Hex {
  return labelled(`relais/v1/commit/${what}`, salt, utf8(text));
}

/** What a signature of a signed object covers, after its label. */
export function signedBytes(core: Uint8Array, payloadHash: Hex): Uint8Array {
  return concat(be32(core.length), core, unhex(payloadHash));
}
