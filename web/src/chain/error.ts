/**
 * Why a signed object is refused: one flat list with stable numbers, the same as the server's and every other
 * client's. A number is never reused. Hundreds tell the layer: 1xx encoding, 2xx keys and signatures, 3xx every
 * chain of links, 4xx keyrings and units, 5xx threads, 6xx the position in a thread.
 *
 * Not known here: which bytes were refused. An error carries no id and no content.
 */

import { isOff } from '../wire/mutations';

/** Numbers by name. */
export const CHAIN_ERROR = {
  /** The bytes end inside an item. */
  Truncated: 101,
  /** Bytes follow the object. */
  TrailingBytes: 102,
  /** An integer is not in its shortest form. */
  NonShortestInt: 103,
  /** A length is not in its shortest form. */
  NonShortestLength: 104,
  /** A float. */
  Float: 105,
  /** A map. */
  Map: 106,
  /** An extension type. */
  Extension: 107,
  /** A signed integer. */
  SignedInt: 108,
  /** A boolean. */
  Boolean: 109,
  /** The reserved byte 0xc1. */
  ReservedByte: 110,
  /** An integer above 2^53-1. */
  IntTooLarge: 111,
  /** Arrays nested deeper than 8. */
  TooDeep: 112,
  /** A string that is not UTF-8. */
  NotUtf8: 113,
  /** A string that is not in normal form C. */
  NotNfc: 114,
  /** An item longer than its field allows. */
  TooLong: 115,
  /** An array with another number of fields. */
  WrongArity: 116,
  /** An item of another type. */
  WrongType: 117,
  /** A byte string of another length. */
  WrongLength: 118,
  /** A value outside its field's range. */
  OutOfRange: 119,
  /** An element twice in a set. */
  Duplicate: 120,
  /** A set that is not in ascending order. */
  Unsorted: 121,
  /** A list with too many elements. */
  TooMany: 122,
  /** An unknown version. */
  UnknownVersion: 123,
  /** An unknown kind. */
  UnknownKind: 124,
  /** A reserved kind that is not supported yet. */
  ReservedKind: 125,
  /** This kind needs its payload. */
  PayloadMissing: 126,
  /** A public key that is not canonical. */
  KeyNotCanonical: 201,
  /** A public key of small order. */
  KeySmallOrder: 202,
  /** The signature does not verify. */
  BadSignature: 203,
  /** The new key did not sign. */
  BadProof: 204,
  /** The signer's chain or position is not known. */
  UnknownSigner: 205,
  /** The signing key has been replaced. */
  SupersededKey: 206,
  /** An older key after a newer one. */
  KeyGoesBack: 207,
  /** The device was revoked. */
  RevokedDevice: 208,
  /** A link of another type of chain. */
  WrongChainType: 301,
  /** A link of another chain. */
  WrongChain: 302,
  /** The previous hash is not the head. */
  PrevMismatch: 303,
  /** The position is not the next one. */
  SeqMismatch: 304,
  /** A first link where none may be, or none where one must be. */
  MisplacedRoot: 305,
  /** The signer may not sign this. */
  NotAuthorized: 306,
  /** The capacity named is not known. */
  UnknownCapacity: 307,
  /** The signer does not hold the capacity named. */
  CapacityNotHeld: 308,
  /** The capacity names a position that is too old. */
  StaleCapacity: 309,
  /** The chain is full. */
  ChainFull: 310,
  /** A generation or version that is not the next one. */
  WrongGeneration: 311,
  /** A signing key used before. */
  KeyReused: 312,
  /** The device is already on the chain. */
  DeviceExists: 313,
  /** The device is not on the chain. */
  DeviceUnknown: 314,
  /** A reset needs two different approvers. */
  ApprovalsMissing: 315,
  /** The hash named is not that object's. */
  HashMismatch: 316,
  /** The pinned head is not on this chain. */
  PinMismatch: 317,
  /** A recipient keyring is not known. */
  UnknownKeyring: 401,
  /** A keyring of this kind may not be a recipient here. */
  RecipientKind: 402,
  /** The recipients are not exactly the members. */
  RecipientsMismatch: 403,
  /** A recipient at a stale generation. */
  StaleGeneration: 404,
  /** A recipient at a generation that does not exist. */
  UnknownGeneration: 405,
  /** A recipient at an older generation than before. */
  GenerationGoesBack: 406,
  /** Already a member. */
  AlreadyMember: 407,
  /** Not a member. */
  NotMember: 408,
  /** The last member cannot go. */
  LastMember: 409,
  /** This kind of keyring does not have this act. */
  NotForThisKind: 410,
  /** The signer does not hold the seed. */
  NotSeedHolder: 411,
  /** The previous seed's box is missing or misplaced. */
  PrevBox: 412,
  /** The unit is not known. */
  UnknownUnit: 413,
  /** The parent is not possible. */
  ParentImpossible: 414,
  /** Attested already, or not attested. */
  AttestationState: 415,
  /** An entry of another thread. */
  WrongThread: 501,
  /** A thread starts with create, once. */
  MisplacedCreate: 502,
  /** The author takes no part in the thread. */
  NotParticipant: 503,
  /** The author's role or the policy does not allow it. */
  Forbidden: 504,
  /** The policy may only be tightened. */
  PolicyLoosened: 505,
  /** The policy does not allow this kind of content. */
  KindNotAllowed: 506,
  /** The party already takes part. */
  AlreadyParticipant: 507,
  /** The party named does not take part. */
  UnknownParty: 508,
  /** A thread keeps an owner. */
  LastOwner: 509,
  /** The party's keyrings are not its own. */
  PartyKeyrings: 510,
  /** No open invitation. */
  NoInvitation: 511,
  /** The invitation has expired. */
  InvitationExpired: 512,
  /** The invitation key did not sign. */
  BadInvitationProof: 513,
  /** The triage state does not allow it. */
  TriageState: 514,
  /** The user named cannot be made responsible. */
  NotAssignable: 515,
  /** The epoch is not the next one. */
  WrongEpochNumber: 516,
  /** The recipients are not exactly the participants. */
  EpochRecipients: 517,
  /** This epoch must start a new history. */
  HistoryWall: 518,
  /** The closing entry names another head. */
  FinalMismatch: 519,
  /** The control head is missing or misplaced. */
  CtrlHeadMisplaced: 520,
  /** Acting on behalf of somebody is not supported yet. */
  DelegationUnsupported: 521,
  /** A direct thread does not have this act. */
  NotInDirect: 522,
  /** The thread is full. */
  ThreadFull: 523,
  /** A notified keyring is no recipient. */
  NotifyUnknown: 524,
  /** The snapshot is not the one pinned. */
  BadSnapshot: 525,
  /** The entry's id was used before. */
  MsgIdReused: 526,
  /** The thread is closed. */
  Closed: 601,
  /** The epoch is not the current one. */
  StaleEpoch: 602,
  /** A new epoch must come first. */
  EpochDue: 603,
  /** The control head is not the last control entry. */
  StaleCtrlHead: 604,
  /** The anchor is not the current head. */
  StaleAnchor: 605,
  /** The anchor names a head this thread never had. */
  AnchorMismatch: 606,
  /** The anchor is in the future. */
  AnchorAhead: 607,
  /** The head at the anchor is not known. */
  AnchorUnknown: 608,
  /** The author's counter was used before. */
  AseqReplayed: 609,
  /** The author's counter skips an entry. */
  AseqGap: 610,
  /** The state moved on; check again. */
  Moved: 611,
  /** The position is not the next one. */
  WrongPosition: 612,
  /** The head is not the one told. */
  HeadMismatch: 613,
} as const;

/** Name of a refusal. */
export type ChainErrorName = keyof typeof CHAIN_ERROR;

/** A signed object that is refused. */
export class ChainError extends Error {
  override name = 'ChainError';
  /** The stable number. */
  readonly code: number;
  /** Its name. */
  readonly reason: ChainErrorName;

  constructor(reason: ChainErrorName) {
    super(reason);
    this.reason = reason;
    this.code = CHAIN_ERROR[reason];
  }
}

/** Refuses. */
export function refuse(reason: ChainErrorName): never {
  throw new ChainError(reason);
}

/** Refuses unless `holds`. */
export function check(holds: boolean, reason: ChainErrorName): asserts holds {
  if (!holds && !isOff(CHAIN_ERROR[reason])) refuse(reason);
}

/** The value, or a refusal where there is none. */
export function known<T>(value: T | null | undefined, reason: ChainErrorName): T {
  return value ?? refuse(reason);
}
