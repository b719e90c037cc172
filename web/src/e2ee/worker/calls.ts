/**
 * The calls of the page, each as `api.ts` promises it.
 *
 * Not known here: how they cross to the page.
 */

import { tally } from '../../chain/tally';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type {
  Api,
  CastMember,
  Counts,
  EntryView,
  Id,
  Locale,
  Me,
  NewFile,
  NewThread,
  PartyView,
  PersonView,
  ServerInfo,
  SessionInfo,
  TeamView,
  ThreadView,
} from '../api';
import { encodeBody, textBody } from '../body';
import type { Attachment } from '../body';
import { deviceSoftware } from '../device';
import { sealedSize } from '../files';
import { safetyNumber } from '../safety';
import { changePassword, renewRecoveryCode } from './account_acts';
import { act, addParty, createThread, leaveOrClose, removeOrWithdraw } from './acts';
import { openFile, sealFile } from './attachments';
import type { Client } from './client';
import { hostile, local, ofAny } from './errors';
import { answerInvitation } from './invites';
import { freshId, freshIdem } from './outgoing';
import { personView, teamView } from './people';
import { haveThread, syncThread } from './reader';
import { ofContent } from './secrets';
import type { Thread } from './thread';
import type { Work } from './work';

/** Characters of a search. */
const SEARCH_CHARS_MIN = 2;

/** The calls of one tab. */
export class Calls implements Api {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  private get work(): Work {
    return this.#client.work;
  }

  server(): Promise<ServerInfo> {
    return this.#client.server();
  }

  counts(): Promise<Counts> {
    return Promise.resolve({ ...tally });
  }

  cast(): Promise<CastMember[]> {
    return this.#client.cast();
  }

  castCode(login: Id, email: string): Promise<string> {
    return this.#client.castCode(login, email);
  }

  resume(): Promise<Me | null> {
    return this.#client.resume();
  }

  signIn(email: string, password: string): ReturnType<Api['signIn']> {
    return this.#client.signIn(email, password);
  }

  resendCode(login: Id): ReturnType<Api['resendCode']> {
    return this.#client.resendCode(login);
  }

  confirmCode(login: Id, code: string, keep: boolean): Promise<Me> {
    return this.#client.confirmCode(login, code, keep);
  }

  register(input: Parameters<Api['register']>[0]): ReturnType<Api['register']> {
    return this.#client.register(input);
  }

  confirmRegistration(login: Id, code: string): ReturnType<Api['confirmRegistration']> {
    return this.#client.confirmRegistration(login, code);
  }

  recover(input: Parameters<Api['recover']>[0]): ReturnType<Api['recover']> {
    return this.#client.recover(input);
  }

  confirmRecovery(login: Id, code: string): ReturnType<Api['confirmRecovery']> {
    return this.#client.confirmRecovery(login, code);
  }

  signOut(): Promise<void> {
    return this.#client.signOut();
  }

  setLocale(locale: Locale): Promise<void> {
    return this.#client.setLocale(locale);
  }

  async focus(org: Id | null): Promise<void> {
    await this.work.focus(org);
  }

  moreRows(have: number): Promise<void> {
    return this.work.moreRows(have);
  }

  async searchPeople(query: string): Promise<{ people: PersonView[]; teams: TeamView[]; more: boolean }> {
    const { inside, names } = this.work;
    // The server takes no shorter one.
    if (Array.from(query.trim()).length < SEARCH_CHARS_MIN) return { people: [], teams: [], more: false };
    const org = inside.saved.org;
    const ask = org === null ? { query } : { query, org: unhex(org) };
    const found = await inside.rpc.call('Search', ask);
    for (const team of found.teams) names.putTeam(team);
    const people: PersonView[] = [];
    for (const card of found.people) {
      names.putPerson(card);
      people.push(await inside.alone(() => personView(inside, names, card)));
    }
    return { people, teams: found.teams.map(teamView), more: found.more };
  }

  /** Sixty digits of a hash over both identities: the same for both people. */
  async safetyNumber(user: Id): Promise<string> {
    const { inside } = this.work;
    const root = await inside.alone(async () => {
      await inside.book.refresh('user', user);
      return inside.book.chains.user(user)?.root ?? null;
    });
    if (root === null) throw local('notFound');
    return safetyNumber(inside.account.root, root);
  }

  async openThread(thread: Id): Promise<ThreadView> {
    const { work } = this;
    const invitation = work.views.invitation(thread);
    if (invitation) return invitation;
    const opened = await work.inside.alone(() => this.upToDate(thread));
    await work.nameAll(opened);
    work.background(this.readMarks(opened));
    return work.views.open(opened);
  }

  async older(thread: Id, before: number): Promise<{ entries: EntryView[]; older: boolean }> {
    const { inside, views } = this.work;
    return views.page(await inside.alone(() => haveThread(inside, thread)), before);
  }

  closeView(thread: Id): Promise<void> {
    this.work.views.close(thread);
    return Promise.resolve();
  }

  async createThread(input: NewThread): Promise<Id> {
    const { inside, names } = this.work;
    const clean = { ...input, title: input.title.trim().normalize('NFC'), text: input.text.normalize('NFC') };
    const id = await inside.alone(() => createThread(inside, names, clean));
    await inside.save();
    return id;
  }

  async send(thread: Id, text: string, files: NewFile[], replyTo: Id | null): Promise<Id> {
    const { inside, postbox } = this.work;
    const attachments: Attachment[] = [];
    const sealed: { id: Hex; bytes: Uint8Array }[] = [];
    for (const file of files) {
      const { attachment, bytes } = await sealFile(file);
      attachments.push(attachment);
      sealed.push({ id: attachment.blob, bytes });
    }
    let body: Uint8Array;
    try {
      body = encodeBody({ ...textBody(text.normalize('NFC')), attachments, replyTo });
    } catch (error) {
      throw ofContent(error);
    }
    const id = freshId();
    const blobs = attachments.map((file) => file.blob);
    await postbox.write({ id, thread, body, blobs, at: inside.now() }, sealed);
    return id;
  }

  retry(_thread: Id, draft: Id): Promise<void> {
    this.work.postbox.retry(draft);
    return Promise.resolve();
  }

  async discard(thread: Id, draft: Id): Promise<void> {
    const { postbox, views } = this.work;
    await postbox.discard(thread, draft);
    views.dropDrafts(thread, [draft]);
  }

  async markRead(thread: Id, n: number): Promise<void> {
    await this.work.markRead(thread, n);
  }

  async act(thread: Id, what: 'accept' | 'decline' | 'leave' | 'close'): Promise<void> {
    const { inside, views } = this.work;
    await inside.alone(() =>
      what === 'accept' || what === 'decline'
        ? answerInvitation(inside, thread, what)
        : act(inside, thread, (known) => leaveOrClose(inside, known, what)),
    );
    if (what === 'decline') views.gone(thread);
    else views.changed(thread);
    await inside.save();
  }

  async addParty(thread: Id, who: Pick<PartyView, 'id' | 'kind'>): Promise<'added' | 'invited'> {
    const { inside, names, views } = this.work;
    const how = await inside.alone(() => addParty(inside, names, thread, who));
    views.changed(thread);
    await inside.save();
    return how;
  }

  async removeParty(thread: Id, who: Pick<PartyView, 'id' | 'kind' | 'state'>): Promise<void> {
    const { inside, views } = this.work;
    await inside.alone(() => act(inside, thread, (known) => removeOrWithdraw(known, who, who.state)));
    views.changed(thread);
    await inside.save();
  }

  async download(thread: Id, file: Id): Promise<Blob> {
    const { inside } = this.work;
    const attachment = attachmentOf(await inside.alone(() => haveThread(inside, thread)), file);
    if (!attachment) throw local('notFound');
    const sealed = await inside.rpc.download(file, sealedSize(attachment.size));
    if (!sealed) throw hostile('H25');
    // What others sent is never a document of this page, whatever its sender calls it.
    return new Blob([await openFile(attachment, sealed)], { type: 'application/octet-stream' });
  }

  async sessions(): Promise<SessionInfo[]> {
    const { rpc, saved } = this.work.inside;
    const { sessions } = await rpc.call('ListSessions', {});
    const key = saved.deviceKey === undefined ? null : unhex(saved.deviceKey);
    return sessions.map((card) => ({
      session: hex(card.session),
      label: '',
      software: card.current ? this.#client.software : key && deviceSoftware(key, hex(card.device)),
      current: card.current,
      createdAt: card.opened,
      seenAt: card.seen,
    }));
  }

  async endSession(session: Id): Promise<void> {
    const { inside } = this.work;
    if (session === inside.saved.session) {
      await this.#client.signOut();
      return;
    }
    await inside.rpc.surely('RevokeSession', { idem: freshIdem(), session: unhex(session) });
  }

  async renewRecoveryCode(): Promise<string> {
    const { inside } = this.work;
    return inside.alone(() => renewRecoveryCode(inside));
  }

  async changePassword(old: string, next: string): Promise<string> {
    const { inside } = this.work;
    return inside.alone(() => changePassword(inside, this.#client.origin, old, next));
  }

  /** Offline, what was read before is shown. */
  private async upToDate(thread: Id): Promise<Thread> {
    const { inside } = this.work;
    const known = inside.threads.get(thread);
    try {
      return await syncThread(inside, thread);
    } catch (error) {
      const trouble = ofAny(error);
      if (known && trouble.isTransient) return known;
      if (!trouble.isHostile()) throw trouble;
      this.work.trouble(thread, trouble);
      const partly = inside.threads.get(thread);
      if (!partly || partly.messages.length === 0) throw trouble;
      return partly;
    }
  }

  private async readMarks(thread: Thread): Promise<void> {
    const { inside, views } = this.work;
    const { marks } = await inside.rpc.call('GetReads', { thread: unhex(thread.id) });
    for (const mark of marks) views.mark(thread.id, hex(mark.user), mark);
  }
}

function attachmentOf(thread: Thread, blob: Id): Attachment | null {
  for (const { content } of thread.messages) {
    const found =
      content.t === 'body' ? content.body.attachments.find((file) => file.blob === blob) : undefined;
    if (found) return found;
  }
  return null;
}
