/**
 * The language in use. A change is seen at once everywhere, without reloading; the other language's words are a chunk
 * of their own and load when they are wanted.
 */
import type { Failure, Locale } from '../e2ee/api';
import type { Words } from './codes';
import { failureWords } from './errors';
import { makeFormat, region, type Format } from './format';
import type { Catalog } from './fr';
import { mapWords, typeset } from './typeset';

const LOADERS: Record<Locale, () => Promise<{ default: Catalog }>> = {
  fr: () => import('./fr'),
  en: () => import('./en'),
};

interface Loaded {
  locale: Locale;
  words: Catalog;
  format: Format;
}

let loaded = $state.raw<Loaded | null>(null);

function current(): Loaded {
  if (loaded === null) throw new Error('the language is loaded before anything is shown');
  return loaded;
}

/** Loads a language and makes it the one in use. */
export async function useLocale(
  locale: Locale,
  preferred: readonly string[] = navigator.languages,
): Promise<void> {
  const module = await LOADERS[locale]();
  const words = locale === 'fr' ? mapWords(module.default, typeset) : module.default;
  loaded = { locale, words, format: makeFormat(locale, region(locale, preferred)) };
  document.documentElement.lang = locale;
}

/** Puts words in place without loading, for tests with a made-up language. */
export function useWords(locale: Locale, words: Catalog, tag: string): void {
  loaded = { locale, words, format: makeFormat(locale, tag) };
}

/** The words in use. */
export const t = (): Catalog => current().words;
/** The formats in use. */
export const f = (): Format => current().format;
/** The language in use. */
export const locale = (): Locale => current().locale;
/** What happened and what to do about it. */
export const sorry = (failure: Failure): Words => failureWords(failure, current().words.errors);

/** The language to start with: the first of the browser's that exists, else French. */
export function firstLocale(preferred: readonly string[]): Locale {
  for (const tag of preferred) {
    if (/^fr\b/i.test(tag)) return 'fr';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'fr';
}
