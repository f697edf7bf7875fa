import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({
  flaky: { payload: z.number(), result: z.null(), maxAttempts: 4, backoff: 1 },
});

/** Tasks whose worker died, as BullMQ leaves them; what a worker tells that runs them. */
async function open(count: number, chunk?: number) {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const payloads = Array.from({ length: count }, (_, index) => index);
  const ids = await goflow.pushMany('flaky', payloads, chunk === undefined ? {} : { chunk });
  const redis = openRedis(place.redis);
  const keyOf = (id: string): string => `${place.prefix}:{default}:${id.split(':')[1]}`;
  for (const id of ids) await redis.hset(keyOf(id), { stc: 1, ats: 1 });
  const [told, counted]: [string[], number[]] = [[], []];
  const run = async (fails: number) => {
    const handlers = {
      flaky: (_payload: number, { attempt }: { readonly attempt: number }) => {
        if (attempt <= fails) throw new Error('again');
        return null;
      },
    };
    const worker = makeWorker({ tasks, handlers }, place);
    worker.on('task:taken-over', ({ task }) => told.push(task.id));
    await worker.start();
    await until(
      async () => {
        const { completed, failed } = await goflow.counts();
        return completed + failed === count;
      },
      { what: 'all to end' },
    );
    const text = await worker.metrics.text();
    counted.push(Number(/^goflow_tasks_taken_over_total\{.*\} (\d+)$/m.exec(text)?.[1]));
    await worker.stop({ grace: 0 });
  };
  return { goflow, ids, run, told, counted };
}

test('a task that was taken over once and tried four times is told of and counted once', async () => {
  const { goflow, ids, run, told, counted } = await open(1);
  const [id = ''] = ids;
  await run(4);
  expect(await goflow.status(id)).toMatchObject({ status: 'failed', attempts: 4 });
  expect([told, counted]).toEqual([[id], [1]]);
});

test('of a chunk that was taken over one task tells it', async () => {
  const { ids, run, told, counted } = await open(5, 5);
  await run(0);
  expect([told, counted]).toEqual([[ids[0]], [1]]);
});
