import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Answer, ask } from '../support/http.js';
import { openClient } from '../support/system.js';
import { type Dashboard, logIn, startDashboard } from './dashboard.js';

const tasks = defineTasks({
  pay: {
    payload: z.object({ card: z.string(), text: z.string() }),
    result: z.any(),
    redact: ['card'],
    retention: { completed: '1s' },
  },
  echo: { payload: z.any(), result: z.any() },
});

type Ask = (path: string, method?: string, body?: string) => Promise<Answer>;

async function openBoard({ gateway }: Pick<Dashboard<typeof tasks.definitions>, 'gateway'>) {
  const headers = { cookie: await logIn(gateway, 'operate') };
  const askBoard: Ask = (path, method = 'GET', body = undefined) =>
    ask(`${gateway.url}/dashboard/board${path}`, { method, headers, body });
  return askBoard;
}

interface BoardJob {
  readonly id: string;
  readonly data: unknown;
}

async function jobsOf(askBoard: Ask, query: string): Promise<readonly BoardJob[]> {
  const { json } = await askBoard(`/api/queues?activeQueue=default&${query}`);
  const [queue] = (json as { queues: readonly { jobs: readonly BoardJob[] }[] }).queues;
  return queue?.jobs ?? [];
}

/** What bull-board's own server would take. */
const CHANGING = [
  'PUT /queues/pause',
  'PUT /queues/default/pause',
  'PUT /queues/default/resume',
  'PUT /queues/default/empty',
  'PUT /queues/default/obliterate',
  'PUT /queues/default/promote',
  'PUT /queues/default/retry/failed',
  'PUT /queues/default/clean/delayed',
  'PUT /queues/default/concurrency',
  'PUT /queues/default/JOB/promote',
  'PUT /queues/default/JOB/retry',
  'PUT /queues/default/JOB/clean',
  'PATCH /queues/default/JOB/update-data',
  'POST /queues/default/add',
  'DELETE /queues/default/JOB',
];

test('nothing that bull-board could change is there, for whoever may do all', async () => {
  const dashboard = await startDashboard({ tasks });
  const id = await dashboard.goflow.push('echo', 1, { delay: '1h' });
  const askBoard = await openBoard(dashboard);
  for (const [method = '', path = ''] of CHANGING.map((one) => one.split(' '))) {
    const filled = `/api${path.replace('JOB', id.split(':')[1] ?? '')}`;
    for (const one of [filled, `${filled}/`, filled.toUpperCase(), `/${filled}`])
      expect([method, one, (await askBoard(one, method)).status]).toEqual([method, one, 403]);
  }
  expect((await dashboard.goflow.status(id)).status).toBe('delayed');
  expect(await dashboard.goflow.fleet.queues()).toMatchObject([{ isPaused: false }]);
});

test('a question to the board has no body', async () => {
  const askBoard = await openBoard(await startDashboard({ tasks }));
  expect((await askBoard('/api/queues')).status).toBe(200);
  expect((await askBoard('/api/queues', 'GET', '{}')).status).toBe(400);
});

test('who asks the board for all jobs at once gets a hundred', async () => {
  const dashboard = await startDashboard({ tasks });
  await dashboard.goflow.pushMany(
    'echo',
    Array.from({ length: 150 }, (_, index) => index),
  );
  const askBoard = await openBoard(dashboard);
  expect(await jobsOf(askBoard, 'status=waiting&jobsPerPage=1000000')).toHaveLength(100);
  expect(await jobsOf(askBoard, 'status=waiting&jobsPerPage=100&page=2')).toHaveLength(50);
  expect((await askBoard('/api/queues')).headers['cache-control']).toBe('no-store');
});

test('what a contract redacts is hidden on the board where the task is none any more, compressed or not', async () => {
  const dashboard = await startDashboard({ tasks });
  const { goflow, place } = dashboard;
  await dashboard.startWorker({ handlers: { pay: () => null, echo: () => null } });
  const packing = openClient(tasks, place, { compressAbove: 256 });
  const ids = [
    await goflow.push('pay', { card: '4111', text: 'plain' }),
    await packing.push('pay', { card: '4111', text: 'x'.repeat(5_000) }),
  ];
  await goflow.waitAll(ids);
  await until(
    async () => (await Promise.all(ids.map((id) => goflow.status(id)))).every(isUnknown),
    { what: 'their retention to be over' },
  );
  const jobs = await jobsOf(await openBoard(dashboard), 'status=completed');
  const shown = jobs.map(({ data }) => data);
  expect(shown.map((data) => (data as { card?: string }).card)).toEqual([
    '[redacted]',
    '[redacted]',
  ]);
});

const isUnknown = ({ status }: { readonly status: string }): boolean => status === 'unknown';
