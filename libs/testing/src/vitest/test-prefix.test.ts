import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { cleanPrefix, testPrefix } from './test-prefix.js';

test('every prefix is new', () => {
  const prefixes = new Set(Array.from({ length: 1_000 }, () => testPrefix()));
  expect(prefixes.size).toBe(1_000);
  expect([...prefixes][0]).toMatch(/^t-[0-9a-f]{16}$/);
});

test('removes all keys of the prefix and no other', async () => {
  const url = inject('redisUrl');
  const [mine, others] = [testPrefix(), testPrefix()];
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  const names = Array.from({ length: 2_500 }, (_, index) => `${mine}:{default}:${index}`);
  await redis.mset(names.flatMap((name) => [name, '1']));
  await redis.set(`${others}:kept`, '1');

  expect(await cleanPrefix(url, mine)).toBe(2_500);
  expect(await redis.exists(...names)).toBe(0);
  expect(await redis.exists(`${others}:kept`)).toBe(1);
  expect(await cleanPrefix(url, others)).toBe(1);
});

test.each(['', '*', 'goflow', 't-', 't-*'])('refuses to remove %j', async (prefix) => {
  await expect(cleanPrefix(inject('redisUrl'), prefix)).rejects.toThrow('only what testPrefix()');
});
