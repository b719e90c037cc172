/**
 * Who of several tabs of one session leads (Web Locks).
 *
 * Not known here: what a leader does.
 */

/** Waits for a lock and holds it until `release`. */
export interface Locks {
  /** Resolves with a release once this tab is the only one that holds `name`; null: another one holds it now. */
  tryTake(name: string): Promise<(() => void) | null>;
  /** Waits as long as it takes. `stop` gives the waiting up. */
  take(name: string, stop: AbortSignal): Promise<() => void>;
}

/** The browser's locks. */
export function webLocks(): Locks {
  return {
    tryTake: (name) => hold(name, { ifAvailable: true }),
    take: async (name, signal) => {
      const release = await hold(name, { signal });
      if (!release) throw new Error('a lock that was waited for was not given');
      return release;
    },
  };
}

function hold(name: string, options: LockOptions): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const held = (lock: Lock | null): Promise<void> | void => {
      if (!lock) {
        resolve(null);
        return;
      }
      return new Promise<void>((release) => {
        resolve(release);
      });
    };
    navigator.locks.request(name, options, held).catch(reject);
  });
}
