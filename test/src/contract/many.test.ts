import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  double: { payload: z.number(), result: z.number(), maxAttempts: 1 },
  held: { payload: z.number(), result: z.number(), maxAttempts: 1 },
});

const double = (payload: number): number => {
  if (payload === 13) throw new Error('unlucky');
  return payload * 2;
};

onBothBrokersAndInChunks((open) => {
  test('map: backpressure in, outcomes out as they end, done when all is done', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, { double, held: double }, { concurrency: 50 });
    let taken = 0;
    let given = 0;
    let most = 0;
    async function* source(): AsyncGenerator<number> {
      for (let at = 0; at < 500; at += 1) {
        taken += 1;
        most = Math.max(most, taken - given);
        yield at;
      }
    }
    const values = new Map<number, unknown>();
    for await (const { index, payload, result } of goflow.map('double', source(), {
      inFlight: 20,
    })) {
      given += 1;
      expect(payload).toBe(index);
      values.set(index, result?.status === 'completed' ? result.value : result?.status);
    }
    expect(values.size).toBe(500);
    expect(values.get(13)).toBe('failed');
    expect(values.get(499)).toBe(998);
    // One more may have been read from the source than is under way.
    expect(most).toBeLessThanOrEqual(21);
  });

  test('map: an item that cannot be pushed is an outcome; the source may throw in the middle', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, { double, held: double });
    function* source(): Generator<number> {
      yield 1;
      yield 'two' as never;
      yield 3;
      throw new Error('the file ends here');
    }
    const outcomes: unknown[] = [];
    const mapping = (async () => {
      for await (const outcome of goflow.map('double', source(), { ordered: true }))
        outcomes.push(
          outcome.error ?? (outcome.result.status === 'completed' && outcome.result.value),
        );
    })();
    await expect(mapping).rejects.toThrow('the file ends here');
    expect(outcomes).toEqual([2, expect.objectContaining({ code: 'PAYLOAD_INVALID' }), 6]);
  });

  test('map: left by break or by its signal, it pushes nothing more, and cancels where that is wished', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(
      tasks,
      {
        double,
        held: async (payload) => {
          if (payload > 0) await gate.pass();
          return payload;
        },
      },
      { concurrency: 2 },
    );
    let isClosed = false;
    function* source(): Generator<number> {
      try {
        for (let at = 0; ; at += 1) yield at;
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of goflow.map('held', source(), { inFlight: 5, onStop: 'cancel' })) break;
    expect(isClosed).toBe(true);
    await until(
      async () => {
        const { waiting, active, cancelled } = await goflow.counts();
        return waiting + active === 0 && cancelled >= 4;
      },
      { what: 'all that was under way to be cancelled' },
    );
    const leaving = new AbortController();
    const mapping = (async () => {
      for await (const _ of goflow.map('held', [5, 6], { signal: leaving.signal }));
    })();
    leaving.abort(new Error('enough'));
    await expect(mapping).rejects.toMatchObject({
      code: 'WAIT_ABORTED',
      cause: { message: 'enough' },
    });
    gate.open();
  });

  test('waitAll, waitAny, asCompleted', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    const held = async (payload: number): Promise<number> => {
      await gate.pass();
      return payload;
    };
    await world.worker(tasks, { double, held }, { concurrency: 10 });
    const slow = await goflow.push('held', 1);
    const quick = await goflow.push('double', 2);
    const failing = await goflow.push('double', 13);
    const ids = [slow, quick, failing];
    const any = await goflow.waitAny<'double' | 'held'>([slow, quick]);
    expect(any).toMatchObject({ id: quick, status: 'completed', value: 4 });
    await expect(goflow.waitAll<'double' | 'held'>(ids, { timeout: '50ms' })).rejects.toMatchObject(
      { code: 'WAIT_TIMEOUT', details: { done: 2, total: 3 } },
    );
    const order: unknown[] = [];
    for await (const result of goflow.asCompleted<'double' | 'held'>(ids)) {
      order.push(result.id);
      if (order.length === 2) gate.open();
    }
    expect(order.at(-1)).toBe(slow);
    expect(await goflow.waitAll<'double' | 'held'>([...ids, 'default:nope'])).toMatchObject([
      { status: 'completed', value: 1 },
      { status: 'completed', value: 4 },
      { status: 'failed', failure: { message: 'unlucky' } },
      { status: 'unknown', id: 'default:nope' },
    ]);
  });
});
