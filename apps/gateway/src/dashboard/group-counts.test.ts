import { expect, test } from 'vitest';
import { GroupCounts } from './group-counts.js';

/** Each count hangs until it is ended: as while Redis does not answer. */
function hanging() {
  const pending: PromiseWithResolvers<{ groups: []; examined: number; complete: boolean }>[] = [];
  const counts = new GroupCounts({
    groups: () => {
      const count = withResolvers<{ groups: []; examined: number; complete: boolean }>();
      pending.push(count);
      return count.promise;
    },
  });
  return { counts, pending };
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let settle = {} as Omit<PromiseWithResolvers<T>, 'promise'>;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

test('who asks again after a count that failed is told why, also while the next one hangs', async () => {
  const { counts, pending } = hanging();
  // Nobody knows yet whether there are many, or Redis is away.
  expect(await counts.of({})).toBe(undefined);
  pending[0]?.reject(new Error('Redis is away'));
  for (let time = 0; time < 2; time += 1)
    await expect(counts.of({})).rejects.toThrow('Redis is away');
  expect(pending.length).toBe(2);
  pending[1]?.resolve({ groups: [], examined: 7, complete: true });
  expect(await counts.of({})).toMatchObject({ examined: 7 });
});
