/**
 * Random histories that the Rust implementation wrote (`cargo run -p relais-chain --example differential`): at each
 * operation, valid or not, this validator comes to the same state or the same error.
 *
 * A committed history runs always; `RELAIS_DIFFERENTIAL` names a file of fresh ones (`node scripts/differential.mjs`).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import committed from '../../../vectors/differential.ndjson?raw';
import { unhex, type Hex } from '../wire/bytes';
import { Writer } from './codec';
import { Directory } from './directory';
import { ChainError } from './error';
import type { Mode } from './facts';
import { sha256 } from './hash';
import type { KeyringChain } from './keyring';
import { sorted } from './roster';
import { encodeSnapshot } from './snapshot';
import { ThreadState } from './thread';
import { STANDINGS, type UnitChain } from './unit';
import type { UserChain } from './user';

interface Line {
  history?: number;
  link?: ['user' | 'keyring' | 'unit', Hex, Hex];
  entry?: [Hex, Hex];
  now?: number;
  error?: number;
  seq?: number;
  hash?: Hex;
  print?: Hex;
  n?: number;
  head?: Hex;
  entry_hash?: Hex;
  anchor_checked?: boolean;
  snapshot?: Hex;
}

/** What fresh lines were made from: a failing test's name says how to have the same again. */
const SEED = process.env['RELAIS_SEED'] === undefined ? '' : ` of seed ${process.env['RELAIS_SEED']}`;

/** The units whose accepted attestations are asked about, in the generator's order. */
const UNITS = [1, 2, 3].map((n) => `4f${n.toString(16).padStart(2, '0').repeat(15)}`);

function printUser(w: Writer, chain: UserChain): void {
  const { root, personal, inbox } = chain.fact;
  w.array(10).id(root).id(personal.id).id(inbox.id).uint(chain.generation).bin(chain.key.bytes);
  w.each(sorted(chain.devices), (to, [id, device]) => {
    to.array(3).id(id).uint(device.sinceSeq).optUint(device.revokedSeq);
  });
  w.optUint(chain.vault?.version ?? null).optId(chain.recovery);
  w.each(chain.resets, (to, seq) => to.uint(seq));
  w.each(UNITS, (to, unit) => to.optId(chain.attestation(unit)));
}

function printKeyring(w: Writer, chain: KeyringChain, dir: Directory): void {
  const newest = chain.generationAt(chain.generation)!;
  w.array(9).uint(chain.generation).id(newest.commit).optBin(newest.prevBox);
  w.each(sorted(chain.members), (to, [id, member]) => {
    to.array(7)
      .id(id)
      .uint(member.generation)
      .id(member.boxHash)
      .flag(member.role === 'keeper');
    to.flag(member.owner.kind === 'unit')
      .id(member.owner.id)
      .uint(member.sinceSeq);
  });
  w.optId(chain.parent);
  w.each(sorted(chain.requests), (to, [id, role]) =>
    to
      .array(2)
      .id(id)
      .flag(role === 'keeper'),
  );
  w.flag(chain.rotationDue);
  w.each(chain.staleMembers(dir), (to, id) => to.id(id));
  const places = Array.from({ length: chain.tail.seq }, (_, n) => n + 1);
  w.each(places, (to, seq) => {
    const there = chain.tenures(seq).map(([id]) => id);
    to.each(there.sort(), (each, id) => each.id(id));
  });
}

function printUnit(w: Writer, chain: UnitChain): void {
  const { parent, formerParents, admins } = chain.fact;
  w.array(6).optId(parent);
  w.each(formerParents, (to, unit) => to.id(unit));
  const { adminsInherit, escrow, adminsInTeams } = chain.policy;
  w.id(admins).optId(chain.data?.id ?? null);
  w.uint(Number(adminsInherit) + 2 * Number(escrow) + 4 * Number(adminsInTeams));
  w.each(sorted(chain.members), (to, [user, { attestation, link }]) => {
    to.array(4).id(user).id(attestation.root).uint(STANDINGS.indexOf(attestation.standing)).id(link);
  });
}

/** The world as one history knows it. */
class Reader {
  readonly #dir = new Directory();
  readonly #threads = new Map<Hex, ThreadState>();

  async take(line: Line): Promise<Line> {
    const mode: Mode = line.now === undefined ? 'replay' : { nowMs: line.now };
    try {
      if (line.link !== undefined) return await this.#link(line.link, mode);
      if (line.entry !== undefined) return await this.#entry(line.entry, mode);
      return {};
    } catch (error) {
      if (error instanceof ChainError) return { error: error.code };
      throw error;
    }
  }

  async #link([kind, id, link]: [string, Hex, Hex], mode: Mode): Promise<Line> {
    const bytes = unhex(link);
    const w = new Writer();
    let tail;
    if (kind === 'user') {
      await this.#dir.userLink(id, bytes, mode);
      const chain = this.#dir.userChain(id)!;
      printUser(w, chain);
      ({ tail } = chain);
    } else if (kind === 'keyring') {
      await this.#dir.keyringLink(id, bytes, mode);
      const chain = this.#dir.keyringChain(id)!;
      printKeyring(w, chain, this.#dir);
      ({ tail } = chain);
    } else {
      await this.#dir.unitLink(id, bytes, mode);
      const chain = this.#dir.unitChain(id)!;
      printUnit(w, chain);
      ({ tail } = chain);
    }
    return { seq: tail.seq, hash: tail.head!, print: sha256(w.finish()) };
  }

  async #entry([thread, entry]: [Hex, Hex], mode: Mode): Promise<Line> {
    const state = this.#threads.get(thread) ?? new ThreadState(thread);
    this.#threads.set(thread, state);
    const applied = await state.append(this.#dir, unhex(entry), mode);
    this.#dir.putHead(thread, applied.n, applied.head);
    this.#dir.putSeen(thread, applied.core.msgId);
    const { n, head, entry: hash, anchorChecked } = applied;
    const snapshot = sha256(encodeSnapshot(state));
    return { n, head, entry_hash: hash, anchor_checked: anchorChecked, snapshot };
  }
}

/** Runs histories; answers how many operations were accepted and which codes were met. */
async function run(text: string): Promise<{ accepted: number; codes: Set<number> }> {
  let reader = new Reader();
  let accepted = 0;
  const codes = new Set<number>();
  for (const [number, row] of text.trim().split('\n').entries()) {
    const line = JSON.parse(row) as Line;
    if (line.history !== undefined) {
      reader = new Reader();
      continue;
    }
    const { link, entry, now: _now, ...expected } = line;
    const outcome = await reader.take(line);
    const told = Object.keys(expected).length > 0 ? outcome : { error: outcome.error };
    expect(told, `line ${number + 1}: ${(link ?? entry)?.[0]}`).toEqual(
      Object.keys(expected).length > 0 ? expected : { error: undefined },
    );
    if (expected.error === undefined) accepted += 1;
    else codes.add(expected.error);
  }
  return { accepted, codes };
}

describe('random histories of the Rust implementation', { timeout: 600_000 }, () => {
  it('end in the same states and errors: the committed ones', async () => {
    const { accepted, codes } = await run(committed);
    expect(accepted).toBeGreaterThan(300);
    expect(codes.size).toBeGreaterThan(50);
  });

  const fresh = process.env['RELAIS_DIFFERENTIAL'];
  it.skipIf(fresh === undefined)(`end in the same states and errors: fresh ones${SEED}`, async () => {
    const { accepted } = await run(readFileSync(fresh ?? '', 'utf8'));
    expect(accepted).toBeGreaterThan(0);
  });
});
