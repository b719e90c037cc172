/**
 * Who takes part in a thread, and the thread's policy: the parts that control payloads are made of
 * (docs/PROTOCOL.md §8).
 *
 * Not known here: rights (roster.ts).
 */
import type { Hex } from '../wire/bytes';
import type { Reader, Writer } from './codec';
import { check, known } from './error';
import { STANDINGS, readStanding, type Standing } from './unit';

/** Names a party: a user, or a team by its `TM`. */
export interface PartyId {
  readonly kind: 'user' | 'team';
  readonly id: Hex;
}

/** A party's name as a key; sorts like the parties in the bytes. */
export function partyKey(party: PartyId): string {
  return `${party.kind === 'user' ? 0 : 1}${party.id}`;
}

/** Reads a party's name. */
export function readPartyId(r: Reader): PartyId {
  r.array(2);
  return { kind: r.flag() ? 'team' : 'user', id: r.id() };
}

/** Writes a party's name. */
export function writePartyId(w: Writer, party: PartyId): void {
  w.array(2)
    .flag(party.kind === 'team')
    .id(party.id);
}

/** A user's role in a thread; an owner also changes policy and roles. */
export type ThreadRole = 'member' | 'owner';

/** A user who takes part. */
export interface UserParty {
  readonly kind: 'user';
  readonly user: Hex;
  /** The user's `I`, or `U` in a direct thread. */
  readonly keyring: Hex;
  /** The organization in whose context the user reads; null: the personal one. Fixed when added. */
  readonly asOrg: Hex | null;
  readonly role: ThreadRole;
  readonly standing: Standing;
  /** The team through which the user was brought in. */
  readonly team: Hex | null;
}

/** A team that takes part. */
export interface TeamParty {
  readonly kind: 'team';
  /** The managers' keyring: the team's id. */
  readonly managers: Hex;
  /** The whole team's keyring, when the whole team reads. */
  readonly all: Hex | null;
  readonly org: Hex;
}

/** Somebody who takes part. */
export type Party = UserParty | TeamParty;

/** A party's name. */
export function partyId(party: Party): PartyId {
  return party.kind === 'user' ? { kind: 'user', id: party.user } : { kind: 'team', id: party.managers };
}

/** The keyrings that an epoch seals to. */
export function keyringsOf(party: Party): Hex[] {
  if (party.kind === 'user') return [party.keyring];
  return party.all === null ? [party.managers] : [party.managers, party.all];
}

/** Reads a role. */
export function readThreadRole(r: Reader): ThreadRole {
  return r.flag() ? 'owner' : 'member';
}

/** Reads a party. */
export function readParty(r: Reader): Party {
  const arity = r.list(7);
  if (r.flag()) {
    check(arity === 4, 'WrongArity');
    return { kind: 'team', managers: r.id(), all: r.opt((from) => from.id()), org: r.id() };
  }
  check(arity === 7, 'WrongArity');
  return {
    kind: 'user',
    user: r.id(),
    keyring: r.id(),
    asOrg: r.opt((from) => from.id()),
    role: readThreadRole(r),
    standing: readStanding(r),
    team: r.opt((from) => from.id()),
  };
}

/** Writes a party. */
export function writeParty(w: Writer, party: Party): void {
  if (party.kind === 'user') {
    w.array(7).uint(0).id(party.user).id(party.keyring).optId(party.asOrg);
    w.flag(party.role === 'owner')
      .uint(STANDINGS.indexOf(party.standing))
      .optId(party.team);
  } else {
    w.array(4).uint(1).id(party.managers).optId(party.all).id(party.org);
  }
}

/** What history a newcomer gets: everything, or from the joining on. */
export type History = 'full' | 'fromJoin';

/** Reads a history. */
export function readHistory(r: Reader): History {
  return r.flag() ? 'fromJoin' : 'full';
}

/** Bits of {@link Policy.allowed}. */
export const ALLOW_CALLS = 1;
export const ALLOW_FILES = 2;
export const ALLOW_INVITES = 4;
const ALLOW_ALL = ALLOW_CALLS | ALLOW_FILES | ALLOW_INVITES;

/** A thread's policy; numbers grow tighter. */
export interface Policy {
  /** Who may add: 0 any participant except patients and relatives, 1 owners and managers, 2 owners. */
  readonly add: number;
  /** Who may close: 0 owners, managers and the responsible, 1 owners and managers, 2 owners. */
  readonly close: number;
  /** What history joiners get: 0 the adder chooses, 1 lay people and users of another context start at joining. */
  readonly joiners: number;
  /** Sum of `ALLOW_*`. */
  readonly allowed: number;
}

/** The policy of a thread that says nothing else. */
export const DEFAULT_POLICY: Policy = { add: 0, close: 0, joiners: 0, allowed: ALLOW_ALL };

/** Whether nothing is looser than before. */
export function isAsTightAs(now: Policy, before: Policy): boolean {
  const noLooser = now.add >= before.add && now.close >= before.close && now.joiners >= before.joiners;
  return noLooser && (now.allowed & ~before.allowed) === 0;
}

/** Reads a policy. */
export function readPolicy(r: Reader): Policy {
  r.array(4);
  return { add: r.uint(2), close: r.uint(2), joiners: r.uint(1), allowed: r.uint(ALLOW_ALL) };
}

/** Writes a policy. */
export function writePolicy(w: Writer, policy: Policy): void {
  w.array(4).uint(policy.add).uint(policy.close).uint(policy.joiners).uint(policy.allowed);
}

/** A team's triage: the last of take, assign, return and forward decides. */
export type Triage =
  | { readonly state: 'waiting' }
  /** A manager took it, or somebody was made responsible. */
  | { readonly state: 'taken' | 'assigned'; readonly user: Hex }
  /** Handed to another team. */
  | { readonly state: 'forwarded'; readonly to: Hex };

/** Who is responsible. */
export function responsibleOf(triage: Triage | null): Hex | null {
  return triage?.state === 'taken' || triage?.state === 'assigned' ? triage.user : null;
}

/** How a party stands in the thread, in the order of the numbers. */
export const PRESENCES = ['active', 'invited', 'left', 'removed', 'declined'] as const;
export type Presence = (typeof PRESENCES)[number];

/** Reads a presence. */
export function readPresence(r: Reader): Presence {
  return known(PRESENCES[r.uint(4)], 'OutOfRange');
}

/** Whether epochs seal to it. */
export function isSealedTo(presence: Presence): boolean {
  return presence === 'active' || presence === 'invited';
}
