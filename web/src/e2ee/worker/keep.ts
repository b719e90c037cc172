/**
 * What a tab keeps over a reload, sealed under a key that cannot be taken out of the browser.
 *
 * Rows of a session: its state (`sessions`, named by the tab), drafts, sealed requests, and ciphertext of files that
 * wait to be uploaded. A copy of the database without the browser's key store opens nothing. The key itself is of no
 * use after {@link KEPT_MS}: the page then asks for the password again.
 *
 * Not known here: what the state means.
 */

import type { Batch, Draft } from '../../core/outbox';
import type { Clock } from '../../platform/clock';
import type { Change, Row, Store, Value } from '../../platform/idb';
import { concat, hex, unhex, utf8 } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { Trouble, isNamed, local } from './errors';

/** Milliseconds that a session is kept in the browser without being used: a working day. */
export const KEPT_MS = 12 * 60 * 60_000;

const LABEL = 'relais/v1/web-local';
const NONCE_BYTES = 12;

/** A session as it is kept: the sealed state, and the key that proves it to the server. */
export interface Kept {
  readonly keep: Keep;
  readonly state: Uint8Array;
  readonly proofKey: CryptoKey;
}

/** The rows of one session in one browser. */
export class Keep {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #tab: string;
  readonly #session: Hex;
  readonly #key: CryptoKey;

  private constructor(store: Store, clock: Clock, tab: string, session: Hex, key: CryptoKey) {
    this.#store = store;
    this.#clock = clock;
    this.#tab = tab;
    this.#session = session;
    this.#key = key;
  }

  /** A new session of this tab; what the tab kept before is forgotten. */
  static async begin(store: Store, clock: Clock, tab: string, session: Hex): Promise<Keep> {
    const algorithm = { name: 'AES-GCM', length: 256 };
    const key = await crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt']);
    await stored(store.erase(tab));
    return new Keep(store, clock, tab, session, key);
  }

  /** What this tab kept; null: nothing, or too long ago. */
  static async resume(store: Store, clock: Clock, tab: string): Promise<Kept | null> {
    const value = fields(await stored(store.get('sessions', tab, 'session')));
    if (!value) return null;
    const { session, key, proof, sealed, until } = value;
    const whole = session instanceof Uint8Array && key instanceof CryptoKey && proof instanceof CryptoKey;
    if (!whole || !(sealed instanceof Uint8Array) || typeof until !== 'number') throw local('damaged');
    const keep = new Keep(store, clock, tab, hex(session), key);
    if (until < clock.server()) {
      await keep.forget();
      return null;
    }
    return { keep, state: await keep.open('state', sealed), proofKey: proof };
  }

  /** Replaces the state. */
  async save(state: Uint8Array, proofKey: CryptoKey): Promise<void> {
    const value = {
      session: unhex(this.#session),
      key: this.#key,
      proof: proofKey,
      sealed: await this.seal('state', state),
      until: this.#clock.server() + KEPT_MS,
    };
    await this.write([{ put: 'sessions', row: { owner: this.#tab, id: 'session', value } }]);
  }

  /** Forgets everything: state, outbox and files. */
  async forget(): Promise<void> {
    await stored(this.#store.erase(this.#session));
    await stored(this.#store.erase(this.#tab));
  }

  /** Makes drafts, and ciphertext of their files, durable: all of it or nothing. */
  async putDrafts(
    drafts: readonly Draft[],
    files: readonly { id: Hex; bytes: Uint8Array }[] = [],
  ): Promise<void> {
    const changes = await Promise.all(drafts.map((draft) => this.putDraft(draft)));
    const blobs = files.map(({ id, bytes }): Change => ({
      put: 'blobs',
      row: { owner: this.#session, id, value: bytes },
    }));
    await this.write([...changes, ...blobs]);
  }

  /** Makes a sealed request durable. */
  async putBatch(batch: Batch): Promise<void> {
    const value = await this.seal(`batch ${batch.thread}`, utf8(encodeBatch(batch)));
    await this.write([{ put: 'batches', row: { owner: this.#session, id: batch.thread, value } }]);
  }

  /** Removes the sealed request of a thread and drafts. */
  async remove(thread: Hex | null, drafts: readonly string[], changed: readonly Draft[] = []): Promise<void> {
    const owner = this.#session;
    const gone: Change[] = drafts.map((id) => ({ remove: 'drafts', owner, id }));
    if (thread) gone.push({ remove: 'batches', owner, id: thread });
    const put = await Promise.all(changed.map((draft) => this.putDraft(draft)));
    await this.write([...gone, ...put]);
  }

  /** The outbox as it was kept. */
  async outbox(): Promise<{ drafts: Draft[]; batches: Batch[] }> {
    const drafts = await stored(this.#store.all('drafts', this.#session));
    const batches = await stored(this.#store.all('batches', this.#session));
    return {
      drafts: await Promise.all(drafts.map(async (row) => decodeDraft(await this.openRow('draft', row)))),
      batches: await Promise.all(batches.map(async (row) => decodeBatch(await this.openRow('batch', row)))),
    };
  }

  /** Ciphertext of a file that waits to be uploaded. */
  async blob(id: Hex): Promise<Uint8Array<ArrayBuffer> | null> {
    const value = await stored(this.#store.get('blobs', this.#session, id));
    return value instanceof Uint8Array ? new Uint8Array(value) : null;
  }

  /** Forgets files that were uploaded or are not wanted. */
  async dropBlobs(ids: readonly Hex[]): Promise<void> {
    await this.write(ids.map((id): Change => ({ remove: 'blobs', owner: this.#session, id })));
  }

  private async putDraft(draft: Draft): Promise<Change> {
    const value = await this.seal(`draft ${draft.id}`, utf8(encodeDraft(draft)));
    return { put: 'drafts', row: { owner: this.#session, id: draft.id, value } };
  }

  private async openRow(kind: 'draft' | 'batch', row: Row): Promise<string> {
    if (!(row.value instanceof Uint8Array)) throw local('damaged');
    return new TextDecoder().decode(await this.open(`${kind} ${row.id}`, row.value));
  }

  private async write(changes: readonly Change[]): Promise<void> {
    if (changes.length > 0) await stored(this.#store.write(changes));
  }

  private async seal(name: string, plain: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const params = { name: 'AES-GCM', iv, additionalData: this.aad(name) };
    return concat(iv, new Uint8Array(await crypto.subtle.encrypt(params, this.#key, new Uint8Array(plain))));
  }

  private async open(name: string, sealed: Uint8Array): Promise<Uint8Array> {
    const iv = new Uint8Array(sealed.subarray(0, NONCE_BYTES));
    const params = { name: 'AES-GCM', iv, additionalData: this.aad(name) };
    try {
      return new Uint8Array(
        await crypto.subtle.decrypt(params, this.#key, new Uint8Array(sealed.subarray(NONCE_BYTES))),
      );
    } catch {
      throw local('damaged');
    }
  }

  /** A row does not open in another one's place. */
  private aad(name: string): Uint8Array<ArrayBuffer> {
    return utf8(`${LABEL}\0${this.#session}\0${name}`);
  }
}

function fields(value: Value | null): Readonly<Record<string, Value>> | null {
  const plain =
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    !(value instanceof CryptoKey);
  return plain ? value : null;
}

/** A browser that refuses to store is a failure of its own: the page says what to do. */
async function stored<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw local(isNamed(error, 'QuotaExceededError') ? 'storageFull' : 'storage');
  }
}

function encodeDraft(draft: Draft): string {
  return JSON.stringify({ ...draft, body: hex(draft.body) });
}

function decodeDraft(text: string): Draft {
  // What opens was written and sealed by this client: it has the shape it was given.
  const draft = JSON.parse(text) as Omit<Draft, 'body'> & { body: Hex };
  return { ...draft, body: unhex(draft.body) };
}

interface PlainBatch {
  thread: Hex;
  drafts: string[];
  messages?: Hex[];
  idem: Hex;
  entries: { core: Hex; payload: Hex; sig: Hex }[];
}

function encodeBatch({ thread, drafts, messages, append }: Batch): string {
  const entries = append.entries.map(({ core, payload, sig }) => ({
    core: hex(core),
    payload: hex(payload),
    sig: hex(sig),
  }));
  const plain: PlainBatch = {
    thread,
    drafts: [...drafts],
    messages: [...messages],
    idem: hex(append.idem),
    entries,
  };
  return JSON.stringify(plain);
}

function decodeBatch(text: string): Batch {
  const { thread, drafts, messages = [], idem, entries } = JSON.parse(text) as PlainBatch;
  const signed = entries.map(({ core, payload, sig }) => ({
    core: unhex(core),
    payload: unhex(payload),
    sig: unhex(sig),
  }));
  return { thread, drafts, messages, append: { idem: unhex(idem), thread: unhex(thread), entries: signed } };
}
