import type { TakenTask, Verdict } from '@goflow/shared';
import { FaultProxy, until } from '@goflow/testing';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from './bullmq-broker.js';
import type { BullMqConsumer } from './bullmq-consumer.js';
import { createBullMqConsumerBroker } from './bullmq-consumer-broker.js';
import { envelopeOf, openPlace } from './place.test-d.js';

const DONE: Verdict = { kind: 'completed', resultJson: undefined };

/** A consumer behind a proxy, and what became of tasks. A push goes past the proxy. */
async function open(run: (task: TakenTask) => Promise<Verdict>) {
  const { prefix, redis: direct, key } = openPlace();
  const redis = inject('redisUrl');
  const proxy = await FaultProxy.start({ targetPort: Number(new URL(redis).port) });
  onTestFinished(() => proxy.stop());
  const events: string[] = [];
  const broker = createBullMqBroker({ redis, prefix });
  const behind = `redis://127.0.0.1:${proxy.port}`;
  const consumers = createBullMqConsumerBroker({ redis: behind, prefix, lease: '1s' });
  const consumer = consumers.consume({
    queue: 'default',
    concurrency: 10,
    worker: 'w',
    run,
    retention: new Map(),
    listener: {
      settled: (_task, { kind }) => void events.push(kind),
      leaseLost: () => void events.push('lost'),
      rebuilt: () => void events.push('rebuilt'),
    },
  }) as BullMqConsumer;
  onTestFinished(async () => {
    await consumer.stop(0);
    await consumers.close();
    await broker.close();
  });
  await consumer.start();
  const push = async (): Promise<string> => {
    const { id } = await broker.push(envelopeOf());
    return id.slice(id.indexOf(':') + 1);
  };
  const count = (event: string): number => events.filter((one) => one === event).length;
  /** As the heartbeat does, but at once. */
  const lookUntil = (fact: () => boolean | Promise<boolean>, what: string) =>
    until(
      async () => {
        await consumer.look();
        return fact();
      },
      { what, everyMs: 100 },
    );
  return { redis: direct, key, proxy, consumers, consumer, push, events, count, lookUntil };
}

const isWait = ([command = '']: readonly string[]): boolean => command.toLowerCase() === 'bzpopmin';

test('the wait for tasks hangs while PING passes: another takes its place, what waits runs, what ran goes on', async () => {
  let letGo: () => void = () => undefined;
  const holding = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let started = 0;
  const world = await open(async () => {
    started += 1;
    if (started === 1) await holding;
    return DONE;
  });
  const { redis, key, proxy, consumers, consumer, push, events, count, lookUntil } = world;
  const held = await push();
  await until(() => started === 1, { what: 'the first to run' });
  proxy.stall(isWait);
  let pushed = 1;
  // The wait that is under way may still hear of the first ones.
  await lookUntil(async () => {
    if (count('rebuilt') === 1) return true;
    await push();
    pushed += 1;
    return false;
  }, 'it to be rebuilt');
  await until(() => count('completed') === pushed - 1, { what: 'what waited to complete' });
  await consumers.ping();
  expect(consumer.isStuck).toBe(false);
  // Each at half of the lease: four of them are longer than it.
  let [renewals, before] = [0, 0];
  await until(
    async () => {
      const now = await redis.pttl(key(`${held}:lock`));
      if (now > before) renewals += 1;
      before = now;
      return renewals >= 4;
    },
    { what: 'what was replaced to go on renewing the lease' },
  );
  letGo();
  await until(() => count('completed') === pushed, { what: 'the first to complete' });
  expect(events.toSorted()).toEqual([...Array(pushed).fill('completed'), 'rebuilt']);
  expect(await consumer.counts()).toMatchObject({ completed: pushed, active: 0, waiting: 0 });
});

test('however often it is rebuilt, no connection is left', async () => {
  const { proxy, consumer, push, count, lookUntil } = await open(async () => DONE);
  await push();
  await until(() => count('completed') === 1, { what: 'the first to complete' });
  const before = proxy.connections;
  for (let times = 1; times <= 3; times += 1) {
    proxy.stall(isWait);
    // The wait that is under way may still hear of the first ones.
    await lookUntil(async () => {
      if (count('rebuilt') < times) await push();
      return count('rebuilt') === times;
    }, 'it to be rebuilt');
    await until(async () => (await consumer.counts()).waiting === 0, { what: 'all to be taken' });
    proxy.heal();
  }
  proxy.cutAll();
  await until(() => proxy.connections === before, { what: 'as many connections as before' });
});
