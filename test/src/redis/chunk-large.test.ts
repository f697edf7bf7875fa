import { defineTasks, type TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({ step: { payload: z.number(), result: z.string() } });

/** What a chunk holds of results, and a `-` for each task that left. */
const BOUND = 256 * 1024 + 2 * 1_000;

const numbers = Array.from({ length: 100 }, (_, index) => index);
const resultOf = (n: number, size: number): string => `${n} `.padEnd(size, 'x');

/** How long the longest value of the chunk's hash is, and what lies of its tasks elsewhere. */
async function stored({ redis, prefix }: Place, id: TaskId) {
  const client = openRedis(redis);
  const chunk = id.split(':')[1] ?? '';
  const key = (part: string): string => `${prefix}:{default}:${part}`;
  const fields = await client.hgetall(key(chunk));
  const longest = Math.max(...Object.values(fields).map((value) => Buffer.byteLength(value)));
  const left = await client.zrange(key('completed'), '0', '-1');
  return { client, key, chunk, fields, longest, left: left.filter((unique) => unique !== chunk) };
}

test.each([
  ['that are too large for a chunk', 100_000, 0],
  ['that fill a chunk', 30_000, 8],
])('100 results %s (%i bytes): what Redis copies for each stays bounded', async (_, size, stay) => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const worker = makeWorker({ tasks, handlers: { step: (n) => resultOf(n, size) } }, place);
  const ids = await goflow.pushMany('step', numbers, { chunk: 100 });
  await worker.start();
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
    numbers.map((n) => resultOf(n, size)),
  );
  const { fields, longest, left } = await stored(place, ids[0] ?? '');
  expect(longest).toBeLessThanOrEqual(BOUND);
  expect(left).toHaveLength(100 - stay);
  expect(fields).toMatchObject({ k: '100', o: '0' });
  expect(await goflow.counts()).toMatchObject({ completed: 100, active: 0 });
});

/** A worker that stands still at a task. */
async function startStanding(place: Place, name: string, at: number) {
  const [gate, ran, lost] = [new Barrier(), [] as number[], [] as string[]];
  const step = async (n: number): Promise<string> => {
    ran.push(n);
    if (n === at) await gate.pass();
    return resultOf(n, 30_000);
  };
  const worker = makeWorker({ tasks, handlers: { step }, lease: '1s', name }, place);
  worker.on('task:lost', ({ task }) => lost.push(task.id));
  await worker.start();
  return { worker, gate, ran, lost };
}

test('a lease that is lost half-way: the next worker knows what the chunk holds, and nothing is run twice', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const first = await startStanding(place, 'the first', 50);
  const ids = await goflow.pushMany('step', numbers, { chunk: 100 });
  const { client, key, chunk } = await stored(place, ids[0] ?? '');
  // The last that stayed is saved with those that left behind it by then.
  await until(async () => Number(await client.hget(key(chunk), 'k')) >= 8, { what: 'the save' });
  await until(() => first.gate.waiting === 1, { what: 'the middle' });
  const second = await startStanding(place, 'the second', -1);
  // Nobody renews it any more.
  await first.worker.setConcurrency(0);
  await client.set(key(`${chunk}:lock`), 'of somebody who is gone', 'PX', 1);
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results).toMatchObject(ids.map((id) => ({ id, status: 'completed', attempts: 1 })));
  expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
    numbers.map((n) => resultOf(n, 30_000)),
  );
  first.gate.open();
  await until(() => first.lost.length > 0, { what: 'the loss to be told' });
  expect(first.lost).toEqual([ids[50]]);
  expect([...first.ran, ...second.ran]).toEqual([...numbers.slice(0, 51), ...numbers.slice(50)]);
  const { longest, left } = await stored(place, ids[0] ?? '');
  expect(longest).toBeLessThanOrEqual(BOUND);
  expect(left).toHaveLength(92);
  expect(await goflow.counts()).toMatchObject({ completed: 100, active: 0, waiting: 0 });
});
