/**
 * How long a question to the server is asked again before its refusal is given to the caller.
 *
 * Not known here: how it is asked, and clocks.
 */

import { ERROR_CODE } from '../wire/gen/wire';
import type { Refusal } from '../wire/gen/wire';
import { ASK_PAUSE_MAX_MS, ASK_TRIES_MAX } from './limits';

/** Milliseconds to wait before asking once more after the refusal of try number `tries` (from 0); null: do not. */
export function askAgainIn(refusal: Refusal, tries: number): number | null {
  const busy = refusal.code === ERROR_CODE.Throttled || refusal.code === ERROR_CODE.Overloaded;
  const after = refusal.retry_after;
  if (!busy || tries >= ASK_TRIES_MAX || after === undefined || after > ASK_PAUSE_MAX_MS) return null;
  return Math.max(20, after);
}
