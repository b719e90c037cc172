/**
 * What leaves: drafts into signed entries, requests into acknowledged ones.
 *
 * Not known here: the outbox, and how entries are shown. Everything here runs inside `Inside.alone`.
 */

import type { Control } from '../../chain/control';
import type { EntryCore, Kind } from '../../chain/entry';
import type { Signed } from '../../chain/envelope';
import type { Capacity } from '../../chain/facts';
import { PublicKey } from '../../chain/keys';
import type { Author } from '../../chain/link';
import type { Party } from '../../chain/party';
import { partyKey } from '../../chain/party';
import { signControl } from '../../chain/sign';
import type { ThreadState } from '../../chain/thread';
import type { Draft } from '../../core/outbox';
import { concat, hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { ERROR_CODE, LIMITS } from '../../wire/gen/wire';
import type { Append, Receipt, Refusal, SealedBox, SignedEntry, StoredEntry } from '../../wire/gen/wire';
import { decodeBody } from '../body';
import { sealMessage } from '../message';
import { epochDue, nextEpoch } from '../thread';
import type { Due } from '../thread';
import type { Trouble } from './errors';
import { hold, ofOwn, refused } from './errors';
import type { Inside } from './inside';
import { checkReaders } from './people';
import { haveThread, openEpoch, syncThread, takeEntry } from './reader';
import { ofBox, ofContent } from './secrets';
import { Thread } from './thread';

const LABEL_RECEIPT = 'relais/v1/receipt';
const ID_BYTES = 16;

/** A random id. */
export function freshId(): Hex {
  return hex(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}

/** An idempotency key. */
export function freshIdem(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(ID_BYTES));
}

/**
 * Those of these drafts that are in the thread as it is now served: a request that counted as refused had arrived. Sent
 * once more they would be there twice.
 */
export async function arrivedOf(inside: Inside, id: Hex, drafts: readonly Draft[]): Promise<string[]> {
  const { messages } = await syncThread(inside, id);
  const there = new Set(messages.map((message) => message.id));
  return drafts.filter(({ sent }) => sent?.some((message) => there.has(message))).map((draft) => draft.id);
}

/** Seals drafts of a thread, an epoch first where one is due. */
export async function sealDrafts(inside: Inside, id: Hex, drafts: readonly Draft[]): Promise<SignedEntry[]> {
  await inside.ready();
  const thread = await haveThread(inside, id);
  if (thread.state.roster.phase === 'closed') throw refused({ code: ERROR_CODE.Closed });
  const state = thread.state.clone();
  const entries: SignedEntry[] = [];
  const age = inside.now() - thread.epochSince;
  const due = epochDue(state.roster, inside.book.chains, thread.epochMessages, age);
  const seed = due
    ? await renewEpoch(inside, thread, state, due, entries)
    : await openEpoch(inside, thread, state.head.epoch);
  for (const draft of drafts) {
    const core = { ...coreOf(inside, state, 'message'), anchor: verified(thread) };
    let signed: Signed;
    try {
      signed = await sealMessage(inside.account.signer, core, seed, decodeBody(draft.body));
    } catch (error) {
      throw ofContent(error);
    }
    await ownCheck(inside, state, signed);
    entries.push(entryOf(signed));
  }
  return entries;
}

/** What an author may name as seen: the head that was verified, not the one hoped for behind own entries that are
 * still on their way and before which others may come. */
function verified(thread: Thread): EntryCore['anchor'] {
  const { n, head } = thread.state.head;
  return { seq: n, head };
}

/** Makes the next epoch, stages its boxes and puts its entry in front. Answers its seed. */
export async function renewEpoch(
  inside: Inside,
  thread: Thread,
  state: ThreadState,
  due: Due,
  entries: SignedEntry[],
): Promise<Uint8Array> {
  await checkReaders(inside, state.roster);
  for (const keyring of state.roster.nextRecipients) await inside.book.need('keyring', keyring);
  const known = await openEpoch(inside, thread, state.head.epoch).catch((error: unknown) => {
    const trouble = ofBox(error);
    if (trouble.isLocal('noKey')) return null;
    throw trouble;
  });
  const reason = due === 'participants' ? 'removed' : 'routine';
  let made;
  try {
    made = await nextEpoch(thread.id, state.roster, inside.book.chains, known, reason);
  } catch (error) {
    throw ofBox(error);
  }
  await stage(inside, made.boxes);
  const core = { ...coreOf(inside, state, 'epoch'), anchor: verified(thread) };
  const signed = await signControl(inside.account.signer, core, { t: 'epoch', body: made.body });
  await ownCheck(inside, state, signed);
  entries.push(entryOf(signed));
  return made.seed;
}

/** The core of this device's next entry. */
export function coreOf(inside: Inside, state: ThreadState, kind: Exclude<Kind, 'unknown'>): EntryCore {
  return state.draft(kind, authorOf(inside, state), inside.saved.device, freshId(), inside.now());
}

/** Stages boxes for what follows. */
export async function stage(inside: Inside, boxes: readonly SealedBox[]): Promise<void> {
  for (let at = 0; at < boxes.length; at += LIMITS.BOXES_PER_PUT) {
    await inside.rpc.call('PutBoxes', { boxes: boxes.slice(at, at + LIMITS.BOXES_PER_PUT) });
  }
}

/** An entry as the wire carries it. */
export function entryOf(signed: Signed): SignedEntry {
  return { core: signed.core, payload: signed.payload ?? new Uint8Array(0), sig: signed.sig };
}

/** As whom this user writes in a thread: as itself, or for a team that takes part. */
function authorOf(inside: Inside, state: ThreadState): Author {
  const itself: Author = { user: inside.user, chainSeq: inside.account.chainSeq, capacity: null };
  const own = state.roster.parties.get(partyKey({ kind: 'user', id: inside.user }));
  if (state.head.n === 0 || (own && own.presence !== 'left' && own.presence !== 'removed')) return itself;
  for (const { party } of state.roster.parties.values()) {
    const capacity = capacityIn(inside, party);
    if (capacity) return { ...itself, capacity };
  }
  throw refused({ code: ERROR_CODE.Forbidden });
}

/** The keyring of a team through which a user, this one if none is named, acts for it. */
export function capacityIn(inside: Inside, party: Party, user = inside.user): Capacity | null {
  if (party.kind !== 'team') return null;
  for (const keyring of party.all === null ? [party.managers] : [party.managers, party.all]) {
    const chain = inside.book.chains.keyringChain(keyring);
    if (!chain) continue;
    for (const member of chain.members.values()) {
      if (member.owner.kind === 'user' && member.owner.id === user) return { keyring, seq: chain.tail.seq };
    }
  }
  return null;
}

/** What this device made must pass the check that everybody will make. */
export async function ownCheck(inside: Inside, state: ThreadState, signed: Signed): Promise<void> {
  const { book } = inside;
  const mode = { nowMs: inside.now() };
  const bytes = signed.toBytes();
  const checked = await book.decide(ofOwn, () => state.check(book.chains, bytes, mode));
  try {
    state.commit(checked);
  } catch (error) {
    throw ofOwn(error);
  }
}

/** Signs a control entry at the end of `state` and takes it in there. */
export async function signAct(inside: Inside, state: ThreadState, control: Control): Promise<SignedEntry> {
  const kind = control.t === 'withdraw_invite' || control.t === 'withdraw_team' ? 'withdraw' : control.t;
  const signed = await signControl(inside.account.signer, coreOf(inside, state, kind), control);
  await ownCheck(inside, state, signed);
  return entryOf(signed);
}

/** Checks receipts and takes the entries in where they stand. */
export async function takeReceipts(
  inside: Inside,
  append: Append,
  receipts: readonly Receipt[],
): Promise<void> {
  hold(receipts.length === append.entries.length, 'H19');
  for (const receipt of receipts) await checkReceipt(inside, append.thread, receipt);
  const id = hex(append.thread);
  const first = receipts[0]?.n ?? 0;
  const thread = inside.threads.get(id) ?? new Thread(id);
  inside.threads.set(id, thread);
  if (first > thread.state.head.n + 1) await syncThread(inside, id);
  for (const [at, receipt] of receipts.entries()) {
    const entry = append.entries[at];
    if (!entry) continue;
    const stored: StoredEntry = { n: receipt.n, at: receipt.at, ...entry };
    await takeEntry(inside, thread, stored);
    hold(thread.heads.get(receipt.n) === hex(receipt.head), 'H19');
  }
  inside.pin(thread);
}

/** Checks the server's signature over where an entry stands. */
export async function checkReceipt(inside: Inside, thread: Uint8Array, receipt: Receipt): Promise<void> {
  const said = concat(thread, be64(receipt.n), receipt.head, be64(receipt.at));
  let holds = false;
  try {
    holds = await PublicKey.parse(unhex(inside.saved.receiptKey)).verifies(LABEL_RECEIPT, said, receipt.sig);
  } catch {
    holds = false;
  }
  hold(holds, 'H19');
}

function be64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** Reads what a refusal says is newer. Answers the lie, if the server told one: nothing may be sealed then to what is
 * known, because what would be newer is kept back. */
export async function catchUpAfter(inside: Inside, id: Hex, refusal: Refusal): Promise<Trouble | null> {
  const { code, stale } = refusal;
  if (code !== ERROR_CODE.Stale && code !== ERROR_CODE.Conflict && code !== ERROR_CODE.ChainRefused)
    return null;
  try {
    if (stale?.keyring) {
      const keyring = hex(stale.keyring);
      await inside.book.refresh('keyring', keyring);
      // It says there is a newer generation and does not show it.
      const served = inside.book.chains.keyringChain(keyring)?.generation ?? 0;
      hold(served >= stale.generation, 'H14');
    } else {
      await syncThread(inside, id);
    }
    if (code === ERROR_CODE.ChainRefused) await inside.verifyOwn();
    return null;
  } catch (error) {
    const trouble = ofOwn(error);
    inside.told.trouble(id, trouble);
    return trouble.isHostile() ? trouble : null;
  }
}
