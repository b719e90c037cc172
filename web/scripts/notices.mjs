/**
 * Writes `public/licences.txt`: name, version, licence and licence text of every package that is in the build.
 * `--check` only compares. Packages used for building and testing are not shipped and not listed.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WEB = new URL('..', import.meta.url).pathname;
const OUT = join(WEB, 'public/licences.txt');

/** Licences that may be shipped. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'OFL-1.1',
  'MPL-2.0',
  'CC0-1.0',
  '(MIT OR CC0-1.0)',
]);

/** Packages whose manifest names no licence but whose licence file does. */
const BY_FILE = { 'svelte-toolbelt': 'MIT' };

const lock = JSON.parse(readFileSync(join(WEB, 'package-lock.json'), 'utf8')).packages;
const parts = [];
const refused = [];
for (const [path, { dev, devOptional, version }] of Object.entries(lock).sort(([a], [b]) =>
  a < b ? -1 : 1,
)) {
  if (path === '' || dev || devOptional || !existsSync(join(WEB, path))) continue;
  const about = JSON.parse(readFileSync(join(WEB, path, 'package.json'), 'utf8'));
  const licence = about.license ?? BY_FILE[about.name];
  if (!ALLOWED.has(licence)) refused.push(`${about.name}: ${licence}`);
  const file = readdirSync(join(WEB, path)).find((one) => /^(?:licen[cs]e|copying)/i.test(one));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(WEB, path, file), 'utf8').trim()}`;
  parts.push(`${about.name} ${version} (${licence})${text}`);
}
const all = `${parts.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
if (refused.length > 0) {
  console.error(`notices: licences not allowed: ${refused.join(', ')}`);
  process.exit(1);
}
if (!process.argv.includes('--check')) writeFileSync(OUT, all);
else if (!existsSync(OUT) || readFileSync(OUT, 'utf8') !== all) {
  console.error('notices: public/licences.txt is not current: node scripts/notices.mjs');
  process.exit(1);
}
console.log(`notices: ${parts.length} packages`);
