/**
 * The fixed header of 20 bytes and the split of a message into header and body (docs/PROTOCOL.md §1). A WebSocket
 * message and an HTTP body hold exactly one frame.
 *
 * Not known here: which types exist.
 */

/** The protocol version this client speaks. */
export const VERSION = 1;
/** Name of the WebSocket subprotocol. */
export const SUBPROTOCOL = 'relais.v1';
/** Bytes of the header. */
export const HEADER_LEN = 20;

const CLASSES = ['request', 'reply', 'event', 'control'] as const;
const STREAMS = ['org', 'personal'] as const;

/** Who speaks to whom, and what for. */
export type Class = (typeof CLASSES)[number];
/** Which of the two followed streams an event is an entry of. */
export type StreamTag = (typeof STREAMS)[number];

/** A decoded header. */
export interface Header {
  readonly class: Class;
  /** Number of the message type within its class. */
  readonly kind: number;
  /** A reply that refuses; its body is a `Refusal`. */
  readonly refusal: boolean;
  /** The stream an event is an entry of, if it is one. */
  readonly stream: StreamTag | null;
  /** Request id, number in the stream, or expiry of an event outside a stream (0 = never). */
  readonly id: number;
}

/** Header and body of one frame; the body is a view into the message. */
export interface Frame {
  readonly header: Header;
  readonly body: Uint8Array;
}

/** Bytes that are not a frame: the peer breaks the protocol. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** Header and body in one buffer. */
export function encodeFrame(header: Header, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(HEADER_LEN + body.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, CLASSES.indexOf(header.class) + 1);
  view.setUint16(2, header.kind);
  view.setUint8(4, header.refusal ? 1 : 0);
  view.setUint8(5, header.stream === null ? 0 : STREAMS.indexOf(header.stream) + 1);
  view.setBigUint64(8, BigInt(header.id));
  view.setUint32(16, body.length);
  out.set(body, HEADER_LEN);
  return out;
}

function refuse(what: string): never {
  throw new FrameError(what);
}

/** Splits a message that must hold exactly one frame of at most `max` bytes; throws a {@link FrameError}. */
export function parseFrame(message: Uint8Array, max: number): Frame {
  if (message.length > max) refuse(`frame of ${message.length} bytes; the limit is ${max}`);
  if (message.length < HEADER_LEN) refuse('truncated frame');
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint8(0) !== VERSION) refuse(`unsupported version ${view.getUint8(0)}`);
  const kindOfClass = CLASSES[view.getUint8(1) - 1] ?? refuse(`unknown class ${view.getUint8(1)}`);
  const flags = view.getUint8(4);
  const tag = view.getUint8(5);
  const stream = tag === 0 ? null : (STREAMS[tag - 1] ?? refuse('reserved bits are set'));
  const flagsFit = flags === 0 || (flags === 1 && kindOfClass === 'reply');
  if (!flagsFit || view.getUint16(6) !== 0 || (stream !== null && kindOfClass !== 'event')) {
    refuse('reserved bits are set');
  }
  const id = Number(view.getBigUint64(8));
  if (!Number.isSafeInteger(id)) refuse('integer over 2^53-1');
  const total = HEADER_LEN + view.getUint32(16);
  if (total > message.length) refuse('truncated frame');
  if (total < message.length) refuse(`${message.length - total} bytes after the frame`);
  return {
    header: { class: kindOfClass, kind: view.getUint16(2), refusal: flags === 1, stream, id },
    body: message.subarray(HEADER_LEN),
  };
}
