/**
 * Reading threads: every entry is verified, in order, before anything of it is used.
 *
 * Not known here: how entries arrive, and how they are shown. Everything here runs inside `Inside.alone`.
 */

import type { EntryCore } from '../../chain/entry';
import type { Signed } from '../../chain/envelope';
import type { Applied, Checked } from '../../chain/thread';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { LIMITS } from '../../wire/gen/wire';
import type { EntriesAppended, Entries, StoredEntry } from '../../wire/gen/wire';
import { E2eeError } from '../error';
import { historyOf } from '../generations';
import { openMessage } from '../message';
import { hold, hostile, local, ofEntry } from './errors';
import type { Trouble } from './errors';
import type { Inside, ThreadPin } from './inside';
import { ofBox } from './secrets';
import { Thread, bytesOf, signedOf } from './thread';
import type { Content } from './thread';

/** Has a thread at hand, up to date: reads and verifies what it has grown by. */
export async function syncThread(inside: Inside, id: Hex): Promise<Thread> {
  const thread = inside.threads.get(id) ?? new Thread(id);
  const pinned = inside.pins.get(id)?.n ?? 0;
  for (;;) {
    const known = thread.state.head.n;
    const max = LIMITS.PAGE_ENTRIES_MAX;
    const page: Entries = await inside.rpc.call('GetEntries', {
      thread: unhex(id),
      from: known + 1,
      max,
      backward: false,
    });
    hold(page.len >= Math.max(known, pinned), 'H11');
    inside.threads.set(id, thread);
    for (const entry of page.entries) await takeEntry(inside, thread, entry);
    const { n } = thread.state.head;
    if (n >= page.len) {
      checkHead(inside, id, page.len, page.head);
      await openClosed(inside, thread);
      inside.pin(thread);
      return thread;
    }
    if (n === known) throw hostile('H07');
  }
}

/** Has a thread at hand as far as it was read, reading it the first time. */
export async function haveThread(inside: Inside, id: Hex): Promise<Thread> {
  return inside.threads.get(id) ?? syncThread(inside, id);
}

/** Takes in entries that the stream brought. */
export async function takeAppended(inside: Inside, appended: EntriesAppended): Promise<void> {
  const id = hex(appended.thread);
  const thread = inside.threads.get(id);
  const first = appended.entries[0]?.n ?? 0;
  if (!thread || first > thread.state.head.n + 1) {
    // Entries before these are missing here: read the thread, which includes these.
    await syncThread(inside, id);
    return;
  }
  for (const entry of appended.entries) await takeEntry(inside, thread, entry);
  await openClosed(inside, thread);
  inside.pin(thread);
}

/** Verifies an entry and takes it in; an entry that is known already must be the same. */
export async function takeEntry(inside: Inside, thread: Thread, entry: StoredEntry): Promise<void> {
  const { n } = thread.state.head;
  if (entry.n <= n) {
    thread.checkKnown(entry);
    return;
  }
  hold(entry.n <= n + 1, 'H07');
  const bytes = bytesOf(entry);
  const { book } = inside;
  const checked = await book.decide(ofEntry, () => thread.state.check(book.chains, bytes, 'replay'));
  // Before it is taken in: a box that cannot be fetched now leaves everything as it was.
  const key = await keyOf(inside, thread, checked.core, entry);
  const applied = commit(inside, thread, checked);
  thread.note(applied, entry.at);
  const content = await read(applied, signedOf(entry), key);
  if (content.t === 'body' && content.body.title !== null) thread.title = content.body.title;
  const { msgId, author } = applied.core;
  const taken = { n: applied.n, id: msgId, author: author.user, at: entry.at, content };
  if (key !== null && !(key instanceof Uint8Array) && entry.payload)
    thread.closed.set(applied.n, { applied, entry, at: thread.messages.length });
  thread.messages.push(taken);
  inside.told.entry(thread, taken);
  if (applied.control) inside.told.changed(thread);
}

/** Opens what is closed once more: a keyring has grown, and with it what can be reached may have. */
export async function openAnew(inside: Inside, thread: Thread): Promise<void> {
  thread.mayOpen = true;
  await openClosed(inside, thread);
}

/**
 * Opens what was written before a newcomer was: the box that reaches it comes after it. What stays closed is from before
 * their history begins, unless a box that is signed for is kept back or another one: that is said of all it would open.
 */
async function openClosed(inside: Inside, thread: Thread): Promise<void> {
  const { newest } = thread.keys;
  if (thread.closed.size === 0 || !thread.mayOpen || newest === null) return;
  let lie: Trouble | null = null;
  try {
    await openEpoch(inside, thread, newest);
  } catch (error) {
    const trouble = ofBox(error);
    if (trouble.isTransient) return;
    if (trouble.isHostile()) lie = trouble;
  }
  thread.mayOpen = false;
  for (const [n, { applied, entry, at }] of thread.closed) {
    const { epoch } = applied.core;
    const seed = await seedAtHand(thread, epoch);
    const before = thread.messages[at];
    const isKept = lie && thread.keys.leadsTo(epoch);
    if (before?.n !== n || !(seed ?? isKept)) continue;
    const withheld: Content | null = lie && { t: 'bad', why: lie.failure };
    const content = await read(applied, signedOf(entry), seed ?? withheld);
    if (content.t === 'body') thread.title ??= content.body.title;
    const opened = { ...before, content };
    thread.messages[at] = opened;
    if (seed) thread.closed.delete(n);
    inside.told.entry(thread, opened);
  }
  if (lie) inside.told.trouble(thread.id, lie);
}

function commit(inside: Inside, thread: Thread, checked: Checked): Applied {
  let applied;
  try {
    applied = thread.state.commit(checked);
  } catch (error) {
    throw ofEntry(error);
  }
  const { chains } = inside.book;
  chains.putHead(thread.id, applied.n, applied.head);
  chains.putSeen(thread.id, applied.core.msgId);
  const pin = inside.pins.get(thread.id);
  hold(pin?.n !== applied.n || pin.head === applied.head, 'H10');
  return applied;
}

/** The seed that opens a message, or why it stays closed; null for what is no message. */
async function keyOf(
  inside: Inside,
  thread: Thread,
  core: EntryCore,
  entry: StoredEntry,
): Promise<Uint8Array | Content | null> {
  if (core.kind !== 'message') return null;
  if (!entry.payload) return { t: 'unreadable' };
  try {
    return await openEpoch(inside, thread, core.epoch);
  } catch (error) {
    const trouble = ofBox(error);
    if (trouble.isLocal('noKey')) return { t: 'unreadable' };
    if (trouble.isHostile()) return { t: 'bad', why: trouble.failure };
    throw trouble;
  }
}

async function read(applied: Applied, signed: Signed, key: Uint8Array | Content | null): Promise<Content> {
  if (applied.control) return { t: 'act', control: applied.control };
  if (key === null) return { t: 'newer' };
  if (!(key instanceof Uint8Array)) return key;
  try {
    return { t: 'body', body: await openMessage(applied, signed, key) };
  } catch (error) {
    if (error instanceof E2eeError && error.reason === 'ContentErased') return { t: 'unreadable' };
    return { t: 'bad', why: hostile('H18').failure };
  }
}

/** The seed of an epoch: at hand, out of a newer one, or out of a box. */
export async function openEpoch(inside: Inside, thread: Thread, epoch: number): Promise<Uint8Array> {
  const known = await seedAtHand(thread, epoch);
  if (known) return known;
  const { newest } = thread.keys;
  if (newest === null) throw local('noKey');
  inside.indexed(thread, epoch);
  const indexed = await seedAtHand(thread, epoch);
  if (indexed) return indexed;
  let trouble = local('noKey');
  for (let candidate = newest; candidate >= epoch; candidate -= 1) {
    for (const holder of holders(inside, thread, candidate)) {
      try {
        await openBox(inside, thread, candidate, holder);
        const seed = await seedAtHand(thread, epoch);
        if (seed) return seed;
      } catch (error) {
        const met = ofBox(error);
        if (met.isTransient) throw met;
        if (!met.isLocal('noKey')) trouble = met;
      }
    }
  }
  throw trouble;
}

/** The seed, if it is known or follows from a newer one that is. */
async function seedAtHand(thread: Thread, epoch: number): Promise<Uint8Array | null> {
  try {
    return await thread.keys.seed(epoch);
  } catch (error) {
    if (error instanceof E2eeError && (error.reason === 'NoSeed' || error.reason === 'HistoryWalled'))
      return null;
    throw ofBox(error);
  }
}

/** Keyrings of an epoch that may be this user's: the own ones first. */
function holders(inside: Inside, thread: Thread, epoch: number): Hex[] {
  const { personal, inbox } = inside.account;
  const all = new Set([inbox.id, personal.id, ...thread.state.roster.epoch.recipients.keys()]);
  return [...all].filter((keyring) => {
    const owner = inside.book.chains.keyringChain(keyring)?.owner;
    const foreign = owner?.kind === 'user' && owner.id !== inside.user;
    return !foreign && thread.keys.isRecipient(epoch, keyring);
  });
}

async function openBox(inside: Inside, thread: Thread, epoch: number, holder: Hex): Promise<void> {
  const { book, rpc } = inside;
  await book.need('keyring', holder);
  const seeds = await inside.ring.reach(rpc, book, inside.account, holder);
  const { boxes } = await rpc.call('GetBoxes', {
    scope: 'thread',
    id: unhex(thread.id),
    from: epoch,
    to: epoch,
    recipient: unhex(holder),
  });
  const history = book.chains.keyringChain(holder);
  if (!history) throw local('notFound');
  await thread.keys.openBox(epoch, boxes, holder, seeds, historyOf(history));
}

/**
 * Holds what the server says of a thread against what was verified, now or in an earlier run. It may not be behind what
 * was pinned when it was asked: what was verified while its answer was on the way is no reason to doubt it.
 */
export function checkHead(
  inside: Inside,
  id: Hex,
  n: number,
  head: Uint8Array,
  pinned: ReadonlyMap<Hex, ThreadPin> = inside.pins,
): void {
  const told = hex(head);
  hold(n >= (pinned.get(id)?.n ?? 0), 'H11');
  const pin = inside.pins.get(id);
  hold(pin?.n !== n || pin.head === told, 'H10');
  const known = inside.threads.get(id)?.heads.get(n);
  hold(known === undefined || known === told, 'H10');
}
