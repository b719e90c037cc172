/**
 * What the page has been shown, and what of it changed: notes, a few at a time.
 *
 * Not known here: where the facts come from.
 */

import type { Draft } from '../../core/outbox';
import { moved } from '../../core/receipts';
import type { Mark, Marks } from '../../core/receipts';
import { Ends } from '../../core/ends';
import * as rows from '../../core/rows';
import { hex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { ThreadCard, ThreadPlace } from '../../wire/gen/wire';
import type { EntryView, Note, ThreadRow, ThreadView } from '../api';
import type { Inside } from './inside';
import type { Names } from './people';
import { cardPartiesOf, draftView, entryView, isWritable, mayAdd, partiesOf, rowOf } from './shown';
import type { Scene } from './shown';
import type { Message, Thread } from './thread';

/** Entries that a page of a conversation shows at once. */
export const PAGE_ENTRIES = 100;

/** Rows that a page of the list shows at once. */
export const PAGE_ROWS = 50;

/** Milliseconds in which changes are gathered into one note: less than anybody sees. */
const GATHER_MS = 8;

/** What is on its way, as far as the views must know it. */
export interface OnTheWay {
  /** Drafts of a thread, in the order of writing. */
  drafts(thread: Hex): readonly Draft[];
  /** Those that are in a request which may have arrived, by the ids of their messages. */
  made(thread: Hex): ReadonlyMap<Hex, string>;
}

/** The views of one signed-in person. */
export class Views {
  readonly names: Names;
  readonly #inside: Inside;
  readonly #post: (note: Note) => void;
  readonly #outgoing: OnTheWay;
  #rows = rows.NONE;
  #shownRows = 0;
  /** Where the list of each context goes on that was read. */
  readonly #ends = new Ends<Hex | null, ThreadPlace>();
  /** Rows that the page has. */
  readonly #told = new Set<Hex>();
  #complete = false;
  readonly #cards = new Map<Hex, ThreadCard>();
  readonly #orgs = new Map<Hex, Hex | null>();
  readonly #marks = new Map<Hex, Marks>();
  readonly #titles = new Map<Hex, string>();
  /** Conversations the page shows, each with the first position it was given: what is older it asks for in order. */
  readonly #open = new Map<Hex, number>();
  /** Threads whose notes wait until a draft and its entry can change places at once. */
  readonly #held = new Map<Hex, number>();
  /** Verified entries that the list does not know yet. */
  readonly #freshEntries = new Map<Hex, rows.Entry[]>();
  readonly #dirtyRows = new Set<Hex>();
  readonly #goneRows = new Set<Hex>();
  readonly #dirtyEntries = new Map<Hex, Map<string, EntryView>>();
  readonly #dropped = new Map<Hex, Set<string>>();
  readonly #dirtyThreads = new Set<Hex>();
  #isScheduled = false;

  constructor(inside: Inside, names: Names, post: (note: Note) => void, outgoing: OnTheWay) {
    this.#inside = inside;
    this.names = names;
    this.#post = post;
    this.#outgoing = outgoing;
  }

  private get scene(): Scene {
    return { inside: this.#inside, names: this.names };
  }

  /** Cards of the server, of the context of this organization. */
  cards(cards: readonly ThreadCard[], org: Hex | null): void {
    const shown = cards.filter((card) => card.state !== 'declined' && card.state !== 'removed');
    for (const card of shown) {
      this.#cards.set(hex(card.thread), card);
      this.#orgs.set(hex(card.thread), org);
    }
    this.take({
      t: 'cards',
      cards: shown.map(({ thread, len, read, at, closed }) => ({
        thread: hex(thread),
        len,
        read,
        at,
        closed,
      })),
    });
    this.take({
      t: 'gone',
      threads: cards.filter((card) => !shown.includes(card)).map((card) => hex(card.thread)),
    });
  }

  /** A snapshot of a context was read to its end; where the list goes on behind it. */
  only(org: Hex | null, threads: readonly Hex[], older: ThreadPlace | null): void {
    this.#ends.set(org, older);
    const other = [...this.#orgs].filter(([, of]) => of !== org).map(([id]) => id);
    this.take({ t: 'only', threads: [...threads, ...other] });
    this.#complete = true;
    this.schedule();
  }

  /** What the page asked for and is not loaded: of which context, and from where on. */
  wanted(): { context: Hex | null; place: ThreadPlace } | null {
    return this.visible().length < this.#shownRows ? this.#ends.next : null;
  }

  /** Whether the list of a context still goes on from there. */
  endsAt(org: Hex | null, place: ThreadPlace): boolean {
    return this.#ends.of(org) === place;
  }

  /** The list of a context was read on; null: to its end. */
  readTo(org: Hex | null, place: ThreadPlace | null): void {
    this.#ends.set(org, place);
    this.flush();
  }

  /** Another organization is worked in: the list begins anew. */
  clear(): void {
    this.#ends.clear();
    this.take({ t: 'gone', threads: [...this.#rows.threads.keys()] });
    this.#cards.clear();
    this.#orgs.clear();
    this.#shownRows = 0;
    this.#complete = false;
  }

  /** Whether these entries go on in a thread that the list has not come to. */
  knowsNot(thread: Hex, entries: readonly { readonly n: number }[]): boolean {
    return !this.#rows.threads.has(thread) && (entries[0]?.n ?? 1) > 1;
  }

  /** Titles out of the key index. */
  title(thread: Hex, title: string): void {
    this.#titles.set(thread, title);
    this.touchRow(thread);
  }

  /** A verified entry was taken in. */
  entry(thread: Thread, message: Message): void {
    const silent = message.content.t === 'act';
    const own = message.author === this.#inside.user;
    const fresh = this.#freshEntries.get(thread.id) ?? [];
    fresh.push({ n: message.n, at: message.at, silent, own });
    this.#freshEntries.set(thread.id, fresh);
    if (message.content.t === 'act' && message.content.control.t === 'close')
      this.take({ t: 'closed', thread: thread.id });
    this.schedule();
    if (!this.#open.has(thread.id)) return;
    this.upsert(entryView(this.scene, thread, message, this.marks(thread.id)));
    const draft = own ? this.#outgoing.made(thread.id).get(message.id) : undefined;
    if (draft !== undefined) this.dropDrafts(thread.id, [draft]);
  }

  /** Parties, title or standing of a thread changed. */
  changed(thread: Hex): void {
    this.touchRow(thread);
    if (this.#open.has(thread)) this.#dirtyThreads.add(thread);
    this.schedule();
  }

  /** A name in a thread became known. */
  renamed(thread: Thread): void {
    this.changed(thread.id);
    if (!this.#open.has(thread.id)) return;
    const marks = this.marks(thread.id);
    for (const message of thread.messages) this.upsert(entryView(this.scene, thread, message, marks));
  }

  /** A person saw entries on another device, or here. */
  read(thread: Hex, n: number): void {
    this.takeEntries();
    this.take({ t: 'read', thread, n });
  }

  gone(thread: Hex): void {
    this.take({ t: 'gone', threads: [thread] });
    this.#open.delete(thread);
  }

  /** Somebody received or saw entries. */
  mark(thread: Hex, user: Hex, report: Mark): void {
    const before = this.marks(thread);
    const after = moved(before, user, report);
    if (after === before) return;
    this.#marks.set(thread, after);
    const known = this.#inside.threads.get(thread);
    if (!known || !this.#open.has(thread)) return;
    const old = before.get(user);
    for (const message of known.messages) {
      const isReached = message.n <= Math.max(report.delivered, report.read);
      const wasRead = message.n <= (old?.read ?? 0);
      if (message.author === this.#inside.user && isReached && !wasRead) {
        this.upsert(entryView(this.scene, known, message, after));
      }
    }
    this.#dirtyThreads.add(thread);
    this.schedule();
  }

  /** The drafts of a thread changed. */
  drafts(thread: Hex): void {
    this.touchRow(thread);
    if (!this.#open.has(thread)) return;
    for (const draft of this.waiting(thread)) this.upsert(draftView(this.scene, draft));
  }

  /** Drafts became entries, or were discarded. */
  dropDrafts(thread: Hex, drafts: readonly string[]): void {
    this.touchRow(thread);
    if (!this.#open.has(thread)) return;
    const dropped = this.#dropped.get(thread) ?? new Set();
    for (const id of drafts) {
      dropped.add(id);
      this.#dirtyEntries.get(thread)?.delete(id);
    }
    this.#dropped.set(thread, dropped);
    this.schedule();
  }

  /** Keeps notes of a thread back until {@link release}. */
  hold(thread: Hex): void {
    this.#held.set(thread, (this.#held.get(thread) ?? 0) + 1);
  }

  release(thread: Hex): void {
    const left = (this.#held.get(thread) ?? 1) - 1;
    if (left > 0) this.#held.set(thread, left);
    else this.#held.delete(thread);
    this.schedule();
  }

  /** Shows the page of the list after this many rows. Both the page and a snapshot ask for the first one. */
  moreRows(have: number): void {
    this.#shownRows = Math.max(this.#shownRows, have + PAGE_ROWS);
    this.flush();
  }

  /** Threads of the part of the list that is shown and that were not opened in this run, newest first. */
  unopened(): Hex[] {
    return this.shown().filter(
      (id) => !this.#inside.threads.has(id) && this.#cards.get(id)?.state !== 'invited',
    );
  }

  /** Opens a conversation for the page. */
  open(thread: Thread): ThreadView {
    this.takeEntries();
    // Opened once more, the page still shows what it has been given.
    this.#open.set(thread.id, this.#open.get(thread.id) ?? Infinity);
    const { entries, older } = this.page(thread, Infinity);
    const drafts = this.waiting(thread.id).map((draft) => draftView(this.scene, draft));
    return {
      row: this.row(thread.id),
      parties: partiesOf(this.scene, thread, this.marks(thread.id)),
      older,
      entries: [...entries, ...drafts],
      writable: isWritable(this.scene, thread),
      mayAdd: mayAdd(this.scene, thread),
    };
  }

  /** What is served of a thread this person was asked into and has not answered; null: it is none. */
  invitation(thread: Hex): ThreadView | null {
    const card = this.#cards.get(thread);
    if (card?.state !== 'invited' || this.#inside.threads.has(thread)) return null;
    const row = this.row(thread);
    const parties = cardPartiesOf(this.scene, card);
    return { row, parties, older: false, entries: [], writable: false, mayAdd: false };
  }

  /** Entries before a position. */
  page(thread: Thread, before: number): { entries: EntryView[]; older: boolean } {
    const earlier = thread.messages.filter((message) => message.n < before);
    const shown = earlier.slice(-PAGE_ENTRIES);
    const older = earlier.length > shown.length;
    const from = older ? (shown[0]?.n ?? before) : 0;
    const known = this.#open.get(thread.id);
    if (known !== undefined) this.#open.set(thread.id, Math.min(known, from));
    const marks = this.marks(thread.id);
    return { entries: shown.map((message) => entryView(this.scene, thread, message, marks)), older };
  }

  close(thread: Hex): void {
    this.#open.delete(thread);
    this.#dirtyEntries.delete(thread);
    this.#dropped.delete(thread);
    this.#dirtyThreads.delete(thread);
  }

  /** Entries come by the thousand when a thread is read for the first time: the list takes them together. */
  private takeEntries(): void {
    for (const [thread, entries] of this.#freshEntries) {
      this.take({ t: 'entries', thread, entries });
      this.touchRow(thread);
    }
    this.#freshEntries.clear();
  }

  /** All rows that may be shown, newest first. */
  private visible(): Hex[] {
    const { threads } = this.#rows;
    return rows.ordered(this.#rows).filter((id) => this.#ends.reach(threads.get(id)?.at ?? 0));
  }

  /** Those that the page has asked for. */
  private shown(): Hex[] {
    return this.visible().slice(0, Math.max(this.#shownRows, PAGE_ROWS));
  }

  private row(thread: Hex): ThreadRow {
    const facts = this.#rows.threads.get(thread) ?? rows.FRESH;
    return rowOf(this.scene, {
      id: thread,
      facts,
      card: this.#cards.get(thread) ?? null,
      thread: this.#inside.threads.get(thread) ?? null,
      org: this.#orgs.get(thread) ?? null,
      indexed: this.#titles.get(thread) ?? null,
      drafts: this.waiting(thread),
    });
  }

  /**
   * Drafts that are shown as such. The stream may bring an entry before the answer to its request, and after a lost
   * answer long before: from then on its draft is not shown any more.
   */
  private waiting(thread: Hex): readonly Draft[] {
    const drafts = this.#outgoing.drafts(thread);
    const made = this.#outgoing.made(thread);
    if (made.size === 0) return drafts;
    const messages = this.#inside.threads.get(thread)?.messages ?? [];
    const entered = new Set(messages.map(({ id }) => made.get(id)));
    return drafts.filter(({ id }) => !entered.has(id));
  }

  private marks(thread: Hex): Marks {
    return this.#marks.get(thread) ?? new Map<Hex, Mark>();
  }

  private take(input: rows.Input): void {
    const { state, changed, gone } = rows.step(this.#rows, input);
    this.#rows = state;
    for (const id of changed) this.touchRow(id);
    for (const id of gone) {
      this.#dirtyRows.delete(id);
      this.#told.delete(id);
      this.#goneRows.add(id);
    }
    if (gone.length > 0) this.schedule();
  }

  private touchRow(thread: Hex): void {
    if (!this.#rows.threads.has(thread)) return;
    this.#dirtyRows.add(thread);
    this.#goneRows.delete(thread);
    this.schedule();
  }

  /** Tells the page of an entry, unless it is older than what the page shows: a gap behind it would stay. */
  private upsert(view: EntryView): void {
    if (view.n !== null && view.n < (this.#open.get(view.thread) ?? 0)) return;
    const all = this.#dirtyEntries.get(view.thread) ?? new Map<string, EntryView>();
    all.set(view.id, view);
    this.#dirtyEntries.set(view.thread, all);
    this.schedule();
  }

  private schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#inside.rpc.clock.after(GATHER_MS, () => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    this.takeEntries();
    for (const [thread, upsert] of this.#dirtyEntries) this.flushEntries(thread, [...upsert.values()]);
    for (const thread of this.#dropped.keys()) this.flushEntries(thread, []);
    for (const id of this.#dirtyThreads) {
      const thread = this.#inside.threads.get(id);
      this.#dirtyThreads.delete(id);
      if (!thread) continue;
      const parties = partiesOf(this.scene, thread, this.marks(id));
      this.#post({
        t: 'thread',
        thread: id,
        row: this.row(id),
        parties,
        writable: isWritable(this.scene, thread),
        mayAdd: mayAdd(this.scene, thread),
      });
    }
    this.flushRows();
  }

  private flushEntries(thread: Hex, upsert: EntryView[]): void {
    if (this.#held.has(thread)) return;
    const dropDrafts = [...(this.#dropped.get(thread) ?? [])];
    this.#dirtyEntries.delete(thread);
    this.#dropped.delete(thread);
    this.#post({ t: 'entries', thread, upsert, dropDrafts });
  }

  /** Rows of the shown part that changed or are new in it. What the page has once, it is told of for good. */
  private flushRows(): void {
    const fresh = this.shown().filter((id) => !this.#told.has(id));
    for (const id of fresh) this.#told.add(id);
    const changed = [...this.#dirtyRows].filter((id) => this.#told.has(id));
    const upsert = [...new Set([...changed, ...fresh])].map((id) => this.row(id));
    const gone = [...this.#goneRows];
    this.#dirtyRows.clear();
    this.#goneRows.clear();
    const complete = this.#complete && this.#ends.next === null && this.#rows.threads.size <= this.#shownRows;
    if (upsert.length > 0 || gone.length > 0 || complete !== this.#toldComplete) {
      this.#toldComplete = complete;
      this.#post({ t: 'rows', upsert, gone, complete });
    }
  }

  #toldComplete = false;
}
