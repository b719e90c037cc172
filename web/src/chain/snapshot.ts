/**
 * A thread's verified state as bytes, so that a client resumes from what it pinned instead of verifying every entry
 * again. Equal states give equal bytes in every implementation, so the digest can be compared. A snapshot is trusted
 * only through its digest, kept where the keeper trusts itself. The layout is in docs/PROTOCOL.md §8.
 *
 * Not known here: where snapshots are kept.
 */
import type { Hex } from '../wire/bytes';
import { Reader, Writer, ascending } from './codec';
import { readPriority, writePriority } from './entry';
import { check, known, refuse } from './error';
import { sha256 } from './hash';
import { PHASES, type HeadState } from './head';
import { readRecipients, writeRecipient } from './keyring_body';
import { PublicKey } from './keys';
import { INVITES_MAX, LINKS_MAX, PARTIES_MAX, SNAPSHOT_BYTES_MAX, WRITERS_MAX } from './limits';
import { VERSION } from './link';
import {
  PRESENCES,
  partyId,
  partyKey,
  readHistory,
  readParty,
  readPartyId,
  readPolicy,
  readPresence,
  writeParty,
  writePartyId,
  writePolicy,
  type Triage,
} from './party';
import { Roster, sorted, type InviteFor, type OpenInvite } from './roster';
import { ThreadState } from './thread';
import { STANDINGS, readStanding } from './unit';

/** The snapshot's bytes. */
export function encodeSnapshot(state: ThreadState): Uint8Array<ArrayBuffer> {
  const { head, roster, writers, keyGenerations, updateNeeded } = state.parts;
  const w = new Writer().array(12).uint(VERSION);
  w.array(7).id(head.thread).uint(head.n).id(head.head).uint(head.ctrlN).id(head.ctrlHead).uint(head.epoch);
  w.uint(PHASES.indexOf(head.phase));
  writeRoster(w, roster);
  w.each(sorted(writers), (to, [key, aseq]) => to.array(3).id(key.slice(0, 32)).id(key.slice(33)).uint(aseq));
  w.each(sorted(keyGenerations), (to, [user, generation]) => to.array(2).id(user).uint(generation));
  w.flag(updateNeeded);
  return w.finish(SNAPSHOT_BYTES_MAX);
}

/** Digest of a snapshot, to be pinned. */
export function snapshotDigest(bytes: Uint8Array): Hex {
  return sha256(bytes);
}

/** Resumes from a snapshot that has this SHA-256; refuses another or contradictions with `BadSnapshot`. */
export function decodeSnapshot(bytes: Uint8Array, digest: Hex): ThreadState {
  check(sha256(bytes) === digest, 'BadSnapshot');
  const r = new Reader(bytes, SNAPSHOT_BYTES_MAX);
  r.array(12);
  check(r.uint() === VERSION, 'UnknownVersion');
  const head = readHead(r);
  const roster = readRoster(r);
  const writers = readMap(r, WRITERS_MAX, (from) => {
    from.array(3);
    return [`${from.id()} ${from.id()}`, from.uint()];
  });
  const keyGenerations = readMap(r, WRITERS_MAX, (from) => {
    from.array(2);
    return [from.id(), from.uint()];
  });
  const updateNeeded = r.flag();
  r.end();
  roster.closed = head.phase === 'closed';
  const agrees = roster.phase === head.phase && roster.epoch.number === head.epoch;
  check(head.n === 0 || agrees, 'BadSnapshot');
  return new ThreadState(head.thread, { head, roster, writers, keyGenerations, updateNeeded });
}

function readMap<V>(r: Reader, max: number, read: (from: Reader) => [string, V]): Map<string, V> {
  const all = r.each(max, read);
  ascending(all, ([key]) => key);
  return new Map(all);
}

function readHead(r: Reader): HeadState {
  r.array(7);
  return {
    thread: r.id(),
    n: r.uint(),
    head: r.hash(),
    ctrlN: r.uint(),
    ctrlHead: r.hash(),
    epoch: r.uint(),
    phase: known(PHASES[r.uint(2)], 'OutOfRange'),
  };
}

function writeRoster(w: Writer, roster: Roster): void {
  w.array(4)
    .flag(roster.form === 'direct')
    .optId(roster.context);
  writePolicy(w, roster.policy);
  writePriority(w, roster.priority);
  w.each(sorted(roster.parties), (to, [, { party, presence }]) => {
    writeParty(to.array(2), party);
    to.uint(PRESENCES.indexOf(presence));
  });
  w.each(sorted(roster.triage), (to, [team, triage]) => {
    writeTriage(to.array(3).id(team), triage);
  });
  w.each(sorted(roster.invites), (to, [id, invite]) => {
    writeInvite(to.array(7).id(id), invite);
  });
  w.each(sorted(roster.links), (to, [org, file]) => to.array(2).id(org).id(file));
  w.array(3).uint(roster.epoch.number).id(roster.epoch.commit);
  w.each(sorted(roster.epoch.recipients), (to, [, recipient]) => {
    writeRecipient(to, recipient);
  });
  w.flag(roster.wallDue);
}

const TRIAGE_STATES = ['waiting', 'taken', 'assigned', 'forwarded'] as const;

function writeTriage(w: Writer, triage: Triage): void {
  w.uint(TRIAGE_STATES.indexOf(triage.state));
  if (triage.state === 'waiting') w.nil();
  else w.id(triage.state === 'forwarded' ? triage.to : triage.user);
}

function writeInvite(w: Writer, invite: OpenInvite): void {
  w.id(invite.inviter);
  if (invite.invitee.t === 'party') {
    writePartyId(w, invite.invitee.party);
    w.nil().uint(0);
  } else {
    w.nil().bin(invite.invitee.key.bytes).uint(STANDINGS.indexOf(invite.invitee.standing));
  }
  w.flag(invite.history === 'fromJoin').optUint(invite.expiresMs);
}

function readRoster(r: Reader): Roster {
  r.array(4);
  const roster = new Roster();
  roster.form = r.flag() ? 'direct' : 'thread';
  roster.context = r.opt((from) => from.id());
  roster.policy = readPolicy(r);
  roster.priority = readPriority(r);
  roster.parties = readMap(r, PARTIES_MAX, (from) => {
    from.array(2);
    const party = readParty(from);
    return [partyKey(partyId(party)), { party, presence: readPresence(from) }];
  });
  roster.triage = readMap(r, PARTIES_MAX, readTriage);
  roster.invites = readMap(r, INVITES_MAX, readInvite);
  roster.links = readMap(r, LINKS_MAX, (from) => {
    from.array(2);
    return [from.id(), from.id()];
  });
  r.array(3);
  const number = r.uint();
  const commit = r.hash();
  // Boxes added since the epoch began stand beside its own, so the bound is that of parties.
  const recipients = readRecipients(r, 2 * PARTIES_MAX);
  roster.epoch = { number, commit, recipients: new Map(recipients.map((each) => [each.keyring, each])) };
  roster.wallDue = r.flag();
  return roster;
}

function readTriage(r: Reader): [Hex, Triage] {
  r.array(3);
  const team = r.id();
  const state = known(TRIAGE_STATES[r.uint(3)], 'OutOfRange');
  const id = r.opt((from) => from.id());
  if (state === 'waiting') {
    check(id === null, 'BadSnapshot');
    return [team, { state }];
  }
  const named = known(id, 'BadSnapshot');
  return [team, state === 'forwarded' ? { state, to: named } : { state, user: named }];
}

function readInvite(r: Reader): [Hex, OpenInvite] {
  r.array(7);
  const id = r.id();
  const inviter = r.id();
  const party = r.opt(readPartyId);
  const key = r.opt((from) => PublicKey.parse(from.fixed(32)));
  const standing = readStanding(r);
  let invitee: InviteFor;
  if (party !== null && key === null) invitee = { t: 'party', party };
  else if (party === null && key !== null) invitee = { t: 'bearer', key, standing };
  else refuse('BadSnapshot');
  const history = readHistory(r);
  return [id, { inviter, invitee, history, expiresMs: r.opt((from) => from.uint()) }];
}
