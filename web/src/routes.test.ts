import { expect, test } from 'vitest';
import { href, match, SECTIONS, type Route } from './routes';

const ID = '0123456789abcdef0123456789abcdef';

test('every place has an address that leads back to it', () => {
  const places: Route[] = [
    { name: 'home' },
    { name: 'thread', id: ID },
    { name: 'compose' },
    { name: 'signIn' },
    { name: 'register' },
    { name: 'recover' },
    { name: 'cast' },
    ...SECTIONS.map((section): Route => ({ name: 'settings', section })),
  ];
  for (const place of places) expect(match(href(place))).toEqual(place);
});

test('an address that leads nowhere says so', () => {
  for (const path of [
    '/x',
    '/thread',
    '/thread/12',
    `/thread/${ID}/x`,
    '/settings/none',
    '/new/1',
    '//a//b//c',
  ]) {
    expect(match(path), path).toEqual({ name: 'lost' });
  }
});
