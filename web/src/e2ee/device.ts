/**
 * What kind of browser a session runs in, told to the account's own devices only.
 *
 * A device chooses its id, 16 bytes, when it signs in. The id of a browser ends with four bytes that say what kind of
 * browser it is, under a pad that only the account's password gives: to the server, to the other people of a thread and
 * in a log they are as random as the twelve before them (docs/PROTOCOL.md §5).
 *
 * Not known here: sessions.
 */
import { concat, type Hex, unhex } from '../wire/bytes';
import type { Software } from './api';
import { derive, random } from './kdf';

const LABEL_KEY = 'device/key';
const LABEL_PAD = 'device/pad';
const RANDOM_BYTES = 12;
const TOLD_BYTES = 4;
const KEY_BYTES = 32;

/** In the order of the numbers; 0 is any other. What a browser pretends to be besides stands before it. */
const BROWSERS: readonly [Software['browser'], RegExp | null][] = [
  ['other', null],
  ['Edge', /Edg(e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Firefox', /(Firefox|FxiOS)\//],
  ['Chrome', /(Chrome|CriOS|Chromium)\//],
  ['Safari', /Safari\//],
];
const SYSTEMS: readonly [Software['system'], RegExp | null][] = [
  ['other', null],
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
];

const matched = <T>(known: readonly [T, RegExp | null][], agent: string, other: T): T =>
  known.find(([, sign]) => sign?.test(agent))?.[0] ?? other;

/** By what a browser says of itself. */
export function softwareOf(agent: string): Software {
  return { browser: matched(BROWSERS, agent, 'other'), system: matched(SYSTEMS, agent, 'other') };
}

/** What opens the devices' words, out of what the password gives. */
export function deviceKey(exportKey: Uint8Array): Uint8Array {
  return derive(exportKey, LABEL_KEY, KEY_BYTES);
}

/** A new device's id. */
export function deviceId(key: Uint8Array, { browser, system }: Software): Uint8Array<ArrayBuffer> {
  const number = BROWSERS.findIndex(([name]) => name === browser) * 16;
  const told = Uint8Array.of(number + SYSTEMS.findIndex(([name]) => name === system), 0, 0, 0);
  const fresh = random(RANDOM_BYTES);
  return concat(fresh, padded(key, fresh, told));
}

/** What a device said of itself; null: it said nothing, or under another password. */
export function deviceSoftware(key: Uint8Array, device: Hex): Software | null {
  const id = unhex(device);
  const [number, ...zeros] = padded(key, id.slice(0, RANDOM_BYTES), id.slice(RANDOM_BYTES));
  if (number === undefined || zeros.some((byte) => byte !== 0)) return null;
  const browser = BROWSERS[number >> 4]?.[0];
  const system = SYSTEMS[number & 15]?.[0];
  return browser !== undefined && system !== undefined ? { browser, system } : null;
}

function padded(key: Uint8Array, fresh: Uint8Array, told: Uint8Array): Uint8Array {
  const pad = derive(key, LABEL_PAD, TOLD_BYTES, fresh);
  return told.map((byte, at) => byte ^ (pad[at] ?? 0));
}
