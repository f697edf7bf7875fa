import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { NonRetryableError, RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({
  step: { payload: z.string(), result: z.string(), maxAttempts: 3, backoff: 1 },
});

/** Counts how often each payload runs. */
function counted(step: (payload: string, attempt: number) => string | Promise<string>) {
  const runs: Record<string, number> = {};
  const handlers = {
    step: (payload: string, ctx: { readonly attempt: number }) => {
      runs[payload] = (runs[payload] ?? 0) + 1;
      return step(payload, ctx.attempt);
    },
  };
  return { runs, handlers };
}

onBothBrokers((open) => {
  test('a task that fails is tried again without its neighbours', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { runs, handlers } = counted((payload, attempt) => {
      if (payload === 'b' && attempt === 1) throw new Error('once');
      return payload;
    });
    await world.worker(tasks, handlers, { name: 'w' });
    const ids = await goflow.pushMany('step', ['a', 'b', 'c'], { chunk: 3 });
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed', value: 'a', attempts: 1 },
      { status: 'completed', value: 'b', attempts: 2 },
      { status: 'completed', value: 'c', attempts: 1 },
    ]);
    expect(runs).toEqual({ a: 1, b: 2, c: 1 });
    const status = await goflow.status(ids[1] ?? '');
    expect(status).toMatchObject({
      attempts: 2,
      history: [
        { attempt: 1, worker: 'w', outcome: 'retry', failure: { message: 'once' } },
        { attempt: 2, worker: 'w', outcome: 'completed' },
      ],
    });
    if (status.status === 'unknown') throw new Error('unknown');
    const times = status.history.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
    expect(times.toSorted((a, b) => Number(a) - Number(b))).toEqual(times);
  });

  test('one that waits for its next attempt is delayed, while its neighbours complete', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, {
      step: (payload) => {
        if (payload === 'a') throw new Error('later');
        return payload;
      },
    });
    const ids = await goflow.pushMany('step', ['a', 'b'], { chunk: 2, backoff: '1h', tags: ['t'] });
    expect(await goflow.wait(ids[1] ?? '')).toBe('b');
    expect(await goflow.getResult(ids[0] ?? '')).toMatchObject({ status: 'delayed', attempts: 1 });
    expect(await goflow.status(ids[0] ?? '')).toMatchObject({
      failure: { message: 'later' },
      history: [{ attempt: 1, outcome: 'retry' }],
    });
    expect(await goflow.inspector.get(ids[0] ?? '')).toMatchObject({
      payload: 'a',
      tags: ['t'],
      starts: 1,
      status: 'delayed',
    });
    expect((await goflow.inspector.list({ tag: 't', state: 'delayed' })).tasks).toHaveLength(1);
    expect(await goflow.cancel(ids[0] ?? '')).toEqual({ found: 'delayed', effect: 'cancelled' });
    expect(await goflow.getResult(ids[0] ?? '')).toMatchObject({ status: 'cancelled' });
  });

  test('all of a chunk may fail: each has its failure, history and attempts', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { runs, handlers } = counted((payload, attempt) => {
      throw new Error(`${payload} failed ${attempt}`);
    });
    await world.worker(tasks, handlers);
    const payloads = ['a', 'b', 'c', 'd'];
    const ids = await goflow.pushMany('step', payloads, { chunk: 4 });
    expect(await goflow.waitAll(ids)).toMatchObject(
      payloads.map((payload) => ({
        status: 'failed',
        attempts: 3,
        failure: {
          message: `${payload} failed 3`,
          stack: expect.stringContaining('chunk-outcomes'),
        },
      })),
    );
    expect(runs).toEqual({ a: 3, b: 3, c: 3, d: 3 });
    expect(await goflow.status(ids[3] ?? '')).toMatchObject({
      history: [
        { attempt: 1, outcome: 'retry', failure: { message: 'd failed 1' } },
        { attempt: 2, outcome: 'retry', failure: { message: 'd failed 2' } },
        { attempt: 3, outcome: 'failed', failure: { message: 'd failed 3' } },
      ],
    });
    expect(await goflow.counts()).toMatchObject({ failed: 4, completed: 0, active: 0 });
  });

  test('a dead letter is redriven by itself, as it is or with another payload, and discarded by itself', async () => {
    const world = open();
    const goflow = world.client(tasks);
    let isBroken = true;
    const { runs, handlers } = counted((payload) => {
      if (isBroken && payload !== 'good') throw new NonRetryableError(`${payload} is bad`);
      return payload;
    });
    await world.worker(tasks, handlers);
    const payloads = ['good', 'b', 'c', 'd'];
    const ids = await goflow.pushMany('step', payloads, { chunk: 4, tags: ['t'] });
    const [good = '', second = '', third = '', fourth = ''] = ids;
    await goflow.waitAll(ids);
    const { deadLetters } = goflow.inspector;
    const { tasks: dead } = await deadLetters.list();
    expect(dead.map(({ id, reason }) => `${id} ${reason}`).sort()).toEqual(
      [second, third, fourth].map((id) => `${id} non-retryable`),
    );
    expect(await goflow.status(second)).toMatchObject({
      attempts: 1,
      history: [{ attempt: 1, outcome: 'failed', failure: { code: 'NON_RETRYABLE' } }],
    });
    isBroken = false;
    const redriven = { id: second, found: 'failed', redriven: true };
    expect(await deadLetters.redrive(second)).toEqual(redriven);
    expect(await deadLetters.redrive(third, { payload: 'mended' })).toMatchObject({
      redriven: true,
    });
    expect(await goflow.wait(second)).toBe('b');
    expect(await goflow.wait(third)).toBe('mended');
    expect(await deadLetters.redrive(good)).toMatchObject({ found: 'completed', redriven: false });
    expect(await deadLetters.discard(fourth)).toMatchObject({ found: 'failed', discarded: true });
    expect(await goflow.getResult(fourth)).toEqual({ status: 'unknown', id: fourth });
    expect(await goflow.getResult(good)).toMatchObject({ status: 'completed', value: 'good' });
    expect(runs).toEqual({ good: 1, b: 2, c: 1, d: 1, mended: 1 });
    expect((await goflow.inspector.list({ tag: 't' })).tasks).toHaveLength(3);
    expect(await goflow.counts()).toMatchObject({ completed: 3, failed: 0 });
  });

  test('redriveAll and discardAll find the dead letters of chunks', async () => {
    const world = open();
    const goflow = world.client(tasks);
    let isBroken = true;
    await world.worker(tasks, {
      step: (payload) => {
        if (isBroken && payload !== '3') throw new NonRetryableError('no');
        return payload;
      },
    });
    const payloads = Array.from({ length: 20 }, (_, at) => `${at}`);
    const ids = await goflow.pushMany('step', payloads, { chunk: 10 });
    await goflow.waitAll(ids);
    const { deadLetters } = goflow.inspector;
    expect((await deadLetters.groups()).groups).toMatchObject([{ count: 19 }]);
    isBroken = false;
    const report = await deadLetters.redriveAll({}, { rate: 10_000 });
    expect(report).toMatchObject({ redriven: 19, complete: true, failed: [] });
    const results = await goflow.waitAll(ids);
    const values = results.map((result) => result.status === 'completed' && result.value);
    expect(values).toEqual(payloads);
  });

  test('RetryLaterError: counted or not, it concerns one task', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const calls: Record<string, number> = {};
    await world.worker(tasks, {
      step: (payload) => {
        const call = (calls[payload] ?? 0) + 1;
        calls[payload] = call;
        const counted = payload === 'counted';
        if (payload !== 'calm' && call <= 2)
          throw new RetryLaterError('not yet', { delay: 1, counted });
        return payload;
      },
    });
    const payloads = ['snoozed', 'counted', 'calm'];
    const ids = await goflow.pushMany('step', payloads, { chunk: 3, startBy: '1h' });
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed', attempts: 1 },
      { status: 'completed', attempts: 3 },
      { status: 'completed', attempts: 1 },
    ]);
    expect(calls).toEqual({ snoozed: 3, counted: 3, calm: 1 });
  });

  test('progress and log lines are of each task: read while it runs, watched, and kept', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(tasks, {
      step: async (payload, ctx) => {
        await ctx.progress(`${payload} began`);
        ctx.log.info(`${payload} ${ctx.attempt}`);
        await gate.pass();
        await ctx.progress(`${payload} ended`);
        if (payload === 'b' && ctx.attempt === 1) throw new Error('again');
        return payload;
      },
    });
    const ids = await goflow.pushMany('step', ['a', 'b', 'c'], { chunk: 3 });
    const [first = '', second = '', third = ''] = ids;
    const watched: string[] = [];
    const watching = (async () => {
      for await (const change of goflow.watch(second)) {
        if (change.kind === 'log') watched.push(`log ${change.line.message}`);
        if (change.kind === 'progress') watched.push(`progress ${String(change.progress)}`);
        if (change.kind === 'outcome') watched.push(change.result.status);
      }
    })();
    const running = await until(
      async () => {
        const status = await goflow.status(first);
        return status.status === 'active' && status.log.length === 1 && status;
      },
      { what: 'the first to say something' },
    );
    expect(running).toMatchObject({
      progress: 'a began',
      log: [{ message: 'a 1', attempt: 1, level: 'info' }],
      history: [{ attempt: 1, outcome: 'active' }],
    });
    expect(await goflow.status(third)).toMatchObject({ status: 'active', log: [] });
    gate.open();
    await goflow.waitAll(ids);
    await watching;
    expect(await goflow.status(first)).toMatchObject({
      progress: 'a ended',
      log: [{ message: 'a 1' }],
    });
    expect(await goflow.status(second)).toMatchObject({
      progress: 'b ended',
      log: [{ message: 'b 1' }, { message: 'b 2' }],
    });
    expect(watched.filter((line) => line.startsWith('log'))).toEqual(['log b 1', 'log b 2']);
    expect(watched.at(-1)).toBe('completed');
    expect(watched).toContain('progress b ended');
  });

  test('a result too large fails its task alone', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const step = (payload: string) => (payload === 'b' ? 'x'.repeat(200) : payload);
    await world.worker(tasks, { step }, { resultLimit: 100 });
    const ids = await goflow.pushMany('step', ['a', 'b', 'c'], { chunk: 3 });
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed', value: 'a' },
      { status: 'failed', attempts: 1, failure: { code: 'RESULT_TOO_LARGE' } },
      { status: 'completed', value: 'c' },
    ]);
  });
});
