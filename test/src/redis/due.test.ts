import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { NonRetryableError, RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { valueIn } from '../support/metrics.js';
import { openRedis } from '../support/redis.js';
import { startSystem } from '../support/system.js';

const NULL = { payload: z.null(), result: z.null() };
const tasks = defineTasks({
  retried: { ...NULL, maxAttempts: 2, backoff: '1h' },
  snoozed: NULL,
  failed: NULL,
});
const handlers = {
  retried: (): null => {
    throw new Error('again');
  },
  snoozed: (): null => {
    throw new RetryLaterError('later', { delay: '1h', counted: false });
  },
  failed: (): null => {
    throw new NonRetryableError('never');
  },
};

test('from when on a task waits again is kept with it: after a retry, a snooze, a redrive, in a chunk or not; and how long it waited is counted once', async () => {
  const { goflow, worker, place } = await startSystem({ tasks, handlers });
  const redis = openRedis(place.redis);
  const ids = [
    ...(await Promise.all((['retried', 'snoozed'] as const).map((one) => goflow.push(one, null)))),
    ...(await goflow.pushMany('retried', [null, null], { chunk: 2 })),
    ...(await goflow.pushMany('snoozed', [null, null], { chunk: 2 })),
  ];
  await until(async () => (await goflow.counts()).delayed === ids.length, { what: 'all delayed' });
  const id = await goflow.push('failed', null);
  await goflow.wait(id).catch(() => undefined);
  await worker.setConcurrency(0);
  await goflow.inspector.deadLetters.redrive(id);
  const base = `${place.prefix}:{default}:`;
  const delayed = await redis.zrange(`${base}delayed`, 0, '-1', 'WITHSCORES');
  expect(delayed).toHaveLength((ids.length + 1) * 2);
  for (let at = 0; at < delayed.length; at += 2) {
    const due = Math.floor(Number(delayed[at + 1]) / 0x1000);
    expect(await redis.hget(`${base}${delayed[at]}`, 'due')).toBe(String(due));
  }
  await worker.setConcurrency(1);
  await until(async () => (await goflow.getResult(id)).status === 'failed', { what: 'it again' });
  const series = 'goflow_task_wait_seconds_count{queue="default",type="failed"}';
  expect(valueIn(await worker.metrics.text(), series)).toBe(1);
});
