/**
 * MessagePack, the part of it that Relais speaks: maps, arrays, text, bytes, nil, booleans and integers up to
 * 2^53 - 1. No floats and no extension types, so that nothing decodes that could not be written back.
 *
 * A `strict` reader refuses integers and lengths that are not in their shortest form (signed objects, where two
 * encodings of one value must not exist); the other one takes any form (bodies of frames).
 *
 * Not known here: what the values mean.
 */

/** Bytes that are not what their reader expects. Never carries the bytes. */
export class MsgpackError extends Error {
  override name = 'MsgpackError';
}

const TEXT_OUT = new TextEncoder();
const TEXT_IN = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Depth of nesting beyond which a skipped value is refused; no type of the protocol nests deeper than six. */
const DEPTH_MAX = 16;

/** Writes values one after the other into a growing buffer, each in its shortest form. */
export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Makes room for `n` more bytes and returns where they begin. */
  #grow(n: number): number {
    const at = this.#at;
    this.#at = at + n;
    if (this.#at > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at));
      wider.set(this.#bytes.subarray(0, at));
      this.#bytes.fill(0); // it may have held a secret
      this.#bytes = wider;
      this.#view = new DataView(wider.buffer);
    }
    return at;
  }

  #u8(n: number): void {
    const at = this.#grow(1); // before `#view` is read: growing replaces it
    this.#view.setUint8(at, n);
  }

  #u16(mark: number, n: number): void {
    this.#u8(mark);
    const at = this.#grow(2);
    this.#view.setUint16(at, n);
  }

  #u32(mark: number, n: number): void {
    this.#u8(mark);
    const at = this.#grow(4);
    this.#view.setUint32(at, n);
  }

  /** Nil. */
  nil(): this {
    this.#u8(0xc0);
    return this;
  }

  /** A boolean. */
  flag(value: boolean): this {
    this.#u8(value ? 0xc3 : 0xc2);
    return this;
  }

  /** An integer in 0 … 2^53 - 1; anything else is a bug of the caller and throws. */
  int(n: number): this {
    if (!Number.isSafeInteger(n) || n < 0) throw new MsgpackError('integer out of range');
    if (n < 0x80) this.#u8(n);
    else if (n < 0x100) {
      this.#u8(0xcc);
      this.#u8(n);
    } else if (n < 0x10000) this.#u16(0xcd, n);
    else if (n < 0x1_0000_0000) this.#u32(0xce, n);
    else {
      this.#u8(0xcf);
      const at = this.#grow(8);
      this.#view.setUint32(at, Math.floor(n / 0x1_0000_0000));
      this.#view.setUint32(at + 4, n % 0x1_0000_0000);
    }
    return this;
  }

  /** Bytes. */
  bin(bytes: Uint8Array): this {
    const n = bytes.length;
    if (n < 0x100) {
      this.#u8(0xc4);
      this.#u8(n);
    } else if (n < 0x10000) this.#u16(0xc5, n);
    else this.#u32(0xc6, n);
    return this.raw(bytes);
  }

  /** Text, UTF-8. */
  text(text: string): this {
    const bytes = TEXT_OUT.encode(text);
    const n = bytes.length;
    if (n < 32) this.#u8(0xa0 + n);
    else if (n < 0x100) {
      this.#u8(0xd9);
      this.#u8(n);
    } else if (n < 0x10000) this.#u16(0xda, n);
    else this.#u32(0xdb, n);
    return this.raw(bytes);
  }

  /** The header of an array of `n` values, which the caller writes after it. */
  array(n: number): this {
    if (n < 16) this.#u8(0x90 + n);
    else if (n < 0x10000) this.#u16(0xdc, n);
    else this.#u32(0xdd, n);
    return this;
  }

  /** The header of a map of `n` pairs, which the caller writes after it. */
  map(n: number): this {
    if (n < 16) this.#u8(0x80 + n);
    else if (n < 0x10000) this.#u16(0xde, n);
    else this.#u32(0xdf, n);
    return this;
  }

  /** Bytes as they are: an encoded value, or a part of one. */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Everything written, in a buffer of its own; the writer's own is overwritten and starts again. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = this.#bytes.slice(0, this.#at);
    this.#bytes.fill(0, 0, this.#at);
    this.#at = 0;
    return out;
  }
}

/** Reads values one after the other. Bounds are checked before anything is allocated. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #strict: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, strict: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#strict = strict;
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Offset of the next value. */
  get position(): number {
    return this.#at;
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.left !== 0) throw new MsgpackError('bytes after the value');
  }

  /** The first byte of the next value, which tells its kind. */
  peek(): number {
    if (this.left < 1) throw new MsgpackError('truncated');
    return this.#view.getUint8(this.#at);
  }

  #take(n: number): number {
    if (n > this.left) throw new MsgpackError('truncated');
    const at = this.#at;
    this.#at = at + n;
    return at;
  }

  #u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** An unsigned number of `width` bytes; `least` is the smallest that needs them. */
  #uint(width: 1 | 2 | 4 | 8, least: number): number {
    const at = this.#take(width);
    let n: number;
    if (width === 1) n = this.#view.getUint8(at);
    else if (width === 2) n = this.#view.getUint16(at);
    else if (width === 4) n = this.#view.getUint32(at);
    else n = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    if (!Number.isSafeInteger(n)) throw new MsgpackError('integer over 2^53-1');
    if (this.#strict && n < least) throw new MsgpackError('not the shortest form');
    return n;
  }

  /** Whether the next value is nil; if so it is read. */
  nil(): boolean {
    if (this.peek() !== 0xc0) return false;
    this.#at += 1;
    return true;
  }

  /** A boolean. */
  flag(): boolean {
    const mark = this.#u8();
    if (mark === 0xc3) return true;
    if (mark === 0xc2) return false;
    throw new MsgpackError('not a boolean');
  }

  /** An integer in 0 … 2^53 - 1. */
  int(): number {
    const mark = this.#u8();
    if (mark < 0x80) return mark;
    if (mark === 0xcc) return this.#uint(1, 0x80);
    if (mark === 0xcd) return this.#uint(2, 0x100);
    if (mark === 0xce) return this.#uint(4, 0x10000);
    if (mark === 0xcf) return this.#uint(8, 0x1_0000_0000);
    throw new MsgpackError('not an unsigned integer');
  }

  /** Bytes, as a view into the input: copy what outlives it. */
  bin(): Uint8Array {
    const mark = this.#u8();
    let n: number;
    if (mark === 0xc4) n = this.#uint(1, 0);
    else if (mark === 0xc5) n = this.#uint(2, 0x100);
    else if (mark === 0xc6) n = this.#uint(4, 0x10000);
    else throw new MsgpackError('not bytes');
    const at = this.#take(n);
    return this.#bytes.subarray(at, at + n);
  }

  /** Text; refused when it is not UTF-8. */
  text(): string {
    const mark = this.#u8();
    let n: number;
    if (mark >= 0xa0 && mark < 0xc0) n = mark - 0xa0;
    else if (mark === 0xd9) n = this.#uint(1, 32);
    else if (mark === 0xda) n = this.#uint(2, 0x100);
    else if (mark === 0xdb) n = this.#uint(4, 0x10000);
    else throw new MsgpackError('not text');
    const at = this.#take(n);
    try {
      return TEXT_IN.decode(this.#bytes.subarray(at, at + n));
    } catch {
      throw new MsgpackError('not UTF-8');
    }
  }

  /** The number of values of an array. At most what the rest of the input could hold. */
  array(): number {
    const mark = this.#u8();
    let n: number;
    if (mark >= 0x90 && mark < 0xa0) n = mark - 0x90;
    else if (mark === 0xdc) n = this.#uint(2, 16);
    else if (mark === 0xdd) n = this.#uint(4, 0x10000);
    else throw new MsgpackError('not an array');
    if (n > this.left) throw new MsgpackError('truncated');
    return n;
  }

  /** The number of pairs of a map. At most what the rest of the input could hold. */
  map(): number {
    const mark = this.#u8();
    let n: number;
    if (mark >= 0x80 && mark < 0x90) n = mark - 0x80;
    else if (mark === 0xde) n = this.#uint(2, 16);
    else if (mark === 0xdf) n = this.#uint(4, 0x10000);
    else throw new MsgpackError('not a map');
    if (n * 2 > this.left) throw new MsgpackError('truncated');
    return n;
  }

  /** Reads a value of any kind and forgets it: a field of a newer version. */
  skip(depth = 0): void {
    if (depth > DEPTH_MAX) throw new MsgpackError('nested too deep');
    const mark = this.peek();
    if (mark < 0x80 || (mark >= 0xcc && mark <= 0xcf)) this.int();
    else if (mark < 0x90 || mark === 0xde || mark === 0xdf) {
      for (let n = this.map() * 2; n > 0; n--) this.skip(depth + 1);
    } else if (mark < 0xa0 || mark === 0xdc || mark === 0xdd) {
      for (let n = this.array(); n > 0; n--) this.skip(depth + 1);
    } else if (mark < 0xc0 || (mark >= 0xd9 && mark <= 0xdb)) this.text();
    else if (mark >= 0xc4 && mark <= 0xc6) this.bin();
    else if (mark === 0xc0 || mark === 0xc2 || mark === 0xc3) this.#at += 1;
    else throw new MsgpackError('a kind of value that is not used');
  }
}
