/**
 * Holds this implementation to the Rust one on random input: has Rust write histories of signed chains and message
 * bodies from a seed, and runs the tests that read them.
 *
 * `node scripts/differential.mjs [SEED [HISTORIES]] [options of Vitest]`; without a seed one is drawn, and it is printed
 * either way: the same seed makes the same lines. First it checks that the committed files are what the generators
 * write today; `--write` replaces them.
 *
 * `RELAIS_EXAMPLES` names the folder of the generators where they are built already; otherwise cargo builds them.
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
/** Operations in each history, bodies in all: with the default of histories about ten seconds on a slow core. */
const STEPS = '120';
const BODIES = '5000';

/** The command of a generator. Built with all features, as every other build of the workspace, so that nothing is built twice. */
function generator(file) {
  const [crate, example] = EXAMPLES[file];
  const built = process.env.RELAIS_EXAMPLES;
  if (built !== undefined) return [join(built, example)];
  return ['cargo', 'run', '-q', '-p', crate, '--all-features', '--example', example, '--'];
}

/** The generator's lines. */
function generate(file, args) {
  const [program, ...before] = generator(file);
  const { status, stdout, stderr, error } = spawnSync(program, [...before, ...args], {
    cwd: ROOT,
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Ends badly if a committed file is not what its generator writes, or writes it. */
function compare(write) {
  for (const [file, args] of Object.entries(COMMITTED)) {
    const path = join(ROOT, 'vectors', file);
    const made = generate(file, args);
    if (write) writeFileSync(path, made);
    else if (made !== readFileSync(path, 'utf8')) {
      console.error(`vectors/${file} is not what its generator writes; --write replaces it`);
      process.exit(1);
    }
  }
}

/** Runs the tests over fresh lines; answers their exit code. */
function run(seed, histories, options) {
  const folder = mkdtempSync(join(tmpdir(), 'relais-differential-'));
  try {
    const chains = join(folder, 'chains.ndjson');
    const bodies = join(folder, 'bodies.ndjson');
    writeFileSync(chains, generate('differential.ndjson', [seed, histories, STEPS]));
    writeFileSync(bodies, generate('bodies.ndjson', [seed, BODIES]));
    const files = ['src/chain/differential.test.ts', 'src/e2ee/bodies.test.ts'];
    // The committed lines are read in every run of the tests.
    const vitest = ['vitest', 'run', '--project', 'node', '-t', 'fresh', ...files, ...options];
    const env = {
      ...process.env,
      RELAIS_DIFFERENTIAL: chains,
      RELAIS_BODIES: bodies,
      RELAIS_SEED: seed,
    };
    const { status } = spawnSync('npx', vitest, { cwd: join(ROOT, 'web'), stdio: 'inherit', env });
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const given = process.argv.slice(2);
const numbers = given.filter((arg) => /^\d+$/.test(arg));
const options = given.filter((arg) => arg.startsWith('--') && arg !== '--write');
const [seed = String(Math.floor(Math.random() * 1e9)), histories = '40'] = numbers;

compare(given.includes('--write'));
console.log(`seed ${seed}; again: node web/scripts/differential.mjs ${seed} ${histories}`);
process.exitCode = run(seed, histories, options);
