import { expect, test } from 'vitest';
import type { EntryView } from '../e2ee/api';
import fr from '../i18n/fr';
import { makeFormat } from '../i18n/format';
import { nameShown } from '../i18n/names';
import { digits, looksLikeEmail } from './account/checks';
import { strength } from './account/strength';
import { actWords } from './threads/acts';
import { Places, place } from './threads/group';

const MINUTE = 60_000;
const entry = (author: string, at: number, change: Partial<EntryView> = {}): EntryView => ({
  thread: 't',
  id: `${author}${at}`,
  n: at / MINUTE,
  author,
  authorName: author,
  mine: false,
  at,
  delivery: null,
  content: { kind: 'text', text: 'a', files: [], mentions: [], replyTo: null, title: null },
  ...change,
});

test('a code is found in whatever was pasted', () => {
  expect(digits('Votre code : 482 915.', 6)).toBe('482915');
  expect(digits('４８２９１５', 6)).toBe('482915');
  expect(digits('1234567', 6)).toBe('123456');
  expect(looksLikeEmail(' ines@demo.example ')).toBe(true);
  expect(looksLikeEmail('ines')).toBe(false);
});

test('a name that the server does not tell is words, never a number', () => {
  expect(nameShown('Équipe des urgences', 'team', fr)).toBe('Équipe des urgences');
  expect(nameShown('#0a1b2c', 'team', fr)).toBe('Équipe d’une autre unité');
  expect(nameShown('#0a1b2c', 'user', fr)).toBe('Personne inconnue');
  const act = entry('Inès', 0, { content: { kind: 'act', act: 'add', subjects: ['#0a1b2c'], detail: null } });
  expect(actWords(act, fr, makeFormat('fr', 'fr-CA').list)).toBe('Inès a ajouté quelqu’un');
});

test('long phrases are judged better than short clever ones', () => {
  expect(strength('Aa1!Aa1!', 12)).toBe(0);
  expect(strength('aaaaaaaaaaaaaaaa', 12)).toBe(1);
  expect(strength('123456789012', 12)).toBeLessThan(2);
  expect(strength('motdepasse123', 12)).toBeLessThan(2);
  expect(strength('quatre chevaux verts', 12)).toBeGreaterThanOrEqual(3);
  expect(strength('demonstration-relais', 12)).toBeGreaterThanOrEqual(2);
});

test('messages of one go share a name; a day, a pause, a reply or "new" begins again', () => {
  const all = [
    entry('a', MINUTE),
    entry('a', 2 * MINUTE),
    entry('a', 20 * MINUTE),
    entry('b', 21 * MINUTE),
    entry('b', 22 * MINUTE),
    entry('b', 2_000 * MINUTE),
  ];
  const placed = place(all, 22, (at) => Math.floor(at / (1_000 * MINUTE)));
  expect(placed.map((one) => one.joined)).toEqual([false, true, false, false, false, false]);
  expect(placed.map((one) => one.unread)).toEqual([false, false, false, false, true, false]);
  expect(placed.map((one) => one.day !== null)).toEqual([true, false, false, false, false, true]);
});

test('an entry that stands as it stood is not placed anew', () => {
  const all = [entry('a', MINUTE), entry('a', 2 * MINUTE), entry('b', 3 * MINUTE)];
  const places = new Places();
  const dayOf = (at: number): number => Math.floor(at / (1_000 * MINUTE));
  const before = places.place(all.slice(1), null, dayOf);
  const after = places.place(all, null, dayOf);
  // The day begins above another one now, and the first of these continues it.
  expect(after.map((one) => before.includes(one))).toEqual([false, false, true]);
  expect(after).toEqual(place(all, null, dayOf));
});

test('every kind of act has a sentence, however the wire writes its name', () => {
  const list = makeFormat('fr', 'fr-CA').list;
  const act = (name: string, mine = false, detail: string | null = null): string =>
    actWords(
      entry('Inès', 0, { mine, content: { kind: 'act', act: name, subjects: ['Karim'], detail } }),
      fr,
      list,
    );
  expect(act('add')).toBe('Inès a ajouté Karim');
  expect(act('add', true)).toBe('Vous avez ajouté Karim');
  expect(act('link_patient')).toBe(act('LinkPatient'));
  expect(act('priority', false, 'urgent')).toBe('Inès a changé la priorité : Urgent');
  expect(act('priority', false, '2')).toBe('Inès a changé la priorité');
  expect(act('something_new')).toContain('ne connaît pas');
});
