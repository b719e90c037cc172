/**
 * The split recovery code: half of the key is the user's, shown once and written down; half is the server's, released
 * after an e-mail code. Neither half alone opens anything (SEC-10).
 *
 * The user's half is 128 random bits, written as 26 characters of Crockford's base 32 and 2 check characters, in seven
 * groups of four. Reading ignores case, spaces and hyphens, and takes O for 0, I and L for 1.
 *
 * Not known here: how the code reaches paper.
 */
import { signerOf, sign, type Signer } from '../chain/sign';
import { concat, hex, unhex } from '../wire/bytes';
import type { Recovery } from '../wire/gen/wire';
import { demand, deny } from './error';
import { LABEL, derive, random } from './kdf';

/** Label of the signature over a recovery challenge. */
export const LABEL_RECOVER = 'relais/v1/recover';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const VALUE_CHARS = 26;
const CHECK_CHARS = 2;

function digits(value: bigint, count: number): string {
  let out = '';
  for (let place = count - 1; place >= 0; place--) {
    out += ALPHABET[Number((value >> BigInt(5 * place)) & 31n)] ?? '';
  }
  return out;
}

/** The user's half. */
export class RecoveryCode {
  readonly #half: Uint8Array;

  /** Takes a half of 16 bytes over. */
  constructor(half: Uint8Array) {
    demand(half.length === 16, 'CodeMalformed');
    this.#half = half;
  }

  /** A new code. */
  static random(): RecoveryCode {
    return new RecoveryCode(random(16));
  }

  /** Reads a code as a person typed it; refuses with `CodeMalformed` or `CodeChecksum`. */
  static parse(text: string): RecoveryCode {
    const typed = Array.from(text).filter((character) => character !== '-' && !/\s/u.test(character));
    const values = typed.map((character) => {
      const upper = /^[a-z]$/.test(character) ? character.toUpperCase() : character;
      const canonical = upper === 'O' ? '0' : upper === 'I' || upper === 'L' ? '1' : upper;
      const value = ALPHABET.indexOf(canonical);
      return value < 0 ? deny('CodeMalformed') : value;
    });
    demand(values.length === VALUE_CHARS + CHECK_CHARS && (values[0] ?? 0) <= 7, 'CodeMalformed');
    const value = values.slice(0, VALUE_CHARS).reduce((sum, digit) => (sum << 5n) | BigInt(digit), 0n);
    const code = new RecoveryCode(unhex(value.toString(16).padStart(32, '0')));
    const check = values.slice(VALUE_CHARS).map((digit) => ALPHABET[digit]);
    demand(code.#check() === check.join(''), 'CodeChecksum');
    return code;
  }

  #check(): string {
    const [high = 0, low = 0] = derive(this.#half, LABEL.recoveryCheck, 2);
    return digits(BigInt((high * 256 + low) >> 6), CHECK_CHARS);
  }

  /** The half itself, for the vault. */
  get half(): Uint8Array {
    return this.#half;
  }

  /** The text to show: seven groups of four characters. */
  text(): string {
    const all = digits(BigInt(`0x${hex(this.#half)}`), VALUE_CHARS) + this.#check();
    return (all.match(/.{4}/g) ?? []).join('-');
  }

  /** The key that proves this half to the server. */
  async auth(): Promise<Signer> {
    const seed = derive(this.#half, LABEL.recoveryAuth, 32);
    const signer = await signerOf(seed);
    seed.fill(0);
    return signer;
  }

  /** Signs the server's challenge. */
  async prove(challenge: Uint8Array): Promise<Uint8Array> {
    return sign(await this.auth(), LABEL_RECOVER, challenge);
  }

  /** The server's part of this code, with a half of its own (32 bytes). */
  async serverPart(serverHalf: Uint8Array): Promise<Recovery> {
    return { auth_key: (await this.auth()).key.bytes, server_half: serverHalf.slice() };
  }

  /** The key that both halves give together; the caller's to wipe. */
  kek(serverHalf: Uint8Array): Uint8Array<ArrayBuffer> {
    demand(serverHalf.length === 32, 'CodeMalformed');
    const both = concat(this.#half, serverHalf);
    const kek = derive(both, LABEL.vaultRecovery, 32);
    both.fill(0);
    return kek;
  }
}
