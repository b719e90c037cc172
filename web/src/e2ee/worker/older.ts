/**
 * Reads the list of threads on behind what a snapshot names, as far as the page has asked for rows.
 *
 * Not known here: what is done with a card, and what the page shows.
 */

import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { LIMITS } from '../../wire/gen/wire';
import type { ThreadCard, ThreadPlace } from '../../wire/gen/wire';
import { local } from './errors';
import type { Rpc } from './rpc';
import type { Views } from './views';

/** Pages that one asking reads at most: the server may answer with short ones, and with ever more of them. */
const PAGES_MAX = 8;

/** The list behind the snapshots. One page after the other is under way. */
export class Older {
  readonly #rpc: Pick<Rpc, 'call'>;
  readonly #views: Pick<Views, 'wanted' | 'endsAt' | 'readTo'>;
  readonly #take: (cards: readonly ThreadCard[], org: Hex | null) => Promise<void>;
  #reading: Promise<void> | null = null;

  constructor(
    rpc: Pick<Rpc, 'call'>,
    views: Pick<Views, 'wanted' | 'endsAt' | 'readTo'>,
    take: (cards: readonly ThreadCard[], org: Hex | null) => Promise<void>,
  ) {
    this.#rpc = rpc;
    this.#views = views;
    this.#take = take;
  }

  /** Reads until the page has the rows it asked for, or there are no more. Asked again meanwhile, it is the same. */
  read(): Promise<void> {
    this.#reading ??= this.pages().finally(() => (this.#reading = null));
    return this.#reading;
  }

  private async pages(): Promise<void> {
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const wanted = this.#views.wanted();
      if (!wanted) return;
      const { context, place } = wanted;
      const org = context === null ? {} : { org: unhex(context) };
      const ask = { ...org, before: place, max: LIMITS.THREADS_PAGE_MAX };
      const { threads, next } = await this.#rpc.call('ListThreads', ask);
      if (next && !isAfter(next, place)) throw local('protocol');
      // The list began anew meanwhile: of another context, or from a new snapshot.
      if (!this.#views.endsAt(context, place)) continue;
      await this.#take(threads, context);
      if (this.#views.endsAt(context, place)) this.#views.readTo(context, next ?? null);
    }
  }
}

/** Whether a place lies further down in the list than another. */
function isAfter(a: ThreadPlace, b: ThreadPlace): boolean {
  return a.at < b.at || (a.at === b.at && hex(a.thread) < hex(b.thread));
}
