/** One open thread: its entries in order, who takes part, and which part of a long thread is in the page. */
import type { Api, EntryView, Failure, Id, Note, PartyView, ThreadRow } from '../e2ee/api';
import { outcome } from './failure';

/** Entries shown at first and added by each "older". */
export const ENTRIES_PER_PAGE = 100;
/** Entries put into the page at once when a thread is opened without anything unread: a screenful, the others follow. */
export const ENTRIES_AT_ONCE = 30;
/** Entries by which the page grows between two paints: more would hold up who scrolls or types. */
export const ENTRIES_PER_STEP = 20;
/** Entries in the page at most; beyond, the newest leave it until asked for. Bounds the work of the browser. */
export const ENTRIES_SHOWN_MAX = 300;

/** By position; drafts of ours, which have none yet, last, in the order of writing. */
export function byPosition(a: EntryView, b: EntryView): number {
  if (a.n !== null && b.n !== null) return a.n - b.n;
  if (a.n === null && b.n === null) return a.at - b.at || (a.id < b.id ? -1 : 1);
  return a.n === null ? 1 : -1;
}

/** Applies a patch of entries to a sorted list. */
export function patched(
  entries: readonly EntryView[],
  upsert: readonly EntryView[],
  drop: readonly Id[],
): readonly EntryView[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  for (const id of drop) byId.delete(id);
  for (const entry of upsert) byId.set(entry.id, entry);
  return [...byId.values()].sort(byPosition);
}

type ThreadNote = Extract<Note, { t: 'thread' }>;
type RowsNote = Extract<Note, { t: 'rows' }>;
type EntriesNote = Extract<Note, { t: 'entries' }>;

/** Puts a few more entries into the page, and resolves once they are painted. */
export type Step = (more: () => void) => Promise<void>;

/** The state of one open thread. */
export class Conversation {
  readonly id: Id;
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  why = $state.raw<Failure | null>(null);
  row = $state.raw<ThreadRow | null>(null);
  parties = $state.raw<readonly PartyView[]>([]);
  writable = $state(false);
  mayAdd = $state(false);
  entries = $state.raw<readonly EntryView[]>([]);
  older = $state(false);
  asking = $state(false);
  /** Entries are on their way into the page, a few at a time. */
  growing = $state(false);
  /** First position that was unread when the thread was opened; null: nothing was. */
  unreadFrom = $state<number | null>(null);
  /** How many entries from the end are left out; 0: the newest are shown. */
  #skipped = $state(0);
  #size = $state(ENTRIES_AT_ONCE);
  shown: readonly EntryView[] = $derived.by(() => {
    const end = this.entries.length - this.#skipped;
    return this.entries.slice(Math.max(0, end - this.#size), end);
  });
  atNewest: boolean = $derived(this.#skipped === 0);
  hasOlder: boolean = $derived(
    this.#size >= ENTRIES_PER_PAGE && (this.older || this.entries.length - this.#skipped > this.#size),
  );
  byId: ReadonlyMap<Id, EntryView> = $derived(new Map(this.entries.map((entry) => [entry.id, entry])));
  readonly #api: Api;
  #read = 0;
  /** Counts what makes the page grow; only the newest goes on. */
  #run = 0;

  constructor(api: Api, id: Id) {
    this.#api = api;
    this.id = id;
  }

  async open(): Promise<void> {
    this.phase = 'loading';
    this.why = null;
    const opened = await outcome(this.#api.openThread(this.id));
    if (!opened.ok) {
      this.why = opened.why;
      this.phase = 'failed';
      return;
    }
    const { row, parties, older, entries, writable, mayAdd } = opened.value;
    this.row = row;
    this.parties = parties;
    this.older = older;
    this.writable = writable;
    this.mayAdd = mayAdd;
    // What was shown before is older than what comes now; drafts are all in it.
    this.entries = patched(
      this.entries.filter((entry) => entry.n !== null),
      entries,
      [],
    );
    this.unreadFrom = firstUnread(this.entries, row.unread);
    // The line "new" is where the reader begins: it is there from the first. Opened once more, nothing is taken away.
    if (this.unreadFrom !== null) this.#size = Math.max(this.#size, ENTRIES_PER_PAGE);
    this.phase = 'ready';
  }

  applyEntries(note: EntriesNote): void {
    this.entries = patched(this.entries, note.upsert, note.dropDrafts);
  }

  /**
   * Who is taken out of the open conversation sees that it is gone, instead of writing into nothing; who is let back
   * in sees it again.
   */
  applyRows(note: RowsNote): void {
    const isBack = this.phase === 'failed' && note.upsert.some((row) => row.id === this.id);
    if (isBack || note.gone.includes(this.id)) void this.open();
  }

  applyThread(note: ThreadNote): void {
    this.row = note.row;
    this.parties = note.parties;
    this.writable = note.writable;
    this.mayAdd = note.mayAdd;
  }

  /** Shows a page more of what is older, asking the server where needed. */
  async showOlder(step: Step): Promise<void> {
    if (this.asking || this.growing || !(await this.#readOlder())) return;
    await this.#grow(this.#size + ENTRIES_PER_PAGE, step, () => {
      const left = this.entries.length - this.#skipped;
      const wanted = Math.max(this.#size, Math.min(this.#size + ENTRIES_PER_STEP, left));
      this.#size = Math.min(wanted, ENTRIES_SHOWN_MAX);
      // Beyond the bound the newest leave the page as the older ones come.
      this.#skipped += wanted - this.#size;
    });
  }

  /** Shows the rest of the first page. */
  async fill(step: Step): Promise<void> {
    if (this.growing) return;
    await this.#grow(ENTRIES_PER_PAGE, step, () => {
      this.#size = Math.min(this.#size + ENTRIES_PER_STEP, ENTRIES_PER_PAGE);
    });
  }

  /** Has a page of older entries at hand; false where the server does not answer. */
  async #readOlder(): Promise<boolean> {
    const first = this.entries.find((entry) => entry.n !== null)?.n;
    const left = this.entries.length - this.#skipped - this.#size;
    if (left >= ENTRIES_PER_PAGE || !this.older || typeof first !== 'number') return true;
    this.asking = true;
    const page = await outcome(this.#api.older(this.id, first));
    this.asking = false;
    if (!page.ok) {
      this.why = page.why;
      return false;
    }
    this.why = null;
    this.older = page.value.older;
    this.entries = patched(page.value.entries, this.entries, []);
    return true;
  }

  /** Puts entries into the page, a few before each paint, unless the reader goes back to the newest meanwhile. */
  async #grow(to: number, step: Step, more: () => void): Promise<void> {
    const run = (this.#run += 1);
    const steps = Math.ceil((to - this.#size) / ENTRIES_PER_STEP);
    this.growing = true;
    for (let taken = 0; taken < steps && run === this.#run; taken += 1) {
      await step(() => {
        if (run === this.#run) more();
      });
    }
    if (run === this.#run) this.growing = false;
  }

  showNewest(): void {
    this.#run += 1;
    this.growing = false;
    this.#skipped = 0;
    this.#size = Math.min(this.#size, ENTRIES_PER_PAGE);
  }

  /** Says that everything shown was read; once per position. */
  markRead(): void {
    const last = this.entries.reduce((highest, entry) => Math.max(highest, entry.n ?? 0), 0);
    if (this.phase !== 'ready' || last <= this.#read) return;
    this.#read = last;
    void outcome(this.#api.markRead(this.id, last));
  }

  end(): void {
    void outcome(this.#api.closeView(this.id));
  }
}

/** The first of the last `unread` messages of others. */
function firstUnread(entries: readonly EntryView[], unread: number): number | null {
  let left = unread;
  let first: number | null = null;
  for (let i = entries.length - 1; i >= 0 && left > 0; i -= 1) {
    const entry = entries[i];
    if (entry === undefined || entry.mine || entry.n === null) continue;
    if (entry.content.kind === 'act') continue;
    first = entry.n;
    left -= 1;
  }
  return first;
}
