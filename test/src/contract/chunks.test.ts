import { createMemoryResultStore } from '@goflow/broker';
import { defineTasks, type Goflow, type TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.unknown(), result: z.unknown(), maxAttempts: 2, backoff: 1 },
  double: { payload: z.number(), result: z.number(), maxAttempts: 1, chunk: 5 },
});

const handlers = {
  echo: (payload: unknown) => (payload === 'nothing' ? undefined : payload),
  double: (payload: number) => {
    if (payload === 13) throw new Error('unlucky');
    return payload * 2;
  },
};

type Client = Goflow<(typeof tasks)['definitions']>;
type Filter = Parameters<Client['inspector']['list']>[0];

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

async function pagesOf(goflow: Client, filter: Filter, limit: number): Promise<TaskId[]> {
  const ids: TaskId[] = [];
  let cursor: string | undefined;
  do {
    const page = await goflow.inspector.list(filter, cursor, limit);
    expect(page.tasks.length).toBeLessThanOrEqual(limit);
    ids.push(...page.tasks.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

const sorted = (ids: readonly string[]) => [...ids].sort();

onBothBrokers((open) => {
  test('each task of a chunk has an id, a status and a result of its own, in the order of the payloads', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const ids = await goflow.pushMany('echo', numbers(10), { chunk: 4 });
    expect(new Set(ids).size).toBe(10);
    for (const id of ids)
      expect(await goflow.getResult(id)).toMatchObject({ status: 'waiting', attempts: 0 });
    await world.worker(tasks, handlers, { name: 'the worker' });
    const results = await goflow.waitAll(ids);
    expect(results).toMatchObject(ids.map((id, value) => ({ id, status: 'completed', value })));
    expect(await goflow.wait(ids[7] ?? '')).toBe(7);
    const before = Date.now() - 60_000;
    for (const id of ids) {
      const status = await goflow.status(id);
      expect(status).toMatchObject({
        type: 'echo',
        status: 'completed',
        attempts: 1,
        history: [{ attempt: 1, worker: 'the worker', outcome: 'completed' }],
      });
      if (status.status === 'unknown') throw new Error('unknown');
      const times = [status.pushedAt, status.startedAt, status.finishedAt].map(Number);
      expect(times.toSorted((a, b) => a - b)).toEqual(times);
      expect(Number(status.startedAt)).toBeGreaterThan(before);
    }
  });

  test('a chunk of one payload is a chunk, and one of a thousand is one', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const [alone] = await goflow.pushMany('echo', ['a'], { chunk: 1_000 });
    const ids = await goflow.pushMany('echo', numbers(1_000), { chunk: 1_000 });
    expect(await goflow.counts()).toMatchObject({ waiting: 1_001 });
    await world.worker(tasks, handlers);
    expect(await goflow.wait(alone ?? '')).toBe('a');
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
      numbers(1_000),
    );
    expect(await goflow.counts()).toMatchObject({ waiting: 0, active: 0, completed: 1_001 });
  });

  test('payloads and results of any kind stay what they are', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const payloads = [
      null,
      0,
      '',
      false,
      'nothing',
      [],
      {},
      'a\nb\u2028c\r\n"\\',
      [[1, '\n']],
      '€',
    ];
    const large = 'x'.repeat(300_000);
    const ids = await goflow.pushMany('echo', [...payloads, large, 'last'], { chunk: 20 });
    const given = await Promise.all(ids.map((id) => goflow.inspector.get(id)));
    expect(given.map((task) => task?.payload)).toEqual([...payloads, large, 'last']);
    await world.worker(tasks, handlers);
    const results = await goflow.waitAll(ids);
    const values = results.map((result) => result.status === 'completed' && result.value);
    expect(values).toEqual([
      ...payloads.map((payload) => (payload === 'nothing' ? undefined : payload)),
      large,
      'last',
    ]);
    for (const [at, id] of ids.entries())
      expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', value: values[at] });
  });

  test('an id beyond the end of a chunk, and that of the chunk itself, are unknown', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const ids = await goflow.pushMany('echo', ['a', 'b'], { chunk: 2 });
    const chunk = ids[0]?.slice(0, -2) ?? '';
    const wrong = [chunk, `${chunk}:2`, `${chunk}:999`, `${chunk}:01`, `${chunk}:-1`, `${chunk}:`];
    const check = async (): Promise<void> => {
      for (const id of wrong) {
        expect(await goflow.getResult(id)).toEqual({ status: 'unknown', id });
        expect(await goflow.status(id)).toEqual({ status: 'unknown', id });
        expect(await goflow.inspector.get(id)).toBeUndefined();
        expect(await goflow.cancel(id)).toEqual({ found: 'unknown', effect: 'none' });
        await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
        expect(await goflow.inspector.deadLetters.redrive(id)).toMatchObject({ found: 'unknown' });
        expect(await goflow.inspector.deadLetters.discard(id)).toMatchObject({ found: 'unknown' });
      }
    };
    await check();
    await world.worker(tasks, handlers);
    await goflow.waitAll(ids);
    await check();
    expect(await goflow.counts()).toMatchObject({ completed: 2 });
  });

  test('pages by state hold each task once, though chunks are larger than a page', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const options = { chunk: 10, tags: ['eu'], retention: { completed: '1h' } } as const;
    const ids = await goflow.pushMany('echo', numbers(30), options);
    const plain = await goflow.push('echo', 'plain', { tags: ['eu'] });
    const delayed = await goflow.pushMany('echo', numbers(15), { ...options, delay: '1h' });
    const all = [...ids, plain];
    const [gone = '', ...rest] = all;
    await goflow.cancel(gone);
    for (const limit of [3, 7, 10, 100]) {
      expect(sorted(await pagesOf(goflow, { state: 'waiting' }, limit))).toEqual(sorted(rest));
      expect(sorted(await pagesOf(goflow, { state: 'delayed' }, limit))).toEqual(sorted(delayed));
      expect(await pagesOf(goflow, { state: 'cancelled' }, limit)).toEqual([gone]);
      expect(sorted(await pagesOf(goflow, {}, limit))).toEqual(sorted([...all, ...delayed]));
    }
    expect(sorted(await pagesOf(goflow, { tag: 'eu', state: 'waiting' }, 7))).toEqual(sorted(rest));
    const worker = await world.worker(tasks, handlers);
    await goflow.waitAll(all);
    await worker.stop();
    expect(sorted(await pagesOf(goflow, { state: 'completed' }, 7))).toEqual(sorted(rest));
    expect(await pagesOf(goflow, { state: 'waiting' }, 7)).toEqual([]);
    expect(sorted(await pagesOf(goflow, { tag: 'eu' }, 7))).toEqual(sorted([...all, ...delayed]));
    expect(sorted(await pagesOf(goflow, { text: 'plain' }, 7))).toEqual([plain]);
  });

  test('counts by state are of tasks, at any time', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    const ids = await goflow.pushMany('echo', ['a', 'fails', 'b', 'gate', 'c'], { chunk: 5 });
    await goflow.pushMany('echo', ['d', 'e'], { chunk: 5, delay: '1h' });
    await goflow.cancel(ids[4] ?? '');
    expect(await goflow.counts()).toMatchObject({ waiting: 4, delayed: 2, cancelled: 1 });
    await world.worker(tasks, {
      ...handlers,
      echo: async (payload) => {
        if (payload === 'fails') throw new Error('no');
        if (payload === 'gate') await gate.pass();
        return payload;
      },
    });
    await until(() => gate.waiting === 1, { what: 'the last task to run' });
    await goflow.waitAll(ids.slice(0, 3));
    await until(
      async () => {
        const { completed, failed, active, waiting } = await goflow.counts();
        return `${completed} ${failed} ${active} ${waiting}` === '2 1 1 0';
      },
      { what: 'counts that agree' },
    );
    gate.open();
    await goflow.waitAll(ids);
    const end = { waiting: 0, active: 0, completed: 3, failed: 1, cancelled: 1, delayed: 2 };
    expect(await goflow.counts()).toMatchObject(end);
    const { types } = await goflow.inspector.counts({ types: true });
    expect(types.echo).toMatchObject(end);
  });

  test('the inspector tells of a task what its push said', async () => {
    const goflow = open().client(tasks);
    const options = { tags: ['eu', 'vip'], priority: 3, timeout: '1m', deadline: '1h' } as const;
    const [, id] = await goflow.pushMany('echo', ['a', { b: 1 }], { ...options, chunk: 2 });
    expect(await goflow.inspector.get(id ?? '')).toMatchObject({
      id,
      type: 'echo',
      queue: 'default',
      status: 'waiting',
      payload: { b: 1 },
      tags: ['eu', 'vip'],
      priority: 3,
      attempts: 0,
      starts: 0,
      options: { timeoutMs: 60_000, deadline: expect.any(Date) },
    });
  });

  test('a payload in the middle that breaks the contract refuses all: nothing is pushed', async () => {
    const goflow = open().client(tasks);
    const payloads = [1, 2, 'three' as never, 4, 5];
    for (const chunk of [2, 100])
      await expect(goflow.pushMany('double', payloads, { chunk })).rejects.toMatchObject({
        code: 'PAYLOAD_INVALID',
        details: { index: 2 },
      });
    expect(await goflow.counts()).toMatchObject({ waiting: 0 });
  });

  test.each([
    [{ chunk: 2, id: 'mine' }],
    [{ chunk: 2, deduplicationKey: 'k' }],
    [{ chunk: 0 }],
    [{ chunk: 1_001 }],
    [{ chunk: 1.5 }],
    [{ chunk: '5' }],
    [{ chunk: null }],
  ])('refuses %j', async (options) => {
    const goflow = open().client(tasks);
    await expect(goflow.pushMany('echo', ['a', 'b'], options as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    expect(await goflow.counts()).toMatchObject({ waiting: 0 });
  });

  test('the contract may ask for chunks; a push may ask for none, and one with a key or an id has none', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const chunked = await goflow.pushMany('double', numbers(6));
    const none = await goflow.pushMany('double', [1, 2], { chunk: 1 });
    const keyed = await goflow.pushMany('double', [3, 3], { deduplicationKey: 'k' });
    const own = await goflow.pushMany('double', [4], { id: 'mine' });
    expect(keyed[0]).toBe(keyed[1]);
    expect(own[0]).toBe(goflow.idOf('double', 'mine'));
    const chunkOf = (id = '') => id.split(':')[1];
    expect(new Set(chunked.map(chunkOf)).size).toBe(2);
    expect(new Set(none.map(chunkOf)).size).toBe(2);
    await world.worker(tasks, handlers);
    const results = await goflow.waitAll([...chunked, ...none, ...own]);
    const values = results.map((result) => result.status === 'completed' && result.value);
    expect(values).toEqual([0, 2, 4, 6, 8, 10, 2, 4, 8]);
  });

  test('a result store keeps the results of a chunk, all or the large ones', async () => {
    const world = open();
    const resultStore = createMemoryResultStore();
    const goflow = world.client(tasks, { resultStore });
    await world.worker(tasks, handlers, { resultStore, storeResultsAbove: 100 });
    const large = 'x'.repeat(200);
    const ids = await goflow.pushMany('echo', ['a', large, 'nothing', 'b'], { chunk: 4 });
    expect(await goflow.waitAll(ids)).toMatchObject(
      ['a', large, undefined, 'b'].map((value) => ({ status: 'completed', value })),
    );
    expect(await resultStore.get(ids)).toEqual([undefined, `"${large}"`, undefined, undefined]);
    for (const [at, value] of ['a', large, undefined, 'b'].entries())
      expect(await goflow.getResult(ids[at] ?? '')).toMatchObject({ status: 'completed', value });
  });

  test('map in chunks: each item once, and a failing one is one outcome', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers, { concurrency: 5 });
    const values = new Map<number, unknown>();
    const options = { inFlight: 40, chunk: 8 };
    for await (const { index, result } of goflow.map('double', numbers(200), options))
      values.set(index, result?.status === 'completed' ? result.value : result?.status);
    expect(values.size).toBe(200);
    expect(values.get(13)).toBe('failed');
    expect(values.get(199)).toBe(398);
  });
});
