/**
 * Ed25519 public keys and the one verification rule, which every implementation shares: canonical key that is not of
 * small order, `R` canonical and not of small order, `S` below the group order, no cofactor.
 *
 * Browsers accept small-order keys, under which one signature "verifies" for any message. So keys are checked where
 * they are parsed, `R` and `S` before each verification, and only the equation itself is left to WebCrypto, which is
 * ten times faster than JavaScript. Whether this platform's WebCrypto computes the equation without the cofactor is
 * tried once, with a signature that holds only with it; where it does not, or has no Ed25519 (Chrome below 137),
 * the equation is computed with `@noble/curves`. All of it is held by `vectors/chain-keys.json`.
 *
 * Not known here: whose key it is, and private keys (see `sign`).
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equal, hex, unhex, utf8, type Hex } from '../wire/bytes';
import { check, refuse } from './error';
import { tally } from './tally';

/** Bytes of a signature. */
export const SIGNATURE_BYTES = 64;

/** Encodings of the eight points of small order, sign bit cleared; non-canonical ones are refused before. */
const SMALL_ORDER: ReadonlySet<Hex> = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** 2^252 + 27742317777372353535851937790883648493, little endian. */
const GROUP_ORDER = unhex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** Whether the little-endian `y` (without the sign bit) is below 2^255 - 19. */
function yIsCanonical(bytes: Uint8Array): boolean {
  const allOnes = ((bytes[31] ?? 0) & 0x7f) === 0x7f && bytes.subarray(1, 31).every((byte) => byte === 0xff);
  return !(allOnes && (bytes[0] ?? 0) >= 0xed);
}

function isSmallOrder(bytes: Uint8Array): boolean {
  const unsigned = bytes.slice();
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(hex(unsigned));
}

/** Whether the little-endian `s` is below the order of the group. */
function scalarIsCanonical(s: Uint8Array): boolean {
  for (let at = 31; at >= 0; at--) {
    const difference = (s[at] ?? 0) - (GROUP_ORDER[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** `label || 0x00 || bytes`: what is signed. */
export function toSign(label: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(utf8(`${label}\0`), bytes);
}

/** A signature that holds only when both sides are multiplied by the cofactor: no strict verifier takes it. */
const COFACTOR_ONLY = {
  key: unhex('cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'),
  message: unhex('e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c'),
  sig: unhex(
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512' +
      '5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ),
};

/**
 * The equation `S·B = R + k·A` without the cofactor, in JavaScript. The caller has checked `R`, `S` and the key.
 * `@noble/curves`' own `verify` multiplies by the cofactor, so it would take {@link COFACTOR_ONLY}.
 */
export function equationHolds(key: Uint8Array, message: Uint8Array, sig: Uint8Array): boolean {
  const { BASE, ZERO, Fn } = ed25519.Point;
  const r = sig.subarray(0, 32);
  const times = (point: typeof BASE, scalar: bigint): typeof BASE =>
    scalar === 0n ? ZERO : point.multiplyUnsafe(scalar);
  const k = Fn.create(littleEndian(sha512(concat(r, key, message))));
  const s = littleEndian(sig.subarray(32));
  const expected = times(BASE, s).subtract(times(ed25519.Point.fromBytes(key, false), k));
  return equal(expected.toBytes(), r);
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse())}`);
}

async function nativeIsStrict(): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', COFACTOR_ONLY.key, 'Ed25519', false, ['verify']);
    return !(await crypto.subtle.verify('Ed25519', key, COFACTOR_ONLY.sig, COFACTOR_ONLY.message));
  } catch {
    return false; // no Ed25519 here
  }
}

/** Asked once for each worker. */
let native: Promise<boolean> | null = null;

/** Keys that were parsed, because the same few people sign most of what is read. Public data. */
const PARSED = new Map<Hex, PublicKey>();
/** Bound of {@link PARSED}: the people of one large organization. */
const PARSED_MAX = 4_096;

/** A signing public key that is canonical and not of small order. */
export class PublicKey {
  /** The 32 bytes in hexadecimal. */
  readonly id: Hex;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #imported: Promise<CryptoKey> | null = null;

  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.id = hex(bytes);
  }

  /** Parses 32 bytes; refuses with `KeyNotCanonical` or `KeySmallOrder`. */
  static parse(bytes: Uint8Array): PublicKey {
    const seen = PARSED.get(hex(bytes));
    if (seen !== undefined) return seen;
    check(bytes.length === 32 && yIsCanonical(bytes), 'KeyNotCanonical');
    try {
      ed25519.Point.fromBytes(bytes, false);
    } catch {
      refuse('KeyNotCanonical');
    }
    check(!isSmallOrder(bytes), 'KeySmallOrder');
    const key = new PublicKey(new Uint8Array(bytes));
    if (PARSED.size >= PARSED_MAX) PARSED.clear();
    PARSED.set(key.id, key);
    return key;
  }

  /** The 32 bytes. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  /** Whether this key signed `label || 0x00 || bytes`. */
  async verifies(label: string, bytes: Uint8Array, sig: Uint8Array): Promise<boolean> {
    return this.verifiesRaw(toSign(label, bytes), sig);
  }

  /**
   * Whether this key signed exactly these bytes. Only for test suites of other projects: everything of ours is
   * labelled.
   */
  async verifiesRaw(message: Uint8Array<ArrayBuffer>, sig: Uint8Array): Promise<boolean> {
    tally.signatures += 1;
    if (sig.length !== SIGNATURE_BYTES) return false;
    const r = sig.subarray(0, 32);
    if (!yIsCanonical(r) || isSmallOrder(r) || !scalarIsCanonical(sig.subarray(32))) return false;
    native ??= nativeIsStrict();
    if (!(await native)) return equationHolds(this.#bytes, message, sig);
    this.#imported ??= crypto.subtle.importKey('raw', this.#bytes, 'Ed25519', false, ['verify']);
    return crypto.subtle.verify('Ed25519', await this.#imported, new Uint8Array(sig), message);
  }

  /** Refuses with `BadSignature` unless this key signed `label || 0x00 || bytes`. */
  async verify(label: string, bytes: Uint8Array, sig: Uint8Array): Promise<void> {
    check(await this.verifies(label, bytes, sig), 'BadSignature');
  }
}
