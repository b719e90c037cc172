/**
 * What a browser keeps over a reload: ciphertext and keys that cannot be taken out of it.
 *
 * Rows are named by the session they belong to and an id, because two personas run side by side in two windows of
 * one browser. A batch of changes is one transaction.
 *
 * Not known here: what the rows say; callers put nothing in that is not encrypted.
 */

import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';

/** Kinds of rows: the session of a tab, drafts, sealed requests, ciphertext of files to be uploaded. */
export type Table = 'sessions' | 'drafts' | 'batches' | 'blobs';

/** Values that may be kept: ciphertext, and keys that are not extractable. */
export type Value = Uint8Array | CryptoKey | number | { readonly [field: string]: Value };

/** A row. */
export interface Row {
  /** Session, or the tab for `sessions`. */
  readonly owner: string;
  readonly id: string;
  readonly value: Value;
}

/** A change of one row. */
export type Change =
  | { readonly put: Table; readonly row: Row }
  | { readonly remove: Table; readonly owner: string; readonly id: string };

/** A keeper of rows. Every call rejects where the browser refuses storage. */
export interface Store {
  get(table: Table, owner: string, id: string): Promise<Value | null>;
  all(table: Table, owner: string): Promise<Row[]>;
  /** Everything or nothing; durable when it resolves. */
  write(changes: readonly Change[]): Promise<void>;
  /** Forgets everything of an owner. */
  erase(owner: string): Promise<void>;
}

const TABLES: readonly Table[] = ['sessions', 'drafts', 'batches', 'blobs'];

type Rows = { key: [string, string]; value: Row };
interface Schema extends DBSchema {
  sessions: Rows;
  drafts: Rows;
  batches: Rows;
  blobs: Rows;
}

const VERSION = 1;

/** The browser's IndexedDB. */
export function indexedStore(name = 'relais'): Store {
  let opened: Promise<IDBPDatabase<Schema>> | null = null;
  const database = (): Promise<IDBPDatabase<Schema>> => {
    opened ??= open(name, () => {
      opened = null;
    });
    return opened;
  };
  return {
    get: async (table, owner, id) => (await (await database()).get(table, [owner, id]))?.value ?? null,
    all: async (table, owner) => (await database()).getAll(table, rangeOf(owner)),
    write: async (changes) => {
      const transaction = (await database()).transaction(TABLES, 'readwrite', { durability: 'strict' });
      const work = changes.map((change) =>
        'put' in change
          ? transaction.objectStore(change.put).put(change.row)
          : transaction.objectStore(change.remove).delete([change.owner, change.id]),
      );
      await Promise.all([...work, transaction.done]);
    },
    erase: async (owner) => {
      const transaction = (await database()).transaction(TABLES, 'readwrite', { durability: 'strict' });
      const work = TABLES.map((table) => transaction.objectStore(table).delete(rangeOf(owner)));
      await Promise.all([...work, transaction.done]);
    },
  };
}

/** All keys `[owner, …]`. */
function rangeOf(owner: string): IDBKeyRange {
  return IDBKeyRange.bound([owner, ''], [owner, '\uffff']);
}

async function open(name: string, closed: () => void): Promise<IDBPDatabase<Schema>> {
  try {
    return await openDB<Schema>(name, VERSION, {
      upgrade(database) {
        for (const table of TABLES) database.createObjectStore(table, { keyPath: ['owner', 'id'] });
      },
      // Another tab wants a newer version, or the browser closed it: opened again with the next call.
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        closed();
      },
      terminated: closed,
    });
  } catch (error) {
    closed();
    throw error;
  }
}
