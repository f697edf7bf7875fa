import type { TakenTask, Verdict } from '@goflow/shared';
import { until } from '@goflow/testing';
import { RedisQueueBackend } from 'bullmq';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { createBullMqBroker } from './bullmq-broker.js';
import { createBullMqConsumerBroker } from './bullmq-consumer-broker.js';
import { envelopeOf, openPlace } from './place.test-d.js';

const DONE: Verdict = { kind: 'completed', resultJson: undefined };

/** Tells of each call, which is made all the same. */
function note(name: 'moveToActive' | 'waitForJob', onCall: () => void): void {
  const call = RedisQueueBackend.prototype[name] as (...args: unknown[]) => Promise<never>;
  const spy = vi.spyOn(RedisQueueBackend.prototype, name);
  spy.mockImplementation(function noted(this: RedisQueueBackend, ...args: unknown[]) {
    onCall();
    return call.apply(this, args);
  });
  onTestFinished(() => spy.mockRestore());
}

/** An idle worker with ten slots, and what it does from now on: asks for a task, begins one, has recorded one, waits. */
async function open(run: (task: TakenTask) => Promise<Verdict>) {
  const { prefix } = openPlace();
  const redis = inject('redisUrl');
  const done: string[] = [];
  note('moveToActive', () => done.push('asks'));
  note('waitForJob', () => done.push('waits'));
  const broker = createBullMqBroker({ redis, prefix });
  const consumers = createBullMqConsumerBroker({ redis, prefix });
  const consumer = consumers.consume({
    queue: 'default',
    concurrency: 10,
    worker: 'w',
    run: (task) => {
      done.push('begins');
      return run(task);
    },
    retention: new Map(),
    listener: { settled: () => void done.push('recorded'), leaseLost: () => undefined },
  });
  onTestFinished(async () => {
    await consumer.stop(0);
    await consumers.close();
    await broker.close();
  });
  await consumer.start();
  await until(() => done.at(-1) === 'waits', { what: 'the worker to be idle' });
  done.length = 0;
  return { done, pushOne: () => broker.push(envelopeOf()) };
}

/** Pushes tasks that end at once, each when the one before it is recorded. */
async function runTwenty(): Promise<string> {
  const { done, pushOne } = await open(async () => DONE);
  for (let pushed = 1; pushed <= 20; pushed += 1) {
    await pushOne();
    const recorded = () => done.filter((entry) => entry === 'recorded').length;
    await until(() => recorded() === pushed, { what: 'the task to be recorded' });
  }
  return done.join(' ');
}

test('a task begins when it comes: the worker does not ask for another first', async () => {
  const done = await runTwenty();
  expect(done).toContain('asks begins recorded');
  expect(done).not.toContain('asks asks');
});

test('the end of a task asks for the next one: the worker does not ask beside it', async () => {
  expect(await runTwenty()).not.toContain('begins asks');
});

test('a task that does not end at once keeps no other from being taken', async () => {
  const ends: (() => void)[] = [];
  const { done, pushOne } = await open(async () => {
    await new Promise<void>((resolve) => ends.push(resolve));
    return DONE;
  });
  await Promise.all([pushOne(), pushOne(), pushOne()]);
  await until(() => ends.length === 3, { what: 'all tasks to begin' });
  expect(done.filter((entry) => entry === 'recorded')).toEqual([]);
  for (const end of ends) end();
});
