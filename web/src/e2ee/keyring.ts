/**
 * Acts on keyrings by somebody who holds a seed: create, add, rotate, remove; and opening what others boxed.
 *
 * Every act answers a {@link Made}: the signed link and the boxes it names, to be staged before it (`PutBoxes`). The
 * chain rules decide whether the link is allowed. Staleness is computed from verified chains (SEC-01), never taken from
 * the server's word: `KeyringChain.staleMembers` and `rotationDue` say when {@link rotateKeyring} is called for.
 *
 * Not known here: who is asked to confirm an act, and how links and boxes travel.
 */
import type { Directory } from '../chain/directory';
import { ChainError, check, known } from '../chain/error';
import type { Signed } from '../chain/envelope';
import type { Capacity, KeyringKind, Owner } from '../chain/facts';
import { sha256 } from '../chain/hash';
import type { KeyringChain } from '../chain/keyring';
import {
  KEYRING_BODIES,
  type GenerationBody,
  type KeyringBody,
  type Reason,
  type Recipient,
  type Role,
} from '../chain/keyring_body';
import { firstPlace, type Place } from '../chain/link';
import { signLink, type Signer } from '../chain/sign';
import { equal, hex, unhex, type Hex } from '../wire/bytes';
import type { SealedBox } from '../wire/gen/wire';
import { demand, need } from './error';
import { sealPrevious } from './generations';
import { random } from './kdf';
import {
  checkCommit,
  commitTo,
  openNamed,
  publicKeyOf,
  sealBox,
  type BoxRecipient,
  type SeedOf,
} from './sealed';

/** Who signs links, and in what capacity. */
export interface LinkSigner {
  readonly user: Hex;
  /** Position in the user's own chain whose key signs. */
  readonly chainSeq: number;
  /** The role acted in, when not simply as oneself. */
  readonly capacity: Capacity | null;
  readonly signer: Signer;
  /** The signer's claim of the time, ms since 1970. */
  readonly tsMs: number;
}

/** A keyring that a seed is boxed to: its newest generation and that one's public key. */
export interface Target {
  readonly recipient: BoxRecipient;
  readonly key: Uint8Array;
}

/** The newest generation of a verified chain. */
export function targetOf(chain: KeyringChain): Target {
  return { recipient: { keyring: chain.id, generation: chain.generation }, key: chain.key };
}

/** A signed link and the boxes it names, ascending by recipient, to be staged first. */
export interface Made {
  readonly link: Signed;
  readonly boxes: SealedBox[];
}

/** What a new keyring is. */
export interface NewKeyring {
  readonly id: Hex;
  readonly kind: KeyringKind;
  readonly owner: Owner;
  /** For `TA`: the team's `TM`. */
  readonly paired: Hex | null;
}

async function signed(by: LinkSigner, place: Place, body: KeyringBody): Promise<Signed> {
  const author = { user: by.user, chainSeq: by.chainSeq, capacity: by.capacity };
  return signLink(by.signer, KEYRING_BODIES, { place, author, tsMs: by.tsMs, body });
}

/** Boxes a seed to each target; boxes and recipients ascend by keyring, as the signed lists must. */
export async function boxForAll(
  seed: Uint8Array,
  of: SeedOf,
  targets: readonly Target[],
): Promise<{ boxes: SealedBox[]; recipients: Recipient[] }> {
  const boxes: SealedBox[] = [];
  const recipients: Recipient[] = [];
  const order = (a: Target, b: Target): number => (a.recipient.keyring < b.recipient.keyring ? -1 : 1);
  for (const { recipient, key } of [...targets].sort(order)) {
    check(of.generation < 2 ** 32 && recipient.generation < 2 ** 32, 'OutOfRange');
    const bytes = await sealBox(seed, of, recipient, key);
    recipients.push({ ...recipient, boxHash: sha256(bytes) });
    boxes.push({
      scope: of.scope,
      id: unhex(of.id),
      generation: of.generation,
      recipient: unhex(recipient.keyring),
      recipient_generation: recipient.generation,
      bytes,
    });
  }
  return { boxes, recipients };
}

async function newGeneration(
  of: SeedOf,
  members: readonly Target[],
  previous: Uint8Array | null,
  reason: Reason,
): Promise<{ seed: Uint8Array; body: GenerationBody; boxes: SealedBox[] }> {
  const seed = random(32);
  const prevBox = previous === null ? null : await sealPrevious(of, seed, previous);
  const { boxes, recipients } = await boxForAll(seed, of, members);
  const key = publicKeyOf(seed);
  const body = { generation: of.generation, key, commit: commitTo(seed), prevBox, recipients, reason };
  return { seed, body, boxes };
}

/** Creates a keyring for these first members. */
export async function createKeyring(
  made: NewKeyring,
  members: readonly Target[],
  by: LinkSigner,
): Promise<Made & { readonly seed: Uint8Array }> {
  const of: SeedOf = { scope: 'keyring', id: made.id, generation: 1 };
  const { seed, body, boxes } = await newGeneration(of, members, null, 'routine');
  const { kind, owner, paired } = made;
  const link = await signed(by, firstPlace(made.id), { t: 'create', kind, owner, paired, first: body });
  return { link, boxes, seed };
}

/**
 * Renews a keyring's seed for its members of now, each at its newest generation. `seed` is the current seed, sealed
 * into the new generation so that history stays readable; null walls it off. Refuses with `CommitMismatch` when it is
 * not the current one; a `ChainError` `UnknownKeyring` when a member's chain is not in `directory`.
 */
export async function rotateKeyring(
  chain: KeyringChain,
  seed: Uint8Array | null,
  directory: Directory,
  reason: Reason,
  by: LinkSigner,
): Promise<Made & { readonly seed: Uint8Array }> {
  const members = [...chain.members.keys()].map((id) =>
    targetOf(known(directory.keyringChain(id), 'UnknownKeyring')),
  );
  const of: SeedOf = { scope: 'keyring', id: chain.id, generation: chain.generation + 1 };
  if (seed !== null) requireCurrent(chain, seed);
  const fresh = await newGeneration(of, members, seed, reason);
  const link = await signed(by, chain.tail.next(), { t: 'rotate', body: fresh.body });
  return { link, boxes: fresh.boxes, seed: fresh.seed };
}

async function boxCurrent(
  chain: KeyringChain,
  seed: Uint8Array,
  member: Target,
): Promise<{ boxes: SealedBox[]; recipient: Recipient }> {
  requireCurrent(chain, seed);
  const of: SeedOf = { scope: 'keyring', id: chain.id, generation: chain.generation };
  const { boxes, recipients } = await boxForAll(seed, of, [member]);
  return { boxes, recipient: need(recipients[0], 'BoxMissing') };
}

/** Adds a member: boxes it the current seed, from which it reads back to the first generation or wall. */
export async function addMember(
  chain: KeyringChain,
  seed: Uint8Array,
  member: Target,
  role: Role,
  by: LinkSigner,
): Promise<Made> {
  const { boxes, recipient } = await boxCurrent(chain, seed, member);
  return { link: await signed(by, chain.tail.next(), { t: 'add', recipient, role }), boxes };
}

/** Makes the administrators' keyring of the unit (for `TM`) or of the unit above (for `OA`) a member. */
export async function addParent(
  chain: KeyringChain,
  seed: Uint8Array,
  admins: Target,
  by: LinkSigner,
): Promise<Made> {
  const { boxes, recipient } = await boxCurrent(chain, seed, admins);
  return { link: await signed(by, chain.tail.next(), { t: 'parent', recipient }), boxes };
}

/** Any act that needs no seed: remove, role, add request, end of the parent. */
export async function actWithoutSeed(chain: KeyringChain, body: KeyringBody, by: LinkSigner): Promise<Made> {
  return { link: await signed(by, chain.tail.next(), body), boxes: [] };
}

/** Finds the box of a generation or epoch for a recipient among what the server sent. */
export function findBox(boxes: readonly SealedBox[], of: SeedOf, recipient: Hex): SealedBox {
  const found = boxes.find(
    (box) =>
      box.scope === of.scope &&
      box.generation === of.generation &&
      hex(box.recipient) === recipient &&
      hex(box.id) === of.id,
  );
  return need(found, 'BoxMissing');
}

/**
 * Opens the box of the current generation for one of its members, checked against the signed link. `memberSeed` is the
 * member's seed of the generation that `chain.members.get(member).generation` names.
 */
export async function openCurrent(
  chain: KeyringChain,
  boxes: readonly SealedBox[],
  member: Hex,
  memberSeed: Uint8Array,
): Promise<Uint8Array> {
  const named = known(chain.members.get(member), 'NotMember');
  const current = known(chain.generationAt(chain.generation), 'UnknownGeneration');
  const of: SeedOf = { scope: 'keyring', id: chain.id, generation: chain.generation };
  const sealed = findBox(boxes, of, member);
  const to = { keyring: member, generation: named.generation };
  const seed = await openNamed(sealed.bytes, named.boxHash, of, to, current.commit, memberSeed);
  requireCurrent(chain, seed);
  return seed;
}

/** Checks that a seed is the current one: `CommitMismatch`, `EncKeyMismatch`. */
export function requireCurrent(chain: KeyringChain, seed: Uint8Array): void {
  const current = chain.generationAt(chain.generation);
  if (current === null) throw new ChainError('UnknownGeneration');
  checkCommit(seed, current.commit);
  demand(equal(publicKeyOf(seed), chain.key), 'EncKeyMismatch');
}
