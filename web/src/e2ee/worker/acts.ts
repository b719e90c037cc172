/**
 * Acts on threads: new ones, and who takes part in them.
 *
 * Not known here: how they are shown. Everything here runs inside `Inside.alone`.
 */

import { DEFAULT_POLICY, keyringsOf, partyId, partyKey } from '../../chain/party';
import type { Party, PartyId } from '../../chain/party';
import type { Recipient } from '../../chain/keyring_body';
import type { Control, Create } from '../../chain/control';
import { signControl } from '../../chain/sign';
import { isLay } from '../../chain/unit';
import { REANCHOR_MAX } from '../../core/limits';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { ERROR_CODE } from '../../wire/gen/wire';
import type { Refusal, SignedEntry } from '../../wire/gen/wire';
import type { NewThread, PartyView, Priority } from '../api';
import { textBody } from '../body';
import { sealMessage } from '../message';
import { boxForNewcomers, firstEpoch, targetsOf } from '../thread';
import { Trouble, local, ofAny } from './errors';
import type { Inside, Opening } from './inside';
import {
  catchUpAfter,
  coreOf,
  entryOf,
  freshId,
  freshIdem,
  ownCheck,
  renewEpoch,
  signAct,
  stage,
  takeReceipts,
} from './outgoing';
import { personParty, teamParty } from './people';
import type { Names } from './people';
import { openEpoch, syncThread } from './reader';
import { ofBox, ofContent } from './secrets';
import { invitationOf } from './shown';
import { Thread } from './thread';

/** The wire's priority for the page's. */
export const PRIORITY_OF = { routine: 'normal', soon: 'high', urgent: 'urgent' } as const satisfies Record<
  Priority,
  string
>;

/**
 * Opens a thread with these people and teams, and its first message. Asked for again after no answer came, it is the
 * thread that was asked for, not a second one.
 */
export async function createThread(inside: Inside, names: Names, input: NewThread): Promise<Hex> {
  await inside.ready();
  const asked = JSON.stringify(input);
  const opening =
    inside.opening?.asked === asked ? inside.opening : await newThread(inside, names, input, asked);
  const { boxes, append } = opening;
  // Boxes are kept for a while only.
  await stage(inside, boxes);
  inside.opening = opening;
  let receipts;
  try {
    ({ receipts } = await inside.rpc.surely('Append', append));
    inside.opening = null;
  } catch (error) {
    if (!ofAny(error).isTransient) inside.opening = null;
    throw error;
  }
  await takeReceipts(inside, append, receipts);
  return hex(append.thread);
}

async function newThread(inside: Inside, names: Names, input: NewThread, asked: string): Promise<Opening> {
  const id = freshId();
  const parties = await partiesOf(inside, names, input);
  const keyrings = [...new Set(parties.flatMap(keyringsOf))].sort();
  let made;
  try {
    made = await firstEpoch(id, targetsOf(inside.book.chains, keyrings));
  } catch (error) {
    throw ofBox(error);
  }
  const create: Create = {
    form: 'thread',
    context: input.org,
    policy: DEFAULT_POLICY,
    parties,
    epoch: made.body,
    priority: PRIORITY_OF[input.priority],
  };
  const thread = new Thread(id);
  const state = thread.state.clone();
  const signed = await signControl(inside.account.signer, coreOf(inside, state, 'create'), {
    t: 'create',
    create,
  });
  await ownCheck(inside, state, signed);
  const entries = [entryOf(signed)];
  try {
    const body = { ...textBody(input.text), title: input.title === '' ? null : input.title };
    entries.push(
      entryOf(await sealMessage(inside.account.signer, coreOf(inside, state, 'message'), made.seed, body)),
    );
  } catch (error) {
    throw ofContent(error);
  }
  // The boxes name the keyrings that were verified; they are staged before the entries that name them.
  return { asked, boxes: made.boxes, append: { idem: freshIdem(), thread: unhex(id), entries } };
}

async function partiesOf(inside: Inside, names: Names, input: NewThread): Promise<Party[]> {
  const { org } = input;
  const parties = new Map<string, Party>();
  const put = (party: Party): void => {
    parties.set(partyKey(partyId(party)), party);
  };
  for (const user of new Set(input.people)) {
    if (user !== inside.user) put(await personParty(inside, names, org, user, 'member'));
  }
  if (input.teams.length > 0 && org === null) throw local('notPossible');
  for (const team of input.teams) if (org !== null) put(await teamParty(inside, names, org, team));
  put(await personParty(inside, names, org, inside.user, 'owner'));
  return [...parties.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, party]) => party);
}

/** Sends entries and takes them in. The same request is sent again until it is answered. */
export async function appendNow(inside: Inside, id: Hex, entries: SignedEntry[]): Promise<void> {
  const append = { idem: freshIdem(), thread: unhex(id), entries };
  const { receipts } = await inside.rpc.surely('Append', append);
  await takeReceipts(inside, append, receipts);
}

/** Does a control act, anchored anew as long as others come first. Null: it is done. */
export async function act(
  inside: Inside,
  id: Hex,
  make: (thread: Thread) => Control | null | Promise<Control | null>,
): Promise<void> {
  await inside.ready();
  for (let tries = 0; ; tries += 1) {
    const thread = await syncThread(inside, id);
    try {
      const control = await make(thread);
      if (control) await appendNow(inside, id, await makeAct(inside, thread, control));
      return;
    } catch (error) {
      const refusal = error instanceof Trouble ? error.refusal : null;
      if (!refusal || tries >= REANCHOR_MAX || !mayBeAnchoredAnew(refusal)) throw error;
      const lie = await catchUpAfter(inside, id, refusal);
      if (lie) throw lie;
    }
  }
}

async function makeAct(inside: Inside, thread: Thread, control: Control): Promise<SignedEntry[]> {
  const state = thread.state.clone();
  const entries = [await signAct(inside, state, control)];
  // Whoever was removed reads nothing from the same request on.
  if (control.t === 'remove' && state.roster.phase === 'epochDue') {
    await renewEpoch(inside, thread, state, 'participants', entries);
  }
  return entries;
}

function mayBeAnchoredAnew({ code }: Refusal): boolean {
  return (
    code === ERROR_CODE.Stale ||
    code === ERROR_CODE.Conflict ||
    code === ERROR_CODE.ChainRefused ||
    code === ERROR_CODE.BoxMissing
  );
}

/** Brings somebody in: at once with what was written before, or asked, from the joining on (THR-04). */
export async function addParty(
  inside: Inside,
  names: Names,
  id: Hex,
  who: PartyId,
): Promise<'added' | 'invited'> {
  let how: 'added' | 'invited' = 'added';
  await act(inside, id, async (thread) => {
    const party = await newcomer(inside, names, thread.state.roster.context, who);
    const org = party.kind === 'user' ? party.asOrg : party.org;
    // Patients and relatives are asked, whatever they belong to.
    const colleague = party.kind === 'team' || !isLay(party.standing);
    how = colleague && org !== null && org === thread.state.roster.context ? 'added' : 'invited';
    if (how === 'added')
      return { t: 'add', party, boxes: await boxesFor(inside, thread, party), history: 'full' };
    return {
      t: 'invite',
      invitee: { t: 'known', party, boxes: [] },
      history: 'fromJoin',
      expiresMs: null,
    };
  });
  return how;
}

/**
 * As a colleague in the thread's organization, else in another one that is this person's too, else for themselves.
 * Whom the server calls a colleague and nobody vouches for is refused, not asked in as a private person: `H24`.
 */
async function newcomer(inside: Inside, names: Names, context: Hex | null, who: PartyId): Promise<Party> {
  if (who.kind === 'team') {
    const card = names.teamCard(who.id);
    const org = card ? hex(card.org) : context;
    if (org === null) throw local('notPossible');
    return teamParty(inside, names, org, who.id);
  }
  await names.needPerson(inside, who.id);
  const claimed = names.orgsOf(who.id);
  for (const org of new Set([context, ...inside.saved.orgs])) {
    if (org === null) continue;
    try {
      return await personParty(inside, names, org, who.id, 'member');
    } catch (error) {
      if (!(error instanceof Trouble) || !error.isHostile('H24') || claimed.includes(org)) throw error;
    }
  }
  return personParty(inside, names, null, who.id, 'member');
}

async function boxesFor(inside: Inside, thread: Thread, party: Party): Promise<Recipient[]> {
  const seed = await openEpoch(inside, thread, thread.state.head.epoch);
  const { chains } = inside.book;
  try {
    const targets = targetsOf(chains, keyringsOf(party));
    const made = await boxForNewcomers(thread.id, thread.state.roster, seed, targets);
    await stage(inside, made.boxes);
    return made.recipients;
  } catch (error) {
    throw ofBox(error);
  }
}

/** Takes somebody out, or an invitation back, if they stand as was shown. Whoever is out may be so by the same act of
 * before, whose answer was lost: that is no other change. */
export function removeOrWithdraw(thread: Thread, who: PartyId, shown: PartyView['state']): Control | null {
  const presence = thread.state.roster.parties.get(partyKey(who))?.presence;
  if (presence === 'removed') return null;
  if (presence !== shown) throw local('movedOn');
  const open = invitationOf(thread, who);
  return open ? { t: 'withdraw_invite', invite: open.id } : { t: 'remove', party: who, reason: null };
}

/** Leaves a thread, or closes it. The last owner leaves only where a team remains. */
export function leaveOrClose(inside: Inside, thread: Thread, what: 'leave' | 'close'): Control {
  if (what === 'leave') {
    const { owners, parties } = thread.state.roster;
    const own = parties.get(partyKey({ kind: 'user', id: inside.user }))?.party;
    const teamStays = [...parties.values()].some(
      ({ party, presence }) => party.kind === 'team' && presence === 'active',
    );
    if (own?.kind === 'user' && own.role === 'owner' && owners === 1 && !teamStays) throw local('lastOwner');
    return { t: 'leave' };
  }
  const { n, head } = thread.state.head;
  return { t: 'close', finalSeq: n, finalHead: head, outcome: 'done', reason: null };
}
