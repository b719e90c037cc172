/** Names that this server does not tell: of teams whose unit this person may not look into, of people with nothing in
 * common. What stands for them is words, never a number. */
import type { Catalog } from './fr';

/** What the worker puts for a name it was not told. */
const UNTOLD = /^#[0-9a-f]{6}$/;

/** Whether it is a name. */
export const isTold = (name: string): boolean => name !== '' && !UNTOLD.test(name);

/** A name within a line of others: whatever its script, it stands where its turn is (UAX 9, isolates). */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

/** A name as it is shown. */
export function nameShown(name: string, kind: 'user' | 'team', words: Catalog): string {
  if (isTold(name)) return name;
  return kind === 'team' ? words.people.unnamedTeam : words.common.someone;
}
