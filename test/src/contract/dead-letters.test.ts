import { defineTasks } from '@goflow/sdk';
import { NonRetryableError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  order: { payload: z.object({ id: z.number() }), result: z.number(), maxAttempts: 2, backoff: 1 },
  slow: { payload: z.null(), result: z.null(), maxAttempts: 1, timeout: '10ms' },
});

const broken = {
  order: ({ id }: { id: number }): number => {
    if (id < 0) throw new NonRetryableError(`order ${id} is negative`);
    throw new Error(`order ${id}: no answer from 10.0.0.${id} after ${id * 100} ms`);
  },
  slow: () => new Promise<null>(() => undefined),
};
const mended = { order: ({ id }: { id: number }): number => id, slow: () => null };

onBothBrokersAndInChunks((open) => {
  test('dead letters have a reason, and are grouped by how they failed', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, broken);
    const ids = await goflow.pushMany('order', [{ id: 1 }, { id: 22 }, { id: 333 }, { id: -4 }]);
    const slow = await goflow.push('slow', null);
    const late = await goflow.push('order', { id: 5 }, { startBy: '1ms', delay: '1h' });
    await goflow.cancel(late);
    await goflow.waitAll<'order' | 'slow'>([...ids, slow]);
    const { deadLetters } = goflow.inspector;
    const { tasks: all } = await deadLetters.list();
    expect(new Map(all.map(({ id, reason }) => [id, reason]))).toEqual(
      new Map<string | undefined, string>([
        [ids[0], 'exhausted'],
        [ids[1], 'exhausted'],
        [ids[2], 'exhausted'],
        [ids[3], 'non-retryable'],
        [slow, 'timed-out'],
      ]),
    );
    const { groups, complete } = await deadLetters.groups();
    expect(complete).toBe(true);
    expect(groups.map(({ reason, count }) => [reason, count])).toEqual(
      expect.arrayContaining([
        ['exhausted', 3],
        ['non-retryable', 1],
        ['timed-out', 1],
      ]),
    );
    expect(groups[0]).toMatchObject({ type: 'order', count: 3, reason: 'exhausted' });
    const { tasks: same } = await deadLetters.list({ fingerprint: groups[0]?.fingerprint ?? '' });
    expect(same).toHaveLength(3);
    expect((await deadLetters.list({ reason: 'non-retryable' })).tasks).toMatchObject([
      { id: ids[3] },
    ]);
  });

  test('redrive: with all attempts before it, as it is or with another payload; the fencing token rises', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const worker = await world.worker(tasks, broken);
    const [first, second] = await goflow.pushMany('order', [{ id: 1 }, { id: 2 }]);
    await goflow.waitAll([first ?? '', second ?? '']);
    const before = await goflow.inspector.get(first ?? '');
    await worker.stop();
    const { deadLetters } = goflow.inspector;
    expect(await deadLetters.redrive(first ?? '')).toEqual({
      id: first,
      found: 'failed',
      redriven: true,
    });
    await expect(deadLetters.redrive(second ?? '', { payload: { id: 'x' } })).rejects.toMatchObject(
      { code: 'PAYLOAD_INVALID' },
    );
    expect(await goflow.getResult(second ?? '')).toMatchObject({ status: 'failed' });
    await deadLetters.redrive(second ?? '', { payload: { id: 20 } });
    await world.worker(tasks, mended);
    expect(await goflow.wait(first ?? '')).toBe(1);
    expect(await goflow.wait(second ?? '')).toBe(20);
    const after = await goflow.inspector.get(first ?? '');
    expect(after).toMatchObject({ attempts: 1, status: 'completed' });
    expect(after?.starts).toBeGreaterThan(before?.starts ?? 0);
    expect(after?.failure).toBeUndefined();
  });

  test('redrive of what is running, waiting, completed, gone or no task at all says what it found', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(tasks, {
      ...mended,
      order: async ({ id }) => {
        if (id === 0) await gate.pass();
        return id;
      },
    });
    const { deadLetters } = goflow.inspector;
    const running = await goflow.push('order', { id: 0 });
    const delayed = await goflow.push('order', { id: 1 }, { delay: '1h' });
    const completed = await goflow.push('order', { id: 2 });
    await goflow.wait(completed);
    const found = async (id: string) => {
      const answer = await deadLetters.redrive(id);
      expect(answer.redriven).toBe(false);
      expect(await deadLetters.discard(id)).toMatchObject({ discarded: false });
      return answer.found;
    };
    expect(await found(running)).toBe('active');
    expect(await found(delayed)).toBe('delayed');
    expect(await found(completed)).toBe('completed');
    expect(await found(`default:${'A'.repeat(22)}`)).toBe('unknown');
    expect(await found('nonsense')).toBe('unknown');
    gate.open();
    expect(await goflow.wait(running)).toBe(0);
  });

  test('redriveAll: by filter, at a rate, and what fails again meanwhile is left alone', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const worker = await world.worker(tasks, broken, { concurrency: 50 });
    const payloads = Array.from({ length: 40 }, (_, id) => ({ id: id % 2 === 0 ? id : -id }));
    const ids = await goflow.pushMany('order', payloads);
    await goflow.waitAll(ids);
    const { deadLetters } = goflow.inspector;
    const report = await deadLetters.redriveAll({ reason: 'non-retryable' }, { rate: 10_000 });
    expect(report).toMatchObject({ redriven: 20, skipped: 0, complete: true });
    await goflow.waitAll(ids);
    await worker.stop();
    await world.worker(tasks, mended);
    const all = await deadLetters.redriveAll(
      {},
      { rate: 10_000, payload: (payload) => ({ id: Math.abs((payload as { id: number }).id) }) },
    );
    expect(all).toMatchObject({ redriven: 40, complete: true, failed: [] });
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => result.status === 'completed' && result.value)).toEqual(
      payloads.map((_, id) => id),
    );
  });

  test('discard removes a dead letter with all that belongs to it', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, broken);
    const ids = await goflow.pushMany('order', [{ id: 1 }, { id: 2 }, { id: 3 }], { tags: ['t'] });
    await goflow.waitAll(ids);
    const { deadLetters } = goflow.inspector;
    expect(await deadLetters.discard(ids[0] ?? '')).toMatchObject({
      found: 'failed',
      discarded: true,
    });
    expect(await goflow.getResult(ids[0] ?? '')).toEqual({ status: 'unknown', id: ids[0] });
    expect((await goflow.inspector.list({ tag: 't' })).tasks).toHaveLength(2);
    expect(await deadLetters.discardAll({})).toMatchObject({ discarded: 2, complete: true });
    expect(await goflow.counts()).toMatchObject({ failed: 0 });
    const { groups } = await deadLetters.groups();
    const careless = { fingerprint: groups[0]?.fingerprint };
    for (const filter of [undefined, null, careless])
      await expect(deadLetters.redriveAll(filter as never)).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      });
  });

  test('a task whose payload breaks the contract is a dead letter at once, and can be mended', async () => {
    const world = open();
    const loose = defineTasks({
      order: { payload: z.any(), result: z.any(), maxAttempts: 2 },
      slow: { payload: z.any(), result: z.any() },
    });
    const id = await world.client(loose).push('order', 'not an order');
    await world.worker(tasks, mended);
    const goflow = world.client(tasks);
    await expect(goflow.wait(id)).rejects.toMatchObject({ attempts: 1 });
    const { deadLetters } = goflow.inspector;
    expect((await deadLetters.list()).tasks).toMatchObject([{ id, reason: 'invalid-payload' }]);
    await deadLetters.redrive(id, { payload: { id: 9 } });
    expect(await goflow.wait(id)).toBe(9);
  });
});
