/**
 * The list of threads of one context: what is known of each, in which order they stand, what is unread.
 *
 * Facts come from the server's cards and, stronger, from verified entries; a position never goes back. {@link step}
 * answers which threads changed, so that a page of five thousand is not sent again for one new message.
 *
 * Not known here: names, titles and previews, which need keys; and how a row is shown.
 */

/** What is known of a thread. */
export interface Facts {
  /** Entries it has. */
  readonly len: number;
  /** Entries this person has seen. */
  readonly read: number;
  /** Entries above `read` that are no messages of others: signed acts, and own ones. */
  readonly silent: readonly number[];
  /** Server time of the last entry. */
  readonly at: number;
  readonly closed: boolean;
}

export interface RowsState {
  readonly threads: ReadonlyMap<string, Facts>;
}

export type Input =
  /** A card of the server; a snapshot is many of them. */
  | {
      readonly t: 'card';
      readonly thread: string;
      readonly len: number;
      readonly read: number;
      readonly at: number;
      readonly closed: boolean;
    }
  /** A verified entry. `silent`: it is an act, or of this person. */
  | {
      readonly t: 'entry';
      readonly thread: string;
      readonly n: number;
      readonly at: number;
      readonly silent: boolean;
    }
  | { readonly t: 'read'; readonly thread: string; readonly n: number }
  | { readonly t: 'closed'; readonly thread: string }
  | { readonly t: 'gone'; readonly thread: string }
  /** A snapshot was read to its end: what it does not name is gone. */
  | { readonly t: 'only'; readonly threads: readonly string[] };

export interface Step {
  readonly state: RowsState;
  /** Threads whose row is to be shown anew. */
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

/** Nothing known yet. */
export const NONE: RowsState = { threads: new Map() };

const FRESH: Facts = { len: 0, read: 0, silent: [], at: 0, closed: false };

/** Entries of others that this person has not seen. */
export function unread(facts: Facts): number {
  const silent = facts.silent.filter((n) => n > facts.read && n <= facts.len).length;
  return Math.max(0, facts.len - facts.read - silent);
}

/** Newest first; of the same moment in the order of the ids, so that two devices agree. */
export function ordered(state: RowsState): string[] {
  return [...state.threads.entries()]
    .sort(([a, x], [b, y]) => y.at - x.at || (a < b ? -1 : 1))
    .map(([id]) => id);
}

/** Takes one input. */
export function step(state: RowsState, input: Input): Step {
  switch (input.t) {
    case 'card': {
      const known = state.threads.get(input.thread) ?? FRESH;
      return put(state, input.thread, {
        ...known,
        len: Math.max(known.len, input.len),
        read: Math.max(known.read, input.read),
        at: Math.max(known.at, input.at),
        closed: known.closed || input.closed,
      });
    }
    case 'entry':
      return entry(state, input.thread, input.n, input.at, input.silent);
    case 'read': {
      const known = state.threads.get(input.thread);
      if (!known || input.n <= known.read) return none(state);
      const read = Math.min(input.n, Math.max(known.len, known.read));
      return put(state, input.thread, { ...known, read, silent: known.silent.filter((n) => n > read) });
    }
    case 'closed': {
      const known = state.threads.get(input.thread);
      return known ? put(state, input.thread, { ...known, closed: true }) : none(state);
    }
    case 'gone':
      return remove(state, [input.thread]);
    case 'only': {
      const named = new Set(input.threads);
      return remove(
        state,
        [...state.threads.keys()].filter((thread) => !named.has(thread)),
      );
    }
  }
}

function entry(state: RowsState, thread: string, n: number, at: number, silent: boolean): Step {
  const known = state.threads.get(thread) ?? FRESH;
  const remember = silent && n > known.read && !known.silent.includes(n);
  return put(state, thread, {
    ...known,
    len: Math.max(known.len, n),
    at: Math.max(known.at, at),
    silent: remember ? [...known.silent, n] : known.silent,
  });
}

function put(state: RowsState, thread: string, facts: Facts): Step {
  const known = state.threads.get(thread);
  if (known && same(known, facts)) return none(state);
  return { state: { threads: new Map(state.threads).set(thread, facts) }, changed: [thread], gone: [] };
}

function remove(state: RowsState, ids: readonly string[]): Step {
  const threads = new Map(state.threads);
  const gone = ids.filter((id) => threads.delete(id));
  return gone.length === 0 ? none(state) : { state: { threads }, changed: [], gone };
}

const none = (state: RowsState): Step => ({ state, changed: [], gone: [] });

const same = (a: Facts, b: Facts): boolean =>
  a.len === b.len && a.read === b.read && a.at === b.at && a.closed === b.closed && unread(a) === unread(b);
