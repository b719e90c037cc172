import { expect, test } from 'vitest';
import { Keys, type Stroke } from './keys';

const stroke = (key: string, more: Partial<Stroke> = {}): Stroke => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  ...more,
});

test('single keys act, but not while somebody types and not when they are off', () => {
  const keys = new Keys();
  expect(keys.read(stroke('n'), 0, false, true)).toBe('new');
  expect(keys.read(stroke('n'), 0, true, true)).toBeNull();
  expect(keys.read(stroke('n'), 0, false, false)).toBeNull();
  expect(keys.read(stroke('n', { ctrlKey: true }), 0, false, true)).toBeNull();
  expect(keys.read(stroke('n', { isComposing: true }), 0, false, true)).toBeNull();
});

test('escape and control-k act everywhere', () => {
  const keys = new Keys();
  expect(keys.read(stroke('Escape'), 0, true, false)).toBe('escape');
  expect(keys.read(stroke('k', { ctrlKey: true }), 0, true, false)).toBe('search');
  expect(keys.read(stroke('k', { metaKey: true }), 0, true, false)).toBe('search');
});

test('g then h goes home, in time only', () => {
  const keys = new Keys();
  expect(keys.read(stroke('g'), 0, false, true)).toBeNull();
  expect(keys.read(stroke('h'), 500, false, true)).toBe('home');
  expect(keys.read(stroke('g'), 1_000, false, true)).toBeNull();
  expect(keys.read(stroke('h'), 9_000, false, true)).toBeNull();
});
