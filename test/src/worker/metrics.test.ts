import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { Queue } from 'bullmq';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { askWorker } from '../support/http.js';
import { openRedis, type Place } from '../support/redis.js';
import { startSystem } from '../support/system.js';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string(), maxAttempts: 2, backoff: 1 },
  'image.resize': { payload: z.null(), result: z.null(), queue: 'images' },
});
const handlers = {
  repeater: async (payload: string, ctx: { readonly attempt: number }) => {
    if (payload === 'fails' || (payload === 'fails once' && ctx.attempt === 1))
      throw new Error('x');
    return payload;
  },
  'image.resize': () => null,
};

test('metrics: what ran, how long it ran and waited, retries, active, concurrency, depth, and Node’s own', async () => {
  const { worker, goflow } = await startSystem({
    tasks,
    handlers,
    concurrency: 7,
    http: { port: 0 },
  });
  for (const payload of ['a', 'b', 'fails', 'fails once'])
    await goflow.wait(await goflow.push('repeater', payload)).catch(() => undefined);
  await goflow.wait(await goflow.push('image.resize', null));
  await goflow.push('repeater', 'later', { delay: '1h' });
  const scraped = await askWorker(worker, '/metrics');
  expect(scraped.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const repeater = 'queue="default",type="repeater"';
  const lines = [
    `goflow_tasks_finished_total{${repeater},outcome="completed"} 3`,
    `goflow_tasks_finished_total{${repeater},outcome="failed"} 1`,
    'goflow_tasks_finished_total{queue="images",type="image.resize",outcome="completed"} 1',
    `goflow_task_retries_total{${repeater}} 2`,
    `goflow_tasks_taken_over_total{${repeater}} 0`,
    `goflow_task_run_seconds_count{${repeater}} 6`,
    `goflow_task_run_seconds_bucket{le="+Inf",${repeater}} 6`,
    `goflow_task_wait_seconds_count{${repeater}} 4`,
    `goflow_tasks_active{${repeater}} 0`,
    `goflow_task_failures_total{${repeater},outcome="retry",reason="handler-error"} 2`,
    `goflow_task_failures_total{${repeater},outcome="failed",reason="handler-error"} 1`,
    'goflow_broker_up 1',
    'goflow_exporter_elected 1',
    'goflow_queue_paused{queue="default"} 0',
    'goflow_queue_workers{queue="default"} 1',
    'goflow_queue_oldest_waiting_seconds{queue="default"} 0',
    'goflow_fleet_workers{state="running"} 1',
    'goflow_worker_concurrency{queue="default"} 7',
    'goflow_worker_concurrency{queue="images"} 7',
    'goflow_queue_tasks{queue="default",state="waiting"} 0',
    'goflow_queue_tasks{queue="default",state="delayed"} 1',
    'goflow_queue_tasks{queue="default",state="completed"} 3',
    'goflow_queue_tasks{queue="default",state="failed"} 1',
    'goflow_queue_tasks{queue="images",state="completed"} 1',
    'goflow_handler_errors_escaped_total 0',
  ];
  expect(scraped.text.split('\n')).toEqual(expect.arrayContaining(lines));
  expect(scraped.text).toMatch(/^process_cpu_user_seconds_total /m);
  expect(scraped.text).toMatch(/^nodejs_eventloop_lag_seconds /m);
});

test('metrics count what runs now, and follow the concurrency', async () => {
  const barrier = new Barrier();
  const blocking = { ...handlers, repeater: () => barrier.pass().then(() => '') };
  const { worker, goflow } = await startSystem({ tasks, handlers: blocking, http: { port: 0 } });
  await goflow.pushMany('repeater', ['a', 'b', 'c']);
  await until(() => barrier.waiting === 3, { what: 'three tasks to run' });
  await worker.setConcurrency(0, 'default');
  const { text } = await askWorker(worker, '/metrics');
  expect(text).toContain('goflow_tasks_active{queue="default",type="repeater"} 3\n');
  expect(text).toContain('goflow_queue_tasks{queue="default",state="active"} 3\n');
  expect(text).toContain('goflow_worker_concurrency{queue="default"} 0\n');
  expect(text).toContain('goflow_worker_concurrency{queue="images"} 10\n');
  barrier.open();
});

test('job names that no contract knows share one label: garbage makes no time series', async () => {
  const { worker, place } = await startSystem({ tasks, handlers, http: { port: 0 } });
  let seen = 0;
  worker.on('task:finished', () => (seen += 1));
  await addRaw(
    place,
    Array.from({ length: 20 }, (_, index) => `garbage ${index}`),
  );
  await until(() => seen === 20, { what: 'twenty strange jobs to be seen' });
  const { text } = await askWorker(worker, '/metrics');
  expect(text).not.toContain('garbage');
  expect(text).toContain('goflow_task_wait_seconds_count{queue="default",type="other"} 20\n');
  expect(text).toContain(
    'goflow_tasks_handed_back_total{queue="default",reason="handler-missing"} 20\n',
  );
});

test('a job whose data is no JSON is a failure of its type', async () => {
  const { worker, place } = await startSystem({ tasks, handlers, http: { port: 0 } });
  const finished = new Promise<void>((resolve) => void worker.on('task:finished', () => resolve()));
  await worker.setConcurrency(0);
  const [id] = await addRaw(place, ['nobody knows this']);
  await openRedis(place.redis).hset(`${place.prefix}:{default}:${id}`, 'data', '{"broken');
  await worker.setConcurrency(1);
  await finished;
  const line = 'goflow_tasks_finished_total{queue="default",type="other",outcome="failed"} 1\n';
  expect((await askWorker(worker, '/metrics')).text).toContain(line);
});

/** Adds jobs as any program with BullMQ could; gives their ids. */
async function addRaw(
  { redis, prefix }: Place,
  names: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const queue = new Queue('{default}', { connection: openRedis(redis), prefix });
  const jobs = await queue.addBulk(names.map((name) => ({ name, data: {} })));
  await queue.close();
  return jobs.map(({ id }) => id);
}
