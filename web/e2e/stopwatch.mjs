/**
 * What runs inside the page of the measurement, before anything of it: notes when the list was painted, which tasks
 * were long, and asks the worker what it counted.
 *
 * The function is handed to the browser as text, so it uses nothing from outside itself.
 */

/** Installed as `globalThis.stopwatch`. */
export function install() {
  /** What the data of the measurement is called (`proof/web/data.rs`). */
  const TITLE = /^Thread \d{5}$/;
  const TEXT = /Message (\d{5})/;
  /** When the sign-in's code was sent off; the beginning of the page where none was. */
  let from = 0;
  let worker = null;
  const long = [];
  let largest = 0;

  const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const numbers = () =>
    [...document.querySelectorAll('article.message .body')].map((body) => TEXT.exec(body.textContent)?.[1]);
  const until = async (holds) => {
    while (!holds()) await painted();
  };

  const stopwatch = {
    first: null,
    usable: null,
    opened: null,
    /** Rows whose message is shown. */
    openedRows: 0,
    times: () => ({
      first: stopwatch.first - from,
      usable: stopwatch.usable - from,
      opened: stopwatch.opened - from,
    }),
    since: () => performance.now() - from,
    /** Durations of the long tasks that began after a moment. */
    longSince: (since) => long.filter(({ at }) => at >= since).map(({ ms }) => ms),
    largest: async () => {
      await document.fonts.ready;
      await until(() => largest > 0);
      return largest;
    },
    /** Asks the worker beside the page's own questions. */
    counts: () =>
      new Promise((resolve) => {
        const hear = ({ data }) => {
          if (data.t !== 'ok' || data.id !== -1) return;
          worker.removeEventListener('message', hear);
          resolve(data.value);
        };
        worker.addEventListener('message', hear);
        worker.postMessage({ t: 'call', id: -1, name: 'counts', args: [] });
      }),
    /** Clicks; answers the milliseconds until something of this kind is painted. */
    click: async (what, then) => {
      const began = performance.now();
      document.querySelector(what).click();
      await until(() => document.querySelector(then) !== null);
      await painted();
      return performance.now() - began;
    },
    /** Number of the newest message on the page. */
    newest: () => {
      const last = numbers().at(-1);
      return last === undefined ? null : Number(last);
    },
    /**
     * Asks for older messages; answers the milliseconds until all of them are painted, and by how many pixels what was
     * oldest has moved on the screen.
     */
    older: async () => {
      const log = document.querySelector('.log');
      const oldest = () => log.querySelector('ol > li > :last-child');
      const before = oldest();
      const top = before.getBoundingClientRect().top;
      const began = performance.now();
      log.querySelector('.older button').click();
      await until(() => oldest() !== before && log.ariaBusy !== 'true');
      await painted();
      const ms = performance.now() - began;
      return { ms, moved: Math.abs(before.getBoundingClientRect().top - top) };
    },
    /** After the next paint: how far something is scrolled. */
    painted: async (what) => {
      await painted();
      await painted();
      return document.querySelector(what).scrollTop;
    },
    /** The document as it stands, without its programs. */
    still: () => {
      const copy = document.documentElement.cloneNode(true);
      for (const one of copy.querySelectorAll('script, link[rel=modulepreload], link[rel=manifest]'))
        one.remove();
      return `<!doctype html>${copy.outerHTML}`;
    },
  };
  globalThis.stopwatch = stopwatch;

  /** Looks at what is about to be painted. */
  function look() {
    const rows = [...document.querySelectorAll('a.row')];
    if (rows.length === 0) return;
    const now = performance.now();
    stopwatch.first ??= now;
    const onScreen = rows.filter((row) => row.getBoundingClientRect().top < innerHeight);
    if (onScreen.every((row) => TITLE.test(row.querySelector('.title').textContent)))
      stopwatch.usable ??= now;
    stopwatch.openedRows = rows.filter((row) => TEXT.test(row.textContent)).length;
    if (stopwatch.openedRows === rows.length) stopwatch.opened ??= now;
  }
  let due = false;
  new MutationObserver(() => {
    if (due || (stopwatch.opened !== null && document.querySelector('.log') !== null)) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      look();
    });
  }).observe(document, { childList: true, subtree: true, characterData: true });

  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) long.push({ at: startTime, ms: duration });
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) largest = startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  addEventListener('submit', () => (from = performance.now()), true);

  globalThis.Worker = new Proxy(Worker, {
    construct(target, given) {
      const made = Reflect.construct(target, given);
      if (given[1]?.name === 'relais') worker = made;
      return made;
    },
  });
}
