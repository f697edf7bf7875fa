import { createMemoryResultStore } from '@goflow/broker';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({
  step: { payload: z.string(), result: z.string(), maxAttempts: 1 },
});

const stuck = ({ signal }: { readonly signal: AbortSignal }): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** Runs until it is aborted when its payload says so, and says who ran. */
function noted() {
  const ran: string[] = [];
  const step = (payload: string, ctx: { readonly signal: AbortSignal }) => {
    ran.push(payload);
    return payload.startsWith('stuck') ? stuck(ctx) : payload;
  };
  return { ran, handlers: { step } };
}

onBothBrokers((open) => {
  test('cancel of one that waits: it is passed over', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const ids = await goflow.pushMany('step', ['a', 'b', 'c'], { chunk: 3 });
    expect(await goflow.cancel(ids[1] ?? '', { reason: 'not that one' })).toEqual({
      found: 'waiting',
      effect: 'cancelled',
    });
    expect(await goflow.cancel(ids[1] ?? '')).toEqual({ found: 'cancelled', effect: 'none' });
    expect(await goflow.getResult(ids[1] ?? '')).toMatchObject({
      status: 'cancelled',
      attempts: 0,
      failure: { code: 'TASK_CANCELLED', message: expect.stringContaining('not that one') },
    });
    const { ran, handlers } = noted();
    await world.worker(tasks, handlers);
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed' },
      { status: 'cancelled' },
      { status: 'completed' },
    ]);
    expect(ran).toEqual(['a', 'c']);
  });

  test('all of a chunk may be cancelled, waiting or delayed: then nothing of it runs', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const waiting = await goflow.pushMany('step', ['a', 'b'], { chunk: 2 });
    const delayed = await goflow.pushMany('step', ['c', 'd'], { chunk: 2, delay: '50ms' });
    for (const id of waiting)
      expect(await goflow.cancel(id)).toEqual({ found: 'waiting', effect: 'cancelled' });
    for (const id of delayed)
      expect(await goflow.cancel(id)).toEqual({ found: 'delayed', effect: 'cancelled' });
    expect(await goflow.counts()).toMatchObject({ waiting: 0, delayed: 0, cancelled: 4 });
    const { ran, handlers } = noted();
    await world.worker(tasks, handlers);
    const late = await goflow.push('step', 'late', { delay: '100ms' });
    expect(await goflow.wait(late)).toBe('late');
    expect(ran).toEqual(['late']);
  });

  test('cancel of the one that runs: its signal aborts, and the next begins', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { ran, handlers } = noted();
    await world.worker(tasks, handlers);
    const ids = await goflow.pushMany('step', ['a', 'stuck', 'c'], { chunk: 3 });
    await until(() => ran.length === 2, { what: 'the second to run' });
    expect(await goflow.cancel(ids[1] ?? '')).toEqual({ found: 'active', effect: 'requested' });
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed', attempts: 1 },
      { status: 'cancelled', attempts: 1, failure: { code: 'TASK_CANCELLED' } },
      { status: 'completed', attempts: 1 },
    ]);
    expect(ran).toEqual(['a', 'stuck', 'c']);
    expect(await goflow.status(ids[1] ?? '')).toMatchObject({
      history: [{ attempt: 1, outcome: 'cancelled' }],
    });
  });

  test('cancel of one that has not begun, in a chunk that runs: it never begins', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    const ran: string[] = [];
    const step = async (payload: string): Promise<string> => {
      ran.push(payload);
      await gate.pass();
      return payload;
    };
    await world.worker(tasks, { step });
    const ids = await goflow.pushMany('step', ['a', 'b', 'c', 'd'], { chunk: 4 });
    await until(() => gate.waiting === 1, { what: 'the first to run' });
    for (const id of [ids[1] ?? '', ids[3] ?? '']) {
      const { found, effect } = await goflow.cancel(id, { reason: 'enough' });
      expect(found).toBe('active');
      // In Redis only the worker that holds the chunk can take a task out of it.
      expect(['cancelled', 'requested']).toContain(effect);
    }
    gate.open();
    const cancelled = { status: 'cancelled', attempts: 0, failure: { code: 'TASK_CANCELLED' } };
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed' },
      cancelled,
      { status: 'completed' },
      cancelled,
    ]);
    expect(ran).toEqual(['a', 'c']);
    const status = await goflow.status(ids[1] ?? '');
    expect(status).toMatchObject({ history: [] });
    expect(status).not.toHaveProperty('startedAt', expect.anything());
  });

  test('a chunk is delayed as a whole', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { handlers } = noted();
    await world.worker(tasks, handlers);
    const ids = await goflow.pushMany('step', ['a', 'b'], { chunk: 2, delay: 60 });
    const results = await goflow.waitAll(ids);
    for (const result of results) {
      if (result.status !== 'completed') throw new Error(result.status);
      // Timers of Node may fire a millisecond early.
      expect(Number(result.startedAt) - Number(result.pushedAt)).toBeGreaterThanOrEqual(55);
    }
    const far = await goflow.pushMany('step', ['a', 'b'], { chunk: 2, delay: '1h' });
    for (const id of far) {
      expect(await goflow.getResult(id)).toMatchObject({ status: 'delayed' });
      const task = await goflow.inspector.get(id);
      const dueInMs = Number(task?.options.dueAt) - Number(task?.pushedAt);
      expect(Math.abs(dueInMs - 3_600_000)).toBeLessThan(5_000);
    }
  });

  test('timeout is of each attempt: one that is stuck loses its own time, and the others run', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { ran, handlers } = noted();
    await world.worker(tasks, handlers);
    const payloads = ['stuck 1', 'a', 'stuck 2', 'b'];
    const ids = await goflow.pushMany('step', payloads, { chunk: 4, timeout: '20ms' });
    const timedOut = { status: 'failed', attempts: 1, failure: { code: 'TASK_TIMEOUT' } };
    const completed = { status: 'completed', attempts: 1 };
    const outcomes = [timedOut, completed, timedOut, completed];
    expect(await goflow.waitAll(ids)).toMatchObject(outcomes);
    expect(ran).toEqual(payloads);
  });

  test('startBy: those that nobody began in time expire, whether their chunk was taken or not', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const late = await goflow.pushMany('step', ['x', 'y'], { chunk: 2, startBy: '1ms' });
    const isExpired = async (id: string) => (await goflow.getResult(id)).status === 'expired';
    for (const id of late) await until(() => isExpired(id), { what: 'its time to be over' });
    const gate = new Barrier();
    const ran: string[] = [];
    const step = async (payload: string): Promise<string> => {
      ran.push(payload);
      await gate.pass();
      return payload;
    };
    await world.worker(tasks, { step }, { concurrency: 1 });
    const options = { startBy: '1s' } as const;
    const ids = await goflow.pushMany('step', ['a', 'b'], { ...options, chunk: 2 });
    const watch = await goflow.push('step', 'never', options);
    await until(() => gate.waiting === 1, { what: 'the first to run' });
    // Pushed after the chunk: when its time is over, so is that of the chunk's tasks.
    await until(() => isExpired(watch), { what: 'the time of the second to be over' });
    gate.open();
    expect(await goflow.waitAll([...late, ...ids])).toMatchObject([
      { status: 'expired', attempts: 0 },
      { status: 'expired', attempts: 0 },
      { status: 'completed', value: 'a' },
      { status: 'expired', attempts: 0, failure: { code: 'TASK_EXPIRED' } },
    ]);
    expect(ran).toEqual(['a']);
  });

  test('deadline: it ends the one that runs, and those behind it never begin', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { ran, handlers } = noted();
    await world.worker(tasks, handlers);
    const payloads = ['a', 'stuck', 'c'];
    const options = { deadline: '800ms', maxAttempts: 2 } as const;
    const ids = await goflow.pushMany('step', payloads, { ...options, chunk: 3 });
    const failed = { status: 'failed', failure: { code: 'TASK_DEADLINE' } };
    const outcomes = [{ status: 'completed' }, { ...failed, attempts: 1 }, failed];
    expect(await goflow.waitAll(ids)).toMatchObject(outcomes);
    await until(async () => (await goflow.counts()).failed === 2, { what: 'both to be recorded' });
    expect(await goflow.getResult(ids[2] ?? '')).toMatchObject({ ...failed, attempts: 0 });
    expect(ran).toEqual(['a', 'stuck']);
  });

  test('retention: each task is kept for the time of its own outcome, from its own end', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const step = (payload: string): string => {
      if (payload === 'bad') throw new Error('no');
      return payload;
    };
    await world.worker(tasks, { step });
    const isKnown = async (id = '') => (await goflow.getResult(id)).status !== 'unknown';
    const retention = { completed: '40ms', failed: '1h' } as const;
    const short = await goflow.pushMany('step', ['a', 'bad', 'b'], { chunk: 3, retention });
    const other = { completed: '1h', failed: '40ms' } as const;
    const long = await goflow.pushMany('step', ['c', 'bad'], { chunk: 2, retention: other });
    await goflow.waitAll([...short, ...long]);
    for (const id of [short[0], short[2], long[1]])
      await until(async () => !(await isKnown(id)), { what: 'its retention to be over' });
    expect(await goflow.getResult(short[1] ?? '')).toMatchObject({ status: 'failed' });
    expect(await goflow.getResult(long[0] ?? '')).toMatchObject({
      status: 'completed',
      value: 'c',
    });
    expect(await goflow.status(short[0] ?? '')).toEqual({ status: 'unknown', id: short[0] });
    expect(await goflow.inspector.get(short[0] ?? '')).toBeUndefined();
  });

  test('a result store that is down: that task runs again later, no attempt is spent', async () => {
    const world = open();
    const kept = createMemoryResultStore();
    let isDown = true;
    const resultStore = {
      ...kept,
      put: (...args: Parameters<typeof kept.put>) =>
        isDown ? Promise.reject(new Error('down')) : kept.put(...args),
      get: (...args: Parameters<typeof kept.get>) => kept.get(...args),
    };
    const goflow = world.client(tasks, { resultStore });
    const { ran, handlers } = noted();
    await world.worker(tasks, handlers, { resultStore, storeResultsAbove: 10 });
    const ids = await goflow.pushMany('step', ['small', 'very large', 'tiny'], { chunk: 3 });
    await goflow.waitAll([ids[0] ?? '', ids[2] ?? '']);
    expect(await goflow.getResult(ids[1] ?? '')).toMatchObject({ status: 'delayed', attempts: 0 });
    isDown = false;
    expect(await goflow.wait(ids[1] ?? '')).toBe('very large');
    expect(await goflow.getResult(ids[1] ?? '')).toMatchObject({ attempts: 1 });
    expect(ran).toEqual(['small', 'very large', 'tiny', 'very large']);
  });
});
