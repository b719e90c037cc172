/**
 * Proofs that a request comes from the holder of a session's key (HMAC-SHA-256 with a key that cannot be extracted).
 *
 * Not known here: sockets, and how the key is kept.
 */

import { hex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { helloProofInput, httpProofInput } from '../../wire/codec';
import type { HelloSession, SessionKey } from '../../wire/gen/wire';

/** A session and the key that proves it. Replaced whole when the server renews the key. */
export interface Credentials {
  readonly session: Hex;
  /** Number of the server's key that the session's key was derived from. */
  readonly kid: number;
  readonly key: CryptoKey;
  /** For the next `Hello`; without one the server reads the session from its store. */
  readonly ticket: Uint8Array | null;
}

/** Credentials out of the server's grant. The raw key is not kept. */
export async function credentialsOf(
  session: Uint8Array,
  granted: SessionKey,
  ticket: Uint8Array | null,
): Promise<Credentials> {
  return { session: hex(session), kid: granted.kid, key: await hmacKey(granted.key), ticket };
}

/** The key of a renewal. */
export function hmacKey(raw: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(raw), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
}

/** The `Hello` with its proof over the server's nonce and the cursors it names. */
export async function proveHello(
  credentials: Credentials,
  nonce: Uint8Array,
  hello: HelloSession,
): Promise<HelloSession> {
  const proof = await crypto.subtle.sign('HMAC', credentials.key, helloProofInput(nonce, hello));
  return { ...hello, proof: new Uint8Array(proof) };
}

/** The `Authorization` header of an HTTP request; of an upload, `sha256` is the announced hash. */
export async function proveHttp(
  credentials: Credentials,
  method: string,
  path: string,
  now: number,
  sha256: Uint8Array,
): Promise<string> {
  const proof = await crypto.subtle.sign('HMAC', credentials.key, httpProofInput(method, path, now, sha256));
  return `Relais ${credentials.session}.${credentials.kid}.${now}.${hex(new Uint8Array(proof))}`;
}

/** SHA-256 of bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
