import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  copy: {
    payload: z.string(),
    result: z.string(),
    progress: z.object({ done: z.number(), of: z.number().default(100) }),
    maxAttempts: 2,
    backoff: 1,
  },
  free: { payload: z.number(), result: z.null() },
});

onBothBrokersAndInChunks((open) => {
  test('progress and log are read while it runs, and stay with the task', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(tasks, {
      copy: async (payload, ctx) => {
        await ctx.progress({ done: 1 });
        ctx.log.info({ file: payload }, 'copying');
        ctx.log.child({ step: 2 }).warn('slow disk');
        ctx.log.debug('not kept');
        await gate.pass();
        await ctx.progress({ done: 99, of: 99 });
        return payload;
      },
      free: () => null,
    });
    const id = await goflow.push('copy', 'a.txt');
    const log = [
      { level: 'info', message: 'copying', fields: { file: 'a.txt' }, attempt: 1 },
      { level: 'warn', message: 'slow disk', fields: { step: 2 }, attempt: 1 },
    ];
    const half = await until(
      async () => {
        const status = await goflow.status(id);
        return status.status === 'active' && status.log.length === 2 && status;
      },
      { what: 'both lines to be there' },
    );
    expect(half).toMatchObject({ progress: { done: 1, of: 100 }, log });
    expect(half.history).toMatchObject([{ attempt: 1, outcome: 'active' }]);
    gate.open();
    await goflow.wait(id);
    const status = await goflow.status(id);
    expect(status).toMatchObject({ status: 'completed', progress: { done: 99, of: 99 }, log });
    if (status.status !== 'unknown') expect(status.progress?.done).toBe(99);
  });

  test('watch: what is known, then what happens, at last the outcome', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const gate = new Barrier();
    await world.worker(tasks, {
      copy: async (payload, ctx) => {
        ctx.log.info('before');
        await gate.pass();
        await ctx.progress({ done: 50 });
        ctx.log.info('after');
        if (ctx.attempt === 1) throw new Error('again');
        return payload;
      },
      free: () => null,
    });
    const id = await goflow.push('copy', 'x');
    await until(() => gate.waiting === 1, { what: 'it to run' });
    const seen: string[] = [];
    for await (const change of goflow.watch(id)) {
      if (change.kind === 'log') seen.push(`${change.line.attempt} ${change.line.message}`);
      else if (change.kind === 'progress') seen.push(`progress ${change.progress.done}`);
      else seen.push(`outcome ${change.result.status}`);
      if (seen.length === 1) gate.open();
    }
    expect(seen.at(-1)).toBe('outcome completed');
    expect(seen.filter((line) => line.includes('progress'))).toEqual(['progress 50']);
    expect(seen.filter((line) => /^\d/.test(line))).toEqual([
      '1 before',
      '1 after',
      '2 before',
      '2 after',
    ]);
  });

  test('watch of a task that has ended, or never was, ends at once', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, { copy: (payload) => payload, free: () => null });
    const id = await goflow.push('copy', 'x');
    await goflow.wait(id);
    const of = async (watched: string) => {
      const changes: unknown[] = [];
      for await (const change of goflow.watch(watched)) changes.push(change);
      return changes;
    };
    expect(await of(id)).toMatchObject([{ kind: 'outcome', result: { status: 'completed' } }]);
    expect(await of('nonsense')).toMatchObject([
      { kind: 'outcome', result: { status: 'unknown' } },
    ]);
  });

  test('watch ends early by break and by its signal', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const id = await goflow.push('copy', 'x');
    const leaving = new AbortController();
    const watching = (async () => {
      for await (const _ of goflow.watch(id, { signal: leaving.signal })) break;
    })();
    leaving.abort(new Error('enough'));
    await expect(watching).rejects.toMatchObject({
      code: 'WAIT_ABORTED',
      cause: { message: 'enough' },
    });
    const watch = goflow.watch(id);
    const next = watch.next();
    await watch.return();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('only the last of very many reports counts, and very many lines are the last hundred', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, {
      copy: (payload) => payload,
      free: async (count, ctx) => {
        for (let at = 1; at <= count; at += 1) {
          await ctx.progress(at);
          ctx.log.info(`line ${at} ${'x'.repeat(at === count ? 2_000 : 0)}`);
        }
        return null;
      },
    });
    const id = await goflow.push('free', 5_000);
    await goflow.wait(id);
    const status = await goflow.status(id);
    if (status.status === 'unknown') throw new Error('unknown');
    expect(status.progress).toBe(5_000);
    expect(status.log).toHaveLength(100);
    expect(status.log.at(-2)?.message).toBe('line 4999 ');
    expect(status.log.at(-1)?.message).toHaveLength(1_000);
  });

  test.each([
    ['a breach of the schema', { done: 'x' }],
    ['nothing', undefined],
  ])('a handler learns that it reports %s', async (_, value) => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, {
      copy: async (payload, ctx) => {
        await ctx.progress(value as never);
        return payload;
      },
      free: async (_number, ctx) => {
        await ctx.progress(BigInt(1));
        return null;
      },
    });
    await expect(goflow.wait(await goflow.push('copy', 'x'))).rejects.toMatchObject({
      failure: { code: 'PROGRESS_INVALID' },
    });
    const big = await goflow.push('free', 1, { maxAttempts: 1 });
    await expect(goflow.wait(big)).rejects.toMatchObject({ failure: { code: 'PROGRESS_INVALID' } });
  });
});
