/**
 * Dates, times, sizes and lists in the reader's language. The region (fr-CA or fr-FR, en-CA or en-GB) comes from the
 * browser and is independent of the chosen language.
 */
import type { Locale, Ms } from '../e2ee/api';

const DAY_MS = 86_400_000;

/** Regions of which each language's formats are used; the first is taken where the browser names none. */
const REGIONS: Record<Locale, readonly string[]> = {
  fr: ['fr-CA', 'fr-FR', 'fr-BE', 'fr-CH'],
  en: ['en-CA', 'en-GB', 'en-US', 'en-AU', 'en-IE'],
};

/** The formats of one language in one region. */
export interface Format {
  time(at: Ms): string;
  /** Heading over the messages of a day. */
  day(at: Ms, now: Ms): string;
  /** For a list: the time today, then the weekday, then the date. */
  brief(at: Ms, now: Ms): string;
  full(at: Ms): string;
  /** How long ago, in words. */
  ago(at: Ms, now: Ms): string;
  bytes(count: number): string;
  /** Minutes and seconds. */
  length(seconds: number): string;
  list(words: readonly string[]): string;
  number(count: number): string;
  compare(a: string, b: string): number;
}

/** The browser's region for a language. */
export function region(locale: Locale, preferred: readonly string[]): string {
  const known = REGIONS[locale];
  return preferred.find((tag) => known.includes(tag)) ?? known[0] ?? locale;
}

/** Days between two moments, by the calendar of this device. */
function daysApart(at: Ms, now: Ms): number {
  const midnight = (ms: Ms): number => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(at)) / DAY_MS);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** Makes the formats. `zone` only for tests; otherwise that of the device. */
export function makeFormat(locale: Locale, tag: string): Format {
  const clock = new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' });
  const english = new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit' });
  const time = (at: Ms): string => {
    if (locale === 'en')
      return english
        .format(at)
        .replace(/\s?([ap])\.?m\.?/i, (_, half: string) => `\u00a0${half.toLowerCase()}m`);
    const parts = clock.formatToParts(at);
    const pick = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
    return `${Number(pick('hour'))}\u00a0h\u00a0${pick('minute')}`;
  };
  const weekday = new Intl.DateTimeFormat(tag, { weekday: 'long' });
  const dayLong = new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long' });
  const dayYear = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'long', year: 'numeric' });
  const dayShort = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  /** Intl says "this minute"; nobody else does. */
  const justNow = locale === 'fr' ? 'à l’instant' : 'just now';
  const numbers = new Intl.NumberFormat(tag);
  const lists = new Intl.ListFormat(tag, { type: 'conjunction' });
  const collator = new Intl.Collator(tag, { sensitivity: 'base', numeric: true });
  const unit = (name: string, digits: number): Intl.NumberFormat =>
    new Intl.NumberFormat(tag, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    });
  const kilo = unit('kilobyte', 0);
  const mega = unit('megabyte', 1);
  const sameYear = (at: Ms, now: Ms): boolean => new Date(at).getFullYear() === new Date(now).getFullYear();
  return {
    time,
    day(at, now) {
      const days = daysApart(at, now);
      if (days === 0 || days === 1) return capital(relative.format(-days, 'day'));
      return capital((sameYear(at, now) ? dayLong : dayYear).format(at));
    },
    brief(at, now) {
      const days = daysApart(at, now);
      if (days <= 0) return time(at);
      if (days === 1) return capital(relative.format(-1, 'day'));
      if (days < 7) return capital(weekday.format(at));
      return (sameYear(at, now) ? dayShort : dayYear).format(at);
    },
    full: (at) => `${dayYear.format(at)}, ${time(at)}`,
    ago(at, now) {
      const minutes = Math.round((now - at) / 60_000);
      if (minutes <= 0) return justNow;
      if (minutes < 60) return relative.format(-minutes, 'minute');
      if (minutes < 24 * 60) return relative.format(-Math.round(minutes / 60), 'hour');
      return relative.format(-Math.round(minutes / (24 * 60)), 'day');
    },
    bytes: (count) =>
      count < 1_000_000
        ? kilo.format(Math.max(1, Math.round(count / 1_000)))
        : mega.format(count / 1_000_000),
    length: (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`,
    list: (words) => lists.format(words),
    number: (count) => numbers.format(count),
    compare: (a, b) => collator.compare(a, b),
  };
}

/** Without accents and capitals, for searching. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
