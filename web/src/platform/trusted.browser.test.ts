import { expect, test } from 'vitest';
import { trustedScript } from './trusted';

test('only scripts of this build get a trusted address', () => {
  expect(String(trustedScript('/sw.js'))).toBe('/sw.js');
  for (const foreign of [
    'https://elsewhere.example/sw.js',
    '//elsewhere.example/assets/worker-a.js',
    '/api/v1/files/00',
    '/assets/../api/v1/files/00',
    'data:text/javascript,1',
    'blob:null/1',
  ]) {
    expect(() => trustedScript(foreign), foreign).toThrow(TypeError);
  }
});
