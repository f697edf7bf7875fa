import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { FaultProxy } from '../proxy/fault-proxy.js';
import { until } from '../wait/until.js';
import { askRedis, infoFields } from './ask-redis.js';
import { RedisSentinels } from './redis-sentinels.js';
import type { RedisServer } from './redis-server.js';

let world: RedisSentinels;
beforeAll(async () => {
  // A busy machine is not to be taken for a dead server.
  world = await RedisSentinels.start({ replicas: 2, downAfterMs: 1_500 });
});
afterAll(() => world.stop());

async function roleOf(server: RedisServer): Promise<string | undefined> {
  return infoFields(await askRedis(server, 'INFO', 'replication')).get('role');
}

async function untilReplaced(old: RedisServer): Promise<void> {
  const isReplaced = async () => (await world.master()) !== old;
  await until(isReplaced, { what: 'a new master', timeoutMs: 20_000 });
}

test('a client finds the master through the sentinels, and a proxy when it is told of one', async () => {
  const [first] = world.servers;
  expect(await world.master()).toBe(first);
  expect(await world.replicas()).toEqual(world.servers.slice(1));
  expect(await Promise.all(world.servers.map(roleOf))).toEqual(['master', 'slave', 'slave']);
  expect(world.options()).toEqual({ sentinels: world.sentinels, name: 'goflow' });
  const { port } = await world.master();
  await using proxy = await FaultProxy.start({ targetPort: port });
  const natMap = { [`127.0.0.1:${port}`]: { host: '127.0.0.1', port: proxy.port } };
  for (const options of [world.options(), world.options(natMap)]) {
    const redis = new Redis({ ...options, retryStrategy: () => null });
    onTestFinished(() => redis.disconnect());
    expect(await redis.info('server')).toContain(`tcp_port:${port}\r\n`);
  }
  expect(proxy.counters.accepted).toBe(1);
});

test('the master is killed: a replica takes over with the data, and the old one comes back as a replica', async () => {
  const old = await world.master();
  await askRedis(old, 'SET', 'kept', '1');
  expect(await askRedis(old, 'WAIT', 2, 1_000)).toBe(2);
  await old.kill9();
  await untilReplaced(old);
  await world.waitUntilWhole();
  const master = await world.master();
  expect(await askRedis(master, 'GET', 'kept')).toBe('1');
  await askRedis(master, 'SET', 'later', '1');
  await world.restartKilled();
  expect(await world.master()).toBe(master);
  expect(await roleOf(old)).toBe('slave');
  expect(await askRedis(old, 'MGET', 'kept', 'later')).toEqual(['1', '1']);
});

test('a server that did take over is the master after a restart of all', async () => {
  const master = await world.master();
  expect(master).not.toBe(world.servers[0]);
  for (const server of [...world.sentinelServers, ...world.servers]) await server.kill9();
  await expect(world.master()).rejects.toThrow('no sentinel tells the master');
  await world.restartKilled();
  expect(await world.master()).toBe(master);
  expect(await askRedis(master, 'MGET', 'kept', 'later')).toEqual(['1', '1']);
});

test('the master is frozen and a sentinel is dead: the other sentinels still agree, and all come back', async () => {
  const old = await world.master();
  await world.sentinelServers[0]?.kill9();
  old.pause();
  await untilReplaced(old);
  old.resume();
  await world.restartKilled();
  expect(await world.master()).not.toBe(old);
  expect(await roleOf(old)).toBe('slave');
});

test('stop() may be called twice, also when some are dead already', async () => {
  const other = await RedisSentinels.start({ sentinels: 1 });
  await (await other.master()).kill9();
  await other.stop();
  await other.stop();
  const all = [...other.servers, ...other.sentinelServers];
  expect(all.map(({ isRunning }) => isRunning)).toEqual([false, false, false]);
});
