import { expect, test } from 'vitest';
import type { Api, Me, ServerInfo, Worker } from '../e2ee/api';
import { App } from './app.svelte';

const card: ServerInfo = { origin: 'https://a.example', version: '1', demo: false, openRegistration: true };
const somebody: Me = {
  user: 'u',
  session: 's',
  name: 'Inès',
  email: 'ines@demo.example',
  locale: 'fr',
  orgs: [],
  org: null,
  until: 0,
};

/** A page whose worker answers when it is told to. */
function begin(
  path: string,
  isNewTab = true,
): { app: App; answer: (server?: Partial<ServerInfo>) => Promise<void>; pass: () => void } {
  let answered: (server: ServerInfo) => void = () => undefined;
  const server = new Promise<ServerInfo>((resolve) => (answered = resolve));
  const member = { name: 'Inès', email: 'ines@demo.example', password: 'p', what: { fr: '', en: '' } };
  const api: Partial<Api> = {
    resume: () => server.then(() => null),
    server: () => server,
    cast: () => Promise.resolve([member]),
    moreRows: () => Promise.resolve(),
  };
  const worker = { api, listen: () => () => undefined, terminate: () => undefined } as unknown as Worker;
  const places = [path];
  const timers: (() => void)[] = [];
  const app = new App({
    worker,
    keep: { read: () => null, write: () => undefined },
    bar: {
      path: () => places.at(-1) ?? '/',
      push: (to) => void places.push(to),
      replace: (to) => void places.splice(-1, 1, to),
      back: () => undefined,
      onPop: () => () => undefined,
    },
    now: () => 0,
    every: (_ms, run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
    reload: () => undefined,
    openBeside: () => true,
    isNewTab,
  });
  app.start();
  return {
    app,
    answer: async (what = {}) => {
      answered({ ...card, ...what });
      await app.opened;
    },
    pass: () => timers.slice().forEach((run) => run()),
  };
}

test('in a new tab the sign-in does not wait for the worker, in one that may have kept a session it does', async () => {
  const { app, answer } = begin('/sign-in');
  expect([app.phase, app.router.route.name]).toEqual(['out', 'signIn']);
  await answer();
  expect([app.phase, app.router.moves]).toEqual(['out', 0]);
  const known = begin('/sign-in', false);
  known.pass();
  expect(known.app.phase).toBe('starting');
  await known.answer();
  expect(known.app.phase).toBe('out');
});

test('an address of the inside waits a moment for a demonstration, and is gone to after signing in', async () => {
  const { app, answer, pass } = begin('/settings');
  expect(app.phase).toBe('starting');
  pass();
  expect([app.phase, app.router.route.name]).toEqual(['out', 'signIn']);
  await answer();
  expect(app.router.route.name).toBe('signIn');
  app.enter(somebody);
  expect(app.router.route.name).toBe('settings');
});

test('a demonstration that answers late shows its people, unless somebody has begun to sign in', async () => {
  for (const [begun, place] of [
    [false, 'cast'],
    [true, 'signIn'],
  ] as const) {
    const { app, answer, pass } = begin('/');
    pass();
    if (begun)
      app.pending = { kind: 'signIn', email: 'ines@demo.example', login: 'l', until: 0, resendAt: 0 };
    await answer({ demo: true });
    expect(app.router.route.name).toBe(place);
  }
});

test('who was quicker than the last answer of the start stays in', async () => {
  const { app, answer } = begin('/sign-in');
  app.enter(somebody);
  await answer({ demo: true });
  expect([app.phase, app.router.route.name]).toEqual(['in', 'home']);
});

test('pages that show what the server is wait for it', () => {
  for (const path of ['/cast', '/register']) {
    const { app, pass } = begin(path);
    pass();
    expect(app.phase).toBe('starting');
  }
});
