import { createGoflow, defineTasks } from '@goflow/sdk';
import { freePort, RedisServer, until } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
const handlers = defineHandlers(tasks, { repeater: (payload) => payload });

async function startRedis(args: readonly string[] = [], password?: string): Promise<RedisServer> {
  const server = await RedisServer.start({ args, ...(password === undefined ? {} : { password }) });
  onTestFinished(() => server.stop());
  return server;
}

function open(redis: string, timeout: number | `${number}s` = '5s') {
  const goflow = createGoflow({ tasks, redis, timeout });
  onTestFinished(() => goflow.close());
  return goflow;
}

async function work(redis: string) {
  const troubles: Error[] = [];
  const worker = createWorker({ tasks, handlers, redis });
  worker.on('broker:trouble', ({ error }) => troubles.push(error));
  onTestFinished(() => worker.stop({ grace: 0 }));
  return { worker, troubles };
}

test('a push to a Redis that is not there fails as BROKER_UNAVAILABLE, in the time allowed, nothing sent', async () => {
  const goflow = open(`redis://127.0.0.1:${await freePort()}`, 300);
  const startedAt = performance.now();
  await expect(goflow.push('repeater', 'x')).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    details: { sent: false },
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
  expect(performance.now() - startedAt).toBeGreaterThan(250);
  await expect(goflow.getResult(`default:${'A'.repeat(22)}`)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
  });
  await expect(goflow.pushMany('repeater', ['a', 'b'])).rejects.toMatchObject({
    code: 'PUSH_INCOMPLETE',
  });
});

test('a push to a Redis that froze fails in the time allowed and says that it may have arrived; sent again by the client it is one task', async () => {
  const server = await startRedis();
  const goflow = open(server.url, 200);
  await goflow.push('repeater', 'warm');
  server.pause();
  await expect(goflow.push('repeater', 'frozen')).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    details: { sent: true },
  });
  server.resume();
  await until(async () => (await goflow.counts()).waiting === 2, {
    what: 'the frozen push has arrived, once',
  });
});

test('a push waits out a restart of Redis that is shorter than its time', async () => {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  const goflow = open(server.url, '10s');
  await goflow.push('repeater', 'before');
  await server.kill9();
  const pushed = goflow.push('repeater', 'while it is away');
  await server.restart();
  await pushed;
  expect((await goflow.counts()).waiting).toBe(2);
});

test('a worker waits for Redis at its start, and comes back by itself after an outage', async () => {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  await server.kill9();
  const { worker, troubles } = await work(server.url);
  const starting = worker.start();
  await until(() => troubles.length > 0, { what: 'the worker says that Redis is away' });
  expect(await worker.readiness()).toMatchObject({ ready: false });
  await server.restart();
  await starting;
  const goflow = open(server.url, '10s');
  expect(await goflow.wait(await goflow.push('repeater', 'first'))).toBe('first');
  await server.kill9();
  await server.restart();
  expect(await goflow.wait(await goflow.push('repeater', 'second'))).toBe('second');
  expect(await worker.readiness()).toEqual({ ready: true });
});

test('a Redis that wants a password: the client is told so, the worker says so and comes up when it is right', async () => {
  const server = await startRedis([], 'a-secret-password');
  const bare = new URL(server.url);
  bare.password = '';
  const goflow = open(bare.href.replace(':@', ''), 400);
  await expect(goflow.push('repeater', 'x')).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'NOAUTH' },
  });
  const wrong = open(server.url.replace('a-secret-password', 'wrong'), 400);
  await expect(wrong.push('repeater', 'x')).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'WRONGPASS' },
  });
  const { worker, troubles } = await work(bare.href.replace(':@', ''));
  const starting = worker.start();
  await until(() => troubles.some(({ message }) => message.includes('NOAUTH')), {
    what: 'NOAUTH is told',
  });
  expect(await worker.readiness()).toMatchObject({ ready: false });
  const admin = new Redis(server.url);
  await admin.config('SET', 'requirepass', '');
  admin.disconnect();
  await starting;
  expect(await worker.readiness()).toEqual({ ready: true });
});

test('a replica refuses pushes as READONLY; the worker warns, floods nothing, and works after promotion', async () => {
  const server = await startRedis();
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const goflow = open(server.url, 500);
  await goflow.push('repeater', 'kept');
  await admin.replicaof('127.0.0.1', 1);
  await expect(goflow.push('repeater', 'x')).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'READONLY' },
  });
  const { worker, troubles } = await work(server.url);
  await worker.start();
  await admin.replicaof('NO', 'ONE');
  const patient = open(server.url, '10s');
  expect(await patient.wait(await patient.push('repeater', 'after'))).toBe('after');
  expect(troubles.length).toBeLessThan(20);
});

test('while Redis loads its data, pushes wait and workers wait', async () => {
  const server = await startRedis(['--appendonly', 'yes', '--key-load-delay', '1000']);
  const admin = new Redis(server.url);
  await admin.mset(
    Object.fromEntries(Array.from({ length: 800 }, (_, index) => [`filler:${index}`, index])),
  );
  admin.disconnect();
  await server.kill9();
  const restarted = server.restart();
  const goflow = open(server.url, '20s');
  const { worker } = await work(server.url);
  void worker.start();
  expect(await goflow.wait(await goflow.push('repeater', 'loaded'))).toBe('loaded');
  await restarted;
});

test('a Redis out of memory refuses pushes as OOM; what was pushed runs when there is room again, results kept', async () => {
  const server = await startRedis();
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const goflow = open(server.url, '5s');
  const ids = await goflow.pushMany(
    'repeater',
    Array.from({ length: 50 }, (_, index) => String(index)),
  );
  await admin.config('SET', 'maxmemory', '1mb');
  await expect(goflow.push('repeater', 'x')).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'OOM' },
  });
  const { worker, troubles } = await work(server.url);
  await worker.start();
  await until(() => troubles.some(({ message }) => message.includes('OOM')), {
    what: 'OOM is told',
  });
  await admin.config('SET', 'maxmemory', '0');
  const results = await Promise.all(ids.map((id) => goflow.wait(id)));
  expect(results).toEqual(ids.map((_, index) => String(index)));
  expect(troubles.length).toBeLessThan(20);
});

test('a worker warns loudly of a Redis that evicts, and of one that keeps nothing', async () => {
  const server = await startRedis();
  const admin = new Redis(server.url);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  admin.disconnect();
  const warnings: string[] = [];
  const quiet = (): void => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_fields: object, message = '') => void warnings.push(message),
    child: () => logger,
  };
  const worker = createWorker({ tasks, handlers, redis: server.url, logger });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  expect(warnings.some((line) => line.includes('allkeys-lru') && line.includes('noeviction'))).toBe(
    true,
  );
  expect(warnings.some((line) => line.includes('appendonly'))).toBe(true);
});

test('waits are answered when every message was lost: the subscriber is cut off again and again', async () => {
  const server = await startRedis();
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const { worker } = await work(server.url);
  await worker.start();
  const goflow = open(server.url);
  await goflow.wait(await goflow.push('repeater', 'learn'));
  await worker.setConcurrency(0);
  const ids = await goflow.pushMany('repeater', ['a', 'b', 'c']);
  const waits = Promise.all(ids.map((id) => goflow.wait(id)));
  // Published while nobody listens.
  await admin.config('SET', 'maxclients', '6');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await worker.setConcurrency(3);
  expect(await waits).toEqual(['a', 'b', 'c']);
});
