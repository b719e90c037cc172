/**
 * The socket's driver: does what the connection core says.
 *
 * Not known here: what requests and entries say.
 */

import { begin, isLive, step, wake } from '../../core/link';
import type { CallResult, Effect, Input, LinkState, Tag } from '../../core/link';
import type { Clock } from '../../platform/clock';
import type { OpenSocket, Socket } from '../../platform/socket';
import { encodeControl } from '../../wire/codec';
import type { AnyRequest } from '../../wire/codec';
import { unhex } from '../../wire/bytes';
import type { Cursor, OrgCursor, OrgId } from '../../wire/gen/wire';
import { decodeMessage, encodeAny } from './frames';
import { hmacKey, proveHello } from './session';
import type { Credentials } from './session';

/** What the rest of the client is told, in order. */
export type LiveEvent = Extract<
  Effect,
  { t: 'online' | 'offline' | 'stopped' | 'entry' | 'resync' | 'caughtUp' | 'hint' | 'violation' }
>;

/** What a connection needs. */
export interface LiveParts {
  readonly open: OpenSocket;
  readonly clock: Clock;
  /** A random number in [0, 1). */
  readonly random: () => number;
  readonly credentials: Credentials;
  readonly org: OrgCursor | null;
  readonly personal: Cursor | null;
  readonly tell: (event: LiveEvent) => void;
  /** Keep these from now on. */
  readonly renewed: (credentials: Credentials) => void;
}

/** A connection that keeps itself up. */
export class Live {
  readonly #parts: LiveParts;
  #state: LinkState;
  #credentials: Credentials;
  #socket: Socket | null = null;
  #callOff: (() => void) | null = null;
  #nextToken = 1;
  readonly #inputs: Input[] = [];
  readonly #answers = new Map<number, (result: CallResult) => void>();

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#credentials = parts.credentials;
    const { session, kid, ticket } = parts.credentials;
    this.#state = begin(unhex(session), kid, ticket, parts.org, parts.personal);
  }

  /** Whether requests can be asked now. */
  get isLive(): boolean {
    return isLive(this.#state);
  }

  start(): void {
    this.give({ t: 'start' });
  }

  /** Ends the connection for good. */
  stop(): void {
    this.give({ t: 'stop' });
  }

  /** Asks; always answered, at the latest when the time for it is over. */
  call(request: AnyRequest): Promise<CallResult> {
    const token = this.#nextToken;
    this.#nextToken += 1;
    return new Promise((resolve) => {
      this.#answers.set(token, resolve);
      this.give({ t: 'call', token, request });
    });
  }

  applied(stream: Tag, run: number, seq: number): void {
    this.give({ t: 'applied', stream, run, seq });
  }

  notApplied(stream: Tag, run: number): void {
    this.give({ t: 'notApplied', stream, run });
  }

  follow(stream: Tag, run: number, cursor: Cursor): void {
    this.give({ t: 'follow', stream, run, cursor });
  }

  focus(org: OrgId | null, cursor: Cursor | null): void {
    this.give({ t: 'focus', org, cursor });
  }

  /** The network is back, by the browser's word. */
  hurry(): void {
    this.give({ t: 'hurry' });
  }

  /** The server answered over HTTP. */
  reached(): void {
    this.give({ t: 'reached' });
  }

  /** An input that an effect brings about comes after the effects before it. */
  private give(input: Input): void {
    this.#inputs.push(input);
    if (this.#inputs.length > 1) return;
    for (let next = this.#inputs[0]; next; next = this.#inputs[0]) {
      const env = { now: this.#parts.clock.steady(), jitter: this.#parts.random() };
      const { state, effects } = step(this.#state, env, next);
      this.#state = state;
      for (const effect of effects) this.act(effect);
      this.#inputs.shift();
    }
    this.schedule();
  }

  private schedule(): void {
    this.#callOff?.();
    this.#callOff = null;
    const at = wake(this.#state);
    if (at === null) return;
    const ms = Math.max(0, at - this.#parts.clock.steady());
    this.#callOff = this.#parts.clock.after(ms, () => {
      this.give({ t: 'timeout' });
    });
  }

  private act(effect: Effect): void {
    switch (effect.t) {
      case 'connect':
        this.connect(effect.conn);
        break;
      case 'prove':
        void this.prove(effect);
        break;
      case 'sendControl':
        this.#socket?.send(encodeControl(effect.control));
        break;
      case 'sendRequest':
        this.#socket?.send(encodeAny(effect.request, effect.id));
        break;
      case 'disconnect':
        this.hangUp();
        break;
      case 'reply': {
        const answer = this.#answers.get(effect.token);
        this.#answers.delete(effect.token);
        answer?.(effect.result);
        break;
      }
      case 'ticket':
        this.renew({ ...this.#credentials, ticket: effect.ticket });
        break;
      case 'rekey':
        void hmacKey(effect.key.key).then((key) => {
          this.renew({ ...this.#credentials, kid: effect.key.kid, key });
        });
        break;
      default:
        this.#parts.tell(effect);
    }
  }

  private renew(credentials: Credentials): void {
    this.#credentials = credentials;
    this.#parts.renewed(credentials);
  }

  private connect(conn: number): void {
    this.hangUp();
    const gone = (): void => {
      this.give({ t: 'closed', conn, code: null, reason: '' });
    };
    try {
      this.#socket = this.#parts.open({
        opened: () => {
          this.give({ t: 'opened', conn });
        },
        message: (bytes) => {
          this.give({ t: 'received', conn, message: decodeMessage(bytes) });
        },
        closed: (code, reason) => {
          this.#socket = null;
          this.give({ t: 'closed', conn, code, reason });
        },
      });
    } catch {
      // The browser refuses the address; reported after the effects under way.
      this.#parts.clock.after(0, gone);
    }
  }

  private hangUp(): void {
    this.#socket?.close();
    this.#socket = null;
  }

  private async prove({ conn, nonce, session }: Extract<Effect, { t: 'prove' }>): Promise<void> {
    try {
      const proved = await proveHello(this.#credentials, nonce, session);
      this.give({ t: 'proved', conn, session: proved });
    } catch {
      this.give({ t: 'closed', conn, code: null, reason: '' });
    }
  }
}
