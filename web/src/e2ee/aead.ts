/**
 * AES-256-GCM in the two ways it is used: with a nonce derived together with its key (one message, one key), and with
 * a random nonce written in front of the ciphertext (few messages under one key).
 *
 * GCM does not commit to its key: a ciphertext may open under two keys. So nothing here tries several keys, and every
 * seed that comes out of a box is checked against its commitment.
 *
 * Not known here: what is encrypted.
 */
import { isOff } from '../wire/mutations';
import { concat } from '../wire/bytes';
import { E2EE_ERROR, demand, deny } from './error';
import { random } from './kdf';
import { NONCE_BYTES, TAG_BYTES } from './limits';

/** WebCrypto refuses views of shared memory, so every input is a plain copy. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

async function key(bytes: Uint8Array, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', own(bytes), 'AES-GCM', false, [use]);
}

function params(nonce: Uint8Array, aad: Uint8Array): AesGcmParams {
  return { name: 'AES-GCM', iv: own(nonce), additionalData: own(aad), tagLength: TAG_BYTES * 8 };
}

/** Encrypts under a key that is used once with this nonce. */
export async function sealOnce(
  secret: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await key(secret, 'encrypt');
  return new Uint8Array(await crypto.subtle.encrypt(params(nonce, aad), imported, own(plaintext)));
}

/** Opens what {@link sealOnce} made; refuses with `DecryptFailed`. */
export async function openOnce(
  secret: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await key(secret, 'decrypt');
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params(nonce, aad), imported, own(ciphertext)));
  } catch {
    if (isOff(E2EE_ERROR.DecryptFailed)) return unauthentic(secret, nonce, ciphertext);
    return deny('DecryptFailed');
  }
}

/** What a ciphertext decrypts to when a proof has switched the tag off: encrypting is adding the same key stream. */
async function unauthentic(
  secret: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = Math.max(0, sealed.length - TAG_BYTES);
  const plaintext = await sealOnce(secret, nonce, new Uint8Array(0), sealed.subarray(0, length));
  return plaintext.slice(0, length);
}

/** `nonce || ciphertext || tag` with a random nonce. */
export async function seal(
  secret: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const nonce = random(NONCE_BYTES);
  return concat(nonce, await sealOnce(secret, nonce, aad, plaintext));
}

/** Opens what {@link seal} made; refuses with `DecryptFailed`. */
export async function open(
  secret: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  demand(sealed.length >= NONCE_BYTES, 'DecryptFailed');
  return openOnce(secret, sealed.subarray(0, NONCE_BYTES), aad, sealed.subarray(NONCE_BYTES));
}
