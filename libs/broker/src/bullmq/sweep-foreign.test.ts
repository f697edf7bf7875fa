import { expect, test } from 'vitest';
import { openPlanted } from './inspector/planted-jobs.test-d.js';
import { RetentionSweeper } from './retention-sweeper.js';

const HOUR = 3_600_000;
const retention = new Map([['repeater', { completedMs: HOUR, failedMs: HOUR }]]);
const SETS = ['completed', 'failed', 'cancelled', 'expired'] as const;

const WRITTEN: Readonly<Record<string, string>>[] = [
  { opts: '{broken' },
  { opts: 'null', finishedOn: 'x' },
  { opts: '[1]', lg: 'x', c: 'x' },
  { opts: '{"ret":"x","c":{},"tags":7}', finishedOn: '-1' },
  { opts: '{"ret":[1,1],"c":1e18}', k: '{', o: 'x', d: 'x' },
  { opts: `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}` },
  { name: '', opts: '{"c":3}', lg: '-5' },
];

test('what somebody wrote into the sets of finished tasks does not keep the sweeper from its work', async () => {
  const planted = openPlanted();
  const { redis, prefix } = planted;
  const troubles: unknown[] = [];
  const good: string[] = [];
  for (const set of SETS) {
    for (const fields of WRITTEN) {
      const unique = await planted.finished(set, 1_000, {});
      await redis.hset(planted.key(unique), fields);
      await redis.zadd(planted.key('retained'), 1, unique);
      good.push(await planted.finished(set, 1_000, {}));
    }
    for (const place of [set, 'retained']) {
      const strange = planted.unique();
      await redis.set(planted.key(strange), 'a text');
      await redis.zadd(planted.key(place), 1, strange);
      await redis.zadd(planted.key(place), 1, planted.unique());
    }
  }
  await redis.hset(planted.key('cancelling'), 'x', '{', planted.unique(), '');
  const report = (error: unknown) => void troubles.push(error);
  const sweeper = new RetentionSweeper({ redis, prefix, queue: 'default', retention, report });
  await sweeper.sweep();
  expect(troubles).toEqual([]);
  expect(await Promise.all(good.map((unique) => redis.exists(planted.key(unique))))).toEqual(
    good.map(() => 0),
  );
  expect(await redis.zcard(planted.key('retained'))).toBe(0);
  // Nobody's keys but those of tasks are deleted.
  const texts = (await redis.keys(`${prefix}:*`)).map((key) => redis.type(key));
  expect((await Promise.all(texts)).filter((kind) => kind === 'string')).toHaveLength(8);
});
