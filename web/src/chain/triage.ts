/**
 * A team's triage in a thread: take, assign, return, forward. The last of them decides (TRI-02, TRI-03).
 *
 * Not known here: schedules, notices, and who may be chosen beyond what chains show.
 */
import type { Hex } from '../wire/bytes';
import { check, known } from './error';
import { isAppend } from './facts';
import { isSealedTo, responsibleOf } from './party';
import { require, type Act, type Roster } from './roster';
import { isLay } from './unit';

/** A manager takes what waits. */
export function take(roster: Roster, act: Act, team: Hex): void {
  checkTeam(roster, team);
  require(act.who.manages(team));
  check(roster.triage.get(team)?.state === 'waiting', 'TriageState');
  roster.triage.set(team, { state: 'taken', user: act.who.id });
}

/** A manager or the responsible names somebody. */
export function assign(roster: Roster, act: Act, team: Hex, user: Hex): void {
  checkMaySteer(roster, act, team);
  check(isAssignable(roster, act, team, user), 'NotAssignable');
  roster.triage.set(team, { state: 'assigned', user });
}

/** Back to the team's triage box. */
export function giveBack(roster: Roster, act: Act, team: Hex): void {
  checkMaySteer(roster, act, team);
  check(responsibleOf(roster.triage.get(team) ?? null) !== null, 'TriageState');
  roster.triage.set(team, { state: 'waiting' });
}

/** From one team to another. */
export function forward(roster: Roster, act: Act, from: Hex, to: Hex): void {
  checkMaySteer(roster, act, from);
  checkTeam(roster, to);
  check(from !== to && roster.triage.get(from)?.state !== 'forwarded', 'TriageState');
  roster.triage.set(from, { state: 'forwarded', to });
  roster.triage.set(to, { state: 'waiting' });
}

function checkTeam(roster: Roster, team: Hex): void {
  check(roster.present({ kind: 'team', id: team }).presence === 'active', 'UnknownParty');
}

/** A manager of the team, or its responsible while taking part. */
function checkMaySteer(roster: Roster, act: Act, team: Hex): void {
  checkTeam(roster, team);
  act.who.takesPart();
  require(act.who.manages(team) || responsibleOf(roster.triage.get(team) ?? null) === act.who.id);
}

/**
 * A clinical participant, or a manager of the team: at the position the author named, or else where the epoch's
 * generation starts.
 */
function isAssignable(roster: Roster, act: Act, team: Hex, user: Hex): boolean {
  const there = roster.participant({ kind: 'user', id: user });
  if (there !== null && isSealedTo(there.presence)) {
    return there.presence === 'active' && there.party.kind === 'user' && !isLay(there.party.standing);
  }
  const { capacity } = act.core.author;
  let seq: number;
  if (capacity?.keyring === team) seq = capacity.seq;
  else {
    const recipient = roster.epoch.recipients.get(team);
    if (recipient === undefined) return false;
    seq = known(act.facts.generation(team, recipient.generation), 'UnknownGeneration').sinceSeq;
  }
  const held = known(act.facts.holds(team, user, seq), 'UnknownCapacity');
  return held.at && (held.now || !isAppend(act.mode));
}
