import { describe, expect, it } from 'vitest';
import type { Draft } from '../../core/outbox';
import type { Note } from '../api';
import { encodeBody, textBody } from '../body';
import type { Inside } from './inside';
import type { Names } from './people';
import { Thread } from './thread';
import type { Message } from './thread';
import { Views } from './views';

const ME = '11'.repeat(16);
const THREAD = '22'.repeat(16);
const MESSAGE = '33'.repeat(16);

/** As much of an account as the views of one thread ask for. */
function stage(): { views: Views; thread: Thread; notes: Note[]; flush: () => void } {
  const notes: Note[] = [];
  let due: (() => void)[] = [];
  const thread = new Thread(THREAD);
  const clock = { after: (_: number, then: () => void) => void due.push(then) };
  const inside = {
    user: ME,
    saved: { name: 'Inès', org: null },
    rpc: { clock },
    threads: new Map([[THREAD, thread]]),
  } as unknown as Inside;
  const names = { person: () => 'Inès', team: () => null, org: () => null } as unknown as Names;
  const draft: Draft = {
    id: 'd1',
    thread: THREAD,
    order: 1,
    body: encodeBody(textBody('once')),
    blobs: [],
    at: 5,
    refused: null,
  };
  const outgoing = { drafts: () => [draft], made: () => new Map([[MESSAGE, 'd1']]) };
  const views = new Views(inside, names, (note) => void notes.push(note), outgoing);
  const flush = (): void => {
    const now = due;
    due = [];
    for (const then of now) then();
  };
  return { views, thread, notes, flush };
}

const OTHER = '44'.repeat(16);

/** Alternately one's own and another's. */
function conversation(thread: Thread, count: number): void {
  for (let n = 1; n <= count; n += 1) {
    const id = n.toString(16).padStart(32, '0');
    thread.messages.push({ n, id, author: n % 2 ? ME : OTHER, at: n, content: { t: 'unreadable' } });
  }
}

/** Positions the notes have told since they were last asked. */
function told(notes: Note[]): (number | null)[] {
  return notes.splice(0).flatMap((note) => (note.t === 'entries' ? note.upsert.map(({ n }) => n) : []));
}

const message: Message = { n: 1, id: MESSAGE, author: ME, at: 9, content: { t: 'unreadable' } };

describe('the views of a thread', () => {
  it('show a message once, though its entry comes before the answer to its request', () => {
    const { views, thread, notes, flush } = stage();
    views.open(thread);
    thread.messages.push(message);
    views.entry(thread, message);
    flush();
    const told = notes.filter((note) => note.t === 'entries');
    expect(told).toHaveLength(1);
    expect(told).toMatchObject([{ upsert: [{ id: MESSAGE }], dropDrafts: ['d1'] }]);
    // Whatever else changes before the answer comes, its draft does not return.
    views.drafts(THREAD);
    views.changed(THREAD);
    flush();
    expect(notes.filter((note) => note.t === 'entries')).toHaveLength(1);
    expect(views.open(thread).entries.map(({ id }) => id)).toEqual([MESSAGE]);
  });

  it('leave out what is older than what the page has asked for, so that no gap lies behind it', () => {
    const { views, thread, notes, flush } = stage();
    conversation(thread, 250);
    expect(views.open(thread).entries[0]?.n).toBe(151);
    // The other has read everything, which concerns one's own messages from the first on; and a name is learnt.
    views.mark(THREAD, OTHER, { delivered: 250, read: 250 });
    views.renamed(thread);
    flush();
    expect(Math.min(...told(notes).map(Number))).toBe(151);

    expect(views.page(thread, 151)).toMatchObject({ older: true });
    views.renamed(thread);
    flush();
    expect(Math.min(...told(notes).map(Number))).toBe(51);

    expect(views.page(thread, 51)).toMatchObject({ older: false });
    views.renamed(thread);
    flush();
    expect(told(notes)).toHaveLength(250);

    // Opened once more, the page still shows all of it.
    views.open(thread);
    views.renamed(thread);
    flush();
    expect(told(notes)).toHaveLength(250);
    views.close(THREAD);
    views.open(thread);
    views.renamed(thread);
    flush();
    expect(told(notes)).toHaveLength(100);
  });
});
