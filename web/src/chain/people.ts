/**
 * Joining and parting: add, invite, accept, decline, withdraw, remove, leave, role.
 *
 * Not known here: triage (triage.ts).
 */
import type { Hex } from '../wire/bytes';
import { acceptStatement, type Bearer, type Control } from './control';
import { check, known } from './error';
import { isAppend } from './facts';
import { LABEL_ACCEPT } from './hash';
import type { Recipient } from './keyring_body';
import { checkGeneration } from './keyring_rules';
import { EPOCH_RECIPIENTS_MAX, INVITES_MAX, PARTIES_MAX } from './limits';
import {
  ALLOW_INVITES,
  isSealedTo,
  keyringsOf,
  partyId,
  partyKey,
  type History,
  type Party,
  type PartyId,
  type Presence,
  type ThreadRole,
} from './party';
import { require, type Act, type InviteFor, type Roster } from './roster';
import { isLay } from './unit';

/** Whoever may adds a party. */
export function add(
  roster: Roster,
  act: Act,
  party: Party,
  boxes: readonly Recipient[],
  history: History,
): void {
  checkMayAdd(roster, act);
  if (party.kind === 'user') require(party.role === 'member' || act.who.isOwner);
  join(roster, act, { party, boxes, history, presence: 'active' });
}

/** Whoever may add invites somebody known, or the bearer of a key. */
export function invite(roster: Roster, act: Act, control: Control & { readonly t: 'invite' }): void {
  checkMayAdd(roster, act);
  check(roster.allows(ALLOW_INVITES), 'KindNotAllowed');
  check(roster.invites.size < INVITES_MAX, 'ThreadFull');
  const { history, expiresMs } = control;
  let invitee: InviteFor;
  if (control.invitee.t === 'known') {
    const { party, boxes } = control.invitee;
    if (party.kind === 'user') require(party.role === 'member');
    join(roster, act, { party, boxes, history, presence: 'invited' });
    invitee = { t: 'party', party: partyId(party) };
  } else {
    invitee = { t: 'bearer', key: control.invitee.key, standing: control.invitee.standing };
  }
  const again = roster.invites.has(act.core.msgId);
  roster.invites.set(act.core.msgId, { inviter: act.who.id, invitee, history, expiresMs });
  check(!again, 'MsgIdReused');
}

/** The invitee, a manager of the invited team, or the bearer of the key accepts. */
export async function accept(roster: Roster, act: Act, id: Hex, shown: Bearer | null): Promise<void> {
  const open = known(roster.invites.get(id), 'NoInvitation');
  check(open.expiresMs === null || !isPast(open.expiresMs, act), 'InvitationExpired');
  const { invitee } = open;
  check((invitee.t === 'party') === (shown === null), 'NoInvitation');
  if (invitee.t === 'party') {
    checkInvitee(act, invitee.party);
    setPresence(roster, invitee.party, 'active');
  } else if (shown !== null) {
    const { party } = shown;
    check(party.kind === 'user', 'OutOfRange');
    const isSelf = party.user === act.who.id && act.core.author.capacity === null;
    // Nobody vouches for who holds a code that was handed over: it makes nobody an organization's or a team's.
    const alone = party.asOrg === null && party.team === null;
    require(isSelf && alone && party.role === 'member' && party.standing === invitee.standing);
    check(known(act.facts.user(party.user), 'UnknownSigner').root === shown.root, 'HashMismatch');
    const statement = acceptStatement(act.core.thread, id, party.user, shown.root);
    check(await invitee.key.verifies(LABEL_ACCEPT, statement, shown.proof), 'BadInvitationProof');
    join(roster, act, { party, boxes: [], history: open.history, presence: 'active' });
  }
  roster.invites.delete(id);
}

/** The invitee, or a manager of the invited team, declines. */
export function decline(roster: Roster, act: Act, id: Hex): void {
  const { invitee } = known(roster.invites.get(id), 'NoInvitation');
  check(invitee.t === 'party', 'NoInvitation');
  checkInvitee(act, invitee.party);
  part(roster, invitee.party, 'declined');
}

/** Who invited, or an owner, takes an invitation back. */
export function withdrawInvite(roster: Roster, act: Act, id: Hex): void {
  act.who.takesPart();
  const open = known(roster.invites.get(id), 'NoInvitation');
  require(open.inviter === act.who.id || act.who.isOwner);
  roster.invites.delete(id);
  if (open.invitee.t === 'party') part(roster, open.invitee.party, 'removed');
}

/** A manager takes the team out. */
export function withdrawTeam(roster: Roster, act: Act, team: Hex): void {
  require(act.who.manages(team));
  part(roster, { kind: 'team', id: team }, 'left');
}

/** An owner, or a manager of the team that brought a user in, removes a party. */
export function remove(roster: Roster, act: Act, id: PartyId): void {
  act.who.takesPart();
  const { party } = roster.present(id);
  const itself = id.kind === 'user' && id.id === act.who.id;
  const byTeam =
    party.kind === 'user' && party.role === 'member' && party.team !== null && act.who.manages(party.team);
  require(!itself && (act.who.isOwner || byTeam));
  part(roster, id, 'removed');
}

/** The author leaves; the last owner only where a team remains. */
export function leave(roster: Roster, act: Act): void {
  const party = known(act.who.activeUser, 'NotParticipant');
  if (party.role === 'owner' && roster.owners === 1) {
    const teamStays = [...roster.parties.values()].some(
      (each) => each.presence === 'active' && each.party.kind === 'team',
    );
    check(teamStays, 'LastOwner');
  }
  part(roster, { kind: 'user', id: party.user }, 'left');
}

/** An owner, or a manager where no owner is left, gives a user another role. */
export function setRole(roster: Roster, act: Act, user: Hex, role: ThreadRole): void {
  const { owners } = roster;
  require(act.who.isOwner || (owners === 0 && act.who.isManager));
  const key = partyKey({ kind: 'user', id: user });
  const there = roster.parties.get(key);
  check(there?.presence === 'active' && there.party.kind === 'user', 'UnknownParty');
  const { party } = there;
  require(role === 'member' || !isLay(party.standing));
  check(!(party.role === 'owner' && role === 'member' && owners === 1), 'LastOwner');
  roster.parties.set(key, { party: { ...party, role }, presence: there.presence });
}

function checkMayAdd(roster: Roster, act: Act): void {
  act.who.takesPart();
  if (roster.policy.add === 0) require(act.who.isClinical);
  else if (roster.policy.add === 1) require(act.who.isOwner || act.who.isManager);
  else require(act.who.isOwner);
}

interface Joining {
  readonly party: Party;
  readonly boxes: readonly Recipient[];
  readonly history: History;
  readonly presence: Presence;
}

/** A party comes in; sealed to at once when its boxes are named, by the next epoch otherwise. */
function join(roster: Roster, act: Act, { party, boxes, history, presence }: Joining): void {
  const key = partyKey(partyId(party));
  const there = roster.parties.get(key);
  check(there === undefined || !isSealedTo(there.presence), 'AlreadyParticipant');
  check(there !== undefined || roster.parties.size < PARTIES_MAX, 'ThreadFull');
  roster.checkParty(party, act.facts);
  roster.checkBroughtInBy(party);
  const newcomer = party.kind === 'user' && (isLay(party.standing) || party.asOrg !== roster.context);
  const walled = history === 'fromJoin';
  check(
    !(roster.policy.joiners === 1 && newcomer && !walled) && !(walled && boxes.length > 0),
    'HistoryWall',
  );
  if (boxes.length > 0) {
    const own = keyringsOf(party).sort();
    const exact =
      boxes.length === own.length && boxes.every((recipient, at) => recipient.keyring === own[at]);
    check(exact, 'EpochRecipients');
  }
  const recipients = new Map(roster.epoch.recipients);
  for (const recipient of boxes) {
    checkGeneration(recipient, act.facts, act.mode);
    recipients.set(recipient.keyring, recipient);
  }
  roster.epoch = { ...roster.epoch, recipients };
  roster.wallDue ||= walled;
  if (party.kind === 'team') roster.triage.set(party.managers, { state: 'waiting' });
  roster.parties.set(key, { party, presence });
  // An epoch names everybody it is sealed to: a thread must not come to need one that cannot be written.
  check(roster.nextRecipients.length <= EPOCH_RECIPIENTS_MAX, 'ThreadFull');
}

/** A party goes: it is sealed to no more, so an epoch is due. */
function part(roster: Roster, id: PartyId, presence: Presence): void {
  setPresence(roster, id, presence);
  for (const [invite, { invitee }] of [...roster.invites]) {
    if (invitee.t === 'party' && partyKey(invitee.party) === partyKey(id)) roster.invites.delete(invite);
  }
  if (id.kind === 'team') roster.triage.delete(id.id);
  else {
    for (const [team, triage] of [...roster.triage]) {
      if (triage.state === 'assigned' && triage.user === id.id) roster.triage.set(team, { state: 'waiting' });
    }
  }
}

function setPresence(roster: Roster, id: PartyId, presence: Presence): void {
  const { party } = roster.present(id);
  roster.parties.set(partyKey(id), { party, presence });
}

/** The author must be the invited user, or a manager of the invited team. */
function checkInvitee(act: Act, id: PartyId): void {
  const { team } = act.who;
  if (id.kind === 'user') require(id.id === act.who.id && act.core.author.capacity === null);
  else require(team?.managers === id.id && team.isManager && team.presence === 'invited');
}

/**
 * By the author's claim in any case, so that every later reader agrees; by the server's clock when appending.
 */
function isPast(expiresMs: number, act: Act): boolean {
  const byServer = isAppend(act.mode) && act.mode.nowMs > expiresMs;
  return byServer || act.core.tsMs > expiresMs;
}
