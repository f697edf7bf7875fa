import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({ step: { payload: z.number(), result: z.number() } });

/** A chunk of six that a worker took, and of which two are saved; one has failed. */
async function openBegun() {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const gate = new Barrier();
  const step = async (n: number): Promise<number> => {
    if (n === 1) throw new Error('no');
    if (n === 3) await gate.pass();
    return n;
  };
  const ids = await goflow.pushMany('step', [0, 1, 2, 3, 4, 5], { chunk: 6, maxAttempts: 1 });
  const worker = makeWorker({ tasks, handlers: { step }, lease: '1s' }, place);
  await worker.start();
  await until(() => gate.waiting === 1, { what: 'the fourth to run' });
  await worker.stop({ grace: 0 });
  expect(await goflow.counts()).toMatchObject({ completed: 2, failed: 1, waiting: 3 });
  return { place, goflow, ids, chunk: ids[0]?.split(':')[1] ?? '' };
}

/** As if its workers had died so often that BullMQ allows one death more. */
async function stallOften({ redis, prefix }: Place, chunk: string): Promise<void> {
  const client = openRedis(redis);
  const key = (part: string): string => `${prefix}:{default}:${part}`;
  await client.lrem(key('wait'), 1, chunk);
  await client.lpush(key('active'), chunk);
  await client.hset(key(chunk), 'stc', 10);
}

test('a chunk that stalled too often: each open task fails for itself, what had ended stays', async () => {
  const { place, goflow, ids, chunk } = await openBegun();
  await stallOften(place, chunk);
  const ran: number[] = [];
  const finished: string[] = [];
  const step = (n: number): number => {
    ran.push(n);
    return n;
  };
  const worker = makeWorker({ tasks, handlers: { step }, lease: '1s' }, place);
  worker.on('task:finished', ({ task, verdict }) => finished.push(`${task.id} ${verdict.kind}`));
  await worker.start();
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results).toMatchObject([
    { status: 'completed', value: 0 },
    { status: 'failed', attempts: 1, failure: { code: 'HANDLER_FAILED' } },
    { status: 'completed', value: 2 },
    ...[3, 4, 5].map(() => ({
      status: 'failed',
      attempts: 0,
      failure: { code: 'TASK_STALLED', message: expect.stringContaining('stalled') },
    })),
  ]);
  expect(ran).toEqual([]);
  expect(finished).toEqual(ids.slice(3).map((id) => `${id} failed`));
  const client = openRedis(place.redis);
  const key = (part: string): string => `${place.prefix}:{default}:${part}`;
  await until(async () => (await client.zscore(key('completed'), chunk)) !== null, {
    what: 'the chunk itself to be completed',
  });
  expect(await client.zscore(key('failed'), chunk)).toBeNull();
  expect(await goflow.counts()).toMatchObject({ completed: 2, failed: 4, active: 0, waiting: 0 });
  const dead = await goflow.inspector.deadLetters.list();
  expect(dead.tasks.map(({ id }) => id).toSorted()).toEqual(
    [1, 3, 4, 5].map((n) => ids[n]).toSorted(),
  );
});

test('one of them that is put back runs by itself', async () => {
  const { place, goflow, ids, chunk } = await openBegun();
  await stallOften(place, chunk);
  const worker = makeWorker({ tasks, handlers: { step: (n) => n }, lease: '1s' }, place);
  await worker.start();
  await goflow.waitAll(ids, { timeout: '20s' });
  const id = ids[4] ?? '';
  expect(await goflow.inspector.deadLetters.redrive(id)).toMatchObject({ redriven: true });
  expect(await goflow.wait(id)).toBe(4);
  expect(await goflow.getResult(ids[5] ?? '')).toMatchObject({ status: 'failed' });
});
