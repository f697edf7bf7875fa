import { defineTasks } from '@goflow/sdk';
import { cleanPrefix, testPrefix } from '@goflow/testing';
import { createWorker, defineHandlers, HandlerRegistry, type Worker } from '@goflow/worker';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { askWorker, expectProblem } from '../support/http.js';
import { startSystem } from '../support/system.js';

const any = { payload: z.any(), result: z.any() };
const tasks = defineTasks({ one: any, two: { ...any, queue: 'images' } });
const handlers = defineHandlers(tasks, { one: () => 1, two: () => 2 });

const start = async (concurrency: number | Record<string, number>) => {
  const { worker } = await startSystem({ tasks, handlers, concurrency, http: { port: 0 } });
  return worker;
};

test('GET /concurrency tells the number, that of each queue, and how many run', async () => {
  expect(await askWorker(await start(10), '/concurrency')).toMatchObject({
    status: 200,
    json: {
      concurrency: 10,
      queues: { default: 10, images: 10 },
      active: { default: 0, images: 0 },
    },
  });
});

test('where queues differ there is no one number', async () => {
  const worker = await start({ default: 4, images: 9 });
  const { json } = await askWorker(worker, '/concurrency');
  expect(json).toMatchObject({ concurrency: null, queues: { default: 4, images: 9 } });
  expect((await askWorker(worker, '/herd')).json).toEqual({ num: 9 });
});

test.each([
  [{ concurrency: 20 }, { default: 20, images: 20 }],
  [{ concurrency: 0 }, { default: 0, images: 0 }],
  [{ concurrency: 10_000 }, { default: 10_000, images: 10_000 }],
  [
    { concurrency: 7, queue: 'images' },
    { default: 10, images: 7 },
  ],
  [{ queues: { images: 7 } }, { default: 10, images: 7 }],
  [{ queues: { default: 1, images: 0 } }, { default: 1, images: 0 }],
])('PATCH /concurrency %j', async (body, queues) => {
  const worker = await start(10);
  const changes: unknown[] = [];
  worker.on('worker:concurrency', ({ queue, concurrency }) => changes.push([queue, concurrency]));
  const answer = await askWorker(worker, '/concurrency', { body });
  expect(answer).toMatchObject({ status: 200, json: { queues } });
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(worker.concurrency).toEqual(queues);
  expect((await askWorker(worker, '/concurrency')).json).toEqual(answer.json);
  expect(Object.entries(queues)).toEqual(expect.arrayContaining(changes));
});

test('/herd speaks as Gofherd does', async () => {
  const worker = await start(3);
  const get = async () => (await askWorker(worker, '/herd')).json;
  const patch = (num: number) => askWorker(worker, '/herd', { body: { num } });
  expect(await get()).toEqual({ num: 3 });
  expect(await patch(10)).toMatchObject({ status: 200, json: { num: 10, msg: 'success' } });
  expect((await patch(10)).text).toBe('{"num":10,"msg":"Herd size already 10"}');
  expect((await patch(0)).text).toBe('{"num":0,"msg":"success"}');
  expect((await patch(0)).text).toBe('{"num":0,"msg":"Herd size already 0"}');
  expect(worker.concurrency).toEqual({ default: 0, images: 0 });
  expect(await get()).toEqual({ num: 0 });
});

test('a herd size is the same only when every queue has it', async () => {
  const worker = await start({ default: 4, images: 9 });
  const answer = await askWorker(worker, '/herd', { body: { num: 9 } });
  expect(answer.json).toEqual({ num: 9, msg: 'success' });
  expect(worker.concurrency).toEqual({ default: 9, images: 9 });
});

test('a herd keeps to the bounds of the worker, and its size is told as it is', async () => {
  const { worker } = await startSystem({
    tasks,
    handlers,
    concurrency: 3,
    concurrencyBounds: { min: 2, max: 5 },
    http: { port: 0 },
  });
  const patch = async (num: number) => (await askWorker(worker, '/herd', { body: { num } })).json;
  expect(await patch(20)).toEqual({ num: 5, msg: 'success' });
  expect(await patch(5)).toEqual({ num: 5, msg: 'Herd size already 5' });
  expect(await patch(0)).toEqual({ num: 2, msg: 'success' });
  expect((await askWorker(worker, '/herd')).json).toEqual({ num: 2 });
});

test('what is set for all queues is also for one that comes later, until it is reset', async () => {
  const registry = new HandlerRegistry(tasks).add('one', () => 1);
  const { worker } = await startSystem({
    tasks,
    handlers: registry,
    concurrency: 3,
    http: { port: 0 },
  });
  await askWorker(worker, '/concurrency', { body: { concurrency: 7 } });
  registry.add('two', () => 2);
  const ofLater = { configured: 3, desired: 3, override: 7, actual: 7 };
  expect(worker.concurrencies).toEqual({ default: ofLater, images: ofLater });
  expect(worker.concurrency).toEqual({ default: 7, images: 7 });
  await worker.resetConcurrency('default');
  expect(worker.concurrency).toEqual({ default: 3, images: 7 });
});

test.each([
  ['another queue', 4, () => undefined],
  ['all, and taken back', undefined, (worker: Worker) => worker.resetConcurrency()],
])('what is set for %s is not for one that comes later', async (_what, left, undo) => {
  const registry = new HandlerRegistry(tasks).add('one', () => 1);
  const { worker } = await startSystem({ tasks, handlers: registry, concurrency: 3 });
  await worker.setConcurrency(4, left === undefined ? undefined : 'default');
  await undo(worker);
  registry.add('two', () => 2);
  expect(worker.concurrency).toEqual({ default: left ?? 3, images: 3 });
});

test('Gofherd’s own example works: curl -XPATCH …/herd -d sends JSON as a form', async () => {
  const worker = await start(3);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': 'curl/8.5.0',
    accept: '*/*',
  };
  const answer = await askWorker(worker, '/herd', { headers, body: '{"num": 10}' });
  expect(answer).toMatchObject({ status: 200, json: { num: 10, msg: 'success' } });
});

test.each([-1, -0.5, -1e9])('a herd of %s: Herd size cannot be negative', async (num) => {
  const worker = await start(3);
  const answer = await askWorker(worker, '/herd', { body: { num } });
  expectProblem(answer, 400, 'REQUEST_INVALID');
  expect(answer.json).toMatchObject({
    num: 3,
    msg: 'Herd size cannot be negative',
    detail: 'Herd size cannot be negative',
  });
  expect(worker.concurrency.default).toBe(3);
});

describe('bad input', () => {
  const prefix = testPrefix();
  let worker: Worker;
  beforeAll(async () => {
    worker = createWorker({
      tasks,
      handlers,
      redis: inject('redisUrl'),
      prefix,
      concurrency: 3,
      http: { port: 0 },
    });
    await worker.start();
  });
  afterAll(async () => {
    await worker.stop();
    await cleanPrefix(inject('redisUrl'), prefix);
  });
  afterEach(() => expect(worker.concurrency).toEqual({ default: 3, images: 3 }));

  const refused = async (path: string, body: unknown, status = 400) => {
    const answer = await askWorker(worker, path, { body });
    expectProblem(answer, status, 'REQUEST_INVALID');
    expect(answer.text.length).toBeLessThan(1_000);
    // Not a stack, not a path of this machine.
    expect(answer.text).not.toMatch(/node_modules|\.js:\d/);
  };

  const NO_NUMBERS =
    '"20" "" 1.5 -1.5 1e-9 NaN Infinity 10001 1e9 1e309 -1e309 99999999999999999999 null true [] [20] {} {"valueOf":20}';
  test.each(NO_NUMBERS.split(' '))('%s is no concurrency', async (value) => {
    await refused('/concurrency', `{"concurrency":${value}}`);
    await refused('/concurrency', `{"concurrency":${value},"queue":"images"}`);
    await refused('/concurrency', `{"queues":{"images":5,"default":${value}}}`);
    await refused('/herd', `{"num":${value}}`);
  });

  const NO_OBJECTS = [
    '',
    ' ',
    '{',
    '{"num": 20',
    '{"num":20}}',
    'num=20',
    '20',
    '"20"',
    'null',
    'true',
    '[]',
    '[{"num":20}]',
    '{}',
    '\u0000',
    '<num>20</num>',
    `${'['.repeat(8_000)}`,
    `{"a":${'['.repeat(7_000)}${']'.repeat(7_000)}}`,
    '{"__proto__":{"num":20,"concurrency":20}}',
    '{"constructor":{"num":20}}',
    '{"Num":20,"Concurrency":20}',
  ];
  test.each(NO_OBJECTS)('the body %j says nothing', async (body) => {
    await refused('/concurrency', body);
    await refused('/herd', body);
  });

  test.each([
    '{"concurrency":5,"unknown":1}',
    '{"concurrency":5,"__proto__":1}',
    '{"concurrency":5,"constructor":1}',
    '{"concurrency":5,"queue":"nope"}',
    '{"concurrency":5,"queue":"__proto__"}',
    '{"concurrency":5,"queue":"constructor"}',
    '{"concurrency":5,"queue":null}',
    '{"concurrency":5,"queue":7}',
    '{"concurrency":5,"queue":["images"]}',
    '{"concurrency":5,"queue":""}',
    '{"queue":"images"}',
    '{"queues":{"images":5,"nope":5}}',
    '{"queues":{"images":5,"__proto__":5}}',
    '{"queues":[5]}',
    '{"queues":null}',
    '{"queues":"images"}',
    '{"queues":{"images":5},"concurrency":5}',
    '{"queues":{"images":5},"queue":"default"}',
    `{"concurrency":5,"${'x'.repeat(10_000)}":1}`,
    `{"concurrency":5,"queue":"${'x'.repeat(10_000)}"}`,
  ])('PATCH /concurrency %s changes nothing', async (body) => {
    await refused('/concurrency', body);
  });

  test.each(['/concurrency', '/herd'])(
    '%s refuses what is too large, packed, or of an unknown encoding',
    async (path) => {
      await refused(path, `{"num":20,"concurrency":20,"x":"${'x'.repeat(1_000_000)}"}`, 413);
      await refused(path, ' '.repeat(1_000_000), 413);
      const body = '{"num":20,"concurrency":20}';
      for (const headers of [
        { 'content-encoding': 'gzip' },
        { 'content-type': 'application/json; charset=x-none' },
      ])
        expectProblem(await askWorker(worker, path, { headers, body }), 415, 'REQUEST_INVALID');
      const latin = Buffer.from('{"num":"\xff\xfe","concurrency":"\xff"}', 'latin1');
      await refused(path, latin);
    },
  );

  test.each(['/concurrency', '/herd'])('%s without a body', async (path) => {
    expectProblem(await askWorker(worker, path, { method: 'PATCH' }), 400, 'REQUEST_INVALID');
  });

  test('a path that cannot be decoded', async () => {
    for (const path of ['/%', '/%E0%A4%A', '/herd%00', '//herd', '/herd/../concurrency/x']) {
      const { status, json } = await askWorker(worker, path);
      expect([400, 404]).toContain(status);
      expect(json).toMatchObject({
        status,
        code: status === 400 ? 'REQUEST_INVALID' : 'NOT_FOUND',
      });
    }
  });
});
