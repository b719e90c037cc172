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
  /** Entries above `read` that are no messages: signed acts. */
  readonly silent: ReadonlySet<number>;
  /** Server time of the last entry. */
  readonly at: number;
  readonly closed: boolean;
}

export interface RowsState {
  readonly threads: ReadonlyMap<string, Facts>;
}

/** What a card of the server says. */
export interface Card {
  readonly thread: string;
  readonly len: number;
  readonly read: number;
  readonly at: number;
  readonly closed: boolean;
}

/** A verified entry. */
export interface Entry {
  readonly n: number;
  readonly at: number;
  /** It is an act: nobody has to be told of it. */
  readonly silent: boolean;
  /** This person wrote it, and so has seen what was there before. */
  readonly own: boolean;
}

export type Input =
  /** Cards of the server; a snapshot is many of them. */
  | { readonly t: 'cards'; readonly cards: readonly Card[] }
  /** Verified entries of a thread. */
  | { readonly t: 'entries'; readonly thread: string; readonly entries: readonly Entry[] }
  | { readonly t: 'read'; readonly thread: string; readonly n: number }
  | { readonly t: 'closed'; readonly thread: string }
  | { readonly t: 'gone'; readonly threads: readonly string[] }
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

/** Of a thread of which nothing is known yet. */
export const FRESH: Facts = { len: 0, read: 0, silent: new Set(), at: 0, closed: false };

/** Entries of others that this person has not seen. */
export function unread(facts: Facts): number {
  let silent = 0;
  for (const n of facts.silent) if (n > facts.read && n <= facts.len) silent += 1;
  return Math.max(0, facts.len - facts.read - silent);
}

/** Newest first; of the same moment the greater id first, as the server lists them. */
export function ordered(state: RowsState): string[] {
  return [...state.threads.entries()]
    .sort(([a, x], [b, y]) => y.at - x.at || (a > b ? -1 : 1))
    .map(([id]) => id);
}

/** Takes one input. */
export function step(state: RowsState, input: Input): Step {
  switch (input.t) {
    case 'cards':
      return put(
        state,
        input.cards.map((card) => [card.thread, withCard(state.threads.get(card.thread) ?? FRESH, card)]),
      );
    case 'entries': {
      const known = state.threads.get(input.thread) ?? FRESH;
      return put(state, [[input.thread, withEntries(known, input.entries)]]);
    }
    case 'read': {
      const known = state.threads.get(input.thread);
      if (!known || input.n <= known.read) return none(state);
      const read = Math.min(input.n, Math.max(known.len, known.read));
      const silent = new Set([...known.silent].filter((n) => n > read));
      return put(state, [[input.thread, { ...known, read, silent }]]);
    }
    case 'closed': {
      const known = state.threads.get(input.thread);
      return known ? put(state, [[input.thread, { ...known, closed: true }]]) : none(state);
    }
    case 'gone':
      return remove(state, input.threads);
    case 'only': {
      const named = new Set(input.threads);
      return remove(
        state,
        [...state.threads.keys()].filter((thread) => !named.has(thread)),
      );
    }
  }
}

function withCard(known: Facts, card: Card): Facts {
  return {
    ...known,
    len: Math.max(known.len, card.len),
    read: Math.max(known.read, card.read),
    at: Math.max(known.at, card.at),
    closed: known.closed || card.closed,
  };
}

function withEntries(known: Facts, entries: readonly Entry[]): Facts {
  const silent = new Set(known.silent);
  let { len, read, at } = known;
  for (const entry of entries) {
    len = Math.max(len, entry.n);
    at = Math.max(at, entry.at);
    if (entry.own && !entry.silent) read = Math.max(read, entry.n);
    if (entry.silent && entry.n > read) silent.add(entry.n);
  }
  return { ...known, len, read, at, silent };
}

function put(state: RowsState, rows: readonly (readonly [string, Facts])[]): Step {
  const fresh = rows.filter(([thread, facts]) => {
    const known = state.threads.get(thread);
    return !known || !same(known, facts);
  });
  if (fresh.length === 0) return none(state);
  const threads = new Map(state.threads);
  for (const [thread, facts] of fresh) threads.set(thread, facts);
  return { state: { threads }, changed: fresh.map(([thread]) => thread), gone: [] };
}

function remove(state: RowsState, ids: readonly string[]): Step {
  const threads = new Map(state.threads);
  const gone = ids.filter((id) => threads.delete(id));
  return gone.length === 0 ? none(state) : { state: { threads }, changed: [], gone };
}

const none = (state: RowsState): Step => ({ state, changed: [], gone: [] });

const same = (a: Facts, b: Facts): boolean =>
  a.len === b.len &&
  a.read === b.read &&
  a.at === b.at &&
  a.closed === b.closed &&
  a.silent.size === b.silent.size &&
  unread(a) === unread(b);
