/** Which entries stand together: one heading per day, one name over what somebody wrote in one go. */
import type { EntryView, Ms } from '../../e2ee/api';

/** Within this time, messages of one person share their name. */
const TOGETHER_MS = 5 * 60_000;

/** An entry with what stands above it. */
export interface Placed {
  entry: EntryView;
  /** Heading of the day, where a new one begins. */
  day: Ms | null;
  /** The line "new" stands above it. */
  unread: boolean;
  /** Continues what the same person wrote just before. */
  joined: boolean;
}

/** Places entries. `dayOf` numbers the days of this device's calendar. */
export function place(
  entries: readonly EntryView[],
  unreadFrom: number | null,
  dayOf: (at: Ms) => number,
): Placed[] {
  let before: EntryView | null = null;
  return entries.map((entry) => {
    const last = before;
    before = entry;
    const newDay = last === null || dayOf(last.at) !== dayOf(entry.at);
    const unread = unreadFrom !== null && entry.n === unreadFrom;
    const joined =
      !newDay &&
      !unread &&
      last.author === entry.author &&
      last.content.kind === 'text' &&
      entry.content.kind === 'text' &&
      entry.content.replyTo === null &&
      entry.at - last.at < TOGETHER_MS;
    return { entry, day: newDay ? entry.at : null, unread, joined };
  });
}

/**
 * Places entries again and again. One that stands as it stood is the same object: the page does not look at it anew, and
 * adding twenty entries costs twenty, however many are there.
 */
export class Places {
  #known = new Map<EntryView, Placed>();

  place(...given: Parameters<typeof place>): Placed[] {
    const before = this.#known;
    const all = place(...given).map((now) => {
      const then = before.get(now.entry);
      const isSame = then?.day === now.day && then.unread === now.unread && then.joined === now.joined;
      return isSame ? then : now;
    });
    this.#known = new Map(all.map((placed) => [placed.entry, placed]));
    return all;
  }
}
