/**
 * Making signed objects with a private key in hand.
 *
 * A {@link Signer} hides where the key is: a WebCrypto key that cannot be taken out, or (Chrome below 137) bytes in
 * this worker's memory. Signatures of WebCrypto may differ from call to call; never compare them.
 *
 * Not known here: where the key comes from.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { concat, unhex, type Hex } from '../wire/bytes';
import { acceptStatement, encodeControl, kindOf, type Control } from './control';
import { ENTRY_KINDS, encodeEntryCore, type EntryCore } from './entry';
import { Signed } from './envelope';
import { refuse } from './error';
import { LABEL_ACCEPT, LABEL_MSG, LABEL_RESET, LABEL_ROTATE, sha256, signedBytes } from './hash';
import { PublicKey, toSign } from './keys';
import { CHAIN_LABELS, encodeLinkCore, type Author, type Bodies, type Place } from './link';
import { keyStatement } from './user_body';

/** Something that signs. */
export interface Signer {
  readonly key: PublicKey;
  /** A signature over exactly these bytes. */
  signRaw(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** PKCS #8 of an Ed25519 private key up to its 32 bytes (RFC 8410). */
const PKCS8 = unhex('302e020100300506032b657004220420');

/**
 * A signer of a seed of 32 bytes. Where WebCrypto has Ed25519 the key is imported as one that cannot be taken out;
 * the caller then wipes its own copy of the seed.
 */
export async function signerOf(seed: Uint8Array): Promise<Signer> {
  const key = PublicKey.parse(ed25519.getPublicKey(seed));
  const pkcs8 = concat(PKCS8, seed);
  try {
    const secret = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
    return {
      key,
      signRaw: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', secret, message)),
    };
  } catch {
    const secret = seed.slice(); // no Ed25519 in this browser's WebCrypto
    return { key, signRaw: (message) => Promise.resolve(ed25519.sign(message, secret)) };
  } finally {
    pkcs8.fill(0);
  }
}

/** Signs `label || 0x00 || bytes`. */
export async function sign(signer: Signer, label: string, bytes: Uint8Array): Promise<Uint8Array> {
  return signer.signRaw(toSign(label, bytes));
}

/** Signs a core and payload that are already encoded. */
export async function seal(
  signer: Signer,
  label: string,
  core: Uint8Array,
  payload: Uint8Array,
): Promise<Signed> {
  return Signed.whole(core, payload, await sign(signer, label, signedBytes(core, sha256(payload))));
}

/** Signs a link of a user, keyring or unit chain (`USER_BODIES`, `KEYRING_BODIES`, `UNIT_BODIES`). */
export async function signLink<B>(
  signer: Signer,
  bodies: Bodies<B>,
  link: { readonly place: Place; readonly author: Author; readonly tsMs: number; readonly body: B },
): Promise<Signed> {
  const core = encodeLinkCore(bodies.type, { ...link, kind: bodies.kind(link.body) });
  return seal(signer, CHAIN_LABELS[bodies.type], core, bodies.encode(link.body));
}

/** The new key's proof in a `rotate` or `recovery_reset` link that will stand at `place`. */
export async function keyProof(newSigner: Signer, place: Place): Promise<Uint8Array> {
  return sign(newSigner, LABEL_ROTATE, keyStatement(place, newSigner.key));
}

/** An administrator's approval of a `recovery_reset` link that will stand at `place`. */
export async function resetApproval(admin: Signer, place: Place, newKey: PublicKey): Promise<Uint8Array> {
  return sign(admin, LABEL_RESET, keyStatement(place, newKey));
}

/** Signs a message: `ciphertext` is its payload. */
export async function signMessage(signer: Signer, core: EntryCore, ciphertext: Uint8Array): Promise<Signed> {
  return seal(signer, LABEL_MSG, encodeEntryCore(core), ciphertext);
}

/** Signs a control entry. The core's kind is taken from what is said. */
export async function signControl(signer: Signer, core: EntryCore, control: Control): Promise<Signed> {
  const kind = kindOf(control);
  if (kind === 'unknown') refuse('UnknownKind');
  const encoded = encodeEntryCore({ ...core, kind, kindNumber: ENTRY_KINDS[kind] });
  return seal(signer, LABEL_MSG, encoded, encodeControl(control));
}

/** The invitation key's proof in an `accept` entry. */
export async function acceptProof(
  inviteKey: Signer,
  thread: Hex,
  invite: Hex,
  user: Hex,
  root: Hex,
): Promise<Uint8Array> {
  return sign(inviteKey, LABEL_ACCEPT, acceptStatement(thread, invite, user, root));
}
