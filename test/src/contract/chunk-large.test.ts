import { createMemoryResultStore } from '@goflow/broker';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({
  step: { payload: z.string(), result: z.string().optional(), maxAttempts: 2, backoff: 1 },
});

/** Longer than what stays in a chunk in Redis. */
const LARGE = 100_000;

/** What is large says so with its first letter. */
const resultOf = (payload: string): string =>
  payload.startsWith('L') ? payload + 'x'.repeat(LARGE) : payload;

/** Runs tasks, and stands still at `gate`. */
function standing() {
  const [gate, ran] = [new Barrier(), [] as string[]];
  const step = async (payload: string): Promise<string> => {
    ran.push(payload);
    if (payload === 'gate') await gate.pass();
    return resultOf(payload);
  };
  return { gate, ran, handlers: { step } };
}

onBothBrokers((open) => {
  test('a large result is its own, and so are those of its neighbours', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { ran, handlers } = standing();
    await world.worker(tasks, handlers, { name: 'w' });
    const payloads = ['a', 'L1', 'b', 'L2', 'L3'];
    const ids = await goflow.pushMany('step', payloads, { chunk: 5 });
    expect(await goflow.waitAll(ids)).toMatchObject(
      payloads.map((payload, at) => ({
        id: ids[at],
        status: 'completed',
        value: resultOf(payload),
        attempts: 1,
      })),
    );
    expect(await goflow.wait(ids[1] ?? '')).toBe(resultOf('L1'));
    expect(ran).toEqual(payloads);
    for (const id of ids) {
      const status = await goflow.status(id);
      expect(status).toMatchObject({
        type: 'step',
        attempts: 1,
        history: [{ attempt: 1, worker: 'w', outcome: 'completed' }],
        log: [],
      });
      if (status.status !== 'completed') throw new Error(status.status);
      const [pushed, started, finished] = [status.pushedAt, status.startedAt, status.finishedAt];
      expect(Number(started)).toBeGreaterThanOrEqual(Number(pushed) - 5);
      expect(Number(finished)).toBeGreaterThanOrEqual(Number(started));
    }
    expect(await goflow.counts()).toMatchObject({ completed: 5, active: 0, waiting: 0 });
  });

  test('many that are large together: each is right, whether it stayed or left', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const step = (payload: string): string | undefined =>
      Number(payload) % 10 === 9 ? undefined : payload.padEnd(6_000, '漢');
    await world.worker(tasks, { step });
    const payloads = Array.from({ length: 100 }, (_, index) => `${index}`);
    const ids = await goflow.pushMany('step', payloads, { chunk: 100 });
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
      payloads.map(step),
    );
    expect(await goflow.counts()).toMatchObject({ completed: 100, active: 0, waiting: 0 });
    const { tasks: listed } = await goflow.inspector.list({ state: 'completed' }, undefined, 1_000);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(100);
    expect(listed).toHaveLength(100);
  });

  test('while its chunk still runs it is completed for everybody who asks', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { gate, handlers } = standing();
    await world.worker(tasks, handlers);
    const options = { chunk: 4, tags: ['eu'] };
    const [id = '', , , last = ''] = await goflow.pushMany(
      'step',
      ['L', 'a', 'gate', 'b'],
      options,
    );
    expect(await goflow.wait(id)).toBe(resultOf('L'));
    await until(async () => (await goflow.counts()).completed === 2, {
      what: 'both to be counted',
    });
    expect(await goflow.counts()).toMatchObject({ completed: 2, active: 2, failed: 0, waiting: 0 });
    const completed = { found: 'completed', effect: 'none' };
    expect(await goflow.cancel(id)).toEqual(completed);
    const { inspector } = goflow;
    const { deadLetters } = inspector;
    expect(await deadLetters.redrive(id)).toMatchObject({ found: 'completed', redriven: false });
    expect(await inspector.get(id)).toMatchObject({
      id,
      payload: 'L',
      tags: ['eu'],
      status: 'completed',
    });
    for (const filter of [{ state: 'completed' }, { state: 'completed', tag: 'eu' }] as const)
      expect((await inspector.list(filter)).tasks.map((task) => task.id)).toContain(id);
    expect((await inspector.list({ state: 'active' })).tasks.map((task) => task.id)).not.toContain(
      id,
    );
    expect((await deadLetters.list()).tasks).toEqual([]);
    gate.open();
    await goflow.wait(last);
    for (const filter of [{ tag: 'eu' }, { state: 'completed' }] as const)
      expect((await inspector.list(filter)).tasks).toHaveLength(4);
    expect(await goflow.counts()).toMatchObject({ completed: 4, active: 0 });
    const { types } = await goflow.inspector.counts({ types: true });
    expect(types.step).toMatchObject({ completed: 4, active: 0 });
  });

  test('progress and log lines go with it, and who watches hears of its end', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(tasks, {
      step: async (payload, ctx) => {
        await gate.pass();
        await ctx.progress(`${payload} began`);
        ctx.log.info(`${payload} ran`);
        return resultOf(payload);
      },
    });
    const [first = '', second = ''] = await goflow.pushMany('step', ['L', 'a'], { chunk: 2 });
    const changes: string[] = [];
    const watching = (async () => {
      for await (const change of goflow.watch(first)) {
        if (change.kind === 'outcome') changes.push(change.result.status);
      }
    })();
    gate.open();
    await goflow.wait(second);
    await watching;
    expect(changes).toEqual(['completed']);
    expect(await goflow.status(first)).toMatchObject({
      progress: 'L began',
      log: [{ message: 'L ran', attempt: 1 }],
    });
    expect(await goflow.status(second)).toMatchObject({
      progress: 'a began',
      log: [{ message: 'a ran', attempt: 1 }],
    });
  });

  test('retention: it is kept for the time of a completed one, by its push or by its type', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { handlers } = standing();
    await world.worker(tasks, handlers);
    const isKnown = async (id = '') => (await goflow.getResult(id)).status !== 'unknown';
    const retention = { completed: '40ms', failed: '1h' } as const;
    const short = await goflow.pushMany('step', ['L', 'a'], { chunk: 2, retention });
    const other = { completed: '1h', failed: '40ms' } as const;
    const long = await goflow.pushMany('step', ['L', 'a'], { chunk: 2, retention: other });
    const typed = await goflow.pushMany('step', ['L', 'a'], { chunk: 2 });
    await goflow.waitAll([...long, ...typed]);
    for (const id of short)
      await until(async () => !(await isKnown(id)), { what: 'its retention to be over' });
    for (const id of [...long, ...typed]) expect(await isKnown(id)).toBe(true);
    expect(await goflow.inspector.get(short[0] ?? '')).toBeUndefined();
  });

  test('one that completed at its second attempt, and its neighbours, stay as they are', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const step = (payload: string, { attempt }: { readonly attempt: number }): string => {
      if (payload === 'L2' && attempt === 1) throw new Error('once');
      return resultOf(payload);
    };
    await world.worker(tasks, { step });
    const ids = await goflow.pushMany('step', ['L1', 'L2', 'a'], { chunk: 3 });
    expect(await goflow.waitAll(ids)).toMatchObject([
      { status: 'completed', value: resultOf('L1'), attempts: 1 },
      { status: 'completed', value: resultOf('L2'), attempts: 2 },
      { status: 'completed', value: 'a', attempts: 1 },
    ]);
  });

  test('what lies in a result store is as it was', async () => {
    const world = open();
    const resultStore = createMemoryResultStore();
    const goflow = world.client(tasks, { resultStore });
    const { handlers } = standing();
    await world.worker(tasks, handlers, { resultStore, storeResultsAbove: 1_000 });
    const payloads = ['L1', 'a', 'L2', 'L3'];
    const ids = await goflow.pushMany('step', payloads, { chunk: 4 });
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
      payloads.map(resultOf),
    );
  });

  test('a chunk of nothing but large ones ends as any other: all is done, and nothing runs again', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { ran, handlers } = standing();
    await world.worker(tasks, handlers, { concurrency: 1 });
    const ids = await goflow.pushMany('step', ['L1', 'L2', 'L3'], { chunk: 3 });
    const later = await goflow.push('step', 'later');
    expect(await goflow.wait(later)).toBe('later');
    expect(await goflow.waitAll(ids)).toMatchObject(ids.map(() => ({ status: 'completed' })));
    expect(ran).toEqual(['L1', 'L2', 'L3', 'later']);
    expect(await goflow.counts()).toMatchObject({ completed: 4, active: 0, waiting: 0 });
  });
});
