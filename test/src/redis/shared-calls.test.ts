import { createGoflow, defineTasks, type Goflow } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, type Place } from '../support/redis.js';

// Shared calls of Redis beside programs that know only BullMQ, and beside what goes wrong in Redis.

const tasks = defineTasks({ count: { payload: z.number(), result: z.number() } });
const COUNT = 500;

/** Programs that know only BullMQ, on goflow's queue. */
function openRaw({ redis, prefix }: Place) {
  const connection = { url: redis, maxRetriesPerRequest: null };
  const queue = new Queue('{default}', { connection, prefix });
  const events = new QueueEvents('{default}', { connection, prefix });
  const ran: number[] = [];
  const run = async ({ data }: { data: number }): Promise<number> => {
    ran.push(data);
    return data * 2;
  };
  const worker = new Worker<number>('{default}', run, {
    connection,
    prefix,
    concurrency: 20,
    autorun: false,
  });
  onTestFinished(async () => {
    await Promise.all([worker.close(), events.close(), queue.close()]);
  });
  return { queue, events, worker, ran };
}

test('raw BullMQ pushes, runs, listens and reads beside it: every task runs once, every event is there', async () => {
  const place = newPlace();
  const raw = openRaw(place);
  const goflow = createGoflow({ tasks, ...place });
  onTestFinished(() => goflow.close());
  const ran: number[] = [];
  const handlers = defineHandlers(tasks, {
    count: (n) => {
      ran.push(n);
      return n * 2;
    },
  });
  const worker = createWorker({ tasks, handlers, ...place, concurrency: 50 });
  onTestFinished(() => worker.stop({ grace: 0 }));
  const heard = new Map<string, string[]>();
  const hear = (event: string, { jobId }: { jobId: string }) =>
    heard.set(jobId, [...(heard.get(jobId) ?? []), event]);
  for (const event of ['added', 'waiting', 'active', 'completed'] as const)
    raw.events.on(event, (args: { jobId: string }) => hear(event, args));
  await raw.events.waitUntilReady();
  await worker.start();
  const own = Array.from({ length: COUNT }, (_, n) => goflow.push('count', n));
  const theirs = Array.from({ length: COUNT }, (_, n) =>
    raw.queue.add('count', COUNT + n, { jobId: `raw${n}`.padEnd(22, '-') }),
  );
  void raw.worker.run();
  const ids = await Promise.all(own);
  await Promise.all(theirs);
  // As a dashboard does, all the while.
  await until(async () => (await raw.queue.getJobCounts()).completed === 2 * COUNT, {
    what: 'all to be completed',
  });
  const all = Array.from({ length: 2 * COUNT }, (_, n) => n);
  expect([...ran, ...raw.ran].sort((a, b) => a - b)).toEqual(all);
  expect(Math.min(ran.length, raw.ran.length)).toBeGreaterThan(0);
  expect(await goflow.waitAll(ids)).toMatchObject(
    all.slice(0, COUNT).map((n) => ({ status: 'completed', value: n * 2 })),
  );
  const jobs = await raw.queue.getJobs(['completed'], 0, 2 * COUNT);
  expect(jobs.every(({ data, returnvalue }) => returnvalue === data * 2)).toBe(true);
  await until(() => [...heard.values()].flat().length === 8 * COUNT, { what: 'all events' });
  for (const events of heard.values())
    expect(events).toEqual(['added', 'waiting', 'active', 'completed']);
  expect(await raw.queue.getJobCounts('active', 'wait', 'delayed', 'failed')).toEqual({
    ...{ active: 0, wait: 0, delayed: 0, failed: 0 },
  });
});

/** A private Redis, to be ill-treated, with a client of it. */
async function openServer() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const goflow = createGoflow({ tasks, redis: server.url, timeout: '2s' });
  onTestFinished(() => goflow.close());
  await goflow.push('count', -1);
  return { admin, goflow, url: server.url };
}

const pushMany = (goflow: Goflow<typeof tasks.definitions>, count = 40) =>
  Promise.allSettled(Array.from({ length: count }, (_, n) => goflow.push('count', n)));

test('out of memory: each push says so; with memory again all goes on', async () => {
  const { admin, goflow } = await openServer();
  await admin.config('SET', 'maxmemory', '1');
  for (const push of await pushMany(goflow))
    expect(push).toMatchObject({ reason: { code: 'BROKER_REFUSED', details: { reason: 'OOM' } } });
  await admin.config('SET', 'maxmemory', '0');
  expect((await pushMany(goflow)).every(({ status }) => status === 'fulfilled')).toBe(true);
});

test('a server that is a replica for a moment: the pushes arrive once it is a master again', async () => {
  const { admin, goflow } = await openServer();
  await admin.replicaof('127.0.0.1', 1);
  const pushes = pushMany(goflow);
  await until(async () => /errorstat_READONLY/.test(await admin.info('errorstats')), {
    what: 'a push to be refused',
  });
  await admin.replicaof('NO', 'ONE');
  expect((await pushes).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect((await goflow.counts()).waiting).toBe(41);
});

// A task that was taken by a call whose answer was lost is taken again when its lease is over, as with BullMQ's own calls.
test('workers go on when Redis has forgotten the scripts and cut the connections', async () => {
  const { admin, goflow, url } = await openServer();
  const seen = new Map<number, number>();
  const handlers = defineHandlers(tasks, {
    count: (n) => {
      seen.set(n, (seen.get(n) ?? 0) + 1);
      return n;
    },
  });
  const worker = createWorker({ tasks, handlers, redis: url, concurrency: 20, lease: '1s' });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  await pushMany(goflow, 300);
  await admin.script('FLUSH');
  await pushMany(goflow, 300);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await pushMany(goflow, 300);
  await until(async () => (await goflow.counts()).completed === 901, { what: 'all completed' });
  expect(seen.size).toBe(301);
});
