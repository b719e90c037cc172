import { describe, expect, it } from 'vitest';
import type { Draft } from '../../core/outbox';
import { hex, unhex } from '../../wire/bytes';
import type { ThreadCard, ThreadPlace } from '../../wire/gen/wire';
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

describe('the list of threads', () => {
  const cards = (first: number, count: number): ThreadCard[] =>
    Array.from({ length: count }, (_, n) => ({
      thread: unhex((first + n).toString(16).padStart(32, '0')),
      len: 1,
      read: 1,
      at: 10_000 - first - n,
      closed: false,
      head: new Uint8Array(32),
      ctrl_head: new Uint8Array(32),
      epoch: 0,
      first: 1,
      state: 'active',
      parties: [],
      more_parties: 0,
    }));
  const ends = (at: number): ThreadPlace => ({ at, thread: new Uint8Array(16) });
  const ids = (notes: Note[]): number[] =>
    notes
      .splice(0)
      .flatMap((note) => (note.t === 'rows' ? note.upsert.map(({ id }) => parseInt(id, 16)) : []));

  it('tells each row once when its page is asked for, and none from behind the end of another context', () => {
    const { views, notes, flush } = stage();
    const org = 'aa'.repeat(16);
    views.cards(cards(1, 60), org);
    views.only(
      org,
      cards(1, 60).map(({ thread }) => hex(thread)),
      ends(9_940),
    );
    // Of the other context all is loaded: one thread from among those shown, one from behind them.
    views.cards([...cards(30, 1), ...cards(900, 1)], null);
    views.only(
      null,
      [...cards(30, 1), ...cards(900, 1)].map(({ thread }) => hex(thread)),
      null,
    );
    flush();
    expect(ids(notes)).toHaveLength(50);
    views.moreRows(50);
    expect(ids(notes).sort((a, b) => a - b)).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 59, 60]);
    expect(views.wanted()).toMatchObject({ context: org, place: { at: 9_940 } });
    views.cards(cards(61, 3), org);
    views.readTo(org, null);
    expect(ids(notes).sort((a, b) => a - b)).toEqual([61, 62, 63, 900]);
    expect(views.wanted()).toBeNull();
  });

  it('says that it is whole only when every context is loaded to its end', () => {
    const { views, notes, flush } = stage();
    const complete = (): boolean[] =>
      notes.splice(0).flatMap((note) => (note.t === 'rows' ? [note.complete] : []));
    views.moreRows(0);
    views.cards(cards(1, 2), null);
    views.only(
      null,
      cards(1, 2).map(({ thread }) => hex(thread)),
      ends(9_998),
    );
    flush();
    expect(complete().at(-1)).toBe(false);
    views.readTo(null, null);
    expect(complete().at(-1)).toBe(true);
  });

  it('asks for the card of a thread that goes on behind what is loaded, and of no new one', () => {
    const { views } = stage();
    views.cards(cards(1, 1), null);
    const known = hex(cards(1, 1)[0]?.thread ?? new Uint8Array(16));
    expect(views.knowsNot(known, [{ n: 7 }])).toBe(false);
    expect(views.knowsNot(OTHER, [{ n: 7 }])).toBe(true);
    expect(views.knowsNot(OTHER, [{ n: 1 }])).toBe(false);
  });
});
