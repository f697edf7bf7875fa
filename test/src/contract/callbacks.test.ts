import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  step: { payload: z.string(), result: z.number(), maxAttempts: 2, backoff: 1 },
});

const step = async (payload: string, ctx: { attempt: number }) => {
  if (payload === 'fails' || (payload === 'once' && ctx.attempt === 1)) throw new Error(payload);
  return ctx.attempt;
};

onBothBrokersAndInChunks((open) => {
  test('onSuccess, onRetry, onFailure: once for each recorded outcome', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const told: unknown[] = [];
    const note = (name: string) => (facts: object) => told.push({ name, ...facts });
    await world.worker(
      tasks,
      { step },
      {
        concurrency: 1,
        onSuccess: note('success'),
        onRetry: note('retry'),
        onFailure: note('failure'),
      },
    );
    const [good, once, bad] = await goflow.pushMany('step', ['good', 'once', 'fails']);
    const gone = await goflow.push('step', 'x', { startBy: '1ms', delay: '1h' });
    await goflow.waitAll([good ?? '', once ?? '', bad ?? '']);
    await goflow.cancel(gone);
    await until(() => told.length === 5, { what: 'all to be told' });
    expect(told).toHaveLength(5);
    const facts = { type: 'step', queue: 'default', runMs: expect.any(Number) };
    const failure = expect.objectContaining({ message: expect.any(String) });
    expect(told).toEqual(
      expect.arrayContaining([
        { name: 'success', id: good, attempt: 1, result: 1, ...facts },
        { name: 'retry', id: once, attempt: 1, delayMs: 1, failure, ...facts },
        { name: 'success', id: once, attempt: 2, result: 2, ...facts },
        { name: 'retry', id: bad, attempt: 1, delayMs: 1, failure, ...facts },
        { name: 'failure', id: bad, attempt: 2, outcome: 'failed', failure, ...facts },
      ]),
    );
  });

  test('a callback that throws, rejects or never settles changes no outcome', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const lines: [string | undefined, object][] = [];
    const line = (fields: object, message?: string): void => void lines.push([message, fields]);
    const logger = { debug: line, info: line, warn: line, error: line, child: () => logger };
    await world.worker(
      tasks,
      { step },
      {
        logger,
        onSuccess: () => {
          throw new Error('a callback of mine');
        },
        onRetry: () => new Promise(() => undefined),
        onFailure: () => Promise.reject(new Error('another callback of mine')),
      },
    );
    const [good, bad] = await goflow.pushMany('step', ['good', 'fails']);
    expect(await goflow.wait(good ?? '')).toBe(1);
    await expect(goflow.wait(bad ?? '')).rejects.toMatchObject({ code: 'TASK_FAILED' });
    await until(() => JSON.stringify(lines).includes('another callback of mine'), {
      what: 'both to be logged',
    });
    expect(lines.filter(([message]) => message === 'a callback threw')).toHaveLength(2);
  });

  test('middleware around push: changes what is pushed, or keeps it from being pushed', async () => {
    const world = open();
    const seen: string[] = [];
    const goflow = world.client(tasks, {
      middleware: [
        async (request, next) => {
          seen.push(`outer ${String(request.payload)}`);
          const pushed = await next();
          seen.push(`outer done ${pushed.deduplicated}`);
          return pushed;
        },
        (request, next) => {
          if (request.payload === 'forbidden') throw new Error('not this one');
          return next({ ...request, payload: 'good', options: { tags: ['marked'] } });
        },
      ],
    });
    const id = await goflow.push('step', 'anything');
    expect(seen).toEqual(['outer anything', 'outer done false']);
    expect(await goflow.inspector.get(id)).toMatchObject({ payload: 'good', tags: ['marked'] });
    await expect(goflow.push('step', 'forbidden')).rejects.toThrow('not this one');
    const error = await goflow
      .pushMany('step', ['a', 'forbidden', 'b'])
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'PUSH_INCOMPLETE',
      outcomes: [{ pushed: true }, { pushed: false }, { pushed: true }],
    });
    expect(await goflow.counts()).toMatchObject({ waiting: 3 });
  });

  test('next is called once: around push and around run', async () => {
    const world = open();
    const goflow = world.client(tasks, {
      middleware: [async (_, next) => next().then(() => next())],
    });
    await expect(goflow.push('step', 'x')).rejects.toMatchObject({ code: 'NEXT_CALLED_TWICE' });
    const plain = world.client(tasks);
    await world.worker(
      tasks,
      { step },
      {
        middleware: [async (_payload, _ctx, next) => next().then(() => next())],
      },
    );
    await expect(plain.wait(await plain.push('step', 'x'))).rejects.toMatchObject({
      failure: { code: 'NEXT_CALLED_TWICE' },
    });
  });

  test('events of the client: pushed, deduplicated, cancelled', async () => {
    const goflow = open().client(tasks);
    const events: unknown[] = [];
    goflow
      .on('task:pushed', (event) => events.push(event))
      .on('task:cancelled', (event) => events.push(event))
      .on('task:pushed', () => {
        throw new Error('a listener of mine');
      });
    const id = await goflow.push('step', 'x', { deduplicationKey: 'k' });
    await goflow.push('step', 'x', { deduplicationKey: 'k' });
    await goflow.cancel(id);
    expect(events).toEqual([
      { id, type: 'step', deduplicated: false },
      { id, type: 'step', deduplicated: true },
      { id, queue: 'default', type: 'step', effect: 'cancelled' },
    ]);
  });
});
