import { describe, expect, it } from 'vitest';
import { Ends } from '../../core/ends';
import { unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { ListThreads, ThreadCard, ThreadList, ThreadPlace } from '../../wire/gen/wire';
import { Older } from './older';
import type { Rpc } from './rpc';

const ORG = 'aa'.repeat(16);

const place = (at: number): ThreadPlace => ({ at, thread: unhex('11'.repeat(16)) });

/** The part of a card that is looked at here. */
const card = (at: number): ThreadCard => ({ at, thread: unhex('22'.repeat(16)) }) as ThreadCard;

interface Stage {
  older: Older;
  ends: Ends<Hex | null, ThreadPlace>;
  asked: ListThreads[];
  taken: number[];
  /** Rows that the page waits for. */
  lacking: number;
  /** Readings that were ended. */
  ended: number;
}

/** A server that answers as it is told, and a page that lacks rows. */
function stage(lacking: number, answer: (ask: ListThreads) => ThreadList | Promise<ThreadList>): Stage {
  const ends = new Ends<Hex | null, ThreadPlace>();
  const asked: ListThreads[] = [];
  const rpc = {
    call: async (_: string, ask: ListThreads) => {
      asked.push(ask);
      await Promise.resolve();
      return answer(ask);
    },
  } as unknown as Rpc;
  const views = {
    wanted: () => (staged.taken.length < staged.lacking ? ends.next : null),
    endsAt: (org: Hex | null, at: ThreadPlace) => ends.of(org) === at,
    readTo: (org: Hex | null, at: ThreadPlace | null) => {
      ends.set(org, at);
    },
  };
  const older = new Older(rpc, views, () => ({
    cards: (cards) => {
      staged.taken.push(...cards.map(({ at }) => at));
      return Promise.resolve();
    },
    end: () => (staged.ended += 1),
  }));
  const staged: Stage = { older, ends, asked, taken: [], lacking, ended: 0 };
  return staged;
}

describe('the list behind the snapshot', () => {
  it('is read from its newest end on, in whichever context that lies, until the page has its rows', async () => {
    const s = stage(3, ({ org, before }) => ({
      threads: [card((before?.at ?? 0) - 1)],
      next: place((before?.at ?? 0) - (org ? 10 : 1)),
    }));
    s.ends.set(ORG, place(100));
    s.ends.set(null, place(95));
    await s.older.read();
    expect(s.asked.map(({ org, before }) => [org !== undefined, before?.at])).toEqual([
      [true, 100],
      [false, 95],
      [false, 94],
    ]);
    expect(s.taken).toEqual([99, 94, 93]);
  });

  it('goes on behind an empty page, and ends where there is no next one', async () => {
    const s = stage(9, ({ before }) =>
      (before?.at ?? 0) > 8 ? { threads: [], next: place(8) } : { threads: [card(7)] },
    );
    s.ends.set(null, place(9));
    await s.older.read();
    expect([s.taken, s.ends.next, s.asked.length]).toEqual([[7], null, 2]);
    await s.older.read();
    expect(s.asked).toHaveLength(2);
  });

  it('is read once, however often it is asked for meanwhile; what failed is asked for again', async () => {
    let fails = true;
    const s = stage(1, () => (fails ? Promise.reject(new Error('no network')) : { threads: [card(1)] }));
    s.ends.set(null, place(5));
    const both = [s.older.read(), s.older.read()];
    await expect(Promise.all(both)).rejects.toThrow('no network');
    expect([s.asked.length, s.ends.of(null)?.at]).toEqual([1, 5]);
    fails = false;
    await s.older.read();
    expect(s.taken).toEqual([1]);
  });

  it('refuses a server that leads in circles, and stops where one leads nowhere', async () => {
    const circles = stage(1, ({ before }) => ({ threads: [], next: before ?? place(1) }));
    circles.ends.set(null, place(5));
    await expect(circles.older.read()).rejects.toMatchObject({ failure: { code: 'protocol' } });
    expect(circles.asked).toHaveLength(1);
    const nowhere = stage(1, ({ before }) => ({ threads: [], next: place((before?.at ?? 0) - 1) }));
    nowhere.ends.set(null, place(1_000));
    await nowhere.older.read();
    expect(nowhere.asked.length).toBeLessThan(10);
  });

  it('takes nothing of a list that began anew while its page was on the way', async () => {
    const s = stage(1, ({ before }) => {
      if (before?.at === 5) s.ends.set(null, place(50));
      return { threads: [card((before?.at ?? 0) - 1)] };
    });
    s.ends.set(null, place(5));
    await s.older.read();
    expect([s.taken, s.asked.map(({ before }) => before?.at)]).toEqual([[49], [5, 50]]);
    expect(s.ended).toBe(2);
  });

  it('neither waits for the former list nor fails with it', async () => {
    let refuse = (): void => undefined;
    const s = stage(1, ({ org }) =>
      org
        ? new Promise<ThreadList>((_, no) => {
            refuse = () => {
              no(new Error('no such organization'));
            };
          })
        : { threads: [card(1)] },
    );
    s.ends.set(ORG, place(100));
    const former = s.older.read();
    await Promise.resolve();
    s.ends.clear();
    s.older.restart();
    s.ends.set(null, place(5));
    await s.older.read();
    expect(s.taken).toEqual([1]);
    refuse();
    await former;
    expect([s.taken, s.ended]).toEqual([[1], 2]);
  });
});
