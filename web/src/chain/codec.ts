/**
 * The strict positional MessagePack that every signed object is written in (docs/PROTOCOL.md §8).
 *
 * Allowed items: integers up to 2^53-1, bytes, text (UTF-8 in normal form C), nil, arrays. Every item is in its
 * shortest form, so one value has one encoding. Sets are lists in strictly ascending order of their key.
 *
 * {@link Reader} walks the whole object once (shapes, shortest forms, depth, bytes after it); its typed methods then
 * read field by field. The error of a refused object is the same as in every other implementation.
 *
 * Not known here: what any field means.
 */
import { hex, unhex, type Hex } from '../wire/bytes';
import { MsgpackError, Writer as Raw } from '../wire/msgpack';
import { ChainError, check, refuse, type ChainErrorName } from './error';
import { DEPTH_MAX } from './limits';

/** Writes an object in shortest forms; a value that has no encoding is refused. */
export class Writer {
  readonly #raw = new Raw();

  /** An array header; the caller then writes exactly `length` items. */
  array(length: number): this {
    this.#raw.array(length);
    return this;
  }

  /** An integer. */
  uint(value: number): this {
    try {
      this.#raw.int(value);
    } catch (error) {
      if (error instanceof MsgpackError) refuse('IntTooLarge');
      throw error;
    }
    return this;
  }

  /** 0 or 1. */
  flag(value: boolean): this {
    return this.uint(value ? 1 : 0);
  }

  /** Bytes. */
  bin(value: Uint8Array): this {
    this.#raw.bin(value);
    return this;
  }

  /** An id or hash. */
  id(value: Hex): this {
    return this.bin(unhex(value));
  }

  /** Text. */
  str(value: string): this {
    check(value.normalize('NFC') === value, 'NotNfc');
    this.#raw.text(value);
    return this;
  }

  /** Nothing. */
  nil(): this {
    this.#raw.nil();
    return this;
  }

  /** An id or hash, or nil. */
  optId(value: Hex | null): this {
    return value === null ? this.nil() : this.id(value);
  }

  /** Bytes, or nil. */
  optBin(value: Uint8Array | null): this {
    return value === null ? this.nil() : this.bin(value);
  }

  /** An integer, or nil. */
  optUint(value: number | null): this {
    return value === null ? this.nil() : this.uint(value);
  }

  /** A list, each element written by `write`. */
  each<T>(all: Iterable<T>, write: (to: this, value: T) => void): this {
    const list = [...all];
    this.array(list.length);
    for (const value of list) write(this, value);
    return this;
  }

  /** The object, of at most `max` bytes. */
  finish(max = Infinity): Uint8Array<ArrayBuffer> {
    const bytes = this.#raw.finish();
    check(bytes.length <= max, 'TooLong');
    return bytes;
  }
}

type Item =
  | { readonly is: 'uint'; readonly value: number }
  | { readonly is: 'bin'; readonly value: Uint8Array }
  | { readonly is: 'str'; readonly value: string; readonly bytes: number }
  | { readonly is: 'nil' }
  | { readonly is: 'array'; readonly length: number };

const NIL: Item = { is: 'nil' };
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Markers that are never allowed, by range, with their refusals. */
const FORBIDDEN: readonly (readonly [number, number, ChainErrorName])[] = [
  [0x80, 0x8f, 'Map'],
  [0xc1, 0xc1, 'ReservedByte'],
  [0xc2, 0xc3, 'Boolean'],
  [0xc7, 0xc9, 'Extension'],
  [0xca, 0xcb, 'Float'],
  [0xd0, 0xd3, 'SignedInt'],
  [0xd4, 0xd8, 'Extension'],
  [0xde, 0xdf, 'Map'],
  [0xe0, 0xff, 'SignedInt'],
];

/** Reads an object field by field. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** Starts reading one object of at most `max` bytes, after checking its whole shape. */
  constructor(bytes: Uint8Array, max: number) {
    check(bytes.length <= max, 'TooLong');
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#checkShape();
    this.#at = 0;
  }

  /** An array of exactly `arity` fields. */
  array(arity: number): void {
    check(this.list() === arity, 'WrongArity');
  }

  /** A list of at most `max` elements; answers how many follow. */
  list(max = Infinity): number {
    const item = this.#item();
    if (item.is !== 'array') refuse('WrongType');
    check(item.length <= max, 'TooMany');
    return item.length;
  }

  /** An integer of at most `max`. */
  uint(max = Infinity): number {
    const item = this.#item();
    if (item.is !== 'uint') refuse('WrongType');
    check(item.value <= max, 'OutOfRange');
    return item.value;
  }

  /** 0 or 1. */
  flag(): boolean {
    return this.uint(1) === 1;
  }

  /** Bytes, at most `max`: a view into the object. */
  bin(max = Infinity): Uint8Array {
    const item = this.#item();
    if (item.is !== 'bin') refuse('WrongType');
    check(item.value.length <= max, 'TooLong');
    return item.value;
  }

  /** Exactly `length` bytes, copied. */
  fixed(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.bin();
    check(bytes.length === length, 'WrongLength');
    return new Uint8Array(bytes);
  }

  /** An id of 16 bytes. */
  id(): Hex {
    return hex(this.fixed(16));
  }

  /** A hash of 32 bytes. */
  hash(): Hex {
    return hex(this.fixed(32));
  }

  /** Text of at most `max` bytes. */
  str(max = Infinity): string {
    const item = this.#item();
    if (item.is !== 'str') refuse('WrongType');
    check(item.bytes <= max, 'TooLong');
    return item.value;
  }

  /** Nil, or what `read` reads. */
  opt<T>(read: (from: this) => T): T | null {
    if (this.#bytes[this.#at] === 0xc0) {
      this.#at += 1;
      return null;
    }
    return read(this);
  }

  /** A list of at most `max` elements, each read by `read`. */
  each<T>(max: number, read: (from: this) => T): T[] {
    const out: T[] = [];
    for (let left = this.list(max); left > 0; left--) out.push(read(this));
    return out;
  }

  /** The object must end here. */
  end(): void {
    check(this.#at === this.#bytes.length, 'TrailingBytes');
  }

  /** Checks the whole object without interpreting it. */
  #checkShape(): void {
    const open: number[] = []; // items still to come in each array that is open
    do {
      const item = this.#item();
      if (item.is === 'array') {
        check(open.length < DEPTH_MAX, 'TooDeep');
        check(item.length <= this.#bytes.length - this.#at, 'Truncated');
        open.push(item.length);
      } else if (open.length > 0) open.push((open.pop() ?? 0) - 1);
      // A finished array is an item of the array around it.
      while (open.at(-1) === 0) {
        open.pop();
        if (open.length > 0) open.push((open.pop() ?? 0) - 1);
      }
    } while (open.length > 0);
    this.end();
  }

  #item(): Item {
    const at = this.#take(1);
    const mark = this.#view.getUint8(at);
    if (mark < 0x80) return { is: 'uint', value: mark };
    for (const [first, last, reason] of FORBIDDEN) if (mark >= first && mark <= last) refuse(reason);
    if (mark < 0xa0) return { is: 'array', length: mark - 0x90 };
    if (mark < 0xc0) return this.#text(mark - 0xa0);
    switch (mark) {
      case 0xc4:
        return this.#binary(this.#number(1, -1, 'NonShortestLength'));
      case 0xc5:
        return this.#binary(this.#number(2, 0xff, 'NonShortestLength'));
      case 0xc6:
        return this.#binary(this.#number(4, 0xffff, 'NonShortestLength'));
      case 0xcc:
        return { is: 'uint', value: this.#number(1, 0x7f, 'NonShortestInt') };
      case 0xcd:
        return { is: 'uint', value: this.#number(2, 0xff, 'NonShortestInt') };
      case 0xce:
        return { is: 'uint', value: this.#number(4, 0xffff, 'NonShortestInt') };
      case 0xcf:
        return { is: 'uint', value: this.#number(8, 0xffff_ffff, 'NonShortestInt') };
      case 0xd9:
        return this.#text(this.#number(1, 31, 'NonShortestLength'));
      case 0xda:
        return this.#text(this.#number(2, 0xff, 'NonShortestLength'));
      case 0xdb:
        return this.#text(this.#number(4, 0xffff, 'NonShortestLength'));
      case 0xdc:
        return { is: 'array', length: this.#number(2, 15, 'NonShortestLength') };
      case 0xdd:
        return { is: 'array', length: this.#number(4, 0xffff, 'NonShortestLength') };
      default:
        return NIL; // 0xc0 is all that is left
    }
  }

  #take(length: number): number {
    check(length <= this.#bytes.length - this.#at, 'Truncated');
    const at = this.#at;
    this.#at = at + length;
    return at;
  }

  /** A number of `width` bytes, which must not fit a narrower form (values up to `narrower`). */
  #number(width: 1 | 2 | 4 | 8, narrower: number, otherwise: ChainErrorName): number {
    const at = this.#take(width);
    let value: number;
    if (width === 1) value = this.#view.getUint8(at);
    else if (width === 2) value = this.#view.getUint16(at);
    else if (width === 4) value = this.#view.getUint32(at);
    else value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    check(value > narrower, otherwise);
    check(Number.isSafeInteger(value), 'IntTooLarge');
    return value;
  }

  #binary(length: number): Item {
    const at = this.#take(length);
    return { is: 'bin', value: this.#bytes.subarray(at, at + length) };
  }

  #text(length: number): Item {
    const at = this.#take(length);
    let value: string;
    try {
      value = TEXT.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw new ChainError('NotUtf8');
    }
    check(value.normalize('NFC') === value, 'NotNfc');
    return { is: 'str', value, bytes: length };
  }
}

/** Refuses a list that is not strictly ascending by `key`: sets have one order, so one encoding. */
export function ascending<T>(all: readonly T[], key: (value: T) => string): void {
  let before: string | null = null;
  for (const value of all) {
    const now = key(value);
    if (before !== null) {
      check(before !== now, 'Duplicate');
      check(before < now, 'Unsorted');
    }
    before = now;
  }
}
