import type { WorkerAdvert } from '@goflow/shared';
import { until } from '@goflow/testing';
import { Queue } from 'bullmq';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createBullMqBroker } from '../bullmq-broker.js';
import { fleetKey, queueKey } from '../keys.js';
import { envelopeOf, openPlace } from '../place.test-d.js';
import { Fleet } from './fleet.js';

function open() {
  const place = openPlace();
  const troubles: string[] = [];
  const onTrouble = ({ message }: Error): unknown => troubles.push(message);
  const broker = createBullMqBroker({ redis: place.redis, prefix: place.prefix, onTrouble });
  onTestFinished(() => broker.close());
  const push = (queue: string) =>
    broker.push({ ...envelopeOf(), id: `${queue}:${'A'.repeat(22)}`, queue });
  const told = async () =>
    (await place.redis.smembers(fleetKey(place.prefix, 'queues'))).toSorted();
  const names = async (search = false) =>
    (await broker.fleet.queues({ search })).map(({ queue }) => queue);
  return { ...place, fleet: broker.fleet, troubles, push, told, names };
}

/** A queue that only another program knows. */
async function pushRaw({ redis, prefix }: ReturnType<typeof open>, queue: string): Promise<void> {
  const raw = new Queue(`{${queue}}`, { connection: redis, prefix });
  await raw.add('x', {});
  await raw.close();
}

const advertOf = (...queues: string[]): WorkerAdvert => ({
  name: 'me',
  types: [],
  host: 'here',
  pid: 42,
  version: '0.1.0',
  queues: Object.fromEntries(queues.map((queue) => [queue, { concurrency: 5, active: 2 }])),
  startedAt: 1_800_000_000_000,
  lastTakenAt: undefined,
  eventLoopLagMs: 0,
  state: 'running',
});

test('a client tells of each queue once, with its first push; then no keys are looked through', async () => {
  const place = open();
  const adding = vi.spyOn(place.redis, 'sadd');
  const scan = vi.spyOn(place.redis, 'scan');
  for (const queue of ['images', 'default', 'images', 'images'])
    await place.push(queue).catch(() => undefined);
  await until(async () => (await place.told()).length === 2, { what: 'both to be told' });
  expect(await place.names()).toEqual(['default', 'images']);
  expect(adding).toHaveBeenCalledTimes(2);
  expect(scan).not.toHaveBeenCalled();
});

test('a worker tells of its queues with a sign of life, once; again of those that are new, and in other data', async () => {
  const { redis, prefix, told } = open();
  const fleet = new Fleet({ redis, prefix });
  const adding = vi.spyOn(redis, 'sadd');
  await fleet.beat(advertOf('default'));
  await until(async () => (await told()).length === 1, { what: 'it to be told' });
  await fleet.beat(advertOf('default'));
  await fleet.beat(advertOf('default', 'images'));
  await until(async () => (await told()).length === 2, { what: 'the new one to be told' });
  expect(adding.mock.calls.map(([, ...queues]) => queues)).toEqual([['default'], ['images']]);
  await redis.del(fleetKey(prefix, 'queues'), fleetKey(prefix, 'epoch'));
  await fleet.beat(advertOf('default', 'images'));
  await until(async () => (await told()).length === 2, { what: 'both to be told again' });
});

test('where nobody told of any, and when asked to, queues are looked for, and told of', async () => {
  const place = open();
  await pushRaw(place, 'raw');
  expect(await place.names()).toEqual(['raw']);
  expect(await place.told()).toEqual(['raw']);
  await pushRaw(place, 'other');
  expect(await place.names()).toEqual(['raw']);
  expect(await place.names(true)).toEqual(['other', 'raw']);
  expect(await place.names()).toEqual(['other', 'raw']);
  await place.redis.del(fleetKey(place.prefix, 'queues'));
  await place.redis.set(fleetKey(place.prefix, 'queues'), 'foreign');
  expect(await place.names()).toEqual(['other', 'raw']);
});

test('a queue that was told of and has no keys is none', async () => {
  const { redis, prefix, push, names } = open();
  await redis.sadd(fleetKey(prefix, 'queues'), 'gone', 'No Queue');
  await push('default');
  await until(async () => (await names()).length === 1, { what: 'the one that is there' });
  expect(await names()).toEqual(['default']);
});

test('foreign keys in the place of a queue’s are told, and the other queues are listed', async () => {
  const { redis, prefix, push, names, troubles } = open();
  await push('default');
  await redis.set(queueKey(prefix, 'x', 'meta'), 'foreign');
  await redis.hset(queueKey(prefix, 'y', 'meta'), 'a', 'b');
  await redis.set(queueKey(prefix, 'y', 'wait'), 'foreign');
  expect(await names(true)).toEqual(['default']);
  expect(troubles[0]).toBe('the queue x has keys that BullMQ did not make');
});

test('a queue is paused where the audit trail is no list', async () => {
  const { redis, prefix, push, fleet, troubles } = open();
  await push('default');
  await redis.set(fleetKey(prefix, 'audit'), 'foreign');
  expect(await fleet.pause('default', 'ada')).toEqual({ changed: true });
  expect(await fleet.queues()).toMatchObject([{ queue: 'default', isPaused: true }]);
  expect(troubles).toEqual(['the audit trail cannot be written: its key in Redis is no list']);
});

test('how long the oldest task waits: those with a priority too, without its delay, and from its last attempt on', async () => {
  const { redis, prefix, push, fleet } = open();
  await push('default');
  await redis.del(queueKey(prefix, 'default', 'wait'));
  const raw = new Queue('{default}', { connection: redis, prefix });
  const oldest = async () => (await fleet.queues())[0]?.oldestWaitingAt;
  expect(await oldest()).toBeUndefined();
  const add = (timestamp: number, options: object = {}) =>
    raw.add('x', {}, { timestamp, ...options });
  await add(9_000_000, { priority: 1 });
  expect(await oldest()).toBe(9_000_000);
  await add(7_000_000, { priority: 5 });
  await add(8_000_000, { priority: 5 });
  expect(await oldest()).toBe(7_000_000);
  const { id } = await add(5_000_000, { delay: 1 });
  await redis.hset(queueKey(prefix, 'default', id ?? ''), 'opts', '{"delay":1500000}');
  await redis.zrem(queueKey(prefix, 'default', 'delayed'), id ?? '');
  await redis.rpush(queueKey(prefix, 'default', 'wait'), id ?? '');
  expect(await oldest()).toBe(6_500_000);
  await redis.hset(queueKey(prefix, 'default', id ?? ''), 'processedOn', '6600000');
  expect(await oldest()).toBe(6_600_000);
  await raw.close();
});

test('a backoff is no delay; after one, a hand-back for later or a redrive, a task waits since it is due', async () => {
  const { redis, prefix, push, fleet } = open();
  const id = 'A'.repeat(22);
  await push('default');
  const job = queueKey(prefix, 'default', id);
  const oldest = async () => (await fleet.queues())[0]?.oldestWaitingAt;
  const pushedAt = await oldest();
  await redis.hset(job, 'opts', '{"backoff":{"type":"fixed","delay":3600000}}');
  expect(await oldest()).toBe(pushedAt);
  await redis.hset(job, 'opts', 'no JSON', 'processedOn', 5);
  expect(await oldest()).toBe(pushedAt);
  await redis.hset(job, 'due', Number(pushedAt) + 7_000);
  expect(await oldest()).toBe(Number(pushedAt) + 7_000);
});
