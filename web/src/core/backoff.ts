/**
 * Full-jitter back-off: each delay is uniform between nothing and a bound that doubles, so that a ward that lost its
 * server does not return in step.
 *
 * Not known here: clocks, and where the jitter comes from.
 */

import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from './limits';

/** The delay after `attempts` failures, for a jitter in [0, 1). */
export function backoffMs(attempts: number, jitter: number): number {
  const bound = Math.min(BACKOFF_BASE_MS * 2 ** Math.min(attempts, 32), BACKOFF_CAP_MS);
  return Math.floor(jitter * (bound + 1));
}
