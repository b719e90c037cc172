/**
 * One thread: its verified state, what was read of it, and the seeds of its epochs.
 *
 * Not known here: how entries arrive, and how they are shown.
 */

import { boxesOfControl } from '../../chain/control';
import type { Control } from '../../chain/control';
import { Signed } from '../../chain/envelope';
import { headAfter, headZero } from '../../chain/hash';
import { ThreadState } from '../../chain/thread';
import type { Applied } from '../../chain/thread';
import { hex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { StoredEntry } from '../../wire/gen/wire';
import type { Failure } from '../api';
import type { Body } from '../body';
import { ThreadKeys } from '../thread';
import { hostile, ofEntry } from './errors';

/** What an entry says. */
export type Content =
  | { readonly t: 'body'; readonly body: Body }
  /** From before this person's history begins, or deleted. */
  | { readonly t: 'unreadable' }
  /** It does not open under the key its author signed. */
  | { readonly t: 'bad'; readonly why: Failure }
  | { readonly t: 'act'; readonly control: Control }
  /** Of a newer version. */
  | { readonly t: 'newer' };

/** An entry as a reader sees it. */
export interface Message {
  readonly n: number;
  readonly id: Hex;
  readonly author: Hex;
  /** Server time of the commit. */
  readonly at: number;
  readonly content: Content;
}

/** A verified message that waits for its key. */
export interface Closed {
  readonly applied: Applied;
  readonly entry: StoredEntry;
  /** Where it stands in {@link Thread.messages}. */
  readonly at: number;
}

/** A thread as this client has verified it. */
export class Thread {
  readonly id: Hex;
  state: ThreadState;
  readonly keys: ThreadKeys;
  /** Heads by position, to recognize what is served a second time. */
  readonly heads = new Map<number, Hex>();
  /** Everything that was taken in, in order. */
  readonly messages: Message[] = [];
  /** Messages for which no key was at hand or served, by position: the box that reaches them may stand behind them. */
  readonly closed = new Map<number, Closed>();
  /** A box or epoch came since {@link closed} was tried. */
  mayOpen = false;
  title: string | null = null;
  /** Messages under the epoch in force, and the server time of its beginning. */
  epochMessages = 0;
  epochSince = 0;
  /** What the newest failed verification was; nothing behind it is shown. */
  alarm: Failure | null = null;

  constructor(id: Hex) {
    this.id = id;
    this.state = new ThreadState(id);
    this.keys = new ThreadKeys(id);
    this.heads.set(0, headZero(id));
  }

  /** Takes note of an entry that the state took in. */
  note({ n, head, core, control }: Applied, at: number): void {
    this.heads.set(n, head);
    if (control?.t === 'create' || control?.t === 'epoch') {
      this.epochMessages = 0;
      this.epochSince = at;
    }
    if (control) {
      this.keys.note(control);
      this.mayOpen ||= boxesOfControl(control).length > 0;
    } else if (core.kind === 'message') this.epochMessages += 1;
  }

  /** Compares an entry that is known already with the one that was served again. */
  checkKnown(entry: StoredEntry): void {
    const before = this.heads.get(entry.n - 1);
    const known = this.heads.get(entry.n);
    if (before === undefined || known === undefined) return;
    if (headAfter(before, entry.n, signedOf(entry).entryHash()) !== known) throw hostile('H10');
  }

  /** The last message that could be read. */
  get lastRead(): { readonly author: Hex; readonly body: Body } | null {
    for (let at = this.messages.length - 1; at >= 0; at -= 1) {
      const message = this.messages[at];
      if (message?.content.t === 'body') return { author: message.author, body: message.content.body };
    }
    return null;
  }
}

/** An entry as one signed object; a stub where its content was dropped. */
export function signedOf(entry: StoredEntry): Signed {
  if (entry.payload) return Signed.whole(entry.core, entry.payload, entry.sig);
  if (entry.payload_hash) return Signed.stub(entry.core, hex(entry.payload_hash), entry.sig);
  throw hostile('H06', 'PayloadMissing');
}

/** The bytes that are verified. */
export function bytesOf(entry: StoredEntry): Uint8Array<ArrayBuffer> {
  try {
    return signedOf(entry).toBytes();
  } catch (error) {
    throw ofEntry(error);
  }
}
