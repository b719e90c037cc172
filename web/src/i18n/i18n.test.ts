import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLOSE_CODE, ERROR_CODE } from '../wire/gen/wire';
import { HOSTILE } from './codes';
import en from './en';
import { failureWords, reference } from './errors';
import { fold, makeFormat, region } from './format';
import fr, { type Catalog } from './fr';
import { mapWords, typeset } from './typeset';

const SRC = new URL('../', import.meta.url);

/** Every sentence of a catalogue by its path; functions are called with plausible arguments. */
function sentences(value: unknown, path: string[] = []): [string, string][] {
  if (typeof value === 'string') return [[path.join('.'), value]];
  if (typeof value === 'function') {
    const given = path[0] === 'acts' ? [{ name: 'Inès', you: false }, 'Karim', null] : [2, 3, '12'];
    return [[path.join('.'), String(Reflect.apply(value, undefined, given))]];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => sentences(one, [...path, key]));
}

test('both languages have the same sentences, none of them empty', () => {
  const french = sentences(fr);
  const english = sentences(en);
  expect(english.map(([path]) => path)).toEqual(french.map(([path]) => path));
  for (const [path, text] of [...french, ...english]) expect(text.trim(), path).not.toBe('');
});

test('the same sentence in both languages is a word that both have', () => {
  const english = new Map(sentences(en));
  const same = sentences(fr).filter(([path, text]) => english.get(path) === text && /\p{L}{3}/u.test(text));
  const shared = [
    'Relais',
    'Message',
    'Messages',
    'Participants',
    'Patient',
    'Urgent',
    'Urgents',
    'Version',
    'Code',
    'Normal',
    'Ctrl',
    'Compact',
    'Position',
    'Invitation',
    'excellent',
    '2 messages',
    '2 participants',
  ];
  expect(same.filter(([, text]) => !shared.includes(text)).map(([path]) => path)).toEqual([]);
});

test('every code of the wire and of the native client has words that say what to do', () => {
  const rust = readFileSync(new URL('../../../src/client/error.rs', import.meta.url), 'utf8');
  const codes = [...new Set([...rust.matchAll(/"(H\d\d)"/g)].map(([, code]) => code ?? ''))]
    .filter((code) => code !== 'H00')
    .sort();
  expect([...HOSTILE]).toEqual(codes);
  for (const words of [fr.errors, en.errors]) {
    const seen = new Set<string>();
    for (const code of Object.values(ERROR_CODE))
      seen.add(failureWords({ kind: 'refused', code }, words).title);
    for (const code of Object.values(CLOSE_CODE))
      seen.add(failureWords({ kind: 'offline', code }, words).title);
    for (const code of HOSTILE) seen.add(failureWords({ kind: 'hostile', code }, words).title);
    expect(seen.has(words.unknown.title)).toBe(false);
    for (const one of [
      ...Object.values(words.refused),
      ...Object.values(words.hostile),
      ...Object.values(words.local),
    ]) {
      expect(one.title).toMatch(/[.!?]$/);
      expect(one.todo).toMatch(/[.!?]$/);
    }
  }
});

test('a code of a newer server gets the general words, not a number', () => {
  expect(failureWords({ kind: 'refused', code: 9_999 }, fr.errors)).toBe(fr.errors.unknown);
  expect(failureWords({ kind: 'local', code: 'not-yet-known' }, fr.errors)).toBe(fr.errors.local.platform);
  expect(failureWords({ kind: 'local', code: 'toString' }, fr.errors)).toBe(fr.errors.local.platform);
  expect(failureWords({ kind: 'hostile', code: 'H99' }, fr.errors)).toBe(fr.errors.unknown);
  expect(reference({ kind: 'hostile', code: 'H06' })).toBe('H06');
  expect(reference({ kind: 'refused', code: 33 })).toBeNull();
});

test('no sentence speaks like a machine', () => {
  const machine =
    /\b(?:undefined|null|NaN|Object|exception|error code|OPAQUE|epoch|hash|keyring|token|socket|H\d\d|[0-9a-f]{16,})\b|\$\{/i;
  for (const [path, text] of [...sentences(fr), ...sentences(en)]) {
    if (path === 'common.reference') continue;
    expect(machine.test(text), `${path}: ${text}`).toBe(false);
  }
});

test('French spaces are unbreakable', () => {
  expect(typeset('Oublié ?')).toBe('Oublié\u202f?');
  expect(typeset('« Lu » : affiché')).toBe('«\u00a0Lu\u00a0»\u00a0: affiché');
  const set = mapWords<Catalog>(fr, typeset);
  for (const [path, text] of sentences(set)) expect(/ [;:!?»]|« /.test(text), path).toBe(false);
  expect(set.thread.people(1)).toBe('1 participant');
});

test('none is not one, although French counts nought in the singular', () => {
  for (const words of [fr, en]) {
    for (const none of [words.home.count(0), words.thread.people(0), words.compose.found(0)])
      expect(none).toMatch(/^(?:Aucun|No) /);
    expect(words.compose.readersText(2, 0)).not.toMatch(/aucun|no team| et | and /);
    expect(words.compose.readersText(2, 1)).toMatch(/2 .+ (?:et|and) 1 /);
  }
});

test('every sentence is used somewhere', () => {
  const code = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        /\.(?:svelte|ts)$/.test(path) &&
        !path.includes('i18n/fr') &&
        !path.includes('i18n/en') &&
        !path.includes('.test.'),
    )
    .map((path) => readFileSync(new URL(path, SRC), 'utf8'))
    .join('\n');
  const dynamic =
    /^(?:acts|errors|priority|priorityHint|settings\.(?:sections|themes|contrasts|densities)|thread\.state|compose\.standing|account\.(?:points|strengths|reveal)|cast\.steps|voice\.(?:denied|missing|unsupported)|link\.)/;
  const unused = sentences(fr)
    .map(([path]) => path)
    .filter((path) => !dynamic.test(path) && !new RegExp(`\\.${path.split('.').at(-1)}\\b`).test(code));
  expect(unused).toEqual([]);
});

test('times, days, sizes and lists follow the language and the region', () => {
  const french = makeFormat('fr', 'fr-CA');
  const english = makeFormat('en', 'en-CA');
  const at = new Date(2026, 10, 21, 14, 5).getTime();
  expect(french.time(at)).toBe('14\u00a0h\u00a005');
  expect(english.time(at)).toBe('2:05\u00a0pm');
  expect(makeFormat('en', 'en-US').time(at)).toBe('2:05\u00a0pm');
  expect(french.day(at, at)).toBe('Aujourd’hui');
  expect(french.day(at - 86_400_000, at)).toBe('Hier');
  expect(english.day(at, at)).toBe('Today');
  expect(french.brief(at - 3 * 86_400_000, at)).toBe('Mercredi');
  expect(french.list(['Inès', 'Karim', 'Odile'])).toBe('Inès, Karim et Odile');
  expect(french.ago(at - 10_000, at)).toBe('à l’instant');
  expect(english.ago(at - 10_000, at)).toBe('just now');
  expect(french.ago(at - 180_000, at)).toBe('il y a 3 minutes');
  expect(french.length(125)).toBe('2:05');
  expect(french.bytes(1_240_000).replace(/\s/g, ' ')).toMatch(/^1,2 M/);
  expect(region('fr', ['en-US', 'fr-FR'])).toBe('fr-FR');
  expect(region('fr', ['de-DE'])).toBe('fr-CA');
  expect(fold('Élise Gagné')).toBe('elise gagne');
});
