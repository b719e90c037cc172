import { expect, it } from 'vitest';
import { hex } from '../wire/bytes';
import { deviceId, deviceKey, deviceSoftware, softwareOf } from './device';
import { random } from './kdf';

const AGENTS = [
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox', 'Windows'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'Chrome',
    'Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0',
    'Edge',
    'Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari',
    'iOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    'Chrome',
    'Android',
  ],
  ['curl/8.5', 'other', 'other'],
] as const;

it.each(AGENTS)('knows a browser by what it says: %s', (agent, browser, system) => {
  expect(softwareOf(agent)).toEqual({ browser, system });
});

it('tells the devices of the account what kind of browser it is, and nobody else (SEC-04)', () => {
  const key = deviceKey(random(64));
  for (const [agent] of AGENTS) {
    const software = softwareOf(agent);
    const device = hex(deviceId(key, software));
    expect(device).toHaveLength(32);
    expect(deviceSoftware(key, device)).toEqual(software);
    expect(deviceSoftware(deviceKey(random(64)), device)).toBeNull();
  }
  const one = { browser: 'Firefox', system: 'Linux' } as const;
  const ends = new Set(Array.from({ length: 50 }, () => hex(deviceId(key, one)).slice(24)));
  expect(ends.size).toBe(50);
});

it('reads nothing into the id of a device that said nothing', () => {
  const key = deviceKey(random(64));
  for (let at = 0; at < 200; at += 1) expect(deviceSoftware(key, hex(random(16)))).toBeNull();
});
