import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { makeWorker, openClient } from '../support/system.js';

const PREFIX = 'goflow';
const RULES = `${PREFIX}:{fleet}:rules`;
const handlers = Object.fromEntries(
  [...tasks.contracts.keys()].map((type) => [type, (payload: unknown) => payload]),
) as never;

/** A server of its own, with a user for the worker, and a task that waits. */
async function open() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  await admin.call('ACL', 'SETUSER', 'worker', 'on', '>password', '~*', '&*', '+@all');
  const goflow = openClient(tasks, { redis: server.url, prefix: PREFIX });
  await goflow.push('echo', 'a');
  const redis = server.url.replace('redis://', 'redis://worker:password@');
  const worker = makeWorker({ tasks, handlers }, { redis, prefix: PREFIX });
  const [taken, troubles]: [string[], Error[]] = [[], []];
  worker.on('task:started', ({ task }) => taken.push(task.id));
  worker.on('broker:trouble', ({ error }) => troubles.push(error));
  return { admin, goflow, worker, taken, troubles };
}

test('a worker that may not read the rules takes nothing, says why, and keeps to them when it may', async () => {
  const { admin, goflow, worker, taken, troubles } = await open();
  await goflow.fleet.setConcurrency(0, { by: 'ada' });
  await admin.call('ACL', 'SETUSER', 'worker', '-hgetall');
  const starting = worker.start();
  // It waits 2 s at most for a Redis that does not answer.
  const since = performance.now();
  await until(() => performance.now() - since > 3_000, { what: '3 s', everyMs: 100 });
  expect([worker.state, taken]).toEqual(['starting', []]);
  expect(await worker.readiness()).toMatchObject({
    ready: false,
    trouble: expect.stringMatching(/no task is taken .* rules .* lacks a right.*docs\/redis\.md/),
  });
  expect(troubles).toContainEqual(expect.objectContaining({ code: 'BROKER_REFUSED' }));
  await admin.call('ACL', 'SETUSER', 'worker', '+hgetall');
  await starting;
  expect(await worker.readiness()).toEqual({ ready: true });
  expect(worker.concurrency.default).toBe(0);
  expect([await goflow.counts(), taken]).toMatchObject([{ waiting: 1 }, []]);
});

test('something else lies where the rules are: nothing is taken until it is gone, and a stop meanwhile ends', async () => {
  const { admin, worker, taken, troubles } = await open();
  await admin.set(RULES, 'of another program');
  const stopped = makeWorker(
    { tasks, handlers },
    { redis: `redis://127.0.0.1:${admin.options.port}`, prefix: PREFIX },
  );
  const neverBegins = stopped.start();
  const starting = worker.start();
  await until(() => troubles.some(({ message }) => /^no task .* of another type/.test(message)), {
    what: 'it to say so',
  });
  await stopped.stop({ grace: 0 });
  await neverBegins;
  expect([worker.state, taken]).toEqual(['starting', []]);
  await admin.del(RULES);
  await starting;
  await until(() => taken.length === 1, { what: 'the task to be taken' });
});
