/**
 * The envelope in which every signed object travels and is stored.
 *
 * - whole: `[core(bin), payload(bin), sig(bin 64)]`
 * - stub: `[core(bin), nil, sig(bin 64), payload_hash(bin 32)]`: the payload was erased, or is not this reader's to
 *   see. Signature and hashes still verify, because they cover the payload's hash.
 *
 * The received bytes are hashed and verified as they are; nothing is ever re-encoded.
 *
 * Not known here: what core and payload say.
 */
import { unhex, type Hex } from '../wire/bytes';
import { Reader, Writer } from './codec';
import { check } from './error';
import { entryHash, linkHash, sha256, signedBytes } from './hash';
import { SIGNATURE_BYTES, type PublicKey } from './keys';
import { CORE_BYTES_MAX, ENVELOPE_BYTES_MAX, LINK_PAYLOAD_BYTES_MAX } from './limits';

/** A signed object as received. */
export class Signed {
  private constructor(
    readonly core: Uint8Array,
    /** Null in a stub. */
    readonly payload: Uint8Array | null,
    readonly payloadHash: Hex,
    readonly sig: Uint8Array,
  ) {}

  /** Parses an envelope, whole or stub. */
  static parse(bytes: Uint8Array): Signed {
    const r = new Reader(bytes, ENVELOPE_BYTES_MAX);
    const arity = r.list();
    check(arity === 3 || arity === 4, 'WrongArity');
    const core = r.bin(CORE_BYTES_MAX).slice();
    if (arity === 3) {
      const payload = r.bin(LINK_PAYLOAD_BYTES_MAX).slice();
      return Signed.whole(core, payload, r.fixed(SIGNATURE_BYTES));
    }
    check(r.opt((from) => from.bin(LINK_PAYLOAD_BYTES_MAX)) === null, 'WrongArity');
    const sig = r.fixed(SIGNATURE_BYTES);
    return new Signed(core, null, r.hash(), sig);
  }

  /** An envelope from its parts. */
  static whole(core: Uint8Array, payload: Uint8Array, sig: Uint8Array): Signed {
    return new Signed(core, payload, sha256(payload), sig);
  }

  /** An envelope whose payload is known by its hash only. */
  static stub(core: Uint8Array, payloadHash: Hex, sig: Uint8Array): Signed {
    return new Signed(core, null, payloadHash, sig);
  }

  /** The bytes that travel. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const w = new Writer();
    if (this.payload !== null) w.array(3).bin(this.core).bin(this.payload).bin(this.sig);
    else w.array(4).bin(this.core).nil().bin(this.sig).bin(unhex(this.payloadHash));
    return w.finish(ENVELOPE_BYTES_MAX);
  }

  /** Hash as a link of a user, keyring or unit chain. */
  linkHash(): Hex {
    return linkHash(this.core, this.payloadHash, this.sig);
  }

  /** Hash as an entry of a thread. */
  entryHash(): Hex {
    return entryHash(this.core, this.payloadHash, this.sig);
  }

  /** Refuses with `BadSignature` unless `key` signed this under `label`. */
  async verify(key: PublicKey, label: string): Promise<void> {
    await key.verify(label, signedBytes(this.core, this.payloadHash), this.sig);
  }
}
