import { RedisCluster, testPrefix, until } from '@goflow/testing';
import { Cluster } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from '../bullmq-broker.js';
import { fleetKey } from '../keys.js';
import { envelopeOf, openPlace } from '../place.test-d.js';
import { ExporterLease } from './exporter-lease.js';

async function open() {
  const { redis, prefix } = openPlace();
  await redis.ping();
  const troubles: string[] = [];
  const lease = (): ExporterLease => {
    const report = ({ message }: Error): unknown => troubles.push(message);
    const made = new ExporterLease({ redis, prefix, report });
    onTestFinished(() => made.close());
    return made;
  };
  return { redis, prefix, key: fleetKey(prefix, 'exporter'), troubles, lease };
}

test('one holds it, at once, and keeps it; others come when it resigns', async () => {
  const { redis, key, lease } = await open();
  const [first, second] = [lease(), lease()];
  expect(await first.claim()).toBe(true);
  expect(await second.claim()).toBe(false);
  expect([first.isHeld, second.isHeld]).toEqual([true, false]);
  const before = await redis.pttl(key);
  expect(before).toBeGreaterThan(5_000);
  await until(async () => (await redis.pttl(key)) > before - 1_500, { what: 'it to be renewed' });
  await first.resign();
  expect(first.isHeld).toBe(false);
  expect(await second.claim()).toBe(true);
  await second.close();
  expect(await redis.exists(key)).toBe(0);
  expect(await second.claim()).toBe(false);
});

test('each group has one, and so have those that name none', async () => {
  const { redis, key, lease } = await open();
  const [none, east, other, west] = [lease(), lease(), lease(), lease()];
  expect(await none.claim()).toBe(true);
  expect(await east.claim('east')).toBe(true);
  expect(await other.claim('east')).toBe(false);
  expect(await west.claim('west')).toBe(true);
  await east.resign();
  expect(await redis.exists(key, `${key}:east`, `${key}:west`)).toBe(2);
  expect(await other.claim('east')).toBe(true);
});

test('who waits follows by itself when a lease is over, also one that never ends; nobody is elected who does not hold it', async () => {
  const { redis, key, lease } = await open();
  await redis.set(key, 'somebody who was killed', 'PX', 700);
  const waiting = lease();
  expect(await waiting.claim()).toBe(false);
  await until(() => waiting.isHeld, { what: 'it to follow', timeoutMs: 2_500 });
  await redis.set(key, 'somebody else', 'PX', 60_000);
  // With the next renewal, at the latest when its own time is over.
  await until(() => !waiting.isHeld, { what: 'it to see the other', timeoutMs: 6_500 });
  await redis.set(key, 'without an end');
  expect(await waiting.claim()).toBe(true);
});

test('a key of another kind is told, and nobody is elected', async () => {
  const { redis, key, troubles, lease } = await open();
  await redis.sadd(key, 'foreign');
  expect(await lease().claim()).toBe(false);
  expect(troubles.join()).toContain('WRONGTYPE');
});

test('on a Redis Cluster, and by a client as well as by a worker: queues of all masters, and each server', async () => {
  const cluster = await RedisCluster.start();
  onTestFinished(() => cluster.stop());
  const redis = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
  onTestFinished(() => redis.disconnect());
  const broker = createBullMqBroker({ redis, prefix: testPrefix() });
  onTestFinished(() => broker.close());
  for (const queue of ['a', 'b', 'c'])
    await broker.push({ ...envelopeOf(), id: `${queue}:${'A'.repeat(22)}`, queue });
  expect(await broker.exporter?.claim()).toBe(true);
  const state = await until(
    async () => {
      const found = await broker.exporter?.look();
      return found?.queues.length === 3 && found;
    },
    { what: 'all queues to be told of' },
  );
  expect(state.servers).toHaveLength(3);
  expect(new Set(state.servers.map(({ name }) => name)).size).toBe(3);
  for (const server of state.servers) expect(server.usedBytes).toBeGreaterThan(0);
});
