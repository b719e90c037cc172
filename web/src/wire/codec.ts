/**
 * Messages to frames and back. This is what the rest of the client uses of `wire/`:
 *
 * - {@link encodeRequest} makes the frame of a request; {@link decodeReply} opens its answer, typed by the request's
 *   name: `{ ok: true, answer }` or `{ ok: false, refusal }`.
 * - {@link decodeEvent} and {@link decodeControl} open what the server says unasked, as `{ t: name, body }`, so that
 *   a `switch (event.t)` narrows the body; `null` is a type of a newer version, which is skipped (and counted as
 *   applied where it is an entry of a stream). {@link decodeEventBody} opens an item of a `StreamPage`.
 * - {@link encodeControl} makes the frames a client sends: `Hello` and `Pong`.
 * - {@link parseFrame} comes first for everything received: it holds the length to the limit of the carrier
 *   (`LIMITS.FRAME_BYTES_MAX` on the socket, `LIMITS.RPC_BYTES_MAX` over HTTP).
 * - {@link helloProofInput} and {@link httpProofInput} are the bytes that a session proves itself with (HMAC).
 * - {@link decodeRequest}, {@link encodeReply}, {@link encodeEvent} and {@link decodeReplyOf} are the server's side,
 *   for fakes and tests.
 *
 * Everything decoded is copied out of the frame. A body that does not fit throws a {@link MsgpackError}, a message
 * that is no frame a {@link FrameError}: in both cases the peer breaks the protocol and the connection is closed.
 *
 * Not known here: sockets, keys, and what signed objects (`bin` fields) say.
 */
import { be32, be64, concat, utf8 } from './bytes';
import { encodeFrame, type Frame, type Header } from './frame';
import type { HelloSession, Cursor, Refusal } from './gen/wire';
import { MsgpackError } from './msgpack';
import { refusal as refusalShape } from './schema/codes';
import { decode, encode, type Shape } from './shape';
import { CALLS, CONTROLS, EVENTS } from './table';

export { FrameError, HEADER_LEN, SUBPROTOCOL, encodeFrame, parseFrame } from './frame';
export type { Class, Frame, Header, StreamTag } from './frame';
export { MsgpackError } from './msgpack';
export * from './gen/wire';

type Of<S> = S extends Shape<infer T> ? T : never;
type Calls = typeof CALLS;

/** Name of a request. */
export type CallName = keyof Calls;
/** Body of the request with this name. */
export type CallBody<N extends CallName> = Of<Calls[N]['body']>;
/** Body of the answer to the request with this name. */
export type Answer<N extends CallName> = Of<Calls[N]['answer']>;
/** An answer or a refusal. */
export type Reply<N extends CallName> =
  { readonly ok: true; readonly answer: Answer<N> } | { readonly ok: false; readonly refusal: Refusal };

type Table = Record<string, { readonly kind: number; readonly body: Shape<unknown> }>;
type Tagged<M extends Table> = {
  [N in keyof M]: { readonly t: N; readonly body: Of<M[N]['body']> };
}[keyof M];

/** A request, by name. */
export type AnyRequest = Tagged<Calls>;
/** An event, by name. */
export type AnyEvent = Tagged<typeof EVENTS>;
/** A control message, by name. */
export type AnyControl = Tagged<typeof CONTROLS>;

/** Finds a message type by its number. */
function byKind<M extends Table>(table: M): ReadonlyMap<number, keyof M & string> {
  return new Map(
    Object.entries(table).map(([name, entry]): [number, keyof M & string] => [entry.kind, name]),
  );
}

const CALL_NAMES = byKind(CALLS);
const EVENT_NAMES = byKind(EVENTS);
const CONTROL_NAMES = byKind(CONTROLS);

/**
 * A table's shape for a body of any of its types. The tables tie each name to its body, which TypeScript cannot
 * carry through a lookup by a name that is only known at run time; this is the one place where it is told.
 */
function bodyShape(entry: { readonly body: unknown }): Shape<unknown> {
  return entry.body as Shape<unknown>;
}

function header(kindOfClass: Header['class'], kind: number, id: number): Header {
  return { class: kindOfClass, kind, refusal: false, stream: null, id };
}

/** Frame of a request; `id` is repeated by its reply. */
export function encodeRequest<N extends CallName>(
  name: N,
  id: number,
  body: CallBody<N>,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(header('request', CALLS[name].kind, id), encode(bodyShape(CALLS[name]), body));
}

/** The request in a frame; null: a type that is not known. */
export function decodeRequest(frame: Frame): AnyRequest | null {
  if (frame.header.class !== 'request') throw new MsgpackError('frame of another class');
  const name = CALL_NAMES.get(frame.header.kind);
  if (name === undefined) return null;
  return { t: name, body: decode(bodyShape(CALLS[name]), frame.body) } as AnyRequest;
}

/** The answer or refusal in a reply's frame to the request `name`. A server that refuses what it has not read, being
 * overloaded for instance, does not know its type and says 0. */
export function decodeReply<N extends CallName>(name: N, frame: Frame): Reply<N> {
  const { class: type, kind, refusal } = frame.header;
  if (type !== 'reply' || (kind !== CALLS[name].kind && !(refusal && kind === 0))) {
    throw new MsgpackError('reply to another request');
  }
  if (refusal) return { ok: false, refusal: decode(refusalShape, frame.body) };
  return { ok: true, answer: decode(bodyShape({ body: CALLS[name].answer }), frame.body) as Answer<N> };
}

/** Name of the request that a reply's frame answers; null: a type that is not known. */
export function decodeReplyOf(frame: Frame): CallName | null {
  return frame.header.class === 'reply' ? (CALL_NAMES.get(frame.header.kind) ?? null) : null;
}

/** Frame of an answer or refusal. */
export function encodeReply<N extends CallName>(
  name: N,
  id: number,
  reply: Reply<N>,
): Uint8Array<ArrayBuffer> {
  const head = { ...header('reply', CALLS[name].kind, id), refusal: !reply.ok };
  const body = reply.ok
    ? encode(bodyShape({ body: CALLS[name].answer }), reply.answer)
    : encode(refusalShape, reply.refusal);
  return encodeFrame(head, body);
}

/** The event in a frame; null: a type that is not known. */
export function decodeEvent(frame: Frame): AnyEvent | null {
  if (frame.header.class !== 'event') throw new MsgpackError('frame of another class');
  return decodeEventBody(frame.header.kind, frame.body);
}

/** An event by the number of its type, as in an item of a stream's page; null: a type that is not known. */
export function decodeEventBody(kind: number, body: Uint8Array): AnyEvent | null {
  const name = EVENT_NAMES.get(kind);
  if (name === undefined) return null;
  return { t: name, body: decode(bodyShape(EVENTS[name]), body) } as AnyEvent;
}

/** Frame of an event. */
export function encodeEvent(event: AnyEvent, place: Pick<Header, 'stream' | 'id'>): Uint8Array<ArrayBuffer> {
  const entry = EVENTS[event.t];
  return encodeFrame(
    { ...header('event', entry.kind, place.id), ...place },
    encode(bodyShape(entry), event.body),
  );
}

/** The control message in a frame; null: a type that is not known. */
export function decodeControl(frame: Frame): AnyControl | null {
  if (frame.header.class !== 'control') throw new MsgpackError('frame of another class');
  const name = CONTROL_NAMES.get(frame.header.kind);
  if (name === undefined) return null;
  return { t: name, body: decode(bodyShape(CONTROLS[name]), frame.body) } as AnyControl;
}

/** Frame of a control message. */
export function encodeControl(control: AnyControl): Uint8Array<ArrayBuffer> {
  const entry = CONTROLS[control.t];
  return encodeFrame(header('control', entry.kind, 0), encode(bodyShape(entry), control.body));
}

const HELLO_LABEL = 'relais/v1/hello';
const HTTP_LABEL = 'relais/v1/http';

function zeroEnded(text: string): Uint8Array {
  return utf8(`${text}\0`);
}

/** The bytes whose HMAC-SHA-256 with the session key is `proof` of a `Hello` (docs/PROTOCOL.md §2). */
export function helloProofInput(
  nonce: Uint8Array,
  hello: Omit<HelloSession, 'proof'>,
): Uint8Array<ArrayBuffer> {
  const at = (cursor: Cursor): Uint8Array[] => [cursor.epoch, be64(cursor.seq)];
  const parts = [zeroEnded(HELLO_LABEL), nonce, hello.session, be32(hello.kid)];
  if (hello.org === undefined) parts.push(new Uint8Array([0]));
  else {
    parts.push(new Uint8Array([hello.org.cursor === undefined ? 1 : 2]), hello.org.org);
    if (hello.org.cursor !== undefined) parts.push(...at(hello.org.cursor));
  }
  if (hello.personal === undefined) parts.push(new Uint8Array([0]));
  else parts.push(new Uint8Array([2]), ...at(hello.personal));
  return concat(...parts);
}

/**
 * The bytes whose HMAC-SHA-256 with the session key proves an HTTP request (docs/PROTOCOL.md §4). `path` is the path
 * with its query; `time` is server time in ms; for an upload `bodySha256` is the announced hash.
 */
export function httpProofInput(
  method: string,
  path: string,
  time: number,
  bodySha256: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return concat(zeroEnded(HTTP_LABEL), zeroEnded(method), zeroEnded(path), be64(time), bodySha256);
}
