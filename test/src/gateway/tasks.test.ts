import { defineTasks } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ask as askUrl, expectProblem } from '../support/http.js';
import { makeWorker } from '../support/system.js';
import { startGateway } from './gateway.js';

const tasks = defineTasks({
  echo: { payload: z.object({ n: z.number() }), result: z.number() },
  card: {
    payload: z.object({ number: z.string(), name: z.string() }),
    result: z.string(),
    redact: ['number'],
  },
});

const start = () => startGateway({ tasks });
type Started = Awaited<ReturnType<typeof start>>;

const idOf = (answer: { json: unknown }): string => (answer.json as { id: string }).id;

/** A worker that answers with what it was given, once it may. */
async function startWorker({ place }: Started) {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const worker = makeWorker(
    {
      tasks,
      handlers: {
        echo: async ({ n }) => {
          await gate;
          if (n < 0) throw new Error('less than nothing');
          return n;
        },
        card: async ({ name }) => name,
      },
    },
    place,
  );
  await worker.start();
  return { open };
}

test('a push answers with the id, where it can be asked for, and what it was pushed with', async () => {
  const { ask, goflow } = await start();
  const runAt = new Date(Date.now() + 3_600_000).toISOString();
  const body = { payload: { n: 1 }, runAt, priority: 3, tags: ['eu'], maxAttempts: 2 };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const answer = await ask('/tasks/echo', { role: 'push', body, headers: { traceparent } });
  const id = idOf(answer);
  expect([answer.status, answer.headers.location]).toEqual([
    201,
    `/tasks/${encodeURIComponent(id)}`,
  ]);
  expect(await goflow.inspector.get(id)).toMatchObject({
    status: 'delayed',
    priority: 3,
    tags: ['eu'],
    options: { maxAttempts: 2, traceparent, dueAt: new Date(runAt) },
  });
  const malformed = await ask('/tasks/echo', {
    body: { payload: { n: 1 } },
    headers: { traceparent: 'what is this' },
  });
  expect(malformed.status).toBe(201);
});

test.each([
  [{}, 'expected a JSON object'],
  [[], 'expected a JSON object'],
  [{ payload: { n: 1 }, colour: 'red' }, 'unknown field "colour"'],
  [{ payload: { n: 1 }, runAt: 'tomorrow' }, 'Expected `runAt` to be a time'],
  [{ payload: { n: 1 }, runAt: '2026-02-30T00:00:00Z' }, 'Expected `runAt` to be a time'],
  [{ payload: { n: 1 }, runAt: 5 }, 'Expected `runAt` to be a time'],
  [{ payload: { n: 1 }, delay: 'soon' }, 'Expected `delay`'],
])('a push of %j is refused', async (body, detail) => {
  const { ask, goflow } = await start();
  const answer = await ask('/tasks/echo', { body });
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ detail: expect.stringContaining(detail) });
  expect((await goflow.counts()).waiting).toBe(0);
});

test('a payload that its contract refuses is named by its field', async () => {
  const { ask } = await start();
  const answer = await ask('/tasks/echo', { body: { payload: { n: 'x' } } });
  expectProblem(answer, 400, 'PAYLOAD_INVALID');
  expect(answer.json).toMatchObject({ errors: [{ path: 'n', message: expect.any(String) }] });
  expectProblem(await ask('/tasks/nothing', { body: { payload: 1 } }), 404, 'TASK_TYPE_UNKNOWN');
});

test('many are pushed with common options or each with its own; one that is wrong keeps all back', async () => {
  const { ask, goflow } = await start();
  const payloads = [{ n: 1 }, { n: 2 }, { n: 3 }];
  const common = await ask('/tasks/echo/bulk', { body: { payloads, tags: ['a'], chunk: 2 } });
  expect([common.status, (common.json as { ids: string[] }).ids.length]).toEqual([201, 3]);
  const items = [
    { payload: { n: 4 }, tags: ['b'] },
    { payload: { n: 5 }, delay: '1h' },
  ];
  const own = (await ask('/tasks/echo/bulk', { body: { items } })).json as { ids: string[] };
  expect(await goflow.inspector.get(own.ids[0] ?? '')).toMatchObject({ tags: ['b'] });
  expect(await goflow.status(own.ids[1] ?? '')).toMatchObject({ status: 'delayed' });
  const before = await goflow.counts();
  const wrong = [{ n: 1 }, { n: 'two' }];
  const refused = await ask('/tasks/echo/bulk', { body: { payloads: wrong } });
  expectProblem(refused, 400, 'PAYLOAD_INVALID');
  expect(refused.json).toMatchObject({ errors: [{ path: 'payloads[1].n' }] });
  const inItems = await ask('/tasks/echo/bulk', {
    body: { items: wrong.map((payload) => ({ payload })) },
  });
  expect(inItems.json).toMatchObject({
    detail: expect.stringContaining('items[1]'),
    errors: [{ path: 'items[1].payload.n' }],
  });
  expect(await goflow.counts()).toEqual(before);
});

test.each([
  [{ payloads: [] }, '`payloads` to be a list of 1 to 10,000'],
  [{ payloads: 'x' }, '`payloads` to be a list'],
  [{ payloads: Array.from({ length: 10_001 }, () => ({ n: 1 })) }, '1 to 10,000'],
  [{ items: [{}] }, '`items[0]`'],
  [{ items: [{ payload: { n: 1 } }], tags: ['a'] }, 'no `tags`'],
  [{ items: [{ payload: { n: 1 }, chunk: 2 }] }, 'unknown field "chunk" in items[0]'],
  [{ payloads: [{ n: 1 }], id: 'mine' }, 'unknown field "id"'],
])('a bulk push %# is refused', async (body, detail) => {
  const { ask } = await start();
  const answer = await ask('/tasks/echo/bulk', { body });
  expectProblem(answer, 400, 'REQUEST_INVALID');
  expect(answer.json).toMatchObject({ detail: expect.stringContaining(detail) });
});

test('where some of many are not in, each has an outcome', async () => {
  const { ask } = await start();
  const push = (payloads: object[]) =>
    ask('/tasks/echo/bulk', { body: { payloads }, headers: { 'idempotency-key': 'once' } });
  expect((await push([{ n: 1 }, { n: 2 }])).status).toBe(201);
  const some = await push([{ n: 1 }, { n: 9 }]);
  expect(some).toMatchObject({
    status: 207,
    json: {
      pushed: 1,
      failed: 1,
      outcomes: [
        { pushed: true, deduplicated: true },
        { pushed: false, code: 'TASK_ID_TAKEN' },
      ],
    },
  });
  const none = await push([{ n: 8 }, { n: 9 }]);
  expectProblem(none, 409, 'TASK_ID_TAKEN');
  expect(none.json).toMatchObject({ outcomes: [{ pushed: false }, { pushed: false }] });
});

test('tasks are listed by filter, page by page', async () => {
  const { ask } = await start();
  const payloads = Array.from({ length: 5 }, (_, n) => ({ n }));
  await ask('/tasks/echo/bulk', { body: { payloads, tags: ['eu'] } });
  await ask('/tasks/echo', { body: { payload: { n: 7 }, delay: '1h' } });
  const list = async (query: string) =>
    (await ask(`/tasks?${query}`, { role: 'read' })).json as { tasks: object[]; next?: string };
  expect((await list('tag=eu&state=waiting,delayed&type=echo&queue=default')).tasks).toHaveLength(
    5,
  );
  expect((await list('state=delayed')).tasks).toHaveLength(1);
  expect((await list('since=2100-01-01T00:00:00Z')).tasks).toHaveLength(0);
  const first = await list('limit=4');
  const rest = await list(`limit=4&cursor=${first.next}`);
  expect([first.tasks.length, rest.tasks.length, rest.next]).toEqual([4, 2, undefined]);
  for (const query of [
    'state=lost',
    'limit=0',
    'limit=x',
    'since=now',
    'colour=red',
    'tag=a&tag=b',
  ])
    expect([query, (await ask(`/tasks?${query}`)).status]).toEqual([query, 400]);
  expectProblem(await ask('/tasks?cursor=made-up'), 400, 'CURSOR_INVALID');
});

test('what a contract redacts is neither shown nor found', async () => {
  const { ask } = await start();
  const payload = { number: '4111111111111111', name: 'Ann' };
  const id = idOf(await ask('/tasks/card', { body: { payload } }));
  const { json } = await ask(`/tasks/${id}`, { role: 'read' });
  expect(json).toMatchObject({ payload: { number: '[redacted]', name: 'Ann' } });
  const found = async (text: string) =>
    ((await ask(`/tasks?text=${text}`, { role: 'read' })).json as { tasks: object[] }).tasks.length;
  expect([await found('Ann'), await found('4111')]).toEqual([1, 0]);
});

test('a result is waited for, and every kind of end is an answer', async () => {
  const started = await start();
  const { ask } = started;
  const id = idOf(await ask('/tasks/echo', { body: { payload: { n: 5 } } }));
  const open = await ask(`/tasks/${id}/result`, { role: 'read' });
  expect(open).toMatchObject({ status: 202, json: { status: 'waiting', id } });
  expect(open.headers['retry-after']).toBe('1');
  const short = await ask(`/tasks/${id}/result?wait=50ms`);
  expect(short.status).toBe(202);
  const { open: letGo } = await startWorker(started);
  const waiting = ask(`/tasks/${id}/result?wait=30s`);
  letGo();
  expect(await waiting).toMatchObject({ status: 200, json: { status: 'completed', value: 5 } });
  const bad = idOf(await ask('/tasks/echo', { body: { payload: { n: -1 }, maxAttempts: 1 } }));
  expect(await ask(`/tasks/${bad}/result?wait=30s`)).toMatchObject({
    status: 200,
    json: { status: 'failed', failure: { message: 'less than nothing' } },
  });
  for (const wait of ['61s', 'soon', '-1'])
    expect([wait, (await ask(`/tasks/${id}/result?wait=${wait}`)).status]).toEqual([wait, 400]);
});

test('a task is cancelled, with its reason, and only once', async () => {
  const { ask, goflow } = await start();
  const id = idOf(await ask('/tasks/echo', { body: { payload: { n: 1 } } }));
  const cancel = () =>
    ask(`/tasks/${id}?reason=changed%20my%20mind`, { method: 'DELETE', role: 'push' });
  expect((await cancel()).json).toEqual({ id, found: 'waiting', effect: 'cancelled' });
  expect((await cancel()).json).toEqual({ id, found: 'cancelled', effect: 'none' });
  expect(await goflow.getResult(id)).toMatchObject({
    status: 'cancelled',
    failure: { message: expect.stringContaining('changed my mind') },
  });
  const long = await ask(`/tasks/${id}?reason=${'x'.repeat(501)}`, { method: 'DELETE' });
  expectProblem(long, 400, 'OPTION_INVALID');
});

const STRANGE = [
  'x',
  'default:x',
  'a:b:c:d',
  '%00',
  '__proto__',
  '..%2F..',
  'default%3Ameta',
  '%F0%9F%92%A9',
];

test.each(STRANGE)('there is no task %j', async (id) => {
  const { ask } = await start();
  for (const path of [
    `/tasks/${id}`,
    `/tasks/${id}/result`,
    `/tasks/${id}/result?wait=1s`,
    `/tasks/${id}/events`,
  ])
    expectProblem(await ask(path), 404, 'TASK_UNKNOWN');
  expectProblem(await ask(`/tasks/${id}`, { method: 'DELETE' }), 404, 'TASK_UNKNOWN');
  expectProblem(await ask(`/tasks/${id}`, { body: { payload: 1 } }), 404, 'TASK_TYPE_UNKNOWN');
});

test('what is no id, and what is a type, is told as such', async () => {
  const { ask } = await start();
  const detailOf = async (path: string) => ((await ask(path)).json as { detail: string }).detail;
  expect(await detailOf(`/tasks/default:${'A'.repeat(22)}/result`)).toBe(
    `there is no task "default:${'A'.repeat(22)}"`,
  );
  expect(await detailOf('/tasks/foo/result')).toBe(
    `there is no task "foo": that is no id of goflow's, QUEUE:…`,
  );
  const type = await ask('/tasks/echo');
  expectProblem(type, 404, 'TASK_UNKNOWN');
  expect(type.json).toMatchObject({
    detail: 'there is no task "echo": it is a task type, and POST /tasks/echo pushes one',
  });
});

test('a browser that asks for nothing in particular is shown the dashboard, where there is one', async () => {
  const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const { url } = await start();
  const shown = await askUrl(`${url}/`, { headers });
  expect([shown.status, shown.headers.location]).toEqual([302, '/dashboard']);
  expectProblem(await askUrl(`${url}/`), 404, 'NOT_FOUND');
  expectProblem(await askUrl(`${url}/else`, { headers }), 404, 'NOT_FOUND');
  const without = await startGateway({ tasks, gateway: { dashboard: false } });
  expectProblem(await askUrl(`${without.url}/`, { headers }), 404, 'NOT_FOUND');
});

test('an endless wait ends when the gateway stops', async () => {
  const { ask, gateway } = await start();
  const id = idOf(await ask('/tasks/echo', { body: { payload: { n: 1 } } }));
  const waiting = ask(`/tasks/${id}/result?wait=60s`).then(
    ({ status }) => status,
    () => 'cut',
  );
  const began = performance.now();
  await gateway.stop();
  expect([202, 'cut']).toContain(await waiting);
  expect(performance.now() - began).toBeLessThan(10_000);
});
