/**
 * Answering an invitation into a thread. Until somebody accepts, the server serves nothing of a thread but what the
 * answer builds on: what is signed then is anchored to the thread's beginning, and the thread is verified from its
 * start as soon as it is served (THR-04, THR-05).
 *
 * Not known here: how invitations are shown. Everything here runs inside `Inside.alone`.
 */

import { parseControl } from '../../chain/control';
import type { Control } from '../../chain/control';
import { ENTRY_KINDS, parseEntryCore } from '../../chain/entry';
import type { EntryCore } from '../../chain/entry';
import { headZero } from '../../chain/hash';
import { partyId } from '../../chain/party';
import { signControl } from '../../chain/sign';
import { REANCHOR_MAX } from '../../core/limits';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { decodeEventBody } from '../../wire/codec';
import { LIMITS } from '../../wire/gen/wire';
import type { Invited } from '../../wire/gen/wire';
import { Trouble, local } from './errors';
import type { Inside } from './inside';
import { checkReceipt, entryOf, freshId, freshIdem, takeReceipts } from './outgoing';

/** Entries of a stream, from the newest back, in which an invitation is looked for: weeks of a busy person. Whoever
 * waited longer asks to be invited again. */
const LOOK_BACK = 4_000;

/** What an answer builds on, by the server's word; the thread is verified once it is served. */
interface Base {
  readonly epoch: number;
  readonly ctrlHead: Hex;
}

/** Accepts or declines the open invitation of this person. */
export async function answerInvitation(inside: Inside, id: Hex, what: 'accept' | 'decline'): Promise<void> {
  await inside.ready();
  const invite = await findInvite(inside, id);
  const control: Control =
    what === 'accept' ? { t: 'accept', invite, bearer: null } : { t: 'decline', invite, reason: null };
  const card = await inside.rpc.call('GetThread', { thread: unhex(id) });
  let base: Base = { epoch: card.epoch, ctrlHead: hex(card.ctrl_head) };
  for (let tries = 0; ; tries += 1) {
    try {
      await sendAnswer(inside, id, control, base);
      return;
    } catch (error) {
      // Others came first: the refusal says what is current.
      const stale = error instanceof Trouble ? error.refusal?.stale : undefined;
      if (!stale || stale.keyring || tries >= REANCHOR_MAX) throw error;
      base = { epoch: stale.generation, ctrlHead: hex(stale.head) };
    }
  }
}

async function sendAnswer(inside: Inside, id: Hex, control: Control, base: Base): Promise<void> {
  const signed = await signControl(inside.account.signer, coreOf(inside, id, control, base), control);
  const append = { idem: freshIdem(), thread: unhex(id), entries: [entryOf(signed)] };
  const { receipts } = await inside.rpc.surely('Append', append);
  if (control.t === 'accept') {
    await takeReceipts(inside, append, receipts);
    return;
  }
  // What was declined is served no more: the receipt is all there is.
  for (const receipt of receipts) await checkReceipt(inside, append.thread, receipt);
  inside.threads.delete(id);
}

function coreOf(inside: Inside, id: Hex, control: Control, base: Base): EntryCore {
  const kind = control.t === 'accept' ? 'accept' : 'decline';
  const { device } = inside.saved;
  return {
    kind,
    kindNumber: ENTRY_KINDS[kind],
    thread: id,
    epoch: base.epoch,
    msgId: freshId(),
    author: { user: inside.user, chainSeq: inside.account.chainSeq, capacity: null },
    device,
    aseq: inside.threads.get(id)?.state.nextAseq(inside.user, device) ?? 1,
    // Nothing after the beginning was verified, so nothing after it is vouched for.
    anchor: { seq: 0, head: headZero(id) },
    tsMs: inside.now(),
    onBehalf: null,
    sth: null,
    blobs: [],
    priority: 'normal',
    notify: null,
    ctrlHead: base.ctrlHead,
  };
}

/** The invitation, out of the streams it was told in; the newest counts. */
async function findInvite(inside: Inside, id: Hex): Promise<Hex> {
  let found: Hex | null = null;
  for (const org of [null, ...inside.saved.orgs]) found = (await findIn(inside, id, org)) ?? found;
  if (found === null) throw local('notFound');
  return found;
}

async function findIn(inside: Inside, id: Hex, org: Hex | null): Promise<Hex | null> {
  const { rpc, user } = inside;
  const context = org === null ? {} : { org: unhex(org) };
  const { cursor } = await rpc.call('GetSnapshot', context);
  let found: Hex | null = null;
  for (let seq = Math.max(0, cursor.seq - LOOK_BACK); seq < cursor.seq;) {
    const ask = { ...context, after: { epoch: cursor.epoch, seq }, max: LIMITS.PAGE_ENTRIES_MAX };
    const { entries } = await rpc.call('Pull', ask);
    const last = entries.at(-1);
    if (!last) break;
    for (const item of entries) {
      const event = decodeEventBody(item.kind, item.body);
      if (event?.t === 'Invited') found = invitationOf(event.body, id, user) ?? found;
    }
    seq = last.seq;
  }
  return found;
}

/** The id of the entry that invites this person into this thread, if it does. */
function invitationOf({ thread, entry }: Invited, id: Hex, user: Hex): Hex | null {
  if (hex(thread) !== id || !entry.payload) return null;
  try {
    const core = parseEntryCore(entry.core);
    if (core.kind !== 'invite' || core.thread !== id) return null;
    const control = parseControl(core.kind, entry.payload);
    if (control.t !== 'invite' || control.invitee.t !== 'known') return null;
    const party = partyId(control.invitee.party);
    return party.kind === 'user' && party.id === user ? core.msgId : null;
  } catch {
    return null;
  }
}
