/**
 * Seeds of keyrings: the user's own out of the vault, those of teams and units out of boxes.
 *
 * Not known here: threads.
 */

import { unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { Account } from '../account';
import { Seeds, historyOf } from '../generations';
import { openCurrent } from '../keyring';
import type { Book } from './book';
import { local } from './errors';
import type { Rpc } from './rpc';
import { ofBox } from './secrets';

/** Keyrings inside keyrings, as deep as the format allows. */
const DEPTH_MAX = 8;

/** Seeds at hand. */
export class Ring {
  readonly #seeds = new Map<Hex, Seeds>();

  /** Starts with the user's own keyrings. */
  constructor(account: Account) {
    for (const own of [account.personal, account.inbox]) {
      this.#seeds.set(own.id, Seeds.with(own.generation, own.seed));
    }
  }

  /** Remembers a seed that this device made. */
  made(keyring: Hex, generation: number, seed: Uint8Array): void {
    const seeds = this.#seeds.get(keyring) ?? new Seeds();
    seeds.insert(generation, seed);
    this.#seeds.set(keyring, seeds);
  }

  /** The seeds of a keyring, the current one among them. Fails with `noKey` for a keyring this user is not in. */
  async reach(rpc: Rpc, book: Book, own: Account, keyring: Hex): Promise<Seeds> {
    const path = [keyring];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (top === own.personal.id || top === own.inbox.id) {
        path.pop();
        continue;
      }
      await book.need('keyring', top);
      const through = this.throughOf(book, own, top);
      if (through === null) {
        path.pop();
        continue;
      }
      if (!this.#seeds.get(through)?.newest) {
        if (path.length >= DEPTH_MAX || path.includes(through)) throw local('noKey');
        path.push(through);
        continue;
      }
      await this.open(rpc, book, top, through);
      path.pop();
    }
    const seeds = this.#seeds.get(keyring);
    if (!seeds) throw local('noKey');
    return seeds;
  }

  /** The keyring whose seed opens this one's box: the user's own, or a unit's inside it. Null: it is open. */
  private throughOf(book: Book, own: Account, keyring: Hex): Hex | null {
    const chain = book.chains.keyringChain(keyring);
    if (!chain) throw local('notFound');
    const known = this.#seeds.get(keyring)?.get(chain.generation) ?? null;
    if (known !== null) return null;
    if (chain.members.has(own.personal.id)) return own.personal.id;
    for (const [id, member] of chain.members) {
      if (member.owner.kind === 'unit' && book.chains.holds(id, own.user, 1)?.now === true) return id;
    }
    throw local('noKey');
  }

  private async open(rpc: Rpc, book: Book, keyring: Hex, through: Hex): Promise<void> {
    const chain = book.chains.keyringChain(keyring);
    const seeds = this.#seeds.get(through);
    const named = chain?.members.get(through);
    if (!chain || !seeds || !named) throw local('noKey');
    const { boxes } = await rpc.call('GetBoxes', {
      scope: 'keyring',
      id: unhex(keyring),
      from: chain.generation,
      to: chain.generation,
      recipient: unhex(through),
    });
    try {
      const history = book.chains.keyringChain(through);
      const known = seeds.get(named.generation);
      const holder =
        known ??
        (history &&
          (await seeds.reach(
            { scope: 'keyring', id: through, generation: named.generation },
            historyOf(history),
          )));
      if (!holder) throw local('noKey');
      this.made(keyring, chain.generation, await openCurrent(chain, boxes, through, holder));
    } catch (error) {
      throw ofBox(error);
    }
  }
}
