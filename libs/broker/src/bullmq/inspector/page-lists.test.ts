import type { PageQuestion, TaskState } from '@goflow/shared';
import { expect, test } from 'vitest';
import { encodeCursor } from './page-cursor.js';
import { pageTasks } from './page-tasks.js';
import { openPlanted, type Planted, times } from './planted-jobs.test-d.js';

type Asked = Partial<PageQuestion> & { readonly state?: TaskState };

async function allPages(
  planted: Planted,
  asked: Asked,
  between?: (page: number) => Promise<unknown>,
) {
  const seen: string[] = [];
  let after: string | undefined;
  for (let page = 1; ; page += 1) {
    const question = { queue: 'default', state: 'waiting', limit: 10, ...asked, after } as const;
    const { tasks, next } = await pageTasks(planted, question);
    seen.push(...tasks.map(({ id }) => id.slice('default:'.length)));
    if (next === undefined) return seen;
    after = next;
    await between?.(page);
  }
}

/** As a worker takes them: from the tail. */
const take = (planted: Planted, count: number) => planted.redis.rpop(planted.key('wait'), count);

/** Every one that stayed is seen exactly once. */
function expectExact(seen: readonly string[], stayed: readonly string[]): void {
  expect(seen.filter((unique) => stayed.includes(unique)).sort()).toEqual([...stayed].sort());
  expect(new Set(seen).size).toBe(seen.length);
}

test('waiting tasks come against the order in which they are taken: those with a priority first', async () => {
  const planted = openPlanted();
  const plain = await times(15, () => planted.waiting());
  const urgent = await times(5, () => planted.job({ fields: { priority: 3 } }));
  for (const [index, unique] of urgent.entries())
    await planted.redis.zadd(planted.key('prioritized'), 3 * 2 ** 32 + index, unique);
  const expected = [...urgent.reverse(), ...plain.reverse()];
  for (const limit of [1, 4, 5, 6, 19, 20, 21])
    expect(await allPages(planted, { limit })).toEqual(expected);
});

test('tasks that are taken at one end and arrive at the other do not disturb', async () => {
  const planted = openPlanted();
  const uniques = await times(100, () => planted.waiting());
  const seen = await allPages(planted, {}, async () => {
    await times(7, () => planted.waiting());
    await take(planted, 3);
  });
  const taken = uniques.slice(0, 27);
  expectExact(
    seen,
    uniques.filter((unique) => !taken.includes(unique)),
  );
});

test('a whole page may be cancelled before the next is read', async () => {
  const planted = openPlanted();
  const uniques = await times(60, () => planted.waiting());
  let shown = 0;
  const seen = await allPages(planted, {}, async () => {
    const page = uniques.slice(60 - shown - 10, 60 - shown);
    shown += 10;
    for (const unique of page) {
      await planted.redis.lrem(planted.key('wait'), 1, unique);
      await planted.redis.del(planted.key(unique));
    }
  });
  expect(seen).toEqual(uniques.reverse());
});

test('thousands may arrive between two pages, and some be taken', async () => {
  const planted = openPlanted();
  const uniques = await times(50, () => planted.waiting());
  const seen = await allPages(planted, { limit: 20 }, async (page) => {
    if (page > 1) return;
    const arrived = Array.from({ length: 30_000 }, () => planted.unique());
    await planted.redis.lpush(planted.key('wait'), ...arrived);
    await take(planted, 5);
  });
  expect(seen).toEqual(uniques.slice(5).reverse());
});

test.each([398, 399, 400, 401, 402, 403, 404])(
  'a place is found again where its surroundings are only half in sight: %i arrive',
  async (count) => {
    const planted = openPlanted();
    const uniques = await times(30, () => planted.waiting());
    const seen = await allPages(planted, {}, async (page) => {
      if (page > 1) return;
      const arrived = Array.from({ length: count }, () => planted.unique());
      await planted.redis.lpush(planted.key('wait'), ...arrived);
    });
    expect(seen).toEqual(uniques.reverse());
  },
);

test('a place is found again in the middle of a long list', async () => {
  const planted = openPlanted();
  const push = async (count: number) => {
    for (let at = 0; at < count; at += 10_000) {
      const ids = Array.from({ length: Math.min(10_000, count - at) }, () => planted.unique());
      await planted.redis.lpush(planted.key('wait'), ...ids);
    }
  };
  await push(120_000);
  const uniques = await times(40, () => planted.waiting());
  await push(120_000);
  // After the first ten of them.
  const around = [uniques[30] ?? '', uniques[29] ?? '', uniques[31] ?? ''];
  const position = { place: 1, at: [120_010, 240_040, ...around], below: 0 } as const;
  const after = encodeCursor({ queue: 'default', state: 'waiting' }, position);
  await push(300);
  await take(planted, 100);
  const question = { queue: 'default', state: 'waiting', limit: 30, after } as const;
  const { tasks } = await pageTasks(planted, question);
  const ids = uniques.slice(0, 30).map((unique) => `default:${unique}`);
  expect(tasks.map(({ id }) => id)).toEqual(ids.reverse());
});

test('where nothing around the place is left, some are seen again, and none is passed over', async () => {
  const planted = openPlanted();
  const uniques = await times(100, () => planted.waiting());
  const cancelled = uniques.slice(89, 92);
  const seen = await allPages(planted, {}, async (page) => {
    if (page > 1) return;
    for (const unique of cancelled) await planted.redis.lrem(planted.key('wait'), 1, unique);
    await times(5, () => planted.waiting());
  });
  const stayed = uniques.filter((unique) => !cancelled.includes(unique));
  expect(stayed.filter((unique) => !seen.includes(unique))).toEqual([]);
  expect(seen.length - new Set(seen).size).toBeLessThanOrEqual(5);
});

test('under random traffic every task that stays is seen exactly once', async () => {
  const planted = openPlanted();
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 16) % below;
  };
  const uniques = await times(400, () => planted.waiting());
  const left = new Set<string>();
  const seen = await allPages(planted, { limit: 17 }, async () => {
    await times(random(20), () => planted.waiting());
    for (const unique of (await take(planted, random(4))) ?? []) left.add(unique);
    // One cancelled, anywhere.
    const unique = uniques[random(uniques.length)] ?? '';
    await planted.redis.lrem(planted.key('wait'), 1, unique);
    left.add(unique);
  });
  expect(left.size).toBeGreaterThan(20);
  expectExact(
    seen,
    uniques.filter((unique) => !left.has(unique)),
  );
});

test('since lets only those through that were pushed since', async () => {
  const planted = openPlanted();
  const uniques = await times(40, (index) => planted.waiting({ pushedAt: 100 + (index % 4) }));
  const recent = uniques.filter((_, index) => index % 4 === 3).reverse();
  for (const limit of [1, 3, 10, 50])
    expect(await allPages(planted, { since: 103, limit })).toEqual(recent);
});

test('active tasks are told, those whose worker died, too, and none twice', async () => {
  const planted = openPlanted();
  const uniques = await times(25, () => planted.active());
  await planted.redis.del(planted.key(`${uniques[3]}:lock`));
  expect(await allPages(planted, { state: 'active' })).toEqual([...uniques].reverse());
  const finished = await planted.finished('completed', 5);
  await planted.redis.lpush(planted.key('active'), finished, 'garbage');
  expect(await allPages(planted, { state: 'active' })).toEqual([...uniques].reverse());
});

test('a made-up place beyond the list is its end', async () => {
  const planted = openPlanted();
  await planted.waiting();
  const at = [1, 2 ** 52, 0, 'a', 'b', 'c'];
  const cursor = Buffer.from(JSON.stringify([1, 'default', 'waiting', null, ...at])).toString(
    'base64url',
  );
  const question = { queue: 'default', state: 'waiting', limit: 10, after: cursor } as const;
  expect(await pageTasks(planted, question)).toEqual({ tasks: [], next: undefined });
});
