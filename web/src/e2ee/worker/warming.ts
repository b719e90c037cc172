/**
 * Opens what the list shows, so that rows have titles and first words before somebody presses them: one thread at a
 * time, until nothing that is shown is left unopened.
 *
 * Not known here: what a thread is, and how it is opened.
 */
import type { Hex } from '../../wire/bytes';

/** What there is to open, and how. */
export interface Shown {
  /** What is shown and not open, first what is to be opened first. */
  unopened(): readonly Hex[];
  /** Whether opening is of use now. */
  mayOpen(): boolean;
  open(id: Hex): Promise<void>;
}

/** At most one round at a time. */
export class Warming {
  readonly #shown: Shown;
  #isRunning = false;

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  /** Begins a round unless there is one; that one comes to what has been shown meanwhile. Each is tried once in it. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const tried = new Set<Hex>();
    try {
      while (this.#shown.mayOpen()) {
        // Looked for anew each time: while one is opened, the other stream of events may bring the rest of the list.
        const id = this.#shown.unopened().find((one) => !tried.has(one));
        if (id === undefined) return;
        tried.add(id);
        await this.#shown.open(id);
      }
    } finally {
      this.#isRunning = false;
    }
  }
}
