import { inspect } from 'node:util';
import { newTaskId, parseTaskId } from '@goflow/shared';
import { cleanPrefix, RedisServer, testPrefix, until } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createRedisResultStore, type RedisResultStoreOptions } from './redis-result-store.js';

const HOUR_MS = 3_600_000;

test('a result is one key in the slot of its queue, which Redis frees', async () => {
  const { redis, prefix } = place();
  const store = open({ redis, prefix });
  const id = newTaskId('images');
  await store.put(id, '{"a":1}', HOUR_MS);
  const key = `${prefix}:{images}:result:${parseTaskId(id)?.unique}`;
  expect(await redis.keys(`${prefix}*`)).toEqual([key]);
  expect(await redis.get(key)).toBe('{"a":1}');
  const leftMs = await redis.pttl(key);
  expect(leftMs).toBeLessThanOrEqual(HOUR_MS);
  expect(leftMs).toBeGreaterThan(HOUR_MS / 2);
});

test('results of queues in different slots are read from a Redis Cluster', async () => {
  const server = await RedisServer.start({
    args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  });
  onTestFinished(() => server.stop());
  const node = new Redis(server.url);
  onTestFinished(() => node.disconnect());
  await node.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
  await until(async () => (await node.cluster('INFO')).includes('cluster_state:ok'), {
    what: 'the cluster to be up',
  });
  await expect(node.mget('{a}', '{b}')).rejects.toThrow('CROSSSLOT');

  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  onTestFinished(() => cluster.disconnect());
  const store = open({ redis: cluster });
  const ids = ['a', 'b', 'c', 'a'].map((queue) => newTaskId(queue));
  await Promise.all(ids.map((id) => store.put(id, JSON.stringify(id), HOUR_MS)));
  expect(await store.get(ids)).toEqual(ids.map((id) => JSON.stringify(id)));
});

test('a Redis that hangs is away', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const store = open({ redis: server.url, timeout: 200 });
  await store.get([newTaskId('default')]);
  server.pause();
  await expect(store.put(newTaskId('default'), '1', 1)).rejects.toMatchObject({
    code: 'RESULT_STORE_AWAY',
    message: expect.stringContaining('within 200 ms; the command may have been carried out'),
  });
  server.resume();
});

test('a Redis that refuses is away, and no password is told', async () => {
  const server = await RedisServer.start({ password: 'right' });
  onTestFinished(() => server.stop());
  const store = open({ redis: `redis://:secret@127.0.0.1:${server.port}`, timeout: 300 });
  const error = await store.get([newTaskId('default')]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'RESULT_STORE_AWAY' });
  expect(inspect(error, { depth: 10, showHidden: true })).toContain('WRONGPASS');
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
});

test("after close() calls fail as CLIENT_CLOSED; a caller's own connection stays open", async () => {
  const { redis, prefix } = place();
  const listeners = redis.listenerCount('error');
  for (const store of [open({ redis, prefix }), open({ redis: inject('redisUrl'), prefix })]) {
    await store.close();
    await store.close();
    await expect(store.get([newTaskId('default')])).rejects.toMatchObject({
      code: 'CLIENT_CLOSED',
    });
  }
  expect(await redis.ping()).toBe('PONG');
  expect(redis.listenerCount('error')).toBe(listeners);
});

test.each([
  [{ redis: 'localhost' }, 'redis'],
  [{ redis: 'redis://localhost', prefix: 'a:b' }, 'prefix'],
  [{ redis: 'redis://localhost', timeout: '1ms' }, 'timeout'],
  [{ redis: 'redis://localhost', ttl: 1 }, 'createRedisResultStore options'],
])('refuses %j', (options, option) => {
  expect(() => createRedisResultStore(options)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      details: expect.objectContaining({ option }),
    }),
  );
});

/** A connection of the test's own, and a prefix that is cleaned. */
function place(): { redis: Redis; prefix: string } {
  const [url, prefix] = [inject('redisUrl'), testPrefix()];
  const redis = new Redis(url);
  onTestFinished(async () => {
    redis.disconnect();
    await cleanPrefix(url, prefix);
  });
  return { redis, prefix };
}

function open(options: RedisResultStoreOptions) {
  const store = createRedisResultStore(options);
  onTestFinished(() => store.close());
  return store;
}
