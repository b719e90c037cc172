/**
 * The outbox's driver: makes drafts durable, has them sealed and sent, and says what became of them.
 *
 * Not known here: how a message is sealed, and what the page shows.
 */

import { parseEntryCore } from '../../chain/entry';
import { batchOf, isFull, ofThread, restore, step, waiting, wake } from '../../core/outbox';
import type {
  Answer,
  Batch,
  Draft,
  Effect,
  Input,
  OutboxState,
  Record as Change,
  Why,
} from '../../core/outbox';
import type { Clock } from '../../platform/clock';
import { unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { SignedEntry } from '../../wire/gen/wire';
import type { Trouble } from './errors';
import { local, ofAny } from './errors';
import type { Keep } from './keep';

/** What the postbox leaves to the rest of the client. */
export interface Carrier {
  /** Has these files on the server. */
  upload(blobs: readonly Hex[]): Promise<void>;
  /** Those of the drafts that an earlier request brought into the thread, whatever was said of it then. */
  arrived(thread: Hex, drafts: readonly Draft[]): Promise<readonly string[]>;
  /** Seals drafts into entries, an epoch first where one is due. */
  seal(thread: Hex, drafts: readonly Draft[]): Promise<SignedEntry[]>;
  /** Sends the request and takes in what came of it. */
  send(batch: Batch): Promise<Answer>;
  accepted(thread: Hex, drafts: readonly string[]): void;
  refused(thread: Hex, drafts: readonly string[], why: Why): void;
  /** The number of waiting drafts changed, or drafts of a thread did. */
  changed(thread: Hex): void;
  /** Something the page is told of. */
  trouble(thread: Hex | null, error: Trouble): void;
}

/** The drafts of one session. */
export class Postbox {
  readonly #keep: Keep;
  readonly #clock: Clock;
  readonly #carrier: Carrier;
  #state: OutboxState;
  #callOff: (() => void) | null = null;
  #open = true;
  /** Drafts become durable one after the other, in the order of writing. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(keep: Keep, clock: Clock, carrier: Carrier, state: OutboxState) {
    this.#keep = keep;
    this.#clock = clock;
    this.#carrier = carrier;
    this.#state = state;
  }

  /** The postbox with what was kept. It sends nothing before {@link start}. */
  static async open(keep: Keep, clock: Clock, carrier: Carrier): Promise<Postbox> {
    const kept = await keep.outbox();
    return new Postbox(keep, clock, carrier, restore(kept.drafts, kept.batches));
  }

  /** Sends what waits. */
  start(): void {
    this.give({ t: 'timeout' });
  }

  /** A connection came back. */
  hurry(): void {
    this.give({ t: 'hurry' });
  }

  /** Sends nothing more; what waits stays kept. */
  close(): void {
    this.#open = false;
    this.#callOff?.();
  }

  /** Drafts that are on their way. */
  get waiting(): number {
    return waiting(this.#state).length;
  }

  /** Drafts of a thread, refused ones too. */
  drafts(thread: Hex): Draft[] {
    return ofThread(this.#state, thread);
  }

  /** What the request of a thread that may have arrived makes of its drafts: these, by the ids of their messages. */
  made(thread: Hex): ReadonlyMap<Hex, string> {
    const { drafts = [], messages = [] } = batchOf(this.#state, thread) ?? {};
    return new Map(
      messages.flatMap((message, at) => drafts.slice(at, at + 1).map((draft) => [message, draft])),
    );
  }

  /** A message of this person came in: one that counted as refused had arrived. */
  entered(thread: Hex, message: Hex): void {
    const had = this.drafts(thread).filter(({ refused, sent }) => refused && sent?.includes(message));
    if (had.length > 0) this.give({ t: 'arrived', thread, drafts: had.map(({ id }) => id) });
  }

  /** Takes a message; it is durable when this resolves. */
  write(
    draft: Omit<Draft, 'order' | 'refused'>,
    files: readonly { id: Hex; bytes: Uint8Array }[],
  ): Promise<void> {
    return this.inOrder(async () => {
      if (isFull(this.#state)) throw local('storageFull');
      const written: Draft = { ...draft, order: this.#state.nextOrder, refused: null };
      await this.#keep.putDrafts([written], files);
      this.give({ t: 'written', draft: written });
      this.#carrier.changed(draft.thread);
    });
  }

  /** Sends a refused draft once more. */
  retry(draft: string): void {
    this.give({ t: 'retry', draft });
  }

  /** Takes a draft back. Rejects when it may have arrived already. */
  async discard(thread: Hex, draft: string): Promise<void> {
    const known = this.drafts(thread).find((one) => one.id === draft);
    if (!known) throw local('notFound');
    this.give({ t: 'discard', draft });
    if (this.drafts(thread).some((one) => one.id === draft)) throw local('notPossible');
    await this.#keep.dropBlobs(known.blobs);
    this.#carrier.changed(thread);
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => undefined);
    return result;
  }

  private give(input: Input): void {
    if (!this.#open) return;
    const now = this.#clock.steady();
    const { state, effects } = step(this.#state, now, input);
    this.#state = state;
    for (const effect of effects) this.act(effect);
    this.#callOff?.();
    this.#callOff = null;
    const at = wake(state, now);
    if (at === null) return;
    this.#callOff = this.#clock.after(Math.max(1, at - now), () => {
      this.give({ t: 'timeout' });
    });
  }

  private act(effect: Effect): void {
    switch (effect.t) {
      case 'store':
        void this.store(effect.record);
        break;
      case 'seal':
        void this.seal(effect.thread, effect.drafts);
        break;
      case 'send':
        void this.send(effect.batch);
        break;
      case 'accepted':
        this.#carrier.accepted(effect.thread, effect.drafts);
        break;
      case 'refused':
        this.#carrier.refused(effect.thread, effect.drafts, effect.why);
        break;
    }
  }

  /** What is lost here is repeated by the next start, and recognized by the server. */
  private async store(record: Change): Promise<void> {
    try {
      if (record.t === 'unsealed') await this.#keep.remove(record.thread, []);
      else if (record.t === 'done') await this.#keep.remove(record.thread, record.drafts);
      else if (record.t === 'discarded') await this.#keep.remove(null, [record.draft]);
      else await this.#keep.remove(record.thread, [], record.drafts);
      if (record.t === 'changed') this.#carrier.changed(record.thread);
    } catch (error) {
      this.#carrier.trouble(null, ofAny(error));
    }
  }

  private async seal(thread: Hex, drafts: readonly Draft[]): Promise<void> {
    try {
      const arrived = drafts.some(({ sent }) => sent) ? await this.#carrier.arrived(thread, drafts) : [];
      if (arrived.length > 0) {
        this.give({ t: 'arrived', thread, drafts: arrived });
        return;
      }
      const blobs = drafts.flatMap((draft) => draft.blobs);
      if (blobs.length > 0) await this.#carrier.upload(blobs);
      const entries = await this.#carrier.seal(thread, drafts);
      const idem = crypto.getRandomValues(new Uint8Array(16));
      // An epoch may stand before the messages.
      const cores = entries.map(({ core }) => parseEntryCore(core));
      const batch = {
        thread,
        drafts: drafts.map((one) => one.id),
        messages: cores.filter(({ kind }) => kind === 'message').map(({ msgId }) => msgId),
        append: { idem, thread: unhex(thread), entries },
      };
      await this.#keep.putBatch(batch);
      this.give({ t: 'sealed', batch });
    } catch (error) {
      const trouble = ofAny(error);
      // Storage that is full, or refused for a moment, is no reason to give a message up.
      const later = trouble.isTransient || trouble.isLocal('storage') || trouble.isLocal('storageFull');
      if (!later) this.#carrier.trouble(thread, trouble);
      const { kind, code } = trouble.failure;
      this.give({ t: 'unsealable', thread, why: later ? null : { kind, code } });
    }
  }

  private async send(batch: Batch): Promise<void> {
    let answer: Answer = { t: 'lost' };
    try {
      answer = await this.#carrier.send(batch);
    } catch (error) {
      this.#carrier.trouble(batch.thread, ofAny(error));
    }
    this.give({ t: 'answered', thread: batch.thread, answer });
  }
}
