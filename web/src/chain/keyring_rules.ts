/**
 * What a link of a keyring chain may say, and who may sign it:
 *
 * | keyring | changes its membership | creates it |
 * |---|---|---|
 * | `U`, `I` | its user | its user |
 * | `TM` | a keeper of it, or an administrator of the unit | an administrator of the unit |
 * | `TA` | a manager (holder of the paired `TM`), or an administrator of the unit | either of them |
 * | `OA` | a keeper of it, or an administrator of a unit above | anybody; the unit's genesis binds it |
 * | `OD` | an administrator of the unit | an administrator of the unit |
 *
 * Boxing needs the seed: `add` and `rotate` are for members only; who may change the membership without holding the
 * seed signs `remove` and `add_request`. Any member may rotate, any member may remove itself. The last member never
 * goes.
 *
 * Not known here: order and signatures, which are checked before.
 */
import type { Hex } from '../wire/bytes';
import { check, known, refuse } from './error';
import {
  administers,
  checkCapacity,
  isAppend,
  type Facts,
  type GenerationFact,
  type Mode,
  type Owner,
} from './facts';
import type { KeyringState, Member } from './keyring';
import type { GenerationBody, KeyringBody, Recipient, Role } from './keyring_body';
import { KEYRING_RECIPIENTS_MAX } from './limits';
import type { LinkCore } from './link';

/** What the signer of a link may do. */
export interface SignerStanding {
  readonly keeper: boolean;
  readonly seed: boolean;
  /** The keyring by which the signer is a member. */
  readonly itself: Hex | null;
}

/** Kinds whose members may be keepers. */
function hasKeepers(chain: KeyringState): boolean {
  return chain.kind === 'TM' || chain.kind === 'OA';
}

function same(a: Owner, b: Owner): boolean {
  return a.kind === b.kind && a.id === b.id;
}

/** Checks who signs the first link. */
export function checkCreator(chain: KeyringState, core: LinkCore, hash: Hex, facts: Facts, mode: Mode): void {
  const { author } = core;
  const { kind, owner, paired } = chain;
  if (owner.kind === 'user') {
    check(kind === 'U' || kind === 'I', 'NotAuthorized');
    check(author.user === owner.id && author.capacity === null, 'NotAuthorized');
    const fact = known(facts.user(owner.id), 'UnknownSigner');
    const named = kind === 'U' ? fact.personal : fact.inbox;
    check(named.id === chain.id && named.first === hash, 'HashMismatch');
    return;
  }
  if (kind === 'OA' && author.capacity === null) return;
  const capacity = known(author.capacity, 'NotAuthorized');
  const held = checkCapacity(author.user, capacity, facts, mode);
  if (paired === capacity.keyring) {
    check(held.kind === 'TM' && same(held.owner, owner), 'NotAuthorized');
    return;
  }
  if (paired !== null) {
    const managers = known(facts.keyring(paired), 'UnknownKeyring');
    check(managers.kind === 'TM' && same(managers.owner, owner), 'RecipientKind');
  }
  check(administers(capacity.keyring, owner.id, facts, mode), 'NotAuthorized');
}

/** What the author of a link may do here. */
export function standingOf(chain: KeyringState, core: LinkCore, facts: Facts, mode: Mode): SignerStanding {
  const { author } = core;
  const { owner } = chain;
  if (owner.kind === 'user') {
    check(author.user === owner.id && author.capacity === null, 'NotAuthorized');
    return { keeper: true, seed: true, itself: null };
  }
  const own = [...chain.members]
    .filter(([, member]) => member.owner.kind === 'user' && member.owner.id === author.user)
    .sort(([a], [b]) => (a < b ? -1 : 1))[0];
  let keeper = own !== undefined && own[1].role === 'keeper' && hasKeepers(chain);
  let seed = own !== undefined;
  const { capacity } = author;
  if (capacity !== null) {
    // Before anything is asked about that keyring: a capacity that gives nothing would make this chain rest on others, or
    // on itself, for no reason, and a chain that rests on itself cannot be verified from its start.
    const asKeeper =
      capacity.keyring !== chain.id &&
      (chain.paired === capacity.keyring || administers(capacity.keyring, owner.id, facts, mode));
    const asMember = chain.members.has(capacity.keyring);
    check(asKeeper || asMember, 'NotAuthorized');
    checkCapacity(author.user, capacity, facts, mode);
    chain.signers.checkCapacity(capacity);
    keeper ||= asKeeper;
    seed ||= asMember;
  }
  check(keeper || seed, 'NotAuthorized');
  return { keeper, seed, itself: own?.[0] ?? null };
}

/** Checks a link that is not the first; answers the owner of a keyring that is added. */
export function checkLink(
  chain: KeyringState,
  body: KeyringBody,
  standing: SignerStanding,
  facts: Facts,
  mode: Mode,
): Owner | null {
  if (body.t === 'create') refuse('MisplacedRoot');
  if (body.t === 'rotate') {
    checkRotate(chain, body.body, standing, facts, mode);
    return null;
  }
  check(chain.owner.kind !== 'user', 'NotForThisKind');
  switch (body.t) {
    case 'add': {
      const { recipient, role } = body;
      check(standing.seed, 'NotSeedHolder');
      check(standing.keeper || chain.requests.get(recipient.keyring) === role, 'NotAuthorized');
      checkAddable(chain, recipient.keyring);
      return checkRecipient(chain, recipient, facts, mode);
    }
    case 'add_request':
      check(standing.keeper, 'NotAuthorized');
      checkAddable(chain, body.keyring);
      check(chain.requests.size < KEYRING_RECIPIENTS_MAX, 'TooMany');
      recipientOwner(chain, body.keyring, facts);
      return null;
    case 'remove':
      checkRemove(chain, body.keyring, standing);
      return null;
    case 'role':
      checkRole(chain, body.keyring, body.role, standing);
      return null;
    case 'parent':
      return checkParent(chain, body.recipient, standing, facts, mode);
  }
}

function checkRotate(
  chain: KeyringState,
  body: GenerationBody,
  standing: SignerStanding,
  facts: Facts,
  mode: Mode,
): void {
  check(standing.seed, 'NotSeedHolder');
  check(body.generation === chain.generation + 1, 'WrongGeneration');
  const all = body.recipients.every((recipient) => chain.members.has(recipient.keyring));
  check(body.recipients.length === chain.members.size && all, 'RecipientsMismatch');
  for (const recipient of body.recipients) {
    const named = chain.members.get(recipient.keyring)?.generation ?? 0;
    check(recipient.generation >= named, 'GenerationGoesBack');
    checkGeneration(recipient, facts, mode);
  }
}

function checkRemove(chain: KeyringState, keyring: Hex, standing: SignerStanding): void {
  const member = known(chain.members.get(keyring), 'NotMember');
  check(standing.itself === keyring || standing.keeper, 'NotAuthorized');
  check(chain.parent !== keyring, 'NotForThisKind');
  const lastKeeper = isLastKeeper(chain, keyring, member) && chain.parent === null;
  check(chain.members.size !== 1 && !lastKeeper, 'LastMember');
}

function checkRole(chain: KeyringState, keyring: Hex, role: Role, standing: SignerStanding): void {
  check(standing.keeper, 'NotAuthorized');
  const member = known(chain.members.get(keyring), 'NotMember');
  check(hasKeepers(chain) && chain.parent !== keyring, 'NotForThisKind');
  const last = role === 'holder' && isLastKeeper(chain, keyring, member) && chain.parent === null;
  check(!last, 'LastMember');
}

function checkParent(
  chain: KeyringState,
  recipient: Recipient | null,
  standing: SignerStanding,
  facts: Facts,
  mode: Mode,
): Owner | null {
  check(standing.keeper, 'NotAuthorized');
  check(hasKeepers(chain) && chain.owner.kind === 'unit', 'NotForThisKind');
  if (recipient === null) {
    const parent = known(chain.parent, 'NotMember');
    const othersKeep = [...chain.members].some(([id, member]) => id !== parent && member.role === 'keeper');
    check(othersKeep, 'LastMember');
    return null;
  }
  check(standing.seed, 'NotSeedHolder');
  check(chain.parent === null, 'AlreadyMember');
  checkAddable(chain, recipient.keyring);
  const unit = chain.owner.id;
  const above = chain.kind === 'TM' ? [unit] : parentsOf(unit, facts, mode);
  const administered = (each: Hex): boolean =>
    known(facts.unit(each), 'UnknownUnit').admins === recipient.keyring;
  const holder = known(above.find(administered), 'RecipientKind');
  checkGeneration(recipient, facts, mode);
  return { kind: 'unit', id: holder };
}

/** The unit above; when replaying, those that were above at some time too: a unit may have moved since. */
function parentsOf(unit: Hex, facts: Facts, mode: Mode): Hex[] {
  const { parent, formerParents } = known(facts.unit(unit), 'UnknownUnit');
  const parents = [...(parent === null ? [] : [parent]), ...(isAppend(mode) ? [] : formerParents)];
  check(parents.length > 0, 'ParentImpossible');
  return parents;
}

function checkAddable(chain: KeyringState, keyring: Hex): void {
  check(!chain.members.has(keyring), 'AlreadyMember');
  check(chain.members.size < KEYRING_RECIPIENTS_MAX, 'TooMany');
}

/** `U` has no members, `I` exactly one, every other keyring at least one. */
export function checkNeverEmpty(chain: KeyringState): void {
  const { size } = chain.members;
  check(chain.kind === 'U' ? size === 0 : chain.kind === 'I' ? size === 1 : size > 0, 'RecipientsMismatch');
}

/** Checks a recipient that becomes a member; answers whose keyring it is. */
export function checkRecipient(chain: KeyringState, recipient: Recipient, facts: Facts, mode: Mode): Owner {
  const owner = recipientOwner(chain, recipient.keyring, facts);
  checkGeneration(recipient, facts, mode);
  return owner;
}

function recipientOwner(chain: KeyringState, keyring: Hex, facts: Facts): Owner {
  const fact = known(facts.keyring(keyring), 'UnknownKeyring');
  const own = same(fact.owner, chain.owner);
  let allowed: boolean;
  if (chain.kind === 'U') allowed = false;
  else if (chain.kind === 'I') allowed = fact.kind === 'U' && own;
  else if (fact.kind === 'U') allowed = fact.owner.kind === 'user';
  else if (chain.kind === 'OD' && fact.kind === 'OA' && fact.owner.kind === 'unit') {
    // Anybody may make a keyring of that kind for a unit; its administrators' is the one its genesis names.
    allowed = known(facts.unit(fact.owner.id), 'UnknownUnit').admins === keyring && own;
  } else allowed = false;
  check(allowed, 'RecipientKind');
  return fact.owner;
}

function isLastKeeper(chain: KeyringState, keyring: Hex, member: Member): boolean {
  const another = [...chain.members].some(([id, other]) => id !== keyring && other.role === 'keeper');
  return hasKeepers(chain) && member.role === 'keeper' && !another;
}

/** Checks the generation a box is sealed to: the newest when appending, an existing one in any case. */
export function checkGeneration(recipient: Recipient, facts: Facts, mode: Mode): GenerationFact {
  const fact = known(facts.generation(recipient.keyring, recipient.generation), 'UnknownGeneration');
  check(!isAppend(mode) || fact.current, 'StaleGeneration');
  return fact;
}
