/**
 * Refuses a build that is too large, that names another host, that the Content Security Policy would break, or in which
 * a check could be switched off.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { files } from './precompress.mjs';

const DIST = new URL('../dist', import.meta.url).pathname;

/** Brotli kilobytes (1000 B). The shell is what a first visit needs before it can sign in. */
const BUDGET_KB = { shell: 110, chunk: 30, worker: 220, css: 25 };

/** Hosts that may be *named* (namespaces and licence texts); nothing is ever fetched from them. */
const NAMED =
  /^https?:\/\/(?:www\.w3\.org|svelte\.dev|github\.com|mozilla\.org|localhost|127\.0\.0\.1|[a-z]+\.example)(?:[/:?#]|$)/;

const problems = [];
const sizes = [];
const text = (path) => readFileSync(path, 'utf8');
const kb = (bytes) => bytes / 1000;
/** Bytes as the server sends them. */
const sent = (path) => statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
const all = files(DIST).filter((path) => !/\.(?:br|map)$/.test(path));
const name = (path) => relative(DIST, path);

/** Scripts that `entry` needs at once, itself included: its static imports and theirs. */
function closure(entry, seen = new Set()) {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const [, from] of text(entry).matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) {
    closure(join(DIST, 'assets', from), seen);
  }
  return seen;
}

function budget(label, paths, limit) {
  const size = paths.reduce((sum, path) => sum + kb(sent(path)), 0);
  sizes.push([label, size, limit]);
  if (size > limit) problems.push(`${label}: ${size.toFixed(1)} KB br, over ${limit}`);
}

const html = text(join(DIST, 'index.html'));
if (/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/.test(html))
  problems.push('index.html: inline script or style');
const entries = [...html.matchAll(/<script[^>]*src="\/([^"]+)"/g)].map(([, path]) => join(DIST, path));
if (entries.length !== 1) problems.push(`index.html: ${entries.length} scripts instead of one`);

const shell = new Set(entries.flatMap((entry) => [...closure(entry)]));
const styles = all.filter((path) => path.endsWith('.css'));
// What the document names beforehand is loaded by every visit: both languages are.
const named = [...html.matchAll(/<link[^>]*modulepreload[^>]*href="\/([^"]+)"/g)];
for (const [, path] of named) closure(join(DIST, path), shell);
if (named.filter(([, path]) => /assets\/(?:fr|en)-[\w-]+\.js$/.test(path)).length !== 2)
  problems.push('index.html: the languages are not named beforehand');
// The frame of every page after signing in is part of the shell, though it loads while the password is typed.
for (const frame of all.filter((path) => /assets\/Shell-[\w-]+\.js$/.test(path))) closure(frame, shell);
budget('shell', [...shell, ...styles], BUDGET_KB.shell);
budget('css', styles, BUDGET_KB.css);
for (const path of all.filter((one) => one.endsWith('.js'))) {
  if (shell.has(path) || name(path) === 'sw.js') continue;
  if (/worker-/.test(name(path))) budget(name(path), [path], BUDGET_KB.worker);
  else budget(name(path), [path], BUDGET_KB.chunk);
}

for (const path of all.filter((one) => /\.(?:js|css|html|svg|webmanifest)$/.test(one))) {
  const source = text(path);
  for (const [url] of source.matchAll(/\b(?:https?|wss?):\/\/[a-z0-9][\w.-]*\.[a-z]{2,}[^\s"'`)\\]*/gi)) {
    if (!NAMED.test(url)) problems.push(`${name(path)}: names ${url.slice(0, 80)}`);
  }
  if (/\.js$/.test(path) && /(?:\beval\s*\(|new Function\s*\()/.test(source))
    problems.push(`${name(path)}: makes code from text`);
  if (source.includes('relaisChecksOff') || /["']mutations["']/.test(source))
    problems.push(`${name(path)}: has switches for its checks`);
  if (/\.js$/.test(path) && !/worker-/.test(name(path)) && /<\w+[^<>`]*\sstyle=\\?"/.test(source)) {
    problems.push(`${name(path)}: inline style in markup`);
  }
  if (
    /\.css$/.test(path) &&
    /light-dark\(|color-mix\(|@property|@import|url\((?!["']?\/assets\/)/.test(source)
  ) {
    problems.push(`${name(path)}: uses what the oldest browser does not know, or loads from elsewhere`);
  }
}
if (!all.some((path) => name(path) === 'sw.js')) problems.push('sw.js is missing');
if (text(join(DIST, 'sw.js')).includes('__PRECACHE__')) problems.push('sw.js: no list');

for (const [label, size, limit] of sizes)
  console.log(`${size.toFixed(1).padStart(7)} of ${limit} KB br  ${label}`);
for (const problem of problems) console.error(`check-dist: ${problem}`);
console.log(`check-dist: ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
