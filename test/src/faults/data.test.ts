import { defineTasks, type Goflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { NonRetryableError, type WorkerOptions } from '@goflow/worker';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';
import { startRedis } from './rig.js';

const tasks = defineTasks({
  large: { payload: z.number(), result: z.string() },
  /** Fails with so many characters, after as many lines of its log. */
  loud: { payload: z.number(), result: z.null(), maxAttempts: 60, backoff: 1 },
  wrong: { payload: z.number(), result: z.null() },
  held: { payload: z.null(), result: z.null(), progress: z.number() },
});

type Handlers = NonNullable<WorkerOptions<(typeof tasks)['definitions']>['handlers']>;

const handlers: Handlers = {
  large: (length) => 'x'.repeat(length),
  loud: (length, ctx) => {
    for (let line = 0; line < 300; line += 1) ctx.log.info({ line }, 'z'.repeat(length));
    throw new Error('y'.repeat(length));
  },
  wrong: () => {
    throw new NonRetryableError('wrong');
  },
  held: async (_, ctx) => {
    await ctx.progress(1);
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    return null;
  },
};

/** A client and a worker with a Redis of their own. */
async function openSystem(): Promise<{
  goflow: Goflow<(typeof tasks)['definitions']>;
  admin: Redis;
}> {
  const { url } = await startRedis();
  const place = { redis: url, prefix: 'faults' };
  await makeWorker({ tasks, handlers, concurrency: 50 }, place).start();
  return { goflow: openClient(tasks, place), admin: openRedis(url) };
}

async function bytesOf(redis: Redis, keys: readonly string[]): Promise<number> {
  const sizes = keys.map((key) => redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0));
  return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + Number(size), 0);
}

const EVENTS = 'faults:{default}:events';

test('results of 20 KB: what BullMQ keeps of them in its events is bounded', async () => {
  const { goflow, admin } = await openSystem();
  let most = 0;
  for (let round = 0; round < 6; round += 1) {
    const ids = await goflow.pushMany('large', Array(500).fill(20_000));
    const results = await goflow.waitAll(ids);
    expect(results.every(({ status }) => status === 'completed')).toBe(true);
    most = Math.max(most, await bytesOf(admin, [EVENTS]));
  }
  console.info(`F12: 3,000 results of 20 KB leave ${(most / 1e6).toFixed(1)} MB of events`);
  expect(await admin.xlen(EVENTS)).toBeLessThan(1.5 * 2_000);
  // One of three events has a result.
  expect(most).toBeLessThan(1_000 * 21_000);
});

test('garbage in the events and on every channel: waits, watches and cancels go on', async () => {
  const { goflow, admin } = await openSystem();
  // The second push carries the address of this client.
  for (const _ of [1, 2]) await goflow.wait(await goflow.push('large', 1));
  const held = await goflow.push('held', null);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const change of goflow.watch(held)) seen.push(change.kind);
  })();
  await until(() => seen.length > 0, { what: 'the progress to be seen' });
  // Replies, cancellations, news of one task.
  const channels = await until(
    async () => {
      const open = (await admin.call('PUBSUB', 'CHANNELS', 'faults:*')) as string[];
      return open.length >= 3 ? open : undefined;
    },
    { what: 'all to listen' },
  );
  for (const garbage of ['', '{', 'null', '[]', '{"id":1}', '["a"]', '\0\ufffd', '7', '"x"']) {
    for (const channel of channels) await admin.publish(channel, garbage);
    await admin.xadd(EVENTS, '*', 'event', 'progress', 'jobId', 'x', 'data', garbage);
    await admin.xadd(EVENTS, '*', 'event', 'completed', 'jobId', 'x', 'returnvalue', garbage);
  }
  expect(await goflow.wait(await goflow.push('large', 2))).toBe('xx');
  expect(await goflow.cancel(held)).toMatchObject({ effect: 'requested' });
  await watching;
  expect(await goflow.getResult(held)).toMatchObject({ status: 'cancelled' });
});

test('60 attempts that fail with 100 KB of text, and 18,000 lines of log: what is kept is bounded', async () => {
  const { goflow, admin } = await openSystem();
  const id = await goflow.push('loud', 100_000);
  await goflow.waitAll([id], { timeout: '25s' });
  expect(await goflow.getResult(id)).toMatchObject({ status: 'failed', attempts: 60 });
  const keys = await admin.keys(`faults:{default}:${id.split(':')[1] ?? ''}*`);
  const bytes = await bytesOf(admin, keys);
  console.info(`F57: 60 attempts with 100 KB of message each leave ${bytes} bytes`);
  expect(bytes).toBeLessThan(400_000);
});

test('6,000 dead letters are counted and discarded: no call holds Redis for long', async () => {
  const { goflow, admin } = await openSystem();
  for (let round = 0; round < 3; round += 1)
    await goflow.waitAll(await goflow.pushMany('wrong', Array(2_000).fill(0)), { timeout: '20s' });
  await admin.config('RESETSTAT');
  expect(await goflow.inspector.counts({ types: true })).toBeDefined();
  await goflow.inspector.deadLetters.groups({});
  const { discarded } = await goflow.inspector.deadLetters.discardAll({});
  expect(discarded).toBe(6_000);
  expect(await goflow.counts()).toMatchObject({ failed: 0 });
  const scripts = /cmdstat_evalsha:calls=(\d+),.*usec_per_call=([\d.]+)/;
  const [, calls, meanUs] = scripts.exec(await admin.info('commandstats')) ?? [];
  console.info(`F41: ${calls} scripts for 6,000 tasks, ${meanUs} µs each in the mean`);
  // Many small ones: the mean, because a machine that is busy makes any single one slow.
  expect(Number(calls)).toBeGreaterThan(100);
  expect(Number(meanUs)).toBeLessThan(6_000);
});
