/** The list of threads: newest first, as the worker tells it. */
import type { Api, Failure, Id, Note, ThreadRow } from '../e2ee/api';
import { outcome } from './failure';

/**
 * Rows that are shown before more are asked for; a list of thousands is never in the page at once. As many as the
 * worker sends and opens together.
 */
export const ROWS_PER_PAGE = 50;

/** Which rows to show. */
export type Filter = 'all' | 'unread' | 'urgent';

type RowsNote = Extract<Note, { t: 'rows' }>;

/** The rows of the context that is being worked in. */
export class Rows {
  byId = $state.raw<ReadonlyMap<Id, ThreadRow>>(new Map());
  /** Nothing more to be had from the server. */
  complete = $state(false);
  /** The first page came. */
  loaded = $state(false);
  asking = $state(false);
  /** Why older ones could not be read, until they are asked for again. */
  why = $state.raw<Failure | null>(null);
  sorted: readonly ThreadRow[] = $derived(
    [...this.byId.values()].sort((a, b) => b.at - a.at || (a.id > b.id ? -1 : 1)),
  );
  unread = $derived(this.sorted.reduce((sum, row) => sum + row.unread, 0));
  readonly #api: Api;
  /** Counts lists: what was asked for an earlier one says nothing of this one. */
  #list = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  apply(note: RowsNote): void {
    const next = new Map(this.byId);
    for (const id of note.gone) next.delete(id);
    for (const row of note.upsert) next.set(row.id, row);
    this.byId = next;
    this.complete = note.complete;
    this.loaded = true;
  }

  put(row: ThreadRow): void {
    this.byId = new Map([...this.byId, [row.id, row]]);
  }

  async more(): Promise<void> {
    if (this.asking) return;
    const list = this.#list;
    this.asking = true;
    this.why = null;
    const done = await outcome(this.#api.moreRows(this.byId.size));
    if (list !== this.#list) return;
    this.why = done.ok ? null : done.why;
    this.asking = false;
  }

  clear(): void {
    this.#list += 1;
    this.byId = new Map();
    this.complete = false;
    this.loaded = false;
    this.asking = false;
    this.why = null;
  }
}

/** Whether a row is meant by a filter and by folded words. */
export function matches(
  row: ThreadRow,
  filter: Filter,
  words: readonly string[],
  fold: (text: string) => string,
): boolean {
  if (filter === 'unread' && row.unread === 0) return false;
  if (filter === 'urgent' && row.priority !== 'urgent') return false;
  if (words.length === 0) return true;
  const text = fold(
    [row.title ?? '', row.patient ?? '', ...row.teams, ...row.people, row.preview?.text ?? ''].join(' '),
  );
  return words.every((word) => text.includes(word));
}
