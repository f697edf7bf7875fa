import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { expectProblem } from '../support/http.js';
import { makeWorker } from '../support/system.js';
import { startGateway } from './gateway.js';

const tasks = defineTasks({
  a: { payload: z.string(), result: z.string() },
  b: { payload: z.string(), result: z.string(), queue: 'images' },
});
const handlers = { a: (text: string) => text, b: (text: string) => text };

async function startWithWorker() {
  const started = await startGateway({ tasks });
  const worker = makeWorker(
    { tasks, handlers, concurrency: 5, labels: { region: 'eu' } },
    started.place,
  );
  await worker.start();
  return { ...started, worker };
}

test('queues are listed with their depths, ages and consumers', async () => {
  const { ask, goflow, worker } = await startWithWorker();
  await goflow.wait(await goflow.push('a', 'x'));
  await goflow.fleet.pause('images');
  await goflow.push('b', 'y');
  await goflow.push('b', 'z', { delay: '1h' });
  const { json } = await ask('/queues', { role: 'read' });
  const { queues } = json as { queues: Record<string, unknown>[] };
  expect(queues).toMatchObject([
    { queue: 'default', isPaused: false, counts: { completed: 1, waiting: 0 }, consumers: 1 },
    { queue: 'images', isPaused: true, counts: { waiting: 1, delayed: 1 }, consumers: 1 },
  ]);
  const [, images] = queues;
  const age = Date.now() - Date.parse(images?.oldestWaitingAt as string);
  expect(age).toBeGreaterThanOrEqual(0);
  expect(age).toBeLessThan(60_000);
  expect(images?.oldestWaitingMs).toBeLessThanOrEqual(age);
  await worker.quiet();
  await until(
    async () => {
      const now = (await ask('/queues')).json as { queues: { consumers: number }[] };
      return now.queues.every(({ consumers }) => consumers === 0);
    },
    { what: 'nobody to take' },
  );
});

test('a queue that only others push to is found where all keys are looked through', async () => {
  const { ask } = await startGateway({ tasks });
  expect((await ask('/queues?search=true')).json).toEqual({ queues: [] });
  expectProblem(await ask('/queues?search=1'), 400, 'REQUEST_INVALID');
  expectProblem(await ask('/queues?deep=true'), 400, 'REQUEST_INVALID');
});

test('a queue is paused and resumed, and the audit trail tells by whom', async () => {
  const { ask, goflow } = await startWithWorker();
  const turn = async (how: string) => (await ask(`/queues/images/${how}`, { method: 'POST' })).json;
  expect(await turn('pause')).toEqual({ changed: true });
  expect(await turn('pause')).toEqual({ changed: false });
  const id = await goflow.push('b', 'later');
  expect(await turn('resume')).toEqual({ changed: true });
  expect(await goflow.wait(id)).toBe('later');
  const { json } = await ask('/fleet/audit?limit=2', { role: 'read' });
  const by = 'gateway (operate role, 127.0.0.1)';
  expect(json).toMatchObject({
    records: [
      { action: 'queue.resume', queue: 'images', by },
      { action: 'queue.pause', queue: 'images', by },
    ],
  });
});

test('a queue that there is not is neither paused nor resumed', async () => {
  const { ask } = await startGateway({ tasks });
  for (const how of ['pause', 'resume']) {
    const unknown = await ask(`/queues/nobody/${how}`, { method: 'POST' });
    expectProblem(unknown, 404, 'QUEUE_UNKNOWN');
    for (const name of ['No', 'a%3Ab', '%00', 'x'.repeat(1_000)]) {
      const refused = await ask(`/queues/${name}/${how}`, { method: 'POST' });
      expectProblem(refused, 400, 'OPTION_INVALID');
    }
  }
});

test('the workers that are alive are listed', async () => {
  const { ask, worker } = await startWithWorker();
  const { json } = await ask('/workers', { role: 'read' });
  expect(json).toMatchObject({
    workers: [
      {
        name: worker.name,
        types: ['a', 'b'],
        queues: { default: { concurrency: 5, active: 0 }, images: { concurrency: 5 } },
        labels: { region: 'eu' },
        state: 'running',
      },
    ],
  });
  expectProblem(await ask('/workers?queue=default'), 400, 'REQUEST_INVALID');
});

test('a rule of concurrency is set, listed and reset, and workers follow', async () => {
  const { ask, worker } = await startWithWorker();
  const put = (body: object) => ask('/fleet/concurrency', { method: 'PUT', body });
  expect((await put({ concurrency: 7 })).json).toEqual({ changed: true });
  const images = { queue: 'images', labels: { region: 'eu', zone: 'a' } };
  expect((await put({ concurrency: 2, ...images })).json).toEqual({ changed: true });
  expect((await put({ concurrency: 9 })).json).toEqual({ changed: true, before: 7 });
  await until(() => worker.concurrency.default === 9, { what: 'the rule' });
  const { json } = await ask('/fleet/concurrency', { role: 'read' });
  expect(json).toMatchObject({ rules: [{ concurrency: 2, ...images }, { concurrency: 9 }] });
  const reset = (query: string) => ask(`/fleet/concurrency${query}`, { method: 'DELETE' });
  expect((await reset('?queue=images&labels=region=eu')).json).toEqual({ changed: false });
  const gone = await reset('?queue=images&labels=zone%3Da%2Cregion%3Deu');
  expect(gone.json).toEqual({ changed: true, before: 2 });
  expect((await reset('')).json).toEqual({ changed: true, before: 9 });
  await until(() => worker.concurrency.default === 5, { what: 'what it was started with' });
});

test('a rule that is wrong is refused by its name', async () => {
  const { ask, goflow } = await startGateway({ tasks });
  for (const [body, code] of [
    ['{}', 'OPTION_INVALID'],
    ['{"concurrency":-1}', 'OPTION_INVALID'],
    ['{"concurrency":"7"}', 'OPTION_INVALID'],
    ['{"concurrency":10001}', 'OPTION_INVALID'],
    ['{"concurrency":1,"queue":"A"}', 'OPTION_INVALID'],
    ['{"concurrency":1,"labels":[]}', 'OPTION_INVALID'],
    ['{"concurrency":1,"labels":{"a":7}}', 'OPTION_INVALID'],
    ['{"concurrency":1,"by":"somebody else"}', 'REQUEST_INVALID'],
    ['{"concurrency":1,"concurrency":2}', 'REQUEST_INVALID'],
    ['7', 'REQUEST_INVALID'],
    ['', 'REQUEST_INVALID'],
  ] as const)
    expectProblem(await ask('/fleet/concurrency', { method: 'PUT', body }), 400, code);
  for (const [query, code] of [
    ['?labels=', 'REQUEST_INVALID'],
    ['?labels=region', 'REQUEST_INVALID'],
    ['?labels=a=1,a=2', 'REQUEST_INVALID'],
    ['?labels=a=', 'OPTION_INVALID'],
    ['?queue=', 'OPTION_INVALID'],
    ['?all=true', 'REQUEST_INVALID'],
  ] as const)
    expectProblem(await ask(`/fleet/concurrency${query}`, { method: 'DELETE' }), 400, code);
  expectProblem(await ask('/fleet/audit?limit=0'), 400, 'OPTION_INVALID');
  expectProblem(await ask('/fleet/audit?limit=2001'), 400, 'OPTION_INVALID');
  expect(await goflow.fleet.rules()).toEqual([]);
});

test('who may not operate changes nothing', async () => {
  const { ask, goflow } = await startGateway({ tasks });
  for (const role of ['read', 'push'] as const)
    for (const [method, path] of [
      ['POST', '/queues/default/pause'],
      ['POST', '/queues/default/resume'],
      ['PUT', '/fleet/concurrency'],
      ['DELETE', '/fleet/concurrency'],
    ] as const) {
      const refused = await ask(path, { method, role, body: '{"concurrency":0}' });
      expectProblem(refused, 403, 'FORBIDDEN');
    }
  for (const path of ['/queues', '/workers', '/fleet/concurrency', '/fleet/audit', '/openapi.json'])
    expectProblem(await ask(path, { role: 'none' }), 401, 'UNAUTHORIZED');
  expect(await goflow.fleet.audit()).toEqual([]);
});
