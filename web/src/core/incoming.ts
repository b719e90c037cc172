/**
 * Messages of the server as the core sees them: headers, controls and replies decoded, event bodies still bytes.
 *
 * Not known here: how a frame is encoded.
 */

import type { Answer, AnyControl, CallName } from '../wire/codec';
import type { Refusal } from '../wire/gen/wire';
import type { StreamTag } from '../wire/frame';

/** A message of the server. */
export type Incoming =
  | { readonly class: 'control'; readonly control: AnyControl }
  | {
      readonly class: 'event';
      readonly stream: StreamTag | null;
      readonly id: number;
      readonly kind: number;
      readonly body: Uint8Array;
    }
  | { readonly class: 'reply'; readonly id: number; readonly reply: AnyReply }
  /** A message of a newer version that may be skipped. */
  | { readonly class: 'unknown' }
  /** Bytes that are no frame, a body that does not fit its type, or a text message. */
  | { readonly class: 'malformed' }
  /** A frame that only a client sends. */
  | { readonly class: 'outOfPlace' };

/** An answer with the name of the request that it fits. */
export type AnyAnswer = { [N in CallName]: { readonly t: N; readonly answer: Answer<N> } }[CallName];

/** The content of a reply. */
export type AnyReply =
  | { readonly ok: true; readonly name: CallName; readonly answer: AnyAnswer }
  | { readonly ok: false; readonly name: CallName | null; readonly refusal: Refusal | null };
