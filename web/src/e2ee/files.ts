/**
 * Exchanged files (SEC-02): STREAM over AES-256-GCM in chunks of 1 MiB (docs/PROTOCOL.md §9), as push-in, take-out
 * objects. `push` and `finish` answer the bytes that are ready; await each before the next.
 *
 * `[blob, key, hash, size, …]` travel inside the encrypted message (body.ts), so that the key is encrypted for exactly
 * the readers of the thread.
 *
 * Chunks come out of the {@link Decryptor} one by one, each authentic, but the file is whole only after
 * {@link Decryptor.finish}: nothing may be shown or opened before.
 *
 * Not known here: disks, uploads, previews.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { be32, concat, hex, unhex, type Hex } from '../wire/bytes';
import * as aead from './aead';
import { demand, deny } from './error';
import { LABEL, derive, random } from './kdf';
import { CHUNK_BYTES, FILE_PLAIN_BYTES_MAX, SEALED_CHUNK_BYTES, TAG_BYTES } from './limits';

const NO_DATA = new Uint8Array();

/** A new file's key. A key must never be used for two files. */
export function newFileKey(): Uint8Array {
  return random(32);
}

/** Bytes of the ciphertext of a file of `size` bytes. */
export function sealedSize(size: number): number {
  return size + Math.max(1, Math.ceil(size / CHUNK_BYTES)) * TAG_BYTES;
}

/** What an encrypted file is known by. */
export interface FileSeal {
  /** SHA-256 of the whole ciphertext. */
  readonly hash: Hex;
  /** Plaintext bytes. */
  readonly size: number;
  /** Ciphertext bytes. */
  readonly sealedSize: number;
}

/** Key and nonces of a file's chunks. */
class ChunkKeys {
  readonly #bytes: Uint8Array;
  #next = 0;

  constructor(key: Uint8Array, blob: Hex) {
    this.#bytes = derive(key, LABEL.file, 39, unhex(blob));
  }

  /** Key and nonce of the next chunk. */
  step(last: boolean): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
    const nonce = concat(this.#bytes.subarray(32), be32(this.#next), new Uint8Array([last ? 1 : 0]));
    this.#next += 1;
    return { key: this.#bytes.subarray(0, 32), nonce };
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}

/** Cuts what is pushed into chunks; a full one waits until more comes, for only then is it not the last. */
class Chunker {
  readonly #pending: Uint8Array<ArrayBuffer>;
  #filled = 0;

  constructor(readonly chunkBytes: number) {
    this.#pending = new Uint8Array(chunkBytes);
  }

  /** Hands over each full chunk that is not the last. */
  async push(bytes: Uint8Array, emit: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#filled === this.chunkBytes) await emit(this.take());
      const part = bytes.subarray(at, at + this.chunkBytes - this.#filled);
      this.#pending.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
  }

  /** What is left. */
  take(): Uint8Array {
    const chunk = this.#pending.slice(0, this.#filled);
    this.#pending.fill(0, 0, this.#filled);
    this.#filled = 0;
    return chunk;
  }
}

/** Encrypts a file as it is read: `push` any number of times, then `finish`. */
export class Encryptor {
  readonly #keys: ChunkKeys;
  readonly #chunks = new Chunker(CHUNK_BYTES);
  readonly #hash = sha256.create();
  #size = 0;
  #done = false;

  /** `blob` is the id the ciphertext will be uploaded under. */
  constructor(key: Uint8Array, blob: Hex) {
    this.#keys = new ChunkKeys(key, blob);
  }

  /** Takes in plaintext and answers the ciphertext of full chunks; refuses with `TooLong`. */
  async push(plaintext: Uint8Array): Promise<Uint8Array> {
    demand(!this.#done, 'Finished');
    this.#size += plaintext.length;
    demand(this.#size <= FILE_PLAIN_BYTES_MAX, 'TooLong');
    const out: Uint8Array[] = [];
    await this.#chunks.push(plaintext, async (chunk) => {
      out.push(await this.#emit(chunk, false));
    });
    return concat(...out);
  }

  /** Ends: the final chunk and what the file is known by. */
  async finish(): Promise<{ readonly bytes: Uint8Array; readonly seal: FileSeal }> {
    demand(!this.#done, 'Finished');
    this.#done = true;
    const bytes = await this.#emit(this.#chunks.take(), true);
    this.#keys.wipe();
    const hash = hex(this.#hash.digest());
    return { bytes, seal: { hash, size: this.#size, sealedSize: sealedSize(this.#size) } };
  }

  async #emit(chunk: Uint8Array, last: boolean): Promise<Uint8Array> {
    const { key, nonce } = this.#keys.step(last);
    const sealed = await aead.sealOnce(key, nonce, NO_DATA, chunk);
    chunk.fill(0);
    this.#hash.update(sealed);
    return sealed;
  }
}

/** Decrypts a file as it arrives: `push` any number of times, then `finish`. On an error the file is lost. */
export class Decryptor {
  readonly #keys: ChunkKeys;
  readonly #chunks = new Chunker(SEALED_CHUNK_BYTES);
  readonly #hash = sha256.create();
  readonly #expected: FileSeal;
  #taken = 0;
  #done = false;

  /** Key, blob, hash and size are those of the message; refuses with `TooLong`. */
  constructor(file: {
    readonly key: Uint8Array;
    readonly blob: Hex;
    readonly hash: Hex;
    readonly size: number;
  }) {
    demand(file.size <= FILE_PLAIN_BYTES_MAX, 'TooLong');
    this.#keys = new ChunkKeys(file.key, file.blob);
    this.#expected = { hash: file.hash, size: file.size, sealedSize: sealedSize(file.size) };
  }

  /**
   * Takes in ciphertext and answers the plaintext of full chunks. Refuses with `FileTruncated` when more comes than the
   * file has, `ChunkRejected`.
   */
  async push(ciphertext: Uint8Array): Promise<Uint8Array> {
    demand(!this.#done, 'Finished');
    this.#taken += ciphertext.length;
    demand(this.#taken <= this.#expected.sealedSize, 'FileTruncated');
    this.#hash.update(ciphertext);
    const out: Uint8Array[] = [];
    await this.#chunks.push(ciphertext, async (chunk) => {
      out.push(await this.#emit(chunk, false));
    });
    return concat(...out);
  }

  /** Ends: the final chunk, and whether the whole is the file of the message (`FileHashMismatch`). */
  async finish(): Promise<Uint8Array> {
    demand(!this.#done, 'Finished');
    this.#done = true;
    demand(this.#taken === this.#expected.sealedSize, 'FileTruncated');
    const plaintext = await this.#emit(this.#chunks.take(), true);
    this.#keys.wipe();
    demand(hex(this.#hash.digest()) === this.#expected.hash, 'FileHashMismatch');
    return plaintext;
  }

  async #emit(chunk: Uint8Array, last: boolean): Promise<Uint8Array> {
    const { key, nonce } = this.#keys.step(last);
    try {
      return await aead.openOnce(key, nonce, NO_DATA, chunk);
    } catch {
      return deny('ChunkRejected');
    }
  }
}
