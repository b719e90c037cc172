import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ends } from './ends';

interface Row {
  readonly id: string;
  readonly at: number;
}

/** Two lists, newest first, as a server has them. */
const lists = fc.tuple(
  ...['a', 'b'].map((context) =>
    fc
      .array(fc.nat(40), { maxLength: 30 })
      .map((times) => [...times].sort((x, y) => y - x).map((at, n): Row => ({ id: `${context}${n}`, at }))),
  ),
);

it('shows two lists as one, and nothing ever comes in above what is shown', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 9 }), (all, page, first) => {
      const ends = new Ends<number, Row>();
      const known: Row[] = [];
      const load = (context: number, count: number): void => {
        const from = known.filter(({ id }) => id.startsWith('ab'.charAt(context))).length;
        const next = (all[context] ?? []).slice(from, from + count);
        known.push(...next);
        const isEnd = from + next.length === all[context]?.length;
        ends.set(context, isEnd ? null : (next.at(-1) ?? { id: '', at: 99 }));
      };
      const shown = (): number[] =>
        known
          .map(({ at }) => at)
          .filter((at) => ends.reach(at))
          .sort((x, y) => y - x);
      load(0, first);
      load(1, first);
      for (let before = shown(); ends.next; before = shown()) {
        load(ends.next.context, page);
        expect(shown().slice(0, before.length)).toEqual(before);
      }
      expect(shown()).toHaveLength(all.flat().length);
    }),
  );
});
