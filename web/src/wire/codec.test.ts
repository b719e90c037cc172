import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import golden from '../../../src/wire/golden/wire.ndjson?raw';
import {
  FrameError,
  HEADER_LEN,
  LIMITS,
  MsgpackError,
  decodeControl,
  decodeEvent,
  decodeReply,
  decodeReplyOf,
  decodeRequest,
  encodeControl,
  encodeEvent,
  encodeReply,
  encodeRequest,
  encodeFrame,
  helloProofInput,
  httpProofInput,
  parseFrame,
  type Frame,
  type Header,
} from './codec';

const unhex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

interface Row {
  class: 'request' | 'reply' | 'refusal' | 'event' | 'control';
  type: number;
  frame: string;
}

const rows = golden
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);

/** Decodes a frame of the server or the client and encodes it again. */
function again(frame: Frame): Uint8Array {
  const { header } = frame;
  if (header.class === 'request') {
    const request = decodeRequest(frame)!;
    return encodeRequest(request.t, header.id, request.body as never);
  }
  if (header.class === 'reply') {
    const name = decodeReplyOf(frame)!;
    return encodeReply(name, header.id, decodeReply(name, frame) as never);
  }
  if (header.class === 'event') return encodeEvent(decodeEvent(frame)!, header);
  return encodeControl(decodeControl(frame)!);
}

const parsed = (row: Row): Frame => parseFrame(unhex(row.frame), LIMITS.FRAME_BYTES_MAX);

describe('the golden bytes of the wire', () => {
  it('has rows of every class', () => {
    expect(new Set(rows.map((row) => row.class)).size).toBe(5);
    expect(rows.length).toBeGreaterThan(190);
  });

  it.each(rows.map((row, n) => ({ n: n + 1, row })))('line $n comes back as the same bytes', ({ row }) => {
    const frame = parsed(row);
    expect(frame.header.kind).toBe(row.type);
    expect(frame.header.refusal).toBe(row.class === 'refusal');
    expect(hex(again(frame))).toBe(row.frame);
  });

  it('is refused with a byte more or a byte less', () => {
    for (const row of rows) {
      const frame = parsed(row);
      const longer = new Uint8Array([...frame.body, 0xc0]);
      expect(() => again({ ...frame, body: longer })).toThrow(MsgpackError);
      if (frame.body.length > 1)
        expect(() => again({ ...frame, body: frame.body.subarray(0, -1) })).toThrow(MsgpackError);
    }
  });

  it('may carry a field of a newer version, which is skipped', () => {
    for (const row of rows) {
      const frame = parsed(row);
      const [first = 0, ...rest] = frame.body;
      const newer = [0xa5, ...new TextEncoder().encode('newer'), 0x92, 0x01, 0x81, 0xa1, 0x78, 0xc0];
      const body = new Uint8Array([first + 1, ...rest, ...newer]);
      expect(hex(again({ ...frame, body }))).toBe(row.frame);
    }
  });
});

describe('a refusal', () => {
  const refused = (kind: number): Frame => {
    const frame = parsed(rows.find((row) => row.class === 'refusal')!);
    return { ...frame, header: { ...frame.header, kind } };
  };

  it('of a request that the server had not read has no type', () => {
    expect(decodeReply('GetPerson', refused(0)).ok).toBe(false);
    expect(() => decodeReply('GetPerson', refused(999))).toThrow('another request');
  });

  it('is what has no type: an answer has one', () => {
    const frame = refused(0);
    expect(() => decodeReply('GetPerson', { ...frame, header: { ...frame.header, refusal: false } })).toThrow(
      'another request',
    );
  });
});

describe('a body', () => {
  const body = (bytes: number[]): Frame => ({
    header: { class: 'control', kind: 6, refusal: false, stream: null, id: 0 },
    body: Uint8Array.from(bytes),
  });
  const text = (s: string): number[] => [0xa0 + s.length, ...new TextEncoder().encode(s)];
  const stream = [...text('stream'), ...text('org')];

  it('is refused when a field is missing, stands twice or is out of range', () => {
    expect(decodeControl(body([0x82, ...stream, ...text('seq'), 5]))).toEqual({
      t: 'CaughtUp',
      body: { stream: 'org', seq: 5 },
    });
    expect(() => decodeControl(body([0x81, ...stream]))).toThrow('missing');
    expect(() => decodeControl(body([0x83, ...stream, ...stream, ...text('seq'), 5]))).toThrow('twice');
    const big = [0xcf, 0x00, 0x20, 0, 0, 0, 0, 0, 0];
    expect(() => decodeControl(body([0x82, ...stream, ...text('seq'), ...big]))).toThrow('2^53');
    expect(() => decodeControl(body([0x82, ...stream, ...text('seq'), 0xff]))).toThrow(MsgpackError);
    expect(() => decodeControl(body([0x82, ...text('stream'), ...text('ward'), ...text('seq'), 5]))).toThrow(
      'word',
    );
  });

  it('is refused when an unknown field nests deeper than any type does', () => {
    const deep = [...text('x'), ...Array<number>(40).fill(0x91), 0xc0];
    expect(() => decodeControl(body([0x83, ...stream, ...text('seq'), 5, ...deep]))).toThrow('deep');
  });

  it('of a newer type is null, not an error', () => {
    expect(decodeControl({ ...body([0x80]), header: { ...body([]).header, kind: 999 } })).toBeNull();
  });

  it('of random bytes decodes or is refused, and never throws anything else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...rows), fc.nat(), fc.integer({ min: 1, max: 255 }), (row, at, flip) => {
        const bytes = unhex(row.frame);
        if (bytes.length === HEADER_LEN) return;
        const place = HEADER_LEN + (at % (bytes.length - HEADER_LEN));
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        try {
          const once = again(parseFrame(bytes, LIMITS.FRAME_BYTES_MAX));
          expect(hex(again(parseFrame(once, LIMITS.FRAME_BYTES_MAX)))).toBe(hex(once));
        } catch (error) {
          if (!(error instanceof MsgpackError)) throw error;
        }
      }),
    );
  });
});

describe('a frame', () => {
  const good: Header = { class: 'request', kind: 1, refusal: false, stream: null, id: 1 };

  it('with reserved bits set is refused, so that they can be given a meaning', () => {
    for (const [at, value] of [
      [4, 1],
      [4, 2],
      [5, 1],
      [5, 3],
      [6, 1],
      [7, 1],
    ] as const) {
      const bytes = encodeFrame(good, new Uint8Array());
      bytes[at] = value;
      expect(() => parseFrame(bytes, 1024), `byte ${at} = ${value}`).toThrow('reserved');
    }
  });

  it('with a length that lies, or over its limit, is refused', () => {
    const bytes = encodeFrame(good, Uint8Array.of(0xc0));
    for (const length of [0, 2, 0xffff_ffff]) {
      new DataView(bytes.buffer).setUint32(16, length);
      expect(() => parseFrame(bytes, 65_536)).toThrow(FrameError);
    }
    expect(() => parseFrame(encodeFrame(good, new Uint8Array(100)), 64)).toThrow('limit');
    expect(() => parseFrame(bytes.subarray(0, 19), 64)).toThrow('truncated');
  });

  it('with an id over 2^53-1, another version or class is refused', () => {
    for (const [at, value] of [
      [8, 0xff],
      [0, 2],
      [1, 5],
    ] as const) {
      const bytes = encodeFrame(good, new Uint8Array());
      bytes[at] = value;
      expect(() => parseFrame(bytes, 64)).toThrow(FrameError);
    }
  });
});

describe('the bytes a session proves itself with', () => {
  it('differ for every cursor, key number and nonce', () => {
    const id = (n: number): Uint8Array => new Uint8Array(16).fill(n);
    const hello = { session: id(1), kid: 7 };
    const at = { epoch: id(2), seq: 9 };
    const inputs = [
      hello,
      { ...hello, kid: 8 },
      { ...hello, personal: at },
      { ...hello, org: { org: id(3) } },
      { ...hello, org: { org: id(3), cursor: at } },
    ].flatMap((each) => [0, 1].map((n) => hex(helloProofInput(new Uint8Array(32).fill(n), each))));
    expect(new Set(inputs).size).toBe(10);
  });

  it('of an HTTP request are label, method, path, time and hash', () => {
    const input = httpProofInput('PUT', '/api?x=1', 258, new Uint8Array(2));
    expect(hex(input)).toBe(
      hex(new TextEncoder().encode('relais/v1/http\0PUT\0/api?x=1\0')) + '00000000000001020000',
    );
  });
});
