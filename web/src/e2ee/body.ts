/**
 * What a message says: the plaintext inside a message entry. Strict positional MessagePack, 7 fields:
 * `[v=1, text, attachments, mentions, title|nil, patient|nil, reply_to|nil]` (docs/PROTOCOL.md §9).
 *
 * Blobs of attachments are also named in the signed core, in ascending order, so that the server can keep them as long
 * as the message; a message whose body names others is refused.
 *
 * Not known here: who wrote it and how it is encrypted (message.ts).
 */
import { Reader, Writer, ascending } from '../chain/codec';
import { refuse } from '../chain/error';
import { utf8, type Hex } from '../wire/bytes';
import { demand, reading } from './error';
import {
  ATTACHMENTS_MAX,
  BODY_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  FILE_PLAIN_BYTES_MAX,
  MENTIONS_MAX,
  PATIENT_LABEL_BYTES_MAX,
  TEXT_BYTES_MAX,
  TITLE_BYTES_MAX,
} from './limits';

/** A file in a message. */
export interface Attachment {
  /** The ciphertext blob. */
  readonly blob: Hex;
  /** Its key, 32 bytes. */
  readonly key: Uint8Array;
  /** SHA-256 of the ciphertext. */
  readonly hash: Hex;
  /** Plaintext bytes. */
  readonly size: number;
  /** File name, without a path. */
  readonly name: string;
  /** Media type, such as `image/jpeg`. */
  readonly mediaType: string;
}

/** A patient's file that a message is about; `label` is what the sender calls it. */
export interface PatientRef {
  readonly org: Hex;
  readonly file: Hex;
  readonly label: string;
}

/** What a message says. */
export interface Body {
  /** May be empty when there is an attachment, a title or a patient reference. */
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** People mentioned; sorted and made unique when encoded. */
  readonly mentions: readonly Hex[];
  /** A new title of the thread. */
  readonly title: string | null;
  readonly patient: PatientRef | null;
  /** The message it answers. */
  readonly replyTo: Hex | null;
}

/** Only a text. */
export function textBody(text: string): Body {
  return { text, attachments: [], mentions: [], title: null, patient: null, replyTo: null };
}

/** The blobs to name in the signed core, ascending. */
export function blobsOf(body: Body): Hex[] {
  return body.attachments.map((file) => file.blob).sort();
}

/**
 * Whether a body with this text and title stays within the bounds: for a composer to say before sending. The bound of a
 * text is {@link TEXT_BYTES_MAX} in UTF-8.
 */
export function fits(body: Body): boolean {
  const within = (text: string, max: number): boolean => utf8(text).length <= max;
  const names = body.attachments.every(
    (file) =>
      within(file.name, FILE_NAME_BYTES_MAX) &&
      within(file.mediaType, FILE_NAME_BYTES_MAX) &&
      file.size <= FILE_PLAIN_BYTES_MAX,
  );
  return (
    names &&
    within(body.text, TEXT_BYTES_MAX) &&
    body.attachments.length <= ATTACHMENTS_MAX &&
    body.mentions.length <= MENTIONS_MAX &&
    within(body.title ?? '', TITLE_BYTES_MAX) &&
    within(body.patient?.label ?? '', PATIENT_LABEL_BYTES_MAX)
  );
}

/** Encodes; refuses with `TooLong`, or a `ChainError` `NotNfc` for text that is not in normal form C. */
export function encodeBody(body: Body): Uint8Array<ArrayBuffer> {
  demand(fits(body), 'TooLong');
  const w = new Writer().array(7).uint(1).str(body.text);
  w.each(body.attachments, (to, file) => {
    to.array(6).id(file.blob).bin(file.key).id(file.hash).uint(file.size).str(file.name).str(file.mediaType);
  });
  w.each([...new Set(body.mentions)].sort(), (to, user) => to.id(user));
  if (body.title === null) w.nil();
  else w.str(body.title);
  if (body.patient === null) w.nil();
  else w.array(3).id(body.patient.org).id(body.patient.file).str(body.patient.label);
  const bytes = w.optId(body.replyTo).finish();
  demand(bytes.length <= BODY_BYTES_MAX, 'TooLong');
  return bytes;
}

/** Reads; refuses with `BodyMalformed`. */
export function decodeBody(bytes: Uint8Array): Body {
  return reading('BodyMalformed', () => read(bytes));
}

function read(bytes: Uint8Array): Body {
  const r = new Reader(bytes, BODY_BYTES_MAX);
  r.array(7);
  if (r.uint() !== 1) refuse('UnknownVersion');
  const text = r.str(TEXT_BYTES_MAX);
  const attachments = r.each(ATTACHMENTS_MAX, readAttachment);
  const mentions = r.each(MENTIONS_MAX, (from) => from.id());
  ascending(mentions, (user) => user);
  const title = r.opt((from) => from.str(TITLE_BYTES_MAX));
  const patient = r.opt((from) => {
    from.array(3);
    return { org: from.id(), file: from.id(), label: from.str(PATIENT_LABEL_BYTES_MAX) };
  });
  const replyTo = r.opt((from) => from.id());
  r.end();
  return { text, attachments, mentions, title, patient, replyTo };
}

function readAttachment(r: Reader): Attachment {
  r.array(6);
  return {
    blob: r.id(),
    key: r.fixed(32),
    hash: r.hash(),
    size: r.uint(FILE_PLAIN_BYTES_MAX),
    name: r.str(FILE_NAME_BYTES_MAX),
    mediaType: r.str(FILE_NAME_BYTES_MAX),
  };
}
