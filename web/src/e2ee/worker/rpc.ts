/**
 * One way to ask: over the socket where it is live and the question fits, over HTTP otherwise.
 *
 * Not known here: what is asked.
 */

import { ASK_PAUSE_MAX_MS, CALL_TIMEOUT_MS, SOCKET_REQUEST_BYTES } from '../../core/limits';
import { askAgainIn } from '../../core/requests';
import { pause } from '../../platform/clock';
import type { Clock } from '../../platform/clock';
import type { Exchange, Http } from '../../platform/http';
import { hex } from '../../wire/bytes';
import { decodeReply, parseFrame } from '../../wire/codec';
import type { Answer, CallBody, CallName, Reply } from '../../wire/codec';
import { LIMITS } from '../../wire/gen/wire';
import type { BlobCard } from '../../wire/gen/wire';
import { Trouble, local, ofCall, offline, refused } from './errors';
import { encodeAny, requestOf } from './frames';
import type { Live } from './live';
import { proveHttp, sha256 } from './session';
import type { Credentials } from './session';

const RPC_PATH = '/api/v1/rpc';
const HASH_HEADER = 'relais-sha256';

/** Times that a request with an idempotency key is asked again, and milliseconds more between each two. */
const SURE_TRIES_MAX = 20;
const SURE_PAUSE_MS = 100;

/** Milliseconds for the bytes of a file. */
const FILE_TIMEOUT_MS = 600_000;

/** Asks one server, as one session or as nobody. */
export class Rpc {
  readonly #http: Http;
  readonly clock: Clock;
  /** The session that requests are proved with; null: nobody is signed in. */
  credentials: Credentials | null = null;
  /** The connection, where there is one. */
  live: Live | null = null;

  constructor(http: Http, clock: Clock) {
    this.#http = http;
    this.clock = clock;
  }

  /** Asks, waiting out a server that says it has too much to do. */
  async call<N extends CallName>(name: N, body: CallBody<N>): Promise<Answer<N>> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.ask(name, body);
      } catch (error) {
        const refusal = error instanceof Trouble ? error.refusal : null;
        const again = refusal && askAgainIn(refusal, tries);
        if (again === null) throw error;
        await pause(this.clock, Math.min(again, ASK_PAUSE_MAX_MS));
      }
    }
  }

  /** Asks something that carries an idempotency key: again, as it is, until an answer comes or it is given up. */
  async surely<N extends CallName>(name: N, body: CallBody<N>): Promise<Answer<N>> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.call(name, body);
      } catch (error) {
        if (!(error instanceof Trouble) || !error.isTransient || tries > SURE_TRIES_MAX) throw error;
        await pause(this.clock, SURE_PAUSE_MS * tries);
      }
    }
  }

  /** Asks once. */
  async ask<N extends CallName>(name: N, body: CallBody<N>): Promise<Answer<N>> {
    const request = requestOf(name, body);
    const frame = encodeAny(request, 1);
    if (this.live?.isLive && frame.length < SOCKET_REQUEST_BYTES) {
      const result = await this.live.call(request);
      if (!result.ok) throw ofCall(result.error);
      if (result.answer.t !== name) throw local('protocol');
      return result.answer.answer as Answer<N>;
    }
    return this.askFrame(name, frame);
  }

  /** Asks once over HTTP, where an answer is larger than a frame of the socket. */
  askHttp<N extends CallName>(name: N, body: CallBody<N>): Promise<Answer<N>> {
    return this.askFrame(name, encodeAny(requestOf(name, body), 1));
  }

  private async askFrame<N extends CallName>(name: N, frame: Uint8Array<ArrayBuffer>): Promise<Answer<N>> {
    if (frame.length > LIMITS.RPC_BYTES_MAX) throw local('tooLarge');
    const headers: Record<string, string> = { 'content-type': 'application/msgpack' };
    if (this.credentials) headers['authorization'] = await this.prove('POST', RPC_PATH, await sha256(frame));
    const ask = { method: 'POST', path: RPC_PATH, headers, body: frame, max: LIMITS.RPC_BYTES_MAX } as const;
    const answer = answerOf(name, answered(await this.#http({ ...ask, timeout: CALL_TIMEOUT_MS })).bytes);
    this.live?.reached();
    return answer;
  }

  /** Uploads the ciphertext of a file. One that is complete already is left as it is. */
  async upload(blob: string, bytes: Uint8Array<ArrayBuffer>): Promise<BlobCard> {
    const path = `/api/v1/files/${blob}`;
    const hash = await sha256(bytes);
    const headers = { authorization: await this.prove('PUT', path, hash), [HASH_HEADER]: hex(hash) };
    const ask = { method: 'PUT', path, headers, body: bytes, max: LIMITS.RPC_BYTES_MAX } as const;
    const card = answerOf('GetBlob', answered(await this.#http({ ...ask, timeout: FILE_TIMEOUT_MS })).bytes);
    if (card.hash && hex(card.hash) !== hex(hash)) throw local('protocol');
    return card;
  }

  /** Downloads the ciphertext of a file of at most `max` bytes; null: it is longer. */
  async download(blob: string, max: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const path = `/api/v1/files/${blob}`;
    const headers = { authorization: await this.prove('GET', path, await sha256(new Uint8Array(0))) };
    const exchange = await this.#http({
      method: 'GET',
      path,
      headers,
      body: null,
      max,
      timeout: FILE_TIMEOUT_MS,
    });
    if (exchange.t === 'tooLarge') return null;
    const { status, bytes } = answered(exchange);
    if (status >= 200 && status < 300) return bytes;
    answerOf('GetBlob', bytes);
    throw local('protocol');
  }

  /** A page of the server as text: the caught mail and the cast of a demonstration. Null: there is none. */
  async page(path: string): Promise<string | null> {
    const ask = {
      method: 'GET',
      path,
      headers: {},
      body: null,
      max: PAGE_BYTES_MAX,
      timeout: CALL_TIMEOUT_MS,
    } as const;
    const { status, bytes } = answered(await this.#http(ask));
    return status === 200 ? new TextDecoder().decode(bytes) : null;
  }

  private async prove(method: string, path: string, hash: Uint8Array): Promise<string> {
    if (!this.credentials) throw local('notSignedIn');
    return proveHttp(this.credentials, method, path, this.clock.server(), hash);
  }
}

/** Bytes of a page of a demonstration. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

function answered(exchange: Exchange): Extract<Exchange, { t: 'answered' }> {
  if (exchange.t === 'tooLarge') throw local('tooLarge');
  if (exchange.t === 'lost') throw offline('unreachable');
  return exchange;
}

function answerOf<N extends CallName>(name: N, bytes: Uint8Array): Answer<N> {
  let frame;
  try {
    frame = parseFrame(bytes, LIMITS.RPC_BYTES_MAX);
  } catch {
    // Something between us and the server answered.
    throw offline('noAnswer');
  }
  let reply: Reply<N>;
  try {
    reply = decodeReply(name, frame);
  } catch {
    throw local('protocol');
  }
  if (!reply.ok) throw refused(reply.refusal);
  return reply.answer;
}
