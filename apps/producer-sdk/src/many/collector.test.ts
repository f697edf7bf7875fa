import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Collector } from './collector.js';

/** A queue that takes every chunk but those with `refused` in them. */
function collect(size: number) {
  const sent: (readonly string[])[] = [];
  const collector = new Collector(size, async (payloadsJson) => {
    sent.push(payloadsJson);
    if (payloadsJson.includes('away')) throw new Error('away');
    const error = payloadsJson.includes('refused') ? new Error('refused') : undefined;
    return { id: `q:${sent.length}`, size: payloadsJson.length, error };
  });
  return { collector, sent };
}

test('what comes in one turn goes together, at its end; each is told its id', async () => {
  const { collector, sent } = collect(10);
  const pushes = ['a', 'b'].map((json) => collector.push(json));
  await Promise.resolve();
  pushes.push(collector.push('c'));
  expect(sent).toEqual([]);
  expect(await Promise.all(pushes)).toEqual(
    [0, 1, 2].map((index) => ({ id: `q:1:${index}`, deduplicated: false })),
  );
  expect(sent).toEqual([['a', 'b', 'c']]);
});

test('a full chunk goes at once', async () => {
  const { collector, sent } = collect(2);
  const pushes = ['a', 'b', 'c', 'd', 'e'].map((json) => collector.push(json));
  expect(sent).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await nextTurn();
  expect(sent[2]).toEqual(['e']);
  expect((await Promise.all(pushes)).map(({ id }) => id)).toEqual([
    'q:1:0',
    'q:1:1',
    'q:2:0',
    'q:2:1',
    'q:3:0',
  ]);
});

test('what comes slowly waits for nothing', async () => {
  const { collector, sent } = collect(10);
  for (const json of ['a', 'b']) {
    void collector.push(json);
    await nextTurn();
  }
  expect(sent).toEqual([['a'], ['b']]);
});

test('a payload that has no room goes in the next chunk', async () => {
  const { collector, sent } = collect(10);
  const large = 'x'.repeat(700_000);
  await Promise.all([collector.push(large), collector.push(large), collector.push('c')]);
  expect(sent).toEqual([[large], [large, 'c']]);
});

test.each(['refused', 'away'])(
  'a chunk that is %s is told to all in it, and only them',
  async (how) => {
    const { collector } = collect(2);
    const pushes = ['a', how, 'c'].map((json) => collector.push(json));
    expect(await Promise.allSettled(pushes)).toMatchObject([
      { status: 'rejected', reason: { message: how } },
      { status: 'rejected', reason: { message: how } },
      { status: 'fulfilled' },
    ]);
  },
);

test('when nothing is collected, nothing is sent', async () => {
  const { collector, sent } = collect(2);
  await Promise.all([collector.push('a'), collector.push('b')]);
  await nextTurn();
  await nextTurn();
  expect(sent).toEqual([['a', 'b']]);
});
