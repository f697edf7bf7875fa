import type { TakenTask, Verdict } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from './bullmq-broker.js';
import { BullMqConsumer } from './bullmq-consumer.js';
import { Cancellations } from './cancellations.js';
import { RedisClock } from './fleet/redis-clock.js';
import { envelopeOf, openPlace } from './place.test-d.js';
import { closeRedis, connectConsumer } from './redis-connection.js';
import { SharedCalls } from './shared-calls/shared-calls.js';
import { Turns } from './suspects.js';

/** A consumer that is built, and takes nothing before `letGo`; one task waits. */
async function open(concurrency: number) {
  const { prefix, redis: admin, key } = openPlace();
  const [ran, reports]: [string[], unknown[]] = [[], []];
  const report = (error: unknown): void => void reports.push(error);
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { redis } = connectConsumer(inject('redisUrl'));
  const cancellations = new Cancellations({ redis, prefix, report });
  const settings = {
    redis,
    prefix,
    leaseMs: 30_000,
    report,
    cancellations,
    watch: () => undefined,
  };
  const run = async ({ id }: TakenTask): Promise<Verdict> => {
    ran.push(id);
    return { kind: 'completed', resultJson: undefined };
  };
  let isAsked = false;
  const consumer = new BullMqConsumer(
    {
      queue: 'default',
      concurrency,
      worker: 'w',
      run,
      retention: new Map(),
      listener: { settled: () => undefined, leaseLost: () => undefined },
    },
    {
      ...settings,
      clock: new RedisClock({ time: async () => Date.now() }),
      shared: new SharedCalls({ redis, isOn: true, report }),
      turns: new Turns(),
      ready: () => {
        isAsked = true;
        return held;
      },
    },
  );
  const broker = createBullMqBroker({ redis: inject('redisUrl'), prefix });
  onTestFinished(async () => {
    await consumer.stop(0);
    await cancellations.close();
    await broker.close();
    await closeRedis(redis);
  });
  const { id } = await broker.push(envelopeOf());
  const starting = consumer.start();
  await until(() => isAsked, { what: 'the worker to be built' });
  const starts = (): Promise<string | null> =>
    admin.hget(key(id.slice(id.indexOf(':') + 1)), 'ats');
  return { consumer, ran, reports, letGo, starting, starts };
}

test('0 that comes before the first task: none is taken, not even to be handed back', async () => {
  const { consumer, ran, reports, letGo, starting, starts } = await open(10);
  await consumer.setConcurrency(0);
  letGo();
  await starting;
  expect(consumer.isConsuming()).toBe(true);
  expect(await starts()).toBeNull();
  await consumer.setConcurrency(5);
  await until(() => ran.length === 1, { what: 'the task to run' });
  expect(await starts()).toBe('1');
  expect(reports).toEqual([]);
});

test('more than 0 that comes before the first task, where it was 0: it is taken', async () => {
  const { consumer, ran, reports, letGo, starting } = await open(0);
  await consumer.setConcurrency(5);
  letGo();
  await starting;
  await until(() => ran.length === 1, { what: 'the task to run' });
  expect(reports).toEqual([]);
});
