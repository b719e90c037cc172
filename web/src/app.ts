/** Starts the page: the worker with every key, the screens over it, and what the browser tells both. */
import { connect, type FromWorker, type Port, type ToWorker } from './e2ee/facade';
import workerUrl from './e2ee/worker/main.ts?worker&url';
import { show } from './mount';
import { nameTab } from './platform/page';
import { startWorker } from './platform/trusted';
import { watchUpdates } from './platform/updates';

/** The browser's worker as the facade wants it. */
function portOf(worker: globalThis.Worker): Port {
  const port: Port = {
    postMessage: (message: ToWorker) => worker.postMessage(message),
    onmessage: null,
    onerror: null,
    onmessageerror: null,
    terminate: () => worker.terminate(),
  };
  worker.onmessage = (event: MessageEvent<FromWorker>): void => port.onmessage?.(event);
  worker.onerror = (event): void => port.onerror?.(event);
  worker.onmessageerror = (): void => port.onmessageerror?.();
  return port;
}

const tab = nameTab();
const client = connect(portOf(startWorker(workerUrl, 'relais')), location.origin, tab.id);

addEventListener('online', () => client.hurry());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') client.hurry();
});

void show(client, tab.isNew).then(async (app) => {
  // The service worker reads every file of the program: not while what is shown first waits for the same line.
  await app.opened;
  watchUpdates((take) => (app.updateReady = take));
});
