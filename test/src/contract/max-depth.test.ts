import { defineTasks, type PushIncompleteError } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.number(), result: z.number(), maxAttempts: 1 },
  image: { payload: z.number(), result: z.number(), queue: 'images' },
});
const echo = (payload: number): number => payload;
const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const FULL = { code: 'QUEUE_FULL', retryable: true };

onBothBrokers((open) => {
  test('push to a full queue is refused, and says how full it is; delayed tasks count, other queues do not', async () => {
    const goflow = open().client(tasks, { maxDepth: { default: 3 } });
    await goflow.push('echo', 1);
    await goflow.push('echo', 2, { delay: '1h' });
    await goflow.push('echo', 3);
    const details = { queue: 'default', depth: 3, maxDepth: 3 };
    await expect(goflow.push('echo', 4)).rejects.toMatchObject({ ...FULL, details });
    await expect(goflow.pushOnce('echo', 4, {})).rejects.toMatchObject(FULL);
    expect(await goflow.counts()).toMatchObject({ waiting: 2, delayed: 1 });
    await goflow.pushMany('image', range(10));
    expect(await goflow.counts('images')).toMatchObject({ waiting: 10 });
  });

  test('pushes of one turn never exceed it, nor do those of later turns', async () => {
    const goflow = open().client(tasks, { maxDepth: 50 });
    const pushed = await Promise.allSettled(range(80).map((n) => goflow.push('echo', n)));
    expect(pushed.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    for (const n of range(5)) await expect(goflow.push('echo', n)).rejects.toMatchObject(FULL);
    expect(await goflow.counts()).toMatchObject({ waiting: 50 });
  });

  test('there is room again when tasks have begun', async () => {
    const world = open();
    const goflow = world.client(tasks, { maxDepth: 2 });
    await goflow.pushMany('echo', range(2));
    await expect(goflow.push('echo', 3)).rejects.toMatchObject(FULL);
    await world.worker(tasks, { echo, image: echo });
    await until(async () => (await goflow.counts()).completed === 2, { what: 'both to complete' });
    const id = await until(() => goflow.push('echo', 3).catch(() => undefined), { what: 'room' });
    expect(await goflow.wait(id)).toBe(3);
  });

  test.each([1, 10])(
    'pushMany, %i a chunk: as many as fit get in, each of the others is refused',
    async (chunk) => {
      const goflow = open().client(tasks, { maxDepth: 25 });
      const refused = (await goflow
        .pushMany('echo', range(40), { chunk })
        .catch((error: unknown) => error)) as PushIncompleteError;
      expect(refused).toMatchObject({ code: 'PUSH_INCOMPLETE', cause: FULL });
      // A chunk gets in whole, or not at all.
      const fit = chunk === 1 ? 25 : 20;
      const outcomes = refused.outcomes.map((one) =>
        one.pushed ? 'in' : (one.error as { code?: string }).code,
      );
      expect(outcomes).toEqual(range(40).map((n) => (n < fit ? 'in' : 'QUEUE_FULL')));
      expect(await goflow.counts()).toMatchObject({ waiting: fit });
      await expect(goflow.pushMany('echo', range(40), { chunk: 40 })).rejects.toMatchObject({
        cause: FULL,
      });
    },
  );

  test('no chunk is larger than what its queue may hold: it could never get in', async () => {
    const world = open();
    const goflow = world.client(tasks, { maxDepth: { default: 10, images: 1 } });
    const refused = (await goflow
      .pushMany('echo', range(25), { chunk: 100 })
      .catch((error: unknown) => error)) as PushIncompleteError;
    expect(refused.outcomes.filter(({ pushed }) => pushed)).toHaveLength(10);
    expect(await goflow.counts()).toMatchObject({ waiting: 10 });
    await world.worker(tasks, { echo, image: echo });
    for (const type of ['echo', 'image'] as const)
      for await (const { error } of goflow.map(type, range(3), { chunk: 100 }))
        expect(error).toBeUndefined();
  });

  test.each([1, 10])('whenFull wait, %i a chunk: pushes wait for room', async (chunk) => {
    const world = open();
    const goflow = world.client(tasks, { maxDepth: 10, whenFull: 'wait', timeout: '20s' });
    const pushing = goflow.pushMany('echo', range(25), { chunk });
    await until(async () => (await goflow.counts()).waiting === 10, { what: 'a full queue' });
    const alone = goflow.push('echo', 99);
    await world.worker(tasks, { echo, image: echo });
    const results = await goflow.waitAll([...(await pushing), await alone]);
    expect(results.every(({ status }) => status === 'completed')).toBe(true);
  });

  test('whenFull wait: a push that finds no room within the time limit is refused', async () => {
    const goflow = open().client(tasks, { maxDepth: 1, whenFull: 'wait', timeout: '300ms' });
    await goflow.push('echo', 1);
    await expect(goflow.push('echo', 2)).rejects.toMatchObject(FULL);
    await expect(goflow.pushMany('echo', [2])).rejects.toMatchObject({ cause: FULL });
  });

  test.each([1, 5])('map waits for room whatever whenFull says, %i a chunk', async (chunk) => {
    const world = open();
    const goflow = world.client(tasks, { maxDepth: 5 });
    await goflow.pushMany('echo', range(5));
    const values: unknown[] = [];
    const mapping = (async () => {
      for await (const { result, error } of goflow.map('echo', range(20), { chunk }))
        values.push(error ?? (result?.status === 'completed' && result.value));
    })();
    await world.worker(tasks, { echo, image: echo });
    await mapping;
    expect(values.map(Number).toSorted((a, b) => a - b)).toEqual(range(20));
  });

  test('a map that is left waits for room no more', async () => {
    const goflow = open().client(tasks, { maxDepth: 1 });
    await goflow.push('echo', 1);
    const stop = new AbortController();
    const map = goflow.map('echo', range(20), { onStop: 'cancel', signal: stop.signal });
    const next = map.next();
    // Its first items came before this one, and wait for room by now.
    await expect(goflow.push('echo', 2)).rejects.toMatchObject(FULL);
    stop.abort();
    await expect(next).rejects.toMatchObject({ code: 'WAIT_ABORTED' });
    await map.return(undefined);
    expect(await goflow.counts()).toMatchObject({ waiting: 1 });
  });

  test('a client that closes ends those that wait', async () => {
    const goflow = open().client(tasks, { maxDepth: 1, whenFull: 'wait' });
    await goflow.push('echo', 1);
    const waiting = expect(goflow.push('echo', 2)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await goflow.close();
    await waiting;
  });
});
