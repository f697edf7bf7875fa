import { cleanPrefix, freePort, RedisServer, testPrefix, until } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from '../bullmq-broker.js';
import { fleetKey } from '../keys.js';
import { envelopeOf } from '../place.test-d.js';
import { FleetRules, newNonce } from './fleet-rules.js';

function open() {
  const prefix = testPrefix();
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(async () => {
    redis.disconnect();
    await cleanPrefix(inject('redisUrl'), prefix);
  });
  const told: string[] = [];
  const rules = new FleetRules({ redis, prefix, report: ({ message }) => told.push(message) });
  const key = (part: 'rules' | 'audit'): string => fleetKey(prefix, part);
  return { redis, rules, told, key };
}

test('garbage is passed over and told once; it is told again when it was away meanwhile', async () => {
  const { redis, rules, told, key } = open();
  await rules.set({ concurrency: 5, by: 'ada' }, newNonce());
  await redis.hset(key('rules'), 'x', 'garbage');
  expect(await rules.read()).toMatchObject([{ concurrency: 5 }]);
  await rules.read();
  expect(told).toEqual(['among the rules of the fleet is one that is none: x']);
  await redis.hdel(key('rules'), 'x');
  await rules.read();
  await redis.hset(key('rules'), 'x', 'garbage');
  await rules.read();
  expect(told).toHaveLength(2);
});

test('a rule is said in the place of garbage', async () => {
  const { redis, rules, told, key } = open();
  for (const garbage of ['garbage', '[]', '{"concurrency":"5"}', '{"labels":5,"concurrency":5}']) {
    await redis.hset(key('rules'), '*', garbage);
    const change = await rules.set({ concurrency: 5, by: 'ada' }, newNonce());
    expect(change.changed).toBe(true);
    expect(await rules.read()).toMatchObject([{ concurrency: 5 }]);
    await rules.set({ concurrency: undefined, by: 'ada' }, newNonce());
  }
  expect(told).toEqual([]);
});

test('the audit trail has at most 1,000 lines in Redis; there are at most 1,000 rules', async () => {
  const { redis, rules, key } = open();
  const set = (n: number) => rules.set({ concurrency: n, queue: `q${n}`, by: 'ada' }, newNonce());
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => set(n)));
  await rules.record({ action: 'queue.pause', by: 'ada', queue: 'q' }, newNonce());
  expect(await redis.llen(key('audit'))).toBe(1_000);
  await expect(set(1_000)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await rules.set({ concurrency: undefined, queue: 'q7', by: 'ada' }, newNonce());
  expect(await set(1_000)).toEqual({ changed: true });
  expect(await redis.hlen(key('rules'))).toBe(1_000);
});

test('works on a Redis Cluster: rules, the audit trail, pauses, and the queues of all masters', async () => {
  const port = await freePort();
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const server = await RedisServer.start({ port, args });
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await admin.call('CLUSTER', 'INFO')).includes('state:ok'), {
    what: 'the cluster is up',
  });
  admin.disconnect();
  const redis = new Cluster([{ host: '127.0.0.1', port }]);
  onTestFinished(() => redis.disconnect());
  const broker = createBullMqBroker({ redis });
  onTestFinished(() => broker.close());
  for (const queue of ['default', 'images'])
    await broker.push({ ...envelopeOf(), id: `${queue}:${'A'.repeat(22)}`, queue });
  const { fleet } = broker;
  await fleet.setRule({ queue: 'images', labels: { a: 'b' } }, 5, 'ada');
  await fleet.pause('images', 'ada');
  expect(await fleet.rules()).toMatchObject([{ queue: 'images', labels: { a: 'b' } }]);
  expect(await fleet.queues()).toMatchObject([
    { queue: 'default', isPaused: false, counts: { waiting: 1 } },
    { queue: 'images', isPaused: true, counts: { waiting: 1 } },
  ]);
  expect(await fleet.audit(10)).toMatchObject([
    { action: 'queue.pause' },
    { action: 'concurrency.set' },
  ]);
});
