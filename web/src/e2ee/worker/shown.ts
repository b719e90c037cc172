/**
 * Verified threads as the page shows them: plain values with names, without keys.
 *
 * Not known here: when anything is shown.
 */

import type { Control } from '../../chain/control';
import type { Party, PartyId } from '../../chain/party';
import { isLay } from '../../chain/unit';
import { partyId, partyKey } from '../../chain/party';
import type { Priority as ChainPriority } from '../../chain/entry';
import type { Draft } from '../../core/outbox';
import { reached } from '../../core/receipts';
import type { Marks } from '../../core/receipts';
import { unread } from '../../core/rows';
import type { Facts } from '../../core/rows';
import { hex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { ThreadCard } from '../../wire/gen/wire';
import type { Delivery, EntryContent, EntryView, FileView, PartyView, Priority, ThreadRow } from '../api';
import { decodeBody } from '../body';
import type { Body } from '../body';
import { capacityIn } from './outgoing';
import type { Inside } from './inside';
import type { Names } from './people';
import type { Content, Message, Thread } from './thread';

/** Characters of the sentence in a row. */
const PREVIEW_CHARS = 140;

/** Names in a row; the others are counted. */
const ROW_NAMES_MAX = 8;

const PRIORITY: Record<ChainPriority, Priority> = { normal: 'routine', high: 'soon', urgent: 'urgent' };

/** What is needed to show anything. */
export interface Scene {
  readonly inside: Inside;
  readonly names: Names;
}

/** Somebody's name, or what stands for it. */
export function nameOf({ names }: Scene, party: PartyId): string {
  return (
    (party.kind === 'user' ? names.person(party.id) : names.team(party.id)) ?? `#${party.id.slice(0, 6)}`
  );
}

/** What is known of a thread, for its row. */
export interface RowParts {
  readonly id: Hex;
  readonly facts: Facts;
  readonly card: ThreadCard | null;
  readonly thread: Thread | null;
  readonly org: Hex | null;
  /** Title from the key index, where the thread was not opened in this run. */
  readonly indexed: string | null;
  readonly drafts: readonly Draft[];
}

/** A line of the list of threads. */
export function rowOf(scene: Scene, parts: RowParts): ThreadRow {
  const { facts, card, thread } = parts;
  const roster = thread?.state.roster;
  const parties = roster ? others(scene, thread) : cardParties(scene, card);
  const people = parties.filter((party) => party.kind === 'user');
  const teams = parties.filter((party) => party.kind === 'team');
  const last = thread?.lastRead ?? null;
  return {
    id: parts.id,
    org: roster ? roster.context : parts.org,
    title: thread?.title ?? parts.indexed,
    priority: PRIORITY[roster?.priority ?? 'normal'],
    patient: thread ? patientOf(thread) : null,
    teams: teams.slice(0, ROW_NAMES_MAX).map((party) => nameOf(scene, party)),
    people: people.slice(0, ROW_NAMES_MAX).map((party) => nameOf(scene, party)),
    more:
      Math.max(0, teams.length - ROW_NAMES_MAX) +
      Math.max(0, people.length - ROW_NAMES_MAX) +
      (thread ? 0 : (card?.more_parties ?? 0)),
    len: facts.len,
    unread: unread(facts),
    at: facts.at,
    closed: facts.closed,
    mine: thread ? ownState(scene, thread) : (card?.state ?? 'active'),
    preview: last && {
      author: nameOf(scene, { kind: 'user', id: last.author }),
      ...previewOf(last.body),
    },
    pending: parts.drafts.length,
    alarm: thread?.alarm ?? null,
  };
}

function others({ inside }: Scene, thread: Thread): PartyId[] {
  return [...thread.state.roster.parties.values()]
    .filter(({ presence }) => presence === 'active' || presence === 'invited')
    .map(({ party }) => partyId(party))
    .filter(({ id }) => id !== inside.user);
}

function cardParties({ inside }: Scene, card: ThreadCard | null): PartyId[] {
  const parties: PartyId[] = [];
  for (const { user, team } of card?.parties ?? []) {
    if (team) parties.push({ kind: 'team', id: hex(team) });
    else if (user && hex(user) !== inside.user) parties.push({ kind: 'user', id: hex(user) });
  }
  return parties;
}

/** Somebody in a thread that is not served yet, by the word of its card. */
export function cardPartiesOf(scene: Scene, card: ThreadCard): PartyView[] {
  return card.parties.flatMap(({ user, team, as_org: org, state }): PartyView[] => {
    const id = team ?? user;
    if (!id) return [];
    const named: PartyId = { kind: team ? 'team' : 'user', id: hex(id) };
    const orgName = org ? scene.names.org(hex(org)) : null;
    const name = nameOf(scene, named);
    return [{ ...named, name, org: orgName, state, delivered: 0, read: 0, removable: false }];
  });
}

function ownState({ inside }: Scene, thread: Thread): PartyView['state'] {
  const { parties } = thread.state.roster;
  const own = parties.get(partyKey({ kind: 'user', id: inside.user }));
  if (own?.presence === 'active' || own?.presence === 'invited') return own.presence;
  for (const { party, presence } of parties.values()) {
    if (presence === 'active' && capacityIn(inside, party)) return 'active';
  }
  return own?.presence ?? 'left';
}

/** Whether this person may write: the thread is not closed and they take part. */
export function isWritable(scene: Scene, thread: Thread): boolean {
  return (
    thread.state.roster.phase !== 'closed' && thread.alarm === null && ownState(scene, thread) === 'active'
  );
}

/** Whether this person may bring others in, by the policy of the thread. */
export function mayAdd(scene: Scene, thread: Thread): boolean {
  const { form, policy, parties } = thread.state.roster;
  if (form !== 'thread' || !isWritable(scene, thread)) return false;
  const own = ownPart(scene, thread);
  if (own?.role === 'owner') return true;
  const acts = [...parties.values()].flatMap(({ party, presence }) =>
    presence === 'active' ? (capacityIn(scene.inside, party) ?? []) : [],
  );
  if (policy.add === 0) return acts.length > 0 || (own !== null && !isLay(own.standing));
  return policy.add === 1 && acts.some(({ keyring }) => parties.has(partyKey({ kind: 'team', id: keyring })));
}

/** This person's own part, while it is active. */
function ownPart({ inside }: Scene, thread: Thread): Extract<Party, { kind: 'user' }> | null {
  const own = thread.state.roster.parties.get(partyKey({ kind: 'user', id: inside.user }));
  return own?.presence === 'active' && own.party.kind === 'user' ? own.party : null;
}

function isRemovable(scene: Scene, thread: Thread, who: PartyId, presence: PartyView['state']): boolean {
  if (who.id === scene.inside.user || !isWritable(scene, thread)) return false;
  if (thread.state.roster.form !== 'thread' || (presence !== 'active' && presence !== 'invited'))
    return false;
  return ownPart(scene, thread)?.role === 'owner' || invitationOf(thread, who)?.by === scene.inside.user;
}

/** The open invitation of somebody, and whose it is. */
export function invitationOf(thread: Thread, who: PartyId): { id: Hex; by: Hex } | null {
  for (const [id, { invitee, inviter }] of thread.state.roster.invites)
    if (invitee.t === 'party' && partyKey(invitee.party) === partyKey(who)) return { id, by: inviter };
  return null;
}

function patientOf(thread: Thread): string | null {
  for (let at = thread.messages.length - 1; at >= 0; at -= 1) {
    const content = thread.messages[at]?.content;
    if (content?.t === 'body' && content.body.patient) return content.body.patient.label;
  }
  return null;
}

function previewOf({ text, attachments: [file] }: Body): { text: string; file?: string } {
  const words = cut(text.trim());
  return words === '' && file ? { text: cut(file.name), file: file.mediaType } : { text: words };
}

function cut(text: string): string {
  return text.length > PREVIEW_CHARS
    ? `${Array.from(text)
        .slice(0, PREVIEW_CHARS - 1)
        .join('')}…`
    : text;
}

/** Everybody in a thread, with how far they are. */
export function partiesOf(scene: Scene, thread: Thread, marks: Marks): PartyView[] {
  return [...thread.state.roster.parties.values()].map(({ party, presence }) => {
    const named = partyId(party);
    const org = party.kind === 'user' ? party.asOrg : party.org;
    const mark = marks.get(named.id);
    return {
      ...named,
      name: nameOf(scene, named),
      org: org === null ? null : scene.names.org(org),
      state: presence,
      delivered: mark?.delivered ?? 0,
      read: mark?.read ?? 0,
      removable: isRemovable(scene, thread, named, presence),
      ...throughOf(scene, thread, named),
    };
  });
}

/** The team through which somebody reads besides. */
function throughOf(scene: Scene, thread: Thread, who: PartyId): Pick<PartyView, 'through'> {
  for (const { party, presence } of thread.state.roster.parties.values()) {
    if (who.kind !== 'user' || party.kind !== 'team' || presence !== 'active') continue;
    if (capacityIn(scene.inside, party, who.id)) return { through: nameOf(scene, partyId(party)) };
  }
  return {};
}

/** A verified entry. */
export function entryView(scene: Scene, thread: Thread, message: Message, marks: Marks): EntryView {
  const mine = message.author === scene.inside.user;
  return {
    thread: thread.id,
    id: message.id,
    n: message.n,
    author: message.author,
    authorName: nameOf(scene, { kind: 'user', id: message.author }),
    mine,
    at: message.at,
    content: contentOf(scene, message.content),
    delivery: mine ? deliveryOf(scene, marks, message.n) : null,
  };
}

function deliveryOf({ inside }: Scene, marks: Marks, n: number): Delivery {
  const { read, delivered } = reached(marks, inside.user, n);
  if (read.length > 0) return { state: 'read', by: read };
  if (delivered.length > 0) return { state: 'delivered', to: delivered };
  return { state: 'accepted' };
}

/** A message that is on its way, or was refused. */
export function draftView(scene: Scene, draft: Draft): EntryView {
  const { inside } = scene;
  const delivery: Delivery = draft.refused ? { state: 'refused', why: draft.refused } : { state: 'waiting' };
  return {
    thread: draft.thread,
    id: draft.id,
    n: null,
    author: inside.user,
    authorName: inside.saved.name,
    mine: true,
    at: draft.at,
    content: bodyView(decodeBody(draft.body)),
    delivery,
  };
}

function contentOf(scene: Scene, content: Content): EntryContent {
  switch (content.t) {
    case 'body':
      return bodyView(content.body);
    case 'act':
      return actView(scene, content.control);
    case 'bad':
      return { kind: 'bad', why: content.why };
    case 'unreadable':
      return { kind: 'unreadable' };
    case 'newer':
      return { kind: 'newer' };
  }
}

function bodyView(body: Body): EntryContent {
  const files = body.attachments.map((file): FileView => {
    return { id: file.blob, name: file.name, mediaType: file.mediaType, size: file.size };
  });
  const { text, mentions, replyTo, title } = body;
  return { kind: 'text', text, files, mentions: [...mentions], replyTo, title };
}

function actView(scene: Scene, control: Control): EntryContent {
  const name = (party: PartyId): string => nameOf(scene, party);
  const user = (id: Hex): string => name({ kind: 'user', id });
  const team = (id: Hex): string => name({ kind: 'team', id });
  const said = (act: string, subjects: string[] = [], detail: string | null = null): EntryContent => {
    return { kind: 'act', act, subjects, detail };
  };
  switch (control.t) {
    case 'create':
      return said(
        'create',
        control.create.parties.map((party) => name(partyId(party))),
      );
    case 'add':
      return said('add', [name(partyId(control.party))]);
    case 'invite':
      return said('invite', control.invitee.t === 'known' ? [name(partyId(control.invitee.party))] : []);
    case 'remove':
      return said('remove', [name(control.party)]);
    case 'take':
    case 'return':
      return said(control.t, [team(control.team)]);
    case 'assign':
      return said('assign', [team(control.team), user(control.user)]);
    case 'forward':
      return said('forward', [team(control.from), team(control.to)]);
    case 'withdraw_team':
      return said('withdraw', [team(control.team)]);
    case 'withdraw_invite':
      return said('withdraw');
    case 'role':
      return said('role', [user(control.user)], control.role);
    case 'priority':
      return said('priority', [], PRIORITY[control.priority]);
    case 'close':
      return said('close', [], control.outcome);
    case 'epoch':
      return said('epoch', [], control.body.reason);
    default:
      return said(control.t);
  }
}
