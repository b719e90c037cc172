/**
 * Wraps of the vault key: one AES-256-GCM ciphertext of it for each thing that opens it (docs/PROTOCOL.md §9).
 *
 * Not known here: where a wrap is kept and who may fetch it.
 */
import { Writer } from '../chain/codec';
import { equal, type Hex } from '../wire/bytes';
import type { Wrap, WrapKind } from '../wire/gen/wire';
import * as aead from './aead';
import { deny, demand, need } from './error';
import { LABEL, derive } from './kdf';
import type { RecoveryCode } from './recovery';

/** What opens a wrap. */
export type Opener =
  /** The password: OPAQUE's export key, 64 bytes. */
  | { readonly t: 'password'; readonly exportKey: Uint8Array }
  /** Both halves of the recovery code. */
  | { readonly t: 'recovery'; readonly code: RecoveryCode; readonly serverHalf: Uint8Array }
  /** A passkey's PRF output and its credential id. */
  | { readonly t: 'passkey'; readonly prf: Uint8Array; readonly credential: Uint8Array }
  /** A key file's 32 bytes. */
  | { readonly t: 'key_file'; readonly key: Uint8Array };

const NUMBERS: Record<WrapKind, number> = { password: 1, recovery: 2, passkey: 3, key_file: 4 };

function labelOf(opener: Opener): Uint8Array {
  return opener.t === 'passkey' ? opener.credential : new Uint8Array();
}

function kekOf(opener: Opener): Uint8Array {
  switch (opener.t) {
    case 'password':
      return derive(opener.exportKey, LABEL.vaultPassword, 32);
    case 'recovery':
      return opener.code.kek(opener.serverHalf);
    case 'passkey':
      return derive(opener.prf, LABEL.vaultPasskey, 32);
    case 'key_file':
      return derive(opener.key, LABEL.vaultKeyFile, 32);
  }
}

function associatedData(user: Hex, kind: WrapKind, label: Uint8Array): Uint8Array {
  return new Writer().array(4).uint(1).id(user).uint(NUMBERS[kind]).bin(label).finish();
}

/** Wraps the vault key. */
export async function wrapKey(vaultKey: Uint8Array, user: Hex, opener: Opener): Promise<Wrap> {
  const label = labelOf(opener);
  const kek = kekOf(opener);
  const ciphertext = await aead.seal(kek, associatedData(user, opener.t, label), vaultKey);
  kek.fill(0);
  return { kind: opener.t, label, ciphertext };
}

/** Finds and opens the wrap for this opener; refuses with `WrapMissing` or `WrapRejected`. */
export async function unwrapKey(wraps: readonly Wrap[], user: Hex, opener: Opener): Promise<Uint8Array> {
  const label = labelOf(opener);
  const found = wraps.find((wrap) => wrap.kind === opener.t && equal(wrap.label, label));
  const wrap = need(found, 'WrapMissing');
  const kek = kekOf(opener);
  try {
    const key = await aead.open(kek, associatedData(user, wrap.kind, label), wrap.ciphertext);
    demand(key.length === 32, 'WrapRejected');
    return key;
  } catch {
    return deny('WrapRejected');
  } finally {
    kek.fill(0);
  }
}
