/**
 * The web client as the victim of a lying server: its worker's code on Node, told what to do by JSON lines on standard
 * input and answering each with one on standard output. Run by `scripts/victim.mjs`, in which every check has a
 * switch; the lies are told by the proof that runs it.
 */
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import type { Api, Failure, Note } from '../src/e2ee/api';
import { isCall } from '../src/e2ee/facade';
import { Calls } from '../src/e2ee/worker/calls';
import { Client } from '../src/e2ee/worker/client';
import { Trouble, toFailure } from '../src/e2ee/worker/errors';
import { systemClock } from '../src/platform/clock';
import { fetcher } from '../src/platform/http';
import type { Http } from '../src/platform/http';
import type { Change, Store } from '../src/platform/idb';
import { memoryStore } from '../src/platform/memory';
import { socketUrl, sockets } from '../src/platform/socket';
import { SUBPROTOCOL } from '../src/wire/codec';
import { hex } from '../src/wire/bytes';
import { until } from './server';
import { FakeLocks } from './tab';

/** Where the server is: its own address, to which passwords are bound, and the one it is reached at. */
interface Place {
  readonly origin: string;
  readonly at: string;
  /** Whether it connects. Otherwise everything goes by HTTP: what a client asks by itself on a connection would make
   * the lies a matter of luck. */
  readonly live?: boolean;
}

type Order =
  /** Signs in and keeps what the browser kept, under a name. */
  | ({ readonly do: 'enter'; readonly name: string } & Credentials & Place)
  /** Opens a tab that goes on from a copy of what is kept under a name. */
  | ({ readonly do: 'open'; readonly tab: number; readonly of: string } & Place)
  /** Loads the page anew. */
  | { readonly do: 'again'; readonly tab: number }
  /** A call of the page. */
  | { readonly do: 'call'; readonly tab: number; readonly name: string; readonly args: readonly unknown[] }
  /** Writes, and waits until it is decided what becomes of it. */
  | { readonly do: 'write'; readonly tab: number; readonly thread: string; readonly text: string }
  | ({ readonly do: 'register' } & Credentials & Place)
  | ({ readonly do: 'signIn'; readonly tab: number } & Credentials & Place)
  | ({ readonly do: 'recover'; readonly code: string } & Credentials & Place)
  /** What the client believes of a chain. */
  | { readonly do: 'chain'; readonly tab: number; readonly kind: 'user' | 'keyring'; readonly id: string }
  /** Waits until the connection has brought everything there was. */
  | { readonly do: 'caughtUp'; readonly tab: number }
  /** Waits until a message is shown, or an attack is noticed. */
  | { readonly do: 'shown'; readonly tab: number; readonly text: string }
  /** Waits until what a page does by itself at its beginning is done; whether the key index was read, and what was
   * noticed. */
  | { readonly do: 'begun'; readonly tab: number }
  /** Who the client believes can read what is written now. */
  | { readonly do: 'readers'; readonly tab: number; readonly thread: string }
  | { readonly do: 'close'; readonly tab: number }
  /** Exactly these checks are off. */
  | { readonly do: 'off'; readonly checks: readonly (number | string)[] };

interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** A store that can be copied. */
interface Disk extends Store {
  readonly changes: Change[];
}

function disk(before: readonly Change[] = []): Disk {
  const store = memoryStore();
  const changes = [...before];
  void store.write(changes);
  return {
    ...store,
    changes,
    write: (fresh) => {
      changes.push(...fresh);
      return store.write(fresh);
    },
  };
}

/** One exchange at a time, of all pages that a tab loads: what is asked when is then no matter of luck. A page that is
 * gone asks nothing any more, as in a browser. */
function inTurn(http: Http): (isGone: () => boolean) => Http {
  let queue: Promise<unknown> = Promise.resolve();
  return (isGone) => (ask) => {
    const result = queue.then(() => (isGone() ? ({ t: 'lost' } as const) : http(ask)));
    queue = result.catch(() => undefined);
    return result;
  };
}

const TAB = 'tab';

/** A tab of the web client. */
class Tab {
  readonly place: Place;
  readonly disk: Disk;
  notes: Note[] = [];
  #isOpen = false;
  #page = 0;
  readonly #http: (isGone: () => boolean) => Http;
  client: Client;
  api: Api;

  constructor(place: Place, store: Disk) {
    this.place = place;
    this.disk = store;
    this.#http = inTurn(fetcher(place.at));
    this.client = this.load();
    this.api = new Calls(this.client);
  }

  private load(): Client {
    const { origin, at, live } = this.place;
    const page = this.#page;
    return new Client({
      origin,
      tab: TAB,
      http: this.#http(() => page !== this.#page),
      open: live
        ? sockets(() => new WebSocket(socketUrl(at), SUBPROTOCOL, { perMessageDeflate: false }))
        : () => ({ send: () => undefined, close: () => undefined }),
      clock: systemClock(),
      store: this.disk,
      locks: new FakeLocks(),
      random: () => Math.random(),
      software: { browser: 'Firefox', system: 'Linux' },
      post: (note) => this.notes.push(structuredClone(note)),
    });
  }

  async again(): Promise<void> {
    // As it does by itself within two seconds.
    if (this.#isOpen) await this.client.work.inside.save();
    this.#isOpen = false;
    this.close();
    this.notes = [];
    this.client = this.load();
    this.api = new Calls(this.client);
    await this.resume();
  }

  /** Leaves the page. */
  close(): void {
    this.#page += 1;
    this.client.close();
  }

  /** Goes on from what is kept; it may be put off and asked again. */
  async resume(): Promise<void> {
    if (!(await this.api.resume())) throw new Error('nothing was kept');
    this.#isOpen = true;
  }

  async signIn({ email, password }: Credentials): Promise<void> {
    const { login } = await this.api.signIn(email, password);
    await this.api.confirmCode(login, await this.api.castCode(login, email), true);
  }

  /** What became of a message: whether it counts as sent, and what the person is told. */
  async write(thread: string, text: string): Promise<Written> {
    const from = this.notes.length;
    const told = (): Note[] => this.notes.slice(from);
    const draft = await this.api.send(thread, text, [], null);
    const view = await until('an end', async () => {
      const refused = this.client.work.postbox.drafts(thread).find((one) => one.id === draft)?.refused;
      const sent = this.client.work.postbox.waiting === 0 && !refused;
      return refused ? { sent: false, refused } : sent ? { sent: true, refused: null } : null;
    });
    const alarms = told().flatMap((note) => (note.t === 'alarm' ? [note.why] : []));
    return { sent: view.sent, refused: view.refused, alarms };
  }
}

/** What was shown and noticed so far. */
function cameTo(notes: readonly Note[]): { texts: string[]; noticed: Failure['code'] | null } {
  const entries = notes.flatMap((note) => (note.t === 'entries' ? note.upsert : []));
  const texts = entries.flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
  const attack = notes.find((note) => note.t === 'alarm' && note.why.kind === 'hostile');
  return { texts, noticed: attack?.t === 'alarm' ? attack.why.code : null };
}

interface Written {
  readonly sent: boolean;
  readonly refused: Pick<Failure, 'kind' | 'code'> | null;
  readonly alarms: readonly Failure[];
}

const kept = new Map<string, Disk>();
const tabs = new Map<number, Tab>();

function tabOf(id: number): Tab {
  const tab = tabs.get(id);
  if (!tab) throw new Error('no such tab');
  return tab;
}

async function follow(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'enter': {
      const tab = new Tab(order, disk());
      await tab.signIn(order);
      tab.close();
      kept.set(order.name, tab.disk);
      return null;
    }
    case 'open': {
      const tab = new Tab(order, disk(kept.get(order.of)?.changes));
      tabs.set(order.tab, tab);
      await tab.resume();
      return null;
    }
    case 'again':
      await tabOf(order.tab).again();
      return null;
    case 'call': {
      if (!isCall(order.name)) throw new Error('no such call');
      const { api } = tabOf(order.tab);
      const method = api[order.name].bind(api) as (...given: readonly unknown[]) => Promise<unknown>;
      const value = await method(...order.args);
      return value instanceof Blob ? hex(new Uint8Array(await value.arrayBuffer())) : value;
    }
    case 'write':
      return tabOf(order.tab).write(order.thread, order.text);
    case 'register': {
      const tab = new Tab(order, disk());
      const { email, password } = order;
      const input = { email, name: email, password, locale: 'en', invitation: null } as const;
      const { login } = await tab.api.register(input);
      await tab.api.confirmRegistration(login, await tab.api.castCode(login, email));
      tab.close();
      return null;
    }
    case 'signIn': {
      const tab = new Tab(order, disk());
      tabs.set(order.tab, tab);
      await tab.signIn(order);
      return null;
    }
    case 'recover': {
      const { email, password, code } = order;
      const { api } = new Tab(order, disk());
      const { login } = await api.recover({ email, recoveryCode: code, newPassword: password });
      await api.confirmRecovery(login, await api.castCode(login, email));
      return null;
    }
    case 'caughtUp':
      return until('being up to date', () =>
        tabOf(order.tab).notes.some(
          (note) => note.t === 'link' && note.link.state === 'live' && !note.link.behind,
        ),
      );
    case 'shown':
      return until('a message', () => {
        const came = cameTo(tabOf(order.tab).notes);
        return came.noticed !== null || came.texts.includes(order.text) ? came : null;
      });
    case 'begun': {
      const { client, notes } = tabOf(order.tab);
      const { inside } = client.work;
      await inside.alone(() => Promise.resolve());
      return { isIndexed: (inside.saved.objects?.keyIndex ?? 0) > 0, noticed: cameTo(notes).noticed };
    }
    case 'chain': {
      const { chains } = tabOf(order.tab).client.work.inside.book;
      const chain = order.kind === 'user' ? chains.userChain(order.id) : chains.keyringChain(order.id);
      if (!chain) return null;
      const key = 'key' in chain && !(chain.key instanceof Uint8Array) ? chain.key.id : null;
      const members = 'members' in chain ? [...chain.members.keys()] : [];
      return { seq: chain.tail.seq, head: chain.tail.head, key, members };
    }
    case 'readers': {
      const thread = tabOf(order.tab).client.work.inside.threads.get(order.thread);
      return [...(thread?.state.roster.epoch.recipients.keys() ?? [])];
    }
    case 'close':
      tabs.get(order.tab)?.close();
      tabs.delete(order.tab);
      return null;
    case 'off':
      (globalThis as { relaisChecksOff?: ReadonlySet<number | string> }).relaisChecksOff = new Set(
        order.checks,
      );
      return null;
  }
}

/** Anything that is no failure of the client's own is a mistake of the proof. */
function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'kind' in error && 'code' in error;
}

async function answer(line: string): Promise<unknown> {
  try {
    return { ok: (await follow(JSON.parse(line) as Order)) ?? null };
  } catch (error) {
    const why = isFailure(error) ? error : toFailure(error);
    const rule = error instanceof Trouble ? (error.rule ?? '') : '';
    const text = error instanceof Error ? `${error.name}: ${error.message} ${rule}` : '';
    return { failed: { kind: why.kind, code: String(why.code), text } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
process.exit(0);
