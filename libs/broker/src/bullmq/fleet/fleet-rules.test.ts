import { ruleFor, scopeText } from '@goflow/shared';
import { cleanPrefix, RedisServer, testPrefix, until } from '@goflow/testing';
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
  const key = (part: Parameters<typeof fleetKey>[1]): string => fleetKey(prefix, part);
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
  const texts = [
    ...['garbage', '[]', '{"concurrency":"5"}', '{"labels":5,"concurrency":5}'],
    '{"concurrency":5,"at":1}',
    '{"concurrency":5.4,"by":"bob","at":1}',
    '{"concurrency":nan,"by":"bob","at":1}',
    '{"concurrency":05,"by":"bob","at":1}',
    '{"concurrency":0x5,"by":"bob","at":1}',
    '{"concurrency":5,"by":"bob","at":1,"x":nan}',
    '{"concurrency":5,"by":"bo\nb","at":1}',
    '{"concurrency":5,"by":"bob","at":-1}',
    '{"labels":[],"concurrency":5,"by":"bob","at":1}',
    '{"labels":{"a":1},"concurrency":5,"by":"bob","at":1}',
    '{"labels":{"a":"b"},"concurrency":5,"by":"bob","at":1}',
    '{"queue":"images","concurrency":5,"by":"bob","at":1}',
    '{"queue":null,"concurrency":5,"by":"bob","at":1}',
  ];
  for (const garbage of texts) {
    await redis.hset(key('rules'), '*', garbage);
    const change = await rules.set({ concurrency: 5, by: 'ada' }, newNonce());
    expect(change, garbage).toEqual({ changed: true });
    expect(await rules.read()).toMatchObject([{ concurrency: 5 }]);
    await rules.set({ concurrency: undefined, by: 'ada' }, newNonce());
  }
  expect(told).toEqual([]);
});

test('what is said last is the newest: within a millisecond, and when the clock of Redis was set back', async () => {
  const { redis, rules, key } = open();
  const [eu, big] = [{ labels: { region: 'eu' } }, { labels: { size: 'big' } }];
  const ahead = Date.now() + 3_600_000;
  const stored = { ...big, concurrency: 9, by: 'ada', at: ahead };
  await redis.hset(key('rules'), 'foreign', `{"at":${Number.MAX_SAFE_INTEGER}}`);
  await redis.hset(key('rules'), '*,size=big', JSON.stringify(stored));
  const say = (scope: object, concurrency: number) =>
    rules.set({ ...scope, concurrency, by: 'bob' }, newNonce());
  expect(await say(eu, 5)).toEqual({ changed: true });
  expect(ruleFor(await rules.read(), 'q', { region: 'eu', size: 'big' })).toMatchObject(eu);
  expect(await say(big, 9)).toEqual({ changed: true, before: 9 });
  expect(ruleFor(await rules.read(), 'q', { region: 'eu', size: 'big' })).toMatchObject(big);
  expect(await say(big, 9)).toEqual({ changed: false, before: 9 });
  const times = (await rules.read()).map(({ at }) => at).sort();
  expect(times).toEqual([ahead + 1, ahead + 2]);
});

test('of two rules of one time, which an older release wrote, either can be said again', async () => {
  const { redis, rules, key } = open();
  const scopes = [{ labels: { region: 'eu' } }, { labels: { size: 'big' } }];
  for (const scope of scopes)
    await redis.hset(
      key('rules'),
      scopeText(scope),
      JSON.stringify({ ...scope, concurrency: 5, by: 'ada', at: 1 }),
    );
  for (const scope of scopes) {
    const change = await rules.set({ ...scope, concurrency: 5, by: 'ada' }, newNonce());
    expect(change).toEqual({ changed: true, before: 5 });
    const counts = ruleFor(await rules.read(), 'q', { region: 'eu', size: 'big' });
    expect(counts).toMatchObject(scope);
  }
});

test('a trail that is no list, and a version that is no number, keep nothing from being said; the first is told, once', async () => {
  const { redis, rules, told, key } = open();
  await redis.set(key('audit'), 'foreign');
  await redis.hset(key('version'), 'a', 'b');
  expect(await rules.set({ concurrency: 5, by: 'ada' }, newNonce())).toEqual({ changed: true });
  expect(await redis.type(key('version'))).toBe('string');
  await rules.record({ action: 'queue.pause', by: 'ada', queue: 'q' }, newNonce());
  await rules.set({ concurrency: undefined, by: 'ada' }, newNonce());
  expect(told).toEqual(['the audit trail cannot be written: its key in Redis is no list']);
  await redis.del(key('audit'));
  await rules.record({ action: 'queue.resume', by: 'ada', queue: 'q' }, newNonce());
  expect(await rules.audit(10)).toMatchObject([{ action: 'queue.resume' }]);
});

test('overrides of workers have 1,000 lines of their own; the newest is first, whatever it is', async () => {
  const { redis, rules, key } = open();
  const override = (to: number) =>
    rules.record({ action: 'worker.override', by: 'bob', worker: 'w', to }, newNonce());
  await rules.set({ concurrency: 5, by: 'ada' }, newNonce());
  await Promise.all(Array.from({ length: 1_010 }, (_, to) => override(to)));
  await until(
    async () => {
      await rules.record({ action: 'queue.pause', by: 'ada', queue: 'q' }, newNonce());
      return (await rules.audit(1))[0]?.action === 'queue.pause';
    },
    { what: 'a later millisecond' },
  );
  expect(await redis.llen(key('audit-workers'))).toBe(1_000);
  const trail = await rules.audit(2_000);
  expect(trail[0]?.action).toBe('queue.pause');
  expect(trail.at(-1)).toMatchObject({ action: 'concurrency.set', to: 5 });
  expect(await rules.audit(3)).toEqual(trail.slice(0, 3));
});

test('the version is another one after each change, and after those by hand that make more or fewer rules', async () => {
  const { redis, rules, key } = open();
  const versions = [(await rules.readVersion()).version];
  const step = async (change: () => Promise<unknown>): Promise<void> => {
    await change();
    versions.push((await rules.readVersion()).version);
  };
  await step(() => rules.set({ concurrency: 5, by: 'ada' }, newNonce()));
  await step(() => rules.set({ concurrency: 6, by: 'ada' }, newNonce()));
  await step(() => redis.hset(key('rules'), 'x', 'garbage'));
  await step(() => redis.del(key('rules')));
  await step(() => redis.del(key('version')));
  expect(new Set(versions.slice(0, 5)).size).toBe(5);
  expect(versions[5]).toBe(versions[0]);
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
