/**
 * A keeper of rows that forgets with the page: for a session that is not to be kept, for browsers that refuse storage,
 * and for tests.
 *
 * Not known here: what the rows say.
 */

import type { Row, Store, Table } from './idb';

/** An empty keeper. */
export function memoryStore(): Store {
  const rows = new Map<string, { readonly table: Table; readonly row: Row }>();
  const key = (table: Table, owner: string, id: string): string => `${table} ${owner} ${id}`;
  const of = (owner: string): [string, { readonly table: Table; readonly row: Row }][] =>
    [...rows].filter(([, { row }]) => row.owner === owner);
  return {
    get: (table, owner, id) => Promise.resolve(rows.get(key(table, owner, id))?.row.value ?? null),
    all: (table, owner) =>
      Promise.resolve(of(owner).flatMap(([, held]) => (held.table === table ? [held.row] : []))),
    write: (changes) => {
      for (const change of changes) {
        if ('put' in change)
          rows.set(key(change.put, change.row.owner, change.row.id), { table: change.put, row: change.row });
        else rows.delete(key(change.remove, change.owner, change.id));
      }
      return Promise.resolve();
    },
    erase: (owner) => {
      for (const [name] of of(owner)) rows.delete(name);
      return Promise.resolve();
    },
  };
}
