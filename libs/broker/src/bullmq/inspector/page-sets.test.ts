import { randomBytes } from 'node:crypto';
import type { PageQuestion, TaskState } from '@goflow/shared';
import { expect, test } from 'vitest';
import { pageTasks } from './page-tasks.js';
import { openPlanted, type Planted, times } from './planted-jobs.test-d.js';

type Asked = Partial<PageQuestion> & { readonly state: TaskState };

const uniqueOf = (id: string): string => id.slice('default:'.length);

async function pageOf(planted: Planted, asked: Asked) {
  const { tasks, next } = await pageTasks(planted, { queue: 'default', limit: 100, ...asked });
  return { uniques: tasks.map(({ id }) => uniqueOf(id)), next };
}

/** All pages one after the other; `between` happens after each. */
async function allPages(
  planted: Planted,
  asked: Asked,
  between?: (page: number) => Promise<unknown>,
) {
  const seen: string[] = [];
  let after: string | undefined;
  for (let page = 1; ; page += 1) {
    const { uniques, next } = await pageOf(planted, { ...asked, after });
    seen.push(...uniques);
    if (next === undefined) return seen;
    after = next;
    await between?.(page);
  }
}

test.each(['completed', 'failed', 'cancelled', 'expired'] as const)(
  'tasks that are %s come by their end, the newest first',
  async (state) => {
    const planted = openPlanted();
    const uniques = await times(5, (index) => planted.finished(state, 100 + index));
    await planted.finished(state === 'failed' ? 'expired' : 'failed', 103);
    expect(await allPages(planted, { state, limit: 2 })).toEqual(uniques.reverse());
    expect((await pageOf(planted, { state, limit: 5 })).next).toBeUndefined();
  },
);

test('delayed tasks come by when they are due, the last first', async () => {
  const planted = openPlanted();
  const uniques = await times(4, (index) => planted.delayed(1_000 + index));
  expect(await allPages(planted, { state: 'delayed', limit: 3 })).toEqual(uniques.reverse());
});

test('5,000 tasks with one and the same time are each on exactly one page, in the order of their bytes', async () => {
  const planted = openPlanted();
  const uniques = Array.from({ length: 5_000 }, () =>
    randomBytes(17).toString('base64url').slice(0, 22),
  );
  await Promise.all(uniques.map((unique) => planted.finished('completed', 7, { unique })));
  const inBytes = uniques.sort((one, other) =>
    Buffer.compare(Buffer.from(other), Buffer.from(one)),
  );
  expect(await allPages(planted, { state: 'completed', limit: 700 })).toEqual(inBytes);
});

test('whatever comes and goes between the pages, a task that stays is seen exactly once', async () => {
  const planted = openPlanted();
  // Many ties, so that the place lies among equals.
  const uniques = await times(300, (index) =>
    planted.finished('failed', 1_000 + Math.floor(index / 40)),
  );
  const gone = new Set<string>();
  const remove = async (unique: string | undefined) => {
    if (unique === undefined) return;
    gone.add(unique);
    await planted.redis.zrem(planted.key('failed'), unique);
    await planted.redis.del(planted.key(unique));
  };
  const seen = await allPages(planted, { state: 'failed', limit: 23 }, async (page) => {
    // The last one of the page, one before it, one that was not seen yet; and new ones, among the equals, too.
    const at = 300 - page * 23;
    for (const index of [at, at + 3, at - 5]) await remove(uniques[index]);
    await planted.finished('failed', 2_000 + page);
    await planted.finished('failed', 1_007);
  });
  expect(gone.size).toBeGreaterThan(30);
  const stayed = uniques.filter((unique) => !gone.has(unique));
  expect(seen.filter((unique) => stayed.includes(unique)).sort()).toEqual(stayed.sort());
  expect(new Set(seen).size).toBe(seen.length);
});

test('a full page of 1,000, and one more', async () => {
  const planted = openPlanted();
  await Promise.all(
    Array.from({ length: 1_001 }, (_, index) => planted.finished('completed', index + 1)),
  );
  const first = await pageOf(planted, { state: 'completed', limit: 1_000 });
  expect(first.uniques).toHaveLength(1_000);
  const second = await pageOf(planted, { state: 'completed', limit: 1_000, after: first.next });
  expect(second).toEqual({ uniques: [expect.any(String)], next: undefined });
});

test('since: finished tasks by their end, others by their push', async () => {
  const planted = openPlanted();
  const ended = await times(6, (index) => planted.finished('failed', 100 + index, { pushedAt: 5 }));
  expect(await allPages(planted, { state: 'failed', since: 103, limit: 2 })).toEqual(
    ended.slice(3).reverse(),
  );
  expect((await pageOf(planted, { state: 'failed', since: 103, limit: 3 })).next).toBeUndefined();
  const pushed = await times(6, (index) =>
    planted.delayed(1_000 - index, { pushedAt: 100 + (index % 3) }),
  );
  expect(await allPages(planted, { state: 'delayed', since: 102, limit: 1 })).toEqual([
    pushed[2],
    pushed[5],
  ]);
});

test('what vanishes between the set and the task is passed over, and so is garbage', async () => {
  const planted = openPlanted();
  const good = await planted.finished('completed', 5);
  await planted.redis.zadd(
    planted.key('completed'),
    6,
    'no-job',
    7,
    planted.unique(),
    1e300,
    'far',
  );
  await planted.redis.zadd(planted.key('completed'), '+inf', 'beyond', '-inf', 'before');
  expect(await allPages(planted, { state: 'completed', limit: 1 })).toEqual([good]);
});

test('an empty queue has an empty page', async () => {
  const planted = openPlanted();
  for (const state of ['waiting', 'active', 'expired'] as const)
    expect(await pageOf(planted, { state })).toEqual({ uniques: [], next: undefined });
  expect(await pageOf(planted, { state: 'failed', tag: 'eu' })).toEqual({
    uniques: [],
    next: undefined,
  });
});

test.each([0, 1_001, 1.5, -1, Number.NaN])('a limit of %s is refused', async (limit) => {
  const refused = pageOf(openPlanted(), { state: 'failed', limit });
  await expect(refused).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test.each([
  [1, '5', 'a'],
  [0, 5, 6, 'a', 'b', 'c'],
])('a cursor that points nowhere is refused: %j', async (...parts) => {
  const cursor = Buffer.from(JSON.stringify([1, 'default', 'failed', null, ...parts])).toString(
    'base64url',
  );
  const refused = pageOf(openPlanted(), { state: 'failed', after: cursor });
  await expect(refused).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
});
