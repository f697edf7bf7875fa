import { expect, test } from 'vitest';
import { fleetKey } from '../keys.js';
import { openPlace } from '../place.test-d.js';
import { BullMqRuns } from './bullmq-runs.js';

function open() {
  const { redis, prefix } = openPlace();
  const within = <T>(command: () => Promise<T>): Promise<T> => command();
  const make = (): BullMqRuns => new BullMqRuns({ redis, prefix, within });
  return { redis, key: fleetKey(prefix, 'runs'), one: make(), other: make() };
}

test('what one tells another knows, and has it end: who tells hears that', async () => {
  const { one, other, redis, key } = open();
  expect(await other.list()).toEqual([]);
  expect(await one.tell('a', { done: 1 })).toBe(false);
  expect(await one.tell('b', { done: 5 })).toBe(false);
  await other.end('a');
  await other.end('nobody knows it');
  expect(await one.tell('a', { done: 2, of: '"}' })).toBe(true);
  expect(await one.tell('b', { done: 6 })).toBe(false);
  const told = await other.list();
  expect(told.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
    { id: 'a', run: { done: 2, of: '"}' }, silentMs: expect.any(Number) },
    { id: 'b', run: { done: 6 }, silentMs: expect.any(Number) },
  ]);
  expect(told[0]?.silentMs).toBeLessThan(5_000);
  expect(await redis.pttl(key)).toBeGreaterThan(3_500_000);
  expect(await redis.hkeys(key)).not.toContain('end nobody knows it');
});

test('one that nobody tells of for an hour is dropped, of very many after a minute; what is none is passed over', async () => {
  const { one, redis, key } = open();
  const [seconds] = await redis.time();
  const toldAgo = (ms: number): string =>
    JSON.stringify({ toldAt: Number(seconds) * 1_000 - ms, run: {} });
  await redis.hset(key, { old: toldAgo(3_700_000), 'end old': '', hers: toldAgo(120_000), x: '[' });
  await one.tell('mine', {});
  expect((await redis.hkeys(key)).sort()).toEqual(['hers', 'mine']);
  const [silent] = (await one.list()).filter(({ id }) => id === 'hers');
  expect(silent?.silentMs).toBeGreaterThanOrEqual(120_000);
  await redis.hset(key, 'y', 'null');
  expect((await one.list()).length).toBe(2);
  for (let n = 0; n < 100; n += 1) await one.tell(`n${n}`, {});
  expect(await redis.hexists(key, 'hers')).toBe(0);
  expect((await one.list()).length).toBe(101);
});
