import { expect, test } from 'vitest';
import { GroupCounts } from './group-counts.js';

interface Count {
  readonly resolve: (counted: { groups: []; examined: number; complete: boolean }) => void;
  readonly reject: (error: Error) => void;
}

/** Each count hangs until it is ended: as while Redis does not answer. */
function hanging() {
  const pending: Count[] = [];
  const counts = new GroupCounts({
    groups: () => new Promise((resolve, reject) => void pending.push({ resolve, reject })),
  });
  return { counts, pending };
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
