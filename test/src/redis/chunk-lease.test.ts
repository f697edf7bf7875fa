import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import type { TaskFinished, Worker } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { tasks as fixtures } from '../fixtures/tasks.mjs';
import { Barrier } from '../support/barrier.js';
import { runWorkerIn } from '../support/program.js';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({ step: { payload: z.number(), result: z.string() } });

/** A worker whose tasks stand at a gate, from the third on. */
async function startStanding(place: Place, name: string, { from = 2, concurrency = 5 } = {}) {
  const [gate, ran] = [new Barrier(), [] as number[]];
  const step = async (n: number): Promise<string> => {
    ran.push(n);
    if (n >= from) await gate.pass();
    return `${n} by ${name}`;
  };
  const worker = makeWorker({ tasks, handlers: { step }, lease: '1s', name, concurrency }, place);
  const told = noting(worker);
  await worker.start();
  return { worker, gate, ran, ...told };
}

/** What a worker tells of its tasks, by index. */
function noting(worker: Worker): { finished: string[]; lost: number[] } {
  const [finished, lost] = [[] as string[], [] as number[]];
  const indexOf = (id: string): number => Number(id.split(':')[2]);
  worker.on('task:finished', ({ task, verdict }: TaskFinished) =>
    finished.push(`${indexOf(task.id)} ${verdict.kind}`),
  );
  worker.on('task:lost', ({ task }) => lost.push(indexOf(task.id)));
  return { finished, lost };
}

const keysOf =
  ({ prefix }: Place) =>
  (part: string): string =>
    `${prefix}:{default}:${part}`;

test('a worker that froze past its lease: its outcomes are dropped and said to be, those of the next one stand', async () => {
  const place = newPlace();
  const goflow = openClient(fixtures, place);
  const frozen = runWorkerIn(place, ['--lease', '1s'], { BLOCKED: '1' });
  await frozen.line(/worker started/);
  const ids = await goflow.pushMany('heeds.signal', [null, null, null], { chunk: 3 });
  await frozen.line(/running/);
  frozen.signal('SIGSTOP');
  const next = runWorkerIn(place, ['--lease', '1s']);
  const results = await goflow.waitAll(ids, { timeout: '30s' });
  expect(results).toMatchObject(
    ids.map((id) => ({ id, status: 'completed', value: { attempt: 1, starts: 2 } })),
  );
  frozen.signal('SIGCONT');
  await frozen.line(new RegExp(`"${ids[0]}".*this outcome was dropped`));
  for (const id of ids)
    expect(await goflow.status(id)).toMatchObject({
      history: [{ worker: expect.stringContaining(`:${next.pid}:`) }],
    });
  expect(await goflow.counts()).toMatchObject({ completed: 3, active: 0, waiting: 0 });
});

test('a lease that is lost in the middle: what was saved stands, the rest is dropped and runs elsewhere', async () => {
  const place = newPlace();
  const client = openRedis(place.redis);
  const key = keysOf(place);
  const goflow = openClient(tasks, place);
  const first = await startStanding(place, 'the first');
  const ids = await goflow.pushMany('step', [0, 1, 2, 3], { chunk: 4 });
  const chunk = ids[0]?.split(':')[1] ?? '';
  await until(async () => (await client.hget(key(chunk), 'k')) === '2', {
    what: 'two to be saved',
  });
  const second = await startStanding(place, 'the second', { from: 9 });
  // Nobody renews it any more.
  await first.worker.setConcurrency(0);
  await client.set(key(`${chunk}:lock`), 'of somebody who is gone', 'PX', 1);
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results.map((result) => result.status === 'completed' && result.value)).toEqual([
    '0 by the first',
    '1 by the first',
    '2 by the second',
    '3 by the second',
  ]);
  expect(second.ran).toEqual([2, 3]);
  first.gate.open();
  await until(() => first.lost.length > 0, { what: 'the loss to be told' });
  expect(first.ran).toEqual([0, 1, 2]);
  expect(first.lost).toEqual([2]);
  expect(first.finished).toEqual(['0 completed', '1 completed']);
  expect(second.lost).toEqual([]);
  await until(() => second.finished.length === 2, { what: 'the others to be told' });
});

test('a chunk that comes back to the worker that still runs it is not run beside itself', async () => {
  const place = newPlace();
  const client = openRedis(place.redis);
  const key = keysOf(place);
  const goflow = openClient(tasks, place);
  const { gate, ran, lost } = await startStanding(place, 'the only');
  const ids = await goflow.pushMany('step', [0, 1, 2, 3], { chunk: 4 });
  const chunk = ids[0]?.split(':')[1] ?? '';
  await until(() => gate.waiting === 1, { what: 'the third to run' });
  await client.del(key(`${chunk}:lock`));
  await until(async () => Number(await client.hget(key(chunk), 'ats')) > 1, {
    what: 'it to be taken again',
  });
  await until(async () => (await goflow.counts()).delayed > 0, { what: 'it to be put back' });
  const { delayed, active, completed } = await goflow.counts();
  expect(delayed + active + completed).toBe(4);
  expect(ran).toEqual([0, 1, 2]);
  gate.open();
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results).toMatchObject(ids.map(() => ({ status: 'completed', attempts: 1 })));
  expect(lost.at(-1)).toBe(2);
  expect(ran.slice(0, 3)).toEqual([0, 1, 2]);
  expect(ran.slice(-2)).toEqual([2, 3]);
});

test('stop with a deaf handler: what was done is saved, the rest lies where it was taken from, as if never begun', async () => {
  const place = newPlace();
  const client = openRedis(place.redis);
  const key = keysOf(place);
  const goflow = openClient(tasks, place);
  const { worker, gate, finished, lost } = await startStanding(place, 'the leaving');
  const ids = await goflow.pushMany('step', [0, 1, 2, 3], { chunk: 4, tags: ['eu'] });
  const chunk = ids[0]?.split(':')[1] ?? '';
  await until(() => gate.waiting === 1, { what: 'the third to run' });
  await worker.stop({ grace: 50 });
  expect(await client.lrange(key('wait'), 0, -1)).toEqual([chunk]);
  expect(await client.exists(key('active'), key(`${chunk}:lock`), key(`${chunk}.2`))).toBe(0);
  const job = await client.hgetall(key(chunk));
  expect(job).toMatchObject({ k: '2', d: '2', o: '2' });
  expect(Object.keys(job).filter((name) => name.startsWith('x'))).toEqual([]);
  expect(await client.hkeys(key('suspects'))).toEqual([]);
  expect(await goflow.counts()).toMatchObject({ completed: 2, waiting: 2, active: 0 });
  expect(finished).toEqual(['0 completed', '1 completed', '2 handed-back']);
  // What it still returns is nobody's.
  gate.open();
  const next = await startStanding(place, 'the next', { from: 9 });
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results.map((result) => result.status === 'completed' && result.value)).toEqual([
    '0 by the leaving',
    '1 by the leaving',
    '2 by the next',
    '3 by the next',
  ]);
  expect(next.ran).toEqual([2, 3]);
  expect(lost).toEqual([]);
  expect(finished).toHaveLength(3);
});

test('a concurrency of 0 in the middle: the rest is the next to be taken, before what was pushed later', async () => {
  const place = newPlace();
  const client = openRedis(place.redis);
  const key = keysOf(place);
  const goflow = openClient(tasks, place);
  const { worker, gate, ran } = await startStanding(place, 'the only', { concurrency: 1 });
  const ids = await goflow.pushMany('step', [0, 1, 2, 3], { chunk: 4 });
  const later = await goflow.push('step', -1);
  const chunk = ids[0]?.split(':')[1] ?? '';
  await until(() => gate.waiting === 1, { what: 'the third to run' });
  await worker.setConcurrency(0);
  gate.open();
  await until(async () => (await client.llen(key('wait'))) === 2, { what: 'the rest to wait' });
  expect((await client.lrange(key('wait'), 0, -1)).at(-1)).toBe(chunk);
  expect(await client.hgetall(key(chunk))).toMatchObject({ k: '3', o: '1' });
  await worker.setConcurrency(1);
  await goflow.waitAll([...ids, later], { timeout: '20s' });
  expect(ran).toEqual([0, 1, 2, 3, -1]);
});
