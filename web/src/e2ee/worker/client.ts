/**
 * The client of one tab: nobody signed in, or one account with its connection, outbox and views.
 *
 * Not known here: the worker and the page; see `api.ts` for what each call promises.
 */

import type { Clock } from '../../platform/clock';
import type { Http } from '../../platform/http';
import type { Store } from '../../platform/idb';
import type { Locks } from '../../platform/locks';
import { memoryStore } from '../../platform/memory';
import type { OpenSocket } from '../../platform/socket';
import { unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import { ERROR_CODE } from '../../wire/gen/wire';
import type { CastMember, Locale, Me, Note, ServerInfo, Software } from '../api';
import {
  codeTimes,
  finishLogin,
  finishRegistration,
  meet,
  reopen,
  serverInfo,
  startLogin,
  startRegistration,
} from './enter';
import type { Entered, Pending, Who } from './enter';
import { Trouble, local, ofAny } from './errors';
import { decodeSaved } from './inside';
import type { Saved } from './inside';
import { Keep } from './keep';
import { freshIdem } from './outgoing';
import { finishRecovery, startRecovery } from './recover';
import { Rpc } from './rpc';
import { Work } from './work';

/** What the platform gives. */
export interface Platform {
  readonly origin: string;
  /** Names this tab over a reload. */
  readonly tab: string;
  readonly http: Http;
  readonly open: OpenSocket;
  readonly clock: Clock;
  readonly store: Store;
  readonly locks: Locks;
  /** A random number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The browser this runs in. */
  readonly software: Software;
  readonly post: (note: Note) => void;
}

/** Milliseconds between two looks for the caught mail of a demonstration, and how many there are. */
const MAIL_LOOK_MS = 100;
const MAIL_LOOKS_MAX = 100;

/** The client of one tab. */
export class Client {
  readonly #platform: Platform;
  readonly #rpc: Rpc;
  readonly #pending = new Map<Hex, Pending>();
  #locale: Locale = 'fr';
  #work: Work | null = null;
  /** Gives the session's lead to another tab. */
  #release: (() => void) | null = null;
  readonly #stopWaiting = new AbortController();

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#rpc = new Rpc(platform.http, platform.clock);
  }

  /** What is done once signed in. Fails with `notSignedIn`, or `otherTab` where another tab leads. */
  get work(): Work {
    if (!this.#work) throw local('notSignedIn');
    if (!this.#release) throw local('otherTab');
    return this.#work;
  }

  /** The address that passwords are bound to. */
  get origin(): string {
    return this.#platform.origin;
  }

  get software(): Software {
    return this.#platform.software;
  }

  async server(): Promise<ServerInfo> {
    const card = await this.#rpc.call('GetServer', {});
    this.#platform.clock.told(card.now);
    return serverInfo(card);
  }

  async cast(): Promise<CastMember[]> {
    const page = await this.#rpc.page('/dev/cast');
    if (page === null) return [];
    try {
      return (JSON.parse(page) as unknown[]).filter(isCastMember);
    } catch {
      return [];
    }
  }

  /** The code in the newest mail to an address since the sign-in began. */
  async castCode(login: Hex, email: string): Promise<string> {
    if (!this.#pending.has(login)) throw local('notFound');
    for (let look = 0; look < MAIL_LOOKS_MAX; look += 1) {
      const page = await this.#rpc.page(`/dev/mail?to=${encodeURIComponent(email)}`);
      if (page === null) throw local('notPossible');
      const code = newestCode(page, this.#mails.get(login) ?? 0);
      if (code !== null) return code;
      await new Promise<void>((resolve) => {
        this.#platform.clock.after(MAIL_LOOK_MS, resolve);
      });
    }
    throw local('notFound');
  }

  /** Number of the newest caught mail before each sign-in of a demonstration. */
  readonly #mails = new Map<Hex, number>();

  private async newestMail(card: ServerInfo, email: string): Promise<number> {
    if (!card.demo) return 0;
    const page = await this.#rpc.page(`/dev/mail?to=${encodeURIComponent(email)}`);
    return page === null ? 0 : Math.max(0, ...mailsOf(page).map((mail) => mail.number));
  }

  async resume(): Promise<Me | null> {
    const { store, clock, tab, origin } = this.#platform;
    if (this.#work) return this.#work.me();
    let kept;
    try {
      kept = await Keep.resume(store, clock, tab);
    } catch (error) {
      // A browser that refuses storage kept nothing.
      if (ofAny(error).isLocal('storage')) return null;
      throw error;
    }
    if (!kept) return null;
    const saved = decodeSaved(kept.state);
    this.#locale = saved.locale;
    try {
      const account = await reopen(this.#rpc, origin, saved, kept.proofKey);
      return await this.begin({ account, saved }, kept.keep);
    } catch (error) {
      const ended = sessionEnded(error);
      const isUseless = ofAny(error).isLocal('otherPassword');
      // What cannot be opened any more stands in the way of signing in, and its session need not stay open.
      if (isUseless) await this.revoke(saved).catch(() => undefined);
      if (ended || isUseless) await kept.keep.forget();
      this.#rpc.credentials = null;
      if (ended) return null;
      throw error;
    }
  }

  async signIn(email: string, password: string): Promise<{ login: Hex; until: number; resendAt: number }> {
    const who = await this.who(email, '');
    const before = await this.newestMail(serverInfo(who.card), email);
    const started = await startLogin(this.#rpc, who, password);
    this.#mails.set(started.login, before);
    return this.started(started);
  }

  async resendCode(login: Hex): Promise<{ resendAt: number }> {
    const sent = await this.#rpc.call('ResendCode', { login: unhex(login) });
    return { resendAt: codeTimes(this.#rpc, sent.resend_after).resendAt };
  }

  async confirmCode(login: Hex, code: string, keep: boolean): Promise<Me> {
    const pending = this.#pending.get(login);
    if (pending?.t !== 'login') throw local('notFound');
    const entered = await finishLogin(this.#rpc, login, pending, code.trim());
    return this.enter(login, entered, keep);
  }

  async register(input: {
    email: string;
    name: string;
    password: string;
    locale: Locale;
    invitation: string | null;
  }): Promise<{ login: Hex; until: number; resendAt: number }> {
    this.#locale = input.locale;
    const who = await this.who(input.email, input.name);
    const before = await this.newestMail(serverInfo(who.card), input.email);
    const started = await startRegistration(this.#rpc, who, input.password, input.invitation);
    this.#mails.set(started.login, before);
    return this.started(started);
  }

  async confirmRegistration(login: Hex, code: string): Promise<{ me: Me | null; recoveryCode: string }> {
    const pending = this.#pending.get(login);
    if (pending?.t !== 'register') throw local('notFound');
    const { recoveryCode, ...entered } = await finishRegistration(this.#rpc, login, pending, code.trim());
    return { me: await this.enterIfPossible(login, entered), recoveryCode };
  }

  async recover(input: {
    email: string;
    recoveryCode: string;
    newPassword: string;
  }): Promise<{ login: Hex; until: number; resendAt: number }> {
    const who = await this.who(input.email, '');
    const before = await this.newestMail(serverInfo(who.card), input.email);
    const started = await startRecovery(this.#rpc, who, input.recoveryCode, input.newPassword);
    this.#mails.set(started.login, before);
    return this.started(started);
  }

  async confirmRecovery(login: Hex, code: string): Promise<{ me: Me | null; recoveryCode: string }> {
    const pending = this.#pending.get(login);
    if (pending?.t !== 'recover') throw local('notFound');
    const { recoveryCode, ...entered } = await finishRecovery(this.#rpc, login, pending, code.trim());
    return { me: await this.enterIfPossible(login, entered), recoveryCode };
  }

  async signOut(): Promise<void> {
    const work = this.#work;
    if (!work) return;
    try {
      await this.revoke(work.inside.saved);
    } catch (error) {
      // Offline: the keys go all the same, and the session ends by its time.
      if (!(error instanceof Trouble) || !error.isTransient) throw error;
    }
    await this.leave();
    this.#platform.post({ t: 'signedOut', why: null });
  }

  private async revoke({ session }: Saved): Promise<void> {
    await this.#rpc.call('RevokeSession', { idem: freshIdem(), session: unhex(session) });
  }

  async setLocale(locale: Locale): Promise<void> {
    this.#locale = locale;
    if (!this.#work) return;
    this.#work.inside.saved.locale = locale;
    await this.#work.inside.save();
  }

  /** The network is back, or the page is shown again. */
  hurry(): void {
    this.#work?.hurry();
  }

  /** Ends the connection; everything applied is kept. */
  close(): void {
    this.#stopWaiting.abort();
    this.#work?.close();
    this.#release?.();
  }

  private async who(email: string, name: string): Promise<Who> {
    if (this.#work) throw local('notPossible');
    const card = await meet(this.#rpc, this.#platform.origin);
    const { software } = this;
    return { email: email.trim(), name: name.trim().normalize('NFC'), locale: this.#locale, card, software };
  }

  private started(started: { login: Hex; resendAfter: number; pending: Pending }): {
    login: Hex;
    until: number;
    resendAt: number;
  } {
    this.#pending.set(started.login, started.pending);
    return { login: started.login, ...codeTimes(this.#rpc, started.resendAfter) };
  }

  private async enter(login: Hex, entered: Entered, keep: boolean): Promise<Me> {
    this.#pending.clear();
    this.#mails.delete(login);
    const { store, clock, tab } = this.#platform;
    const { session } = entered.saved;
    let kept: Keep;
    try {
      kept = await Keep.begin(keep ? store : memoryStore(), clock, tab, session);
    } catch (error) {
      // It works without; the page says that nothing outlives it.
      this.#platform.post({ t: 'alarm', thread: null, why: ofAny(error).failure });
      kept = await Keep.begin(memoryStore(), clock, tab, session);
    }
    return this.begin(entered, kept);
  }

  /** The account is what it is now, whether or not one comes in: its new recovery code must be seen. */
  private async enterIfPossible(login: Hex, entered: Entered): Promise<Me | null> {
    try {
      return await this.enter(login, entered, true);
    } catch (error) {
      await this.ended(ofAny(error)).catch(() => undefined);
      return null;
    }
  }

  private async begin({ account, saved }: Entered, keep: Keep): Promise<Me> {
    const named = saved.name === '' ? await this.named(saved) : saved;
    const work = await Work.open(this.#platform, this.#rpc, account, named, keep, (why) => this.ended(why));
    this.#work = work;
    this.#release = await this.#platform.locks.tryTake(lockOf(named));
    if (this.#release) await work.start();
    else this.waitForLead(work, named);
    return work.me();
  }

  /** Another tab leads this session: this one says so and goes on when the other is closed. */
  private waitForLead(work: Work, saved: Saved): void {
    this.#platform.post({ t: 'link', link: { state: 'stopped', why: { kind: 'local', code: 'otherTab' } } });
    const { locks, post } = this.#platform;
    locks
      .take(lockOf(saved), this.#stopWaiting.signal)
      .then(async (release) => {
        this.#release = release;
        await work.reload();
        await work.start();
      })
      .catch((error: unknown) => {
        if (!this.#stopWaiting.signal.aborted)
          post({ t: 'link', link: { state: 'stopped', why: ofAny(error).failure } });
      });
  }

  private async named(saved: Saved): Promise<Saved> {
    const card = await this.#rpc.call('GetPerson', { user: unhex(saved.user) });
    return { ...saved, name: card.name };
  }

  /** The server ended the session. */
  private async ended(why: Trouble): Promise<void> {
    try {
      await this.leave();
    } finally {
      this.#platform.post({ t: 'signedOut', why: why.failure });
    }
  }

  private async leave(): Promise<void> {
    const work = this.#work;
    this.#work = null;
    this.#rpc.credentials = null;
    this.#rpc.live = null;
    work?.close();
    this.#release?.();
    this.#release = null;
    await work?.inside.keep.forget();
  }
}

const lockOf = (saved: Saved): string => `relais ${saved.session}`;

/** Whether the server does not know the session any more. */
function sessionEnded(error: unknown): boolean {
  const code = error instanceof Trouble ? error.refusal?.code : undefined;
  return (
    code === ERROR_CODE.Unauthenticated || code === ERROR_CODE.SessionExpired || code === ERROR_CODE.Revoked
  );
}

interface Mail {
  readonly number: number;
  readonly code: string | null;
}

function mailsOf(page: string): Mail[] {
  try {
    return (JSON.parse(page) as { number?: unknown; code?: unknown }[]).flatMap(({ number, code }) =>
      typeof number === 'number' ? [{ number, code: typeof code === 'string' ? code : null }] : [],
    );
  } catch {
    return [];
  }
}

function newestCode(page: string, after: number): string | null {
  const fresh = mailsOf(page).filter((mail) => mail.number > after && mail.code !== null);
  return fresh.sort((a, b) => b.number - a.number)[0]?.code ?? null;
}

function isCastMember(value: unknown): value is CastMember {
  if (typeof value !== 'object' || value === null) return false;
  const { what, name, email, password } = value as Record<string, unknown>;
  const words = typeof what === 'object' && what !== null && 'fr' in what && 'en' in what;
  return words && [name, email, password].every((field) => typeof field === 'string');
}
