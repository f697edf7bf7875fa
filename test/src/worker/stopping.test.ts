import { defineTasks } from '@goflow/sdk';
import { freePort, RedisServer, until } from '@goflow/testing';
import { createWorker, HandlerRegistry, type Verdict, type Worker } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { newPlace } from '../support/redis.js';
import { makeWorker, openClient, startSystem } from '../support/system.js';

const tasks = defineTasks({ job: { payload: z.string(), result: z.string() } });
const echo = { job: (payload: string) => payload };

/** A started worker whose one task stands at a barrier. */
async function startBusy() {
  const barrier = new Barrier();
  const verdicts: Verdict[] = [];
  const signals: AbortSignal[] = [];
  const system = await startSystem({
    tasks,
    handlers: {
      job: async (payload, { signal }) => {
        signals.push(signal);
        await barrier.pass();
        return payload;
      },
    },
  });
  system.worker.on('task:finished', ({ verdict }) => verdicts.push(verdict));
  const id = await system.goflow.push('job', 'busy');
  await until(() => barrier.waiting === 1, { what: 'the task to run' });
  return { ...system, id, barrier, verdicts, signals };
}

test('a running task ends within the grace and is recorded; what waits stays', async () => {
  const { goflow, worker, id, barrier, verdicts, signals } = await startBusy();
  const stopping = worker.stop({ grace: '20s' });
  const waiting = await goflow.push('job', 'waits');
  await until(() => worker.state === 'stopping', { what: 'the worker to stop' });
  barrier.open();
  await stopping;
  expect(worker.state).toBe('stopped');
  expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', value: 'busy' });
  expect(await goflow.status(waiting)).toMatchObject({ status: 'waiting', attempts: 0 });
  expect(verdicts.map(({ kind }) => kind)).toEqual(['completed']);
  expect(signals[0]?.aborted).toBe(false);
});

test('a handler that ignores its signal: the task is handed back, no attempt spent, and its end counts no more', async () => {
  const { goflow, worker, place, id, barrier, verdicts, signals } = await startBusy();
  const ms = await timed(() => worker.stop({ grace: 50 }));
  console.info(`stopped ${ms} ms after the call, with a grace of 50 ms and a deaf handler`);
  expect(ms).toBeLessThan(10_000);
  expect(signals[0]?.reason).toMatchObject({ code: 'WORKER_STOPPED' });
  expect(verdicts).toEqual([{ kind: 'handed-back', reason: 'stopping', delayMs: 0 }]);
  expect(await goflow.status(id)).toMatchObject({ status: 'waiting', attempts: 0 });
  barrier.open();
  await makeWorker(
    { tasks, handlers: { job: (_payload, ctx) => `attempt ${ctx.attempt}` } },
    place,
  ).start();
  expect(await goflow.wait(id)).toBe('attempt 1');
});

test.each([
  ['throws', true, { status: 'waiting', attempts: 0 }],
  ['returns', false, { status: 'completed', attempts: 1 }],
])('a handler that heeds its signal and %s', async (_what, throws, expected) => {
  const barrier = new Barrier();
  const { goflow, worker } = await startSystem({
    tasks,
    handlers: {
      job: (payload, { signal }) => {
        void barrier.pass();
        return new Promise((resolve, reject) => {
          signal.addEventListener('abort', () =>
            throws ? reject(signal.reason) : resolve(payload),
          );
        });
      },
    },
  });
  const id = await goflow.push('job', 'x', { maxAttempts: 1 });
  await until(() => barrier.arrived === 1, { what: 'the task to run' });
  await worker.stop({ grace: 0 });
  expect(await goflow.status(id)).toMatchObject(expected);
});

test('many deaf tasks in many queues: all are handed back, in one grace', async () => {
  const queues = ['q0', 'q1', 'q2', 'q3', 'q4'];
  const nothing = { payload: z.null(), result: z.null() };
  const many = defineTasks(
    Object.fromEntries(queues.map((queue) => [queue, { ...nothing, queue }])),
  );
  const barrier = new Barrier();
  const registry = new HandlerRegistry(many);
  for (const queue of queues) registry.add(queue, () => barrier.pass().then(() => null));
  const { goflow, worker } = await startSystem({
    tasks: many,
    handlers: registry,
    concurrency: 20,
  });
  for (const queue of queues) await goflow.pushMany(queue, Array(20).fill(null));
  await until(() => barrier.waiting === 100, { what: 'a hundred tasks to run' });
  const ms = await timed(() => worker.stop({ grace: 100 }));
  console.info(
    `a hundred deaf tasks in five queues: stopped after ${ms} ms, with a grace of 100 ms`,
  );
  for (const queue of queues)
    expect(await goflow.counts(queue)).toMatchObject({ waiting: 20, active: 0, failed: 0 });
});

test('stop() twice is stopping once', async () => {
  const { worker, barrier } = await startBusy();
  let stopped = 0;
  worker.on('worker:stopped', () => (stopped += 1));
  const both = [worker.stop({ grace: '20s' }), worker.stop({ grace: 0 })];
  barrier.open();
  await Promise.all([...both, worker[Symbol.asyncDispose]()]);
  await worker.stop();
  expect(stopped).toBe(1);
});

test('a stopped worker cannot be started, nor one that stops', async () => {
  const { worker, barrier } = await startBusy();
  const stopping = worker.stop();
  await expect(worker.start()).rejects.toMatchObject({ code: 'WORKER_STOPPED' });
  barrier.open();
  await stopping;
  await expect(worker.start()).rejects.toMatchObject({ code: 'WORKER_STOPPED' });
  expect(worker.state).toBe('stopped');
});

test('a worker that was never started can be stopped', async () => {
  const worker = makeWorker({ tasks, handlers: echo, http: { port: 0 } }, newPlace());
  expect(worker.state).toBe('new');
  await worker.stop();
  expect(worker.state).toBe('stopped');
});

test('start() twice is starting once; stopping at once after it is safe', async () => {
  const worker = makeWorker({ tasks, handlers: echo }, newPlace());
  const started: unknown[] = [];
  worker.on('worker:started', (event) => started.push(event));
  await Promise.all([worker.start(), worker.start()]);
  expect(started).toEqual([{ queues: ['default'] }]);
  const hasty = makeWorker({ tasks, handlers: echo }, newPlace());
  const starting = hasty.start();
  await hasty.stop();
  await starting;
  expect(hasty.state).toBe('stopped');
});

test('a grace that is none is refused by a rejection, and the worker goes on', async () => {
  const { worker, goflow } = await startSystem({ tasks, handlers: echo });
  for (const grace of ['soon', -1, Number.NaN] as never[])
    await expect(worker.stop({ grace })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect(await goflow.wait(await goflow.push('job', 'still here'))).toBe('still here');
});

test('a task handed back by one worker is taken by another at once', async () => {
  const { goflow, worker, place, id } = await startBusy();
  const other = makeWorker({ tasks, handlers: echo, concurrency: 1 }, place);
  await other.start();
  await worker.stop({ grace: 0 });
  expect(await goflow.wait(id)).toBe('busy');
  expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
});

test.each(['frozen', 'dead'] as const)(
  'with Redis %s and a deaf task running it stops all the same',
  async (how) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const barrier = new Barrier();
    const place = { redis: redis.url, prefix: 'gone' };
    const handlers = { job: () => barrier.pass().then(() => '') };
    const worker = makeWorker({ tasks, handlers, http: { port: 0 } }, place);
    await worker.start();
    const goflow = openClient(tasks, place);
    await goflow.push('job', 'x');
    await until(() => barrier.waiting === 1, { what: 'the task to run' });
    if (how === 'frozen') redis.pause();
    else await redis.kill9();
    await expectStops(worker, `with a ${how} Redis and a deaf task`);
  },
);

test('with Redis never there, or there and mute, it stops while it starts', async () => {
  const nobody = createWorker({
    tasks,
    handlers: echo,
    redis: `redis://127.0.0.1:${await freePort()}`,
  });
  await using redis = await RedisServer.start();
  redis.pause();
  const mute = createWorker({ tasks, handlers: echo, redis: redis.url });
  for (const worker of [nobody, mute]) {
    const starting = worker.start();
    await until(() => worker.state === 'starting', { what: 'the worker to start' });
    await expectStops(worker, 'while it starts without Redis');
    await starting;
  }
});

async function expectStops(worker: Worker, what: string): Promise<void> {
  const grace = 50;
  const ms = await timed(() => worker.stop({ grace }));
  console.info(`stopped after ${ms} ms, with a grace of ${grace} ms, ${what}`);
  expect(worker.state).toBe('stopped');
  expect(ms).toBeLessThan(10_000);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}
