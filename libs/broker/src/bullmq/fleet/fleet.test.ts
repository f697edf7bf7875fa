import type { WorkerAdvert } from '@goflow/shared';
import { cleanPrefix, RedisServer, testPrefix, until } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { fleetKey } from '../keys.js';
import { Fleet } from './fleet.js';

const DAY = 24 * 3_600_000;

function place() {
  const prefix = testPrefix();
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(async () => {
    redis.disconnect();
    await cleanPrefix(inject('redisUrl'), prefix);
  });
  const key = (part: Parameters<typeof fleetKey>[1]): string => fleetKey(prefix, part);
  return { redis, fleet: new Fleet({ redis, prefix }), key, prefix };
}

function advertOf(name: string, types: readonly string[] = ['repeater']): WorkerAdvert {
  return {
    name,
    types,
    host: 'here',
    pid: 42,
    version: '0.1.0',
    queues: { default: { concurrency: 5, active: 2 } },
    startedAt: 1_800_000_000_000,
    lastTakenAt: 1_800_000_000_123,
    eventLoopLagMs: 0.25,
    state: 'running',
  };
}

/** Workers that were last seen then, as their last beats left them. */
async function plant({ redis, key }: ReturnType<typeof place>, seen: Record<string, number>) {
  const records = Object.entries(seen).map(([name, seenAt]) => [
    name,
    JSON.stringify({ ...advertOf(name), seenAt }),
  ]);
  await redis.hset(key('workers'), Object.fromEntries(records));
  await redis.zadd(
    key('seen'),
    ...Object.entries(seen).flatMap(([name, at]) => [String(at), name]),
  );
}

test("a beat gives Redis' time, and all that the worker said of itself can be read", async () => {
  const { redis, fleet } = place();
  const at = await fleet.beat(advertOf('b'));
  const [seconds] = await redis.time();
  expect(Math.abs(at - Number(seconds) * 1_000)).toBeLessThan(5_000);
  const bare = { ...advertOf('a', []), queues: {}, state: 'quiet "and} ,late' };
  const later = await fleet.beat(bare);
  expect(await fleet.workers()).toEqual([
    { ...bare, seenAt: later },
    { ...advertOf('b'), seenAt: at },
  ]);
});

test('a worker is alive for 12 s after its last beat, whatever way the clock of Redis was set', async () => {
  const given = place();
  const now = await given.fleet.time();
  const seen = { alive: now - 9_000, silent: now - 12_001, future: now + 3_600_000 };
  await plant(given, seen);
  const names = (await given.fleet.workers()).map(({ name }) => name);
  expect(names).toEqual(['alive']);
});

test('a beat drops the workers that are silent for 15 s, and those that were seen in the future', async () => {
  const given = place();
  const now = await given.fleet.time();
  await plant(given, {
    silent: now - 13_000,
    gone: now - 15_001,
    long: 1,
    future: now + 3_600_000,
  });
  await given.fleet.beat(advertOf('me'));
  expect((await given.redis.hkeys(given.key('workers'))).sort()).toEqual(['me', 'silent']);
  expect((await given.redis.zrange(given.key('seen'), '0', '-1')).sort()).toEqual(['me', 'silent']);
});

test('one beat drops 100 workers at most: it holds Redis up for a bounded time', async () => {
  const given = place();
  await plant(given, Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`w${at}`, at])));
  await given.fleet.beat(advertOf('me'));
  expect(await given.redis.hlen(given.key('workers'))).toBe(51);
  await new Fleet(given).beat(advertOf('me'));
  expect(await given.redis.hkeys(given.key('workers'))).toEqual(['me']);
});

test('a worker cleans up with its first beat and then with every eighth; no beat takes the end of the keys away', async () => {
  const given = place();
  const cleaned: number[] = [];
  for (let beat = 0; beat < 9; beat += 1) {
    await plant(given, { gone: 1 });
    await given.fleet.beat(advertOf('me'));
    if (!(await given.redis.hexists(given.key('workers'), 'gone'))) cleaned.push(beat);
    for (const part of ['workers', 'seen'] as const)
      expect(await given.redis.pttl(given.key(part))).toBeGreaterThan(60_000);
  }
  expect(cleaned).toEqual([0, 8]);
});

test('more workers than fit into one page are all found, once each; what is no worker is passed over', async () => {
  const given = place();
  const now = await given.fleet.time();
  const seen = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`w${at}`, now]));
  await plant(given, seen);
  const foreign = {
    text: 'text',
    empty: '',
    nothing: 'null',
    other: `{"name":"other","seenAt":${now}}`,
  };
  await given.redis.hset(given.key('workers'), foreign);
  const names = (await given.fleet.workers()).map(({ name }) => name);
  expect(names).toEqual(Object.keys(seen).sort());
});

test('the types of live workers are live, and stay remembered when they are not', async () => {
  const { redis, fleet, key } = place();
  expect(await fleet.lastAdvertised('a')).toBeUndefined();
  expect(await fleet.liveTypes()).toEqual(new Set());
  const at = await fleet.beat(advertOf('me', ['a', 'b.c']));
  await redis.hset(key('types'), 'dead', at - 12_001, 'future', at + 3_600_000);
  expect(await fleet.liveTypes()).toEqual(new Set(['a', 'b.c']));
  expect(await fleet.lastAdvertised('b.c')).toBe(at);
  expect(await fleet.lastAdvertised('dead')).toBe(at - 12_001);
});

test('a worker that leaves is gone at once; its types soon, unless another worker has them', async () => {
  const { fleet } = place();
  await fleet.beat(advertOf('stays', ['both']));
  const at = await fleet.beat(advertOf('leaves', ['both', 'only']));
  await fleet.leave('leaves');
  await fleet.leave('unknown');
  expect((await fleet.workers()).map(({ name }) => name)).toEqual(['stays']);
  // The other worker may have the type, too, and beats within the next 4.4 s.
  expect(await fleet.liveTypes()).toEqual(new Set(['both', 'only']));
  const now = await fleet.beat(advertOf('stays', ['both']));
  expect(await fleet.lastAdvertised('both')).toBe(now);
  const made = (await fleet.lastAdvertised('only')) ?? 0;
  expect(made).toBeGreaterThanOrEqual(at - 6_000);
  expect(made).toBeLessThanOrEqual(now - 6_000);
});

test('leaving makes no type younger', async () => {
  const { redis, fleet, key } = place();
  const at = await fleet.beat(advertOf('leaves', ['old']));
  await redis.hset(key('types'), 'old', at - 60_000);
  await fleet.leave('leaves');
  expect(await fleet.lastAdvertised('old')).toBe(at - 60_000);
});

test('types that nobody advertised for 7 days are forgotten, some with each beat, until all are looked at', async () => {
  const { redis, fleet, key } = place();
  const now = await fleet.time();
  const old = Array.from({ length: 2_000 }, (_, at) => [`old.${at}`, now - 7 * DAY - 1_000]);
  await redis.hset(key('types'), Object.fromEntries(old));
  await redis.hset(key('types'), 'kept', now - 6 * DAY);
  await fleet.beat(advertOf('me', ['mine']));
  expect(await redis.hlen(key('types'))).toBeGreaterThan(1_500);
  for (let beat = 0; beat < 40; beat += 1) await fleet.beat(advertOf('me', ['mine']));
  expect((await redis.hkeys(key('types'))).sort()).toEqual(['kept', 'mine']);
  await redis.hset(key('types'), 'old', now - 8 * DAY);
  await fleet.beat(advertOf('me', ['mine']));
  // Not with every beat: about once an hour.
  expect(await redis.hexists(key('types'), 'old')).toBe(1);
});

test('a worker with thousands of types advertises all', async () => {
  const { fleet } = place();
  const types = Array.from({ length: 2_500 }, (_, at) => `type.${at}`);
  await fleet.beat(advertOf('me', types));
  expect(await fleet.liveTypes()).toEqual(new Set(types));
});

test('nothing stays in Redis for ever: every key ends by itself when no worker is left', async () => {
  const { redis, fleet, key } = place();
  await fleet.beat(advertOf('me'));
  const parts = ['workers', 'seen', 'types'] as const;
  const ends = await Promise.all(parts.map((part) => redis.pttl(key(part))));
  expect(ends.every((ms) => ms > 0)).toBe(true);
  expect(ends[2]).toBeGreaterThan(6 * DAY);
});

test('two prefixes are two fleets', async () => {
  const given = place();
  await given.fleet.beat(advertOf('me'));
  expect(await new Fleet({ redis: given.redis, prefix: `${given.prefix}-2` }).workers()).toEqual(
    [],
  );
});

test('works on a Redis Cluster: all keys are in one slot', async () => {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const server = await RedisServer.start({ args });
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await admin.call('CLUSTER', 'INFO')).includes('state:ok'), {
    what: 'the cluster is up',
  });
  admin.disconnect();
  const redis = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  onTestFinished(() => redis.disconnect());
  const fleet = new Fleet({ redis, prefix: testPrefix() });
  const seenAt = await fleet.beat(advertOf('me'));
  expect(await fleet.workers()).toEqual([{ ...advertOf('me'), seenAt }]);
  expect(await fleet.liveTypes()).toEqual(new Set(['repeater']));
  await fleet.leave('me');
  expect(await fleet.workers()).toEqual([]);
});
