/** What the page's state takes from the browser: kept choices, the address bar, time. Each call may throw where the browser refuses. */

const KEPT = 'relais.prefs';

/** Choices of this device, kept in clear: nothing about anybody is in them. */
export const keep = {
  read: (): string | null => localStorage.getItem(KEPT),
  write: (text: string): void => localStorage.setItem(KEPT, text),
};

/** The address bar. */
export const bar = {
  path: (): string => location.pathname,
  push: (path: string): void => history.pushState(null, '', path),
  replace: (path: string): void => history.replaceState(null, '', path),
  back: (): void => history.back(),
  onPop(then: () => void): () => void {
    addEventListener('popstate', then);
    return () => removeEventListener('popstate', then);
  },
};

/** Runs something again and again; returns a function that ends it. */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}

/** Opens a window on the other half of the screen; false where the browser refuses. */
export function openBeside(path: string): boolean {
  const half = Math.max(480, Math.floor(screen.availWidth / 2));
  const features = `popup,width=${half},height=${screen.availHeight},left=${screen.availWidth - half},top=0`;
  return window.open(path, '_blank', features) !== null;
}

/** Once after an update a part of the old build may be missing: the page is loaded anew, but never in a circle. */
export function reloadOnMissingPart(): void {
  const mark = 'relais.reloaded';
  addEventListener('vite:preloadError', (event) => {
    let again = true;
    try {
      again = sessionStorage.getItem(mark) !== null;
      sessionStorage.setItem(mark, '1');
    } catch {
      again = true;
    }
    if (again) return;
    event.preventDefault();
    location.reload();
  });
}

const TAB = 'relais.tab';

/** Names this tab over a reload, and says whether it had a name before. Where the browser refuses, a reload is a new tab. */
export function nameTab(): { id: string; isNew: boolean } {
  const fresh = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  try {
    const known = sessionStorage.getItem(TAB);
    if (known !== null && /^[0-9a-f]{32}$/.test(known)) return { id: known, isNew: false };
    sessionStorage.setItem(TAB, fresh);
  } catch {
    // In memory only: nothing else to do.
  }
  return { id: fresh, isNew: true };
}
