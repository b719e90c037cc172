import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Native, PASSWORD, RELAIS_BIN, Server, until } from '../../../test/server';
import { Browser, Tab } from '../../../test/tab';
import type { Signed } from '../../chain/envelope';
import { firstPlace } from '../../chain/link';
import { signLink, signerOf } from '../../chain/sign';
import { USER_BODIES } from '../../chain/user_body';
import { systemClock } from '../../platform/clock';
import type { Clock } from '../../platform/clock';
import type { Http } from '../../platform/http';
import { decodeReply, decodeReplyOf, decodeRequest, encodeReply, parseFrame } from '../../wire/codec';
import type { AnyRequest, Answer, CallName } from '../../wire/codec';
import { hex, unhex } from '../../wire/bytes';
import { ERROR_CODE, LIMITS } from '../../wire/gen/wire';
import type { EntryView } from '../api';
import { createKeyring } from '../keyring';
import { publicKeyOf } from '../sealed';
import { freshId } from './outgoing';

if (RELAIS_BIN === '') {
  console.warn(
    'SKIPPED: hardship.test.ts needs a server. Build it and set RELAIS_BIN=…/relais (cargo x does).',
  );
}

/** Chains of somebody whose inbox has this id, which is another person's: all that nobody else signs. */
async function claim(inbox: string): Promise<Map<string, Signed>> {
  const user = freshId();
  const id = freshId();
  const signer = await signerOf(crypto.getRandomValues(new Uint8Array(32)));
  const by = { user, chainSeq: 1, capacity: null, signer, tsMs: Date.now() };
  const owner = { kind: 'user', id: user } as const;
  const own = await createKeyring({ id, kind: 'U', owner, paired: null }, [], by);
  const target = { recipient: { keyring: id, generation: 1 }, key: publicKeyOf(own.seed) };
  const other = await createKeyring({ id: inbox, kind: 'I', owner, paired: null }, [target], by);
  const root = await signLink(signer, USER_BODIES, {
    place: firstPlace(user),
    author: { user, chainSeq: 0, capacity: null },
    tsMs: by.tsMs,
    body: {
      t: 'root',
      key: signer.key,
      personal: { id, first: own.link.linkHash() },
      inbox: { id: inbox, first: other.link.linkHash() },
      recovery: signer.key.id,
    },
  });
  return new Map([
    [user, root],
    [id, own.link],
    [inbox, other.link],
  ]);
}

/** What happens on the way to the server and back; null: nothing. */
type Mishap = (request: AnyRequest, go: () => ReturnType<Http>) => ReturnType<Http> | null;

const PAUSE_MS_MAX = 20;

/** A tab that asks everything by HTTP, in whose way something may come. */
class Walker {
  mishap: Mishap | null = null;
  /** Whether the browser refuses to store. */
  isFull = false;
  readonly tab: Tab;

  constructor(origin: string, browser = new Browser()) {
    const write = browser.store.write.bind(browser.store);
    browser.store.write = (changes) =>
      this.isFull ? Promise.reject(new DOMException('full', 'QuotaExceededError')) : write(changes);
    const clock = systemClock();
    // Pauses between tries are short: nobody waits for the sake of waiting.
    const after: Clock['after'] = (ms, then) => clock.after(Math.min(ms, PAUSE_MS_MAX), then);
    const through = (http: Http): Http => {
      return (ask) => {
        const request = ask.body && ask.path.endsWith('/rpc') ? requestIn(ask.body) : null;
        return (request && this.mishap?.(request, () => http(ask))) ?? http(ask);
      };
    };
    this.tab = new Tab(origin, browser, 'tab', undefined, {
      through,
      isLive: false,
      clock: { ...clock, after },
    });
  }
}

function requestIn(body: Uint8Array): AnyRequest | null {
  return decodeRequest(parseFrame(body, LIMITS.RPC_BYTES_MAX));
}

/** Changes what the server answers to one kind of request. */
function answering<N extends CallName>(name: N, change: (answer: Answer<N>) => Answer<N>): Mishap {
  return (request, go) => {
    if (request.t !== name) return null;
    return go().then((exchange) => {
      if (exchange.t !== 'answered') return exchange;
      const frame = parseFrame(exchange.bytes, LIMITS.RPC_BYTES_MAX);
      const reply = decodeReply(name, frame);
      if (!reply.ok) return exchange;
      const changed = { ...reply, answer: change(reply.answer) };
      return { ...exchange, bytes: encodeReply(name, frame.header.id, changed) };
    });
  };
}

describe.skipIf(RELAIS_BIN === '')(
  'a web client that something fails at the wrong moment',
  { timeout: 240_000 },
  () => {
    let server: Server;
    let ada: Walker;
    let ben: Tab;
    let thread = '';

    beforeAll(async () => {
      server = await Server.start();
      ada = new Walker(server.origin);
      ben = new Tab(server.origin);
      const [, other] = [await ada.tab.register('ada'), await ben.register('ben')];
      thread = await ada.tab.api.createThread({
        org: null,
        title: 'Bed 7',
        priority: 'routine',
        people: [other.me.user],
        teams: [],
        text: 'first',
      });
    }, 240_000);

    afterAll(async () => {
      ada.tab.close();
      ben.close();
      await server.end();
    });

    /** Texts of the conversation as somebody is shown it after a fresh look. */
    async function texts(tab: Tab): Promise<string[]> {
      const { entries } = await tab.api.openThread(thread);
      return entries.flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
    }

    /** The newest view of a draft that notes brought; null: none, or it was dropped. */
    function draftOf(tab: Tab, id: string): EntryView | null {
      let view: EntryView | null = null;
      for (const note of tab.notes) {
        if (note.t !== 'entries') continue;
        if (note.dropDrafts.includes(id)) view = null;
        view = note.upsert.find((entry) => entry.id === id) ?? view;
      }
      return view;
    }

    const badReceipts = answering('Append', ({ receipts }) => ({
      receipts: receipts.map((receipt) => ({ ...receipt, sig: receipt.sig.map((byte) => byte ^ 1) })),
    }));

    /** Has ada write something that the server takes in, unless it lies otherwise, and whose receipt does not hold. */
    async function doubted(text: string, lie: Mishap = badReceipts): Promise<string> {
      await ada.tab.api.openThread(thread);
      ada.mishap = lie;
      const draft = await ada.tab.api.send(thread, text, [], null);
      const view = await until('a refusal', () =>
        draftOf(ada.tab, draft)?.delivery?.state === 'refused' ? draftOf(ada.tab, draft) : null,
      );
      expect(view.delivery).toMatchObject({ why: { kind: 'hostile', code: 'H19' } });
      ada.mishap = null;
      return draft;
    }

    it('does not send twice what counted as refused and had arrived', async () => {
      const draft = await doubted('once only');
      await ada.tab.api.retry(thread, draft);
      await until('it counts as sent', () => draftOf(ada.tab, draft) === null);
      for (const tab of [ada.tab, ben])
        expect((await texts(tab)).filter((text) => text === 'once only')).toHaveLength(1);
    });

    it('takes a refused message for sent when it comes in', async () => {
      const draft = await doubted('there after all');
      expect(await texts(ada.tab)).toContain('there after all');
      await until('it counts as sent', () => draftOf(ada.tab, draft) === null);
      expect(await texts(ada.tab)).toEqual(await texts(ben));
    });

    it('does not send twice what the server took in and called stale (attack H27)', async () => {
      await ada.tab.api.openThread(thread);
      let isTold = false;
      ada.mishap = (request, go) => {
        if (request.t !== 'Append' || isTold) return null;
        isTold = true;
        const bytes = encodeReply('Append', 1, { ok: false, refusal: { code: ERROR_CODE.Stale } });
        return go().then(() => ({ t: 'answered', status: 200, bytes }));
      };
      const draft = await ada.tab.api.send(thread, 'not as stale as said', [], null);
      await until('it counts as sent', () => isTold && draftOf(ada.tab, draft) === null);
      ada.mishap = null;
      for (const tab of [ada.tab, ben])
        expect((await texts(tab)).filter((text) => text === 'not as stale as said')).toHaveLength(1);
    });

    it('sends again what the server said it had taken in and had not (attack H19)', async () => {
      const draft = await doubted('dropped', (request) => {
        if (request.t !== 'Append') return null;
        const made = { n: 3, at: 0, head: new Uint8Array(32), sig: new Uint8Array(64) };
        const receipts = request.body.entries.map(() => made);
        const bytes = encodeReply('Append', 1, { ok: true, answer: { receipts } });
        return Promise.resolve({ t: 'answered', status: 200, bytes });
      });
      expect(await texts(ben)).not.toContain('dropped');
      await ada.tab.api.retry(thread, draft);
      await until('it counts as sent', () => draftOf(ada.tab, draft) === null);
      expect((await texts(ben)).filter((text) => text === 'dropped')).toHaveLength(1);
    });

    /** A request that arrives, and whose answer does not. */
    const unanswered =
      (...names: CallName[]): Mishap =>
      (request, go) =>
        names.includes(request.t) ? go().then(() => ({ t: 'lost' })) : null;

    /** Whether somebody comes back in with a recovery code. Answers the next one. */
    async function recovers(name: string, recoveryCode: string): Promise<string> {
      const tab = new Tab(server.origin);
      const email = `${name}@example.org`;
      const { login } = await tab.api.recover({ email, recoveryCode, newPassword: 'a wholly new password' });
      const again = await tab.api.confirmRecovery(login, await tab.api.castCode(login, email));
      tab.close();
      return again.recoveryCode;
    }

    it('shows a new recovery code whatever fails once the old one is worth nothing (SEC-11)', async () => {
      const cam = new Walker(server.origin);
      await cam.tab.register('cam');
      cam.isFull = true;
      const unsaved = await cam.tab.api.renewRecoveryCode();
      expect(cam.tab.notes).toContainEqual({
        t: 'alarm',
        thread: null,
        why: { kind: 'local', code: 'storageFull' },
      });
      cam.isFull = false;
      cam.mishap = unanswered('RenewRecovery');
      const unheard = await cam.tab.api.renewRecoveryCode();
      expect(unheard).not.toBe(unsaved);
      cam.mishap = unanswered('GetLinks');
      await expect(cam.tab.api.renewRecoveryCode()).rejects.toMatchObject({ failure: { kind: 'offline' } });
      await recovers('cam', unheard);
      cam.tab.close();
    });

    it('says that it does not know whether the code is another one, and finds out (SEC-11)', async () => {
      const dee = new Walker(server.origin);
      await dee.tab.register('dee');
      let isSent = false;
      dee.mishap = (request, go) => {
        isSent ||= request.t === 'Rekey';
        return isSent ? go().then(() => ({ t: 'lost' })) : null;
      };
      const changed = dee.tab.api.changePassword(PASSWORD, 'another long password');
      await expect(changed).rejects.toMatchObject({ failure: { kind: 'local', code: 'unsettled' } });
      dee.mishap = null;
      await recovers('dee', await dee.tab.api.renewRecoveryCode());
      dee.tab.close();
    });

    it('settles a renewal that lands late by asking the same again (SEC-11)', async () => {
      const fay = new Walker(server.origin);
      await fay.tab.register('fay');
      const late: (() => unknown)[] = [];
      const keys = new Set<string>();
      let isLookedAt = false;
      fay.mishap = (request, go) => {
        isLookedAt ||= request.t === 'GetVault' && late.length > 0;
        if (request.t !== 'RenewRecovery') return null;
        keys.add(hex(request.body.idem));
        if (isLookedAt) return null;
        // On its way for a long time: nothing of it is seen in the vault that is served meanwhile.
        late.push(go);
        return Promise.resolve({ t: 'lost' });
      };
      const code = await fay.tab.api.renewRecoveryCode();
      expect(late.length).toBeGreaterThan(0);
      for (const land of late) await land();
      expect(keys.size).toBe(1);
      await recovers('fay', code);
      fay.tab.close();
    });

    it('shows the code of a renewal that nobody answered when it is asked for again (SEC-11)', async () => {
      const gus = new Walker(server.origin);
      await gus.tab.register('gus');
      const keys = new Set<string>();
      let isCut = true;
      let land: () => unknown = () => undefined;
      gus.mishap = (request, go) => {
        if (request.t === 'RenewRecovery') {
          keys.add(hex(request.body.idem));
          land = go;
        }
        return isCut && keys.size > 0 ? Promise.resolve({ t: 'lost' }) : null;
      };
      await expect(gus.tab.api.renewRecoveryCode()).rejects.toMatchObject({ failure: { code: 'unsettled' } });
      await land();
      isCut = false;
      await recovers('gus', await gus.tab.api.renewRecoveryCode());
      expect(keys.size).toBe(1);
      gus.tab.close();
    });

    it('opens one thread where the first request for it was not answered', async () => {
      const ida = new Walker(server.origin);
      await ida.tab.register('ida');
      const about = { org: null, title: 'Bed 8', priority: 'routine', people: [], teams: [] } as const;
      const input = { ...about, people: [], teams: [], text: 'once' };
      ida.mishap = unanswered('Append');
      await expect(ida.tab.api.createThread(input)).rejects.toMatchObject({ failure: { kind: 'offline' } });
      ida.mishap = null;
      const opened = await ida.tab.api.createThread(input);
      // As another device of hers is told.
      const other = new Tab(server.origin);
      await other.signIn('ida');
      await other.api.moreRows(0);
      const rows = (): string[] =>
        other.notes.flatMap((note) => (note.t === 'rows' ? note.upsert.map(({ id }) => id) : []));
      await until('it is in the list', () => rows().includes(opened));
      expect(new Set(rows())).toEqual(new Set([opened]));
      other.close();
      // What is asked for after an answer is another one.
      expect(await ida.tab.api.createThread(input)).not.toBe(opened);
      ida.tab.close();
    });

    it('has somebody sign in whose new password came and whose browser kept the old key, unless it is a lie', async () => {
      const browser = new Browser();
      let hal = new Walker(server.origin, browser);
      const { me } = await hal.tab.register('hal');
      const again = (): Promise<unknown> => {
        hal.tab.close();
        hal = new Walker(server.origin, browser);
        return hal.tab.api.resume();
      };
      const lie = answering('GetVault', (vault) => ({
        ...vault,
        ciphertext: vault.ciphertext.map((byte) => byte ^ 1),
      }));
      hal.tab.close();
      hal = new Walker(server.origin, browser);
      hal.mishap = lie;
      await expect(hal.tab.api.resume()).rejects.toMatchObject({ failure: { kind: 'hostile', code: 'H20' } });
      expect(await again()).toMatchObject({ user: me.user });
      let isSent = false;
      hal.mishap = (request, go) => {
        isSent ||= request.t === 'Rekey';
        return isSent ? go().then(() => ({ t: 'lost' })) : null;
      };
      const changed = hal.tab.api.changePassword(PASSWORD, 'another long password');
      await expect(changed).rejects.toMatchObject({ failure: { code: 'unsettled' } });
      await expect(again()).rejects.toMatchObject({ failure: { kind: 'local', code: 'otherPassword' } });
      expect(await again()).toBeNull();
      // The session that nothing opens any more does not stay open either.
      const email = 'hal@example.org';
      const { login } = await hal.tab.api.signIn(email, 'another long password');
      await hal.tab.api.confirmCode(login, await hal.tab.api.castCode(login, email), true);
      expect(await hal.tab.api.sessions()).toHaveLength(1);
      hal.tab.close();
    });

    it('shows the code of a recovery or registration without coming in, and gives it to who asks again', async () => {
      const email = 'eve@example.org';
      const eve = new Walker(server.origin);
      const made = await eve.tab.api.register({
        email,
        name: 'eve',
        password: PASSWORD,
        locale: 'fr',
        invitation: null,
      });
      const mailed = await eve.tab.api.castCode(made.login, email);
      eve.mishap = unanswered('RegisterFinish');
      await expect(eve.tab.api.confirmRegistration(made.login, mailed)).rejects.toMatchObject({
        failure: { kind: 'offline' },
      });
      eve.mishap = unanswered('GetObject');
      // Another code than the one that was sent with what may have arrived.
      const registered = await eve.tab.api.confirmRegistration(made.login, '000000');
      expect(registered.me).toBeNull();
      expect(eve.tab.notes.at(-1)).toMatchObject({ t: 'signedOut', why: { kind: 'offline' } });

      const { login } = await eve.tab.api.recover({
        email,
        recoveryCode: registered.recoveryCode,
        newPassword: 'a wholly new password',
      });
      const code = await eve.tab.api.castCode(login, email);
      eve.mishap = unanswered('Rekey');
      await expect(eve.tab.api.confirmRecovery(login, code)).rejects.toMatchObject({
        failure: { kind: 'offline' },
      });
      eve.mishap = unanswered('GetObject');
      const back = await eve.tab.api.confirmRecovery(login, code);
      expect(back.me).toBeNull();
      await recovers('eve', back.recoveryCode);
      eve.tab.close();
    });

    it('takes nobody out who has accepted while their invitation was to be taken back (THR-04)', async () => {
      const gil = new Tab(server.origin);
      const { me } = await gil.register('gil');
      const shown = { kind: 'user', id: me.user, state: 'invited' } as const;
      const stateOf = async (): Promise<string | undefined> =>
        (await ada.tab.api.openThread(thread)).parties.find(({ id }) => id === me.user)?.state;
      expect(await ada.tab.api.addParty(thread, shown)).toBe('invited');
      await until('the invitation', () =>
        gil.notes.some((note) => note.t === 'rows' && note.upsert.some(({ id }) => id === thread)),
      );
      await gil.api.act(thread, 'accept');
      await expect(ada.tab.api.removeParty(thread, shown)).rejects.toMatchObject({
        failure: { kind: 'local', code: 'movedOn' },
      });
      expect(await stateOf()).toBe('active');
      // What is asked for again because its answer was lost is done.
      const active = { ...shown, state: 'active' } as const;
      ada.mishap = unanswered('Append');
      await expect(ada.tab.api.removeParty(thread, active)).rejects.toMatchObject({
        failure: { kind: 'offline' },
      });
      ada.mishap = null;
      await ada.tab.api.removeParty(thread, active);
      expect(await stateOf()).toBe('removed');
      gil.close();
    });

    it('seals no epoch to a keyring that somebody else claims (attack H02)', async () => {
      const carl = new Walker(server.origin);
      const { me } = await carl.tab.register('carl');
      const { book } = ada.tab.client.work.inside;
      const inbox = book.chains.user(ben.client.work.inside.user)?.inbox.id ?? '';
      const chains = await claim(inbox);
      expect(await ada.tab.api.addParty(thread, { kind: 'user', id: me.user })).toBe('invited');
      // Whoever comes in from outside and writes first makes the epoch, for people they have never met.
      carl.mishap = (request) => {
        const link = request.t === 'GetLinks' ? chains.get(hex(request.body.id)) : undefined;
        if (!link || request.t !== 'GetLinks') return null;
        const links = request.body.after === 0 ? [link.toBytes()] : [];
        const answer = { n: 1, head: unhex(link.linkHash()), links };
        const bytes = encodeReply('GetLinks', 1, { ok: true, answer });
        return Promise.resolve({ t: 'answered', status: 200, bytes });
      };
      await carl.tab.api.act(thread, 'accept');
      await carl.tab.api.openThread(thread);
      const draft = await carl.tab.api.send(thread, 'for everybody here', [], null);
      await until('a refusal', () => draftOf(carl.tab, draft)?.delivery?.state === 'refused');
      expect(draftOf(carl.tab, draft)?.delivery).toMatchObject({ why: { kind: 'hostile', code: 'H02' } });
      carl.tab.close();
    });
  },
);

describe.skipIf(RELAIS_BIN === '')(
  'a newcomer whose box is kept back (attack H17)',
  { timeout: 240_000 },
  () => {
    let server: Server;
    let cam: Native;
    let ada: Tab;
    let dee: Tab;
    let thread = '';
    let people: Record<'ada' | 'dee', string>;
    let isKeptBack = true;
    /** Forgets the boxes of threads that the server serves. */
    const hear = (bytes: Uint8Array): Uint8Array => {
      const frame = parseFrame(bytes, LIMITS.RPC_BYTES_MAX);
      if (!isKeptBack || decodeReplyOf(frame) !== 'GetBoxes') return bytes;
      const reply = decodeReply('GetBoxes', frame);
      if (!reply.ok) return bytes;
      const boxes = reply.answer.boxes.filter(({ scope }) => scope !== 'thread');
      return encodeReply('GetBoxes', frame.header.id, { ok: true, answer: { ...reply.answer, boxes } });
    };

    beforeAll(async () => {
      server = await Server.start();
      cam = new Native(server, 'cam');
      await cam.register();
      const [org] = await cam.run('unit', 'create', 'Clinic', '--own-name', 'cam');
      const unit = String(org?.['unit']);
      const enter = async (name: string): Promise<string> => {
        const token = String((await cam.run('unit', 'invite', unit))[0]?.['token']);
        const tab = new Tab(server.origin);
        const { me } = await tab.register(name, token);
        tab.close();
        return me.user;
      };
      people = { ada: await enter('ada'), dee: await enter('dee') };
      await cam.run('unit', 'attest', unit);
      ada = new Tab(server.origin);
      dee = new Tab(server.origin, new Browser(), 'tab', undefined, {
        through: (http) => http,
        isLive: true,
        hear,
        clock: systemClock(),
      });
      await ada.signIn('ada');
      await dee.signIn('dee');
      const about = { org: unit, title: 'Bed 9', priority: 'routine', people: [], teams: [] } as const;
      thread = await ada.api.createThread({ ...about, people: [], teams: [], text: 'before dee' });
    }, 240_000);

    afterAll(async () => {
      ada.close();
      dee.close();
      cam.end();
      await server.end();
    });

    async function first(): Promise<EntryView['content'] | undefined> {
      const { entries } = await dee.api.openThread(thread);
      return entries.map(({ content }) => content).find(({ kind }) => kind !== 'act');
    }

    it('is told of it, and not that it was written before they came', async () => {
      await until('dee is live', () =>
        dee.notes.some((note) => note.t === 'link' && note.link.state === 'live'),
      );
      expect(await ada.api.addParty(thread, { kind: 'user', id: people.dee })).toBe('added');
      await until('dee is told', () =>
        dee.notes.some((note) => note.t === 'rows' && note.upsert.some(({ id }) => id === thread)),
      );
      expect(await first()).toEqual({ kind: 'bad', why: { kind: 'hostile', code: 'H17' } });
      expect(dee.notes).toContainEqual({ t: 'alarm', thread, why: { kind: 'hostile', code: 'H17' } });
    });

    it('reads it by itself when a keyring has grown and the box is served', async () => {
      isKeptBack = false;
      // Whatever grows: another keyring may lead to what was closed.
      await dee.api.renewRecoveryCode();
      await until('it opens', () =>
        dee.notes.some(
          (note) =>
            note.t === 'entries' &&
            note.upsert.some(({ content }) => content.kind === 'text' && content.text === 'before dee'),
        ),
      );
    });
  },
);
