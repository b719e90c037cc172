/**
 * Drives a real browser through long lists of threads and a long thread, and prints what it saw as one line of JSON.
 * What it means is decided by the measurement that calls this (`proof/web.rs`).
 *
 *   node e2e/bench-web.mjs '{"origin": …, "password": …, "readers": [{"email": …, "threads": 50, "messages": 1}, …]}'
 *
 * A reader with more than one message is the one of the long thread.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { install } from './stopwatch.mjs';
import { FLAGS } from './flags.mjs';

/** Milliseconds for anything to happen: a debug build on a busy machine is slow, and that is a figure, not a failure. */
const PATIENCE_MS = 120_000;
/** Between two looks whether the worker still works. */
const STILL_MS = 500;
/** A turn of the wheel. */
const WHEEL_PX = 1_200;
/** The slow mobile line of the usual page tests: 1.6 Mbit/s with a round trip of 150 ms, as request latency. */
const SLOW_LINE = {
  offline: false,
  latency: 562.5,
  downloadThroughput: 184_320,
  uploadThroughput: 84_375,
};
/** Number of the request that writes one of a person's shared objects (docs/PROTOCOL.md). */
const PUT_OBJECT = 0x0153;

const { origin, password, readers } = JSON.parse(process.argv[2]);
const say = (line) => console.error(line);

/** A browser that knows nothing. */
async function fresh(browser) {
  const context = await browser.newContext({
    locale: 'en-CA',
    timezoneId: 'America/Toronto',
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(install);
  return context;
}

async function mails(email) {
  const answer = await fetch(`${origin}/dev/mail?to=${encodeURIComponent(email)}`);
  return answer.json();
}

async function newestCode(email, after) {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const found = (await mails(email)).filter((mail) => mail.number > after && mail.code);
    if (found.length > 0) return found.at(-1).code;
    await pause(20);
  }
  throw new Error('no code came');
}

/** Signs in as somebody would. The stopwatch runs from the moment the code is sent off. */
async function signIn(page, email) {
  const before = Math.max(0, ...(await mails(email)).map((mail) => mail.number));
  await page.goto(`${origin}/sign-in`);
  await page.locator('input[type=email]').fill(email);
  await page.locator('input[type=password]').fill(password);
  await page.keyboard.press('Enter');
  const code = page.locator('input[autocomplete=one-time-code]');
  await code.waitFor();
  await code.fill(await newestCode(email, before));
  await page.keyboard.press('Enter');
}

const counts = (page) => page.evaluate(() => globalThis.stopwatch.counts());

/** What the worker has done, once it does nothing more. */
async function settled(page) {
  for (let last = await counts(page); ;) {
    await pause(STILL_MS);
    const now = await counts(page);
    if (Object.keys(now).every((what) => now[what] === last[what])) return now;
    last = now;
  }
}

/** Waits until a first page of the list is opened; answers when what was painted. */
async function started(page) {
  await page.waitForFunction(() => globalThis.stopwatch.opened !== null);
  const { first, usable, opened } = await page.evaluate(() => globalThis.stopwatch.times());
  return { first, usable, opened, counts: await settled(page) };
}

/** Counts, inside the worker, what of a person's devices' shared objects was written. */
const countShares = (kind) => {
  const { fetch } = self;
  self.shared = 0;
  self.fetch = async (address, how) => {
    const answer = await fetch(address, how);
    if (((how?.body?.[2] << 8) | how?.body?.[3]) === kind) self.shared += 1;
    return answer;
  };
};

/** Waits until this browser has written both objects that a person's devices share: pins and key index. */
async function shared(page) {
  const [worker] = page.workers();
  const end = performance.now() + PATIENCE_MS;
  while ((await worker.evaluate(() => self.shared)) < 2) {
    if (performance.now() > end) throw new Error('the key index was not written');
    await pause(STILL_MS);
  }
}

/** Scrolls to the end of the list until it goes on no more; answers how many threads it names then. */
async function scrolledToOldest(page) {
  const began = performance.now();
  let pages = 0;
  for (; await page.locator('.scroll .more').isVisible(); pages += 1) {
    const before = await page.locator('a.row').count();
    await page.locator('.scroll').evaluate((list) => (list.scrollTop = list.scrollHeight));
    const goesOn = (rows) =>
      document.querySelectorAll('a.row').length > rows || !document.querySelector('.scroll .more');
    await page.waitForFunction(goesOn, before);
  }
  const ms = performance.now() - began;
  const named = await page
    .locator('a.row')
    .evaluateAll((rows) => new Set(rows.map((row) => row.getAttribute('href'))).size);
  return { named, pages, ms };
}

async function measureList(browser, { email, threads }) {
  say(`a list of ${threads} threads …`);
  const context = await fresh(browser);
  const page = await context.newPage();
  page.on('worker', (worker) => void worker.evaluate(countShares, PUT_OBJECT).catch(() => null));
  await signIn(page, email);
  const atSignIn = await started(page);
  await shared(page);

  await page.reload();
  const again = await started(page);
  const rows = await page.locator('a.row').count();
  let nextPage = null;
  const more = page.locator('.scroll .more button');
  if (await more.isVisible()) {
    await more.click();
    await page.waitForFunction((before) => globalThis.stopwatch.openedRows > before, rows);
    nextPage = await settled(page);
  }
  const clicked = await page.evaluate(() => globalThis.stopwatch.click('a.row', 'article.message'));
  const oldest = await scrolledToOldest(page);
  await context.close();
  return { threads, rows, sign_in: atSignIn, click: clicked, again, next_page: nextPage, oldest };
}

/** Seconds that tasks of the page's main thread took so far. */
async function busy(cdp) {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value;
}

/** Does something; answers how busy the page was with it. */
async function watched(page, work) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const [before, from] = [await busy(cdp), await page.evaluate(() => performance.now())];
  await work();
  const long = await page.evaluate((since) => globalThis.stopwatch.longSince(since), from);
  const elements = await page.evaluate(() => document.getElementsByTagName('*').length);
  return { long, busy: (await busy(cdp)) - before, elements };
}

/** Turns the wheel once, and waits until that is painted. Answers how far the log is from its beginning. */
async function wheel(page) {
  await page.mouse.wheel(0, -WHEEL_PX);
  return page.evaluate(() => globalThis.stopwatch.painted('.log'));
}

/** Pages through to the oldest message; what was done is noted, to be done again. */
async function pageThrough(page, notes) {
  const older = page.locator('.log .older button');
  for (;;) {
    const from = await page.evaluate(() => document.querySelector('.log').scrollTop);
    let turns = 0;
    do turns += 1;
    while ((await wheel(page)) > 0);
    notes.push({ from, turns });
    if (!(await older.isVisible())) return;
    Object.assign(notes.at(-1), await page.evaluate(() => globalThis.stopwatch.older()));
  }
}

/** The same turns of the wheel. */
async function scrollAsBefore(page, notes) {
  for (const { from, turns } of notes) {
    await page.evaluate((top) => {
      document.querySelector('.log').scrollTop = top;
    }, from);
    for (let turn = 0; turn < turns; turn += 1) await wheel(page);
  }
}

async function pointAtLog(page) {
  const box = await page.locator('.log').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
}

async function measureLong(browser, { email, messages }) {
  say(`a thread of ${messages} messages …`);
  const context = await fresh(browser);
  const page = await context.newPage();
  await signIn(page, email);
  await page.locator('a.row').click();
  await page.waitForFunction(() => globalThis.stopwatch.newest() !== null);
  await page.waitForFunction((last) => globalThis.stopwatch.newest() === last, messages - 1);
  const shown = await page.evaluate(() => globalThis.stopwatch.since());
  const worked = await settled(page);
  await page.locator('.log').evaluate((log) => (log.scrollTop = log.scrollHeight));
  await pointAtLog(page);
  const notes = [];
  const client = await watched(page, () => pageThrough(page, notes));
  const html = await page.evaluate(() => globalThis.stopwatch.still());
  await context.close();

  say('the same as plain HTML …');
  const plain = await fresh(browser);
  const copy = await plain.newPage();
  await copy.route(`${origin}/still`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await copy.goto(`${origin}/still`);
  await copy.locator('article.message').last().waitFor();
  await pointAtLog(copy);
  const still = await watched(copy, () => scrollAsBefore(copy, notes));
  await plain.close();
  const pages = notes.filter(({ ms }) => ms !== undefined);
  const moved = Math.max(0, ...pages.map((page) => page.moved));
  const times = pages.map(({ ms }) => ms);
  return { messages, shown, counts: worked, pages: pages.length, page_ms: times, moved, client, still };
}

/** The largest paint of the first screen over a slow line. */
async function measurePaint(browser) {
  say('the first screen on a slow line …');
  const context = await fresh(browser);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', SLOW_LINE);
  await page.goto(`${origin}/sign-in`);
  await page.locator('input[type=password]').waitFor();
  // What comes with the worker's first answer may be larger.
  await counts(page);
  const paint = await page.evaluate(() => globalThis.stopwatch.largest());
  await context.close();
  return paint;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [...FLAGS, '--disable-smooth-scrolling'],
});
try {
  const paint = await measurePaint(browser);
  const lists = [];
  for (const reader of readers.filter(({ messages }) => messages === 1))
    lists.push(await measureList(browser, reader));
  const long = await measureLong(
    browser,
    readers.find(({ messages }) => messages > 1),
  );
  console.log(JSON.stringify({ lists, long, paint }));
} finally {
  await browser.close();
}
