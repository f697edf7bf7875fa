import { defineTasks } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createLocalGoflow } from './create-local-goflow.js';

const tasks = defineTasks({ echo: { payload: z.number(), result: z.number() } });
const handlers = { echo: (payload: number) => payload };

test('maxDepth, whenFull and maxPending hold in local mode, too', async () => {
  const options = { tasks, handlers, concurrency: 0, maxDepth: 1, maxPending: 2 } as const;
  const goflow = createLocalGoflow({ ...options, whenFull: 'wait' });
  onTestFinished(() => goflow.close());
  await goflow.push('echo', 1);
  const waiting = [goflow.push('echo', 2), goflow.push('echo', 3)];
  await expect(goflow.push('echo', 4)).rejects.toMatchObject({ code: 'CLIENT_OVERLOADED' });
  await goflow.worker.setConcurrency(1);
  const ids = await Promise.all(waiting);
  expect(await goflow.waitAll(ids)).toMatchObject([{ value: 2 }, { value: 3 }]);
});

test('they are checked', () => {
  const options = { tasks, handlers };
  expect(() => createLocalGoflow({ ...options, maxDepth: { elsewhere: 1 } })).toThrow('maxDepth');
  expect(() => createLocalGoflow({ ...options, maxPending: 0 })).toThrow('maxPending');
});
