/**
 * What the outbox leaves to the rest of the client: uploading, sealing, sending, and telling the page.
 *
 * Not known here: when anything is sent.
 */

import type { Answer, Batch, Draft, Why } from '../../core/outbox';
import type { Hex } from '../../wire/bytes';
import type { Receipt, SignedEntry } from '../../wire/gen/wire';
import type { Note } from '../api';
import { Trouble, ofAny } from './errors';
import type { Inside } from './inside';
import { arrivedOf, catchUpAfter, sealDrafts, takeReceipts } from './outgoing';
import type { Carrier } from './postbox';
import type { Views } from './views';

/** The carrier of one account. */
export class OutgoingMail implements Carrier {
  readonly #inside: Inside;
  readonly #views: Views;
  readonly #post: (note: Note) => void;
  readonly #waiting: () => number;

  constructor(inside: Inside, views: Views, post: (note: Note) => void, waiting: () => number) {
    this.#inside = inside;
    this.#views = views;
    this.#post = post;
    this.#waiting = waiting;
  }

  async upload(blobs: readonly Hex[]): Promise<void> {
    const { keep, rpc } = this.#inside;
    for (const blob of blobs) {
      const bytes = await keep.blob(blob);
      // One that is not kept any more was uploaded before.
      if (bytes) await rpc.upload(blob, bytes);
    }
    await keep.dropBlobs(blobs);
  }

  arrived(thread: Hex, drafts: readonly Draft[]): Promise<readonly string[]> {
    return this.#inside.alone(() => arrivedOf(this.#inside, thread, drafts));
  }

  seal(thread: Hex, drafts: readonly Draft[]): Promise<SignedEntry[]> {
    return this.#inside.alone(() => sealDrafts(this.#inside, thread, drafts));
  }

  async send({ thread, append }: Batch): Promise<Answer> {
    const inside = this.#inside;
    let receipts: readonly Receipt[];
    try {
      ({ receipts } = await inside.rpc.ask('Append', append));
    } catch (error) {
      const refusal = error instanceof Trouble ? error.refusal : null;
      if (!refusal) return { t: 'lost' };
      const lie = await inside.alone(() => catchUpAfter(inside, thread, refusal));
      return lie ? { t: 'doubted', why: lie.failure } : { t: 'refused', refusal };
    }
    // The draft leaves the page at the moment its entry comes; `accepted` follows at once.
    this.#views.hold(thread);
    try {
      await inside.alone(() => takeReceipts(inside, append, receipts));
      inside.saveSoon();
    } catch (error) {
      const trouble = ofAny(error);
      this.trouble(thread, trouble);
      // A receipt that does not hold is none: the message stays, and says so.
      if (trouble.isHostile()) return { t: 'doubted', why: trouble.failure };
      // It is durable on the server all the same; the stream brings it again.
    } finally {
      // Notes are gathered for a moment: what is answered here comes before them.
      this.#views.release(thread);
    }
    return { t: 'accepted' };
  }

  accepted(thread: Hex, drafts: readonly string[]): void {
    this.#views.dropDrafts(thread, drafts);
    this.tellWaiting();
  }

  refused(thread: Hex, _drafts: readonly string[], _why: Why): void {
    this.changed(thread);
  }

  changed(thread: Hex): void {
    this.#views.drafts(thread);
    this.tellWaiting();
  }

  trouble(thread: Hex | null, error: Trouble): void {
    this.#inside.told.trouble(thread, error);
  }

  private tellWaiting(): void {
    this.#post({ t: 'outbox', waiting: this.#waiting() });
  }
}
