/** The service worker from the page's side: registers it, and says when a newer build waits. */
import { trustedScript } from './trusted';

/** How often a page that stays open looks for a newer build. */
const LOOK_MS = 30 * 60_000;

/** Calls `ready` with the function that takes the newer build, which reloads the page. */
export function watchUpdates(ready: (take: () => void) => void): void {
  if (!('serviceWorker' in navigator)) return;
  const offer = (waiting: ServiceWorker): void => {
    ready(() => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      waiting.postMessage('take-over');
    });
  };
  const watch = (registration: ServiceWorkerRegistration): void => {
    if (registration.waiting !== null && navigator.serviceWorker.controller !== null)
      offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const coming = registration.installing;
      coming?.addEventListener('statechange', () => {
        // Without a controller this is the first visit: nothing to update.
        if (coming.state === 'installed' && navigator.serviceWorker.controller !== null) offer(coming);
      });
    });
    setInterval(() => void registration.update().catch(() => undefined), LOOK_MS);
  };
  // Without it the page works as before, only not without a network.
  navigator.serviceWorker
    .register(trustedScript('/sw.js'))
    .then(watch)
    .catch(() => undefined);
}
