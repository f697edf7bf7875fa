import { connect } from 'node:net';
import { defineTasks } from '@goflow/sdk';
import { freePort, RedisServer, until } from '@goflow/testing';
import { createWorker } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { ask, askWorker, expectProblem } from '../support/http.js';
import { makeWorker, startSystem } from '../support/system.js';

const TOKEN = 'a token of the tests';
const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': { payload: z.null(), result: z.null(), queue: 'images' },
});
const handlers = {
  repeater: async (payload: string) => payload,
  'image.resize': () => null,
};

test('a worker that takes tasks is live and ready', async () => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0 } });
  expect(await askWorker(worker, '/livez')).toMatchObject({
    status: 200,
    json: { status: 'live' },
  });
  expect(await askWorker(worker, '/readyz')).toMatchObject({
    status: 200,
    json: { status: 'ready', ready: true },
  });
});

test('the first requests may come at once, and before what answers them is loaded', async () => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0 } });
  const [live, changed, missing] = await Promise.all([
    askWorker(worker, '/livez'),
    askWorker(worker, '/concurrency', { body: { concurrency: 3 } }),
    askWorker(worker, '/nowhere'),
  ]);
  expect(live.status).toBe(200);
  expect(changed).toMatchObject({ status: 200, json: { concurrency: 3 } });
  expectProblem(missing, 404, 'NOT_FOUND');
});

test('without `http` nothing listens', async () => {
  const { worker } = await startSystem({ tasks, handlers });
  expect(worker.httpUrl).toBeUndefined();
  expect(await worker.metrics.text()).toContain('goflow_worker_concurrency{queue="images"} 10');
});

test('a quiet worker is live but not ready', async () => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0 } });
  await worker.quiet();
  expect((await askWorker(worker, '/livez')).status).toBe(200);
  const expected = { status: 'not ready', ready: false, reason: 'the worker is quiet' };
  expect(await askWorker(worker, '/readyz')).toMatchObject({ status: 503, json: expected });
});

test('a stopping worker is live but not ready, until it has stopped', async () => {
  const barrier = new Barrier();

  const { worker, goflow } = await startSystem({
    tasks,
    handlers: { ...handlers, repeater: () => barrier.pass().then(() => '') },
    http: { port: 0 },
  });
  await goflow.push('repeater', 'x');
  await until(() => barrier.waiting === 1, { what: 'the task to run' });
  const stopping = worker.stop({ grace: '20s' });
  await until(() => worker.state === 'stopping', { what: 'the worker to stop' });
  expect((await askWorker(worker, '/livez')).status).toBe(200);
  expect(await askWorker(worker, '/readyz')).toMatchObject({
    status: 503,
    json: { ready: false, reason: 'the worker is stopping' },
  });
  const { httpUrl = '' } = worker;
  barrier.open();
  await stopping;
  await expect(ask(`${httpUrl}/livez`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a worker without Redis is live, not ready, and still shows metrics and concurrency', async () => {
  const redis = `redis://127.0.0.1:${await freePort()}`;
  const worker = makeWorker({ tasks, handlers, http: { port: 0 } }, { redis, prefix: 'never' });
  void worker.start();
  await until(() => worker.httpUrl, { what: 'the server to listen' });
  expect((await askWorker(worker, '/livez')).status).toBe(200);
  const why = await until(
    async () => {
      const { status, json } = await askWorker(worker, '/readyz');
      return status === 503 && (json as { trouble?: string }).trouble !== undefined && json;
    },
    { what: 'the trouble to be told' },
  );
  expect(why).toEqual({
    status: 'not ready',
    ready: false,
    reason: 'the worker is starting',
    trouble: expect.stringContaining('ECONNREFUSED'),
  });
  expect((await askWorker(worker, '/metrics')).text).toContain(
    'goflow_worker_concurrency{queue="default"} 10',
  );
  const changed = await askWorker(worker, '/concurrency', { body: { concurrency: 3 } });
  expect(changed.json).toMatchObject({ concurrency: 3 });
});

test('readiness follows Redis: 503 while it is frozen, 200 when it answers again; metrics do not wait', async () => {
  await using redis = await RedisServer.start();
  const worker = createWorker({ tasks, handlers, redis: redis.url, http: { port: 0 } });
  await using _stopped = { [Symbol.asyncDispose]: () => worker.stop({ grace: 0 }) };
  await worker.start();
  redis.pause();
  expect(await askWorker(worker, '/readyz')).toMatchObject({ status: 503, json: { ready: false } });
  expect((await askWorker(worker, '/livez')).status).toBe(200);
  // What Redis would have to be asked for is left out.
  const { text } = await askWorker(worker, '/metrics');
  expect(text).toContain('goflow_worker_concurrency{queue="default"} 10');
  expect(text).not.toContain('goflow_queue_tasks{');
  redis.resume();
  await until(async () => (await askWorker(worker, '/readyz')).status === 200, {
    what: 'readiness',
  });
});

test.each([
  ['GET', '/'],
  ['GET', '/nowhere'],
  ['POST', '/concurrency/'],
  ['DELETE', '/Herd'],
  ['GET', '/concurrency/default'],
  ['GET', `/${'x'.repeat(2_000)}`],
  ['GET', '/__proto__'],
])('%s %s is a problem of 404 that says what there is', async (method, path) => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0 } });
  const answer = await askWorker(worker, path, { method });
  expectProblem(answer, 404, 'NOT_FOUND');
  expect(answer.text).toContain('PATCH /concurrency');
  expect(answer.text.length).toBeLessThan(1_000);
});

test('with a token set, probes and metrics stay open and the rest needs it', async () => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0, token: TOKEN } });
  for (const path of ['/livez', '/readyz', '/metrics'])
    expect((await askWorker(worker, path)).status).toBe(200);
  const wrong = [
    undefined,
    '',
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
    'Bearer',
  ];
  for (const authorization of wrong)
    for (const path of ['/concurrency', '/herd', '/nowhere']) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await askWorker(worker, path, { headers, body: { concurrency: 1, num: 1 } });
      expectProblem(answer, 401, 'UNAUTHORIZED');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  expect(worker.concurrency).toEqual({ default: 10, images: 10 });
  const headers = { authorization: `Bearer ${TOKEN}`, host: 'worker.example.com' };
  expect((await askWorker(worker, '/concurrency', { headers })).status).toBe(200);
  const body = { num: 4 };
  expect(await askWorker(worker, '/herd', { headers, body })).toMatchObject({
    status: 200,
    json: { num: 4, msg: 'success' },
  });
});

test('without a token a web page cannot come in under a name of its own (DNS rebinding)', async () => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0 } });
  for (const host of [
    'evil.example.com',
    'localhost.evil.example.com',
    '127.0.0.1.evil.example.com',
    '10.0.0.1',
  ]) {
    const answer = await askWorker(worker, '/concurrency', {
      headers: { host },
      body: { concurrency: 1 },
    });
    expectProblem(answer, 401, 'UNAUTHORIZED');
  }
  expect(worker.concurrency.default).toBe(10);
  for (const host of ['localhost', 'localhost:9464', '127.0.0.1:1', '[::1]:9464', 'LOCALHOST'])
    expect((await askWorker(worker, '/concurrency', { headers: { host } })).status).toBe(200);
  expect(
    (await askWorker(worker, '/readyz', { headers: { host: 'evil.example.com' } })).status,
  ).toBe(200);
});

test('requests that never end keep nobody else out, and are cut off', async () => {
  const { worker } = await startSystem({ tasks, handlers, http: { port: 0 } });
  const { hostname: host, port } = new URL(worker.httpUrl ?? '');
  let cutOff = 0;
  const sockets = Array.from({ length: 24 }, () => connect({ host, port: Number(port) }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const [index, socket] of sockets.entries()) {
    const isHead = index % 2 === 0;
    socket.on('error', () => undefined).resume();
    socket.once('close', () => (cutOff += isHead ? 1 : 0));
    socket.write('PATCH /concurrency HTTP/1.1\r\nHost: localhost\r\n');
    socket.write(isHead ? 'X-Slow: ' : 'Content-Length: 1000\r\n\r\n{');
  }
  for (const path of ['/livez', '/readyz', '/metrics', '/concurrency'])
    expect((await askWorker(worker, path)).status).toBe(200);
  expect(cutOff).toBe(0);
  await until(() => cutOff === 12, { what: 'slow headers to be cut off' });
  expect(worker.concurrency.default).toBe(10);
});
