import { RedisCluster } from '@goflow/testing';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { diagnose, expectOnly, HEALTHY, startSystem } from './doctor-rig.js';

// One Cluster for all tests: each leaves it whole.
let world: RedisCluster;
beforeAll(async () => {
  world = await RedisCluster.start({ args: HEALTHY });
});
afterAll(() => world.stop());

function connect(): Cluster {
  const cluster = new Cluster([...world.nodes]);
  cluster.on('error', () => undefined);
  onTestFinished(() => cluster.disconnect());
  return cluster;
}

const url = (): string => world.servers[0]?.url ?? '';

test('a healthy Cluster: every check is ok, though only one node is named', async () => {
  await startSystem(connect());
  expect(await diagnose(url())).toMatchObject({ bad: [], code: 0 });
  // A replica among its nodes leads to the masters, too.
  expect(await diagnose(world.servers[3]?.url ?? '')).toMatchObject({ bad: [], code: 0 });
});

test('queues without a hash tag', async () => {
  const cluster = connect();
  await startSystem(cluster);
  await cluster.hset('bull:mails:meta', { version: 'bullmq:5.0.0' });
  onTestFinished(async () => void (await cluster.del('bull:mails:meta')));
  expectOnly(await diagnose(url()), {
    check: 'hash-tags',
    level: 'problem',
    found: /bull:mails\./,
    advice: /\{bull\}/,
  });
});

test('a master that evicts is named', async () => {
  const cluster = connect();
  await startSystem(cluster);
  const [node] = cluster.nodes('master');
  await node?.config('SET', 'maxmemory-policy', 'volatile-lru');
  onTestFinished(async () => void (await node?.config('SET', 'maxmemory-policy', 'noeviction')));
  expectOnly(await diagnose(url()), {
    check: 'eviction',
    level: 'problem',
    found: new RegExp(`^127.0.0.1:${node?.options.port}: maxmemory-policy is volatile-lru`),
    advice: /noeviction/,
  });
});

test('slots that nobody serves, and a master without a replica', async () => {
  const alone = await RedisCluster.start({ replicas: 0, args: HEALTHY });
  onTestFinished(() => alone.stop());
  const cluster = new Cluster([...alone.nodes]);
  cluster.on('error', () => undefined);
  onTestFinished(() => cluster.disconnect());
  await startSystem(cluster);
  const named = (await alone.masterOf('goflow:{fleet}:workers')).url;
  expectOnly(await diagnose(named), {
    check: 'cluster',
    level: 'warning',
    found: /no replica stands behind 127\.0\.0\.1:\d+, /,
    advice: /add-node/,
  });
  // A slot in which no key lies.
  const slot = 12_345;
  for (const node of cluster.nodes('master'))
    await node.cluster('DELSLOTS', slot).catch(() => undefined);
  expectOnly(await diagnose(named), {
    check: 'cluster',
    level: 'problem',
    found: /16383 of 16384 slots/,
    advice: /cluster fix/,
  });
});
