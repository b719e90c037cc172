/**
 * Who somebody is: names from the server, identity and membership from verified chains.
 *
 * Not known here: threads. What reads chains runs inside `Inside.alone`.
 */

import { isSealedTo } from '../../chain/party';
import type { Party, TeamParty, ThreadRole } from '../../chain/party';
import type { Roster } from '../../chain/roster';
import type { Standing } from '../../chain/unit';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { OrgCard, PersonCard, TeamCard } from '../../wire/gen/wire';
import type { PersonView, TeamView } from '../api';
import { Trouble, hold, hostile, local } from './errors';
import type { Inside } from './inside';

/** Names that were told by the server. They say who somebody claims to be; keys never come from here. */
export class Names {
  readonly #people = new Map<Hex, PersonCard>();
  /** By the keyring of the managers, which is the team's id. */
  readonly #teams = new Map<Hex, TeamCard>();
  readonly #orgs = new Map<Hex, string>();
  readonly #units = new Map<Hex, readonly Hex[]>();
  readonly #unknown = new Set<Hex>();
  /** Questions under way. */
  readonly #asked = new Map<Hex, Promise<void>>();

  putPerson(card: PersonCard): void {
    this.#people.set(hex(card.user), card);
  }

  putTeam(card: TeamCard): void {
    this.#teams.set(hex(card.managers), card);
  }

  putOrg(card: OrgCard): void {
    this.#orgs.set(hex(card.org), card.name);
    this.#units.set(hex(card.org), [...new Set([hex(card.org), ...card.units.map(hex)])]);
  }

  person(user: Hex): string | null {
    return this.#people.get(user)?.name ?? null;
  }

  /** The organizations the server says somebody belongs to: nobody's word but its own. */
  orgsOf(user: Hex): readonly Hex[] {
    return this.#people.get(user)?.orgs.map(hex) ?? [];
  }

  team(managers: Hex): string | null {
    return this.#teams.get(managers)?.name ?? null;
  }

  teamCard(managers: Hex): TeamCard | null {
    return this.#teams.get(managers) ?? null;
  }

  org(org: Hex): string | null {
    return this.#orgs.get(org) ?? null;
  }

  /** The units of an organization, its root first; null: not asked yet. */
  units(org: Hex): readonly Hex[] | null {
    return this.#units.get(org) ?? null;
  }

  /** Forgets which units an organization has: one may be new. */
  forgetUnits(org: Hex): void {
    this.#units.delete(org);
  }

  /** Has the name of a person at hand, where the server tells it. Answers whether it is new. */
  needPerson(inside: Inside, user: Hex): Promise<boolean> {
    return this.once(user, this.#people, async () => {
      this.putPerson(await inside.rpc.call('GetPerson', { user: unhex(user) }));
    });
  }

  /** Has the name of a team at hand, by the unit that owns its keyring. Answers whether it is new. */
  needTeam(inside: Inside, managers: Hex): Promise<boolean> {
    // It may be at hand later.
    if (!inside.book.chains.keyringChain(managers)) return Promise.resolve(false);
    return this.once(managers, this.#teams, async () => {
      const owner = inside.book.chains.keyringChain(managers)?.owner;
      if (owner?.kind !== 'unit') return;
      const unit = await inside.rpc.call('GetUnit', { unit: unhex(owner.id) });
      for (const team of unit.teams) this.putTeam(team);
      for (const person of unit.members) this.putPerson(person);
    });
  }

  /** Asks once for each, however many wait for it. Somebody this person has nothing in common with stays nameless. */
  private once(id: Hex, known: ReadonlyMap<Hex, unknown>, ask: () => Promise<void>): Promise<boolean> {
    if (known.has(id) || this.#unknown.has(id)) return Promise.resolve(false);
    const asked = this.#asked.get(id) ?? ask();
    this.#asked.set(id, asked);
    const done = (): void => void this.#asked.delete(id);
    return asked.then(
      () => {
        done();
        if (!known.has(id)) this.#unknown.add(id);
        return known.has(id);
      },
      (error: unknown) => {
        done();
        if (error instanceof Trouble && error.failure.kind === 'refused') this.#unknown.add(id);
        return false;
      },
    );
  }

  /** Has the name and units of an organization at hand. */
  async needOrg(inside: Inside, org: Hex): Promise<void> {
    if (this.#units.has(org)) return;
    const snapshot = await inside.rpc.call('GetSnapshot', { org: unhex(org) });
    if (snapshot.org) this.putOrg(snapshot.org);
    for (const team of snapshot.teams) this.putTeam(team);
  }
}

/** The units of an organization, its root first. */
async function unitsOf(inside: Inside, names: Names, org: Hex, fresh: boolean): Promise<readonly Hex[]> {
  if (fresh) names.forgetUnits(org);
  await names.needOrg(inside, org);
  return names.units(org) ?? [org];
}

/**
 * Who a colleague is, by the word of an administrator of the organization. Fails with `H24` for somebody nobody has
 * vouched for, and with `H01` when another identity was vouched for.
 */
export async function attested(inside: Inside, names: Names, org: Hex, user: Hex): Promise<Standing> {
  const { book } = inside;
  await book.need('user', user);
  const root = book.chains.user(user)?.root;
  if (!root) throw local('notFound');
  for (const fresh of [false, true]) {
    for (const unit of await unitsOf(inside, names, org, fresh)) {
      if (fresh) await book.refresh('unit', unit);
      else await book.need('unit', unit);
      const attestation = book.chains.unitChain(unit)?.members.get(user)?.attestation;
      if (!attestation) continue;
      // Whoever may sign in that unit vouches for nobody here.
      hold((await rootOf(inside, unit)) === org, 'H02');
      hold(attestation.root === root, 'H01');
      return attestation.standing;
    }
  }
  hold(false, 'H24');
  return 'professional';
}

/** A person as a party of a thread, out of verified chains: the server's word decides neither keys nor membership. */
export async function personParty(
  inside: Inside,
  names: Names,
  org: Hex | null,
  user: Hex,
  role: ThreadRole,
): Promise<Party> {
  const keyring = await keyringOf(inside, user, 'thread');
  const standing = org === null ? 'professional' : await attested(inside, names, org, user);
  return { kind: 'user', user, keyring, asOrg: org, role, standing, team: null };
}

/**
 * The keyring a person's boxes are sealed to, held against their own chain. To be asked before a seed is sealed to it:
 * the check of the entry afterwards comes too late for the boxes, and sees ids only.
 */
export async function keyringOf(inside: Inside, user: Hex, form: 'thread' | 'direct'): Promise<Hex> {
  const { book } = inside;
  await book.need('user', user);
  const fact = book.chains.user(user);
  if (!fact) throw local('notFound');
  const { id, first } = form === 'direct' ? fact.personal : fact.inbox;
  await book.need('keyring', id);
  hold(book.chains.keyring(id)?.first === first, 'H02');
  return id;
}

/**
 * A team as a party: its managers' keyring, of the kind, owner and pairing that its card claims, owned by a unit of
 * this organization. A card that names other keyrings is refused (`H02`).
 */
export async function teamParty(inside: Inside, names: Names, org: Hex, managers: Hex): Promise<Party> {
  const card = names.teamCard(managers);
  const team = { kind: 'team', managers, org } as const;
  await checkTeam(inside, { ...team, all: card && hex(card.all) });
  return { ...team, all: null };
}

/** Holds the keyrings of a team against their chains, before a seed is sealed to them: as {@link keyringOf}. */
async function checkTeam(inside: Inside, { managers, all, org }: TeamParty): Promise<void> {
  const { book } = inside;
  await book.need('keyring', managers);
  const chain = book.chains.keyringChain(managers);
  if (chain?.kind !== 'TM' || chain.owner.kind !== 'unit') throw hostile('H02');
  hold((await rootOf(inside, chain.owner.id)) === org, 'H02');
  if (all === null) return;
  await book.need('keyring', all);
  const whole = book.chains.keyringChain(all);
  const { kind, id } = whole?.owner ?? {};
  const together = whole?.paired === managers && kind === 'unit' && id === chain.owner.id;
  hold(together && whole.kind === 'TA', 'H02');
}

/** Holds the keyrings of everybody a thread is sealed to against their chains (`H02`). */
export async function checkReaders(inside: Inside, { form, parties }: Roster): Promise<void> {
  for (const { party, presence } of parties.values()) {
    if (!isSealedTo(presence)) continue;
    if (party.kind === 'team') await checkTeam(inside, party);
    else hold((await keyringOf(inside, party.user, form)) === party.keyring, 'H02');
  }
}

/** The root of the tree a unit is in: the organization. */
async function rootOf(inside: Inside, unit: Hex): Promise<Hex> {
  const seen = new Set<Hex>();
  for (let at = unit; ;) {
    if (seen.has(at)) throw hostile('H05');
    seen.add(at);
    await inside.book.need('unit', at);
    const parent = inside.book.chains.unit(at)?.parent ?? null;
    if (parent === null) return at;
    at = parent;
  }
}

/** A person as the page shows one. Reads their chain. */
export async function personView(inside: Inside, names: Names, card: PersonCard): Promise<PersonView> {
  const user = hex(card.user);
  const orgs = card.orgs.map(hex);
  const shown = orgs.flatMap((org) => names.org(org) ?? []);
  const standing = await standingOf(inside, names, orgs, card);
  return { user, name: card.name, orgs: shown, standing };
}

async function standingOf(
  inside: Inside,
  names: Names,
  orgs: readonly Hex[],
  card: PersonCard,
): Promise<PersonView['standing']> {
  const user = hex(card.user);
  try {
    await inside.book.need('user', user);
    const fact = inside.book.chains.user(user);
    if (fact?.personal.id !== hex(card.personal) || fact.inbox.id !== hex(card.inbox)) throw hostile('H02');
    for (const org of orgs) {
      try {
        await attested(inside, names, org, user);
        return 'attested';
      } catch (error) {
        if (!(error instanceof Trouble) || !error.isHostile('H24')) throw error;
      }
    }
    return 'known';
  } catch (error) {
    if (error instanceof Trouble && error.isHostile()) return 'changed';
    throw error;
  }
}

/** A team as the page shows one. */
export function teamView(card: TeamCard): TeamView {
  return { team: hex(card.managers), name: card.name, org: hex(card.org), unit: hex(card.unit) };
}
