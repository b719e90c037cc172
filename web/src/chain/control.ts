/**
 * Payloads of control entries, by kind (docs/PROTOCOL.md §8). `reason` is ciphertext, opaque here.
 *
 * Not known here: whether an act is allowed (roster.ts).
 */
import { concat, unhex, type Hex } from '../wire/bytes';
import { Reader, Writer, ascending } from './codec';
import { check, known, refuse } from './error';
import { readPriority, writePriority, type Kind, type Priority } from './entry';
import {
  readReason,
  readRecipients,
  writeReason,
  writeRecipient,
  type Reason,
  type Recipient,
} from './keyring_body';
import { PublicKey, SIGNATURE_BYTES } from './keys';
import {
  CONTROL_BYTES_MAX,
  ENC_KEY_BYTES,
  EPOCH_RECIPIENTS_MAX,
  PREV_BOX_BYTES_MAX,
  REASON_BYTES_MAX,
} from './limits';
import {
  partyId,
  partyKey,
  readHistory,
  readParty,
  readPartyId,
  readPolicy,
  readThreadRole,
  writeParty,
  writePartyId,
  writePolicy,
  type History,
  type Party,
  type PartyId,
  type Policy,
  type ThreadRole,
} from './party';
import { STANDINGS, readStanding, type Standing } from './unit';

/** A thread, or a direct conversation of two users, sealed to their `U`. */
export type Form = 'thread' | 'direct';

/** A new seed for exactly the participants. */
export interface EpochBody {
  /** From 0. */
  readonly epoch: number;
  /** Commitment to the seed. */
  readonly commit: Hex;
  /** The previous seed sealed under this one; null starts a new history. */
  readonly prevBox: Uint8Array | null;
  /** Exactly the participants' keyrings, ascending. */
  readonly recipients: readonly Recipient[];
  readonly reason: Reason;
}

/** First entry. */
export interface Create {
  readonly form: Form;
  /** The organization the thread belongs to; null for the personal context. */
  readonly context: Hex | null;
  readonly policy: Policy;
  /** Who takes part from the start, ascending by id. */
  readonly parties: readonly Party[];
  /** Epoch 0. */
  readonly epoch: EpochBody;
  readonly priority: Priority;
}

/** Whom an invitation is for: somebody known, or whoever holds the invitation key. */
export type Invitee =
  | { readonly t: 'known'; readonly party: Party; readonly boxes: readonly Recipient[] }
  | { readonly t: 'bearer'; readonly key: PublicKey; readonly standing: Standing };

/** How a thread ended, in the order of the numbers. */
export const OUTCOMES = ['done', 'continued', 'mistake'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a bearer shows to accept; `proof` is the invitation key's signature over {@link acceptStatement}. */
export interface Bearer {
  readonly party: Party;
  readonly root: Hex;
  readonly proof: Uint8Array;
}

/** What a control entry says. An invitation is named by the `msgId` of its entry; `reason` is ciphertext. */
export type Control =
  | { readonly t: 'create'; readonly create: Create }
  | { readonly t: 'policy'; readonly policy: Policy }
  /** `boxes` are of the current seed; empty when an epoch follows. */
  | {
      readonly t: 'add';
      readonly party: Party;
      readonly boxes: readonly Recipient[];
      readonly history: History;
    }
  | {
      readonly t: 'invite';
      readonly invitee: Invitee;
      readonly history: History;
      /** End of validity, ms since 1970. */
      readonly expiresMs: number | null;
    }
  | { readonly t: 'accept'; readonly invite: Hex; readonly bearer: Bearer | null }
  | { readonly t: 'decline'; readonly invite: Hex; readonly reason: Uint8Array | null }
  | { readonly t: 'take'; readonly team: Hex }
  | { readonly t: 'assign'; readonly team: Hex; readonly user: Hex }
  | { readonly t: 'return'; readonly team: Hex }
  | { readonly t: 'forward'; readonly from: Hex; readonly to: Hex }
  | { readonly t: 'withdraw_team'; readonly team: Hex }
  | { readonly t: 'withdraw_invite'; readonly invite: Hex }
  | { readonly t: 'remove'; readonly party: PartyId; readonly reason: Uint8Array | null }
  | { readonly t: 'leave' }
  | { readonly t: 'role'; readonly user: Hex; readonly role: ThreadRole }
  /** Linked to a patient file, or (null) unlinked; one per custodian organization. */
  | { readonly t: 'link_patient'; readonly org: Hex; readonly file: Hex | null }
  | { readonly t: 'priority'; readonly priority: Priority }
  | { readonly t: 'ack'; readonly n: number; readonly msgId: Hex }
  | { readonly t: 'epoch'; readonly body: EpochBody }
  | {
      readonly t: 'close';
      readonly finalSeq: number;
      readonly finalHead: Hex;
      readonly outcome: Outcome;
      readonly reason: Uint8Array | null;
    }
  | { readonly t: 'rebox_request'; readonly keyring: Hex; readonly epoch: number }
  /** `key` is an X-Wing key for this call only. */
  | { readonly t: 'call_join'; readonly call: Hex; readonly key: Uint8Array }
  | { readonly t: 'call_leave'; readonly call: Hex };

/** What the invitation key signs: `thread || invite || user || root`. */
export function acceptStatement(thread: Hex, invite: Hex, user: Hex, root: Hex): Uint8Array {
  return concat(unhex(thread), unhex(invite), unhex(user), unhex(root));
}

/** The kind of entry a control is the payload of. */
export function kindOf(control: Control): Kind {
  return control.t === 'withdraw_team' || control.t === 'withdraw_invite' ? 'withdraw' : control.t;
}

/** The boxes it names: the server takes exactly these from what was staged, in the same commit. */
export function boxesOfControl(control: Control): readonly Recipient[] {
  if (control.t === 'create') return control.create.epoch.recipients;
  if (control.t === 'epoch') return control.body.recipients;
  if (control.t === 'add') return control.boxes;
  if (control.t === 'invite' && control.invitee.t === 'known') return control.invitee.boxes;
  return [];
}

function readEpoch(r: Reader): EpochBody {
  r.array(5);
  return {
    epoch: r.uint(),
    commit: r.hash(),
    prevBox: r.opt((from) => from.bin(PREV_BOX_BYTES_MAX).slice()),
    recipients: readRecipients(r, EPOCH_RECIPIENTS_MAX),
    reason: readReason(r),
  };
}

function writeEpoch(w: Writer, body: EpochBody): void {
  w.array(5).uint(body.epoch).id(body.commit).optBin(body.prevBox).each(body.recipients, writeRecipient);
  writeReason(w, body.reason);
}

function readCreate(r: Reader): Control {
  r.array(6);
  const form = r.flag() ? 'direct' : 'thread';
  const context = r.opt((from) => from.id());
  const policy = readPolicy(r);
  const parties = r.each(EPOCH_RECIPIENTS_MAX, readParty);
  ascending(parties, (party) => partyKey(partyId(party)));
  const epoch = readEpoch(r);
  return { t: 'create', create: { form, context, policy, parties, epoch, priority: readPriority(r) } };
}

function readInvite(r: Reader): Control {
  r.array(6);
  const party = r.opt(readParty);
  const boxes = readRecipients(r, 2);
  const key = r.opt((from) => PublicKey.parse(from.fixed(32)));
  const standing = readStanding(r);
  const history = readHistory(r);
  const expiresMs = r.opt((from) => from.uint());
  let invitee: Invitee;
  if (party !== null && key === null && standing === 'professional') invitee = { t: 'known', party, boxes };
  else if (party === null && key !== null && boxes.length === 0) invitee = { t: 'bearer', key, standing };
  else refuse('OutOfRange');
  return { t: 'invite', invitee, history, expiresMs };
}

function readAccept(r: Reader): Control {
  r.array(4);
  const invite = r.id();
  const party = r.opt(readParty);
  const root = r.opt((from) => from.hash());
  const proof = r.opt((from) => from.fixed(SIGNATURE_BYTES));
  if (party !== null && root !== null && proof !== null) {
    return { t: 'accept', invite, bearer: { party, root, proof } };
  }
  check(party === null && root === null && proof === null, 'OutOfRange');
  return { t: 'accept', invite, bearer: null };
}

function optReason(r: Reader): Uint8Array | null {
  return r.opt((from) => from.bin(REASON_BYTES_MAX).slice());
}

type Read = (r: Reader) => Control;

/** Reads an array of exactly `arity` fields. */
function fields(arity: number, read: Read): Read {
  return (r) => {
    r.array(arity);
    return read(r);
  };
}

const READ: Record<Exclude<Kind, 'message' | 'unknown'>, Read> = {
  create: readCreate,
  policy: (r) => ({ t: 'policy', policy: readPolicy(r) }),
  epoch: (r) => ({ t: 'epoch', body: readEpoch(r) }),
  add: fields(3, (r) => ({
    t: 'add',
    party: readParty(r),
    boxes: readRecipients(r, 2),
    history: readHistory(r),
  })),
  invite: readInvite,
  accept: readAccept,
  decline: fields(2, (r) => ({ t: 'decline', invite: r.id(), reason: optReason(r) })),
  remove: fields(2, (r) => ({ t: 'remove', party: readPartyId(r), reason: optReason(r) })),
  leave: fields(0, () => ({ t: 'leave' })),
  take: fields(1, (r) => ({ t: 'take', team: r.id() })),
  return: fields(1, (r) => ({ t: 'return', team: r.id() })),
  assign: fields(2, (r) => ({ t: 'assign', team: r.id(), user: r.id() })),
  forward: fields(2, (r) => ({ t: 'forward', from: r.id(), to: r.id() })),
  withdraw: fields(2, (r) =>
    r.flag() ? { t: 'withdraw_invite', invite: r.id() } : { t: 'withdraw_team', team: r.id() },
  ),
  role: fields(2, (r) => ({ t: 'role', user: r.id(), role: readThreadRole(r) })),
  link_patient: fields(2, (r) => ({ t: 'link_patient', org: r.id(), file: r.opt((from) => from.id()) })),
  priority: fields(1, (r) => ({ t: 'priority', priority: readPriority(r) })),
  ack: fields(2, (r) => ({ t: 'ack', n: r.uint(), msgId: r.id() })),
  close: fields(4, (r) => ({
    t: 'close',
    finalSeq: r.uint(),
    finalHead: r.hash(),
    outcome: known(OUTCOMES[r.uint()], 'OutOfRange'),
    reason: optReason(r),
  })),
  rebox_request: fields(2, (r) => ({ t: 'rebox_request', keyring: r.id(), epoch: r.uint() })),
  call_join: fields(2, (r) => ({ t: 'call_join', call: r.id(), key: r.fixed(ENC_KEY_BYTES) })),
  call_leave: fields(1, (r) => ({ t: 'call_leave', call: r.id() })),
};

/** Parses the payload of an entry of this kind. */
export function parseControl(kind: Kind, payload: Uint8Array): Control {
  const r = new Reader(payload, CONTROL_BYTES_MAX);
  if (kind === 'message' || kind === 'unknown') refuse('UnknownKind');
  const control = READ[kind](r);
  r.end();
  return control;
}

function writeInvitee(w: Writer, invitee: Invitee): void {
  if (invitee.t === 'known') {
    writeParty(w, invitee.party);
    w.each(invitee.boxes, writeRecipient).nil().uint(0);
  } else {
    w.nil().array(0).bin(invitee.key.bytes).uint(STANDINGS.indexOf(invitee.standing));
  }
}

function writeCreate(w: Writer, create: Create): void {
  w.array(6)
    .flag(create.form === 'direct')
    .optId(create.context);
  writePolicy(w, create.policy);
  w.each(create.parties, writeParty);
  writeEpoch(w, create.epoch);
  writePriority(w, create.priority);
}

type Membership = 'add' | 'invite' | 'accept' | 'decline' | 'remove' | 'leave';

function writeMembership(w: Writer, control: Control & { readonly t: Membership }): void {
  switch (control.t) {
    case 'add':
      w.array(3);
      writeParty(w, control.party);
      w.each(control.boxes, writeRecipient).flag(control.history === 'fromJoin');
      break;
    case 'invite':
      w.array(6);
      writeInvitee(w, control.invitee);
      w.flag(control.history === 'fromJoin').optUint(control.expiresMs);
      break;
    case 'accept':
      w.array(4).id(control.invite);
      if (control.bearer === null) w.nil().nil().nil();
      else {
        writeParty(w, control.bearer.party);
        w.id(control.bearer.root).bin(control.bearer.proof);
      }
      break;
    case 'decline':
      w.array(2).id(control.invite).optBin(control.reason);
      break;
    case 'remove':
      w.array(2);
      writePartyId(w, control.party);
      w.optBin(control.reason);
      break;
    case 'leave':
      w.array(0);
  }
}

function write(w: Writer, control: Control): void {
  switch (control.t) {
    case 'create': {
      writeCreate(w, control.create);
      return;
    }
    case 'policy': {
      writePolicy(w, control.policy);
      return;
    }
    case 'epoch': {
      writeEpoch(w, control.body);
      return;
    }
    case 'add':
    case 'invite':
    case 'accept':
    case 'decline':
    case 'remove':
    case 'leave': {
      writeMembership(w, control);
      return;
    }
    case 'take':
    case 'return':
      return void w.array(1).id(control.team);
    case 'assign':
      return void w.array(2).id(control.team).id(control.user);
    case 'forward':
      return void w.array(2).id(control.from).id(control.to);
    case 'withdraw_team':
      return void w.array(2).uint(0).id(control.team);
    case 'withdraw_invite':
      return void w.array(2).uint(1).id(control.invite);
    case 'role':
      return void w
        .array(2)
        .id(control.user)
        .flag(control.role === 'owner');
    case 'link_patient':
      return void w.array(2).id(control.org).optId(control.file);
    case 'priority': {
      writePriority(w.array(1), control.priority);
      return;
    }
    case 'ack':
      return void w.array(2).uint(control.n).id(control.msgId);
    case 'close':
      w.array(4).uint(control.finalSeq).id(control.finalHead).uint(OUTCOMES.indexOf(control.outcome));
      return void w.optBin(control.reason);
    case 'rebox_request':
      return void w.array(2).id(control.keyring).uint(control.epoch);
    case 'call_join':
      return void w.array(2).id(control.call).bin(control.key);
    case 'call_leave':
      return void w.array(1).id(control.call);
  }
}

/** The payload's bytes. */
export function encodeControl(control: Control): Uint8Array<ArrayBuffer> {
  const w = new Writer();
  write(w, control);
  return w.finish(CONTROL_BYTES_MAX);
}
