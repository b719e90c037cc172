/**
 * Messages: a body encrypted under its epoch's seed, bound to its core, signed by its author (docs/PROTOCOL.md §9).
 *
 * One key for one message: whoever changes core or body takes a new `msgId`, or two plaintexts meet one nonce. The core
 * is associated data *and* signed, so a member cannot re-sign another's ciphertext as its own.
 *
 * Not known here: whether an entry is allowed; {@link openMessage} takes the chain rules' word for it (`Applied`).
 */
import { ENTRY_KINDS, encodeEntryCore, type EntryCore } from '../chain/entry';
import type { Signed } from '../chain/envelope';
import { signMessage, type Signer } from '../chain/sign';
import { tally } from '../chain/tally';
import type { Applied } from '../chain/thread';
import { concat, unhex, utf8 } from '../wire/bytes';
import * as aead from './aead';
import { blobsOf, decodeBody, encodeBody, type Body } from './body';
import { demand, deny, need, reading } from './error';
import { LABEL, derive } from './kdf';
import { PADDED_BODY_BYTES_MAX, REASON_TEXT_BYTES_MAX } from './limits';
import { pad, unpad } from './padding';

/** Associated data of an encrypted reason. */
const REASON_AAD = utf8('relais/v1/reason');

function keyAndNonce(
  seed: Uint8Array,
  label: string,
  core: EntryCore,
): { key: Uint8Array; nonce: Uint8Array } {
  const ctx = concat(unhex(core.thread), unhex(core.msgId), unhex(core.author.user));
  const both = derive(seed, label, 44, ctx);
  return { key: both.subarray(0, 32), nonce: both.subarray(32) };
}

/** Encrypts and signs a message. Kind and blobs of the core are set from the body; refuses with `TooLong`. */
export async function sealMessage(
  signer: Signer,
  draft: EntryCore,
  seed: Uint8Array,
  body: Body,
): Promise<Signed> {
  const kind = { kind: 'message', kindNumber: ENTRY_KINDS.message } as const;
  const core: EntryCore = { ...draft, ...kind, blobs: blobsOf(body), ctrlHead: null };
  const padded = pad(encodeBody(body));
  demand(padded.length <= PADDED_BODY_BYTES_MAX, 'TooLong');
  const { key, nonce } = keyAndNonce(seed, LABEL.message, core);
  const ciphertext = await aead.sealOnce(key, nonce, encodeEntryCore(core), padded);
  return signMessage(signer, core, ciphertext);
}

/**
 * Decrypts a message that the chain rules have accepted. Refuses with `MessageRejected` when it does not decrypt under
 * this epoch's seed or `applied` is another entry's, `ContentErased`, `BadPadding`, and `BodyMalformed`, also when the
 * blobs of body and core differ.
 */
export async function openMessage(applied: Applied, signed: Signed, seed: Uint8Array): Promise<Body> {
  const { core } = applied;
  demand(core.kind === 'message' && signed.entryHash() === applied.entry, 'MessageRejected');
  const ciphertext = need(signed.payload, 'ContentErased');
  const { key, nonce } = keyAndNonce(seed, LABEL.message, core);
  tally.messages += 1;
  let padded: Uint8Array;
  try {
    padded = await aead.openOnce(key, nonce, signed.core, ciphertext);
  } catch {
    return deny('MessageRejected');
  }
  const body = decodeBody(unpad(padded));
  demand(blobsOf(body).join() === core.blobs.join(), 'BodyMalformed');
  return body;
}

/** Encrypts the reason of a control entry with this core; refuses with `TooLong`. */
export async function sealReason(core: EntryCore, seed: Uint8Array, text: string): Promise<Uint8Array> {
  const bytes = utf8(text);
  demand(bytes.length <= REASON_TEXT_BYTES_MAX, 'TooLong');
  const { key, nonce } = keyAndNonce(seed, LABEL.reason, core);
  return aead.sealOnce(key, nonce, REASON_AAD, pad(bytes));
}

/** Decrypts the reason of a control entry: `MessageRejected`, `BadPadding`, `BodyMalformed` for no text. */
export async function openReason(core: EntryCore, seed: Uint8Array, ciphertext: Uint8Array): Promise<string> {
  const { key, nonce } = keyAndNonce(seed, LABEL.reason, core);
  let padded: Uint8Array;
  try {
    padded = await aead.openOnce(key, nonce, REASON_AAD, ciphertext);
  } catch {
    return deny('MessageRejected');
  }
  const content = unpad(padded);
  return reading('BodyMalformed', () =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content),
  );
}
