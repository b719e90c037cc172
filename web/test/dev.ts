/**
 * The page over a fake worker. `?scene=` chooses a situation, `?options=` says in JSON how the worker is; `?still` stops
 * time, for pictures.
 */
import type { Failure } from '../src/e2ee/api';
import { show } from '../src/mount';
import { fakeWorker, type FakeOptions } from './fake-worker';

/** Saturday 21 November 2026, 14:20 in Québec. */
const STILL = Date.UTC(2026, 10, 21, 19, 20);

const query = new URLSearchParams(location.search);
const scene = query.get('scene') ?? '';
const still = query.has('still');
const now = still ? (): number => STILL : (): number => Date.now();

const hostile: Failure = { kind: 'hostile', code: 'H23' };
const scenes: Record<string, FakeOptions> = {
  out: { signedIn: false, demo: false },
  cast: { signedIn: false },
  empty: { empty: true },
  long: { rows: 5_000, entries: 10_000 },
  refused: { startFails: hostile },
  storage: { startFails: { kind: 'local', code: 'storage' } },
};

history.replaceState(
  null,
  '',
  query.get('at') ?? (location.pathname === '/dev.html' ? '/' : location.pathname),
);
const asked = JSON.parse(query.get('options') ?? '{}') as FakeOptions;
const fake = fakeWorker({ now, lively: !still, delay: still ? 0 : 180, ...scenes[scene], ...asked });
const app = await show(fake, false, now);
if (scene === 'offline')
  setTimeout(() => fake.setLink({ state: 'offline', retryAt: now() + 12_000, since: now() }), 300);
if (scene === 'tab')
  setTimeout(() => fake.setLink({ state: 'stopped', why: { kind: 'local', code: 'otherTab' } }), 300);
if (scene === 'update') app.updateReady = () => location.reload();
Object.assign(globalThis, { fake, relais: app });
