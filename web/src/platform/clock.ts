/**
 * The one place where time is read.
 *
 * Not known here: what it is used for.
 */

/** Two clocks: one that does not go back, and the server's as far as it is known. */
export interface Clock {
  /** Milliseconds of a clock that does not go back. */
  steady(): number;
  /** Server time, ms since 1970: this device's clock and the difference that was last seen. */
  server(): number;
  /** The server said its time. */
  told(serverMs: number): void;
  /** Calls back after so many milliseconds; the answer calls it off. */
  after(ms: number, then: () => void): () => void;
}

/** The browser's clocks. */
export function systemClock(): Clock {
  let ahead = 0;
  return {
    steady: () => performance.now(),
    server: () => Math.round(Date.now() + ahead),
    told: (serverMs) => {
      ahead = serverMs - Date.now();
    },
    after: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  };
}

/** Resolves after so many milliseconds. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
