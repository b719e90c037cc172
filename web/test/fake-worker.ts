/**
 * A worker without a server: made-up people that read and answer. For component tests, and for looking at every screen
 * (`npm run dev`, then /dev.html). It keeps the interface's promises: what is queued offline leaves once, in order.
 */
import type {
  Api,
  EntryView,
  Failure,
  Id,
  Link,
  Me,
  Note,
  PartyView,
  SessionInfo,
  ThreadRow,
  Worker,
} from '../src/e2ee/api';
import {
  CLINIC,
  DAY,
  HOSPITAL,
  HOUR,
  MINUTE,
  PEOPLE,
  TEAMS,
  entriesOf,
  id,
  partyOf,
  person,
  team,
  threads,
  type ThreadSeed,
} from './fake-data';
import { picture, silence } from './fake-files';

/** How a fake behaves. */
export interface FakeOptions {
  /** The fixed or running time. */
  now?: () => number;
  signedIn?: boolean;
  /** Why one does not come in with an account that was just made. */
  shutOut?: Failure;
  /** Rows beyond the told ones. */
  rows?: number;
  /** Entries before the told ones of the first thread. */
  entries?: number;
  /** Empty lists. */
  empty?: boolean;
  offline?: boolean;
  demo?: boolean;
  /** Milliseconds of the imagined network; 0 answers in the next task. */
  delay?: number;
  /** Others answer. */
  lively?: boolean;
  /** The start fails like this. */
  startFails?: Failure;
  /** Nothing ever answers. */
  hangs?: boolean;
  /** These never answer. */
  hangsOn?: (keyof Api)[];
  /** These always fail like this. */
  fails?: Partial<Record<keyof Api, Failure>>;
}

interface Held {
  row: ThreadRow;
  parties: PartyView[];
  entries: EntryView[];
  older: number;
}

/** Me: the ward nurse. */
const ME = 0;
const PAGE = 100;
const ROWS_PAGE = 60;
const CODE = '482915';
const RECOVERY = 'KMTR-7QPD-W4XH-9ZCB-2FNE-J6YS-RV8G';

/** A fake with handles for tests. */
export interface Fake extends Worker {
  emit(note: Note): void;
  setLink(link: Link): void;
  /** Calls of the interface, in order, for assertions. */
  calls: [keyof Api, ...unknown[]][];
  /** The next call of this name fails. */
  failNext(name: keyof Api, why: Failure): void;
  /** Somebody else writes. */
  incoming(thread: Id, by: number, text: string): void;
  threadIds: Id[];
}

/** Makes one. */
export function fakeWorker(options: FakeOptions = {}): Fake {
  const now = options.now ?? (() => Date.now());
  const delay = options.delay ?? 0;
  const listeners = new Set<(note: Note) => void>();
  const held = new Map<Id, Held>();
  const failures = new Map<keyof Api, Failure>();
  const calls: Fake['calls'] = [];
  const queue: { thread: Id; draft: Id }[] = [];
  let link: Link = options.offline ? offline() : { state: 'live', behind: false };
  let shown = 0;
  let serial = 0;
  let org: Id | null = HOSPITAL.id;
  let sessions = fakeSessions(now());

  function offline(): Link {
    return { state: 'offline', retryAt: now() + 12_000, since: now() - 2 * MINUTE };
  }
  const emit = (note: Note): void => listeners.forEach((listener) => listener(note));
  const later = (ms: number, run: () => void): void => void setTimeout(run, delay === 0 ? 0 : ms);
  const wait = (ms = delay): Promise<void> => new Promise((done) => setTimeout(done, ms));

  const me = (): Me => ({
    user: person(ME).user,
    session: id(7, 1),
    name: person(ME).name,
    email: 'ines@demo.example',
    locale: 'fr',
    orgs: [HOSPITAL, CLINIC],
    org,
    until: now() + 12 * HOUR,
  });

  if (!options.empty) {
    threads(now()).forEach((seed, i) => hold(i + 1, seed));
    for (let i = 0; i < (options.rows ?? 0); i += 1) hold(1_000 + i, filler(i, now()));
    if (options.entries) lengthen(held.get(id(5, 1))!, options.entries);
  }

  function hold(number: number, seed: ThreadSeed): void {
    const thread = id(5, number);
    const entries = entriesOf(thread, seed, ME);
    const len = entries.length;
    const parties: PartyView[] = [
      ...seed.people.map((p) =>
        partyOf(
          person(p),
          p === ME && seed.invited ? 'invited' : p === 4 ? 'invited' : 'active',
          p === 2 ? len - 1 : len,
          p === 1 ? len - 2 : len - 1,
        ),
      ),
      ...seed.teams.map((i): PartyView => ({
        id: team(i).team,
        kind: 'team',
        name: team(i).name,
        org: HOSPITAL.name,
        state: 'active',
        delivered: 0,
        read: 0,
        removable: true,
      })),
    ];
    const last = entries[len - 1];
    const text = last?.content.kind === 'text' ? last.content.text : null;
    held.set(thread, {
      parties,
      entries,
      older: 0,
      row: {
        id: thread,
        org: HOSPITAL.id,
        title: seed.title,
        priority: seed.priority,
        patient: seed.patient,
        teams: seed.teams.map((i) => team(i).name),
        people: seed.people
          .filter((p) => p !== ME)
          .slice(0, 3)
          .map((p) => person(p).name),
        more: Math.max(0, seed.people.length - 4),
        len,
        unread: seed.unread,
        at: last?.at ?? now(),
        closed: seed.closed ?? false,
        mine: seed.invited ? 'invited' : 'active',
        preview:
          text === null || last === undefined
            ? null
            : { author: last.mine ? '' : last.authorName, text: text.replace(/[*\n]+/g, ' ') },
        pending: 0,
        alarm: seed.alarm ? { kind: 'hostile', code: 'H06' } : null,
      },
    });
  }

  const sorted = (): ThreadRow[] => [...held.values()].map((one) => one.row).sort((a, b) => b.at - a.at);

  function sendRows(): void {
    shown = Math.min(shown + ROWS_PAGE, held.size);
    emit({ t: 'rows', upsert: sorted().slice(0, shown), gone: [], complete: shown >= held.size });
  }

  function put(thread: Id, entry: EntryView, drop: Id[] = []): void {
    const one = held.get(thread)!;
    one.entries = [...one.entries.filter((old) => old.id !== entry.id && !drop.includes(old.id)), entry];
    emit({ t: 'entries', thread, upsert: [entry], dropDrafts: drop });
  }

  function setRow(thread: Id, change: Partial<ThreadRow>): void {
    const one = held.get(thread)!;
    one.row = { ...one.row, ...change };
    emit({ t: 'rows', upsert: [one.row], gone: [], complete: shown >= held.size });
    const may = writable(one);
    emit({ t: 'thread', thread, row: one.row, parties: one.parties, writable: may, mayAdd: may });
  }

  const writable = (one: Held): boolean => !one.row.closed && one.row.mine === 'active';

  function flush(): void {
    while (link.state === 'live' && queue.length > 0) accept(queue.shift()!);
  }

  function accept({ thread, draft }: { thread: Id; draft: Id }): void {
    later(250, () => {
      const one = held.get(thread)!;
      const waiting = one.entries.find((entry) => entry.id === draft);
      if (waiting === undefined) return;
      const n = one.entries.reduce((highest, entry) => Math.max(highest, entry.n ?? 0), 0) + 1;
      const sent: EntryView = {
        ...waiting,
        id: id(6, 500_000 + ++serial),
        n,
        at: now(),
        delivery: { state: 'accepted' },
      };
      put(thread, sent, [draft]);
      const { text, files } = sent.content.kind === 'text' ? sent.content : { text: '', files: [] };
      const file = text === '' ? files[0] : undefined;
      setRow(thread, {
        pending: Math.max(0, one.row.pending - 1),
        at: sent.at,
        len: n,
        preview: { author: '', text: file?.name ?? text, ...(file && { file: file.mediaType }) },
      });
      emit({ t: 'outbox', waiting: queue.length });
      if (options.lively) answer(thread, sent);
    });
  }

  function answer(thread: Id, sent: EntryView): void {
    const one = held.get(thread)!;
    const others = one.parties
      .filter((party) => party.kind === 'user' && party.id !== me().user)
      .map((party) => party.id);
    later(900, () => put(thread, { ...sent, delivery: { state: 'delivered', to: others } }));
    later(2_000, () => put(thread, { ...sent, delivery: { state: 'read', by: others.slice(0, 1) } }));
    later(4_500, () =>
      incoming(
        thread,
        PEOPLE.findIndex((p) => p.user === others[0]),
        'Bien reçu, merci. Je vous reviens avant la fin du quart.',
      ),
    );
  }

  function incoming(thread: Id, by: number, text: string): void {
    const one = held.get(thread)!;
    const author = person(Math.max(0, by));
    const n = one.entries.reduce((highest, entry) => Math.max(highest, entry.n ?? 0), 0) + 1;
    put(thread, {
      thread,
      id: id(6, 500_000 + ++serial),
      n,
      author: author.user,
      authorName: author.name,
      mine: false,
      at: now(),
      delivery: null,
      content: { kind: 'text', text, files: [], mentions: [], replyTo: null, title: null },
    });
    setRow(thread, { at: now(), len: n, unread: one.row.unread + 1, preview: { author: author.name, text } });
  }

  function acted(thread: Id, act: string, subjects: string[] = []): void {
    put(thread, {
      thread,
      id: id(6, 500_000 + ++serial),
      n: held.get(thread)!.entries.length + 1,
      author: me().user,
      authorName: me().name,
      mine: true,
      at: now(),
      delivery: { state: 'accepted' },
      content: { kind: 'act', act, subjects, detail: null },
    });
    setRow(thread, {});
  }

  function enqueue(thread: Id, draft: Id): void {
    queue.push({ thread, draft });
    emit({ t: 'outbox', waiting: queue.length });
    flush();
  }

  const refuse = (code: number): Promise<never> =>
    Promise.reject({ kind: 'refused', code } satisfies Failure);
  const sent = (): { login: Id; until: number; resendAt: number } => ({
    login: id(8, 1),
    until: now() + 10 * MINUTE,
    resendAt: now() + 30_000,
  });
  const withCode = (code: string): Promise<void> => (code === CODE ? wait() : refuse(14));

  const api: Api = {
    counts: () => Promise.resolve({ signatures: 0, boxes: 0, messages: 0 }),
    server: () =>
      wait().then(() => ({
        origin: 'https://relais.hopital.example',
        version: '0.3.0',
        demo: options.demo ?? true,
        openRegistration: true,
      })),
    cast: () => wait().then(() => (options.demo === false ? [] : CAST)),
    castCode: () => wait().then(() => CODE),
    resume: () =>
      options.startFails
        ? Promise.reject(options.startFails)
        : wait().then(() => (options.signedIn === false ? null : me())),
    signIn: async (_email, password) => {
      await wait(delay * 2);
      return password === 'wrong' ? refuse(13) : sent();
    },
    resendCode: () => wait().then(() => ({ resendAt: now() + 60_000 })),
    confirmCode: async (_login, code) => withCode(code).then(me),
    register: () => wait(delay * 2).then(sent),
    confirmRegistration: async (_login, code) => {
      await withCode(code);
      const { shutOut } = options;
      if (shutOut) emit({ t: 'signedOut', why: shutOut });
      return { me: shutOut ? null : me(), recoveryCode: RECOVERY };
    },
    recover: () => wait(delay * 2).then(sent),
    confirmRecovery: async (_login, code) =>
      withCode(code).then(() => ({ me: me(), recoveryCode: RECOVERY })),
    signOut: async () => {
      await wait();
      emit({ t: 'signedOut', why: null });
    },
    setLocale: () => wait(),
    focus: async (next) => {
      await wait();
      org = next;
      shown = 0;
    },
    moreRows: async () => {
      await wait();
      sendRows();
    },
    searchPeople: async (query) => {
      await wait();
      const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
      const hit = (name: string): boolean => fold(name).includes(fold(query));
      const people = PEOPLE.filter((one, i) => i !== ME && hit(one.name));
      return {
        people: people.slice(0, 8),
        teams: TEAMS.filter((one) => hit(one.name)),
        more: people.length > 8,
      };
    },
    safetyNumber: () =>
      wait().then(() => '41273 90418 66520 13987 52046 71835 20961 84472 39105 77620 15348 60297'),
    openThread: async (thread) => {
      await wait();
      const one = held.get(thread);
      if (one === undefined) return refuse(31);
      const view = {
        row: one.row,
        parties: one.parties,
        older: one.older > 0 || one.entries.length > PAGE,
        entries: one.entries.slice(-PAGE),
        writable: writable(one),
        mayAdd: writable(one),
      };
      return view;
    },
    older: async (thread, before) => {
      await wait();
      const earlier = held.get(thread)!.entries.filter((entry) => entry.n !== null && entry.n < before);
      return { entries: earlier.slice(-PAGE), older: earlier.length > PAGE };
    },
    closeView: () => wait(),
    createThread: async (input) => {
      await wait();
      const thread = id(5, 900 + ++serial);
      hold(900 + serial, {
        title: input.title,
        priority: input.priority,
        patient: null,
        people: [ME, ...input.people.map((user) => PEOPLE.findIndex((p) => p.user === user))],
        teams: input.teams.map((one) => TEAMS.findIndex((t) => t.team === one)),
        unread: 0,
        seeds: [{ by: ME, at: now(), text: input.text }],
      });
      emit({ t: 'rows', upsert: [held.get(thread)!.row], gone: [], complete: shown >= held.size });
      return thread;
    },
    send: async (thread, text, files, replyTo) => {
      await wait(0);
      const draft = id(6, 900_000 + ++serial);
      const views = files.map((file, i) => ({
        id: id(9, 100 + serial * 10 + i),
        name: file.name,
        mediaType: file.mediaType,
        size: file.bytes.size,
      }));
      files.forEach((file, i) => local.set(views[i]!.id, file.bytes));
      put(thread, {
        thread,
        id: draft,
        n: null,
        author: me().user,
        authorName: me().name,
        mine: true,
        at: now(),
        delivery: { state: 'waiting' },
        content: { kind: 'text', text, files: views, mentions: [], replyTo, title: null },
      });
      setRow(thread, { pending: held.get(thread)!.row.pending + 1 });
      enqueue(thread, draft);
      return draft;
    },
    retry: async (thread, draft) => enqueue(thread, draft),
    discard: async (thread, draft) => {
      held.get(thread)!.entries = held.get(thread)!.entries.filter((entry) => entry.id !== draft);
      emit({ t: 'entries', thread, upsert: [], dropDrafts: [draft] });
      setRow(thread, { pending: Math.max(0, held.get(thread)!.row.pending - 1) });
    },
    markRead: async (thread) => {
      await wait();
      if (held.has(thread) && held.get(thread)!.row.unread > 0) setRow(thread, { unread: 0 });
    },
    addParty: async (thread, { id: who, kind }) => {
      await wait();
      const one = held.get(thread)!;
      const found = PEOPLE.find((p) => p.user === who);
      const own = kind === 'team' || found?.orgs.includes(HOSPITAL.name) === true;
      const name = found?.name ?? TEAMS.find((t) => t.team === who)?.name ?? '';
      const party: PartyView = {
        id: who,
        kind,
        name,
        org: found?.orgs[0] ?? HOSPITAL.name,
        state: own ? 'active' : 'invited',
        delivered: 0,
        read: 0,
        removable: true,
      };
      one.parties = [...one.parties.filter((old) => old.id !== who), party];
      acted(thread, own ? 'add' : 'invite', [name]);
      return own ? 'added' : 'invited';
    },
    removeParty: async (thread, { id: who, state }) => {
      await wait();
      const one = held.get(thread)!;
      const stands = one.parties.find((old) => old.id === who)?.state;
      if (stands !== state) throw { kind: 'local', code: 'movedOn' } satisfies Failure;
      one.parties = one.parties.map((old) =>
        old.id === who ? { ...old, state: 'removed', removable: false } : old,
      );
      acted(
        thread,
        'remove',
        one.parties.filter((old) => old.id === who).map((old) => old.name),
      );
    },
    act: async (thread, act) => {
      await wait();
      acted(thread, act);
      if (act === 'close') setRow(thread, { closed: true });
      if (act === 'accept') setRow(thread, { mine: 'active' });
      if (act === 'leave') setRow(thread, { mine: 'left' });
      if (act === 'decline') {
        held.delete(thread);
        emit({ t: 'rows', upsert: [], gone: [thread], complete: true });
      }
    },
    download: async (_thread, file) => {
      await wait();
      return local.get(file) ?? (file === id(9, 2) ? silence() : picture());
    },
    sessions: () => wait().then(() => sessions),
    endSession: async (session) => {
      await wait();
      sessions = sessions.filter((one) => one.session !== session);
    },
    renewRecoveryCode: () => wait().then(() => RECOVERY),
    changePassword: (old) =>
      old === 'wrong'
        ? Promise.reject({ kind: 'local', code: 'wrongSecret' } satisfies Failure)
        : wait(delay * 2).then(() => RECOVERY),
  };
  const local = new Map<Id, Blob>();

  return {
    api: watched(api, calls, failures, options),
    calls,
    emit,
    incoming,
    threadIds: [...held.keys()],
    failNext: (name, why) => void failures.set(name, why),
    setLink: (next) => {
      link = next;
      emit({ t: 'link', link });
      flush();
    },
    listen: (to) => {
      listeners.add(to);
      later(0, () => to({ t: 'link', link }));
      return () => void listeners.delete(to);
    },
    terminate: () => listeners.clear(),
  };
}

/** Records each call, and lets the chosen ones fail. */
function watched(
  api: Api,
  calls: Fake['calls'],
  failures: Map<keyof Api, Failure>,
  { hangs, hangsOn = [], fails = {} }: FakeOptions,
): Api {
  return new Proxy(api, {
    get(target, name: string) {
      const key = name as keyof Api;
      const call = target[key] as (...given: unknown[]) => Promise<unknown>;
      return (...given: unknown[]) => {
        calls.push([key, ...given]);
        const why = failures.get(key) ?? fails[key];
        failures.delete(key);
        if (why !== undefined) return Promise.reject(why);
        return hangs || hangsOn.includes(key) ? new Promise(() => undefined) : call(...given);
      };
    },
  });
}

function filler(i: number, now: number): ThreadSeed {
  return {
    title: `Suivi n° ${i + 1} : ${['constantes', 'rendez-vous', 'ordonnance', 'transport', 'repas'][i % 5]}`,
    priority: i % 17 === 0 ? 'soon' : 'routine',
    patient: i % 3 === 0 ? `Patient fictif ${i + 1}` : null,
    people: [ME, (i % 16) + 1],
    teams: i % 4 === 0 ? [i] : [],
    unread: i % 9 === 0 ? 1 : 0,
    seeds: [
      { by: (i % 16) + 1, at: now - 9 * DAY - i * 13 * MINUTE, text: 'Merci de confirmer avant ce soir.' },
    ],
  };
}

function lengthen(one: Held, count: number): void {
  const first = one.entries[0]!;
  const earlier = Array.from({ length: count }, (_, i): EntryView => ({
    ...first,
    id: id(6, 1_000_000 + i),
    n: i + 1,
    author: person((i >> 2) % 5).user,
    authorName: person((i >> 2) % 5).name,
    mine: (i >> 2) % 5 === ME,
    at: first.at - (count - i) * 4 * MINUTE,
    delivery: (i >> 2) % 5 === ME ? { state: 'accepted' } : null,
    content: {
      kind: 'text',
      text: `Message fictif ${i + 1} : constantes stables, prochain contrôle dans ${(i % 4) + 1} h.`,
      files: [],
      mentions: [],
      replyTo: null,
      title: null,
    },
  }));
  one.entries = [...earlier, ...one.entries.map((entry) => ({ ...entry, n: (entry.n ?? 0) + count }))];
  one.row = { ...one.row, len: one.entries.length };
}

function fakeSessions(now: number): SessionInfo[] {
  return [
    {
      session: id(7, 1),
      label: '',
      software: { browser: 'Firefox', system: 'Windows' },
      current: true,
      createdAt: now - 2 * HOUR,
      seenAt: now,
    },
    {
      session: id(7, 2),
      label: '',
      software: { browser: 'Safari', system: 'iOS' },
      current: false,
      createdAt: now - 9 * DAY,
      seenAt: now - 3 * HOUR,
    },
    {
      session: id(7, 3),
      label: '',
      software: null,
      current: false,
      createdAt: now - 41 * DAY,
      seenAt: now - 12 * DAY,
    },
  ];
}

const persona = (
  fr: string,
  en: string,
  name: string,
  login: string,
): Awaited<ReturnType<Api['cast']>>[number] => ({
  what: { fr, en },
  name,
  email: `${login}@demo.example`,
  password: 'demonstration-relais',
});

const CAST = [
  persona('Infirmière de service', 'Ward nurse', 'Inès Belmont (fictive)', 'ines'),
  persona('Urgentologue, gestionnaire', 'Emergency physician, manager', 'Karim Delorme (fictif)', 'karim'),
  persona('Pharmacienne', 'Pharmacist', 'Odile Vasseur (fictive)', 'odile'),
  persona(
    'Médecin de famille, autre organisation',
    'Family physician, other organization',
    'Théo Lacasse (fictif)',
    'theo',
  ),
  persona('Fille d’une patiente', 'Daughter of a patient', 'Maya Roussel (fictive)', 'maya'),
  persona('Administratrice', 'Administrator', 'Solange Ferrand (fictive)', 'solange'),
];
