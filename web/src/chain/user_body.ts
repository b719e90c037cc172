/**
 * What the links of a user chain say, and their bytes. The table of payloads is in docs/PROTOCOL.md §8.
 *
 * Not known here: whether a link is allowed (user.ts).
 */
import { be64, concat, unhex, type Hex } from '../wire/bytes';
import { Reader, Writer, ascending } from './codec';
import { refuse } from './error';
import type { Capacity, KeyringRef } from './facts';
import { PublicKey, SIGNATURE_BYTES } from './keys';
import { LINK_PAYLOAD_BYTES_MAX } from './limits';
import { readCapacity, writeCapacity, type Bodies, type Place } from './link';

/** An administrator's approval of a reset. */
export interface Approval {
  readonly admin: Hex;
  /** Position of the administrator's own chain whose key signs. */
  readonly chainSeq: number;
  /** The administrators' keyring acted in. */
  readonly capacity: Capacity;
  /** Signature over {@link keyStatement} under the label of resets. */
  readonly sig: Uint8Array;
}

/** What a link of a user chain says. */
export type UserBody =
  /** First link: key, keyrings, public key of the recovery code. */
  | {
      readonly t: 'root';
      readonly key: PublicKey;
      readonly personal: KeyringRef;
      readonly inbox: KeyringRef;
      readonly recovery: Hex | null;
    }
  /** A trusted device and its own key. */
  | { readonly t: 'device_add'; readonly device: Hex; readonly key: PublicKey }
  /** A device is trusted no more. */
  | { readonly t: 'device_revoke'; readonly device: Hex }
  /** A new signing key, by the old one; `proof` is the new key's signature over {@link keyStatement}. */
  | { readonly t: 'rotate'; readonly generation: number; readonly key: PublicKey; readonly proof: Uint8Array }
  /** The vault was re-encrypted: its version (from 1, without holes) and the SHA-256 of it as stored. */
  | { readonly t: 'vault'; readonly version: number; readonly hash: Hex }
  /** A new recovery code's public key. */
  | { readonly t: 'recovery_renewed'; readonly recovery: Hex }
  /** Keys reset by two administrators: loud for every correspondent. */
  | {
      readonly t: 'recovery_reset';
      readonly generation: number;
      readonly key: PublicKey;
      readonly proof: Uint8Array;
      readonly unit: Hex;
      readonly approvals: readonly Approval[];
    }
  /** The user accepts (or, with null, ends) a unit's attestation. */
  | { readonly t: 'attestation'; readonly unit: Hex; readonly link: Hex | null };

/** What the proof of a new key and the approvals of a reset sign: `user || u64 seq || prev || pk`. */
export function keyStatement(place: Place, key: PublicKey): Uint8Array {
  const prev = place.prev === null ? new Uint8Array(32) : unhex(place.prev);
  return concat(unhex(place.chainId), be64(place.seq), prev, key.bytes);
}

const KINDS: Record<UserBody['t'], number> = {
  root: 1,
  device_add: 2,
  device_revoke: 3,
  rotate: 4,
  vault: 5,
  recovery_renewed: 6,
  recovery_reset: 7,
  attestation: 8,
};

function readKey(r: Reader): PublicKey {
  return PublicKey.parse(r.fixed(32));
}

function readRef(r: Reader): KeyringRef {
  return { id: r.id(), first: r.hash() };
}

function readApproval(r: Reader): Approval {
  r.array(4);
  return { admin: r.id(), chainSeq: r.uint(), capacity: readCapacity(r), sig: r.fixed(SIGNATURE_BYTES) };
}

function readReset(r: Reader): UserBody {
  r.array(5);
  const generation = r.uint();
  const key = readKey(r);
  const proof = r.fixed(SIGNATURE_BYTES);
  const unit = r.id();
  const approvals = r.each(2, readApproval);
  ascending(approvals, (approval) => approval.admin);
  return { t: 'recovery_reset', generation, key, proof, unit, approvals };
}

function readRoot(r: Reader): UserBody {
  r.array(6);
  const key = readKey(r);
  const personal = readRef(r);
  const inbox = readRef(r);
  return { t: 'root', key, personal, inbox, recovery: r.opt(readKey)?.id ?? null };
}

function read(kind: number, r: Reader): UserBody {
  switch (kind) {
    case 1:
      return readRoot(r);
    case 2:
      r.array(2);
      return { t: 'device_add', device: r.id(), key: readKey(r) };
    case 3:
      r.array(1);
      return { t: 'device_revoke', device: r.id() };
    case 4:
      r.array(3);
      return { t: 'rotate', generation: r.uint(), key: readKey(r), proof: r.fixed(SIGNATURE_BYTES) };
    case 5:
      r.array(2);
      return { t: 'vault', version: r.uint(), hash: r.hash() };
    case 6:
      r.array(1);
      return { t: 'recovery_renewed', recovery: readKey(r).id };
    case 7:
      return readReset(r);
    case 8:
      r.array(2);
      return { t: 'attestation', unit: r.id(), link: r.opt((from) => from.hash()) };
    case 9:
      return refuse('ReservedKind');
    default:
      return refuse('UnknownKind');
  }
}

function write(w: Writer, body: UserBody): void {
  switch (body.t) {
    case 'root':
      w.array(6).bin(body.key.bytes).id(body.personal.id).id(body.personal.first);
      w.id(body.inbox.id).id(body.inbox.first).optId(body.recovery);
      break;
    case 'device_add':
      w.array(2).id(body.device).bin(body.key.bytes);
      break;
    case 'device_revoke':
      w.array(1).id(body.device);
      break;
    case 'rotate':
      w.array(3).uint(body.generation).bin(body.key.bytes).bin(body.proof);
      break;
    case 'vault':
      w.array(2).uint(body.version).id(body.hash);
      break;
    case 'recovery_renewed':
      w.array(1).id(body.recovery);
      break;
    case 'recovery_reset':
      w.array(5).uint(body.generation).bin(body.key.bytes).bin(body.proof).id(body.unit);
      w.each(body.approvals, (to, approval) => {
        to.array(4).id(approval.admin).uint(approval.chainSeq);
        writeCapacity(to, approval.capacity);
        to.bin(approval.sig);
      });
      break;
    case 'attestation':
      w.array(2).id(body.unit).optId(body.link);
      break;
  }
}

/** Payloads of user chains. */
export const USER_BODIES: Bodies<UserBody> = {
  type: 'user',
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
