/**
 * Shapes: what a body looks like on the wire, said once and used both ways. A struct is a MessagePack map with
 * named fields in the order of its shape; a field that is not known is skipped, a field that is missing or stands
 * twice is an error unless it is optional, and an absent optional field is left out.
 *
 * Not known here: which types there are (`schema/`), and what they mean.
 */
import { MsgpackError, Reader, Writer } from './msgpack';

/** Reads and writes values of one type. */
export interface Shape<T> {
  write(to: Writer, value: T): void;
  read(from: Reader): T;
}

/** A field that may be absent. */
export interface Optional<T> {
  readonly optional: Shape<T>;
}

/** One shape for each field of `T`, optional exactly where the field is. */
export type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Shape<T[K]>;
};

/** Bytes of exactly one length, copied out of the frame. */
function fixed(length: number): Shape<Uint8Array> {
  return {
    write(to, value) {
      if (value.length !== length) throw new MsgpackError(`expected ${length} bytes`);
      to.bin(value);
    },
    read(from) {
      const bytes = from.bin();
      if (bytes.length !== length) throw new MsgpackError(`expected ${length} bytes`);
      return bytes.slice();
    },
  };
}

/** An integer up to `max`. */
function upTo(max: number): Shape<number> {
  const check = (n: number): number => {
    if (n > max) throw new MsgpackError('integer out of range');
    return n;
  };
  return { write: (to, value) => void to.int(check(value)), read: (from) => check(from.int()) };
}

/** An id. */
export const id16 = fixed(16);
/** A hash, head or key. */
export const bytes32 = fixed(32);
/** Bytes of any length, copied out of the frame. */
export const bin: Shape<Uint8Array> = {
  write: (to, value) => void to.bin(value),
  read: (from) => from.bin().slice(),
};
/** A number, time or size up to 2^53 - 1. */
export const int = upTo(Number.MAX_SAFE_INTEGER);
/** A number that the server holds in 8 bits. */
export const u8 = upTo(0xff);
/** A number that the server holds in 16 bits. */
export const u16 = upTo(0xffff);
/** A number that the server holds in 32 bits. */
export const u32 = upTo(0xffff_ffff);
/** Text. */
export const text: Shape<string> = {
  write: (to, value) => void to.text(value),
  read: (from) => from.text(),
};
/** A boolean. */
export const flag: Shape<boolean> = {
  write: (to, value) => void to.flag(value),
  read: (from) => from.flag(),
};

/** One of a closed list of words. */
export function word<T extends string>(...words: readonly T[]): Shape<T> {
  return {
    write: (to, value) => void to.text(value),
    read(from) {
      const read = from.text();
      const known = words.find((each) => each === read);
      if (known === undefined) throw new MsgpackError('unknown word');
      return known;
    },
  };
}

/** Values of one shape. */
export function list<T>(of: Shape<T>): Shape<T[]> {
  return {
    write(to, value) {
      to.array(value.length);
      for (const each of value) of.write(to, each);
    },
    read(from) {
      const out: T[] = [];
      for (let n = from.array(); n > 0; n--) out.push(of.read(from));
      return out;
    },
  };
}

/** Marks a field that may be absent. */
export function opt<T>(optional: Shape<T>): Optional<T> {
  return { optional };
}

/** A map with named fields. */
export function struct<T extends object>(fields: Fields<T>): Shape<T> {
  // The one place where names and types part: `Fields` has tied each name to the shape of its type.
  const table = Object.entries(fields) as [keyof T & string, Shape<unknown> | Optional<unknown>][];
  const byName = new Map(table);
  return {
    write(to, value) {
      const present = table.filter(([name]) => value[name] !== undefined);
      to.map(present.length);
      for (const [name, shape] of present) {
        to.text(name);
        ('optional' in shape ? shape.optional : shape).write(to, value[name]);
      }
    },
    read(from) {
      const out: Partial<T> = {};
      for (let n = from.map(); n > 0; n--) {
        const name = from.text() as keyof T & string;
        const shape = byName.get(name);
        if (shape === undefined) from.skip();
        else if (name in out) throw new MsgpackError('a field stands twice');
        else if (!('optional' in shape)) out[name] = shape.read(from) as T[typeof name];
        else if (!from.nil()) out[name] = shape.optional.read(from) as T[typeof name];
      }
      for (const [name, shape] of table) {
        if (!('optional' in shape) && !(name in out)) throw new MsgpackError('a field is missing');
      }
      return out as T;
    },
  };
}

/** The bytes of one value. */
export function encode<T>(shape: Shape<T>, value: T): Uint8Array<ArrayBuffer> {
  const to = new Writer();
  shape.write(to, value);
  return to.finish();
}

/** One value and nothing after it; throws a {@link MsgpackError}. */
export function decode<T>(shape: Shape<T>, bytes: Uint8Array): T {
  const from = new Reader(bytes, false);
  const value = shape.read(from);
  from.end();
  return value;
}
