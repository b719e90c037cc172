/** From a signed act to a sentence. */
import type { EntryView } from '../../e2ee/api';
import type { Catalog } from '../../i18n/fr';
import { isTold, nameShown } from '../../i18n/names';

/** The sentence for an act of an entry. */
export function actWords(
  entry: EntryView,
  words: Catalog,
  list: (names: readonly string[]) => string,
): string {
  if (entry.content.kind !== 'act') return '';
  const { act, subjects, detail } = entry.content;
  // The wire's name, however it is written there: `link_patient`, `LinkPatient`.
  const name = act.toLowerCase().replace(/[^a-z]/g, '');
  const who = { name: nameShown(entry.authorName, 'user', words), you: entry.mine };
  const priority = Object.entries(words.priority).find(([key]) => key === detail)?.[1] ?? null;
  const why = name === 'priority' ? priority : detail;
  const sentence = Object.entries(words.acts).find(([key]) => key === name)?.[1] ?? words.acts.other;
  return sentence(who, list(subjects.filter(isTold)), why);
}
