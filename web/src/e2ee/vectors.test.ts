/**
 * Every vector of what is encrypted: the same bytes, decisions and codes as every other implementation. Sealing draws
 * randomness, so boxes, vaults and objects are opened as committed, and what is sealed here is opened here.
 */
import { MLKEM768X25519 } from '@noble/post-quantum/hybrid.js';
import { describe, expect, it } from 'vitest';
import accountFile from '../../../vectors/e2ee-account.json?raw';
import boxFile from '../../../vectors/e2ee-box.json?raw';
import epochsFile from '../../../vectors/e2ee-epochs.json?raw';
import kdfFile from '../../../vectors/e2ee-kdf.json?raw';
import messageFile from '../../../vectors/e2ee-message.json?raw';
import objectsFile from '../../../vectors/e2ee-objects.json?raw';
import opaqueFile from '../../../vectors/e2ee-opaque.json?raw';
import paddingFile from '../../../vectors/e2ee-padding.json?raw';
import recoveryFile from '../../../vectors/e2ee-recovery.json?raw';
import streamFile from '../../../vectors/e2ee-stream.json?raw';
import xwingFile from '../../../vectors/e2ee-xwing.json?raw';
import { ChainError, Directory, Signed, parseEntryCore, sha256, signerOf, type Applied } from '../chain';
import { concat, equal, hex, unhex, utf8, type Hex } from '../wire/bytes';
import type { Vault, Wrap, WrapKind } from '../wire/gen/wire';
import {
  Account,
  CHUNK_BYTES,
  Decryptor,
  E2eeError,
  Encryptor,
  KSF_V1,
  RecoveryCode,
  SEALED_CHUNK_BYTES,
  Seeds,
  chainOfKey,
  commitTo,
  decodeBody,
  derive,
  encodeBody,
  openBox,
  openKeyIndex,
  openMessage,
  openPins,
  openReason,
  publicKeyOf,
  sealBox,
  sealKeyIndex,
  sealMessage,
  sealPins,
  sealReason,
  sealedSize,
  type Opener,
  type SeedOf,
} from './index';
import { pad, paddedLength, unpad } from './padding';

interface NamedWrap {
  kind: WrapKind;
  label: Hex;
  ciphertext: Hex;
}

/** Every field that any operation reads; each file has those of its own. */
interface Inputs {
  seed: Hex;
  label: string;
  len: number;
  ctx: Hex;
  scope: 1 | 2;
  scope_id: Hex;
  generation: number;
  recipient: Hex;
  recipient_generation: number;
  recipient_seed: Hex;
  box: Hex;
  commit: Hex;
  sk: Hex;
  eseed: Hex;
  half: Hex;
  challenge: Hex;
  server_half: Hex;
  user: Hex;
  vault: { version: number; ciphertext: Hex };
  wraps: NamedWrap[];
  with: Partial<Record<'export_key' | 'key_file' | 'prf' | 'credential' | 'code' | 'server_half', string>>;
  links: { chain: 'user' | 'keyring' | 'unit'; id: Hex; link: Hex }[];
  personal_seed: Hex;
  personal_generation: number;
  seen: number;
  version: number;
  ciphertext: Hex;
  kind: 'key_index' | 'pins';
  signing_seed: Hex;
  core: Hex;
  body: Hex;
  entry: Hex;
  epochs: [number, Hex, Hex | null][];
  held: [number, Hex];
  wanted: number;
  key: Hex;
  blob: Hex;
  hash: Hex;
  size: number;
  pattern: number;
  order?: number[];
  memory_kib: number;
  passes: number;
  lanes: number;
}

interface Case {
  id: string;
  op: string;
  inputs: Inputs;
  output?: unknown;
  error?: string;
  code?: number;
}

const scopes = { 1: 'keyring', 2: 'thread' } as const;
const seedOf = (scope: 1 | 2, id: Hex, generation: number): SeedOf => ({
  scope: scopes[scope],
  id,
  generation,
});

const kdf = (inputs: Inputs): unknown =>
  hex(derive(unhex(inputs.seed), inputs.label, inputs.len, unhex(inputs.ctx)));

const generation = (inputs: Inputs): unknown => ({
  commit: commitTo(unhex(inputs.seed)),
  public_key: hex(publicKeyOf(unhex(inputs.seed))),
});

async function box(inputs: Inputs): Promise<unknown> {
  const of = seedOf(inputs.scope, inputs.scope_id, inputs.generation);
  const to = { keyring: inputs.recipient, generation: inputs.recipient_generation };
  const key = unhex(inputs.recipient_seed);
  const seed = await openBox(unhex(inputs.box), of, to, inputs.commit, key);
  const again = await sealBox(seed, of, to, publicKeyOf(key));
  expect(hex(await openBox(again, of, to, inputs.commit, key))).toBe(hex(seed));
  return hex(seed);
}

function encapsulate(inputs: Inputs): unknown {
  const pk = MLKEM768X25519.getPublicKey(unhex(inputs.sk));
  const { cipherText, sharedSecret } = MLKEM768X25519.encapsulate(pk, unhex(inputs.eseed));
  return { pk: hex(pk), ct: hex(cipherText), ss: hex(sharedSecret) };
}

async function recoveryCode(inputs: Inputs): Promise<unknown> {
  const code = new RecoveryCode(unhex(inputs.half));
  const challenge = unhex(inputs.challenge);
  const { key } = await code.auth();
  expect(await key.verifies('relais/v1/recover', challenge, await code.prove(challenge))).toBe(true);
  return {
    text: code.text(),
    auth_key: key.id,
    signature: hex(await code.prove(challenge)),
    kek: hex(code.kek(unhex(inputs.server_half))),
  };
}

function openerOf(given: Inputs['with']): Opener {
  if (given.export_key !== undefined) return { t: 'password', exportKey: unhex(given.export_key) };
  if (given.key_file !== undefined) return { t: 'key_file', key: unhex(given.key_file) };
  if (given.prf !== undefined) {
    return { t: 'passkey', prf: unhex(given.prf), credential: unhex(given.credential!) };
  }
  return { t: 'recovery', code: RecoveryCode.parse(given.code!), serverHalf: unhex(given.server_half!) };
}

const vaultOf = (given: Inputs['vault']): Vault => ({
  version: given.version,
  ciphertext: unhex(given.ciphertext),
});
const wrapsOf = (given: NamedWrap[]): Wrap[] =>
  given.map((wrap) => ({
    kind: wrap.kind,
    label: unhex(wrap.label),
    ciphertext: unhex(wrap.ciphertext),
  }));

const opened = async (inputs: Inputs): Promise<Account> =>
  Account.open(inputs.user, vaultOf(inputs.vault), wrapsOf(inputs.wraps), openerOf(inputs.with));

async function account(inputs: Inputs): Promise<unknown> {
  const it = await opened(inputs);
  const own = ({ id, generation: n, seed }: Account['inbox']): unknown => ({
    id,
    generation: n,
    seed: hex(seed),
  });
  return {
    root: it.root,
    personal: own(it.personal),
    inbox: own(it.inbox),
    signing_seed: hex(it.signingSeed),
    signing_key: it.signer.key.id,
    recovery_code: it.recoveryCode?.text() ?? null,
  };
}

async function verify(inputs: Inputs): Promise<unknown> {
  const it = await opened(inputs);
  const dir = new Directory();
  for (const { chain, id, link } of inputs.links) {
    if (chain === 'user') await dir.userLink(id, unhex(link), 'replay');
    else if (chain === 'keyring') await dir.keyringLink(id, unhex(link), 'replay');
    else await dir.unitLink(id, unhex(link), 'replay');
  }
  it.verify(vaultOf(inputs.vault), dir.userChain(inputs.user)!);
  it.verifyKeyrings(dir.keyringChain(it.personal.id)!, dir.keyringChain(it.inbox.id)!);
  return { chain_seq: it.chainSeq };
}

async function object(inputs: Inputs): Promise<unknown> {
  const seed = unhex(inputs.personal_seed);
  // The id of `U` is not in the case: it is only associated data of boxes of previous seeds, of which there are none.
  const personal = { id: '00'.repeat(16), generation: inputs.personal_generation, seed };
  const how = {
    user: inputs.user,
    personal,
    seeds: Seeds.with(personal.generation, seed),
    history: () => null,
    seen: inputs.seen,
  };
  const stored = { version: inputs.version, ciphertext: unhex(inputs.ciphertext) };
  const next = (ciphertext: Uint8Array): typeof stored => ({
    version: 8,
    ciphertext: new Uint8Array(ciphertext),
  });
  if (inputs.kind === 'pins') {
    const pins = await openPins(stored, how);
    expect(await openPins(next(await sealPins(pins, how, 7)), how)).toEqual(pins);
    expect([...pins.chains.keys()].map(chainOfKey)).toEqual([{ type: 'user', id: '09'.repeat(16) }]);
    return { chains: pins.chains.size, threads: pins.threads.size };
  }
  const index = await openKeyIndex(stored, how);
  expect(await openKeyIndex(next(await sealKeyIndex(index, how, 7)), how)).toEqual(index);
  return [...index].map(([thread, entry]) => [thread, entry.epoch, hex(entry.seed), entry.title]);
}

async function seal(inputs: Inputs): Promise<unknown> {
  const signer = await signerOf(unhex(inputs.signing_seed));
  const body = decodeBody(unhex(inputs.body));
  const signed = await sealMessage(signer, parseEntryCore(unhex(inputs.core)), unhex(inputs.seed), body);
  return {
    ciphertext: hex(signed.payload!),
    signature: hex(signed.sig),
    entry: hex(signed.toBytes()),
    entry_hash: signed.entryHash(),
  };
}

function appliedOf(signed: Signed): Applied {
  const core = parseEntryCore(signed.core);
  return { core, control: null, n: 2, head: '00'.repeat(32), entry: signed.entryHash(), anchorChecked: true };
}

async function open(inputs: Inputs): Promise<unknown> {
  const signed = Signed.parse(unhex(inputs.entry));
  const body = await openMessage(appliedOf(signed), signed, unhex(inputs.seed));
  return { body: hex(encodeBody(body)), text: body.text };
}

async function walk(inputs: Inputs): Promise<unknown> {
  const epochs = new Map<number, { commit: Hex; prevBox: Uint8Array | null }>();
  for (const [epoch, commit, prevBox] of inputs.epochs) {
    epochs.set(epoch, { commit, prevBox: prevBox === null ? null : unhex(prevBox) });
  }
  const seeds = Seeds.with(inputs.held[0], unhex(inputs.held[1]));
  const of = seedOf(inputs.scope, inputs.scope_id, inputs.wanted);
  return hex(await seeds.reach(of, (n) => epochs.get(n) ?? null));
}

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

async function encrypted(
  key: Hex,
  blob: Hex,
  plaintext: Uint8Array,
): Promise<{ bytes: Uint8Array; hash: Hex; size: number }> {
  const encryptor = new Encryptor(unhex(key), blob);
  const out: Uint8Array[] = [];
  // In uneven pieces: how the file is read must not show.
  for (let at = 0; at < plaintext.length; at += 700_001)
    out.push(await encryptor.push(plaintext.subarray(at, at + 700_001)));
  const { bytes, seal: made } = await encryptor.finish();
  const all = concat(...out, bytes);
  expect(made.sealedSize).toBe(all.length);
  return { bytes: all, hash: made.hash, size: made.size };
}

async function sealFile(inputs: Inputs): Promise<unknown> {
  const made = await encrypted(inputs.key, inputs.blob, pattern(inputs.pattern));
  const shown = inputs.pattern < 1000 ? { ciphertext: hex(made.bytes) } : {};
  return { hash: made.hash, sealed_size: made.bytes.length, ...shown };
}

async function openFile(inputs: Inputs): Promise<unknown> {
  let { hash } = inputs;
  let ciphertext: Uint8Array;
  if (inputs.order === undefined) ciphertext = unhex(inputs.ciphertext);
  else {
    const { bytes } = await encrypted(inputs.key, inputs.blob, pattern(inputs.pattern));
    const pieces = inputs.order.map((n) =>
      bytes.subarray(n * SEALED_CHUNK_BYTES, (n + 1) * SEALED_CHUNK_BYTES),
    );
    ciphertext = concat(...pieces);
    hash = sha256(ciphertext);
  }
  const decryptor = new Decryptor({ key: unhex(inputs.key), blob: inputs.blob, hash, size: inputs.size });
  const first = await decryptor.push(ciphertext);
  const last = await decryptor.finish();
  expect(equal(concat(first, last), pattern(inputs.size))).toBe(true);
  return { size: first.length + last.length };
}

const files: [string, string, Record<string, (inputs: Inputs) => unknown>][] = [
  ['e2ee-kdf', kdfFile, { kdf, generation }],
  ['e2ee-box', boxFile, { open: box }],
  ['e2ee-xwing', xwingFile, { encapsulate }],
  [
    'e2ee-padding',
    paddingFile,
    {
      padded_length: (n: unknown) => paddedLength(n as number),
      unpad: (text: unknown) => hex(unpad(unhex(text as Hex))),
    },
  ],
  [
    'e2ee-recovery',
    recoveryFile,
    { code: recoveryCode, parse: (text: unknown) => RecoveryCode.parse(text as string).text() },
  ],
  ['e2ee-account', accountFile, { open: account, verify }],
  ['e2ee-objects', objectsFile, { open: object }],
  ['e2ee-message', messageFile, { seal, open }],
  ['e2ee-epochs', epochsFile, { walk }],
  ['e2ee-stream', streamFile, { seal: sealFile, open: openFile }],
];

describe.each(files)('%s', { timeout: 30_000 }, (_name, text, operations) => {
  const { cases } = JSON.parse(text) as { cases: Case[] };
  it.each(cases)('$op: $id', async (vector) => {
    const operation = operations[vector.op];
    if (operation === undefined) throw new Error(`${vector.op} is no operation`);
    let outcome: unknown;
    try {
      outcome = await operation(vector.inputs);
    } catch (error) {
      if (!(error instanceof E2eeError || error instanceof ChainError)) throw error;
      expect({ error: error.reason, code: error.code }).toEqual({ error: vector.error, code: vector.code });
      return;
    }
    expect(vector.error).toBeUndefined();
    expect(outcome).toEqual(vector.output);
  });
});

describe('the stretching of passwords', () => {
  it('is the one of version 1', () => {
    const { cases } = JSON.parse(opaqueFile) as { cases: Case[] };
    const { memory_kib, passes, lanes } = cases.find((vector) => vector.op === 'stretch')!.inputs;
    expect(KSF_V1).toEqual({ memory_kib, passes, lanes });
  });
});

describe('sizes', () => {
  it('of files follow from their chunks', () => {
    expect([0, 1, CHUNK_BYTES, CHUNK_BYTES + 1].map(sealedSize)).toEqual([
      16,
      17,
      CHUNK_BYTES + 16,
      CHUNK_BYTES + 33,
    ]);
  });

  it('of padded forms come back', () => {
    for (const length of [0, 1, 126, 127, 128, 129, 1000, 5000]) {
      expect(hex(unpad(pad(pattern(length))))).toBe(hex(pattern(length)));
    }
  });
});

describe('a reason', () => {
  it('opens under its core and seed only', async () => {
    const { inputs } = (JSON.parse(messageFile) as { cases: Case[] }).cases[0]!;
    const core = parseEntryCore(unhex(inputs.core));
    const sealed = await sealReason(core, unhex(inputs.seed), 'Doublon, voir l’autre fil');
    expect(await openReason(core, unhex(inputs.seed), sealed)).toBe('Doublon, voir l’autre fil');
    const other = { ...core, msgId: 'ab'.repeat(16) };
    await expect(openReason(other, unhex(inputs.seed), sealed)).rejects.toMatchObject({
      reason: 'MessageRejected',
    });
    await expect(openReason(core, utf8('x'.repeat(32)), sealed)).rejects.toMatchObject({
      reason: 'MessageRejected',
    });
    await expect(sealReason(core, unhex(inputs.seed), 'x'.repeat(2049))).rejects.toMatchObject({
      reason: 'TooLong',
    });
  });
});
