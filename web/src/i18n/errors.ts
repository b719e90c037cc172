/** From a failure to words that say what to do. */
import type { Failure } from '../e2ee/api';
import { CLOSE_NAMES, ERROR_NAMES, HOSTILE, type ErrorWords, type KnownHostile, type Words } from './codes';

const isHostile = (code: number | string): code is KnownHostile => HOSTILE.some((one) => one === code);
const has = <K extends string>(table: Record<K, Words>, code: number | string): code is K =>
  typeof code === 'string' && Object.hasOwn(table, code);

/** Title and advice for a failure; the general ones for a code of a newer version. */
export function failureWords(failure: Failure, words: ErrorWords): Words {
  const { code } = failure;
  if (typeof code === 'number') {
    const refused = ERROR_NAMES.get(code);
    if (refused !== undefined) return words.refused[refused];
    const closed = CLOSE_NAMES.get(code);
    return closed === undefined ? words.unknown : words.closed[closed];
  }
  switch (failure.kind) {
    case 'hostile':
      return isHostile(code) ? words.hostile[code] : words.unknown;
    case 'offline':
      return has(words.offline, code) ? words.offline[code] : words.offline.unreachable;
    case 'local':
      return has(words.local, code) ? words.local[code] : words.local.platform;
    case 'refused':
      return words.unknown;
  }
}

/** What an administrator should be told, or null: only for what looks like an attack. */
export function reference(failure: Failure): string | null {
  return failure.kind === 'hostile' ? String(failure.code) : null;
}
