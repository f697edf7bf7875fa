import { defineTasks } from '@goflow/sdk';
import { freePort, until } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient, startSystem } from '../support/system.js';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  once: { payload: z.string(), result: z.string(), maxAttempts: 1, timeout: '100ms' },
});
const handlers = defineHandlers(tasks, {
  repeater: (payload) => payload,
  once: () => new Promise<string>(() => undefined),
});

test("a caller's instance with a commandTimeout makes a worker that works all the same", async () => {
  const { redis: url, prefix } = newPlace();
  const redis = new Redis(url, { commandTimeout: 200 });
  onTestFinished(() => redis.disconnect());
  const worker = createWorker({ tasks, handlers, redis, prefix });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  const goflow = openClient(tasks, { redis: url, prefix });
  await goflow.wait(await goflow.push('repeater', 'first'));
  // Idle for longer than the timeout, as the connection of redis shows.
  await expect(redis.blpop(`${prefix}:nothing`, 1)).rejects.toThrow('Command timed out');
  expect(await goflow.wait(await goflow.push('repeater', 'second'))).toBe('second');
});

test('pushMany of many slices without Redis takes the time of one call', async () => {
  const redis = `redis://127.0.0.1:${await freePort()}`;
  const goflow = openClient(tasks, { redis, prefix: 'nowhere' }, { timeout: 300 });
  const startedAt = performance.now();
  const payloads = Array.from({ length: 20_000 }, String);
  const error = await goflow.pushMany('repeater', payloads).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'PUSH_INCOMPLETE' });
  // Twenty slices of 300 ms each would take 6 s.
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

test('a result too large for a message is announced, and then read, not polled for', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  await goflow.wait(await goflow.push('repeater', 'learn'));
  const large = 'x'.repeat(100_000);
  const id = await goflow.push('repeater', large, { delay: 300 });
  // The first poll of an announced task comes after 2 s.
  expect(await goflow.wait(id, { timeout: 1_500 })).toBe(large);
});

test('one stored result that is no JSON keeps no other wait from its answer', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  const [bad, good] = await goflow.pushMany('repeater', ['bad', 'good']);
  await Promise.all([goflow.wait(bad ?? ''), goflow.wait(good ?? '')]);
  const key = `${place.prefix}:{default}:${bad?.split(':')[1]}`;
  await openRedis(place.redis).hset(key, 'returnvalue', 'garbage{');
  const other = openClient(tasks, place);
  const waits = [other.wait(bad ?? ''), other.wait(good ?? '')];
  const outcomes = await Promise.allSettled(waits);
  expect(outcomes[1]).toMatchObject({ status: 'fulfilled', value: 'good' });
  expect(outcomes[0]).toMatchObject({ reason: { failure: { code: 'ENVELOPE_UNREADABLE' } } });
});

test('a timeout while the worker leaves is an attempt, as at any time', async () => {
  const place = newPlace();
  const worker = makeWorker({ tasks, handlers }, place);
  await worker.start();
  const goflow = openClient(tasks, place);
  const started = new Promise<void>((resolve) => worker.on('task:started', () => resolve()));
  const id = await goflow.push('once', 'never ends');
  await started;
  await worker.quiet();
  await expect(goflow.wait(id)).rejects.toMatchObject({ failure: { code: 'TASK_TIMEOUT' } });
});

test('a wait keeps retention, too', async () => {
  const own = defineTasks({
    brief: { payload: z.null(), result: z.null(), retention: { completed: '50ms' } },
  });
  const { goflow } = await startSystem({ tasks: own, handlers: { brief: () => null } });
  const id = await goflow.push('brief', null);
  await until(async () => (await goflow.getResult(id)).status === 'unknown', {
    what: 'it is over',
  });
  await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
});
