import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';

// A process that dies says nothing: only Redis has that, so this is not part of the contract suite.
test('a worker that is killed with -9 is gone from the fleet within 15 s', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const worker = runWorkerIn(place);
  await urlOf(worker);
  const workers = () => goflow.inspector.workers();
  await until(async () => (await workers()).length === 1, { what: 'the worker to be seen' });
  expect(await workers()).toMatchObject([{ pid: worker.pid, state: 'running' }]);
  worker.signal('SIGKILL');
  await worker.exited;
  await until(async () => (await workers()).length === 0, {
    what: 'the worker to be gone',
    everyMs: 100,
  });
});
