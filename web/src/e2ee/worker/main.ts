/**
 * The worker: everything that holds a key lives behind this door.
 *
 * Not known here: what the calls do.
 */

import { systemClock } from '../../platform/clock';
import { fetcher } from '../../platform/http';
import { indexedStore } from '../../platform/idb';
import { webLocks } from '../../platform/locks';
import { socketUrl, sockets } from '../../platform/socket';
import { SUBPROTOCOL } from '../../wire/codec';
import { softwareOf } from '../device';
import { isCall } from '../facade';
import type { FromWorker, ToWorker } from '../facade';
import { Calls } from './calls';
import { Client } from './client';
import { local, toFailure } from './errors';

/** The part of a worker's global scope that is used; the page's types do not know it. */
interface Scope {
  onmessage: ((event: { data: ToWorker }) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as Scope;
let client: Client | null = null;
let calls: Calls | null = null;

function begin(origin: string, tab: string): void {
  client = new Client({
    origin,
    tab,
    http: fetcher(origin),
    open: sockets(() => new WebSocket(socketUrl(origin), SUBPROTOCOL)),
    clock: systemClock(),
    store: indexedStore(),
    locks: webLocks(),
    random: () => Math.random(),
    software: softwareOf(navigator.userAgent),
    post: (note) => {
      scope.postMessage({ t: 'note', note });
    },
  });
  calls = new Calls(client);
}

async function call(id: number, name: string, args: readonly unknown[]): Promise<void> {
  try {
    if (!calls || !isCall(name)) throw local('notPossible');
    // Arguments are what `api.ts` says: both sides are built from it together.
    const method = calls[name].bind(calls) as (...given: readonly unknown[]) => Promise<unknown>;
    scope.postMessage({ t: 'ok', id, value: await method(...args) });
  } catch (error) {
    scope.postMessage({ t: 'failed', id, why: toFailure(error) });
  }
}

scope.onmessage = ({ data }) => {
  switch (data.t) {
    case 'init':
      begin(data.origin, data.tab);
      break;
    case 'call':
      void call(data.id, data.name, data.args);
      break;
    case 'ping':
      scope.postMessage({ t: 'alive' });
      break;
    case 'hurry':
      client?.hurry();
      break;
  }
};
