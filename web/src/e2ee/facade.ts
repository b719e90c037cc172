/**
 * The page's side of the worker: calls and notes over `postMessage`.
 *
 * Every call ends: with its answer, with a {@link Failure}, or, when the worker has died or is deaf, with the local
 * failure `platform`. The page then shows that it has to be reloaded; what was queued is kept.
 *
 * Not known here: what the calls do.
 */

import type { Api, Failure, Note, Worker as Client } from './api';

/** What the page sends. */
export type ToWorker =
  | { readonly t: 'init'; readonly origin: string; readonly tab: string }
  | { readonly t: 'call'; readonly id: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly t: 'ping' }
  /** The browser says that the network is back, or the page is shown again. */
  | { readonly t: 'hurry' };

/** What the worker answers. */
export type FromWorker =
  | { readonly t: 'ok'; readonly id: number; readonly value: unknown }
  | { readonly t: 'failed'; readonly id: number; readonly why: Failure }
  | { readonly t: 'note'; readonly note: Note }
  | { readonly t: 'alive' };

/** What is used of a `Worker`, so that a test can bring another carrier. */
export interface Port {
  postMessage(message: ToWorker): void;
  onmessage: ((event: { data: FromWorker }) => void) | null;
  onerror: ((event: { preventDefault(): void }) => void) | null;
  onmessageerror: (() => void) | null;
  terminate(): void;
}

/** Every call of the page. The compiler holds it to {@link Api}: a missing name does not type-check. */
const CALLS: Record<keyof Api, true> = {
  server: true,
  counts: true,
  cast: true,
  castCode: true,
  resume: true,
  signIn: true,
  resendCode: true,
  confirmCode: true,
  register: true,
  confirmRegistration: true,
  recover: true,
  confirmRecovery: true,
  signOut: true,
  setLocale: true,
  focus: true,
  moreRows: true,
  searchPeople: true,
  safetyNumber: true,
  openThread: true,
  older: true,
  closeView: true,
  createThread: true,
  send: true,
  retry: true,
  discard: true,
  markRead: true,
  act: true,
  addParty: true,
  removeParty: true,
  download: true,
  sessions: true,
  endSession: true,
  renewRecoveryCode: true,
  changePassword: true,
};

/** Whether this is a call of the page. */
export function isCall(name: string): name is keyof Api {
  return Object.hasOwn(CALLS, name);
}

/** Milliseconds between two questions whether the worker is still there, asked while something waits. */
const PING_MS = 10_000;

/** Milliseconds without a word after which it is taken for dead. Stretching a password takes two to eight seconds. */
const DEAF_MS = 60_000;

const DEAD: Failure = { kind: 'local', code: 'platform' };

/**
 * Starts the client behind a worker. `tab` names this tab over a reload (a random id in `sessionStorage`): what the
 * worker keeps in the browser is named by it.
 */
export function connect(port: Port, origin: string, tab: string): Client & { hurry(): void } {
  const calls = new Calls(port);
  port.postMessage({ t: 'init', origin, tab });
  const bind =
    (name: string): ((...args: unknown[]) => Promise<unknown>) =>
    (...args) =>
      calls.call(name, args);
  const api = Object.fromEntries(Object.keys(CALLS).map((name) => [name, bind(name)]));
  return {
    // The names are those of `Api`, and the worker answers each with what `Api` says (worker/api.ts).
    api: api as unknown as Api,
    listen: (to) => calls.listen(to),
    terminate: () => {
      calls.end();
    },
    hurry: () => {
      port.postMessage({ t: 'hurry' });
    },
  };
}

interface Open {
  readonly resolve: (value: unknown) => void;
  readonly reject: (why: Failure) => void;
}

class Calls {
  readonly #port: Port;
  readonly #open = new Map<number, Open>();
  readonly #listeners = new Set<(note: Note) => void>();
  #nextId = 1;
  #heard = 0;
  #timer: ReturnType<typeof setInterval> | null = null;
  #dead: Failure | null = null;

  constructor(port: Port) {
    this.#port = port;
    port.onmessage = ({ data }) => {
      this.take(data);
    };
    port.onerror = (event) => {
      event.preventDefault();
      this.die(DEAD);
    };
    port.onmessageerror = () => {
      this.die(DEAD);
    };
  }

  call(name: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      try {
        this.#port.postMessage({ t: 'call', id, name, args });
      } catch {
        // Something that cannot be cloned, such as a reactive proxy.
        this.#open.delete(id);
        reject(DEAD);
        return;
      }
      this.watch();
    });
  }

  listen(to: (note: Note) => void): () => void {
    this.#listeners.add(to);
    return () => {
      this.#listeners.delete(to);
    };
  }

  /** Ends the worker at the page's wish: nothing is said of it. */
  end(): void {
    this.#listeners.clear();
    this.die(DEAD);
  }

  private take(message: FromWorker): void {
    this.#heard = performance.now();
    if (message.t === 'note') {
      for (const listener of [...this.#listeners]) listener(message.note);
    } else if (message.t !== 'alive') {
      const open = this.#open.get(message.id);
      this.#open.delete(message.id);
      if (message.t === 'ok') open?.resolve(message.value);
      else open?.reject(message.why);
      if (this.#open.size === 0) this.unwatch();
    }
  }

  /** A worker that was killed for its memory says nothing: it is asked as long as something waits. */
  private watch(): void {
    if (this.#timer !== null) return;
    this.#heard = performance.now();
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heard > DEAF_MS) this.die(DEAD);
      else this.#port.postMessage({ t: 'ping' });
    }, PING_MS);
  }

  private unwatch(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  private die(why: Failure): void {
    if (this.#dead) return;
    this.#dead = why;
    this.unwatch();
    this.#port.terminate();
    for (const open of this.#open.values()) open.reject(why);
    this.#open.clear();
    const note: Note = { t: 'link', link: { state: 'stopped', why } };
    for (const listener of [...this.#listeners]) listener(note);
  }
}
