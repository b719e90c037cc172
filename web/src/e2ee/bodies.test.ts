/**
 * Random bodies that the Rust implementation wrote (`cargo run -p relais-e2ee --example bodies`), whole and damaged: what
 * one reads the other reads, and encodes to the same bytes. `RELAIS_BODIES` names a file of fresh ones.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import committed from '../../../vectors/bodies.ndjson?raw';
import { hex, unhex, type Hex } from '../wire/bytes';
import { decodeBody, encodeBody } from './body';
import { E2eeError } from './error';

/** What fresh lines were made from: a failing test's name says how to have the same again. */
const SEED = process.env['RELAIS_SEED'] === undefined ? '' : ` of seed ${process.env['RELAIS_SEED']}`;

/** Runs the lines; answers how many bodies were read. */
function run(text: string): number {
  let read = 0;
  for (const [number, row] of text.trim().split('\n').entries()) {
    const { body, again } = JSON.parse(row) as { body: Hex; again?: Hex };
    let outcome: Hex | undefined;
    try {
      outcome = hex(encodeBody(decodeBody(unhex(body))));
      read += 1;
    } catch (error) {
      if (!(error instanceof E2eeError)) throw error;
    }
    expect(outcome, `line ${number + 1}`).toBe(again);
  }
  return read;
}

describe('random bodies of the Rust implementation', { timeout: 120_000 }, () => {
  it('are read and refused alike: the committed ones', () => {
    const lines = committed.trim().split('\n').length;
    const read = run(committed);
    expect(read).toBeGreaterThan(lines / 4);
    expect(read).toBeLessThan((lines * 3) / 4);
  });

  const fresh = process.env['RELAIS_BODIES'];
  it.skipIf(fresh === undefined)(`are read and refused alike: fresh ones${SEED}`, () => {
    expect(run(readFileSync(fresh ?? '', 'utf8'))).toBeGreaterThan(0);
  });
});
