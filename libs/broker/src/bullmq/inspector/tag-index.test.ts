import { newTaskId, type TaskEnvelope } from '@goflow/shared';
import { expect, test } from 'vitest';
import { openPlanted, times } from './planted-jobs.test-d.js';
import { indexTags, sweepTags } from './tag-index.js';

const envelopeOf = (tags: readonly string[] | undefined, pushedAt = 5): TaskEnvelope => ({
  id: newTaskId('default'),
  queue: 'default',
  type: 'repeater',
  payloadJson: '1',
  pushedAt,
  ...(tags ? { tags } : {}),
});
const uniqueOf = ({ id }: TaskEnvelope): string => id.slice('default:'.length);

test('a task stands under each of its tags, and the tag among the tags', async () => {
  const { redis, prefix } = openPlanted();
  const first = envelopeOf(['eu', 'a:{b}"'], 5);
  const second = envelopeOf(['eu'], 7);
  await indexTags(redis, prefix, first);
  await indexTags(redis, prefix, second);
  await indexTags(redis, prefix, envelopeOf(undefined));
  const read = (part: string) => redis.zrange(`${prefix}:{default}:${part}`, 0, '-1', 'WITHSCORES');
  expect(await read('tag:eu')).toEqual([uniqueOf(first), '5', uniqueOf(second), '7']);
  expect(await read('tag:a:{b}"')).toEqual([uniqueOf(first), '5']);
  expect(await read('tags')).toEqual(['a:{b}"', '5', 'eu', '7']);
  // A push that is repeated does not move the task, and a clock that is behind not the tag.
  await indexTags(redis, prefix, { ...first, pushedAt: 3 });
  expect(await read('tag:eu')).toEqual([uniqueOf(first), '5', uniqueOf(second), '7']);
  expect(await read('tags')).toEqual(['a:{b}"', '5', 'eu', '7']);
});

test('a Redis that refuses is told', async () => {
  const { redis, prefix } = openPlanted();
  await redis.set(`${prefix}:{default}:tag:eu`, 'no set');
  await expect(indexTags(redis, prefix, envelopeOf(['eu']))).rejects.toThrow('WRONGTYPE');
});

test('entries whose task is gone, and tags without entries, are removed; what is young stays', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const there = await times(3, () => planted.waiting());
  const young = envelopeOf(['eu', 'new'], Date.now());
  await indexTags(redis, planted.prefix, young);
  for (const unique of there) await redis.zadd(planted.key('tag:eu'), 5, unique);
  for (let at = 0; at < 2_500; at += 1) await redis.zadd(planted.key('tag:eu'), at, `gone-${at}`);
  for (let at = 0; at < 300; at += 1) {
    await redis.zadd(planted.key(`tag:old-${at}`), at, `gone-${at}`);
    await redis.zadd(planted.key('tags'), at, `old-${at}`, at, `empty-${at}`);
  }
  expect(await sweepTags(planted, 'default')).toBe(2_800);
  expect(await redis.zrange(planted.key('tag:eu'), 0, '-1')).toEqual([...there, uniqueOf(young)]);
  expect(await redis.zrange(planted.key('tags'), 0, '-1')).toEqual(['eu', 'new']);
  expect(await sweepTags(planted, 'default')).toBe(0);
});

test('one sweep is bounded, and the next goes on where it ended', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const live = Array.from({ length: 25_000 }, (_, at) => [at, planted.unique()] as const);
  for (let at = 0; at < live.length; at += 5_000) {
    const pipeline = redis.pipeline();
    for (const [score, unique] of live.slice(at, at + 5_000)) {
      pipeline.zadd(planted.key('tag:eu'), score, unique);
      pipeline.hset(planted.key(unique), 'name', 'repeater');
    }
    await pipeline.exec();
  }
  await redis.zadd(planted.key('tag:eu'), 24_000, 'gone');
  await redis.zadd(planted.key('tags'), 5, 'eu');
  expect(await sweepTags(planted, 'default')).toBe(0);
  expect(await redis.zscore(planted.key('tag:eu'), 'gone')).toBe('24000');
  expect(await sweepTags(planted, 'default')).toBe(1);
  expect(await redis.zcard(planted.key('tag:eu'))).toBe(25_000);
});
