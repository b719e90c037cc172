/**
 * What a member does for the others without being asked: renewing keys that must be renewed.
 *
 * Whoever holds a seed and is online first answers (docs/SECURITY.md). Staleness is computed here, never taken from
 * the server's word (SEC-07). Not known here: threads' views. Everything here runs inside `Inside.alone`.
 */

import { unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { rotateKeyring } from '../keyring';
import { Trouble, ofOwn } from './errors';
import type { Inside } from './inside';
import { freshIdem, stage } from './outgoing';
import { ofBox } from './secrets';

/** Renews a keyring at hand that must be renewed: somebody was removed from it, or a member has a newer key. Answers
 * whether it was. A rotation that somebody else made first, or that this user cannot make, is no failure. */
export async function rotateIfDue(inside: Inside, keyring: Hex): Promise<boolean> {
  const { book } = inside;
  const chain = book.chains.keyringChain(keyring);
  if (!chain || chain.owner.kind !== 'unit') return false;
  if (!chain.rotationDue && chain.staleMembers(book.chains).length === 0) return false;
  try {
    await rotateNow(inside, keyring);
    return true;
  } catch (error) {
    const trouble = ofBox(error);
    if (trouble.failure.kind === 'refused' || trouble.isLocal('noKey')) return false;
    throw trouble;
  }
}

async function rotateNow(inside: Inside, keyring: Hex): Promise<void> {
  await inside.ready();
  const { account, book, ring, rpc } = inside;
  for (const member of book.chains.keyringChain(keyring)?.members.keys() ?? [])
    await book.refresh('keyring', member);
  const seeds = await ring.reach(rpc, book, account, keyring);
  const chain = book.chains.keyringChain(keyring);
  const seed = chain && seeds.get(chain.generation);
  if (!chain || !seed) throw new Trouble({ kind: 'local', code: 'noKey' });
  const generation = chain.generation + 1;
  const made = await rotateKeyring(
    chain,
    seed,
    book.chains,
    'removed',
    account.linkSigner(inside.now()),
  ).catch((error: unknown) => {
    throw ofOwn(error);
  });
  await stage(inside, made.boxes);
  const link = { chain: 'keyring', id: unhex(keyring), link: made.link.toBytes() } as const;
  await rpc.surely('AppendLinks', { idem: freshIdem(), links: [link] });
  await book.refresh('keyring', keyring);
  ring.made(keyring, generation, made.seed);
}
