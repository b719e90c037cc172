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

/** What is done with cards that were asked for from some moment on. */
export interface Take {
  cards(cards: readonly ThreadCard[], org: Hex | null): Promise<void>;
  end(): void;
}

/** The list behind the snapshots. One page after the other is under way. */
export class Older {
  readonly #rpc: Pick<Rpc, 'call'>;
  readonly #views: Pick<Views, 'wanted' | 'endsAt' | 'readTo'>;
  readonly #begin: () => Take;
  #reading: Promise<void> | null = null;
  /** Counts lists: what was asked of a former one is nobody's. */
  #run = 0;

  constructor(rpc: Pick<Rpc, 'call'>, views: Pick<Views, 'wanted' | 'endsAt' | 'readTo'>, begin: () => Take) {
    this.#rpc = rpc;
    this.#views = views;
    this.#begin = begin;
  }

  /** Reads until the page has the rows it asked for, or there are no more. Asked again meanwhile, it is the same. */
  read(): Promise<void> {
    const run = this.#run;
    this.#reading ??= this.pages(run).finally(() => {
      if (run === this.#run) this.#reading = null;
    });
    return this.#reading;
  }

  /** Another list is shown: what is under way for the former one neither holds it up nor fails it. */
  restart(): void {
    this.#run += 1;
    this.#reading = null;
  }

  private async pages(run: number): Promise<void> {
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const wanted = this.#views.wanted();
      if (!wanted) return;
      const { context, place } = wanted;
      const org = context === null ? {} : { org: unhex(context) };
      const ask = { ...org, before: place, max: LIMITS.THREADS_PAGE_MAX };
      const take = this.#begin();
      try {
        const { threads, next } = await this.#rpc.call('ListThreads', ask);
        if (run !== this.#run) return;
        // The list began anew meanwhile, from a new snapshot.
        if (!this.#views.endsAt(context, place)) continue;
        if (next && !isAfter(next, place)) throw local('protocol');
        await take.cards(threads, context);
        if (this.#views.endsAt(context, place)) this.#views.readTo(context, next ?? null);
      } catch (error) {
        if (run !== this.#run) return;
        if (this.#views.endsAt(context, place)) throw error;
      } finally {
        take.end();
      }
    }
  }
}

/** Whether a place lies further down in the list than another. */
function isAfter(a: ThreadPlace, b: ThreadPlace): boolean {
  return a.at < b.at || (a.at === b.at && hex(a.thread) < hex(b.thread));
}
