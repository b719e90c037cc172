/**
 * The one Trusted Types policy of the page. It makes addresses of scripts only, and only of our own build: there
 * is no way here to make markup from a string, so a string can never become markup.
 *
 * Not known here: what the worker and the service worker do.
 */

interface Policy {
  /** A `TrustedScriptURL`. The DOM's types know only strings, and the object stands wherever one is taken. */
  createScriptURL(url: string): string;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

/** Our build's scripts: a content hash in the name, or the service worker. In development, Vite's sources. */
const OURS = import.meta.env.DEV
  ? /^\/(?:sw\.js|src\/[\w./-]+\?[\w&=.]+|assets\/[\w.-]+\.js)$/
  : /^\/(?:sw\.js|assets\/worker-[\w.-]+\.js)$/;

/** Refuses every address that is not a script of our own build. */
function allow(url: string): string {
  const { origin, pathname, search } = new URL(url, location.origin);
  if (origin !== location.origin || !OURS.test(pathname + search)) {
    throw new TypeError('not a script of this build');
  }
  return url;
}

const rules = { createScriptURL: allow };

function makePolicy(): Policy {
  const factory = 'trustedTypes' in globalThis ? (Reflect.get(globalThis, 'trustedTypes') as Factory) : null;
  return factory?.createPolicy('app', rules) ?? rules;
}

let policy: Policy | null = null;

/** The address of a script of this build, in the form that the browser's sinks take. */
export function trustedScript(url: string): string {
  policy ??= makePolicy();
  return policy.createScriptURL(url);
}

/** Starts a module worker of this build: `import url from './x.ts?worker&url'`. */
export function startWorker(url: string, name: string): globalThis.Worker {
  return new Worker(trustedScript(url), { type: 'module', name });
}
