/**
 * Every violation of the content security policy that a browser knows of: of all its pages and workers, those that are
 * gone too. It asks the browser over a line of its own to the debugger. A browser keeps what it has to say of a page or
 * worker until somebody asks, so nothing is missed that happens while one loads.
 *
 * Not known here: what the policy is, and who breaks it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';

/** Has a browser listen on a free port of this machine, and write down which. */
export const FLAG = '--remote-debugging-port=0';

/** Between two looks at what was noticed. */
const LOOK_AGAIN_MS = 50;

/** Milliseconds for a browser to have written down where it listens: it may take orders a moment before. */
const LISTENS_MS = 10_000;

/** Port and path of the browser with this profile. */
async function portOf(profile) {
  for (const end = Date.now() + LISTENS_MS; Date.now() < end; await pause(LOOK_AGAIN_MS)) {
    const file = join(profile, 'DevToolsActivePort');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    if (lines.length === 2) return lines;
  }
  throw new Error('the browser does not say where it listens');
}

export class Policy {
  /** What was noticed, in words. */
  violations = [];
  #socket;
  #next = 1;

  /** Asks the browser with this profile. */
  static async of(profile) {
    const [port, path] = await portOf(profile);
    const policy = new Policy();
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    policy.#socket = socket;
    socket.on('message', (data) => policy.#take(JSON.parse(data)));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    // One that ends with its browser is no error.
    socket.on('error', () => undefined);
    policy.#attach();
    return policy;
  }

  /** Waits until something was noticed of each of these addresses; answers of how many, when the time is over. */
  async notices(addresses, ms) {
    const noticed = () =>
      addresses.filter((address) => this.violations.some((words) => words.includes(address))).length;
    for (const end = Date.now() + ms; noticed() < addresses.length && Date.now() < end;)
      await pause(LOOK_AGAIN_MS);
    return noticed();
  }

  close() {
    this.#socket.close();
  }

  #send(method, params, sessionId) {
    this.#socket.send(JSON.stringify({ id: this.#next, method, params, sessionId }));
    this.#next += 1;
  }

  /** Has everything below this reported: the pages of a browser, the workers of a page. */
  #attach(sessionId) {
    const params = { autoAttach: true, waitForDebuggerOnStart: false, flatten: true };
    this.#send('Target.setAutoAttach', params, sessionId);
  }

  #take({ method, params }) {
    if (method === 'Target.attachedToTarget') {
      this.#send('Log.enable', {}, params.sessionId);
      this.#attach(params.sessionId);
    }
    if (method === 'Log.entryAdded' && params.entry.source === 'security')
      this.violations.push(params.entry.text.slice(0, 200));
  }
}
