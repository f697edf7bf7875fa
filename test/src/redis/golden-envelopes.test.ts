import { randomBytes } from 'node:crypto';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { createWorker, defineHandlers } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readGolden, restoreGolden } from '../support/golden.js';
import { newPlace, openRedis } from '../support/redis.js';

// What the first release stored, taken from a real Redis: every later one has to read it, for ever.
const golden = readGolden('envelopes-v1');
const { ids } = golden;

const tasks = defineTasks({
  echo: { payload: z.unknown(), result: z.unknown() },
  fail: { payload: z.string(), result: z.string(), maxAttempts: 2, backoff: 0 },
});
const LONG = 'as long as it takes '.repeat(50);
const LOOKS = { '~enc': `k1,${'A'.repeat(60)}` };

const ENCRYPTIONS = {
  'without encryption': undefined,
  'with encryption': { keys: { k1: randomBytes(32) }, current: 'k1' },
};

async function open(encryption: (typeof ENCRYPTIONS)[keyof typeof ENCRYPTIONS]) {
  const place = newPlace();
  await restoreGolden(openRedis(place.redis), place.prefix, golden);
  const goflow = createGoflow({ tasks, ...place, encryption });
  onTestFinished(() => goflow.close());
  return { place, goflow, encryption };
}

test.each(Object.entries(ENCRYPTIONS))('tasks that ended are read: %s', async (_what, given) => {
  const { goflow } = await open(given);
  const values = {
    completed: { a: [1, 'ünï'] },
    nothing: undefined,
    compressed: LONG,
    told: 'tell',
    chunk0: 'in',
    chunk1: 'chunk',
  };
  for (const [name, value] of Object.entries(values))
    expect(await goflow.getResult(ids[name] ?? ''), name).toMatchObject({
      status: 'completed',
      value,
      attempts: 1,
    });
  for (const [name, payload] of Object.entries({ failed: 'one', left0: 'first', left1: 'second' }))
    expect(await goflow.getResult(ids[name] ?? ''), name).toMatchObject({
      status: 'failed',
      attempts: 2,
      failure: {
        name: 'Error',
        message: `refused ${payload}`,
        code: 'E_OWN',
        details: { payload },
        cause: { name: 'TypeError', message: 'the cause' },
        stack: expect.stringContaining('refused'),
      },
    });
  expect(await goflow.getResult(ids.cancelled ?? '')).toMatchObject({ status: 'cancelled' });
  expect(await goflow.getResult(ids.expired ?? '')).toMatchObject({ status: 'expired' });
  expect(await goflow.status(ids.told ?? '')).toMatchObject({
    progress: { done: 1 },
    log: [{ level: 'info', message: 'a line', fields: { field: 1 }, attempt: 1 }],
    history: [{ attempt: 1, worker: 'w1', outcome: 'completed' }],
  });
  expect(await goflow.status(ids.failed ?? '')).toMatchObject({
    history: [
      { attempt: 1, outcome: 'retry', failure: { message: 'refused one', code: 'E_OWN' } },
      { attempt: 2, outcome: 'failed' },
    ],
  });
});

test('what its push said is read', async () => {
  const { goflow } = await open(undefined);
  expect(await goflow.inspector.get(ids.options ?? '')).toMatchObject({
    status: 'waiting',
    payload: 'options',
    priority: 3,
    tags: ['eu', 'v'],
    options: {
      maxAttempts: 7,
      backoff: { type: 'fixed', delayMs: 2_000 },
      timeoutMs: 3_000,
      retention: { completedMs: 2 * 86_400_000 },
      startBy: expect.any(Date),
      deadline: expect.any(Date),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  });
  expect(await goflow.inspector.get(ids.delayed ?? '')).toMatchObject({
    status: 'delayed',
    options: { deduplicationKey: 'key', dueAt: expect.any(Date) },
  });
  expect((await goflow.inspector.list({ tag: 'eu' })).tasks).toMatchObject([{ id: ids.options }]);
  expect(await goflow.counts()).toMatchObject({ waiting: 7, delayed: 1, completed: 6, failed: 3 });
});

test.each(Object.entries(ENCRYPTIONS))('tasks that wait are run: %s', async (_what, given) => {
  const { place, goflow, encryption } = await open(given);
  expect(await goflow.pushOnce('echo', 'own', { id: 'mine' })).toEqual({
    id: ids.own,
    deduplicated: true,
  });
  expect(await goflow.pushOnce('echo', 'x', { deduplicationKey: 'key' })).toEqual({
    id: ids.delayed,
    deduplicated: true,
  });
  const handlers = defineHandlers(tasks, {
    echo: (payload) => payload,
    fail: (payload) => payload,
  });
  const worker = createWorker({ tasks, handlers, grace: '100ms', ...place, encryption });
  onTestFinished(() => worker.stop());
  await worker.start();
  const values = {
    waiting: 'plain',
    options: 'options',
    own: 'own',
    looks: LOOKS,
    long: LONG,
    waits0: 'waits',
    waits1: 'in a chunk',
  };
  for (const [name, value] of Object.entries(values))
    expect(await goflow.wait(ids[name] ?? ''), name).toEqual(value);
  await goflow.inspector.deadLetters.redrive(ids.failed ?? '');
  await goflow.inspector.deadLetters.redrive(ids.left0 ?? '', { payload: 'another' });
  expect(await goflow.wait(ids.failed ?? '')).toBe('one');
  expect(await goflow.wait(ids.left0 ?? '')).toBe('another');
});
