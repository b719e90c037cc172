/**
 * The web client as the victim of `cargo x prove hostile-server`: `test/victim.ts` out of the sources, in the one mode
 * in which its checks have switches (`src/wire/mutations.ts`). Nothing is built, and nothing of it is kept.
 */
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const vite = await createServer({
  root: fileURLToPath(new URL('..', import.meta.url)),
  configFile: false,
  mode: 'mutations',
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
await vite.ssrLoadModule('/test/victim.ts');
