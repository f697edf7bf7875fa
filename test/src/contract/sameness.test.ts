import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.string(), result: z.string() },
  other: { payload: z.string(), result: z.string() },
  object: { payload: z.object({ a: z.number(), b: z.number() }), result: z.null() },
});

const handlers = {
  echo: (payload: string) => payload,
  other: (payload: string) => payload,
  object: () => null,
};

onBothBrokersAndInChunks((open) => {
  test('priority: 0 first, in the order of pushing, then the lower number', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const order: string[] = [];
    const push = (name: string, priority?: number) => goflow.push('echo', name, { priority });
    await push('low', 9);
    await push('high', 1);
    await push('high, later', 1);
    await push('none');
    await push('none, later', 0);
    const note = (payload: string): string => {
      order.push(payload);
      return payload;
    };
    await world.worker(tasks, { ...handlers, echo: note }, { concurrency: 1 });
    await until(() => order.length === 5, { what: 'all to have run' });
    expect(order).toEqual(['none', 'none, later', 'high', 'high, later', 'low']);
  });

  test('deduplicationKey: one task while the first is unfinished, then another', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const options = { deduplicationKey: 'key' };
    const first = await goflow.pushOnce('echo', 'first', options);
    expect(first).toEqual({ id: expect.any(String), deduplicated: false });
    expect(await goflow.pushOnce('echo', 'second', options)).toEqual({
      id: first.id,
      deduplicated: true,
    });
    expect(await goflow.push('echo', 'third', options)).toBe(first.id);
    const other = await goflow.pushOnce('other', 'another type', options);
    expect(other.deduplicated).toBe(false);
    await world.worker(tasks, handlers);
    expect(await goflow.wait(first.id)).toBe('first');
    const again = await goflow.pushOnce('echo', 'again', options);
    expect(again.deduplicated).toBe(false);
    expect(await goflow.wait(again.id)).toBe('again');
  });

  test('deduplicationKey: a hundred at once are one task; a cancelled one frees its key', async () => {
    const goflow = open().client(tasks);
    const pushes = Array.from({ length: 100 }, (_, index) =>
      goflow.pushOnce('echo', `${index}`, { deduplicationKey: 'k' }),
    );
    const answers = await Promise.all(pushes);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    expect(await goflow.counts()).toMatchObject({ waiting: 1 });
    await goflow.cancel(answers[0]?.id ?? '');
    const next = await goflow.pushOnce('echo', 'next', { deduplicationKey: 'k' });
    expect(next.deduplicated).toBe(false);
  });

  test('throttle: the first wins for a time, finished or not', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers);
    const options = { deduplicationKey: 'k', deduplicationWindow: { throttle: '1h' } } as const;
    const first = await goflow.pushOnce('echo', 'first', options);
    await goflow.wait(first.id);
    expect(await goflow.pushOnce('echo', 'second', options)).toEqual({
      id: first.id,
      deduplicated: true,
    });
    const short = { deduplicationKey: 's', deduplicationWindow: { throttle: '30ms' } } as const;
    const before = await goflow.pushOnce('echo', 'a', short);
    await until(async () => (await goflow.pushOnce('echo', 'b', short)).id !== before.id, {
      what: 'the window to be over',
    });
  });

  test('debounce: the last payload wins, and the first id stays', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const options = { deduplicationKey: 'k', deduplicationWindow: { debounce: '100ms' } } as const;
    const first = await goflow.pushOnce('echo', 'first', options);
    expect(first.deduplicated).toBe(false);
    expect(await goflow.getResult(first.id)).toMatchObject({ status: 'delayed' });
    for (const payload of ['second', 'last'])
      expect(await goflow.pushOnce('echo', payload, options)).toEqual({
        id: first.id,
        deduplicated: true,
      });
    await world.worker(tasks, handlers);
    expect(await goflow.wait(first.id)).toBe('last');
    const next = await goflow.pushOnce('echo', 'next', options);
    expect(next.deduplicated).toBe(false);
    expect(next.id).not.toBe(first.id);
  });

  test('debounce: one that has begun is left alone, the next push makes another', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(tasks, {
      ...handlers,
      echo: async (payload) => {
        await gate.pass();
        return payload;
      },
    });
    const options = { deduplicationKey: 'k', deduplicationWindow: { debounce: '10ms' } } as const;
    const first = await goflow.pushOnce('echo', 'first', options);
    await until(() => gate.waiting === 1, { what: 'the first to run' });
    const second = await goflow.pushOnce('echo', 'second', options);
    expect(second.id).not.toBe(first.id);
    gate.open();
    expect(await goflow.wait(first.id)).toBe('first');
    expect(await goflow.wait(second.id)).toBe('second');
  });

  test('debounce: startBy counts from when the last push let it be taken', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const options = {
      deduplicationKey: 'k',
      deduplicationWindow: { debounce: '200ms' },
      startBy: '1500ms',
    } as const;
    const first = await goflow.pushOnce('echo', '0', options);
    const pushedAt = performance.now();
    let last = 0;
    while (performance.now() - pushedAt < 2_000) {
      last += 1;
      const { id } = await goflow.pushOnce('echo', `${last}`, options);
      expect(id).toBe(first.id);
    }
    await world.worker(tasks, handlers);
    expect(await goflow.wait(first.id)).toBe(`${last}`);
  });

  test('an id of the caller makes push idempotent, however often and from wherever', async () => {
    const world = open();
    const [goflow, other] = [world.client(tasks), world.client(tasks)];
    const options = { id: 'order 4711 — ünï:cödé' };
    const first = await goflow.pushOnce('object', { a: 1, b: 2 }, options);
    expect(first.deduplicated).toBe(false);
    expect(first.id).toBe(goflow.idOf('object', options.id));
    const again = await other.pushOnce('object', { b: 2, a: 1 }, options);
    expect(again).toEqual({ id: first.id, deduplicated: true });
    await expect(goflow.push('object', { a: 1, b: 3 }, options)).rejects.toMatchObject({
      code: 'TASK_ID_TAKEN',
    });
    expect((await goflow.pushOnce('echo', 'x', options)).deduplicated).toBe(false);
    await world.worker(tasks, handlers);
    await goflow.wait(first.id);
    expect((await goflow.pushOnce('object', { a: 1, b: 2 }, options)).deduplicated).toBe(true);
    const many = Array.from({ length: 50 }, () => goflow.pushOnce('echo', 'm', { id: 'many' }));
    const answers = await Promise.all(many);
    expect(answers.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
  });

  test('an id of the caller is free again when the retention of its task is over', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const ran: string[] = [];
    const echo = (payload: string): string => {
      ran.push(payload);
      return payload;
    };
    await world.worker(tasks, { ...handlers, echo });
    const options = { id: 'again', retention: { completed: '30ms' } } as const;
    const { id } = await goflow.pushOnce('echo', 'first', options);
    // Its time may be over before anybody can ask for its result.
    const isOver = async (): Promise<boolean> =>
      ran.length > 0 && (await goflow.getResult(id)).status === 'unknown';
    await until(isOver, { what: 'its retention to be over' });
    expect(await goflow.pushOnce('echo', 'second', options)).toEqual({ id, deduplicated: false });
    await until(() => ran.length === 2, { what: 'the second to run' });
    await until(isOver, { what: 'its retention to be over' });
    expect(await goflow.pushMany('echo', ['third'], options)).toEqual([id]);
    await until(() => ran.length === 3, { what: 'the third to run' });
    expect(ran).toEqual(['first', 'second', 'third']);
  });

  test('pushMany takes options for each, and tells what became of each', async () => {
    const goflow = open().client(tasks);
    const ids = await goflow.pushMany('echo', ['a', 'b', 'a'], (payload) => ({
      deduplicationKey: payload,
      tags: [payload],
    }));
    expect(ids[0]).toBe(ids[2]);
    expect(new Set(ids).size).toBe(2);
    await goflow.push('echo', 'taken', { id: 'x' });
    const error = await goflow
      .pushMany('echo', ['taken', 'other', 'free'], (_, index) => ({ id: index < 2 ? 'x' : 'y' }))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'PUSH_INCOMPLETE',
      outcomes: [
        { pushed: true, deduplicated: true },
        { pushed: false, error: { code: 'TASK_ID_TAKEN' } },
        { pushed: true, deduplicated: false },
      ],
    });
  });
});
