import { defineTasks } from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type BoundOptions, resolveBounds } from './bound-options.js';

const tasks = defineTasks({
  echo: { payload: z.number(), result: z.number() },
  image: { payload: z.number(), result: z.number(), queue: 'images' },
});

test('without options no queue has a limit, and 100,000 pushes may be under way', () => {
  expect(resolveBounds({}, tasks)).toEqual({
    maxDepths: undefined,
    waitsWhenFull: false,
    maxPending: 100_000,
  });
});

test('a number holds for each queue of the contracts, an object for those that it names', () => {
  const all = resolveBounds({ maxDepth: 7, whenFull: 'wait', maxPending: 3 }, tasks);
  expect(all.maxDepths).toEqual(
    new Map([
      ['default', 7],
      ['images', 7],
    ]),
  );
  expect(all).toMatchObject({ waitsWhenFull: true, maxPending: 3 });
  expect(resolveBounds({ maxDepth: { images: 1 } }, tasks).maxDepths).toEqual(
    new Map([['images', 1]]),
  );
});

test.each([
  [{ maxDepth: 0 }, 'maxDepth'],
  [{ maxDepth: 1.5 }, 'maxDepth'],
  [{ maxDepth: '10' }, 'maxDepth'],
  [{ maxDepth: null }, 'maxDepth'],
  [{ maxDepth: [10] }, 'maxDepth'],
  [{ maxDepth: { pictures: 10 } }, 'default, images'],
  [{ maxDepth: { images: 0 } }, 'maxDepth.images'],
  [{ maxDepth: 1e12 }, '1,000,000,000'],
  [{ whenFull: 'drop' }, 'whenFull'],
  [{ maxPending: 0 }, 'maxPending'],
  [{ maxPending: Number.POSITIVE_INFINITY }, 'maxPending'],
])('refused: %j', (given, named) => {
  const resolve = (): unknown => resolveBounds(given as BoundOptions, tasks);
  expect(resolve).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(named) }),
  );
});
