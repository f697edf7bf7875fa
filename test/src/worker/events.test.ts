import { defineTasks } from '@goflow/sdk';
import { defineHandlers } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startSystem } from '../support/system.js';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
const handlers = defineHandlers(tasks, { repeater: (payload) => payload });

test('a listener that throws harms no task', async () => {
  const { goflow, worker } = await startSystem({ tasks, handlers, concurrency: 2 });
  for (const event of ['task:started', 'task:finished'] as const)
    worker.on(event, () => {
      throw new Error('a listener of the user');
    });
  const ids = await goflow.pushMany('repeater', ['a', 'b', 'c', 'd', 'e', 'f']);
  expect(await Promise.all(ids.map((id) => goflow.wait(id)))).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
    'f',
  ]);
});

test('a worker that was made but not started has no connection', async () => {
  const { createWorker } = await import('@goflow/worker');
  const worker = createWorker({ tasks, handlers, redis: 'redis://127.0.0.1:1' });
  expect(worker.state).toBe('new');
  expect(await worker.readiness()).toMatchObject({ ready: false });
  await worker.stop();
  expect(worker.state).toBe('stopped');
});
