import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string(), maxAttempts: 3, backoff: 1 },
});

onBothBrokersAndInChunks((open) => {
  test('a waiting and a delayed task are cancelled at once, and never run', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const waiting = await goflow.push('echo', 'a');
    const delayed = await goflow.push('echo', 'b', { delay: '1h' });
    const urgent = await goflow.push('echo', 'c', { priority: 5 });
    expect(await goflow.cancel(waiting, { reason: 'changed my mind' })).toEqual({
      found: 'waiting',
      effect: 'cancelled',
    });
    expect(await goflow.cancel(delayed)).toEqual({ found: 'delayed', effect: 'cancelled' });
    expect(await goflow.cancel(urgent)).toEqual({ found: 'waiting', effect: 'cancelled' });
    expect(await goflow.getResult(waiting)).toMatchObject({
      status: 'cancelled',
      attempts: 0,
      finishedAt: expect.any(Date),
      failure: { code: 'TASK_CANCELLED', message: expect.stringContaining('changed my mind') },
    });
    expect(await goflow.counts()).toMatchObject({ waiting: 0, delayed: 0, cancelled: 3 });
    const ran: string[] = [];
    await world.worker(tasks, {
      echo: async (payload) => {
        ran.push(payload);
        return payload;
      },
    });
    await goflow.wait(await goflow.push('echo', 'last'));
    expect(ran).toEqual(['last']);
  });

  test('a running task sees its signal abort with the reason; it is cancelled, and not tried again', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const canceller = world.client(tasks);
    let starts = 0;
    const seen: unknown[] = [];
    await world.worker(tasks, {
      echo: async (payload, { signal }) => {
        starts += 1;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seen.push(signal.reason);
        throw new Error(payload);
      },
    });
    const id = await goflow.push('echo', 'a');
    await until(async () => (await goflow.getResult(id)).status === 'active', { what: 'it runs' });
    const wait = goflow.wait(id).catch((error: unknown) => error);
    expect(await canceller.cancel(id, { reason: 'no longer wanted' })).toEqual({
      found: 'active',
      effect: 'requested',
    });
    expect(await wait).toMatchObject({ code: 'TASK_CANCELLED' });
    await until(() => seen.length === 1, { what: 'the handler has seen it' });
    expect(seen).toMatchObject([
      { code: 'TASK_CANCELLED', message: expect.stringContaining('no longer wanted') },
    ]);
    const result = await goflow.getResult(id);
    expect(result).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(starts).toBe(1);
    expect(await goflow.status(id)).toMatchObject({
      history: [{ attempt: 1, outcome: 'cancelled', failure: { code: 'TASK_CANCELLED' } }],
    });
  });

  test('a handler that is deaf to the signal loses its slot and its say', async () => {
    const world = open();
    const goflow = world.client(tasks);
    let finish = (): void => undefined;
    await world.worker(
      tasks,
      {
        echo: (payload) =>
          payload === 'deaf'
            ? new Promise((resolve) => {
                finish = () => resolve('too late');
              })
            : payload,
      },
      { concurrency: 1 },
    );
    const id = await goflow.push('echo', 'deaf');
    await until(async () => (await goflow.getResult(id)).status === 'active', { what: 'it runs' });
    await goflow.cancel(id);
    expect(await goflow.wait(await goflow.push('echo', 'next'))).toBe('next');
    finish();
    expect(await goflow.getResult(id)).toMatchObject({ status: 'cancelled' });
  });

  test('one that waits for its next attempt is cancelled, too', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, { echo: () => Promise.reject(new Error('again')) });
    const id = await goflow.push('echo', 'a', { backoff: '1h' });
    await until(async () => (await goflow.getResult(id)).status === 'delayed', {
      what: 'it failed',
    });
    expect(await goflow.cancel(id)).toEqual({ found: 'delayed', effect: 'cancelled' });
    expect(await goflow.getResult(id)).toMatchObject({ status: 'cancelled', attempts: 1 });
  });

  test('the answer says what it found: finished, cancelled before, unknown, foreign', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, { echo: (payload) => payload });
    const id = await goflow.push('echo', 'a');
    await goflow.wait(id);
    expect(await goflow.cancel(id)).toEqual({ found: 'completed', effect: 'none' });
    expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', value: 'a' });
    const twice = await goflow.push('echo', 'b', { delay: '1h' });
    await goflow.cancel(twice);
    expect(await goflow.cancel(twice)).toEqual({ found: 'cancelled', effect: 'none' });
    const unknown = { found: 'unknown', effect: 'none' };
    for (const wrong of [`default:${'A'.repeat(22)}`, 'wait', '', 'x:y', '../etc', '\u0000'])
      expect(await goflow.cancel(wrong)).toEqual(unknown);
  });

  test.each([[''], ['x'.repeat(501)], [5], [null]])('refuses the reason %j', async (reason) => {
    const goflow = open().client(tasks);
    await expect(goflow.cancel('x', { reason: reason as never })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});
