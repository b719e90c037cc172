/**
 * Why an operation with secrets is refused: stable numbers, continuing those of the chain rules (`ChainError`), which
 * pass through unchanged. 7xx primitives and boxes, 8xx account, 9xx content.
 *
 * Not known here: the bytes that were refused. An error carries no id, no key and no content.
 */

import { isOff } from '../wire/mutations';

/** Numbers by name. */
export const E2EE_ERROR = {
  /** A public key of a keyring that is not an X-Wing key. */
  BadEncKey: 701,
  /** A box that this key does not open: another recipient, another context, or altered bytes. */
  BoxRejected: 702,
  /** A box whose bytes are not those the signed link or epoch names. */
  BoxHashMismatch: 703,
  /** What came out of a box is not the seed that was committed to. */
  CommitMismatch: 704,
  /** The public key of a generation is not the one its seed gives. */
  EncKeyMismatch: 705,
  /** The box of the previous seed does not open with this seed. */
  PrevBoxRejected: 706,
  /** The history before this generation or epoch was deliberately walled off. */
  HistoryWalled: 707,
  /** The generation or epoch is not among those held or reachable. */
  NoSeed: 708,
  /** The box is missing for a recipient that needs it. */
  BoxMissing: 709,
  /** A plaintext too long for its kind. */
  TooLong: 710,
  /** A ciphertext that does not decrypt in this context. */
  DecryptFailed: 711,
  /** The padding is not the one its length calls for. */
  BadPadding: 712,
  /** The password is wrong, or the server answered for another record. */
  WrongPassword: 801,
  /** The server's OPAQUE message cannot be read or is not an honest answer. */
  OpaqueMalformed: 802,
  /** The server's OPAQUE key is not the one pinned at registration. */
  ServerKeyChanged: 803,
  /** No wrap of the kind that was asked for. */
  WrapMissing: 804,
  /** The wrap does not open with this key. */
  WrapRejected: 805,
  /** The vault does not open under its key, user and version. */
  VaultRejected: 806,
  /** The vault's content cannot be read by this version. */
  VaultMalformed: 807,
  /** The vault served is older than the one the user chain names. */
  VaultRolledBack: 808,
  /** The vault served is not the one the user chain names for its version. */
  VaultHashMismatch: 809,
  /** The user chain served is shorter than, or not a continuation of, the one known. */
  ForeignChain: 810,
  /** The recovery code has another length or a character that is not in its alphabet. */
  CodeMalformed: 811,
  /** The recovery code's check characters do not fit: a typing mistake. */
  CodeChecksum: 812,
  /** A ciphertext object does not open under this generation and version. */
  ObjectRejected: 813,
  /** A ciphertext object's content cannot be read by this version. */
  ObjectMalformed: 814,
  /** An object served is older than one already seen. */
  ObjectRolledBack: 815,
  /** A new password is shorter than 12 characters. */
  PasswordTooShort: 816,
  /** The server announced another stretching of the password than the protocol's. */
  KsfRefused: 817,
  /** The message does not decrypt under its epoch. */
  MessageRejected: 901,
  /** A message body that this version cannot read. */
  BodyMalformed: 902,
  /** The content was erased: only its hash is left. */
  ContentErased: 903,
  /** A chunk of a file that does not decrypt at its place: altered, moved, or of another file. */
  ChunkRejected: 904,
  /** The file ended before its last chunk, or went on after it. */
  FileTruncated: 905,
  /** The whole file's hash or size is not the one in the message. */
  FileHashMismatch: 906,
  /** The streaming object was used after its end. */
  Finished: 907,
} as const;

/** Name of a refusal. */
export type E2eeErrorName = keyof typeof E2EE_ERROR;

/** An operation with secrets that is refused. */
export class E2eeError extends Error {
  override name = 'E2eeError';
  /** The stable number. */
  readonly code: number;
  /** Its name. */
  readonly reason: E2eeErrorName;

  constructor(reason: E2eeErrorName) {
    super(reason);
    this.reason = reason;
    this.code = E2EE_ERROR[reason];
  }
}

/** Refuses. */
export function deny(reason: E2eeErrorName): never {
  throw new E2eeError(reason);
}

/** Refuses unless `holds`. */
export function demand(holds: boolean, reason: E2eeErrorName): asserts holds {
  if (!holds && !isOff(E2EE_ERROR[reason])) deny(reason);
}

/** The value, or a refusal where there is none. */
export function need<T>(value: T | null | undefined, reason: E2eeErrorName): T {
  return value ?? deny(reason);
}

/** Whatever `act` throws becomes this refusal: for readers of bytes whose own errors say nothing to anybody. */
export function reading<T>(reason: E2eeErrorName, act: () => T): T {
  try {
    return act();
  } catch {
    throw new E2eeError(reason);
  }
}
