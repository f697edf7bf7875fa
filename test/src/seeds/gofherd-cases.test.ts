import { isDeepStrictEqual } from 'node:util';
import { createLocalGoflow } from '@goflow/local';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import {
  type Callbacks,
  HandlerRegistry,
  NonRetryableError,
  RetryLaterError,
} from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers, openRedisWorld } from '../contract/worlds.js';
import { Barrier } from '../support/barrier.js';
import { askWorker } from '../support/http.js';

// What Gofherd tests itself with. A herd of n is a concurrency of n; MaxRetries n is maxAttempts n + 1.
const tasks = defineTasks({
  work: { payload: z.number(), result: z.number(), maxAttempts: 6, backoff: 0 },
  elsewhere: { payload: z.number(), result: z.number(), queue: 'other' },
});

interface Totals {
  success: number;
  retry: number;
  failure: number;
}
const ZERO: Totals = { success: 0, retry: 0, failure: 0 };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const RETRY = new RetryLaterError('tried again', { delay: 0 });
const alwaysRetry = (): never => {
  throw RETRY;
};
const registryOf = (work: (body: number, ctx: { readonly attempt: number }) => number) =>
  new HandlerRegistry(tasks).add('work', work);

/** Callbacks that only count. */
function counting(totals: Totals): Callbacks {
  return {
    onSuccess: () => (totals.success += 1),
    onRetry: () => (totals.retry += 1),
    onFailure: () => (totals.failure += 1),
  };
}

/** Gofherd's three totals, out of what Prometheus scrapes. */
function totalsOf(metrics: string): Totals {
  const value = (line: RegExp): number => Number(line.exec(metrics)?.[1] ?? 0);
  return {
    success: value(/^goflow_tasks_finished_total\{.*outcome="completed"\} (\d+)$/m),
    retry: value(/^goflow_task_retries_total\{.*\} (\d+)$/m),
    failure: value(/^goflow_tasks_finished_total\{.*outcome="failed"\} (\d+)$/m),
  };
}

const sum = (all: readonly Totals[]): Totals =>
  all.reduce(
    (total, { success, retry, failure }) => ({
      success: total.success + success,
      retry: total.retry + retry,
      failure: total.failure + failure,
    }),
    ZERO,
  );

/** How works end that may be retried 5 times, and what 7 of them come to. */
const ENDS: readonly {
  readonly run: (attempt: number) => number;
  readonly seen: { readonly status: string; readonly attempts: number };
  readonly totals: Totals;
}[] = [
  {
    run: alwaysRetry,
    seen: { status: 'failed', attempts: 6 },
    totals: { success: 0, retry: 35, failure: 7 },
  },
  {
    run: (attempt) => (attempt === 6 ? attempt : alwaysRetry()),
    seen: { status: 'completed', attempts: 6 },
    totals: { success: 7, retry: 35, failure: 0 },
  },
  {
    run: (attempt) => attempt,
    seen: { status: 'completed', attempts: 1 },
    totals: { success: 7, retry: 0, failure: 0 },
  },
  {
    run: () => {
      throw new NonRetryableError('no');
    },
    seen: { status: 'failed', attempts: 1 },
    totals: { success: 0, retry: 0, failure: 7 },
  },
];

onBothBrokers((open) => {
  test('11 workers, 7 works, 5 retries: callbacks and metrics are exact, however the works end', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const called = numbers(11).map(() => ({ ...ZERO }));
    const start = (totals: Totals) => {
      // A registry each: of handlers, and of metrics.
      const registry = registryOf((end, { attempt }) => ENDS[end]?.run(attempt) ?? 0);
      const options = { concurrency: 1, http: { port: 0 }, ...counting(totals) };
      return world.worker(tasks, registry, options);
    };
    const workers = await Promise.all(called.map(start));
    let expected = ZERO;
    for (const [end, { seen, totals }] of ENDS.entries()) {
      const ids = await goflow.pushMany(
        'work',
        numbers(7).map(() => end),
      );
      expect(await goflow.waitAll(ids)).toMatchObject(ids.map((id) => ({ id, ...seen })));
      expected = sum([expected, totals]);
      const { success, failure } = expected;
      await until(() => sum(called).success + sum(called).failure >= success + failure, {
        what: 'all callbacks',
      });
      expect(sum(called)).toEqual(expected);
      const scrape = () =>
        Promise.all(workers.map(async (one) => totalsOf((await askWorker(one, '/metrics')).text)));
      // An answer to a scrape may be a second old.
      const isExact = async () => isDeepStrictEqual(await scrape(), called);
      await until(isExact, { what: 'metrics that say what the callbacks say' });
    }
  });

  test('one work that always retries, with the maximum of 1,000 attempts', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const called = { ...ZERO };
    await world.worker(tasks, registryOf(alwaysRetry), counting(called));
    const id = await goflow.push('work', 1, { maxAttempts: 1_000 });
    await expect(goflow.wait(id)).rejects.toMatchObject({ attempts: 1_000 });
    await until(() => called.failure > 0, { what: 'the last callback' });
    expect(called).toEqual({ success: 0, retry: 999, failure: 1 });
  });

  test('a herd of 0 runs nothing; it grows by PATCH, and runs all that waited', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const barrier = new Barrier();
    const registry = new HandlerRegistry(tasks)
      .add('work', (body) => barrier.pass().then(() => body))
      .add('elsewhere', (body) => body);
    const concurrency = { default: 0, other: 5 };
    const worker = await world.worker(tasks, registry, { concurrency, http: { port: 0 } });
    /** The worker has looked for tasks since. */
    const elsewhere = async () => goflow.waitAll(await goflow.pushMany('elsewhere', numbers(20)));
    const ids = await goflow.pushMany('work', numbers(20));
    await elsewhere();
    expect(barrier.arrived).toBe(0);
    expect(await goflow.counts()).toMatchObject({ waiting: 20, active: 0 });
    for (const num of [3, 10]) {
      const { json } = await askWorker(worker, '/herd', { body: { num } });
      expect(json).toEqual({ num, msg: 'success' });
      await until(() => barrier.waiting === num, { what: `${num} works to run` });
      await elsewhere();
      expect(barrier.waiting).toBe(num);
    }
    barrier.open();
    const results = await goflow.waitAll(ids);
    expect(results).toMatchObject(numbers(20).map((value) => ({ status: 'completed', value })));
  });

  test('its example: ten works go in while the herd is 0; after a PATCH they come out with their results', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const worker = await world.worker(
      tasks,
      registryOf((body) => body + 10),
      {
        concurrency: 0,
        http: { host: '127.0.0.1', port: 0 },
      },
    );
    const review = async (): Promise<string[]> => {
      const lines: string[] = [];
      for await (const { payload, result } of goflow.map('work', numbers(10), { maxAttempts: 1 })) {
        if (result?.status !== 'completed') throw new Error(`${payload} is ${result?.status}`);
        lines.push(`workID:${payload}, status: ${result.status}, result: ${result.value}`);
      }
      return lines;
    };
    const reviewed = review();
    await until(async () => (await goflow.counts()).waiting === 10, { what: 'ten works to wait' });
    expect(worker.httpUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await askWorker(worker, '/herd')).json).toEqual({ num: 0 });
    // As curl -d sends it.
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await askWorker(worker, '/herd', { headers, body: '{"num": 10}' });
    expect((await reviewed).sort()).toEqual(
      numbers(10).map((n) => `workID:${n}, status: completed, result: ${n + 10}`),
    );
  });
});

// Gofherd has a million attempts here; in memory that takes half a minute, and on Redis some minutes.
test('1,000 works that always retry, in memory: 100 attempts each, where Gofherd has 1,000', async () => {
  const called = { ...ZERO };
  await using goflow = createLocalGoflow({
    tasks,
    handlers: registryOf(alwaysRetry),
    concurrency: 100,
    ...counting(called),
  });
  const ids = await goflow.pushMany('work', numbers(1_000), { maxAttempts: 100 });
  const results = await goflow.waitAll(ids);
  const kinds = results.map(
    (result) => `${result.status} ${'attempts' in result && result.attempts}`,
  );
  expect(new Set(kinds)).toEqual(new Set(['failed 100']));
  await until(() => called.failure >= 1_000, { what: 'the last callback' });
  expect(called).toEqual({ success: 0, retry: 99_000, failure: 1_000 });
  expect(totalsOf(await goflow.worker.metrics.text())).toEqual(called);
});

test('100 works that always retry, on Redis: 50 attempts each, where Gofherd has 1,000 works of 1,000', async () => {
  const world = openRedisWorld();
  const goflow = world.client(tasks);
  const called = { ...ZERO };
  const options = { concurrency: 100, ...counting(called) };
  const worker = await world.worker(tasks, registryOf(alwaysRetry), options);
  const ids = await goflow.pushMany('work', numbers(100), { maxAttempts: 50 });
  const results = await goflow.waitAll(ids);
  expect(results).toMatchObject(numbers(100).map(() => ({ status: 'failed', attempts: 50 })));
  await until(() => called.failure >= 100, { what: 'the last callback' });
  expect(called).toEqual({ success: 0, retry: 4_900, failure: 100 });
  expect(totalsOf(await worker.metrics.text())).toEqual(called);
});
