/**
 * Which failures exist: the wire's tables and the client's own codes. The catalogues have an entry for each, so a new
 * code does not compile until it has words in both languages.
 */
import type { HostileCode, LocalCode, OfflineCode } from '../e2ee/api';
import { CLOSE_CODE, ERROR_CODE } from '../wire/gen/wire';

/** What a lying server or peer tried; the same list as in the native client. */
export const HOSTILE = [
  'H01',
  'H02',
  'H03',
  'H04',
  'H05',
  'H06',
  'H07',
  'H08',
  'H09',
  'H10',
  'H11',
  'H12',
  'H13',
  'H14',
  'H15',
  'H16',
  'H17',
  'H18',
  'H19',
  'H20',
  'H21',
  'H22',
  'H23',
  'H24',
  'H25',
  'H26',
  'H27',
  'H28',
  'H29',
] as const satisfies readonly HostileCode[];

/** A code of {@link HOSTILE}. */
export type KnownHostile = (typeof HOSTILE)[number];

/** What happened, and what the person can do. */
export interface Words {
  title: string;
  todo: string;
}

/** The part of a catalogue about failures. */
export interface ErrorWords {
  refused: Record<keyof typeof ERROR_CODE, Words>;
  closed: Record<keyof typeof CLOSE_CODE, Words>;
  hostile: Record<KnownHostile, Words>;
  local: Record<LocalCode, Words>;
  offline: Record<OfflineCode, Words>;
  /** Codes of a newer server. */
  unknown: Words;
}

const byNumber = <Name extends string>(table: Record<Name, number>): ReadonlyMap<number, Name> =>
  new Map((Object.keys(table) as Name[]).map((name) => [table[name], name]));

/** Names of the wire's error codes by number. */
export const ERROR_NAMES = byNumber(ERROR_CODE);
/** Names of the wire's close codes by number. */
export const CLOSE_NAMES = byNumber(CLOSE_CODE);
