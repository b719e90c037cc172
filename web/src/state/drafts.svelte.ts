/**
 * Texts and files that were not sent yet, per thread. In memory only: nothing that somebody writes is stored before it
 * is encrypted.
 */
import type { Id, NewFile } from '../e2ee/api';

/** A file chosen for a message, with a preview where it is a photo. */
export interface ChosenFile extends NewFile {
  /** Tells two files of the same name apart. */
  key: number;
  /** Address of a re-encoded small picture; revoked when the file is let go. */
  preview: string | null;
}

/** One unsent message. */
export class Draft {
  text = $state('');
  files = $state.raw<readonly ChosenFile[]>([]);
  replyTo = $state.raw<Id | null>(null);

  get empty(): boolean {
    return this.text.trim() === '' && this.files.length === 0;
  }

  /** Empties it; what was in it is returned. */
  take(): { text: string; files: readonly ChosenFile[]; replyTo: Id | null } {
    const taken = { text: this.text, files: this.files, replyTo: this.replyTo };
    this.text = '';
    this.files = [];
    this.replyTo = null;
    return taken;
  }
}

/** All unsent messages. */
export class Drafts {
  #all = $state.raw<ReadonlyMap<string, Draft>>(new Map());
  #nextKey = 0;

  /** The draft of a thread; made at the first use. */
  of(thread: Id | 'new'): Draft {
    const known = this.#all.get(thread);
    if (known !== undefined) return known;
    const made = new Draft();
    this.#all = new Map([...this.#all, [thread, made]]);
    return made;
  }

  /** Whether something is unsent there. */
  has(thread: Id): boolean {
    return this.#all.get(thread)?.empty === false;
  }

  get any(): boolean {
    return [...this.#all.values()].some((draft) => !draft.empty);
  }

  key(): number {
    this.#nextKey += 1;
    return this.#nextKey;
  }

  clear(): void {
    this.#all = new Map();
  }
}
