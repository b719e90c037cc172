/** The whole page over a fake worker, for tests in the browser: mounted, driven, and taken away again. */
import { mount, tick, unmount } from 'svelte';
import AppView from '../src/App.svelte';
import type { Locale } from '../src/e2ee/api';
import { useLocale } from '../src/i18n/runtime.svelte';
import '../src/ui/tokens/tokens.css';
import '../src/ui/tokens/light.css';
import '../src/ui/tokens/dark.css';
import '../src/ui/tokens/density.css';
import '../src/ui/tokens/base.css';
import { App } from '../src/state/app.svelte';
import type { Keep } from '../src/state/prefs.svelte';
import { fakeWorker, type Fake, type FakeOptions } from './fake-worker';

/** Saturday 21 November 2026, 14:20 in Québec. */
export const STILL = Date.UTC(2026, 10, 21, 19, 20);

/** How a page is staged. */
export interface StageOptions extends FakeOptions {
  at?: string;
  locale?: Locale;
  theme?: 'light' | 'dark';
  keep?: Keep;
  isNewTab?: boolean;
}

/** A staged page. */
export interface Stage {
  app: App;
  fake: Fake;
  root: HTMLElement;
  /** The address bar. */
  path(): string;
  /** Waits until something is there. Fails after two seconds. */
  until<T>(look: () => T | null | undefined | false, what?: string): Promise<T>;
  /** The first element that a selector finds; waits for it. */
  find<E extends HTMLElement = HTMLElement>(selector: string): Promise<E>;
  /** A button or link by its words. */
  press(words: string | RegExp): Promise<void>;
}

let ends: (() => void)[] = [];

/** Takes every staged page away. */
export function strike(): void {
  for (const end of ends) end();
  ends = [];
  document.body.replaceChildren();
}

const WAIT_MS = 4_000;

/** What somebody reads on an element. */
export const saying = (element: Element): string =>
  (element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\s+/g, ' ').trim();

/** Shows the page. */
export async function stage(options: StageOptions = {}): Promise<Stage> {
  strike();
  const { at = '/', locale = 'fr', theme = 'light' } = options;
  const fake = fakeWorker({ now: () => STILL, ...options });
  const places = [at];
  let pop: (() => void) | null = null;
  const kept: Keep = options.keep ?? {
    read: () => JSON.stringify({ locale, theme, density: 'standard', contrast: 'normal' }),
    write: () => undefined,
  };
  const app = new App({
    worker: fake,
    keep: kept,
    bar: {
      path: () => places.at(-1) ?? '/',
      push: (path) => void places.push(path),
      replace: (path) => void places.splice(-1, 1, path),
      back: () => {
        if (places.length > 1) places.pop();
        pop?.();
      },
      onPop: (then) => {
        pop = then;
        return () => (pop = null);
      },
    },
    now: () => STILL,
    every: () => () => undefined,
    reload: () => undefined,
    openBeside: () => true,
    isNewTab: options.isNewTab ?? false,
  });
  await useLocale(locale, [locale === 'fr' ? 'fr-CA' : 'en-CA']);
  const root = document.createElement('div');
  document.body.append(root);
  const view = mount(AppView, { target: root, props: { app } });
  const stop = app.start();
  ends.push(() => {
    stop();
    void unmount(view);
    fake.terminate();
  });
  const until: Stage['until'] = async (look, what = 'what was waited for') => {
    const begun = performance.now();
    for (;;) {
      await tick();
      const found = look();
      if (found !== null && found !== undefined && found !== false) return found;
      if (performance.now() - begun > WAIT_MS)
        throw new Error(`${what} did not come: ${document.body.innerText.slice(0, 300)}`);
      await new Promise((done) => requestAnimationFrame(done));
    }
  };
  const staged: Stage = {
    app,
    fake,
    root,
    path: () => places.at(-1) ?? '/',
    until,
    find: <E extends HTMLElement>(selector: string) =>
      until(() => document.querySelector<E>(selector), selector),
    press: async (words) => {
      const is = (element: Element): boolean =>
        typeof words === 'string' ? saying(element).includes(words) : words.test(saying(element));
      const found = await until(
        () =>
          [...document.querySelectorAll<HTMLElement>('button, a, [role=menuitem], label')].find(
            (one) => is(one) && one.offsetParent !== null,
          ),
        String(words),
      );
      found.click();
      await tick();
    },
  };
  await staged.find('h1:not(.splash h1)');
  return staged;
}
