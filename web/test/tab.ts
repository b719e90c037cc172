/** A tab of the web client without a browser: the worker's client on Node, with a fake of what only browsers have. */
import WebSocket from 'ws';
import type { Api, Me, Note, Software } from '../src/e2ee/api';
import { Calls } from '../src/e2ee/worker/calls';
import { Client } from '../src/e2ee/worker/client';
import { systemClock } from '../src/platform/clock';
import type { Clock } from '../src/platform/clock';
import { fetcher } from '../src/platform/http';
import type { Http } from '../src/platform/http';
import type { Store } from '../src/platform/idb';
import type { Locks } from '../src/platform/locks';
import { memoryStore } from '../src/platform/memory';
import { socketUrl, sockets } from '../src/platform/socket';
import type { OpenSocket } from '../src/platform/socket';
import { SUBPROTOCOL } from '../src/wire/codec';
import { PASSWORD } from './server';

/** Web Locks of one browser. */
export class FakeLocks implements Locks {
  readonly #held = new Set<string>();
  readonly #waiting: { name: string; give: (release: () => void) => void }[] = [];

  tryTake = (name: string): Promise<(() => void) | null> => {
    if (this.#held.has(name)) return Promise.resolve(null);
    this.#held.add(name);
    return Promise.resolve(() => {
      this.free(name);
    });
  };

  take = async (name: string): Promise<() => void> =>
    (await this.tryTake(name)) ?? new Promise((give) => this.#waiting.push({ name, give }));

  private free(name: string): void {
    const at = this.#waiting.findIndex((one) => one.name === name);
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (!next) this.#held.delete(name);
    else
      next.give(() => {
        this.free(name);
      });
  }
}

/** A browser: what all its tabs share. */
export class Browser {
  readonly store: Store = memoryStore();
  readonly locks = new FakeLocks();
}

/** A browser sends again by itself what it wrote to a connection that the server had just closed; Node does not. */
function twice(http: Http): Http {
  return async (ask) => {
    const first = await http(ask);
    return first.t === 'lost' ? http(ask) : first;
  };
}

/** What is in a tab's way to the server. */
export interface Way {
  readonly through: (http: Http) => Http;
  /** Whether it connects; otherwise everything goes by HTTP. */
  readonly isLive: boolean;
  /** What is heard of what the server says on a connection. */
  readonly hear?: (bytes: Uint8Array) => Uint8Array;
  readonly clock: Clock;
}

function hearing({ hear }: Way, open: OpenSocket): OpenSocket {
  return (events) =>
    open({
      ...events,
      message: (bytes) => {
        events.message(bytes && hear ? hear(bytes) : bytes);
      },
    });
}

/** One tab. */
export class Tab {
  readonly notes: Note[] = [];
  readonly api: Api;
  readonly client: Client;

  constructor(
    origin: string,
    browser = new Browser(),
    tab = 'tab',
    software: Software = { browser: 'Firefox', system: 'Linux' },
    way: Way = { through: (http) => http, isLive: true, clock: systemClock() },
  ) {
    this.client = new Client({
      origin,
      tab,
      http: way.through(twice(fetcher(origin))),
      open: way.isLive
        ? hearing(
            way,
            sockets(() => new WebSocket(socketUrl(origin), SUBPROTOCOL, { perMessageDeflate: false })),
          )
        : () => ({ send: () => undefined, close: () => undefined }),
      clock: way.clock,
      store: browser.store,
      locks: browser.locks,
      random: () => Math.random(),
      software,
      post: (note) => this.notes.push(structuredClone(note)),
    });
    this.api = new Calls(this.client);
  }

  /** Makes an account with the caught code of the demonstration. */
  async register(name: string, invitation: string | null = null): Promise<{ me: Me; recoveryCode: string }> {
    const email = `${name}@example.org`;
    const input = { email, name, password: PASSWORD, locale: 'fr', invitation } as const;
    const { login } = await this.api.register(input);
    const { me, recoveryCode } = await this.api.confirmRegistration(
      login,
      await this.api.castCode(login, email),
    );
    if (!me) throw new Error('did not come in');
    return { me, recoveryCode };
  }

  async signIn(name: string): Promise<Me> {
    const email = `${name}@example.org`;
    const { login } = await this.api.signIn(email, PASSWORD);
    return this.api.confirmCode(login, await this.api.castCode(login, email), true);
  }

  /** Ends as a closed tab does: without a word. */
  close(): void {
    this.client.close();
  }
}
