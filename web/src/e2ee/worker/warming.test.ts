import { expect, test } from 'vitest';
import { Warming } from './warming';

/** A list of which any row can be opened, one when the test says so. */
function list(...ids: string[]): {
  shown: string[];
  opened: string[];
  warming: Warming;
  settle: (failure?: Error) => Promise<void>;
} {
  const shown = ids;
  const opened: string[] = [];
  const waiting: { yes: () => void; no: (failure: Error) => void }[] = [];
  const warming = new Warming({
    unopened: () => shown.filter((id) => !opened.includes(id)),
    mayOpen: () => true,
    open: (id) =>
      new Promise((done, no) => {
        const yes = (): void => {
          opened.push(id);
          done();
        };
        waiting.push({ yes, no });
      }),
  });
  const settle = async (failure?: Error): Promise<void> => {
    const one = waiting.shift();
    if (failure === undefined) one?.yes();
    else one?.no(failure);
    await new Promise((done) => setTimeout(done));
  };
  return { shown, opened, warming, settle };
}

test('what comes into the list while a thread is opened is opened too', async () => {
  const { shown, opened, warming, settle } = list('direct');
  const round = warming.run();
  // The organization's part of the list arrives, and asks while the personal part is being opened.
  shown.push('ward', 'night');
  await warming.run();
  await settle();
  await settle();
  await settle();
  await round;
  expect(opened).toEqual(['direct', 'ward', 'night']);
});

test('a thread that does not open is tried once in a round, and again in the next', async () => {
  const tried: string[] = [];
  const warming = new Warming({
    unopened: () => ['bad', 'good'].filter((id) => id === 'bad' || !tried.includes(id)),
    mayOpen: () => true,
    open: (id) => Promise.resolve(void tried.push(id)),
  });
  await warming.run();
  await warming.run();
  expect(tried).toEqual(['bad', 'good', 'bad']);
});

test('a round that fails does not keep the next from opening', async () => {
  const { opened, warming, settle } = list('one', 'two');
  const round = warming.run();
  await Promise.all([expect(round).rejects.toThrow('gone'), settle(new Error('gone'))]);
  const next = warming.run();
  await settle();
  await settle();
  await next;
  expect(opened).toEqual(['one', 'two']);
});

test('nothing is opened while it is of no use', async () => {
  const warming = new Warming({
    unopened: () => ['one'],
    mayOpen: () => false,
    open: () => Promise.reject(new Error('opened')),
  });
  await warming.run();
});
