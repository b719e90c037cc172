/**
 * The vault: what a user must have to be that user, encrypted under the vault key (docs/PROTOCOL.md §9).
 *
 * Every change appends a signed `vault{version, hash}` link to the user chain; {@link checkCurrent} refuses a vault
 * that is older than, or other than, the one the chain names.
 *
 * Not known here: how the vault key is wrapped, and when the vault is written.
 */
import { Reader, Writer } from '../chain/codec';
import { sha256 } from '../chain/hash';
import type { UserChain } from '../chain/user';
import type { UserBody } from '../chain/user_body';
import type { Hex } from '../wire/bytes';
import { LIMITS, type Vault } from '../wire/gen/wire';
import * as aead from './aead';
import { demand, deny, need, reading } from './error';
import { RecoveryCode } from './recovery';

/** The newest seed of one of the user's own keyrings. */
export interface OwnKeyring {
  readonly id: Hex;
  /** Its newest generation. */
  readonly generation: number;
  /** That generation's seed, 32 bytes. */
  readonly seed: Uint8Array;
}

/** What a vault holds. */
export interface VaultContents {
  readonly user: Hex;
  /** Hash of the user's own root link: the identity that correspondents verify. */
  readonly root: Hex;
  /** The server's password key, pinned at registration, 32 bytes. */
  readonly serverKey: Uint8Array;
  /** The personal keyring `U`. */
  readonly personal: OwnKeyring;
  /** The inbox keyring `I`. */
  readonly inbox: OwnKeyring;
  /** The signing seed, 32 bytes. */
  readonly signingSeed: Uint8Array;
  /** The user's half of the recovery code, to show it again. */
  readonly recovery: RecoveryCode | null;
}

function associatedData(user: Hex, version: number): Uint8Array {
  return new Writer().array(2).id(user).uint(version).finish();
}

function writeOwn(w: Writer, own: OwnKeyring): void {
  w.array(3).id(own.id).uint(own.generation).bin(own.seed);
}

function readOwn(r: Reader): OwnKeyring {
  r.array(3);
  return { id: r.id(), generation: r.uint(), seed: r.fixed(32) };
}

function encode(contents: VaultContents): Uint8Array {
  const w = new Writer().array(8).uint(1).id(contents.user).id(contents.root).bin(contents.serverKey);
  writeOwn(w, contents.personal);
  writeOwn(w, contents.inbox);
  return w
    .bin(contents.signingSeed)
    .optBin(contents.recovery?.half ?? null)
    .finish();
}

function decode(bytes: Uint8Array): VaultContents {
  const r = new Reader(bytes, LIMITS.VAULT_BYTES_MAX);
  r.array(8);
  demand(r.uint() === 1, 'VaultMalformed');
  const user = r.id();
  const root = r.hash();
  const serverKey = r.fixed(32);
  const personal = readOwn(r);
  const inbox = readOwn(r);
  const signingSeed = r.fixed(32);
  const recovery = r.opt((from) => new RecoveryCode(from.fixed(16)));
  r.end();
  return { user, root, serverKey, personal, inbox, signingSeed, recovery };
}

/** Encrypts. */
export async function sealVault(contents: VaultContents, key: Uint8Array, version: number): Promise<Vault> {
  const plaintext = encode(contents);
  const ciphertext = await aead.seal(key, associatedData(contents.user, version), plaintext);
  plaintext.fill(0);
  return { version, ciphertext };
}

/** Decrypts and reads; refuses with `VaultRejected` or `VaultMalformed`. */
export async function openVault(vault: Vault, user: Hex, key: Uint8Array): Promise<VaultContents> {
  let plaintext: Uint8Array;
  try {
    plaintext = await aead.open(key, associatedData(user, vault.version), vault.ciphertext);
  } catch {
    return deny('VaultRejected');
  }
  const contents = reading('VaultMalformed', () => decode(plaintext));
  plaintext.fill(0);
  demand(contents.user === user, 'VaultMalformed');
  return contents;
}

/** The link that goes with a vault: its version and hash. */
export function vaultLink(vault: Vault): UserBody {
  return { t: 'vault', version: vault.version, hash: sha256(vault.ciphertext) };
}

/** Checks a vault against the verified chain of its user: `VaultRolledBack`, `VaultHashMismatch`. */
export function checkCurrent(vault: Vault, chain: UserChain): void {
  const { version, hash } = need(chain.vault, 'VaultHashMismatch');
  demand(vault.version >= version, 'VaultRolledBack');
  demand(vault.version === version && sha256(vault.ciphertext) === hash, 'VaultHashMismatch');
}
