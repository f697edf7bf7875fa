import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { HandlerRegistry } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { askWorker } from '../support/http.js';
import { makeWorker, startSystem } from '../support/system.js';

const tasks = defineTasks({
  blocked: { payload: z.number(), result: z.number() },
  repeater: { payload: z.number(), result: z.number(), queue: 'other' },
});
const SOON = { everyMs: 1 };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A worker whose tasks of the queue `default` stop at a barrier; those of `other` do not. */
async function startBlocked(concurrency: number) {
  const barrier = new Barrier();
  const aborted: number[] = [];
  const { goflow, worker, place } = await startSystem({
    tasks,
    concurrency: { default: concurrency, other: 5 },
    http: { port: 0 },
    handlers: {
      blocked: async (payload, ctx) => {
        ctx.signal.addEventListener('abort', () => aborted.push(payload));
        await barrier.pass();
        return payload;
      },
      repeater: (payload) => payload,
    },
  });
  const patch = (body: object) => askWorker(worker, '/concurrency', { body });
  /** The worker has looked at the queues since: many tasks of the other one went through. */
  const elsewhere = async () => {
    const ids = await goflow.pushMany('repeater', numbers(50));
    await Promise.all(ids.map((id) => goflow.wait(id)));
  };
  const counts = () => goflow.counts('default');
  return { goflow, worker, place, barrier, aborted, patch, elsewhere, counts };
}

test('0 takes nothing, and from 0 to 5 five run at once', async () => {
  const { goflow, worker, barrier, patch, elsewhere, counts } = await startBlocked(0);
  await goflow.pushMany('blocked', numbers(8));
  await elsewhere();
  expect(await counts()).toMatchObject({ waiting: 8, active: 0 });
  expect(await askWorker(worker, '/readyz')).toMatchObject({ status: 200 });
  expect((await patch({ concurrency: 5, queue: 'default' })).status).toBe(200);
  await until(() => barrier.waiting === 5, { what: 'five tasks to run', ...SOON });
  await elsewhere();
  expect(await counts()).toMatchObject({ waiting: 3, active: 5 });
  barrier.open();
  await until(async () => (await counts()).completed === 8, { what: 'all to be done' });
});

test('raised while every slot is taken by a task that does not end: the others start at once', async () => {
  const { goflow, worker, barrier, patch } = await startBlocked(1);
  await goflow.pushMany('blocked', numbers(12));
  await until(() => barrier.waiting === 1, { what: 'the first task to run' });
  for (const size of [4, 5, 10]) {
    const changedAt = performance.now();
    await patch({ queues: { default: size } });
    await until(() => barrier.waiting === size, { what: `${size} tasks to run`, ...SOON });
    console.info(
      `${size} tasks run ${Math.round(performance.now() - changedAt)} ms after the PATCH`,
    );
    expect(worker.active).toEqual({ default: size, other: 0 });
  }
  barrier.open();
});

test('raised while nothing waits: tasks that are pushed then find the slots', async () => {
  const { goflow, barrier, patch } = await startBlocked(1);
  await patch({ concurrency: 6 });
  await goflow.pushMany('blocked', numbers(6));
  await until(() => barrier.waiting === 6, { what: 'six tasks to run' });
  barrier.open();
});

test('lowered, it ends no running task, and takes the next only below the new number', async () => {
  const { goflow, worker, barrier, aborted, patch, elsewhere, counts } = await startBlocked(5);
  const ids = await goflow.pushMany('blocked', numbers(9));
  await until(() => barrier.waiting === 5, { what: 'five tasks to run' });
  const answer = await patch({ concurrency: 2, queue: 'default' });
  expect(answer.json).toMatchObject({ queues: { default: 2 }, active: { default: 5 } });
  let most = 0;
  worker.on('task:started', ({ task }) => {
    if (task.queue === 'default') most = Math.max(most, worker.active.default ?? 0);
  });
  barrier.letGo(3);
  await until(async () => (await counts()).completed === 3, { what: 'three to be done' });
  await elsewhere();
  expect(barrier).toMatchObject({ arrived: 5, waiting: 2 });
  expect(await counts()).toMatchObject({ waiting: 4, active: 2 });
  while (barrier.arrived < 9 || barrier.waiting > 0) {
    barrier.letGo(1);
    await until(() => barrier.waiting > 0 || barrier.arrived === 9, { what: 'the next task' });
  }
  expect(await Promise.all(ids.map((id) => goflow.wait(id)))).toEqual(numbers(9));
  expect(most).toBeLessThanOrEqual(2);
  expect(aborted).toEqual([]);
});

test('lowered to 0, running tasks end as they would, nothing else starts, and it can be raised again', async () => {
  const { goflow, barrier, aborted, patch, elsewhere, counts } = await startBlocked(3);
  const ids = await goflow.pushMany('blocked', numbers(7));
  await until(() => barrier.waiting === 3, { what: 'three tasks to run' });
  await patch({ concurrency: 0, queue: 'default' });
  barrier.letGo(3);
  await until(async () => (await counts()).completed === 3, { what: 'three to be done' });
  await elsewhere();
  expect(barrier.arrived).toBe(3);
  expect(await counts()).toMatchObject({ waiting: 4, active: 0 });
  await goflow.push('blocked', 7);
  await elsewhere();
  expect(barrier.arrived).toBe(3);
  expect(await counts()).toMatchObject({ waiting: 5, active: 0 });
  await patch({ concurrency: 2, queue: 'default' });
  await until(() => barrier.waiting === 2, { what: 'two tasks to run', ...SOON });
  barrier.open();
  expect(await Promise.all(ids.map((id) => goflow.wait(id)))).toEqual(numbers(7));
  expect(aborted).toEqual([]);
});

test('a task that was being waited for when 0 came is given back, no attempt spent', async () => {
  const { goflow, barrier, patch, elsewhere } = await startBlocked(1);
  const first = await goflow.push('blocked', 0);
  await until(() => barrier.waiting === 1, { what: 'the first task to run' });
  barrier.letGo(1);
  await goflow.wait(first);
  await patch({ concurrency: 0, queue: 'default' });
  const id = await goflow.push('blocked', 1);
  await elsewhere();
  await until(async () => (await goflow.status(id)).status === 'waiting', { what: 'it to wait' });
  expect(barrier.arrived).toBe(1);
  await patch({ concurrency: 1, queue: 'default' });
  barrier.open();
  expect(await goflow.wait(id)).toBe(1);
  expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
});

test('of changes that come one after the other the last one counts', async () => {
  const { goflow, worker, barrier, elsewhere, counts } = await startBlocked(1);
  for (const size of [3, 0, 4, 2, 5, 0]) await worker.setConcurrency(size, 'default');
  expect(worker.concurrency).toEqual({ default: 0, other: 5 });
  await goflow.pushMany('blocked', numbers(9));
  await elsewhere();
  await until(async () => (await counts()).active === 0, { what: 'nothing to be active' });
  expect(barrier.arrived).toBe(0);
  for (const size of [3, 0, 4, 0, 5]) await worker.setConcurrency(size, 'default');
  await until(() => barrier.waiting === 5, { what: 'five tasks to run', ...SOON });
  barrier.open();
});

/** Taken once while it was being waited for, and once to be run: more often means taken and handed back in a hot loop. */
const MOST_STARTS = 2;

test('of changes that come at once the last one counts', async () => {
  const { goflow, worker, barrier, elsewhere } = await startBlocked(1);
  await Promise.all([3, 0, 4, 2, 5, 0].map((size) => worker.setConcurrency(size, 'default')));
  expect(worker.concurrency.default).toBe(0);
  await goflow.push('blocked', 1);
  await elsewhere();
  expect(barrier.arrived).toBe(0);
  const started = new Promise<number>((resolve) => {
    worker.on('task:started', ({ task }) => resolve(task.starts));
  });
  barrier.open();
  await worker.setConcurrency(1, 'default');
  expect(await started).toBeLessThanOrEqual(MOST_STARTS);
});

test('a change at the moment of quiet() does not start anything again', async () => {
  const { goflow, worker, place, barrier, elsewhere } = await startBlocked(1);
  await Promise.all([worker.setConcurrency(5, 'default'), worker.quiet()]);
  await worker.setConcurrency(7, 'default');
  const id = await goflow.push('blocked', 1);
  const second = new HandlerRegistry(tasks).add('repeater', (payload) => payload);
  await makeWorker({ tasks, handlers: second }, place).start();
  await elsewhere();
  expect(barrier.arrived).toBe(0);
  const third = new HandlerRegistry(tasks).add('blocked', (_payload, ctx) => ctx.starts);
  await makeWorker({ tasks, handlers: third }, place).start();
  expect(await goflow.wait(id)).toBeLessThanOrEqual(MOST_STARTS);
});
