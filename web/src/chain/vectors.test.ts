/** Every vector of the signed chains: the same bytes, decisions and codes as every other implementation. */
import { describe, expect, it } from 'vitest';
import codecFile from '../../../vectors/chain-codec.json?raw';
import keysFile from '../../../vectors/chain-keys.json?raw';
import linksFile from '../../../vectors/chain-links.json?raw';
import orderFile from '../../../vectors/chain-order.json?raw';
import threadsFile from '../../../vectors/chain-threads.json?raw';
import { be64, hex, unhex, type Hex } from '../wire/bytes';
import { Reader, Writer } from './codec';
import { encodeControl } from './control';
import { Directory } from './directory';
import { encodeEntryCore } from './entry';
import { Signed } from './envelope';
import { CHAIN_ERROR, ChainError } from './error';
import type { Mode } from './facts';
import { headZero, labelled, sha256, signedBytes } from './hash';
import { PHASES } from './head';
import { PublicKey, equationHolds, toSign } from './keys';
import { KEYRING_BODIES } from './keyring_body';
import { Link, encodeLinkCore, type Bodies } from './link';
import { sign, signerOf } from './sign';
import { decodeSnapshot, encodeSnapshot } from './snapshot';
import { ThreadState } from './thread';
import { UNIT_BODIES } from './unit';
import { USER_BODIES } from './user_body';

type Tree = null | Tree[] | { uint?: number; str?: string; bin?: Hex };
type NamedLink = ['user' | 'keyring' | 'unit', Hex, Hex];

interface Case {
  id: string;
  op: string;
  inputs: Record<string, never>;
  output?: unknown;
  error?: { code: number; name: string };
}

interface VectorFile {
  cases: Case[];
  worlds: Record<string, NamedLink[]>;
}

function write(w: Writer, tree: Tree): void {
  if (tree === null) w.nil();
  else if (Array.isArray(tree)) w.each(tree, write);
  else if (tree.uint !== undefined) w.uint(tree.uint);
  else if (tree.str !== undefined) w.str(tree.str);
  else w.bin(unhex(tree.bin ?? ''));
}

/** What was read encodes to the bytes that were read. */
function expectSameBytes(kind: NamedLink[0], bytes: Uint8Array): void {
  const again = <B>(bodies: Bodies<B>): void => {
    const { core, body, signed } = Link.parse(bodies, bytes);
    expect(hex(encodeLinkCore(kind, core))).toBe(hex(signed.core));
    expect(hex(bodies.encode(body))).toBe(hex(signed.payload!));
    expect(bodies.kind(body)).toBe(core.kind);
    expect(hex(signed.toBytes())).toBe(hex(bytes));
  };
  if (kind === 'user') again(USER_BODIES);
  else if (kind === 'keyring') again(KEYRING_BODIES);
  else again(UNIT_BODIES);
}

async function take(dir: Directory, [kind, id, link]: NamedLink, mode: Mode): Promise<unknown> {
  const bytes = unhex(link);
  if (kind === 'user') await dir.userLink(id, bytes, mode);
  else if (kind === 'keyring') await dir.keyringLink(id, bytes, mode);
  else await dir.unitLink(id, bytes, mode);
  expectSameBytes(kind, bytes);
  const chains = { user: dir.userChain(id), keyring: dir.keyringChain(id), unit: dir.unitChain(id) };
  const { tail } = chains[kind]!;
  return { seq: tail.seq, hash: tail.head };
}

interface Where {
  world: string;
  after: NamedLink[];
  now_ms?: number;
}

async function directory(file: VectorFile, inputs: Where): Promise<Directory> {
  const dir = new Directory();
  for (const link of [...(file.worlds[inputs.world] ?? []), ...inputs.after]) await take(dir, link, 'replay');
  return dir;
}

function modeOf(inputs: Where): Mode {
  return inputs.now_ms === undefined ? 'replay' : { nowMs: inputs.now_ms };
}

interface ThreadInputs extends Where {
  thread: Hex;
  heads: [number, Hex][];
  seen: Hex[];
  before: Hex[];
  entry: Hex;
}

async function thread(file: VectorFile, inputs: ThreadInputs): Promise<unknown> {
  const dir = await directory(file, inputs);
  for (const [n, head] of inputs.heads) dir.putHead(inputs.thread, n, head);
  for (const id of inputs.seen) dir.putSeen(inputs.thread, id);
  const state = new ThreadState(inputs.thread);
  for (const entry of inputs.before) await state.append(dir, unhex(entry), 'replay');
  const before = encodeSnapshot(state);
  let applied;
  try {
    applied = await state.append(dir, unhex(inputs.entry), modeOf(inputs));
  } catch (error) {
    expect(hex(encodeSnapshot(state)), 'a refused entry changes nothing').toBe(hex(before));
    throw error;
  }
  const { core, payload } = Signed.parse(unhex(inputs.entry));
  expect(hex(encodeEntryCore(applied.core))).toBe(hex(core));
  if (applied.control !== null) expect(hex(encodeControl(applied.control))).toBe(hex(payload!));
  const snapshot = encodeSnapshot(state);
  const again = decodeSnapshot(snapshot, sha256(snapshot));
  expect(hex(encodeSnapshot(again))).toBe(hex(snapshot));
  return {
    n: applied.n,
    entry: applied.entry,
    head: applied.head,
    ctrl_n: state.head.ctrlN,
    epoch: state.head.epoch,
    phase: PHASES.indexOf(state.head.phase),
    anchor_checked: applied.anchorChecked,
    snapshot_sha256: sha256(snapshot),
  };
}

async function construct(inputs: Record<string, Hex> & { n: number }): Promise<unknown> {
  const of = (name: string): Uint8Array => unhex(inputs[name] ?? '');
  const payloadHash = sha256(of('payload'));
  const signer = await signerOf(of('secret'));
  const sig = await sign(signer, `${inputs['prefix']}/msg`, signedBytes(of('core'), payloadHash));
  const entry = labelled(`${inputs['prefix']}/entry`, of('core'), unhex(payloadHash), sig);
  const head = labelled(`${inputs['prefix']}/head`, of('head_before'), be64(inputs.n), unhex(entry));
  return { sig: hex(sig), entry, head };
}

async function verified(key: Hex, message: Uint8Array<ArrayBuffer>, sig: Hex): Promise<object> {
  const parsed = PublicKey.parse(unhex(key));
  const holds = await parsed.verifiesRaw(message, unhex(sig));
  if (!holds) throw new ChainError('BadSignature');
  // The path of browsers without Ed25519 must agree where the first path has looked at R, S and the key.
  expect(equationHolds(unhex(key), message, unhex(sig))).toBe(true);
  return {};
}

async function run(file: VectorFile, { op, inputs }: Case): Promise<unknown> {
  const text = inputs as Record<string, Hex>;
  switch (op) {
    case 'codec.parse':
      new Reader(unhex(text['bytes']!), inputs['max']!);
      return {};
    case 'codec.encode': {
      const w = new Writer();
      write(w, inputs['value']!);
      return { bytes: hex(w.finish()) };
    }
    case 'envelope.parse':
      Signed.parse(unhex(text['bytes']!));
      return {};
    case 'key.parse':
      PublicKey.parse(unhex(text['key']!));
      return {};
    case 'ed25519.verify':
      return verified(text['key']!, unhex(text['message']!), text['sig']!);
    case 'ed25519.verify_labelled':
      return verified(text['key']!, toSign(text['label']!, unhex(text['message']!)), text['sig']!);
    case 'message.construct':
      return construct(inputs as never);
    case 'thread.head_zero':
      return { head: headZero(text['thread']!) };
    case 'link.append':
      return take(await directory(file, inputs as never), inputs['link']!, modeOf(inputs as never));
    case 'thread.append':
      return thread(file, inputs as never);
    default:
      throw new Error(`${op} is no operation`);
  }
}

describe.each([
  ['chain-codec', codecFile],
  ['chain-keys', keysFile],
  ['chain-links', linksFile],
  ['chain-threads', threadsFile],
  ['chain-order', orderFile],
])('%s', (_name, text) => {
  const file = JSON.parse(text) as VectorFile;
  it.each(file.cases)('$id', async (vector) => {
    let outcome: unknown;
    try {
      outcome = await run(file, vector);
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      expect({ code: error.code, name: error.reason }).toEqual(vector.error);
      expect(CHAIN_ERROR[error.reason]).toBe(error.code);
      return;
    }
    expect(vector.error).toBeUndefined();
    expect(outcome).toEqual(vector.output);
  });
});
