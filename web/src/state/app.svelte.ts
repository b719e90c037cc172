/**
 * The page's state: what the worker says, mirrored into values that the screens watch. Everything of it is plain and
 * already verified; keys never come here. Signing out empties it.
 */
import { getContext, setContext } from 'svelte';
import type { CastMember, Failure, Id, Link, Me, Ms, Note, ServerInfo, Worker } from '../e2ee/api';
import { isOutside, match, type Route } from '../routes';
import { Conversation } from './conversation.svelte';
import { Drafts } from './drafts.svelte';
import { outcome, type Outcome } from './failure';
import { Prefs, type Keep } from './prefs.svelte';
import { Router, type Bar } from './router.svelte';
import { Rows, type Filter } from './rows.svelte';

/** How often "now" is refreshed for words such as "5 minutes ago". */
const TICK_MS = 15_000;

/** How long an address of the inside waits, in a new tab, for a demonstration to say that it has people to choose from. */
const CAST_WAIT_MS = 250;

/** What the browser gives; a test gives its own. */
export interface Env {
  worker: Worker;
  keep: Keep;
  bar: Bar;
  now(): Ms;
  every(ms: number, run: () => void): () => void;
  reload(): void;
  /** Opens a second window beside this one; false where the browser refuses. */
  openBeside(path: string): boolean;
  /** Nothing can be kept under this tab's name: nobody is signed in. */
  readonly isNewTab: boolean;
}

/** A sign-in, registration or recovery that waits for its mailed code. */
export interface Pending {
  kind: 'signIn' | 'register' | 'recover';
  email: string;
  login: Id;
  until: Ms;
  resendAt: Ms;
}

/** Everything the screens share. */
export class App {
  readonly env: Env;
  readonly prefs: Prefs;
  readonly router: Router;
  readonly rows: Rows;
  readonly drafts = new Drafts();

  phase = $state<'starting' | 'failed' | 'out' | 'in'>('starting');
  startWhy = $state.raw<Failure | null>(null);
  server = $state.raw<ServerInfo | null>(null);
  cast = $state.raw<readonly CastMember[]>([]);
  me = $state.raw<Me | null>(null);
  link = $state.raw<Link>({ state: 'connecting' });
  /** When the list was last known to be current. */
  liveAt = $state<Ms | null>(null);
  waiting = $state(0);
  conversation = $state.raw<Conversation | null>(null);
  alarms = $state.raw<readonly { thread: Id | null; why: Failure }[]>([]);
  /** Why the session ended, to be said on the sign-in page. */
  ended = $state.raw<Failure | null>(null);
  pending = $state.raw<Pending | null>(null);
  /** Shown once, until the person says it is kept: a session that ends meanwhile takes it from nobody. */
  recoveryCode = $state.raw<{ email: string; code: string } | null>(null);
  updateReady = $state.raw<(() => void) | null>(null);
  filter = $state<Filter>('all');
  query = $state('');
  now = $state<Ms>(0);
  dialog = $state<'help' | 'queue' | null>(null);
  /** Settles once it is known what this server is, and whether there is a session to go on with. */
  opened: Promise<void> = Promise.resolve();
  /** Where to go after signing in. */
  #wanted: Route | null = null;
  /** The move that showed the sign-in before the server said whether it is a demonstration. */
  #guess: number | null = null;

  constructor(env: Env) {
    this.env = env;
    this.prefs = new Prefs(env.keep);
    this.router = new Router(env.bar);
    this.rows = new Rows(env.worker.api);
    this.now = env.now();
  }

  /** Starts: what is this server, and is there a session to go on with? Returns a function that ends it. */
  start(): () => void {
    const stops = [
      this.env.worker.listen((note) => this.apply(note)),
      this.env.every(TICK_MS, () => (this.now = this.env.now())),
      this.router.follow(),
      this.#expectNobody(),
    ];
    this.opened = this.#open();
    return () => stops.forEach((stop) => stop());
  }

  /**
   * In a new tab the sign-in is shown without waiting for the worker, which is larger than everything else and asks the
   * server before it answers. What is typed meanwhile waits for it.
   */
  #expectNobody(): () => void {
    const { route } = this.router;
    // These two show what the server is.
    if (!this.env.isNewTab || route.name === 'cast' || route.name === 'register') return () => undefined;
    if (isOutside(route)) {
      this.leave();
      return () => undefined;
    }
    const stop = this.env.every(CAST_WAIT_MS, () => {
      stop();
      if (this.phase !== 'starting') return;
      this.leave();
      this.#guess = this.router.moves;
    });
    return stop;
  }

  async #open(): Promise<void> {
    const { api } = this.env.worker;
    const [resumed, server] = await Promise.all([outcome(api.resume()), outcome(api.server())]);
    if (server.ok) this.server = server.value;
    if (server.ok && server.value.demo) {
      const cast = await outcome(api.cast());
      if (cast.ok) this.cast = cast.value;
    }
    // Somebody was quicker than the last of these answers.
    if (this.phase === 'in') return;
    if (resumed.ok && resumed.value !== null) return this.enter(resumed.value);
    const mayEnter =
      resumed.ok || ['refused', 'offline'].includes(resumed.why.kind) || resumed.why.code === 'otherPassword';
    if (!mayEnter) return this.#fail(resumed.why);
    if (!server.ok) return this.#fail(server.why);
    if (!resumed.ok) this.ended = resumed.why;
    const front = this.#front;
    if (this.phase === 'starting') this.leave();
    else if (front.name === 'cast' && this.#guess === this.router.moves && this.pending === null)
      this.router.replace(front);
  }

  /** Where somebody comes in. */
  get #front(): Route {
    return this.server?.demo && this.cast.length > 0 ? { name: 'cast' } : { name: 'signIn' };
  }

  #fail(why: Failure): void {
    this.startWhy = why;
    this.phase = 'failed';
  }

  /** After a failed start. */
  retry(): void {
    this.phase = 'starting';
    this.opened = this.#open();
  }

  /** Somebody is signed in. */
  enter(me: Me): void {
    this.me = me;
    this.ended = null;
    this.pending = null;
    this.phase = 'in';
    const { route } = this.router;
    if (isOutside(route) && this.recoveryCode === null) this.router.replace(this.#wanted ?? { name: 'home' });
    this.#wanted = null;
    if (!this.rows.loaded) void this.rows.more();
  }

  /** Nobody is signed in: everything read so far leaves the page. */
  leave(): void {
    const { route } = this.router;
    if (!isOutside(route)) {
      this.#wanted = route.name === 'home' || route.name === 'lost' ? null : route;
      this.router.replace(this.#front);
    }
    this.me = null;
    this.conversation = null;
    this.rows.clear();
    this.drafts.clear();
    this.alarms = [];
    this.waiting = 0;
    this.dialog = null;
    this.phase = 'out';
  }

  apply(note: Note): void {
    this.now = this.env.now();
    switch (note.t) {
      case 'link':
        if (this.link.state === 'live' && note.link.state !== 'live') this.liveAt = this.now;
        this.link = note.link;
        if (note.link.state === 'live' && this.rows.why?.kind === 'offline') this.rows.why = null;
        // What could not be opened without a network is opened now.
        if (note.link.state === 'live' && this.conversation?.why?.kind === 'offline')
          void this.conversation.open();
        return;
      case 'me':
        if (this.phase === 'in') this.me = note.me;
        return;
      case 'rows':
        this.rows.apply(note);
        this.conversation?.applyRows(note);
        return;
      case 'entries':
        if (this.conversation?.id === note.thread) this.conversation.applyEntries(note);
        return;
      case 'thread':
        if (this.rows.byId.has(note.thread)) this.rows.put(note.row);
        if (this.conversation?.id === note.thread) this.conversation.applyThread(note);
        return;
      case 'outbox':
        this.waiting = note.waiting;
        return;
      case 'alarm':
        this.alarms = [
          ...this.alarms.filter((one) => one.thread !== note.thread),
          { thread: note.thread, why: note.why },
        ].slice(-20);
        return;
      case 'signedOut':
        this.ended = note.why;
        return this.leave();
    }
  }

  /** Makes a thread the open one; the former is let go. */
  openThread(id: Id): Conversation {
    if (this.conversation?.id === id) return this.conversation;
    this.conversation?.end();
    const next = new Conversation(this.env.worker.api, id);
    this.conversation = next;
    void next.open();
    return next;
  }

  closeThread(): void {
    this.conversation?.end();
    this.conversation = null;
  }

  async focus(org: Id | null): Promise<Outcome<void>> {
    this.rows.clear();
    this.closeThread();
    const done = await outcome(this.env.worker.api.focus(org));
    if (done.ok && this.me !== null) this.me = { ...this.me, org };
    void this.rows.more();
    return done;
  }

  async signOut(): Promise<void> {
    await outcome(this.env.worker.api.signOut());
    this.ended = null;
    if (this.phase === 'in') this.leave();
  }

  /** Follows a link of ours. */
  visit(path: string): void {
    const route = match(path);
    if (this.phase === 'in' && isOutside(route)) return;
    this.router.go(route);
  }

  get orgName(): string | null {
    const { me } = this;
    return me?.orgs.find((org) => org.id === me.org)?.name ?? null;
  }
}

const KEY = Symbol('app');

/** Gives the state to the screens below. */
export function provideApp(app: App): void {
  setContext(KEY, app);
}

/** The state. */
export function useApp(): App {
  return getContext<App>(KEY);
}
