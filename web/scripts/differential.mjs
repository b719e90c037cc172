/**
 * Holds this implementation to the Rust one on random input: has Rust write histories of signed chains and message
 * bodies from a seed, and runs the tests that read them. Needs cargo.
 *
 * `node scripts/differential.mjs [SEED [HISTORIES]]`; without a seed one is drawn and printed. First it checks that
 * the committed files are what the generators write today; `--write` replaces them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the committed files are made with. */
const COMMITTED = { 'differential.ndjson': ['1', '8', '100'], 'bodies.ndjson': ['1', '400'] };
const EXAMPLES = {
  'differential.ndjson': ['relais-chain', 'differential'],
  'bodies.ndjson': ['relais-e2ee', 'bodies'],
};

/** The generator's lines. All features, as every other build of the workspace, so that nothing is built twice. */
function generate(file, args) {
  const [crate, example] = EXAMPLES[file];
  const cargo = ['run', '-q', '-p', crate, '--all-features', '--example', example, '--', ...args];
  const { status, stdout, stderr } = spawnSync('cargo', cargo, {
    cwd: ROOT,
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const write = process.argv.includes('--write');
const [given, histories = '40'] = process.argv.slice(2).filter((arg) => arg !== '--write');
const seed = given ?? String(Math.floor(Math.random() * 1e9));

for (const [file, args] of Object.entries(COMMITTED)) {
  const path = join(ROOT, 'vectors', file);
  const made = generate(file, args);
  if (write) writeFileSync(path, made);
  else if (made !== readFileSync(path, 'utf8')) {
    console.error(`vectors/${file} is not what its generator writes; --write replaces it`);
    process.exit(1);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'relais-differential-'));
const chains = join(folder, 'chains.ndjson');
const bodies = join(folder, 'bodies.ndjson');
writeFileSync(chains, generate('differential.ndjson', [seed, histories, '120']));
writeFileSync(bodies, generate('bodies.ndjson', [seed, '5000']));
console.log(`seed ${seed}`);
const vitest = [
  'vitest',
  'run',
  '--project',
  'node',
  'src/chain/differential.test.ts',
  'src/e2ee/bodies.test.ts',
];
const env = { ...process.env, RELAIS_DIFFERENTIAL: chains, RELAIS_BODIES: bodies };
const { status } = spawnSync('npx', vitest, { cwd: join(ROOT, 'web'), stdio: 'inherit', env });
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
