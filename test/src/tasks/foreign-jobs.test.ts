import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers } from '@goflow/worker';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Place } from '../support/redis.js';
import { startSystem } from '../support/system.js';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
const handlers = defineHandlers(tasks, { repeater: (payload) => payload.toUpperCase() });

/** The queue as a program sees it that knows BullMQ only. */
function rawQueue({ redis, prefix }: Place): { queue: Queue; client: Redis } {
  const client = new Redis(redis, { maxRetriesPerRequest: null });
  const queue = new Queue('{default}', { connection: client, prefix });
  onTestFinished(async () => {
    await queue.close();
    client.disconnect();
  });
  return { queue, client };
}

test('a job that raw BullMQ added, with the right name and a plain payload, runs', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  const job = await rawQueue(place).queue.add('repeater', 'raw', { jobId: 'A'.repeat(22) });
  const id = `default:${job.id}`;
  expect(await goflow.wait(id)).toBe('RAW');
});

test('what goflow pushes is what raw BullMQ reads', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  const id = await goflow.push('repeater', 'readable');
  await goflow.wait(id);
  const job = await rawQueue(place).queue.getJob(id.split(':')[1] ?? '');
  expect(job).toMatchObject({ name: 'repeater', data: 'readable', returnvalue: 'READABLE' });
  expect(await job?.getState()).toBe('completed');
});

test('garbage becomes a dead letter, and the queue goes on', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  const { queue, client } = rawQueue(place);
  const wrongShape = await queue.add('repeater', { not: 'a string' }, { jobId: 'B'.repeat(22) });
  const noJson = 'C'.repeat(22);
  const key = `${place.prefix}:{default}:`;
  await client.hset(`${key}${noJson}`, {
    name: 'repeater',
    data: '{broken',
    opts: '{}',
    timestamp: 1,
    delay: 0,
    priority: 0,
  });
  await client.lpush(`${key}wait`, noJson);
  await client.zadd(`${key}marker`, 0, '0');
  expect(await goflow.wait(await goflow.push('repeater', 'after'))).toBe('AFTER');
  await until(async () => (await goflow.counts()).failed === 2, { what: 'both are dead letters' });
  expect(await goflow.getResult(`default:${wrongShape.id}`)).toMatchObject({
    status: 'failed',
    attempts: 1,
    failure: { code: 'PAYLOAD_INVALID' },
  });
  expect(await goflow.getResult(`default:${noJson}`)).toMatchObject({
    status: 'failed',
    failure: { code: 'ENVELOPE_UNREADABLE' },
  });
  expect(await client.hget(`${key}${noJson}`, 'data')).toBe('{broken');
});
