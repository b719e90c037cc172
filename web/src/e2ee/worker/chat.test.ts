import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Native, PASSWORD, RELAIS_BIN, Server, until } from '../../../test/server';
import { Browser, Tab } from '../../../test/tab';
import type { EntryView } from '../api';

if (RELAIS_BIN === '') {
  console.warn('SKIPPED: chat.test.ts needs a server. Build it and set RELAIS_BIN=…/relais (cargo x does).');
}

/** Texts of a conversation as the page is shown it after a fresh look. */
async function texts(tab: Tab, thread: string): Promise<string[]> {
  const { entries } = await tab.api.openThread(thread);
  return entries.flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
}

/** Entries that notes brought, newest view of each. */
function shown(tab: Tab, thread: string): EntryView[] {
  const all = new Map<string, EntryView>();
  for (const note of tab.notes) {
    if (note.t !== 'entries' || note.thread !== thread) continue;
    for (const id of note.dropDrafts) all.delete(id);
    for (const entry of note.upsert) all.set(entry.id, entry);
  }
  return [...all.values()];
}

const shownTexts = (tab: Tab, thread: string): string[] =>
  shown(tab, thread).flatMap(({ content, n }) =>
    content.kind === 'text' && n !== null ? [content.text] : [],
  );

describe.skipIf(RELAIS_BIN === '')(
  'two web clients and a native one with a real server',
  { timeout: 240_000 },
  () => {
    let server: Server;
    let ada: Tab;
    let ben: Tab;
    let cam: Native;
    const adasBrowser = new Browser();
    const ends: (() => Promise<void> | void)[] = [];
    let thread = '';
    let unit = '';
    let people: { ada: string; ben: string; cam: string };

    beforeAll(async () => {
      server = await Server.start();
      ends.push(() => server.end());
      cam = new Native(server, 'cam');
      ends.push(() => {
        cam.end();
      });
      const camId = await cam.register();
      const [org] = await cam.run('unit', 'create', 'Clinic', '--own-name', 'cam');
      unit = String(org?.['unit']);
      const token = async (): Promise<string> =>
        String((await cam.run('unit', 'invite', unit))[0]?.['token']);
      ada = new Tab(server.origin, adasBrowser);
      ben = new Tab(server.origin);
      const { me: adaMe } = await ada.register('ada', await token());
      const { me: benMe } = await ben.register('ben', await token());
      await cam.run('unit', 'attest', unit);
      people = { ada: adaMe.user, ben: benMe.user, cam: camId };
      // Membership is signed after the registration: a new sign-in knows the organization.
      ada.close();
      ben.close();
      ada = new Tab(server.origin, adasBrowser);
      ben = new Tab(server.origin);
      ends.push(() => {
        ada.close();
        ben.close();
      });
      const [again] = await Promise.all([ada.signIn('ada'), ben.signIn('ben')]);
      expect(again.org).toBe(unit);
      thread = await ada.api.createThread({
        org: unit,
        title: 'Bed 7',
        priority: 'routine',
        people: [people.ben, people.cam],
        teams: [],
        text: 'first',
      });
    }, 240_000);

    afterAll(async () => {
      for (const end of ends.reverse()) await end();
    });

    it('shows a new thread with its title, people and unread count', async () => {
      const row = await until('the row', () => {
        const rows = ben.notes.flatMap((note) => (note.t === 'rows' ? note.upsert : []));
        return [...rows]
          .reverse()
          .find(
            (one) =>
              one.id === thread &&
              one.preview !== null &&
              ['ada', 'cam'].every((name) => one.people.includes(name)),
          );
      });
      expect(row).toMatchObject({ title: 'Bed 7', preview: { text: 'first' }, unread: 1, mine: 'active' });
      expect(row.people.sort()).toEqual(['ada', 'cam']);
    });

    it('brings messages both ways, between web and native', async () => {
      cam.bot(thread);
      // What was there before it looked is no news to it.
      await until('cam looks', () =>
        cam.said.some((line) => line['event'] === 'caught_up' && line['stream'] === 'org'),
      );
      await Promise.all([ada.api.openThread(thread), ben.api.openThread(thread)]);
      await ada.api.send(thread, 'from ada', [], null);
      await ben.api.send(thread, 'from ben', [], null);
      cam.say('from cam');
      for (const tab of [ada, ben]) {
        await until('all three', () =>
          ['from ada', 'from ben', 'from cam'].every((text) => shownTexts(tab, thread).includes(text)),
        );
      }
      const heard = (text: string): boolean => cam.said.some((line) => line['text'] === text);
      await until('cam hears both', () => heard('from ada') && heard('from ben'));
    });

    it('says that a message was delivered, then read', async () => {
      const mine = (): EntryView | undefined =>
        shown(ada, thread).find(({ content }) => content.kind === 'text' && content.text === 'from ada');
      await until(
        'delivered',
        () => mine()?.delivery?.state === 'delivered' || mine()?.delivery?.state === 'read',
      );
      await ben.api.markRead(thread, mine()?.n ?? 0);
      await until('read', () => {
        const delivery = mine()?.delivery;
        return delivery?.state === 'read' && delivery.by.includes(people.ben);
      });
    });

    it('carries a file, which opens only as it was sent', async () => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 31) % 251);
      const file = { name: 'scan.jpg', mediaType: 'image/jpeg', bytes: new Blob([bytes]) };
      await ada.api.send(thread, 'with a file', [file], null);
      const entry = await until('the file', () =>
        shown(ben, thread).find(({ content }) => content.kind === 'text' && content.files.length > 0),
      );
      if (entry.content.kind !== 'text') throw new Error('no text');
      expect(entry.content.files).toMatchObject([
        { name: 'scan.jpg', mediaType: 'image/jpeg', size: 70_000 },
      ]);
      const got = await ben.api.download(thread, entry.content.files[0]?.id ?? '');
      expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes);
      const folder = join(server.folder, 'files');
      mkdirSync(folder);
      await cam.run('files', 'get', thread, String(entry.n), folder);
      expect(new Uint8Array(readFileSync(join(folder, 'scan.jpg')))).toEqual(bytes);
    });

    it('loses and doubles nothing when the server is killed and comes back', async () => {
      const sent: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        for (let n = 0; n < 4; n += 1) {
          for (const [tab, who] of [
            [ada, 'ada'],
            [ben, 'ben'],
          ] as const) {
            const text = `${who} ${round}.${n}`;
            sent.push(text);
            await tab.api.send(thread, text, [], null);
          }
          const text = `cam ${round}.${n}`;
          sent.push(text);
          cam.say(text);
          if (n === 1) await server.kill();
        }
        await server.run();
      }
      for (const tab of [ada, ben]) {
        await until('everything is shown', () =>
          sent.every((text) => shownTexts(tab, thread).includes(text)),
        );
      }
      await until('cam hears everything', () =>
        sent.every((text) => cam.said.some((line) => line['text'] === text)),
      );
      for (const tab of [ada, ben]) {
        const all = (await texts(tab, thread)).filter((text) => /^(ada|ben|cam) \d/.test(text));
        expect([...all].sort()).toEqual([...sent].sort());
        for (const who of ['ada', 'ben', 'cam']) {
          const own = (list: string[]): string[] => list.filter((text) => text.startsWith(who));
          expect(own(all)).toEqual(own(sent));
        }
        const live = shownTexts(tab, thread).filter((text) => /^(ada|ben|cam) \d/.test(text));
        expect([...live].sort()).toEqual([...sent].sort());
      }
    });

    it('sends after a reload what was written offline', async () => {
      await server.kill();
      await until('offline', () =>
        ada.notes.some((note) => note.t === 'link' && note.link.state === 'offline'),
      );
      await ada.api.send(thread, 'written offline', [], null);
      ada.close();
      await server.run();
      ada = new Tab(server.origin, adasBrowser);
      expect((await ada.api.resume())?.user).toBe(people.ada);
      await until('it arrives', () => shownTexts(ben, thread).includes('written offline'));
      expect((await texts(ada, thread)).filter((text) => text === 'written offline')).toHaveLength(1);
    });

    it('lets one tab of a session lead, and the other take over', async () => {
      const second = new Tab(server.origin, adasBrowser);
      expect((await second.api.resume())?.user).toBe(people.ada);
      expect(second.notes).toContainEqual({
        t: 'link',
        link: { state: 'stopped', why: { kind: 'local', code: 'otherTab' } },
      });
      await expect(second.api.send(thread, 'too early', [], null)).rejects.toMatchObject({
        failure: { code: 'otherTab' },
      });
      ada.close();
      await until('it leads', () =>
        second.notes.some((note) => note.t === 'link' && note.link.state === 'live'),
      );
      ada = second;
      await ada.api.openThread(thread);
      await ada.api.send(thread, 'from the second tab', [], null);
      await until('it arrives', () => shownTexts(ben, thread).includes('from the second tab'));
    });

    it('refuses a wrong password and a wrong code as what they are', async () => {
      const tab = new Tab(server.origin);
      await expect(tab.api.signIn('ada@example.org', 'not the password at all')).rejects.toMatchObject({
        failure: { kind: 'local', code: 'wrongSecret' },
      });
      const { login } = await tab.api.signIn('ben@example.org', 'correct horse battery staple');
      await expect(tab.api.confirmCode(login, '000000', false)).rejects.toMatchObject({
        failure: { kind: 'refused', code: 14 },
      });
    });

    it('tells the sessions of an account apart by the kind of browser they run in', async () => {
      const phone = new Tab(server.origin, new Browser(), 'tab', { browser: 'Safari', system: 'iOS' });
      ends.push(() => {
        phone.close();
      });
      await phone.signIn('ada');
      const seen = (await ada.api.sessions()).map(({ software }) => software?.browser ?? null);
      expect(seen).toContain('Safari');
      expect(seen.filter((one) => one === 'Firefox').length).toBeGreaterThan(0);
      const there = (await phone.api.sessions()).find(({ current }) => current);
      expect(there?.software).toEqual({ browser: 'Safari', system: 'iOS' });
    });

    it('agrees on a safety number', async () => {
      const number = await ada.api.safetyNumber(people.ben);
      expect(number).toMatch(/^(\d{5} ){11}\d{5}$/);
      expect(await ben.api.safetyNumber(people.ada)).toBe(number);
    });

    it('brings a colleague in with all that was written, and takes them out again (THR-02)', async () => {
      let dee = new Tab(server.origin);
      ends.push(() => {
        dee.close();
      });
      const token = String((await cam.run('unit', 'invite', unit))[0]?.['token']);
      const { me } = await dee.register('dee', token);
      await cam.run('unit', 'attest', unit);
      dee.close();
      dee = new Tab(server.origin);
      await dee.signIn('dee');
      expect((await ada.api.openThread(thread)).mayAdd).toBe(true);
      expect(await ada.api.addParty(thread, { kind: 'user', id: me.user })).toBe('added');
      await until('dee is told', () =>
        dee.notes.some((note) => note.t === 'rows' && note.upsert.some(({ id }) => id === thread)),
      );
      expect(await texts(dee, thread)).toContain('first');
      const dees = (await ada.api.openThread(thread)).parties.find(({ id }) => id === me.user);
      expect(dees).toMatchObject({ state: 'active', removable: true });
      // Ben opened nothing: only an owner takes somebody out.
      expect((await ben.api.openThread(thread)).parties.some(({ removable }) => removable)).toBe(false);
      await expect(
        ben.api.removeParty(thread, { kind: 'user', id: me.user, state: 'active' }),
      ).rejects.toMatchObject({
        failure: { kind: 'local', code: 'ownCheck' },
      });
      await ada.api.removeParty(thread, { kind: 'user', id: me.user, state: 'active' });
      await ada.api.send(thread, 'not for dee', [], null);
      await until('ben reads on', () => shownTexts(ben, thread).includes('not for dee'));
      expect((await ada.api.openThread(thread)).parties.find(({ id }) => id === me.user)).toMatchObject({
        state: 'removed',
        removable: false,
      });
      await expect(
        dee.api.send(thread, 'still here?', [], null).then(() => texts(dee, thread)),
      ).rejects.toBeDefined();
      expect(shownTexts(dee, thread)).not.toContain('not for dee');
    });

    it('asks somebody from outside in, who reads from the joining on', async () => {
      const eve = new Tab(server.origin);
      ends.push(() => {
        eve.close();
      });
      const { me } = await eve.register('eve');
      await cam.run('thread', 'invite', thread, me.user);
      const row = await until('the invitation', () => {
        const rows = eve.notes.flatMap((note) => (note.t === 'rows' ? note.upsert : []));
        return rows.find((one) => one.id === thread && one.mine === 'invited');
      });
      expect(row).toMatchObject({ title: null, preview: null });
      expect(await eve.api.openThread(thread)).toMatchObject({ entries: [], writable: false });
      await eve.api.act(thread, 'accept');
      await eve.api.openThread(thread);
      await ada.api.send(thread, 'welcome eve', [], null);
      await until('eve reads', () => shownTexts(eve, thread).includes('welcome eve'));
      const { entries, writable } = await eve.api.openThread(thread);
      expect(writable).toBe(true);
      const readable = entries.flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []));
      expect(readable).toEqual(['welcome eve']);
      expect(entries.some(({ content }) => content.kind === 'unreadable')).toBe(true);
      await eve.api.send(thread, 'thank you', [], null);
      await until('ada reads', () => shownTexts(ada, thread).includes('thank you'));
    });

    it('asks somebody from outside, who declines, or is not waited for (THR-04, THR-05)', async () => {
      const gil = new Tab(server.origin);
      ends.push(() => {
        gil.close();
      });
      const { me } = await gil.register('gil');
      const stateOf = async (): Promise<string | undefined> =>
        (await ada.api.openThread(thread)).parties.find(({ id }) => id === me.user)?.state;
      const asked = (): Promise<unknown> =>
        until('the invitation', () =>
          gil.notes.some(
            (note) =>
              note.t === 'rows' && note.upsert.some((one) => one.id === thread && one.mine === 'invited'),
          ),
        );
      expect(await ada.api.addParty(thread, { kind: 'user', id: me.user })).toBe('invited');
      await asked();
      expect(await stateOf()).toBe('invited');
      await gil.api.act(thread, 'decline');
      await until('ada sees it', async () => (await stateOf()) === 'declined');
      gil.notes.length = 0;
      expect(await ada.api.addParty(thread, { kind: 'user', id: me.user })).toBe('invited');
      await asked();
      await ada.api.removeParty(thread, { kind: 'user', id: me.user, state: 'invited' });
      expect(await stateOf()).toBe('removed');
      await expect(gil.api.act(thread, 'accept')).rejects.toBeDefined();
      expect(await stateOf()).toBe('removed');
    });

    it('lets somebody leave, but not the last who could close it (THR-07)', async () => {
      await ben.api.act(thread, 'leave');
      await until('ada sees it', async () =>
        (await ada.api.openThread(thread)).parties.some(
          ({ id, state }) => id === people.ben && state === 'left',
        ),
      );
      expect((await ben.api.openThread(thread)).writable).toBe(false);
      await expect(ada.api.act(thread, 'leave')).rejects.toMatchObject({
        failure: { kind: 'local', code: 'lastOwner' },
      });
      expect(await ada.api.addParty(thread, { kind: 'user', id: people.ben })).toBe('added');
    });

    it('changes the password, and opens with the new one only', async () => {
      await ben.api.changePassword(PASSWORD, 'another long password');
      const tab = new Tab(server.origin);
      await expect(tab.api.signIn('ben@example.org', PASSWORD)).rejects.toMatchObject({
        failure: { kind: 'local', code: 'wrongSecret' },
      });
      const { login } = await tab.api.signIn('ben@example.org', 'another long password');
      const me = await tab.api.confirmCode(login, await tab.api.castCode(login, 'ben@example.org'), false);
      expect(me.user).toBe(people.ben);
      expect(await texts(tab, thread)).toContain('first');
      const sessions = await tab.api.sessions();
      expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
      // The other session signed in under the old password: what it said of itself does not open any more.
      expect(sessions.map(({ current, software }) => [current, software?.browser ?? null])).toContainEqual([
        false,
        null,
      ]);
      tab.close();
    });

    it('renews the recovery code, and comes back in with it under a new password', async () => {
      const fay = new Tab(server.origin);
      const { me, recoveryCode } = await fay.register('fay');
      const renewed = await fay.api.renewRecoveryCode();
      expect(renewed).not.toBe(recoveryCode);
      fay.close();
      const email = 'fay@example.org';
      const back = new Tab(server.origin);
      ends.push(() => {
        back.close();
      });
      const old = await back.api.recover({ email, recoveryCode, newPassword: 'a wholly new password' });
      await expect(
        back.api.confirmRecovery(old.login, await back.api.castCode(old.login, email)),
      ).rejects.toMatchObject({
        failure: { kind: 'refused', code: 13 },
      });
      const { login } = await back.api.recover({
        email,
        recoveryCode: renewed,
        newPassword: 'a wholly new password',
      });
      const again = await back.api.confirmRecovery(login, await back.api.castCode(login, email));
      expect(again.me?.user).toBe(me.user);
      expect(again.recoveryCode).not.toBe(renewed);
    });

    it('closes a thread for everybody', async () => {
      await ada.api.act(thread, 'close');
      await until('closed', () =>
        shown(ben, thread).some(({ content }) => content.kind === 'act' && content.act === 'close'),
      );
      expect((await ben.api.openThread(thread)).writable).toBe(false);
      await ben.api.send(thread, 'too late', [], null);
      const refused = await until('refused', () =>
        shown(ben, thread).find((entry) => entry.delivery?.state === 'refused'),
      );
      expect(refused.delivery).toMatchObject({ why: { kind: 'refused', code: 34 } });
      await ben.api.discard(thread, refused.id);
    });
  },
);
