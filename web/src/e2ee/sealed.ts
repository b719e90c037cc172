/**
 * Boxes: a 32-byte seed sealed to a keyring's public key with HPKE (RFC 9180) in base mode, KEM X-Wing (ML-KEM-768 with
 * X25519, 0x647a), HKDF-SHA-256, AES-256-GCM (docs/PROTOCOL.md §9).
 *
 * X-Wing has no authenticated mode: that a box came from an authorised person is known from the signed link that names
 * its hash, and that everybody got the same seed from the commitment, checked in {@link openBox}.
 *
 * Not known here: who the recipients of anything are.
 */
import { MLKEM768X25519 } from '@noble/post-quantum/hybrid.js';
import { KEM_MLKEM768_X25519 } from '@panva/hpke-noble';
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from 'hpke';
import { Writer } from '../chain/codec';
import { sha256 } from '../chain/hash';
import { ENC_KEY_BYTES } from '../chain/limits';
import { tally } from '../chain/tally';
import { concat, hex, utf8, type Hex } from '../wire/bytes';
import { LIMITS } from '../wire/gen/wire';
import { demand, deny } from './error';
import { LABEL, derive } from './kdf';

const INFO = utf8('relais/v1/box');
/** Bytes of the encapsulated key at the head of a box. */
const ENC_BYTES = 1120;

const SUITE = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);

/** What a seed is the seed of: a generation of a keyring, or an epoch of a thread. */
export interface SeedOf {
  readonly scope: 'keyring' | 'thread';
  readonly id: Hex;
  readonly generation: number;
}

/** To whom a seed is boxed. */
export interface BoxRecipient {
  readonly keyring: Hex;
  readonly generation: number;
}

/** Number of the scope in associated data. */
export function scopeNumber(of: SeedOf): number {
  return of.scope === 'keyring' ? 1 : 2;
}

/** The X-Wing private key of a generation; the caller's to wipe. */
function privateKey(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  return derive(seed, LABEL.keyringEnc, 32);
}

/** The X-Wing public key of a generation, 1216 bytes. */
export function publicKeyOf(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const secret = privateKey(seed);
  const key = new Uint8Array(MLKEM768X25519.getPublicKey(secret));
  secret.fill(0);
  return key;
}

/** The public commitment to a seed. */
export function commitTo(seed: Uint8Array): Hex {
  return hex(derive(seed, LABEL.keyringCommit, 32));
}

/** Refuses with `CommitMismatch` a seed that is not the one committed to. */
export function checkCommit(seed: Uint8Array, committed: Hex): void {
  demand(commitTo(seed) === committed, 'CommitMismatch');
}

function associatedData(of: SeedOf, to: BoxRecipient, committed: Hex): Uint8Array {
  const w = new Writer().array(7).uint(1).uint(scopeNumber(of)).id(of.id).uint(of.generation);
  return w.id(to.keyring).uint(to.generation).id(committed).finish();
}

/** Seals a seed to a public key; refuses with `BadEncKey`. */
export async function sealBox(
  seed: Uint8Array,
  of: SeedOf,
  to: BoxRecipient,
  key: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  demand(key.length === ENC_KEY_BYTES, 'BadEncKey');
  const aad = associatedData(of, to, commitTo(seed));
  try {
    const parsed = await SUITE.DeserializePublicKey(key.slice());
    const { encapsulatedSecret, ciphertext } = await SUITE.Seal(parsed, seed.slice(), { aad, info: INFO });
    return concat(encapsulatedSecret, ciphertext);
  } catch {
    return deny('BadEncKey');
  }
}

/** Opens a box and checks the commitment; refuses with `BoxRejected` or `CommitMismatch`. */
export async function openBox(
  sealed: Uint8Array,
  of: SeedOf,
  to: BoxRecipient,
  committed: Hex,
  recipientSeed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  tally.boxes += 1;
  demand(sealed.length === LIMITS.BOX_BYTES, 'BoxRejected');
  const aad = associatedData(of, to, committed);
  const secret = privateKey(recipientSeed);
  let opened: Uint8Array<ArrayBuffer>;
  try {
    const key = await SUITE.DeserializePrivateKey(secret, false);
    const enc = sealed.slice(0, ENC_BYTES);
    opened = new Uint8Array(await SUITE.Open(key, enc, sealed.slice(ENC_BYTES), { aad, info: INFO }));
  } catch {
    return deny('BoxRejected');
  } finally {
    secret.fill(0);
  }
  demand(opened.length === 32, 'BoxRejected');
  checkCommit(opened, committed);
  return opened;
}

/** Opens a box after checking that it is the one the signed link or epoch names; refuses with `BoxHashMismatch`. */
export async function openNamed(
  sealed: Uint8Array,
  named: Hex,
  of: SeedOf,
  to: BoxRecipient,
  committed: Hex,
  recipientSeed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  demand(sha256(sealed) === named, 'BoxHashMismatch');
  return openBox(sealed, of, to, committed, recipientSeed);
}
