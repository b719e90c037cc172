/**
 * Looking for what was written in everything that a browser keeps: what the page can read of its storage, and every
 * file of the profile on the disk. Each place holds a control of its own, which must be found: a search that cannot
 * find proves nothing.
 *
 * Not known here: what was planted, and by whom.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Planted by {@link plant} where a page keeps things, one for each place; and one that the browser itself writes with
 * a byte for each character, as it does with any text that allows it. */
export const CONTROLS = {
  IndexedDB: 'Controle-0491-dans-la-base',
  'Cache Storage': 'Controle-0492-dans-le-cache',
  localStorage: 'Controle-0493-local',
  sessionStorage: 'Controle-0494-session',
  'a byte for each character': 'Contrôle-0495-écrit-à-part',
};

/**
 * The forms in which a text might lie somewhere: UTF-8, UTF-16 in both byte orders, a byte for each character where
 * that is possible (ISO 8859-1), base64 at every alignment.
 */
export function formsOf(text) {
  const utf8 = Buffer.from(text, 'utf8');
  const wide = Buffer.from(text, 'utf16le');
  const forms = [utf8, wide, Buffer.from(wide).swap16()];
  const narrow = Buffer.from(text, 'latin1');
  if (narrow.toString('latin1') === text) forms.push(narrow);
  for (const shift of [0, 1, 2]) {
    // The first and last characters depend on the neighbours: only the inner part is certain.
    const inner = utf8.subarray((3 - shift) % 3);
    const whole = inner.subarray(0, inner.length - (inner.length % 3));
    forms.push(Buffer.from(whole.toString('base64')), Buffer.from(whole.toString('base64url')));
  }
  return forms;
}

/** Which of these texts and pieces of bytes are in there. */
export function foundIn(bytes, texts, pieces = []) {
  return [
    ...texts.filter((text) => formsOf(text).some((form) => bytes.includes(form))),
    ...pieces.filter((piece) => bytes.includes(Buffer.from(piece.bytes))).map((piece) => `a ${piece.what}`),
  ];
}

/** Runs in the page: keeps a control in each place. */
export async function plant(controls) {
  const bytes = new TextEncoder().encode(controls.IndexedDB);
  await new Promise((resolve, reject) => {
    const opening = indexedDB.open('control', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('control');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const writing = opening.result.transaction('control', 'readwrite');
      writing.objectStore('control').put({ bytes, text: controls['a byte for each character'] }, 1);
      writing.oncomplete = () => resolve(opening.result.close());
    };
  });
  const cache = await caches.open('control');
  await cache.put('/control', new Response(controls['Cache Storage']));
  localStorage.setItem('control', controls.localStorage);
  sessionStorage.setItem('control', controls.sessionStorage);
}

/** Runs in the page: everything in each place, as base64. */
export async function dump() {
  const asked = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  /** Every text and byte string in a value, however deep. */
  async function* partsOf(value) {
    if (typeof value === 'string') yield new TextEncoder().encode(value);
    else if (value instanceof ArrayBuffer) yield new Uint8Array(value);
    else if (ArrayBuffer.isView(value))
      yield new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    else if (value instanceof Blob) yield new Uint8Array(await value.arrayBuffer());
    else if (value instanceof Map || value instanceof Set || Array.isArray(value))
      for (const one of value) yield* partsOf(one);
    else if (typeof value === 'object' && value !== null)
      for (const one of Object.entries(value)) yield* partsOf(one);
  }
  async function asBase64(value) {
    let text = '';
    for await (const part of partsOf(value)) {
      for (let at = 0; at < part.length; at += 8192)
        text += String.fromCharCode(...part.subarray(at, at + 8192));
      text += '\n';
    }
    return btoa(text);
  }
  const bases = [];
  for (const { name } of await indexedDB.databases()) {
    const base = await asked(indexedDB.open(name));
    for (const store of base.objectStoreNames) {
      const reading = base.transaction(store).objectStore(store);
      bases.push([name, store, await asked(reading.getAllKeys()), await asked(reading.getAll())]);
    }
    base.close();
  }
  const kept = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      kept.push([name, request.url, [...answer.headers], await answer.arrayBuffer()]);
    }
  }
  return {
    IndexedDB: await asBase64(bases),
    'Cache Storage': await asBase64(kept),
    localStorage: await asBase64(Object.entries(localStorage)),
    sessionStorage: await asBase64(Object.entries(sessionStorage)),
  };
}

/** Every file under a folder. */
export function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Searches the files of a folder; answers what was found where, the controls that were, and how much there was. */
export function searchFolder(folder, texts, pieces) {
  const found = [];
  const controls = new Set();
  let bytes = 0;
  for (const path of filesUnder(folder)) {
    const content = readFileSync(path);
    bytes += content.length;
    for (const what of foundIn(Buffer.concat([Buffer.from(path), content]), texts, pieces))
      found.push(`${what} in ${path.slice(folder.length)}`);
    for (const control of foundIn(content, Object.values(CONTROLS))) controls.add(control);
  }
  return { found, controls, bytes };
}
