/**
 * Messages of the socket as the connection core wants them.
 *
 * Not known here: what they mean.
 */

import type { AnyAnswer, Incoming } from '../../core/incoming';
import { decodeControl, decodeReply, decodeReplyOf, encodeRequest, parseFrame } from '../../wire/codec';
import type { AnyRequest, CallBody, CallName, Frame } from '../../wire/codec';
import { LIMITS } from '../../wire/gen/wire';

/** What a message of the socket says; null stands for a text message. */
export function decodeMessage(message: Uint8Array | null): Incoming {
  if (message === null) return { class: 'malformed' };
  try {
    return decodeFrame(parseFrame(message, LIMITS.FRAME_BYTES_MAX));
  } catch {
    return { class: 'malformed' };
  }
}

function decodeFrame(frame: Frame): Incoming {
  const { header } = frame;
  switch (header.class) {
    case 'request':
      return { class: 'outOfPlace' };
    case 'control': {
      const control = decodeControl(frame);
      return control ? { class: 'control', control } : { class: 'unknown' };
    }
    case 'event':
      // The body is a view into the message, which is not kept.
      return {
        class: 'event',
        stream: header.stream,
        id: header.id,
        kind: header.kind,
        body: frame.body.slice(),
      };
    case 'reply':
      return { class: 'reply', id: header.id, reply: decodeAnswer(frame) };
  }
}

/** A reply that does not fit its own type is an answer to nobody's question; the connection goes on. */
function decodeAnswer(frame: Frame): Extract<Incoming, { class: 'reply' }>['reply'] {
  const name = decodeReplyOf(frame);
  if (name === null) return { ok: false, name, refusal: null };
  try {
    const reply = decodeReply(name, frame);
    if (!reply.ok) return { ok: false, name, refusal: reply.refusal };
    return { ok: true, name, answer: { t: name, answer: reply.answer } as AnyAnswer };
  } catch {
    return { ok: false, name, refusal: null };
  }
}

/** The frame of a request. */
export function encodeAny(request: AnyRequest, id: number): Uint8Array<ArrayBuffer> {
  // Name and body belong together by the type of `AnyRequest`, which does not survive taking them apart.
  return encodeRequest(request.t, id, request.body as CallBody<CallName>);
}

/** A request by name. */
export function requestOf<N extends CallName>(name: N, body: CallBody<N>): AnyRequest {
  return { t: name, body } as AnyRequest;
}
