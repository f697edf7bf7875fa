import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createLocalGoflow } from './create-local-goflow.js';

const tasks = defineTasks({ mail: { payload: z.string(), result: z.string() } });
const handlers = { mail: (payload: string) => payload };

test('the fleet is the one worker of this process, with its labels and bounds', async () => {
  await using goflow = createLocalGoflow({
    tasks,
    handlers,
    labels: { region: 'eu' },
    concurrencyBounds: { max: 8 },
  });
  await goflow.fleet.setConcurrency(20, { labels: { region: 'eu' } });
  await until(() => goflow.worker.concurrency.default === 8, { what: 'the rule, within bounds' });
  expect((await goflow.inspector.workers())[0]?.queues.default).toMatchObject({ desired: 20 });
});

test('a stop that runs what is due does not wait for a paused queue: its tasks are named', async () => {
  const goflow = createLocalGoflow({ tasks, handlers });
  await goflow.wait(await goflow.push('mail', 'a'));
  await goflow.fleet.pause('default');
  const id = await goflow.push('mail', 'b');
  expect(await goflow.stop({ waiting: 'run' })).toMatchObject([{ id, status: 'waiting' }]);
});
