import { createMemoryResultStore } from '@goflow/broker';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string(), maxAttempts: 2, backoff: 1 },
  brief: {
    payload: z.string(),
    result: z.string(),
    retention: { completed: '40ms', failed: '60ms' },
  },
  empty: { payload: z.null(), result: z.undefined() },
});

const handlers = {
  echo: (payload: string) => payload,
  brief: (payload: string) => {
    if (payload === 'fails') throw new Error('no');
    return payload;
  },
  empty: () => undefined,
};

onBothBrokersAndInChunks((open) => {
  test('retention is exact when read: by type and by push', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const brief = await goflow.push('brief', 'x');
    const byPush = await goflow.push('echo', 'x', { retention: { completed: '40ms' } });
    const longer = await goflow.push('brief', 'y', { retention: { completed: '1h' } });
    const failed = await goflow.push('brief', 'fails', { maxAttempts: 1 });
    await goflow.waitAll([brief, byPush, longer, failed]);
    for (const id of [brief, byPush, failed])
      await until(async () => (await goflow.getResult(id)).status === 'unknown', {
        what: 'its retention to be over',
      });
    expect(await goflow.status(brief)).toEqual({ status: 'unknown', id: brief });
    await expect(goflow.wait(brief)).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    expect(await goflow.getResult(longer)).toMatchObject({ status: 'completed', value: 'y' });
  });

  test('a result store keeps the results, all or the large ones, and knows nothing of the rest', async () => {
    const world = open();
    const resultStore = createMemoryResultStore();
    const goflow = world.client(tasks, { resultStore });
    const worker = await world.worker(tasks, handlers, { resultStore });
    const id = await goflow.push('echo', 'in the store');
    expect(await goflow.wait(id)).toBe('in the store');
    expect(await resultStore.get([id])).toEqual(['"in the store"']);
    expect(await goflow.getResult(id)).toMatchObject({
      status: 'completed',
      value: 'in the store',
    });
    const empty = await goflow.push('empty', null);
    expect(await goflow.wait(empty)).toBeUndefined();
    const without = world.client(tasks);
    await expect(without.getResult(id)).rejects.toMatchObject({ code: 'RESULT_STORE_MISSING' });
    expect(await without.getResult(empty)).toMatchObject({ status: 'completed' });
    await worker.stop();
    await world.worker(tasks, handlers, { resultStore, storeResultsAbove: 100 });
    const small = await goflow.push('echo', 'small');
    const large = await goflow.push('echo', 'x'.repeat(3_000_000).slice(0, 1_000_000));
    expect(await goflow.wait(small)).toBe('small');
    expect(await goflow.wait(large)).toHaveLength(1_000_000);
    expect(await resultStore.get([small])).toEqual([undefined]);
    expect((await resultStore.get([large]))[0]).toHaveLength(1_000_002);
  });

  test('a result too large fails for good as RESULT_TOO_LARGE, and goes to the store where there is one', async () => {
    const world = open();
    const resultStore = createMemoryResultStore();
    const goflow = world.client(tasks, { resultStore });
    const worker = await world.worker(tasks, handlers, { resultLimit: 1_000 });
    const refused = await goflow.push('echo', 'x'.repeat(2_000));
    await expect(goflow.wait(refused)).rejects.toMatchObject({
      attempts: 1,
      failure: { code: 'RESULT_TOO_LARGE' },
    });
    await worker.stop();
    const above = { resultStore, resultLimit: 1_000, storeResultsAbove: 1_000 };
    await world.worker(tasks, handlers, above);
    const kept = await goflow.push('echo', 'x'.repeat(2_000));
    expect(await goflow.wait(kept)).toHaveLength(2_000);
  });

  test('a store that is down: the handler runs again later, no attempt is spent, and no result is lost', async () => {
    const world = open();
    const kept = createMemoryResultStore();
    let isDown = true;
    let runs = 0;
    const resultStore = {
      ...kept,
      put: (...args: Parameters<typeof kept.put>) =>
        isDown ? Promise.reject(new Error('down')) : kept.put(...args),
      get: (...args: Parameters<typeof kept.get>) => kept.get(...args),
    };
    const goflow = world.client(tasks, { resultStore });
    const count = (payload: string): string => {
      runs += 1;
      return payload;
    };
    await world.worker(tasks, { ...handlers, echo: count }, { resultStore });
    const id = await goflow.push('echo', 'x', { maxAttempts: 1 });
    await until(async () => (await goflow.getResult(id)).status === 'delayed', {
      what: 'the task to be handed back',
    });
    isDown = false;
    expect(await goflow.wait(id)).toBe('x');
    expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
    expect(runs).toBe(2);
  });
});
