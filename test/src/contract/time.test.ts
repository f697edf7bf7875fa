import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string() },
  slow: { payload: z.null(), result: z.null(), maxAttempts: 2, backoff: 1, timeout: '20ms' },
  'by.contract': { payload: z.string(), result: z.string(), startBy: '1ms' },
});

const stuck = ({ signal }: { signal: AbortSignal }): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

const handlers = {
  echo: (payload: string, ctx: { signal: AbortSignal }) =>
    payload === 'stuck' ? stuck(ctx) : payload,
  slow: (_: null, ctx: { signal: AbortSignal }) => stuck(ctx),
  'by.contract': (payload: string) => payload,
};

onBothBrokersAndInChunks((open) => {
  test('delay and runAt: not before their time', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const delayed = await goflow.push('echo', 'delay', { delay: 60 });
    const runAt = new Date(Date.now() + 60);
    const timed = await goflow.push('echo', 'runAt', { runAt });
    const far = await goflow.push('echo', 'far', { runAt: new Date(Date.now() + 30 * 86_400_000) });
    const past = await goflow.push('echo', 'past', { runAt: new Date(0) });
    expect(await goflow.getResult(far)).toMatchObject({ status: 'delayed' });
    await world.worker(tasks, handlers);
    expect(await goflow.wait(past)).toBe('past');
    const results = await goflow.waitAll([delayed, timed]);
    const starts = results.map((result) => ('startedAt' in result ? Number(result.startedAt) : 0));
    const [first] = results;
    const pushedAt = first && 'pushedAt' in first ? Number(first.pushedAt) : 0;
    // Timers of Node may fire a millisecond early.
    expect(starts[0]).toBeGreaterThanOrEqual(pushedAt + 55);
    expect(starts[1]).toBeGreaterThanOrEqual(Number(runAt) - 5);
  });

  test('timeout: that of the push beats that of the contract, and each attempt has it anew', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const byContract = await goflow.push('slow', null);
    await expect(goflow.wait(byContract)).rejects.toMatchObject({
      attempts: 2,
      failure: { code: 'TASK_TIMEOUT', message: expect.stringContaining('20 ms') },
    });
    const byPush = await goflow.push('echo', 'stuck', { timeout: '15ms', maxAttempts: 1 });
    await expect(goflow.wait(byPush)).rejects.toMatchObject({
      failure: { code: 'TASK_TIMEOUT', message: expect.stringContaining('15 ms') },
    });
  });

  test('startBy: a task that nobody began in time expires, and is not run', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const late = await goflow.push('echo', 'stuck', { startBy: '1ms' });
    const byContract = await goflow.push('by.contract', 'x');
    const patient = await goflow.push('echo', 'in time', { startBy: '1h' });
    const never = await goflow.push('echo', 'never');
    await untilPast(goflow, late);
    await world.worker(tasks, handlers);
    expect(await goflow.wait(patient)).toBe('in time');
    expect(await goflow.wait(never)).toBe('never');
    for (const id of [late, byContract]) {
      await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_EXPIRED' });
      expect(await goflow.getResult(id)).toMatchObject({
        status: 'expired',
        attempts: 0,
        failure: { code: 'TASK_EXPIRED' },
      });
    }
    await until(async () => (await goflow.counts()).expired === 2, { what: 'both to be recorded' });
  });

  test('startBy counts from when a task could first be taken, and only for its first attempt', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, {
      ...handlers,
      echo: (payload, ctx) => {
        if (ctx.attempt === 1) throw new Error('again');
        return payload;
      },
    });
    const id = await goflow.push('echo', 'x', { delay: 20, startBy: 2_000, backoff: '1ms' });
    expect(await goflow.wait(id)).toBe('x');
  });

  test('startBy: one that was begun in time and snoozed does not expire', async () => {
    const world = open();
    const goflow = world.client(tasks);
    let calls = 0;
    await world.worker(tasks, {
      ...handlers,
      echo: (payload) => {
        calls += 1;
        if (calls === 1) throw new RetryLaterError('later', { delay: '1200ms', counted: false });
        return payload;
      },
    });
    const id = await goflow.push('echo', 'x', { startBy: '1s' });
    expect(await goflow.wait(id)).toBe('x');
    expect(calls).toBe(2);
  });

  test('expired is seen without any worker', async () => {
    const goflow = open().client(tasks);
    const id = await goflow.push('echo', 'x', { startBy: '1ms' });
    const failing = await goflow.push('echo', 'x', { deadline: '1ms' });
    await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_EXPIRED' });
    await expect(goflow.wait(failing)).rejects.toMatchObject({
      failure: { code: 'TASK_DEADLINE' },
    });
    expect(await goflow.cancel(id)).toEqual({ found: 'expired', effect: 'none' });
    expect(await goflow.cancel(failing)).toEqual({ found: 'failed', effect: 'none' });
    expect(await goflow.getResult(id)).toMatchObject({ status: 'expired' });
  });

  test('deadline: over all attempts, it ends the one that runs', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const running = await goflow.push('echo', 'stuck', { deadline: '1s' });
    await expect(goflow.wait(running)).rejects.toMatchObject({
      attempts: 1,
      failure: { code: 'TASK_DEADLINE' },
    });
    expect(await goflow.getResult(running)).toMatchObject({ status: 'failed' });
  });

  test('deadline: there is no attempt that could only begin after it', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, { ...handlers, echo: () => Promise.reject(new Error('why')) });
    const id = await goflow.push('echo', 'x', { deadline: '10s', backoff: '1h' });
    await expect(goflow.wait(id)).rejects.toMatchObject({
      attempts: 1,
      failure: { code: 'TASK_DEADLINE', cause: { message: 'why' } },
    });
  });

  test('ctx tells the deadline, tags and trace', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const seen: unknown[] = [];
    await world.worker(tasks, {
      ...handlers,
      echo: (payload, { deadline, tags, traceparent }) => {
        seen.push({ deadline, tags, traceparent });
        return payload;
      },
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const options = { deadline: '1h', tags: ['a', 'b', 'a'], traceparent } as const;
    await goflow.wait(await goflow.push('echo', 'x', options));
    await goflow.wait(await goflow.push('echo', 'y'));
    expect(seen).toEqual([
      { deadline: expect.any(Date), tags: ['a', 'b'], traceparent },
      { deadline: undefined, tags: [], traceparent: undefined },
    ]);
  });
});

interface Asked {
  getResult(id: string): Promise<{ readonly status: string }>;
}

/** Its time is over by the broker's clock, too. */
async function untilPast(goflow: Asked, id: string): Promise<void> {
  const isOver = async (): Promise<boolean> => (await goflow.getResult(id)).status === 'expired';
  await until(isOver, { what: 'its time to be over' });
}
