/// <reference lib="webworker" />
/**
 * The service worker: keeps the program's own files so that it opens without a network, and nothing else. No
 * answer of the server's interface, no message and no file of anybody is ever stored by it.
 *
 * The page's document is asked from the network first, so that an update is seen at once; files with a hash in
 * their name never change and come from the cache first. A new version waits until the page says so.
 */

declare const self: ServiceWorkerGlobalScope;

/** Written by the build: every file of the program. */
const FILES: readonly string[] = __PRECACHE__;

/** One cache per build: the list's own text names it. */
const CACHE = `relais-${hash(FILES.join('\n'))}`;

/** The document is given up on after this time where a kept one exists: a network that hangs is no network. */
const DOCUMENT_MS = 4_000;

/** FNV-1a; only to tell builds apart, nothing rests on it. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16);
}

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('relais-') && name !== CACHE)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (/^\/(?:api|dev|ws|healthz|readyz|metrics)(?:\/|$)/.test(url.pathname)) return;
    event.respondWith(document_(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(kept(request));
  }
});

/** The newest document, or the kept one where the network does not answer in time. */
async function document_(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const slow = new AbortController();
    const timer = setTimeout(() => slow.abort(), DOCUMENT_MS);
    const fresh = await fetch(request, { signal: slow.signal });
    // It answers: what follows may take its time, and is not cut off in the middle.
    clearTimeout(timer);
    if (fresh.ok || fresh.type === 'opaqueredirect') return fresh;
    return (await cache.match('/')) ?? fresh;
  } catch {
    return (await cache.match('/')) ?? Response.error();
  }
}

/** A file of the program; its name names its content, so the kept copy is the right one. */
async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}

declare const __PRECACHE__: readonly string[];

export type {};
