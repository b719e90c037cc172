/**
 * The one key derivation: HKDF-SHA-256 (RFC 5869) with a fixed salt and a label per use. No label contains a zero
 * byte, so label and context cannot run into each other.
 *
 * Not known here: what a derived key is for.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../wire/bytes';

const SALT = utf8('relais/v1');

/** Every label of version 1. */
export const LABEL = {
  /** X-Wing private key of a generation. */
  keyringEnc: 'kr/enc',
  /** Key of the box of the previous seed. */
  keyringPrev: 'kr/prev',
  /** Public commitment to a seed. */
  keyringCommit: 'kr/commit',
  /** Key and nonce of a message; context `thread || msg || author`. */
  message: 'msg',
  /** Key and nonce of the encrypted reason of a control entry; context as for a message. */
  reason: 'reason',
  /** Key and nonce prefix of a file; context: blob id. */
  file: 'file/enc',
  /** Wrap of the vault key by the password's export key. */
  vaultPassword: 'vault/pw',
  /** Wrap of the vault key by both halves of the recovery code. */
  vaultRecovery: 'vault/rec',
  /** Wrap of the vault key by a key file. */
  vaultKeyFile: 'vault/file',
  /** Wrap of the vault key by a passkey's PRF output. */
  vaultPasskey: 'vault/prf',
  /** Signing seed that proves the user's half of a recovery code. */
  recoveryAuth: 'rec/auth',
  /** Check characters of a recovery code. */
  recoveryCheck: 'rec/check',
  /** Signing seed of a bearer invitation. */
  inviteKey: 'invite/key',
  /** Key of the key index object. */
  keyIndex: 'obj/index',
  /** Key of the pins object. */
  pins: 'obj/pins',
} as const;

/** `Expand(Extract("relais/v1", seed), label || 0x00 || ctx, length)`. The result is the caller's to wipe. */
export function derive(
  seed: Uint8Array,
  label: string,
  length: number,
  ctx: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdf(sha256, seed, SALT, concat(utf8(`${label}\0`), ctx), length));
}

/** Fresh random bytes. */
export function random(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
