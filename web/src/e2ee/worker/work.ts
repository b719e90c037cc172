/**
 * A signed-in client at work: the connection, the outbox and the views of one account.
 *
 * Not known here: signing in, and the calls of the page.
 */

import type { StopReason, Tag } from '../../core/link';
import type { Clock } from '../../platform/clock';
import type { OpenSocket } from '../../platform/socket';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { AnyEvent } from '../../wire/codec';
import { CLOSE_CODE } from '../../wire/gen/wire';
import type { Cursor, EntriesAppended, ThreadCard } from '../../wire/gen/wire';
import type { Me, Note } from '../api';
import type { Account } from '../account';
import { OutgoingMail } from './carrier';
import { Older } from './older';
import type { Take } from './older';
import { Trouble, local, ofAny } from './errors';
import { Inside } from './inside';
import type { Saved, ThreadPin } from './inside';
import type { Keep } from './keep';
import { Live } from './live';
import type { LiveEvent } from './live';
import { rotateIfDue } from './members';
import { Names } from './people';
import { SHARE_EVERY_MS, Shared } from './shared';
import { Postbox } from './postbox';
import { checkHead, openAnew, syncThread, takeAppended } from './reader';
import type { Rpc } from './rpc';
import { EventStream } from './stream';
import type { Thread } from './thread';
import { Views } from './views';
import { Warming } from './warming';

/** Milliseconds after which what the first page of threads taught is shared: titles for the next sign-in. */
const FIRST_SHARE_MS = 5_000;

/** What an account at work needs of the platform. */
export interface WorkPlace {
  readonly open: OpenSocket;
  readonly clock: Clock;
  readonly random: () => number;
  readonly post: (note: Note) => void;
}

/** One account at work. */
export class Work {
  readonly inside: Inside;
  readonly names = new Names();
  readonly views: Views;
  readonly #place: WorkPlace;
  readonly #events: EventStream;
  readonly #shared: Shared;
  readonly #warming: Warming;
  readonly #older: Older;
  /** Of each reading of cards: what was said meanwhile of a thread; how far it was read, or null: it is gone. */
  readonly #overtaken = new Set<Map<Hex, number | null>>();
  readonly #ended: (why: Trouble) => Promise<void>;
  #postbox: Postbox | null = null;
  #live: Live | null = null;
  /** Positions seen that the server was not told yet. */
  readonly #reads = new Map<Hex, number>();
  /** Counts changes of focus: what was begun for the former one moves nothing of this one. */
  #focusCount = 0;
  #offlineSince: number | null = null;
  #isClosed = false;

  private constructor(
    place: WorkPlace,
    rpc: Rpc,
    account: Account,
    saved: Saved,
    keep: Keep,
    ended: (why: Trouble) => Promise<void>,
  ) {
    this.#place = place;
    this.#ended = ended;
    this.inside = new Inside(rpc, account, saved, keep, {
      entry: (thread, message) => {
        this.views.entry(thread, message);
        if (message.author === this.inside.user) this.#postbox?.entered(thread.id, message.id);
      },
      changed: (thread) => {
        this.views.changed(thread.id);
        this.background(this.nameAll(thread));
      },
      trouble: (thread, trouble) => {
        this.trouble(thread, trouble);
      },
    });
    this.views = new Views(this.inside, this.names, place.post, {
      drafts: (thread) => this.#postbox?.drafts(thread) ?? [],
      made: (thread) => this.#postbox?.made(thread) ?? new Map<Hex, string>(),
    });
    this.#shared = new Shared(this.inside, (thread, title) => {
      this.views.title(thread, title);
    });
    this.#warming = new Warming({
      unopened: () => this.views.unopened(),
      mayOpen: () => !this.#isClosed && this.#offlineSince === null,
      open: async (id) => {
        await this.inThread(id, () => this.inside.alone(() => syncThread(this.inside, id)));
        this.views.changed(id);
      },
    });
    this.#older = new Older(rpc, this.views, () => this.reading());
    this.#events = new EventStream(place.clock, () => this.#live, {
      apply: (event, stream) => this.inside.alone(() => this.apply(event, stream)),
      hint: (event) => {
        this.hint(event);
      },
      resync: (stream, run) => this.resync(stream, run),
      keep: () => this.keep(),
      link: (event) => {
        this.link(event);
      },
      trouble: (trouble) => {
        this.trouble(null, trouble);
      },
    });
  }

  /** An account that was opened. Its own chain is verified before anything else; nothing is sent before {@link start}. */
  static async open(
    place: WorkPlace,
    rpc: Rpc,
    account: Account,
    saved: Saved,
    keep: Keep,
    ended: (why: Trouble) => Promise<void>,
  ): Promise<Work> {
    const work = new Work(place, rpc, account, saved, keep, ended);
    await work.inside.verifyOwn();
    await work.#shared.readPins();
    await work.inside.save();
    for (const org of saved.orgs) await work.names.needOrg(work.inside, org).catch(() => undefined);
    return work;
  }

  /** The outbox. Fails with `otherTab` before {@link start}. */
  get postbox(): Postbox {
    if (!this.#postbox) throw local('otherTab');
    return this.#postbox;
  }

  /** Connects, and sends what waits. */
  async start(): Promise<void> {
    const { inside } = this;
    const carrier = new OutgoingMail(inside, this.views, this.#place.post, () => this.#postbox?.waiting ?? 0);
    this.#postbox = await Postbox.open(inside.keep, this.#place.clock, carrier);
    const { credentials } = inside.rpc;
    if (!credentials || this.#isClosed) return;
    this.#live = new Live({
      ...this.#place,
      credentials,
      // The list of threads is not kept: it is read anew by each page, with a fresh cursor.
      org: inside.saved.org === null ? null : { org: unhex(inside.saved.org) },
      personal: null,
      tell: (event) => {
        this.#events.push(event);
      },
      renewed: (renewed) => {
        inside.rpc.credentials = renewed;
        inside.saveSoon();
      },
    });
    inside.rpc.live = this.#live;
    this.#place.post({ t: 'link', link: { state: 'connecting' } });
    this.#place.post({ t: 'outbox', waiting: this.#postbox.waiting });
    this.#live.start();
    this.#postbox.start();
    this.background(inside.alone(() => this.#shared.readIndex()));
    this.shareLater(FIRST_SHARE_MS);
  }

  /** The network is back, or the page is shown again. */
  hurry(): void {
    this.#live?.hurry();
    this.#postbox?.hurry();
  }

  close(): void {
    this.#isClosed = true;
    this.#events.close();
    this.#postbox?.close();
    this.#live?.stop();
    this.inside.rpc.live = null;
  }

  /** Who is signed in. */
  me(): Me {
    const { user, session, name, email, locale, orgs, org, until } = this.inside.saved;
    const named = orgs.map((id) => ({ id, name: this.names.org(id) ?? `#${id.slice(0, 6)}` }));
    return { user, session, name, email, locale, orgs: named, org, until };
  }

  /** Shows the page of the list after this many rows, reads on where it is not loaded, and opens what is new in it. */
  async moreRows(have: number): Promise<void> {
    this.views.moreRows(have);
    this.background(this.#warming.run());
    await this.#older.read();
    this.background(this.#warming.run());
  }

  /** What another tab of this session did meanwhile. */
  async reload(): Promise<void> {
    await this.inside.verifyOwn();
  }

  /** Works in another organization, or in none. */
  async focus(org: Hex | null): Promise<void> {
    const { saved } = this.inside;
    if (org !== null && !saved.orgs.includes(org)) throw local('notFound');
    this.#focusCount += 1;
    saved.org = org;
    this.#events.refocused();
    this.#older.restart();
    this.views.clear();
    this.#live?.focus(org === null ? null : unhex(org), null);
    await this.inside.save();
    // The personal threads stay in the list of whoever works in no organization.
    await this.resyncPersonal();
    this.#place.post({ t: 'me', me: this.me() });
  }

  /** Remembers what was seen, and tells the server as soon as it is there. */
  async markRead(thread: Hex, n: number): Promise<void> {
    this.readTo(thread, n);
    this.#reads.set(thread, Math.max(n, this.#reads.get(thread) ?? 0));
    await this.tellReads();
  }

  /** Does something nobody waits for; what fails is told. */
  background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      const trouble = ofAny(error);
      if (!trouble.isTransient && !this.#isClosed) this.trouble(null, trouble);
    });
  }

  /** Tells the page of a failure that is nobody's answer. A thread that failed verification is marked. */
  trouble(id: Hex | null, trouble: Trouble): void {
    if (trouble.isTransient) return;
    const thread = id === null ? null : this.inside.threads.get(id);
    if (thread && trouble.isHostile()) {
      thread.alarm = trouble.failure;
      this.views.changed(thread.id);
    }
    this.#place.post({ t: 'alarm', thread: id, why: trouble.failure });
  }

  /** For the other devices of this person; what cannot be written now is written next time. */
  private shareLater(ms: number): void {
    this.#place.clock.after(ms, () => {
      if (this.#isClosed) return;
      if (this.#live?.isLive) this.background(this.inside.alone(() => this.#shared.share()));
      this.shareLater(SHARE_EVERY_MS);
    });
  }

  private async tellReads(): Promise<void> {
    for (const [thread, n] of [...this.#reads]) {
      try {
        await this.inside.rpc.call('MarkRead', { thread: unhex(thread), n });
      } catch (error) {
        if (error instanceof Trouble && error.isTransient) return;
        throw error;
      } finally {
        if (this.#reads.get(thread) === n) this.#reads.delete(thread);
      }
    }
  }

  private async apply(event: AnyEvent, stream: Tag): Promise<void> {
    const { inside } = this;
    // Whose threads a stream carries; of the organization as it is in focus now.
    const org = stream === 'org' ? inside.saved.org : null;
    switch (event.t) {
      case 'EntriesAppended':
        await this.inThread(hex(event.body.thread), () => this.appended(event.body, org));
        break;
      case 'Invited':
        await this.readCard(hex(event.body.thread), org);
        break;
      case 'ThreadGone':
        this.gone(hex(event.body.thread));
        break;
      case 'ChainGrew':
        await this.chainGrew(event.body.chain, hex(event.body.id));
        break;
      case 'ReadMoved':
        this.readTo(hex(event.body.thread), event.body.read);
        break;
      case 'ObjectChanged':
        await this.#shared.changed(event.body.object, event.body.version);
        break;
      case 'SessionEnded':
        if (hex(event.body.session) === inside.saved.session) await this.#ended(local('notSignedIn'));
        break;
      default:
        break;
    }
  }

  /** A failure in a thread is that thread's, and told with it. */
  private async inThread(id: Hex, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const trouble = ofAny(error);
      if (trouble.isTransient) throw trouble;
      this.trouble(id, trouble);
    }
  }

  private async appended(appended: EntriesAppended, org: Hex | null): Promise<void> {
    const id = hex(appended.thread);
    // From behind what is loaded of the list: how far it was read stands in its card.
    if (this.views.knowsNot(id, appended.entries)) await this.readCard(id, org);
    await takeAppended(this.inside, appended);
  }

  private async readCard(id: Hex, org: Hex | null): Promise<void> {
    const focus = this.#focusCount;
    const card = await this.inside.rpc.call('GetThread', { thread: unhex(id) });
    // The list that it belongs to may be another one by now, which has it from its snapshot.
    if (focus === this.#focusCount) this.views.cards([card], org);
  }

  private gone(id: Hex): void {
    this.inside.threads.delete(id);
    for (const cards of this.#overtaken) cards.set(id, null);
    this.views.gone(id);
  }

  private readTo(id: Hex, n: number): void {
    for (const cards of this.#overtaken) {
      const known = cards.get(id);
      if (known !== null) cards.set(id, Math.max(n, known ?? 0));
    }
    this.views.read(id, n);
  }

  private async chainGrew(kind: 'user' | 'keyring' | 'unit', id: Hex): Promise<void> {
    const { inside } = this;
    await inside.book.refresh(kind, id);
    if (kind === 'user' && id === inside.user) await inside.verifyOwn();
    if (kind === 'keyring') await rotateIfDue(inside, id);
    for (const thread of inside.threads.values())
      await this.inThread(thread.id, () => openAnew(inside, thread));
  }

  private hint(event: AnyEvent): void {
    if (event.t !== 'Progress') return;
    const { thread, mark } = event.body;
    this.views.mark(hex(thread), hex(mark.user), mark);
  }

  /** A new page reads a snapshot anyway: what it goes on from need not be on the disk before it is acknowledged. */
  private keep(): Promise<void> {
    this.inside.saveSoon();
    return Promise.resolve();
  }

  private async resync(tag: Tag, run: number): Promise<void> {
    const focus = this.#focusCount;
    const org = tag === 'org' ? this.inside.saved.org : null;
    if (tag === 'org' && org === null) return;
    const cursor = await this.readContext(org);
    // The focus moved on while the snapshot was read.
    if (tag === 'org' && focus !== this.#focusCount) return;
    this.inside.saveSoon();
    this.#live?.follow(tag, run, cursor);
    this.background(this.#warming.run());
  }

  private async resyncPersonal(): Promise<void> {
    if (this.#live?.isLive) await this.readContext(null);
    this.background(this.#warming.run());
  }

  /** Reads a snapshot to its end; threads that are open are brought up to date. */
  private async readContext(org: Hex | null): Promise<Cursor> {
    const { inside, views, names } = this;
    const named: Hex[] = [];
    const focus = this.#focusCount;
    const pinned = new Map(inside.pins);
    for (let page: Uint8Array | undefined, pages = 0; ; pages += 1) {
      const ask = { ...(org === null ? {} : { org: unhex(org) }), ...(page ? { page } : {}) };
      const snapshot = await inside.rpc.call('GetSnapshot', ask);
      if (snapshot.org) names.putOrg(snapshot.org);
      for (const team of snapshot.teams) names.putTeam(team);
      named.push(...snapshot.threads.map((card) => hex(card.thread)));
      await this.takeCards(snapshot.threads, org, focus, pinned);
      if (pages === 0) {
        views.moreRows(0);
        this.background(this.#warming.run());
      }
      page = snapshot.next;
      if (page) continue;
      if (focus === this.#focusCount) views.only(org, named, snapshot.older ?? null);
      return snapshot.cursor;
    }
  }

  /**
   * Begins a reading of cards that no cursor of a stream goes with: what the streams say before they are here is
   * newer than they are.
   */
  private reading(): Take {
    const focus = this.#focusCount;
    const pinned = new Map(this.inside.pins);
    const overtaken = new Map<Hex, number | null>();
    this.#overtaken.add(overtaken);
    return {
      cards: async (cards, org) => {
        const there = cards.filter((card) => overtaken.get(hex(card.thread)) !== null);
        await this.takeCards(there, org, focus, pinned);
        for (const [id, n] of overtaken) if (n !== null) this.views.read(id, n);
      },
      end: () => void this.#overtaken.delete(overtaken),
    };
  }

  /** Shows cards, and reads on in threads that were read before and have grown, unless another list is shown by now. */
  private async takeCards(
    cards: readonly ThreadCard[],
    org: Hex | null,
    focus: number,
    pinned: ReadonlyMap<Hex, ThreadPin>,
  ): Promise<void> {
    const { inside } = this;
    if (focus !== this.#focusCount) return;
    this.views.cards(cards, org);
    for (const card of cards) {
      if (focus !== this.#focusCount) return;
      const id = hex(card.thread);
      await this.inThread(id, async () => {
        checkHead(inside, id, card.len, card.head, pinned);
        const known = inside.threads.get(id);
        if (known && known.state.head.n < card.len) await inside.alone(() => syncThread(inside, id));
      });
    }
  }

  /** Has the names of everybody in a thread. */
  async nameAll(thread: Thread): Promise<void> {
    let isNew = false;
    for (const { party } of thread.state.roster.parties.values()) {
      const fresh =
        party.kind === 'user'
          ? await this.names.needPerson(this.inside, party.user)
          : await this.names.needTeam(this.inside, party.managers);
      isNew ||= fresh;
    }
    for (const { author } of thread.messages)
      isNew = (await this.names.needPerson(this.inside, author)) || isNew;
    if (isNew) this.views.renamed(thread);
  }

  private link(event: Extract<LiveEvent, { t: 'online' | 'offline' | 'stopped' | 'caughtUp' }>): void {
    const { clock, post } = this.#place;
    switch (event.t) {
      case 'online':
        clock.told(event.now);
        this.#offlineSince = null;
        this.#postbox?.hurry();
        post({ t: 'link', link: { state: 'live', behind: true } });
        this.background(this.tellReads());
        this.background(this.#warming.run());
        break;
      case 'caughtUp':
        post({ t: 'link', link: { state: 'live', behind: false } });
        break;
      case 'offline': {
        const now = clock.server();
        this.#offlineSince ??= now;
        post({
          t: 'link',
          link: { state: 'offline', retryAt: now + event.retryIn, since: this.#offlineSince },
        });
        break;
      }
      case 'stopped':
        this.stopped(event.why);
        break;
    }
  }

  private stopped(why: StopReason): void {
    if (why.t === 'asked') return;
    const { code } = why;
    const ended =
      code === CLOSE_CODE.AuthFailed || code === CLOSE_CODE.SessionExpired || code === CLOSE_CODE.Revoked;
    if (ended) {
      this.background(this.#ended(new Trouble({ kind: 'offline', code })));
      return;
    }
    const failure =
      code === CLOSE_CODE.UnsupportedVersion
        ? ({ kind: 'local', code: 'version' } as const)
        : ({ kind: 'offline', code } as const);
    this.#place.post({ t: 'link', link: { state: 'stopped', why: failure } });
  }
}
