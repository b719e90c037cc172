/**
 * Who takes part in a thread under which policy and epoch: the state that control entries change, and who may change
 * it. The table of rights is in docs/PROTOCOL.md §8; joining and parting are in people.ts, triage in triage.ts.
 *
 * Not known here: positions and counters (head.ts); rules that no chain shows (roles in an organization, consent),
 * which the server applies besides.
 */
import type { Hex } from '../wire/bytes';
import type { Control, Create, EpochBody, Form } from './control';
import type { EntryCore, Priority } from './entry';
import { check, known } from './error';
import { ancestry, checkCapacity, isAppend, type Facts, type Mode } from './facts';
import type { Phase } from './head';
import type { Recipient } from './keyring_body';
import { checkGeneration } from './keyring_rules';
import type { PublicKey } from './keys';
import { LINKS_MAX } from './limits';
import {
  ALLOW_CALLS,
  ALLOW_FILES,
  isAsTightAs,
  isSealedTo,
  keyringsOf,
  partyId,
  partyKey,
  responsibleOf,
  type History,
  type Party,
  type PartyId,
  type Policy,
  type Presence,
  type Triage,
  type UserParty,
} from './party';
import * as people from './people';
import * as triage from './triage';
import { isLay, type Standing } from './unit';

/** A party and how it stands. */
export interface Participant {
  readonly party: Party;
  readonly presence: Presence;
}

/** Whom an open invitation is for. */
export type InviteFor =
  /** A party of the thread whose presence is `invited`. */
  | { readonly t: 'party'; readonly party: PartyId }
  /** Whoever holds this key. */
  | { readonly t: 'bearer'; readonly key: PublicKey; readonly standing: Standing };

/** An invitation that was not answered yet. */
export interface OpenInvite {
  readonly inviter: Hex;
  readonly invitee: InviteFor;
  readonly history: History;
  /** End of validity, ms since 1970. */
  readonly expiresMs: number | null;
}

/** The epoch in force. */
export interface EpochState {
  readonly number: number;
  /** Commitment to its seed. */
  readonly commit: Hex;
  /** Keyrings it is sealed to. */
  readonly recipients: ReadonlyMap<Hex, Recipient>;
}

/** The team an author acts for. */
export interface ForTeam {
  readonly managers: Hex;
  readonly isManager: boolean;
  readonly presence: Presence;
}

/** An entry's author as the roster sees it. */
export class Acting {
  constructor(
    readonly id: Hex,
    readonly user: { readonly party: UserParty; readonly presence: Presence } | null,
    readonly team: ForTeam | null,
  ) {}

  /** The author's own part, while it is active. */
  get activeUser(): UserParty | null {
    return this.user?.presence === 'active' ? this.user.party : null;
  }

  get #activeTeam(): ForTeam | null {
    return this.team?.presence === 'active' ? this.team : null;
  }

  /** Refuses with `NotParticipant` whoever takes no part. */
  takesPart(): void {
    check(this.activeUser !== null || this.#activeTeam !== null, 'NotParticipant');
  }

  get isOwner(): boolean {
    return this.activeUser?.role === 'owner';
  }

  get isManager(): boolean {
    return this.#activeTeam?.isManager === true;
  }

  manages(managers: Hex): boolean {
    return this.isManager && this.#activeTeam?.managers === managers;
  }

  /** A participant that is not a patient or relative. */
  get isClinical(): boolean {
    return this.#activeTeam !== null || (this.activeUser !== null && !isLay(this.activeUser.standing));
  }
}

/** One control entry on its way in. */
export interface Act {
  readonly core: EntryCore;
  readonly who: Acting;
  readonly facts: Facts;
  readonly mode: Mode;
}

/** Refuses with `Forbidden` unless allowed. */
export function require(allowed: boolean): void {
  check(allowed, 'Forbidden');
}

/** Acts that a direct thread has. */
const DIRECT: ReadonlySet<Control['t']> = new Set([
  'priority',
  'ack',
  'epoch',
  'close',
  'rebox_request',
  'call_join',
  'call_leave',
]);

/** Who takes part, under which policy and epoch. Read it freely; only `thread.ts` and `snapshot.ts` change it. */
export class Roster {
  form: Form = 'thread';
  /** The organization the thread belongs to. */
  context: Hex | null = null;
  policy: Policy = { add: 0, close: 0, joiners: 0, allowed: 0 };
  priority: Priority = 'normal';
  /** By {@link partyKey}. */
  parties = new Map<string, Participant>();
  /** By team. */
  triage = new Map<Hex, Triage>();
  /** By the id of the entry that invites. */
  invites = new Map<Hex, OpenInvite>();
  /** The patient file of each custodian organization. */
  links = new Map<Hex, Hex>();
  epoch: EpochState = { number: 0, commit: '0'.repeat(64), recipients: new Map() };
  /** The next epoch must have no `prev_box`. */
  wallDue = false;
  closed = false;

  /** A copy to work on. */
  clone(): Roster {
    const copy = Object.assign(new Roster(), this);
    copy.parties = new Map(this.parties);
    copy.triage = new Map(this.triage);
    copy.invites = new Map(this.invites);
    copy.links = new Map(this.links);
    return copy;
  }

  /** Finds the author among the parties and verifies the capacity named. */
  acting(core: EntryCore, facts: Facts, mode: Mode): Acting {
    const id = core.author.user;
    const own = this.parties.get(partyKey({ kind: 'user', id }));
    const user = own?.party.kind === 'user' ? { party: own.party, presence: own.presence } : null;
    const { capacity } = core.author;
    if (capacity === null) return new Acting(id, user, null);
    const team = known(this.#teamOf(capacity.keyring), 'NotParticipant');
    checkCapacity(id, capacity, facts, mode);
    const recipient = this.epoch.recipients.get(capacity.keyring);
    if (recipient !== undefined) {
      const sealed = known(facts.generation(capacity.keyring, recipient.generation), 'UnknownGeneration');
      check(capacity.seq >= sealed.sinceSeq, 'StaleCapacity');
    }
    return new Acting(id, user, team);
  }

  /** The team whose `TM` or `TA` this is; the first by id. */
  #teamOf(keyring: Hex): ForTeam | null {
    for (const [, { party, presence }] of sorted(this.parties)) {
      if (party.kind === 'team' && (party.managers === keyring || party.all === keyring)) {
        return { managers: party.managers, isManager: party.managers === keyring, presence };
      }
    }
    return null;
  }

  /** Checks a message (not its position). */
  checkMessage(act: Act): void {
    act.who.takesPart();
    check(act.core.blobs.length === 0 || this.allows(ALLOW_FILES), 'KindNotAllowed');
    const all = (act.core.notify ?? []).every((keyring) => this.epoch.recipients.has(keyring));
    check(all, 'NotifyUnknown');
    if (isAppend(act.mode)) {
      for (const [, recipient] of sorted(this.epoch.recipients))
        checkGeneration(recipient, act.facts, act.mode);
    }
  }

  /** Takes in a control entry. On an error the roster is spoilt: work on a copy. */
  async apply(act: Act, control: Control): Promise<void> {
    if (control.t === 'create') this.#create(act, control.create);
    else {
      check(this.form !== 'direct' || DIRECT.has(control.t), 'NotInDirect');
      if (control.t === 'accept') await people.accept(this, act, control.invite, control.bearer);
      else this.#applyAct(act, control);
    }
  }

  #applyAct(act: Act, control: Exclude<Control, { readonly t: 'create' | 'accept' }>): void {
    switch (control.t) {
      case 'policy':
        this.#setPolicy(act, control.policy);
        break;
      case 'add':
        people.add(this, act, control.party, control.boxes, control.history);
        break;
      case 'invite':
        people.invite(this, act, control);
        break;
      case 'decline':
        people.decline(this, act, control.invite);
        break;
      case 'take':
        triage.take(this, act, control.team);
        break;
      case 'assign':
        triage.assign(this, act, control.team, control.user);
        break;
      case 'return':
        triage.giveBack(this, act, control.team);
        break;
      case 'forward':
        triage.forward(this, act, control.from, control.to);
        break;
      case 'withdraw_team':
        people.withdrawTeam(this, act, control.team);
        break;
      case 'withdraw_invite':
        people.withdrawInvite(this, act, control.invite);
        break;
      case 'remove':
        people.remove(this, act, control.party);
        break;
      case 'leave':
        people.leave(this, act);
        break;
      case 'role':
        people.setRole(this, act, control.user, control.role);
        break;
      case 'link_patient':
        this.#linkPatient(act, control.org, control.file);
        break;
      default:
        this.#applyCommon(act, control);
    }
  }

  /** Acts that a direct thread has too. */
  #applyCommon(act: Act, control: Control): void {
    if (control.t === 'priority') {
      require(act.who.isClinical || this.form === 'direct');
      this.priority = control.priority;
    }
    act.who.takesPart();
    switch (control.t) {
      case 'ack':
        check(control.n > 0 && control.n <= act.core.anchor.seq, 'OutOfRange');
        break;
      case 'epoch':
        check(control.body.epoch === this.epoch.number + 1, 'WrongEpochNumber');
        this.#setEpoch(act, control.body);
        break;
      case 'close': {
        this.#checkClose(act);
        const { anchor } = act.core;
        check(control.finalSeq === anchor.seq && control.finalHead === anchor.head, 'FinalMismatch');
        this.closed = true;
        break;
      }
      case 'rebox_request': {
        const own = act.who.activeUser?.keyring === control.keyring;
        require(own || act.core.author.capacity?.keyring === control.keyring);
        check(control.epoch <= this.epoch.number, 'OutOfRange');
        break;
      }
      case 'call_join':
      case 'call_leave':
        check(this.allows(ALLOW_CALLS), 'KindNotAllowed');
    }
  }

  #create(act: Act, create: Create): void {
    this.form = create.form;
    this.context = create.context;
    this.policy = create.policy;
    this.priority = create.priority;
    for (const party of create.parties) {
      this.checkParty(party, act.facts);
      this.parties.set(partyKey(partyId(party)), { party, presence: 'active' });
      if (party.kind === 'team') this.triage.set(party.managers, { state: 'waiting' });
    }
    for (const party of create.parties) this.checkBroughtInBy(party);
    const users = create.parties.filter((party) => party.kind === 'user').length;
    check(create.form !== 'direct' || (users === 2 && create.parties.length === 2), 'NotInDirect');
    const who = this.acting(act.core, act.facts, act.mode);
    require(who.isOwner && act.core.author.capacity === null);
    check(create.epoch.epoch === 0, 'WrongEpochNumber');
    check(create.epoch.prevBox === null, 'PrevBox');
    this.#setEpoch(act, create.epoch);
  }

  #setEpoch(act: Act, body: EpochBody): void {
    check(!this.wallDue || body.prevBox === null, 'HistoryWall');
    const expected = this.nextRecipients;
    const exact = body.recipients.every((recipient, at) => recipient.keyring === expected[at]);
    check(expected.length === body.recipients.length && exact, 'EpochRecipients');
    for (const recipient of body.recipients) {
      checkGeneration(recipient, act.facts, act.mode);
      const before = this.epoch.recipients.get(recipient.keyring);
      check(before === undefined || recipient.generation >= before.generation, 'GenerationGoesBack');
    }
    const recipients = new Map(body.recipients.map((recipient) => [recipient.keyring, recipient]));
    this.epoch = { number: body.epoch, commit: body.commit, recipients };
    this.wallDue = false;
  }

  #setPolicy(act: Act, policy: Policy): void {
    require(act.who.isOwner);
    check(isAsTightAs(policy, this.policy) || this.owners === 1, 'PolicyLoosened');
    this.policy = policy;
  }

  #linkPatient(act: Act, org: Hex, file: Hex | null): void {
    require(act.who.isClinical);
    if (file === null) this.links.delete(org);
    else {
      check(this.links.has(org) || this.links.size < LINKS_MAX, 'TooMany');
      this.links.set(org, file);
    }
  }

  #checkClose(act: Act): void {
    const owner = act.who.isOwner;
    const responsible = [...this.triage.values()].some((each) => responsibleOf(each) === act.who.id);
    if (this.policy.close === 0) require(owner || act.who.isManager || responsible);
    else if (this.policy.close === 1) require(owner || act.who.isManager);
    else require(owner);
  }

  /** Checks that a party's keyrings are those that its own chain names. */
  checkParty(party: Party, facts: Facts): void {
    if (party.kind === 'user') {
      const fact = known(facts.user(party.user), 'UnknownKeyring');
      const own = this.form === 'direct' ? fact.personal : fact.inbox;
      check(own.id === party.keyring, 'PartyKeyrings');
      return;
    }
    const managers = known(facts.keyring(party.managers), 'UnknownKeyring');
    check(managers.owner.kind === 'unit', 'PartyKeyrings');
    const paired =
      party.all === null ? party.managers : known(facts.keyring(party.all), 'UnknownKeyring').paired;
    const root = ancestry(managers.owner.id, facts).at(-1);
    const right = managers.kind === 'TM' && paired === party.managers && root === party.org;
    check(right, 'PartyKeyrings');
  }

  /** The team through which a user is brought in must itself take part (TRI-05). */
  checkBroughtInBy(party: Party): void {
    if (party.kind !== 'user' || party.team === null) return;
    const there = this.parties.get(partyKey({ kind: 'team', id: party.team }));
    check(there !== undefined && isSealedTo(there.presence), 'UnknownParty');
  }

  /** Whether the policy allows this of `ALLOW_*`. */
  allows(what: number): boolean {
    return (this.policy.allowed & what) === what;
  }

  /** How many owners take part. */
  get owners(): number {
    const owns = ({ party, presence }: Participant): boolean =>
      presence === 'active' && party.kind === 'user' && party.role === 'owner';
    return [...this.parties.values()].filter(owns).length;
  }

  /** Keyrings that the next epoch must be sealed to, ascending: exactly the participants'. */
  get nextRecipients(): Hex[] {
    const sealedTo = [...this.parties.values()].filter(({ presence }) => isSealedTo(presence));
    return [...new Set(sealedTo.flatMap(({ party }) => keyringsOf(party)))].sort();
  }

  /** Whether messages may be written. */
  get phase(): Phase {
    if (this.closed) return 'closed';
    const expected = this.nextRecipients;
    const exact =
      expected.length === this.epoch.recipients.size && expected.every((id) => this.epoch.recipients.has(id));
    return this.wallDue || !exact ? 'epochDue' : 'open';
  }

  /** Recipients of the epoch whose keyring has a newer generation, ascending: a writer appends an epoch first. */
  staleRecipients(facts: Facts): Hex[] {
    const stale = (recipient: Recipient): boolean =>
      facts.generation(recipient.keyring, recipient.generation)?.current === false;
    return [...this.epoch.recipients.values()]
      .filter(stale)
      .map((recipient) => recipient.keyring)
      .sort();
  }

  /** One party. */
  participant(id: PartyId): Participant | null {
    return this.parties.get(partyKey(id)) ?? null;
  }

  /** A party that takes part or is invited. */
  present(id: PartyId): Participant {
    const there = this.participant(id);
    check(there !== null && isSealedTo(there.presence), 'UnknownParty');
    return there;
  }
}

/** A map's pairs in the order of their keys. */
export function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
