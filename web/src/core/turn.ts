/**
 * One step of the connection: a private copy of the state is worked on and given back.
 *
 * Not known here: anything outside the state and the input; see `link.ts` for the contract.
 */

import type { AnyControl, AnyRequest } from '../wire/codec';
import { CLOSE_CODE, LIMITS } from '../wire/gen/wire';
import type {
  Cursor,
  HelloSession,
  OrgCursor,
  OrgId,
  SessionId,
  StreamPage,
  Welcome,
} from '../wire/gen/wire';
import { backoffMs } from './backoff';
import type { AnyReply, Incoming } from './incoming';
import {
  CALLS_WAITING_MAX,
  CALL_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  DICTATED_DELAY_MAX_MS,
  IN_FLIGHT_DEFAULT,
  PONG_INTERVAL_MS,
  REACHED_INTERVAL_MS,
  SILENCE_MS,
  STABLE_MS,
} from './limits';
import type {
  Asked,
  CallError,
  Effect,
  Env,
  Input,
  LinkState,
  Pending,
  Phase,
  Step,
  StopReason,
  Tag,
  Violation,
} from './link';
import * as streams from './stream';
import type { Stream } from './stream';

/** A connection that has not been started. Cursors are those of what was applied durably. */
export function begin(
  session: SessionId,
  kid: number,
  ticket: Uint8Array | null,
  org: OrgCursor | null,
  personal: Cursor | null,
): LinkState {
  return {
    phase: { t: 'stopped' },
    conn: 0,
    session,
    kid,
    ticket,
    ticketRefused: false,
    attempts: 0,
    reachedAt: -Infinity,
    org: org && streams.follow(org.org, org.cursor ?? null, 1),
    personal: streams.follow(null, personal, 1),
    nextRun: 2,
    named: null,
    inFlight: IN_FLIGHT_DEFAULT,
    nextId: 1,
    pending: new Map(),
    waiting: [],
    pongSent: 0,
    pongDue: false,
  };
}

/** Whether requests can be asked now. */
export function isLive(state: LinkState): boolean {
  return state.phase.t === 'live';
}

/** When to give `timeout` next; null: not before another input. */
export function wake(state: LinkState): number | null {
  const times: number[] = [];
  const { phase } = state;
  if (phase.t === 'waiting') times.push(phase.until);
  else if (phase.t === 'live') times.push(phase.heard + SILENCE_MS);
  else if (phase.t !== 'stopped') times.push(phase.deadline);
  for (const pending of state.pending.values()) times.push(pending.deadline);
  if (state.pongDue && isLive(state)) times.push(state.pongSent + PONG_INTERVAL_MS);
  return times.length === 0 ? null : Math.min(...times);
}

/** Takes one input. */
export function step(state: LinkState, env: Env, input: Input): Step {
  const turn = new Turn(state, env);
  turn.take(input);
  return { state: turn.finish(), effects: turn.effects };
}

type Draft = { -readonly [K in keyof LinkState]: LinkState[K] };

const sameId = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((byte, at) => byte === b[at]));

class Turn {
  readonly effects: Effect[] = [];
  private readonly env: Env;
  private readonly state: Draft;
  private readonly pending: Map<number, Pending>;

  constructor(state: LinkState, env: Env) {
    this.env = env;
    this.state = { ...state };
    this.pending = new Map(state.pending);
  }

  take(input: Input): void {
    switch (input.t) {
      case 'start':
        if (this.state.phase.t === 'stopped') this.connect();
        break;
      case 'stop':
        this.stop({ t: 'asked' });
        break;
      case 'opened':
        if (this.isCurrent(input.conn) && this.state.phase.t === 'connecting') {
          this.state.phase = { t: 'greeting', deadline: this.state.phase.deadline };
        }
        break;
      case 'received':
        if (this.isCurrent(input.conn)) this.received(input.message);
        break;
      case 'closed':
        if (this.isCurrent(input.conn)) this.closed(input.code, input.reason);
        break;
      case 'proved':
        if (this.isCurrent(input.conn)) this.proved(input.session);
        break;
      case 'call':
        this.call(input.token, input.request);
        break;
      case 'applied':
        this.applied(input.stream, input.run, input.seq);
        break;
      case 'notApplied':
        this.update(input.stream, (stream) => streams.dropHandedOut(stream, input.run));
        break;
      case 'follow':
        this.follow(input.stream, input.run, input.cursor);
        break;
      case 'focus':
        this.focus(input.org, input.cursor);
        break;
      case 'hurry':
        if (this.state.phase.t === 'waiting') this.state.phase = { ...this.state.phase, until: this.env.now };
        break;
      case 'reached':
        this.reached();
        break;
      case 'timeout':
        break;
    }
  }

  finish(): LinkState {
    this.timers();
    this.askForGaps();
    this.sendWaiting();
    this.handOut();
    return { ...this.state, pending: this.pending };
  }

  /** What a socket given up earlier still says is nobody's business. */
  private isCurrent(conn: number): boolean {
    return conn === this.state.conn && this.state.phase.t !== 'stopped' && this.state.phase.t !== 'waiting';
  }

  private timers(): void {
    const { now } = this.env;
    const { phase } = this.state;
    if (phase.t === 'waiting') {
      if (now >= phase.until) this.connect();
    } else if (phase.t === 'live') {
      if (now >= phase.heard + SILENCE_MS) this.giveUp();
    } else if (phase.t !== 'stopped' && now >= phase.deadline) {
      this.giveUp();
    }
    for (const [id, pending] of [...this.pending]) {
      if (now < pending.deadline) continue;
      // Without the answer to a switch nobody knows which stream the entries belong to.
      if (pending.asked.t === 'follow') {
        this.giveUp();
        return;
      }
      this.pending.delete(id);
      this.unanswered(pending.asked, { t: 'lost' });
    }
    if (this.state.pongDue && this.isLive() && now >= this.state.pongSent + PONG_INTERVAL_MS) this.pong();
  }

  private connect(): void {
    this.state.conn += 1;
    this.state.phase = { t: 'connecting', deadline: this.env.now + CONNECT_TIMEOUT_MS };
    this.effects.push({ t: 'connect', conn: this.state.conn });
  }

  private stop(why: StopReason): void {
    const { phase } = this.state;
    if (phase.t !== 'stopped' && phase.t !== 'waiting') this.effects.push({ t: 'disconnect' });
    this.state.phase = { t: 'stopped' };
    this.dropConnection();
    this.effects.push({ t: 'stopped', why });
  }

  /** Closes a connection that does not work and comes back later. */
  private giveUp(): void {
    this.effects.push({ t: 'disconnect' });
    this.closed(null, '');
  }

  private violation(what: Violation): void {
    this.effects.push({ t: 'violation', what });
    this.giveUp();
  }

  private closed(wsCode: number | null, reason: string): void {
    const { phase } = this.state;
    if (phase.t === 'stopped' || phase.t === 'waiting') return;
    if (phase.t === 'live' && this.env.now - phase.since >= STABLE_MS) this.state.attempts = 0;
    this.dropConnection();
    // Codes of the WebSocket protocol itself (below 4000) are network weather.
    const code = wsCode !== null && wsCode >= 4000 && wsCode < 5000 ? wsCode : null;
    if (code === CLOSE_CODE.AuthFailed && this.state.ticket !== null && !this.state.ticketRefused) {
      this.state.ticketRefused = true;
      this.state.ticket = null;
      this.effects.push({ t: 'ticket', ticket: null });
    } else if (code !== null && code >= 4500) {
      this.state.phase = { t: 'stopped' };
      this.effects.push({ t: 'stopped', why: { t: 'closed', code } });
      return;
    }
    const dictated = code !== null && /^\s*\d{1,15}\s*$/.test(reason) ? Number(reason) : null;
    const retryIn =
      dictated === null
        ? backoffMs(this.state.attempts, this.env.jitter)
        : Math.min(dictated, DICTATED_DELAY_MAX_MS);
    if (dictated === null) this.state.attempts += 1;
    this.state.phase = { t: 'waiting', until: this.env.now + retryIn, dictated: dictated !== null };
    this.effects.push({ t: 'offline', retryIn });
  }

  /** Not at once all the same: a ward's clients are answered at the same moment. */
  private reached(): void {
    const { now, jitter } = this.env;
    const { phase } = this.state;
    if (phase.t !== 'waiting' || phase.dictated || now < this.state.reachedAt + REACHED_INTERVAL_MS) return;
    this.state.reachedAt = now;
    this.state.phase = { ...phase, until: Math.min(phase.until, now + backoffMs(0, jitter)) };
  }

  private dropConnection(): void {
    this.state.org = this.state.org && streams.rewind(this.state.org);
    this.state.personal = streams.rewind(this.state.personal);
    for (const pending of this.pending.values()) this.unanswered(pending.asked, { t: 'lost' });
    this.pending.clear();
    for (const call of this.state.waiting) this.reply(call.token, { t: 'notSent' });
    this.state.waiting = [];
    this.state.pongDue = false;
  }

  private unanswered(asked: Asked, error: CallError): void {
    if (asked.t === 'caller') this.reply(asked.token, error);
  }

  private reply(token: number, error: CallError): void {
    this.effects.push({ t: 'reply', token, result: { ok: false, error } });
  }

  private received(message: Incoming): void {
    if (message.class === 'malformed' || message.class === 'outOfPlace') {
      this.violation(message.class);
      return;
    }
    const { phase } = this.state;
    if (phase.t === 'live') this.state.phase = { ...phase, heard: this.env.now };
    if (message.class === 'control') this.control(message.control);
    else if (message.class === 'event') this.event(message.stream, message.id, message.kind, message.body);
    else if (message.class === 'reply') this.answered(message.id, message.reply);
  }

  private control(control: AnyControl): void {
    const { phase } = this.state;
    if (control.t === 'Greeting' && phase.t === 'greeting') {
      this.state.phase = { t: 'proving', deadline: phase.deadline };
      this.hello(control.body.nonce);
    } else if (control.t === 'Welcome' && phase.t === 'welcome') {
      this.welcome(control.body);
    } else if (control.t === 'Ping' && phase.t === 'live') {
      this.told('personal', control.body.personal);
      if (control.body.org !== undefined && !this.isSwitching('org')) this.told('org', control.body.org);
      this.pong();
    } else if (control.t === 'CaughtUp' && phase.t === 'live') {
      const { stream, seq } = control.body;
      if (this.isSwitching(stream) || this.stream(stream) === null) return;
      this.update(stream, (known) => streams.toldCaughtUp(known, seq));
      this.effects.push({ t: 'caughtUp', stream });
    } else if (control.t === 'Resync' && phase.t === 'live') {
      const { stream: tag, reason } = control.body;
      if (this.isSwitching(tag)) return;
      if (this.stream(tag) === null) {
        this.violation('outOfPlace');
        return;
      }
      this.update(tag, streams.forget);
      const forgotten = this.stream(tag);
      if (forgotten)
        this.effects.push({ t: 'resync', stream: tag, run: forgotten.run, org: forgotten.org, reason });
    } else {
      this.violation('outOfPlace');
    }
  }

  private hello(nonce: Uint8Array): void {
    const { org, personal, ticket } = this.state;
    const session: HelloSession = {
      session: this.state.session,
      kid: this.state.kid,
      proof: new Uint8Array(0),
    };
    if (ticket) session.ticket = ticket;
    if (org?.org) session.org = org.applied ? { org: org.org, cursor: org.applied } : { org: org.org };
    if (personal.applied) session.personal = personal.applied;
    this.state.named = org?.org ?? null;
    this.effects.push({ t: 'prove', conn: this.state.conn, nonce, session });
  }

  private proved(session: HelloSession): void {
    const { phase } = this.state;
    if (phase.t !== 'proving') return;
    this.state.phase = { t: 'welcome', deadline: phase.deadline };
    this.effects.push({ t: 'sendControl', control: { t: 'Hello', body: { session } } });
  }

  private welcome(welcome: Welcome): void {
    this.state.phase = { t: 'live', since: this.env.now, heard: this.env.now };
    this.state.pongSent = this.env.now;
    this.state.ticketRefused = false;
    this.state.inFlight = Math.max(
      1,
      Math.min(welcome.limits.requests_in_flight, LIMITS.REQUESTS_IN_FLIGHT_MAX),
    );
    if (welcome.ticket) {
      this.state.ticket = welcome.ticket;
      this.effects.push({ t: 'ticket', ticket: welcome.ticket });
    }
    if (welcome.rekey) {
      this.state.kid = welcome.rekey.kid;
      this.effects.push({ t: 'rekey', key: welcome.rekey });
    }
    this.effects.push({ t: 'online', epoch: welcome.epoch, now: welcome.now });
    const org = this.state.org?.org ?? null;
    // The focus moved on after the `Hello` had gone.
    if (!sameId(org, this.state.named)) this.focus(org, this.state.org?.applied ?? null);
  }

  private pong(): void {
    this.state.pongDue = false;
    this.state.pongSent = this.env.now;
    const org = this.state.org?.applied?.seq;
    const personal = this.state.personal.applied?.seq ?? 0;
    const body = org === undefined ? { personal } : { org, personal };
    this.effects.push({ t: 'sendControl', control: { t: 'Pong', body } });
  }

  private event(tag: Tag | null, seq: number, kind: number, body: Uint8Array): void {
    if (!this.isLive()) {
      this.violation('outOfPlace');
      return;
    }
    if (tag === null) {
      this.effects.push({ t: 'hint', kind, body });
      return;
    }
    if (this.isSwitching(tag)) return;
    if (this.stream(tag) === null) {
      this.violation('outOfPlace');
      return;
    }
    this.update(tag, (stream) => streams.receive(stream, { seq, kind, body }));
  }

  private answered(id: number, reply: AnyReply): void {
    const pending = this.pending.get(id);
    if (!pending) return; // given up before the answer came
    this.pending.delete(id);
    const { asked } = pending;
    const fits = reply.name === pending.name;
    const answer = fits && reply.ok ? reply.answer : null;
    const refusal = fits && !reply.ok ? reply.refusal : null;
    if (asked.t === 'caller') {
      if (answer) this.effects.push({ t: 'reply', token: asked.token, result: { ok: true, answer } });
      else this.reply(asked.token, refusal ? { t: 'refused', refusal } : { t: 'undecodable' });
    } else if (asked.t === 'pull') {
      // Otherwise the cursor is no longer served, or the connection is going: the next `Hello` tells which.
      if (answer?.t === 'Pull') this.pulled(asked.stream, answer.answer);
      else this.giveUp();
    } else if (answer?.t === 'Focus' || answer?.t === 'FollowPersonal') {
      this.told(asked.stream, answer.answer.head);
    } else if (!(refusal && this.isSwitching(asked.stream))) {
      // Not an older switch that a newer one has overtaken.
      this.giveUp();
    }
  }

  private pulled(tag: Tag, page: StreamPage): void {
    const stream = this.stream(tag);
    if (stream === null) return;
    const next = streams.receivePage(stream, page.entries, page.head);
    if (next === null) this.violation('streamHole');
    else this.update(tag, () => next);
  }

  private call(token: number, request: AnyRequest): void {
    if (this.state.waiting.length >= CALLS_WAITING_MAX || !this.isLive()) {
      this.reply(token, { t: 'notSent' });
      return;
    }
    this.state.waiting = [...this.state.waiting, { token, request }];
  }

  private sendWaiting(): void {
    while (this.isLive() && this.pending.size < this.state.inFlight) {
      const [first, ...rest] = this.state.waiting;
      if (!first) return;
      this.state.waiting = rest;
      this.ask({ t: 'caller', token: first.token }, first.request);
    }
  }

  private ask(asked: Asked, request: AnyRequest): void {
    const id = this.state.nextId;
    this.state.nextId += 1;
    this.pending.set(id, { asked, name: request.t, deadline: this.env.now + CALL_TIMEOUT_MS });
    this.effects.push({ t: 'sendRequest', id, request });
  }

  private askForGaps(): void {
    if (!this.isLive()) return;
    for (const tag of ['org', 'personal'] as const) {
      const stream = this.stream(tag);
      if (stream === null || this.isAsked('pull', tag)) continue;
      const after = streams.wantsPull(stream);
      if (after === null) continue;
      const pull = { after, max: LIMITS.PAGE_ENTRIES_MAX };
      const body = stream.org ? { org: stream.org, ...pull } : pull;
      this.ask({ t: 'pull', stream: tag }, { t: 'Pull', body });
    }
  }

  private handOut(): void {
    for (const tag of ['org', 'personal'] as const) {
      const known = this.stream(tag);
      if (known === null) continue;
      const { stream, entries } = streams.handOut(known);
      this.update(tag, () => stream);
      for (const raw of entries) this.effects.push({ t: 'entry', stream: tag, run: stream.run, ...raw });
    }
  }

  private applied(tag: Tag, run: number, seq: number): void {
    const before = this.stream(tag)?.applied;
    this.update(tag, (stream) => streams.applied(stream, run, seq));
    if (this.stream(tag)?.applied !== before) this.state.pongDue = true;
  }

  private follow(tag: Tag, run: number, cursor: Cursor): void {
    const stream = this.stream(tag);
    // A snapshot for a focus that has moved on meanwhile.
    if (stream === null || stream.run !== run) return;
    this.forgetPulls(tag);
    this.update(tag, (known) => streams.restart(known, cursor));
    if (!this.isLive()) return;
    if (tag === 'personal') this.ask({ t: 'follow', stream: tag }, { t: 'FollowPersonal', body: { cursor } });
    else if (stream.org)
      this.ask({ t: 'follow', stream: tag }, { t: 'Focus', body: { org: stream.org, cursor } });
  }

  private focus(org: OrgId | null, cursor: Cursor | null): void {
    const run = (this.state.org?.run ?? this.state.nextRun) + 1;
    this.state.nextRun = run + 1;
    this.state.org = org && streams.follow(org, cursor, run);
    this.forgetPulls('org');
    if (!this.isLive()) return; // the next `Hello` names it, or `Welcome` finds that it was named too late
    if (org !== null && cursor === null) {
      this.effects.push({ t: 'resync', stream: 'org', run, org, reason: 'no_cursor' });
      return;
    }
    const body = org === null ? {} : cursor === null ? { org } : { org, cursor };
    this.ask({ t: 'follow', stream: 'org' }, { t: 'Focus', body });
  }

  /** A page of where the stream was before has no place where it is now. */
  private forgetPulls(tag: Tag): void {
    for (const [id, { asked }] of [...this.pending]) {
      if (asked.t === 'pull' && asked.stream === tag) this.pending.delete(id);
    }
  }

  /** Whether the answer to a switch of this stream is awaited: what comes until then is the old one's. */
  private isSwitching(tag: Tag): boolean {
    return this.isAsked('follow', tag);
  }

  private isAsked(what: 'pull' | 'follow', tag: Tag): boolean {
    return [...this.pending.values()].some(({ asked }) => asked.t === what && asked.stream === tag);
  }

  private isLive(): boolean {
    const phase: Phase = this.state.phase;
    return phase.t === 'live';
  }

  private stream(tag: Tag): Stream | null {
    return tag === 'org' ? this.state.org : this.state.personal;
  }

  private told(tag: Tag, head: number): void {
    this.update(tag, (stream) => streams.toldHead(stream, head));
  }

  private update(tag: Tag, change: (stream: Stream) => Stream): void {
    if (tag === 'personal') this.state.personal = change(this.state.personal);
    else if (this.state.org) this.state.org = change(this.state.org);
  }
}
