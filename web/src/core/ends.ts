/**
 * Where the lists of several contexts go on that are shown as one. What lies behind the newest of these places is not
 * shown yet: there, threads of the other context would come in between.
 *
 * Not known here: threads, and how a list is read.
 */

/** The ends of what was loaded of each context. */
export class Ends<Context, Place extends { readonly at: number }> {
  readonly #ends = new Map<Context, Place | null>();

  /** What is loaded of a context goes to this place; null: to the end. */
  set(context: Context, place: Place | null): void {
    this.#ends.set(context, place);
  }

  /** Where the list of a context goes on. */
  of(context: Context): Place | null {
    return this.#ends.get(context) ?? null;
  }

  clear(): void {
    this.#ends.clear();
  }

  /** The context to read on in, and from where; null: all are loaded to their ends. */
  get next(): { readonly context: Context; readonly place: Place } | null {
    let next: { context: Context; place: Place } | null = null;
    for (const [context, place] of this.#ends)
      if (place && (!next || place.at > next.place.at)) next = { context, place };
    return next;
  }

  /** Whether a thread that was last active then may be shown. */
  reach(at: number): boolean {
    return at >= (this.next?.place.at ?? 0);
  }
}
