/**
 * Visits every screen and state of the client, over made-up people: each must be the one that is meant, in the language
 * that was asked for, without a finding of axe, a violation of the content security policy or an error. The figures come
 * last; the exit code is 0 only where all of it holds.
 *
 *   node e2e/web-screens.mjs [--quick] [--only part-of-a-name] [--kinds part,part] [--shots folder] [--no-build]
 *
 * A kind is `fr-light-desktop` and the like: French and English in light, dark, high contrast, high contrast in dark and
 * forced colours, on a desktop, a phone, in 320 CSS pixels and enlarged to 200 %. `--quick` looks once on a
 * desktop and once on a phone, each in its own language and look. `--shots` takes a picture of each.
 *
 * Not known here: which screens there are. They are staged once for a size; language and look are changed while they
 * are shown, so that a word which does not follow the language is found.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../scripts/serve.mjs';
import { SCREENS } from './screens/list.mjs';
import { LOOKS, SIZES, Stage } from './screens/stage.mjs';

const WEB = new URL('..', import.meta.url).pathname;
const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? null : (process.argv[at + 1] ?? '');
};
const has = (name) => process.argv.includes(`--${name}`);
const ONLY = option('only');
const SHOTS = option('shots');
const ORDINARY = { looks: ['light', 'dark', 'contrast'], sizes: ['desktop', 'phone'] };
const EVERY = { looks: Object.keys(LOOKS), sizes: Object.keys(SIZES) };

/**
 * The kinds a screen is looked at in one size: language and look. The quick form takes one for each ordinary size, of
 * another language and another look, and the next screen begins with the next: each screen is seen in both languages
 * and two looks, and each language, look and size meets each other one.
 */
function kindsOf(size, at) {
  const parts = option('kinds')?.split(',') ?? null;
  const languages = ['fr', 'en'];
  const kinds = languages.flatMap((locale) => EVERY.looks.map((look) => [locale, look]));
  if (parts !== null)
    return kinds.filter(([locale, look]) => parts.some((part) => `${locale}-${look}-${size}`.includes(part)));
  if (!has('quick')) return kinds;
  const { looks, sizes } = ORDINARY;
  const turn = at + sizes.indexOf(size);
  return sizes.includes(size) ? [[languages[turn % languages.length], looks[turn % looks.length]]] : [];
}

const count = { visits: 0, whole: 0, rules: 0, pictures: 0, violations: 0, undecided: new Map() };
const problems = [];
/** Says what is wrong at once, and again at the end. */
const wrong = (words) => {
  problems.push(words);
  console.error(words);
};

/** Looks at one screen in each of these kinds. */
async function visit(stage, size, screen, kinds) {
  let looked = null;
  for (const [locale, look] of kinds) {
    const label = `${screen.name}-${locale}-${look}-${size}`;
    await stage.turn(screen, locale, look);
    // What does not depend on colours is the same in every look of a language.
    const found = await stage.check(looked !== locale);
    count.whole += looked === locale ? 0 : 1;
    looked = locale;
    count.visits += 1;
    count.rules += found.rules;
    for (const [id, nodes, where] of found.violations) wrong(`${label}: axe ${id}, ${nodes} times: ${where}`);
    for (const [id, nodes] of found.open) count.undecided.set(id, (count.undecided.get(id) ?? 0) + nodes);
    if (SHOTS === null) continue;
    await stage.picture(join(SHOTS, `${label}.png`));
    count.pictures += 1;
  }
}

/** Visits every screen in one size. */
async function visitAll(origin, size) {
  if (kindsOf(size, 0).length === 0) return;
  const stage = await Stage.open(origin, size);
  try {
    for (const [at, screen] of SCREENS.entries()) {
      if (ONLY !== null && !screen.name.includes(ONLY)) continue;
      if (screen.wide && size !== 'desktop') continue;
      try {
        await stage.show(screen);
        await visit(stage, size, screen, kindsOf(size, at));
      } catch (error) {
        wrong(`${screen.name}-${size}: ${String(error.message).slice(0, 600)}`);
      }
      const expected = (text) => screen.breaks?.test(text) ?? false;
      for (const text of stage.errors.splice(0))
        if (!expected(text)) wrong(`${screen.name}-${size}: ${text}`);
    }
    count.violations += stage.violations.length;
    for (const words of new Set(stage.violations)) wrong(`${size}: policy: ${words}`);
    const missed = await stage.control();
    if (missed.length > 0) wrong(`${size}: not noticed: ${missed.join(', ')}`);
  } finally {
    await stage.close();
  }
}

if (!has('no-build'))
  execFileSync('npx', ['vite', 'build', '--mode', 'fake', '--logLevel', 'error'], {
    cwd: WEB,
    stdio: 'inherit',
  });
if (SHOTS !== null) mkdirSync(SHOTS, { recursive: true });
const server = await serve(join(WEB, 'node_modules/.cache/fake'), 'dev.html');
const begun = performance.now();
try {
  for (const [at] of Object.keys(SIZES).entries())
    if (at % 2 === 0)
      await Promise.all(
        Object.keys(SIZES)
          .slice(at, at + 2)
          .map((size) => visitAll(server.origin, size)),
      );
} finally {
  server.close();
}
const figure = (what, value) => console.log(`${what.padEnd(46)} ${value}`);
figure('screens and states', SCREENS.filter(({ name }) => ONLY === null || name.includes(ONLY)).length);
figure('visits, each the page that was meant', count.visits);
figure('  with every rule of axe, with those on colours', `${count.whole}, ${count.visits - count.whole}`);
figure('rules of axe that held', count.rules);
figure(
  'axe could not decide',
  [...count.undecided].map(([id, nodes]) => `${id} ${nodes}`).join(', ') || 'nothing',
);
figure('violations of the content security policy', count.violations);
if (SHOTS !== null) figure('pictures', `${count.pictures} in ${SHOTS}`);
figure('seconds', ((performance.now() - begun) / 1_000).toFixed(0));
for (const words of new Set(problems)) console.log(`FAILED ${words}`);
console.log(problems.length === 0 && count.visits > 0 ? 'holds' : 'DOES NOT HOLD');
process.exitCode = problems.length === 0 && count.visits > 0 ? 0 : 1;
