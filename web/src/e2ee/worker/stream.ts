/**
 * What the connection brings, one thing after the other: entries are applied, then kept, then acknowledged.
 *
 * Not known here: what an event means, and sockets.
 */

import type { Tag } from '../../core/link';
import { pause } from '../../platform/clock';
import type { Clock } from '../../platform/clock';
import { decodeEventBody } from '../../wire/codec';
import type { AnyEvent } from '../../wire/codec';
import type { ResyncReason } from '../../wire/gen/wire';
import { hostile, local, ofAny } from './errors';
import type { Trouble } from './errors';
import type { Live, LiveEvent } from './live';

/** Milliseconds before something that could not be applied is asked for again. */
const AGAIN_MS = 500;

/** What the stream leaves to the rest of the client. */
export interface Reader {
  /** Applies an entry of a stream. What fails for good counts as applied, and is told. */
  apply(event: AnyEvent, stream: Tag): Promise<void>;
  /** Something said once: a receipt, typing, a badge. */
  hint(event: AnyEvent): void;
  /** Reads a snapshot of this stream's context; answers whether it is still the one in focus. */
  resync(stream: Tag, run: number, reason: ResyncReason): Promise<void>;
  /** Keeps what was applied. */
  keep(): Promise<void>;
  link(event: Extract<LiveEvent, { t: 'online' | 'offline' | 'stopped' | 'caughtUp' }>): void;
  trouble(error: Trouble): void;
}

/** The events of one connection, in order. */
export class EventStream {
  readonly #clock: Clock;
  readonly #live: () => Live | null;
  readonly #reader: Reader;
  #arrived: LiveEvent[] = [];
  #isPumping = false;
  #isOpen = true;

  constructor(clock: Clock, live: () => Live | null, reader: Reader) {
    this.#clock = clock;
    this.#live = live;
    this.#reader = reader;
  }

  /** Takes what the connection says. */
  push(event: LiveEvent): void {
    this.#arrived.push(event);
    if (!this.#isPumping) void this.pump();
  }

  /** Another organization is in focus: what is left of the former one is not applied. */
  refocused(): void {
    this.drop('org');
  }

  close(): void {
    this.#isOpen = false;
    this.#arrived = [];
  }

  private drop(stream: Tag): void {
    this.#arrived = this.#arrived.filter((event) => !('stream' in event) || event.stream !== stream);
  }

  private async pump(): Promise<void> {
    this.#isPumping = true;
    try {
      for (let event = this.#arrived.shift(); event && this.#isOpen; event = this.#arrived.shift()) {
        if (event.t === 'entry') await this.entries(event);
        else await this.other(event);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** Applies a run of entries of one stream; one durable write serves them all. */
  private async entries(first: Extract<LiveEvent, { t: 'entry' }>): Promise<void> {
    let last: typeof first | null = null;
    for (let event: typeof first | null = first; event; event = this.nextOf(first)) {
      try {
        await this.apply(event);
        last = event;
      } catch {
        await this.acknowledge(last);
        await this.again(first.stream, first.run);
        return;
      }
    }
    await this.acknowledge(last);
  }

  private nextOf({
    stream,
    run,
  }: Extract<LiveEvent, { t: 'entry' }>): Extract<LiveEvent, { t: 'entry' }> | null {
    const [next] = this.#arrived;
    if (next?.t !== 'entry' || next.stream !== stream || next.run !== run || !this.#isOpen) return null;
    this.#arrived.shift();
    return next;
  }

  /** Rejects only with what may succeed later. */
  private async apply({ kind, body, stream }: Extract<LiveEvent, { t: 'entry' }>): Promise<void> {
    try {
      const event = decodeEventBody(kind, body);
      if (event) await this.#reader.apply(event, stream);
    } catch (error) {
      const trouble = ofAny(error);
      if (trouble.isTransient) throw trouble;
      this.#reader.trouble(trouble);
    }
  }

  private async acknowledge(last: Extract<LiveEvent, { t: 'entry' }> | null): Promise<void> {
    if (!last || !this.#isOpen) return;
    try {
      await this.#reader.keep();
    } catch (error) {
      // Not kept: it is applied in this page all the same, and repeated by the next one.
      this.#reader.trouble(ofAny(error));
    }
    this.#live()?.applied(last.stream, last.run, last.seq);
  }

  private async again(stream: Tag, run: number): Promise<void> {
    this.drop(stream);
    await pause(this.#clock, AGAIN_MS);
    this.#live()?.notApplied(stream, run);
  }

  private async other(event: Exclude<LiveEvent, { t: 'entry' }>): Promise<void> {
    if (event.t === 'hint') this.hint(event.kind, event.body);
    else if (event.t === 'violation')
      this.#reader.trouble(event.what === 'streamHole' ? hostile('H26') : local('protocol'));
    else if (event.t === 'resync') await this.resync(event);
    else this.#reader.link(event);
  }

  private hint(kind: number, body: Uint8Array): void {
    try {
      const event = decodeEventBody(kind, body);
      if (event) this.#reader.hint(event);
    } catch {
      // A hint that says nothing is none.
    }
  }

  private async resync(event: Extract<LiveEvent, { t: 'resync' }>): Promise<void> {
    try {
      await this.#reader.resync(event.stream, event.run, event.reason);
    } catch (error) {
      const trouble = ofAny(error);
      this.#reader.trouble(trouble);
      if (!trouble.isTransient) return;
      await pause(this.#clock, AGAIN_MS);
      // Without a connection the next `Hello` asks for it again.
      if (this.#isOpen && this.#live()?.isLive) this.#arrived.push(event);
    }
  }
}
