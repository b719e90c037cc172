/** Puts the page into the document, over any worker: the real one or a fake. */
import './ui/tokens/tokens.css';
import './ui/tokens/light.css';
import './ui/tokens/dark.css';
import './ui/tokens/density.css';
import './ui/tokens/base.css';
import './ui/tokens/print.css';
import { mount } from 'svelte';
import AppView from './App.svelte';
import type { Worker } from './e2ee/api';
import { firstLocale, useLocale } from './i18n/runtime.svelte';
import { bar, every, keep, openBeside, reloadOnMissingPart } from './platform/page';
import { App } from './state/app.svelte';

/** Shows the page. `now` only for pictures that must not change. */
export async function show(
  worker: Worker,
  isNewTab: boolean,
  now: () => number = () => Date.now(),
): Promise<App> {
  reloadOnMissingPart();
  const reload = (): void => location.reload();
  const app = new App({ worker, keep, bar, now, every, reload, openBeside, isNewTab });
  await useLocale(app.prefs.locale ?? firstLocale(navigator.languages));
  const target = document.getElementById('app') ?? document.body;
  target.replaceChildren();
  mount(AppView, { target, props: { app } });
  app.start();
  return app;
}
