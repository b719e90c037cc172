/**
 * What the links of a keyring chain say, and their bytes. The table of payloads is in docs/PROTOCOL.md §8.
 *
 * Not known here: whether a link is allowed (keyring.ts, keyring_rules.ts).
 */
import type { Hex } from '../wire/bytes';
import { Reader, Writer, ascending } from './codec';
import { check, known, refuse } from './error';
import { KEYRING_KINDS, type KeyringKind, type Owner } from './facts';
import { ENC_KEY_BYTES, KEYRING_RECIPIENTS_MAX, LINK_PAYLOAD_BYTES_MAX, PREV_BOX_BYTES_MAX } from './limits';
import type { Bodies } from './link';

/** A keyring that gets a box of a seed: its generation the box is sealed to, and the SHA-256 of the box as stored. */
export interface Recipient {
  readonly keyring: Hex;
  readonly generation: number;
  readonly boxHash: Hex;
}

/** Reads one recipient. */
export function readRecipient(r: Reader): Recipient {
  r.array(3);
  return { keyring: r.id(), generation: r.uint(), boxHash: r.hash() };
}

/** Writes one recipient. */
export function writeRecipient(w: Writer, recipient: Recipient): void {
  w.array(3).id(recipient.keyring).uint(recipient.generation).id(recipient.boxHash);
}

/** Reads a list, strictly ascending by keyring. */
export function readRecipients(r: Reader, max: number): Recipient[] {
  const all = r.each(max, readRecipient);
  ascending(all, (recipient) => recipient.keyring);
  return all;
}

/** What a member may do: hold the seed, or also change the membership. */
export type Role = 'holder' | 'keeper';

/** Why a seed was renewed or a member removed, in the order of their numbers. */
export const REASONS = ['routine', 'removed', 'device', 'compromise', 'recovery', 'left'] as const;
export type Reason = (typeof REASONS)[number];

/** Reads a reason. */
export function readReason(r: Reader): Reason {
  return known(REASONS[r.uint()], 'OutOfRange');
}

/** Writes a reason. */
export function writeReason(w: Writer, reason: Reason): void {
  w.uint(REASONS.indexOf(reason));
}

/** A generation of a keyring: its public key, its commitment, and who got the seed. */
export interface GenerationBody {
  /** From 1. */
  readonly generation: number;
  /** The X-Wing public key to seal to. */
  readonly key: Uint8Array;
  /** Commitment to the seed: opening anything checks it. */
  readonly commit: Hex;
  /** The previous seed, sealed under this one; null at the first generation or to wall off history. */
  readonly prevBox: Uint8Array | null;
  /** Exactly the members, ascending. */
  readonly recipients: readonly Recipient[];
  readonly reason: Reason;
}

/** What a link of a keyring chain says. */
export type KeyringBody =
  /** First link; `paired` is, for `TA`, the `TM` of the same team. */
  | {
      readonly t: 'create';
      readonly kind: KeyringKind;
      readonly owner: Owner;
      readonly paired: Hex | null;
      readonly first: GenerationBody;
    }
  /** A new member, boxed the current seed. */
  | { readonly t: 'add'; readonly recipient: Recipient; readonly role: Role }
  /** A member goes; the keyring is rotation due until the next rotation. */
  | { readonly t: 'remove'; readonly keyring: Hex; readonly reason: Reason }
  /** A new seed for exactly the members. */
  | { readonly t: 'rotate'; readonly body: GenerationBody }
  /** Another role for a member. */
  | { readonly t: 'role'; readonly keyring: Hex; readonly role: Role }
  /** The administrators' keyring above becomes a member, or (null) stops being one. */
  | { readonly t: 'parent'; readonly recipient: Recipient | null }
  /** Somebody who may add but cannot box asks those who can. */
  | { readonly t: 'add_request'; readonly keyring: Hex; readonly role: Role };

const KINDS: Record<KeyringBody['t'], number> = {
  create: 1,
  add: 2,
  remove: 3,
  rotate: 4,
  role: 5,
  parent: 6,
  add_request: 7,
};

/** The boxes a link names: the server takes exactly these from what was staged, in the same commit. */
export function boxesOf(body: KeyringBody): readonly Recipient[] {
  switch (body.t) {
    case 'create':
      return body.first.recipients;
    case 'rotate':
      return body.body.recipients;
    case 'add':
      return [body.recipient];
    case 'parent':
      return body.recipient === null ? [] : [body.recipient];
    case 'remove':
    case 'role':
    case 'add_request':
      return [];
  }
}

function readRole(r: Reader): Role {
  return r.flag() ? 'keeper' : 'holder';
}

function readGeneration(r: Reader): GenerationBody {
  r.array(6);
  const generation = r.uint();
  const key = r.fixed(ENC_KEY_BYTES);
  const commit = r.hash();
  const prevBox = r.opt((from) => from.bin(PREV_BOX_BYTES_MAX).slice());
  const recipients = readRecipients(r, KEYRING_RECIPIENTS_MAX);
  return { generation, key, commit, prevBox, recipients, reason: readReason(r) };
}

function writeGeneration(w: Writer, body: GenerationBody): void {
  w.array(6).uint(body.generation).bin(body.key).id(body.commit).optBin(body.prevBox);
  w.each(body.recipients, writeRecipient);
  writeReason(w, body.reason);
}

function readCreate(r: Reader): KeyringBody {
  r.array(4);
  const kind = known(KEYRING_KINDS[r.uint() - 1], 'OutOfRange');
  const owner: Owner = { kind: kind === 'U' || kind === 'I' ? 'user' : 'unit', id: r.id() };
  const paired = r.opt((from) => from.id());
  check((paired !== null) === (kind === 'TA'), 'OutOfRange');
  return { t: 'create', kind, owner, paired, first: readGeneration(r) };
}

function read(kind: number, r: Reader): KeyringBody {
  switch (kind) {
    case 1:
      return readCreate(r);
    case 2:
      r.array(2);
      return { t: 'add', recipient: readRecipient(r), role: readRole(r) };
    case 3:
      r.array(2);
      return { t: 'remove', keyring: r.id(), reason: readReason(r) };
    case 4:
      return { t: 'rotate', body: readGeneration(r) };
    case 5:
      r.array(2);
      return { t: 'role', keyring: r.id(), role: readRole(r) };
    case 6:
      r.array(1);
      return { t: 'parent', recipient: r.opt(readRecipient) };
    case 7:
      r.array(2);
      return { t: 'add_request', keyring: r.id(), role: readRole(r) };
    case 8:
    case 9:
      return refuse('ReservedKind');
    default:
      return refuse('UnknownKind');
  }
}

function write(w: Writer, body: KeyringBody): void {
  switch (body.t) {
    case 'create':
      w.array(4)
        .uint(KEYRING_KINDS.indexOf(body.kind) + 1)
        .id(body.owner.id)
        .optId(body.paired);
      writeGeneration(w, body.first);
      break;
    case 'add':
      w.array(2);
      writeRecipient(w, body.recipient);
      w.flag(body.role === 'keeper');
      break;
    case 'remove':
      w.array(2).id(body.keyring);
      writeReason(w, body.reason);
      break;
    case 'rotate':
      writeGeneration(w, body.body);
      break;
    case 'role':
    case 'add_request':
      w.array(2)
        .id(body.keyring)
        .flag(body.role === 'keeper');
      break;
    case 'parent':
      w.array(1);
      if (body.recipient === null) w.nil();
      else writeRecipient(w, body.recipient);
  }
}

/** Payloads of keyring chains. */
export const KEYRING_BODIES: Bodies<KeyringBody> = {
  type: 'keyring',
  kind: (body) => KINDS[body.t],
  encode(body) {
    const w = new Writer();
    write(w, body);
    return w.finish();
  },
  parse(kind, payload) {
    const r = new Reader(payload, LINK_PAYLOAD_BYTES_MAX);
    const body = read(kind, r);
    r.end();
    return body;
  },
};
