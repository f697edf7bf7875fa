import { defineTasks, TaskFailedError } from '@goflow/sdk';
import { NonRetryableError, RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  flaky: { payload: z.number(), result: z.number(), maxAttempts: 4, backoff: 1 },
  stepped: {
    payload: z.null(),
    result: z.number(),
    maxAttempts: 3,
    backoff: (attempt, failure) => (failure.message === 'first' ? attempt : '2ms'),
  },
  sorry: { payload: z.null(), result: z.null(), maxAttempts: 2, backoff: () => '5x' as never },
  thrown: { payload: z.string(), result: z.null(), maxAttempts: 2, backoff: 1 },
});

const handlers = {
  flaky: async (failures: number, ctx: { attempt: number }) => {
    if (ctx.attempt <= failures) throw new Error(`attempt ${ctx.attempt}`);
    return ctx.attempt;
  },
  stepped: async (_: null, ctx: { attempt: number }) => {
    if (ctx.attempt < 3) throw new Error(ctx.attempt === 1 ? 'first' : 'second');
    return ctx.attempt;
  },
  sorry: async (_: null, ctx: { attempt: number }) => {
    if (ctx.attempt === 1) throw new Error('once');
    return null;
  },
  thrown: async (what: string) => {
    if (what === 'non-retryable')
      throw new NonRetryableError('card expired', {
        details: { card: 'visa' },
        cause: new TypeError('the cause'),
      });
    throw Object.assign(new Error('with a code'), { code: 'E_CODE', details: [1, 2] });
  },
};

onBothBrokersAndInChunks((open) => {
  test('success after retries: the history tells of each attempt, when, by whom and how it ended', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers, { name: 'the worker' });
    const id = await goflow.push('flaky', 2);
    expect(await goflow.wait(id)).toBe(3);
    const status = await goflow.status(id);
    if (status.status === 'unknown') throw new Error('unknown');
    expect(status).toMatchObject({ status: 'completed', attempts: 3 });
    expect(status.history).toMatchObject([
      { attempt: 1, worker: 'the worker', outcome: 'retry', failure: { message: 'attempt 1' } },
      { attempt: 2, worker: 'the worker', outcome: 'retry', failure: { message: 'attempt 2' } },
      { attempt: 3, worker: 'the worker', outcome: 'completed' },
    ]);
    const times = status.history.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
    expect(times.every((at) => at instanceof Date)).toBe(true);
    expect([...times].sort((a, b) => Number(a) - Number(b))).toEqual(times);
  });

  test('maxAttempts is the total: the last failure is kept, and thrown by wait', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const id = await goflow.push('flaky', 9);
    const error = await goflow.wait(id).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TaskFailedError);
    expect(error).toMatchObject({ attempts: 4, failure: { message: 'attempt 4' } });
    const once = await goflow.push('flaky', 9, { maxAttempts: 1 });
    await expect(goflow.wait(once)).rejects.toMatchObject({ attempts: 1 });
  });

  test('backoff may be a function of the attempt and its failure; one that gives no wait does no harm', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const id = await goflow.push('stepped', null);
    expect(await goflow.wait(id)).toBe(3);
    const sorry = await goflow.push('sorry', null);
    expect(await goflow.wait(sorry)).toBeNull();
  });

  test('failures survive the wire: name, message, code, details, cause, stack', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const [refused, coded] = await goflow.pushMany('thrown', ['non-retryable', 'coded']);
    await goflow.waitAll([refused ?? '', coded ?? '']);
    expect(await goflow.getResult(refused ?? '')).toMatchObject({
      status: 'failed',
      attempts: 1,
      failure: {
        name: 'NonRetryableError',
        message: 'card expired',
        code: 'NON_RETRYABLE',
        details: { card: 'visa' },
        cause: { name: 'TypeError', message: 'the cause' },
        stack: expect.stringContaining('outcomes.test'),
      },
    });
    expect(await goflow.getResult(coded ?? '')).toMatchObject({
      status: 'failed',
      attempts: 2,
      failure: { name: 'Error', code: 'E_CODE', details: [1, 2] },
    });
  });

  test('RetryLaterError: counted, it uses attempts up; not counted, it snoozes and uses none', async () => {
    const world = open();
    const goflow = world.client(tasks);
    let calls = 0;
    const later = (counted: boolean) => async (wanted: number, ctx: { attempt: number }) => {
      calls += 1;
      if (calls <= wanted) throw new RetryLaterError('not yet', { delay: 1, counted });
      return ctx.attempt;
    };
    const { stepped, sorry, thrown } = handlers;
    const worker = await world.worker(tasks, { flaky: later(false), stepped, sorry, thrown });
    const id = await goflow.push('flaky', 10);
    expect(await goflow.wait(id)).toBe(1);
    expect(calls).toBe(11);
    await worker.stop();
    calls = 0;
    await world.worker(tasks, { flaky: later(true), stepped, sorry, thrown });
    const counted = await goflow.push('flaky', 10);
    await expect(goflow.wait(counted)).rejects.toMatchObject({
      attempts: 4,
      failure: { code: 'RETRY_LATER', message: 'not yet' },
    });
  });
});
